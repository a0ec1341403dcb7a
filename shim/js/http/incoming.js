// http.IncomingMessage (Node's documentation, "Class: http.IncomingMessage").
//
// It is a function and no class, since libraries of the old style call it on objects of their own.

import streamModule from "../node/stream.js";
import { primordials } from "../primordials.js";
import { distinctFields, joinedFields } from "./fields.js";

const {
    ArrayIsArray, ArrayPrototypePush, FunctionPrototypeCall, ObjectDefineProperties, ObjectDefineProperty,
    ObjectSetPrototypeOf, ReflectGetOwnPropertyDescriptor, StringPrototypeToLowerCase, Symbol,
} = primordials;
const { Readable } = streamModule;

const HEADERS = Symbol("headers");
const DISTINCT = Symbol("headersDistinct");
const TRAILERS = Symbol("trailers");
const TRAILERS_DISTINCT = Symbol("trailersDistinct");

export function IncomingMessage(socket) {
    FunctionPrototypeCall(Readable, this, socket ? { highWaterMark: socket.readableHighWaterMark } : undefined);
    this.socket = socket;
    this.httpVersionMajor = null;
    this.httpVersionMinor = null;
    this.httpVersion = null;
    this.complete = false;
    this[HEADERS] = null;
    this[DISTINCT] = null;
    this[TRAILERS] = null;
    this[TRAILERS_DISTINCT] = null;
    this.rawHeaders = [];
    this.rawTrailers = [];
    this.joinDuplicateHeaders = false;
    this.aborted = false;
    this.upgrade = null;
    this.url = "";
    this.method = null;
    this.statusCode = null;
    this.statusMessage = null;
    this.client = socket;
    this._consuming = false;
    this._dumped = false;
}
ObjectSetPrototypeOf(IncomingMessage.prototype, Readable.prototype);
ObjectSetPrototypeOf(IncomingMessage, Readable);

const accessor = (slot, make) => ({
    __proto__: null,
    get() {
        if (!this[slot]) this[slot] = make(this);
        return this[slot];
    },
    set(value) {
        this[slot] = value;
    },
    configurable: false,
});

ObjectDefineProperties(IncomingMessage.prototype, {
    __proto__: null,
    headers: accessor(HEADERS, (message) => joinedFields(message.rawHeaders, message.joinDuplicateHeaders)),
    headersDistinct: accessor(DISTINCT, (message) => distinctFields(message.rawHeaders)),
    trailers: accessor(TRAILERS, (message) => joinedFields(message.rawTrailers, message.joinDuplicateHeaders)),
    trailersDistinct: accessor(TRAILERS_DISTINCT, (message) => distinctFields(message.rawTrailers)),
    connection: {
        __proto__: null,
        get() {
            return this.socket;
        },
        set(value) {
            this.socket = value;
        },
    },
});

const methods = {
    setTimeout(milliseconds, callback) {
        if (callback) this.on("timeout", callback);
        this.socket?.setTimeout?.(milliseconds);
        return this;
    },

    // The body is pushed by who made the message.
    _read() {
        this._consuming = true;
    },

    _destroy(error, callback) {
        if (!this.readableEnded || !this.complete) {
            this.aborted = true;
            this.emit("aborted");
        }
        if (this.socket && !this.socket.destroyed && this.aborted) this.socket.destroy(error);
        callback(error);
    },

    // Where servers of libraries put the fields of requests that they make themselves: names and values in turns.
    _addHeaderLines(headers, length) {
        if (!headers || !headers.length) return;
        const raw = this.complete ? "rawTrailers" : "rawHeaders";
        const slot = this.complete ? TRAILERS : HEADERS;
        this[raw] = headers;
        this[slot] = joinedFields(headers, this.joinDuplicateHeaders);
    },

    _addHeaderLine(field, value, dest) {
        const lines = [];
        const has = (name) => ReflectGetOwnPropertyDescriptor(dest, name) !== undefined;
        const name = StringPrototypeToLowerCase(field);
        const had = has(name) ? dest[name] : undefined;
        if (had !== undefined) {
            const values = ArrayIsArray(had) ? had : [had];
            for (let at = 0; at < values.length; at++) ArrayPrototypePush(lines, field, values[at]);
        }
        ArrayPrototypePush(lines, field, value);
        dest[name] = joinedFields(lines, this.joinDuplicateHeaders)[name];
    },

    // Reads the rest of the body and keeps nothing of it.
    _dump() {
        if (this._dumped) return;
        this._dumped = true;
        this.resume();
    },
};
for (const key in methods) {
    ObjectDefineProperty(IncomingMessage.prototype, key, {
        __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
    });
}
