//! The zygote: one thread that clones children on request and reports how they end.
//!
//! It holds privilege, so it reads nothing but [`ToZygote`] packets, and no tenant byte ever; it does nothing
//! that the keeper did not allow, see [`allowed`]. It ends when the daemon's end of its socket does; its
//! children die with it.

mod allowed;
mod confined;
mod networks;

use std::{
    collections::{HashMap, HashSet},
    error::Error,
    io::{self, IoSlice},
    num::NonZeroUsize,
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd},
    panic,
    process::ExitCode,
    rc::Rc,
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
        socket::{ControlMessage, MsgFlags, sendmsg},
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
    unistd::{dup2_stdin, pipe2, write},
};
use skep_link::{
    VERSION,
    frame::ToDaemon,
    zygote::{CloneStage, Exit, FromZygote, MAX_PACKET, Step, ToZygote},
};

use self::{
    allowed::{Allowed, Checked, Identity},
    networks::Networks,
};
use crate::{
    Payload,
    jail::{Child, INSIDE_ID, Jail},
    link::Link,
    root::{self, Proc},
    say::say,
    start,
    sys::{self, Cloned, SharedBytes},
};

/// Children of one zygote at the same time, at most: one byte of shared memory each.
const MAX_CHILDREN: usize = 16 << 10;
/// Milliseconds without a request after which one is made ahead.
const NETWORKS_AFTER_MS: u8 = 3;

/// The exit code after a panic.
const PANICKED: i32 = 101;

/// The whole program: from the keeper's arguments to the end of the zygote. `warm` makes the payload
/// that every child will have a copy of.
pub fn main<P: Payload>(jail: Jail, warm: impl FnOnce() -> Result<P, Box<dyn Error>>) -> ExitCode {
    end_at_panics();
    let ended = match start::Plan::parse(std::env::args().skip(1)) {
        Ok(start::Plan::Lower(lower)) => {
            start::lower(&lower).map(|never| match never {}).map_err(Into::into)
        }
        Ok(start::Plan::Serve) => run(jail, warm),
        Ok(start::Plan::Version) => {
            println!("{VERSION}");
            Ok(())
        }
        Err(usage) => Err(usage.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut next = error.source();
            while let Some(cause) = next {
                text = format!("{text}: {cause}");
                next = cause.source();
            }
            say(&text);
            ExitCode::FAILURE
        }
    }
}

/// Nothing goes on after a panic, in whichever thread: behind the walls what follows it would be nobody's plan. No
/// destructor runs, and nothing can catch it.
fn end_at_panics() {
    panic::set_hook(Box::new(|info| {
        say(&format!("panicked: {info}"));
        sys::exit_now(PANICKED);
    }));
}

