// The language's own functions as they were before any code of an app ran: what an app puts into a prototype later
// changes nothing for the scripts here.
//
// Each function of a prototype is one whose first argument is its `this`: `ArrayPrototypePush(list, item)`. Those of
// constructors and namespaces keep their names: `ObjectKeys(value)`, `JSONStringify(value)`. Getters and setters are
// `TypedArrayPrototypeGetLength(bytes)`, symbols `SymbolIterator`. A name that does not exist is undefined.

const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { bind, call } = Function.prototype;
const uncurryThis = bind.bind(call);

export const primordials = { __proto__: null, uncurryThis, applyBind: bind.bind(apply) };

const upper = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;

const nameOf = (key) => {
    if (typeof key === "string") return upper(key);
    // Symbol.iterator of a prototype is ArrayPrototypeSymbolIterator.
    return `Symbol${upper(key.description.slice("Symbol.".length))}`;
};

const copy = (owner, prefix, isPrototype) => {
    for (const key of ownKeys(owner)) {
        const { value, get, set } = getOwnPropertyDescriptor(owner, key);
        const name = `${prefix}${nameOf(key)}`;
        if (get !== undefined) primordials[`${prefix}Get${nameOf(key)}`] = uncurryThis(get);
        if (set !== undefined) primordials[`${prefix}Set${nameOf(key)}`] = uncurryThis(set);
        if (get !== undefined || set !== undefined) continue;
        if (typeof value !== "function") primordials[name] = value;
        else if (isPrototype && key !== "constructor") primordials[name] = uncurryThis(value);
        else if (!isPrototype) primordials[name] = bind.call(value, owner);
    }
};

for (const name of ["JSON", "Math", "Reflect", "Atomics"]) copy(globalThis[name], name, false);

const CLASSES = [
    "AggregateError", "Array", "ArrayBuffer", "BigInt", "BigInt64Array", "BigUint64Array", "Boolean", "DataView", "Date",
    "Error", "EvalError", "FinalizationRegistry", "Float32Array", "Float64Array", "Function", "Int16Array", "Int32Array",
    "Int8Array", "Map", "Number", "Object", "Promise", "Proxy", "RangeError", "ReferenceError", "RegExp", "Set", "String",
    "Symbol", "SyntaxError", "TypeError", "URIError", "Uint16Array", "Uint32Array", "Uint8Array", "Uint8ClampedArray",
    "WeakMap", "WeakRef", "WeakSet",
];
for (const name of CLASSES) {
    const original = globalThis[name];
    if (original === undefined) continue;
    primordials[name] = original;
    copy(original, name, false);
    if (original.prototype !== undefined) copy(original.prototype, `${name}Prototype`, true);
}

const intrinsics = {
    TypedArray: getPrototypeOf(Uint8Array),
    ArrayIterator: { prototype: getPrototypeOf([][Symbol.iterator]()) },
    MapIterator: { prototype: getPrototypeOf(new Map()[Symbol.iterator]()) },
    SetIterator: { prototype: getPrototypeOf(new Set()[Symbol.iterator]()) },
    StringIterator: { prototype: getPrototypeOf(""[Symbol.iterator]()) },
    Iterator: { prototype: getPrototypeOf(getPrototypeOf([][Symbol.iterator]())) },
    AsyncIterator: { prototype: getPrototypeOf(getPrototypeOf(async function* () {}.prototype)) },
};
for (const [name, original] of Object.entries(intrinsics)) {
    primordials[name] = original;
    if (typeof original === "function") copy(original, name, false);
    copy(original.prototype, `${name}Prototype`, true);
}

for (const name of [
    "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "parseFloat", "parseInt", "atob", "btoa",
    "queueMicrotask",
]) {
    if (globalThis[name] !== undefined) primordials[name] = globalThis[name];
}

// Lists and tables whose methods nobody has changed. A SafeMap is a Map for `instanceof` no more: its prototype has the
// same methods, frozen.
const freeze = (constructor, safe) => {
    for (const key of ownKeys(constructor.prototype)) {
        if (key === "constructor") continue;
        defineProperty(safe.prototype, key, getOwnPropertyDescriptor(constructor.prototype, key));
    }
    Object.setPrototypeOf(safe.prototype, null);
    Object.freeze(safe.prototype);
    return safe;
};
primordials.SafeMap = freeze(Map, class SafeMap extends Map { constructor() { super(); } });
primordials.SafeSet = freeze(Set, class SafeSet extends Set { constructor() { super(); } });
primordials.SafeWeakMap = freeze(WeakMap, class SafeWeakMap extends WeakMap { constructor() { super(); } });
primordials.SafeWeakSet = freeze(WeakSet, class SafeWeakSet extends WeakSet { constructor() { super(); } });

// Promises: `then` without a look at what an app has put into the prototype or at `constructor`.
const { PromisePrototypeThen, Promise: OriginalPromise } = primordials;
primordials.PromisePrototypeThen = (promise, fulfilled, rejected) => PromisePrototypeThen(promise, fulfilled, rejected);
primordials.PromiseResolveValue = (value) => OriginalPromise.resolve(value);
primordials.construct = construct;

Object.freeze(primordials);
