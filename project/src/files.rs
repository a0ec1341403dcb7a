//! What a project's files are read through: the disk of a developer, or an upload in memory.
//!
//! Every path here is relative to the root of its `Files`, UTF-8, separated by `/`, without a
//! leading or trailing one; the root itself is the empty text. Nothing outside of that root is ever
//! answered: a link that leads out of it is there, but ends nowhere.

use std::fmt;

use bytes::Bytes;

mod disk;
mod uploaded;

pub use disk::Disk;
pub use uploaded::{BadUpload, Uploaded};

/// How many links one path may lead through, as in Linux.
const MAX_LINKS: usize = 40;

/// Longest path of an uploaded file, in bytes.
pub const MAX_PATH: usize = 512;

/// What stands at a path, links not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A file of this many bytes.
    File(u64),
    /// A folder.
    Folder,
    /// A link, with the text it holds: relative to the link's folder, or (on disk) absolute.
    Link(String),
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub struct ReadError {
    /// The path that was asked for.
    pub path: String,
    /// What the operating system said.
    pub source: std::io::Error,
}

/// A tree of files.
///
/// `look` and `read` are asked with paths whose folders are real, not links: see [`real`].
pub trait Files: Send + Sync {
    /// What stands at `path`; `None` if nothing does.
    fn look(&self, path: &str) -> Option<Look>;

    /// The content of the file at `path`.
    ///
    /// # Errors
    ///
    /// There is no file, or it cannot be read.
    fn read(&self, path: &str) -> Result<Bytes, ReadError>;

    /// The names in the folder at `path`, sorted; empty if it is none.
    fn list(&self, path: &str) -> Vec<String>;

    /// Turns the text of an absolute link into a path under this root; `None` if it leads out.
    fn inside(&self, absolute: &str) -> Option<String>;
}

/// What is at the end of a path once all links are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The path without any link in it.
    pub path: String,
    /// [`Look::File`] or [`Look::Folder`].
    pub look: Look,
    /// The links that were followed, each by its own real path, in order.
    pub links: Vec<String>,
}

/// Follows every link of `path`; `None` if there is nothing, or the links go in circles or lead out.
///
/// `path` may hold `.` and `..` segments; `..` is taken after the links before it, as by the kernel.
pub fn real(files: &dyn Files, path: &str) -> Option<Found> {
    let mut todo: Vec<String> =
        path.split('/').rev().filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let mut at = String::new();
    let mut look = Look::Folder;
    let mut links = Vec::new();
    while let Some(segment) = todo.pop() {
        if segment == "." {
            continue;
        }
        if segment == ".." {
            if at.is_empty() {
                return None;
            }
            at.truncate(at.rfind('/').unwrap_or(0));
            look = Look::Folder;
            continue;
        }
        if look != Look::Folder {
            return None;
        }
        let next = join(&at, &segment);
        match files.look(&next)? {
            Look::Link(target) => {
                links.push(next);
                if MAX_LINKS < links.len() {
                    return None;
                }
                let target = if target.starts_with('/') {
                    at.clear();
                    files.inside(&target)?
                } else {
                    target
                };
                todo.extend(target.split('/').rev().filter(|it| !it.is_empty()).map(str::to_owned));
                look = Look::Folder;
            }
            found => {
                at = next;
                look = found;
            }
        }
    }
    Some(Found { path: at, look, links })
}

/// Whether `path` is a file once links are followed; its real path if so.
pub fn file(files: &dyn Files, path: &str) -> Option<String> {
    real(files, path).filter(|it| matches!(it.look, Look::File(_))).map(|it| it.path)
}

/// `name` inside `folder`. No segment is resolved.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The folder of `path`; the root's is the root.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last segment of `path`.
pub fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What follows the last dot of the last segment; empty if there is none, or only a leading one.
pub fn ending(path: &str) -> &str {
    match name(path).rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => ending,
        _ => "",
    }
}

/// `text` from `folder`, with `.` and `..` resolved by the text alone; `None` if that leads out.
pub fn normal(folder: &str, text: &str) -> Option<String> {
    let mut segments: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
    for segment in text.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()?),
            name => segments.push(name),
        }
    }
    Some(segments.join("/"))
}

/// `path` as it is seen from `folder`: with `../` where it is not below it.
pub fn relative(folder: &str, path: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
    let to: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - same);
    up.chain(to[same..].iter().copied()).collect::<Vec<_>>().join("/")
}

/// `path` and each folder above it: `a/b/c`, `a/b`, `a`, and the root.
pub fn upwards(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |it| (!it.is_empty()).then(|| folder(it)))
}

/// What is wrong with the path of an uploaded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPath {
    /// It has no byte.
    Empty,
    /// It has more than [`MAX_PATH`] bytes: this many.
    TooLong(usize),
    /// It starts or ends with `/`, or has two in a row.
    EmptySegment,
    /// It has a segment `.` or `..`.
    DotSegment,
    /// It holds a control character or a backslash.
    BadChar(char),
}

impl fmt::Display for BadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::TooLong(found) => {
                write!(f, "it has {found} bytes, at most {MAX_PATH} are allowed")
            }
            Self::EmptySegment => f.write_str("it has an empty segment"),
            Self::DotSegment => f.write_str("it has a segment '.' or '..'"),
            Self::BadChar(found) => write!(f, "it has the character {found:?}"),
        }
    }
}

/// Checks the path of an uploaded file.
///
/// # Errors
///
/// It is not a plain relative path; see [`BadPath`].
pub fn check_path(path: &str) -> Result<(), BadPath> {
    if path.is_empty() {
        return Err(BadPath::Empty);
    }
    if MAX_PATH < path.len() {
        return Err(BadPath::TooLong(path.len()));
    }
    if let Some(found) = path.chars().find(|it| it.is_control() || *it == '\\') {
        return Err(BadPath::BadChar(found));
    }
    for segment in path.split('/') {
        match segment {
            "" => return Err(BadPath::EmptySegment),
            "." | ".." => return Err(BadPath::DotSegment),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_folders() {
        assert_eq!(relative("a/b", "a/c/d"), "../c/d");
        assert_eq!(relative("", "a"), "a");
        assert_eq!(relative("a/b", "a/b"), "");
        assert_eq!(normal("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(normal("a", "../../x"), None);
        assert_eq!(ending("a/.env"), "");
        assert_eq!(ending("a/x.test.ts"), "ts");
        assert_eq!(upwards("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
    }

    #[test]
    fn uploaded_paths_are_plain() {
        assert_eq!(check_path("src/Größe [id] 1.ts"), Ok(()));
        assert_eq!(check_path(""), Err(BadPath::Empty));
        assert_eq!(check_path(&"a".repeat(513)), Err(BadPath::TooLong(513)));
        assert_eq!(check_path("/a"), Err(BadPath::EmptySegment));
        assert_eq!(check_path("a//b"), Err(BadPath::EmptySegment));
        assert_eq!(check_path("a/../b"), Err(BadPath::DotSegment));
        assert_eq!(check_path("a\\b"), Err(BadPath::BadChar('\\')));
        assert_eq!(check_path("a\0b"), Err(BadPath::BadChar('\0')));
        assert_eq!(check_path("a\u{85}b"), Err(BadPath::BadChar('\u{85}')));
    }
}
