// What an HTTP-shaped call is made of, and what answers become (no network is behind it: the call came in whole, the
// answer goes out whole).
//
// A call is {method, url, headers, body}: `url` is absolute or a path, `headers` a list of [name, value] in order and
// with repetitions, `body` a Uint8Array. An answer is {status, headers, body} of the same kinds.

import { bodyOfBytes, readBody, takeBytes } from "../body.js";
import { appendHeader, checkPairs, headerPairs, newHeaderList } from "../headers.js";
import { joinedFields } from "../http/fields.js";
import { asciiLower, extractMimeType, isJsonMimeType, isTextualMimeType } from "../mime.js";
import "../node/buffer.js";
import { asBuffer } from "../node/buffer/bytes.js";
import { copyOf, isUtf8, lengthOf, utf8Decode, utf8DecodeKeeping, utf8Encode } from "../octets.js";
import { primordials } from "../primordials.js";
import { makeRequest, normalizeMethod } from "../request.js";
import { Response, isResponse, responseRecord } from "../response.js";
import { urlFromRecord } from "../url.js";
import { parseForm } from "../url_encoding.js";
import { parseURL, serializeURL } from "../url_parser.js";
import { isArrayBuffer, isObject } from "../webidl.js";

const {
    ArrayBufferIsView, ArrayIsArray, ArrayPrototypePush, FunctionPrototypeSymbolHasInstance, JSONParse, JSONStringify,
    NumberIsInteger, ObjectDefineProperty, ObjectKeys, Promise, RangeError, ReflectGetOwnPropertyDescriptor, String,
    StringPrototypeStartsWith, SymbolToStringTag, SyntaxError, TypeError, Uint8Array,
    decodeURIComponent,
} = primordials;

/** The combined value of a header by its name in lower case, or null. */
export const headerOfCall = (headers, name) => {
    let combined = null;
    for (let at = 0; at < headers.length; at++) {
        if (asciiLower(headers[at][0]) !== name) continue;
        combined = combined === null ? headers[at][1] : `${combined}, ${headers[at][1]}`;
    }
    return combined;
};

// The record of a call's URL: one that is a path belongs to the Host header, else to localhost.
const recordOfCall = ({ url, headers }) => {
    const isPath = StringPrototypeStartsWith(url, "/");
    const text = isPath ? `http://${headerOfCall(headers, "host") ?? "localhost"}${url}` : url;
    const record = parseURL(text, null);
    if (record === null) throw new BadCall(`"${text}" is no URL.`);
    return record;
};

/** The URL of a call, as an object of the web's class. */
export const urlOfCall = (http) => urlFromRecord(recordOfCall(http));

/** Its parts: {href, path, query, target}; `target` is path and query, as a request line has it. */
export const locationOfCall = (http) => {
    const record = recordOfCall(http);
    const { path } = record;
    const query = record.query ?? "";
    return { href: serializeURL(record), path, query, target: query === "" ? path : `${path}?${query}` };
};

/** The pairs of a query, in order. */
export const queryPairs = (query) => parseForm(query);

/** An object of the pairs: the value of a name, and a list of values for one that comes several times. */
export const queryObject = (pairs) => {
    const query = {};
    for (let at = 0; at < pairs.length; at++) {
        const name = pairs[at][0];
        const value = pairs[at][1];
        const had = ReflectGetOwnPropertyDescriptor(query, name)?.value;
        if (had === undefined) setOwn(query, name, value);
        else if (ArrayIsArray(had)) ArrayPrototypePush(had, value);
        else setOwn(query, name, [had, value]);
    }
    return query;
};

/** Node's object of headers: names in lower case, repetitions joined, Set-Cookie always as a list. */
export const headersObject = (headers) => {
    const raw = [];
    for (let at = 0; at < headers.length; at++) ArrayPrototypePush(raw, headers[at][0], headers[at][1]);
    return joinedFields(raw, false);
};

/** A text without its percent signs, as it is where it is not encoded well. */
export const percentDecoded = (text) => {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
};

