// The module "buffer": the class Buffer, which is a Uint8Array with more methods, and what goes with it
// (nodejs.org/api/buffer.html, Node 20).
//
// Two things differ: each Buffer has an ArrayBuffer of its own (there is no pool that small ones share), and what
// allocUnsafe gives is filled with zeros.

import { primordials } from "../primordials.js";
import natives from "../natives.js";
import { isArrayBuffer } from "../webidl.js";
import { atob, btoa } from "../base64.js";
import { Blob, File, resolveObjectURL } from "../blob.js";
import {
    invalidArgType, invalidArgValue, invalidState, nodeError, outOfRange, validateArray, validateInt32, validateInteger,
    validateNumber,
} from "../node_errors.js";
import { bufferOutOfBounds, invalidBufferSize, unknownEncoding } from "./buffer/errors.js";
import { canonicalEncoding, decode, encode, encodeInto, encodingOf, lengthOf, viewOf } from "./buffer/encodings.js";
import { asBuffer, bytesOf, FastBuffer, isAnyArrayBuffer, isUint8Array } from "./buffer/bytes.js";
import { numberAliases, numberMethods } from "./buffer/numbers.js";
import { searchMethods } from "./buffer/search.js";
import { inspectMethod, inspectSettings } from "./buffer/inspect.js";

const {
    ArrayBufferIsView, ArrayBufferPrototypeGetDetached, ArrayIsArray, MathFloor, MathMax, MathMin, MathTrunc,
    NumberIsInteger, NumberIsNaN, NumberMAX_SAFE_INTEGER, NumberMIN_SAFE_INTEGER, ObjectAssign, ObjectDefineProperty,
    ObjectSetPrototypeOf, StringPrototypeCharCodeAt, SymbolFor, SymbolSpecies, SymbolToPrimitive,
    TypedArrayPrototypeCopyWithin, TypedArrayPrototypeFill, TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength,
    TypedArrayPrototypeSet, Uint8Array, Error, RangeError,
} = primordials;
const { bufferCompare, bufferIsAscii, bufferIsUtf8 } = natives;

export const kMaxLength = 2 ** 31 - 1;
export const kStringMaxLength = 2 ** 30 - 2;

// ------------------------------------------------------------------------------------------------- making buffers

const validateSize = (size) => validateNumber(size, "size", 0, kMaxLength);

const fromString = (text, encodingGiven) => {
    const isNamed = typeof encodingGiven === "string" && encodingGiven !== "";
    const encoding = isNamed ? canonicalEncoding(encodingGiven) : "utf8";
    if (encoding === undefined) throw unknownEncoding(encodingGiven);
    return text === "" ? new FastBuffer(0) : asBuffer(encode(text, encoding));
};

const fromArrayBuffer = (buffer, offsetGiven, lengthGiven) => {
    let offset = 0;
    if (offsetGiven !== undefined) {
        offset = +offsetGiven;
        if (NumberIsNaN(offset)) offset = 0;
    }
    const most = buffer.byteLength - offset;
    if (most < 0) throw bufferOutOfBounds("offset");
    if (lengthGiven === undefined) return new FastBuffer(buffer, offset, most);
    const length = +lengthGiven;
    if (!(0 < length)) return new FastBuffer(buffer, offset, 0);
    if (most < length) throw bufferOutOfBounds("length");
    return new FastBuffer(buffer, offset, length);
};

const fromArrayLike = (list) => {
    if (!(0 < list.length)) return new FastBuffer(0);
    if (kMaxLength < list.length) throw outOfRange("length", `<= ${kMaxLength}`, list.length);
    if (isUint8Array(list)) {
        const made = new FastBuffer(list.length);
        TypedArrayPrototypeSet(made, list, 0);
        return made;
    }
    const { length } = list;
    const made = new FastBuffer(MathTrunc(length));
    for (let at = 0; at < made.length; at++) made[at] = list[at];
    return made;
};

