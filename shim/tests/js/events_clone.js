// structuredClone.

const refused = (value, options) => {
    try {
        structuredClone(value, options);
        return "taken";
    } catch (error) {
        return error.name;
    }
};

export const cases = [
    ["primitives and their objects", () => {
        const boxes = [Object(true), Object(1), Object("x"), Object(5n)];
        const copy = structuredClone([undefined, null, true, 1, -0, 5n, "\ud800", ...boxes]);
        return [copy.length, copy[0] === undefined, Object.is(copy[4], -0), copy[5] === 5n, copy[6] === "\ud800",
            copy.slice(7).map((one) => `${typeof one} ${String(one)}`)];
    }, [11, true, true, true, true, ["object true", "object 1", "object x", "object 5"]]],
    ["dates, regular expressions, maps and sets", () => {
        const pattern = /a\/b/giu;
        pattern.lastIndex = 3;
        const copy = structuredClone({ date: new Date(5), wrong: new Date(NaN), pattern, map: new Map([[{ a: 1 }, 2]]),
            set: new Set(["x", 1]) });
        return [copy.date.getTime(), Number.isNaN(copy.wrong.getTime()), String(copy.pattern), copy.pattern.lastIndex,
            [...copy.map], [...copy.set]];
    }, [5, true, "/a\\/b/giu", 0, [[{ a: 1 }, 2]], ["x", 1]]],
    ["cycles and one object in two places", () => {
        const shared = {};
        const value = { shared, again: shared, list: [] };
        value.self = value;
        value.list.push(value.list);
        const copy = structuredClone(value);
        return [copy.self === copy, copy.shared === copy.again, copy.shared !== shared, copy.list[0] === copy.list];
    }, [true, true, true, true]],
    ["a map that holds itself", () => {
        const map = new Map();
        map.set("self", map);
        map.set(map, "key");
        const copy = structuredClone(map);
        return [copy.get("self") === copy, copy.get(copy)];
    }, [true, "key"]],
    ["arrays keep their length, holes and other properties", () => {
        const list = [1, , 3];
        list.length = 5;
        list.name = "x";
        const copy = structuredClone(list);
        return [copy.length, 1 in copy, copy[2], copy.name, Array.isArray(copy)];
    }, [5, false, 3, "x", true]],
    ["own enumerable members by text, with getters read and prototypes gone", () => {
        class Mine {
            a = 1;
            get b() { return 2; }
        }
        const value = new Mine();
        Object.defineProperty(value, "hidden", { value: 3, enumerable: false });
        Object.defineProperty(value, "read", { get: () => 4, enumerable: true });
        value[Symbol("s")] = 5;
        const copy = structuredClone(value);
        return [copy, Object.getPrototypeOf(copy) === Object.prototype];
    }, [{ a: 1, read: 4 }, true]],
    ["a member __proto__ is a member", () => {
        const copy = structuredClone(JSON.parse('{"__proto__": {"x": 1}}'));
        return [Object.keys(copy), Object.getPrototypeOf(copy) === Object.prototype];
    }, [["__proto__"], true]],
    ["setters that an app put into prototypes are not called", () => {
        Object.defineProperty(Object.prototype, "trap", { set() { throw new Error("called"); }, configurable: true });
        try {
            const copy = structuredClone(JSON.parse('{"trap": [1]}'));
            return Object.getOwnPropertyDescriptor(copy, "trap").value[0];
        } finally {
            delete Object.prototype.trap;
        }
    }, 1],
    ["errors keep their kind, message, stack and cause", () => {
        const error = new RangeError("m", { cause: { why: 1 } });
        error.more = 1;
        const copy = structuredClone(error);
        return [copy instanceof RangeError, copy.name, copy.message, copy.stack === error.stack, copy.cause,
            copy.more === undefined, Object.keys(copy)];
    }, [true, "RangeError", "m", true, { why: 1 }, true, []]],
    ["an error of a class of the app becomes an Error", () => {
        class Mine extends Error {}
        const mine = new Mine("m");
        mine.name = "Mine";
        const copy = structuredClone(mine);
        return [copy.constructor === Error, copy.name, copy.message];
    }, [true, "Error", "m"]],
    ["a DOMException stays one", () => {
        const copy = structuredClone(new DOMException("m", "AbortError"));
        return [copy instanceof DOMException, copy.name, copy.message, copy.code];
    }, [true, "AbortError", "m", 20]],
    ["buffers and views of them", () => {
        const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
        const middle = new Uint16Array(buffer, 2, 2);
        const copy = structuredClone({ buffer, middle, view: new DataView(buffer, 1, 3) });
        return [[...new Uint8Array(copy.buffer)], copy.middle.buffer === copy.buffer, copy.middle.byteOffset,
            copy.middle.length, copy.view.byteOffset, copy.view.byteLength, copy.buffer !== buffer];
    }, [[1, 2, 3, 4, 5, 6, 7, 8], true, 2, 2, 1, 3, true]],
    ["resizable buffers stay so, and views keep following their length or not", () => {
        const buffer = new ArrayBuffer(4, { maxByteLength: 8 });
        const copy = structuredClone({ buffer, follows: new Uint8Array(buffer, 1), fixed: new Uint8Array(buffer, 1, 3),
            view: new DataView(buffer) });
        copy.buffer.resize(8);
        return [copy.buffer.resizable, copy.buffer.maxByteLength, copy.follows.length, copy.fixed.length,
            copy.view.byteLength, buffer.byteLength];
    }, [true, 8, 7, 3, 8, 4]],
    ["a full resizable buffer: the bytes stay as they are", () => {
        const buffer = new ArrayBuffer(4, { maxByteLength: 4 });
        new Uint8Array(buffer).set([1, 2, 3, 4]);
        const fixed = new Uint16Array(buffer, 0, 2);
        const copy = structuredClone({ buffer, follows: new Uint16Array(buffer), fixed });
        copy.buffer.resize(2);
        return [[...new Uint8Array(buffer)], copy.follows.length, copy.fixed.length];
    }, [[1, 2, 3, 4], 1, 0]],
    ["views out of bounds are refused", () => {
        const buffer = new ArrayBuffer(8, { maxByteLength: 8 });
        const views = [new Uint8Array(buffer, 4, 4), new DataView(buffer, 4, 4)];
        buffer.resize(4);
        return views.map((view) => refused(view));
    }, ["DataCloneError", "DataCloneError"]],
    ["a transferred buffer moves, with its views", () => {
        const buffer = new Uint8Array([1, 2, 3]).buffer;
        const bytes = new Uint8Array(buffer, 1);
        const value = { bytes, map: new Map([[bytes, buffer]]), set: new Set([bytes]) };
        const copy = structuredClone(value, { transfer: [buffer] });
        return [buffer.byteLength, bytes.length, [...copy.bytes], copy.map.get(copy.bytes) === copy.bytes.buffer,
            copy.set.has(copy.bytes), Object.keys(copy)];
    }, [0, 0, [2, 3], true, true, ["bytes", "map", "set"]]],
    ["what fails later leaves the buffer where it is", () => {
        const buffer = new ArrayBuffer(3);
        return [refused([buffer, () => {}], { transfer: [buffer] }), buffer.byteLength];
    }, ["DataCloneError", 3]],
    ["a transfer list with one buffer twice, with a detached one, and with others", () => {
        const buffer = new ArrayBuffer(3);
        const gone = new ArrayBuffer(3);
        structuredClone(gone, { transfer: [gone] });
        return [refused(1, { transfer: [buffer, buffer] }), refused(1, { transfer: [gone] }), refused(gone),
            refused(1, { transfer: [{}] }), refused(1, { transfer: [1] }), refused(1, { transfer: 1 }),
            buffer.byteLength];
    }, ["DataCloneError", "DataCloneError", "DataCloneError", "DataCloneError", "TypeError", "TypeError", 3]],
    ["functions, symbols, promises, weak maps, proxies and platform objects are refused", () => [
        refused(() => {}), refused(class {}), refused(Symbol("s")), refused(Object(Symbol("s"))),
        refused(Promise.resolve()), refused(new WeakMap()), refused(new Proxy({}, {})), refused(new Proxy([], {})),
        refused({ a: [() => {}] }),
        refused(new WeakRef({})), refused((function* () {})()),
    ], Array(11).fill("DataCloneError")],
    ["a spoofed tag changes nothing", () => {
        const value = { [Symbol.toStringTag]: "Date", a: 1 };
        return structuredClone(value);
    }, { a: 1 }],
    ["arguments become an object", () => (function () { return structuredClone(arguments); })(1, 2), { 0: 1, 1: 2 }],
    ["an argument is needed", () => {
        try {
            return structuredClone();
        } catch (error) {
            return error.name;
        }
    }, "TypeError"],
    ["what is nested too deep is a RangeError", () => {
        let value = [];
        for (let depth = 0; depth < 1e6; depth++) value = [value];
        return refused(value);
    }, "RangeError"],
    ["patched methods of Map and Array change nothing", () => {
        const { get, set } = Map.prototype;
        const { push } = Array.prototype;
        const failing = () => { throw new Error("called"); };
        const map = new Map([["a", [1]]]);
        Map.prototype.get = failing;
        Map.prototype.set = failing;
        Array.prototype.push = failing;
        let copy;
        try {
            copy = structuredClone(map);
        } finally {
            Map.prototype.get = get;
            Map.prototype.set = set;
            Array.prototype.push = push;
        }
        return [...copy];
    }, [["a", [1]]]],
];
