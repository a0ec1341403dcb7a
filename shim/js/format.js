// util.format: a text with places such as %s and %d, as Node's documentation of util.format and the Console standard's
// Formatter describe them.

import { classOf, PROXY } from "./class_of.js";
import { inspect } from "./inspect.js";
import { bigintText, numberText } from "./inspect_text.js";
import natives from "./natives.js";
import { invalidArgType } from "./node_errors.js";
import { primordials } from "./primordials.js";

const {
    JSONStringify, Number, NumberParseFloat, NumberParseInt, ObjectGetPrototypeOf, ObjectPrototypeHasOwnProperty,
    ReflectGetOwnPropertyDescriptor, SafeSet, String, StringPrototypeCharCodeAt, StringPrototypeIncludes,
    StringPrototypeSlice, SymbolToPrimitive,
} = primordials;

const BUILT_IN = new SafeSet();
for (const name of [
    "Object", "Function", "Array", "Number", "Boolean", "String", "Symbol", "BigInt", "Date", "Promise", "RegExp",
    "Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError",
    "ArrayBuffer", "Uint8Array", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array", "Float32Array",
    "Float64Array", "Uint8ClampedArray", "BigUint64Array", "BigInt64Array", "DataView", "Map", "Set", "WeakMap",
    "WeakSet", "WeakRef", "FinalizationRegistry", "TypedArray",
]) BUILT_IN.add(primordials[name]);

/** Whether `toString` of the object is the language's own, so that the inspector says more. */
const hasBuiltInToString = (value) => {
    let holder = value;
    while (classOf(holder) === PROXY) {
        holder = natives.proxyParts(holder)[0];
        if (holder === null) return true;
    }
    if (ObjectPrototypeHasOwnProperty(holder, "toString") || ObjectPrototypeHasOwnProperty(holder, SymbolToPrimitive)) {
        return false;
    }
    do {
        holder = ObjectGetPrototypeOf(holder);
        if (holder === null) return true;
    } while (!ObjectPrototypeHasOwnProperty(holder, "toString"));
    const described = ReflectGetOwnPropertyDescriptor(holder, "constructor");
    return described !== undefined && BUILT_IN.has(described.value);
};

const asString = (value, options, inspector) => {
    switch (typeof value) {
        case "number": return numberText(value, false);
        case "bigint": return bigintText(value, false);
        case "object":
            if (value !== null && hasBuiltInToString(value)) {
                return inspector(value, { ...options, depth: 0, colors: false, compact: 3 });
            }
        // Falls through: null and objects with a `toString` of their own.
        default: return String(value);
    }
};

const asJson = (value) => {
    try {
        return JSONStringify(value);
    } catch (error) {
        // The language has no class for it: the message tells the error of a cycle from one of the program.
        if (StringPrototypeIncludes(`${error?.message}`, "circular")) return "[Circular]";
        throw error;
    }
};

const asNumber = (value, convert) => {
    if (typeof value === "bigint") return bigintText(value, false);
    if (typeof value === "symbol") return "NaN";
    return numberText(convert(value), false);
};

/** The text of one place, or undefined where the letter is none. */
const place = (letter, value, options, inspector) => {
    switch (letter) {
        case 115: return asString(value, options, inspector); // s
        case 106: return asJson(value); // j
        case 100: return typeof value === "object" ? numberText(Number(value), false) : asNumber(value, Number); // d
        case 79: return inspector(value, options); // O
        case 111: return inspector(value, { ...options, showHidden: true, showProxy: true, depth: 4 }); // o
        case 105: return asNumber(value, NumberParseInt); // i
        case 102: return typeof value === "symbol" ? "NaN" : numberText(NumberParseFloat(value), false); // f
        case 99: return ""; // c
        default: return undefined;
    }
};

const PERCENT = 37;

/** The text of a list of arguments; `inspector(value, options)` gives the texts of values. */
export const formatList = (options, args, inspector) => {
    const first = args[0];
    let text = "";
    let next = 0;
    let isFirst = true;
    if (typeof first === "string") {
        if (args.length === 1) return first;
        let from = 0;
        for (let at = 0; at < first.length - 1; at++) {
            if (StringPrototypeCharCodeAt(first, at) !== PERCENT) continue;
            at++;
            const letter = StringPrototypeCharCodeAt(first, at);
            if (letter === PERCENT) {
                text += StringPrototypeSlice(first, from, at);
                from = at + 1;
                continue;
            }
            if (next + 1 === args.length) continue;
            const shown = place(letter, args[next + 1], options, inspector);
            if (shown === undefined && letter !== 106) continue;
            next++;
            text += `${StringPrototypeSlice(first, from, at - 1)}${shown}`;
            from = at + 1;
        }
        if (from !== 0) {
            next++;
            isFirst = false;
            if (from < first.length) text += StringPrototypeSlice(first, from);
        }
    }
    for (; next < args.length; next++) {
        const value = args[next];
        if (!isFirst) text += " ";
        isFirst = false;
        text += typeof value === "string" ? value : inspector(value, { ...options, compact: 3 });
    }
    return text;
};

export const format = (...args) => formatList(undefined, args, inspect);

export const formatWithOptions = (inspectOptions, ...args) => {
    if (typeof inspectOptions !== "object" || inspectOptions === null) {
        throw invalidArgType("inspectOptions", "object", inspectOptions);
    }
    return formatList(inspectOptions, args, inspect);
};
