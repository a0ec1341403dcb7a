use super::*;
use crate::resolve::By;

fn ask(path: &str, text: &str) -> Result<Script, ScriptError> {
    let bytes = text.as_bytes();
    read(&Ask { path, bytes, package_type: None, tsconfig: None, code: true, types: &[] })
}

#[track_caller]
fn code(path: &str, text: &str) -> String {
    ask(path, text).unwrap().code.unwrap().text
}

fn specifiers(script: &Script) -> Vec<(&str, By)> {
    script.requests.iter().map(|it| (it.specifier.as_str(), it.by)).collect()
}

#[test]
fn kinds_are_told_by_syntax() {
    let kind = |path: &str, text: &str| ask(path, text).unwrap().kind.unwrap();
    for text in [
        "import 'a'",
        "export {}",
        "export default 1",
        "x = import.meta.url",
        "await f()",
        "for await (const a of b) ;",
        "const require = 1",
        "class module {}",
        "let { a: [exports] } = b",
        "#!/usr/bin/env node\r\nimport 'a'",
        "\u{FEFF}import 'a'",
    ] {
        assert_eq!(kind("a.js", text), Kind::Module, "{text}");
        assert_eq!(kind("a.ts", text), Kind::Module, "{text}");
    }
    for text in [
        "",
        "import('a')",
        "var require = 1; function module() {}",
        "return 1",
        "await = 1",
        "var await; f(await)",
        "with (a) b",
        "#!/usr/bin/env node\nexports.a = 1",
        "// import 'a'",
        "this is no program",
    ] {
        assert_eq!(kind("a.js", text), Kind::Commonjs, "{text}");
    }
    assert_eq!(kind("a.ts", "import a = require('a'); export = a"), Kind::Commonjs);
    assert_eq!(kind("a.ts", "import a = require('a'); export const b = a"), Kind::Module);
    assert_eq!(kind("a.mjs", ""), Kind::Module);
    assert_eq!(kind("a.cts", ""), Kind::Commonjs);
}

#[test]
fn types_are_stripped() {
    let text = "import { A, type B } from './a'; import type { C } from './c';\n\
        export interface I { a: A }\nexport const x = (y as unknown as B)!;\n\
        enum E { P, Q = 'q' }\nnamespace N { export const z = E.P }\n\
        class K<T> { constructor(private readonly p: T) {} declare d: number; abstract?(): void }\n\
        export { N, K };\nfunction over(a: string): void;\nfunction over(a: any) {}";
    let script = ask("a.ts", text).unwrap();
    let code = script.code.unwrap().text;
    for gone in ["interface", "as unknown", "declare", "./c", "private", "./a"] {
        assert!(!code.contains(gone), "{gone} in {code}");
    }
    assert_eq!(script.requests, []);
    assert_eq!(script.kind, Some(Kind::Module));
}

#[test]
fn jsx_is_classic_unless_the_config_says_so() {
    let text = "export const a = <><A b='c' {...d}>x</A></>;";
    let classic = code("a.jsx", text);
    assert!(classic.contains("React.createElement(React.Fragment, null,"), "{classic}");
    let config = TsConfig { jsx: crate::tsconfig::Jsx::Automatic, ..TsConfig::default() };
    let bytes = text.as_bytes();
    let tsconfig = Some(&config);
    let script =
        read(&Ask { path: "a.tsx", bytes, package_type: None, tsconfig, code: false, types: &[] })
            .unwrap();
    assert_eq!(specifiers(&script), [("react/jsx-runtime", By::Import)]);
}

#[test]
fn places_lead_back() {
    let text =
        "interface A {}\n\ntype B = number;\nfunction f(x: B) {\n  throw new Error('x');\n}\n";
    let code = ask("a.ts", text).unwrap().code.unwrap();
    let at = code.text.find("new Error").unwrap();
    let written = Lines::new(&code.text).place(u32::try_from(at).unwrap());
    assert_eq!(code.places.lookup(written), Some(Place { line: 5, column: 9 }));
}

#[test]
fn errors_name_the_place() {
    let refused = |text: &str| ask("x/a.ts", text).unwrap_err().to_string();
    assert_eq!(refused("let a = 1;\nlet b = ;"), "x/a.ts:2:9: Unexpected token");
    assert_eq!(
        refused("let a = 1;\n  let a = 2;"),
        "x/a.ts:1:5: Identifier `a` has already been declared"
    );
    let namespace = refused("namespace A { export let b = 1; b = 2 }");
    assert!(namespace.starts_with("x/a.ts:1:"), "{namespace}");
}

