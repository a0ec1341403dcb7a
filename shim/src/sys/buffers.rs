//! The bytes of JavaScript buffers: copies of them, views of them, and new ones.
//!
//! A view lasts for one closure in which no JavaScript may run: that alone could resize or detach the buffer.
//! The engine may be asked for memory meanwhile: a collection frees only what nothing holds.

use std::{ops::Range, ptr, slice};

use rquickjs::{
    ArrayBuffer, Ctx, Error, FromJs, Result, TypedArray, Value,
    qjs::{self, size_t},
};

/// The bytes of a `Uint8Array` or an `ArrayBuffer`; `None` for anything else, and none of a detached one.
pub fn copy_bytes(value: &Value<'_>) -> Option<Vec<u8>> {
    if let Ok(array) = TypedArray::<u8>::from_value(value.clone()) {
        // SAFETY: the bytes are copied before any JavaScript runs again, which alone could resize or
        // detach the buffer; the engine has one thread.
        let bytes = unsafe { array.as_bytes() };
        return Some(bytes.map(<[u8]>::to_vec).unwrap_or_default());
    }
    let Some(buffer) = ArrayBuffer::from_value(value.clone()) else {
        // The engine throws when it is asked for a buffer that is none: nobody else may meet that.
        value.ctx().catch();
        return None;
    };
    // SAFETY: as above.
    let bytes = unsafe { buffer.as_bytes() };
    Some(bytes.map(<[u8]>::to_vec).unwrap_or_default())
}

/// A `Uint8Array` that a function of ours was given. It may be over any part of its buffer; a detached one
/// and one out of its buffer's bounds has no bytes.
#[derive(Clone, Debug)]
pub struct Bytes<'js>(TypedArray<'js, u8>);

/// Why bytes cannot be read and written at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// The buffer of the output is immutable.
    Immutable,
    /// The output has bytes of the input.
    Overlaps,
}

impl<'js> FromJs<'js> for Bytes<'js> {
    fn from_js(_ctx: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        let type_name = value.type_name();
        match TypedArray::from_value(value) {
            Ok(array) => Ok(Self(array)),
            Err(_) => Err(Error::new_from_js(type_name, "Uint8Array")),
        }
    }
}

impl<'js> Bytes<'js> {
    /// A new one of zeros over a buffer of its own, in memory of the engine.
    ///
    /// # Errors
    ///
    /// Out of memory, or a RangeError for more than 2 GiB.
    pub fn zeroed(ctx: &Ctx<'js>, len: usize) -> Result<Self> {
        let len = size_t::try_from(len).map_err(|_| Error::Allocation)?;
        let raw = ctx.as_raw().as_ptr();
        // SAFETY: the context is alive; without a source the engine fills what it allocates with zeros.
        let value = unsafe { qjs::JS_NewUint8ArrayCopy(raw, ptr::null(), len) };
        // SAFETY: the value is new, so that nobody else counts the one reference to it.
        let value = unsafe { Value::from_raw(ctx.clone(), value) };
        if value.is_exception() {
            return Err(Error::Exception);
        }
        TypedArray::from_value(value).map(Self)
    }

