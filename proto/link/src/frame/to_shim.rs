//! What the daemon sends.

use super::{
    Encoding, Function, MAX_FUNCTIONS, MAX_HEADERS, MAX_PART, MAX_VARIABLES, Pairs, frame,
    put_pairs, read_pairs,
};
use crate::codec::{Fields, Malformed, Put as _};

/// What a [`Part`] is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A file of the app, as it was uploaded.
    File,
    /// What a shim of the same build made of a script: see [`super::ToDaemon::Made`].
    Bytecode,
    /// A symbolic link inside the app; the bytes are its target.
    Link,
    /// A file that was given beside the app, at an absolute path.
    Given,
    /// Where names lead to, as a shim once found out; the path is empty.
    Table,
    /// JavaScript that a shim made of a script of another language.
    Text,
    /// Where each place of that JavaScript comes from.
    Places,
}

/// A piece of a file; pieces with one path that follow each other are one file. All come before their [`Bind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// What it is of.
    pub form: Form,
    /// Path inside the app.
    pub path: &'a str,
    /// At most [`MAX_PART`].
    pub bytes: &'a [u8],
}

/// Makes a spare serve one version of one app until it dies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    /// The path of the file that runs.
    pub entry: &'a str,
    /// The app's name.
    pub name: &'a str,
    /// The convention that the manifest names; empty if it names none.
    pub handler: &'a str,
    /// Names and values of its variables.
    pub variables: Pairs<'a>,
    /// The built-in modules that the app may use; `None` for all.
    pub modules: Option<Vec<&'a str>>,
    /// Conditions of `exports` beside those of Node.
    pub conditions: Vec<&'a str>,
    /// What [`super::ToDaemon::Bound`] once said of the version; empty if nobody knows yet.
    pub functions: Vec<Function<'a>>,
    /// Milliseconds since 1970 at which the version was deployed.
    pub deployed_ms: u64,
    /// Bytes that the app may allocate beside what the engine has when it is bound.
    pub heap_bytes: u64,
    /// Bytes of a reply's payload, at most.
    pub max_reply_bytes: u32,
    /// Bytes of bytecode that are wanted back, at most; 0 for none. See [`super::ToDaemon::Made`].
    pub max_bytecode_bytes: u32,
    /// Nanoseconds of wall time for compiling and evaluating.
    pub wall_ns: u64,
    /// Console lines that may be sent for the load.
    pub log_lines: u32,
    /// Bytes of their text.
    pub log_bytes: u32,
}

/// What makes a call one of HTTP; its body is the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall<'a> {
    /// The method.
    pub method: &'a str,
    /// Absolute, or a path that begins with a slash.
    pub url: &'a str,
    /// The headers.
    pub headers: Pairs<'a>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoke<'a> {
    /// The invocation's id.
    pub id: [u8; 16],
    /// The name of the function.
    pub function: &'a str,
    /// How `payload` is to be read, unless the call is one of HTTP.
    pub encoding: Encoding,
    /// Nanoseconds of wall time until the shim must stop and say so.
    pub wall_ns: u64,
    /// Nanoseconds of CPU time, `None` for no bound of its own.
    pub cpu_ns: Option<u64>,
    /// Console lines and bytes that may be sent for this call.
    pub log_lines: u32,
    /// Bytes of console text that may be sent for this call.
    pub log_bytes: u32,
    /// What makes it a call of HTTP.
    pub http: Option<HttpCall<'a>>,
    /// What the caller's platform knows about the call, as a JSON object; empty for nothing.
    pub context: &'a str,
    /// The event, or the body.
    pub payload: &'a [u8],
}

