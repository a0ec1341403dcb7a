//! An entry that is one expression, such as a function without a name, and no program.
//!
//! Some platforms keep their functions in such files. What one asks for is found by reading it in
//! parentheses; what is sent stays as it is.

use std::sync::Arc;

use bytes::Bytes;
use skep_project::{
    Files,
    files::{Look, ReadError, ending},
    script::{self, Ask},
};

/// The conventions of such files.
const HANDLERS: [&str; 2] = ["bare", "expression"];

/// The files, with the entry in parentheses, if it is such a file and may be one.
pub(super) fn in_parentheses(
    files: &Arc<dyn Files>,
    entry: &str,
    handler: Option<&str>,
) -> Option<Arc<dyn Files>> {
    if !matches!(ending(entry), "js" | "cjs")
        || handler.is_some_and(|name| !HANDLERS.contains(&name))
    {
        return None;
    }
    let whole = files.read(entry).ok()?;
    let text = str::from_utf8(&whole).ok()?.trim_end_matches([';', ' ', '\t', '\r', '\n']);
    let bytes = Bytes::from(format!("({text}\n)"));
    let ask = Ask {
        path: entry,
        bytes: &bytes,
        package_type: None,
        tsconfig: None,
        code: false,
        types: &[],
    };
    script::read(&ask).ok().filter(|script| script.unread.is_none())?;
    Some(Arc::new(InParentheses { files: Arc::clone(files), entry: entry.to_owned(), bytes }))
}

struct InParentheses {
    files: Arc<dyn Files>,
    entry: String,
    bytes: Bytes,
}

impl Files for InParentheses {
    fn look(&self, path: &str) -> Option<Look> {
        self.files.look(path)
    }

    fn read(&self, path: &str) -> Result<Bytes, ReadError> {
        if path == self.entry { Ok(self.bytes.clone()) } else { self.files.read(path) }
    }

    fn list(&self, path: &str) -> Vec<String> {
        self.files.list(path)
    }

    fn inside(&self, absolute: &str) -> Option<String> {
        self.files.inside(absolute)
    }
}
