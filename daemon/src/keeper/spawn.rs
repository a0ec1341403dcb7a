//! Starts the two processes below the keeper, each with one socket as its standard input.
//!
//! Neither gets any of the keeper's environment, and arguments only of ours.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No socket for it.
    #[error("cannot make a socket pair")]
    Socket(#[source] io::Error),
    /// The program cannot be executed.
    #[error("cannot start {}", .program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// Starts a zygote from the program at `shim`. It gives up root by itself, becomes `id`, and enters
/// the group that `entrance` (a `cgroup.procs` file) belongs to. Returns it with our end of its socket.
///
/// # Errors
///
/// [`SpawnError`].
pub fn zygote(shim: &Path, id: u32, entrance: &Path) -> Result<(Child, OwnedFd), SpawnError> {
    let mut command = Command::new(shim);
    command.arg("lower").arg(id.to_string()).arg(entrance);
    with_socket(command, shim)
}

/// Starts the daemon role of this very program. It gives up root by itself, as above.
///
/// # Errors
///
/// [`SpawnError`].
pub fn daemon(id: u32, entrance: &Path) -> Result<(Child, OwnedFd), SpawnError> {
    let program = Path::new("/proc/self/exe");
    let mut command = Command::new(program);
    command.arg("--role").arg("daemon").arg("--id").arg(id.to_string());
    command.arg("--entrance").arg(entrance);
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
