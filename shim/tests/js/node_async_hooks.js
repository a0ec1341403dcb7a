// The modules "async_hooks", "diagnostics_channel" and "perf_hooks".

import { code, failure } from "./common.mjs";

const hooks = process.getBuiltinModule("async_hooks");
const channels = process.getBuiltinModule("diagnostics_channel");
const perf = process.getBuiltinModule("perf_hooks");
const { AsyncLocalStorage, AsyncResource } = hooks;

export const cases = [
    ["a store is there while it runs", () => {
        const storage = new AsyncLocalStorage();
        const inner = storage.run({ a: 1 }, (one, two) => [storage.getStore().a, one, two, storage.run(2, () => storage.getStore()),
            storage.getStore().a], "x", "y");
        return [storage.getStore(), inner, storage.getStore(), storage.constructor === AsyncLocalStorage];
    }, [null, [1, "x", "y", 2, 1], null, true]],
    ["what run throws goes through, and the store is gone", () => {
        const storage = new AsyncLocalStorage();
        return [failure(() => storage.run(1, () => {
            throw new RangeError("own");
        })), storage.getStore()];
    }, [["RangeError", null, "own"], null]],
    ["exit leaves the store", () => {
        const storage = new AsyncLocalStorage();
        return storage.run(1, () => [storage.exit((value) => [storage.getStore(), value], "x"), storage.getStore()]);
    }, [[null, "x"], 1]],
    ["enterWith changes the store from there on", () => {
        const storage = new AsyncLocalStorage();
        return storage.run(1, () => {
            storage.enterWith(2);
            return [storage.getStore(), storage.run(3, () => storage.getStore()), storage.getStore()];
        });
    }, [2, 3, 2]],
    ["disable ends it until it is used again", () => {
        const storage = new AsyncLocalStorage();
        return storage.run(1, () => {
            const before = storage.getStore();
            storage.disable();
            return [before, storage.getStore(), storage.run(4, () => storage.getStore())];
        });
    }, [1, null, 4]],
    ["timers, ticks and promises keep the store", () => {
        const storage = new AsyncLocalStorage();
        return storage.run("kept", async () => {
            const found = [];
            await new Promise((resolve) => setTimeout(() => resolve(found.push(`timer ${storage.getStore()}`)), 1));
            await new Promise((resolve) => process.nextTick(() => resolve(found.push(`tick ${storage.getStore()}`))));
            await new Promise((resolve) => setImmediate(() => resolve(found.push(`immediate ${storage.getStore()}`))));
            await null;
            found.push(`await ${storage.getStore()}`);
            return found;
        });
    }, ["timer kept", "tick kept", "immediate kept", "await kept"]],
    ["bind and snapshot carry the stores of their moment", () => {
        const storage = new AsyncLocalStorage();
        const bound = storage.run("bound", () => AsyncLocalStorage.bind((value) => [storage.getStore(), value]));
        const snapshot = storage.run("taken", () => AsyncLocalStorage.snapshot());
        return [bound(5), snapshot((value) => [storage.getStore(), value], 6), code(() => AsyncLocalStorage.bind(5))];
    }, [["bound", 5], ["taken", 6], "ERR_INVALID_ARG_TYPE"]],
    ["a resource runs in its own stores", () => {
        const storage = new AsyncLocalStorage();
        const resource = storage.run("made", () => new AsyncResource("OWN"));
        return [resource.runInAsyncScope(function (one) {
            return [storage.getStore(), this.a, one];
        }, { a: 1 }, 2), typeof resource.asyncId(), typeof resource.triggerAsyncId(), resource.emitDestroy() === resource,
            resource.constructor === AsyncResource];
    }, [["made", 1, 2], "number", "number", true, true]],
    ["functions bound to a resource", () => {
        const storage = new AsyncLocalStorage();
        const resource = storage.run("made", () => new AsyncResource("OWN"));
        const bound = resource.bind(function named(one, two) {
            return [storage.getStore(), one, two];
        });
        const fixed = storage.run("static", () => AsyncResource.bind((value) => [storage.getStore(), value], "OWN"));
        return [bound(1, 2), bound.length, fixed(3), code(() => resource.bind(5)), code(() => AsyncResource.bind("a"))];
    }, [["made", 1, 2], 2, ["static", 3], "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["a resource has a type", () => [failure(() => new AsyncResource()), failure(() => new AsyncResource(5)), failure(() => new AsyncResource("a",
        { triggerAsyncId: -2 }))[0]], [
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"type\" argument must be of type string. Received undefined"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"type\" argument must be of type string. Received type number (5)"], "RangeError",
    ]],
    ["a hook can be made and switched", () => {
        const hook = hooks.createHook({ init() {} });
        return [hook.enable() === hook, hook.disable() === hook, code(() => hooks.createHook({ init: 5 })),
            code(() => hooks.createHook({ promiseResolve: "a" }))];
    }, [true, true, "ERR_ASYNC_CALLBACK", "ERR_ASYNC_CALLBACK"]],
    ["numbers of what runs", () => [typeof hooks.executionAsyncId(), 0 <= hooks.executionAsyncId(), typeof hooks.triggerAsyncId(),
        typeof hooks.executionAsyncResource(), hooks.executionAsyncResource() === hooks.executionAsyncResource()], [
        "number", true, "number", "object", true,
    ]],
    ["kinds of resources", () => [hooks.asyncWrapProviders.NONE, typeof hooks.asyncWrapProviders.PROMISE, Object.isFrozen(hooks.asyncWrapProviders)], [
        0, "number", true,
    ]],
    ["a channel tells its subscribers", () => {
        const channel = channels.channel("node_async_hooks:a");
        const seen = [];
        const listen = (message, name) => seen.push([message, name]);
        const found = [channel.hasSubscribers, channels.hasSubscribers("node_async_hooks:a")];
        channels.subscribe("node_async_hooks:a", listen);
        found.push(channel.hasSubscribers, channels.hasSubscribers("node_async_hooks:a"));
        channel.publish({ x: 1 });
        found.push(channels.unsubscribe("node_async_hooks:a", listen), channels.unsubscribe("node_async_hooks:a", listen), channel.hasSubscribers);
        channel.publish(2);
        return [found, seen, channels.channel("node_async_hooks:a") === channel, channel.name, channel instanceof channels.Channel];
    }, [[false, false, true, true, true, false, false], [[{ x: 1 }, "node_async_hooks:a"]], true, "node_async_hooks:a", true]],
    ["channels have names and functions", () => [code(() => channels.channel(5)), code(() => channels.subscribe("a", 5)),
        String(channels.channel(Symbol("s")).name), {} instanceof channels.Channel, channels.hasSubscribers("none")], [
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "Symbol(s)", false, false,
    ]],
    ["a channel runs stores", () => {
        const storage = new AsyncLocalStorage();
        const channel = channels.channel("node_async_hooks:b");
        channel.bindStore(storage, (data) => data * 2);
        return [channel.runStores(21, function (value) {
            return [storage.getStore(), this.a, value];
        }, { a: 1 }, "x"), channel.unbindStore(storage), channel.unbindStore(storage), storage.getStore()];
    }, [[42, 1, "x"], true, false, null]],
    ["a traced function tells its course", async () => {
        const tracing = channels.tracingChannel("node_async_hooks:c");
        const seen = [];
        const note = (name) => (message) => seen.push(`${name} ${message.result ?? message.error?.message ?? ""}`);
        const handlers = { start: note("start"), end: note("end"), asyncStart: note("asyncStart"), asyncEnd: note("asyncEnd"), error: note("error") };
        tracing.subscribe(handlers);
        const results = [tracing.traceSync((value) => value + 1, {}, undefined, 1), failure(() => tracing.traceSync(() => {
            throw new Error("own");
        }, {}))[2], await tracing.tracePromise(async (value) => value * 2, {}, undefined, 4)];
        await new Promise((resolve) => tracing.traceCallback((callback) => setTimeout(callback, 1, null, "done"), 0, {}, undefined, (error,
            value) => resolve(seen.push(`callback ${value}`))));
        return [results, seen, tracing.unsubscribe(handlers), tracing.hasSubscribers];
    }, [
        [2, "own", 8],
        ["start ", "end 2", "start ", "error own", "end own", "start ", "end ", "asyncStart 8", "asyncEnd 8", "start ", "end ", "asyncStart done",
            "callback done", "asyncEnd done"],
        true, false,
    ]],
    ["tracing channels are made of five", () => [code(() => channels.tracingChannel(5)), channels.tracingChannel("x:y").start.name], [
        "ERR_INVALID_ARG_TYPE", "tracing:x:y:start",
    ]],
    ["perf_hooks has the classes of the web", () => [perf.performance === performance, perf.Performance === Performance,
        perf.PerformanceEntry === PerformanceEntry, perf.PerformanceMark === PerformanceMark,
        perf.PerformanceMeasure === PerformanceMeasure, failure(() => new perf.Performance())[0], failure(() => new perf.PerformanceEntry())[0]], [
        true, true, true, true, true, "TypeError", "TypeError",
    ]],
    ["marks and measures", () => {
        const mark = new perf.PerformanceMark("m", { startTime: 5, detail: { a: 1 } });
        performance.mark("node_async_hooks:1", { startTime: 10 });
        performance.mark("node_async_hooks:2", { startTime: 25 });
        const measure = performance.measure("node_async_hooks:3", "node_async_hooks:1", "node_async_hooks:2");
        const found = [mark.name, mark.entryType, mark.startTime, mark.duration, mark.detail, measure.startTime, measure.duration, measure.entryType,
            measure instanceof perf.PerformanceMeasure,
            performance.getEntriesByName("node_async_hooks:1").length, mark.toJSON(), failure(() => new perf.PerformanceMark("m",
                { startTime: -1 }))[0], failure(() => performance.measure("x", "none"))[0]];
        performance.clearMarks();
        performance.clearMeasures();
        return [...found, performance.getEntries().length];
    }, [
        "m", "mark", 5, 0, { a: 1 }, 10, 15, "measure", true, 1,
        { name: "m", entryType: "mark", startTime: 5, duration: 0, detail: { a: 1 } }, "TypeError", "SyntaxError", 0,
    ]],
    ["timerify", () => {
        const histogram = perf.createHistogram();
        const measured = perf.timerify(function add(one, two) {
            return one + two;
        }, { histogram });
        class Own {}
        return [measured(1, 2), measured.name, measured.length, histogram.count, new (perf.timerify(Own))() instanceof Own,
            code(() => perf.timerify(5)), code(() => perf.timerify(() => {}, { histogram: 5 }))];
    }, [3, "timerified add", 2, 1, true, "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["eventLoopUtilization", () => [Object.keys(perf.eventLoopUtilization()).sort(), typeof perf.eventLoopUtilization().utilization,
        Object.keys(performance.eventLoopUtilization(perf.eventLoopUtilization())).sort()], [["active", "idle", "utilization"], "number", ["active",
        "idle", "utilization"]]],
    ["constants of collections", () => [perf.constants.NODE_PERFORMANCE_GC_MAJOR, perf.constants.NODE_PERFORMANCE_GC_MINOR,
        perf.constants.NODE_PERFORMANCE_GC_INCREMENTAL, perf.constants.NODE_PERFORMANCE_GC_FLAGS_FORCED], [
        4, 1, 8, 4,
    ]],
    ["an observer of what is there already", async () => {
        performance.mark("node_async_hooks:early");
        const seen = await new Promise((resolve) => {
            const observer = new perf.PerformanceObserver((list, own) => {
                own.disconnect();
                resolve([list instanceof perf.PerformanceObserverEntryList, list.getEntries().map((each) => each.name),
                    list.getEntriesByType("mark").length, list.getEntriesByName("node_async_hooks:early").length,
                    list.getEntriesByName("node_async_hooks:early", "measure").length, own === observer]);
            });
            observer.observe({ type: "mark", buffered: true });
        });
        performance.clearMarks();
        return seen;
    }, [true, ["node_async_hooks:early"], 1, 1, 0, true]],
    ["an observer hears of what comes, in a task of its own", async () => {
        const seen = [];
        const observer = new perf.PerformanceObserver((list) => seen.push(list.getEntries().map((each) => `${each.entryType} ${each.name}`)));
        observer.observe({ entryTypes: ["mark", "measure", "nothing"] });
        performance.mark("a", { startTime: 1 });
        performance.measure("b", "a");
        process.nextTick(() => seen.push("tick"));
        await new Promise((resolve) => setTimeout(resolve, 5));
        performance.mark("c");
        seen.push(observer.takeRecords().map((each) => each.name), observer.takeRecords());
        observer.disconnect();
        performance.mark("d");
        observer.observe({ type: "measure" });
        performance.mark("e");
        performance.measure("f", "e");
        await new Promise((resolve) => setTimeout(resolve, 5));
        observer.disconnect();
        performance.clearMarks();
        performance.clearMeasures();
        return seen;
    }, ["tick", ["mark a", "measure b"], ["c"], [], ["measure f"]]],
    ["an observer takes types one by one or in a list, not both", () => {
        const [one, list] = [new perf.PerformanceObserver(() => {}), new perf.PerformanceObserver(() => {})];
        one.observe({ type: "mark" });
        one.observe({ type: "measure" });
        list.observe({ entryTypes: ["mark"] });
        const found = [failure(() => one.observe({ entryTypes: ["mark"] })), failure(() => list.observe({ type: "mark" })),
            code(() => list.observe({ entryTypes: 5 })), code(() => list.observe({ type: "mark", entryTypes: [] })), code(() => list.observe())];
        one.disconnect();
        list.disconnect();
        return [...found, failure(() => one.observe({ entryTypes: [] }))[0]];
    }, [
        ["InvalidModificationError", 13, "PerformanceObserver can not change to multiple observations"],
        ["InvalidModificationError", 13, "PerformanceObserver can not change to single observation"], "ERR_INVALID_ARG_TYPE",
        "ERR_INVALID_ARG_VALUE", "ERR_MISSING_ARGS", "gave",
    ]],
    ["observers want functions and options", () => [code(() => new perf.PerformanceObserver()),
        perf.PerformanceObserver.supportedEntryTypes.includes("mark"), perf.PerformanceObserver.supportedEntryTypes.includes("measure"),
        failure(() => new perf.PerformanceObserverEntryList())[0], new perf.PerformanceObserver(() => {}).takeRecords(),
            code(() => new perf.PerformanceObserver(() => {}).observe(5)), code(() => new perf.PerformanceObserver(() => {}).observe({}))], [
        "ERR_INVALID_ARG_TYPE", true, true, "TypeError", [], "ERR_INVALID_ARG_TYPE", "ERR_MISSING_ARGS",
    ]],
    ["a histogram of what was recorded", () => {
        const histogram = perf.createHistogram({ lowest: 1, highest: 1000 });
        for (const value of [1, 2, 3, 3, 500n, 100_000]) histogram.record(value);
        const other = perf.createHistogram();
        other.record(7);
        histogram.add(other);
        const found = [histogram.count, histogram.min, histogram.max, histogram.exceeds, histogram.percentile(50),
            [...histogram.percentiles.keys()].at(-1), typeof histogram.countBigInt];
        histogram.reset();
        return [...found, histogram.count, histogram.max, code(() => histogram.record(0)), code(() => histogram.record("a")),
            code(() => histogram.percentile(101)), code(() => perf.createHistogram({ lowest: 5, highest: 6 })), code(() => histogram.add({}))];
    }, [6, 1, 500, 1, 3, 100, "bigint", 0, 0, "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE"]],
];