fn run<P: Payload>(
    jail: Jail,
    warm: impl FnOnce() -> Result<P, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let socket = sys::standard_input();
    // Executed by a link of /proc, it would be called `exe`; its children inherit the name.
    nix::sys::prctl::set_name(c"skep-shim")?;
    // What its children inherit. A daemon or a child that is gone is an error here, not an end.
    sys::default_signals()?;
    let ended = SigSet::from(Signal::SIGCHLD);
    (ended | SigSet::from(Signal::SIGPIPE)).thread_block()?;
    let signals = SignalFd::with_flags(&ended, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let allowed = begin(&socket)?;
    let build = start::build()?;
    let proc = Rc::new(Proc::private()?);
    let root = if jail.empty_root() { root::empty() } else { Ok(()) };
    // Each child then fails at that step, which the daemon tells by its name.
    let root = root.map_err(|error| {
        say(&format!("{error}: {}", error.errno()));
        error.errno()
    });
    if jail.confines_zygote() {
        confined::confine(&proc, &allowed)?;
    }
    let networks = Networks::new(&proc)?;
    let mut zygote = Zygote {
        socket,
        build,
        jail,
        allowed,
        payload: warm()?,
        proc,
        root,
        networks,
        progress: SharedBytes::new(NonZeroUsize::new(MAX_CHILDREN).ok_or("no slots")?)?,
        free: (0..MAX_CHILDREN).rev().collect(),
        children: HashMap::new(),
        numbers: HashSet::new(),
    };
    zygote.tell(&FromZygote::Ready { version: VERSION }, &[])?;
    zygote.serve(&signals)
}

/// Waits for the keeper to say what is allowed.
fn begin(socket: &OwnedFd) -> Result<Allowed, Box<dyn Error>> {
    let mut packet = [0; MAX_PACKET];
    let (len, fds) = sys::receive(socket.as_fd(), &mut packet)?;
    match ToZygote::decode(&packet[..len])? {
        ToZygote::Begin { first, count } => Ok(Allowed::new(first, count, fds)?),
        other => Err(format!("the keeper must say first what is allowed, not {other:?}").into()),
    }
}

struct Zygote<P> {
    socket: OwnedFd,
    /// What the keeper allowed.
    allowed: Allowed,
    /// See [`start::build`].
    build: u64,
    jail: Jail,
    payload: P,
    proc: Rc<Proc>,
    /// Whether it stands in an empty root.
    root: Result<(), Errno>,
    networks: Networks,
    progress: SharedBytes,
    free: Vec<usize>,
    children: HashMap<i32, Running>,
    /// The numbers of those that were announced.
    numbers: HashSet<u64>,
}

struct Running {
    /// Its number and its byte; none of a request that was refused after the clone.
    announced: Option<(u64, usize)>,
    identity: Identity,
}

/// A clone that was released.
struct Made {
    pid: i32,
    pidfd: OwnedFd,
    /// Its network namespace, where it has one of its own.
    network: Option<OwnedFd>,
}

/// A request that ended without a clone.
struct Refused {
    at: CloneStage,
    errno: Errno,
}

impl Refused {
    fn at(at: CloneStage) -> impl Fn(Errno) -> Self {
        move |errno| Self { at, errno }
    }
}

impl<P: Payload> Zygote<P> {
    fn serve(&mut self, signals: &SignalFd) -> Result<(), Box<dyn Error>> {
        let mut packet = [0; MAX_PACKET];
        loop {
            let mut waits = [
                PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
                PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            ];
            // Idle moments go into network namespaces, the dearest part of a clone; but not while the child
            // that was just cloned needs the processor.
            let spare_time = self.networks.wants_more();
            let timeout =
                if spare_time { PollTimeout::from(NETWORKS_AFTER_MS) } else { PollTimeout::NONE };
            let ready = match poll(&mut waits, timeout) {
                Err(Errno::EINTR) => continue,
                ready => ready?,
            };
            if ready == 0 {
                self.networks.make_ahead();
                continue;
            }
            let [asked, ended] = waits.map(|wait| wait.any().unwrap_or(true));
            if ended {
                while signals.read_signal()?.is_some() {}
                self.reap()?;
            }
            if asked {
                let (len, fds) = sys::receive(self.socket.as_fd(), &mut packet)?;
                if len == 0 {
                    return Ok(());
                }
                let (instance, id, places) = match ToZygote::decode(&packet[..len])? {
                    ToZygote::Clone { instance, id, places } => (instance, id, places),
                    ToZygote::Ping => {
                        self.tell(&FromZygote::Pong, &[])?;
                        continue;
                    }
                    again @ ToZygote::Begin { .. } => {
                        return Err(format!("only the keeper may say {again:?}").into());
                    }
                };
                let told = match self.clone_one((instance, id), places, fds) {
                    Ok(Made { pid, pidfd, network }) => {
                        let mut beside = vec![pidfd.as_fd()];
                        beside.extend(network.iter().map(OwnedFd::as_fd));
                        self.tell(&FromZygote::Cloned { instance, pid }, &beside)
                    }
                    Err(Refused { at, errno }) => {
                        let errno = errno as i32;
                        self.tell(&FromZygote::Refused { instance, at, errno }, &[])
                    }
                };
                told?;
            }
        }
    }

    fn tell(&self, message: &FromZygote, beside: &[BorrowedFd<'_>]) -> Result<(), Errno> {
        let packet = message.encode();
        let fds: Vec<_> = beside.iter().map(|fd| fd.as_raw_fd()).collect();
        let rights = [ControlMessage::ScmRights(&fds)];
        let control: &[ControlMessage<'_>] = if fds.is_empty() { &[] } else { &rights };
        let parts = [IoSlice::new(&packet)];
        sendmsg::<()>(self.socket.as_raw_fd(), &parts, control, MsgFlags::empty(), None).map(drop)
    }

    fn reap(&mut self) -> Result<(), Errno> {
        loop {
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
            let (pid, exit) = match waitid(Id::All, flags) {
                Ok(WaitStatus::Exited(pid, code)) => (pid, Exit::Code(code)),
                Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, Exit::Signal(signal as i32)),
                Ok(_) | Err(Errno::ECHILD) => return Ok(()),
                Err(errno) => return Err(errno),
            };
            let Some(Running { announced, identity }) = self.children.remove(&pid.as_raw()) else {
                continue;
            };
            self.allowed.free(identity);
            if let Some((instance, slot)) = announced {
                let step = Step::from_code(self.progress.get(slot));
                self.free.push(slot);
                self.numbers.remove(&instance);
                self.tell(&FromZygote::Exited { instance, exit, step }, &[])?;
            }
        }
    }

    fn clone_one(
        &mut self,
        (instance, id): (u64, u32),
        places: u8,
        fds: Vec<OwnedFd>,
    ) -> Result<Made, Refused> {
        let checked = self.allowed.check(places, fds)?;
        if self.numbers.contains(&instance) {
            return Err(Refused { at: CloneStage::Identity, errno: Errno::EEXIST });
        }
        let slot = self.free.pop().ok_or(Errno::EAGAIN);
        let slot = slot.map_err(Refused::at(CloneStage::Descriptors))?;
        let cloned = self
            .allowed
            .take(id)
            .and_then(|identity| self.clone_into(identity, (instance, slot), checked));
        if cloned.is_err() {
            self.free.push(slot);
        }
        cloned
    }

    fn clone_into(
        &mut self,
        identity: Identity,
        announced: (u64, usize),
        checked: Checked,
    ) -> Result<Made, Refused> {
        let (pid, pidfd, network, release) =
            match self.clone_at_gate(announced.1, checked.link, &checked.leaf) {
                Ok(made) => made,
                Err(refused) => {
                    self.allowed.free(identity);
                    return Err(refused);
                }
            };
        self.allowed.note(identity, pid);
        // From here on a failure leaves a child behind that waits at its gate, until it is reaped.
        let id = identity.id;
        let settled = place(pid, &checked.places)
            .map_err(Refused::at(CloneStage::Place))
            .and_then(|()| map_ids(&self.proc, pid, id).map_err(Refused::at(CloneStage::IdMaps)))
            .and_then(|()| {
                write(&release, &[1]).map(drop).map_err(Refused::at(CloneStage::Release))
            });
        let announced = settled.is_ok().then_some(announced);
        self.children.insert(pid, Running { announced, identity });
        self.numbers.extend(announced.map(|(instance, _)| instance));
        if let Err(refused) = settled {
            // By its descriptor: to name processes by number is not allowed here.
            sys::kill(pidfd.as_fd()).map_err(Refused::at(refused.at))?;
            return Err(refused);
        }
        Ok(Made { pid, pidfd, network })
    }

    /// A child that waits until something is written to the last of these.
    fn clone_at_gate(
        &mut self,
        slot: usize,
        link: OwnedFd,
        leaf: &OwnedFd,
    ) -> Result<(i32, OwnedFd, Option<OwnedFd>, OwnedFd), Refused> {
        let (gate, release) = pipe2(OFlag::O_CLOEXEC).map_err(Refused::at(CloneStage::Release))?;
        self.progress.set(slot, 0);
        let network = self.jail.fresh_network().then(|| self.networks.enter_fresh()).transpose();
        let network = network.map_err(Refused::at(CloneStage::Network))?;
        let flags = u64::from(self.jail.clone_flags().bits().cast_unsigned());
        let cloned = sys::clone_child(flags, leaf.as_fd());
        if let Ok(Cloned::Child) = cloned {
            drop(release);
            // The link takes the place of our own socket.
            if let Err(errno) = dup2_stdin(&link) {
                sys::exit_now(errno as i32);
            }
            self.become_instance(Child::new(gate, link, Rc::clone(&self.proc), self.root), slot);
        }
        self.networks.leave();
        let errno = |error: io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO));
        match cloned.map_err(errno).map_err(Refused::at(CloneStage::Clone))? {
            Cloned::Parent { pid, pidfd } => Ok((pid, pidfd, network, release)),
            Cloned::Child => sys::exit_now(0),
        }
    }

    /// The child's whole life.
    fn become_instance(&mut self, mut child: Child, slot: usize) -> ! {
        if let Err(errno) = self.jail.enter(&mut child, &mut self.progress, slot) {
            sys::exit_now(errno as i32);
        }
        let (build, namespaces) = (self.build, child.namespaces());
        let sealed = ToDaemon::Sealed { version: VERSION, build, namespaces };
        let mut link = Link::new(sys::standard_input());
        if link.send(&sealed).is_ok() {
            self.payload.serve(link);
        }
        // Frees nothing: values that the zygote had made still name descriptors that are gone.
        sys::exit_now(0)
    }
}

