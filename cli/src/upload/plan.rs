//! What is to be deployed: `skep.toml` and the flags, of which the flags count more.
//!
//! Always true: no error and no `Debug` of a plan shows the value of a variable or what is in a file
//! that is given along. What `skep.toml` names is read from its own folder only; a flag may name any file.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use skep_project::{
    Settings as Resolving,
    files::{self, Found, Look, check_path, join, normal, real},
    trace::{MAX_BYTES, Options},
};

use super::{
    builtins,
    opened::Opened,
    settings::{self, BadSettings, Settings},
};
use crate::{
    args::{Bounds, Deploy, Unseen},
    units::ByteCount,
};

/// The longest name of a variable, in bytes.
const MOST_NAME: usize = 256;

/// What is to be deployed, and how.
pub(crate) struct Plan {
    /// What is traced.
    pub(crate) options: Options,
    /// The convention, if one was chosen.
    pub(crate) handler: Option<String>,
    /// The built-in modules that may be used, without `node:`.
    pub(crate) modules: Option<Vec<String>>,
    /// Variables by name.
    pub(crate) env: BTreeMap<String, Unseen>,
    /// Files by absolute path.
    pub(crate) given: BTreeMap<String, Bytes>,
    /// Limits and rates.
    pub(crate) bounds: Bounds,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadPlan {
    /// `skep.toml` is there and cannot be read.
    #[error("cannot read {}", settings::NAME)]
    Unreadable(#[from] files::ReadError),
    /// `skep.toml` is wrong.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// A script is its own entry.
    #[error("--entry: {} is a script, and the entry itself", .path.display())]
    EntryOfScript {
        /// PATH.
        path: PathBuf,
    },
    /// The caller has no such variable.
    #[error("--env {name}: there is no such variable in your environment")]
    NotInEnvironment {
        /// The variable.
        name: String,
    },
    /// The caller's variable is not UTF-8.
    #[error("--env {name}: its value in your environment is not UTF-8")]
    NotUtf8 {
        /// The variable.
        name: String,
    },
    /// A name that no variable can have.
    #[error("env: a variable needs a name of 1 to {MOST_NAME} bytes before the '='")]
    EnvName,
    /// The same name twice.
    #[error("--env {name}: it is given twice")]
    EnvTwice {
        /// The variable.
        name: String,
    },
    /// There is no `=`.
    #[error("--file {text}: expected PATH=FILE, such as /var/secrets/token=./token")]
    FilePair {
        /// What was written.
        text: String,
    },
    /// A path that no file can be given at.
    #[error(
        "file {path}: expected an absolute path outside of /app and /tmp, without '.' and '..'"
    )]
    GivenPath {
        /// The path.
        path: String,
    },
    /// The same path twice.
    #[error("file {path}: it is given twice")]
    GivenTwice {
        /// The path.
        path: String,
    },
    /// The file cannot be read.
    #[error("file {path}: cannot read {file}")]
    GivenRead {
        /// The path in the sandbox.
        path: String,
        /// The file.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is not below the folder of `skep.toml`.
    #[error("file {path}: {file} is no file below the folder of {}", settings::NAME)]
    GivenOutside {
        /// The path in the sandbox.
        path: String,
        /// What `skep.toml` says.
        file: String,
    },
    /// It is larger than a whole upload may be.
    #[error("file {path}: it has more than {}", ByteCount(MAX_BYTES))]
    GivenSize {
        /// The path in the sandbox.
        path: String,
    },
    /// There is no such built-in module.
    #[error("--modules: {name:?} is no built-in module; there are {}", builtins::BUILTINS.join(" "))]
    Module {
        /// What was written.
        name: String,
    },
}

impl BadPlan {
    /// What to do about it.
    pub(crate) fn next(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::Settings(_) => {
                "mend skep.toml; what it may say is shown by: skep deploy --help"
            }
            Self::EntryOfScript { .. } => {
                "leave --entry away, or name the folder to choose another entry"
            }
            Self::NotInEnvironment { .. } | Self::NotUtf8 { .. } => {
                "set the variable before skep, or write --env NAME=VALUE"
            }
            Self::EnvName | Self::EnvTwice { .. } => {
                "write each once: --env NAME=VALUE, or --env NAME"
            }
            Self::GivenOutside { .. } => {
                "put the file below the folder, or give it with the flag: --file PATH=FILE"
            }
            Self::FilePair { .. }
            | Self::GivenPath { .. }
            | Self::GivenTwice { .. }
            | Self::GivenRead { .. }
            | Self::GivenSize { .. } => "write each once: --file /absolute/path=FILE",
            Self::Module { .. } => {
                "name built-in modules only; packages are sent as they are found"
            }
        }
    }
}

