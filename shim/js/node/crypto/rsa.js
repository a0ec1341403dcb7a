// RSA public keys: their encodings (RFC 8017, appendix A; RFC 5280, section 4.1; RFC 7517) and the verification of
// signatures (RFC 8017, sections 8.1.2 and 8.2.2).
//
// The one operation is m = s^e mod n with public numbers alone, so it needs no constant time; the language's BigInt
// does it.

import { primordials } from "../../primordials.js";
import { decode, encode, viewOf } from "../buffer/encodings.js";
import {
    BIT_STRING, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, element, integerElement, sameBytes,
    trimmed,
} from "./der.js";
import { digestOf } from "./digests.js";

const { BigInt, BigIntPrototypeToString, MathCeil, TypedArrayPrototypeSet, Uint8Array } = primordials;

const bytesFrom = (...list) => {
    const bytes = new Uint8Array(list.length);
    for (let at = 0; at < list.length; at++) bytes[at] = list[at];
    return bytes;
};

// 1.2.840.113549.1.1.1 (rsaEncryption) and 1.2.840.113549.1.1.10 (id-RSASSA-PSS)
const RSA = bytesFrom(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01);
const RSA_PSS = bytesFrom(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a);

const ZERO = BigInt(0);
const ONE = BigInt(1);

/** A key of `{n, e, kind}`, with `modulusLength` in bits; undefined where the numbers are none of a key. */
const newKey = (n, e, kind) => {
    if (n === undefined || e === undefined || n.length === 0 || e.length === 0) return undefined;
    const modulus = trimmed(n);
    const exponent = trimmed(e);
    if (modulus[0] === 0 || exponent[0] === 0) return undefined;
    let bits = modulus.length * 8;
    for (let mask = 0x80; (modulus[0] & mask) === 0; mask >>= 1) bits--;
    return { __proto__: null, n: modulus, e: exponent, kind, modulusLength: bits };
};

/** RSAPublicKey, "PKCS#1". */
export const readPkcs1 = (bytes, kind = "rsa") => {
    const key = new Reader(bytes).enter();
    return key === undefined ? undefined : newKey(key.read(INTEGER), key.read(INTEGER), kind);
};

/** The numbers that are public in an RSAPrivateKey. */
export const readPkcs1Private = (bytes) => {
    const key = new Reader(bytes).enter();
    if (key?.read(INTEGER) === undefined) return undefined;
    return newKey(key.read(INTEGER), key.read(INTEGER), "rsa");
};

/** "rsa", "rsa-pss" or "other" by the identifier of an algorithm; undefined if there is none. */
const readKind = (reader) => {
    const identifier = reader.enter()?.read(OBJECT_IDENTIFIER);
    if (identifier === undefined) return undefined;
    if (sameBytes(identifier, RSA)) return "rsa";
    return sameBytes(identifier, RSA_PSS) ? "rsa-pss" : "other";
};

/** SubjectPublicKeyInfo: a key, or "other" for one of another algorithm, or undefined. */
export const readSpki = (bytes) => {
    const info = new Reader(bytes).enter();
    if (info === undefined) return undefined;
    const kind = readKind(info);
    const bits = info.read(BIT_STRING);
    if (kind === undefined || bits === undefined || bits[0] !== 0) return undefined;
    return kind === "other" ? "other" : readPkcs1(viewOf(bits, 1, bits.length), kind);
};

/** PrivateKeyInfo, "PKCS#8": its public numbers, or "other", or undefined. */
export const readPkcs8 = (bytes) => {
    const info = new Reader(bytes).enter();
    if (info?.read(INTEGER) === undefined) return undefined;
    const kind = readKind(info);
    const content = info.read(OCTET_STRING);
    if (kind === undefined || content === undefined) return undefined;
    return kind === "other" ? "other" : readPkcs1Private(content);
};

/** The key in an X.509 certificate. */
export const readCertificate = (bytes) => {
    const body = new Reader(bytes).enter()?.enter();
    if (body === undefined) return undefined;
    // [0] is the version, which may be absent; serial number, algorithm, issuer, validity and subject come next.
    if (body.peek() === 0xa0) body.next();
    for (let count = 0; count < 5; count++) if (body.next() === undefined) return undefined;
    const info = body.next();
    return info === undefined ? undefined : readSpki(info.whole);
};

/** A JSON Web Key of type RSA, or undefined. */
export const readJwk = ({ n, e }) => {
    if (typeof n !== "string" || typeof e !== "string") return undefined;
    return newKey(encode(n, "base64url"), encode(e, "base64url"), "rsa");
};

export const writePkcs1 = ({ n, e }) => element(SEQUENCE, integerElement(n), integerElement(e));

export const writeSpki = (key) => element(
    SEQUENCE,
    element(
        SEQUENCE,
        element(OBJECT_IDENTIFIER, key.kind === "rsa" ? RSA : RSA_PSS),
        key.kind === "rsa" ? element(NULL) : new Uint8Array(0),
    ),
    element(BIT_STRING, new Uint8Array(1), writePkcs1(key)),
);

export const writeJwk = ({ n, e }) => ({ kty: "RSA", n: decode(n, "base64url"), e: decode(e, "base64url") });

const toNumber = (bytes) => BigInt(`0x${decode(bytes, "hex")}`);

