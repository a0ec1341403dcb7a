//! Installs a compiled seccomp program.

use std::io;

use skep_policies::Program;

/// One instruction, in the kernel's layout.
pub type Instruction = libc::sock_filter;

/// The program in the kernel's layout; done once in the zygote, used by every child.
pub fn instructions(program: Program) -> Vec<Instruction> {
    program.instructions().map(|(code, jt, jf, k)| libc::sock_filter { code, jt, jf, k }).collect()
}

/// Installs one program for the calling thread, for good. Needs no_new_privs or CAP_SYS_ADMIN.
///
/// # Errors
///
/// `EACCES` without either, `EINVAL` for a program that the kernel refuses.
pub fn install_filter(program: &[Instruction]) -> io::Result<()> {
    let len =
        u16::try_from(program.len()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let head = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: `head` and the `len` instructions behind it live until the call returns; the kernel
    // copies them and writes to neither.
    let ret = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0_u32, &raw const head)
    };
    if ret == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
