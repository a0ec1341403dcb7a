//! Network namespaces: the zygote's own, and empty ones made ahead, each used once.

use std::{
    collections::VecDeque,
    os::fd::OwnedFd,
    rc::Rc,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    sched::{CloneFlags, setns, unshare},
};

use crate::{root::Proc, say::say, sys};

/// Network namespaces kept ready.
const AHEAD: usize = 16;
/// How long none is made ahead after the host had none to give.
const REST: Duration = Duration::from_secs(1);

pub(super) struct Networks {
    proc: Rc<Proc>,
    own: OwnedFd,
    ahead: VecDeque<OwnedFd>,
    /// Until when none is made ahead: the host had no more to give.
    rest: Option<Instant>,
}

impl Networks {
    /// From here on the zygote has no network either.
    pub(super) fn new(proc: &Rc<Proc>) -> Result<Self, Errno> {
        let (own, proc) = (Self::make(proc)?, Rc::clone(proc));
        Ok(Self { proc, own, ahead: VecDeque::new(), rest: None })
    }

    /// Leaves the zygote inside the new one.
    fn make(proc: &Proc) -> Result<OwnedFd, Errno> {
        unshare(CloneFlags::CLONE_NEWNET)?;
        proc.file("self/ns/net", OFlag::O_RDONLY)
    }

    pub(super) fn wants_more(&self) -> bool {
        self.ahead.len() < AHEAD && self.rest.is_none_or(|until| until <= Instant::now())
    }

    /// Makes one ahead. That there is none to be had now ends nobody: a clone that needs one says so.
    pub(super) fn make_ahead(&mut self) {
        let made = Self::make(&self.proc);
        self.leave();
        match made {
            Ok(made) => self.ahead.push_back(made),
            Err(_) => self.rest = Some(Instant::now() + REST),
        }
    }

    /// Puts the zygote into a namespace that nobody has used, for the next clone to inherit.
    pub(super) fn enter_fresh(&mut self) -> Result<OwnedFd, Errno> {
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
    pub(super) fn leave(&self) {
        setns(&self.own, CloneFlags::CLONE_NEWNET).unwrap_or_else(|errno| {
            say(&format!("cannot return to the own network namespace: {errno}"));
            sys::exit_now(1)
        });
    }
}
