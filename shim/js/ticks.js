// The queue of process.nextTick (Node's documentation, "process.nextTick()").
//
// What the driver in Rust does: whenever a piece of JavaScript that it started has ended (the evaluation of a module, a
// call, a timer, an immediate, an answer of a native), it repeats `runTicks()` and then all pending promise jobs of the
// engine, until `natives.tickScheduled` was not called in between. So ticks run before promise jobs after each such
// piece, and a tick that a promise job asks for runs when no promise job is left, as in Node.

import natives from "./natives.js";
import { validateFunction } from "./node_errors.js";
import { primordials } from "./primordials.js";

const { ArrayPrototypePush, ReflectApply } = primordials;

let queue = [];
let at = 0;
// Node's AsyncLocalStorage: `capture()` gives a function that runs another with the stores of now.
let capture;
let uncaught;

/** Says how a tick keeps the stores of AsyncLocalStorage: `(callback) => callback with the stores of now`. */
export const setCapture = (function_) => {
    capture = function_;
};

/** Says who hears of an error in a tick: `(error) => true` if it counts as handled. */
export const setUncaught = (function_) => {
    uncaught = function_;
};

/** A tick of a function with a list of arguments. */
export const enqueue = (callback, args) => {
    if (at === queue.length) natives.tickScheduled();
    const captured = capture === undefined ? callback : capture(callback);
    ArrayPrototypePush(queue, { __proto__: null, callback: captured, args });
};

export function nextTick(callback, ...args) {
    validateFunction(callback, "callback");
    enqueue(callback, args);
}

export const hasTicks = () => at < queue.length;

/**
 * Runs all ticks, also those that they add. An error that nobody handles is thrown to the driver, which calls this
 * again after it has reported the error.
 */
export const runTicks = () => {
    while (at < queue.length) {
        const { callback, args } = queue[at];
        queue[at] = undefined;
        at++;
        if (at === queue.length) {
            queue = [];
            at = 0;
        }
        try {
            ReflectApply(callback, undefined, args);
        } catch (error) {
            if (uncaught === undefined || !uncaught(error)) {
                if (at < queue.length) natives.tickScheduled();
                throw error;
            }
        }
    }
};
