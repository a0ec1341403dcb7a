// Timers and microtasks: setTimeout, setInterval, setImmediate and their ends, queueMicrotask (HTML Standard, section
// "Timers"; Node's documentation of "timers" for the objects that they return and for immediates).
//
// The table of what waits is here, on the app's heap. The driver of a call asks `timerLoop` how long to sleep and
// lets it run one function at a time; between two of them it runs all microtasks.

import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { reportException } from "./report.js";
import { callback as functionArgument, isObject, needs } from "./webidl.js";

const {
    ArrayPrototypePush, MathMax, MathTrunc, Number, ObjectDefineProperty, PromisePrototypeThen, PromiseResolveValue,
    ReflectApply, SafeMap, Symbol, SymbolToPrimitive, TypeError, queueMicrotask: engineQueueMicrotask,
} = primordials;

// The longest delay that Node and the web know; longer ones count as none.
const LONGEST = 2 ** 31 - 1;

// What waits for its time: a binary heap, the earliest first; equal times in the order of setting. A record knows its
// place.
const heap = [];
let sequence = 0;

const earlier = (a, b) => a.due < b.due || (a.due === b.due && a.order < b.order);

const put = (record, at) => {
    heap[at] = record;
    record.at = at;
};

const rise = (record, at) => {
    while (0 < at) {
        const parent = (at - 1) >> 1;
        if (!earlier(record, heap[parent])) break;
        put(heap[parent], at);
        at = parent;
    }
    put(record, at);
};

const sink = (record, at) => {
    for (;;) {
        let child = 2 * at + 1;
        if (heap.length <= child) break;
        if (child + 1 < heap.length && earlier(heap[child + 1], heap[child])) child++;
        if (!earlier(heap[child], record)) break;
        put(heap[child], at);
        at = child;
    }
    put(record, at);
};

const enter = (record, due) => {
    natives.untidy();
    record.due = due;
    record.order = ++sequence;
    if (record.refed) counted++;
    ArrayPrototypePush(heap, record);
    rise(record, heap.length - 1);
};

const leave = (record) => {
    const { at } = record;
    if (at === -1) return;
    record.at = -1;
    if (record.refed) counted--;
    const last = heap[heap.length - 1];
    heap.length--;
    if (last === record) return;
    rise(last, at);
    sink(last, last.at);
};

// Timers and immediates that wait and were not told to `unref`.
let counted = 0;

// Asynchronous context: what `capture` gave when a function was handed over is given to `run` when it is called.
let context;

/** Lets functions that wait run in the context in which they were set: `capture()`, `run(captured, function)`. */
export const setTimerContext = (hooks) => {
    context = hooks;
};

const newRecord = (callback, argumentList, refed) => ({
    __proto__: null,
    callback,
    argumentList,
    refed,
    captured: context === undefined ? undefined : context.capture(),
    owner: undefined,
    id: 0,
    // For timers
    wait: 0,
    repeats: false,
    closed: false,
    due: 0,
    order: 0,
    at: -1,
    // For immediates
    waits: false,
});

const run = (record) => {
    const { callback, argumentList, captured, owner } = record;
    try {
        if (context === undefined) ReflectApply(callback, owner, argumentList);
        else context.run(captured, () => ReflectApply(callback, owner, argumentList));
    } catch (error) {
        reportException(error);
    }
};

/** A timer of the platform itself. Returns what `stopTimer` takes. `wait` are milliseconds of any size. */
export const startTimer = (callback, wait, { refed = true, repeats = false } = { __proto__: null }) => {
    const record = newRecord(callback, [], refed);
    record.wait = wait;
    record.repeats = repeats;
    enter(record, natives.clockNow() + wait);
    return record;
};

export const stopTimer = (record) => {
    record.closed = true;
    leave(record);
    if (record.id !== 0) byId.delete(record.id);
};

// Immediates: those that run in this turn, and those that were set since it began.
let batch = [];
let batchAt = 0;
let immediates = [];
let immediateCount = 0;

