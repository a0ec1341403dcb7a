// The module "zlib".

const zlib = process.getBuiltinModule("zlib");
const { promisify } = process.getBuiltinModule("util");
const { Readable } = process.getBuiltinModule("stream");
const { pipeline } = process.getBuiltinModule("stream/promises");

const text = "the same words again and again, ".repeat(200);
const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return [error.message, error.code, error.errno];
    }
};
const collect = async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
};
const GZIP = Buffer.from("H4sIAAAAAAAAA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==", "base64");

export const cases = [
    ["every pair gives the text back", () => [["deflate", "inflate"], ["gzip", "gunzip"], ["deflateRaw", "inflateRaw"], ["brotliCompress",
        "brotliDecompress"],
        ["gzip", "unzip"], ["deflate", "unzip"]].map(([pack, unpack]) => {
        const packed = zlib[`${pack}Sync`](text);
        return packed.length < text.length / 4 && zlib[`${unpack}Sync`](packed).toString() === text;
    }), [true, true, true, true, true, true]],
    ["with a callback", async () => {
        const packed = await promisify(zlib.gzip)(text);
        return (await promisify(zlib.gunzip)(packed)).toString() === text;
    }, true],
    ["a callback hears of errors", async () => {
        try {
            await promisify(zlib.inflate)(Buffer.from("nonsense"));
            return "nothing";
        } catch (error) {
            return [error.code, error.errno];
        }
    }, ["Z_DATA_ERROR", -3]],
    ["gzip of other programs", () => zlib.gunzipSync(GZIP).toString(), "hello world"],
    ["members one behind the other", () => zlib.gunzipSync(Buffer.concat([zlib.gzipSync("abc"), zlib.gzipSync("def"), Buffer.alloc(8)])).toString(),
        "abcdef"],
    ["errors", () => [failure(() => zlib.inflateSync(Buffer.from("nonsense"))), failure(() => zlib.gunzipSync(zlib.gzipSync(text).subarray(0, 30))),
        failure(() => zlib.inflateRawSync(Buffer.from([0xff]))), failure(() => zlib.gunzipSync(Buffer.from("hello")))],
    [["incorrect header check", "Z_DATA_ERROR", -3], ["unexpected end of file", "Z_BUF_ERROR", -5],
        ["invalid block type", "Z_DATA_ERROR", -3], ["incorrect header check", "Z_DATA_ERROR", -3]]],
    ["a truncated input with a flush gives what there is", () =>
        text.startsWith(zlib.inflateSync(zlib.deflateSync(text).subarray(0, 40), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()), true],
    ["options are checked", () => [failure(() => zlib.deflateSync("a", { level: 10 }))[1], failure(() => zlib.deflateSync("a", { level: "9" }))[1],
        failure(() => zlib.createGzip({ windowBits: 8 }))[1], failure(() => zlib.createGzip({ chunkSize: 10 }))[1], failure(() => zlib.deflateSync(5))[1],
        failure(() => zlib.createBrotliCompress({ params: { 77: 1 } }))[1]],
    ["ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_BROTLI_INVALID_PARAM"]],
    ["maxOutputLength ends a bomb", () => failure(() => zlib.gunzipSync(zlib.gzipSync(Buffer.alloc(1000000)), { maxOutputLength: 1000 }))[1],
        "ERR_BUFFER_TOO_LARGE"],
    ["a dictionary", () => {
        const dictionary = Buffer.from("the same words again");
        const packed = zlib.deflateSync(text, { dictionary });
        return [zlib.inflateSync(packed, { dictionary }).toString() === text, failure(() => zlib.inflateSync(packed)),
            failure(() => zlib.inflateSync(packed, { dictionary: Buffer.from("x") }))];
    }, [true, ["Missing dictionary", "Z_NEED_DICT", 2], ["Bad dictionary", "Z_NEED_DICT", 2]]],
    ["streams in small chunks", async () => {
        const source = Readable.from(text.match(/.{1,7}/gs).map((part) => Buffer.from(part)));
        const chunks = [];
        await pipeline(source, zlib.createGzip({ chunkSize: 64 }), zlib.createGunzip({ chunkSize: 64 }), async (stream) => {
            for await (const chunk of stream) chunks.push(chunk);
        });
        return Buffer.concat(chunks).toString() === text;
    }, true],
    ["unzip in single bytes", async () => {
        const packed = zlib.gzipSync("hello");
        const stream = zlib.createUnzip();
        for (const byte of packed) stream.write(Buffer.from([byte]));
        stream.end();
        return (await collect(stream)).toString();
    }, "hello"],
    ["flush makes what is written readable", async () => {
        const stream = zlib.createGzip();
        stream.write("hello");
        await promisify(stream.flush.bind(stream))();
        const begun = stream.read();
        return zlib.gunzipSync(begun, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString();
    }, "hello"],
    ["a stream's error destroys it", async () => {
        const stream = zlib.createGunzip();
        const error = new Promise((resolve) => {
            stream.on("error", resolve);
        });
        stream.end("nonsense");
        const { code, errno, message } = await error;
        return [code, errno, message, stream.destroyed];
    }, ["Z_DATA_ERROR", -3, "incorrect header check", true]],
    ["crc32", () => (zlib.crc32 === undefined ? [907060870, 907060870] : [zlib.crc32("hello"), zlib.crc32("lo", zlib.crc32("hel"))]), [907060870, 907060870]],
    ["constants and codes", () => [zlib.constants.Z_BEST_COMPRESSION, zlib.codes.Z_DATA_ERROR, zlib.codes["-5"], zlib.Z_FINISH,
        zlib.constants.BROTLI_PARAM_QUALITY],
        [9, -3, "Z_BUF_ERROR", 4, 1]],
    ["without new, and with info", () => {
        const answer = zlib.gzipSync("a", { info: true });
        return [zlib.Gzip() instanceof zlib.Gzip, answer.engine instanceof zlib.Gzip, answer.engine.bytesWritten, Buffer.isBuffer(answer.buffer)];
    }, [true, true, 1, true]],
];
