//! How a folder of web platform tests is read, run and summed up. The folder here is a small one of our own, with a
//! harness that has of the real one what the entry calls.

#![allow(clippy::unwrap_used, reason = "test code: a broken assumption must stop the test")]

use std::{fs, path::Path};

use skep_integration::{
    host::Host,
    place::Place,
    web::{
        meta::Meta,
        run::run,
        sums::{Outcome, Reference, table},
        tree::{Choice, Tree, literals, resolve},
    },
};

/// Of the real one: `test`, the two callbacks, and that tests are over when nobody waits any more.
const HARNESS: &str = r#"(() => {
    const tests = [];
    let told = () => {};
    let over = () => {};
    const note = (name, status, message) => {
        tests.push({ name, status, message });
        told(tests.at(-1));
    };
    self.test = (body, name) => {
        try { body(); note(name, 0, null); } catch (error) { note(name, 1, error.message); }
    };
    self.promise_test = async (body, name) => {
        try { await body(); note(name, 0, null); } catch (error) { note(name, 1, error.message); }
        over(tests, { status: 0, message: null });
    };
    self.unsupported = (name) => note(name, 4, null);
    self.add_result_callback = (callback) => { told = callback; };
    self.add_completion_callback = (callback) => { over = callback; };
})();"#;

const WHOLE: &str = r#"// META: title=It is whole
// META: script=/common/shared.js
// META: script=resources/own.js
// META: variant=?a
// META: variant=?b
test(() => { if (META_TITLE !== "It is whole") throw new Error(META_TITLE); }, "title");
test(() => { if (shared + own !== "shared own") throw new Error(); }, "scripts");
test(() => { if (location.pathname !== "/area/whole.any.js") throw new Error(location.href); }, "address");
unsupported("not counted");
promise_test(async () => {
    const { answer } = await (await fetch("resources/data.json")).json();
    if (answer !== 42 || !["?a", "?b"].includes(location.search)) throw new Error();
}, `data ${location.search}`);
"#;

const PARTLY: &str = r#"test(() => {}, "passes");
test(() => { throw new Error("of no use"); }, "fails");
promise_test(() => fetch("resources/none.json"), "asks for what is not there");
"#;

