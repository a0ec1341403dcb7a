//! Folders that root works in: reached from the top by descriptors, each checked on the way.
//!
//! Whoever may write to a folder decides what is behind the names in it. So every folder above the one that is
//! used must be root's and writable for nobody else, sticky ones like `/tmp` included, and so must be every folder
//! that holds a link on the way. What changes its owner is changed by descriptors as well.

use std::{
    collections::VecDeque,
    ffi::{CStr, OsString},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{
        AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, Stat, Uid, chownat, fchown, fstat, mkdirat,
        openat, readlinkat,
    },
    io::Errno,
};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, opened or given away.
    #[error("cannot use {}", .path.display())]
    Use {
        /// The folder, or a file in it.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// Somebody else could put something in its place.
    #[error(
        "cannot use {}: {} belongs to uid {uid} and has mode {mode:o}, so that others than root decide what is \
         in it; fix: choose a path below /run or /var/lib, or, if nobody else needs to write there, \
         chown root:root {} && chmod go-w {}",
        .path.display(), .above.display(), .above.display(), .above.display()
    )]
    Shared {
        /// The folder that was asked for.
        path: PathBuf,
        /// The one above it.
        above: PathBuf,
        /// Who owns that.
        uid: u32,
        /// Its permissions.
        mode: u32,
    },
    /// It holds things of somebody else, who would lose them.
    #[error(
        "cannot use {} for the state: it holds {found:?}, which is not Skep's; fix: give it a folder of its own \
         with state = in the configuration", .path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What is in it.
        found: String,
    },
    /// A file of the state is also somewhere else, perhaps somebody else's.
    #[error(
        "cannot use {}: it has {links} names (hard links), and the others may be somebody else's; fix: \
         remove it, or copy it to a file of its own", .path.display()
    )]
    Linked {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
}

fn at(path: &Path) -> impl Fn(Errno) -> FolderError {
    move |errno| FolderError::Use { path: path.to_owned(), source: errno.into() }
}

const FOLDER: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Links on the way to a folder, at most: more than anybody needs.
const MOST_LINKS: usize = 16;

/// Opens the folder at `path`; those above it are made where they are missing, for everybody to read, and the
/// folder itself with `mode`. A link is followed if it is in a folder of root's alone: then it stays what it is.
///
/// # Errors
///
/// [`FolderError`].
pub(super) fn open(path: &Path, mode: u32) -> Result<OwnedFd, FolderError> {
    let mut names: VecDeque<OsString> = names_of(path).collect();
    let mut links = 0;
    let mut seen = PathBuf::from("/");
    let mut here = top(path)?;
    while let Some(name) = names.pop_front() {
        check(path, &seen, &fstat(&here).map_err(at(&seen))?)?;
        let below = seen.join(&name);
        let mode = if names.is_empty() { mode } else { 0o755 };
        here = match openat(&here, &name, FOLDER, Mode::empty()) {
            Ok(opened) => opened,
            Err(Errno::NOENT) => {
                match mkdirat(&here, &name, Mode::from_raw_mode(mode)) {
                    Err(Errno::EXIST) => {}
                    made => made.map_err(at(&below))?,
                }
                openat(&here, &name, FOLDER, Mode::empty()).map_err(at(&below))?
            }
            Err(errno) => {
                // No folder: perhaps a link to one.
                let to = readlinkat(&here, &name, Vec::new()).map_err(|_| at(&below)(errno))?;
                links += 1;
                if MOST_LINKS < links {
                    return Err(at(&below)(Errno::LOOP));
                }
                let to = PathBuf::from(OsString::from_vec(to.into_bytes()));
                for name in names_of(&to).collect::<Vec<_>>().into_iter().rev() {
                    names.push_front(name);
                }
                if to.is_absolute() {
                    (here, seen) = (top(path)?, PathBuf::from("/"));
                }
                continue;
            }
        };
        seen = if name == ".." { seen.parent().unwrap_or(&seen).to_owned() } else { below };
    }
    Ok(here)
}

fn top(path: &Path) -> Result<OwnedFd, FolderError> {
    openat(CWD, "/", FOLDER, Mode::empty()).map_err(at(path))
}

