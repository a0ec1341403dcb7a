// Readable streams of Node (nodejs.org/api/stream.html, "Readable streams" and "Implementing a readable stream").
//
// What `_read` gives is kept in a list until somebody takes it: `read()`, a listener of "data" (flowing mode), a pipe,
// or asynchronous iteration.

import { primordials } from "../../primordials.js";
import { abortError, invalidArgType, methodNotImplemented, outOfRange } from "../../node_errors.js";
import { nextTick } from "../../ticks.js";
import { asBuffer, isUint8Array } from "../buffer/bytes.js";
import { Buffer } from "../buffer.js";
import { StringDecoder } from "../string_decoder.js";
import { addAbortSignalTo } from "./abort.js";
import { ChunkList } from "./chunks.js";
import { construct, destroy, destroyer, errorOrDestroy, undestroy } from "./destroy.js";
import { pushAfterEnd, unshiftAfterEnd } from "./errors.js";
import { finished } from "./finished.js";
import { Stream } from "./legacy.js";
import { forgetWaiting, pipe, unpipe } from "./pipe.js";
import { getDefaultHighWaterMark, highWaterMarkOf } from "./state.js";
import { defaultEncodingOf, defineAccessors } from "./writable.js";

const {
    FunctionPrototypeCall, NumberIsInteger, NumberIsNaN, NumberParseInt, ObjectAssign, ObjectDefineProperties,
    ObjectKeys, ObjectSetPrototypeOf, Promise, ReflectApply, SymbolAsyncIterator, SymbolFor,
} = primordials;

const SymbolAsyncDispose = primordials.SymbolAsyncDispose ?? SymbolFor("nodejs.asyncDispose");

/** The state of the reading side, as `_readableState`; libraries read its fields. */
export function ReadableState(options, stream, isDuplex) {
    this.objectMode = !!options?.objectMode || (isDuplex && !!options?.readableObjectMode);
    this.highWaterMark = options
        ? highWaterMarkOf(this.objectMode, options, "readableHighWaterMark", isDuplex)
        : getDefaultHighWaterMark(false);
    this.buffer = new ChunkList();
    this.length = 0;
    this.pipes = [];
    this.flowing = null;
    this.paused = null;
    this.ended = false;
    this.endEmitted = false;
    this.reading = false;
    this.constructed = true;
    this.sync = true;
    this.needReadable = false;
    this.emittedReadable = false;
    this.readableListening = false;
    this.resumeScheduled = false;
    this.readingMore = false;
    this.errorEmitted = false;
    this.emitClose = options?.emitClose !== false;
    this.autoDestroy = options?.autoDestroy !== false;
    this.destroyed = false;
    this.errored = null;
    this.closed = false;
    this.closeEmitted = false;
    this.defaultEncoding = defaultEncodingOf(options);
    // The destinations of pipes that asked to wait: null, the only one, or a set.
    this.awaitDrainWriters = null;
    this.dataEmitted = false;
    this.decoder = null;
    this.encoding = null;
    if (options?.encoding) {
        this.decoder = new StringDecoder(options.encoding);
        this.encoding = options.encoding;
    }
}

export const takeReadableOptions = (stream, options) => {
    if (!options) return;
    if (typeof options.read === "function") stream._read = options.read;
    if (typeof options.destroy === "function") stream._destroy = options.destroy;
    if (typeof options.construct === "function") stream._construct = options.construct;
};

export const readableConstructed = (stream) => {
    const state = stream._readableState;
    if (state.needReadable) maybeReadMore(stream, state);
};

export function Readable(options) {
    if (!(this instanceof Readable)) return new Readable(options);
    this._readableState = new ReadableState(options, this, false);
    takeReadableOptions(this, options);
    FunctionPrototypeCall(Stream, this, options);
    if (options?.signal) addAbortSignalTo(options.signal, this);
    construct(this, () => readableConstructed(this));
}
ObjectSetPrototypeOf(Readable.prototype, Stream.prototype);
ObjectSetPrototypeOf(Readable, Stream);
Readable.ReadableState = ReadableState;

const { prototype } = Readable;

