//! Every wall around an instance, seen from the host's side as root, and attacked from inside.
//!
//! Each test fails when its wall is missing; `make test-walls` proves that, wall by wall. Deeds that
//! must be impossible inside are possible outside: each has its counter-check.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::process::CommandExt as _,
    process::{Child, Command},
    thread,
    time::Duration,
};

use nix::{
    errno::Errno,
    sched::{CloneFlags, setns},
    sys::{
        ptrace,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use skep_core::{ByteCount, Ceiling, CpuShare};
use skep_integration::{
    look::Process,
    rlimits, slowness,
    yard::{Outcome, SMALL, Yard, outside, until},
};
use skep_link::{
    frame::NAMESPACES,
    zygote::{Exit, Step},
};
use skepd::cgroup::{Limits, Mode};

const SIGSYS: Outcome = Outcome::Ended(Exit::Signal(libc_numbers::SIGSYS));

mod libc_numbers {
    pub(crate) const SIGKILL: i32 = 9;
    pub(crate) const SIGSYS: i32 = 31;
}

fn said(text: &str) -> Outcome {
    Outcome::Said(text.to_owned())
}

#[test]
fn seven_namespaces_are_of_its_own() {
    let mut yard = Yard::default();
    let (one, two) = (yard.inmate(), yard.inmate());
    let others = [Process::own(), yard.zygote(), two.process];
    let own = one.process.namespaces();
    for other in others.map(Process::namespaces) {
        for (name, inode) in &own {
            assert_ne!(inode, &other[name], "the {name} namespace is shared");
        }
    }
}

#[test]
fn what_it_says_of_its_namespaces_is_true() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let seen = inmate.process.namespaces();
    for (name, said) in NAMESPACES.into_iter().zip(inmate.namespaces) {
        assert_eq!(seen[name], said, "{name}");
    }
}

#[test]
fn its_ids_are_its_own_and_it_has_no_groups() {
    let mut yard = Yard::default();
    let (one, two) = (yard.inmate(), yard.inmate());
    assert_ne!(one.id, two.id);
    for inmate in [one, two] {
        let status = inmate.process.status();
        let four = vec![inmate.id.to_string(); 4];
        for field in ["Uid", "Gid"] {
            let ids: Vec<&str> = status[field].split_whitespace().collect();
            assert_eq!(ids, four, "{field}");
        }
        assert_eq!(status["Groups"], "");
    }
}

#[test]
fn all_capability_sets_are_empty() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let status = inmate.process.status();
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
    assert_ne!(Process::own().status()["CapEff"], "0000000000000000");
}

#[test]
fn capability_rules_are_locked() {
    // Without the filter the program itself can ask.
    let mut yard = Yard::new(&["step.run-filter"]);
    assert_eq!(yard.deed("securebits", ""), said(&format!("done {}", 0b1110_1111)));
    assert_eq!(outside("securebits", ""), "done 0");
}

#[test]
fn no_new_privileges_and_three_filters() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let status = inmate.process.status();
    assert_eq!(status["NoNewPrivs"], "1");
    assert_eq!(status["Seccomp"], "2");
    // The zygote's, and two of its own.
    assert_eq!(status["Seccomp_filters"], "3");
}

#[test]
fn one_descriptor_is_open_and_no_memory_is_shared() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let process = inmate.process;
    let open = process.descriptors();
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0].starts_with("socket:"), "{open:?}");
    let shared = process.text("maps").lines().filter(|line| line.contains(" rw-s ")).count();
    assert_eq!(shared, 0);
}

#[test]
fn its_root_is_empty_and_read_only() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let process = inmate.process;
    assert_eq!(process.root(), Vec::<String>::new());
    let mounts = process.text("mountinfo");
    let mounts: Vec<&str> = mounts.lines().collect();
    assert_eq!(mounts.len(), 1, "{mounts:?}");
    let options: Vec<&str> = mounts[0].split(' ').nth(5).unwrap().split(',').collect();
    for option in ["ro", "nosuid", "nodev", "noexec"] {
        assert!(options.contains(&option), "{option} is missing in {mounts:?}");
    }
    assert_eq!(fs::read_link(process.path("cwd")).unwrap().as_os_str(), "/");
}

