// The module "punycode" (nodejs.org/api/punycode.html): RFC 3492, "Punycode: A Bootstring encoding of Unicode".

import { primordials } from "../primordials.js";

const {
    ArrayPrototypePush, ArrayPrototypeSplice, MathFloor, RangeError, StringFromCodePoint, StringPrototypeCharCodeAt,
    StringPrototypeCodePointAt, StringPrototypeLastIndexOf, StringPrototypeSlice, StringPrototypeStartsWith,
    StringPrototypeToLowerCase,
} = primordials;

// RFC 3492, section 5.
const BASE = 36;
const LEAST = 1;
const MOST = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_CODE = 128;
const LARGEST = 2147483647;

const PREFIX = "xn--";

const overflow = () => new RangeError("Overflow: input needs wider integers to process");
const invalid = () => new RangeError("Invalid input");
const notBasic = () => new RangeError("Illegal input >= 0x80 (not a basic code point)");

const codePoints = (text) => {
    const points = [];
    for (let at = 0; at < text.length;) {
        const point = StringPrototypeCodePointAt(text, at);
        ArrayPrototypePush(points, point);
        at += 65535 < point ? 2 : 1;
    }
    return points;
};

const textOf = (points) => {
    let text = "";
    for (let at = 0; at < points.length; at++) text += StringFromCodePoint(points[at]);
    return text;
};

// Section 6.1.
const adapt = (delta, count, isFirst) => {
    let rest = isFirst ? MathFloor(delta / DAMP) : MathFloor(delta / 2);
    rest += MathFloor(rest / count);
    let k = 0;
    for (; MathFloor(((BASE - LEAST) * MOST) / 2) < rest; k += BASE) rest = MathFloor(rest / (BASE - LEAST));
    return k + MathFloor(((BASE - LEAST + 1) * rest) / (rest + SKEW));
};

const threshold = (k, bias) => (k <= bias ? LEAST : bias + MOST <= k ? MOST : k - bias);

const digitOf = (code) => {
    if (48 <= code && code <= 57) return code - 22;
    if (65 <= code && code <= 90) return code - 65;
    if (97 <= code && code <= 122) return code - 97;
    return BASE;
};

const letterOf = (digit) => StringFromCodePoint(digit < 26 ? digit + 97 : digit + 22);

// Section 6.2.
const decode = function decode(input) {
    const output = [];
    const delimiter = StringPrototypeLastIndexOf(input, "-");
    for (let at = 0; at < delimiter; at++) {
        const code = StringPrototypeCharCodeAt(input, at);
        if (INITIAL_CODE <= code) throw notBasic();
        ArrayPrototypePush(output, code);
    }
    let n = INITIAL_CODE;
    let i = 0;
    let bias = INITIAL_BIAS;
    for (let at = delimiter < 1 ? 0 : delimiter + 1; at < input.length;) {
        const before = i;
        for (let weight = 1, k = BASE; ; k += BASE) {
            if (input.length <= at) throw invalid();
            const digit = digitOf(StringPrototypeCharCodeAt(input, at++));
            if (BASE <= digit) throw invalid();
            i += digit * weight;
            if (LARGEST < i) throw overflow();
            const limit = threshold(k, bias);
            if (digit < limit) break;
            weight *= BASE - limit;
            if (LARGEST < weight) throw overflow();
        }
        const length = output.length + 1;
        bias = adapt(i - before, length, before === 0);
        n += MathFloor(i / length);
        if (0x10FFFF < n) throw overflow();
        i %= length;
        ArrayPrototypeSplice(output, i, 0, n);
        i++;
    }
    return textOf(output);
};

// Section 6.3.
const encode = function encode(input) {
    const points = codePoints(input);
    let output = "";
    for (let at = 0; at < points.length; at++) if (points[at] < INITIAL_CODE) output += StringFromCodePoint(points[at]);
    const basic = output.length;
    let handled = basic;
    if (0 < basic) output += "-";
    let n = INITIAL_CODE;
    let delta = 0;
    let bias = INITIAL_BIAS;
    while (handled < points.length) {
        let next = LARGEST;
        for (let at = 0; at < points.length; at++) if (n <= points[at] && points[at] < next) next = points[at];
        delta += (next - n) * (handled + 1);
        if (LARGEST < delta) throw overflow();
        n = next;
        for (let at = 0; at < points.length; at++) {
            if (points[at] < n) delta++;
            if (points[at] !== n) continue;
            let q = delta;
            for (let k = BASE; ; k += BASE) {
                const limit = threshold(k, bias);
                if (q < limit) break;
                output += letterOf(limit + ((q - limit) % (BASE - limit)));
                q = MathFloor((q - limit) / (BASE - limit));
            }
            output += letterOf(q);
            bias = adapt(delta, handled + 1, handled === basic);
            delta = 0;
            handled++;
        }
        delta++;
        n++;
    }
    return output;
};

const isSeparator = (code) => code === 46 || code === 0x3002 || code === 0xFF0E || code === 0xFF61;

/** Applies `convert` to each label behind the last "@"; separators of RFC 3490 become ".". */
const eachLabel = (text, convert) => {
    const start = StringPrototypeLastIndexOf(text, "@") + 1;
    let result = StringPrototypeSlice(text, 0, start);
    let from = start;
    for (let at = start; at <= text.length; at++) {
        const isEnd = at === text.length;
        if (!isEnd && !isSeparator(StringPrototypeCharCodeAt(text, at))) continue;
        result += convert(StringPrototypeSlice(text, from, at));
        if (!isEnd) result += ".";
        from = at + 1;
    }
    return result;
};

const isAscii = (text) => {
    for (let at = 0; at < text.length; at++) if (127 < StringPrototypeCharCodeAt(text, at)) return false;
    return true;
};

const punycode = {
    version: "2.1.0",
    ucs2: {
        decode(text) { return codePoints(text); },
        encode(points) { return textOf(points); },
    },
    decode,
    encode,
    toASCII(input) {
        return eachLabel(input, (label) => (isAscii(label) ? label : PREFIX + encode(label)));
    },
    toUnicode(input) {
        return eachLabel(input, (label) => (StringPrototypeStartsWith(label, PREFIX)
            ? decode(StringPrototypeToLowerCase(StringPrototypeSlice(label, PREFIX.length)))
            : label));
    },
};

export default punycode;
