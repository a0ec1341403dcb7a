// Event and the events that carry something (DOM Standard, section "Events"; HTML Standard for MessageEvent,
// ErrorEvent and PromiseRejectionEvent; XMLHttpRequest for ProgressEvent; WebSockets for CloseEvent).
//
// What the dispatch needs of an event is one record in a private field; `eventState` gives it to the scripts here.

import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { showAs } from "./show_as.js";
import { registerPlatform } from "./structured_clone.js";
import {
    DOMString, USVString, any, boolean, defineConstants, defineInterface, fail, interfaceOf, isObject, needs,
    nullable, object, sequence, unrestrictedDouble, unsignedLong, unsignedShort,
} from "./webidl.js";

const { ObjectDefineProperty, ObjectFreeze, ReflectGetOwnPropertyDescriptor } = primordials;

export const NONE = 0;
export const CAPTURING_PHASE = 1;
export const AT_TARGET = 2;
export const BUBBLING_PHASE = 3;

let eventState;
let isEvent;
let trustedDescriptor;

// A member of a dictionary, converted, or what stands for it when it is not there.
const member = (init, key, converter, otherwise) => {
    if (init === undefined || init === null) return otherwise;
    const value = init[key];
    return value === undefined ? otherwise : converter(value, `"${key}" of the event's dictionary`);
};

const requiredMember = (init, key, converter) => {
    const value = init[key];
    if (value === undefined) fail("The event's dictionary", `lacks "${key}", which is required.`);
    return converter(value, `"${key}" of the event's dictionary`);
};

const initialize = (state, type, bubbles, cancelable) => {
    state.initialized = true;
    state.stopped = false;
    state.stoppedNow = false;
    state.canceled = false;
    state.trusted = false;
    state.target = null;
    state.type = type;
    state.bubbles = bubbles;
    state.cancelable = cancelable;
};

export class Event {
    #state;

