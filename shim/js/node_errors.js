// Errors as Node's documentation ("Errors") describes them: a class of the language, a `code`, and messages in the form
// that programs compare. Also the checks of arguments that Node's modules share.
//
// Every function that makes an error returns it; those named `validate...` throw.

import { errnoOf } from "./errno.js";
import { markCoded } from "./error_marks.js";
import { inspect } from "./inspect.js";
import { primordials } from "./primordials.js";

const {
    ArrayIsArray, ArrayPrototypeIndexOf, ArrayPrototypeJoin, ArrayPrototypePush, ArrayPrototypeSplice, BigInt, Error,
    JSONStringify, NumberIsInteger, NumberIsNaN,
    NumberMAX_SAFE_INTEGER, NumberMIN_SAFE_INTEGER, ObjectDefineProperty, RangeError, String, StringPrototypeEndsWith,
    StringPrototypeIncludes, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToLowerCase, TypeError,
} = primordials;

const hidden = (owner, key, value) => {
    ObjectDefineProperty(owner, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
};

/** An error of class `Base` whose `code` its stack shows: `TypeError [CODE]: message`. */
export const nodeError = (Base, code, message, options) => {
    const error = options === undefined ? new Base(message) : new Base(message, options);
    error.code = code;
    hidden(error, "toString", function toString() {
        return `${this.name} [${code}]: ${this.message}`;
    });
    const { stack, name } = error;
    if (typeof stack === "string" && StringPrototypeStartsWith(stack, `${name}: `)) {
        hidden(error, "stack", `${name} [${code}]${StringPrototypeSlice(stack, name.length)}`);
    }
    markCoded(error);
    return error;
};

/** An error named AbortError with `code` ABORT_ERR, as Node's own functions give it when a signal is aborted. */
export const abortError = (message = "The operation was aborted", options = undefined) => {
    const error = options === undefined ? new Error(message) : new Error(message, options);
    error.code = "ABORT_ERR";
    hidden(error, "name", "AbortError");
    const { stack } = error;
    if (typeof stack === "string" && StringPrototypeStartsWith(stack, "Error: ")) {
        hidden(error, "stack", `AbortError: ${StringPrototypeSlice(stack, "Error: ".length)}`);
    }
    return error;
};

/** "a", "a or b", "a, b, or c". */
const either = (items) => {
    const { length } = items;
    if (length === 1) return items[0];
    if (length === 2) return `${items[0]} or ${items[1]}`;
    let text = "";
    for (let at = 0; at < length - 1; at++) text += `${items[at]}, `;
    return `${text}or ${items[length - 1]}`;
};

const PRIMITIVES = {
    __proto__: null, string: true, function: true, number: true, object: true, Function: true, Object: true,
    boolean: true, bigint: true, symbol: true,
};

const isClassName = (text) => {
    const first = text[0];
    return first !== undefined && "A" <= first && first <= "Z";
};

/** "of type string or an instance of Buffer", from names of types, classes and anything else. */
const expectation = (expected) => {
    const list = ArrayIsArray(expected) ? expected : [expected];
    const types = [];
    const classes = [];
    const others = [];
    for (let at = 0; at < list.length; at++) {
        const name = list[at];
        if (PRIMITIVES[name]) {
            ArrayPrototypePush(types, StringPrototypeToLowerCase(name));
        } else {
            ArrayPrototypePush(isClassName(name) ? classes : others, name);
        }
    }
    // Beside classes an object is one more of them; else it is a type.
    const place = ArrayPrototypeIndexOf(types, "object");
    if (0 < classes.length && place !== -1) {
        ArrayPrototypeSplice(types, place, 1);
        ArrayPrototypePush(classes, "Object");
    }
    const parts = [];
    if (0 < types.length) ArrayPrototypePush(parts, `${1 < types.length ? "one of type" : "of type"} ${either(types)}`);
    if (0 < classes.length) ArrayPrototypePush(parts, `an instance of ${either(classes)}`);
    if (1 < others.length) ArrayPrototypePush(parts, `one of ${either(others)}`);
    if (others.length === 1) {
        const isName = StringPrototypeToLowerCase(others[0]) !== others[0];
        ArrayPrototypePush(parts, isName ? `an ${others[0]}` : others[0]);
    }
    return ArrayPrototypeJoin(parts, " or ");
};

const cut = (text, most, kept) => (most < text.length ? `${StringPrototypeSlice(text, 0, kept)}...` : text);

const constructorName = (value) => {
    try {
        const name = value.constructor?.name;
        return typeof name === "string" ? name : "";
    } catch {
        return "";
    }
};

/** "an instance of Foo", "type number (5)": what an error says of a value that was not wanted. */
export const describeReceived = (value) => {
    if (value === null || value === undefined) return String(value);
    if (typeof value === "function") return value.name ? `function ${value.name}` : "function ";
    if (typeof value === "object") {
        const name = constructorName(value);
        return name ? `an instance of ${name}` : inspect(value, { depth: -1 });
    }
    if (typeof value === "string") {
        const shown = cut(value, 28, 25);
        return `type string (${StringPrototypeIncludes(shown, "'") ? JSONStringify(shown) : `'${shown}'`})`;
    }
    return `type ${typeof value} (${inspect(value, { colors: false })})`;
};

/** "The "options.size" property", "The "size" argument", "The first argument". */
const subject = (name) => {
    if (StringPrototypeEndsWith(name, " argument")) return `The ${name}`;
    return `The "${name}" ${StringPrototypeIncludes(name, ".") ? "property" : "argument"}`;
};

/** `expected` is the name of a type or class, or a list of them. */
export const invalidArgType = (name, expected, actual) => nodeError(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    `${subject(name)} must be ${expectation(expected)}. Received ${describeReceived(actual)}`,
);

export const invalidArgValue = (name, value, reason = "is invalid", Base = TypeError) => {
    const kind = StringPrototypeIncludes(name, ".") ? "property" : "argument";
    const shown = cut(inspect(value), 128, 128);
    return nodeError(Base, "ERR_INVALID_ARG_VALUE", `The ${kind} '${name}' ${reason}. Received ${shown}`);
};

/** Digits in groups of three: 4_294_967_297. */
const grouped = (digits) => {
    const start = digits[0] === "-" ? 1 : 0;
    let text = "";
    let at = digits.length;
    for (; start + 4 <= at; at -= 3) text = `_${StringPrototypeSlice(digits, at - 3, at)}${text}`;
    return `${StringPrototypeSlice(digits, 0, at)}${text}`;
};

export const outOfRange = (name, range, received, replaceMessage = undefined) => {
    let shown;
    if (NumberIsInteger(received) && (2 ** 32 < received || received < -(2 ** 32))) {
        shown = grouped(String(received));
    } else if (typeof received === "bigint") {
        const bound = BigInt(2 ** 32);
        shown = String(received);
        if (bound < received || received < -bound) shown = grouped(shown);
        shown += "n";
    } else {
        shown = inspect(received);
    }
    const begin = replaceMessage === undefined ? `The value of "${name}" is out of range.` : replaceMessage;
    return nodeError(RangeError, "ERR_OUT_OF_RANGE", `${begin} It must be ${range}. Received ${shown}`);
};

/** The arguments that were not given, by name. */
export const missingArgs = (...names) => {
    const quoted = [];
    for (let at = 0; at < names.length; at++) quoted[at] = `"${names[at]}"`;
    let text = quoted[0];
    if (quoted.length === 2) text = `${quoted[0]} and ${quoted[1]}`;
    if (2 < quoted.length) {
        text = "";
        for (let at = 0; at < quoted.length - 1; at++) text += `${quoted[at]}, `;
        text += `and ${quoted[quoted.length - 1]}`;
    }
    const noun = quoted.length === 1 ? "argument" : "arguments";
    return nodeError(TypeError, "ERR_MISSING_ARGS", `The ${text} ${noun} must be specified`);
};

export const methodNotImplemented = (name) =>
    nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `The ${name} method is not implemented`);

