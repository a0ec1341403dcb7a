// node:diagnostics_channel (Node's documentation, "Diagnostics Channel"). A channel that has a subscriber or a store is
// kept; others are found again as long as somebody holds them.

import { invalidArgType, validateFunction } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";

const {
    ArrayPrototypePush, ArrayPrototypeSplice, ObjectDefineProperty, ObjectGetPrototypeOf, PromisePrototypeThen,
    PromiseResolveValue, ReflectApply, SafeMap, SymbolHasInstance, WeakRef, WeakRefPrototypeDeref,
} = primordials;

/** What a subscriber throws is an uncaught exception; whoever published does not hear of it. */
const rethrow = (error) => {
    throw error;
};

const channels = new SafeMap();
// Channels that must not be lost: somebody subscribed to them by name.
const kept = new SafeMap();

export class Channel {
    #subscribers = [];
    #stores = new SafeMap();

    constructor(name) {
        this.name = name;
        channels.set(name, new WeakRef(this));
    }

    static [SymbolHasInstance](instance) {
        if (instance === null || typeof instance !== "object") return false;
        for (let holder = ObjectGetPrototypeOf(instance); holder !== null; holder = ObjectGetPrototypeOf(holder)) {
            if (holder === Channel.prototype) return true;
        }
        return false;
    }

    #keep() {
        if (this.hasSubscribers) kept.set(this.name, this);
        else kept.delete(this.name);
    }

    subscribe(subscription) {
        validateFunction(subscription, "subscription");
        // A publish that runs goes on with the list that was there when it began.
        const longer = copyOf(this.#subscribers);
        ArrayPrototypePush(longer, subscription);
        this.#subscribers = longer;
        this.#keep();
    }

    unsubscribe(subscription) {
        const shorter = copyOf(this.#subscribers);
        for (let at = 0; at < shorter.length; at++) {
            if (shorter[at] !== subscription) continue;
            ArrayPrototypeSplice(shorter, at, 1);
            this.#subscribers = shorter;
            this.#keep();
            return true;
        }
        return false;
    }

    bindStore(store, transform) {
        this.#stores.set(store, transform);
        this.#keep();
    }

    unbindStore(store) {
        const wasThere = this.#stores.delete(store);
        this.#keep();
        return wasThere;
    }

    get hasSubscribers() {
        return 0 < this.#subscribers.length || 0 < this.#stores.size;
    }

    publish(data) {
        const list = this.#subscribers;
        for (let at = 0; at < list.length; at++) {
            try {
                list[at](data, this.name);
            } catch (error) {
                enqueue(rethrow, [error]);
            }
        }
    }

    runStores(data, fn, thisArg, ...args) {
        let run = () => {
            this.publish(data);
            return ReflectApply(fn, thisArg, args);
        };
        this.#stores.forEach((transform, store) => {
            const inner = run;
            let value = data;
            if (transform !== undefined) {
                try {
                    value = transform(data);
                } catch (error) {
                    enqueue(rethrow, [error]);
                    return;
                }
            }
            run = () => store.run(value, inner);
        });
        return run();
    }
}

const copyOf = (list) => {
    const copy = [];
    for (let at = 0; at < list.length; at++) copy[at] = list[at];
    return copy;
};

export const channel = (name) => {
    const reference = channels.get(name);
    const known = reference === undefined ? undefined : WeakRefPrototypeDeref(reference);
    if (known !== undefined) return known;
    if (typeof name !== "string" && typeof name !== "symbol") {
        throw invalidArgType("channel", ["string", "symbol"], name);
    }
    return new Channel(name);
};

const subscribe = (name, subscription) => channel(name).subscribe(subscription);
const unsubscribe = (name, subscription) => channel(name).unsubscribe(subscription);

const hasSubscribers = (name) => {
    const reference = channels.get(name);
    const known = reference === undefined ? undefined : WeakRefPrototypeDeref(reference);
    return known !== undefined && known.hasSubscribers;
};

