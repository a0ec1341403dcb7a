//! Comparing bytes and finding some in others. Time grows with their number and no faster.

use std::rc::Rc;

use memchr::memmem;
use rquickjs::{Ctx, Object, Result, function::Func};

use super::{Integer, charge};
use crate::sys::{Bytes, Meter};

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    natives.set("bufferCompare", Func::from(compare))?;
    natives.set("bufferIsUtf8", Func::from(is_utf8))?;
    natives.set("bufferIsAscii", Func::from(is_ascii))?;
    let meter = Rc::clone(meter);
    let find = move |ctx: Ctx<'js>,
                     haystack: Bytes<'js>,
                     needle: Bytes<'js>,
                     from: Integer,
                     step: Integer,
                     is_forward: bool| {
        let from = from.within(&ctx, 0..=usize::MAX)?;
        let step = step.within(&ctx, 1..=2_u8)?;
        let at = haystack.read_both(&needle, |haystack, needle| match step {
            1 => Ok(find_bytes(haystack, needle, from, is_forward)),
            _ => find_units(&ctx, &meter, haystack, needle, from / 2, is_forward),
        });
        #[expect(clippy::cast_precision_loss, reason = "buffers have at most 2^31 bytes")]
        at.map(|at| at.map_or(-1.0, |at| at as f64))
    };
    natives.set("bufferIndexOf", Func::from(find))
}

/// `bufferCompare(a, b)`: -1, 0 or 1.
fn compare(one: Bytes<'_>, two: Bytes<'_>) -> i32 {
    one.read_both(&two, Ord::cmp) as i32
}

fn is_utf8(bytes: Bytes<'_>) -> bool {
    bytes.read(|bytes| str::from_utf8(bytes).is_ok())
}

fn is_ascii(bytes: Bytes<'_>) -> bool {
    bytes.read(<[u8]>::is_ascii)
}

/// Where `needle` begins first at `from` or behind it, or last at `from` or before it.
fn find_bytes(haystack: &[u8], needle: &[u8], from: usize, is_forward: bool) -> Option<usize> {
    if is_forward {
        let at = memmem::find(haystack.get(from..)?, needle)?;
        return Some(from + at);
    }
    let end = from.saturating_add(needle.len()).min(haystack.len());
    memmem::rfind(&haystack[..end], needle)
}

/// The same for lists of 16 bit units, where `from` counts units and the answer counts bytes.
fn find_units(
    ctx: &Ctx<'_>,
    meter: &Rc<Meter>,
    haystack: &[u8],
    needle: &[u8],
    from: usize,
    is_forward: bool,
) -> Result<Option<usize>> {
    let (haystack, needle) = (haystack.as_chunks::<2>().0, needle.as_chunks::<2>().0);
    let (count, most) = (needle.len(), haystack.len());
    let _charge = charge(ctx, meter, count.saturating_mul(size_of::<usize>()))?;
    let found = if is_forward {
        let start = from.min(most);
        let at = first(most - start, |at| haystack[start + at], count, |at| needle[at]);
        at.map(|at| start + at)
    } else {
        let end = from.saturating_add(count).min(most);
        let backward = |at: usize| haystack[end - 1 - at];
        first(end, backward, count, |at| needle[count - 1 - at]).map(|at| end - count - at)
    };
    Ok(found.map(|at| 2 * at))
}

/// Where a needle of `count` units begins first in a haystack of `most` (Knuth, Morris and Pratt).
fn first<T: PartialEq>(
    most: usize,
    haystack: impl Fn(usize) -> T,
    count: usize,
    needle: impl Fn(usize) -> T,
) -> Option<usize> {
    if count == 0 || most < count {
        return None;
    }
    // By a unit of the needle: how many of its first ones are also the last ones up to there, and not all.
    let mut borders = vec![0; count];
    let mut seen = 0;
    for at in 1..count {
        while 0 < seen && needle(at) != needle(seen) {
            seen = borders[seen - 1];
        }
        seen += usize::from(needle(at) == needle(seen));
        borders[at] = seen;
    }
    seen = 0;
    for at in 0..most {
        while 0 < seen && haystack(at) != needle(seen) {
            seen = borders[seen - 1];
        }
        seen += usize::from(haystack(at) == needle(seen));
        if seen == count {
            return Some(at + 1 - count);
        }
    }
    None
}
