// The module "process" and the global of the same name (nodejs.org/api/process.html, Node 22).
//
// Can:    read the variables given at deploy, write lines to the app's log, end the instance with a code.
// Cannot: learn anything of the host, send signals, load machine code, change the folder.
//
// What the driver calls: `raiseUncaught` for an error that nothing caught,
// `raiseRejection` for a rejection that nobody handled, `flushLog` (process/log_lines.js) when a call or the load ends;
// of the queue of ticks, see ticks.js.

import { absentOf } from "../absent.js";
import EventEmitter from "./events.js";
import natives from "../natives.js";
import { invalidArgType, nodeError, outOfRange, validateFunction, validateString } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { cpuUsage, hrtime, memoryUsage, resourceUsage, uptime } from "../process/clock.js";
import { config, features, release, UMASK, USER_ID, VERSION, versions } from "../process/facts.js";
import { writeToLog } from "../process/log_lines.js";
import { makeInput, makeOutput } from "../process/stdio.js";
import { makeEmitWarning } from "../process/warnings.js";
import { nextTick, setUncaught } from "../ticks.js";
import { setWarningSink } from "../warnings.js";

const {
    Error, FunctionPrototypeCall, Number, NumberIsInteger, ObjectCreate, ObjectDefineProperty, Set, String,
    SymbolFor, SymbolToStringTag,
} = primordials;

// As in Node: the object's own prototype has the name, and the one behind it is that of EventEmitter.
function Process() {}
Process.prototype = ObjectCreate(EventEmitter.prototype, {
    constructor: { __proto__: null, value: Process, writable: true, configurable: true },
    [SymbolToStringTag]: { __proto__: null, value: "process", configurable: true },
});
ObjectDefineProperty(Process, "name", { __proto__: null, value: "process", configurable: true });

const process = ObjectCreate(Process.prototype);

const put = (members) => {
    for (const key in members) {
        ObjectDefineProperty(process, key, {
            __proto__: null, value: members[key], writable: true, enumerable: true, configurable: true,
        });
    }
};

const accessor = (key, get, set) => {
    ObjectDefineProperty(process, key, { __proto__: null, get, set, enumerable: true, configurable: true });
};

/** Made when it is first read. */
const lazy = (key, make) => {
    let made;
    accessor(key, () => (made ??= make()), (value) => {
        made = value;
    });
};

const EXECUTABLE = "/usr/local/bin/node";

let exitCode;
let isExiting = false;
let captureCallback = null;
let findBuiltin = () => undefined;

const REF = SymbolFor("nodejs.ref");
const UNREF = SymbolFor("nodejs.unref");

/** What an object has for `process.ref` is called; nothing of the process itself changes by it. */
const callOwn = (object, symbol, name) => {
    const method = object?.[symbol] ?? object?.[name];
    if (typeof method === "function") FunctionPrototypeCall(method, object);
};

const checkCode = (code) => {
    if (code === undefined || code === null) return;
    if (typeof code === "string" && code !== "" && NumberIsInteger(Number(code))) return;
    if (typeof code !== "number") throw invalidArgType("code", "integer", code);
    if (!NumberIsInteger(code)) throw outOfRange("code", "an integer", code);
};

