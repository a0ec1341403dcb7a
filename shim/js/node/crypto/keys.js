// KeyObject and the functions that make one: secret keys of any bytes, public keys of RSA (nodejs.org/api/crypto.html,
// "Class: KeyObject").

import { primordials } from "../../primordials.js";
import natives from "../../natives.js";
import {
    invalidArgType, invalidArgValue, nodeError, notAvailable, validateFunction, validateInteger, validateObject,
    validateOneOf, validateString,
} from "../../node_errors.js";
import { queueTask } from "../../timers.js";
import { cryptoKeySlots, isCryptoKey, newHmacKey } from "../../web_crypto.js";
import { asBuffer, bytesOf, isAnyArrayBuffer } from "../buffer/bytes.js";
import { decode } from "../buffer/encodings.js";
import { isObject } from "../../webidl.js";
import { setKeyObjectCheck } from "../util_types.js";
import { readPem, sameBytes, writePem } from "./der.js";
import {
    incompatibleKeyOptions, invalidJwk, invalidKeyObjectType, undecodable,
} from "./errors.js";
import { toBytes } from "./inputs.js";
import {
    exponentOf, readCertificate, readJwk, readPkcs1, readPkcs1Private, readPkcs8, readSpki, writeJwk, writePkcs1,
    writeSpki,
} from "./rsa.js";

const {
    ArrayBufferIsView, Error, ObjectDefineProperty, Symbol, SymbolToStringTag, TypedArrayPrototypeSet, Uint8Array,
} = primordials;

const SECRET = Symbol("a key is made inside");

let slotsOf;

export class KeyObject {
    #slots;

    constructor(type, handle, slots = undefined) {
        if (handle !== SECRET) {
            if (type !== "secret" && type !== "public" && type !== "private") throw invalidArgValue("type", type);
            throw invalidArgType("handle", "object", handle);
        }
        this.#slots = slots;
    }

    get type() {
        return this.#slots.type;
    }

    static from(key) {
        if (!isCryptoKey(key)) throw invalidArgType("key", "CryptoKey", key);
        return newSecretKey(cryptoKeySlots(key).bytes);
    }

    equals(otherKeyObject) {
        if (!isKeyObject(otherKeyObject)) throw invalidArgType("otherKeyObject", "KeyObject", otherKeyObject);
        const own = this.#slots;
        const other = slotsOf(otherKeyObject);
        if (own.type !== other.type) return false;
        if (own.type === "secret") return sameBytes(own.bytes, other.bytes);
        return own.rsa.kind === other.rsa.kind && sameBytes(own.rsa.n, other.rsa.n)
            && sameBytes(own.rsa.e, other.rsa.e);
    }

    static {
        slotsOf = (value) => (isObject(value) && #slots in value ? value.#slots : undefined);
    }
}
ObjectDefineProperty(KeyObject.prototype, SymbolToStringTag, {
    __proto__: null, value: "KeyObject", configurable: true,
});

export const isKeyObject = (value) => slotsOf(value) !== undefined;
setKeyObjectCheck(isKeyObject);

/** `{type: "secret", bytes}` or `{type: "public", rsa}`. */
export const keySlots = (key) => slotsOf(key);

export class SecretKeyObject extends KeyObject {
    get symmetricKeySize() {
        return slotsOf(this).bytes.length;
    }

    export(options) {
        const { bytes } = slotsOf(this);
        if (options !== undefined) {
            validateObject(options, "options");
            validateOneOf(options.format, "options.format", [undefined, "buffer", "jwk"]);
            if (options.format === "jwk") return { kty: "oct", k: decode(bytes, "base64url") };
        }
        const copy = new Uint8Array(bytes.length);
        TypedArrayPrototypeSet(copy, bytes);
        return asBuffer(copy);
    }

    toCryptoKey(algorithm, extractable, keyUsages) {
        const name = typeof algorithm === "string" ? algorithm : algorithm?.name;
        if (`${name}` !== "HMAC") throw notAvailable(`KeyObject.toCryptoKey with ${name}`);
        const hash = typeof algorithm.hash === "string" ? algorithm.hash : algorithm.hash?.name;
        return newHmacKey(`${hash}`, slotsOf(this).bytes, !!extractable, keyUsages);
    }
}

const FORMATS = [undefined, "pem", "der", "jwk"];

export class PublicKeyObject extends KeyObject {
    get asymmetricKeyType() {
        return slotsOf(this).rsa.kind;
    }

    get asymmetricKeyDetails() {
        const { rsa } = slotsOf(this);
        return { modulusLength: rsa.modulusLength, publicExponent: exponentOf(rsa) };
    }

