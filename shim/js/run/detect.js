// Whose function is it? The one table of conventions, and how each is told.
//
// Precedence: what the manifest says; what the module did while it was loaded (decorators, a listener for "fetch", a
// server that listens); a default object with `fetch`; the exports of an ES module or of CommonJS; a declared `main`;
// a file that is one function expression. What looking cannot tell is told by the call: `event` is the convention for
// an event call, `http` the one for an HTTP-shaped call.

import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import { bare } from "./bare.js";
import { edge } from "./edge.js";
import { expression } from "./expression.js";
import { fc, fcHttp } from "./fc.js";
import { fission } from "./fission.js";
import { kubeless } from "./kubeless.js";
import { lambda, lambda2 } from "./lambda.js";
import { isServer, nodeServer, servers } from "./node_server.js";
import { nuclio } from "./nuclio.js";
import { isClassic, openfaas } from "./openfaas.js";
import { openwhisk } from "./openwhisk.js";
import { isClass, parameterNames } from "./parameters.js";
import { skep } from "./skep.js";
import { decoratedMethods, vaas } from "./vaas.js";
import { hasFetchListener, serviceWorker, worker } from "./worker.js";

const { ArrayPrototypePush, ObjectKeys, ReflectOwnKeys } = primordials;

/**
 * The adapter of each convention, by the name that `handler =` and `--handler` give. An adapter has `http(call)`,
 * `event(call)` or both, and perhaps `load(app, exports)`; `looks` is what the convention looks like, for people whose
 * app has nothing that can be called.
 */
export const CONVENTIONS = {
    __proto__: null,
    skep: { adapter: skep, looks: "export default (event, context) => …, or export function NAME(event, context)" },
    worker: { adapter: worker, looks: "export default { fetch(request, env, ctx) { … } }" },
    edge: { adapter: edge, looks: "export default (request, context) => new Response(…)" },
    "service-worker": { adapter: serviceWorker, looks: "addEventListener(\"fetch\", (event) => event.respondWith(…))" },
    lambda: { adapter: lambda, looks: "exports.handler = async (event, context) => …" },
    lambda2: { adapter: lambda2, looks: "as lambda, with API Gateway's payload version 2.0 for HTTP-shaped calls" },
    openfaas: { adapter: openfaas, looks: "module.exports = async (event, context) => context.status(200).succeed(…)" },
    nuclio: { adapter: nuclio, looks: "exports.handler = (context, event) => context.callback(…)" },
    kubeless: { adapter: kubeless, looks: "handler = \"kubeless\" and exports.NAME = (event, context) => event.data" },
    fission: { adapter: fission, looks: "module.exports = async (context) => ({ status: 200, body: … })" },
    openwhisk: { adapter: openwhisk, looks: "function main(params) { return { … }; }" },
    fc: { adapter: fc, looks: "handler = \"fc\" and exports.handler = (event, context, callback) => …" },
    "fc-http": {
        adapter: fcHttp, looks: "handler = \"fc-http\" and exports.handler = (req, resp, context) => resp.send(…)",
    },
    node: { adapter: nodeServer, looks: "module.exports = (req, res) => res.end(…), or http.createServer(…).listen()" },
    vaas: { adapter: vaas, looks: "a default class with @Decorator.VaasServer({ type: \"http\" }) on its methods" },
    bare: { adapter: bare, looks: "a file that is one function expression: (event, context) => …" },
    expression: { adapter: expression, looks: "handler = \"expression\" and a file that is one expression" },
};

const RESPONSE_NAMES = ["res", "resp", "response", "reply"];

/**
 * Conventions that the names of a function's first two parameters tell, the first row that fits; undefined is a
 * parameter that is not there.
 */
const BY_PARAMETERS = [
    // The second name is enough: the first may be unused, such as `_`.
    { convention: "node", first: { not: ["event", "ev", "evt", "context", "ctx"] }, second: RESPONSE_NAMES },
    { convention: "nuclio", first: ["context", "ctx"], second: ["event", "ev"] },
    { convention: "openfaas", fits: isClassic },
    { convention: "fission", first: ["context"], second: [undefined, "callback", "cb"] },
];

const isAmong = (list, name) => (list.not === undefined ? includes(list, name) : !includes(list.not, name));

