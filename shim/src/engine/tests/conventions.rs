//! Every convention of functions, as an app that follows it: how it is told, and what its functions get and give.

use std::time::Duration;

use skep_link::frame::{Encoding, ToDaemon};

use super::Host;

/// A shim that serves a file, and by which conventions its functions are called: name, event, HTTP.
#[track_caller]
fn deployed(handler: &'static str, path: &str, text: &str) -> (Host, Vec<[String; 3]>) {
    let mut host = Host::new();
    host.handler = handler;
    host.heap_bytes = 64 << 20;
    host.bind(&[(path, text)]);
    match host.receive() {
        ToDaemon::Bound { functions, .. } => {
            let texts = |it: &skep_link::frame::Function<'_>| {
                [it.name, it.event, it.http].map(str::to_owned)
            };
            let functions = functions.iter().map(texts).collect();
            (host, functions)
        }
        other => panic!("instead of bound: {other:?}"),
    }
}

/// What an event call gives, as text.
#[track_caller]
fn event(host: &mut Host, function: &str, event: &str) -> String {
    host.ask(function, event.as_bytes(), Encoding::Json, Duration::from_secs(5));
    loop {
        match host.receive() {
            ToDaemon::Log { .. } => {}
            ToDaemon::Reply { payload, .. } => {
                return String::from_utf8_lossy(payload).into_owned();
            }
            other => panic!("instead of a reply: {other:?}"),
        }
    }
}

/// An app, and what is expected of it: handler, file, text; functions; the answer to the event `{"n":2}`, if it takes
/// one; status and body of `POST /p?q=1` with the body `{"n":3}` as JSON, if it takes one.
struct Sample {
    handler: &'static str,
    path: &'static str,
    text: &'static str,
    functions: &'static [[&'static str; 3]],
    event: Option<&'static str>,
    http: Option<(u16, &'static str)>,
}

