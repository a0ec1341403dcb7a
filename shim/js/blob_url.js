// The blob URL store (File API, section 8, November 2026): URL.createObjectURL, URL.revokeObjectURL.
//
// A URL is "blob:null/" and a UUID: the origin of an app is opaque. A blob is held until its URL is revoked or the
// instance ends.

import { isBlob } from "./blob.js";
import natives from "./natives.js";
import { primordials } from "./primordials.js";
import { DOMString, USVString, fail, needs } from "./webidl.js";

const { SafeMap, StringPrototypeIndexOf, StringPrototypeSlice, Uint8Array } = primordials;

const store = new SafeMap();

const HEX = "0123456789abcdef";

const newUuid = () => {
    const bytes = new Uint8Array(16);
    natives.randomFill(bytes);
    bytes[6] = 0x40 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let text = "";
    for (let at = 0; at < 16; at++) {
        if (at === 4 || at === 6 || at === 8 || at === 10) text += "-";
        text += HEX[bytes[at] >> 4] + HEX[bytes[at] & 15];
    }
    return text;
};

// As members of an object they cannot be constructed, as functions of Web IDL.
const functions = {
    createObjectURL(obj) {
        needs(arguments.length, 1, "URL.createObjectURL");
        if (!isBlob(obj)) fail("Argument 1", "is no Blob.");
        const url = `blob:null/${newUuid()}`;
        store.set(url, obj);
        return url;
    },

    /** Removes a URL; one that is not in the store, or has a fragment, changes nothing. */
    revokeObjectURL(url) {
        needs(arguments.length, 1, "URL.revokeObjectURL");
        store.delete(USVString(url, "Argument 1"));
    },

    /** The function of node:buffer: a value that is no string is converted. */
    resolveObjectURL(id) {
        return resolveBlobUrl(DOMString(id, "Argument 1"));
    },
};

export const { createObjectURL, revokeObjectURL, resolveObjectURL } = functions;

/** The Blob of a serialized URL, whose fragment does not count, or undefined. */
export const resolveBlobUrl = (url) => {
    const hash = StringPrototypeIndexOf(url, "#");
    return store.get(hash < 0 ? url : StringPrototypeSlice(url, 0, hash));
};
