// The module "zlib" (nodejs.org/api/zlib.html, Node 20): streams, functions with a callback and synchronous ones for
// deflate, gzip and brotli. What differs: the compressed bytes need not be those of Node (another library makes them),
// and work is done in the thread of the program.

import { primordials } from "../primordials.js";
import natives from "../natives.js";
import {
    invalidArgType, nodeError, outOfRange, validateFunction, validateUint32,
} from "../node_errors.js";
import { nextTick } from "../ticks.js";
import { queueTask } from "../timers.js";
import { Buffer, kMaxLength } from "./buffer.js";
import { asBuffer, bytesOf, FastBuffer, isUint8Array } from "./buffer/bytes.js";
import { viewOf } from "./buffer/encodings.js";
import { finished } from "./stream/finished.js";
import { Transform } from "./stream/duplex.js";
import { codes, constants } from "./zlib/constants.js";
import { Engine } from "./zlib/engine.js";

const {
    Error, FunctionPrototypeCall, NumberIsFinite, NumberIsNaN, NumberParseInt, ObjectAssign, ObjectDefineProperty,
    ObjectKeys, ObjectSetPrototypeOf, RangeError, StringPrototypeStartsWith, Symbol, TypedArrayPrototypeSet,
    Uint32Array, Uint8Array,
} = primordials;

const {
    BROTLI_DECODE, BROTLI_ENCODE, BROTLI_OPERATION_FINISH, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_PROCESS, DEFLATE,
    DEFLATERAW, GUNZIP, GZIP, INFLATE, INFLATERAW, UNZIP, Z_BLOCK, Z_DEFAULT_CHUNK, Z_DEFAULT_COMPRESSION,
    Z_DEFAULT_MEMLEVEL, Z_DEFAULT_STRATEGY, Z_DEFAULT_WINDOWBITS, Z_FINISH, Z_FIXED, Z_FULL_FLUSH, Z_MAX_LEVEL,
    Z_MAX_MEMLEVEL, Z_MAX_WINDOWBITS, Z_MIN_CHUNK, Z_MIN_LEVEL, Z_MIN_MEMLEVEL, Z_MIN_WINDOWBITS, Z_NO_FLUSH,
    Z_SYNC_FLUSH,
} = constants;

// ------------------------------------------------------------------------------------------------------------ options

/** False for what counts as absent; throws for what is no number. */
const isGiven = (value, name) => {
    if (value === undefined) return false;
    if (NumberIsFinite(value)) return true;
    if (NumberIsNaN(value)) return false;
    if (typeof value !== "number") throw invalidArgType(name, "number", value);
    throw outOfRange(name, "a finite number", value);
};

const inRange = (value, name, least, most, otherwise) => {
    if (!isGiven(value, name)) return otherwise;
    if (value < least || most < value) throw outOfRange(name, `>= ${least} and <= ${most}`, value);
    return value;
};

const toDictionary = (value) => {
    if (value === undefined) return undefined;
    const bytes = bytesOf(value);
    if (bytes === undefined) {
        throw invalidArgType("options.dictionary", ["Buffer", "TypedArray", "DataView", "ArrayBuffer"], value);
    }
    return bytes;
};

const zlibSettings = (mode, options) => {
    const settings = {
        level: Z_DEFAULT_COMPRESSION,
        windowBits: Z_DEFAULT_WINDOWBITS,
        memLevel: Z_DEFAULT_MEMLEVEL,
        strategy: Z_DEFAULT_STRATEGY,
        dictionary: undefined,
    };
    if (!options) return settings;
    const readsOwnSize = mode === INFLATE || mode === GUNZIP || mode === UNZIP;
    if ((options.windowBits === null || options.windowBits === undefined || options.windowBits === 0) && readsOwnSize) {
        settings.windowBits = 0;
    } else {
        // zlib makes no gzip header for the smallest window.
        const least = Z_MIN_WINDOWBITS + (mode === GZIP ? 1 : 0);
        settings.windowBits = inRange(
            options.windowBits, "options.windowBits", least, Z_MAX_WINDOWBITS, Z_DEFAULT_WINDOWBITS,
        );
        if (settings.windowBits === 8 && mode === DEFLATERAW) settings.windowBits = 9;
    }
    settings.level = inRange(options.level, "options.level", Z_MIN_LEVEL, Z_MAX_LEVEL, Z_DEFAULT_COMPRESSION);
    settings.memLevel = inRange(
        options.memLevel, "options.memLevel", Z_MIN_MEMLEVEL, Z_MAX_MEMLEVEL, Z_DEFAULT_MEMLEVEL,
    );
    settings.strategy = inRange(options.strategy, "options.strategy", Z_DEFAULT_STRATEGY, Z_FIXED, Z_DEFAULT_STRATEGY);
    settings.dictionary = toDictionary(options.dictionary);
    return settings;
};

