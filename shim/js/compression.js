// CompressionStream and DecompressionStream (Compression standard, November 2026).
//
// A native compresses or decompresses at most 64 KiB of input into at most 64 KiB of output a call.

import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { arrayBufferOf, bytesOf } from "./streams/buffers.js";
import { illegal } from "./streams/promises.js";
import { readableObject } from "./streams/readable_classes.js";
import { createTransform, transformEnqueue } from "./streams/transform.js";
import { writableObject } from "./streams/writable_classes.js";
import { registerPlatform } from "./structured_clone.js";
import { defineInterface, enumeration, fail, isArrayBuffer, isObject, needs } from "./webidl.js";

const {
    ArrayBufferIsView, MathMin, TypeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, Uint32Array, Uint8Array,
} = primordials;

const STEP = 65536;

const NO_BYTES = new Uint8Array(0);

const compressionFormat = enumeration("CompressionFormat", ["brotli", "deflate", "deflate-raw", "gzip"]);

// What a step answers in `about`: how many bytes of input it took, and one of these.
const about = new Uint32Array(2);
const MORE_OUTPUT = 0;
const ENDED = 2;

const chunkBytes = (chunk) => {
    const isView = ArrayBufferIsView(chunk);
    if (!isView && (!isObject(chunk) || !isArrayBuffer(chunk))) fail("A chunk", "is no ArrayBuffer or view of one.");
    if (isView && !isArrayBuffer(arrayBufferOf(chunk))) fail("A chunk", "is a view of a shared buffer.");
    return bytesOf(chunk);
};

// Runs `step(input)` over all bytes and enqueues what it makes. Returns how many bytes it took.
const run = (bytes, controller, step) => {
    const length = TypedArrayPrototypeGetByteLength(bytes);
    const buffer = TypedArrayPrototypeGetBuffer(bytes);
    const offset = TypedArrayPrototypeGetByteOffset(bytes);
    let at = 0;
    let state;
    do {
        const output = step(new Uint8Array(buffer, offset + at, MathMin(STEP, length - at)));
        at += about[0];
        state = about[1];
        // The reader of a chunk may start another stream, which uses `about` as well.
        if (0 < TypedArrayPrototypeGetByteLength(output)) transformEnqueue(controller, output);
    } while (state === MORE_OUTPUT || (state !== ENDED && at < length));
    return at;
};

let compressionOf;

export class CompressionStream {
    #stream;

    constructor(format) {
        needs(arguments.length, 1, "CompressionStream");
        const name = compressionFormat(format, "Argument 1");
        const handle = natives.deflateOpen(name);
        this.#stream = createTransform(
            (chunk, controller) => {
                run(chunkBytes(chunk), controller, (input) => natives.deflateStep(handle, input, false, about));
            },
            (controller) => {
                run(NO_BYTES, controller, (input) => natives.deflateStep(handle, input, true, about));
            },
        );
    }

    get readable() {
        return readableObject((compressionOf(this) ?? illegal("CompressionStream")).readable);
    }

    get writable() {
        return writableObject((compressionOf(this) ?? illegal("CompressionStream")).writable);
    }

    static {
        compressionOf = (value) => (isObject(value) && #stream in value ? value.#stream : undefined);
    }
}
defineInterface(CompressionStream);

let decompressionOf;

export class DecompressionStream {
    #stream;

    constructor(format) {
        needs(arguments.length, 1, "DecompressionStream");
        const name = compressionFormat(format, "Argument 1");
        const handle = natives.inflateOpen(name);
        let hasEnded = false;
        const step = (input) => {
            try {
                const output = natives.inflateStep(handle, input, about);
                hasEnded = about[1] === ENDED;
                return output;
            } catch (error) {
                throw new TypeError(`The data is not valid ${name}.`, { __proto__: null, cause: error });
            }
        };
        this.#stream = createTransform(
            (chunk, controller) => {
                const bytes = chunkBytes(chunk);
                const length = TypedArrayPrototypeGetByteLength(bytes);
                if (length === 0) return;
                const taken = hasEnded ? 0 : run(bytes, controller, step);
                if (taken < length) throw new TypeError(`There is data behind the end of the ${name} data.`);
            },
            () => {
                if (!hasEnded) throw new TypeError(`The ${name} data ended too early.`);
            },
        );
    }

    get readable() {
        return readableObject((decompressionOf(this) ?? illegal("DecompressionStream")).readable);
    }

    get writable() {
        return writableObject((decompressionOf(this) ?? illegal("DecompressionStream")).writable);
    }

    static {
        decompressionOf = (value) => (isObject(value) && #stream in value ? value.#stream : undefined);
    }
}
defineInterface(DecompressionStream);

registerPlatform(CompressionStream);
registerPlatform(DecompressionStream);

export const globals = { CompressionStream, DecompressionStream };
