//! Whether new instances can be born: what health, doctor and callers are told when they cannot.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use prost::Message as _;
use skep_integration::{
    host::{Host, refused},
    place::{Place, program},
    wire::Wire,
    yard::until,
};
use skep_link::VERSION;
use skep_proto::v1::finding::Grade;
use skepd::cgroup::Hierarchies;
use tonic::Code;

use crate::NEIGHBOUR;

#[test]
fn a_zygote_that_hangs_is_told_of_and_replaced() {
    let host = Host::new("[pool]\nspare_floor = 0\nspare_ceiling = 0\n");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let hung = host.zygote_process();
    kill(Pid::from_raw(hung.0), Signal::SIGSTOP).unwrap();
    let finding = host.doctor().remove("zygote").unwrap();
    assert_eq!(finding.grade(), Grade::Missing, "{finding:?}");
    assert_eq!(finding.found, "it has not answered for 1 s");
    // Whoever needs an instance is told why there is none.
    refused(host.invoke("app", "", "1"), Code::Unavailable, "ZYGOTE_LOST");
    until("another one answers", || host.serving() && !hung.alive());
    assert!(host.log().contains("the last one did not answer for 5 s"), "{}", host.log());
    assert_eq!(host.reply("app", "", "1"), "2");
    assert_eq!(host.doctor()["zygote"].grade(), Grade::Ok);
}

#[test]
fn without_a_zygote_health_doctor_and_callers_are_told() {
    let place = Place::new();
    // A program that can be taken away.
    let shim = place.programs.join("skep-shim");
    fs::copy(program("skep-shim"), &shim).unwrap();
    let host = Host::with_program(shim.clone());
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert!(host.serving());
    fs::remove_file(&shim).unwrap();
    kill(Pid::from_raw(host.zygote_process().0), Signal::SIGKILL).unwrap();
    until("health says so", || !host.serving());
    let finding = host.doctor().remove("zygote").unwrap();
    assert_eq!(
        (finding.grade(), finding.found.as_str()),
        (Grade::Missing, "the last one has ended")
    );
    refused(host.deploy("acme", "other", NEIGHBOUR, |_| ()), Code::Unavailable, "ZYGOTE_LOST");
    fs::copy(program("skep-shim"), &shim).unwrap();
    until("it serves again", || host.serving());
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn a_shim_of_another_build_or_none_ends_the_start_before_anything_is_made() {
    let place = Place::new();
    let folder = place.folder.display();
    let shim = place.programs.join("shim");
    let file = place.folder.join("skepd.toml");
    fs::write(
        &file,
        format!(
            "socket = \"{folder}/skep.sock\"\nstate = \"{folder}/state\"\nshim = \"{}\"\n\
             cgroup = \"/{}\"\n[ids]\nfirst = {}\ncount = 500\n\
             [[tenants]]\nname = \"acme\"\n[[callers]]\nuid = 0\nadmin = true\n",
            shim.display(),
            place.name,
            place.first_id
        ),
    )
    .unwrap();
    let run = |more: &[&str]| {
        let output = Command::new(program("skepd")).arg("--config").arg(&file).args(more).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for more in [&["--check-config"][..], &["--preflight"], &[]] {
        let (code, text) = run(more);
        assert_eq!(code, Some(78), "{text}");
        assert!(text.contains(&format!("shim: cannot find the shim {}", shim.display())), "{text}");
    }
    fs::write(&shim, "#!/bin/sh\necho 3\n").unwrap();
    let (code, text) = run(&["--check-config"]);
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains("is not a program"), "{text}");
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    let said = format!("speaks wire version 3, this skepd {VERSION}");
    for more in [&["--preflight"][..], &[]] {
        let (code, text) = run(more);
        assert_eq!(code, Some(69), "{text}");
        assert!(text.contains(&said), "{text}");
    }
    for top in Hierarchies::detect().unwrap().tops() {
        assert!(!top.join(&place.name).exists());
    }
    assert!(!place.folder.join("state").exists() && !place.folder.join("skep.sock").exists());
}

#[test]
fn the_daemon_has_a_limit_of_threads_that_it_cannot_take_away() {
    let host = Host::new("");
    let hierarchies = Hierarchies::detect().unwrap();
    let (top, _) = hierarchies.of(skepd::cgroup::Controller::Pids);
    let group = top.join(&host.place.name).join("daemon");
    let read = |file: &str| fs::read_to_string(group.join(file)).unwrap().trim().to_owned();
    assert_eq!(read("cgroup.procs"), host.daemon_process().0.to_string());
    let (most, now): (u32, u32) =
        (read("pids.max").parse().unwrap(), read("pids.current").parse().unwrap());
    // 32 beside those that serve, of which there are two at least.
    let serve = std::thread::available_parallelism().unwrap().get().div_euclid(2).max(2);
    assert_eq!(most, u32::try_from(serve).unwrap() + 32);
    assert!(now < most, "{now} of {most}");
    let owner = fs::metadata(group.join("pids.max")).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&owner), 0);
}

#[test]
fn a_daemon_at_its_memory_limit_ends_alone_and_the_next_start_serves_the_same() {
    let mut host = Host::new("[sizes]\nreply = \"4MiB\"\n");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let large = "export default () => 'x'.repeat(4_000_000)";
    host.deploy("acme", "large", large, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    let hierarchies = Hierarchies::detect().unwrap();
    let (top, unified) = hierarchies.of(skepd::cgroup::Controller::Memory);
    let group = top.join(&host.place.name).join("daemon");
    let limit = if unified { "memory.max" } else { "memory.limit_in_bytes" };
    let text = fs::read_to_string(group.join(limit)).unwrap();
    assert_eq!(text.trim(), (512 << 20).to_string());
    let members = fs::read_to_string(group.join("cgroup.procs")).unwrap();
    assert_eq!(members.trim(), host.daemon_process().0.to_string());
    // Less than the budgets allow, as if they had missed something: answers that nobody reads then end it.
    let usage = if unified { "memory.current" } else { "memory.usage_in_bytes" };
    let used: u64 = fs::read_to_string(group.join(usage)).unwrap().trim().parse().unwrap();
    fs::write(group.join(limit), (used + (16 << 20)).to_string()).unwrap();
    let call = Host::request("acme", "large", "", b"1").encode_to_vec();
    host.block_on(async {
        let mut wire = Wire::open(&host, 0, 0).await;
        let mut unread = Vec::new();
        while let Ok(sent) = wire.send("/skep.v1.Invocations/Invoke", &call).await {
            match sent.answer.await {
                Ok(answer) => unread.push(answer),
                Err(_) => break,
            }
            assert!(unread.len() < 1000, "never at its limit");
        }
    });
    assert_eq!(host.await_end(), 70);
    assert!(host.log().contains("the daemon ended with code 137"), "{}", host.log());
    host.start_again();
    assert_eq!(host.reply("app", "", "1"), "2");
}
