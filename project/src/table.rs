//! Kinds and resolutions of a whole upload, made once and kept as bytes.
//!
//! Made inside the sandbox at deploy; every instance of the version loads the bytes. What a script
//! asks for by a name that only shows at run time is not in it: the resolver is asked then.
//!
//! The form, numbers in groups of seven bits, lowest first, texts as length and UTF-8:
//!
//! ```text
//! "skt1"
//! number of paths;     each: bytes shared with the one before, the rest
//! number of files;     each: path, kind, names, reexports
//! number of texts;     each: a specifier or the name of a built-in module
//! number of entries;   each: path of the script, specifier * 2 + by, target * 2 + built-in
//! ```
//!
//! Entries are sorted, so that a lookup needs no other index.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    files::{Uploaded, ending, folder},
    resolve::{By, Resolver, Target},
    script::{self, Ask, Exports, ScriptError},
    syntax::{self, Dialect, Kind},
};

mod form;

/// The most bytes that a table may have.
pub const MAX_TABLE: usize = 64 << 20;

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How it is loaded.
    pub kind: Kind,
    /// What an `import` of it gets, if it is CommonJS.
    pub exports: Exports,
}

/// Kinds and resolutions of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// By path.
    files: BTreeMap<String, Entry>,
    /// By script, specifier and way of asking.
    targets: BTreeMap<(String, String, By), Target>,
}

/// A script of an upload that cannot be loaded, or a request in it that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The script.
    pub path: String,
    /// Where in it; `None` if the message has it.
    pub at: Option<script::Place>,
    /// What is wrong.
    pub message: String,
    /// The script is reached from the entry by requests that are neither in a `try` nor put off.
    pub reached: bool,
}

/// Bytes that are no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table of the app's files cannot be read at byte {at}")]
pub struct BadTable {
    /// Where reading stopped.
    pub at: usize,
}

/// Makes the table of an upload: of every script, whether the entry reaches it or not, since what is
/// asked for at run time may be any. Other files that are asked for are in it too.
///
/// `visit` gets each script as it was read, with its JavaScript if it is TypeScript or JSX, so that
/// it can be kept or compiled; what is given is not kept here.
pub fn build(
    uploaded: &Uploaded,
    resolver: &Resolver,
    entry: &str,
    mut visit: impl FnMut(&str, &script::Script),
) -> (Table, Vec<Problem>) {
    let mut work = Work { resolver, table: Table::default(), problems: Vec::new() };
    let mut firm = BTreeMap::new();
    let mut todo: Vec<(String, bool)> = Vec::new();
    for (path, _) in uploaded.files().filter(|(path, _)| *path != entry) {
        if Dialect::of(path).is_some() {
            todo.push((path.to_owned(), false));
        } else {
            let kind = syntax::kind_of(path, &[], None);
            let exports = Exports::default();
            work.table.files.insert(path.to_owned(), Entry { kind, exports });
        }
    }
    todo.push((entry.to_owned(), true));
    let mut done = BTreeSet::new();
    while let Some((path, is_script)) = todo.pop() {
        if !done.insert(path.clone()) {
            continue;
        }
        let asked = work.script(&path, is_script || path == entry, &mut visit);
        // A file without a script's ending is one if a script asks for it.
        let is_data = |it: &str| syntax::kind_of(it, &[], None) == Kind::Data;
        let others = asked.iter().map(|it| &it.0).filter(|it| is_data(it) && !is_binary(it));
        todo.extend(others.map(|it| (it.clone(), true)));
        firm.insert(path, asked.into_iter().filter(|it| it.1).map(|it| it.0).collect::<Vec<_>>());
    }
    let reached = reached(entry, &firm);
    for problem in &mut work.problems {
        problem.reached = reached.contains(problem.path.as_str()) && problem.reached;
    }
    (work.table, work.problems)
}

/// Whether a file is never read as a script.
fn is_binary(path: &str) -> bool {
    matches!(ending(path), "node" | "wasm")
}

