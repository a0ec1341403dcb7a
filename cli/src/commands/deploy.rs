//! `skep deploy`: collects the sources of an app and hands them to the daemon.
//!
//! Sources are sent as they are; the daemon compiles them, in a sandbox of their tenant.
//!
//! Always true of what is sent: regular files only, paths relative to the folder with `/`, sorted, no
//! more than [`MOST_FILES`] of them with [`MOST_BYTES`] together, and the entry is among them.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde_json::json;
use skep_proto::v1::{AppLimits, DeployRequest, DeployResponse, Rates, SourceFile};

use super::{Session, quota::present};
use crate::{
    args::Deploy,
    connect::PATIENT,
    errors::{Exit, Failure},
    names,
    screen::{escaped, short},
    units::ByteCount,
};

/// The most source files of one app.
const MOST_FILES: usize = 512;

/// The most that they have together.
const MOST_BYTES: u64 = 4 << 20;

/// The entry of a folder.
const ENTRY: &str = "index.js";

/// Sources that can be sent.
#[derive(Debug, PartialEq, Eq)]
struct Sources {
    entry: String,
    files: Vec<SourceFile>,
}

/// Why sources cannot be sent. The user can mend each of them.
#[derive(Debug, thiserror::Error)]
enum BadSources {
    #[error("cannot read {}: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is neither a file nor a folder", .path.display())]
    Neither { path: PathBuf },
    #[error("the name of {} is not UTF-8", .path.display())]
    BadName { path: PathBuf },
    #[error("{count} source files have names that no module can have: {}", few(.names))]
    Names { count: usize, names: Vec<String> },
    #[error("there is no .js or .mjs file below {}", .path.display())]
    Empty { path: PathBuf },
    #[error("{} holds {count} source files, at most {MOST_FILES} are allowed", .path.display())]
    TooMany { path: PathBuf, count: usize },
    #[error("{} holds {} of source ({bytes} bytes), at most {} are allowed",
        .path.display(), ByteCount(*.bytes), ByteCount(MOST_BYTES))]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error("{entry} is not among the source files: {}", few(.files))]
    NoEntry { entry: String, files: Vec<String> },
}

impl BadSources {
    fn next(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::Neither { .. } | Self::BadName { .. } => {
                "name a JavaScript file or a folder of them: skep deploy ./examples/hello --app hello"
            }
            Self::Names { .. } => {
                "name files and folders with A-Z, a-z, 0-9, '.', '_' and '-', up to 200 bytes and 8 levels"
            }
            Self::Empty { .. } => {
                "write an index.js that exports a function, or name another folder"
            }
            Self::TooMany { .. } | Self::TooLarge { .. } => {
                "bundle the app into one file, or deploy the folder that holds only its sources"
            }
            Self::NoEntry { .. } => "name the module that exports the functions: --entry FILE",
        }
    }
}

impl From<BadSources> for Failure {
    fn from(bad: BadSources) -> Self {
        Self::usage(bad.to_string(), bad.next())
    }
}

