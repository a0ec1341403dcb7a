// Errors that only the module "crypto" gives, with the codes of nodejs.org/api/errors.html.

import { primordials } from "../../primordials.js";
import { nodeError } from "../../node_errors.js";

const { Error, RangeError, TypeError } = primordials;

export const hashFinalized = () => nodeError(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");

export const invalidDigest = (name) => nodeError(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}`);

export const invalidKeyLength = () => nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");

export const invalidScryptParams = (why) =>
    nodeError(RangeError, "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", `Invalid scrypt params: ${why}`);

export const unequalLengths = () => nodeError(
    RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length",
);

export const invalidKeyObjectType = (actual, expected) => nodeError(
    TypeError, "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", `Invalid key object type ${actual}, expected ${expected}.`,
);

export const invalidState = (operation) =>
    nodeError(Error, "ERR_CRYPTO_INVALID_STATE", `Invalid state for operation ${operation}`);

export const incompatibleKeyOptions = (option, actual) => nodeError(
    Error, "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS", `The selected key encoding ${option} ${actual}.`,
);

export const invalidJwk = () => nodeError(TypeError, "ERR_CRYPTO_INVALID_JWK", "Invalid JWK data");

/** What OpenSSL says of text that is no key that it knows. */
export const undecodable = () => {
    const error = new Error("error:1E08010C:DECODER routines::unsupported");
    error.reason = "unsupported";
    error.code = "ERR_OSSL_UNSUPPORTED";
    return error;
};
