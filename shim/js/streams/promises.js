// Promises for the streams: made and watched with the saved functions only.
//
// A deferred is a promise with its two ends and a note whether it was settled; algorithms that ask "is it still
// pending" read that note.

import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";

const { Promise, PromisePrototypeThen, PromiseReject, PromiseResolve, ReflectApply, TypeError } = primordials;

const nothing = () => {};

export class Deferred {
    promise;
    pending = true;
    #resolve;
    #reject;

    constructor() {
        this.promise = new Promise((resolve, reject) => {
            this.#resolve = resolve;
            this.#reject = reject;
        });
    }

    resolve(value) {
        this.pending = false;
        this.#resolve(value);
    }

    reject(reason) {
        this.pending = false;
        this.#reject(reason);
    }
}

export const resolvedDeferred = () => {
    const deferred = new Deferred();
    deferred.resolve(undefined);
    return deferred;
};

export const rejectedDeferred = (reason) => {
    const deferred = new Deferred();
    deferred.reject(reason);
    markHandled(deferred.promise);
    return deferred;
};

/** A rejection of this promise is not reported as unhandled. */
export const markHandled = (promise) => {
    PromisePrototypeThen(promise, undefined, nothing);
};

/** A new promise that takes over whatever the value is, thenables too. */
export const resolvedWith = (value) =>
    isObject(value) ? new Promise((resolve) => resolve(value)) : PromiseResolve(value);

export const rejectedWith = (reason) => PromiseReject(reason);

/** Calls a function of an app whose result is a promise by its type: what it throws rejects that promise. */
export const callForPromise = (method, receiver, args) => {
    try {
        return resolvedWith(ReflectApply(method, receiver, args));
    } catch (error) {
        return rejectedWith(error);
    }
};

/** For members that are called on an object which is none of their interface. */
export const illegal = (name) => {
    throw new TypeError(`Illegal invocation: the receiver is no ${name}.`);
};
