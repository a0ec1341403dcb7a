//! What resolution leads through beside its end: links, and the manifests that decide.

use super::{Resolver, is_relative, refusal::package_name};
use crate::files::{file, folder, join, normal, real, upwards};

/// What has to be kept beside a file for its resolution to come out the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// Links that were followed, by their own paths.
    pub links: Vec<String>,
    /// The manifest of the package that was named.
    pub manifest: Option<String>,
}

impl Resolver {
    /// What [`Resolver::resolve`] leads through for `specifier` in the file `from`.
    pub fn trail(&self, from: &str, specifier: &str) -> Trail {
        let here = folder(from);
        let files = &**self.files();
        let mut trail = Trail::default();
        let mut walk = |path: &str| {
            let found = real(files, path);
            trail.links.extend(found.iter().flat_map(|it| it.links.iter().cloned()));
            found
        };
        if is_relative(specifier) {
            if let Some(path) = normal(here, specifier) {
                // The file may have another ending, so its folder is what is looked for.
                let _ = walk(&path).or_else(|| walk(folder(&path)));
            }
            return trail;
        }
        if let Some(config) = self.tsconfig(here) {
            for path in config.candidates(specifier) {
                let _ = walk(&path).or_else(|| walk(folder(&path)));
            }
        }
        if specifier.starts_with(['#', '/']) {
            return trail;
        }
        let name = package_name(specifier);
        let mut places = upwards(here).map(|it| join(&join(it, "node_modules"), name));
        if let Some(package) = places.find_map(|it| walk(&it)) {
            trail.manifest = file(files, &join(&package.path, "package.json"));
        }
        trail
    }

    /// The manifests that decide about the file at `path`: the nearest one and, in a package, all up
    /// to that of the package.
    pub fn manifests_for(&self, path: &str) -> Vec<String> {
        let mut found = Vec::new();
        let boundary = upwards(folder(path)).any(|it| crate::files::name(it) == "node_modules");
        for above in upwards(folder(path)) {
            if crate::files::name(above) == "node_modules" {
                break;
            }
            if let Some(manifest) = file(&**self.files(), &join(above, "package.json")) {
                found.push(manifest);
                if !boundary {
                    break;
                }
            }
        }
        found
    }
}
