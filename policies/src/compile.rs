//! Compiles a list of entries into one filter program. Used by this crate's build, and by the tests that
//! leave an entry out; the product only has the programs that the build made.

use std::error::Error;

use seccompiler::{TargetArch, compile_from_json, sock_filter};
use serde_json::{Value, json};

/// What a call answers that is in neither list: libraries take it as "this kernel is too old".
pub(crate) const ENOSYS: i32 = 38;

/// The two programs of the run wall in the order of their installation: the list's name, what a match
/// does, what everything else does.
pub(crate) fn programs() -> [(&'static str, Value, Value); 2] {
    [
        ("deny", json!("kill_process"), json!("allow")),
        ("allow", json!("allow"), json!({ "errno": ENOSYS })),
    ]
}

/// One program as the bytes of its `sock_filter` list, in the byte order of the build machine.
pub(crate) fn compile(
    entries: &[Value],
    arch: &str,
    target: TargetArch,
    on_match: Value,
    otherwise: Value,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mine: Vec<Value> = entries
        .iter()
        .filter(|entry| entry["only"].as_str().is_none_or(|only| only == arch))
        .map(|entry| {
            let mut entry = entry.clone();
            entry.as_object_mut().map(|fields| fields.remove("only"));
            entry
        })
        .collect();
    let filter = json!({ "run": {
        "mismatch_action": otherwise, "match_action": on_match, "filter": mine,
    }});
    let mut programs = compile_from_json(filter.to_string().as_bytes(), target)?;
    let program = programs.remove("run").ok_or("the compiler lost the program")?;
    Ok(program.iter().flat_map(instruction).collect())
}

fn instruction(i: &sock_filter) -> [u8; 8] {
    let [c0, c1] = i.code.to_ne_bytes();
    let [k0, k1, k2, k3] = i.k.to_ne_bytes();
    [c0, c1, i.jt, i.jf, k0, k1, k2, k3]
}
