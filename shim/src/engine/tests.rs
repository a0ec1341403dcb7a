//! The engine over a real link, without walls: what calls answer.

mod bytecode;
mod console;
mod conventions;
mod exit;
mod loading;
mod projects;
mod runtime;

use std::{
    io::{Read as _, Write as _},
    mem::ManuallyDrop,
    os::unix::net::UnixStream,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use skep_link::frame::{
    Bind, Encoding, Form, Function, HttpCall, Invoke, Level, PREFIX, Pairs, Part, Stop, ToDaemon,
    ToShim, body_len,
};

use super::Engine;
use crate::{Payload as _, link::Link};

/// An engine in a thread of its own, and the daemon's end of its link.
struct Host {
    link: UnixStream,
    engine: Option<JoinHandle<()>>,
    body: Vec<u8>,
    handler: &'static str,
    variables: Pairs<'static>,
    heap_bytes: u64,
}

impl Host {
    fn new() -> Self {
        let (link, theirs) = UnixStream::pair().unwrap();
        link.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let serve = move || {
            // As in the product, where the process ends without taking the engine apart.
            let mut engine = ManuallyDrop::new(Engine::to_be_cloned().unwrap());
            engine.serve(Link::new(theirs.into()));
        };
        let engine = thread::Builder::new().stack_size(8 << 20).spawn(serve).unwrap();
        Self {
            link,
            engine: Some(engine),
            body: Vec::new(),
            handler: "",
            variables: Vec::new(),
            heap_bytes: 16 << 20,
        }
    }

    /// An engine that serves one module.
    fn serving(source: &str) -> Self {
        let mut host = Self::new();
        host.bind(&[("index.js", source)]);
        host.bound();
        host
    }

    fn send(&mut self, frame: &ToShim<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        self.link.write_all(&bytes).unwrap();
    }

    fn receive(&mut self) -> ToDaemon<'_> {
        let mut prefix = [0; PREFIX];
        self.link.read_exact(&mut prefix).unwrap();
        self.body = vec![0; body_len(prefix).unwrap()];
        self.link.read_exact(&mut self.body).unwrap();
        ToDaemon::decode(&self.body).unwrap()
    }

    fn bind(&mut self, modules: &[(&str, &str)]) {
        let code = modules.iter().map(|(path, text)| (*path, Form::File, text.as_bytes()));
        self.bind_code(code, 0);
    }

    fn bind_code<'a>(&mut self, files: impl Iterator<Item = (&'a str, Form, &'a [u8])>, keep: u32) {
        let mut entry = "index.js";
        for (path, form, bytes) in files {
            if path.starts_with("index.") {
                entry = path;
            }
            self.send(&ToShim::Part(Part { form, path, bytes }));
        }
        self.send(&ToShim::Bind(Bind {
            entry,
            name: "shop",
            handler: self.handler,
            variables: self.variables.clone(),
            modules: None,
            conditions: Vec::new(),
            functions: Vec::new(),
            deployed_ms: 1_700_000_000_000,
            heap_bytes: self.heap_bytes,
            max_reply_bytes: if self.heap_bytes == 16 << 20 { 1000 } else { 1 << 20 },
            max_bytecode_bytes: keep,
            wall_ns: 2_000_000_000,
            log_lines: 3,
            log_bytes: 1000,
        }));
    }

    fn ask(&mut self, function: &str, event: &[u8], encoding: Encoding, wall: Duration) {
        self.send(&ToShim::Invoke(Invoke {
            id: [7; 16],
            function,
            encoding,
            wall_ns: u64::try_from(wall.as_nanos()).unwrap(),
            cpu_ns: None,
            log_lines: 3,
            log_bytes: 1000,
            http: None,
            context: "",
            payload: event,
        }));
    }

    fn ask_http(&mut self, function: &str, http: HttpCall<'_>, body: &[u8]) {
        self.send(&ToShim::Invoke(Invoke {
            id: [7; 16],
            function,
            encoding: Encoding::Bytes,
            wall_ns: 5_000_000_000,
            cpu_ns: None,
            log_lines: 30,
            log_bytes: 10_000,
            http: Some(http),
            context: "",
            payload: body,
        }));
    }

    /// Makes an HTTP-shaped call of the function that is called when none is named; status, headers and body.
    #[track_caller]
    fn fetch(
        &mut self,
        function: &str,
        method: &str,
        url: &str,
        headers: Pairs<'_>,
        body: &[u8],
    ) -> (u16, Vec<(String, String)>, String) {
        self.ask_http(function, HttpCall { method, url, headers }, body);
        loop {
            match self.receive() {
                ToDaemon::Log { text, .. } => eprintln!("{text}"),
                ToDaemon::Reply { http: Some(head), payload, .. } => {
                    let owned =
                        |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
                    let headers = head.headers.iter().map(owned).collect();
                    return (head.status, headers, String::from_utf8_lossy(payload).into_owned());
                }
                other => panic!("instead of an answer: {other:?}"),
            }
        }
    }

    fn bound(&mut self) {
        match self.receive() {
            ToDaemon::Bound { .. } => {}
            other => panic!("instead of bound: {other:?}"),
        }
    }

    /// Calls `default` with JSON and expects JSON.
    #[track_caller]
    fn check(&mut self, event: &str, expected: &str) {
        self.ask("default", event.as_bytes(), Encoding::Json, Duration::from_secs(5));
        match self.receive() {
            ToDaemon::Reply { encoding: Encoding::Json, payload, .. } => {
                assert_eq!(std::str::from_utf8(payload).unwrap(), expected);
            }
            other => panic!("instead of a reply: {other:?}"),
        }
    }

    /// Calls `default` and expects it to throw that.
    #[track_caller]
    fn throws(&mut self, name: &str, message: &str) {
        self.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
        match self.receive() {
            ToDaemon::Thrown { exception, .. } => {
                assert_eq!((exception.name, exception.message), (name, message));
            }
            other => panic!("instead of an exception: {other:?}"),
        }
    }

    /// Calls `default` within `wall` and expects it to be stopped for `why`.
    #[track_caller]
    fn stops(&mut self, wall: Duration, why: Stop) {
        self.ask("default", b"null", Encoding::Json, wall);
        match self.receive() {
            ToDaemon::Stopped { why: found, .. } => assert_eq!(found, why),
            other => panic!("instead of a stop: {other:?}"),
        }
    }

    /// What binding that module fails with: path, line and the error's name.
    #[track_caller]
    fn refuses(source: &str, path: &str, line: u32, name: &str) {
        let mut host = Self::new();
        let lib = [
            ("lib/bad.js", "let x = ;"),
            ("lib/asks.js", "export {\n  none as some } from './has.js'"),
            ("lib/has.js", "export const one = 1;"),
        ];
        host.bind(&[&[("index.js", source)], lib.as_slice()].concat());
        match host.receive() {
            ToDaemon::BindFailed { path: found, line: at, exception, .. } => {
                assert_eq!((found, at, exception.name), (path, line, name), "{exception:?}");
            }
            other => panic!("instead of a failure: {other:?}"),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.link.shutdown(std::net::Shutdown::Both);
        if let Some(engine) = self.engine.take()
            && engine.join().is_err()
            && !thread::panicking()
        {
            panic!("the engine panicked");
        }
    }
}

