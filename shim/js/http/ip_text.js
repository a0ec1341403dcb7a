// Addresses in text: RFC 4291, section 2.2, with the zone of RFC 4007, section 11, as net.isIP takes them.

import { primordials } from "../primordials.js";

const {
    ArrayPrototypePush, NumberParseInt, StringPrototypeCharCodeAt, StringPrototypeIndexOf, StringPrototypeLastIndexOf,
    StringPrototypeSlice, StringPrototypeSplit,
} = primordials;

const isDigit = (code) => 48 <= code && code <= 57;
const isHex = (code) => isDigit(code) || (65 <= code && code <= 70) || (97 <= code && code <= 102);

/** The four bytes of an address of version 4, or undefined. */
export const parseV4 = (text) => {
    const parts = StringPrototypeSplit(text, ".", 5);
    if (parts.length !== 4) return undefined;
    const bytes = [];
    for (let at = 0; at < 4; at++) {
        const part = parts[at];
        if (part.length === 0 || 3 < part.length || (1 < part.length && part[0] === "0")) return undefined;
        let value = 0;
        for (let index = 0; index < part.length; index++) {
            const code = StringPrototypeCharCodeAt(part, index);
            if (!isDigit(code)) return undefined;
            value = value * 10 + code - 48;
        }
        if (255 < value) return undefined;
        ArrayPrototypePush(bytes, value);
    }
    return bytes;
};

// The groups of a half of the address, with an address of version 4 at the end of the last one.
const groupsOf = (text, mayEndInV4) => {
    const groups = [];
    if (text === "") return groups;
    const parts = StringPrototypeSplit(text, ":", 9);
    for (let at = 0; at < parts.length; at++) {
        const part = parts[at];
        if (mayEndInV4 && at === parts.length - 1 && StringPrototypeIndexOf(part, ".") !== -1) {
            const bytes = parseV4(part);
            if (bytes === undefined) return undefined;
            ArrayPrototypePush(groups, bytes[0] * 256 + bytes[1]);
            ArrayPrototypePush(groups, bytes[2] * 256 + bytes[3]);
            continue;
        }
        if (part.length === 0 || 4 < part.length) return undefined;
        for (let index = 0; index < part.length; index++) {
            if (!isHex(StringPrototypeCharCodeAt(part, index))) return undefined;
        }
        ArrayPrototypePush(groups, NumberParseInt(part, 16));
    }
    return groups;
};

/** The eight groups of an address of version 6, or undefined. */
export const parseV6 = (text) => {
    const zone = StringPrototypeIndexOf(text, "%");
    if (zone === text.length - 1 && zone !== -1) return undefined;
    const address = zone === -1 ? text : StringPrototypeSlice(text, 0, zone);
    if (45 < address.length) return undefined;
    const gap = StringPrototypeIndexOf(address, "::");
    if (gap === -1) {
        const groups = groupsOf(address, true);
        return groups !== undefined && groups.length === 8 ? groups : undefined;
    }
    if (gap !== StringPrototypeLastIndexOf(address, "::")) return undefined;
    const tail = groupsOf(StringPrototypeSlice(address, gap + 2), true);
    const head = groupsOf(StringPrototypeSlice(address, 0, gap), false);
    if (head === undefined || tail === undefined || 7 < head.length + tail.length) return undefined;
    while (head.length + tail.length < 8) ArrayPrototypePush(head, 0);
    for (let at = 0; at < tail.length; at++) ArrayPrototypePush(head, tail[at]);
    return head;
};

export const isIPv4 = function isIPv4(input) {
    return parseV4(`${input}`) !== undefined;
};

export const isIPv6 = function isIPv6(input) {
    return parseV6(`${input}`) !== undefined;
};

export const isIP = function isIP(input) {
    const text = `${input}`;
    if (parseV4(text) !== undefined) return 4;
    return parseV6(text) !== undefined ? 6 : 0;
};
