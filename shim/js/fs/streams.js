// ReadStream and WriteStream of `fs` (Node's documentation, "File system", classes fs.ReadStream and fs.WriteStream).
//
// Both are functions and no classes, since libraries of the old style call them on objects of their own.

import streamModule from "../node/stream.js";
import { invalidArgType, outOfRange, validateFunction } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";
import { asBuffer, asBytes, checkEncoding, optionsOf, pathOf } from "./arguments.js";
import { closeSync, openSync, readInto, writeFrom } from "./descriptors.js";
import { isFileHandle } from "./promises.js";

const {
    FunctionPrototypeCall, MathMin, NumberIsInteger, ObjectDefineProperty, ObjectSetPrototypeOf, Uint8Array,
} = primordials;
const { Readable, Writable } = streamModule;
const READ_SIZE = 64 * 1024;

const checkPlace = (value, name) => {
    if (value === undefined) return;
    if (typeof value !== "number") throw invalidArgType(name, "number", value);
    if (value !== Infinity && (!NumberIsInteger(value) || value < 0)) {
        throw outOfRange(name, ">= 0 && <= 2 ** 53 - 1", value);
    }
};

/** Sets what both classes have; gives the options for the stream. */
const prepare = (stream, path, given, flags) => {
    const options = optionsOf(given, {});
    checkPlace(options.start, "start");
    checkPlace(options.end, "end");
    stream.path = path;
    stream.flags = options.flags ?? flags;
    stream.mode = options.mode ?? 0o666;
    stream.start = options.start;
    stream.pos = options.start;
    stream.handle = isFileHandle(options.fd) ? options.fd : undefined;
    const fd = stream.handle === undefined ? options.fd : stream.handle.fd;
    if (fd === undefined || fd === null) {
        stream.path = pathOf(path) === path ? path : pathOf(path);
        stream.fd = null;
    } else {
        if (typeof fd !== "number") throw invalidArgType("options.fd", ["number", "FileHandle"], fd);
        stream.fd = fd;
    }
    return { __proto__: null, ...options, autoDestroy: options.autoClose ?? options.autoDestroy ?? true };
};

const construct = function _construct(callback) {
    if (this.fd !== null) {
        callback();
        return;
    }
    try {
        this.fd = openSync(this.path, this.flags, this.mode);
    } catch (error) {
        callback(error);
        return;
    }
    callback();
    this.emit("open", this.fd);
    this.emit("ready");
};

const destroy = function _destroy(error, callback) {
    const { fd, handle } = this;
    this.fd = null;
    if (handle !== undefined) handle.close();
    else if (fd !== null) {
        try {
            closeSync(fd);
        } catch (failure) {
            callback(error ?? failure);
            return;
        }
    }
    callback(error);
};

const close = function close(callback) {
    if (callback !== undefined) {
        validateFunction(callback, "callback");
        if (this.closed) callback();
        else this.once("close", callback);
    }
    this.destroy();
};

const inherit = (constructor, base, methods) => {
    ObjectSetPrototypeOf(constructor.prototype, base.prototype);
    ObjectSetPrototypeOf(constructor, base);
    const put = (key, value) => {
        ObjectDefineProperty(constructor.prototype, key, {
            __proto__: null, value, writable: true, configurable: true,
        });
    };
    put("_construct", construct);
    put("_destroy", destroy);
    put("close", close);
    for (const key in methods) put(key, methods[key]);
    ObjectDefineProperty(constructor.prototype, "pending", {
        __proto__: null, get() { return this.fd === null; }, configurable: true,
    });
};

export function ReadStream(path, options) {
    if (!(this instanceof ReadStream)) return new ReadStream(path, options);
    const settings = prepare(this, path, options, "r");
    this.end = settings.end ?? Infinity;
    if (this.start !== undefined && this.end < this.start) {
        throw outOfRange("start", `<= "end" (here: ${this.end})`, this.start);
    }
    this.bytesRead = 0;
    settings.highWaterMark ??= READ_SIZE;
    FunctionPrototypeCall(Readable, this, settings);
    return this;
}
inherit(ReadStream, Readable, {
    // Later, as a file's bytes come elsewhere: else two pieces would become one.
    _read(size) {
        enqueue(readPiece, [this, size]);
    },
});

const readPiece = (stream, size) => {
    if (stream.destroyed) return;
    const most = stream.end - (stream.pos ?? stream.bytesRead) + 1;
    const wanted = MathMin(size, READ_SIZE, most);
    if (wanted <= 0) {
        stream.push(null);
        return;
    }
    const bytes = new Uint8Array(wanted);
    let count;
    try {
        count = readInto(stream.fd, bytes, stream.pos);
    } catch (error) {
        stream.destroy(error);
        return;
    }
    if (stream.pos !== undefined) stream.pos += count;
    stream.bytesRead += count;
    stream.push(count === 0 ? null : asBuffer(count === wanted ? bytes : new Uint8Array(bytes.buffer, 0, count)));
};

export function WriteStream(path, options) {
    if (!(this instanceof WriteStream)) return new WriteStream(path, options);
    const settings = prepare(this, path, options, "w");
    this.bytesWritten = 0;
    settings.decodeStrings = true;
    FunctionPrototypeCall(Writable, this, settings);
    if (settings.encoding) {
        checkEncoding(settings.encoding);
        this.setDefaultEncoding(settings.encoding);
    }
    return this;
}
inherit(WriteStream, Writable, {
    _write(data, encoding, callback) {
        let count;
        try {
            count = writeFrom(this.fd, asBytes(data), this.pos);
        } catch (error) {
            callback(error);
            return;
        }
        this.bytesWritten += count;
        if (this.pos !== undefined) this.pos += count;
        callback();
    },
    destroySoon() {
        return this.end();
    },
});

export const createReadStream = (path, options) => new ReadStream(path, options);

export const createWriteStream = (path, options) => new WriteStream(path, options);
