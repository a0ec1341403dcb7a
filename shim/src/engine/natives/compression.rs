//! The formats of the Compression Standard in steps that make their own output: deflate, deflate-raw, gzip, brotli.

use std::rc::Rc;

use rquickjs::{Class, Ctx, Error, Exception, Object, Result, TypedArray, Value, function::Func};

use super::{
    Scratch,
    brotli::{Decoder, Encoder},
    immutable, make_room,
    zlib::{
        Z_BUF_ERROR, Z_FINISH, Z_MEM_ERROR, Z_NEED_DICT, Z_NO_FLUSH, Z_OK, Z_STREAM_END, ZLIB_BYTES,
    },
};
use crate::sys::{Bytes, Handle, Meter, Refused, Text, Zlib, set_numbers};

/// Bytes of input and of output of one step, at most.
const MOST_BYTES: usize = 64 << 10;

/// The level of a compression and the memory for it, as zlib has them if nobody says.
const LEVEL: i32 = 6;
const MEM_LEVEL: i32 = 8;

const Z_SYNC_FLUSH: i32 = 2;

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The output is full, so that more may wait.
    Full,
    /// All input was taken and all output is out.
    Idle,
    /// The data is at its end.
    Ended,
    /// The data is bad; what is wrong with it.
    Bad(String),
    /// The heap is full.
    NoMemory,
}

/// What a step did: bytes taken, bytes written, and how it ended.
pub(super) struct Step {
    pub(super) taken: usize,
    pub(super) written: usize,
    pub(super) outcome: Outcome,
}

/// A compression or a decompression.
pub(super) trait Codec {
    /// Works until the input is used up, the output is full or the data is at its end.
    fn step(&mut self, input: &[u8], is_last: bool, output: &mut [u8]) -> Step;
}

struct Compression(Box<dyn Codec>);

struct Decompression(Box<dyn Codec>);

struct Deflate(Zlib);

impl Codec for Deflate {
    fn step(&mut self, input: &[u8], is_last: bool, output: &mut [u8]) -> Step {
        let flush = if is_last { Z_FINISH } else { Z_NO_FLUSH };
        let progress = self.0.step(input, flush, output);
        let outcome = match progress.status {
            Z_STREAM_END => Outcome::Ended,
            Z_OK | Z_BUF_ERROR if progress.written == output.len() => Outcome::Full,
            Z_OK | Z_BUF_ERROR => Outcome::Idle,
            _ => Outcome::Bad(self.0.message().to_owned()),
        };
        Step { taken: progress.consumed, written: progress.written, outcome }
    }
}

struct Inflate(Zlib);

