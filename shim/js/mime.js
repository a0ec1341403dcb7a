// MIME types: parse, serialize, and what the Content-Type of a header list says.
//
// MIME Sniffing Standard, section 4 "MIME types"; Fetch Standard, section 2.2 "get, decode, and split" and
// "extract a MIME type". A MIME type record is {type, subtype, parameters}; `parameters` is a list of [name, value] in
// the order in which they stand.

import { primordials } from "./primordials.js";

const {
    ArrayPrototypePush, StringPrototypeCharCodeAt, StringPrototypeEndsWith, StringPrototypeSlice,
    StringPrototypeToLowerCase,
} = primordials;

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** An HTTP token code point: a letter, a digit or one of !#$%&'*+-.^_`|~ */
export const isTokenCode = (code) =>
    (0x61 <= code && code <= 0x7a) || (0x41 <= code && code <= 0x5a) || (0x30 <= code && code <= 0x39)
    || code === 0x21 || (0x23 <= code && code <= 0x27) || code === 0x2a || code === 0x2b || code === 0x2d
    || code === 0x2e || code === 0x5e || code === 0x5f || code === 0x60 || code === 0x7c || code === 0x7e;

const isQuotedCode = (code) => code === TAB || (0x20 <= code && code <= 0x7e) || (0x80 <= code && code <= 0xff);

/** HTTP whitespace: tab, line feed, carriage return and space. */
export const isWhitespaceCode = (code) => code === TAB || code === 0x0a || code === 0x0d || code === SPACE;

const isTabOrSpace = (code) => code === TAB || code === SPACE;

const isSolely = (text, isCode) => {
    for (let at = 0; at < text.length; at++) if (!isCode(StringPrototypeCharCodeAt(text, at))) return false;
    return true;
};

export const isToken = (text) => text !== "" && isSolely(text, isTokenCode);

const stripEnd = (text, isCode) => {
    let end = text.length;
    while (0 < end && isCode(StringPrototypeCharCodeAt(text, end - 1))) end--;
    return end === text.length ? text : StringPrototypeSlice(text, 0, end);
};

/** The text without what `isCode` tells of at its start and its end. */
export const strip = (text, isCode = isWhitespaceCode) => {
    let start = 0;
    while (start < text.length && isCode(StringPrototypeCharCodeAt(text, start))) start++;
    return stripEnd(start === 0 ? text : StringPrototypeSlice(text, start), isCode);
};

/** ASCII letters in lower case; others stay. */
export const asciiLower = (text) => {
    for (let at = 0; at < text.length; at++) {
        const code = StringPrototypeCharCodeAt(text, at);
        if (0x41 <= code && code <= 0x5a) return lowerFrom(text);
    }
    return text;
};

const lowerFrom = (text) => {
    if (isSolely(text, (code) => code < 0x80)) return StringPrototypeToLowerCase(text);
    let lowered = "";
    for (let at = 0; at < text.length; at++) {
        const one = text[at];
        lowered += "A" <= one && one <= "Z" ? StringPrototypeToLowerCase(one) : one;
    }
    return lowered;
};

/** The first position from `at` on whose code is one of the two, or the length. */
const find = (text, at, first, second = first) => {
    for (; at < text.length; at++) {
        const code = StringPrototypeCharCodeAt(text, at);
        if (code === first || code === second) break;
    }
    return at;
};

/** Collects an HTTP quoted string from its opening quote on: {value, raw, next}. */
const quotedString = (text, start) => {
    let at = start + 1;
    let value = "";
    for (;;) {
        const stop = find(text, at, QUOTE, BACKSLASH);
        value += StringPrototypeSlice(text, at, stop);
        at = stop;
        if (at === text.length) break;
        const code = StringPrototypeCharCodeAt(text, at);
        at++;
        if (code === QUOTE) break;
        if (at === text.length) {
            value += "\\";
            break;
        }
        value += text[at];
        at++;
    }
    return { value, raw: StringPrototypeSlice(text, start, at), next: at };
};

/** The value of a parameter, or undefined. */
export const parameterOf = (mimeType, name) => {
    const { parameters } = mimeType;
    for (let at = 0; at < parameters.length; at++) if (parameters[at][0] === name) return parameters[at][1];
    return undefined;
};

