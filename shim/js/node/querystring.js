// node:querystring (Node's documentation, "Query string").

// The module gives the class of `asBuffer` its methods.
import "./buffer.js";
import { asBuffer } from "./buffer/bytes.js";
import { decode } from "./buffer/encodings.js";
import { nodeError } from "../node_errors.js";
import { primordials } from "../primordials.js";

const {
    ArrayIsArray, ArrayPrototypePush, NumberIsFinite, ObjectKeys, String, StringFromCodePoint,
    StringPrototypeCharCodeAt, StringPrototypeIndexOf, StringPrototypeReplaceAll, StringPrototypeSlice, URIError,
    Uint8Array, decodeURIComponent, encodeURIComponent,
} = primordials;

const digitOf = (unit) => {
    if (48 <= unit && unit <= 57) return unit - 48;
    const letter = unit | 32;
    return 97 <= letter && letter <= 102 ? letter - 87 : -1;
};

/** The bytes of a text with its `%XX` replaced; `decodeSpaces` makes a blank of "+". */
const unescapeBuffer = (s, decodeSpaces = false) => {
    const text = `${s}`;
    const bytes = new Uint8Array(text.length);
    let length = 0;
    for (let at = 0; at < text.length; at++) {
        const unit = StringPrototypeCharCodeAt(text, at);
        let byte = unit;
        if (unit === 37) {
            const high = digitOf(StringPrototypeCharCodeAt(text, at + 1));
            const low = digitOf(StringPrototypeCharCodeAt(text, at + 2));
            if (high !== -1 && low !== -1) {
                byte = high * 16 + low;
                at += 2;
            }
        } else if (unit === 43 && decodeSpaces) {
            byte = 32;
        }
        bytes[length++] = byte;
    }
    const result = new Uint8Array(length);
    for (let at = 0; at < length; at++) result[at] = bytes[at];
    return asBuffer(result);
};

const unescape = (s, decodeSpaces = false) => {
    try {
        return decodeURIComponent(s);
    } catch {
        return decode(unescapeBuffer(s, decodeSpaces), "utf8");
    }
};

/** Node's answer to a surrogate without its other half: whatever unit follows is taken as that half. */
const paired = (text) => {
    let result = "";
    for (let at = 0; at < text.length; at++) {
        const unit = StringPrototypeCharCodeAt(text, at);
        if (unit < 0xD800 || 0xDFFF < unit) {
            result += text[at];
            continue;
        }
        at++;
        if (at === text.length) throw nodeError(URIError, "ERR_INVALID_URI", "URI malformed");
        const low = StringPrototypeCharCodeAt(text, at) & 0x3FF;
        result += StringFromCodePoint(0x10000 + (((unit & 0x3FF) << 10) | low));
    }
    return result;
};

const escape = (str) => {
    const text = typeof str === "string" ? str : typeof str === "object" ? String(str) : `${str}`;
    try {
        return encodeURIComponent(text);
    } catch {
        return encodeURIComponent(paired(text));
    }
};

const stringOf = (value) => {
    if (typeof value === "string") return value;
    if (typeof value === "number") return NumberIsFinite(value) ? `${value}` : "";
    if (typeof value === "bigint" || typeof value === "boolean") return `${value}`;
    return "";
};

const stringify = (obj, sep, eq, options) => {
    const separator = sep || "&";
    const equals = eq || "=";
    // A program may have replaced `querystring.escape`; it is asked for each time.
    const given = options?.encodeURIComponent;
    const encode = typeof given === "function" ? given : module.escape;
    if (obj === null || typeof obj !== "object") return "";
    const keys = ObjectKeys(obj);
    let text = "";
    for (let at = 0; at < keys.length; at++) {
        const value = obj[keys[at]];
        const start = `${encode(stringOf(keys[at]))}${equals}`;
        if (ArrayIsArray(value)) {
            for (let index = 0; index < value.length; index++) {
                if (text !== "") text += separator;
                text += start + encode(stringOf(value[index]));
            }
        } else {
            if (text !== "") text += separator;
            text += start + encode(stringOf(value));
        }
    }
    return text;
};

/** Whether the text has a `%XX`; what only looks like one stays as it is. */
const hasEscape = (text) => {
    let at = StringPrototypeIndexOf(text, "%");
    for (; at !== -1; at = StringPrototypeIndexOf(text, "%", at + 1)) {
        const isPair = digitOf(StringPrototypeCharCodeAt(text, at + 1)) !== -1
            && digitOf(StringPrototypeCharCodeAt(text, at + 2)) !== -1;
        if (isPair) return true;
    }
    return false;
};

const decodedBy = (decoder, isOwn, text) => {
    const shown = StringPrototypeReplaceAll(text, "+", isOwn ? " " : "%20");
    if (isOwn && !hasEscape(shown)) return shown;
    try {
        return decoder(shown);
    } catch {
        return unescape(shown, true);
    }
};

const parse = (qs, sep, eq, options) => {
    const result = { __proto__: null };
    if (typeof qs !== "string" || qs.length === 0) return result;
    const separator = sep ? `${sep}` : "&";
    const equals = eq ? `${eq}` : "=";
    const given = options?.decodeURIComponent;
    const isOwn = typeof given !== "function" && module.unescape === unescape;
    const decoder = typeof given === "function" ? given : module.unescape;
    let most = 1000;
    if (typeof options?.maxKeys === "number") most = 0 < options.maxKeys ? options.maxKeys : -1;
    let from = 0;
    for (let pairs = 0; from <= qs.length && pairs !== most;) {
        // An empty separator separates nothing.
        let to = separator === "" ? -1 : StringPrototypeIndexOf(qs, separator, from);
        if (to === -1) to = qs.length;
        const part = StringPrototypeSlice(qs, from, to);
        from = to + (separator.length || 1);
        // An empty part counts too.
        pairs++;
        if (part === "") continue;
        const middle = StringPrototypeIndexOf(part, equals);
        const rawKey = middle === -1 ? part : StringPrototypeSlice(part, 0, middle);
        const rawValue = middle === -1 ? "" : StringPrototypeSlice(part, middle + equals.length);
        const key = rawKey === "" ? "" : decodedBy(decoder, isOwn, rawKey);
        const value = rawValue === "" ? "" : decodedBy(decoder, isOwn, rawValue);
        const before = result[key];
        if (before === undefined) result[key] = value;
        else if (typeof before === "object") ArrayPrototypePush(before, value);
        else result[key] = [before, value];
    }
    return result;
};

const module = { unescapeBuffer, unescape, escape, stringify, encode: stringify, parse, decode: parse };

export default module;
