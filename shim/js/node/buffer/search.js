// indexOf, lastIndexOf and includes of Buffer (nodejs.org/api/buffer.html, "buf.indexOf").

import { primordials } from "../../primordials.js";
import natives from "../../natives.js";
import { invalidArgType } from "../../node_errors.js";
import { canonicalEncoding, encode } from "./encodings.js";
import { unknownEncoding } from "./errors.js";

const {
    MathTrunc, NumberIsNaN, TypedArrayPrototypeGetSymbolToStringTag, Uint8Array,
} = primordials;
const { bufferIndexOf } = natives;

/** Where the search begins, or -1 if nothing can be found. */
const startOf = (length, offset, needed, isForward) => {
    if (offset < 0) {
        if (0 <= offset + length) return offset + length;
        return isForward || needed === 0 ? 0 : -1;
    }
    if (offset + needed <= length) return offset;
    if (needed === 0) return length;
    return isForward ? -1 : length - 1;
};

const search = (buffer, value, given, encodingGiven, isForward) => {
    let offset = given;
    let encoding = encodingGiven;
    if (typeof offset === "string") {
        encoding = offset;
        offset = undefined;
    } else if (0x7fffffff < offset) {
        offset = 0x7fffffff;
    } else if (offset < -0x80000000) {
        offset = -0x80000000;
    }
    offset = +offset;
    offset = NumberIsNaN(offset) ? (isForward ? 0 : buffer.length) : MathTrunc(offset);

    let needle;
    let step = 1;
    if (typeof value === "number") {
        needle = new Uint8Array(1);
        needle[0] = value >>> 0;
    } else {
        const canonical = encoding === undefined ? "utf8" : canonicalEncoding(encoding);
        if (typeof value === "string") {
            if (canonical === undefined) throw unknownEncoding(encoding);
            needle = encode(value, canonical);
        } else if (TypedArrayPrototypeGetSymbolToStringTag(value) === "Uint8Array") {
            needle = value;
        } else {
            throw invalidArgType("value", ["number", "string", "Buffer", "Uint8Array"], value);
        }
        if (canonical === "utf16le") step = 2;
    }

    const { length } = buffer;
    const needed = needle.length;
    const from = startOf(length, offset, needed, isForward);
    if (needed === 0) return from + 0;
    if (from < 0 || length < needed || (isForward && length < from + needed)) return -1;
    if (step === 2 && (length < 2 || needed < 2)) return -1;
    return bufferIndexOf(buffer, needle, from, step, isForward);
};

/** The methods, by name; buffer.js puts them into the prototype. */
export const searchMethods = {
    indexOf(value, byteOffset, encoding) {
        return search(this, value, byteOffset, encoding, true);
    },
    lastIndexOf(value, byteOffset, encoding) {
        return search(this, value, byteOffset, encoding, false);
    },
    includes(value, byteOffset, encoding) {
        return search(this, value, byteOffset, encoding, true) !== -1;
    },
};
