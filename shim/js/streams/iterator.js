// Iteration of readable streams: the asynchronous iterator of a stream, and ReadableStream.from, which makes a stream
// of an iterable (Streams standard, sections 4.2.5 and 4.9.1, November 2026; Web IDL's asynchronous iterators).

import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import { Deferred, rejectedWith, resolvedWith } from "./promises.js";
import {
    acquireReader, createReadable, defaultClose, defaultEnqueue, readableCancel, readerRead, readerRelease,
} from "./readable.js";

const {
    AsyncIterator, ObjectDefineProperty, ObjectSetPrototypeOf, PromisePrototypeThen, PromiseResolve, ReflectApply,
    ReflectDeleteProperty, SymbolAsyncIterator, SymbolIterator, SymbolToStringTag, TypeError,
} = primordials;

const END = { __proto__: null };

let stateOf;

class ReadableStreamAsyncIterator {
    #state;

    constructor(state) {
        this.#state = state;
    }

    next() {
        const state = stateOf(this);
        if (state === undefined) return rejectedWith(new TypeError("The receiver is no iterator of a ReadableStream."));
        return chain(state, () => nextSteps(state));
    }

    return(value) {
        const state = stateOf(this);
        if (state === undefined) return rejectedWith(new TypeError("The receiver is no iterator of a ReadableStream."));
        return PromisePrototypeThen(chain(state, () => returnSteps(state, value)), () => ({ value, done: true }));
    }

    static {
        stateOf = (value) => (isObject(value) && #state in value ? value.#state : undefined);
    }
}

// The prototype of the iterators is no interface's: it has no constructor and inherits from that of all asynchronous
// iterators.
const { prototype } = ReadableStreamAsyncIterator;
ObjectSetPrototypeOf(prototype, AsyncIterator.prototype);
ReflectDeleteProperty(prototype, "constructor");
ObjectDefineProperty(prototype, "next", { __proto__: null, enumerable: true });
ObjectDefineProperty(prototype, "return", { __proto__: null, enumerable: true });
ObjectDefineProperty(prototype, SymbolToStringTag, {
    __proto__: null, value: "ReadableStream AsyncIterator", configurable: true,
});

export const iterateReadable = (stream, preventCancel) =>
    new ReadableStreamAsyncIterator({
        __proto__: null,
        isFinished: false,
        ongoing: undefined,
        preventCancel,
        reader: acquireReader(stream),
    });

// One step at a time: each waits for the one before.
const chain = (state, steps) => {
    state.ongoing = state.ongoing === undefined ? steps() : PromisePrototypeThen(state.ongoing, steps, steps);
    return state.ongoing;
};

const nextSteps = (state) => {
    if (state.isFinished) return resolvedWith({ value: undefined, done: true });
    const deferred = new Deferred();
    readerRead(state.reader, {
        __proto__: null,
        chunkSteps: (chunk) => deferred.resolve(chunk),
        closeSteps: () => {
            readerRelease(state.reader);
            deferred.resolve(END);
        },
        errorSteps: (error) => {
            readerRelease(state.reader);
            deferred.reject(error);
        },
    });
    return PromisePrototypeThen(
        deferred.promise,
        (value) => {
            state.ongoing = undefined;
            if (value !== END) return { value, done: false };
            state.isFinished = true;
            return { value: undefined, done: true };
        },
        (error) => {
            state.ongoing = undefined;
            state.isFinished = true;
            throw error;
        },
    );
};

const returnSteps = (state, value) => {
    if (state.isFinished) return PromiseResolve(undefined);
    state.isFinished = true;
    const { reader } = state;
    const { stream } = reader;
    const result = state.preventCancel ? PromiseResolve(undefined) : readableCancel(stream, value);
    readerRelease(reader);
    return result;
};

// ReadableStream.from

const getMethod = (value, key, what) => {
    const method = value[key];
    if (method === undefined || method === null) return undefined;
    if (typeof method !== "function") throw new TypeError(`${what} is not a function.`);
    return method;
};

// Opens what Web IDL calls an asynchronous sequence: an object with an asynchronous iterator, else with a synchronous
// one. Strings are none.
const asyncIteratorOf = (iterable) => {
    if (!isObject(iterable)) throw new TypeError("Argument 1 is not an object that can be iterated.");
    const method = getMethod(iterable, SymbolAsyncIterator, "The iterable's Symbol.asyncIterator");
    const isSync = method === undefined;
    const used = isSync ? getMethod(iterable, SymbolIterator, "The iterable's Symbol.iterator") : method;
    if (used === undefined) throw new TypeError("Argument 1 is not iterable.");
    const iterator = ReflectApply(used, iterable, []);
    if (!isObject(iterator)) throw new TypeError("The iterator is not an object.");
    const next = iterator.next;
    return { __proto__: null, iterator, next, isSync };
};

// %AsyncFromSyncIteratorPrototype%: the promise of a step of a synchronous iterator.
const continueSync = (record, step, closes) => {
    if (!isObject(step)) throw new TypeError("The iterator's result is not an object.");
    const done = !!step.done;
    const { value } = step;
    let wrapped;
    try {
        wrapped = PromiseResolve(value);
    } catch (error) {
        if (!done && closes) closeSync(record.iterator);
        throw error;
    }
    return PromisePrototypeThen(
        wrapped,
        (settled) => ({ value: settled, done }),
        (error) => {
            if (!done && closes) closeSync(record.iterator);
            throw error;
        },
    );
};

// IteratorClose after an error, which outweighs any error of the closing.
const closeSync = (iterator) => {
    try {
        const method = getMethod(iterator, "return", "The iterator's return");
        if (method !== undefined) ReflectApply(method, iterator, []);
    } catch {
        // The first error is the one that counts.
    }
};

const iteratorNext = (record) => {
    const step = ReflectApply(record.next, record.iterator, []);
    return record.isSync ? continueSync(record, step, true) : step;
};

const iteratorReturn = (record, reason) => {
    const method = getMethod(record.iterator, "return", "The iterator's return");
    if (method === undefined) return undefined;
    const step = ReflectApply(method, record.iterator, [reason]);
    return { __proto__: null, step: record.isSync ? continueSync(record, step, false) : step };
};

/** ReadableStreamFromIterable */
export const readableFrom = (iterable) => {
    const record = asyncIteratorOf(iterable);
    const pull = () => {
        let next;
        try {
            next = iteratorNext(record);
        } catch (error) {
            return rejectedWith(error);
        }
        return PromisePrototypeThen(resolvedWith(next), (step) => {
            if (!isObject(step)) throw new TypeError("The iterator's result is not an object.");
            if (step.done) defaultClose(stream.controller);
            else defaultEnqueue(stream.controller, step.value);
        });
    };
    const cancel = (reason) => {
        let returned;
        try {
            returned = iteratorReturn(record, reason);
        } catch (error) {
            return rejectedWith(error);
        }
        if (returned === undefined) return PromiseResolve(undefined);
        return PromisePrototypeThen(resolvedWith(returned.step), (step) => {
            if (!isObject(step)) throw new TypeError("The result of the iterator's return is not an object.");
        });
    };
    const stream = createReadable(() => undefined, pull, cancel, 0);
    return stream;
};
