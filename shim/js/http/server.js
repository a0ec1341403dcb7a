// http.Server (Node's documentation, "Class: http.Server"): `listen` opens no socket but enters the server into a list,
// out of which the calls that come in are given to it.

import net from "../node/net.js";
import { invalidArgType, nodeError, validateBoolean, validateFunction, validateInteger } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";
import { badPort, isPort } from "./addresses.js";
import { IncomingMessage } from "./incoming.js";
import { ServerResponse } from "./response.js";

const {
    ArrayPrototypePush, ArrayPrototypeSplice, Error, FunctionPrototypeCall, Number, ObjectDefineProperty,
    ObjectSetPrototypeOf, Promise, Symbol, SymbolAsyncDispose,
} = primordials;

const OPTIONS = Symbol("options");
const ADDRESS = Symbol("address");
const FIRST_FREE_PORT = 49152;

const listening = [];

/** The servers that listen, in the order in which they began. */
export const listeningServers = () => listening;

/** The classes that a server makes its messages of, and what belongs to them. */
export const optionsOf = (server) => server[OPTIONS];

export function Server(options, listener) {
    if (!(this instanceof Server)) return new Server(options, listener);
    FunctionPrototypeCall(net.Server, this);
    prepare(this, options, listener);
    return this;
}

/** What the constructor does; `https` does the same. */
export const prepare = (server, options, listener) => {
    if (typeof options === "function") {
        listener = options;
        options = {};
    } else if (options !== undefined && options !== null && typeof options !== "object") {
        throw invalidArgType("options", "object", options);
    }
    const given = options ?? {};
    if (given.joinDuplicateHeaders !== undefined) {
        validateBoolean(given.joinDuplicateHeaders, "options.joinDuplicateHeaders");
    }
    if (given.maxHeaderSize !== undefined) validateInteger(given.maxHeaderSize, "maxHeaderSize", 0);
    server[OPTIONS] = {
        __proto__: null,
        IncomingMessage: given.IncomingMessage ?? IncomingMessage,
        ServerResponse: given.ServerResponse ?? ServerResponse,
        joinDuplicateHeaders: given.joinDuplicateHeaders ?? false,
    };
    server[ADDRESS] = null;
    server.timeout = 0;
    server.keepAliveTimeout = given.keepAliveTimeout ?? 5000;
    server.maxHeadersCount = null;
    server.maxRequestsPerSocket = 0;
    server.headersTimeout = given.headersTimeout ?? 60000;
    server.requestTimeout = given.requestTimeout ?? 300000;
    server.httpAllowHalfOpen = false;
    if (listener) server.on("request", listener);
};

const portOf = (value) => {
    const port = typeof value === "string" ? Number(value) : value;
    if (!isPort(port)) throw badPort(value);
    return port === 0 ? FIRST_FREE_PORT + listening.length : port;
};

/** The address that `listen` was given: a port with a host, or a path. */
const addressOf = (first, second) => {
    const isObject = typeof first === "object" && first !== null;
    const port = isObject ? first.port : first;
    const path = isObject ? first.path : undefined;
    if (path !== undefined) return `${path}`;
    if (typeof port === "string" && port !== "" && !(Number(port) >= 0)) return port;
    const host = isObject ? first.host : second;
    const address = typeof host === "string" ? (host === "localhost" ? "127.0.0.1" : host) : "::";
    const isEmpty = port === undefined || port === null || typeof port === "function" || port === "";
    return { address, family: net.isIPv4(address) ? "IPv4" : "IPv6", port: portOf(isEmpty ? 0 : port) };
};

const methods = {
    listen(...args) {
        const last = args[args.length - 1];
        const callback = typeof last === "function" ? last : undefined;
        if (this[ADDRESS] !== null) {
            throw nodeError(Error, "ERR_SERVER_ALREADY_LISTEN",
                "Listen method has been called more than once without closing.");
        }
        this[ADDRESS] = addressOf(args[0], args[1]);
        ArrayPrototypePush(listening, this);
        if (callback !== undefined) this.once("listening", callback);
        enqueue(announce, [this]);
        return this;
    },
    address() {
        return this[ADDRESS];
    },
    close(callback) {
        if (this[ADDRESS] === null) {
            if (typeof callback === "function") {
                enqueue(callback, [nodeError(Error, "ERR_SERVER_NOT_RUNNING", "Server is not running.")]);
            }
            return this;
        }
        this[ADDRESS] = null;
        for (let at = 0; at < listening.length; at++) {
            if (listening[at] === this) ArrayPrototypeSplice(listening, at, 1);
        }
        if (callback !== undefined) {
            validateFunction(callback, "callback");
            this.once("close", callback);
        }
        enqueue(emitClose, [this]);
        return this;
    },
    closeAllConnections() {},
    closeIdleConnections() {},
    setTimeout(milliseconds, callback) {
        this.timeout = milliseconds;
        if (callback) this.on("timeout", callback);
        return this;
    },
};

const announce = (server) => {
    if (server[ADDRESS] !== null) server.emit("listening");
};

const emitClose = (server) => server.emit("close");

ObjectSetPrototypeOf(Server.prototype, net.Server.prototype);
ObjectSetPrototypeOf(Server, net.Server);
for (const key in methods) {
    ObjectDefineProperty(Server.prototype, key, {
        __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
    });
}
ObjectDefineProperty(Server.prototype, "listening", {
    __proto__: null, get() { return this[ADDRESS] !== null; }, configurable: true,
});
if (SymbolAsyncDispose !== undefined) {
    ObjectDefineProperty(Server.prototype, SymbolAsyncDispose, {
        __proto__: null,
        value() {
            return new Promise((resolve, reject) => {
                this.close((error) => (error ? reject(error) : resolve()));
            });
        },
        writable: true,
        configurable: true,
    });
}
