//! Processes that are killed in the middle of things: typed answers, nothing left, and on it goes.

use std::{
    collections::BTreeMap, fs, os::unix::process::ExitStatusExt as _, process::Command, thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use skep_integration::{
    host::{Host, refused, text},
    look::Process,
    yard::until,
};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

const WAIT: &str =
    "export default async (ms) => { await new Promise((r) => setTimeout(r, ms)); return 1; }";

fn patient(host: &Host, app: &str) {
    host.deploy("acme", app, WAIT, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    })
    .unwrap();
}

/// Starts a long call, does `harm` in its middle, and gives what the call came to.
fn in_mid_call(host: &Host, app: &str, harm: impl FnOnce(i32)) -> skep_integration::host::Answer {
    thread::scope(|scope| {
        let call = scope.spawn(|| host.invoke(app, "", "30000"));
        until("the call runs", || !host.instances_in(app, "busy").is_empty());
        harm(i32::try_from(host.instances_in(app, "busy")[0].pid()).unwrap());
        call.join().unwrap()
    })
}

fn kill_hard(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

#[test]
fn an_instance_killed_in_mid_call_is_told_and_replaced() {
    let host = Host::new("");
    patient(&host, "app");
    let answer = in_mid_call(&host, "app", kill_hard);
    refused(answer, Code::Aborted, "CRASHED");
    until("it answers again", || host.invoke("app", "", "0").is_ok());
}

#[test]
fn whoever_else_is_in_a_leaf_ends_with_its_instance() {
    let host = Host::new("");
    patient(&host, "app");
    let mut other = Command::new("sleep").arg("60").spawn().unwrap();
    let mut leaves = Vec::new();
    let answer = in_mid_call(&host, "app", |pid| {
        let leaf = format!("tenants/acme/{}", host.instances_in("app", "busy")[0].id);
        for top in skepd::cgroup::Hierarchies::detect().unwrap().tops() {
            let folder = top.join(&host.place.name).join(&leaf);
            fs::write(folder.join("cgroup.procs"), other.id().to_string()).unwrap();
            leaves.push(folder);
        }
        kill_hard(pid);
    });
    // Proven in time: the caller is told of the death once the leaf is gone, and so is the other.
    let status = refused(answer, Code::Aborted, "CRASHED");
    let told = status.get_details_error_info().unwrap().metadata;
    assert_eq!(told.get("confirmed"), None, "{told:?}");
    assert!(leaves.iter().all(|leaf| !leaf.exists()));
    assert_eq!(other.wait().unwrap().signal(), Some(9));
    until("it answers again", || host.invoke("app", "", "0").is_ok());
}

#[test]
fn an_idle_instance_that_is_killed_is_replaced() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    let first = host.instances_in("app", "idle").remove(0);
    kill_hard(i32::try_from(first.pid()).unwrap());
    until("it is noticed", || host.instances("acme").iter().all(|one| one.id != first.id));
    until("it answers again", || host.invoke("app", "", "1").is_ok());
}

#[test]
fn a_zygote_that_is_killed_is_replaced() {
    let host = Host::new("");
    patient(&host, "app");
    let zygote = host.zygote_process();
    let answer = in_mid_call(&host, "app", |_| kill_hard(zygote.0));
    refused(answer, Code::Unavailable, "ZYGOTE_LOST");
    until("another zygote", || host.doctor()["zygote"].found == "ready");
    until("it answers again", || host.invoke("app", "", "0").is_ok());
    assert_ne!(host.zygote_process(), zygote);
}

#[test]
fn a_daemon_that_is_killed_takes_everything_with_it_and_comes_back() {
    let mut host = Host::new("");
    patient(&host, "app");
    let daemon = host.daemon_process();
    assert!(in_mid_call(&host, "app", |_| kill_hard(daemon.0)).is_err());
    until("nothing is left", || host.remains().is_empty());
    host.start_again();
    assert_eq!(host.reply("app", "", "0"), "1");
}

