// One compression or decompression as Node's zlib does it, over a native that takes and makes bytes in bounded steps.
//
// An Engine knows nothing of streams: `step` fills one chunk of output, and the caller goes on until there is no more.

import { primordials } from "../../primordials.js";
import natives from "../../natives.js";
import { nodeError } from "../../node_errors.js";
import { viewOf } from "../buffer/encodings.js";
import { codes, constants } from "./constants.js";

const {
    Error, Int32Array, MathMin, StringPrototypeSlice, StringPrototypeStartsWith, TypedArrayPrototypeSet, Uint8Array,
} = primordials;
const { GUNZIP, INFLATE, UNZIP, BROTLI_DECODE, BROTLI_ENCODE, Z_BUF_ERROR, Z_STREAM_END } = constants;

/** Input bytes that one call of the native sees at most. */
const MOST_INPUT = 256 * 1024;

const NOTHING = new Uint8Array(0);

const isBrotli = (mode) => mode === BROTLI_DECODE || mode === BROTLI_ENCODE;

/** An error with zlib's number and its name. */
const zlibError = (message, errno, code) => {
    const error = new Error(message);
    error.errno = errno;
    error.code = code;
    return error;
};

const errorOf = (mode, status) => {
    if (status === Z_BUF_ERROR) return zlibError("unexpected end of file", Z_BUF_ERROR, "Z_BUF_ERROR");
    if (isBrotli(mode)) {
        if (mode === BROTLI_ENCODE) return zlibError("Compression failed", status, "ERR_BROTLI_COMPRESSION_FAILED");
        return zlibError("Decompression failed", status, brotliCode(status));
    }
    return undefined;
};

const brotliCode = (status) => {
    for (const name in constants) {
        if (constants[name] === status && StringPrototypeStartsWith(name, "BROTLI_DECODER_ERROR_")) {
            return `ERR_${StringPrototypeSlice(name, "BROTLI_DECODER".length)}`;
        }
    }
    return "ERR__ERROR_UNREACHABLE";
};

export class Engine {
    /** Consumed and produced bytes of the last step, and its status. */
    #result = new Int32Array(3);
    #handle;
    #mode;
    #settings;
    /** The first byte of an UNZIP that tells nothing alone. */
    #held = NOTHING;
    isOver = false;

    constructor(mode, settings) {
        this.#mode = mode;
        this.#settings = settings;
        if (mode !== UNZIP) this.#open(mode);
    }

    #open(mode) {
        const { level, windowBits, memLevel, strategy, dictionary, params } = this.#settings;
        this.#mode = mode;
        this.#handle = isBrotli(mode)
            ? natives.brotliOpen(mode === BROTLI_ENCODE, params)
            : natives.zlibOpen(mode, level, windowBits, memLevel, strategy, dictionary ?? NOTHING);
        if (this.#handle === undefined) {
            throw nodeError(Error, "ERR_ZLIB_INITIALIZATION_FAILED", "Initialization failed");
        }
    }

    /** Waits for the two bytes that tell gzip from zlib; gives what is to be worked on now, or undefined. */
    #detect(input, isLast) {
        const bytes = new Uint8Array(this.#held.length + input.length);
        TypedArrayPrototypeSet(bytes, this.#held, 0);
        TypedArrayPrototypeSet(bytes, input, this.#held.length);
        if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === 0x1f && !isLast)) {
            this.#held = bytes;
            return undefined;
        }
        this.#held = NOTHING;
        this.#open(bytes[0] === 0x1f && bytes[1] === 0x8b ? GUNZIP : INFLATE);
        return bytes;
    }

    /**
     * Works on `input` from `start` on and writes into `output` from `at` on. Gives `{consumed, produced, input}`:
     * `input` differs from the one given after a detection. Throws zlib's errors.
     */
    step(given, start, flush, output, at) {
        let input = given;
        if (this.#handle === undefined) {
            const found = this.#detect(viewOf(given, start, given.length), this.#isFinish(flush));
            if (found === undefined) {
                if (this.#isFinish(flush)) throw errorOf(INFLATE, Z_BUF_ERROR);
                return { __proto__: null, input: given, start: given.length, consumed: 0, produced: 0 };
            }
            input = found;
            start = 0;
        }
        const end = MathMin(input.length, start + MOST_INPUT);
        // Only the last part of the input is flushed.
        const kind = end < input.length ? 0 : flush;
        const part = viewOf(input, start, end);
        const room = viewOf(output, at, output.length);
        if (isBrotli(this.#mode)) natives.brotliStep(this.#handle, part, kind, room, this.#result);
        else natives.zlibStep(this.#handle, part, kind, room, this.#result);
        const consumed = this.#result[0];
        const produced = this.#result[1];
        const status = this.#result[2];
        if (status === Z_STREAM_END) this.isOver = true;
        else if (status !== 0) throw this.#error(status);
        return { __proto__: null, input, start: start + consumed, consumed, produced };
    }

    #isFinish(flush) {
        return flush === constants.Z_FINISH;
    }

    #error(status) {
        const known = errorOf(this.#mode, status);
        if (known !== undefined) return known;
        const { dictionary } = this.#settings;
        if (status === constants.Z_NEED_DICT) {
            return dictionary === undefined
                ? zlibError("Missing dictionary", status, "Z_NEED_DICT")
                : zlibError("Bad dictionary", status, "Z_NEED_DICT");
        }
        const message = natives.zlibMessage(this.#handle) || "Zlib error";
        return zlibError(message, status, codes[status] ?? "Z_STREAM_ERROR");
    }

    params(level, strategy) {
        this.#settings.level = level;
        this.#settings.strategy = strategy;
        natives.zlibParams(this.#handle, level, strategy);
    }

    reset() {
        this.isOver = false;
        this.#held = NOTHING;
        if (this.#handle === undefined) return;
        if (isBrotli(this.#mode)) this.#open(this.#mode);
        else natives.zlibReset(this.#handle);
    }
}
