// ReadableStreamTee: a default tee and one for byte streams (Streams standard, section 4.9.1, November 2026).

import { primordials } from "../primordials.js";
import { arrayBufferOf, byteLengthOf, byteOffsetOf, cloneBytes } from "./buffers.js";
import { Deferred } from "./promises.js";
import {
    acquireReader, createReadable, defaultClose, defaultEnqueue, defaultError, readableCancel, readerRead,
    readerRelease,
} from "./readable.js";
import {
    byobReaderRead, byteClose, byteEnqueue, byteError, createReadableByte, getByobRequest, respond, respondWithNewView,
} from "./readable_byte.js";

const { PromisePrototypeThen, PromiseResolve, Uint8Array, queueMicrotask } = primordials;

const nothing = () => undefined;

/**
 * The records of two branches. `clone` (undefined for none) makes the chunks of the second branch; it applies to
 * streams that are no byte streams.
 */
export const tee = (stream, clone = undefined) =>
    stream.controller.isByte ? byteTee(stream) : defaultTee(stream, clone);

// Both branches have to be cancelled before the stream is, with both reasons in a list.
const newCancel = (stream) => {
    const deferred = new Deferred();
    const cancelled = [false, false];
    const reasons = [undefined, undefined];
    const cancel = (index) => (reason) => {
        cancelled[index] = true;
        reasons[index] = reason;
        if (cancelled[1 - index]) deferred.resolve(readableCancel(stream, [reasons[0], reasons[1]]));
        return deferred.promise;
    };
    return { __proto__: null, cancel1: cancel(0), cancel2: cancel(1), cancelled, deferred };
};

const defaultTee = (stream, clone) => {
    const reader = acquireReader(stream);
    const { cancel1, cancel2, cancelled, deferred } = newCancel(stream);
    let reading = false;
    let readAgain = false;
    let branch1;
    let branch2;

    const request = {
        __proto__: null,
        chunkSteps: (chunk) => {
            queueMicrotask(() => {
                readAgain = false;
                let second = chunk;
                if (!cancelled[1] && clone !== undefined) {
                    try {
                        second = clone(chunk);
                    } catch (error) {
                        defaultError(branch1.controller, error);
                        defaultError(branch2.controller, error);
                        deferred.resolve(readableCancel(stream, error));
                        return;
                    }
                }
                if (!cancelled[0]) defaultEnqueue(branch1.controller, chunk);
                if (!cancelled[1]) defaultEnqueue(branch2.controller, second);
                reading = false;
                if (readAgain) pull();
            });
        },
        closeSteps: () => {
            reading = false;
            if (!cancelled[0]) defaultClose(branch1.controller);
            if (!cancelled[1]) defaultClose(branch2.controller);
            if (!cancelled[0] || !cancelled[1]) deferred.resolve(undefined);
        },
        errorSteps: () => {
            reading = false;
        },
    };

    const pull = () => {
        if (reading) {
            readAgain = true;
        } else {
            reading = true;
            readerRead(reader, request);
        }
        return PromiseResolve(undefined);
    };

    branch1 = createReadable(nothing, pull, cancel1);
    branch2 = createReadable(nothing, pull, cancel2);
    PromisePrototypeThen(reader.closed.promise, undefined, (error) => {
        defaultError(branch1.controller, error);
        defaultError(branch2.controller, error);
        if (!cancelled[0] || !cancelled[1]) deferred.resolve(undefined);
    });
    return [branch1, branch2];
};

const cloneAsUint8Array = (view) =>
    new Uint8Array(cloneBytes(arrayBufferOf(view), byteOffsetOf(view), byteLengthOf(view)));

