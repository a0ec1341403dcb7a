// Timers, immediates, microtasks, the clock and messages between ports.

const wait = (delay) => new Promise((resolve) => setTimeout(resolve, delay));

const refused = (run) => {
    try {
        run();
        return "taken";
    } catch (error) {
        return typeof error.code !== "string" ? error.name : `${error.name} ${error.code}`;
    }
};

export const cases = [
    ["every delay that is none counts as the shortest", async () => {
        const seen = [];
        const delays = [undefined, null, "5", NaN, -1, Infinity, {}, [], { valueOf: () => 2 }, 2 ** 40, true, "x"];
        await Promise.all(delays.map((delay, index) =>
            new Promise((resolve) => setTimeout(() => { seen.push(index); resolve(); }, delay))));
        return seen.length;
    }, 12],
    ["a delay that throws, and one that is no number", () => [
        refused(() => setTimeout(() => {}, { valueOf() { throw new RangeError("no"); } })),
        refused(() => setTimeout(() => {}, Symbol("s"))),
        refused(() => setTimeout(() => {}, 1n)),
    ], ["RangeError", "TypeError", "TypeError"]],
    ["text is not run as code", () => [
        refused(() => setTimeout("globalThis.x = 1", 0)), refused(() => setInterval("x")),
        refused(() => setImmediate("x")), refused(() => setTimeout()), refused(() => queueMicrotask("x")),
    ], [
        "TypeError ERR_INVALID_ARG_TYPE", "TypeError ERR_INVALID_ARG_TYPE", "TypeError ERR_INVALID_ARG_TYPE",
        "TypeError ERR_INVALID_ARG_TYPE", "TypeError",
    ]],
    ["timers fire by time, then by the order of setting", async () => {
        const seen = [];
        setTimeout(() => seen.push("late"), 20);
        setTimeout(() => seen.push("a"), 5);
        setTimeout(() => seen.push("b"), 5);
        setTimeout((...args) => seen.push(args), 1, "x", 2);
        await wait(30);
        return seen;
    }, [["x", 2], "a", "b", "late"]],
    ["microtasks run between two timers", async () => {
        const seen = [];
        setTimeout(() => { seen.push("one"); queueMicrotask(() => seen.push("micro")); }, 1);
        setTimeout(() => seen.push("two"), 1);
        await wait(10);
        return seen;
    }, ["one", "micro", "two"]],
    ["clearTimeout takes the object, its number and the number as text", async () => {
        const seen = [];
        clearTimeout(setTimeout(() => seen.push("object"), 1));
        clearTimeout(+setTimeout(() => seen.push("number"), 1));
        clearTimeout(`${setTimeout(() => seen.push("text"), 1)}`);
        clearInterval(setTimeout(() => seen.push("interval"), 1));
        for (const nothing of [undefined, null, {}, NaN, "x", -1, Symbol("s"), 1n]) clearTimeout(nothing);
        await wait(10);
        return seen;
    }, []],
    ["an interval repeats until it is cleared, also from inside", async () => {
        let count = 0;
        const interval = setInterval(() => { if (++count === 3) clearInterval(interval); }, 1);
        await wait(40);
        return count;
    }, 3],
    ["a timer is an object as Node's", async () => {
        const timer = setTimeout(() => {}, 1);
        const before = timer.hasRef();
        const after = timer.unref().hasRef();
        const back = timer.ref().hasRef();
        const same = timer.refresh() === timer;
        timer.close();
        return [before, after, back, same, typeof timer, typeof +timer, +timer === +timer, timer.constructor.name];
    }, [true, false, true, true, "object", "number", true, "Timeout"]],
    ["refresh starts a timer again after it fired; close ends that", async () => {
        let count = 0;
        const timer = setTimeout(() => { count++; }, 1);
        await wait(10);
        timer.refresh();
        await wait(10);
        timer.close();
        timer.refresh();
        await wait(10);
        return count;
    }, 2],
    ["immediates run after the microtasks, in order; cleared ones do not", async () => {
        const seen = [];
        await new Promise((resolve) => {
            setImmediate((text) => { seen.push(text); queueMicrotask(() => seen.push("micro")); }, "one");
            clearImmediate(setImmediate(() => seen.push("cleared")));
            setImmediate(() => { seen.push("two"); setImmediate(() => { seen.push("next turn"); resolve(); }); });
            queueMicrotask(() => seen.push("first"));
        });
        return seen;
    }, ["first", "one", "micro", "two", "next turn"]],
    ["the functions have the lengths of the web", () => [
        setTimeout.length, setInterval.length, clearTimeout.length, queueMicrotask.length, structuredClone.length,
    ], [1, 1, 0, 1, 1]],
    ["a timer's function gets the timer as this", async () => {
        let same;
        const timer = setTimeout(function () { same = this === timer; }, 1);
        await wait(5);
        return same;
    }, true],
    ["performance.now goes on and has an origin", async () => {
        const before = performance.now();
        await wait(5);
        return [4 < performance.now() - before, 1.6e12 < performance.timeOrigin, Object.keys(performance.toJSON())];
    }, [true, true, ["timeOrigin"]]],
    ["marks and measures", () => {
        performance.mark("from", { startTime: 5, detail: { a: 1 } });
        performance.mark("to", { startTime: 8 });
        const measure = performance.measure("between", "from", "to");
        const names = performance.getEntriesByType("mark").map((entry) => entry.name);
        const detail = performance.getEntriesByName("from")[0].detail;
        performance.clearMarks();
        performance.clearMeasures();
        return [measure.startTime, measure.duration, names, detail, performance.getEntries().length];
    }, [5, 3, ["from", "to"], { a: 1 }, 0]],
    ["a measure from null is one from the origin", () => {
        performance.mark("to", { startTime: 8 });
        const { startTime, duration } = performance.measure("between", null, "to");
        performance.clearMarks();
        performance.clearMeasures();
        return [startTime, duration];
    }, [0, 8]],
    ["observers are told of what comes after they began, together, as a task", async () => {
        const told = [];
        const observer = new PerformanceObserver(function (list, given, options) {
            told.push([list.getEntries().map((entry) => entry.name), this === observer && given === observer, options]);
        });
        performance.mark("before");
        observer.observe({ entryTypes: ["mark", "measure", "no such type"] });
        performance.mark("later", { startTime: 9 });
        performance.mark("earlier", { startTime: 8 });
        performance.measure("between", "earlier", "later");
        queueMicrotask(() => told.push("microtask"));
        await wait(5);
        performance.mark("second");
        await wait(5);
        observer.disconnect();
        performance.mark("third");
        await wait(5);
        performance.clearMarks();
        performance.clearMeasures();
        return told;
    }, ["microtask", [["earlier", "between", "later"], true, { droppedEntriesCount: 0 }], [["second"], true, {}]]],
    ["an observer of one type adds types, is told of earlier entries, and can take its records", async () => {
        const told = [];
        const observer = new PerformanceObserver((list) => {
            told.push(list.getEntriesByType("mark").length, list.getEntriesByName("m", "measure").length);
        });
        performance.mark("a");
        performance.measure("m");
        observer.observe({ type: "mark", buffered: true });
        observer.observe({ type: "measure", buffered: true });
        observer.observe({ type: "nothing of the kind" });
        await wait(5);
        performance.mark("b");
        const taken = observer.takeRecords();
        await wait(5);
        observer.disconnect();
        performance.clearMarks();
        performance.clearMeasures();
        return [told, taken.map((entry) => entry.name), observer.takeRecords()];
    }, [[1, 1], ["b"], []]],
    ["an error of an observer leaves the others their turn", async () => {
        const seen = [];
        const report = (event) => { event.preventDefault(); seen.push(event.error); };
        addEventListener("error", report);
        const observers = [
            new PerformanceObserver(() => { throw "of the first"; }), new PerformanceObserver(() => { seen.push("second"); }),
        ];
        for (const observer of observers) observer.observe({ entryTypes: ["mark"] });
        performance.mark("a");
        await wait(5);
        for (const observer of observers) observer.disconnect();
        performance.clearMarks();
        removeEventListener("error", report);
        return seen;
    }, ["of the first", "second"]],
    ["observers refuse what is no list of types, or both kinds of options", () => {
        const one = new PerformanceObserver(() => {});
        const two = new PerformanceObserver(() => {});
        one.observe({ type: "mark" });
        two.observe({ entryTypes: ["mark"] });
        const found = [
            refused(() => new PerformanceObserver()), refused(() => one.observe()), refused(() => one.observe({ entryTypes: "mark" })),
            refused(() => two.observe({ entryTypes: ["mark"], type: "mark" })), refused(() => one.observe({ entryTypes: ["mark"] })),
            refused(() => two.observe({ type: "mark" })), refused(() => new PerformanceObserverEntryList()),
            PerformanceObserver.supportedEntryTypes, Object.isFrozen(PerformanceObserver.supportedEntryTypes),
            PerformanceObserver.supportedEntryTypes === PerformanceObserver.supportedEntryTypes,
        ];
        one.disconnect();
        two.disconnect();
        return found;
    }, ["TypeError ERR_INVALID_ARG_TYPE", "TypeError ERR_MISSING_ARGS", "TypeError ERR_INVALID_ARG_TYPE",
        "TypeError ERR_INVALID_ARG_VALUE", "InvalidModificationError", "InvalidModificationError", "TypeError",
        ["mark", "measure"], true, true]],
    ["measure from a mark that is not there is a SyntaxError", () => refused(() => performance.measure("x", "nowhere")),
        "SyntaxError"],
    ["ports carry copies, in order, each as a task", async () => {
        const { port1, port2 } = new MessageChannel();
        const sent = { a: [1] };
        const seen = [];
        const done = new Promise((resolve) => {
            port2.onmessage = ({ data }) => {
                seen.push(data);
                if (seen.length === 2) resolve();
            };
        });
        port1.postMessage(sent);
        port1.postMessage("two");
        sent.a.push(2);
        await done;
        return seen;
    }, [{ a: [1] }, "two"]],
    ["a port is transferred with what waits for it", async () => {
        const { port1, port2 } = new MessageChannel();
        port1.postMessage("waits");
        const { port } = structuredClone({ port: port2 }, { transfer: [port2] });
        return await new Promise((resolve) => {
            port.onmessage = ({ data }) => resolve([data, port === port2, port instanceof MessagePort]);
        });
    }, ["waits", false, true]],
    ["navigator tells nothing of the machine", () => [
        navigator.userAgent, navigator.hardwareConcurrency, navigator.language, refused(() => new Navigator()),
    ], ["Skep", 1, "en-US", "TypeError"]],
];
