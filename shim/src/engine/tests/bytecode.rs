//! What is made of an app's scripts before any of them runs, and what an instance that gets it answers.

use std::{io::Read as _, time::Duration};

use skep_link::frame::{Encoding, Form, MadeForm, Stop, ToDaemon};

use super::{Host, bound};

/// An app of three modules, one of which is only imported by a call.
const APP: [(&str, &str); 3] = [
    (
        "index.js",
        "import { twice } from './lib/twice.js';\n\
         export default async (n) => [twice(n), (await import('./late.js')).default];\n\
         export const where = () => twice.toString();\n\
         export const fails = () => { throw new RangeError('far'); };",
    ),
    ("late.js", "export default 'late'"),
    ("lib/twice.js", "export const twice = (n) => 2 * n; // two"),
];

/// What a shim makes of those files, without the table: the form, the path, the bytes.
type Made = Vec<(MadeForm, String, Vec<u8>)>;

/// What a shim makes of those files, and that shim.
fn compiled(files: &[(&str, &str)]) -> (Made, Host) {
    compiled_within(files, 1 << 16)
}

fn compiled_within(files: &[(&str, &str)], room: u32) -> (Made, Host) {
    let mut host = Host::new();
    let code = files.iter().map(|(path, text)| (*path, Form::File, text.as_bytes()));
    host.bind_code(code, room);
    let mut made: Made = Vec::new();
    loop {
        match host.receive() {
            ToDaemon::Made { form, path, bytes } => match made.last_mut() {
                Some((last_form, last, made)) if *last_form == form && last == path => {
                    made.extend_from_slice(bytes);
                }
                _ => made.push((form, path.to_owned(), bytes.to_vec())),
            },
            ToDaemon::MadeAll => return (made, host),
            other => panic!("instead of bytecode: {other:?}"),
        }
    }
}

/// The paths of what was compiled to bytecode, sorted.
fn paths(made: &Made) -> Vec<&str> {
    let bytecode = made.iter().filter(|(form, ..)| *form == MadeForm::Bytecode);
    let mut paths: Vec<&str> = bytecode.map(|(_, path, _)| path.as_str()).collect();
    paths.sort_unstable();
    paths
}

/// A shim that is given those files, and what one made of them.
fn given(files: &[(&str, &str)], made: &Made) -> Host {
    let mut host = Host::new();
    let code = files.iter().map(|(path, text)| (*path, Form::File, text.as_bytes()));
    let made = made.iter().map(|(form, path, bytes)| {
        let form = match form {
            MadeForm::Bytecode => Form::Bytecode,
            MadeForm::Table => Form::Table,
            MadeForm::Text => Form::Text,
            MadeForm::Places => Form::Places,
        };
        (path.as_str(), form, bytes.as_slice())
    });
    host.bind_code(code.chain(made), 0);
    host
}

