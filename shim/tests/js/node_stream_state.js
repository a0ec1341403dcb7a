// The module "stream": what streams tell of themselves, and the methods that change it.

import { code, failure } from "./common.mjs";

const stream = process.getBuiltinModule("stream");
const { EventEmitter } = process.getBuiltinModule("events");
const { Readable, Writable, Duplex, Transform, PassThrough } = stream;

const once = (emitter, name) => new Promise((resolve) => emitter.once(name, (...values) => resolve(values)));
const soon = () => new Promise((resolve) => setImmediate(resolve));
const sink = (options = {}) => new Writable({ write(chunk, encoding, callback) {
    callback();
}, ...options });
/** A sink that holds each chunk until `next` is called. */
const slow = (options = {}) => {
    const waiting = [];
    const own = new Writable({ write(chunk, encoding, callback) {
        waiting.push(callback);
    }, ...options });
    own.next = (error) => waiting.shift()(error);
    return own;
};
const echo = (options = {}) => new Duplex({ read() {}, write(chunk, encoding, callback) {
    this.push(chunk);
    callback();
}, ...options });

export const cases = [
    ["the module is the class of old streams", () => [stream === stream.Stream, stream.Stream.Readable === Readable,
        new stream.Stream() instanceof EventEmitter, typeof new stream.Stream().pipe,
        stream.promises === process.getBuiltinModule("stream/promises")], [true, true, true, "function", true]],
    ["constructors", () => [Readable, Writable, Duplex, Transform, PassThrough].map((Class) => [new Class().constructor === Class,
        Class.prototype.constructor === Class, Class() instanceof Class, new Class() instanceof stream, new Class() instanceof Readable,
        new Class() instanceof Writable]), [
        [true, true, true, true, true, false], [true, true, true, true, false, true], [true, true, true, true, true, true],
        [true, true, true, true, true, true], [true, true, true, true, true, true],
    ]],
    ["an old stream pipes", () => {
        const source = new stream.Stream();
        const seen = [];
        const target = new stream.Stream();
        target.writable = true;
        target.write = (chunk) => seen.push(chunk);
        target.end = () => seen.push("end");
        const result = source.pipe(target);
        source.emit("data", 1);
        source.emit("data", 2);
        source.emit("end");
        return [seen, result === target];
    }, [[1, 2, "end"], true]],
    ["a new readable stream", () => {
        const own = new Readable({ read() {} });
        return [own.readable, own.readableFlowing, own.readableLength, own.readableHighWaterMark, own.readableObjectMode, own.readableEncoding,
            own.readableEnded, own.readableAborted, own.readableDidRead, own.destroyed, own.closed, own.errored, own.isPaused(),
            own.readableBuffer?.length ?? 0];
    }, [true, null, 0, 65536, false, null, false, false, false, false, false, null, false, 0]],
    ["a readable stream on its way", async () => {
        const own = new Readable({ read() {}, highWaterMark: 4 });
        const found = [own.push("ab"), own.push("cd"), own.readableLength];
        own.setEncoding("utf8");
        found.push(own.readableEncoding, own.read(1), own.readableDidRead, own.readableLength, own.unshift("x"), own.read(), own.read(), own.readableFlowing);
        own.push(null);
        own.resume();
        found.push(own.readableFlowing, own.readableEnded);
        await once(own, "end");
        found.push(own.readableEnded, own.readable);
        await soon();
        return [...found, own.destroyed, own.closed];
    }, [true, false, 4, "utf8", "a", true, 3, false, "xbcd", null, null, true, false, true, false, true, true]],
    ["objects count as one each", () => {
        const own = new Readable({ read() {}, objectMode: true, highWaterMark: 2 });
        return [own.readableObjectMode, own.push({ a: 1 }), own.push({ a: 2 }), own.readableLength, own.read(), own.read(), own.read()];
    }, [true, true, false, 2, { a: 1 }, { a: 2 }, null]],
    ["the buffer of a readable stream", () => {
        const own = new Readable({ read() {} });
        own.push("a");
        own.push("bc");
        return [own.readableBuffer.length, own.readableLength, String(own.read(2)), own.readableLength];
    }, [2, 3, "ab", 1]],
    ["pause and resume", async () => {
        const own = new Readable({ read() {} });
        const seen = [];
        own.on("data", (chunk) => seen.push(String(chunk)));
        const found = [own.isPaused(), own.pause() === own, own.isPaused(), own.readableFlowing];
        own.push("a");
        await soon();
        found.push(seen.length, own.resume() === own, own.isPaused());
        await soon();
        return [...found, seen];
    }, [false, true, true, false, 0, true, false, ["a"]]],
    ["listeners for data make it flow, those for readable do not", async () => {
        const one = new Readable({ read() {} });
        const listen = () => {};
        one.addListener("data", listen);
        const other = new Readable({ read() {} });
        other.on("readable", listen);
        await soon();
        const found = [one.readableFlowing, other.readableFlowing];
        other.removeListener("readable", listen);
        other.on("data", listen);
        other.off("data", listen);
        await soon();
        found.push(one.listenerCount("data"), other.listenerCount("readable"), other.listenerCount("data"));
        one.removeAllListeners("data");
        return [...found, one.listenerCount("data"), one.removeAllListeners() === one, one.off("data", listen) === one];
    }, [true, false, 1, 0, 0, 0, true, true]],
    ["removing the last listener for readable lets it flow again", async () => {
        const own = new Readable({ read() {} });
        const seen = [];
        const listen = () => {};
        own.on("readable", listen);
        own.on("data", (chunk) => seen.push(String(chunk)));
        own.push("a");
        await soon();
        const before = seen.length;
        own.removeAllListeners("readable");
        await soon();
        return [before, seen, own.readableFlowing];
    }, [0, ["a"], true]],
    ["pipe and unpipe", async () => {
        const source = new Readable({ read() {} });
        const seen = [];
        const target = sink({ write(chunk, encoding, callback) {
            seen.push(String(chunk));
            callback();
        } });
        const events = [];
        target.on("pipe", (from) => events.push(["pipe", from === source]));
        target.on("unpipe", (from) => events.push(["unpipe", from === source]));
        const result = source.pipe(target);
        source.push("a");
        await soon();
        source.unpipe(target);
        source.push("b");
        await soon();
        return [result === target, seen, events, source.unpipe(target) === source];
    }, [true, ["a"], [["pipe", true], ["unpipe", true]], true]],
    ["a writable stream cannot be piped", async () => {
        const own = sink();
        const error = once(own, "error");
        own.pipe(sink());
        return (await error)[0].code;
    }, "ERR_STREAM_CANNOT_PIPE"],
    ["wrap takes an old stream", async () => {
        const old = new EventEmitter();
        old.pause = () => {};
        old.resume = () => {};
        const own = new Readable().wrap(old);
        const chunks = [];
        own.on("data", (chunk) => chunks.push(String(chunk)));
        old.emit("data", Buffer.from("a"));
        old.emit("data", Buffer.from("b"));
        old.emit("end");
        await once(own, "end");
        return chunks;
    }, ["a", "b"]],
    ["destroy with an error, and without", async () => {
        const one = new Readable({ read() {} });
        const error = once(one, "error");
        const result = one.destroy(new Error("own"));
        const found = [result === one, one.destroyed, one.closed, one.errored?.message, (await error)[0].message];
        await soon();
        found.push(one.closed, one.readableAborted, one.push("a"), one.read());
        const other = sink();
        other.destroy();
        await once(other, "close");
        found.push(other.destroyed, other.closed, other.errored, other.writable, other.writableAborted);
        const third = echo();
        third.destroy(new RangeError("third"));
        found.push((await once(third, "error"))[0].name, third.destroyed, third.errored.message);
        stream.destroy(new Readable({ read() {} }).on("error", (own) => found.push(own.name)), new TypeError("by the function"));
        await soon();
        return found;
    }, [true, true, true, "own", "own", true, true, false, null, true, true, null, false, true, "RangeError", true, "third", "TypeError"]],
    ["destroy of nothing, and of a stream without an error", async () => {
        const own = new Readable({ read() {} });
        own.on("error", () => {});
        const result = stream.destroy(own);
        await soon();
        return [result === own, own.destroyed, stream.isDestroyed(own), stream.isDestroyed(new Readable()), stream.isDestroyed({})];
    }, [false, true, true, false, null]],
    ["what functions tell of streams", async () => {
        const own = new Readable({ read() {} });
        const target = sink();
        const found = [stream.isReadable(own), stream.isWritable(own), stream.isReadable(target), stream.isWritable(target), stream.isDisturbed(own),
            stream.isErrored(own), stream.isReadable({}), stream.isWritable(null)];
        own.push("a");
        own.read();
        own.on("error", () => {});
        own.destroy(new Error("own"));
        target.end();
        await soon();
        return [...found, stream.isDisturbed(own), stream.isErrored(own), stream.isReadable(own), stream.isWritable(target), stream.isErrored(target),
            stream.isDisturbed(target)];
    }, [true, null, null, true, false, false, null, null, true, true, false, false, false, false]],
    ["default sizes", () => {
        const before = [stream.getDefaultHighWaterMark(false), stream.getDefaultHighWaterMark(true)];
        stream.setDefaultHighWaterMark(false, 100);
        stream.setDefaultHighWaterMark(true, 3);
        const found = [new Readable().readableHighWaterMark, new Writable({ objectMode: true }).writableHighWaterMark, stream.getDefaultHighWaterMark(false)];
        stream.setDefaultHighWaterMark(false, before[0]);
        stream.setDefaultHighWaterMark(true, before[1]);
        return [before, found, new Writable().writableHighWaterMark, code(() => stream.setDefaultHighWaterMark(false, -1)),
            code(() => stream.setDefaultHighWaterMark(false, "a"))];
    }, [[65536, 16], [100, 3, 100], 65536, "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE"]],
    ["a new writable stream", () => [sink(), echo(), new PassThrough()].map((own) => [own.writable, own.writableLength, own.writableHighWaterMark,
        own.writableObjectMode, own.writableCorked, own.writableEnded, own.writableFinished, own.writableNeedDrain, own.destroyed, own.closed,
        own.errored]), [
        [true, 0, 65536, false, 0, false, false, false, false, false, null],
        [true, 0, 65536, false, 0, false, false, false, false, false, null],
        [true, 0, 65536, false, 0, false, false, false, false, false, null],
    ]],
    ["a writable stream that is full", async () => {
        const own = slow({ highWaterMark: 3 });
        const found = [own.write("ab"), own.writableLength, own.writableNeedDrain, own.write("c"), own.writableLength, own.writableNeedDrain,
            own.writableBuffer?.length];
        const drained = once(own, "drain");
        own.next();
        own.next();
        await drained;
        found.push(own.writableLength, own.writableNeedDrain);
        own.end();
        found.push(own.writableEnded, own.writableFinished, own.writable);
        await once(own, "finish");
        return [...found, own.writableFinished];
    }, [true, 2, false, false, 3, true, 1, 0, false, true, false, false, true]],
    ["a duplex stream that is full", async () => {
        const waiting = [];
        const own = new Duplex({ read() {}, highWaterMark: 2, write(chunk, encoding, callback) {
            waiting.push(callback);
        } });
        const found = [own.write("abc"), own.writableLength, own.writableNeedDrain, own.writableHighWaterMark, own.writableBuffer?.length];
        own.write("d");
        found.push(own.writableLength, own.writableBuffer?.length);
        const drained = once(own, "drain");
        waiting.shift()();
        await soon();
        waiting.shift()();
        await drained;
        own.end();
        found.push(own.writableEnded, own.writable);
        await once(own, "finish");
        return [...found, own.writableFinished, own.writableNeedDrain];
    }, [false, 3, true, 2, 0, 4, 1, true, false, true, false]],
    ["cork holds what is written", async () => {
        const all = [];
        for (const Class of [Writable, Duplex]) {
            const seen = [];
            const own = new Class({ read() {}, write(chunk, encoding, callback) {
                seen.push(String(chunk));
                callback();
            }, writev(chunks, callback) {
                seen.push(chunks.map((each) => String(each.chunk)));
                callback();
            } });
            own.cork();
            own.cork();
            own.write("a");
            own.write("b");
            const found = [own.writableCorked, seen.length, own.writableLength];
            own.uncork();
            found.push(own.writableCorked, seen.length);
            own.uncork();
            await soon();
            all.push([...found, seen, own.writableCorked, own.writableLength]);
        }
        return all;
    }, [[2, 0, 2, 1, 0, [["a", "b"]], 0, 0], [2, 0, 2, 1, 0, [["a", "b"]], 0, 0]]],
    ["the default encoding", async () => {
        const all = [];
        for (const Class of [Writable, Duplex]) {
            const seen = [];
            const own = new Class({ read() {}, decodeStrings: false, write(chunk, encoding, callback) {
                seen.push([chunk, encoding]);
                callback();
            } });
            const result = own.setDefaultEncoding("LATIN1");
            own.write("a");
            own.write("b", "hex");
            await soon();
            all.push([result === own, seen, failure(() => own.setDefaultEncoding("nothing"))]);
        }
        return all;
    }, [
        [true, [["a", "latin1"], ["b", "hex"]], ["TypeError", "ERR_UNKNOWN_ENCODING", "Unknown encoding: nothing"]],
        [true, [["a", "latin1"], ["b", "hex"]], ["TypeError", "ERR_UNKNOWN_ENCODING", "Unknown encoding: nothing"]],
    ]],
    ["objects are written as they are", async () => {
        const seen = [];
        const own = new Writable({ objectMode: true, write(chunk, encoding, callback) {
            seen.push(chunk);
            callback();
        } });
        const other = new Duplex({ writableObjectMode: true, read() {}, write(chunk, encoding, callback) {
            seen.push(chunk);
            callback();
        } });
        own.write({ a: 1 });
        other.write([2]);
        await soon();
        return [seen, own.writableObjectMode, other.writableObjectMode, other.readableObjectMode, failure(() => own.write(null)).slice(0, 2),
            failure(() => sink().write({ a: 1 })).slice(0, 2), failure(() => sink().write(null)).slice(0, 2)];
    }, [
        [{ a: 1 }, [2]], true, true, false, ["TypeError", "ERR_STREAM_NULL_VALUES"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
        ["TypeError", "ERR_STREAM_NULL_VALUES"],
    ]],
    ["end with a chunk and a callback, and what comes behind it", async () => {
        const all = [];
        for (const own of [sink(), echo()]) {
            own.on("error", () => {});
            const seen = [];
            const ended = new Promise((resolve) => own.end("last", () => resolve("ended")));
            own.write("late", (error) => seen.push(error.code));
            const twice = new Promise((resolve) => own.end((error) => resolve(error?.code)));
            all.push([await ended, seen, own.writableEnded, await twice]);
        }
        return all;
    }, [["ended", ["ERR_STREAM_WRITE_AFTER_END"], true, "ERR_STREAM_DESTROYED"], ["ended", ["ERR_STREAM_WRITE_AFTER_END"], true, "ERR_STREAM_DESTROYED"]]],
    ["an error of write", async () => {
        const own = slow();
        const error = once(own, "error");
        const answered = new Promise((resolve) => own.write("a", (each) => resolve(each.message)));
        own.next(new Error("own"));
        return [(await error)[0].message, await answered, own.errored.message, own.destroyed, own.writable];
    }, ["own", "own", "own", true, false]],
    ["asynchronous iteration with options", async () => {
        const own = Readable.from(["a", "b", "c"]);
        for await (const chunk of own.iterator({ destroyOnReturn: false })) if (chunk === "a") break;
        const rest = [];
        for await (const chunk of own) rest.push(chunk);
        const other = Readable.from([1, 2]);
        for await (const chunk of other) if (chunk) break;
        return [rest, other.destroyed, failure(() => own.iterator(5)).slice(0, 2)];
    }, [["b", "c"], true, ["TypeError", "ERR_INVALID_ARG_TYPE"]]],
    ["compose of a readable stream", async () => {
        const own = Readable.from(["a", "b"]).compose(async function* (source) {
            for await (const chunk of source) yield `${chunk}${chunk}`;
        });
        return own.toArray();
    }, ["aa", "bb"]],
    ["duplexPair", async () => {
        const [one, other] = stream.duplexPair();
        one.write("abc");
        other.write("de");
        await soon();
        return [String(other.read()), String(one.read())];
    }, ["abc", "de"]],
    ["addAbortSignal", async () => {
        const controller = new AbortController();
        const own = stream.addAbortSignal(controller.signal, new Readable({ read() {} }));
        const error = once(own, "error");
        controller.abort();
        return [(await error)[0].name, own.destroyed, own.readableAborted, code(() => stream.addAbortSignal({}, own)),
            code(() => stream.addAbortSignal(controller.signal, {}))];
    }, ["AbortError", true, true, "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
];
