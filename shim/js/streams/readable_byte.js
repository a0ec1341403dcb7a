// Readable byte streams: the algorithms of byte controllers and of reads into given buffers (Streams standard, section
// 4.10.11, November 2026), under its names.
//
// A pull-into descriptor says which bytes of which buffer a read fills; `minimumFill` and `bytesFilled` count bytes.

import { primordials } from "../primordials.js";
import { typedArrayName } from "../webidl.js";
import {
    arrayBufferOf, byteLengthOf, byteOffsetOf, cloneBytes, copyBytes, isDetached, transferBuffer,
} from "./buffers.js";
import { Queue } from "./queue.js";
import {
    addRequest, callPullIfNeeded, clearReadableAlgorithms, fulfillRequest, hasByobReader, hasDefaultReader, newReadable,
    numRequests, readableClose, readableError, startController,
} from "./readable.js";

const {
    ArrayBuffer, ArrayBufferPrototypeGetByteLength, BigInt64Array, BigUint64Array, DataView, Float32Array, Float64Array,
    Int16Array, Int32Array, Int8Array, MathMin, RangeError, TypeError, Uint16Array, Uint32Array, Uint8Array,
    Uint8ClampedArray,
} = primordials;

const CLASSES = {
    __proto__: null,
    BigInt64Array: [BigInt64Array, 8],
    BigUint64Array: [BigUint64Array, 8],
    Float16Array: [globalThis.Float16Array, 2],
    Float32Array: [Float32Array, 4],
    Float64Array: [Float64Array, 8],
    Int16Array: [Int16Array, 2],
    Int32Array: [Int32Array, 4],
    Int8Array: [Int8Array, 1],
    Uint16Array: [Uint16Array, 2],
    Uint32Array: [Uint32Array, 4],
    Uint8Array: [Uint8Array, 1],
    Uint8ClampedArray: [Uint8ClampedArray, 1],
};

/** How many bytes an element of this view has; 1 for a DataView. */
export const elementSizeOf = (view) => CLASSES[typedArrayName(view)]?.[1] ?? 1;

const classOf = (view) => CLASSES[typedArrayName(view)]?.[0] ?? DataView;

/**
 * SetUpReadableByteStreamController. `start` and `pull` get the controller's record, `cancel` the reason; `start`
 * returns anything, the others a promise.
 */
export const setUpByteController = (stream, start, pull, cancel, highWaterMark, autoAllocateChunkSize) =>
    startController(
        stream,
        {
            __proto__: null,
            object: undefined,
            autoAllocateChunkSize,
            byobRequest: null,
            cancelAlgorithm: cancel,
            cancelSteps,
            closeRequested: false,
            errorSteps: byteError,
            isByte: true,
            pendingPullIntos: new Queue(),
            pullAgain: false,
            pullAlgorithm: pull,
            pullSteps,
            pulling: false,
            queue: new Queue(),
            queueTotalSize: 0,
            releaseSteps,
            started: false,
            strategyHWM: highWaterMark,
            strategySizeAlgorithm: undefined,
            stream,
        },
        start,
    );

/** CreateReadableByteStream */
export const createReadableByte = (start, pull, cancel, highWaterMark = 0) => {
    const stream = newReadable();
    setUpByteController(stream, start, pull, cancel, highWaterMark, undefined);
    return stream;
};

// The queue's sizes are in its entries: ResetQueue.
const reset = (controller) => {
    controller.queue.clear();
    controller.queueTotalSize = 0;
};

const cancelSteps = (controller, reason) => {
    clearPendingPullIntos(controller);
    reset(controller);
    const result = controller.cancelAlgorithm(reason);
    clearReadableAlgorithms(controller);
    return result;
};

const pullSteps = (controller, request) => {
    if (0 < controller.queueTotalSize) {
        fillReadRequestFromQueue(controller, request);
        return;
    }
    const size = controller.autoAllocateChunkSize;
    if (size !== undefined) {
        let buffer;
        try {
            buffer = new ArrayBuffer(size);
        } catch (error) {
            request.errorSteps(error);
            return;
        }
        controller.pendingPullIntos.push(newPullInto(buffer, 0, size, 1, 1, Uint8Array, "default"));
    }
    addRequest(controller.stream, request);
    callPullIfNeeded(controller);
};

