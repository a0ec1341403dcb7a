//! Brotli (RFC 7932) in steps, as Node's zlib asks for it, and for the streams of the Compression Standard.
//!
//! The decoder stops when a block of memory is refused. The encoder cannot: what it may need at most is counted
//! before each step, and a step is not taken if the heap has no room for that.

mod memory;

use std::rc::Rc;

use brotli::{
    BrotliDecompressStream, BrotliResult, BrotliState,
    enc::encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct},
};
use rquickjs::{Class, Ctx, Exception, Object, Result, TypedArray, Value, function::Func};

use self::memory::{Counted, Needs, Reserved};
use super::{
    Integer, charge,
    compression::{Codec, Outcome, Step},
    make_room,
    zlib::{Z_BUF_ERROR, Z_MEM_ERROR, Z_OK, Z_STREAM_END, step},
};
use crate::sys::{Bytes, Charge, Handle, Meter, Progress, get_numbers};

/// What the library says when it refuses an operation.
const REFUSED: i32 = -1;

/// What a decompression and a compression of the usual kind need.
const DECODER_BYTES: usize = 1 << 20;
const ENCODER_BYTES: usize = 16 << 20;

/// A decompression.
pub(super) struct Decoder {
    state: Box<BrotliState<Counted, Counted, Counted>>,
    memory: Counted,
    _charge: Charge,
}

impl Decoder {
    pub(super) fn new(ctx: &Ctx<'_>, meter: &Rc<Meter>) -> Result<Self> {
        Self::with(ctx, meter, false, true)
    }

    /// One that may read windows of up to 1 GiB, and one whose window does not grow with the data.
    fn with(ctx: &Ctx<'_>, meter: &Rc<Meter>, has_large_window: bool, grows: bool) -> Result<Self> {
        make_room(ctx, meter, DECODER_BYTES);
        let _charge = charge(ctx, meter, size_of::<BrotliState<Counted, Counted, Counted>>())?;
        let memory = Counted::new(meter);
        let [one, two, three] = [memory.clone(), memory.clone(), memory.clone()];
        let mut state = Box::new(if has_large_window {
            BrotliState::new(one, two, three)
        } else {
            BrotliState::new_strict(one, two, three)
        });
        if !grows {
            state.set_initial_ring_buffer_size(u32::MAX);
        }
        Ok(Self { state, memory, _charge })
    }

    /// Bytes that were consumed and written, and the library's answer.
    fn work(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, BrotliResult) {
        let (mut in_left, mut out_left) = (input.len(), output.len());
        let (mut consumed, mut written, mut total) = (0, 0, 0);
        let result = BrotliDecompressStream(
            &mut in_left,
            &mut consumed,
            input,
            &mut out_left,
            &mut written,
            output,
            &mut total,
            &mut self.state,
        );
        (consumed, written, result)
    }

    /// The number of the error, below zero.
    fn error(&self) -> i32 {
        if self.memory.is_short() { Z_MEM_ERROR } else { self.state.error_code as i32 }
    }
}

impl Codec for Decoder {
    fn step(&mut self, input: &[u8], _is_last: bool, output: &mut [u8]) -> Step {
        let (taken, written, result) = self.work(input, output);
        let outcome = match result {
            BrotliResult::ResultSuccess => Outcome::Ended,
            BrotliResult::NeedsMoreOutput => Outcome::Full,
            BrotliResult::NeedsMoreInput => Outcome::Idle,
            BrotliResult::ResultFailure if self.memory.is_short() => Outcome::NoMemory,
            BrotliResult::ResultFailure => {
                Outcome::Bad(format!("error {} of the decoder", self.error()))
            }
        };
        Step { taken, written, outcome }
    }
}

/// A compression.
pub(super) struct Encoder {
    state: Box<BrotliEncoderStateStruct<Reserved>>,
    memory: Reserved,
    needs: Needs,
    /// Bytes of input so far; `None` before the first step.
    taken: Option<usize>,
    meter: Rc<Meter>,
    _charge: Charge,
}

/// Qualities from here on look at each byte so often that a step takes less of them.
const SLOW_QUALITY: u32 = 10;

/// Bytes of input of one step in such a quality; about 0.1 s.
const SLOW_INPUT: usize = 64 << 10;

/// The smallest and the largest base two logarithm of a block.
const BLOCK_BITS: (u32, u32) = (16, 18);

/// A window below this is not made smaller for want of memory or of data.
const SMALL_WINDOW_BITS: u32 = 18;