#[test]
fn its_session_is_its_own() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let process = inmate.process;
    let number = process.0.to_string();
    assert_eq!((process.stat(5), process.stat(6)), (number.clone(), number));
}

#[test]
fn signals_have_their_defaults() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let status = inmate.process.status();
    for field in ["SigBlk", "SigIgn", "SigCgt"] {
        assert_eq!(status[field], "0000000000000000", "{field}");
    }
}

#[test]
fn process_limits_are_as_reviewed() {
    // What an instance would inherit must differ from what it must have, or nothing is shown.
    for limit in rlimits::all() {
        limit.differ();
    }
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    for limit in rlimits::all() {
        let value = limit.value.map_or("unlimited".to_owned(), |value| value.to_string());
        assert_eq!(inmate.process.limit(limit.title), (value.clone(), value), "{}", limit.name);
    }
}

#[test]
fn the_hosts_name_is_hidden() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let file = fs::File::open(inmate.process.path("ns/uts")).unwrap();
    let look = move || {
        setns(file, CloneFlags::CLONE_NEWUTS).unwrap();
        nix::unistd::gethostname().unwrap()
    };
    assert_eq!(thread::spawn(look).join().unwrap(), "sandbox");
    assert_ne!(outside("hostname", ""), "done sandbox");
}

#[test]
fn nothing_of_the_starter_reaches_it() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let process = inmate.process;
    assert_eq!(process.text("environ").trim_end_matches('\0'), "TZ=UTC0");
    assert_eq!(process.text("cmdline"), "skep-shim\0zygote\0");
}

#[test]
fn it_is_in_its_own_leaf_everywhere() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    for leaf in inmate.leaf.paths() {
        let procs = fs::read_to_string(leaf.join("cgroup.procs")).unwrap();
        assert_eq!(procs.trim(), inmate.process.0.to_string(), "{}", leaf.display());
    }
}

#[test]
fn its_group_has_the_limits_it_was_given() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    let read = |names: &[&str]| {
        inmate
            .leaf
            .paths()
            .flat_map(|leaf| names.iter().map(move |name| leaf.join(name)))
            .find(|file| file.exists())
            .map(|file| fs::read_to_string(file).unwrap().trim().to_owned())
            .unwrap()
    };
    let memory = (32 << 20).to_string();
    assert_eq!(read(&["memory.max", "memory.limit_in_bytes"]), memory);
    assert_eq!(read(&["pids.max"]), "4");
    assert_eq!(read(&["cpu.max", "cpu.cfs_quota_us"]).split(' ').next().unwrap(), "50000");
    match yard.tree().mode() {
        Mode::Unified => {
            assert_eq!(read(&["memory.swap.max"]), "0");
            assert_eq!(read(&["memory.oom.group"]), "1");
        }
        Mode::Hybrid => assert_eq!(read(&["memory.memsw.limit_in_bytes"]), memory),
    }
}

#[test]
fn it_dies_with_the_zygote() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    assert!(inmate.process.alive());
    yard.kill_zygote();
    until("the instance dies", || !inmate.process.alive());
}

#[test]
fn it_ends_when_the_link_does() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    inmate.link.shutdown(std::net::Shutdown::Both).unwrap();
    assert_eq!(yard.end_of(&inmate).exit, Exit::Code(0));
}

#[test]
fn a_wall_that_cannot_be_built_ends_the_child_and_names_the_step() {
    // Without that setting the kernel refuses the next step.
    let mut yard = Yard::new(&["step.no-new-privileges"]);
    let end = yard.inmate_with(&SMALL).map(|inmate| inmate.number).unwrap_err();
    assert_eq!((end.exit, end.step), (Exit::Code(Errno::EPERM as i32), Some(Step::Landlock)));
}

