// Duplex.from: one stream with two sides, made of nearly anything (nodejs.org/api/stream.html, "stream.Duplex.from").

import { primordials } from "../../primordials.js";
import { abortError, invalidArgType, invalidReturnValue } from "../../node_errors.js";
import { AbortController } from "../../abort.js";
import { Blob } from "../../blob.js";
import { nextTick } from "../../ticks.js";
import { Buffer } from "../buffer.js";
import { destroyer } from "./destroy.js";
import { Duplex } from "./duplex.js";
import { finished } from "./finished.js";
import { from } from "./from.js";
import { wrapOld } from "./readable.js";
import {
    isDuplexNode, isIterable, isNodeStream, isReadable, isReadableNode, isReadableStream,
    isTransformStream, isWritable, isWritableNode, isWritableStream,
} from "./state.js";
import { newReadableFromWeb, newWritableFromWeb } from "./web.js";
import { transformSides } from "./web_state.js";

const { Promise, ReflectApply } = primordials;

const fromIterable = (iterable, options) => from(Duplex, Buffer, iterable, options);

export const duplexFrom = (body, name = "body") => {
    if (isDuplexNode(body)) return body;
    if (isReadableNode(body)) return joined({ readable: body });
    if (isWritableNode(body)) return joined({ writable: body });
    if (isNodeStream(body)) return joined({ writable: false, readable: false });
    if (isReadableStream(body)) return joined({ readable: newReadableFromWeb(body) });
    if (isWritableStream(body)) return joined({ writable: newWritableFromWeb(body) });
    if (isTransformStream(body)) {
        const { readable, writable } = transformSides(body);
        return joined({ readable: newReadableFromWeb(readable), writable: newWritableFromWeb(writable) });
    }
    if (typeof body === "function") return fromFunction(body, name);
    if (body instanceof Blob) return duplexFrom(body.arrayBuffer());
    if (isIterable(body)) return fromIterable(body, { objectMode: true, writable: false });
    const isPair = (side) => isReadableStream(side) || isWritableStream(side);
    if (isPair(body?.readable) && isPair(body?.writable)) {
        return joined({ readable: newReadableFromWeb(body.readable), writable: newWritableFromWeb(body.writable) });
    }
    if (typeof body?.writable === "object" || typeof body?.readable === "object") {
        const side = (value) => (value ? (isNodeStream(value) ? value : duplexFrom(value)) : undefined);
        return joined({ readable: side(body.readable), writable: side(body.writable) });
    }
    if (typeof body?.then === "function") return fromPromise(body);
    throw invalidArgType(name, [
        "Blob", "ReadableStream", "WritableStream", "Stream", "Iterable", "AsyncIterable", "Function",
        "{ readable, writable } pair", "Promise",
    ], body);
};

const fromPromise = (promise) => {
    let duplex;
    ReflectApply(promise.then, promise, [
        (value) => {
            if (value !== null && value !== undefined) duplex.push(value);
            duplex.push(null);
        },
        (error) => destroyer(duplex, error),
    ]);
    duplex = new Duplex({ objectMode: true, writable: false, read() {} });
    return duplex;
};

/** An async generator function transforms; another function takes what is written and answers a promise. */
const fromFunction = (body, name) => {
    const { value, write, final, destroy } = asyncSource(body);
    if (isIterable(value)) return fromIterable(value, { objectMode: true, write, final, destroy });
    const then = value?.then;
    if (typeof then !== "function") {
        throw invalidReturnValue("Iterable, AsyncIterable or AsyncFunction", name, value);
    }
    let duplex;
    const over = ReflectApply(then, value, [
        (answer) => {
            if (answer !== null && answer !== undefined) {
                throw invalidReturnValue("nully", "body", answer);
            }
        },
        (error) => destroyer(duplex, error),
    ]);
    duplex = new Duplex({
        objectMode: true,
        readable: false,
        write,
        final(callback) {
            final(async () => {
                try {
                    await over;
                    nextTick(callback, null);
                } catch (error) {
                    nextTick(callback, error);
                }
            });
        },
        destroy,
    });
    return duplex;
};

/** Calls the function with an iterable over what is written. */
const asyncSource = (body) => {
    let step;
    let resolve;
    const prepare = () => {
        step = new Promise((settle) => {
            resolve = settle;
        });
    };
    prepare();
    const controller = new AbortController();
    const { signal } = controller;
    const written = async function* () {
        for (;;) {
            const { chunk, done, callback } = await step;
            nextTick(callback);
            if (done) return;
            if (signal.aborted) throw abortError(undefined, { cause: signal.reason });
            prepare();
            yield chunk;
        }
    };
    const value = body(written(), { signal });
    const answer = (content) => {
        const settle = resolve;
        resolve = null;
        settle(content);
    };
    // Each write waits until the function has asked for the next chunk.
    return {
        value,
        write(chunk, encoding, callback) {
            answer({ chunk, done: false, callback });
        },
        final(callback) {
            answer({ done: true, callback });
        },
        destroy(error, callback) {
            controller.abort();
            callback(error);
        },
    };
};

/** A Duplex whose sides are two other streams. */
const joined = (pair) => {
    const source = pair.readable && typeof pair.readable.read !== "function"
        ? wrapOld(pair.readable)
        : pair.readable;
    const sink = pair.writable;
    let reads = !!isReadable(source);
    let writes = !!isWritable(sink);
    let onDrain;
    let onReadable;
    let onFinish;
    let onClose = null;
    const isOver = () => !reads && !writes;
    const over = (error) => {
        const callback = onClose;
        onClose = null;
        if (callback) callback(error);
        else if (error) duplex.destroy(error);
    };
    const duplex = new Duplex({
        readableObjectMode: !!source?.readableObjectMode,
        writableObjectMode: !!sink?.writableObjectMode,
        readable: reads,
        writable: writes,
    });
    if (writes) {
        finished(sink, (error) => {
            writes = false;
            if (error) destroyer(source, error);
            over(error);
        });
        duplex._write = (chunk, encoding, callback) => {
            if (sink.write(chunk, encoding)) callback();
            else onDrain = callback;
        };
        duplex._final = (callback) => {
            sink.end();
            onFinish = callback;
        };
        sink.on("drain", () => {
            const callback = onDrain;
            onDrain = null;
            if (callback) callback();
        });
        sink.on("finish", () => {
            const callback = onFinish;
            onFinish = null;
            if (callback) callback();
        });
    }
    if (reads) {
        finished(source, (error) => {
            reads = false;
            if (error) destroyer(source, error);
            over(error);
        });
        source.on("readable", () => {
            const callback = onReadable;
            onReadable = null;
            if (callback) callback();
        });
        source.on("end", () => duplex.push(null));
        duplex._read = () => {
            for (;;) {
                const chunk = source.read();
                if (chunk === null) {
                    onReadable = duplex._read;
                    return;
                }
                if (!duplex.push(chunk)) return;
            }
        };
    }
    duplex._destroy = (given, callback) => {
        const error = given || (isOver() ? null : abortError());
        onReadable = null;
        onDrain = null;
        onFinish = null;
        if (isOver()) {
            callback(error);
            return;
        }
        onClose = callback;
        destroyer(sink, error);
        destroyer(source, error);
    };
    return duplex;
};
