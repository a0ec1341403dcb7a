//! What an attacker gets who has taken over the daemon, or the zygote: `taken-over` and the hostile shim play
//! them, from the same places and with the same identities.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::PathBuf,
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use skep_integration::{
    host::{Host, all_processes},
    look::Process,
    place::program,
    yard::until,
};
use skepd::cgroup::{Hierarchies, Mode};

use crate::NEIGHBOUR;

/// Plays the daemon of `host`; what each of its tries came to.
fn take_over(host: &Host, files: &[&str]) -> BTreeMap<String, String> {
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    let instance = host.instances_in("app", "idle").remove(0).pid().to_string();
    let ids = host.place.ids();
    let roots: Vec<String> =
        roots(host).into_iter().map(|root| root.display().to_string()).collect();
    let log = host.place.folder.join("taken-over");
    let status = Command::new(program("taken-over"))
        .arg(host.daemon_process().0.to_string())
        .arg(host.zygote_process().0.to_string())
        .arg(host.keeper_process().0.to_string())
        .arg(instance)
        .args([ids.first, ids.count].map(|number| number.to_string()))
        .arg(roots.join(":"))
        .args(files)
        // A file, not a pipe: the process that stays behind would hold it.
        .stdout(fs::File::create(&log).unwrap())
        .stderr(Stdio::inherit())
        .status()
        .unwrap();
    let text = fs::read_to_string(&log).unwrap();
    assert!(status.success(), "{text}");
    text.lines()
        .map(|line| line.rsplit_once(": ").unwrap())
        .map(|(name, came)| (name.to_owned(), came.to_owned()))
        .collect()
}

/// The root of its subtree in each hierarchy.
fn roots(host: &Host) -> Vec<PathBuf> {
    let hierarchies = Hierarchies::detect().unwrap();
    hierarchies.tops().map(|top| top.join(&host.place.name)).collect()
}

/// Takes a try out of the table and compares what came of it.
#[track_caller]
fn check(came: &mut BTreeMap<String, String>, name: &str, expected: &str) {
    assert_eq!(came.remove(name).as_deref(), Some(expected), "{name}");
}

fn stay_behind(host: &Host) -> Vec<Process> {
    let mut found = all_processes();
    found.retain(|process| {
        let name = fs::read_to_string(process.path("comm")).unwrap_or_default();
        let group = fs::read_to_string(process.path("cgroup")).unwrap_or_default();
        process.alive() && name.trim() == "taken-over" && group.contains(&host.place.name)
    });
    found
}

