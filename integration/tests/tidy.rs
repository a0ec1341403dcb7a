//! The house rules that a program can check, on the sources and on the built programs.
//!
//! No test of a wall is here, and nothing here needs root. The programs must have been built before:
//! `make check` does.

#![allow(clippy::unwrap_used, reason = "test code: a broken assumption must stop the test")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use skep_integration::place::program;
use skep_policies::entries;

/// Every crate and those of ours that it may depend on; `*` is all.
const EDGES: [(&str, &[&str]); 10] = [
    ("skep", &["skep-project", "skep-proto"]),
    ("skep-core", &[]),
    ("skep-hostile", &["*"]),
    ("skep-integration", &["*"]),
    ("skep-link", &[]),
    ("skep-policies", &[]),
    ("skep-project", &[]),
    ("skep-proto", &[]),
    ("skep-shim", &["skep-core", "skep-link", "skep-policies", "skep-project"]),
    ("skepd", &["skep-core", "skep-link", "skep-policies", "skep-proto"]),
];

/// Lines of code in one file, tests at its end not counted.
const FILE_BUDGET: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every file below `folder` that git would not ignore, hidden folders but `.ci` left out.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "target" || (name.starts_with('.') && name != ".ci") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Rust sources below these folders of the project, with their text.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let found: Vec<(String, String)> = folders
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    assert!(!found.is_empty(), "no sources in {folders:?}");
    found
}

/// What is before the tests of a file; nothing of a file that only holds tests.
fn product<'a>(name: &str, text: &'a str) -> &'a str {
    match text.find("#[cfg(test)]\nmod tests {") {
        _ if name.ends_with("/tests.rs") || name.contains("/tests/") => "",
        Some(end) => &text[..end],
        None => text,
    }
}

/// The code of a line: without its comment, and without what is in quotation marks.
fn code(line: &str) -> String {
    let mut code = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' if quoted => drop(chars.next()),
            // Not the character '"'.
            '"' if quoted || !code.ends_with('\'') => quoted = !quoted,
            '/' if !quoted && chars.peek() == Some(&'/') => break,
            _ if !quoted => code.push(char),
            _ => {}
        }
    }
    code
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|char: char| !char.is_alphanumeric() && char != '_').any(|found| found == word)
}

/// Fails with all places at once.
#[track_caller]
fn none(what: &str, places: &[String]) {
    assert!(places.is_empty(), "{what}:\n  {}", places.join("\n  "));
}

/// Places (file and line) in `sources` where `wrong` says so.
fn places(sources: &[(String, String)], wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = sources.iter().flat_map(|(name, text)| {
        text.lines().enumerate().map(move |(at, line)| (name, at + 1, line))
    });
    lines
        .filter(|(_, _, line)| wrong(line))
        .map(|(name, at, line)| format!("{name}:{at}: {}", line.trim()))
        .collect()
}

/// The packages of the workspace, as cargo sees them.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

