// The module "crypto" (nodejs.org/api/crypto.html, Node 20). Its parts are in the folder of that name.
//
// There are hashes, HMACs, random bytes, key derivation, secret keys, and the verification of signatures by RSA.
// Ciphers, private keys, signing, Diffie-Hellman, elliptic curves and primes are not there: their functions throw by
// name.

import { absentOf } from "../absent.js";
import { primordials } from "../primordials.js";
import { invalidArgType, nodeError, validateBoolean } from "../node_errors.js";
import { crypto as webcrypto } from "../web_crypto.js";
import { bytesOf, isAnyArrayBuffer } from "./buffer/bytes.js";
import { constants } from "./crypto/constants.js";
import { digestNames } from "./crypto/digests.js";
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from "./crypto/derive.js";
import { unequalLengths } from "./crypto/errors.js";
import { Hash, Hmac, createHash, createHmac, hash } from "./crypto/hash.js";
import {
    KeyObject, createPublicKey, createSecretKey, generateKey, generateKeySync,
} from "./crypto/keys.js";
import { randomBytes, randomFill, randomFillSync, randomInt, randomUUID } from "./crypto/random.js";
import { Verify, createVerify, verify } from "./crypto/verify.js";

const { ArrayBufferIsView, Error, ObjectDefineProperty } = primordials;

const toCompare = (value, name) => {
    if (!ArrayBufferIsView(value) && !isAnyArrayBuffer(value)) {
        throw invalidArgType(name, ["ArrayBuffer", "Buffer", "TypedArray", "DataView"], value);
    }
    return bytesOf(value);
};

/** Compares all bytes, wherever the first difference is. */
const timingSafeEqual = (buf1, buf2) => {
    const a = toCompare(buf1, "buf1");
    const b = toCompare(buf2, "buf2");
    if (a.length !== b.length) throw unequalLengths();
    let difference = 0;
    for (let at = 0; at < a.length; at++) difference |= a[at] ^ b[at];
    return difference === 0;
};

const { subtle } = webcrypto;

const module = {
    ...absentOf("crypto"),
    Hash,
    Hmac,
    KeyObject,
    Verify,
    constants,
    createHash,
    createHmac,
    createPublicKey,
    createSecretKey,
    createVerify,
    generateKey,
    generateKeySync,
    getCipherInfo: () => undefined,
    getCiphers: () => [],
    getCurves: () => [],
    getFips: () => 0,
    getHashes: digestNames,
    getRandomValues: (array) => webcrypto.getRandomValues(array),
    hash,
    hkdf,
    hkdfSync,
    pbkdf2,
    pbkdf2Sync,
    randomBytes,
    randomFill,
    randomFillSync,
    randomInt,
    randomUUID,
    scrypt,
    scryptSync,
    secureHeapUsed: () => ({ total: 0, used: 0, utilization: 0, min: 0 }),
    setFips(fips) {
        validateBoolean(fips, "fips");
        if (fips) throw nodeError(Error, "ERR_CRYPTO_FIPS_UNAVAILABLE", "Cannot set FIPS mode in a non-FIPS build.");
    },
    subtle,
    timingSafeEqual,
    verify,
    webcrypto,
};

// Old names of randomBytes.
for (const name of ["prng", "pseudoRandomBytes", "rng"]) {
    ObjectDefineProperty(module, name, {
        __proto__: null, value: randomBytes, writable: true, enumerable: false, configurable: true,
    });
}
ObjectDefineProperty(module, "fips", {
    __proto__: null,
    configurable: true,
    enumerable: false,
    get: () => false,
    set: (value) => module.setFips(!!value),
});

export default module;
