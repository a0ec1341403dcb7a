//! Folders that are taken whole, and globs.

use super::{MAX_FILES, Note, Options, TraceError, Tracer};
use crate::files::{Files, Look, join, normal, real, relative};

/// Most files that are looked at for globs.
const MAX_WALK: usize = 100_000;

/// Every file below `folder`, links not followed, without hidden ones and `node_modules`.
pub(super) fn below(files: &dyn Files, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in files.list(&folder) {
            if entry == "node_modules" || entry.starts_with('.') {
                continue;
            }
            let path = join(&folder, &entry);
            match files.look(&path) {
                Some(Look::Folder) => todo.push(path),
                Some(Look::File(_)) => found.push(path),
                Some(Look::Link(_)) | None => {}
            }
        }
        if MAX_WALK < found.len() {
            break;
        }
    }
    found.sort();
    found
}

/// The folder that all paths which a glob matches are in, as far as it is written out.
fn literal_folder(glob: &str) -> &str {
    let special = glob.find(['*', '?', '[', '{', '!', '\\']).unwrap_or(glob.len());
    glob[..special].rfind('/').map_or("", |end| &glob[..end])
}

impl Tracer<'_> {
    /// Takes what the user asks for beside what is reached.
    pub(super) fn extras(&mut self, options: &Options) -> Result<(), TraceError> {
        for path in &options.extra {
            let missing = || TraceError::Missing { path: path.clone() };
            let at = normal(&self.home, path).ok_or_else(missing)?;
            let found = real(self.files, &at).ok_or_else(missing)?;
            self.links.extend(found.links);
            match found.look {
                Look::File(_) => self.take_any(&found.path, false),
                Look::Folder | Look::Link(_) => {
                    for below in below(self.files, &found.path) {
                        self.take_any(&below, false);
                    }
                }
            }
        }
        if options.include.is_empty() {
            return Ok(());
        }
        let mut hit = vec![false; options.include.len()];
        for path in below(self.files, &self.home.clone()) {
            let shown = relative(&self.home, &path);
            for (glob, hit) in options.include.iter().zip(&mut hit) {
                let glob = glob.trim_start_matches("./");
                if fast_glob::glob_match(glob, &shown) && self.taken.len() < MAX_FILES * 4 {
                    *hit = true;
                    self.take_any(&path, false);
                }
            }
        }
        // What is below `node_modules` is looked at where a glob names a folder there.
        for (glob, hit) in options.include.iter().zip(&mut hit) {
            let glob = glob.trim_start_matches("./");
            let folder = literal_folder(glob);
            if !folder.split('/').any(|it| it == "node_modules") {
                continue;
            }
            let Some(at) = normal(&self.home, folder) else { continue };
            let Some(found) = real(self.files, &at) else { continue };
            self.links.extend(found.links);
            for path in below(self.files, &found.path) {
                let shown = join(folder, &relative(&found.path, &path));
                if fast_glob::glob_match(glob, &shown) && self.taken.len() < MAX_FILES * 4 {
                    *hit = true;
                    self.take_any(&path, false);
                }
            }
        }
        let missed = options.include.iter().zip(hit).filter(|(_, hit)| !hit);
        for (glob, _) in missed.collect::<Vec<_>>() {
            let (path, at) = (String::new(), None);
            let message = format!("nothing matches the glob {glob}");
            self.notes.push(Note { path, at, message });
        }
        Ok(())
    }

    /// Notes which dependencies of the folder's manifest were not reached.
    pub(super) fn left_out(&mut self) {
        let path = join(&self.home, "package.json");
        let Ok(bytes) = self.files.read(&path) else { return };
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return };
        for field in ["dependencies", "devDependencies"] {
            let Some(all) = value.get(field).and_then(|it| it.as_object()) else { continue };
            let reached = |it: &str| {
                self.packages.iter().any(|of| {
                    of.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
            };
            let names: Vec<&str> =
                all.keys().map(String::as_str).filter(|it| !reached(it)).collect();
            if !names.is_empty() {
                let message =
                    format!("{field} that the entry does not reach: {}", names.join(", "));
                self.note(&path, None, message);
            }
        }
    }
}
