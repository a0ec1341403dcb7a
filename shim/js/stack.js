// `stack` of errors as programs expect it: name and message, then the frames, without those of the runtime and with the
// places of the author's own text. The engine keeps the frames alone; what it has is made into that when it is read.

import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { isObject } from "./webidl.js";

const {
    ErrorCaptureStackTrace, ErrorPrototype, ErrorPrototypeGetStack, ErrorPrototypeToString,
    ObjectDefineProperty, ObjectGetPrototypeOf, ReflectApply, ReflectGetOwnPropertyDescriptor, StringPrototypeStartsWith,
    StringPrototypeToWellFormed, TypeError,
} = primordials;

const FRAME = "    at ";

const headOf = (error) => {
    try {
        return ErrorPrototypeToString(error);
    } catch {
        return "Error";
    }
};

/** A stack as the engine made it is given its head; anything else, such as what a program has set, is left as it is. */
const shown = (error, stack) => {
    if (typeof stack !== "string" || (stack !== "" && !StringPrototypeStartsWith(stack, FRAME))) return stack;
    const frames = natives.authorStack(StringPrototypeToWellFormed(stack));
    return frames === "" ? headOf(error) : `${headOf(error)}\n${frames}`;
};

/** The stack of an error, whatever properties say. */
export const stackOfError = (error) => shown(error, ErrorPrototypeGetStack(error));

/** Error.captureStackTrace. */
export function captureStackTrace(targetObject, constructorOpt = captureStackTrace) {
    ErrorCaptureStackTrace(targetObject, constructorOpt);
    const described = ReflectGetOwnPropertyDescriptor(targetObject, "stack");
    if (described === undefined || typeof described.value !== "string") return;
    ObjectDefineProperty(targetObject, "stack", {
        __proto__: null, value: shown(targetObject, described.value), writable: true, enumerable: false,
        configurable: true,
    });
}

const ROOT = "/app/";

/** What V8's call sites have beside those of the engine (v8.dev/docs/stack-trace-api). */
const completeCallSites = (prototype) => {
    const described = (name) => ReflectGetOwnPropertyDescriptor(prototype, name).value;
    const rawFileName = described("getFileName");
    const rawName = described("getFunctionName");
    const rawLine = described("getLineNumber");
    const rawColumn = described("getColumnNumber");
    const place = (site) => {
        const path = ReflectApply(rawFileName, site, []);
        const line = ReflectApply(rawLine, site, []);
        const column = ReflectApply(rawColumn, site, []);
        if (typeof path !== "string") return [null, line, column];
        if (StringPrototypeStartsWith(path, "skep\\")) return ["node:internal", line, column];
        const found = natives.authorPlace(path, line ?? 0, column ?? 0);
        return [`${ROOT}${path}`, found[0], found[1]];
    };
    const methods = {
        getFileName() { return place(this)[0]; },
        getScriptNameOrSourceURL() { return place(this)[0]; },
        getLineNumber() { return place(this)[1]; },
        getColumnNumber() { return place(this)[2]; },
        getEvalOrigin() {},
        // As of every strict function: it belongs to whoever has it.
        getFunction() {},
        getThis() {},
        getTypeName() { return null; },
        getMethodName() { return null; },
        getPromiseIndex() { return null; },
        isAsync() { return false; },
        isEval() { return false; },
        isPromiseAll() { return false; },
        isToplevel() { return true; },
        toString() {
            const name = ReflectApply(rawName, this, []) || "<anonymous>";
            const found = place(this);
            return found[0] === null ? `${name} (native)` : `${name} (${found[0]}:${found[1]}:${found[2]})`;
        },
    };
    for (const name in methods) {
        ObjectDefineProperty(prototype, name, {
            __proto__: null, value: methods[name], writable: true, enumerable: false, configurable: true,
        });
    }
};

/** Puts both in the place of the engine's own. */
export const install = () => {
    const { get, set } = ReflectGetOwnPropertyDescriptor({
        get stack() {
            return stackOfError(this);
        },
        // Any value, as everywhere else; the engine's own takes texts only.
        set stack(value) {
            if (!isObject(this)) throw new TypeError("stack can be set of objects only");
            ObjectDefineProperty(this, "stack", {
                __proto__: null, value, writable: true, enumerable: false, configurable: true,
            });
        },
    }, "stack");
    ObjectDefineProperty(ErrorPrototype, "stack", { __proto__: null, get, set, enumerable: false, configurable: true });
    ObjectDefineProperty(primordials.Error, "captureStackTrace", {
        __proto__: null, value: captureStackTrace, writable: true, enumerable: false, configurable: true,
    });
    const holder = {};
    primordials.Error.prepareStackTrace = (error, sites) => sites;
    ErrorCaptureStackTrace(holder);
    primordials.Error.prepareStackTrace = undefined;
    completeCallSites(ObjectGetPrototypeOf(holder.stack[0]));
};