const SAMPLES: &[Sample] = &[
    Sample {
        handler: "",
        path: "index.mjs",
        text: "export default (event, context) => ({ twice: event.n * 2, f: context.function });",
        functions: &[["default", "skep", "edge"]],
        event: Some(r#"{"twice":4,"f":"default"}"#),
        http: None,
    },
    Sample {
        handler: "skep",
        path: "index.mjs",
        text: "export const add = async ({ n }) => n + 1;",
        functions: &[["add", "skep", "skep"]],
        event: Some("3"),
        http: Some((200, "4")),
    },
    Sample {
        handler: "",
        path: "index.mjs",
        text: "export default { async fetch(request, env, ctx) { ctx.waitUntil(Promise.resolve());
            return new Response(`${request.method} ${new URL(request.url).search} ${await request.text()}`, { status: 202 }); } };",
        functions: &[["fetch", "", "worker"]],
        event: Some(r#"POST  {"n":2}"#),
        http: Some((202, r#"POST ?q=1 {"n":3}"#)),
    },
    Sample {
        handler: "",
        path: "index.mjs",
        text: "export default async (request, context) => Response.json({ n: (await request.json()).n, url: request.url });",
        functions: &[["default", "skep", "edge"]],
        event: None,
        http: Some((200, r#"{"n":3,"url":"http://localhost/p?q=1"}"#)),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "addEventListener('fetch', (event) => event.respondWith(new Response(event.request.method, { status: 203 })));",
        functions: &[["fetch", "service-worker", "service-worker"]],
        event: Some("POST"),
        http: Some((203, "POST")),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "exports.handler = (event, context, callback) => {
            setTimeout(() => callback(null, { n: event.n ?? JSON.parse(event.body).n, id: context.awsRequestId.length }), 1); };",
        functions: &[["handler", "lambda", "lambda"]],
        event: Some(r#"{"n":2,"id":32}"#),
        http: Some((200, r#"{"n":3,"id":32}"#)),
    },
    Sample {
        handler: "lambda",
        path: "index.js",
        text: "exports.handler = async (event) => ({ statusCode: 201, headers: { a: 'b' },
            body: [event.httpMethod, event.path, event.queryStringParameters.q, event.body].join(' ') });",
        functions: &[["handler", "lambda", "lambda"]],
        event: None,
        http: Some((201, r#"POST /p 1 {"n":3}"#)),
    },
    Sample {
        handler: "lambda2",
        path: "index.js",
        text: "exports.handler = async (event) => [event.version, event.rawPath, event.requestContext.http.method].join(' ');",
        functions: &[["handler", "lambda2", "lambda2"]],
        event: None,
        http: Some((200, "2.0 /p POST")),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "module.exports = async (event, context) => context.status(201).headers({ a: 'b' }).succeed({ got: event.body.n + Number(event.query?.q ?? 0) });",
        functions: &[["default", "lambda", "openfaas"]],
        event: None,
        http: Some((201, r#"{"got":4}"#)),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "exports.initContext = async (context) => { context.userData.add = 10; };
            exports.handler = (context, event) => context.callback(new context.Response(event.body.toString() + context.userData.add, { a: 'b' }, 'text/plain', 202));",
        functions: &[["handler", "nuclio", "nuclio"]],
        event: Some(r#"{"n":2}10"#),
        http: Some((202, r#"{"n":3}10"#)),
    },
    Sample {
        handler: "kubeless",
        path: "index.js",
        text: "exports.f = (event, context) => ({ data: event.data });",
        functions: &[["f", "kubeless", "kubeless"]],
        event: Some(r#"{"data":{"n":2}}"#),
        http: None,
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "module.exports = async (context) => ({ status: 203, body: context.request.body, headers: { a: 'b' } });",
        functions: &[["default", "fission", "fission"]],
        event: Some(r#"{"n":2}"#),
        http: Some((203, r#"{"n":3}"#)),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "function main(params) { return { got: params.n }; }",
        functions: &[["main", "openwhisk", "openwhisk"]],
        event: Some(r#"{"got":2}"#),
        http: None,
    },
    Sample {
        handler: "fc",
        path: "index.js",
        text: "exports.handler = (event, context, callback) => callback(null, Buffer.isBuffer(event) + event.toString());",
        functions: &[["handler", "fc", "fc"]],
        event: Some(r#""true{\"n\":2}""#),
        http: None,
    },
    Sample {
        handler: "fc-http",
        path: "index.js",
        text: "exports.handler = (req, resp, context) => { resp.setStatusCode(207); resp.setHeader('a', 'b'); resp.send(req.method + req.path + req.queries.q); };",
        functions: &[["handler", "fc-http", "fc-http"]],
        event: None,
        http: Some((207, "POST/p1")),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "module.exports = (req, res) => { let body = ''; req.on('data', (part) => { body += part; });
            req.on('end', () => { res.statusCode = 206; res.end(`${req.method} ${req.url} ${body}`); }); };",
        functions: &[["default", "node", "node"]],
        event: Some(r#"POST / {"n":2}"#),
        http: Some((206, r#"POST /p?q=1 {"n":3}"#)),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "exports.f = (req, res) => res.status(201).cookie('a', 'b c', { httpOnly: true }).json({ q: req.query.q ?? null,
            n: req.body.n, type: req.get('Content-Type'), path: req.path, cookies: req.cookies, raw: req.rawBody.length });",
        functions: &[["f", "node", "node"]],
        event: Some(
            r#"{"q":null,"n":2,"type":"application/json","path":"/","cookies":{},"raw":7}"#,
        ),
        http: Some((
            201,
            r#"{"q":"1","n":3,"type":"application/json","path":"/p","cookies":{},"raw":7}"#,
        )),
    },
    Sample {
        handler: "",
        path: "index.mjs",
        text: "export default function (_, reply) { reply.statusCode = 202; reply.end('told by the second name'); }",
        functions: &[["default", "node", "node"]],
        event: None,
        http: Some((202, "told by the second name")),
    },
    Sample {
        handler: "",
        path: "index.mjs",
        text: "export default { async queue(batch, env, ctx) { return [batch.n, typeof env, typeof ctx.waitUntil]; } };",
        functions: &[["queue", "worker", ""]],
        event: Some(r#"[2,"object","function"]"#),
        http: None,
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "module.exports = (context, callback) => callback(undefined, { got: context });",
        functions: &[["default", "openfaas", "openfaas"]],
        event: Some(r#"{"got":"{\"n\":2}"}"#),
        http: Some((200, r#"{"got":"{\"n\":3}"}"#)),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "module.exports = function (context, callback) { callback(202, 'Hello, world!'); };",
        functions: &[["default", "fission", "fission"]],
        event: Some("Hello, world!"),
        http: Some((202, "Hello, world!")),
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "module.exports = (context, callback) => callback(203, context.request.body);",
        functions: &[["default", "fission", "fission"]],
        event: None,
        http: Some((203, r#"{"n":3}"#)),
    },
    Sample {
        handler: "fc",
        path: "index.js",
        text: "let ready = 0; exports.initializer = (context, callback) => setTimeout(() => { ready++; callback(null, ''); }, 1);
            exports.handler = (event, context, callback) => callback(null, ready);",
        functions: &[["handler", "fc", "fc"]],
        event: Some("1"),
        http: None,
    },
    Sample {
        handler: "fc-http",
        path: "index.js",
        text: "exports.handler = (req, resp, context) => resp.send(req.body.toString());",
        functions: &[["handler", "fc-http", "fc-http"]],
        event: None,
        http: Some((200, r#"{"n":3}"#)),
    },
    Sample {
        handler: "",
        path: "index.mjs",
        text: "class Own { status = 207; statusText = 'x'; headers = { a: 'b' }; get [Symbol.toStringTag]() { return 'Response'; }
            async arrayBuffer() { return new TextEncoder().encode('a class of a library').buffer; } }
            export default async (request, context) => new Own();",
        functions: &[["default", "skep", "edge"]],
        event: None,
        http: Some((207, "a class of a library")),
    },
    Sample {
        handler: "",
        path: "index.ts",
        text: "import { Decorator } from 'vaas-framework';
            export default class Hello {
                @Decorator.VaasServer({ type: 'http', method: 'post', routerName: '/p' })
                async hello({ req, res }: any) { res.status = 201; return { n: req.body?.n ?? null, q: req.query.q }; }
                @Decorator.VassServer({ type: 'rpc' })
                async rpc({ params, context }: any) { return params; }
            }",
        functions: &[["hello", "", "vaas"], ["rpc", "vaas", "vaas"]],
        event: None,
        http: None,
    },
    Sample {
        handler: "",
        path: "index.js",
        text: "// one function\n(event, context) => ({ got: event.n, r: typeof require });",
        functions: &[["default", "bare", "bare"]],
        event: Some(r#"{"got":2,"r":"function"}"#),
        http: None,
    },
    Sample {
        handler: "expression",
        path: "index.js",
        text: "n * 21",
        functions: &[["default", "expression", "expression"]],
        event: Some("42"),
        http: None,
    },
];

#[test]
fn every_convention_is_found_and_kept_to() {
    let mut wrong = Vec::new();
    for sample in SAMPLES {
        let what = format!("{:?} {}", sample.handler, sample.text);
        let (mut host, functions) = deployed(sample.handler, sample.path, sample.text);
        let found: Vec<[&str; 3]> =
            functions.iter().map(|it| it.each_ref().map(String::as_str)).collect();
        if found != sample.functions {
            wrong.push(format!("{what}\n  {found:?}"));
            continue;
        }
        let name = functions.first().map_or("default", |it| it[0].as_str()).to_owned();
        if let Some(expected) = sample.event {
            let found = event(&mut host, &name, r#"{"n":2}"#);
            if found != expected {
                wrong.push(format!("{what}\n  event: {found}"));
            }
        }
        if let Some((status, expected)) = sample.http {
            let headers = vec![("content-type", "application/json")];
            let (found, _, body) = host.fetch(&name, "POST", "/p?q=1", headers, br#"{"n":3}"#);
            if (found, body.as_str()) != (status, expected) {
                wrong.push(format!("{what}\n  http: {found} {body}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn routes_of_vaas_have_parameters() {
    let text = "import { Decorator } from 'vaas-framework';
        import { Readable } from 'node:stream';
        export default class Ui {
            @Decorator.VaasServer({ type: 'http', routerName: '/files/:name' })
            async file({ req }: any) { return { name: req.params.name }; }
            @Decorator.VaasServer({ type: 'http', routerName: '/users/:id(\\\\d+)/:tab?' })
            async user({ req }: any) { return req.params; }
            @Decorator.VaasServer({ type: 'http', routerName: '/stream/*' })
            async stream({ req, res }: any) { res.type = 'text/plain'; return Readable.from(['a', req.params[0]]); }
        }";
    let (mut host, _) = deployed("", "index.ts", text);
    let mut get = |path: &str| {
        let (status, _, body) = host.fetch("", "GET", path, Vec::new(), b"");
        (status, body)
    };
    assert_eq!(get("/files/a%20b.ico"), (200, r#"{"name":"a b.ico"}"#.to_owned()));
    assert_eq!(get("/users/7"), (200, r#"{"id":"7"}"#.to_owned()));
    assert_eq!(get("/Users/7/posts/"), (200, r#"{"id":"7","tab":"posts"}"#.to_owned()));
    assert_eq!(get("/stream/b/c"), (200, "ab/c".to_owned()));
}

#[test]
fn a_listener_that_throws_is_a_throw_of_the_call() {
    let text = "addEventListener('fetch', (event) => { event.nope(); event.respondWith(new Response('x')); });";
    let (mut host, _) = deployed("", "index.js", text);
    host.ask("fetch", b"1", Encoding::Json, Duration::from_secs(5));
    loop {
        match host.receive() {
            ToDaemon::Log { .. } => {}
            ToDaemon::Thrown { exception, .. } => {
                assert_eq!(exception.message, "event.nope is not a function");
                break;
            }
            other => panic!("instead of a throw: {other:?}"),
        }
    }
}

#[test]
fn an_app_that_offers_nothing_is_told_what_each_convention_looks_like() {
    let mut host = Host::new();
    host.bind(&[("index.mjs", "export const number = 3;")]);
    match host.receive() {
        ToDaemon::BindFailed { exception, .. } => {
            assert!(
                exception.message.contains("an ES module that exports number (number)"),
                "{exception:?}"
            );
            assert!(
                exception.message.contains("openwhisk: function main(params)"),
                "{exception:?}"
            );
        }
        other => panic!("instead of a refusal: {other:?}"),
    }
}
