// Numbers in Buffers: each method that reads and writes one, by its values, its bounds and its errors.

const failure = (run) => {
    try {
        return ["gave", String(run())];
    } catch (error) {
        return [error.name, error.code, error.message];
    }
};
const code = (run) => {
    const [kind, value] = failure(run);
    return kind === "gave" ? "gave" : value;
};

const WIDTHS = { Int8: 1, UInt8: 1, Int16: 2, UInt16: 2, Int32: 4, UInt32: 4, BigInt64: 8, BigUInt64: 8, Float: 4, Double: 8 };
/** [end of the method's name, bytes] of each fixed width and order. */
const FIXED = Object.entries(WIDTHS).flatMap(([kind, width]) => (width === 1 ? [[kind, 1]] : [[`${kind}LE`, width], [`${kind}BE`, width]]));
const BYTES = () => Buffer.from("80ff017f0a00fe9c3d42", "hex");
const show = (value) => (typeof value === "bigint" ? `${value}n` : value);

/** The least and the greatest value of a kind of integers. */
const bounds = (end) => {
    const bits = WIDTHS[end.replace(/[LB]E$/, "")] * 8;
    const [low, high] = end.includes("UInt") ? [0n, (1n << BigInt(bits)) - 1n] : [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n];
    return end.startsWith("Big") ? [low, high] : [Number(low), Number(high)];
};
const INTEGERS = FIXED.filter(([end]) => !/Float|Double/.test(end));

