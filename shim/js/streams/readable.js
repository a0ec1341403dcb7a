// Readable streams: the algorithms of streams, readers and default controllers (Streams standard, sections 4.9 and
// 4.10, November 2026), under its names. Byte controllers are in readable_byte.js.
//
// The algorithms work on records, which no code of an app can reach; the objects that it sees are made in
// readable_classes.js. A read request and a read-into request is a record with `chunkSteps`, `closeSteps` and
// `errorSteps`.

import { primordials } from "../primordials.js";
import { Deferred, markHandled, rejectedDeferred, rejectedWith, resolvedDeferred, resolvedWith } from "./promises.js";
import { Queue, dequeueValue, enqueueValueWithSize, resetQueue } from "./queue.js";
import { one } from "./strategies.js";

const { PromisePrototypeThen, PromiseResolve, TypeError } = primordials;

/** A stream's record without a controller (InitializeReadableStream). */
export const newReadable = () => ({
    __proto__: null,
    object: undefined,
    controller: undefined,
    disturbed: false,
    reader: undefined,
    state: "readable",
    storedError: undefined,
});

/** CreateReadableStream: `start`, `pull` and `cancel` are as in setUpDefaultController. */
export const createReadable = (start, pull, cancel, highWaterMark = 1, sizeAlgorithm = one) => {
    const stream = newReadable();
    setUpDefaultController(stream, start, pull, cancel, highWaterMark, sizeAlgorithm);
    return stream;
};

export const isReadableLocked = (stream) => stream.reader !== undefined;

const ignore = () => undefined;

/** ReadableStreamCancel */
export const readableCancel = (stream, reason) => {
    stream.disturbed = true;
    if (stream.state === "closed") return PromiseResolve(undefined);
    if (stream.state === "errored") return rejectedWith(stream.storedError);
    readableClose(stream);
    const { reader } = stream;
    if (reader !== undefined && reader.byob) {
        const requests = reader.requests;
        reader.requests = new Queue();
        while (0 < requests.length) requests.shift().closeSteps(undefined);
    }
    return PromisePrototypeThen(stream.controller.cancelSteps(stream.controller, reason), ignore);
};

/** ReadableStreamClose */
export const readableClose = (stream) => {
    stream.state = "closed";
    const { reader } = stream;
    if (reader === undefined) return;
    reader.closed.resolve(undefined);
    if (reader.byob) return;
    const requests = reader.requests;
    reader.requests = new Queue();
    while (0 < requests.length) requests.shift().closeSteps();
};

/** ReadableStreamError */
export const readableError = (stream, error) => {
    stream.state = "errored";
    stream.storedError = error;
    const { reader } = stream;
    if (reader === undefined) return;
    reader.closed.reject(error);
    markHandled(reader.closed.promise);
    errorRequests(reader, error);
};

// ReadableStreamDefaultReaderErrorReadRequests, ReadableStreamBYOBReaderErrorReadIntoRequests
const errorRequests = (reader, error) => {
    const requests = reader.requests;
    reader.requests = new Queue();
    while (0 < requests.length) requests.shift().errorSteps(error);
};

/** ReadableStreamFulfillReadRequest, ReadableStreamFulfillReadIntoRequest */
export const fulfillRequest = (stream, chunk, done) => {
    const request = stream.reader.requests.shift();
    if (done) request.closeSteps(chunk);
    else request.chunkSteps(chunk);
};

export const hasDefaultReader = (stream) => stream.reader !== undefined && !stream.reader.byob;

export const hasByobReader = (stream) => stream.reader !== undefined && stream.reader.byob;

export const addRequest = (stream, request) => {
    stream.reader.requests.push(request);
};

export const numRequests = (stream) => stream.reader.requests.length;

// Readers.

/** AcquireReadableStreamDefaultReader, and for a byte stream AcquireReadableStreamBYOBReader. */
export const acquireReader = (stream, byob = false) => {
    if (isReadableLocked(stream)) throw new TypeError("The stream is locked to a reader already.");
    if (byob && !stream.controller.isByte) throw new TypeError("The stream is no byte stream; it has no BYOB readers.");
    const { state } = stream;
    const closed =
        state === "readable"
            ? new Deferred()
            : state === "closed"
              ? resolvedDeferred()
              : rejectedDeferred(stream.storedError);
    const reader = { __proto__: null, object: undefined, byob, closed, requests: new Queue(), stream };
    stream.reader = reader;
    return reader;
};

/** ReadableStreamDefaultReaderRelease, ReadableStreamBYOBReaderRelease */
export const readerRelease = (reader) => {
    const { stream } = reader;
    const error = new TypeError("The reader was released; it cannot be used any more.");
    if (stream.state === "readable") {
        reader.closed.reject(error);
        markHandled(reader.closed.promise);
    } else {
        reader.closed = rejectedDeferred(error);
    }
    stream.controller.releaseSteps(stream.controller);
    stream.reader = undefined;
    reader.stream = undefined;
    errorRequests(reader, new TypeError("The reader was released before the read was done."));
};

