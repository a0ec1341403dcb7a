//! The folders and the socket that only root can make.

use std::{
    fs, io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::{
            fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _, chown},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

/// Why the daemon has no place to be in.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// A folder or file cannot be made or used.
    #[error("cannot use {}", .path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// Another daemon answers there.
    #[error("another skepd serves {}; stop it, or give this one another socket", .0.display())]
    InUse(PathBuf),
}

fn at(path: &Path) -> impl Fn(io::Error) -> PlaceError {
    move |source| PlaceError::Folder { path: path.to_owned(), source }
}

/// Makes the folder of the state, for `owner` alone.
pub(super) fn state_folder(path: &Path, owner: u32) -> Result<(), PlaceError> {
    if let Some(above) = path.parent() {
        // The daemon must be able to reach its own folder.
        fs::DirBuilder::new().recursive(true).mode(0o755).create(above).map_err(at(above))?;
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
    chown(path, Some(owner), Some(owner)).map_err(at(path))?;
    for entry in fs::read_dir(path).map_err(at(path))? {
        // A configuration with another user must still find its own files.
        let entry = entry.map_err(at(path))?.path();
        give_all(&entry, owner).map_err(at(&entry))?;
    }
    Ok(())
}

/// Never follows a link out of the folder.
fn give_all(path: &Path, owner: u32) -> io::Result<()> {
    std::os::unix::fs::lchown(path, Some(owner), Some(owner))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give_all(&entry?.path(), owner)?;
        }
    }
    Ok(())
}

/// The listening socket of the API; its file goes with the value.
#[derive(Debug)]
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Mode 0660, owned by root and `gid`.
    pub(super) fn bind(path: &Path, gid: u32) -> Result<Self, PlaceError> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(folder).map_err(at(folder))?;
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
        chown(path, Some(0), Some(gid)).map_err(at(path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(at(path))?;
        Ok(Self { listener, path: path.to_owned() })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Best effort: a stale file is replaced at the next start.
        let _ = fs::remove_file(&self.path);
    }
}