const ABSENT = 0xffffffff;
const BROTLI_PARAMS = 9;

const brotliSettings = (mode, options) => {
    const params = new Uint32Array(BROTLI_PARAMS + 1);
    for (let at = 0; at < params.length; at++) params[at] = ABSENT;
    const given = options?.params;
    if (given) {
        const keys = ObjectKeys(given);
        for (let at = 0; at < keys.length; at++) {
            const key = NumberParseInt(keys[at], 10);
            if (NumberIsNaN(key) || key < 0 || BROTLI_PARAMS < key || params[key] !== ABSENT) {
                throw nodeError(RangeError, "ERR_BROTLI_INVALID_PARAM", `${keys[at]} is not a valid Brotli parameter`);
            }
            const value = given[keys[at]];
            if (typeof value !== "number" && typeof value !== "boolean") {
                throw invalidArgType("options.params[key]", "number", value);
            }
            params[key] = value;
        }
    }
    return { params };
};

// ------------------------------------------------------------------------------------------------------------ streams

/** A chunk that carries nothing but the kind of a flush. */
const flushKind = Symbol("kind of flush");

const flushChunk = (kind) => {
    const chunk = new FastBuffer(0);
    chunk[flushKind] = kind;
    return chunk;
};

/** How strong a flush is: of two the stronger one is done. */
const STRENGTH = [0, 1, 3, 4, 5, 2];
const stronger = (a, b) => (STRENGTH[a] < STRENGTH[b] ? b : a);

const internals = Symbol("zlib");

const isBrotliMode = (mode) => mode === BROTLI_DECODE || mode === BROTLI_ENCODE;

/** Everything common to the streams: `this` becomes one of so and so mode. */
const initialize = (stream, options, mode) => {
    const brotli = isBrotliMode(mode);
    let chunkSize = Z_DEFAULT_CHUNK;
    let flush = brotli ? BROTLI_OPERATION_PROCESS : Z_NO_FLUSH;
    let finishFlush = brotli ? BROTLI_OPERATION_FINISH : Z_FINISH;
    let maxOutputLength = kMaxLength;
    const mostFlush = brotli ? BROTLI_OPERATION_FINISH + 1 : Z_BLOCK;
    if (options) {
        chunkSize = options.chunkSize;
        if (!isGiven(chunkSize, "options.chunkSize")) chunkSize = Z_DEFAULT_CHUNK;
        else if (chunkSize < Z_MIN_CHUNK) throw outOfRange("options.chunkSize", `>= ${Z_MIN_CHUNK}`, chunkSize);
        flush = inRange(options.flush, "options.flush", 0, mostFlush, flush);
        finishFlush = inRange(options.finishFlush, "options.finishFlush", 0, mostFlush, finishFlush);
        maxOutputLength = inRange(options.maxOutputLength, "options.maxOutputLength", 1, kMaxLength, kMaxLength);
        // The two sides are bytes, whatever the options say.
        const bytesOnly = { encoding: undefined, objectMode: false, writableObjectMode: false };
        const forTransform = ObjectAssign({}, options, bytesOnly);
        FunctionPrototypeCall(Transform, stream, forTransform);
    } else {
        FunctionPrototypeCall(Transform, stream, options);
    }
    const settings = brotli ? brotliSettings(mode, options) : zlibSettings(mode, options);
    stream.bytesWritten = 0;
    if (!brotli) {
        stream._level = settings.level;
        stream._strategy = settings.strategy;
    }
    stream[internals] = {
        mode, chunkSize, flush, finishFlush, maxOutputLength, settings, engine: new Engine(mode, settings),
        output: undefined, outputAt: 0, isClosed: false, isFinished: false, info: !!options?.info,
    };
};