const fromObject = (value) => {
    if (value.length !== undefined || isAnyArrayBuffer(value.buffer)) {
        return typeof value.length === "number" ? fromArrayLike(value) : new FastBuffer(0);
    }
    if (value.type === "Buffer" && ArrayIsArray(value.data)) return fromArrayLike(value.data);
    return undefined;
};

/**
 * The class. It can be called and constructed with a size, or with what Buffer.from takes, as in the days before
 * Buffer.from.
 */
export function Buffer(arg, encodingOrOffset, length) {
    if (typeof arg === "number") {
        if (typeof encodingOrOffset === "string") throw invalidArgType("string", "string", arg);
        return Buffer.alloc(arg);
    }
    return bufferFrom(arg, encodingOrOffset, length);
}

ObjectDefineProperty(Buffer, SymbolSpecies, {
    __proto__: null,
    configurable: true,
    enumerable: false,
    get() {
        return FastBuffer;
    },
});

const bufferFrom = function from(value, encodingOrOffset, length) {
    if (typeof value === "string") return fromString(value, encodingOrOffset);
    if (typeof value === "object" && value !== null) {
        if (isAnyArrayBuffer(value)) return fromArrayBuffer(value, encodingOrOffset, length);
        const primitive = value.valueOf && value.valueOf();
        const isOther = primitive !== null && primitive !== undefined && primitive !== value;
        if (isOther && (typeof primitive === "string" || typeof primitive === "object")) {
            return bufferFrom(primitive, encodingOrOffset, length);
        }
        const made = fromObject(value);
        if (made !== undefined) return made;
        if (typeof value[SymbolToPrimitive] === "function") {
            const text = value[SymbolToPrimitive]("string");
            if (typeof text === "string") return fromString(text, encodingOrOffset);
        }
    }
    throw invalidArgType(
        "first argument",
        ["string", "Buffer", "ArrayBuffer", "Array", "Array-like Object"],
        value,
    );
};

/** A whole number; what is none or too large counts as 0. */
const toInteger = (value) => {
    if (NumberIsInteger(value)) return value;
    const number = +value;
    return NumberMIN_SAFE_INTEGER <= number && number <= NumberMAX_SAFE_INTEGER ? MathFloor(number) : 0;
};

