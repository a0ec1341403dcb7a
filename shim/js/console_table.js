// Tables of console.table, in the form that Node's documentation shows.

import { columnsOf } from "./inspect_text.js";
import { classOf, MAP, SET } from "./class_of.js";
import { primordials } from "./primordials.js";

const {
    ArrayIsArray, ArrayPrototypeJoin, ArrayPrototypePush, MapIteratorPrototypeNext, MapPrototypeEntries, MathMax,
    ObjectKeys, ReflectGetOwnPropertyDescriptor, SafeMap, SetIteratorPrototypeNext, SetPrototypeValues, String,
    StringPrototypeRepeat,
} = primordials;

/** What is beyond these numbers is counted below the table. */
const MOST_ROWS = 1000;
const MOST_COLUMNS = 100;

const cellOptions = (value) => {
    const isLarge = value !== null && typeof value === "object" && !ArrayIsArray(value) && 2 < ObjectKeys(value).length;
    return { depth: isLarge ? -1 : 0, maxArrayLength: 3, breakLength: 1 / 0 };
};

const line = (left, between, right, widths) => {
    const parts = [];
    for (let at = 0; at < widths.length; at++) parts[at] = StringPrototypeRepeat("─", widths[at]);
    return `${left}${ArrayPrototypeJoin(parts, between)}${right}`;
};

const row = (cells, widths) => {
    let text = "│";
    for (let at = 0; at < widths.length; at++) {
        const cell = cells[at] ?? "";
        const blanks = widths[at] - columnsOf(cell) - 1;
        text += ` ${cell}${StringPrototypeRepeat(" ", blanks)}│`;
    }
    return text;
};

const draw = (heads, rows) => {
    const widths = [];
    for (let at = 0; at < heads.length; at++) widths[at] = columnsOf(heads[at]) + 2;
    for (let index = 0; index < rows.length; index++) {
        for (let at = 0; at < heads.length; at++) {
            widths[at] = MathMax(widths[at], columnsOf(rows[index][at] ?? "") + 2);
        }
    }
    const texts = [line("┌", "┬", "┐", widths), row(heads, widths), line("├", "┼", "┤", widths)];
    for (let index = 0; index < rows.length; index++) ArrayPrototypePush(texts, row(rows[index], widths));
    ArrayPrototypePush(texts, line("└", "┴", "┘", widths));
    return ArrayPrototypeJoin(texts, "\n");
};

const mapTable = (value, show) => {
    const rows = [];
    const iterator = MapPrototypeEntries(value);
    while (rows.length < MOST_ROWS) {
        const step = MapIteratorPrototypeNext(iterator);
        if (step.done) break;
        ArrayPrototypePush(rows, [String(rows.length), show(step.value[0]), show(step.value[1])]);
    }
    return draw(["(iteration index)", "Key", "Values"], rows);
};

const setTable = (value, show) => {
    const rows = [];
    const iterator = SetPrototypeValues(value);
    while (rows.length < MOST_ROWS) {
        const step = SetIteratorPrototypeNext(iterator);
        if (step.done) break;
        ArrayPrototypePush(rows, [String(rows.length), show(step.value)]);
    }
    return draw(["(iteration index)", "Values"], rows);
};

/** The value of an own property; what a getter would give is not asked for. */
const cell = (owner, key, show) => {
    const described = ReflectGetOwnPropertyDescriptor(owner, key);
    if (described === undefined) return "";
    return described.get === undefined && described.set === undefined ? show(described.value) : "[Getter]";
};

/** `inspector(value, options)` gives the texts of cells; `properties` is a list of the columns or undefined. */
export const table = (data, properties, inspector) => {
    const show = (value) => inspector(value, cellOptions(value));
    const number = classOf(data);
    if (number === MAP) return mapTable(data, show);
    if (number === SET) return setTable(data, show);
    const heads = ["(index)"];
    const places = new SafeMap();
    const keys = ObjectKeys(data);
    const rows = [];
    let hasPrimitives = false;
    const primitives = [];
    for (let index = 0; index < keys.length && index < MOST_ROWS; index++) {
        const cells = [keys[index]];
        const item = data[keys[index]];
        const isPrimitive = item === null || (typeof item !== "function" && typeof item !== "object");
        if (isPrimitive && properties === undefined) {
            hasPrimitives = true;
            primitives[index] = show(item);
        } else {
            const columns = properties ?? ObjectKeys(item);
            for (let at = 0; at < columns.length && at < MOST_COLUMNS; at++) {
                const key = typeof columns[at] === "symbol" ? columns[at] : String(columns[at]);
                let column = places.get(key);
                if (column === undefined) {
                    if (MOST_COLUMNS < heads.length) break;
                    column = heads.length;
                    places.set(key, column);
                    ArrayPrototypePush(heads, String(key));
                }
                cells[column] = isPrimitive ? "" : cell(item, key, show);
            }
        }
        ArrayPrototypePush(rows, cells);
    }
    if (hasPrimitives) {
        const column = heads.length;
        ArrayPrototypePush(heads, "Values");
        for (let index = 0; index < rows.length; index++) rows[index][column] = primitives[index] ?? "";
    }
    const text = draw(heads, rows);
    const dropped = keys.length - rows.length;
    return 0 < dropped ? `${text}\n... ${dropped} more rows` : text;
};
