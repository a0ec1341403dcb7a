// Skep's own convention: functions of an ES module, `(event, context)`, that answer with a value, a promise, bytes or
// a Response. `context` has the members of Lambda's too, and a third parameter is a callback, as Lambda's functions
// have it.

import { PROMISE, classOf } from "../class_of.js";
import { lengthOf } from "../octets.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import { answerOfValue, parsedBody } from "./http.js";
import { byCallback, callContext } from "./lambda.js";

const { Promise, ReflectApply, ReflectHas } = primordials;

const run = (call, event) => {
    const { fn, self } = call;
    const start = (callback) => ReflectApply(fn, self, [event, callContext(call, callback), callback]);
    if (3 <= fn.length) return byCallback(start, call);
    // A function without a callback that returns nothing has answered, unless it called `context.succeed` or `fail`.
    let called;
    const returned = start((error, result) => {
        called ??= { error, result };
    });
    if (returned !== undefined || called === undefined) return returned;
    if (called.error !== null && called.error !== undefined) throw called.error;
    return called.result;
};

/** An HTTP-shaped call of a function that takes events: the event is the body, by its content type. */
export const skepByEvent = async (call) => {
    const { http } = call;
    return await answerOfValue(await run(call, lengthOf(http.body) === 0 ? null : parsedBody(http)));
};

export const skep = {
    // The shortest way: no promise is made for a function that makes none.
    start(call) {
        const value = run(call, call.event);
        return awaited(value);
    },
    http: skepByEvent,
};

/** A plain promise and what can be no thenable as it is, everything else as a promise, as `await` takes it. */
export const awaited = (value) => {
    if (!isObject(value) || !ReflectHas(value, "then")) return value;
    // One of a subclass is asked by its own `then`.
    if (classOf(value) === PROMISE && value.constructor === Promise) return value;
    return new Promise((resolve) => resolve(value));
};
