use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{files::Files, resolve::Settings, testing::tree};

const APP: &[(&str, &str)] = &[
    (
        "index.mjs",
        "import { a } from './a.js'; import fs from 'fs'; import('./late.ts'); import './cli'",
    ),
    (
        "a.js",
        "exports.a = require('b'); module.exports.c = 1; require('./data.json'); try { require('no') } catch {}",
    ),
    ("cli", "#!/usr/bin/env node\nrequire('./a')"),
    ("late.ts", "export const x: number = 1;"),
    ("unreached.js", "import 'gone'"),
    ("data.json", "{}"),
    ("readme.md", "# a"),
    ("broken.ts", "let x = ;"),
    ("node_modules/b/package.json", "{\"main\":\"main.js\"}"),
    ("node_modules/b/main.js", "__exportStar(require('./more'))"),
    ("node_modules/b/more.js", "exports.more = 1"),
];

fn made() -> (Table, Vec<Problem>, Vec<String>) {
    let uploaded = Arc::new(tree(APP));
    let settings = Settings { builtins: ["fs".to_owned()].into(), ..Settings::default() };
    let resolver = Resolver::new(Arc::clone(&uploaded) as Arc<dyn Files>, settings);
    let mut written = Vec::new();
    let (table, problems) = build(&uploaded, &resolver, "index.mjs", |path, script| {
        if script.code.is_some() {
            written.push(path.to_owned());
        }
    });
    (table, problems, written)
}

#[test]
fn kinds_and_targets_are_in_the_table() {
    let (table, problems, written) = made();
    let kind = |path: &str| table.kind(path).unwrap();
    assert_eq!(kind("index.mjs"), Kind::Module);
    assert_eq!(kind("a.js"), Kind::Commonjs);
    assert_eq!(kind("cli"), Kind::Commonjs);
    assert_eq!(kind("data.json"), Kind::Json);
    assert_eq!(kind("readme.md"), Kind::Data);
    assert_eq!(kind("late.ts"), Kind::Module);
    assert_eq!(table.lookup("index.mjs", "./a.js", By::Import), Some(Led::File("a.js")));
    assert_eq!(table.lookup("cli", "./a", By::Require), Some(Led::File("a.js")));
    assert_eq!(table.lookup("index.mjs", "fs", By::Import), Some(Led::Builtin("fs")));
    assert_eq!(table.lookup("index.mjs", "fs", By::Require), None);
    assert_eq!(table.names("a.js"), ["a", "c"]);
    assert_eq!(table.names("node_modules/b/main.js"), ["more"]);
    assert_eq!(written, ["late.ts"]);
    let problems: Vec<_> = problems.iter().map(|it| (it.path.as_str(), it.reached)).collect();
    assert_eq!(problems, [("unreached.js", false), ("broken.ts", false)]);
}

#[test]
fn bytes_come_back() {
    let (table, ..) = made();
    let bytes = table.bytes().clone();
    assert_eq!(Table::decode(bytes.clone()), Ok(table));
    for end in 0..bytes.len() {
        assert!(Table::decode(bytes.slice(..end)).is_err());
    }
}

/// Whatever a table was read from, it can be asked anything.
fn ask(bytes: Vec<u8>) {
    let Ok(table) = Table::decode(bytes.into()) else { return };
    let paths: Vec<&str> = table.files().map(|it| it.0).collect();
    for path in paths {
        table.names(path);
        table.lookup(path, "./a", By::Require);
    }
}

#[test]
fn types_are_not_handed_on() {
    let uploaded = Arc::new(tree(&[
        (
            "index.ts",
            "import { T, v } from './barrel'; export { T, v, U }; import { U } from './barrel';",
        ),
        (
            "barrel.ts",
            "export { T, v } from './a'; export * from './b'; export { Only } from './a';",
        ),
        ("a.ts", "export interface T {} export const v = 1; type Only = T; export { Only };"),
        ("b.ts", "export type U = number; export class C {}"),
    ]));
    let resolver = Resolver::new(Arc::clone(&uploaded) as Arc<dyn Files>, Settings::default());
    let mut written = BTreeMap::new();
    let (_, problems) = build(&uploaded, &resolver, "index.ts", |path, script| {
        written.insert(path.to_owned(), script.code.clone().unwrap().text);
    });
    assert_eq!(problems, []);
    assert_eq!(written["index.ts"], "import { v } from \"./barrel\";\nexport { v };\n");
    assert_eq!(written["barrel.ts"], "export { v } from \"./a\";\nexport * from \"./b\";\n");
}

proptest! {
    #[test]
    fn any_bytes_are_read(mut bytes in prop::collection::vec(any::<u8>(), 0..200), marked in any::<bool>()) {
        if marked {
            bytes.splice(0..0, *b"skt1");
        }
        ask(bytes);
    }

    #[test]
    fn changed_bytes_are_read(at in 0usize..400, to in any::<u8>()) {
        let mut bytes = made().0.bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = to;
        ask(bytes);
    }
}

#[test]
fn modules_that_load_one_that_awaits_wait() {
    let uploaded = Arc::new(tree(&[
        ("index.mjs", "import './a.mjs'; import('./lazy.mjs')"),
        ("a.mjs", "export * from './b.mjs'"),
        ("b.mjs", "import './a.mjs'; import './leaf.mjs'"),
        ("leaf.mjs", "await 0"),
        ("lazy.mjs", "import './plain.mjs'"),
        ("plain.mjs", "import('./a.mjs')"),
        ("own.mjs", "import './a.mjs'; await 1"),
    ]));
    let resolver = Resolver::new(Arc::clone(&uploaded) as Arc<dyn Files>, Settings::default());
    let (table, problems) = build(&uploaded, &resolver, "index.mjs", |_, _| {});
    assert_eq!(problems, []);
    let waiting: Vec<&str> =
        table.files().map(|it| it.0).filter(|path| table.waits(path)).collect();
    assert_eq!(waiting, ["a.mjs", "b.mjs", "index.mjs"]);
}

#[test]
fn what_a_script_gets_as_text_is_never_read_as_a_script() {
    let runtime = include_str!("../../../shim/js/modules.js");
    let start = runtime.find("const TEXTS = {").unwrap();
    let list = &runtime[start..start + runtime[start..].find("};").unwrap()];
    let endings: Vec<&str> =
        list.split(": true").filter_map(|it| it.split([' ', ',', '\n']).next_back()).collect();
    let endings: Vec<&str> = endings.into_iter().filter(|it| !it.is_empty()).collect();
    assert_eq!(endings.len(), 11, "{endings:?}");
    for ending in endings {
        assert!(is_content(&format!("a.{ending}")), "{ending}");
    }
}
