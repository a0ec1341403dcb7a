// Gives one call to a handler `(req, res)` or to a server, and waits for its answer.

import { asBuffer } from "../fs/arguments.js";
import { nodeError } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";
import { STATUS_CODES } from "./codes.js";
import { IncomingMessage } from "./incoming.js";
import { FIELDS } from "./outgoing.js";
import { ServerResponse } from "./response.js";
import { optionsOf } from "./server.js";
import { MessageSocket } from "./socket.js";

const {
    ArrayIsArray, ArrayPrototypePush, Error, FunctionPrototypeCall, MathMin, Promise, PromisePrototypeThen, String,
    StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToLowerCase,
    TypedArrayPrototypeSet, Uint8Array,
} = primordials;
// The body is given to the handler in pieces of so many bytes.
const PIECE = 64 * 1024;

// Fields of one connection (RFC 9110, section 7.6.1), which the answer of a call does not have.
const CONNECTION_FIELDS = {
    __proto__: null, connection: true, "keep-alive": true, "transfer-encoding": true, upgrade: true,
};

const valueOf = (raw, wanted) => {
    for (let at = 0; at < raw.length; at += 2) {
        if (StringPrototypeToLowerCase(raw[at]) === wanted) return raw[at + 1];
    }
    return undefined;
};

/** Scheme, host and path of a URL that is absolute, or a path alone. */
const partsOf = (url) => {
    const isEncrypted = StringPrototypeStartsWith(url, "https://");
    if (!isEncrypted && !StringPrototypeStartsWith(url, "http://")) {
        return { isEncrypted: false, host: undefined, path: url === "" ? "/" : url };
    }
    const rest = StringPrototypeSlice(url, isEncrypted ? 8 : 7);
    let end = 0;
    while (end < rest.length && rest[end] !== "/" && rest[end] !== "?" && rest[end] !== "#") end++;
    const path = StringPrototypeSlice(rest, end);
    const host = StringPrototypeSlice(rest, StringPrototypeIndexOf(StringPrototypeSlice(rest, 0, end), "@") + 1, end);
    return { isEncrypted, host, path: path[0] === "/" ? path : `/${path}` };
};

const withoutFragment = (path) => {
    const at = StringPrototypeIndexOf(path, "#");
    return at === -1 ? path : StringPrototypeSlice(path, 0, at);
};

/** Names and values in turns, with those that a client would have sent. */
const rawFields = (headers, host, length, method) => {
    const raw = [];
    for (let at = 0; at < headers.length; at++) {
        ArrayPrototypePush(raw, headers[at][0]);
        ArrayPrototypePush(raw, headers[at][1]);
    }
    if (valueOf(raw, "host") === undefined) {
        ArrayPrototypePush(raw, "Host");
        ArrayPrototypePush(raw, host ?? "localhost");
    }
    const hasLength = valueOf(raw, "content-length") !== undefined || valueOf(raw, "transfer-encoding") !== undefined;
    const mayBeEmpty = method === "POST" || method === "PUT" || method === "PATCH";
    if (!hasLength && (0 < length || mayBeEmpty)) {
        ArrayPrototypePush(raw, "Content-Length");
        ArrayPrototypePush(raw, String(length));
    }
    return raw;
};

/** Gives the body piece by piece, then ends the message. */
const feed = (req, body) => {
    let at = 0;
    req._read = function () {
        this._consuming = true;
        if (at < body.length) {
            const length = MathMin(PIECE, body.length - at);
            const piece = new Uint8Array(length);
            TypedArrayPrototypeSet(piece, new Uint8Array(body.buffer, body.byteOffset + at, length), 0);
            at += length;
            this.push(asBuffer(piece));
        }
        if (body.length <= at && !this.complete) {
            this.complete = true;
            this.push(null);
        }
    };
};

const joined = (chunks, length) => {
    const whole = new Uint8Array(length);
    let at = 0;
    for (let index = 0; index < chunks.length; index++) {
        TypedArrayPrototypeSet(whole, chunks[index], at);
        at += chunks[index].length;
    }
    return whole;
};

