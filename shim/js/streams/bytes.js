// Streams of bytes for the other scripts: a stream over bytes at hand, all bytes of a stream, and its state.
//
// All of them take and give records (`readableOf(object)`, `readableObject(record)` of readable_classes.js).

import { primordials } from "../primordials.js";
import { typedArrayName } from "../webidl.js";
import { Deferred } from "./promises.js";
import { Queue } from "./queue.js";
import { acquireReader, isReadableLocked, readerRead } from "./readable.js";
import { byteClose, byteEnqueue, createReadableByte, respond } from "./readable_byte.js";

const {
    MathMin, PromiseReject, PromiseResolve, TypeError, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeSet, Uint8Array,
} = primordials;

/** At most this many bytes are in a chunk of a stream over bytes. */
const CHUNK = 65536;

const resolved = () => PromiseResolve(undefined);

const goesOn = () => null;

/**
 * A byte stream that gives copies of the bytes, which stay as they are, in chunks of at most 64 KiB. Before each of
 * them `stopped()` answers null, or {reason} with the error that ends the stream.
 */
export const streamOfBytes = (bytes, stopped = goesOn) => {
    const buffer = TypedArrayPrototypeGetBuffer(bytes);
    const start = TypedArrayPrototypeGetByteOffset(bytes);
    const length = TypedArrayPrototypeGetByteLength(bytes);
    let at = 0;
    const pull = (controller) => {
        const end = stopped();
        if (end !== null) return PromiseReject(end.reason);
        if (length <= at) {
            byteClose(controller);
            if (0 < controller.pendingPullIntos.length) respond(controller, 0);
            return resolved();
        }
        const size = MathMin(CHUNK, length - at);
        const chunk = new Uint8Array(new Uint8Array(buffer, start + at, size));
        at += size;
        byteEnqueue(controller, chunk);
        return resolved();
    };
    return createReadableByte(() => undefined, pull, resolved);
};

/** A promise of all bytes of a stream that is not locked; rejects with a TypeError when a chunk is no Uint8Array. */
export const readAllBytes = (stream) => {
    const reader = acquireReader(stream);
    const deferred = new Deferred();
    const chunks = new Queue();
    let total = 0;
    let isPumping = false;
    let goOn = true;
    const request = {
        __proto__: null,
        chunkSteps: (chunk) => {
            if (typedArrayName(chunk) !== "Uint8Array") {
                deferred.reject(new TypeError("A chunk of the stream is no Uint8Array."));
                return;
            }
            // The chunks of a byte stream belong to us; others may be changed or detached later.
            chunks.push(stream.controller.isByte ? chunk : new Uint8Array(chunk));
            total += TypedArrayPrototypeGetByteLength(chunk);
            goOn = true;
            if (!isPumping) pump();
        },
        closeSteps: () => deferred.resolve(join(chunks, total)),
        errorSteps: (error) => deferred.reject(error),
    };
    // A loop and no recursion: a stream may have very many chunks at hand.
    const pump = () => {
        isPumping = true;
        while (goOn) {
            goOn = false;
            readerRead(reader, request);
        }
        isPumping = false;
    };
    pump();
    return deferred.promise;
};

const join = (chunks, total) => {
    const whole = new Uint8Array(total);
    let at = 0;
    while (0 < chunks.length) {
        const chunk = chunks.shift();
        TypedArrayPrototypeSet(whole, chunk, at);
        at += TypedArrayPrototypeGetByteLength(chunk);
    }
    return whole;
};

/** Whether anything was read from the stream or it was cancelled. */
export const isDisturbed = (stream) => stream.disturbed;

export const isErrored = (stream) => stream.state === "errored";

export const isLocked = isReadableLocked;
