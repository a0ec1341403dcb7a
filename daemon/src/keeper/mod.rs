//! The keeper: the small root process that starts zygote and daemon, and does nothing else.
//!
//! One thread, no network, and nothing parsed but the operator's own configuration. It makes what only
//! root can make (control groups, folders, the listening socket), starts the two processes below it,
//! restarts a dead zygote with back-off and hands its socket over, and takes everything down at the end.

mod folders;
pub mod ids;
mod locks;
pub mod packets;
mod place;
pub mod shim;
pub mod spawn;
pub mod wire;
mod zygotes;

use std::{
    fs::File,
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::process::ExitStatusExt as _,
    },
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::{SigSet, Signal, kill},
        signalfd::{SfdFlags, SignalFd},
        wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid},
    },
    unistd::Pid,
};
use rustix::{
    net::{Shutdown, shutdown},
    pipe::{PipeFlags, pipe_with},
};

use self::{
    ids::IdTable,
    locks::Locks,
    packets::Wait,
    place::Socket,
    spawn::{SpawnError, Start},
    wire::{FromKeeper, MESSAGE, ToKeeper},
    zygotes::Zygotes,
};
pub use self::{locks::LockError, place::PlaceError};
use crate::{
    cgroup::{DAEMON, Inside, Limit, LimitError, PrepareError, RemoveError, Tree},
    config::Config,
    exit::Exit,
    journal::say,
};

