// assert.throws, assert.rejects and their opposites (Node's documentation, "Assert").

import { AssertionError, asGenerated } from "./assertion_error.js";
import { classOf, PROMISE, REGEXP } from "../class_of.js";
import { isDeepStrictEqual } from "../deep_equal.js";
import { inspect } from "../inspect.js";
import { isError } from "../inspect_error.js";
import {
    invalidArgType, invalidArgValue, invalidReturnValue, nodeError, validateFunction,
} from "../node_errors.js";
import { primordials } from "../primordials.js";

const {
    ArrayPrototypePush, Error, FunctionPrototypeCall, ObjectKeys, ObjectPrototypeIsPrototypeOf, RegExpPrototypeExec,
    String, TypeError,
} = primordials;

const NOTHING = { __proto__: null };

const isObject = (value) => typeof value === "object" && value !== null;

const thrownBy = (fn) => {
    validateFunction(fn, "fn");
    try {
        fn();
    } catch (error) {
        return error;
    }
    return NOTHING;
};

const isThenable = (value) => isObject(value) && (classOf(value) === PROMISE
    || (typeof value.then === "function" && typeof value.catch === "function"));

const rejectionOf = async (promiseFn) => {
    let promise = promiseFn;
    if (typeof promiseFn === "function") {
        promise = promiseFn();
        if (!isThenable(promise)) throw invalidReturnValue("instance of Promise", "promiseFn", promise);
    } else if (!isThenable(promiseFn)) {
        throw invalidArgType("promiseFn", ["Function", "Promise"], promiseFn);
    }
    try {
        await promise;
    } catch (error) {
        return error;
    }
    return NOTHING;
};

const matches = (regexp, text) => {
    const { lastIndex } = regexp;
    const found = RegExpPrototypeExec(regexp, text);
    if (found === null) regexp.lastIndex = lastIndex;
    return found !== null;
};

/** Throws the error for a message of the program, which may be an error itself. */
export const failWith = (details, message, generated) => {
    if (isObject(message) && isError(message)) throw message;
    const error = new AssertionError({ ...details, message: message ?? generated });
    throw message === undefined || message === null ? asGenerated(error) : error;
};

/** The members of an error that an object of expectations names, for a readable difference. */
class Comparison {
    constructor(value, keys, other) {
        for (let at = 0; at < keys.length; at++) {
            const key = keys[at];
            if (!(key in value)) continue;
            const isMatched = other !== undefined && typeof other[key] === "string" && classOf(value[key]) === REGEXP
                && matches(value[key], other[key]);
            this[key] = isMatched ? other[key] : value[key];
        }
    }
}

const checkMembers = (actual, expected, message, caller) => {
    if (!isObject(actual) && typeof actual !== "function") {
        const error = new AssertionError({
            actual, expected, message, operator: "deepStrictEqual", stackStartFn: caller,
        });
        error.operator = caller.name;
        throw error;
    }
    const keys = ObjectKeys(expected);
    if (isError(expected)) ArrayPrototypePush(keys, "name", "message");
    else if (keys.length === 0) throw invalidArgValue("error", expected, "may not be an empty object");
    for (let at = 0; at < keys.length; at++) {
        const key = keys[at];
        const isPattern = typeof actual[key] === "string" && classOf(expected[key]) === REGEXP;
        if (isPattern && matches(expected[key], actual[key])) continue;
        if (key in actual && isDeepStrictEqual(actual[key], expected[key])) continue;
        if (message !== undefined && message !== null) failWith({ actual, expected, operator: caller.name }, message);
        const error = new AssertionError({
            actual: new Comparison(actual, keys, undefined),
            expected: new Comparison(expected, keys, actual),
            operator: "deepStrictEqual",
            stackStartFn: caller,
        });
        error.actual = actual;
        error.expected = expected;
        error.operator = caller.name;
        throw error;
    }
};

