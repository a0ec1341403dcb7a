// AbortController and AbortSignal (DOM Standard, section "Aborting ongoing activities").
//
// Streams and fetch use `addAbortAlgorithm`. A signal made by `AbortSignal.any` is held by its sources only while
// somebody waits for it (a listener or an algorithm): a source that lives long does not collect dependents of past
// calls.

import { DOMException } from "./dom_exception.js";
import { Event, trustedEvent } from "./event.js";
import {
    EventTarget, defineHandler, fireEvent, hasListeners, setSignalSupport, watchListeners,
} from "./event_target.js";
import { primordials } from "./primordials.js";
import { showAs } from "./show_as.js";
import { registerPlatform } from "./structured_clone.js";
import { startTimer } from "./timers.js";
import { defineInterface, fail, isObject, needs, sequence, unsignedLongLongEnforced } from "./webidl.js";

const { ArrayPrototypePush, SafeSet, TypeError, WeakRef, WeakRefPrototypeDeref } = primordials;

const SECRET = {};

let slotsOf;
let isSignal;

const newSignal = () => new AbortSignal(SECRET);

const abortError = () => new DOMException("This operation was aborted", "AbortError");

export class AbortSignal extends EventTarget {
    #slots = {
        __proto__: null,
        aborted: false,
        reason: undefined,
        algorithms: undefined,
        dependent: false,
        // Of a dependent signal: a list of signals. Held strongly: a source is as small as its dependent.
        sources: undefined,
        // Of a source: weak references to all that depend on it, in order, and those of them that somebody waits for.
        dependents: undefined,
        limit: 16,
        awaited: undefined,
    };

    constructor(secret = undefined) {
        if (secret !== SECRET) throw new TypeError("Illegal constructor");
        super();
    }

    static abort(reason = abortError()) {
        const signal = newSignal();
        const slots = signal.#slots;
        slots.aborted = true;
        slots.reason = reason;
        return signal;
    }

    static timeout(milliseconds) {
        needs(arguments.length, 1, "AbortSignal.timeout");
        const wait = unsignedLongLongEnforced(milliseconds, "Argument 1 of AbortSignal.timeout");
        const signal = newSignal();
        startTimer(() => {
            signalAbort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError"));
        }, wait, { __proto__: null, refed: false });
        return signal;
    }

    static any(signals) {
        needs(arguments.length, 1, "AbortSignal.any");
        return dependentSignal(signalList(signals, "Argument 1 of AbortSignal.any"));
    }

    get aborted() {
        return this.#slots.aborted;
    }

    get reason() {
        return this.#slots.reason;
    }

    throwIfAborted() {
        const { aborted, reason } = this.#slots;
        if (aborted) throw reason;
    }

    static {
        slotsOf = (signal) => signal.#slots;
        isSignal = (value) => isObject(value) && #slots in value;
    }
}
defineHandler(AbortSignal.prototype, "onabort");
defineInterface(AbortSignal);

const signalList = sequence((value, what) => (isSignal(value) ? value : fail(what, "is no AbortSignal.")));

// "create a dependent abort signal"
const dependentSignal = (signals) => {
    const result = newSignal();
    const slots = slotsOf(result);
    for (let index = 0; index < signals.length; index++) {
        const from = slotsOf(signals[index]);
        if (from.aborted) {
            slots.aborted = true;
            slots.reason = from.reason;
            return result;
        }
    }
    slots.dependent = true;
    const sources = new SafeSet();
    for (let index = 0; index < signals.length; index++) {
        const from = slotsOf(signals[index]);
        if (!from.dependent) {
            sources.add(signals[index]);
        } else {
            for (let at = 0; at < from.sources.length; at++) sources.add(from.sources[at]);
        }
    }
    slots.sources = [];
    const reference = new WeakRef(result);
    sources.forEach((source) => {
        ArrayPrototypePush(slots.sources, source);
        addDependent(slotsOf(source), reference);
    });
    watchListeners(result, () => updateAwaited(result));
    return result;
};

const addDependent = (source, reference) => {
    if (source.dependents === undefined) source.dependents = new SafeSet();
    source.dependents.add(reference);
    if (source.dependents.size <= source.limit) return;
    const { dependents } = source;
    dependents.forEach((weak) => {
        if (WeakRefPrototypeDeref(weak) === undefined) dependents.delete(weak);
    });
    source.limit = 2 * dependents.size + 16;
};

