// addAbortSignal: a signal that destroys a stream (nodejs.org/api/stream.html, "stream.addAbortSignal").

import { abortError, invalidArgType, validateAbortSignal } from "../../node_errors.js";
import { finished } from "./finished.js";
import { isNodeStream, isWebStream } from "./state.js";
import { errorWebStream } from "./web_state.js";


/** Calls a function when the signal is aborted, now or later; answers a function that ends the waiting. */
export const onAbortOf = (signal, callback) => {
    if (signal.aborted) {
        callback();
        return () => {};
    }
    const listener = () => callback();
    signal.addEventListener("abort", listener, { once: true });
    return () => signal.removeEventListener("abort", listener);
};

export const addAbortSignalTo = (signal, stream) => {
    if (signal === null || typeof signal !== "object" || !("aborted" in signal)) {
        throw invalidArgType("signal", "AbortSignal", signal);
    }
    const stop = onAbortOf(signal, () => {
        const error = abortError(undefined, { cause: signal.reason });
        if (isNodeStream(stream)) stream.destroy(error);
        else errorWebStream(stream, error);
    });
    if (!signal.aborted) finished(stream, stop);
    return stream;
};

export const addAbortSignal = function addAbortSignal(signal, stream) {
    if (signal === undefined) throw invalidArgType("signal", "AbortSignal", signal);
    validateAbortSignal(signal, "signal");
    if (!isNodeStream(stream) && !isWebStream(stream)) {
        throw invalidArgType("stream", ["ReadableStream", "WritableStream", "Stream"], stream);
    }
    return addAbortSignalTo(signal, stream);
};