// Functions that can be called with `new`, as real code does with some of them.
const statics = {
    poolSize: 8192,
    from: bufferFrom,
    of: function of(...items) {
        const made = new FastBuffer(items.length);
        for (let at = 0; at < items.length; at++) made[at] = items[at];
        return made;
    },
    alloc: function alloc(size, fill, encoding) {
        validateSize(size);
        const made = new FastBuffer(size);
        if (fill !== undefined && fill !== 0 && 0 < size) return fillBuffer(made, fill, 0, size, encoding);
        return made;
    },
    allocUnsafe: function allocUnsafe(size) {
        validateSize(size);
        return new FastBuffer(size);
    },
    allocUnsafeSlow: function allocUnsafeSlow(size) {
        validateSize(size);
        return new FastBuffer(size);
    },
    copyBytesFrom: function copyBytesFrom(view, offset, length) {
        if (!ArrayBufferIsView(view) || view.BYTES_PER_ELEMENT === undefined) {
            throw invalidArgType("view", ["TypedArray"], view);
        }
        const count = TypedArrayPrototypeGetLength(view);
        if (count === 0) return new FastBuffer(0);
        if (offset !== undefined) validateInteger(offset, "offset", 0);
        if (length !== undefined) validateInteger(length, "length", 0);
        const start = offset ?? 0;
        if (count <= start) return new FastBuffer(0);
        const end = length === undefined ? count : MathMin(start + length, count);
        const size = TypedArrayPrototypeGetByteLength(view) / count;
        const from = TypedArrayPrototypeGetByteOffset(view) + start * size;
        return fromArrayLike(new Uint8Array(TypedArrayPrototypeGetBuffer(view), from, (end - start) * size));
    },
    isBuffer: function isBuffer(value) {
        return value instanceof Buffer;
    },
    compare: function compare(buf1, buf2) {
        if (!isUint8Array(buf1)) throw invalidArgType("buf1", ["Buffer", "Uint8Array"], buf1);
        if (!isUint8Array(buf2)) throw invalidArgType("buf2", ["Buffer", "Uint8Array"], buf2);
        return buf1 === buf2 ? 0 : bufferCompare(buf1, buf2);
    },
    isEncoding: function isEncoding(encoding) {
        return typeof encoding === "string" && encoding.length !== 0 && canonicalEncoding(encoding) !== undefined;
    },
    concat: function concat(list, length) {
        validateArray(list, "list");
        if (list.length === 0) return new FastBuffer(0);
        let size = 0;
        if (length === undefined) {
            for (let at = 0; at < list.length; at++) if (list[at]?.length) size += list[at].length;
        } else {
            validateInteger(length, "length", 0, kMaxLength);
            size = length;
        }
        validateSize(size);
        const made = new FastBuffer(size);
        let end = 0;
        for (let at = 0; at < list.length; at++) {
            const item = list[at];
            if (!isUint8Array(item)) throw invalidArgType(`list[${at}]`, ["Buffer", "Uint8Array"], item);
            const count = MathMin(TypedArrayPrototypeGetLength(item), size - end);
            if (count <= 0) continue;
            TypedArrayPrototypeSet(made, count === item.length ? item : viewOf(item, 0, count), end);
            end += count;
        }
        return made;
    },
    byteLength: function byteLength(string, encoding) {
        if (typeof string === "string") {
            const known = typeof encoding === "string" ? canonicalEncoding(encoding) : undefined;
            return lengthOf(string, known ?? "utf8");
        }
        if (ArrayBufferIsView(string) || isAnyArrayBuffer(string)) return string.byteLength;
        throw invalidArgType("string", ["string", "Buffer", "ArrayBuffer"], string);
    },
};
ObjectSetPrototypeOf(Buffer, Uint8Array);
ObjectAssign(Buffer, statics);

// --------------------------------------------------------------------------------------------------- the prototype

const fillBuffer = (buffer, valueGiven, offsetGiven, endGiven, encodingGiven) => {
    let value = valueGiven;
    let offset = offsetGiven;
    let end = endGiven;
    let encoding = encodingGiven;
    if (typeof value === "string") {
        if (offset === undefined || typeof offset === "string") {
            encoding = offset;
            offset = undefined;
            end = undefined;
        } else if (typeof end === "string") {
            encoding = end;
            end = undefined;
        }
        if (encoding !== undefined && encoding !== null && typeof encoding !== "string") {
            throw invalidArgType("encoding", "string", encoding);
        }
        const known = encodingOf(encoding);
        value = value === "" ? 0 : encode(value, known);
    } else if (typeof value === "boolean") {
        value = +value;
    }
    const { length } = buffer;
    if (offset === undefined) {
        offset = 0;
        end = length;
    } else {
        validateInt32(offset, "offset", 0);
        if (end === undefined) end = length;
        else validateInt32(end, "end", 0, length);
    }
    if (end <= offset) return buffer;
    if (!isUint8Array(value)) {
        TypedArrayPrototypeFill(buffer, typeof value === "number" ? value & 255 : +value & 255, offset, end);
        return buffer;
    }
    const size = value.length;
    if (size === 0) throw invalidArgValue("value", valueGiven);
    if (size === 1) {
        TypedArrayPrototypeFill(buffer, value[0], offset, end);
        return buffer;
    }
    let done = MathMin(size, end - offset);
    TypedArrayPrototypeSet(buffer, viewOf(value, 0, done), offset);
    // What is there is copied behind itself; its length doubles each time.
    while (done < end - offset) {
        const count = MathMin(done - done % size, end - offset - done);
        TypedArrayPrototypeCopyWithin(buffer, offset + done, offset, offset + count);
        done += count;
    }
    return buffer;
};