const byteTee = (stream) => {
    let reader = acquireReader(stream);
    const { cancel1, cancel2, cancelled, deferred } = newCancel(stream);
    let reading = false;
    const readAgain = [false, false];
    let branch1;
    let branch2;

    const forwardReaderError = (watched) => {
        PromisePrototypeThen(watched.closed.promise, undefined, (error) => {
            if (watched !== reader) return;
            byteError(branch1.controller, error);
            byteError(branch2.controller, error);
            if (!cancelled[0] || !cancelled[1]) deferred.resolve(undefined);
        });
    };

    const swapReader = (byob) => {
        readerRelease(reader);
        reader = acquireReader(stream, byob);
        forwardReaderError(reader);
    };

    const failBoth = (error) => {
        byteError(branch1.controller, error);
        byteError(branch2.controller, error);
        deferred.resolve(readableCancel(stream, error));
    };

    const readMore = () => {
        reading = false;
        if (readAgain[0]) pull(0);
        else if (readAgain[1]) pull(1);
    };

    const defaultRequest = {
        __proto__: null,
        chunkSteps: (chunk) => {
            queueMicrotask(() => {
                readAgain[0] = false;
                readAgain[1] = false;
                let second = chunk;
                if (!cancelled[0] && !cancelled[1]) {
                    try {
                        second = cloneAsUint8Array(chunk);
                    } catch (error) {
                        failBoth(error);
                        return;
                    }
                }
                if (!cancelled[0]) byteEnqueue(branch1.controller, chunk);
                if (!cancelled[1]) byteEnqueue(branch2.controller, second);
                readMore();
            });
        },
        closeSteps: () => {
            reading = false;
            if (!cancelled[0]) byteClose(branch1.controller);
            if (!cancelled[1]) byteClose(branch2.controller);
            if (0 < branch1.controller.pendingPullIntos.length) respond(branch1.controller, 0);
            if (0 < branch2.controller.pendingPullIntos.length) respond(branch2.controller, 0);
            if (!cancelled[0] || !cancelled[1]) deferred.resolve(undefined);
        },
        errorSteps: () => {
            reading = false;
        },
    };

    const pullWithDefaultReader = () => {
        if (reader.byob) swapReader(false);
        readerRead(reader, defaultRequest);
    };

    const pullWithByobReader = (view, index) => {
        if (!reader.byob) swapReader(true);
        const byobBranch = index === 0 ? branch1 : branch2;
        const otherBranch = index === 0 ? branch2 : branch1;
        byobReaderRead(reader, view, 1, {
            __proto__: null,
            chunkSteps: (chunk) => {
                queueMicrotask(() => {
                    readAgain[0] = false;
                    readAgain[1] = false;
                    if (!cancelled[1 - index]) {
                        let clone;
                        try {
                            clone = cloneAsUint8Array(chunk);
                        } catch (error) {
                            failBoth(error);
                            return;
                        }
                        if (!cancelled[index]) respondWithNewView(byobBranch.controller, chunk);
                        byteEnqueue(otherBranch.controller, clone);
                    } else if (!cancelled[index]) {
                        respondWithNewView(byobBranch.controller, chunk);
                    }
                    readMore();
                });
            },
            closeSteps: (chunk) => {
                reading = false;
                if (!cancelled[index]) byteClose(byobBranch.controller);
                if (!cancelled[1 - index]) byteClose(otherBranch.controller);
                if (chunk !== undefined) {
                    if (!cancelled[index]) respondWithNewView(byobBranch.controller, chunk);
                    if (!cancelled[1 - index] && 0 < otherBranch.controller.pendingPullIntos.length) {
                        respond(otherBranch.controller, 0);
                    }
                }
                if (!cancelled[0] || !cancelled[1]) deferred.resolve(undefined);
            },
            errorSteps: () => {
                reading = false;
            },
        });
    };

    const pull = (index) => {
        if (reading) {
            readAgain[index] = true;
            return PromiseResolve(undefined);
        }
        reading = true;
        const request = getByobRequest((index === 0 ? branch1 : branch2).controller);
        if (request === null) pullWithDefaultReader();
        else pullWithByobReader(request.view, index);
        return PromiseResolve(undefined);
    };

    branch1 = createReadableByte(nothing, () => pull(0), cancel1);
    branch2 = createReadableByte(nothing, () => pull(1), cancel2);
    forwardReaderError(reader);
    return [branch1, branch2];
};
