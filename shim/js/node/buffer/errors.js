// Errors that only Buffer gives, with the codes of nodejs.org/api/errors.html.

import { primordials } from "../../primordials.js";
import { inspect } from "../../inspect.js";
import { nodeError } from "../../node_errors.js";

const { RangeError, TypeError } = primordials;

export const bufferOutOfBounds = (name = undefined) => nodeError(
    RangeError,
    "ERR_BUFFER_OUT_OF_BOUNDS",
    name === undefined ? "Attempt to access memory outside buffer bounds" : `"${name}" is outside of buffer bounds`,
);

export const invalidBufferSize = (bits) =>
    nodeError(RangeError, "ERR_INVALID_BUFFER_SIZE", `Buffer size must be a multiple of ${bits}-bits`);

export const unknownEncoding = (encoding) => nodeError(
    TypeError,
    "ERR_UNKNOWN_ENCODING",
    `Unknown encoding: ${typeof encoding === "string" ? encoding : inspect(encoding)}`,
);
