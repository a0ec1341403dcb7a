// Workers: a default object with `fetch(request, env, ctx)`, and scripts that listen for "fetch" (Service Workers,
// section "FetchEvent", as far as a server has it).

import { DOMException } from "../dom_exception.js";
import { Event, trustedEvent } from "../event.js";
import { fireEvent, globalTarget, hasListeners, thrownBy } from "../event_target.js";
import { primordials } from "../primordials.js";
import { isRequest } from "../request.js";
import { DOMString, defineInterface, dictionary, interfaceOf, isObject, needs } from "../webidl.js";
import { answerOf, answerOfAnyResponse, mergeOnto, requestOfCall, setOwn } from "./http.js";
import { newWork } from "./work.js";

const { ObjectKeys, PromiseResolveValue, ReflectApply, ReflectHas, TypeError } = primordials;

/** The `ctx` of a worker. */
class ExecutionContext {
    #work;

    constructor(work) {
        this.#work = work;
        this.props = {};
    }

    waitUntil(promise) {
        this.#work.add(promise);
    }

    passThroughOnException() {
        this.#work;
    }
}

/** The Request of a call; what the caller's platform knows is its `cf`. */
export const workerRequest = ({ http, invocation }) => {
    const request = requestOfCall(http);
    setOwn(request, "cf", mergeOnto({}, invocation.context));
    return request;
};

const envOf = ({ invocation }) => mergeOnto({}, invocation.env);

const mustBeResponse = async (value, who) => {
    const answer = answerOfAnyResponse(value);
    if (answer === undefined) throw new TypeError(`${who} answered with something that is no Response.`);
    return await answer;
};

export const worker = {
    async http(call) {
        const { fn, self, name, invocation } = call;
        const work = newWork(invocation.report);
        const result = await ReflectApply(fn, self, [workerRequest(call), envOf(call), new ExecutionContext(work)]);
        const answer = await mustBeResponse(result, `${name} of the worker`);
        await work.settled();
        return answer;
    },
    // The other functions of a worker, such as `scheduled`, get the event as it is.
    async event(call) {
        const { fn, self, event, invocation } = call;
        const work = newWork(invocation.report);
        const value = await ReflectApply(fn, self, [event, envOf(call), new ExecutionContext(work)]);
        await work.settled();
        return { value };
    },
};

const toFetchEventInit = dictionary([
    { key: "clientId", converter: DOMString, otherwise: "" },
    { key: "request", converter: interfaceOf("Request", (value) => isRequest(value)), required: true },
]);

let slotsOf;

/** An event whose end is the end of the promises that its listeners gave it. */
export class ExtendableEvent extends Event {
    #slots = { __proto__: null, work: undefined, answered: false, response: undefined };

    constructor(type, init = {}) {
        needs(arguments.length, 1, "ExtendableEvent");
        super(type, init);
    }

    waitUntil(promise) {
        const slots = this.#slots;
        needs(arguments.length, 1, "waitUntil");
        if (slots.work === undefined) {
            throw new DOMException("The event was not dispatched by the runtime.", "InvalidStateError");
        }
        slots.work.add(promise);
    }

    static {
        slotsOf = (event) => event.#slots;
    }
}
defineInterface(ExtendableEvent);

export class FetchEvent extends ExtendableEvent {
    #init;

    constructor(type, init) {
        needs(arguments.length, 2, "FetchEvent");
        super(type, init);
        this.#init = toFetchEventInit(init, "Argument 2 of FetchEvent");
    }

    get request() {
        return this.#init.request;
    }

    get clientId() {
        return this.#init.clientId;
    }

    respondWith(response) {
        this.#init;
        needs(arguments.length, 1, "respondWith");
        const slots = slotsOf(this);
        if (slots.work === undefined || slots.answered) {
            throw new DOMException("respondWith was called before, or the event is over.", "InvalidStateError");
        }
        slots.answered = true;
        slots.response = PromiseResolveValue(response);
    }

    passThroughOnException() {
        this.#init;
    }
}
defineInterface(FetchEvent);

/** Whether the app listens for "fetch". */
export const hasFetchListener = () => {
    const target = globalTarget();
    return target !== undefined && hasListeners(target, "fetch");
};

// Variables are globals of such scripts; what there is already stays.
const defineVariables = (variables) => {
    if (!isObject(variables)) return;
    const names = ObjectKeys(variables);
    for (let at = 0; at < names.length; at++) {
        if (!ReflectHas(globalThis, names[at])) setOwn(globalThis, names[at], variables[names[at]]);
    }
};

export const serviceWorker = {
    async http(call) {
        const request = workerRequest(call);
        const event = trustedEvent(FetchEvent, "fetch", { __proto__: null, request, cancelable: true });
        const slots = slotsOf(event);
        slots.work = newWork(call.invocation.report);
        defineVariables(call.invocation.env);
        fireEvent(globalTarget(), event);
        const thrown = thrownBy(event);
        if (!slots.answered && thrown !== undefined) throw thrown.error;
        if (!slots.answered) return answerOf(404, [], "No listener for \"fetch\" called respondWith.");
        const answer = await mustBeResponse(await slots.response, "respondWith");
        await slots.work.settled();
        return answer;
    },
};

export const globals = { ExtendableEvent, FetchEvent };
