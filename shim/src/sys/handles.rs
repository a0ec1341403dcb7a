//! Objects that hold a state of ours: JavaScript can keep them and give them back, and nothing else.
//!
//! The state is dropped when the engine collects the object.

use std::cell::{RefCell, RefMut};

use rquickjs::{
    Class, Ctx, Exception, JsLifetime, Object, Result, Value,
    class::{JsClass, Readable, Trace, Tracer},
    function::Constructor,
};

/// What the object holds: a state until it is used up.
#[derive(Debug)]
pub struct Handle<T>(RefCell<Option<T>>);

impl<T: 'static> Handle<T> {
    /// A new object around `state`.
    ///
    /// # Errors
    ///
    /// Out of memory.
    pub fn around<'js>(ctx: &Ctx<'js>, state: T) -> Result<Value<'js>> {
        Class::instance(ctx.clone(), Self(RefCell::new(Some(state)))).map(Class::into_value)
    }

    /// The state, for as long as no JavaScript runs.
    ///
    /// # Errors
    ///
    /// A TypeError once it is used up.
    pub fn state<'a>(&'a self, ctx: &Ctx<'_>) -> Result<RefMut<'a, T>> {
        let state = self.0.try_borrow_mut().ok();
        state
            .and_then(|state| RefMut::filter_map(state, Option::as_mut).ok())
            .ok_or_else(|| Exception::throw_type(ctx, "the handle is used up"))
    }

    /// Takes the state out: the handle is used up.
    ///
    /// # Errors
    ///
    /// A TypeError if it already was.
    pub fn take(&self, ctx: &Ctx<'_>) -> Result<T> {
        let state = self.0.try_borrow_mut().ok().and_then(|mut state| state.take());
        state.ok_or_else(|| Exception::throw_type(ctx, "the handle is used up"))
    }
}

impl<'js, T> Trace<'js> for Handle<T> {
    /// It holds no value of the engine.
    fn trace<'a>(&self, _tracer: Tracer<'a, 'js>) {}
}

// SAFETY: the state is 'static, so that it holds no value of the engine and there is no lifetime to change.
unsafe impl<'js, T: 'static> JsLifetime<'js> for Handle<T> {
    type Changed<'to> = Handle<T>;
}

impl<'js, T: 'static> JsClass<'js> for Handle<T> {
    const NAME: &'static str = "Handle";

    type Mutable = Readable;

    fn prototype(_ctx: &Ctx<'js>) -> Result<Option<Object<'js>>> {
        Ok(None)
    }

    fn constructor(_ctx: &Ctx<'js>) -> Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}
