// performance: the clock (High Resolution Time) and marks and measures (User Timing, Performance Timeline).
//
// Entries are kept until an app clears them. The observers are in node/perf_hooks.js, which is told of each new entry.

import natives from "./natives.js";
import { DOMException } from "./dom_exception.js";
import { EventTarget } from "./event_target.js";
import { primordials } from "./primordials.js";
import { showAs } from "./show_as.js";
import { registerPlatform, structuredClone } from "./structured_clone.js";
import { DOMString, any, defineInterface, dictionary, double, fail, isObject, needs } from "./webidl.js";

const { ArrayPrototypePush, ArrayPrototypeSort, TypeError } = primordials;

const SECRET = {};

const illegal = (secret) => {
    if (secret !== SECRET) throw new TypeError("Illegal constructor");
};

let entryParts;

export class PerformanceEntry {
    #name;
    #type;
    #start;
    #duration;

    constructor(secret = undefined, name = undefined, type = undefined, start = undefined, duration = undefined) {
        illegal(secret);
        this.#name = name;
        this.#type = type;
        this.#start = start;
        this.#duration = duration;
    }

    get name() {
        return this.#name;
    }

    get entryType() {
        return this.#type;
    }

    get startTime() {
        return this.#start;
    }

    get duration() {
        return this.#duration;
    }

    toJSON() {
        return { name: this.#name, entryType: this.#type, startTime: this.#start, duration: this.#duration };
    }

    static {
        entryParts = (entry) => ({
            __proto__: null, name: entry.#name, type: entry.#type, start: entry.#start, duration: entry.#duration,
        });
    }
}
defineInterface(PerformanceEntry);

const markOptions = dictionary([
    { key: "detail", converter: any },
    { key: "startTime", converter: double },
]);

const cloneDetail = (detail) => (detail === undefined || detail === null ? null : structuredClone(detail));

export class PerformanceMark extends PerformanceEntry {
    #detail;

    constructor(markName, markOptionsGiven = undefined) {
        needs(arguments.length, 1, "PerformanceMark constructor");
        const name = DOMString(markName, "Argument 1 of PerformanceMark constructor");
        const options = markOptions(markOptionsGiven, "Argument 2 of PerformanceMark constructor");
        const start = options.startTime === undefined ? natives.clockNow() : options.startTime;
        if (start < 0) throw new TypeError(`"startTime" of a mark is ${start}, below 0.`);
        const detail = cloneDetail(options.detail);
        super(SECRET, name, "mark", start, 0);
        this.#detail = detail;
    }

    get detail() {
        return this.#detail;
    }

    toJSON() {
        const { name, type, start, duration } = entryParts(this);
        return { name, entryType: type, startTime: start, duration, detail: this.#detail };
    }
}
defineInterface(PerformanceMark);

export class PerformanceMeasure extends PerformanceEntry {
    #detail;

    constructor(secret = undefined, name = undefined, start = undefined, duration = undefined, detail = undefined) {
        illegal(secret);
        super(SECRET, name, "measure", start, duration);
        this.#detail = detail;
    }

    get detail() {
        return this.#detail;
    }

