// The functions of "util" with awkward arguments.

import { code, failure } from "./common.mjs";

const util = process.getBuiltinModule("util");

const args = (list, options, more = {}) => {
    const [kind, value, message] = failure(() => util.parseArgs({ args: list, options, ...more }));
    return kind === "gave" ? [{ ...value.values }, value.positionals] : [value, message];
};
const FLAGS = { foo: { type: "boolean", short: "f" }, bar: { type: "string", short: "b" }, many: { type: "string", multiple: true },
    loud: { type: "boolean", default: true }, name: { type: "string", default: "x" } };

export const cases = [
    ["command lines", () => [args([], FLAGS), args(["-f"], FLAGS), args(["--foo", "--bar", "v"], FLAGS), args(["--bar=v", "-b", "w"], FLAGS),
        args(["-fbv"], FLAGS), args(["-fb=v"], FLAGS), args(["--many", "1", "--many=2"], FLAGS), args(["--bar="], FLAGS), args(["--bar", "--", "x"], FLAGS),
        args(["--foo=v"], FLAGS), args(["--no-loud"], FLAGS), args(["--no-loud"], FLAGS, { allowNegative: true }), args(["a"], FLAGS), args(["a",
            "--", "--foo"], FLAGS, { allowPositionals: true }), args(["--none"], FLAGS), args(["--none", "x"], FLAGS, { strict: false }), args(["-z"],
            FLAGS), args(["--bar", "-f"], FLAGS),
        args(["-"], FLAGS, { allowPositionals: true }), args(["--"], FLAGS), args(["-ff"], FLAGS)], [
        [{ loud: true, name: "x" }, []], [{ foo: true, loud: true, name: "x" }, []],
        [{ foo: true, bar: "v", loud: true, name: "x" }, []], [{ bar: "w", loud: true, name: "x" }, []],
        [{ foo: true, bar: "v", loud: true, name: "x" }, []], [{ foo: true, bar: "=v", loud: true, name: "x" }, []],
        [{ many: ["1", "2"], loud: true, name: "x" }, []], [{ bar: "", loud: true, name: "x" }, []],
        ["ERR_PARSE_ARGS_INVALID_OPTION_VALUE",
            "Option '--bar' argument is ambiguous.\nDid you forget to specify the option argument for '--bar'?\nTo specify an option argument starting with a dash use '--bar=-XYZ'."],
        ["ERR_PARSE_ARGS_INVALID_OPTION_VALUE", "Option '-f, --foo' does not take an argument"],
        ["ERR_PARSE_ARGS_UNKNOWN_OPTION", "Unknown option '--no-loud'"], [{ loud: false, name: "x" }, []],
        ["ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL", "Unexpected argument 'a'. This command does not take positional arguments"],
        [{ loud: true, name: "x" }, ["a", "--foo"]], ["ERR_PARSE_ARGS_UNKNOWN_OPTION", "Unknown option '--none'"],
        [{ none: true, loud: true, name: "x" }, ["x"]], ["ERR_PARSE_ARGS_UNKNOWN_OPTION", "Unknown option '-z'"],
        ["ERR_PARSE_ARGS_INVALID_OPTION_VALUE",
            "Option '--bar' argument is ambiguous.\nDid you forget to specify the option argument for '--bar'?\nTo specify an option argument starting with a dash use '--bar=-XYZ'."],
        [{ loud: true, name: "x" }, ["-"]], [{ loud: true, name: "x" }, []], [{ foo: true, loud: true, name: "x" }, []],
    ]],
    ["tokens of a command line", () => util.parseArgs({ args: ["-f", "--bar", "v", "p", "--", "q"], options: FLAGS, allowPositionals: true,
        tokens: true }).tokens, [
        { kind: "option", name: "foo", rawName: "-f", index: 0 },
        { kind: "option", name: "bar", rawName: "--bar", index: 1, value: "v", inlineValue: false },
        { kind: "positional", index: 3, value: "p" }, { kind: "option-terminator", index: 4 },
        { kind: "positional", index: 5, value: "q" },
    ]],
    ["command lines described wrongly", () => [[5], [[], 5], [[], { a: 5 }], [[], { a: {} }], [[], { a: { type: "number" } }], [[],
        { a: { type: "string", short: "ab" } }], [[], { a: { type: "string", multiple: 1 } }], [[], { a: { type: "string", default: 5 } }], [[],
        { a: { type: "string", multiple: true, default: "x" } }]]
        .map(([list, options]) => failure(() => util.parseArgs({ args: list, options })).slice(0, 2)), [
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_VALUE"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["format", () => [util.format("%s %d %i %f %j %o %O %c %%", "a", "1.5", "1.9", "2.5x", { a: 1 }, [1], { b: 2 }, "css"), util.format("%s"),
        util.format("%z", 1), util.format("a", "b", 5), util.format(1, 2), util.format("%s", Symbol("a"), 5n, -0), util.format("%d", 5n),
        util.format("%i", "abc"), util.format("%d", {}), util.format("%j", { toJSON() {
        return 7;
    } }), util.format("%s", null, undefined), util.format("%s", { toString: () => "own" }), util.format("%s", class A {}), util.format("%s", () => 1),
        util.format("%s", new Date(0)), util.format("%s", [1, [2, [3]]]), util.format(), util.format("%"), util.format("%s%"), util.format("%%s", 1),
        util.format("%s", -0), util.format("%f", Symbol("a")),
        util.format("%O", { a: { b: { c: { d: {} } } } })], [
        "a 1.5 1 2.5 {\"a\":1} [ 1, [length]: 1 ] { b: 2 }  %", "%s", "%z 1", "a b 5", "1 2", "Symbol(a) 5n -0", "5n", "NaN", "NaN", "7",
        "null undefined", "own", "class A {}", "() => 1", "1970-01-01T00:00:00.000Z", "[ 1, [Array] ]", "", "%", "%s%", "%s 1", "-0",
        "NaN", "{ a: { b: { c: [Object] } } }",
    ]],
    ["format of a circle in JSON", () => {
        const own = {};
        own.own = own;
        return [util.format("%j", own), failure(() => util.format("%j", { toJSON() {
            throw new RangeError("own");
        } }))];
    }, ["[Circular]", ["RangeError", null, "own"]]],
    ["formatWithOptions", () => [util.formatWithOptions({ colors: true }, "%s %O", "a", { b: 1 }), util.formatWithOptions({ compact: false }, "%O",
        { a: [1] }), failure(() => util.formatWithOptions(5, "a")).slice(0, 2), util.formatWithOptions({}, "a")], [
        "a { b: \u001b[33m1\u001b[39m }", "{\n  a: [\n    1\n  ]\n}", ["TypeError", "ERR_INVALID_ARG_TYPE"], "a",
    ]],
    ["inspect takes its options by place too", () => [util.inspect({ a: { b: { c: {} } } }, false, 0), util.inspect({ a: 1 }, true, 2, true),
        util.inspect("a\n'"), util.inspect(new Map([[{ a: 1 }, new Set([1])]])), util.inspect(Object.create(null)), util.inspect([, 1]),
        util.inspect(new Proxy({ a: 1 }, {}), { showProxy: true }), util.inspect({ get a() {
        return 1;
    }, set b(value) {} }), util.inspect({ get a() {
        return { c: 1 };
    } }, { getters: true }), util.inspect("a".repeat(30), { maxStringLength: 5 }), util.inspect([1, 2, 3, 4], { maxArrayLength: 2 }),
        util.inspect({ b: 1, a: 2 }, { sorted: true }), util.inspect(123456.789, { numericSeparator: true }),
        util.inspect(new (class Own extends Map {})()), util.inspect({ [util.inspect.custom]: (depth, options) => options.stylize("own",
        "number") })], [
        "{ a: [Object] }", "{ a: \u001b[33m1\u001b[39m }", "\"a\\n'\"", "Map(1) { { a: 1 } => Set(1) { 1 } }",
        "[Object: null prototype] {}", "[ <1 empty item>, 1 ]", "Proxy [ { a: 1 }, {} ]", "{ a: [Getter], b: [Setter] }",
        "{ a: [Getter] { c: 1 } }", "'aaaaa'... 25 more characters", "[ 1, 2, ... 2 more items ]", "{ a: 2, b: 1 }", "123_456.789",
        "Own(0) [Map] {}", "own",
    ]],
    ["what of inspect can be set", () => {
        const before = util.inspect.defaultOptions.depth;
        util.inspect.defaultOptions = { depth: 0 };
        const shown = util.inspect({ a: { b: 1 } });
        util.inspect.defaultOptions = { depth: before };
        return [before, shown, util.inspect({ a: { b: 1 } }), util.inspect.custom === Symbol.for("nodejs.util.inspect.custom"),
            util.inspect.styles.number, util.inspect.colors.red, code(() => {
            util.inspect.defaultOptions = null;
        })];
    }, [2, "{ a: [Object] }", "{ a: { b: 1 } }", true, "yellow", [31, 39], "ERR_INVALID_ARG_TYPE"]],
    ["inherits", () => {
        function Base() {}
        Base.prototype.own = () => 5;
        function Derived() {}
        const before = Derived.prototype;
        util.inherits(Derived, Base);
        return [new Derived().own(), Derived.super_ === Base, Derived.prototype === before, failure(() => util.inherits(null, Base)).slice(0, 2),
            failure(() => util.inherits(Derived, {})).slice(0, 2), failure(() => util.inherits(Derived, () => {})).slice(0, 2)];
    }, [5, true, true, ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"]]],
    ["promisify", async () => {
        const own = util.promisify(function (value, callback) {
            callback(null, [this?.x, value]);
        });
        const several = (callback) => callback(null, 1, 2);
        return [await own.call({ x: 1 }, 2), await util.promisify(several)(), util.promisify(own) === own, own.length,
            failure(() => util.promisify({})).slice(0, 2), await util.promisify((callback) => {
            throw new RangeError("at once");
        })().catch((error) => error.name), failure(() => util.promisify(Object.assign(() => {}, { [util.promisify.custom]: 5 }))).slice(0, 2)];
    }, [[1, 2], 1, true, 2, ["TypeError", "ERR_INVALID_ARG_TYPE"], "RangeError", ["TypeError", "ERR_INVALID_ARG_TYPE"]]],
    ["callbackify", async () => {
        const answer = (run, ...values) => new Promise((resolve) => util.callbackify(run)(...values, (error,
            value) => resolve([error?.message ?? error, value])));
        return [await answer(async (a, b) => a + b, 1, 2), await answer(async () => {
            throw new Error("own");
        }), await answer(() => Promise.reject(0)), util.callbackify(async function named(a, b) {}).name, util.callbackify(async (a, b) => {}).length,
            failure(() => util.callbackify(5)).slice(0, 2), failure(() => util.callbackify(async () => {})("no function")).slice(0, 2)];
    }, [
        [null, 3], ["own", null], ["Promise was rejected with falsy value", null], "namedCallbackified", 3,
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["deprecate warns once for each code", async () => {
        const seen = [];
        const listen = (warning) => seen.push([warning.name, warning.code, warning.message]);
        process.on("warning", listen);
        const one = util.deprecate((value) => value + 1, "old", "NODE_UTIL_FORMS");
        const two = util.deprecate(() => 2, "older", "NODE_UTIL_FORMS");
        const found = [one(1), one(2), two(), util.deprecate(class Own {}, "x", "NODE_UTIL_FORMS").name];
        await new Promise((resolve) => setTimeout(resolve, 3));
        process.off("warning", listen);
        return [found, seen, failure(() => util.deprecate(() => {}, "a", 5)).slice(0, 2)];
    }, [[2, 3, 2, "deprecated"], [["DeprecationWarning", "NODE_UTIL_FORMS", "old"]], ["TypeError", "ERR_INVALID_ARG_TYPE"]]],
    ["variables of files", () => ["A=1", " A = 1 ", "A", "A=", "=1", "#A=1", "A=1 # c", "A=\"1 # c\"", "A='x\ny'\nB=2", "A=\"a\\nb\"", "A='a\\nb'",
        "A=`a\"b'`", "export A=1", "A=1\r\nB=2\r\n", "A=\"open", "A=1\nA=2", "A=a=b", "A='1' 2",
        ""].map((text) => ({ ...util.parseEnv(text) })), [
        { A: "1" }, { A: "1" }, {}, { A: "" }, {}, {}, { A: "1" }, { A: "1 # c" }, { A: "x\ny", B: "2" }, { A: "a\nb" }, { A: "a\\nb" },
        { A: "a\"b'" }, { A: "1" }, { A: "1", B: "2" }, { A: "\"open" }, { A: "2" }, { A: "a=b" }, { A: "1" },
        {},
    ]],
    ["variables want text", () => [failure(() => util.parseEnv(5)).slice(0, 2), failure(() => util.parseEnv()).slice(0, 2)], [
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["styles", () => [util.styleText("red", "a", { validateStream: false }), util.styleText(["bold", "underline"], "a", { validateStream: false }),
        failure(() => util.styleText("nothing", "a")).slice(0, 2), failure(() => util.styleText("red", 5)).slice(0, 2),
        failure(() => util.styleText(["red", 5], "a")).slice(0, 2)], [
        "\u001b[31ma\u001b[39m", "\u001b[1m\u001b[4ma\u001b[24m\u001b[22m", ["TypeError", "ERR_INVALID_ARG_VALUE"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_VALUE"],
    ]],
    ["without controls", () => [util.stripVTControlCharacters("\u001b[1;31ma\u001b[0m"),
        util.stripVTControlCharacters("\u001b]8;;http://x\u0007link\u001b]8;;\u0007"), util.stripVTControlCharacters("\u009b2Ka"),
        failure(() => util.stripVTControlCharacters(5)).slice(0, 2)], ["a", "link", "a", ["TypeError", "ERR_INVALID_ARG_TYPE"]]],
    ["texts that are well-formed", () => [util.toUSVString("a\ud800b\udc00"), util.toUSVString("\ud83d\ude00"), util.toUSVString(5),
        util.toUSVString({ toString: () => "\udfff" })], ["a\ufffdb\ufffd", "\ud83d\ude00", "5", "\ufffd"]],
    ["equal in depth", () => [util.isDeepStrictEqual({ a: [1, new Map([[1, { b: 2 }]])] }, { a: [1, new Map([[1, { b: 2 }]])] }),
        util.isDeepStrictEqual(new Set([1, 2]), new Set([2, 1])), util.isDeepStrictEqual([1], { 0: 1, length: 1 }), util.isDeepStrictEqual(Object(1n),
        Object(1n)), util.isDeepStrictEqual(NaN, NaN), util.isDeepStrictEqual()], [true, true, false, true, true, true]],
    ["MIME types", () => ["text/plain", "TEXT/HTML; Charset=UTF-8; a=\"b;c\"", "a/b;x", "a/b;x=;y=1",
        "a/b; x=\"\\\"\""].map((text) => String(new util.MIMEType(text))).concat(["text", "/a", "a/", "a b/c",
        ""].map((text) => code(() => new util.MIMEType(text)))), [
        "text/plain", "text/html;charset=UTF-8;a=\"b;c\"", "a/b", "a/b;y=1", "a/b;x=\"\\\"\"", "ERR_INVALID_MIME_SYNTAX",
        "ERR_INVALID_MIME_SYNTAX", "ERR_INVALID_MIME_SYNTAX", "ERR_INVALID_MIME_SYNTAX", "ERR_INVALID_MIME_SYNTAX",
    ]],
    ["members of MIME types can be set", () => {
        const own = new util.MIMEType("a/b;c=1");
        own.type = "X";
        own.subtype = "Y+z";
        own.params.set("d", "e f");
        return [`${own}`, own.essence, JSON.stringify(own), code(() => {
            own.type = "";
        }), code(() => {
            own.subtype = "a/b";
        })];
    }, ["x/y+z;c=1;d=\"e f\"", "x/y+z", "\"x/y+z;c=1;d=\\\"e f\\\"\"", "ERR_INVALID_MIME_SYNTAX", "ERR_INVALID_MIME_SYNTAX"]],
    ["debuglog calls back when it is asked for", () => {
        const log = util.debuglog("node_util_forms", () => {});
        return [log.enabled, log("a"), typeof util.debuglog("x")];
    }, [false, null, "function"]],
    ["the classes of texts are the global ones", () => [util.TextEncoder === TextEncoder, util.TextDecoder === TextDecoder,
        new util.TextDecoder("latin1").encoding, [...new util.TextEncoder().encode("\u20ac")]], [true, true, "windows-1252", [226, 130, 172]]],
];
