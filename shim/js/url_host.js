// Hosts of URLs (URL Standard, section "Hosts"): domains, IPv4 and IPv6 addresses and opaque hosts. A host is kept as
// its serialization; what fails is null.

import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { C0_CONTROL, percentDecode, percentEncode, split } from "./url_encoding.js";

const {
    MathFloor, NumberPrototypeToString, RegExpPrototypeExec, StringPrototypeCharCodeAt, StringPrototypeEndsWith,
    StringPrototypeIncludes, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToLowerCase,
} = primordials;

// The longest domain that the native is asked about; a longer one fails.
const LONGEST_DOMAIN = 65536;

const FORBIDDEN_HOST = /[\0\t\n\r #/:<>?@[\\\]^|]/;
const FORBIDDEN_DOMAIN = /[\0-\x20#%/:<>?@[\\\]^|\x7f]/;
const NOT_ASCII = /[^\0-\x7f]/;
const NUMBER = /^(?:[0-9]+|0[xX][0-9A-Fa-f]*)$/;
const DOMAIN = /^[a-z0-9\-._]+$/;

const hasPunycode = (domain) =>
    StringPrototypeStartsWith(domain, "xn--") || StringPrototypeIncludes(domain, ".xn--");

/** "domain to ASCII" with beStrict false. A domain that is ASCII is not looked at as IDNA, whatever its labels are. */
export const domainToASCII = (domain) => {
    if (RegExpPrototypeExec(DOMAIN, domain) !== null) return domain;
    let result;
    if (RegExpPrototypeExec(NOT_ASCII, domain) === null) result = StringPrototypeToLowerCase(domain);
    else result = LONGEST_DOMAIN < domain.length ? null : natives.domainToASCII(domain);
    return result === null || result === "" || RegExpPrototypeExec(FORBIDDEN_DOMAIN, result) !== null ? null : result;
};

/** "domain to Unicode", for node:url. */
export const domainToUnicode = (domain) => {
    if (domain === "" || LONGEST_DOMAIN < domain.length) return "";
    return hasPunycode(StringPrototypeToLowerCase(domain)) || RegExpPrototypeExec(NOT_ASCII, domain) !== null
        ? natives.domainToUnicode(domain)
        : StringPrototypeToLowerCase(domain);
};

// "ends in a number checker"
const endsInNumber = (parts) => {
    let { length } = parts;
    if (parts[length - 1] === "") {
        if (length === 1) return false;
        length--;
    }
    return RegExpPrototypeExec(NUMBER, parts[length - 1]) !== null;
};

// "IPv4 number parser"; -1 is failure.
const parseNumber = (text) => {
    if (text === "") return -1;
    let radix = 10;
    let from = 0;
    if (2 <= text.length && text[0] === "0") {
        const hexadecimal = text[1] === "x" || text[1] === "X";
        radix = hexadecimal ? 16 : 8;
        from = hexadecimal ? 2 : 1;
    }
    let value = 0;
    for (let at = from; at < text.length; at++) {
        const digit = digitOf(StringPrototypeCharCodeAt(text, at));
        if (radix <= digit) return -1;
        value = value * radix + digit;
    }
    return value;
};

// The value of a hexadecimal digit, or 99.
const digitOf = (unit) => {
    if (0x30 <= unit && unit <= 0x39) return unit - 0x30;
    const lower = unit | 0x20;
    return 0x61 <= lower && lower <= 0x66 ? lower - 0x57 : 99;
};

// "IPv4 parser" and its serializer
const parseIPv4 = (parts) => {
    let { length } = parts;
    if (parts[length - 1] === "" && 1 < length) length--;
    if (4 < length) return null;
    let address = 0;
    for (let index = 0; index < length; index++) {
        const number = parseNumber(parts[index]);
        if (number === -1) return null;
        if (index < length - 1) {
            if (255 < number) return null;
            address += number * 256 ** (3 - index);
        } else {
            if (256 ** (5 - length) <= number) return null;
            address += number;
        }
    }
    const byte = (shift) => MathFloor(address / 256 ** shift) % 256;
    return `${byte(3)}.${byte(2)}.${byte(1)}.${byte(0)}`;
};

// "IPv6 parser": eight pieces, or null.
const parseIPv6 = (text) => {
    const pieces = [0, 0, 0, 0, 0, 0, 0, 0];
    let piece = 0;
    let compress = -1;
    let at = 0;
    if (text[0] === ":") {
        if (text[1] !== ":") return null;
        at = 2;
        piece = 1;
        compress = 1;
    }
    while (at < text.length) {
        if (piece === 8) return null;
        if (text[at] === ":") {
            if (compress !== -1) return null;
            at++;
            piece++;
            compress = piece;
            continue;
        }
        let value = 0;
        let length = 0;
        while (length < 4 && at < text.length) {
            const digit = digitOf(StringPrototypeCharCodeAt(text, at));
            if (digit === 99) break;
            value = value * 16 + digit;
            at++;
            length++;
        }
        if (at < text.length && text[at] === ".") {
            if (length === 0 || 6 < piece) return null;
            if (!parseIPv4Tail(text, at - length, pieces, piece)) return null;
            piece += 2;
            break;
        }
        if (at < text.length && text[at] === ":") {
            at++;
            if (at === text.length) return null;
        } else if (at < text.length) {
            return null;
        }
        pieces[piece++] = value;
    }
    if (compress === -1) return piece === 8 ? pieces : null;
    let swaps = piece - compress;
    piece = 7;
    while (piece !== 0 && 0 < swaps) {
        const other = compress + swaps - 1;
        const value = pieces[other];
        pieces[other] = pieces[piece];
        pieces[piece] = value;
        piece--;
        swaps--;
    }
    return pieces;
};

// The IPv4 address at the end of an IPv6 address: four decimal numbers into two pieces; false is failure.
const parseIPv4Tail = (text, from, pieces, piece) => {
    let at = from;
    for (let seen = 0; seen < 4; seen++) {
        if (seen !== 0) {
            if (text[at] !== ".") return false;
            at++;
        }
        let value = -1;
        while (at < text.length) {
            const digit = digitOf(StringPrototypeCharCodeAt(text, at));
            if (9 < digit) break;
            if (value === 0) return false;
            value = value === -1 ? digit : value * 10 + digit;
            if (255 < value) return false;
            at++;
        }
        if (value === -1) return false;
        const index = piece + (seen >> 1);
        pieces[index] = pieces[index] * 256 + value;
    }
    return at === text.length;
};

// "IPv6 serializer", with "find the IPv6 address compressed piece index"
const serializeIPv6 = (pieces) => {
    let longest = -1;
    let longestSize = 1;
    for (let index = 0; index < 8; index++) {
        let end = index;
        while (end < 8 && pieces[end] === 0) end++;
        if (longestSize < end - index) {
            longest = index;
            longestSize = end - index;
        }
        if (end !== index) index = end - 1;
    }
    let result = "[";
    for (let index = 0; index < 8; index++) {
        if (index === longest) {
            result += index === 0 ? "::" : ":";
            index += longestSize - 1;
            continue;
        }
        result += NumberPrototypeToString(pieces[index], 16);
        if (index !== 7) result += ":";
    }
    return `${result}]`;
};

/** "host parser": the serialized host, or null. */
export const parseHost = (input, isOpaque) => {
    if (input[0] === "[") {
        if (!StringPrototypeEndsWith(input, "]")) return null;
        const pieces = parseIPv6(StringPrototypeSlice(input, 1, -1));
        return pieces === null ? null : serializeIPv6(pieces);
    }
    if (isOpaque) {
        return RegExpPrototypeExec(FORBIDDEN_HOST, input) === null ? percentEncode(input, C0_CONTROL) : null;
    }
    const domain = domainToASCII(percentDecode(input));
    if (domain === null) return null;
    const parts = split(domain, ".");
    return endsInNumber(parts) ? parseIPv4(parts) : domain;
};
