// VaaS: a default class whose methods are decorated by `Decorator.VaasServer({type, method, routerName})` of the
// built-in module `vaas-framework` (the framework's types "ServerValue", "RequestConfig" and "ResponseConfig").
//
// A method of the type "http" gets `{req, res}` and what it returns is the body; one of the type "rpc" gets
// `{params, context}` and what it returns is the result. What it throws is the error.

import { asciiLower } from "../mime.js";
import { lengthOf, utf8Decode } from "../octets.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import {
    answerOf, bytesOfValue, headerOfCall, headersObject, isTextBody, locationOfCall, mimeTypeOf, pairsOfObject,
    parsedBody, percentDecoded, queryObject, queryPairs, setOwn, urlOfCall,
} from "./http.js";
import { collect, isStream } from "./streams.js";

const {
    ArrayPrototypePush, Error, FunctionPrototypeSymbolHasInstance, Number, NumberIsNaN, ObjectGetPrototypeOf,
    Promise, ReflectApply, RegExp, RegExpPrototypeExec, SafeWeakMap, String, StringPrototypeIndexOf,
    StringPrototypeSlice, TypeError,
} = primordials;

/** The decorated methods of a class by its prototype: a list of {name, type, method, routerName}. */
const decorated = new SafeWeakMap();

const register = (prototype, name, { type = "http", method = undefined, routerName = undefined } = {}) => {
    let list = decorated.get(prototype);
    if (list === undefined) {
        list = [];
        decorated.set(prototype, list);
    }
    ArrayPrototypePush(list, { name, type, method, routerName });
};

/** The decorator: as TypeScript's experimental decorators call it, with the prototype and the name of the method. */
const VaasServer = (options = { type: "http" }) => (prototype, name) => {
    if (!isObject(prototype)) throw new TypeError("VaasServer decorates methods of a class.");
    register(prototype, name, options);
};

/** The methods of a class, those of the classes that it extends too; an empty list for other values. */
export const decoratedMethods = (constructor) => {
    const methods = [];
    if (typeof constructor !== "function") return methods;
    let { prototype } = constructor;
    while (isObject(prototype)) {
        const list = decorated.get(prototype) ?? [];
        for (let at = 0; at < list.length; at++) {
            if (!hasName(methods, list[at].name)) ArrayPrototypePush(methods, list[at]);
        }
        prototype = ObjectGetPrototypeOf(prototype);
    }
    return methods;
};

const hasName = (methods, name) => {
    for (let at = 0; at < methods.length; at++) if (methods[at].name === name) return true;
    return false;
};

/** One object of each class for all calls, as on the platform. */
const instances = new SafeWeakMap();

const instanceOf = (constructor) => {
    let instance = instances.get(constructor);
    if (instance === undefined) {
        instance = new constructor();
        instances.set(constructor, instance);
    }
    return instance;
};

let current;

/**
 * `rpcInvote("app.method", params, context)`, or with {params, context} as the second argument: calls a method of the
 * type "rpc" of this app. Other apps are out of reach.
 */
const rpcInvote = async (name, given = undefined, context = undefined) => {
    const isBoth = context === undefined && isObject(given) && given.params !== undefined;
    const argument = isBoth ? { params: given.params, context: given.context } : { params: given, context };
    const dot = StringPrototypeIndexOf(`${name}`, ".");
    const method = StringPrototypeSlice(`${name}`, dot + 1);
    if (current === undefined || !hasName(decoratedMethods(current), method)) {
        throw new Error(`rpcInvote: "${name}" is no method of this app, and calls of other apps are not granted to it`);
    }
    const instance = instanceOf(current);
    return ReflectApply(instance[method], instance, [argument]);
};

/** What `require("vaas-framework")` gives. */
export const vaasFramework = {
    Decorator: { VaasServer, VassServer: VaasServer },
    VaasServerType: {},
    rpcInvote,
    rpcInvoke: rpcInvote,
};

const requestOf = ({ http, invocation }, params) => {
    const { href, path, query, target } = locationOfCall(http);
    const headers = headersObject(http.headers);
    const url = urlOfCall(http);
    const mimeType = mimeTypeOf(http.headers);
    const { context } = invocation;
    const length = Number(headers["content-length"] ?? lengthOf(http.body));
    const ip = isObject(context) && typeof context.ip === "string" ? context.ip : "127.0.0.1";
    return {
        charset: charsetOf(mimeType),
        length: NumberIsNaN(length) ? undefined : length,
        type: mimeType === null ? "" : `${mimeType.type}/${mimeType.subtype}`,
        headers,
        body: lengthOf(http.body) === 0 ? {} : parsedBody(http),
        rawBody: isTextBody(http) ? utf8Decode(http.body) : "",
        url: target,
        origin: url.origin,
        href,
        method: http.method,
        path,
        params,
        query: queryObject(queryPairs(query)),
        querystring: query,
        search: query === "" ? "" : `?${query}`,
        host: headers.host ?? url.host,
        hostname: url.hostname,
        fresh: false,
        stale: true,
        idempotent: http.method !== "POST" && http.method !== "PATCH",
        protocol: StringPrototypeSlice(url.protocol, 0, -1),
        secure: url.protocol === "https:",
        ip,
        ips: [],
    };
};

