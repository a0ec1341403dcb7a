// The modules "querystring", "string_decoder" and "punycode".

import { failure } from "./common.mjs";

const querystring = process.getBuiltinModule("querystring");
const { StringDecoder } = process.getBuiltinModule("string_decoder");
const punycode = process.getBuiltinModule("punycode");

export const cases = [
    ["the short names are the same functions", () => [querystring.decode === querystring.parse, querystring.encode === querystring.stringify], [
        true, true,
    ]],
    ["parse", () => ["a=1&b=2", "a=1&a=2&a=3", "a", "a=", "=a", "&&a=1&&", "a=b=c", "a%20b=c+d", "%zz=%", "a=%e9", "a=%c3%a9", "__proto__=1", "", "=",
        "a&b", "%61=1&a=2"].map((text) =>
        Object.entries(querystring.parse(text))), [
        [["a", "1"], ["b", "2"]], [["a", ["1", "2", "3"]]], [["a", ""]], [["a", ""]], [["", "a"]], [["a", "1"]], [["a", "b=c"]],
        [["a b", "c d"]], [["%zz", "%"]], [["a", "\ufffd"]], [["a", "é"]], [["__proto__", "1"]], [], [["", ""]], [["a", ""], ["b", ""]],
        [["a", ["1", "2"]]],
    ]],
    ["what parse gives has no prototype", () => [Object.getPrototypeOf(querystring.parse("a")), "toString" in querystring.parse("")], [null, false]],
    ["parse of what is no text", () => [undefined, null, 5, {}, []].map((value) => ({ ...querystring.parse(value) })), [{}, {}, {}, {}, {}]],
    ["parse with other signs, a bound, and an own function", () => [{ ...querystring.parse("a:1;b:2", ";", ":") },
        { ...querystring.parse("a=>1, b=>2", ", ", "=>") },
        { ...querystring.parse("a=1&b=2&c=3", null, null, { maxKeys: 2 }) }, { ...querystring.parse("a=%61", "&", "=",
            { decodeURIComponent: (text) => `<${text}>` }) },
        { ...querystring.parse("a=%61", "&", "=", { decodeURIComponent() {
            throw new Error("own");
        } }) }, Object.keys(querystring.parse("a=1&".repeat(1500).replace(/a/g, () => "a"))).length,
        Object.keys(querystring.parse(Array.from({ length: 1500 }, (_, at) => `k${at}=1`).join("&"))).length,
        Object.keys(querystring.parse(Array.from({ length: 1500 }, (_, at) => `k${at}=1`).join("&"), null, null, { maxKeys: 0 })).length], [
        { a: "1", b: "2" }, { a: "1", b: "2" }, { a: "1", b: "2" }, { "<a>": "<%61>" }, { a: "a" }, 1, 1000, 1500,
    ]],
    ["stringify", () => [{ a: 1, b: "x y" }, { a: [1, "b", true, null] }, { a: null, b: undefined, c: {}, d: () => 1 }, { a: NaN, b: Infinity, c: -0,
        d: 1e21 }, { a: 10n }, { "\u00e9 &": "=\u20ac" }, {}, { a: [] },
        { a: "" }].map((value) => querystring.stringify(value)), [
        "a=1&b=x%20y", "a=1&a=b&a=true&a=", "a=&b=&c=&d=", "a=&b=&c=0&d=1e%2B21", "a=10", "%C3%A9%20%26=%3D%E2%82%AC", "", "", "a=",
    ]],
    ["stringify of what is no object, with other signs, with an own function", () => [querystring.stringify("a"), querystring.stringify(null),
        querystring.stringify(), querystring.stringify([1, 2]),
        querystring.stringify({ a: 1, b: 2 }, ";", ":"), querystring.stringify({ a: "x y" }, "&", "=", { encodeURIComponent: (text) => `<${text}>` })], [
        "", "", "", "0=1&1=2", "a:1;b:2", "<a>=<x y>",
    ]],
    ["escape", () => [querystring.escape("a b&c=d/\u00e9\u{1f600}~!'()*"), querystring.escape(5), querystring.escape({ toString: () => "x y" }),
        querystring.escape(undefined), failure(() => querystring.escape("\ud800")),
        failure(() => querystring.stringify({ a: "\udc00x" })), querystring.escape("")], [
        "a%20b%26c%3Dd%2F%C3%A9%F0%9F%98%80~!'()*", "5", "x%20y", "undefined", ["URIError", "ERR_INVALID_URI", "URI malformed"],
        ["gave", "a=%F0%90%81%B8"], "",
    ]],
    ["unescape", () => [querystring.unescape("a%20b+c"), querystring.unescape("%zz%41"), querystring.unescape("%c3%a9%"), querystring.unescape("%e9")], [
        "a b+c", "%zzA", "é%", "\ufffd",
    ]],
    ["unescapeBuffer", () => ["a%20b", "%", "%4", "%4g", "%41%42", "a+b", "%c3%a9"].map((text) => querystring.unescapeBuffer(text).toString("hex"))
        .concat([querystring.unescapeBuffer("a+b", true).toString(), Buffer.isBuffer(querystring.unescapeBuffer(""))]), [
        "612062", "25", "2534", "253467", "4142", "612b62", "c3a9", "a b", true,
    ]],
    ["a decoder keeps what is not complete", () => {
        const decoder = new StringDecoder();
        const found = [decoder.encoding, decoder.lastNeed, decoder.lastTotal];
        found.push(decoder.write(Buffer.from([0x61, 0xf0, 0x9f])), decoder.lastNeed, decoder.lastTotal, decoder.lastChar.toString("hex", 0, 2));
        found.push(decoder.write(Buffer.from([0x98])), decoder.lastNeed, decoder.write(Buffer.from([0x80, 0x62])), decoder.lastNeed, decoder.end());
        return found;
    }, ["utf8", 0, 0, "a", 2, 4, "f09f", "", 1, "\ud83d\ude00b", 0, ""]],
    ["every split of a text gives the text", () => ["utf8", "utf16le", "base64", "base64url", "hex", "latin1"].map((encoding) => {
        const bytes = Buffer.from("a\u00e9\u20ac\u{1f600}z", encoding === "utf16le" ? "utf16le" : "utf8");
        const whole = new StringDecoder(encoding).end(bytes);
        for (let at = 0; at <= bytes.length; at++) {
            const decoder = new StringDecoder(encoding);
            if (decoder.write(bytes.subarray(0, at)) + decoder.write(bytes.subarray(at)) + decoder.end() !== whole) return `${encoding} at ${at}`;
        }
        return whole === bytes.toString(encoding);
    }), [true, true, true, true, true, true]],
    ["what is broken becomes the replacement sign", () => [[0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x41], [0xed, 0xa0, 0x80], [0xc3, 0x28], [0xf8,
        0x61]].map((bytes) => {
        const decoder = new StringDecoder("utf-8");
        return [decoder.write(Buffer.from(bytes)), decoder.end()];
    }), [["\ufffd", ""], ["", "\ufffd"], ["", "\ufffd"], ["\ufffdA", ""], ["\ufffd\ufffd\ufffd", ""], ["\ufffd(", ""], ["\ufffda", ""]]],
    ["end with bytes, and again", () => {
        const decoder = new StringDecoder("utf16le");
        return [decoder.write(Buffer.from([0x3d])), decoder.end(Buffer.from([0xd8])).charCodeAt(0), decoder.end(), decoder.write(Buffer.from([0x61,
            0])), decoder.end()];
    }, ["", 55357, "", "a", ""]],
    ["a decoder's other uses", () => {
        const decoder = new StringDecoder("utf8");
        return [decoder.write("text"), decoder.write(new Uint8Array([0x61])), failure(() => decoder.write(5)), failure(() => decoder.write()),
            failure(() => new StringDecoder("no")),
            ["UTF-8", "ucs2", "binary", "ASCII", null, undefined].map((name) => new StringDecoder(name).encoding),
                new StringDecoder("ascii").write(Buffer.from([0xe1])), decoder.constructor === StringDecoder];
    }, [
        "text", "a",
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"buf\" argument must be an instance of Buffer, TypedArray, or DataView. Received type number (5)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"buf\" argument must be an instance of Buffer, TypedArray, or DataView. Received undefined"],
        ["TypeError", "ERR_UNKNOWN_ENCODING", "Unknown encoding: no"], ["utf8", "utf16le", "latin1", "ascii", "utf8", "utf8"], "a", true,
    ]],
    ["text decodes from a place on", () => {
        const decoder = new StringDecoder("utf8");
        return [decoder.text(Buffer.from("abc"), 1), decoder.text(Buffer.from("abc"), 3)];
    }, ["bc", ""]],
    ["punycode there and back", () => ["ma\u00f1ana", "b\u00fccher", "abc", "\u2603", "\u{1f600}", "", "\u4e2d\u6587",
        "a-b-\u00e9"].map((text) => [punycode.encode(text), punycode.decode(punycode.encode(text)) === text]), [
        ["maana-pta", true], ["bcher-kva", true], ["abc-", true], ["n3h", true], ["e28h", true], ["", true], ["fiq228c", true],
        ["a-b--epa", true],
    ]],
    ["punycode of names", () => [punycode.toASCII("ma\u00f1ana.com"), punycode.toASCII("abc.com"), punycode.toUnicode("xn--maana-pta.com"),
        punycode.toUnicode("abc"), punycode.toASCII("d\u017eumbo@\u00e9.com"),
        punycode.toASCII("a\u3002\u00e9")], ["xn--maana-pta.com", "abc.com", "mañana.com", "abc", "džumbo@xn--9ca.com", "a.xn--9ca"]],
    ["what cannot be decoded", () => [failure(() => punycode.decode("\u0080"))[0], failure(() => punycode.decode("99999999"))[0],
        failure(() => punycode.decode("-\u00e9"))[0]], [
        "RangeError", "RangeError", "RangeError",
    ]],
    ["code points", () => [punycode.ucs2.decode("a\u{1f600}\ud800"), punycode.ucs2.encode([0x61, 0x1f600]), punycode.ucs2.decode("")], [
        [97, 128512, 55296], "a\ud83d\ude00", [],
    ]],
    ["punycode has a version", () => punycode.version, "2.1.0"],
];
