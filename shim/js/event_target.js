// EventTarget: listeners and the dispatch of events (DOM Standard, sections "Interface EventTarget" and "Dispatching
// events"), and event handler attributes such as `onabort` (HTML Standard, section "Event handlers").
//
// There is no tree: the path of an event is its target alone. A list of listeners is never changed, only replaced: a
// dispatch walks over the list that was there when it began.

import { DOMException } from "./dom_exception.js";
import { AT_TARGET, NONE, errorParts, eventState, isEvent } from "./event.js";
import { primordials } from "./primordials.js";
import { reportException } from "./report.js";
import { registerPlatform } from "./structured_clone.js";
import { DOMString, defineInterface, fail, isObject, needs } from "./webidl.js";

const {
    ArrayPrototypePush, FunctionPrototypeCall, ObjectDefineProperty, ReflectGetOwnPropertyDescriptor, SafeMap,
    StringPrototypeSlice, TypeError,
} = primordials;

let stateOf;
let isOwnTarget;

// The global object is an event target that no constructor made; the boot script names it.
let globalObject;
let globalState;

// AbortSignal is made on top of EventTarget and makes itself known here: {isSignal, isAborted, add, remove}.
let signals;
export const setSignalSupport = (support) => {
    signals = support;
};

/** What an EventTarget holds, or that of the global object for `this` of a call without an object. */
const targetState = (target) => {
    if (target === undefined || target === null || target === globalObject) {
        if (globalState === undefined) throw new TypeError("Illegal invocation: this is no EventTarget.");
        return globalState;
    }
    return stateOf(target);
};

const newState = (target) => ({ __proto__: null, target, lists: undefined, handlers: undefined, changed: undefined });

export class EventTarget {
    #state = newState(this);

    addEventListener(type, callback, options = undefined) {
        const state = targetState(this);
        needs(arguments.length, 2, "addEventListener");
        const name = DOMString(type, "Argument 1 of addEventListener");
        const listener = listenerOf(callback, "Argument 2 of addEventListener");
        addListener(state, name, listener, flattenMore(options));
    }

    removeEventListener(type, callback, options = undefined) {
        const state = targetState(this);
        needs(arguments.length, 2, "removeEventListener");
        const name = DOMString(type, "Argument 1 of removeEventListener");
        const listener = listenerOf(callback, "Argument 2 of removeEventListener");
        const capture = flatten(options);
        const list = listOf(state, name);
        for (let index = 0; index < list.length; index++) {
            const entry = list[index];
            if (entry.callback === listener && entry.capture === capture) {
                removeListener(state, name, entry);
                return;
            }
        }
    }

    dispatchEvent(event) {
        const state = targetState(this);
        needs(arguments.length, 1, "dispatchEvent");
        if (!isEvent(event)) fail("Argument 1 of dispatchEvent", "is no Event.");
        const about = eventState(event);
        if (about.dispatched || !about.initialized) {
            throw new DOMException("The event is being dispatched already.", "InvalidStateError");
        }
        about.trusted = false;
        return dispatch(state, event);
    }

    static {
        stateOf = (target) => target.#state;
        isOwnTarget = (value) => isObject(value) && #state in value;
    }
}
defineInterface(EventTarget);

export const isEventTarget = (value) => isOwnTarget(value) || (value === globalObject && globalState !== undefined);

const listenerOf = (value, what) => {
    if (value === null || value === undefined) return null;
    return isObject(value) ? value : fail(what, "is neither a function nor an object.");
};

// "flatten" of options, which are a boolean or a dictionary.
const flatten = (options) => {
    if (options === undefined || options === null) return false;
    return isObject(options) ? !!options.capture : !!options;
};

const flattenMore = (options) => {
    const result = { __proto__: null, capture: flatten(options), once: false, passive: false, signal: null };
    if (!isObject(options)) return result;
    result.once = !!options.once;
    result.passive = !!options.passive;
    const { signal } = options;
    if (signal !== undefined) {
        if (!signals.isSignal(signal)) fail('"signal" of the options', "is no AbortSignal.");
        result.signal = signal;
    }
    return result;
};

const NOTHING = [];

const listOf = (state, type) => {
    const list = state.lists === undefined ? undefined : state.lists.get(type);
    return list === undefined ? NOTHING : list;
};

const changed = (state, type, list) => {
    if (list.length === 0) state.lists.delete(type);
    else state.lists.set(type, list);
    if (state.changed !== undefined) state.changed(type, list.length);
};

// "add an event listener"
const addListener = (state, type, callback, { capture, once, passive, signal }) => {
    if (signal !== null && signals.isAborted(signal)) return undefined;
    if (callback === null) return undefined;
    const list = listOf(state, type);
    const longer = [];
    for (let index = 0; index < list.length; index++) {
        if (list[index].callback === callback && list[index].capture === capture) return undefined;
        ArrayPrototypePush(longer, list[index]);
    }
    const entry = { __proto__: null, callback, capture, once, passive, removed: false, signal, whenAborted: undefined };
    ArrayPrototypePush(longer, entry);
    if (state.lists === undefined) state.lists = new SafeMap();
    changed(state, type, longer);
    if (signal !== null) {
        entry.whenAborted = () => removeListener(state, type, entry);
        signals.add(signal, entry.whenAborted);
    }
    return entry;
};

