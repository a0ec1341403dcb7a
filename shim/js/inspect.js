// The inspector: a text for any value, with the options and the output of util.inspect in Node's documentation.
//
// It runs no getter unless the option `getters` asks for it, no trap of a proxy, and nothing else of the program but
// `Symbol.toStringTag`, `Symbol.hasInstance`, the members of errors and methods named by `inspect.custom`. What a value
// may cost is bounded: a meter counts values, characters and the work of putting lines together; beyond it stands
// "...".

import * as classes from "./class_of.js";
import { describeKind } from "./inspect_kinds.js";
import { assemble } from "./inspect_layout.js";
import { constructorName, prefixOf, tagOf } from "./inspect_names.js";
import { colors, coloured, plain, styles } from "./inspect_styles.js";
import {
    bigintText, indented, isPlainKey, keyText, lines, numberText, quoted, symbolText, withoutControls,
} from "./inspect_text.js";
import natives from "./natives.js";
import { invalidArgType } from "./node_errors.js";
import { primordials } from "./primordials.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePush, ArrayPrototypeSort, ObjectDefineProperty, ObjectGetOwnPropertySymbols,
    ObjectGetPrototypeOf, ObjectKeys, ObjectPrototypeHasOwnProperty, RangeErrorPrototype, ReflectApply,
    ReflectGetOwnPropertyDescriptor, ReflectOwnKeys, SafeMap, SafeSet, String, StringPrototypeIncludes,
    StringPrototypeRepeat, StringPrototypeSlice, SymbolFor,
} = primordials;

export const custom = SymbolFor("nodejs.util.inspect.custom");

/** A long text inside an object is shown in lines if it has more characters than this. */
const LEAST_FOR_LINES = 16;

/** What one call of `inspect` may cost: values, characters of leaves, and characters copied for lines. */
const GENEROUS = { values: 200_000, characters: 16 * 1024 * 1024, work: 128 * 1024 * 1024 };

const DEFAULTS = {
    showHidden: false,
    depth: 2,
    colors: false,
    customInspect: true,
    showProxy: false,
    maxArrayLength: 100,
    maxStringLength: 10000,
    breakLength: 80,
    compact: 3,
    sorted: false,
    getters: false,
    numericSeparator: false,
};
const OPTIONS = ObjectKeys(DEFAULTS);

// The options that programs may set for all calls (`inspect.defaultOptions`).
const defaults = { ...DEFAULTS };

const newState = (meter) => {
    const state = { __proto__: null, meter, seen: new SafeSet(), circular: undefined, indentation: 0, currentLevel: 0 };
    for (let at = 0; at < OPTIONS.length; at++) state[OPTIONS[at]] = defaults[OPTIONS[at]];
    state.stylize = plain;
    state.userOptions = undefined;
    return state;
};

const readOptions = (state, options) => {
    const keys = ObjectKeys(options);
    for (let at = 0; at < keys.length; at++) {
        const key = keys[at];
        if (ObjectPrototypeHasOwnProperty(DEFAULTS, key) || key === "stylize") state[key] = options[key];
        else if (state.userOptions === undefined) state.userOptions = options;
    }
};

const begin = (state, value) => {
    if (state.colors && state.stylize === plain) state.stylize = coloured;
    if (state.maxArrayLength === null) state.maxArrayLength = 1 / 0;
    if (state.maxStringLength === null) state.maxStringLength = 1 / 0;
    return formatValue(state, value, 0);
};

/** `inspect(value, options)` or, as in old programs, `inspect(value, showHidden, depth, colors)`. */
export function inspect(value, opts) {
    const state = newState({ ...GENEROUS });
    if (1 < arguments.length) {
        if (2 < arguments.length) {
            if (arguments[2] !== undefined) state.depth = arguments[2];
            if (3 < arguments.length && arguments[3] !== undefined) state.colors = arguments[3];
        }
        if (typeof opts === "boolean") state.showHidden = opts;
        else if (opts) readOptions(state, opts);
    }
    return begin(state, value);
}

/** As `inspect`, with a meter of the caller: `{values, characters, work}`, which goes down. */
export const inspectWithin = (value, options, meter) => {
    const state = newState(meter);
    readOptions(state, options);
    return begin(state, value);
};

/** What one line of the console may cost. */
export const consoleMeter = () => ({ values: 10_000, characters: 512 * 1024, work: 16 * 1024 * 1024 });

export const isSpent = (state) => {
    const { meter } = state;
    return meter.values < 0 || meter.characters < 0 || meter.work < 0;
};

