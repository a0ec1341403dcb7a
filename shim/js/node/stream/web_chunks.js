// The chunks of a ReadableStream as an asynchronous iterator that only our scripts hold.

import { primordials } from "../../primordials.js";
import { readableOf } from "../../streams/index.js";
import { acquireReader, readableCancel, readerRead, readerRelease } from "../../streams/readable.js";

const { Promise, SymbolAsyncIterator } = primordials;

/** A promise of `{done, value}`. */
export const readWeb = (reader) => new Promise((resolve, reject) => {
    readerRead(reader, {
        __proto__: null,
        chunkSteps: (value) => resolve({ __proto__: null, done: false, value }),
        closeSteps: () => resolve({ __proto__: null, done: true, value: undefined }),
        errorSteps: reject,
    });
});

export const chunksOfWeb = (stream) => {
    const record = readableOf(stream);
    const reader = acquireReader(record);
    let isOver = false;
    return {
        __proto__: null,
        [SymbolAsyncIterator]() {
            return this;
        },
        async next() {
            if (isOver) return { done: true, value: undefined };
            try {
                const step = await readWeb(reader);
                if (step.done) {
                    isOver = true;
                    readerRelease(reader);
                }
                return { done: step.done, value: step.value };
            } catch (error) {
                isOver = true;
                readerRelease(reader);
                throw error;
            }
        },
        async return(value) {
            if (!isOver) {
                isOver = true;
                const cancelled = readableCancel(record, value);
                readerRelease(reader);
                await cancelled;
            }
            return { done: true, value };
        },
    };
};
