// TextEncoder and TextDecoder (Encoding standard, sections 7.1 to 7.4, November 2026).
//
// Labels, tables and decoders are native; a decoder that keeps bytes between two calls is a handle.

import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { bytesOf } from "./streams/buffers.js";
import { illegal } from "./streams/promises.js";
import { registerPlatform } from "./structured_clone.js";
import {
    DOMString, USVString, boolean, defineInterface, dictionary, fail, isArrayBuffer, isObject, needs, typedArrayName,
} from "./webidl.js";

const {
    ArrayBufferIsView, MathMin, RangeError, StringPrototypeCharCodeAt, StringPrototypeSlice, StringPrototypeToLowerCase,
    StringPrototypeToWellFormed, TypeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeSet, Uint32Array, Uint8Array, uncurryThis,
} = primordials;

/** A decoder gets at most this many bytes a call. */
const STEP = 65536;

const NO_BYTES = new Uint8Array(0);

// undefined where the engine has no shared memory.
const sharedByteLength =
    globalThis.SharedArrayBuffer === undefined
        ? undefined
        : uncurryThis(Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, "byteLength").get);

const isSharedBuffer = (value) => {
    if (sharedByteLength === undefined) return false;
    try {
        sharedByteLength(value);
        return true;
    } catch {
        return false;
    }
};

/** The type AllowSharedBufferSource of Web IDL as bytes: shared ones are copied, the others are seen in place. */
export const allowSharedBytes = (value, what) => {
    const isView = ArrayBufferIsView(value);
    if (!isView && (!isObject(value) || (!isArrayBuffer(value) && !isSharedBuffer(value)))) {
        fail(what, "is neither an ArrayBuffer nor a view of one.");
    }
    const bytes = bytesOf(value);
    return isArrayBuffer(TypedArrayPrototypeGetBuffer(bytes)) ? bytes : new Uint8Array(bytes);
};

const isBlank = (code) => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d;

/** "Get an encoding": the name in small letters; throws a RangeError for an unknown label and for "replacement". */
export const encodingOf = (label) => {
    if (label === "utf-8" || label === "utf8") return "utf-8";
    let start = 0;
    let end = label.length;
    while (start < end && isBlank(StringPrototypeCharCodeAt(label, start))) start++;
    while (start < end && isBlank(StringPrototypeCharCodeAt(label, end - 1))) end--;
    // No label is longer than 32 characters, and all are ASCII.
    let isPossible = start < end && end - start <= 32;
    for (let at = start; isPossible && at < end; at++) isPossible = StringPrototypeCharCodeAt(label, at) < 0x80;
    const name = isPossible
        ? natives.encodingName(StringPrototypeToLowerCase(StringPrototypeSlice(label, start, end)))
        : null;
    if (name === null) throw new RangeError(`"${StringPrototypeToWellFormed(label)}" is no label of an encoding.`);
    return name;
};

const malformed = (name) => new TypeError(`The data is not valid ${name}.`);

/** What a TextDecoder keeps: a decoder's record. */
export const newDecoder = (label, { fatal, ignoreBOM }) => ({
    __proto__: null,
    encoding: encodingOf(label),
    fatal,
    handle: undefined,
    ignoreBOM,
});

/** Decodes bytes; `stream` says that more will come. Throws a TypeError for malformed data if the decoder is fatal. */
export const decodeWith = (decoder, bytes, stream) => {
    if (!stream && decoder.handle === undefined && decoder.encoding === "utf-8") return decodeUtf8(decoder, bytes);
    if (decoder.handle === undefined) {
        decoder.handle = natives.decoderOpen(decoder.encoding, decoder.ignoreBOM, decoder.fatal);
    }
    const { handle } = decoder;
    const length = TypedArrayPrototypeGetByteLength(bytes);
    let text = "";
    let at = 0;
    do {
        const size = MathMin(STEP, length - at);
        const isLast = !stream && at + size === length;
        const decoded = natives.decoderWrite(handle, slice(bytes, at, size), isLast);
        if (decoded === null) {
            decoder.handle = undefined;
            throw malformed(decoder.encoding);
        }
        text += decoded;
        at += size;
    } while (at < length);
    if (!stream) decoder.handle = undefined;
    return text;
};

