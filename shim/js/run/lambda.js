// Lambda: `(event, context, callback)`, and API Gateway's events for HTTP-shaped calls (AWS's documentation "Define
// Lambda function handler in Node.js", "Using the Lambda context object", "Lambda proxy integrations", payload
// versions 1.0 and 2.0).

import { asciiLower } from "../mime.js";
import { base64Decode, base64Encode, lengthOf, utf8Decode } from "../octets.js";
import { primordials } from "../primordials.js";
import { isResponse } from "../response.js";
import { isObject } from "../webidl.js";
import {
    answerOf, answerOfResponse, answerOfValue, headerOfCall, headersObject, isTextBody, locationOfCall, pairsOfObject,
    queryPairs, setOwn,
} from "./http.js";
import { newContext } from "./skep_context.js";

const {
    ArrayIsArray, ArrayPrototypeJoin, ArrayPrototypePush, Date, DateNow, DatePrototypeGetUTCDate,
    DatePrototypeGetUTCFullYear, DatePrototypeGetUTCHours, DatePrototypeGetUTCMinutes, DatePrototypeGetUTCMonth,
    DatePrototypeGetUTCSeconds, Error, Number, Promise, PromisePrototypeThen, PromiseResolveValue, ReflectApply,
    ReflectGetOwnPropertyDescriptor, String, StringPrototypeIndexOf, StringPrototypePadStart, StringPrototypeSlice,
} = primordials;

/**
 * Runs the function of a call that answers by a promise or by a callback, whichever comes first: `start(callback)`
 * calls it. A plain value that it returns, undefined too, is the answer when nothing is left to run that could still
 * call back (arrow functions return what they do not mean to), and at once from a function without a second parameter.
 */
export const byCallback = (start, { fn, invocation }) =>
    new Promise((resolve, reject) => {
        const callback = (error, result) => {
            if (error !== null && error !== undefined) reject(error);
            else resolve(result);
        };
        const returned = start(callback);
        if (isObject(returned) && typeof returned.then === "function") {
            PromisePrototypeThen(PromiseResolveValue(returned), resolve, reject);
        } else if (returned !== undefined && (fn.length < 2 || invocation.whenIdle === undefined)) {
            resolve(returned);
        } else {
            invocation.whenIdle?.(() => resolve(returned));
        }
    });

export const callContext = newContext;

/** Calls the function with an event; a promise of its result. */
const run = (call, event) => {
    const { fn, self } = call;
    const start = (callback) => ReflectApply(fn, self, [event, callContext(call, callback), callback]);
    return byCallback(start, call);
};

// The body of an event: text as it is, other bytes as base64.
const bodyOf = (http) => {
    if (lengthOf(http.body) === 0) return { body: null, isBase64Encoded: false };
    const isText = isTextBody(http);
    return { body: isText ? utf8Decode(http.body) : base64Encode(http.body), isBase64Encoded: !isText };
};

// An object of the last value of each name, and one of lists of all values; null without any.
const lastValues = (pairs) => {
    if (pairs.length === 0) return null;
    const object = {};
    for (let at = 0; at < pairs.length; at++) setOwn(object, pairs[at][0], pairs[at][1]);
    return object;
};

const allValues = (pairs) => {
    if (pairs.length === 0) return null;
    const object = {};
    for (let at = 0; at < pairs.length; at++) {
        const had = ReflectGetOwnPropertyDescriptor(object, pairs[at][0]);
        if (had === undefined) setOwn(object, pairs[at][0], [pairs[at][1]]);
        else ArrayPrototypePush(had.value, pairs[at][1]);
    }
    return object;
};

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (number) => StringPrototypePadStart(String(number), 2, "0");

// The time as access logs have it, such as 09/Apr/2015:12:34:56 +0000.
const logTime = (milliseconds) => {
    const date = new Date(milliseconds);
    const day = `${two(DatePrototypeGetUTCDate(date))}/${MONTHS[DatePrototypeGetUTCMonth(date)]}`;
    const hours = `${two(DatePrototypeGetUTCHours(date))}:${two(DatePrototypeGetUTCMinutes(date))}`;
    return `${day}/${DatePrototypeGetUTCFullYear(date)}:${hours}:${two(DatePrototypeGetUTCSeconds(date))} +0000`;
};

const sourceIp = ({ context }) => (isObject(context) && typeof context.ip === "string" ? context.ip : "127.0.0.1");