const copyBytes = (source, target, targetStart, sourceStart, sourceEnd) => {
    let count = MathMin(sourceEnd - sourceStart, target.length - targetStart, source.length - sourceStart);
    if (count <= 0) return 0;
    count = MathTrunc(count);
    TypedArrayPrototypeSet(target, viewOf(source, sourceStart, sourceStart + count), targetStart);
    return count;
};

/** A position as slice takes it: negative ones count from the end. */
const position = (value, length, otherwise) => {
    if (value === undefined) return otherwise;
    let at = MathTrunc(value);
    if (NumberIsNaN(at)) return 0;
    if (at < 0) at += length;
    return at < 0 ? 0 : MathMin(at, length);
};

const sliceBuffer = (buffer, startGiven, endGiven) => {
    const { length } = buffer;
    const start = position(startGiven, length, 0);
    const end = position(endGiven, length, length);
    return new FastBuffer(
        TypedArrayPrototypeGetBuffer(buffer),
        TypedArrayPrototypeGetByteOffset(buffer) + start,
        start < end ? end - start : 0,
    );
};

const swap = (buffer, size) => {
    const { length } = buffer;
    if (length % size !== 0) throw invalidBufferSize(size * 8);
    for (let at = 0; at < length; at += size) {
        for (let low = at, high = at + size - 1; low < high; low++, high--) {
            const kept = buffer[low];
            buffer[low] = buffer[high];
            buffer[high] = kept;
        }
    }
    return buffer;
};

const textOf = (buffer, start, end, encoding) => {
    if (kStringMaxLength < end - start) {
        const limit = kStringMaxLength.toString(16);
        throw nodeError(Error, "ERR_STRING_TOO_LONG", `Cannot create a string longer than 0x${limit} characters`);
    }
    return decode(viewOf(buffer, start, end), encoding);
};

const checkBounds = (value, name, most = kMaxLength) => {
    validateInteger(value, name, 0, most);
    return value;
};

const { prototype } = FastBuffer;
ObjectDefineProperty(prototype, "constructor", { __proto__: null, value: Buffer, writable: true, configurable: true });
Buffer.prototype = prototype;

