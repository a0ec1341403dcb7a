// The methods `pipe` and `unpipe` of readable streams (nodejs.org/api/stream.html, "readable.pipe").

import { primordials } from "../../primordials.js";
import { nextTick } from "../../ticks.js";
import { errorOrDestroy } from "./destroy.js";
import { prependListener } from "./legacy.js";

const { SafeSet } = primordials;

/** Nobody is waited for any more. */
export const forgetWaiting = (state) => {
    if (state.awaitDrainWriters instanceof SafeSet) state.awaitDrainWriters.clear();
    else state.awaitDrainWriters = null;
};

/** Notes that a destination has enough. */
const waitFor = (state, destination) => {
    if (state.awaitDrainWriters instanceof SafeSet) {
        for (let at = 0; at < state.pipes.length; at++) {
            if (state.pipes[at] === destination) state.awaitDrainWriters.add(destination);
        }
    } else if (state.pipes.length === 1 && state.pipes[0] === destination) {
        state.awaitDrainWriters = destination;
    }
};

/** With a second pipe there may be several that wait. */
const makeRoomToWait = (state) => {
    if (state.pipes.length !== 1 || state.awaitDrainWriters instanceof SafeSet) return;
    const only = state.awaitDrainWriters;
    state.awaitDrainWriters = new SafeSet();
    if (only !== null) state.awaitDrainWriters.add(only);
};

const isNobodyWaiting = ({ awaitDrainWriters: waiting }) =>
    waiting === null || (waiting instanceof SafeSet && waiting.size === 0);

export function pipe(destination, options) {
    const source = this;
    const state = this._readableState;
    makeRoomToWait(state);
    state.pipes[state.pipes.length] = destination;
    const ends = options?.end !== false && !destination._isStdio;
    const onEnd = () => destination.end();
    const afterEnd = ends ? onEnd : () => unpipeThis();
    if (state.endEmitted) nextTick(afterEnd);
    else source.once("end", afterEnd);

    let onDrain;
    let isCleanedUp = false;
    const onUnpipe = (from, info) => {
        if (from !== source || !info || info.hasUnpiped !== false) return;
        info.hasUnpiped = true;
        cleanUp();
    };
    destination.on("unpipe", onUnpipe);
    const cleanUp = () => {
        destination.removeListener("close", onClose);
        destination.removeListener("finish", onFinish);
        if (onDrain) destination.removeListener("drain", onDrain);
        destination.removeListener("error", onError);
        destination.removeListener("unpipe", onUnpipe);
        source.removeListener("end", afterEnd);
        source.removeListener("data", onData);
        isCleanedUp = true;
        // A drain that the source waits for would never come.
        if (onDrain && !isNobodyWaiting(state)
            && (!destination._writableState || destination._writableState.needDrain)) {
            onDrain();
        }
    };
    const wait = () => {
        if (!isCleanedUp) {
            waitFor(state, destination);
            source.pause();
        }
        if (onDrain) return;
        onDrain = () => {
            if (state.awaitDrainWriters === destination) state.awaitDrainWriters = null;
            else if (state.awaitDrainWriters instanceof SafeSet) state.awaitDrainWriters.delete(destination);
            if (isNobodyWaiting(state) && 0 < source.listenerCount("data")) source.resume();
        };
        destination.on("drain", onDrain);
    };
    const onData = (chunk) => {
        if (destination.write(chunk) === false) wait();
    };
    source.on("data", onData);
    const unpipeThis = () => source.unpipe(destination);
    const onError = (error) => {
        unpipeThis();
        destination.removeListener("error", onError);
        if (destination.listenerCount("error") !== 0) return;
        const own = destination._writableState || destination._readableState;
        if (own && !own.errorEmitted) errorOrDestroy(destination, error);
        else destination.emit("error", error);
    };
    prependListener(destination, "error", onError);
    const onClose = () => {
        destination.removeListener("finish", onFinish);
        unpipeThis();
    };
    destination.once("close", onClose);
    const onFinish = () => {
        destination.removeListener("close", onClose);
        unpipeThis();
    };
    destination.once("finish", onFinish);
    destination.emit("pipe", source);
    if (destination.writableNeedDrain === true) wait();
    else if (!state.flowing) source.resume();
    return destination;
}

export function unpipe(destination) {
    const state = this._readableState;
    const { pipes } = state;
    if (pipes.length === 0) return this;
    if (!destination) {
        state.pipes = [];
        this.pause();
        for (let at = 0; at < pipes.length; at++) pipes[at].emit("unpipe", this, { hasUnpiped: false });
        return this;
    }
    const kept = [];
    let found = false;
    for (let at = 0; at < pipes.length; at++) {
        if (!found && pipes[at] === destination) found = true;
        else kept[kept.length] = pipes[at];
    }
    if (!found) return this;
    state.pipes = kept;
    if (kept.length === 0) this.pause();
    destination.emit("unpipe", this, { hasUnpiped: false });
    return this;
}
