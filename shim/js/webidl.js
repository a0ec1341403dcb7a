// Conversions of arguments as Web IDL defines them (webidl.spec.whatwg.org), and what every interface object has.
//
// A converter takes a value and a text that names it in errors, such as "Argument 1": `(value, what) => converted`.

import { primordials } from "./primordials.js";

const {
    ArrayBufferIsView, ArrayBufferPrototypeGetByteLength, ArrayPrototypePush,
    MathFloor, MathMax, MathMin, MathTrunc, Number, NumberIsFinite, NumberIsNaN, NumberMAX_SAFE_INTEGER,
    ObjectDefineProperties, ObjectDefineProperty, ReflectGetOwnPropertyDescriptor, ReflectOwnKeys, ReflectApply, String,
    StringPrototypeCharCodeAt, StringPrototypeToWellFormed, SymbolIterator, SymbolToStringTag,
    TypeError, TypedArrayPrototypeGetSymbolToStringTag,
} = primordials;

export const fail = (what, why) => {
    throw new TypeError(`${what} ${why}`);
};

/** Throws unless at least `least` arguments were given. */
export const needs = (given, least, what) => {
    if (given < least) {
        throw new TypeError(`${what}: ${least} argument${least === 1 ? "" : "s"} required, but only ${given} present.`);
    }
};

export const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

export const any = (value) => value;

export const boolean = (value) => !!value;

export const object = (value, what) => (isObject(value) ? value : fail(what, "is not an object."));

export const callback = (value, what) => (typeof value === "function" ? value : fail(what, "is not a function."));

const number = (value, what) => {
    if (typeof value === "bigint" || typeof value === "symbol") fail(what, `is a ${typeof value}, not a number.`);
    return Number(value);
};

export const unrestrictedDouble = number;

export const double = (value, what) => {
    const converted = number(value, what);
    return NumberIsFinite(converted) ? converted : fail(what, "is not a finite number.");
};

const evenRound = (value) => {
    const floor = MathFloor(value);
    if (value - floor !== 0.5) return MathFloor(value + 0.5);
    return floor % 2 === 0 ? floor : floor + 1;
};

/** An integer type of so many bits; `mode` is undefined, "enforce" ([EnforceRange]) or "clamp" ([Clamp]). */
const integer = (bits, signed, mode) => {
    const size = 2 ** bits;
    const least = bits === 64 ? (signed ? -NumberMAX_SAFE_INTEGER : 0) : signed ? -(size / 2) : 0;
    const most = bits === 64 ? NumberMAX_SAFE_INTEGER : signed ? size / 2 - 1 : size - 1;
    return (value, what) => {
        let converted = number(value, what);
        if (mode === "enforce") {
            if (!NumberIsFinite(converted)) fail(what, "is not a finite number.");
            converted = MathTrunc(converted);
            if (converted < least || most < converted) fail(what, `is outside of ${least} to ${most}.`);
            return converted + 0;
        }
        if (mode === "clamp" && !NumberIsNaN(converted)) {
            return evenRound(MathMin(MathMax(converted, least), most)) + 0;
        }
        if (!NumberIsFinite(converted) || converted === 0) return 0;
        converted = MathTrunc(converted) % size;
        if (converted < 0) converted += size;
        return (signed && size / 2 <= converted ? converted - size : converted) + 0;
    };
};

export const short = integer(16, true);
export const unsignedShort = integer(16, false);
export const unsignedShortEnforced = integer(16, false, "enforce");
export const long = integer(32, true);
export const unsignedLong = integer(32, false);
export const unsignedLongEnforced = integer(32, false, "enforce");
export const octetEnforced = integer(8, false, "enforce");
export const longLong = integer(64, true);
export const longLongClamped = integer(64, true, "clamp");
export const unsignedLongLong = integer(64, false);
export const unsignedLongLongEnforced = integer(64, false, "enforce");

export const DOMString = (value, what) => {
    if (typeof value === "string") return value;
    if (typeof value === "symbol") fail(what, "is a symbol, not a string.");
    return String(value);
};

export const USVString = (value, what) => StringPrototypeToWellFormed(DOMString(value, what));

export const ByteString = (value, what) => {
    const text = DOMString(value, what);
    for (let at = 0; at < text.length; at++) {
        if (255 < StringPrototypeCharCodeAt(text, at)) fail(what, "has a character above 255.");
    }
    return text;
};

export const nullable = (converter) => (value, what) =>
    value === null || value === undefined ? null : converter(value, what);

export const optional = (converter, otherwise) => (value, what) =>
    value === undefined ? otherwise : converter(value, what);

export const enumeration = (name, values) => (value, what) => {
    const text = DOMString(value, what);
    for (let at = 0; at < values.length; at++) if (values[at] === text) return text;
    return fail(what, `is "${text}", which is no ${name}.`);
};