/// What the daemon sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToShim<'a> {
    /// See [`Part`].
    Part(Part<'a>),
    /// See [`Bind`].
    Bind(Bind<'a>),
    /// See [`Invoke`].
    Invoke(Invoke<'a>),
    /// Stop the running call.
    Cancel,
    /// Answer with [`super::ToDaemon::Pong`].
    Ping,
}

impl Form {
    fn code(self) -> u8 {
        match self {
            Self::File => 1,
            Self::Bytecode => 2,
            Self::Link => 3,
            Self::Given => 4,
            Self::Table => 5,
            Self::Text => 6,
            Self::Places => 7,
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        match fields.u8("form")? {
            1 => Ok(Self::File),
            2 => Ok(Self::Bytecode),
            3 => Ok(Self::Link),
            4 => Ok(Self::Given),
            5 => Ok(Self::Table),
            6 => Ok(Self::Text),
            7 => Ok(Self::Places),
            found => Err(Malformed::Unknown { field: "form", found: found.into() }),
        }
    }
}

fn read_names<'a>(fields: &mut Fields<'a>, field: &'static str) -> Result<Vec<&'a str>, Malformed> {
    let count = fields.count(MAX_FUNCTIONS, field)?;
    (0..count).map(|_| fields.text(field)).collect()
}

impl<'a> Bind<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        for text in [self.entry, self.name, self.handler] {
            out.bytes(text.as_bytes());
        }
        put_pairs(out, &self.variables);
        out.u8(self.modules.is_some().into());
        for names in [self.modules.as_deref().unwrap_or_default(), &self.conditions] {
            out.u32(u32::try_from(names.len()).unwrap_or(u32::MAX));
            names.iter().for_each(|name| out.bytes(name.as_bytes()));
        }
        Function::put_all(&self.functions, out);
        out.u64(self.deployed_ms);
        out.u64(self.heap_bytes);
        out.u32(self.max_reply_bytes);
        out.u32(self.max_bytecode_bytes);
        out.u64(self.wall_ns);
        out.u32(self.log_lines);
        out.u32(self.log_bytes);
    }

    fn read(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            entry: fields.text("entry")?,
            name: fields.text("name")?,
            handler: fields.text("handler")?,
            variables: read_pairs(fields, MAX_VARIABLES, "variables")?,
            modules: {
                let listed = fields.bool("modules_listed")?;
                let names = read_names(fields, "module")?;
                listed.then_some(names)
            },
            conditions: read_names(fields, "condition")?,
            functions: Function::read_all(fields)?,
            deployed_ms: fields.u64("deployed_ms")?,
            heap_bytes: fields.u64("heap_bytes")?,
            max_reply_bytes: fields.u32("max_reply_bytes")?,
            max_bytecode_bytes: fields.u32("max_bytecode_bytes")?,
            wall_ns: fields.u64("wall_ns")?,
            log_lines: fields.u32("log_lines")?,
            log_bytes: fields.u32("log_bytes")?,
        })
    }
}

impl<'a> Invoke<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        out.raw(&self.id);
        out.bytes(self.function.as_bytes());
        out.u8(self.encoding.code());
        out.u64(self.wall_ns);
        out.u8(self.cpu_ns.is_some().into());
        out.u64(self.cpu_ns.unwrap_or(0));
        out.u32(self.log_lines);
        out.u32(self.log_bytes);
        out.u8(self.http.is_some().into());
        if let Some(http) = &self.http {
            out.bytes(http.method.as_bytes());
            out.bytes(http.url.as_bytes());
            put_pairs(out, &http.headers);
        }
        out.bytes(self.context.as_bytes());
        out.raw(self.payload);
    }

    fn read(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            id: fields.id("id")?,
            function: fields.text("function")?,
            encoding: Encoding::read(fields)?,
            wall_ns: fields.u64("wall_ns")?,
            cpu_ns: {
                let bounded = fields.bool("cpu_bounded")?;
                let ns = fields.u64("cpu_ns")?;
                bounded.then_some(ns)
            },
            log_lines: fields.u32("log_lines")?,
            log_bytes: fields.u32("log_bytes")?,
            http: if fields.bool("is_http")? {
                Some(HttpCall {
                    method: fields.text("method")?,
                    url: fields.text("url")?,
                    headers: read_pairs(fields, MAX_HEADERS, "headers")?,
                })
            } else {
                None
            },
            context: fields.text("context")?,
            payload: fields.rest(),
        })
    }
}

impl<'a> ToShim<'a> {
    /// Appends the frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bind(bind) => frame(out, 1, |out| bind.put(out)),
            Self::Invoke(call) => frame(out, 2, |out| call.put(out)),
            Self::Cancel => frame(out, 3, |_| ()),
            Self::Ping => frame(out, 4, |_| ()),
            Self::Part(part) => frame(out, 5, |out| {
                out.u8(part.form.code());
                out.bytes(part.path.as_bytes());
                out.raw(part.bytes);
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
            1 => Self::Bind(Bind::read(&mut fields)?),
            2 => Self::Invoke(Invoke::read(&mut fields)?),
            3 => Self::Cancel,
            4 => Self::Ping,
            5 => {
                let (form, path) = (Form::read(&mut fields)?, fields.text("path")?);
                Self::Part(Part { form, path, bytes: fields.rest() })
            }
            found => {
                return Err(Malformed::Unknown { field: "kind", found: found.into() });
            }
        };
        fields.end()?;
        Ok(frame)
    }
}

/// The parts of one file.
pub fn parts<'a>(form: Form, path: &'a str, bytes: &'a [u8]) -> impl Iterator<Item = Part<'a>> {
    let empty = bytes.is_empty().then_some(bytes);
    bytes.chunks(MAX_PART).chain(empty).map(move |bytes| Part { form, path, bytes })
}
