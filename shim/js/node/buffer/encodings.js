// The encodings of Buffer: text to bytes and back (nodejs.org/api/buffer.html, "Buffers and character encodings").
//
// Natives do what goes over every byte; they take and give well-formed text only. Text that is not well-formed and the
// encodings whose text can be so (utf16le) are worked on here.

import { primordials } from "../../primordials.js";
import natives from "../../natives.js";
import { unknownEncoding } from "./errors.js";

const {
    MathMin, ReflectApply, StringFromCharCode, StringPrototypeCharCodeAt, StringPrototypeIsWellFormed,
    StringPrototypeSlice, StringPrototypeToLowerCase, StringPrototypeToWellFormed, TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeSet, Uint16Array, Uint8Array,
} = primordials;
const { bufferFromText, bufferToText, bufferUtf8Length } = natives;

const NAMES = {
    __proto__: null,
    "utf8": "utf8",
    "utf-8": "utf8",
    "ucs2": "utf16le",
    "ucs-2": "utf16le",
    "utf16le": "utf16le",
    "utf-16le": "utf16le",
    "latin1": "latin1",
    "binary": "latin1",
    "ascii": "ascii",
    "base64": "base64",
    "base64url": "base64url",
    "hex": "hex",
};

/** The one name of an encoding, or undefined. Letters may be large or small. */
export const canonicalEncoding = (name) => NAMES[name] ?? NAMES[StringPrototypeToLowerCase(`${name}`)];

/** As above for an argument: what is undefined, null or empty is utf8; throws for a name that is unknown. */
export const encodingOf = (name) => {
    if (name === undefined || name === null || name === "") return "utf8";
    const known = typeof name === "string" ? canonicalEncoding(name) : undefined;
    if (known === undefined) throw unknownEncoding(name);
    return known;
};

const CHUNK = 4096;

/** A view of a part of a Uint8Array, without a look at its `constructor`. */
export const viewOf = (bytes, start, end) =>
    new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, end - start);

const units = (text) => {
    const { length } = text;
    const list = new Uint16Array(length);
    for (let at = 0; at < length; at++) list[at] = StringPrototypeCharCodeAt(text, at);
    return new Uint8Array(TypedArrayPrototypeGetBuffer(list));
};

const lowBytes = (text) => {
    const { length } = text;
    const list = new Uint8Array(length);
    for (let at = 0; at < length; at++) list[at] = StringPrototypeCharCodeAt(text, at);
    return list;
};

/** The bytes of a text, as a plain Uint8Array over a buffer of its own. */
export const encode = (text, encoding) => {
    if (encoding === "utf8") return bufferFromText(StringPrototypeToWellFormed(text), "utf8");
    if (encoding === "utf16le") return units(text);
    const isWellFormed = StringPrototypeIsWellFormed(text);
    if (encoding === "latin1" || encoding === "ascii") {
        return isWellFormed ? bufferFromText(text, "latin1") : lowBytes(text);
    }
    return bufferFromText(isWellFormed ? text : StringPrototypeToWellFormed(text), encoding);
};

const utf16 = (bytes, length) => {
    const even = length - length % 2;
    const copy = new Uint8Array(even);
    TypedArrayPrototypeSet(copy, viewOf(bytes, 0, even));
    const buffer = TypedArrayPrototypeGetBuffer(copy);
    let text = "";
    for (let at = 0; at < even; at += CHUNK) {
        const part = new Uint16Array(buffer, at, MathMin(CHUNK, even - at) / 2);
        text += ReflectApply(StringFromCharCode, undefined, part);
    }
    return text;
};

/** The text of bytes, which are a plain Uint8Array. */
export const decode = (bytes, encoding) => {
    if (bytes.length === 0) return "";
    if (encoding === "utf16le") return utf16(bytes, bytes.length);
    return bufferToText(bytes, encoding);
};

/** How many bytes the text takes; for base64 what its length says, whatever the characters are. */
export const lengthOf = (text, encoding) => {
    const { length } = text;
    if (encoding === "utf8") return bufferUtf8Length(StringPrototypeToWellFormed(text));
    if (encoding === "utf16le") return length * 2;
    if (encoding === "hex") return length >>> 1;
    if (encoding === "latin1" || encoding === "ascii") return length;
    let bytes = length;
    if (0 < bytes && StringPrototypeCharCodeAt(text, bytes - 1) === 0x3d) bytes--;
    if (1 < bytes && StringPrototypeCharCodeAt(text, bytes - 1) === 0x3d) bytes--;
    return bytes * 3 >>> 2;
};

const isInsideCharacter = (byte) => (byte & 0xc0) === 0x80;

/** The bytes of as much of a text as fits into `room` bytes; a character is never cut. */
export const encodeInto = (text, encoding, room) => {
    let part = text;
    if (encoding === "hex") part = StringPrototypeSlice(text, 0, room * 2);
    else if (encoding === "utf16le") part = StringPrototypeSlice(text, 0, room >>> 1);
    else if (encoding === "latin1" || encoding === "ascii") part = StringPrototypeSlice(text, 0, room);
    else if (encoding === "utf8") part = StringPrototypeSlice(text, 0, room + 1);
    const bytes = encode(part, encoding);
    let end = bytes.length;
    if (end <= room) return bytes;
    end = room;
    if (encoding === "utf8") while (0 < end && isInsideCharacter(bytes[end])) end--;
    return viewOf(bytes, 0, end);
};