#[test]
fn a_child_does_nothing_until_it_is_placed_and_mapped() {
    let mut yard = Yard::default();
    // Stop the zygote at the very moment when the child exists.
    let zygote = Pid::from_raw(yard.zygote().0);
    let forks = ptrace::Options::PTRACE_O_TRACEFORK | ptrace::Options::PTRACE_O_TRACECLONE;
    ptrace::seize(zygote, forks).unwrap();
    let asked = yard.ask(&SMALL);
    let event = waitpid(zygote, Some(WaitPidFlag::__WALL)).unwrap();
    assert!(matches!(event, WaitStatus::PtraceEvent(..)), "{event:?}");
    let child = Pid::from_raw(i32::try_from(ptrace::getevent(zygote).unwrap()).unwrap());
    waitpid(child, Some(WaitPidFlag::__WALL)).unwrap();
    ptrace::detach(child, None).unwrap();
    // It has all the time it could want to begin its session, which is the second step.
    thread::sleep(Duration::from_millis(200) * slowness());
    let session = Process(child.as_raw()).stat(6);
    ptrace::detach(zygote, None).unwrap();
    yard.await_sealed(asked).unwrap_or_else(|end| panic!("not sealed: {end:?}"));
    assert_ne!(session, child.to_string());
}

#[test]
fn landlock_denies_what_the_filter_would() {
    let mut yard = Yard::new(&["step.run-filter", "rlimit.nofile"]);
    assert_eq!(yard.deed("list", ""), said("EACCES"));
    assert!(outside("list", "").starts_with("done"));
}

#[test]
fn a_reverse_shell_is_killed_at_its_first_call() {
    let mut yard = Yard::default();
    assert_eq!(yard.deed("socket", ""), SIGSYS);
    assert_eq!(yard.deed("shell", ""), SIGSYS);
    assert!(outside("socket", "").starts_with("done"));
    assert_eq!(outside("shell", ""), "shell done 0");
}

#[test]
fn even_without_filter_and_landlock_there_is_no_network() {
    let mut yard = Yard::new(&["step.run-filter", "step.landlock", "rlimit.nofile"]);
    // Its own loopback interface is down; outside the same call reaches the host and is refused.
    assert_eq!(yard.deed("connect", ""), said("connect ENETUNREACH"));
    assert_eq!(outside("connect", ""), "connect ECONNREFUSED");
}

#[test]
fn a_process_cannot_be_made_nor_a_program_executed() {
    let mut yard = Yard::default();
    assert_eq!(yard.deed("fork", "1"), SIGSYS);
    assert_eq!(yard.deed("exec", ""), SIGSYS);
    assert_eq!(outside("fork", "1"), "done 1");
    assert_eq!(outside("exec", ""), "done 0");
}

#[test]
fn a_file_cannot_be_opened_nor_made() {
    let mut yard = Yard::default();
    assert_eq!(yard.deed("open", "/etc/passwd"), said("ENOSYS"));
    assert_eq!(yard.deed("create", "/x"), said("ENOSYS"));
    assert!(outside("open", "/etc/passwd").starts_with("done"));
}

#[test]
fn even_without_the_filter_there_is_no_file() {
    let mut yard = Yard::new(&["step.run-filter", "step.landlock", "step.resource-limits"]);
    assert_eq!(yard.deed("open", "/etc/passwd"), said("ENOENT"));
    assert_eq!(yard.deed("create", "/x"), said("EROFS"));
}

#[test]
fn a_neighbour_cannot_be_signalled() {
    let mut yard = Yard::default();
    let neighbour = yard.inmate();
    assert_eq!(yard.deed("signal", &neighbour.process.0.to_string()), SIGSYS);
    assert!(neighbour.process.alive());
}

