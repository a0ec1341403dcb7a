// What becomes of errors that no code of an app caught: "report an exception" and `reportError` (HTML Standard, section
// "Runtime script errors") and promises that are rejected without a handler (section "Unhandled promise rejections").
//
// The app hears of them first, by the events "error", "unhandledrejection" and "rejectionhandled" of the global
// object. What it does not cancel goes to the hooks, which write the log and stand for `process.on`.

import { ERROR, classOf } from "./class_of.js";
import { domExceptionParts, isDOMException } from "./dom_exception.js";
import { ErrorEvent, PromiseRejectionEvent, trustedEvent } from "./event.js";
import { adoptGlobalTarget, defineHandler, fireEvent, globalTarget, hasListeners } from "./event_target.js";
import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { stackOfError } from "./stack.js";
import { needs } from "./webidl.js";

const {
    ArrayPrototypePush, Number, ReflectGetOwnPropertyDescriptor, RegExpPrototypeExec, SafeMap,
    SafeWeakMap, String,
} = primordials;

const hooks = {
    __proto__: null,
    exception: () => {},
    rejection: () => {},
    takesRejection: () => false,
    rejectionHandled: () => {},
};

/**
 * Sets what happens to errors that the app did not take by an event:
 * `exception(error)`: one that a listener, a timer or a microtask threw, or that `reportError` got;
 * `takesRejection(reason, promise)`: after the microtasks, a rejection without a handler; true if somebody (such as
 * `process.on("unhandledRejection")`) takes it;
 * `rejection(reason, promise)`: at the end, a rejection that nobody took and that still has no handler;
 * `rejectionHandled(promise)`: a rejection that was told got its handler.
 */
export const setReportHooks = ({ exception, rejection, takesRejection, rejectionHandled }) => {
    if (exception !== undefined) hooks.exception = exception;
    if (rejection !== undefined) hooks.rejection = rejection;
    if (takesRejection !== undefined) hooks.takesRejection = takesRejection;
    if (rejectionHandled !== undefined) hooks.rejectionHandled = rejectionHandled;
};

/** The stack of an error, as the engine keeps it, or "" (also for what is no error). */
const stackOf = (error) => {
    if (classOf(error) !== ERROR) return "";
    const described = ReflectGetOwnPropertyDescriptor(error, "stack");
    let stack;
    if (described !== undefined) stack = described.value;
    else stack = stackOfError(error);
    return typeof stack === "string" ? stack : "";
};

const FRAME = /(?:^|[\s(])([^\s()]+):(\d+):(\d+)\)?(?:\n|$)/;

// Where an error was made: file, line and column of the first frame of its stack.
const placeOf = (error) => {
    const found = RegExpPrototypeExec(FRAME, stackOf(error));
    if (found === null) return { __proto__: null, filename: "", lineno: 0, colno: 0 };
    return { __proto__: null, filename: found[1], lineno: Number(found[2]), colno: Number(found[3]) };
};

const messageOf = (error) => {
    try {
        if (isDOMException(error)) {
            const { message, name } = domExceptionParts(error);
            return `Uncaught ${name}: ${message}`;
        }
        return `Uncaught ${String(error)}`;
    } catch {
        return "Uncaught exception";
    }
};

let reporting = false;

/** "report an exception": an "error" event, and the hook unless that was canceled. */
export const reportException = (error) => {
    const target = globalTarget();
    if (!reporting && target !== undefined && hasListeners(target, "error")) {
        // An error of a listener for "error" is not told to the listeners again.
        reporting = true;
        try {
            const init = placeOf(error);
            init.message = messageOf(error);
            init.error = error;
            init.cancelable = true;
            if (!fireEvent(target, trustedEvent(ErrorEvent, "error", init))) return;
        } finally {
            reporting = false;
        }
    }
    hooks.exception(error);
};

function reportError(e) {
    needs(arguments.length, 1, "reportError");
    reportException(e);
}

// Rejected promises without a handler: those that nobody was told of yet, those that were told and wait for the end,
// and all that were told and may get a handler later. `handledNow` were told and have a handler by now.
let fresh = new SafeMap();
let told = new SafeMap();
const heard = new SafeWeakMap();
let handledNow = [];

/**
 * HostPromiseRejectionTracker: the engine calls this when a promise is rejected without a handler (`handled` is
 * false) and when such a one gets its first handler (true). It runs no code of the app.
 */
export const trackRejection = (promise, reason, handled) => {
    if (!handled) {
        fresh.set(promise, reason);
    } else if (!fresh.delete(promise) && heard.has(promise)) {
        told.delete(promise);
        ArrayPrototypePush(handledNow, { __proto__: null, promise, reason: heard.get(promise) });
        heard.delete(promise);
    }
};

const rejectionEvent = (type, promise, reason, cancelable) =>
    trustedEvent(PromiseRejectionEvent, type, { __proto__: null, promise, reason, cancelable });

// "notify about rejected promises" for one of them.
const tell = (reason, promise) => {
    const target = globalTarget();
    heard.set(promise, reason);
    if (target !== undefined && hasListeners(target, "unhandledrejection")) {
        if (!fireEvent(target, rejectionEvent("unhandledrejection", promise, reason, true))) return;
    }
    if (hooks.takesRejection(reason, promise)) return;
    // A listener may have given it a handler in the meantime.
    if (heard.has(promise)) {
        told.set(promise, reason);
        natives.untidy();
    }
};

/** To be called whenever no microtask is left: tells the app of rejections. True if something was told. */
export const notifyRejections = () => {
    if (fresh.size === 0 && handledNow.length === 0) return false;
    const list = fresh;
    const handled = handledNow;
    fresh = new SafeMap();
    handledNow = [];
    for (let index = 0; index < handled.length; index++) {
        const { promise, reason } = handled[index];
        const target = globalTarget();
        if (target !== undefined && hasListeners(target, "rejectionhandled")) {
            fireEvent(target, rejectionEvent("rejectionhandled", promise, reason, false));
        }
        hooks.rejectionHandled(promise);
    }
    list.forEach(tell);
    return true;
};

/** To be called when a call or a load ends: what still has no handler goes to the hook `rejection`. */
export const reportRejections = () => {
    const list = told;
    told = new SafeMap();
    list.forEach((reason, promise) => hooks.rejection(reason, promise));
};

/** Makes the global object an event target with the handlers for uncaught errors and rejections. */
export const makeGlobalTarget = (object) => {
    adoptGlobalTarget(object);
    defineHandler(object, "onerror", { takesError: true });
    defineHandler(object, "onrejectionhandled");
    defineHandler(object, "onunhandledrejection");
};

export const globalFunctions = { reportError };