/// The first names and the number of the others.
fn few(files: &[String]) -> String {
    let (first, rest) = files.split_at(files.len().min(5));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Deploys the app and prints what it became.
pub(super) async fn run(session: &Session, args: Deploy) -> Result<Exit, Failure> {
    let sources = collect(&args.path, args.entry.as_deref())?;
    let daemon = session.connect().await?;
    let request = request(session.tenant.clone(), &args, sources);
    let answer = daemon.answer(PATIENT, daemon.apps().deploy(request)).await?;
    let value = json!({
        "tenant": session.tenant,
        "app": args.app,
        "version": answer.version,
        "functions": answer.functions,
        "skipped_exports": answer.skipped_exports,
        "skipped_names": answer.skipped_names,
    });
    session.show(value, || text(&args.app, &answer))?;
    Ok(Exit::Answered)
}

fn text(app: &str, answer: &DeployResponse) -> String {
    let deployed = format!("deployed {} version {}", escaped(app), short(&answer.version, 12));
    let skipped = skipped(answer).unwrap_or_default();
    if answer.functions.is_empty() {
        return format!(
            "{deployed}{skipped}\nit exports no function; write: export default (data) => {{ … }}"
        );
    }
    let functions = escaped(&answer.functions.join(", "));
    let call = call(app, &answer.functions).unwrap_or_default();
    format!("{deployed}\nfunctions: {functions}{skipped}{call}")
}

/// Which exports cannot be called, and under which names they could.
fn skipped(answer: &DeployResponse) -> Option<String> {
    let count = answer.skipped_exports;
    let names: Vec<String> = answer.skipped_names.iter().map(|name| escaped(name)).collect();
    let more = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(names.len());
    let more = if more == 0 { String::new() } else { format!(", +{more}") };
    (0 < count).then(|| {
        format!(
            "\nnot callable: {}{more}; names of functions are 1 to 63 of A-Z, a-z, 0-9, '_' and '$'",
            names.join(", ")
        )
    })
}

/// How to call one of the functions: the default one, or the first whose name can be pasted into a
/// shell. An export may be called anything.
fn call(app: &str, functions: &[String]) -> Option<String> {
    let app = escaped(app);
    if functions.iter().any(|name| name == "default") {
        return Some(format!("\ncall it: skep invoke {app}"));
    }
    let plain = |name: &&String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let name = functions.iter().find(plain)?;
    Some(format!("\ncall it: skep invoke {app} --function {name}"))
}

/// The request, in which nothing is present that was not asked for.
fn request(tenant: String, args: &Deploy, sources: Sources) -> DeployRequest {
    let limits = AppLimits {
        memory_bytes: args.memory.map(|memory| memory.0),
        cpu_millis: args.cpu.map(|cpu| cpu.0),
        timeout_ms: args.timeout.map(|time| time.0),
        concurrency: args.concurrency,
        min_instances: args.min_instances,
        max_instances: args.max_instances,
        cpu_budget_ms: args.cpu_budget.map(|time| time.0),
    };
    DeployRequest {
        tenant,
        app: args.app.clone(),
        files: sources.files,
        entry: sources.entry,
        limits: present(limits),
        app_rate: present(Rates { rps: args.rps, burst: args.burst }),
        instance_rate: present(Rates {
            rps: args.rps_per_instance,
            burst: args.burst_per_instance,
        }),
        ..DeployRequest::default()
    }
}

/// Reads one file, which becomes the entry under its own name or the given one, or a folder.
fn collect(path: &Path, entry: Option<&str>) -> Result<Sources, BadSources> {
    let kind = fs::metadata(path).map_err(|source| unreadable(path, source))?;
    let (entry, found) = if kind.is_dir() {
        (entry.unwrap_or(ENTRY).to_owned(), below(path)?)
    } else if kind.is_file() {
        let own = || path.file_name().unwrap_or_default();
        let name = entry.map_or_else(|| utf8(path, own()), |entry| Ok(entry.to_owned()))?;
        (name.clone(), vec![Found { name, path: path.to_owned(), bytes: kind.len() }])
    } else {
        return Err(BadSources::Neither { path: path.to_owned() });
    };
    check(path, &entry, &found)?;
    let files = read(path, found)?;
    Ok(Sources { entry, files })
}

/// A file that was found and is not read yet.
struct Found {
    name: String,
    path: PathBuf,
    bytes: u64,
}

/// All source files below a folder, sorted by their names. Symbolic links are not followed, so this
/// ends, and stays inside.
fn below(root: &Path) -> Result<Vec<Found>, BadSources> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|source| unreadable(&folder, source))? {
            let entry = entry.map_err(|source| unreadable(&folder, source))?;
            let (path, file_name) = (entry.path(), entry.file_name());
            let kind = entry.file_type().map_err(|source| unreadable(&path, source))?;
            if file_name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() && file_name != "node_modules" {
                let name = utf8(&path, &file_name)?;
                folders.push((path, format!("{prefix}{name}/")));
            } else if kind.is_file() && is_source(&path) {
                let name = format!("{prefix}{}", utf8(&path, &file_name)?);
                let bytes = entry.metadata().map_err(|source| unreadable(&path, source))?.len();
                found.push(Found { name, path, bytes });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "js" || end == "mjs")
}

fn utf8(path: &Path, name: &OsStr) -> Result<String, BadSources> {
    name.to_str().map(str::to_owned).ok_or_else(|| BadSources::BadName { path: path.to_owned() })
}

fn unreadable(path: &Path, source: io::Error) -> BadSources {
    BadSources::Read { path: path.to_owned(), source }
}

fn check(root: &Path, entry: &str, found: &[Found]) -> Result<(), BadSources> {
    let path = || root.to_owned();
    if found.is_empty() {
        return Err(BadSources::Empty { path: path() });
    }
    if MOST_FILES < found.len() {
        return Err(BadSources::TooMany { path: path(), count: found.len() });
    }
    let names: Vec<String> = found
        .iter()
        .filter(|file| !names::is_path(&file.name))
        .map(|file| file.name.clone())
        .collect();
    if !names.is_empty() {
        return Err(BadSources::Names { count: names.len(), names });
    }
    let bytes = found.iter().map(|file| file.bytes).fold(0, u64::saturating_add);
    if MOST_BYTES < bytes {
        return Err(BadSources::TooLarge { path: path(), bytes });
    }
    if found.iter().all(|file| file.name != entry) {
        let files = found.iter().map(|file| file.name.clone()).collect();
        return Err(BadSources::NoEntry { entry: entry.to_owned(), files });
    }
    Ok(())
}

/// Reads what was found. A file that grew meanwhile does not get past the bound.
fn read(root: &Path, found: Vec<Found>) -> Result<Vec<SourceFile>, BadSources> {
    let mut total = 0;
    let mut files = Vec::with_capacity(found.len());
    for file in found {
        let mut content = Vec::new();
        let opened = fs::File::open(&file.path).map_err(|source| unreadable(&file.path, source))?;
        let room = MOST_BYTES - total + 1;
        opened
            .take(room)
            .read_to_end(&mut content)
            .map_err(|source| unreadable(&file.path, source))?;
        total += content.len() as u64;
        if MOST_BYTES < total {
            return Err(BadSources::TooLarge { path: root.to_owned(), bytes: total });
        }
        files.push(SourceFile {
            path: file.name,
            content: content.into(),
            ..SourceFile::default()
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
