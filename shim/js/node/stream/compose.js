// stream.compose: several streams as one (nodejs.org/api/stream.html, "stream.compose").

import { primordials } from "../../primordials.js";
import { abortError, invalidArgValue, missingArgs } from "../../node_errors.js";
import { destroyer } from "./destroy.js";
import { Duplex } from "./duplex.js";
import { duplexFrom } from "./duplexify.js";
import { finished } from "./finished.js";
import { runPipeline } from "./pipeline.js";
import {
    isNodeStream, isReadable, isReadableStream, isTransformStream, isWebStream, isWritable, isWritableStream,
} from "./state.js";

const { ArrayPrototypeSlice } = primordials;

const readsOf = (stream) => isReadable(stream) || isReadableStream(stream) || isTransformStream(stream);
const writesOf = (stream) => isWritable(stream) || isWritableStream(stream) || isTransformStream(stream);

export function compose(...given) {
    if (given.length === 0) throw missingArgs("streams");
    if (given.length === 1) return duplexFrom(given[0], "streams[0]");
    const original = ArrayPrototypeSlice(given);
    const streams = given;
    const last = streams.length - 1;
    if (typeof streams[0] === "function") streams[0] = duplexFrom(streams[0], "streams[0]");
    if (typeof streams[last] === "function") streams[last] = duplexFrom(streams[last], `streams[${last}]`);
    for (let at = 0; at < streams.length; at++) {
        if (!isNodeStream(streams[at]) && !isWebStream(streams[at])) continue;
        const name = `streams[${at}]`;
        if (at < last && !readsOf(streams[at])) throw invalidArgValue(name, original[at], "must be readable");
        if (0 < at && !writesOf(streams[at])) throw invalidArgValue(name, original[at], "must be writable");
    }

    let onDrain;
    let onFinish;
    let onReadable;
    let onClose;
    const over = (error) => {
        const callback = onClose;
        onClose = null;
        if (callback) callback(error);
        else if (error) duplex.destroy(error);
        else if (!reads && !writes) duplex.destroy();
    };
    const end = runPipeline(streams, over);
    // The pipeline takes Node streams; a stream of the web at either end is seen through one.
    const asNode = (stream) => (isNodeStream(stream) ? stream : duplexFrom(stream));
    const head = asNode(streams[0]);
    const tail = asNode(end);
    const writes = !!isWritable(head);
    const reads = !!isReadable(tail);
    const duplex = new Duplex({
        writableObjectMode: !!head?.writableObjectMode,
        readableObjectMode: !!tail?.readableObjectMode,
        writable: writes,
        readable: reads,
    });
    if (writes) {
        duplex._write = (chunk, encoding, callback) => {
            if (head.write(chunk, encoding)) callback();
            else onDrain = callback;
        };
        duplex._final = (callback) => {
            head.end();
            onFinish = callback;
        };
        head.on("drain", () => {
            const callback = onDrain;
            onDrain = null;
            if (callback) callback();
        });
        finished(tail, () => {
            const callback = onFinish;
            onFinish = null;
            if (callback) callback();
        });
    }
    if (reads) {
        tail.on("readable", () => {
            const callback = onReadable;
            onReadable = null;
            if (callback) callback();
        });
        tail.on("end", () => duplex.push(null));
        duplex._read = () => {
            for (;;) {
                const chunk = tail.read();
                if (chunk === null) {
                    onReadable = duplex._read;
                    return;
                }
                if (!duplex.push(chunk)) return;
            }
        };
    }
    duplex._destroy = (cause, callback) => {
        const error = cause || (onClose === null ? null : abortError());
        onReadable = null;
        onDrain = null;
        onFinish = null;
        if (onClose === null) {
            callback(error);
            return;
        }
        onClose = callback;
        if (isNodeStream(tail)) destroyer(tail, error);
    };
    return duplex;
}
