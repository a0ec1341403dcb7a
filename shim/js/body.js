// Bodies of requests and responses: what they are made of, how they are cloned and read (Fetch Standard, section 2.2.4
// "Bodies", 5.2 "BodyInit unions" and 5.3 "Body mixin").
//
// A body whose bytes are known has no stream until code asks for one: `bytes` then is the source, `taken` says that it
// was read, and `shared` that a clone has the same bytes, so that what is given away must be a copy. Once there is a
// stream, everything goes through it. `signal` is the AbortSignal of the fetch that a body came from, or null: what was
// not read when it is aborted cannot be read any more. It is looked at then, so that a signal keeps no bodies.

import { abortReason, isAborted } from "./abort.js";
import { File, blobBytes, blobType, isBlob, newBlob, newFile } from "./blob.js";
import { formDataEntries, isFormData, newFormData } from "./form_data.js";
import { essenceOf, extractMimeType, parameterOf, serializeMimeType } from "./mime.js";
import { encodeMultipart, parseMultipart } from "./multipart.js";
import natives from "./natives.js";
import {
    concat, copyOf, hexEncode, isUint8Array, lengthOf, utf8Decode, utf8DecodeKeeping, utf8Encode,
} from "./octets.js";
import { primordials } from "./primordials.js";
import { streamOfBytes } from "./streams/bytes.js";
import { isReadableStream, readableObject, readableOf } from "./streams/index.js";
import { readableFrom } from "./streams/iterator.js";
import { acquireReader, isReadableLocked, readableCancel, readerRead } from "./streams/readable.js";
import { byteClose, byteEnqueue, createReadableByte, respond } from "./streams/readable_byte.js";
import { tee } from "./streams/tee.js";
import { cloneValue } from "./structured_clone.js";
import { parseForm, serializeForm } from "./url_encoding.js";
import { isURLSearchParams, searchParamsPairs } from "./url_search_params.js";
import { USVString, isArrayBuffer, isObject } from "./webidl.js";

const {
    ArrayBufferIsView, ArrayBufferPrototypeGetByteLength, ArrayPrototypePush, JSONParse, ObjectDefineProperty, Promise,
    PromisePrototypeThen, PromiseReject, ReflectGetOwnPropertyDescriptor, ReflectOwnKeys, SymbolAsyncIterator, TypeError,
    TypedArrayPrototypeGetBuffer, Uint8Array, queueMicrotask, uncurryThis,
} = primordials;


export const USED = "The body was read already, or is locked to a reader.";
const NO_BYTES = "A chunk of the body is no Uint8Array.";

const nothing = () => {};

const newBody = (bytes, stream, shared, signal) => ({ __proto__: null, bytes, stream, shared, signal, taken: false });

/** A body of bytes that belong to it from now on (or that others have too: `shared`), until `signal` is aborted. */
export const bodyOfBytes = (bytes, shared = false, signal = null) => newBody(bytes, null, shared, signal);

/** A body over a stream's record. */
export const bodyOfStream = (stream) => newBody(null, stream, false, null);

// Why a body cannot be read any more: {reason}, or null.
const stoppedBy = ({ signal }) =>
    signal !== null && isAborted(signal) ? { __proto__: null, reason: abortReason(signal) } : null;

const owned = (body) => {
    const { bytes } = body;
    return body.shared ? copyOf(bytes) : bytes;
};

/** The record of a body's stream, made when it is first asked for. */
const streamOf = (body) => {
    if (body.stream !== null) return body.stream;
    if (body.taken) {
        // What was read whole has a stream that is closed and belongs to the one who read it.
        body.stream = streamOfBytes(new Uint8Array(0));
        readStream(body.stream, nothing, nothing);
    } else {
        body.stream = streamOfBytes(body.bytes, () => stoppedBy(body));
    }
    body.bytes = null;
    return body.stream;
};

/** Whether it was read or is being read ("disturbed"). */
export const isBodyUsed = (body) => body !== null && (body.stream === null ? body.taken : body.stream.disturbed);

/** Whether nobody can read it any more: disturbed or locked. */
export const isBodyUnusable = (body) =>
    isBodyUsed(body) || (body !== null && body.stream !== null && isReadableLocked(body.stream));

// The second branch of a tee has chunks of its own.
const cloneChunk = (chunk) => (isUint8Array(chunk) ? copyOf(chunk) : cloneValue(chunk));

/** "Clone a body" */
export const cloneBody = (body) => {
    if (body === null) return null;
    if (body.stream === null) {
        body.shared = true;
        return bodyOfBytes(body.bytes, true, body.signal);
    }
    const branches = tee(body.stream, cloneChunk);
    body.stream = branches[0];
    return bodyOfStream(branches[1]);
};

