//! Outputs of the daemon that take nothing: a full disk, a dead reader, one that sleeps, none at all.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    process::Stdio,
    thread,
    time::Instant,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, pipe},
};
use skep_integration::{
    host::{Host, Output, long, refused},
    place::{Place, SmallDisk},
    yard::until,
};
use skep_proto::v1;
use tonic::Code;

use crate::NEIGHBOUR;

/// Answers, or does not end.
const SPIN: &str = "export default (n) => { if (n === 0) for (;;); return n + 1; }";

fn deploy(host: &Host) {
    host.deploy("acme", "app", SPIN, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.timeout_ms, limits.concurrency) = (Some(200), Some(2));
    })
    .unwrap();
}

/// Calls that break off, each of which has a line in the log.
fn break_off(host: &Host, calls: u32) {
    for _ in 0..calls {
        refused(host.invoke("app", "", "0"), Code::DeadlineExceeded, "DEADLINE");
    }
}

/// What must hold whatever becomes of the log: nothing is charged, and everything is answered.
fn serves(host: &Host) {
    assert_eq!(host.reply("app", "", "1"), "2");
    assert_eq!(host.running("acme", "app"), 0);
    assert_eq!(host.running("acme", ""), 0);
    let quota = v1::Quota { concurrency: Some(7), ..v1::Quota::default() };
    let request =
        v1::SetQuotaRequest { tenant: "acme".into(), quota: Some(quota), ..Default::default() };
    assert_eq!(host.set_quota(request).unwrap().quota.unwrap().concurrency, Some(7));
    host.deploy("acme", "other", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("other", "", "1"), "2");
}

#[test]
fn a_log_on_a_full_disk_harms_no_call_and_tells_what_is_missing_once_there_is_room() {
    let place = Place::new();
    let small = SmallDisk::new(place.folder.join("small"));
    let log = small.0.join("log");
    let mut file = File::options().create(true).append(true).open(&log).unwrap();
    let output = Stdio::from(file.try_clone().unwrap());
    let mut host = Host::with_output("", Output::Other(output));
    deploy(&host);
    small.fill();
    while file.write_all(b"\n").is_ok() {}
    break_off(&host, 6);
    serves(&host);
    small.make_room();
    let told = "lines of this log could not be written\",\"lines\":";
    until("it tells what is missing", || fs::read_to_string(&log).unwrap().contains(told));
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    assert_eq!(host.remains(), Vec::<String>::new());
}

#[test]
fn a_log_whose_reader_is_dead_harms_no_call() {
    let (reader, writer) = pipe().unwrap();
    let mut host = Host::with_output("", Output::Other(Stdio::from(writer)));
    drop(reader);
    deploy(&host);
    break_off(&host, 6);
    serves(&host);
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    assert_eq!(host.remains(), Vec::<String>::new());
}

#[test]
fn a_log_that_is_closed_harms_no_call() {
    let mut host = Host::with_output("", Output::Closed);
    deploy(&host);
    break_off(&host, 3);
    serves(&host);
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    assert_eq!(host.remains(), Vec::<String>::new());
}

/// A pipe that is full, and whose reader sleeps.
fn full_pipe() -> (File, Stdio) {
    let (reader, writer) = pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    while rustix::io::write(&writer, &[b'x'; 4096]).is_ok() {}
    rustix::fs::fcntl_setfl(&writer, flags).unwrap();
    (File::from(reader), Stdio::from(writer))
}

#[test]
fn a_reader_of_the_log_that_sleeps_holds_up_neither_calls_nor_the_end() {
    let (mut reader, writer) = full_pipe();
    let mut host = Host::with_output("", Output::Other(writer));
    deploy(&host);
    let start = Instant::now();
    break_off(&host, 6);
    // Each is answered at its deadline of 200 ms.
    assert!(start.elapsed() < long(), "{:?}", start.elapsed());
    serves(&host);
    // The keeper has something to say as well.
    kill(Pid::from_raw(host.zygote_process().0), Signal::SIGKILL).unwrap();
    until("another zygote", || {
        host.doctor()["zygote"].found == "ready" && host.invoke("app", "", "1").is_ok()
    });
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    assert_eq!(host.remains(), Vec::<String>::new());
    let mut text = Vec::new();
    reader.read_to_end(&mut text).unwrap();
    assert!(text.iter().all(|byte| *byte == b'x'), "somebody waited for the reader");
}

#[test]
fn a_reader_that_wakes_up_is_told_all_there_was_room_for() {
    let (mut reader, writer) = full_pipe();
    let mut host = Host::with_output("", Output::Other(writer));
    deploy(&host);
    break_off(&host, 3);
    let reading = thread::spawn(move || {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    });
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    drop(host);
    let text = reading.join().unwrap();
    assert_eq!(text.matches("\"call failed\"").count(), 3, "{}", text.trim_start_matches('x'));
}
