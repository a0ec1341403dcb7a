// createHash, createHmac and their classes, which are streams too (nodejs.org/api/crypto.html, "Class: Hash").

import { primordials } from "../../primordials.js";
import { invalidArgType, invalidArgValue, nodeError, validateString, validateUint32 } from "../../node_errors.js";
import { canonicalEncoding } from "../buffer/encodings.js";
import { bytesOfView, toBytes, toOutput } from "./inputs.js";
import { Transform } from "../stream/duplex.js";
import { Digest, Mac, digestNamed, digestOf } from "./digests.js";
import { hashFinalized, invalidDigest } from "./errors.js";
import { keyBytes } from "./keys.js";

const {
    Error, FunctionPrototypeCall, ObjectDefineProperty, ObjectSetPrototypeOf, Symbol, Uint8Array,
} = primordials;

const slots = Symbol("hash");

/** Makes the stream's state at the first look at it: most hashes are never used as streams. */
const lazyStream = (Class) => {
    for (const name of ["_readableState", "_writableState"]) {
        ObjectDefineProperty(Class.prototype, name, {
            __proto__: null,
            configurable: true,
            enumerable: true,
            get() {
                if (this[slots] === undefined) return undefined;
                FunctionPrototypeCall(Transform, this, this[slots].options);
                return this[name];
            },
            set(value) {
                ObjectDefineProperty(this, name, {
                    __proto__: null, value, configurable: true, enumerable: true, writable: true,
                });
            },
        });
    }
};

const unsupported = () =>
    nodeError(Error, "ERR_OSSL_EVP_UNSUPPORTED", "error:0308010C:digital envelope routines::unsupported");

const checkLength = (digest, options) => {
    const length = options?.outputLength;
    if (length === undefined) return;
    validateUint32(length, "options.outputLength");
    if (length !== digest.size) {
        throw nodeError(Error, "ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH", "The digest has one length only");
    }
};

export function Hash(algorithm, options) {
    if (!new.target) return new Hash(algorithm, options);
    if (typeof algorithm !== "object" || !(algorithm instanceof Digest)) {
        validateString(algorithm, "algorithm");
        const digest = digestNamed(algorithm);
        if (digest === undefined) throw new Error("Digest method not supported");
        checkLength(digest, options);
        this[slots] = { digest, state: new Digest(digest), isFinal: false, options, result: undefined };
        return;
    }
    this[slots] = { digest: undefined, state: algorithm, isFinal: false, options, result: undefined };
}
ObjectSetPrototypeOf(Hash.prototype, Transform.prototype);
ObjectSetPrototypeOf(Hash, Transform);
lazyStream(Hash);

Hash.prototype.copy = function copy(options) {
    const own = this[slots];
    if (own.isFinal) throw hashFinalized();
    return new Hash(own.state.copy(), options);
};

Hash.prototype._transform = function _transform(chunk, encoding, callback) {
    this[slots].state.update(bytesOfView(chunk, encoding));
    callback();
};

/** The digest; it is made once and can be asked for after the stream has given it. */
const finish = (own) => (own.result ??= own.state.finish());

Hash.prototype._flush = function _flush(callback) {
    this.push(toOutput(finish(this[slots])));
    callback();
};

const update = function update(data, encoding) {
    const own = this[slots];
    if (own.isFinal || own.result !== undefined) throw hashFinalized();
    const bytes = bytesOfView(data, encoding);
    if (bytes === undefined) throw invalidArgType("data", ["string", "Buffer", "TypedArray", "DataView"], data);
    own.state.update(bytes);
    return this;
};
Hash.prototype.update = update;

Hash.prototype.digest = function digest(outputEncoding) {
    const own = this[slots];
    if (own.isFinal) throw hashFinalized();
    own.isFinal = true;
    return toOutput(finish(own), outputEncoding === undefined ? undefined : `${outputEncoding}`);
};

export function Hmac(hmac, key, options) {
    if (!new.target) return new Hmac(hmac, key, options);
    validateString(hmac, "hmac");
    const bytes = keyBytes(key, options?.encoding);
    const digest = digestNamed(hmac);
    if (digest === undefined) throw invalidDigest(hmac);
    this[slots] = { digest, state: new Mac(digest, bytes), isFinal: false, options, result: undefined };
}
ObjectSetPrototypeOf(Hmac.prototype, Transform.prototype);
ObjectSetPrototypeOf(Hmac, Transform);
lazyStream(Hmac);

Hmac.prototype.update = update;

// A second digest of an HMAC is empty, and no error.
Hmac.prototype.digest = function digest(outputEncoding) {
    const own = this[slots];
    const bytes = own.isFinal ? new Uint8Array(0) : finish(own);
    own.isFinal = true;
    return toOutput(bytes, outputEncoding === undefined ? undefined : `${outputEncoding}`);
};

Hmac.prototype._transform = Hash.prototype._transform;
Hmac.prototype._flush = Hash.prototype._flush;

export const createHash = function createHash(algorithm, options) {
    return new Hash(algorithm, options);
};

export const createHmac = function createHmac(hmac, key, options) {
    return new Hmac(hmac, key, options);
};

/** The digest of everything at once. */
export const hash = function hash(algorithm, input, outputEncoding = "hex") {
    validateString(algorithm, "algorithm");
    validateString(outputEncoding, "outputEncoding");
    if (outputEncoding !== "buffer" && canonicalEncoding(outputEncoding) === undefined) {
        throw invalidArgValue("outputEncoding", outputEncoding);
    }
    const bytes = toBytes(input, "input", "utf8", ["Buffer", "TypedArray", "DataView", "string"]);
    const digest = digestNamed(algorithm);
    if (digest === undefined) throw unsupported();
    return toOutput(digestOf(digest, bytes), outputEncoding);
};
