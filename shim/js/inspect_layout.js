// How the inspector puts the parts of an object together: on one line where they fit, in columns for long lists of
// short parts, else one part a line. The rules are those of Node's option `compact` (documented with util.inspect).

import { columnsOf } from "./inspect_text.js";
import { primordials } from "./primordials.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePush, MathFloor, MathMax, MathMin, MathRound, MathSqrt, StringPrototypeIncludes,
    StringPrototypePadEnd, StringPrototypePadStart, StringPrototypeRepeat,
} = primordials;

/** Lists with more parts than this are put into columns. */
const LEAST_FOR_COLUMNS = 6;
const MOST_COLUMNS = 15;
/** A character is about so many times as high as wide: the columns aim at a square. */
const HEIGHT_OF_CHARACTER = 2.5;
/** Between two parts of a line: a comma and a blank. */
const SEPARATOR = 2;

const widthOf = (state, text) => (state.colors ? columnsOf(text) : text.length);

const fitsOneLine = (state, parts, start, base) => {
    let total = parts.length + start;
    if (state.breakLength < total + parts.length) return false;
    for (let at = 0; at < parts.length; at++) {
        total += widthOf(state, parts[at]);
        if (state.breakLength < total) return false;
    }
    return base === "" || !StringPrototypeIncludes(base, "\n");
};

const isNumeric = (list, count) => {
    if (list === undefined) return true;
    for (let at = 0; at < count; at++) {
        if (typeof list[at] !== "number" && typeof list[at] !== "bigint") return false;
    }
    return true;
};

/** The parts in lines of several columns, or as they were. A last part "... more items" stays a line of its own. */
const inColumns = (state, parts, list) => {
    const isCut = state.maxArrayLength < parts.length;
    const count = isCut ? parts.length - 1 : parts.length;
    const widths = [];
    let total = 0;
    let longest = 0;
    for (let at = 0; at < count; at++) {
        // Far too long for a column; its width need not be known.
        if (16 * state.breakLength < parts[at].length) return parts;
        widths[at] = columnsOf(parts[at]);
        total += widths[at] + SEPARATOR;
        longest = MathMax(longest, widths[at]);
    }
    const column = longest + SEPARATOR;
    const isNarrow = column * 3 + state.indentation < state.breakLength;
    if (!isNarrow || !(5 < total / column || longest <= 6)) return parts;

    // Where the lengths differ much, a column is taken as narrower than its longest part.
    const spread = MathSqrt(column - total / parts.length);
    const biased = MathMax(column - 3 - spread, 1);
    const columns = MathMin(
        MathRound(MathSqrt(HEIGHT_OF_CHARACTER * biased * count) / biased),
        MathFloor((state.breakLength - state.indentation) / column),
        state.compact * 4,
        MOST_COLUMNS,
    );
    if (columns <= 1) return parts;

    const columnWidths = [];
    for (let at = 0; at < columns; at++) {
        let width = 0;
        for (let row = at; row < count; row += columns) width = MathMax(width, widths[row]);
        columnWidths[at] = width + SEPARATOR;
    }
    // Numbers stand at the right of their column.
    const isRight = isNumeric(list, parts.length);
    const result = [];
    for (let from = 0; from < count; from += columns) {
        const to = MathMin(from + columns, count);
        let line = "";
        for (let at = from; at < to; at++) {
            const isLast = at === to - 1;
            const text = isLast ? parts[at] : `${parts[at]}, `;
            const width = columnWidths[at - from] + parts[at].length - widths[at];
            if (isRight) line += StringPrototypePadStart(text, isLast ? width - SEPARATOR : width, " ");
            else line += isLast ? text : StringPrototypePadEnd(text, width, " ");
        }
        ArrayPrototypePush(result, line);
    }
    if (isCut) ArrayPrototypePush(result, parts[count]);
    return result;
};

/**
 * One text of the parts between `braces`. `base` stands before them (a function, an error); `list` is the array whose
 * elements the parts are, where they are some; `level` is how deep the object lies.
 */
export const assemble = (state, parts, base, braces, isList, level, list) => {
    const { compact, indentation } = state;
    if (compact === true) {
        if (fitsOneLine(state, parts, 0, base)) {
            return `${braces[0]}${base ? ` ${base}` : ""} ${ArrayPrototypeJoin(parts, ", ")} ${braces[1]}`;
        }
        const blanks = `\n${StringPrototypeRepeat(" ", indentation)}`;
        const begin = base === "" && braces[0].length === 1 ? " " : `${base ? ` ${base}` : ""}${blanks}  `;
        return `${braces[0]}${begin}${ArrayPrototypeJoin(parts, `,${blanks}  `)} ${braces[1]}`;
    }
    const head = base ? `${base} ` : "";
    let shown = parts;
    if (typeof compact === "number" && 1 <= compact) {
        const count = parts.length;
        if (isList && LEAST_FOR_COLUMNS < count) shown = inColumns(state, parts, list);
        // Only the innermost levels, as many as `compact` says, are put on one line.
        if (state.currentLevel - level < compact && count === shown.length) {
            const start = shown.length + indentation + braces[0].length + base.length + 10;
            if (fitsOneLine(state, shown, start, base)) {
                const joined = ArrayPrototypeJoin(shown, ", ");
                if (!StringPrototypeIncludes(joined, "\n")) return `${head}${braces[0]} ${joined} ${braces[1]}`;
            }
        }
    }
    const blanks = `\n${StringPrototypeRepeat(" ", indentation)}`;
    return `${head}${braces[0]}${blanks}  ${ArrayPrototypeJoin(shown, `,${blanks}  `)}${blanks}${braces[1]}`;
};