/** Moves what is left of a body into a new one; the old one is used then. */
export const takeBody = (body) => {
    if (body.stream === null) {
        const moved = bodyOfBytes(body.bytes, body.shared, body.signal);
        markTaken(body);
        return moved;
    }
    const reader = acquireReader(body.stream);
    body.stream.disturbed = true;
    const pull = (controller) =>
        new Promise((resolve, reject) => {
            const request = {
                __proto__: null,
                chunkSteps: (chunk) => {
                    if (!isUint8Array(chunk)) {
                        reject(new TypeError(NO_BYTES));
                    } else if (lengthOf(chunk) === 0) {
                        queueMicrotask(() => readerRead(reader, request));
                    } else {
                        byteEnqueue(controller, copyOf(chunk));
                        resolve();
                    }
                },
                closeSteps: () => {
                    byteClose(controller);
                    if (0 < controller.pendingPullIntos.length) respond(controller, 0);
                    resolve();
                },
                errorSteps: reject,
            };
            readerRead(reader, request);
        });
    return bodyOfStream(createReadableByte(() => undefined, pull, (reason) => readableCancel(reader.stream, reason)));
};

/**
 * Reads the whole body and calls `done` with bytes that belong to the reader, or `failed` with an error. Bytes go by
 * calls and not by promises: a promise would ask them for a `then`, which code of an app can put into a prototype.
 */
export const readBody = (body, done, failed) => {
    if (body === null) {
        done(new Uint8Array(0));
    } else if (isBodyUnusable(body)) {
        failed(new TypeError(USED));
    } else if (body.stream !== null) {
        readStream(body.stream, done, failed);
    } else {
        const stopped = stoppedBy(body);
        const bytes = takeBytes(body);
        if (stopped === null) {
            done(bytes);
        } else {
            markTaken(body);
            failed(stopped.reason);
        }
    }
};

const markTaken = (body) => {
    body.taken = true;
    body.bytes = null;
};

/** The bytes of a body, without a promise; undefined when it has a stream, was read, or cannot be read any more. */
export const takeBytes = (body) => {
    if (body.stream !== null || body.taken || stoppedBy(body) !== null) return undefined;
    const bytes = owned(body);
    markTaken(body);
    return bytes;
};

/** Cancels the stream of a body that nobody is to send, if it has one. */
export const cancelBody = (body, reason) => {
    if (body === null || body.stream === null || body.stream.state !== "readable") return;
    PromisePrototypeThen(readableCancel(body.stream, reason), nothing, nothing);
};

// "Read all bytes": in a loop and no recursion, since a stream may have very many chunks at hand.
const readStream = (stream, done, failed) => {
    const reader = acquireReader(stream);
    const { isByte } = stream.controller;
    const chunks = [];
    let isRunning = false;
    let goOn = true;
    const request = {
        __proto__: null,
        chunkSteps: (chunk) => {
            if (!isUint8Array(chunk)) {
                failed(new TypeError(NO_BYTES));
                return;
            }
            // The chunks of a byte stream belong to us; others may be changed later.
            ArrayPrototypePush(chunks, isByte ? chunk : copyOf(chunk));
            goOn = true;
            if (!isRunning) pump();
        },
        closeSteps: () => done(concat(chunks)),
        errorSteps: failed,
    };
    const pump = () => {
        isRunning = true;
        while (goOn) {
            goOn = false;
            readerRead(reader, request);
        }
        isRunning = false;
    };
    pump();
};

const isAsyncIterable = (value) => typeof value === "object" && typeof value[SymbolAsyncIterator] === "function";

/** "Extract a body": {body, type} of a BodyInit; `type` is null or the Content-Type that comes with it. */
export const extractBody = (value, what) => {
    if (isObject(value)) {
        if (isReadableStream(value)) {
            const stream = readableOf(value);
            if (stream.disturbed || isReadableLocked(stream)) {
                throw new TypeError(`${what} is a stream that is locked or was read.`);
            }
            return { body: bodyOfStream(stream), type: null };
        }
        if (isBlob(value)) {
            const type = blobType(value);
            return { body: bodyOfBytes(blobBytes(value), true), type: type === "" ? null : type };
        }
        if (isArrayBuffer(value) || ArrayBufferIsView(value)) return { body: bodyOfBytes(copyOf(value)), type: null };
        if (isFormData(value)) return extractForm(formDataEntries(value));
        if (isURLSearchParams(value)) {
            const bytes = utf8Encode(serializeForm(searchParamsPairs(value)));
            return { body: bodyOfBytes(bytes), type: "application/x-www-form-urlencoded;charset=UTF-8" };
        }
        // Not in the standard: streams of Node and other async iterables are taken as they are on Node.
        if (isAsyncIterable(value)) return { body: bodyOfStream(readableFrom(value)), type: null };
    }
    return { body: bodyOfBytes(utf8Encode(USVString(value, what))), type: "text/plain;charset=UTF-8" };
};

