// http.OutgoingMessage (Node's documentation, "Class: http.OutgoingMessage").
//
// A message that is answered here has a socket that takes the head and the bytes of the body as they are (`SINK`). One
// that a library gave a socket of its own is written to that as HTTP/1.1 has it on the wire (RFC 9112): those libraries
// read the head out of what is written.

import bufferModule from "../node/buffer.js";
import streamModule from "../node/stream.js";
import { invalidArgType, methodNotImplemented, nodeError, validateString } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";
import { eachField, validateHeaderName, validateHeaderValue } from "./fields.js";

const {
    ArrayIsArray, ArrayPrototypeJoin, ArrayPrototypePush, DateNow, DatePrototypeToUTCString, Date, Error,
    FunctionPrototypeCall, NumberPrototypeToString, ObjectDefineProperties, ObjectDefineProperty, ObjectSetPrototypeOf,
    RegExpPrototypeExec, SafeMap, String, StringPrototypeToLowerCase, Symbol, SymbolAsyncDispose, TypeError,
    TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetSymbolToStringTag,
} = primordials;
const { Buffer } = bufferModule;
const bufferFrom = Buffer.from;
const bufferByteLength = Buffer.byteLength;

/** The key under which a socket of ours has `{ head(message), body(bytes), end(message) }`. */
export const SINK = Symbol("sink");
/** The fields of a message: a map from the small name to `{ name, value }`. */
export const FIELDS = Symbol("fields");
const ERRORED = Symbol("errored");
const HIGH_WATER_MARK = Symbol("highWaterMark");
const BYTES = Symbol("bytesWritten");

const LINE = "\r\n";
const CHUNKED = /(?:^|\W)chunked(?:$|\W)/i;
const CLOSE = /(?:^|\W)close(?:$|\W)/i;

export function OutgoingMessage(options) {
    FunctionPrototypeCall(streamModule, this, options);
    this[HIGH_WATER_MARK] = options?.highWaterMark ?? 64 * 1024;
    this.outputData = [];
    this.outputSize = 0;
    this.writable = true;
    this.destroyed = false;
    this._last = false;
    this.chunkedEncoding = false;
    this.shouldKeepAlive = true;
    this._defaultKeepAlive = true;
    this.useChunkedEncodingByDefault = true;
    this.sendDate = false;
    this._removedConnection = false;
    this._removedContLen = false;
    this._removedTE = false;
    this.strictContentLength = false;
    this[BYTES] = 0;
    this._contentLength = null;
    this._hasBody = true;
    this._trailer = "";
    this.finished = false;
    this._headerSent = false;
    this._closed = false;
    this.socket = null;
    this._header = null;
    this[FIELDS] = null;
    this[ERRORED] = null;
}
ObjectSetPrototypeOf(OutgoingMessage.prototype, streamModule.prototype);
ObjectSetPrototypeOf(OutgoingMessage, streamModule);

const fieldsOf = (message) => (message[FIELDS] ??= new SafeMap());

const sentError = (what) =>
    nodeError(Error, "ERR_HTTP_HEADERS_SENT", `Cannot ${what} headers after they are sent to the client`);

const isBytes = (value) => TypedArrayPrototypeGetSymbolToStringTag(value) === "Uint8Array";

const lengthOf = (chunk, encoding) =>
    (typeof chunk === "string" ? bufferByteLength(chunk, encoding) : TypedArrayPrototypeGetByteLength(chunk));

// ---------------------------------------------------------------------------------------------------------- the fields