#[test]
fn a_function_gets_its_event_and_answers() {
    let mut host = Host::serving("export default (event) => ({ twice: event.n * 2 })");
    host.check(r#"{"n": 21}"#, r#"{"twice":42}"#);
}

#[test]
fn an_async_function_may_wait() {
    let source =
        "export default async (ms) => { await new Promise((r) => setTimeout(r, ms)); return ms; }";
    let start = Instant::now();
    Host::serving(source).check("30", "30");
    assert!(Duration::from_millis(30) <= start.elapsed());
}

#[test]
fn the_context_tells_the_call() {
    let source = "export default (_, c) => [c.invocation, c.function, 0 < c.remainingMs()]";
    let id = "07".repeat(16);
    Host::serving(source).check("null", &format!(r#"["{id}","default",true]"#));
}

#[test]
fn an_answer_by_the_context_is_that_of_its_own_call() {
    let mut host = Host::serving(
        "export default async (e, c) => { await null; if (e) c.succeed(e); }
        export const early = (e, c) => { if (e) c.succeed(e); return Promise.resolve(e && 'own'); }
        export const bare = (e, c) => { if (e) c.fail(new RangeError(e)); }",
    );
    host.check("7", "7");
    host.check("0", "null");
    for (name, payload, expected) in [("early", "8", r#""own""#), ("bare", "0", "null")] {
        host.ask(name, payload.as_bytes(), Encoding::Json, Duration::from_secs(5));
        match host.receive() {
            ToDaemon::Reply { payload, .. } => assert_eq!(payload, expected.as_bytes()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn state_lasts_from_call_to_call() {
    let mut host = Host::serving("let n = 0; export default () => ++n");
    host.check("null", "1");
    host.check("null", "2");
}

#[test]
fn bytes_go_in_and_come_out() {
    let mut host = Host::serving("export default (b) => b.map((x) => x + 1)");
    host.ask("default", &[1, 2, 254], Encoding::Bytes, Duration::from_secs(5));
    match host.receive() {
        ToDaemon::Reply { encoding: Encoding::Bytes, payload, .. } => {
            assert_eq!(payload, [2, 3, 255])
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn bytes_are_those_that_the_function_sees() {
    let source = "const grown = (b) => { const v = new Uint8Array(b); (b.grow ?? b.resize).call(b, 4); v.set([1, 2, 3, 4]); return v; };
        const all = {
            shared: () => grown(new SharedArrayBuffer(2, { maxByteLength: 8 })),
            own: () => grown(new ArrayBuffer(2, { maxByteLength: 8 })),
            part: () => grown(new ArrayBuffer(2, { maxByteLength: 8 })).subarray(2),
            whole: () => grown(new ArrayBuffer(2, { maxByteLength: 8 })).buffer,
            shrunk: () => { const v = grown(new ArrayBuffer(2, { maxByteLength: 8 })); v.buffer.resize(1); return v; },
            gone: () => { const b = new ArrayBuffer(8, { maxByteLength: 8 }); const v = new Uint8Array(b, 2, 3); b.resize(4); return v; },
            huge: () => new SharedArrayBuffer(1, { maxByteLength: 1 << 30 }),
        };
        export default (which) => all[which]();";
    let mut host = Host::serving(source);
    let bytes = |host: &mut Host, which: &str| {
        host.ask("default", which.as_bytes(), Encoding::Json, Duration::from_secs(5));
        match host.receive() {
            ToDaemon::Reply { payload, encoding: Encoding::Bytes, .. } => payload.to_vec(),
            other => panic!("{which}: {other:?}"),
        }
    };
    assert_eq!(bytes(&mut host, "\"shared\""), [1, 2, 3, 4]);
    assert_eq!(bytes(&mut host, "\"own\""), [1, 2, 3, 4]);
    assert_eq!(bytes(&mut host, "\"part\""), [3, 4]);
    assert_eq!(bytes(&mut host, "\"whole\""), [1, 2, 3, 4]);
    assert_eq!(bytes(&mut host, "\"shrunk\""), [1]);
    host.ask("default", b"\"gone\"", Encoding::Json, Duration::from_secs(5));
    match host.receive() {
        ToDaemon::Thrown { exception, .. } => assert_eq!(
            (exception.name, exception.message, exception.stack),
            (
                "TypeError",
                "the bytes that were returned are no longer there: their buffer was transferred or cut",
                ""
            )
        ),
        other => panic!("{other:?}"),
    }
    // A SharedArrayBuffer counts with all that it may become.
    host.ask("default", b"\"huge\"", Encoding::Json, Duration::from_secs(5));
    assert!(matches!(host.receive(), ToDaemon::Stopped { why: Stop::Heap, .. }));
}

#[test]
fn nothing_is_null() {
    Host::serving("export default () => {}").check("null", "null");
}

#[test]
fn what_is_thrown_is_data() {
    Host::serving("export default () => { throw new RangeError('far') }")
        .throws("RangeError", "far");
    Host::serving("export default async () => { throw 'text' }").throws("", "text");
    Host::serving("export default () => null.x")
        .throws("TypeError", "cannot read property 'x' of null");
    // The engine's columns differ on the first line.
    for start in ["", "\n"] {
        Host::serving(&format!("{start}const o = {{}}; export default () => o.x()"))
            .throws("TypeError", "o.x is not a function");
    }
}

#[test]
fn an_event_that_is_no_json_is_the_callers_mistake() {
    let mut host = Host::serving("let n = 0; export default () => ++n");
    for (event, fault) in [
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("[1,\n  nul]", "expected ident at line 2 column 6"),
        ("{\"a\": 1,}", "key must be a string at line 1 column 9"),
        ("[1] 2", "trailing characters at line 1 column 5"),
    ] {
        host.ask("default", event.as_bytes(), Encoding::Json, Duration::from_secs(5));
        match host.receive() {
            ToDaemon::BadPayload { message } => assert_eq!(message, fault),
            other => panic!("{other:?}"),
        }
    }
    host.check("null", "1");
}

#[test]
fn an_error_whose_listener_throws_is_told_with_what_that_threw() {
    let source = "process.on('uncaughtException', () => { throw new Error('again'); });
        export default async () => { setTimeout(() => { throw new Error('first'); }); await new Promise((r) => setTimeout(r, 5)); };";
    let mut host = Host::serving(source);
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
    for expected in ["Uncaught Error: again", "Uncaught Error: first"] {
        match host.receive() {
            ToDaemon::Log { text, .. } => assert!(text.starts_with(expected), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(host.receive(), ToDaemon::Reply { .. }));
}

#[test]
fn a_promise_that_nothing_can_settle_is_told() {
    let message = "the promise can never settle: nothing is left that it could wait for";
    Host::serving("export default () => new Promise(() => {})").throws("Error", message);
}

#[test]
fn an_unknown_function_is_told() {
    let mut host = Host::serving("export default () => 1; export const number = 3");
    for name in ["nothing", "number", "toString"] {
        host.ask(name, b"null", Encoding::Json, Duration::from_secs(5));
        assert_eq!(host.receive(), ToDaemon::NoFunction, "{name}");
    }
}

#[test]
fn a_reply_above_the_bound_is_told_with_its_size() {
    let mut host = Host::serving("export default () => 'x'.repeat(2000)");
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
    assert_eq!(host.receive(), ToDaemon::ReplyTooLarge { bytes: 2002 });
}

#[test]
fn endless_work_is_stopped_at_the_deadline() {
    let soon = Duration::from_millis(50);
    Host::serving("export default () => { while (true); }").stops(soon, Stop::Deadline);
    Host::serving("export default async () => { for (;;) await null; }")
        .stops(soon, Stop::Deadline);
    Host::serving("export default () => new Promise((r) => setTimeout(r, 1e9))")
        .stops(soon, Stop::Deadline);
    let caught = "export default () => { try { while (true); } catch { return 1; } }";
    Host::serving(caught).stops(soon, Stop::Deadline);
}

#[test]
fn a_heap_limit_that_was_met_stops_the_call_even_when_caught() {
    let wall = Duration::from_secs(10);
    let hog = "export default () => { try { const l = []; for (;;) l.push(new Array(1000).fill(1)); } catch { return 1; } }";
    Host::serving(hog).stops(wall, Stop::Heap);
    let array =
        "export default () => { try { new Uint8Array(2147483647).fill(0); } catch {} return 1; }";
    Host::serving(array).stops(wall, Stop::Heap);
}

#[test]
fn a_running_call_can_be_cancelled() {
    let mut host = Host::serving("export default () => { while (true); }");
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(20));
    host.send(&ToShim::Cancel);
    assert!(matches!(host.receive(), ToDaemon::Stopped { why: Stop::Cancelled, .. }));
}

#[test]
fn a_waiting_call_can_be_cancelled() {
    let mut host = Host::serving("export default () => new Promise((r) => setTimeout(r, 1e9))");
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(20));
    host.send(&ToShim::Cancel);
    assert!(matches!(host.receive(), ToDaemon::Stopped { why: Stop::Cancelled, .. }));
}

#[test]
fn console_lines_come_before_the_reply_and_are_bounded() {
    let source =
        "export default () => { for (let i = 0; i < 5; i++) console.warn('line', i, {i}); }";
    let mut host = Host::serving(source);
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
    for i in 0..3 {
        let text = format!("line {i} {{ i: {i} }}");
        assert_eq!(host.receive(), ToDaemon::Log { level: Level::Warn, text: &text });
    }
    assert!(matches!(host.receive(), ToDaemon::Reply { dropped: 2, .. }));
}

#[test]
fn nothing_that_is_logged_can_disturb_the_call() {
    let source = "export default () => { const a = {}; a.a = a; console.log(a, Symbol('s'), { get x() { throw 1 } }); return 7; }";
    let mut host = Host::serving(source);
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
    let text = "<ref *1> { a: [Circular *1] } Symbol(s) { x: [Getter] }";
    assert_eq!(host.receive(), ToDaemon::Log { level: Level::Info, text });
    assert!(matches!(host.receive(), ToDaemon::Reply { payload: b"7", .. }));
}

#[test]
fn what_is_left_behind_is_dropped_or_ends_the_instance() {
    let mut timers =
        Host::serving("let n = 0; export default () => { setInterval(() => n++, 1); return n; }");
    timers.check("null", "0");
    thread::sleep(Duration::from_millis(30));
    timers.check("null", "0");
    let mut jobs =
        Host::serving("export default () => { (async () => { for (;;) await null; })(); }");
    jobs.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
    assert!(matches!(jobs.receive(), ToDaemon::Reply { spent: true, .. }));
}

/// What is said when these functions are there, and no others.
fn bound(functions: &[&'static str]) -> ToDaemon<'static> {
    let http = |name| if name == "default" { "edge" } else { "lambda" };
    let functions =
        functions.iter().map(|name| Function { name, event: "skep", http: http(*name) });
    ToDaemon::Bound { functions: functions.collect(), skipped: 0, named: Vec::new(), dropped: 0 }
}
