//! `skep invoke` in the shape of HTTP: what is asked, what is printed, and how it ends.

use std::{io::Write as _, process::Stdio};

use serde_json::{Value, json};

use crate::{check, command, fake::FakeDaemon, output, skep};

#[test]
fn the_body_alone_is_printed_byte_for_byte() {
    check(&["invoke", "web", "--http", "POST /x", "--data", "a\x1b[1m"], 0, "a\x1b[1m", "");
    check(&["invoke", "web", "--http", "/x"], 0, "", "");
}

#[test]
fn include_prints_the_head_before_the_body() {
    check(
        &[
            "invoke",
            "web",
            "--http",
            "post /x?y=1",
            "--header",
            "A: 1",
            "--header",
            "a:2",
            "--data",
            "not json",
            "--include",
        ],
        0,
        "HTTP 201\nasked: POST /x?y=1\nA: 1\na: 2\n\nnot json",
        "",
    );
}

#[test]
fn a_path_alone_is_asked_for_by_get() {
    let arguments = ["invoke", "web", "--http", "/missing", "--include"];
    check(&arguments, 0, "HTTP 404\nasked: GET /missing\n\n", "");
}

#[test]
fn a_status_of_400_is_a_failure_only_if_asked_for() {
    check(&["invoke", "web", "--http", "POST /missing", "--data", "x"], 0, "x", "");
    check(&["invoke", "web", "--http", "POST /missing", "--data", "x", "--fail"], 1, "x", "");
    check(&["invoke", "web", "--http", "POST /", "--data", "x", "--fail"], 0, "x", "");
}

#[test]
fn the_body_can_be_any_bytes_of_standard_input() {
    let daemon = FakeDaemon::start();
    let arguments = ["invoke", "web", "--http", "PUT /", "--data-file", "-"];
    let mut command = command(&daemon.endpoint(), &arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"\xff\x00\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"\xff\x00\n".to_vec()));
}

#[test]
fn an_answer_for_a_script_has_status_headers_and_body() {
    let arguments =
        ["--json", "invoke", "web", "--http", "POST /missing", "--header", "a:1", "--data", "é"];
    let answer: Value = serde_json::from_str(&output(&arguments, 0)).unwrap();
    let found = (&answer["status"], &answer["headers"], &answer["body"]);
    let headers = json!([["asked", "POST /missing"], ["a", "1"]]);
    assert_eq!(found, (&json!(404), &headers, &json!("é")));
}

#[test]
fn an_event_that_became_http_prints_its_payload() {
    check(&["invoke", "web"], 0, "[1]\n", "");
    check(&["invoke", "web", "--include"], 0, "HTTP 418\nkind: pot\n\n[1]\n", "");
    check(&["invoke", "web", "--fail"], 1, "[1]\n", "");
}

#[test]
fn a_context_is_sent_as_it_was_written() {
    check(&["invoke", "context", "--context", "{ \"ip\":1 }"], 0, "{ \"ip\":1 }\n", "");
}

#[track_caller]
fn refused(arguments: &[&str], expected: &str) {
    let arguments = [&["invoke", "web"], arguments].concat();
    let run = skep("unix:///nowhere/s", &arguments);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains(expected), "{} should contain {expected:?}", run.stderr);
}

#[test]
fn what_cannot_be_asked_is_refused_before_connecting() {
    refused(&["--http", "POST"], "skep: --http \"POST\": expected a method and a path");
    refused(
        &["--http", "POST"],
        "next:   write --http 'POST /path?x=1', or --http /path for a GET",
    );
    refused(&["--http", "/", "--header", "x"], "--header number 1: expected NAME:VALUE");
    refused(&["--context", "[]"], "--context: expected a JSON object");
}
