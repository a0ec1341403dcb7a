// The inspector's view of each kind of object: what stands before the braces, which braces, which parts beside the
// properties.

import * as classes from "./class_of.js";
import { addSymbols, formatPrimitive, formatProperty, formatValue, isSpent, shownKeys } from "./inspect.js";
import { formatError, isError } from "./inspect_error.js";
import { assemble } from "./inspect_layout.js";
import { className, functionText, prefixOf } from "./inspect_names.js";
import { numberText } from "./inspect_text.js";
import natives from "./natives.js";
import { primordials } from "./primordials.js";

const {
    ArrayBufferPrototypeGetByteLength, ArrayIsArray, ArrayPrototypeJoin, ArrayPrototypePush, BigIntPrototypeValueOf,
    BooleanPrototypeValueOf, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength,
    DataViewPrototypeGetByteOffset, DatePrototypeGetTime, DatePrototypeToISOString, DatePrototypeToString,
    MapIteratorPrototypeNext, MapPrototypeEntries, MapPrototypeGetSize, MathMax, MathMin, NumberIsNaN,
    NumberPrototypeToString, NumberPrototypeValueOf, ObjectKeys, ObjectPrototypeHasOwnProperty, ReflectOwnKeys,
    RegExp, RegExpPrototypeToString, SetIteratorPrototypeNext, SetPrototypeGetSize, SetPrototypeValues,
    StringPrototypeCharCodeAt, String, StringPrototypePadStart, StringPrototypeValueOf, SymbolPrototypeValueOf,
    TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset,
    TypedArrayPrototypeGetLength, Uint8Array,
} = primordials;

const { classOf } = classes;

/** Properties of longer lists beside their elements are not looked for: it would take a list of all keys. */
const LONGEST_WITH_KEYS = 65_536;

const isIndex = (key) => {
    if (typeof key !== "string" || key === "" || 10 < key.length || (key[0] === "0" && key !== "0")) return false;
    for (let at = 0; at < key.length; at++) {
        const unit = StringPrototypeCharCodeAt(key, at);
        if (unit < 48 || 57 < unit) return false;
    }
    return +key < 4294967295;
};

/** The keys of properties that are no elements. */
const keysBesideElements = (state, value, length) => {
    if (LONGEST_WITH_KEYS < length) return state.showHidden && ArrayIsArray(value) ? ["length"] : [];
    const all = state.showHidden ? ReflectOwnKeys(value) : ObjectKeys(value);
    const keys = [];
    for (let at = 0; at < all.length; at++) if (!isIndex(all[at])) ArrayPrototypePush(keys, all[at]);
    if (!state.showHidden) addSymbols(value, keys);
    return keys;
};

const moreItems = (count) => `... ${count} more item${1 < count ? "s" : ""}`;

const shownCount = (state, length) => MathMin(MathMax(0, state.maxArrayLength), length);

const arrayParts = (state, value, level) => {
    const { length } = value;
    const most = shownCount(state, length);
    const parts = [];
    let present;
    let at = 0;
    while (at < length && parts.length < most && !isSpent(state)) {
        if (ObjectPrototypeHasOwnProperty(value, at)) {
            ArrayPrototypePush(parts, formatProperty(state, value, level, at, true));
            at++;
            continue;
        }
        // A hole: the next element is found among the keys, since a list may say that it is four billion long.
        present ??= { keys: ObjectKeys(value), next: 0 };
        const { keys } = present;
        while (present.next < keys.length && isIndex(keys[present.next]) && +keys[present.next] < at) present.next++;
        const hasNext = present.next < keys.length && isIndex(keys[present.next]);
        const to = hasNext ? +keys[present.next] : length;
        const count = to - at;
        ArrayPrototypePush(parts, state.stylize(`<${count} empty item${1 < count ? "s" : ""}>`, "undefined"));
        at = to;
    }
    if (at < length) ArrayPrototypePush(parts, moreItems(length - at));
    return parts;
};