const fieldMethods = {
    setHeader(name, value) {
        if (this._header) throw sentError("set");
        validateHeaderName(name);
        validateHeaderValue(name, value);
        fieldsOf(this).set(StringPrototypeToLowerCase(name), { __proto__: null, name, value });
        return this;
    },

    setHeaders(headers) {
        if (this._header) throw sentError("set");
        if (headers === null || typeof headers !== "object" || ArrayIsArray(headers)
            || typeof headers.keys !== "function" || typeof headers.get !== "function") {
            throw invalidArgType("headers", ["Headers", "Map"], headers);
        }
        // The cookies of a Headers object come one by one and are kept as one list.
        const cookies = [];
        headers.forEach((value, name) => {
            if (name !== "set-cookie") this.setHeader(name, value);
            else if (ArrayIsArray(value)) this.setHeader(name, value);
            else ArrayPrototypePush(cookies, value);
        });
        if (0 < cookies.length) this.setHeader("set-cookie", cookies);
        return this;
    },

    appendHeader(name, value) {
        if (this._header) throw sentError("append");
        validateHeaderName(name);
        validateHeaderValue(name, value);
        const key = StringPrototypeToLowerCase(name);
        const field = fieldsOf(this).get(key);
        if (field === undefined) {
            this[FIELDS].set(key, { __proto__: null, name, value });
            return this;
        }
        const values = [];
        const add = (more) => {
            if (!ArrayIsArray(more)) ArrayPrototypePush(values, more);
            else for (let at = 0; at < more.length; at++) ArrayPrototypePush(values, more[at]);
        };
        add(field.value);
        add(value);
        this[FIELDS].set(key, { __proto__: null, name: field.name, value: values });
        return this;
    },

    getHeader(name) {
        validateString(name, "name");
        return this[FIELDS]?.get(StringPrototypeToLowerCase(name))?.value;
    },

    getHeaderNames() {
        const names = [];
        this[FIELDS]?.forEach((field, key) => ArrayPrototypePush(names, key));
        return names;
    },

    getRawHeaderNames() {
        const names = [];
        this[FIELDS]?.forEach((field) => ArrayPrototypePush(names, field.name));
        return names;
    },

    getHeaders() {
        const headers = { __proto__: null };
        this[FIELDS]?.forEach((field, key) => {
            headers[key] = field.value;
        });
        return headers;
    },

    hasHeader(name) {
        validateString(name, "name");
        return this[FIELDS] !== null && this[FIELDS].has(StringPrototypeToLowerCase(name));
    },

    removeHeader(name) {
        validateString(name, "name");
        if (this._header) throw sentError("remove");
        const key = StringPrototypeToLowerCase(name);
        if (key === "connection") this._removedConnection = true;
        else if (key === "content-length") this._removedContLen = true;
        else if (key === "transfer-encoding") this._removedTE = true;
        else if (key === "date") this.sendDate = false;
        this[FIELDS]?.delete(key);
    },

    addTrailers(headers) {
        this._trailer = "";
        eachField(headers, (name, value) => {
            validateHeaderName(name, "Trailer name");
            validateHeaderValue(name, value);
            this._trailer += `${name}: ${value}${LINE}`;
        });
    },
};

// ------------------------------------------------------------------------------------------------------------ the head

/** Notes what a field says of the message. */
const notice = (message, state, key, value) => {
    if (key === "connection") {
        state.connection = true;
        message._removedConnection = false;
        if (RegExpPrototypeExec(CLOSE, value) !== null) message._last = true;
        else message.shouldKeepAlive = true;
    } else if (key === "transfer-encoding") {
        state.encoding = true;
        message._removedTE = false;
        if (RegExpPrototypeExec(CHUNKED, value) !== null) message.chunkedEncoding = true;
    } else if (key === "content-length") {
        state.length = true;
        message._contentLength = +value;
        message._removedContLen = false;
    } else if (key === "date") {
        state.date = true;
    }
};

const headMethods = {
    /** Makes `_header` of the first line and a list of `{ name, value }` whose values may be lists. */
    _storeHeader(firstLine, fields) {
        const state = { __proto__: null, connection: false, length: false, encoding: false, date: false };
        let text = firstLine;
        const line = (name, value) => {
            notice(this, state, StringPrototypeToLowerCase(name), String(value));
            text += `${name}: ${value}${LINE}`;
        };
        const add = (name, value) => {
            if (!ArrayIsArray(value)) line(name, value);
            else if (StringPrototypeToLowerCase(name) === "cookie") line(name, ArrayPrototypeJoin(value, "; "));
            else for (let at = 0; at < value.length; at++) line(name, value[at]);
        };
        fields?.forEach((field) => add(field.name, field.value));
        if (this.sendDate && !state.date) add("Date", DatePrototypeToUTCString(new Date(DateNow())));
        if (this.chunkedEncoding && (this.statusCode === 204 || this.statusCode === 304)) {
            this.chunkedEncoding = false;
            this.shouldKeepAlive = false;
        }
        if (!state.connection && !this._removedConnection) {
            const staysOpen = this.shouldKeepAlive && (state.length || this.useChunkedEncodingByDefault);
            if (!staysOpen) this._last = true;
            add("Connection", staysOpen ? "keep-alive" : "close");
        }
        if (!state.length && !state.encoding) {
            if (!this._hasBody) this.chunkedEncoding = false;
            else if (!this.useChunkedEncodingByDefault) this._last = true;
            else if (!this._removedContLen && typeof this._contentLength === "number") {
                add("Content-Length", this._contentLength);
            } else if (!this._removedTE) {
                add("Transfer-Encoding", "chunked");
                this.chunkedEncoding = true;
            }
        }
        this._header = text + LINE;
        this._headerSent = false;
    },

    _implicitHeader() {
        throw methodNotImplemented("_implicitHeader()");
    },

    flushHeaders() {
        if (!this._header) this._implicitHeader();
        this._send("", "latin1");
    },
};

