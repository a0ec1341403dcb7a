//! [`Files`] as the file system of the resolver library.
//!
//! The library recurses over paths, links and manifests. So it never sees a chain of links (each
//! leads to its end at once), nor of a manifest more than resolution needs, nor anything but
//! manifests.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use oxc_resolver::{FileMetadata, FileSystem, ResolveError};

use crate::{
    files::{Files, Look, folder, join, name, real},
    manifest,
};

/// Read instead of a manifest that is not valid; the library reports it when it needs it.
const INVALID: &[u8] = b"!";

pub(super) struct System(pub(super) Arc<dyn Files>);

/// The library's paths are absolute.
pub(super) fn absolute(path: &str) -> PathBuf {
    PathBuf::from(format!("/{path}"))
}

/// The reverse of [`absolute`].
pub(super) fn plain(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix('/')
}

fn nothing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

fn metadata(look: &Look) -> FileMetadata {
    let file = matches!(look, Look::File(_));
    FileMetadata::new(file, *look == Look::Folder, matches!(look, Look::Link(_)))
}

impl System {
    /// What is at `path` once the links of its folder are followed, and the path without them.
    fn look(&self, path: &Path) -> Option<(String, Look)> {
        let path = plain(path)?;
        if path.is_empty() {
            return Some((String::new(), Look::Folder));
        }
        let folder = real(&*self.0, folder(path))?;
        let path = join(&folder.path, name(path));
        let look = self.0.look(&path)?;
        Some((path, look))
    }
}

impl FileSystem for System {
    fn new() -> Self {
        // Only asked for by constructors of the library that are not used here.
        Self(Arc::new(crate::files::Uploaded::new()))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = plain(path).filter(|it| name(it) == "package.json").ok_or_else(nothing)?;
        let path = crate::files::file(&*self.0, path).ok_or_else(nothing)?;
        let bytes = self.0.read(&path).map_err(|err| err.source)?;
        Ok(manifest::reduced(&bytes).unwrap_or_else(|_| INVALID.to_vec()))
    }

    fn read_to_string(&self, _path: &Path) -> io::Result<String> {
        Err(nothing())
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let found = real(&*self.0, plain(path).ok_or_else(nothing)?).ok_or_else(nothing)?;
        Ok(metadata(&found.look))
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let (path, look) = self.look(path).ok_or_else(nothing)?;
        if matches!(look, Look::Link(_)) && real(&*self.0, &path).is_none() {
            return Err(nothing());
        }
        Ok(metadata(&look))
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        self.canonicalize(path).map_err(ResolveError::from)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let found = plain(path).and_then(|it| real(&*self.0, it)).ok_or_else(nothing)?;
        Ok(absolute(&found.path))
    }
}