/** Parses a MIME type: a record, or null on failure. */
export const parseMimeType = (input) => {
    const text = strip(input);
    const slash = find(text, 0, SLASH);
    const type = StringPrototypeSlice(text, 0, slash);
    if (!isToken(type) || slash === text.length) return null;
    let at = find(text, slash + 1, SEMICOLON);
    const subtype = stripEnd(StringPrototypeSlice(text, slash + 1, at), isWhitespaceCode);
    if (!isToken(subtype)) return null;
    const mimeType = { type: asciiLower(type), subtype: asciiLower(subtype), parameters: [] };
    while (at < text.length) {
        at++;
        while (at < text.length && isWhitespaceCode(StringPrototypeCharCodeAt(text, at))) at++;
        const nameEnd = find(text, at, SEMICOLON, EQUALS);
        const name = asciiLower(StringPrototypeSlice(text, at, nameEnd));
        at = nameEnd;
        if (at < text.length) {
            if (StringPrototypeCharCodeAt(text, at) === SEMICOLON) continue;
            at++;
        }
        if (at === text.length) break;
        let value;
        if (StringPrototypeCharCodeAt(text, at) === QUOTE) {
            const quoted = quotedString(text, at);
            value = quoted.value;
            at = find(text, quoted.next, SEMICOLON);
        } else {
            const end = find(text, at, SEMICOLON);
            value = stripEnd(StringPrototypeSlice(text, at, end), isWhitespaceCode);
            at = end;
            if (value === "") continue;
        }
        if (isToken(name) && isSolely(value, isQuotedCode) && parameterOf(mimeType, name) === undefined) {
            ArrayPrototypePush(mimeType.parameters, [name, value]);
        }
    }
    return mimeType;
};

/** Its type and subtype, such as "text/html". */
export const essenceOf = (mimeType) => `${mimeType.type}/${mimeType.subtype}`;

export const serializeMimeType = (mimeType) => {
    let text = essenceOf(mimeType);
    const { parameters } = mimeType;
    for (let at = 0; at < parameters.length; at++) {
        const name = parameters[at][0];
        const value = parameters[at][1];
        text += `;${name}=${isToken(value) ? value : quote(value)}`;
    }
    return text;
};

const quote = (value) => {
    let quoted = "\"";
    for (let at = 0; at < value.length; at++) {
        const one = value[at];
        quoted += one === "\"" || one === "\\" ? `\\${one}` : one;
    }
    return `${quoted}"`;
};

/** Splits a combined header value at the commas outside of quoted strings. */
export const splitHeaderValue = (input) => {
    const values = [];
    let at = 0;
    let value = "";
    for (;;) {
        const stop = find(input, at, QUOTE, COMMA);
        value += StringPrototypeSlice(input, at, stop);
        at = stop;
        if (at < input.length) {
            if (StringPrototypeCharCodeAt(input, at) === QUOTE) {
                const quoted = quotedString(input, at);
                value += quoted.raw;
                at = quoted.next;
                if (at < input.length) continue;
            } else {
                // A comma at the very end is followed by one more, empty value.
                ArrayPrototypePush(values, strip(value, isTabOrSpace));
                value = "";
                at++;
                continue;
            }
        }
        ArrayPrototypePush(values, strip(value, isTabOrSpace));
        return values;
    }
};

/** Extracts a MIME type from the combined value of Content-Type (or null): a record, or null on failure. */
export const extractMimeType = (contentType) => {
    if (contentType === null) return null;
    const values = splitHeaderValue(contentType);
    let charset;
    let essence = null;
    let mimeType = null;
    for (let at = 0; at < values.length; at++) {
        const one = parseMimeType(values[at]);
        if (one === null || essenceOf(one) === "*/*") continue;
        mimeType = one;
        if (essenceOf(one) !== essence) {
            charset = parameterOf(one, "charset");
            essence = essenceOf(one);
        } else if (parameterOf(one, "charset") === undefined && charset !== undefined) {
            ArrayPrototypePush(one.parameters, ["charset", charset]);
        }
    }
    return mimeType;
};

/** Whether it is a JSON MIME type: application/json, text/json or one that ends in +json. */
export const isJsonMimeType = (mimeType) =>
    mimeType !== null
    && (((mimeType.type === "application" || mimeType.type === "text") && mimeType.subtype === "json")
        || StringPrototypeEndsWith(mimeType.subtype, "+json"));

/** Whether a body of this type is text that people read: text, JSON, XML, JavaScript and forms. */
export const isTextualMimeType = (mimeType) => {
    if (mimeType === null) return false;
    if (mimeType.type === "text" || isJsonMimeType(mimeType)) return true;
    if (StringPrototypeEndsWith(mimeType.subtype, "+xml")) return true;
    if (mimeType.type !== "application") return false;
    const { subtype } = mimeType;
    return subtype === "xml" || subtype === "javascript" || subtype === "ecmascript" || subtype === "graphql"
        || subtype === "x-www-form-urlencoded" || subtype === "x-ndjson";
};
