//! The process limits of an instance, with the names that nix and `/proc/PID/limits` have for them.

use nix::{
    errno::Errno,
    sys::resource::{Resource, getrlimit, setrlimit},
};
use skep_policies::limits::RLIMITS;

/// One limit.
#[derive(Clone, Copy, Debug)]
pub struct Rlimit {
    /// Its name in the profile.
    pub name: &'static str,
    /// What an instance must have; `None` is unlimited.
    pub value: Option<u64>,
    /// Its line in `/proc/PID/limits`.
    pub title: &'static str,
    resource: Resource,
}

/// All of them, in the order of the profile.
pub fn all() -> impl Iterator<Item = Rlimit> {
    RLIMITS.iter().map(|(name, value)| {
        let (title, resource) = match *name {
            "core" => ("Max core file size", Resource::RLIMIT_CORE),
            "data" => ("Max data size", Resource::RLIMIT_DATA),
            "fsize" => ("Max file size", Resource::RLIMIT_FSIZE),
            "locks" => ("Max file locks", Resource::RLIMIT_LOCKS),
            "memlock" => ("Max locked memory", Resource::RLIMIT_MEMLOCK),
            "msgqueue" => ("Max msgqueue size", Resource::RLIMIT_MSGQUEUE),
            "nice" => ("Max nice priority", Resource::RLIMIT_NICE),
            "nofile" => ("Max open files", Resource::RLIMIT_NOFILE),
            "nproc" => ("Max processes", Resource::RLIMIT_NPROC),
            "rtprio" => ("Max realtime priority", Resource::RLIMIT_RTPRIO),
            "sigpending" => ("Max pending signals", Resource::RLIMIT_SIGPENDING),
            "stack" => ("Max stack size", Resource::RLIMIT_STACK),
            other => panic!("no test knows the limit {other:?}"),
        };
        Rlimit { name, value: *value, title, resource }
    })
}

impl Rlimit {
    /// Whether this process has something else than an instance must have. If it has the same, it is
    /// given one more, which a host's root may not be allowed to do.
    pub fn differ(&self) -> bool {
        let Some(value) = self.value else { return false };
        if getrlimit(self.resource).unwrap() != (value, value) {
            return true;
        }
        match setrlimit(self.resource, value, value + 1) {
            Err(Errno::EPERM) => false,
            raised => raised.is_ok(),
        }
    }
}
