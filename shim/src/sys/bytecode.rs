//! Loads a module from what the engine made of its source.

use rquickjs::{Ctx, Error, Module, Result, Value, module::Declared, qjs};

/// The module that the same build of the engine once wrote as `bytecode`.
///
/// # Errors
///
/// What the engine throws, such as for another version of itself.
pub fn load_bytecode<'js>(ctx: &Ctx<'js>, bytecode: &[u8]) -> Result<Module<'js, Declared>> {
    // SAFETY: the engine trusts bytecode, and nothing here could tell whether it may. It comes from the daemon,
    // which gives an instance only what one of the same build wrote for the same app before any of the app
    // ran. A tenant who broke the engine by its source alone breaks the same sandbox with it, and no other.
    unsafe { Module::load(ctx.clone(), bytecode) }
}

/// Links and evaluates a module from its bytecode, which nobody has imported yet: the promise of its end, and its
/// namespace.
///
/// # Errors
///
/// What the engine throws.
pub fn evaluate_bytecode<'js>(ctx: &Ctx<'js>, bytecode: &[u8]) -> Result<(Value<'js>, Value<'js>)> {
    let raw = ctx.as_raw().as_ptr();
    let flags = qjs::JS_READ_OBJ_BYTECODE as _;
    // SAFETY: see above.
    let module = unsafe { qjs::JS_ReadObject(raw, bytecode.as_ptr(), bytecode.len() as _, flags) };
    // SAFETY: reads the tag of a value.
    if unsafe { qjs::JS_VALUE_GET_TAG(module) } != qjs::JS_TAG_MODULE {
        // SAFETY: the engine has just returned it, with a reference that is ours.
        drop(unsafe { Value::from_raw(ctx.clone(), module) });
        return Err(Error::Exception);
    }
    // SAFETY: a module, which the engine keeps as long as the context.
    if unsafe { qjs::JS_ResolveModule(raw, module) } < 0 {
        return Err(Error::Exception);
    }
    // SAFETY: the engine takes the reference.
    let promise = unsafe { qjs::JS_EvalFunction(raw, module) };
    // SAFETY: the reference that it returns is ours.
    let promise = unsafe { Value::from_raw(ctx.clone(), promise) };
    if promise.is_exception() {
        return Err(Error::Exception);
    }
    // SAFETY: reads the pointer of a value that is a module.
    let definition = unsafe { qjs::JS_VALUE_GET_PTR(module) };
    // SAFETY: the module is linked and is kept by the context.
    let namespace = unsafe { qjs::JS_GetModuleNamespace(raw, definition.cast()) };
    // SAFETY: the reference that it returns is ours.
    let namespace = unsafe { Value::from_raw(ctx.clone(), namespace) };
    if namespace.is_exception() { Err(Error::Exception) } else { Ok((promise, namespace)) }
}
