//! The bytes of a table, written and read. Reading takes any bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::{BadTable, Entry, MAX_TABLE, Table};
use crate::{
    resolve::{By, Target},
    script::Exports,
    syntax::Kind,
};

const MARK: &[u8] = b"skt1";

impl Table {
    /// The table as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut paths: BTreeSet<&str> = self.files.keys().map(String::as_str).collect();
        let mut texts = BTreeSet::new();
        for ((from, specifier, _), target) in &self.targets {
            paths.insert(from);
            texts.insert(specifier.as_str());
            match target {
                Target::File(path) => drop(paths.insert(path)),
                Target::Builtin(name) => drop(texts.insert(name.as_str())),
            }
        }
        let index = |all: &BTreeSet<&str>| -> BTreeMap<String, usize> {
            all.iter().enumerate().map(|(at, it)| ((*it).to_owned(), at)).collect()
        };
        let (path_at, text_at) = (index(&paths), index(&texts));
        let path = |it: &str| path_at.get(it).copied().unwrap_or_default();
        let text = |it: &str| text_at.get(it).copied().unwrap_or_default();
        let mut out = MARK.to_vec();
        number(&mut out, paths.len());
        let mut before = "";
        for it in &paths {
            let same = before.bytes().zip(it.bytes()).take_while(|(a, b)| a == b).count();
            number(&mut out, same);
            bytes(&mut out, &it.as_bytes()[same..]);
            before = it;
        }
        number(&mut out, self.files.len());
        for (at, entry) in &self.files {
            number(&mut out, path(at));
            number(&mut out, kind_number(entry.kind));
            for list in [&entry.exports.names, &entry.exports.reexports] {
                number(&mut out, list.len());
                list.iter().for_each(|it| bytes(&mut out, it.as_bytes()));
            }
        }
        number(&mut out, texts.len());
        texts.iter().for_each(|it| bytes(&mut out, it.as_bytes()));
        number(&mut out, self.targets.len());
        for ((from, specifier, by), target) in &self.targets {
            number(&mut out, path(from));
            number(&mut out, text(specifier) * 2 + usize::from(*by == By::Require));
            match target {
                Target::File(it) => number(&mut out, path(it) * 2),
                Target::Builtin(it) => number(&mut out, text(it) * 2 + 1),
            }
        }
        out
    }

    /// Reads what [`Table::encode`] gave.
    ///
    /// # Errors
    ///
    /// The bytes are no table, or too many.
    pub fn decode(all: &[u8]) -> Result<Self, BadTable> {
        let mut input = Input { all, at: 0, texts: 0 };
        input.table().ok_or(BadTable { at: input.at })
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

fn bytes(out: &mut Vec<u8>, all: &[u8]) {
    number(out, all.len());
    out.extend_from_slice(all);
}

struct Input<'a> {
    all: &'a [u8],
    at: usize,
    /// Bytes of texts that were made so far: paths share bytes in the input.
    texts: usize,
}

impl<'a> Input<'a> {
    fn table(&mut self) -> Option<Table> {
        if MAX_TABLE < self.all.len() || self.take(MARK.len())? != MARK {
            return None;
        }
        let paths = self.paths()?;
        let mut table = Table::default();
        for _ in 0..self.count()? {
            let path = paths.get(self.number()?)?.clone();
            let kind = match self.number()? {
                0 => Kind::Commonjs,
                1 => Kind::Module,
                2 => Kind::Json,
                3 => Kind::Data,
                _ => return None,
            };
            let (names, reexports) = (self.list()?, self.list()?);
            let entry = Entry { kind, exports: Exports { names, reexports } };
            self.copied(path.len())?;
            table.files.insert(path, entry);
        }
        let texts = self.list()?;
        for _ in 0..self.count()? {
            let from = paths.get(self.number()?)?;
            let asked = self.number()?;
            let specifier = texts.get(asked / 2)?;
            let by = if asked % 2 == 0 { By::Import } else { By::Require };
            let led = self.number()?;
            let target = if led % 2 == 0 { paths.get(led / 2)? } else { texts.get(led / 2)? };
            self.copied(from.len() + specifier.len() + target.len())?;
            let target = target.clone();
            let target = if led % 2 == 0 { Target::File(target) } else { Target::Builtin(target) };
            table.targets.insert((from.clone(), specifier.clone(), by), target);
        }
        (self.at == self.all.len()).then_some(table)
    }

    /// A few bytes of input may ask for many of texts: those have a bound.
    fn copied(&mut self, bytes: usize) -> Option<()> {
        self.texts = self.texts.checked_add(bytes)?;
        (self.texts <= MAX_TABLE).then_some(())
    }

    fn paths(&mut self) -> Option<Vec<String>> {
        let mut paths: Vec<String> = Vec::new();
        for _ in 0..self.count()? {
            let same = self.number()?;
            let rest = self.text_bytes()?;
            let before = paths.last().map_or(&[][..], |it| it.as_bytes());
            let mut path = before.get(..same)?.to_vec();
            path.extend_from_slice(rest);
            self.copied(path.len())?;
            paths.push(String::from_utf8(path).ok()?);
        }
        Some(paths)
    }

    fn list(&mut self) -> Option<Vec<String>> {
        let count = self.count()?;
        (0..count).map(|_| String::from_utf8(self.text_bytes()?.to_vec()).ok()).collect()
    }

    fn text_bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.all.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// A number of things that each have a byte at least.
    fn count(&mut self) -> Option<usize> {
        let count = self.number()?;
        (count <= self.all.len() - self.at).then_some(count)
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in (0..35).step_by(7) {
            let byte = *self.all.get(self.at)?;
            self.at += 1;
            number |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}