export const exponentOf = ({ e }) => toNumber(e);

/** RSAVP1 and I2OSP: the signature raised to the public exponent, as long as the modulus; undefined if refused. */
const recover = (key, signature) => {
    const size = key.n.length;
    // As OpenSSL bounds them: larger numbers would only burn time.
    if (16384 < key.modulusLength || 8 < key.e.length || signature.length !== size) return undefined;
    const modulus = toNumber(key.n);
    let base = toNumber(signature);
    if (modulus <= base) return undefined;
    let exponent = toNumber(key.e);
    let result = ONE;
    while (exponent !== ZERO) {
        if ((exponent & ONE) === ONE) result = (result * base) % modulus;
        exponent >>= ONE;
        if (exponent !== ZERO) base = (base * base) % modulus;
    }
    let hex = BigIntPrototypeToString(result, 16);
    if (hex.length % 2 === 1) hex = `0${hex}`;
    const bytes = encode(hex, "hex");
    const whole = new Uint8Array(size);
    TypedArrayPrototypeSet(whole, bytes, size - bytes.length);
    return whole;
};

// Identifiers of digests, behind 2.16.840.1.101.3.4.2 for the SHA-2 and SHA-3 families.
const IDENTIFIERS = {
    __proto__: null,
    "md5": [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05],
    "ripemd160": [0x2b, 0x24, 0x03, 0x02, 0x01],
    "sha1": [0x2b, 0x0e, 0x03, 0x02, 0x1a],
    "sha256": 1,
    "sha384": 2,
    "sha512": 3,
    "sha224": 4,
    "sha512-224": 5,
    "sha512-256": 6,
    "sha3-224": 7,
    "sha3-256": 8,
    "sha3-384": 9,
    "sha3-512": 10,
};

const identifierOf = (digest) => {
    const found = IDENTIFIERS[digest.name];
    const list = typeof found === "number" ? [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, found] : found;
    const bytes = new Uint8Array(list.length);
    for (let at = 0; at < list.length; at++) bytes[at] = list[at];
    return bytes;
};

/** EMSA-PKCS1-v1_5 of a digest in so many bytes, or undefined if they are too few. */
const encodePkcs1 = (digest, hash, size) => {
    const info = element(
        SEQUENCE,
        element(SEQUENCE, element(OBJECT_IDENTIFIER, identifierOf(digest)), element(NULL)),
        element(OCTET_STRING, hash),
    );
    if (size < info.length + 11) return undefined;
    const encoded = new Uint8Array(size);
    encoded[1] = 1;
    for (let at = 2; at < size - info.length - 1; at++) encoded[at] = 0xff;
    TypedArrayPrototypeSet(encoded, info, size - info.length);
    return encoded;
};

/** Whether a signature by RSASSA-PKCS1-v1_5 is right for the digest of a message. */
export const verifyPkcs1 = (key, digest, hash, signature) => {
    const message = recover(key, signature);
    const expected = encodePkcs1(digest, hash, key.n.length);
    return message !== undefined && expected !== undefined && sameBytes(message, expected);
};

/** MGF1: so many bytes of a mask. */
const mask = (digest, seed, length) => {
    const made = new Uint8Array(length);
    const input = new Uint8Array(seed.length + 4);
    TypedArrayPrototypeSet(input, seed, 0);
    for (let counter = 0, at = 0; at < length; counter++, at += digest.size) {
        for (let byte = 0; byte < 4; byte++) input[seed.length + byte] = counter >>> (8 * (3 - byte));
        const part = digestOf(digest, input);
        TypedArrayPrototypeSet(made, at + part.length <= length ? part : viewOf(part, 0, length - at), at);
    }
    return made;
};

/** Any length of the salt is right. */
export const SALT_ANY = -2;

/** Whether a signature by RSASSA-PSS is right (EMSA-PSS-VERIFY). */
export const verifyPss = (key, digest, hash, signature, saltLength) => {
    const whole = recover(key, signature);
    if (whole === undefined) return false;
    const bits = key.modulusLength - 1;
    const size = MathCeil(bits / 8);
    const message = size < whole.length ? viewOf(whole, 1, whole.length) : whole;
    if (size < whole.length && whole[0] !== 0) return false;
    const dataSize = size - digest.size - 1;
    if (dataSize < 1 || message[size - 1] !== 0xbc) return false;
    const seed = viewOf(message, dataSize, dataSize + digest.size);
    const unused = size * 8 - bits;
    if ((message[0] & (0xff00 >> unused & 0xff)) !== 0) return false;
    const data = mask(digest, seed, dataSize);
    for (let at = 0; at < dataSize; at++) data[at] ^= message[at];
    data[0] &= 0xff >> unused;
    let at = 0;
    while (at < dataSize && data[at] === 0) at++;
    if (at === dataSize || data[at] !== 1) return false;
    const salt = viewOf(data, at + 1, dataSize);
    if (saltLength !== SALT_ANY && salt.length !== saltLength) return false;
    const input = new Uint8Array(8 + hash.length + salt.length);
    TypedArrayPrototypeSet(input, hash, 8);
    TypedArrayPrototypeSet(input, salt, 8 + hash.length);
    return sameBytes(digestOf(digest, input), seed);
};
