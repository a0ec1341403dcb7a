//! What the runtime's own scripts cannot do themselves: functions on bytes and numbers.
//!
//! Tenant code never sees them: the scripts keep the object to themselves. Each takes what it is given for what it
//! is, wrong arguments are a TypeError, and none calls JavaScript. What a function makes beyond a few hundred
//! bytes is counted by the heap's meter before it is made; a refusal is the engine's own error for that.

mod brotli;
mod compression;
mod derive;
mod domains;
mod encodings;
mod hash;
mod random;
mod search;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod zlib;

use std::rc::Rc;

use rquickjs::{Ctx, Error, Exception, FromJs, Object, Value};

use crate::sys::{Bytes, Charge, Meter, Unwritable};

/// Sets every function as a property of `natives`.
pub(super) fn install<'js>(
    ctx: &Ctx<'js>,
    natives: &Object<'js>,
    meter: &Rc<Meter>,
) -> rquickjs::Result<()> {
    text::install(natives, meter)?;
    search::install(natives, meter)?;
    encodings::install(natives, meter)?;
    hash::install(natives, meter)?;
    derive::install(natives, meter)?;
    zlib::install(natives, meter)?;
    brotli::install(natives, meter)?;
    compression::install(natives, meter)?;
    domains::install(natives, meter)?;
    values::install(ctx, natives)?;
    random::install(natives)
}

/// An integer argument: a number without a fraction of at most 2^53 on either side of zero.
#[derive(Clone, Copy, Debug)]
struct Integer(i64);

/// The largest number such that it and all smaller ones are exact.
const LARGEST: f64 = 9_007_199_254_740_992.0;

impl<'js> FromJs<'js> for Integer {
    fn from_js(_ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Self> {
        match value.as_number() {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
            Some(number) if number.fract() == 0.0 && number.abs() <= LARGEST => {
                Ok(Self(number as i64))
            }
            _ => Err(Error::new_from_js(value.type_name(), "integer")),
        }
    }
}

impl Integer {
    /// Itself, if it is one of `range`.
    fn within<T: TryFrom<i64> + PartialOrd>(
        self,
        ctx: &Ctx<'_>,
        range: std::ops::RangeInclusive<T>,
    ) -> rquickjs::Result<T> {
        let number = T::try_from(self.0).ok().filter(|number| range.contains(number));
        number.ok_or_else(|| Exception::throw_range(ctx, "the number is out of range"))
    }
}

/// Sees to it that the heap has room for `bytes`, if garbage is all that is in the way. The engine does not know
/// what the handles in its garbage hold, and so searches late for them.
fn make_room(ctx: &Ctx<'_>, meter: &Meter, bytes: usize) {
    if meter.left() < bytes {
        ctx.run_gc();
    }
}

/// Counts `bytes` that are about to be made.
fn charge(ctx: &Ctx<'_>, meter: &Rc<Meter>, bytes: usize) -> rquickjs::Result<Charge> {
    make_room(ctx, meter, bytes);
    // As an answer of a function this becomes the engine's error for a heap that is full.
    meter.charge(bytes).ok_or(Error::Allocation)
}

/// Memory of ours that is counted for as long as it is there.
struct Scratch {
    bytes: Vec<u8>,
    _charge: Charge,
}

impl Scratch {
    /// An empty one with room for `capacity` bytes.
    fn with_capacity(ctx: &Ctx<'_>, meter: &Rc<Meter>, capacity: usize) -> rquickjs::Result<Self> {
        let charge = charge(ctx, meter, capacity)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(capacity).map_err(|_| Error::Allocation)?;
        Ok(Self { bytes, _charge: charge })
    }

    /// One of `len` zeros.
    fn zeroed(ctx: &Ctx<'_>, meter: &Rc<Meter>, len: usize) -> rquickjs::Result<Self> {
        let mut scratch = Self::with_capacity(ctx, meter, len)?;
        scratch.bytes.resize(len, 0);
        Ok(scratch)
    }
}

/// What `work` makes of `input` and with `output`. If they have a byte in common, the input is copied first.
fn read_and_write<R>(
    ctx: &Ctx<'_>,
    meter: &Rc<Meter>,
    input: &Bytes<'_>,
    output: &Bytes<'_>,
    work: impl FnOnce(&[u8], &mut [u8]) -> R,
) -> rquickjs::Result<R> {
    let mut work = Some(work);
    let mut once = |input: &[u8], output: &mut [u8]| work.take().map(|work| work(input, output));
    let done = match input.read_and_write(output, &mut once) {
        Err(Unwritable::Overlaps) => {
            let mut copy = Scratch::with_capacity(ctx, meter, input.len())?;
            input.read(|bytes| copy.bytes.extend_from_slice(bytes));
            output.write(|output| once(&copy.bytes, output))
        }
        Err(Unwritable::Immutable) => None,
        Ok(done) => Some(done),
    };
    done.flatten().ok_or_else(|| immutable(ctx))
}

/// A string, or null for none.
fn or_null<'js>(ctx: &Ctx<'js>, text: Option<&str>) -> rquickjs::Result<Value<'js>> {
    match text {
        Some(text) => {
            rquickjs::String::from_str(ctx.clone(), text).map(rquickjs::String::into_value)
        }
        None => Ok(Value::new_null(ctx.clone())),
    }
}

/// Throws for an output that cannot be written to.
fn immutable(ctx: &Ctx<'_>) -> Error {
    Exception::throw_type(ctx, "the output cannot be written to")
}