#[test]
fn bytecode_is_of_every_script_and_does_what_its_source_does() {
    let (compiled, mut host) = compiled(&APP);
    host.bound();
    host.check("3", r#"[6,"late"]"#);
    assert_eq!(paths(&compiled), ["index.js", "late.js", "lib/twice.js"]);
    let mut host = given(&APP, &compiled);
    assert_eq!(host.receive(), bound(&["default", "fails", "where"]));
    host.check("3", r#"[6,"late"]"#);
    let mut from_source = Host::new();
    from_source.bind(&APP);
    from_source.bound();
    for (function, expected) in [("where", "(n) => 2 * n"), ("fails", "index.js:4")] {
        let [one, other] = [&mut host, &mut from_source].map(|host| {
            host.ask(function, b"null", Encoding::Json, Duration::from_secs(5));
            match host.receive() {
                ToDaemon::Reply { payload, .. } => String::from_utf8_lossy(payload).into_owned(),
                ToDaemon::Thrown { exception, .. } => exception.stack.to_owned(),
                other => panic!("instead of an answer: {other:?}"),
            }
        });
        assert_eq!(one, other);
        assert!(one.contains(expected), "{one}");
    }
}

#[test]
fn a_script_whose_bytecode_was_read_can_be_asked_for_again() {
    let files = [
        (
            "index.cjs",
            "exports.f = () => { const names = ['./a.cjs', './b.cts', './c.mts'];
                const once = () => names.map((name) => { delete require.cache[require.resolve(name)]; return require(name).it(); });
                return [once(), once(), require('./a.cjs') === require('./a.cjs')]; };",
        ),
        ("a.cjs", "let n = 0; exports.it = () => ++n; require('./b.cts'); require('./c.mts');"),
        ("b.cts", "let n: number = 10; exports.it = (): number => ++n;"),
        ("c.mts", "let n: number = 20; export const it = (): number => ++n;"),
    ];
    let (compiled, mut host) = compiled(&files);
    host.bound();
    let mut given = given(&files, &compiled);
    given.bound();
    for host in [&mut host, &mut given] {
        host.ask("f", b"null", Encoding::Json, Duration::from_secs(5));
        match host.receive() {
            ToDaemon::Reply { payload, .. } => {
                assert_eq!(String::from_utf8_lossy(payload), "[[1,11,21],[1,11,22],true]");
            }
            other => panic!("instead of an answer: {other:?}"),
        }
    }
}

/// How many modules a shim says to have compiled of those, where there is so much room.
#[track_caller]
fn check_kept(modules: &[(&str, &str)], room: usize, expected: usize) {
    let (compiled, mut host) = compiled_within(modules, u32::try_from(room).unwrap());
    assert_eq!(paths(&compiled).len(), expected);
    host.bound();
}

#[test]
fn bytecode_that_is_too_much_is_not_sent() {
    let (made, _host) = compiled(&APP);
    let bytecode: Vec<_> = made.iter().filter(|(form, ..)| *form == MadeForm::Bytecode).collect();
    let bytes: usize = bytecode.iter().map(|(_, path, code)| path.len() + code.len()).sum();
    check_kept(&APP, bytes, 3);
    check_kept(&APP, bytes - 1, 0);
    // Room for the first that is compiled, and not a byte more.
    let (_, path, code) = bytecode[0];
    check_kept(&APP, path.len() + code.len(), 0);
}

#[test]
fn bytecode_takes_no_heap_that_the_app_needs() {
    let text = format!("export default () => 1; // {}", "x".repeat(2 << 20));
    check_kept(&[("index.js", &text)], 1 << 30, 0);
}

#[test]
fn what_is_odd_about_an_app_is_so_from_bytecode_too() {
    let apps: [(&str, &[(&str, &str)]); 3] = [
        (
            "a function that is called `then`",
            &[(
                "index.js",
                "export function then(resolve) { resolve?.(7); } export default () => 1;",
            )],
        ),
        (
            "a cycle",
            &[
                (
                    "index.js",
                    "import { b } from './b.js'; export const a = 1; export default () => b();",
                ),
                ("b.js", "import { a } from './index.js'; export const b = () => a;"),
            ],
        ),
        (
            "a top level that waits",
            &[(
                "index.js",
                "const one = await new Promise((r) => setTimeout(() => r(1), 1)); export default () => one;",
            )],
        ),
    ];
    for (what, modules) in apps {
        let (compiled, mut host) = compiled(modules);
        assert_eq!(paths(&compiled).len(), modules.len(), "{what}");
        let functions = format!("{:?}", host.receive());
        let mut host = given(modules, &compiled);
        assert_eq!(format!("{:?}", host.receive()), functions, "{what}");
        host.check("null", "1");
    }
}

#[test]
fn bytecode_that_is_none_is_refused() {
    let mut host = Host::new();
    let files = [
        ("index.js", Form::File, b"1".as_slice()),
        ("index.js", Form::Bytecode, b"\xff none".as_slice()),
    ];
    host.bind_code(files.into_iter(), 0);
    match host.receive() {
        ToDaemon::BindFailed { exception, .. } => assert_eq!(exception.name, "SyntaxError"),
        other => panic!("instead of a failure: {other:?}"),
    }
}

#[test]
fn a_top_level_that_throws_fails_from_bytecode_too() {
    let text = "export default () => 1;\nthrow new RangeError('far');";
    let files = [("index.js", text)];
    let (compiled, mut host) = compiled(&files);
    let from_source = format!("{:?}", host.receive());
    assert_eq!(format!("{:?}", given(&files, &compiled).receive()), from_source);
    assert!(from_source.starts_with("BindFailed") && from_source.contains("line: 2"));
}

#[test]
fn bytecode_is_out_of_reach_before_the_app_runs() {
    let mut host = Host::new();
    let code = b"export default 1; for (;;);".as_slice();
    host.bind_code([("index.js", Form::File, code)].into_iter(), 1 << 16);
    for expected in [MadeForm::Table, MadeForm::Bytecode] {
        assert!(matches!(host.receive(), ToDaemon::Made { form, .. } if form == expected));
    }
    assert_eq!(host.receive(), ToDaemon::MadeAll);
    // The top level still runs.
    host.link.set_nonblocking(true).unwrap();
    let next = host.link.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(next, Err(std::io::ErrorKind::WouldBlock));
    host.link.set_nonblocking(false).unwrap();
    assert!(matches!(host.receive(), ToDaemon::Stopped { why: Stop::Deadline, .. }));
}

#[test]
fn places_are_those_of_the_author() {
    let typed = "interface A { a: number }\n\nenum E { One }\nexport default (a: A): E => {\n    throw new RangeError('far 1');\n};";
    for (path, text, place) in [
        ("index.ts", typed, "index.ts:5:"),
        (
            "index.cjs",
            "#!/usr/bin/env node\nexports.f = () => {\n    throw new RangeError('far 1');\n};",
            "index.cjs:3:",
        ),
        (
            "index.mjs",
            "\u{feff}export const f = () => { throw new RangeError('far 1') }",
            "index.mjs:1:",
        ),
    ] {
        let (made, mut host) = compiled(&[(path, text)]);
        host.bound();
        let mut again = given(&[(path, text)], &made);
        again.bound();
        for host in [&mut host, &mut again] {
            let name = if path == "index.ts" { "default" } else { "f" };
            host.ask(name, b"{\"a\":1}", Encoding::Json, Duration::from_secs(5));
            match host.receive() {
                ToDaemon::Thrown { exception, .. } => {
                    assert_eq!((exception.name, exception.message), ("RangeError", "far 1"));
                    assert!(exception.stack.contains(place), "{}", exception.stack);
                    assert!(!exception.stack.contains("skep\\"), "{}", exception.stack);
                }
                other => panic!("instead of an exception: {other:?}"),
            }
        }
    }
}

/// Modules that wait for one that waits, two of them in a circle, and calls that import them one after the other.
const WAITING: [(&str, &str); 7] = [
    (
        "index.js",
        "import { n } from './middle.js';
        export { n };
        export const lazy = async () => [n, (await import('./late.js')).sum, (await import('./later.js')).sum];
        export const failed = async () => {
            const told = [];
            for (const path of ['./broken.js', './broken.js']) await import(path).catch((e) => told.push(e.message));
            return told;
        };
        export default async () => (await lazy()).concat((await import('./again.js')).default);",
    ),
    ("leaf.js", "await 0; export const n = 1;"),
    ("middle.js", "import { n as leaf } from './leaf.js'; export const n = leaf + 1 // no end of line"),
    ("late.js", "import { n } from './middle.js'; import * as later from './later.js'; export const sum = n + 1; export const other = () => later.sum"),
    ("later.js", "import { n } from './middle.js'; import { sum as late } from './late.js'; export let sum = n + 10; export const f = () => late"),
    ("again.js", "import { n } from './index.js'; import { sum, other } from './late.js'; export default [sum, other(), typeof n]"),
    ("broken.js", "import { n } from './middle.js'; throw new Error(`broken ${n}`)"),
];

#[test]
fn a_module_that_waited_for_another_can_be_imported_later() {
    let right = "[2,3,12,3,12,\"number\"]";
    let (made, mut first) = compiled(&WAITING);
    assert_eq!(paths(&made).len(), WAITING.len());
    first.bound();
    let mut given = given(&WAITING, &made);
    given.bound();
    for host in [&mut first, &mut given] {
        host.check("null", right);
        host.ask("failed", b"null", Encoding::Json, Duration::from_secs(5));
        match host.receive() {
            ToDaemon::Reply { payload, .. } => {
                assert_eq!(String::from_utf8_lossy(payload), r#"["broken 2","broken 2"]"#);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_app_that_leaves_too_little_heap_is_refused_with_the_numbers() {
    let data = "x".repeat(1 << 20);
    let files = [("index.js", "export default () => 1"), ("a.txt", &data), ("b.txt", &data)];
    let failed = |heap: u64| {
        let mut host = Host::new();
        host.heap_bytes = heap;
        let code = files.iter().map(|(path, text)| (*path, Form::File, text.as_bytes()));
        host.bind_code(code, 1 << 16);
        loop {
            match host.receive() {
                ToDaemon::Made { .. } | ToDaemon::MadeAll => {}
                ToDaemon::Bound { .. } => return None,
                ToDaemon::BindFailed { path, line, exception, .. } => {
                    assert_eq!((path, line, exception.name), ("index.js", 0, "RangeError"));
                    return Some(exception.message.to_owned());
                }
                other => panic!("{other:?}"),
            }
        }
    };
    let told = "the app's files take 2.0 MiB of its heap and what is compiled of them 0.0 MiB, so that of 9.0 MiB less \
                than the 8.0 MiB are left that an app needs at least; give it at least 2 MiB more memory, or deploy less";
    assert_eq!(failed(9 << 20).as_deref(), Some(told));
    assert_eq!(failed(11 << 20), None);
}
