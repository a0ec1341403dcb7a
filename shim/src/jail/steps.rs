//! What each jail step does. Runs in the child, which has one thread and still only our code.
//!
//! Each step answers with the error number that it met. None of them is optional.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
    rc::Rc,
};

use caps::{CapSet, Capability};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sched::{CloneFlags, unshare},
    sys::{
        prctl,
        resource::{RLIM_INFINITY, Resource, setrlimit},
        signal::Signal,
    },
    unistd::{self, Gid, Uid, setgroups, sethostname, setresgid, setresuid, setsid},
};
use skep_link::{frame, zygote::Step};

use super::Jail;
use crate::{
    root::{self, Proc},
    sys::{self, SharedBytes},
};

/// The uid and gid of an instance inside its user namespace. Not 0 (which some code trusts) and not
/// 65534 (which stands for "not mapped").
pub const INSIDE_ID: u32 = 1000;

/// What a child has at its birth, and what it learns on the way.
#[derive(Debug)]
pub struct Child {
    gate: OwnedFd,
    link: OwnedFd,
    proc: Rc<Proc>,
    root: Result<(), Errno>,
    namespaces: [u64; 7],
}

impl Child {
    /// `gate` is read by the first step. `link` is the standard input under another number: that one is
    /// all that stays open. `proc` is the host's; `root` is whether the empty root could be entered.
    pub fn new(gate: OwnedFd, link: OwnedFd, proc: Rc<Proc>, root: Result<(), Errno>) -> Self {
        Self { gate, link, proc, root, namespaces: [0; 7] }
    }

    /// The inode numbers of the namespaces, in the order of [`frame::NAMESPACES`]; zero before the
    /// step that reads them.
    pub fn namespaces(&self) -> [u64; 7] {
        self.namespaces
    }
}

pub(super) fn run(
    step: Step,
    jail: &Jail,
    child: &mut Child,
    progress: &mut SharedBytes,
) -> Result<(), Errno> {
    match step {
        Step::AwaitParent => await_parent(child),
        Step::NewSession => setsid().map(drop),
        Step::ResetSignals => sys::open_signals().map_err(errno),
        Step::CgroupNamespace => unshare(CloneFlags::CLONE_NEWCGROUP),
        Step::HostName => sethostname("sandbox"),
        Step::EmptyRoot => empty_root(child),
        Step::LockSecurebits => sys::lock_securebits().map_err(errno),
        Step::BoundCapabilities => bound_capabilities(),
        Step::SwitchIdentity => switch_identity(),
        Step::DropCapabilities => {
            clear(&[CapSet::Inheritable, CapSet::Effective, CapSet::Permitted])
        }
        Step::DieWithParent => die_with_parent(child),
        Step::NoNewPrivileges => prctl::set_no_new_privs(),
        Step::Landlock => landlock(),
        Step::CloseOtherFds => close_other_fds(progress),
        Step::ResourceLimits => resource_limits(&jail.rlimits),
        Step::RunFilter => {
            jail.filters.iter().try_for_each(|program| sys::install_filter(program)).map_err(errno)
        }
    }
}

fn errno(error: io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

fn await_parent(child: &Child) -> Result<(), Errno> {
    match unistd::read(&child.gate, &mut [0])? {
        0 => Err(Errno::ESRCH),
        _ => Ok(()),
    }
}

/// The root came with the clone. Also reads the namespaces' numbers, which only the host's /proc tells.
fn empty_root(child: &mut Child) -> Result<(), Errno> {
    child.root?;
    root::check()?;
    let own = child.proc.folder("self/ns")?;
    for (name, inode) in frame::NAMESPACES.iter().zip(&mut child.namespaces) {
        *inode = own.inode(name)?;
    }
    Ok(())
}

fn clear(sets: &[CapSet]) -> Result<(), Errno> {
    // The crate does not say which errno it met; the only cause is a missing capability.
    sets.iter().try_for_each(|set| caps::clear(None, *set).map_err(|_| Errno::EPERM))
}

/// Every one is there in a new user namespace: none needs to be looked for.
fn bound_capabilities() -> Result<(), Errno> {
    clear(&[CapSet::Ambient])?;
    let dropped = |cap: &Capability| caps::drop(None, CapSet::Bounding, *cap);
    caps::all().iter().try_for_each(dropped).map_err(|_| Errno::EPERM)
}

fn switch_identity() -> Result<(), Errno> {
    setgroups(&[])?;
    let gid = Gid::from_raw(INSIDE_ID);
    setresgid(gid, gid, gid)?;
    let uid = Uid::from_raw(INSIDE_ID);
    setresuid(uid, uid, uid)
}

fn die_with_parent(child: &Child) -> Result<(), Errno> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // The parent may have died before this setting (its number is 0 in here anyway, so it cannot be
    // asked for); the daemon's end of the link tells instead.
    let mut link = [PollFd::new(child.link.as_fd(), PollFlags::POLLIN)];
    poll(&mut link, PollTimeout::ZERO)?;
    match link[0].revents() {
        Some(events) if events.contains(PollFlags::POLLHUP) => Err(Errno::ESRCH),
        _ => Ok(()),
    }
}

/// Denies everything that the oldest supported interface knows, and as much more as this kernel does.
fn landlock() -> Result<(), Errno> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V2))
        .map_err(landlock_errno)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V7))
        .map_err(landlock_errno)?
        .handle_access(AccessNet::from_all(ABI::V7))
        .map_err(landlock_errno)?
        .scope(Scope::from_all(ABI::V7))
        .map_err(landlock_errno)?;
    // The crate would set no_new_privs as well; that is the step before, and must have been done.
    let status = rules
        .create()
        .map_err(landlock_errno)?
        .no_new_privs(false)
        .restrict_self()
        .map_err(landlock_errno)?;
    match status.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err(Errno::EOPNOTSUPP),
    }
}

fn landlock_errno(error: impl std::error::Error) -> Errno {
    Errno::from_raw(*landlock::Errno::from(error))
}

/// The link is the first descriptor already.
fn close_other_fds(progress: &mut SharedBytes) -> Result<(), Errno> {
    progress.unmap().map_err(errno)?;
    sys::close_from(1).map_err(errno)
}

fn resource_limits(limits: &[(&str, Option<u64>)]) -> Result<(), Errno> {
    for (name, value) in limits {
        let value = value.unwrap_or(RLIM_INFINITY);
        setrlimit(resource(name).ok_or(Errno::EINVAL)?, value, value)?;
    }
    Ok(())
}

fn resource(name: &str) -> Option<Resource> {
    Some(match name {
        "core" => Resource::RLIMIT_CORE,
        "data" => Resource::RLIMIT_DATA,
        "fsize" => Resource::RLIMIT_FSIZE,
        "locks" => Resource::RLIMIT_LOCKS,
        "memlock" => Resource::RLIMIT_MEMLOCK,
        "msgqueue" => Resource::RLIMIT_MSGQUEUE,
        "nice" => Resource::RLIMIT_NICE,
        "nofile" => Resource::RLIMIT_NOFILE,
        "nproc" => Resource::RLIMIT_NPROC,
        "rtprio" => Resource::RLIMIT_RTPRIO,
        "sigpending" => Resource::RLIMIT_SIGPENDING,
        "stack" => Resource::RLIMIT_STACK,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_of_the_profile_is_known() {
        for (name, _) in skep_policies::limits::RLIMITS {
            assert!(resource(name).is_some(), "{name}");
        }
    }
}
