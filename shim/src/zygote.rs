//! The zygote: one thread that clones children on request and reports how they end.
//!
//! It holds privilege, so it reads nothing but [`ToZygote`] packets, and no tenant byte ever. It ends
//! when the daemon's end of its socket does; its children die with it.

use std::{
    collections::{HashMap, VecDeque},
    error::Error,
    io::{self, IoSlice},
    num::NonZeroUsize,
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd},
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, openat},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sched::{CloneFlags, setns, unshare},
    sys::{
        signal::{SigSet, Signal, kill},
        signalfd::{SfdFlags, SignalFd},
        socket::{ControlMessage, MsgFlags, sendmsg},
        stat::Mode,
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
    unistd::{Pid, dup2_stdin, pipe2, write},
};
use skep_link::{
    VERSION,
    frame::ToDaemon,
    zygote::{CloneStage, Exit, FromZygote, MAX_PACKET, MAX_PLACES, Step, ToZygote},
};

use crate::{
    Payload,
    jail::{Child, INSIDE_ID, Jail},
    link::Link,
    root::{self, Proc},
    start,
    sys::{self, Cloned, SharedBytes},
};

/// Children of one zygote at the same time, at most: one byte of shared memory each.
const MAX_CHILDREN: usize = 16 << 10;
/// Network namespaces kept ready.
const NETWORKS_AHEAD: usize = 16;
/// Milliseconds without a request after which one is made ahead.
const NETWORKS_AFTER_MS: u8 = 3;
/// How long none is made ahead after the host had none to give.
const NETWORKS_REST: Duration = Duration::from_secs(1);

/// The whole program: from the keeper's arguments to the end of the zygote. `warm` makes the payload
/// that every child will have a copy of.
pub fn main<P: Payload>(jail: Jail, warm: impl FnOnce() -> Result<P, Box<dyn Error>>) -> ExitCode {
    let ended = match start::Plan::parse(std::env::args().skip(1)) {
        Ok(Some(plan)) => start::lower(&plan).map(|never| match never {}).map_err(Into::into),
        Ok(None) => run(jail, warm),
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
            eprintln!("skep-shim: {text}");
            ExitCode::FAILURE
        }
    }
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
    let proc = Rc::new(Proc::open()?);
    let build = start::build()?;
    let root = if jail.empty_root() { root::enter() } else { Ok(()) };
    // Each child then fails at that step, which the daemon tells by its name.
    let root = root.map_err(|error| {
        eprintln!("skep-shim: {error}: {}", error.errno());
        error.errno()
    });
    let networks = Networks::new(&proc)?;
    let mut zygote = Zygote {
        socket,
        build,
        jail,
        payload: warm()?,
        proc,
        root,
        networks,
        progress: SharedBytes::new(NonZeroUsize::new(MAX_CHILDREN).ok_or("no slots")?)?,
        free: (0..MAX_CHILDREN).rev().collect(),
        children: HashMap::new(),
    };
    zygote.tell(&FromZygote::Ready { version: VERSION }, &[])?;
    zygote.serve(&signals)
}

/// Network namespaces: the zygote's own, and empty ones made ahead, each used once.
struct Networks {
    proc: Rc<Proc>,
    own: OwnedFd,
    ahead: VecDeque<OwnedFd>,
    /// Until when none is made ahead: the host had no more to give.
    rest: Option<Instant>,
}

impl Networks {
    fn new(proc: &Rc<Proc>) -> Result<Self, Errno> {
        // From here on the zygote has no network either.
        let (own, proc) = (Self::make(proc)?, Rc::clone(proc));
        Ok(Self { proc, own, ahead: VecDeque::new(), rest: None })
    }

    /// Leaves the zygote inside the new one.
    fn make(proc: &Proc) -> Result<OwnedFd, Errno> {
        unshare(CloneFlags::CLONE_NEWNET)?;
        proc.file("self/ns/net", OFlag::O_RDONLY)
    }

    fn wants_more(&self) -> bool {
        self.ahead.len() < NETWORKS_AHEAD && self.rest.is_none_or(|until| until <= Instant::now())
    }

