// Subresource Integrity (w3.org/TR/SRI-2): whether bytes are those that a text of hashes names.

import { digestNamed, digestOf } from "./node/crypto/digests.js";
import { base64Decode, hexEncode } from "./octets.js";
import { primordials } from "./primordials.js";

const { ArrayPrototypeIncludes, ArrayPrototypePush, RegExpPrototypeExec, StringPrototypeToLowerCase } = primordials;

// Of SHA-2, the longer is the stronger, also as a text.
const HASH = /^(sha256|sha384|sha512)-([^?]*)/i;

// The hashes of the strongest algorithm of a text: its name, and their values in hexadecimal digits.
const strongest = (text) => {
    const best = { __proto__: null, algorithm: "", values: [] };
    const words = /[^\t\n\f\r ]+/g;
    for (let word = RegExpPrototypeExec(words, text); word !== null; word = RegExpPrototypeExec(words, text)) {
        const found = RegExpPrototypeExec(HASH, word[0]);
        if (found === null) continue;
        const algorithm = StringPrototypeToLowerCase(found[1]);
        if (algorithm < best.algorithm) continue;
        if (algorithm !== best.algorithm) {
            best.algorithm = algorithm;
            best.values = [];
        }
        // Both alphabets of base64, with or without padding.
        ArrayPrototypePush(best.values, hexEncode(base64Decode(found[2])));
    }
    return best;
};

/** Whether bytes match the integrity metadata of a request. A text that names no known hash fits everything. */
export const fitsIntegrity = (bytes, text) => {
    const { algorithm, values } = strongest(text);
    if (algorithm === "") return true;
    return ArrayPrototypeIncludes(values, hexEncode(digestOf(digestNamed(algorithm), bytes)));
};
