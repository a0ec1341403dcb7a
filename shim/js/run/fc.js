// Function Compute of Alibaba Cloud: event functions `(event, context, callback)` and HTTP functions
// `(req, resp, context)` (its documentation, "Event handlers" and "HTTP handlers" of the Node.js runtime).

import { console } from "../console.js";
import streamModule from "../node/stream.js";
import { asciiLower } from "../mime.js";
import { base64Encode, copyOf, lengthOf, utf8Decode, utf8Encode } from "../octets.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import {
    answerOf, bufferOf, bytesOfValue, headersObject, isTextBody, locationOfCall, mergeOnto, pairsOfObject, queryObject,
    queryPairs, setOwn,
} from "./http.js";
import { answerOfProxy, byCallback } from "./lambda.js";
import { collect, isStream } from "./streams.js";

const {
    JSONParse, JSONStringify, Promise, PromisePrototypeThen, PromiseResolveValue,
    ReflectApply, ReflectDeleteProperty, ReflectGetOwnPropertyDescriptor, String, StringPrototypeStartsWith, TypeError,
} = primordials;
const { Readable } = streamModule;

const contextOf = ({ app, name, invocation }) => ({
    requestId: invocation?.id ?? "",
    credentials: { accessKeyId: "", accessKeySecret: "", securityToken: "" },
    function: {
        name: app.name ?? "app", handler: `index.${name}`, memory: app.memoryMiB ?? 64,
        timeout: (invocation?.remaining() ?? 0) / 1000,
    },
    service: { name: "", logProject: "", logStore: "", qualifier: "LATEST", versionId: "" },
    region: "",
    accountId: "",
    logger: console,
});

/** Runs the `initializer` of the app, once, when it was loaded: `(context, callback)`. */
const initialize = (app, exported) => {
    const initializer = exported?.initializer;
    if (typeof initializer !== "function") return undefined;
    return new Promise((resolve, reject) => {
        const callback = (error) => {
            if (error !== null && error !== undefined) reject(error);
            else resolve();
        };
        const context = contextOf({ app, name: "initializer", invocation: undefined });
        const returned = ReflectApply(initializer, exported, [context, callback]);
        if (isObject(returned) && typeof returned.then === "function") {
            PromisePrototypeThen(PromiseResolveValue(returned), () => resolve(), reject);
        } else if (initializer.length < 2) {
            resolve();
        }
    });
};

const run = (call, event) =>
    byCallback(
        (callback) => ReflectApply(call.fn, call.self, [bufferOf(event), contextOf(call), callback]), call,
    );

// The event that stands for an HTTP-shaped call.
const eventOf = ({ http, invocation }) => {
    const { path, query } = locationOfCall(http);
    const isText = isTextBody(http);
    return utf8Encode(JSONStringify({
        version: "v1",
        rawPath: path,
        headers: headersObject(http.headers),
        queryParameters: queryObject(queryPairs(query)),
        body: isText ? utf8Decode(http.body) : base64Encode(http.body),
        isBase64Encoded: !isText,
        requestContext: { requestId: invocation.id, http: { method: http.method, path, protocol: "HTTP/1.1" } },
    }));
};

// A text that is JSON of an object with a status is such an object.
const parsedResult = (result) => {
    if (typeof result !== "string" || !StringPrototypeStartsWith(result, "{")) return result;
    try {
        const value = JSONParse(result);
        return isObject(value) && value.statusCode !== undefined ? value : result;
    } catch {
        return result;
    }
};

export const fc = {
    load: initialize,
    async event(call) {
        const bytes = bytesOfValue(call.event) ?? utf8Encode(JSONStringify(call.event) ?? "");
        return { value: await run(call, bytes) };
    },
    async http(call) {
        return await answerOfProxy(parsedResult(await run(call, eventOf(call))));
    },
};

/** The answer under way: headers by name, then `send` once. */
class HttpResponse {
    #headers = {};
    #done;

    constructor(done) {
        this.#done = done;
        this.statusCode = 200;
    }

    setStatusCode(code) {
        this.statusCode = code;
    }

    setHeader(name, value) {
        setOwn(this.#headers, asciiLower(String(name)), value);
    }

    getHeader(name) {
        return ReflectGetOwnPropertyDescriptor(this.#headers, asciiLower(String(name)))?.value;
    }

    hasHeader(name) {
        return this.getHeader(name) !== undefined;
    }

    deleteHeader(name) {
        ReflectDeleteProperty(this.#headers, asciiLower(String(name)));
    }

    get headers() {
        return this.#headers;
    }

    send(body) {
        this.#done(this.statusCode, pairsOfObject(this.#headers), body);
    }
}

const requestOf = ({ http, invocation }) => {
    const { path, query, target } = locationOfCall(http);
    const { body } = http;
    const request = new Readable({
        read() {
            if (0 < lengthOf(body)) this.push(bufferOf(body));
            this.push(null);
        },
    });
    request.method = http.method;
    request.url = target;
    request.path = path;
    request.queries = queryObject(queryPairs(query));
    request.headers = headersObject(http.headers);
    request.clientIP = "127.0.0.1";
    // What frameworks read of the platform, beside the stream.
    request.body = bufferOf(copyOf(body));
    return mergeOnto(request, invocation.context);
};

export const fcHttp = {
    load: initialize,
    http(call) {
        return new Promise((resolve, reject) => {
            const answer = (status, headers, body) => {
                try {
                    resolve(answerOf(status, headers, body));
                } catch (error) {
                    reject(error);
                }
            };
            const response = new HttpResponse((status, headers, body) => {
                if (isStream(body)) {
                    collect(body, (bytes) => answer(status, headers, bytes), reject);
                } else if (body === undefined || typeof body === "string" || bytesOfValue(body) !== undefined) {
                    answer(status, headers, body);
                } else {
                    throw new TypeError("resp.send takes a string, a Buffer or a stream.");
                }
            });
            const returned = ReflectApply(call.fn, call.self, [requestOf(call), response, contextOf(call)]);
            if (isObject(returned) && typeof returned.then === "function") {
                PromisePrototypeThen(PromiseResolveValue(returned), undefined, reject);
            }
        });
    },
};
