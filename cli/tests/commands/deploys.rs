//! `skep deploy`: what is sent, what is said about it, and what is never said.

use serde_json::{Value, json};

use crate::{
    check, command,
    fake::{FakeDaemon, Folder},
    finish, output, skep,
};

/// A folder with a package, a TypeScript entry, a file that is read and one that is not.
fn project() -> Folder {
    let folder = Folder::new();
    folder.write(
        "main.ts",
        "import b from 'b';\nimport fs from 'node:fs';\n\
         fs.readFileSync(new URL('./a.txt', import.meta.url));\nexport default () => b;\n",
    );
    folder.write("a.txt", "text");
    folder.write("notes.txt", "");
    folder.write("node_modules/b/package.json", "{\"main\":\"lib.js\"}");
    folder.write("node_modules/b/lib.js", "module.exports = 1;\n");
    folder.write("node_modules/b/README.md", "");
    folder
}

#[test]
fn what_the_entry_reaches_is_sent_and_told() {
    let folder = project();
    check(
        &["deploy", folder.0.to_str().unwrap(), "--app", "shop"],
        0,
        "deployed shop version 0123456789ab\
         \nfunctions: a.txt, main.ts, node_modules/b/lib.js, node_modules/b/package.json\n",
        "4 files, 164 B; entry main.ts\
         \nPACKAGE      FILES   SIZE\
         \n(own files)      2  127 B\
         \nb                2   37 B\n",
    );
}

#[test]
fn flags_and_the_file_of_settings_are_sent() {
    let folder = project();
    folder.write(
        "skep.toml",
        "handler = \"lambda\"\ninclude = [\"notes.*\"]\nmodules = [\"node:fs\"]\n\
         conditions = [\"worker\"]\n\
         [env]\nA = \"1\"\nB = \"2\"\n[files]\n\"/var/x\" = \"./a.txt\"\n",
    );
    let token = folder.write("token", "hunter2");
    let file = format!("/var/token={}", token.display());
    let path = folder.0.to_str().unwrap();
    let arguments = [
        "deploy", path, "--app", "whole", "--env", "B=3=4", "--env", "C", "--file", &file, "--json",
    ];
    let daemon = FakeDaemon::start();
    let mut command = command(&daemon.endpoint(), &arguments);
    command.env("C", "5");
    let run = finish(command);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let expected = json!([
        "entry main.ts",
        "handler lambda",
        "a.txt 4",
        "main.ts 123",
        "node_modules/b/lib.js 20",
        "node_modules/b/package.json 17",
        "notes.txt 0",
        "A=1",
        "B=3=4",
        "C=5",
        "/var/token 7",
        "/var/x 4",
        "modules fs",
        "condition worker",
    ]);
    assert_eq!(answer["functions"], expected);
    let upload = &answer["upload"];
    assert_eq!(
        (&upload["env"], &upload["given"]),
        (&json!(["A", "B", "C"]), &json!(["/var/token", "/var/x"]))
    );
}

#[test]
fn limits_and_rates_are_sent_as_they_were_given() {
    let folder = Folder::new();
    let file = folder.write("a.js", "");
    folder.write("skep.toml", "[limits]\nmax_instances = 4\nmemory = \"1GiB\"\n[rates]\nrps = 5\n");
    let version = "0123456789abcdef \"a.js\" Some(AppLimits { memory_bytes: Some(67108864), cpu_millis: Some(500), \
                   timeout_ms: Some(2000), concurrency: None, min_instances: Some(0), \
                   max_instances: Some(4), cpu_budget_ms: Some(1000) }) \
                   Some(Rates { rps: Some(100), burst: Some(20) }) \
                   Some(Rates { rps: Some(0), burst: None })";
    let flags = "--memory 64MiB --cpu 500m --timeout 2s --cpu-budget 1s --rps 100 --burst 20 \
                 --rps-per-instance 0 --min-instances 0";
    let arguments = ["--json", "deploy", file.to_str().unwrap(), "--app", "a"];
    let arguments = [&arguments[..], &flags.split_whitespace().collect::<Vec<_>>()].concat();
    let answer: Value = serde_json::from_str(&output(&arguments, 0)).unwrap();
    assert_eq!(answer["version"], version);
}

#[test]
fn functions_are_told_with_their_conventions_and_a_call() {
    let folder = Folder::new();
    let file = folder.write("a.js", "");
    check(
        &["deploy", file.to_str().unwrap(), "--app", "form"],
        0,
        "deployed form version 0123456789ab\
         \nFUNCTION  EVENT      HTTP\
         \ndefault   as POST /  worker\
         \nlist      lambda     lambda\
         \ncall it: skep invoke form --http \"GET /\"\n",
        "1 file, 0 B; entry a.js\n",
    );
}

