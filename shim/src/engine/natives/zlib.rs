//! zlib, gzip and bare deflate (RFC 1950 to 1952) in steps, as Node's zlib asks for them.

use std::rc::Rc;

use rquickjs::{Class, Ctx, Error, Exception, Object, Result, TypedArray, Value, function::Func};

use super::{Integer, Scratch, immutable, make_room, read_and_write};
use crate::sys::{Bytes, Handle, Meter, Progress, Refused, Zlib, crc32, set_numbers};

/// Bytes of input that one step sees, at most.
const MOST_INPUT: usize = 256 << 10;

/// More than a stream of zlib needs.
pub(super) const ZLIB_BYTES: usize = 400 << 10;

/// Numbers of zlib.h.
pub(super) const Z_OK: i32 = 0;
pub(super) const Z_STREAM_END: i32 = 1;
pub(super) const Z_NEED_DICT: i32 = 2;
pub(super) const Z_MEM_ERROR: i32 = -4;
pub(super) const Z_BUF_ERROR: i32 = -5;
pub(super) const Z_NO_FLUSH: i32 = 0;
pub(super) const Z_FINISH: i32 = 4;
const Z_BLOCK: i32 = 5;

/// What a handle does, by the numbers of Node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Deflate,
    Inflate,
    Gzip,
    Gunzip,
    DeflateRaw,
    InflateRaw,
}

impl Mode {
    fn from_number(number: i64) -> Option<Self> {
        use Mode::{Deflate, DeflateRaw, Gunzip, Gzip, Inflate, InflateRaw};
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        [Deflate, Inflate, Gzip, Gunzip, DeflateRaw, InflateRaw].get(index).copied()
    }

    fn compresses(self) -> bool {
        matches!(self, Self::Deflate | Self::Gzip | Self::DeflateRaw)
    }
}

/// A stream of Node's zlib.
struct Stream {
    zlib: Zlib,
    mode: Mode,
    dictionary: Scratch,
}

type StreamHandle<'js> = Class<'js, Handle<Stream>>;

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    let heap = Rc::clone(meter);
    let open = move |ctx: Ctx<'js>,
                     mode: Integer,
                     level: Integer,
                     window_bits: Integer,
                     mem_level: Integer,
                     strategy: Integer,
                     dictionary: Bytes<'js>| {
        let mode = Mode::from_number(mode.0)
            .ok_or_else(|| Exception::throw_range(&ctx, "the mode is out of range"))?;
        let settings = Settings {
            level: level.within(&ctx, -1..=9)?,
            window_bits: window_bits.within(&ctx, 0..=15)?,
            mem_level: mem_level.within(&ctx, 1..=9)?,
            strategy: strategy.within(&ctx, 0..=4)?,
        };
        open(&ctx, &heap, mode, settings, &dictionary)
    };
    natives.set("zlibOpen", Func::from(open))?;
    let heap = Rc::clone(meter);
    let step = move |ctx: Ctx<'js>,
                     handle: StreamHandle<'js>,
                     input: Bytes<'js>,
                     flush: Integer,
                     output: Bytes<'js>,
                     result: TypedArray<'js, i32>| {
        let flush = flush.within(&ctx, 0..=Z_BLOCK)?;
        let handle = handle.borrow();
        let mut stream = handle.state(&ctx)?;
        step(&ctx, &heap, (&input, &output), &result, |input, output| {
            stream.step(input, flush, output)
        })
    };
    natives.set("zlibStep", Func::from(step))?;
    natives.set("zlibMessage", Func::from(message))?;
    natives.set("zlibParams", Func::from(params))?;
    natives.set("zlibReset", Func::from(reset))?;
    natives.set("zlibCrc32", Func::from(crc))
}

/// Integers as zlib.h has them; `window_bits` is that of zlib's own format.
struct Settings {
    level: i32,
    window_bits: i32,
    mem_level: i32,
    strategy: i32,
}

/// `zlibOpen(mode, level, windowBits, memLevel, strategy, dictionary)`: a handle, or undefined.
fn open<'js>(
    ctx: &Ctx<'js>,
    meter: &Rc<Meter>,
    mode: Mode,
    settings: Settings,
    dictionary: &Bytes<'js>,
) -> Result<Value<'js>> {
    let Settings { level, window_bits, mem_level, strategy } = settings;
    if window_bits == 0 && !matches!(mode, Mode::Inflate | Mode::Gunzip) {
        return Ok(Value::new_undefined(ctx.clone()));
    }
    let window_bits = match mode {
        Mode::Deflate | Mode::Inflate => window_bits,
        Mode::Gzip | Mode::Gunzip => window_bits + 16,
        Mode::DeflateRaw | Mode::InflateRaw => -window_bits,
    };
    let mut copy = Scratch::with_capacity(ctx, meter, dictionary.len())?;
    dictionary.read(|bytes| copy.bytes.extend_from_slice(bytes));
    make_room(ctx, meter, ZLIB_BYTES);
    let zlib = if mode.compresses() {
        Zlib::deflate(meter, level, window_bits, mem_level, strategy)
    } else {
        Zlib::inflate(meter, window_bits)
    };
    match zlib {
        Ok(zlib) => {
            let mut stream = Stream { zlib, mode, dictionary: copy };
            if stream.begin() {
                return Handle::around(ctx, stream);
            }
            Ok(Value::new_undefined(ctx.clone()))
        }
        Err(Refused::Memory) => Err(Error::Allocation),
        Err(Refused::Settings) => Ok(Value::new_undefined(ctx.clone())),
    }
}