#[test]
fn even_without_the_filter_a_neighbour_is_out_of_sight() {
    let mut yard = Yard::new(&["step.run-filter"]);
    let neighbour = yard.inmate();
    assert_eq!(yard.deed("signal", &neighbour.process.0.to_string()), said("ESRCH"));
    assert!(neighbour.process.alive());
    assert_eq!(outside("kill", &neighbour.process.0.to_string()), "done 0");
}

#[test]
fn foreign_doors_into_the_kernel_are_closed() {
    let mut yard = Yard::default();
    // A kernel without the 32-bit door answers that with a fault, which is as good.
    match yard.deed("int80", "") {
        Outcome::Ended(Exit::Signal(libc_numbers::SIGSYS | 11)) => {}
        other => panic!("{other:?}"),
    }
    let x32_getpid = (0x4000_0000 + 39).to_string();
    assert_eq!(yard.deed("call", &x32_getpid), said("ENOSYS"));
    assert!(outside("call", "39").starts_with("done"));
}

#[test]
fn executable_memory_cannot_be_had() {
    let mut yard = Yard::default();
    // mmap and mprotect of one page: writable is fine, executable is the end.
    assert!(
        matches!(yard.deed("call", "9 0 4096 3 34 -1 0"), Outcome::Said(text) if text.starts_with("done"))
    );
    assert_eq!(yard.deed("call", "9 0 4096 7 34 -1 0"), SIGSYS);
    assert_eq!(yard.deed("call", "10 4096 4096 4"), SIGSYS);
    assert!(outside("call", "9 0 4096 7 34 -1 0").starts_with("done"));
}

#[test]
fn huge_pages_which_no_group_is_charged_for_cannot_be_had() {
    let mut yard = Yard::default();
    // Private and anonymous, of 2 MiB: with MAP_HUGETLB, shared, and locked.
    for flags in [0x4_0022, 0x21, 0x2022] {
        let call = format!("9 0 2097152 3 {flags} -1 0");
        assert_eq!(yard.deed("call", &call), said("ENOSYS"), "{flags:#x}");
        // Without pages to give the kernel says so, which is another error.
        assert_ne!(outside("call", &call), "ENOSYS", "{flags:#x}");
    }
}

/// Tries every number with zeros as arguments and compares with the reviewed list of what is not
/// simply unknown (ENOSYS). To accept a change, read it and edit the list.
#[test]
fn every_system_call_answers_as_reviewed() {
    let mut reviewed = BTreeSet::new();
    let mut maybe = BTreeSet::new();
    for line in include_str!("calls.x86_64.txt").lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["#", ..] | [""] => {}
            [number, _name, what] => drop(reviewed.insert(format!("{number} {what}"))),
            [number, _name, what, "maybe"] => drop(maybe.insert(format!("{number} {what}"))),
            ref other => panic!("unreadable line {other:?}"),
        }
    }
    let mut yard = Yard::default();
    let mut found = BTreeSet::new();
    let mut inmate = yard.inmate();
    for number in 0..=480 {
        // With zeros ppoll (271) would wait for ever; a bad pointer ends it.
        let arguments = if number == 271 { " 0 1" } else { "" };
        let what = match inmate.deed("call", &format!("{number}{arguments}")).as_deref() {
            Some("ENOSYS") => continue,
            Some(_) => "answers",
            None => {
                let end = yard.end_of(&inmate).exit;
                inmate = yard.inmate();
                match end {
                    Exit::Signal(libc_numbers::SIGSYS) => "killed",
                    _ => "ends",
                }
            }
        };
        found.insert(format!("{number} {what}"));
    }
    found.retain(|line| !maybe.contains(line));
    let new: Vec<_> = found.difference(&reviewed).collect();
    let gone: Vec<_> = reviewed.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:?}, gone: {gone:?}");
}

