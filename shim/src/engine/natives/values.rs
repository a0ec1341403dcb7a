//! What the engine knows of an object, whatever its prototype and properties say. No code of the program runs.

use rquickjs::promise::PromiseState;
use rquickjs::{Array, Ctx, Exception, Module, Object, Result, Value, function::Func};

use crate::sys::{Handle, class_number, new_list, promise_result};

pub(super) fn install<'js>(ctx: &Ctx<'js>, natives: &Object<'js>) -> Result<()> {
    let kinds = kinds(ctx)?;
    let class = move |value: Value<'js>| {
        let number = usize::try_from(class_number(&value)).ok();
        number.and_then(|number| kinds.get(number)).copied().unwrap_or(0)
    };
    natives.set("objectClass", Func::from(class))?;
    natives.set("promiseState", Func::from(promise_state))?;
    natives.set("proxyParts", Func::from(proxy_parts))
}

/// Pairs of a kind and an object of it, which `kinds` looks at.
const SAMPLES: &str = r#"
[
    [1, new Error()], [2, new Boolean()], [3, new Number()], [4, new String()], [5, Object(Symbol())], [6, Object(0n)],
    [7, (function () { "use strict"; return arguments; })()], [7, Function("a", "return arguments")(0)],
    [8, new Date(0)], [9, /./], [10, new Map()], [11, new Set()], [12, new WeakMap()], [13, new WeakSet()],
    [14, new WeakRef({})], [15, new Map().keys()], [16, new Set().keys()],
    [18, (function* () {})()], [19, (async function* () {})()], [20, Promise.resolve()], [21, new Proxy({}, {})],
    [23, new ArrayBuffer()], [24, new SharedArrayBuffer()], [25, new DataView(new ArrayBuffer())],
    ...[
        Uint8ClampedArray, Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array,
        BigUint64Array, Float16Array, Float32Array, Float64Array,
    ].map((type) => [26, new type()]),
    [27, function* () {}], [28, async () => {}], [29, async function* () {}], [30, new FinalizationRegistry(() => {})],
]
"#;

/// The kind of namespaces of modules, and that of our own handles.
const NAMESPACE: u8 = 22;
const HANDLE: u8 = 31;

/// The kind of each of the engine's classes by its number, 0 for all others.
fn kinds(ctx: &Ctx<'_>) -> Result<Vec<u8>> {
    let mut kinds = Vec::new();
    let mut note = |kind: u8, sample: &Value<'_>| {
        let Ok(number) = usize::try_from(class_number(sample)) else { return };
        if kinds.len() <= number {
            kinds.resize(number + 1, 0);
        }
        kinds[number] = kind;
    };
    for pair in ctx.eval::<Array<'_>, _>(SAMPLES)?.iter::<Array<'_>>() {
        let pair = pair?;
        note(pair.get(0)?, &pair.get(1)?);
    }
    let (module, _) = Module::declare(ctx.clone(), "skep:sample", "export {}")?.eval()?;
    note(NAMESPACE, module.namespace()?.as_value());
    note(HANDLE, &Handle::around(ctx, ())?);
    Ok(kinds)
}

/// `promiseState(promise)`: [0 pending, 1 fulfilled or 2 rejected, the value].
fn promise_state<'js>(ctx: Ctx<'js>, promise: Value<'js>) -> Result<Value<'js>> {
    let promise = promise
        .into_promise()
        .ok_or_else(|| Exception::throw_type(&ctx, "the argument is no promise"))?;
    let state = match promise.state() {
        PromiseState::Pending => 0,
        PromiseState::Resolved => 1,
        PromiseState::Rejected => 2,
    };
    let result = promise_result(&ctx, &promise);
    new_list(&ctx, [Value::new_int(ctx.clone(), state), result])
}

/// `proxyParts(proxy)`: [target, handler], both null once it is revoked.
fn proxy_parts<'js>(ctx: Ctx<'js>, proxy: Value<'js>) -> Result<Value<'js>> {
    let proxy = proxy
        .into_proxy()
        .ok_or_else(|| Exception::throw_type(&ctx, "the argument is no proxy"))?;
    let part = |part: Result<Object<'js>>| {
        part.map_or_else(
            |_| {
                // The engine throws for a revoked one.
                ctx.catch();
                Value::new_null(ctx.clone())
            },
            Object::into_value,
        )
    };
    new_list(&ctx, [part(proxy.target()), part(proxy.handler())])
}
