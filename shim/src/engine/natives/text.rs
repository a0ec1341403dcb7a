//! Text to bytes and back: UTF-8, Latin-1, hexadecimal digits, base64 (RFC 4648).
//!
//! Text is well-formed. Malformed UTF-8 becomes U+FFFD, one for each maximal part, as the Encoding Standard has it.

use std::rc::Rc;

use rquickjs::{Ctx, Exception, Object, Result, String, TypedArray, Value, function::Func};

use super::{Scratch, immutable, or_null};
use crate::sys::{Bytes, Meter, Text, set_numbers};

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    natives.set("bufferFromText", Func::from(from_text))?;
    let heap = Rc::clone(meter);
    let to = move |ctx: Ctx<'js>, bytes: Bytes<'js>, encoding: Text<'js>| {
        to_text(&ctx, &heap, &bytes, encoding.as_str())
    };
    natives.set("bufferToText", Func::from(to))?;
    natives.set("bufferUtf8Length", Func::from(utf8_length))?;
    natives.set("utf8EncodeInto", Func::from(utf8_encode_into))?;
    natives.set("utf8DecodeFatal", Func::from(utf8_decode_fatal))
}

fn unknown_encoding(ctx: &Ctx<'_>) -> rquickjs::Error {
    Exception::throw_type(ctx, "unknown encoding")
}

/// `bufferFromText(text, encoding)`: a new `Uint8Array`.
fn from_text<'js>(ctx: Ctx<'js>, text: Text<'js>, encoding: Text<'js>) -> Result<Value<'js>> {
    let text = text.as_str();
    let bytes = match encoding.as_str() {
        "utf8" => Bytes::copied(&ctx, text.as_bytes())?,
        "latin1" if text.is_ascii() => Bytes::copied(&ctx, text.as_bytes())?,
        "latin1" => filled(&ctx, text.encode_utf16().count(), low_bytes(text))?,
        "hex" => {
            let pairs = text.as_bytes().as_chunks().0;
            filled(&ctx, hex_pairs(pairs).count(), hex_pairs(pairs))?
        }
        "base64" | "base64url" => {
            let bits = 6 * sextets(text.as_bytes()).count();
            filled(&ctx, bits / 8, joined(sextets(text.as_bytes())))?
        }
        _ => return Err(unknown_encoding(&ctx)),
    };
    Ok(bytes.into_value())
}

/// A new array of `len` bytes, which `source` gives.
fn filled<'js>(ctx: &Ctx<'js>, len: usize, source: impl Iterator<Item = u8>) -> Result<Bytes<'js>> {
    let bytes = Bytes::zeroed(ctx, len)?;
    let fill =
        |room: &mut [u8]| room.iter_mut().zip(source).for_each(|(place, byte)| *place = byte);
    bytes.write(fill).ok_or_else(|| immutable(ctx))?;
    Ok(bytes)
}

/// The low byte of each UTF-16 code unit.
fn low_bytes(text: &str) -> impl Iterator<Item = u8> {
    text.encode_utf16().map(|unit| unit.to_le_bytes()[0])
}

/// The bytes that pairs of hexadecimal digits stand for, up to the first pair that is none.
fn hex_pairs(pairs: &[[u8; 2]]) -> impl Iterator<Item = u8> {
    pairs.iter().map_while(|[high, low]| Some(hex_digit(*high)? << 4 | hex_digit(*low)?))
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The six bits of each digit of base64 or base64url before the first `=`; everything else is skipped.
fn sextets(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter().take_while(|byte| **byte != b'=').filter_map(|byte| {
        let sextet = SEXTETS[usize::from(*byte)];
        (sextet < 64).then_some(sextet)
    })
}

/// What each byte stands for in base64 and base64url; 64 for all others.
const SEXTETS: [u8; 256] = {
    let mut table = [64; 256];
    let mut sextet = 0;
    while sextet < 64 {
        table[BASE64[sextet as usize] as usize] = sextet;
        table[BASE64_URL[sextet as usize] as usize] = sextet;
        sextet += 1;
    }
    table
};

/// Bytes out of groups of six bits; bits that make no whole byte are dropped.
fn joined(sextets: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> {
    let (mut bits, mut count) = (0_u16, 0);
    sextets.filter_map(move |sextet| {
        bits = bits << 6 | u16::from(sextet);
        count += 6;
        if count < 8 {
            return None;
        }
        count -= 8;
        let byte = (bits >> count).to_le_bytes()[0];
        bits &= (1 << count) - 1;
        Some(byte)
    })
}

/// `bufferToText(bytes, encoding)`: a string.
fn to_text<'js>(
    ctx: &Ctx<'js>,
    meter: &Rc<Meter>,
    bytes: &Bytes<'js>,
    encoding: &str,
) -> Result<String<'js>> {
    let encode = match encoding {
        "utf8" => utf8_text,
        "latin1" => latin1_text,
        "ascii" => ascii_text,
        "hex" => hex_text,
        "base64" => base64_text,
        "base64url" => base64url_text,
        _ => return Err(unknown_encoding(ctx)),
    };
    bytes.read(|bytes| encode(ctx, meter, bytes))
}

/// The string of bytes that are well-formed UTF-8.
fn string_of<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<String<'js>> {
    String::from_str(ctx.clone(), str::from_utf8(bytes)?)
}