/** The options as a method named by `inspect.custom` gets them, with `stylize`. */
const userOptions = (state) => {
    const options = { stylize: state.stylize };
    for (let at = 0; at < OPTIONS.length; at++) options[OPTIONS[at]] = state[OPTIONS[at]];
    return state.userOptions === undefined ? options : { ...options, ...state.userOptions };
};

const formatText = (state, value) => {
    let text = value;
    let trailer = "";
    if (state.maxStringLength < text.length) {
        const remaining = text.length - state.maxStringLength;
        text = StringPrototypeSlice(text, 0, state.maxStringLength);
        trailer = `... ${remaining} more character${1 < remaining ? "s" : ""}`;
    }
    state.meter.characters -= text.length;
    if (state.compact !== true && LEAST_FOR_LINES < text.length
        && state.breakLength - state.indentation - 4 < text.length && StringPrototypeIncludes(text, "\n")) {
        const parts = lines(text);
        for (let at = 0; at < parts.length; at++) parts[at] = state.stylize(quoted(parts[at]), "string");
        return ArrayPrototypeJoin(parts, ` +\n${StringPrototypeRepeat(" ", state.indentation + 2)}`) + trailer;
    }
    return state.stylize(quoted(text), "string") + trailer;
};

export const formatPrimitive = (state, value) => {
    switch (typeof value) {
        case "string": return formatText(state, value);
        case "number": return state.stylize(numberText(value, state.numericSeparator), "number");
        case "bigint": {
            const text = bigintText(value, state.numericSeparator);
            state.meter.characters -= text.length;
            return state.stylize(text, "bigint");
        }
        case "boolean": return state.stylize(`${value}`, "boolean");
        case "undefined": return state.stylize("undefined", "undefined");
        default: {
            const text = symbolText(value);
            state.meter.characters -= text.length;
            return state.stylize(text, "symbol");
        }
    }
};

export const formatValue = (state, value, level, isElementOfView = false) => {
    state.meter.values--;
    state.meter.characters -= 4;
    if (isSpent(state)) return "...";
    if (value === null) return state.stylize("null", "null");
    if (typeof value !== "object" && typeof value !== "function") return formatPrimitive(state, value);

    let target = value;
    while (classes.classOf(target) === classes.PROXY) {
        const parts = natives.proxyParts(target);
        if (parts[0] === null) return state.stylize("<Revoked Proxy>", "special");
        if (state.showProxy) return formatProxy(state, parts, level);
        target = parts[0];
    }
    if (state.customInspect) {
        const method = target[custom];
        if (typeof method === "function" && method !== inspect && !isPrototypeOfItsClass(target)) {
            const depth = state.depth === null ? null : state.depth - level;
            const result = ReflectApply(method, value, [depth, userOptions(state), inspect]);
            if (result !== value) {
                if (typeof result !== "string") return formatValue(state, result, level);
                state.meter.characters -= result.length;
                return indented(result, state.indentation);
            }
        }
    }
    if (state.seen.has(target)) {
        state.circular ??= new SafeMap();
        let number = state.circular.get(target);
        if (number === undefined) {
            number = state.circular.size + 1;
            state.circular.set(target, number);
        }
        return state.stylize(`[Circular *${number}]`, "special");
    }
    return formatObject(state, target, level, isElementOfView);
};

const isPrototypeOfItsClass = (value) => {
    const described = ReflectGetOwnPropertyDescriptor(value, "constructor");
    return described !== undefined && typeof described.value === "function" && described.value.prototype === value;
};

const formatProxy = (state, parts, level) => {
    if (state.depth !== null && state.depth < level) return state.stylize("Proxy [Array]", "special");
    state.indentation += 2;
    const shown = [formatValue(state, parts[0], level + 1), formatValue(state, parts[1], level + 1)];
    state.indentation -= 2;
    return assemble(state, shown, "", ["Proxy [", "]"], true, level + 1, parts);
};

/** The keys of own properties that are shown. */
export const shownKeys = (state, value) => {
    if (state.showHidden) return ReflectOwnKeys(value);
    let keys;
    try {
        keys = ObjectKeys(value);
    } catch {
        // A module whose evaluation has not come to its exports yet.
        const all = ReflectOwnKeys(value);
        const names = [];
        for (let at = 0; at < all.length; at++) if (typeof all[at] === "string") ArrayPrototypePush(names, all[at]);
        return names;
    }
    addSymbols(value, keys);
    return keys;
};

