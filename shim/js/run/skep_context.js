// The second argument of functions by Skep's own convention and by Lambda's: `{invocation, function}` are the object's
// own, the rest it has from here. Each function among the members works without its object.

import natives from "../natives.js";
import { primordials } from "../primordials.js";

const { Error, ObjectDefineProperty, SafeWeakMap } = primordials;

const { remaining } = natives;

/** What `succeed`, `fail` and `done` do for the contexts of calls that take a callback. */
const callbacks = new SafeWeakMap();

/** What was called without a callback that waits: {error, result}. */
let called;

const keep = (error, result) => {
    if (called !== undefined) return;
    called = { error, result };
    natives.untidy();
};

const callbackOf = (context) => callbacks.get(context) ?? keep;

export const contextPrototype = {
    get remainingMs() {
        return () => remaining();
    },
    get getRemainingTimeInMillis() {
        return () => remaining();
    },
    get awsRequestId() {
        return this.invocation;
    },
    get functionName() {
        return natives.about()[1];
    },
    get functionVersion() {
        return "$LATEST";
    },
    get memoryLimitInMB() {
        return `${natives.about()[2]}`;
    },
    get invokedFunctionArn() {
        return `arn:aws:lambda:local:000000000000:function:${this.functionName}`;
    },
    get logGroupName() {
        return `/aws/lambda/${this.functionName}`;
    },
    get logStreamName() {
        return this.invocation;
    },
    get done() {
        return callbackOf(this);
    },
    get succeed() {
        const callback = callbackOf(this);
        return (result) => callback(null, result);
    },
    get fail() {
        const callback = callbackOf(this);
        return (error) => callback(error ?? new Error("The function failed."));
    },
};
ObjectDefineProperty(contextPrototype, "callbackWaitsForEmptyEventLoop", {
    __proto__: null, value: true, writable: true, enumerable: true, configurable: true,
});

/** The context of a call, for functions that are called from scripts. */
export const newContext = ({ invocation, name }, callback) => {
    const context = { __proto__: contextPrototype, invocation: invocation.id, function: name };
    callbacks.set(context, callback);
    return context;
};

/** What the function that has just returned called, {error, result}, or undefined. */
export const takeCalled = () => {
    const taken = called;
    called = undefined;
    return taken;
};