/// Makes the plan. `caller` is the environment of whoever runs this.
pub(crate) fn make(
    args: &Deploy,
    opened: &Opened,
    caller: impl Fn(&str) -> Option<OsString>,
) -> Result<Plan, BadPlan> {
    let is_script = opened.named != opened.home;
    if is_script && args.entry.is_some() {
        return Err(BadPlan::EntryOfScript { path: args.path.clone() });
    }
    let said = said(opened)?;
    let mut given = BTreeMap::new();
    for (path, file) in &said.files {
        given.insert(given_path(path)?, from_folder(opened, path, file)?);
    }
    for (path, bytes) in given_by_flags(&args.file)? {
        given.insert(path, bytes);
    }
    let mut env: BTreeMap<String, Unseen> = said.env.into_iter().collect();
    env.extend(env_of_flags(&args.env, caller)?);
    if env.keys().any(|name| !is_env_name(name)) {
        return Err(BadPlan::EnvName);
    }
    let modules = args.modules.clone();
    if let Some(name) = modules.as_deref().and_then(builtins::unknown) {
        return Err(BadPlan::Module { name: name.to_owned() });
    }
    let bare = |name: String| name.strip_prefix("node:").map(str::to_owned).unwrap_or(name);
    let modules = modules.or(said.modules).map(|names| names.into_iter().map(bare).collect());
    let (extra, mut include) = named_by_manifest(opened);
    include.extend(said.include);
    include.extend(args.include.iter().cloned());
    let entry = args.entry.clone().or(said.entry).filter(|_| !is_script);
    let settings = Resolving {
        conditions: said.conditions,
        builtins: builtins::BUILTINS.map(str::to_owned).into(),
        mount: None,
    };
    Ok(Plan {
        options: Options { named: opened.named.clone(), entry, include, extra, settings },
        handler: args.handler.clone().or(said.handler),
        modules,
        env,
        given,
        bounds: args.bounds.clone().or(&said.bounds),
    })
}

/// What `skep.toml` says, if there is one.
fn said(opened: &Opened) -> Result<Settings, BadPlan> {
    match real(&*opened.files, &join(&opened.home, settings::NAME)) {
        Some(Found { path, look: Look::File(bytes), .. }) => {
            settings::fits(bytes)?;
            Ok(settings::read(&opened.files.read(&path)?)?)
        }
        Some(_) | None => Ok(Settings::default()),
    }
}

fn is_env_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MOST_NAME && !name.contains(['=', '\0'])
}

fn env_of_flags(
    flags: &[Unseen],
    caller: impl Fn(&str) -> Option<OsString>,
) -> Result<BTreeMap<String, Unseen>, BadPlan> {
    let mut env = BTreeMap::new();
    for Unseen(text) in flags {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None if !is_env_name(text) => return Err(BadPlan::EnvName),
            None => {
                let name = || text.clone();
                let value =
                    caller(text).ok_or_else(|| BadPlan::NotInEnvironment { name: name() })?;
                (text.as_str(), value.into_string().map_err(|_| BadPlan::NotUtf8 { name: name() })?)
            }
        };
        if !is_env_name(name) {
            return Err(BadPlan::EnvName);
        }
        if env.insert(name.to_owned(), Unseen(value)).is_some() {
            return Err(BadPlan::EnvTwice { name: name.to_owned() });
        }
    }
    Ok(env)
}

