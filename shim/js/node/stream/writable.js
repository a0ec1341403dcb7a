// Writable streams of Node (nodejs.org/api/stream.html, "Writable streams" and "Implementing a writable stream").

import { primordials } from "../../primordials.js";
import { abortError, invalidArgType, methodNotImplemented } from "../../node_errors.js";
import { asBuffer, isUint8Array } from "../buffer/bytes.js";
import { unknownEncoding } from "../buffer/errors.js";
import { Buffer } from "../buffer.js";
import { addAbortSignalTo } from "./abort.js";
import { construct, destroy, errorOrDestroy, undestroy } from "./destroy.js";
import {
    alreadyFinished, cannotPipe, multipleCallback, nullValues, streamDestroyed, writeAfterEnd,
} from "./errors.js";
import { Stream } from "./legacy.js";
import { getDefaultHighWaterMark, highWaterMarkOf } from "./state.js";
import { nextTick } from "../../ticks.js";

const {
    ArrayPrototypePush, Error, FunctionPrototypeCall, FunctionPrototypeSymbolHasInstance, ObjectDefineProperties,
    ObjectDefineProperty, ObjectKeys, ObjectSetPrototypeOf, Promise, StringPrototypeToLowerCase, SymbolFor,
    SymbolHasInstance,
} = primordials;

const SymbolAsyncDispose = primordials.SymbolAsyncDispose ?? SymbolFor("nodejs.asyncDispose");

const nothing = () => {};

export const defaultEncodingOf = (options) => {
    const encoding = options?.defaultEncoding;
    if (encoding === undefined || encoding === null) return "utf8";
    if (!Buffer.isEncoding(encoding)) throw unknownEncoding(encoding);
    return encoding;
};

/** The state of the writing side, as `_writableState`; libraries read its fields. */
export function WritableState(options, stream, isDuplex) {
    this.objectMode = !!options?.objectMode || (isDuplex && !!options?.writableObjectMode);
    this.highWaterMark = options
        ? highWaterMarkOf(this.objectMode, options, "writableHighWaterMark", isDuplex)
        : getDefaultHighWaterMark(false);
    this.finalCalled = false;
    this.needDrain = false;
    this.ending = false;
    this.ended = false;
    this.finished = false;
    this.destroyed = false;
    this.decodeStrings = options?.decodeStrings !== false;
    this.defaultEncoding = defaultEncodingOf(options);
    this.length = 0;
    this.writing = false;
    this.corked = 0;
    this.sync = true;
    this.bufferProcessing = false;
    this.onwrite = (error) => afterWriteCall(stream, error);
    this.writecb = null;
    this.writelen = 0;
    this.afterWrites = null;
    this.buffered = [];
    this.bufferedIndex = 0;
    this.pendingcb = 0;
    this.constructed = true;
    this.prefinished = false;
    this.errorEmitted = false;
    this.emitClose = options?.emitClose !== false;
    this.autoDestroy = options?.autoDestroy !== false;
    this.errored = null;
    this.closed = false;
    this.closeEmitted = false;
    this.onFinished = [];
}

WritableState.prototype.getBuffer = function getBuffer() {
    const list = [];
    for (let at = this.bufferedIndex; at < this.buffered.length; at++) ArrayPrototypePush(list, this.buffered[at]);
    return list;
};

ObjectDefineProperty(WritableState.prototype, "bufferedRequestCount", {
    __proto__: null,
    configurable: true,
    get() {
        return this.buffered.length - this.bufferedIndex;
    },
});

/** The methods of a stream that its options give in place of a subclass. */
export const takeWritableOptions = (stream, options) => {
    if (!options) return;
    if (typeof options.write === "function") stream._write = options.write;
    if (typeof options.writev === "function") stream._writev = options.writev;
    if (typeof options.destroy === "function") stream._destroy = options.destroy;
    if (typeof options.final === "function") stream._final = options.final;
    if (typeof options.construct === "function") stream._construct = options.construct;
};