const charsetOf = (mimeType) => {
    if (mimeType === null) return "";
    const { parameters } = mimeType;
    for (let at = 0; at < parameters.length; at++) if (parameters[at][0] === "charset") return parameters[at][1];
    return "";
};

const answerOfData = async (res, data) => {
    if (isStream(data)) {
        const bytes = await new Promise((resolve, reject) => collect(data, resolve, reject));
        return await answerOfData(res, bytes);
    }
    const headers = pairsOfObject(res.headers);
    if (typeof res.type === "string" && res.type !== "" && headerOfCall(headers, "content-type") === null) {
        ArrayPrototypePush(headers, ["content-type", res.type]);
    }
    const isHtml = typeof data === "string" && RegExpPrototypeExec(/^\s*</, data) !== null;
    const status = res.status ?? (data === undefined || data === null ? 204 : 200);
    return answerOf(status, headers, data, isHtml ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
};

const callMethod = ({ fn: constructor, name }, argument) => {
    current = constructor;
    const instance = instanceOf(constructor);
    return ReflectApply(instance[name], instance, [argument]);
};

const typeOf = (constructor, name) => {
    const methods = decoratedMethods(constructor);
    for (let at = 0; at < methods.length; at++) if (methods[at].name === name) return methods[at].type;
    return "http";
};

// An event call of an rpc method: {params, context}, or the parameters alone.
const paramsOf = (event) =>
    isObject(event) && event.params !== undefined && bytesOfValue(event) === undefined
        ? { params: event.params, context: event.context ?? {} }
        : { params: event ?? {}, context: {} };

// A parameter of a route, `:name`, with a pattern of its own and a mark that it may be missing; `*` is anything.
const PARAMETER = /:(\w+)(\([^()]*\))?(\?)?|\*/y;
const SPECIAL = /[.+^${}()|[\]\\?]/;

// A route as the framework's router takes it, as a regular expression over paths and the names of its groups.
const compiledRoute = (route) => {
    const names = [];
    let text = "^";
    for (let at = 0; at < route.length; ) {
        PARAMETER.lastIndex = at;
        const found = RegExpPrototypeExec(PARAMETER, route);
        if (found === null) {
            const one = route[at];
            const isOptional = one === "/" && RegExpPrototypeExec(/^\/:\w+(?:\([^()]*\))?\?/, StringPrototypeSlice(route, at)) !== null;
            text += RegExpPrototypeExec(SPECIAL, one) === null ? one : `\\${one}`;
            if (isOptional) text += "?";
            at++;
            continue;
        }
        const isStar = found[0] === "*";
        ArrayPrototypePush(names, isStar ? String(names.length) : found[1]);
        text += isStar ? "(.*)" : `${found[2] ?? "([^/]+?)"}${found[3] ?? ""}`;
        at += found[0].length;
    }
    return { pattern: new RegExp(`${text}/?$`, "i"), names };
};

// The parameters of a path that a route fits, undefined where it does not.
const parametersOf = (route, path) => {
    const isPattern = isObject(route) && FunctionPrototypeSymbolHasInstance(RegExp, route);
    const { pattern, names } = isPattern ? { pattern: route, names: [] } : compiledRoute(`${route}`);
    pattern.lastIndex = 0;
    const found = RegExpPrototypeExec(pattern, path);
    if (found === null) return undefined;
    const params = {};
    for (let at = 1; at < found.length; at++) {
        if (found[at] !== undefined) setOwn(params, names[at - 1] ?? String(at - 1), percentDecoded(found[at]));
    }
    return params;
};

const paramsOfCall = ({ fn, name, http }) => {
    const methods = decoratedMethods(fn);
    for (let at = 0; at < methods.length; at++) {
        if (methods[at].name !== name) continue;
        return parametersOf(methods[at].routerName ?? `/${name}`, locationOfCall(http).path) ?? {};
    }
    return {};
};

/**
 * The method that answers a request when no function was named: that whose `method` and `routerName` fit, "/NAME"
 * without a `routerName`. Undefined when none does.
 */
export const routed = (constructor, http) => {
    const { path } = locationOfCall(http);
    const methods = decoratedMethods(constructor);
    for (let at = 0; at < methods.length; at++) {
        const { name, type, method, routerName } = methods[at];
        if (type !== "http") continue;
        if (method !== undefined && asciiLower(method) !== asciiLower(http.method)) continue;
        if (parametersOf(routerName ?? `/${name}`, path) !== undefined) return name;
    }
    return undefined;
};

export const vaas = {
    // Methods of the type "rpc" alone get event calls.
    async event(call) {
        return { value: await callMethod(call, paramsOf(call.event)) };
    },
    async http(call) {
        if (typeOf(call.fn, call.name) === "rpc") {
            const { params, context } = paramsOf(lengthOf(call.http.body) === 0 ? {} : parsedBody(call.http));
            return answerOf(200, [], await callMethod(call, { params, context }));
        }
        const res = { headers: {}, status: undefined, message: undefined, length: undefined, type: undefined };
        const data = await callMethod(call, { req: requestOf(call, paramsOfCall(call)), res });
        return await answerOfData(res, data);
    },
};