prototype.destroy = destroy;
prototype._undestroy = undestroy;
prototype._destroy = function _destroy(error, callback) {
    callback(error);
};

prototype[SymbolFor("nodejs.rejection")] = function rejected(error) {
    this.destroy(error);
};

prototype[SymbolAsyncDispose] = function asyncDispose() {
    const stream = this;
    let error;
    if (!stream.destroyed) {
        error = stream.readableEnded ? null : abortError();
        stream.destroy(error);
    }
    return new Promise((resolve, reject) => {
        finished(stream, (failure) => {
            if (failure && failure !== error) reject(failure);
            else resolve(null);
        });
    });
};

// ------------------------------------------------------------------------------------------------------ what comes in

prototype.push = function push(chunk, encoding) {
    return take(this, chunk, encoding, false);
};

prototype.unshift = function unshift(chunk, encoding) {
    return take(this, chunk, encoding, true);
};

const take = (stream, given, encodingGiven, isFront) => {
    const state = stream._readableState;
    let chunk = given;
    let encoding = encodingGiven;
    if (!state.objectMode) {
        if (typeof chunk === "string") {
            encoding = encoding || state.defaultEncoding;
            if (state.encoding !== encoding) {
                const bytes = Buffer.from(chunk, encoding);
                chunk = isFront && state.encoding ? bytes.toString(state.encoding) : bytes;
                if (!isFront || !state.encoding) encoding = "";
            }
        } else if (chunk instanceof Buffer) {
            encoding = "";
        } else if (isUint8Array(chunk)) {
            chunk = asBuffer(chunk);
            encoding = "";
        } else if (chunk !== null && chunk !== undefined) {
            errorOrDestroy(stream, invalidArgType("chunk", ["string", "Buffer", "Uint8Array"], chunk));
            return canTakeMore(state);
        }
    }
    if (chunk === null) {
        state.reading = false;
        endOfInput(stream, state);
    } else if (state.objectMode || 0 < chunk?.length) {
        if (isFront) {
            if (state.endEmitted) errorOrDestroy(stream, unshiftAfterEnd());
            else if (state.destroyed || state.errored) return false;
            else addChunk(stream, state, chunk, true);
        } else if (state.ended) {
            errorOrDestroy(stream, pushAfterEnd());
        } else if (state.destroyed || state.errored) {
            return false;
        } else {
            state.reading = false;
            if (state.decoder && !encoding) {
                chunk = state.decoder.write(chunk);
                if (state.objectMode || chunk.length !== 0) addChunk(stream, state, chunk, false);
                else maybeReadMore(stream, state);
            } else {
                addChunk(stream, state, chunk, false);
            }
        }
    } else if (!isFront) {
        state.reading = false;
        maybeReadMore(stream, state);
    }
    return canTakeMore(state);
};

const canTakeMore = (state) => !state.ended && (state.length < state.highWaterMark || state.length === 0);

const addChunk = (stream, state, chunk, isFront) => {
    if (state.flowing && state.length === 0 && !state.sync && 0 < stream.listenerCount("data")) {
        forgetWaiting(state);
        state.dataEmitted = true;
        stream.emit("data", chunk);
    } else {
        state.length += state.objectMode ? 1 : chunk.length;
        if (isFront) state.buffer.unshift(chunk);
        else state.buffer.push(chunk);
        if (state.needReadable) emitReadable(stream);
    }
    maybeReadMore(stream, state);
};

const endOfInput = (stream, state) => {
    if (state.ended) return;
    if (state.decoder) {
        const chunk = state.decoder.end();
        if (chunk && chunk.length) {
            state.buffer.push(chunk);
            state.length += state.objectMode ? 1 : chunk.length;
        }
    }
    state.ended = true;
    if (state.sync) {
        emitReadable(stream);
    } else {
        state.needReadable = false;
        state.emittedReadable = true;
        tellReadable(stream);
    }
};

const emitReadable = (stream) => {
    const state = stream._readableState;
    state.needReadable = false;
    if (state.emittedReadable) return;
    state.emittedReadable = true;
    nextTick(tellReadable, stream);
};

