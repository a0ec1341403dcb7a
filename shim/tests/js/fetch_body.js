// Bodies (Fetch Standard, sections 2.2.4, 5.2 and 5.3).

const name = (promise) => promise.then(() => "nothing", (error) => error.name);

const bytes = (list) => new Uint8Array(list);

const streamOf = (...chunks) => new ReadableStream({
    start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
    },
});

const form = (text, contentType = "multipart/form-data; boundary=b") =>
    new Response(text, { headers: { "content-type": contentType } }).formData();

const entries = async (promise) => {
    const list = [];
    for (const [key, value] of await promise) {
        list.push([key, typeof value === "string" ? value : [value.name, value.type, await value.text()]]);
    }
    return list;
};

export const cases = [
    ["texts and their types", () => Promise.all([
        new Response("a\ud800").text(), new Response("a").headers.get("content-type"),
        new Response(new URLSearchParams({ a: "b c" })).text(),
        new Response(new URLSearchParams()).headers.get("content-type"), new Response(bytes([65])).headers.get("content-type"),
        new Response(new Blob(["x"], { type: "a/b" })).headers.get("content-type"), new Response({}).text(),
    ]), ["a\ufffd", "text/plain;charset=UTF-8", "a=b+c", "application/x-www-form-urlencoded;charset=UTF-8", null, "a/b",
        "[object Object]"]],
    ["a byte order mark is dropped by text and json, kept by bytes", async () => {
        const marked = bytes([0xef, 0xbb, 0xbf, 0x31]);
        return [
            await new Response(marked).text(), await new Response(marked).json(), (await new Response(marked).bytes()).length,
        ];
    }, ["1", 1, 4]],
    ["bytes are copied when given", async () => {
        const given = bytes([1, 2]);
        const response = new Response(given);
        given[0] = 9;
        return [...await response.bytes()];
    }, [1, 2]],
    ["a view's own part", async () => [...await new Response(new DataView(bytes([1, 2, 3, 4]).buffer, 1, 2)).bytes()], [2, 3]],
    ["a body is read once", async () => {
        const response = new Response("a");
        const before = response.bodyUsed;
        await response.text();
        return [before, response.bodyUsed, await name(response.text()), await name(response.json()), response.body.locked];
    }, [false, true, "TypeError", "TypeError", true]],
    ["no body", async () => {
        const response = new Response();
        return [
            response.body, await response.text(), response.bodyUsed, (await response.arrayBuffer()).byteLength,
            await name(response.json()),
        ];
    }, [null, "", false, 0, "SyntaxError"]],
    ["an empty body is one", async () => {
        const response = new Response("");
        await response.text();
        return [response.body !== null, response.bodyUsed];
    }, [true, true]],
    ["streams are joined", () => new Response(streamOf(bytes([65]), bytes([]), bytes([66]))).text(), "AB"],
    ["a stream of something else", () => name(new Response(streamOf("A")).text()), "TypeError"],
    ["a stream that is locked or was read", async () => {
        const locked = streamOf();
        locked.getReader();
        const read = streamOf(bytes([1]));
        const reader = read.getReader();
        await reader.read();
        reader.releaseLock();
        const attempt = (stream) => {
            try {
                new Response(stream);
                return "nothing";
            } catch (error) {
                return error.name;
            }
        };
        return [attempt(locked), attempt(read)];
    }, ["TypeError", "TypeError"]],
    ["a locked body cannot be read, a released one can", async () => {
        const response = new Response("abc");
        const reader = response.body.getReader();
        const first = await name(response.text());
        reader.releaseLock();
        return [first, response.bodyUsed, await response.text()];
    }, ["TypeError", false, "abc"]],
    ["an errored stream", () =>
        name(new Response(new ReadableStream({ start: (c) => c.error(new RangeError("x")) })).text()), "RangeError"],
    ["clones read for themselves", async () => {
        const response = new Response("abc");
        const clone = response.clone();
        const inner = clone.clone();
        const one = await clone.bytes();
        one[0] = 0;
        return [await response.text(), await inner.text(), response.bodyUsed && clone.bodyUsed];
    }, ["abc", "abc", true]],
    ["clones of a stream", async () => {
        const response = new Response(streamOf(bytes([97]), bytes([98])));
        const clone = response.clone();
        return [await response.text(), await clone.text()];
    }, ["ab", "ab"]],
    ["a used body cannot be cloned", async () => {
        const response = new Response("a");
        await response.text();
        try {
            response.clone();
            return "nothing";
        } catch (error) {
            return error.name;
        }
    }, "TypeError"],
    ["the body is a byte stream", async () => {
        const reader = new Response("abc").body.getReader({ mode: "byob" });
        const { value } = await reader.read(new Uint8Array(2));
        return [...value];
    }, [97, 98]],
    ["many chunks end in no deep recursion", async () => {
        let count = 0;
        const stream = new ReadableStream({
            pull(controller) {
                for (let at = 0; at < 1000; at++) controller.enqueue(bytes([at & 255]));
                count++;
                if (count === 50) controller.close();
            },
        });
        return (await new Response(stream).bytes()).length;
    }, 50000],
    ["a form comes back", async () => {
        const sent = new FormData();
        sent.append("a\"\r\nb", "1\n2");
        sent.append("f", new File(["x\r\ny"], "n\"ame", { type: "t/x" }));
        sent.append("u", "ü\u0000");
        const response = new Response(sent);
        return [
            /^multipart\/form-data; boundary=\S+$/.test(response.headers.get("content-type")), await entries(response.formData()),
        ];
    }, [true, [["a\"\r\nb", "1\r\n2"], ["f", ["n\"ame", "t/x", "x\r\ny"]], ["u", "ü\u0000"]]]],
    ["an empty form comes back", () => entries(new Response(new FormData()).formData()), []],
    ["form bytes of others", () => entries(form([
        "preamble", "--b  ", "content-disposition: FORM-DATA ; name=\"a\"", "X-Other: 1", "", "1", "--b",
        "Content-Disposition: form-data; name=\"f\"; filename=\"\"", "", "", "--b",
        "Content-Disposition: form-data; name=g; filename=x.txt; filename*=UTF-8''%C3%A4.txt", "Content-Type: a/b", "", "--a",
        "--b--", "epilogue",
    ].join("\r\n"))), [["a", "1"], ["f", ["", "text/plain", ""]], ["g", ["ä.txt", "a/b", "--a"]]]],
    ["form bytes that are none", () => Promise.all([
        name(form("")), name(form("--b\r\n\r\n\r\n--b--")), name(form("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1")),
        name(form("--x--")), name(form("a=b", "text/plain")), name(form("--b--", "multipart/form-data")),
    ]), ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]],
    ["an encoded form keeps byte order marks", () => {
        const marked = "\ufeffa=\ufeffb&c=%EF%BB%BFd";
        return entries(form(marked, "application/x-www-form-urlencoded"));
    }, [["\ufeffa", "\ufeffb"], ["c", "\ufeffd"]]],
    ["an encoded form", () => entries(form("a=1&b=%C3%A4+x&a=2&c", "application/x-www-form-urlencoded")),
        [["a", "1"], ["b", "ä x"], ["a", "2"], ["c", ""]]],
    ["blobs have the type", async () => (await new Response("a", { headers: { "content-type": "A/B;c=D" } }).blob()).type, "a/b;c=d"],
    ["a wrong receiver rejects", () => name(Response.prototype.text.call({})), "TypeError"],
    ["a wrong receiver throws", () => {
        try {
            return Object.getOwnPropertyDescriptor(Response.prototype, "body").get.call({});
        } catch (error) {
            return error.name;
        }
    }, "TypeError"],
    ["async iterables are bodies too", async () => {
        const body = (async function* () {
            yield bytes([65]);
            yield bytes([66]);
        })();
        return new Response(body).text();
    }, "AB"],
];
