// The performance timeline (Performance Timeline, w3.org/TR/performance-timeline): its entries and who is told of them.
//
// Entries here are marks and measures, which performance.js makes; they are kept until an app clears them, so none is
// ever dropped. What differs, as on Node: `buffered` beside `entryTypes` is passed over, and an observer that was
// disconnected may go from one type to a list of types, or back.

import { DOMException } from "./dom_exception.js";
import { invalidArgType, invalidArgValue, missingArgs, validateObject } from "./node_errors.js";
import { primordials } from "./primordials.js";
import { reportException } from "./report.js";
import { showAs } from "./show_as.js";
import { registerPlatform } from "./structured_clone.js";
import { queueTask } from "./timers.js";
import { DOMString, boolean, defineInterface, dictionary, isObject, needs, sequence } from "./webidl.js";

const {
    ArrayPrototypeIncludes, ArrayPrototypeIndexOf, ArrayPrototypePush, ArrayPrototypeSlice, ArrayPrototypeSort,
    ArrayPrototypeSplice, ObjectFreeze, ReflectApply, TypeError,
} = primordials;

const SECRET = {};

/** Throws unless an entry is made by the runtime itself, which has `SECRET`. */
export const illegal = (secret) => {
    if (secret !== SECRET) throw new TypeError("Illegal constructor");
};

/** Name, type, start and duration of an entry, whatever an app made of its class. */
export let entryParts;

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

showAs(PerformanceEntry, (entry) => {
    const { name, type, start, duration } = entryParts(entry);
    return { name, entryType: type, startTime: start, duration };
});
registerPlatform(PerformanceEntry);

// The entries of a list that `fits` takes, by their start.
const chosen = (list, fits) => {
    const found = [];
    for (let at = 0; at < list.length; at++) {
        if (fits(entryParts(list[at]))) ArrayPrototypePush(found, list[at]);
    }
    return ArrayPrototypeSort(found, (a, b) => entryParts(a).start - entryParts(b).start);
};

/** What `getEntries` answers of a list. */
export const allOf = (list) => chosen(list, () => true);

/** What `getEntriesByType` answers of a list for the arguments that were given. */
export const ofType = (list, given) => {
    needs(given.length, 1, "getEntriesByType");
    const wanted = DOMString(given[0], "Argument 1 of getEntriesByType");
    return chosen(list, (parts) => parts.type === wanted);
};

/** What `getEntriesByName` answers of a list for the arguments that were given. */
export const ofName = (list, given) => {
    needs(given.length, 1, "getEntriesByName");
    const wanted = DOMString(given[0], "Argument 1 of getEntriesByName");
    const type = given[1] === undefined ? undefined : DOMString(given[1], "Argument 2 of getEntriesByName");
    return chosen(list, (parts) => parts.name === wanted && (type === undefined || parts.type === type));
};

const SUPPORTED = ObjectFreeze(["mark", "measure"]);

// The entries, in the order of their making.
let entries = [];
// The records of observers that observe something, in the order of their beginning.
const registered = [];
let task;

/** All entries. */
export const timeline = () => entries;

/** Adds an entry and has the observers of its type told of it. */
export const addEntry = (entry) => {
    const { type } = entryParts(entry);
    ArrayPrototypePush(entries, entry);
    for (let at = 0; at < registered.length; at++) {
        if (!ArrayPrototypeIncludes(registered[at].types, type)) continue;
        ArrayPrototypePush(registered[at].records, entry);
        queueNotice();
    }
};

/** Removes the entries of a type and, if one is given, of a name. */
export const clearEntries = (type, name) => {
    const kept = [];
    for (let at = 0; at < entries.length; at++) {
        const parts = entryParts(entries[at]);
        const goes = parts.type === type && (name === undefined || parts.name === name);
        if (!goes) ArrayPrototypePush(kept, entries[at]);
    }
    entries = kept;
};

// "Queue the PerformanceObserver task". A task can be forgotten when a load ends: then the next entry queues another.
const queueNotice = () => {
    if (task === undefined || !task.waits) task = queueTask(notify);
};

