//! Places in a text, and which place of one text comes from which of another.

use std::fmt;

/// A place in a text: line and column from 1, the column in UTF-16 units as engines count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A part of a text that was put in place of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Where it begins in the new text, in bytes.
    pub(crate) at: usize,
    /// Its length in bytes.
    pub(crate) put: usize,
    /// The length in bytes of what it replaces.
    pub(crate) gone: usize,
}

/// See [`Lines::units`].
const BLOCK: usize = 256;

/// UTF-16 units of the characters that begin in `bytes`.
fn units_in(bytes: &[u8]) -> u32 {
    bytes.iter().map(|it| u32::from(*it & 0xC0 != 0x80) + u32::from(0xF0 <= *it)).sum()
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<u32>,
    /// UTF-16 units before every [`BLOCK`] bytes: a line may be as long as the text.
    units: Vec<u32>,
    /// If the text was changed: the text of the author, and the changes in their order.
    edited: Option<(Box<Lines<'a>>, Vec<Edit>)>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of `text`, which has less than 4 GiB.
    pub fn new(text: &'a str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        let starts = ends.filter_map(|it| u32::try_from(it + 1).ok());
        let starts = std::iter::once(0).chain(starts).collect();
        let mut before = 0;
        let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
            let units = before;
            before += units_in(block);
            units
        });
        let units = blocks.collect();
        Self { text, starts, units, edited: None }
    }

    /// Of a text that was made of this one; places are those of this one.
    pub(crate) fn edited(self, text: &'a str, edits: Vec<Edit>) -> Self {
        Self { edited: Some((Box::new(self), edits)), ..Self::new(text) }
    }

    /// The author's place of a place in the text, both counted from 0.
    pub(crate) fn origin(&self, line: u32, column: u32) -> (u32, u32) {
        if self.edited.is_none() {
            return (line, column);
        }
        let start = self.starts.get(line as usize).copied().unwrap_or(u32::MAX);
        // The first byte with as many units before it.
        let wanted = self.units_before(start).saturating_add(column);
        let block = self.units.partition_point(|it| *it <= wanted).saturating_sub(1);
        let mut offset = block * BLOCK;
        let mut units = self.units.get(block).copied().unwrap_or(0);
        while units < wanted && offset < self.text.len() {
            units += units_in(&self.text.as_bytes()[offset..=offset]);
            offset += 1;
        }
        while offset < self.text.len() && !self.text.is_char_boundary(offset) {
            offset += 1;
        }
        let place = self.place(u32::try_from(offset).unwrap_or(u32::MAX));
        (place.line - 1, place.column - 1)
    }

    /// The place of the byte at `offset`.
    pub fn place(&self, offset: u32) -> Place {
        if let Some((author, edits)) = &self.edited {
            let (offset, mut shift, mut back) = (offset as usize, 0, 0);
            for edit in edits.iter().take_while(|it| it.at <= offset) {
                if offset < edit.at + edit.put {
                    let at = edit.at + shift - back;
                    return author.place(u32::try_from(at).unwrap_or(u32::MAX));
                }
                shift += edit.gone;
                back += edit.put;
            }
            return author.place(u32::try_from(offset + shift - back).unwrap_or(u32::MAX));
        }
        let line = self.starts.partition_point(|it| *it <= offset).max(1);
        let column = self.units_before(offset) - self.units_before(self.starts[line - 1]) + 1;
        Place { line: u32::try_from(line).unwrap_or(u32::MAX), column }
    }

    /// UTF-16 units of the text before `offset`.
    fn units_before(&self, offset: u32) -> u32 {
        let offset = (offset as usize).min(self.text.len());
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        match self.units.get(block) {
            Some(units) => units + units_in(rest),
            // Just behind the last block.
            None => {
                let last = self.units.len().saturating_sub(1);
                let rest = self.text.as_bytes().get(last * BLOCK..).unwrap_or_default();
                self.units.last().copied().unwrap_or(0) + units_in(rest)
            }
        }
    }
}

