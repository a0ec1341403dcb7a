//! The link: length-prefixed frames between the daemon and one shim, over a stream socket.
//!
//! A frame is `length: u32` (of what follows, at most [`MAX_FRAME`]), `kind: u8`, fields, all little
//! endian. The daemon sends [`ToShim`], the shim [`ToDaemon`]; each side only decodes the other's.
//! Decoded frames borrow from the buffer: payloads are not copied.

use crate::codec::{Fields, Malformed, Put as _};

/// Bytes of a frame after its length, at most.
pub const MAX_FRAME: usize = 8 << 20;
/// Bytes of the length prefix.
pub const PREFIX: usize = 4;
/// Source modules of one app, at most.
pub const MAX_MODULES: usize = 512;
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

/// One module of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'a> {
    /// Path inside the app.
    pub path: &'a str,
    /// What it is loaded from.
    pub code: Code<'a>,
}

/// What a module is loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code<'a> {
    /// The source text, UTF-8 if the shim accepts it.
    Source(&'a [u8]),
    /// What a shim of the same build made of it: see [`ToDaemon::Compiled`].
    Compiled(&'a [u8]),
}

/// A module as the engine keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compiled<'a> {
    /// Path inside the app.
    pub path: &'a str,
    /// The engine's bytecode.
    pub bytecode: &'a [u8],
}

/// Makes a spare serve one version of one app until it dies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    /// The module that exports the functions.
    pub entry: &'a str,
    /// All modules, the entry among them.
    pub modules: Vec<Module<'a>>,
    /// Bytes that the engine may allocate.
    pub heap_bytes: u64,
    /// Bytes of a reply's payload, at most.
    pub max_reply_bytes: u32,
    /// Bytes of bytecode that are wanted back, at most; 0 for none. See [`ToDaemon::Compiled`].
    pub max_bytecode_bytes: u32,
    /// Nanoseconds of wall time for compiling and evaluating.
    pub wall_ns: u64,
}

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invoke<'a> {
    /// The invocation's id.
    pub id: [u8; 16],
    /// The exported name.
    pub function: &'a str,
    /// How `payload` is to be read.
    pub encoding: Encoding,
    /// Nanoseconds of wall time until the shim must stop and say so.
    pub wall_ns: u64,
    /// Nanoseconds of CPU time, `None` for no bound of its own.
    pub cpu_ns: Option<u64>,
    /// Console lines and bytes that may be sent for this call.
    pub log_lines: u32,
    /// Bytes of console text that may be sent for this call.
    pub log_bytes: u32,
    /// The event.
    pub payload: &'a [u8],
}

