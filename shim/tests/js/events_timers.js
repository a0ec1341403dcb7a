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
