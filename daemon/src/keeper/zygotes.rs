//! The keeper's zygotes: started, replaced when they end or hang, and never too many.
//!
//! The daemon may ask for another one, but it is not trusted with how often: requests that come together
//! count once, a renewal waits for a second to pass after the last start, and there is a most. No packet to
//! the daemon is waited for.

use std::{
    collections::{HashMap, HashSet},
    os::fd::{AsFd as _, OwnedFd},
    process::Child,
    time::{Duration, Instant},
};

use rustix::io::Errno;
use skep_core::Backoff;

use super::{
    KeeperError, is_end,
    packets::{self, Wait},
    spawn::{self, Start},
    wire::FromKeeper,
};
use crate::{exit::Chain, journal::say};

/// Living zygotes, at most: those that were replaced stay until their last instance ends.
const MOST: usize = 16;
/// Between a start and a renewal, at least.
const RENEWAL_PAUSE: Duration = Duration::from_secs(1);

/// All zygotes that live, and when the next one is due.
#[derive(Debug)]
pub(super) struct Zygotes<'a> {
    start: Start<'a>,
    /// By process number: each with the number that the daemon knows it by.
    living: HashMap<u32, (u32, Child)>,
    /// Those of them that did not answer.
    killed: HashSet<u32>,
    /// The one that new instances come from.
    current: Option<u32>,
    /// The number of the next one.
    next: u32,
    /// Another one shall take its place.
    renew: bool,
    started: Option<Instant>,
    backoff: Backoff,
}

impl<'a> Zygotes<'a> {
    pub(super) fn new(start: Start<'a>) -> Self {
        let living = HashMap::new();
        Self {
            start,
            living,
            killed: HashSet::new(),
            current: None,
            next: 1,
            renew: false,
            started: None,
            backoff: Backoff::new(),
        }
    }

    /// How long until another one must be started; `None` is not before something happens.
    pub(super) fn due(&self, now: Instant) -> Option<Duration> {
        let room = self.living.len() < MOST;
        match (self.current, self.started) {
            (Some(_), _) if !room => None,
            (None, _) => Some(self.backoff.wait(now).unwrap_or(Duration::ZERO)),
            (Some(_), Some(started)) if self.renew => {
                let pause = (started + RENEWAL_PAUSE).saturating_duration_since(now);
                Some(pause.max(self.backoff.wait(now).unwrap_or(Duration::ZERO)))
            }
            (Some(_), _) => None,
        }
    }

    /// Starts another one and hands its socket to the daemon. If that fails now it is tried again later: the
    /// daemon serves on with what it has.
    pub(super) fn start(&mut self, daemon: &OwnedFd, now: Instant) -> Result<(), KeeperError> {
        if MOST <= self.living.len() {
            // Without a current one somebody must make room: it is the oldest.
            let oldest = self.living.values_mut().min_by_key(|(number, _)| *number);
            if let Some((_, child)) = oldest {
                say("there are too many zygotes; killing the oldest");
                let _ = child.kill();
            }
            self.backoff.fail(now);
            return Ok(());
        }
        let (mut child, socket) = match spawn::zygote(self.start) {
            Ok(started) => started,
            Err(error) => {
                say(&format!("{}; trying again", Chain(&error)));
                self.backoff.fail(now);
                return Ok(());
            }
        };
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let sent = packets::send(
            daemon,
            &FromKeeper::Zygote(number).encode(),
            &[socket.as_fd()],
            Wait::No,
        );
        match sent {
            Ok(()) => {}
            // The daemon is ending: its exit will be seen, and this zygote ends with its socket.
            Err(error) if is_end(&error) => {}
            Err(error) if error.raw_os_error() == Some(Errno::AGAIN.raw_os_error()) => {
                say("the daemon does not take its new zygote; trying again");
                let _ = child.kill();
                self.backoff.fail(now);
                self.living.insert(child.id(), (number, child));
                return Ok(());
            }
            Err(error) => return Err(KeeperError::Talk(error)),
        }
        self.renew = false;
        self.current = Some(child.id());
        self.started = Some(now);
        self.living.insert(child.id(), (number, child));
        Ok(())
    }

    /// The daemon wants another one, because the current one has made many clones.
    pub(super) fn renew(&mut self) {
        self.renew = true;
    }

    /// The daemon gets no answer of that one.
    pub(super) fn replace(&mut self, number: u32, now: Instant) {
        let hangs = self.living.iter_mut().find(|(_, (known, _))| *known == number);
        let Some((pid, (_, child))) = hangs else { return };
        // Once for each: until it is reaped, whoever says so again has nothing to say.
        if !self.killed.insert(*pid) {
            return;
        }
        say("a zygote does not answer; killing it");
        let _ = child.kill();
        if self.current == Some(*pid) {
            self.current = None;
            self.backoff.fail(now);
        }
    }

    /// One of them is about to be reaped. Whether it was one.
    pub(super) fn ended(&mut self, pid: u32, how: &str, now: Instant) -> bool {
        self.killed.remove(&pid);
        if self.living.remove(&pid).is_none() {
            return false;
        }
        if self.current == Some(pid) {
            say(&format!("the zygote ended {how}; starting another"));
            self.backoff.fail(now);
            self.current = None;
        }
        true
    }

    /// Ends them all. Without the daemon each ends by itself; one that was only just started may not know yet.
    pub(super) fn stop(&mut self) {
        for (_, zygote) in self.living.values_mut() {
            let _ = zygote.kill();
            let _ = zygote.wait();
        }
    }
}
