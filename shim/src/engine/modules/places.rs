//! Where things are in the author's own text, for errors and stacks.

use skep_project::{
    By, Kind, Table,
    script::{Place, Places, imports_of},
    table::Problem,
};

use super::Modules;
use crate::engine::exception::Caught;

/// Bytes of a script that is looked into for an import that cannot be had: that takes some 48 times as much memory
/// beside the engine, also where an instance has little.
const LOOKED_INTO: usize = 64 << 10;

impl Modules {
    /// The place in the author's text of a place in what the engine was given.
    pub(in crate::engine) fn author_place(&self, path: &str, line: u32, column: u32) -> (u32, u32) {
        let app = self.app();
        let places: Option<&Places> = app.files.places.get(path);
        let found = places.and_then(|places| places.lookup(Place { line, column }));
        found.map_or((line, column), |place| (place.line, place.column))
    }

    /// What is called at a place of the author's text, such as `os.cups`: names with dots between them.
    pub(in crate::engine) fn callee(&self, path: &str, line: u32, column: u32) -> Option<String> {
        let text = self.read_text(path)?;
        let text: Vec<char> =
            text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?.chars().collect();
        let is_name = |at: usize| {
            text.get(at).is_some_and(|it| it.is_alphanumeric() || *it == '_' || *it == '$')
        };
        let mut start = usize::try_from(column).ok()?.checked_sub(1)?;
        // The engine's columns of calls are one less on the first line of what it was given.
        if !is_name(start) {
            start += 1;
        }
        let mut end = start;
        while is_name(end) {
            end += 1;
        }
        let is_part = |at: usize| is_name(at) || text.get(at) == Some(&'.');
        while 0 < start && is_part(start - 1) {
            start -= 1;
        }
        (start < end && is_name(start)).then(|| text[start..end].iter().collect())
    }

    /// What was thrown; of an error in linking modules the place of the import that cannot be had.
    pub(in crate::engine) fn blamed(&self, caught: Caught) -> Caught {
        let app = self.app();
        let unresolved = app.problems.iter().find(|it| caught.message.starts_with(&it.message));
        if let Some(Problem { path, at: Some(at), .. }) = unresolved
            && caught.path.is_none()
        {
            return caught.asked_by(path, *at);
        }
        let Some((name, from)) = caught.link() else { return caught };
        let scripts = app.table.iter().flat_map(Table::files);
        let found = scripts.filter(|(_, kind)| *kind == Kind::Module).find_map(|(path, _)| {
            let bytes = app.files.read(path)?;
            // `import it from` has no name of what it asks for.
            let named =
                name == "default" || memchr::memmem::find(&bytes, name.as_bytes()).is_some();
            if LOOKED_INTO < bytes.len() || !named {
                return None;
            }
            let leads = |(specifier, _): &(String, Place)| {
                Self::resolve(self, specifier, path, By::Import).is_ok_and(|it| it == from)
            };
            let at = imports_of(path, &bytes, name).into_iter().find(leads)?.1;
            Some((path.to_owned(), at))
        });
        match found {
            Some((path, at)) => caught.asked_by(&path, at),
            None => caught,
        }
    }
}
