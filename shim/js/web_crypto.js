// crypto, its subtle part and CryptoKey (Web Cryptography Level 2): random bytes, UUIDs, digests of the SHA family and
// HMAC. Every other algorithm is refused with a NotSupportedError that names it.

import { DOMException } from "./dom_exception.js";
import natives from "./natives.js";
import { Mac, digestNamed, digestOf } from "./node/crypto/digests.js";
import { base64Encode, copyOf, forgivingBase64Decode, hexEncode, lengthOf, part, viewOf } from "./octets.js";
import { primordials } from "./primordials.js";
import { QuotaExceededError } from "./quota_exceeded.js";
import { bytesOf } from "./streams/buffers.js";
import { registerCloneable } from "./structured_clone.js";
import {
    BufferSource, DOMString, any, boolean, defineInterface, dictionary, enumeration, interfaceOf, isObject, needs,
    sequence, typedArrayName, unsignedLongEnforced,
} from "./webidl.js";

const {
    ArrayPrototypePush, MathCeil, ObjectDefineProperty, PromiseReject, PromiseResolve,
    StringPrototypeSlice, StringPrototypeToUpperCase, TypeError, TypedArrayPrototypeGetBuffer, Uint8Array,
} = primordials;

const refuse = (message, name) => {
    throw new DOMException(message, name);
};

// ------------------------------------------------------------------------------------------------------- algorithms

/** By name in upper case: the hash's own name, the digest that does it, and the name of its HMAC in a JSON Web Key. */
const HASHES = {
    __proto__: null,
    "SHA-1": { name: "SHA-1", digest: digestNamed("sha1"), alg: "HS1" },
    "SHA-256": { name: "SHA-256", digest: digestNamed("sha256"), alg: "HS256" },
    "SHA-384": { name: "SHA-384", digest: digestNamed("sha384"), alg: "HS384" },
    "SHA-512": { name: "SHA-512", digest: digestNamed("sha512"), alg: "HS512" },
};

/** Names that the specification and its extensions know and that are not here. */
const KNOWN = [
    "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP", "ECDSA", "ECDH", "Ed25519", "X25519", "AES-CTR", "AES-CBC", "AES-GCM",
    "AES-KW", "HKDF", "PBKDF2",
];

const toName = dictionary([{ key: "name", converter: DOMString, required: true }]);

/** The name of an AlgorithmIdentifier. */
const nameOf = (algorithm, what) => (isObject(algorithm) ? toName(algorithm, what).name : DOMString(algorithm, what));

const unsupported = (name, operation) => {
    const upper = StringPrototypeToUpperCase(name);
    for (let at = 0; at < KNOWN.length; at++) {
        if (StringPrototypeToUpperCase(KNOWN[at]) === upper) {
            const text = `${KNOWN[at]} is not part of this runtime (${operation}); it has the SHA digests and HMAC.`;
            refuse(text, "NotSupportedError");
        }
    }
    refuse(`There is no algorithm "${name}" for ${operation}.`, "NotSupportedError");
};

/** The hash that an identifier names. */
const toHash = (algorithm, operation) => {
    const name = nameOf(algorithm, `The hash of ${operation}`);
    return HASHES[StringPrototypeToUpperCase(name)] ?? unsupported(name, operation);
};

const toHmacParams = dictionary([
    { key: "hash", converter: any, required: true },
    { key: "length", converter: unsignedLongEnforced },
]);

/** {hash, length} of an algorithm that has to be HMAC. */
const toHmac = (algorithm, operation) => {
    onlyHmac(algorithm, operation);
    const { hash, length } = toHmacParams(algorithm, `The algorithm of ${operation}`);
    return { hash: toHash(hash, operation), length };
};

const onlyHmac = (algorithm, operation) => {
    const name = nameOf(algorithm, `The algorithm of ${operation}`);
    if (StringPrototypeToUpperCase(name) !== "HMAC") unsupported(name, operation);
};

// -------------------------------------------------------------------------------------------------------------- keys

const USAGES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];
const toUsages = sequence(enumeration("KeyUsage", USAGES));
const toFormat = enumeration("KeyFormat", ["raw", "spki", "pkcs8", "jwk"]);

const SECRET = { __proto__: null };

let slotsOf;
let isCryptoKey;

export class CryptoKey {
    #slots;

    constructor(secret = undefined, slots = undefined) {
        if (secret !== SECRET) throw new TypeError("Illegal constructor");
        this.#slots = slots;
    }

    get type() {
        return this.#slots.type;
    }

    get extractable() {
        return this.#slots.extractable;
    }

    get algorithm() {
        const slots = this.#slots;
        slots.algorithmObject ??= algorithmObject(slots);
        return slots.algorithmObject;
    }

    get usages() {
        const slots = this.#slots;
        slots.usagesObject ??= copyList(slots.usages);
        return slots.usagesObject;
    }

