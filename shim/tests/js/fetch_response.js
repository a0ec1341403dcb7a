// Response and fetch (Fetch Standard, sections 5.5, 5.6 and 6).

const thrown = (act) => {
    try {
        act();
        return "nothing";
    } catch (error) {
        return error.name;
    }
};

const name = (promise) => promise.then(() => "nothing", (error) => error.name);

const data = async (url) => {
    const response = await fetch(url);
    return [response.headers.get("content-type"), [...await response.bytes()]];
};

export const cases = [
    ["defaults", () => {
        const response = new Response();
        return [
            response.status, response.statusText, response.ok, response.type, response.url, response.redirected, [...response.headers],
        ];
    }, [200, "", true, "default", "", false, []]],
    ["status and text", () => [
        thrown(() => new Response("", { status: 199 })), thrown(() => new Response("", { status: 600 })),
        thrown(() => new Response("", { status: 204 })), thrown(() => new Response(null, { status: 204 })),
        thrown(() => new Response(null, { statusText: "\n" })), thrown(() => new Response(null, { statusText: "\u0100" })),
        new Response(null, { status: 65536 + 201 }).status, new Response(null, { status: 404 }).ok,
    ], ["RangeError", "RangeError", "TypeError", "nothing", "TypeError", "TypeError", 201, false]],
    ["error", () => {
        const response = Response.error();
        return [response.type, response.status, response.body, thrown(() => response.headers.set("a", "b"))];
    }, ["error", 0, null, "TypeError"]],
    ["redirect", () => {
        const response = Response.redirect("http://h.test/ä", 301);
        return [
            response.status, response.headers.get("location"), thrown(() => response.headers.append("a", "b")),
            thrown(() => Response.redirect("/x")), thrown(() => Response.redirect("http://h.test", 200)),
            thrown(() => Response.redirect()),
        ];
    }, [301, "http://h.test/%C3%A4", "TypeError", "TypeError", "RangeError", "TypeError"]],
    ["json", async () => {
        const response = Response.json({ a: [1, "ä"] }, { status: 201, headers: { x: "y" } });
        return [
            response.status, response.headers.get("content-type"), response.headers.get("x"), await response.text(),
            Response.json(null, { headers: { "content-type": "a/b" } }).headers.get("content-type"),
            thrown(() => Response.json(undefined)), thrown(() => Response.json(Symbol())), thrown(() => Response.json({}, { status: 204 })),
        ];
    }, [201, "application/json", "y", "{\"a\":[1,\"ä\"]}", "a/b", "TypeError", "TypeError", "TypeError"]],
    ["clones have headers of their own", () => {
        const response = new Response("", { headers: { a: "1" } });
        const clone = response.clone();
        clone.headers.set("a", "2");
        return [response.headers.get("a"), response.headers === response.headers];
    }, ["1", true]],
    ["Set-Cookie can be set", () => new Response("", { headers: [["set-cookie", "a"], ["set-cookie", "b"]] }).headers.getSetCookie(),
        ["a", "b"]],
    ["data URLs", () => Promise.all([
        data("data:,A%42"), data("data:text/html;charset=gbk,%ff"), data("data:;base64,QUI"), data("data:a/b;BASE64,QQ%3D%3D"),
        data("data:;charset=x,1#f"), data("data:nonsense,1"), data("data:text/html  ;  base64,QQ=="), data("DATA: ,?x"),
    ]), [
        ["text/plain;charset=US-ASCII", [65, 66]], ["text/html;charset=gbk", [255]], ["text/plain;charset=US-ASCII", [65, 66]],
        ["a/b", [65]], ["text/plain;charset=x", [49]], ["text/plain;charset=US-ASCII", [49]], ["text/html", [65]],
        ["text/plain;charset=US-ASCII", [63, 120]],
    ]],
    ["data URLs that are none", () => Promise.all([
        name(fetch("data:text/plain")), name(fetch("data:;base64,A")), name(fetch("data:;base64,!!!!")),
    ]), ["TypeError", "TypeError", "TypeError"]],
    ["the answer of a data URL", async () => {
        const response = await fetch("data:,x#f");
        return [response.status, response.statusText, response.type, response.url, thrown(() => response.headers.set("a", "b"))];
    }, [200, "OK", "basic", "data:,x", "TypeError"]],
    ["blob URLs", async () => {
        const url = URL.createObjectURL(new Blob(["abc"], { type: "a/b" }));
        const response = await fetch(url);
        const got = [await response.text(), response.headers.get("content-type"), response.headers.get("content-length")];
        URL.revokeObjectURL(url);
        return [...got, await name(fetch(url))];
    }, ["abc", "a/b", "3", "TypeError"]],
    ["a request has the blob that its URL led to when it was made", async () => {
        const url = URL.createObjectURL(new Blob(["abc"]));
        const made = new Request(url);
        const running = fetch(url);
        URL.revokeObjectURL(url);
        const texts = await Promise.all([running, fetch(made.clone()), fetch(made)]);
        return [...await Promise.all(texts.map((response) => response.text())), await name(fetch(url)), made.url === url];
    }, ["abc", "abc", "abc", "TypeError", true]],
    ["there is no network", () => fetch("https://h.test/x").catch((error) => [error.name, error.message]),
        ["TypeError", "fetch failed: egress is not granted to this app (GET https://h.test/x)"]],
    ["other schemes", () => Promise.all([name(fetch("file:///etc/passwd")), name(fetch("about:blank")), name(fetch("/relative"))]),
        ["TypeError", "TypeError", "TypeError"]],
    ["an answer to HEAD has no body", async () => {
        const response = await fetch("data:text/plain,x", { method: "HEAD" });
        return [response.status, response.headers.get("content-type"), response.body, await response.text()];
    }, [200, "text/plain", null, ""]],
    ["integrity is that of the strongest hash", async () => {
        const [x256, x384, y256] = [
            "sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=",
            "sha384-11LCxR+6DimqGQVwqdQlPkQHegWNMpf6OlYw1b0BJiL5fCisrtMTtcg7uZDKp9qF",
            "sha256-ofzkNjhU/4iM/0uOeHXWAMJoI5BBKoz3mzfQsRFIsPo=",
        ];
        const x512 = "sha512-pKvURIxJVi2CgRXROh/M6pJ/UrTVRZKX+LQ+QtqJI4vBNibkPcs43bCCSIkn7JBPtCBXRDmD6IWFF51QVRr+Yg==";
        const y512 = "sha512-EhtHdKdZkkopKcSkEvtuMbmqp0ZGaEDvzEp21pqUFJ4jZOOYPWRv6vqhtRF4XlyekK7cMNpqa+rVUg7MmcZiag==";
        const get = (integrity) => fetch("data:,x", { integrity }).then((response) => response.text(), (error) => error.name);
        return Promise.all([
            get(""), get("md5-no"), get(x256), get(x384.toUpperCase().slice(0, 6) + x384.slice(6)), get(x512.replaceAll("=", "")),
            get(x512.replaceAll("/", "_").replaceAll("+", "-")), get(`${x256}?option`), get(y256), get(`${y256} ${x384}`),
            get(`${y512}\n${x384}`), get(`${y512} ${x512}`), get(`${y256} ${y512}`), get("sha256-"),
            fetch(URL.createObjectURL(new Blob(["x"])), { integrity: x256 }).then((response) => response.text()),
        ]);
    }, ["x", "x", "x", "x", "x", "x", "x", "TypeError", "x", "TypeError", "x", "TypeError", "TypeError", "x"]],
    ["aborted before and while", async () => {
        const controller = new AbortController();
        const running = fetch("data:,x", { signal: controller.signal });
        controller.abort();
        return [await name(running), await name(fetch("data:,x", { signal: AbortSignal.abort() })),
            await fetch("data:,x", { signal: AbortSignal.abort("why") }).catch((reason) => reason)];
    }, ["AbortError", "AbortError", "why"]],
    ["an abort ends what was not read of the answer", async () => {
        const controller = new AbortController();
        const get = () => fetch("data:,abc", { signal: controller.signal });
        const [read, whole, twice, streamed, begun] = [await get(), await get(), await get(), await get(), await get()];
        const copy = whole.clone();
        const text = await read.text();
        const reader = begun.body.getReader();
        const first = (await reader.read()).value.length;
        controller.abort("over");
        return [
            text, first, read.bodyUsed, await read.text().catch((reason) => reason.name),
            ...await Promise.all([whole.text(), copy.json(), reader.read(), streamed.body.getReader().read()]
                .map((promise) => promise.catch((reason) => reason))),
            await twice.bytes().catch((reason) => reason), await twice.bytes().catch((reason) => reason.name), twice.bodyUsed,
        ];
    }, ["abc", 3, true, "TypeError", "over", "over", "over", "over", "over", "TypeError", true]],
    ["an abort before the answer cancels the stream of the request", async () => {
        let why;
        const body = new ReadableStream({ cancel(reason) { why = reason; } });
        const init = { method: "POST", body, duplex: "half", signal: AbortSignal.abort("over") };
        const running = fetch("data:,x", init);
        const told = why;
        return [told, await running.catch((reason) => reason)];
    }, ["over", "over"]],
    ["wrong arguments reject", () => name(fetch()), "TypeError"],
];
