//! What PATH is: a script or a folder on disk, or an archive of a folder.
//!
//! Scripts are found by the whole disk, as Node does: packages and workspaces may be in folders above.
//! Of an archive nothing outside of it is ever looked at.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use skep_project::{
    Disk, Files,
    files::{Look, folder, join},
    syntax::Dialect,
};

use super::archive::{self, BadArchive};

/// The endings of archives.
const ARCHIVES: [&str; 3] = [".tar", ".tar.gz", ".tgz"];

/// What is traced.
pub(crate) struct Opened {
    /// Where it is looked for.
    pub(crate) files: Arc<dyn Files>,
    /// The folder or the script that was named, in `files`.
    pub(crate) named: String,
    /// The folder that was named or that the script is in.
    pub(crate) home: String,
    /// What of an archive was left out, and why.
    pub(crate) left_out: Vec<String>,
}

/// Why PATH cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// It is not there, or closed to us.
    #[error("cannot read {}", .path.display())]
    Read {
        /// PATH.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Paths are UTF-8 in the API.
    #[error("the path {} is not UTF-8", .path.display())]
    NotUtf8 {
        /// PATH, links followed.
        path: PathBuf,
    },
    /// It is a file of another kind, or no file.
    #[error(
        "{} is neither a folder, nor a script (.js .mjs .cjs .ts .mts .cts .tsx .jsx), nor an \
         archive (.tar .tar.gz .tgz)",
        .path.display()
    )]
    Neither {
        /// PATH.
        path: PathBuf,
    },
    /// The archive cannot be taken.
    #[error("cannot take the archive {}", .path.display())]
    Archive {
        /// PATH.
        path: PathBuf,
        /// Why.
        source: BadArchive,
    },
}

/// Opens PATH.
pub(crate) fn open(path: &Path) -> Result<Opened, OpenError> {
    let unreadable = |source| OpenError::Read { path: path.to_owned(), source };
    let real = fs::canonicalize(path).map_err(unreadable)?;
    let kind = fs::metadata(&real).map_err(unreadable)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if kind.is_file() && ARCHIVES.iter().any(|ending| name.ends_with(ending)) {
        let file = fs::File::open(&real).map_err(unreadable)?;
        let bad = |source| OpenError::Archive { path: path.to_owned(), source };
        let read = archive::read(file).map_err(bad)?;
        let home = top(&read.files);
        let files = Arc::new(read.files);
        return Ok(Opened { files, named: home.clone(), home, left_out: read.left_out });
    }
    let text = real.to_str().ok_or_else(|| OpenError::NotUtf8 { path: real.clone() })?;
    let named = text.trim_start_matches('/').to_owned();
    let home = if kind.is_dir() {
        named.clone()
    } else if kind.is_file() && Dialect::of(&named).is_some() {
        folder(&named).to_owned()
    } else {
        return Err(OpenError::Neither { path: path.to_owned() });
    };
    let files = Arc::new(Disk::new(Path::new("/")).map_err(unreadable)?);
    Ok(Opened { files, named, home, left_out: Vec::new() })
}

/// The folder of an archive that holds the project: archives of packages have one folder at their top.
fn top(files: &dyn Files) -> String {
    let mut at = String::new();
    loop {
        let names = files.list(&at);
        let [only] = names.as_slice() else { return at };
        let below = join(&at, only);
        if files.look(&below) != Some(Look::Folder) || only == "node_modules" {
            return at;
        }
        at = below;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use skep_project::Uploaded;

    use super::*;

    #[test]
    fn the_one_folder_of_an_archive_is_the_project() {
        let mut files = Uploaded::new();
        files.file("package/src/a.js", Bytes::new()).unwrap();
        assert_eq!(top(&files), "package/src");
        files.file("package/package.json", Bytes::new()).unwrap();
        assert_eq!(top(&files), "package");
        files.file("b.js", Bytes::new()).unwrap();
        assert_eq!(top(&files), "");
    }

    #[test]
    fn what_is_neither_is_refused_with_what_would_be() {
        let error = open(Path::new("/dev/null")).err().unwrap().to_string();
        assert!(error.starts_with("/dev/null is neither a folder, nor a script (.js"), "{error}");
    }
}
