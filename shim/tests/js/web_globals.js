// Globals of the web that other files have by their use alone: what is global, handlers on it, and who may construct.

const failure = (run) => {
    try {
        return ["gave", run()];
    } catch (error) {
        return [error.name, error.message.length > 0];
    }
};
const bytes = (...list) => new ReadableStream({ type: "bytes", start(controller) {
    for (const each of list) controller.enqueue(new Uint8Array(each));
    controller.close();
} });

export const cases = [
    ["the global object by its names", () => [self === globalThis, global === globalThis, globalThis.globalThis === globalThis, self.self === self,
        Object.getOwnPropertyDescriptor(globalThis, "globalThis").enumerable], [true, true, true, true, false]],
    ["handlers of the global object", () => ["onerror", "onunhandledrejection", "onrejectionhandled"].map((name) => {
        const handler = () => {};
        const found = [globalThis[name]];
        globalThis[name] = handler;
        found.push(globalThis[name] === handler);
        globalThis[name] = 5;
        found.push(globalThis[name]);
        globalThis[name] = null;
        return [...found, name in globalThis];
    }), [[null, true, null, true], [null, true, null, true], [null, true, null, true]]],
    ["handlers are called with what is dispatched", () => ["unhandledrejection", "rejectionhandled"].map((type) => {
        const seen = [];
        globalThis[`on${type}`] = (event) => seen.push(event.type, event.reason);
        dispatchEvent(new PromiseRejectionEvent(type, { promise: Promise.resolve(), reason: 7 }));
        globalThis[`on${type}`] = null;
        dispatchEvent(new PromiseRejectionEvent(type, { promise: Promise.resolve(), reason: 8 }));
        return seen;
    }), [["unhandledrejection", 7], ["rejectionhandled", 7]]],
    ["reportError tells onerror", () => {
        const seen = [];
        globalThis.onerror = (...values) => {
            seen.push(values.length, values[0].includes("own"), values[4].message);
            return true;
        };
        reportError(new RangeError("own"));
        globalThis.onerror = null;
        return [seen, failure(() => reportError())[0]];
    }, [[5, true, "own"], "TypeError"]],
    ["what nobody may construct", () => [MessagePort, Performance, SubtleCrypto, Crypto, CryptoKey, AbortSignal, ReadableStreamDefaultController,
        ReadableByteStreamController, ReadableStreamBYOBRequest, TransformStreamDefaultController,
        WritableStreamDefaultController].filter((Class) => failure(() => new Class())[0] !== "TypeError").map((Class) => Class.name), []],
    ["what nobody may call", () => [Blob, File, Headers, Request, Response, FormData, URL, URLSearchParams, Event, EventTarget, CustomEvent,
        ErrorEvent, MessageEvent, PromiseRejectionEvent, AbortController, DOMException, TextEncoder, TextDecoder, TextEncoderStream,
        TextDecoderStream, ReadableStream, WritableStream,
        TransformStream, CompressionStream, DecompressionStream, ByteLengthQueuingStrategy, CountQueuingStrategy,
            MessageChannel].filter((Class) => failure(() => Class("a", "b"))[0] !== "TypeError").map((Class) => Class.name), []],
    ["readers and writers of one's own", async () => {
        const reader = new ReadableStreamDefaultReader(new ReadableStream({ start(controller) {
            controller.enqueue("a");
            controller.close();
        } }));
        const found = [await reader.read(), await reader.read()];
        const byob = new ReadableStreamBYOBReader(bytes([1, 2, 3]));
        const { value, done } = await byob.read(new Uint8Array(2));
        found.push([...value], done);
        const seen = [];
        const writer = new WritableStreamDefaultWriter(new WritableStream({ write: (chunk) => {
            seen.push(chunk);
        } }));
        await writer.write("x");
        await writer.close();
        return [...found, seen, failure(() => new ReadableStreamDefaultReader({}))[0],
            failure(() => new ReadableStreamBYOBReader(new ReadableStream()))[0], failure(() => new WritableStreamDefaultWriter(5))[0]];
    }, [{ value: "a", done: false }, { done: true }, [1, 2], false, ["x"], "TypeError", "TypeError", "TypeError"]],
    ["a locked stream gives no second reader", () => {
        const stream = bytes([1]);
        stream.getReader();
        const target = new WritableStream();
        target.getWriter();
        return [failure(() => new ReadableStreamDefaultReader(stream))[0], failure(() => new ReadableStreamBYOBReader(stream))[0],
            failure(() => new WritableStreamDefaultWriter(target))[0], stream.locked, target.locked];
    }, ["TypeError", "TypeError", "TypeError", true, true]],
    ["controllers of a transform and of a writable stream", async () => {
        const seen = [];
        const stream = new TransformStream({ start(controller) {
            seen.push(controller instanceof TransformStreamDefaultController, controller.desiredSize);
        }, transform(chunk, controller) {
            controller.enqueue(chunk * 2);
            if (chunk === 2) controller.terminate();
        } });
        const writer = stream.writable.getWriter();
        writer.write(1).catch(() => {});
        writer.write(2).catch(() => {});
        const all = [];
        for await (const chunk of stream.readable) all.push(chunk);
        let signal;
        new WritableStream({ start(controller) {
            seen.push(controller instanceof WritableStreamDefaultController);
            ({ signal } = controller);
        } }).abort("why");
        return [seen, all, signal.aborted, signal.reason];
    }, [[true, 0, true], [2, 4], true, "why"]],
    ["two ports and their messages", async () => {
        const { port1, port2 } = new MessageChannel();
        const received = new Promise((resolve) => {
            port2.onmessage = (event) => resolve([event.data, event instanceof MessageEvent, port1 instanceof MessagePort]);
        });
        port1.postMessage({ a: [1, new Date(0)] });
        const found = await received;
        port1.close();
        return found;
    }, [{ a: [1, "1970-01-01T00:00:00.000Z"] }, true, true]],
    ["a task of the console runs its function", () => [console.createTask("own").run(() => 5), ["trace", "groupCollapsed", "groupEnd", "clear",
        "profile", "profileEnd", "timeStamp"].map((name) => console[name]("web_globals"))], [5, [null, null, null, null, null, null, null]]],
    ["measures of the clock", () => {
        const { PerformanceMeasure: Own } = process.getBuiltinModule("perf_hooks");
        const measure = performance.measure("web_globals", { start: 1, end: 3, detail: "d" });
        performance.clearMeasures();
        return [measure.duration, measure.detail, measure instanceof Own, failure(() => new Own())[0], failure(() => new PerformanceEntry())[0]];
    }, [2, "d", true, "TypeError", "TypeError"]],
    ["what the app's own code may not find", () => [typeof WebAssembly, typeof URLPattern, typeof WebSocket, typeof XMLHttpRequest, typeof Worker,
        typeof localStorage, typeof caches, typeof document, typeof window], Array(9).fill("undefined")],
];
