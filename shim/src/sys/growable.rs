//! Memory of SharedArrayBuffers, which the engine asks its host for: without it none of them can grow.

use std::{ffi::c_void, rc::Rc};

use rquickjs::{Ctx, qjs};

use super::Meter;

/// Lets SharedArrayBuffers grow. Their memory counts in `meter`, as many bytes as they may ever have.
pub fn allow_growing(ctx: &Ctx<'_>, meter: &Rc<Meter>) {
    let functions = qjs::JSSharedArrayBufferFunctions {
        sab_alloc: Some(allocate),
        sab_free: Some(free),
        // Asked for a buffer over the memory of another one: there is none, since nothing shares memory here.
        sab_dup: None,
        // One reference more, for as long as the engine is there.
        sab_opaque: Rc::into_raw(Rc::clone(meter)).cast_mut().cast(),
    };
    // SAFETY: the context is alive, so its runtime is.
    let runtime = unsafe { qjs::JS_GetRuntime(ctx.as_raw().as_ptr()) };
    // SAFETY: the runtime is alive and copies the functions, whose meter is never freed.
    unsafe { qjs::JS_SetSharedArrayBufferFunctions(runtime, &raw const functions) };
}

unsafe extern "C" fn allocate(meter: *mut c_void, bytes: qjs::size_t) -> *mut c_void {
    // SAFETY: the engine hands over what `allow_growing` gave it, a meter that is never freed.
    let meter = unsafe { &*meter.cast_const().cast::<Meter>() };
    usize::try_from(bytes).map_or(std::ptr::null_mut(), |bytes| meter.allocate(bytes))
}

unsafe extern "C" fn free(meter: *mut c_void, block: *mut c_void) {
    // SAFETY: as in `allocate`.
    let meter = unsafe { &*meter.cast_const().cast::<Meter>() };
    // SAFETY: the engine gives back what `allocate` gave, once.
    unsafe { meter.free(block) };
}
