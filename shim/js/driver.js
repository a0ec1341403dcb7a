// What the Rust side calls: the life of one app in one instance. Nothing else here is called from outside of scripts.
//
// Whenever one of these functions has returned, Rust repeats `runTicks` and all pending jobs of promises until no tick
// is left, then `notifyRejections`; when nothing is left and something still waits, `fire` when `nextDelay` is over,
// then `idle`. A load or a call that called `natives.untidy` ends with `finish`.
//
// A function of an ES module by Skep's own convention is called by Rust itself, with an object of `contextPrototype`.

import { resetContext } from "./async_local.js";
import { allBuiltins, allow, builtin } from "./builtins.js";
import { inspect } from "./inspect.js";
import { fillMeta, importCommonJs, runMain, runValue } from "./modules.js";
import natives from "./natives.js";
import { raiseHandled, raiseRejection, raiseUncaught } from "./node/process.js";
import { primordials } from "./primordials.js";
import { flushLog } from "./process/log_lines.js";
import { notifyRejections, reportException, reportRejections, setReportHooks, trackRejection } from "./report.js";
import { call, describe, load } from "./run/index.js";
import { outcomeOf } from "./run/outcome.js";
import { awaited } from "./run/skep.js";
import { contextPrototype, takeCalled } from "./run/skep_context.js";
import { thrownParts } from "./run/thrown.js";
import { runTicks } from "./ticks.js";
import { timerLoop } from "./timers.js";

const { ArrayPrototypePush, ObjectCreate, ReflectOwnKeys, StringPrototypeToWellFormed } = primordials;

const ERROR = 3;

const logError = (what, error) => {
    natives.log(ERROR, StringPrototypeToWellFormed(`${what} ${inspect(error)}`));
};

// Whether a listener of the app took an error. One that throws did not, and what it threw is told first.
const tookIt = (raise) => {
    try {
        return raise();
    } catch (error) {
        logError("Uncaught", error);
        return false;
    }
};

setReportHooks({
    exception(error) {
        if (!tookIt(() => raiseUncaught(error))) logError("Uncaught", error);
    },
    takesRejection: (reason, promise) => tookIt(() => raiseRejection(reason, promise)),
    rejection(reason) {
        logError("Uncaught (in promise)", reason);
    },
    rejectionHandled: raiseHandled,
});

/** The app of this instance, as run/index.js describes it. */
let app;
let env;

/** Called once when neither jobs nor timers are left, in the order of asking. */
let idlers = [];
const whenIdle = (then) => {
    natives.untidy();
    ArrayPrototypePush(idlers, then);
};

const report = (error) => logError("Uncaught (in promise)", error);

const { remaining } = natives;
const newInvocation = (id, context) => ({ id, remaining, context, env, report, whenIdle });

export const driver = {
    __proto__: null,

    /** Leaves only these built-in modules. */
    allow,

    /** Runs the entry, which is no ES module: gives [module.exports, a declared `main`]. */
    run: (entry) => runMain(entry),

    /** The value of an entry that is one expression; with `isScoped` a function of an object of names in it. */
    value: (entry, isScoped) => runValue(entry, isScoped),

    /**
     * Takes a loaded app: `kind` is "esm", "cjs" or "script"; `exports`, `declared` and `value` as run/index.js has
     * them; `decided` is a flat list of name, convention of events and convention of HTTP (null for none) that an
     * earlier `describe` gave, or undefined.
     */
    adopt(kind, exports, main, value, decided) {
        const about = natives.about();
        const declared = ObjectCreate(null);
        declared.main = main;
        env = ObjectCreate(null);
        const given = natives.variables();
        for (let at = 0; at < given.length; at += 2) env[given[at]] = given[at + 1];
        app = {
            kind, exports, declared, value, handler: about[0], name: about[1], memoryMiB: about[2],
            decided: decided === undefined ? undefined : unflatten(decided),
        };
    },

    /** What can be called: [names, conventions, problem], of which conventions are pairs. */
    describe() {
        const { functions, conventions, problem } = describe(app);
        return [functions, conventions, problem];
    },

    /** What a convention does once in each instance; a promise. */
    load: () => load(app),

    /** An event call: a value or a promise of one, for `outcome`. `context` is what the caller's platform knows. */
    event: (name, event, id, context) =>
        call(app, name, { event, http: undefined, invocation: newInvocation(id, context) }),

    /** An HTTP-shaped call, as `event`. `headers` is a flat list of names and values. */
    http(name, method, url, headers, body, id, context) {
        const pairs = [];
        for (let at = 0; at < headers.length; at += 2) ArrayPrototypePush(pairs, [headers[at], headers[at + 1]]);
        const invocation = newInvocation(id, context);
        return call(app, name, { event: undefined, http: { method, url, headers: pairs, body }, invocation });
    },

    /** What a settled call is: undefined for a value that JSON says, a promise of another value, or a list. */
    outcome: outcomeOf,

    /** What a function that Rust called gave, as `await` takes it. */
    awaited,

    /** The names of all built-in modules. */
    builtins: allBuiltins,

    /** The names that an import of a built-in module has beside `default`. */
    names(name) {
        const module = builtin(name) ?? {};
        const keys = ReflectOwnKeys(module);
        const names = [];
        for (let at = 0; at < keys.length; at++) {
            const key = keys[at];
            if (typeof key !== "string" || key === "default" || key === "prototype") continue;
            // What every function has is no export of one that is a module.
            if (typeof module === "function" && (key === "name" || key === "length")) continue;
            ArrayPrototypePush(names, key);
        }
        return names;
    },

    /** Fills `import.meta` of the module at a path inside the app. */
    meta: fillMeta,

    /** What was thrown, as texts: [name, message, stack]. */
    thrown: thrownParts,

    contextPrototype,
    takeCalled,
    runTicks,
    notifyRejections,
    trackRejection,
    reportException,
    nextDelay: timerLoop.nextDelay,
    fire: timerLoop.fire,

    /** Whether somebody waited for nothing to be left. */
    idle() {
        if (idlers.length === 0) return false;
        const list = idlers;
        idlers = [];
        for (let at = 0; at < list.length; at++) list[at]();
        return true;
    },

    /** The end of a load or a call: what it left behind is told and forgotten. */
    finish() {
        idlers = [];
        resetContext();
        reportRejections();
        timerLoop.clear();
        takeCalled();
        flushLog();
    },

    /** What an ES module imports of a module that is none: a built-in one by its name, else one of CommonJS or JSON. */
    foreign: (id, isBuiltin) => (isBuiltin ? builtin(id) : importCommonJs(id)),
};

const unflatten = (decided) => {
    const functions = [];
    const conventions = [];
    for (let at = 0; at < decided.length; at += 3) {
        ArrayPrototypePush(functions, decided[at]);
        ArrayPrototypePush(conventions, [decided[at + 1], decided[at + 2]]);
    }
    return { functions, conventions };
};
