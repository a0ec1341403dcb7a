//! What the daemon's identity can do to the processes around it, to their groups, and to files of others.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::Path,
};

use nix::{
    errno::Errno,
    unistd::{ForkResult, fork, setsid},
};

use crate::{Stage, say, syscall, word};

const PTRACE_SEIZE: i64 = 0x4206;
/// Packets to the keeper: far more than it may act upon.
const FLOOD: usize = 500;

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

fn write(path: &Path, text: &str) -> String {
    let opened = OpenOptions::new().write(true).open(path);
    word(opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| errno(&error)))
}

fn open(path: impl AsRef<Path>) -> String {
    word(File::open(path).map_err(|error| errno(&error)))
}

pub(crate) fn try_all(stage: &Stage, files: &[String]) {
    for (name, pid) in
        [("zygote", stage.zygote), ("keeper", stage.keeper), ("instance", stage.instance)]
    {
        let number = i64::from(pid);
        say(
            &format!("signal {name}"),
            word(syscall(libc::SYS_kill, [number, libc::SIGKILL.into(), 0])),
        );
        let pidfd = syscall(libc::SYS_pidfd_open, [number, 0, 0]);
        let by_pidfd = pidfd
            .and_then(|fd| syscall(libc::SYS_pidfd_send_signal, [fd, libc::SIGKILL.into(), 0]));
        say(&format!("signal {name} by descriptor"), word(by_pidfd));
        say(&format!("trace {name}"), word(syscall(libc::SYS_ptrace, [PTRACE_SEIZE, number, 0])));
        let borrowed = pidfd.and_then(|fd| syscall(libc::SYS_pidfd_getfd, [fd, 0, 0]));
        say(&format!("descriptor of {name}"), word(borrowed));
        let user = i64::from(libc::CLONE_NEWUSER);
        let entered = pidfd.and_then(|fd| syscall(libc::SYS_setns, [fd, user, 0]));
        say(&format!("user namespace of {name}"), word(entered));
        for file in ["ns/user", "ns/mnt", "ns/net", "mem", "maps", "root/etc", "fd/0", "cwd/."] {
            say(&format!("{file} of {name}"), open(format!("/proc/{pid}/{file}")));
        }
        say(&format!("limits of {name}"), word(limit(pid)));
        for (version, root) in stage.roots.iter().enumerate() {
            let own = root.join("tenants/taken/own/cgroup.procs");
            let which = if version == 0 { "v2" } else { "v1" };
            say(&format!("move {name} {which}"), write(&own, &pid.to_string()));
        }
    }
    for root in &stage.roots {
        let own = root.join("tenants/taken/own/cgroup.procs");
        let which = if *root == stage.roots[0] { "v2" } else { "v1" };
        if which == "v2" {
            say("move itself v2", write(&own, "0"));
        }
        let beside = root.join("beside");
        let made = fs::create_dir(&beside).map_err(|error| errno(&error));
        say(&format!("group beside tenants {which}"), word(made));
        for below in ["control", "daemon", "zygote"] {
            let inside = root.join(below).join("inside");
            let made = fs::create_dir(inside).map_err(|error| errno(&error));
            say(&format!("group in {below} {which}"), word(made));
            say(
                &format!("enter {below} {which}"),
                write(&root.join(below).join("cgroup.procs"), "0"),
            );
        }
        for file in ["memory.max", "memory.limit_in_bytes"] {
            if root.join("daemon").join(file).exists() {
                say("own memory limit", write(&root.join("daemon").join(file), "-1"));
            }
        }
    }
    let tenants = stage.roots[0].join("tenants");
    say("depth of groups", write(&tenants.join("cgroup.max.depth"), "max"));
    say(
        "group in a leaf",
        word(fs::create_dir(tenants.join("taken/own/deep")).map_err(|error| errno(&error))),
    );
    say("kill all tenants at once", write(&tenants.join("cgroup.kill"), "1"));
    for file in files {
        say(&format!("file {file}"), open(file));
    }
    say("core_pattern", write(Path::new("/proc/sys/kernel/core_pattern"), "x"));
    let mut sent = 0;
    // Every zygote that there can be by now is said to hang, again and again.
    let hang = |number: u8| [b'H', number, 0, 0, 0];
    for number in (0..4).cycle().take(FLOOD) {
        let message = if number == 0 { *b"R\0\0\0\0" } else { hang(number) };
        // A full pipe is no error of ours: the keeper takes them one by one.
        sent += usize::from(nix::unistd::write(&stage.to_keeper, &message).is_ok());
    }
    say("messages to the keeper", if 100 < sent { "done" } else { "refused" });
    say("stay behind", word(stay(&tenants)));
}

/// A process in a session of its own, which holds none of our descriptors.
fn stay(tenants: &Path) -> Result<(), Errno> {
    // SAFETY: this program has one thread.
    match unsafe { fork()? } {
        ForkResult::Parent { .. } => Ok(()),
        ForkResult::Child => {
            let _ = setsid();
            let _ = syscall(libc::SYS_close_range, [0, i64::from(u32::MAX), 0]);
            // In the way of whoever removes groups.
            for number in 0_u64.. {
                let _ = fs::create_dir(tenants.join(format!("again-{}", number % 100)));
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
            unreachable!()
        }
    }
}

fn limit(pid: i32) -> Result<(), Errno> {
    let limit = libc::rlimit { rlim_cur: 1, rlim_max: 1 };
    // SAFETY: the structure lives across the call, and nothing is read back.
    let ret =
        unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut()) };
    Errno::result(ret).map(drop)
}
