//! One call, or the load of an app: what goes into the scripts of the runtime, and what comes out of them.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use rquickjs::{Array, Ctx, Exception, Object, Persistent, String as JsString, Value};
use serde::de::IgnoredAny;
use skep_link::frame::{self, Encoding, HttpCall, Invoke, MAX_HEADER_BYTES, MAX_HEADERS};
use skep_project::Kind;

use super::{exception::Caught, host::Host, modules::Modules, scripts::Driver};
use crate::sys::{Bytes, copy_bytes};

/// How long an app that offers nothing yet has after its load to begin to listen, in a timer.
const LISTENING: Duration = Duration::from_secs(1);

/// How a call ended, unless it was stopped.
pub(super) enum Settled {
    Answer { encoding: Encoding, payload: Vec<u8>, http: Option<HttpHead> },
    Threw(Caught),
    NoFunction,
    BadPayload(String),
}

/// The head of an answer of HTTP.
#[derive(Debug)]
pub(super) struct HttpHead {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
}

impl HttpHead {
    pub(super) fn as_frame(&self) -> frame::HttpHead<'_> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        frame::HttpHead { status: self.status, headers: headers.collect() }
    }
}

/// A loaded app.
pub(super) struct App {
    kind: AppKind,
    /// The namespace of an ES module, or what a module of CommonJS exports.
    exports: Persistent<Value<'static>>,
    /// What a module of CommonJS declares as `main`.
    main: Persistent<Value<'static>>,
    /// The value of a file that is one expression.
    value: Persistent<Value<'static>>,
    /// Sorted by name.
    pub(super) functions: Vec<Function>,
    /// Whether the scripts of the runtime have it.
    is_adopted: Cell<bool>,
}

/// How the entry of an app is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AppKind {
    Module,
    CommonJs,
    /// A file that is one expression.
    Script,
}

impl AppKind {
    /// As the scripts of the runtime have it.
    fn name(self) -> &'static str {
        match self {
            Self::Module => "esm",
            Self::CommonJs => "cjs",
            Self::Script => "script",
        }
    }
}

/// A function of an app, and by whose convention it is called; an empty name where a call of that shape is not taken
/// as it is.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) event: String,
    pub(super) http: String,
}

impl Function {
    fn of(function: &frame::Function<'_>) -> Self {
        let frame::Function { name, event, http } = *function;
        Self { name: name.to_owned(), event: event.to_owned(), http: http.to_owned() }
    }

    pub(super) fn as_frame(&self) -> frame::Function<'_> {
        frame::Function { name: &self.name, event: &self.event, http: &self.http }
    }

    fn flat(&self) -> [Option<&str>; 3] {
        let convention = |text| Some(text).filter(|text: &&str| !text.is_empty());
        [Some(&self.name), convention(self.event.as_str()), convention(self.http.as_str())]
    }
}

/// What a call brings.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub(super) id: [u8; 16],
    pub(super) function: &'a str,
    pub(super) encoding: Encoding,
    pub(super) payload: &'a [u8],
    pub(super) http: Option<HttpCall<'a>>,
    /// JSON of what the caller's platform knows, or nothing.
    pub(super) context: &'a str,
}

impl<'a> Call<'a> {
    pub(super) fn of(invoke: Invoke<'a>) -> Self {
        let Invoke { id, function, encoding, payload, http, context, .. } = invoke;
        Self { id, function, encoding, payload, http, context }
    }
}

/// What is known of an app when it is loaded.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    /// The path of the file that runs.
    pub(super) entry: &'a str,
    /// What was found of the version when it was deployed; empty if this is that.
    pub(super) functions: Vec<frame::Function<'a>>,
}

/// Skep's own convention, by which functions are called without the scripts of the runtime.
const OWN: &str = "skep";
/// Those of files that are one expression.
const EXPRESSION: &str = "expression";
const BARE: &str = "bare";
/// The function that a call which names none runs.
const DEFAULT: &str = "default";

