//! Cloning a child, its signals, its securebits, its end, and randomness from the kernel.

use std::{
    io, mem,
    os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd},
    ptr,
};

use nix::errno::Errno;

/// What `clone_child` came back as.
#[derive(Debug)]
pub enum Cloned {
    /// In the parent: the child's number and a descriptor that names it for good.
    Parent {
        /// The child's process id in the parent's namespace.
        pid: i32,
        /// Its pidfd.
        pidfd: OwnedFd,
    },
    /// In the child.
    Child,
}

/// Kills a process by its pidfd.
///
/// # Errors
///
/// The kernel's: `ESRCH` once it was reaped.
pub fn kill(pidfd: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: the kernel reads four numbers.
    let ret = unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), libc::SIGKILL, 0, 0)
    };
    Errno::result(ret).map(drop)
}

/// Clones this process into new namespaces (`CLONE_NEW*` flags) and into the control group `leaf`.
///
/// The child has a copy of all memory and runs on from here.
///
/// # Errors
///
/// The kernel's: `EACCES` when the caller may not put processes into `leaf`, `EAGAIN` at its
/// `pids.max`, `ENOMEM`, `ENOSPC` at a limit of namespaces.
///
/// # Panics
///
/// When this process has more than one thread: the child would only have this one, and locks held by
/// the others would never come free.
pub fn clone_child(namespaces: u64, leaf: BorrowedFd<'_>) -> io::Result<Cloned> {
    let mut pidfd: libc::c_int = -1;
    // Linux 5.7; the crate's constant does not fit its own type.
    const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
    let flags = u64::from(libc::CLONE_PIDFD.cast_unsigned()) | CLONE_INTO_CGROUP;
    let args = libc::clone_args {
        flags: namespaces | flags,
        pidfd: (&raw mut pidfd).addr() as u64,
        exit_signal: libc::SIGCHLD as u64,
        cgroup: leaf.as_raw_fd() as u64,
        // SAFETY: all fields are integers, for which zero is a value (here: not used).
        ..unsafe { mem::zeroed() }
    };
    // SAFETY: without CLONE_VM the child works on its own copy of memory and stack, as after fork.
    // `args` and `pidfd` live across the call. The process has one thread (the zygote never starts
    // one), so no lock can be held by somebody who does not exist in the child.
    let pid = unsafe {
        libc::syscall(libc::SYS_clone3, &raw const args, mem::size_of::<libc::clone_args>())
    };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Cloned::Child),
        pid => Ok(Cloned::Parent {
            pid: i32::try_from(pid).map_err(io::Error::other)?,
            // SAFETY: the kernel has just stored a new descriptor there that nobody else owns.
            pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) },
        }),
    }
}

/// Gives every signal its default action, for this process and all that it clones.
///
/// # Errors
///
/// The kernel's.
pub fn default_signals() -> io::Result<()> {
    // The kernel's own structure (handler, flags, restorer, mask), all zero: the default action. By
    // the system call, because the C library hides two signals that a parent may have ignored.
    let default = [0_u64; 4];
    for signal in (1..=64).filter(|signal| ![libc::SIGKILL, libc::SIGSTOP].contains(signal)) {
        // SAFETY: the kernel reads the structure, whose size is that of both known architectures, and
        // a mask of 8 bytes inside it; no handler of ours is named.
        let ret = unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                ptr::null_mut::<u64>(),
                8,
            )
        };
        if ret == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Blocks no signal and takes the alternate stack away.
///
/// # Errors
///
/// The kernel's.
pub fn open_signals() -> io::Result<()> {
    let none = libc::stack_t { ss_sp: ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
    // SAFETY: disabling takes no memory of ours; nothing runs on the old stack, no handler is left.
    if unsafe { libc::sigaltstack(&raw const none, ptr::null_mut()) } == -1 {
        return Err(io::Error::last_os_error());
    }
    nix::sys::signal::SigSet::empty().thread_set_mask()?;
    Ok(())
}

/// Locks the rules of capabilities: no gain by uid 0, none kept over a change of ids, none ambient.
///
/// # Errors
///
/// `EPERM` without CAP_SETPCAP.
pub fn lock_securebits() -> io::Result<()> {
    // NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE set, KEEP_CAPS clear, all four locked; see
    // capabilities(7).
    const BITS: libc::c_ulong = 0b1110_1111;
    // SAFETY: takes a number, no pointer.
    if unsafe { libc::prctl(libc::PR_SET_SECUREBITS, BITS, 0, 0, 0) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Ends this process at once: no destructor, no handler, no flush. For children of the zygote.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` only ends the process; a child must not run the zygote's exit handlers.
    unsafe { libc::_exit(code) }
}

/// Fills `bytes` with randomness from the kernel.
///
/// # Errors
///
/// The kernel's; none once the host's generator is seeded.
pub fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        let rest = &mut bytes[filled..];
        // SAFETY: the kernel writes at most `rest.len()` bytes to `rest`, which is ours to write.
        let got = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        match usize::try_from(got) {
            Ok(got) => filled += got,
            Err(_) => return Err(io::Error::last_os_error()),
        }
    }
    Ok(())
}