// ------------------------------------------------------------------------------------------------------------ the body

/** Reports a failure of `write` or `end` to its callback and as the event "error". */
const failed = (message, error, callback) => {
    enqueue(() => {
        if (typeof callback === "function") callback(error);
        if (message.destroyed || message.listenerCount("error") === 0) return;
        message.emit("error", error);
    }, []);
};

const afterEnd = () => nodeError(Error, "ERR_STREAM_WRITE_AFTER_END", "write after end");

const checkChunk = (chunk) => {
    if (chunk === null) throw nodeError(TypeError, "ERR_STREAM_NULL_VALUES", "May not write null values to stream");
    if (typeof chunk !== "string" && !isBytes(chunk)) {
        throw invalidArgType("chunk", ["string", "Buffer", "Uint8Array"], chunk);
    }
};

const tooMuch = (length, expected) => nodeError(Error, "ERR_HTTP_CONTENT_LENGTH_MISMATCH",
    `Response body's content-length of ${length} byte(s) does not match the content-length of `
    + `${expected} byte(s) set in header`);

/** Writes one chunk; gives what `write` gives. */
const writeChunk = (message, chunk, encoding, callback) => {
    checkChunk(chunk);
    if (message.finished) {
        failed(message, afterEnd(), callback);
        return false;
    }
    if (message.destroyed) {
        const error = nodeError(Error, "ERR_STREAM_DESTROYED", "Cannot call write after a stream was destroyed");
        failed(message, error, callback);
        return false;
    }
    if (!message._header) message._implicitHeader();
    if (!message._hasBody) {
        if (typeof callback === "function") enqueue(callback, []);
        return true;
    }
    const length = lengthOf(chunk, encoding);
    message[BYTES] += length;
    if (message.strictContentLength && message._contentLength !== null && message._contentLength < message[BYTES]) {
        throw tooMuch(message[BYTES], message._contentLength);
    }
    if (!message.chunkedEncoding || message.socket?.[SINK] !== undefined || length === 0) {
        return message._send(chunk, encoding, callback);
    }
    message._send(NumberPrototypeToString(length, 16) + LINE, "latin1");
    message._send(chunk, encoding);
    return message._send(LINE, "latin1", callback);
};

