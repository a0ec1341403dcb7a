// node:util (Node's documentation, "Util").

import { isDeepStrictEqual, isPartialDeepStrictEqual } from "../deep_equal.js";
import { TextDecoder, TextEncoder } from "../encoding.js";
import { eachErrno, errnoAt } from "../errno.js";
import { format, formatWithOptions } from "../format.js";
import { inspect } from "../inspect.js";
import { isError } from "../inspect_error.js";
import { withoutControls } from "../inspect_text.js";
import natives from "../natives.js";
import {
    invalidArgType, nodeError, outOfRange, validateAbortSignal, validateFunction, validateInteger, validateNumber,
    validateObject, validateString,
} from "../node_errors.js";
import { signals } from "../os_constants.js";
import { primordials } from "../primordials.js";
import { captureStackTrace } from "../stack.js";
import { callbackify, promisify } from "../util/promisify.js";
import { MIMEParams, MIMEType } from "../util/mime_type.js";
import { parseArgs } from "../util/parse_args.js";
import { diff, parseEnv, styleText } from "../util/text.js";
import { warn } from "../warnings.js";
import types from "./util_types.js";

const {
    ArrayIsArray, ArrayPrototypePush, Error, Map, MapPrototypeSet, NumberIsSafeInteger,
    ObjectDefineProperty, ObjectKeys, ObjectPrototypeHasOwnProperty, ObjectSetPrototypeOf, Promise,
    PromisePrototypeThen, ReflectApply, ReflectConstruct, RegExpPrototypeExec, SafeSet, String,
    StringPrototypeIncludes, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeSplit,
    StringPrototypeStartsWith, StringPrototypeToUpperCase, StringPrototypeToWellFormed, TypeError,
} = primordials;

const inherits = (constructor, superConstructor) => {
    if (constructor === undefined || constructor === null) throw invalidArgType("ctor", "Function", constructor);
    if (superConstructor === undefined || superConstructor === null) {
        throw invalidArgType("superCtor", "Function", superConstructor);
    }
    if (superConstructor.prototype === undefined) {
        throw invalidArgType("superCtor.prototype", "Object", superConstructor.prototype);
    }
    ObjectDefineProperty(constructor, "super_", {
        __proto__: null, value: superConstructor, writable: true, configurable: true,
    });
    ObjectSetPrototypeOf(constructor.prototype, superConstructor.prototype);
};

const warnedCodes = new SafeSet();

/** A function that warns once when it is called. */
const deprecate = (fn, message, code = undefined) => {
    validateFunction(fn, "fn");
    if (code !== undefined) validateString(code, "code");
    let hasWarned = false;
    const deprecated = function (...args) {
        if (!hasWarned) {
            hasWarned = true;
            if (code === undefined || !warnedCodes.has(code)) {
                if (code !== undefined) warnedCodes.add(code);
                warn("DeprecationWarning", message, code === undefined ? undefined : { code });
            }
        }
        return new.target === undefined ? ReflectApply(fn, this, args) : ReflectConstruct(fn, args, new.target);
    };
    ObjectSetPrototypeOf(deprecated, fn);
    if (fn.prototype) deprecated.prototype = fn.prototype;
    ObjectDefineProperty(deprecated, "length", { __proto__: null, value: fn.length, configurable: true });
    return deprecated;
};

let debugSections = () => "";

/** Says where the sections of debuglog stand: a function that gives the text of the variable NODE_DEBUG. */
export const setDebugSections = (function_) => {
    debugSections = function_;
};

const isDebugged = (section) => {
    const wanted = StringPrototypeSplit(`${debugSections() ?? ""}`, ",");
    for (let at = 0; at < wanted.length; at++) {
        const pattern = StringPrototypeToUpperCase(wanted[at]);
        if (pattern === section) return true;
        const star = StringPrototypeIndexOf(pattern, "*");
        if (star !== -1 && StringPrototypeStartsWith(section, StringPrototypeSlice(pattern, 0, star))) {
            return true;
        }
    }
    return false;
};

const DEBUG = 0;

/** A function that logs only if NODE_DEBUG names its section. */
const debuglog = (set, callback = undefined) => {
    const section = StringPrototypeToUpperCase(`${set}`);
    let isEnabled;
    const enabled = () => {
        isEnabled ??= isDebugged(section);
        return isEnabled;
    };
    const log = (...args) => {
        if (typeof callback === "function") {
            const told = callback;
            callback = undefined;
            told(log);
        }
        if (!enabled()) return;
        natives.log(DEBUG, StringPrototypeToWellFormed(`${section}: ${ReflectApply(format, undefined, args)}`));
    };
    ObjectDefineProperty(log, "enabled", { __proto__: null, get: enabled, enumerable: true, configurable: true });
    return log;
};

