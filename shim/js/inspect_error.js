// Errors in the inspector: the stack, the names it lacks, and the lines that an error shares with its cause.

import { classOf, ERROR } from "./class_of.js";
import { isCoded } from "./error_marks.js";
import { prefixOf } from "./inspect_names.js";
import { indented } from "./inspect_text.js";
import { primordials } from "./primordials.js";

const {
    ArrayIsArray, ArrayPrototypeIncludes, ArrayPrototypeIndexOf, ArrayPrototypeJoin, ArrayPrototypePush,
    ArrayPrototypeSplice, ErrorPrototype, ErrorPrototypeToString, ObjectPrototypeIsPrototypeOf, String,
    StringPrototypeEndsWith, StringPrototypeIncludes, StringPrototypeIndexOf, StringPrototypeSlice,
    StringPrototypeStartsWith,
} = primordials;

/** A stack is cut behind so many characters. */
const LONGEST_STACK = 64 * 1024;
const FRAME = "    at ";
/** Fewer lines in common with the cause than this are shown twice. */
const LEAST_IN_COMMON = 3;

export const isError = (value) =>
    classOf(value) === ERROR || ObjectPrototypeIsPrototypeOf(ErrorPrototype, value);

const member = (error, key) => {
    try {
        return error[key];
    } catch {
        return undefined;
    }
};

const headOf = (error) => {
    try {
        const name = String(error.name ?? "Error");
        if (!isCoded(error)) return ErrorPrototypeToString(error);
        return `${name} [${error.code}]: ${error.message}`;
    } catch {
        return "Error";
    }
};

const withoutLastLineFeed = (text) =>
    StringPrototypeEndsWith(text, "\n") ? StringPrototypeSlice(text, 0, -1) : text;

/** The stack with the error's name and message at its head, which this engine leaves out. */
export const stackOf = (error) => {
    const stack = member(error, "stack");
    if (!stack && stack !== "") return headOf(error);
    let text;
    try {
        text = String(stack);
    } catch {
        return headOf(error);
    }
    if (LONGEST_STACK < text.length) text = `${StringPrototypeSlice(text, 0, LONGEST_STACK)}...`;
    if (text === "") return headOf(error);
    if (StringPrototypeStartsWith(text, FRAME)) return `${headOf(error)}\n${withoutLastLineFeed(text)}`;
    return text;
};

const HEAD_KEYS = ["name", "message", "stack"];

const safeString = (value) => {
    try {
        return String(value);
    } catch {
        return "Error";
    }
};

/** Whether a cause is there; a getter is not run for it. */
const hasMember = (error, key) => {
    try {
        return key in error;
    } catch {
        return false;
    }
};

const removeKey = (keys, key) => {
    const at = ArrayPrototypeIndexOf(keys, key);
    if (at !== -1) ArrayPrototypeSplice(keys, at, 1);
};

/** A class that extends Error and sets no name: its own name stands at the head, where it was "Error". */
const withClassName = (stack, constructor, name, tag) => {
    const { length } = name;
    const next = stack[length];
    const isRegular = StringPrototypeEndsWith(name, "Error") && StringPrototypeStartsWith(stack, name)
        && (stack.length === length || next === ":" || next === "\n");
    if (constructor !== null && !isRegular) return stack;
    if (constructor === null) {
        let end = 0;
        while (end < stack.length && stack[end] !== ":" && stack[end] !== "\n") end++;
        const head = StringPrototypeSlice(stack, 0, end);
        const isName = StringPrototypeEndsWith(head, "Error");
        const prefix = StringPrototypeSlice(prefixOf(null, tag, isName ? head : "Error"), 0, -1);
        return isName ? `${prefix}${StringPrototypeSlice(stack, end)}` : `${prefix}: ${stack}`;
    }
    const prefix = StringPrototypeSlice(prefixOf(constructor, tag, "Error"), 0, -1);
    if (name === prefix) return stack;
    const rest = StringPrototypeSlice(stack, length);
    return StringPrototypeIncludes(prefix, name) ? `${prefix}${rest}` : `${prefix} [${name}]${rest}`;
};

const split = (text) => {
    const parts = [];
    let from = 0;
    for (;;) {
        const end = StringPrototypeIndexOf(text, "\n", from);
        if (end === -1) break;
        ArrayPrototypePush(parts, StringPrototypeSlice(text, from, end));
        from = end + 1;
    }
    ArrayPrototypePush(parts, StringPrototypeSlice(text, from));
    return parts;
};

/** The frames, with those that the cause has too replaced by a line that counts them. */
const ownFrames = (state, error, text) => {
    const frames = split(text);
    const cause = member(error, "cause");
    if (cause === null || typeof cause !== "object" || !isError(cause)) return frames;
    const causeStack = stackOf(cause);
    const start = StringPrototypeIndexOf(causeStack, `\n${FRAME}`);
    if (start === -1) return frames;
    const others = split(StringPrototypeSlice(causeStack, start + 1));
    for (let at = 0; at < frames.length - LEAST_IN_COMMON; at++) {
        const other = ArrayPrototypeIndexOf(others, frames[at]);
        if (other === -1) continue;
        let count = 1;
        while (at + count < frames.length && other + count < others.length
            && frames[at + count] === others[other + count]) count++;
        if (count <= LEAST_IN_COMMON) continue;
        const skipped = count - 2;
        const line = `    ... ${skipped} lines matching cause stack trace ...`;
        ArrayPrototypeSplice(frames, at + 1, skipped, state.stylize(line, "undefined"));
        break;
    }
    return frames;
};

/** The text of an error; adds `cause` and `errors` to its keys and takes away those that the stack shows. */
export const formatError = (state, error, constructor, tag, keys) => {
    const rawName = member(error, "name");
    const name = rawName === null || rawName === undefined ? "Error" : safeString(rawName);
    let stack = stackOf(error);
    if (!state.showHidden && 0 < keys.length) {
        for (let at = 0; at < HEAD_KEYS.length; at++) {
            const value = safeString(member(error, HEAD_KEYS[at]));
            if (StringPrototypeIncludes(stack, value)) removeKey(keys, HEAD_KEYS[at]);
        }
    }
    if (hasMember(error, "cause") && !ArrayPrototypeIncludes(keys, "cause")) ArrayPrototypePush(keys, "cause");
    if (ArrayIsArray(member(error, "errors")) && !ArrayPrototypeIncludes(keys, "errors")) {
        ArrayPrototypePush(keys, "errors");
    }
    stack = withClassName(stack, constructor, name, tag);
    const message = member(error, "message");
    let from = typeof message === "string" && message !== "" ? StringPrototypeIndexOf(stack, message) : -1;
    if (from !== -1) from += message.length;
    const frames = StringPrototypeIndexOf(stack, `\n${FRAME}`, from === -1 ? 0 : from);
    if (frames === -1) {
        stack = `[${stack}]`;
    } else {
        const lines = ownFrames(state, error, StringPrototypeSlice(stack, frames + 1));
        stack = `${StringPrototypeSlice(stack, 0, frames)}\n${ArrayPrototypeJoin(lines, "\n")}`;
    }
    state.meter.characters -= stack.length;
    return indented(stack, state.indentation);
};