/** What is to be done on the writing side once `_construct` has ended. */
export const writableConstructed = (stream) => {
    const state = stream._writableState;
    if (!state.writing) clearBuffer(stream, state);
    finishMaybe(stream, state);
};

export function Writable(options) {
    // A Duplex calls this for itself, and is no Writable for the operator `instanceof` of the language.
    const isDuplex = this !== undefined && this !== null && this._readableState !== undefined;
    if (!isDuplex && !FunctionPrototypeSymbolHasInstance(Writable, this)) return new Writable(options);
    this._writableState = new WritableState(options, this, isDuplex);
    takeWritableOptions(this, options);
    FunctionPrototypeCall(Stream, this, options);
    if (options?.signal) addAbortSignalTo(options.signal, this);
    construct(this, () => writableConstructed(this));
}
ObjectSetPrototypeOf(Writable.prototype, Stream.prototype);
ObjectSetPrototypeOf(Writable, Stream);
Writable.WritableState = WritableState;

ObjectDefineProperty(Writable, SymbolHasInstance, {
    __proto__: null,
    value: function hasInstance(object) {
        if (FunctionPrototypeSymbolHasInstance(this, object)) return true;
        return this === Writable && !!object && object._writableState instanceof WritableState;
    },
});

const { prototype } = Writable;

prototype.pipe = function pipe() {
    errorOrDestroy(this, cannotPipe());
};

/** Writes, or answers the error with which it did not. */
const writeChunk = (stream, given, encodingGiven, callbackGiven) => {
    const state = stream._writableState;
    let chunk = given;
    let encoding = encodingGiven;
    let callback = callbackGiven;
    if (typeof encoding === "function") {
        callback = encoding;
        encoding = undefined;
    }
    if (!encoding) encoding = state.objectMode ? undefined : state.defaultEncoding;
    else if (encoding !== "buffer" && !Buffer.isEncoding(encoding)) throw unknownEncoding(encoding);
    if (typeof callback !== "function") callback = nothing;
    if (chunk === null) throw nullValues();
    if (!state.objectMode) {
        if (typeof chunk === "string") {
            if (state.decodeStrings) {
                chunk = Buffer.from(chunk, encoding);
                encoding = "buffer";
            }
        } else if (chunk instanceof Buffer) {
            encoding = "buffer";
        } else if (isUint8Array(chunk)) {
            chunk = asBuffer(chunk);
            encoding = "buffer";
        } else {
            throw invalidArgType("chunk", ["string", "Buffer", "Uint8Array"], chunk);
        }
    }
    let error;
    if (state.ending) error = writeAfterEnd();
    else if (state.destroyed) error = streamDestroyed("write");
    if (error !== undefined) {
        nextTick(callback, error);
        errorOrDestroy(stream, error, true);
        return error;
    }
    state.pendingcb++;
    return writeOrBuffer(stream, state, chunk, encoding, callback);
};

const writeOrBuffer = (stream, state, chunk, encoding, callback) => {
    const length = state.objectMode ? 1 : chunk.length;
    state.length += length;
    const hasRoom = state.length < state.highWaterMark;
    if (!hasRoom) state.needDrain = true;
    if (state.writing || state.corked || state.errored || !state.constructed) {
        ArrayPrototypePush(state.buffered, { chunk, encoding, callback });
    } else {
        startWrite(stream, state, length, callback);
        stream._write(chunk, encoding, state.onwrite);
        state.sync = false;
    }
    return hasRoom && !state.errored && !state.destroyed;
};

const startWrite = (stream, state, length, callback) => {
    state.writelen = length;
    state.writecb = callback;
    state.writing = true;
    state.sync = true;
};

prototype.write = function write(chunk, encoding, callback) {
    return writeChunk(this, chunk, encoding, callback) === true;
};

prototype.cork = function cork() {
    this._writableState.corked++;
};

