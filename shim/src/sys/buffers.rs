//! Copies the bytes out of JavaScript buffers.

use rquickjs::{ArrayBuffer, TypedArray, Value};

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
