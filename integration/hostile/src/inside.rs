//! A zygote that was taken over: what code in its place could do, with its capabilities and behind its bounds.
//!
//! With the part `taken-over.PID` in its file name the hostile shim tries this in the zygote itself, once, before
//! the first clone; PID is a process of uid 1000 that has nothing to do with it. Its instances tell the outcome by the
//! deed `report`: a line for each try, with its name, a colon, and what came of it.

use std::{
    ffi::CString,
    fmt::Write as _,
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
};

use nix::{
    errno::Errno,
    unistd::{ForkResult, Gid, Uid, fork, setresgid, setresuid},
};

/// Of asm-generic/fcntl.h.
const F_SETSIG: i32 = 10;
/// Of asm-generic/sockios.h.
const FIOSETOWN: i64 = 0x8901;
const SIOCSPGRP: i64 = 0x8902;
/// Of asm-generic/socket.h.
const SO_PASSPIDFD: i64 = 76;
const SO_PEERPIDFD: i64 = 77;
const PTRACE_SEIZE: i64 = 0x4206;

/// Tries everything as root and as the victim's user.
pub fn report(victim: i32) -> io::Result<String> {
    let mut report = String::new();
    for user in [0, 1000] {
        let (mut ours, mut theirs) = UnixStream::pair()?;
        // SAFETY: the zygote has one thread.
        match unsafe { fork()? } {
            ForkResult::Child => {
                drop(ours);
                let _ = theirs.write_all(tries(user, victim).as_bytes());
                // SAFETY: a child that must not run its parent's ends.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { .. } => {
                drop(theirs);
                ours.read_to_string(&mut report)?;
            }
        }
    }
    Ok(report)
}

/// One system call of numbers and addresses of live values.
fn call(number: i64, args: [i64; 5]) -> Result<i64, Errno> {
    // SAFETY: every address that is passed is one of a value that lives across the call.
    let ret = unsafe { libc::syscall(number, args[0], args[1], args[2], args[3], args[4], 0) };
    Errno::result(ret)
}

fn address(text: &CString) -> i64 {
    text.as_ptr().addr() as i64
}

/// Opens the path below every folder that is open, and below the root; the best that came of it.
fn open(path: &str, flags: libc::c_int) -> Result<i64, Errno> {
    let text = CString::new(path).map_err(|_| Errno::EINVAL)?;
    let mut came = Err(Errno::ENOENT);
    for folder in (0..64).chain([i64::from(libc::AT_FDCWD)]) {
        match call(libc::SYS_openat, [folder, address(&text), flags.into(), 0, 0]) {
            Ok(fd) => return Ok(fd),
            Err(Errno::ENOENT | Errno::EBADF | Errno::ENOTDIR) => {}
            Err(errno) => came = Err(errno),
        }
    }
    came
}

/// A `/proc` of its own, mounted nowhere, and a setting of the host in it.
fn own_proc() -> Result<i64, Errno> {
    let (kind, setting) = (c"proc".to_owned(), c"sys/kernel/core_pattern".to_owned());
    let made = call(libc::SYS_fsopen, [address(&kind), 0, 0, 0, 0])?;
    call(libc::SYS_fsconfig, [made, 6, 0, 0, 0])?; // FSCONFIG_CMD_CREATE
    let folder = call(libc::SYS_fsmount, [made, 0, 0, 0, 0])?;
    call(libc::SYS_openat, [folder, address(&setting), libc::O_WRONLY.into(), 0, 0])
}

