// ReadableStream, its readers, controllers and BYOB requests as apps see them (Streams standard, sections 4.2 to 4.8,
// November 2026). The algorithms are in readable.js and readable_byte.js.

import { isAbortSignal } from "../abort.js";
import { primordials } from "../primordials.js";
import {
    boolean, callback, defineInterface, dictionary, enumeration, interfaceOf, isObject, needs, object,
    unsignedLongLongEnforced,
} from "../webidl.js";
import { arrayBufferOf, arrayBufferView, byteLengthOf, isDetached } from "./buffers.js";
import { iterateReadable, readableFrom } from "./iterator.js";
import { pipeTo } from "./pipe.js";
import { Deferred, callForPromise, illegal, markHandled, rejectedWith } from "./promises.js";
import {
    acquireReader, canCloseOrEnqueue, defaultClose, defaultEnqueue, defaultError, isReadableLocked, newReadable,
    readableCancel, readableDesiredSize, readerRead, readerRelease, setUpDefaultController,
} from "./readable.js";
import {
    byobReaderRead, byteClose, byteEnqueue, byteError, elementSizeOf, getByobRequest, respond, respondWithNewView,
    setUpByteController,
} from "./readable_byte.js";
import { extractHighWaterMark, extractSizeAlgorithm, queuingStrategy } from "./strategies.js";
import { tee } from "./tee.js";
import { isWritableLocked } from "./writable.js";
import { writableOf } from "./writable_classes.js";

const {
    ArrayBufferPrototypeGetByteLength, ObjectDefineProperty, PromiseResolve, RangeError, ReflectApply,
    SymbolAsyncIterator, TypeError,
} = primordials;

// Only the scripts here have it: a constructor that gets it takes over the record that comes with it.
const INTERNAL = { __proto__: null };

/** The record of a ReadableStream, or undefined. */
export let readableOf;
let defaultReaderOf;
let byobReaderOf;
let defaultControllerOf;
let byteControllerOf;
let requestOf;

export const isReadableStream = (value) => readableOf(value) !== undefined;

/** The object of a stream's record. */
export const readableObject = (stream) => (stream.object ??= new ReadableStream(INTERNAL, stream));

const controllerObject = (controller) =>
    (controller.object ??= controller.isByte
        ? new ReadableByteStreamController(INTERNAL, controller)
        : new ReadableStreamDefaultController(INTERNAL, controller));

const underlyingSource = dictionary([
    { key: "autoAllocateChunkSize", converter: unsignedLongLongEnforced },
    { key: "cancel", converter: callback },
    { key: "pull", converter: callback },
    { key: "start", converter: callback },
    { key: "type", converter: enumeration("ReadableStreamType", ["bytes"]) },
]);

const getReaderOptions = dictionary([
    { key: "mode", converter: enumeration("ReadableStreamReaderMode", ["byob"]) },
]);

const iteratorOptions = dictionary([{ key: "preventCancel", converter: boolean, otherwise: false }]);

const pipeOptions = dictionary([
    { key: "preventAbort", converter: boolean, otherwise: false },
    { key: "preventCancel", converter: boolean, otherwise: false },
    { key: "preventClose", converter: boolean, otherwise: false },
    { key: "signal", converter: interfaceOf("AbortSignal", isAbortSignal) },
]);

const readableWritablePair = dictionary([
    { key: "readable", converter: interfaceOf("ReadableStream", isReadableStream), required: true },
    {
        key: "writable",
        converter: interfaceOf("WritableStream", (value) => writableOf(value) !== undefined),
        required: true,
    },
]);

const readOptions = dictionary([{ key: "min", converter: unsignedLongLongEnforced, otherwise: 1 }]);

export class ReadableStream {
    #stream;

