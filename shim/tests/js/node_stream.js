// The modules "stream", "stream/promises" and "stream/web".

const stream = process.getBuiltinModule("stream");
const promises = process.getBuiltinModule("stream/promises");
const web = process.getBuiltinModule("stream/web");
const EventEmitter = process.getBuiltinModule("events");
const { inherits } = process.getBuiltinModule("util");
const { Readable, Writable, Duplex, Transform, PassThrough, pipeline, finished, compose, addAbortSignal } = stream;

const collect = async (readable) => {
    const seen = [];
    for await (const chunk of readable) seen.push(chunk);
    return seen;
};
const text = async (readable) => Buffer.concat(await collect(readable)).toString();
const failed = (promise) => promise.then(() => "nothing", (error) => error.code ?? error.message);
const events = (emitter, names) => {
    const seen = [];
    for (const name of names) emitter.on(name, (value) => seen.push(value instanceof Error ? `${name} ${value.code ?? value.message}` : name));
    return seen;
};
const later = () => new Promise((resolve) => setTimeout(resolve, 5));
const sink = (seen, options) => new Writable({
    ...options,
    write(chunk, encoding, callback) {
        seen.push(chunk);
        callback();
    },
});

export const cases = [
    ["the module is the class Stream", () => [typeof stream, stream.Stream === stream, new stream() instanceof EventEmitter, stream.promises === promises,
        web.ReadableStream === ReadableStream, new PassThrough() instanceof Duplex, new Duplex() instanceof Writable, new Readable() instanceof Writable],
    ["function", true, true, true, true, true, true, false]],
    ["flowing mode", async () => {
        const readable = new Readable({ read() {} });
        const seen = events(readable, ["end", "close", "readable"]);
        seen.length = 0;
        readable.removeAllListeners("readable");
        readable.on("data", (chunk) => seen.push(chunk.toString()));
        readable.push("a");
        readable.push(Buffer.from("b"));
        readable.push(null);
        await later();
        return [seen, readable.destroyed, readable.readableEnded, readable.readable];
    }, [["a", "b", "end", "close"], true, true, false]],
    ["read by size", async () => {
        const readable = new Readable({ read() {} });
        readable.push("abcdefgh");
        return [readable.read(3).toString(), readable.read(0), readable.read(99), readable.read().toString(), readable.read()];
    }, ["abc", null, null, "defgh", null]],
    ["unshift puts back", async () => {
        const readable = new Readable({ read() {} });
        readable.push("world");
        readable.unshift("hello ");
        readable.push(null);
        return text(readable);
    }, "hello world"],
    ["setEncoding joins characters that were cut", async () => {
        const readable = new Readable({ read() {} });
        readable.setEncoding("utf8");
        readable.push(Buffer.from([0xe2, 0x82]));
        readable.push(Buffer.from([0xac, 0x61]));
        readable.push(null);
        return [readable.readableEncoding, (await collect(readable)).join("")];
    }, ["utf8", "\u20aca"]],
    ["push tells when there is enough", () => {
        const readable = new Readable({ highWaterMark: 3, read() {} });
        return [readable.push("ab"), readable.push("c"), readable.readableLength, readable.readableHighWaterMark, new Readable().readableHighWaterMark,
            new Readable({ objectMode: true }).readableHighWaterMark];
    }, [true, false, 3, 3, 65536, 16]],
    ["push after the end is an error", async () => {
        const readable = new Readable({ read() {} });
        const seen = events(readable, ["error", "close"]);
        readable.push(null);
        readable.push("a");
        await later();
        return seen;
    }, ["error ERR_STREAM_PUSH_AFTER_EOF", "close"]],
    ["a stream without _read errs", async () => {
        const readable = new Readable();
        const seen = events(readable, ["error"]);
        readable.resume();
        await later();
        return seen;
    }, ["error ERR_METHOD_NOT_IMPLEMENTED"]],
    ["writing: callbacks, finish and close in order", async () => {
        const seen = [];
        const writable = sink(seen);
        writable.on("finish", () => seen.push("finish")).on("close", () => seen.push("close"));
        writable.write("a", () => seen.push("written"));
        writable.end("b", () => seen.push("ended"));
        seen.push(writable.writableEnded, writable.writableFinished);
        await later();
        return [seen.map(String), writable.writableFinished, writable.destroyed];
    }, [["a", "b", "true", "false", "written", "ended", "finish", "close"], true, true]],
    ["write tells when to wait, and drain when to go on", async () => {
        const callbacks = [];
        const writable = new Writable({ highWaterMark: 2, write(chunk, encoding, callback) {
            callbacks.push(callback);
        } });
        const answers = [writable.write("a"), writable.write("b"), writable.writableNeedDrain, writable.writableLength];
        let drained = false;
        writable.on("drain", () => {
            drained = true;
        });
        callbacks.shift()();
        await later();
        callbacks.shift()();
        await later();
        return [...answers, drained, writable.writableLength];
    }, [true, false, true, 2, true, 0]],
    ["cork and writev", async () => {
        const seen = [];
        const writable = new Writable({ writev(chunks, callback) {
            seen.push(chunks.map(({ chunk }) => String(chunk)));
            callback();
        } });
        writable.cork();
        writable.write("a");
        writable.write("b");
        seen.push(writable.writableCorked);
        writable.uncork();
        writable.end("c");
        await later();
        return seen;
    }, [1, ["a", "b"], ["c"]]],
    ["write after end, and null", async () => {
        const writable = sink([]);
        const seen = events(writable, ["error"]);
        const codes = [];
        try {
            writable.write(null);
        } catch (error) {
            codes.push(error.code);
        }
        try {
            writable.write({});
        } catch (error) {
            codes.push(error.code);
        }
        try {
            writable.write("a", "nonsense");
        } catch (error) {
            codes.push(error.code);
        }
        writable.end();
        writable.write("late", (error) => codes.push(error.code));
        await later();
        return [codes, seen];
    }, [["ERR_STREAM_NULL_VALUES", "ERR_INVALID_ARG_TYPE", "ERR_UNKNOWN_ENCODING", "ERR_STREAM_WRITE_AFTER_END"], ["error ERR_STREAM_WRITE_AFTER_END"]]],
    ["an error of _write reaches the callback and the stream", async () => {
        const writable = new Writable({ write(chunk, encoding, callback) {
            callback(new Error("no"));
        } });
        const seen = events(writable, ["error", "close", "finish"]);
        writable.write("a", (error) => seen.push(`callback ${error.message}`));
        await later();
        return [seen, writable.errored.message];
    }, [["callback no", "error no", "close"], "no"]],
    ["final runs before finish", async () => {
        const seen = [];
        const writable = sink(seen, { final(callback) {
            seen.push("final");
            setTimeout(callback, 1);
        } });
        writable.on("prefinish", () => seen.push("prefinish")).on("finish", () => seen.push("finish"));
        writable.end("x");
        await later();
        return seen.map(String);
    }, ["x", "final", "prefinish", "finish"]],
    ["construct delays everything", async () => {
        const seen = [];
        const writable = sink(seen, { construct(callback) {
            setTimeout(() => {
                seen.push("constructed");
                callback();
            }, 1);
        } });
        writable.end("x");
        await later();
        return seen.map(String);
    }, ["constructed", "x"]],
    ["destroy with and without an error", async () => {
        const plain = new Readable({ read() {} });
        const wrong = new Readable({ read() {} });
        const seen = [events(plain, ["error", "close", "end"]), events(wrong, ["error", "close", "end"])];
        plain.destroy();
        wrong.destroy(new Error("why")).destroy(new Error("again"));
        await later();
        return [seen, plain.readableAborted, plain.closed];
    }, [[["close"], ["error why", "close"]], true, true]],
    ["destroy of a writable fails what waits", async () => {
        const seen = [];
        const writable = new Writable({ write(chunk, encoding, callback) {
            setTimeout(callback, 1);
        } });
        writable.write("a", (error) => seen.push(error?.code));
        writable.write("b", (error) => seen.push(error?.code));
        writable.end((error) => seen.push(error?.code));
        writable.destroy();
        await later();
        return seen;
    }, [null, "ERR_STREAM_DESTROYED", "ERR_STREAM_DESTROYED"]],
    ["emitClose and autoDestroy can be switched off", async () => {
        const readable = new Readable({ read() {}, autoDestroy: false, emitClose: false });
        const seen = events(readable, ["end", "close"]);
        readable.push(null);
        readable.resume();
        await later();
        const before = readable.destroyed;
        readable.destroy();
        await later();
        return [seen, before];
    }, [["end"], false]],
    ["transform and flush", async () => {
        const transform = new Transform({
            transform(chunk, encoding, callback) {
                callback(null, chunk.toString().toUpperCase());
            },
            flush(callback) {
                callback(null, "!");
            },
        });
        transform.write("a");
        transform.end("b");
        return text(transform);
    }, "AB!"],
    ["subclasses by inheritance of old times", async () => {
        function Doubler(options) {
            if (!(this instanceof Doubler)) return new Doubler(options);
            Transform.call(this, options);
        }
        inherits(Doubler, Transform);
        Doubler.prototype._transform = function (chunk, encoding, callback) {
            this.push(chunk);
            this.push(chunk);
            callback();
        };
        const doubler = Doubler();
        doubler.end("ab");
        return [await text(doubler), doubler instanceof Readable, doubler instanceof Writable];
    }, ["abab", true, true]],
    ["pipe ends the destination and hands on back-pressure", async () => {
        const seen = [];
        const writable = sink(seen, { highWaterMark: 1 });
        Readable.from(["a", "b", "c"]).pipe(writable);
        await promises.finished(writable);
        return seen.map(String);
    }, ["a", "b", "c"]],
    ["unpipe", async () => {
        const readable = new Readable({ read() {} });
        const writable = sink([]);
        const seen = events(writable, ["pipe", "unpipe"]);
        readable.pipe(writable);
        readable.unpipe(writable);
        await later();
        return [seen, readable.readableFlowing];
    }, [["pipe", "unpipe"], false]],
    ["the pipe of old times", async () => {
        const source = new stream.Stream();
        const seen = [];
        source.pipe(sink(seen));
        source.emit("data", "a");
        source.emit("end");
        await later();
        return seen.map(String);
    }, ["a"]],
    ["wrap takes a stream of old times", async () => {
        const old = new EventEmitter();
        old.pause = () => {};
        old.resume = () => {};
        const readable = new Readable().wrap(old);
        old.emit("data", Buffer.from("a"));
        old.emit("end");
        return text(readable);
    }, "a"],
    ["pipeline passes data through everything", async () => {
        const seen = [];
        await promises.pipeline(
            ["a", "b"],
            async function* (source) {
                for await (const chunk of source) yield chunk.toUpperCase();
            },
            new PassThrough(),
            sink(seen),
        );
        return seen.map(String);
    }, ["A", "B"]],
    ["pipeline gives the value of its last function", () => promises.pipeline(Readable.from(["a", "b"]),
        async (source) => (await collect(source)).join("+")), "a+b"],
    ["pipeline destroys all when one fails", async () => {
        const source = new Readable({ read() {} });
        const middle = new PassThrough();
        const destination = sink([]);
        const error = new Promise((resolve) => pipeline(source, middle, destination, resolve));
        middle.destroy(new Error("broken"));
        return [(await error).message, source.destroyed, middle.destroyed, destination.destroyed];
    }, ["broken", true, true, true]],
    ["pipeline of a stream that closes early", () => {
        const source = new Readable({ read() {} });
        setTimeout(() => source.destroy(), 1);
        return failed(promises.pipeline(source, sink([])));
    }, "ERR_STREAM_PREMATURE_CLOSE"],
    ["pipeline with a signal", () => {
        const controller = new AbortController();
        const promise = failed(promises.pipeline(new Readable({ read() {} }), sink([]), { signal: controller.signal }));
        controller.abort();
        return promise;
    }, "ABORT_ERR"],
    ["pipeline refuses too few streams", () => {
        try {
            pipeline(new Readable(), () => {});
            return "nothing";
        } catch (error) {
            return error.code;
        }
    }, "ERR_MISSING_ARGS"],
    ["finished tells of the end, of errors and of an early close", async () => {
        const tell = (made, act) => new Promise((resolve) => {
            finished(made, (error) => resolve(error ? error.code ?? error.message : "well"));
            act(made);
        });
        return [
            await tell(new Readable({ read() {} }), (one) => one.push(null) || one.resume()),
            await tell(new Readable({ read() {} }), (one) => one.destroy(new Error("why"))),
            await tell(new Readable({ read() {} }), (one) => one.destroy()),
            await tell(sink([]), (one) => one.end()),
            await tell(sink([]), (one) => one.destroy()),
        ];
    }, ["well", "why", "ERR_STREAM_PREMATURE_CLOSE", "well", "ERR_STREAM_PREMATURE_CLOSE"]],
    ["finished after the fact", async () => {
        const readable = Readable.from(["a"]);
        await collect(readable);
        await later();
        return failed(promises.finished(readable));
    }, "nothing"],
    ["asynchronous iteration destroys when it is left", async () => {
        const readable = Readable.from(["a", "b", "c"]);
        for await (const chunk of readable) if (chunk === "a") break;
        await later();
        const kept = Readable.from(["a", "b"]);
        for await (const chunk of kept.iterator({ destroyOnReturn: false })) if (chunk) break;
        return [readable.destroyed, kept.destroyed];
    }, [true, false]],
    ["asynchronous iteration throws the stream's error", async () => {
        const readable = new Readable({ read() {} });
        readable.push("a");
        setTimeout(() => readable.destroy(new Error("broken")), 1);
        const seen = [];
        try {
            for await (const chunk of readable) seen.push(String(chunk));
        } catch (error) {
            seen.push(error.message);
        }
        return seen;
    }, ["a", "broken"]],
    ["Readable.from", async () => [
        await collect(Readable.from("text")), await collect(Readable.from(new Set([1, 2]))),
        await collect(Readable.from((async function* () {
            yield { a: 1 };
        })())), await failed(collect(Readable.from([1, null]))), await failed(collect(Readable.from((function* () {
            throw new Error("inside");
        })()))),
    ], [["text"], [1, 2], [{ a: 1 }], "ERR_STREAM_NULL_VALUES", "inside"]],
    ["the methods of arrays", async () => {
        const of = () => Readable.from([1, 2, 3, 4]);
        return [
            await of().map((one) => one * 2).toArray(), await of().filter(async (one) => one % 2).toArray(), await of().take(2).toArray(),
                await of().drop(3).toArray(),
            await of().flatMap((one) => [one, one]).take(3).toArray(), await of().reduce((sum, one) => sum + one), await of().reduce((sum,
                one) => sum + one, 10),
            await of().some((one) => one === 2), await of().every((one) => one < 4), await of().find((one) => 2 < one),
                await of().find((one) => 9 < one) === undefined,
            await of().map(async (one) => one, { concurrency: 3 }).toArray(),
        ];
    }, [[2, 4, 6, 8], [1, 3], [1, 2], [4], [1, 1, 2], 10, 20, true, false, 3, true, [1, 2, 3, 4]]],
    ["forEach, and what the methods refuse", async () => {
        const seen = [];
        await Readable.from([1, 2]).forEach((one) => {
            seen.push(one);
        });
        seen.push(await failed(Readable.from([1]).forEach(5)), await failed(Readable.from([]).reduce((a) => a)), await failed(Readable.from([1]).map(() => {
            throw new Error("in map");
        }).toArray()));
        try {
            Readable.from([1]).take(-1);
        } catch (error) {
            seen.push(error.code);
        }
        return seen;
    }, [1, 2, "ERR_INVALID_ARG_TYPE", "ERR_MISSING_ARGS", "in map", "ERR_OUT_OF_RANGE"]],
    ["compose", async () => {
        const composed = compose(
            async function* (source) {
                for await (const chunk of source) yield `${chunk}`.toUpperCase();
            },
            new PassThrough({ objectMode: true }),
        );
        composed.end("ab");
        const methods = await Readable.from(["x"]).compose(async function* (source) {
            for await (const chunk of source) yield `<${chunk}>`;
        }).toArray();
        return [(await collect(composed)).map(String), methods];
    }, [["AB"], ["<x>"]]],
    ["Duplex.from", async () => {
        const promised = await collect(Duplex.from(Promise.resolve("later")));
        const transformed = Duplex.from(async function* (source) {
            for await (const chunk of source) yield String(chunk) + "!";
        });
        transformed.end("a");
        const pair = Duplex.from({ readable: Readable.from(["r"]), writable: sink([]) });
        return [promised, await collect(transformed), pair.writable, (await pair.toArray()).map(String)];
    }, [["later"], ["a!"], true, ["r"]]],
    ["allowHalfOpen ends the writing side with the reading side", async () => {
        const duplex = new Duplex({ allowHalfOpen: false, read() {}, write(chunk, encoding, callback) {
            callback();
        } });
        const seen = events(duplex, ["end", "finish", "close"]);
        duplex.push(null);
        duplex.resume();
        await later();
        return seen;
    }, ["end", "finish", "close"]],
    ["addAbortSignal", async () => {
        const controller = new AbortController();
        const readable = addAbortSignal(controller.signal, new Readable({ read() {} }));
        const seen = events(readable, ["error", "close"]);
        controller.abort();
        await later();
        return seen;
    }, ["error ABORT_ERR", "close"]],
    ["to the web and back", async () => {
        const there = Readable.toWeb(Readable.from([Buffer.from("a"), Buffer.from("b")], { objectMode: false }));
        const isWeb = there instanceof ReadableStream;
        const back = await text(Readable.fromWeb(there));
        const seen = [];
        const writer = Writable.toWeb(sink(seen)).getWriter();
        await writer.write(new Uint8Array([97]));
        await writer.close();
        const chunks = [];
        const writable = Writable.fromWeb(new WritableStream({ write(chunk) {
            chunks.push(Array.from(chunk));
        } }));
        writable.end("b");
        await promises.finished(writable);
        const pair = Duplex.fromWeb(new TransformStream());
        pair.end("c");
        return [isWeb, back, seen.map(String), chunks, await text(pair)];
    }, [true, "ab", ["a"], [[98]], "c"]],
    ["a web stream's error and cancellation cross over", async () => {
        const error = await failed(collect(Readable.fromWeb(new ReadableStream({ start(controller) {
            controller.error(new Error("web"));
        } }))));
        const readable = new Readable({ read() {} });
        await Readable.toWeb(readable).cancel();
        await later();
        return [error, readable.destroyed];
    }, ["web", true]],
    ["what is asked of a stream", () => [stream.isReadable(new Readable()), stream.isErrored(new Readable()), stream.isDisturbed(new Readable()),
        stream.getDefaultHighWaterMark(false), stream.getDefaultHighWaterMark(true)], [true, false, false, 65536, 16]],
    ["wrong marks are refused", () => ["a", -1, NaN, 1.5].map((highWaterMark) => {
        try {
            new Readable({ highWaterMark });
            return "nothing";
        } catch (error) {
            return [error.code, error.message];
        }
    }), [["ERR_INVALID_ARG_VALUE", "The property 'options.highWaterMark' is invalid. Received 'a'"], ["ERR_INVALID_ARG_VALUE",
        "The property 'options.highWaterMark' is invalid. Received -1"],
        ["ERR_INVALID_ARG_VALUE", "The property 'options.highWaterMark' is invalid. Received NaN"],
        ["ERR_INVALID_ARG_VALUE", "The property 'options.highWaterMark' is invalid. Received 1.5"]]],
    ["duplexPair", async () => {
        if (stream.duplexPair === undefined) return [["ab"], true];
        const [one, other] = stream.duplexPair();
        one.write("a");
        one.end("b");
        return [[await text(other)], one !== other];
    }, [["ab"], true]],
];
