// Percent-encoding (URL Standard, section "Percent-encoded bytes") and application/x-www-form-urlencoded (section of
// the same name). Texts are UTF-16 without lone surrogates; what is encoded and decoded is their UTF-8.

import { primordials } from "./primordials.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePush, RegExpPrototypeExec, StringFromCodePoint, StringPrototypeCharCodeAt,
    StringPrototypeCodePointAt, StringPrototypeIndexOf, StringPrototypeSlice, Uint8Array,
} = primordials;

// The percent-encode sets, each a bit in the table of ASCII characters. Everything above ASCII is in all of them.
export const C0_CONTROL = 1;
export const FRAGMENT = 2;
export const QUERY = 4;
export const SPECIAL_QUERY = 8;
export const PATH = 16;
export const USERINFO = 32;
export const COMPONENT = 64;
export const FORM = 128;

const inSet = new Uint8Array(128);

const add = (sets, characters) => {
    for (let at = 0; at < characters.length; at++) inSet[StringPrototypeCharCodeAt(characters, at)] |= sets;
};

const FROM_USERINFO = USERINFO | COMPONENT | FORM;
const FROM_PATH = PATH | FROM_USERINFO;
const FROM_QUERY = QUERY | SPECIAL_QUERY | FROM_PATH;
for (let code = 0; code < 128; code++) if (code < 0x20 || code === 0x7f) inSet[code] = 255;
add(FRAGMENT, " \"<>`");
add(FROM_QUERY, " \"#<>");
add(SPECIAL_QUERY, "'");
add(FROM_PATH, "?^`{}");
add(FROM_USERINFO, "/:;=@[\\]|");
add(COMPONENT | FORM, "$%&+,");
add(FORM, "!'()~");

const HEX = "0123456789ABCDEF";

const byte = (value) => `%${HEX[value >> 4]}${HEX[value & 15]}`;

/** The percent-encoded UTF-8 of a code point. */
const encodeCodePoint = (code) => {
    if (code < 0x80) return byte(code);
    if (code < 0x800) return byte(0xc0 | (code >> 6)) + byte(0x80 | (code & 63));
    if (code < 0x10000) {
        return byte(0xe0 | (code >> 12)) + byte(0x80 | ((code >> 6) & 63)) + byte(0x80 | (code & 63));
    }
    return byte(0xf0 | (code >> 18)) + byte(0x80 | ((code >> 12) & 63)) + byte(0x80 | ((code >> 6) & 63)) +
        byte(0x80 | (code & 63));
};

// What is in no set needs no look at the table.
const NOT_PLAIN = /[^A-Za-z0-9*\-._]/;

/** "UTF-8 percent-encode" a text with one of the sets above. */
export const percentEncode = (text, set) => {
    const found = RegExpPrototypeExec(NOT_PLAIN, text);
    if (found === null) return text;
    let result = "";
    let from = 0;
    for (let at = found.index; at < text.length; at++) {
        const unit = StringPrototypeCharCodeAt(text, at);
        if (unit < 0x80 && (inSet[unit] & set) === 0) continue;
        const code = unit < 0x80 ? unit : StringPrototypeCodePointAt(text, at);
        result += StringPrototypeSlice(text, from, at) + encodeCodePoint(code);
        if (0xffff < code) at++;
        from = at + 1;
    }
    return from === 0 ? text : result + StringPrototypeSlice(text, from);
};

const hexValue = (unit) => {
    if (0x30 <= unit && unit <= 0x39) return unit - 0x30;
    const lower = unit | 0x20;
    return 0x61 <= lower && lower <= 0x66 ? lower - 0x57 : -1;
};

/** The byte of a `%XX` at a place of a text, or -1. */
export const percentByte = (text, at) => {
    if (text.length < at + 3) return -1;
    const high = hexValue(StringPrototypeCharCodeAt(text, at + 1));
    const low = hexValue(StringPrototypeCharCodeAt(text, at + 2));
    return high === -1 || low === -1 ? -1 : high * 16 + low;
};

