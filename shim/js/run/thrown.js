// What a function threw, as texts for whoever called it.

import { ERROR, classOf } from "../class_of.js";
import { isDOMException } from "../dom_exception.js";
import { inspect } from "../inspect.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";

const { String, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToWellFormed } = primordials;

/** How deep causes and members are shown. */
const OPTIONS = { __proto__: null, depth: 3, maxArrayLength: 20, maxStringLength: 2000 };

const member = (error, key) => {
    try {
        const value = error[key];
        return value === undefined ? "" : String(value);
    } catch {
        return "";
    }
};

const text = (value) => StringPrototypeToWellFormed(value);

/**
 * [name, message, stack]: of an error its name, its message, and below that what the console shows of it: frames,
 * cause, errors of an AggregateError, `code` and other members. Of any other value what the console shows as message.
 */
export const thrownParts = (value) => {
    if (!isObject(value)) return ["", text(String(value)), ""];
    const isError = classOf(value) === ERROR || isDOMException(value);
    const shown = inspect(value, OPTIONS);
    if (!isError) return ["", text(shown), ""];
    const name = member(value, "name");
    const message = member(value, "message");
    const head = message === "" ? name : `${name}: ${message}`;
    const isAhead = StringPrototypeStartsWith(shown, `${head}\n`);
    return [text(name === "" ? "Error" : name), text(message), text(isAhead ? StringPrototypeSlice(shown, head.length + 1) : shown)];
};