    static {
        slotsOf = (key) => key.#slots;
        isCryptoKey = (value) => isObject(value) && #slots in value;
    }
}
defineInterface(CryptoKey);
ObjectDefineProperty(CryptoKey, "length", { __proto__: null, value: 0, configurable: true });

registerCloneable(CryptoKey, {
    is: (value) => isCryptoKey(value),
    write: (key) => slotsOf(key),
    read: (slots) => newHmacKey(slots.hash.name, slots.bytes, slots.extractable, slots.usages, slots.length),
});

export { isCryptoKey };
/** {type, extractable, hash, usages, bytes}: what a key is, for the runtime's other modules. */
export const cryptoKeySlots = (key) => slotsOf(key);

/** A secret key for HMAC. `hash` is the name of a SHA digest, such as "SHA-256". */
export const newHmacKey = (hash, bytes, extractable, usages, length = lengthOf(bytes) * 8) =>
    new CryptoKey(SECRET, {
        __proto__: null, type: "secret", extractable, hash: HASHES[hash], length, usages, bytes,
        algorithmObject: undefined, usagesObject: undefined,
    });

const algorithmObject = ({ hash, length }) => ({ name: "HMAC", length, hash: { name: hash.name } });

const copyList = (list) => {
    const copy = [];
    for (let at = 0; at < list.length; at++) ArrayPrototypePush(copy, list[at]);
    return copy;
};

const has = (list, item) => {
    for (let at = 0; at < list.length; at++) if (list[at] === item) return true;
    return false;
};

/** The usages in the order of the specification, each once; other than sign and verify are a SyntaxError. */
const hmacUsages = (usages) => {
    const kept = [];
    for (let at = 0; at < usages.length; at++) {
        if (usages[at] !== "sign" && usages[at] !== "verify") {
            refuse(`A key for HMAC cannot be used for ${usages[at]}.`, "SyntaxError");
        }
    }
    if (has(usages, "sign")) ArrayPrototypePush(kept, "sign");
    if (has(usages, "verify")) ArrayPrototypePush(kept, "verify");
    return kept;
};

const needUsages = (usages) => {
    if (usages.length === 0) refuse("A secret key needs at least one usage.", "SyntaxError");
};

/** The bytes of a key of so many bits: bits beyond the length are zero. */
const trim = (bytes, length) => {
    const size = MathCeil(length / 8);
    const trimmed = copyOf(part(bytes, 0, size));
    if (length % 8 !== 0) trimmed[size - 1] &= 0xff << (8 - (length % 8));
    return trimmed;
};

// --------------------------------------------------------------------------------------------------------------- JWK

const optionalString = (key) => ({ key, converter: DOMString });
const toJwk = dictionary([
    optionalString("alg"),
    { key: "ext", converter: boolean },
    optionalString("k"),
    { key: "key_ops", converter: sequence(DOMString) },
    optionalString("kty"),
    optionalString("use"),
]);

const toUrlAlphabet = (text) => {
    let converted = "";
    for (let at = 0; at < text.length; at++) {
        const one = text[at];
        if (one !== "=") converted += one === "+" ? "-" : one === "/" ? "_" : one;
    }
    return converted;
};

const fromUrlAlphabet = (text) => {
    let converted = "";
    for (let at = 0; at < text.length; at++) {
        const one = text[at];
        if (one === "+" || one === "/" || one === "=") return null;
        converted += one === "-" ? "+" : one === "_" ? "/" : one;
    }
    return forgivingBase64Decode(converted);
};

const bytesOfJwk = (jwk, hash, extractable, usages) => {
    if (jwk.kty !== "oct") refuse("The key is no symmetric one (\"kty\" is not \"oct\").", "DataError");
    if (jwk.k === undefined) refuse("The key lacks \"k\".", "DataError");
    const bytes = fromUrlAlphabet(jwk.k);
    if (bytes === null) refuse("The key's \"k\" is no base64url.", "DataError");
    if (jwk.alg !== undefined && jwk.alg !== hash.alg) {
        refuse(`The key is for ${jwk.alg}, not for ${hash.alg}.`, "DataError");
    }
    if (0 < usages.length && jwk.use !== undefined && jwk.use !== "sig") {
        refuse("The key's \"use\" is not \"sig\".", "DataError");
    }
    if (jwk.key_ops !== undefined) {
        for (let at = 0; at < usages.length; at++) {
            if (!has(jwk.key_ops, usages[at])) refuse(`The key's "key_ops" lacks ${usages[at]}.`, "DataError");
        }
    }
    if (jwk.ext === false && extractable) refuse("The key says that it is not extractable.", "DataError");
    return bytes;
};

const jwkOf = ({ bytes, hash, usages, extractable }) => ({
    kty: "oct", k: toUrlAlphabet(base64Encode(bytes)), alg: hash.alg, key_ops: copyList(usages), ext: extractable,
});