/** ReadableStreamDefaultReaderRead */
export const readerRead = (reader, request) => {
    const { stream } = reader;
    stream.disturbed = true;
    if (stream.state === "closed") request.closeSteps();
    else if (stream.state === "errored") request.errorSteps(stream.storedError);
    else stream.controller.pullSteps(stream.controller, request);
};

// Controllers of both kinds.

/** ReadableStreamDefaultControllerCallPullIfNeeded, ReadableByteStreamControllerCallPullIfNeeded */
export const callPullIfNeeded = (controller) => {
    if (!shouldCallPull(controller)) return;
    if (controller.pulling) {
        controller.pullAgain = true;
        return;
    }
    controller.pulling = true;
    PromisePrototypeThen(
        controller.pullAlgorithm(controller),
        () => {
            controller.pulling = false;
            if (controller.pullAgain) {
                controller.pullAgain = false;
                callPullIfNeeded(controller);
            }
        },
        (error) => controller.errorSteps(controller, error),
    );
};

const shouldCallPull = (controller) => {
    const { stream } = controller;
    if (!canCloseOrEnqueue(controller) || !controller.started) return false;
    if (isReadableLocked(stream) && 0 < numRequests(stream)) return true;
    return 0 < readableDesiredSize(controller);
};

export const clearReadableAlgorithms = (controller) => {
    controller.pullAlgorithm = undefined;
    controller.cancelAlgorithm = undefined;
    controller.strategySizeAlgorithm = undefined;
};

/** ReadableStreamDefaultControllerGetDesiredSize, ReadableByteStreamControllerGetDesiredSize */
export const readableDesiredSize = (controller) => {
    const { state } = controller.stream;
    if (state === "errored") return null;
    if (state === "closed") return 0;
    return controller.strategyHWM - controller.queueTotalSize;
};

/** ReadableStreamDefaultControllerCanCloseOrEnqueue; byte controllers ask the same in place. */
export const canCloseOrEnqueue = (controller) => !controller.closeRequested && controller.stream.state === "readable";

/** The last steps of setting up a controller of either kind. */
export const startController = (stream, controller, start) => {
    stream.controller = controller;
    PromisePrototypeThen(
        resolvedWith(start(controller)),
        () => {
            controller.started = true;
            callPullIfNeeded(controller);
        },
        (error) => controller.errorSteps(controller, error),
    );
    return controller;
};

// Default controllers.

/**
 * SetUpReadableStreamDefaultController. `start` and `pull` get the controller's record, `cancel` the reason; `start`
 * returns anything, the others a promise.
 */
export const setUpDefaultController = (stream, start, pull, cancel, highWaterMark, sizeAlgorithm) =>
    startController(
        stream,
        {
            __proto__: null,
            object: undefined,
            cancelAlgorithm: cancel,
            cancelSteps,
            closeRequested: false,
            errorSteps: defaultError,
            isByte: false,
            pullAgain: false,
            pullAlgorithm: pull,
            pullSteps,
            pulling: false,
            queue: new Queue(),
            queueTotalSize: 0,
            releaseSteps: ignore,
            started: false,
            strategyHWM: highWaterMark,
            strategySizeAlgorithm: sizeAlgorithm,
            stream,
        },
        start,
    );

const cancelSteps = (controller, reason) => {
    resetQueue(controller);
    const result = controller.cancelAlgorithm(reason);
    clearReadableAlgorithms(controller);
    return result;
};

const pullSteps = (controller, request) => {
    const { stream } = controller;
    if (controller.queue.length === 0) {
        addRequest(stream, request);
        callPullIfNeeded(controller);
        return;
    }
    const chunk = dequeueValue(controller);
    if (controller.closeRequested && controller.queue.length === 0) {
        clearReadableAlgorithms(controller);
        readableClose(stream);
    } else {
        callPullIfNeeded(controller);
    }
    request.chunkSteps(chunk);
};

/** ReadableStreamDefaultControllerClose */
export const defaultClose = (controller) => {
    if (!canCloseOrEnqueue(controller)) return;
    controller.closeRequested = true;
    if (controller.queue.length === 0) {
        clearReadableAlgorithms(controller);
        readableClose(controller.stream);
    }
};

/** ReadableStreamDefaultControllerEnqueue */
export const defaultEnqueue = (controller, chunk) => {
    if (!canCloseOrEnqueue(controller)) return;
    const { stream } = controller;
    if (isReadableLocked(stream) && 0 < numRequests(stream)) {
        fulfillRequest(stream, chunk, false);
    } else {
        try {
            enqueueValueWithSize(controller, chunk, controller.strategySizeAlgorithm(chunk));
        } catch (error) {
            defaultError(controller, error);
            throw error;
        }
    }
    callPullIfNeeded(controller);
};

/** ReadableStreamDefaultControllerError */
export const defaultError = (controller, error) => {
    const { stream } = controller;
    if (stream.state !== "readable") return;
    resetQueue(controller);
    clearReadableAlgorithms(controller);
    readableError(stream, error);
};

/** ReadableStreamDefaultControllerHasBackpressure */
export const hasBackpressure = (controller) => !shouldCallPull(controller);
