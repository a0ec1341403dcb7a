//! The walls around an instance that the daemon made, and around the daemon itself.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::Command,
};

use skep_integration::{
    host::Host,
    look::Process,
    place::program,
    yard::{outside, until},
};
use tonic::Code;

use crate::NEIGHBOUR;

fn process(instance: &skep_proto::v1::Instance) -> Process {
    Process(i32::try_from(instance.pid()).unwrap())
}

#[test]
fn every_living_instance_is_walled_from_every_other() {
    let host = Host::new("");
    for app in ["one", "two"] {
        host.deploy("acme", app, NEIGHBOUR, |_| ()).unwrap();
        assert_eq!(host.reply(app, "", "1"), "2");
    }
    host.deploy("beta", "three", NEIGHBOUR, |_| ()).unwrap();
    until("there is a spare", || host.instances("acme").iter().any(|one| one.state == "spare"));
    let mut all: Vec<Process> = ["acme", "beta"]
        .iter()
        .flat_map(|tenant| host.instances(tenant))
        .map(|one| process(&one))
        .collect();
    let count = all.len();
    assert!(3 <= count, "{all:?}");
    all.extend([host.daemon_process(), host.zygote_process(), Process::own()]);
    for name in skep_link::frame::NAMESPACES {
        let distinct: BTreeSet<u64> =
            all.iter().map(|process| process.namespaces()[name]).collect();
        // The daemon, the zygote and the test share some with each other, never with an instance.
        let others: BTreeSet<u64> =
            all[count..].iter().map(|process| process.namespaces()[name]).collect();
        assert_eq!(distinct.len(), count + others.len(), "{name}");
    }
    let ids: BTreeSet<u32> = host.instances("acme").iter().map(|one| one.uid()).collect();
    assert_eq!(ids.len(), host.instances("acme").len());
    assert!(ids.iter().all(|id| (host.place.first_id..host.place.first_id + 500).contains(id)));
}

#[test]
fn an_instance_that_serves_has_nothing() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    let instance = host.instances_in("app", "idle").remove(0);
    let process = process(&instance);
    let status = process.status();
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
    assert_eq!((status["NoNewPrivs"].as_str(), status["Seccomp"].as_str()), ("1", "2"));
    assert_eq!(status["Uid"].split_whitespace().next(), Some(instance.uid().to_string().as_str()));
    assert_eq!(status["Threads"], "1");
    assert_eq!(process.descriptors().len(), 1);
    assert_eq!(process.root(), Vec::<String>::new());
    assert_eq!(process.text("environ").trim_end_matches('\0'), "TZ=UTC0");
}

#[test]
fn an_instance_that_serves_has_the_limits_of_its_app() {
    use skepd::cgroup::{Controller, Hierarchies};
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.memory_bytes, limits.cpu_millis) = (Some(33 << 20), Some(300));
    })
    .unwrap();
    // A spare, whose own limits are others, is bound to the app.
    until("there is a spare", || host.instances("acme").iter().any(|one| one.state == "spare"));
    assert_eq!(host.reply("app", "", "1"), "2");
    let id = host.instances_in("app", "idle").remove(0).id;
    let hierarchies = Hierarchies::detect().unwrap();
    let read = |controller, v2: &str, v1: &str| {
        let (top, unified) = hierarchies.of(controller);
        let leaf = top.join(&host.place.name).join("tenants/acme").join(&id);
        let text = fs::read_to_string(leaf.join(if unified { v2 } else { v1 })).unwrap();
        text.split_whitespace().next().unwrap().to_owned()
    };
    let memory = read(Controller::Memory, "memory.max", "memory.limit_in_bytes");
    assert_eq!(memory, (33 << 20).to_string());
    let swap = read(Controller::Memory, "memory.swap.max", "memory.memsw.limit_in_bytes");
    assert!(swap == "0" || swap == memory, "{swap}");
    assert_eq!(read(Controller::Cpu, "cpu.max", "cpu.cfs_quota_us"), "30000");
    let processes = read(Controller::Pids, "pids.max", "pids.max");
    assert_eq!(processes, skep_policies::limits::DEFAULT.processes.to_string());
}