const ZlibBase = function ZlibBase() {};
ObjectSetPrototypeOf(ZlibBase.prototype, Transform.prototype);
ObjectSetPrototypeOf(ZlibBase, Transform);

const accessor = (name, get) => {
    ObjectDefineProperty(ZlibBase.prototype, name, { __proto__: null, configurable: true, enumerable: true, get });
};
accessor("_closed", function closed() {
    return this[internals]?.isClosed ?? true;
});
accessor("_handle", function handle() {
    return this[internals]?.isClosed === false ? this[internals].engine : null;
});
ObjectDefineProperty(ZlibBase.prototype, "bytesRead", {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() {
        return this.bytesWritten;
    },
    set(value) {
        this.bytesWritten = value;
    },
});

ZlibBase.prototype.reset = function reset() {
    const own = this[internals];
    if (own.isClosed) throw nodeError(Error, "ERR_ASSERTION", "zlib binding closed");
    own.engine.reset();
    own.isFinished = false;
};

ZlibBase.prototype._flush = function _flush(callback) {
    this._transform(new FastBuffer(0), "", callback);
};

ZlibBase.prototype._final = function _final(callback) {
    callback();
};

ZlibBase.prototype.flush = function flush(kind, callback) {
    const brotli = isBrotliMode(this[internals].mode);
    let wanted = brotli ? BROTLI_OPERATION_FLUSH : Z_FULL_FLUSH;
    let done = callback;
    if (typeof kind === "function" || (kind === undefined && !callback)) done = kind;
    else if (kind !== undefined) wanted = kind;
    if (this.writableFinished) {
        if (done) nextTick(done);
    } else if (this.writableEnded) {
        if (done) this.once("end", done);
    } else {
        this.write(flushChunk(wanted), "", done);
    }
};

ZlibBase.prototype.close = function close(callback) {
    if (callback) finished(this, callback);
    this.destroy();
};

ZlibBase.prototype._destroy = function _destroy(error, callback) {
    const own = this[internals];
    if (own) {
        own.isClosed = true;
        own.engine = undefined;
    }
    callback(error);
};

ZlibBase.prototype._transform = function _transform(chunk, encoding, callback) {
    const own = this[internals];
    let { flush } = own;
    if (typeof chunk[flushKind] === "number") {
        flush = chunk[flushKind];
    } else if (this.writableEnded && this.writableLength === chunk.byteLength) {
        // It is the last chunk: it finishes the stream.
        flush = isBrotliMode(own.mode) ? own.finishFlush : stronger(flush, own.finishFlush);
    }
    // In a tick of its own: what a write makes is not there before the write has returned.
    nextTick(work, this, bytesOf(chunk), 0, flush, callback);
};

/** Works on a chunk until its input is used up; waits whenever the reader has enough. */
const work = (stream, given, from, flush, callback) => {
    const own = stream[internals];
    let input = given;
    let start = from;
    for (;;) {
        // Behind the end of a compression a flush has nothing more to do.
        if (own.isClosed || stream.destroyed || (own.isFinished && input.length <= start)) {
            callback();
            return;
        }
        if (own.output === undefined) {
            own.output = new FastBuffer(own.chunkSize);
            own.outputAt = 0;
        }
        let step;
        try {
            step = own.engine.step(input, start, flush, own.output, own.outputAt);
        } catch (error) {
            own.isClosed = true;
            stream.destroy(error);
            return;
        }
        ({ input, start } = step);
        stream.bytesWritten += step.consumed;
        const begin = own.outputAt;
        own.outputAt += step.produced;
        const isFull = own.outputAt === own.output.length;
        let mayGoOn = true;
        if (0 < step.produced) {
            const part = asBuffer(viewOf(own.output, begin, own.outputAt));
            if (isFull) own.output = undefined;
            mayGoOn = stream.push(part);
        }
        if (own.engine === undefined || stream.destroyed) {
            callback();
            return;
        }
        const isDone = own.engine.isOver || (input.length <= start && !isFull);
        if (isDone) {
            own.isFinished = flush === own.finishFlush;
            // Behind the end of the compressed data is nothing of interest.
            if (own.engine.isOver && start < input.length) stream.push(null);
            callback();
            return;
        }
        if (!mayGoOn) {
            const rest = input;
            const at = start;
            stream._read = () => {
                stream._read = Transform.prototype._read;
                work(stream, rest, at, flush, callback);
            };
            return;
        }
    }
};

