//! A function of CommonJS: compiled from source, written as bytecode and read again.

use std::ffi::CString;

use rquickjs::{Ctx, Error, Function, Result, Value, qjs};

/// What stands before and after the author's text. The first is two lines of its own, which are counted from -1 on, so
/// that the author's first is 1: the engine takes 0 for no number. A module of CommonJS ends with the function `main` that it declares: one of the conventions of functions has no exports.
const MODULE: [&[u8]; 2] = [
    b"(function (exports, require, module, __filename, __dirname) {\n\n",
    b"\nreturn typeof main === 'function' ? main : undefined;\n})",
];
const EXPRESSION: [&[u8]; 2] =
    [b"(function (exports, require, module, __filename, __dirname) { return (\n\n", b"\n); })"];
const SCOPED: [&[u8]; 2] = [
    b"(function (exports, require, module, __filename, __dirname) { return function (scope) { with (scope) { return (\n\n",
    b"\n); } }; })",
];

/// What the engine made of a script, which has not run.
pub struct Script<'js>(Value<'js>);

impl<'js> Script<'js> {
    /// Compiles the text of a module of CommonJS: sloppy, as there.
    ///
    /// # Errors
    ///
    /// What the engine throws, above all a SyntaxError; a name with a null byte.
    pub fn compile(ctx: &Ctx<'js>, name: &str, source: &[u8]) -> Result<Self> {
        Self::compile_within(ctx, name, source, MODULE)
    }

    /// Compiles a text that is one expression, as a module of CommonJS that returns its value, or with `scope` a
    /// function of an object whose members are names in it.
    ///
    /// # Errors
    ///
    /// As [`Self::compile`].
    pub fn compile_expression(
        ctx: &Ctx<'js>,
        name: &str,
        source: &[u8],
        scope: bool,
    ) -> Result<Self> {
        Self::compile_within(ctx, name, source, if scope { SCOPED } else { EXPRESSION })
    }

    fn compile_within(
        ctx: &Ctx<'js>,
        name: &str,
        source: &[u8],
        around: [&[u8]; 2],
    ) -> Result<Self> {
        let name = CString::new(name)?;
        let [before, after] = around;
        let mut text = Vec::with_capacity(before.len() + source.len() + after.len() + 1);
        text.extend_from_slice(before);
        // Only at the start of a text this line is no code.
        match source.strip_prefix(b"#!") {
            Some(rest) => {
                text.extend_from_slice(b"//");
                text.extend_from_slice(rest);
            }
            None => text.extend_from_slice(source),
        }
        text.extend_from_slice(after);
        let len = text.len();
        // The engine reads one byte beyond what it is told.
        text.push(0);
        let mut options = qjs::JSEvalOptions {
            version: qjs::JS_EVAL_OPTIONS_VERSION as _,
            eval_flags: (qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as _,
            filename: name.as_ptr(),
            line_num: -1,
        };
        let raw = ctx.as_raw().as_ptr();
        // SAFETY: the context lives for 'js; text, name and options live until the call returns, and the text
        // ends with a null byte that is not counted.
        let value = unsafe { qjs::JS_Eval2(raw, text.as_ptr().cast(), len as _, &raw mut options) };
        Self::of(ctx, value)
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
