//! What ends a start, with its reason and its exit code, and what does not.

use std::{fs, process::Command};

use nix::sys::signal::Signal;
use skep_integration::{
    host::Host,
    place::{Place, program},
    yard::until,
};
use skep_link::{frame::NAMESPACES, zygote::Step};
use skep_proto::v1::finding::Grade;
use skepd::cgroup::Limit;

use crate::NEIGHBOUR;

/// The exit code of a daemon whose sandboxes lack these parts, and what it said.
fn start_without(parts: &str) -> (Option<i32>, String) {
    let place = Place::new();
    let folder = place.folder.display();
    let shim = place.programs.join(format!("omit.{parts}"));
    fs::copy(program("hostile-shim"), &shim).unwrap();
    let file = place.folder.join("skepd.toml");
    let text = format!(
        "socket = \"{folder}/skep.sock\"\nstate = \"{folder}/state\"\nshim = \"{}\"\n\
         cgroup = \"/{}\"\n[ids]\nfirst = {}\ncount = 500\n\
         [[tenants]]\nname = \"acme\"\n[[callers]]\nuid = 0\nadmin = true\n",
        shim.display(),
        place.name,
        place.first_id,
    );
    fs::write(&file, text).unwrap();
    loop {
        let log = place.folder.join("log");
        let mut keeper = Command::new(program("skepd"))
            .arg("--config")
            .arg(&file)
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut ended = None;
        until("the start ends", || {
            ended = keeper.try_wait().unwrap();
            ended.is_some()
        });
        let text = fs::read_to_string(log).unwrap();
        // A copy is busy while a process that another test forked meanwhile still has it open.
        if !text.contains("Text file busy") {
            return (ended.unwrap().code(), text);
        }
    }
}

#[test]
fn walls_that_do_not_stand_as_they_must_end_the_start_and_are_named() {
    let missing = ["new-session", "bound-capabilities", "resource-limits"];
    let parts = missing.map(|step| format!("step.{step}+")).concat();
    let (code, text) = start_without(&format!("{parts}filter.deny"));
    assert_eq!(code, Some(69), "{text}");
    for wall in missing.iter().chain(&["run-filter", "drop-capabilities"]) {
        assert!(text.contains(&format!("skepd: wall: {wall} is missing\n  found: ")), "{text}");
    }
    assert!(text.contains("Seccomp_filters 2\n  needed: mode 2, 3 filters"), "{text}");
    assert!(text.contains("  fix: boot a kernel with CONFIG_SECCOMP_FILTER=y"), "{text}");
    assert!(!text.contains("wall: landlock"), "{text}");
}

#[test]
fn a_wall_that_cannot_be_built_is_told_with_how_to_mend_the_host() {
    // Without the one before it this one cannot succeed.
    let (code, text) = start_without("step.no-new-privileges");
    assert_eq!(code, Some(69), "{text}");
    let said =
        "wall landlock could not be built: Operation not permitted (os error 1)\n  fix: boot";
    assert!(text.contains(said), "{text}");
}

#[test]
fn doctor_shows_every_wall_as_it_was_measured() {
    let host = Host::new("");
    let findings = host.doctor();
    let steps = Step::ALL.map(|step| step.as_str().to_owned());
    let namespaces = NAMESPACES.map(|name| format!("{name} namespace"));
    let limits = Limit::ALL.iter().map(|limit| format!("{limit:?} limit"));
    for wall in steps.into_iter().chain(namespaces).chain(limits) {
        let finding = &findings[&format!("wall: {wall}")];
        assert_eq!(finding.grade(), Grade::Ok, "{finding:?}");
        assert!(!finding.found.is_empty(), "{finding:?}");
    }
    for (wall, found) in [
        ("drop-capabilities", "five sets empty"),
        ("run-filter", "3 filters"),
        ("no-new-privileges", "set"),
        ("empty-root", "1 mount, read-only"),
        ("Processes limit", "pids.max = 1"),
    ] {
        assert_eq!(findings[&format!("wall: {wall}")].found, found);
    }
    let namespace = fs::read_link("/proc/self/ns/net").unwrap().display().to_string();
    let own = findings["wall: net namespace"].found.strip_prefix("its own, ").unwrap().to_owned();
    assert!(own.parse::<u64>().is_ok() && !namespace.contains(&own), "{own} {namespace}");
    // Nothing of what was measured stays.
    let tops = skepd::cgroup::Hierarchies::detect().unwrap();
    for top in tops.tops() {
        assert!(!top.join(&host.place.name).join("tenants/_proof").exists());
    }
}

#[test]
fn a_tenant_that_is_closed_keeps_the_others_from_nothing() {
    let host = Host::new("[[tenants]]\nname = \"aaa\"\nmemory = 0\nprocesses = 0\ncpu = \"10m\"");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn a_stop_that_comes_while_it_begins_is_a_clean_one() {
    let mut host = Host::new("");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    host.begin_again();
    // Started after the daemon, which has not even given root up by now.
    until("there is a zygote", || !host.zygotes().is_empty());
    assert_eq!(host.stop(Signal::SIGTERM), 0, "{}", host.log());
    assert_eq!(host.remains(), Vec::<String>::new());
}
