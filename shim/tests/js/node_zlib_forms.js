// Each form of each algorithm of "zlib": the class, what makes it, with a callback, and synchronous.

import { code, failure } from "./common.mjs";

const zlib = process.getBuiltinModule("zlib");

const TEXT = "words and words and words, ".repeat(40);
const collect = async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
};
/** What a stream makes of some bytes. */
const through = (stream, bytes) => {
    stream.end(bytes);
    return collect(stream);
};
const byCallback = (name, bytes, options) => new Promise((resolve) => {
    let isLater = false;
    const result = options === undefined ? zlib[name](bytes, (error, data) => resolve([error?.code ?? error, data, isLater])) : zlib[name](bytes,
        options, (error, data) => resolve([error?.code ?? error, data, isLater]));
    isLater = result === undefined;
});
const PACKS = { deflate: "inflate", deflateRaw: "inflateRaw", gzip: "gunzip", brotliCompress: "brotliDecompress" };
const CLASSES = ["Deflate", "DeflateRaw", "Gzip", "Inflate", "InflateRaw", "Gunzip", "Unzip", "BrotliCompress", "BrotliDecompress"];
const upper = (name) => `${name[0].toUpperCase()}${name.slice(1)}`;

// Packed elsewhere: "abc" by zlib, raw, gzip and brotli.
const ABC = {
    inflate: Buffer.from("eJxLTEoGAAJNASc=", "base64"), inflateRaw: Buffer.from("S0xKBgA=", "base64"),
        gunzip: Buffer.from("H4sIAAAAAAAAA0tMSgYAwkEkNQMAAAA=", "base64"),
    brotliDecompress: Buffer.from("CwGAYWJjAw==", "base64"),
};

