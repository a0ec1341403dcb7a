//! How the daemon role begins: from root, by giving everything away.
//!
//! Unlike the zygote it keeps no capability and does not execute itself again, so it is also not
//! dumpable: processes of the same uid can neither trace it nor read its memory.

use std::{fs, io, path::PathBuf};

use caps::CapSet;
use nix::{
    errno::Errno,
    sys::{prctl, signal::SigSet},
    unistd::{Gid, Uid, setgroups, setresgid, setresuid},
};

/// Which step of giving up root failed.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    /// The control group cannot be entered.
    #[error("cannot enter the control group")]
    Group(#[source] io::Error),
    /// The identity cannot be changed.
    #[error("cannot change uid and gid")]
    Identity(#[source] Errno),
    /// Signals stay blocked.
    #[error("cannot unblock signals")]
    Signals(#[source] Errno),
    /// A capability set cannot be emptied.
    #[error("cannot empty the {set:?} capabilities")]
    Capabilities {
        /// Which set.
        set: CapSet,
        /// The crate's answer.
        source: caps::errors::CapsError,
    },
    /// The process cannot be kept from gaining privilege by exec.
    #[error("cannot set no_new_privs")]
    NoNewPrivileges(#[source] Errno),
}

/// Enters the groups of the entrances (`cgroup.procs` files) and becomes `id`, a member of the group `leaves`
/// beside its own, with no capability left.
///
/// # Errors
///
/// [`LowerError`]; the process must end.
pub fn lower(id: u32, leaves: u32, entrances: &[PathBuf]) -> Result<(), LowerError> {
    for entrance in entrances {
        fs::write(entrance, "0").map_err(LowerError::Group)?;
    }
    let clear =
        |set| caps::clear(None, set).map_err(|source| LowerError::Capabilities { set, source });
    clear(CapSet::Bounding)?;
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    setgroups(&[Gid::from_raw(leaves)])
        .and_then(|()| setresgid(gid, gid, gid))
        .and_then(|()| setresuid(uid, uid, uid))
        .map_err(LowerError::Identity)?;
    for set in [CapSet::Ambient, CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        clear(set)?;
    }
    prctl::set_no_new_privs().map_err(LowerError::NoNewPrivileges)
}

/// Lets signals through to the thread that calls this, and so to the process. The keeper takes its own from a
/// descriptor and blocks them, which a child inherits: one that comes before this waits for it.
///
/// # Errors
///
/// [`LowerError::Signals`].
pub fn hear_signals() -> Result<(), LowerError> {
    SigSet::empty().thread_set_mask().map_err(LowerError::Signals)
}
