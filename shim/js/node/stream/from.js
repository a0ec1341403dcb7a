// Readable.from: a stream of what an iterable gives (nodejs.org/api/stream.html, "stream.Readable.from").

import { primordials } from "../../primordials.js";
import { invalidArgType } from "../../node_errors.js";
import { nextTick } from "../../ticks.js";
import { nullValues } from "./errors.js";

const { ObjectAssign, PromisePrototypeThen, ReflectApply, SymbolAsyncIterator, SymbolIterator } = primordials;

/** Settles a call of an iterator's method and, if it has one, the promise in its answer. */
const settle = async (iterator, method, argument) => {
    const { value, done } = await ReflectApply(method, iterator, [argument]);
    await value;
    return done;
};

const close = async (iterator, error) => {
    const hasError = error !== undefined && error !== null;
    if (hasError && typeof iterator.throw === "function") {
        if (await settle(iterator, iterator.throw, error)) return;
    }
    if (typeof iterator.return === "function") await settle(iterator, iterator.return, undefined);
};

export const from = (Readable, Buffer, iterable, options) => {
    if (typeof iterable === "string" || iterable instanceof Buffer) {
        return new Readable(ObjectAssign({ objectMode: true }, options, {
            read() {
                this.push(iterable);
                this.push(null);
            },
        }));
    }
    let iterator;
    let isAsync = false;
    if (iterable && iterable[SymbolAsyncIterator]) {
        isAsync = true;
        iterator = iterable[SymbolAsyncIterator]();
    } else if (iterable && iterable[SymbolIterator]) {
        iterator = iterable[SymbolIterator]();
    } else {
        throw invalidArgType("iterable", ["Iterable"], iterable);
    }
    const stream = new Readable(ObjectAssign({ objectMode: true, highWaterMark: 1 }, options));
    let isReading = false;
    stream._read = () => {
        if (isReading) return;
        isReading = true;
        pull();
    };
    stream._destroy = (error, callback) => {
        PromisePrototypeThen(
            close(iterator, error),
            () => nextTick(callback, error),
            (failure) => nextTick(callback, failure || error),
        );
    };
    const pull = async () => {
        for (;;) {
            try {
                const { value, done } = isAsync ? await iterator.next() : iterator.next();
                if (done) {
                    stream.push(null);
                    return;
                }
                const chunk = value && typeof value.then === "function" ? await value : value;
                if (chunk === null) {
                    isReading = false;
                    throw nullValues();
                }
                if (!stream.push(chunk)) {
                    isReading = false;
                    return;
                }
            } catch (error) {
                stream.destroy(error);
                return;
            }
        }
    };
    return stream;
};