/// Which place of the author's text each place of a written text comes from, in few bytes.
///
/// The form: for each known place, in order, four numbers, each in groups of seven bits, lowest
/// first: lines further in the written text; columns further (from 0 on a new line); lines and
/// columns further in the author's text, with the sign in the lowest bit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    bytes: Vec<u8>,
}

impl Places {
    /// Takes what [`Places::bytes`] gave; any bytes do, but others give senseless places.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// To be kept or sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// From pairs of written and author's places, counted from 0, in the order of the written text.
    pub(crate) fn of(pairs: impl Iterator<Item = ((u32, u32), (u32, u32))>) -> Self {
        let mut bytes = Vec::new();
        let (mut line, mut column, mut from) = (0, 0, (0, 0));
        for (to, origin) in pairs {
            if to.0 < line || (to.0 == line && to.1 < column) {
                continue;
            }
            if line < to.0 {
                column = 0;
            }
            push(&mut bytes, u64::from(to.0 - line));
            push(&mut bytes, u64::from(to.1 - column));
            push(&mut bytes, signed(origin.0, from.0));
            push(&mut bytes, signed(origin.1, from.1));
            (line, column, from) = (to.0, to.1, origin);
        }
        bytes.shrink_to_fit();
        Self { bytes }
    }

    /// The author's place that the text at `written` comes from: that of the nearest known place
    /// before it. `None` for what the author has nothing of.
    pub fn lookup(&self, written: Place) -> Option<Place> {
        let wanted = (written.line.checked_sub(1)?, written.column.checked_sub(1)?);
        let mut rest = self.bytes.as_slice();
        let (mut line, mut column, mut from) = (0_u32, 0_u32, (0_u32, 0_u32));
        let mut found = None;
        while !rest.is_empty() {
            let lines = u32::try_from(pull(&mut rest)?).ok()?;
            let columns = u32::try_from(pull(&mut rest)?).ok()?;
            if 0 < lines {
                column = 0;
            }
            line = line.checked_add(lines)?;
            column = column.checked_add(columns)?;
            from.0 = moved(from.0, pull(&mut rest)?)?;
            from.1 = moved(from.1, pull(&mut rest)?)?;
            if wanted < (line, column) {
                break;
            }
            found = Some(from);
        }
        let (line, column) = found?;
        Some(Place { line: line.checked_add(1)?, column: column.checked_add(1)? })
    }
}

/// Sign in the lowest bit.
fn signed(to: u32, from: u32) -> u64 {
    if from <= to { u64::from(to - from) << 1 } else { (u64::from(from - to) << 1) | 1 }
}

fn moved(from: u32, by: u64) -> Option<u32> {
    let amount = u32::try_from(by >> 1).ok()?;
    if by & 1 == 0 { from.checked_add(amount) } else { from.checked_sub(amount) }
}

fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while 0x7F < number {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7F) as u8);
}

fn pull(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..35).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let lines = Lines::new("a\nüx😀y\r\n");
        assert_eq!(lines.place(0).to_string(), "1:1");
        assert_eq!(lines.place(2).to_string(), "2:1");
        assert_eq!(lines.place(9).to_string(), "2:5");
        assert_eq!(lines.place(12).to_string(), "3:1");
        assert_eq!(lines.place(900).to_string(), "3:1");
        let long = "ü".repeat(1000);
        assert_eq!(Lines::new(&long).place(1998).to_string(), "1:1000");
        assert_eq!(Lines::new(&long[..512]).place(512).to_string(), "1:257");
    }

    proptest! {
        #[test]
        fn places_come_back(mut all in prop::collection::vec(((0u32..99, 0u32..500), (0u32..99, 0u32..500)), 1..50)) {
            all.sort();
            all.dedup_by_key(|it| it.0);
            let places = Places::of(all.iter().copied());
            for ((line, column), origin) in all {
                let found = places.lookup(Place { line: line + 1, column: column + 1 });
                prop_assert_eq!(found, Some(Place { line: origin.0 + 1, column: origin.1 + 1 }));
            }
        }

        #[test]
        fn any_bytes_do(bytes in prop::collection::vec(any::<u8>(), 0..99), line in any::<u32>(), column in any::<u32>()) {
            let _ = Places::from_bytes(bytes).lookup(Place { line, column });
        }
    }
}