/** Defines an own property as an assignment would, whatever prototypes say. */
export const setOwn = (object, name, value) => {
    const described = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
    ObjectDefineProperty(object, name, described);
};

/** Copies the members of one object onto another; what is no object has none. */
export const mergeOnto = (object, members) => {
    if (!isObject(members)) return object;
    const names = ObjectKeys(members);
    for (let at = 0; at < names.length; at++) setOwn(object, names[at], members[names[at]]);
    return object;
};

/** The MIME type record of a call's or an answer's body, or null. */
export const mimeTypeOf = (headers) => extractMimeType(headerOfCall(headers, "content-type"));

/** Whether the body is to be read as text: its type says so, or it has none and is UTF-8. */
export const isTextBody = ({ headers, body }) => {
    const type = headerOfCall(headers, "content-type");
    return type === null ? isUtf8(body) : isTextualMimeType(extractMimeType(type));
};

/** A Buffer over the bytes, without a copy. */
export const bufferOf = (bytes) => asBuffer(bytes);

/** What is thrown for a URL that is none and a body that is not what its type says; the call is answered with 400. */
class BadCall {
    #message;

    constructor(message) {
        this.#message = message;
    }

    static messageOf(value) {
        return isObject(value) && #message in value ? value.#message : undefined;
    }
}

/** The text of a BadCall, or undefined for other values. */
export const badCallMessage = BadCall.messageOf;

const parsedJson = (body) => {
    try {
        return JSONParse(utf8Decode(body));
    } catch (error) {
        if (FunctionPrototypeSymbolHasInstance(SyntaxError, error)) {
            throw new BadCall(`The body is no JSON: ${error.message}`);
        }
        if (FunctionPrototypeSymbolHasInstance(RangeError, error)) throw new BadCall("The body is nested too deeply.");
        throw error;
    }
};

/** Fields of a form that are made into an object: each takes some 200 bytes. */
const MOST_PAIRS = 10000;
const AMPERSAND = 0x26;

/** The body by its content type: JSON is parsed, a form is an object, text is a string, everything else a Buffer. */
export const parsedBody = ({ headers, body }) => {
    const mimeType = mimeTypeOf(headers);
    if (isJsonMimeType(mimeType)) return parsedJson(body);
    if (mimeType === null) return bufferOf(body);
    if (mimeType.type === "text") return utf8Decode(body);
    if (mimeType.type === "application" && mimeType.subtype === "x-www-form-urlencoded") {
        let pairs = 1;
        for (let at = 0; at < lengthOf(body); at++) if (body[at] === AMPERSAND) pairs++;
        if (MOST_PAIRS < pairs) throw new BadCall(`The form has ${pairs} fields; at most ${MOST_PAIRS} are taken.`);
        return queryObject(parseForm(utf8DecodeKeeping(body)));
    }
    return bufferOf(body);
};

/** The Request of a call. */
export const requestOfCall = (http) => {
    const headers = newHeaderList("request");
    for (let at = 0; at < http.headers.length; at++) appendHeader(headers, http.headers[at][0], http.headers[at][1]);
    const method = normalizeMethod(http.method);
    const hasBody = 0 < lengthOf(http.body) && method !== "GET" && method !== "HEAD";
    return makeRequest({
        method, url: serializeURL(recordOfCall(http)), headers, body: hasBody ? bodyOfBytes(http.body) : null,
    });
};

const checkedStatus = (status) => {
    if (NumberIsInteger(status) && 200 <= status && status <= 599) return status;
    throw new TypeError(`An answer's status is within 200 to 599, not ${String(status)}.`);
};

/** The answer that a Response is; a promise, unless its bytes are at hand. */
export const answerOfResponse = (response) => {
    const { type, status, headers, body } = responseRecord(response);
    if (type === "error") throw new TypeError("Response.error() is no answer.");
    const answer = { status: checkedStatus(status), headers: headerPairs(headers), body: undefined };
    answer.body = body === null ? new Uint8Array(0) : takeBytes(body);
    if (answer.body !== undefined) return answer;
    return new Promise((resolve, reject) => {
        const done = (bytes) => {
            answer.body = bytes;
            resolve(answer);
        };
        readBody(body, done, reject);
    });
};