// ------------------------------------------------------------------------------------------------------ SubtleCrypto

const bufferOf = (bytes) => TypedArrayPrototypeGetBuffer(bytes);

const toKey = interfaceOf("CryptoKey", (value) => isCryptoKey(value));

/** A copy of the data as it is when the algorithm was looked at; data that is detached is empty. */
const copyOfData = (data) => copyOf(bytesOf(data));

const usableKey = (key, usage) => {
    const slots = slotsOf(key);
    if (!has(slots.usages, usage)) refuse(`The key must not be used for ${usage}.`, "InvalidAccessError");
    return slots;
};

/** A promise of what `steps` returns; what it throws rejects the promise. */
const run = (steps) => {
    try {
        return PromiseResolve(steps());
    } catch (error) {
        return PromiseReject(error);
    }
};

const importHmac = (format, keyData, { hash, length }, extractable, usages) => {
    const kept = hmacUsages(usages);
    if (format !== "raw" && format !== "jwk") {
        refuse(`A key for HMAC cannot be imported as ${format}.`, "NotSupportedError");
    }
    let bytes = format === "raw" ? keyData : bytesOfJwk(keyData, hash, extractable, kept);
    const bits = lengthOf(bytes) * 8;
    if (bits === 0) refuse("A key for HMAC cannot be empty.", "DataError");
    if (length !== undefined) {
        if (bits < length || length <= bits - 8) refuse(`The key has ${bits} bits, not ${length}.`, "DataError");
        bytes = trim(bytes, length);
    }
    needUsages(kept);
    return newHmacKey(hash.name, bytes, extractable, kept, length ?? bits);
};

const generateHmac = (algorithm, extractable, usages) => {
    const { hash, length = hash.digest.block * 8 } = toHmac(algorithm, "generateKey");
    const kept = hmacUsages(usages);
    if (length === 0) refuse("A key for HMAC cannot have 0 bits.", "OperationError");
    const bytes = new Uint8Array(MathCeil(length / 8));
    natives.randomFill(bytes);
    needUsages(kept);
    return newHmacKey(hash.name, trim(bytes, length), extractable, kept, length);
};

const macOf = ({ hash, bytes }, data) => new Mac(hash.digest, bytes).update(data).finish();

const sameBytes = (one, other) => {
    if (lengthOf(one) !== lengthOf(other)) return false;
    let difference = 0;
    // Every byte is looked at, so the time tells nothing of where they differ.
    for (let at = 0; at < lengthOf(one); at++) difference |= one[at] ^ other[at];
    return difference === 0;
};

const absent = (algorithm, operation) => unsupported(nameOf(algorithm, `The algorithm of ${operation}`), operation);

let isSubtle;

export class SubtleCrypto {
    #brand = true;

    constructor(secret = undefined) {
        if (secret !== SECRET) throw new TypeError("Illegal constructor");
    }

    encrypt(algorithm, key, data) {
        return method(this, arguments, 3, "encrypt", () => absent(algorithm, "encrypt"));
    }

    decrypt(algorithm, key, data) {
        return method(this, arguments, 3, "decrypt", () => absent(algorithm, "decrypt"));
    }

    sign(algorithm, key, data) {
        return method(this, arguments, 3, "sign", () => {
            const checked = toKey(key, "Argument 2 of sign");
            BufferSource(data, "Argument 3 of sign");
            onlyHmac(algorithm, "sign");
            const bytes = copyOfData(data);
            return bufferOf(macOf(usableKey(checked, "sign"), bytes));
        });
    }

    verify(algorithm, key, signature, data) {
        return method(this, arguments, 4, "verify", () => {
            const checked = toKey(key, "Argument 2 of verify");
            BufferSource(signature, "Argument 3 of verify");
            BufferSource(data, "Argument 4 of verify");
            onlyHmac(algorithm, "verify");
            const given = copyOfData(signature);
            const bytes = copyOfData(data);
            return sameBytes(macOf(usableKey(checked, "verify"), bytes), given);
        });
    }

    digest(algorithm, data) {
        return method(this, arguments, 2, "digest", () => {
            BufferSource(data, "Argument 2 of digest");
            const { digest } = toHash(algorithm, "digest");
            return bufferOf(digestOf(digest, copyOfData(data)));
        });
    }

    generateKey(algorithm, extractable, keyUsages) {
        return method(this, arguments, 3, "generateKey", () => {
            const usages = toUsages(keyUsages, "Argument 3 of generateKey");
            return generateHmac(algorithm, !!extractable, usages);
        });
    }

    deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
        return method(this, arguments, 5, "deriveKey", () => absent(algorithm, "deriveKey"));
    }

    deriveBits(algorithm, baseKey, length = null) {
        return method(this, arguments, 2, "deriveBits", () => absent(algorithm, "deriveBits"));
    }

    importKey(format, keyData, algorithm, extractable, keyUsages) {
        return method(this, arguments, 5, "importKey", () => {
            const kind = toFormat(format, "Argument 1 of importKey");
            const usages = toUsages(keyUsages, "Argument 5 of importKey");
            const jwk = kind === "jwk" ? toJwkData(keyData) : BufferSource(keyData, "Argument 2 of importKey");
            const params = toHmac(algorithm, "importKey");
            return importHmac(kind, kind === "jwk" ? jwk : copyOfData(keyData), params, !!extractable, usages);
        });
    }

    exportKey(format, key) {
        return method(this, arguments, 2, "exportKey", () => {
            const kind = toFormat(format, "Argument 1 of exportKey");
            const slots = slotsOf(toKey(key, "Argument 2 of exportKey"));
            if (!slots.extractable) refuse("The key is not extractable.", "InvalidAccessError");
            if (kind === "jwk") return jwkOf(slots);
            if (kind !== "raw") refuse(`A key for HMAC cannot be exported as ${kind}.`, "NotSupportedError");
            return bufferOf(copyOf(slots.bytes));
        });
    }

    wrapKey(format, key, wrappingKey, wrapAlgorithm) {
        return method(this, arguments, 4, "wrapKey", () => absent(wrapAlgorithm, "wrapKey"));
    }

    unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages) {
        return method(this, arguments, 7, "unwrapKey", () => absent(unwrapAlgorithm, "unwrapKey"));
    }

    /** Not in the specification: compares as long as the bytes are, wherever they differ (Workers have it). */
    timingSafeEqual(a, b) {
        this.#brand;
        needs(arguments.length, 2, "SubtleCrypto.timingSafeEqual");
        const one = viewOf(BufferSource(a, "Argument 1 of timingSafeEqual"));
        const other = viewOf(BufferSource(b, "Argument 2 of timingSafeEqual"));
        if (lengthOf(one) !== lengthOf(other)) {
            throw new TypeError("The arguments of timingSafeEqual differ in length.");
        }
        return sameBytes(one, other);
    }

    static {
        isSubtle = (value) => isObject(value) && #brand in value;
    }
}
defineInterface(SubtleCrypto);
ObjectDefineProperty(SubtleCrypto, "length", { __proto__: null, value: 0, configurable: true });

const toJwkData = (keyData) => {
    if (typedArrayName(keyData) !== undefined || !isObject(keyData)) {
        throw new TypeError("Argument 2 of importKey is no JSON Web Key.");
    }
    return toJwk(keyData, "Argument 2 of importKey");
};

const method = (receiver, given, least, name, steps) =>
    run(() => {
        if (!isSubtle(receiver)) throw new TypeError("Illegal invocation: the receiver is no SubtleCrypto.");
        needs(given.length, least, `SubtleCrypto.${name}`);
        return steps();
    });

// ------------------------------------------------------------------------------------------------------------ Crypto

/** Random bytes of one call, as the specification bounds them. */
const RANDOM_BOUND = 65536;

const INTEGER_ARRAYS = [
    "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
    "BigInt64Array", "BigUint64Array",
];

export const randomUUID = () => {
    const bytes = new Uint8Array(16);
    natives.randomFill(bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = hexEncode(bytes);
    const from = (start, end) => StringPrototypeSlice(hex, start, end);
    return `${from(0, 8)}-${from(8, 12)}-${from(12, 16)}-${from(16, 20)}-${from(20, 32)}`;
};

export class Crypto {
    #subtle = new SubtleCrypto(SECRET);

    constructor(secret = undefined) {
        if (secret !== SECRET) throw new TypeError("Illegal constructor");
    }

    get subtle() {
        return this.#subtle;
    }

    getRandomValues(array) {
        this.#subtle;
        needs(arguments.length, 1, "Crypto.getRandomValues");
        const name = typedArrayName(array);
        if (!has(INTEGER_ARRAYS, name)) {
            if (name === undefined) BufferSource(array, "Argument 1 of getRandomValues");
            refuse("Random values go into typed arrays of integers only.", "TypeMismatchError");
        }
        const view = viewOf(array);
        if (RANDOM_BOUND < lengthOf(view)) {
            throw new QuotaExceededError(`At most ${RANDOM_BOUND} random bytes a call, not ${lengthOf(view)}.`);
        }
        natives.randomFill(view);
        return array;
    }

    randomUUID() {
        this.#subtle;
        return randomUUID();
    }
}
defineInterface(Crypto);
ObjectDefineProperty(Crypto, "length", { __proto__: null, value: 0, configurable: true });

export const crypto = new Crypto(SECRET);

export const globals = { Crypto, CryptoKey, SubtleCrypto, crypto };
