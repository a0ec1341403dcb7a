// Questions about streams of any kind: Node's own, old ones that only look alike, and those of the web.
//
// A Node stream is told by its methods, its state by `_readableState` and `_writableState`, as libraries do it too.

import { primordials } from "../../primordials.js";
import { invalidArgValue, validateInteger } from "../../node_errors.js";
import { isReadableStream, isTransformStream, isWritableStream, webState } from "./web_state.js";

const { MathFloor, NumberIsInteger, SymbolAsyncIterator, SymbolIterator } = primordials;

export { isReadableStream, isTransformStream, isWritableStream };

let bytesDefault = 64 * 1024;
let objectsDefault = 16;

export const getDefaultHighWaterMark = (objectMode) => (objectMode ? objectsDefault : bytesDefault);

export const setDefaultHighWaterMark = (objectMode, value) => {
    validateInteger(value, "value", 0);
    if (objectMode) objectsDefault = value;
    else bytesDefault = value;
};

/** What a new stream's buffer may hold: as its options say, else the default. */
export const highWaterMarkOf = (objectMode, options, key, isDuplex) => {
    let given = options?.highWaterMark;
    let name = "options.highWaterMark";
    if ((given === undefined || given === null) && isDuplex) {
        given = options?.[key];
        name = `options.${key}`;
    }
    if (given === undefined || given === null) return getDefaultHighWaterMark(objectMode);
    if (!NumberIsInteger(given) || given < 0) throw invalidArgValue(name, given);
    return MathFloor(given);
};

export const isReadableNode = (stream, strict = false) => !!(
    stream && typeof stream.pipe === "function" && typeof stream.on === "function"
    && (!strict || (typeof stream.pause === "function" && typeof stream.resume === "function"))
    && (!stream._writableState || stream._readableState?.readable !== false)
    && (!stream._writableState || stream._readableState)
);

export const isWritableNode = (stream) => !!(
    stream && typeof stream.write === "function" && typeof stream.on === "function"
    && (!stream._readableState || stream._writableState?.writable !== false)
);

export const isDuplexNode = (stream) => !!(
    stream && typeof stream.pipe === "function" && stream._readableState && typeof stream.on === "function"
    && typeof stream.write === "function"
);

export const isNodeStream = (stream) => !!(
    stream && (
        stream._readableState || stream._writableState
        || (typeof stream.write === "function" && typeof stream.on === "function")
        || (typeof stream.pipe === "function" && typeof stream.on === "function")
    )
);

export const isWebStream = (stream) =>
    isReadableStream(stream) || isWritableStream(stream) || isTransformStream(stream);

export const isDestroyed = (stream) => {
    if (!isNodeStream(stream)) return null;
    return !!(stream.destroyed || stream._writableState?.destroyed || stream._readableState?.destroyed);
};

/** Null says that it cannot be told. */
export const isWritableEnded = (stream) => {
    if (!isWritableNode(stream)) return null;
    if (stream.writableEnded === true) return true;
    const state = stream._writableState;
    if (state?.errored) return false;
    return typeof state?.ended === "boolean" ? state.ended : null;
};

export const isWritableFinished = (stream, strict) => {
    if (!isWritableNode(stream)) return null;
    if (stream.writableFinished === true) return true;
    const state = stream._writableState;
    if (state?.errored) return false;
    if (typeof state?.finished !== "boolean") return null;
    return state.finished || (strict === false && state.ended === true && state.length === 0);
};

export const isReadableFinished = (stream, strict) => {
    if (!isReadableNode(stream)) return null;
    const state = stream._readableState;
    if (state?.errored) return false;
    if (typeof state?.endEmitted !== "boolean") return null;
    return state.endEmitted || (strict === false && state.ended === true && state.length === 0);
};

export const isReadable = (stream) => {
    if (isReadableStream(stream)) return stream.locked === undefined ? null : webState(stream).readable;
    if (typeof stream?.readable !== "boolean") return null;
    if (isDestroyed(stream)) return false;
    return isReadableNode(stream) && stream.readable && !isReadableFinished(stream);
};

export const isWritable = (stream) => {
    if (isWritableStream(stream)) return webState(stream).writable;
    if (typeof stream?.writable !== "boolean") return null;
    if (isDestroyed(stream)) return false;
    return isWritableNode(stream) && stream.writable && !isWritableEnded(stream);
};

export const isFinished = (stream, options) => {
    if (!isNodeStream(stream)) return null;
    if (isDestroyed(stream)) return true;
    if (options?.readable !== false && isReadable(stream)) return false;
    if (options?.writable !== false && isWritable(stream)) return false;
    return true;
};

const errorOf = (stream, own, flag) => {
    if (!isNodeStream(stream)) return null;
    if (stream[flag]) return stream[flag];
    return own?.errored ?? null;
};

export const writableError = (stream) => errorOf(stream, stream?._writableState, "writableErrored");
export const readableError = (stream) => errorOf(stream, stream?._readableState, "readableErrored");

export const isErrored = (stream) => {
    if (isWebStream(stream)) return webState(stream).errored;
    return !!(stream && (
        stream.readableErrored ?? stream.writableErrored ?? stream._readableState?.errorEmitted
        ?? stream._writableState?.errorEmitted ?? stream._readableState?.errored ?? stream._writableState?.errored
    ));
};

export const isDisturbed = (stream) => {
    if (isReadableStream(stream)) return webState(stream).disturbed;
    return !!(stream && (stream.readableDidRead || stream.readableAborted));
};

export const isClosed = (stream) => {
    if (!isNodeStream(stream)) return null;
    if (typeof stream.closed === "boolean") return stream.closed;
    const writing = stream._writableState;
    const reading = stream._readableState;
    if (typeof writing?.closed === "boolean" || typeof reading?.closed === "boolean") {
        return writing?.closed || reading?.closed;
    }
    // A message of the module "http", which keeps it elsewhere.
    if (typeof stream._closed === "boolean" && isOutgoingMessage(stream)) return stream._closed;
    return null;
};

export const isOutgoingMessage = (stream) => typeof stream._closed === "boolean"
    && typeof stream._defaultKeepAlive === "boolean" && typeof stream._removedConnection === "boolean"
    && typeof stream._removedContLen === "boolean";

export const isServerResponse = (stream) => typeof stream._sent100 === "boolean" && isOutgoingMessage(stream);

export const isServerRequest = (stream) => typeof stream._consuming === "boolean" && typeof stream._dumped === "boolean"
    && stream.req?.upgradeOrConnect === undefined;

/** Whether "close" will come after everything else. */
export const willEmitClose = (stream) => {
    if (!isNodeStream(stream)) return null;
    const writing = stream._writableState;
    const reading = stream._readableState;
    const state = writing ?? reading;
    return (!state && isServerResponse(stream)) || !!(state?.autoDestroy && state.emitClose && state.closed === false);
};

export const isRequest = (stream) => !!(stream.setHeader && typeof stream.abort === "function");

const isIterableOf = (value, symbol) => value !== null && value !== undefined && typeof value[symbol] === "function";

export const isAsyncIterable = (value) => isIterableOf(value, SymbolAsyncIterator);
export const isIterable = (value) =>
    isAsyncIterable(value) || isIterableOf(value, SymbolIterator);
export const isSyncIterable = (value) => isIterableOf(value, SymbolIterator);
