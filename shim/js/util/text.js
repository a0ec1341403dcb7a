// Texts of node:util: colours, the format of `.env` files, and differences (Node's documentation of styleText, parseEnv
// and diff).

import { colors } from "../inspect_styles.js";
import {
    invalidArgType, invalidArgValue, validateArray, validateBoolean, validateString,
} from "../node_errors.js";
import { primordials } from "../primordials.js";

const {
    ArrayIsArray, ArrayPrototypeJoin, ArrayPrototypePush, ArrayPrototypeSlice, ObjectKeys, RegExpPrototypeExec,
    StringPrototypeIndexOf, StringPrototypeReplaceAll, StringPrototypeSlice, StringPrototypeSplit,
    StringPrototypeTrim, Uint16Array,
} = primordials;

const colorOf = (name) => {
    const color = colors[name];
    if (color !== undefined) return color;
    const shown = [];
    const names = ObjectKeys(colors);
    for (let at = 0; at < names.length; at++) ArrayPrototypePush(shown, `'${names[at]}'`);
    throw invalidArgValue("format", name, `must be one of: ${ArrayPrototypeJoin(shown, ", ")}`);
};

/** The text between the control sequences of one or more formats. */
export const styleText = (format, text, options = undefined) => {
    validateString(text, "text");
    if (options?.validateStream !== undefined) validateBoolean(options.validateStream, "options.validateStream");
    const formats = ArrayIsArray(format) ? format : [format];
    let left = "";
    let right = "";
    for (let at = 0; at < formats.length; at++) {
        if (formats[at] === "none") continue;
        const color = colorOf(formats[at]);
        left += `\x1b[${color[0]}m`;
        right = `\x1b[${color[1]}m${right}`;
    }
    return `${left}${text}${right}`;
};

// A line of a `.env` file up to its value: name, equals sign, blanks.
const NAME = /[ \t]*(?:export[ \t]+)?([^=\n#]+?)[ \t]*=[ \t]*/y;

/** The variables of the text of a `.env` file. */
export const parseEnv = (content) => {
    validateString(content, "content");
    const result = {};
    const text = StringPrototypeReplaceAll(content, "\r\n", "\n");
    let at = 0;
    while (at < text.length) {
        let end = StringPrototypeIndexOf(text, "\n", at);
        if (end === -1) end = text.length;
        NAME.lastIndex = at;
        const found = RegExpPrototypeExec(NAME, text);
        if (found === null || end < NAME.lastIndex) {
            at = end + 1;
            continue;
        }
        const from = NAME.lastIndex;
        const quote = text[from];
        const isQuote = quote === "\"" || quote === "'" || quote === "`";
        const close = isQuote ? StringPrototypeIndexOf(text, quote, from + 1) : -1;
        if (close !== -1) {
            const value = StringPrototypeSlice(text, from + 1, close);
            result[found[1]] = quote === "\"" ? StringPrototypeReplaceAll(value, "\\n", "\n") : value;
            const next = StringPrototypeIndexOf(text, "\n", close);
            at = next === -1 ? text.length : next + 1;
            continue;
        }
        const line = StringPrototypeSlice(text, from, end);
        const comment = StringPrototypeIndexOf(line, "#");
        result[found[1]] = StringPrototypeTrim(comment === -1 ? line : StringPrototypeSlice(line, 0, comment));
        at = end + 1;
    }
    return result;
};

/** Longer inputs than this many items are compared by their ends alone: the exact way takes time in the square. */
const MOST_COMPARED = 2000;

const INSERTED = 1;
const SAME = 0;
const DELETED = -1;

const middleDifference = (a, b, push) => {
    if (MOST_COMPARED < a.length || MOST_COMPARED < b.length) {
        for (let at = 0; at < a.length; at++) push(INSERTED, a[at]);
        for (let at = 0; at < b.length; at++) push(DELETED, b[at]);
        return;
    }
    // The longest common subsequence, from the end: lengths[i][j] for what is left of both.
    const width = b.length + 1;
    const lengths = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; 0 <= i; i--) {
        for (let j = b.length - 1; 0 <= j; j--) {
            const down = lengths[(i + 1) * width + j];
            const right = lengths[i * width + j + 1];
            const both = lengths[(i + 1) * width + j + 1] + 1;
            lengths[i * width + j] = a[i].key === b[j].key ? both : down < right ? right : down;
        }
    }
    let i = 0;
    let j = 0;
    while (i < a.length && j < b.length) {
        if (a[i].key === b[j].key) {
            push(SAME, a[i++], b[j++]);
        } else if (lengths[i * width + j + 1] <= lengths[(i + 1) * width + j]) {
            push(INSERTED, a[i++]);
        } else {
            push(DELETED, b[j++]);
        }
    }
    while (i < a.length) push(INSERTED, a[i++]);
    while (j < b.length) push(DELETED, b[j++]);
};

/**
 * Steps `[operation, item]` between two lists of texts: 1 only in the first, -1 only in the second, 0 in both. Items
 * are the same if what `keyOf` makes of them is; of two such the longer one is given.
 */
export const differences = (a, b, keyOf = (item) => item) => {
    const steps = [];
    const push = (operation, { item }, other = undefined) => {
        const shown = other !== undefined && item.length < other.item.length ? other.item : item;
        ArrayPrototypePush(steps, [operation, shown]);
    };
    const keyed = (list) => {
        const items = [];
        for (let at = 0; at < list.length; at++) ArrayPrototypePush(items, { item: list[at], key: keyOf(list[at]) });
        return items;
    };
    const first = keyed(a);
    const second = keyed(b);
    let start = 0;
    while (start < a.length && start < b.length && first[start].key === second[start].key) {
        push(SAME, first[start], second[start]);
        start++;
    }
    let endOfA = a.length;
    let endOfB = b.length;
    while (start < endOfA && start < endOfB && first[endOfA - 1].key === second[endOfB - 1].key) {
        endOfA--;
        endOfB--;
    }
    middleDifference(ArrayPrototypeSlice(first, start, endOfA), ArrayPrototypeSlice(second, start, endOfB), push);
    for (let at = endOfA; at < a.length; at++) push(SAME, first[at], second[endOfB + at - endOfA]);
    return steps;
};

const itemsOf = (value, name) => {
    if (typeof value === "string") return StringPrototypeSplit(value, "");
    if (!ArrayIsArray(value)) throw invalidArgType(name, ["Array", "string"], value);
    validateArray(value, name);
    for (let at = 0; at < value.length; at++) validateString(value[at], `${name}[${at}]`);
    return value;
};

export const diff = (actual, expected) => {
    if (actual === expected) return [];
    return differences(itemsOf(actual, "actual"), itemsOf(expected, "expected"));
};