export const cases = [
    ["reads of fixed width", () => FIXED.map(([end]) => [end, show(BYTES()[`read${end}`](1)), show(BYTES()[`read${end}`]())]), [
        ["Int8", -1, -128], ["UInt8", 255, 128], ["Int16LE", 511, -128], ["Int16BE", -255, -32513], ["UInt16LE", 511, 65408],
        ["UInt16BE", 65281, 33023], ["Int32LE", 176095743, 2130837376], ["Int32BE", -16679158, -2130771585],
        ["UInt32LE", 176095743, 2130837376], ["UInt32BE", 4278288138, 2164195711],
        ["BigInt64LE", "4439702608810017279n", "-7134264714627776640n"], ["BigInt64BE", "-71636438118130627n", "-9151594272653246820n"],
        ["BigUInt64LE", "4439702608810017279n", "11312479359081774976n"],
        ["BigUInt64BE", "18375107635591420989n", "9295149801056304796n"], ["FloatLE", 1.2278178818976922e-32, 1.727970433036098e+38],
        ["FloatBE", -1.721300359813841e+38, -2.3418588217599595e-38], ["DoubleLE", 6.592060373263338e-12, -4.9682794867062584e-169],
        ["DoubleBE", -5.999161154566785e+303, -7.064606159942953e-304],
    ]],
    ["the spelling with a small i is the same", () => FIXED.filter(([end]) => end.includes("UInt")).map(([end]) => {
        const small = end.replace("UInt", "Uint");
        const [one, other] = [Buffer.alloc(9), Buffer.alloc(9)];
        const value = bounds(end)[1];
        const ends = [one[`write${end}`](value, 1), other[`write${small}`](value, 1)];
        return [small, BYTES()[`read${small}`](1) === BYTES()[`read${end}`](1), one.equals(other), ...ends, other.toString("hex")];
    }), [
        ["Uint8", true, true, 2, 2, "00ff00000000000000"], ["Uint16LE", true, true, 3, 3, "00ffff000000000000"],
        ["Uint16BE", true, true, 3, 3, "00ffff000000000000"], ["Uint32LE", true, true, 5, 5, "00ffffffff00000000"],
        ["Uint32BE", true, true, 5, 5, "00ffffffff00000000"], ["BigUint64LE", true, true, 9, 9, "00ffffffffffffffff"],
        ["BigUint64BE", true, true, 9, 9, "00ffffffffffffffff"],
    ]],
    ["the bounds of integers go in and come out", () => INTEGERS.map(([end]) => bounds(end).map((value) => {
        const bytes = Buffer.alloc(10, 0xaa);
        const after = bytes[`write${end}`](value, 1);
        return [after, bytes.toString("hex"), bytes[`read${end}`](1) === value];
    })), [
        [[2, "aa80aaaaaaaaaaaaaaaa", true], [2, "aa7faaaaaaaaaaaaaaaa", true]],
        [[2, "aa00aaaaaaaaaaaaaaaa", true], [2, "aaffaaaaaaaaaaaaaaaa", true]],
        [[3, "aa0080aaaaaaaaaaaaaa", true], [3, "aaff7faaaaaaaaaaaaaa", true]],
        [[3, "aa8000aaaaaaaaaaaaaa", true], [3, "aa7fffaaaaaaaaaaaaaa", true]],
        [[3, "aa0000aaaaaaaaaaaaaa", true], [3, "aaffffaaaaaaaaaaaaaa", true]],
        [[3, "aa0000aaaaaaaaaaaaaa", true], [3, "aaffffaaaaaaaaaaaaaa", true]],
        [[5, "aa00000080aaaaaaaaaa", true], [5, "aaffffff7faaaaaaaaaa", true]],
        [[5, "aa80000000aaaaaaaaaa", true], [5, "aa7fffffffaaaaaaaaaa", true]],
        [[5, "aa00000000aaaaaaaaaa", true], [5, "aaffffffffaaaaaaaaaa", true]],
        [[5, "aa00000000aaaaaaaaaa", true], [5, "aaffffffffaaaaaaaaaa", true]],
        [[9, "aa0000000000000080aa", true], [9, "aaffffffffffffff7faa", true]],
        [[9, "aa8000000000000000aa", true], [9, "aa7fffffffffffffffaa", true]],
        [[9, "aa0000000000000000aa", true], [9, "aaffffffffffffffffaa", true]],
        [[9, "aa0000000000000000aa", true], [9, "aaffffffffffffffffaa", true]],
    ]],
    ["one beyond the bounds is refused, and nothing is written", () => INTEGERS.map(([end]) => bounds(end).map((value, at) => {
        const bytes = Buffer.alloc(8);
        const beyond = typeof value === "bigint" ? value + (at === 0 ? -1n : 1n) : value + (at === 0 ? -1 : 1);
        return [...failure(() => bytes[`write${end}`](beyond)), bytes.every((byte) => byte === 0)];
    })), [
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= -128 and <= 127. Received -129", true],
            ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= -128 and <= 127. Received 128", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 255. Received -1", true], ["RangeError",
            "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 255. Received 256", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= -32768 and <= 32767. Received -32769", true],
            ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= -32768 and <= 32767. Received 32768", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= -32768 and <= 32767. Received -32769", true],
            ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= -32768 and <= 32767. Received 32768", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 65535. Received -1", true], ["RangeError",
            "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 65535. Received 65536", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 65535. Received -1", true], ["RangeError",
            "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 65535. Received 65536", true]],
        [["RangeError", "ERR_OUT_OF_RANGE",
            "The value of \"value\" is out of range. It must be >= -2147483648 and <= 2147483647. Received -2147483649", true], ["RangeError",
            "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= -2147483648 and <= 2147483647. Received 2147483648", true]],
        [["RangeError", "ERR_OUT_OF_RANGE",
            "The value of \"value\" is out of range. It must be >= -2147483648 and <= 2147483647. Received -2147483649", true], ["RangeError",
            "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= -2147483648 and <= 2147483647. Received 2147483648", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 4294967295. Received -1", true],
            ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 4294967295. Received 4294967296", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 4294967295. Received -1", true],
            ["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0 and <= 4294967295. Received 4294967296", true]],
        [["RangeError", "ERR_OUT_OF_RANGE",
            "The value of \"value\" is out of range. It must be >= -(2n ** 63n) and < 2n ** 63n. Received -9_223_372_036_854_775_809n", true],
            ["RangeError", "ERR_OUT_OF_RANGE",
            "The value of \"value\" is out of range. It must be >= -(2n ** 63n) and < 2n ** 63n. Received 9_223_372_036_854_775_808n", true]],
        [["RangeError", "ERR_OUT_OF_RANGE",
            "The value of \"value\" is out of range. It must be >= -(2n ** 63n) and < 2n ** 63n. Received -9_223_372_036_854_775_809n", true],
            ["RangeError", "ERR_OUT_OF_RANGE",
            "The value of \"value\" is out of range. It must be >= -(2n ** 63n) and < 2n ** 63n. Received 9_223_372_036_854_775_808n", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0n and < 2n ** 64n. Received -1n", true],
            ["RangeError", "ERR_OUT_OF_RANGE",
            "The value of \"value\" is out of range. It must be >= 0n and < 2n ** 64n. Received 18_446_744_073_709_551_616n", true]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"value\" is out of range. It must be >= 0n and < 2n ** 64n. Received -1n", true],
            ["RangeError", "ERR_OUT_OF_RANGE",
            "The value of \"value\" is out of range. It must be >= 0n and < 2n ** 64n. Received 18_446_744_073_709_551_616n", true]],
    ]],
    ["floating point numbers go in and come out", () => ["FloatLE", "FloatBE", "DoubleLE", "DoubleBE"].map((end) =>
        [0, -0, 1.5, -2.25, Infinity, -Infinity, NaN, 1e300, 5e-324, 0.1].map((value) => {
            const bytes = Buffer.alloc(8);
            return [bytes[`write${end}`](value), bytes.toString("hex"), String(bytes[`read${end}`]())];
        })), [
        [[4, "0000000000000000", "0"], [4, "0000008000000000", "0"], [4, "0000c03f00000000", "1.5"], [4, "000010c000000000", "-2.25"], [4,
            "0000807f00000000", "Infinity"], [4, "000080ff00000000", "-Infinity"], [4, "0000c07f00000000", "NaN"], [4, "0000807f00000000",
            "Infinity"], [4, "0000000000000000", "0"], [4, "cdcccc3d00000000", "0.10000000149011612"]],
        [[4, "0000000000000000", "0"], [4, "8000000000000000", "0"], [4, "3fc0000000000000", "1.5"], [4, "c010000000000000", "-2.25"], [4,
            "7f80000000000000", "Infinity"], [4, "ff80000000000000", "-Infinity"], [4, "7fc0000000000000", "NaN"], [4, "7f80000000000000",
            "Infinity"], [4, "0000000000000000", "0"], [4, "3dcccccd00000000", "0.10000000149011612"]],
        [[8, "0000000000000000", "0"], [8, "0000000000000080", "0"], [8, "000000000000f83f", "1.5"], [8, "00000000000002c0", "-2.25"], [8,
            "000000000000f07f", "Infinity"], [8, "000000000000f0ff", "-Infinity"], [8, "000000000000f87f", "NaN"], [8, "9c7500883ce4377e", "1e+300"],
            [8, "0100000000000000", "5e-324"], [8, "9a9999999999b93f", "0.1"]],
        [[8, "0000000000000000", "0"], [8, "8000000000000000", "0"], [8, "3ff8000000000000", "1.5"], [8, "c002000000000000", "-2.25"], [8,
            "7ff0000000000000", "Infinity"], [8, "fff0000000000000", "-Infinity"], [8, "7ff8000000000000", "NaN"], [8, "7e37e43c8800759c", "1e+300"],
            [8, "0000000000000001", "5e-324"], [8, "3fb999999999999a", "0.1"]],
    ]],
    ["what is no number is made one when it is written", () => [undefined, null, "12", "x", true, [7], {}, 1.9, -1.9, NaN].map((value) => {
        const bytes = Buffer.alloc(16);
        bytes.writeInt8(value, 0);
        bytes.writeInt16LE(value, 1);
        bytes.writeInt32BE(value, 3);
        bytes.writeFloatBE(value, 7);
        return bytes.toString("hex", 0, 11);
    }), [
        "000000000000007fc00000", "0000000000000000000000", "0c0c000000000c41400000", "000000000000007fc00000", "010100000000013f800000",
        "0707000000000740e00000", "000000000000007fc00000", "010100000000013ff33333", "ffffffffffffffbff33333", "000000000000007fc00000",
    ]],
    ["big integers are not made of others", () => [1, "1", undefined, 1.5].map((value) => ["BigInt64LE", "BigInt64BE", "BigUInt64LE",
        "BigUInt64BE"].map((end) =>
        failure(() => Buffer.alloc(8)[`write${end}`](value))[0])), [
        ["TypeError", "TypeError", "TypeError", "TypeError"], ["TypeError", "TypeError", "TypeError", "TypeError"],
        ["TypeError", "TypeError", "TypeError", "TypeError"], ["TypeError", "TypeError", "TypeError", "TypeError"],
    ]],
    ["a place is a whole number inside", () => FIXED.map(([end, width]) => ["read", "write"].map((verb) => {
        const value = end.startsWith("Big") ? 1n : 1;
        const run = (at) => code(() => (verb === "read" ? Buffer.alloc(width + 1)[`read${end}`](at) : Buffer.alloc(width + 1)[`write${end}`](value, at)));
        return [run(1), run(2), run(-1), run(0.5), run(NaN), run("0"), run(null), run(undefined)];
    })).every((each) => JSON.stringify(each) === JSON.stringify([0, 0].map(() =>
        ["gave", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
            "gave"]))), true],
    ["a buffer that is too short is told so", () => FIXED.map(([end]) => code(() => Buffer.alloc(0)[`read${end}`]())), [
        "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS",
        "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS",
        "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS",
        "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS",
        "ERR_BUFFER_OUT_OF_BOUNDS", "ERR_BUFFER_OUT_OF_BOUNDS",
    ]],
    ["reads of any width", () => [1, 2, 3, 4, 5, 6].map((width) => [BYTES().readUIntLE(0, width), BYTES().readUIntBE(0, width), BYTES().readIntLE(0,
        width), BYTES().readIntBE(0, width),
        BYTES().readUintLE(1, width), BYTES().readUintBE(1, width)]), [
        [128, 128, -128, -128, 255, 255], [65408, 33023, -128, -32513, 511, 65281],
        [130944, 8453889, 130944, -8323327, 8323583, 16712063], [2130837376, 2164195711, 2130837376, -2130771585, 176095743, 4278288138],
        [45080510336, 554034102026, 45080510336, -545477525750, 176095743, 1095241763328],
        [45080510336, 141832730118656, 45080510336, -139642246592000, 279276129550847, 280381891412222],
    ]],
    ["writes of any width", () => [1, 2, 3, 4, 5, 6].map((width) => {
        const bytes = Buffer.alloc(7);
        const high = 2 ** (8 * width) - 2;
        return [bytes.writeUIntLE(high, 0, width), bytes.toString("hex"), bytes.writeUIntBE(high, 1, width), bytes.toString("hex"),
            bytes.writeIntLE(-3, 0, width), bytes.toString("hex"),
            bytes.writeIntBE(-(2 ** (8 * width - 1)), 1, width), bytes.toString("hex"), bytes.writeUintLE(5, 0, width), bytes.writeUintBE(6, 1,
                width), bytes.toString("hex")];
    }), [
        [1, "fe000000000000", 2, "fefe0000000000", 1, "fdfe0000000000", 2, "fd800000000000", 1, 2, "05060000000000"],
        [2, "feff0000000000", 3, "fefffe00000000", 2, "fdfffe00000000", 3, "fd800000000000", 2, 3, "05000600000000"],
        [3, "feffff00000000", 4, "fefffffe000000", 3, "fdfffffe000000", 4, "fd800000000000", 3, 4, "05000006000000"],
        [4, "feffffff000000", 5, "fefffffffe0000", 4, "fdfffffffe0000", 5, "fd800000000000", 4, 5, "05000000060000"],
        [5, "feffffffff0000", 6, "fefffffffffe00", 5, "fdfffffffffe00", 6, "fd800000000000", 5, 6, "05000000000600"],
        [6, "feffffffffff00", 7, "fefffffffffffe", 6, "fdfffffffffffe", 7, "fd800000000000", 6, 7, "05000000000006"],
    ]],
    ["any width has its bounds", () => [1, 2, 3, 4, 5, 6].map((width) => [failure(() => Buffer.alloc(7).writeUIntBE(2 ** (8 * width), 0, width)),
        failure(() => Buffer.alloc(7).writeIntLE(-(2 ** (8 * width - 1)) - 1, 0, width))].map((each) => each[2])), [
        ["The value of \"value\" is out of range. It must be >= 0 and <= 255. Received 256",
            "The value of \"value\" is out of range. It must be >= -128 and <= 127. Received -129"],
        ["The value of \"value\" is out of range. It must be >= 0 and <= 65535. Received 65536",
            "The value of \"value\" is out of range. It must be >= -32768 and <= 32767. Received -32769"],
        ["The value of \"value\" is out of range. It must be >= 0 and <= 16777215. Received 16777216",
            "The value of \"value\" is out of range. It must be >= -8388608 and <= 8388607. Received -8388609"],
        ["The value of \"value\" is out of range. It must be >= 0 and <= 4294967295. Received 4294967296",
            "The value of \"value\" is out of range. It must be >= -2147483648 and <= 2147483647. Received -2147483649"],
        ["The value of \"value\" is out of range. It must be >= 0 and < 2 ** 40. Received 1_099_511_627_776",
            "The value of \"value\" is out of range. It must be >= -(2 ** 39) and < 2 ** 39. Received -549_755_813_889"],
        ["The value of \"value\" is out of range. It must be >= 0 and < 2 ** 48. Received 281_474_976_710_656",
            "The value of \"value\" is out of range. It must be >= -(2 ** 47) and < 2 ** 47. Received -140_737_488_355_329"],
    ]],
    ["widths are one to six", () => [0, 7, -1, 1.5, NaN, "2", null, undefined].map((width) => ["readUIntLE", "readUIntBE", "readIntLE",
        "readIntBE"].map((name) =>
        code(() => Buffer.alloc(8)[name](0, width)))), [
        ["ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE"],
        ["ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE"],
        ["ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE"],
        ["ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE"],
        ["ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["places for any width", () => [7, -1, 0.5, "0", null].map((at) => [failure(() => Buffer.alloc(8).readUIntLE(at, 3)),
        failure(() => Buffer.alloc(8).writeIntBE(1, at, 3))]), [
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"offset\" is out of range. It must be >= 0 and <= 5. Received 7"], ["RangeError",
            "ERR_OUT_OF_RANGE", "The value of \"offset\" is out of range. It must be >= 0 and <= 5. Received 7"]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"offset\" is out of range. It must be >= 0 and <= 5. Received -1"], ["RangeError",
            "ERR_OUT_OF_RANGE", "The value of \"offset\" is out of range. It must be >= 0 and <= 5. Received -1"]],
        [["RangeError", "ERR_OUT_OF_RANGE", "The value of \"offset\" is out of range. It must be an integer. Received 0.5"], ["RangeError",
            "ERR_OUT_OF_RANGE", "The value of \"offset\" is out of range. It must be an integer. Received 0.5"]],
        [["TypeError", "ERR_INVALID_ARG_TYPE", "The \"offset\" argument must be of type number. Received type string ('0')"], ["TypeError",
            "ERR_INVALID_ARG_TYPE", "The \"offset\" argument must be of type number. Received type string ('0')"]],
        [["TypeError", "ERR_INVALID_ARG_TYPE", "The \"offset\" argument must be of type number. Received null"], ["TypeError", "ERR_INVALID_ARG_TYPE",
            "The \"offset\" argument must be of type number. Received null"]],
    ]],
];