prototype.uncork = function uncork() {
    const state = this._writableState;
    if (!state.corked) return;
    state.corked--;
    if (!state.writing) clearBuffer(this, state);
};

prototype.setDefaultEncoding = function setDefaultEncoding(encoding) {
    const name = typeof encoding === "string" ? StringPrototypeToLowerCase(encoding) : encoding;
    if (!Buffer.isEncoding(name)) throw unknownEncoding(encoding);
    this._writableState.defaultEncoding = name;
    return this;
};

prototype._write = function _write(chunk, encoding, callback) {
    if (this._writev) this._writev([{ chunk, encoding }], callback);
    else throw methodNotImplemented("_write()");
};

prototype._writev = null;

const failWrite = (stream, state, error, callback) => {
    state.pendingcb--;
    callback(error);
    errorBuffer(state);
    errorOrDestroy(stream, error);
};

/** What `_write` and `_writev` call when they are done. */
const afterWriteCall = (stream, error) => {
    const state = stream._writableState;
    const { sync, writecb: callback } = state;
    if (typeof callback !== "function") {
        errorOrDestroy(stream, multipleCallback());
        return;
    }
    state.writing = false;
    state.writecb = null;
    state.length -= state.writelen;
    state.writelen = 0;
    if (error) {
        if (!state.errored) state.errored = error;
        if (stream._readableState && !stream._readableState.errored) stream._readableState.errored = error;
        if (sync) nextTick(failWrite, stream, state, error, callback);
        else failWrite(stream, state, error, callback);
        return;
    }
    if (state.bufferedIndex < state.buffered.length) clearBuffer(stream, state);
    if (!sync) {
        afterWrite(stream, state, 1, callback);
        return;
    }
    // Writes that end at once, one after the other, share a tick as long as their callback is the same.
    const shared = state.afterWrites;
    if (shared !== null && shared.callback === callback) {
        shared.count++;
    } else {
        state.afterWrites = { count: 1, callback };
        nextTick(afterWriteTick, stream, state, state.afterWrites);
    }
};

const afterWriteTick = (stream, state, shared) => {
    if (state.afterWrites === shared) state.afterWrites = null;
    afterWrite(stream, state, shared.count, shared.callback);
};

const afterWrite = (stream, state, count, callback) => {
    if (!state.ending && !stream.destroyed && state.length === 0 && state.needDrain) {
        state.needDrain = false;
        stream.emit("drain");
    }
    for (let left = count; 0 < left; left--) {
        state.pendingcb--;
        callback(null);
    }
    if (state.destroyed) errorBuffer(state);
    finishMaybe(stream, state);
};

const resetBuffer = (state) => {
    state.buffered = [];
    state.bufferedIndex = 0;
};

const destroyedWriteError = (state) => state.errored ?? streamDestroyed("write");

const callFinished = (state, error = null) => {
    const list = state.onFinished;
    state.onFinished = [];
    for (let at = 0; at < list.length; at++) list[at](error);
};

/** Everything that was not written yet fails. */
const errorBuffer = (state) => {
    if (state.writing) return;
    for (let at = state.bufferedIndex; at < state.buffered.length; at++) {
        const { chunk, callback } = state.buffered[at];
        state.length -= state.objectMode ? 1 : chunk.length;
        callback(destroyedWriteError(state));
    }
    callFinished(state, state.errored ?? streamDestroyed("end"));
    resetBuffer(state);
};

