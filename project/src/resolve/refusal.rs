//! Why a specifier means nothing, in words for people.

use oxc_resolver::ResolveError;

use super::{MAX_SPECIFIER, is_relative, plain};
use crate::{
    files::{Files, join, normal, real, upwards},
    manifest::Manifest,
};

/// A specifier that could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot find {specifier:?}: {why}")]
pub struct NotResolved {
    /// The file that asked.
    pub from: String,
    /// What it asked for.
    pub specifier: String,
    /// Why it was not found.
    pub why: Why,
}

/// Why a specifier could not be resolved. Paths are those of [`Files`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// No `node_modules` has it, and no built-in module is called so.
    #[error(
        "no package {name:?} in any node_modules folder above, and no built-in module of that name"
    )]
    NoPackage {
        /// The package.
        name: String,
    },
    /// The package is there, the file in it is not.
    #[error("package {name:?} is in {folder}, but it has no such file (main, index.js)")]
    NoEntry {
        /// The package.
        name: String,
        /// Where it is.
        folder: String,
    },
    /// There is no such file or folder.
    #[error("no such file: {path}")]
    NoFile {
        /// Where it would be.
        path: String,
    },
    /// `exports` of the package does not have it.
    #[error("{manifest} does not export {subpath:?} under the conditions {conditions}")]
    NotExported {
        /// The package's manifest.
        manifest: String,
        /// What was asked for in it.
        subpath: String,
        /// The conditions, joined.
        conditions: String,
    },
    /// `imports` of the package does not have it.
    #[error("the nearest package.json has no such name in \"imports\"")]
    NotImported,
    /// A manifest that is not valid.
    #[error("{manifest} cannot be used: {problem}")]
    Manifest {
        /// The manifest.
        manifest: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A built-in module that is not there.
    #[error("there is no built-in module {name:?}")]
    NoBuiltin {
        /// Its name, without `node:`.
        name: String,
    },
    /// A URL of a kind that cannot be loaded.
    #[error("modules cannot be loaded from {scheme}: URLs")]
    Url {
        /// What is before the colon.
        scheme: String,
    },
    /// It leads out of the project.
    #[error("it leads out of the project")]
    LeadsOut,
    /// It is too long.
    #[error("it has {found} bytes, at most {MAX_SPECIFIER} are allowed")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// It is no specifier.
    #[error("it is empty or not valid")]
    Specifier,
}

/// The specifier of an `import` is a URL: takes off query and fragment, and decodes `%`.
pub(super) fn from_url(specifier: &str) -> Result<String, Why> {
    let path = match specifier.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => {
            if !scheme.eq_ignore_ascii_case("file") {
                return Err(Why::Url { scheme: scheme.to_ascii_lowercase() });
            }
            rest.strip_prefix("//localhost").or(rest.strip_prefix("//")).unwrap_or(rest)
        }
        _ if is_relative(specifier) || specifier.starts_with('/') => specifier,
        _ => return Ok(specifier.to_owned()),
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    decoded(path).ok_or(Why::Specifier)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|it: char| it.is_ascii_alphabetic())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || "+-.".contains(it))
}

/// Decodes `%XX`; `None` where that gives `/`, `\`, a zero or no UTF-8, as Node refuses it.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = path.bytes();
    let mut out = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        let taken = if byte == b'%' {
            let digit = |it: Option<u8>| char::from(it?).to_digit(16);
            let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
            u8::try_from(value).ok().filter(|it| !matches!(it, b'/' | b'\\' | 0))?
        } else {
            byte
        };
        out.push(taken);
    }
    String::from_utf8(out).ok()
}

/// The package that a bare specifier names: one segment, or two after `@`.
pub(crate) fn package_name(specifier: &str) -> &str {
    let skip =
        if specifier.starts_with('@') { specifier.find('/').map_or(0, |it| it + 1) } else { 0 };
    let end = specifier[skip..].find('/').map_or(specifier.len(), |it| skip + it);
    &specifier[..end]
}

/// Puts the library's error in words.
pub(super) fn why(files: &dyn Files, here: &str, specifier: &str, error: ResolveError) -> Why {
    let shown = |path: &std::path::Path| plain(path).unwrap_or_default().to_owned();
    match error {
        ResolveError::PackagePathNotExported { subpath, package_json_path, conditions, .. } => {
            let manifest = shown(&package_json_path);
            Why::NotExported { manifest, subpath, conditions: conditions.names().join(", ") }
        }
        ResolveError::Json(error) => {
            let manifest = shown(&error.path);
            let bytes = files.read(&manifest).unwrap_or_default();
            let problem = Manifest::read(&manifest, &bytes).problem;
            Why::Manifest { manifest, problem: problem.unwrap_or(error.message) }
        }
        ResolveError::PackageImportNotDefined(..) => Why::NotImported,
        ResolveError::InvalidPackageTarget(target, key, manifest) => {
            let problem = format!("{key:?} leads to {target:?}, which is no path in the package");
            Why::Manifest { manifest: shown(&manifest), problem }
        }
        ResolveError::InvalidPackageConfig(manifest) => {
            let problem = "\"exports\" mixes subpaths and conditions".to_owned();
            Why::Manifest { manifest: shown(&manifest), problem }
        }
        ResolveError::InvalidModuleSpecifier(..) | ResolveError::Specifier(_) => Why::Specifier,
        _ => not_found(files, here, specifier),
    }
}

fn not_found(files: &dyn Files, here: &str, specifier: &str) -> Why {
    if specifier.starts_with('#') {
        return Why::NotImported;
    }
    if specifier.starts_with('/') || is_relative(specifier) {
        let from = if specifier.starts_with('/') { "" } else { here };
        return Why::NoFile { path: normal(from, specifier).unwrap_or_default() };
    }
    let name = package_name(specifier);
    let mut places = upwards(here).map(|it| join(&join(it, "node_modules"), name));
    match places.find_map(|it| real(files, &it)) {
        Some(found) if specifier == name => {
            Why::NoEntry { name: name.to_owned(), folder: found.path }
        }
        Some(found) => {
            let rest = specifier[name.len()..].trim_start_matches('/');
            Why::NoFile { path: join(&found.path, rest) }
        }
        None => Why::NoPackage { name: name.to_owned() },
    }
}
