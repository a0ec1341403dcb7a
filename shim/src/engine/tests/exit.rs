//! What `process.exit` does: the listeners of `exit` run, the call ends with the code, and the instance after it.

use std::time::Duration;

use skep_link::frame::{Encoding, Stop, ToDaemon};

use super::Host;

/// What a call of a function logs, and the code that it ends with.
fn ended(source: &str) -> (Vec<String>, i32) {
    let mut host = Host::serving(source);
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
    let mut lines = Vec::new();
    loop {
        match host.receive() {
            ToDaemon::Log { text, .. } => lines.push(text.to_owned()),
            ToDaemon::Stopped { why: Stop::Exit(code), .. } => return (lines, code),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_exit_ends_the_call_at_once_and_tells_its_listeners() {
    let source = "export default () => {
        process.on('exit', (code) => console.log('leaving', code, process.exitCode));
        try { process.exit(3); } finally { console.log('never'); }
    }";
    assert_eq!(ended(source), (vec!["leaving 3 3".to_owned()], 3));
}

#[test]
fn an_exit_takes_the_code_that_was_set_before() {
    let source = "export default async () => { process.exitCode = 4; await null; process.exit(); }";
    assert_eq!(ended(source), (Vec::new(), 4));
    let source = "export default () => new Promise(() => setTimeout(() => process.exit('5'), 1))";
    assert_eq!(ended(source), (Vec::new(), 5));
}

#[test]
fn really_leaving_tells_nobody() {
    let source = "export default () => { process.on('exit', () => console.log('never')); process.reallyExit(6); }";
    assert_eq!(ended(source), (Vec::new(), 6));
}