/// Why the keeper stopped before its time.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The own control group is not known.
    #[error(transparent)]
    Groups(#[from] crate::cgroup::DetectError),
    /// The control groups cannot be made.
    #[error("cannot prepare the control groups")]
    Prepare(#[from] PrepareError),
    /// A folder or the socket cannot be made.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Another daemon has what this one wants.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A process cannot be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// Something that the keeper needs of the kernel.
    #[error("cannot {what}")]
    Kernel {
        /// What it needs.
        what: &'static str,
        /// The kernel's answer.
        source: Errno,
    },
    /// The daemon's memory cannot be limited.
    #[error("cannot limit the daemon's memory")]
    Limit(#[from] LimitError),
    /// The table of identities cannot be made or used.
    #[error("cannot keep the table of identities")]
    Ids(#[source] io::Error),
    /// The daemon did not take a packet.
    #[error("cannot talk to the daemon")]
    Talk(#[source] io::Error),
    /// Control groups stay.
    #[error("cannot clean up")]
    Clean(#[from] RemoveError),
}

fn kernel(what: &'static str) -> impl FnOnce(Errno) -> KeeperError {
    move |source| KeeperError::Kernel { what, source }
}

/// How long processes that were told to end may take before they are killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs until the daemon ends; the daemon's own exit code is the answer.
///
/// # Errors
///
/// [`KeeperError`]; what was started has been stopped.
pub fn run(config: &Config, file: &Path, tree: &Tree) -> Result<Exit, KeeperError> {
    let mut watched = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGCHLD] {
        watched.add(signal);
    }
    watched.thread_block().map_err(kernel("block signals"))?;
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let signals = SignalFd::with_flags(&watched, flags).map_err(kernel("watch for signals"))?;
    // Instances of a zygote that died come to us: somebody must reap them.
    prctl::set_child_subreaper(true).map_err(kernel("become the reaper of orphans"))?;
    // First: whoever has any of it already is not to be disturbed.
    let locks = Locks::take(config, &tree.path())?;
    place::state_folder(&config.state, config.ids.user, &locks)?;
    let socket = Socket::bind(&config.socket, config.socket_gid.unwrap_or(config.ids.user))?;
    let home = tree.hierarchies().own()?;
    tree.prepare(&config.ids, Inside::Enter)?;
    tree.limit_daemon(config.daemon_memory, crate::daemon::most_threads())?;
    let ended = serve(config, file, tree, &socket, &signals);
    let cleaned = stop_everything(tree, &home);
    let exit = ended?;
    cleaned?;
    Ok(exit)
}

fn serve(
    config: &Config,
    file: &Path,
    tree: &Tree,
    socket: &Socket,
    signals: &SignalFd,
) -> Result<Exit, KeeperError> {
    let text =
        File::open(file).map_err(|source| PlaceError::File { path: file.to_owned(), source })?;
    let (daemon, channel) = spawn::daemon(&config.ids, tree)?;
    // What the daemon says comes without descriptors: the end of one could be a long wait.
    let flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK;
    let (heard, speaks) = pipe_with(flags).map_err(|errno| KeeperError::Talk(errno.into()))?;
    shutdown(&channel, Shutdown::Read).map_err(|errno| KeeperError::Talk(errno.into()))?;
    let start = FromKeeper::Start.encode();
    packets::send(&channel, &start, &[text.as_fd(), socket.as_fd(), speaks.as_fd()], Wait::No)
        .map_err(KeeperError::Talk)?;
    drop(speaks);
    let table = IdTable::new(config.ids.count).map_err(KeeperError::Ids)?;
    let zygotes = Zygotes::new(Start { shim: &config.shim, ids: &config.ids, table: &table, tree });
    let mut keeper = Keeper { config, table: &table, daemon, channel, heard, zygotes, end: None };
    let ended = keeper.watch(signals);
    keeper.zygotes.stop();
    if ended.is_err() {
        // The daemon sees its channel close and ends by itself; what it leaves is killed after this.
        let _ = keeper.daemon.kill();
        let _ = keeper.daemon.wait();
    }
    ended
}

struct Keeper<'a> {
    config: &'a Config,
    table: &'a IdTable,
    daemon: Child,
    /// Where the daemon is told of zygotes.
    channel: OwnedFd,
    /// What the daemon says.
    heard: OwnedFd,
    zygotes: Zygotes<'a>,
    /// When the daemon must have ended, once it was told to.
    end: Option<Instant>,
}

impl Keeper<'_> {
    fn watch(&mut self, signals: &SignalFd) -> Result<Exit, KeeperError> {
        loop {
            let now = Instant::now();
            if self.end.is_some_and(|end| end <= now) {
                say("the daemon does not end; killing it");
                return self.await_daemon(Duration::ZERO);
            }
            let due = match self.end {
                // Nobody will need another one.
                Some(_) => None,
                None => self.zygotes.due(now),
            };
            if due.is_some_and(|wait| wait.is_zero()) {
                self.zygotes.start(&self.channel, now)?;
            }
            let end = self.end.map(|end| end.saturating_duration_since(now));
            let wait = match [due, end].into_iter().flatten().min() {
                None => PollTimeout::NONE,
                Some(wait) => {
                    let milliseconds = wait.as_nanos().div_ceil(1_000_000);
                    PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)
                }
            };
            let mut ready = [
                PollFd::new(signals.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.heard.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut ready, wait) {
                Err(Errno::EINTR) => continue,
                polled => polled.map_err(kernel("wait for events"))?,
            };
            let [signalled, spoken] = ready.map(|wait| wait.any().unwrap_or(true));
            if signalled && let Some(exit) = self.on_signals(signals)? {
                return Ok(exit);
            }
            if spoken && let Some(exit) = self.on_message()? {
                return Ok(exit);
            }
        }
    }

    fn on_signals(&mut self, signals: &SignalFd) -> Result<Option<Exit>, KeeperError> {
        while let Some(signal) = signals.read_signal().map_err(kernel("read a signal"))? {
            let number = i32::try_from(signal.ssi_signo).unwrap_or(0);
            if number != Signal::SIGCHLD as i32 {
                // The daemon drains and ends; its end is ours.
                let daemon = Pid::from_raw(i32::try_from(self.daemon.id()).unwrap_or(i32::MAX));
                kill(daemon, Signal::SIGTERM).map_err(kernel("pass a signal on"))?;
                self.end.get_or_insert(Instant::now() + self.config.drain + PATIENCE);
            }
        }
        self.reap()
    }

    /// Looks at each child that has ended before its number is free again: only then is it certain whose
    /// identity comes free.
    fn reap(&mut self) -> Result<Option<Exit>, KeeperError> {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        loop {
            let (pid, code) = match waitid(Id::All, look) {
                Ok(WaitStatus::Exited(pid, code)) => (pid, code),
                Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, 128 + signal as i32),
                Ok(_) | Err(Errno::ECHILD) => return Ok(None),
                Err(errno) => return Err(kernel("wait for a child")(errno)),
            };
            let exit = self.on_end(u32::try_from(pid.as_raw()).unwrap_or(u32::MAX), code)?;
            waitpid(pid, None).map_err(kernel("reap a child"))?;
            if exit.is_some() {
                return Ok(exit);
            }
        }
    }

    /// A child has ended: ours, or an orphaned instance of a zygote that is gone.
    fn on_end(&mut self, pid: u32, code: i32) -> Result<Option<Exit>, KeeperError> {
        if pid == self.daemon.id() {
            return Ok(Some(exit_of(code)));
        }
        let how = format!("with code {code}");
        let freed = if self.zygotes.ended(pid, &how, Instant::now()) {
            self.table.zygote_ended(pid)
        } else {
            self.table.reaped(pid)
        };
        freed.map_err(KeeperError::Ids)?;
        Ok(None)
    }

    fn on_message(&mut self) -> Result<Option<Exit>, KeeperError> {
        let mut bytes = [0; MESSAGE * 16];
        let len = match rustix::io::read(&self.heard, &mut bytes) {
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(None),
            read => read.map_err(|errno| KeeperError::Talk(errno.into()))?,
        };
        if len == 0 {
            return self.await_daemon(PATIENCE).map(Some);
        }
        for message in bytes[..len].chunks(MESSAGE) {
            match ToKeeper::decode(message) {
                Some(ToKeeper::RenewZygote) => self.zygotes.renew(),
                Some(ToKeeper::ZygoteHangs(number)) => {
                    self.zygotes.replace(number, Instant::now());
                }
                // It is not itself any more.
                None => return self.await_daemon(Duration::ZERO).map(Some),
            }
        }
        Ok(None)
    }

    /// The daemon is ending: it closed its end of the pipe, or was told to. It has `patience` left.
    fn await_daemon(&mut self, patience: Duration) -> Result<Exit, KeeperError> {
        let patience = Instant::now() + patience;
        let status = loop {
            match self.daemon.try_wait().map_err(KeeperError::Talk)? {
                Some(status) => break status,
                None if Instant::now() < patience => std::thread::sleep(Duration::from_millis(2)),
                None => {
                    self.daemon.kill().map_err(KeeperError::Talk)?;
                    break self.daemon.wait().map_err(KeeperError::Talk)?;
                }
            }
        };
        Ok(exit_of(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))))
    }
}

