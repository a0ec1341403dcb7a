//! The run wall's system call lists and the limit profiles, as reviewed data.
//!
//! The data is in `data/*.json`, every entry with its reason; `build.rs` checks and compiles it. This
//! crate only holds the results: it installs nothing and reads nothing at run time. The same programs
//! are in every build profile.

#![forbid(unsafe_code)]

/// One entry of a system call list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The kernel's name of the call.
    pub syscall: &'static str,
    /// Whether the entry matches only some arguments.
    pub conditional: bool,
    /// The one architecture that has this call, if not all do.
    pub only: Option<&'static str>,
    /// Why the entry is there.
    pub reason: &'static str,
}

/// The system call lists as they were reviewed, for tests that compile variants of them.
pub const RUN_JSON: &str = include_str!("../data/run.json");

/// The system call lists as data, for listings and tests.
pub mod entries {
    use super::Entry;
    include!(concat!(env!("OUT_DIR"), "/entries.rs"));
}

/// A compiled filter program: the bytes of its `sock_filter` list, eight a piece.
#[derive(Clone, Copy, Debug)]
pub struct Program(&'static [u8]);

impl Program {
    /// A program from the bytes of its `sock_filter` list.
    pub const fn from_bytes(bytes: &'static [u8]) -> Self {
        Self(bytes)
    }

    /// The instructions as `(code, jt, jf, k)`, in order.
    pub fn instructions(self) -> impl ExactSizeIterator<Item = (u16, u8, u8, u32)> {
        self.0.chunks_exact(8).map(|i| {
            let code = u16::from_ne_bytes([i[0], i[1]]);
            (code, i[2], i[3], u32::from_ne_bytes([i[4], i[5], i[6], i[7]]))
        })
    }
}

/// The run wall of one architecture: two programs, to be installed in this order.
#[derive(Clone, Copy, Debug)]
pub struct RunWall {
    /// Kills the process on a match, lets everything else pass to the second program.
    pub deny: Program,
    /// Lets a match through, answers everything else with ENOSYS.
    pub allow: Program,
}

macro_rules! wall {
    ($arch:literal) => {
        RunWall {
            deny: Program(include_bytes!(concat!(env!("OUT_DIR"), "/", $arch, ".deny.bpf"))),
            allow: Program(include_bytes!(concat!(env!("OUT_DIR"), "/", $arch, ".allow.bpf"))),
        }
    };
}

/// The run wall for x86_64: enforced and tested.
pub const RUN_X86_64: RunWall = wall!("x86_64");
/// The run wall for aarch64: compiled, not yet tested on such a machine.
pub const RUN_AARCH64: RunWall = wall!("aarch64");

/// The run wall of the machine that this was built for.
#[cfg(target_arch = "x86_64")]
pub const RUN: RunWall = RUN_X86_64;
/// The run wall of the machine that this was built for.
#[cfg(target_arch = "aarch64")]
pub const RUN: RunWall = RUN_AARCH64;

/// What a zygote may not ask of the kernel, for x86_64: it answers `EPERM`.
pub const ZYGOTE_X86_64: Program =
    Program(include_bytes!(concat!(env!("OUT_DIR"), "/x86_64.zygote.bpf")));
/// The same for aarch64: compiled, not yet tested on such a machine.
pub const ZYGOTE_AARCH64: Program =
    Program(include_bytes!(concat!(env!("OUT_DIR"), "/aarch64.zygote.bpf")));

/// What a zygote may not ask of the kernel, for the machine that this was built for.
#[cfg(target_arch = "x86_64")]
pub const ZYGOTE: Program = ZYGOTE_X86_64;
/// What a zygote may not ask of the kernel, for the machine that this was built for.
#[cfg(target_arch = "aarch64")]
pub const ZYGOTE: Program = ZYGOTE_AARCH64;

/// Limits of an app, in the notation that the configuration uses (`64MiB`, `500m`, `2s`, `open`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Memory of one instance.
    pub memory: &'static str,
    /// CPU of one instance, in CPUs.
    pub cpu: &'static str,
    /// Processes of one instance.
    pub processes: u32,
    /// Wall time of one call.
    pub timeout: &'static str,
    /// CPU time of one call.
    pub cpu_budget: &'static str,
    /// Calls of one app at the same time.
    pub concurrency: u32,
    /// Instances kept even when nobody calls.
    pub min_instances: u32,
    /// Instances of one app at most.
    pub max_instances: u32,
}

/// The limit profiles.
pub mod limits {
    use super::Profile;
    include!(concat!(env!("OUT_DIR"), "/limits.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_architectures_have_both_programs() {
        for wall in [RUN_X86_64, RUN_AARCH64] {
            for program in [wall.deny, wall.allow] {
                assert!(10 < program.instructions().len());
            }
        }
    }

    #[test]
    fn nothing_is_both_killed_and_allowed_without_a_condition() {
        for deny in entries::DENY {
            for allow in entries::ALLOW.iter().filter(|allow| allow.syscall == deny.syscall) {
                assert!(deny.conditional && allow.conditional, "{}", deny.syscall);
            }
        }
    }

    #[test]
    fn no_door_out_is_allowed() {
        let doors = [
            "open",
            "openat",
            "openat2",
            "creat",
            "socket",
            "connect",
            "sendto",
            "sendmsg",
            "recvmsg",
            "clone",
            "clone3",
            "fork",
            "vfork",
            "execve",
            "execveat",
            "ptrace",
            "mount",
            "bpf",
            "io_uring_setup",
            "prctl",
            "seccomp",
            "kill",
            "tkill",
            "tgkill",
            "dup",
            "dup2",
            "dup3",
            "fcntl",
            "ioctl",
            "setsid",
        ];
        for door in doors {
            assert!(entries::ALLOW.iter().all(|entry| entry.syscall != door), "{door}");
        }
    }

    /// The lists are meant to be read whole; a new entry is a decision and shows here.
    #[test]
    fn the_lists_have_the_reviewed_sizes() {
        assert_eq!((entries::DENY.len(), entries::ALLOW.len()), (57, 21));
    }
}