const releaseSteps = (controller) => {
    const pending = controller.pendingPullIntos;
    if (pending.length === 0) return;
    const first = pending.peek();
    first.readerType = "none";
    pending.clear();
    pending.push(first);
};

const newPullInto = (buffer, byteOffset, byteLength, minimumFill, elementSize, viewConstructor, readerType) => ({
    __proto__: null,
    buffer,
    bufferByteLength: ArrayBufferPrototypeGetByteLength(buffer),
    byteOffset,
    byteLength,
    bytesFilled: 0,
    minimumFill,
    elementSize,
    viewConstructor,
    readerType,
});

const clearPendingPullIntos = (controller) => {
    invalidateByobRequest(controller);
    controller.pendingPullIntos.clear();
};

/** ReadableByteStreamControllerClose */
export const byteClose = (controller) => {
    const { stream } = controller;
    if (controller.closeRequested || stream.state !== "readable") return;
    if (0 < controller.queueTotalSize) {
        controller.closeRequested = true;
        return;
    }
    if (0 < controller.pendingPullIntos.length) {
        const first = controller.pendingPullIntos.peek();
        if (first.bytesFilled % first.elementSize !== 0) {
            const error = new TypeError("The stream was closed with a part of an element of the reader's view.");
            byteError(controller, error);
            throw error;
        }
    }
    clearReadableAlgorithms(controller);
    readableClose(stream);
};

const commitPullInto = (stream, descriptor) => {
    const done = stream.state === "closed";
    fulfillRequest(stream, convertPullInto(descriptor), done);
};

const convertPullInto = ({ buffer, byteOffset, bytesFilled, elementSize, viewConstructor }) =>
    new viewConstructor(transferBuffer(buffer), byteOffset, bytesFilled / elementSize);

/** ReadableByteStreamControllerEnqueue: the chunk is a view. */
export const byteEnqueue = (controller, chunk) => {
    const { stream, pendingPullIntos } = controller;
    if (controller.closeRequested || stream.state !== "readable") return;
    const buffer = arrayBufferOf(chunk);
    const byteOffset = byteOffsetOf(chunk);
    const byteLength = byteLengthOf(chunk);
    if (isDetached(buffer)) throw new TypeError("The chunk's buffer is detached.");
    const transferred = transferBuffer(buffer);
    if (0 < pendingPullIntos.length) {
        const first = pendingPullIntos.peek();
        if (isDetached(first.buffer)) throw new TypeError("The buffer of the BYOB request is detached.");
        invalidateByobRequest(controller);
        first.buffer = transferBuffer(first.buffer);
        if (first.readerType === "none") enqueueDetachedPullInto(controller, first);
    }
    if (hasDefaultReader(stream)) {
        processReadRequestsUsingQueue(controller);
        if (numRequests(stream) === 0) {
            enqueueBytes(controller, transferred, byteOffset, byteLength);
        } else {
            if (0 < pendingPullIntos.length) pendingPullIntos.shift();
            fulfillRequest(stream, new Uint8Array(transferred, byteOffset, byteLength), false);
        }
    } else {
        enqueueBytes(controller, transferred, byteOffset, byteLength);
        if (hasByobReader(stream)) commitAll(stream, processPullIntosUsingQueue(controller));
    }
    callPullIfNeeded(controller);
};

const commitAll = (stream, descriptors) => {
    while (0 < descriptors.length) commitPullInto(stream, descriptors.shift());
};

const enqueueBytes = (controller, buffer, byteOffset, byteLength) => {
    controller.queue.push({ __proto__: null, buffer, byteOffset, byteLength });
    controller.queueTotalSize += byteLength;
};

const enqueueClonedBytes = (controller, buffer, byteOffset, byteLength) => {
    let clone;
    try {
        clone = cloneBytes(buffer, byteOffset, byteLength);
    } catch (error) {
        byteError(controller, error);
        throw error;
    }
    enqueueBytes(controller, clone, 0, byteLength);
};

const enqueueDetachedPullInto = (controller, { buffer, byteOffset, bytesFilled }) => {
    if (0 < bytesFilled) enqueueClonedBytes(controller, buffer, byteOffset, bytesFilled);
    controller.pendingPullIntos.shift();
};

