// node:assert (Node's documentation, "Assert").

import { AssertionError, asGenerated } from "../assert/assertion_error.js";
import { doesNotReject, doesNotThrow, failWith, matches, rejects, throws } from "../assert/throwing.js";
import { classOf, REGEXP } from "../class_of.js";
import { isDeepEqual, isDeepStrictEqual, isPartialDeepStrictEqual } from "../deep_equal.js";
import { inspect } from "../inspect.js";
import { isError } from "../inspect_error.js";
import { invalidArgType, missingArgs, validateObject } from "../node_errors.js";
import { primordials } from "../primordials.js";

const { NumberIsNaN, ObjectAssign, ObjectIs, StringPrototypeIndexOf, StringPrototypeSlice } = primordials;

/** An assertion of two values; `holds` compares them, `operator` names it in the error. */
const comparing = (name, operator, holds) => ({
    [name](actual, expected, message) {
        if (arguments.length < 2) throw missingArgs("actual", "expected");
        if (holds(actual, expected)) return;
        failWith({ actual, expected, operator, stackStartFn: compared[name] }, message);
    },
})[name];

// The language's own loose comparison is what `equal` promises.
const isEqual = (actual, expected) => actual == expected || (NumberIsNaN(actual) && NumberIsNaN(expected));

const compared = {
    equal: comparing("equal", "==", isEqual),
    notEqual: comparing("notEqual", "!=", (actual, expected) => !isEqual(actual, expected)),
    deepEqual: comparing("deepEqual", "deepEqual", isDeepEqual),
    notDeepEqual: comparing("notDeepEqual", "notDeepEqual", (actual, expected) => !isDeepEqual(actual, expected)),
    deepStrictEqual: comparing("deepStrictEqual", "deepStrictEqual", isDeepStrictEqual),
    notDeepStrictEqual: comparing(
        "notDeepStrictEqual", "notDeepStrictEqual", (actual, expected) => !isDeepStrictEqual(actual, expected),
    ),
    strictEqual: comparing("strictEqual", "strictEqual", ObjectIs),
    notStrictEqual: comparing("notStrictEqual", "notStrictEqual", (actual, expected) => !ObjectIs(actual, expected)),
    partialDeepStrictEqual: comparing("partialDeepStrictEqual", "partialDeepStrictEqual", isPartialDeepStrictEqual),
};

const check = (caller, args) => {
    const value = args[0];
    if (value) return;
    const details = { actual: value, expected: true, operator: "==", stackStartFn: caller };
    if (args.length === 0) failWith(details, undefined, "No value argument passed to `assert.ok()`");
    failWith(details, args[1], "The expression evaluated to a falsy value");
};

/** `assert` and `assert.ok` are one function, and so are those of the strict mode. */
const ok = (...args) => check(ok, args);

const fail = (message = undefined) => {
    if (message !== null && typeof message === "object" && isError(message)) throw message;
    const error = new AssertionError({ operator: "fail", stackStartFn: fail, message: message ?? "Failed" });
    throw message === undefined ? asGenerated(error) : error;
};

const ifError = (value) => {
    if (value === null || value === undefined) return;
    const isOne = typeof value === "object" && typeof value.message === "string";
    const text = isOne ? (value.message.length === 0 && value.constructor ? value.constructor.name : value.message)
        : inspect(value);
    const error = new AssertionError({
        actual: value, expected: null, operator: "ifError", stackStartFn: ifError,
        message: `ifError got unwanted exception: ${text}`,
    });
    // The frames of the error itself stand below.
    const { stack } = value;
    if (isOne && typeof stack === "string") {
        const at = StringPrototypeIndexOf(stack, "    at ");
        if (at !== -1) error.stack = `${error.stack}\n${StringPrototypeSlice(stack, at)}`;
    }
    throw error;
};

const matching = (string, regexp, message, caller, isWanted) => {
    if (classOf(regexp) !== REGEXP) throw invalidArgType("regexp", "RegExp", regexp);
    if (typeof string === "string" && matches(regexp, string) === isWanted) return;
    const what = isWanted ? "did not match" : "was expected to not match";
    const shown = typeof string === "string"
        ? `The input ${what} the regular expression ${inspect(regexp)}. Input:\n\n${inspect(string)}\n`
        : `The "string" argument must be of type string. Received type ${typeof string} (${inspect(string)})`;
    failWith({ actual: string, expected: regexp, operator: caller.name, stackStartFn: caller }, message, shown);
};

const match = (string, regexp, message) => matching(string, regexp, message, match, true);
const doesNotMatch = (string, regexp, message) => matching(string, regexp, message, doesNotMatch, false);

const rest = { throws, rejects, doesNotThrow, doesNotReject, ifError, match, doesNotMatch, fail, ok };

const assert = ok;
ObjectAssign(assert, rest, compared, { AssertionError });

// In strict mode the plain names are those of the strict comparisons.
const strictly = {
    equal: compared.strictEqual,
    notEqual: compared.notStrictEqual,
    deepEqual: compared.deepStrictEqual,
    notDeepEqual: compared.notDeepStrictEqual,
};
const strict = (...args) => check(strict, args);
ObjectAssign(strict, rest, compared, strictly, { AssertionError });

/** The assertions as methods of an object of one's own. */
export class Assert {
    constructor(options = undefined) {
        if (options !== undefined) validateObject(options, "options");
        ObjectAssign(this, rest, compared, options?.strict === false ? undefined : strictly, { AssertionError });
    }
}

assert.Assert = Assert;
strict.Assert = Assert;
assert.strict = strict;
strict.strict = strict;

export default assert;
