// Running an app: which functions it has and by whose convention they are called, and one call of them.
//
// What the loader and the Rust side serve
//
// `app`, one object for a loaded app, the same for `describe`, `load` and every `call`:
//   kind      "esm" (an ES module), "cjs" (CommonJS) or "script" (handler = "bare" or "expression", or a file that is
//             one function expression);
//   exports   the module's namespace, or `module.exports`, as it is after the evaluation; for "script" undefined;
//   declared  for "cjs": an object without a prototype of functions that the entry declares at its top level and that
//             count although they are not exported. Only `main` is read;
//   value     for "script": the value of the file as one expression, so the function of a bare file; for
//             handler = "expression" the function `(scope) => { with (scope) { return (TEXT) } }` over the file's text;
//   handler   what `handler =` in the manifest or `--handler` says, or undefined;
//   name      the app's name; memoryMiB   its heap limit in MiB (a number).
// What an app did while it was loaded is not handed over: the listeners for "fetch" (event_target.js), the servers
// that listen (http/server.js) and the decorators (vaas.js) are read where they are kept. The functions' texts are
// read by Function.prototype.toString, so bytecode keeps the source of functions, or `app.decided` is given.
//   decided   optional: what `describe` returned for this version at deploy; then nothing is looked at again.
//
// `shape`, one call: either {http: {method, url, headers, body}} (see http.js; `url` absolute or a path that begins
// with "/", `body` a Uint8Array that belongs to the call) or {event} (any value, from JSON or a Uint8Array), and
// with it
//   invocation {id, remaining, context, env, report, whenIdle}:
//     id              the invocation's id, a text;
//     remaining()     milliseconds until the deadline, a number;
//     context         the value of InvokeRequest.context, an object or undefined;
//     env             the manifest's variables, an object of texts;
//     report(error)   writes an error line with the stack into the app's log (rejections of `waitUntil`);
//     whenIdle(then)  calls `then()` once if the answer is still open when neither jobs nor timers are left to run,
//                     before the call counts as stuck. May be absent; then such a call is stuck.
//
// `describe` comes after the jobs and timers that the load left behind: an app may begin to listen in one of them.
//
// `describe(app)` returns {handler, http, functions, conventions, problem}: `functions` are the names that can be
// called, `conventions` beside them pairs [event, http] of names of conventions (null where a call of that shape has
// none); `handler` and `http` are those of the function that runs when a call names none; `problem` is null or a text
// that says what was found and what each convention looks like, and the deploy is refused with it.
//
// `load(app)` is called once in each instance after the evaluation and returns a promise; what it throws is an error
// of the load (Nuclio's `initContext`).
//
// `call(app, functionName, shape)` returns a value, or a promise of one, for `outcomeOf`; it throws or is rejected with
// what the function threw. An empty `functionName` or "default" names none.

import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import { CONVENTIONS, findFunctions } from "./detect.js";
import { answerOf, badCallMessage, callOfEvent, payloadOfAnswer } from "./http.js";
import { HTTP, MISSING, Outcome, PAYLOAD, VALUE } from "./outcome.js";
import { routed } from "./vaas.js";

const { ArrayPrototypeJoin, ArrayPrototypePush, ObjectKeys, ReflectOwnKeys, RegExpPrototypeExec, SafeWeakMap, String, Uint8Array } = primordials;

/** Which function runs when a call names none: the first of these, else the only one. */
const PREFERRED = ["default", "fetch", "handler", "main"];

const functionsOf = new SafeWeakMap();

const functionsIn = (app) => {
    let found = functionsOf.get(app);
    if (found === undefined) {
        found = findFunctions(app);
        // An app may still begin to listen.
        if (0 < found.length) functionsOf.set(app, found);
    }
    return found;
};

const named = (found, name) => {
    for (let at = 0; at < found.length; at++) if (found[at].name === name) return found[at];
    return undefined;
};

const preferred = (found) => {
    for (let at = 0; at < PREFERRED.length; at++) {
        const item = named(found, PREFERRED[at]);
        if (item !== undefined) return item;
    }
    return found.length === 1 ? found[0] : undefined;
};

const namesOf = (found) => {
    const names = [];
    for (let at = 0; at < found.length; at++) ArrayPrototypePush(names, found[at].name);
    return names;
};

const some = (list, is) => {
    for (let at = 0; at < list.length; at++) if (is(list[at])) return true;
    return false;
};

// As the daemon has names of functions.
const CALLABLE = /^[A-Za-z0-9_$]{1,63}$/;
const isCallable = (name) => RegExpPrototypeExec(CALLABLE, name) !== null;

/** At most this many names are listed in a message. */
const LISTED = 20;

const listed = (names) => {
    const shown = [];
    for (let at = 0; at < names.length && at < LISTED; at++) ArrayPrototypePush(shown, names[at]);
    const more = names.length - shown.length;
    return `${ArrayPrototypeJoin(shown, ", ")}${0 < more ? ` and ${more} more` : ""}`;
};

