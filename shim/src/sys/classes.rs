//! What the engine knows of an object beyond its properties, and lists that no property of a prototype can change.

use rquickjs::{Ctx, Error, Promise, Result, Value, qjs};

/// The number of the engine's class of an object; 0 for a value that is none. It is the same in every engine of
/// one build.
pub fn class_number(value: &Value<'_>) -> u32 {
    // SAFETY: the value is alive; the engine only reads the object's header.
    unsafe { qjs::JS_GetClassID(value.as_raw()) }
}

/// What a promise was fulfilled or rejected with; undefined while it is pending. It does not count as handled.
pub fn promise_result<'js>(ctx: &Ctx<'js>, promise: &Promise<'js>) -> Value<'js> {
    let raw = ctx.as_raw().as_ptr();
    // SAFETY: context and promise are alive; the answer is a reference more to the value.
    let value = unsafe { qjs::JS_PromiseResult(raw, promise.as_raw()) };
    // SAFETY: the reference that was just added is ours.
    unsafe { Value::from_raw(ctx.clone(), value) }
}

/// A new array of `values`. Setters of `Array.prototype` are not asked.
///
/// # Errors
///
/// Out of memory.
pub fn new_list<'js, const COUNT: usize>(
    ctx: &Ctx<'js>,
    values: [Value<'js>; COUNT],
) -> Result<Value<'js>> {
    let raw = ctx.as_raw().as_ptr();
    let count = i32::try_from(COUNT).map_err(|_| Error::Allocation)?;
    let kept = values.map(|value| {
        let value = value.as_raw();
        // SAFETY: the value is alive; the reference that is added is for the array.
        unsafe { qjs::JS_DupValue(raw, value) }
    });
    // SAFETY: the context is alive, and the array takes over one reference to each of `count` values; so it does
    // where it fails.
    let list = unsafe { qjs::JS_NewArrayFrom(raw, count, kept.as_ptr()) };
    // SAFETY: the value is new, so that nobody else counts the one reference to it.
    let list = unsafe { Value::from_raw(ctx.clone(), list) };
    if list.is_exception() { Err(Error::Exception) } else { Ok(list) }
}
