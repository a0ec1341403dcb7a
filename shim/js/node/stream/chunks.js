// The list of chunks that a readable stream holds: bytes, strings (where an encoding is set) or any values.

import { primordials } from "../../primordials.js";
import { asBuffer, FastBuffer } from "../buffer/bytes.js";
import { viewOf } from "../buffer/encodings.js";

const { ArrayPrototypePush, StringPrototypeSlice, TypedArrayPrototypeSet } = primordials;

export class ChunkList {
    #items = [];
    #head = 0;

    get length() {
        return this.#items.length - this.#head;
    }

    first() {
        return this.#items[this.#head];
    }

    push(chunk) {
        ArrayPrototypePush(this.#items, chunk);
    }

    unshift(chunk) {
        if (0 < this.#head) {
            this.#items[--this.#head] = chunk;
            return;
        }
        const items = [chunk];
        for (let at = 0; at < this.#items.length; at++) ArrayPrototypePush(items, this.#items[at]);
        this.#items = items;
    }

    /** The first chunk, which is taken out, or undefined. */
    shift() {
        const items = this.#items;
        if (items.length === this.#head) return undefined;
        const chunk = items[this.#head];
        items[this.#head++] = undefined;
        if (items.length === this.#head) {
            this.clear();
        } else if (1024 < this.#head && items.length < this.#head * 2) {
            const rest = [];
            for (let at = this.#head; at < items.length; at++) ArrayPrototypePush(rest, items[at]);
            this.#items = rest;
            this.#head = 0;
        }
        return chunk;
    }

    clear() {
        this.#items = [];
        this.#head = 0;
    }

    /** All chunks as one. */
    all(isText) {
        if (this.length === 1) return this.shift();
        let count = 0;
        for (let at = this.#head; at < this.#items.length; at++) count += this.#items[at].length;
        return this.consume(count, isText);
    }

    /** The first so many bytes or UTF-16 code units as one chunk; there are as many. */
    consume(count, isText) {
        const first = this.first();
        if (count < first.length) {
            this.#items[this.#head] = rest(first, count, isText);
            return begin(first, count, isText);
        }
        if (count === first.length) return this.shift();
        let left = count;
        let text = "";
        const bytes = isText ? undefined : new FastBuffer(count);
        while (0 < left) {
            const chunk = this.first();
            const isWhole = chunk.length <= left;
            const part = isWhole ? chunk : begin(chunk, left, isText);
            if (isText) text += part;
            else TypedArrayPrototypeSet(bytes, part, count - left);
            if (isWhole) this.shift();
            else this.#items[this.#head] = rest(chunk, left, isText);
            left -= part.length;
        }
        return isText ? text : bytes;
    }
}

const begin = (chunk, count, isText) =>
    (isText ? StringPrototypeSlice(chunk, 0, count) : asBuffer(viewOf(chunk, 0, count)));

const rest = (chunk, count, isText) =>
    (isText ? StringPrototypeSlice(chunk, count) : asBuffer(viewOf(chunk, count, chunk.length)));