/** What a function of the program gave back is not what its caller needs. */
export const invalidReturnValue = (expected, name, value) => {
    let received = typeof value;
    if (value !== null && typeof value === "object" && constructorName(value)) {
        received = `an instance of ${constructorName(value)}`;
    } else if (value === null || value === undefined || typeof value === "function") {
        received = describeReceived(value);
    } else {
        received = `type ${received}`;
    }
    return nodeError(
        TypeError,
        "ERR_INVALID_RETURN_VALUE",
        `Expected ${expected} to be returned from the "${name}" function but got ${received}.`,
    );
};

export const invalidThis = (type) =>
    nodeError(TypeError, "ERR_INVALID_THIS", `Value of "this" must be of type ${type}`);

export const invalidState = (message, Base = Error) =>
    nodeError(Base, "ERR_INVALID_STATE", `Invalid state: ${message}`);

/** A power that does not exist here; `what` names it, such as "net.connect". */
export const notAvailable = (what) => nodeError(
    TypeError,
    "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM",
    `The feature ${what} is unavailable on the current platform, which is being used to run Node.js`,
);

/**
 * An error of the system, such as `ENOENT: no such file or directory, open '/x'`. `message` replaces the text of the
 * code; `path` and `dest` may be absent.
 */
export const systemError = ({ code, syscall, path, dest, message }, Base = Error) => {
    const known = errnoOf(code);
    let text = `${code}: ${message ?? known?.text ?? "unknown error"}`;
    if (syscall !== undefined) text += `, ${syscall}`;
    if (path !== undefined) text += ` '${path}'`;
    if (dest !== undefined) text += ` -> '${dest}'`;
    const error = new Base(text);
    error.errno = known === undefined ? -4094 : known.errno;
    error.code = code;
    if (syscall !== undefined) error.syscall = syscall;
    if (path !== undefined) error.path = path;
    if (dest !== undefined) error.dest = dest;
    return error;
};

