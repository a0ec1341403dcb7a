//! What only one daemon of a host may have: its state, its subtree of control groups, its identities.
//!
//! All are byte ranges of one file, whatever the paths in the configurations are: identities are their own
//! numbers, so that ranges that overlap meet; a folder is the number of its file. The kernel gives a lock back
//! when the keeper ends, however it ends, and knows which process has it.

use std::{
    fs::File,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, fcntl},
    libc,
};
use rustix::fs::{Mode, OFlags, fstat, openat};
use sha2::{Digest as _, Sha256};

use super::folders::{self, FolderError};
use crate::config::{Config, Ids};

/// The folder of the file. A service keeps it over its restarts.
pub(super) const FOLDER: &str = "/run/skep-locks";
const NAME: &str = "held";

/// Why the daemon may not have what its configuration says.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file cannot be opened or locked.
    #[error("cannot use {FOLDER}/{NAME}")]
    File(#[source] io::Error),
    /// Another daemon has it.
    #[error(
        "another skepd, process {pid}, has {what}; stop it, or give this one {other} in the configuration"
    )]
    Held {
        /// What both want.
        what: String,
        /// What to change.
        other: &'static str,
        /// The other one's keeper.
        pid: i32,
    },
}

/// Held for as long as the value lives.
#[derive(Debug)]
pub(super) struct Locks {
    file: File,
}

/// Where each kind begins: offsets of the file, none of which has a byte.
const IDS: u64 = 0;
const GROUPS: u64 = 1 << 40;
const STATES: u64 = 1 << 60;
/// How much of a digest fits between two kinds.
const DIGEST_BITS: u64 = (1 << 40) - 1;

impl Locks {
    /// Takes everything, or nothing.
    ///
    /// # Errors
    ///
    /// [`LockError`].
    pub(super) fn take(config: &Config, subtree: &Path) -> Result<Self, LockError> {
        let folder = folders::open_own(Path::new(FOLDER), 0o700)?;
        let locks = Self::open(&folder)?;
        locks.ids(&config.ids)?;
        locks.subtree(subtree)?;
        Ok(locks)
    }

    /// Takes the folder of the state, whatever path it was reached by.
    ///
    /// # Errors
    ///
    /// [`LockError`].
    pub(super) fn take_state(&self, folder: &OwnedFd, state: &Path) -> Result<(), LockError> {
        let found = fstat(folder).map_err(|errno| LockError::File(errno.into()))?;
        let number = [found.st_dev.to_le_bytes(), found.st_ino.to_le_bytes()].concat();
        let what = format!("the state in {}", state.display());
        self.range(STATES + digest(&number), 1, what, "another state")
    }

    fn open(folder: &OwnedFd) -> Result<Self, LockError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder, NAME, flags, Mode::from_raw_mode(0o600));
        Ok(Self { file: File::from(file.map_err(|errno| LockError::File(errno.into()))?) })
    }

    /// The subtree for this daemon alone; those above it are shared, so that none can be made of them.
    fn subtree(&self, subtree: &Path) -> Result<(), LockError> {
        let mut path = PathBuf::new();
        for part in subtree.components() {
            path.push(part);
            let whole = path.components().eq(subtree.components());
            let kind = if whole { Kind::Alone } else { Kind::Shared };
            let at = GROUPS + digest(path.as_os_str().as_encoded_bytes());
            let what = format!("the control groups at {}", path.display());
            self.lock(kind, (at, 1), what, "another cgroup")?;
        }
        Ok(())
    }

    fn ids(&self, ids: &Ids) -> Result<(), LockError> {
        let (first, count) = (u64::from(ids.first), u64::from(ids.count));
        let range = format!("ids from {first} to {}", first + count - 1);
        self.range(IDS + first, count, range, "another range in [ids]")?;
        for id in [ids.user, ids.zygote, ids.group] {
            self.range(IDS + u64::from(id), 1, format!("id {id}"), "other numbers in [ids]")?;
        }
        Ok(())
    }

    fn range(
        &self,
        start: u64,
        len: u64,
        what: String,
        other: &'static str,
    ) -> Result<(), LockError> {
        self.lock(Kind::Alone, (start, len), what, other)
    }

    fn lock(
        &self,
        kind: Kind,
        (start, len): (u64, u64),
        what: String,
        other: &'static str,
    ) -> Result<(), LockError> {
        let number = |number: u64| {
            i64::try_from(number).map_err(|error| LockError::File(io::Error::other(error)))
        };
        let wanted = libc::flock {
            l_type: match kind {
                Kind::Alone => short(libc::F_WRLCK)?,
                Kind::Shared => short(libc::F_RDLCK)?,
            },
            l_whence: short(libc::SEEK_SET)?,
            l_start: number(start)?,
            l_len: number(len)?,
            l_pid: 0,
        };
        loop {
            match fcntl(&self.file, FcntlArg::F_SETLK(&wanted)) {
                Ok(_) => return Ok(()),
                Err(Errno::EAGAIN | Errno::EACCES) => {}
                Err(errno) => return Err(LockError::File(errno.into())),
            }
            let mut found = wanted;
            fcntl(&self.file, FcntlArg::F_GETLK(&mut found))
                .map_err(|errno| LockError::File(errno.into()))?;
            // It may have come free in this very moment.
            if found.l_type != short(libc::F_UNLCK)? {
                return Err(LockError::Held { what, other, pid: found.l_pid });
            }
        }
    }
}

/// Who else may have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Alone,
    Shared,
}

fn short(number: libc::c_int) -> Result<i16, LockError> {
    i16::try_from(number).map_err(|error| LockError::File(io::Error::other(error)))
}

fn digest(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    let (first, _) = digest.as_chunks::<8>();
    first.first().map_or(0, |first| u64::from_le_bytes(*first)) & DIGEST_BITS
}