    /// A new one over a buffer of its own, in memory of the engine.
    ///
    /// # Errors
    ///
    /// As [`Self::zeroed`].
    pub fn copied(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Self> {
        TypedArray::new_copy(ctx.clone(), bytes).map(Self)
    }

    /// Itself, to be given to JavaScript.
    pub fn into_value(self) -> Value<'js> {
        self.0.into_value()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.read(<[u8]>::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What `read` makes of the bytes. It must not run JavaScript.
    pub fn read<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        match raw(&self.0) {
            // SAFETY: no JavaScript runs in the closure and the engine has one thread, so that nobody writes
            // to these bytes or frees them before it ends.
            Some(bytes) => read(unsafe { bytes.as_ref() }),
            None => read(&[]),
        }
    }

    /// What `read` makes of these and other bytes, which may be the same. It must not run JavaScript.
    pub fn read_both<R>(&self, other: &Bytes<'_>, read: impl FnOnce(&[u8], &[u8]) -> R) -> R {
        self.read(|bytes| other.read(|others| read(bytes, others)))
    }

    /// What `write` makes of and with the bytes; `None` if their buffer is immutable. It must not run
    /// JavaScript, and must not reach these bytes by another way.
    pub fn write<R>(&self, write: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        if is_immutable(&self.0) {
            return None;
        }
        match raw(&self.0) {
            // SAFETY: as for `read`; the closure has no other view of these bytes.
            Some(mut bytes) => Some(write(unsafe { bytes.as_mut() })),
            None => Some(write(&mut [])),
        }
    }

    /// What `work` makes of these bytes and with those of `output`. It must not run JavaScript, and must not
    /// reach these bytes by another way.
    ///
    /// # Errors
    ///
    /// The two have a byte in common, or the output cannot be written to. Nothing was done.
    pub fn read_and_write<R>(
        &self,
        output: &Bytes<'_>,
        work: impl FnOnce(&[u8], &mut [u8]) -> R,
    ) -> std::result::Result<R, Unwritable> {
        if self.overlaps(output) {
            return Err(Unwritable::Overlaps);
        }
        self.read(|bytes| output.write(|room| work(bytes, room))).ok_or(Unwritable::Immutable)
    }

    fn overlaps(&self, other: &Bytes<'_>) -> bool {
        let (one, two) = (addresses(&self.0), addresses(&other.0));
        !one.is_empty() && !two.is_empty() && one.start < two.end && two.start < one.end
    }
}

/// Sets the first numbers of a typed array; false if it has fewer, is detached or cannot be written to.
pub fn set_numbers<T: Copy>(array: &TypedArray<'_, T>, numbers: &[T]) -> bool {
    let Some(bytes) = raw(array) else { return false };
    let len = size_of_val(numbers);
    if bytes.len() < len || is_immutable(array) {
        return false;
    }
    // SAFETY: there are typed arrays of plain numbers only, so that all bytes of `numbers` are set.
    let source = unsafe { slice::from_raw_parts(numbers.as_ptr().cast::<u8>(), len) };
    let target = bytes.as_ptr().cast::<u8>();
    // SAFETY: the array has at least `len` bytes, which no JavaScript frees meanwhile, and `numbers` is
    // Rust's memory, not the engine's.
    unsafe { ptr::copy_nonoverlapping(source.as_ptr(), target, len) };
    true
}

/// Reads the first numbers of a typed array; false if it has fewer or is detached.
pub fn get_numbers<T: Copy>(array: &TypedArray<'_, T>, numbers: &mut [T]) -> bool {
    let Some(bytes) = raw(array) else { return false };
    let len = size_of_val(numbers);
    if bytes.len() < len {
        return false;
    }
    let (source, target) = (bytes.as_ptr().cast::<u8>(), numbers.as_mut_ptr().cast::<u8>());
    // SAFETY: the array has at least `len` bytes, which no JavaScript frees meanwhile, of numbers for which any bits
    // are a value; `numbers` is Rust's memory, not the engine's.
    unsafe { ptr::copy_nonoverlapping(source, target, len) };
    true
}

/// Where the bytes are until JavaScript runs again; `None` for a detached array or one out of bounds.
fn raw<T>(array: &TypedArray<'_, T>) -> Option<ptr::NonNull<[u8]>> {
    let bytes = array.as_raw();
    if bytes.is_none() {
        // The engine throws for these: nobody else may meet that.
        array.ctx().catch();
    }
    bytes
}

fn addresses(array: &TypedArray<'_, u8>) -> Range<usize> {
    raw(array).map_or(0..0, |bytes| {
        let start = bytes.as_ptr().cast::<u8>().addr();
        start..start + bytes.len()
    })
}

fn is_immutable<T>(array: &TypedArray<'_, T>) -> bool {
    match array.arraybuffer() {
        // SAFETY: the buffer is alive; for an object of another class the answer would be -1.
        Ok(buffer) => unsafe { qjs::JS_IsImmutableArrayBuffer(buffer.as_value().as_raw()) == 1 },
        Err(_) => {
            array.ctx().catch();
            false
        }
    }
}