    constructor(source = undefined, strategy = {}) {
        if (source === INTERNAL) {
            this.#stream = strategy;
            return;
        }
        const from = source === undefined ? null : object(source, "Argument 1");
        const queuing = queuingStrategy(strategy, "Argument 2");
        const { autoAllocateChunkSize, cancel, pull, start, type } = underlyingSource(from, "Argument 1");
        const stream = newReadable();
        stream.object = this;
        this.#stream = stream;
        const startAlgorithm = (controller) =>
            start === undefined ? undefined : ReflectApply(start, from, [controllerObject(controller)]);
        const pullAlgorithm = (controller) =>
            pull === undefined ? PromiseResolve(undefined) : callForPromise(pull, from, [controllerObject(controller)]);
        const cancelAlgorithm = (reason) =>
            cancel === undefined ? PromiseResolve(undefined) : callForPromise(cancel, from, [reason]);
        if (type === "bytes") {
            if (queuing.size !== undefined) throw new RangeError('The strategy of a byte stream has no "size".');
            const highWaterMark = extractHighWaterMark(queuing, 0);
            if (autoAllocateChunkSize === 0) throw new TypeError('"autoAllocateChunkSize" has to be above 0.');
            setUpByteController(
                stream, startAlgorithm, pullAlgorithm, cancelAlgorithm, highWaterMark, autoAllocateChunkSize,
            );
            return;
        }
        const sizeAlgorithm = extractSizeAlgorithm(queuing);
        const highWaterMark = extractHighWaterMark(queuing, 1);
        setUpDefaultController(stream, startAlgorithm, pullAlgorithm, cancelAlgorithm, highWaterMark, sizeAlgorithm);
    }

    static from(asyncIterable) {
        needs(arguments.length, 1, "ReadableStream.from");
        return readableObject(readableFrom(asyncIterable));
    }

    get locked() {
        return isReadableLocked(readableOf(this) ?? illegal("ReadableStream"));
    }

    cancel(reason = undefined) {
        const stream = readableOf(this);
        if (stream === undefined) return rejectedWith(new TypeError("The receiver is no ReadableStream."));
        if (isReadableLocked(stream)) return rejectedWith(new TypeError("The stream is locked to a reader."));
        return readableCancel(stream, reason);
    }

    getReader(options = {}) {
        const stream = readableOf(this) ?? illegal("ReadableStream");
        const byob = getReaderOptions(options, "Argument 1").mode === "byob";
        const reader = acquireReader(stream, byob);
        reader.object = byob
            ? new ReadableStreamBYOBReader(INTERNAL, reader)
            : new ReadableStreamDefaultReader(INTERNAL, reader);
        return reader.object;
    }

    pipeThrough(transform, options = {}) {
        const stream = readableOf(this) ?? illegal("ReadableStream");
        needs(arguments.length, 1, "ReadableStream.pipeThrough");
        const { readable, writable } = readableWritablePair(transform, "Argument 1");
        const converted = pipeOptions(options, "Argument 2");
        if (isReadableLocked(stream)) throw new TypeError("The stream is locked to a reader.");
        const destination = writableOf(writable);
        if (isWritableLocked(destination)) throw new TypeError("The writable side is locked to a writer.");
        markHandled(pipeTo(stream, destination, converted));
        return readable;
    }

    pipeTo(destination, options = {}) {
        try {
            const stream = readableOf(this) ?? illegal("ReadableStream");
            needs(arguments.length, 1, "ReadableStream.pipeTo");
            const target = writableOf(destination);
            if (target === undefined) throw new TypeError("Argument 1 is no WritableStream.");
            const converted = pipeOptions(options, "Argument 2");
            if (isReadableLocked(stream)) throw new TypeError("The stream is locked to a reader.");
            if (isWritableLocked(target)) throw new TypeError("The destination is locked to a writer.");
            return pipeTo(stream, target, converted);
        } catch (error) {
            return rejectedWith(error);
        }
    }

    tee() {
        const branches = tee(readableOf(this) ?? illegal("ReadableStream"));
        return [readableObject(branches[0]), readableObject(branches[1])];
    }

    values(options = {}) {
        const stream = readableOf(this) ?? illegal("ReadableStream");
        return iterateReadable(stream, iteratorOptions(options, "Argument 1").preventCancel);
    }

    static {
        readableOf = (value) => (isObject(value) && #stream in value ? value.#stream : undefined);
    }
}
defineInterface(ReadableStream);
ObjectDefineProperty(ReadableStream.prototype, SymbolAsyncIterator, {
    __proto__: null, value: ReadableStream.prototype.values, writable: true, configurable: true,
});

// A read of an app: a promise of {value, done}.
const newRead = () => {
    const deferred = new Deferred();
    return {
        __proto__: null,
        promise: deferred.promise,
        chunkSteps: (value) => deferred.resolve({ value, done: false }),
        closeSteps: (value) => deferred.resolve({ value, done: true }),
        errorSteps: (error) => deferred.reject(error),
    };
};

const releasedReader = () => new TypeError("The reader was released; it has no stream.");

const cancelBy = (reader, name, reason) => {
    if (reader === undefined) return rejectedWith(new TypeError(`The receiver is no ${name}.`));
    if (reader.stream === undefined) return rejectedWith(releasedReader());
    return readableCancel(reader.stream, reason);
};

const closedOf = (reader, name) =>
    reader === undefined ? rejectedWith(new TypeError(`The receiver is no ${name}.`)) : reader.closed.promise;

export class ReadableStreamDefaultReader {
    #reader;