const notify = () => {
    const all = ArrayPrototypeSlice(registered);
    for (let at = 0; at < all.length; at++) {
        const record = all[at];
        const list = takeRecords(record);
        if (list.length === 0) continue;
        const options = record.isFirst ? { droppedEntriesCount: 0 } : {};
        record.isFirst = false;
        const { callback, observer } = record;
        try {
            ReflectApply(callback, observer, [new PerformanceObserverEntryList(SECRET, list), observer, options]);
        } catch (error) {
            reportException(error);
        }
    }
};

const takeRecords = (record) => {
    const list = record.records;
    record.records = [];
    return list;
};

export class PerformanceObserverEntryList {
    #list;

    constructor(secret = undefined, list = undefined) {
        illegal(secret);
        this.#list = list;
    }

    getEntries() {
        return allOf(this.#list);
    }

    getEntriesByType(type) {
        return ofType(this.#list, arguments);
    }

    getEntriesByName(name, type = undefined) {
        return ofName(this.#list, arguments);
    }
}
defineInterface(PerformanceObserverEntryList);

const texts = sequence(DOMString);

const observeOptions = dictionary([
    { key: "buffered", converter: boolean, otherwise: false },
    {
        key: "entryTypes",
        converter: (value, what) => {
            if (!isObject(value)) throw invalidArgType("options.entryTypes", "string[]", value);
            return texts(value, what);
        },
    },
    { key: "type", converter: DOMString },
]);

// With the codes of Node, where Web IDL has a TypeError.
const checkedOptions = (given) => {
    validateObject(given, "options");
    const options = observeOptions(given, "Argument 1 of observe");
    const { entryTypes, type } = options;
    if (entryTypes === undefined && type === undefined) throw missingArgs("options.entryTypes", "options.type");
    if (entryTypes !== undefined && type !== undefined) {
        const why = "options.entryTypes can not set with options.type together";
        throw invalidArgValue("options.entryTypes", entryTypes, why);
    }
    return options;
};

const addType = (record, type) => {
    if (ArrayPrototypeIncludes(SUPPORTED, type) && !ArrayPrototypeIncludes(record.types, type)) {
        ArrayPrototypePush(record.types, type);
    }
};

export class PerformanceObserver {
    #record;

    constructor(callback) {
        if (typeof callback !== "function") throw invalidArgType("callback", "Function", callback);
        // `kind` is "single" once it observed by `type`, "multiple" once by `entryTypes`.
        this.#record = {
            __proto__: null, observer: this, callback, kind: undefined, types: [], records: [], isFirst: true,
        };
    }

    static get supportedEntryTypes() {
        return SUPPORTED;
    }

    observe(options = {}) {
        const record = this.#record;
        const { buffered, entryTypes, type } = checkedOptions(options);
        const kind = type === undefined ? "multiple" : "single";
        if (record.kind !== undefined && record.kind !== kind) {
            const text = `PerformanceObserver can not change to ${kind} observation${kind === "single" ? "" : "s"}`;
            throw new DOMException(text, "InvalidModificationError");
        }
        record.kind = kind;
        if (kind === "single") {
            addType(record, type);
        } else {
            const types = record.types;
            record.types = [];
            for (let at = 0; at < entryTypes.length; at++) addType(record, entryTypes[at]);
            // Types of which none exists here change nothing.
            if (record.types.length === 0) record.types = types;
        }
        if (record.types.length === 0) return;
        if (!ArrayPrototypeIncludes(registered, record)) ArrayPrototypePush(registered, record);
        if (kind === "single" && buffered) {
            const list = ofType(entries, [type]);
            for (let at = 0; at < list.length; at++) ArrayPrototypePush(record.records, list[at]);
            queueNotice();
        }
    }

    disconnect() {
        const record = this.#record;
        const at = ArrayPrototypeIndexOf(registered, record);
        if (at !== -1) ArrayPrototypeSplice(registered, at, 1);
        record.kind = undefined;
        record.types = [];
        record.records = [];
    }

    takeRecords() {
        return takeRecords(this.#record);
    }
}
defineInterface(PerformanceObserver);

/** What entries are made with. */
export { SECRET };

export const globals = { PerformanceEntry, PerformanceObserver, PerformanceObserverEntryList };
