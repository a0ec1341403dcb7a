//! Stacks as the engine writes them, made such that an author finds the place: frames of the runtime are left out, and
//! those in JavaScript that was made of another language show where they come from.

use super::{modules::Modules, scripts};

/// The frames of a stack, one a line, each with its place in the author's text.
pub(super) fn of_author(modules: &Modules, stack: &str) -> String {
    let mut shown = String::with_capacity(stack.len());
    // Frames of the engine's own functions, which belong to whoever called them.
    let mut native = String::new();
    for line in stack.lines() {
        let Some(frame) = Frame::of(line) else {
            native.push_str(line);
            native.push('\n');
            continue;
        };
        if frame.path.starts_with(scripts::PREFIX) || frame.path.starts_with('\\') {
            native.clear();
            continue;
        }
        shown.push_str(&std::mem::take(&mut native));
        let (row, column) = modules.author_place(frame.path, frame.line, frame.column);
        let Frame { before, path, after, .. } = frame;
        shown.push_str(&format!("{before}{path}:{row}:{column}{after}\n"));
    }
    // No line end behind the last one, as everywhere.
    shown.truncate(shown.trim_end().len());
    shown
}

/// A line such as `    at run (lib/a.js:3:14)` or `    at index.js:3:14`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    before: &'a str,
    pub(super) path: &'a str,
    pub(super) line: u32,
    pub(super) column: u32,
    after: &'a str,
}

impl<'a> Frame<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("    at ")?;
        let (name, place, after) = match rest.split_once(" (") {
            Some((name, place)) => (name.len() + 2, place.strip_suffix(')')?, ")"),
            None => (0, rest, ""),
        };
        let mut parts = place.rsplitn(3, ':');
        let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let before = &text[..text.len() - rest.len() + name];
        Some(Self { before, path: parts.next()?, line, column, after })
    }
}

#[cfg(test)]
mod tests {
    use super::Frame;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, u32, u32)>) {
        let found = Frame::of(text).map(|frame| (frame.path, frame.line, frame.column));
        assert_eq!(found, expected, "for {text:?}");
    }

    #[test]
    fn the_place_is_read_off_a_frame() {
        check("    at index.js:3:14", Some(("index.js", 3, 14)));
        check("    at run (lib/a (1).js:1:2)", Some(("lib/a (1).js", 1, 2)));
        check("    at eval (native)", None);
        check("RangeError: at far (a.js:1:2)", None);
        check("", None);
    }
}
