// atob and btoa (HTML Standard, section 8.3, November 2026). The engine's own functions do the work; what they refuse
// is an InvalidCharacterError of our DOMException. Uint8Array.fromBase64 and toBase64 are the engine's.

import { DOMException } from "./dom_exception.js";
import { primordials } from "./primordials.js";
import { DOMString, needs } from "./webidl.js";

const { RangeErrorPrototype, ReflectGetPrototypeOf, atob: engineAtob, btoa: engineBtoa } = primordials;

const convert = (convertText, text, why) => {
    try {
        return convertText(text);
    } catch (error) {
        // Text that is too long is a RangeError.
        if (ReflectGetPrototypeOf(error) === RangeErrorPrototype) throw error;
        throw new DOMException(why, "InvalidCharacterError");
    }
};

export const globalFunctions = {
    atob(data) {
        needs(arguments.length, 1, "atob");
        return convert(engineAtob, DOMString(data, "Argument 1"), "The text is not correctly encoded as base64.");
    },

    btoa(data) {
        needs(arguments.length, 1, "btoa");
        return convert(engineBtoa, DOMString(data, "Argument 1"), "The text has a character above U+00FF.");
    },
};

export const { atob, btoa } = globalFunctions;