const methods = {
    copy(target, targetStart, sourceStart, sourceEnd) {
        if (!isUint8Array(this)) throw invalidArgType("source", ["Buffer", "Uint8Array"], this);
        if (!isUint8Array(target)) throw invalidArgType("target", ["Buffer", "Uint8Array"], target);
        let into = 0;
        if (targetStart !== undefined) {
            into = toInteger(targetStart);
            if (into < 0) throw outOfRange("targetStart", ">= 0", into);
        }
        let from = 0;
        if (sourceStart !== undefined) {
            from = toInteger(sourceStart);
            if (from < 0 || this.length < from) throw outOfRange("sourceStart", `>= 0 && <= ${this.length}`, from);
        }
        let end = this.length;
        if (sourceEnd !== undefined) {
            end = toInteger(sourceEnd);
            if (end < 0) throw outOfRange("sourceEnd", ">= 0", end);
        }
        if (target.length <= into || end <= from) return 0;
        return copyBytes(this, target, into, from, end);
    },
    toString(encoding, start, end) {
        if (!isUint8Array(this)) throw invalidArgType("argument", ["Buffer", "Uint8Array"], this);
        const { length } = this;
        let from = 0;
        if (start !== undefined) {
            if (length <= start) return "";
            from = start <= 0 ? 0 : MathTrunc(start) || 0;
        }
        let to = length;
        if (end !== undefined && !(length <= end)) to = MathTrunc(end) || 0;
        if (to <= from) return "";
        if (encoding === undefined) return textOf(this, from, to, "utf8");
        const known = canonicalEncoding(encoding);
        if (known === undefined) throw unknownEncoding(encoding);
        return textOf(this, from, to, known);
    },
    equals(otherBuffer) {
        if (!isUint8Array(otherBuffer)) throw invalidArgType("otherBuffer", ["Buffer", "Uint8Array"], otherBuffer);
        if (this === otherBuffer) return true;
        return this.length === otherBuffer.length && bufferCompare(this, otherBuffer) === 0;
    },
    compare(target, targetStart, targetEnd, sourceStart, sourceEnd) {
        if (!isUint8Array(target)) throw invalidArgType("target", ["Buffer", "Uint8Array"], target);
        const from = targetStart === undefined ? 0 : checkBounds(targetStart, "targetStart");
        const to = targetEnd === undefined ? target.length : checkBounds(targetEnd, "targetEnd", target.length);
        const ownFrom = sourceStart === undefined ? 0 : checkBounds(sourceStart, "sourceStart");
        const ownTo = sourceEnd === undefined ? this.length : checkBounds(sourceEnd, "sourceEnd", this.length);
        if (ownTo <= ownFrom) return to <= from ? 0 : -1;
        if (to <= from) return 1;
        return bufferCompare(viewOf(this, ownFrom, ownTo), viewOf(target, from, to));
    },
    fill(value, offset, end, encoding) {
        return fillBuffer(this, value, offset, end, encoding);
    },
    write(string, offset, length, encoding) {
        if (typeof string !== "string") throw invalidArgType("argument", "string", string);
        if (offset === undefined) return writeText(this, string, 0, this.length, "utf8");
        let from = 0;
        let room = this.length;
        let name = encoding;
        if (typeof offset === "string" && length === undefined) {
            name = offset;
        } else {
            from = checkBounds(offset, "offset", this.length);
            room = this.length - from;
            if (typeof length === "string") name = length;
            else if (length !== undefined) room = MathMin(room, checkBounds(length, "length", this.length));
        }
        return writeText(this, string, from, room, encodingOf(name));
    },
    toJSON() {
        const data = [];
        for (let at = 0; at < this.length; at++) data[at] = this[at];
        return { type: "Buffer", data };
    },
    subarray(start, end) {
        return sliceBuffer(this, start, end);
    },
    slice(start, end) {
        return sliceBuffer(this, start, end);
    },
    swap16() {
        return swap(this, 2);
    },
    swap32() {
        return swap(this, 4);
    },
    swap64() {
        return swap(this, 8);
    },
};

const writeText = (buffer, text, offset, room, encoding) => {
    const bytes = encodeInto(text, encoding, room);
    TypedArrayPrototypeSet(buffer, bytes, offset);
    return bytes.length;
};

ObjectAssign(prototype, numberMethods, searchMethods, methods);
for (let at = 0; at < numberAliases.length; at++) prototype[numberAliases[at][0]] = prototype[numberAliases[at][1]];
prototype.toLocaleString = prototype.toString;
prototype[SymbolFor("nodejs.util.inspect.custom")] = inspectMethod;
prototype.inspect = inspectMethod;

// A method for each encoding, such as utf8Slice(start, end) and utf8Write(text, offset, length): old libraries call
// them.
const perEncoding = [
    ["utf8", "utf8"], ["latin1", "latin1"], ["ascii", "ascii"], ["ucs2", "utf16le"], ["base64", "base64"],
    ["base64url", "base64url"], ["hex", "hex"],
];
for (let at = 0; at < perEncoding.length; at++) {
    const [name, encoding] = perEncoding[at];
    const both = {
        [`${name}Slice`](start = 0, end = this.length) {
            if (this.length === 0) return "";
            const from = toInteger(start);
            const to = MathMax(toInteger(end), from);
            if (from < 0 || this.length < to) throw nodeError(RangeError, "ERR_OUT_OF_RANGE", "Index out of range");
            return textOf(this, from, to, encoding);
        },
        [`${name}Write`](string, offset = 0, length = this.length - offset) {
            if (typeof string !== "string") throw invalidArgType("argument", "string", string);
            checkBounds(offset, "offset", this.length);
            const room = MathMin(checkBounds(length, "length"), this.length - offset);
            return writeText(this, string, offset, room, encoding);
        },
    };
    ObjectAssign(prototype, both);
}

