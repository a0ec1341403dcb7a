// What a function threw, as texts for whoever called it.

import { ERROR, classOf } from "../class_of.js";
import { isDOMException } from "../dom_exception.js";
import { inspect } from "../inspect.js";
import natives from "../natives.js";
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

// What is below the head, which the console shows first, in brackets where there are no frames.
const belowHead = (shown, name, message) => {
    const head = message === "" ? name : `${name}: ${message}`;
    if (StringPrototypeStartsWith(shown, `${head}\n`)) return StringPrototypeSlice(shown, head.length + 1);
    return StringPrototypeStartsWith(shown, `[${head}]`) ? StringPrototypeSlice(shown, head.length + 2) : undefined;
};

// The engine does not say what is no function; the place of the call does.
const named = (message, stack) => {
    if (message !== "not a function") return message;
    const callee = natives.callee(stack);
    return callee === undefined ? message : `${callee} is not a function`;
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
    const stack = text(belowHead(shown, name, message) ?? shown);
    return [text(name === "" ? "Error" : name), text(named(message, stack)), stack];
};