#[test]
fn the_daemon_has_no_privilege() {
    let host = Host::new("");
    let status = host.daemon_process().status();
    let user = (host.place.first_id + 500).to_string();
    for field in ["Uid", "Gid"] {
        assert!(
            status[field].split_whitespace().all(|id| id == user),
            "{field}: {}",
            status[field]
        );
    }
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
    let group = host.place.ids().group.to_string();
    assert_eq!((status["NoNewPrivs"].as_str(), status["Groups"].as_str()), ("1", group.as_str()));
}

/// What a process of the daemon's identity could do: the same uid, no capability.
fn as_daemon(host: &Host, deed: &str, argument: &str) -> String {
    let user = host.place.first_id + 500;
    let output = Command::new(program("hostile-shim"))
        .args(["outside", deed, argument])
        .uid(user)
        .gid(user)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_daemons_identity_reaches_neither_the_host_nor_the_zygote() {
    let host = Host::new("");
    let core_pattern = "/proc/sys/kernel/core_pattern";
    assert_eq!(as_daemon(&host, "write", core_pattern), "EACCES");
    let secret = host.place.folder.join("of-root").display().to_string();
    fs::write(&secret, "secret").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(as_daemon(&host, "open", &secret), "EACCES");
    let zygote = host.zygote_process().0.to_string();
    assert_eq!(as_daemon(&host, "trace", &zygote), "EPERM");
    let daemon = host.daemon_process().0.to_string();
    assert_eq!(as_daemon(&host, "trace", &daemon), "EPERM");
    // Root may do all of it: what is refused above is refused for the identity.
    assert!(outside("open", &secret).starts_with("done"));
    assert!(outside("write", core_pattern).starts_with("done"));
    assert!(outside("trace", &zygote).starts_with("done"));
}

#[test]
fn doctor_shows_every_wall_and_misses_nothing() {
    let host = Host::new("");
    let findings = host.doctor();
    for step in skep_link::zygote::Step::ALL {
        let name = format!("wall: {}", step.as_str());
        assert_eq!(findings[&name].grade(), skep_proto::v1::finding::Grade::Ok, "{name}");
    }
    let missing: Vec<_> = findings
        .values()
        .filter(|finding| finding.grade() == skep_proto::v1::finding::Grade::Missing)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_wall_that_cannot_be_built_ends_the_start_and_is_named() {
    let host = Host::new("");
    let place = skep_integration::place::Place::new();
    // A shim that leaves one step out so that the next one cannot succeed.
    let shim = place.programs.join("omit.step.no-new-privileges");
    fs::copy(program("hostile-shim"), &shim).unwrap();
    let folder = place.folder.display();
    let text = fs::read_to_string(host.place.folder.join("skepd.toml"))
        .unwrap()
        .replace(&host.shim().display().to_string(), &shim.display().to_string())
        .replace(&host.place.folder.display().to_string(), &folder.to_string())
        .replace(&host.place.name, &place.name)
        .replace(&host.place.first_id.to_string(), &place.first_id.to_string());
    let file = place.folder.join("skepd.toml");
    fs::write(&file, text).unwrap();
    let output = Command::new(program("skepd")).arg("--config").arg(&file).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{text}");
    assert!(text.contains("wall landlock could not be built"), "{text}");
}

#[test]
fn a_native_intruder_is_killed_and_the_caller_told_why() {
    let host = Host::hostile("");
    host.deploy("acme", "intruder", "", |_| ()).unwrap();
    for deed in ["socket", "shell", "exec", "fork", "signal"] {
        let answer = host.invoke("intruder", deed, "1");
        skep_integration::host::refused(answer, Code::Aborted, "SECCOMP");
    }
    assert_eq!(host.reply("intruder", "open", "/etc/passwd"), "ENOSYS");
    assert_eq!(host.reply("intruder", "idle", ""), "done");
}