const typedArrayParts = (state, value, level) => {
    const length = TypedArrayPrototypeGetLength(value);
    const most = shownCount(state, length);
    const parts = [];
    let at = 0;
    for (; at < most && !isSpent(state); at++) {
        state.meter.values--;
        ArrayPrototypePush(parts, formatPrimitive(state, value[at]));
    }
    if (at < length) ArrayPrototypePush(parts, moreItems(length - at));
    if (state.showHidden) {
        state.indentation += 2;
        const hidden = [
            ["BYTES_PER_ELEMENT", TypedArrayPrototypeGetByteLength(value) / (length || 1) || value.BYTES_PER_ELEMENT],
            ["length", length],
            ["byteLength", TypedArrayPrototypeGetByteLength(value)],
            ["byteOffset", TypedArrayPrototypeGetByteOffset(value)],
            ["buffer", TypedArrayPrototypeGetBuffer(value)],
        ];
        for (let index = 0; index < hidden.length; index++) {
            const text = formatValue(state, hidden[index][1], level, true);
            ArrayPrototypePush(parts, `[${hidden[index][0]}]: ${text}`);
        }
        state.indentation -= 2;
    }
    return parts;
};

const setParts = (state, value, level) => {
    const size = SetPrototypeGetSize(value);
    const most = shownCount(state, size);
    const parts = [];
    state.indentation += 2;
    const iterator = SetPrototypeValues(value);
    let at = 0;
    for (; at < most && !isSpent(state); at++) {
        const step = SetIteratorPrototypeNext(iterator);
        if (step.done) break;
        ArrayPrototypePush(parts, formatValue(state, step.value, level));
    }
    if (at < size) ArrayPrototypePush(parts, moreItems(size - at));
    state.indentation -= 2;
    return parts;
};

const mapParts = (state, value, level) => {
    const size = MapPrototypeGetSize(value);
    const most = shownCount(state, size);
    const parts = [];
    state.indentation += 2;
    const iterator = MapPrototypeEntries(value);
    let at = 0;
    for (; at < most && !isSpent(state); at++) {
        const step = MapIteratorPrototypeNext(iterator);
        if (step.done) break;
        const pair = step.value;
        const key = formatValue(state, pair[0], level);
        ArrayPrototypePush(parts, `${key} => ${formatValue(state, pair[1], level)}`);
    }
    if (at < size) ArrayPrototypePush(parts, moreItems(size - at));
    state.indentation -= 2;
    return parts;
};

// The engine does not tell what an iterator of a Map or Set has left without moving it.
const iteratorKind = (value, tag, keys) => {
    const type = classOf(value) === classes.MAP_ITERATOR ? "Map" : "Set";
    const isOther = tag !== "" && tag !== `${type} Iterator`;
    const braces = [`[${type} Iterator]${isOther ? ` [${tag}]` : ""} {`, "}"];
    return { keys, braces, base: "", isList: false, parts: unknownParts };
};

const bufferParts = (state, value) => {
    const length = byteLengthOf(value);
    if (length === undefined) return [state.stylize("(detached)", "special")];
    // Each byte counts as a value of the meter.
    const most = MathMin(shownCount(state, length), MathMax(0, state.meter.values));
    let bytes;
    try {
        bytes = new Uint8Array(value, 0, most);
    } catch {
        return [state.stylize("(detached)", "special")];
    }
    const texts = [];
    for (let at = 0; at < most; at++) {
        texts[at] = StringPrototypePadStart(NumberPrototypeToString(bytes[at], 16), 2, "0");
    }
    state.meter.values -= most;
    let contents = ArrayPrototypeJoin(texts, " ");
    const remaining = length - most;
    if (0 < remaining) contents += ` ... ${remaining} more byte${1 < remaining ? "s" : ""}`;
    const parts = [`${state.stylize("[Uint8Contents]", "special")}: <${contents}>`];
    ArrayPrototypePush(parts, byteLengthPart(state, length));
    return parts;
};

const byteLengthPart = (state, length) =>
    `${state.stylize("byteLength", "name")}: ${state.stylize(numberText(length, state.numericSeparator), "number")}`;

const byteLengthOf = (value) => {
    try {
        return ArrayBufferPrototypeGetByteLength(value);
    } catch {
        // A SharedArrayBuffer has a getter of its own.
    }
    try {
        return value.byteLength;
    } catch {
        return undefined;
    }
};

