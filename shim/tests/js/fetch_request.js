// Request (Fetch Standard, section 5.4).

const U = "http://h.test/p";

const thrown = (act) => {
    try {
        act();
        return "nothing";
    } catch (error) {
        return error.name;
    }
};

export const cases = [
    ["defaults", () => {
        const request = new Request("HTTP://H.test:80/a/../p?q#f");
        return [
            request.method, request.url, [...request.headers], request.body, request.bodyUsed, request.mode, request.credentials,
            request.cache, request.redirect, request.referrer, request.referrerPolicy, request.integrity, request.keepalive,
            request.destination, request.duplex, request.signal.aborted, request.isReloadNavigation,
        ];
    }, ["GET", "http://h.test/p?q#f", [], null, false, "cors", "same-origin", "default", "follow", "about:client", "", "", false, "",
        "half", false, false]],
    ["methods", () => [
        new Request(U, { method: "post" }).method, new Request(U, { method: "patch" }).method,
        thrown(() => new Request(U, { method: "a b" })), thrown(() => new Request(U, { method: "trace" })),
        thrown(() => new Request(U, { method: "" })),
    ], ["POST", "patch", "TypeError", "TypeError", "TypeError"]],
    ["URLs that are none", () => [
        thrown(() => new Request("/p")), thrown(() => new Request("http://u:p@h.test/")), thrown(() => new Request("")),
        thrown(() => new Request()),
    ], ["TypeError", "TypeError", "TypeError", "TypeError"]],
    ["members that are wrong", () => [
        thrown(() => new Request(U, { mode: "navigate" })), thrown(() => new Request(U, { mode: "x" })),
        thrown(() => new Request(U, { cache: "only-if-cached" })), thrown(() => new Request(U, { window: "a" })),
        thrown(() => new Request(U, { signal: {} })), thrown(() => new Request(U, { body: "x" })),
        thrown(() => new Request(U, { method: "HEAD", body: "" })), thrown(() => new Request(U, { redirect: "x" })),
        thrown(() => new Request(U, { method: "PUT", mode: "no-cors" })), thrown(() => new Request(U, { referrer: "http:// " })),
        thrown(() => new Request(U, { method: "POST", body: new ReadableStream() })),
    ], Array(11).fill("TypeError")],
    ["a body that is a stream with duplex", async () =>
        new Request(U, { method: "POST", duplex: "half", body: new ReadableStream({ start: (c) => c.close() }) }).text(), ""],
    ["the content type of a body", () => [
        new Request(U, { method: "POST", body: "a" }).headers.get("content-type"),
        new Request(U, { method: "POST", body: "a", headers: { "content-type": "x/y" } }).headers.get("content-type"),
    ], ["text/plain;charset=UTF-8", "x/y"]],
    ["a request of a request takes its body", async () => {
        const first = new Request(U, { method: "POST", body: "abc", headers: { a: "1" } });
        const second = new Request(first, { headers: { b: "2" } });
        return [first.bodyUsed, second.bodyUsed, await second.text(), [...second.headers], second.method, thrown(() => new Request(first))];
    }, [true, false, "abc", [["b", "2"]], "POST", "TypeError"]],
    ["a failed construction leaves the body", () => {
        const first = new Request(U, { method: "POST", body: "abc" });
        return [thrown(() => new Request(first, { method: "a b" })), first.bodyUsed];
    }, ["TypeError", false]],
    ["a body that streams is taken too", async () => {
        const first = new Request(U, { method: "POST", body: "abc" });
        first.body;
        const second = new Request(first);
        return [first.bodyUsed, first.body.locked, await second.text()];
    }, [true, true, "abc"]],
    ["an init replaces the body", async () => {
        const first = new Request(U, { method: "POST", body: "abc" });
        return [await new Request(first, { body: "x" }).text(), await first.text()];
    }, ["x", "abc"]],
    ["signals follow", () => {
        const controller = new AbortController();
        const request = new Request(U, { signal: controller.signal });
        const clone = request.clone();
        const other = new Request(request, { signal: null });
        controller.abort("why");
        return [
            request.signal === controller.signal, request.signal.aborted, request.signal.reason, clone.signal.aborted,
            other.signal.aborted, request.signal === request.signal,
        ];
    }, [false, true, "why", true, false, true]],
    ["clones", async () => {
        const request = new Request(U, { method: "POST", body: "abc", headers: { a: "1" }, credentials: "omit" });
        const clone = request.clone();
        clone.headers.set("a", "2");
        return [request.headers.get("a"), await clone.text(), await request.text(), clone.credentials];
    }, ["1", "abc", "abc", "omit"]],
    ["headers that browsers forbid are kept", () =>
        new Request(U, { headers: { cookie: "a=b", host: "x" } }).headers.get("cookie"), "a=b"],
    ["members are read in the order of their names", () => {
        const seen = [];
        const init = new Proxy({}, {
            get(target, key) {
                seen.push(key);
                return undefined;
            },
        });
        new Request(U, init);
        return seen.slice(0, 5);
    }, ["body", "cache", "credentials", "duplex", "headers"]],
];