/** The answer's fields as they were set, a pair for each line. */
const answeredFields = (res) => {
    const fields = [];
    let hasLength = false;
    const add = (name, value) => ArrayPrototypePush(fields, [name, String(value)]);
    res[FIELDS]?.forEach(({ name, value }) => {
        const key = StringPrototypeToLowerCase(name);
        if (CONNECTION_FIELDS[key]) return;
        if (key === "content-length") hasLength = true;
        if (!ArrayIsArray(value)) {
            add(name, value);
            return;
        }
        for (let at = 0; at < value.length; at++) add(name, value[at]);
    });
    return { fields, hasLength };
};

/**
 * `target` is a function `(req, res)` or a server; `request` is `{ method, url, headers, body, remoteAddress }` with
 * headers as a list of [name, value] and the body as a Uint8Array; `prepare(req, res)` is called before the handler.
 * The promise gives `{ status, statusMessage, headers, body }` in the same forms when the handler has ended its answer.
 * It is rejected with what the handler threw, or if the handler closed the connection instead.
 */
export const deliver = (target, request) => new Promise((resolve, reject) => {
    const { isEncrypted, host, path } = partsOf(request.url);
    const body = request.body ?? new Uint8Array(0);
    const method = request.method ?? "GET";
    const options = typeof target === "function" ? undefined : optionsOf(target);
    const chunks = [];
    let length = 0;
    let head;
    let isSettled = false;

    const sink = {
        __proto__: null,
        head(res) {
            // The lines are taken when they would have been sent; what is set afterwards changes nothing.
            head = answeredFields(res);
            head.status = res.statusCode;
            head.statusMessage = res.statusMessage ?? STATUS_CODES[res.statusCode] ?? "";
        },
        body(bytes) {
            // A copy: the handler may use its memory again.
            const copy = new Uint8Array(bytes.length);
            TypedArrayPrototypeSet(copy, bytes, 0);
            ArrayPrototypePush(chunks, copy);
            length += copy.length;
        },
        end(res) {
            enqueue(finished, [res]);
        },
    };
    const socket = new MessageSocket(sink, {
        isEncrypted, remoteAddress: request.remoteAddress ?? "127.0.0.1", remotePort: 0,
    });
    const req = new (options?.IncomingMessage ?? IncomingMessage)(socket);
    req.httpVersionMajor = 1;
    req.httpVersionMinor = 1;
    req.httpVersion = "1.1";
    req.method = method;
    req.url = withoutFragment(path);
    req.rawHeaders = rawFields(request.headers ?? [], host, body.length, method);
    req.upgrade = false;
    req.joinDuplicateHeaders = options?.joinDuplicateHeaders ?? false;
    feed(req, body);

    const res = new (options?.ServerResponse ?? ServerResponse)(req);
    res.sendDate = false;
    socket.server = options === undefined ? null : target;
    res.assignSocket(socket);
    request.prepare?.(req, res);

    const finished = () => {
        if (head === undefined) sink.head(res);
        const { fields, hasLength, status, statusMessage } = head;
        const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
        if (hasBody && !hasLength) ArrayPrototypePush(fields, ["Content-Length", String(length)]);
        isSettled = true;
        const whole = hasBody ? joined(chunks, length) : new Uint8Array(0);
        resolve({ __proto__: null, status, statusMessage, headers: fields, body: whole });
        if (!req._consuming) req._dump();
        res.detachSocket(socket);
        res.destroyed = true;
        res._closed = true;
        res.emit("close");
        socket.destroy();
    };
    const refuse = (error) => {
        // What comes after the answer is a rejection that nobody handles.
        if (isSettled) throw error;
        isSettled = true;
        reject(error);
    };
    socket.on("error", () => {});
    socket.on("close", () => {
        if (res.finished || isSettled) return;
        const error = nodeError(Error, "ECONNRESET", "the handler closed the connection before its answer was whole");
        refuse(socket.errored ?? error);
    });

    if (options !== undefined) {
        if (!target.emit("request", req, res)) {
            reject(nodeError(Error, "ERR_HTTP_NO_HANDLER", "the server has no handler for requests"));
        }
        return;
    }
    const returned = FunctionPrototypeCall(target, undefined, req, res);
    if (returned !== null && typeof returned === "object" && typeof returned.then === "function") {
        PromisePrototypeThen(new Promise((settle) => settle(returned)), undefined, refuse);
    }
});
