//! How a zygote begins: from root, by giving everything else away, to an exec of itself.
//!
//! The keeper starts this program as root with one argument list of ours. [`lower`] enters the
//! zygote's control group, takes the unprivileged identity, keeps three capabilities as ambient ones
//! and executes the program again: a process that changed ids itself would not be dumpable, and could
//! not write its children's id maps.

use std::{
    convert::Infallible,
    ffi::CString,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
};

use caps::{CapSet, Capability, CapsHashSet};
use nix::{
    errno::Errno,
    unistd::{Gid, Uid, execve, setgroups, setresgid, setresuid},
};

/// What the zygote keeps: to write id maps, and to make namespaces and clone into groups.
pub const KEPT: [Capability; 3] =
    [Capability::CAP_SETUID, Capability::CAP_SETGID, Capability::CAP_SYS_ADMIN];

/// Why the zygote could not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The arguments are not the keeper's.
    #[error(
        "usage: skep-shim lower UID GROUP-ID GROUP-FILE (started by skepd, not by hand), or version"
    )]
    Usage,
    /// The control group cannot be entered.
    #[error("cannot enter the control group by {}", .file.display())]
    Enter {
        /// Its `cgroup.procs`.
        file: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A capability set cannot be changed.
    #[error("cannot set the {set:?} capabilities")]
    Capabilities {
        /// Which set.
        set: CapSet,
        /// The crate's answer.
        source: caps::errors::CapsError,
    },
    /// The identity cannot be changed.
    #[error("cannot become uid and gid {id}")]
    Identity {
        /// The id.
        id: u32,
        /// The kernel's answer.
        source: Errno,
    },
    /// The program cannot be executed again.
    #[error("cannot execute this program again")]
    Exec {
        /// The kernel's answer.
        source: Errno,
    },
}

/// What this program was started for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// To give root up first.
    Lower(Lower),
    /// To be the zygote.
    Serve,
    /// To tell the version of its frames, [`skep_link::VERSION`].
    Version,
}

/// What the keeper says to [`lower`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lower {
    /// The uid and gid of the zygote.
    pub id: u32,
    /// Its one supplementary group, which may put processes into leaves.
    pub leaves: u32,
    /// The `cgroup.procs` file of the zygote's control group.
    pub entrance: PathBuf,
}

impl Plan {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    ///
    /// [`StartError::Usage`].
    pub fn parse(args: impl Iterator<Item = String>) -> Result<Self, StartError> {
        let args: Vec<String> = args.take(5).collect();
        let number = |text: &String| text.parse().map_err(|_| StartError::Usage);
        match args.as_slice() {
            [word] if word == "zygote" => Ok(Self::Serve),
            [word] if word == "version" => Ok(Self::Version),
            [word, id, leaves, entrance] if word == "lower" => Ok(Self::Lower(Lower {
                id: number(id)?,
                leaves: number(leaves)?,
                entrance: entrance.into(),
            })),
            _ => Err(StartError::Usage),
        }
    }
}

/// Becomes the zygote: the same program, executed again with `zygote` as its only argument and an
/// environment of one variable, the time zone.
///
/// # Errors
///
/// [`StartError`] names the step; nothing was executed.
pub fn lower(plan: &Lower) -> Result<Infallible, StartError> {
    fs::write(&plan.entrance, "0")
        .map_err(|source| StartError::Enter { file: plan.entrance.clone(), source })?;
    let kept: CapsHashSet = KEPT.into_iter().collect();
    let set = |set, caps: &CapsHashSet| {
        caps::set(None, set, caps).map_err(|source| StartError::Capabilities { set, source })
    };
    for cap in caps::all().difference(&kept) {
        if caps::has_cap(None, CapSet::Bounding, *cap).unwrap_or(false) {
            caps::drop(None, CapSet::Bounding, *cap)
                .map_err(|source| StartError::Capabilities { set: CapSet::Bounding, source })?;
        }
    }
    caps::securebits::set_keepcaps(true)
        .map_err(|source| StartError::Capabilities { set: CapSet::Permitted, source })?;
    let (uid, gid) = (Uid::from_raw(plan.id), Gid::from_raw(plan.id));
    setgroups(&[Gid::from_raw(plan.leaves)])
        .and_then(|()| setresgid(gid, gid, gid))
        .and_then(|()| setresuid(uid, uid, uid))
        .map_err(|source| StartError::Identity { id: plan.id, source })?;
    // The change of ids emptied the effective set and, with it, nothing else.
    set(CapSet::Effective, &kept)?;
    set(CapSet::Inheritable, &kept)?;
    set(CapSet::Permitted, &kept)?;
    set(CapSet::Ambient, &kept)?;
    let words = [c"skep-shim".into(), c"zygote".into()] as [CString; 2];
    // A fixed zone: nothing looks for zone files once the walls stand.
    execve(c"/proc/self/exe", &words, &[c"TZ=UTC0"]).map_err(|source| StartError::Exec { source })
}

/// Names the build of this very program: a file that was put in its place has another one.
///
/// # Errors
///
/// The kernel's: there is no `/proc`.
pub fn build() -> io::Result<u64> {
    let file = fs::metadata("/proc/self/exe")?;
    let mut hasher = DefaultHasher::new();
    [file.dev(), file.ino(), file.size()].hash(&mut hasher);
    [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()].hash(&mut hasher);
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(args: &[&str], expected: Option<Plan>) {
        let parsed = Plan::parse(args.iter().map(ToString::to_string));
        assert_eq!(parsed.ok(), expected, "for {args:?}");
    }

    #[test]
    fn only_the_keepers_words_are_understood() {
        let lower = Lower { id: 7, leaves: 8, entrance: "/g/cgroup.procs".into() };
        check(&["lower", "7", "8", "/g/cgroup.procs"], Some(Plan::Lower(lower)));
        check(&["zygote"], Some(Plan::Serve));
        check(&["version"], Some(Plan::Version));
        check(&["lower", "x", "8", "/g"], None);
        check(&["lower", "7", "8"], None);
        check(&["lower", "7", "8", "/g", "more"], None);
        check(&["zygote", "more"], None);
        check(&[], None);
    }
}
