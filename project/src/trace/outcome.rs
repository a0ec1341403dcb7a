//! What a trace comes to.

use std::{collections::BTreeSet, fmt};

use super::{MAX_BYTES, MAX_FILES, NoEntry, Tracer, is_below};
use crate::{
    files::{Look, folder, real, relative, upwards},
    script::{Place, ScriptError},
    syntax::Kind,
};

/// How many of the largest files are named.
const LARGEST: usize = 10;

/// Everything that an entry needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The lowest folder that holds everything: the root of the upload.
    pub root: String,
    /// The entry, below the root.
    pub entry: String,
    /// The files, sorted by path.
    pub files: Vec<TracedFile>,
    /// The links, sorted by path.
    pub links: Vec<TracedLink>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What was left out, and why.
    pub notes: Vec<Note>,
}

impl Traced {
    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|it| it.bytes).sum()
    }
}

/// A file of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedFile {
    /// Its path below the root.
    pub path: String,
    /// Its path in the files that were traced.
    pub from: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
}

/// A link of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedLink {
    /// Its path below the root.
    pub path: String,
    /// What it leads to, relative to its folder.
    pub target: String,
}

/// Something that is wrong in a file. Its path is relative to the folder that the user named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: String,
    /// Where in it.
    pub at: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// The entry cannot be loaded with it.
    pub fatal: bool,
}

/// Something that was left out, or could not be seen. Its path is as that of a [`Problem`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file; empty for what is of none.
    pub path: String,
    /// Where in it.
    pub at: Option<Place>,
    /// What was left out, and why.
    pub message: String,
}

fn placed(f: &mut fmt::Formatter<'_>, path: &str, at: Option<Place>, message: &str) -> fmt::Result {
    match at {
        Some(at) => write!(f, "{path}:{at}: {message}"),
        None if path.is_empty() => f.write_str(message),
        None => write!(f, "{path}: {message}"),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        placed(f, &self.path, self.at, &self.message)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        placed(f, &self.path, self.at, &self.message)
    }
}

/// What is reached is more than an upload may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// How many files.
    pub files: usize,
    /// How many bytes.
    pub bytes: u64,
    /// The largest files and their bytes, the largest first.
    pub largest: Vec<(String, u64)>,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (files, bytes) = (self.files, self.bytes);
        write!(f, "{files} files with {bytes} bytes are reached; ")?;
        write!(f, "at most {MAX_FILES} files and {MAX_BYTES} bytes are allowed. The largest:")?;
        for (path, bytes) in &self.largest {
            write!(f, "\n  {bytes} {path}")?;
        }
        Ok(())
    }
}

/// Why nothing was traced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// What the user named is not there.
    #[error("{path} is not there")]
    Missing {
        /// What was named.
        path: String,
    },
    /// There is no entry.
    #[error(transparent)]
    NoEntry(#[from] NoEntry),
    /// It is too large.
    #[error("{0}")]
    TooLarge(TooLarge),
}

/// Place and message of an error, without the path.
pub(super) fn told(error: &ScriptError) -> (Place, String) {
    match error {
        ScriptError::Beyond(beyond) => {
            (Place { line: beyond.line, column: 1 }, beyond.bound.to_string())
        }
        ScriptError::Syntax { place, message, .. }
        | ScriptError::Unsupported { place, message, .. } => (*place, message.clone()),
    }
}

impl Tracer<'_> {
    pub(super) fn finish(mut self, entry: String) -> Result<Traced, TraceError> {
        self.left_out();
        let bytes = self.taken.values().map(|it| it.bytes).sum();
        if MAX_FILES < self.taken.len() || MAX_BYTES < bytes {
            let mut largest: Vec<(String, u64)> =
                self.taken.values().map(|it| (self.shown(&it.path), it.bytes)).collect();
            largest.sort_by_key(|it| std::cmp::Reverse(it.1));
            largest.truncate(LARGEST);
            let files = self.taken.len();
            return Err(TraceError::TooLarge(TooLarge { files, bytes, largest }));
        }
        let links = self.used_links();
        let root = self.root(&links);
        let below = |path: &str| relative(&root, path);
        let reached = crate::table::reached(&entry, &self.firm);
        let problems = self.problems.iter().map(|it| Problem {
            path: self.shown(&it.path),
            fatal: it.fatal && (reached.contains(it.path.as_str()) || it.path == entry),
            ..it.clone()
        });
        let mut problems: Vec<Problem> = problems.collect();
        problems.dedup();
        problems.sort_by(|a, b| (!a.fatal, &a.path, a.at).cmp(&(!b.fatal, &b.path, b.at)));
        let links = links.iter().map(|(path, target)| TracedLink {
            path: below(path),
            target: relative(folder(path), target),
        });
        let links = links.collect();
        let files =
            self.taken.into_values().map(|it| super::TracedFile { path: below(&it.path), ..it });
        let files = files.collect();
        let entry = below(&entry);
        Ok(Traced { root, entry, files, links, problems, notes: self.notes })
    }

    /// The links that lead to something that is taken, with the real paths of their ends.
    fn used_links(&self) -> Vec<(String, String)> {
        let ends = self.links.iter().filter_map(|it| {
            let end = real(self.files, it)?;
            let used = match end.look {
                Look::File(_) => self.taken.contains_key(&end.path),
                Look::Folder | Look::Link(_) => {
                    let mut after = self.taken.range(format!("{}/", end.path)..);
                    after.next().is_some_and(|(path, _)| is_below(&end.path, path))
                }
            };
            used.then(|| (it.clone(), end.path))
        });
        ends.collect()
    }

    /// The lowest folder that holds all that is taken.
    fn root(&self, links: &[(String, String)]) -> String {
        let mut folders: BTreeSet<&str> = self.taken.keys().map(|it| folder(it)).collect();
        folders.extend(links.iter().map(|(path, _)| folder(path)));
        if self.working {
            folders.insert(&self.home);
        }
        let Some(first) = folders.first() else { return self.home.clone() };
        let holds = |root: &&str| folders.iter().all(|it| is_below(root, it));
        upwards(first).find(holds).unwrap_or_default().to_owned()
    }
}
