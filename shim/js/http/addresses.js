// net.SocketAddress and net.BlockList (Node's documentation, "Net").

import { invalidArgType, invalidArgValue, nodeError, validateInteger, validateObject, validateString }
    from "../node_errors.js";
import { primordials } from "../primordials.js";
import { parseV4, parseV6 } from "./ip_text.js";

const {
    ArrayPrototypePush, ArrayPrototypeUnshift, Error, NumberIsInteger, NumberPrototypeToString, RangeError, String,
    StringPrototypeToLowerCase,
} = primordials;

export const isPort = (value) => NumberIsInteger(value) && 0 <= value && value <= 65535;

export const badPort = (value) => {
    const text = typeof value === "number" ? `${value}` : `'${String(value)}'`;
    return nodeError(RangeError, "ERR_SOCKET_BAD_PORT",
        `options.port should be >= 0 and < 65536. Received type ${typeof value} (${text}).`);
};

const versionOf = (family) => {
    validateString(family, "family");
    const text = StringPrototypeToLowerCase(family);
    if (text === "ipv4") return 4;
    if (text === "ipv6") return 6;
    throw invalidArgValue("options.family", family);
};

/** Sixteen bytes; those of version 4 are mapped into version 6 (RFC 4291, section 2.5.5.2). */
const bytesOf = (address, version) => {
    if (version === 4) {
        const four = parseV4(address);
        if (four === undefined) return undefined;
        return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, four[0], four[1], four[2], four[3]];
    }
    const groups = parseV6(address);
    if (groups === undefined) return undefined;
    const bytes = [];
    for (let at = 0; at < 8; at++) {
        ArrayPrototypePush(bytes, groups[at] >> 8);
        ArrayPrototypePush(bytes, groups[at] & 255);
    }
    return bytes;
};

/** An address of version 6 as RFC 5952 writes it. */
const textOf = (bytes) => {
    const groups = [];
    for (let at = 0; at < 16; at += 2) ArrayPrototypePush(groups, bytes[at] * 256 + bytes[at + 1]);
    let start = -1;
    let longest = 1;
    for (let at = 0; at < 8; at++) {
        let end = at;
        while (end < 8 && groups[end] === 0) end++;
        if (longest < end - at) {
            start = at;
            longest = end - at;
        }
        at = end;
    }
    let text = "";
    for (let at = 0; at < 8; at++) {
        if (at === start) {
            text += "::";
            at += longest - 1;
            continue;
        }
        if (text !== "" && text[text.length - 1] !== ":") text += ":";
        text += NumberPrototypeToString(groups[at], 16);
    }
    return text;
};

const compare = (a, b) => {
    for (let at = 0; at < 16; at++) if (a[at] !== b[at]) return a[at] < b[at] ? -1 : 1;
    return 0;
};

const invalidAddress = () => nodeError(Error, "ERR_INVALID_ADDRESS", "Invalid address");

let bytesOfSocketAddress;

export class SocketAddress {
    #address;
    #bytes;
    #version;
    #port;
    #flowlabel;

    static isSocketAddress(value) {
        return typeof value === "object" && value !== null && #bytes in value;
    }

    static {
        bytesOfSocketAddress = (value) => value.#bytes;
    }

    constructor(options = {}) {
        validateObject(options, "options");
        const { family = "ipv4", port = 0, flowlabel = 0 } = options;
        const version = versionOf(family);
        const { address = version === 6 ? "::" : "127.0.0.1" } = options;
        validateString(address, "options.address");
        if (!isPort(port)) throw badPort(port);
        validateInteger(flowlabel, "options.flowlabel", 0, 4294967295);
        const bytes = bytesOf(address, version);
        if (bytes === undefined) throw invalidAddress();
        this.#bytes = bytes;
        this.#version = version;
        this.#address = version === 4 ? address : textOf(bytes);
        this.#port = port;
        this.#flowlabel = flowlabel;
    }

    get address() { return this.#address; }
    get port() { return this.#port; }
    get family() { return this.#version === 4 ? "ipv4" : "ipv6"; }
    get flowlabel() { return this.#version === 4 ? 0 : this.#flowlabel; }

    toJSON() {
        return { address: this.address, port: this.port, family: this.family, flowlabel: this.flowlabel };
    }
}

/** The address as its text and a SocketAddress both give it. */
const read = (address, family, name) => {
    if (SocketAddress.isSocketAddress(address)) {
        const version = address.family === "ipv4" ? 4 : 6;
        return { bytes: bytesOfSocketAddress(address), text: address.address, version };
    }
    if (typeof address !== "string") throw invalidArgType(name, ["string", "SocketAddress"], address);
    const version = versionOf(family);
    const bytes = bytesOf(address, version);
    if (bytes === undefined) throw invalidAddress();
    return { bytes, text: version === 4 ? address : textOf(bytes), version };
};

const familyName = (version) => (version === 4 ? "IPv4" : "IPv6");

export class BlockList {
    #rules = [];

    static isBlockList(value) {
        return typeof value === "object" && value !== null && #rules in value;
    }

    #add(least, most, text) {
        ArrayPrototypeUnshift(this.#rules, { __proto__: null, least, most, text });
    }

    addAddress(address, family = "ipv4") {
        const { bytes, text, version } = read(address, family, "address");
        this.#add(bytes, bytes, `Address: ${familyName(version)} ${text}`);
    }

    addRange(start, end, family = "ipv4") {
        const from = read(start, family, "start");
        const to = read(end, family, "end");
        if (0 < compare(from.bytes, to.bytes)) throw invalidArgValue("start", start, `must come before ${to.text}`);
        this.#add(from.bytes, to.bytes, `Range: ${familyName(from.version)} ${from.text}-${to.text}`);
    }

    addSubnet(network, prefix, family = "ipv4") {
        const { bytes, text, version } = read(network, family, "network");
        validateInteger(prefix, "prefix", 0, version === 4 ? 32 : 128);
        const bits = version === 4 ? prefix + 96 : prefix;
        const least = [];
        const most = [];
        for (let at = 0; at < 16; at++) {
            const kept = bits - at * 8;
            const mask = 8 <= kept ? 255 : kept <= 0 ? 0 : 256 - 2 ** (8 - kept);
            ArrayPrototypePush(least, bytes[at] & mask);
            ArrayPrototypePush(most, (bytes[at] & mask) | (255 - mask));
        }
        this.#add(least, most, `Subnet: ${familyName(version)} ${text}/${prefix}`);
    }

    check(address, family = "ipv4") {
        let found;
        try {
            found = read(address, family, "address");
        } catch (error) {
            if (error.code === "ERR_INVALID_ADDRESS") return false;
            throw error;
        }
        for (let at = 0; at < this.#rules.length; at++) {
            const { least, most } = this.#rules[at];
            if (compare(least, found.bytes) <= 0 && compare(found.bytes, most) <= 0) return true;
        }
        return false;
    }

    get rules() {
        const texts = [];
        for (let at = 0; at < this.#rules.length; at++) ArrayPrototypePush(texts, this.#rules[at].text);
        return texts;
    }
}
