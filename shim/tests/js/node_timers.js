// The modules "timers" and "timers/promises".

const timers = process.getBuiltinModule("timers");
const promises = process.getBuiltinModule("timers/promises");
const { promisify } = process.getBuiltinModule("util");

const failed = (promise) => promise.then(() => "nothing", (error) => [error.name, error.code]);

export const cases = [
    ["the functions are the global ones", () => [timers.setTimeout === setTimeout, timers.clearInterval === clearInterval, timers.promises === promises],
        [true, true, true]],
    ["a promise of a timeout has its value", () => promises.setTimeout(1, "value"), "value"],
    ["a promise of an immediate has its value", () => promises.setImmediate("soon"), "soon"],
    ["promisify gives the same", () => promisify(setTimeout)(1, "x"), "x"],
    ["an aborted signal rejects at once", () => failed(promises.setTimeout(1000, 1, { signal: AbortSignal.abort() })), ["AbortError", "ABORT_ERR"]],
    ["a signal rejects later", () => {
        const controller = new AbortController();
        const promise = failed(promises.setTimeout(1000, 1, { signal: controller.signal }));
        controller.abort();
        return promise;
    }, ["AbortError", "ABORT_ERR"]],
    ["wrong options reject", async () => [await failed(promises.setTimeout(1, 1, 5)), await failed(promises.setTimeout(1, 1, { ref: 1 })),
        await failed(promises.setImmediate(1, { signal: 5 }))],
    [["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"]]],
    ["an interval is an iterator", async () => {
        const seen = [];
        for await (const value of promises.setInterval(1, "tick")) {
            seen.push(value);
            if (seen.length === 3) break;
        }
        return seen;
    }, ["tick", "tick", "tick"]],
    ["scheduler.wait and yield", async () => [await promises.scheduler.wait(1), await promises.scheduler.yield()], [null, null]],
];
