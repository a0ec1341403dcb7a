// The inspector: what it shows of each kind of value, and with which options.

import { inspect } from "node:util";

const circular = () => {
    const object = { a: 1 };
    object.self = object;
    object.b = { object, c: {} };
    object.b.c.d = object.b;
    return object;
};
const hole = () => {
    const list = [];
    list[4_000_000_000] = 1;
    return list;
};
class Shape { constructor() { this.side = 2; } }
class Square extends Shape {}
class FormError extends Error {}

export const cases = [
    ["minus zero", () => inspect(-0), "-0"],
    ["bigint", () => inspect(10n), "10n"],
    ["text with a quote", () => inspect("it's"), "\"it's\""],
    ["text with both quotes", () => inspect("it's \"q\""), "`it's \"q\"`"],
    ["text with all quotes", () => inspect("'\"`"), "'\\'\"`'"],
    ["control characters", () => inspect("\0\n\x1b\x7f"), "'\\x00\\n\\x1B\\x7F'"],
    ["lone surrogate", () => inspect("\ud800"), "'\\ud800'"],
    ["pair of surrogates", () => inspect("😀"), "'😀'"],
    ["long text is cut", () => inspect("abcdef", { maxStringLength: 2 }), "'ab'... 4 more characters"],
    ["holes", () => inspect([, 1, , , 2]), "[ <1 empty item>, 1, <2 empty items>, 2 ]"],
    ["a hole of four billion", () => inspect(hole()), "[ <4000000000 empty items>, 1 ]"],
    ["list with properties", () => inspect(Object.assign([1], { x: 2 })), "[ 1, x: 2 ]"],
    ["many elements", () => inspect(new Array(120).fill(1), { maxArrayLength: 1 }), "[ 1, ... 119 more items ]"],
    ["numbers in columns", () => inspect([1, 22, 333, 4, 5, 6, 7]), "[\n  1, 22, 333, 4,\n  5,  6,   7\n]"],
    ["depth", () => inspect({ a: { b: { c: { d: 1 } } } }), "{ a: { b: { c: [Object] } } }"],
    ["depth of a list", () => inspect([[[[1]]]]), "[ [ [ [Array] ] ] ]"],
    ["cycles", () => inspect(circular()),
        "<ref *1> {\n  a: 1,\n  self: [Circular *1],\n  b: <ref *2> { object: [Circular *1], c: { d: [Circular *2] } }\n}"],
    ["map", () => inspect(new Map([["k", { v: 1 }]])), "Map(1) { 'k' => { v: 1 } }"],
    ["set", () => inspect(new Set([1, "a"])), "Set(2) { 1, 'a' }"],
    ["weak map", () => inspect(new WeakMap()), "WeakMap { <items unknown> }"],
    ["typed array", () => inspect(new Uint8Array(2)), "Uint8Array(2) [ 0, 0 ]"],
    ["array buffer", () => inspect(new ArrayBuffer(2)), "ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 }"],
    ["date", () => inspect(new Date(0)), "1970-01-01T00:00:00.000Z"],
    ["bad date", () => inspect(new Date(NaN)), "Invalid Date"],
    ["regular expression", () => inspect(/a/g), "/a/g"],
    ["boxed", () => inspect([Object(1), Object("s"), Object(Symbol("q"))]),
        "[ [Number: 1], [String: 's'], [Symbol: Symbol(q)] ]"],
    ["promises", () => inspect([Promise.resolve(1), new Promise(() => {})]), "[ Promise { 1 }, Promise { <pending> } ]"],
    ["functions", () => inspect([function f() {}, () => {}, async () => {}, function* g() {}]),
        "[\n  [Function: f],\n  [Function (anonymous)],\n  [AsyncFunction (anonymous)],\n  [GeneratorFunction: g]\n]"],
    ["classes", () => inspect([Shape, Square, class {}]), "[ [class Shape], [class Square extends Shape], [class (anonymous)] ]"],
    ["objects of classes", () => inspect([new Shape(), new Square()]), "[ Shape { side: 2 }, Square { side: 2 } ]"],
    ["no prototype", () => inspect({ __proto__: null, a: 1 }), "[Object: null prototype] { a: 1 }"],
    ["symbol keys", () => inspect({ [Symbol("k")]: 1, "a-b": 2 }), "{ 'a-b': 2, [Symbol(k)]: 1 }"],
    ["tag", () => inspect({ get [Symbol.toStringTag]() { return "T"; } }), "{ [Symbol(Symbol.toStringTag)]: [Getter] }"],
    ["getters do not run", () => {
        let ran = 0;
        const text = inspect({ get a() { return ++ran; }, set b(value) { ran = value; } });
        return [text, ran];
    }, ["{ a: [Getter], b: [Setter] }", 0]],
    ["getters on demand", () => inspect({ get a() { return 1; } }, { getters: true }), "{ a: [Getter: 1] }"],
    ["traps of a proxy do not run", () => {
        let ran = 0;
        const handler = { get() { ran++; }, ownKeys() { ran++; return []; }, getPrototypeOf() { ran++; return null; } };
        return [inspect(new Proxy({ a: 1 }, handler)), ran];
    }, ["{ a: 1 }", 0]],
    ["proxy on demand", () => inspect(new Proxy({ a: 1 }, {}), { showProxy: true }), "Proxy [ { a: 1 }, {} ]"],
    ["custom", () => inspect({ a: { [inspect.custom](depth) { return `depth ${depth}`; } } }), "{ a: depth 1 }"],
    ["custom is off", () => inspect({ [inspect.custom]: 1 }, { customInspect: false }),
        "{ [Symbol(nodejs.util.inspect.custom)]: 1 }"],
    ["sorted", () => inspect({ b: 1, a: 2 }, { sorted: true }), "{ a: 2, b: 1 }"],
    ["separators", () => inspect([1234567.891, 12345n], { numericSeparator: true }), "[ 1_234_567.891, 12_345n ]"],
    ["one line", () => inspect({ a: { b: 1 } }, { compact: true }), "{ a: { b: 1 } }"],
    ["one part a line", () => inspect({ a: { b: 1 } }, { compact: false }), "{\n  a: {\n    b: 1\n  }\n}"],
    ["colours", () => inspect({ a: 1, b: "x" }, { colors: true }), "{ a: \x1b[33m1\x1b[39m, b: \x1b[32m'x'\x1b[39m }"],
    ["head of an error", () => inspect(new TypeError("m")).split("\n")[0], "TypeError: m"],
    ["class of an error", () => inspect(new FormError("m")).split("\n")[0], "FormError: m"],
    ["cause", () => inspect(new Error("o", { cause: "i" })).includes("[cause]: 'i'"), true],
    ["errors of an AggregateError", () => inspect(new AggregateError([1], "m")).includes("[errors]: [ 1 ]"), true],
    ["properties of an error", () => inspect(Object.assign(new Error("m"), { code: "E" })).includes("{\n  code: 'E'\n}"), true],
    ["a million keys cost little", () => {
        const wide = {};
        for (let at = 0; at < 20_000; at++) wide[`k${at}`] = at;
        return inspect([wide, wide, wide], { depth: 0 });
    }, "[ [Object], [Object], [Object] ]"],
    ["a deep value ends", () => {
        let deep = {};
        for (let at = 0; at < 100_000; at++) deep = { deep };
        return typeof inspect(deep, { depth: null });
    }, "string"],
];
