// WritableStream, TransformStream and the queuing strategies.

const nameOf = async (act) => {
    try {
        await act();
        return "no error";
    } catch (error) {
        return error instanceof Error ? error.name : error;
    }
};

const collect = async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
};

export const cases = [
    ["writes run one after the other, then close", async () => {
        const events = [];
        const stream = new WritableStream({
            async write(chunk) {
                events.push(`start ${chunk}`);
                await null;
                events.push(`end ${chunk}`);
            },
            close() { events.push("close"); },
        });
        const writer = stream.getWriter();
        writer.write(1);
        writer.write(2);
        await writer.close();
        return events;
    }, ["start 1", "end 1", "start 2", "end 2", "close"]],

    ["ready waits while the queue is full", async () => {
        let finish;
        const stream = new WritableStream({ write: () => new Promise((resolve) => { finish = resolve; }) });
        const writer = stream.getWriter();
        await writer.ready;
        const sizes = [writer.desiredSize];
        const written = writer.write("a");
        sizes.push(writer.desiredSize);
        let isReady = false;
        writer.ready.then(() => { isReady = true; });
        await null;
        await null;
        const before = isReady;
        finish();
        await written;
        await writer.ready;
        return [sizes, before, isReady, writer.desiredSize];
    }, [[1, 0], false, true, 1]],

    ["an error of write rejects it and all that come later", async () => {
        const writer = new WritableStream({ write() { throw "no"; } }).getWriter();
        const closed = nameOf(() => writer.closed);
        return [
            await nameOf(() => writer.write(1)), await nameOf(() => writer.write(2)),
            await nameOf(() => writer.close()), await closed,
        ];
    }, ["no", "no", "TypeError", "no"]],

    ["abort calls the sink and fires the controller's signal", async () => {
        let reason;
        let signalled;
        const stream = new WritableStream({
            start(controller) {
                controller.signal.addEventListener("abort", () => { signalled = controller.signal.reason; });
            },
            abort(given) { reason = given; },
        });
        await stream.abort("stop");
        return [reason, signalled];
    }, ["stop", "stop"]],

    ["a signal that is read after the abort is aborted", async () => {
        let controller;
        const stream = new WritableStream({ start(given) { controller = given; } });
        await stream.abort("late");
        return [controller.signal.aborted, controller.signal.reason];
    }, [true, "late"]],

    ["a type is reserved", () => nameOf(() => new WritableStream({ type: "bytes" })), "RangeError"],

    ["a locked stream refuses a second writer", () => nameOf(() => {
        const stream = new WritableStream();
        stream.getWriter();
        stream.getWriter();
    }), "TypeError"],

    ["a transform maps, adds and flushes", async () => {
        const stream = new TransformStream({
            transform(chunk, controller) {
                controller.enqueue(chunk * 2);
                if (chunk === 2) controller.enqueue("extra");
            },
            flush(controller) { controller.enqueue("end"); },
        });
        return collect(ReadableStream.from([1, 2, 3]).pipeThrough(stream));
    }, [2, 4, "extra", 6, "end"]],

    ["a transform without methods passes chunks on", () =>
        collect(ReadableStream.from(["a", "b"]).pipeThrough(new TransformStream())), ["a", "b"]],

    ["an error of transform errors both sides", async () => {
        const stream = new TransformStream({ transform() { throw "bad"; } });
        const writer = stream.writable.getWriter();
        const read = nameOf(() => stream.readable.getReader().read());
        return [await nameOf(() => writer.write(1)), await read, await nameOf(() => writer.closed)];
    }, ["bad", "bad", "bad"]],

    ["terminate closes the readable side and errors the writable one", async () => {
        let controller;
        const stream = new TransformStream({ start(given) { controller = given; } });
        controller.enqueue("last");
        controller.terminate();
        return [await collect(stream.readable), await nameOf(() => stream.writable.getWriter().closed)];
    }, [["last"], "TypeError"]],

    ["cancel of the readable side calls the transformer's cancel", async () => {
        let got;
        const stream = new TransformStream({ cancel(reason) { got = reason; } });
        await stream.readable.cancel("why");
        return [got, await nameOf(() => stream.writable.getWriter().closed)];
    }, ["why", "why"]],

    ["strategies", () => {
        const count = new CountQueuingStrategy({ highWaterMark: 4 });
        const length = new ByteLengthQueuingStrategy({ highWaterMark: "8" });
        return [
            count.highWaterMark, count.size("abc"), length.highWaterMark, length.size(new Uint8Array(5)),
            count.size === new CountQueuingStrategy({ highWaterMark: 1 }).size, length.size.name, length.size.length,
        ];
    }, [4, 1, 8, 5, true, "size", 1]],

    ["strategies need a highWaterMark", async () => [
        await nameOf(() => new CountQueuingStrategy()), await nameOf(() => new CountQueuingStrategy({})),
        await nameOf(() => new WritableStream({}, { highWaterMark: -1 })),
    ], ["TypeError", "TypeError", "RangeError"]],
];