#[test]
fn every_x32_number_is_unknown() {
    let mut yard = Yard::default();
    let mut inmate = yard.inmate();
    for number in 0..=550 {
        let answer = inmate.deed("call", &(0x4000_0000 + number).to_string());
        assert_eq!(answer.as_deref(), Some("ENOSYS"), "x32 {number}");
    }
}

#[test]
fn a_hog_is_killed_by_its_group_and_counted() {
    let mut yard = Yard::default();
    let mut inmate = yard.inmate();
    assert_eq!(inmate.deed("hog", "4").as_deref(), Some("done 4"));
    assert_eq!(inmate.deed("hog", "100"), None);
    assert_eq!(yard.end_of(&inmate).exit, Exit::Signal(libc_numbers::SIGKILL));
    // Where the group is killed as a whole, the kernel counts it twice.
    assert!(1 <= inmate.leaf.oom_kills().unwrap().read().unwrap());
    assert!(1 <= inmate.leaf.memory_limit_hits().unwrap());
    let counters = inmate.leaf.counters().unwrap();
    assert!(counters.memory_peak <= ByteCount::from_mib(32), "{counters:?}");
    assert_eq!(outside("hog", "100"), "done 100");
}

#[test]
fn even_without_the_filter_processes_are_counted() {
    let mut yard = Yard::new(&["step.run-filter", "rlimit.nproc"]);
    // Four in all, and one of them is the instance.
    assert_eq!(yard.deed("fork", "20"), said("EAGAIN after 3"));
    assert_eq!(outside("fork", "20"), "done 20");
}

#[test]
fn even_without_its_group_an_identity_has_one_process() {
    let mut yard = Yard::new(&["step.run-filter"]);
    assert_eq!(yard.deed("fork", "2"), said("EAGAIN after 0"));
}

#[test]
fn a_cpu_limit_that_was_lowered_from_above_is_written_again() {
    let mut yard = Yard::default();
    let leaf = yard.inmate().leaf;
    let quota = || {
        let files = leaf
            .paths()
            .flat_map(|path| ["cpu.max", "cpu.cfs_quota_us"].map(|name| path.join(name)));
        let text = files.filter_map(|file| fs::read_to_string(file).ok()).next().unwrap();
        text.split_whitespace().next().unwrap().to_owned()
    };
    leaf.limit_cpu(Ceiling::At(CpuShare::from_millis(200))).unwrap();
    leaf.change(&SMALL, &SMALL, true).unwrap();
    assert_eq!(quota(), "20000", "what is sure is not looked at");
    leaf.change(&SMALL, &SMALL, false).unwrap();
    assert_eq!(quota(), "50000");
}

#[test]
fn cpu_time_is_rationed() {
    let mut yard = Yard::default();
    let limits = Limits { cpu: Ceiling::At(CpuShare::from_millis(200)), ..SMALL };
    let mut inmate = yard.inmate_with(&limits).unwrap();
    let wall = Duration::from_secs(1);
    let mut used = Vec::new();
    for _ in 0..3 {
        let before = inmate.leaf.counters().unwrap().cpu;
        let start = std::time::Instant::now();
        inmate.deed("spin", &wall.as_millis().to_string()).unwrap();
        let share = (inmate.leaf.counters().unwrap().cpu - before).as_secs_f64()
            / start.elapsed().as_secs_f64();
        used.push(share);
    }
    used.sort_by(f64::total_cmp);
    // 20 % and at most one period's quota on either end of a second.
    assert!((0.15..0.25).contains(&used[1]), "{used:?}");
}

#[test]
fn a_kill_reaches_everything_in_the_leaf() {
    let mut yard = Yard::default();
    let inmate = yard.inmate();
    inmate.leaf.lift_cpu().unwrap();
    inmate.leaf.kill().unwrap();
    assert_eq!(yard.end_of(&inmate).exit, Exit::Signal(libc_numbers::SIGKILL));
    inmate.leaf.remove().unwrap();
    assert!(inmate.leaf.paths().all(|leaf| !leaf.exists()));
}

