// Queues of the streams: a plain one, and "queue-with-sizes" of the Streams standard (section 8.1, November 2026).
//
// Both are chains of links, so that no method or index of an array that an app may have changed is used.

import { primordials } from "../primordials.js";

const { NumberIsNaN, RangeError } = primordials;

export class Queue {
    first = undefined;
    last = undefined;
    length = 0;

    push(value) {
        const link = { __proto__: null, value, size: 0, next: undefined };
        if (this.last === undefined) this.first = link;
        else this.last.next = link;
        this.last = link;
        this.length++;
        return link;
    }

    shift() {
        const link = this.first;
        this.first = link.next;
        if (this.first === undefined) this.last = undefined;
        this.length--;
        return link.value;
    }

    peek() {
        return this.first.value;
    }

    clear() {
        this.first = undefined;
        this.last = undefined;
        this.length = 0;
    }
}

/** EnqueueValueWithSize. The container has a `queue` and a `queueTotalSize`. */
export const enqueueValueWithSize = (container, value, size) => {
    if (typeof size !== "number" || NumberIsNaN(size) || size < 0 || size === Infinity) {
        throw new RangeError(`The size of a chunk is ${size}; it has to be a finite number of at least 0.`);
    }
    container.queue.push(value).size = size;
    container.queueTotalSize += size;
};

/** DequeueValue */
export const dequeueValue = (container) => {
    const { size } = container.queue.first;
    const value = container.queue.shift();
    container.queueTotalSize -= size;
    // Rounding can leave less than nothing.
    if (container.queueTotalSize < 0) container.queueTotalSize = 0;
    return value;
};

/** ResetQueue */
export const resetQueue = (container) => {
    container.queue.clear();
    container.queueTotalSize = 0;
};
