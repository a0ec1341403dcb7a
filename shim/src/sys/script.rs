//! A function of CommonJS: compiled from source, written as bytecode and read again.

use std::ffi::CString;

use rquickjs::{Ctx, Error, Function, Result, Value, qjs};

/// What stands before and after the author's text. The first is a line of its own, which is counted as line 0.
const BEFORE: &[u8] = b"(function (exports, require, module, __filename, __dirname) {\n";
const AFTER: &[u8] = b"\n})";

/// What the engine made of a script, which has not run.
pub struct Script<'js>(Value<'js>);

impl<'js> Script<'js> {
    /// Compiles the text of a module of CommonJS: sloppy, as there.
    ///
    /// # Errors
    ///
    /// What the engine throws, above all a SyntaxError; a name with a null byte.
    pub fn compile(ctx: &Ctx<'js>, name: &str, source: &[u8]) -> Result<Self> {
        let name = CString::new(name)?;
        let mut text = Vec::with_capacity(BEFORE.len() + source.len() + AFTER.len() + 1);
        text.extend_from_slice(BEFORE);
        text.extend_from_slice(source);
        text.extend_from_slice(AFTER);
        let len = text.len();
        // The engine reads one byte beyond what it is told.
        text.push(0);
        let mut options = qjs::JSEvalOptions {
            version: qjs::JS_EVAL_OPTIONS_VERSION as _,
            eval_flags: (qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as _,
            filename: name.as_ptr(),
            line_num: 0,
        };
        let ctx_ptr = ctx.as_raw().as_ptr();
        // SAFETY: the context lives for 'js; text, name and options live until the call returns, and the text
        // ends with a null byte that is not counted.
        let raw =
            unsafe { qjs::JS_Eval2(ctx_ptr, text.as_ptr().cast(), len as _, &raw mut options) };
        Self::of(ctx, raw)
    }

    /// Reads what the same build of the engine once wrote.
    ///
    /// # Errors
    ///
    /// What the engine throws, such as for another version of itself.
    pub fn read(ctx: &Ctx<'js>, bytecode: &[u8]) -> Result<Self> {
        let flags = qjs::JS_READ_OBJ_BYTECODE as _;
        let (ptr, len) = (bytecode.as_ptr(), bytecode.len() as _);
        // SAFETY: as for modules: the engine trusts bytecode, and it comes from the daemon, which has it from a
        // sandbox of the same app and build.
        let raw = unsafe { qjs::JS_ReadObject(ctx.as_raw().as_ptr(), ptr, len, flags) };
        Self::of(ctx, raw)
    }

    fn of(ctx: &Ctx<'js>, raw: qjs::JSValue) -> Result<Self> {
        // SAFETY: `raw` was just returned by the engine, with a reference that is ours.
        let value = unsafe { Value::from_raw(ctx.clone(), raw) };
        if value.is_exception() { Err(Error::Exception) } else { Ok(Self(value)) }
    }

    /// Its bytecode.
    ///
    /// # Errors
    ///
    /// Out of memory.
    pub fn write(&self) -> Result<Vec<u8>> {
        let ctx = self.0.ctx().as_raw().as_ptr();
        let mut len = 0;
        let flags = qjs::JS_WRITE_OBJ_BYTECODE as _;
        // SAFETY: context and value are alive.
        let bytes = unsafe { qjs::JS_WriteObject(ctx, &raw mut len, self.0.as_raw(), flags) };
        if bytes.is_null() {
            return Err(Error::Exception);
        }
        // SAFETY: the engine says that so many bytes are there.
        let copied = unsafe { std::slice::from_raw_parts(bytes, len as usize) }.to_vec();
        // SAFETY: it was allocated by the engine, and nobody else has it.
        unsafe { qjs::js_free(ctx, bytes.cast()) };
        Ok(copied)
    }

    /// The function.
    ///
    /// # Errors
    ///
    /// What the engine throws.
    pub fn into_function(self) -> Result<Function<'js>> {
        let ctx = self.0.ctx().clone();
        let ptr = ctx.as_raw().as_ptr();
        // SAFETY: the value is alive and belongs to this context.
        let own = unsafe { qjs::JS_DupValue(ptr, self.0.as_raw()) };
        // SAFETY: the engine takes that reference.
        let raw = unsafe { qjs::JS_EvalFunction(ptr, own) };
        // SAFETY: the reference that it returns is ours.
        let value = unsafe { Value::from_raw(ctx.clone(), raw) };
        if value.is_exception() { Err(Error::Exception) } else { value.get() }
    }
}

/// Throws an error that no code of an app can catch: `catch` and `finally` are passed over.
pub fn throw_uncatchable(ctx: &Ctx<'_>) -> Error {
    let error = rquickjs::Exception::throw_internal(ctx, "stopped");
    if let Error::Exception = error {
        let thrown = ctx.catch();
        // SAFETY: the value is alive and belongs to this context.
        unsafe { qjs::JS_SetUncatchableError(ctx.as_raw().as_ptr(), thrown.as_raw()) };
        return ctx.throw(thrown);
    }
    error
}