#[test]
fn crates_depend_on_each_other_as_the_design_says() {
    let packages = packages();
    let mut names: Vec<&str> = packages.iter().map(|it| it["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, EDGES.map(|(name, _)| name), "a crate came or went");
    let mut wrong = Vec::new();
    for package in &packages {
        let from = package["name"].as_str().unwrap();
        let (_, allowed) = EDGES.iter().find(|(name, _)| *name == from).unwrap();
        let dependencies = package["dependencies"].as_array().unwrap();
        for to in dependencies.iter().filter_map(|it| it["name"].as_str()) {
            if names.contains(&to) && !allowed.contains(&to) && *allowed != ["*"] {
                wrong.push(format!("{from} on {to}"));
            }
        }
    }
    none("dependencies that the design does not have", &wrong);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let mut missing = Vec::new();
    for package in packages() {
        let manifest = fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        // Hostile programs do what programs should not.
        if package["name"] != "skep-hostile" && !manifest.contains("[lints]\nworkspace = true\n") {
            missing.push(package["name"].to_string());
        }
    }
    none("crates without `[lints] workspace = true`", &missing);
}

/// Whether the sources of a crate left traces (paths in line tables and messages of panics).
fn has_crate(program: &[u8], name: &str) -> bool {
    let path = format!("/{name}-");
    program
        .windows(path.len() + 1)
        .any(|bytes| bytes.starts_with(path.as_bytes()) && bytes[path.len()].is_ascii_digit())
}

#[test]
fn the_shim_has_no_network_and_the_daemon_no_engine() {
    let shim = fs::read(program("skep-shim")).unwrap();
    let daemon = fs::read(program("skepd")).unwrap();
    for name in ["tonic", "h2", "hyper", "tokio"] {
        assert!(!has_crate(&shim, name), "{name} is in skep-shim");
        // The counter-check: such traces can be found.
        assert!(has_crate(&daemon, name), "{name} is not in skepd, or leaves no traces");
    }
    let engine = "JS_NewRuntime";
    let has_engine =
        |program: &[u8]| program.windows(engine.len()).any(|bytes| bytes == engine.as_bytes());
    assert!(!has_engine(&daemon), "{engine} is in skepd");
    assert!(!has_crate(&daemon, "rquickjs-sys"), "rquickjs is in skepd");
    assert!(has_engine(&shim), "{engine} is not in skep-shim, or leaves no traces");
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for (name, text) in sources(&["."]) {
        let text = if name.contains("/tests/") { &text } else { product(&name, &text) };
        let lines = text.lines().filter(|line| !code(line).trim().is_empty() || line.contains('"'));
        let lines = lines.count();
        if FILE_BUDGET < lines {
            long.push(format!("{name}: {lines} lines of code"));
        }
    }
    none("files to be split", &long);
}

#[test]
fn unsafe_code_is_where_it_may_be() {
    let mut sources = sources(&["."]);
    let homes = ["shim/src/sys/", "integration/hostile/"];
    assert!(homes.iter().all(|home| sources.iter().any(|(name, _)| name.starts_with(home))));
    sources.retain(|(name, _)| homes.iter().all(|home| !name.starts_with(home)));
    none("unsafe code", &places(&sources, |line| has_word(&code(line), "unsafe")));
}

#[test]
fn daemon_and_shim_read_no_environment() {
    let mut sources = sources(&["daemon", "shim"]);
    sources.retain(|(name, _)| !name.ends_with("/build.rs"));
    for (name, text) in &mut sources {
        *text = product(name, text).to_owned();
    }
    let reads = ["env::var", "env::{", "environ", "getenv"];
    none(
        "reads of the environment",
        &places(&sources, |line| reads.iter().any(|read| code(line).contains(read))),
    );
}

#[test]
fn the_product_has_no_switch_for_incomplete_jails() {
    let sources = sources(&["daemon/src", "shim/src", "policies/src"]);
    none(
        "switches that belong to the mutation run",
        &places(&sources, |line| line.contains("SKEP_MUTANT") || line.contains("\"omit.")),
    );
}

#[test]
fn every_entry_of_a_filter_has_a_reason() {
    let all = entries::DENY.iter().chain(entries::ALLOW);
    let bare = all.filter(|entry| entry.reason.split_whitespace().count() < 3);
    none(
        "entries without a reason of three words",
        &bare.map(|entry| entry.syscall.to_owned()).collect::<Vec<_>>(),
    );
}

/// Whether a pattern with at most one `*` at each end matches.
fn matches(pattern: &str, name: &str) -> bool {
    let middle = pattern.trim_matches('*');
    match (pattern.starts_with('*'), pattern.ends_with('*')) {
        (false, false) => name == middle,
        (true, false) => name.ends_with(middle),
        (false, true) => name.starts_with(middle),
        (true, true) => name.contains(middle),
    }
}

#[test]
fn the_tests_that_the_threat_model_names_exist() {
    let mut tests = Vec::new();
    for (name, text) in sources(&["integration/tests", "daemon", "project", "proto", "shim"]) {
        let module = name.trim_start_matches("integration/tests/").trim_end_matches(".rs");
        let module = module.replace('/', "::");
        let marked = text.split("#[test]").skip(1);
        let functions = marked.filter_map(|rest| rest.trim_start().strip_prefix("fn "));
        tests.extend(
            functions.filter_map(|rest| Some(format!("{module}::{}", rest.split_once('(')?.0))),
        );
    }
    let threats = fs::read_to_string(root().join("docs/threats.md")).unwrap();
    let rows = threats.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let named: Vec<&str> = rows
        .filter_map(|row| row.trim_end_matches('|').rsplit_once('|'))
        .flat_map(|(_, tests)| tests.split('`').skip(1).step_by(2))
        .filter(|name| !name.starts_with("skep-"))
        .collect();
    assert!(20 < named.len(), "{named:?}");
    let exists = |name: &str| {
        let (module, name) = name.rsplit_once("::").unwrap_or(("", name));
        tests.iter().filter_map(|test| test.rsplit_once("::")).any(|(its_module, its_name)| {
            (module.is_empty() || module == its_module) && matches(name, its_name)
        })
    };
    let unknown = named.iter().filter(|name| !exists(name));
    none("tests that do not exist", &unknown.map(ToString::to_string).collect::<Vec<_>>());
}

/// The names of the members of the object of JavaScript that `text` begins with, those of inner objects left out.
fn members(text: &str) -> Vec<String> {
    let (mut depth, mut quoted) = (0_usize, false);
    let mut items = vec![String::new()];
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' if quoted => drop(chars.next()),
            '"' => quoted = !quoted,
            '{' | '(' | '[' if !quoted => depth += 1,
            '}' | ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 1 => items.push(String::new()),
            _ => {}
        }
        match depth {
            0 => break,
            // The bracket that opens an inner object ends the name before it.
            1 => items.last_mut().unwrap().push(char),
            _ => items.last_mut().unwrap().push(' '),
        }
    }
    let is_name = |char: char| char.is_ascii_alphanumeric() || "_$-".contains(char);
    let named = items.iter().map(|item| {
        let item = item.trim_start_matches(|char: char| !is_name(char));
        item.split(|char: char| !is_name(char)).next().unwrap_or_default().to_owned()
    });
    named.filter(|name| !name.is_empty()).collect()
}

