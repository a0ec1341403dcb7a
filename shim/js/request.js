// Request (Fetch Standard, section 5.4 "Request class").
//
// There is no document and no origin here: a URL has no base, a relative one is a TypeError; `mode`, `credentials`,
// `cache`, `referrer` and the like are kept and given back, and change nothing.

import { abortReason, createDependentSignal, createSignal, isAborted, isAbortSignal } from "./abort.js";
import { resolveBlobUrl } from "./blob_url.js";
import { USED, cloneBody, extractBody, isBodyUnusable, mixBody, takeBody } from "./body.js";
import {
    appendHeader, copyHeaderList, fillHeaders, hasHeader, headerOf, newHeaderList, toHeadersInit, wrapHeaderList,
} from "./headers.js";
import { isToken } from "./mime.js";
import { primordials } from "./primordials.js";
import { registerPlatform } from "./structured_clone.js";
import { parseURL, serializeURL } from "./url_parser.js";
import {
    ByteString, DOMString, USVString, any, boolean, defineInterface, dictionary, enumeration, interfaceOf, isObject,
    needs, nullable,
} from "./webidl.js";

const { StringPrototypeStartsWith, StringPrototypeToUpperCase, TypeError } = primordials;

const toRequestInit = dictionary([
    { key: "body", converter: nullable(any) },
    {
        key: "cache",
        converter: enumeration(
            "RequestCache", ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"],
        ),
    },
    { key: "credentials", converter: enumeration("RequestCredentials", ["omit", "same-origin", "include"]) },
    { key: "duplex", converter: enumeration("RequestDuplex", ["half"]) },
    { key: "headers", converter: toHeadersInit },
    { key: "integrity", converter: DOMString },
    { key: "keepalive", converter: boolean },
    { key: "method", converter: ByteString },
    { key: "mode", converter: enumeration("RequestMode", ["navigate", "same-origin", "no-cors", "cors"]) },
    { key: "priority", converter: enumeration("RequestPriority", ["high", "low", "auto"]) },
    { key: "redirect", converter: enumeration("RequestRedirect", ["follow", "error", "manual"]) },
    { key: "referrer", converter: USVString },
    {
        key: "referrerPolicy",
        converter: enumeration("ReferrerPolicy", [
            "", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
            "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url",
        ]),
    },
    { key: "signal", converter: nullable(interfaceOf("AbortSignal", isAbortSignal)) },
    { key: "window", converter: any },
]);

const newRecord = (method, url, headers) => ({
    __proto__: null,
    method,
    url,
    // What a blob: URL led to when the request was made: that URL may be revoked since.
    blob: StringPrototypeStartsWith(url, "blob:") ? resolveBlobUrl(url) : undefined,
    headers,
    body: null,
    cache: "default",
    credentials: "same-origin",
    integrity: "",
    keepalive: false,
    mode: "cors",
    redirect: "follow",
    referrer: "about:client",
    referrerPolicy: "",
});

const copyRecord = (record) => {
    const copy = newRecord(record.method, record.url, copyHeaderList(record.headers, "request"));
    copy.blob = record.blob;
    copy.cache = record.cache;
    copy.credentials = record.credentials;
    copy.integrity = record.integrity;
    copy.keepalive = record.keepalive;
    copy.mode = record.mode;
    copy.redirect = record.redirect;
    copy.referrer = record.referrer;
    copy.referrerPolicy = record.referrerPolicy;
    return copy;
};

/** A method as it is sent: the six well-known ones in upper case, others as they are. */
export const normalizeMethod = (method) => {
    const upper = StringPrototypeToUpperCase(method);
    if (upper === "GET" || upper === "POST" || upper === "PUT" || upper === "DELETE") return upper;
    return upper === "HEAD" || upper === "OPTIONS" ? upper : method;
};

const checkedMethod = (method) => {
    if (!isToken(method)) throw new TypeError(`"${method}" is no method.`);
    const upper = StringPrototypeToUpperCase(method);
    if (upper === "CONNECT" || upper === "TRACE" || upper === "TRACK") {
        throw new TypeError(`The method ${upper} is forbidden.`);
    }
    return normalizeMethod(method);
};

const parseUrl = (text) => {
    const url = parseURL(text, null);
    if (url === null) throw new TypeError(`"${text}" is no absolute URL.`);
    if (url.username !== "" || url.password !== "") {
        throw new TypeError("The URL of a request has no user name and no password.");
    }
    return serializeURL(url);
};

// The "referrer" member: "" is none, "about:client" the default, else a URL.
const parseReferrer = (text) => {
    if (text === "") return "";
    const url = parseURL(text, null);
    if (url === null) throw new TypeError(`The referrer "${text}" is no absolute URL.`);
    return url.scheme === "about" && url.path === "client" ? "about:client" : serializeURL(url);
};

const SIMPLE = ["cache", "credentials", "integrity", "keepalive", "mode", "redirect", "referrerPolicy"];

const hasMember = (init) => {
    for (const _ in init) return true;
    return false;
};

// The members of a RequestInit that change the record, in the order of the constructor's steps.
const applyInit = (record, init) => {
    if (init.window !== undefined && init.window !== null) {
        throw new TypeError("\"window\" of a request is null or absent.");
    }
    if (hasMember(init)) {
        if (record.mode === "navigate") record.mode = "same-origin";
        record.referrer = "about:client";
        record.referrerPolicy = "";
    }
    if (init.referrer !== undefined) record.referrer = parseReferrer(init.referrer);
    if (init.mode === "navigate") throw new TypeError("A request of the mode \"navigate\" cannot be made.");
    for (let at = 0; at < SIMPLE.length; at++) {
        const member = init[SIMPLE[at]];
        if (member !== undefined) record[SIMPLE[at]] = member;
    }
    if (record.cache === "only-if-cached" && record.mode !== "same-origin") {
        throw new TypeError("The cache mode \"only-if-cached\" needs the mode \"same-origin\".");
    }
    if (init.method !== undefined) record.method = checkedMethod(init.method);
};

