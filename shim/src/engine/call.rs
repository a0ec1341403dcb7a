//! One call: the event in, the function run until its promise settles, the answer out.

use std::{rc::Rc, time::Instant};

use rquickjs::{
    Ctx, Function, Object, Promise, TypedArray, Value, function::Func, promise::PromiseState,
};
use skep_link::frame::{Encoding, Invoke};

use super::{exception::Caught, host::Host};
use crate::sys::copy_bytes;

/// Jobs that may still run after the answer is known, within the call's own limits.
const DRAINED_JOBS: u32 = 1_000;

/// How a call ended, unless it was stopped.
pub(super) enum Settled {
    Answer { encoding: Encoding, payload: Vec<u8> },
    Threw(Caught),
    NoFunction,
}

/// Runs the function and whatever its promise waits for. When the call was stopped the result means
/// nothing: ask the host first.
pub(super) fn run<'js>(
    ctx: &Ctx<'js>,
    host: &Rc<Host>,
    namespace: &Object<'js>,
    invoke: &Invoke<'_>,
) -> Settled {
    let function = match namespace.get::<_, Value<'js>>(invoke.function) {
        Ok(value) => match value.into_function() {
            Some(function) => function,
            None => return Settled::NoFunction,
        },
        Err(error) => return Settled::Threw(Caught::from_error(ctx, error)),
    };
    match answer(ctx, host, &function, invoke) {
        Ok((encoding, payload)) => Settled::Answer { encoding, payload },
        Err(caught) => Settled::Threw(caught),
    }
}

fn answer<'js>(
    ctx: &Ctx<'js>,
    host: &Rc<Host>,
    function: &Function<'js>,
    invoke: &Invoke<'_>,
) -> Result<(Encoding, Vec<u8>), Caught> {
    let caught = |error| Caught::from_error(ctx, error);
    let event = match invoke.encoding {
        Encoding::Json if invoke.payload.is_empty() => Value::new_null(ctx.clone()),
        Encoding::Json => ctx.json_parse(invoke.payload).map_err(caught)?,
        Encoding::Bytes => {
            TypedArray::<u8>::new(ctx.clone(), invoke.payload).map_err(caught)?.into_value()
        }
    };
    let context = context(ctx, host, invoke).map_err(caught)?;
    let value: Value<'js> = function.call((event, context)).map_err(caught)?;
    let value = match value.clone().into_promise() {
        Some(promise) => drive(ctx, host, &promise)?,
        None => value,
    };
    encode(ctx, value)
}

/// The second argument of every function.
fn context<'js>(
    ctx: &Ctx<'js>,
    host: &Rc<Host>,
    invoke: &Invoke<'_>,
) -> rquickjs::Result<Object<'js>> {
    let context = Object::new(ctx.clone())?;
    context.set("invocation", format!("{:032x}", u128::from_be_bytes(invoke.id)))?;
    context.set("function", invoke.function)?;
    let host = Rc::clone(host);
    let remaining = move || host.remaining().as_secs_f64() * 1e3;
    context.set("remainingMs", Func::new(remaining))?;
    Ok(context)
}

/// Runs jobs and timers until `promise` settles, nothing is left to run, or the call must stop.
pub(super) fn drive<'js>(
    ctx: &Ctx<'js>,
    host: &Rc<Host>,
    promise: &Promise<'js>,
) -> Result<Value<'js>, Caught> {
    loop {
        if host.check().is_some() {
            return Err(Caught::stopped());
        }
        match promise.state() {
            PromiseState::Resolved => {
                let value =
                    promise.result().unwrap_or_else(|| Ok(Value::new_undefined(ctx.clone())));
                return value.map_err(|error| Caught::from_error(ctx, error));
            }
            PromiseState::Rejected => {
                let thrown = promise.result::<Value<'js>>();
                let error = thrown.and_then(Result::err).unwrap_or(rquickjs::Error::Unknown);
                return Err(Caught::from_error(ctx, error));
            }
            PromiseState::Pending => {}
        }
        if ctx.execute_pending_job() {
            continue;
        }
        let Some(due) = host.timers().next_due() else {
            return Err(Caught::stuck());
        };
        if Instant::now() < due {
            host.sleep_until(due);
            continue;
        }
        let fired = host.timers().fire(ctx, Instant::now());
        // An error of a timer's function belongs to nobody; it is shown where people look for it.
        if let Some(Err(error)) = fired.map(|timer| timer.call()) {
            Caught::from_error(ctx, error).log(host);
        }
    }
}

/// Drops what a call or a bind left behind: timers, also those that its last jobs set; whether jobs are
/// left that cannot be dropped.
pub(super) fn drop_rest(ctx: &Ctx<'_>, host: &Rc<Host>) -> bool {
    host.timers().clear();
    let left = drain(ctx, host);
    host.timers().clear();
    left
}

/// Lets what is only a few steps from its end come to it, each step still watched; whether something is
/// left.
fn drain(ctx: &Ctx<'_>, host: &Rc<Host>) -> bool {
    for _ in 0..DRAINED_JOBS {
        if host.check().is_some() {
            return true;
        }
        if !ctx.execute_pending_job() {
            return false;
        }
    }
    true
}

/// Bytes stay bytes, nothing is null, everything else is JSON.
fn encode<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<(Encoding, Vec<u8>), Caught> {
    if let Some(bytes) = copy_bytes(&value) {
        return Ok((Encoding::Bytes, bytes));
    }
    if value.is_undefined() {
        return Ok((Encoding::Json, b"null".to_vec()));
    }
    let text = ctx.json_stringify(value).map_err(|error| Caught::from_error(ctx, error))?;
    match text {
        Some(text) => {
            let text = text.to_string().map_err(|error| Caught::from_error(ctx, error))?;
            Ok((Encoding::Json, text.into_bytes()))
        }
        None => Err(Caught::not_json()),
    }
}