/** ReadableByteStreamControllerError */
export const byteError = (controller, error) => {
    const { stream } = controller;
    if (stream.state !== "readable") return;
    clearPendingPullIntos(controller);
    reset(controller);
    clearReadableAlgorithms(controller);
    readableError(stream, error);
};

// Returns whether the descriptor has as much as its read asks for.
const fillPullIntoFromQueue = (controller, descriptor) => {
    const { queue } = controller;
    const { byteLength, elementSize, minimumFill } = descriptor;
    const most = MathMin(controller.queueTotalSize, byteLength - descriptor.bytesFilled);
    const mostFilled = descriptor.bytesFilled + most;
    const aligned = mostFilled - (mostFilled % elementSize);
    const ready = minimumFill <= aligned;
    let remaining = ready ? aligned - descriptor.bytesFilled : most;
    while (0 < remaining) {
        const head = queue.peek();
        const size = MathMin(remaining, head.byteLength);
        const at = descriptor.byteOffset + descriptor.bytesFilled;
        copyBytes(descriptor.buffer, at, head.buffer, head.byteOffset, size);
        if (head.byteLength === size) {
            queue.shift();
        } else {
            head.byteOffset += size;
            head.byteLength -= size;
        }
        controller.queueTotalSize -= size;
        descriptor.bytesFilled += size;
        remaining -= size;
    }
    return ready;
};

const fillReadRequestFromQueue = (controller, request) => {
    const entry = controller.queue.shift();
    controller.queueTotalSize -= entry.byteLength;
    handleQueueDrain(controller);
    request.chunkSteps(new Uint8Array(entry.buffer, entry.byteOffset, entry.byteLength));
};

/** ReadableByteStreamControllerGetBYOBRequest: its record, or null. */
export const getByobRequest = (controller) => {
    if (controller.byobRequest === null && 0 < controller.pendingPullIntos.length) {
        const { buffer, byteOffset, byteLength, bytesFilled } = controller.pendingPullIntos.peek();
        const view = new Uint8Array(buffer, byteOffset + bytesFilled, byteLength - bytesFilled);
        controller.byobRequest = { __proto__: null, object: undefined, controller, view };
    }
    return controller.byobRequest;
};

const handleQueueDrain = (controller) => {
    if (controller.queueTotalSize === 0 && controller.closeRequested) {
        clearReadableAlgorithms(controller);
        readableClose(controller.stream);
    } else {
        callPullIfNeeded(controller);
    }
};

const invalidateByobRequest = (controller) => {
    if (controller.byobRequest === null) return;
    controller.byobRequest.controller = undefined;
    controller.byobRequest.view = null;
    controller.byobRequest = null;
};

const processPullIntosUsingQueue = (controller) => {
    const filled = new Queue();
    const { pendingPullIntos } = controller;
    while (0 < pendingPullIntos.length && controller.queueTotalSize !== 0) {
        const first = pendingPullIntos.peek();
        if (fillPullIntoFromQueue(controller, first)) {
            pendingPullIntos.shift();
            filled.push(first);
        }
    }
    return filled;
};

const processReadRequestsUsingQueue = (controller) => {
    const { reader } = controller.stream;
    while (0 < reader.requests.length && controller.queueTotalSize !== 0) {
        fillReadRequestFromQueue(controller, reader.requests.shift());
    }
};

/** ReadableByteStreamControllerPullInto: reads at least `min` elements into the view. */
export const pullInto = (controller, view, min, request) => {
    const { stream } = controller;
    const elementSize = elementSizeOf(view);
    const viewConstructor = classOf(view);
    const byteOffset = byteOffsetOf(view);
    const byteLength = byteLengthOf(view);
    let buffer;
    try {
        buffer = transferBuffer(arrayBufferOf(view));
    } catch (error) {
        request.errorSteps(error);
        return;
    }
    const minimum = min * elementSize;
    const descriptor = newPullInto(buffer, byteOffset, byteLength, minimum, elementSize, viewConstructor, "byob");
    if (0 < controller.pendingPullIntos.length) {
        controller.pendingPullIntos.push(descriptor);
        addRequest(stream, request);
        return;
    }
    if (stream.state === "closed") {
        request.closeSteps(new viewConstructor(buffer, byteOffset, 0));
        return;
    }
    if (0 < controller.queueTotalSize) {
        if (fillPullIntoFromQueue(controller, descriptor)) {
            const filled = convertPullInto(descriptor);
            handleQueueDrain(controller);
            request.chunkSteps(filled);
            return;
        }
        if (controller.closeRequested) {
            const error = new TypeError("The stream was closed with fewer bytes than the read needs.");
            byteError(controller, error);
            request.errorSteps(error);
            return;
        }
    }
    controller.pendingPullIntos.push(descriptor);
    addRequest(stream, request);
    callPullIfNeeded(controller);
};

