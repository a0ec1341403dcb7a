//! Starts the two processes below the keeper, each with one socket as its standard input.
//!
//! Neither gets any of the keeper's environment, and arguments only of ours.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use skep_link::zygote::ToZygote;

use super::{
    ids::IdTable,
    packets::{self, Wait},
};
use crate::{
    cgroup::{TENANTS, Tree, ZYGOTE},
    config::Ids,
};

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No socket for it.
    #[error("cannot make a socket pair")]
    Socket(#[source] io::Error),
    /// The new zygote was gone before it was told what it may do.
    #[error("cannot tell the new zygote what it may do")]
    Tell(#[source] io::Error),
    /// The program cannot be executed.
    #[error("cannot start {}", .program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// What zygotes are told at their start.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The program that they run.
    pub shim: &'a Path,
    /// Who is who.
    pub ids: &'a Ids,
    /// Who has which identity.
    pub table: &'a IdTable,
    /// Their own group, and those of the tenants.
    pub tree: &'a Tree,
}

/// Starts a zygote. It gives up root by itself and enters its group; what it may do it is told here, before
/// anybody else has its socket. Returns it with our end of that.
///
/// # Errors
///
/// [`SpawnError`].
pub fn zygote(start: Start<'_>) -> Result<(Child, OwnedFd), SpawnError> {
    let Start { shim, ids, table, tree } = start;
    let mut command = Command::new(shim);
    command.arg("lower").arg(ids.zygote.to_string()).arg(ids.group.to_string());
    command.arg(tree.entrance(ZYGOTE));
    let (mut child, socket) = with_socket(command, shim)?;
    let told = tree.group(TENANTS).open().and_then(|tenants| {
        let mut fds = vec![table.as_fd()];
        fds.extend(tenants.iter().map(OwnedFd::as_fd));
        let begin = ToZygote::Begin { first: ids.first, count: ids.count };
        packets::send(&socket, &begin.encode(), &fds, Wait::No)
    });
    if let Err(source) = told {
        // It has nothing to do; its end is seen by whoever reaps our children.
        let _ = child.kill();
        return Err(SpawnError::Tell(source));
    }
    Ok((child, socket))
}

/// Starts the daemon role of this very program. It gives up root by itself, as above.
///
/// # Errors
///
/// [`SpawnError`].
pub fn daemon(ids: &Ids, tree: &Tree) -> Result<(Child, OwnedFd), SpawnError> {
    let program = Path::new("/proc/self/exe");
    let mut command = Command::new(program);
    command.arg("--role").arg("daemon").arg("--id").arg(ids.user.to_string());
    command.arg("--leaves").arg(ids.group.to_string());
    for entrance in tree.daemon_entrances() {
        command.arg("--entrance").arg(entrance);
    }
    with_socket(command, program)
}

fn with_socket(mut command: Command, program: &Path) -> Result<(Child, OwnedFd), SpawnError> {
    let (ours, theirs) = packet_pair().map_err(SpawnError::Socket)?;
    command.env_clear().stdin(theirs).stdout(Stdio::null());
    let child = command
        .spawn()
        .map_err(|source| SpawnError::Program { program: program.to_owned(), source })?;
    Ok((child, ours))
}

/// A pair of sockets that keep packets apart and carry descriptors.
///
/// # Errors
///
/// The kernel's.
pub fn packet_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (one, other) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    Ok((one, other))
}
