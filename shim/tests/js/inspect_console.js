// The console and util.format: places in texts, groups, counters, timers, tables, assertions.

import { Console } from "node:console";
import { format, formatWithOptions } from "node:util";

/** What a console writes: lines of the output begin with "1 ", those for errors with "2 ". */
const written = (use, options = {}) => {
    const lines = [];
    const to = (name) => ({ write: (text) => lines.push(`${name} ${text}`) });
    use(new Console({ stdout: to("1"), stderr: to("2"), ...options }));
    return lines;
};
const thrown = (use) => {
    try {
        use();
    } catch (error) {
        return `${error.name} ${error.code ?? ""}`.trim();
    }
    return "nothing";
};

export const cases = [
    ["%s of an object", () => format("%s", { a: { b: 1 } }), "{ a: [Object] }"],
    ["%s of an object with its own toString", () => format("%s", { toString: () => "own" }), "own"],
    ["%s of minus zero, a bigint and a symbol", () => format("%s %s %s", -0, 5n, Symbol("q")), "-0 5n Symbol(q)"],
    ["%d", () => format("%d %d %d", "0x10", 5n, {}), "16 5n NaN"],
    ["%i and %f", () => format("%i %f", "42.9px", "1.5e1z"), "42 15"],
    ["%j", () => format("%j", { a: [1] }), "{\"a\":[1]}"],
    ["%j of a cycle", () => {
        const cycle = {};
        cycle.cycle = cycle;
        return format("%j", cycle);
    }, "[Circular]"],
    ["%O and %o", () => format("%O %o", { a: 1 }, [1]), "{ a: 1 } [ 1, [length]: 1 ]"],
    ["%c takes its argument", () => format("%cred", "color: red"), "red"],
    ["%% is one", () => format("%% %s", 1), "% 1"],
    ["one text stays as it is", () => format("100%%"), "100%%"],
    ["places without arguments stay", () => format("%s %d", 1), "1 %d"],
    ["further arguments follow", () => format("a", 1, "b", { c: 1 }), "a 1 b { c: 1 }"],
    ["a first argument that is no text", () => format({ a: 1 }, "%s", 1), "{ a: 1 } %s 1"],
    ["options", () => formatWithOptions({ compact: false }, "%O", { a: 1 }), "{\n  a: 1\n}"],
    ["streams of the levels", () => written((console) => {
        console.log("l");
        console.info("i");
        console.debug("d");
        console.warn("w");
        console.error("e");
    }), ["1 l\n", "1 i\n", "1 d\n", "2 w\n", "2 e\n"]],
    ["groups", () => written((console) => {
        console.group("g");
        console.log("a\nb");
        console.groupCollapsed();
        console.log("c");
        console.groupEnd();
        console.groupEnd();
        console.groupEnd();
        console.log("d");
    }), ["1 g\n", "1   a\n  b\n", "1     c\n", "1 d\n"]],
    ["counters", () => written((console) => {
        console.count();
        console.count("x");
        console.count();
        console.countReset();
        console.count();
        console.countReset("none");
    }), ["1 default: 1\n", "1 x: 1\n", "1 default: 2\n", "1 default: 1\n", "2 Warning: Count for 'none' does not exist\n"]],
    ["labels are texts", () => [
        written((console) => console.count({ toString: () => "t" })),
        thrown(() => written((console) => console.count({ toString() { throw new RangeError("no"); } }))),
        thrown(() => written((console) => console.time(Symbol("s")))),
    ], [["1 t: 1\n"], "RangeError", "TypeError"]],
    ["timers", () => written((console) => {
        console.time("t");
        console.timeLog("t", "more", { a: 1 });
        console.timeEnd("t");
        console.timeEnd("t");
    }).map((line) => line.replace(/[\d.]+m?s/, "N")),
    ["1 t: N more { a: 1 }\n", "1 t: N\n", "2 Warning: No such label 't' for console.timeEnd()\n"]],
    ["assertions", () => written((console) => {
        console.assert(true, "not shown");
        console.assert(false, "%s is wrong", "it");
        console.assert(0, { a: 1 });
        console.assert();
    }), ["2 Assertion failed: it is wrong\n", "2 Assertion failed { a: 1 }\n", "2 Assertion failed\n"]],
    ["a table of objects", () => written((console) => console.table([{ a: 1, b: "x" }, { b: 2 }, 5])), [
        "1 ┌─────────┬───┬─────┬────────┐\n│ (index) │ a │ b   │ Values │\n├─────────┼───┼─────┼────────┤\n"
        + "│ 0       │ 1 │ 'x' │        │\n│ 1       │   │ 2   │        │\n│ 2       │   │     │ 5      │\n"
        + "└─────────┴───┴─────┴────────┘\n",
    ]],
    ["a table of some columns", () => written((console) => console.table([{ a: 1, b: 2 }], ["b"])), [
        "1 ┌─────────┬───┐\n│ (index) │ b │\n├─────────┼───┤\n│ 0       │ 2 │\n└─────────┴───┘\n",
    ]],
    ["a table of a map", () => written((console) => console.table(new Map([["k", 1]]))), [
        "1 ┌───────────────────┬─────┬────────┐\n│ (iteration index) │ Key │ Values │\n"
        + "├───────────────────┼─────┼────────┤\n│ 0                 │ 'k' │ 1      │\n"
        + "└───────────────────┴─────┴────────┘\n",
    ]],
    ["a table of no object", () => written((console) => console.table("x")), ["1 x\n"]],
    ["dir leaves customs out", () => written((console) => {
        console.dir({ [Symbol.for("nodejs.util.inspect.custom")]: () => "custom" });
        console.dir({ a: { b: { c: {} } } }, { depth: 0 });
    }), ["1 {\n  [Symbol(nodejs.util.inspect.custom)]: [Function: [nodejs.util.inspect.custom]]\n}\n", "1 { a: [Object] }\n"]],
    ["trace shows where", () => written((console) => console.trace("here %d", 1))[0].split("\n")[0], "2 Trace: here 1"],
    ["a console needs a stream", () => thrown(() => new Console({})), "TypeError ERR_CONSOLE_WRITABLE_STREAM"],
    ["a console is told", () => [new Console({ write() {} }) instanceof Console, {} instanceof Console], [true, false]],
];
