//! Which files an entry reaches.
//!
//! Follows what scripts ask for by constant names, as they would be resolved at run time, and the
//! files that they read by constant paths. What goes into an upload are those files as they are, the
//! manifests and configs that decide about them, and the links that resolution walks through.
//!
//! A package is not believed further than itself: what scripts in `node_modules` name by a path is
//! only taken from their own package.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    files::{Files, Look, ending, folder, normal, real, relative},
    resolve::{Resolver, Settings, Target, is_relative},
    script::{self, Ask, Base, Place, ScriptError},
    syntax::{self, Dialect, Kind},
};

mod entry;
mod outcome;
mod walk;

pub use entry::NoEntry;
pub use outcome::{Note, Problem, TooLarge, TraceError, Traced, TracedFile, TracedLink};

/// Most files of an upload.
pub const MAX_FILES: usize = 4096;
/// Most bytes of an upload.
pub const MAX_BYTES: u64 = 16 << 20;

/// What is traced.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folder or script that the user named.
    pub named: String,
    /// The entry, relative to the folder, if the user chose one.
    pub entry: Option<String>,
    /// Globs of files to be taken along, relative to the folder.
    pub include: Vec<String>,
    /// Files and folders to be taken along, relative to the folder.
    pub extra: Vec<String>,
    /// Conditions and built-in modules.
    pub settings: Settings,
}

/// Traces from the entry of what the user named.
///
/// # Errors
///
/// There is no such folder or entry, or what is reached is too large. What is wrong in single files
/// is in [`Traced::problems`].
pub fn trace(files: Arc<dyn Files>, options: &Options) -> Result<Traced, TraceError> {
    let resolver = Resolver::new(Arc::clone(&files), options.settings.clone());
    let missing = || TraceError::Missing { path: options.named.clone() };
    let named = real(&*files, &options.named).ok_or_else(missing)?;
    let (home, entry) = match named.look {
        Look::File(_) if Dialect::of(&named.path).is_some() => {
            (folder(&named.path).to_owned(), named.path)
        }
        Look::Folder => {
            let entry = entry::find(&resolver, &named.path, options.entry.as_deref())?;
            (named.path, entry)
        }
        Look::File(_) | Look::Link(_) => {
            return Err(NoEntry::NoScript { entry: options.named.clone() }.into());
        }
    };
    let mut tracer = Tracer::new(&resolver, home);
    tracer.take_script(&entry);
    tracer.extras(options)?;
    tracer.run();
    tracer.finish(entry)
}

struct Tracer<'a> {
    resolver: &'a Resolver,
    files: &'a dyn Files,
    /// The folder that the user named.
    home: String,
    /// Scripts to be read.
    todo: Vec<String>,
    /// Files that are taken, by path.
    taken: BTreeMap<String, TracedFile>,
    links: BTreeSet<String>,
    /// For each script the files that are loaded with it.
    firm: BTreeMap<String, Vec<String>>,
    problems: Vec<Problem>,
    notes: Vec<Note>,
    /// Paths from the working folder are read, so the root must be that folder or above.
    working: bool,
    /// Packages that were named, for the notes.
    packages: BTreeSet<String>,
}

impl<'a> Tracer<'a> {
    fn new(resolver: &'a Resolver, home: String) -> Self {
        Self {
            resolver,
            files: &**resolver.files(),
            home,
            todo: Vec::new(),
            taken: BTreeMap::new(),
            links: BTreeSet::new(),
            firm: BTreeMap::new(),
            problems: Vec::new(),
            notes: Vec::new(),
            working: false,
            packages: BTreeSet::new(),
        }
    }

    /// As the user sees a path.
    fn shown(&self, path: &str) -> String {
        relative(&self.home, path)
    }

    fn problem(&mut self, path: &str, at: Option<Place>, message: String, fatal: bool) {
        self.problems.push(Problem { path: path.to_owned(), at, message, fatal });
    }

