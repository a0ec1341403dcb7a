// Byte sequences: copies that no code of an app can watch, UTF-8, and one code unit a byte ("isomorphic").

import { atob } from "./base64.js";
import { isDOMException } from "./dom_exception.js";
import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { typedArrayName } from "./webidl.js";

const {
    ArrayBufferIsView, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset,
    StringPrototypeToWellFormed, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, Uint8Array,
} = primordials;

/** A view of the bytes of an ArrayBuffer or of a view of one, without a copy. */
export const viewOf = (source) => {
    if (!ArrayBufferIsView(source)) return new Uint8Array(source);
    if (typedArrayName(source) === undefined) {
        return new Uint8Array(
            DataViewPrototypeGetBuffer(source), DataViewPrototypeGetByteOffset(source),
            DataViewPrototypeGetByteLength(source),
        );
    }
    return new Uint8Array(
        TypedArrayPrototypeGetBuffer(source), TypedArrayPrototypeGetByteOffset(source),
        TypedArrayPrototypeGetByteLength(source),
    );
};

export const isUint8Array = (value) => typedArrayName(value) === "Uint8Array";

export const lengthOf = (bytes) => TypedArrayPrototypeGetLength(bytes);

/** A view of a part, without a copy. */
export const part = (bytes, start, end) =>
    new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, end - start);

/** A copy in a buffer of its own. */
export const copyOf = (source) => {
    const view = viewOf(source);
    const copy = new Uint8Array(lengthOf(view));
    TypedArrayPrototypeSet(copy, view);
    return copy;
};

/** All bytes of a list of Uint8Arrays, in one. A single one is given back as it is. */
export const concat = (list) => {
    if (list.length === 1) return list[0];
    let total = 0;
    for (let at = 0; at < list.length; at++) total += lengthOf(list[at]);
    const whole = new Uint8Array(total);
    let offset = 0;
    for (let at = 0; at < list.length; at++) {
        TypedArrayPrototypeSet(whole, list[at], offset);
        offset += lengthOf(list[at]);
    }
    return whole;
};

/** UTF-8 encode; lone surrogates become U+FFFD. */
export const utf8Encode = (text) => natives.bufferFromText(StringPrototypeToWellFormed(text), "utf8");

const hasMark = (bytes) => 3 <= lengthOf(bytes) && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

/** UTF-8 decode: a byte order mark is dropped, what is malformed becomes U+FFFD. */
export const utf8Decode = (bytes) =>
    natives.bufferToText(hasMark(bytes) ? part(bytes, 3, lengthOf(bytes)) : bytes, "utf8");

/** UTF-8 decode without BOM: a byte order mark stays. */
export const utf8DecodeKeeping = (bytes) => natives.bufferToText(bytes, "utf8");

/** Isomorphic decode: each byte is a code unit. */
export const isomorphicDecode = (bytes) => natives.bufferToText(bytes, "latin1");

/** Isomorphic encode: each code unit, at most 255, is a byte. */
export const isomorphicEncode = (text) => natives.bufferFromText(text, "latin1");

const hexValue = (code) => {
    if (0x30 <= code && code <= 0x39) return code - 0x30;
    const lower = code | 0x20;
    return 0x61 <= lower && lower <= 0x66 ? lower - 0x57 : -1;
};

/** Percent-decodes bytes (URL Standard, section 1.3). */
export const percentDecode = (bytes) => {
    const length = lengthOf(bytes);
    const decoded = new Uint8Array(length);
    let size = 0;
    for (let at = 0; at < length; at++) {
        let byte = bytes[at];
        if (byte === 0x25 && at + 2 < length) {
            const high = hexValue(bytes[at + 1]);
            const low = hexValue(bytes[at + 2]);
            if (0 <= high && 0 <= low) {
                byte = high * 16 + low;
                at += 2;
            }
        }
        decoded[size] = byte;
        size++;
    }
    return size === length ? decoded : part(decoded, 0, size);
};

/** Forgiving-base64 decode (Infra Standard, section 7): bytes, or null on failure. */
export const forgivingBase64Decode = (text) => {
    try {
        return isomorphicEncode(atob(text));
    } catch (error) {
        if (!isDOMException(error)) throw error;
        return null;
    }
};

/** Base64 as RFC 4648 has it, with padding. */
export const base64Encode = (bytes) => natives.bufferToText(bytes, "base64");

/** Base64 or base64url as people write it: what is no digit is skipped. */
export const base64Decode = (text) => natives.bufferFromText(StringPrototypeToWellFormed(text), "base64");

export const hexEncode = (bytes) => natives.bufferToText(bytes, "hex");

/** Whether the bytes are well-formed UTF-8. */
export const isUtf8 = (bytes) => natives.bufferIsUtf8(bytes);
