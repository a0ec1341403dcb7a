// Nuclio: `(context, event)` and `initContext(context)` (Nuclio's documentation, "Writing a Node.js function").

import { console } from "../console.js";
import { lengthOf } from "../octets.js";
import { primordials } from "../primordials.js";
import { isResponse } from "../response.js";
import { isObject } from "../webidl.js";
import {
    answerOf, answerOfResponse, bufferOf, bytesOfValue, headerOfCall, locationOfCall, pairsOfObject, queryPairs, setOwn,
} from "./http.js";

const {
    ArrayIsArray, ArrayPrototypePush, Date, DateNow, JSONStringify, Promise, PromisePrototypeThen, PromiseResolveValue,
    ReflectApply, SafeWeakMap,
} = primordials;

const { debug, error, info, warn } = console;

// A line of the app's log with a message and, if given, data.
const line = (write) => (message, data = undefined) => {
    if (data === undefined) write(message);
    else write(message, data);
};

const newLogger = () => ({
    debug: line(debug),
    info: line(info),
    warn: line(warn),
    error: line(error),
    debugWith: line(debug),
    infoWith: line(info),
    warnWith: line(warn),
    errorWith: line(error),
});

const isText = (value) => typeof value === "string";

/** `new context.Response(body, headers, contentType, statusCode)` */
function Response(body = null, headers = null, contentType = "text/plain", statusCode = 200) {
    const isPlain = isText(body) || bytesOfValue(body) !== undefined;
    this.body = isPlain ? body : JSONStringify(body);
    this.headers = headers;
    this.content_type = isPlain ? contentType : "application/json";
    this.status_code = statusCode;
}

/** One context for all calls of an app, as on the platform: `userData` stays. */
const contexts = new SafeWeakMap();

const contextOf = (app) => {
    let context = contexts.get(app);
    if (context === undefined) {
        context = { userData: {}, callback: undefined, Response, logger: newLogger() };
        contexts.set(app, context);
    }
    return context;
};

const answerOfOutput = (output) => {
    if (isResponse(output)) return answerOfResponse(output);
    if (isObject(output) && output instanceof Response) {
        const pairs = pairsOfObject(output.headers);
        const hasType = headerOfCall(pairs, "content-type") !== null;
        if (!hasType) ArrayPrototypePush(pairs, ["content-type", output.content_type]);
        return answerOf(output.status_code, pairs, output.body);
    }
    const isPair = ArrayIsArray(output) && output.length === 2 && typeof output[0] === "number";
    return isPair ? plain(output[0], output[1]) : plain(200, output);
};

const plain = (status, body) => {
    const isPlain = isText(body) || bytesOfValue(body) !== undefined;
    const type = isPlain || body === undefined ? "text/plain" : "application/json";
    return answerOf(status, [["content-type", type]], isPlain ? body : JSONStringify(body));
};

const eventOf = ({ http, invocation }) => {
    const { path, query, target } = locationOfCall(http);
    const headers = {};
    for (let at = 0; at < http.headers.length; at++) setOwn(headers, http.headers[at][0], http.headers[at][1]);
    const fields = {};
    const pairs = queryPairs(query);
    for (let at = 0; at < pairs.length; at++) setOwn(fields, pairs[at][0], pairs[at][1]);
    const contentType = headerOfCall(http.headers, "content-type") ?? "";
    return {
        body: bufferOf(http.body),
        content_type: contentType,
        contentType,
        "content-type": contentType,
        fields,
        headers,
        id: invocation.id,
        method: http.method,
        path,
        shard_id: 0,
        num_shards: 1,
        size: lengthOf(http.body),
        timestamp: new Date(DateNow()),
        trigger: { class: "sync", kind: "http" },
        type: "",
        type_version: "",
        url: target,
        version: 0,
    };
};

export const nuclio = {
    /** Runs `initContext` of the app, once, when it was loaded. */
    load(app, exported) {
        const { initContext } = exported ?? {};
        if (typeof initContext !== "function") return undefined;
        return ReflectApply(initContext, exported, [contextOf(app)]);
    },
    http(call) {
        return new Promise((resolve, reject) => {
            const context = contextOf(call.app);
            let isDone = false;
            const finish = (output) => {
                if (isDone) return;
                isDone = true;
                try {
                    resolve(answerOfOutput(output));
                } catch (failure) {
                    reject(failure);
                }
            };
            context.callback = finish;
            const returned = ReflectApply(call.fn, call.self, [context, eventOf(call)]);
            // The answer comes by the callback. A function that returns it instead is understood as well.
            const late = (value) => {
                if (value !== undefined) finish(value);
                else call.invocation.whenIdle?.(() => finish(undefined));
            };
            if (isObject(returned) && typeof returned.then === "function") {
                PromisePrototypeThen(PromiseResolveValue(returned), late, reject);
            } else {
                late(returned);
            }
        });
    },
};
