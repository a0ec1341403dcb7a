//! Which script of a folder is the entry.

use crate::{
    files::{Look, ending, join, name, real},
    resolve::{By, Resolver, Target},
    syntax::Dialect,
};

/// Names that an entry may have, best first.
const NAMES: [&str; 8] =
    ["index", "handler", "main", "function", "func", "app", "server", "src/index"];
/// Endings that an entry may have, best first.
const ENDINGS: [&str; 8] = ["js", "mjs", "cjs", "ts", "mts", "cts", "tsx", "jsx"];

/// There is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEntry {
    /// The entry that was asked for is not there.
    #[error("the entry {entry} is not there")]
    Missing {
        /// What was asked for.
        entry: String,
    },
    /// `package.json` of the folder cannot be read.
    #[error("{path} cannot be read: {problem}")]
    Manifest {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What was asked for is no script.
    #[error("the entry {entry} is no script (.js .mjs .cjs .ts .mts .cts .tsx .jsx)")]
    NoScript {
        /// What was asked for.
        entry: String,
    },
    /// Nothing in the folder looks like one.
    #[error(
        "no entry found; looked for {}, for {} with any of the endings {}, and for a single script{}",
        .main.as_deref().map_or_else(|| "main of package.json".to_owned(), |it| format!("{it} (main of package.json)")),
        NAMES.join(", "),
        ENDINGS.map(|it| format!(".{it}")).join(" "),
        if .scripts.is_empty() { " (there is none)".to_owned() } else { format!(" (there are {})", .scripts.join(", ")) }
    )]
    Nothing {
        /// What `package.json` names.
        main: Option<String>,
        /// The scripts that are there, ten at most.
        scripts: Vec<String>,
    },
}

/// The entry of the folder `named`: a real path.
pub(super) fn find(
    resolver: &Resolver,
    named: &str,
    wanted: Option<&str>,
) -> Result<String, NoEntry> {
    let files = &**resolver.files();
    let within = join(named, "package.json");
    let manifest = resolver.manifest(named).filter(|it| it.path == within);
    if let Some(problem) = manifest.as_ref().and_then(|it| it.problem.clone()) {
        return Err(NoEntry::Manifest { path: "package.json".to_owned(), problem });
    }
    let relative = |path: &str| {
        let path = path.trim_start_matches("./");
        resolver.resolve(&within, &format!("./{path}"), By::Require)
    };
    if let Some(entry) = wanted {
        let Ok(Target::File(path)) = relative(entry) else {
            return Err(NoEntry::Missing { entry: entry.to_owned() });
        };
        let is_script = Dialect::of(&path).is_some() || ending(&path).is_empty();
        return if is_script { Ok(path) } else { Err(NoEntry::NoScript { entry: entry.into() }) };
    }
    if let Some(manifest) = &manifest {
        if manifest.exports
            && let Some(own) = &manifest.name
            && let Ok(Target::File(path)) = resolver.resolve(&within, own, By::Import)
            && Dialect::of(&path).is_some()
        {
            return Ok(path);
        }
        if manifest.exports
            && let Some(path) = resolver.exported(named)
            && Dialect::of(&path).is_some()
        {
            return Ok(path);
        }
        if let Some(main) = &manifest.main
            && let Ok(Target::File(path)) = relative(main)
            && Dialect::of(&path).is_some()
        {
            return Ok(path);
        }
    }
    for stem in NAMES {
        for ending in ENDINGS {
            let found = real(files, &join(named, &format!("{stem}.{ending}")));
            if let Some(found) = found.filter(|it| matches!(it.look, Look::File(_))) {
                return Ok(found.path);
            }
        }
    }
    let mut scripts: Vec<String> =
        files.list(named).into_iter().filter(|it| Dialect::of(it).is_some()).collect();
    if 1 < scripts.len() {
        scripts.retain(|it| !is_aside(it));
    }
    if let [only] = scripts.as_slice()
        && let Some(found) = real(files, &join(named, only))
    {
        return Ok(found.path);
    }
    scripts.truncate(10);
    Err(NoEntry::Nothing { main: manifest.and_then(|it| it.main.clone()), scripts })
}

/// Whether a script is one of tests or of tools.
fn is_aside(path: &str) -> bool {
    let stem = name(path).rsplit_once('.').map_or("", |(stem, _)| stem);
    matches!(ending(stem), "test" | "spec" | "config" | "stories") || stem.starts_with('.')
}
