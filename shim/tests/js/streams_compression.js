// CompressionStream and DecompressionStream.

const nameOf = async (act) => {
    try {
        await act();
        return "no error";
    } catch (error) {
        return error.name;
    }
};

const through = async (chunks, stream) => {
    const parts = [];
    for await (const chunk of ReadableStream.from(chunks).pipeThrough(stream)) parts.push(chunk);
    return new Blob(parts).bytes();
};

const HELLO = new TextEncoder().encode("hello hello hello");

const both = async (format) => {
    const packed = await through([HELLO], new CompressionStream(format));
    return new TextDecoder().decode(await through([packed], new DecompressionStream(format)));
};

export const cases = [
    ["what is compressed comes back", async () => [
        await both("gzip"), await both("deflate"), await both("deflate-raw"), await both("brotli"),
    ], ["hello hello hello", "hello hello hello", "hello hello hello", "hello hello hello"]],

    ["gzip and zlib data have their heads", async () => {
        const gzip = await through([HELLO], new CompressionStream("gzip"));
        const zlib = await through([HELLO], new CompressionStream("deflate"));
        return [gzip[0], gzip[1], gzip[2], zlib[0] & 15];
    }, [0x1f, 0x8b, 8, 8]],

    ["data comes in pieces of any size, empty ones too", async () => {
        const parts = [HELLO.subarray(0, 3), new Uint8Array(0), HELLO.subarray(3)];
        const packed = await through(parts, new CompressionStream("gzip"));
        const pieces = [];
        for (const byte of packed) pieces.push(new Uint8Array([byte]));
        return new TextDecoder().decode(await through(pieces, new DecompressionStream("gzip")));
    }, "hello hello hello"],

    ["long data is made in steps", async () => {
        const long = new Uint8Array(1000000);
        for (let at = 0; at < long.length; at++) long[at] = (at * at) >> 3;
        const packed = await through([long.buffer.slice(0)], new CompressionStream("deflate"));
        const again = await through([packed], new DecompressionStream("deflate"));
        return again.length === long.length && again.every((byte, at) => byte === long[at]);
    }, true],

    ["data that is cut off, wrong, or has something behind its end is a TypeError", async () => {
        const packed = await through([HELLO], new CompressionStream("gzip"));
        const wrong = packed.slice();
        wrong[wrong.length - 5] ^= 1;
        const longer = new Uint8Array(packed.length + 1);
        longer.set(packed);
        return [
            await nameOf(() => through([packed.subarray(0, -1)], new DecompressionStream("gzip"))),
            await nameOf(() => through([wrong], new DecompressionStream("gzip"))),
            await nameOf(() => through([longer], new DecompressionStream("gzip"))),
            await nameOf(() => through([], new DecompressionStream("deflate"))),
            await nameOf(() => through([new Uint8Array([1, 2, 3, 4])], new DecompressionStream("deflate"))),
        ];
    }, ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]],

    ["chunks that are no bytes and unknown formats are a TypeError", async () => [
        await nameOf(() => through(["text"], new CompressionStream("gzip"))),
        await nameOf(() => through([null], new DecompressionStream("gzip"))),
        await nameOf(() => new CompressionStream("zip")), await nameOf(() => new DecompressionStream()),
    ], ["TypeError", "TypeError", "TypeError", "TypeError"]],

    ["an empty stream compresses to something", async () => {
        const packed = await through([], new CompressionStream("deflate-raw"));
        return [0 < packed.length, (await through([packed], new DecompressionStream("deflate-raw"))).length];
    }, [true, 0]],
];
