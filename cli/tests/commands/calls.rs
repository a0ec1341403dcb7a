//! `skep invoke` where the function was run: what goes to standard output, and what does not.

use std::{io::Write as _, process::Stdio};

use serde_json::{Value, json};

use crate::{
    check, check_json, command,
    fake::{FakeDaemon, Folder},
    skep,
};

#[test]
fn a_json_reply_is_the_whole_output() {
    check(&["invoke", "echo", "--data", r#"{"b":1, "a":"ä"}"#], 0, "{\"b\":1, \"a\":\"ä\"}\n", "");
}

#[test]
fn without_data_null_is_sent() {
    check(&["invoke", "echo"], 0, "null\n", "");
}

#[test]
fn bytes_come_back_without_a_newline() {
    check(&["invoke", "echo", "--bytes", "--data", "\x1b[1mraw"], 0, "\x1b[1mraw", "");
}

#[test]
fn data_can_come_from_a_file() {
    let folder = Folder::new();
    let file = folder.write("data.json", "[1]");
    check(&["invoke", "echo", "--data-file", file.to_str().unwrap()], 0, "[1]\n", "");
}

#[test]
fn data_can_come_from_standard_input() {
    let daemon = FakeDaemon::start();
    let mut command = command(&daemon.endpoint(), &["invoke", "echo", "--data-file", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"[2]").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"[2]\n".to_vec()));
}

#[test]
fn tenant_function_and_timeout_are_passed_on() {
    let arguments = ["--tenant", "acme", "invoke", "about", "--function", "f", "--timeout", "2s"];
    check(&arguments, 0, "[\"acme\",\"f\",2000,true]\n", "");
}

#[test]
fn without_a_timeout_the_app_decides() {
    check(&["invoke", "about"], 0, "[\"default\",\"\",0,false]\n", "");
}

#[test]
fn usage_goes_to_standard_error() {
    check(
        &["invoke", "echo", "--usage"],
        0,
        "null\n",
        "invocation   0123456789abcdef0123456789abcdef\
         \nqueue        10 µs\
         \nstart        800 µs (spare)\
         \nrun          1.2 ms\
         \ncpu          900 µs\
         \nmemory peak  12.4 MiB\
         \npayload      4 B in, 4 B out\
         \nlog lines    1\n",
    );
}

fn usage() -> Value {
    json!({
        "queue_us": 10, "start_us": 800, "run_us": 1234, "cpu_us": 900,
        "memory_peak_bytes": 13_002_342, "bytes_in": 4, "bytes_out": 4, "start": "spare",
        "log_lines": 1, "log_lines_dropped": 0,
    })
}

#[test]
fn an_answer_for_a_script_holds_reply_and_bill() {
    let answer = json!({
        "reply": [1.5], "usage": usage(), "invocation": "0123456789abcdef0123456789abcdef",
    });
    check_json(&["--json", "invoke", "echo", "--data", "[1.5]"], 0, answer);
}

#[test]
fn a_thrown_error_is_one() {
    let stderr = "TypeError: no \\u{1b}[2Jway\n    at default (index.js:3)\n";
    check(&["invoke", "thrower"], 1, "", stderr);
}

#[test]
fn a_thrown_error_for_a_script_is_data() {
    let answer = json!({
        "thrown": {
            "name": "TypeError",
            "message": "no \x1b[2Jway",
            "stack": "    at default (index.js:3)\n",
        },
        "usage": usage(),
        "invocation": "0123456789abcdef0123456789abcdef",
    });
    check_json(&["invoke", "thrower", "--json"], 1, answer);
}

#[test]
fn the_bill_of_a_call_that_was_ended_goes_to_standard_error_before_the_reason() {
    check(
        &["invoke", "billed", "--usage"],
        4,
        "",
        "invocation   0123456789abcdef0123456789abcdef\
         \nqueue        0 µs\
         \nstart        0 µs\
         \nrun          500 ms\
         \ncpu          400 ms\
         \nmemory peak  0 B\
         \npayload      4 B in, 0 B out\
         \nlog lines    0\
         \nskep: the call was ended\
         \n  reason: DEADLINE (DEADLINE_EXCEEDED)\
         \n  detail: invocation=0123456789abcdef0123456789abcdef\
         \n  next:   if it needs longer, deploy the app again with a longer --timeout, such as 10s; the \
         --timeout of a call only shortens that, and loading an app may take 5 s at most\n",
    );
}

#[test]
fn the_bill_of_a_call_that_was_ended_is_in_the_error_for_a_script() {
    let daemon = FakeDaemon::start();
    let output = skep(&daemon.endpoint(), &["--json", "invoke", "billed"]).stdout;
    let answer: Value = serde_json::from_str(&output).unwrap();
    let usage = &answer["error"]["usage"];
    assert_eq!((&usage["cpu_us"], &usage["start"]), (&json!(400_000), &Value::Null));
}
