//! Reads a TOML document key by key and collects every problem with its line.
//!
//! It knows nothing about Skep: [`super`] says which keys there are. A key that nobody asked for is a
//! problem too, found by [`Reader::finish`].

use std::{borrow::Cow, collections::BTreeMap, fmt, str::FromStr};

use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// From 1; 0 when the whole file is meant.
    pub line: usize,
    /// The key with its tables, such as `pool.spare_floor`.
    pub key: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.key.as_str()) {
            (0, "") => write!(f, "{}", self.what),
            (0, key) => write!(f, "{key}: {}", self.what),
            (line, "") => write!(f, "line {line}: {}", self.what),
            (line, key) => write!(f, "line {line}: {key}: {}", self.what),
        }
    }
}

/// One table that is being read.
pub(super) struct Reader<'a> {
    text: &'a str,
    path: String,
    line: usize,
    fields: BTreeMap<String, Spanned<DeValue<'a>>>,
    /// Where the keys stand that were asked for.
    lines: BTreeMap<String, usize>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// # Errors
    ///
    /// The text is not TOML.
    pub(super) fn new(text: &'a str) -> Result<Self, Problem> {
        match DeTable::parse(text) {
            Ok(table) => Ok(Self::of(text, String::new(), 0, table.into_inner())),
            Err(error) => {
                let line = error.span().map_or(0, |span| line_of(text, span.start));
                Err(Problem { line, key: String::new(), what: error.message().to_owned() })
            }
        }
    }

    fn of(text: &'a str, path: String, line: usize, table: DeTable<'a>) -> Self {
        let fields = table
            .into_iter()
            .map(|(key, value)| (Cow::into_owned(key.into_inner()), value))
            .collect();
        Self { text, path, line, fields, lines: BTreeMap::new(), problems: Vec::new() }
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn take(&mut self, key: &str) -> Option<(usize, DeValue<'a>)> {
        let value = self.fields.remove(key)?;
        let line = line_of(self.text, value.span().start);
        self.lines.insert(key.to_owned(), line);
        Some((line, value.into_inner()))
    }

    /// Notes a problem of `key`, at its line; at the table's if it is not there.
    pub(super) fn problem(&mut self, key: &str, what: impl fmt::Display) {
        let line = self.lines.get(key).copied().unwrap_or(self.line);
        self.problem_at(line, key, what);
    }

    /// Notes a problem of `key` at a line inside of its value.
    pub(super) fn problem_at(&mut self, line: usize, key: &str, what: impl fmt::Display) {
        let key = self.name(key);
        self.problems.push(Problem { line, key, what: what.to_string() });
    }

    /// Whether `key` is there, asked for or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key) || self.lines.contains_key(key)
    }

    /// The value of `key` as `T`, which is parsed from text or from a whole number.
    pub(super) fn get<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Option<T> {
        let (_, value) = self.take(key)?;
        let text = match value {
            DeValue::String(text) => text.into_owned(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Boolean(truth) => truth.to_string(),
            other => {
                self.problem(key, format_args!("is {}, not a value", other.type_str()));
                return None;
            }
        };
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(key, error);
                None
            }
        }
    }

    /// The value of `key`, or `default`.
    pub(super) fn get_or<T: FromStr<Err: fmt::Display>>(&mut self, key: &str, default: T) -> T {
        self.get(key).unwrap_or(default)
    }

    /// The value of `key`, which must be there.
    pub(super) fn need<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Option<T> {
        if !self.has(key) {
            self.problem(key, "is missing");
        }
        self.get(key)
    }

    /// The texts in the list at `key`, each with its line.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<(usize, String)>> {
        let (_, value) = self.take(key)?;
        let DeValue::Array(items) = value else {
            self.problem(key, format_args!("is {}, not a list", value.type_str()));
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            let line = line_of(self.text, item.span().start);
            match item.into_inner() {
                DeValue::String(text) => texts.push((line, text.into_owned())),
                other => {
                    let what = format_args!("holds {}, not text", other.type_str());
                    self.problem_at(line, key, what);
                }
            }
        }
        Some(texts)
    }

    /// Reads the table at `key` with `read`, an empty one if there is none.
    pub(super) fn table<T>(&mut self, key: &str, read: impl FnOnce(&mut Reader<'a>) -> T) -> T {
        let path = self.name(key);
        let (line, table) = match self.take(key) {
            None => (0, DeTable::new()),
            Some((line, DeValue::Table(table))) => (line, table),
            Some((line, other)) => {
                self.problem(key, format_args!("is {}, not a table", other.type_str()));
                (line, DeTable::new())
            }
        };
        let mut inner = Reader::of(self.text, path, line, table);
        let read = read(&mut inner);
        self.problems.append(&mut inner.finish());
        read
    }

    /// Reads each table of the list at `key` with `read`. If there is none, `none` is the problem.
    pub(super) fn tables<T>(
        &mut self,
        key: &str,
        none: &str,
        mut read: impl FnMut(&mut Reader<'a>) -> Option<T>,
    ) -> Vec<T> {
        let items = match self.take(key) {
            None => DeArray::new(),
            Some((_, DeValue::Array(items))) => items,
            Some((_, other)) => {
                self.problem(key, format_args!("is {}, write [[{key}]]", other.type_str()));
                return Vec::new();
            }
        };
        if items.is_empty() {
            self.problem(key, none);
        }
        let mut found = Vec::new();
        for item in items {
            let line = line_of(self.text, item.span().start);
            let DeValue::Table(table) = item.into_inner() else {
                self.problem_at(line, key, "holds something that is not a table");
                continue;
            };
            let mut inner = Reader::of(self.text, self.name(key), line, table);
            found.extend(read(&mut inner));
            self.problems.append(&mut inner.finish());
        }
        found
    }

    /// Every problem, with one for each key that was not asked for.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        let unknown: Vec<(usize, String)> = self
            .fields
            .iter()
            .map(|(key, value)| (line_of(self.text, value.span().start), key.clone()))
            .collect();
        for (line, key) in unknown {
            self.problem_at(line, &key, "is not a known key");
        }
        self.problems
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}
