//! What the shim sends. Each of these was written by hostile code, for all that the daemon knows.

use super::{
    Encoding, Exception, HttpHead, Level, MAX_FUNCTIONS, MAX_HEADERS, MAX_LOG_LINE, MAX_SKIPPED,
    frame, put_pairs, read_pairs,
};
use crate::codec::{Fields, Malformed, Put as _};

/// What a [`ToDaemon::Made`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// What the engine made of a script.
    Bytecode,
    /// Where names lead to.
    Table,
    /// The JavaScript of a script of another language whose bytecode is not sent.
    Text,
    /// Where each place of a script's JavaScript comes from.
    Places,
}

/// A function of an app, and by whose convention it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// The convention of an event call; empty where it takes none as it is.
    pub event: &'a str,
    /// The convention of an HTTP-shaped call; empty where it takes none as it is.
    pub http: &'a str,
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
    /// The daemon sent [`super::ToShim::Cancel`].
    Cancelled,
    /// The app called `process.exit` with this code.
    Exit(i32),
}

impl Stop {
    fn put(self, out: &mut Vec<u8>) {
        out.u8(match self {
            Self::Heap => 1,
            Self::Deadline => 2,
            Self::CpuBudget => 3,
            Self::Cancelled => 4,
            Self::Exit(_) => 5,
        });
        if let Self::Exit(code) = self {
            out.i32(code);
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        match fields.u8("why")? {
            1 => Ok(Self::Heap),
            2 => Ok(Self::Deadline),
            3 => Ok(Self::CpuBudget),
            4 => Ok(Self::Cancelled),
            5 => Ok(Self::Exit(fields.i32("exit_code")?)),
            found => Err(Malformed::Unknown { field: "why", found: found.into() }),
        }
    }
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
        /// See [`super::NAMESPACES`].
        namespaces: [u64; 7],
    },
    /// A piece of what was made of the app's files, before any of the app ran, ahead of [`Self::MadeAll`]; pieces
    /// with one path that follow each other are one.
    Made {
        /// What it is.
        form: Form,
        /// The path of the script; empty for the table.
        path: &'a str,
        /// At most [`super::MAX_PART`].
        bytes: &'a [u8],
    },
    /// All was sent that [`super::Bind::max_bytecode_bytes`] wants: once, and ahead of [`Self::Bound`].
    MadeAll,
    /// The version is loaded; these are its functions.
    Bound {
        /// Functions that can be called, sorted by name.
        functions: Vec<Function<'a>>,
        /// How many others there are: under names that no function can be called by, or too many.
        skipped: u32,
        /// The first names of those, cut to the length that a name may have.
        named: Vec<&'a str>,
        /// Console lines that were over the bound.
        dropped: u32,
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
        /// The head of an answer of HTTP, where the function gave one.
        http: Option<HttpHead<'a>>,
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
    /// The payload is not what its encoding says, as this text tells with the place.
    BadPayload {
        /// What was wrong.
        message: &'a str,
    },
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
    /// Answer to [`super::ToShim::Ping`].
    Pong,
}

impl Form {
    fn code(self) -> u8 {
        match self {
            Self::Bytecode => 1,
            Self::Table => 2,
            Self::Text => 3,
            Self::Places => 4,
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        match fields.u8("form")? {
            1 => Ok(Self::Bytecode),
            2 => Ok(Self::Table),
            3 => Ok(Self::Text),
            4 => Ok(Self::Places),
            found => Err(Malformed::Unknown { field: "form", found: found.into() }),
        }
    }
}

impl<'a> Function<'a> {
    pub(super) fn put_all(functions: &[Self], out: &mut Vec<u8>) {
        out.u32(u32::try_from(functions.len()).unwrap_or(u32::MAX));
        for function in functions {
            for text in [function.name, function.event, function.http] {
                out.bytes(text.as_bytes());
            }
        }
    }

    pub(super) fn read_all(fields: &mut Fields<'a>) -> Result<Vec<Self>, Malformed> {
        let count = fields.count(MAX_FUNCTIONS, "functions")?;
        (0..count)
            .map(|_| {
                let name = fields.text("function")?;
                Ok(Self {
                    name,
                    event: fields.text("event_convention")?,
                    http: fields.text("http_convention")?,
                })
            })
            .collect()
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
            Self::Bound { functions, skipped, named, dropped } => frame(out, 2, |out| {
                Function::put_all(functions, out);
                out.u32(u32::try_from(named.len()).unwrap_or(u32::MAX));
                named.iter().for_each(|name| out.bytes(name.as_bytes()));
                out.u32(*skipped);
                out.u32(*dropped);
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
            Self::Reply { dropped, spent, encoding, http, payload } => frame(out, 5, |out| {
                out.u32(*dropped);
                out.u8((*spent).into());
                out.u8(encoding.code());
                out.u8(http.is_some().into());
                if let Some(http) = http {
                    out.u32(http.status.into());
                    put_pairs(out, &http.headers);
                }
                out.raw(payload);
            }),
            Self::Thrown { dropped, spent, exception } => frame(out, 6, |out| {
                out.u32(*dropped);
                out.u8((*spent).into());
                exception.put(out);
            }),
            Self::NoFunction => frame(out, 7, |_| ()),
            Self::Stopped { why, dropped } => frame(out, 8, |out| {
                why.put(out);
                out.u32(*dropped);
            }),
            Self::ReplyTooLarge { bytes } => frame(out, 9, |out| out.u64(*bytes)),
            Self::Pong => frame(out, 10, |_| ()),
            Self::Made { form, path, bytes } => frame(out, 11, |out| {
                out.u8(form.code());
                out.bytes(path.as_bytes());
                out.raw(bytes);
            }),
            Self::MadeAll => frame(out, 12, |_| ()),
            Self::BadPayload { message } => frame(out, 13, |out| out.bytes(message.as_bytes())),
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
                let functions = Function::read_all(&mut fields)?;
                let count = fields.count(MAX_SKIPPED, "named")?;
                let named = (0..count).map(|_| fields.text("named")).collect::<Result<_, _>>()?;
                Self::Bound {
                    functions,
                    skipped: fields.u32("skipped")?,
                    named,
                    dropped: fields.u32("dropped")?,
                }
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
                http: if fields.bool("is_http")? {
                    let status = fields.u32("status")?;
                    let unknown = Malformed::Unknown { field: "status", found: status };
                    let status =
                        u16::try_from(status).ok().filter(|status| (200..600).contains(status));
                    let status = status.ok_or(unknown)?;
                    Some(HttpHead {
                        status,
                        headers: read_pairs(&mut fields, MAX_HEADERS, "headers")?,
                    })
                } else {
                    None
                },
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
                let (form, path) = (Form::read(&mut fields)?, fields.text("path")?);
                Self::Made { form, path, bytes: fields.rest() }
            }
            12 => Self::MadeAll,
            13 => Self::BadPayload { message: fields.text("message")? },
            found => {
                return Err(Malformed::Unknown { field: "kind", found: found.into() });
            }
        };
        fields.end()?;
        Ok(frame)
    }
}