/** API Gateway's event of payload version 1.0. */
export const eventOfVersion1 = ({ http, invocation }) => {
    const location = locationOfCall(http);
    const { path } = location;
    const query = queryPairs(location.query);
    const { body, isBase64Encoded } = bodyOf(http);
    const now = DateNow();
    return {
        resource: "/{proxy+}",
        path,
        httpMethod: http.method,
        headers: lastValues(http.headers) ?? {},
        multiValueHeaders: allValues(http.headers) ?? {},
        queryStringParameters: lastValues(query),
        multiValueQueryStringParameters: allValues(query),
        pathParameters: path === "/" ? null : { proxy: StringPrototypeSlice(path, 1) },
        stageVariables: null,
        requestContext: {
            accountId: "000000000000",
            apiId: "local",
            domainName: headerOfCall(http.headers, "host") ?? "localhost",
            httpMethod: http.method,
            identity: { sourceIp: sourceIp(invocation), userAgent: headerOfCall(http.headers, "user-agent") },
            path,
            protocol: "HTTP/1.1",
            requestId: invocation.id,
            requestTime: logTime(now),
            requestTimeEpoch: now,
            resourcePath: "/{proxy+}",
            stage: "$default",
        },
        body,
        isBase64Encoded,
    };
};

// Version 2.0 joins repetitions with a comma, and has the cookies in a list of their own.
const joinedValues = (pairs) => {
    const lists = allValues(pairs);
    if (lists === null) return undefined;
    const object = {};
    for (const name in lists) setOwn(object, name, ArrayPrototypeJoin(lists[name], ","));
    return object;
};

const cookieList = (header) => {
    const list = [];
    let at = 0;
    while (at <= header.length) {
        const found = StringPrototypeIndexOf(header, ";", at);
        const end = found < 0 ? header.length : found;
        while (header[at] === " ") at++;
        if (at < end) ArrayPrototypePush(list, StringPrototypeSlice(header, at, end));
        at = end + 1;
    }
    return list;
};

/** API Gateway's event of payload version 2.0. */
export const eventOfVersion2 = ({ http, invocation }) => {
    const { path, query } = locationOfCall(http);
    const { body, isBase64Encoded } = bodyOf(http);
    const headers = headersObject(http.headers);
    const { cookie } = headers;
    const now = DateNow();
    const event = {
        version: "2.0",
        routeKey: "$default",
        rawPath: path,
        rawQueryString: query,
        headers,
        requestContext: {
            accountId: "000000000000",
            apiId: "local",
            domainName: headers.host ?? "localhost",
            domainPrefix: "local",
            http: {
                method: http.method,
                path,
                protocol: "HTTP/1.1",
                sourceIp: sourceIp(invocation),
                userAgent: headers["user-agent"] ?? "",
            },
            requestId: invocation.id,
            routeKey: "$default",
            stage: "$default",
            time: logTime(now),
            timeEpoch: now,
        },
        isBase64Encoded,
    };
    if (cookie !== undefined) {
        event.cookies = cookieList(cookie);
        delete headers.cookie;
    }
    const parameters = joinedValues(queryPairs(query));
    if (parameters !== undefined) event.queryStringParameters = parameters;
    if (body !== null) event.body = body;
    return event;
};

/** The HTTP answer that a result of the form {statusCode, headers, multiValueHeaders, cookies, body} is. */
export const answerOfProxy = (result) => {
    if (isResponse(result)) return answerOfResponse(result);
    if (!isObject(result) || result.statusCode === undefined) return answerOfValue(result);
    const { statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded } = result;
    const lists = pairsOfObject(multiValueHeaders);
    const pairs = pairsOfObject(multiValueHeaders);
    const single = pairsOfObject(headers);
    for (let at = 0; at < single.length; at++) {
        // A name that is in both has the values of the list.
        if (headerOfCall(lists, asciiLower(single[at][0])) === null) ArrayPrototypePush(pairs, single[at]);
    }
    if (ArrayIsArray(cookies)) {
        for (let at = 0; at < cookies.length; at++) ArrayPrototypePush(pairs, ["set-cookie", String(cookies[at])]);
    }
    const bytes = isBase64Encoded === true && typeof body === "string" ? base64Decode(body) : body;
    return answerOf(Number(statusCode), pairs, bytes, "application/json");
};

export const lambda = {
    async event(call) {
        return { value: await run(call, call.event) };
    },
    async http(call) {
        return await answerOfProxy(await run(call, eventOfVersion1(call)));
    },
};

export const lambda2 = {
    event: lambda.event,
    async http(call) {
        return await answerOfProxy(await run(call, eventOfVersion2(call)));
    },
};