#[test]
fn javascript_is_never_refused() {
    let script = ask("a.js", "let a = ;").unwrap();
    assert!(matches!(script.unread, Some(ScriptError::Syntax { .. })));
    let deep = "(".repeat(100_000);
    let script = ask("a.js", &deep).unwrap();
    assert!(matches!(script.unread, Some(ScriptError::Beyond(_))));
    let long = format!("export const a = '{}'", "x".repeat(2 << 20));
    assert_eq!(ask("a.js", &long).unwrap().kind, Some(Kind::Module));
}

#[test]
fn requests_are_found() {
    let text = "import a from 'a'; export * from 'b'; export { c } from 'c';\n\
        const d = require('d'), n = 'e' + `f`; require(n); require.resolve(`g`);\n\
        import('h'); import(x); require(y);\n\
        try { require('i') } catch {}\nfunction f() { require('j') }\n\
        if (a) require('k'); require(__dirname + '/l'); module.require('m');\n\
        ((require) => require('no'))(z); import { x as y2 } from 'o' with { type: 'json' };";
    let mut script = ask("a.js", text).unwrap();
    let guessed: Vec<Request> = script.requests.extract_if(.., |it| it.guess).collect();
    assert_eq!(guessed.iter().map(|it| it.specifier.as_str()).collect::<Vec<_>>(), ["no"]);
    let all = ["a", "b", "c", "d", "ef", "g", "h", "i", "j", "k", "./l", "m", "o"];
    assert_eq!(script.requests.iter().map(|it| it.specifier.as_str()).collect::<Vec<_>>(), all);
    let optional = script.requests.iter().filter(|it| it.optional);
    assert_eq!(optional.map(|it| it.specifier.as_str()).collect::<Vec<_>>(), ["i"]);
    let lazy = script.requests.iter().filter(|it| it.lazy);
    assert_eq!(lazy.map(|it| it.specifier.as_str()).collect::<Vec<_>>(), ["h", "j", "k"]);
    assert_eq!(script.unfollowed.len(), 2);
    assert_eq!(script.requests[3].at.to_string(), "2:19");
}

#[test]
fn other_ways_to_require_are_known() {
    let text = "import { createRequire } from 'module'; const r = createRequire(import.meta.url);\n\
        r('a'); r.resolve('b'); createRequire(import.meta.url)('c'); \
        var __require = (x) => x; __require('d'); import.meta.resolve('e'); r(x); path.resolve('no');";
    let script = ask("a.mjs", text).unwrap();
    let found: Vec<&str> = script.requests.iter().map(|it| it.specifier.as_str()).collect();
    assert_eq!(found, ["module", "a", "b", "c", "d", "e"]);
    assert_eq!(script.unfollowed.len(), 1);
}

#[test]
fn files_that_are_read_are_found() {
    let text = "const here = path.dirname(fileURLToPath(import.meta.url));\n\
        fs.readFileSync(path.join(here, 'a', '../b.txt'));\n\
        readFile(new URL('./c.bin', import.meta.url));\n\
        fs.readdirSync(path.resolve(import.meta.dirname, 'd'));\n\
        fs.createReadStream('./e.csv'); app.use(express.static(path.join(here, 'f')));\n\
        fs.readFileSync(path.join(process.cwd(), 'g')); new Worker(new URL('h.js', import.meta.url));\n\
        fs.readFileSync(name); console.log('./no'); path.join(fileURLToPath(import.meta.url), '../i');\n\
        loader.loadSync(here + '/j.proto'); fs.readFileSync('/etc/passwd')";
    let script = ask("x/a.mjs", text).unwrap();
    let found: Vec<_> =
        script.assets.iter().map(|it| (it.base, it.path.as_str(), it.folder)).collect();
    let expected = [
        (Base::Script, "a/../b.txt", false),
        (Base::Script, "./c.bin", false),
        (Base::Script, "./c.bin", false),
        (Base::Script, "d", true),
        (Base::Working, "./e.csv", false),
        (Base::Script, "f", true),
        (Base::Working, "g", false),
        (Base::Script, "h.js", false),
        (Base::Script, "h.js", false),
        (Base::Script, "j.proto", false),
    ];
    for it in expected {
        assert!(found.contains(&it), "{it:?} in {found:?}");
    }
    assert!(found.iter().all(|it| !it.1.contains("etc") && !it.1.contains("no")), "{found:?}");
}

