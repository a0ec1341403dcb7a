// Names and values of header fields: what is valid (RFC 9110, sections 5.1 and 5.5) and how repeated ones are joined
// (Node's documentation, "message.headers").

import { nodeError } from "../node_errors.js";
import { primordials } from "../primordials.js";

const {
    ArrayIsArray, ArrayPrototypePush, ObjectDefineProperty, ObjectHasOwn, String, StringPrototypeCharCodeAt,
    StringPrototypeToLowerCase, TypeError,
} = primordials;

const MARKS = "!#$%&'*+-.^_`|~";

// One flag for each ASCII code: true for characters of a token.
const TOKEN = [];
for (let code = 0; code < 128; code++) {
    const isAlphanumeric = (48 <= code && code < 58) || (65 <= code && code < 91) || (97 <= code && code < 123);
    let isMark = false;
    for (let at = 0; at < MARKS.length; at++) if (StringPrototypeCharCodeAt(MARKS, at) === code) isMark = true;
    TOKEN[code] = isAlphanumeric || isMark;
}

export const isToken = (text) => {
    if (text.length === 0) return false;
    for (let at = 0; at < text.length; at++) {
        const code = StringPrototypeCharCodeAt(text, at);
        if (127 < code || !TOKEN[code]) return false;
    }
    return true;
};

/** True if `text` has a character that a field's value cannot have. */
export const hasInvalidCharacter = (text) => {
    for (let at = 0; at < text.length; at++) {
        const code = StringPrototypeCharCodeAt(text, at);
        if ((code < 32 && code !== 9) || code === 127 || 255 < code) return true;
    }
    return false;
};

export const validateHeaderName = function validateHeaderName(name, label) {
    if (typeof name !== "string" || !isToken(name)) {
        throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN",
            `${label || "Header name"} must be a valid HTTP token ["${String(name)}"]`);
    }
};

export const validateHeaderValue = function validateHeaderValue(name, value) {
    if (value === undefined) {
        throw nodeError(TypeError, "ERR_HTTP_INVALID_HEADER_VALUE", `Invalid value "undefined" for header "${name}"`);
    }
    if (hasInvalidCharacter(String(value))) {
        throw nodeError(TypeError, "ERR_INVALID_CHAR", `Invalid character in header content ["${name}"]`);
    }
};

// Fields of which a message has one: a repetition is dropped.
const SINGLE = { __proto__: null };
const SINGLE_NAMES = [
    "age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host", "if-modified-since",
    "if-unmodified-since", "last-modified", "location", "max-forwards", "proxy-authorization", "referer", "retry-after",
    "server", "user-agent",
];
for (let at = 0; at < SINGLE_NAMES.length; at++) SINGLE[SINGLE_NAMES[at]] = true;

const put = (target, key, value) => {
    ObjectDefineProperty(target, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
};

/** The object `headers` of a list of names and values in turns. */
export const joinedFields = (raw, joinsDuplicates) => {
    const headers = {};
    for (let at = 0; at + 1 < raw.length; at += 2) {
        const name = StringPrototypeToLowerCase(raw[at]);
        const value = raw[at + 1];
        const known = ObjectHasOwn(headers, name);
        if (name === "set-cookie") {
            if (known) ArrayPrototypePush(headers[name], value);
            else put(headers, name, [value]);
        } else if (!known) {
            put(headers, name, value);
        } else if (name === "cookie") {
            headers[name] += `; ${value}`;
        } else if (joinsDuplicates || !SINGLE[name]) {
            headers[name] += `, ${value}`;
        }
    }
    return headers;
};

/** The object `headersDistinct`: a list for each name. */
export const distinctFields = (raw) => {
    const headers = { __proto__: null };
    for (let at = 0; at + 1 < raw.length; at += 2) {
        const name = StringPrototypeToLowerCase(raw[at]);
        if (headers[name] === undefined) put(headers, name, [raw[at + 1]]);
        else ArrayPrototypePush(headers[name], raw[at + 1]);
    }
    return headers;
};

/** Calls `each(name, value)` for a list of names and values in turns, of pairs, or an object. */
export const eachField = (fields, each) => {
    if (ArrayIsArray(fields)) {
        if (ArrayIsArray(fields[0])) {
            for (let at = 0; at < fields.length; at++) each(fields[at][0], fields[at][1]);
        } else {
            for (let at = 0; at + 1 < fields.length; at += 2) each(fields[at], fields[at + 1]);
        }
        return;
    }
    for (const name in fields) if (ObjectHasOwn(fields, name)) each(name, fields[name]);
};
