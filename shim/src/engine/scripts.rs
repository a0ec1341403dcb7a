//! The scripts of the runtime, compiled when this program was built (see `build.rs`), and the functions of theirs
//! that are called from here.

use rquickjs::{
    Ctx, Function, Module, Object, Persistent, Result, Value, function::IntoArgs, module::Declared,
};

use crate::sys::load_bytecode;

/// Before the path of a script in the name of its module. No path of an app has a backslash.
pub(super) const PREFIX: &str = "skep\\";

/// Imports all scripts.
const FIRST: &str = "skep\\js/boot.js";
/// Imports [`FIRST`]: what was read from bytecode is linked by whoever imports it, and by nobody else.
const START: &str = "skep\\start";

/// Before the path of a file in the name of the module that imports it to run it.
pub(super) const FROM: &str = "skep\\from/";
/// Before the path of a file that is no ES module, in the name of the module that an import of it gives.
pub(super) const FOREIGN: &str = "skep\\foreign/";

/// Names of modules, with their bytecode.
const SCRIPTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/scripts.rs"));

/// Whether a module of that name is a script of the runtime, or one that stands between it and an app: those alone may
/// name scripts. An app has no module with a backslash in its name, and no text of an app is compiled under one.
pub(super) fn is_ours(name: &str) -> bool {
    let between = [START, FROM, FOREIGN].iter().any(|ours| name.starts_with(ours));
    between || SCRIPTS.iter().any(|(script, _)| *script == name)
}

/// The script of that name, if there is one.
pub(super) fn load<'js>(ctx: &Ctx<'js>, name: &str) -> Option<Result<Module<'js, Declared>>> {
    let (_, bytecode) = SCRIPTS.iter().find(|(script, _)| *script == name)?;
    Some(load_bytecode(ctx, bytecode))
}

/// Evaluates all scripts, to which `natives` is handed over, and gives their functions.
///
/// # Errors
///
/// What the engine throws.
pub(super) fn start<'js>(ctx: &Ctx<'js>, natives: Object<'js>) -> Result<Driver> {
    ctx.globals().set("natives", natives)?;
    let start = format!("export {{ driver }} from {FIRST:?};");
    let told = |error| told(ctx, error);
    let (module, promise) =
        Module::declare(ctx.clone(), START, start).and_then(Module::eval).map_err(told)?;
    promise.finish::<Value<'js>>().map_err(told)?;
    let driver: Object<'js> = module.namespace()?.get("driver")?;
    Driver::new(ctx, &driver)
}

/// Shows what a script of the runtime threw: that is a fault of ours.
fn told(ctx: &Ctx<'_>, error: rquickjs::Error) -> rquickjs::Error {
    if let rquickjs::Error::Exception = error {
        let thrown = ctx.catch();
        if let Some(exception) = thrown.as_exception() {
            crate::say::say(&format!("a script of the runtime failed: {exception}"));
        }
        return ctx.throw(thrown);
    }
    error
}

macro_rules! driver {
    ($($name:ident = $key:literal),* $(,)?) => {
        /// The functions of `js/driver.js`.
        pub(super) struct Driver {
            $(pub(super) $name: Called,)*
            /// What the contexts of calls inherit from.
            pub(super) context: Persistent<Object<'static>>,
            /// The names of all built-in modules.
            pub(super) builtins: Vec<String>,
            /// What plain objects and lists inherit from.
            pub(super) plain: [Persistent<Object<'static>>; 2],
            /// What plain promises inherit from.
            pub(super) promise: Persistent<Object<'static>>,
        }

        impl Driver {
            fn new<'js>(ctx: &Ctx<'js>, driver: &Object<'js>) -> Result<Self> {
                let [object, array, promise] = ["Object", "Array", "Promise"].map(|name| -> Result<_> {
                    let prototype: Object<'js> = ctx.globals().get::<_, Object<'js>>(name)?.get("prototype")?;
                    Ok(Persistent::save(ctx, prototype))
                });
                let context: Object<'js> = driver.get("contextPrototype")?;
                Ok(Self {
                    builtins: driver.get("builtins")?,
                    context: Persistent::save(ctx, context),
                    plain: [object?, array?],
                    promise: promise?,
                    $($name: Called(Persistent::save(ctx, driver.get::<_, Function<'js>>($key)?)),)*
                })
            }
        }
    };
}

driver! {
    adopt = "adopt",
    allow = "allow",
    awaited = "awaited",
    describe = "describe",
    event = "event",
    finish = "finish",
    fire = "fire",
    http = "http",
    idle = "idle",
    load = "load",
    meta = "meta",
    names = "names",
    next_delay = "nextDelay",
    notify_rejections = "notifyRejections",
    outcome = "outcome",
    report_exception = "reportException",
    run = "run",
    run_ticks = "runTicks",
    take_called = "takeCalled",
    thrown = "thrown",
    track_rejection = "trackRejection",
    value = "value",
}

/// One of those functions.
pub(super) struct Called(Persistent<Function<'static>>);

impl Called {
    /// Calls it.
    ///
    /// # Errors
    ///
    /// What it throws.
    pub(super) fn call<'js, R: rquickjs::FromJs<'js>>(
        &self,
        ctx: &Ctx<'js>,
        args: impl IntoArgs<'js>,
    ) -> Result<R> {
        self.0.clone().restore(ctx)?.call(args)
    }
}
