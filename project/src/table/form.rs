//! The bytes of a table, written and looked into. Reading takes any bytes.
//!
//! The form: numbers in groups of seven bits, lowest first; texts as length and UTF-8.
//!
//! ```text
//! "skt2"
//! number of texts;     each: a text, in order, each once
//! number of files;     each: path, kind * 2 + whether it waits, names, specifiers of reexports (lists of texts)
//! number of entries;   each: script, specifier * 2 + by, target * 2 + whether it is built in
//! ```
//!
//! Texts are named by their number. Files and entries are in order, so a lookup needs no index.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{Made, Script};
use crate::{
    resolve::{By, Target},
    syntax::Kind,
};

const MARK: &[u8] = b"skt2";

/// The most bytes that a table may have.
pub const MAX_TABLE: usize = 16 << 20;
/// Room that is made for things before they are read.
const ROOM: usize = 1 << 16;

/// Bytes that are no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table of the app's files cannot be read at byte {at}")]
pub struct BadTable {
    /// Where reading stopped.
    pub at: usize,
}

/// What a specifier means, as a table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Led<'a> {
    /// The file at this path.
    File(&'a str),
    /// The built-in module of this name, without `node:`.
    Builtin(&'a str),
}

/// Kinds and resolutions of an upload.
///
/// Always true: texts are UTF-8 and in order, every number of a text has one, and lists end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    bytes: Bytes,
    /// Where each text begins, and its length.
    texts: Vec<(u32, u32)>,
    files: Vec<File>,
    /// Script, specifier and way, target.
    entries: Vec<(u32, u32, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct File {
    path: u32,
    kind: Kind,
    waits: bool,
    /// Where its lists are.
    lists: u32,
}

/// Writes a table.
pub(super) fn written(made: &Made) -> Table {
    let mut texts = BTreeSet::new();
    for (path, Script { exports, .. }) in &made.files {
        texts.insert(path.as_str());
        texts.extend(exports.names.iter().chain(&exports.reexports).map(String::as_str));
    }
    for ((from, specifier, _), target) in &made.targets {
        let (Target::File(target) | Target::Builtin(target)) = target;
        texts.extend([from.as_str(), specifier, target]);
    }
    let numbers: BTreeMap<&str, usize> =
        texts.iter().enumerate().map(|(at, it)| (*it, at)).collect();
    let text = |it: &str| numbers.get(it).copied().unwrap_or_default();
    let mut out = MARK.to_vec();
    number(&mut out, texts.len());
    for it in &texts {
        number(&mut out, it.len());
        out.extend_from_slice(it.as_bytes());
    }
    number(&mut out, made.files.len());
    for (path, Script { kind, exports, waits, .. }) in &made.files {
        number(&mut out, text(path));
        number(&mut out, kind_number(*kind) * 2 + usize::from(*waits));
        for list in [&exports.names, &exports.reexports] {
            number(&mut out, list.len());
            list.iter().for_each(|it| number(&mut out, text(it)));
        }
    }
    let entries: BTreeMap<(usize, usize), usize> = made
        .targets
        .iter()
        .map(|((from, specifier, by), target)| {
            let asked = text(specifier) * 2 + usize::from(*by == By::Require);
            let led = match target {
                Target::File(it) => text(it) * 2,
                Target::Builtin(it) => text(it) * 2 + 1,
            };
            ((text(from), asked), led)
        })
        .collect();
    number(&mut out, entries.len());
    for ((from, asked), led) in entries {
        [from, asked, led].into_iter().for_each(|it| number(&mut out, it));
    }
    Table::decode(out.into()).unwrap_or_else(|_| Table::empty())
}

impl Table {
    fn empty() -> Self {
        Self { bytes: Bytes::new(), texts: Vec::new(), files: Vec::new(), entries: Vec::new() }
    }

    /// The table as bytes, to be kept or sent.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Takes what [`Table::bytes`] gave. The bytes are shared, not copied.
    ///
    /// # Errors
    ///
    /// The bytes are no table, or too many.
    pub fn decode(bytes: Bytes) -> Result<Self, BadTable> {
        let mut input = Input { all: &bytes, at: 0 };
        let (texts, files, entries) = input.table().ok_or(BadTable { at: input.at })?;
        Ok(Self { bytes, texts, files, entries })
    }

    fn text(&self, number: u32) -> &str {
        let (at, length) = self.texts.get(number as usize).copied().unwrap_or_default();
        let bytes = self.bytes.get(at as usize..at as usize + length as usize);
        std::str::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
    }

    fn number(&self, text: &str) -> Option<u32> {
        let compare = |(at, length): &(u32, u32)| {
            let bytes = self.bytes.get(*at as usize..*at as usize + *length as usize);
            bytes.unwrap_or_default().cmp(text.as_bytes())
        };
        self.texts.binary_search_by(compare).ok().and_then(|it| u32::try_from(it).ok())
    }

    fn file(&self, path: u32) -> Option<&File> {
        let at = self.files.binary_search_by_key(&path, |it| it.path).ok()?;
        self.files.get(at)
    }

    /// How the file at `path` is loaded; `None` if the table does not have it.
    pub fn kind(&self, path: &str) -> Option<Kind> {
        Some(self.file(self.number(path)?)?.kind)
    }

    /// Whether the file at `path` is a module without an `await` outside of its functions that loads one with it,
    /// itself or through others: it ends later than it runs.
    pub fn waits(&self, path: &str) -> bool {
        self.number(path).and_then(|it| self.file(it)).is_some_and(|it| it.waits)
    }

    /// Every file with its kind, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.files.iter().map(|it| (self.text(it.path), it.kind))
    }

    /// How many specifiers are in it.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// What `specifier` means in the script `from`, if that was clear at deploy.
    pub fn lookup(&self, from: &str, specifier: &str, by: By) -> Option<Led<'_>> {
        self.led(self.number(from)?, self.number(specifier)?, by)
    }

    fn led(&self, from: u32, specifier: u32, by: By) -> Option<Led<'_>> {
        let asked = specifier * 2 + u32::from(by == By::Require);
        let at = self.entries.binary_search_by_key(&(from, asked), |it| (it.0, it.1)).ok()?;
        let led = self.entries.get(at)?.2;
        let text = self.text(led / 2);
        Some(if led % 2 == 0 { Led::File(text) } else { Led::Builtin(text) })
    }

    /// All names that an `import` of the CommonJS script `path` gets: its own and those it hands on
    /// of other files, in order. `default` is not among them by itself, `__esModule` may be.
    pub fn names(&self, path: &str) -> Vec<&str> {
        let mut names = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo: Vec<u32> = self.number(path).into_iter().collect();
        while let Some(path) = todo.pop() {
            let Some(file) = self.file(path).filter(|_| seen.insert(path)) else { continue };
            let mut input = Input { all: &self.bytes, at: file.lists as usize };
            names.extend(input.list().unwrap_or_default());
            for specifier in input.list().unwrap_or_default() {
                if let Some(Led::File(target)) = self.led(path, specifier, By::Require) {
                    todo.extend(self.number(target));
                }
            }
        }
        // Texts are in order, and so are their numbers.
        names.into_iter().map(|it| self.text(it)).collect()
    }
}

