//! The JavaScript engine behind the walls: binds one version of one app, then serves its calls.
//!
//! It is warmed in the zygote and copied by each clone. Between calls nothing runs: there is no thread,
//! and timers and promises advance only while a call is being driven. What a call may use is in
//! [`host`]; the host APIs that tenant code sees are the list [`APIS`], one file each.

mod call;
mod clock;
mod console;
mod exception;
mod host;
mod modules;
#[cfg_attr(not(test), expect(dead_code, reason = "the runtime's scripts are to call it"))]
mod natives;
mod random;
#[cfg(test)]
mod tests;
mod timers;

use std::{error::Error, rc::Rc, time::Instant};

use nix::poll::PollTimeout;
use rquickjs::{Context, Ctx, Object, Persistent, Runtime};
use skep_link::frame::{Bind, Code, Encoding, Exception, Invoke, Module, ToDaemon, ToShim};

use self::{call::Settled, exception::Caught, host::Host, modules::Modules};
use crate::{
    Payload,
    link::Link,
    sys::{self, Heap, Meter},
};

/// One host API: what it adds to the global object.
pub struct Api {
    /// Its global names.
    pub names: &'static [&'static str],
    install: for<'js> fn(&Ctx<'js>, &Rc<Host>) -> rquickjs::Result<()>,
}

/// Every power that tenant code has beyond the language itself.
pub const APIS: &[Api] = &[console::API, timers::API, random::API, clock::API];

/// Milliseconds after which an instance that is told nothing is a spare.
const WARM_AFTER_MS: u8 = 20;

/// Bytes of native stack that JavaScript may use: far from the process limit, deep enough for real code.
const STACK_BYTES: usize = 512 << 10;

/// An engine, and the version that it serves once it is bound.
pub struct Engine {
    context: Context,
    host: Rc<Host>,
    modules: Modules,
    /// Bytecode of the app of [`Self::rehearse`] for a spare; none if there will be no clones.
    warm_up: Vec<u8>,
    bound: Option<Bound>,
}

struct Bound {
    namespace: Persistent<Object<'static>>,
    max_reply_bytes: usize,
}

impl Engine {
    /// Makes an engine with all host APIs.
    ///
    /// # Errors
    ///
    /// Out of memory, or a host API that cannot be installed.
    pub fn new() -> rquickjs::Result<Self> {
        Self::over(Heap::new())
    }

    /// The same for the zygote: warm, and such that a clone which serves copies few of its pages.
    ///
    /// # Errors
    ///
    /// As [`Self::new`], or it does not answer as it should.
    pub fn to_be_cloned() -> Result<Self, Box<dyn Error>> {
        let mut engine = Self::over(Heap::to_be_cloned())?;
        engine.warm_up = modules::compile(SPARE, WARM_UP)?;
        engine.rehearse(ZYGOTE, Code::Source(WARM_UP.as_bytes()))?;
        sys::fill_holes();
        Ok(engine)
    }

    fn over((heap, meter): (Heap, Rc<Meter>)) -> rquickjs::Result<Self> {
        let runtime = Runtime::new_with_alloc(heap)?;
        runtime.set_max_stack_size(STACK_BYTES);
        let host = Rc::new(Host::new(Rc::clone(&meter)));
        let watched = Rc::clone(&host);
        runtime.set_interrupt_handler(Some(Box::new(move || watched.interrupted())));
        let modules = Modules::new(Rc::clone(&meter));
        runtime.set_loader(modules.clone(), modules.clone());
        let context = Context::full(&runtime)?;
        context.with(|ctx| {
            APIS.iter().try_for_each(|api| (api.install)(&ctx, &host))?;
            Ok::<_, rquickjs::Error>(())
        })?;
        runtime.run_gc();
        // Each search for garbage writes to every object there is, and so copies the memory that clones share:
        // not before as much again is in use.
        runtime.set_gc_threshold(2 * meter.used());
        Ok(Self { context, host, modules, warm_up: Vec::new(), bound: None })
    }

