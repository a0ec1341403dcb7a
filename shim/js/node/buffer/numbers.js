// The methods of Buffer that read and write numbers, as nodejs.org/api/buffer.html (Node 20) describes them.
//
// Integers up to 32 bits are put together from bytes here; 64 bits and floating point numbers go through a DataView
// over eight bytes, which belongs to this file alone.

import { primordials } from "../../primordials.js";
import { invalidArgType, outOfRange } from "../../node_errors.js";
import { bufferOutOfBounds } from "./errors.js";

const {
    BigInt, DataView, DataViewPrototypeGetBigInt64, DataViewPrototypeGetBigUint64, DataViewPrototypeGetFloat32,
    DataViewPrototypeGetFloat64, DataViewPrototypeSetBigUint64, DataViewPrototypeSetFloat32,
    DataViewPrototypeSetFloat64, BigIntAsUintN, MathFloor, TypeError, TypedArrayPrototypeGetBuffer, Uint8Array,
} = primordials;

const scratch = new Uint8Array(8);
const view = new DataView(TypedArrayPrototypeGetBuffer(scratch));

/** Throws for a position (or a byte length, with its least) that is outside of its bounds. */
const refuse = (value, most, name = "offset", least = 0) => {
    if (typeof value !== "number") throw invalidArgType(name, "number", value);
    if (MathFloor(value) !== value) throw outOfRange(name, "an integer", value);
    if (most < 0) throw bufferOutOfBounds();
    throw outOfRange(name, `>= ${least} and <= ${most}`, value);
};

const within = (buffer, offset, size) => {
    const most = buffer.length - size;
    if (typeof offset !== "number" || !(0 <= offset && offset <= most) || MathFloor(offset) !== offset) {
        refuse(offset, most);
    }
};

const checkLength = (byteLength) => {
    if (byteLength !== 1 && byteLength !== 2 && byteLength !== 3 && byteLength !== 4 && byteLength !== 5
        && byteLength !== 6) {
        refuse(byteLength, 6, "byteLength", 1);
    }
};

/** Throws if a value does not fit; bounds above 32 bits are written as powers of two. */
const fits = (value, least, most, size) => {
    if (!(most < value || value < least)) return;
    const n = typeof least === "bigint" ? "n" : "";
    let range = `>= ${least}${n} and <= ${most}${n}`;
    if (4 < size) {
        const bits = size * 8;
        range = least == 0
            ? `>= 0${n} and < 2${n} ** ${bits}${n}`
            : `>= -(2${n} ** ${bits - 1}${n}) and < 2${n} ** ${bits - 1}${n}`;
    }
    throw outOfRange("value", range, value);
};

const checkPlace = (offset, byteLength) => {
    if (offset === undefined) throw invalidArgType("offset", "number", offset);
    checkLength(byteLength);
};

const readUnsignedLE = (buffer, offset, size) => {
    within(buffer, offset, size);
    let value = 0;
    for (let at = size - 1; 0 <= at; at--) value = value * 256 + buffer[offset + at];
    return value;
};

const readUnsignedBE = (buffer, offset, size) => {
    within(buffer, offset, size);
    let value = 0;
    for (let at = 0; at < size; at++) value = value * 256 + buffer[offset + at];
    return value;
};

const signed = (value, size) => {
    const half = 2 ** (size * 8 - 1);
    return half <= value ? value - 2 * half : value;
};

// A value that is no finite number is written as 0, a fraction without what is behind the point.
const bytesOf = (value, size) => {
    let rest = value - value === 0 ? (value < 0 ? MathFloor(-value) : MathFloor(value)) : 0;
    if (value < 0 && rest !== 0) rest = 2 ** (size * 8) - rest;
    return rest;
};

const writeLE = (buffer, given, offset, size, least, most) => {
    const value = +given;
    if (size === 1 && typeof offset !== "number") throw invalidArgType("offset", "number", offset);
    fits(value, least, most, size);
    within(buffer, offset, size);
    let rest = bytesOf(value, size);
    for (let at = 0; at < size; at++) {
        const byte = rest % 256;
        buffer[offset + at] = byte;
        rest = (rest - byte) / 256;
    }
    return offset + size;
};

const writeBE = (buffer, given, offset, size, least, most) => {
    const value = +given;
    fits(value, least, most, size);
    within(buffer, offset, size);
    let rest = bytesOf(value, size);
    for (let at = size - 1; 0 <= at; at--) {
        const byte = rest % 256;
        buffer[offset + at] = byte;
        rest = (rest - byte) / 256;
    }
    return offset + size;
};

