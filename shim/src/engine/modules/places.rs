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

    /// What is called at a place of the author's text, such as `os.cups`: names with dots between them. `None` where
    /// the place may be that of an argument: the engine tells the last one in the place of the call around it.
    pub(in crate::engine) fn callee(&self, path: &str, line: u32, column: u32) -> Option<String> {
        callee_in(&self.read_text(path)?, line, column)
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

fn is_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}

/// Characters before a call that are looked through for a call around it.
const LOOKED_BACK: usize = 2000;

fn callee_in(text: &str, line: u32, column: u32) -> Option<String> {
    let before: usize = text
        .split_inclusive('\n')
        .take(usize::try_from(line).ok()?.checked_sub(1)?)
        .map(str::len)
        .sum();
    let here: Vec<char> = text.get(before..)?.lines().next()?.chars().collect();
    let name_at = |at: usize| here.get(at).is_some_and(|char| is_name(*char));
    let mut start = usize::try_from(column).ok()?.checked_sub(1)?;
    // The engine's columns of calls are one less on the first line of what it was given.
    if !name_at(start) {
        start += 1;
    }
    let mut end = start;
    while name_at(end) {
        end += 1;
    }
    while 0 < start && (name_at(start - 1) || here.get(start - 1) == Some(&'.')) {
        start -= 1;
    }
    let above = text[..before].chars().rev();
    let back = here[..start.min(here.len())].iter().rev().copied().chain(above);
    let is_found = start < end && name_at(start) && !is_argument(back.take(LOOKED_BACK));
    is_found.then(|| here[start..end].iter().collect())
}

/// Whether what follows is inside the arguments of a call, from the text before it, backwards: an open parenthesis
/// behind a name or another call, and no open body of a function in between.
fn is_argument(back: impl Iterator<Item = char>) -> bool {
    /// What may stand before a parenthesis that is no call's.
    const WORDS: [&str; 12] = [
        "if", "for", "while", "switch", "return", "catch", "with", "await", "typeof", "void", "in",
        "of",
    ];
    let mut back = back.peekable();
    let mut depth = 0_usize;
    while let Some(char) = back.next() {
        match char {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' if 0 < depth => depth -= 1,
            '(' => {
                while back.next_if(|char| char.is_whitespace()).is_some() {}
                let mut word = String::new();
                while let Some(char) = back.next_if(|char| is_name(*char)) {
                    word.insert(0, char);
                }
                let is_call = match back.peek() {
                    Some(')' | ']') if word.is_empty() => true,
                    _ => !word.is_empty() && !WORDS.contains(&word.as_str()),
                };
                if is_call {
                    return true;
                }
            }
            '{' => {
                while back.next_if(|char| char.is_whitespace()).is_some() {}
                // A body follows an arrow, the end of parameters or a word; an object follows an operator.
                match back.peek() {
                    Some('(' | ',' | ':' | '=' | '[' | '?' | '&' | '|') => {}
                    _ => return false,
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::callee_in;

    /// What is called at the place that is marked by `^`.
    #[track_caller]
    fn check(marked: &str, expected: Option<&str>) {
        let at = marked.find('^').unwrap();
        let line = marked[..at].matches('\n').count() + 1;
        let column = at - marked[..at].rfind('\n').map_or(0, |end| end + 1) + 1;
        let text = marked.replace('^', "");
        let (line, column) = (u32::try_from(line).unwrap(), u32::try_from(column).unwrap());
        assert_eq!(callee_in(&text, line, column).as_deref(), expected, "for {marked:?}");
    }

    #[test]
    fn what_is_called_is_a_name_with_dots() {
        check("os.^cups()", Some("os.cups"));
        check("const a = 1;\nif (x) { a.^b(c); }", Some("a.b"));
        check("app.get(\"/\", (req, res) => { res.^nope(); });", Some("res.nope"));
        check("list.map(function (it) {\n  return it.^x();\n})", Some("it.x"));
        check("f(1); g.^h()", Some("g.h"));
        check("if (a.^b()) {}", Some("a.b"));
        check("os^.cups()", Some("os.cups"));
    }

    #[test]
    fn what_may_be_an_argument_is_not_named() {
        check("o.missing(Promise.^resolve(1))", None);
        check("o.missing(\n  Promise.^resolve(1)\n)", None);
        check("o.missing({ a: b.^c() })", None);
        check("o.f()(a.^b())", None);
    }
}
