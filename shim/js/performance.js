// performance: the clock (High Resolution Time) and marks and measures (User Timing). Where they are kept and who is
// told of them is in performance_timeline.js.

import natives from "./natives.js";
import { DOMException } from "./dom_exception.js";
import { EventTarget } from "./event_target.js";
import {
    PerformanceEntry, SECRET, addEntry, allOf, clearEntries, entryParts, illegal, ofName, ofType, timeline,
} from "./performance_timeline.js";
import { primordials } from "./primordials.js";
import { showAs } from "./show_as.js";
import { structuredClone } from "./structured_clone.js";
import { DOMString, any, defineInterface, dictionary, double, fail, isObject, needs } from "./webidl.js";

const { TypeError } = primordials;

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

const latestMark = (name) => {
    const entries = timeline();
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
    } else if (startOrOptions !== undefined && startOrOptions !== null) {
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
        const entry = new PerformanceMark(markName, markOptionsGiven);
        addEntry(entry);
        return entry;
    }

    clearMarks(markName = undefined) {
        this.#check();
        clearEntries("mark", markName === undefined ? undefined : DOMString(markName, "Argument 1 of clearMarks"));
    }

    measure(measureName, startOrMeasureOptions = undefined, endMark = undefined) {
        this.#check();
        needs(arguments.length, 1, "measure");
        const name = DOMString(measureName, "Argument 1 of measure");
        const entry = measureOf(name, startOrMeasureOptions, endMark);
        addEntry(entry);
        return entry;
    }

    clearMeasures(measureName = undefined) {
        this.#check();
        const name = measureName === undefined ? undefined : DOMString(measureName, "Argument 1 of clearMeasures");
        clearEntries("measure", name);
    }

    getEntries() {
        this.#check();
        return allOf(timeline());
    }

    getEntriesByType(type) {
        this.#check();
        return ofType(timeline(), arguments);
    }

    getEntriesByName(name, type = undefined) {
        this.#check();
        return ofName(timeline(), arguments);
    }
}
defineInterface(Performance);

export const performance = new Performance(SECRET);

showAs(Performance, () => ({ timeOrigin: natives.clockOrigin() }));
export const globals = { Performance, PerformanceMark, PerformanceMeasure, performance };