    fn note(&mut self, path: &str, at: Option<Place>, message: String) {
        let path = self.shown(path);
        self.notes.push(Note { path, at, message });
    }

    /// Takes a file along; returns false if it was, or is left out.
    fn take(&mut self, path: &str) -> bool {
        if self.taken.contains_key(path) {
            return false;
        }
        let Some(Look::File(bytes)) = self.files.look(path) else { return false };
        let kind = if ending(path) == "json" { Kind::Json } else { Kind::Data };
        let file = TracedFile { path: path.to_owned(), from: path.to_owned(), bytes, kind };
        self.taken.insert(path.to_owned(), file);
        true
    }

    fn take_script(&mut self, path: &str) {
        if self.take(path) {
            self.todo.push(path.to_owned());
            for manifest in self.resolver.manifests_for(path) {
                self.take(&manifest);
            }
        }
    }

    /// Takes what a script asks for or names.
    fn take_any(&mut self, path: &str, as_script: bool) {
        match ending(path) {
            "node" => {
                if !self.taken.contains_key(path) {
                    let what = "a native addon, which cannot be loaded; left out".to_owned();
                    self.note(path, None, what);
                }
            }
            "wasm" | "json" => drop(self.take(path)),
            _ if as_script || Dialect::of(path).is_some() => self.take_script(path),
            _ => drop(self.take(path)),
        }
    }

    fn run(&mut self) {
        while let Some(path) = self.todo.pop() {
            // Far beyond the bound nobody needs the exact number.
            if MAX_FILES * 4 < self.taken.len() {
                return;
            }
            self.script(&path);
        }
    }

