// Response (Fetch Standard, section 5.5 "Response class").

import { USED, bodyOfBytes, cloneBody, extractBody, isBodyUnusable, mixBody } from "./body.js";
import {
    appendHeader, copyHeaderList, fillHeaders, hasHeader, headerOf, newHeaderList, toHeadersInit, wrapHeaderList,
} from "./headers.js";
import { utf8Encode } from "./octets.js";
import { primordials } from "./primordials.js";
import { registerPlatform } from "./structured_clone.js";
import { parseURL, serializeURL } from "./url_parser.js";
import { ByteString, USVString, defineInterface, dictionary, isObject, needs, unsignedShort } from "./webidl.js";

const {
    JSONStringify, RangeError, StringPrototypeCharCodeAt, StringPrototypeIndexOf, StringPrototypeSlice, TypeError,
} = primordials;

const toResponseInit = dictionary([
    { key: "headers", converter: toHeadersInit },
    { key: "status", converter: unsignedShort, otherwise: 200 },
    { key: "statusText", converter: ByteString, otherwise: "" },
]);

/** 101, 103, 204, 205 and 304 have no body. */
export const isNullBodyStatus = (status) =>
    status === 204 || status === 304 || status === 205 || status === 101 || status === 103;

// The reason-phrase of RFC 9112: tabs, blanks, visible characters and bytes above 127.
const isReasonPhrase = (text) => {
    for (let at = 0; at < text.length; at++) {
        const code = StringPrototypeCharCodeAt(text, at);
        if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false;
    }
    return true;
};

/** A response's record: `url` is that of its list or "", `body` null or one of body.js. */
const newRecord = (headers) =>
    ({ __proto__: null, type: "default", url: "", status: 200, statusText: "", headers, body: null });

// "Initialize a response"
const initialize = (record, init, extracted) => {
    if (init.status < 200 || 599 < init.status) {
        throw new RangeError(`The status ${init.status} is not within 200 to 599.`);
    }
    if (!isReasonPhrase(init.statusText)) throw new TypeError("The status text has a character that is not allowed.");
    record.status = init.status;
    record.statusText = init.statusText;
    if (init.headers !== undefined) fillHeaders(record.headers, init.headers);
    if (extracted === null) return;
    if (isNullBodyStatus(init.status)) throw new TypeError(`A response of status ${init.status} has no body.`);
    record.body = extracted.body;
    if (extracted.type !== null && !hasHeader(record.headers, "content-type")) {
        appendHeader(record.headers, "Content-Type", extracted.type);
    }
};

// Only the scripts here have it: a constructor that gets it takes over the record that comes with it.
const INTERNAL = { __proto__: null };

let recordOf;
let isResponse;
let wrap;

export class Response {
    #record;
    #headers = null;

    constructor(body = null, init = undefined) {
        if (body === INTERNAL) {
            this.#record = init;
            return;
        }
        this.#record = newRecord(newHeaderList("response"));
        const extracted = body === null || body === undefined ? null : toExtracted(body);
        initialize(this.#record, toResponseInit(init, "Argument 2 of Response"), extracted);
    }

    static error() {
        const record = newRecord(newHeaderList("immutable"));
        record.type = "error";
        record.status = 0;
        return wrap(record);
    }

    static redirect(url, status = 302) {
        needs(arguments.length, 1, "Response.redirect");
        const given = USVString(url, "Argument 1 of Response.redirect");
        const code = unsignedShort(status, "Argument 2 of Response.redirect");
        const location = parseURL(given, null);
        if (location === null) throw new TypeError(`"${given}" is no absolute URL.`);
        if (code !== 301 && code !== 302 && code !== 303 && code !== 307 && code !== 308) {
            throw new RangeError(`${code} is no status of a redirect.`);
        }
        const record = newRecord(newHeaderList("immutable"));
        record.status = code;
        appendHeader(record.headers, "Location", serializeURL(location));
        return wrap(record);
    }

    static json(data, init = undefined) {
        needs(arguments.length, 1, "Response.json");
        const converted = toResponseInit(init, "Argument 2 of Response.json");
        const text = JSONStringify(data);
        if (text === undefined) throw new TypeError("The data is nothing that JSON can say.");
        const record = newRecord(newHeaderList("response"));
        initialize(record, converted, { body: bodyOfBytes(utf8Encode(text)), type: "application/json" });
        return wrap(record);
    }

    get type() {
        return this.#record.type;
    }

    get url() {
        return this.#record.url;
    }

    get redirected() {
        this.#record;
        return false;
    }

    get status() {
        return this.#record.status;
    }

    get ok() {
        const { status } = this.#record;
        return 200 <= status && status <= 299;
    }

    get statusText() {
        return this.#record.statusText;
    }

    get headers() {
        const { headers } = this.#record;
        this.#headers ??= wrapHeaderList(headers);
        return this.#headers;
    }

    clone() {
        const record = this.#record;
        if (isBodyUnusable(record.body)) throw new TypeError(USED);
        const copy = newRecord(copyHeaderList(record.headers));
        copy.type = record.type;
        copy.url = record.url;
        copy.status = record.status;
        copy.statusText = record.statusText;
        copy.body = cloneBody(record.body);
        return wrap(copy);
    }

    static {
        recordOf = (response) => response.#record;
        isResponse = (value) => isObject(value) && #record in value;
        wrap = (record) => new Response(INTERNAL, record);
    }
}

const toExtracted = (body) => extractBody(body, "Argument 1 of Response");

mixBody(
    Response,
    (response) => recordOf(response).body,
    (response) => headerOf(recordOf(response).headers, "content-type"),
);
defineInterface(Response);
registerPlatform(Response);

export { isResponse };

/** Its {type, url, status, statusText, headers, body}: the header list and the body of body.js. */
export const responseRecord = (response) => recordOf(response);

/** A response that the runtime makes: of a fetch, or of what another convention answers. */
export const makeResponse = ({ type = "default", url = "", status = 200, statusText = "", headers, body = null }) => {
    const record = newRecord(headers ?? newHeaderList("response"));
    record.type = type;
    const hash = StringPrototypeIndexOf(url, "#");
    record.url = hash < 0 ? url : StringPrototypeSlice(url, 0, hash);
    record.status = status;
    record.statusText = statusText;
    record.body = body;
    return wrap(record);
};

export const globals = { Response };
