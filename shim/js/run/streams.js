// Streams of Node that functions answer with.

import { concat, copyOf, utf8Encode } from "../octets.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";

const { ArrayPrototypePush } = primordials;

/** All bytes of a stream, in order; `resolve` or `reject` gets to know. */
export const collect = (stream, resolve, reject) => {
    const chunks = [];
    stream.on("data", (chunk) => {
        ArrayPrototypePush(chunks, typeof chunk === "string" ? utf8Encode(chunk) : copyOf(chunk));
    });
    stream.on("error", reject);
    stream.on("end", () => resolve(concat(chunks)));
};

/** Whether a value is a stream of Node that can be read. */
export const isStream = (value) => isObject(value) && typeof value.pipe === "function" && typeof value.on === "function";
