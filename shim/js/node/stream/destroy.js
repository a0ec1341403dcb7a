// How a Node stream ends before its time or after it: `destroy`, `_destroy`, "error" and "close", and `_construct`
// (nodejs.org/api/stream.html, "writable.destroy", "writable._construct").

import { primordials } from "../../primordials.js";
import { abortError } from "../../node_errors.js";
import { nextTick } from "../../ticks.js";
import { bothErrors, multipleCallback } from "./errors.js";
import { isDestroyed, isFinished, isRequest, isServerRequest } from "./state.js";

const { ArrayPrototypePush, Symbol } = primordials;

/** What is called when `_construct` has ended: a list in the stream, absent when nothing is under way. */
const waiting = Symbol("waiting for _construct");

const remember = (stream, error) => {
    if (!error) return;
    const writing = stream._writableState;
    const reading = stream._readableState;
    if (writing && !writing.errored) writing.errored = error;
    if (reading && !reading.errored) reading.errored = error;
};

const emitError = (stream, error) => {
    const writing = stream._writableState;
    const reading = stream._readableState;
    if (writing?.errorEmitted || reading?.errorEmitted) return;
    if (writing) writing.errorEmitted = true;
    if (reading) reading.errorEmitted = true;
    stream.emit("error", error);
};

const emitClose = (stream) => {
    const writing = stream._writableState;
    const reading = stream._readableState;
    if (writing) writing.closeEmitted = true;
    if (reading) reading.closeEmitted = true;
    if (writing?.emitClose || reading?.emitClose) stream.emit("close");
};

const emitErrorAndClose = (stream, error) => {
    emitError(stream, error);
    emitClose(stream);
};

const runDestroy = (stream, error, callback) => {
    let isCalled = false;
    const done = (failure) => {
        if (isCalled) return;
        isCalled = true;
        const writing = stream._writableState;
        const reading = stream._readableState;
        remember(stream, failure);
        if (writing) writing.closed = true;
        if (reading) reading.closed = true;
        if (typeof callback === "function") callback(failure);
        if (failure) nextTick(emitErrorAndClose, stream, failure);
        else nextTick(emitClose, stream);
    };
    try {
        stream._destroy(error || null, done);
    } catch (failure) {
        done(failure);
    }
};

/** The method `destroy` of readable and writable streams. */
export function destroy(error, callback) {
    const writing = this._writableState;
    const reading = this._readableState;
    const state = writing || reading;
    if (writing?.destroyed || reading?.destroyed) {
        if (typeof callback === "function") callback();
        return this;
    }
    remember(this, error);
    if (writing) writing.destroyed = true;
    if (reading) reading.destroyed = true;
    if (state.constructed) {
        runDestroy(this, error, callback);
    } else {
        whenConstructed(this, (failure) => runDestroy(this, bothErrors(failure, error), callback));
    }
    return this;
}

/** The method `_undestroy`: the stream is as new. */
export function undestroy() {
    const reading = this._readableState;
    const writing = this._writableState;
    if (reading) {
        reading.constructed = true;
        reading.closed = false;
        reading.closeEmitted = false;
        reading.destroyed = false;
        reading.errored = null;
        reading.errorEmitted = false;
        reading.reading = false;
        reading.ended = reading.readable === false;
        reading.endEmitted = reading.readable === false;
    }
    if (writing) {
        writing.constructed = true;
        writing.destroyed = false;
        writing.closed = false;
        writing.closeEmitted = false;
        writing.errored = null;
        writing.errorEmitted = false;
        writing.finalCalled = false;
        writing.prefinished = false;
        writing.ended = writing.writable === false;
        writing.ending = writing.writable === false;
        writing.finished = writing.writable === false;
    }
}

/** Destroys the stream if it does so by itself, else emits "error", once. */
export const errorOrDestroy = (stream, error, isSync = false) => {
    const writing = stream._writableState;
    const reading = stream._readableState;
    if (writing?.destroyed || reading?.destroyed) return;
    if (reading?.autoDestroy || writing?.autoDestroy) {
        stream.destroy(error);
    } else if (error) {
        remember(stream, error);
        if (isSync) nextTick(emitError, stream, error);
        else emitError(stream, error);
    }
};

const whenConstructed = (stream, callback) => {
    if (stream[waiting] === undefined) stream[waiting] = [];
    ArrayPrototypePush(stream[waiting], callback);
};

const settleWaiting = (stream, failure) => {
    const list = stream[waiting];
    stream[waiting] = undefined;
    for (let at = 0; list !== undefined && at < list.length; at++) list[at](failure);
};

const runConstruct = (stream) => {
    let isCalled = false;
    const done = (failure) => {
        if (isCalled) {
            errorOrDestroy(stream, failure ?? multipleCallback());
            return;
        }
        isCalled = true;
        const reading = stream._readableState;
        const writing = stream._writableState;
        const state = writing || reading;
        if (reading) reading.constructed = true;
        if (writing) writing.constructed = true;
        if (state.destroyed) {
            settleWaiting(stream, failure);
        } else if (failure) {
            stream[waiting] = undefined;
            errorOrDestroy(stream, failure, true);
        } else {
            nextTick(settleWaiting, stream);
        }
    };
    try {
        stream._construct((failure) => nextTick(done, failure));
    } catch (failure) {
        nextTick(done, failure);
    }
};

/** Begins `_construct`, if the stream has one; `ready` is called when it has ended well. */
export const construct = (stream, ready) => {
    if (typeof stream._construct !== "function") return;
    const isFirst = stream[waiting] === undefined;
    const reading = stream._readableState;
    const writing = stream._writableState;
    if (reading) reading.constructed = false;
    if (writing) writing.constructed = false;
    whenConstructed(stream, (failure) => {
        if (!failure && !isDestroyed(stream)) ready();
    });
    if (isFirst) nextTick(runConstruct, stream);
};

/** Destroys a stream of any kind, as `pipeline` and `addAbortSignal` do it. */
export const destroyer = (stream, error) => {
    if (!stream || isDestroyed(stream)) return;
    let failure = error;
    if (!failure && !isFinished(stream)) failure = abortError();
    if (isServerRequest(stream)) {
        stream.socket = null;
        stream.destroy(failure);
    } else if (isRequest(stream)) {
        stream.abort();
    } else if (isRequest(stream.req ?? {})) {
        stream.req.abort();
    } else if (typeof stream.destroy === "function") {
        stream.destroy(failure);
    } else if (typeof stream.close === "function") {
        stream.close();
    }
};