const load = (buffer, offset, size) => {
    within(buffer, offset, size);
    for (let at = 0; at < size; at++) scratch[at] = buffer[offset + at];
};

const store = (buffer, offset, size) => {
    within(buffer, offset, size);
    for (let at = 0; at < size; at++) buffer[offset + at] = scratch[at];
    return offset + size;
};

const writeBig = (buffer, value, offset, little, least, most) => {
    fits(value, least, most, 8);
    within(buffer, offset, 8);
    if (typeof value !== "bigint") throw new TypeError("Cannot mix BigInt and other types, use explicit conversions");
    DataViewPrototypeSetBigUint64(view, 0, BigIntAsUintN(64, value), little);
    return store(buffer, offset, 8);
};

const BIG_ZERO = BigInt(0);
const BIG_UNSIGNED_MOST = BigInt("0xffffffffffffffff");
const BIG_SIGNED_LEAST = BigInt("-9223372036854775808");
const BIG_SIGNED_MOST = BigInt("9223372036854775807");

/** The methods, by name; buffer.js puts them into the prototype. */
export const numberMethods = {
    readUInt8(offset = 0) {
        within(this, offset, 1);
        return this[offset];
    },
    readUInt16LE(offset = 0) {
        within(this, offset, 2);
        return this[offset] | this[offset + 1] << 8;
    },
    readUInt16BE(offset = 0) {
        within(this, offset, 2);
        return this[offset] << 8 | this[offset + 1];
    },
    readUInt32LE(offset = 0) {
        within(this, offset, 4);
        return (this[offset] | this[offset + 1] << 8 | this[offset + 2] << 16 | this[offset + 3] << 24) >>> 0;
    },
    readUInt32BE(offset = 0) {
        within(this, offset, 4);
        return (this[offset] << 24 | this[offset + 1] << 16 | this[offset + 2] << 8 | this[offset + 3]) >>> 0;
    },
    readInt8(offset = 0) {
        within(this, offset, 1);
        return this[offset] << 24 >> 24;
    },
    readInt16LE(offset = 0) {
        within(this, offset, 2);
        return (this[offset] | this[offset + 1] << 8) << 16 >> 16;
    },
    readInt16BE(offset = 0) {
        within(this, offset, 2);
        return (this[offset] << 8 | this[offset + 1]) << 16 >> 16;
    },
    readInt32LE(offset = 0) {
        within(this, offset, 4);
        return this[offset] | this[offset + 1] << 8 | this[offset + 2] << 16 | this[offset + 3] << 24;
    },
    readInt32BE(offset = 0) {
        within(this, offset, 4);
        return this[offset] << 24 | this[offset + 1] << 16 | this[offset + 2] << 8 | this[offset + 3];
    },
    readUIntLE(offset, byteLength) {
        checkPlace(offset, byteLength);
        return readUnsignedLE(this, offset, byteLength);
    },
    readUIntBE(offset, byteLength) {
        checkPlace(offset, byteLength);
        return readUnsignedBE(this, offset, byteLength);
    },
    readIntLE(offset, byteLength) {
        checkPlace(offset, byteLength);
        return signed(readUnsignedLE(this, offset, byteLength), byteLength);
    },
    readIntBE(offset, byteLength) {
        checkPlace(offset, byteLength);
        return signed(readUnsignedBE(this, offset, byteLength), byteLength);
    },
    readBigUInt64LE(offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetBigUint64(view, 0, true);
    },
    readBigUInt64BE(offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetBigUint64(view, 0, false);
    },
    readBigInt64LE(offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetBigInt64(view, 0, true);
    },
    readBigInt64BE(offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetBigInt64(view, 0, false);
    },
    readFloatLE(offset = 0) {
        load(this, offset, 4);
        return DataViewPrototypeGetFloat32(view, 0, true);
    },
    readFloatBE(offset = 0) {
        load(this, offset, 4);
        return DataViewPrototypeGetFloat32(view, 0, false);
    },
    readDoubleLE(offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetFloat64(view, 0, true);
    },
    readDoubleBE(offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetFloat64(view, 0, false);
    },

    writeUInt8(value, offset = 0) {
        return writeLE(this, value, offset, 1, 0, 0xff);
    },
    writeUInt16LE(value, offset = 0) {
        return writeLE(this, value, offset, 2, 0, 0xffff);
    },
    writeUInt16BE(value, offset = 0) {
        return writeBE(this, value, offset, 2, 0, 0xffff);
    },
    writeUInt32LE(value, offset = 0) {
        return writeLE(this, value, offset, 4, 0, 0xffffffff);
    },
    writeUInt32BE(value, offset = 0) {
        return writeBE(this, value, offset, 4, 0, 0xffffffff);
    },
    writeInt8(value, offset = 0) {
        return writeLE(this, value, offset, 1, -0x80, 0x7f);
    },
    writeInt16LE(value, offset = 0) {
        return writeLE(this, value, offset, 2, -0x8000, 0x7fff);
    },
    writeInt16BE(value, offset = 0) {
        return writeBE(this, value, offset, 2, -0x8000, 0x7fff);
    },
    writeInt32LE(value, offset = 0) {
        return writeLE(this, value, offset, 4, -0x80000000, 0x7fffffff);
    },
    writeInt32BE(value, offset = 0) {
        return writeBE(this, value, offset, 4, -0x80000000, 0x7fffffff);
    },
    writeUIntLE(value, offset, byteLength) {
        checkLength(byteLength);
        return writeLE(this, value, offset, byteLength, 0, 2 ** (8 * byteLength) - 1);
    },
    writeUIntBE(value, offset, byteLength) {
        checkLength(byteLength);
        return writeBE(this, value, offset, byteLength, 0, 2 ** (8 * byteLength) - 1);
    },
    writeIntLE(value, offset, byteLength) {
        checkLength(byteLength);
        const half = 2 ** (8 * byteLength - 1);
        return writeLE(this, value, offset, byteLength, -half, half - 1);
    },
    writeIntBE(value, offset, byteLength) {
        checkLength(byteLength);
        const half = 2 ** (8 * byteLength - 1);
        return writeBE(this, value, offset, byteLength, -half, half - 1);
    },
    writeBigUInt64LE(value, offset = 0) {
        return writeBig(this, value, offset, true, BIG_ZERO, BIG_UNSIGNED_MOST);
    },
    writeBigUInt64BE(value, offset = 0) {
        return writeBig(this, value, offset, false, BIG_ZERO, BIG_UNSIGNED_MOST);
    },
    writeBigInt64LE(value, offset = 0) {
        return writeBig(this, value, offset, true, BIG_SIGNED_LEAST, BIG_SIGNED_MOST);
    },
    writeBigInt64BE(value, offset = 0) {
        return writeBig(this, value, offset, false, BIG_SIGNED_LEAST, BIG_SIGNED_MOST);
    },
    writeFloatLE(value, offset = 0) {
        DataViewPrototypeSetFloat32(view, 0, value, true);
        return store(this, offset, 4);
    },
    writeFloatBE(value, offset = 0) {
        DataViewPrototypeSetFloat32(view, 0, value, false);
        return store(this, offset, 4);
    },
    writeDoubleLE(value, offset = 0) {
        DataViewPrototypeSetFloat64(view, 0, value, true);
        return store(this, offset, 8);
    },
    writeDoubleBE(value, offset = 0) {
        DataViewPrototypeSetFloat64(view, 0, value, false);
        return store(this, offset, 8);
    },
};

/** Other spellings of the same functions: `readUint8` is `readUInt8`. */
export const numberAliases = [
    ["readUint8", "readUInt8"], ["readUint16LE", "readUInt16LE"], ["readUint16BE", "readUInt16BE"],
    ["readUint32LE", "readUInt32LE"], ["readUint32BE", "readUInt32BE"], ["readUintLE", "readUIntLE"],
    ["readUintBE", "readUIntBE"], ["readBigUint64LE", "readBigUInt64LE"], ["readBigUint64BE", "readBigUInt64BE"],
    ["writeUint8", "writeUInt8"], ["writeUint16LE", "writeUInt16LE"], ["writeUint16BE", "writeUInt16BE"],
    ["writeUint32LE", "writeUInt32LE"], ["writeUint32BE", "writeUInt32BE"], ["writeUintLE", "writeUIntLE"],
    ["writeUintBE", "writeUIntBE"], ["writeBigUint64LE", "writeBigUInt64LE"], ["writeBigUint64BE", "writeBigUInt64BE"],
];