impl Encoder {
    /// One that is quick and needs some 6 MiB.
    pub(super) fn new(ctx: &Ctx<'_>, meter: &Rc<Meter>) -> Result<Self> {
        let mut settings = [NOT_GIVEN; PARAMETERS];
        settings[QUALITY] = 5;
        settings[WINDOW] = 17;
        Self::with(ctx, meter, &settings)?.ok_or(rquickjs::Error::Unknown)
    }

    /// `None` for a setting that is refused.
    fn with(
        ctx: &Ctx<'_>,
        meter: &Rc<Meter>,
        settings: &[u32; PARAMETERS],
    ) -> Result<Option<Self>> {
        let given = |number: usize| Some(settings[number]).filter(|value| *value != NOT_GIVEN);
        let is_refused = 1 < given(PLAIN_LITERALS).unwrap_or(0) || given(PARAMETERS - 1).is_some();
        if is_refused {
            return Ok(None);
        }
        make_room(ctx, meter, ENCODER_BYTES);
        let _charge = charge(ctx, meter, size_of::<BrotliEncoderStateStruct<Reserved>>())?;
        let memory = Reserved::new(charge(ctx, meter, 0)?);
        let mut state = Box::new(BrotliEncoderStateStruct::new(memory.clone()));
        let is_large = given(LARGE_WINDOW).unwrap_or(0) != 0;
        let window_bits = given(WINDOW).unwrap_or(22).clamp(10, if is_large { 30 } else { 24 });
        let mut quality = given(QUALITY).unwrap_or(11).min(11);
        // The library has no table for small windows in these: it would take one of 32 MiB.
        if window_bits <= 16 && (5..=9).contains(&quality) {
            quality = 4;
        }
        // Larger blocks would make a step take seconds.
        let block_bits = given(BLOCK).unwrap_or(0).clamp(BLOCK_BITS.0, BLOCK_BITS.1);
        use BrotliEncoderParameter as Name;
        state.set_parameter(Name::BROTLI_PARAM_QUALITY, quality);
        state.set_parameter(Name::BROTLI_PARAM_LGBLOCK, block_bits);
        state.set_parameter(Name::BROTLI_PARAM_LARGE_WINDOW, is_large.into());
        // More modes are the library's own, and that for fonts fails with large windows.
        let mode = given(MODE).filter(|mode| *mode <= if is_large { 1 } else { 2 }).unwrap_or(0);
        state.set_parameter(Name::BROTLI_PARAM_MODE, mode);
        let name = Name::BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING;
        state.set_parameter(name, given(PLAIN_LITERALS).unwrap_or(0));
        let size_hint = given(SIZE_HINT).unwrap_or(0);
        state.set_parameter(Name::BROTLI_PARAM_SIZE_HINT, size_hint);
        let needs = Needs { quality, window_bits, block_bits };
        let meter = Rc::clone(meter);
        Ok(Some(Self { state, memory, needs, taken: None, meter, _charge }))
    }

    /// Settles on a window before the first byte: no larger than what is to come, if that is known, and small
    /// enough for half of what the heap has left. Any smaller window is as right.
    fn begin(&mut self, input: usize, is_all: bool) {
        let needs = &mut self.needs;
        if is_all {
            let bits = input.next_power_of_two().ilog2().max(SMALL_WINDOW_BITS);
            needs.window_bits = needs.window_bits.min(bits);
        }
        let room = self.meter.left() / 2;
        while SMALL_WINDOW_BITS < needs.window_bits && room < needs.bytes(usize::MAX) {
            needs.window_bits -= 1;
        }
        let bits = needs.window_bits;
        self.state.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_LGWIN, bits);
    }

    /// Bytes that were consumed and written, or a status below zero.
    fn work(
        &mut self,
        input: &[u8],
        operation: BrotliEncoderOperation,
        output: &mut [u8],
    ) -> std::result::Result<(usize, usize), i32> {
        use BrotliEncoderOperation::{
            BROTLI_OPERATION_EMIT_METADATA as METADATA, BROTLI_OPERATION_FINISH as FINISH,
            BROTLI_OPERATION_PROCESS as PROCESS,
        };
        let taken = self.taken.unwrap_or_else(|| {
            self.begin(input.len(), operation == FINISH);
            0
        });
        let is_long = SLOW_INPUT < input.len() && SLOW_QUALITY <= self.needs.quality;
        let (input, operation) = if is_long && operation != METADATA {
            (&input[..SLOW_INPUT], PROCESS)
        } else {
            (input, operation)
        };
        let sum = taken.saturating_add(input.len());
        if !self.memory.reserve(self.needs.bytes(sum)) {
            return Err(Z_MEM_ERROR);
        }
        let (mut in_left, mut out_left) = (input.len(), output.len());
        let (mut consumed, mut written) = (0, 0);
        let is_done = self.state.compress_stream(
            operation,
            &mut in_left,
            input,
            &mut consumed,
            &mut out_left,
            output,
            &mut written,
            &mut None,
            &mut |_, _, _, _| (),
        );
        self.taken = Some(taken.saturating_add(consumed));
        if !self.memory.is_kept() {
            return Err(Z_MEM_ERROR);
        }
        if is_done { Ok((consumed, written)) } else { Err(REFUSED) }
    }
}

