//! The JavaScript engine behind the walls: binds one version of one app, then serves its calls.
//!
//! It is warmed in the zygote and copied by each clone. Between calls nothing runs: there is no thread,
//! and timers and promises advance only while a call is being driven. What a call may use is in
//! [`host`]; what tenant code sees are the scripts of the runtime (the folder `js`, see [`scripts`]), which
//! compute on bytes with [`natives`] and act on the instance through [`host_natives`].

mod call;
mod drive;
mod exception;
mod files;
mod host;
mod host_natives;
mod modules;
mod names;
mod natives;
mod random;
mod scripts;
mod stacks;
#[cfg(test)]
mod tests;

use std::{error::Error, mem::ManuallyDrop, rc::Rc, time::Instant};

use nix::poll::PollTimeout;
use rquickjs::{Context, Ctx, Object, Runtime};
use skep_link::frame::{
    Bind, Encoding, Exception, Form, Function, HttpCall, Invoke, ToDaemon, ToShim,
};

use self::{
    call::{App, Call, Calls, HttpHead, Opening, Settled},
    exception::Caught,
    host::Host,
    modules::Modules,
    random::Random,
    scripts::Driver,
};
use crate::{
    Payload,
    link::Link,
    sys::{self, Heap, Meter},
};

/// Milliseconds after which an instance that is told nothing is a spare.
const WARM_AFTER_MS: u8 = 20;

/// Bytes of native stack that JavaScript may use: far from the process limit, deep enough for real code.
const STACK_BYTES: usize = 512 << 10;

/// Bytes that an app makes before garbage is searched for. Each search writes to every object there is, and so copies
/// the memory that clones share.
const UNCOLLECTED: usize = 3 << 19;

/// An engine, and whether it serves a version yet.
pub struct Engine {
    /// Never taken apart: functions of scripts are held beside it, and the process ends with it.
    context: ManuallyDrop<Context>,
    host: Rc<Host>,
    modules: Modules,
    driver: Rc<Driver>,
    /// Bytecode of the app of [`Self::rehearse`] for a spare; none if there will be no clones.
    warm_up: Vec<u8>,
    /// Its table of names.
    warm_table: Vec<u8>,
    bound: Option<Bound>,
    random: Random,
}

struct Bound {
    app: App,
    max_reply_bytes: usize,
}

impl Engine {
    /// Makes an engine with the whole runtime.
    ///
    /// # Errors
    ///
    /// Out of memory, or a script of the runtime that cannot be evaluated.
    pub fn new() -> rquickjs::Result<Self> {
        Self::over(Heap::new())
    }

    /// The same for the zygote: warm, and such that a clone which serves copies few of its pages.
    ///
    /// # Errors
    ///
    /// As [`Self::new`], or it does not answer as it should.
    pub fn to_be_cloned() -> Result<Self, Box<dyn Error>> {
        skep_project::prepare();
        let (heap, meter) = Heap::to_be_cloned();
        let mut engine = Self::over((heap, Rc::clone(&meter)))?;
        engine.rehearse()?;
        engine.warm_up = modules::compile(SPARE, WARM_UP_SPARE)?;
        engine.warm_table =
            engine.modules.rehearse_files(&[(Form::File, WARM_UP_SPARE.as_bytes())]);
        engine.context.with(|ctx| sys::fill_arenas(&ctx, &meter));
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
        names::make(&runtime)?;
        let context = Context::full(&runtime)?;
        let (driver, random) = context.with(|ctx| {
            let random = Random::install(&ctx)?;
            sys::allow_growing(&ctx, &meter);
            let natives = Object::new(ctx.clone())?;
            natives::install(&ctx, &natives, &meter)?;
            host_natives::install(&ctx, &natives, &host, &modules)?;
            Ok::<_, rquickjs::Error>((scripts::start(&ctx, natives)?, random))
        })?;
        let driver = Rc::new(driver);
        modules.connect(&driver);
        let (told, seen) = (Rc::clone(&driver), Rc::clone(&host));
        runtime.set_host_promise_rejection_tracker(Some(Box::new(
            move |ctx, promise, reason, handled| {
                seen.rejection_seen();
                // Out of memory is the only way in which it fails, and ends the call.
                let _ = told.track_rejection.call::<()>(&ctx, (promise, reason, handled));
            },
        )));
        runtime.run_gc();
        runtime.set_gc_threshold(meter.used() + UNCOLLECTED);
        let context = ManuallyDrop::new(context);
        let (warm_up, warm_table) = (Vec::new(), Vec::new());
        Ok(Self { context, host, modules, driver, warm_up, warm_table, bound: None, random })
    }