// "remove an event listener"
const removeListener = (state, type, entry) => {
    if (entry.removed) return;
    entry.removed = true;
    if (entry.signal !== null) signals.remove(entry.signal, entry.whenAborted);
    const list = listOf(state, type);
    const shorter = [];
    for (let index = 0; index < list.length; index++) {
        if (list[index] !== entry) ArrayPrototypePush(shorter, list[index]);
    }
    changed(state, type, shorter);
};

// "dispatch", for a path that is the target alone; false if the event was canceled.
const dispatch = (state, event) => {
    const about = eventState(event);
    about.dispatched = true;
    about.target = state.target;
    about.phase = AT_TARGET;
    invoke(state, event, about, true);
    invoke(state, event, about, false);
    about.phase = NONE;
    about.currentTarget = null;
    about.dispatched = false;
    about.stopped = false;
    about.stoppedNow = false;
    return !about.canceled;
};

// "invoke" and "inner invoke"
const invoke = (state, event, about, capturing) => {
    if (about.stopped) return;
    about.currentTarget = state.target;
    const { type } = about;
    const list = listOf(state, type);
    for (let index = 0; index < list.length; index++) {
        const entry = list[index];
        if (entry.removed || entry.capture !== capturing) continue;
        if (entry.once) removeListener(state, type, entry);
        about.passive = entry.passive;
        try {
            call(entry.callback, state.target, event);
        } catch (error) {
            about.thrown ??= { error };
            reportException(error);
        }
        about.passive = false;
        if (about.stoppedNow) return;
    }
};

// "call a user object's operation" with `handleEvent`.
const call = (callback, target, event) => {
    if (typeof callback === "function") {
        FunctionPrototypeCall(callback, target, event);
        return;
    }
    const { handleEvent } = callback;
    if (typeof handleEvent !== "function") throw new TypeError("handleEvent of the event listener is not a function.");
    FunctionPrototypeCall(handleEvent, callback, event);
};

/** Dispatches an event of the platform itself; false if it was canceled. */
export const fireEvent = (target, event) => dispatch(targetState(target), event);

/** What a listener of an event threw first, as {error}; undefined if none did. */
export const thrownBy = (event) => eventState(event).thrown;

/** Whether anybody listens; a platform event that nobody hears need not be made. */
export const hasListeners = (target, type) => listOf(targetState(target), type).length !== 0;

/** The callbacks that listen for `type`, in their order. */
export const listenersOf = (target, type) => {
    const list = listOf(targetState(target), type);
    const callbacks = [];
    for (let index = 0; index < list.length; index++) ArrayPrototypePush(callbacks, list[index].callback);
    return callbacks;
};

/** Calls `changed(type, count)` whenever the number of listeners for a type changes. */
export const watchListeners = (target, whenChanged) => {
    targetState(target).changed = whenChanged;
};

/** Makes the global object an event target; the methods above then work on it, also without `this`. */
export const adoptGlobalTarget = (object) => {
    globalObject = object;
    globalState = newState(object);
};

/** The global object, if it is an event target, else undefined. */
export const globalTarget = () => (globalState === undefined ? undefined : globalObject);

// "the event handler processing algorithm"
const processHandler = (state, handler, event) => {
    const callback = handler.value;
    if (typeof callback !== "function") return;
    const about = eventState(event);
    const parts = handler.takesError && about.type === "error" ? errorParts(event) : undefined;
    if (parts !== undefined) {
        const { message, filename, lineno, colno, error } = parts;
        const result = FunctionPrototypeCall(callback, state.target, message, filename, lineno, colno, error);
        if (result === true && about.cancelable) about.canceled = true;
        return;
    }
    const result = FunctionPrototypeCall(callback, state.target, event);
    if (result === false && about.cancelable && !about.passive) about.canceled = true;
};

const setHandler = (state, name, value, takesError) => {
    if (state.handlers === undefined) state.handlers = new SafeMap();
    const type = StringPrototypeSlice(name, 2);
    let handler = state.handlers.get(name);
    if (!isObject(value)) {
        if (handler === undefined) return;
        state.handlers.delete(name);
        removeListener(state, type, handler.entry);
        return;
    }
    if (handler !== undefined) {
        handler.value = value;
        return;
    }
    handler = { __proto__: null, value, takesError, entry: undefined };
    state.handlers.set(name, handler);
    const callback = (event) => processHandler(state, handler, event);
    const options = { __proto__: null, capture: false, once: false, passive: false, signal: null };
    handler.entry = addListener(state, type, callback, options);
};

/**
 * An event handler attribute, such as "onabort", on the prototype of an EventTarget or on the global object. With
 * `takesError` it is an OnErrorEventHandler: it is called with message, file, line, column and error.
 */
export const defineHandler = (prototype, name, { takesError = false } = {}) => {
    const holder = {
        get [name]() {
            const { handlers } = targetState(this);
            const handler = handlers === undefined ? undefined : handlers.get(name);
            return handler === undefined ? null : handler.value;
        },
        set [name](value) {
            setHandler(targetState(this), name, value, takesError);
        },
    };
    const { get, set } = ReflectGetOwnPropertyDescriptor(holder, name);
    ObjectDefineProperty(prototype, name, { __proto__: null, get, set, enumerable: true, configurable: true });
};

const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;

registerPlatform(EventTarget);

export const globals = { EventTarget };
export const globalFunctions = { addEventListener, removeEventListener, dispatchEvent };
