// util.promisify and util.callbackify (Node's documentation).

import { nodeError, validateFunction } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";

const {
    ArrayPrototypePop, ArrayPrototypePush, Error, ObjectDefineProperties, ObjectDefineProperty,
    ObjectGetOwnPropertyDescriptors, ObjectGetPrototypeOf, ObjectSetPrototypeOf, Promise, PromisePrototypeThen,
    PromiseResolveValue, ReflectApply, ReflectOwnKeys, SymbolFor,
} = primordials;

const custom = SymbolFor("nodejs.util.promisify.custom");

/** A function that gives a promise, of one that takes a callback `(error, value)` as its last argument. */
export const promisify = function promisify(original) {
    validateFunction(original, "original");
    const given = original[custom];
    if (given) {
        validateFunction(given, "util.promisify.custom");
        return marked(given, given);
    }
    const promised = function (...args) {
        return new Promise((resolve, reject) => {
            ArrayPrototypePush(args, (error, value) => {
                if (error) reject(error);
                else resolve(value);
            });
            ReflectApply(original, this, args);
        });
    };
    ObjectSetPrototypeOf(promised, ObjectGetPrototypeOf(original));
    marked(promised, promised);
    return withMembers(promised, ObjectGetOwnPropertyDescriptors(original));
};

const marked = (target, value) => ObjectDefineProperty(target, custom, {
    __proto__: null, value, enumerable: false, writable: false, configurable: true,
});

const withMembers = (target, described) => {
    const keys = ReflectOwnKeys(described);
    const safe = { __proto__: null };
    for (let at = 0; at < keys.length; at++) safe[keys[at]] = { __proto__: null, ...described[keys[at]] };
    return ObjectDefineProperties(target, safe);
};

promisify.custom = custom;

/** A function that takes a callback, of one that gives a promise. */
export const callbackify = (original) => {
    validateFunction(original, "original");
    const callbackified = function (...args) {
        const callback = ArrayPrototypePop(args);
        validateFunction(callback, "last argument");
        // The callback runs outside of the promise: what it throws is not caught by it.
        const tell = (list) => enqueue((...received) => ReflectApply(callback, this, received), list);
        const promise = PromiseResolveValue(ReflectApply(original, this, args));
        PromisePrototypeThen(promise, (value) => tell([null, value]), (reason) => tell([reasonOf(reason)]));
    };
    const described = ObjectGetOwnPropertyDescriptors(original);
    if (typeof described.length.value === "number") described.length.value++;
    if (typeof described.name.value === "string") described.name.value += "Callbackified";
    return withMembers(callbackified, described);
};

/** A callback tells an error from none by its truth. */
const reasonOf = (reason) => {
    if (reason) return reason;
    const error = nodeError(Error, "ERR_FALSY_VALUE_REJECTION", "Promise was rejected with falsy value");
    error.reason = reason;
    return error;
};
