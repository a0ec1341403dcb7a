//! Reads and writes little-endian fields one after another.
//!
//! [`Fields`] never reads past its end and never allocates more than the bytes it was given.

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The frame ends before a field does.
    #[error("frame ends inside field {field}")]
    Short {
        /// The field that was being read.
        field: &'static str,
    },
    /// Bytes follow the last field.
    #[error("frame has {extra} bytes after its last field")]
    Long {
        /// How many.
        extra: usize,
    },
    /// A number that stands for no known value.
    #[error("field {field} has unknown value {found}")]
    Unknown {
        /// The field.
        field: &'static str,
        /// What it held.
        found: u32,
    },
    /// Text that is not UTF-8.
    #[error("field {field} is not UTF-8")]
    NotText {
        /// The field.
        field: &'static str,
    },
    /// A length above the bound.
    #[error("field {field} has length {len}, at most {max} are allowed")]
    TooLong {
        /// The field.
        field: &'static str,
        /// The length it claims.
        len: usize,
        /// The bound.
        max: usize,
    },
}

/// The fields of one frame that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed::Short { field })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed::Short { field })?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, Malformed> {
        Ok(u8::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn bool(&mut self, field: &'static str) -> Result<bool, Malformed> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            found => Err(Malformed::Unknown { field, found: found.into() }),
        }
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn i32(&mut self, field: &'static str) -> Result<i32, Malformed> {
        Ok(i32::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn u64(&mut self, field: &'static str) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.array(field)?))
    }

    pub(crate) fn id(&mut self, field: &'static str) -> Result<[u8; 16], Malformed> {
        self.array(field)
    }

    /// A count of things, at most `max`: for loops that must not be driven by a hostile number.
    pub(crate) fn count(&mut self, max: usize, field: &'static str) -> Result<usize, Malformed> {
        let len = usize::try_from(self.u32(field)?).unwrap_or(usize::MAX);
        if max < len { Err(Malformed::TooLong { field, len, max }) } else { Ok(len) }
    }

    pub(crate) fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], Malformed> {
        let len = self.count(usize::MAX, field)?;
        self.take(len, field)
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes(field)?).map_err(|_| Malformed::NotText { field })
    }

    /// Everything that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed::Long { extra: self.0.len() }) }
    }
}

/// Appends fields to a buffer.
pub(crate) trait Put {
    fn raw(&mut self, bytes: &[u8]);

    fn u8(&mut self, value: u8) {
        self.raw(&[value]);
    }

    fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    fn i32(&mut self, value: i32) {
        self.raw(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    /// A length beyond 32 bits is written as the largest one, which no reader accepts.
    fn bytes(&mut self, bytes: &[u8]) {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.raw(bytes);
    }
}

impl Put for Vec<u8> {
    fn raw(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