impl Codec for Encoder {
    fn step(&mut self, input: &[u8], is_last: bool, output: &mut [u8]) -> Step {
        let operation = if is_last {
            BrotliEncoderOperation::BROTLI_OPERATION_FINISH
        } else {
            BrotliEncoderOperation::BROTLI_OPERATION_PROCESS
        };
        match self.work(input, operation, output) {
            Ok((taken, written)) => {
                let outcome = if self.state.is_finished() {
                    Outcome::Ended
                } else if written == output.len() || taken < input.len() {
                    Outcome::Full
                } else {
                    Outcome::Idle
                };
                Step { taken, written, outcome }
            }
            Err(Z_MEM_ERROR) => Step { taken: 0, written: 0, outcome: Outcome::NoMemory },
            Err(_) => {
                let message = "the encoder refuses the data".to_owned();
                Step { taken: 0, written: 0, outcome: Outcome::Bad(message) }
            }
        }
    }
}

/// A stream of Node's zlib.
enum Stream {
    Encoder(Encoder),
    Decoder(Decoder),
}

impl Stream {
    fn step(
        &mut self,
        input: &[u8],
        operation: BrotliEncoderOperation,
        output: &mut [u8],
    ) -> Progress {
        match self {
            Self::Encoder(encoder) => match encoder.work(input, operation, output) {
                Ok((consumed, written)) => Progress { consumed, written, status: Z_OK },
                Err(status) => Progress { consumed: 0, written: 0, status },
            },
            Self::Decoder(decoder) => {
                let (consumed, written, result) = decoder.work(input, output);
                let is_last = operation == BrotliEncoderOperation::BROTLI_OPERATION_FINISH;
                let status = match result {
                    BrotliResult::ResultSuccess => Z_STREAM_END,
                    BrotliResult::NeedsMoreInput if is_last => Z_BUF_ERROR,
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Z_OK,
                    BrotliResult::ResultFailure => decoder.error(),
                };
                Progress { consumed, written, status }
            }
        }
    }
}

/// Parameters of the encoder by the numbers that the library of C gives them. Those with 7 and 8 are how distances are
/// written: advice, which this library fails over and so is not given. There is none with the last one.
const MODE: usize = 0;
const QUALITY: usize = 1;
const WINDOW: usize = 2;
const BLOCK: usize = 3;
const PLAIN_LITERALS: usize = 4;
const SIZE_HINT: usize = 5;
const LARGE_WINDOW: usize = 6;
const PARAMETERS: usize = 10;

/// Parameters of the decoder.
const KEEPS_RING: usize = 0;
const LARGE_WINDOW_READ: usize = 1;

/// Stands for a parameter that is not given.
const NOT_GIVEN: u32 = u32::MAX;

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    let heap = Rc::clone(meter);
    let open = move |ctx: Ctx<'js>, is_encoder: bool, params: TypedArray<'js, u32>| {
        let mut settings = [NOT_GIVEN; PARAMETERS];
        if !get_numbers(&params, &mut settings) {
            return Err(Exception::throw_type(&ctx, "there are too few parameters"));
        }
        open(&ctx, &heap, is_encoder, &settings)
    };
    natives.set("brotliOpen", Func::from(open))?;
    let heap = Rc::clone(meter);
    let work = move |ctx: Ctx<'js>,
                     handle: Class<'js, Handle<Stream>>,
                     input: Bytes<'js>,
                     operation: Integer,
                     output: Bytes<'js>,
                     result: TypedArray<'js, i32>| {
        use BrotliEncoderOperation::{
            BROTLI_OPERATION_EMIT_METADATA, BROTLI_OPERATION_FINISH, BROTLI_OPERATION_FLUSH,
            BROTLI_OPERATION_PROCESS,
        };
        let operation = match operation.within(&ctx, 0..=3_u8)? {
            0 => BROTLI_OPERATION_PROCESS,
            1 => BROTLI_OPERATION_FLUSH,
            2 => BROTLI_OPERATION_FINISH,
            _ => BROTLI_OPERATION_EMIT_METADATA,
        };
        let handle = handle.borrow();
        let mut stream = handle.state(&ctx)?;
        step(&ctx, &heap, (&input, &output), &result, |input, output| {
            stream.step(input, operation, output)
        })
    };
    natives.set("brotliStep", Func::from(work))
}