const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Conventions that an export's place tells: the first row that fits, with `event` and `http`. */
const BY_PLACE = [
    { fits: ({ name, fn }) => name === "main" && fn.length <= 1, event: "openwhisk", http: "openwhisk" },
    { fits: ({ isModule, name }) => isModule && name === "default", event: "skep", http: "edge" },
    { fits: ({ isModule, name }) => isModule && includes(HTTP_METHODS, name), event: "skep", http: "edge" },
    { fits: ({ isModule }) => isModule, event: "skep", http: "lambda" },
    { fits: ({ name }) => name === "default", event: "lambda", http: "openfaas" },
    { fits: () => true, event: "lambda", http: "lambda" },
];

const includes = (list, item) => {
    for (let at = 0; at < list.length; at++) if (list[at] === item) return true;
    return false;
};

const isFunction = (value) => typeof value === "function" && !isClass(value);

const isCallableName = (name) => typeof name === "string" && name !== "__esModule" && name !== "module.exports";

// A module of CommonJS that was an ES module before a compiler made it what it is.
const isCompiled = (exports) => isObject(exports) && exports.__esModule === true;

/** The default export, or what stands for it in CommonJS. */
const defaultOf = ({ kind, exports }) => {
    if (kind === "esm" || isCompiled(exports)) return exports.default;
    return exports;
};

// Functions of the exports, as {name, fn, self, isModule}.
const exportedFunctions = ({ kind, exports }) => {
    const found = [];
    if (!isObject(exports)) return found;
    if (kind !== "esm" && isFunction(exports)) {
        return [{ name: "default", fn: exports, self: undefined, isModule: false }];
    }
    const isModule = kind === "esm" || isCompiled(exports);
    const names = kind === "esm" ? ReflectOwnKeys(exports) : ObjectKeys(exports);
    for (let at = 0; at < names.length; at++) {
        if (!isCallableName(names[at])) continue;
        const fn = exports[names[at]];
        const self = kind === "esm" ? undefined : exports;
        if (isFunction(fn)) ArrayPrototypePush(found, { name: names[at], fn, self, isModule });
    }
    // What an ES module exports by default through CommonJS' `module.exports`, as compilers write it.
    const inner = isModule && isObject(exports.default) && !isFunction(exports.default) ? exports.default : undefined;
    if (found.length === 0 && inner !== undefined) {
        const innerNames = ObjectKeys(inner);
        for (let at = 0; at < innerNames.length; at++) {
            const fn = inner[innerNames[at]];
            if (isFunction(fn)) ArrayPrototypePush(found, { name: innerNames[at], fn, self: inner, isModule });
        }
    }
    return found;
};

const one = (name, fn, self, convention) => [{ name, fn, self, event: convention, http: convention }];

const WORKER_EVENTS = ["fetch", "scheduled", "queue", "email", "tail", "trace"];

// What only a worker has beside `fetch`: a default object of an ES module may have these alone.
const WORKER_ALONE = ["scheduled", "queue", "email", "tail", "trace"];

const isWorker = (object, { kind, exports }) => {
    // A function with a `fetch` is a function (a fetch library that was exported by mistake is none of ours).
    if (!isObject(object) || typeof object === "function") return false;
    if (typeof object.fetch === "function") return true;
    if (kind !== "esm" && !isCompiled(exports)) return false;
    for (let at = 0; at < WORKER_ALONE.length; at++) if (typeof object[WORKER_ALONE[at]] === "function") return true;
    return false;
};

// The functions of a default object with `fetch`, or with another function that only workers have.
const workerFunctions = (app) => {
    const object = defaultOf(app);
    if (!isWorker(object, app)) return [];
    const found = [];
    for (let at = 0; at < WORKER_EVENTS.length; at++) {
        const name = WORKER_EVENTS[at];
        if (typeof object[name] !== "function") continue;
        // `fetch` takes requests, the others take the event as it is.
        const event = name === "fetch" ? undefined : "worker";
        const http = name === "fetch" ? "worker" : undefined;
        ArrayPrototypePush(found, { name, fn: object[name], self: object, event, http });
    }
    return found;
};

