// Copies of ArrayBuffers and of views, for structuredClone (HTML Standard, StructuredSerializeInternal). A view keeps
// its kind, its place and whether it follows the length of its buffer.

import { primordials } from "./primordials.js";
import { isArrayBuffer, typedArrayName } from "./webidl.js";

const {
    ArrayBuffer, ArrayBufferPrototypeGetByteLength, ArrayBufferPrototypeGetDetached,
    ArrayBufferPrototypeGetMaxByteLength, ArrayBufferPrototypeGetResizable, ArrayBufferPrototypeResize, BigInt64Array,
    BigUint64Array, DataView, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength,
    DataViewPrototypeGetByteOffset, Float32Array, Float64Array, Int16Array, Int32Array, Int8Array,
    TypedArrayPrototypeAt, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, Uint16Array, Uint32Array,
    Uint8Array, Uint8ClampedArray,
} = primordials;

const { Float16Array } = globalThis;

const CLASSES = {
    __proto__: null,
    BigInt64Array, BigUint64Array, DataView, Float16Array, Float32Array, Float64Array, Int16Array, Int32Array,
    Int8Array, Uint16Array, Uint32Array, Uint8Array, Uint8ClampedArray,
};

/** A copy of an ArrayBuffer; one that is detached calls `refuse`. */
export const cloneBuffer = (buffer, refuse) => {
    if (ArrayBufferPrototypeGetDetached(buffer)) refuse("A detached ArrayBuffer");
    const length = ArrayBufferPrototypeGetByteLength(buffer);
    const copy = ArrayBufferPrototypeGetResizable(buffer)
        ? new ArrayBuffer(length, { __proto__: null, maxByteLength: ArrayBufferPrototypeGetMaxByteLength(buffer) })
        : new ArrayBuffer(length);
    TypedArrayPrototypeSet(new Uint8Array(copy), new Uint8Array(buffer));
    return copy;
};

const byteLengthOf = (view, name) => {
    if (name !== undefined) return TypedArrayPrototypeGetByteLength(view);
    try {
        return DataViewPrototypeGetByteLength(view);
    } catch {
        return -1;
    }
};

// Whether a view follows the length of its resizable buffer. No property says so: the buffer is made shorter for a
// moment, by the last bytes that the view has, which are put back.
const followsLength = (view, name, buffer, size) => {
    const length = ArrayBufferPrototypeGetByteLength(buffer);
    const before = byteLengthOf(view, name);
    const most = ArrayBufferPrototypeGetMaxByteLength(buffer);
    if (length + size <= most) {
        ArrayBufferPrototypeResize(buffer, length + size);
        const follows = byteLengthOf(view, name) !== before;
        ArrayBufferPrototypeResize(buffer, length);
        return follows;
    }
    if (before < size) return false;
    const tail = new Uint8Array(size);
    TypedArrayPrototypeSet(tail, new Uint8Array(buffer, length - size, size));
    ArrayBufferPrototypeResize(buffer, length - size);
    // A view of a fixed length is out of bounds then: its length is 0 (of a DataView: none), and it has no offset.
    const follows = name === undefined ? byteLengthOf(view, name) !== -1 : !isOutOfBounds(view);
    ArrayBufferPrototypeResize(buffer, length);
    TypedArrayPrototypeSet(new Uint8Array(buffer), tail, length - size);
    return follows && byteLengthOf(view, name) === before;
};

const isOutOfBounds = (view) => {
    try {
        TypedArrayPrototypeAt(view, 0);
        return false;
    } catch {
        return true;
    }
};

/** What a copy of a view needs to know; a view that is out of bounds calls `refuse`. */
export const describeView = (view, refuse) => {
    const name = typedArrayName(view);
    if (name === undefined) {
        if (byteLengthOf(view, name) === -1) refuse("A DataView that is out of bounds");
    } else if (isOutOfBounds(view)) {
        refuse(`A ${name} that is out of bounds`);
    }
    const buffer = name === undefined ? DataViewPrototypeGetBuffer(view) : TypedArrayPrototypeGetBuffer(view);
    const offset = name === undefined ? DataViewPrototypeGetByteOffset(view) : TypedArrayPrototypeGetByteOffset(view);
    const length = name === undefined ? DataViewPrototypeGetByteLength(view) : TypedArrayPrototypeGetLength(view);
    const constructor = CLASSES[name === undefined ? "DataView" : name];
    const size = name === undefined ? 1 : constructor.BYTES_PER_ELEMENT;
    const end = offset + length * size;
    const isNear = isArrayBuffer(buffer) && ArrayBufferPrototypeGetByteLength(buffer) - end < size;
    const follows = isNear && ArrayBufferPrototypeGetResizable(buffer) && followsLength(view, name, buffer, size);
    return { __proto__: null, constructor, buffer, offset, length: follows ? undefined : length };
};

/** The view of a copied buffer that `describeView` told of. */
export const cloneView = ({ constructor, offset, length }, buffer) =>
    length === undefined ? new constructor(buffer, offset) : new constructor(buffer, offset, length);

/** The same of a transferred buffer, which may have become too short in the meantime. */
export const makeView = (about, buffer, refuse) => {
    try {
        return cloneView(about, buffer);
    } catch {
        return refuse("A view of a buffer that became too short");
    }
};