/// Whether the other end is gone, with or without having read everything.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// How the keeper ends when the daemon ended with `code`.
fn exit_of(code: i32) -> Exit {
    let known = [Exit::Clean, Exit::HostUnfit, Exit::Files, Exit::Config];
    known.into_iter().find(|exit| *exit as i32 == code).unwrap_or_else(|| {
        say(&format!("the daemon ended with code {code}"));
        Exit::Lost
    })
}

/// Kills what is left in our groups and removes them. The keeper goes back to where it was started.
fn stop_everything(tree: &Tree, home: &Path) -> Result<(), KeeperError> {
    let removed = tree.remove(Some(home));
    // Whatever was just killed is a child of ours now, or of a zygote that is one.
    while let Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) =
        waitpid(None, Some(WaitPidFlag::WNOHANG))
    {}
    removed.map_err(KeeperError::Clean)
}

/// The tree of a configuration. Where it says `auto` that is the group in which the keeper was started;
/// the daemon is in the control group below it by then.
///
/// # Errors
///
/// The host has no usable control groups.
pub fn tree(config: &Config, role: Role) -> Result<Tree, crate::cgroup::DetectError> {
    let hierarchies = crate::cgroup::Hierarchies::detect()?;
    let name = match (&config.cgroup, role) {
        (Some(name), _) => name.clone(),
        (None, Role::Keeper) => hierarchies.own()?,
        (None, Role::Daemon) => match hierarchies.own()? {
            own if own.ends_with(DAEMON) => own.parent().unwrap_or(&own).to_owned(),
            own => own,
        },
    };
    Ok(Tree::new(hierarchies, &name, Limit::ALL))
}

/// Who asks for the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The process that was started from outside.
    Keeper,
    /// The one that the keeper started.
    Daemon,
}
