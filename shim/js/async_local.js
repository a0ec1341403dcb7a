// AsyncLocalStorage and AsyncResource of node:async_hooks, without a hook of the engine.
//
// The engine does not tell when it continues an async function, so a store cannot follow each chain of promises. One
// call of an app runs at a time, and this holds for it: a store is there from `run` until the promise that its function
// gave settles, for everything that runs in between. Timers, immediates, ticks and AsyncResource carry the stores of
// the moment in which they were made. A promise that a function gives to `run` comes out as another one that settles
// the same way.
//
// What this answers wrongly:
// * Two chains at a time, `Promise.all([storage.run(1, f), storage.run(2, g)])`: after their first `await` both see the
//   store of the run that began last and has not settled.
// * The code behind `storage.run(1, asyncFunction)` sees 1 until the promise has settled if it does not await it.
// * After an outermost `run` whose function gave undefined (`(request, response, next) => storage.run(store, next)`),
//   its store is there again from the next microtask on, until the call of the app ends: the handlers that `next` began
//   need it.

import { classOf, PROMISE } from "./class_of.js";
import { invalidArgType, nodeError, validateFunction, validateObject, validateString } from "./node_errors.js";
import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { setCapture } from "./ticks.js";
import { setTimerContext } from "./timers.js";

const {
    ArrayPrototypeUnshift, FunctionPrototypeBind, NumberIsInteger, ObjectDefineProperties, PromisePrototypeThen,
    RangeError, ReflectApply, String, SymbolDispose, TypeError, queueMicrotask,
} = primordials;

// A context is a list of stores that never changes, the newest first: {storage, store, generation, parent}.
const withStore = (storage, store, generation, parent) => {
    const rest = parent !== undefined && parent.storage === storage ? parent.parent : parent;
    return { __proto__: null, storage, store, generation, parent: rest };
};

// What runs now: the newest activation, {context, before, isOver, isRest}. One that is over may lie below others.
let active;

/** Calls a function with `context`, which stays until a promise that the function gives has settled. */
const callIn = (context, callback, receiver, args, keepsRest = false) => {
    const activation = { __proto__: null, context, before: active, isOver: false, isRest: false };
    active = activation;
    natives.untidy();
    const end = () => {
        activation.isOver = true;
        while (active !== undefined && active.isOver) active = active.before;
    };
    let result;
    try {
        result = ReflectApply(callback, receiver, args);
    } catch (error) {
        end();
        throw error;
    }
    if (typeof result === "object" && result !== null && classOf(result) === PROMISE) {
        return PromisePrototypeThen(result, (value) => {
            end();
            return value;
        }, (error) => {
            end();
            throw error;
        });
    }
    const { context: last } = activation;
    end();
    if (result === undefined && keepsRest) {
        queueMicrotask(() => {
            if (isOutermost()) active = restOf(last);
        });
    }
    return result;
};

/** What holds when no function runs: until the call of the app ends. */
const restOf = (context) => ({ __proto__: null, context, before: undefined, isOver: false, isRest: true });

const isOutermost = () => active === undefined || active.isRest;

/** What `runInContext` takes to bring the stores of now back. */
export const captureContext = () => (active === undefined ? undefined : active.context);

export const runInContext = (context, callback, receiver = undefined, args = []) => {
    if (context === undefined && active === undefined) return ReflectApply(callback, receiver, args);
    return callIn(context, callback, receiver, args);
};

/** Forgets all stores; whoever starts a call of an app does this before. */
export const resetContext = () => {
    active = undefined;
};

setTimerContext({ capture: captureContext, run: (captured, callback) => runInContext(captured, callback) });
setCapture((callback) => {
    const context = captureContext();
    if (context === undefined) return callback;
    return (...args) => runInContext(context, callback, undefined, args);
});

export class AsyncLocalStorage {
    #generation = 0;
    #isEnabled = false;
    #default;
    #name;

    constructor(options = undefined) {
        if (options !== undefined) validateObject(options, "options");
        this.#default = options?.defaultValue;
        if (options?.name !== undefined) validateString(options.name, "options.name");
        this.#name = options?.name === undefined ? "" : `${options.name}`;
    }

