// Reading and writing of DER (X.690) as far as public keys need it, and of PEM (RFC 7468).
//
// Nothing here calls itself: whoever reads a structure asks for one element after the other.

import { primordials } from "../../primordials.js";
import { decode, encode, viewOf } from "../buffer/encodings.js";

const {
    StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeStartsWith, TypedArrayPrototypeSet, Uint8Array,
} = primordials;

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OBJECT_IDENTIFIER = 0x06;
export const SEQUENCE = 0x30;

/** A reader over the content of one element. Each method gives undefined where the bytes are not what it looks for. */
export class Reader {
    #bytes;
    #at = 0;

    constructor(bytes) {
        this.#bytes = bytes;
    }

    get isAtEnd() {
        return this.#bytes.length <= this.#at;
    }

    /** The tag of the next element, or undefined. */
    peek() {
        return this.#bytes[this.#at];
    }

    /** The content of the next element of any tag, as `{tag, content, whole}`. */
    next() {
        const bytes = this.#bytes;
        const start = this.#at;
        const tag = bytes[start];
        let at = start + 2;
        let length = bytes[start + 1];
        if (tag === undefined || length === undefined || (tag & 0x1f) === 0x1f) return undefined;
        if (0x80 <= length) {
            const count = length & 0x7f;
            if (count === 0 || 4 < count || bytes.length < at + count) return undefined;
            length = 0;
            for (let index = 0; index < count; index++) length = length * 256 + bytes[at++];
        }
        if (bytes.length < at + length) return undefined;
        this.#at = at + length;
        return { __proto__: null, tag, content: viewOf(bytes, at, this.#at), whole: viewOf(bytes, start, this.#at) };
    }

    /** The content of the next element if it has this tag. */
    read(tag) {
        if (this.peek() !== tag) return undefined;
        return this.next()?.content;
    }

    /** A reader over the next element, a sequence. */
    enter(tag = SEQUENCE) {
        const content = this.read(tag);
        return content === undefined ? undefined : new Reader(content);
    }
}

const concat = (parts) => {
    let total = 0;
    for (let at = 0; at < parts.length; at++) total += parts[at].length;
    const all = new Uint8Array(total);
    let end = 0;
    for (let at = 0; at < parts.length; at++) {
        TypedArrayPrototypeSet(all, parts[at], end);
        end += parts[at].length;
    }
    return all;
};

/** An element of these parts. */
export const element = (tag, ...parts) => {
    const content = concat(parts);
    const { length } = content;
    const head = new Uint8Array(length < 0x80 ? 2 : length < 0x100 ? 3 : length < 0x10000 ? 4 : 5);
    head[0] = tag;
    const count = head.length - 2;
    head[1] = count === 0 ? length : 0x80 | count;
    for (let at = 0; at < count; at++) head[2 + at] = length >>> (8 * (count - 1 - at));
    return concat([head, content]);
};

/** Without zeros at the front. */
export const trimmed = (bytes) => {
    let at = 0;
    while (at < bytes.length - 1 && bytes[at] === 0) at++;
    return at === 0 ? bytes : viewOf(bytes, at, bytes.length);
};

/** The element of a positive integer. */
export const integerElement = (bytes) => {
    const magnitude = trimmed(bytes);
    const sign = 0x80 <= magnitude[0] ? new Uint8Array(1) : new Uint8Array(0);
    return element(INTEGER, sign, magnitude);
};

export const sameBytes = (a, b) => {
    if (a.length !== b.length) return false;
    for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
    return true;
};

const BEGIN = "-----BEGIN ";
const DASHES = "-----";

/** The first PEM block of a text as `{label, bytes, isEncrypted}`, or undefined. */
export const readPem = (text) => {
    const begin = StringPrototypeIndexOf(text, BEGIN);
    if (begin < 0) return undefined;
    const labelEnd = StringPrototypeIndexOf(text, DASHES, begin + BEGIN.length);
    if (labelEnd < 0) return undefined;
    const label = StringPrototypeSlice(text, begin + BEGIN.length, labelEnd);
    const bodyStart = labelEnd + DASHES.length;
    const end = StringPrototypeIndexOf(text, `-----END ${label}-----`, bodyStart);
    if (end < 0) return undefined;
    const body = StringPrototypeSlice(text, bodyStart, end);
    const isEncrypted = 0 <= StringPrototypeIndexOf(body, "Proc-Type:")
        || StringPrototypeStartsWith(label, "ENCRYPTED");
    return { __proto__: null, label, bytes: encode(body, "base64"), isEncrypted };
};

/** A PEM block with lines of 64 characters. */
export const writePem = (label, bytes) => {
    const body = decode(bytes, "base64");
    let text = `${BEGIN}${label}${DASHES}\n`;
    for (let at = 0; at < body.length; at += 64) text += `${StringPrototypeSlice(body, at, at + 64)}\n`;
    return `${text}-----END ${label}${DASHES}\n`;
};