const slice = (bytes, at, size) =>
    new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + at, size);

const decodeUtf8 = ({ fatal, ignoreBOM }, bytes) => {
    const length = TypedArrayPrototypeGetByteLength(bytes);
    const hasMark = !ignoreBOM && 3 <= length && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const content = hasMark ? slice(bytes, 3, length - 3) : bytes;
    if (!fatal) return natives.bufferToText(content, "utf8");
    const text = natives.utf8DecodeFatal(content);
    if (text === null) throw malformed("utf-8");
    return text;
};

/** "UTF-8 decode" of bytes: a byte order mark is dropped, what is malformed becomes U+FFFD. */
export const utf8Decode = (bytes) => decodeUtf8({ __proto__: null, fatal: false, ignoreBOM: false }, bytes);

/** "UTF-8 encode" of a string; lone surrogates become U+FFFD. */
export const utf8Encode = (text) => natives.bufferFromText(StringPrototypeToWellFormed(text), "utf8");

export const textDecoderOptions = dictionary([
    { key: "fatal", converter: boolean, otherwise: false },
    { key: "ignoreBOM", converter: boolean, otherwise: false },
]);

const decodeOptions = dictionary([{ key: "stream", converter: boolean, otherwise: false }]);

let decoderOf;

export class TextDecoder {
    #decoder;

    constructor(label = "utf-8", options = {}) {
        const name = DOMString(label, "Argument 1");
        this.#decoder = newDecoder(name, textDecoderOptions(options, "Argument 2"));
    }

    get encoding() {
        return (decoderOf(this) ?? illegal("TextDecoder")).encoding;
    }

    get fatal() {
        return (decoderOf(this) ?? illegal("TextDecoder")).fatal;
    }

    get ignoreBOM() {
        return (decoderOf(this) ?? illegal("TextDecoder")).ignoreBOM;
    }

    decode(input = undefined, options = {}) {
        const decoder = decoderOf(this) ?? illegal("TextDecoder");
        if (input !== undefined && !ArrayBufferIsView(input)) allowSharedBytes(input, "Argument 1");
        const { stream } = decodeOptions(options, "Argument 2");
        return decodeWith(decoder, input === undefined ? NO_BYTES : allowSharedBytes(input, "Argument 1"), stream);
    }

    static {
        decoderOf = (value) => (isObject(value) && #decoder in value ? value.#decoder : undefined);
    }
}
defineInterface(TextDecoder);

// How far the last encodeInto came: code units read, bytes written.
const counts = new Uint32Array(2);

let isEncoder;

export class TextEncoder {
    #brand;

    get encoding() {
        if (!isEncoder(this)) illegal("TextEncoder");
        return "utf-8";
    }

    encode(input = "") {
        if (!isEncoder(this)) illegal("TextEncoder");
        return natives.bufferFromText(USVString(input, "Argument 1"), "utf8");
    }

    encodeInto(source, destination) {
        if (!isEncoder(this)) illegal("TextEncoder");
        needs(arguments.length, 2, "TextEncoder.encodeInto");
        const text = USVString(source, "Argument 1");
        if (typedArrayName(destination) !== "Uint8Array") fail("Argument 2", "is no Uint8Array.");
        const target = bytesOf(destination);
        if (isArrayBuffer(TypedArrayPrototypeGetBuffer(target))) {
            natives.utf8EncodeInto(text, target, counts);
        } else {
            const copy = new Uint8Array(TypedArrayPrototypeGetByteLength(target));
            natives.utf8EncodeInto(text, copy, counts);
            TypedArrayPrototypeSet(target, slice(copy, 0, counts[1]));
        }
        return { read: counts[0], written: counts[1] };
    }

    static {
        isEncoder = (value) => isObject(value) && #brand in value;
    }
}
defineInterface(TextEncoder);

registerPlatform(TextDecoder);
registerPlatform(TextEncoder);

export const globals = { TextDecoder, TextEncoder };