const fileName = uncurryThis(ReflectGetOwnPropertyDescriptor(File.prototype, "name").get);

const extractForm = (entries) => {
    const random = new Uint8Array(12);
    natives.randomFill(random);
    const boundary = `----form-boundary-${hexEncode(random)}`;
    const list = [];
    for (let at = 0; at < entries.length; at++) {
        const { name, value } = entries[at];
        if (isBlob(value)) {
            const file = { name, bytes: blobBytes(value), filename: fileName(value), type: blobType(value) };
            ArrayPrototypePush(list, file);
        } else {
            ArrayPrototypePush(list, { name, value });
        }
    }
    return { body: bodyOfBytes(encodeMultipart(list, boundary)), type: `multipart/form-data; boundary=${boundary}` };
};

const bufferOf = (bytes) => TypedArrayPrototypeGetBuffer(whole(bytes));

// A view of a part of a buffer becomes one of a buffer of its own.
const whole = (bytes) =>
    lengthOf(bytes) === ArrayBufferPrototypeGetByteLength(TypedArrayPrototypeGetBuffer(bytes)) ? bytes : copyOf(bytes);

const toForm = (bytes, mimeType) => {
    const essence = mimeType === null ? null : essenceOf(mimeType);
    const form = [];
    if (essence === "multipart/form-data") {
        const boundary = parameterOf(mimeType, "boundary");
        const entries = boundary === undefined ? null : parseMultipart(bytes, boundary);
        if (entries === null) throw new TypeError("The body is no multipart/form-data.");
        for (let at = 0; at < entries.length; at++) {
            const { name, value, bytes, filename, type } = entries[at];
            ArrayPrototypePush(form, { name, value: value ?? newFile(copyOf(bytes), filename, type) });
        }
    } else if (essence === "application/x-www-form-urlencoded") {
        const pairs = parseForm(utf8DecodeKeeping(bytes));
        for (let at = 0; at < pairs.length; at++) ArrayPrototypePush(form, { name: pairs[at][0], value: pairs[at][1] });
    } else {
        throw new TypeError("The body has no Content-Type of a form.");
    }
    return newFormData(form);
};

const typeText = (mimeType) => (mimeType === null ? "" : serializeMimeType(mimeType));

// A promise of what `convert` makes of the whole body.
const consume = (body, convert) =>
    new Promise((resolve, reject) => {
        const done = (bytes) => {
            try {
                resolve(convert(bytes));
            } catch (error) {
                reject(error);
            }
        };
        readBody(body, done, reject);
    });

/**
 * Puts the members of the Body mixin onto a class. `bodyOf(object)` gives the body or null, `contentTypeOf(object)`
 * the combined Content-Type or null; both throw for objects that are no such interface.
 */
export const mixBody = (constructor, bodyOf, contentTypeOf) => {
    const read = (object, convert) => {
        let body;
        try {
            body = bodyOf(object);
        } catch (error) {
            return PromiseReject(error);
        }
        return consume(body, convert);
    };
    const mimeTypeOf = (object) => extractMimeType(contentTypeOf(object));
    const members = {
        get body() {
            const body = bodyOf(this);
            return body === null ? null : readableObject(streamOf(body));
        },
        get bodyUsed() {
            return isBodyUsed(bodyOf(this));
        },
        arrayBuffer() {
            return read(this, bufferOf);
        },
        blob() {
            return read(this, (bytes) => newBlob(bytes, typeText(mimeTypeOf(this))));
        },
        bytes() {
            return read(this, whole);
        },
        formData() {
            return read(this, (bytes) => toForm(bytes, mimeTypeOf(this)));
        },
        json() {
            return read(this, (bytes) => JSONParse(utf8Decode(bytes)));
        },
        text() {
            return read(this, utf8Decode);
        },
    };
    const names = ReflectOwnKeys(members);
    for (let at = 0; at < names.length; at++) {
        const described = ReflectGetOwnPropertyDescriptor(members, names[at]);
        ObjectDefineProperty(constructor.prototype, names[at], described);
    }
};
