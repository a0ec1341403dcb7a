//! A developer's disk, for the command line client.
//!
//! Links are followed as the operating system does, but nothing outside of the root is answered.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::{Files, Look, ReadError};

/// The files below one folder of the disk.
#[derive(Debug)]
pub struct Disk {
    /// Absolute and without links.
    root: PathBuf,
}

impl Disk {
    /// The files below `root`, which must exist.
    ///
    /// # Errors
    ///
    /// There is no such folder, or its path is not UTF-8.
    pub fn new(root: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(root)?;
        if root.to_str().is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "its path is not UTF-8"));
        }
        Ok(Self { root })
    }

    /// The root, absolute and without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `path` is on disk.
    pub fn locate(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

impl Files for Disk {
    fn look(&self, path: &str) -> Option<Look> {
        let at = self.locate(path);
        let found = fs::symlink_metadata(&at).ok()?;
        if found.is_symlink() {
            Some(Look::Link(fs::read_link(&at).ok()?.into_os_string().into_string().ok()?))
        } else if found.is_dir() {
            Some(Look::Folder)
        } else if found.is_file() {
            Some(Look::File(found.len()))
        } else {
            None
        }
    }

    fn read(&self, path: &str) -> Result<Bytes, ReadError> {
        let failed = |source| ReadError { path: path.to_owned(), source };
        let at = self.locate(path);
        // The path had no link in it when it was resolved; one that came since could lead out.
        if fs::canonicalize(&at).map_err(failed)? != at {
            return Err(failed(io::Error::new(io::ErrorKind::NotFound, "a link is in its path")));
        }
        fs::read(&at).map(Bytes::from).map_err(failed)
    }

    fn list(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.locate(path)).into_iter().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|it| it.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    fn inside(&self, absolute: &str) -> Option<String> {
        let rest = Path::new(absolute).strip_prefix(&self.root).ok()?;
        rest.to_str().map(str::to_owned)
    }
}
