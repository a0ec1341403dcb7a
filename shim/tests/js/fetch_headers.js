// Headers (Fetch Standard, section 5.1).

const thrown = (act) => {
    try {
        act();
        return "nothing";
    } catch (error) {
        return error.name;
    }
};

const all = (headers) => [...headers];

export const cases = [
    ["pairs, records and copies", () => [
        all(new Headers([["B", "1"], ["a", "2"]])), all(new Headers({ B: "1", a: 2 })), all(new Headers(new Headers({ x: "y" }))),
    ], [[["a", "2"], ["b", "1"]], [["a", "2"], ["b", "1"]], [["x", "y"]]]],
    ["values are trimmed", () => new Headers({ a: " \t1 2\r\n " }).get("A"), "1 2"],
    ["repetitions are combined, cookies are not", () => {
        const headers = new Headers([["set-cookie", "b=1"], ["x", "1"], ["Set-Cookie", "a=2"], ["X", "2"]]);
        return [all(headers), headers.getSetCookie(), headers.get("set-cookie")];
    }, [[["set-cookie", "b=1"], ["set-cookie", "a=2"], ["x", "1, 2"]], ["b=1", "a=2"], "b=1, a=2"]],
    ["set keeps the place of the first", () => {
        const headers = new Headers([["a", "1"], ["b", "2"], ["a", "3"]]);
        headers.set("A", "4");
        return all(headers);
    }, [["a", "4"], ["b", "2"]]],
    ["delete and has", () => {
        const headers = new Headers({ a: "1" });
        const before = headers.has("A");
        headers.delete("A");
        headers.delete("nothing");
        return [before, headers.has("a"), headers.get("a")];
    }, [true, false, null]],
    ["an iteration sees changes", () => {
        const headers = new Headers({ a: "1", b: "2", d: "4" });
        const seen = [];
        for (const [name] of headers) {
            seen.push(name);
            if (name === "a") headers.delete("b");
            if (name === "d") headers.append("c", "3");
        }
        return seen;
    }, ["a", "d", "d"]],
    ["bad names and values", () => [
        thrown(() => new Headers({ "a b": "1" })), thrown(() => new Headers({ "": "1" })), thrown(() => new Headers({ a: "1\n2" })),
        thrown(() => new Headers({ a: "\u0100" })), thrown(() => new Headers({ "\u0100": "1" })), thrown(() => new Headers({ a: "\0" })),
        thrown(() => new Headers().get("a:")), thrown(() => new Headers().has("")), thrown(() => new Headers().delete("é")),
    ], ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]],
    ["bad inits", () => [
        thrown(() => new Headers(null)), thrown(() => new Headers(1)), thrown(() => new Headers("a")), thrown(() => new Headers([["a"]])),
        thrown(() => new Headers([["a", "b", "c"]])), thrown(() => new Headers([1])), thrown(() => new Headers({ [Symbol()]: 1 })),
        thrown(() => new Headers(undefined)),
    ], ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "nothing"]],
    ["bytes above 127 stay", () => new Headers({ a: "\u00e9\u00ff" }).get("a"), "\u00e9\u00ff"],
    ["the iterator is the web's", () => {
        const iterator = new Headers({ a: "1" }).entries();
        return [
            Object.prototype.toString.call(iterator), Headers.prototype.entries === Headers.prototype[Symbol.iterator],
            Object.keys(Object.getPrototypeOf(iterator)), iterator.next(), iterator.next(),
        ];
    }, ["[object Headers Iterator]", true, ["next"], { value: ["a", "1"], done: false }, { done: true }]],
    ["members as Web IDL has them", () => [
        Object.keys(Headers.prototype).sort(), Headers.length, Headers.prototype.append.length, Headers.prototype.forEach.length,
        Object.prototype.toString.call(new Headers()),
    ], [
        ["append", "delete", "entries", "forEach", "get", "getSetCookie", "has", "keys", "set", "values"], 0, 2, 1,
        "[object Headers]",
    ]],
    ["a patched prototype changes nothing inside", () => {
        const { push } = Array.prototype;
        Array.prototype.push = () => 0;
        try {
            return all(new Headers([["a", "1"], ["a", "2"]])).length;
        } finally {
            Array.prototype.push = push;
        }
    }, 1],
];