const oldGetter = (name, get) => {
    ObjectDefineProperty(prototype, name, { __proto__: null, enumerable: true, configurable: true, get });
};
oldGetter("parent", function parent() {
    return this instanceof Buffer ? TypedArrayPrototypeGetBuffer(this) : undefined;
});
oldGetter("offset", function offset() {
    return this instanceof Buffer ? TypedArrayPrototypeGetByteOffset(this) : undefined;
});

// --------------------------------------------------------------------------------------------- what else is exported

/** A Buffer of one size, as in the days before Buffer.allocUnsafeSlow. */
export function SlowBuffer(size) {
    validateSize(size);
    return new FastBuffer(size);
}
ObjectSetPrototypeOf(SlowBuffer.prototype, Uint8Array.prototype);
ObjectSetPrototypeOf(SlowBuffer, Uint8Array);

const TRANSCODED = { __proto__: null, utf8: true, utf16le: true, latin1: true, ascii: true };

/** The same text in another encoding; a character that it does not have becomes "?". */
export const transcode = (source, fromEncoding, toEncoding) => {
    if (!isUint8Array(source)) throw invalidArgType("source", ["Buffer", "Uint8Array"], source);
    if (source.length === 0) return new FastBuffer(0);
    const from = canonicalEncoding(fromEncoding);
    const to = canonicalEncoding(toEncoding);
    if (TRANSCODED[from] !== true || TRANSCODED[to] !== true) {
        const error = new Error("Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]");
        error.code = "U_ILLEGAL_ARGUMENT_ERROR";
        error.errno = 1;
        throw error;
    }
    const text = decode(viewOf(source, 0, source.length), from === "ascii" ? "latin1" : from);
    if (to === "utf8" || to === "utf16le") return asBuffer(encode(text, to));
    const most = to === "ascii" ? 0x7f : 0xff;
    const made = new Uint8Array(text.length);
    let end = 0;
    for (let at = 0; at < text.length; at++) {
        const unit = StringPrototypeCharCodeAt(text, at);
        made[end++] = unit <= most ? unit : 0x3f;
        if (0xd800 <= unit && unit < 0xdc00) at++;
    }
    return asBuffer(viewOf(made, 0, end));
};

const isDetached = (input) => {
    const buffer = ArrayBufferIsView(input) ? input.buffer : input;
    if (ArrayBufferPrototypeGetDetached === undefined || !isArrayBuffer(buffer)) return false;
    return ArrayBufferPrototypeGetDetached(buffer);
};

const contentOf = (input) => {
    const bytes = bytesOf(input);
    if (bytes === undefined) throw invalidArgType("input", ["ArrayBuffer", "Buffer", "TypedArray"], input);
    if (isDetached(input)) throw invalidState("Cannot validate on a detached buffer", TypeError);
    return bytes;
};

export const isUtf8 = (input) => bufferIsUtf8(contentOf(input));

export const isAscii = (input) => bufferIsAscii(contentOf(input));

export const constants = {};
for (const [key, value] of [["MAX_LENGTH", kMaxLength], ["MAX_STRING_LENGTH", kStringMaxLength]]) {
    ObjectDefineProperty(constants, key, { __proto__: null, value, enumerable: true });
}

const module = {
    Buffer,
    SlowBuffer,
    transcode,
    kMaxLength,
    kStringMaxLength,
    btoa,
    atob,
    Blob,
    File,
    resolveObjectURL,
    isUtf8,
    isAscii,
    constants,
};
ObjectDefineProperty(module, "INSPECT_MAX_BYTES", {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() {
        return inspectSettings.most;
    },
    set(value) {
        validateNumber(value, "INSPECT_MAX_BYTES", 0);
        inspectSettings.most = value;
    },
});

export const globals = { Buffer };

export default module;
