//! Loading an app: what it offers, why it is refused, and what its top level leaves behind.

use std::time::Duration;

use skep_link::frame::{Encoding, Level, Stop, ToDaemon};

use super::{Host, bound};

#[test]
fn exports_under_names_that_no_function_has_are_counted_and_not_listed() {
    let mut host = Host::new();
    let long = "f".repeat(100);
    let source = format!(
        "export default () => 1; export const one = 1, \u{e9}t\u{e9} = () => 2; \
         export function {long}() {{}}; const x = () => 3; export {{ x as 'not a name' }}"
    );
    host.bind(&[("index.js", &source)]);
    let ToDaemon::Bound { functions, skipped, named, .. } = host.receive() else {
        panic!("not bound");
    };
    let functions: Vec<&str> = functions.iter().map(|function| function.name).collect();
    assert_eq!((functions, skipped), (vec!["default"], 3));
    assert_eq!(named, [&long[..63], "not a name", "\u{e9}t\u{e9}"]);
}

#[test]
fn modules_import_each_other() {
    let mut host = Host::new();
    host.bind(&[
        ("index.js", "import { add } from './lib/math.js'; export default (e) => add(e.a, e.b)"),
        (
            "lib/math.js",
            "import { zero } from '../zero.js'; export const add = (a, b) => a + b + zero",
        ),
        ("zero.js", "export const zero = 0"),
    ]);
    assert_eq!(host.receive(), bound(&["default"]));
    host.check(r#"{"a":1,"b":2}"#, "3");
}

#[test]
fn source_that_is_wrong_is_refused_with_its_place() {
    Host::refuses("\n\nlet x = ;", "index.js", 3, "SyntaxError");
    Host::refuses("import './lib/bad.js'", "lib/bad.js", 1, "SyntaxError");
    Host::refuses("\nthrow new TypeError('top')", "index.js", 2, "TypeError");
}

#[test]
fn an_import_that_cannot_be_had_is_told_with_the_place_that_asks() {
    Host::refuses("import { one,\n  two } from './lib/has.js'", "index.js", 2, "SyntaxError");
    Host::refuses("\nimport one from './lib/has.js'", "index.js", 2, "SyntaxError");
    Host::refuses("import './lib/asks.js'", "lib/asks.js", 2, "SyntaxError");
    Host::refuses("\n\nimport './lib/none.js'", "index.js", 3, "Error");
    Host::refuses("\nrequire('./lib/none.js')", "index.js", 2, "Error");
    let lazy = "export default () => import('./lib/asks.js')";
    let mut host = Host::new();
    host.bind(&[
        ("index.js", lazy),
        ("lib/asks.js", "\nimport { b } from '../b.js'"),
        ("b.js", ""),
    ]);
    host.bound();
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
    match host.receive() {
        ToDaemon::Thrown { exception, .. } => assert_eq!(
            (exception.message, exception.stack),
            ("Could not find export 'b' in module 'b.js'", "    at lib/asks.js:2:10")
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_the_apps_own_files_can_be_imported() {
    for name in ["fs", "./none.js", "../out.js", "/etc/passwd"] {
        let mut host = Host::new();
        host.bind(&[("index.js", &format!("import '{name}'"))]);
        assert!(matches!(host.receive(), ToDaemon::BindFailed { .. }), "{name}");
    }
}

#[test]
fn timers_without_end_do_not_hide_that_nothing_can_be_called() {
    for source in
        ["setInterval(() => {}, 5)", "setTimeout(() => {}, 1e6)", "setTimeout(() => { for (;;); })"]
    {
        let mut host = Host::new();
        host.bind(&[("index.js", source)]);
        match host.receive() {
            ToDaemon::BindFailed { exception, .. } => {
                assert!(exception.message.contains("lambda"), "{source}: {exception:?}");
            }
            other => panic!("{source}: {other:?}"),
        }
    }
}

#[test]
fn a_top_level_that_does_not_end_is_stopped() {
    let mut host = Host::new();
    host.bind(&[("index.js", "while (true);")]);
    assert!(matches!(host.receive(), ToDaemon::Stopped { why: Stop::Deadline, .. }));
}

#[test]
fn there_is_no_door_to_the_host() {
    let source = "export default () => ['require', 'module', 'natives', 'driver', 'Deno', 'std', 'os', 'scriptArgs', 'print', 'gc', 'Worker'].filter((n) => n in globalThis)";
    Host::serving(source).check("null", "[]");
}

#[test]
fn a_second_bind_ends_the_instance() {
    let mut host = Host::serving("export default () => 1");
    host.bind(&[("index.js", "export default () => 2")]);
    // It neither answers nor waits for more.
    assert!(host.engine.take().unwrap().join().is_ok());
}

/// Far longer than it takes until the engine looks whether it is told something.
const SLOW: &str =
    "const end = Date.now() + 100; while (Date.now() < end); export default (n) => n + 1;";

#[test]
fn a_call_that_is_sent_with_its_app_is_answered_once_the_app_is_loaded() {
    for source in ["export default (n) => n + 1;", SLOW] {
        let mut host = Host::new();
        host.bind(&[("index.js", source)]);
        host.ask("default", b"1", Encoding::Json, Duration::from_secs(2));
        host.bound();
        match host.receive() {
            ToDaemon::Reply { payload: b"2", .. } => {}
            other => panic!("instead of 2: {other:?}"),
        }
        host.check("2", "3");
    }
}

#[test]
fn nothing_of_the_rehearsal_is_left() {
    let host = &mut Host::serving(
        "export default (name) => import(name).then(() => 'there', (error) => error.name);",
    );
    for name in [
        r#""\\zygote.js""#,
        r#""\\spare.js""#,
        r#""skep\\js/driver.js""#,
        r#""./skep\\js/driver.js""#,
    ] {
        host.check(name, "\"Error\"");
    }
    let names = "export default () => [typeof touch, typeof event]";
    Host::serving(names).check("null", "[\"undefined\",\"undefined\"]");
}

#[test]
fn lines_of_the_load_and_rejections_that_nobody_handles_are_kept() {
    let mut host = Host::new();
    let source = "console.log('loading'); Promise.reject(new RangeError('lost')); for (let i = 0; i < 3; i++) console.log(i);
        export default () => { Promise.reject(new TypeError('late')).catch(() => {}); Promise.reject(5); };";
    host.bind(&[("index.js", source)]);
    let mut lines = Vec::new();
    loop {
        match host.receive() {
            ToDaemon::Log { text, .. } => lines.push(text.to_owned()),
            ToDaemon::Bound { dropped, .. } => {
                assert_eq!(
                    (lines.as_slice(), dropped),
                    (["loading", "0", "1"].map(str::to_owned).as_slice(), 2)
                );
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(5));
    match host.receive() {
        ToDaemon::Log { level: Level::Error, text } => assert_eq!(text, "Uncaught (in promise) 5"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(host.receive(), ToDaemon::Reply { dropped: 0, .. }));
}
