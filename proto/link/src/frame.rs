//! The link: length-prefixed frames between the daemon and one shim, over a stream socket.
//!
//! A frame is `length: u32` (of what follows, at most [`MAX_FRAME`]), `kind: u8`, fields, all little
//! endian. The daemon sends [`ToShim`], the shim [`ToDaemon`]; each side only decodes the other's.
//! Decoded frames borrow from the buffer: payloads are not copied.

mod to_daemon;
mod to_shim;

pub use to_daemon::{Form as MadeForm, Function, Stop, ToDaemon};
pub use to_shim::{Bind, Form, HttpCall, Invoke, Part, ToShim, parts};

use crate::codec::{Fields, Malformed, Put as _};

/// Bytes of a frame after its length, at most.
pub const MAX_FRAME: usize = 8 << 20;
/// Bytes of the length prefix.
pub const PREFIX: usize = 4;
/// Files of one app, at most.
pub const MAX_FILES: usize = 4096;
/// Bytes of what one [`Part`] carries, at most: a larger file is in several.
pub const MAX_PART: usize = 1 << 20;
/// Bytes of the path of a file, at most.
pub const MAX_PATH: usize = 512;
/// Variables of one app, at most.
pub const MAX_VARIABLES: usize = 256;
/// Headers of an HTTP-shaped call or answer, at most.
pub const MAX_HEADERS: usize = 256;
/// Bytes of their names and values, at most.
pub const MAX_HEADER_BYTES: usize = 32 << 10;
/// Bytes of what a caller's platform knows about a call, at most.
pub const MAX_CONTEXT: usize = 8 << 10;
/// Functions of one app, at most.
pub const MAX_FUNCTIONS: usize = 512;
/// Names of exports that cannot be called, of those that are told.
pub const MAX_SKIPPED: usize = 4;
/// Bytes of one console line, at most; the shim cuts longer ones.
pub const MAX_LOG_LINE: usize = 4 << 10;
/// Bytes of the name of an error, or of the path where it was found, at most; both ends cut longer ones.
pub const MAX_EXCEPTION_NAME: usize = 200;
/// Bytes of its message, and of its stack, at most; both ends cut longer ones.
pub const MAX_EXCEPTION_TEXT: usize = 16 << 10;

/// How a payload is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 JSON text.
    Json,
    /// Bytes as they are.
    Bytes,
}

/// The severity of a console line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `console.debug`
    Debug,
    /// `console.log` and `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
}

/// Where and why source was refused, or what a function threw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exception<'a> {
    /// The error's name, such as `TypeError`.
    pub name: &'a str,
    /// The message.
    pub message: &'a str,
    /// The stack, innermost frame first.
    pub stack: &'a str,
}

impl Exception<'_> {
    /// The same with no text longer than it may be: whoever sent it may not have cut it.
    #[must_use]
    pub fn cut(&self) -> Self {
        Self {
            name: cut(self.name, MAX_EXCEPTION_NAME),
            message: cut(self.message, MAX_EXCEPTION_TEXT),
            stack: cut(self.stack, MAX_EXCEPTION_TEXT),
        }
    }
}

/// The start of `text`, of at most `most` bytes: what tenants wrote is as long as they like.
pub fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// The namespaces of [`ToDaemon::Sealed`], in order, as `/proc/self/ns` names them.
pub const NAMESPACES: [&str; 7] = ["user", "pid", "mnt", "net", "ipc", "uts", "cgroup"];

/// A length prefix that no frame may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame of {len} bytes, at most {MAX_FRAME} are allowed and 1 is needed")]
pub struct BadLength {
    /// What the prefix says.
    pub len: usize,
}

/// Reads a length prefix: how many bytes follow.
///
/// # Errors
///
/// [`BadLength`] for zero and for more than [`MAX_FRAME`].
pub fn body_len(prefix: [u8; PREFIX]) -> Result<usize, BadLength> {
    let len = usize::try_from(u32::from_le_bytes(prefix)).unwrap_or(usize::MAX);
    if (1..=MAX_FRAME).contains(&len) { Ok(len) } else { Err(BadLength { len }) }
}

/// Appends one frame to `out`: the prefix, the kind and what `fields` writes.
fn frame(out: &mut Vec<u8>, kind: u8, fields: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.raw(&[0; PREFIX]);
    out.u8(kind);
    fields(out);
    let len = u32::try_from(out.len() - start - PREFIX).unwrap_or(u32::MAX);
    out[start..start + PREFIX].copy_from_slice(&len.to_le_bytes());
}

impl Encoding {
    fn code(self) -> u8 {
        match self {
            Self::Json => 1,
            Self::Bytes => 2,
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        match fields.u8("encoding")? {
            1 => Ok(Self::Json),
            2 => Ok(Self::Bytes),
            found => Err(Malformed::Unknown { field: "encoding", found: found.into() }),
        }
    }
}

impl Level {
    fn code(self) -> u8 {
        match self {
            Self::Debug => 1,
            Self::Info => 2,
            Self::Warn => 3,
            Self::Error => 4,
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        match fields.u8("level")? {
            1 => Ok(Self::Debug),
            2 => Ok(Self::Info),
            3 => Ok(Self::Warn),
            4 => Ok(Self::Error),
            found => Err(Malformed::Unknown { field: "level", found: found.into() }),
        }
    }

    /// Lower case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl<'a> Exception<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        out.bytes(self.name.as_bytes());
        out.bytes(self.message.as_bytes());
        out.bytes(self.stack.as_bytes());
    }

    fn read(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            name: fields.text("name")?,
            message: fields.text("message")?,
            stack: fields.text("stack")?,
        })
    }
}

/// Names with values, in order and with repetitions.
pub type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn put_pairs(out: &mut Vec<u8>, pairs: &[(&str, &str)]) {
    out.u32(u32::try_from(pairs.len()).unwrap_or(u32::MAX));
    for (name, value) in pairs {
        out.bytes(name.as_bytes());
        out.bytes(value.as_bytes());
    }
}

fn read_pairs<'a>(
    fields: &mut Fields<'a>,
    most: usize,
    field: &'static str,
) -> Result<Pairs<'a>, Malformed> {
    let count = fields.count(most, field)?;
    (0..count).map(|_| Ok((fields.text(field)?, fields.text(field)?))).collect()
}

/// The head of an answer of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpHead<'a> {
    /// 200 to 599.
    pub status: u16,
    /// Its headers.
    pub headers: Pairs<'a>,
}

#[cfg(test)]
mod tests;
