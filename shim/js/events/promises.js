// events.once and events.on: a promise of one event, and an iterator over all of them (Node's documentation, "Events").

import { abortError, invalidArgType, validateAbortSignal, validateInteger, validateObject } from "../node_errors.js";
import { primordials } from "../primordials.js";

const {
    ArrayPrototypePush, Error, NumberMAX_SAFE_INTEGER, ObjectGetPrototypeOf, ObjectSetPrototypeOf, Promise,
    PromiseReject, PromiseResolveValue, SymbolAsyncIterator,
} = primordials;

// %AsyncIteratorPrototype%: what the prototype of every object of an async generator inherits from.
const AsyncIteratorPrototype = ObjectGetPrototypeOf(ObjectGetPrototypeOf(ObjectGetPrototypeOf(
    (async function* () {})(),
)));

const aborted = (signal) => abortError(undefined, { cause: signal.reason });

/** Adds a listener to an EventEmitter or an EventTarget; gives a function that takes it away. */
const listen = (emitter, type, listener, isEventTarget, isOnce) => {
    const hasOn = typeof emitter?.on === "function";
    if (isEventTarget(emitter) || (!hasOn && typeof emitter?.addEventListener === "function")) {
        emitter.addEventListener(type, listener, isOnce ? { once: true } : undefined);
        return () => emitter.removeEventListener(type, listener);
    }
    if (!hasOn) throw invalidArgType("emitter", "EventEmitter", emitter);
    if (isOnce && typeof emitter.once === "function") emitter.once(type, listener);
    else emitter.on(type, listener);
    return () => emitter.removeListener(type, listener);
};

const onAbort = (signal, listener) => {
    if (signal === undefined) return () => undefined;
    signal.addEventListener("abort", listener, { once: true });
    return () => signal.removeEventListener("abort", listener);
};

export const makeOnce = (isEventTarget) => async function once(emitter, name, options = {}) {
    validateObject(options, "options");
    const { signal } = options;
    validateAbortSignal(signal, "options.signal");
    if (signal?.aborted) throw aborted(signal);
    return new Promise((resolve, reject) => {
        let removeError = () => undefined;
        let removeAbort = () => undefined;
        const remove = listen(emitter, name, (...args) => {
            removeError();
            removeAbort();
            resolve(args);
        }, isEventTarget, true);
        if (name !== "error" && !isEventTarget(emitter) && typeof emitter.once === "function") {
            removeError = listen(emitter, "error", (error) => {
                remove();
                removeAbort();
                reject(error);
            }, isEventTarget, true);
        }
        removeAbort = onAbort(signal, () => {
            remove();
            removeError();
            reject(aborted(signal));
        });
    });
};

/** A queue whose head is an index. */
class Queue {
    #items = [];
    #head = 0;

    get size() {
        return this.#items.length - this.#head;
    }

    push(item) {
        ArrayPrototypePush(this.#items, item);
    }

    shift() {
        const item = this.#items[this.#head];
        this.#items[this.#head++] = undefined;
        if (this.#head === this.#items.length) {
            this.#items = [];
            this.#head = 0;
        }
        return item;
    }
}

const watermark = (value, name, otherwise) => {
    if (value === undefined) return otherwise;
    validateInteger(value, name, 1);
    return value;
};

export const makeIterator = (isEventTarget) => function on(emitter, event, options = {}) {
    validateObject(options, "options");
    const { signal } = options;
    validateAbortSignal(signal, "options.signal");
    if (signal?.aborted) throw aborted(signal);
    const { highWaterMark = options.highWatermark, lowWaterMark = options.lowWatermark } = options;
    const high = watermark(highWaterMark, "options.highWaterMark", NumberMAX_SAFE_INTEGER);
    const low = watermark(lowWaterMark, "options.lowWaterMark", 1);

    const values = new Queue();
    const waiting = new Queue();
    const removers = [];
    let failure;
    let hasFailed = false;
    let isPaused = false;
    let isOver = false;

    const end = () => {
        for (let at = 0; at < removers.length; at++) removers[at]();
        removers.length = 0;
        isOver = true;
        while (0 < waiting.size) waiting.shift().resolve({ value: undefined, done: true });
        return PromiseResolveValue({ value: undefined, done: true });
    };
    const fail = (error) => {
        if (0 < waiting.size) {
            waiting.shift().reject(error);
        } else {
            failure = error;
            hasFailed = true;
        }
        end();
    };
    const take = (...args) => {
        if (0 < waiting.size) {
            waiting.shift().resolve({ value: args, done: false });
            return;
        }
        values.push(args);
        if (!isPaused && high < values.size && typeof emitter.pause === "function") {
            isPaused = true;
            emitter.pause();
        }
    };

    const iterator = {
        next() {
            if (0 < values.size) {
                const value = values.shift();
                if (isPaused && values.size < low) {
                    isPaused = false;
                    emitter.resume();
                }
                return PromiseResolveValue({ value, done: false });
            }
            if (hasFailed) {
                hasFailed = false;
                return PromiseReject(failure);
            }
            if (isOver) return PromiseResolveValue({ value: undefined, done: true });
            return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
        },
        return() {
            return end();
        },
        throw(error) {
            if (!(error instanceof Error)) throw invalidArgType("EventEmitter.AsyncIterator", "Error", error);
            fail(error);
        },
        [SymbolAsyncIterator]() {
            return this;
        },
    };
    ObjectSetPrototypeOf(iterator, AsyncIteratorPrototype);

    ArrayPrototypePush(removers, listen(emitter, event, take, isEventTarget, false));
    if (event !== "error" && !isEventTarget(emitter) && typeof emitter.on === "function") {
        ArrayPrototypePush(removers, listen(emitter, "error", fail, isEventTarget, false));
    }
    const closing = options.close ?? [];
    for (let at = 0; at < closing.length; at++) {
        ArrayPrototypePush(removers, listen(emitter, closing[at], end, isEventTarget, false));
    }
    ArrayPrototypePush(removers, onAbort(signal, () => fail(aborted(signal))));
    return iterator;
};