const tellReadable = (stream) => {
    const state = stream._readableState;
    if (!state.destroyed && !state.errored && (state.length || state.ended)) {
        stream.emit("readable");
        state.emittedReadable = false;
    }
    state.needReadable = !state.flowing && !state.ended && state.length <= state.highWaterMark;
    flow(stream);
};

const maybeReadMore = (stream, state) => {
    if (state.readingMore || !state.constructed) return;
    state.readingMore = true;
    nextTick(readMore, stream, state);
};

/** Fills the buffer to its mark; in flowing mode it reads at least until there is something. */
const readMore = (stream, state) => {
    while (!state.reading && !state.ended
        && (state.length < state.highWaterMark || (state.flowing && state.length === 0))) {
        const before = state.length;
        stream.read(0);
        if (before === state.length) break;
    }
    state.readingMore = false;
};

// ----------------------------------------------------------------------------------------------------- what goes out

prototype.isPaused = function isPaused() {
    const state = this._readableState;
    return state.paused === true || state.flowing === false;
};

prototype.setEncoding = function setEncoding(encoding) {
    const decoder = new StringDecoder(encoding);
    const state = this._readableState;
    state.decoder = decoder;
    state.encoding = decoder.encoding;
    let content = "";
    while (0 < state.buffer.length) content += decoder.write(state.buffer.shift());
    if (content !== "") state.buffer.push(content);
    state.length = content.length;
    return this;
};

const MOST = 0x40000000;

/** The next power of two: whoever reads large pieces gets a larger buffer. */
const markFor = (size) => {
    if (MOST < size) throw outOfRange("size", "<= 1GiB", size);
    let mark = 1;
    while (mark < size) mark *= 2;
    return mark;
};

const countFor = (size, state) => {
    if (size <= 0 || (state.length === 0 && state.ended)) return 0;
    if (state.objectMode) return 1;
    if (NumberIsNaN(size)) return state.flowing && state.length ? state.buffer.first().length : state.length;
    if (size <= state.length) return size;
    return state.ended ? state.length : 0;
};

const takeOut = (count, state) => {
    if (state.length === 0) return null;
    if (state.objectMode) return state.buffer.shift();
    if (!count || state.length <= count) return state.buffer.all(state.decoder !== null);
    return state.buffer.consume(count, state.decoder !== null);
};

prototype.read = function read(size) {
    const state = this._readableState;
    let wanted = size;
    if (wanted === undefined) wanted = NaN;
    else if (!NumberIsInteger(wanted)) wanted = NumberParseInt(wanted, 10);
    const asked = wanted;
    if (state.highWaterMark < wanted) state.highWaterMark = markFor(wanted);
    if (wanted !== 0) state.emittedReadable = false;
    const isFull = state.highWaterMark !== 0 ? state.highWaterMark <= state.length : 0 < state.length;
    if (wanted === 0 && state.needReadable && (isFull || state.ended)) {
        if (state.length === 0 && state.ended) endReadable(this);
        else emitReadable(this);
        return null;
    }
    let count = countFor(wanted, state);
    if (count === 0 && state.ended) {
        if (state.length === 0) endReadable(this);
        return null;
    }
    const isLow = state.needReadable || state.length === 0 || state.length - count < state.highWaterMark;
    const mayRead = !state.ended && !state.reading && !state.destroyed && !state.errored && state.constructed;
    if (isLow && mayRead) {
        state.reading = true;
        state.sync = true;
        if (state.length === 0) state.needReadable = true;
        try {
            this._read(state.highWaterMark);
        } catch (error) {
            errorOrDestroy(this, error);
        }
        state.sync = false;
        // If `_read` pushed at once, there may be more to give.
        if (!state.reading) count = countFor(asked, state);
    }
    const chunk = 0 < count ? takeOut(count, state) : null;
    if (chunk === null) {
        state.needReadable = state.length <= state.highWaterMark;
        count = 0;
    } else {
        state.length -= count;
        forgetWaiting(state);
    }
    if (state.length === 0) {
        if (!state.ended) state.needReadable = true;
        if (asked !== count && state.ended) endReadable(this);
    }
    if (chunk !== null && !state.errorEmitted && !state.closeEmitted) {
        state.dataEmitted = true;
        this.emit("data", chunk);
    }
    return chunk;
};