/// Calls into an app; the driving of what they begin is in [`super::drive`].
pub(super) struct Calls<'a, 'js> {
    pub(super) ctx: &'a Ctx<'js>,
    pub(super) host: &'a Host,
    pub(super) modules: &'a Modules,
    pub(super) driver: &'a Driver,
}

impl<'js> Calls<'_, 'js> {
    /// What was thrown, or the engine's own error.
    pub(super) fn caught(&self, error: rquickjs::Error) -> Caught {
        if !matches!(error, rquickjs::Error::Exception) {
            return Caught::from_error(self.ctx, error);
        }
        let thrown = self.ctx.catch();
        // Beyond a limit nothing more runs.
        if self.host.check().is_some() {
            return Caught::stopped();
        }
        match self.driver.thrown.call::<Vec<String>>(self.ctx, (thrown.clone(),)) {
            Ok(texts) => self.modules.blamed(Caught::from_texts(texts, &thrown)),
            Err(_) => {
                self.ctx.catch();
                Caught::from_value(&thrown)
            }
        }
    }

    /// Evaluates an app. When the load was stopped the result means nothing: ask the host first.
    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<App, Caught> {
        let mut app = match self.script_handler(opening) {
            Some(scope) => self.script(opening.entry, scope)?,
            None => match self.evaluate(opening.entry) {
                Err(caught) => self.bare(opening).ok_or(caught)?,
                Ok(app) => app,
            },
        };
        // What the top level has only just begun may still offer a function.
        self.rest();
        app.functions = opening.functions.iter().map(Function::of).collect();
        if app.functions.is_empty() {
            match self.describe(&app) {
                Ok(functions) => app.functions = functions,
                Err(caught) => {
                    app = self.bare(opening).ok_or(caught)?;
                    app.functions = self.describe(&app)?;
                }
            }
        }
        if app.functions.iter().any(|function| function.event != OWN) {
            self.adopt(&app)?;
            let loaded = self.driver.load.call::<Value<'js>>(self.ctx, ());
            self.settle(loaded.map_err(|error| self.caught(error))?)?;
        }
        Ok(app)
    }

    /// Whether the entry is known to be one expression, and if so, whether it is one over an event's members.
    fn script_handler(&self, opening: &Opening<'_>) -> Option<bool> {
        let about = self.host.about();
        let first = opening.functions.first().map(|function| function.event);
        [Some(about.handler.as_str()), first].into_iter().flatten().find_map(|name| match name {
            EXPRESSION => Some(true),
            BARE => Some(false),
            _ => None,
        })
    }

    /// The app of a file that is nothing but one function, if that is what it is: as a script it offers nothing, or is
    /// a syntax error.
    fn bare(&self, opening: &Opening<'_>) -> Option<App> {
        if !opening.functions.is_empty()
            || self.host.check().is_some()
            || !self.modules.may_be_function(opening.entry)
        {
            return None;
        }
        let app = self.script(opening.entry, false).ok()?;
        let value = app.value.clone().restore(self.ctx).ok()?;
        value.is_function().then_some(app)
    }

    fn script(&self, entry: &str, scope: bool) -> Result<App, Caught> {
        let value = self.driver.value.call::<Value<'js>>(self.ctx, (entry, scope));
        let value = value.map_err(|error| self.caught(error))?;
        let nothing = Value::new_undefined(self.ctx.clone());
        Ok(self.app(AppKind::Script, nothing.clone(), nothing, value))
    }

    fn app(&self, kind: AppKind, exports: Value<'js>, main: Value<'js>, value: Value<'js>) -> App {
        let [exports, main, value] =
            [exports, main, value].map(|it| Persistent::save(self.ctx, it));
        App { kind, exports, main, value, functions: Vec::new(), is_adopted: Cell::new(false) }
    }

    fn evaluate(&self, entry: &str) -> Result<App, Caught> {
        let caught = |error| self.caught(error);
        let nothing = Value::new_undefined(self.ctx.clone());
        if self.modules.kind(entry) == Kind::Module {
            let (promise, namespace) =
                self.modules.evaluate_entry(self.ctx, entry).map_err(caught)?;
            self.settle(promise)?;
            return Ok(self.app(AppKind::Module, namespace, nothing.clone(), nothing));
        }
        let parts = self.driver.run.call::<Array<'js>>(self.ctx, (entry,));
        let parts = parts.and_then(|parts| Ok((parts.get(0)?, parts.get(1)?)));
        let (exports, main) = parts.map_err(caught)?;
        self.ticks();
        Ok(self.app(AppKind::CommonJs, exports, main, nothing))
    }

    /// Hands an app over to the scripts of the runtime, once.
    fn adopt(&self, app: &App) -> Result<(), Caught> {
        if app.is_adopted.replace(true) {
            return Ok(());
        }
        let adopted = || -> rquickjs::Result<()> {
            let exports = app.exports.clone().restore(self.ctx)?;
            let main = app.main.clone().restore(self.ctx)?;
            let value = app.value.clone().restore(self.ctx)?;
            let decided: Vec<Option<&str>> =
                app.functions.iter().flat_map(Function::flat).collect();
            let decided = (!decided.is_empty()).then_some(decided);
            self.driver.adopt.call(self.ctx, (app.kind.name(), exports, main, value, decided))
        };
        adopted().map_err(|error| self.caught(error))
    }

    /// What of an app can be called: looked at when it is deployed.
    fn describe(&self, app: &App) -> Result<Vec<Function>, Caught> {
        // A timer may still make it listen; other timers never end.
        let mut patience = LISTENING;
        loop {
            app.is_adopted.set(false);
            self.adopt(app)?;
            let (functions, problem) = self.described().map_err(|error| self.caught(error))?;
            let Some(problem) = problem else { return Ok(functions) };
            let begun = Instant::now();
            let waited = self.host.within(patience, || self.wait());
            patience = patience.saturating_sub(begun.elapsed());
            if self.host.check().is_some() || waited != Some(true) || patience.is_zero() {
                return Err(Caught::nothing_to_call(&problem));
            }
        }
    }

    fn described(&self) -> rquickjs::Result<(Vec<Function>, Option<String>)> {
        let found = self.driver.describe.call::<Array<'js>>(self.ctx, ())?;
        let (names, conventions): (Array<'js>, Array<'js>) = (found.get(0)?, found.get(1)?);
        let functions =
            names.iter::<String>().zip(conventions.iter::<Array<'js>>()).map(|(name, pair)| {
                let pair = pair?;
                let text = |at| {
                    Ok::<_, rquickjs::Error>(pair.get::<Option<String>>(at)?.unwrap_or_default())
                };
                Ok(Function { name: name?, event: text(0)?, http: text(1)? })
            });
        let mut functions = functions.collect::<rquickjs::Result<Vec<_>>>()?;
        functions.sort_by(|one, other| one.name.cmp(&other.name));
        Ok((functions, found.get(2)?))
    }

    /// Runs the function and whatever its promise waits for. When the call was stopped the result means
    /// nothing: ask the host first.
    pub(super) fn run(&self, app: &App, call: &Call<'_>) -> Settled {
        self.answer(app, call).unwrap_or_else(Settled::Threw)
    }

    fn answer(&self, app: &App, call: &Call<'_>) -> Result<Settled, Caught> {
        let event = match self.event(call) {
            Ok(event) => event,
            Err(error) => {
                let caught = self.caught(error);
                // Beyond the heap's limit there is no room for the event. The engine seldom says where the fault is.
                let fault = serde_json::from_slice::<IgnoredAny>(call.payload).err();
                let why = fault.map_or_else(|| caught.message.clone(), |fault| fault.to_string());
                return if self.host.stopped().is_some() {
                    Err(caught)
                } else {
                    Ok(Settled::BadPayload(why))
                };
            }
        };
        let direct = call.http.is_none().then(|| self.direct(app, call.function)).flatten();
        let begun = match &direct {
            Some(function) => self.begin_direct(function, call, event),
            None => {
                self.adopt(app)?;
                self.begin(call, event)
            }
        };
        let begun = begun.map_err(|error| self.caught(error))?;
        let mut value = match direct {
            Some(_) if self.is_plain_promise(&begun) => self.said(self.settle(begun)?)?,
            Some(_) => {
                self.ticks();
                self.awaited(self.said(begun)?)?
            }
            _ => self.settle(begun)?,
        };
        loop {
            // Nearly always a plain value: JSON says it.
            if self.is_plain(&value) {
                return self.encode(value);
            }
            let outcome = self.driver.outcome.call::<Value<'js>>(self.ctx, (value.clone(),));
            let outcome = outcome.map_err(|error| self.caught(error))?;
            if outcome.is_undefined() {
                return self.encode(value);
            }
            if let Some(parts) = outcome.as_array() {
                return self.take(parts).map_err(|error| self.caught(error))?;
            }
            // What it is will be known when its bytes are.
            value = self.settle(outcome)?;
        }
    }

    /// A primitive value, or an object or a list without a class of its own.
    fn is_plain(&self, value: &Value<'js>) -> bool {
        let Some(object) = value.as_object() else { return true };
        self.driver.plain.iter().any(|plain| self.inherits(object, plain))
    }

    /// A promise that is none of a subclass, which may have a `then` of its own.
    fn is_plain_promise(&self, value: &Value<'js>) -> bool {
        let object = value.as_object().filter(|_| value.is_promise());
        object.is_some_and(|it| self.inherits(it, &self.driver.promise))
    }

    fn inherits(&self, object: &Object<'js>, from: &Persistent<Object<'static>>) -> bool {
        let prototype = object.get_prototype();
        prototype.is_some_and(|it| from.clone().restore(self.ctx).is_ok_and(|from| from == it))
    }

    fn event(&self, call: &Call<'_>) -> rquickjs::Result<Value<'js>> {
        let ctx = self.ctx;
        match call.encoding {
            _ if call.http.is_some() => Ok(Bytes::copied(ctx, call.payload)?.into_value()),
            Encoding::Json if call.payload.is_empty() => Ok(Value::new_null(ctx.clone())),
            Encoding::Json => ctx.json_parse(call.payload),
            Encoding::Bytes => Ok(Bytes::copied(ctx, call.payload)?.into_value()),
        }
    }

    /// The function of an event call, where nothing of the runtime is needed to call it.
    fn direct(&self, app: &App, name: &str) -> Option<rquickjs::Function<'js>> {
        let name = if name.is_empty() { DEFAULT } else { name };
        if app.kind != AppKind::Module
            || !app.functions.iter().any(|it| it.name == name && it.event == OWN)
        {
            return None;
        }
        let namespace = app.exports.clone().restore(self.ctx).ok()?.into_object()?;
        let function = namespace.get::<_, Value<'js>>(name).ok()?.into_function()?;
        // One with a third parameter answers by a callback.
        (function.get::<_, i32>("length").ok()? < 3).then_some(function)
    }

    fn begin_direct(
        &self,
        function: &rquickjs::Function<'js>,
        call: &Call<'_>,
        event: Value<'js>,
    ) -> rquickjs::Result<Value<'js>> {
        let prototype = self.driver.context.clone().restore(self.ctx)?;
        let context = Object::new_proto(self.ctx.clone(), Some(&prototype))?;
        context.set("invocation", id_of(call))?;
        context.set("function", if call.function.is_empty() { DEFAULT } else { call.function })?;
        function.call((event, context))
    }

    /// What a function that was called directly has answered: by its context, if it gave nothing.
    fn said(&self, value: Value<'js>) -> Result<Value<'js>, Caught> {
        if !value.is_undefined() || !self.host.is_untidy() {
            return Ok(value);
        }
        let caught = |error| self.caught(error);
        let called = self.driver.take_called.call::<Option<Object<'js>>>(self.ctx, ());
        let Some(called) = called.map_err(caught)? else { return Ok(value) };
        let part = |key| called.get::<_, Value<'js>>(key).map_err(caught);
        let error = part("error")?;
        if !error.is_undefined() && !error.is_null() {
            return Err(caught(self.ctx.throw(error)));
        }
        part("result")
    }

    /// What a promise of another kind comes to.
    fn awaited(&self, value: Value<'js>) -> Result<Value<'js>, Caught> {
        if self.is_plain(&value)
            && !value.as_object().is_some_and(|it| it.contains_key("then").unwrap_or(true))
        {
            return Ok(value);
        }
        let awaited = self.driver.awaited.call::<Value<'js>>(self.ctx, (value,));
        self.settle(awaited.map_err(|error| self.caught(error))?)
    }

    fn begin(&self, call: &Call<'_>, event: Value<'js>) -> rquickjs::Result<Value<'js>> {
        let ctx = self.ctx;
        let id = id_of(call);
        let context = match call.context {
            "" => Value::new_undefined(ctx.clone()),
            text => ctx.json_parse(text)?,
        };
        let Some(http) = &call.http else {
            return self.driver.event.call(ctx, (call.function, event, id, context));
        };
        let headers = Array::new(ctx.clone())?;
        for (at, (name, value)) in http.headers.iter().enumerate() {
            headers.set(2 * at, *name)?;
            headers.set(2 * at + 1, *value)?;
        }
        self.driver
            .http
            .call(ctx, (call.function, http.method, http.url, headers, event, id, context))
    }

    /// What `outcome` of the scripts gave as a list.
    fn take(&self, parts: &Array<'js>) -> rquickjs::Result<Result<Settled, Caught>> {
        Ok(match parts.get::<i32>(0)? {
            0 => self.encode(parts.get(1)?),
            1 => {
                let payload = copy_bytes(&parts.get(1)?).unwrap_or_default();
                let encoding = if parts.get(2)? { Encoding::Json } else { Encoding::Bytes };
                let status: Option<u16> = parts.get(3)?;
                let http = match status {
                    Some(status) => Some(head(status, &parts.get(4)?)?),
                    None => None,
                };
                Ok(Settled::Answer { encoding, payload, http })
            }
            2 => {
                let payload = copy_bytes(&parts.get(1)?).unwrap_or_default();
                let http = Some(head(parts.get(2)?, &parts.get(3)?)?);
                Ok(Settled::Answer { encoding: Encoding::Bytes, payload, http })
            }
            _ => Ok(Settled::NoFunction),
        })
    }

    /// Nothing is null, everything else is JSON.
    fn encode(&self, value: Value<'js>) -> Result<Settled, Caught> {
        let (encoding, http) = (Encoding::Json, None);
        if value.is_undefined() {
            return Ok(Settled::Answer { encoding, payload: b"null".to_vec(), http });
        }
        let text = self.ctx.json_stringify(value).map_err(|error| self.caught(error))?;
        let text = text.ok_or_else(Caught::not_json)?;
        let payload = text.to_string().map_err(|error| self.caught(error))?.into_bytes();
        Ok(Settled::Answer { encoding, payload, http })
    }
}

fn id_of(call: &Call<'_>) -> String {
    format!("{:032x}", u128::from_be_bytes(call.id))
}

fn head(status: u16, flat: &Array<'_>) -> rquickjs::Result<HttpHead> {
    if 2 * MAX_HEADERS < flat.len() {
        let text = format!(
            "the answer has {} headers, at most {MAX_HEADERS} are possible",
            flat.len() / 2
        );
        return Err(Exception::throw_type(flat.ctx(), &text));
    }
    let texts = flat.iter::<JsString<'_>>().map(|text| text?.to_string());
    let texts = texts.collect::<rquickjs::Result<Vec<String>>>()?;
    let bytes: usize = texts.iter().map(String::len).sum();
    if MAX_HEADER_BYTES < bytes {
        let text = format!(
            "the headers of the answer have {bytes} bytes, at most {MAX_HEADER_BYTES} are possible"
        );
        return Err(Exception::throw_type(flat.ctx(), &text));
    }
    let headers = texts.as_chunks::<2>().0.iter().cloned().map(|[name, value]| (name, value));
    Ok(HttpHead { status, headers: headers.collect() })
}
