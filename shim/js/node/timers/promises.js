// The functions of timers/promises (nodejs.org/api/timers.html, "Timers Promises API").

import { primordials } from "../../primordials.js";
import {
    abortError, nodeError, validateAbortSignal, validateBoolean, validateNumber, validateObject,
} from "../../node_errors.js";
import { globalFunctions } from "../../timers.js";

const { Promise, PromiseReject, TypeError } = primordials;
const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalFunctions;

/** The signal and `ref` of the options, or an error of one of them. */
const readOptions = (given, delay, hasDelay) => {
    const options = given ?? {};
    try {
        if (hasDelay && delay !== undefined) validateNumber(delay, "delay");
        validateObject(options, "options");
        validateAbortSignal(options.signal, "options.signal");
        if (options.ref !== undefined) validateBoolean(options.ref, "options.ref");
    } catch (error) {
        return { error };
    }
    const { signal, ref = true } = options;
    if (signal?.aborted) return { error: abortError(undefined, { cause: signal.reason }) };
    return { signal, ref };
};

/** A promise that a timer fulfils; an aborted signal rejects it and stops the timer. */
const wait = (start, stop, value, { error, signal, ref }) => {
    if (error !== undefined) return PromiseReject(error);
    return new Promise((resolve, reject) => {
        let onAbort;
        const timer = start(() => {
            if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
            resolve(value);
        });
        if (!ref) timer.unref();
        if (signal === undefined) return;
        onAbort = () => {
            stop(timer);
            reject(abortError(undefined, { cause: signal.reason }));
        };
        signal.addEventListener("abort", onAbort, { once: true });
    });
};

const afterTimeout = (delay, value, options) => wait(
    (callback) => setTimeout(callback, delay),
    clearTimeout,
    value,
    readOptions(options, delay, true),
);

const afterImmediate = (value, options) => wait(setImmediate, clearImmediate, value, readOptions(options));

/** An iterator that gives the value each time the interval is over. */
const everyInterval = async function* (delay, value, options) {
    const { error, signal, ref } = readOptions(options, delay, true);
    if (error !== undefined) throw error;
    let wake;
    let count = 0;
    const tell = () => {
        if (wake !== undefined) wake();
        wake = undefined;
    };
    const timer = setInterval(() => {
        count++;
        tell();
    }, delay);
    if (!ref) timer.unref();
    const onAbort = () => {
        clearInterval(timer);
        tell();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
        while (!signal?.aborted) {
            if (count === 0) {
                await new Promise((resolve) => {
                    wake = resolve;
                });
            }
            for (; 0 < count; count--) yield value;
        }
        throw abortError(undefined, { cause: signal.reason });
    } finally {
        clearInterval(timer);
        signal?.removeEventListener("abort", onAbort);
    }
};

const SECRET = { __proto__: null };

/** `scheduler`, as the proposal "Scheduling APIs" begins it. */
class Scheduler {
    constructor(secret) {
        if (secret !== SECRET) throw nodeError(TypeError, "ERR_ILLEGAL_CONSTRUCTOR", "Illegal constructor");
    }

    yield() {
        return afterImmediate();
    }

    wait(delay, options) {
        return afterTimeout(delay, undefined, options);
    }
}

export const promises = {
    setTimeout: (delay, value, options) => afterTimeout(delay, value, options),
    setImmediate: (value, options) => afterImmediate(value, options),
    setInterval: (delay, value, options) => everyInterval(delay, value, options),
    scheduler: new Scheduler(SECRET),
};
