// AssertionError and the messages that assertions make (Node's documentation, "Class: assert.AssertionError").

import { markCoded } from "../error_marks.js";
import { isError } from "../inspect_error.js";
import { custom, inspect, inspectWithin } from "../inspect.js";
import { validateObject } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { captureStackTrace } from "../stack.js";
import { differences } from "../util/text.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePush, ArrayPrototypeSlice, Error, ObjectCreate,
    ObjectDefineProperty, ObjectGetPrototypeOf, ObjectKeys, String, StringPrototypeEndsWith, StringPrototypeRepeat,
    StringPrototypeSlice, StringPrototypeSplit, StringPrototypeStartsWith,
} = primordials;

const HEADS = {
    __proto__: null,
    deepStrictEqual: "Expected values to be strictly deep-equal:",
    partialDeepStrictEqual: "Expected values to be partially and strictly deep-equal:",
    strictEqual: "Expected values to be strictly equal:",
    strictEqualObject: "Expected \"actual\" to be reference-equal to \"expected\":",
    deepEqual: "Expected values to be loosely deep-equal:",
    notDeepStrictEqual: "Expected \"actual\" not to be strictly deep-equal to:",
    notStrictEqual: "Expected \"actual\" to be strictly unequal to:",
    notStrictEqualObject: "Expected \"actual\" not to be reference-equal to \"expected\":",
    notDeepEqual: "Expected \"actual\" not to be loosely deep-equal to:",
    notDeepEqualButOther: "Expected values not to be loosely deep-equal:",
    notIdentical: "Values have same structure but are not reference-equal:",
};

/** Two primitives with fewer characters than this stand on one line, `1 !== 2`. */
const MOST_ON_ONE_LINE = 12;
/** A text of one side alone is cut behind so many lines, one of a loose comparison behind so many characters. */
const MOST_LINES = 50;
const MOST_CHARACTERS = 512;
const MOST_CHARACTERS_OF_ONE = 1024;
/** Of lines that are the same on both sides, so many stay beside each difference. */
const CONTEXT = 2;

const textOf = (value) => inspectWithin(value, {
    compact: false, customInspect: false, depth: 1000, maxArrayLength: 1 / 0, showHidden: false, showProxy: false,
    sorted: true, getters: true, breakLength: 1 / 0,
}, { values: 50_000, characters: 1024 * 1024, work: 32 * 1024 * 1024 });

const isReference = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

/** Whether a further element follows makes no difference for a line. */
const withoutComma = (line) => (StringPrototypeEndsWith(line, ",") ? StringPrototypeSlice(line, 0, -1) : line);

/** An error without its stack, which would be the larger part of a message. */
const withoutStack = (error) => {
    const copy = ObjectCreate(ObjectGetPrototypeOf(error));
    const keys = ObjectKeys(error);
    for (let at = 0; at < keys.length; at++) copy[keys[at]] = error[keys[at]];
    ObjectDefineProperty(copy, "message", { __proto__: null, value: error.message });
    return copy;
};

const isErrorObject = (value) => typeof value === "object" && value !== null && isError(value);

/** The steps as lines with "+", "-" or blanks; long stretches without a difference are left out. */
const drawn = (steps) => {
    const lines = [];
    let hasSkipped = false;
    const isNear = (at) => {
        for (let other = at - CONTEXT; other <= at + CONTEXT; other++) {
            if (0 <= other && other < steps.length && steps[other][0] !== 0) return true;
        }
        return false;
    };
    for (let at = 0; at < steps.length; at++) {
        const operation = steps[at][0];
        if (operation === 0 && !isNear(at) && MOST_LINES / 2 < steps.length) {
            if (lines[lines.length - 1] !== "...") ArrayPrototypePush(lines, "...");
            hasSkipped = true;
            continue;
        }
        const mark = operation === 1 ? "+" : operation === -1 ? "-" : " ";
        ArrayPrototypePush(lines, `${mark} ${steps[at][1]}`);
    }
    return { lines, hasSkipped };
};

/** A line with "^" below the first character in which two texts differ. */
const pointer = (first, second) => {
    let at = 0;
    while (at < first.length && at < second.length && first[at] === second[at]) at++;
    return 2 < at ? `\n  ${StringPrototypeRepeat(" ", at)}^` : "";
};

/** `own` is a message of the program; it stands in the place of the first line. */
const differenceMessage = (actual, expected, operator, own) => {
    const first = StringPrototypeSplit(textOf(actual), "\n");
    const second = StringPrototypeSplit(textOf(expected), "\n");
    const isObjects = isReference(actual) && isReference(expected);
    const isSameKind = operator === "strictEqual" && isObjects && typeof actual === typeof expected;
    const head = own || HEADS[isSameKind ? "strictEqualObject" : operator];
    const isShort = first.length === 1 && second.length === 1;
    const texts = [ArrayPrototypeJoin(first, "\n"), ArrayPrototypeJoin(second, "\n")];
    if (texts[0] === texts[1]) {
        const shown = MOST_LINES < first.length ? ArrayPrototypeSlice(first, 0, MOST_LINES) : first;
        if (shown !== first) ArrayPrototypePush(shown, "...");
        return `${own || HEADS.notIdentical}\n\n${ArrayPrototypeJoin(shown, "\n")}\n`;
    }
    let end = "";
    if (isShort && !isObjects) {
        const quotes = (typeof actual === "string" ? 2 : 0) + (typeof expected === "string" ? 2 : 0);
        const length = first[0].length + second[0].length - quotes;
        if (length <= MOST_ON_ONE_LINE && (actual !== 0 || expected !== 0)) {
            return `${head}\n\n${first[0]} !== ${second[0]}\n`;
        }
        if (length < 160) end = pointer(first[0], second[0]);
    }
    const { lines, hasSkipped } = drawn(differences(first, second, withoutComma));
    return `${head}\n+ actual - expected${hasSkipped ? " ... Lines skipped" : ""}\n\n`
        + `${ArrayPrototypeJoin(lines, "\n")}${end}\n`;
};

