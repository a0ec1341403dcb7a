// navigator (HTML Standard, section "The Navigator object"; WinterTC's minimum has `userAgent`). It tells nothing of
// the machine.

import { primordials } from "./primordials.js";
import { registerPlatform } from "./structured_clone.js";
import { defineInterface } from "./webidl.js";

const { ObjectFreeze, TypeError } = primordials;

const SECRET = {};
const LANGUAGES = ObjectFreeze(["en-US"]);

export class Navigator {
    #own = true;

    constructor(secret = undefined) {
        if (secret !== SECRET) throw new TypeError("Illegal constructor");
    }

    #is(value) {
        return this.#own && value;
    }

    get hardwareConcurrency() {
        return this.#is(1);
    }

    get language() {
        return this.#is("en-US");
    }

    get languages() {
        return this.#is(LANGUAGES);
    }

    get platform() {
        return this.#is("linux");
    }

    get userAgent() {
        return this.#is("Skep");
    }
}
defineInterface(Navigator);

export const navigator = new Navigator(SECRET);

registerPlatform(Navigator);

export const globals = { Navigator, navigator };