const checkClass = (actual, expected, message, caller) => {
    if (expected.prototype !== undefined && actual instanceof expected) return;
    const details = { actual, expected, operator: caller.name, stackStartFn: caller };
    if (ObjectPrototypeIsPrototypeOf(Error, expected)) {
        let text = `The error is expected to be an instance of "${expected.name}". Received `;
        text += isObject(actual) && isError(actual)
            ? `"${actual.constructor?.name ?? actual.name}"\n\nError message:\n\n${actual.message}`
            : `"${inspect(actual, { depth: -1 })}"`;
        failWith(details, message, text);
    }
    const result = FunctionPrototypeCall(expected, {}, actual);
    if (result === true) return;
    const name = expected.name ? `"${expected.name}" ` : "";
    let text = `The ${name}validation function is expected to return "true". Received ${inspect(result)}`;
    if (isObject(actual) && isError(actual)) text += `\n\nCaught error:\n\n${String(actual)}`;
    failWith(details, message, text);
};

const checkExpected = (actual, expected, message, caller) => {
    if (typeof expected === "function") {
        checkClass(actual, expected, message, caller);
    } else if (classOf(expected) === REGEXP) {
        const text = String(actual);
        if (matches(expected, text)) return;
        failWith(
            { actual, expected, operator: caller.name, stackStartFn: caller }, message,
            `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(text)}\n`,
        );
    } else {
        checkMembers(actual, expected, message, caller);
    }
};

const expects = (caller, actual, args, what) => {
    let expected = args[0];
    let message = args[1];
    if (typeof expected === "string") {
        if (args.length === 2) throw invalidArgType("error", ["Object", "Error", "Function", "RegExp"], expected);
        const text = isObject(actual) ? actual.message : actual;
        if (text === expected && actual !== NOTHING) {
            const kind = isObject(actual) ? "error message" : "error";
            throw nodeError(
                TypeError, "ERR_AMBIGUOUS_ARGUMENT",
                `The "error/message" argument is ambiguous. The ${kind} "${text}" is identical to the message.`,
            );
        }
        message = expected;
        expected = undefined;
    } else if (expected !== undefined && expected !== null && typeof expected !== "object"
        && typeof expected !== "function") {
        throw invalidArgType("error", ["Object", "Error", "Function", "RegExp"], expected);
    }
    if (actual === NOTHING) {
        let details = expected?.name ? ` (${expected.name})` : "";
        details += message ? `: ${message}` : ".";
        throw new AssertionError({
            actual: undefined, expected, operator: caller.name, message: `Missing expected ${what}${details}`,
            stackStartFn: caller,
        });
    }
    if (expected) checkExpected(actual, expected, message, caller);
};

const expectsNone = (caller, actual, args, what) => {
    if (actual === NOTHING) return;
    let expected = args[0];
    let message = args[1];
    if (typeof expected === "string") {
        message = expected;
        expected = undefined;
    }
    if (!expected || isExpected(actual, expected)) {
        const details = message ? `: ${message}` : ".";
        const text = isObject(actual) ? actual.message : undefined;
        throw new AssertionError({
            actual, expected, operator: caller.name, stackStartFn: caller,
            message: `Got unwanted ${what}${details}\nActual message: "${text}"`,
        });
    }
    throw actual;
};

const isExpected = (actual, expected) => {
    if (typeof expected !== "function") {
        if (classOf(expected) !== REGEXP) throw invalidArgType("expected", ["Function", "RegExp"], expected);
        return matches(expected, String(actual));
    }
    if (expected.prototype !== undefined && actual instanceof expected) return true;
    if (ObjectPrototypeIsPrototypeOf(Error, expected)) return false;
    return FunctionPrototypeCall(expected, {}, actual) === true;
};

export const throws = (fn, ...args) => expects(throws, thrownBy(fn), args, "exception");

export const doesNotThrow = (fn, ...args) => expectsNone(doesNotThrow, thrownBy(fn), args, "exception");

export const rejects = async (promiseFn, ...args) => expects(rejects, await rejectionOf(promiseFn), args, "rejection");

export const doesNotReject = async (promiseFn, ...args) =>
    expectsNone(doesNotReject, await rejectionOf(promiseFn), args, "rejection");

export { matches };