fn given_by_flags(flags: &[String]) -> Result<BTreeMap<String, Bytes>, BadPlan> {
    let mut given = BTreeMap::new();
    for text in flags {
        let pair = text.split_once('=').filter(|(_, file)| !file.is_empty());
        let (path, file) = pair.ok_or_else(|| BadPlan::FilePair { text: text.clone() })?;
        let path = given_path(path)?;
        let mut bytes = Vec::new();
        let read = fs::File::open(Path::new(file))
            .and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut bytes));
        if let Err(source) = read {
            return Err(BadPlan::GivenRead { path, file: file.to_owned(), source });
        }
        if MAX_BYTES < bytes.len() as u64 {
            return Err(BadPlan::GivenSize { path });
        }
        if given.insert(path.clone(), bytes.into()).is_some() {
            return Err(BadPlan::GivenTwice { path });
        }
    }
    Ok(given)
}

/// A path at which a file can be given.
fn given_path(path: &str) -> Result<String, BadPlan> {
    let is_own = |below: &str| matches!(below.split('/').next(), Some("app" | "tmp"));
    match path.strip_prefix('/') {
        Some(below) if check_path(below).is_ok() && !is_own(below) => Ok(path.to_owned()),
        _ => Err(BadPlan::GivenPath { path: path.to_owned() }),
    }
}

/// A file below the folder, links followed.
fn from_folder(opened: &Opened, path: &str, file: &str) -> Result<Bytes, BadPlan> {
    let outside = || BadPlan::GivenOutside { path: path.to_owned(), file: file.to_owned() };
    let home = &opened.home;
    let below = |at: &str| {
        home.is_empty() || at.strip_prefix(home.as_str()).is_some_and(|at| at.starts_with('/'))
    };
    let at = Some(file).filter(|file| !file.starts_with('/')).and_then(|file| normal(home, file));
    let found = at.and_then(|at| real(&*opened.files, &at)).filter(|found| below(&found.path));
    let found = found.ok_or_else(outside)?;
    match found.look {
        Look::File(bytes) if MAX_BYTES < bytes => Err(BadPlan::GivenSize { path: path.to_owned() }),
        Look::File(_) => opened.files.read(&found.path).map_err(|error| BadPlan::GivenRead {
            path: path.to_owned(),
            file: file.to_owned(),
            source: error.source,
        }),
        Look::Folder | Look::Link(_) => Err(outside()),
    }
}

/// What `files` of `package.json` names: files and folders that are there, and globs.
fn named_by_manifest(opened: &Opened) -> (Vec<String>, Vec<String>) {
    let (mut extra, mut globs) = (Vec::new(), Vec::new());
    let path = join(&opened.home, "package.json");
    let Some(bytes) = files::file(&*opened.files, &path).and_then(|it| opened.files.read(&it).ok())
    else {
        return (extra, globs);
    };
    let manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let names = manifest["files"].as_array().into_iter().flatten().filter_map(|it| it.as_str());
    for name in names.filter(|name| !name.starts_with('!')) {
        let name = name.trim_start_matches("./").trim_start_matches('/');
        let at = normal("", name).filter(|at| !at.is_empty());
        let Some(at) = at.filter(|at| !at.split('/').any(|it| it == "node_modules")) else {
            continue;
        };
        if at.contains(['*', '{', '[', '?']) {
            globs.push(at);
        } else if real(&*opened.files, &join(&opened.home, &at)).is_some() {
            extra.push(at);
        }
    }
    (extra, globs)
}

#[cfg(test)]
mod tests;
