//! Apps of several files and of other platforms' shapes, and what of the runtime they reach.

use std::time::Duration;

use skep_link::frame::{Encoding, HttpCall, ToDaemon};

use super::Host;

/// A shim that serves these files.
fn serving(files: &[(&str, &str)]) -> Host {
    let mut host = Host::new();
    host.bind(files);
    match host.receive() {
        ToDaemon::Bound { .. } => host,
        other => panic!("instead of bound: {other:?}"),
    }
}

#[test]
fn a_worker_answers_a_call_of_http() {
    let source = "export default { async fetch(request, env) {
        const { searchParams } = new URL(request.url);
        return Response.json({ method: request.method, q: searchParams.get('q'), body: await request.text(), x: env.X },
            { status: 201, headers: { 'x-a': 'b' } });
    } };";
    let mut host = Host::new();
    host.variables = vec![("X", "1")];
    host.bind(&[("index.js", source)]);
    host.bound();
    let headers = vec![("Host", "example.org"), ("content-type", "text/plain")];
    let (status, headers, body) = host.fetch("default", "POST", "/p?q=%20a", headers, b"hi");
    assert_eq!(status, 201);
    assert_eq!(body, r#"{"method":"POST","q":" a","body":"hi","x":"1"}"#);
    assert!(headers.contains(&("x-a".to_owned(), "b".to_owned())), "{headers:?}");
}

#[test]
fn an_answer_that_has_no_body_has_none() {
    let source = "export default { fetch: (request) => request.url.endsWith('/no')
        ? new Response(null, { status: 204 }) : new Response('body', { headers: { 'x-a': 'b' } }) };";
    let mut host = serving(&[("index.js", source)]);
    let (status, _, body) = host.fetch("default", "GET", "/x", vec![("host", "a b")], b"");
    assert_eq!((status, body.as_str()), (400, "\"http://a b/x\" is no URL."));
    for (method, url, expected) in [("GET", "/", "body"), ("HEAD", "/", ""), ("GET", "/no", "")] {
        let (_, _, body) = host.fetch("default", method, url, Vec::new(), b"");
        assert_eq!(body, expected, "{method} {url}");
    }
    let mut host =
        serving(&[("index.cjs", "exports.handler = async () => ({ statusCode: 304, body: 'x' })")]);
    let (status, _, body) = host.fetch("handler", "GET", "/", Vec::new(), b"");
    assert_eq!((status, body.as_str()), (304, ""));
}

