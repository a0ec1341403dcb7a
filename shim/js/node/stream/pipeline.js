// stream.pipeline: several streams, iterables and functions in a row, of which all end when one fails
// (nodejs.org/api/stream.html, "stream.pipeline").

import { primordials } from "../../primordials.js";
import {
    abortError, invalidArgType, invalidReturnValue, missingArgs, validateAbortSignal, validateFunction,
} from "../../node_errors.js";
import { AbortController } from "../../abort.js";
import { writableOf } from "../../streams/index.js";
import {
    acquireWriter, writableAbort, writerCloseWithErrorPropagation, writerWrite,
} from "../../streams/writable.js";
import { nextTick } from "../../ticks.js";
import { onAbortOf } from "./abort.js";
import { destroyer } from "./destroy.js";
import { PassThrough } from "./duplex.js";
import { duplexFrom } from "./duplexify.js";
import { prematureClose, streamDestroyed } from "./errors.js";
import { finished } from "./finished.js";
import { iterateReadableNode } from "./readable.js";
import {
    isAsyncIterable, isIterable, isNodeStream, isReadable, isReadableFinished, isReadableNode, isReadableStream,
    isTransformStream, isWebStream,
} from "./state.js";
import { transformSides } from "./web_state.js";
import { chunksOfWeb } from "./web_chunks.js";

const {
    ArrayIsArray, ArrayPrototypePop, ArrayPrototypePush, ArrayPrototypeShift, Promise, PromisePrototypeThen,
    ReflectApply, SymbolAsyncIterator, SymbolIterator,
} = primordials;

const isPremature = (error) => error?.code === "ERR_STREAM_PREMATURE_CLOSE";

/** Something whose chunks an `await` loop can take. */
export const chunksOf = (value) => {
    if (isTransformStream(value)) return chunksOfWeb(transformSides(value).readable);
    if (isReadableStream(value)) return chunksOfWeb(value);
    if (isIterable(value)) return value;
    if (isReadableNode(value)) return iterateReadableNode(value);
    throw invalidArgType("val", ["Readable", "Iterable", "AsyncIterable"], value);
};

/** Calls `each` with every chunk and waits for what it answers; ends the iterator when that fails. */
export const eachChunk = async (source, each) => {
    const isAsync = typeof source[SymbolAsyncIterator] === "function";
    const iterator = isAsync ? source[SymbolAsyncIterator]() : source[SymbolIterator]();
    for (;;) {
        const { done, value } = isAsync ? await iterator.next() : iterator.next();
        if (done) return;
        try {
            await each(isAsync ? value : await value);
        } catch (error) {
            if (typeof iterator.return === "function") await iterator.return();
            throw error;
        }
    }
};

/** Writes every chunk to a Node stream, as fast as it takes them. */
const pumpToNode = async (source, writable, done, ends) => {
    let error;
    let wake;
    const resume = (failure) => {
        if (failure) error = failure;
        if (wake !== undefined) {
            const callback = wake;
            wake = undefined;
            callback();
        }
    };
    const wait = () => new Promise((resolve, reject) => {
        if (error) {
            reject(error);
            return;
        }
        wake = () => {
            if (error) reject(error);
            else resolve();
        };
    });
    const onDrain = () => resume();
    writable.on("drain", onDrain);
    const stop = finished(writable, { readable: false }, resume);
    try {
        if (writable.writableNeedDrain) await wait();
        await eachChunk(source, async (chunk) => {
            if (!writable.write(chunk)) await wait();
        });
        if (ends) {
            writable.end();
            await wait();
        }
        done();
    } catch (failure) {
        done(error === failure || !error ? failure : error);
    } finally {
        stop();
        writable.removeListener("drain", onDrain);
    }
};

/** Writes every chunk to a stream of the web. */
const pumpToWeb = async (source, given, done, ends) => {
    const stream = writableOf(isTransformStream(given) ? transformSides(given).writable : given);
    let writer;
    try {
        writer = acquireWriter(stream);
        await eachChunk(source, async (chunk) => {
            await writer.ready.promise;
            PromisePrototypeThen(writerWrite(writer, chunk), undefined, () => {});
        });
        await writer.ready.promise;
        if (ends) await writerCloseWithErrorPropagation(writer);
        done();
    } catch (error) {
        try {
            await writableAbort(stream, error);
            done(error);
        } catch (failure) {
            done(failure);
        }
    }
};

/** Pipes one Node stream into the next; `fail` is for an error alone, `done` for the end of each. */
const pipeNode = (source, destination, done, fail, ends) => {
    let isEnded = false;
    destination.on("close", () => {
        if (!isEnded) fail(prematureClose());
    });
    source.pipe(destination, { end: false });
    if (ends) {
        const end = () => {
            isEnded = true;
            destination.end();
        };
        if (isReadableFinished(source)) nextTick(end);
        else source.once("end", end);
    } else {
        done();
    }
    finished(source, { readable: true, writable: false }, (error) => {
        const state = source._readableState;
        if (isPremature(error) && state?.ended && !state.errored && !state.errorEmitted) {
            // The stream has given everything, but was closed before "end" came: it comes yet.
            source.once("end", done).once("error", done);
        } else {
            done(error);
        }
    });
    return finished(destination, { readable: false, writable: true }, done);
};