/** Bytes of any view or buffer, copied; undefined for other values. */
export const bytesOfValue = (value) => {
    if (typeof value !== "object" || value === null) return undefined;
    return ArrayBufferIsView(value) || isArrayBuffer(value) ? copyOf(value) : undefined;
};

/** An answer with a status, pairs of headers and a body that is text, bytes, nothing or what JSON can say. */
export const answerOf = (status, headers, body, typeOfText = "text/plain; charset=utf-8") => {
    checkPairs(headers);
    const hasType = headerOfCall(headers, "content-type") !== null;
    const say = (type) => {
        if (!hasType) ArrayPrototypePush(headers, ["content-type", type]);
    };
    let bytes;
    if (body === undefined || body === null) {
        bytes = new Uint8Array(0);
    } else if (typeof body === "string") {
        say(typeOfText);
        bytes = utf8Encode(body);
    } else {
        bytes = bytesOfValue(body);
        if (bytes !== undefined) {
            say("application/octet-stream");
        } else {
            say("application/json; charset=utf-8");
            bytes = utf8Encode(JSONStringify(body) ?? "");
        }
    }
    return { status: checkedStatus(status), headers, body: bytes };
};

// A class of a library that says to be a Response, and does what one does, is taken by its members.
const isLikeResponse = (value) =>
    isObject(value) && typeof value.arrayBuffer === "function" && typeof value.status === "number"
    && (value instanceof Response || value[SymbolToStringTag] === "Response");

const answerOfLike = async (value) => {
    const { status, statusText, headers } = value;
    const body = status === 204 || status === 205 || status === 304 ? null : await value.arrayBuffer();
    return await answerOfResponse(new Response(body, { status, statusText: statusText ?? "", headers }));
};

/** The answer that a Response is, ours or a library's own, or a promise of it; undefined for everything else. */
export const answerOfAnyResponse = (value) => {
    if (isResponse(value)) return answerOfResponse(value);
    return isLikeResponse(value) ? answerOfLike(value) : undefined;
};

/** The answer of a function that returns values: a Response is one already. */
export const answerOfValue = (value) => answerOfAnyResponse(value) ?? answerOf(200, [], value);

/** Pairs of an object of headers, whose values may be lists. */
export const pairsOfObject = (headers) => {
    const pairs = [];
    if (!isObject(headers)) return pairs;
    const names = ObjectKeys(headers);
    for (let at = 0; at < names.length; at++) {
        const name = names[at];
        const value = headers[name];
        if (ArrayIsArray(value)) {
            for (let index = 0; index < value.length; index++) ArrayPrototypePush(pairs, [name, textOf(value[index])]);
        } else if (value !== undefined && value !== null) {
            ArrayPrototypePush(pairs, [name, textOf(value)]);
        }
    }
    return pairs;
};

const textOf = (value) => (typeof value === "string" ? value : String(value));

/** An event as the HTTP-shaped call that stands for it: POST / with JSON, or with the bytes as they are. */
export const callOfEvent = (event) => {
    const bytes = bytesOfValue(event);
    if (bytes !== undefined) {
        return { method: "POST", url: "/", headers: [["content-type", "application/octet-stream"]], body: bytes };
    }
    const text = JSONStringify(event);
    return {
        method: "POST",
        url: "/",
        headers: [["content-type", "application/json"]],
        body: text === undefined ? new Uint8Array(0) : utf8Encode(text),
    };
};

/** What an event call gets of an HTTP answer: its body as payload, JSON by its content type, and its head beside it. */
export const payloadOfAnswer = ({ status, headers, body }) => ({
    payload: body,
    encoding: isJsonMimeType(mimeTypeOf(headers)) && 0 < lengthOf(body) ? "json" : "bytes",
    http: { status, headers },
});