prototype._read = function _read() {
    throw methodNotImplemented("_read()");
};

const endReadable = (stream) => {
    const state = stream._readableState;
    if (state.endEmitted) return;
    state.ended = true;
    nextTick(emitEnd, stream, state);
};

const endWriting = (stream) => {
    if (stream.writable && !stream.writableEnded && !stream.destroyed) stream.end();
};

const emitEnd = (stream, state) => {
    if (state.errored || state.closeEmitted || state.endEmitted || state.length !== 0) return;
    state.endEmitted = true;
    stream.emit("end");
    if (stream.writable && stream.allowHalfOpen === false) {
        nextTick(endWriting, stream);
    } else if (state.autoDestroy) {
        const writing = stream._writableState;
        if (!writing || (writing.autoDestroy && (writing.finished || writing.writable === false))) stream.destroy();
    }
};

prototype.pipe = pipe;
prototype.unpipe = unpipe;

// -------------------------------------------------------------------------------------------- listeners and the modes

prototype.on = function on(event, listener) {
    const result = FunctionPrototypeCall(Stream.prototype.on, this, event, listener);
    const state = this._readableState;
    if (event === "data") {
        state.readableListening = 0 < this.listenerCount("readable");
        if (state.flowing !== false) this.resume();
    } else if (event === "readable" && !state.endEmitted && !state.readableListening) {
        state.readableListening = true;
        state.needReadable = true;
        state.flowing = false;
        state.emittedReadable = false;
        if (state.length) emitReadable(this);
        else if (!state.reading) nextTick(readNothing, this);
    }
    return result;
};
prototype.addListener = prototype.on;

const readNothing = (stream) => {
    stream.read(0);
};

prototype.removeListener = function removeListener(event, listener) {
    const result = FunctionPrototypeCall(Stream.prototype.removeListener, this, event, listener);
    if (event === "readable") nextTick(updateListening, this);
    return result;
};
prototype.off = prototype.removeListener;

prototype.removeAllListeners = function removeAllListeners(event) {
    const result = ReflectApply(Stream.prototype.removeAllListeners, this, arguments);
    if (event === "readable" || event === undefined) nextTick(updateListening, this);
    return result;
};

const updateListening = (stream) => {
    const state = stream._readableState;
    state.readableListening = 0 < stream.listenerCount("readable");
    if (state.resumeScheduled && state.paused === false) state.flowing = true;
    else if (0 < stream.listenerCount("data")) stream.resume();
    else if (!state.readableListening) state.flowing = null;
};

prototype.resume = function resume() {
    const state = this._readableState;
    if (!state.flowing) {
        // Who listens to "readable" reads by himself.
        state.flowing = !state.readableListening;
        if (!state.resumeScheduled) {
            state.resumeScheduled = true;
            nextTick(resumeTick, this, state);
        }
    }
    state.paused = false;
    return this;
};

const resumeTick = (stream, state) => {
    if (!state.reading) stream.read(0);
    state.resumeScheduled = false;
    stream.emit("resume");
    flow(stream);
    if (state.flowing && !state.reading) stream.read(0);
};

prototype.pause = function pause() {
    if (this._readableState.flowing !== false) {
        this._readableState.flowing = false;
        this.emit("pause");
    }
    this._readableState.paused = true;
    return this;
};

const flow = (stream) => {
    const state = stream._readableState;
    while (state.flowing && stream.read() !== null);
};

/** An old stream, which knows "data" and "end" alone, as the source of this one. */
prototype.wrap = function wrap(stream) {
    let isPaused = false;
    stream.on("data", (chunk) => {
        if (!this.push(chunk) && stream.pause) {
            isPaused = true;
            stream.pause();
        }
    });
    stream.on("end", () => this.push(null));
    stream.on("error", (error) => errorOrDestroy(this, error));
    stream.on("close", () => destroyer(this));
    stream.on("destroy", () => destroyer(this));
    this._read = () => {
        if (!isPaused || !stream.resume) return;
        isPaused = false;
        stream.resume();
    };
    const keys = ObjectKeys(stream);
    for (let at = 1; at < keys.length; at++) {
        const key = keys[at];
        if (this[key] === undefined && typeof stream[key] === "function") this[key] = stream[key].bind(stream);
    }
    return this;
};

