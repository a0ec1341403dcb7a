// The module "events".

import { failure } from "./common.mjs";

const events = process.getBuiltinModule("events");
const { EventEmitter } = events;

const noop = () => {};

export const cases = [
    ["the module is the class", () => [events === EventEmitter, new EventEmitter().constructor === EventEmitter,
        EventEmitter.prototype.constructor === EventEmitter, EventEmitter.EventEmitter === EventEmitter,
        EventEmitter.usingDomains, EventEmitter.captureRejections, typeof EventEmitter.errorMonitor,
            EventEmitter.captureRejectionSymbol === Symbol.for("nodejs.rejection"),
        EventEmitter.errorMonitor.toString()], [true, true, true, true, false, false, "symbol", true, "Symbol(events.errorMonitor)"]],
    ["emit calls in order, with all arguments and the emitter as this", () => {
        const emitter = new EventEmitter();
        const calls = [];
        emitter.on("a", function (...values) {
            calls.push([this === emitter, ...values]);
        });
        emitter.addListener("a", (...values) => calls.push(values.length));
        emitter.prependListener("a", () => calls.push("first"));
        return [emitter.emit("a", 1, 2, 3, 4, 5), emitter.emit("b"), calls, emitter.addListener === emitter.on];
    }, [true, false, ["first", [true, 1, 2, 3, 4, 5], 5], true]],
    ["once and prependOnceListener call once", () => {
        const emitter = new EventEmitter();
        const calls = [];
        const result = emitter.once("a", (value) => calls.push(`once ${value}`));
        emitter.on("a", (value) => calls.push(`on ${value}`));
        emitter.prependOnceListener("a", (value) => calls.push(`before ${value}`));
        emitter.emit("a", 1);
        emitter.emit("a", 2);
        return [result === emitter, calls, emitter.listenerCount("a")];
    }, [true, ["before 1", "once 1", "on 1", "on 2"], 1]],
    ["a listener that is added or removed during emit does not change the round", () => {
        const emitter = new EventEmitter();
        const calls = [];
        const late = () => calls.push("late");
        const gone = () => calls.push("gone");
        emitter.on("a", () => {
            calls.push("one");
            emitter.on("a", late);
            emitter.off("a", gone);
        });
        emitter.on("a", gone);
        emitter.emit("a");
        return [calls, emitter.listeners("a").length];
    }, [["one", "gone"], 2]],
    ["an error without a listener is thrown", () => {
        const emitter = new EventEmitter();
        const own = new RangeError("own");
        return [failure(() => emitter.emit("error", own))[2], failure(() => emitter.emit("error", "text")), failure(() => emitter.emit("error")),
            failure(() => emitter.emit("error", { a: 1 })),
            failure(() => emitter.emit("error", null))];
    }, [
        "own", ["Error", "ERR_UNHANDLED_ERROR", "Unhandled error. ('text')"],
        ["Error", "ERR_UNHANDLED_ERROR", "Unhandled error. (undefined)"],
        ["Error", "ERR_UNHANDLED_ERROR", "Unhandled error. ({ a: 1 })"], ["Error", "ERR_UNHANDLED_ERROR", "Unhandled error. (null)"],
    ]],
    ["the value of an error that is none stands in context", () => {
        try {
            new EventEmitter().emit("error", 42);
            return "nothing";
        } catch (error) {
            return [error.context, error.code, error.name];
        }
    }, [42, "ERR_UNHANDLED_ERROR", "Error"]],
    ["errorMonitor sees errors and catches none", () => {
        const emitter = new EventEmitter();
        const seen = [];
        emitter.on(events.errorMonitor, (error) => seen.push(error.message));
        const thrown = failure(() => emitter.emit("error", new Error("a")));
        emitter.on("error", noop);
        return [thrown[2], emitter.emit("error", new Error("b")), seen];
    }, ["a", true, ["a", "b"]]],
    ["removeListener takes the newest of the same", () => {
        const emitter = new EventEmitter();
        emitter.on("a", noop).on("a", parseInt).on("a", noop);
        const removed = [];
        emitter.on("removeListener", (name, listener) => removed.push([name, listener === noop]));
        emitter.removeListener("a", noop);
        emitter.off("a", Math.abs);
        return [emitter.listeners("a").map((each) => each.name), removed, emitter.removeListener("zz", noop) === emitter];
    }, [["noop", "parseInt"], [["a", true]], true]],
    ["a listener of once is removed by its own function", () => {
        const emitter = new EventEmitter();
        const removed = [];
        emitter.once("a", noop);
        emitter.on("removeListener", (name, listener) => removed.push(listener === noop));
        emitter.off("a", noop);
        return [emitter.listenerCount("a"), removed];
    }, [0, [true]]],
    ["removeAllListeners", () => {
        const emitter = new EventEmitter();
        const removed = [];
        emitter.on("a", noop).on("a", parseInt).on("b", noop);
        emitter.on("removeListener", (name, listener) => removed.push(`${name}:${listener.name}`));
        emitter.removeAllListeners("a");
        const after = [...removed];
        const result = emitter.removeAllListeners();
        return [after, removed, emitter.eventNames(), result === emitter];
    }, [["a:parseInt", "a:noop"], ["a:parseInt", "a:noop", "b:noop"], [], true]],
    ["newListener comes before the listener is there", () => {
        const emitter = new EventEmitter();
        const seen = [];
        emitter.on("newListener", (name, listener) => seen.push([name, listener === noop, emitter.listenerCount(name)]));
        emitter.on("a", noop);
        emitter.once("b", noop);
        return seen;
    }, [["a", true, 0], ["b", true, 0]]],
    ["listeners and rawListeners", () => {
        const emitter = new EventEmitter();
        emitter.on("a", noop);
        emitter.once("a", noop);
        const raw = emitter.rawListeners("a");
        const list = emitter.listeners("a");
        list.push(1);
        return [emitter.listeners("a").every((each) => each === noop), raw[0] === noop, raw[1] === noop, raw[1].listener === noop,
            emitter.listeners("none"), emitter.rawListeners("none"), emitter.listenerCount("a")];
    }, [true, true, false, true, [], [], 2]],
    ["eventNames", () => {
        const emitter = new EventEmitter();
        const symbol = Symbol("s");
        emitter.on("b", noop).on(symbol, noop).on("a", noop).on("gone", noop).off("gone", noop);
        return [emitter.eventNames().map(String), new EventEmitter().eventNames()];
    }, [["b", "a", "Symbol(s)"], []]],
    ["listenerCount of one listener", () => {
        const emitter = new EventEmitter();
        emitter.on("a", noop).once("a", noop).on("a", parseInt);
        return [emitter.listenerCount("a"), emitter.listenerCount("a", noop), emitter.listenerCount("a", Math.abs), events.listenerCount(emitter,
            "a"), emitter.listenerCount("none")];
    }, [3, 2, 0, 3, 0]],
    ["listeners are functions", () => ["on", "once", "off", "addListener", "removeListener", "prependListener",
        "prependOnceListener"].map((name) => failure(() => new EventEmitter()[name]("a", 1))), [
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"listener\" argument must be of type function. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"listener\" argument must be of type function. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"listener\" argument must be of type function. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"listener\" argument must be of type function. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"listener\" argument must be of type function. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"listener\" argument must be of type function. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"listener\" argument must be of type function. Received type number (1)"],
    ]],
    ["how many may listen", () => {
        const emitter = new EventEmitter();
        const before = emitter.getMaxListeners();
        return [before, emitter.setMaxListeners(3) === emitter, emitter.getMaxListeners(), events.getMaxListeners(emitter),
            failure(() => emitter.setMaxListeners(-1)), failure(() => emitter.setMaxListeners("a")),
            failure(() => emitter.setMaxListeners(NaN))[1], events.defaultMaxListeners];
    }, [
        10, true, 3, 3,
        ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"setMaxListeners\" is out of range. It must be >= 0. Received -1"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"setMaxListeners\" argument must be of type number. Received type string ('a')"],
        "ERR_OUT_OF_RANGE", 10,
    ]],
    ["defaultMaxListeners is for all that have no number of their own", () => {
        const [one, two] = [new EventEmitter(), new EventEmitter().setMaxListeners(4)];
        events.defaultMaxListeners = 7;
        const found = [one.getMaxListeners(), two.getMaxListeners(), EventEmitter.defaultMaxListeners];
        events.defaultMaxListeners = 10;
        return [...found, failure(() => {
            events.defaultMaxListeners = -2;
        }), failure(() => {
            events.defaultMaxListeners = "a";
        })[1], events.defaultMaxListeners];
    }, [
        7, 4, 7,
        ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"defaultMaxListeners\" is out of range. It must be >= 0. Received -2"],
        "ERR_INVALID_ARG_TYPE", 10,
    ]],
    ["setMaxListeners for emitters and targets", () => {
        const [emitter, target] = [new EventEmitter(), new EventTarget()];
        events.setMaxListeners(5, emitter, target);
        return [emitter.getMaxListeners(), events.getMaxListeners(target), failure(() => events.setMaxListeners(-1, emitter))[1],
            failure(() => events.setMaxListeners(1, {}))[1],
            failure(() => events.getMaxListeners({}))[1], events.getMaxListeners(new AbortController().signal)];
    }, [5, 5, "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", 10]],
    ["too many listeners are told once", async () => {
        const emitter = new EventEmitter().setMaxListeners(1);
        const warnings = [];
        const listen = (warning) => warnings.push([warning.name, warning.count, warning.type, warning.message]);
        process.on("warning", listen);
        for (let at = 0; at < 4; at++) emitter.on("a", noop);
        await new Promise((resolve) => setTimeout(resolve, 5));
        process.off("warning", listen);
        return warnings;
    }, [
        ["MaxListenersExceededWarning", 2, "a",
            "Possible EventEmitter memory leak detected. 2 a listeners added to [EventEmitter]. MaxListeners is 1. Use emitter.setMaxListeners() to increase limit"],
    ]],
    ["getEventListeners", () => {
        const emitter = new EventEmitter();
        const target = new EventTarget();
        emitter.on("a", noop);
        emitter.once("a", parseInt);
        target.addEventListener("a", noop);
        return [events.getEventListeners(emitter, "a").map((each) => each.name), events.getEventListeners(target, "a").length,
            events.getEventListeners(target, "b"),
            failure(() => events.getEventListeners({}, "a"))[1]];
    }, [["noop", "parseInt"], 1, [], "ERR_INVALID_ARG_TYPE"]],
    ["addAbortListener", () => {
        const controller = new AbortController();
        const seen = [];
        const first = events.addAbortListener(controller.signal, (event) => seen.push(event.type));
        const second = events.addAbortListener(controller.signal, () => seen.push("gone"));
        second[Symbol.dispose]();
        controller.abort();
        return [seen, typeof first[Symbol.dispose], failure(() => events.addAbortListener({}, noop))[1],
            failure(() => events.addAbortListener(controller.signal, 5))[1]];
    }, [["abort"], "function", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["addAbortListener of a signal that is aborted already", async () => {
        const seen = [];
        events.addAbortListener(AbortSignal.abort(), () => seen.push("called"));
        const before = seen.length;
        await null;
        return [before, seen];
    }, [0, ["called"]]],
    ["once gives the arguments of the next", async () => {
        const emitter = new EventEmitter();
        const promise = events.once(emitter, "a");
        emitter.emit("a", 1, 2);
        const target = new EventTarget();
        const other = events.once(target, "x");
        target.dispatchEvent(new Event("x"));
        return [await promise, (await other)[0].type, emitter.listenerCount("a"), emitter.listenerCount("error")];
    }, [[1, 2], "x", 0, 0]],
    ["once rejects with an error, or with the reason of a signal", async () => {
        const emitter = new EventEmitter();
        const promise = events.once(emitter, "a").catch((error) => error.message);
        emitter.emit("error", new Error("own"));
        const controller = new AbortController();
        const stopped = events.once(emitter, "a", { signal: controller.signal }).catch((error) => [error.name, error.code, error.cause]);
        controller.abort("why");
        const error = events.once(emitter, "error");
        emitter.emit("error", new Error("wanted"));
        return [await promise, await stopped, (await error)[0].message, await events.once(emitter, "a", { signal: 1 }).catch((each) => each.code),
            await events.once({}, "a").catch((each) => each.code)];
    }, ["own", ["AbortError", "ABORT_ERR", "why"], "wanted", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["on is an iterator of all that come", async () => {
        const emitter = new EventEmitter();
        const iterator = events.on(emitter, "a");
        emitter.emit("a", 1);
        emitter.emit("a", 2, 3);
        const found = [(await iterator.next()).value, (await iterator.next()).value];
        const waiting = iterator.next();
        emitter.emit("a", 4);
        found.push((await waiting).value);
        await iterator.return();
        return [found, emitter.listenerCount("a"), await iterator.next()];
    }, [[[1], [2, 3], [4]], 0, { done: true }]],
    ["on ends with an error, a signal, or an event of its own", async () => {
        const emitter = new EventEmitter();
        const broken = events.on(emitter, "a");
        emitter.emit("error", new Error("own"));
        const first = await broken.next().catch((error) => error.message);
        const controller = new AbortController();
        const stopped = events.on(emitter, "a", { signal: controller.signal });
        controller.abort();
        const second = await stopped.next().catch((error) => error.name);
        const seen = [];
        const closing = events.on(emitter, "a", { close: ["end"] });
        emitter.emit("a", 1);
        emitter.emit("end");
        for await (const each of closing) seen.push(each);
        return [first, second, seen, failure(() => events.on(emitter, "a", { signal: AbortSignal.abort() }))[0], failure(() => events.on(emitter, "a",
            { signal: 1 }))[1]];
    }, ["own", "AbortError", [[1]], "AbortError", "ERR_INVALID_ARG_TYPE"]],
    ["rejections of listeners are errors if that is wanted", async () => {
        const seen = [];
        const emitter = new EventEmitter({ captureRejections: true });
        emitter.on("a", async (value) => {
            throw new Error(`a ${value}`);
        });
        emitter.on("error", (error) => seen.push(error.message));
        emitter.emit("a", 1);
        await new Promise((resolve) => setImmediate(resolve));
        emitter[events.captureRejectionSymbol] = (error, name, ...values) => seen.push([error.message, name, values]);
        emitter.emit("a", 2);
        await new Promise((resolve) => setImmediate(resolve));
        return [seen, failure(() => new EventEmitter({ captureRejections: 1 }))[1], failure(() => {
            events.captureRejections = 1;
        })[1]];
    }, [["a 1", ["a 2", "a", [2]]], "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["init gives an object what the class would", () => {
        const object = Object.create(EventEmitter.prototype);
        EventEmitter.init.call(object);
        object.on("a", noop);
        return [object.emit("a"), object.listenerCount("a"), Object.keys(object).includes("_events")];
    }, [true, 1, true]],
    ["called without new, and on objects of others", () => {
        function Old() {
            EventEmitter.call(this);
        }
        Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
        const old = new Old();
        old.on("a", noop);
        const bare = Object.assign({}, EventEmitter.prototype);
        bare.on("b", noop);
        return [old.emit("a"), bare.emit("b"), old instanceof EventEmitter, new Old().emit("a")];
    }, [true, true, true, false]],
    ["names of events that objects have otherwise", () => {
        const emitter = new EventEmitter();
        const seen = [];
        for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
            seen.push(emitter.emit(name), emitter.listenerCount(name));
            emitter.on(name, () => seen.push(name));
            emitter.emit(name);
        }
        return seen;
    }, [false, 0, "__proto__", false, 0, "constructor", false, 0, "toString", false, 0, "hasOwnProperty"]],
    ["EventEmitterAsyncResource", () => {
        const emitter = new events.EventEmitterAsyncResource({ name: "Own" });
        const seen = [];
        emitter.on("a", function (value) {
            seen.push(value, this === emitter);
        });
        return [emitter.emit("a", 1), seen, emitter instanceof EventEmitter, emitter.asyncResource.eventEmitter === emitter, typeof emitter.asyncId,
            typeof emitter.triggerAsyncId, typeof emitter.emitDestroy(),
            failure(() => new events.EventEmitterAsyncResource({ name: 5 }))[1]];
    }, [true, [1, true], true, true, "number", "number", "undefined", "ERR_INVALID_ARG_TYPE"]],
];
