// Text for the inspector: quoting and escaping, numbers, colours, and how many columns a text takes on a terminal.
//
// The forms are those that Node's documentation of util.inspect shows.

import { primordials } from "./primordials.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePush, MathTrunc, NumberIsFinite, NumberIsNaN, NumberPrototypeToString, ObjectIs,
    RegExp, RegExpPrototypeExec, String, StringPrototypeCharCodeAt, StringPrototypeCodePointAt, StringPrototypeIncludes,
    StringPrototypeIndexOf, StringPrototypePadStart, StringPrototypeRepeat, StringPrototypeSlice,
    StringPrototypeToUpperCase, SymbolPrototypeToString,
} = primordials;

const SHORT = {
    __proto__: null, 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\x0B", 12: "\\f", 13: "\\r", 92: "\\\\",
};

const hex = (number, digits) => StringPrototypePadStart(NumberPrototypeToString(number, 16), digits, "0");

/** The escaped form of the code unit at `at`, or undefined where it stays as it is; `quote` is a code unit or -1. */
const escaped = (text, at, quote) => {
    const unit = StringPrototypeCharCodeAt(text, at);
    if (unit === quote) return `\\${text[at]}`;
    if (unit < 32 || unit === 92) return SHORT[unit] ?? `\\x${StringPrototypeToUpperCase(hex(unit, 2))}`;
    if (unit < 127) return undefined;
    if (unit <= 159) return `\\x${StringPrototypeToUpperCase(hex(unit, 2))}`;
    if (unit < 0xD800 || 0xDFFF < unit) return undefined;
    const isLead = unit < 0xDC00;
    const other = StringPrototypeCharCodeAt(text, isLead ? at + 1 : at - 1);
    const isPaired = isLead ? 0xDC00 <= other && other <= 0xDFFF : 0xD800 <= other && other < 0xDC00;
    return isPaired ? undefined : `\\u${hex(unit, 4)}`;
};

const escape = (text, quote) => {
    let result = "";
    let from = 0;
    for (let at = 0; at < text.length; at++) {
        const replacement = escaped(text, at, quote);
        if (replacement === undefined) continue;
        result += StringPrototypeSlice(text, from, at) + replacement;
        from = at + 1;
    }
    return from === 0 ? text : result + StringPrototypeSlice(text, from);
};

/** The text between quotes: single ones, double ones or backticks where that saves escapes. */
export const quoted = (text) => {
    let quote = "'";
    if (StringPrototypeIncludes(text, "'")) {
        if (!StringPrototypeIncludes(text, "\"")) quote = "\"";
        else if (!StringPrototypeIncludes(text, "`") && !StringPrototypeIncludes(text, "${")) quote = "`";
    }
    return `${quote}${escape(text, StringPrototypeCharCodeAt(quote, 0))}${quote}`;
};

/** The text of a symbol, with control characters escaped. */
export const symbolText = (symbol) => escape(SymbolPrototypeToString(symbol), 39);

export const keyText = (key) => escape(key, -1);

/** Whether a key needs no quotes. */
export const isPlainKey = (key) => {
    if (key === "") return false;
    for (let at = 0; at < key.length; at++) {
        const unit = StringPrototypeCharCodeAt(key, at);
        const isLetter = (97 <= unit && unit <= 122) || (65 <= unit && unit <= 90) || unit === 95;
        if (!isLetter && (at === 0 || unit < 48 || 57 < unit)) return false;
    }
    return true;
};

/** 1234567 as 1_234_567, from the right. */
const groupedLeft = (digits) => {
    const start = digits[0] === "-" ? 1 : 0;
    let at = digits.length;
    let text = "";
    for (; start + 4 <= at; at -= 3) text = `_${StringPrototypeSlice(digits, at - 3, at)}${text}`;
    return `${StringPrototypeSlice(digits, 0, at)}${text}`;
};

/** The digits after a point, from the left. */
const groupedRight = (digits) => {
    let at = 0;
    let text = "";
    for (; at < digits.length - 3; at += 3) text += `${StringPrototypeSlice(digits, at, at + 3)}_`;
    return `${text}${StringPrototypeSlice(digits, at)}`;
};

export const numberText = (number, hasSeparator) => {
    if (!hasSeparator && ObjectIs(number, -0)) return "-0";
    const text = String(number);
    if (!hasSeparator || !NumberIsFinite(number) || NumberIsNaN(number)) return text;
    const whole = String(MathTrunc(number));
    if (StringPrototypeIncludes(text, "e")) return text;
    if (MathTrunc(number) === number) return groupedLeft(whole);
    const point = StringPrototypeIndexOf(text, ".");
    const fraction = StringPrototypeSlice(text, point + 1);
    return `${groupedLeft(StringPrototypeSlice(text, 0, point))}.${groupedRight(fraction)}`;
};

export const bigintText = (value, hasSeparator) => {
    const text = String(value);
    return `${hasSeparator ? groupedLeft(text) : text}n`;
};

/** The parts of a text, each but the last ending with a line feed. */
export const lines = (text) => {
    const parts = [];
    let from = 0;
    for (;;) {
        const end = StringPrototypeIndexOf(text, "\n", from);
        if (end === -1) break;
        ArrayPrototypePush(parts, StringPrototypeSlice(text, from, end + 1));
        from = end + 1;
    }
    if (from < text.length || parts.length === 0) ArrayPrototypePush(parts, StringPrototypeSlice(text, from));
    return parts;
};

/** The text with so many blanks after each line feed. */
export const indented = (text, blanks) => {
    if (blanks === 0 || !StringPrototypeIncludes(text, "\n")) return text;
    return ArrayPrototypeJoin(lines(text), StringPrototypeRepeat(" ", blanks));
};

