//! The text of JavaScript strings in UTF-8, in memory of the engine.

use std::{ffi::c_char, ptr::NonNull, slice, str};

use rquickjs::{Ctx, Error, FromJs, Result, Value, qjs};

/// The text of a string that a function of ours was given. For one of ASCII only it is the string's own memory.
#[derive(Debug)]
pub struct Text<'js> {
    ctx: Ctx<'js>,
    start: NonNull<c_char>,
    len: usize,
}

impl<'js> FromJs<'js> for Text<'js> {
    /// A value that is no string and a string with a lone surrogate are TypeErrors.
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        if !value.is_string() {
            return Err(Error::new_from_js(value.type_name(), "string"));
        }
        let mut len = 0;
        let raw = ctx.as_raw().as_ptr();
        // SAFETY: context and value are alive, and `len` is written before this returns. No JavaScript runs
        // for a value that is a string.
        let start = unsafe { qjs::JS_ToCStringLen(raw, &raw mut len, value.as_raw()) };
        let start = NonNull::new(start.cast_mut()).ok_or(Error::Exception)?;
        let text = Self { ctx: ctx.clone(), start, len };
        if str::from_utf8(text.bytes()).is_err() {
            return Err(Error::new_from_js_message("string", "text", "it has a lone surrogate"));
        }
        Ok(text)
    }
}

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        // SAFETY: it was looked at in `from_js`, and the engine never writes to it again.
        unsafe { str::from_utf8_unchecked(self.bytes()) }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the engine keeps these `len` bytes until `drop` gives them back; its strings do not change.
        unsafe { slice::from_raw_parts(self.start.as_ptr().cast::<u8>(), self.len) }
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        let raw = self.ctx.as_raw().as_ptr();
        // SAFETY: `start` came from JS_ToCStringLen of the same engine and is given back once.
        unsafe { qjs::JS_FreeCString(raw, self.start.as_ptr()) };
    }
}
