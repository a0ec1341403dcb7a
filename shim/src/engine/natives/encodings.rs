//! Text in the legacy encodings of the Encoding Standard, and UTF-8 and UTF-16 in parts.

use std::rc::Rc;

use encoding_rs::{Decoder, DecoderResult, Encoding};
use rquickjs::{Class, Ctx, Exception, Object, Result, Value, function::Func};

use super::{Scratch, charge, or_null};
use crate::sys::{Bytes, Charge, Handle, Meter, Text};

/// Bytes that one call decodes, at most.
const MOST_BYTES: usize = 64 << 10;

/// A decoder somewhere in its input.
struct Decoding {
    decoder: Decoder,
    is_fatal: bool,
    _charge: Charge,
}

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    natives.set("encodingName", Func::from(name))?;
    let heap = Rc::clone(meter);
    let open = move |ctx: Ctx<'js>, name: Text<'js>, keeps_mark: bool, is_fatal: bool| {
        let encoding = Encoding::for_label_no_replacement(name.as_str().as_bytes())
            .ok_or_else(|| Exception::throw_type(&ctx, "unknown encoding"))?;
        let _charge = charge(&ctx, &heap, size_of::<Handle<Decoding>>())?;
        let decoder = if keeps_mark {
            encoding.new_decoder_without_bom_handling()
        } else {
            encoding.new_decoder_with_bom_removal()
        };
        Handle::around(&ctx, Decoding { decoder, is_fatal, _charge })
    };
    natives.set("decoderOpen", Func::from(open))?;
    let heap = Rc::clone(meter);
    let write =
        move |ctx: Ctx<'js>,
              handle: Class<'js, Handle<Decoding>>,
              bytes: Bytes<'js>,
              is_last: bool| { write(&ctx, &heap, &handle.borrow(), &bytes, is_last) };
    natives.set("decoderWrite", Func::from(write))
}

/// `encodingName(label)`: a name in small letters, or null.
fn name<'js>(ctx: Ctx<'js>, label: Text<'js>) -> Result<Value<'js>> {
    let encoding = Encoding::for_label_no_replacement(label.as_str().as_bytes());
    let name = encoding.map(|encoding| encoding.name().to_ascii_lowercase());
    or_null(&ctx, name.as_deref())
}

/// `decoderWrite(handle, bytes, isLast)`: a string, or null for malformed bytes of a fatal decoder.
fn write<'js>(
    ctx: &Ctx<'js>,
    meter: &Rc<Meter>,
    handle: &Handle<Decoding>,
    bytes: &Bytes<'js>,
    is_last: bool,
) -> Result<Value<'js>> {
    let len = bytes.len();
    if MOST_BYTES < len {
        return Err(Exception::throw_range(ctx, "more than 64 KiB at once"));
    }
    let mut state = handle.state(ctx)?;
    // The longest that the bytes can become, with a character more for what waits.
    let most = state.decoder.max_utf8_buffer_length(len).unwrap_or(3 * len + 16);
    let mut scratch = Scratch::zeroed(ctx, meter, most)?;
    let is_fatal = state.is_fatal;
    let written = bytes.read(|bytes| {
        let room = &mut scratch.bytes;
        if is_fatal {
            let (result, _, written) =
                state.decoder.decode_to_utf8_without_replacement(bytes, room, is_last);
            (result == DecoderResult::InputEmpty).then_some(written)
        } else {
            let (_, _, written, _) = state.decoder.decode_to_utf8(bytes, room, is_last);
            Some(written)
        }
    });
    drop(state);
    if is_last || written.is_none() {
        // A decoder that has ended must not be used again.
        drop(handle.take(ctx)?);
    }
    let text = written.map(|written| str::from_utf8(&scratch.bytes[..written])).transpose()?;
    or_null(ctx, text)
}
