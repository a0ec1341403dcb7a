// The class behind Buffer, and the questions that Node's modules ask about bytes.

import { primordials } from "../../primordials.js";

const {
    ArrayBufferIsView, ArrayBufferPrototypeGetByteLength, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength,
    DataViewPrototypeGetByteOffset, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag, Uint8Array,
} = primordials;

const SharedArrayBufferGetByteLength = globalThis.SharedArrayBuffer === undefined
    ? undefined
    : primordials.uncurryThis(
        Reflect.getOwnPropertyDescriptor(globalThis.SharedArrayBuffer.prototype, "byteLength").get,
    );

/** A Uint8Array whose prototype is Buffer's: `Buffer` itself can be called without `new`, which a class cannot. */
export class FastBuffer extends Uint8Array {
    constructor(bufferOrLength, byteOffset, length) {
        super(bufferOrLength, byteOffset, length);
    }
}

export const isUint8Array = (value) => TypedArrayPrototypeGetSymbolToStringTag(value) === "Uint8Array";

const answers = (getter, value) => {
    try {
        getter(value);
        return true;
    } catch {
        return false;
    }
};

/** An ArrayBuffer or a SharedArrayBuffer. */
export const isAnyArrayBuffer = (value) => typeof value === "object" && value !== null && !ArrayBufferIsView(value)
    && (answers(ArrayBufferPrototypeGetByteLength, value)
        || (SharedArrayBufferGetByteLength !== undefined && answers(SharedArrayBufferGetByteLength, value)));

/** The bytes of any view or buffer as a plain Uint8Array over the same memory, or undefined. */
export const bytesOf = (value) => {
    if (ArrayBufferIsView(value)) {
        if (TypedArrayPrototypeGetSymbolToStringTag(value) === undefined) {
            return new Uint8Array(
                DataViewPrototypeGetBuffer(value),
                DataViewPrototypeGetByteOffset(value),
                DataViewPrototypeGetByteLength(value),
            );
        }
        return new Uint8Array(
            TypedArrayPrototypeGetBuffer(value),
            TypedArrayPrototypeGetByteOffset(value),
            TypedArrayPrototypeGetByteLength(value),
        );
    }
    return isAnyArrayBuffer(value) ? new Uint8Array(value) : undefined;
};

/** A Buffer over the memory of a Uint8Array. */
export const asBuffer = (bytes) => new FastBuffer(
    TypedArrayPrototypeGetBuffer(bytes),
    TypedArrayPrototypeGetByteOffset(bytes),
    TypedArrayPrototypeGetByteLength(bytes),
);
