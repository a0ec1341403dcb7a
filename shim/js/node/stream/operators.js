// The methods of readable streams that are those of arrays: map, filter, reduce and so on (nodejs.org/api/stream.html,
// "Consuming and transforming readable streams").

import { primordials } from "../../primordials.js";
import {
    abortError, invalidArgType, invalidArgValue, missingArgs, outOfRange, validateAbortSignal, validateInteger,
    validateObject,
} from "../../node_errors.js";
import { AbortController } from "../../abort.js";
import { compose } from "./compose.js";
import { finished } from "./finished.js";
import { isNodeStream, isWritable } from "./state.js";
import { onAbortOf } from "./abort.js";
import { eachChunk } from "./pipeline.js";

const {
    ArrayPrototypePush, ArrayPrototypeShift, MathFloor, Number, NumberIsNaN, Promise, PromisePrototypeThen,
    PromiseReject, PromiseResolve, SymbolAsyncIterator,
} = primordials;

const checkFunction = (value) => {
    if (typeof value !== "function") throw invalidArgType("fn", ["Function", "AsyncFunction"], value);
};

const checkOptions = (options) => {
    if (options !== undefined && options !== null) validateObject(options, "options");
    validateAbortSignal(options?.signal ?? undefined, "options.signal");
};

const aborted = (signal) => abortError(undefined, { cause: signal.reason });

const EMPTY = { __proto__: null };
const END = { __proto__: null };

/** How many answers are worked on at the same time, and how many more are kept. */
const limitsOf = (options) => {
    const concurrency = MathFloor(options?.concurrency ?? 1);
    const kept = MathFloor(options?.highWaterMark ?? concurrency - 1);
    validateInteger(concurrency, "options.concurrency", 1);
    validateInteger(kept, "options.highWaterMark", 0);
    return { concurrency, kept };
};

/** An iterable over the answers of a function, in order, of which so many are worked on at the same time. */
const mapped = async function* (stream, call, options, { concurrency, kept }) {
    const most = kept + concurrency;

    const controller = new AbortController();
    const outer = options?.signal;
    const stopListening = outer === undefined || outer === null
        ? () => {}
        : onAbortOf(outer, () => controller.abort(outer.reason));
    const { signal } = controller;
    const settings = { signal };
    const queue = [];
    let wake;
    let resume;
    let isDone = false;
    let running = 0;

    const mayGoOn = () => {
        if (resume && !isDone && running < concurrency && queue.length < most) {
            const callback = resume;
            resume = undefined;
            callback();
        }
    };
    const add = (promise) => {
        ArrayPrototypePush(queue, promise);
        if (wake) {
            const callback = wake;
            wake = undefined;
            callback();
        }
    };
    const finish = () => {
        running--;
        mayGoOn();
    };
    const failOnce = () => {
        isDone = true;
        finish();
    };
    const pump = async () => {
        try {
            await eachChunk(stream, async (chunk) => {
                if (isDone) throw END;
                if (signal.aborted) throw aborted(signal);
                let answer;
                try {
                    answer = call(chunk, settings);
                    if (answer === EMPTY) return;
                    answer = PromiseResolve(answer);
                } catch (error) {
                    answer = PromiseReject(error);
                }
                running++;
                PromisePrototypeThen(answer, finish, failOnce);
                add(answer);
                if (!isDone && (most <= queue.length || concurrency <= running)) {
                    await new Promise((resolve) => {
                        resume = resolve;
                    });
                }
            });
            add(END);
        } catch (error) {
            if (error === END) return;
            const failure = PromiseReject(error);
            PromisePrototypeThen(failure, undefined, failOnce);
            running++;
            add(failure);
        } finally {
            isDone = true;
        }
    };
    pump();
    try {
        for (;;) {
            while (0 < queue.length) {
                const value = queue[0] === END ? END : await queue[0];
                if (value === END) return;
                if (signal.aborted) throw aborted(signal);
                if (value !== EMPTY) yield value;
                ArrayPrototypeShift(queue);
                mayGoOn();
            }
            await new Promise((resolve) => {
                wake = resolve;
            });
        }
    } finally {
        controller.abort();
        stopListening();
        isDone = true;
        if (resume) {
            const callback = resume;
            resume = undefined;
            callback();
        }
    }
};

const mapIterable = (stream, call, options) => {
    checkFunction(call);
    checkOptions(options);
    return mapped(stream, call, options, limitsOf(options));
};

const filterIterable = (stream, test, options) => {
    checkFunction(test);
    return mapIterable(stream, async (value, settings) => ((await test(value, settings)) ? value : EMPTY), options);
};

const flatMapped = async function* (answers) {
    for (;;) {
        const { done, value } = await answers.next();
        if (done) return;
        yield* value;
    }
};

