// node:events: EventEmitter and its companions (Node's documentation, "Events").
//
// The listeners of an emitter are in its property `_events`, a function or a list of functions for each event, as
// programs expect it.

import { AsyncResource } from "../async_local.js";
import { isAbortSignal } from "../abort.js";
import { EventTarget, isEventTarget, listenersOf } from "../event_target.js";
import { inspect } from "../inspect.js";
import {
    invalidArgType, nodeError, validateAbortSignal, validateBoolean, validateFunction, validateNumber, validateString,
} from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";
import { warn } from "../warnings.js";
import { makeIterator, makeOnce } from "../events/promises.js";

const {
    ArrayPrototypePush, ArrayPrototypeUnshift, Error, FunctionPrototypeBind, ObjectDefineProperties,
    ObjectDefineProperty, ObjectGetPrototypeOf, ReflectApply, ReflectOwnKeys, SafeWeakMap, String, Symbol,
    SymbolDispose, SymbolFor, queueMicrotask,
} = primordials;

const captures = Symbol("kCapture");
const captureRejectionSymbol = SymbolFor("nodejs.rejection");
const errorMonitor = Symbol("events.errorMonitor");

let defaultMaxListeners = 10;

// How many listeners an EventTarget may have before a warning, where a program says so.
const targetLimits = new SafeWeakMap();

export function EventEmitter(options) {
    ReflectApply(EventEmitter.init, this, [options]);
}

EventEmitter.prototype._events = undefined;
EventEmitter.prototype._eventsCount = 0;
EventEmitter.prototype._maxListeners = undefined;
ObjectDefineProperty(EventEmitter.prototype, captures, {
    __proto__: null, value: false, writable: true, enumerable: false, configurable: false,
});

EventEmitter.init = function (options) {
    if (this._events === undefined || this._events === ObjectGetPrototypeOf(this)._events) {
        this._events = { __proto__: null };
        this._eventsCount = 0;
    }
    this._maxListeners ??= undefined;
    if (options?.captureRejections !== undefined) {
        validateBoolean(options.captureRejections, "options.captureRejections");
        hide(this, captures, options.captureRejections);
    } else if (EventEmitter.prototype[captures]) {
        hide(this, captures, true);
    }
};

