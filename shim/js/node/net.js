// The module "net" (nodejs.org/api/net.html, Node 22): addresses, and classes that libraries can extend.
//
// Can:    tell and compare addresses.
// Cannot: connect, or listen: both throw at once.

import { absent, absentError } from "../absent.js";
import EventEmitter from "./events.js";
import streamModule from "./stream.js";
import { BlockList, SocketAddress } from "../http/addresses.js";
import { isIP, isIPv4, isIPv6 } from "../http/ip_text.js";
import { invalidArgType, nodeError, validateFunction, validateNumber } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";

const {
    Error, FunctionPrototypeCall, ObjectDefineProperties, ObjectDefineProperty, ObjectSetPrototypeOf,
} = primordials;
const { Duplex } = streamModule;

const inherit = (constructor, base, methods) => {
    ObjectSetPrototypeOf(constructor.prototype, base.prototype);
    ObjectSetPrototypeOf(constructor, base);
    for (const key in methods) {
        ObjectDefineProperty(constructor.prototype, key, {
            __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
        });
    }
};

/** A socket that is connected to nothing. */
export function Socket(options) {
    if (!(this instanceof Socket)) return new Socket(options);
    const given = typeof options === "object" && options !== null ? options : {};
    const { allowHalfOpen = false, highWaterMark, signal } = given;
    FunctionPrototypeCall(Duplex, this, {
        allowHalfOpen, highWaterMark, signal, autoDestroy: true, emitClose: true, decodeStrings: false,
    });
    this.connecting = false;
    this._hadError = false;
    this._parent = null;
    this._host = null;
    this.timeout = 0;
    this.server = null;
    return this;
}

const notConnected = () => nodeError(Error, "ERR_SOCKET_CLOSED_BEFORE_CONNECTION",
    "Socket closed before the connection was established");

inherit(Socket, Duplex, {
    connect: absent("net.Socket.connect"),
    _read() {},
    _write(chunk, encoding, callback) {
        callback(notConnected());
    },
    _destroy(error, callback) {
        this._hadError = !!error;
        callback(error);
    },
    address() {
        return this.localAddress === undefined
            ? {}
            : { address: this.localAddress, family: this.localFamily, port: this.localPort };
    },
    // There is no connection that could be idle, so the time is kept and never runs out.
    setTimeout(milliseconds, callback) {
        validateNumber(milliseconds, "msecs", 0);
        this.timeout = milliseconds;
        if (callback !== undefined) {
            validateFunction(callback, "callback");
            if (milliseconds === 0) this.removeListener("timeout", callback);
            else this.once("timeout", callback);
        }
        return this;
    },
    setNoDelay() { return this; },
    setKeepAlive() { return this; },
    ref() { return this; },
    unref() { return this; },
    destroySoon() {
        if (this.writable) this.end();
        if (this.writableFinished) this.destroy();
        else this.once("finish", this.destroy);
    },
    resetAndDestroy() {
        this.destroy();
        return this;
    },
    bytesRead: 0,
    remoteAddress: undefined,
    remoteFamily: undefined,
    remotePort: undefined,
    localAddress: undefined,
    localFamily: undefined,
    localPort: undefined,
});
ObjectDefineProperties(Socket.prototype, {
    __proto__: null,
    pending: { __proto__: null, get() { return this.remoteAddress === undefined; }, configurable: true },
    readyState: {
        __proto__: null,
        get() {
            if (this.connecting) return "opening";
            if (this.readable && this.writable) return "open";
            if (this.readable) return "readOnly";
            return this.writable ? "writeOnly" : "closed";
        },
        configurable: true,
    },
    bytesWritten: { __proto__: null, get() { return 0; }, configurable: true },
    bufferSize: { __proto__: null, get() { return this.writableLength; }, configurable: true },
});

export function Server(options, listener) {
    if (!(this instanceof Server)) return new Server(options, listener);
    FunctionPrototypeCall(EventEmitter, this);
    if (typeof options === "function") {
        this.on("connection", options);
    } else if (options === undefined || options === null || typeof options === "object") {
        if (typeof listener === "function") this.on("connection", listener);
    } else {
        throw invalidArgType("options", "Object", options);
    }
    this._connections = 0;
    this.allowHalfOpen = options?.allowHalfOpen ?? false;
    this.maxConnections = undefined;
    return this;
}
inherit(Server, EventEmitter, {
    listen() {
        throw absentError("net.Server.listen");
    },
    address() { return null; },
    close(callback) {
        if (typeof callback === "function") {
            enqueue(callback, [nodeError(Error, "ERR_SERVER_NOT_RUNNING", "Server is not running.")]);
        }
        return this;
    },
    getConnections(callback) {
        enqueue(callback, [null, this._connections]);
        return this;
    },
    ref() { return this; },
    unref() { return this; },
});
ObjectDefineProperty(Server.prototype, "listening", { __proto__: null, get() { return false; }, configurable: true });

let autoSelectFamily = true;
let autoSelectTimeout = 250;

const net = {
    BlockList, SocketAddress, Socket, Stream: Socket, Server, isIP, isIPv4, isIPv6,
    connect: absent("net.connect"),
    createConnection: absent("net.createConnection"),
    createServer(options, listener) { return new Server(options, listener); },
    getDefaultAutoSelectFamily() { return autoSelectFamily; },
    setDefaultAutoSelectFamily(value) { autoSelectFamily = value; },
    getDefaultAutoSelectFamilyAttemptTimeout() { return autoSelectTimeout; },
    setDefaultAutoSelectFamilyAttemptTimeout(value) { autoSelectTimeout = value; },
};

export default net;
