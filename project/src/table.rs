//! Kinds and resolutions of a whole upload, made once and kept as bytes.
//!
//! Made inside the sandbox at deploy; every instance of the version loads the bytes and looks into
//! them where they are. What a script asks for by a name that only shows at run time is not in it:
//! the resolver is asked then.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    files::{Uploaded, ending, folder},
    resolve::{By, Resolver, Target},
    script::{self, Ask, Exports, ScriptError, Types},
    syntax::{self, Dialect, Kind},
};

mod form;

pub use form::{BadTable, Led, MAX_TABLE, Table};

/// What a table is made of.
#[derive(Debug, Default)]
struct Made {
    /// By path.
    files: BTreeMap<String, Script>,
    /// By script, specifier and way of asking.
    targets: BTreeMap<(String, String, By), Target>,
}

/// What is known of a file.
#[derive(Debug)]
struct Script {
    kind: Kind,
    exports: Exports,
    /// It is a module with an `await` outside of its functions.
    awaits: bool,
    /// See [`Table::waits`].
    waits: bool,
}

impl From<Kind> for Script {
    fn from(kind: Kind) -> Self {
        Self { kind, exports: Exports::default(), awaits: false, waits: false }
    }
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
    let (table, problems, types) = (Made::default(), Vec::new(), BTreeMap::new());
    let mut work = Work { resolver, table, problems, types };
    let mut firm = BTreeMap::new();
    let mut todo: Vec<(String, bool)> = Vec::new();
    for (path, _) in uploaded.files().filter(|(path, _)| *path != entry) {
        if Dialect::of(path).is_some() {
            todo.push((path.to_owned(), false));
        } else {
            let kind = syntax::kind_of(path, &[], None);
            work.table.files.insert(path.to_owned(), kind.into());
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
        let others = asked.iter().map(|it| &it.0).filter(|it| is_data(it) && !is_content(it));
        todo.extend(others.map(|it| (it.clone(), true)));
        firm.insert(path, asked.into_iter().filter(|it| it.1).map(|it| it.0).collect::<Vec<_>>());
    }
    work.typed(&mut visit);
    work.table.spread(&firm);
    let reached = reached(entry, &firm);
    for problem in &mut work.problems {
        problem.reached = reached.contains(problem.path.as_str()) && problem.reached;
    }
    (form::written(&work.table), work.problems)
}

/// Whether a file is never read as a script: machine code, and what a script that asks for it gets as text.
fn is_content(path: &str) -> bool {
    const KINDS: [&str; 14] = [
        "bin", "css", "csv", "gql", "graphql", "htm", "html", "md", "node", "sql", "svg", "txt",
        "wasm", "xml",
    ];
    KINDS.contains(&ending(path))
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

impl Made {
    /// Notes the modules that wait for another one; `firm` has what each script loads with it.
    fn spread(&mut self, firm: &BTreeMap<String, Vec<String>>) {
        let mut askers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (from, asked) in firm {
            asked.iter().for_each(|it| askers.entry(it).or_default().push(from));
        }
        let awaiting = self.files.iter().filter(|(_, it)| it.awaits);
        let mut todo: Vec<String> = awaiting.map(|(path, _)| path.clone()).collect();
        while let Some(path) = todo.pop() {
            for from in askers.get(path.as_str()).into_iter().flatten() {
                let Some(script) = self.files.get_mut(*from) else { continue };
                if script.kind == Kind::Module && !script.awaits && !script.waits {
                    script.waits = true;
                    todo.push((*from).to_owned());
                }
            }
        }
    }
}

struct Work<'a> {
    resolver: &'a Resolver,
    table: Made,
    problems: Vec<Problem>,
    /// What scripts in TypeScript say about types, by path.
    types: BTreeMap<String, Types>,
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
        let ask = Ask { path, bytes: &bytes, package_type, tsconfig, code: false, types: &[] };
        let mut script = match script::read(&ask) {
            Ok(script) => script,
            Err(error) => {
                self.refused(path, &error);
                return Vec::new();
            }
        };
        if Dialect::of(path).is_some_and(Dialect::is_transformed) {
            self.types.insert(path.to_owned(), std::mem::take(&mut script.types));
        } else {
            visit(path, &script);
        }
        let kind = script.kind.unwrap_or(Kind::Commonjs);
        let reexports = script.exports.reexports.clone();
        let known = Script { kind, exports: script.exports, awaits: script.awaits, waits: false };
        self.table.files.insert(path.to_owned(), known);
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
        for specifier in reexports {
            if let Ok(target) = self.resolver.resolve(path, &specifier, By::Require) {
                let key = (path.to_owned(), specifier, By::Require);
                self.table.targets.insert(key, target);
            }
        }
        asked
    }

    /// Turns TypeScript into JavaScript, now that is known what is only a type.
    fn typed(&mut self, visit: &mut impl FnMut(&str, &script::Script)) {
        for (path, said) in &self.types {
            let Ok(bytes) = self.resolver.files().read(path) else { continue };
            let asked = said.asked.iter();
            let types: Vec<(String, String)> = asked
                .filter(|(specifier, name)| {
                    self.led(path, specifier).is_some_and(|file| self.is_type(file, name))
                })
                .cloned()
                .collect();
            let here = folder(path);
            let package_type = self.resolver.package_type(here);
            let tsconfig = self.resolver.tsconfig(here);
            let tsconfig = tsconfig.as_deref();
            let ask =
                Ask { path, bytes: &bytes, package_type, tsconfig, code: true, types: &types };
            // It was read before.
            if let Ok(script) = script::read(&ask) {
                visit(path, &script);
            }
        }
    }

    /// The file that `specifier` means in the script `from`.
    fn led(&self, from: &str, specifier: &str) -> Option<&str> {
        let key = (from.to_owned(), specifier.to_owned(), By::Import);
        match self.table.targets.get(&key)? {
            Target::File(path) => Some(path),
            Target::Builtin(_) => None,
        }
    }

    /// Whether what `path` exports as `name` is only a type.
    fn is_type(&self, path: &str, name: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut todo = vec![(path, name)];
        while let Some((path, name)) = todo.pop() {
            let Some(types) = self.types.get(path).filter(|_| seen.insert((path, name))) else {
                continue;
            };
            if types.names.contains(name) {
                return true;
            }
            if let Some((specifier, there)) = types.passes.get(name) {
                todo.extend(self.led(path, specifier).map(|it| (it, there.as_str())));
            } else {
                let stars = types.stars.iter().filter_map(|it| self.led(path, it));
                todo.extend(stars.map(|it| (it, name)));
            }
        }
        false
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

#[cfg(test)]
mod tests;
