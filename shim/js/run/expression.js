// Expression: the file is one expression over the event's members as names.
//
// `fn` is made by the loader out of the file's text, as the body of a sloppy function
// `(scope) => { with (scope) { return (TEXT) } }`, so that it is compiled once.

import { lengthOf } from "../octets.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import { answerOfValue, locationOfCall, mergeOnto, parsedBody, queryObject, queryPairs } from "./http.js";

const { ReflectApply } = primordials;

// Names that the event does not have are those of the global object, not of Object.prototype.
const scopeOf = (event) => mergeOnto({ __proto__: null }, event);

export const expression = {
    async event({ fn, event }) {
        return { value: await ReflectApply(fn, undefined, [scopeOf(event)]) };
    },
    async http({ fn, http }) {
        const scope = scopeOf(queryObject(queryPairs(locationOfCall(http).query)));
        const body = 0 < lengthOf(http.body) ? parsedBody(http) : undefined;
        if (isObject(body)) mergeOnto(scope, body);
        return await answerOfValue(await ReflectApply(fn, undefined, [scope]));
    },
};
