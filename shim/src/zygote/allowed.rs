//! What the zygote may do for whoever holds the other end of its socket, as the keeper told it.
//!
//! The daemon parses what the network sends, so it may be taken over: no number and no descriptor of its
//! packets is believed. An id must be in the keeper's range and free in the keeper's table; a leaf must be
//! a group of a tenant in the very hierarchy that the keeper named; a link must be a stream socket. No check
//! here waits for anybody: descriptors are looked at in ways that no file system of the daemon's can hold up.

use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use nix::{
    errno::Errno,
    fcntl::{OFlag, OpenHow, ResolveFlag, openat2},
    sys::socket::{SockType, getsockopt, sockopt},
};
use skep_link::zygote::{BEING_CLONED, CloneStage};

use super::Refused;
use crate::sys::{self, FileId, IdTable};

/// From a leaf to the folder of all tenants' groups.
const TO_TENANTS: &str = "../..";

pub(super) struct Allowed {
    /// The first id of the range; the table has an entry for each.
    first: u32,
    table: IdTable,
    /// The folder of all tenants' groups, version 2 first.
    tenants: Vec<(OwnedFd, FileId)>,
}

/// An identity that is marked in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Uid and gid on the host.
    pub(super) id: u32,
    at: usize,
}

/// The descriptors of a request, each looked at.
pub(super) struct Checked {
    pub(super) link: OwnedFd,
    pub(super) leaf: OwnedFd,
    /// `cgroup.procs` of each version 1 leaf, open for writing.
    pub(super) places: Vec<OwnedFd>,
}

impl Allowed {
    /// From the keeper's first packet: the table and the folders of tenants' groups.
    ///
    /// # Errors
    ///
    /// The kernel's, or `EINVAL` when the descriptors are not these.
    pub(super) fn new(first: u32, count: u32, fds: Vec<OwnedFd>) -> Result<Self, Errno> {
        let mut fds = fds.into_iter();
        let table = fds.next().ok_or(Errno::EINVAL)?;
        let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
        let table = IdTable::map(&table, count)?;
        let tenants: Vec<_> = fds
            .map(|folder| FileId::of(folder.as_fd()).map(|id| (folder, id)))
            .collect::<Result<_, _>>()?;
        if tenants.is_empty() {
            return Err(Errno::EINVAL);
        }
        Ok(Self { first, table, tenants })
    }

    /// The folders of all tenants' groups, version 2 first.
    pub(super) fn tenants(&self) -> impl Iterator<Item = &OwnedFd> {
        self.tenants.iter().map(|(folder, _)| folder)
    }

    /// Marks an identity as in use.
    pub(super) fn take(&self, id: u32) -> Result<Identity, Refused> {
        let refused = Refused::at(CloneStage::Identity);
        let at = id.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|at| *at < self.table.len()).ok_or(refused(Errno::ERANGE))?;
        let mark = BEING_CLONED | std::process::id();
        if self.table.take(at, mark) { Ok(Identity { id, at }) } else { Err(refused(Errno::EBUSY)) }
    }

    /// Notes the process that has an identity.
    pub(super) fn note(&self, identity: Identity, pid: i32) {
        self.table.set(identity.at, pid.cast_unsigned());
    }

    /// The process that had it was reaped, or never came to be.
    pub(super) fn free(&self, identity: Identity) {
        self.table.set(identity.at, 0);
    }

    /// Looks at the descriptors of a request for a clone: a link, then a leaf in each hierarchy.
    pub(super) fn check(&self, places: u8, fds: Vec<OwnedFd>) -> Result<Checked, Refused> {
        let refused = Refused::at(CloneStage::Descriptors);
        // A child that is missing in a hierarchy would have no limits there.
        if usize::from(places) + 1 != self.tenants.len() || fds.len() != 1 + self.tenants.len() {
            return Err(refused(Errno::EBADF));
        }
        let mut fds = fds.into_iter();
        let link = fds.next().ok_or(refused(Errno::EBADF))?;
        check_link(&link).map_err(&refused)?;
        let leaves: Vec<OwnedFd> = fds.collect();
        for (leaf, (_, tenants)) in leaves.iter().zip(&self.tenants) {
            check_leaf(leaf, *tenants).map_err(&refused)?;
        }
        let mut leaves = leaves.into_iter();
        let leaf = leaves.next().ok_or(refused(Errno::EBADF))?;
        let places = leaves.map(|leaf| entrance(&leaf)).collect::<Result<_, _>>();
        let places = places.map_err(Refused::at(CloneStage::Place))?;
        Ok(Checked { link, leaf, places })
    }
}

fn check_link(link: &OwnedFd) -> Result<(), Errno> {
    let stream = getsockopt(link, sockopt::SockType)? == SockType::Stream;
    // A path or a pair: nothing of the network.
    let unix = sys::socket_domain(link.as_raw_fd())? == libc::AF_UNIX;
    if stream && unix { Ok(()) } else { Err(Errno::EBADF) }
}

fn how(flags: OFlag) -> OpenHow {
    // Whoever sent the descriptor may have mounted something over what is below and above it.
    let resolve = ResolveFlag::RESOLVE_NO_XDEV | ResolveFlag::RESOLVE_NO_SYMLINKS;
    OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(resolve)
}

/// A leaf is a folder of the same file system, two levels below that of the tenants.
fn check_leaf(leaf: &OwnedFd, tenants: FileId) -> Result<(), Errno> {
    if !FileId::of(leaf.as_fd())?.same_file_system(tenants) {
        return Err(Errno::EXDEV);
    }
    let above = openat2(leaf, TO_TENANTS, how(OFlag::O_PATH | OFlag::O_DIRECTORY))?;
    if FileId::of(above.as_fd())? == tenants { Ok(()) } else { Err(Errno::EXDEV) }
}

/// Opens the file by which processes enter `leaf`, which was checked, without waiting for anybody.
fn entrance(leaf: &OwnedFd) -> Result<OwnedFd, Errno> {
    openat2(leaf, "cgroup.procs", how(OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK))
}