#[test]
fn decorators_are_those_of_typescript() {
    let text = "import { d, p } from './d';\n@d({ type: 'rpc' })\nexport default class A {\n\
        @d() field = 1;\n  @d() method(@p() a: number) {}\n}";
    let script = ask("a.ts", text).unwrap();
    assert_eq!(specifiers(&script), [("./d", By::Import)]);
    let written = script.code.unwrap().text;
    assert!(!written.contains('\u{1}'), "{written}");
    assert!(!written.contains("@d"), "{written}");
    assert!(written.starts_with("const _decorate"), "{written}");
}

#[test]
fn what_cannot_be_decorated_is_refused_by_name() {
    let refused = |text: &str| ask("a.ts", text).unwrap_err().to_string();
    let expression =
        "a.ts:2:5: a decorator is not supported here (only on classes and their members)";
    assert_eq!(refused("let x;\nx = @d class {};"), expression);
    let private = "a.ts:1:11: a member with a private name cannot be decorated";
    assert_eq!(refused("class A { @d #m() {} }"), private);
}

#[test]
fn decorators_of_the_standard_are_refused_by_name() {
    let read = |config: &TsConfig| {
        let bytes = b"class A {\n  @d() x = 1;\n}";
        let tsconfig = Some(config);
        read(&Ask { path: "a.ts", bytes, package_type: None, tsconfig, code: true, types: &[] })
    };
    let mut config = TsConfig::default();
    let message = "a.ts:2:3: standard decorators are not supported; with \"experimentalDecorators\": true in \
                   tsconfig.json these are TypeScript's experimental ones, which are";
    assert_eq!(read(&config).unwrap_err().to_string(), message);
    config.experimental_decorators = true;
    assert!(read(&config).unwrap().code.is_some());
}

#[test]
fn a_namespace_that_exports_a_variable_is_refused_in_our_words() {
    let refused = ask("a.ts", "namespace N {\n  export let a = 1;\n}").unwrap_err().to_string();
    let told =
        "a.ts:2:14: a namespace that exports a variable is not supported, unless that is const";
    assert_eq!(refused, told);
    assert!(ask("a.ts", "namespace N { export const a = 1; export function f() {} }").is_ok());
}

#[test]
fn an_await_outside_of_functions_is_seen() {
    let awaits = |text: &str| ask("a.mjs", text).unwrap().awaits;
    for text in [
        "await 0",
        "if (1) { try { f(await x) } catch {} }",
        "for await (const x of y) ;",
        "{ await using x = y; }",
        "export default [await import('./b')]",
    ] {
        assert!(awaits(text), "{text}");
    }
    for text in [
        "import('./b')",
        "const f = async () => await 0; async function g() { for await (const x of y) ; }",
        "class A { async m() { await 0 } }",
        "'await 0'",
    ] {
        assert!(!awaits(text), "{text}");
    }
}

#[test]
fn values_of_enums_stay_small() {
    let bomb = (1..40).map(|at| format!("A{at} = A{} + A{}", at - 1, at - 1));
    let bomb = format!("enum E {{ A0 = 'xxxxxxxx', {} }}", bomb.collect::<Vec<_>>().join(", "));
    assert!(matches!(ask("a.ts", &bomb), Err(ScriptError::Unsupported { .. })));
    let flags =
        (1..1000).map(|at| format!("A{at} = A{} + 1", at - 1)).collect::<Vec<_>>().join(",");
    assert!(ask("a.ts", &format!("enum E {{ A0, {flags} }}")).is_ok());
}

#[test]
fn a_module_by_syntax_alone_has_what_commonjs_has() {
    let text = "import fs = require('fs');\nexport const a = fs.readFileSync(__dirname + '/x');";
    let script = ask("a.ts", text).unwrap();
    let code = script.code.unwrap().text;
    assert!(code.contains("createRequire"), "{code}");
    assert!(code.contains("const __dirname=import.meta.dirname;"), "{code}");
    assert_eq!(script.requests[0].by, By::Require);
    let module = "export const a = __dirname";
    assert!(!self::code("a.mts", module).contains("import.meta"));
}

#[test]
fn accessors_are_fields_with_a_getter_and_a_setter() {
    let text =
        "class A {\n  @d() private accessor x: number = 1; y = f();\n  static accessor #z;\n}";
    let script = ask("a.ts", text).unwrap();
    let code = script.code.unwrap();
    assert!(!code.text.contains("accessor x"), "{}", code.text);
    assert!(code.text.contains("set x(value)"), "{}", code.text);
    assert!(code.text.contains("#x_accessor_storage = 1"), "{}", code.text);
    let at = code.text.find("f()").unwrap();
    let written = Lines::new(&code.text).place(u32::try_from(at).unwrap());
    assert_eq!(code.places.lookup(written), Some(Place { line: 2, column: 44 }));
    let computed = ask("a.ts", "class A { accessor [x] = 1 }").unwrap_err();
    assert!(matches!(computed, ScriptError::Unsupported { .. }), "{computed}");
    let bad = ask("a.ts", "class A { accessor x = 1; y = 2;; let }\nlet a; let a").unwrap_err();
    assert!(bad.to_string().starts_with("a.ts:"), "{bad}");
}