#[test]
fn the_page_for_app_authors_names_all_that_there_is() {
    let page = fs::read_to_string(root().join("docs/javascript.md")).unwrap();
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let list = fs::read_to_string(root().join("shim/js/builtin_list.js")).unwrap();
    let modules = list.split_once("export const modules = [").unwrap().1;
    let modules = modules.split_once(']').unwrap().0.split('"').skip(1).step_by(2);
    let mut all: Vec<String> = modules.map(str::to_owned).collect();
    assert!(40 < all.len(), "{all:?}");
    let detect = fs::read_to_string(root().join("shim/js/run/detect.js")).unwrap();
    let start = "export const CONVENTIONS = ";
    let conventions = members(detect.split_once(start).unwrap().1);
    assert!(conventions.iter().any(|name| name == "service-worker"), "{conventions:?}");
    all.extend(conventions.into_iter().filter(|name| name != "__proto__"));
    let mut globals = Vec::new();
    for script in files(&root().join("shim/js")) {
        let text = fs::read_to_string(script).unwrap();
        for start in ["export const globals = ", "export const globalFunctions = "] {
            globals.extend(text.split(start).skip(1).flat_map(members));
        }
    }
    assert!(60 < globals.len(), "{globals:?}");
    assert!(globals.iter().any(|name| name == "atob"), "{globals:?}");
    all.extend(globals);
    all.retain(|name| !named.contains(&name.as_str()));
    none("names that docs/javascript.md does not have in backquotes", &all);
}

#[test]
fn nothing_is_left_for_later() {
    let mut sources = sources(&["."]);
    sources.retain(|(name, _)| name != "integration/tests/tidy.rs");
    let marks = ["todo!(", "unimplemented!(", "FIXME", "#[ignore", "dbg!("];
    none("unfinished", &places(&sources, |line| marks.iter().any(|mark| line.contains(mark))));
}

#[test]
fn the_example_configurations_are_accepted() {
    for name in ["contrib/skepd.toml", "contrib/dev.toml"] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        if let Err(problems) = skepd::config::Config::parse(&text, Path::new("/usr/lib/skep")) {
            panic!("{name}: {problems:#?}");
        }
    }
}