#[test]
fn a_web_action_answers_by_its_result_its_error_and_its_rejection() {
    let source = "exports.main = (params) => ({
        error: () => ({ error: { statusCode: 404, body: 'nf' } }),
        rejected: () => Promise.reject({ statusCode: 401, body: 'no' }),
        bytes: () => ({ headers: { 'content-type': 'image/png' }, body: 'AQID' }),
        text: () => ({ headers: { 'content-type': 'text/plain' }, body: 'AQID' }),
        none: () => ({ headers: { 'content-type': 'application/x-yaml' }, body: 'a: b' }),
        library: async () => { throw Object.assign(new Error('upstream'), { statusCode: 502 }); },
        plain: () => ({ error: 'told' }),
    })[params.of]();";
    let mut host = Host::new();
    host.handler = "openwhisk";
    host.bind(&[("index.cjs", source)]);
    host.bound();
    for (of, expected) in [
        ("error", (404, "nf")),
        ("rejected", (401, "no")),
        ("bytes", (200, "\u{1}\u{2}\u{3}")),
        ("text", (200, "AQID")),
        ("none", (200, "a: b")),
        ("plain", (200, r#"{"error":"told"}"#)),
    ] {
        let (status, _, body) = host.fetch("main", "GET", &format!("/?of={of}"), Vec::new(), b"");
        assert_eq!((status, body.as_str()), expected, "{of}");
    }
    let http = HttpCall { method: "GET", url: "/?of=library", headers: Vec::new() };
    host.ask_http("main", http, b"");
    match host.receive() {
        ToDaemon::Thrown { exception, .. } => assert_eq!(exception.message, "upstream"),
        other => panic!("instead of a throw: {other:?}"),
    }
}

#[test]
fn a_body_that_is_nested_too_deeply_is_no_throw_of_the_function() {
    let mut host = Host::new();
    host.handler = "skep";
    host.bind(&[("index.mjs", "export default (event) => event")]);
    host.bound();
    let deep = [b"[".repeat(300_000), b"]".repeat(300_000)].concat();
    let json = vec![("content-type", "application/json")];
    let (status, _, body) = host.fetch("default", "POST", "/", json, &deep);
    assert_eq!((status, body.as_str()), (400, "The body is nested too deeply."));
}

#[test]
fn a_worker_may_answer_with_a_response_of_a_library() {
    let source = "class Own { #body; #status; constructor(body, status) { this.#body = body; this.#status = status; }
            get status() { return this.#status; } get statusText() { return ''; } get headers() { return new Headers({ 'x-a': 'b' }); }
            async arrayBuffer() { return new TextEncoder().encode(this.#body).buffer; } }
        Object.setPrototypeOf(Own.prototype, Response.prototype);
        export default { fetch: () => new Own('own', 202) };";
    let mut host = serving(&[("index.js", source)]);
    let (status, headers, body) = host.fetch("default", "GET", "/", Vec::new(), b"");
    assert_eq!((status, body.as_str()), (202, "own"));
    assert!(headers.contains(&("x-a".to_owned(), "b".to_owned())), "{headers:?}");
}

#[test]
fn a_module_of_common_js_requires_others_and_built_in_ones() {
    let mut host = serving(&[
        ("index.cjs", "const path = require('node:path'); const { one } = require('./lib/one.cjs'); const data = require('./data.json');
            exports.handler = async (event) => ({ base: path.basename(__filename), dir: __dirname, one, data, event, cwd: process.cwd() });"),
        ("lib/one.cjs", "exports.one = 1;"),
        ("data.json", "\u{feff}{\"a\": [1]}"),
    ]);
    host.ask("handler", b"7", Encoding::Json, Duration::from_secs(5));
    match host.receive() {
        ToDaemon::Reply { payload, .. } => assert_eq!(
            String::from_utf8_lossy(payload),
            r#"{"base":"index.cjs","dir":"/app","one":1,"data":{"a":[1]},"event":7,"cwd":"/app"}"#
        ),
        other => panic!("{other:?}"),
    }
    let (status, _, body) = host.fetch("default", "GET", "/x", Vec::new(), b"");
    assert_eq!((status, &body[..20]), (200, r#"{"base":"index.cjs","#));
}

#[test]
fn a_file_of_text_is_imported_as_text() {
    let source = "import page from './page.html'; import { default as query } from './q.sql';
        export default () => [page, query, require('./note.txt')];
        import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    let files = [
        ("index.mjs", source),
        ("page.html", "<b>&</b>"),
        ("q.sql", "select 1;"),
        ("note.txt", "é"),
    ];
    serving(&files).check("1", r#"["<b>&</b>","select 1;","é"]"#);
}

#[test]
fn typescript_gets_of_packages_what_compilers_give_it() {
    let files = [
        (
            "index.ts",
            "import * as lib from 'lib'; import * as fn from 'fn'; import * as own from './own'; import * as es from 'es';
            import * as path from 'path'; import * as Events from 'events';
            export default () => [lib.map(2), typeof lib.default.map, fn(3), fn.more, fn.default(4), own.a, es.default, es.b,
                path.join('a', 'b'), new (Events as any)() instanceof Events.EventEmitter];",
        ),
        ("own.ts", "export const a: number = 5;"),
        ("node_modules/lib/index.js", "const all = { map: (n) => n * 2 }; module.exports = all;"),
        ("node_modules/fn/index.js", "const fn = (n) => n + 1; fn.more = 'm'; module.exports = fn;"),
        ("node_modules/es/package.json", r#"{"type":"module"}"#),
        ("node_modules/es/index.js", "export default 6; export const b = 7;"),
    ];
    serving(&files).check("1", r#"[4,"function",4,"m",5,5,6,7,"a/b",true]"#);
    let files = [
        (
            "index.ts",
            "import type { T } from './t'; import lib from 'lib'; import * as fn from 'fn'; import { more as m } from 'fn';
            module.exports.handler = (n: T) => [lib.map(n), fn(n), m, typeof require, __filename];",
        ),
        ("node_modules/lib/index.js", "module.exports = { map: (n) => n * 2 };"),
        ("node_modules/fn/index.js", "const fn = (n) => n + 1; fn.more = 'm'; module.exports = fn;"),
    ];
    let mut host = serving(&files);
    host.ask("handler", b"3", Encoding::Json, Duration::from_secs(5));
    match host.receive() {
        ToDaemon::Reply { payload, .. } => {
            let expected = r#"[6,4,"m","function","/app/index.ts"]"#;
            assert_eq!(String::from_utf8_lossy(payload), expected);
        }
        other => panic!("instead of a reply: {other:?}"),
    }
}

#[test]
fn a_server_that_listens_gets_calls_of_http() {
    let mut host = serving(&[(
        "index.cjs",
        "require('http').createServer((req, res) => { let t = ''; req.on('data', (d) => t += d).on('end', () => {
            res.writeHead(404, { 'x-y': req.headers.host }); res.end(req.method + req.url + t); }); }).listen(3000);",
    )]);
    let (status, headers, body) =
        host.fetch("default", "PUT", "/a?b", vec![("host", "h")], b"body");
    assert_eq!((status, body.as_str()), (404, "PUT/a?bbody"));
    assert!(headers.iter().any(|(name, value)| name == "x-y" && value == "h"), "{headers:?}");
}

#[test]
fn no_text_of_an_app_is_compiled_under_a_name_of_the_runtime() {
    let source = "const { Module } = require('module');
        exports.f = (name) => {
            const m = new Module(name);
            m._compile('module.exports = (specifier) => import(specifier)', name);
            return Promise.all(['./natives.js', './js/natives.js', 'skep\\\\js/driver.js'].map((it) =>
                m.exports(it).then(() => 'reached', (error) => error.code)));
        };";
    let mut host = serving(&[("index.cjs", source)]);
    for name in [
        r#""skep\\js/boot.js""#,
        r#""skep\\from/x""#,
        r#""/app/skep\\js/x.js""#,
        r#""skep\\start""#,
    ] {
        host.ask("f", name.as_bytes(), Encoding::Json, Duration::from_secs(5));
        match host.receive() {
            ToDaemon::Reply { payload, .. } => {
                let text = String::from_utf8_lossy(payload).into_owned();
                assert_eq!(
                    text,
                    r#"["ERR_MODULE_NOT_FOUND","ERR_MODULE_NOT_FOUND","ERR_MODULE_NOT_FOUND"]"#
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_required_and_not_there_is_told_as_node_does() {
    let mut host = serving(&[
        ("index.cjs", "const code = (name) => { try { return Object.keys(require(name)).join(); } catch (error) { return error.code; } };
            exports.handler = async () => ['./m.mjs', './plain.mjs', 'p', 'p/inner', '#x', './none', 'node:none', 'none'].map(code)
                .concat(module.parent === null, module.paths.join(), require('./m.mjs').__esModule, require('./m.mjs').default());"),
        ("m.mjs", "export default () => 'd'; export const x = 1;"),
        ("plain.mjs", "export const y = 2;"),
        ("node_modules/p/package.json", r#"{"exports": {".": "./p.js"}}"#),
        ("node_modules/p/p.js", "exports.z = 3"),
        ("node_modules/p/inner.js", "exports.z = 4"),
    ]);
    host.ask("handler", b"null", Encoding::Json, Duration::from_secs(5));
    match host.receive() {
        ToDaemon::Reply { payload, .. } => assert_eq!(
            String::from_utf8_lossy(payload),
            r##"["__esModule,default,x","y","z","ERR_PACKAGE_PATH_NOT_EXPORTED","ERR_PACKAGE_IMPORT_NOT_DEFINED","MODULE_NOT_FOUND","ERR_UNKNOWN_BUILTIN_MODULE","MODULE_NOT_FOUND",true,"/app/node_modules,/node_modules",true,"d"]"##
        ),
        other => panic!("{other:?}"),
    }
}