export const cases = [
    ["bytes packed elsewhere, in each form", async () => {
        const all = [];
        for (const [name, bytes] of Object.entries(ABC)) {
            const made = zlib[`create${upper(name)}`]();
            all.push([name, zlib[`${name}Sync`](bytes).toString(), String((await byCallback(name, bytes))[1]), String(await through(made, bytes)),
                String(await through(new zlib[upper(name)](), bytes)), made instanceof zlib[upper(name)]]);
        }
        return all;
    }, [
        ["inflate", "abc", "abc", "abc", "abc", true], ["inflateRaw", "abc", "abc", "abc", "abc", true],
        ["gunzip", "abc", "abc", "abc", "abc", true], ["brotliDecompress", "abc", "abc", "abc", "abc", true],
    ]],
    ["packing in each form can be unpacked", async () => {
        const all = [];
        for (const [pack, unpack] of Object.entries(PACKS)) {
            const forms = [zlib[`${pack}Sync`](TEXT), (await byCallback(pack, TEXT))[1], await through(zlib[`create${upper(pack)}`](), TEXT),
                await through(new zlib[upper(pack)](), TEXT)];
            all.push([pack, forms.map((bytes) => bytes.length < TEXT.length / 4 && zlib[`${unpack}Sync`](bytes).toString() === TEXT)]);
        }
        return all;
    }, [
        ["deflate", [true, true, true, true]], ["deflateRaw", [true, true, true, true]], ["gzip", [true, true, true, true]],
        ["brotliCompress", [true, true, true, true]],
    ]],
    ["unzip tells zlib and gzip by their heads", async () => {
        const all = [];
        for (const bytes of [ABC.inflate, ABC.gunzip]) {
            all.push(zlib.unzipSync(bytes).toString(), String((await byCallback("unzip", bytes))[1]), String(await through(zlib.createUnzip(),
                bytes)), String(await through(new zlib.Unzip(), bytes)));
        }
        return [...all, code(() => zlib.unzipSync(Buffer.from("nothing"))), zlib.unzipSync(Buffer.concat([ABC.gunzip, ABC.gunzip])).toString()];
    }, ["abc", "abc", "abc", "abc", "abc", "abc", "abc", "abc", "Z_DATA_ERROR", "abcabc"]],
    ["classes make without new, and know themselves", () => CLASSES.map((name) => {
        const made = zlib[name]();
        return [name, made instanceof zlib[name], made.constructor === zlib[name], zlib[name].prototype.constructor === zlib[name],
            zlib[`create${name}`]() instanceof zlib[name]];
    }), [
        ["Deflate", true, true, true, true], ["DeflateRaw", true, true, true, true], ["Gzip", true, true, true, true],
        ["Inflate", true, true, true, true], ["InflateRaw", true, true, true, true], ["Gunzip", true, true, true, true],
        ["Unzip", true, true, true, true], ["BrotliCompress", true, true, true, true], ["BrotliDecompress", true, true, true, true],
    ]],
    ["heads of what is packed", () => [zlib.deflateSync("a")[0], [...zlib.gzipSync("a").subarray(0, 3)], zlib.deflateSync("a", { level: 0 }).length,
        zlib.deflateRawSync("").toString("hex"), zlib.gzipSync("").length, zlib.brotliDecompressSync(zlib.brotliCompressSync("")).length], [
        120, [31, 139, 8], 12, "0300", 20, 0,
    ]],
    ["all kinds of bytes", () => ["abc", Buffer.from("abc"), new Uint8Array([97, 98, 99]), new Uint16Array([0x6261, 0x63]),
        new DataView(new Uint8Array([97, 98, 99]).buffer), new Uint8Array([97, 98,
        99]).buffer].map((bytes) => zlib.inflateRawSync(zlib.deflateRawSync(bytes)).toString("hex")), [
        "616263", "616263", "616263", "61626300", "616263", "616263",
    ]],
    ["what is not bytes is refused", () => Object.entries(PACKS).flat().map((name) => [5, null, undefined,
        {}].map((value) => code(() => zlib[`${name}Sync`](value)))), [
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["callbacks are functions", () => ["deflate", "inflate", "gzip", "gunzip", "unzip", "deflateRaw", "inflateRaw", "brotliCompress",
        "brotliDecompress"].map((name) => [code(() => zlib[name](TEXT)), code(() => zlib[name](TEXT, {})), code(() => zlib[name](TEXT, {}, 5))]), [
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["errors come to the callback, later", async () => {
        const all = [];
        for (const name of ["inflate", "inflateRaw", "gunzip", "unzip", "brotliDecompress"]) {
            const [error, data, isLater] = await byCallback(name, Buffer.from("\xff\xff nothing", "latin1"));
            all.push([name, error, data === undefined, isLater]);
        }
        return all;
    }, [
        ["inflate", "Z_DATA_ERROR", true, true], ["inflateRaw", "Z_DATA_ERROR", true, true], ["gunzip", "Z_DATA_ERROR", true, true],
        ["unzip", "Z_DATA_ERROR", true, true], ["brotliDecompress", "ERR__ERROR_FORMAT_PADDING_2", true, true],
    ]],
    ["errors of the synchronous forms", () => ["inflate", "inflateRaw", "gunzip",
        "unzip"].map((name) => [failure(() => zlib[`${name}Sync`](Buffer.from("\xff\xff nothing", "latin1"))),
        failure(() => zlib[`${name}Sync`](Buffer.alloc(0))).slice(1),
        failure(() => zlib[`${name}Sync`](ABC[name === "unzip" ? "gunzip" : name].subarray(0, 4))).slice(1)]), [
        [["Error", "Z_DATA_ERROR", "incorrect header check"], ["Z_BUF_ERROR", "unexpected end of file"], ["Z_BUF_ERROR", "unexpected end of file"]],
        [["Error", "Z_DATA_ERROR", "invalid block type"], ["Z_BUF_ERROR", "unexpected end of file"], ["Z_BUF_ERROR", "unexpected end of file"]],
        [["Error", "Z_DATA_ERROR", "incorrect header check"], ["Z_BUF_ERROR", "unexpected end of file"], ["Z_BUF_ERROR", "unexpected end of file"]],
        [["Error", "Z_DATA_ERROR", "incorrect header check"], ["Z_BUF_ERROR", "unexpected end of file"], ["Z_BUF_ERROR", "unexpected end of file"]],
    ]],
    ["errors of brotli", () => [code(() => zlib.brotliDecompressSync(Buffer.from("\xff\xff nothing", "latin1"))),
        code(() => zlib.brotliDecompressSync(ABC.brotliDecompress.subarray(0, 4))), code(() => zlib.brotliDecompressSync(Buffer.alloc(0)))], [
        "ERR__ERROR_FORMAT_PADDING_2", "Z_BUF_ERROR", "Z_BUF_ERROR",
    ]],
    ["errors of streams", async () => {
        const all = [];
        for (const name of ["Inflate", "InflateRaw", "Gunzip", "Unzip", "BrotliDecompress"]) {
            const stream = new zlib[name]();
            const error = await new Promise((resolve) => {
                stream.on("error", resolve);
                stream.on("data", () => {});
                stream.end(Buffer.from("\xff\xff nothing", "latin1"));
            });
            all.push([name, error.code, stream.destroyed]);
        }
        return all;
    }, [
        ["Inflate", "Z_DATA_ERROR", true], ["InflateRaw", "Z_DATA_ERROR", true], ["Gunzip", "Z_DATA_ERROR", true],
        ["Unzip", "Z_DATA_ERROR", true], ["BrotliDecompress", "ERR__ERROR_FORMAT_PADDING_2", true],
    ]],
    ["levels and strategies", () => [0, 1, 6, 9, -1].map((level) => zlib.inflateSync(zlib.deflateSync(TEXT, { level })).toString() === TEXT)
        .concat([0, 1, 2, 3, 4].map((strategy) => zlib.gunzipSync(zlib.gzipSync(TEXT, { strategy })).toString() === TEXT), zlib.deflateSync(TEXT,
            { level: 0 }).length > TEXT.length), [true, true, true, true, true, true, true, true, true, true, true]],
    ["sizes of windows and memory", () => [9, 15].map((windowBits) => zlib.inflateSync(zlib.deflateSync(TEXT, { windowBits,
        memLevel: 1 })).toString() === TEXT).concat([failure(() => zlib.deflateSync("a", { windowBits: 16 })), failure(() => zlib.deflateSync("a",
        { memLevel: 0 })).slice(1, 2),
        failure(() => zlib.inflateSync("a", { windowBits: 7 })).slice(1, 2), failure(() => zlib.deflateSync("a", { strategy: 5 })).slice(1, 2),
            failure(() => zlib.deflateSync("a", { flush: 9 })).slice(1, 2), failure(() => zlib.deflateSync("a", { dictionary: 5 })).slice(1, 2)]), [
        true, true,
        ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"options.windowBits\" is out of range. It must be >= 8 and <= 15. Received 16"],
        ["ERR_OUT_OF_RANGE"], ["ERR_OUT_OF_RANGE"], ["ERR_OUT_OF_RANGE"], ["ERR_OUT_OF_RANGE"], ["ERR_INVALID_ARG_TYPE"],
    ]],
    ["quality of brotli", () => [1, 5, 11].map((quality) => zlib.brotliDecompressSync(zlib.brotliCompressSync(TEXT,
        { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: quality } })).toString() === TEXT), [true, true, true]],
    ["info has the engine too", () => {
        const found = zlib.inflateSync(ABC.inflate, { info: true });
        return [found.buffer.toString(), found.engine instanceof zlib.Inflate, found.engine.bytesWritten];
    }, ["abc", true, 11]],
    ["flush gives what there is", async () => {
        const stream = zlib.createDeflate();
        const chunks = [];
        stream.on("data", (chunk) => chunks.push(chunk));
        stream.write("abc");
        await new Promise((resolve) => stream.flush(zlib.constants.Z_SYNC_FLUSH, resolve));
        const first = Buffer.concat(chunks);
        stream.end("def");
        await new Promise((resolve) => stream.on("end", resolve));
        return [zlib.inflateSync(first, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString(), zlib.inflateSync(Buffer.concat(chunks)).toString(),
            stream.bytesWritten];
    }, ["abc", "abcdef", 6]],
    ["params change a deflate on its way", async () => {
        const stream = zlib.createDeflate({ level: 0 });
        const done = collect(stream);
        stream.write(TEXT);
        await new Promise((resolve) => stream.params(9, zlib.constants.Z_DEFAULT_STRATEGY, resolve));
        stream.end(TEXT);
        return [zlib.inflateSync(await done).toString() === TEXT + TEXT, code(() => zlib.createDeflate().params(99, 0, () => {}))];
    }, [true, "ERR_OUT_OF_RANGE"]],
    ["close and reset", async () => {
        const stream = zlib.createInflate();
        const closed = await new Promise((resolve) => stream.close(() => resolve(true)));
        const other = zlib.createDeflate();
        return [closed, stream.destroyed, other.reset()];
    }, [true, true, null]],
    ["crc32", () => [zlib.crc32("hello"), zlib.crc32(""), zlib.crc32("lo", zlib.crc32("hel")), zlib.crc32(Buffer.from([255])), zlib.crc32("\u20ac"),
        code(() => zlib.crc32(5)), code(() => zlib.crc32("a", -1)), code(() => zlib.crc32("a", "b"))], [
        907060870, 0, 907060870, 4278190080, 2213726422, "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE",
    ]],
];
