// QuotaExceededError (Web IDL, section "QuotaExceededError", 2025): a DOMException that may say how much was allowed
// and how much was asked for.

import { DOMException } from "./dom_exception.js";
import { primordials } from "./primordials.js";
import { DOMString, defineInterface, dictionary, double } from "./webidl.js";

const { RangeError } = primordials;

const toOptions = dictionary([{ key: "quota", converter: double }, { key: "requested", converter: double }]);

export class QuotaExceededError extends DOMException {
    #quota;
    #requested;

    constructor(message = "", options = {}) {
        super(DOMString(message, "Argument 1 of QuotaExceededError"), "QuotaExceededError");
        const { quota = null, requested = null } = toOptions(options, "Argument 2 of QuotaExceededError");
        if (quota !== null && quota < 0) throw new RangeError("The quota is below 0.");
        if (requested !== null && requested < 0) throw new RangeError("The requested amount is below 0.");
        if (quota !== null && requested !== null && requested < quota) {
            throw new RangeError("The requested amount is below the quota.");
        }
        this.#quota = quota;
        this.#requested = requested;
    }

    get quota() {
        return this.#quota;
    }

    get requested() {
        return this.#requested;
    }
}
defineInterface(QuotaExceededError);

export const globals = { QuotaExceededError };
