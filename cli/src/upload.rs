//! From PATH to what is sent: opens it, plans, traces, and reads what was traced.
//!
//! * [`opened`]: a script, a folder or an archive; [`archive`] reads the last.
//! * [`settings`]: `skep.toml`; [`plan`]: that and the flags together.
//! * [`bare`]: entries that are one expression.
//! * [`report`]: what goes, what stays, and what is wrong.
//!
//! Nothing here talks to the daemon.
//!
//! Always true of what is sent: files as they are, and links; no more than [`MAX_FILES`] of them with
//! [`MAX_BYTES`] together; paths that the daemon takes; the entry is among them.

mod archive;
mod bare;
mod builtins;
mod opened;
mod plan;
mod report;
mod settings;

use std::{cmp::Reverse, env, sync::Arc};

use skep_project::{
    Files,
    files::{ReadError, check_path, join, relative},
    trace::{self, MAX_BYTES, MAX_FILES, Problem, TooLarge, TraceError, Traced},
};
use skep_proto::v1::{GivenFile, SourceFile};

use crate::{
    args::Deploy,
    errors::{Failure, chain},
};
use opened::Opened;
use plan::Plan;
pub(crate) use report::{Report, problem_json, problem_text};

/// How many of the largest files, or of the paths that are wrong, are named.
const NAMED: usize = 10;

/// What was found at PATH, and is not read yet.
pub(crate) struct Found {
    opened: Opened,
    /// What is to be done with it.
    pub(crate) plan: Plan,
    /// What the entry reaches.
    pub(crate) traced: Traced,
}

