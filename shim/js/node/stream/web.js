// Node's streams as streams of the web and back: `toWeb` and `fromWeb` (nodejs.org/api/stream.html,
// "stream.Readable.toWeb" and its neighbours). The web's streams are worked on by their records.

import { primordials } from "../../primordials.js";
import { abortError, invalidArgType, validateBoolean, validateObject } from "../../node_errors.js";
import { readableObject, readableOf, writableObject, writableOf } from "../../streams/index.js";
import {
    acquireReader, createReadable, defaultClose, defaultEnqueue, defaultError, readableCancel, readableDesiredSize,
} from "../../streams/readable.js";
import {
    acquireWriter, newWritable, setUpWritable, writableAbort, writableClose, writableErrorIfNeeded, writerWrite,
} from "../../streams/writable.js";
import { nextTick } from "../../ticks.js";
import { Buffer } from "../buffer.js";
import { destroyer } from "./destroy.js";
import { prematureClose } from "./errors.js";
import { finished } from "./finished.js";
import { Readable } from "./readable.js";
import { Writable } from "./writable.js";
import { Duplex } from "./duplex.js";
import {
    isDestroyed, isReadable, isReadableNode, isReadableStream, isWritable, isWritableEnded, isWritableNode,
    isWritableStream,
} from "./state.js";
import { readWeb } from "./web_chunks.js";

const { Promise, PromisePrototypeThen, PromiseResolve, Uint8Array } = primordials;

const nothing = () => {};
const one = () => 1;

/** For an error in a callback of a stream: it is thrown where nobody waits for it. */
const throwLater = (error) => nextTick(() => {
    throw error;
});

/** Calls a callback of a stream; what it throws is thrown where nobody waits for it. */
const tell = (callback, error) => {
    try {
        callback(error);
    } catch (failure) {
        throwLater(failure);
    }
};

// ----------------------------------------------------------------------------------------------- from the web to Node

/** Gives a stream of Node what a reader of the web reads next. */
const pull = (stream, reader) => {
    PromisePrototypeThen(
        readWeb(reader),
        ({ done, value }) => {
            stream.push(done ? null : value);
        },
        (error) => destroyer(stream, error),
    );
};

/** A Readable over a ReadableStream. */
export const newReadableFromWeb = (readableStream, options = {}) => {
    if (!isReadableStream(readableStream)) {
        throw invalidArgType("readableStream", "ReadableStream", readableStream);
    }
    validateObject(options, "options");
    const { highWaterMark, encoding, objectMode = false, signal } = options;
    validateBoolean(objectMode, "options.objectMode");
    const record = readableOf(readableStream);
    const reader = acquireReader(record);
    let isClosed = false;
    const readable = new Readable({
        objectMode,
        highWaterMark,
        encoding,
        signal,
        read() {
            pull(readable, reader);
        },
        destroy(error, callback) {
            const done = () => tell(callback, error);
            if (isClosed) done();
            else PromisePrototypeThen(readableCancel(record, error), done, done);
        },
    });
    PromisePrototypeThen(
        reader.closed.promise,
        () => {
            isClosed = true;
        },
        (error) => {
            isClosed = true;
            destroyer(readable, error);
        },
    );
    return readable;
};