// Control sequences of terminals as ECMA-48 defines them: CSI sequences, and OSC strings with their end.
const CSI = "(?:\\x1b\\[|\\x9b)[0-?]*[ -/]*[@-~]";
const OSC = "(?:\\x1b\\]|\\x9d)[^\\x07\\x1b\\x9c]*(?:\\x07|\\x1b\\\\|\\x9c)";
const CONTROL = new RegExp(`${CSI}|${OSC}|\\x1b[ -/]*[0-Z^-~]`, "g");

/** The text without control sequences of a terminal. */
export const withoutControls = (text) => {
    if (!StringPrototypeIncludes(text, "\x1b") && !StringPrototypeIncludes(text, "\x9b")
        && !StringPrototypeIncludes(text, "\x9d")) return text;
    let result = "";
    let from = 0;
    CONTROL.lastIndex = 0;
    for (;;) {
        const found = RegExpPrototypeExec(CONTROL, text);
        if (found === null) break;
        result += StringPrototypeSlice(text, from, found.index);
        from = found.index + found[0].length;
    }
    return result + StringPrototypeSlice(text, from);
};

// Pairs of first and last code point that take two columns (Unicode Standard Annex 11, wide and fullwidth), in blocks.
const WIDE = [
    0x1100, 0x115F, 0x231A, 0x231B, 0x2329, 0x232A, 0x23E9, 0x23EC, 0x23F0, 0x23F0, 0x23F3, 0x23F3, 0x25FD, 0x25FE,
    0x2614, 0x2615, 0x2648, 0x2653, 0x267F, 0x267F, 0x2693, 0x2693, 0x26A1, 0x26A1, 0x26AA, 0x26AB, 0x26BD, 0x26BE,
    0x26C4, 0x26C5, 0x26CE, 0x26CE, 0x26D4, 0x26D4, 0x26EA, 0x26EA, 0x26F2, 0x26F3, 0x26F5, 0x26F5, 0x26FA, 0x26FA,
    0x26FD, 0x26FD, 0x2705, 0x2705, 0x270A, 0x270B, 0x2728, 0x2728, 0x274C, 0x274C, 0x274E, 0x274E, 0x2753, 0x2755,
    0x2757, 0x2757, 0x2795, 0x2797, 0x27B0, 0x27B0, 0x27BF, 0x27BF, 0x2B1B, 0x2B1C, 0x2B50, 0x2B50, 0x2B55, 0x2B55,
    0x2E80, 0x303E, 0x3041, 0x33FF, 0x3400, 0x4DBF, 0x4E00, 0xA4CF, 0xA960, 0xA97C, 0xAC00, 0xD7A3, 0xF900, 0xFAFF,
    0xFE10, 0xFE19, 0xFE30, 0xFE6B, 0xFF01, 0xFF60, 0xFFE0, 0xFFE6, 0x16FE0, 0x18CFF, 0x1AFF0, 0x1B2FB,
    0x1F004, 0x1F004, 0x1F0CF, 0x1F0CF, 0x1F18E, 0x1F18E, 0x1F191, 0x1F19A, 0x1F200, 0x1F320, 0x1F32D, 0x1F335,
    0x1F337, 0x1F37C, 0x1F37E, 0x1F393, 0x1F3A0, 0x1F3CA, 0x1F3CF, 0x1F3D3, 0x1F3E0, 0x1F3F0, 0x1F3F4, 0x1F3F4,
    0x1F3F8, 0x1F43E, 0x1F440, 0x1F440, 0x1F442, 0x1F4FC, 0x1F4FF, 0x1F53D, 0x1F54B, 0x1F54E, 0x1F550, 0x1F567,
    0x1F57A, 0x1F57A, 0x1F595, 0x1F596, 0x1F5A4, 0x1F5A4, 0x1F5FB, 0x1F64F, 0x1F680, 0x1F6C5, 0x1F6CC, 0x1F6CC,
    0x1F6D0, 0x1F6D2, 0x1F6D5, 0x1F6DF, 0x1F6EB, 0x1F6EC, 0x1F6F4, 0x1F6FC, 0x1F7E0, 0x1F7F0, 0x1F90C, 0x1F9FF,
    0x1FA70, 0x1FAFF, 0x20000, 0x3FFFD,
];

/** Control characters, combining marks, joiners and selectors of variants take no column. */
const isNarrowest = (point) => point <= 0x1F || (0x7F <= point && point <= 0x9F)
    || (0x300 <= point && point <= 0x36F) || (0x200B <= point && point <= 0x200F)
    || (0x20D0 <= point && point <= 0x20FF) || (0xFE00 <= point && point <= 0xFE0F)
    || (0xFE20 <= point && point <= 0xFE2F) || (0xE0100 <= point && point <= 0xE01EF);

const isWide = (point) => {
    let low = 0;
    let high = WIDE.length / 2 - 1;
    while (low <= high) {
        const middle = (low + high) >> 1;
        if (point < WIDE[2 * middle]) high = middle - 1;
        else if (WIDE[2 * middle + 1] < point) low = middle + 1;
        else return true;
    }
    return false;
};

/** How many columns a text takes. */
export const columnsOf = (text) => {
    const plain = withoutControls(text);
    let columns = 0;
    for (let at = 0; at < plain.length; at++) {
        const unit = StringPrototypeCharCodeAt(plain, at);
        if (32 <= unit && unit < 127) {
            columns++;
            continue;
        }
        const point = StringPrototypeCodePointAt(plain, at);
        if (0xFFFF < point) at++;
        if (isWide(point)) columns += 2;
        else if (!isNarrowest(point)) columns++;
    }
    return columns;
};
