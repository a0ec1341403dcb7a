// The names of a function's parameters, read from its own text (Function.prototype.toString, ECMA-262 section
// 20.2.3.5).

import { primordials } from "../primordials.js";

const {
    ArrayPrototypePush, FunctionPrototypeToString, ReflectGetOwnPropertyDescriptor, RegExpPrototypeExec,
    StringPrototypeIndexOf, StringPrototypeSlice,
} = primordials;

/** At most this much of a function's text is looked at. */
const BOUND = 4096;

/** Whether it is a class, which cannot be called: the `prototype` of functions can be written to, or is absent. */
export const isClass = (value) => ReflectGetOwnPropertyDescriptor(value, "prototype")?.writable === false;

// The position behind a comment, a string or a regular expression's end that starts at `at`; `at` when nothing does.
const skip = (text, at) => {
    const one = text[at];
    if (one === "/" && text[at + 1] === "/") {
        const end = StringPrototypeIndexOf(text, "\n", at);
        return end < 0 ? text.length : end + 1;
    }
    if (one === "/" && text[at + 1] === "*") {
        const end = StringPrototypeIndexOf(text, "*/", at + 2);
        return end < 0 ? text.length : end + 2;
    }
    if (one !== "\"" && one !== "'" && one !== "`") return at;
    let index = at + 1;
    while (index < text.length && text[index] !== one) index += text[index] === "\\" ? 2 : 1;
    return index + 1;
};

const NAME = /^\s*(?:\.\.\.)?\s*([\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$]*)/u;
const ARROW = /^(?:async\s+)?([\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$]*)\s*=>/u;

// The name at the start of one parameter's text, or "" for a pattern.
const nameIn = (text) => RegExpPrototypeExec(NAME, text)?.[1] ?? "";

/**
 * The names in their order; a parameter that is a pattern is "". undefined when the text tells nothing: functions of
 * the engine and bound ones.
 */
export const parameterNames = (function_) => {
    const whole = FunctionPrototypeToString(function_);
    const text = whole.length <= BOUND ? whole : StringPrototypeSlice(whole, 0, BOUND);
    const arrow = RegExpPrototypeExec(ARROW, text);
    if (arrow !== null) return [arrow[1]];
    let at = 0;
    while (at < text.length && text[at] !== "(") {
        // A computed name of a method has parentheses of its own.
        if (text[at] === "[") at = closing(text, at);
        const next = skip(text, at);
        at = next === at ? at + 1 : next;
    }
    if (RegExpPrototypeExec(/\[native code\]\s*\}\s*$/, whole) !== null) return undefined;
    return at < text.length ? split(text, at + 1) : undefined;
};

// The position of the bracket that closes the one at `at`.
const closing = (text, at) => {
    let depth = 0;
    for (let index = at; index < text.length; ) {
        const one = text[index];
        if (one === "(" || one === "[" || one === "{") depth++;
        if (one === ")" || one === "]" || one === "}") depth--;
        if (depth === 0) return index;
        const next = skip(text, index);
        index = next === index ? index + 1 : next;
    }
    return text.length;
};

// The parameters' names from behind the opening parenthesis on.
const split = (text, start) => {
    const names = [];
    let own = "";
    let at = start;
    while (at < text.length && text[at] !== ")") {
        const one = text[at];
        if (one === ",") {
            ArrayPrototypePush(names, nameIn(own));
            own = "";
            at++;
            continue;
        }
        if (one === "(" || one === "[" || one === "{") {
            own += one;
            at = closing(text, at) + 1;
            continue;
        }
        const next = skip(text, at);
        if (next === at) {
            own += one;
            at++;
        } else {
            own += " ";
            at = next;
        }
    }
    if (RegExpPrototypeExec(/\S/, own) !== null) ArrayPrototypePush(names, nameIn(own));
    return names;
};
