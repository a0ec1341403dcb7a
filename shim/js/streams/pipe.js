// ReadableStreamPipeTo (Streams standard, section 4.9.1, November 2026).
//
// The pipe reads one chunk after the other as long as the destination wants more. A write is done in a microtask of its
// own, so that a source's `enqueue` never runs the destination's code.

import { abortReason, addAbortAlgorithm, isAborted, removeAbortAlgorithm } from "../abort.js";
import { primordials } from "../primordials.js";
import { Deferred, markHandled } from "./promises.js";
import { acquireReader, readableCancel, readerRead, readerRelease } from "./readable.js";
import {
    acquireWriter, closeQueuedOrInFlight, writableAbort, writerCloseWithErrorPropagation, writerRelease, writerWrite,
} from "./writable.js";

const { Promise, PromisePrototypeThen, PromiseResolve, TypeError, queueMicrotask } = primordials;

/**
 * Pipes one record into another, neither of which is locked. The options are booleans and an AbortSignal or undefined.
 * Returns the promise of the end.
 */
export const pipeTo = (source, destination, { preventAbort, preventCancel, preventClose, signal }) => {
    const reader = acquireReader(source);
    const writer = acquireWriter(destination);
    source.disturbed = true;
    const finished = new Deferred();
    let shuttingDown = false;
    let currentWrite = PromiseResolve(undefined);

    const finalize = (isError, error) => {
        writerRelease(writer);
        readerRelease(reader);
        if (signal !== undefined) removeAbortAlgorithm(signal, onAbort);
        if (isError) finished.reject(error);
        else finished.resolve(undefined);
    };

    // Chunks that are read but not written yet: waits until no write was added meanwhile.
    const waitForWrites = () => {
        const waited = currentWrite;
        return PromisePrototypeThen(waited, () => (waited === currentWrite ? undefined : waitForWrites()));
    };

    const shutdown = (action, isError, error) => {
        if (shuttingDown) return;
        shuttingDown = true;
        const rest = () => {
            if (action === undefined) {
                finalize(isError, error);
                return;
            }
            PromisePrototypeThen(
                action(),
                () => finalize(isError, error),
                (newError) => finalize(true, newError),
            );
        };
        if (destination.state === "writable" && !closeQueuedOrInFlight(destination)) {
            PromisePrototypeThen(waitForWrites(), rest);
        } else {
            rest();
        }
    };

    const onAbort = () => {
        const error = abortReason(signal);
        const abort = () =>
            destination.state === "writable" ? writableAbort(destination, error) : PromiseResolve(undefined);
        const cancel = () =>
            source.state === "readable" ? readableCancel(source, error) : PromiseResolve(undefined);
        shutdown(
            () => both(preventAbort ? undefined : abort(), preventCancel ? undefined : cancel()),
            true,
            error,
        );
    };

    const write = (chunk, read) => {
        const written = new Deferred();
        currentWrite = written.promise;
        queueMicrotask(() => {
            const done = () => written.resolve(undefined);
            PromisePrototypeThen(writerWrite(writer, chunk), done, done);
            read(false);
        });
    };

    const step = () => {
        if (shuttingDown) return PromiseResolve(true);
        return PromisePrototypeThen(
            writer.ready.promise,
            () =>
                new Promise((resolve, reject) => {
                    readerRead(reader, {
                        __proto__: null,
                        chunkSteps: (chunk) => write(chunk, resolve),
                        closeSteps: () => resolve(true),
                        errorSteps: reject,
                    });
                }),
        );
    };

    const loop = () => {
        PromisePrototypeThen(
            step(),
            (done) => {
                if (!done) loop();
            },
            () => undefined,
        );
    };

    const sourceErrored = (error) =>
        shutdown(preventAbort ? undefined : () => writableAbort(destination, error), true, error);
    const destinationErrored = (error) =>
        shutdown(preventCancel ? undefined : () => readableCancel(source, error), true, error);
    const sourceClosed = () =>
        shutdown(preventClose ? undefined : () => writerCloseWithErrorPropagation(writer), false, undefined);

    if (signal !== undefined) {
        if (isAborted(signal)) {
            onAbort();
            return finished.promise;
        }
        addAbortAlgorithm(signal, onAbort);
    }
    // Errors forward, errors backward, closing forward, closing backward: in this order.
    if (source.state === "errored") sourceErrored(source.storedError);
    else PromisePrototypeThen(reader.closed.promise, undefined, sourceErrored);
    if (destination.state === "errored") destinationErrored(destination.storedError);
    else PromisePrototypeThen(writer.closed.promise, undefined, destinationErrored);
    if (source.state === "closed") sourceClosed();
    else PromisePrototypeThen(reader.closed.promise, sourceClosed, () => undefined);
    if (closeQueuedOrInFlight(destination) || destination.state === "closed") {
        destinationErrored(new TypeError("The destination is closing or closed; nothing can be piped into it."));
    }
    loop();
    markHandled(reader.closed.promise);
    markHandled(writer.closed.promise);
    return finished.promise;
};

// The promise of two acts of which either can be undefined.
const both = (first, second) => {
    const deferred = new Deferred();
    let left = 0;
    const add = (promise) => {
        if (promise === undefined) return;
        left++;
        PromisePrototypeThen(
            promise,
            () => {
                left--;
                if (left === 0) deferred.resolve(undefined);
            },
            (error) => deferred.reject(error),
        );
    };
    add(first);
    add(second);
    if (left === 0) deferred.resolve(undefined);
    return deferred.promise;
};
