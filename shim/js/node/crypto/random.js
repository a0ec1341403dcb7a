// Random bytes and numbers (nodejs.org/api/crypto.html, "crypto.randomBytes" and its neighbours), all from the native
// that asks the kernel: there is no generator here whose state two instances could share.

import { primordials } from "../../primordials.js";
import natives from "../../natives.js";
import {
    invalidArgType, outOfRange, validateBoolean, validateFunction, validateNumber, validateObject,
} from "../../node_errors.js";
import { nextTick } from "../../ticks.js";
import { queueTask } from "../../timers.js";
import { randomUUID as webRandomUUID } from "../../web_crypto.js";
import { bytesOf, FastBuffer, isAnyArrayBuffer } from "../buffer/bytes.js";
import { viewOf } from "../buffer/encodings.js";
import { kMaxLength } from "../buffer.js";

const { ArrayBufferIsView, MathMin, NumberIsNaN, NumberIsSafeInteger, Uint8Array } = primordials;

const STEP = 65536;

const fill = (bytes) => {
    for (let at = 0; at < bytes.length; at += STEP) {
        natives.randomFill(viewOf(bytes, at, MathMin(at + STEP, bytes.length)));
    }
};

const MOST = 2 ** 31 - 1;

export const randomBytes = function randomBytes(size, callback) {
    validateNumber(size, "size");
    if (NumberIsNaN(size) || size < 0 || MOST < size) throw outOfRange("size", `>= 0 && <= ${MOST}`, size);
    if (callback !== undefined) validateFunction(callback, "callback");
    const bytes = new FastBuffer(size);
    fill(bytes);
    if (callback === undefined) return bytes;
    queueTask(() => callback(null, bytes));
    return undefined;
};

const partOf = (buffer, offsetGiven, sizeGiven) => {
    if (!ArrayBufferIsView(buffer) && !isAnyArrayBuffer(buffer)) {
        throw invalidArgType("buf", ["ArrayBuffer", "ArrayBufferView"], buffer);
    }
    const unit = buffer.BYTES_PER_ELEMENT || 1;
    const bytes = bytesOf(buffer);
    const most = MathMin(bytes.length, kMaxLength);
    let offset = 0;
    if (offsetGiven !== undefined) {
        validateNumber(offsetGiven, "offset");
        offset = offsetGiven * unit;
        if (NumberIsNaN(offset) || offset < 0 || most < offset) {
            throw outOfRange("offset", `>= 0 && <= ${most}`, offset);
        }
    }
    let size = bytes.length - offset;
    if (sizeGiven !== undefined) {
        validateNumber(sizeGiven, "size");
        size = sizeGiven * unit;
        if (NumberIsNaN(size) || size < 0 || MOST < size) throw outOfRange("size", `>= 0 && <= ${MOST}`, size);
        if (bytes.length < size + offset) throw outOfRange("size + offset", `<= ${bytes.length}`, size + offset);
    }
    return viewOf(bytes, offset >>> 0, (offset >>> 0) + (size >>> 0));
};

export const randomFillSync = function randomFillSync(buffer, offset = 0, size) {
    fill(partOf(buffer, offset, size));
    return buffer;
};

export const randomFill = function randomFill(buffer, offset, size, callback) {
    let from = offset;
    let count = size;
    let done = callback;
    if (typeof from === "function") {
        done = from;
        from = 0;
        count = undefined;
    } else if (typeof count === "function") {
        done = count;
        count = undefined;
    }
    if (!ArrayBufferIsView(buffer) && !isAnyArrayBuffer(buffer)) {
        throw invalidArgType("buf", ["ArrayBuffer", "ArrayBufferView"], buffer);
    }
    validateFunction(done, "callback");
    const part = partOf(buffer, from, count);
    queueTask(() => {
        fill(part);
        done(null, buffer);
    });
};

const RANGE = 2 ** 48;

/** A number from 0 to RANGE - 1. */
const random48 = () => {
    const bytes = new Uint8Array(6);
    natives.randomFill(bytes);
    let value = 0;
    for (let at = 0; at < 6; at++) value = value * 256 + bytes[at];
    return value;
};

export const randomInt = function randomInt(min, max, callback) {
    let least = min;
    let bound = max;
    let done = callback;
    const hasOne = bound === undefined || typeof bound === "function";
    if (hasOne) {
        done = bound;
        bound = least;
        least = 0;
    }
    if (done !== undefined) validateFunction(done, "callback");
    if (!NumberIsSafeInteger(least)) throw invalidArgType("min", "a safe integer", least);
    if (!NumberIsSafeInteger(bound)) throw invalidArgType("max", "a safe integer", bound);
    if (bound <= least) throw outOfRange("max", `greater than the value of "min" (${least})`, bound);
    const range = bound - least;
    if (RANGE - 1 < range) throw outOfRange(hasOne ? "max" : "max - min", `<= ${RANGE - 1}`, range);
    // Numbers of the last, incomplete round would make small results likelier.
    const limit = RANGE - (RANGE % range);
    let value = random48();
    while (limit <= value) value = random48();
    const result = (value % range) + least;
    if (done === undefined) return result;
    nextTick(done, undefined, result);
    return undefined;
};

export const randomUUID = function randomUUID(options) {
    if (options !== undefined) validateObject(options, "options");
    if (options?.disableEntropyCache !== undefined) {
        validateBoolean(options.disableEntropyCache, "options.disableEntropyCache");
    }
    return webRandomUUID();
};
