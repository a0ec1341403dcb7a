//! What a hostile program tries. Each deed answers `done …` or the name of the error that stopped it;
//! a wall that kills leaves no answer.

use std::{arch::asm, ffi::CString, hint::black_box, io::Write as _, ptr, time::Instant};

use nix::errno::Errno;
use skep_link::frame::{Level, ToDaemon};
use skep_shim::link::Link;

/// Every deed, sorted.
pub const NAMES: [&str; 22] = [
    "call",
    "connect",
    "create",
    "exec",
    "exit",
    "flood",
    "fork",
    "form",
    "garbage",
    "half",
    "hog",
    "hostname",
    "idle",
    "int80",
    "kill",
    "list",
    "open",
    "shell",
    "signal",
    "socket",
    "spin",
    "securebits",
];

/// Runs one deed. `link` is there inside the walls only.
pub fn run(name: &str, text: &str, link: Option<&mut Link>) -> String {
    match name {
        "call" => call(text),
        "int80" => int80(),
        "socket" => answer(socket()),
        "connect" | "shell" => reverse_shell(name == "shell"),
        "fork" => fork_many(number(text).max(1)),
        "exec" => answer(exec()),
        "open" => answer(open(text, libc::O_RDONLY)),
        "list" => answer(open("/", libc::O_RDONLY | libc::O_DIRECTORY)),
        "create" => answer(open(text, libc::O_RDWR | libc::O_CREAT)),
        "write" => answer(open(text, libc::O_WRONLY)),
        "trace" => answer(raw(libc::SYS_ptrace, [PTRACE_SEIZE, number(text), 0, 0, 0, 0])),
        "kill" => answer(raw(libc::SYS_kill, [number(text), 0, 0, 0, 0, 0])),
        "signal" => answer(raw(libc::SYS_kill, [number(text), libc::SIGKILL.into(), 0, 0, 0, 0])),
        "hog" => hog(number(text)),
        "spin" => spin(number(text)),
        "hostname" => hostname(),
        "securebits" => {
            answer(raw(libc::SYS_prctl, [libc::PR_GET_SECUREBITS.into(), 0, 0, 0, 0, 0]))
        }
        "garbage" => send_raw(link, &[0xff; 64]),
        "flood" => flood(link),
        "half" => send_raw(link, &[100, 0, 0, 0, 5, 1]),
        "exit" => unsafe { libc::_exit(i32::try_from(number(text)).unwrap_or(1)) },
        _ => "done".to_owned(),
    }
}

const PTRACE_SEIZE: i64 = 0x4206;

fn number(text: &str) -> i64 {
    text.trim().parse().unwrap_or(0)
}

fn answer(result: Result<i64, Errno>) -> String {
    match result {
        Ok(value) => format!("done {value}"),
        Err(errno) => format!("{errno:?}"),
    }
}

/// One system call past the C library.
fn raw(number: i64, args: [i64; 6]) -> Result<i64, Errno> {
    let [a, b, c, d, e, f] = args;
    let value = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if value == -1 { Err(Errno::last()) } else { Ok(value) }
}

/// `number` and up to six arguments, separated by spaces.
fn call(text: &str) -> String {
    let mut words = text.split_whitespace().map(number);
    let number = words.next().unwrap_or(-1);
    let mut args = [0; 6];
    for (arg, word) in args.iter_mut().zip(words) {
        *arg = word;
    }
    answer(raw(number, args))
}

/// getpid by the door for 32-bit programs.
fn int80() -> String {
    let mut value: i64 = 20;
    unsafe { asm!("int 0x80", inout("rax") value, options(nostack)) };
    format!("done {value}")
}

fn socket() -> Result<i64, Errno> {
    raw(libc::SYS_socket, [libc::AF_INET.into(), libc::SOCK_STREAM.into(), 0, 0, 0, 0])
}

/// The classic: connect out, make the connection the standard streams, execute a shell.
fn reverse_shell(with_shell: bool) -> String {
    let fd = match socket() {
        Ok(fd) => fd,
        Err(errno) => return format!("socket {errno:?}"),
    };
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: 9_u16.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_be_bytes([127, 0, 0, 1]).to_be() },
        sin_zero: [0; 8],
    };
    let size = i64::try_from(size_of_val(&address)).unwrap_or(16);
    let at = (&raw const address).addr() as i64;
    if let Err(errno) = raw(libc::SYS_connect, [fd, at, size, 0, 0, 0]) {
        // Nobody listens there: refused is as far as a program gets that has a network.
        if errno != Errno::ECONNREFUSED || !with_shell {
            return format!("connect {errno:?}");
        }
    }
    format!("shell {}", answer(exec()))
}

