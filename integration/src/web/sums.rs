//! What came of the tests, file by file, and the table of it by folders.
//!
//! A file's line in JSON has the members `file`, `status`, `pass`, `fail`, `total`, `ms` and `failures`. Lines of an
//! earlier run, or of another engine, can be the reference of a run: a subtest that the reference knows and that was
//! never reached counts as failed.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};

/// The status of a file whose subtests all came to their end, whatever that was.
pub const RAN: &str = "OK";
/// That of one that only the reference has.
pub const NOT_IN_FOLDER: &str = "NOT IN THE FOLDER";

/// What came of one test file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Its path from the root.
    pub file: String,
    /// [`RAN`], or what was in the way.
    pub status: String,
    /// Subtests that passed.
    pub pass: u64,
    /// Subtests that did not.
    pub fail: u64,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// Some of those that did not pass: name and message each.
    pub failures: Vec<Value>,
    /// Whether the daemon or the instance failed, and not the test.
    pub is_fault: bool,
}

/// Why a reference cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the reference is no result of a test file: {problem}")]
pub struct ReferenceError {
    line: usize,
    problem: String,
}

impl Outcome {
    /// That of a file which could not be run.
    pub fn fault(file: &str, status: String) -> Self {
        Self { file: file.to_owned(), status, is_fault: true, ..Self::default() }
    }

    /// What the app of a test answered.
    pub fn answered(file: &str, answer: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
        let mut found = Self::of(&value)?;
        file.clone_into(&mut found.file);
        Ok(found)
    }

    fn of(value: &Value) -> Result<Self, String> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let number = |name: &str| value[name].as_u64();
        let needed = |name: &str| number(name).ok_or_else(|| format!("it has no number `{name}`"));
        Ok(Self {
            file: text("file").unwrap_or_default(),
            status: text("status").ok_or("it has no text `status`")?,
            pass: needed("pass")?,
            fail: needed("fail")?,
            ms: number("ms").unwrap_or(0),
            failures: value["failures"].as_array().cloned().unwrap_or_default(),
            is_fault: false,
        })
    }

    /// Its subtests.
    pub fn total(&self) -> u64 {
        self.pass + self.fail
    }

    /// Adds what came of another variant of the same file.
    pub fn add(&mut self, other: Self) {
        if self.status == RAN {
            self.status = other.status;
        }
        self.pass += other.pass;
        self.fail += other.fail;
        self.ms += other.ms;
        self.failures.extend(other.failures);
        self.is_fault |= other.is_fault;
    }

    /// Its line.
    pub fn json(&self) -> String {
        let Self { file, status, pass, fail, ms, failures, .. } = self;
        let total = self.total();
        json!({
            "file": file, "status": status, "pass": pass, "fail": fail, "total": total, "ms": ms, "failures": failures,
        })
        .to_string()
    }
}

/// What a reference says: files with what passed there, and of how many.
#[derive(Clone, Debug, Default)]
pub struct Reference(BTreeMap<String, (u64, u64)>);

impl Reference {
    /// Reads the lines of one.
    pub fn read(text: &str) -> Result<Self, ReferenceError> {
        let mut found = BTreeMap::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |problem| ReferenceError { line: at + 1, problem };
            let value: Value =
                serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
            let one = Outcome::of(&value).map_err(wrong)?;
            if one.file.is_empty() {
                return Err(wrong("it has no text `file`".to_owned()));
            }
            let (pass, total) = (one.pass, one.total());
            found.insert(one.file, (pass, total));
        }
        Ok(Self(found))
    }

    /// Whether it knows a file.
    pub fn has(&self, file: &str) -> bool {
        self.0.contains_key(file)
    }

    /// Its files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A row: files that are whole, files, subtests that passed, subtests, and those that pass in the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    whole: u64,
    files: u64,
    pass: u64,
    total: u64,
    reference: u64,
}

impl Row {
    fn add(&mut self, other: Self) {
        self.whole += other.whole;
        self.files += other.files;
        self.pass += other.pass;
        self.total += other.total;
        self.reference += other.reference;
    }

    fn write(&self, text: &mut String, name: &str, has_reference: bool) {
        let Self { whole, files, pass, total, reference } = *self;
        let _ = write!(
            text,
            "| {name} | {whole}/{files} | {pass} | {total} | {} |",
            percent(pass, total)
        );
        if has_reference {
            let _ = write!(text, " {reference} | {} |", percent(pass, reference));
        }
        text.push('\n');
    }
}

/// With one digit after the point, rounded down: a whole hundred is only said of all.
fn percent(part: u64, of: u64) -> String {
    match (part * 1000).checked_div(of) {
        Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
        None => "-".to_owned(),
    }
}

/// The table: a row for each folder with tests, and their sum.
pub fn table(outcomes: &[Outcome], reference: Option<&Reference>) -> String {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for one in outcomes {
        let known = reference.and_then(|reference| reference.0.get(&one.file));
        let (passes, subtests) = known.copied().unwrap_or_default();
        // A file of which nothing is known is one subtest that failed.
        let total = one.total().max(subtests).max(1);
        let folder = one.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        rows.entry(folder).or_default().add(Row {
            whole: u64::from(one.pass == total),
            files: 1,
            pass: one.pass,
            total,
            reference: passes,
        });
    }
    let mut text = "| folder | files whole | subtests passed | of | % |".to_owned();
    let mut line = "|---|---|---|---|---|".to_owned();
    if reference.is_some() {
        text.push_str(" reference | % of it |");
        line.push_str("---|---|");
    }
    let _ = writeln!(text, "\n{line}");
    let mut sum = Row::default();
    for (folder, row) in rows {
        sum.add(row);
        row.write(&mut text, folder, reference.is_some());
    }
    sum.write(&mut text, "**sum**", reference.is_some());
    text
}
