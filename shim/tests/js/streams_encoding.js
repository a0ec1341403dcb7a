// TextEncoder, TextDecoder, their streams, atob and btoa.

const nameOf = async (act) => {
    try {
        await act();
        return "no error";
    } catch (error) {
        return error.name;
    }
};

const bytes = (...list) => new Uint8Array(list);

const collect = async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(typeof chunk === "string" ? chunk : [...chunk]);
    return chunks;
};

const EURO = bytes(0xe2, 0x82, 0xac);

export const cases = [
    ["encode writes UTF-8 and replaces lone surrogates", () => [
        [...new TextEncoder().encode("aé€😀")], [...new TextEncoder().encode("\ud83d")],
        [...new TextEncoder().encode()], new TextEncoder().encoding,
    ], [[97, 195, 169, 226, 130, 172, 240, 159, 152, 128], [239, 191, 189], [], "utf-8"]],

    ["encodeInto stops before a character that does not fit", () => {
        const target = new Uint8Array(5);
        const first = new TextEncoder().encodeInto("a€€", target);
        const second = new TextEncoder().encodeInto("😀", target.subarray(3));
        const third = new TextEncoder().encodeInto("\udc00", target);
        return [first, second, third, [...target]];
    }, [{ read: 2, written: 4 }, { read: 0, written: 0 }, { read: 1, written: 3 }, [239, 191, 189, 172, 0]]],

    ["decode drops a byte order mark unless told otherwise", () => {
        const marked = bytes(0xef, 0xbb, 0xbf, 0x41);
        return [
            new TextDecoder().decode(marked), new TextDecoder("utf-8", { ignoreBOM: true }).decode(marked),
            new TextDecoder("utf-16le").decode(bytes(0xff, 0xfe, 0x41, 0)), new TextDecoder().decode(bytes(0xff, 0xfe)),
        ];
    }, ["A", "\ufeffA", "A", "\ufffd\ufffd"]],

    ["malformed parts become one U+FFFD each", () => [
        new TextDecoder().decode(bytes(0xf0, 0x9f, 0x41)), new TextDecoder().decode(bytes(0xed, 0xa0, 0x80)),
        new TextDecoder().decode(bytes(0xc0, 0x80)),
    ], ["\ufffdA", "\ufffd\ufffd\ufffd", "\ufffd\ufffd"]],

    ["a fatal decoder throws, and works again after it", async () => {
        const decoder = new TextDecoder("utf-8", { fatal: true });
        return [
            decoder.fatal, await nameOf(() => decoder.decode(bytes(0xff))), decoder.decode(EURO),
            await nameOf(() => decoder.decode(bytes(0xe2))),
        ];
    }, [true, "TypeError", "€", "TypeError"]],

    ["stream keeps unfinished characters", () => {
        const decoder = new TextDecoder();
        return [
            decoder.decode(bytes(0xe2), { stream: true }), decoder.decode(bytes(0x82), { stream: true }),
            decoder.decode(bytes(0xac, 0xe2), { stream: true }), decoder.decode(), decoder.decode(EURO),
        ];
    }, ["", "", "€", "\ufffd", "€"]],

    ["labels are trimmed and have any case", () => [
        new TextDecoder(" UTF8\n").encoding, new TextDecoder("latin1").encoding, new TextDecoder("utf-16").encoding,
        new TextDecoder("Shift-JIS").encoding, new TextDecoder("ascii").encoding,
    ], ["utf-8", "windows-1252", "utf-16le", "shift_jis", "windows-1252"]],

    ["unknown labels and replacement are a RangeError", async () => [
        await nameOf(() => new TextDecoder("utf-7")), await nameOf(() => new TextDecoder("")),
        await nameOf(() => new TextDecoder("iso-2022-kr")), await nameOf(() => new TextDecoder("\u212a018-r")),
        await nameOf(() => new TextDecoder("\ud800")), await nameOf(() => new TextDecoder("utf-8\0")),
    ], ["RangeError", "RangeError", "RangeError", "RangeError", "RangeError", "RangeError"]],

    ["legacy decoders", () => [
        new TextDecoder("windows-1252").decode(bytes(0x80, 0xe9)),
        new TextDecoder("shift_jis").decode(bytes(0x82, 0xa0)),
        new TextDecoder("gbk").decode(bytes(0xc4, 0xe3)), new TextDecoder("koi8-r").decode(bytes(0xc1)),
        new TextDecoder("euc-jp").decode(bytes(0xa4, 0xa2)), new TextDecoder("big5").decode(bytes(0xa7, 0x41)),
    ], ["€é", "あ", "你", "а", "あ", "你"]],

    ["decode takes buffers, views of a part and DataViews", () => {
        const { buffer } = bytes(0x41, 0x42, 0x43, 0x44);
        return [
            new TextDecoder().decode(buffer), new TextDecoder().decode(new Uint16Array(buffer, 2)),
            new TextDecoder().decode(new DataView(buffer, 1, 2)), new TextDecoder().decode(),
        ];
    }, ["ABCD", "CD", "BC", ""]],

    ["decode of a detached buffer is empty, of other things a TypeError", async () => {
        const view = bytes(0x41);
        structuredClone(view.buffer, { transfer: [view.buffer] });
        return [new TextDecoder().decode(view), await nameOf(() => new TextDecoder().decode("a")),
            await nameOf(() => new TextDecoder().decode(null))];
    }, ["", "TypeError", "TypeError"]],

    ["a long text is decoded in steps", () => {
        const long = new Uint8Array(200001).fill(0x61);
        long.set(EURO, 65535);
        const text = new TextDecoder("utf-8").decode(long, { stream: true });
        return [text.length, text.indexOf("€"), new TextDecoder("windows-1251").decode(long).length];
    }, [199999, 65535, 200001]],

    ["TextEncoderStream joins a pair that two chunks have", () => {
        const chunks = ReadableStream.from(["a\ud83d", "\ude00", "\ud83d", "b", "\ud83d"]);
        return collect(chunks.pipeThrough(new TextEncoderStream()));
    }, [[97], [240, 159, 152, 128], [239, 191, 189, 98], [239, 191, 189]]],

    ["TextDecoderStream joins a character that two chunks have", () => {
        const chunks = ReadableStream.from([bytes(0xe2, 0x82), bytes(0xac), bytes(0xe2)]);
        return collect(chunks.pipeThrough(new TextDecoderStream()));
    }, ["€", "\ufffd"]],

    ["TextDecoderStream errors for malformed data when it is fatal, and for chunks that are no bytes", async () => [
        await nameOf(() => collect(
            ReadableStream.from([bytes(0xff)]).pipeThrough(new TextDecoderStream("utf-8", { fatal: true })),
        )),
        await nameOf(() => collect(ReadableStream.from(["a"]).pipeThrough(new TextDecoderStream()))),
        new TextDecoderStream("latin1").encoding,
    ], ["TypeError", "TypeError", "windows-1252"]],

    ["atob and btoa", async () => [
        btoa("\xff\xfe"), atob(" YQ = = "), atob("YQ"), btoa(null), await nameOf(() => btoa("€")),
        await nameOf(() => atob("a")), await nameOf(() => atob("YQ=")), await nameOf(() => atob()),
    ], ["//4=", "a", "a", "bnVsbA==", "InvalidCharacterError", "InvalidCharacterError", "InvalidCharacterError",
        "TypeError"]],
];
