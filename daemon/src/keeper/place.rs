//! The folder of the state and the socket of the API, which only root can make.

use std::{
    fs, io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::{
            fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

use super::{
    folders::{self, FolderError},
    locks::{LockError, Locks},
};
use crate::store;

/// Why the daemon has no place to be in.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// A folder cannot be made or used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file cannot be made or used.
    #[error("cannot use {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// Another daemon has the state.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another daemon answers there.
    #[error("another skepd serves {}; stop it, or give this one another socket", .0.display())]
    InUse(PathBuf),
}

fn at(path: &Path) -> impl Fn(io::Error) -> PlaceError {
    move |source| PlaceError::File { path: path.to_owned(), source }
}

/// Makes the folder of the state, for `owner` alone. A configuration with another user than before must still
/// find its own files: they are given to it.
pub(super) fn state_folder(path: &Path, owner: u32, locks: &Locks) -> Result<(), PlaceError> {
    let folder = folders::open(path, 0o700)?;
    locks.take_state(&folder, path)?;
    Ok(folders::give(&folder, path, owner, &store::NAMES)?)
}

/// The listening socket of the API; its file goes with the value.
#[derive(Debug)]
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of its file.
    file: (u64, u64),
}

impl Socket {
    /// Mode 0660, owned by root and `gid`.
    pub(super) fn bind(path: &Path, gid: u32) -> Result<Self, PlaceError> {
        if let Some(folder) = path.parent() {
            // From here on nobody but root can put something in the socket's place.
            folders::open_own(folder, 0o755)?;
        }
        if let Ok(found) = fs::symlink_metadata(path) {
            if !found.file_type().is_socket() {
                let taken = io::Error::new(io::ErrorKind::AlreadyExists, "it is not a socket");
                return Err(at(path)(taken));
            }
            if UnixStream::connect(path).is_ok() {
                return Err(PlaceError::InUse(path.to_owned()));
            }
            fs::remove_file(path).map_err(at(path))?;
        }
        let listener = UnixListener::bind(path).map_err(at(path))?;
        let file = identity(path).map_err(at(path))?;
        let socket = Self { listener, path: path.to_owned(), file };
        chown(path, Some(0), Some(gid)).map_err(at(path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(at(path))?;
        Ok(socket)
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Another daemon may have put its own there. Best effort: a stale file is replaced at the next start.
        if identity(&self.path).is_ok_and(|found| found == self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