    /** A function that calls `callback` with the stores of now. */
    static bind(callback) {
        return AsyncResource.bind(callback);
    }

    /** A function `(callback, ...args)` that calls others with the stores of now. */
    static snapshot() {
        const context = captureContext();
        return (callback, ...args) => runInContext(context, callback, undefined, args);
    }

    get name() {
        return this.#name;
    }

    disable() {
        this.#isEnabled = false;
        this.#generation++;
    }

    enterWith(store) {
        this.#isEnabled = true;
        const context = withStore(this, store, this.#generation, captureContext());
        natives.untidy();
        if (active === undefined) active = restOf(context);
        else active.context = context;
    }

    run(store, callback, ...args) {
        this.#isEnabled = true;
        const context = withStore(this, store, this.#generation, captureContext());
        return callIn(context, callback, null, args, isOutermost());
    }

    exit(callback, ...args) {
        if (!this.#isEnabled) return ReflectApply(callback, null, args);
        return callIn(withStore(this, undefined, this.#generation, captureContext()), callback, null, args);
    }

    getStore() {
        if (!this.#isEnabled) return this.#default;
        for (let at = captureContext(); at !== undefined; at = at.parent) {
            if (at.storage === this) return at.generation === this.#generation ? at.store : this.#default;
        }
        return this.#default;
    }

    /** Enters a store until the result is disposed of. */
    withScope(store) {
        const before = captureContext();
        this.enterWith(store);
        const dispose = () => {
            if (active !== undefined) active.context = before;
        };
        const scope = { dispose };
        if (SymbolDispose !== undefined) scope[SymbolDispose] = dispose;
        return scope;
    }
}

let lastId = 1;
let runningId = 1;
let runningResource = {};

export const executionAsyncId = () => runningId;
export const triggerAsyncId = () => 0;
export const executionAsyncResource = () => runningResource;

export class AsyncResource {
    #context = captureContext();
    #id = ++lastId;
    #trigger;

    constructor(type, options = {}) {
        validateString(type, "type");
        if (type.length === 0) throw nodeError(TypeError, "ERR_ASYNC_TYPE", "Invalid name for async \"type\": ");
        let trigger = options;
        if (typeof options !== "number") {
            if (options === null || typeof options !== "object") throw invalidArgType("options", "Object", options);
            trigger = options.triggerAsyncId ?? runningId;
        }
        if (!NumberIsInteger(trigger) || trigger < -1) {
            throw nodeError(RangeError, "ERR_INVALID_ASYNC_ID", `Invalid triggerAsyncId value: ${String(trigger)}`);
        }
        this.#trigger = trigger;
    }

    /** A function bound to the stores of now. */
    static bind(callback, type = undefined, thisArg = undefined) {
        const resource = new AsyncResource(type || callback?.name || "bound-anonymous-fn");
        return resource.bind(callback, thisArg);
    }

    runInAsyncScope(callback, thisArg, ...args) {
        const id = runningId;
        const resource = runningResource;
        runningId = this.#id;
        runningResource = this;
        try {
            return runInContext(this.#context, callback, thisArg, args);
        } finally {
            runningId = id;
            runningResource = resource;
        }
    }

    emitDestroy() {
        return this;
    }

    asyncId() {
        return this.#id;
    }

    triggerAsyncId() {
        return this.#trigger;
    }

    bind(callback, thisArg = undefined) {
        validateFunction(callback, "fn");
        const resource = this;
        let bound;
        if (thisArg === undefined) {
            bound = function (...args) {
                ArrayPrototypeUnshift(args, callback, this);
                return ReflectApply(runInAsyncScope, resource, args);
            };
        } else {
            bound = FunctionPrototypeBind(runInAsyncScope, resource, callback, thisArg);
        }
        ObjectDefineProperties(bound, {
            length: { __proto__: null, value: callback.length, writable: false, enumerable: false, configurable: true },
        });
        return bound;
    }
}

const { runInAsyncScope } = AsyncResource.prototype;
