// Buffers and views for the streams, by the saved functions only: what a view covers, copies, transfers.

import { primordials } from "../primordials.js";
import { fail, isArrayBuffer, typedArrayName } from "../webidl.js";

const {
    ArrayBufferIsView, ArrayBufferPrototypeGetDetached, ArrayBufferPrototypeGetResizable, ArrayBufferPrototypeTransfer,
    DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset,
    TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset,
    TypedArrayPrototypeSet, Uint8Array,
} = primordials;

/** The ArrayBuffer of a view. */
export const arrayBufferOf = (view) =>
    typedArrayName(view) === undefined ? DataViewPrototypeGetBuffer(view) : TypedArrayPrototypeGetBuffer(view);

/** 0 for a DataView whose buffer is detached, as for a typed array. */
export const byteLengthOf = (view) => {
    if (typedArrayName(view) !== undefined) return TypedArrayPrototypeGetByteLength(view);
    return isDetached(DataViewPrototypeGetBuffer(view)) ? 0 : DataViewPrototypeGetByteLength(view);
};

export const byteOffsetOf = (view) => {
    if (typedArrayName(view) !== undefined) return TypedArrayPrototypeGetByteOffset(view);
    return isDetached(DataViewPrototypeGetBuffer(view)) ? 0 : DataViewPrototypeGetByteOffset(view);
};

export const isDetached = (buffer) => ArrayBufferPrototypeGetDetached(buffer);

/** TransferArrayBuffer: a new buffer with the bytes; the old one is detached. */
export const transferBuffer = (buffer) => ArrayBufferPrototypeTransfer(buffer);

/** CloneArrayBuffer */
export const cloneBytes = (buffer, byteOffset, byteLength) =>
    TypedArrayPrototypeGetBuffer(new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)));

export const copyBytes = (target, targetOffset, source, sourceOffset, size) => {
    TypedArrayPrototypeSet(new Uint8Array(target, targetOffset, size), new Uint8Array(source, sourceOffset, size));
};

/** The type ArrayBufferView of Web IDL: a view of a buffer that is neither shared nor resizable. */
export const arrayBufferView = (value, what) => {
    if (!ArrayBufferIsView(value)) fail(what, "is no view of an ArrayBuffer.");
    const buffer = arrayBufferOf(value);
    if (!isArrayBuffer(buffer)) fail(what, "is a view of a shared buffer.");
    if (ArrayBufferPrototypeGetResizable(buffer)) fail(what, "is a view of a resizable buffer.");
    return value;
};

/** The bytes of a BufferSource, without a copy: a Uint8Array of ours over the same memory; empty if it is detached. */
export const bytesOf = (source) => {
    if (!ArrayBufferIsView(source)) return new Uint8Array(isDetachedSource(source) ? 0 : source);
    const buffer = arrayBufferOf(source);
    if (isDetachedSource(buffer)) return new Uint8Array(0);
    return new Uint8Array(buffer, byteOffsetOf(source), byteLengthOf(source));
};

// A shared buffer is never detached.
const isDetachedSource = (buffer) => isArrayBuffer(buffer) && isDetached(buffer);