/** Writes what has been kept back, with one call if the stream has `_writev`. */
const clearBuffer = (stream, state) => {
    if (state.corked || state.bufferProcessing || state.destroyed || !state.constructed) return;
    const { buffered } = state;
    let at = state.bufferedIndex;
    const count = buffered.length - at;
    if (count === 0) return;
    state.bufferProcessing = true;
    if (1 < count && stream._writev) {
        state.pendingcb -= count - 1;
        const chunks = state.getBuffer();
        let allBuffers = true;
        for (let index = 0; index < chunks.length; index++) {
            if (chunks[index].encoding !== "buffer") allBuffers = false;
        }
        chunks.allBuffers = allBuffers;
        const callback = (error) => {
            for (let index = 0; index < chunks.length; index++) chunks[index].callback(error);
        };
        startWrite(stream, state, state.length, callback);
        resetBuffer(state);
        stream._writev(chunks, state.onwrite);
        state.sync = false;
    } else {
        while (at < buffered.length && !state.writing) {
            const { chunk, encoding, callback } = buffered[at];
            buffered[at++] = null;
            startWrite(stream, state, state.objectMode ? 1 : chunk.length, callback);
            stream._write(chunk, encoding, state.onwrite);
            state.sync = false;
        }
        if (at === buffered.length) {
            resetBuffer(state);
        } else if (256 < at) {
            const rest = [];
            for (let index = at; index < buffered.length; index++) ArrayPrototypePush(rest, buffered[index]);
            state.buffered = rest;
            state.bufferedIndex = 0;
        } else {
            state.bufferedIndex = at;
        }
    }
    state.bufferProcessing = false;
};

prototype.end = function end(chunkGiven, encodingGiven, callbackGiven) {
    let chunk = chunkGiven;
    let encoding = encodingGiven;
    let callback = callbackGiven;
    if (typeof chunk === "function") {
        callback = chunk;
        chunk = null;
        encoding = null;
    } else if (typeof encoding === "function") {
        callback = encoding;
        encoding = null;
    }
    const state = this._writableState;
    let error;
    if (chunk !== null && chunk !== undefined) {
        const answer = writeChunk(this, chunk, encoding);
        if (answer instanceof Error) error = answer;
    }
    if (state.corked) {
        state.corked = 1;
        this.uncork();
    }
    if (error === undefined) {
        if (!state.errored && !state.ending) {
            state.ending = true;
            finishMaybe(this, state, true);
            state.ended = true;
        } else if (state.finished) {
            error = alreadyFinished("end");
        } else if (state.destroyed) {
            error = streamDestroyed("end");
        }
    }
    if (typeof callback === "function") {
        if (error !== undefined) nextTick(callback, error);
        else if (state.finished) nextTick(callback);
        else ArrayPrototypePush(state.onFinished, callback);
    }
    return this;
};

const needsFinish = (state) => state.ending && !state.destroyed && state.constructed && state.length === 0
    && !state.errored && state.buffered.length === 0 && !state.finished && !state.writing && !state.errorEmitted
    && !state.closeEmitted;

const callFinal = (stream, state) => {
    let isCalled = false;
    const done = (error) => {
        if (isCalled) {
            errorOrDestroy(stream, error ?? multipleCallback());
            return;
        }
        isCalled = true;
        state.pendingcb--;
        if (error) {
            callFinished(state, error);
            errorOrDestroy(stream, error, state.sync);
        } else if (needsFinish(state)) {
            state.prefinished = true;
            stream.emit("prefinish");
            // "finish" comes in a tick of its own, even if `_final` took its time.
            state.pendingcb++;
            nextTick(finish, stream, state);
        }
    };
    state.sync = true;
    state.pendingcb++;
    try {
        stream._final(done);
    } catch (error) {
        done(error);
    }
    state.sync = false;
};

const preFinish = (stream, state) => {
    if (state.prefinished || state.finalCalled) return;
    if (typeof stream._final === "function" && !state.destroyed) {
        state.finalCalled = true;
        callFinal(stream, state);
    } else {
        state.prefinished = true;
        stream.emit("prefinish");
    }
};

const finishTick = (stream, state) => {
    if (needsFinish(state)) finish(stream, state);
    else state.pendingcb--;
};

