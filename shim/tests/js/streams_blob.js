// Blob, File, blob URLs, FormData.

const nameOf = async (act) => {
    try {
        await act();
        return "no error";
    } catch (error) {
        return error.name;
    }
};

export const cases = [
    ["a blob joins parts of all kinds", async () => {
        const view = new Uint8Array([0x62, 0x63, 0x64]);
        const last = new DataView(view.buffer, 2);
        const blob = new Blob(["a", view.subarray(0, 2), view.buffer, new Blob(["e"]), last, 5]);
        return [blob.size, await blob.text(), blob.type];
    }, [9, "abcbcded5", ""]],

    ["bytes are copied when the blob is made", async () => {
        const view = new Uint8Array([0x61]);
        const blob = new Blob([view]);
        view[0] = 0x62;
        const given = await blob.bytes();
        given[0] = 0x63;
        return [await blob.text(), (await blob.arrayBuffer()).byteLength];
    }, ["a", 1]],

    ["types are in small letters, and none if a character is not printable ASCII", () => [
        new Blob([], { type: "Text/HTML" }).type, new Blob([], { type: "te\u0131t" }).type,
        new Blob([], { type: null }).type,
    ], ["text/html", "", "null"]],

    ["slice clamps and counts from the end", async () => {
        const blob = new Blob(["abcdef"], { type: "a/b" });
        const text = (...range) => blob.slice(...range).text();
        return [
            await text(), await text(1), await text(-2), await text(1, -1), await text(4, 2), await text(2, 99),
            await text(NaN, 1), blob.slice(0, 1).type, blob.slice(0, 1, "C/D").type,
        ];
    }, ["abcdef", "bcdef", "ef", "bcde", "", "cdef", "a", "", "c/d"]],

    ["endings native turns CR LF and CR into LF in strings only", async () =>
        new Blob(["a\r\nb\rc\n", new Uint8Array([13, 10])], { endings: "native" }).text(), "a\nb\nc\n\r\n"],

    ["text drops a byte order mark and replaces what is malformed", async () =>
        new Blob([new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])]).text(), "a\ufffd"],

    ["a blob streams its bytes in pieces", async () => {
        const blob = new Blob([new Uint8Array(150000)]);
        const sizes = [];
        for await (const chunk of blob.stream()) sizes.push(chunk.byteLength);
        const view = (await blob.stream().getReader({ mode: "byob" }).read(new Uint8Array(10))).value;
        return [sizes, view.byteLength];
    }, [[65536, 65536, 18928], 10]],

    ["an empty blob's stream ends, for BYOB readers too", async () => {
        const { done, value } = await new Blob([]).stream().getReader({ mode: "byob" }).read(new Uint8Array(3));
        return [done, value.byteLength, (await new Blob([]).stream().getReader().read()).done];
    }, [true, 0, true]],

    ["parts have to be a sequence", async () => [
        await nameOf(() => new Blob("text")), await nameOf(() => new Blob(null)), await nameOf(() => new Blob({})),
        await nameOf(() => new Blob([], { endings: "other" })), new Blob(undefined).size,
    ], ["TypeError", "TypeError", "TypeError", "TypeError", 0]],

    ["a file is a blob with a name", async () => {
        const file = new File(["x"], "a\ud800", { type: "T/X", lastModified: 5.9 });
        return [
            file instanceof Blob, file.name, file.lastModified, file.type, await file.text(),
            Object.prototype.toString.call(file), file.slice(0) instanceof File, await nameOf(() => new File(["x"])),
        ];
    }, [true, "a\ufffd", 5, "t/x", "x", "[object File]", false, "TypeError"]],

    ["blobs and files can be cloned", async () => {
        const blobs = [new Blob(["b"], { type: "x/y" }), new File(["f"], "n", { lastModified: 1 })];
        const [blob, file] = structuredClone(blobs);
        return [await blob.text(), blob.type, file.name, file.lastModified, await file.text(), file instanceof File];
    }, ["b", "x/y", "n", 1, "f", true]],

    ["a blob URL leads to its blob until it is revoked", async () => {
        const url = URL.createObjectURL(new Blob(["found"]));
        const text = await (await fetch(url)).text();
        URL.revokeObjectURL(url);
        const after = await nameOf(() => fetch(url));
        return [url.startsWith("blob:"), text, after, await nameOf(() => URL.createObjectURL({}))];
    }, [true, "found", "TypeError", "TypeError"]],

    ["a range of a blob URL is a slice of the blob", async () => {
        const url = URL.createObjectURL(new Blob(["0123456789"], { type: "a/b" }));
        const got = async (range) => {
            const response = await fetch(url, { headers: { range } });
            return [response.status, response.headers.get("content-range"), await response.text()];
        };
        const bad = ["bytes=5-4", "bytes=10-", "bytes=-", "bytes=-0", "x", "bytes=1-2,3-4"];
        const names = await Promise.all(bad.map((range) => nameOf(() => fetch(url, { headers: { range } }))));
        return [await got("bytes=2-4"), await got("bytes=7-"), await got("bytes= -3"), await got("bytes=8-99"), new Set(names)];
    }, [
        [206, "bytes 2-4/10", "234"], [206, "bytes 7-9/10", "789"], [206, "bytes 7-9/10", "789"],
        [206, "bytes 8-9/10", "89"], new Set(["TypeError"]),
    ]],

    ["FormData keeps entries in order; set replaces the first and drops the others", () => {
        const form = new FormData();
        form.append("a", 1);
        form.append("b", "2");
        form.append("a", "3");
        const before = [form.get("a"), form.getAll("a"), form.has("c"), form.get("c")];
        form.set("a", "4");
        form.set("c", "5");
        form.delete("b");
        return [before, [...form]];
    }, [["1", ["1", "3"], false, null], [["a", "4"], ["c", "5"]]]],

    ["a blob becomes a file called blob, a filename renames", () => {
        const form = new FormData();
        form.append("x", new Blob(["1"], { type: "t/t" }));
        form.append("y", new Blob(["1"]), "name.txt");
        form.append("z", new File(["1"], "own", { lastModified: 7 }), "other");
        const file = new File(["1"], "same");
        form.append("w", file);
        return [
            form.get("x").name, form.get("x").type, form.get("y").name, form.get("z").name, form.get("z").lastModified,
            form.get("w") === file,
        ];
    }, ["blob", "t/t", "name.txt", "other", 7, true]],

    ["FormData refuses forms, strings with a filename and too few arguments", async () => [
        await nameOf(() => new FormData(null)), await nameOf(() => new FormData({})),
        await nameOf(() => new FormData().append("a", "b", "c")), await nameOf(() => new FormData().append("a")),
    ], ["TypeError", "TypeError", "TypeError", "TypeError"]],

    ["textStream decodes as UTF-8 whatever the type says", async () => {
        const blob = new Blob(["\ufeffé", "€"], { type: "text/plain;charset=utf-16le" });
        let text = "";
        for await (const chunk of blob.textStream()) text += chunk;
        return text;
    }, "é€"],

    ["lone surrogates are replaced", () => {
        const form = new FormData();
        form.append("\ud800", "\udc00");
        return [...form];
    }, [["\ufffd", "\ufffd"]]],

    ["an iteration sees what is added while it runs", () => {
        const form = new FormData();
        form.append("a", "1");
        const seen = [];
        for (const key of form.keys()) {
            seen.push(key);
            if (seen.length < 3) form.append(`b${seen.length}`, "");
        }
        return [seen, Object.prototype.toString.call(form.entries()), typeof form.values().map];
    }, [["a", "b1", "b2"], "[object FormData Iterator]", "function"]],

    ["multipart/form-data comes back as it went", async () => {
        const form = new FormData();
        form.append('na"me\r\n', "va\nlue");
        form.append("file", new File([new Uint8Array([0, 13, 10, 255])], 'f"1.bin', { type: "a/b" }));
        const again = await new Response(form).formData();
        const file = again.get("file");
        return [[...again.keys()], again.get('na"me\r\n'), file.name, file.type, [...(await file.bytes())]];
    }, [['na"me\r\n', "file"], "va\r\nlue", 'f"1.bin', "a/b", [0, 13, 10, 255]]],

    ["x-www-form-urlencoded becomes a form", async () => {
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        return [...(await new Response("a=1&b=%C3%A9+x&a=2", { headers }).formData())];
    }, [["a", "1"], ["b", "é x"], ["a", "2"]]],
];