#[test]
fn the_zygote_has_three_capabilities_and_no_network() {
    let yard = Yard::default();
    let status = yard.zygote().status();
    // setgid, setuid, sys_admin
    let three = format!("{:016x}", (1 << 6) | (1 << 7) | (1_u64 << 21));
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status[set], three, "{set}");
    }
    assert_eq!(status["Uid"].split_whitespace().next().unwrap(), yard.ids().zygote.to_string());
    assert_eq!(status["Threads"], "1");
    assert_ne!(yard.zygote().namespaces()["net"], Process::own().namespaces()["net"]);
}

/// What came of the tries of a zygote that was taken over, by the user that it became and the try.
/// A process that ends with the test.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tries_of_a_zygote(victim: u32) -> BTreeMap<String, String> {
    let mut yard = Yard::new(&[&format!("taken-over.{victim}")]);
    let Outcome::Said(report) = yard.deed("report", "") else { panic!("it ended") };
    report
        .lines()
        .map(|line| line.rsplit_once(": ").expect("a try has a name and an outcome"))
        .map(|(name, came)| (name.to_owned(), came.to_owned()))
        .collect()
}

#[test]
fn a_zygote_that_is_taken_over_becomes_any_user_and_reaches_nothing_of_theirs() {
    let victim = Victim(Command::new("sleep").arg("1000").uid(1000).gid(1000).spawn().unwrap());
    let host = nix::unistd::gethostname().unwrap();
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let mut tries = tries_of_a_zygote(victim.0.id());
    let expected = [
        ("becomes it", "done"),
        ("shadow", "ENOENT"),
        ("shadow by path", "ENOENT"),
        ("root/etc/passwd of another", "ENOENT"),
        ("mem of another", "ENOENT"),
        ("ns/mnt of another", "ENOENT"),
        ("fd/0 of another", "ENOENT"),
        ("cwd/. of another", "ENOENT"),
        ("core_pattern", "ENOENT"),
        ("core_pattern in a proc of its own", "EPERM"),
        ("program for the kernel", "EPERM"),
        ("counters of the host", "EPERM"),
        ("mount", "EPERM"),
        ("trace another", "EPERM"),
        ("enter another", "EPERM"),
        ("descriptor of another", "EPERM"),
        ("limit another", "EPERM"),
        ("slow another down", "EPERM"),
        ("signal another", "EPERM"),
        ("signal a thread of another", "EPERM"),
        ("signal a thread of a group", "EPERM"),
        ("signal another with a value", "EPERM"),
        ("owner of a file", "EPERM"),
        ("signal of a file", "EPERM"),
        ("owner of a socket", "EPERM"),
        ("group of a socket", "EPERM"),
        ("descriptor of a peer", "EPERM"),
        ("descriptors of senders", "EPERM"),
        // In names of its own.
        ("hostname", "done"),
    ];
    for user in [0, 1000] {
        for (name, came) in expected {
            let found = tries.remove(&format!("{user} {name}"));
            assert_eq!(found.as_deref(), Some(came), "{user} {name}");
        }
        let network = tries.remove(&format!("{user} network")).unwrap();
        assert!(["ENETUNREACH", "EACCES"].contains(&network.as_str()), "{network}");
    }
    assert_eq!(tries, BTreeMap::new());
    assert_eq!(nix::unistd::gethostname().unwrap(), host);
    assert_eq!(fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap(), pattern);
}

#[test]
fn an_identity_is_free_again_once_its_child_was_reaped() {
    let mut yard = Yard::default();
    assert_eq!(yard.ids_in_use(), 0);
    let (one, two) = (yard.inmate(), yard.inmate());
    assert_eq!(yard.ids_in_use(), 2);
    one.leaf.kill().unwrap();
    yard.end_of(&one);
    assert_eq!(yard.ids_in_use(), 1);
    two.leaf.kill().unwrap();
    yard.end_of(&two);
    assert_eq!(yard.ids_in_use(), 0);
}