fn place(pid: i32, places: &[OwnedFd]) -> Result<(), Errno> {
    places.iter().try_for_each(|procs| write(procs, pid.to_string().as_bytes()).map(drop))
}

fn map_ids(proc: &Proc, pid: i32, id: u32) -> Result<(), Errno> {
    let map = format!("{INSIDE_ID} {id} 1\n");
    proc.write(&format!("{pid}/gid_map"), &map)?;
    proc.write(&format!("{pid}/uid_map"), &map)
}

#[cfg(test)]
mod tests {
    use std::{
        env,
        process::{Command, Stdio},
        thread,
    };

    use super::{PANICKED, end_at_panics, panic};

    const NAME: &str = "zygote::tests::a_panic_ends_the_process_at_once";
    /// Said to the child: one of its filters, which is the name of no test.
    const CHILD: &str = "a-child-that-panics";

    struct Unwound;

    impl Drop for Unwound {
        fn drop(&mut self) {
            println!("unwound");
        }
    }

    /// What the child does: a panic in a thread of its own, that would be caught if anything could.
    fn panics() {
        end_at_panics();
        println!("begun");
        let thread = thread::spawn(|| {
            let _guard = Unwound;
            panic!("on purpose");
        });
        println!("went on: {}", thread.join().is_err());
    }

    #[test]
    fn a_panic_ends_the_process_at_once() {
        if env::args().any(|arg| arg == CHILD) {
            return panics();
        }
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "--nocapture", NAME, CHILD]).stdin(Stdio::null());
        let ended = child.output().unwrap();
        let [said, told] =
            [&ended.stdout, &ended.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert_eq!(ended.status.code(), Some(PANICKED), "{said}{told}");
        assert!(said.contains("begun"), "{said}");
        let after = ["unwound", "went on", "test result"].map(|text| said.contains(text));
        assert_eq!(after, [false; 3], "{said}");
        assert!(told.contains("skep-shim: panicked: panicked at"), "{told}");
        assert!(told.contains("on purpose"), "{told}");
    }
}
