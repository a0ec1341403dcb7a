//! What the zygote answers to requests that an honest daemon would not send.

use std::{
    error::Error,
    fs::{self, File},
    io,
    os::{
        fd::{AsFd as _, AsRawFd as _, OwnedFd},
        unix::{
            fs::{PermissionsExt as _, chown},
            net::{UnixDatagram, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    mount::{MsFlags, mount},
    poll::{PollFd, PollFlags, poll},
    sched::{CloneFlags, unshare},
    sys::{
        socket::{ControlMessage, ControlMessageOwned, MsgFlags, RecvMsg, recvmsg, sendmsg},
        stat::Mode,
    },
    unistd::{ForkResult, fork, mkfifo},
};
use skep_link::zygote::{FromZygote, MAX_PACKET, ToZygote};

use crate::{Stage, say};

/// Milliseconds that the zygote gets to answer: it must not be held up by what it was given.
const PATIENCE_MS: u16 = 60_000;

/// A leaf as the daemon makes it, in every hierarchy.
struct Leaf(Vec<PathBuf>);

impl Leaf {
    fn make(stage: &Stage, name: &str) -> Result<Self, Box<dyn Error>> {
        let mut paths = Vec::new();
        for root in &stage.roots {
            let tenant = root.join("tenants/taken");
            let leaf = tenant.join(name);
            for path in [&tenant, &leaf] {
                match fs::create_dir(path) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(error.into());
                    }
                    _ => {}
                }
            }
            let procs = leaf.join("cgroup.procs");
            chown(&procs, None, Some(stage.group))?;
            fs::set_permissions(&procs, fs::Permissions::from_mode(0o664))?;
            paths.push(leaf);
        }
        Ok(Self(paths))
    }

    fn open(&self) -> Result<Vec<OwnedFd>, Box<dyn Error>> {
        self.0.iter().map(|path| folder(path)).collect()
    }
}

fn folder(path: &Path) -> Result<OwnedFd, Box<dyn Error>> {
    Ok(File::open(path)?.into())
}

/// Asks for a clone, and says what came of it.
fn ask(
    stage: &Stage,
    (instance, id): (u64, u32),
    link: &OwnedFd,
    groups: &[OwnedFd],
) -> Result<String, Box<dyn Error>> {
    let places = u8::try_from(groups.len().saturating_sub(1))?;
    let packet = ToZygote::Clone { instance, id, places }.encode();
    let mut fds = vec![link.as_raw_fd()];
    fds.extend(groups.iter().map(|group| group.as_raw_fd()));
    let rights = [ControlMessage::ScmRights(&fds)];
    let parts = [io::IoSlice::new(&packet)];
    sendmsg::<()>(stage.to_zygote.as_raw_fd(), &parts, &rights, MsgFlags::empty(), None)?;
    loop {
        match answer(stage)? {
            None => return Ok("no answer".to_owned()),
            Some(FromZygote::Cloned { instance: number, pid }) if number == instance => {
                return Ok(format!("cloned {pid}"));
            }
            Some(FromZygote::Refused { instance: number, at, errno }) if number == instance => {
                return Ok(format!("{} {:?}", at.as_str(), Errno::from_raw(errno)));
            }
            // Of others, from before the daemon was stopped.
            Some(_) => {}
        }
    }
}

fn answer(stage: &Stage) -> Result<Option<FromZygote>, Box<dyn Error>> {
    let mut ready = [PollFd::new(stage.to_zygote.as_fd(), PollFlags::POLLIN)];
    if poll(&mut ready, PATIENCE_MS)? == 0 {
        return Ok(None);
    }
    let mut packet = [0; MAX_PACKET];
    let mut room = nix::cmsg_space!([i32; 6]);
    let len = {
        let mut parts = [io::IoSliceMut::new(&mut packet)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let got: Result<RecvMsg<'_, '_, ()>, Errno> =
            recvmsg(stage.to_zygote.as_raw_fd(), &mut parts, Some(&mut room), flags);
        let got = got?;
        for message in got.cmsgs()? {
            if let ControlMessageOwned::ScmRights(fds) = message {
                for fd in fds {
                    nix::unistd::close(fd)?;
                }
            }
        }
        got.bytes
    };
    Ok(Some(FromZygote::decode(&packet[..len])?))
}

pub(crate) fn try_all(stage: &Stage) -> Result<(), Box<dyn Error>> {
    let (_ours, theirs) = UnixStream::pair()?;
    let link = OwnedFd::from(theirs);
    let end = stage.first + stage.count;
    let free = end - 1;
    let mut number = u64::MAX / 2;
    let mut next = || {
        number += 1;
        number
    };
    for (name, id) in [
        ("id 0", 0),
        ("id 42", 42),
        ("id 1000", 1000),
        ("id before the range", stage.first - 1),
        ("id of the daemon", end),
        ("id of the zygote", end + 1),
        ("id of another instance", stage.taken),
    ] {
        let leaf = Leaf::make(stage, &format!("i-{}", next()))?;
        say(name, ask(stage, (next(), id), &link, &leaf.open()?)?);
    }

    let leaf = Leaf::make(stage, "own")?;
    let with = |at: usize, other: OwnedFd| -> Result<Vec<OwnedFd>, Box<dyn Error>> {
        let mut groups = leaf.open()?;
        if let Some(group) = groups.get_mut(at) {
            *group = other;
        }
        Ok(groups)
    };
    let root = &stage.roots[0];
    let fifo = std::env::temp_dir().join(format!("skep-taken-{}", std::process::id()));
    fs::create_dir(&fifo)?;
    mkfifo(&fifo.join("cgroup.procs"), Mode::S_IRWXU)?;
    let last = stage.roots.len() - 1;
    for (name, at, path) in [
        ("leaf in a folder with a pipe", 0, fifo.clone()),
        ("last place in a folder with a pipe", last, fifo.clone()),
        ("leaf is the root", 0, root.clone()),
        ("leaf is above the root", 0, root.parent().ok_or("no parent")?.to_owned()),
        ("leaf is the group of all tenants", 0, root.join("tenants")),
        ("leaf is a tenant", 0, root.join("tenants/taken")),
        ("leaf is the zygote's group", 0, root.join("zygote")),
        ("last place is a tenant", last, stage.roots[last].join("tenants/taken")),
    ] {
        say(name, ask(stage, (next(), free), &link, &with(at, folder(&path)?)?)?);
    }
    fs::remove_dir_all(&fifo)?;
    let file = OwnedFd::from(File::open("/dev/null")?);
    say("leaf is a file", ask(stage, (next(), free), &link, &with(0, file)?)?);
    let mounted = mounted_over(root, &leaf.0[0])?;
    say("leaf is a mount over one", ask(stage, (next(), free), &link, &with(0, mounted)?)?);
    let fewer = leaf.open()?.into_iter().take(last).collect::<Vec<_>>();
    say("a hierarchy less", ask(stage, (next(), free), &link, &fewer)?);
    let mut more = leaf.open()?;
    more.push(folder(&leaf.0[0])?);
    say("a hierarchy more", ask(stage, (next(), free), &link, &more)?);
    let (datagram, _other) = UnixDatagram::pair()?;
    say("link of datagrams", ask(stage, (next(), free), &datagram.into(), &leaf.open()?)?);
    let tcp = std::net::TcpListener::bind("127.0.0.1:0")?;
    say("link of the network", ask(stage, (next(), free), &tcp.into(), &leaf.open()?)?);
    let (_reads, writes) = io::pipe()?;
    say("link is a pipe", ask(stage, (next(), free), &writes.into(), &leaf.open()?)?);

    // And what it may: this shows that the refusals above are not for another reason.
    let number = next();
    let made = ask(stage, (number, free), &link, &leaf.open()?)?;
    say("what it may ask for", made.split(' ').next().unwrap_or_default());
    let again = Leaf::make(stage, "again")?;
    let twice = ask(stage, (number, free - 1), &link, &again.open()?)?;
    say("the number of a living instance", twice);
    fs::write(leaf.0[0].join("cgroup.kill"), "1")?;
    Ok(())
}

/// A descriptor of `group` that was mounted, out of sight of everybody else, over the folder `place`: the way up
/// from there looks like the one from `place`.
fn mounted_over(group: &Path, place: &Path) -> Result<OwnedFd, Box<dyn Error>> {
    let (ours, theirs) = UnixStream::pair()?;
    // SAFETY: this program has one thread.
    match unsafe { fork()? } {
        ForkResult::Child => {
            let opened = unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
                .and_then(|()| {
                    let nothing: Option<&str> = None;
                    mount(Some(group), place, nothing, MsFlags::MS_BIND, nothing)
                })
                .map_err(io::Error::from)
                .and_then(|()| File::open(place));
            let code = match opened {
                Err(error) => error.raw_os_error().unwrap_or(1),
                Ok(file) => {
                    let fds = [file.as_raw_fd()];
                    let rights = [ControlMessage::ScmRights(&fds)];
                    let parts = [io::IoSlice::new(b"f")];
                    let to = theirs.as_raw_fd();
                    sendmsg::<()>(to, &parts, &rights, MsgFlags::empty(), None).map_or(1, |_| 0)
                }
            };
            // SAFETY: a child that must not run its parent's ends.
            unsafe { libc::_exit(code) }
        }
        ForkResult::Parent { .. } => {
            drop(theirs);
            let mut byte = [0];
            let (_, fds) = skep_shim::sys::receive(ours.as_fd(), &mut byte)?;
            fds.into_iter().next().ok_or_else(|| "cannot mount over a group".into())
        }
    }
}