/// The scripts that are loaded with `entry`.
pub(crate) fn reached<'a>(
    entry: &'a str,
    firm: &'a BTreeMap<String, Vec<String>>,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut todo = vec![entry];
    while let Some(path) = todo.pop() {
        if reached.insert(path) {
            todo.extend(firm.get(path).into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

struct Work<'a> {
    resolver: &'a Resolver,
    table: Table,
    problems: Vec<Problem>,
}

impl Work<'_> {
    /// Reads one script; returns the files it asks for, and whether they are loaded with it.
    fn script(
        &mut self,
        path: &str,
        as_script: bool,
        visit: &mut impl FnMut(&str, &script::Script),
    ) -> Vec<(String, bool)> {
        if !as_script && Dialect::of(path).is_none() {
            return Vec::new();
        }
        let Ok(bytes) = self.resolver.files().read(path) else {
            let message = "there is no such file".to_owned();
            self.problems.push(Problem { path: path.into(), at: None, message, reached: true });
            return Vec::new();
        };
        let here = folder(path);
        let package_type = self.resolver.package_type(here);
        let tsconfig = self.resolver.tsconfig(here);
        let tsconfig = tsconfig.as_deref();
        let ask = Ask { path, bytes: &bytes, package_type, tsconfig, code: true };
        let script = match script::read(&ask) {
            Ok(script) => script,
            Err(error) => {
                self.refused(path, &error);
                return Vec::new();
            }
        };
        visit(path, &script);
        let kind = script.kind.unwrap_or(Kind::Commonjs);
        let entry = Entry { kind, exports: script.exports };
        self.table.files.insert(path.to_owned(), entry);
        let mut asked = Vec::new();
        for it in script.requests {
            match self.resolver.resolve(path, &it.specifier, it.by) {
                Ok(target) => {
                    if let Target::File(file) = &target {
                        asked.push((file.clone(), !it.optional && !it.lazy));
                    }
                    let key = (path.to_owned(), it.specifier, it.by);
                    self.table.targets.insert(key, target);
                }
                Err(error) if !it.optional => self.problems.push(Problem {
                    path: path.to_owned(),
                    at: Some(it.at),
                    message: error.to_string(),
                    reached: !it.lazy,
                }),
                Err(_) => {}
            }
        }
        for specifier in &self.table.files[path].exports.reexports.clone() {
            if let Ok(target) = self.resolver.resolve(path, specifier, By::Require) {
                let key = (path.to_owned(), specifier.clone(), By::Require);
                self.table.targets.insert(key, target);
            }
        }
        asked
    }

    fn refused(&mut self, path: &str, error: &ScriptError) {
        let (at, message) = match error {
            ScriptError::Beyond(beyond) => {
                let at = script::Place { line: beyond.line, column: 1 };
                (at, beyond.bound.to_string())
            }
            ScriptError::Syntax { place, message, .. }
            | ScriptError::Unsupported { place, message, .. } => (*place, message.clone()),
        };
        self.problems.push(Problem { path: path.to_owned(), at: Some(at), message, reached: true });
    }
}

impl Table {
    /// What is known of the file at `path`.
    pub fn file(&self, path: &str) -> Option<&Entry> {
        self.files.get(path)
    }

    /// Every file with what is known of it.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.files.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// What `specifier` means in the script `from`, if that was clear at deploy.
    pub fn lookup(&self, from: &str, specifier: &str, by: By) -> Option<&Target> {
        self.targets.get(&(from.to_owned(), specifier.to_owned(), by))
    }

    /// All names that an `import` of the CommonJS script `path` gets: its own and those it hands on.
    pub fn names(&self, path: &str) -> Vec<&str> {
        let mut names = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![path];
        while let Some(path) = todo.pop() {
            let Some(entry) = self.files.get(path) else { continue };
            if !seen.insert(path) {
                continue;
            }
            names.extend(entry.exports.names.iter().map(String::as_str));
            for specifier in &entry.exports.reexports {
                if let Some(Target::File(target)) = self.lookup(path, specifier, By::Require) {
                    todo.push(target);
                }
            }
        }
        names.into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
