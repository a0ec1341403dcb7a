//! Uploaded files, in memory.
//!
//! Always true: every path in it passed [`check_path`], no path is both a file and a folder, and
//! every link has a target below the root.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
    ops::Bound,
};

use bytes::Bytes;

use super::{BadPath, Files, Look, ReadError, check_path, folder, normal, upwards};

/// Why a set of files is no upload.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUpload {
    /// A path that cannot be used.
    #[error("path {path:?} cannot be used: {why}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        why: BadPath,
    },
    /// The same path twice, or as a file and as a folder.
    #[error("{path} is there twice, or is a file and a folder")]
    Twice {
        /// The path.
        path: String,
    },
    /// A link that leads out of the upload.
    #[error("link {path} leads out of the upload: {target}")]
    LeadsOut {
        /// The link.
        path: String,
        /// Its text.
        target: String,
    },
}

#[derive(Debug)]
enum Node {
    Folder,
    File(Bytes),
    Link(String),
}

/// Files in memory: paths with their bytes, and links.
#[derive(Debug, Default)]
pub struct Uploaded {
    nodes: BTreeMap<String, Node>,
}

impl Uploaded {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Its bytes are shared, not copied.
    ///
    /// # Errors
    ///
    /// The path cannot be used, or is taken.
    pub fn file(&mut self, path: &str, bytes: Bytes) -> Result<(), BadUpload> {
        self.add(path, Node::File(bytes))
    }

    /// Adds a link; `target` is relative to the link's folder and may hold `..`.
    ///
    /// # Errors
    ///
    /// The path cannot be used, or is taken; the target is absolute or leads out.
    pub fn link(&mut self, path: &str, target: &str) -> Result<(), BadUpload> {
        let plain = |target: &str| check_path(target).map_or_else(is_dots, |()| true);
        if target.starts_with('/') || !plain(target) || normal(folder(path), target).is_none() {
            return Err(BadUpload::LeadsOut { path: path.to_owned(), target: target.to_owned() });
        }
        self.add(path, Node::Link(target.to_owned()))
    }

    fn add(&mut self, path: &str, node: Node) -> Result<(), BadUpload> {
        check_path(path).map_err(|why| BadUpload::Path { path: path.to_owned(), why })?;
        for above in upwards(folder(path)).filter(|it| !it.is_empty()) {
            match self.nodes.entry(above.to_owned()) {
                Entry::Vacant(entry) => drop(entry.insert(Node::Folder)),
                Entry::Occupied(entry) if matches!(entry.get(), Node::Folder) => break,
                Entry::Occupied(_) => return Err(BadUpload::Twice { path: above.to_owned() }),
            }
        }
        match self.nodes.entry(path.to_owned()) {
            Entry::Vacant(entry) => drop(entry.insert(node)),
            Entry::Occupied(_) => return Err(BadUpload::Twice { path: path.to_owned() }),
        }
        Ok(())
    }

    /// Every file with its bytes, in the order of their paths. Links are not among them.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.nodes.iter().filter_map(|(path, node)| match node {
            Node::File(bytes) => Some((path.as_str(), bytes)),
            Node::Folder | Node::Link(_) => None,
        })
    }
}

/// Whether that is all there is against a link's target.
fn is_dots(why: BadPath) -> bool {
    why == BadPath::DotSegment
}

impl Files for Uploaded {
    fn look(&self, path: &str) -> Option<Look> {
        if path.is_empty() {
            return Some(Look::Folder);
        }
        Some(match self.nodes.get(path)? {
            Node::Folder => Look::Folder,
            Node::File(bytes) => Look::File(bytes.len() as u64),
            Node::Link(target) => Look::Link(target.clone()),
        })
    }

    fn read(&self, path: &str) -> Result<Bytes, ReadError> {
        match self.nodes.get(path) {
            Some(Node::File(bytes)) => Ok(bytes.clone()),
            Some(Node::Folder | Node::Link(_)) | None => {
                Err(ReadError { path: path.to_owned(), source: io::ErrorKind::NotFound.into() })
            }
        }
    }

    fn list(&self, path: &str) -> Vec<String> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut names = Vec::new();
        let mut from = Bound::Included(prefix.clone());
        // One step a name: what is below a folder is jumped over. '0' follows '/'.
        while let Some((found, _)) = self.nodes.range((from, Bound::Unbounded)).next() {
            let Some(rest) = found.strip_prefix(&prefix) else { break };
            let name = rest.split('/').next().unwrap_or(rest).to_owned();
            if rest.len() == name.len() {
                names.push(name.clone());
                from = Bound::Excluded(found.clone());
            } else {
                from = Bound::Included(format!("{prefix}{name}0"));
            }
        }
        names
    }

    fn inside(&self, _absolute: &str) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Found, real};

    fn tree() -> Uploaded {
        let mut files = Uploaded::new();
        files.file("a/b/c.js", Bytes::from_static(b"1")).unwrap();
        files.file("a/b.js", Bytes::from_static(b"22")).unwrap();
        files.file("a/b0.js", Bytes::from_static(b"22")).unwrap();
        files.link("a/l", "../z/y").unwrap();
        files.file("z/y/index.js", Bytes::new()).unwrap();
        files.link("loop", "pool").unwrap();
        files.link("pool", "loop").unwrap();
        files
    }

    #[test]
    fn folders_are_listed_without_what_is_below() {
        assert_eq!(tree().list(""), ["a", "loop", "pool", "z"]);
        assert_eq!(tree().list("a"), ["b", "b.js", "b0.js", "l"]);
        assert_eq!(tree().list("a/b"), ["c.js"]);
        assert_eq!(tree().list("nowhere"), [""; 0]);
    }

    #[test]
    fn links_are_followed() {
        let found = real(&tree(), "a/l/index.js").unwrap();
        let path = "z/y/index.js".to_owned();
        assert_eq!(found, Found { path, look: Look::File(0), links: vec!["a/l".to_owned()] });
        assert_eq!(real(&tree(), "a/l/..").unwrap().path, "z");
    }

    #[test]
    fn links_in_circles_lead_nowhere() {
        assert_eq!(real(&tree(), "loop"), None);
        assert_eq!(real(&tree(), "loop/x"), None);
    }

    #[test]
    fn a_file_is_no_folder() {
        assert_eq!(real(&tree(), "a/b.js/c"), None);
        let twice = BadUpload::Twice { path: "a/b.js".into() };
        assert_eq!(tree().file("a/b.js/c", Bytes::new()), Err(twice));
        assert_eq!(tree().file("a/b", Bytes::new()), Err(BadUpload::Twice { path: "a/b".into() }));
    }

    #[test]
    fn links_stay_inside() {
        let mut files = tree();
        assert!(files.link("x", "../y").is_err());
        assert!(files.link("x", "/etc/passwd").is_err());
        assert!(files.link("x", "").is_err());
        assert!(files.link("x", "a\\b").is_err());
        assert!(files.link("a/x", "../..").is_err());
        assert!(files.link("a/x", "..").is_ok());
    }
}
