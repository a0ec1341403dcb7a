// Kubeless: `(event, context)` with the data in `event.data` (Kubeless's documentation, "Runtimes: functions
// interface").

import { lengthOf } from "../octets.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import { answerOfValue, headerOfCall, parsedBody } from "./http.js";
import { byCallback } from "./lambda.js";

const { Date, DatePrototypeToISOString, ObjectKeys, ReflectApply } = primordials;

const MEMBERS = ["data", "event-id", "event-time", "event-type", "event-namespace", "extensions"];

const isMember = (name) => {
    for (let at = 0; at < MEMBERS.length; at++) if (MEMBERS[at] === name) return true;
    return false;
};

// An event that has `data` and nothing beside the platform's own members is the whole event.
const isWhole = (value) => {
    if (!isObject(value) || value.data === undefined) return false;
    const names = ObjectKeys(value);
    for (let at = 0; at < names.length; at++) if (!isMember(names[at])) return false;
    return true;
};

const newEvent = (data, { id }, { type = "", namespace = "" } = {}) => ({
    "event-id": id,
    "event-type": type,
    "event-time": DatePrototypeToISOString(new Date()),
    "event-namespace": namespace,
    data,
    extensions: {},
});

const contextOf = ({ app, name, invocation }) => ({
    "function-name": name,
    timeout: `${invocation.remaining() / 1000}`,
    runtime: "nodejs",
    "memory-limit": `${app.memoryMiB ?? 64}Mi`,
});

const run = (call, event) =>
    byCallback((callback) => ReflectApply(call.fn, call.self, [event, contextOf(call), callback]), call);

export const kubeless = {
    async event(call) {
        const { event, invocation } = call;
        return { value: await run(call, isWhole(event) ? event : newEvent(event, invocation)) };
    },
    async http(call) {
        const { http, invocation } = call;
        const data = lengthOf(http.body) === 0 ? undefined : parsedBody(http);
        const event = newEvent(data, invocation, {
            type: headerOfCall(http.headers, "content-type") ?? "",
            namespace: headerOfCall(http.headers, "event-namespace") ?? "",
        });
        return await answerOfValue(await run(call, event));
    },
};