const checkErrno = (number) => {
    validateNumber(number, "err");
    if (0 <= number || !NumberIsSafeInteger(number)) throw outOfRange("err", "a negative integer", number);
};

const getSystemErrorName = (number) => {
    checkErrno(number);
    return errnoAt(number)?.code ?? `Unknown system error ${number}`;
};

const getSystemErrorMessage = (number) => {
    checkErrno(number);
    return errnoAt(number)?.text ?? `Unknown system error ${number}`;
};

const getSystemErrorMap = () => {
    const map = new Map();
    eachErrno((number, code, text) => MapPrototypeSet(map, number, [code, text]));
    return map;
};

const stripVTControlCharacters = (str) => {
    validateString(str, "str");
    return withoutControls(str);
};

const toUSVString = (string) => StringPrototypeToWellFormed(`${string}`);

/** A promise that is fulfilled when the signal is aborted; `resource` must live for it. */
const aborted = async (signal, resource) => {
    if (signal === undefined) throw invalidArgType("signal", "AbortSignal", signal);
    validateAbortSignal(signal, "signal");
    validateObject(resource, "resource", { allowArray: true, allowFunction: true });
    if (signal.aborted) return undefined;
    return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(), { __proto__: null, once: true });
    });
};

const FRAME = /^\s*at (?:(.*) \()?(.*?)(?::(\d+))?(?::(\d+))?\)?$/;

/** The calls that led here: name of the function, script, line and column of each. */
const getCallSites = (frameCount = 8) => {
    const most = typeof frameCount === "object" ? 8 : frameCount;
    validateInteger(most, "frameCount", 1, 200);
    const holder = {};
    captureStackTrace(holder, getCallSites);
    const lines = StringPrototypeSplit(String(holder.stack), "\n");
    const sites = [];
    for (let at = 0; at < lines.length && sites.length < most; at++) {
        if (!StringPrototypeIncludes(lines[at], "at ")) continue;
        const found = RegExpPrototypeExec(FRAME, lines[at]);
        if (found === null) continue;
        const lineNumber = +(found[3] ?? 0);
        const columnNumber = +(found[4] ?? 0);
        const functionName = found[1] ?? "";
        const scriptName = found[2];
        ArrayPrototypePush(sites, {
            functionName, scriptId: "0", scriptName, lineNumber, columnNumber, column: columnNumber,
        });
    }
    return sites;
};

const convertProcessSignalToExitCode = (signal) => {
    const number = ObjectPrototypeHasOwnProperty(signals, signal) ? signals[signal] : undefined;
    if (number === undefined) throw nodeError(TypeError, "ERR_UNKNOWN_SIGNAL", `Unknown signal: ${String(signal)}`);
    return 128 + number;
};

const markPromiseAsHandled = (promise) => {
    PromisePrototypeThen(promise, undefined, () => undefined);
};

const _extend = (target, source) => {
    if (source === null || typeof source !== "object") return target;
    const keys = ObjectKeys(source);
    for (let at = 0; at < keys.length; at++) target[keys[at]] = source[keys[at]];
    return target;
};

const util = {
    _extend, aborted, callbackify, convertProcessSignalToExitCode, debug: debuglog, debuglog, deprecate, diff, format,
    formatWithOptions, getCallSites, getSystemErrorMap, getSystemErrorMessage, getSystemErrorName, inherits, inspect,
    isDeepStrictEqual: (val1, val2) => isDeepStrictEqual(val1, val2),
    isPartialDeepStrictEqual: (actual, expected) => isPartialDeepStrictEqual(actual, expected),
    markPromiseAsHandled, MIMEParams, MIMEType, parseArgs, parseEnv, promisify, stripVTControlCharacters, styleText,
    TextDecoder, TextEncoder, toUSVString, types,

    // What Node keeps for old programs.
    isArray: ArrayIsArray,
    isBoolean: (value) => typeof value === "boolean",
    isBuffer: (value) => types.isUint8Array(value) && typeof value.readUInt8 === "function",
    isDate: (value) => types.isDate(value),
    isError: (value) => isError(value),
    isFunction: (value) => typeof value === "function",
    isNull: (value) => value === null,
    isNullOrUndefined: (value) => value === null || value === undefined,
    isNumber: (value) => typeof value === "number",
    isObject: (value) => value !== null && typeof value === "object",
    isPrimitive: (value) => value === null || (typeof value !== "object" && typeof value !== "function"),
    isRegExp: (value) => types.isRegExp(value),
    isString: (value) => typeof value === "string",
    isSymbol: (value) => typeof value === "symbol",
    isUndefined: (value) => value === undefined,
};

export default util;