/// What the daemon sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToShim<'a> {
    /// See [`Bind`].
    Bind(Bind<'a>),
    /// See [`Invoke`].
    Invoke(Invoke<'a>),
    /// Stop the running call.
    Cancel,
    /// Answer with [`ToDaemon::Pong`].
    Ping,
}

/// Why the shim stopped a call, or a bind, itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The engine's heap limit was reached.
    Heap,
    /// The wall time is over.
    Deadline,
    /// The CPU budget is used up.
    CpuBudget,
    /// The daemon sent [`ToShim::Cancel`].
    Cancelled,
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

/// What the shim sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToDaemon<'a> {
    /// All walls stand. `namespaces` are the inode numbers of user, pid, mount, network, ipc, uts and
    /// cgroup namespace, read before the root was taken away.
    Sealed {
        /// [`crate::VERSION`] of the shim.
        version: u32,
        /// Names its build: what one compiled, another one of the same build can load.
        build: u64,
        /// See [`NAMESPACES`].
        namespaces: [u64; 7],
    },
    /// What was compiled from source, before any of it ran: once, and ahead of [`Self::Bound`], if
    /// [`Bind::max_bytecode_bytes`] wants it.
    Compiled {
        /// The modules that the entry imports, the entry among them; none if they have more bytes than that.
        modules: Vec<Compiled<'a>>,
    },
    /// The version is loaded; these are its functions.
    Bound {
        /// Exported functions that can be called, sorted.
        functions: Vec<&'a str>,
        /// How many others there are: under names that no function can be called by, or too many.
        skipped: u32,
        /// The first names of those, cut to the length that a name may have.
        named: Vec<&'a str>,
    },
    /// The source was refused: it does not parse, does not link, or its top level threw.
    BindFailed {
        /// The module, as far as known.
        path: &'a str,
        /// Line, from 1; 0 if unknown.
        line: u32,
        /// Column, from 1; 0 if unknown.
        column: u32,
        /// What was wrong.
        exception: Exception<'a>,
    },
    /// One console line of the running call.
    Log {
        /// Severity.
        level: Level,
        /// Text, at most [`MAX_LOG_LINE`] bytes.
        text: &'a str,
    },
    /// The function's answer. Always the last frame of a call, as are the next three.
    Reply {
        /// Console lines that were over the bound.
        dropped: u32,
        /// Work was left behind that holds on: the instance must not be used again.
        spent: bool,
        /// How `payload` is to be read.
        encoding: Encoding,
        /// The answer.
        payload: &'a [u8],
    },
    /// The function threw.
    Thrown {
        /// Console lines that were over the bound.
        dropped: u32,
        /// As in `Reply`.
        spent: bool,
        /// What it threw.
        exception: Exception<'a>,
    },
    /// There is no such function.
    NoFunction,
    /// The shim stopped the call (or the bind): the instance must not be used again.
    Stopped {
        /// Why.
        why: Stop,
        /// Console lines that were over the bound.
        dropped: u32,
    },
    /// The answer is larger than allowed.
    ReplyTooLarge {
        /// Its bytes.
        bytes: u64,
    },
    /// Answer to [`ToShim::Ping`].
    Pong,
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

impl Stop {
    fn code(self) -> u8 {
        match self {
            Self::Heap => 1,
            Self::Deadline => 2,
            Self::CpuBudget => 3,
            Self::Cancelled => 4,
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        match fields.u8("why")? {
            1 => Ok(Self::Heap),
            2 => Ok(Self::Deadline),
            3 => Ok(Self::CpuBudget),
            4 => Ok(Self::Cancelled),
            found => Err(Malformed::Unknown { field: "why", found: found.into() }),
        }
    }
}

impl<'a> Code<'a> {
    fn put(self, out: &mut Vec<u8>) {
        let (form, bytes) = match self {
            Self::Source(bytes) => (1, bytes),
            Self::Compiled(bytes) => (2, bytes),
        };
        out.u8(form);
        out.bytes(bytes);
    }

    fn read(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
        match (fields.u8("form")?, fields.bytes("code")?) {
            (1, bytes) => Ok(Self::Source(bytes)),
            (2, bytes) => Ok(Self::Compiled(bytes)),
            (found, _) => Err(Malformed::Unknown { field: "form", found: found.into() }),
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

impl<'a> ToShim<'a> {
    /// Appends the frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bind(bind) => frame(out, 1, |out| {
                out.bytes(bind.entry.as_bytes());
                out.u64(bind.heap_bytes);
                out.u32(bind.max_reply_bytes);
                out.u32(bind.max_bytecode_bytes);
                out.u64(bind.wall_ns);
                out.u32(u32::try_from(bind.modules.len()).unwrap_or(u32::MAX));
                for module in &bind.modules {
                    out.bytes(module.path.as_bytes());
                    module.code.put(out);
                }
            }),
            Self::Invoke(call) => frame(out, 2, |out| {
                out.raw(&call.id);
                out.bytes(call.function.as_bytes());
                out.u8(call.encoding.code());
                out.u64(call.wall_ns);
                out.u8(call.cpu_ns.is_some().into());
                out.u64(call.cpu_ns.unwrap_or(0));
                out.u32(call.log_lines);
                out.u32(call.log_bytes);
                out.raw(call.payload);
            }),
            Self::Cancel => frame(out, 3, |_| ()),
            Self::Ping => frame(out, 4, |_| ()),
        }
    }

    /// Reads what follows the length prefix.
    ///
    /// # Errors
    ///
    /// [`Malformed`] names the field.
    pub fn decode(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(body);
        let frame = match fields.u8("kind")? {
            1 => {
                let entry = fields.text("entry")?;
                let heap_bytes = fields.u64("heap_bytes")?;
                let max_reply_bytes = fields.u32("max_reply_bytes")?;
                let max_bytecode_bytes = fields.u32("max_bytecode_bytes")?;
                let wall_ns = fields.u64("wall_ns")?;
                let count = fields.count(MAX_MODULES, "modules")?;
                let modules = (0..count)
                    .map(|_| {
                        Ok(Module { path: fields.text("path")?, code: Code::read(&mut fields)? })
                    })
                    .collect::<Result<_, Malformed>>()?;
                Self::Bind(Bind {
                    entry,
                    modules,
                    heap_bytes,
                    max_reply_bytes,
                    max_bytecode_bytes,
                    wall_ns,
                })
            }
            2 => Self::Invoke(Invoke {
                id: fields.id("id")?,
                function: fields.text("function")?,
                encoding: Encoding::read(&mut fields)?,
                wall_ns: fields.u64("wall_ns")?,
                cpu_ns: {
                    let bounded = fields.bool("cpu_bounded")?;
                    let ns = fields.u64("cpu_ns")?;
                    bounded.then_some(ns)
                },
                log_lines: fields.u32("log_lines")?,
                log_bytes: fields.u32("log_bytes")?,
                payload: fields.rest(),
            }),
            3 => Self::Cancel,
            4 => Self::Ping,
            found => {
                return Err(Malformed::Unknown { field: "kind", found: found.into() });
            }
        };
        fields.end()?;
        Ok(frame)
    }
}

impl<'a> ToDaemon<'a> {
    /// Appends the frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sealed { version, build, namespaces } => frame(out, 1, |out| {
                out.u32(*version);
                out.u64(*build);
                namespaces.iter().for_each(|inode| out.u64(*inode));
            }),
            Self::Bound { functions, skipped, named } => frame(out, 2, |out| {
                for names in [functions, named] {
                    out.u32(u32::try_from(names.len()).unwrap_or(u32::MAX));
                    names.iter().for_each(|name| out.bytes(name.as_bytes()));
                }
                out.u32(*skipped);
            }),
            Self::BindFailed { path, line, column, exception } => frame(out, 3, |out| {
                out.bytes(path.as_bytes());
                out.u32(*line);
                out.u32(*column);
                exception.put(out);
            }),
            Self::Log { level, text } => frame(out, 4, |out| {
                out.u8(level.code());
                out.bytes(text.as_bytes());
            }),
            Self::Reply { dropped, spent, encoding, payload } => frame(out, 5, |out| {
                out.u32(*dropped);
                out.u8((*spent).into());
                out.u8(encoding.code());
                out.raw(payload);
            }),
            Self::Thrown { dropped, spent, exception } => frame(out, 6, |out| {
                out.u32(*dropped);
                out.u8((*spent).into());
                exception.put(out);
            }),
            Self::NoFunction => frame(out, 7, |_| ()),
            Self::Stopped { why, dropped } => frame(out, 8, |out| {
                out.u8(why.code());
                out.u32(*dropped);
            }),
            Self::ReplyTooLarge { bytes } => frame(out, 9, |out| out.u64(*bytes)),
            Self::Pong => frame(out, 10, |_| ()),
            Self::Compiled { modules } => frame(out, 11, |out| {
                out.u32(u32::try_from(modules.len()).unwrap_or(u32::MAX));
                for module in modules {
                    out.bytes(module.path.as_bytes());
                    out.bytes(module.bytecode);
                }
            }),
        }
    }

    /// Reads what follows the length prefix.
    ///
    /// # Errors
    ///
    /// [`Malformed`] names the field.
    pub fn decode(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(body);
        let frame = match fields.u8("kind")? {
            1 => {
                let version = fields.u32("version")?;
                let build = fields.u64("build")?;
                let mut namespaces = [0; 7];
                for inode in &mut namespaces {
                    *inode = fields.u64("namespaces")?;
                }
                Self::Sealed { version, build, namespaces }
            }
            2 => {
                let count = fields.count(MAX_FUNCTIONS, "functions")?;
                let functions =
                    (0..count).map(|_| fields.text("function")).collect::<Result<_, _>>()?;
                let count = fields.count(MAX_SKIPPED, "named")?;
                let named = (0..count).map(|_| fields.text("named")).collect::<Result<_, _>>()?;
                Self::Bound { functions, skipped: fields.u32("skipped")?, named }
            }
            3 => Self::BindFailed {
                path: fields.text("path")?,
                line: fields.u32("line")?,
                column: fields.u32("column")?,
                exception: Exception::read(&mut fields)?,
            },
            4 => Self::Log {
                level: Level::read(&mut fields)?,
                text: {
                    let text = fields.text("text")?;
                    if MAX_LOG_LINE < text.len() {
                        let (len, max) = (text.len(), MAX_LOG_LINE);
                        return Err(Malformed::TooLong { field: "text", len, max });
                    }
                    text
                },
            },
            5 => Self::Reply {
                dropped: fields.u32("dropped")?,
                spent: fields.bool("spent")?,
                encoding: Encoding::read(&mut fields)?,
                payload: fields.rest(),
            },
            6 => Self::Thrown {
                dropped: fields.u32("dropped")?,
                spent: fields.bool("spent")?,
                exception: Exception::read(&mut fields)?,
            },
            7 => Self::NoFunction,
            8 => Self::Stopped { why: Stop::read(&mut fields)?, dropped: fields.u32("dropped")? },
            9 => Self::ReplyTooLarge { bytes: fields.u64("bytes")? },
            10 => Self::Pong,
            11 => {
                let count = fields.count(MAX_MODULES, "modules")?;
                let modules = (0..count)
                    .map(|_| {
                        let (path, bytecode) = (fields.text("path")?, fields.bytes("bytecode")?);
                        Ok(Compiled { path, bytecode })
                    })
                    .collect::<Result<_, Malformed>>()?;
                Self::Compiled { modules }
            }
            found => {
                return Err(Malformed::Unknown { field: "kind", found: found.into() });
            }
        };
        fields.end()?;
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn round_trip_to_shim(frame: &ToShim<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        let len = body_len([bytes[0], bytes[1], bytes[2], bytes[3]]).unwrap();
        assert_eq!(len, bytes.len() - PREFIX);
        assert_eq!(ToShim::decode(&bytes[PREFIX..]).as_ref(), Ok(frame));
    }

    #[track_caller]
    fn round_trip_to_daemon(frame: &ToDaemon<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        assert_eq!(ToDaemon::decode(&bytes[PREFIX..]).as_ref(), Ok(frame));
        for cut in PREFIX..bytes.len() {
            assert_ne!(ToDaemon::decode(&bytes[PREFIX..cut]).as_ref(), Ok(frame));
        }
    }

    const THROWN: Exception<'_> = Exception { name: "TypeError", message: "no", stack: "at f" };

    #[test]
    fn every_frame_to_the_shim_is_read_back() {
        round_trip_to_shim(&ToShim::Bind(Bind {
            entry: "index.js",
            modules: vec![
                Module { path: "index.js", code: Code::Source(b"export default 1") },
                Module { path: "lib/a.js", code: Code::Compiled(b"\x18") },
            ],
            heap_bytes: 1 << 24,
            max_reply_bytes: 5,
            max_bytecode_bytes: 6,
            wall_ns: 7,
        }));
        for cpu_ns in [None, Some(0), Some(9)] {
            round_trip_to_shim(&ToShim::Invoke(Invoke {
                id: [3; 16],
                function: "default",
                encoding: Encoding::Bytes,
                wall_ns: u64::MAX,
                cpu_ns,
                log_lines: 1,
                log_bytes: 2,
                payload: b"\0\xff",
            }));
        }
        round_trip_to_shim(&ToShim::Cancel);
        round_trip_to_shim(&ToShim::Ping);
    }

    #[test]
    fn every_frame_to_the_daemon_is_read_back() {
        let namespaces = [1, 2, 3, 4, 5, 6, 7];
        round_trip_to_daemon(&ToDaemon::Sealed { version: 1, build: u64::MAX, namespaces });
        let compiled = Compiled { path: "index.js", bytecode: b"\x18" };
        round_trip_to_daemon(&ToDaemon::Compiled { modules: vec![compiled] });
        let (functions, named) = (vec!["default", "add"], vec!["\u{e9}"]);
        round_trip_to_daemon(&ToDaemon::Bound { functions, skipped: 9, named });
        round_trip_to_daemon(&ToDaemon::BindFailed {
            path: "lib/a.js",
            line: 3,
            column: 4,
            exception: THROWN,
        });
        round_trip_to_daemon(&ToDaemon::Log { level: Level::Warn, text: "careful" });
        round_trip_to_daemon(&ToDaemon::Reply {
            dropped: 1,
            spent: true,
            encoding: Encoding::Json,
            payload: b"{}",
        });
        round_trip_to_daemon(&ToDaemon::Thrown { dropped: 0, spent: false, exception: THROWN });
        round_trip_to_daemon(&ToDaemon::NoFunction);
        round_trip_to_daemon(&ToDaemon::Stopped { why: Stop::Heap, dropped: 2 });
        round_trip_to_daemon(&ToDaemon::ReplyTooLarge { bytes: 1 << 40 });
        round_trip_to_daemon(&ToDaemon::Pong);
    }

    #[test]
    fn a_frame_of_no_bytes_or_of_too_many_is_refused() {
        assert_eq!(body_len([0; 4]), Err(BadLength { len: 0 }));
        let over = u32::try_from(MAX_FRAME + 1).unwrap().to_le_bytes();
        assert_eq!(body_len(over), Err(BadLength { len: MAX_FRAME + 1 }));
        let most = u32::try_from(MAX_FRAME).unwrap().to_le_bytes();
        assert_eq!(body_len(most), Ok(MAX_FRAME));
    }

    #[test]
    fn a_count_above_the_bound_is_refused_before_any_allocation() {
        let body = [2, 255, 255, 255, 255];
        let len = usize::try_from(u32::MAX).unwrap();
        let expected = Malformed::TooLong { field: "functions", len, max: MAX_FUNCTIONS };
        assert_eq!(ToDaemon::decode(&body), Err(expected));
    }

    #[test]
    fn a_log_line_above_the_bound_is_refused() {
        let text = "x".repeat(MAX_LOG_LINE + 1);
        let mut bytes = Vec::new();
        ToDaemon::Log { level: Level::Info, text: &text }.encode(&mut bytes);
        assert!(matches!(ToDaemon::decode(&bytes[PREFIX..]), Err(Malformed::TooLong { .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            // Whatever is accepted must be what encoding it gives again: there is one form only.
            if let Ok(frame) = ToDaemon::decode(&bytes) {
                let mut again = Vec::new();
                frame.encode(&mut again);
                prop_assert_eq!(&again[PREFIX..], &bytes[..]);
            }
            let _ = ToShim::decode(&bytes);
        }

        #[test]
        fn a_flipped_byte_never_grows_a_frame(
            kind in 1_u8..=11, mut body in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            body.insert(0, kind);
            if let Ok(ToDaemon::Bound { functions, .. }) = ToDaemon::decode(&body) {
                let named: usize = functions.iter().map(|name| name.len()).sum();
                prop_assert!(named <= body.len());
            }
        }
    }
}