fn kind_number(kind: Kind) -> usize {
    match kind {
        Kind::Commonjs => 0,
        Kind::Module => 1,
        Kind::Json => 2,
        Kind::Data => 3,
    }
}

fn number(out: &mut Vec<u8>, mut number: usize) {
    while 0x7F < number {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7F) as u8);
}

struct Input<'a> {
    all: &'a [u8],
    at: usize,
}

type Parts = (Vec<(u32, u32)>, Vec<File>, Vec<(u32, u32, u32)>);

impl<'a> Input<'a> {
    fn table(&mut self) -> Option<Parts> {
        if MAX_TABLE < self.all.len() || self.take(MARK.len())? != MARK {
            return None;
        }
        let count = self.count()?;
        let mut texts = Vec::with_capacity(count.min(ROOM));
        let mut before: Option<&[u8]> = None;
        for _ in 0..count {
            let length = self.number()?;
            let at = u32::try_from(self.at).ok()?;
            let text = self.take(length as usize)?;
            std::str::from_utf8(text).ok()?;
            if before.is_some_and(|it| text <= it) {
                return None;
            }
            before = Some(text);
            texts.push((at, length));
        }
        let known = |it: u32| ((it as usize) < texts.len()).then_some(it);
        let count = self.count()?;
        let mut files: Vec<File> = Vec::with_capacity(count.min(ROOM));
        for _ in 0..count {
            let path = known(self.number()?)?;
            if files.last().is_some_and(|it| path <= it.path) {
                return None;
            }
            let number = self.number()?;
            let waits = number % 2 == 1;
            let kind = match number / 2 {
                0 => Kind::Commonjs,
                1 => Kind::Module,
                2 => Kind::Json,
                3 => Kind::Data,
                _ => return None,
            };
            let lists = u32::try_from(self.at).ok()?;
            for _ in 0..2 {
                for _ in 0..self.count()? {
                    known(self.number()?)?;
                }
            }
            files.push(File { path, kind, waits, lists });
        }
        let count = self.count()?;
        let mut entries: Vec<(u32, u32, u32)> = Vec::with_capacity(count.min(ROOM));
        for _ in 0..count {
            let entry = (known(self.number()?)?, self.number()?, self.number()?);
            known(entry.1 / 2)?;
            known(entry.2 / 2)?;
            if entries.last().is_some_and(|it| (entry.0, entry.1) <= (it.0, it.1)) {
                return None;
            }
            entries.push(entry);
        }
        (self.at == self.all.len()).then_some((texts, files, entries))
    }

    fn list(&mut self) -> Option<Vec<u32>> {
        let count = self.count()?;
        (0..count).map(|_| self.number()).collect()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.all.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// A number of things that each have a byte at least.
    fn count(&mut self) -> Option<usize> {
        let count = self.number()? as usize;
        (count <= self.all.len() - self.at).then_some(count)
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0_u32;
        for shift in (0..28).step_by(7) {
            let byte = *self.all.get(self.at)?;
            self.at += 1;
            number |= u32::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}
