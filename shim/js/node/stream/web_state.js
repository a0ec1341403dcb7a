// What Node's streams ask about streams of the web, by the records behind them: no lock, no method that an app can
// change.

import { primordials } from "../../primordials.js";
import {
    TransformStream, isReadableStream, readableOf, writableOf,
} from "../../streams/index.js";
import { byteError } from "../../streams/readable_byte.js";
import { defaultError } from "../../streams/readable.js";
import { writableErrorIfNeeded } from "../../streams/writable.js";
import { nextTick } from "../../ticks.js";

const {
    ObjectDefineProperty, Promise, PromiseReject, PromiseResolve, ReflectGetOwnPropertyDescriptor, SafeWeakMap,
    uncurryThis,
} = primordials;

const transformReadable = uncurryThis(ReflectGetOwnPropertyDescriptor(TransformStream.prototype, "readable").get);
const transformWritable = uncurryThis(ReflectGetOwnPropertyDescriptor(TransformStream.prototype, "writable").get);

export { isReadableStream };

export const isWritableStream = (value) => writableOf(value) !== undefined;

/** The two sides of a TransformStream, or undefined. */
export const transformSides = (value) => {
    try {
        return { readable: transformReadable(value), writable: transformWritable(value) };
    } catch {
        return undefined;
    }
};

export const isTransformStream = (value) =>
    typeof value === "object" && value !== null && transformSides(value) !== undefined;

/** `readable`, `writable`, `errored` and `disturbed` of a web stream; null where it has no answer. */
export const webState = (stream) => {
    const readable = readableOf(stream);
    const record = readable ?? writableOf(stream);
    if (record === undefined) return { readable: null, writable: null, errored: false, disturbed: null };
    return {
        readable: readable === undefined ? null : record.state === "readable",
        writable: readable === undefined ? record.state === "writable" : null,
        errored: record.state === "errored",
        disturbed: readable === undefined ? null : record.disturbed,
    };
};

export const errorWebStream = (stream, error) => {
    const readable = readableOf(stream);
    if (readable !== undefined) {
        if (readable.controller.isByte) byteError(readable.controller, error);
        else defaultError(readable.controller, error);
        return;
    }
    const writable = writableOf(stream);
    if (writable !== undefined) writableErrorIfNeeded(writable.controller, error);
};

const watched = new SafeWeakMap();

/**
 * A promise that is fulfilled when the stream is closed and rejected when it is errored, also while somebody else has
 * locked it: the record's `state` becomes a property that tells us of its changes.
 */
export const webClosed = (stream) => {
    const record = readableOf(stream) ?? writableOf(stream);
    if (record.state === "closed") return PromiseResolve(undefined);
    if (record.state === "errored") return PromiseReject(record.storedError);
    const known = watched.get(record);
    if (known !== undefined) return known;
    let { state } = record;
    const promise = new Promise((resolve, reject) => {
        ObjectDefineProperty(record, "state", {
            __proto__: null,
            configurable: true,
            enumerable: true,
            get: () => state,
            set: (value) => {
                state = value;
                if (value === "closed") resolve();
                // The error itself is stored after the state.
                else if (value === "errored") nextTick(() => reject(record.storedError));
            },
        });
    });
    watched.set(record, promise);
    return promise;
};