    /// Makes one ahead. That there is none to be had now ends nobody: a clone that needs one says so.
    fn make_ahead(&mut self) {
        let made = Self::make(&self.proc);
        self.leave();
        match made {
            Ok(made) => self.ahead.push_back(made),
            Err(_) => self.rest = Some(Instant::now() + NETWORKS_REST),
        }
    }

    /// Puts the zygote into a namespace that nobody has used, for the next clone to inherit.
    fn enter_fresh(&mut self) -> Result<OwnedFd, Errno> {
        let entered = match self.ahead.pop_front() {
            Some(ready) => setns(&ready, CloneFlags::CLONE_NEWNET).map(|()| ready),
            None => Self::make(&self.proc),
        };
        if entered.is_err() {
            self.leave();
        }
        entered
    }

    /// A zygote that is stuck in an instance's network must not go on.
    fn leave(&self) {
        setns(&self.own, CloneFlags::CLONE_NEWNET).unwrap_or_else(|errno| {
            eprintln!("skep-shim: cannot return to the own network namespace: {errno}");
            sys::exit_now(1)
        });
    }
}

struct Zygote<P> {
    socket: OwnedFd,
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
}

struct Running {
    instance: u64,
    slot: usize,
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
                let ToZygote::Clone { instance, id, places } = ToZygote::decode(&packet[..len])?;
                let told = match self.clone_one(instance, id, places, fds) {
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
            // Children of refused requests were never announced.
            if let Some(Running { instance, slot }) = self.children.remove(&pid.as_raw()) {
                let step = Step::from_code(self.progress.get(slot));
                self.free.push(slot);
                self.tell(&FromZygote::Exited { instance, exit, step }, &[])?;
            }
        }
    }

    fn clone_one(
        &mut self,
        instance: u64,
        id: u32,
        places: u8,
        fds: Vec<OwnedFd>,
    ) -> Result<Made, Refused> {
        let descriptors = Refused::at(CloneStage::Descriptors);
        let places_expected = usize::from(places);
        if MAX_PLACES < places_expected || fds.len() != 2 + places_expected {
            return Err(descriptors(Errno::EBADF));
        }
        let mut fds = fds.into_iter();
        let (Some(link), Some(leaf)) = (fds.next(), fds.next()) else {
            return Err(descriptors(Errno::EBADF));
        };
        let places: Vec<OwnedFd> = fds.collect();
        let slot = self.free.pop().ok_or(Errno::EAGAIN).map_err(descriptors)?;
        let cloned = self.clone_into(id, link, &leaf, &places, slot);
        match &cloned {
            Ok(made) => drop(self.children.insert(made.pid, Running { instance, slot })),
            Err(_) => self.free.push(slot),
        }
        cloned
    }

    fn clone_into(
        &mut self,
        id: u32,
        link: OwnedFd,
        leaf: &OwnedFd,
        places: &[OwnedFd],
        slot: usize,
    ) -> Result<Made, Refused> {
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
        let (pid, pidfd) = match cloned.map_err(errno).map_err(Refused::at(CloneStage::Clone))? {
            Cloned::Parent { pid, pidfd } => (pid, pidfd),
            Cloned::Child => sys::exit_now(0),
        };
        // From here on a failure leaves a child behind that waits at its gate.
        let settled = place(pid, places)
            .map_err(Refused::at(CloneStage::Place))
            .and_then(|()| map_ids(&self.proc, pid, id).map_err(Refused::at(CloneStage::IdMaps)))
            .and_then(|()| {
                write(&release, &[1]).map(drop).map_err(Refused::at(CloneStage::Release))
            });
        if let Err(refused) = settled {
            // Not yet reaped, so the number is still this child's.
            kill(Pid::from_raw(pid), Signal::SIGKILL).map_err(Refused::at(refused.at))?;
            return Err(refused);
        }
        Ok(Made { pid, pidfd, network })
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
    for leaf in places {
        let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let procs = openat(leaf, "cgroup.procs", flags, Mode::empty())?;
        write(&procs, pid.to_string().as_bytes())?;
    }
    Ok(())
}

fn map_ids(proc: &Proc, pid: i32, id: u32) -> Result<(), Errno> {
    let map = format!("{INSIDE_ID} {id} 1\n");
    proc.write(&format!("{pid}/gid_map"), &map)?;
    proc.write(&format!("{pid}/uid_map"), &map)
}
