//! Descriptors: received over a socket, taken over from the start-up, closed in bulk.

use std::{
    io::{self, IoSliceMut},
    mem,
    os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd},
};

use nix::{
    cmsg_space,
    errno::Errno,
    sys::socket::{ControlMessageOwned, MsgFlags, recvmsg},
};

/// Receives one packet and the descriptors beside it, at most six, all close-on-exec.
///
/// A packet of no bytes is the end of the connection.
///
/// # Errors
///
/// The kernel's; `EMSGSIZE` when the packet or its descriptors did not fit.
pub fn receive(socket: BorrowedFd<'_>, packet: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut room = cmsg_space!([RawFd; 6]);
    let mut parts = [IoSliceMut::new(packet)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut room), flags)?;
    let mut fds = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(raw) = control {
            for fd in raw {
                // SAFETY: the kernel just put this descriptor into our table for this message; nobody
                // else knows its number, and it is taken over exactly once.
                fds.push(unsafe { OwnedFd::from_raw_fd(fd) });
            }
        }
    }
    if message.flags.intersects(MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC) {
        return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
    }
    Ok((message.bytes, fds))
}

/// Takes over standard input: the zygote's socket, and the link in a child that closed everything else.
pub fn standard_input() -> OwnedFd {
    // SAFETY: number 0 is open: Rust's start-up opens it when it is not, and a child puts its link
    // there before it closes the rest. Each process calls this once, and no other value owns it.
    unsafe { OwnedFd::from_raw_fd(0) }
}

/// Closes every descriptor from `first` on.
///
/// Only for a child that has forgotten everything it inherited: values that still own one of these
/// descriptors must never be dropped afterwards.
///
/// # Errors
///
/// `ENOSYS` before Linux 5.9.
pub fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: no pointers. The child that calls this ends by `_exit` and never drops what it
    // inherited, so no number is closed a second time.
    let ret = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0_u32) };
    if ret == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Which file a descriptor is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    /// Major and minor number of the file system's device.
    device: (u32, u32),
    inode: u64,
}

impl FileId {
    /// Of a descriptor, from what the kernel knows already: a file system that is a program of somebody's is
    /// not asked, so this does not wait.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn of(file: BorrowedFd<'_>) -> Result<Self, Errno> {
        let flags = libc::AT_EMPTY_PATH | libc::AT_STATX_DONT_SYNC | libc::AT_NO_AUTOMOUNT;
        // SAFETY: all fields are integers, for which zero is a value.
        let mut found: libc::statx = unsafe { mem::zeroed() };
        // SAFETY: the path is a constant that ends with a zero byte, and the kernel fills `found`, which is of
        // its own layout and lives across the call.
        let ret = unsafe {
            libc::statx(file.as_raw_fd(), c"".as_ptr(), flags, libc::STATX_INO, &raw mut found)
        };
        Errno::result(ret)?;
        let device = (found.stx_dev_major, found.stx_dev_minor);
        Ok(Self { device, inode: found.stx_ino })
    }

    /// Whether both are on one file system.
    pub fn same_file_system(self, other: Self) -> bool {
        self.device == other.device
    }
}

/// The address family of a socket, such as `AF_UNIX`.
///
/// # Errors
///
/// `ENOTSOCK`.
pub fn socket_domain(socket: RawFd) -> Result<libc::c_int, Errno> {
    let mut domain: libc::c_int = 0;
    let mut len =
        libc::socklen_t::try_from(mem::size_of_val(&domain)).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the kernel writes at most `len` bytes to `domain`, and `len` says how large that is.
    let ret = unsafe {
        libc::getsockopt(
            socket,
            libc::SOL_SOCKET,
            libc::SO_DOMAIN,
            (&raw mut domain).cast(),
            &raw mut len,
        )
    };
    Errno::result(ret)?;
    Ok(domain)
}
