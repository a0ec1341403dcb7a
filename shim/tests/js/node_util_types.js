// The module "util/types": what each predicate takes for its own, told by kinds of values and by values that look like them.

const types = process.getBuiltinModule("util/types");
const util = process.getBuiltinModule("util");
const { createSecretKey } = process.getBuiltinModule("crypto");

const yes = (value) => Object.keys(types).filter((name) => types[name](value) === true).sort();
const no = (value) => Object.keys(types).filter((name) => types[name](value) !== false);

/** A value with the prototype and the tag of another kind, which it is not. */
const disguised = (of) => Object.defineProperty(Object.create(Object.getPrototypeOf(of)), Symbol.toStringTag,
    { value: Object.prototype.toString.call(of).slice(8, -1) });

export const cases = [
    ["util.types is the module", () => util.types === types, true],
    ["buffers", () => [new ArrayBuffer(1), new SharedArrayBuffer(1), new DataView(new ArrayBuffer(1)), Buffer.alloc(1)].map(yes), [
        ["isAnyArrayBuffer", "isArrayBuffer"], ["isAnyArrayBuffer", "isSharedArrayBuffer"], ["isArrayBufferView", "isDataView"],
        ["isArrayBufferView", "isTypedArray", "isUint8Array"],
    ]],
    ["typed arrays", () => [new Uint8Array(1), new Uint8ClampedArray(1), new Uint16Array(1), new Uint32Array(1), new Int8Array(1), new Int16Array(1),
        new Int32Array(1), new Float32Array(1), new Float64Array(1), new BigInt64Array(1), new BigUint64Array(1)].map(yes), [
        ["isArrayBufferView", "isTypedArray", "isUint8Array"], ["isArrayBufferView", "isTypedArray", "isUint8ClampedArray"],
        ["isArrayBufferView", "isTypedArray", "isUint16Array"], ["isArrayBufferView", "isTypedArray", "isUint32Array"],
        ["isArrayBufferView", "isInt8Array", "isTypedArray"], ["isArrayBufferView", "isInt16Array", "isTypedArray"],
        ["isArrayBufferView", "isInt32Array", "isTypedArray"], ["isArrayBufferView", "isFloat32Array", "isTypedArray"],
        ["isArrayBufferView", "isFloat64Array", "isTypedArray"], ["isArrayBufferView", "isBigInt64Array", "isTypedArray"],
        ["isArrayBufferView", "isBigUint64Array", "isTypedArray"],
    ]],
    ["collections", () => [new Map(), new Set(), new WeakMap(), new WeakSet()].map(yes), [["isMap"], ["isSet"], ["isWeakMap"], ["isWeakSet"]]],
    ["iterators of collections", () => [new Map().entries(), new Map().keys(), new Map()[Symbol.iterator](), new Set().values(),
        new Set().entries()].map(yes), [["isMapIterator"], ["isMapIterator"], ["isMapIterator"], ["isSetIterator"], ["isSetIterator"]]],
    ["iterators of others", () => [[][Symbol.iterator](), ""[Symbol.iterator](), "a".matchAll(/a/g), new URLSearchParams().keys()].map(yes), [[], [],
        [], []]],
    ["functions and what they make", () => [async () => {}, function* () {}, async function* () {}, (function* () {})(), (async function* () {})(),
        () => {}, class {}].map(yes), [
        ["isAsyncFunction"], ["isGeneratorFunction"], ["isAsyncFunction", "isGeneratorFunction"], ["isGeneratorObject"],
        ["isGeneratorObject"], [], [],
    ]],
    ["objects of primitives", () => [Object(1), Object("a"), Object(true), Object(1n), Object(Symbol("a"))].map(yes), [
        ["isBoxedPrimitive", "isNumberObject"], ["isBoxedPrimitive", "isStringObject"], ["isBooleanObject", "isBoxedPrimitive"],
        ["isBigIntObject", "isBoxedPrimitive"], ["isBoxedPrimitive", "isSymbolObject"],
    ]],
    ["primitives are nothing of it", () => [1, "a", true, 1n, Symbol("a"), undefined, null].map(no), [[], [], [], [], [], [], []]],
    ["errors", () => [new Error("a"), new RangeError("a"), new AggregateError([]), new (class extends Error {})(), new DOMException("a")].map(yes),
        [["isNativeError"], ["isNativeError"], ["isNativeError"], ["isNativeError"], ["isNativeError"]]],
    ["what only inherits from an error is none", () => [Object.create(Error.prototype), { name: "Error", message: "a", stack: "" }].map(no), [[], []]],
    ["dates, expressions, promises", () => [new Date(NaN), /a/, Promise.resolve(), { then() {} }].map(yes), [["isDate"], ["isRegExp"], ["isPromise"], []]],
    ["arguments", () => [(function () {
        return arguments;
    })(), (function () {
        "use strict";
        return arguments;
    })(1), [], { length: 0, callee: 1 }].map(yes), [["isArgumentsObject"], ["isArgumentsObject"], [], []]],
    ["a proxy is a proxy and nothing else", () => [yes(new Proxy({}, {})), yes(new Proxy(new Map(), {})), yes(new Proxy(new Uint8Array(1), {})),
        types.isDate(new Proxy(new Date(), {})), types.isNativeError(new Proxy(new Error("a"), {})), types.isProxy(Proxy.revocable({}, {}).proxy)],
            [["isProxy"], ["isProxy"], ["isProxy"], false, false, true]],
    ["a proxy that was revoked is one", () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return [types.isProxy(proxy), types.isMap(proxy), types.isTypedArray(proxy)];
    }, [true, false, false]],
    ["a namespace", async () => {
        const namespace = await import("node:path");
        return [yes(namespace), yes({ ...namespace }), yes(Object.freeze({ __proto__: null, [Symbol.toStringTag]: "Module" }))];
    }, [["isModuleNamespaceObject"], [], []]],
    ["keys", async () => {
        const key = await crypto.subtle.importKey("raw", new Uint8Array(16), { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
        return [yes(key), yes(createSecretKey(Buffer.from("abc"))), yes({ type: "secret" }), yes(Object.create(CryptoKey.prototype))];
    }, [["isCryptoKey"], ["isKeyObject"], [], []]],
    ["there are no external values", () => [types.isExternal({}), types.isExternal(process), types.isExternal(Object.create(null))], [false, false, false]],
    ["what only looks like a kind is not of it", () => [new Map(), new Set(), new Date(), /a/, Promise.resolve(), new ArrayBuffer(1),
        new DataView(new ArrayBuffer(1)),
        new WeakMap(), new WeakSet(), Object(1), Object(1n), (function* () {})(), new Map().keys(),
            new Set().keys()].map((value) => no(disguised(value))), [[], [], [], [], [], [], [], [], [], [], [], [], [], []]],
    ["subclasses are of the kind", () => [new (class extends Map {})(), new (class extends Uint8Array {})(1),
        new (class extends Promise {})(() => {}), new (class extends Date {})()].map(yes), [["isMap"], ["isArrayBufferView", "isTypedArray",
        "isUint8Array"], ["isPromise"], ["isDate"]]],
    ["what a typed array says of itself does not count", () => {
        const bytes = new Uint8Array(1);
        Object.defineProperty(bytes, Symbol.toStringTag, { value: "Float64Array" });
        Object.setPrototypeOf(bytes, Float64Array.prototype);
        return yes(bytes);
    }, ["isArrayBufferView", "isTypedArray", "isUint8Array"]],
    ["half floats", () => (typeof Float16Array === "undefined" ? [["isArrayBufferView", "isFloat16Array", "isTypedArray"], []]
        : [yes(new Float16Array(1)), no({ [Symbol.toStringTag]: "Float16Array" })]), [["isArrayBufferView", "isFloat16Array", "isTypedArray"], []]],
    ["no value is as undefined", () => Object.keys(types).filter((name) => types[name]() !== false), []],
];