const bodyMethods = {
    write(chunk, encoding, callback) {
        if (typeof encoding === "function") {
            callback = encoding;
            encoding = null;
        }
        return writeChunk(this, chunk, encoding, callback);
    },

    /** Sends the head if that was not yet, then the data. */
    _send(data, encoding, callback) {
        if (!this._headerSent && this._header !== null) {
            this._headerSent = true;
            if (this.socket?.[SINK] !== undefined) this.socket[SINK].head(this);
            else this._writeRaw(this._header, "latin1");
        }
        return this._writeRaw(data, encoding, callback);
    },

    _writeRaw(data, encoding, callback) {
        const { socket } = this;
        if (socket === null || socket === undefined) {
            ArrayPrototypePush(this.outputData, { data, encoding, callback });
            this.outputSize += data.length;
            return this.outputSize < this[HIGH_WATER_MARK];
        }
        const sink = socket[SINK];
        if (sink === undefined) return socket.write(data, encoding, callback);
        if (0 < data.length) sink.body(typeof data === "string" ? bufferFrom(data, encoding || "utf8") : data);
        if (typeof callback === "function") enqueue(callback, []);
        return true;
    },

    /** Writes what waited for a socket. */
    _flush() {
        const list = this.outputData;
        this.outputData = [];
        this.outputSize = 0;
        const sink = this.socket[SINK];
        for (let at = 0; at < list.length; at++) {
            const { data, encoding, callback } = list[at];
            // The head, which went first, is told to a sink as such.
            if (at === 0 && sink !== undefined && this._headerSent) sink.head(this);
            else this._writeRaw(data, encoding, callback);
        }
    },

    end(chunk, encoding, callback) {
        if (typeof chunk === "function") {
            callback = chunk;
            chunk = null;
            encoding = null;
        } else if (typeof encoding === "function") {
            callback = encoding;
            encoding = null;
        }
        if (chunk) {
            checkChunk(chunk);
            if (this.finished) {
                failed(this, afterEnd(), callback);
                return this;
            }
            if (!this._header) this._contentLength = lengthOf(chunk, encoding);
            writeChunk(this, chunk, encoding, null);
        } else if (this.finished) {
            if (typeof callback === "function") {
                if (this.writableFinished) {
                    const error = nodeError(Error, "ERR_STREAM_ALREADY_FINISHED",
                        "Cannot call end after a stream was finished");
                    callback(error);
                } else {
                    this.on("finish", callback);
                }
            }
            return this;
        } else if (!this._header) {
            this._contentLength = 0;
            this._implicitHeader();
        }
        if (typeof callback === "function") this.once("finish", callback);
        if (this.strictContentLength && this._hasBody && this._contentLength !== null
            && this[BYTES] !== this._contentLength) {
            throw tooMuch(this[BYTES], this._contentLength);
        }
        const finish = () => {
            // A socket that was closed in between does not finish the message.
            if (!this.socket?._hadError) this.emit("finish");
        };
        const isChunked = this._hasBody && this.chunkedEncoding && this.socket?.[SINK] === undefined;
        if (isChunked) this._send(`0${LINE}${this._trailer}${LINE}`, "latin1", finish);
        else this._send("", "latin1", finish);
        this.finished = true;
        this.emit("prefinish");
        if (this.socket?.[SINK] !== undefined) this.socket[SINK].end(this);
        return this;
    },

    cork() {
        this.socket?.cork?.();
    },

    uncork() {
        this.socket?.uncork?.();
    },

    destroy(error) {
        if (this.destroyed) return this;
        this.destroyed = true;
        this[ERRORED] = error;
        if (this.socket) this.socket.destroy?.(error);
        else this.once("socket", (socket) => socket.destroy(error));
        return this;
    },

    setTimeout(milliseconds, callback) {
        if (callback) this.on("timeout", callback);
        if (this.socket) this.socket.setTimeout?.(milliseconds);
        else this.once("socket", (socket) => socket.setTimeout?.(milliseconds));
        return this;
    },

    pipe() {
        this.emit("error", nodeError(Error, "ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable"));
    },
};

const addMethods = (methods) => {
    for (const key in methods) {
        ObjectDefineProperty(OutgoingMessage.prototype, key, {
            __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
        });
    }
};
addMethods(fieldMethods);
addMethods(headMethods);
addMethods(bodyMethods);

const getter = (get, set) => ({ __proto__: null, get, set, configurable: true });

ObjectDefineProperties(OutgoingMessage.prototype, {
    __proto__: null,
    errored: getter(function () { return this[ERRORED]; }),
    closed: getter(function () { return this._closed; }),
    headersSent: getter(function () { return !!this._header; }),
    writableFinished: getter(function () {
        return this.finished && this.outputSize === 0 && (!this.socket || !this.socket.writableLength);
    }),
    writableEnded: getter(function () { return this.finished; }),
    writableObjectMode: getter(() => false),
    writableLength: getter(function () { return this.outputSize + (this.socket?.writableLength || 0); }),
    writableHighWaterMark: getter(function () { return this.socket?.writableHighWaterMark ?? this[HIGH_WATER_MARK]; }),
    writableNeedDrain: getter(function () {
        return !this.destroyed && !this.finished && this[HIGH_WATER_MARK] < this.outputSize;
    }),
    writableCorked: getter(() => 0),
    connection: getter(function () { return this.socket; }, function (value) { this.socket = value; }),
    _headers: getter(function () { return this.getHeaders(); }),
});
if (SymbolAsyncDispose !== undefined) {
    ObjectDefineProperty(OutgoingMessage.prototype, SymbolAsyncDispose, {
        __proto__: null, async value() { this.destroy(); }, writable: true, configurable: true,
    });
}
