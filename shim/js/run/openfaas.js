// OpenFaaS: `(event, context, callback)` of its templates for Node (OpenFaaS's documentation, "Node.js"), and
// `(context, callback)` of the first one, "node", where `context` is the body as text.

import { lengthOf, utf8Decode } from "../octets.js";
import { primordials } from "../primordials.js";
import { isResponse } from "../response.js";
import { isObject } from "../webidl.js";
import {
    answerOf, answerOfResponse, bufferOf, headersObject, locationOfCall, pairsOfObject, parsedBody, queryObject,
    queryPairs,
} from "./http.js";
import { parameterNames } from "./parameters.js";

const {
    FunctionPrototypeToString, Promise, PromisePrototypeThen, PromiseResolveValue, ReflectApply, RegExpPrototypeExec,
    String,
} = primordials;

const HTML = "text/html; charset=utf-8";

const OF_FISSION = /\bcontext\s*(?:\?\.|\.)\s*re(?:quest|sponse)\b|\{\s*request\b|\b(?:callback|cb)\s*\(\s*\d/;

/**
 * Whether a function is one of the first template. Fission's `(context, callback)` has the same names, and reads
 * `context.request` or begins its answer with a status.
 */
export const isClassic = (fn, names) => {
    const isNamed = names?.[0] === "context" && (names[1] === "callback" || names[1] === "cb");
    return isNamed && names.length === 2 && RegExpPrototypeExec(OF_FISSION, FunctionPrototypeToString(fn)) === null;
};

/** The `context`: each of its methods gives it back, so that calls are chained. */
class FunctionContext {
    #status = 200;
    #headers = {};
    #done;

    constructor(done) {
        this.#done = done;
    }

    status(code) {
        if (code === undefined) return this.#status;
        this.#status = code;
        return this;
    }

    headers(values) {
        if (values === undefined) return this.#headers;
        this.#headers = values;
        return this;
    }

    succeed(value) {
        this.#done(this.#status, this.#headers, value);
        return this;
    }

    fail(error) {
        if (this.#status === 200) this.#status = 500;
        this.#done(this.#status, this.#headers, isObject(error) ? String(error) : error);
        return this;
    }
}

// With the variable RAW_BODY the body stays what it is.
const bodyOf = ({ http, invocation }) => {
    if (invocation.env?.RAW_BODY === "true") return bufferOf(http.body);
    return lengthOf(http.body) === 0 ? {} : parsedBody(http);
};

const eventOf = (call) => {
    const { http } = call;
    const { path, query } = locationOfCall(http);
    return {
        body: bodyOf(call),
        headers: headersObject(http.headers),
        method: http.method,
        query: queryObject(queryPairs(query)),
        path,
    };
};

const run = (call, event) =>
    new Promise((resolve, reject) => {
        let isDone = false;
        const context = new FunctionContext((status, headers, value) => {
            if (isDone) return;
            isDone = true;
            try {
                const isAnswer = isResponse(value);
                resolve(isAnswer ? answerOfResponse(value) : answerOf(status, pairsOfObject(headers), value, HTML));
            } catch (error) {
                reject(error);
            }
        });
        const callback = (error, result) => {
            if (error !== null && error !== undefined) context.fail(error);
            else context.succeed(result);
        };
        const given = isClassic(call.fn, parameterNames(call.fn))
            ? [utf8Decode(call.http.body), callback]
            : [event, context, callback];
        const returned = ReflectApply(call.fn, call.self, given);
        // What a function returns is its answer, unless it has given one by the context. One that returns nothing at
        // once may still do so later.
        const finish = (value) => {
            if (!isDone && value !== context) context.succeed(value);
        };
        if (isObject(returned) && typeof returned.then === "function") {
            PromisePrototypeThen(PromiseResolveValue(returned), finish, reject);
        } else if (returned !== undefined) {
            finish(returned);
        } else {
            call.invocation.whenIdle?.(() => finish(undefined));
        }
    });

export const openfaas = {
    async http(call) {
        return await run(call, eventOf(call));
    },
};
