// The modules "timers/promises", "stream/promises", "stream/web" and the operators of readable streams, with awkward arguments.

const timers = process.getBuiltinModule("timers/promises");
const streams = process.getBuiltinModule("stream/promises");
const web = process.getBuiltinModule("stream/web");
const { Readable, Writable, PassThrough, Transform } = process.getBuiltinModule("stream");

const rejected = (promise) => Promise.resolve(promise).then((value) => ["gave", value], (error) => [error.name, error.code,
    error.cause?.message ?? error.cause]);
const thrown = async (run) => {
    try {
        return await rejected(run());
    } catch (error) {
        return ["thrown", error.name, error.code];
    }
};
const numbers = (...list) => Readable.from(list);

export const cases = [
    ["timeouts and immediates have values", async () => [await timers.setTimeout(1), await timers.setTimeout(1, "a"),
        await timers.setTimeout(undefined, "b"), (await thrown(() => timers.setTimeout("1", "c"))).slice(0, 2), await timers.setImmediate("d"),
            await timers.scheduler.wait(1),
        await timers.scheduler.yield()], [null, "a", "b", ["TypeError", "ERR_INVALID_ARG_TYPE"], "d", null, null]],
    ["wrong options reject", async () => [await thrown(() => timers.setTimeout(1, 1, 5)), await thrown(() => timers.setTimeout(1, 1, { signal: 5 })),
        await thrown(() => timers.setTimeout(1, 1, { ref: 5 })), await thrown(() => timers.setImmediate(1, 5)),
        await thrown(() => timers.setImmediate(1, { ref: 5 })), await thrown(() => timers.scheduler.wait(1, { signal: 5 }))], [
        ["TypeError", "ERR_INVALID_ARG_TYPE", null], ["TypeError", "ERR_INVALID_ARG_TYPE", null],
        ["TypeError", "ERR_INVALID_ARG_TYPE", null], ["TypeError", "ERR_INVALID_ARG_TYPE", null],
        ["TypeError", "ERR_INVALID_ARG_TYPE", null], ["TypeError", "ERR_INVALID_ARG_TYPE", null],
    ]],
    ["signals reject with their reason as cause", async () => {
        const controller = new AbortController();
        const all = [timers.setTimeout(1000, 1, { signal: controller.signal }), timers.setImmediate(1, { signal: controller.signal }),
            timers.scheduler.wait(1000, { signal: controller.signal }), timers.setTimeout(1, 1, { signal: AbortSignal.abort("early") })].map(rejected);
        controller.abort(new Error("why"));
        return Promise.all(all);
    }, [["AbortError", "ABORT_ERR", "why"], ["AbortError", "ABORT_ERR", "why"], ["AbortError", "ABORT_ERR", "why"], ["AbortError", "ABORT_ERR", "early"]]],
    ["an interval counts until it is left, and a signal ends it", async () => {
        let count = 0;
        for await (const value of timers.setInterval(1, "v")) if (value !== "v" || ++count === 3) break;
        const controller = new AbortController();
        const ended = await (async () => {
            for await (const value of timers.setInterval(1, 0, { signal: controller.signal })) if (value === 0) controller.abort();
        })().catch((error) => error.name);
        const iterator = timers.setInterval(1);
        return [count, ended, await iterator.next(), await iterator.return(), await iterator.next(), await thrown(() => timers.setInterval(1, 1,
            { signal: 5 }).next())];
    }, [3, "AbortError", { done: false }, { done: true }, { done: true }, ["TypeError", "ERR_INVALID_ARG_TYPE", null]]],
    ["pipeline", async () => {
        const seen = [];
        const sink = () => new Writable({ objectMode: true, write(chunk, encoding, callback) {
            seen.push(String(chunk));
            callback();
        } });
        const result = await streams.pipeline(numbers("a", "b"), async function* (source) {
            for await (const chunk of source) yield `${chunk}!`;
        }, sink());
        const value = await streams.pipeline(numbers(1, 2), async (source) => {
            let sum = 0;
            for await (const chunk of source) sum += chunk;
            return sum;
        });
        return [result, seen, value, await thrown(() => streams.pipeline(numbers(1), async () => {
            throw new RangeError("own");
        })), await thrown(() => streams.pipeline(numbers(1))), await thrown(() => streams.pipeline()), await thrown(() => streams.pipeline(numbers(1), 5))];
    }, [
        null, ["a!", "b!"], 3, ["RangeError", null, null], ["TypeError", "ERR_MISSING_ARGS", null],
        ["TypeError", "ERR_MISSING_ARGS", null], ["TypeError", "ERR_INVALID_ARG_TYPE", null],
    ]],
    ["pipeline with a signal, and one that does not end its target", async () => {
        const controller = new AbortController();
        const stopped = rejected(streams.pipeline(new Readable({ read() {} }), new PassThrough(), { signal: controller.signal }));
        controller.abort();
        const target = new PassThrough();
        await streams.pipeline(Readable.from(["x"]), target, { end: false });
        return [await stopped, target.writableEnded, String(target.read()), await thrown(() => streams.pipeline(Readable.from(["x"]),
            new PassThrough(), { signal: 5 }))];
    }, [["AbortError", "ABORT_ERR", "This operation was aborted"], false, "x", ["TypeError", "ERR_INVALID_ARG_TYPE", null]]],
    ["finished", async () => {
        const own = new PassThrough();
        own.resume();
        const done = streams.finished(own);
        own.end("a");
        const broken = new Readable({ read() {} });
        const error = rejected(streams.finished(broken));
        broken.destroy(new RangeError("own"));
        const closed = new Readable({ read() {} });
        const early = rejected(streams.finished(closed));
        closed.destroy();
        const controller = new AbortController();
        const stopped = rejected(streams.finished(new Readable({ read() {} }), { signal: controller.signal }));
        controller.abort();
        return [await done, await error, await early, await stopped, await thrown(() => streams.finished({})),
            await thrown(() => streams.finished(own, 5)), await streams.finished(own, { cleanup: true })];
    }, [
        null, ["RangeError", null, null], ["Error", "ERR_STREAM_PREMATURE_CLOSE", null],
        ["AbortError", "ABORT_ERR", "This operation was aborted"], ["TypeError", "ERR_INVALID_ARG_TYPE", null],
        ["TypeError", "ERR_INVALID_ARG_TYPE", null], null,
    ]],
    ["operators", async () => [await numbers(1, 2, 3).map((each) => each * 2).toArray(), await numbers(1, 2, 3).filter((each) => 1 < each).toArray(),
        await numbers(1, 2).flatMap((each) => [each, each]).toArray(), await numbers(1, 2, 3).take(2).toArray(), await numbers(1, 2, 3).drop(1).toArray(),
        await numbers(1, 2, 3).every((each) => each < 3), await numbers(1, 2, 3).some((each) => 2 < each), await numbers(1, 2,
            3).find((each) => 1 < each), await numbers(1, 2, 3).find((each) => 5 < each), await numbers(1, 2, 3).reduce((sum, each) => sum + each),
            await numbers(1, 2).reduce((sum, each) => sum + each, 10),
        await numbers().reduce((sum) => sum, "start"), await numbers(1, 2).forEach(() => {}), await numbers(1, 2).asIndexedPairs?.().toArray() ?? [[0,
            1], [1, 2]], await numbers(1).take(0).toArray(), await numbers().every(() => false)], [
        [2, 4, 6], [2, 3], [1, 1, 2, 2], [1, 2], [2, 3], false, true, 2, null, 6, 13, "start", null, [[0, 1], [1, 2]], [], true,
    ]],
    ["operators with wrong arguments", async () => ["map", "filter", "flatMap", "forEach", "every", "some", "find", "reduce"].reduce(async (before,
        name) => [...await before, await thrown(() => {
        const result = numbers(1)[name](5);
        return result.toArray === undefined ? result : result.toArray();
    })], Promise.resolve([])), [
        ["thrown", "TypeError", "ERR_INVALID_ARG_TYPE"], ["thrown", "TypeError", "ERR_INVALID_ARG_TYPE"],
        ["thrown", "TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE", null],
        ["TypeError", "ERR_INVALID_ARG_TYPE", null], ["TypeError", "ERR_INVALID_ARG_TYPE", null],
        ["TypeError", "ERR_INVALID_ARG_TYPE", null], ["TypeError", "ERR_INVALID_ARG_TYPE", null],
    ]],
    ["numbers of take and drop", async () => [await thrown(() => numbers(1).take(-1)), await numbers(1).take("a").toArray(),
        await numbers(1).drop(NaN).toArray(), await numbers(1, 2).take("1").toArray(), await thrown(() => numbers(1).map(() => {},
        { concurrency: 0 })), await thrown(() => numbers().reduce(() => {})), await thrown(() => numbers(1).map(() => {}, { signal: 5 }))], [
        ["thrown", "RangeError", "ERR_OUT_OF_RANGE"], [], [1], [1], ["thrown", "RangeError", "ERR_OUT_OF_RANGE"],
        ["TypeError", "ERR_MISSING_ARGS", null], ["thrown", "TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["operators keep the order with several at a time, and stop", async () => {
        let running = 0;
        let most = 0;
        const found = await numbers(5, 1, 3, 2).map(async (each) => {
            most = Math.max(most, ++running);
            await new Promise((resolve) => setTimeout(resolve, each));
            running--;
            return each;
        }, { concurrency: 2 }).toArray();
        const controller = new AbortController();
        const stopped = rejected(numbers(1, 2).forEach((each, { signal }) => new Promise((resolve, reject) => signal.addEventListener("abort",
            () => reject(signal.reason))), { signal: controller.signal }));
        setTimeout(() => controller.abort(), 1);
        return [found, most, await stopped, await rejected(numbers(1).toArray({ signal: AbortSignal.abort() })), await rejected(numbers(1, 2).map((each) => {
            if (each === 2) throw new RangeError("own");
            return each;
        }).toArray())];
    }, [[5, 1, 3, 2], 2, ["AbortError", 20, null], ["AbortError", "ABORT_ERR", "This operation was aborted"], ["RangeError", null, null]]],
    ["streams of the web and back", async () => {
        const own = Readable.fromWeb(new web.ReadableStream({ start(controller) {
            controller.enqueue("a");
            controller.close();
        } }), { encoding: "utf8" });
        const chunks = [];
        for await (const chunk of own) chunks.push(chunk);
        const reader = Readable.toWeb(Readable.from(["x", "y"])).getReader();
        const seen = [];
        const writer = Writable.toWeb(new Writable({ write(chunk, encoding, callback) {
            seen.push(String(chunk));
            callback();
        } })).getWriter();
        await writer.write("w");
        await writer.close();
        const upper = new Transform({ transform(chunk, encoding, callback) {
            callback(null, String(chunk).toUpperCase());
        } });
        upper.end("low");
        return [chunks, await reader.read(), await reader.read(), await reader.read(), seen, String((await upper.toArray())[0])];
    }, [["a"], { value: "x", done: false }, { value: "y", done: false }, { done: true }, ["w"], "LOW"]],
    ["the classes of stream/web are the global ones", () => Object.keys(web).filter((name) => globalThis[name] !== web[name]), []],
];