const unequalMessage = (actual, operator) => {
    let head = HEADS[operator];
    if (operator === "notStrictEqual" && isReference(actual)) head = HEADS.notStrictEqualObject;
    const lines = StringPrototypeSplit(textOf(actual), "\n");
    if (lines.length === 1) return `${head}${5 < lines[0].length ? "\n\n" : " "}${lines[0]}`;
    const shown = MOST_LINES < lines.length ? ArrayPrototypeSlice(lines, 0, MOST_LINES) : lines;
    if (shown !== lines) ArrayPrototypePush(shown, "...");
    return `${head}\n\n${ArrayPrototypeJoin(shown, "\n")}\n`;
};

const cut = (text, most = MOST_CHARACTERS) =>
    (most < text.length ? `${StringPrototypeSlice(text, 0, most - 3)}...` : text);

const messageOf = (actual, expected, operator, own) => {
    if (isErrorObject(actual) && isErrorObject(expected)) {
        return messageOfValues(withoutStack(actual), withoutStack(expected), operator, own);
    }
    return messageOfValues(actual, expected, operator, own);
};

const messageOfValues = (actual, expected, operator, own) => {
    switch (operator) {
        case "deepStrictEqual":
        case "strictEqual":
        case "partialDeepStrictEqual": return differenceMessage(actual, expected, operator, own);
        case "notDeepStrictEqual":
        case "notStrictEqual": return unequalMessage(actual, operator);
        default:
    }
    const whole = textOf(actual);
    const other = textOf(expected);
    if (operator === "notDeepEqual" && whole === other) {
        return cut(`${HEADS.notDeepEqual}\n\n${whole}`, MOST_CHARACTERS_OF_ONE);
    }
    const first = cut(whole);
    const second = cut(other);
    if (operator === "deepEqual") {
        return `${HEADS.deepEqual}\n\n${first}\n\nshould loosely deep-equal\n\n${second}`;
    }
    if (operator === "notDeepEqual") {
        return `${HEADS.notDeepEqualButOther}\n\n${first}\n\nshould not loosely deep-equal\n\n${second}`;
    }
    return `${first} ${operator} ${second}`;
};

export class AssertionError extends Error {
    constructor(options) {
        validateObject(options, "options");
        const { message, operator, stackStartFn, stackStartFunction, details, actual, expected } = options;
        const isGiven = message !== null && message !== undefined;
        const own = isGiven ? String(message) : "";
        const hasDifference = operator === "strictEqual" || operator === "deepStrictEqual";
        super(isGiven && !hasDifference ? own : messageOf(actual, expected, operator, own));
        this.generatedMessage = !message;
        ObjectDefineProperty(this, "name", {
            __proto__: null, value: "AssertionError", writable: true, enumerable: false, configurable: true,
        });
        this.code = "ERR_ASSERTION";
        if (details === undefined) {
            this.actual = actual;
            this.expected = expected;
            this.operator = operator;
        } else {
            this.actual = undefined;
            this.expected = undefined;
            this.operator = undefined;
            for (let at = 0; at < details.length; at++) {
                this[`message ${at}`] = details[at].message;
                this[`actual ${at}`] = details[at].actual;
                this[`expected ${at}`] = details[at].expected;
                this[`operator ${at}`] = details[at].operator;
            }
        }
        const above = stackStartFn ?? stackStartFunction;
        if (typeof above === "function") captureStackTrace(this, above);
        const { stack } = this;
        // Where the stack has a head, it shows the code.
        for (let at = 0; at < HEADS_OF_STACKS.length; at++) {
            const head = HEADS_OF_STACKS[at];
            if (typeof stack !== "string" || !StringPrototypeStartsWith(stack, head)) continue;
            ObjectDefineProperty(this, "stack", {
                __proto__: null,
                value: `AssertionError [ERR_ASSERTION]${StringPrototypeSlice(stack, head.length - 1)}`,
                writable: true,
                enumerable: false,
                configurable: true,
            });
            break;
        }
        markCoded(this);
    }

    toString() {
        return `${this.name} [${this.code}]: ${this.message}`;
    }

    [custom](depth, options) {
        // The values are shown in one level: the message has the difference already.
        return inspect(this, { ...options, customInspect: false, depth: 0 });
    }
}

const HEADS_OF_STACKS = ["AssertionError:", "Error:"];

/** Sets the message that an assertion made, which is no message of the program. */
export const asGenerated = (error) => {
    error.generatedMessage = true;
    return error;
};