/** A class of streams; it can be called without `new` too. */
const newClass = (name, mode, Base = ZlibBase) => {
    const Class = {
        [name]: function (options) {
            if (!(this instanceof Class)) return new Class(options);
            initialize(this, options, mode);
        },
    }[name];
    ObjectSetPrototypeOf(Class.prototype, Base.prototype);
    ObjectSetPrototypeOf(Class, Base);
    return Class;
};

/** Of deflate and its relatives; they have `params`. */
const Zlib = function Zlib() {};
ObjectSetPrototypeOf(Zlib.prototype, ZlibBase.prototype);
ObjectSetPrototypeOf(Zlib, ZlibBase);

Zlib.prototype.params = function params(level, strategy, callback) {
    const newLevel = inRange(level, "level", Z_MIN_LEVEL, Z_MAX_LEVEL, Z_DEFAULT_COMPRESSION);
    const newStrategy = inRange(strategy, "strategy", Z_DEFAULT_STRATEGY, Z_FIXED, Z_DEFAULT_STRATEGY);
    const own = this[internals];
    if (own.settings.level === newLevel && own.settings.strategy === newStrategy) {
        nextTick(callback);
        return;
    }
    this.flush(Z_SYNC_FLUSH, () => {
        if (own.isClosed) return;
        own.engine.params(newLevel, newStrategy);
        if (callback) callback();
    });
};

const Brotli = function Brotli() {};
ObjectSetPrototypeOf(Brotli.prototype, ZlibBase.prototype);
ObjectSetPrototypeOf(Brotli, ZlibBase);

const Deflate = newClass("Deflate", DEFLATE, Zlib);
const Inflate = newClass("Inflate", INFLATE, Zlib);
const Gzip = newClass("Gzip", GZIP, Zlib);
const Gunzip = newClass("Gunzip", GUNZIP, Zlib);
const DeflateRaw = newClass("DeflateRaw", DEFLATERAW, Zlib);
const InflateRaw = newClass("InflateRaw", INFLATERAW, Zlib);
const Unzip = newClass("Unzip", UNZIP, Zlib);
const BrotliCompress = newClass("BrotliCompress", BROTLI_ENCODE, Brotli);
const BrotliDecompress = newClass("BrotliDecompress", BROTLI_DECODE, Brotli);

// ----------------------------------------------------------------------------------------------- all bytes at once

const toInput = (value) => {
    if (typeof value === "string") return Buffer.from(value);
    const bytes = bytesOf(value);
    if (bytes === undefined) {
        throw invalidArgType("buffer", ["string", "Buffer", "TypedArray", "DataView", "ArrayBuffer"], value);
    }
    return bytes;
};

const joinParts = (parts, last, lastLength, total) => {
    const all = new FastBuffer(total);
    let at = 0;
    for (let index = 0; index < parts.length; index++) {
        TypedArrayPrototypeSet(all, parts[index], at);
        at += parts[index].length;
    }
    if (0 < lastLength) TypedArrayPrototypeSet(all, viewOf(last, 0, lastLength), at);
    return all;
};

/** The whole output for a whole input, in steps of one chunk. */
const runAll = (stream, given) => {
    const { engine, chunkSize, finishFlush, maxOutputLength, info } = stream[internals];
    const parts = [];
    let output = new Uint8Array(chunkSize);
    let at = 0;
    let total = 0;
    let input = given;
    let start = 0;
    for (;;) {
        const step = engine.step(input, start, finishFlush, output, at);
        ({ input, start } = step);
        stream.bytesWritten += step.consumed;
        at += step.produced;
        total += step.produced;
        if (maxOutputLength < total) {
            throw nodeError(
                RangeError, "ERR_BUFFER_TOO_LARGE", `Cannot create a Buffer larger than ${maxOutputLength} bytes`,
            );
        }
        const isFull = at === output.length;
        if (isFull) {
            parts[parts.length] = output;
            output = new Uint8Array(chunkSize);
            at = 0;
        }
        if (engine.isOver || (input.length <= start && !isFull)) break;
    }
    const buffer = joinParts(parts, output, at, total);
    return info ? { buffer, engine: stream } : buffer;
};