const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"];

const channelFor = (names, event) => {
    if (typeof names === "string") return channel(`tracing:${names}:${event}`);
    if (names === null || typeof names !== "object") {
        throw invalidArgType("nameOrChannels", ["string", "object", "TracingChannel"], names);
    }
    const given = names[event];
    if (!(given instanceof Channel)) throw invalidArgType(`nameOrChannels.${event}`, ["Channel"], given);
    return given;
};

class TracingChannel {
    constructor(nameOrChannels) {
        for (let at = 0; at < EVENTS.length; at++) {
            ObjectDefineProperty(this, EVENTS[at], {
                __proto__: null, value: channelFor(nameOrChannels, EVENTS[at]), enumerable: true,
            });
        }
    }

    get hasSubscribers() {
        for (let at = 0; at < EVENTS.length; at++) if (this[EVENTS[at]].hasSubscribers) return true;
        return false;
    }

    subscribe(handlers) {
        for (let at = 0; at < EVENTS.length; at++) {
            if (handlers[EVENTS[at]]) this[EVENTS[at]].subscribe(handlers[EVENTS[at]]);
        }
    }

    unsubscribe(handlers) {
        let wereAllThere = true;
        for (let at = 0; at < EVENTS.length; at++) {
            if (handlers[EVENTS[at]] && !this[EVENTS[at]].unsubscribe(handlers[EVENTS[at]])) wereAllThere = false;
        }
        return wereAllThere;
    }

    traceSync(fn, context = {}, thisArg = undefined, ...args) {
        if (!this.hasSubscribers) return ReflectApply(fn, thisArg, args);
        return this.start.runStores(context, () => {
            try {
                const result = ReflectApply(fn, thisArg, args);
                context.result = result;
                return result;
            } catch (error) {
                context.error = error;
                this.error.publish(context);
                throw error;
            } finally {
                this.end.publish(context);
            }
        });
    }

    tracePromise(fn, context = {}, thisArg = undefined, ...args) {
        if (!this.hasSubscribers) return ReflectApply(fn, thisArg, args);
        const resolved = (result) => {
            context.result = result;
            this.asyncStart.publish(context);
            this.asyncEnd.publish(context);
            return result;
        };
        const rejected = (error) => {
            context.error = error;
            this.error.publish(context);
            this.asyncStart.publish(context);
            this.asyncEnd.publish(context);
            throw error;
        };
        return this.start.runStores(context, () => {
            try {
                const promise = PromiseResolveValue(ReflectApply(fn, thisArg, args));
                return PromisePrototypeThen(promise, resolved, rejected);
            } catch (error) {
                context.error = error;
                this.error.publish(context);
                throw error;
            } finally {
                this.end.publish(context);
            }
        });
    }

    traceCallback(fn, position = -1, context = {}, thisArg = undefined, ...args) {
        if (!this.hasSubscribers) return ReflectApply(fn, thisArg, args);
        const at = position < 0 ? args.length + position : position;
        const callback = args[at];
        validateFunction(callback, "callback");
        const tracing = this;
        const wrapped = function (error, result) {
            if (error) {
                context.error = error;
                tracing.error.publish(context);
            } else {
                context.result = result;
            }
            const received = arguments;
            return tracing.asyncStart.runStores(context, () => {
                try {
                    return ReflectApply(callback, this, received);
                } finally {
                    tracing.asyncEnd.publish(context);
                }
            });
        };
        ArrayPrototypeSplice(args, at, 1, wrapped);
        return this.start.runStores(context, () => {
            try {
                return ReflectApply(fn, thisArg, args);
            } catch (error) {
                context.error = error;
                this.error.publish(context);
                throw error;
            } finally {
                this.end.publish(context);
            }
        });
    }
}

const tracingChannel = (nameOrChannels) => new TracingChannel(nameOrChannels);

export default { channel, hasSubscribers, subscribe, tracingChannel, unsubscribe, Channel };