    toJSON() {
        const { name, type, start, duration } = entryParts(this);
        return { name, entryType: type, startTime: start, duration, detail: this.#detail };
    }
}
defineInterface(PerformanceMeasure);

// The entries, in the order of their making.
let entries = [];
let tellObservers = () => {};

/** Says who is told of each new entry. */
export const setObservers = (function_) => {
    tellObservers = function_;
};

const keep = (entry, type) => {
    ArrayPrototypePush(entries, entry);
    tellObservers(entry, type);
    return entry;
};

const latestMark = (name) => {
    for (let index = entries.length - 1; 0 <= index; index--) {
        const { type, name: its, start } = entryParts(entries[index]);
        if (type === "mark" && its === name) return start;
    }
    throw new DOMException(`There is no mark "${name}".`, "SyntaxError");
};

// "convert a mark to a timestamp"
const timestamp = (mark, what) => {
    if (typeof mark !== "number") return latestMark(DOMString(mark, what));
    const time = double(mark, what);
    return time < 0 ? fail(what, "is below 0.") : time;
};

const markOrTime = (value, what) => (typeof value === "number" ? double(value, what) : DOMString(value, what));

const measureOptions = dictionary([
    { key: "detail", converter: any },
    { key: "duration", converter: double },
    { key: "end", converter: markOrTime },
    { key: "start", converter: markOrTime },
]);

const measureOf = (name, startOrOptions, endMark) => {
    let options = { __proto__: null };
    let start = 0;
    if (isObject(startOrOptions)) {
        options = measureOptions(startOrOptions, "Argument 2 of measure");
        const { start: from, end: to, duration } = options;
        const some = from !== undefined || to !== undefined || duration !== undefined || options.detail !== undefined;
        if (some) {
            if (endMark !== undefined) throw new TypeError("measure: an end mark and options were given.");
            if (from === undefined && to === undefined) throw new TypeError('measure: "start" and "end" are missing.');
            if (from !== undefined && to !== undefined && duration !== undefined) {
                throw new TypeError('measure: only two of "start", "end" and "duration" can be given.');
            }
        }
    } else if (startOrOptions !== undefined) {
        options.start = DOMString(startOrOptions, "Argument 2 of measure");
    }
    let end = natives.clockNow();
    const { start: from, end: to, duration } = options;
    if (endMark !== undefined) end = latestMark(DOMString(endMark, "Argument 3 of measure"));
    else if (to !== undefined) end = timestamp(to, '"end" of measure');
    else if (from !== undefined && duration !== undefined) end = timestamp(from, '"start" of measure') + duration;
    if (from !== undefined) start = timestamp(from, '"start" of measure');
    else if (duration !== undefined && to !== undefined) start = timestamp(to, '"end" of measure') - duration;
    return new PerformanceMeasure(SECRET, name, start, end - start, cloneDetail(options.detail));
};

// Entries that `fits` takes, by their start.
const chosen = (fits) => {
    const list = [];
    for (let index = 0; index < entries.length; index++) {
        if (fits(entryParts(entries[index]))) ArrayPrototypePush(list, entries[index]);
    }
    return ArrayPrototypeSort(list, (a, b) => entryParts(a).start - entryParts(b).start);
};

const clearEntries = (type, name) => {
    const kept = [];
    for (let index = 0; index < entries.length; index++) {
        const parts = entryParts(entries[index]);
        const goes = parts.type === type && (name === undefined || parts.name === name);
        if (!goes) ArrayPrototypePush(kept, entries[index]);
    }
    entries = kept;
};

export class Performance extends EventTarget {
    #own = true;

    constructor(secret = undefined) {
        illegal(secret);
        super();
    }

    #check() {
        return this.#own;
    }

    now() {
        this.#check();
        return natives.clockNow();
    }

    get timeOrigin() {
        this.#check();
        return natives.clockOrigin();
    }

    toJSON() {
        this.#check();
        return { timeOrigin: natives.clockOrigin() };
    }

    mark(markName, markOptionsGiven = undefined) {
        this.#check();
        needs(arguments.length, 1, "mark");
        return keep(new PerformanceMark(markName, markOptionsGiven), "mark");
    }

    clearMarks(markName = undefined) {
        this.#check();
        clearEntries("mark", markName === undefined ? undefined : DOMString(markName, "Argument 1 of clearMarks"));
    }

    measure(measureName, startOrMeasureOptions = undefined, endMark = undefined) {
        this.#check();
        needs(arguments.length, 1, "measure");
        const name = DOMString(measureName, "Argument 1 of measure");
        return keep(measureOf(name, startOrMeasureOptions, endMark), "measure");
    }

    clearMeasures(measureName = undefined) {
        this.#check();
        const name = measureName === undefined ? undefined : DOMString(measureName, "Argument 1 of clearMeasures");
        clearEntries("measure", name);
    }

    getEntries() {
        this.#check();
        return chosen(() => true);
    }

    getEntriesByType(type) {
        this.#check();
        needs(arguments.length, 1, "getEntriesByType");
        const wanted = DOMString(type, "Argument 1 of getEntriesByType");
        return chosen((parts) => parts.type === wanted);
    }

    getEntriesByName(name, type = undefined) {
        this.#check();
        needs(arguments.length, 1, "getEntriesByName");
        const wanted = DOMString(name, "Argument 1 of getEntriesByName");
        const kind = type === undefined ? undefined : DOMString(type, "Argument 2 of getEntriesByName");
        return chosen((parts) => parts.name === wanted && (kind === undefined || parts.type === kind));
    }
}
defineInterface(Performance);

export const performance = new Performance(SECRET);

showAs(PerformanceEntry, (entry) => {
    const { name, type, start, duration } = entryParts(entry);
    return { name, entryType: type, startTime: start, duration };
});
showAs(Performance, () => ({ timeOrigin: natives.clockOrigin() }));
registerPlatform(PerformanceEntry);

export const globals = { Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, performance };
