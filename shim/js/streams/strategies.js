// Queuing strategies: ByteLengthQueuingStrategy and CountQueuingStrategy, and how the streams read a strategy
// (Streams standard, section 7, November 2026).

import { primordials } from "../primordials.js";
import {
    callback, defineInterface, dictionary, isObject, needs, unrestrictedDouble,
} from "../webidl.js";
import { illegal } from "./promises.js";

const { Number, NumberIsNaN, ObjectDefineProperty, RangeError, ReflectApply, TypeError } = primordials;

const strategyInit = dictionary([{ key: "highWaterMark", converter: unrestrictedDouble, required: true }]);

// An arrow function has no `prototype` and cannot be constructed, as a function of Web IDL; its name is set here.
const named = (size) => {
    ObjectDefineProperty(size, "name", { __proto__: null, value: "size", configurable: true });
    return size;
};
const byteLengthSize = named((chunk) => chunk.byteLength);
const countSize = named(() => 1);

export class ByteLengthQueuingStrategy {
    #highWaterMark;

    constructor(init) {
        needs(arguments.length, 1, "ByteLengthQueuingStrategy");
        this.#highWaterMark = strategyInit(init, "Argument 1").highWaterMark;
    }

    get highWaterMark() {
        if (!isObject(this) || !(#highWaterMark in this)) illegal("ByteLengthQueuingStrategy");
        return this.#highWaterMark;
    }

    get size() {
        if (!isObject(this) || !(#highWaterMark in this)) illegal("ByteLengthQueuingStrategy");
        return byteLengthSize;
    }
}
defineInterface(ByteLengthQueuingStrategy);

export class CountQueuingStrategy {
    #highWaterMark;

    constructor(init) {
        needs(arguments.length, 1, "CountQueuingStrategy");
        this.#highWaterMark = strategyInit(init, "Argument 1").highWaterMark;
    }

    get highWaterMark() {
        if (!isObject(this) || !(#highWaterMark in this)) illegal("CountQueuingStrategy");
        return this.#highWaterMark;
    }

    get size() {
        if (!isObject(this) || !(#highWaterMark in this)) illegal("CountQueuingStrategy");
        return countSize;
    }
}
defineInterface(CountQueuingStrategy);

/** The dictionary QueuingStrategy. */
export const queuingStrategy = dictionary([
    { key: "highWaterMark", converter: unrestrictedDouble },
    { key: "size", converter: callback },
]);

/** ExtractHighWaterMark */
export const extractHighWaterMark = (strategy, otherwise) => {
    const { highWaterMark } = strategy;
    if (highWaterMark === undefined) return otherwise;
    if (NumberIsNaN(highWaterMark) || highWaterMark < 0) {
        throw new RangeError(`"highWaterMark" is ${highWaterMark}; it has to be at least 0.`);
    }
    return highWaterMark;
};

export const one = () => 1;

/** ExtractSizeAlgorithm */
export const extractSizeAlgorithm = (strategy) => {
    const { size } = strategy;
    if (size === undefined) return one;
    return (chunk) => {
        const result = ReflectApply(size, undefined, [chunk]);
        if (typeof result === "bigint" || typeof result === "symbol") {
            throw new TypeError(`"size" of a queuing strategy returned a ${typeof result}.`);
        }
        return Number(result);
    };
};