/** What a write gives to the web: bytes as a Uint8Array, text as bytes unless it is to stay text. */
const toWebChunk = (chunk, encoding, decodesStrings, isObject) => {
    if (typeof chunk !== "string" || !decodesStrings || isObject) return chunk;
    const bytes = Buffer.from(chunk, encoding);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

/** A write on a web writer, whose end is told to a Node callback. */
const writeWith = (writer, chunk, callback, fail) => {
    const done = (error) => {
        try {
            callback(error);
        } catch (failure) {
            throwLater(failure);
            fail(failure);
        }
    };
    PromisePrototypeThen(
        writer.ready.promise,
        () => PromisePrototypeThen(writerWrite(writer, chunk), () => done(), done),
        done,
    );
};

const closeWith = (record, callback) => {
    PromisePrototypeThen(writableClose(record), () => tell(callback), (error) => tell(callback, error));
};

/** A Writable over a WritableStream. */
export const newWritableFromWeb = (writableStream, options = {}) => {
    if (!isWritableStream(writableStream)) {
        throw invalidArgType("writableStream", "WritableStream", writableStream);
    }
    validateObject(options, "options");
    const { highWaterMark, decodeStrings = true, objectMode = false, signal } = options;
    validateBoolean(objectMode, "options.objectMode");
    validateBoolean(decodeStrings, "options.decodeStrings");
    const record = writableOf(writableStream);
    const writer = acquireWriter(record);
    let isClosed = false;
    const writable = new Writable({
        highWaterMark,
        objectMode,
        decodeStrings,
        signal,
        write(chunk, encoding, callback) {
            writeWith(
                writer, toWebChunk(chunk, encoding, decodeStrings, objectMode), callback,
                (error) => destroyer(writable, error),
            );
        },
        destroy(error, callback) {
            const done = () => tell(callback, error);
            if (isClosed) {
                done();
            } else if (error !== null && error !== undefined) {
                PromisePrototypeThen(writableAbort(record, error), done, done);
            } else {
                PromisePrototypeThen(writableClose(record), done, done);
            }
        },
        final(callback) {
            if (isClosed) callback();
            else closeWith(record, callback);
        },
    });
    PromisePrototypeThen(
        writer.closed.promise,
        () => {
            isClosed = true;
            if (!isWritableEnded(writable)) destroyer(writable, prematureClose());
        },
        (error) => {
            isClosed = true;
            destroyer(writable, error);
        },
    );
    return writable;
};

/** A Duplex over a pair of web streams. */
export const newDuplexFromWeb = (pair, options = {}) => {
    validateObject(pair, "pair");
    const { readable: readableStream, writable: writableStream } = pair;
    if (!isReadableStream(readableStream)) throw invalidArgType("pair.readable", "ReadableStream", readableStream);
    if (!isWritableStream(writableStream)) throw invalidArgType("pair.writable", "WritableStream", writableStream);
    validateObject(options, "options");
    const { allowHalfOpen = false, objectMode = false, decodeStrings = true } = options;
    const { encoding, highWaterMark, signal } = options;
    validateBoolean(objectMode, "options.objectMode");
    const source = readableOf(readableStream);
    const sink = writableOf(writableStream);
    const reader = acquireReader(source);
    const writer = acquireWriter(sink);
    let isWritableClosed = false;
    let isReadableClosed = false;
    const duplex = new Duplex({
        allowHalfOpen,
        highWaterMark,
        objectMode,
        encoding,
        decodeStrings,
        signal,
        write(chunk, encodingOf, callback) {
            writeWith(
                writer, toWebChunk(chunk, encodingOf, decodeStrings, objectMode), callback,
                (error) => destroyer(duplex, error),
            );
        },
        final(callback) {
            if (isWritableClosed) callback();
            else closeWith(sink, callback);
        },
        read() {
            pull(duplex, reader);
        },
        destroy(error, callback) {
            const done = () => tell(callback, error);
            const ends = async () => {
                if (!isWritableClosed) await writableAbort(sink, error);
                if (!isReadableClosed) await readableCancel(source, error);
            };
            PromisePrototypeThen(ends(), done, done);
        },
    });
    PromisePrototypeThen(
        writer.closed.promise,
        () => {
            isWritableClosed = true;
            if (!isWritableEnded(duplex)) destroyer(duplex, prematureClose());
        },
        (error) => {
            isWritableClosed = true;
            isReadableClosed = true;
            destroyer(duplex, error);
        },
    );
    PromisePrototypeThen(
        reader.closed.promise,
        () => {
            isReadableClosed = true;
        },
        (error) => {
            isWritableClosed = true;
            isReadableClosed = true;
            destroyer(duplex, error);
        },
    );
    return duplex;
};

// ----------------------------------------------------------------------------------------------- from Node to the web

/** A queuing strategy's `highWaterMark` and `size`, or those that suit the Node stream. */
const strategyOf = (given, isObject, mark) => {
    if (given !== undefined && given !== null) {
        validateObject(given, "options.strategy");
        const { size } = given;
        return {
            highWaterMark: given.highWaterMark === undefined ? 1 : +given.highWaterMark,
            size: typeof size === "function" ? (chunk) => size(chunk) : one,
        };
    }
    return { highWaterMark: mark, size: isObject ? one : (chunk) => chunk.byteLength ?? 1 };
};

/** A ReadableStream over a Readable. */
export const readableToWeb = (streamReadable, options = {}) => {
    if (!isReadableNode(streamReadable) && typeof streamReadable?._readableState !== "object") {
        throw invalidArgType("streamReadable", "stream.Readable", streamReadable);
    }
    if (isDestroyed(streamReadable) || !isReadable(streamReadable)) {
        const ended = createReadable(nothing, () => PromiseResolve(undefined), () => PromiseResolve(undefined));
        readableCancel(ended, undefined);
        return readableObject(ended);
    }
    const isObject = streamReadable.readableObjectMode;
    const { highWaterMark, size } = strategyOf(options?.strategy, isObject, streamReadable.readableHighWaterMark);
    let controller;
    let isCancelled = false;
    const onData = (chunk) => {
        const given = chunk instanceof Buffer && !isObject ? new Uint8Array(chunk) : chunk;
        defaultEnqueue(controller, given);
        if (readableDesiredSize(controller) <= 0) streamReadable.pause();
    };
    streamReadable.pause();
    const stop = finished(streamReadable, { writable: false }, (given) => {
        let error = given;
        if (error?.code === "ERR_STREAM_PREMATURE_CLOSE") error = abortError(undefined, { cause: error });
        stop();
        // Errors that come later are not uncaught ones.
        streamReadable.on("error", nothing);
        if (error) defaultError(controller, error);
        else if (!isCancelled) defaultClose(controller);
    });
    streamReadable.on("data", onData);
    const record = createReadable(
        (made) => {
            controller = made;
            streamReadable.pause();
        },
        () => {
            streamReadable.resume();
            return PromiseResolve(undefined);
        },
        (reason) => {
            isCancelled = true;
            destroyer(streamReadable, reason);
            return PromiseResolve(undefined);
        },
        highWaterMark,
        size,
    );
    return readableObject(record);
};

const deferred = () => {
    const parts = {};
    parts.promise = new Promise((resolve, reject) => {
        parts.resolve = resolve;
        parts.reject = reject;
    });
    return parts;
};

/** A WritableStream over a Writable. */
export const writableToWeb = (streamWritable) => {
    if (!isWritableNode(streamWritable) && typeof streamWritable?._writableState !== "object") {
        throw invalidArgType("streamWritable", "stream.Writable", streamWritable);
    }
    const record = newWritable();
    if (isDestroyed(streamWritable) || !isWritable(streamWritable)) {
        const noop = () => PromiseResolve(undefined);
        setUpWritable(record, nothing, noop, noop, noop, 1, one);
        writableClose(record);
        return writableObject(record);
    }
    const isObject = streamWritable.writableObjectMode;
    const { highWaterMark, size } = strategyOf(undefined, isObject, streamWritable.writableHighWaterMark);
    let controller;
    let drained;
    let closing;
    const onDrain = () => {
        if (drained === undefined) return;
        drained.resolve();
        drained = undefined;
    };
    const stop = finished(streamWritable, (given) => {
        let error = given;
        if (error?.code === "ERR_STREAM_PREMATURE_CLOSE") error = abortError(undefined, { cause: error });
        stop();
        streamWritable.on("error", nothing);
        if (error) {
            if (drained !== undefined) drained.reject(error);
            if (closing !== undefined) closing.reject(error);
            writableErrorIfNeeded(controller, error);
            return;
        }
        if (closing !== undefined) closing.resolve();
        else writableErrorIfNeeded(controller, abortError());
    });
    streamWritable.on("drain", onDrain);
    setUpWritable(
        record,
        (made) => {
            controller = made;
        },
        (chunk) => {
            const mustWait = streamWritable.writableNeedDrain;
            if (streamWritable.write(chunk) && !mustWait) return PromiseResolve(undefined);
            drained = deferred();
            return drained.promise;
        },
        () => {
            if (closing === undefined && !isWritableEnded(streamWritable)) streamWritable.end();
            closing = deferred();
            return closing.promise;
        },
        (reason) => {
            destroyer(streamWritable, reason);
            return PromiseResolve(undefined);
        },
        highWaterMark,
        size,
    );
    return writableObject(record);
};

/** A pair of web streams over a Duplex. */
export const duplexToWeb = (duplex) => {
    if (typeof duplex?._writableState !== "object" || typeof duplex?._readableState !== "object") {
        throw invalidArgType("duplex", "stream.Duplex", duplex);
    }
    const readable = isReadable(duplex) ? readableToWeb(duplex) : readableToWeb(endedReadable());
    const writable = isWritable(duplex) ? writableToWeb(duplex) : writableToWeb(endedWritable());
    return { writable, readable };
};

const endedReadable = () => {
    const readable = new Readable({ read() {} });
    readable.destroy();
    return readable;
};

const endedWritable = () => {
    const writable = new Writable({ write: nothing });
    writable.destroy();
    return writable;
};