/** The count that take and drop get. */
const toCount = (given) => {
    const count = Number(given);
    if (NumberIsNaN(count)) return 0;
    if (count < 0) throw outOfRange("number", ">= 0", count);
    return count;
};

const taken = async function* (stream, given, options, isTake) {
    if (options?.signal?.aborted) throw abortError();
    let left = given;
    const iterator = stream[SymbolAsyncIterator]();
    try {
        if (isTake && left <= 0) return;
        for (;;) {
            const { done, value } = await iterator.next();
            if (done) return;
            if (options?.signal?.aborted) throw abortError();
            if (isTake) {
                yield value;
                if (--left <= 0) return;
            } else if (left-- <= 0) {
                yield value;
            }
        }
    } finally {
        await iterator.return();
    }
};

const indexed = async function* (stream, options) {
    let index = 0;
    const iterator = stream[SymbolAsyncIterator]();
    for (;;) {
        const { done, value } = await iterator.next();
        if (done) return;
        if (options?.signal?.aborted) throw aborted(options.signal);
        yield [index++, value];
    }
};

/** Methods whose answer is a stream: they give an iterable, of which operators makes a stream. */
export const streamOperators = {
    asIndexedPairs(options = undefined) {
        checkOptions(options);
        return indexed(this, options);
    },
    drop(number, options = undefined) {
        checkOptions(options);
        return taken(this, toCount(number), options, false);
    },
    filter(fn, options) {
        return filterIterable(this, fn, options);
    },
    flatMap(fn, options) {
        return flatMapped(mapIterable(this, fn, options));
    },
    map(fn, options) {
        return mapIterable(this, fn, options);
    },
    take(number, options = undefined) {
        checkOptions(options);
        return taken(this, toCount(number), options, true);
    },
};

/** Stands for an answer that was found, so that the rest of the stream is left alone. */
class Found {
    constructor(value) {
        this.value = value;
    }
}

const firstOf = async (iterable) => {
    const { done, value } = await iterable.next();
    if (done) return undefined;
    await iterable.return();
    return new Found(value);
};

/** Methods whose answer is a promise. */
export const promiseOperators = {
    async every(fn, options = undefined) {
        checkFunction(fn);
        // Every chunk passes if there is none that does not.
        const negated = async (value, settings) => !(await fn(value, settings));
        return (await firstOf(filterIterable(this, negated, options))) === undefined;
    },
    async find(fn, options) {
        return (await firstOf(filterIterable(this, fn, options)))?.value;
    },
    async forEach(fn, options) {
        checkFunction(fn);
        const answers = mapIterable(this, async (value, settings) => {
            await fn(value, settings);
            return EMPTY;
        }, options);
        await answers.next();
    },
    async reduce(reducer, initialValue, options) {
        if (typeof reducer !== "function") throw invalidArgType("reducer", ["Function", "AsyncFunction"], reducer);
        checkOptions(options);
        let hasValue = 1 < arguments.length;
        let result = initialValue;
        if (options?.signal?.aborted) {
            const error = aborted(options.signal);
            this.once("error", () => {});
            this.destroy(error);
            await new Promise((resolve) => {
                finished(this, () => resolve());
            });
            throw error;
        }
        const controller = new AbortController();
        const { signal } = controller;
        if (options?.signal) options.signal.addEventListener("abort", () => controller.abort(), { once: true });
        let isEmpty = true;
        try {
            await eachChunk(this, async (value) => {
                isEmpty = false;
                if (options?.signal?.aborted) throw abortError();
                if (hasValue) {
                    result = await reducer(result, value, { signal });
                } else {
                    result = value;
                    hasValue = true;
                }
            });
            if (isEmpty && !hasValue) throw reduceOfNothing();
        } finally {
            controller.abort();
        }
        return result;
    },
    async some(fn, options = undefined) {
        return (await firstOf(filterIterable(this, fn, options))) !== undefined;
    },
    async toArray(options = undefined) {
        checkOptions(options);
        const items = [];
        await eachChunk(this, (value) => {
            if (options?.signal?.aborted) throw aborted(options.signal);
            ArrayPrototypePush(items, value);
        });
        return items;
    },
};

const reduceOfNothing = () => {
    const error = missingArgs("reduce");
    error.message = "Reduce of an empty stream requires an initial value";
    return error;
};

/** The method `compose` of a readable stream. */
export const composeWith = function compose_(stream, options = undefined) {
    checkOptions(options);
    if (isNodeStream(stream) && !isWritable(stream)) throw invalidArgValue("stream", stream, "must be writable");
    const composed = compose(this, stream);
    if (options?.signal) onAbortOf(options.signal, () => composed.destroy(aborted(options.signal)));
    return composed;
};
