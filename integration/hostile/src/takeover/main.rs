//! A daemon that was taken over: what code in its place could do, with its sockets, its identity and its groups.
//!
//! `taken-over DAEMON ZYGOTE KEEPER INSTANCE FILE...`, as root, on a running daemon. As root it only stops the
//! daemon, borrows its two sockets and enters its groups; then it gives root up exactly as the daemon did, and
//! tries from there. Each try is one line on standard output: its name, a colon, what came of it. FILEs are
//! opened. Ids and groups are learned from the processes themselves. A process stays behind: who ends the
//! keeper must end that as well.

mod asks;
mod deeds;

use std::{
    error::Error,
    fs,
    os::fd::{FromRawFd as _, OwnedFd},
    path::PathBuf,
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, fcntl},
    sys::{
        prctl,
        signal::{Signal, kill},
        socket::{SockType, getsockopt, sockopt},
        stat::fstat,
    },
    unistd::{Gid, Pid, Uid, setgroups, setresgid, setresuid},
};

/// Who is who on this host.
pub(crate) struct Stage {
    pub(crate) zygote: i32,
    pub(crate) keeper: i32,
    pub(crate) instance: i32,
    /// The first identity of the range, and how many there are.
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// The host's uid of the instance.
    pub(crate) taken: u32,
    /// The root of the subtree in each hierarchy, version 2 first.
    pub(crate) roots: Vec<PathBuf>,
    /// The common group of leaves.
    pub(crate) group: u32,
    pub(crate) to_keeper: OwnedFd,
    pub(crate) to_zygote: OwnedFd,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [daemon, zygote, keeper, instance, first, count, roots, files @ ..] = args.as_slice()
    else {
        return Err(
            "usage: taken-over DAEMON ZYGOTE KEEPER INSTANCE FIRST COUNT ROOT:... FILE...".into()
        );
    };
    let daemon: i32 = daemon.parse()?;
    kill(Pid::from_raw(daemon), Signal::SIGSTOP)?;
    let (to_keeper, to_zygote) = ends(daemon, keeper.parse()?)?;
    let (uid, group) = (status(daemon, "Uid:")?, status(daemon, "Groups:")?);
    let instance: i32 = instance.parse()?;
    let stage = Stage {
        zygote: zygote.parse()?,
        keeper: keeper.parse()?,
        instance,
        first: first.parse()?,
        count: count.parse()?,
        taken: status(instance, "Uid:")?,
        roots: roots.split(':').map(PathBuf::from).collect(),
        group,
        to_keeper,
        to_zygote,
    };
    for root in &stage.roots {
        // Not every hierarchy has the daemon in it.
        if root.join("daemon/cgroup.procs").exists() {
            fs::write(root.join("daemon/cgroup.procs"), "0")?;
        }
    }
    lower(uid, group)?;
    asks::try_all(&stage)?;
    deeds::try_all(&stage, files);
    Ok(())
}

/// One line of what came of a try.
pub(crate) fn say(name: &str, came: impl std::fmt::Display) {
    println!("{name}: {came}");
}

/// What it says to the keeper goes through the one pipe that it writes to beside its log; the zygote's socket is the
/// one that keeps packets apart beside its standard input.
fn ends(daemon: i32, listener: i32) -> Result<(OwnedFd, OwnedFd), Box<dyn Error>> {
    let pidfd = syscall(libc::SYS_pidfd_open, [daemon.into(), 0, 0])?;
    let borrow = |fd: i64| -> Result<OwnedFd, Errno> {
        let fd = syscall(libc::SYS_pidfd_getfd, [pidfd, fd, 0])?;
        // SAFETY: the kernel has just made it for us.
        Ok(unsafe { OwnedFd::from_raw_fd(i32::try_from(fd).map_err(|_| Errno::EBADF)?) })
    };
    let channel = fstat(&borrow(0)?)?.st_ino;
    let heard = read_by(listener)?;
    let (mut keeper, mut zygote) = (None, None);
    for number in 3..1024 {
        let Ok(fd) = borrow(number) else { continue };
        let found = fstat(&fd)?;
        let packets = getsockopt(&fd, sockopt::SockType) == Ok(SockType::SeqPacket);
        if packets && found.st_ino != channel {
            zygote = Some(fd);
        } else if found.st_mode & libc::S_IFMT == libc::S_IFIFO
            && fcntl(&fd, FcntlArg::F_GETFL)? & libc::O_ACCMODE == libc::O_WRONLY
            && heard.contains(&found.st_ino)
        {
            keeper = Some(fd);
        }
    }
    Ok((keeper.ok_or("no pipe to the keeper")?, zygote.ok_or("no socket to a zygote")?))
}

/// The pipes that a process reads from without waiting: their inodes.
fn read_by(pid: i32) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let entry = entry?;
        let link = fs::read_link(entry.path())?.display().to_string();
        let inode = link.strip_prefix("pipe:[").and_then(|rest| rest.strip_suffix(']'));
        let Some(inode) = inode.and_then(|inode| inode.parse().ok()) else { continue };
        let name = entry.file_name().display().to_string();
        let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{name}"))?;
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).ok_or("no flags")?;
        let flags = i32::from_str_radix(flags.trim(), 8)?;
        if flags & libc::O_ACCMODE == libc::O_RDONLY && flags & libc::O_NONBLOCK != 0 {
            found.push(inode);
        }
    }
    Ok(found)
}

/// The first number of a line of the process's status.
fn status(pid: i32, line: &str) -> Result<u32, Box<dyn Error>> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let rest = text.lines().find_map(|text| text.strip_prefix(line)).ok_or("no such line")?;
    Ok(rest.split_whitespace().next().ok_or("no number")?.parse()?)
}

/// Exactly what the daemon does at its start.
fn lower(uid: u32, group: u32) -> Result<(), Box<dyn Error>> {
    for set in [caps::CapSet::Bounding, caps::CapSet::Ambient, caps::CapSet::Inheritable] {
        caps::clear(None, set)?;
    }
    let (id, own) = (Uid::from_raw(uid), Gid::from_raw(uid));
    setgroups(&[Gid::from_raw(group)])?;
    setresgid(own, own, own)?;
    setresuid(id, id, id)?;
    for set in [caps::CapSet::Effective, caps::CapSet::Permitted] {
        caps::clear(None, set)?;
    }
    prctl::set_no_new_privs()?;
    Ok(())
}

/// One system call of three arguments.
pub(crate) fn syscall(number: i64, args: [i64; 3]) -> Result<i64, Errno> {
    // SAFETY: the callers pass numbers and descriptors only, no pointers.
    let ret = unsafe { libc::syscall(number, args[0], args[1], args[2], 0, 0, 0) };
    Errno::result(ret)
}

/// How a try ended, in one word.
pub(crate) fn word<T>(result: Result<T, Errno>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(errno) => format!("{errno:?}"),
    }
}
