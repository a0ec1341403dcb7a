// ReadableStream: default and byte streams, readers, tee, iteration, pipes.

const collect = async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
};

const of = (...chunks) =>
    new ReadableStream({
        start(controller) {
            for (const chunk of chunks) controller.enqueue(chunk);
            controller.close();
        },
    });

const nameOf = async (act) => {
    try {
        await act();
        return "no error";
    } catch (error) {
        return error instanceof Error ? error.name : error;
    }
};

const bytes = (...list) => new Uint8Array(list);

export const cases = [
    ["reads what was enqueued, then done", async () => {
        const reader = of("a", "b").getReader();
        return [await reader.read(), await reader.read(), await reader.read()];
    }, [{ value: "a", done: false }, { value: "b", done: false }, { done: true }]],

    ["pull is asked until the high water mark is reached", async () => {
        let pulls = 0;
        const stream = new ReadableStream({
            pull(controller) {
                pulls++;
                controller.enqueue(pulls);
            },
        }, { highWaterMark: 3 });
        await new Promise((resolve) => setTimeout(resolve, 5));
        const before = pulls;
        stream.getReader();
        return before;
    }, 3],

    ["desiredSize follows the size function", () => {
        const seen = [];
        new ReadableStream({
            start(controller) {
                seen.push(controller.desiredSize);
                controller.enqueue("abc");
                seen.push(controller.desiredSize);
                controller.enqueue("de");
                seen.push(controller.desiredSize);
            },
        }, { highWaterMark: 4, size: (chunk) => chunk.length });
        return seen;
    }, [4, 1, -1]],

    ["a size function that throws errors the stream", async () => {
        let thrown;
        const stream = new ReadableStream({
            start(controller) {
                try {
                    controller.enqueue("a");
                } catch (error) {
                    thrown = error;
                }
            },
        }, { size() { throw "size"; } });
        return [thrown, await nameOf(() => stream.getReader().read())];
    }, ["size", "size"]],

    ["a size of NaN is a RangeError", () => nameOf(() => of("a").pipeTo(new WritableStream({}, { size: () => NaN }))),
        "RangeError"],

    ["enqueue after close is a TypeError", () => {
        let name;
        new ReadableStream({
            start(controller) {
                controller.close();
                try {
                    controller.enqueue(1);
                } catch (error) {
                    name = error.name;
                }
            },
        });
        return name;
    }, "TypeError"],

    ["cancel gives the reason to the source and waits for it", async () => {
        let got;
        const stream = new ReadableStream({
            async cancel(reason) {
                await null;
                got = reason;
            },
        });
        const result = await stream.cancel("enough");
        return [got, result === undefined];
    }, ["enough", true]],

    ["a locked stream refuses readers, cancel, tee and pipes", async () => {
        const stream = of();
        stream.getReader();
        return [
            stream.locked, await nameOf(() => stream.getReader()), await nameOf(() => stream.cancel()),
            await nameOf(() => stream.tee()), await nameOf(() => stream.pipeTo(new WritableStream())),
            await nameOf(() => stream.pipeThrough(new TransformStream())),
        ];
    }, [true, "TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]],

    ["a released reader rejects its pending read and lets the stream go on", async () => {
        let controller;
        const stream = new ReadableStream({ start(given) { controller = given; } });
        const first = stream.getReader();
        const read = nameOf(() => first.read());
        first.releaseLock();
        const second = stream.getReader();
        controller.enqueue("later");
        return [await read, await nameOf(() => first.closed), (await second.read()).value];
    }, ["TypeError", "TypeError", "later"]],

    ["both branches of a tee get every chunk", async () => {
        const [left, right] = of(1, 2, 3).tee();
        return [await collect(left), await collect(right)];
    }, [[1, 2, 3], [1, 2, 3]]],

    ["a tee cancels its source with both reasons when both branches are cancelled", async () => {
        let reason;
        const [left, right] = new ReadableStream({ cancel(given) { reason = given; } }).tee();
        const cancelled = left.cancel("l");
        right.cancel("r");
        await cancelled;
        return reason;
    }, ["l", "r"]],

    ["iteration cancels at a break", async () => {
        let reason = "not cancelled";
        const stream = new ReadableStream({
            pull(controller) { controller.enqueue(1); },
            cancel(given) { reason = given === undefined ? "cancelled" : given; },
        });
        for await (const chunk of stream) if (chunk === 1) break;
        return [reason, stream.locked];
    }, ["cancelled", false]],

    ["iteration with preventCancel leaves the rest", async () => {
        const stream = of(1, 2, 3);
        for await (const chunk of stream.values({ preventCancel: true })) if (chunk === 2) break;
        return collect(stream);
    }, [3]],

    ["from takes arrays, generators and asynchronous iterables", async () => [
        await collect(ReadableStream.from([1, 2])),
        await collect(ReadableStream.from((function* () { yield 1; yield Promise.resolve(2); })())),
        await collect(ReadableStream.from((async function* () { yield "x"; })())),
        await collect(ReadableStream.from(of("again"))),
    ], [[1, 2], [1, 2], ["x"], ["again"]]],

    ["from closes the iterator with the reason of a cancel", async () => {
        let got;
        const stream = ReadableStream.from({
            [Symbol.asyncIterator]: () => ({
                next: async () => ({ value: 1, done: false }),
                return: async (reason) => {
                    got = reason;
                    return {};
                },
            }),
        });
        await stream.cancel("bye");
        return got;
    }, "bye"],

    ["from refuses what is not iterable, and strings", async () => [
        await nameOf(() => ReadableStream.from(5)), await nameOf(() => ReadableStream.from({})),
        await nameOf(() => ReadableStream.from("ab")), await nameOf(() => ReadableStream.from(null)),
    ], ["TypeError", "TypeError", "TypeError", "TypeError"]],

    ["a BYOB read fills the given buffer, which is detached", async () => {
        const stream = new ReadableStream({
            type: "bytes",
            pull(controller) {
                const { view } = controller.byobRequest;
                view[0] = 7;
                view[1] = 8;
                controller.byobRequest.respond(2);
            },
        });
        const view = new Uint8Array(4);
        const { value, done } = await stream.getReader({ mode: "byob" }).read(view);
        return [[...value], value.buffer.byteLength, done, view.byteLength];
    }, [[7, 8], 4, false, 0]],

    ["a BYOB read with min waits for that many elements", async () => {
        let round = 0;
        const stream = new ReadableStream({
            type: "bytes",
            pull(controller) {
                round++;
                controller.enqueue(bytes(round));
            },
        });
        const { value } = await stream.getReader({ mode: "byob" }).read(new Uint8Array(8), { min: 3 });
        return [...value];
    }, [1, 2, 3]],

    ["a BYOB read of wide elements keeps the odd byte for later", async () => {
        let round = 0;
        const stream = new ReadableStream({
            type: "bytes",
            pull(controller) {
                round++;
                if (round === 1) controller.enqueue(bytes(1, 0, 2));
                else controller.enqueue(bytes(0));
            },
        });
        const reader = stream.getReader({ mode: "byob" });
        const first = await reader.read(new Uint16Array(4));
        const second = await reader.read(new Uint16Array(4));
        return [[...first.value], [...second.value]];
    }, [[1], [2]]],

    ["a closed byte stream gives an empty view back", async () => {
        const stream = new ReadableStream({ type: "bytes", start(controller) { controller.close(); } });
        const { value, done } = await stream.getReader({ mode: "byob" }).read(new Uint8Array(3));
        return [value.byteLength, value.buffer.byteLength, done];
    }, [0, 3, true]],

    ["views of nothing, of detached buffers and a min above the length are refused", async () => {
        const stream = new ReadableStream({ type: "bytes" });
        const reader = stream.getReader({ mode: "byob" });
        const detached = new Uint8Array(2);
        structuredClone(detached.buffer, { transfer: [detached.buffer] });
        return [
            await nameOf(() => reader.read(new Uint8Array(0))), await nameOf(() => reader.read(detached)),
            await nameOf(() => reader.read(new Uint8Array(2), { min: 3 })),
            await nameOf(() => reader.read(new Uint8Array(2), { min: 0 })), await nameOf(() => reader.read({})),
        ];
    }, ["TypeError", "TypeError", "RangeError", "TypeError", "TypeError"]],

    ["autoAllocateChunkSize gives default readers a BYOB request", async () => {
        const sizes = [];
        const stream = new ReadableStream({
            type: "bytes",
            autoAllocateChunkSize: 16,
            pull(controller) {
                sizes.push(controller.byobRequest.view.byteLength);
                controller.byobRequest.view[0] = 9;
                controller.byobRequest.respond(1);
            },
        });
        const { value } = await stream.getReader().read();
        return [sizes, [...value]];
    }, [[16], [9]]],

    ["a byte tee gives each branch bytes of its own", async () => {
        const stream = new ReadableStream({
            type: "bytes",
            start(controller) {
                controller.enqueue(bytes(1, 2));
                controller.close();
            },
        });
        const [left, right] = stream.tee();
        const one = (await left.getReader().read()).value;
        const two = (await right.getReader({ mode: "byob" }).read(new Uint8Array(4))).value;
        return [[...one], [...two], one.buffer === two.buffer];
    }, [[1, 2], [1, 2], false]],

    ["a pipe writes all chunks, closes and lets both sides go", async () => {
        const events = [];
        const source = of(1, 2);
        const sink = new WritableStream({
            write(chunk) { events.push(chunk); },
            close() { events.push("closed"); },
        });
        await source.pipeTo(sink);
        return [events, source.locked, sink.locked];
    }, [[1, 2, "closed"], false, false]],

    ["an error of the source aborts the destination, and the pipe rejects with it", async () => {
        let aborted;
        const source = new ReadableStream({ start(controller) { controller.error("bad"); } });
        const sink = new WritableStream({ abort(reason) { aborted = reason; } });
        return [await nameOf(() => source.pipeTo(sink)), aborted];
    }, ["bad", "bad"]],

    ["an error of the destination cancels the source", async () => {
        let cancelled;
        const source = new ReadableStream({
            pull(controller) { controller.enqueue(1); },
            cancel(reason) { cancelled = reason; },
        });
        const sink = new WritableStream({ write() { throw "full"; } });
        return [await nameOf(() => source.pipeTo(sink)), cancelled];
    }, ["full", "full"]],

    ["a signal ends a pipe", async () => {
        const controller = new AbortController();
        const ended = nameOf(() => new ReadableStream().pipeTo(new WritableStream(), { signal: controller.signal }));
        controller.abort();
        return ended;
    }, "AbortError"],

    ["preventClose, preventAbort and preventCancel keep the other side as it is", async () => {
        const open = new WritableStream();
        await of(1).pipeTo(open, { preventClose: true });
        const writer = open.getWriter();
        await writer.write("more");
        const kept = new WritableStream({ abort() { throw new Error("aborted"); } });
        const failed = new ReadableStream({ start(controller) { controller.error("e"); } });
        const first = await nameOf(() => failed.pipeTo(kept, { preventAbort: true }));
        const source = new ReadableStream({ cancel() { throw new Error("cancelled"); } });
        const broken = new WritableStream({ start(controller) { controller.error("f"); } });
        const second = await nameOf(() => source.pipeTo(broken, { preventCancel: true }));
        return [first, kept.locked, second, source.locked];
    }, ["e", false, "f", false]],

    ["a signal that is none is refused", () =>
        nameOf(() => of().pipeTo(new WritableStream(), { signal: {} })), "TypeError"],

    ["a changed Promise.prototype.then does not matter", async () => {
        const original = Promise.prototype.then;
        let calls = 0;
        const stream = of(1, 2);
        Promise.prototype.then = function (...list) {
            calls++;
            return original.apply(this, list);
        };
        let promise;
        try {
            promise = stream.pipeTo(new WritableStream());
        } finally {
            Promise.prototype.then = original;
        }
        await promise;
        return calls;
    }, 0],

    ["names, lengths and tags are those of the interface", () => [
        ReadableStream.length, ReadableStream.name, ReadableStream.prototype.pipeTo.length, ReadableStream.from.length,
        Object.prototype.toString.call(new ReadableStream()),
        ReadableStream.prototype[Symbol.asyncIterator] === ReadableStream.prototype.values,
        Object.keys(ReadableStream.prototype).sort(),
        Object.getOwnPropertyDescriptor(ReadableStream.prototype, Symbol.asyncIterator).enumerable,
    ], [
        0, "ReadableStream", 1, 1, "[object ReadableStream]", true,
        ["cancel", "getReader", "locked", "pipeThrough", "pipeTo", "tee", "values"], false,
    ]],

    ["controllers and requests cannot be constructed", async () => [
        await nameOf(() => new ReadableStreamDefaultController()),
        await nameOf(() => new ReadableByteStreamController()),
        await nameOf(() => new ReadableStreamBYOBRequest()),
    ], ["TypeError", "TypeError", "TypeError"]],

    ["members refuse strangers", async () => [
        await nameOf(() => ReadableStream.prototype.cancel.call({})),
        await nameOf(() => ReadableStream.prototype.getReader.call({})),
        await nameOf(() => Reflect.get(ReadableStream.prototype, "locked", {})),
    ], ["TypeError", "TypeError", "TypeError"]],

    ["streams cannot be cloned", async () => nameOf(() => structuredClone(new ReadableStream())), "DataCloneError"],
];