// "UTF-8 decode without BOM" of a list of bytes (Encoding Standard, UTF-8 decoder).
const decodeBytes = (bytes) => {
    const parts = [];
    let code = 0;
    let needed = 0;
    let lower = 0x80;
    let upper = 0xbf;
    for (let at = 0; at < bytes.length; at++) {
        const value = bytes[at];
        if (needed === 0) {
            if (value < 0x80) {
                ArrayPrototypePush(parts, StringFromCodePoint(value));
            } else if (0xc2 <= value && value <= 0xdf) {
                needed = 1;
                code = value & 0x1f;
            } else if (0xe0 <= value && value <= 0xef) {
                if (value === 0xe0) lower = 0xa0;
                if (value === 0xed) upper = 0x9f;
                needed = 2;
                code = value & 0xf;
            } else if (0xf0 <= value && value <= 0xf4) {
                if (value === 0xf0) lower = 0x90;
                if (value === 0xf4) upper = 0x8f;
                needed = 3;
                code = value & 7;
            } else {
                ArrayPrototypePush(parts, "\ufffd");
            }
            continue;
        }
        const fits = lower <= value && value <= upper;
        lower = 0x80;
        upper = 0xbf;
        if (!fits) {
            needed = 0;
            ArrayPrototypePush(parts, "\ufffd");
            at--;
            continue;
        }
        code = (code << 6) | (value & 0x3f);
        if (--needed === 0) ArrayPrototypePush(parts, StringFromCodePoint(code));
    }
    if (needed !== 0) ArrayPrototypePush(parts, "\ufffd");
    return ArrayPrototypeJoin(parts, "");
};

/** "Percent-decode" a text; the bytes are then read as UTF-8. */
export const percentDecode = (text) => {
    let at = StringPrototypeIndexOf(text, "%");
    if (at === -1) return text;
    let result = "";
    let from = 0;
    while (at !== -1) {
        // A run of encoded bytes is decoded together. Every other character ends a sequence of UTF-8 anyway.
        const bytes = [];
        let end = at;
        for (;;) {
            const value = end < text.length && text[end] === "%" ? percentByte(text, end) : -1;
            if (value === -1) break;
            ArrayPrototypePush(bytes, value);
            end += 3;
        }
        if (end !== at) {
            result += StringPrototypeSlice(text, from, at) + decodeBytes(bytes);
            from = end;
            at = StringPrototypeIndexOf(text, "%", end);
        } else {
            at = StringPrototypeIndexOf(text, "%", at + 1);
        }
    }
    return result + StringPrototypeSlice(text, from);
};

/** A text with another in the place of each `from`, which is one code unit. */
export const replaceAll = (text, from, to) => {
    let at = StringPrototypeIndexOf(text, from);
    if (at === -1) return text;
    let result = "";
    let start = 0;
    while (at !== -1) {
        result += StringPrototypeSlice(text, start, at) + to;
        start = at + 1;
        at = StringPrototypeIndexOf(text, from, start);
    }
    return result + StringPrototypeSlice(text, start);
};

/** The parts of a text between separators of one code unit. */
export const split = (text, separator) => {
    const parts = [];
    let from = 0;
    for (;;) {
        const at = StringPrototypeIndexOf(text, separator, from);
        if (at === -1) break;
        ArrayPrototypePush(parts, StringPrototypeSlice(text, from, at));
        from = at + 1;
    }
    ArrayPrototypePush(parts, StringPrototypeSlice(text, from));
    return parts;
};

const formDecode = (text) => percentDecode(replaceAll(text, "+", " "));

/** "application/x-www-form-urlencoded parsing": a list of pairs of name and value. */
export const parseForm = (text) => {
    const pairs = [];
    let from = 0;
    while (from <= text.length) {
        let end = StringPrototypeIndexOf(text, "&", from);
        if (end === -1) end = text.length;
        if (end !== from) {
            const part = StringPrototypeSlice(text, from, end);
            const equals = StringPrototypeIndexOf(part, "=");
            const name = equals === -1 ? part : StringPrototypeSlice(part, 0, equals);
            const value = equals === -1 ? "" : StringPrototypeSlice(part, equals + 1);
            ArrayPrototypePush(pairs, [formDecode(name), formDecode(value)]);
        }
        from = end + 1;
    }
    return pairs;
};

// A blank becomes "+". The text between blanks is encoded as it is: a "%20" of its own becomes "%2520".
const formEncode = (text) => {
    let result = "";
    let from = 0;
    for (;;) {
        const at = StringPrototypeIndexOf(text, " ", from);
        if (at === -1) break;
        result += `${percentEncode(StringPrototypeSlice(text, from, at), FORM)}+`;
        from = at + 1;
    }
    return result + percentEncode(from === 0 ? text : StringPrototypeSlice(text, from), FORM);
};

/** "application/x-www-form-urlencoded serializing" of a list of pairs. */
export const serializeForm = (pairs) => {
    let result = "";
    for (let index = 0; index < pairs.length; index++) {
        if (index !== 0) result += "&";
        result += `${formEncode(pairs[index][0])}=${formEncode(pairs[index][1])}`;
    }
    return result;
};
