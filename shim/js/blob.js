// Blob and File (File API, sections 3 and 4, November 2026).
//
// The bytes of a blob never change: they are copied when it is made, and slices and clones see the same memory. What is
// given to code is always a copy.

import { newDecoder, utf8Decode, utf8Encode } from "./encoding.js";
import { decodingTransform } from "./encoding_streams.js";
import { primordials } from "./primordials.js";
import { arrayBufferOf, bytesOf } from "./streams/buffers.js";
import { streamOfBytes } from "./streams/bytes.js";
import { pipeTo } from "./streams/pipe.js";
import { illegal, markHandled, rejectedWith } from "./streams/promises.js";
import { readableObject } from "./streams/readable_classes.js";
import { registerCloneable } from "./structured_clone.js";
import {
    DOMString, USVString, defineInterface, dictionary, enumeration, fail, isArrayBuffer, isObject, longLong,
    longLongClamped, needs, sequence,
} from "./webidl.js";

const {
    ArrayBufferIsView, DateNow, MathMax, MathMin, PromiseResolve, StringPrototypeCharCodeAt, StringPrototypeIndexOf,
    StringPrototypeSlice, StringPrototypeToLowerCase, TypeError, TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeSet, Uint8Array,
} = primordials;

// Only the scripts here have it: a constructor that gets it takes over the slots that come with it.
const INTERNAL = { __proto__: null };

let slotsOf;
let fileOf;

/** Whether a value is a Blob, a File too. */
export const isBlob = (value) => slotsOf(value) !== undefined;

export const isFile = (value) => fileOf(value) !== undefined;

/** The bytes of a blob: shared memory of the scripts here, to be read only. */
export const blobBytes = (blob) => slotsOf(blob).bytes;

export const blobType = (blob) => slotsOf(blob).type;

/** The name of a File, whatever an app did to the prototype. */
export const fileName = (file) => fileOf(file).name;

const newSlots = (bytes, type) => ({ __proto__: null, bytes, type });

/** A Blob over bytes that nobody changes any more. */
export const newBlob = (bytes, type) => new Blob(INTERNAL, newSlots(bytes, normalizeType(type)));

/** A File over bytes that nobody changes any more. */
export const newFile = (bytes, name, type, lastModified = DateNow()) =>
    new File(INTERNAL, { __proto__: null, blob: newSlots(bytes, normalizeType(type)), file: { name, lastModified } });

/** A File of a Blob: the same bytes and type, another name. */
export const fileOfBlob = (blob, name) => {
    const { bytes, type } = slotsOf(blob);
    return newFile(bytes, name, type, fileOf(blob)?.lastModified);
};

// A type with other characters than those from U+0020 to U+007E counts as none.
const normalizeType = (type) => {
    for (let at = 0; at < type.length; at++) {
        const code = StringPrototypeCharCodeAt(type, at);
        if (code < 0x20 || 0x7e < code) return "";
    }
    return StringPrototypeToLowerCase(type);
};

const blobParts = sequence((value, what) =>
    ArrayBufferIsView(value) || isBlob(value) || (isObject(value) && isArrayBuffer(value))
        ? value
        : USVString(value, what));

const BLOB_MEMBERS = [
    { key: "endings", converter: enumeration("EndingType", ["transparent", "native"]), otherwise: "transparent" },
    { key: "type", converter: DOMString, otherwise: "" },
];

const blobOptions = dictionary(BLOB_MEMBERS);

const fileOptions = dictionary([BLOB_MEMBERS[0], BLOB_MEMBERS[1], { key: "lastModified", converter: longLong }]);

// "Process blob parts": the parts are converted already.
const slotsOfParts = (parts, { endings, type }) => {
    const pieces = [];
    let total = 0;
    for (let at = 0; at < parts.length; at++) {
        const piece = bytesOfPart(parts[at], endings);
        pieces[at] = piece;
        total += TypedArrayPrototypeGetByteLength(piece);
    }
    const bytes = new Uint8Array(total);
    let offset = 0;
    for (let at = 0; at < pieces.length; at++) {
        TypedArrayPrototypeSet(bytes, pieces[at], offset);
        offset += TypedArrayPrototypeGetByteLength(pieces[at]);
    }
    return newSlots(bytes, normalizeType(type));
};

const bytesOfPart = (part, endings) => {
    if (typeof part === "string") return utf8Encode(endings === "native" ? nativeEndings(part) : part);
    if (isBlob(part)) return blobBytes(part);
    if (ArrayBufferIsView(part) && !isArrayBuffer(arrayBufferOf(part))) fail("A part", "is a view of a shared buffer.");
    return bytesOf(part);
};