const finishMaybe = (stream, state, isSync = false) => {
    if (!needsFinish(state)) return;
    preFinish(stream, state);
    if (state.pendingcb !== 0) return;
    if (isSync) {
        state.pendingcb++;
        nextTick(finishTick, stream, state);
    } else if (needsFinish(state)) {
        state.pendingcb++;
        finish(stream, state);
    }
};

const finish = (stream, state) => {
    state.pendingcb--;
    state.finished = true;
    callFinished(state);
    stream.emit("finish");
    if (!state.autoDestroy) return;
    const reading = stream._readableState;
    if (!reading || (reading.autoDestroy && (reading.endEmitted || reading.readable === false))) stream.destroy();
};

prototype.destroy = function destroyWritable(error, callback) {
    const state = this._writableState;
    if (!state.destroyed && (state.bufferedIndex < state.buffered.length || 0 < state.onFinished.length)) {
        nextTick(errorBuffer, state);
    }
    FunctionPrototypeCall(destroy, this, error, callback);
    return this;
};
ObjectDefineProperty(prototype.destroy, "name", { __proto__: null, value: "destroy", configurable: true });

prototype._undestroy = undestroy;

prototype._destroy = function _destroy(error, callback) {
    callback(error);
};

const captureRejection = SymbolFor("nodejs.rejection");
prototype[captureRejection] = function rejected(error) {
    this.destroy(error);
};

prototype[SymbolAsyncDispose] = function asyncDispose() {
    const stream = this;
    return new Promise((resolve, reject) => {
        let error;
        if (!stream.destroyed) {
            error = stream.writableFinished ? null : abortError();
            stream.destroy(error);
        }
        stream.once("close", () => {
            if (stream.errored && stream.errored !== error) reject(stream.errored);
            else resolve(null);
        });
    });
};

const getters = {
    closed: (stream) => (stream._writableState ? stream._writableState.closed : undefined),
    destroyed: (stream) => (stream._writableState ? stream._writableState.destroyed : false),
    writable: (stream) => {
        const state = stream._writableState;
        return !!state && state.writable !== false && !state.destroyed && !state.errored && !state.ending
            && !state.ended;
    },
    writableFinished: (stream) => (stream._writableState ? stream._writableState.finished : false),
    writableObjectMode: (stream) => (stream._writableState ? stream._writableState.objectMode : false),
    writableBuffer: (stream) => stream._writableState?.getBuffer(),
    writableEnded: (stream) => (stream._writableState ? stream._writableState.ending : false),
    writableNeedDrain: (stream) => {
        const state = stream._writableState;
        return state ? !state.destroyed && !state.ending && state.needDrain : false;
    },
    writableHighWaterMark: (stream) => stream._writableState?.highWaterMark,
    writableCorked: (stream) => (stream._writableState ? stream._writableState.corked : 0),
    writableLength: (stream) => stream._writableState?.length,
    errored: (stream) => (stream._writableState ? stream._writableState.errored : null),
    writableAborted: (stream) => {
        const state = stream._writableState;
        return state.writable !== false && (state.destroyed || !!state.errored) && !state.finished;
    },
};

const setters = {
    destroyed: (stream, value) => {
        if (stream._writableState) stream._writableState.destroyed = value;
    },
    writable: (stream, value) => {
        if (stream._writableState) stream._writableState.writable = !!value;
    },
};

/** Properties of a prototype, from tables of functions that get the stream. */
export const defineAccessors = (owner, gets, sets, names = ObjectKeys(gets)) => {
    const described = { __proto__: null };
    for (let at = 0; at < names.length; at++) {
        const name = names[at];
        const get = gets[name];
        const set = sets[name];
        described[name] = {
            __proto__: null,
            configurable: true,
            enumerable: false,
            get() {
                return get(this);
            },
            set: set === undefined ? undefined : function setter(value) {
                set(this, value);
            },
        };
    }
    ObjectDefineProperties(owner, described);
};
defineAccessors(prototype, getters, setters);

/** The getters that a Duplex has too. */
export const writableGetters = getters;
export const writableSetters = setters;
