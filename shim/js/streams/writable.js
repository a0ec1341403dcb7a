// Writable streams: the algorithms of the Streams standard, sections 5.4 to 5.5 (November 2026), under its names.
//
// The algorithms work on records, which no code of an app can reach; the objects that it sees are made in
// writable_classes.js. A record of a stream, a writer or a controller has its object in `object`.

import { signalAbort } from "../abort.js";
import { primordials } from "../primordials.js";
import { Deferred, markHandled, rejectedDeferred, rejectedWith, resolvedDeferred, resolvedWith } from "./promises.js";
import { Queue, dequeueValue, enqueueValueWithSize, resetQueue } from "./queue.js";

const { PromisePrototypeThen, PromiseResolve, TypeError } = primordials;

const CLOSE_SENTINEL = { __proto__: null };

/** A stream's record without a controller (InitializeWritableStream). */
export const newWritable = () => ({
    __proto__: null,
    object: undefined,
    backpressure: false,
    closeRequest: undefined,
    controller: undefined,
    inFlightCloseRequest: undefined,
    inFlightWriteRequest: undefined,
    pendingAbortRequest: undefined,
    state: "writable",
    storedError: undefined,
    writeRequests: new Queue(),
    writer: undefined,
});

const newController = (stream) => ({
    __proto__: null,
    object: undefined,
    abortAlgorithm: undefined,
    abortReason: undefined,
    aborted: false,
    closeAlgorithm: undefined,
    queue: new Queue(),
    queueTotalSize: 0,
    signal: undefined,
    started: false,
    strategyHWM: 0,
    strategySizeAlgorithm: undefined,
    stream,
    writeAlgorithm: undefined,
});

/**
 * SetUpWritableStreamDefaultController. `start`, `write`, `close` and `abort` get the controller's record last; the
 * first returns anything, the others a promise.
 */
export const setUpWritable = (stream, start, write, close, abort, highWaterMark, sizeAlgorithm) => {
    const controller = newController(stream);
    stream.controller = controller;
    controller.strategySizeAlgorithm = sizeAlgorithm;
    controller.strategyHWM = highWaterMark;
    controller.writeAlgorithm = write;
    controller.closeAlgorithm = close;
    controller.abortAlgorithm = abort;
    updateBackpressure(stream, getBackpressure(controller));
    const startPromise = resolvedWith(start(controller));
    PromisePrototypeThen(
        startPromise,
        () => {
            controller.started = true;
            advanceQueueIfNeeded(controller);
        },
        (error) => {
            controller.started = true;
            dealWithRejection(stream, error);
        },
    );
    return controller;
};

export const isWritableLocked = (stream) => stream.writer !== undefined;

/** WritableStreamAbort */
export const writableAbort = (stream, reason) => {
    if (stream.state === "closed" || stream.state === "errored") return PromiseResolve(undefined);
    const { controller } = stream;
    if (!controller.aborted) {
        controller.aborted = true;
        controller.abortReason = reason;
        if (controller.signal !== undefined) signalAbort(controller.signal, reason);
    }
    // A listener of the signal may have changed the state.
    if (stream.state === "closed" || stream.state === "errored") return PromiseResolve(undefined);
    if (stream.pendingAbortRequest !== undefined) return stream.pendingAbortRequest.deferred.promise;
    const wasAlreadyErroring = stream.state === "erroring";
    const kept = wasAlreadyErroring ? undefined : reason;
    const deferred = new Deferred();
    stream.pendingAbortRequest = { __proto__: null, deferred, reason: kept, wasAlreadyErroring };
    if (!wasAlreadyErroring) startErroring(stream, reason);
    return deferred.promise;
};

/** WritableStreamClose */
export const writableClose = (stream) => {
    if (stream.state === "closed" || stream.state === "errored") {
        return rejectedWith(new TypeError(`The stream is ${stream.state}; it cannot be closed.`));
    }
    const deferred = new Deferred();
    stream.closeRequest = deferred;
    const { writer, controller } = stream;
    if (writer !== undefined && stream.backpressure && stream.state === "writable") writer.ready.resolve(undefined);
    enqueueValueWithSize(controller, CLOSE_SENTINEL, 0);
    advanceQueueIfNeeded(controller);
    return deferred.promise;
};

/** WritableStreamCloseQueuedOrInFlight */
export const closeQueuedOrInFlight = (stream) =>
    stream.closeRequest !== undefined || stream.inFlightCloseRequest !== undefined;

const dealWithRejection = (stream, error) => {
    if (stream.state === "writable") startErroring(stream, error);
    else finishErroring(stream);
};

