//! Counts the fields of a protobuf message in its encoded form, while it arrives.
//!
//! A decoder makes a value of every field that it meets; an empty one has two bytes on the wire and many
//! in memory. So the fields are counted before anything is decoded. This module decodes nothing: it only
//! finds where each field ends.
//!
//! Always true: the verdict is the same in whichever pieces the message arrives.

/// How many fields a message may have, and which of them are messages whose fields count as well.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Fields at most, those inside of `inner` included.
    pub most: u32,
    /// Numbers of the fields that are messages of fields.
    pub inner: &'static [u32],
}

/// What is wrong with a message's encoded form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// More fields than any message of that kind needs.
    #[error("the message has more than {most} fields")]
    TooMany {
        /// The bound.
        most: u32,
    },
    /// It is no message at all.
    #[error("the message is not protobuf: byte {at} cannot stand there")]
    Malformed {
        /// From 0.
        at: u64,
    },
}

#[derive(Clone, Copy, Debug)]
enum Expect {
    Tag,
    /// The value of a field that is one number.
    Number,
    /// The length of the field with that number.
    Length(u32),
    Skip(u64),
}

/// One message that arrives.
#[derive(Clone, Debug)]
pub struct Scan {
    shape: Shape,
    expect: Expect,
    /// The number that is being read, and how many of its bits are there.
    number: u64,
    bits: u32,
    fields: u32,
    at: u64,
    /// Where the message inside of this one ends.
    inner_end: Option<u64>,
}