    /// Loads a small app of ours, calls it and forgets it: in the zygote, so that its clones share the memory
    /// and skip the first-time work; in a spare, so that its own copies of what a first call touches are made
    /// before one comes. Fails if the engine is broken.
    fn rehearse(&self, path: &str, code: Code<'_>) -> Result<(), &'static str> {
        self.modules.load(&[Module { path, code }], 0);
        let answered = self.context.with(|ctx| {
            let loaded = modules::evaluate(&ctx, self.modules.clone(), path, &self.host);
            let answered = loaded.is_ok_and(|(namespace, _)| {
                let settled = call::run(&ctx, &self.host, &namespace, &REHEARSED);
                matches!(settled, Settled::Answer { .. })
            });
            call::drop_rest(&ctx, &self.host);
            answered
        });
        self.modules.load(&[], 0);
        if answered { Ok(()) } else { Err("the rehearsal of a call was not answered") }
    }

    fn answer(&mut self, body: &[u8]) -> Result<(), End> {
        match ToShim::decode(body).map_err(|_| End)? {
            ToShim::Ping => self.host.send(&ToDaemon::Pong),
            // The call that it meant has ended meanwhile.
            ToShim::Cancel => Ok(()),
            ToShim::Bind(bind) if self.bound.is_none() => self.bind(&bind),
            ToShim::Invoke(invoke) if self.bound.is_some() => self.invoke(&invoke),
            // The daemon lost track of this instance: that must not go on.
            ToShim::Bind(_) | ToShim::Invoke(_) => Err(End),
        }
    }

    fn bind(&mut self, bind: &Bind<'_>) -> Result<(), End> {
        let start = Instant::now();
        self.host.begin_bind(bind);
        self.modules.load(&bind.modules, bind.max_bytecode_bytes);
        let host = &self.host;
        let bound = self.context.with(|ctx| {
            let mut loaded = modules::evaluate(&ctx, self.modules.clone(), bind.entry, host);
            // What the top level left behind must not run inside somebody's call.
            if call::drop_rest(&ctx, host) {
                loaded = Err(Caught::restless());
            }
            if let Some(why) = host.stopped() {
                host.send(&ToDaemon::Stopped { why, dropped: host.dropped() })?;
                return Err(End);
            }
            match loaded {
                Ok((namespace, exports)) => {
                    host.send(&ToDaemon::Bound {
                        functions: exports.functions.iter().map(String::as_str).collect(),
                        skipped: exports.skipped,
                        named: exports.named.iter().map(String::as_str).collect(),
                    })?;
                    Ok(Persistent::save(&ctx, namespace))
                }
                Err(caught) => {
                    host.send(&ToDaemon::BindFailed {
                        path: caught.path.as_deref().unwrap_or(bind.entry),
                        line: caught.line,
                        column: caught.column,
                        exception: caught.as_frame(),
                    })?;
                    Err(End)
                }
            }
        });
        let namespace = bound?;
        let max_reply_bytes = usize::try_from(bind.max_reply_bytes).unwrap_or(usize::MAX);
        self.bound = Some(Bound { namespace, max_reply_bytes });
        self.host.end_bind(start.elapsed());
        Ok(())
    }

    fn invoke(&mut self, invoke: &Invoke<'_>) -> Result<(), End> {
        let Some(bound) = &self.bound else { return Err(End) };
        let host = &self.host;
        host.begin_call(invoke);
        self.context.with(|ctx| {
            let settled = bound
                .namespace
                .clone()
                .restore(&ctx)
                .map_err(|error| Caught::from_error(&ctx, error))
                .map(|namespace| call::run(&ctx, host, &namespace, invoke));
            let spent = call::drop_rest(&ctx, host);
            let dropped = host.dropped();
            if let Some(why) = host.stopped() {
                return host.send(&ToDaemon::Stopped { why, dropped });
            }
            match settled {
                Ok(Settled::Answer { encoding, payload })
                    if payload.len() <= bound.max_reply_bytes =>
                {
                    let payload = payload.as_slice();
                    host.send(&ToDaemon::Reply { dropped, spent, encoding, payload })
                }
                Ok(Settled::Answer { payload, .. }) => {
                    let bytes = payload.len() as u64;
                    host.send(&ToDaemon::ReplyTooLarge { bytes })
                }
                Ok(Settled::NoFunction) => host.send(&ToDaemon::NoFunction),
                Ok(Settled::Threw(caught)) | Err(caught) => {
                    let exception: Exception<'_> = caught.as_frame();
                    host.send(&ToDaemon::Thrown { dropped, spent, exception })
                }
            }
        })
    }
}

/// The instance must end: the daemon is gone, or one of us misunderstood the other.
#[derive(Debug)]
struct End;

impl Payload for Engine {
    fn serve(&mut self, link: Link) {
        self.host.connect(link);
        // A spare: what its first call touches is copied and mapped now, while nobody waits.
        if !self.warm_up.is_empty() && self.host.is_quiet(PollTimeout::from(WARM_AFTER_MS)) {
            // It went well in the zygote.
            let _ = self.rehearse(SPARE, Code::Compiled(&self.warm_up));
        }
        let mut body = Vec::new();
        while self.host.receive(&mut body).is_ok() {
            if self.answer(&body).is_err() {
                return;
            }
        }
    }
}

/// Names of the module of [`Engine::rehearse`], which no module of an app can have or import: an engine loads
/// each name once.
const ZYGOTE: &str = "skep:zygote";
const SPARE: &str = "skep:spare";

/// Touches what calls use.
const WARM_UP: &str = r#"
const touch = (event) => {
    const text = JSON.stringify({ ...event, when: new Date(0).toISOString(), zone: String(new Date(0)) });
    new Map([[1, text.replace(/a (b)/g, "$1").split("")]]).forEach((list) => list.sort().join());
    new Uint8Array(64).fill(1).subarray(1);
    try { throw new TypeError("warm"); } catch (error) { String(error.stack); }
};
export default async (event) => {
    touch(event);
    for (const n of [1, 2]) await n;
    return { list: event.l.map((n) => n + 1), text: `${event.s}` };
};
"#;

/// The call of [`Engine::rehearse`].
const REHEARSED: Invoke<'static> = Invoke {
    id: [0; 16],
    function: "default",
    encoding: Encoding::Json,
    wall_ns: 0,
    cpu_ns: None,
    log_lines: 0,
    log_bytes: 0,
    payload: br#"{"n": 1, "s": "a b", "l": [1, 2, {"x": null}]}"#,
};