// "Convert line endings to native": the native one is U+000A.
const nativeEndings = (text) => {
    if (StringPrototypeIndexOf(text, "\r") < 0) return text;
    let converted = "";
    let start = 0;
    for (;;) {
        const found = StringPrototypeIndexOf(text, "\r", start);
        if (found < 0) return converted + StringPrototypeSlice(text, start);
        converted += StringPrototypeSlice(text, start, found) + "\n";
        start = text[found + 1] === "\n" ? found + 2 : found + 1;
    }
};

const view = (bytes, at, size) =>
    new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + at, size);

const noBlob = () => rejectedWith(new TypeError("The receiver is no Blob."));

export class Blob {
    #slots;

    constructor(parts = undefined, options = {}) {
        if (parts === INTERNAL) {
            this.#slots = options;
            return;
        }
        const list = parts === undefined ? [] : blobParts(parts, "Argument 1");
        this.#slots = slotsOfParts(list, blobOptions(options, "Argument 2"));
    }

    get size() {
        return TypedArrayPrototypeGetByteLength((slotsOf(this) ?? illegal("Blob")).bytes);
    }

    get type() {
        return (slotsOf(this) ?? illegal("Blob")).type;
    }

    slice(start = undefined, end = undefined, contentType = undefined) {
        const { bytes } = slotsOf(this) ?? illegal("Blob");
        const size = TypedArrayPrototypeGetByteLength(bytes);
        const position = (value, otherwise, what) => {
            if (value === undefined) return otherwise;
            const at = longLongClamped(value, what);
            // NaN is 0.
            return at < 0 ? MathMax(size + at, 0) : MathMin(at || 0, size);
        };
        const from = position(start, 0, "Argument 1");
        const to = position(end, size, "Argument 2");
        const type = contentType === undefined ? "" : normalizeType(DOMString(contentType, "Argument 3"));
        return new Blob(INTERNAL, newSlots(view(bytes, from, MathMax(to - from, 0)), type));
    }

    stream() {
        return readableObject(streamOfBytes((slotsOf(this) ?? illegal("Blob")).bytes));
    }

    textStream() {
        const source = streamOfBytes((slotsOf(this) ?? illegal("Blob")).bytes);
        const transform = decodingTransform(newDecoder("utf-8", { __proto__: null, fatal: false, ignoreBOM: false }));
        markHandled(pipeTo(source, transform.writable, { __proto__: null }));
        return readableObject(transform.readable);
    }

    text() {
        const slots = slotsOf(this);
        return slots === undefined ? noBlob() : PromiseResolve(utf8Decode(slots.bytes));
    }

    arrayBuffer() {
        const slots = slotsOf(this);
        if (slots === undefined) return noBlob();
        return PromiseResolve(TypedArrayPrototypeGetBuffer(new Uint8Array(slots.bytes)));
    }

    bytes() {
        const slots = slotsOf(this);
        return slots === undefined ? noBlob() : PromiseResolve(new Uint8Array(slots.bytes));
    }

    static {
        slotsOf = (value) => (isObject(value) && #slots in value ? value.#slots : undefined);
    }
}
defineInterface(Blob);

export class File extends Blob {
    #file;

    constructor(fileBits, fileName, options = {}) {
        if (fileBits === INTERNAL) {
            super(INTERNAL, fileName.blob);
            this.#file = fileName.file;
            return;
        }
        needs(arguments.length, 2, "File");
        const parts = blobParts(fileBits, "Argument 1");
        const name = USVString(fileName, "Argument 2");
        const converted = fileOptions(options, "Argument 3");
        super(INTERNAL, slotsOfParts(parts, converted));
        this.#file = { name, lastModified: converted.lastModified ?? DateNow() };
    }

    get name() {
        return (fileOf(this) ?? illegal("File")).name;
    }

    get lastModified() {
        return (fileOf(this) ?? illegal("File")).lastModified;
    }

    static {
        fileOf = (value) => (isObject(value) && #file in value ? value.#file : undefined);
    }
}
defineInterface(File);

registerCloneable(Blob, {
    is: isBlob,
    write: (blob) => slotsOf(blob),
    read: (slots) => new Blob(INTERNAL, slots),
});
registerCloneable(File, {
    is: isFile,
    write: (file) => ({ __proto__: null, blob: slotsOf(file), file: fileOf(file) }),
    read: (slots) => new File(INTERNAL, slots),
});

export const globals = { Blob, File };

export { createObjectURL, resolveObjectURL, revokeObjectURL } from "./blob_url.js";