/// In a child, so that the caller can tell.
fn exec() -> Result<i64, Errno> {
    let child = raw(libc::SYS_fork, [0; 6])?;
    if child == 0 {
        let program = CString::new("/bin/true").expect("no NUL");
        let args = [program.as_ptr(), ptr::null()];
        unsafe { libc::execve(program.as_ptr(), args.as_ptr(), ptr::null()) };
        unsafe { libc::_exit(Errno::last_raw()) };
    }
    let mut status = 0;
    unsafe { libc::waitpid(i32::try_from(child).unwrap_or(-1), &raw mut status, 0) };
    match libc::WEXITSTATUS(status) {
        0 => Ok(0),
        code => Err(Errno::from_raw(code)),
    }
}

/// How many children could be made, up to `wanted`, and what stopped it.
fn fork_many(wanted: i64) -> String {
    let mut made = Vec::new();
    let mut stopped = None;
    while i64::try_from(made.len()).unwrap_or(i64::MAX) < wanted && stopped.is_none() {
        match raw(libc::SYS_fork, [0; 6]) {
            Ok(0) => loop {
                unsafe { libc::pause() };
            },
            Ok(child) => made.push(i32::try_from(child).unwrap_or(-1)),
            Err(errno) => stopped = Some(errno),
        }
    }
    for child in &made {
        unsafe { libc::kill(*child, libc::SIGKILL) };
        unsafe { libc::waitpid(*child, ptr::null_mut(), 0) };
    }
    match stopped {
        None => format!("done {}", made.len()),
        Some(errno) => format!("{errno:?} after {}", made.len()),
    }
}

fn open(path: &str, flags: i32) -> Result<i64, Errno> {
    let path = CString::new(path).map_err(|_| Errno::EINVAL)?;
    let at = path.as_ptr().addr() as i64;
    raw(libc::SYS_openat, [libc::AT_FDCWD.into(), at, flags.into(), 0o600, 0, 0])
}

/// Takes and touches this many MiB past every allocator of the product.
fn hog(mib: i64) -> String {
    let mut taken = 0;
    while taken < mib {
        let size = 1 << 20;
        let block = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if block == libc::MAP_FAILED {
            return format!("{:?} after {taken}", Errno::last());
        }
        unsafe { ptr::write_bytes(block.cast::<u8>(), 1, size) };
        taken += 1;
    }
    format!("done {taken}")
}

/// Uses the CPU for this many milliseconds of wall time; answers with the rounds it made.
fn spin(milliseconds: i64) -> String {
    let start = Instant::now();
    let mut rounds: u64 = 0;
    while start.elapsed().as_millis() < u128::try_from(milliseconds).unwrap_or(0) {
        for _ in 0..1000 {
            rounds = black_box(rounds + 1);
        }
    }
    format!("done {rounds}")
}

fn hostname() -> String {
    let mut name = [0_u8; 65];
    match unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) } {
        -1 => format!("{:?}", Errno::last()),
        _ => {
            let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
            format!("done {}", String::from_utf8_lossy(&name[..end]))
        }
    }
}

/// Bytes that are no frame, on the only descriptor there is.
/// Console lines without end, as small as they can be.
fn flood(link: Option<&mut Link>) -> String {
    let Some(link) = link else { return "done".to_owned() };
    while link.send(&ToDaemon::Log { level: Level::Info, text: "" }).is_ok() {}
    unsafe { libc::_exit(0) }
}

fn send_raw(link: Option<&mut Link>, bytes: &[u8]) -> String {
    if link.is_none() {
        return "done".to_owned();
    }
    let mut stream = std::mem::ManuallyDrop::new(unsafe {
        <std::fs::File as std::os::fd::FromRawFd>::from_raw_fd(0)
    });
    let _ = stream.write_all(bytes);
    // A half frame is only half while nothing follows.
    loop {
        unsafe { libc::poll(ptr::null_mut(), 0, 1000) };
    }
}