    export(options) {
        const { rsa } = slotsOf(this);
        validateObject(options, "options");
        const { format, type } = options;
        if (format === "jwk") {
            if (rsa.kind !== "rsa") {
                throw nodeError(Error, "ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE", "Unsupported JWK Key Type.");
            }
            return writeJwk(rsa);
        }
        if (format !== "pem" && format !== "der") throw invalidArgValue("options.format", format);
        if (type !== "spki" && type !== "pkcs1") throw invalidArgValue("options.type", type);
        if (type === "pkcs1" && rsa.kind !== "rsa") {
            throw incompatibleKeyOptions("pkcs1", "can only be used for RSA keys");
        }
        const bytes = type === "spki" ? writeSpki(rsa) : writePkcs1(rsa);
        if (format === "der") return asBuffer(bytes);
        return writePem(type === "spki" ? "PUBLIC KEY" : "RSA PUBLIC KEY", bytes);
    }
}

/** Names for errors only: no private key is ever made here. */
export class PrivateKeyObject extends KeyObject {}

const newSecretKey = (bytes) => {
    const copy = new Uint8Array(bytes.length);
    TypedArrayPrototypeSet(copy, bytes);
    return new SecretKeyObject("secret", SECRET, { type: "secret", bytes: copy });
};

const newPublicKey = (rsa) => new PublicKeyObject("public", SECRET, { type: "public", rsa });

const isCryptoKeyOrObject = (value) => isKeyObject(value) || isCryptoKey(value);

export const createSecretKey = function createSecretKey(key, encoding) {
    const bytes = toBytes(key, "key", encoding, ["ArrayBuffer", "Buffer", "TypedArray", "DataView", "string"]);
    return newSecretKey(bytes);
};

/** The bytes of a key for an HMAC: a text, bytes, a KeyObject or a CryptoKey. */
export const keyBytes = (key, encoding) => {
    if (isKeyObject(key)) {
        const { type, bytes } = slotsOf(key);
        if (type !== "secret") throw invalidKeyObjectType(type, "secret");
        return bytes;
    }
    if (isCryptoKey(key)) return cryptoKeySlots(key).bytes;
    return toBytes(key, "key", encoding, [
        "ArrayBuffer", "Buffer", "TypedArray", "DataView", "string", "KeyObject", "CryptoKey",
    ]);
};

// ---------------------------------------------------------------------------------------------------- public keys

const foundKey = (rsa) => {
    if (rsa === "other") throw notAvailable("crypto.createPublicKey with a key that is none of RSA");
    if (rsa === undefined) throw undecodable();
    return rsa;
};

const PEM_READERS = {
    __proto__: null,
    "PUBLIC KEY": readSpki,
    "RSA PUBLIC KEY": readPkcs1,
    "CERTIFICATE": readCertificate,
    "X509 CERTIFICATE": readCertificate,
    "TRUSTED CERTIFICATE": readCertificate,
    "RSA PRIVATE KEY": readPkcs1Private,
    "PRIVATE KEY": readPkcs8,
    "EC PRIVATE KEY": () => "other",
    "ENCRYPTED PRIVATE KEY": () => undefined,
};

const fromPem = (text) => {
    const block = readPem(text);
    if (block === undefined || block.isEncrypted) throw undecodable();
    const read = PEM_READERS[block.label];
    if (read === undefined) throw undecodable();
    return foundKey(read(block.bytes));
};

const fromDer = (bytes, type) => {
    if (type === "spki") return foundKey(readSpki(bytes));
    if (type === "pkcs1") return foundKey(readPkcs1(bytes) ?? readPkcs1Private(bytes));
    if (type === "pkcs8") return foundKey(readPkcs8(bytes));
    throw invalidArgValue("options.type", type);
};

const fromJwk = (jwk) => {
    validateObject(jwk, "key.key");
    validateOneOf(jwk.kty, "key.kty", ["RSA", "EC", "OKP"]);
    if (jwk.kty !== "RSA") throw notAvailable(`crypto.createPublicKey with a key of type ${jwk.kty}`);
    validateString(jwk.n, "key.n");
    validateString(jwk.e, "key.e");
    const rsa = readJwk(jwk);
    if (rsa === undefined) throw invalidJwk();
    return rsa;
};

const KEY_TYPES = ["ArrayBuffer", "Buffer", "TypedArray", "DataView", "string", "KeyObject", "CryptoKey", "object"];

/** The RSA key in whatever createPublicKey and `verify` take. */
export const publicKeyOf = (key, name = "key") => {
    if (isKeyObject(key)) {
        const { type, rsa } = slotsOf(key);
        if (type !== "public") throw invalidKeyObjectType(type, "private or public");
        return rsa;
    }
    if (isCryptoKey(key)) throw invalidKeyObjectType(cryptoKeySlots(key).type, "private or public");
    if (typeof key === "string") return fromPem(key);
    if (ArrayBufferIsView(key) || isAnyArrayBuffer(key)) return fromPem(decode(bytesOf(key), "latin1"));
    if (typeof key === "object" && key !== null) {
        const { key: data, format, type, encoding } = key;
        if (isCryptoKeyOrObject(data)) return publicKeyOf(data);
        if (format === "jwk") return fromJwk(data);
        if (format !== undefined && format !== "pem" && format !== "der") {
            validateOneOf(format, "key.format", FORMATS);
        }
        const bytes = toBytes(data, `${name}.key`, encoding, KEY_TYPES);
        return format === "der" ? fromDer(bytes, type) : fromPem(decode(bytes, "latin1"));
    }
    throw invalidArgType(name, KEY_TYPES, key);
};

export const createPublicKey = function createPublicKey(key) {
    if (isKeyObject(key) || isCryptoKey(key)) {
        const type = isKeyObject(key) ? slotsOf(key).type : cryptoKeySlots(key).type;
        throw invalidKeyObjectType(type, "private");
    }
    return newPublicKey(publicKeyOf(key));
};

// ---------------------------------------------------------------------------------------------------- new secret keys

const newRandomKey = (type, options) => {
    validateString(type, "type");
    validateObject(options, "options");
    if (type !== "hmac" && type !== "aes") throw invalidArgValue("type", type, "must be a supported key type");
    const { length } = options;
    if (type === "hmac") validateInteger(length, "options.length", 8, 2 ** 31 - 1);
    else validateOneOf(length, "options.length", [128, 192, 256]);
    const bytes = new Uint8Array(length >>> 3);
    natives.randomFill(bytes);
    return newSecretKey(bytes);
};

export const generateKeySync = function generateKeySync(type, options) {
    return newRandomKey(type, options);
};

export const generateKey = function generateKey(type, options, callback) {
    validateFunction(callback, "callback");
    const key = newRandomKey(type, options);
    queueTask(() => callback(null, key));
};