/** A new Readable over a stream of old times, which is destroyed with it. */
export const wrapOld = (source, options) => {
    const settings = ObjectAssign({ objectMode: source.readableObjectMode ?? source.objectMode ?? true }, options, {
        destroy(error, callback) {
            destroyer(source, error);
            callback(error);
        },
    });
    return new Readable(settings).wrap(source);
};

// ------------------------------------------------------------------------------------------------------- iteration

prototype[SymbolAsyncIterator] = function asyncIterator() {
    return iterate(this);
};

prototype.iterator = function iterator(options) {
    if (options !== undefined && (options === null || typeof options !== "object")) {
        throw invalidArgType("options", "Object", options);
    }
    return iterate(this, options);
};

/** The iterator over a stream's chunks; a stream of old times is wrapped. */
const iterate = (given, options) => {
    const stream = typeof given.read === "function" ? given : wrapOld(given);
    const iterator = chunksOf(stream, options);
    iterator.stream = stream;
    return iterator;
};

export const iterateReadableNode = (stream) => iterate(stream);

const chunksOf = async function* (stream, options) {
    let wake;
    let isReady = false;
    const next = () => {
        isReady = true;
        if (wake !== undefined) wake();
        wake = undefined;
    };
    stream.on("readable", next);
    let error;
    const stop = finished(stream, { writable: false }, (failure) => {
        error = failure ? error || failure : null;
        next();
    });
    try {
        for (;;) {
            const chunk = stream.destroyed ? null : stream.read();
            if (chunk !== null) {
                yield chunk;
            } else if (error) {
                throw error;
            } else if (error === null) {
                return;
            } else {
                isReady = false;
                await new Promise((resolve) => {
                    if (isReady) resolve();
                    else wake = resolve;
                });
            }
        }
    } catch (failure) {
        error = error || failure;
        throw error;
    } finally {
        const mayDestroy = error === undefined || stream._readableState.autoDestroy;
        if (mayDestroy && (error || options?.destroyOnReturn !== false)) {
            destroyer(stream, null);
        } else {
            stream.off("readable", next);
            stop();
        }
    }
};

// ------------------------------------------------------------------------------------------------------- properties

export const readableGetters = {
    readable: (stream) => {
        const state = stream._readableState;
        return !!state && state.readable !== false && !state.destroyed && !state.errorEmitted && !state.endEmitted;
    },
    readableDidRead: (stream) => stream._readableState.dataEmitted,
    readableAborted: (stream) => {
        const state = stream._readableState;
        return state.readable !== false && (state.destroyed || !!state.errored) && !state.endEmitted;
    },
    readableHighWaterMark: (stream) => stream._readableState.highWaterMark,
    readableBuffer: (stream) => stream._readableState?.buffer,
    readableFlowing: (stream) => stream._readableState.flowing,
    readableLength: (stream) => stream._readableState.length,
    readableObjectMode: (stream) => (stream._readableState ? stream._readableState.objectMode : false),
    readableEncoding: (stream) => (stream._readableState ? stream._readableState.encoding : null),
    errored: (stream) => (stream._readableState ? stream._readableState.errored : null),
    closed: (stream) => (stream._readableState ? stream._readableState.closed : false),
    destroyed: (stream) => (stream._readableState ? stream._readableState.destroyed : false),
    readableEnded: (stream) => (stream._readableState ? stream._readableState.endEmitted : false),
};

const setters = {
    readable: (stream, value) => {
        if (stream._readableState) stream._readableState.readable = !!value;
    },
    readableFlowing: (stream, value) => {
        if (stream._readableState) stream._readableState.flowing = value;
    },
    destroyed: (stream, value) => {
        if (stream._readableState) stream._readableState.destroyed = value;
    },
};
defineAccessors(prototype, readableGetters, setters);

ObjectDefineProperties(ReadableState.prototype, {
    __proto__: null,
    pipesCount: {
        __proto__: null,
        configurable: true,
        get() {
            return this.pipes.length;
        },
    },
});

Readable._fromList = takeOut;