const syncFunction = (name, Class) => ({
    [name](buffer, options) {
        const input = toInput(buffer);
        const stream = new Class(options);
        try {
            return runAll(stream, input);
        } finally {
            stream[internals].isClosed = true;
        }
    },
})[name];

const callbackFunction = (name, Class) => ({
    [name](buffer, options, callback) {
        let settings = options;
        let done = callback;
        if (typeof settings === "function") {
            done = settings;
            settings = {};
        }
        validateFunction(done, "callback");
        const input = toInput(buffer);
        const stream = new Class(settings);
        queueTask(() => {
            let result;
            try {
                result = runAll(stream, input);
            } catch (error) {
                done(error);
                return;
            } finally {
                stream[internals].isClosed = true;
            }
            done(null, result);
        });
    },
})[name];

const crc32 = (data, value = 0) => {
    const bytes = typeof data === "string" ? Buffer.from(data) : bytesOf(data);
    if (bytes === undefined || !(typeof data === "string" || isUint8Array(data) || data.buffer !== undefined)) {
        throw invalidArgType("data", ["Buffer", "TypedArray", "DataView", "string"], data);
    }
    validateUint32(value, "value");
    return natives.zlibCrc32(bytes, value);
};

const create = (name, Class) => ({ [name]: (options) => new Class(options) })[name];

const module = {
    Deflate,
    Inflate,
    Gzip,
    Gunzip,
    DeflateRaw,
    InflateRaw,
    Unzip,
    BrotliCompress,
    BrotliDecompress,
    deflate: callbackFunction("deflate", Deflate),
    deflateSync: syncFunction("deflateSync", Deflate),
    gzip: callbackFunction("gzip", Gzip),
    gzipSync: syncFunction("gzipSync", Gzip),
    deflateRaw: callbackFunction("deflateRaw", DeflateRaw),
    deflateRawSync: syncFunction("deflateRawSync", DeflateRaw),
    unzip: callbackFunction("unzip", Unzip),
    unzipSync: syncFunction("unzipSync", Unzip),
    inflate: callbackFunction("inflate", Inflate),
    inflateSync: syncFunction("inflateSync", Inflate),
    gunzip: callbackFunction("gunzip", Gunzip),
    gunzipSync: syncFunction("gunzipSync", Gunzip),
    inflateRaw: callbackFunction("inflateRaw", InflateRaw),
    inflateRawSync: syncFunction("inflateRawSync", InflateRaw),
    brotliCompress: callbackFunction("brotliCompress", BrotliCompress),
    brotliCompressSync: syncFunction("brotliCompressSync", BrotliCompress),
    brotliDecompress: callbackFunction("brotliDecompress", BrotliDecompress),
    brotliDecompressSync: syncFunction("brotliDecompressSync", BrotliDecompress),
    createDeflate: create("createDeflate", Deflate),
    createInflate: create("createInflate", Inflate),
    createDeflateRaw: create("createDeflateRaw", DeflateRaw),
    createInflateRaw: create("createInflateRaw", InflateRaw),
    createGzip: create("createGzip", Gzip),
    createGunzip: create("createGunzip", Gunzip),
    createUnzip: create("createUnzip", Unzip),
    createBrotliCompress: create("createBrotliCompress", BrotliCompress),
    createBrotliDecompress: create("createBrotliDecompress", BrotliDecompress),
    crc32,
};
ObjectDefineProperty(module, "constants", { __proto__: null, value: constants, enumerable: true });
ObjectDefineProperty(module, "codes", { __proto__: null, value: codes, enumerable: true });

// The constants of zlib are members of the module itself too, as they were before `constants` was there.
const names = ObjectKeys(constants);
for (let at = 0; at < names.length; at++) {
    if (StringPrototypeStartsWith(names[at], "BROTLI")) continue;
    ObjectDefineProperty(module, names[at], { __proto__: null, value: constants[names[at]], enumerable: false });
}

export default module;