    constructor(stream, record = undefined) {
        if (stream === INTERNAL) {
            this.#reader = record;
            return;
        }
        needs(arguments.length, 1, "ReadableStreamDefaultReader");
        const source = readableOf(stream);
        if (source === undefined) throw new TypeError("Argument 1 is no ReadableStream.");
        this.#reader = acquireReader(source);
        this.#reader.object = this;
    }

    get closed() {
        return closedOf(defaultReaderOf(this), "ReadableStreamDefaultReader");
    }

    cancel(reason = undefined) {
        return cancelBy(defaultReaderOf(this), "ReadableStreamDefaultReader", reason);
    }

    read() {
        const reader = defaultReaderOf(this);
        if (reader === undefined) {
            return rejectedWith(new TypeError("The receiver is no ReadableStreamDefaultReader."));
        }
        if (reader.stream === undefined) return rejectedWith(releasedReader());
        const read = newRead();
        readerRead(reader, read);
        return read.promise;
    }

    releaseLock() {
        const reader = defaultReaderOf(this) ?? illegal("ReadableStreamDefaultReader");
        if (reader.stream !== undefined) readerRelease(reader);
    }

    static {
        defaultReaderOf = (value) => (isObject(value) && #reader in value ? value.#reader : undefined);
    }
}
defineInterface(ReadableStreamDefaultReader);

export class ReadableStreamBYOBReader {
    #reader;

    constructor(stream, record = undefined) {
        if (stream === INTERNAL) {
            this.#reader = record;
            return;
        }
        needs(arguments.length, 1, "ReadableStreamBYOBReader");
        const source = readableOf(stream);
        if (source === undefined) throw new TypeError("Argument 1 is no ReadableStream.");
        this.#reader = acquireReader(source, true);
        this.#reader.object = this;
    }

    get closed() {
        return closedOf(byobReaderOf(this), "ReadableStreamBYOBReader");
    }

    cancel(reason = undefined) {
        return cancelBy(byobReaderOf(this), "ReadableStreamBYOBReader", reason);
    }

    read(view, options = {}) {
        try {
            const reader = byobReaderOf(this) ?? illegal("ReadableStreamBYOBReader");
            needs(arguments.length, 1, "ReadableStreamBYOBReader.read");
            arrayBufferView(view, "Argument 1");
            const { min } = readOptions(options, "Argument 2");
            const length = checkFilled(view, "Argument 1") / elementSizeOf(view);
            if (min === 0) throw new TypeError('"min" has to be above 0.');
            if (length < min) throw new RangeError(`"min" is ${min}, but the view has ${length} elements.`);
            if (reader.stream === undefined) throw releasedReader();
            const read = newRead();
            byobReaderRead(reader, view, min, read);
            return read.promise;
        } catch (error) {
            return rejectedWith(error);
        }
    }

    releaseLock() {
        const reader = byobReaderOf(this) ?? illegal("ReadableStreamBYOBReader");
        if (reader.stream !== undefined) readerRelease(reader);
    }

    static {
        byobReaderOf = (value) => (isObject(value) && #reader in value ? value.#reader : undefined);
    }
}
defineInterface(ReadableStreamBYOBReader);

// The length in bytes of a view that has some.
const checkFilled = (view, what) => {
    const size = byteLengthOf(view);
    if (size === 0) throw new TypeError(`${what} is a view of no bytes.`);
    if (ArrayBufferPrototypeGetByteLength(arrayBufferOf(view)) === 0) {
        throw new TypeError(`${what} is a view of an empty buffer.`);
    }
    return size;
};

export class ReadableStreamDefaultController {
    #controller;

