// What the functions of "crypto" take as bytes, and the forms in which they give theirs.

import { primordials } from "../../primordials.js";
import { invalidArgType } from "../../node_errors.js";
import { asBuffer, bytesOf, isAnyArrayBuffer } from "../buffer/bytes.js";
import { canonicalEncoding, decode, encode } from "../buffer/encodings.js";

const { ArrayBufferIsView } = primordials;

const encodingNamed = (encoding) => {
    if (typeof encoding !== "string" || encoding === "buffer") return "utf8";
    return canonicalEncoding(encoding) ?? "utf8";
};

/** The bytes of a text or of a view, or undefined. */
export const bytesOfView = (value, encoding = "utf8") => {
    if (typeof value === "string") return encode(value, encodingNamed(encoding));
    return ArrayBufferIsView(value) ? bytesOf(value) : undefined;
};

const ANY = ["ArrayBuffer", "Buffer", "TypedArray", "DataView"];

/** The bytes of a text, a view or an ArrayBuffer; throws for anything else. */
export const toBytes = (value, name, encoding = "utf8", expected = ["string", ...ANY]) => {
    if (typeof value === "string") return encode(value, encodingNamed(encoding));
    if (ArrayBufferIsView(value) || isAnyArrayBuffer(value)) return bytesOf(value);
    throw invalidArgType(name, expected, value);
};

/** Bytes of our own as a Buffer, or as text in an encoding. */
export const toOutput = (bytes, encoding) => {
    if (encoding === undefined || encoding === null || encoding === "buffer") return asBuffer(bytes);
    return decode(bytes, encodingNamed(encoding));
};