#[test]
fn a_keeper_that_is_killed_leaves_no_process_and_the_next_start_cleans_up() {
    let mut host = Host::new("");
    patient(&host, "app");
    let keeper = host.keeper_process();
    assert!(in_mid_call(&host, "app", |_| kill_hard(keeper.0)).is_err());
    until("no process is left", || host.remains().iter().all(|what| !what.starts_with("process")));
    host.start_again();
    assert_eq!(host.reply("app", "", "0"), "1");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    assert_eq!(host.remains(), Vec::<String>::new());
}

#[test]
fn a_clean_stop_leaves_nothing_and_apps_are_there_again() {
    let mut host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    let version = host.apps("acme").unwrap()[0].version.clone();
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    assert_eq!(host.remains(), Vec::<String>::new());
    host.start_again();
    assert_eq!(host.apps("acme").unwrap()[0].version, version);
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn draining_lets_running_calls_end_and_takes_no_new_ones() {
    let mut host = Host::new("");
    patient(&host, "app");
    let running = thread::scope(|scope| {
        let call = scope.spawn(|| host.invoke("app", "", "1500"));
        until("the call runs", || !host.instances_in("app", "busy").is_empty());
        kill(Pid::from_raw(host.keeper_process().0), Signal::SIGTERM).unwrap();
        until("new calls are refused", || {
            host.invoke("app", "", "0").is_err_and(|status| status.code() == Code::Unavailable)
        });
        call.join().unwrap()
    });
    assert_eq!(text(running), "1");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
}

#[test]
fn a_second_daemon_on_the_same_socket_harms_nobody() {
    let host = Host::new("");
    host.deploy("acme", "app", "let n = 0; export default () => ++n", |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "1");
    let output = std::process::Command::new(skep_integration::place::program("skepd"))
        .arg("--config")
        .arg(host.place.folder.join("skepd.toml"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(75));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another skepd, process "));
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn a_client_that_hangs_up_cancels_its_call() {
    let host = Host::new("");
    patient(&host, "app");
    host.block_on(async {
        let mut client = host.client();
        let call = client.invoke(Host::request("acme", "app", "", b"60000"));
        // Dropped half way.
        let _ = tokio::time::timeout(Duration::from_millis(500), call).await;
    });
    until("the instance is free or gone", || host.instances_in("app", "busy").is_empty());
    assert_eq!(host.reply("app", "", "0"), "1");
}

/// Stops the one idle instance of `app`: it takes and answers nothing any more.
fn stop_idle(host: &Host) -> (String, Pid) {
    let idle = host.instances_in("app", "idle").remove(0);
    let pid = Pid::from_raw(i32::try_from(idle.pid()).unwrap());
    kill(pid, Signal::SIGSTOP).unwrap();
    (idle.id, pid)
}

/// The same, of an app that answered once, after the rest upon which it is asked first.
fn stop_and_rest(host: &Host) -> (String, Pid) {
    patient(host, "app");
    assert_eq!(host.reply("app", "", "0"), "1");
    let stopped = stop_idle(host);
    thread::sleep(Duration::from_millis(5100));
    stopped
}

#[test]
fn an_idle_instance_that_answers_no_more_is_replaced_before_its_next_call() {
    let host = Host::new("");
    let (id, _) = stop_and_rest(&host);
    assert_eq!(host.reply("app", "", "0"), "1");
    until("the silent one is gone", || host.instances("acme").iter().all(|one| one.id != id));
}

#[test]
fn a_caller_with_little_time_ends_no_instance_that_needs_a_moment() {
    let host = Host::new("");
    let (id, pid) = stop_and_rest(&host);
    let mut request = Host::request("acme", "app", "", b"0");
    request.timeout_ms = Some(100);
    refused(host.send(request), Code::DeadlineExceeded, "DEADLINE");
    kill(pid, Signal::SIGCONT).unwrap();
    until("it is idle again", || !host.instances_in("app", "idle").is_empty());
    assert_eq!(host.instances_in("app", "idle")[0].id, id);
    assert_eq!(host.reply("app", "", "0"), "1");
}

/// Whether a call of an instance that takes and answers nothing still ends at its deadline.
fn ends_at_its_deadline(host: &Host, event: &[u8]) {
    stop_idle(host);
    let mut request = Host::request("acme", "app", "", event);
    request.timeout_ms = Some(200);
    refused(host.send(request), Code::DeadlineExceeded, "DEADLINE");
}

#[test]
fn a_reply_of_just_the_buffers_size_lets_no_later_read_wait() {
    let host = Host::new("");
    let code = "export const fill = (n) => 'x'.repeat(n); export default (n) => n;";
    host.deploy("acme", "app", code, |_| ()).unwrap();
    // With quotes and the frame around it, one of them has the 16 KiB that are read at once.
    for size in 16_366..16_376 {
        assert_eq!(host.reply("app", "fill", &size.to_string()).len(), size + 2);
        ends_at_its_deadline(&host, b"1");
    }
}

#[test]
fn an_event_that_is_not_taken_ends_at_the_deadline() {
    let host = Host::new("");
    host.deploy("acme", "app", "export default (n) => 1", |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "1");
    // More than a socket holds.
    ends_at_its_deadline(&host, format!("\"{}\"", "x".repeat(900_000)).as_bytes());
}

#[test]
fn a_zygote_is_renewed_after_its_clones_and_stays_for_its_children() {
    let host = Host::new("zygote_clones = 6\n[pool]\nspare_floor = 0\nspare_ceiling = 0\n");
    let counter = "let n = 0; export default () => ++n";
    host.deploy("acme", "old", counter, |_| ()).unwrap();
    assert_eq!(host.reply("old", "", "null"), "1");
    let first = host.zygote_process();
    let child = host.instances_in("old", "idle").remove(0);
    assert_eq!(Process(i32::try_from(child.pid()).unwrap()).stat(4), first.0.to_string());
    // Each deploy compiles in a clone of its own. Deploys have a rate: where one is refused the next comes soon.
    let deploy = || host.deploy("acme", "new", counter, |_| ()).is_ok();
    until("another zygote", || deploy() && host.zygotes().iter().any(|zygote| *zygote != first));
    until("clones are its children", || {
        deploy()
            && host.invoke("new", "", "null").is_ok()
            && host.instances_in("new", "idle").iter().any(|one| {
                let parent = Process(i32::try_from(one.pid()).unwrap()).stat(4);
                parent != first.0.to_string()
            })
    });
    // What came from the old one goes on as if nothing were.
    assert_eq!(host.reply("old", "", "null"), "2");
    assert!(first.alive());
    host.remove("acme", "old").unwrap();
    until("the old one ends with its last child", || !first.alive());
    assert_eq!(host.reply("new", "", "null"), "2");
}

#[test]
fn kills_leave_no_process_group_mount_namespace_or_descriptor_behind() {
    let host = Host::alone();
    patient(&host, "app");
    assert_eq!(host.reply("app", "", "0"), "1");
    let before = settled(&host);
    for _ in 0..3 {
        assert!(in_mid_call(&host, "app", kill_hard).is_err());
        until("it answers again", || host.invoke("app", "", "0").is_ok());
    }
    let zygote = host.zygote_process();
    kill_hard(zygote.0);
    // Until it is gone, an instance of its own may still answer.
    until("another zygote", || {
        let all = host.zygotes();
        !all.is_empty() && !all.contains(&zygote) && host.doctor()["zygote"].found == "ready"
    });
    until("it answers again", || host.invoke("app", "", "0").is_ok());
    let after = settled(&host);
    assert_eq!(after, before);
}

/// What there is once nothing changes any more.
pub(crate) fn settled(host: &Host) -> BTreeMap<&'static str, usize> {
    let mut last = host.census();
    until("nothing changes", || {
        thread::sleep(Duration::from_secs(1));
        let now = host.census();
        std::mem::replace(&mut last, now.clone()) == now
    });
    last
}

#[test]
fn started_in_a_group_of_its_own_it_stays_below_it() {
    let mut host = Host::in_own_group();
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    let name = host.place.name.clone();
    let group = |process: Process| {
        let text = std::fs::read_to_string(process.path("cgroup")).unwrap();
        text.lines().find_map(|line| line.strip_prefix("0::")).unwrap().to_owned()
    };
    assert_eq!(group(host.keeper_process()), format!("/{name}/control"));
    assert_eq!(group(host.daemon_process()), format!("/{name}/daemon"));
    assert_eq!(group(host.zygote_process()), format!("/{name}/zygote"));
    let pid = i32::try_from(host.instances_in("app", "idle")[0].pid()).unwrap();
    assert!(group(Process(pid)).starts_with(&format!("/{name}/tenants/acme/")));
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    // The group itself is whoever's that made it; below it only the keeper's own may be left, empty.
    for top in skepd::cgroup::Hierarchies::detect().unwrap().tops() {
        let left = std::fs::read_dir(top.join(&name)).unwrap().map(|entry| entry.unwrap().path());
        for folder in left.filter(|path| path.is_dir()) {
            assert!(folder.ends_with("control"), "{} is left", folder.display());
            until("it is empty", || std::fs::remove_dir(&folder).is_ok());
        }
        until("the group is empty", || std::fs::remove_dir(top.join(&name)).is_ok());
    }
}

#[test]
fn an_app_that_comes_again_under_its_name_has_books_of_its_own() {
    let host = Host::new("");
    let deploy = || {
        host.deploy("acme", "app", WAIT, |request| {
            let limits = request.limits.as_mut().unwrap();
            (limits.timeout_ms, limits.concurrency) = (Some(60_000), Some(1));
        })
        .unwrap();
    };
    let busy = || host.instances_in("app", "busy").len();
    deploy();
    thread::scope(|scope| {
        let old = scope.spawn(|| host.invoke("app", "", "2000"));
        until("the call runs", || busy() == 1);
        host.remove("acme", "app").unwrap();
        deploy();
        let new = scope.spawn(|| host.invoke("app", "", "6000"));
        until("both run", || busy() == 2);
        assert_eq!(text(old.join().unwrap()), "1");
        // The end of the old one's call is not an end of the new one's.
        refused(host.invoke("app", "", "0"), Code::ResourceExhausted, "QUOTA");
        assert_eq!(text(new.join().unwrap()), "1");
    });
    assert_eq!(host.reply("app", "", "0"), "1");
}

#[test]
fn idle_instances_are_evicted_after_their_time() {
    let host = Host::new("[pool]\nidle_after = \"1s\"\n");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    until("it is evicted", || host.instances_in("app", "idle").is_empty());
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn minimum_instances_are_kept_without_calls() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |request| {
        request.limits.as_mut().unwrap().min_instances = Some(2);
    })
    .unwrap();
    until("two are there", || host.instances_in("app", "idle").len() == 2);
    let first = host.instances_in("app", "idle").remove(0);
    kill_hard(i32::try_from(first.pid()).unwrap());
    until("there are two again", || {
        let idle = host.instances_in("app", "idle");
        idle.len() == 2 && idle.iter().all(|one| one.id != first.id)
    });
}

#[test]
fn an_exit_of_the_app_ends_its_call_and_its_instance() {
    let host = Host::new("");
    let source = "let calls = 0; export default (code) => { calls++; if (code) process.exit(code); return calls; }";
    host.deploy("acme", "app", source, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "0"), "1");
    refused(host.invoke("app", "", "7"), Code::Aborted, "EXITED_EARLY");
    // The instance whose count went on is gone.
    assert_eq!(host.reply("app", "", "0"), "1");
}