/** ReadableByteStreamControllerRespond */
export const respond = (controller, bytesWritten) => {
    const first = controller.pendingPullIntos.peek();
    checkWritten(controller, bytesWritten);
    if (first.byteLength < first.bytesFilled + bytesWritten) {
        throw new RangeError(`${bytesWritten} bytes are more than the view has room for.`);
    }
    first.buffer = transferBuffer(first.buffer);
    respondInternal(controller, bytesWritten);
};

const checkWritten = (controller, bytesWritten) => {
    if (controller.stream.state === "closed") {
        if (bytesWritten !== 0) throw new TypeError("The stream is closed; only 0 bytes can be written.");
    } else if (bytesWritten === 0) {
        throw new TypeError("0 bytes were written, but the stream is not closed.");
    }
};

/** ReadableByteStreamControllerRespondWithNewView */
export const respondWithNewView = (controller, view) => {
    const first = controller.pendingPullIntos.peek();
    const size = byteLengthOf(view);
    const buffer = arrayBufferOf(view);
    checkWritten(controller, size);
    if (first.byteOffset + first.bytesFilled !== byteOffsetOf(view)) {
        throw new RangeError("The view begins at another offset than the one of the BYOB request.");
    }
    if (first.bufferByteLength !== ArrayBufferPrototypeGetByteLength(buffer)) {
        throw new RangeError("The view's buffer has another length than the one of the BYOB request.");
    }
    if (first.byteLength < first.bytesFilled + size) {
        throw new RangeError("The view is longer than the one of the BYOB request.");
    }
    first.buffer = transferBuffer(buffer);
    respondInternal(controller, size);
};

const respondInternal = (controller, bytesWritten) => {
    const first = controller.pendingPullIntos.peek();
    invalidateByobRequest(controller);
    if (controller.stream.state === "closed") respondInClosedState(controller, first);
    else respondInReadableState(controller, bytesWritten, first);
    callPullIfNeeded(controller);
};

const respondInClosedState = (controller, first) => {
    const { stream, pendingPullIntos } = controller;
    if (first.readerType === "none") pendingPullIntos.shift();
    if (!hasByobReader(stream)) return;
    const filled = new Queue();
    while (filled.length < numRequests(stream)) filled.push(pendingPullIntos.shift());
    commitAll(stream, filled);
};

const respondInReadableState = (controller, bytesWritten, descriptor) => {
    const { stream } = controller;
    descriptor.bytesFilled += bytesWritten;
    if (descriptor.readerType === "none") {
        enqueueDetachedPullInto(controller, descriptor);
        commitAll(stream, processPullIntosUsingQueue(controller));
        return;
    }
    if (descriptor.bytesFilled < descriptor.minimumFill) return;
    controller.pendingPullIntos.shift();
    const remainder = descriptor.bytesFilled % descriptor.elementSize;
    if (0 < remainder) {
        const end = descriptor.byteOffset + descriptor.bytesFilled;
        enqueueClonedBytes(controller, descriptor.buffer, end - remainder, remainder);
    }
    descriptor.bytesFilled -= remainder;
    const filled = processPullIntosUsingQueue(controller);
    commitPullInto(stream, descriptor);
    commitAll(stream, filled);
};

/** ReadableStreamBYOBReaderRead */
export const byobReaderRead = (reader, view, min, request) => {
    const { stream } = reader;
    stream.disturbed = true;
    if (stream.state === "errored") request.errorSteps(stream.storedError);
    else pullInto(stream.controller, view, min, request);
};