    constructor(type, eventInitDict = undefined) {
        needs(arguments.length, 1, "Event constructor");
        const text = DOMString(type, "Argument 1 of the event's constructor");
        const init = eventInitDict;
        if (init !== undefined && init !== null && !isObject(init)) {
            fail("Argument 2 of the event's constructor", "is not an object.");
        }
        this.#state = {
            __proto__: null,
            type: text,
            bubbles: member(init, "bubbles", boolean, false),
            cancelable: member(init, "cancelable", boolean, false),
            composed: member(init, "composed", boolean, false),
            target: null,
            currentTarget: null,
            phase: NONE,
            stopped: false,
            stoppedNow: false,
            canceled: false,
            passive: false,
            thrown: undefined,
            initialized: true,
            dispatched: false,
            trusted: false,
            time: natives.clockNow(),
        };
        // [LegacyUnforgeable]: an own property of each event, with one getter for all.
        ObjectDefineProperty(this, "isTrusted", trustedDescriptor);
    }

    get type() {
        return this.#state.type;
    }

    get target() {
        return this.#state.target;
    }

    get srcElement() {
        return this.#state.target;
    }

    get currentTarget() {
        return this.#state.currentTarget;
    }

    composedPath() {
        const { currentTarget } = this.#state;
        return currentTarget === null ? [] : [currentTarget];
    }

    get eventPhase() {
        return this.#state.phase;
    }

    stopPropagation() {
        this.#state.stopped = true;
    }

    get cancelBubble() {
        return this.#state.stopped;
    }

    set cancelBubble(value) {
        const state = this.#state;
        if (value) state.stopped = true;
    }

    stopImmediatePropagation() {
        const state = this.#state;
        state.stopped = true;
        state.stoppedNow = true;
    }

    get bubbles() {
        return this.#state.bubbles;
    }

    get cancelable() {
        return this.#state.cancelable;
    }

    get returnValue() {
        return !this.#state.canceled;
    }

    set returnValue(value) {
        const state = this.#state;
        if (!value) cancel(state);
    }

    preventDefault() {
        cancel(this.#state);
    }

    get defaultPrevented() {
        return this.#state.canceled;
    }

    get composed() {
        return this.#state.composed;
    }

    get timeStamp() {
        return this.#state.time;
    }

    initEvent(type, bubbles = false, cancelable = false) {
        const state = this.#state;
        needs(arguments.length, 1, "initEvent");
        const text = DOMString(type, "Argument 1 of initEvent");
        if (!state.dispatched) initialize(state, text, !!bubbles, !!cancelable);
    }

    static {
        eventState = (event) => event.#state;
        isEvent = (value) => isObject(value) && #state in value;
        const holder = { get isTrusted() { return this.#state.trusted; } };
        const { get } = ReflectGetOwnPropertyDescriptor(holder, "isTrusted");
        trustedDescriptor = { __proto__: null, get, set: undefined, enumerable: true, configurable: false };
    }
}

const cancel = (state) => {
    if (state.cancelable && !state.passive) state.canceled = true;
};

defineInterface(Event);
defineConstants(Event, { __proto__: null, NONE, CAPTURING_PHASE, AT_TARGET, BUBBLING_PHASE });

export class CustomEvent extends Event {
    #detail;

    constructor(type, eventInitDict = undefined) {
        needs(arguments.length, 1, "CustomEvent constructor");
        super(type, eventInitDict);
        this.#detail = member(eventInitDict, "detail", any, null);
    }

    get detail() {
        return this.#detail;
    }

    initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
        const state = eventState(this);
        if (!(#detail in this)) fail("initCustomEvent", "was called on an object that is no CustomEvent.");
        needs(arguments.length, 1, "initCustomEvent");
        const text = DOMString(type, "Argument 1 of initCustomEvent");
        if (state.dispatched) return;
        initialize(state, text, !!bubbles, !!cancelable);
        this.#detail = detail;
    }
}
defineInterface(CustomEvent);

// `source` and `ports` of a MessageEvent: the ports are told by the class MessagePort, which makes itself known here.
let isMessagePort = () => false;
export const setMessagePortCheck = (check) => {
    isMessagePort = check;
};
const messagePort = interfaceOf("MessagePort", (value) => isMessagePort(value));
const portList = sequence(messagePort);

export class MessageEvent extends Event {
    #data;
    #origin;
    #lastEventId;
    #source;
    #ports;

    constructor(type, eventInitDict = undefined) {
        needs(arguments.length, 1, "MessageEvent constructor");
        super(type, eventInitDict);
        this.#data = member(eventInitDict, "data", any, null);
        this.#lastEventId = member(eventInitDict, "lastEventId", DOMString, "");
        this.#origin = member(eventInitDict, "origin", USVString, "");
        this.#ports = ObjectFreeze(member(eventInitDict, "ports", portList, []));
        this.#source = member(eventInitDict, "source", nullable(messagePort), null);
    }

    get data() {
        return this.#data;
    }

    get origin() {
        return this.#origin;
    }

    get lastEventId() {
        return this.#lastEventId;
    }

    get source() {
        return this.#source;
    }

    get ports() {
        return this.#ports;
    }

    initMessageEvent(
        type, bubbles = false, cancelable = false, data = null, origin = "", lastEventId = "", source = null,
        ports = [],
    ) {
        const state = eventState(this);
        if (!(#data in this)) fail("initMessageEvent", "was called on an object that is no MessageEvent.");
        needs(arguments.length, 1, "initMessageEvent");
        const text = DOMString(type, "Argument 1 of initMessageEvent");
        const from = USVString(origin, "Argument 5 of initMessageEvent");
        const id = DOMString(lastEventId, "Argument 6 of initMessageEvent");
        const port = nullable(messagePort)(source, "Argument 7 of initMessageEvent");
        const list = portList(ports, "Argument 8 of initMessageEvent");
        if (state.dispatched) return;
        initialize(state, text, !!bubbles, !!cancelable);
        this.#data = data;
        this.#origin = from;
        this.#lastEventId = id;
        this.#source = port;
        this.#ports = ObjectFreeze(list);
    }
}
defineInterface(MessageEvent);

let errorParts;

export class ErrorEvent extends Event {
    #message;
    #filename;
    #lineno;
    #colno;
    #error;

    constructor(type, eventInitDict = undefined) {
        needs(arguments.length, 1, "ErrorEvent constructor");
        super(type, eventInitDict);
        this.#colno = member(eventInitDict, "colno", unsignedLong, 0);
        this.#error = member(eventInitDict, "error", any, undefined);
        this.#filename = member(eventInitDict, "filename", USVString, "");
        this.#lineno = member(eventInitDict, "lineno", unsignedLong, 0);
        this.#message = member(eventInitDict, "message", DOMString, "");
    }

    get message() {
        return this.#message;
    }

    get filename() {
        return this.#filename;
    }

    get lineno() {
        return this.#lineno;
    }

    get colno() {
        return this.#colno;
    }

    get error() {
        return this.#error;
    }

    static {
        errorParts = (event) => {
            if (!(#error in event)) return undefined;
            return {
                __proto__: null,
                message: event.#message,
                filename: event.#filename,
                lineno: event.#lineno,
                colno: event.#colno,
                error: event.#error,
            };
        };
    }
}
defineInterface(ErrorEvent);

export class PromiseRejectionEvent extends Event {
    #promise;
    #reason;

    constructor(type, eventInitDict) {
        needs(arguments.length, 2, "PromiseRejectionEvent constructor");
        super(type, eventInitDict);
        if (!isObject(eventInitDict)) fail("Argument 2 of PromiseRejectionEvent constructor", 'lacks "promise".');
        this.#promise = requiredMember(eventInitDict, "promise", object);
        this.#reason = member(eventInitDict, "reason", any, undefined);
    }

    get promise() {
        return this.#promise;
    }

    get reason() {
        return this.#reason;
    }
}
defineInterface(PromiseRejectionEvent);

export class CloseEvent extends Event {
    #wasClean;
    #code;
    #reason;

    constructor(type, eventInitDict = undefined) {
        needs(arguments.length, 1, "CloseEvent constructor");
        super(type, eventInitDict);
        this.#code = member(eventInitDict, "code", unsignedShort, 0);
        this.#reason = member(eventInitDict, "reason", USVString, "");
        this.#wasClean = member(eventInitDict, "wasClean", boolean, false);
    }

    get wasClean() {
        return this.#wasClean;
    }

    get code() {
        return this.#code;
    }

    get reason() {
        return this.#reason;
    }
}
defineInterface(CloseEvent);

export class ProgressEvent extends Event {
    #lengthComputable;
    #loaded;
    #total;

    constructor(type, eventInitDict = undefined) {
        needs(arguments.length, 1, "ProgressEvent constructor");
        super(type, eventInitDict);
        this.#lengthComputable = member(eventInitDict, "lengthComputable", boolean, false);
        this.#loaded = member(eventInitDict, "loaded", unrestrictedDouble, 0);
        this.#total = member(eventInitDict, "total", unrestrictedDouble, 0);
    }

    get lengthComputable() {
        return this.#lengthComputable;
    }

    get loaded() {
        return this.#loaded;
    }

    get total() {
        return this.#total;
    }
}
defineInterface(ProgressEvent);

/** `errorParts(event)` are the members of an ErrorEvent; undefined for any other event. */
export { errorParts, eventState, isEvent };

/** An event of the platform itself: `init` is a dictionary of ours (with `__proto__: null`). */
export const trustedEvent = (constructor, type, init) => {
    const event = new constructor(type, init);
    eventState(event).trusted = true;
    return event;
};

showAs(Event, (event) => {
    const { type, canceled, cancelable, time } = eventState(event);
    return { type, defaultPrevented: canceled, cancelable, timeStamp: time };
});
registerPlatform(Event);

export const globals = {
    Event, CustomEvent, MessageEvent, ErrorEvent, PromiseRejectionEvent, CloseEvent, ProgressEvent,
};
