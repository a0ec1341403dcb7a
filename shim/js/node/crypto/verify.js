// createVerify and verify, for RSA (nodejs.org/api/crypto.html, "Class: Verify").

import { primordials } from "../../primordials.js";
import {
    invalidArgValue, validateFunction, validateInteger, validateString,
} from "../../node_errors.js";
import { queueTask } from "../../timers.js";
import { Writable } from "../stream/writable.js";
import { constants } from "./constants.js";
import { Digest, digestNamed, digestOf } from "./digests.js";
import { invalidDigest, invalidState } from "./errors.js";
import { bytesOfView, toBytes } from "./inputs.js";
import { publicKeyOf } from "./keys.js";
import { SALT_ANY, verifyPkcs1, verifyPss } from "./rsa.js";

const { FunctionPrototypeCall, ObjectSetPrototypeOf, Symbol } = primordials;
const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_AUTO, RSA_PSS_SALTLEN_DIGEST } = constants;

const slots = Symbol("verify");

const paddingOf = (options, key) => {
    const padding = options?.padding;
    if (padding === undefined || padding === null) {
        return key.kind === "rsa-pss" ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    }
    validateInteger(padding, "options.padding");
    if (padding !== RSA_PKCS1_PADDING && padding !== RSA_PKCS1_PSS_PADDING) throw invalidArgValue("padding", padding);
    return padding;
};

const saltOf = (options, digest) => {
    const saltLength = options?.saltLength;
    if (saltLength === undefined || saltLength === null) return SALT_ANY;
    validateInteger(saltLength, "options.saltLength");
    if (saltLength === RSA_PSS_SALTLEN_AUTO) return SALT_ANY;
    return saltLength === RSA_PSS_SALTLEN_DIGEST ? digest.size : saltLength;
};

const check = (digest, hash, given, signature) => {
    const key = publicKeyOf(given);
    const options = typeof given === "object" ? given : undefined;
    if (paddingOf(options, key) === RSA_PKCS1_PSS_PADDING) {
        return verifyPss(key, digest, hash, signature, saltOf(options, digest));
    }
    return key.kind === "rsa" && verifyPkcs1(key, digest, hash, signature);
};

export function Verify(algorithm, options) {
    if (!new.target) return new Verify(algorithm, options);
    validateString(algorithm, "algorithm");
    const digest = digestNamed(algorithm);
    if (digest === undefined) throw invalidDigest(algorithm);
    this[slots] = { digest, state: new Digest(digest), isFinal: false };
    FunctionPrototypeCall(Writable, this, options);
}
ObjectSetPrototypeOf(Verify.prototype, Writable.prototype);
ObjectSetPrototypeOf(Verify, Writable);

Verify.prototype._write = function _write(chunk, encoding, callback) {
    this.update(chunk, encoding);
    callback();
};

Verify.prototype.update = function update(data, encoding) {
    const own = this[slots];
    if (own.isFinal) throw invalidState("update");
    const bytes = bytesOfView(data, encoding);
    own.state.update(bytes ?? toBytes(data, "data", encoding, ["string", "Buffer", "TypedArray", "DataView"]));
    return this;
};

Verify.prototype.verify = function verify(options, signature, signatureEncoding) {
    const own = this[slots];
    if (own.isFinal) throw invalidState("verify");
    const bytes = toBytes(signature, "signature", signatureEncoding, ["Buffer", "TypedArray", "DataView"]);
    // The key is looked at first: what is wrong with it leaves this object as it was.
    const key = publicKeyOf(options);
    paddingOf(typeof options === "object" ? options : undefined, key);
    own.isFinal = true;
    return check(own.digest, own.state.finish(), options, bytes);
};

export const createVerify = function createVerify(algorithm, options) {
    return new Verify(algorithm, options);
};

export const verify = function verify(algorithm, data, key, signature, callback) {
    if (algorithm !== undefined && algorithm !== null) validateString(algorithm, "algorithm");
    if (callback !== undefined) validateFunction(callback, "callback");
    const content = toBytes(data, "data", undefined, ["ArrayBuffer", "Buffer", "TypedArray", "DataView"]);
    const bytes = toBytes(signature, "signature", undefined, ["ArrayBuffer", "Buffer", "TypedArray", "DataView"]);
    const digest = digestNamed(algorithm ?? "sha256");
    if (digest === undefined) throw invalidDigest(algorithm);
    const run = () => check(digest, digestOf(digest, content), key, bytes);
    if (callback === undefined) return run();
    publicKeyOf(key);
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
    return undefined;
};
