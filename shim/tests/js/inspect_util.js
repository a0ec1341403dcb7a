// node:util: promisify, types, deep equality, command lines, errors of the system.

import util from "node:util";

const { toStringTag: SymbolToStringTag } = Symbol;

const error = (use) => {
    try {
        return use();
    } catch (caught) {
        return `${caught.name} [${caught.code}]: ${caught.message}`;
    }
};
const cyclic = () => {
    const object = { a: 1 };
    object.self = object;
    return object;
};
const options = { foo: { type: "boolean", short: "f" }, bar: { type: "string", multiple: true } };

export const cases = [
    ["promisify", () => util.promisify((a, b, callback) => callback(null, a + b))(1, 2), 3],
    ["promisify with an error", () => util.promisify((callback) => callback(new Error("no")))().catch((e) => e.message), "no"],
    ["promisify with a function of its own", () => {
        const original = () => {};
        original[util.promisify.custom] = () => "own";
        return util.promisify(original)();
    }, "own"],
    ["promisify of no function", () => error(() => util.promisify(5)),
        "TypeError [ERR_INVALID_ARG_TYPE]: The \"original\" argument must be of type function. Received type number (5)"],
    ["callbackify", () => new Promise((resolve) => util.callbackify(async (a) => a + 1)(1, (e, v) => resolve([e, v]))), [null, 2]],
    ["callbackify with a falsy reason", () => new Promise((resolve) => {
        util.callbackify(() => Promise.reject(null))((e) => resolve([e.code, e.reason]));
    }), ["ERR_FALSY_VALUE_REJECTION", null]],
    ["inherits", () => {
        function Base() {}
        function Derived() {}
        util.inherits(Derived, Base);
        return [new Derived() instanceof Base, Derived.super_ === Base];
    }, [true, true]],
    ["types are not fooled by tags", () => [
        util.types.isMap({ [SymbolToStringTag]: "Map" }), util.types.isMap(Object.create(Map.prototype)),
        util.types.isMap(Object.setPrototypeOf(new Map(), null)), util.types.isProxy(new Proxy({}, {})),
        util.types.isAsyncFunction(async () => {}), util.types.isGeneratorObject((function* () {})()),
        util.types.isBoxedPrimitive(Object(1n)), util.types.isUint8Array(new Uint8ClampedArray(1)),
    ], [false, false, true, true, true, true, true, false]],
    ["equal in depth", () => [
        util.isDeepStrictEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), util.isDeepStrictEqual([1], ["1"]),
        util.isDeepStrictEqual(0, -0), util.isDeepStrictEqual(NaN, NaN), util.isDeepStrictEqual(cyclic(), cyclic()),
        util.isDeepStrictEqual(new Set([{ a: 1 }]), new Set([{ a: 1 }])), util.isDeepStrictEqual(/a/g, /a/i),
        util.isDeepStrictEqual(new Error("a"), new Error("b")), util.isDeepStrictEqual([, 1], [undefined, 1]),
        util.isDeepStrictEqual(Object(1), Object(2)), util.isDeepStrictEqual({ __proto__: null }, {}),
    ], [true, false, false, true, true, true, false, false, false, false, false]],
    ["equal in part", () => [
        util.isPartialDeepStrictEqual({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }),
        util.isPartialDeepStrictEqual([1, 2, 3], [1, 3]), util.isPartialDeepStrictEqual({ a: 1 }, { a: 2 }),
    ], [true, true, false]],
    ["command line", () => util.parseArgs({ args: ["-f", "--bar", "1", "--bar=2", "p"], options, allowPositionals: true }),
        { values: { foo: true, bar: ["1", "2"] }, positionals: ["p"] }],
    ["command line with an unknown option", () => error(() => util.parseArgs({ args: ["--no"], options })),
        "TypeError [ERR_PARSE_ARGS_UNKNOWN_OPTION]: Unknown option '--no'"],
    ["variables of a file", () => util.parseEnv("A=1\n# no\nB='x y' # c\nexport C=\"a\\nb\"\n"), { A: "1", B: "x y", C: "a\nb" }],
    ["system errors", () => [util.getSystemErrorName(-2), util.getSystemErrorMap().get(-13)], ["ENOENT", ["EACCES", "permission denied"]]],
    ["without controls", () => util.stripVTControlCharacters("\x1b[31mred\x1b[39m"), "red"],
    ["styled", () => util.styleText(["bold", "red"], "x"), "\x1b[1m\x1b[31mx\x1b[39m\x1b[22m"],
    ["well-formed", () => util.toUSVString("a\ud800"), "a\ufffd"],
    ["a MIME type", () => String(new util.MIMEType("Text/HTML;Charset=\"utf 8\"")), "text/html;charset=\"utf 8\""],
    ["differences", () => util.diff("abc", "adc").map(([operation, item]) => operation + item), ["0a", "1b", "-1d", "0c"]],
    ["debuglog is silent", () => util.debuglog("http").enabled, false],
    ["deprecate keeps the result", () => util.deprecate(() => 5, "old")(), 5],
];
