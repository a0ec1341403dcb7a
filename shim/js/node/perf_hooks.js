// The module "perf_hooks" (nodejs.org/api/perf_hooks.html, Node 22). `performance` is the global one.

import { absentOf } from "../absent.js";
import { DOMException } from "../dom_exception.js";
import {
    invalidArgType, invalidArgValue, missingArgs, nodeError, outOfRange, validateFunction, validateInteger,
    validateObject,
} from "../node_errors.js";
import {
    Performance, performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, setObservers,
} from "../performance.js";
import { primordials } from "../primordials.js";
import { queueTask } from "../timers.js";

const {
    ArrayIsArray, ArrayPrototypeIncludes, ArrayPrototypePush, ArrayPrototypeSort, BigInt, Map, MapPrototypeSet,
    MathCeil, MathMax, MathSqrt, Number, NumberMAX_SAFE_INTEGER, ObjectDefineProperty, ReflectApply, ReflectConstruct,
    SafeMap, SafeSet, TypeError, uncurryThis,
} = primordials;
const now = uncurryThis(Performance.prototype.now);
const entriesOfType = uncurryThis(Performance.prototype.getEntriesByType);

const timerify = function timerify(callback, options = {}) {
    validateFunction(callback, "fn");
    validateObject(options, "options");
    const { histogram } = options;
    if (histogram !== undefined && !(histogram instanceof Histogram)) {
        throw invalidArgType("options.histogram", "RecordableHistogram", histogram);
    }
    const measured = function (...args) {
        const start = now(performance);
        try {
            return new.target ? ReflectConstruct(callback, args, callback) : ReflectApply(callback, this, args);
        } finally {
            histogram?.record(MathMax(1, MathCeil((now(performance) - start) * 1e6)));
        }
    };
    ObjectDefineProperty(measured, "name", {
        __proto__: null, value: `timerified ${callback.name}`, configurable: true,
    });
    ObjectDefineProperty(measured, "length", { __proto__: null, value: callback.length, configurable: true });
    return measured;
};

// One thread that is either in a call or does not exist: nothing of its idle time is known.
const eventLoopUtilization = function eventLoopUtilization() {
    return { idle: 0, active: 0, utilization: 0 };
};

const nodeTiming = {
    name: "node", entryType: "node", startTime: 0, duration: 0, nodeStart: 0, v8Start: 0, environment: 0, loopStart: 0,
    loopExit: -1, bootstrapComplete: 0, idleTime: 0,
};

const extend = (key, value) => {
    ObjectDefineProperty(performance, key, {
        __proto__: null, value, writable: true, enumerable: false, configurable: true,
    });
};
extend("timerify", timerify);
extend("eventLoopUtilization", eventLoopUtilization);
extend("nodeTiming", nodeTiming);

// Given by the observers here alone.
const SECRET = {};

class PerformanceObserverEntryList {
    #entries;

    constructor(secret, entries) {
        if (secret !== SECRET) throw nodeError(TypeError, "ERR_ILLEGAL_CONSTRUCTOR", "Illegal constructor");
        this.#entries = entries;
    }

