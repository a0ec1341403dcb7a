//! What is told to whom: an app's own lines, and what of tenants never comes into the operator's log.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use skep_integration::{
    host::{Host, refused},
    place::program,
    slowness,
    yard::until,
};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

/// Answers, throws, or does not end.
const MIXED: &str = "export default (n) => { if (n === 0) for (;;); \
     if (n === 1) throw new RangeError('one is not allowed'); console.log('seen'); return n; }";

fn mixed(host: &Host) {
    host.deploy("acme", "app", MIXED, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(200 * slowness());
    })
    .unwrap();
}

/// The lines about calls that threw or were ended.
fn ends(host: &Host) -> Vec<v1::LogLine> {
    let mut lines = host.logs("app");
    lines.retain(|line| line.text.starts_with("the call of "));
    lines
}

#[test]
fn a_call_that_threw_has_one_line_with_what_it_threw() {
    let host = Host::new("");
    mixed(&host);
    assert!(host.invoke("app", "", "1").is_ok());
    let [line] = ends(&host).try_into().unwrap();
    assert_eq!((line.level.as_str(), line.invocation.len()), ("error", 32));
    let (what, cost) = line.text.split_once(" (run ").unwrap();
    assert_eq!(what, "the call of default threw RangeError: one is not allowed");
    assert!(cost.contains("ms, cpu ") && cost.ends_with(')'), "{cost}");
}

#[test]
fn a_call_that_was_ended_has_one_line_with_its_cause() {
    let host = Host::new("");
    mixed(&host);
    let status = refused(host.invoke("app", "", "0"), Code::DeadlineExceeded, "DEADLINE");
    let [line] = ends(&host).try_into().unwrap();
    let id = status.get_details_error_info().unwrap().metadata["invocation"].clone();
    assert_eq!((line.level.as_str(), line.invocation), ("error", id));
    let (what, _) = line.text.split_once(" (run ").unwrap();
    assert_eq!(
        what,
        "the call of default was ended, DEADLINE: the call was not done at its deadline"
    );
}

#[test]
fn calls_are_told_apart_by_the_first_digits_of_their_ids() {
    let host = Host::new("");
    mixed(&host);
    for _ in 0..20 {
        assert_eq!(host.reply("app", "", "7"), "7");
    }
    let lines = host.logs("app");
    let short: BTreeSet<&str> = lines.iter().map(|line| &line.invocation[..8]).collect();
    assert_eq!((lines.len(), short.len()), (20, 20));
}

/// Bytes of each text below.
const LARGE: usize = 1 << 20;

/// An error with large texts in every place where there can be one.
fn large_error() -> String {
    format!(
        "const large = (text) => text.repeat({LARGE}); const error = new Error(large('M')); \
         error.name = large('N'); error.fileName = large('F'); error.lineNumber = 1; \
         error.columnNumber = 1; "
    )
}

/// Whether some of the large texts is in `text`.
fn has_large_text(text: &str) -> bool {
    ["MMMM", "NNNN", "FFFF"].iter().any(|large| text.contains(large))
}

#[test]
fn what_calls_throw_and_say_is_cut_and_is_not_in_the_operators_log() {
    const CALLS: usize = 40;
    let host = Host::new("");
    let source = large_error()
        + "export default (n) => { console.log(large('M')); if (n === 0) for (;;); throw error; }";
    host.deploy("acme", "app", &source, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(500 * slowness());
    })
    .unwrap();
    let before = host.log().len();
    for _ in 0..CALLS {
        let (outcome, _) = host.invoke("app", "", "1").unwrap();
        let v1::invoke_response::Outcome::Thrown(thrown) = outcome else { panic!("{outcome:?}") };
        assert_eq!((thrown.name.len(), thrown.message.len()), (200, 16 << 10));
        assert!(thrown.stack.len() <= 16 << 10, "{}", thrown.stack.len());
    }
    refused(host.invoke("app", "", "0"), Code::DeadlineExceeded, "DEADLINE");
    let log = host.log();
    assert!(!has_large_text(&log));
    assert!(log.len() - before < 2048, "{}", &log[before..]);
    let lines = host.logs("app");
    assert_eq!(ends(&host).len(), CALLS + 1);
    assert!(lines.iter().all(|line| line.text.len() <= 4096));
    assert!(ends(&host).iter().all(|line| line.text.len() < 1024));
}

