// http.ServerResponse (Node's documentation, "Class: http.ServerResponse").

import { invalidArgValue, nodeError, validateFunction, validateObject } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";
import { STATUS_CODES } from "./codes.js";
import { eachField, hasInvalidCharacter } from "./fields.js";
import { FIELDS, OutgoingMessage } from "./outgoing.js";

const {
    ArrayIsArray, Error, FunctionPrototypeCall, ObjectDefineProperty, ObjectSetPrototypeOf, RangeError, String,
    TypeError,
} = primordials;

export function ServerResponse(req, options) {
    FunctionPrototypeCall(OutgoingMessage, this, options);
    if (req.method === "HEAD") this._hasBody = false;
    this.req = req;
    this._sent100 = false;
    this._expect_continue = false;
    if (req.httpVersionMajor < 1 || req.httpVersionMinor < 1) {
        this.useChunkedEncodingByDefault = false;
        this.shouldKeepAlive = false;
    }
}
ObjectSetPrototypeOf(ServerResponse.prototype, OutgoingMessage.prototype);
ObjectSetPrototypeOf(ServerResponse, OutgoingMessage);

/** What a message does when its socket closes before it is done. */
const onSocketClose = function () {
    const message = this._httpMessage;
    if (!message) return;
    message.destroyed = true;
    message._closed = true;
    message.emit("close");
};

const methods = {
    statusCode: 200,
    statusMessage: undefined,

    _finish() {
        this.emit("prefinish");
    },

    assignSocket(socket) {
        if (socket._httpMessage) {
            throw nodeError(Error, "ERR_HTTP_SOCKET_ASSIGNED", "ServerResponse has an already assigned socket");
        }
        socket._httpMessage = this;
        socket.on("close", onSocketClose);
        this.socket = socket;
        this.emit("socket", socket);
        this._flush();
    },

    detachSocket(socket) {
        socket.removeListener("close", onSocketClose);
        socket._httpMessage = null;
        this.socket = null;
    },

    /** `(statusCode[, statusMessage][, headers])`; headers are an object, a flat list, or a list of pairs. */
    writeHead(statusCode, reason, headers) {
        if (this._header) {
            throw nodeError(Error, "ERR_HTTP_HEADERS_SENT", "Cannot write headers after they are sent to the client");
        }
        const given = statusCode;
        const code = statusCode | 0;
        if (code < 100 || 999 < code) {
            throw nodeError(RangeError, "ERR_HTTP_INVALID_STATUS_CODE", `Invalid status code: ${String(given)}`);
        }
        if (typeof reason === "string") {
            this.statusMessage = reason;
        } else {
            this.statusMessage ||= STATUS_CODES[code] || "unknown";
            headers ??= reason;
        }
        this.statusCode = code;
        if (headers) {
            if (ArrayIsArray(headers)) {
                if (!ArrayIsArray(headers[0]) && headers.length % 2 !== 0) throw invalidArgValue("headers", headers);
                // Names of the list replace those that were set, and repetitions inside it stay.
                eachField(headers, (name) => this.removeHeader(String(name)));
                eachField(headers, (name, value) => this.appendHeader(name, value));
            } else {
                eachField(headers, (name, value) => this.setHeader(name, value));
            }
        }
        if (hasInvalidCharacter(String(this.statusMessage))) {
            throw nodeError(TypeError, "ERR_INVALID_CHAR", "Invalid character in statusMessage");
        }
        if (code === 204 || code === 304 || (100 <= code && code <= 199)) this._hasBody = false;
        if (this._expect_continue && !this._sent100) this.shouldKeepAlive = false;
        this._storeHeader(`HTTP/1.1 ${code} ${this.statusMessage}\r\n`, this[FIELDS]);
        return this;
    },

    _implicitHeader() {
        this.writeHead(this.statusCode);
    },

    // An answer is whole when it leaves, so nothing goes ahead of it.
    writeContinue(callback) {
        this._sent100 = true;
        if (typeof callback === "function") enqueue(callback, []);
    },
    writeProcessing(callback) {
        if (typeof callback === "function") enqueue(callback, []);
    },
    writeEarlyHints(hints, callback) {
        validateObject(hints, "hints");
        if (callback === undefined) return;
        validateFunction(callback, "callback");
        enqueue(callback, []);
    },
};
methods.writeHeader = methods.writeHead;

for (const key in methods) {
    ObjectDefineProperty(ServerResponse.prototype, key, {
        __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
    });
}
