//! Checks the reviewed data and compiles it: two filter programs per architecture, and the profiles.
//!
//! A mistake in the data (an entry without a reason, out of order, unknown to an architecture) fails
//! the build, so that no binary with a doubtful policy can exist.

use std::{collections::BTreeMap, env, error::Error, fmt::Write as _, fs, path::PathBuf};

use seccompiler::TargetArch;
use serde_json::Value;

#[path = "src/compile.rs"]
mod compile;

/// What a call of the zygote's list answers.
const EPERM: i32 = 1;

const ARCHES: [(&str, TargetArch); 2] =
    [("x86_64", TargetArch::x86_64), ("aarch64", TargetArch::aarch64)];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=data");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let run: Value = serde_json::from_str(&fs::read_to_string("data/run.json")?)?;
    for list in ["deny", "allow"] {
        check_entries(list, entries(&run, list)?)?;
    }
    let zygote: Value = serde_json::from_str(&fs::read_to_string("data/zygote.json")?)?;
    check_entries("deny", entries(&zygote, "deny")?)?;
    for (arch, target) in ARCHES {
        // The zygote is told rather than killed: all its children would die with it.
        let refuse = serde_json::json!({ "errno": EPERM });
        let denied = entries(&zygote, "deny")?;
        let program = compile::compile(denied, arch, target, refuse, "allow".into())?;
        fs::write(out.join(format!("{arch}.zygote.bpf")), program)?;
        for (list, on_match, otherwise) in compile::programs() {
            let program =
                compile::compile(entries(&run, list)?, arch, target, on_match, otherwise)?;
            fs::write(out.join(format!("{arch}.{list}.bpf")), program)?;
        }
    }
    fs::write(out.join("entries.rs"), entry_table(&run)?)?;
    let limits: Value = serde_json::from_str(&fs::read_to_string("data/limits.json")?)?;
    fs::write(out.join("limits.rs"), limit_tables(&limits)?)?;
    Ok(())
}

fn entries<'a>(run: &'a Value, list: &str) -> Result<&'a Vec<Value>, String> {
    run[list].as_array().ok_or_else(|| format!("no list {list:?}"))
}

fn text<'a>(entry: &'a Value, key: &str) -> Result<&'a str, String> {
    entry[key].as_str().ok_or_else(|| format!("{entry}: no {key:?}"))
}

fn check_entries(list: &str, entries: &[Value]) -> Result<(), String> {
    let mut last = "";
    for entry in entries {
        let name = text(entry, "syscall")?;
        if name <= last {
            return Err(format!("{list}: {name} must come before {last}, once"));
        }
        check_comment(name, text(entry, "comment")?)?;
        last = name;
    }
    Ok(())
}

fn check_comment(what: &str, comment: &str) -> Result<(), String> {
    if comment.split_whitespace().count() < 3 {
        return Err(format!("{what}: the reason {comment:?} needs at least three words"));
    }
    Ok(())
}

fn entry_table(run: &Value) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    for list in ["deny", "allow"] {
        writeln!(code, "/// The `{list}` list of `data/run.json`, in its order.")?;
        writeln!(code, "pub const {}: &[Entry] = &[", list.to_uppercase())?;
        for entry in entries(run, list)? {
            let (name, reason) = (text(entry, "syscall")?, text(entry, "comment")?);
            let conditional = entry.get("args").is_some();
            let only = entry["only"].as_str();
            writeln!(
                code,
                "Entry {{ syscall: {name:?}, conditional: {conditional}, only: {only:?}, reason: {reason:?} }},"
            )?;
        }
        writeln!(code, "];")?;
    }
    Ok(code)
}

fn limit_tables(limits: &Value) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    for (table, doc) in [
        ("default", "What an app gets that asks for nothing."),
        ("host_max", "What an app may ask for at most, unless the configuration says less."),
    ] {
        writeln!(code, "/// {doc}\npub const {}: Profile = Profile {{", table.to_uppercase())?;
        for (key, item) in fields(&limits[table])? {
            check_comment(key, text(item, "comment")?)?;
            match (&item["value"], &item["value"].as_str()) {
                (_, Some(value)) => writeln!(code, "{key}: {value:?},")?,
                (value, None) => writeln!(code, "{key}: {value},")?,
            }
        }
        writeln!(code, "}};")?;
    }
    writeln!(code, "/// Limits of the process itself, name and value; `None` is unlimited.")?;
    writeln!(code, "pub const RLIMITS: &[(&str, Option<u64>)] = &[")?;
    for (key, item) in fields(&limits["rlimits"])? {
        check_comment(key, text(item, "comment")?)?;
        writeln!(code, "({key:?}, {:?}),", item["value"].as_u64())?;
    }
    writeln!(code, "];")?;
    Ok(code)
}

fn fields(table: &Value) -> Result<BTreeMap<&String, &Value>, String> {
    Ok(table.as_object().ok_or("limits.json: a table is missing")?.iter().collect())
}