    #where(test) {
        const found = [];
        for (let at = 0; at < this.#entries.length; at++) {
            if (test(this.#entries[at])) ArrayPrototypePush(found, this.#entries[at]);
        }
        return found;
    }

    getEntries() { return this.#where(() => true); }
    getEntriesByType(type) { return this.#where((entry) => entry.entryType === type); }
    getEntriesByName(name, type) {
        return this.#where((entry) => entry.name === name && (type === undefined || entry.entryType === type));
    }
}

const TYPES = ["mark", "measure"];
// Those that observe something.
const observing = new SafeSet();
let take;

setObservers((entry, type) => observing.forEach((observer) => take(observer, entry, type)));

const otherMode = (which) =>
    new DOMException(`PerformanceObserver can not change to ${which}`, "InvalidModificationError");

class PerformanceObserver {
    #callback;
    #records = [];
    // The types that it hears of: one by one with `type`, or one list of them.
    #types = new SafeSet();
    #takesOne;

    constructor(callback) {
        validateFunction(callback, "callback");
        this.#callback = callback;
    }

    static {
        take = (observer, entry, type) => {
            if (observer.#types.has(type)) observer.#add([entry]);
        };
    }

    static get supportedEntryTypes() {
        return ["mark", "measure"];
    }

    observe(options = {}) {
        validateObject(options, "options");
        const { entryTypes, type, buffered } = options;
        if (entryTypes === undefined && type === undefined) throw missingArgs("options.entryTypes", "options.type");
        if (entryTypes !== undefined && type !== undefined) {
            const why = "options.entryTypes can not set with options.type together";
            throw invalidArgValue("options.entryTypes", entryTypes, why);
        }
        const takesOne = entryTypes === undefined;
        if (!takesOne && !ArrayIsArray(entryTypes)) {
            throw invalidArgType("options.entryTypes", "string[]", entryTypes);
        }
        if (this.#takesOne !== undefined && this.#takesOne !== takesOne) {
            throw otherMode(takesOne ? "single observation" : "multiple observations");
        }
        this.#takesOne = takesOne;
        if (!takesOne) this.#types.clear();
        for (let at = 0; at < TYPES.length; at++) {
            const isWanted = takesOne ? type === TYPES[at] : ArrayPrototypeIncludes(entryTypes, TYPES[at]);
            if (!isWanted) continue;
            this.#types.add(TYPES[at]);
            if (takesOne && buffered) this.#add(entriesOfType(performance, type));
        }
        if (0 < this.#types.size) observing.add(this);
        else this.disconnect();
    }

    #add(entries) {
        for (let at = 0; at < entries.length; at++) ArrayPrototypePush(this.#records, entries[at]);
        // Each time: the task of an earlier one may have been dropped with its call.
        if (0 < this.#records.length) queueTask(() => this.#tell());
    }

    #tell() {
        const records = this.takeRecords();
        if (records.length === 0) return;
        ReflectApply(this.#callback, this, [new PerformanceObserverEntryList(SECRET, records), this]);
    }

    disconnect() {
        observing.delete(this);
        this.#types.clear();
        this.#takesOne = undefined;
        this.#records = [];
    }

    takeRecords() {
        const records = this.#records;
        this.#records = [];
        return records;
    }
}

// What an empty histogram answers, as Node's: the largest integer of 64 bits.
const NO_MINIMUM = 9223372036854776000;

/** A histogram of exact values; `createHistogram` makes it. */
class Histogram {
    #counts = new SafeMap();
    #count = 0;
    #exceeds = 0;
    #lowest;
    #highest;
    #last;

    constructor(lowest, highest) {
        this.#lowest = lowest;
        this.#highest = highest;
    }

    #sorted() {
        const values = [];
        this.#counts.forEach((count, value) => ArrayPrototypePush(values, value));
        return ArrayPrototypeSort(values, (a, b) => a - b);
    }

    record(value) {
        const number = typeof value === "bigint" ? Number(value) : value;
        validateInteger(number, "val", 1, NumberMAX_SAFE_INTEGER);
        this.#add(number, 1);
    }

    #add(number, times) {
        if (number < this.#lowest || this.#highest < number) {
            this.#exceeds += times;
            return;
        }
        this.#counts.set(number, (this.#counts.get(number) ?? 0) + times);
        this.#count += times;
    }

    recordDelta() {
        const time = now(performance);
        if (this.#last !== undefined) this.record(MathMax(1, MathCeil((time - this.#last) * 1e6)));
        this.#last = time;
    }

    add(other) {
        if (typeof other !== "object" || other === null || !(#counts in other)) {
            throw invalidArgType("other", "RecordableHistogram", other);
        }
        other.#counts.forEach((count, value) => this.#add(value, count));
        this.#exceeds += other.#exceeds;
    }

    reset() {
        this.#counts.clear();
        this.#count = 0;
        this.#exceeds = 0;
        this.#last = undefined;
    }

    get count() { return this.#count; }
    get countBigInt() { return BigInt(this.#count); }
    get exceeds() { return this.#exceeds; }
    get exceedsBigInt() { return BigInt(this.#exceeds); }
    get min() { return this.#count === 0 ? NO_MINIMUM : this.#sorted()[0]; }
    get minBigInt() { return BigInt(this.min); }
    get max() {
        const values = this.#sorted();
        return values.length === 0 ? 0 : values[values.length - 1];
    }
    get maxBigInt() { return BigInt(this.max); }

    get mean() {
        let sum = 0;
        this.#counts.forEach((count, value) => {
            sum += count * value;
        });
        return sum / this.#count;
    }

    get stddev() {
        const { mean } = this;
        let sum = 0;
        this.#counts.forEach((count, value) => {
            sum += count * (value - mean) ** 2;
        });
        return MathSqrt(sum / this.#count);
    }

    percentile(percentile) {
        if (typeof percentile !== "number") throw invalidArgType("percentile", "number", percentile);
        if (!(0 < percentile && percentile <= 100)) throw outOfRange("percentile", "> 0 && <= 100", percentile);
        const values = this.#sorted();
        const wanted = MathCeil((percentile / 100) * this.#count);
        let seen = 0;
        for (let at = 0; at < values.length; at++) {
            seen += this.#counts.get(values[at]);
            if (wanted <= seen) return values[at];
        }
        return 0;
    }

    percentileBigInt(percentile) { return BigInt(this.percentile(percentile)); }

    get percentiles() {
        const result = new Map();
        const steps = [0, 50, 75, 90, 95, 97.5, 99, 99.9, 100];
        for (let at = 0; at < steps.length; at++) {
            MapPrototypeSet(result, steps[at], steps[at] === 0 ? this.min : this.percentile(steps[at]));
        }
        return result;
    }
}

const createHistogram = (options = {}) => {
    validateObject(options, "options");
    const { lowest = 1, highest = NumberMAX_SAFE_INTEGER, figures = 3 } = options;
    if (typeof lowest !== "bigint") validateInteger(lowest, "options.lowest", 1, NumberMAX_SAFE_INTEGER);
    if (typeof highest !== "bigint") {
        validateInteger(highest, "options.highest", 2 * Number(lowest), NumberMAX_SAFE_INTEGER);
    }
    validateInteger(figures, "options.figures", 1, 5);
    return new Histogram(Number(lowest), Number(highest));
};

const constants = {
    NODE_PERFORMANCE_GC_MAJOR: 4, NODE_PERFORMANCE_GC_MINOR: 1, NODE_PERFORMANCE_GC_INCREMENTAL: 8,
    NODE_PERFORMANCE_GC_WEAKCB: 16, NODE_PERFORMANCE_GC_FLAGS_NO: 0, NODE_PERFORMANCE_GC_FLAGS_CONSTRUCT_RETAINED: 2,
    NODE_PERFORMANCE_GC_FLAGS_FORCED: 4, NODE_PERFORMANCE_GC_FLAGS_SYNCHRONOUS_PHANTOM_PROCESSING: 8,
    NODE_PERFORMANCE_GC_FLAGS_ALL_AVAILABLE_GARBAGE: 16, NODE_PERFORMANCE_GC_FLAGS_ALL_EXTERNAL_MEMORY: 32,
    NODE_PERFORMANCE_GC_FLAGS_SCHEDULE_IDLE: 64,
};

export default {
    ...absentOf("perf_hooks"),
    Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver,
    PerformanceObserverEntryList, performance, createHistogram, constants, timerify, eventLoopUtilization,
};