#[test]
fn a_dry_run_needs_no_daemon_and_no_name() {
    let folder = project();
    let arguments = ["deploy", folder.0.to_str().unwrap(), "--dry-run", "--json"];
    let run = skep("unix:///nowhere/s", &arguments);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.exit, &report["entry"], &report["bytes"]), (0, &json!("main.ts"), &json!(164)));
    let run = skep("unix:///nowhere/s", &arguments[..3]);
    let named: Vec<_> = run.stdout.lines().skip(1).map_while(|line| line.split_once(' ')).collect();
    let names: Vec<_> = named.iter().map(|(name, _)| *name).collect();
    let files = report["files"].as_array().unwrap();
    assert_eq!(
        names[..files.len()],
        files.iter().map(|it| it["path"].as_str().unwrap()).collect::<Vec<_>>()
    );
}

#[test]
fn what_cannot_be_loaded_is_told_with_its_place_and_not_sent() {
    let folder = Folder::new();
    folder.write("lib/b.js", "\n  require('./gone');\n");
    folder.write("index.js", "require('./lib/b');");
    let path = folder.0.to_str().unwrap();
    let run = skep("unix:///nowhere/s", &["deploy", path, "--app", "a"]);
    let line = "error: lib/b.js:2:11: cannot find \"./gone\": no such file: lib/gone\n";
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
    let start = "skep: 1 problem in what the entry loads; nothing was sent\n  ";
    assert!(run.stderr.starts_with(&format!("{start}{line}")), "{}", run.stderr);

    let run = skep("unix:///nowhere/s", &["--json", "deploy", path, "--app", "a"]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let problem = &answer["error"]["problems"][0];
    let found = (&problem["path"], &problem["line"], &problem["fatal"]);
    assert_eq!(found, (&json!("lib/b.js"), &json!(2), &json!(true)));

    let run = skep("unix:///nowhere/s", &["deploy", path, "--dry-run"]);
    assert_eq!((run.exit, run.stderr.as_str()), (2, ""));
    assert!(run.stdout.contains(line), "{}", run.stdout);
}

#[test]
fn a_file_that_the_daemon_refuses_is_named_as_the_user_knows_it() {
    let folder = Folder::new();
    folder.write("apps/a/index.js", "require('../../lib/b')");
    folder.write("lib/b.js", "broken");
    let path = folder.0.join("apps/a");
    let run = skep(
        &FakeDaemon::start().endpoint(),
        &["--json", "deploy", path.to_str().unwrap(), "--app", "a"],
    );
    let error = &serde_json::from_str::<Value>(&run.stdout).unwrap()["error"];
    let text = "../../lib/b.js:1:7: SyntaxError: expecting ';'";
    let field = json!([{ "field": "files[../../lib/b.js]", "rule": text }]);
    assert_eq!((run.exit, &error["message"], &error["fields"]), (2, &json!(text), &field));
}

/// Runs that name a secret in every way, each with what it ends with.
#[test]
fn values_of_variables_and_files_are_nowhere() {
    let folder = project();
    folder.write("skep.toml", "[env]\nA = \"hunter2\"\n[files]\n\"/var/x\" = \"./secret\"\n");
    folder.write("secret", "hunter2");
    let path = folder.0.to_str().unwrap();
    let file = format!("/var/y={path}/secret");
    let daemon = FakeDaemon::start();
    let silent = |arguments: &[&str], exit: i32| {
        let arguments = [&["deploy", path, "--app", "a"], arguments].concat();
        let run = skep(&daemon.endpoint(), &arguments);
        assert_eq!(run.exit, exit, "{}{}", run.stdout, run.stderr);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(!said.contains("hunter2"), "{said}");
    };
    silent(&["--env", "B=hunter2", "--file", &file], 0);
    silent(&["--env", "B=hunter2", "--file", &file, "--dry-run"], 0);
    silent(&["--env", "B=hunter2", "--json"], 0);
    silent(&["--env", "=hunter2"], 2);
    silent(&["--env", "B=hunter2", "--env", "B=hunter2"], 2);
    silent(&["--env", "B=hunter2", "--file", "/app/x=f"], 2);
    folder.write("skep.toml", "[env]\nA = hunter2\n");
    silent(&[], 2);
    folder.write("skep.toml", "entry = \"gone.js\"\n[env]\nA = \"hunter2\"\n");
    silent(&[], 2);
}