export const validateString = (value, name) => {
    if (typeof value !== "string") throw invalidArgType(name, "string", value);
};

export const validateFunction = (value, name) => {
    if (typeof value !== "function") throw invalidArgType(name, "Function", value);
};

export const validateBoolean = (value, name) => {
    if (typeof value !== "boolean") throw invalidArgType(name, "boolean", value);
};

/** An object that is not null; arrays and functions only where `options` says so. */
export const validateObject = (value, name, options = undefined) => {
    const isOne = (typeof value === "object" && (value !== null || options?.allowNullable === true))
        || (typeof value === "function" && options?.allowFunction === true);
    if (!isOne || (ArrayIsArray(value) && options?.allowArray !== true)) throw invalidArgType(name, "Object", value);
};

export const validateArray = (value, name, least = 0) => {
    if (!ArrayIsArray(value)) throw invalidArgType(name, "Array", value);
    if (value.length < least) throw invalidArgValue(name, value, `must be longer than ${least}`);
};

export const validateInteger = (value, name, min = NumberMIN_SAFE_INTEGER, max = NumberMAX_SAFE_INTEGER) => {
    if (typeof value !== "number") throw invalidArgType(name, "number", value);
    if (!NumberIsInteger(value)) throw outOfRange(name, "an integer", value);
    if (value < min || max < value) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
};

export const validateInt32 = (value, name, min = -2147483648, max = 2147483647) =>
    validateInteger(value, name, min, max);

export const validateUint32 = (value, name, positive = false) =>
    validateInteger(value, name, positive ? 1 : 0, 4294967295);

export const validateNumber = (value, name, min = undefined, max = undefined) => {
    if (typeof value !== "number") throw invalidArgType(name, "number", value);
    const isBounded = min !== undefined || max !== undefined;
    if ((min !== undefined && value < min) || (max !== undefined && max < value) || (isBounded && NumberIsNaN(value))) {
        const low = min === undefined ? "" : `>= ${min}`;
        const high = max === undefined ? "" : `<= ${max}`;
        throw outOfRange(name, low && high ? `${low} && ${high}` : low || high, value);
    }
};

export const validateAbortSignal = (signal, name) => {
    if (signal === undefined) return;
    if (signal === null || typeof signal !== "object" || !("aborted" in signal)) {
        throw invalidArgType(name, "AbortSignal", signal);
    }
};

export const validateOneOf = (value, name, allowed) => {
    const shown = [];
    for (let at = 0; at < allowed.length; at++) {
        if (allowed[at] === value) return;
        shown[at] = typeof allowed[at] === "string" ? `'${allowed[at]}'` : String(allowed[at]);
    }
    throw invalidArgValue(name, value, `must be one of: ${ArrayPrototypeJoin(shown, ", ")}`);
};
