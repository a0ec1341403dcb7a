// The Streams standard (streams.spec.whatwg.org, November 2026): all its interfaces.
//
// Not there: streams cannot be transferred by structuredClone.

import { registerPlatform } from "../structured_clone.js";
import {
    ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader, ReadableStreamBYOBRequest,
    ReadableStreamDefaultController, ReadableStreamDefaultReader,
} from "./readable_classes.js";
import { ByteLengthQueuingStrategy, CountQueuingStrategy } from "./strategies.js";
import { TransformStream, TransformStreamDefaultController } from "./transform.js";
import { WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter } from "./writable_classes.js";

export const globals = {
    ByteLengthQueuingStrategy,
    CountQueuingStrategy,
    ReadableByteStreamController,
    ReadableStream,
    ReadableStreamBYOBReader,
    ReadableStreamBYOBRequest,
    ReadableStreamDefaultController,
    ReadableStreamDefaultReader,
    TransformStream,
    TransformStreamDefaultController,
    WritableStream,
    WritableStreamDefaultController,
    WritableStreamDefaultWriter,
};

for (const constructor of Object.values(globals)) registerPlatform(constructor);

export {
    ByteLengthQueuingStrategy,
    CountQueuingStrategy,
    ReadableByteStreamController,
    ReadableStream,
    ReadableStreamBYOBReader,
    ReadableStreamBYOBRequest,
    ReadableStreamDefaultController,
    ReadableStreamDefaultReader,
    TransformStream,
    TransformStreamDefaultController,
    WritableStream,
    WritableStreamDefaultController,
    WritableStreamDefaultWriter,
};

export { isDisturbed, isErrored, isLocked, readAllBytes, streamOfBytes } from "./bytes.js";
export { isReadableStream, readableObject, readableOf } from "./readable_classes.js";
export { createTransform, transformEnqueue } from "./transform.js";
export { writableObject, writableOf } from "./writable_classes.js";
