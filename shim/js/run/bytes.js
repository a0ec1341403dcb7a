// Bytes that a function returns.

import { primordials } from "../primordials.js";
import { isArrayBuffer } from "../webidl.js";

const {
    ArrayBufferIsView, ArrayBufferPrototypeGetDetached, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength,
    DataViewPrototypeGetByteOffset, TypeError, TypedArrayPrototypeAt, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag, Uint8Array,
} = primordials;

const notThere = () => new TypeError("the bytes that were returned are no longer there: their buffer was transferred or cut");

// What throws by itself for a view that is outside of its buffer.
const there = (ask, ...args) => {
    try {
        return ask(...args);
    } catch {
        throw notThere();
    }
};

/**
 * A Uint8Array over what a typed array, a DataView or an ArrayBuffer sees; undefined for other values.
 * Throws a TypeError for a buffer that was transferred and a view that lies outside of its buffer.
 */
export const bytesOfResult = (value) => {
    if (isArrayBuffer(value)) {
        if (ArrayBufferPrototypeGetDetached(value)) throw notThere();
        return new Uint8Array(value);
    }
    if (!ArrayBufferIsView(value)) return undefined;
    if (TypedArrayPrototypeGetSymbolToStringTag(value) === undefined) {
        const length = there(DataViewPrototypeGetByteLength, value);
        return bytesOfResult(new Uint8Array(DataViewPrototypeGetBuffer(value), DataViewPrototypeGetByteOffset(value), length));
    }
    const buffer = TypedArrayPrototypeGetBuffer(value);
    const length = TypedArrayPrototypeGetByteLength(value);
    const isShared = !isArrayBuffer(buffer);
    if (!isShared && ArrayBufferPrototypeGetDetached(buffer)) throw notThere();
    // The engine has a length of zero for a view that is outside of its buffer, and says so when an element is asked for.
    if (length === 0) there(TypedArrayPrototypeAt, value, 0);
    const seen = new Uint8Array(buffer, TypedArrayPrototypeGetByteOffset(value), length);
    // A copy, whose buffer is no SharedArrayBuffer.
    return isShared ? new Uint8Array(seen) : seen;
};
