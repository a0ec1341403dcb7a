// Streams of Node that are read and written: Duplex, Transform and PassThrough (nodejs.org/api/stream.html, "Duplex and
// transform streams").

import { primordials } from "../../primordials.js";
import { methodNotImplemented } from "../../node_errors.js";
import { nextTick } from "../../ticks.js";
import { addAbortSignalTo } from "./abort.js";
import { construct } from "./destroy.js";
import { Stream } from "./legacy.js";
import { Readable, ReadableState, readableConstructed, takeReadableOptions } from "./readable.js";
import { highWaterMarkOf } from "./state.js";
import {
    Writable, WritableState, defineAccessors, takeWritableOptions, writableConstructed, writableGetters,
    writableSetters,
} from "./writable.js";

const { FunctionPrototypeCall, ObjectAssign, ObjectSetPrototypeOf, Symbol } = primordials;

export function Duplex(options) {
    if (!(this instanceof Duplex)) return new Duplex(options);
    this._readableState = new ReadableState(options, this, true);
    this._writableState = new WritableState(options, this, true);
    takeReadableOptions(this, options);
    takeWritableOptions(this, options);
    FunctionPrototypeCall(Stream, this, options);
    this.allowHalfOpen = options?.allowHalfOpen !== false;
    if (options?.readable === false) {
        this._readableState.readable = false;
        this._readableState.ended = true;
        this._readableState.endEmitted = true;
    }
    if (options?.writable === false) {
        this._writableState.writable = false;
        this._writableState.ending = true;
        this._writableState.ended = true;
        this._writableState.finished = true;
    }
    if (options?.signal) addAbortSignalTo(options.signal, this);
    construct(this, () => {
        readableConstructed(this);
        writableConstructed(this);
    });
}
ObjectSetPrototypeOf(Duplex.prototype, Readable.prototype);
ObjectSetPrototypeOf(Duplex, Readable);

for (const name of ["write", "end", "cork", "uncork", "setDefaultEncoding", "_write", "_writev"]) {
    Duplex.prototype[name] = Writable.prototype[name];
}
defineAccessors(Duplex.prototype, writableGetters, writableSetters, [
    "writable", "writableHighWaterMark", "writableObjectMode", "writableBuffer", "writableLength", "writableFinished",
    "writableCorked", "writableEnded", "writableNeedDrain", "writableAborted",
]);
defineAccessors(
    Duplex.prototype,
    {
        destroyed: ({ _readableState: reading, _writableState: writing }) => {
            if (reading === undefined || writing === undefined) return false;
            return reading.destroyed && writing.destroyed;
        },
    },
    {
        destroyed: ({ _readableState: reading, _writableState: writing }, value) => {
            if (!reading || !writing) return;
            reading.destroyed = value;
            writing.destroyed = value;
        },
    },
);

/** The callback of a `_transform` whose output waits to be read. */
const pending = Symbol("callback of _transform");

export function Transform(options) {
    if (!(this instanceof Transform)) return new Transform(options);
    let settings = options;
    // With a reading mark of 0 nothing is kept on the writing side either.
    const readingMark = options
        ? highWaterMarkOf(!!options.objectMode || !!options.readableObjectMode, options, "readableHighWaterMark", true)
        : null;
    if (readingMark === 0) {
        settings = ObjectAssign({}, options, {
            highWaterMark: null,
            readableHighWaterMark: readingMark,
            writableHighWaterMark: options.writableHighWaterMark || 0,
        });
    }
    FunctionPrototypeCall(Duplex, this, settings);
    // `_read` gives what `_write` made: the first read must not wait for a push in the same turn.
    this._readableState.sync = false;
    this[pending] = null;
    if (options) {
        if (typeof options.transform === "function") this._transform = options.transform;
        if (typeof options.flush === "function") this._flush = options.flush;
    }
    this.on("prefinish", onPreFinish);
}
ObjectSetPrototypeOf(Transform.prototype, Duplex.prototype);
ObjectSetPrototypeOf(Transform, Duplex);

/** Flushes and ends the reading side; `_final` of every Transform that has none of its own. */
const final = function final(callback) {
    if (typeof this._flush !== "function" || this.destroyed) {
        this.push(null);
        if (callback) callback();
        return;
    }
    this._flush((error, data) => {
        if (error) {
            if (callback) callback(error);
            else this.destroy(error);
            return;
        }
        if (data !== undefined && data !== null) this.push(data);
        this.push(null);
        if (callback) callback();
    });
};

const onPreFinish = function onPreFinish() {
    if (this._final !== final) FunctionPrototypeCall(final, this);
};

Transform.prototype._final = final;

Transform.prototype._transform = function _transform() {
    throw methodNotImplemented("_transform()");
};

Transform.prototype._write = function _write(chunk, encoding, callback) {
    const { _readableState: reading, _writableState: writing } = this;
    const before = reading.length;
    this._transform(chunk, encoding, (error, value) => {
        if (error) {
            callback(error);
            return;
        }
        if (value !== undefined && value !== null) this.push(value);
        if (writing.ended || before === reading.length || reading.length < reading.highWaterMark) callback();
        else this[pending] = callback;
    });
};

Transform.prototype._read = function _read() {
    const callback = this[pending];
    if (!callback) return;
    this[pending] = null;
    callback();
};

export function PassThrough(options) {
    if (!(this instanceof PassThrough)) return new PassThrough(options);
    FunctionPrototypeCall(Transform, this, options);
}
ObjectSetPrototypeOf(PassThrough.prototype, Transform.prototype);
ObjectSetPrototypeOf(PassThrough, Transform);

PassThrough.prototype._transform = function _transform(chunk, encoding, callback) {
    callback(null, chunk);
};

const otherSide = Symbol("other side of a pair");
const waitingWrite = Symbol("callback of a write");

/** One of two streams of which each gives what is written to the other. */
class PairedSide extends Duplex {
    constructor(options) {
        super(options);
        this[otherSide] = null;
        this[waitingWrite] = null;
    }

    _read() {
        const callback = this[waitingWrite];
        if (!callback) return;
        this[waitingWrite] = null;
        callback();
    }

    _write(chunk, encoding, callback) {
        const other = this[otherSide];
        if (chunk.length === 0) {
            nextTick(callback);
        } else {
            // The write has ended when the other side asks for more.
            other.push(chunk);
            other[waitingWrite] = callback;
        }
    }

    _final(callback) {
        const other = this[otherSide];
        other.on("end", callback);
        other.push(null);
    }
}

export const duplexPair = function duplexPair(options) {
    const first = new PairedSide(options);
    const second = new PairedSide(options);
    first[otherSide] = second;
    second[otherSide] = first;
    return [first, second];
};
