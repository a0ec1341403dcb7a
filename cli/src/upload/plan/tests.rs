//! How `skep.toml` and flags come together, and what is refused.

use std::sync::Arc;

use clap::Parser as _;
use skep_project::Uploaded;

use super::*;
use crate::args::{Cli, Command};

fn opened(files: &[(&str, &str)], links: &[(&str, &str)]) -> Opened {
    let mut tree = Uploaded::new();
    for (path, text) in files {
        tree.file(path, Bytes::copy_from_slice(text.as_bytes())).unwrap();
    }
    for (path, target) in links {
        tree.link(path, target).unwrap();
    }
    let home = "p".to_owned();
    Opened { files: Arc::new(tree), named: home.clone(), home, left_out: Vec::new() }
}

fn deploy(flags: &[&str]) -> Deploy {
    let words = [&["skep", "deploy", "p", "--app", "a"], flags].concat();
    match Cli::try_parse_from(words).unwrap().command {
        Command::Deploy(args) => args,
        other => panic!("{other:?}"),
    }
}

fn planned(files: &[(&str, &str)], flags: &[&str]) -> Result<Plan, BadPlan> {
    let caller = |name: &str| (name == "HOME").then(|| OsString::from("/home/me"));
    make(&deploy(flags), &opened(files, &[]), caller)
}

#[track_caller]
fn refused(result: Result<Plan, BadPlan>, expected: &str) {
    let text = result.err().unwrap().to_string();
    assert!(text.contains(expected), "{text:?} should contain {expected:?}");
}

#[test]
fn flags_count_more_and_lists_grow() {
    let toml = "entry = \"a.js\"\nhandler = \"lambda\"\ninclude = [\"x\"]\nmodules = [\"fs\"]\n\
                conditions = [\"worker\"]\n[env]\nA = \"1\"\nB = \"2\"\n";
    let files = [("p/skep.toml", toml)];
    let plan = planned(&files, &[]).unwrap();
    assert_eq!(plan.options.entry.as_deref(), Some("a.js"));
    assert_eq!(plan.options.settings.conditions, ["worker"]);
    let flags = "--entry b.js --handler fc --include y --modules os,node:zlib --env B=3 --env HOME";
    let plan = planned(&files, &flags.split(' ').collect::<Vec<_>>()).unwrap();
    assert_eq!(plan.options.entry.as_deref(), Some("b.js"));
    assert_eq!(plan.handler.as_deref(), Some("fc"));
    assert_eq!(plan.options.include, ["x", "y"]);
    assert_eq!(plan.modules, Some(vec!["os".to_owned(), "zlib".to_owned()]));
    let env: Vec<(&str, &str)> = plan.env.iter().map(|(n, v)| (n.as_str(), v.0.as_str())).collect();
    assert_eq!(env, [("A", "1"), ("B", "3"), ("HOME", "/home/me")]);
}

#[test]
fn variables_are_checked_and_their_values_not_told() {
    refused(planned(&[], &["--env", "NOPE"]), "--env NOPE: there is no such variable");
    refused(planned(&[], &["--env", "=x"]), "a name of 1 to 256 bytes");
    refused(planned(&[], &["--env", "A=1", "--env", "A=2"]), "--env A: it is given twice");
    refused(planned(&[("p/skep.toml", "[env]\n\"A=B\" = \"1\"")], &[]), "a name of 1 to 256 bytes");
}

#[test]
fn files_are_given_at_absolute_paths_outside_of_the_app() {
    let file = std::env::current_exe().unwrap();
    let pair = |path: &str| format!("{path}={}", file.display());
    for path in ["x", "/app/x", "/app", "/tmp/x", "/a/../x", "//x", "/", ""] {
        refused(planned(&[], &["--file", &pair(path)]), "expected an absolute path outside");
    }
    refused(planned(&[], &["--file", "/x"]), "expected PATH=FILE");
    refused(planned(&[], &["--file", "/x=/nowhere"]), "file /x: cannot read /nowhere");
    refused(planned(&[], &["--file", "/x=/dev/zero"]), "file /x: it has more than 16.0 MiB");
}

#[test]
fn settings_give_files_of_their_folder_only() {
    let toml = |file: &str| format!("[files]\n\"/x\" = \"{file}\"\n");
    let with = |file: &str| {
        let files = [("p/skep.toml", &*toml(file)), ("p/s/token", "1"), ("secret", "2")];
        make(&deploy(&[]), &opened(&files, &[("p/link", "../secret")]), |_| None)
    };
    assert_eq!(with("./s/token").unwrap().given["/x"], "1");
    for file in ["../secret", "link", "/etc/passwd", "s", "gone"] {
        refused(with(file), "is no file below the folder of skep.toml");
    }
}

#[test]
fn a_script_is_its_own_entry() {
    let mut opened = opened(&[("p/a.js", ""), ("p/skep.toml", "entry = \"b.js\"")], &[]);
    opened.named = "p/a.js".to_owned();
    assert_eq!(make(&deploy(&[]), &opened, |_| None).unwrap().options.entry, None);
    refused(make(&deploy(&["--entry", "a.js"]), &opened, |_| None), "and the entry itself");
}

#[test]
fn modules_are_built_in_ones() {
    refused(planned(&[], &["--modules", "fs,express"]), "\"express\" is no built-in module");
}

#[test]
fn the_manifest_names_files_that_are_there() {
    let manifest = r#"{"files":["./views","gone","data/*.txt","!x","../y","node_modules/z"]}"#;
    let plan = planned(&[("p/package.json", manifest), ("p/views/a.html", "")], &[]).unwrap();
    assert_eq!(
        (plan.options.extra, plan.options.include),
        (vec!["views".into()], vec!["data/*.txt".into()])
    );
}