fn tries(user: u32, victim: i32) -> String {
    let mut said = String::new();
    let mut say = |name: &str, came: Result<i64, Errno>| {
        let word = came.map_or_else(|errno| format!("{errno:?}"), |_| "done".to_owned());
        // Writing to a string does not fail.
        let _ = writeln!(said, "{user} {name}: {word}");
    };
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    let become_it = setresgid(gid, gid, gid).and_then(|()| setresuid(uid, uid, uid));
    say("becomes it", become_it.map(|()| 0));
    let number = i64::from(victim);
    say("shadow", open("etc/shadow", libc::O_RDONLY));
    say("shadow by path", open("/etc/shadow", libc::O_RDONLY));
    for file in ["root/etc/passwd", "mem", "ns/mnt", "fd/0", "cwd/."] {
        say(&format!("{file} of another"), open(&format!("{victim}/{file}"), libc::O_RDONLY));
    }
    say("core_pattern", open("sys/kernel/core_pattern", libc::O_WRONLY));
    say("core_pattern in a proc of its own", own_proc());
    let (none, root, tmpfs) = (c"none".to_owned(), c"/".to_owned(), c"tmpfs".to_owned());
    say("mount", call(libc::SYS_mount, [address(&none), address(&root), address(&tmpfs), 0, 0]));
    say("program for the kernel", call(libc::SYS_bpf, [5, 0, 0, 0, 0]));
    say("counters of the host", call(libc::SYS_perf_event_open, [0, -1, 0, -1, 0]));
    say("trace another", call(libc::SYS_ptrace, [PTRACE_SEIZE, number, 0, 0, 0]));
    let pidfd = call(libc::SYS_pidfd_open, [number, 0, 0, 0, 0]);
    let namespace = i64::from(libc::CLONE_NEWNS);
    say("enter another", pidfd.and_then(|fd| call(libc::SYS_setns, [fd, namespace, 0, 0, 0])));
    say(
        "descriptor of another",
        pidfd.and_then(|fd| call(libc::SYS_pidfd_getfd, [fd, 0, 0, 0, 0])),
    );
    let term = i64::from(libc::SIGTERM);
    say("signal another", call(libc::SYS_kill, [number, term, 0, 0, 0]));
    say("signal a thread of another", call(libc::SYS_tkill, [number, term, 0, 0, 0]));
    say("signal a thread of a group", call(libc::SYS_tgkill, [number, number, term, 0, 0]));
    let info = [0_u64; 16];
    let with_info = [number, term, info.as_ptr().addr() as i64, 0, 0];
    say("signal another with a value", call(libc::SYS_rt_sigqueueinfo, with_info));
    let socket = call(libc::SYS_socket, [libc::AF_UNIX.into(), libc::SOCK_STREAM.into(), 0, 0, 0]);
    for (name, command, value) in [
        ("owner of a file", libc::F_SETOWN, number),
        ("signal of a file", F_SETSIG, libc::SIGKILL.into()),
    ] {
        let set = |fd| call(libc::SYS_fcntl, [fd, command.into(), value, 0, 0]);
        say(name, socket.and_then(set));
    }
    let other = libc::pid_t::try_from(number).unwrap_or(0);
    let owner = (&raw const other).addr() as i64;
    let (value, size) = ([0_i32; 1], [4_i32; 1]);
    let (at, len) = (value.as_ptr().addr() as i64, size.as_ptr().addr() as i64);
    let level = i64::from(libc::SOL_SOCKET);
    let peer = |fd| call(libc::SYS_getsockopt, [fd, level, SO_PEERPIDFD, at, len]);
    say("descriptor of a peer", socket.and_then(peer));
    let pass = |fd| call(libc::SYS_setsockopt, [fd, level, SO_PASSPIDFD, at, 4]);
    say("descriptors of senders", socket.and_then(pass));
    for (name, command) in [("owner of a socket", FIOSETOWN), ("group of a socket", SIOCSPGRP)] {
        say(name, socket.and_then(|fd| call(libc::SYS_ioctl, [fd, command, owner, 0, 0])));
    }
    let name = c"taken".to_owned();
    let limit = [1_u64, 1];
    let limits = [number, libc::RLIMIT_CPU.into(), limit.as_ptr().addr() as i64, 0, 0];
    say("limit another", call(libc::SYS_prlimit64, limits));
    say("slow another down", call(libc::SYS_setpriority, [0, number, 19, 0, 0]));
    say("hostname", call(libc::SYS_sethostname, [address(&name), 5, 0, 0, 0]));
    let address = libc::sockaddr_in {
        sin_family: u16::try_from(libc::AF_INET).unwrap_or(0),
        sin_port: 22_u16.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    };
    let socket = call(libc::SYS_socket, [libc::AF_INET.into(), libc::SOCK_STREAM.into(), 0, 0, 0]);
    let size = std::mem::size_of_val(&address) as i64;
    let to = (&raw const address).addr() as i64;
    say("network", socket.and_then(|fd| call(libc::SYS_connect, [fd, to, size, 0, 0])));
    said
}