const dataViewParts = (state, value, level) => {
    let members;
    try {
        members = {
            byteLength: DataViewPrototypeGetByteLength(value),
            byteOffset: DataViewPrototypeGetByteOffset(value),
            buffer: DataViewPrototypeGetBuffer(value),
        };
    } catch {
        return [state.stylize("(detached)", "special")];
    }
    const parts = [];
    const keys = ObjectKeys(members);
    for (let at = 0; at < keys.length; at++) {
        ArrayPrototypePush(parts, formatProperty(state, members, level, keys[at], false));
    }
    return parts;
};

const promiseParts = (state, value, level) => {
    const found = natives.promiseState(value);
    if (found[0] === 0) return [state.stylize("<pending>", "special")];
    state.indentation += 2;
    const text = formatValue(state, found[1], level);
    state.indentation -= 2;
    return [found[0] === 2 ? `${state.stylize("<rejected>", "special")} ${text}` : text];
};

const unknownParts = (state) => [state.stylize("<items unknown>", "special")];

const namespaceParts = (keys) => (state, value, level) => {
    const parts = [];
    for (let at = 0; at < keys.length; at++) {
        try {
            ArrayPrototypePush(parts, formatProperty(state, value, level, keys[at], false));
        } catch {
            // The module has not run to this export.
            ArrayPrototypePush(parts, `${String(keys[at])}: ${state.stylize("<uninitialized>", "special")}`);
        }
    }
    return parts;
};

const BOXED = { __proto__: null };
BOXED[classes.NUMBER] = ["Number", NumberPrototypeValueOf];
BOXED[classes.STRING] = ["String", StringPrototypeValueOf];
BOXED[classes.BOOLEAN] = ["Boolean", BooleanPrototypeValueOf];
BOXED[classes.BIGINT] = ["BigInt", BigIntPrototypeValueOf];
BOXED[classes.SYMBOL] = ["Symbol", SymbolPrototypeValueOf];

const boxedText = (state, value, number, constructor, tag) => {
    const type = BOXED[number][0];
    const primitive = BOXED[number][1](value);
    let text = `[${type}`;
    if (type !== constructor) text += constructor === null ? " (null prototype)" : ` (${constructor})`;
    const plainState = { __proto__: state, stylize: (part) => part, meter: state.meter };
    text += `: ${formatPrimitive(plainState, primitive)}]`;
    if (tag !== "" && tag !== constructor) text += ` [${tag}]`;
    return text;
};

const only = (whole) => ({ whole, keys: [], braces: ["{", "}"], base: "", isList: false });

/** A value whose text stands alone, or before the braces of its properties. */
const withBase = (state, text, keys, style) => ({
    whole: keys.length === 0 ? (style === undefined ? text : state.stylize(text, style)) : undefined,
    keys,
    braces: ["{", "}"],
    base: text,
    isList: false,
});

/** An object in braces; with no parts and no keys it is `prefix{}`. */
const inBraces = (prefix, keys, parts = undefined, isEmpty = parts === undefined) => ({
    whole: isEmpty && keys.length === 0 ? `${prefix}{}` : undefined,
    keys,
    braces: [`${prefix}{`, "}"],
    base: "",
    isList: false,
    parts,
});

const inBrackets = (prefix, keys, parts, isEmpty) => ({
    whole: isEmpty && keys.length === 0 ? `${prefix}[]` : undefined,
    keys,
    braces: [`${prefix}[`, "]"],
    base: "",
    isList: true,
    parts,
});

const dateText = (value) => (NumberIsNaN(DatePrototypeGetTime(value))
    ? DatePrototypeToString(value)
    : DatePrototypeToISOString(value));

const withPrefix = (text, constructor, tag, type) => {
    const prefix = prefixOf(constructor, tag, type);
    return prefix === `${type} ` ? text : `${prefix}${text}`;
};