const startErroring = (stream, reason) => {
    stream.state = "erroring";
    stream.storedError = reason;
    if (stream.writer !== undefined) ensureRejected(stream.writer, "ready", reason);
    if (!hasOperationInFlight(stream) && stream.controller.started) finishErroring(stream);
};

const finishErroring = (stream) => {
    stream.state = "errored";
    resetQueue(stream.controller);
    const { storedError, writeRequests } = stream;
    while (0 < writeRequests.length) writeRequests.shift().reject(storedError);
    const request = stream.pendingAbortRequest;
    if (request === undefined) {
        rejectCloseAndClosed(stream);
        return;
    }
    stream.pendingAbortRequest = undefined;
    if (request.wasAlreadyErroring) {
        request.deferred.reject(storedError);
        rejectCloseAndClosed(stream);
        return;
    }
    const { controller } = stream;
    const aborted = controller.abortAlgorithm(request.reason);
    clearAlgorithms(controller);
    PromisePrototypeThen(
        aborted,
        () => {
            request.deferred.resolve(undefined);
            rejectCloseAndClosed(stream);
        },
        (error) => {
            request.deferred.reject(error);
            rejectCloseAndClosed(stream);
        },
    );
};

const hasOperationInFlight = (stream) =>
    stream.inFlightWriteRequest !== undefined || stream.inFlightCloseRequest !== undefined;

const finishInFlightClose = (stream) => {
    stream.inFlightCloseRequest.resolve(undefined);
    stream.inFlightCloseRequest = undefined;
    if (stream.state === "erroring") {
        stream.storedError = undefined;
        if (stream.pendingAbortRequest !== undefined) {
            stream.pendingAbortRequest.deferred.resolve(undefined);
            stream.pendingAbortRequest = undefined;
        }
    }
    stream.state = "closed";
    if (stream.writer !== undefined) stream.writer.closed.resolve(undefined);
};

const finishInFlightCloseWithError = (stream, error) => {
    stream.inFlightCloseRequest.reject(error);
    stream.inFlightCloseRequest = undefined;
    if (stream.pendingAbortRequest !== undefined) {
        stream.pendingAbortRequest.deferred.reject(error);
        stream.pendingAbortRequest = undefined;
    }
    dealWithRejection(stream, error);
};

const rejectCloseAndClosed = (stream) => {
    if (stream.closeRequest !== undefined) {
        stream.closeRequest.reject(stream.storedError);
        stream.closeRequest = undefined;
    }
    if (stream.writer !== undefined) {
        stream.writer.closed.reject(stream.storedError);
        markHandled(stream.writer.closed.promise);
    }
};

const updateBackpressure = (stream, backpressure) => {
    const { writer } = stream;
    if (writer !== undefined && backpressure !== stream.backpressure) {
        if (backpressure) writer.ready = new Deferred();
        else writer.ready.resolve(undefined);
    }
    stream.backpressure = backpressure;
};

// Writers.

/** A writer's record for a stream that has none yet (SetUpWritableStreamDefaultWriter). */
export const acquireWriter = (stream) => {
    if (isWritableLocked(stream)) throw new TypeError("The stream is locked to a writer already.");
    const { state, storedError } = stream;
    const isErrored = state === "erroring" || state === "errored";
    const waits = state === "writable" && !closeQueuedOrInFlight(stream) && stream.backpressure;
    const ready = isErrored ? rejectedDeferred(storedError) : waits ? new Deferred() : resolvedDeferred();
    const closed =
        state === "closed" ? resolvedDeferred() : state === "errored" ? rejectedDeferred(storedError) : new Deferred();
    const writer = { __proto__: null, object: undefined, stream, ready, closed };
    stream.writer = writer;
    return writer;
};

/** WritableStreamDefaultWriterCloseWithErrorPropagation */
export const writerCloseWithErrorPropagation = (writer) => {
    const { stream } = writer;
    if (closeQueuedOrInFlight(stream) || stream.state === "closed") return PromiseResolve(undefined);
    if (stream.state === "errored") return rejectedWith(stream.storedError);
    return writableClose(stream);
};

// Of `ready` and `closed`: the promise that is pending is rejected, one that is settled is replaced.
const ensureRejected = (writer, which, error) => {
    if (writer[which].pending) {
        writer[which].reject(error);
        markHandled(writer[which].promise);
    } else {
        writer[which] = rejectedDeferred(error);
    }
};