    /// Loads a small app of ours, calls it and forgets it: in the zygote, so that its clones share the memory
    /// and skip the first-time work; in a spare, so that its own copies of what a first call touches are made
    /// before one comes. Fails if the engine is broken.
    fn rehearse(&self) -> Result<(), String> {
        let is_spare = !self.warm_up.is_empty();
        let (path, form, code) = match is_spare {
            true => (SPARE, Form::Bytecode, self.warm_up.clone()),
            false => (ZYGOTE, Form::File, [WARM_UP, WARM_UP_HTTP].concat().into_bytes()),
        };
        if is_spare {
            let (code, table) = (self.warm_up.as_slice(), self.warm_table.as_slice());
            let file = WARM_UP_SPARE.as_bytes();
            self.modules.rehearse_files(&[
                (Form::File, file),
                (Form::Bytecode, code),
                (Form::Table, table),
            ]);
        }
        self.modules.rehearse(Some((path, form, code)));
        let answered = self.context.with(|ctx| {
            let calls = self.calls(&ctx);
            let default = Function { name: "default", event: "skep", http: "edge" };
            // All that is looked at when an app is deployed, where nobody waits.
            let functions = if is_spare { vec![default] } else { Vec::new() };
            let opened = calls.open(&Opening { entry: path, functions });
            let answered = opened.and_then(|app| {
                rehearsed(is_spare).iter().try_for_each(|call| match calls.run(&app, call) {
                    Settled::Threw(caught) => Err(caught),
                    _ => Ok(()),
                })
            });
            calls.finish();
            answered
                .map_err(|caught| format!("the rehearsal of a call was not answered: {caught:?}"))
        });
        self.modules.rehearse(None);
        answered
    }

    fn calls<'a, 'js>(&'a self, ctx: &'a Ctx<'js>) -> Calls<'a, 'js> {
        Calls { ctx, host: &self.host, modules: &self.modules, driver: &self.driver }
    }

    fn answer(&mut self, body: &[u8]) -> Result<(), End> {
        match (ToShim::decode(body).map_err(|_| End)?, &self.bound) {
            (ToShim::Ping, _) => self.host.send(&ToDaemon::Pong),
            // The call that it meant has ended meanwhile.
            (ToShim::Cancel, _) => Ok(()),
            (ToShim::Part(part), None) => {
                self.modules.take(&part);
                Ok(())
            }
            (ToShim::Bind(bind), None) => self.bind(&bind),
            (ToShim::Invoke(invoke), Some(bound)) => self.invoke(bound, invoke),
            // The daemon lost track of this instance: that must not go on.
            (ToShim::Part(_) | ToShim::Bind(_), Some(_)) | (ToShim::Invoke(_), None) => Err(End),
        }
    }

    fn bind(&mut self, bind: &Bind<'_>) -> Result<(), End> {
        let start = Instant::now();
        let host = &self.host;
        let mut modules = self.modules.clone();
        let begun = modules.begin(bind);
        let files = *begun.as_ref().unwrap_or(&0);
        host.begin_bind(bind, files);
        // What the load makes stays, nearly all of it.
        let heap = usize::try_from(bind.heap_bytes).unwrap_or(usize::MAX);
        let more = (UNCOLLECTED + 2 * files).min(heap / 2);
        self.context.runtime().set_gc_threshold(host.base().saturating_add(more));
        if let Err(caught) = begun {
            host.send_failed(bind.entry, &caught)?;
            return Err(End);
        }
        let app = self.context.with(|ctx| {
            let calls = self.calls(&ctx);
            if let Some(made) = modules.compile_all(&ctx) {
                host.send_made(&made)?;
                let beside = made.iter().map(|made| made.bytes.len()).sum();
                if let Err(caught) = modules::fits(bind.heap_bytes, files, beside) {
                    host.send_failed(bind.entry, &caught)?;
                    return Err(End);
                }
            }
            if let Some(allowed) = &bind.modules {
                // Nothing else is there in its place.
                let allowed = [allowed, modules::ALWAYS].concat();
                self.driver.allow.call::<()>(&ctx, (allowed,)).map_err(|_| End)?;
            }
            let mut loaded =
                calls.open(&Opening { entry: bind.entry, functions: bind.functions.clone() });
            // What the top level left behind must not run inside somebody's call.
            if calls.finish() && loaded.is_ok() {
                loaded = Err(Caught::restless());
            }
            if let Some(why) = host.stopped() {
                host.send(&ToDaemon::Stopped { why, dropped: host.dropped() })?;
                return Err(End);
            }
            match loaded {
                Ok(app) => {
                    host.send_bound(&app.functions)?;
                    Ok(app)
                }
                Err(caught) => {
                    host.send_failed(bind.entry, &caught)?;
                    Err(End)
                }
            }
        })?;
        let max_reply_bytes = usize::try_from(bind.max_reply_bytes).unwrap_or(usize::MAX);
        self.bound = Some(Bound { app, max_reply_bytes });
        self.host.end_bind(start.elapsed());
        Ok(())
    }