export const addSymbols = (value, keys) => {
    const symbols = ObjectGetOwnPropertySymbols(value);
    for (let at = 0; at < symbols.length; at++) {
        const described = ReflectGetOwnPropertyDescriptor(value, symbols[at]);
        if (described?.enumerable) ArrayPrototypePush(keys, symbols[at]);
    }
};

const describePrototype = (state, level) => (prototype) => {
    if (state.depth !== null && state.depth < level) return "Complex prototype";
    const inner = newState(state.meter);
    inner.customInspect = false;
    inner.depth = -1;
    return formatValue(inner, prototype, 0);
};

const formatObject = (state, value, level, isElementOfView) => {
    const found = state.showHidden && level <= (state.depth ?? 1 / 0) ? {} : undefined;
    const constructor = constructorName(value, describePrototype(state, level), found);
    const tag = nonRepeatedTag(tagOf(value, state.showHidden), constructor);
    // `whole` is the text of a value that has no parts.
    const kind = describeKind(state, value, constructor, tag, level, isElementOfView);
    const inherited = found === undefined ? undefined : inheritedKeys(value, found);
    if (kind.whole !== undefined && (inherited === undefined || inherited.length === 0)) return kind.whole;

    if (state.depth !== null && state.depth < level) {
        const name = StringPrototypeSlice(prefixOf(constructor, tag, kind.isList ? "Array" : "Object"), 0, -1);
        return state.stylize(constructor === null ? name : `[${name}]`, "special");
    }
    const { keys, braces, isList } = kind;
    let { base } = kind;
    let parts;
    state.seen.add(value);
    state.currentLevel = level + 1;
    const { indentation } = state;
    try {
        parts = kind.parts === undefined ? [] : kind.parts(state, value, level + 1);
        const before = parts.length;
        for (let at = 0; at < keys.length; at++) {
            if (isSpent(state)) {
                ArrayPrototypePush(parts, `... ${keys.length - at} more`);
                break;
            }
            ArrayPrototypePush(parts, formatProperty(state, value, level + 1, keys[at], false));
        }
        if (inherited !== undefined) addInherited(state, value, level + 1, inherited, parts);
        if (state.sorted) sortParts(state, parts, before, isList);
    } catch (error) {
        state.indentation = indentation;
        if (!isOverflow(error)) throw error;
        const name = StringPrototypeSlice(prefixOf(constructor, tag, "Object"), 0, -1);
        const text = `[${name}: Inspection interrupted prematurely. Maximum call stack size exceeded.]`;
        return state.stylize(text, "special");
    } finally {
        state.seen.delete(value);
    }
    if (state.circular !== undefined) {
        const number = state.circular.get(value);
        if (number !== undefined) {
            const reference = state.stylize(`<ref *${number}>`, "special");
            if (state.compact !== true) base = base === "" ? reference : `${reference} ${base}`;
            else braces[0] = `${reference} ${braces[0]}`;
        }
    }
    const text = assemble(state, parts, base, braces, isList, level + 1, isList ? value : undefined);
    state.meter.work -= text.length;
    return text;
};

/** A tag that only repeats the name of the constructor says nothing. */
const nonRepeatedTag = (tag, constructor) => (tag !== "" && tag === constructor ? "" : tag);

const sortParts = (state, parts, before, isList) => {
    const order = state.sorted === true ? undefined : state.sorted;
    if (!isList) {
        ArrayPrototypeSort(parts, order);
        return;
    }
    const own = [];
    for (let at = before; at < parts.length; at++) ArrayPrototypePush(own, parts[at]);
    ArrayPrototypeSort(own, order);
    for (let at = 0; at < own.length; at++) parts[before + at] = own[at];
};

export const isOverflow = (error) => classes.classOf(error) === classes.ERROR
    && ObjectGetPrototypeOf(error) === RangeErrorPrototype && StringPrototypeIncludes(`${error.message}`, "call stack");

const BUILT_IN = new SafeSet();
for (const name of [
    "Object", "Function", "Array", "Number", "Boolean", "String", "Symbol", "BigInt", "Date", "Promise", "RegExp",
    "Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError",
    "ArrayBuffer", "Uint8Array", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array", "Float32Array",
    "Float64Array", "Uint8ClampedArray", "BigUint64Array", "BigInt64Array", "DataView", "Map", "Set", "WeakMap",
    "WeakSet", "WeakRef", "Proxy", "FinalizationRegistry",
]) BUILT_IN.add(primordials[name]);