/** WritableStreamDefaultWriterGetDesiredSize */
export const writerDesiredSize = ({ stream }) => {
    if (stream.state === "errored" || stream.state === "erroring") return null;
    if (stream.state === "closed") return 0;
    return writableDesiredSize(stream.controller);
};

/** WritableStreamDefaultWriterRelease */
export const writerRelease = (writer) => {
    const error = new TypeError("The writer was released; it cannot be used any more.");
    ensureRejected(writer, "ready", error);
    ensureRejected(writer, "closed", error);
    writer.stream.writer = undefined;
    writer.stream = undefined;
};

/** WritableStreamDefaultWriterWrite */
export const writerWrite = (writer, chunk) => {
    const { stream } = writer;
    const { controller } = stream;
    const chunkSize = getChunkSize(controller, chunk);
    // The strategy's function may have released the writer.
    if (stream !== writer.stream) return rejectedWith(new TypeError("The writer was released during the write."));
    if (stream.state === "errored") return rejectedWith(stream.storedError);
    if (closeQueuedOrInFlight(stream) || stream.state === "closed") {
        return rejectedWith(new TypeError("The stream is closing or closed; it cannot be written to."));
    }
    if (stream.state === "erroring") return rejectedWith(stream.storedError);
    const deferred = new Deferred();
    stream.writeRequests.push(deferred);
    controllerWrite(controller, chunk, chunkSize);
    return deferred.promise;
};

// Controllers.

const clearAlgorithms = (controller) => {
    controller.writeAlgorithm = undefined;
    controller.closeAlgorithm = undefined;
    controller.abortAlgorithm = undefined;
    controller.strategySizeAlgorithm = undefined;
};

const advanceQueueIfNeeded = (controller) => {
    const { stream } = controller;
    if (!controller.started || stream.inFlightWriteRequest !== undefined) return;
    if (stream.state === "erroring") {
        finishErroring(stream);
        return;
    }
    if (controller.queue.length === 0) return;
    const value = controller.queue.peek();
    if (value === CLOSE_SENTINEL) processClose(controller);
    else processWrite(controller, value);
};

/** WritableStreamDefaultControllerErrorIfNeeded */
export const writableErrorIfNeeded = (controller, error) => {
    if (controller.stream.state === "writable") writableError(controller, error);
};

const writableError = (controller, error) => {
    clearAlgorithms(controller);
    startErroring(controller.stream, error);
};

const getChunkSize = (controller, chunk) => {
    // It is gone when the stream is erroring or closing; the write is refused after this.
    if (controller.strategySizeAlgorithm === undefined) return 1;
    try {
        return controller.strategySizeAlgorithm(chunk);
    } catch (error) {
        writableErrorIfNeeded(controller, error);
        return 1;
    }
};

const writableDesiredSize = (controller) => controller.strategyHWM - controller.queueTotalSize;

const getBackpressure = (controller) => writableDesiredSize(controller) <= 0;

const processClose = (controller) => {
    const { stream } = controller;
    stream.inFlightCloseRequest = stream.closeRequest;
    stream.closeRequest = undefined;
    dequeueValue(controller);
    const closed = controller.closeAlgorithm();
    clearAlgorithms(controller);
    PromisePrototypeThen(
        closed,
        () => finishInFlightClose(stream),
        (error) => finishInFlightCloseWithError(stream, error),
    );
};

const processWrite = (controller, chunk) => {
    const { stream } = controller;
    stream.inFlightWriteRequest = stream.writeRequests.shift();
    PromisePrototypeThen(
        controller.writeAlgorithm(chunk),
        () => {
            stream.inFlightWriteRequest.resolve(undefined);
            stream.inFlightWriteRequest = undefined;
            dequeueValue(controller);
            if (!closeQueuedOrInFlight(stream) && stream.state === "writable") {
                updateBackpressure(stream, getBackpressure(controller));
            }
            advanceQueueIfNeeded(controller);
        },
        (error) => {
            if (stream.state === "writable") clearAlgorithms(controller);
            stream.inFlightWriteRequest.reject(error);
            stream.inFlightWriteRequest = undefined;
            dealWithRejection(stream, error);
        },
    );
};

const controllerWrite = (controller, chunk, chunkSize) => {
    try {
        enqueueValueWithSize(controller, chunk, chunkSize);
    } catch (error) {
        writableErrorIfNeeded(controller, error);
        return;
    }
    const { stream } = controller;
    if (!closeQueuedOrInFlight(stream) && stream.state === "writable") {
        updateBackpressure(stream, getBackpressure(controller));
    }
    advanceQueueIfNeeded(controller);
};