/** A task of the platform itself that runs in the next turn, after the microtasks. Returns what `stopTask` takes. */
export const queueTask = (callback, argumentList = [], refed = true) => {
    natives.untidy();
    const record = newRecord(callback, argumentList, refed);
    record.waits = true;
    immediateCount++;
    if (refed) counted++;
    ArrayPrototypePush(immediates, record);
    return record;
};

export const stopTask = (record) => {
    if (!record.waits) return;
    record.waits = false;
    immediateCount--;
    if (record.refed) counted--;
};

// A turn runs the timers whose time has come when it begins, then the immediates that were set until then.
let inImmediates = false;
let turnBegan = -1;

const beginTimers = () => {
    inImmediates = false;
    turnBegan = natives.clockNow();
};

const fireTimer = () => {
    const record = heap[0];
    if (record === undefined || turnBegan < record.due) return false;
    leave(record);
    run(record);
    // The function may have set its own timer again (`refresh`) or ended it.
    if (record.at !== -1 || record.closed) return true;
    if (record.repeats) enter(record, natives.clockNow() + record.wait);
    else if (record.id !== 0) byId.delete(record.id);
    return true;
};

const fireImmediate = () => {
    while (batchAt < batch.length) {
        const record = batch[batchAt];
        batch[batchAt++] = undefined;
        if (!record.waits) continue;
        stopTask(record);
        run(record);
        return true;
    }
    return false;
};

/** For the driver of a call. None of these throws. */
export const timerLoop = {
    __proto__: null,

    /** Milliseconds until something is due, 0 if something is now, -1 if nothing waits. */
    nextDelay() {
        if (immediateCount !== 0) return 0;
        return heap.length === 0 ? -1 : MathMax(0, heap[0].due - natives.clockNow());
    },

    /** Whether something waits that was not told to `unref`. */
    hasRefs() {
        return counted !== 0;
    },

    /** Runs the next function that is due; false if none is. An error of it goes to `reportException`. */
    fire() {
        if (turnBegan < 0) beginTimers();
        // At most: the rest of this turn, and a whole next one.
        for (let phase = 0; phase < 4; phase++) {
            if (inImmediates ? fireImmediate() : fireTimer()) return true;
            if (inImmediates) {
                beginTimers();
            } else {
                inImmediates = true;
                batch = immediates;
                batchAt = 0;
                immediates = [];
            }
        }
        return false;
    },

    /** Forgets everything that waits. */
    clear() {
        while (heap.length !== 0) stopTimer(heap[heap.length - 1]);
        for (let index = batchAt; index < batch.length; index++) stopTask(batch[index]);
        for (let index = 0; index < immediates.length; index++) stopTask(immediates[index]);
        batch = [];
        batchAt = 0;
        immediates = [];
    },
};

// Timers whose number an app has seen. Numbers are given at first sight.
const byId = new SafeMap();
let lastId = 0;

const numberOf = (record) => {
    if (record.id === 0) {
        record.id = ++lastId;
        if (record.at !== -1 || (record.repeats && !record.closed)) byId.set(record.id, record);
    }
    return record.id;
};

const setRef = (record, waits, refed) => {
    if (record.refed === refed) return;
    record.refed = refed;
    if (waits) counted += refed ? 1 : -1;
};

let timeoutRecord;
let makeTimeout;

class Timeout {
    #record;

    constructor(record) {
        this.#record = record;
        record.owner = this;
    }

