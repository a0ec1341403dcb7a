// stream.finished: is told once when a stream is over, well or not (nodejs.org/api/stream.html, "stream.finished").

import { primordials } from "../../primordials.js";
import {
    abortError, invalidArgType, validateAbortSignal, validateBoolean, validateFunction, validateObject,
} from "../../node_errors.js";
import { nextTick } from "../../ticks.js";
import { prematureClose } from "./errors.js";
import {
    isClosed, isNodeStream, isReadable, isReadableFinished, isReadableNode, isReadableStream, isRequest, isWritable,
    isWritableFinished, isWritableNode, isWritableStream, readableError, willEmitClose, writableError,
} from "./state.js";
import { webClosed } from "./web_state.js";

const { FunctionPrototypeCall, ObjectDefineProperty, Promise, PromisePrototypeThen } = primordials;

const nothing = () => {};

const once = (callback) => {
    let isCalled = false;
    return function onceOnly(error) {
        if (isCalled) return;
        isCalled = true;
        if (error === undefined) FunctionPrototypeCall(callback, this);
        else FunctionPrototypeCall(callback, this, error);
    };
};

export function finished(stream, optionsGiven, callbackGiven) {
    let options = optionsGiven;
    let given = callbackGiven;
    if (arguments.length === 2) {
        given = options;
        options = {};
    } else if (options === undefined || options === null) {
        options = {};
    } else {
        validateObject(options, "options");
    }
    validateFunction(given, "callback");
    validateAbortSignal(options.signal, "options.signal");
    const callback = once(given);
    if (isReadableStream(stream) || isWritableStream(stream)) return finishedWeb(stream, options, callback);
    if (!isNodeStream(stream)) throw invalidArgType("stream", ["ReadableStream", "WritableStream", "Stream"], stream);
    return finishedNode(stream, options, callback);
}

const finishedNode = (stream, options, callback) => {
    const wantsReadable = options.readable ?? isReadableNode(stream);
    const wantsWritable = options.writable ?? isWritableNode(stream);
    const writing = stream._writableState;
    const reading = stream._readableState;
    let isCleanedUp = false;
    const tell = (error) => {
        if (isCleanedUp) return;
        if (error === undefined) FunctionPrototypeCall(callback, stream);
        else FunctionPrototypeCall(callback, stream, error);
    };
    // Streams that emit "close" are waited for until they do, if both of their sides are asked for.
    let waitsForClose = willEmitClose(stream) && isReadableNode(stream) === wantsReadable
        && isWritableNode(stream) === wantsWritable;
    let writableDone = isWritableFinished(stream, false);
    let readableDone = isReadableFinished(stream, false);
    let isOver = isClosed(stream);

    const onFinish = () => {
        writableDone = true;
        if (stream.destroyed) waitsForClose = false;
        if (waitsForClose && (!stream.writable || wantsReadable)) return;
        if (!wantsReadable || readableDone) tell();
    };
    const onEnd = () => {
        readableDone = true;
        if (stream.destroyed) waitsForClose = false;
        if (waitsForClose && (!stream.readable || wantsWritable)) return;
        if (!wantsWritable || writableDone) tell();
    };
    const onOldEnd = () => {
        if (!stream.writable) onFinish();
    };
    const onError = (error) => tell(error);
    const errorSeen = () => {
        const error = writableError(stream) || readableError(stream);
        return error && typeof error !== "boolean" ? error : undefined;
    };
    const onClose = () => {
        isOver = true;
        const error = errorSeen();
        if (error !== undefined) {
            tell(error);
        } else if (wantsReadable && !readableDone && isReadableNode(stream, true)
            && !isReadableFinished(stream, false)) {
            tell(prematureClose());
        } else if (wantsWritable && !writableDone && !isWritableFinished(stream, false)) {
            tell(prematureClose());
        } else {
            tell();
        }
    };
    const onOver = () => {
        isOver = true;
        const error = errorSeen();
        if (error !== undefined) tell(error);
        else tell();
    };
    const onRequest = () => stream.req.on("finish", onFinish);

    if (isRequest(stream)) {
        stream.on("complete", onFinish);
        if (!waitsForClose) stream.on("abort", onClose);
        if (stream.req) onRequest();
        else stream.on("request", onRequest);
    } else if (wantsWritable && !writing) {
        // An old stream, which has no "finish".
        stream.on("end", onOldEnd);
        stream.on("close", onOldEnd);
    }
    if (!waitsForClose && typeof stream.aborted === "boolean") stream.on("aborted", onClose);
    stream.on("end", onEnd);
    stream.on("finish", onFinish);
    if (options.error !== false) stream.on("error", onError);
    stream.on("close", onClose);

    if (isOver) {
        nextTick(onClose);
    } else if (writing?.errorEmitted || reading?.errorEmitted) {
        if (!waitsForClose) nextTick(onOver);
    } else if (!wantsReadable && (!waitsForClose || isReadable(stream))
        && (writableDone || isWritable(stream) === false) && !writing?.pendingcb) {
        nextTick(onOver);
    } else if (!wantsWritable && (!waitsForClose || isWritable(stream))
        && (readableDone || isReadable(stream) === false)) {
        nextTick(onOver);
    } else if (reading && stream.req && stream.aborted) {
        nextTick(onOver);
    }

    const cleanUp = () => {
        isCleanedUp = true;
        stream.removeListener("aborted", onClose);
        stream.removeListener("complete", onFinish);
        stream.removeListener("abort", onClose);
        stream.removeListener("request", onRequest);
        if (stream.req) stream.req.removeListener("finish", onFinish);
        stream.removeListener("end", onOldEnd);
        stream.removeListener("close", onOldEnd);
        stream.removeListener("finish", onFinish);
        stream.removeListener("end", onEnd);
        stream.removeListener("error", onError);
        stream.removeListener("close", onClose);
    };
    return watchSignal(stream, options.signal, callback, cleanUp, () => isOver || isCleanedUp);
};

/** The clean-up function, after the signal (if there is one) has been given its part in the end. */
const watchSignal = (stream, signal, callback, cleanUp, isSettled) => {
    if (!signal) return cleanUp;
    const abort = () => {
        cleanUp();
        FunctionPrototypeCall(callback, stream, abortError(undefined, { cause: signal.reason }));
    };
    if (signal.aborted) {
        if (!isSettled()) nextTick(abort);
        return cleanUp;
    }
    signal.addEventListener("abort", abort, { once: true });
    return () => {
        signal.removeEventListener("abort", abort);
        cleanUp();
    };
};

const finishedWeb = (stream, options, callback) => {
    let isStopped = false;
    const stop = watchSignal(stream, options.signal, callback, nothing, () => isStopped);
    const tell = (error) => {
        isStopped = true;
        stop();
        nextTick(() => {
            if (error === undefined) FunctionPrototypeCall(callback, stream);
            else FunctionPrototypeCall(callback, stream, error);
        });
    };
    PromisePrototypeThen(webClosed(stream), () => tell(), (error) => tell(error ?? prematureClose()));
    return nothing;
};

/** The same as a promise, for stream/promises. */
export const finishedPromise = function (stream, options) {
    let clean = false;
    if (options?.cleanup !== undefined) {
        validateBoolean(options.cleanup, "cleanup");
        clean = options.cleanup;
    }
    return new Promise((resolve, reject) => {
        const stop = finished(stream, options ?? {}, (error) => {
            if (clean) stop();
            if (error) reject(error);
            else resolve();
        });
    });
};
ObjectDefineProperty(finishedPromise, "name", { __proto__: null, value: "finished", configurable: true });