impl Scan {
    /// A message of which nothing has arrived.
    pub const fn new(shape: Shape) -> Self {
        let (expect, inner_end) = (Expect::Tag, None);
        Self { shape, expect, number: 0, bits: 0, fields: 0, at: 0, inner_end }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// [`Unfit`].
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<(), Unfit> {
        while !bytes.is_empty() {
            if let Expect::Skip(rest) = self.expect {
                let here = usize::try_from(rest).unwrap_or(usize::MAX).min(bytes.len());
                bytes = &bytes[here..];
                let here = here as u64;
                self.at += here;
                self.expect = if here == rest { Expect::Tag } else { Expect::Skip(rest - here) };
                self.leave();
                continue;
            }
            let byte = bytes[0];
            bytes = &bytes[1..];
            let malformed = Unfit::Malformed { at: self.at };
            // The tenth byte of a number has one bit.
            if self.bits == 63 && 1 < byte {
                return Err(malformed);
            }
            self.at += 1;
            self.number |= u64::from(byte & 0x7f) << self.bits;
            self.bits += 7;
            if byte & 0x80 != 0 {
                continue;
            }
            let number = std::mem::take(&mut self.number);
            self.bits = 0;
            self.expect = self.after(number).ok_or(malformed)?;
            if self.shape.most < self.fields {
                return Err(Unfit::TooMany { most: self.shape.most });
            }
            self.leave();
        }
        Ok(())
    }

    /// Says that all has arrived.
    ///
    /// # Errors
    ///
    /// [`Unfit`]: the message ends in the middle of a field.
    pub fn end(&self) -> Result<(), Unfit> {
        match (self.expect, self.bits, self.inner_end) {
            (Expect::Tag, 0, None) => Ok(()),
            _ => Err(Unfit::Malformed { at: self.at }),
        }
    }

    /// What comes after a whole number; `None` if it cannot be what was expected.
    fn after(&mut self, number: u64) -> Option<Expect> {
        let end = self.inner_end.unwrap_or(u64::MAX);
        match self.expect {
            Expect::Tag => {
                self.fields += 1;
                let field = u32::try_from(number >> 3).ok().filter(|field| *field != 0)?;
                match number & 7 {
                    0 => Some(Expect::Number),
                    1 => self.skip(8, end),
                    2 => Some(Expect::Length(field)),
                    5 => self.skip(4, end),
                    // Groups are older than any client of ours.
                    _ => None,
                }
            }
            Expect::Number => (self.at <= end).then_some(Expect::Tag),
            Expect::Length(field) => {
                if self.inner_end.is_none() && self.shape.inner.contains(&field) {
                    self.inner_end = Some(self.at.checked_add(number)?);
                    return Some(Expect::Tag);
                }
                self.skip(number, end)
            }
            Expect::Skip(_) => None,
        }
    }

    fn skip(&self, bytes: u64, end: u64) -> Option<Expect> {
        match self.at.checked_add(bytes)? {
            to if end < to => None,
            to if to == self.at => Some(Expect::Tag),
            _ => Some(Expect::Skip(bytes)),
        }
    }

    /// Goes back to the outer message where the inner one ends.
    fn leave(&mut self) {
        if matches!(self.expect, Expect::Tag) && self.inner_end == Some(self.at) {
            self.inner_end = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHAPE: Shape = Shape { most: 4, inner: &[3] };

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<(), Unfit>) {
        let mut scan = Scan::new(SHAPE);
        assert_eq!(scan.take(bytes).and_then(|()| scan.end()), expected, "{bytes:?}");
    }

    #[test]
    fn fields_of_every_kind_are_passed_over() {
        check(&[], Ok(()));
        // A text, a number of two bytes, eight bytes and four.
        check(b"\x0a\x02ab\x10\x80\x01\x19xxxxxxxx\x25xxxx", Ok(()));
        check(b"\x0a\x00", Ok(()));
    }

    #[test]
    fn one_field_more_than_there_may_be_is_refused() {
        check(&[0x0a, 0, 0x0a, 0, 0x0a, 0, 0x0a, 0], Ok(()));
        check(&[0x0a, 0].repeat(5), Err(Unfit::TooMany { most: 4 }));
    }

    #[test]
    fn fields_of_an_inner_message_count_and_those_of_others_do_not() {
        let many = [0x0a, 0].repeat(5);
        check(&[&[0x1a, 10], &many[..]].concat(), Err(Unfit::TooMany { most: 4 }));
        check(&[&[0x12, 10], &many[..]].concat(), Ok(()));
        // After the inner message the outer one goes on, and a message inside of it is skipped.
        check(&[0x1a, 4, 0x1a, 2, 0xff, 0xff, 0x10, 1], Ok(()));
    }

    #[test]
    fn what_ends_in_the_middle_or_reaches_out_of_its_message_is_malformed() {
        check(&[0x0a], Err(Unfit::Malformed { at: 1 }));
        check(&[0x0a, 2, b'a'], Err(Unfit::Malformed { at: 3 }));
        check(&[0x1a, 2, 0x0a, 1, b'a'], Err(Unfit::Malformed { at: 3 }));
        check(&[0x1a, 1, 0x10, 0x01], Err(Unfit::Malformed { at: 3 }));
        check(&[0x00, 0], Err(Unfit::Malformed { at: 0 }));
        check(&[0x0b], Err(Unfit::Malformed { at: 0 }));
        check(&[0xff; 11], Err(Unfit::Malformed { at: 9 }));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            bytes in proptest::collection::vec(prop_oneof![0u8..40, any::<u8>()], 0..60),
            cuts in proptest::collection::vec(0usize..60, 0..4),
        ) {
            let whole = |pieces: &[&[u8]]| {
                let mut scan = Scan::new(SHAPE);
                pieces.iter().try_for_each(|piece| scan.take(piece)).and_then(|()| scan.end())
            };
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
            at.sort_unstable();
            let mut pieces = Vec::new();
            let mut rest = &bytes[..];
            for cut in at.iter().rev() {
                let (left, right) = rest.split_at(*cut);
                pieces.insert(0, right);
                rest = left;
            }
            pieces.insert(0, rest);
            prop_assert_eq!(whole(&pieces), whole(&[&bytes]));
        }
    }
}
