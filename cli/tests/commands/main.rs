//! The built `skep` against a daemon of canned answers: what it prints where, and how it ends.
//!
//! What the real daemon answers is tested in `integration`; here only the client is.

#![forbid(unsafe_code)]

mod calls;
mod deploys;
mod failures;
mod fake;
mod http;
mod listings;

use std::process::{Command, Stdio};

use serde_json::Value;

use fake::FakeDaemon;

/// How a run of `skep` ended.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    exit: i32,
    stdout: String,
    stderr: String,
}

fn command(endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skep"));
    command.env_clear().env("SKEP_ENDPOINT", endpoint).args(arguments);
    command
}

fn finish(mut command: Command) -> Run {
    let output = command.stdin(Stdio::null()).output().expect("skep runs");
    let text = |bytes| String::from_utf8(bytes).expect("skep writes UTF-8");
    Run {
        exit: output.status.code().expect("skep exits by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

fn skep(endpoint: &str, arguments: &[&str]) -> Run {
    finish(command(endpoint, arguments))
}

#[track_caller]
fn check(arguments: &[&str], exit: i32, stdout: &str, stderr: &str) {
    let run = skep(&FakeDaemon::start().endpoint(), arguments);
    assert_eq!(run, Run { exit, stdout: stdout.to_owned(), stderr: stderr.to_owned() });
}

/// Standard output of a run that ends so and says nothing else.
#[track_caller]
fn output(arguments: &[&str], exit: i32) -> String {
    let run = skep(&FakeDaemon::start().endpoint(), arguments);
    assert_eq!((run.exit, run.stderr.as_str()), (exit, ""), "{}", run.stdout);
    run.stdout
}

#[track_caller]
fn check_json(arguments: &[&str], exit: i32, expected: Value) {
    let run = skep(&FakeDaemon::start().endpoint(), arguments);
    assert_eq!((run.exit, run.stderr.as_str()), (exit, ""));
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).ok(), Some(expected), "{}", run.stdout);
}