#[test]
fn what_a_source_says_when_it_is_refused_is_cut_and_is_not_in_the_operators_log() {
    let host = Host::new("");
    let source = large_error() + "throw error; export default () => 1;";
    let before = host.log().len();
    for _ in 0..3 {
        let status = refused(
            host.deploy("acme", "app", &source, |_| ()),
            Code::InvalidArgument,
            "BAD_SOURCE",
        );
        assert!(status.message().len() <= 1 << 10, "{}", status.message().len());
    }
    let log = host.log();
    assert!(!has_large_text(&log));
    assert!(log.len() - before < 2048, "{}", &log[before..]);
}

#[test]
fn what_an_app_says_when_it_cannot_be_loaded_any_more_is_in_its_own_log() {
    let host = Host::new("[pool]\nspare_floor = 0\nspare_ceiling = 0\n");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let until_then = now + u128::from(2000 * slowness());
    // It is right when it is deployed, and wrong afterwards.
    let source = large_error()
        + &format!("if ({until_then} < Date.now()) throw error; export default () => 1;");
    host.deploy("acme", "app", &source, |request| {
        request.limits.as_mut().unwrap().min_instances = Some(1);
    })
    .unwrap();
    until("its time is over", || {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() > until_then
    });
    let idle = host.instances_in("app", "idle");
    for one in idle {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(one.pid()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    }
    until("it cannot be loaded", || {
        host.logs("app").iter().any(|line| line.text.starts_with("the app cannot be loaded: FFFF"))
    });
    until("a call meets that too", || {
        // Refused for a while, as its instances keep failing; then loaded for the call.
        assert!(host.invoke("app", "", "1").is_err());
        host.log().contains("\"the source was refused; the log of the app has more\"")
    });
    assert!(!has_large_text(&host.log()));
    assert!(host.logs("app").iter().all(|line| line.text.len() <= 4096));
}

#[test]
fn what_was_not_admitted_is_counted_and_not_logged() {
    const CALLS: usize = 200;
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    host.deploy("acme", "closed", NEIGHBOUR, |request| {
        request.app_rate = Some(v1::Rates { rps: Some(0), burst: None });
    })
    .unwrap();
    let before = host.log().len();
    for _ in 0..CALLS {
        refused(host.invoke("closed", "", "1"), Code::ResourceExhausted, "QUOTA");
        refused(host.invoke("nobody", "", "1"), Code::NotFound, "NOT_FOUND");
        refused(host.invoke("a bad name", "", "1"), Code::InvalidArgument, "BAD_FIELD");
        refused(host.invoke("app", "missing", "1"), Code::NotFound, "NOT_FOUND");
        let mut late = Host::request("acme", "app", "", b"1");
        late.timeout_ms = Some(0);
        refused(host.send(late), Code::DeadlineExceeded, "DEADLINE");
    }
    let log = host.log();
    assert_eq!(log.matches("calls were refused").count(), 1);
    assert!(log.len() - before < 1024, "{}", &log[before..]);
}

#[test]
fn numbers_of_the_host_and_of_other_tenants_are_for_admins() {
    let host = Host::new("");
    for tenant in ["acme", "beta"] {
        host.deploy(tenant, "app", NEIGHBOUR, |_| ()).unwrap();
        let call = Host::request(tenant, "app", "", b"1");
        host.send(call).unwrap();
    }
    let all = host.instances("beta");
    assert!(all.iter().all(|one| one.uid.is_some() && one.pid.is_some()), "{all:?}");
    // Each tenant counts from one: what another one has is in no number.
    let highest = |tenant: &str| {
        let all = host.instances(tenant);
        let numbers = all.iter().map(|one| one.id[2..].parse::<u64>().unwrap());
        numbers.max().unwrap()
    };
    assert!(highest("acme") <= 6 && highest("beta") <= 6);
    let socket = host.place.folder.join("skep.sock");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    let output = Command::new(program("skep"))
        .args(["--endpoint", &format!("unix://{}", socket.display()), "--json"])
        .args(["--tenant", "beta", "ps"])
        .uid(65533)
        .gid(65533)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("\"i-1\"") || told.contains("\"i-2\""), "{told}");
    assert!(told.contains("\"uid\":null") && told.contains("\"pid\":null"), "{told}");
}
