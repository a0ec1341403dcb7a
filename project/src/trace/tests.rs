use super::*;
use crate::{files::Uploaded, testing::tree};

fn traced(files: Uploaded, options: &Options) -> Result<Traced, TraceError> {
    let mut options = options.clone();
    options.settings.builtins = ["fs", "path"].map(str::to_owned).into();
    trace(Arc::new(files), &options)
}

fn named(named: &str) -> Options {
    Options { named: named.to_owned(), ..Options::default() }
}

fn paths(traced: &Traced) -> Vec<&str> {
    traced.files.iter().map(|it| it.path.as_str()).collect()
}

#[test]
fn an_entry_brings_what_it_reaches() {
    let files = tree(&[
        (
            "p/package.json",
            r#"{"main":"src/a.js","devDependencies":{"jest":"1"},"dependencies":{"b":"1"}}"#,
        ),
        (
            "p/src/a.js",
            "require('b'); require('./c.json'); fs.readFileSync(__dirname + '/../t.txt')",
        ),
        ("p/src/c.json", "{}"),
        ("p/t.txt", "text"),
        ("p/other.js", ""),
        ("p/node_modules/b/package.json", r#"{"exports":{"require":"./dist/b.js"}}"#),
        ("p/node_modules/b/dist/package.json", r#"{"type":"commonjs"}"#),
        ("p/node_modules/b/dist/b.js", "require('./deep/d')"),
        ("p/node_modules/b/dist/deep/d.js", ""),
        ("p/node_modules/b/README.md", ""),
    ]);
    let traced = traced(files, &named("p")).unwrap();
    assert_eq!((traced.root.as_str(), traced.entry.as_str()), ("p", "src/a.js"));
    let expected = [
        "node_modules/b/dist/b.js",
        "node_modules/b/dist/deep/d.js",
        "node_modules/b/dist/package.json",
        "node_modules/b/package.json",
        "package.json",
        "src/a.js",
        "src/c.json",
        "t.txt",
    ];
    assert_eq!(paths(&traced), expected);
    assert_eq!(traced.problems, []);
    let notes: Vec<String> = traced.notes.iter().map(ToString::to_string).collect();
    assert_eq!(notes, ["package.json: devDependencies that the entry does not reach: jest"]);
}

#[test]
fn a_script_alone_is_its_own_root() {
    let files = tree(&[("x/y/hello.ts", "export default () => 1"), ("x/y/other.ts", "")]);
    let traced = traced(files, &named("x/y/hello.ts")).unwrap();
    assert_eq!((traced.root.as_str(), traced.entry.as_str()), ("x/y", "hello.ts"));
    assert_eq!(traced.files[0].kind, Kind::Module);
}

#[test]
fn links_are_kept() {
    let mut files = tree(&[
        ("r/apps/a/index.js", "require('b'); require('w')"),
        ("r/node_modules/.pnpm/b@1/node_modules/b/index.js", "require('c')"),
        ("r/node_modules/.pnpm/c@1/node_modules/c/index.js", ""),
        ("r/packages/w/package.json", r#"{"main":"m.js"}"#),
        ("r/packages/w/m.js", ""),
    ]);
    files
        .link("r/apps/a/node_modules/b", "../../../node_modules/.pnpm/b@1/node_modules/b")
        .unwrap();
    files.link("r/node_modules/.pnpm/b@1/node_modules/c", "../../c@1/node_modules/c").unwrap();
    files.link("r/node_modules/w", "../packages/w").unwrap();
    let traced = traced(files, &named("r/apps/a")).unwrap();
    assert_eq!(traced.problems, []);
    assert_eq!((traced.root.as_str(), traced.entry.as_str()), ("r", "apps/a/index.js"));
    let links: Vec<_> =
        traced.links.iter().map(|it| (it.path.as_str(), it.target.as_str())).collect();
    let expected = [
        ("apps/a/node_modules/b", "../../../node_modules/.pnpm/b@1/node_modules/b"),
        ("node_modules/.pnpm/b@1/node_modules/c", "../../c@1/node_modules/c"),
        ("node_modules/w", "../packages/w"),
    ];
    assert_eq!(links, expected);
    assert!(paths(&traced).contains(&"packages/w/package.json"));
}

#[test]
fn problems_are_fatal_where_the_entry_needs_them() {
    let files = tree(&[
        ("index.js", "import './a.js'; import('./late.js')"),
        ("a.js", "import './gone.js';\n  try { require('maybe') } catch {}"),
        ("late.js", "import './gone2.js'"),
    ]);
    let traced = traced(files, &named("")).unwrap();
    let problems: Vec<_> = traced.problems.iter().map(|it| (it.to_string(), it.fatal)).collect();
    let gone = "a.js:1:8: cannot find \"./gone.js\": no such file: gone.js";
    let late = "late.js:1:8: cannot find \"./gone2.js\": no such file: gone2.js";
    assert_eq!(problems, [(gone.to_owned(), true), (late.to_owned(), false)]);
    assert!(traced.notes[0].message.starts_with("cannot find \"maybe\""));
}

#[test]
fn packages_are_not_believed_beyond_themselves() {
    let files = tree(&[
        ("secret.json", "{}"),
        ("p/index.js", "require('b')"),
        ("p/own.txt", ""),
        (
            "p/node_modules/b/index.js",
            "require('../../../secret.json'); fs.readFileSync(__dirname + '/../../own.txt'); fs.readFileSync('own.txt')",
        ),
    ]);
    let traced = traced(files, &named("p")).unwrap();
    assert_eq!(paths(&traced), ["index.js", "node_modules/b/index.js"]);
}

#[test]
fn entries_are_found() {
    let entry = |files: &[(&str, &str)], wanted: Option<&str>| {
        let options = Options { entry: wanted.map(str::to_owned), ..named("") };
        traced(tree(files), &options).map(|it| it.entry).map_err(|it| it.to_string())
    };
    let main = r#"{"main":"lib"}"#;
    let own = r#"{"name":"me","exports":"./x.mjs"}"#;
    assert_eq!(
        entry(&[("package.json", main), ("lib/index.js", ""), ("index.js", "")], None),
        Ok("lib/index.js".into())
    );
    assert_eq!(
        entry(&[("package.json", own), ("x.mjs", ""), ("index.js", "")], None),
        Ok("x.mjs".into())
    );
    let unnamed = r#"{"exports":{".":{"import":"./x.mjs"}}}"#;
    assert_eq!(
        entry(&[("package.json", unnamed), ("x.mjs", ""), ("index.js", "")], None),
        Ok("x.mjs".into())
    );
    assert_eq!(entry(&[("package.json", main), ("handler.ts", "")], None), Ok("handler.ts".into()));
    assert_eq!(entry(&[("app.js", ""), ("handler.ts", "")], None), Ok("handler.ts".into()));
    assert_eq!(entry(&[("odd.js", ""), ("odd.test.js", "")], None), Ok("odd.js".into()));
    assert_eq!(entry(&[("index.js", ""), ("b.ts", "")], Some("b.ts")), Ok("b.ts".into()));
    assert_eq!(entry(&[("index.js", "")], Some("b")), Err("the entry b is not there".into()));
    let broken = entry(&[("package.json", "{bad"), ("b.js", "")], Some("b.js")).unwrap_err();
    assert!(
        broken.starts_with("package.json cannot be read: key must be a string at line 1 column 2"),
        "{broken}"
    );
    let nothing = "no entry found; looked for main of package.json, for index, handler, main, \
        function, func, app, server, src/index with any of the endings .js .mjs .cjs .ts .mts .cts \
        .tsx .jsx, and for a single script (there are a.js, b.js)";
    assert_eq!(entry(&[("a.js", ""), ("b.js", "")], None), Err(nothing.into()));
}

#[test]
fn more_can_be_taken_along() {
    let files = tree(&[
        ("index.js", ""),
        ("views/a.html", ""),
        ("views/deep/b.html", ""),
        ("views/c.js", "require('./d')"),
        ("views/d.js", ""),
        ("data/x.bin", ""),
    ]);
    let include = vec!["views/**/*.html".to_owned(), "./views/c.*".to_owned(), "no/*".to_owned()];
    let options = Options { include, extra: vec!["data".to_owned()], ..named("") };
    let traced = traced(files, &options).unwrap();
    let expected =
        ["data/x.bin", "index.js", "views/a.html", "views/c.js", "views/d.js", "views/deep/b.html"];
    assert_eq!(paths(&traced), expected);
    assert_eq!(traced.notes[0].to_string(), "nothing matches the glob no/*");
}

#[test]
fn files_of_packages_can_be_taken_along() {
    let files = tree(&[
        ("index.js", ""),
        ("node_modules/figlet/fonts/Standard.flf", "a"),
        ("node_modules/figlet/fonts/Other.flf", "b"),
        ("node_modules/figlet/index.js", ""),
        ("node_modules/geo/data/a.dat", "c"),
    ]);
    let include =
        vec!["node_modules/figlet/fonts/S*.flf".to_owned(), "./node_modules/geo/**".to_owned()];
    let traced = traced(files, &Options { include, ..named("") }).unwrap();
    let expected =
        ["index.js", "node_modules/figlet/fonts/Standard.flf", "node_modules/geo/data/a.dat"];
    assert_eq!(paths(&traced), expected);
    assert_eq!(traced.notes, []);
}

#[test]
fn too_much_is_refused_with_numbers() {
    let big = "x".repeat(9 << 20);
    let files = tree(&[
        ("index.js", "fs.readFileSync('./a'); fs.readFileSync('./b')"),
        ("a", &big),
        ("b", &big),
    ]);
    let Err(TraceError::TooLarge(refused)) = traced(files, &named("")) else { panic!() };
    assert_eq!((refused.files, refused.bytes), (3, (18 << 20) + 46));
    assert_eq!(refused.largest[2], ("index.js".to_owned(), 46));
}