/// The names on the way, without those that mean nothing.
fn names_of(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

/// The same for a folder that must be root's alone as well.
///
/// # Errors
///
/// [`FolderError`].
pub(super) fn open_own(path: &Path, mode: u32) -> Result<OwnedFd, FolderError> {
    let folder = open(path, mode)?;
    check(path, path, &fstat(&folder).map_err(at(path))?)?;
    Ok(folder)
}

/// Whether only root decides what is in a folder.
fn is_roots(uid: u32, gid: u32, mode: Mode) -> bool {
    let others = if gid == 0 { Mode::WOTH } else { Mode::WOTH.union(Mode::WGRP) };
    uid == 0 && !mode.intersects(others)
}

fn check(path: &Path, above: &Path, found: &Stat) -> Result<(), FolderError> {
    let mode = Mode::from_raw_mode(found.st_mode);
    if is_roots(found.st_uid, found.st_gid, mode) {
        return Ok(());
    }
    Err(FolderError::Shared {
        path: path.to_owned(),
        above: above.to_owned(),
        uid: found.st_uid,
        mode: mode.bits() & 0o7777,
    })
}

/// Gives a folder and all that is in it to `owner`, where it is somebody else's. At its top it may hold nothing
/// but what is called one of `known`.
///
/// # Errors
///
/// [`FolderError`].
pub(super) fn give(
    folder: &OwnedFd,
    path: &Path,
    owner: u32,
    known: &[&str],
) -> Result<(), FolderError> {
    let is_theirs = fstat(folder).map_err(at(path))?.st_uid != owner;
    let open = readable(folder.as_fd(), c".").map_err(at(path))?;
    for name in names(&open, path)? {
        let text = name.to_string_lossy();
        if is_theirs && !known.contains(&&*text) {
            let (path, found) = (path.to_owned(), text.into_owned());
            return Err(FolderError::Foreign { path, found });
        }
    }
    give_all(&open, path, owner, 0)?;
    give_one(&open, path, owner)
}

fn readable(above: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(above, name, flags, Mode::empty())
}

fn names(folder: &OwnedFd, path: &Path) -> Result<Vec<std::ffi::CString>, FolderError> {
    let entries = Dir::read_from(folder).map_err(at(path))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_owned()));
    let names: Vec<_> = names.collect::<Result<_, _>>().map_err(at(path))?;
    Ok(names.into_iter().filter(|name| ![c".", c".."].contains(&name.as_c_str())).collect())
}

fn ids(owner: u32) -> (Option<Uid>, Option<Gid>) {
    (Some(Uid::from_raw(owner)), Some(Gid::from_raw(owner)))
}

fn give_one(folder: &OwnedFd, path: &Path, owner: u32) -> Result<(), FolderError> {
    let found = fstat(folder).map_err(at(path))?;
    if (found.st_uid, found.st_gid) == (owner, owner) {
        return Ok(());
    }
    let (uid, gid) = ids(owner);
    fchown(folder, uid, gid).map_err(at(path))
}

/// Folders in folders of the state, at most: it has three.
const MOST_DEPTH: usize = 16;

/// Folders first from within: what is not given away yet cannot be changed meanwhile by its new owner.
fn give_all(folder: &OwnedFd, path: &Path, owner: u32, depth: usize) -> Result<(), FolderError> {
    if MOST_DEPTH < depth {
        return Err(at(path)(Errno::LOOP));
    }
    for name in names(folder, path)? {
        let below = path.join(&*name.to_string_lossy());
        // What is looked at is what is given away, whatever takes its name meanwhile.
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = match openat(folder, &name, flags, Mode::empty()) {
            // It went away meanwhile.
            Err(Errno::NOENT) => continue,
            found => found.map_err(at(&below))?,
        };
        let is = fstat(&found).map_err(at(&below))?;
        if FileType::from_raw_mode(is.st_mode) == FileType::Directory {
            let open = readable(found.as_fd(), c".").map_err(at(&below))?;
            give_all(&open, &below, owner, depth + 1)?;
            give_one(&open, &below, owner)?;
            continue;
        }
        if (is.st_uid, is.st_gid) == (owner, owner) {
            continue;
        }
        if 1 < is.st_nlink {
            return Err(FolderError::Linked { path: below, links: is.st_nlink });
        }
        let (uid, gid) = ids(owner);
        chownat(&found, c"", uid, gid, AtFlags::EMPTY_PATH).map_err(at(&below))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uid: u32, gid: u32, mode: u32, expected: bool) {
        assert_eq!(is_roots(uid, gid, Mode::from_raw_mode(mode)), expected);
    }

    #[test]
    fn only_roots_own_folders_are_worked_in() {
        check(0, 0, 0o755, true);
        check(0, 0, 0o775, true);
        check(0, 50, 0o755, true);
        check(0, 50, 0o775, false);
        check(0, 0, 0o1777, false);
        check(0, 0, 0o777, false);
        check(1000, 0, 0o755, false);
    }
}