/** `{whole}`, or `{keys, braces, base, isList, parts}` with `parts(state, value, level)` beside the properties. */
export const describeKind = (state, value, constructor, tag, level, isElementOfView) => {
    if (ArrayIsArray(value)) {
        const { length } = value;
        const prefix = constructor === "Array" && tag === "" ? "" : prefixOf(constructor, tag, "Array", `(${length})`);
        return inBrackets(prefix, keysBesideElements(state, value, length), arrayParts, length === 0);
    }
    const number = classOf(value);
    if (number === classes.TYPED_ARRAY) {
        const length = TypedArrayPrototypeGetLength(value);
        const prefix = prefixOf(constructor, tag, classes.typedArrayName(value), `(${length})`);
        const keys = keysBesideElements(state, value, length);
        return inBrackets(prefix, keys, typedArrayParts, length === 0 && !state.showHidden);
    }
    const keys = shownKeys(state, value);
    switch (number) {
        case classes.SET: {
            const size = SetPrototypeGetSize(value);
            return inBraces(prefixOf(constructor, tag, "Set", `(${size})`), keys, setParts, size === 0);
        }
        case classes.MAP: {
            const size = MapPrototypeGetSize(value);
            return inBraces(prefixOf(constructor, tag, "Map", `(${size})`), keys, mapParts, size === 0);
        }
        case classes.MAP_ITERATOR:
        case classes.SET_ITERATOR: return iteratorKind(value, tag, keys);
        case classes.ARGUMENTS: {
            const name = constructor === null ? "[Arguments: null prototype] " : "[Arguments] ";
            return inBraces(name, keys);
        }
        case classes.REGEXP: {
            // Without its prototype it has no source and flags that could be read.
            const source = RegExpPrototypeToString(constructor === null ? new RegExp(value) : value);
            const text = withPrefix(source, constructor, tag, "RegExp");
            if (state.depth !== null && state.depth < level) return only(state.stylize(text, "regexp"));
            return withBase(state, text, keys, "regexp");
        }
        case classes.DATE: return withBase(state, withPrefix(dateText(value), constructor, tag, "Date"), keys, "date");
        case classes.ARRAY_BUFFER:
        case classes.SHARED_ARRAY_BUFFER: {
            const type = number === classes.ARRAY_BUFFER ? "ArrayBuffer" : "SharedArrayBuffer";
            const prefix = prefixOf(constructor, tag, type);
            if (!isElementOfView) return inBraces(prefix, keys, bufferParts);
            if (keys.length === 0) return only(`${prefix}{ ${byteLengthPart(state, byteLengthOf(value))} }`);
            return inBraces(prefix, keys, () => [byteLengthPart(state, byteLengthOf(value))]);
        }
        case classes.DATA_VIEW: return inBraces(prefixOf(constructor, tag, "DataView"), keys, dataViewParts);
        case classes.PROMISE: return inBraces(prefixOf(constructor, tag, "Promise"), keys, promiseParts);
        case classes.WEAK_SET: return inBraces(prefixOf(constructor, tag, "WeakSet"), keys, unknownParts);
        case classes.WEAK_MAP: return inBraces(prefixOf(constructor, tag, "WeakMap"), keys, unknownParts);
        case classes.MODULE_NAMESPACE: {
            return inBraces(prefixOf(constructor, tag, "Module"), [], namespaceParts(keys), keys.length === 0);
        }
        case classes.EXTERNAL: return only(state.stylize("[External]", "special"));
        default:
    }
    if (typeof value === "function") {
        const text = functionText(value, constructor, tag);
        return withBase(state, text, keys, "special");
    }
    if (isError(value)) {
        const text = formatError(state, value, constructor, tag, keys);
        return withBase(state, text, keys, undefined);
    }
    if (classes.isBoxed(number)) {
        const own = [];
        // The characters of a String object are no properties of interest.
        const skipped = number === classes.STRING ? StringPrototypeValueOf(value).length : 0;
        for (let at = skipped; at < keys.length; at++) ArrayPrototypePush(own, keys[at]);
        const style = BOXED_STYLES[number];
        return withBase(state, boxedText(state, value, number, constructor, tag), own, style);
    }
    const fallback = constructor === null ? className(value) : "Object";
    if (constructor === "Object" && tag === "") return inPlainBraces(keys);
    return inBraces(prefixOf(constructor, tag, fallback), keys);
};

const BOXED_STYLES = { __proto__: null, 2: "boolean", 3: "number", 4: "string", 5: "symbol", 6: "bigint" };

const inPlainBraces = (keys) => ({
    whole: keys.length === 0 ? "{}" : undefined, keys, braces: ["{", "}"], base: "", isList: false, parts: undefined,
});