/** Accessors and values of prototypes that are not the language's own; methods are left out. */
const inheritedKeys = (value, found) => {
    if (found.holder === undefined || (found.holder === found.first && BUILT_IN.has(found.constructor))) return [];
    const taken = new SafeSet();
    const result = [];
    let holder = found.first;
    for (let height = 0; height < 3; height++) {
        if (0 < height || holder === value) {
            holder = ObjectGetPrototypeOf(holder);
            if (holder === null) break;
            const described = ReflectGetOwnPropertyDescriptor(holder, "constructor");
            if (described !== undefined && BUILT_IN.has(described.value)) break;
        }
        const keys = ReflectOwnKeys(holder);
        for (let at = 0; at < keys.length; at++) {
            const key = keys[at];
            if (key === "constructor" || taken.has(key) || ObjectPrototypeHasOwnProperty(value, key)) continue;
            taken.add(key);
            const described = ReflectGetOwnPropertyDescriptor(holder, key);
            if (typeof described.value !== "function") ArrayPrototypePush(result, { key, holder });
        }
    }
    return result;
};

const addInherited = (state, value, level, inherited, parts) => {
    for (let at = 0; at < inherited.length; at++) {
        const { key, holder } = inherited[at];
        const text = formatProperty(state, holder, level, key, false, value);
        ArrayPrototypePush(parts, state.colors ? `\x1b[2m${text}\x1b[22m` : text);
    }
};

const formatGetter = (state, described, level, owner) => {
    const label = described.set === undefined ? "Getter" : "Getter/Setter";
    const { getters, stylize } = state;
    const isAsked = getters && (getters === true || (getters === "get" && described.set === undefined)
        || (getters === "set" && described.set !== undefined));
    if (!isAsked) return stylize(`[${label}]`, "special");
    let result;
    try {
        result = ReflectApply(described.get, owner, []);
    } catch (error) {
        let message;
        try {
            message = `${error.message}`;
        } catch {
            message = "";
        }
        return stylize(`[${label}: <Inspection threw (${message})>]`, "special");
    }
    state.indentation += 2;
    let text;
    if (typeof result === "object" && result !== null) {
        text = `${stylize(`[${label}]`, "special")} ${formatValue(state, result, level)}`;
    } else {
        const shown = formatValue(state, result, level);
        text = `${stylize(`[${label}:`, "special")} ${shown}${stylize("]", "special")}`;
    }
    state.indentation -= 2;
    return text;
};

const formatKey = (state, key, described) => {
    if (typeof key === "symbol") return `[${state.stylize(symbolText(key), "symbol")}]`;
    state.meter.characters -= key.length;
    if (key === "__proto__") return "['__proto__']";
    if (described.enumerable === false) return `[${keyText(key)}]`;
    return isPlainKey(key) ? state.stylize(key, "name") : state.stylize(quoted(key), "string");
};

/** "key: value"; of an element of a list the value alone. */
export const formatProperty = (state, value, level, key, isElement, owner = value) => {
    const described = ReflectGetOwnPropertyDescriptor(value, key)
        ?? { value: value[key], configurable: true, enumerable: true };
    let text;
    let between = " ";
    state.meter.characters -= state.indentation;
    if (described.value !== undefined) {
        const step = state.compact !== true || isElement ? 2 : 3;
        state.indentation += step;
        text = formatValue(state, described.value, level);
        if (step === 3 && state.breakLength < (state.colors ? withoutControls(text) : text).length) {
            between = `\n${StringPrototypeRepeat(" ", state.indentation)}`;
        }
        state.indentation -= step;
    } else if (described.get !== undefined) {
        text = formatGetter(state, described, level, owner);
    } else if (described.set !== undefined) {
        text = state.stylize("[Setter]", "special");
    } else {
        text = state.stylize("undefined", "undefined");
    }
    return isElement ? text : `${formatKey(state, key, described)}:${between}${text}`;
};

inspect.custom = custom;
inspect.colors = colors;
inspect.styles = styles;
ObjectDefineProperty(inspect, "defaultOptions", {
    __proto__: null,
    get: () => defaults,
    set: (options) => {
        if (options === null || typeof options !== "object") throw invalidArgType("options", "Object", options);
        const keys = ObjectKeys(options);
        for (let at = 0; at < keys.length; at++) {
            if (ObjectPrototypeHasOwnProperty(DEFAULTS, keys[at])) defaults[keys[at]] = options[keys[at]];
        }
    },
    enumerable: true,
    configurable: false,
});