/** A function that destroys the stream, if it is not finished by then. */
const destroyerOf = (stream, reading, writing) => {
    let isOver = false;
    stream.on("close", () => {
        isOver = true;
    });
    const cleanUp = finished(stream, { readable: reading, writable: writing }, (error) => {
        isOver = !error;
    });
    return {
        destroy: (error) => {
            if (isOver) return;
            isOver = true;
            destroyer(stream, error || streamDestroyed("pipe"));
        },
        cleanUp,
    };
};

const onceOnly = (callback) => {
    let isCalled = false;
    return (error, value) => {
        if (isCalled) return;
        isCalled = true;
        callback(error, value);
    };
};

export function pipeline(...streams) {
    const callback = ArrayPrototypePop(streams);
    validateFunction(callback, "streams[stream.length - 1]");
    return runPipeline(streams, onceOnly(callback));
}

export const runPipeline = (given, callback, options = undefined) => {
    const streams = given.length === 1 && ArrayIsArray(given[0]) ? given[0] : given;
    if (streams.length < 2) throw missingArgs("streams");
    const controller = new AbortController();
    const { signal } = controller;
    const outer = options?.signal;
    const cleanUps = [];
    const destroys = [];
    let error;
    let value;
    let count = 0;
    let stopListening;

    const settle = (failure, isFinal) => {
        if (failure && (!error || isPremature(error))) error = failure;
        if (!error && !isFinal) return;
        while (0 < destroys.length) ArrayPrototypeShift(destroys)(error);
        stopListening?.();
        controller.abort();
        if (!isFinal) return;
        if (!error) for (let at = 0; at < cleanUps.length; at++) cleanUps[at]();
        nextTick(callback, error, value);
    };
    const done = (failure) => settle(failure, --count === 0);
    const fail = (failure) => settle(failure, false);
    const abort = () => fail(abortError(undefined, { cause: outer?.reason }));
    validateAbortSignal(outer, "options.signal");
    if (outer && !outer.aborted) stopListening = onAbortOf(outer, abort);

    let result;
    for (let at = 0; at < streams.length; at++) {
        const stream = streams[at];
        const reading = at < streams.length - 1;
        const writing = 0 < at;
        const ends = reading || options?.end !== false;
        const isLast = !reading;
        if (isNodeStream(stream)) {
            if (ends) {
                const { destroy, cleanUp } = destroyerOf(stream, reading, writing);
                ArrayPrototypePush(destroys, destroy);
                if (isLast && isReadable(stream)) ArrayPrototypePush(cleanUps, cleanUp);
            }
            const onError = (failure) => {
                if (failure && failure.name !== "AbortError" && !isPremature(failure)) fail(failure);
            };
            stream.on("error", onError);
            if (isLast && isReadable(stream)) {
                ArrayPrototypePush(cleanUps, () => stream.removeListener("error", onError));
            }
        }
        if (at === 0) {
            if (typeof stream === "function") {
                result = stream({ signal });
                if (!isIterable(result)) {
                    throw invalidReturnValue("Iterable, AsyncIterable or Stream", "source", result);
                }
            } else if (isIterable(stream) || isReadableNode(stream) || isTransformStream(stream)) {
                result = stream;
            } else {
                result = duplexFrom(stream);
            }
        } else if (typeof stream === "function") {
            result = stream(chunksOf(result), { signal });
            if (reading) {
                if (!isAsyncIterable(result)) throw invalidReturnValue("AsyncIterable", `transform[${at - 1}]`, result);
                continue;
            }
            // What the last function answers is given on by a stream that can be written to no more.
            const through = new PassThrough({ objectMode: true });
            const then = result?.then;
            if (typeof then === "function") {
                count++;
                ReflectApply(then, result, [
                    (answer) => {
                        value = answer;
                        if (answer !== null && answer !== undefined) through.write(answer);
                        if (ends) through.end();
                        nextTick(done);
                    },
                    (failure) => {
                        through.destroy(failure);
                        nextTick(done, failure);
                    },
                ]);
            } else if (isAsyncIterable(result) || isReadableStream(result) || isTransformStream(result)) {
                count++;
                pumpToNode(chunksOf(result), through, done, ends);
            } else {
                throw invalidReturnValue("AsyncIterable or Promise", "destination", result);
            }
            result = through;
            const { destroy, cleanUp } = destroyerOf(result, false, true);
            ArrayPrototypePush(destroys, destroy);
            if (isLast) ArrayPrototypePush(cleanUps, cleanUp);
        } else if (isNodeStream(stream)) {
            if (isReadableNode(result)) {
                count += 2;
                const cleanUp = pipeNode(result, stream, done, fail, ends);
                if (isReadable(stream) && isLast) ArrayPrototypePush(cleanUps, cleanUp);
            } else {
                count++;
                pumpToNode(chunksOf(result), stream, done, ends);
            }
            result = stream;
        } else if (isWebStream(stream)) {
            count++;
            pumpToWeb(chunksOf(result), stream, done, ends);
            result = stream;
        } else {
            result = duplexFrom(stream);
        }
    }
    if (signal.aborted || outer?.aborted) nextTick(abort);
    return result;
};