    close() {
        stopTimer(this.#record);
        return this;
    }

    hasRef() {
        return this.#record.refed;
    }

    ref() {
        setRef(this.#record, this.#record.at !== -1, true);
        return this;
    }

    refresh() {
        const record = this.#record;
        if (record.closed) return this;
        leave(record);
        enter(record, natives.clockNow() + record.wait);
        if (record.id !== 0) byId.set(record.id, record);
        return this;
    }

    unref() {
        setRef(this.#record, this.#record.at !== -1, false);
        return this;
    }

    [SymbolToPrimitive]() {
        return numberOf(this.#record);
    }

    static {
        timeoutRecord = (value) => (isObject(value) && #record in value ? value.#record : undefined);
        makeTimeout = (record) => new Timeout(record);
    }
}

let immediateRecord;
let makeImmediate;

class Immediate {
    #record;

    constructor(record) {
        this.#record = record;
        record.owner = this;
    }

    hasRef() {
        return this.#record.refed;
    }

    ref() {
        setRef(this.#record, this.#record.waits, true);
        return this;
    }

    unref() {
        setRef(this.#record, this.#record.waits, false);
        return this;
    }

    static {
        immediateRecord = (value) => (isObject(value) && #record in value ? value.#record : undefined);
        makeImmediate = (record) => new Immediate(record);
    }
}

const { dispose } = Symbol;
if (dispose !== undefined) {
    const defineDispose = (prototype, value) => {
        ObjectDefineProperty(prototype, dispose, {
            __proto__: null, value, writable: true, enumerable: false, configurable: true,
        });
    };
    defineDispose(Timeout.prototype, { [dispose]() { clearTimeout(this); } }[dispose]);
    defineDispose(Immediate.prototype, { [dispose]() { clearImmediate(this); } }[dispose]);
}

const functionNeeded = (value) => {
    if (typeof value === "function") return value;
    const kind = value === null ? "null" : typeof value;
    const given = kind === "string" ? "a string, which is not run as code" : kind;
    const error = new TypeError(`The "callback" argument must be a function; it is ${given}.`);
    ObjectDefineProperty(error, "code", {
        __proto__: null, value: "ERR_INVALID_ARG_TYPE", writable: true, enumerable: true, configurable: true,
    });
    throw error;
};

// As Node has it: what is no number from 1 to 2**31 - 1 counts as 1; a fraction is cut off.
const delayOf = (value) => {
    if (value === undefined) return 1;
    if (typeof value === "symbol" || typeof value === "bigint") {
        throw new TypeError(`The delay of a timer is a ${typeof value}, not a number.`);
    }
    const delay = Number(value);
    return 1 <= delay && delay <= LONGEST ? MathTrunc(delay) : 1;
};

const setTimer = (callback, delay, argumentList, repeats) => {
    const record = newRecord(functionNeeded(callback), argumentList, true);
    record.wait = delayOf(delay);
    record.repeats = repeats;
    const timeout = makeTimeout(record);
    enter(record, natives.clockNow() + record.wait);
    return timeout;
};

function setTimeout(callback, delay = undefined, ...args) {
    return setTimer(callback, delay, args, false);
}

function setInterval(callback, delay = undefined, ...args) {
    return setTimer(callback, delay, args, true);
}

const clearTimer = (id) => {
    if (id === undefined || id === null) return;
    const record = timeoutRecord(id);
    if (record !== undefined) {
        stopTimer(record);
        return;
    }
    // Everything else counts as the number that it becomes, as on the web; what becomes none ends nothing.
    if (typeof id === "symbol" || typeof id === "bigint") return;
    const found = byId.get(Number(id));
    if (found !== undefined) stopTimer(found);
};

function clearTimeout(id = undefined) {
    clearTimer(id);
}

function clearInterval(id = undefined) {
    clearTimer(id);
}

function setImmediate(callback, ...args) {
    return makeImmediate(queueTask(functionNeeded(callback), args));
}

function clearImmediate(immediate = undefined) {
    const record = immediateRecord(immediate);
    if (record !== undefined) stopTask(record);
}

const schedule = engineQueueMicrotask !== undefined
    ? engineQueueMicrotask
    : (step) => PromisePrototypeThen(PromiseResolveValue(undefined), step);

function queueMicrotask(callback) {
    needs(arguments.length, 1, "queueMicrotask");
    const record = newRecord(functionArgument(callback, "Argument 1 of queueMicrotask"), [], false);
    schedule(() => run(record));
}

/** The classes of what setTimeout and setImmediate return; their constructors are for the scripts here alone. */
export { Immediate, Timeout };

export const globalFunctions = {
    setTimeout, setInterval, clearTimeout, clearInterval, setImmediate, clearImmediate, queueMicrotask,
};
