// The digests that this module knows, by all their names, and hashes and HMACs (RFC 2104) that are fed piece by piece.

import { primordials } from "../../primordials.js";
import natives from "../../natives.js";
import { viewOf } from "../buffer/encodings.js";

const {
    ArrayPrototypePush, ArrayPrototypeSort, MathMin, StringPrototypeSlice, StringPrototypeStartsWith,
    StringPrototypeToLowerCase, TypedArrayPrototypeSet, Uint8Array,
} = primordials;

/** Name in Node, name for the native, bytes of the digest, bytes of a block (for HMAC). */
const DIGESTS = [
    ["md5", "MD5", 16, 64],
    ["ripemd160", "RIPEMD-160", 20, 64],
    ["sha1", "SHA-1", 20, 64],
    ["sha224", "SHA-224", 28, 64],
    ["sha256", "SHA-256", 32, 64],
    ["sha384", "SHA-384", 48, 128],
    ["sha512", "SHA-512", 64, 128],
    ["sha512-224", "SHA-512/224", 28, 128],
    ["sha512-256", "SHA-512/256", 32, 128],
    ["sha3-224", "SHA3-224", 28, 144],
    ["sha3-256", "SHA3-256", 32, 136],
    ["sha3-384", "SHA3-384", 48, 104],
    ["sha3-512", "SHA3-512", 64, 72],
];

const ALIASES = {
    __proto__: null,
    "rmd160": "ripemd160",
    "ripemd": "ripemd160",
    "ripemd-160": "ripemd160",
    "sha-1": "sha1",
    "ssl3-md5": "md5",
    "ssl3-sha1": "sha1",
};

const table = { __proto__: null };
for (const [name, native, size, block] of DIGESTS) {
    table[name] = { __proto__: null, name, native, size, block };
    const match = /^sha(\d{3})(?:-(\d{3}))?$/.exec(name);
    if (match !== null) {
        const number = match[2] === undefined ? match[1] : `${match[1]}/${match[2]}`;
        ALIASES[`sha-${number}`] = name;
        ALIASES[`sha2-${number}`] = name;
    }
}
ALIASES["sha512/224"] = "sha512-224";
ALIASES["sha512/256"] = "sha512-256";

/** `{name, native, size, block}` of a digest by any of its names, or undefined. */
export const digestNamed = (given) => {
    let name = StringPrototypeToLowerCase(`${given}`);
    if (StringPrototypeStartsWith(name, "rsa-")) name = StringPrototypeSlice(name, 4);
    return table[name] ?? table[ALIASES[name]];
};

/** For crypto.getHashes. */
export const digestNames = () => {
    const names = ["RSA-MD5", "RSA-RIPEMD160", "ssl3-md5", "ssl3-sha1", "rmd160", "ripemd"];
    for (let at = 0; at < DIGESTS.length; at++) {
        const name = DIGESTS[at][0];
        ArrayPrototypePush(names, name);
        if (!StringPrototypeStartsWith(name, "sha")) continue;
        const isCut = StringPrototypeStartsWith(name, "sha512-");
        const number = isCut ? `512/${StringPrototypeSlice(name, 7)}` : StringPrototypeSlice(name, 3);
        ArrayPrototypePush(names, `RSA-SHA${number}`);
    }
    return ArrayPrototypeSort(names);
};

/** Bytes that one call of the native gets at most. */
const STEP = 1024 * 1024;

/** A hash under way. */
export class Digest {
    #state;
    #digest;

    constructor(digest, state = natives.hashCreate(digest.native)) {
        this.#digest = digest;
        this.#state = state;
    }

    update(bytes) {
        const { length } = bytes;
        for (let at = 0; at < length; at += STEP) {
            natives.hashUpdate(this.#state, viewOf(bytes, at, MathMin(at + STEP, length)));
        }
        return this;
    }

    copy() {
        return new Digest(this.#digest, natives.hashClone(this.#state));
    }

    /** The digest; the hash is of no use after it. */
    finish() {
        return natives.hashDigest(this.#state);
    }
}

/** The digest of one piece. */
export const digestOf = (digest, bytes) => new Digest(digest).update(bytes).finish();

/** An HMAC under way, or the two states of a key from which many can begin. */
export class Mac {
    #inner;
    #outer;

    constructor(digest, key, states = undefined) {
        if (states !== undefined) {
            this.#inner = states.inner;
            this.#outer = states.outer;
            return;
        }
        const padded = new Uint8Array(digest.block);
        TypedArrayPrototypeSet(padded, digest.block < key.length ? digestOf(digest, key) : key);
        for (let at = 0; at < digest.block; at++) padded[at] ^= 0x36;
        this.#inner = new Digest(digest).update(padded);
        // 0x36 ^ 0x5c
        for (let at = 0; at < digest.block; at++) padded[at] ^= 0x6a;
        this.#outer = new Digest(digest).update(padded);
    }

    update(bytes) {
        this.#inner.update(bytes);
        return this;
    }

    copy() {
        return new Mac(undefined, undefined, { inner: this.#inner.copy(), outer: this.#outer.copy() });
    }

    finish() {
        return this.#outer.update(this.#inner.finish()).finish();
    }
}