#[test]
fn a_daemon_that_is_taken_over_becomes_nobody_else_and_moves_nobody() {
    let mut host = Host::new("");
    let unified = Hierarchies::detect().unwrap().mode() == Mode::Unified;
    let of_root = host.place.folder.join("of-root").display().to_string();
    let of_user = host.place.folder.join("of-user").display().to_string();
    let of_group = host.place.folder.join("of-group").display().to_string();
    for (file, owner, group) in [(&of_root, 0, 0), (&of_user, 1000, 1000), (&of_group, 0, 42)] {
        fs::write(file, "secret").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o640)).unwrap();
        chown(file, Some(owner), Some(group)).unwrap();
    }
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let mut came = take_over(&host, &[&of_root, &of_user, &of_group]);
    let came = &mut came;

    for id in ["0", "42", "1000", "before the range", "of the daemon", "of the zygote"] {
        check(came, &format!("id {id}"), "identity ERANGE");
    }
    check(came, "id of another instance", "identity EBUSY");
    for leaf in [
        "in a folder with a pipe",
        "is the root",
        "is above the root",
        "is the group of all tenants",
        "is a tenant",
        "is the zygote's group",
        "is a file",
        "is a mount over one",
    ] {
        check(came, &format!("leaf {leaf}"), "descriptors EXDEV");
    }
    check(came, "last place in a folder with a pipe", "descriptors EXDEV");
    check(came, "last place is a tenant", "descriptors EXDEV");
    check(came, "a hierarchy less", "descriptors EBADF");
    check(came, "a hierarchy more", "descriptors EBADF");
    check(came, "link of datagrams", "descriptors EBADF");
    check(came, "link of the network", "descriptors EBADF");
    check(came, "link is a pipe", "descriptors ENOTSOCK");
    check(came, "what it may ask for", "cloned");
    check(came, "the number of a living instance", "identity EEXIST");

    for name in ["zygote", "keeper", "instance"] {
        check(came, &format!("signal {name}"), "EPERM");
        check(came, &format!("signal {name} by descriptor"), "EPERM");
        check(came, &format!("trace {name}"), "EPERM");
        check(came, &format!("descriptor of {name}"), "EPERM");
        check(came, &format!("user namespace of {name}"), "EPERM");
        check(came, &format!("limits of {name}"), "EPERM");
        for file in ["ns/user", "ns/mnt", "ns/net", "mem", "maps", "root/etc", "fd/0", "cwd/."] {
            check(came, &format!("{file} of {name}"), "EACCES");
        }
        check(came, &format!("move {name} v2"), "EACCES");
        let elsewhere = came.remove(&format!("move {name} v1"));
        assert_eq!(elsewhere.as_deref(), (!unified).then_some("EACCES"), "{name}");
    }
    check(came, "move itself v2", "EACCES");
    check(came, "own memory limit", "EACCES");
    for version in if unified { &["v2"][..] } else { &["v1", "v2"] } {
        check(came, &format!("group beside tenants {version}"), "EACCES");
        for below in ["control", "daemon", "zygote"] {
            check(came, &format!("group in {below} {version}"), "EACCES");
            check(came, &format!("enter {below} {version}"), "EACCES");
        }
    }
    check(came, "depth of groups", "EACCES");
    check(came, "group in a leaf", "EAGAIN");
    check(came, "kill all tenants at once", "EACCES");
    for file in [&of_root, &of_user, &of_group] {
        check(came, &format!("file {file}"), "EACCES");
    }
    check(came, "core_pattern", "EACCES");
    assert_eq!(fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap(), pattern);

    // The keeper acts upon none of 500 messages twice, and hears a signal all the same.
    check(came, "messages to the keeper", "done");
    check(came, "stay behind", "done");
    assert_eq!(*came, BTreeMap::new());
    assert!(host.zygotes().len() <= 3, "{:?}", host.zygotes());
    assert_eq!(stay_behind(&host).len(), 1);
    kill(Pid::from_raw(host.daemon_process().0), Signal::SIGCONT).unwrap();
    host.stop(Signal::SIGTERM);
    assert_eq!(stay_behind(&host), []);
    assert_eq!(host.remains(), Vec::<String>::new());
}

/// The same identity outside: what is refused above is refused for the rules, not for the tries themselves.
#[test]
fn root_could_do_what_a_daemon_that_is_taken_over_cannot() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    let zygote = host.zygote_process();
    for file in ["ns/user", "mem", "maps", "cwd/."] {
        assert!(fs::File::open(zygote.path(file)).is_ok(), "{file}");
    }
    assert!(fs::read_link(zygote.path("fd/0")).is_ok());
    // The old rules: the subtree's root belongs to the daemon, and it moves whom it likes.
    let root = roots(&host).remove(0);
    let (user, leaf) = (host.place.ids().user, root.join("tenants/taken"));
    for path in [root.join("cgroup.procs"), root.clone()] {
        chown(path, Some(user), Some(user)).unwrap();
    }
    let script =
        format!("mkdir {0} && echo {1} > {0}/cgroup.procs && echo moved", leaf.display(), zygote.0);
    let output = Command::new("sh").args(["-c", &script]).uid(user).gid(user).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "moved", "{output:?}");
    until("the zygote is in there", || {
        fs::read_to_string(leaf.join("cgroup.procs")).is_ok_and(|text| !text.is_empty())
    });
}
