// The functions of stream/promises.

import { primordials } from "../../primordials.js";
import { finishedPromise } from "./finished.js";
import { runPipeline } from "./pipeline.js";
import { isIterable, isNodeStream, isWebStream } from "./state.js";

const { ArrayPrototypePop, Promise } = primordials;

const isOptions = (value) => value && typeof value === "object" && !isNodeStream(value) && !isIterable(value)
    && !isWebStream(value);

const pipeline = (...streams) => new Promise((resolve, reject) => {
    let options;
    const last = streams[streams.length - 1];
    if (1 < streams.length && isOptions(last)) options = ArrayPrototypePop(streams);
    let isOver = false;
    runPipeline(streams, (error, value) => {
        if (isOver) return;
        isOver = true;
        if (error) reject(error);
        else resolve(value);
    }, { signal: options?.signal, end: options?.end });
});

export const promises = { finished: finishedPromise, pipeline };
