// WritableStream, WritableStreamDefaultWriter and WritableStreamDefaultController as apps see them
// (Streams standard, sections 5.2 to 5.4, November 2026). The algorithms are in writable.js.

import { createSignal, signalAbort } from "../abort.js";
import { primordials } from "../primordials.js";
import { any, callback, defineInterface, dictionary, isObject, needs, object } from "../webidl.js";
import { callForPromise, illegal, rejectedWith } from "./promises.js";
import { extractHighWaterMark, extractSizeAlgorithm, queuingStrategy } from "./strategies.js";
import {
    acquireWriter, closeQueuedOrInFlight, isWritableLocked, newWritable, setUpWritable, writableAbort, writableClose,
    writableErrorIfNeeded, writerDesiredSize, writerRelease, writerWrite,
} from "./writable.js";

const { PromiseResolve, RangeError, ReflectApply, TypeError } = primordials;

// Only the scripts here have it: a constructor that gets it takes over the record that comes with it.
const INTERNAL = { __proto__: null };

const underlyingSink = dictionary([
    { key: "abort", converter: callback },
    { key: "close", converter: callback },
    { key: "start", converter: callback },
    { key: "type", converter: any },
    { key: "write", converter: callback },
]);

export let writableOf;
let writerOf;
let controllerOf;

/** The object of a stream's record. */
export const writableObject = (stream) => (stream.object ??= new WritableStream(INTERNAL, stream));

const controllerObject = (controller) =>
    (controller.object ??= new WritableStreamDefaultController(INTERNAL, controller));

export class WritableStream {
    #stream;

    constructor(sink = undefined, strategy = {}) {
        if (sink === INTERNAL) {
            this.#stream = strategy;
            return;
        }
        const source = sink === undefined ? null : object(sink, "Argument 1");
        const queuing = queuingStrategy(strategy, "Argument 2");
        const { abort, close, start, type, write } = underlyingSink(source, "Argument 1");
        if (type !== undefined) throw new RangeError('"type" of an underlying sink is reserved.');
        const sizeAlgorithm = extractSizeAlgorithm(queuing);
        const highWaterMark = extractHighWaterMark(queuing, 1);
        const stream = newWritable();
        stream.object = this;
        this.#stream = stream;
        setUpWritable(
            stream,
            (controller) =>
                start === undefined ? undefined : ReflectApply(start, source, [controllerObject(controller)]),
            (chunk) =>
                write === undefined
                    ? PromiseResolve(undefined)
                    : callForPromise(write, source, [chunk, controllerObject(stream.controller)]),
            () => (close === undefined ? PromiseResolve(undefined) : callForPromise(close, source, [])),
            (reason) => (abort === undefined ? PromiseResolve(undefined) : callForPromise(abort, source, [reason])),
            highWaterMark,
            sizeAlgorithm,
        );
    }

    get locked() {
        return isWritableLocked(writableOf(this) ?? illegal("WritableStream"));
    }

    abort(reason = undefined) {
        const stream = writableOf(this);
        if (stream === undefined) return rejectedWith(new TypeError("The receiver is no WritableStream."));
        if (isWritableLocked(stream)) return rejectedWith(new TypeError("The stream is locked to a writer."));
        return writableAbort(stream, reason);
    }

    close() {
        const stream = writableOf(this);
        if (stream === undefined) return rejectedWith(new TypeError("The receiver is no WritableStream."));
        if (isWritableLocked(stream)) return rejectedWith(new TypeError("The stream is locked to a writer."));
        if (closeQueuedOrInFlight(stream)) return rejectedWith(new TypeError("The stream is closing already."));
        return writableClose(stream);
    }

    getWriter() {
        const writer = acquireWriter(writableOf(this) ?? illegal("WritableStream"));
        writer.object = new WritableStreamDefaultWriter(INTERNAL, writer);
        return writer.object;
    }

    static {
        writableOf = (value) => (isObject(value) && #stream in value ? value.#stream : undefined);
    }
}
defineInterface(WritableStream);

const noWriter = () => rejectedWith(new TypeError("The receiver is no WritableStreamDefaultWriter."));

const released = () => new TypeError("The writer was released; it has no stream.");

export class WritableStreamDefaultWriter {
    #writer;

    constructor(stream, record = undefined) {
        if (stream === INTERNAL) {
            this.#writer = record;
            return;
        }
        needs(arguments.length, 1, "WritableStreamDefaultWriter");
        const target = writableOf(stream);
        if (target === undefined) throw new TypeError("Argument 1 is no WritableStream.");
        this.#writer = acquireWriter(target);
        this.#writer.object = this;
    }

    get closed() {
        const writer = writerOf(this);
        return writer === undefined ? noWriter() : writer.closed.promise;
    }

    get desiredSize() {
        const writer = writerOf(this) ?? illegal("WritableStreamDefaultWriter");
        if (writer.stream === undefined) throw released();
        return writerDesiredSize(writer);
    }

    get ready() {
        const writer = writerOf(this);
        return writer === undefined ? noWriter() : writer.ready.promise;
    }

    abort(reason = undefined) {
        const writer = writerOf(this);
        if (writer === undefined) return noWriter();
        if (writer.stream === undefined) return rejectedWith(released());
        return writableAbort(writer.stream, reason);
    }

    close() {
        const writer = writerOf(this);
        if (writer === undefined) return noWriter();
        if (writer.stream === undefined) return rejectedWith(released());
        if (closeQueuedOrInFlight(writer.stream)) return rejectedWith(new TypeError("The stream is closing already."));
        return writableClose(writer.stream);
    }

    releaseLock() {
        const writer = writerOf(this) ?? illegal("WritableStreamDefaultWriter");
        if (writer.stream !== undefined) writerRelease(writer);
    }

    write(chunk = undefined) {
        const writer = writerOf(this);
        if (writer === undefined) return noWriter();
        if (writer.stream === undefined) return rejectedWith(released());
        return writerWrite(writer, chunk);
    }

    static {
        writerOf = (value) => (isObject(value) && #writer in value ? value.#writer : undefined);
    }
}
defineInterface(WritableStreamDefaultWriter);

export class WritableStreamDefaultController {
    #controller;

    constructor(secret = undefined, record = undefined) {
        if (secret !== INTERNAL) throw new TypeError("A WritableStreamDefaultController cannot be constructed.");
        this.#controller = record;
    }

    // The signal is made when it is asked for; until then the record notes whether and why it is aborted.
    get signal() {
        const controller = controllerOf(this) ?? illegal("WritableStreamDefaultController");
        if (controller.signal === undefined) {
            controller.signal = createSignal();
            if (controller.aborted) signalAbort(controller.signal, controller.abortReason);
        }
        return controller.signal;
    }

    error(error = undefined) {
        writableErrorIfNeeded(controllerOf(this) ?? illegal("WritableStreamDefaultController"), error);
    }

    static {
        controllerOf = (value) => (isObject(value) && #controller in value ? value.#controller : undefined);
    }
}
defineInterface(WritableStreamDefaultController);