/** An interface type: `isOne` tells its objects. */
export const interfaceOf = (name, isOne) => (value, what) => (isOne(value) ? value : fail(what, `is no ${name}.`));

export const isArrayBuffer = (value) => {
    try {
        ArrayBufferPrototypeGetByteLength(value);
        return true;
    } catch {
        return false;
    }
};

/** The name of its class, such as "Uint8Array", or undefined. */
export const typedArrayName = (value) => TypedArrayPrototypeGetSymbolToStringTag(value);

export const BufferSource = (value, what) =>
    ArrayBufferIsView(value) || isArrayBuffer(value) ? value : fail(what, "is neither an ArrayBuffer nor a view of one.");

/** Calls `each` with every value of an iterable. */
export const iterate = (iterable, what, each) => {
    const method = iterable[SymbolIterator];
    if (typeof method !== "function") fail(what, "is not iterable.");
    iterateBy(iterable, method, what, each);
};

export const iterateBy = (iterable, method, what, each) => {
    const iterator = ReflectApply(method, iterable, []);
    if (!isObject(iterator)) fail(what, "has an iterator that is not an object.");
    const { next } = iterator;
    for (;;) {
        const step = ReflectApply(next, iterator, []);
        if (!isObject(step)) fail(what, "has an iterator whose result is not an object.");
        if (step.done) return;
        each(step.value);
    }
};

export const sequence = (converter) => (value, what) => {
    if (!isObject(value)) fail(what, "is not iterable.");
    const items = [];
    iterate(value, what, (item) => ArrayPrototypePush(items, converter(item, `${what}: item ${items.length}`)));
    return items;
};

/** A list of pairs of key and value. */
export const record = (keyConverter, valueConverter) => (value, what) => {
    if (!isObject(value)) fail(what, "is not an object.");
    const pairs = [];
    const at = { __proto__: null };
    const keys = ReflectOwnKeys(value);
    for (let index = 0; index < keys.length; index++) {
        const key = keys[index];
        const described = ReflectGetOwnPropertyDescriptor(value, key);
        if (described === undefined || !described.enumerable) continue;
        const name = keyConverter(key, `${what}: a key`);
        const pair = [name, valueConverter(value[key], `${what}: "${name}"`)];
        // Two keys can be one after their conversion: the later value counts, in the place of the first.
        if (at[name] === undefined) {
            at[name] = pairs.length;
            ArrayPrototypePush(pairs, pair);
        } else {
            pairs[at[name]] = pair;
        }
    }
    return pairs;
};

/**
 * A dictionary: `members` are `{key, converter, required, otherwise}` in the order in which they are read (that of their
 * names). `otherwise` is a value or, for objects, a function that makes one.
 */
export const dictionary = (members) => (value, what) => {
    if (value !== undefined && value !== null && !isObject(value)) fail(what, "is not an object.");
    const result = { __proto__: null };
    for (let index = 0; index < members.length; index++) {
        const { key, converter, required, otherwise } = members[index];
        const member = value === undefined || value === null ? undefined : value[key];
        if (member !== undefined) {
            result[key] = converter(member, `${what}: "${key}"`);
        } else if (required) {
            fail(what, `lacks "${key}", which is required.`);
        } else if (otherwise !== undefined) {
            result[key] = typeof otherwise === "function" ? otherwise() : otherwise;
        }
    }
    return result;
};

/** Makes the members of a class as those of an interface: enumerable, with its name as tag. */
export const defineInterface = (constructor, name = constructor.name, { statics = true } = {}) => {
    const { prototype } = constructor;
    enumerable(prototype);
    if (statics) enumerable(constructor, ["length", "name", "prototype"]);
    ObjectDefineProperty(prototype, SymbolToStringTag, { __proto__: null, value: name, configurable: true });
};

const enumerable = (owner, except = ["constructor"]) => {
    const keys = ReflectOwnKeys(owner);
    for (let index = 0; index < keys.length; index++) {
        const key = keys[index];
        if (typeof key === "symbol" || includes(except, key)) continue;
        ObjectDefineProperty(owner, key, { __proto__: null, enumerable: true });
    }
};

const includes = (list, item) => {
    for (let index = 0; index < list.length; index++) if (list[index] === item) return true;
    return false;
};

/** Constants of an interface, on its constructor and its prototype. */
export const defineConstants = (constructor, constants) => {
    const keys = ReflectOwnKeys(constants);
    for (let index = 0; index < keys.length; index++) {
        const described = { __proto__: null, value: constants[keys[index]], enumerable: true };
        ObjectDefineProperty(constructor, keys[index], described);
        ObjectDefineProperty(constructor.prototype, keys[index], described);
    }
};

/** What of `globalThis` is an interface or a function of the platform: not enumerable, can be replaced. */
export const defineGlobal = (name, value, enumerable = false) => {
    ObjectDefineProperty(globalThis, name, { __proto__: null, value, writable: true, enumerable, configurable: true });
};

export { ObjectDefineProperties };