    fn invoke(&self, bound: &Bound, invoke: Invoke<'_>) -> Result<(), End> {
        let host = &self.host;
        host.begin_call(&invoke);
        self.context.with(|ctx| {
            let calls = self.calls(&ctx);
            let settled = calls.run(&bound.app, &Call::of(invoke));
            let spent = calls.finish();
            let dropped = host.dropped();
            if let Some(why) = host.stopped() {
                return host.send(&ToDaemon::Stopped { why, dropped });
            }
            match settled {
                Settled::Answer { encoding, payload, http }
                    if payload.len() <= bound.max_reply_bytes =>
                {
                    let (http, payload) =
                        (http.as_ref().map(HttpHead::as_frame), payload.as_slice());
                    host.send(&ToDaemon::Reply { dropped, spent, encoding, http, payload })
                }
                Settled::Answer { payload, .. } => {
                    let bytes = payload.len() as u64;
                    host.send(&ToDaemon::ReplyTooLarge { bytes })
                }
                Settled::NoFunction => host.send(&ToDaemon::NoFunction),
                Settled::BadPayload(message) => {
                    host.send(&ToDaemon::BadPayload { message: &message })
                }
                Settled::Threw(caught) => {
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
        self.random.forget();
        // A spare: what its first call touches is copied and mapped now, while nobody waits.
        if !self.warm_up.is_empty() && self.host.is_quiet(PollTimeout::from(WARM_AFTER_MS)) {
            // It went well in the zygote.
            let _ = self.rehearse();
        }
        let mut body = Vec::new();
        while self.host.receive(&mut body).is_ok() {
            if self.answer(&body).is_err() {
                return;
            }
        }
    }
}

/// Names of the module of [`Engine::rehearse`], which no file of an app can have: an engine loads each name once.
const ZYGOTE: &str = "\\zygote.js";
const SPARE: &str = "\\spare.js";

/// Touches what calls use, for all clones together.
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

/// Touches what nearly every app does when it is loaded and called: each page that this copies is memory of each spare.
/// The two functions in the middle never run: the names of the first are from every page of [`names`], those of the
/// second are in no app, and their places are all over the engine's table of names.
const WARM_UP_SPARE: &str = r#"
const kept = new Map([["one", 1]]);
class Warm {
    #state = [];
    add({ key, value = 0 }) { this.#state.push({ key, value }); return this; }
}
export const common = ({ body, data, error, headers, id, index, list, message, options, path, query, result, status, text }) =>
    data.rows.map(({ title, user }) => user.name.toUpperCase() + title).concat(list.slice(index), kept.size, body.json,
        error.code, headers.host, id, message.type, options.url, path.length, query.size, result.ok, status.version, text);
export const places = () => ({
    wu1: 0, wu2: 0, wu3: 0, wu4: 0, wu5: 0, wu6: 0, wu7: 0, wu8: 0,
    wv1: 0, wv2: 0, wv3: 0, wv4: 0, wv5: 0, wv6: 0, wv7: 0, wv8: 0,
});
export default async (event) => {
    for (const n of [1, 2]) await n;
    return { list: event.l.map((n) => n + 1), text: `${event.s}`, is: new Warm().add(event) instanceof Warm };
};
"#;

/// What the zygote touches for calls of HTTP.
const WARM_UP_HTTP: &str = r#"
// What a clone draws must not be what the zygote has drawn ahead: a test demands that two clones differ.
const draw = () => [Math.random(), crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(8))];
export const POST = async (request) => {
    draw();
    const event = await request.json();
    const { searchParams } = new URL(request.url);
    return Response.json({ b: searchParams.get("b"), event }, { status: 201, headers: { "x-type": "warm" } });
};
"#;

/// The calls of [`Engine::rehearse`]: in the zygote also one of HTTP, which a spare has no use for until one comes.
fn rehearsed(is_spare: bool) -> Vec<Call<'static>> {
    let event = Call {
        id: [0; 16],
        function: "default",
        encoding: Encoding::Json,
        payload: br#"{"n": 1, "s": "a b", "l": [1, 2, {"x": null}]}"#,
        http: None,
        context: "",
    };
    let headers = vec![("content-type", "application/json"), ("host", "localhost")];
    let http = Some(HttpCall { method: "POST", url: "/a?b=c", headers });
    let http = Call { http, function: "POST", ..event.clone() };
    if is_spare { vec![event] } else { vec![event, http] }
}