    constructor(secret = undefined, record = undefined) {
        if (secret !== INTERNAL) throw new TypeError("A ReadableStreamDefaultController cannot be constructed.");
        this.#controller = record;
    }

    get desiredSize() {
        return readableDesiredSize(defaultControllerOf(this) ?? illegal("ReadableStreamDefaultController"));
    }

    close() {
        const controller = defaultControllerOf(this) ?? illegal("ReadableStreamDefaultController");
        if (!canCloseOrEnqueue(controller)) throw new TypeError("The stream is closing, closed or errored already.");
        defaultClose(controller);
    }

    enqueue(chunk = undefined) {
        const controller = defaultControllerOf(this) ?? illegal("ReadableStreamDefaultController");
        if (!canCloseOrEnqueue(controller)) {
            throw new TypeError("The stream is closing, closed or errored; it takes no more chunks.");
        }
        defaultEnqueue(controller, chunk);
    }

    error(error = undefined) {
        defaultError(defaultControllerOf(this) ?? illegal("ReadableStreamDefaultController"), error);
    }

    static {
        defaultControllerOf = (value) => (isObject(value) && #controller in value ? value.#controller : undefined);
    }
}
defineInterface(ReadableStreamDefaultController);

export class ReadableByteStreamController {
    #controller;

    constructor(secret = undefined, record = undefined) {
        if (secret !== INTERNAL) throw new TypeError("A ReadableByteStreamController cannot be constructed.");
        this.#controller = record;
    }

    get byobRequest() {
        const request = getByobRequest(byteControllerOf(this) ?? illegal("ReadableByteStreamController"));
        if (request === null) return null;
        return (request.object ??= new ReadableStreamBYOBRequest(INTERNAL, request));
    }

    get desiredSize() {
        return readableDesiredSize(byteControllerOf(this) ?? illegal("ReadableByteStreamController"));
    }

    close() {
        const controller = byteControllerOf(this) ?? illegal("ReadableByteStreamController");
        if (!canCloseOrEnqueue(controller)) throw new TypeError("The stream is closing, closed or errored already.");
        byteClose(controller);
    }

    enqueue(chunk) {
        const controller = byteControllerOf(this) ?? illegal("ReadableByteStreamController");
        needs(arguments.length, 1, "ReadableByteStreamController.enqueue");
        checkFilled(arrayBufferView(chunk, "Argument 1"), "Argument 1");
        if (!canCloseOrEnqueue(controller)) {
            throw new TypeError("The stream is closing, closed or errored; it takes no more chunks.");
        }
        byteEnqueue(controller, chunk);
    }

    error(error = undefined) {
        byteError(byteControllerOf(this) ?? illegal("ReadableByteStreamController"), error);
    }

    static {
        byteControllerOf = (value) => (isObject(value) && #controller in value ? value.#controller : undefined);
    }
}
defineInterface(ReadableByteStreamController);

export class ReadableStreamBYOBRequest {
    #request;

    constructor(secret = undefined, record = undefined) {
        if (secret !== INTERNAL) throw new TypeError("A ReadableStreamBYOBRequest cannot be constructed.");
        this.#request = record;
    }

    get view() {
        return (requestOf(this) ?? illegal("ReadableStreamBYOBRequest")).view;
    }

    respond(bytesWritten) {
        const request = requestOf(this) ?? illegal("ReadableStreamBYOBRequest");
        needs(arguments.length, 1, "ReadableStreamBYOBRequest.respond");
        const size = unsignedLongLongEnforced(bytesWritten, "Argument 1");
        if (request.controller === undefined) throw answered();
        if (isDetached(arrayBufferOf(request.view))) throw new TypeError("The buffer of the view is detached.");
        respond(request.controller, size);
    }

    respondWithNewView(view) {
        const request = requestOf(this) ?? illegal("ReadableStreamBYOBRequest");
        needs(arguments.length, 1, "ReadableStreamBYOBRequest.respondWithNewView");
        arrayBufferView(view, "Argument 1");
        if (request.controller === undefined) throw answered();
        if (isDetached(arrayBufferOf(view))) throw new TypeError("The buffer of the view is detached.");
        respondWithNewView(request.controller, view);
    }

    static {
        requestOf = (value) => (isObject(value) && #request in value ? value.#request : undefined);
    }
}
defineInterface(ReadableStreamBYOBRequest);

const answered = () => new TypeError("The BYOB request was answered already.");
