// The module "buffer".

const buffer = process.getBuiltinModule("buffer");
const { inspect } = process.getBuiltinModule("util");
const { Buffer } = buffer;

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return [error.name, error.code, error.message];
    }
};
const code = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return error.code ?? error.name;
    }
};
const list = (bytes) => Array.from(bytes);

export const cases = [
    ["a Buffer is a Uint8Array", () => {
        const bytes = Buffer.from("abc");
        return [bytes instanceof Uint8Array, bytes instanceof Buffer, Buffer.isBuffer(bytes),
            Buffer.isBuffer(new Uint8Array(1)), Object.prototype.toString.call(bytes), bytes.constructor === Buffer];
    }, [true, true, true, false, "[object Uint8Array]", true]],
    ["every encoding there and back", () => {
        const text = "h\u00e9llo \u20ac \u{1f600}";
        return ["utf8", "utf16le", "hex", "base64", "base64url", "latin1", "ascii"].map((encoding) => {
            if (encoding === "hex" || encoding.startsWith("base64")) return Buffer.from(text).toString(encoding);
            return Buffer.from(text, encoding).toString(encoding);
        });
    }, ["h\u00e9llo \u20ac \u{1f600}", "h\u00e9llo \u20ac \u{1f600}", "68c3a96c6c6f20e282ac20f09f9880", "aMOpbGxvIOKCrCDwn5iA",
        "aMOpbGxvIOKCrCDwn5iA", "h\u00e9llo \u00ac =\u0000", "hillo , =\u0000"]],
    ["base64 is read as people write it", () =>
        ["YW Jj\nZA==", "YWJjZA", "YWJj-_8=", "YQ==YQ==", "", "=", "Y", "!!YWJj"].map((text) => list(Buffer.from(text, "base64"))),
    [[97, 98, 99, 100], [97, 98, 99, 100], [97, 98, 99, 251, 255], [97], [], [], [], [97, 98, 99]]],
    ["hex ends before what is no pair of digits", () =>
        ["abxx12", "abc", "0G", "FFfe"].map((text) => list(Buffer.from(text, "hex"))), [[171], [171], [], [255, 254]]],
    ["ill-formed UTF-8 and lone surrogates are replaced", () =>
        [Buffer.from([0xff, 0x61, 0xe2, 0x82, 0xf0, 0x9f, 0x98]).toString(), list(Buffer.from("\ud800a"))],
    ["\ufffda\ufffd\ufffd", [0xef, 0xbf, 0xbd, 0x61]]],
    ["utf16le keeps lone surrogates", () =>
        [Buffer.from("\ud800", "utf16le").toString("ucs2").charCodeAt(0), Buffer.from([1, 2, 3]).toString("utf16le")],
    [0xd800, "\u0201"]],
    ["a byte order mark stays", () => Buffer.from([0xef, 0xbb, 0xbf, 0x61]).toString().length, 2],
    ["byteLength", () => [Buffer.byteLength("\u20ac"), Buffer.byteLength("abcd", "base64"), Buffer.byteLength("abc=", "base64"),
        Buffer.byteLength("abc", "hex"), Buffer.byteLength("ab", "ucs2"), Buffer.byteLength(new ArrayBuffer(5)),
        Buffer.byteLength("x", "nonsense")], [3, 3, 2, 1, 4, 5, 1]],
    ["isEncoding", () => ["utf8", "UTF-8", "Hex", "binary", "ucs-2", "utf-16le", "", "nope", undefined, 1].map(Buffer.isEncoding),
        [true, true, true, true, true, true, false, false, false, false]],
    ["from arrays, objects and their json", () => [list(Buffer.from([257, -1, "3", 1.9, NaN])), list(Buffer.from({ length: 2, 0: 7, 1: 8 })),
        list(Buffer.from(JSON.parse(JSON.stringify(Buffer.from("hi"))))), list(Buffer.from(new String("ab"))),
        list(Buffer.from({ [Symbol.toPrimitive]: () => "xy" })), list(Buffer.from({ length: "2" }))],
    [[1, 255, 3, 1, 0], [7, 8], [104, 105], [97, 98], [120, 121], []]],
    ["from an ArrayBuffer shares its memory", () => {
        const memory = new ArrayBuffer(4);
        Buffer.from(memory, 1, 2)[0] = 9;
        return [list(new Uint8Array(memory)), Buffer.from(memory, 1).length, code(() => Buffer.from(memory, 5)),
            code(() => Buffer.from(memory, 1, 9))];
    }, [[0, 9, 0, 0], 3, "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS"]],
    ["from refuses numbers, null, symbols, and encodings that it does not know", () => [code(() => Buffer.from(5)), code(() => Buffer.from(null)),
        code(() => Buffer.from(Symbol("x"))), code(() => Buffer.from({})), failure(() => Buffer.from("a", "what"))],
    ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
        ["TypeError", "ERR_UNKNOWN_ENCODING", "Unknown encoding: what"]]],
    ["alloc fills", () => [list(Buffer.alloc(3)), list(Buffer.alloc(5, "ab")), list(Buffer.alloc(3, 257)), list(Buffer.alloc(4, "YWI=", "base64")),
        list(Buffer.alloc(3, Buffer.from([1, 2]))), list(Buffer.alloc(2, ""))],
    [[0, 0, 0], [97, 98, 97, 98, 97], [1, 1, 1], [97, 98, 97, 98], [1, 2, 1], [0, 0]]],
    ["alloc refuses sizes", () => [code(() => Buffer.alloc("5")), code(() => Buffer.alloc(-1)), code(() => Buffer.allocUnsafe(NaN)),
        code(() => Buffer.alloc(1, Buffer.alloc(0))), code(() => Buffer.alloc(1, "zz", "hex"))],
    ["ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_VALUE", "ERR_INVALID_ARG_VALUE"]],
    ["the old constructor works with and without new", () => [list(Buffer(2)), list(new Buffer("ab")), new Buffer([1]).constructor === Buffer],
        [[0, 0], [97, 98], true]],
    ["concat", () => [list(Buffer.concat([Buffer.from("a"), new Uint8Array([1, 2])])), list(Buffer.concat([Buffer.from("abc")], 2)),
        list(Buffer.concat([Buffer.from("a")], 3)), Buffer.concat([]).length, code(() => Buffer.concat("x")), code(() => Buffer.concat(["x"]))],
    [[97, 1, 2], [97, 98], [97, 0, 0], 0, "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["compare and equals", () => {
        const a = Buffer.from("abc");
        return [Buffer.compare(a, Buffer.from("abd")), a.compare(Buffer.from("ab")), a.compare(Buffer.from("xabc"), 1), a.equals(Buffer.from("abc")),
            a.compare(Buffer.from("bc"), 0, 2, 1), code(() => a.compare("abc")), code(() => a.equals(1)), code(() => a.compare(a, 0, 4))];
    }, [-1, 1, 0, true, 0, "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE"]],
    ["copy", () => {
        const target = Buffer.alloc(4);
        return [Buffer.from("abc").copy(target, 1), list(target), Buffer.from("abc").copy(target, 3), Buffer.from("abc").copy(target, 0, 2), list(target),
            Buffer.from("abc").copy(target, 9), code(() => Buffer.from("a").copy(target, -1)), code(() => Buffer.from("a").copy(target, 0, 5))];
    }, [3, [0, 97, 98, 99], 1, 1, [99, 97, 98, 97], 0, "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE"]],
    ["copy within one buffer may overlap", () => {
        const bytes = Buffer.from("abcdef");
        bytes.copy(bytes, 2, 0, 4);
        return bytes.toString();
    }, "ababcd"],
    ["fill", () => {
        const fresh = () => Buffer.from("......");
        return [fresh().fill("ab").toString(), fresh().fill("ab", 1, 4).toString(), fresh().fill(0x61, 4).toString(), fresh().fill("\u20ac").toString("hex"),
            fresh().fill("6162", "hex").toString(), fresh().fill("").toString("hex"), fresh().fill(true).toString("hex"),
            code(() => fresh().fill("a", 0, 9)), code(() => fresh().fill("a", -1)), code(() => fresh().fill("zz", "hex"))];
    }, ["ababab", ".aba..", "....aa", "e282ace282ac", "ababab", "000000000000", "010101010101", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE",
        "ERR_INVALID_ARG_VALUE"]],
    ["indexOf", () => {
        const bytes = Buffer.from("this is a buffer");
        return [bytes.indexOf("is"), bytes.indexOf("is", 3), bytes.indexOf(97), bytes.indexOf(97 + 256), bytes.indexOf(Buffer.from("a buffer example")),
            bytes.indexOf("is", -5), bytes.indexOf("b", undefined), bytes.indexOf("", 4), bytes.indexOf("", 99), bytes.indexOf("", -99),
            bytes.includes("buffer"), bytes.indexOf("6973", "hex"), bytes.indexOf("b", NaN), bytes.indexOf("b", {})];
    }, [2, 5, 8, 8, -1, -1, 10, 4, 16, 0, true, 2, 10, 10]],
    ["lastIndexOf", () => {
        const bytes = Buffer.from("this buffer is a buffer");
        return [bytes.lastIndexOf("this"), bytes.lastIndexOf("buffer"), bytes.lastIndexOf("buffer", 5), bytes.lastIndexOf("buffer", 4),
            bytes.lastIndexOf("yolo"), bytes.lastIndexOf("buffer", -1), bytes.lastIndexOf("b", undefined), bytes.lastIndexOf("b", null),
            bytes.lastIndexOf("", 3), bytes.lastIndexOf("")];
    }, [0, 17, 5, -1, -1, 17, 17, -1, 3, 23]],
    ["indexOf in utf16le keeps to whole units", () => {
        const bytes = Buffer.from("\u039a\u0391\u03a3\u03a3\u0395", "ucs2");
        return [bytes.indexOf("\u03a3", 0, "ucs2"), bytes.lastIndexOf("\u03a3", -2, "ucs2"), Buffer.from([0, 97, 0, 98, 0]).indexOf("a", 0, "ucs2")];
    }, [4, 6, -1]],
    ["indexOf refuses other values", () => [code(() => Buffer.from("a").indexOf({})), code(() => Buffer.from("a").indexOf("a", 0, "x"))],
        ["ERR_INVALID_ARG_TYPE", "ERR_UNKNOWN_ENCODING"]],
    ["reading numbers", () => {
        const bytes = Buffer.from([0x81, 0x82, 0x03, 0x04, 0x05, 0x06, 0x07, 0xf8]);
        return [bytes.readUInt8(), bytes.readInt8(), bytes.readUInt16LE(1), bytes.readUInt16BE(), bytes.readInt16BE(), bytes.readUInt32LE(),
            bytes.readUInt32BE(),
            bytes.readInt32BE(), bytes.readInt32LE(4), bytes.readUIntBE(0, 6), bytes.readIntBE(0, 6), bytes.readUIntLE(0, 5), bytes.readIntLE(2, 6),
                bytes.readIntBE(0, 3),
            String(bytes.readBigUInt64BE()), String(bytes.readBigInt64BE()), String(bytes.readBigInt64LE()), String(bytes.readBigUint64LE())];
    }, [129, -127, 898, 33154, -32382, 67338881, 2172781316, -2122185980, -133757435, 142395396326662, -139079580383994, 21542175361, -8765927259133,
        -8289789,
        "9332024693664122872", "-9114719380045428744", "-574483808854506879", "17872260264855044737"]],
    ["reading floating point numbers", () => {
        const bytes = Buffer.from([0x3f, 0xf0, 0, 0, 0, 0, 0, 0x40, 0x49, 0x0f, 0xdb]);
        return [bytes.readDoubleBE(), bytes.readFloatBE(7), bytes.readFloatLE(3), Number.isNaN(Buffer.from([0x7f, 0xc0, 0, 0]).readFloatBE())];
    }, [1.0000000000000142, 3.1415927410125732, 0, true]],
    ["writing numbers", () => {
        const bytes = Buffer.alloc(8);
        const all = [];
        all.push(bytes.writeUInt8(200), bytes.writeInt16BE(-2, 1), bytes.writeUInt32LE(0xdeadbeef, 3), bytes.toString("hex"));
        all.push(bytes.writeIntBE(-5, 0, 6), bytes.writeUIntLE(0x123456789a, 2, 6), bytes.toString("hex"));
        all.push(bytes.writeBigInt64LE(-3n), bytes.toString("hex"), bytes.writeBigUInt64BE(2n ** 63n), bytes.toString("hex"));
        all.push(bytes.writeDoubleLE(Math.PI), bytes.writeFloatBE(-0.5, 2), bytes.toString("hex"), bytes.writeUInt8(1.9), bytes.writeUInt8("7", 1),
            bytes.writeInt8(undefined, 2), bytes.writeUInt16BE(NaN, 3), bytes.toString("hex"));
        return all;
    }, [1, 3, 7, "c8fffeefbeadde00", 6, 8, "ffff9a7856341200", 8, "fdffffffffffffff", 8, "8000000000000000", 8, 6, "182dbf0000000940", 1, 2, 3, 5,
        "0107000000000940"]],
    ["numbers out of range", () => {
        const bytes = Buffer.alloc(8);
        return [failure(() => bytes.readUInt8(8)), failure(() => bytes.readUInt8(-1)), failure(() => bytes.readUInt8(1.5)),
            failure(() => bytes.readUInt8("1")),
            failure(() => bytes.writeUInt8(256)), failure(() => bytes.writeInt32LE(2 ** 31)), failure(() => bytes.writeUIntBE(2 ** 48, 0, 6)),
            failure(() => bytes.writeBigInt64LE(2n ** 63n)), failure(() => bytes.readUIntLE(0, 7)), failure(() => bytes.readUIntLE()),
            failure(() => Buffer.alloc(1).readUInt16LE())];
    }, [["RangeError", "ERR_OUT_OF_RANGE", 'The value of "offset" is out of range. It must be >= 0 and <= 7. Received 8'],
        ["RangeError", "ERR_OUT_OF_RANGE", 'The value of "offset" is out of range. It must be >= 0 and <= 7. Received -1'],
        ["RangeError", "ERR_OUT_OF_RANGE", 'The value of "offset" is out of range. It must be an integer. Received 1.5'],
        ["TypeError", "ERR_INVALID_ARG_TYPE", 'The "offset" argument must be of type number. Received type string (\'1\')'],
        ["RangeError", "ERR_OUT_OF_RANGE", 'The value of "value" is out of range. It must be >= 0 and <= 255. Received 256'],
        ["RangeError", "ERR_OUT_OF_RANGE", 'The value of "value" is out of range. It must be >= -2147483648 and <= 2147483647. Received 2147483648'],
        ["RangeError", "ERR_OUT_OF_RANGE", 'The value of "value" is out of range. It must be >= 0 and < 2 ** 48. Received 281_474_976_710_656'],
        ["RangeError", "ERR_OUT_OF_RANGE",
            'The value of "value" is out of range. It must be >= -(2n ** 63n) and < 2n ** 63n. Received 9_223_372_036_854_775_808n'],
        ["RangeError", "ERR_OUT_OF_RANGE", 'The value of "byteLength" is out of range. It must be >= 1 and <= 6. Received 7'],
        ["TypeError", "ERR_INVALID_ARG_TYPE", 'The "offset" argument must be of type number. Received undefined'],
        ["RangeError", "ERR_BUFFER_OUT_OF_BOUNDS", "Attempt to access memory outside buffer bounds"]]],
    ["slice and subarray share memory", () => {
        const bytes = Buffer.from("abcdef");
        bytes.slice(1, 3)[0] = 0x7a;
        const part = bytes.subarray(-3, -1);
        return [bytes.toString(), part.toString(), part instanceof Buffer, bytes.slice(4, 2).length, bytes.slice("2").toString(), bytes.subarray(0,
            99).length];
    }, ["azcdef", "de", true, 0, "cdef", 6]],
    ["what Uint8Array's methods give is a Buffer", () => {
        const bytes = Buffer.from([1, 2, 3]);
        return [bytes.map((one) => one * 2) instanceof Buffer, bytes.filter((one) => 1 < one).length, list(Buffer.of(1, 2)), bytes.at(-1)];
    }, [true, 2, [1, 2], 3]],
    ["swaps", () => [Buffer.from("01020304", "hex").swap16().toString("hex"), Buffer.from("01020304", "hex").swap32().toString("hex"),
        Buffer.from("0102030405060708", "hex").swap64().toString("hex"), failure(() => Buffer.alloc(3).swap16())],
    ["02010403", "04030201", "0807060504030201", ["RangeError", "ERR_INVALID_BUFFER_SIZE", "Buffer size must be a multiple of 16-bits"]]],
    ["toString with places", () => {
        const bytes = Buffer.from("abcdef");
        return [bytes.toString("utf8", 1, 3), bytes.toString("hex", -3, 2), bytes.toString(undefined, 4), bytes.toString("utf8", 3, 1),
            bytes.toString("latin1", "1", "2"),
            bytes.toString("utf8", NaN, 2), code(() => bytes.toString("x"))];
    }, ["bc", "6162", "ef", "", "b", "ab", "ERR_UNKNOWN_ENCODING"]],
    ["write never cuts a character", () => {
        const bytes = Buffer.alloc(5);
        return [bytes.write("a\u20ac\u20ac"), bytes.toString("hex"), bytes.write("zz", 1), bytes.write("616263", 3, "hex"), bytes.write("q", 0, 0),
            bytes.write("ab", 0, 1, "latin1"),
            bytes.toString("hex"), code(() => bytes.write("a", 6)), code(() => bytes.write(5)), bytes.write("\u{1f600}x", 1, 3)];
    }, [4, "61e282ac00", 2, 2, 0, 1, "617a7a6162", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", 0]],
    ["transcode", () => [buffer.transcode(Buffer.from("\u20ac"), "utf8", "ascii").toString("hex"), buffer.transcode(Buffer.from("\u00e9"), "utf8",
        "latin1").toString("hex"),
        buffer.transcode(Buffer.from("a"), "utf8", "utf16le").toString("hex"), code(() => buffer.transcode(Buffer.from("a"), "hex", "utf8"))],
    ["3f", "e9", "6100", "U_ILLEGAL_ARGUMENT_ERROR"]],
    ["isUtf8 and isAscii", () => [buffer.isUtf8(Buffer.from("\u20ac")), buffer.isUtf8(Buffer.from([0xc3])), buffer.isAscii(Buffer.from("a")),
        buffer.isAscii(new Uint8Array([200])),
        buffer.isUtf8(new ArrayBuffer(0))], [true, false, true, false, true]],
    ["how it looks", () => [inspect(Buffer.from("abc")), inspect(Buffer.alloc(0)), inspect(Buffer.alloc(52)).slice(-20),
        inspect(Object.assign(Buffer.from("a"), { more: 1 }))],
        ["<Buffer 61 62 63>", "<Buffer >", "00 ... 2 more bytes>", "<Buffer 61, more: 1>"]],
    ["its own iterators", () => [[...Buffer.from("ab").entries()], [...Buffer.from("ab").keys()], [...Buffer.from("ab")]], [[[0, 97], [1, 98]], [0,
        1], [97, 98]]],
    ["the module holds the web's classes", () => [buffer.Blob === Blob, buffer.File === File, buffer.atob === atob, buffer.btoa === btoa,
        buffer.Buffer === globalThis.Buffer],
        [true, true, true, true, true]],
    ["copyBytesFrom copies", () => {
        const units = new Uint16Array([0x0102, 0x0304]);
        const copy = Buffer.copyBytesFrom(units, 1);
        units[1] = 0;
        return [list(copy), code(() => Buffer.copyBytesFrom([1])), list(Buffer.copyBytesFrom(units, 5))];
    }, [[4, 3], "ERR_INVALID_ARG_TYPE", []]],
];