impl Codec for Inflate {
    fn step(&mut self, input: &[u8], _is_last: bool, output: &mut [u8]) -> Step {
        let progress = self.0.step(input, Z_SYNC_FLUSH, output);
        let outcome = match progress.status {
            Z_STREAM_END => Outcome::Ended,
            Z_OK | Z_BUF_ERROR if progress.written == output.len() => Outcome::Full,
            Z_OK | Z_BUF_ERROR => Outcome::Idle,
            Z_NEED_DICT => Outcome::Bad("a preset dictionary is needed".to_owned()),
            Z_MEM_ERROR => Outcome::NoMemory,
            _ => Outcome::Bad(self.0.message().to_owned()),
        };
        Step { taken: progress.consumed, written: progress.written, outcome }
    }
}

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    let heap = Rc::clone(meter);
    let open = move |ctx: Ctx<'js>, format: Text<'js>| {
        let codec: Box<dyn Codec> = match window_bits(&ctx, format.as_str())? {
            Some(bits) => {
                make_room(&ctx, &heap, ZLIB_BYTES);
                let zlib = Zlib::deflate(&heap, LEVEL, bits, MEM_LEVEL, 0);
                Box::new(Deflate(zlib.map_err(refused)?))
            }
            None => Box::new(Encoder::new(&ctx, &heap)?),
        };
        Handle::around(&ctx, Compression(codec))
    };
    natives.set("deflateOpen", Func::from(open))?;
    let heap = Rc::clone(meter);
    let open = move |ctx: Ctx<'js>, format: Text<'js>| {
        let codec: Box<dyn Codec> = match window_bits(&ctx, format.as_str())? {
            Some(bits) => {
                make_room(&ctx, &heap, ZLIB_BYTES);
                Box::new(Inflate(Zlib::inflate(&heap, bits).map_err(refused)?))
            }
            None => Box::new(Decoder::new(&ctx, &heap)?),
        };
        Handle::around(&ctx, Decompression(codec))
    };
    natives.set("inflateOpen", Func::from(open))?;
    let heap = Rc::clone(meter);
    let deflate = move |ctx: Ctx<'js>,
                        handle: Class<'js, Handle<Compression>>,
                        bytes: Bytes<'js>,
                        is_last: bool,
                        about: TypedArray<'js, u32>| {
        let work = |state: &mut Compression, input: &[u8], output: &mut [u8]| {
            state.0.step(input, is_last, output)
        };
        step(&ctx, &heap, &handle.borrow(), &bytes, &about, work)
    };
    natives.set("deflateStep", Func::from(deflate))?;
    let heap = Rc::clone(meter);
    let inflate = move |ctx: Ctx<'js>,
                        handle: Class<'js, Handle<Decompression>>,
                        bytes: Bytes<'js>,
                        about: TypedArray<'js, u32>| {
        let work = |state: &mut Decompression, input: &[u8], output: &mut [u8]| {
            state.0.step(input, false, output)
        };
        step(&ctx, &heap, &handle.borrow(), &bytes, &about, work)
    };
    natives.set("inflateStep", Func::from(inflate))
}

/// For the formats of zlib the base two logarithm of the window, which also tells it the format; `None` for brotli.
fn window_bits(ctx: &Ctx<'_>, format: &str) -> Result<Option<i32>> {
    match format {
        "deflate" => Ok(Some(15)),
        "deflate-raw" => Ok(Some(-15)),
        "gzip" => Ok(Some(15 + 16)),
        "brotli" => Ok(None),
        _ => Err(Exception::throw_type(ctx, "unknown format")),
    }
}

fn refused(refused: Refused) -> Error {
    match refused {
        Refused::Memory => Error::Allocation,
        Refused::Settings => Error::Unknown,
    }
}

/// One step: a new `Uint8Array` with its output; `about` gets what was taken and how it ended. The handle is used up
/// at the end of the data and by an error.
fn step<'js, T: 'static>(
    ctx: &Ctx<'js>,
    meter: &Rc<Meter>,
    handle: &Handle<T>,
    bytes: &Bytes<'js>,
    about: &TypedArray<'js, u32>,
    work: impl FnOnce(&mut T, &[u8], &mut [u8]) -> Step,
) -> Result<Value<'js>> {
    if MOST_BYTES < bytes.len() {
        return Err(Exception::throw_range(ctx, "more than 64 KiB at once"));
    }
    let mut scratch = Scratch::zeroed(ctx, meter, MOST_BYTES)?;
    let mut state = handle.state(ctx)?;
    let step = bytes.read(|input| work(&mut state, input, &mut scratch.bytes));
    drop(state);
    if !matches!(step.outcome, Outcome::Full | Outcome::Idle) {
        drop(handle.take(ctx)?);
    }
    let number = match step.outcome {
        Outcome::Full => 0,
        Outcome::Idle => 1,
        Outcome::Ended => 2,
        Outcome::Bad(message) => return Err(Exception::throw_type(ctx, &message)),
        Outcome::NoMemory => return Err(Error::Allocation),
    };
    let output = Bytes::copied(ctx, &scratch.bytes[..step.written])?;
    // At most 64 KiB.
    let taken = u32::try_from(step.taken).unwrap_or(u32::MAX);
    if set_numbers(about, &[taken, number]) { Ok(output.into_value()) } else { Err(immutable(ctx)) }
}
