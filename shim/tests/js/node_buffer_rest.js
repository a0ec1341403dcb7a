// The module "buffer" beyond what node_buffer.js has: bounds, names of old programs, blobs by URL.

import { failure } from "./common.mjs";

const buffer = process.getBuiltinModule("buffer");
const { inspect } = process.getBuiltinModule("util");

export const cases = [
    ["static functions can be called with new", () => {
        const { Buffer } = buffer;
        return [new Buffer.alloc(2).length, new Buffer.concat([new Buffer.from("a")]).toString(), new Buffer.allocUnsafe(3).length];
    }, [2, "a", 3]],
    ["bounds", () => [buffer.kMaxLength === buffer.constants.MAX_LENGTH, buffer.kStringMaxLength === buffer.constants.MAX_STRING_LENGTH,
        buffer.kMaxLength >= 2 ** 30,
        buffer.kStringMaxLength >= 2 ** 28, Object.keys(buffer.constants).sort(), Number.isSafeInteger(buffer.kMaxLength)], [
        true, true, true, true, ["MAX_LENGTH", "MAX_STRING_LENGTH"], true,
    ]],
    ["more than the bound is refused by number", () => {
        const [name, code, message] = failure(() => Buffer.alloc(buffer.kMaxLength + 2 ** 20 + 1));
        return [name, code, message.startsWith('The value of "size" is out of range. It must be >= 0 && <= ')];
    }, ["RangeError", "ERR_OUT_OF_RANGE", true]],
    ["INSPECT_MAX_BYTES says how much is shown", () => {
        const before = buffer.INSPECT_MAX_BYTES;
        buffer.INSPECT_MAX_BYTES = 2;
        const shown = [inspect(Buffer.from("abcd")), inspect(Buffer.from("ab"))];
        buffer.INSPECT_MAX_BYTES = before;
        return [before, ...shown, inspect(Buffer.from("abcd")), failure(() => {
            buffer.INSPECT_MAX_BYTES = -1;
        }), failure(() => {
            buffer.INSPECT_MAX_BYTES = "1";
        })[1]];
    }, [
        50, "<Buffer 61 62 ... 2 more bytes>", "<Buffer 61 62>", "<Buffer 61 62 63 64>",
        ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"INSPECT_MAX_BYTES\" is out of range. It must be >= 0. Received -1"],
        "ERR_INVALID_ARG_TYPE",
    ]],
    ["inspect is a method too", () => [Buffer.from("ab").inspect(), Buffer.alloc(0).inspect(), Buffer.alloc(51, 1).inspect().slice(-17)], [
        "<Buffer 61 62>", "<Buffer >", " ... 1 more byte>",
    ]],
    ["toJSON", () => [Buffer.from("ab").toJSON(), Buffer.alloc(0).toJSON(), JSON.stringify({ a: Buffer.from([1, 255]) })], [
        { type: "Buffer", data: [97, 98] }, { type: "Buffer", data: [] }, "{\"a\":{\"type\":\"Buffer\",\"data\":[1,255]}}",
    ]],
    ["toLocaleString is toString", () => [Buffer.from("616263", "hex").toLocaleString("hex"), Buffer.from("\u20ac").toLocaleString(),
        Buffer.prototype.toLocaleString === Buffer.prototype.toString,
        Buffer.from("abc").toLocaleString("latin1", 1, 2)], ["616263", "€", true, "b"]],
    ["asciiWrite keeps the low byte", () => {
        const bytes = Buffer.alloc(4);
        return [bytes.asciiWrite("\u0141b", 1), bytes.toString("hex"), bytes.asciiWrite("wxyz", 2), bytes.toString("latin1"), bytes.asciiWrite("q", 0, 0)];
    }, [2, "00416200", 2, "\u0000Awx", 0]],
    ["the other methods by encoding", () => {
        const bytes = Buffer.alloc(6);
        return [bytes.utf8Write("\u20ac"), bytes.hexWrite("6162", 3), bytes.latin1Write("\u00e9", 5), bytes.toString("hex"), bytes.latin1Slice(3, 5),
            bytes.utf8Slice(0, 3),
            bytes.hexSlice(4), bytes.base64Slice(0, 3), bytes.base64urlSlice(0, 3), bytes.ucs2Write("a", 0), bytes.ucs2Slice(0, 2),
                bytes.asciiSlice(3, 5), bytes.base64Write("YQ==", 2), bytes[2]];
    }, [3, 2, 1, "e282ac6162e9", "ab", "€", "62e9", "4oKs", "4oKs", 2, "a", "ab", 1, 97]],
    ["parent and offset", () => {
        const memory = new ArrayBuffer(8);
        const bytes = Buffer.from(memory, 2, 4);
        return [bytes.parent === memory, bytes.offset, bytes.subarray(1).offset, bytes.byteOffset, bytes.buffer === memory];
    }, [true, 2, 3, 2, true]],
    ["resolveObjectURL", async () => {
        const url = URL.createObjectURL(new Blob(["abc"], { type: "text/x" }));
        const blob = buffer.resolveObjectURL(url);
        const found = [await blob.text(), blob.type, blob instanceof Blob, blob.size];
        URL.revokeObjectURL(url);
        return [found, buffer.resolveObjectURL(url), buffer.resolveObjectURL("blob:nodedata:x"), buffer.resolveObjectURL("https://x"),
            buffer.resolveObjectURL("no url")];
    }, [["abc", "text/x", true, 3], null, null, null, null]],
    ["the classes of the web know themselves", () => [new Blob([]).constructor === Blob, new File([], "a").constructor === File,
        Object.getPrototypeOf(File.prototype) === Blob.prototype,
        buffer.Blob.prototype.constructor.name, buffer.File.prototype.constructor.name, Buffer.prototype.constructor.name], [
        true, true, true, "Blob", "File", "Buffer",
    ]],
    ["SlowBuffer is a Buffer", () => [buffer.SlowBuffer(3).length, failure(() => buffer.SlowBuffer("a"))[1], Buffer.isBuffer(buffer.SlowBuffer(1))], [
        3, "ERR_INVALID_ARG_TYPE", true,
    ]],
    ["poolSize", () => [Buffer.poolSize, (Buffer.poolSize = 5, Buffer.poolSize), (Buffer.poolSize = 8192)], [8192, 5, 8192]],
    ["atob and btoa", () => [buffer.btoa("\u00e9"), buffer.atob(" Y\nQ=="), failure(() => buffer.btoa("\u20ac")).slice(0, 2),
        failure(() => buffer.atob("Y"))[0], buffer.btoa(null), buffer.btoa(""),
        failure(() => buffer.atob())[0]], [
        "6Q==", "a", ["InvalidCharacterError", 5], "InvalidCharacterError", "bnVsbA==", "", "TypeError",
    ]],
    ["isUtf8 and isAscii want bytes", () => [failure(() => buffer.isUtf8("a"))[1], failure(() => buffer.isAscii([]))[1],
        buffer.isAscii(new Float32Array([1])), buffer.isUtf8(Buffer.from("f09f9880", "hex")),
        buffer.isUtf8(Buffer.from("eda080", "hex")), buffer.isUtf8(Buffer.from("c080", "hex"))], [
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", false, true, false, false,
    ]],
    ["transcode wants bytes and encodings", () => [failure(() => buffer.transcode("a", "utf8", "latin1")),
        failure(() => buffer.transcode(Buffer.from("a"), "b", "utf8"))[1],
        buffer.transcode(Buffer.from("\u20acx"), "utf8", "ucs2").toString("hex"), buffer.transcode(Buffer.from("e9", "hex"), "latin1",
            "utf8").toString("hex"),
        buffer.transcode(new Uint8Array([0x61, 0]), "utf16le", "ascii").toString(), buffer.transcode(Buffer.alloc(0), "utf8", "latin1").length], [
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"source\" argument must be an instance of Buffer or Uint8Array. Received type string ('a')"],
        "U_ILLEGAL_ARGUMENT_ERROR", "ac207800", "c3a9", "a", 0,
    ]],
    ["slices of a Blob", async () => {
        const blob = new buffer.Blob(["abcdef"], { type: "A/B" });
        return [await blob.slice(1, 3).text(), await blob.slice(-2).text(), blob.slice(1, 1).size, blob.slice(0, 2, "X/Y").type, blob.slice().type,
            blob.slice(5, 2).size, blob.slice(0, 99).size, blob.type];
    }, ["bc", "ef", 0, "x/y", "", 0, 6, "a/b"]],
    ["a File has its name and time", () => {
        const file = new buffer.File(["ab"], "a/b.txt", { type: "text/plain", lastModified: 12 });
        return [file.name, file.lastModified, file.type, file.size, new File([], "\ud800").name === "\ufffd", failure(() => new File([]))[0],
            failure(() => new File("a", "b"))[0]];
    }, ["a/b.txt", 12, "text/plain", 2, true, "TypeError", "TypeError"]],
];
