// MessageChannel and MessagePort (HTML Standard, section "Channel messaging"), between parts of one app.
//
// Each end of a channel is a record that a port owns; a transfer gives the record to a new port. A message is copied
// when it is posted and is delivered as a task of its own.

import { DOMException } from "./dom_exception.js";
import { Event, MessageEvent, setMessagePortCheck, trustedEvent } from "./event.js";
import { EventTarget, defineHandler, fireEvent } from "./event_target.js";
import { primordials } from "./primordials.js";
import { cloneWithTransfer, registerPlatform, registerTransferable, serializeOptions } from "./structured_clone.js";
import { queueTask } from "./timers.js";
import { defineInterface, isObject, iterateBy, needs, object } from "./webidl.js";

const {
    ArrayPrototypePush, ArrayPrototypeShift, ObjectDefineProperty, ReflectApply, ReflectGetOwnPropertyDescriptor,
    SymbolIterator, TypeError,
} = primordials;

const SECRET = {};

let isPort;
let endOf;
let takeEnd;

const newEnd = () => ({ __proto__: null, other: null, owner: null, started: false, queue: [], last: undefined });

// Lets one message be delivered by a task of its own.
const schedule = (end) => {
    const task = queueTask(() => {
        deliver(end);
        // A task can be forgotten when a call ends: the last one goes on until no message is left.
        if (end.last === task && end.queue.length !== 0 && end.owner !== null && end.started) schedule(end);
    });
    end.last = task;
};

const deliver = (end) => {
    if (end.owner === null || !end.started || end.queue.length === 0) return;
    const { value, transferred } = ArrayPrototypeShift(end.queue);
    const ports = [];
    for (let index = 0; index < transferred.length; index++) {
        if (isPort(transferred[index])) ArrayPrototypePush(ports, transferred[index]);
    }
    const init = { __proto__: null, data: value, ports: safeIterable(ports) };
    fireEvent(end.owner, trustedEvent(MessageEvent, "message", init));
};

// The list of ports is read by its iterator, which an app may have changed for arrays: this one is the list's own.
const safeIterable = (list) => {
    const value = () => {
        let at = 0;
        return {
            __proto__: null,
            next: () => ({ __proto__: null, done: list.length <= at, value: list[at++] }),
        };
    };
    return { __proto__: null, [SymbolIterator]: value };
};

const start = (end) => {
    if (end.started) return;
    end.started = true;
    for (let index = 0; index < end.queue.length; index++) schedule(end);
};

const close = (end) => {
    const { other } = end;
    end.other = null;
    if (other === null) return;
    other.other = null;
    queueTask(() => {
        if (end.owner !== null) fireEvent(end.owner, trustedEvent(Event, "close", undefined));
        if (other.owner !== null) fireEvent(other.owner, trustedEvent(Event, "close", undefined));
    });
};

const transferOf = (options) => {
    const what = "Argument 2 of postMessage";
    if (isObject(options)) {
        const method = options[SymbolIterator];
        if (method !== undefined && method !== null) {
            const list = [];
            iterateBy(options, method, what, (item) => ArrayPrototypePush(list, object(item, `${what}: an item`)));
            return list;
        }
    }
    return serializeOptions(options, what).transfer;
};

export class MessagePort extends EventTarget {
    #end;

    constructor(secret = undefined, end = undefined) {
        if (secret !== SECRET) throw new TypeError("Illegal constructor");
        super();
        this.#end = end;
        end.owner = this;
    }

    postMessage(message, options = undefined) {
        const end = this.#end;
        needs(arguments.length, 1, "postMessage");
        const transfer = transferOf(options);
        for (let index = 0; index < transfer.length; index++) {
            if (transfer[index] === this) {
                throw new DOMException("A port cannot be transferred through itself.", "DataCloneError");
            }
        }
        const target = end === null ? null : end.other;
        const parcel = cloneWithTransfer(message, transfer);
        // The other end may have been transferred with the message: then it is lost.
        if (target === null || includesEnd(parcel.transferred, target)) return;
        ArrayPrototypePush(target.queue, parcel);
        if (target.started) schedule(target);
    }

    start() {
        if (this.#end !== null) start(this.#end);
    }

    close() {
        if (this.#end !== null) close(this.#end);
    }

    static {
        isPort = (value) => isObject(value) && #end in value;
        endOf = (port) => port.#end;
        takeEnd = (port) => {
            const end = port.#end;
            if (end === null) throw new DOMException("The port was transferred before.", "DataCloneError");
            port.#end = null;
            end.owner = null;
            end.started = false;
            return end;
        };
    }
}

const includesEnd = (ports, end) => {
    for (let index = 0; index < ports.length; index++) {
        if (isPort(ports[index]) && endOf(ports[index]) === end) return true;
    }
    return false;
};

defineHandler(MessagePort.prototype, "onmessage");
defineHandler(MessagePort.prototype, "onmessageerror");
defineHandler(MessagePort.prototype, "onclose");

// A handler for messages starts the port.
const { get, set } = ReflectGetOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
const starting = {
    set onmessage(value) {
        ReflectApply(set, this, [value]);
        const end = endOf(this);
        if (end !== null) start(end);
    },
};
ObjectDefineProperty(MessagePort.prototype, "onmessage", {
    __proto__: null,
    get,
    set: ReflectGetOwnPropertyDescriptor(starting, "onmessage").set,
    enumerable: true,
    configurable: true,
});
defineInterface(MessagePort);

setMessagePortCheck(isPort);
registerTransferable(MessagePort, {
    is: isPort,
    send: takeEnd,
    receive: (end) => new MessagePort(SECRET, end),
});

export class MessageChannel {
    #port1;
    #port2;

    constructor() {
        const first = newEnd();
        const second = newEnd();
        first.other = second;
        second.other = first;
        this.#port1 = new MessagePort(SECRET, first);
        this.#port2 = new MessagePort(SECRET, second);
    }

    get port1() {
        return this.#port1;
    }

    get port2() {
        return this.#port2;
    }
}
defineInterface(MessageChannel);

export { isPort as isMessagePort };

registerPlatform(MessageChannel);

export const globals = { MessageChannel, MessagePort };