put({
    title: "node", version: VERSION, versions, arch: "x64", platform: "linux", release, features, config,
    argv0: "node", execArgv: [], execPath: EXECUTABLE,
    pid: 1, ppid: 0, debugPort: 9229, moduleLoadList: [], domain: null, sourceMapsEnabled: false,
    nextTick, hrtime, uptime, memoryUsage, cpuUsage, resourceUsage,
    allowedNodeEnvironmentFlags: new Set(),

    cwd() { return "/app"; },
    umask(mask) {
        if (mask !== undefined && typeof mask !== "number" && typeof mask !== "string") {
            throw invalidArgType("mask", ["number", "string"], mask);
        }
        return UMASK;
    },
    getuid() { return USER_ID; },
    geteuid() { return USER_ID; },
    getgid() { return USER_ID; },
    getegid() { return USER_ID; },
    getgroups() { return [USER_ID]; },

    exit(code) {
        checkCode(code);
        if (code !== undefined && code !== null) exitCode = code;
        if (!isExiting) {
            isExiting = true;
            try {
                process.emit("exit", Number(exitCode ?? 0));
            } catch {
                // As in Node: a listener that throws changes the code, and nothing else.
                exitCode = 7;
            }
        }
        process.reallyExit(Number(exitCode ?? 0));
    },
    reallyExit(code) {
        // As the system has it: the lowest eight bits.
        natives.processExit(Number(code ?? 0) & 0xFF);
    },

    emitWarning: makeEmitWarning(process),
    setUncaughtExceptionCaptureCallback(callback) {
        if (callback === null) {
            captureCallback = null;
            return;
        }
        validateFunction(callback, "fn");
        if (captureCallback !== null) {
            throw nodeError(Error, "ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET",
                "process.setUncaughtExceptionCaptureCallback() was called while a capture callback was already active");
        }
        captureCallback = callback;
    },
    hasUncaughtExceptionCaptureCallback() { return captureCallback !== null; },

    constrainedMemory() { return natives.heapLimit(); },
    availableMemory() { return natives.heapLimit() - natives.heapUsed(); },
    getActiveResourcesInfo() { return []; },
    getBuiltinModule(id) {
        validateString(id, "id");
        return findBuiltin(id);
    },
    setSourceMapsEnabled(isEnabled) {
        if (typeof isEnabled !== "boolean") throw invalidArgType("val", "boolean", isEnabled);
    },
    ref(object) { callOwn(object, REF, "ref"); },
    unref(object) { callOwn(object, UNREF, "unref"); },
    _rawDebug(...values) {
        let line = "";
        for (let at = 0; at < values.length; at++) line += `${at === 0 ? "" : " "}${String(values[at])}`;
        writeToLog(2, `${line}\n`);
    },
});
put(absentOf("process"));

accessor("exitCode", () => exitCode, (code) => {
    checkCode(code);
    exitCode = code ?? undefined;
});
lazy("stdout", () => makeOutput(1));
lazy("stderr", () => makeOutput(2));
lazy("stdin", makeInput);
FunctionPrototypeCall(EventEmitter, process);

// What is known only when an app is bound is asked for when it is first read.
lazy("env", () => {
    const given = natives.variables();
    const variables = {};
    for (let at = 0; at < given.length; at += 2) {
        ObjectDefineProperty(variables, given[at], {
            __proto__: null, value: given[at + 1], writable: true, enumerable: true, configurable: true,
        });
    }
    return variables;
});
lazy("argv", () => [EXECUTABLE, `/app/${natives.entry()}`]);

/** Says who finds a built-in module by its name. */
export const setBuiltins = (function_) => {
    findBuiltin = function_;
};

/** Tells the app of an error that nothing caught; true if it took it. `origin` is as Node names it. */
export const raiseUncaught = (error, origin = "uncaughtException") => {
    if (captureCallback !== null) {
        captureCallback(error);
        return true;
    }
    process.emit("uncaughtExceptionMonitor", error, origin);
    return process.emit("uncaughtException", error, origin);
};
setUncaught((error) => raiseUncaught(error));
setWarningSink((warning) => process.emitWarning(warning));

/** Tells the app of a rejection that nobody handled; true if it took it. */
export const raiseRejection = (reason, promise) => {
    if (process.emit("unhandledRejection", reason, promise)) return true;
    return 0 < process.listenerCount("uncaughtException") || captureCallback !== null
        ? raiseUncaught(reason, "unhandledRejection")
        : false;
};

/** Tells the app that a rejection which was reported has been handled after all. */
export const raiseHandled = (promise) => process.emit("rejectionHandled", promise);

export const globals = { process };

export default process;
