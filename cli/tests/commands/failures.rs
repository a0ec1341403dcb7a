//! Refusals, limits and a daemon that is not there: what is said, and with which exit code.

use std::{os::unix::net::UnixListener, process::Command};

use serde_json::{Value, json};

use crate::{
    Run, check, check_json,
    fake::{FakeDaemon, Folder},
    skep,
};

#[test]
fn a_quota_refusal_is_three_and_says_when_to_come_back() {
    check(
        &["invoke", "busy"],
        3,
        "",
        "skep: app quota of 20 calls per second is used up\
         \n  reason: QUOTA (RESOURCE_EXHAUSTED)\
         \n  quota:  app: 20 calls per second (rate: 20)\
         \n  detail: level=app\
         \n  next:   try again in 120 ms; see the quotas with: skep quota get --app busy; raise \
         one with: skep quota set --app busy\n",
    );
}

#[test]
fn a_quota_refusal_for_a_script_is_data() {
    let error = json!({
        "code": "RESOURCE_EXHAUSTED",
        "reason": "QUOTA",
        "message": "app quota of 20 calls per second is used up",
        "retry_after_ms": 120,
        "quota": {
            "subject": "app", "description": "20 calls per second", "metric": "rate", "value": 20,
        },
        "fields": [],
        "metadata": { "level": "app" },
        "next": "try again in 120 ms; see the quotas with: skep quota get --app busy; raise one \
                 with: skep quota set --app busy",
    });
    check_json(&["invoke", "busy", "--json"], 3, json!({ "error": error }));
}

#[test]
fn out_of_memory_is_four_and_says_how_to_get_more() {
    check(
        &["invoke", "hog"],
        4,
        "",
        "skep: the call was ended\
         \n  reason: OOM_CGROUP (RESOURCE_EXHAUSTED)\
         \n  detail: level=process\
         \n  next:   deploy the app again with more memory, such as --memory 128MiB\n",
    );
}

#[track_caller]
fn advises(arguments: &[&str], exit: i32, expected: &str) {
    let run = skep(&FakeDaemon::start().endpoint(), arguments);
    assert_eq!((run.exit, run.stdout.as_str()), (exit, ""));
    assert!(run.stderr.contains(&format!("next:   {expected}")), "{}", run.stderr);
}

#[test]
fn the_memory_of_a_tenant_is_not_a_limit_of_the_app() {
    advises(&["invoke", "crowded"], 4, "all instances of the tenant together");
}

#[test]
fn calls_at_once_are_raised_where_the_app_is_deployed() {
    advises(&["invoke", "full"], 3, "let the app take more calls at once: deploy it again with");
}

#[test]
fn the_metric_that_refused_is_told_to_a_script_even_if_only_the_subject_names_it() {
    let run = skep(&FakeDaemon::start().endpoint(), &["invoke", "full", "--json"]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(value["error"]["quota"]["metric"], "concurrency");
}

#[test]
fn a_stranger_is_told_what_the_operator_must_write() {
    let own = Command::new("id").arg("-u").output().unwrap().stdout;
    let uid = String::from_utf8(own).unwrap();
    let entry = format!("[[callers]] with uid = {} ", uid.trim());
    advises(
        &["invoke", "closed"],
        5,
        &format!("ask the operator for an entry in skepd's configuration: {entry}"),
    );
}

#[test]
fn source_that_does_not_parse_is_to_be_mended() {
    let folder = Folder::new();
    let file = folder.write("a.js", "broken");
    let arguments = ["deploy", file.to_str().unwrap(), "--app", "a"];
    advises(&arguments, 2, "mend the file at that line and deploy it again");
}

#[test]
fn a_deadline_is_four() {
    let run = skep(&FakeDaemon::start().endpoint(), &["invoke", "slow"]);
    assert_eq!((run.exit, run.stdout.as_str()), (4, ""));
    assert!(run.stderr.contains("reason: DEADLINE (DEADLINE_EXCEEDED)"), "{}", run.stderr);
}

#[test]
fn a_daemon_that_never_answers_is_four_after_timeout_and_grace() {
    let arguments = ["invoke", "silent", "--timeout", "1ms"];
    let run = skep(&FakeDaemon::start().endpoint(), &arguments);
    assert_eq!(run.exit, 4);
    assert!(run.stderr.contains("within 5.001 s\n  reason: NO_ANSWER"), "{}", run.stderr);
}

#[test]
fn a_bad_field_and_an_unknown_app_are_two() {
    let daemon = FakeDaemon::start();
    let bad = skep(&daemon.endpoint(), &["invoke", "bad"]);
    assert_eq!(bad.exit, 2);
    assert!(bad.stderr.contains("field:  function: 1 to 63 letters"), "{}", bad.stderr);
    let unknown = skep(&daemon.endpoint(), &["invoke", "nobody"]);
    assert_eq!(unknown.exit, 2);
    assert!(unknown.stderr.contains("next:   see what is there"), "{}", unknown.stderr);
}

#[test]
fn what_is_forbidden_is_five() {
    let run = skep(&FakeDaemon::start().endpoint(), &["invoke", "foreign"]);
    assert_eq!(run.exit, 5);
    assert!(run.stderr.contains("choose yours with --tenant"), "{}", run.stderr);
}

#[test]
fn data_that_is_no_json_is_two_before_connecting() {
    let run = skep("unix:///nowhere/s", &["invoke", "echo", "--data", "hello"]);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.starts_with("skep: --data is not JSON: "), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("to send text as bytes add --bytes, to send a string write '\"hello\"'"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_missing_socket_is_five_and_says_how_to_start() {
    assert_eq!(
        skep("unix:///nowhere/s", &["apps"]),
        Run {
            exit: 5,
            stdout: String::new(),
            stderr: "skep: cannot reach skepd at unix:///nowhere/s: no such file\
                     \n  reason: UNREACHABLE (UNAVAILABLE)\
                     \n  next:   is skepd running, and is this its socket? that of make serve is \
                     unix:///run/skep-dev/skep.sock; an installed one starts with: systemctl start \
                     skepd\n"
                .to_owned(),
        }
    );
}

#[test]
fn a_socket_without_a_listener_is_five() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    drop(UnixListener::bind(&path).unwrap());
    let run = skep(&format!("unix://{}", path.display()), &["--json", "apps"]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.exit, run.stderr.as_str()), (5, ""));
    assert_eq!(value["error"]["reason"], "UNREACHABLE");
}

#[test]
fn nothing_to_deploy_is_two() {
    let run = skep("unix:///nowhere/s", &["deploy", "/nowhere", "--app", "a"]);
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("next:   name a JavaScript file or a folder"), "{}", run.stderr);
}

#[test]
fn malformed_arguments_are_two() {
    let run = skep("unix:///s", &["deploy", ".", "--app", "a", "--memory", "64MB"]);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("write bytes, KiB, MiB, GiB or TiB"), "{}", run.stderr);
}

#[test]
fn a_connection_that_breaks_is_five() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let run = skep(&format!("unix://{}", path.display()), &["apps"]);
    assert_eq!((run.exit, run.stdout.as_str()), (5, ""));
    assert!(run.stderr.contains("reason: UNREACHABLE"), "{}", run.stderr);
}
