// The functions of the language that most apps use. The engine makes a function when it is first read, and keeps those
// that are made one after another side by side. Here they are made before all others: what an app uses is then in few
// pages of memory, each of which a clone of the zygote copies when it counts a reference there.

const { prototype: array } = Array;
const { prototype: string } = String;
const COMMON = [
    [globalThis, ["JSON", "Math", "Date", "Map", "Set", "Promise", "RegExp", "Number", "Boolean", "Symbol", "Uint8Array",
        "ArrayBuffer", "Error", "TypeError", "RangeError", "SyntaxError", "parseInt", "parseFloat", "isNaN",
        "encodeURIComponent", "decodeURIComponent", "console", "globalThis"]],
    [JSON, ["parse", "stringify"]],
    [Object, ["keys", "values", "entries", "assign", "freeze", "fromEntries", "create", "defineProperty"]],
    [Object.prototype, ["hasOwnProperty", "toString", "valueOf", "constructor"]],
    [array, ["push", "pop", "shift", "unshift", "slice", "splice", "concat", "join", "reverse", "sort", "map", "filter",
        "forEach", "reduce", "some", "every", "find", "findIndex", "indexOf", "includes", "flat", "flatMap", "fill",
        "keys", "entries", "values", "at", "constructor", Symbol.iterator]],
    [Array, ["isArray", "from", "of"]],
    [string, ["split", "replace", "replaceAll", "slice", "substring", "indexOf", "includes", "startsWith", "endsWith",
        "trim", "toLowerCase", "toUpperCase", "charAt", "charCodeAt", "codePointAt", "padStart", "padEnd", "repeat",
        "match", "matchAll", "concat", "toString", "localeCompare", "at", Symbol.iterator]],
    [String, ["fromCharCode"]],
    [Number, ["isInteger", "isFinite", "isNaN", "parseFloat", "parseInt"]],
    [Number.prototype, ["toFixed", "toString"]],
    [Math, ["floor", "ceil", "round", "max", "min", "abs", "random", "trunc", "pow", "sqrt"]],
    [Date, ["now", "parse"]],
    [Date.prototype, ["getTime", "toISOString", "getFullYear", "getMonth", "getDate", "getHours", "toJSON", "toString",
        Symbol.toPrimitive]],
    [Map.prototype, ["get", "set", "has", "delete", "forEach", "entries", "keys", "values", Symbol.iterator]],
    [Set.prototype, ["add", "has", "delete", "forEach", "values", Symbol.iterator]],
    [Promise, ["resolve", "reject", "all", "allSettled", "race", Symbol.species]],
    [Promise.prototype, ["then", "catch", "finally", "constructor"]],
    [RegExp.prototype, ["test", "exec", "flags", "global", Symbol.replace, Symbol.split, Symbol.match, "constructor"]],
    [Object.getPrototypeOf(Uint8Array).prototype, ["set", "subarray", "slice", "fill", "map"]],
    [Object.getPrototypeOf([][Symbol.iterator]()), ["next"]],
    [Error.prototype, ["toString", "name", "message"]],
    [TypeError.prototype, ["name", "message"]],
    [Function.prototype, ["call", "apply", "bind"]],
];

for (let at = 0; at < COMMON.length; at++) {
    const owner = COMMON[at][0];
    const names = COMMON[at][1];
    for (let index = 0; index < names.length; index++) Reflect.getOwnPropertyDescriptor(owner, names[index]);
}