const vaasFunctions = (app) => {
    const constructor = defaultOf(app);
    const methods = decoratedMethods(constructor);
    const found = [];
    for (let at = 0; at < methods.length; at++) {
        const { name, type } = methods[at];
        if (type !== "http" && type !== "rpc") continue;
        const event = type === "rpc" ? "vaas" : undefined;
        ArrayPrototypePush(found, { name, fn: constructor, self: undefined, event, http: "vaas" });
    }
    return found;
};

const serverFunctions = (app) => {
    const listening = servers();
    if (0 < listening.length) return one("default", listening[listening.length - 1], undefined, "node");
    const exported = defaultOf(app);
    return isServer(exported) ? one("default", exported, undefined, "node") : [];
};

const listenerFunctions = () => (hasFetchListener() ? one("fetch", undefined, undefined, "service-worker") : []);

// Each exported function by what was decided at deploy, else by its parameters, else by its place.
const functionsByLook = (app) => {
    const exported = exportedFunctions(app);
    const found = [];
    let isNuclio = false;
    for (let at = 0; at < exported.length; at++) {
        const item = exported[at];
        const { event, http } = decidedFor(item, app.decided) ?? lookAt(item);
        isNuclio ||= http === "nuclio";
        ArrayPrototypePush(found, { name: item.name, fn: item.fn, self: item.self, event, http });
    }
    return isNuclio ? without(found, "initContext") : found;
};

const without = (found, name) => {
    const kept = [];
    for (let at = 0; at < found.length; at++) if (found[at].name !== name) ArrayPrototypePush(kept, found[at]);
    return kept;
};

const decidedFor = ({ name }, decided) => {
    if (decided === undefined) return undefined;
    for (let at = 0; at < decided.functions.length; at++) {
        if (decided.functions[at] !== name) continue;
        return { event: decided.conventions[at][0] ?? undefined, http: decided.conventions[at][1] ?? undefined };
    }
    return undefined;
};

const lookAt = (item) => {
    const names = parameterNames(item.fn);
    if (names !== undefined) {
        for (let at = 0; at < BY_PARAMETERS.length; at++) {
            const row = BY_PARAMETERS[at];
            const fits = row.fits === undefined
                ? isAmong(row.first, names[0]) && includes(row.second, names[1])
                : row.fits(item.fn, names);
            if (fits) return { event: row.convention, http: row.convention };
        }
    }
    for (let at = 0; at < BY_PLACE.length; at++) if (BY_PLACE[at].fits(item)) return BY_PLACE[at];
    return undefined;
};

const declaredMain = ({ declared }) =>
    isFunction(declared?.main) ? one("main", declared.main, undefined, "openwhisk") : [];

const bareFunction = ({ value }) => (isFunction(value) ? one("default", value, undefined, "bare") : []);

/** Where functions are looked for, in the order of the precedence: the first place that has some is the app's. */
const PLACES = [
    vaasFunctions, listenerFunctions, serverFunctions, workerFunctions, functionsByLook, declaredMain, bareFunction,
];

/** For a convention that the manifest names: the places that can have its functions. */
const FORCED = {
    __proto__: null,
    worker: [workerFunctions],
    "service-worker": [listenerFunctions],
    vaas: [vaasFunctions],
    node: [serverFunctions, functionsByLook],
    openwhisk: [functionsByLook, declaredMain],
    bare: [bareFunction, functionsByLook],
    expression: [({ value }) => (typeof value === "function" ? one("default", value, undefined, "expression") : [])],
};

const OTHERS = [functionsByLook, declaredMain, bareFunction];

/** The functions of a loaded app as {name, fn, self, event, http}; an empty list when there is none. */
export const findFunctions = (app) => {
    const { handler } = app;
    if (handler === undefined) return firstOf(PLACES, app);
    const all = firstOf(FORCED[handler] ?? OTHERS, app);
    const found = handler === "fc" || handler === "fc-http" ? without(all, "initializer") : all;
    // These know for each function which kind of call it takes.
    if (handler === "worker" || handler === "vaas") return found;
    for (let at = 0; at < found.length; at++) {
        found[at].event = handler;
        found[at].http = handler;
    }
    return found;
};

const firstOf = (places, app) => {
    for (let at = 0; at < places.length; at++) {
        const found = places[at](app);
        if (0 < found.length) return found;
    }
    return [];
};