const hide = (owner, key, value) => {
    ObjectDefineProperty(owner, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
};

const copyOf = (list) => {
    const copy = [];
    for (let at = 0; at < list.length; at++) copy[at] = list[at];
    return copy;
};

const limitOf = (emitter) => (emitter._maxListeners === undefined ? defaultMaxListeners : emitter._maxListeners);

/** What an "error" that nobody listens to throws. */
const unhandled = (error) => {
    let shown;
    try {
        shown = inspect(error);
    } catch {
        shown = String(error);
    }
    const made = nodeError(Error, "ERR_UNHANDLED_ERROR", `Unhandled error. (${shown})`);
    made.context = error;
    return made;
};

/** A promise that a listener gave: if it is rejected, the emitter hears of it. */
const watchResult = (emitter, promise, type, args) => {
    if (!emitter[captures]) return;
    try {
        const { then } = promise;
        if (typeof then !== "function") return;
        ReflectApply(then, promise, [undefined, (error) => enqueue(tellRejection, [emitter, error, type, args])]);
    } catch (error) {
        emitter.emit("error", error);
    }
};

const tellRejection = (emitter, error, type, args) => {
    if (typeof emitter[captureRejectionSymbol] === "function") {
        const received = copyOf(args);
        ArrayPrototypeUnshift(received, error, type);
        ReflectApply(emitter[captureRejectionSymbol], emitter, received);
        return;
    }
    // A listener for "error" that is rejected must not call itself again.
    const before = emitter[captures];
    try {
        hide(emitter, captures, false);
        emitter.emit("error", error);
    } finally {
        hide(emitter, captures, before);
    }
};

const call = (emitter, listener, type, args) => {
    const result = ReflectApply(listener, emitter, args);
    if (result !== undefined && result !== null) watchResult(emitter, result, type, args);
};

const add = (emitter, type, listener, isFirst) => {
    validateFunction(listener, "listener");
    let events = emitter._events;
    if (events === undefined) {
        events = { __proto__: null };
        emitter._events = events;
        emitter._eventsCount = 0;
    } else if (events.newListener !== undefined) {
        emitter.emit("newListener", type, listener.listener ?? listener);
        // A listener for "newListener" may have replaced the table.
        events = emitter._events;
    }
    const existing = events[type];
    if (existing === undefined) {
        events[type] = listener;
        emitter._eventsCount++;
        return emitter;
    }
    let list = existing;
    if (typeof existing === "function") {
        list = isFirst ? [listener, existing] : [existing, listener];
        events[type] = list;
    } else if (isFirst) {
        ArrayPrototypeUnshift(list, listener);
    } else {
        ArrayPrototypePush(list, listener);
    }
    const limit = limitOf(emitter);
    if (0 < limit && limit < list.length && !list.warned) {
        list.warned = true;
        warn(
            "MaxListenersExceededWarning",
            `Possible EventEmitter memory leak detected. ${list.length} ${String(type)} listeners added to `
                + `${inspect(emitter, { depth: -1 })}. MaxListeners is ${limit}. Use emitter.setMaxListeners() to `
                + "increase limit",
            { emitter, type, count: list.length },
        );
    }
    return emitter;
};

/** A listener that takes itself away before it is called. */
const onceOf = (emitter, type, listener) => {
    const state = { emitter, type, listener, isFired: false, wrapped: undefined };
    state.wrapped = FunctionPrototypeBind(fireOnce, state);
    state.wrapped.listener = listener;
    return state.wrapped;
};

function fireOnce(...args) {
    if (this.isFired) return undefined;
    this.emitter.removeListener(this.type, this.wrapped);
    this.isFired = true;
    return ReflectApply(this.listener, this.emitter, args);
}

const listenersFrom = (emitter, type, isRaw) => {
    const events = emitter._events;
    const found = events === undefined ? undefined : events[type];
    if (found === undefined) return [];
    const list = typeof found === "function" ? [found] : copyOf(found);
    if (!isRaw) for (let at = 0; at < list.length; at++) list[at] = list[at].listener ?? list[at];
    return list;
};

const dropType = (emitter, type) => {
    if (--emitter._eventsCount === 0) emitter._events = { __proto__: null };
    else delete emitter._events[type];
};

const methods = {
    setMaxListeners(n) {
        validateNumber(n, "setMaxListeners", 0);
        this._maxListeners = n;
        return this;
    },

    getMaxListeners() {
        return limitOf(this);
    },

    emit(type, ...args) {
        const events = this._events;
        if (type === "error") {
            if (events !== undefined && events[errorMonitor] !== undefined) {
                const told = copyOf(args);
                ArrayPrototypeUnshift(told, errorMonitor);
                ReflectApply(this.emit, this, told);
            }
            if (events === undefined || events.error === undefined) {
                const error = args[0];
                if (error instanceof Error) throw error;
                throw unhandled(error);
            }
        }
        const found = events === undefined ? undefined : events[type];
        if (found === undefined) return false;
        if (typeof found === "function") {
            call(this, found, type, args);
        } else {
            const list = copyOf(found);
            for (let at = 0; at < list.length; at++) call(this, list[at], type, args);
        }
        return true;
    },

    addListener(type, listener) {
        return add(this, type, listener, false);
    },

    prependListener(type, listener) {
        return add(this, type, listener, true);
    },

    once(type, listener) {
        validateFunction(listener, "listener");
        this.on(type, onceOf(this, type, listener));
        return this;
    },

    prependOnceListener(type, listener) {
        validateFunction(listener, "listener");
        this.prependListener(type, onceOf(this, type, listener));
        return this;
    },

    removeListener(type, listener) {
        validateFunction(listener, "listener");
        const events = this._events;
        const found = events === undefined ? undefined : events[type];
        if (found === undefined) return this;
        if (typeof found === "function") {
            if (found !== listener && found.listener !== listener) return this;
            dropType(this, type);
            if (events.removeListener !== undefined) this.emit("removeListener", type, found.listener ?? listener);
            return this;
        }
        let at = found.length - 1;
        while (0 <= at && found[at] !== listener && found[at].listener !== listener) at--;
        if (at === -1) return this;
        const shorter = [];
        for (let index = 0; index < found.length; index++) {
            if (index !== at) ArrayPrototypePush(shorter, found[index]);
        }
        if (found.warned) shorter.warned = true;
        events[type] = shorter.length === 1 ? shorter[0] : shorter;
        if (events.removeListener !== undefined) this.emit("removeListener", type, found[at].listener ?? listener);
        return this;
    },

    removeAllListeners(type) {
        const events = this._events;
        if (events === undefined) return this;
        if (events.removeListener === undefined) {
            if (arguments.length === 0) {
                this._events = { __proto__: null };
                this._eventsCount = 0;
            } else if (events[type] !== undefined) {
                dropType(this, type);
            }
            return this;
        }
        if (arguments.length === 0) {
            const keys = ReflectOwnKeys(events);
            for (let at = 0; at < keys.length; at++) {
                if (keys[at] !== "removeListener") this.removeAllListeners(keys[at]);
            }
            this.removeAllListeners("removeListener");
            this._events = { __proto__: null };
            this._eventsCount = 0;
            return this;
        }
        const list = listenersFrom(this, type, true);
        for (let at = list.length - 1; 0 <= at; at--) this.removeListener(type, list[at]);
        return this;
    },

    listeners(type) {
        return listenersFrom(this, type, false);
    },

    rawListeners(type) {
        return listenersFrom(this, type, true);
    },

    listenerCount(type, listener = undefined) {
        const events = this._events;
        const found = events === undefined ? undefined : events[type];
        if (found === undefined) return 0;
        if (listener === undefined) return typeof found === "function" ? 1 : found.length;
        const list = typeof found === "function" ? [found] : found;
        let count = 0;
        for (let at = 0; at < list.length; at++) if (list[at] === listener || list[at].listener === listener) count++;
        return count;
    },

    eventNames() {
        return 0 < this._eventsCount ? ReflectOwnKeys(this._events) : [];
    },
};

// The functions carry the names of the members; Node's can be enumerated.
const define = (owner, key, value) => {
    ObjectDefineProperty(owner, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
};
for (const key of ReflectOwnKeys(methods)) define(EventEmitter.prototype, key, methods[key]);
define(EventEmitter.prototype, "on", methods.addListener);
define(EventEmitter.prototype, "off", methods.removeListener);

export const setMaxListeners = (n = defaultMaxListeners, ...targets) => {
    validateNumber(n, "setMaxListeners", 0);
    if (targets.length === 0) defaultMaxListeners = n;
    for (let at = 0; at < targets.length; at++) {
        const target = targets[at];
        if (isEventTarget(target)) targetLimits.set(target, n);
        else if (typeof target?.setMaxListeners === "function") target.setMaxListeners(n);
        else throw invalidArgType("eventTargets", ["EventEmitter", "EventTarget"], target);
    }
};

export const getMaxListeners = (target) => {
    if (typeof target?.getMaxListeners === "function") return limitOf(target);
    if (isEventTarget(target)) return targetLimits.get(target) ?? defaultMaxListeners;
    throw invalidArgType("emitter", ["EventEmitter", "EventTarget"], target);
};

export const getEventListeners = (target, type) => {
    if (typeof target?.listeners === "function") return target.listeners(type);
    if (isEventTarget(target)) return listenersOf(target, `${type}`);
    throw invalidArgType("emitter", ["EventEmitter", "EventTarget"], target);
};

export const listenerCount = (emitter, type) => {
    if (typeof emitter?.listenerCount === "function") return emitter.listenerCount(type);
    if (isEventTarget(emitter)) return listenersOf(emitter, `${type}`).length;
    return ReflectApply(methods.listenerCount, emitter, [type]);
};

const { addEventListener, removeEventListener } = EventTarget.prototype;

export function addAbortListener(signal, listener) {
    if (signal === undefined) throw invalidArgType("signal", "AbortSignal", signal);
    validateAbortSignal(signal, "signal");
    validateFunction(listener, "listener");
    let remove;
    if (signal.aborted) {
        queueMicrotask(() => listener());
    } else if (isAbortSignal(signal)) {
        ReflectApply(addEventListener, signal, ["abort", listener, { __proto__: null, once: true }]);
        remove = () => ReflectApply(removeEventListener, signal, ["abort", listener]);
    } else {
        signal.addEventListener("abort", listener, { __proto__: null, once: true });
        remove = () => signal.removeEventListener("abort", listener);
    }
    const disposable = { __proto__: null };
    if (SymbolDispose !== undefined) disposable[SymbolDispose] = () => remove?.();
    return disposable;
}

class EventEmitterResource extends AsyncResource {
    #emitter;

    constructor(emitter, type, options) {
        super(type, options);
        this.#emitter = emitter;
    }

    get eventEmitter() {
        return this.#emitter;
    }
}

/** An emitter whose listeners run with the stores of the moment in which it was made. */
export class EventEmitterAsyncResource extends EventEmitter {
    #resource;

    constructor(options = undefined) {
        let name;
        if (typeof options === "string") {
            name = options;
            options = undefined;
        } else {
            if (new.target === EventEmitterAsyncResource) validateString(options?.name, "options.name");
            name = options?.name || new.target.name;
        }
        super(options);
        this.#resource = new EventEmitterResource(this, name, options);
    }

    emit(...args) {
        ArrayPrototypeUnshift(args, super.emit, this);
        return ReflectApply(this.#resource.runInAsyncScope, this.#resource, args);
    }

    emitDestroy() {
        this.#resource.emitDestroy();
    }

    get asyncId() {
        return this.#resource.asyncId();
    }

    get triggerAsyncId() {
        return this.#resource.triggerAsyncId();
    }

    get asyncResource() {
        return this.#resource;
    }
}

export const once = makeOnce(isEventTarget);
export const on = makeIterator(isEventTarget);

EventEmitter.EventEmitter = EventEmitter;
EventEmitter.addAbortListener = addAbortListener;
EventEmitter.once = once;
EventEmitter.on = on;
EventEmitter.getEventListeners = getEventListeners;
EventEmitter.getMaxListeners = getMaxListeners;
EventEmitter.setMaxListeners = setMaxListeners;
EventEmitter.listenerCount = listenerCount;
EventEmitter.usingDomains = false;
EventEmitter.captureRejectionSymbol = captureRejectionSymbol;
EventEmitter.errorMonitor = errorMonitor;
EventEmitter.EventEmitterAsyncResource = EventEmitterAsyncResource;
ObjectDefineProperties(EventEmitter, {
    captureRejections: {
        __proto__: null,
        get: () => EventEmitter.prototype[captures],
        set: (value) => {
            validateBoolean(value, "EventEmitter.captureRejections");
            EventEmitter.prototype[captures] = value;
        },
        enumerable: true,
        configurable: true,
    },
    defaultMaxListeners: {
        __proto__: null,
        get: () => defaultMaxListeners,
        set: (value) => {
            validateNumber(value, "defaultMaxListeners", 0);
            defaultMaxListeners = value;
        },
        enumerable: true,
        configurable: true,
    },
});

export default EventEmitter;