fn lay(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

#[test]
fn meta_lines_are_read_up_to_the_first_other_line() {
    let text = "// META: global=window, worker\n// META: script=/common/a.js\n//META:script=b.js?c\n\
                // META: timeout=long\n// META: title=A, b = c\n// META: variant=\n// META: variant=?1-10\n\
                // META: unknown=1\n'use strict';\n// META: script=too-late.js\n";
    let expected = Meta {
        scripts: strings(&["/common/a.js", "b.js?c"]),
        title: Some("A, b = c".to_owned()),
        is_long: true,
        variants: strings(&["", "?1-10"]),
    };
    assert_eq!(Meta::of(text), expected);
    assert_eq!(Meta::of("// no META: script=a.js\n"), Meta::default());
    assert_eq!(Meta::of(""), Meta::default());
}

#[test]
fn names_in_a_test_lead_to_files_of_the_folder_only() {
    let from = |name| resolve("a/b/test.any.js", name);
    assert_eq!(from("c.js"), Some("a/b/c.js".to_owned()));
    assert_eq!(from("./c/../d.js?x=/#y"), Some("a/b/d.js".to_owned()));
    assert_eq!(from("../c.js"), Some("a/c.js".to_owned()));
    assert_eq!(from("/c.js"), Some("c.js".to_owned()));
    assert_eq!(from("../../../c.js"), None);
    assert_eq!(from("/../c.js"), None);
    assert_eq!(from("?x"), None);
    assert_eq!(from(""), None);
    assert_eq!(from("/"), None);
}

#[test]
fn names_of_data_are_found_between_quotes() {
    let text = "fetch(\"a/b.json\");\nfetch('/c.txt?d'); const e = `${BASE}f.txt`; // it's g.txt\nf('no name', \"h\")";
    assert_eq!(literals(text), strings(&["a/b.json", "/c.txt?d", "f.txt"]));
}

#[test]
fn folders_and_files_are_chosen_by_whole_names() {
    let (only, except) = (strings(&["url", "streams/piping/"]), strings(&["url/b.any.js"]));
    let choice = Choice { only, except };
    assert!(choice.has("url/a.any.js") && choice.has("streams/piping/a.any.js"));
    assert!(!choice.has("urlpattern/a.any.js") && !choice.has("url/b.any.js"));
    assert!(!choice.has("streams/a.any.js"));
    assert!(Choice::default().has("a.any.js"));
}

#[test]
fn what_was_never_reached_counts_as_failed() {
    let one = |file: &str, pass, fail| Outcome {
        file: file.to_owned(),
        status: "OK".to_owned(),
        pass,
        fail,
        ..Outcome::default()
    };
    let earlier = [one("a/x.any.js", 4, 0), one("a/y.any.js", 2, 0), one("b/c/z.any.js", 0, 2)];
    let lines: String = earlier.iter().map(|one| one.json() + "\n").collect();
    let reference = Reference::read(&lines).unwrap();
    let outcomes = [
        one("a/x.any.js", 3, 0),
        one("a/y.any.js", 2, 0),
        one("b/c/z.any.js", 1, 2),
        one("d/w.any.js", 0, 0),
    ];
    let expected = "\
        | folder | files whole | subtests passed | of | % | reference | % of it |\n\
        |---|---|---|---|---|---|---|\n\
        | a | 1/2 | 5 | 6 | 83.3 | 6 | 83.3 |\n\
        | b/c | 0/1 | 1 | 3 | 33.3 | 0 | - |\n\
        | d | 0/1 | 0 | 1 | 0.0 | 0 | - |\n\
        | **sum** | 1/4 | 6 | 10 | 60.0 | 6 | 100.0 |\n";
    assert_eq!(table(&outcomes, Some(&reference)), expected);
    let wrong = Reference::read("\n{\"file\":\"a\"}\n").unwrap_err();
    assert!(wrong.to_string().starts_with("line 2 "), "{wrong}");
}

#[test]
fn a_folder_without_the_harness_is_refused_by_name() {
    let place = Place::new();
    let refused = Tree::open(&place.folder).unwrap_err().to_string();
    assert!(refused.contains("resources/testharness.js"), "{refused}");
}

#[test]
fn tests_run_as_apps_with_their_scripts_and_data() {
    let host = Host::roomy("");
    let folder = host.place.folder.join("tests");
    lay(
        &folder,
        &[
            ("resources/testharness.js", HARNESS),
            ("common/shared.js", "const shared = \"shared \";"),
            ("area/resources/own.js", "const own = \"own\";"),
            ("area/resources/data.json", "{\"answer\": 42}"),
            ("area/whole.any.js", WHOLE),
            ("area/partly.any.js", PARTLY),
            ("area/lacking.any.js", "// META: script=none.js\n"),
            ("area/throws.any.js", "test(() => {}, \"before\"); throw new Error(\"early\");"),
            ("area/page.html", "not run"),
            ("other/ends.any.js", "process.exit(3);"),
        ],
    );
    let tree = Tree::open(&folder).unwrap();
    let tests = tree.tests(&Choice::default()).unwrap();
    let outcomes = run(&host, &tree, &tests);
    let told: Vec<_> = outcomes
        .iter()
        .map(|one| (one.file.as_str(), one.status.as_str(), one.pass, one.fail, one.is_fault))
        .collect();
    assert_eq!(
        told[..4],
        [
            ("area/lacking.any.js", "NOT LAID there is no none.js", 0, 0, false),
            ("area/partly.any.js", "OK", 1, 2, false),
            ("area/throws.any.js", "THREW Error: early", 1, 0, false),
            ("area/whole.any.js", "OK", 8, 0, false),
        ]
    );
    let (file, status, pass, fail, is_fault) = told[4];
    assert_eq!((file, pass, fail, is_fault), ("other/ends.any.js", 0, 0, true));
    assert!(status.starts_with("DIED "), "{status}");
    assert_eq!(outcomes[1].failures[0]["message"], "of no use");
    let rows = table(&outcomes, None);
    assert!(rows.contains("| area | 2/4 | 10 | 13 | 76.9 |\n"), "{rows}");
    assert!(rows.contains("| other | 0/1 | 0 | 1 | 0.0 |\n"), "{rows}");
    assert!(host.apps("acme").unwrap().is_empty());
}
