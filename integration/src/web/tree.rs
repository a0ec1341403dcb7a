//! The folder of web-platform-tests: which tests it has, where the names in them lead, and what an app of one needs.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::meta::Meta;

/// The harness, from the root of the tests.
pub const HARNESS: &str = "resources/testharness.js";
/// How the names of test files end that run without a document.
const TEST: &str = ".any.js";
/// Names of data that the server of the tests would make something of, and that mean nothing as they are.
const SERVED: [&str; 3] = [".py", ".asis", ".headers"];
/// Data of one test, together; what would be beyond it is not laid. An app may have 16 MiB.
const MOST_DATA: u64 = 12 << 20;

/// Why a folder or one of its tests cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// It is no folder of these tests.
    #[error(
        "{} has no {HARNESS}: it must be a checkout of web-platform-tests, or a folder of the same layout",
        .0.display()
    )]
    NoHarness(PathBuf),
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Unread {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A script that a test needs is not there.
    #[error("there is no {0}")]
    NoScript(String),
}

/// A folder of tests.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
}

/// Which of the tests are meant.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Folders and files, from the root; empty for all.
    pub only: Vec<String>,
    /// Folders and files that are left out.
    pub except: Vec<String>,
}

impl Choice {
    /// Whether a file is meant.
    pub fn has(&self, file: &str) -> bool {
        let in_one = |places: &[String]| places.iter().any(|place| is_in(file, place));
        (self.only.is_empty() || in_one(&self.only)) && !in_one(&self.except)
    }
}

/// Whether a file is this place or below it.
fn is_in(file: &str, place: &str) -> bool {
    let rest = file.strip_prefix(place.trim_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What an app of one test needs.
#[derive(Debug)]
pub struct Laid {
    /// What it says of itself.
    pub meta: Meta,
    /// Paths of the scripts that run, in order; the last is the test.
    pub scripts: Vec<String>,
    /// All files by their paths from the root.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    /// A folder that has the harness.
    pub fn open(root: &Path) -> Result<Self, TreeError> {
        if !root.join(HARNESS).is_file() {
            return Err(TreeError::NoHarness(root.to_owned()));
        }
        Ok(Self { root: root.to_owned() })
    }

    /// The tests that are meant, by their paths from the root, in order.
    pub fn tests(&self, choice: &Choice) -> Result<Vec<String>, TreeError> {
        let mut found = Vec::new();
        self.collect("", &mut found)?;
        found.retain(|file| choice.has(file));
        found.sort();
        Ok(found)
    }

    fn collect(&self, folder: &str, found: &mut Vec<String>) -> Result<(), TreeError> {
        let path = self.root.join(folder);
        let unread = |source| TreeError::Unread { path: path.clone(), source };
        for entry in fs::read_dir(&path).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let name = entry.file_name();
            // A name that is no text is none of a test.
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            let inner =
                if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            // Links are not followed: they could lead anywhere, and in a circle.
            let kind = entry.file_type().map_err(unread)?;
            if kind.is_dir() {
                self.collect(&inner, found)?;
            } else if kind.is_file() && name.ends_with(TEST) {
                found.push(inner);
            }
        }
        Ok(())
    }

    fn read(&self, file: &str) -> Result<Vec<u8>, TreeError> {
        let path = self.root.join(file);
        fs::read(&path).map_err(|source| TreeError::Unread { path, source })
    }

    fn size(&self, file: &str) -> Option<u64> {
        let found = fs::metadata(self.root.join(file)).ok()?;
        found.is_file().then_some(found.len())
    }

    /// What an app of a test needs: harness, scripts, the test, and the data that scripts and test mention.
    pub fn lay(&self, test: &str) -> Result<Laid, TreeError> {
        let meta = Meta::of(&String::from_utf8_lossy(&self.read(test)?));
        let mut scripts = Vec::new();
        for name in &meta.scripts {
            let path = resolve(test, name).filter(|path| self.size(path).is_some());
            scripts.push(path.ok_or_else(|| TreeError::NoScript(name.clone()))?);
        }
        scripts.push(test.to_owned());
        let mut files = BTreeMap::new();
        for path in scripts.iter().map(String::as_str).chain([HARNESS]) {
            files.insert(path.to_owned(), self.read(path)?);
        }
        let mut left = MOST_DATA;
        for script in &scripts {
            let text = String::from_utf8_lossy(&files[script]).into_owned();
            // A name may be relative to the test, or be put together with a script's own folder.
            let names = literals(&text);
            for path in
                names.iter().flat_map(|name| scripts.iter().filter_map(|at| resolve(at, name)))
            {
                let size = self.size(&path).filter(|size| *size <= left);
                if let Some(size) = size
                    && is_data(&path)
                    && !files.contains_key(&path)
                {
                    left -= size;
                    files.insert(path.clone(), self.read(&path)?);
                }
            }
        }
        Ok(Laid { meta, scripts, files })
    }
}

/// Whether the server of the tests would hand a file out as it is.
fn is_data(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !name.contains(".sub.") && !SERVED.iter().any(|ending| name.ends_with(ending))
}

/// Where a name in a file leads, from the root of the tests: names from `/` begin there, others at the file's folder.
/// Query and fragment are no part of it. `None` is above the root, or nowhere.
pub fn resolve(file: &str, name: &str) -> Option<String> {
    let name = name.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> =
        if name.starts_with('/') { Vec::new() } else { file.split('/').collect() };
    // The file's own name is no folder.
    parts.pop();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty() && !name.is_empty()).then(|| parts.join("/"))
}

/// What stands between quotes in a script and may be a name of a file, each once. Of a template that begins with
/// something put in, what follows that.
pub fn literals(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        for quote in ['"', '\'', '`'] {
            let parts = line.split(quote).skip(1);
            let names = parts.map(|part| part.rsplit('}').next().unwrap_or(part));
            let names = names.filter(|name| {
                let may_be = |char: char| !char.is_whitespace() && !"<>(){},;\\".contains(char);
                name.len() < 256 && name.contains('.') && name.chars().all(may_be)
            });
            for name in names {
                if !found.iter().any(|known| known == name) {
                    found.push(name.to_owned());
                }
            }
        }
    }
    found
}
