// Stream, the base of Node's streams: an EventEmitter with the `pipe` of old times, which the streams of
// readable.js replace by their own.

import { primordials } from "../../primordials.js";
import EventEmitter from "../events.js";

const { FunctionPrototypeCall, ObjectSetPrototypeOf } = primordials;

export function Stream(options) {
    FunctionPrototypeCall(EventEmitter, this, options);
}
ObjectSetPrototypeOf(Stream.prototype, EventEmitter.prototype);
ObjectSetPrototypeOf(Stream, EventEmitter);

Stream.prototype.pipe = function pipe(destination, options) {
    const source = this;
    const onData = (chunk) => {
        if (destination.writable && destination.write(chunk) === false && source.pause) source.pause();
    };
    const onDrain = () => {
        if (source.readable && source.resume) source.resume();
    };
    let isEnded = false;
    const onEnd = () => {
        if (isEnded) return;
        isEnded = true;
        destination.end();
    };
    const onClose = () => {
        if (isEnded) return;
        isEnded = true;
        if (typeof destination.destroy === "function") destination.destroy();
    };
    const onError = function onError(error) {
        cleanUp();
        if (EventEmitter.listenerCount(this, "error") === 0) this.emit("error", error);
    };
    const cleanUp = () => {
        source.removeListener("data", onData);
        destination.removeListener("drain", onDrain);
        source.removeListener("end", onEnd);
        source.removeListener("close", onClose);
        source.removeListener("error", onError);
        destination.removeListener("error", onError);
        source.removeListener("end", cleanUp);
        source.removeListener("close", cleanUp);
        destination.removeListener("close", cleanUp);
    };
    source.on("data", onData);
    destination.on("drain", onDrain);
    if (!destination._isStdio && options?.end !== false) {
        source.on("end", onEnd);
        source.on("close", onClose);
    }
    prependListener(source, "error", onError);
    prependListener(destination, "error", onError);
    source.on("end", cleanUp);
    source.on("close", cleanUp);
    destination.on("close", cleanUp);
    destination.emit("pipe", source);
    return destination;
};

/** Puts a listener before all others, also where the emitter is an old one. */
export const prependListener = (emitter, event, listener) => {
    if (typeof emitter.prependListener === "function") {
        emitter.prependListener(event, listener);
        return;
    }
    const others = emitter.listeners?.(event) ?? [];
    emitter.removeAllListeners?.(event);
    emitter.on(event, listener);
    for (let at = 0; at < others.length; at++) emitter.on(event, others[at]);
};
