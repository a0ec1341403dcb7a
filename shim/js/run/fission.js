// Fission: `(context)` with `context.request`, or `(context, callback)`; the answer is {status, body, headers}
// (Fission's documentation, "Environments: Node.js").

import { asciiLower } from "../mime.js";
import { lengthOf } from "../octets.js";
import { primordials } from "../primordials.js";
import { isResponse } from "../response.js";
import { isObject } from "../webidl.js";
import {
    answerOf, answerOfResponse, headersObject, locationOfCall, mergeOnto, pairsOfObject, parsedBody, queryObject,
    queryPairs,
} from "./http.js";

const { Promise, PromisePrototypeThen, PromiseResolveValue, ReflectApply } = primordials;

const requestOf = ({ http, invocation }) => {
    const { path, query, target } = locationOfCall(http);
    const headers = headersObject(http.headers);
    const request = {
        method: http.method,
        url: target,
        originalUrl: target,
        path,
        query: queryObject(queryPairs(query)),
        headers,
        body: lengthOf(http.body) === 0 ? {} : parsedBody(http),
        params: {},
        get: (name) => headers[asciiLower(`${name}`)],
    };
    return mergeOnto(request, invocation.context);
};

const answerOfResult = (result) => {
    if (isResponse(result)) return answerOfResponse(result);
    const isPlain = !isObject(result) || (result.body === undefined && result.status === undefined);
    if (isPlain) return answerOf(200, [], result);
    return answerOf(result.status ?? 200, pairsOfObject(result.headers), result.body);
};

export const fission = {
    http(call) {
        return new Promise((resolve, reject) => {
            const callback = (status, body, headers = undefined) => {
                try {
                    resolve(answerOf(status, pairsOfObject(headers), body));
                } catch (error) {
                    reject(error);
                }
            };
            const returned = ReflectApply(call.fn, call.self, [{ request: requestOf(call) }, callback]);
            const finish = (result) => {
                try {
                    resolve(answerOfResult(result));
                } catch (error) {
                    reject(error);
                }
            };
            if (isObject(returned) && typeof returned.then === "function") {
                PromisePrototypeThen(PromiseResolveValue(returned), finish, reject);
            } else if (returned !== undefined) {
                finish(returned);
            } else {
                call.invocation.whenIdle?.(() => finish(undefined));
            }
        });
    },
};