impl Stream {
    /// Sets a dictionary that the data does not ask for; false if that is refused.
    fn begin(&mut self) -> bool {
        let is_set_now = self.mode.compresses() || self.mode == Mode::InflateRaw;
        if !is_set_now || self.dictionary.bytes.is_empty() {
            return true;
        }
        self.zlib.set_dictionary(&self.dictionary.bytes) == Z_OK
    }

    fn step(&mut self, input: &[u8], flush: i32, output: &mut [u8]) -> Progress {
        let mut sum = self.zlib.step(input, flush, output);
        let mut go_on = |zlib: &mut Zlib, sum: &mut Progress| {
            let more = zlib.step(&input[sum.consumed..], flush, &mut output[sum.written..]);
            sum.consumed += more.consumed;
            sum.written += more.written;
            sum.status = more.status;
        };
        if sum.status == Z_NEED_DICT && self.mode == Mode::Inflate {
            let dictionary = &self.dictionary.bytes;
            if !dictionary.is_empty() && self.zlib.set_dictionary(dictionary) == Z_OK {
                go_on(&mut self.zlib, &mut sum);
            }
        }
        // A byte other than zero behind the end of a member begins the next one.
        while self.mode == Mode::Gunzip
            && sum.status == Z_STREAM_END
            && input.get(sum.consumed).is_some_and(|byte| *byte != 0)
        {
            self.zlib.reset();
            go_on(&mut self.zlib, &mut sum);
        }
        let has_room = sum.written < output.len();
        sum.status = match sum.status {
            Z_OK | Z_BUF_ERROR if flush == Z_FINISH && has_room => Z_BUF_ERROR,
            Z_OK | Z_BUF_ERROR => Z_OK,
            Z_STREAM_END if self.mode.compresses() => Z_OK,
            // Another member may come with the next part.
            Z_STREAM_END
                if self.mode == Mode::Gunzip
                    && flush == Z_NO_FLUSH
                    && !input.is_empty()
                    && sum.consumed == input.len() =>
            {
                Z_OK
            }
            other => other,
        };
        sum
    }
}

/// A step of a stream: `result` gets what was consumed, what was written, and the status.
pub(super) fn step(
    ctx: &Ctx<'_>,
    meter: &Rc<Meter>,
    (input, output): (&Bytes<'_>, &Bytes<'_>),
    result: &TypedArray<'_, i32>,
    work: impl FnOnce(&[u8], &mut [u8]) -> Progress,
) -> Result<()> {
    if MOST_INPUT < input.len() {
        return Err(Exception::throw_range(ctx, "more than 256 KiB at once"));
    }
    let Progress { consumed, written, status } = read_and_write(ctx, meter, input, output, work)?;
    if status == Z_MEM_ERROR {
        return Err(Error::Allocation);
    }
    // Buffers have at most 2^31 - 1 bytes.
    let count = |bytes: usize| i32::try_from(bytes).unwrap_or(i32::MAX);
    if set_numbers(result, &[count(consumed), count(written), status]) {
        Ok(())
    } else {
        Err(immutable(ctx))
    }
}

/// `zlibMessage(handle)`.
fn message<'js>(ctx: Ctx<'js>, handle: StreamHandle<'js>) -> Result<rquickjs::String<'js>> {
    let handle = handle.borrow();
    let stream = handle.state(&ctx)?;
    rquickjs::String::from_str(ctx.clone(), stream.zlib.message())
}

/// `zlibParams(handle, level, strategy)`.
fn params<'js>(
    ctx: Ctx<'js>,
    handle: StreamHandle<'js>,
    level: Integer,
    strategy: Integer,
) -> Result<()> {
    let (level, strategy) = (level.within(&ctx, -1..=9)?, strategy.within(&ctx, 0..=4)?);
    let handle = handle.borrow();
    let mut stream = handle.state(&ctx)?;
    if !stream.mode.compresses() {
        return Err(Exception::throw_type(&ctx, "the handle does not compress"));
    }
    // What was not flushed before is refused by the library, and then nothing changes.
    stream.zlib.set_params(level, strategy);
    Ok(())
}

/// `zlibReset(handle)`.
fn reset<'js>(ctx: Ctx<'js>, handle: StreamHandle<'js>) -> Result<()> {
    let handle = handle.borrow();
    let mut stream = handle.state(&ctx)?;
    stream.zlib.reset();
    // It was taken when the handle was made.
    stream.begin();
    Ok(())
}

/// `zlibCrc32(bytes, start)`.
fn crc<'js>(ctx: Ctx<'js>, bytes: Bytes<'js>, start: Integer) -> Result<f64> {
    let start = start.within(&ctx, 0..=u32::MAX)?;
    Ok(bytes.read(|bytes| crc32(start, bytes)).into())
}