/// `brotliOpen(isEncoder, params)`: a handle, or undefined.
fn open<'js>(
    ctx: &Ctx<'js>,
    meter: &Rc<Meter>,
    is_encoder: bool,
    settings: &[u32; PARAMETERS],
) -> Result<Value<'js>> {
    let stream = if is_encoder {
        Encoder::with(ctx, meter, settings)?.map(Stream::Encoder)
    } else {
        let is_set = |number: usize| ![0, NOT_GIVEN].contains(&settings[number]);
        let decoder = Decoder::with(ctx, meter, is_set(LARGE_WINDOW_READ), !is_set(KEEPS_RING))?;
        Some(Stream::Decoder(decoder))
    };
    match stream {
        Some(stream) => Handle::around(ctx, stream),
        None => Ok(Value::new_undefined(ctx.clone())),
    }
}

#[cfg(test)]
mod tests {
    use rquickjs::{Context, Runtime};

    use super::*;
    use crate::sys::Heap;

    /// Bytes that an encoder took and wrote of `input`, and of its memory the peak and what was counted for it.
    fn peak(settings: &[(usize, u32)], input: &[u8], step: usize) -> (usize, usize) {
        let (heap, meter) = Heap::new();
        let runtime = Runtime::new_with_alloc(heap).unwrap();
        let context = Context::full(&runtime).unwrap();
        let mut params = [NOT_GIVEN; PARAMETERS];
        settings.iter().for_each(|(number, value)| params[*number] = *value);
        let encoder = context.with(|ctx| Encoder::with(&ctx, &meter, &params).unwrap());
        let mut encoder = encoder.unwrap();
        let mut output = vec![0; 1 << 20];
        let mut rest = input;
        while !rest.is_empty() {
            let operation = BrotliEncoderOperation::BROTLI_OPERATION_PROCESS;
            let part = &rest[..step.min(rest.len())];
            let (taken, _) = encoder.work(part, operation, &mut output).unwrap();
            rest = &rest[taken..];
        }
        let operation = BrotliEncoderOperation::BROTLI_OPERATION_FINISH;
        encoder.work(&[], operation, &mut output).unwrap();
        (encoder.memory.peak(), encoder.needs.bytes(input.len()))
    }

    /// Bytes that repeat, with some that do not.
    fn mixed(len: usize, apart: usize, kinds: u32) -> Vec<u8> {
        let mut state = 1_u32;
        let bytes = (0..len).map(|at| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            let byte = if at % apart == 0 { (state >> 16) % kinds } else { (at >> 5) as u32 };
            byte.to_le_bytes()[0]
        });
        bytes.collect()
    }

    #[track_caller]
    fn check(quality: u32, window: u32) {
        let settings = [(QUALITY, quality), (WINDOW, window)];
        let inputs = [
            (5_000, 7, 256),
            (300_000, 7, 256),
            (300_000, 2, 16),
            (300_000, 3, 4),
            (300_000, 1, 2),
            (300_000, 1, 256),
        ];
        for (len, apart, kinds) in inputs {
            let input = mixed(len, apart, kinds);
            let (peak, counted) = peak(&settings, &input, 1 << 18);
            assert!(peak <= counted, "{settings:?} {len} {apart}: {peak} of {counted}");
        }
    }

    #[test]
    fn an_encoder_needs_no_more_than_was_counted() {
        check(0, 18);
        check(1, 24);
        check(2, 10);
        check(3, 22);
        check(4, 16);
        check(4, 22);
        check(5, 18);
        check(6, 22);
        check(7, 17);
        check(8, 24);
        check(9, 22);
        check(10, 16);
        check(10, 22);
        check(11, 18);
    }
}