    fn script(&mut self, path: &str) {
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problem(path, None, format!("cannot be read: {}", error.source), true);
                return;
            }
        };
        let here = folder(path);
        let dialect = Dialect::of(path).unwrap_or(Dialect::JavaScript);
        let tsconfig = self.resolver.tsconfig(here).filter(|_| dialect.is_transformed());
        if let Some(config) = &tsconfig {
            for config in &config.paths_read {
                self.take(config);
            }
            if let Some((config, why)) = &config.problem {
                self.problem(config, None, why.clone(), false);
            }
        }
        let package_type = self.resolver.package_type(here);
        let tsconfig = tsconfig.as_deref();
        let ask = Ask { path, bytes: &bytes, package_type, tsconfig, code: false, types: &[] };
        match script::read(&ask) {
            Ok(script) => {
                if let (Some(file), Some(kind)) = (self.taken.get_mut(path), script.kind) {
                    file.kind = kind;
                }
                self.follow(path, script);
            }
            Err(error) => {
                let (at, message) = outcome::told(&error);
                self.problem(path, Some(at), message, true);
            }
        }
    }

    /// Follows what a script asks for.
    fn follow(&mut self, path: &str, script: script::Script) {
        let foreign = package_of(path).is_some();
        if let Some(error) = &script.unread {
            let (at, message) = outcome::told(error);
            match error {
                ScriptError::Beyond(_) => {
                    let what =
                        format!("not looked into, what it asks for is searched as text: {message}");
                    self.note(path, Some(at), what);
                }
                ScriptError::Syntax { .. } | ScriptError::Unsupported { .. } => {
                    self.problem(path, Some(at), message, !foreign);
                }
            }
        }
        let mut firm = Vec::new();
        for it in script.requests {
            match self.resolver.resolve(path, &it.specifier, it.by) {
                Ok(Target::Builtin(_)) => {}
                Ok(Target::File(target)) => {
                    if let Some(package) = package_of(path)
                        && is_relative(&it.specifier)
                        && !is_below(package, &target)
                    {
                        if !it.guess {
                            let what =
                                format!("{:?} leads out of its package; left out", it.specifier);
                            self.note(path, Some(it.at), what);
                        }
                        continue;
                    }
                    let trail = self.resolver.trail(path, &it.specifier);
                    self.links.extend(trail.links);
                    if let Some(manifest) = trail.manifest {
                        self.take(&manifest);
                    }
                    if !is_relative(&it.specifier) {
                        self.packages.insert(it.specifier.clone());
                    }
                    let data = syntax::kind_of(&target, &[], None) == Kind::Data;
                    self.take_any(&target, data);
                    if !it.optional && !it.lazy {
                        firm.push(target);
                    }
                }
                Err(_) if it.guess => {}
                Err(error) if it.optional || (foreign && it.lazy) => {
                    let what = format!("{error}; the script copes without it, or asks for it late");
                    self.note(path, Some(it.at), what);
                }
                Err(error) => {
                    self.problem(path, Some(it.at), self.worded(&error), !it.lazy);
                }
            }
        }
        self.firm.insert(path.to_owned(), firm);
        for it in script.unfollowed {
            if !foreign {
                let what = format!(
                    "this {} cannot be followed: its name only shows at run time (include the file)",
                    it.what
                );
                self.note(path, Some(it.at), what);
            }
        }
        for it in script.assets {
            self.asset(path, &it);
        }
    }

    /// An error of resolution, with paths as the user sees them.
    fn worded(&self, error: &crate::resolve::NotResolved) -> String {
        use crate::resolve::Why;
        let mut error = error.clone();
        match &mut error.why {
            Why::NoFile { path }
            | Why::NoEntry { folder: path, .. }
            | Why::NotExported { manifest: path, .. }
            | Why::Manifest { manifest: path, .. } => *path = self.shown(path),
            Why::NoPackage { .. }
            | Why::NotImported
            | Why::NoBuiltin { .. }
            | Why::Url { .. }
            | Why::LeadsOut
            | Why::TooLong { .. }
            | Why::Specifier => {}
        }
        error.to_string()
    }

    /// A file or folder that a script names by a path.
    fn asset(&mut self, path: &str, it: &script::Asset) {
        let package = package_of(path);
        let from = match (it.base, package) {
            (Base::Script, _) => folder(path),
            (Base::Working, None) => self.home.as_str(),
            // Where the program runs is no place that a package knows.
            (Base::Working, Some(_)) => return,
        };
        let bound = package.unwrap_or(&self.home).to_owned();
        let Some(found) = normal(from, &it.path).and_then(|it| real(self.files, &it)) else {
            if it.read && package.is_none() {
                let message = format!("it reads {}, which is not there", it.path);
                self.problem(path, Some(it.at), message, false);
            }
            return;
        };
        if !is_below(&bound, &found.path) {
            let what = format!("{} is not in the folder of its package; left out", it.path);
            self.note(path, Some(it.at), what);
            return;
        }
        self.working |= it.base == Base::Working;
        match found.look {
            Look::File(_) => {
                self.links.extend(found.links);
                self.take_any(&found.path, false);
            }
            Look::Folder if it.folder && found.path != bound => {
                self.links.extend(found.links);
                for below in walk::below(self.files, &found.path) {
                    self.take_any(&below, false);
                }
            }
            Look::Folder | Look::Link(_) => {}
        }
    }
}

/// The folder of the package in `node_modules` that a file is in.
fn package_of(path: &str) -> Option<&str> {
    let modules = if path.starts_with("node_modules/") { Some(0) } else { None };
    let modules = path.rfind("/node_modules/").map(|it| it + 1).or(modules)?;
    let start = modules + "node_modules/".len();
    let rest = &path[start..];
    let mut ends = rest.match_indices('/').map(|(at, _)| at);
    let end = if rest.starts_with('@') { ends.nth(1) } else { ends.next() };
    end.map(|it| &path[..start + it])
}

/// Whether `path` is `folder` or below it.
fn is_below(folder: &str, path: &str) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|it| it.is_empty() || it.starts_with('/'))
}

#[cfg(test)]
mod tests;