// Lets the sources of a dependent signal hold it for as long as somebody waits for it.
const updateAwaited = (signal) => {
    const { sources, algorithms } = slotsOf(signal);
    if (sources === undefined) return;
    const waits = (algorithms !== undefined && algorithms.size !== 0) || hasListeners(signal, "abort");
    for (let index = 0; index < sources.length; index++) {
        const source = slotsOf(sources[index]);
        if (waits) {
            if (source.awaited === undefined) source.awaited = new SafeSet();
            source.awaited.add(signal);
        } else if (source.awaited !== undefined) {
            source.awaited.delete(signal);
        }
    }
};

/** "signal abort"; an undefined `reason` is a new AbortError. */
export const signalAbort = (signal, reason) => {
    const slots = slotsOf(signal);
    if (slots.aborted) return;
    slots.aborted = true;
    slots.reason = reason === undefined ? abortError() : reason;
    const aborted = [];
    const { dependents } = slots;
    if (dependents !== undefined) {
        dependents.forEach((weak) => {
            const dependent = WeakRefPrototypeDeref(weak);
            if (dependent === undefined) return;
            const theirs = slotsOf(dependent);
            if (theirs.aborted) return;
            theirs.aborted = true;
            theirs.reason = slots.reason;
            ArrayPrototypePush(aborted, dependent);
        });
    }
    slots.dependents = undefined;
    slots.awaited = undefined;
    runAbortSteps(signal);
    for (let index = 0; index < aborted.length; index++) {
        letGo(aborted[index]);
        runAbortSteps(aborted[index]);
    }
};

// An aborted dependent signal needs its other sources no more.
const letGo = (signal) => {
    const slots = slotsOf(signal);
    const { sources } = slots;
    slots.sources = undefined;
    for (let index = 0; index < sources.length; index++) {
        const { awaited } = slotsOf(sources[index]);
        if (awaited !== undefined) awaited.delete(signal);
    }
};

// "run the abort steps"
const runAbortSteps = (signal) => {
    const slots = slotsOf(signal);
    const { algorithms } = slots;
    slots.algorithms = undefined;
    if (algorithms !== undefined) algorithms.forEach((algorithm) => algorithm(slots.reason));
    if (hasListeners(signal, "abort")) fireEvent(signal, trustedEvent(Event, "abort", undefined));
};

/**
 * Runs `algorithm(reason)` when `signal` is aborted, before its listeners, in the order of adding. Never runs it for
 * one that is aborted already. An algorithm must not throw and is added once.
 */
export const addAbortAlgorithm = (signal, algorithm) => {
    const slots = slotsOf(signal);
    if (slots.aborted) return;
    if (slots.algorithms === undefined) slots.algorithms = new SafeSet();
    slots.algorithms.add(algorithm);
    updateAwaited(signal);
};

export const removeAbortAlgorithm = (signal, algorithm) => {
    const { algorithms } = slotsOf(signal);
    if (algorithms === undefined) return;
    algorithms.delete(algorithm);
    updateAwaited(signal);
};

/** Whether and why it is aborted, whatever an app did to the prototype. */
export const isAborted = (signal) => slotsOf(signal).aborted;
export const abortReason = (signal) => slotsOf(signal).reason;

/** A signal that is aborted by `signalAbort` alone, or (of a list of signals) as by `AbortSignal.any`. */
export const createSignal = newSignal;
export const createDependentSignal = dependentSignal;

setSignalSupport({ isSignal, isAborted, add: addAbortAlgorithm, remove: removeAbortAlgorithm });

let signalOf;

export class AbortController {
    #signal = newSignal();

    get signal() {
        return this.#signal;
    }

    abort(reason = undefined) {
        signalAbort(this.#signal, reason);
    }

    static {
        signalOf = (controller) => controller.#signal;
    }
}
defineInterface(AbortController);

export { isSignal as isAbortSignal };

showAs(AbortSignal, (signal) => ({ aborted: isAborted(signal) }));
showAs(AbortController, (controller) => ({ signal: signalOf(controller) }));
registerPlatform(AbortController);

export const globals = { AbortController, AbortSignal };
