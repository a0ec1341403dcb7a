use proptest::prelude::*;

use super::*;
use crate::{files::Uploaded, testing::tree};

fn resolver(files: Uploaded) -> Resolver {
    let builtins = ["fs", "fs/promises", "punycode", "node:test"].map(str::to_owned).into();
    let settings = Settings { builtins, mount: Some("/app".into()), ..Settings::default() };
    Resolver::new(Arc::new(files), settings)
}

#[track_caller]
fn finds(resolver: &Resolver, from: &str, specifier: &str, by: By, path: &str) {
    let found = resolver.resolve(from, specifier, by);
    assert_eq!(found, Ok(Target::File(path.to_owned())), "{specifier} from {from}");
}

#[track_caller]
fn refuses(resolver: &Resolver, from: &str, specifier: &str, by: By, why: &str) {
    let refused = resolver.resolve(from, specifier, by).unwrap_err();
    assert_eq!(refused.why.to_string(), why, "{specifier} from {from}");
}

const PACKAGES: &[(&str, &str)] = &[
    (
        "package.json",
        r##"{"name":"me","exports":{"./own":"./own.js"},"imports":{"#a":"./own.js","#fs":"node:fs","#p/*":"./lib/*.js"}}"##,
    ),
    ("index.js", ""),
    ("own.js", ""),
    ("lib/x.js", ""),
    ("lib/index.js", ""),
    ("data.json", ""),
    ("no ending", ""),
    (
        "node_modules/dual/package.json",
        r#"{"exports":{".":{"import":"./i.mjs","require":"./r.cjs"},"./feature/*":{"worker":"./w/*.js","default":"./f/*.js"},"./feature/no/*":null}}"#,
    ),
    ("node_modules/dual/i.mjs", ""),
    ("node_modules/dual/r.cjs", ""),
    ("node_modules/dual/f/a.js", ""),
    ("node_modules/dual/w/a.js", ""),
    ("node_modules/dual/f/no/a.js", ""),
    ("node_modules/@s/old/package.json", r#"{"main":"lib","module":"esm.js"}"#),
    ("node_modules/@s/old/lib/index.js", ""),
    ("node_modules/@s/old/esm.js", ""),
    ("node_modules/@s/old/sub/deep.js", ""),
    ("node_modules/punycode/package.json", "{}"),
    ("node_modules/punycode/index.js", ""),
    ("node_modules/bare/index.js", ""),
    ("node_modules/broken/package.json", "{"),
    ("node_modules/empty/package.json", "{}"),
];

#[test]
fn packages_are_found_by_conditions() {
    let it = resolver(tree(PACKAGES));
    finds(&it, "index.js", "dual", By::Import, "node_modules/dual/i.mjs");
    finds(&it, "index.js", "dual", By::Require, "node_modules/dual/r.cjs");
    finds(&it, "lib/x.js", "dual/feature/a", By::Require, "node_modules/dual/f/a.js");
    finds(&it, "index.js", "@s/old", By::Import, "node_modules/@s/old/lib/index.js");
    finds(&it, "index.js", "@s/old/sub/deep", By::Require, "node_modules/@s/old/sub/deep.js");
    finds(&it, "index.js", "@s/old/sub/deep", By::Import, "node_modules/@s/old/sub/deep.js");
    finds(&it, "index.js", "bare", By::Require, "node_modules/bare/index.js");
    finds(&it, "index.js", "punycode/", By::Require, "node_modules/punycode/index.js");
}

#[test]
fn own_conditions_count() {
    let settings = Settings { conditions: vec!["worker".into()], ..Settings::default() };
    let it = Resolver::new(Arc::new(tree(PACKAGES)), settings);
    finds(&it, "index.js", "dual/feature/a", By::Import, "node_modules/dual/w/a.js");
}

#[test]
fn a_package_knows_itself_and_its_imports() {
    let it = resolver(tree(PACKAGES));
    finds(&it, "lib/x.js", "me/own", By::Import, "own.js");
    finds(&it, "lib/x.js", "#a", By::Require, "own.js");
    finds(&it, "index.js", "#p/x", By::Import, "lib/x.js");
    let builtin = Ok(Target::Builtin("fs".to_owned()));
    assert_eq!(it.resolve("index.js", "#fs", By::Import), builtin);
}

#[test]
fn paths_are_found_as_by_require() {
    let it = resolver(tree(PACKAGES));
    finds(&it, "index.js", "./lib", By::Require, "lib/index.js");
    finds(&it, "index.js", "./lib/", By::Import, "lib/index.js");
    finds(&it, "lib/x.js", "..", By::Require, "index.js");
    finds(&it, "lib/x.js", ".", By::Require, "lib/index.js");
    finds(&it, "index.js", "./data", By::Require, "data.json");
    finds(&it, "index.js", "./lib/x.js?v=1#a", By::Import, "lib/x.js");
    finds(&it, "index.js", "./no%20ending", By::Import, "no ending");
    finds(&it, "index.js", "/app/lib/x.js", By::Require, "lib/x.js");
    finds(&it, "index.js", "file:///app/lib/x.js", By::Import, "lib/x.js");
}

#[test]
fn built_in_names_win() {
    let it = resolver(tree(PACKAGES));
    for specifier in ["fs", "node:fs", "punycode", "fs/promises", "node:test"] {
        let name = specifier.trim_start_matches("node:").to_owned();
        assert_eq!(it.resolve("index.js", specifier, By::Import), Ok(Target::Builtin(name)));
    }
    let why =
        "no package \"test\" in any node_modules folder above, and no built-in module of that name";
    refuses(&it, "index.js", "test", By::Require, why);
    refuses(&it, "index.js", "node:no", By::Require, "there is no built-in module \"no\"");
}

#[test]
fn refusals_say_why() {
    let it = resolver(tree(PACKAGES));
    let manifest = "node_modules/dual/package.json does not export";
    refuses(
        &it,
        "index.js",
        "dual/no",
        By::Import,
        &format!("{manifest} \"./no\" under the conditions node, import, module-sync, default"),
    );
    refuses(
        &it,
        "index.js",
        "dual/feature/no/a",
        By::Require,
        &format!(
            "{manifest} \"./feature/no/a\" under the conditions node, require, module-sync, default"
        ),
    );
    refuses(&it, "lib/x.js", "./y", By::Import, "no such file: lib/y");
    refuses(&it, "index.js", "@s/old/z", By::Import, "no such file: node_modules/@s/old/z");
    refuses(&it, "index.js", "../x", By::Require, "it leads out of the project");
    refuses(&it, "index.js", "/etc/passwd", By::Require, "it leads out of the project");
    refuses(&it, "index.js", "/application", By::Require, "it leads out of the project");
    refuses(
        &it,
        "index.js",
        "#no",
        By::Import,
        "the nearest package.json has no such name in \"imports\"",
    );
    refuses(
        &it,
        "index.js",
        "https://x/y.js",
        By::Import,
        "modules cannot be loaded from https: URLs",
    );
    refuses(&it, "index.js", "", By::Import, "it is empty or not valid");
    refuses(&it, "index.js", "./a%2fb", By::Import, "it is empty or not valid");
    let broken = "node_modules/broken/package.json cannot be used: EOF while parsing an object at line 1 column 1";
    refuses(&it, "index.js", "broken", By::Import, broken);
    let empty =
        "package \"empty\" is in node_modules/empty, but it has no such file (main, index.js)";
    refuses(&it, "index.js", "empty", By::Require, empty);
    let long = "a/".repeat(5000);
    refuses(&it, "index.js", &long, By::Import, "it has 10000 bytes, at most 1024 are allowed");
}

#[test]
fn typescript_is_found_where_javascript_is_named() {
    let it = resolver(tree(&[
        ("a.ts", ""),
        ("b.ts", ""),
        ("b.js", ""),
        ("b.json", ""),
        ("c/index.tsx", ""),
        ("d.mts", ""),
        ("node_modules/w/package.json", r#"{"exports":"./dist/x.js"}"#),
        ("node_modules/w/dist/x.ts", ""),
    ]));
    finds(&it, "main.js", "./a", By::Require, "a.ts");
    finds(&it, "main.ts", "./a.js", By::Import, "a.ts");
    finds(&it, "main.js", "./b", By::Import, "b.js");
    finds(&it, "main.ts", "./b", By::Import, "b.ts");
    finds(&it, "main.ts", "./b.js", By::Import, "b.js");
    finds(&it, "main.js", "./c", By::Import, "c/index.tsx");
    finds(&it, "main.ts", "./d.mjs", By::Import, "d.mts");
    finds(&it, "main.ts", "w", By::Import, "node_modules/w/dist/x.ts");
}

#[test]
fn tsconfig_names_paths() {
    let it = resolver(tree(&[
        ("tsconfig.json", r#"{"compilerOptions":{"baseUrl":".","paths":{"@/*":["src/*"]}}}"#),
        ("src/a.ts", ""),
        ("src/b/index.ts", ""),
        ("shared/c.ts", ""),
        ("node_modules/@/x.js", ""),
    ]));
    finds(&it, "src/a.ts", "@/b", By::Import, "src/b/index.ts");
    finds(&it, "src/b/index.ts", "@/a.js", By::Import, "src/a.ts");
    finds(&it, "src/a.ts", "shared/c", By::Import, "shared/c.ts");
    assert!(it.resolve("node_modules/@/x.js", "@/a", By::Import).is_err());
}

#[test]
fn links_lead_to_real_paths() {
    let mut files = tree(&[
        ("app/index.js", ""),
        ("node_modules/.pnpm/a@1/node_modules/a/package.json", "{}"),
        ("node_modules/.pnpm/a@1/node_modules/a/index.js", ""),
        ("node_modules/.pnpm/b@1/node_modules/b/index.js", ""),
        ("packages/w/package.json", r#"{"main":"m.js"}"#),
        ("packages/w/m.js", ""),
    ]);
    files.link("node_modules/a", ".pnpm/a@1/node_modules/a").unwrap();
    files.link("node_modules/.pnpm/a@1/node_modules/b", "../../b@1/node_modules/b").unwrap();
    files.link("node_modules/w", "../packages/w").unwrap();
    let it = resolver(files);
    let a = "node_modules/.pnpm/a@1/node_modules/a/index.js";
    finds(&it, "app/index.js", "a", By::Require, a);
    finds(&it, a, "b", By::Require, "node_modules/.pnpm/b@1/node_modules/b/index.js");
    finds(&it, "app/index.js", "w", By::Import, "packages/w/m.js");
    assert!(it.resolve("app/index.js", "b", By::Require).is_err());
}

#[test]
fn chains_of_links_end() {
    let mut files = tree(&[("node_modules/x/index.js", "")]);
    for at in 0..4000 {
        files.link(&format!("node_modules/l{at}"), &format!("l{}", at + 1)).unwrap();
    }
    files.link("node_modules/l4000", "x").unwrap();
    files.link("node_modules/me", "me").unwrap();
    let it = resolver(files);
    finds(&it, "index.js", "l3980", By::Require, "node_modules/x/index.js");
    assert!(it.resolve("index.js", "l0", By::Require).is_err());
    assert!(it.resolve("index.js", "me", By::Require).is_err());
}

/// JSON as a hostile manifest could have it.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1".to_owned()),
        "[./*#a@%\\\\\u{1}ü]{0,12}".prop_map(|it| format!("{it:?}")),
        "(\\./|\\.\\./|#|@a/|node:)?[a*/.]{0,8}".prop_map(|it| format!("{it:?}")),
    ];
    let key = prop_oneof![
        Just("."),
        Just("./*"),
        Just("./a/"),
        Just("node"),
        Just("#a"),
        Just("#*"),
        Just("default")
    ];
    leaf.prop_recursive(6, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|it| format!("[{}]", it.join(","))),
            prop::collection::vec((key.clone(), inner), 0..5).prop_map(|all| {
                let all: Vec<_> = all.iter().map(|(key, it)| format!("{key:?}:{it}")).collect();
                format!("{{{}}}", all.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_manifest_and_specifier_end_in_an_answer(
        (exports, imports, main) in (json(), json(), json()),
        specifier in prop_oneof![
            "(p|#|\\./|\\.\\./|/|@p/|node:|file:|data:)?[pa*/.#?%:@ ü\\u{0}]{0,20}",
            Just("p".to_owned()), Just("p/a".to_owned()), Just("#a".to_owned()), Just("#a/b".to_owned()),
        ],
        import in any::<bool>(),
    ) {
        let manifest = format!("{{\"name\":\"p\",\"exports\":{exports},\"imports\":{imports},\"main\":{main}}}");
        let it = resolver(tree(&[
            ("package.json", &manifest),
            ("index.js", ""),
            ("a/b.js", ""),
            ("node_modules/p/package.json", &manifest),
            ("node_modules/p/a.js", ""),
            ("node_modules/a/index.js", ""),
        ]));
        let by = if import { By::Import } else { By::Require };
        match it.resolve("index.js", &specifier, by) {
            Ok(Target::File(path)) => prop_assert!(crate::files::file(&**it.files(), &path).is_some()),
            Ok(Target::Builtin(_)) => {}
            Err(error) => drop(error.to_string()),
        }
        it.trail("a/b.js", &specifier);
    }
}