#[test]
fn a_namespace_of_a_package_is_what_require_gives() {
    let text = "import 'dotenv/config'; import * as _ from 'lodash'; import * as own from './own';\n\
        export const a = _.map([], own.f);";
    let code = code("a.ts", text);
    assert!(code.contains("const _=__importStar(__star0);"), "{code}");
    assert!(code.contains("import * as __star0 from \"lodash\""), "{code}");
    assert!(code.contains("import * as own from \"./own\""), "{code}");
    // A package that says to be a module gets what Node gives.
    let text = "import * as a from 'a'; a.b";
    let module = ask("a.mts", text).unwrap().code.unwrap().text;
    assert!(!module.contains("__importStar"), "{module}");
}

#[test]
fn typescript_that_assigns_to_module_exports_is_commonjs() {
    let script = |text: &str| ask("a.ts", text).unwrap();
    let text = "import type { T } from './t'; import a, { b as c } from 'x'; import * as d from 'y'; import 'z';\n\
        module.exports = (t: T) => [a, c, d];";
    let found = script(text);
    assert_eq!(found.kind, Some(Kind::Commonjs));
    let expected = [("x", By::Require), ("y", By::Require), ("z", By::Require)];
    assert_eq!(specifiers(&found), expected);
    let code = found.code.unwrap().text;
    for part in [
        "const a=(m=>m&&m.__esModule?m.default:m)(require(\"x\"));",
        "const c=require(\"x\").b;",
        "const d=require(\"y\");",
        "require(\"z\");",
        "module.exports = ",
    ] {
        assert!(code.contains(part), "{part} in {code}");
    }
    assert!(!code.contains("import") && !code.contains("export {"), "{code}");
    assert_eq!(
        script("import type { T } from './t'; exports.f = (t: T) => 1").kind,
        Some(Kind::Commonjs)
    );
    assert_eq!(
        script("import a from 'a'; export const f = () => module.exports").kind,
        Some(Kind::Module)
    );
    assert_eq!(script("import a from 'a'; module.exports = await a()").kind, Some(Kind::Module));
    let meta = "import a from 'a'; if (typeof module === 'undefined') a(import.meta.url)";
    assert_eq!(script(meta).kind, Some(Kind::Module));
}

#[test]
fn what_may_be_a_request_is_a_guess() {
    let text = "(function (factory) { factory(require, exports); })(function (require, exports) {\n\
        var a = require('./impl/a'); require(name); });";
    let script = ask("a.js", text).unwrap();
    let found: Vec<_> =
        script.requests.iter().map(|it| (it.specifier.as_str(), it.guess)).collect();
    assert_eq!(found, [("./impl/a", true)]);
    // A script that is too large to be parsed is searched.
    let padding = format!("/*{}*/", " ".repeat(1 << 20));
    let text = format!(
        "import a from'a'; import{{b}}from \"b\";import 'c';export*from'./d';\n\
        var e = require('e'), f = require( \"f\" ), g = require('e'); import('./h'); from x; require(''); {padding}"
    );
    let script = ask("a.js", &text).unwrap();
    assert!(matches!(script.unread, Some(ScriptError::Beyond(_))), "{:?}", script.unread);
    assert!(script.requests.iter().all(|it| it.guess && it.optional && it.lazy));
    let mut found = specifiers(&script);
    found.sort_unstable();
    let (import, require) = (By::Import, By::Require);
    let expected = [
        ("./d", import),
        ("./h", import),
        ("a", import),
        ("b", import),
        ("c", import),
        ("e", require),
        ("f", require),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_express_renders_with_is_found() {
    let text =
        "app.set('view engine', 'ejs'); app.set('views', __dirname + '/views'); app.set('x', 'y');";
    let script = ask("a.js", text).unwrap();
    let found: Vec<_> =
        script.requests.iter().map(|it| (it.specifier.as_str(), it.guess)).collect();
    assert_eq!(found, [("ejs", true)]);
    let assets: Vec<_> =
        script.assets.iter().map(|it| (it.path.as_str(), it.folder, it.read)).collect();
    assert_eq!(assets, [("views", true, true)]);
}