/// Why what was traced cannot be sent.
#[derive(Debug, thiserror::Error)]
enum BadUpload {
    #[error("what is to be sent cannot be read")]
    Read(#[from] ReadError),
    #[error("{} files have paths that cannot be sent: {}", .paths.len(), few(.paths))]
    Paths { paths: Vec<String> },
    #[error("{0}")]
    TooLarge(TooLarge),
}

/// The first paths and the number of the others.
fn few(paths: &[String]) -> String {
    let (first, rest) = paths.split_at(paths.len().min(NAMED));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

const TOO_LARGE: &str = "leave out what is not needed: look for imports of whole folders, and at \
                         --include and `files`; what goes is shown by: skep deploy PATH --dry-run";

/// Looks at PATH: what it is, what is said about it, and what its entry reaches.
pub(crate) fn look(args: &Deploy) -> Result<Found, Failure> {
    let opened = opened::open(&args.path).map_err(|error| {
        let next = match &error {
            opened::OpenError::Archive { .. } => {
                "pack the folder again: tar -czf app.tar.gz -C FOLDER . ; or deploy the folder itself"
            }
            _ => "name a JavaScript file or a folder: skep deploy ./examples/hello --app hello",
        };
        Failure::usage(chain(&error), next)
    })?;
    let plan = plan::make(args, &opened, |name| env::var_os(name))
        .map_err(|error| Failure::usage(chain(&error), error.next()))?;
    let traced = traced(&opened.files, &plan)?;
    let found = Found { opened, plan, traced };
    found.check()?;
    Ok(found)
}

/// Traces; an entry that cannot be read as a program is tried as an expression.
fn traced(files: &Arc<dyn Files>, plan: &Plan) -> Result<Traced, Failure> {
    let trace = |files: &Arc<dyn Files>| {
        trace::trace(Arc::clone(files), &plan.options).map_err(|error| {
            let next = match &error {
                TraceError::TooLarge(_) => TOO_LARGE,
                TraceError::Missing { .. } | TraceError::NoEntry(_) => {
                    "name the script that exports the functions: --entry FILE, relative to the folder"
                }
            };
            Failure::usage(error.to_string(), next)
        })
    };
    let first = trace(files)?;
    if first.problems.iter().all(|it| !it.fatal) {
        return Ok(first);
    }
    let entry = join(&first.root, &first.entry);
    match bare::in_parentheses(files, &entry, plan.handler.as_deref()) {
        Some(files) => trace(&files),
        None => Ok(first),
    }
}

impl From<BadUpload> for Failure {
    fn from(bad: BadUpload) -> Self {
        let next = match &bad {
            BadUpload::Read(_) => "see that nothing changes the files meanwhile, and try again",
            BadUpload::Paths { .. } => {
                "use up to 512 bytes of UTF-8 for the path below the root of the upload, without \
                 control characters and '\\'"
            }
            BadUpload::TooLarge(_) => TOO_LARGE,
        };
        Self::usage(chain(&bad), next)
    }
}

impl Found {
    /// What there is to say about it.
    pub(crate) fn report(&self) -> Report<'_> {
        Report::new(&self.opened, &self.plan, &self.traced)
    }

    /// A path of the upload as the user sees it, if there is such a file.
    pub(crate) fn shown(&self, path: &str) -> Option<String> {
        let known = self.traced.files.iter().any(|it| it.path == path);
        known.then(|| relative(&self.opened.home, &join(&self.traced.root, path)))
    }

    /// What keeps the entry from being loaded.
    pub(crate) fn fatal(&self) -> impl Iterator<Item = &Problem> {
        self.traced.problems.iter().filter(|it| it.fatal)
    }

    /// Checks paths, and the bounds with what is beside the traced files.
    fn check(&self) -> Result<(), BadUpload> {
        let Traced { files, links, .. } = &self.traced;
        let paths = files.iter().map(|it| &it.path).chain(links.iter().map(|it| &it.path));
        let bad: Vec<String> =
            paths.filter(|path| check_path(path).is_err()).map(|it| format!("{it:?}")).collect();
        if !bad.is_empty() {
            return Err(BadUpload::Paths { paths: bad });
        }
        self.fits(files.iter().map(|it| (it.path.as_str(), it.bytes)).collect())
    }

    /// Checks the bounds with files of these lengths.
    fn fits<'a>(&'a self, mut files: Vec<(&'a str, u64)>) -> Result<(), BadUpload> {
        let given = self.plan.given.iter().map(|(path, it)| (path.as_str(), it.len() as u64));
        files.extend(given);
        let links = &self.traced.links;
        let count = files.len() + links.len();
        let text: usize = links.iter().map(|it| it.target.len()).sum();
        let bytes = files.iter().map(|(_, bytes)| bytes).sum::<u64>() + text as u64;
        if count <= MAX_FILES && bytes <= MAX_BYTES {
            return Ok(());
        }
        files.sort_by_key(|(_, bytes)| Reverse(*bytes));
        files.truncate(NAMED);
        let shown = |path: &str| self.shown(path).unwrap_or_else(|| path.to_owned());
        let largest = files.into_iter().map(|(path, bytes)| (shown(path), bytes)).collect();
        Err(BadUpload::TooLarge(TooLarge { files: count, bytes, largest }))
    }

    /// Reads everything that is to be sent.
    pub(crate) fn read(&self) -> Result<(Vec<SourceFile>, Vec<GivenFile>), Failure> {
        let Traced { files, links, .. } = &self.traced;
        let mut sources = Vec::with_capacity(files.len() + links.len());
        for file in files {
            let content = self.opened.files.read(&file.from).map_err(BadUpload::from)?;
            sources.push(SourceFile { path: file.path.clone(), content, ..SourceFile::default() });
        }
        // A file may have grown since.
        self.fits(sources.iter().map(|it| (it.path.as_str(), it.content.len() as u64)).collect())?;
        sources.extend(links.iter().map(|it| SourceFile {
            path: it.path.clone(),
            link: it.target.clone(),
            ..SourceFile::default()
        }));
        let given = self.plan.given.iter();
        let given = given
            .map(|(path, content)| GivenFile { path: path.clone(), content: content.clone() })
            .collect();
        Ok((sources, given))
    }
}

#[cfg(test)]
mod tests;