fn utf8_text<'js>(ctx: &Ctx<'js>, meter: &Rc<Meter>, bytes: &[u8]) -> Result<String<'js>> {
    const REPLACEMENT: &str = "\u{fffd}";
    if let Ok(text) = str::from_utf8(bytes) {
        return String::from_str(ctx.clone(), text);
    }
    // The end may be well-formed: only what has a malformed part is followed by a replacement.
    let replacement = |malformed: &[u8]| if malformed.is_empty() { "" } else { REPLACEMENT };
    let parts = || bytes.utf8_chunks().map(|part| (part.valid(), replacement(part.invalid())));
    let len = parts().map(|(text, mark)| text.len() + mark.len()).sum();
    let mut scratch = Scratch::with_capacity(ctx, meter, len)?;
    for (text, mark) in parts() {
        scratch.bytes.extend_from_slice(text.as_bytes());
        scratch.bytes.extend_from_slice(mark.as_bytes());
    }
    string_of(ctx, &scratch.bytes)
}

fn latin1_text<'js>(ctx: &Ctx<'js>, meter: &Rc<Meter>, bytes: &[u8]) -> Result<String<'js>> {
    if bytes.is_ascii() {
        return string_of(ctx, bytes);
    }
    let len = bytes.len() + bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let mut scratch = Scratch::with_capacity(ctx, meter, len)?;
    for byte in bytes {
        if byte.is_ascii() {
            scratch.bytes.push(*byte);
        } else {
            scratch.bytes.extend([0xc0 | byte >> 6, 0x80 | byte & 0x3f]);
        }
    }
    string_of(ctx, &scratch.bytes)
}

fn ascii_text<'js>(ctx: &Ctx<'js>, meter: &Rc<Meter>, bytes: &[u8]) -> Result<String<'js>> {
    if bytes.is_ascii() {
        return string_of(ctx, bytes);
    }
    let mut scratch = Scratch::with_capacity(ctx, meter, bytes.len())?;
    scratch.bytes.extend(bytes.iter().map(|byte| byte & 0x7f));
    string_of(ctx, &scratch.bytes)
}

fn hex_text<'js>(ctx: &Ctx<'js>, meter: &Rc<Meter>, bytes: &[u8]) -> Result<String<'js>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut scratch = Scratch::with_capacity(ctx, meter, 2 * bytes.len())?;
    for byte in bytes {
        let digit = |value: u8| DIGITS[usize::from(value)];
        scratch.bytes.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    string_of(ctx, &scratch.bytes)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64_text<'js>(ctx: &Ctx<'js>, meter: &Rc<Meter>, bytes: &[u8]) -> Result<String<'js>> {
    digits_text(ctx, meter, bytes, BASE64, b"=")
}

fn base64url_text<'js>(ctx: &Ctx<'js>, meter: &Rc<Meter>, bytes: &[u8]) -> Result<String<'js>> {
    digits_text(ctx, meter, bytes, BASE64_URL, b"")
}

fn digits_text<'js>(
    ctx: &Ctx<'js>,
    meter: &Rc<Meter>,
    bytes: &[u8],
    alphabet: &[u8; 64],
    padding: &[u8],
) -> Result<String<'js>> {
    let mut scratch = Scratch::with_capacity(ctx, meter, 4 * bytes.len().div_ceil(3))?;
    let digits = |three: [u8; 3]| {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        [18, 12, 6, 0].map(|shift| alphabet[(bits >> shift & 63) as usize])
    };
    let (threes, rest) = bytes.as_chunks();
    for three in threes {
        scratch.bytes.extend(digits(*three));
    }
    let (last, count) = match rest {
        [] => ([0; 3], 0),
        [one] => ([*one, 0, 0], 2),
        [one, two, ..] => ([*one, *two, 0], 3),
    };
    if 0 < count {
        scratch.bytes.extend(&digits(last)[..count]);
        scratch.bytes.extend(padding.repeat(4 - count));
    }
    string_of(ctx, &scratch.bytes)
}

/// `bufferUtf8Length(text)`.
fn utf8_length(text: Text<'_>) -> usize {
    text.as_str().len()
}

/// `utf8EncodeInto(text, target, counts)`: what fits, in whole characters.
fn utf8_encode_into<'js>(
    ctx: Ctx<'js>,
    text: Text<'js>,
    target: Bytes<'js>,
    counts: TypedArray<'js, u32>,
) -> Result<()> {
    let written = target.write(|room| {
        let text = text.as_str();
        let part = &text[..text.floor_char_boundary(room.len())];
        room[..part.len()].copy_from_slice(part.as_bytes());
        [part.encode_utf16().count(), part.len()]
    });
    let written = written.ok_or_else(|| immutable(&ctx))?;
    // Both are at most the length of a string of the engine, which is below 2^32 in UTF-8 too.
    let written = written.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    if set_numbers(&counts, &written) { Ok(()) } else { Err(immutable(&ctx)) }
}

/// `utf8DecodeFatal(bytes)`: a string, or null.
fn utf8_decode_fatal<'js>(ctx: Ctx<'js>, bytes: Bytes<'js>) -> Result<Value<'js>> {
    bytes.read(|bytes| or_null(&ctx, str::from_utf8(bytes).ok()))
}
