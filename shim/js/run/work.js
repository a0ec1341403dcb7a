// What outlives an answer: promises given to `waitUntil`. The call ends when they have settled.

import { primordials } from "../primordials.js";

const { ArrayPrototypePush, PromisePrototypeThen, PromiseResolveValue } = primordials;

/**
 * A list of promises of one call. `add` takes any value, as `waitUntil` does; `settled` is a promise that fulfills
 * when all of them, also those added meanwhile, have settled. A rejection goes to `report`.
 */
export const newWork = (report) => {
    const list = [];
    const add = (value) => {
        ArrayPrototypePush(list, PromisePrototypeThen(PromiseResolveValue(value), undefined, report));
    };
    const settled = async () => {
        for (let at = 0; at < list.length; at++) await list[at];
    };
    return { add, settled };
};