// Only the scripts here have it: a constructor that gets it takes over the record that comes with it.
const INTERNAL = { __proto__: null };

const isSimpleMethod = (method) => method === "GET" || method === "HEAD" || method === "POST";

let recordOf;
let signalOf;
let signalGiven;
let isRequest;

export class Request {
    #record;
    #headers = null;
    // Made when it is first asked for, unless it depends on another.
    #signal = null;

    constructor(input, init = undefined) {
        if (input === INTERNAL) {
            this.#record = init;
            return;
        }
        needs(arguments.length, 1, "Request");
        const from = isRequest(input) ? input : null;
        const text = from === null ? USVString(input, "Argument 1 of Request") : null;
        const given = toRequestInit(init, "Argument 2 of Request");
        const source = from === null ? null : from.#record;
        const record = source === null
            ? newRecord("GET", parseUrl(text), newHeaderList("request"))
            : copyRecord(source);
        applyInit(record, given);
        let signal = given.signal;
        if (signal === undefined && from !== null) signal = signalOf(from);
        if (signal !== undefined && signal !== null) this.#signal = createDependentSignal([signal]);
        if (record.mode === "no-cors" && !isSimpleMethod(record.method)) {
            throw new TypeError(`The method ${record.method} is not allowed with the mode "no-cors".`);
        }
        if (given.headers !== undefined) {
            record.headers = newHeaderList("request");
            fillHeaders(record.headers, given.headers);
        }
        const inputBody = source === null ? null : source.body;
        const hasInit = given.body !== undefined && given.body !== null;
        if ((hasInit || inputBody !== null) && (record.method === "GET" || record.method === "HEAD")) {
            throw new TypeError(`A request of the method ${record.method} has no body.`);
        }
        if (hasInit) takeInit(record, given);
        else if (inputBody !== null) record.body = takeInput(inputBody);
        this.#record = record;
    }

    get method() {
        return this.#record.method;
    }

    get url() {
        return this.#record.url;
    }

    get headers() {
        const { headers } = this.#record;
        this.#headers ??= wrapHeaderList(headers);
        return this.#headers;
    }

    get destination() {
        this.#record;
        return "";
    }

    get referrer() {
        return this.#record.referrer;
    }

    get referrerPolicy() {
        return this.#record.referrerPolicy;
    }

    get mode() {
        return this.#record.mode;
    }

    get credentials() {
        return this.#record.credentials;
    }

    get cache() {
        return this.#record.cache;
    }

    get redirect() {
        return this.#record.redirect;
    }

    get integrity() {
        return this.#record.integrity;
    }

    get keepalive() {
        return this.#record.keepalive;
    }

    get isReloadNavigation() {
        this.#record;
        return false;
    }

    get isHistoryNavigation() {
        this.#record;
        return false;
    }

    get signal() {
        this.#record;
        this.#signal ??= createSignal();
        return this.#signal;
    }

    get duplex() {
        this.#record;
        return "half";
    }

    clone() {
        const record = this.#record;
        if (isBodyUnusable(record.body)) throw new TypeError(USED);
        const copy = copyRecord(record);
        copy.body = cloneBody(record.body);
        const cloned = new Request(INTERNAL, copy);
        cloned.#signal = createDependentSignal([signalOf(this)]);
        return cloned;
    }

    static {
        recordOf = (request) => request.#record;
        signalOf = (request) => {
            request.#signal ??= createSignal();
            return request.#signal;
        };
        signalGiven = (request) => request.#signal;
        isRequest = (value) => isObject(value) && #record in value;
    }
}

const takeInit = (record, init) => {
    const { body, type } = extractBody(init.body, "The body of the request");
    record.body = body;
    if (type !== null && !hasHeader(record.headers, "content-type")) appendHeader(record.headers, "Content-Type", type);
    // A body that is a stream has no source.
    if (body.stream !== null) {
        if (record.keepalive) throw new TypeError("A request with keepalive has no body that is a stream.");
        if (init.duplex === undefined) throw new TypeError("A request whose body is a stream needs duplex: \"half\".");
        if (record.mode !== "same-origin" && record.mode !== "cors") {
            throw new TypeError(`A body that is a stream is not allowed with the mode "${record.mode}".`);
        }
    }
};

const takeInput = (body) => {
    if (isBodyUnusable(body)) throw new TypeError(USED);
    return takeBody(body);
};

mixBody(
    Request,
    (request) => recordOf(request).body,
    (request) => headerOf(recordOf(request).headers, "content-type"),
);
defineInterface(Request);
registerPlatform(Request);

export { isRequest };

/** Its {method, url, headers, body, ...}: the header list and the body of body.js. */
export const requestRecord = (request) => recordOf(request);

/** Its signal, or null if nobody gave it one or asked for it: then it is never aborted. */
export const requestSignal = (request) => signalGiven(request);

/** Whether its signal is aborted, and why: {reason} or null. */
export const requestAborted = (request) => {
    const signal = signalGiven(request);
    return signal !== null && isAborted(signal) ? { reason: abortReason(signal) } : null;
};

/** A request that came in, taken as it is: `headers` is a header list, `body` one of body.js or null. */
export const makeRequest = ({ method, url, headers, body }) => {
    const record = newRecord(method, url, headers);
    record.body = body;
    return new Request(INTERNAL, record);
};

export const globals = { Request };
