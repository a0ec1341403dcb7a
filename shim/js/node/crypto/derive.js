// Keys out of passwords and other keys: pbkdf2 (RFC 8018, section 5.2), hkdf (RFC 5869) and scrypt (RFC 7914).

import { primordials } from "../../primordials.js";
import natives from "../../natives.js";
import {
    invalidArgType, nodeError, outOfRange, validateFunction, validateInteger, validateInt32, validateString,
    validateUint32,
} from "../../node_errors.js";
import { queueTask } from "../../timers.js";
import { asBuffer } from "../buffer/bytes.js";
import { viewOf } from "../buffer/encodings.js";
import { Mac, digestNamed } from "./digests.js";
import { invalidDigest, invalidKeyLength, invalidScryptParams } from "./errors.js";
import { toBytes } from "./inputs.js";
import { isKeyObject, keyBytes } from "./keys.js";

const {
    Error, MathMin, NumberIsSafeInteger, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeSet, Uint8Array,
} = primordials;

/** Runs a derivation in a task of its own and tells the callback. */
const later = (run, callback) => {
    queueTask(() => {
        let result;
        try {
            result = run();
        } catch (error) {
            callback(error);
            return;
        }
        callback(null, result);
    });
};

// ------------------------------------------------------------------------------------------------------------- pbkdf2

/** Iterations in one call of the native; about 5 ms of SHA-512. */
const ITERATIONS = 4096;

const runPbkdf2 = ({ password, salt, iterations, length, digest }) => {
    const derived = new Uint8Array(length);
    const block = new Uint8Array(digest.size);
    for (let index = 1, at = 0; at < length; index++, at += digest.size) {
        const state = natives.pbkdf2Open(digest.native, password, salt, index);
        for (let left = iterations; 0 < left; left -= ITERATIONS) {
            natives.pbkdf2Step(state, MathMin(left, ITERATIONS), block);
        }
        TypedArrayPrototypeSet(derived, at + block.length <= length ? block : viewOf(block, 0, length - at), at);
    }
    return asBuffer(derived);
};

const checkPbkdf2 = (password, salt, iterations, keylen, digestName) => {
    validateString(digestName, "digest");
    const passwordBytes = toBytes(password, "password");
    const saltBytes = toBytes(salt, "salt");
    validateInt32(iterations, "iterations", 1);
    validateInt32(keylen, "keylen", 0);
    const digest = digestNamed(digestName);
    if (digest === undefined) throw invalidDigest(digestName);
    return { password: passwordBytes, salt: saltBytes, iterations, length: keylen, digest };
};

export const pbkdf2 = function pbkdf2(password, salt, iterations, keylen, digest, callback) {
    if (typeof digest === "function") throw invalidArgType("digest", "string", undefined);
    const job = checkPbkdf2(password, salt, iterations, keylen, digest);
    validateFunction(callback, "callback");
    later(() => runPbkdf2(job), callback);
};

export const pbkdf2Sync = function pbkdf2Sync(password, salt, iterations, keylen, digest) {
    return runPbkdf2(checkPbkdf2(password, salt, iterations, keylen, digest));
};

// --------------------------------------------------------------------------------------------------------------- hkdf

const runHkdf = ({ digest, key, salt, info, length }) => {
    const extracted = new Mac(digest, salt.length === 0 ? new Uint8Array(digest.size) : salt).update(key).finish();
    const start = new Mac(digest, extracted);
    const derived = new Uint8Array(length);
    const counter = new Uint8Array(1);
    let previous = new Uint8Array(0);
    for (let at = 0; at < length; at += digest.size) {
        counter[0]++;
        previous = start.copy().update(previous).update(info).update(counter).finish();
        const isWhole = at + previous.length <= length;
        TypedArrayPrototypeSet(derived, isWhole ? previous : viewOf(previous, 0, length - at), at);
    }
    return TypedArrayPrototypeGetBuffer(derived);
};

const checkHkdf = (hash, key, salt, info, length) => {
    validateString(hash, "digest");
    const keyMaterial = isKeyObject(key)
        ? keyBytes(key)
        : toBytes(key, "ikm", undefined, [
            "string", "SecretKeyObject", "ArrayBuffer", "TypedArray", "DataView", "Buffer",
        ]);
    const saltBytes = toBytes(salt, "salt");
    const infoBytes = toBytes(info, "info");
    validateInteger(length, "length", 0, 2 ** 31 - 1);
    if (1024 < infoBytes.length) throw outOfRange("info", "must not contain more than 1024 bytes", infoBytes.length);
    const digest = digestNamed(hash);
    if (digest === undefined) throw invalidDigest(hash);
    if (255 * digest.size < length) throw invalidKeyLength();
    return { digest, key: keyMaterial, salt: saltBytes, info: infoBytes, length };
};

export const hkdf = function hkdf(digest, ikm, salt, info, keylen, callback) {
    const job = checkHkdf(digest, ikm, salt, info, keylen);
    validateFunction(callback, "callback");
    later(() => runHkdf(job), callback);
};

export const hkdfSync = function hkdfSync(digest, ikm, salt, info, keylen) {
    return runHkdf(checkHkdf(digest, ikm, salt, info, keylen));
};

// ------------------------------------------------------------------------------------------------------------- scrypt

const option = (options, short, long, check, otherwise) => {
    let value = otherwise;
    if (options?.[short] !== undefined) {
        value = options[short];
        check(value, short);
    }
    if (options?.[long] !== undefined) {
        if (options?.[short] !== undefined) {
            throw nodeError(Error, "ERR_CRYPTO_SCRYPT_INVALID_PARAMETER", "Invalid scrypt parameter");
        }
        value = options[long];
        check(value, long);
    }
    return value;
};

const checkScrypt = (password, salt, keylen, options) => {
    const passwordBytes = toBytes(password, "password");
    const saltBytes = toBytes(salt, "salt");
    validateInt32(keylen, "keylen", 0);
    const N = option(options, "N", "cost", validateUint32, 16384);
    const r = option(options, "r", "blockSize", validateUint32, 8);
    const p = option(options, "p", "parallelization", validateUint32, 1);
    let maxmem = 32 * 1024 * 1024;
    if (options?.maxmem !== undefined) {
        maxmem = options.maxmem;
        validateInteger(maxmem, "maxmem", 0);
    }
    const isPowerOfTwo = 1 < N && NumberIsSafeInteger(N) && (N & (N - 1)) === 0;
    if (!isPowerOfTwo || r < 1 || p < 1 || 2 ** 30 <= r * p) throw invalidScryptParams("N, r or p");
    if (maxmem < 128 * N * r + 128 * r * p + 256 * r) throw invalidScryptParams("memory limit exceeded");
    return { password: passwordBytes, salt: saltBytes, N, r, p, length: keylen };
};

const runScrypt = ({ password, salt, N, r, p, length }) => {
    if (length === 0) return asBuffer(new Uint8Array(0));
    return asBuffer(natives.scryptDerive(password, salt, N, r, p, length));
};

export const scrypt = function scrypt(password, salt, keylen, options, callback) {
    let done = callback;
    let settings = options;
    if (typeof settings === "function") {
        done = settings;
        settings = undefined;
    }
    const job = checkScrypt(password, salt, keylen, settings);
    validateFunction(done, "callback");
    later(() => runScrypt(job), done);
};

export const scryptSync = function scryptSync(password, salt, keylen, options) {
    return runScrypt(checkScrypt(password, salt, keylen, options));
};
