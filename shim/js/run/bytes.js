// Bytes that a function returns.

import { primordials } from "../primordials.js";
import { isArrayBuffer } from "../webidl.js";

const {
    ArrayBufferIsView, ArrayBufferPrototypeGetDetached, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength,
    DataViewPrototypeGetByteOffset, TypeError, TypedArrayPrototypeAt, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag, Uint8Array,
} = primordials;

const notThere = () => new TypeError("the bytes that were returned are no longer there: their buffer was transferred or cut");

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
        // These throw by themselves for a view that is outside.
        const length = DataViewPrototypeGetByteLength(value);
        return new Uint8Array(DataViewPrototypeGetBuffer(value), DataViewPrototypeGetByteOffset(value), length);
    }
    const buffer = TypedArrayPrototypeGetBuffer(value);
    const length = TypedArrayPrototypeGetByteLength(value);
    if (ArrayBufferPrototypeGetDetached(buffer)) throw notThere();
    // Throws for a view that is outside, which has no length either.
    if (length === 0) TypedArrayPrototypeAt(value, 0);
    return new Uint8Array(buffer, TypedArrayPrototypeGetByteOffset(value), length);
};
