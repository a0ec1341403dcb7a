// The forms of the `fs` functions with a callback, made of the synchronous ones. The work is done at once, since all
// files are in memory; the callback comes as a task of its own.

import { abortError, validateFunction } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { queueTask } from "../timers.js";
import { asBuffer } from "./arguments.js";
import { copyLater } from "./folders.js";

const {
    ArrayBufferIsView, ArrayPrototypePop, ArrayPrototypePush, ObjectDefineProperty, Promise, PromisePrototypeThen,
    ReflectApply, SymbolFor, Uint8Array,
} = primordials;

const CUSTOM = SymbolFor("nodejs.util.promisify.custom");

/** True for errors that belong to the operation; those of wrong arguments are thrown at once. */
const isOfOperation = (error) => error !== null && typeof error === "object"
    && (typeof error.syscall === "string" || error.name === "AbortError" || startsWithFs(error.code));

const startsWithFs = (code) => typeof code === "string"
    && (code[0] === "E" && code[1] === "R" && code[2] === "R" && code[4] === "F" && code[5] === "S");

const signalOf = (args) => {
    const last = args[args.length - 1];
    return typeof last === "object" && last !== null ? last.signal : undefined;
};

/** `answers` makes the callback's arguments of the result. */
const withCallback = (name, sync, answers, adjust) => {
    const methods = {
        [name](...args) {
            const callback = ArrayPrototypePop(args);
            validateFunction(callback, "cb");
            if (adjust !== undefined) adjust(args);
            let results;
            try {
                const signal = signalOf(args);
                if (signal?.aborted) throw abortError(undefined, { cause: signal.reason });
                results = answers(ReflectApply(sync, this, args), args);
            } catch (error) {
                if (!isOfOperation(error)) throw error;
                results = [error];
            }
            queueTask(callback, results);
        },
    };
    return methods[name];
};

const ofNothing = () => [null];
const ofResult = (result) => [null, result];
const ofTransfer = (result, args) => [null, result, args[1]];

/** `read` may get options that hold the buffer, or neither: then it makes one. */
const withBuffer = (args) => {
    if (ArrayBufferIsView(args[1])) return;
    const options = typeof args[1] === "object" && args[1] !== null ? args[1] : {};
    args[1] = options.buffer ?? asBuffer(new Uint8Array(16 * 1024));
    args[2] = options;
};

const NOTHING = [
    "access", "appendFile", "chmod", "chown", "close", "copyFile", "fchmod", "fchown", "fdatasync", "fsync",
    "ftruncate", "futimes", "lchown", "link", "lutimes", "rename", "rm", "rmdir", "symlink", "truncate", "unlink",
    "utimes", "writeFile",
];
const RESULT = [
    "fstat", "lstat", "mkdir", "mkdtemp", "open", "opendir", "readFile", "readdir", "readlink", "realpath", "stat",
    "statfs",
];
const TRANSFER = ["read", "readv", "write", "writev"];

const promised = (method, key) => (...args) => new Promise((resolve, reject) => {
    ArrayPrototypePush(args, (error, count, data) => {
        if (error) reject(error);
        else resolve(key === "read" ? { bytesRead: count, buffer: data } : { bytesWritten: count, buffer: data });
    });
    ReflectApply(method, undefined, args);
});

const hide = (owner, key, value) => {
    ObjectDefineProperty(owner, key, { __proto__: null, value, enumerable: false });
};

/** All of them, from the object that has the synchronous ones. */
export const makeCallbacks = (sync) => {
    const forms = { __proto__: null };
    const add = (names, answers) => {
        for (let at = 0; at < names.length; at++) {
            const adjust = names[at] === "read" ? withBuffer : undefined;
            forms[names[at]] = withCallback(names[at], sync[`${names[at]}Sync`], answers, adjust);
        }
    };
    add(NOTHING, ofNothing);
    add(RESULT, ofResult);
    add(TRANSFER, ofTransfer);
    for (let at = 0; at < TRANSFER.length; at++) {
        const kind = at < 2 ? "read" : "write";
        hide(forms[TRANSFER[at]], CUSTOM, promised(forms[TRANSFER[at]], kind));
    }
    forms.realpath.native = withCallback("native", sync.realpathSync.native, ofResult);
    forms.exists = function exists(path, callback) {
        validateFunction(callback, "cb");
        queueTask(callback, [sync.existsSync(path)]);
    };
    forms.cp = function cp(...args) {
        const callback = ArrayPrototypePop(args);
        validateFunction(callback, "cb");
        const answer = (error = null) => queueTask(callback, [error]);
        PromisePrototypeThen(ReflectApply(copyLater, undefined, args), () => answer(), answer);
    };
    hide(forms.exists, CUSTOM, (path) => new Promise((resolve) => resolve(sync.existsSync(path))));
    return forms;
};