// What the entry offers although nothing of it can be called, for the message.
const offered = ({ kind, exports, value }) => {
    if (kind === "script") return `a file whose value is of the type ${typeof value}`;
    const names = [];
    if (kind === "cjs" && !isObject(exports)) return `a CommonJS module whose exports are of the type ${typeof exports}`;
    if (kind === "cjs" && typeof exports === "function") return "a CommonJS module that exports a class";
    if (typeof exports === "object" && exports !== null) {
        const keys = kind === "esm" ? ReflectOwnKeys(exports) : ObjectKeys(exports);
        for (let at = 0; at < keys.length; at++) {
            if (typeof keys[at] === "string") ArrayPrototypePush(names, `${keys[at]} (${typeof exports[keys[at]]})`);
        }
    }
    const what = kind === "esm" ? "an ES module" : "a CommonJS module";
    return names.length === 0 ? `${what} that exports nothing` : `${what} that exports ${listed(names)}`;
};

const problemOf = (app) => {
    const { handler } = app;
    const lines = [];
    if (handler !== undefined && CONVENTIONS[handler] === undefined) {
        return `handler = "${String(handler)}" is no convention; there are: ${listed(ObjectKeys(CONVENTIONS))}`;
    }
    ArrayPrototypePush(lines, handler === undefined
        ? `nothing can be called: the entry is ${offered(app)}. It may look like one of:`
        : `nothing can be called by the convention ${handler}: the entry is ${offered(app)}. It looks like:`);
    const names = handler === undefined ? ObjectKeys(CONVENTIONS) : [handler];
    for (let at = 0; at < names.length; at++) {
        ArrayPrototypePush(lines, `  ${names[at]}: ${CONVENTIONS[names[at]].looks}`);
    }
    return ArrayPrototypeJoin(lines, "\n");
};

export const describe = (app) => {
    const isKnown = app.handler === undefined || CONVENTIONS[app.handler] !== undefined;
    const found = isKnown ? functionsIn(app) : [];
    const conventions = [];
    for (let at = 0; at < found.length; at++) {
        ArrayPrototypePush(conventions, [found[at].event ?? null, found[at].http ?? null]);
    }
    if (found.length === 0) {
        return { handler: null, http: null, functions: [], conventions, problem: problemOf(app) };
    }
    const names = namesOf(found);
    if (!some(names, isCallable)) {
        const problem = `nothing can be called: the names of what is exported are ${listed(names)}; a call can name ` +
            "1 to 63 of A-Z, a-z, 0-9, '_' and '$'";
        return { handler: null, http: null, functions: [], conventions, problem };
    }
    const first = preferred(found) ?? found[0];
    return {
        handler: first.event ?? first.http,
        http: first.http ?? null,
        functions: names,
        conventions,
        problem: null,
    };
};

export const load = async (app) => {
    const found = functionsIn(app);
    const loaded = [];
    for (let at = 0; at < found.length; at++) {
        const convention = found[at].http ?? found[at].event;
        const adapter = CONVENTIONS[convention]?.adapter;
        if (adapter?.load === undefined || has(loaded, convention)) continue;
        ArrayPrototypePush(loaded, convention);
        await adapter.load(app, app.exports);
    }
};

const has = (list, item) => {
    for (let at = 0; at < list.length; at++) if (list[at] === item) return true;
    return false;
};

// The function that a call is for. An HTTP-shaped call of a VaaS app that names none is routed by its path.
const choose = (found, name, shape) => {
    const isNamed = name !== undefined && name !== "" && name !== "default";
    if (isNamed) return named(found, name);
    const item = preferred(found);
    if (shape.http !== undefined && 0 < found.length && found[0].http === "vaas") {
        const route = routed(found[0].fn, shape.http);
        if (route !== undefined) return named(found, route);
    }
    return item;
};

export const call = (app, functionName, shape) => {
    const found = functionsIn(app);
    const item = choose(found, functionName, shape);
    if (item === undefined) {
        const name = functionName === "" ? "default" : functionName;
        return new Outcome(MISSING, `there is no function "${name}"; this app has: ${listed(namesOf(found))}`);
    }
    const made = {
        app,
        fn: item.fn,
        self: item.self,
        name: item.name,
        invocation: shape.invocation,
        http: shape.http,
        event: shape.event,
    };
    if (shape.http === undefined) {
        const adapter = CONVENTIONS[item.event]?.adapter;
        if (adapter?.start !== undefined) return adapter.start(made);
        if (adapter?.event !== undefined) return ofEvent(adapter, made);
    }
    return ofHttp(made, item, shape.http === undefined);
};

const ofEvent = async (adapter, made) => new Outcome(VALUE, await adapter.event(made));

const ofHttp = async (made, item, isEvent) => {
    if (!isEvent) return new Outcome(HTTP, withBody(made.http, await runHttp(made, item)));
    made.http = callOfEvent(made.event);
    return new Outcome(PAYLOAD, payloadOfAnswer(await runHttp(made, item)));
};

// An answer to HEAD and one of these states has no body (RFC 9110, sections 9.3.2, 15.3.5, 15.3.6 and 15.4.5).
const withBody = ({ method }, answer) => {
    const { status } = answer;
    if (method !== "HEAD" && status !== 204 && status !== 205 && status !== 304) return answer;
    answer.body = new Uint8Array(0);
    return answer;
};

const runHttp = async (made, item) => {
    try {
        return await CONVENTIONS[item.http ?? item.event].adapter.http(made);
    } catch (error) {
        const message = badCallMessage(error);
        if (message === undefined) throw error;
        return answerOf(400, [], message);
    }
};
