// The module "console": each method, by what it writes to which stream.

import { failure } from "./common.mjs";

const { Console } = process.getBuiltinModule("console");
const consoleModule = process.getBuiltinModule("console");

/** What a function makes a console of its own write: [to the first stream, to the second]. */
const written = (run, options = {}) => {
    const texts = ["", ""];
    const stream = (at) => ({ write(text) {
        texts[at] += text;
    }, on() {}, once() {}, removeListener() {}, listenerCount: () => 1 });
    const own = new Console({ stdout: stream(0), stderr: stream(1), ...options });
    run(own);
    return texts;
};
const withoutStack = (texts) => texts.map((text) => text.split("\n").filter((line) => !/^\s*at /.test(line)).join("\n"));

/** What the global console writes by way of process.stdout and process.stderr, if it writes there. */
const METHODS = ["log", "info", "debug", "dirxml", "warn", "error", "trace"];

export const cases = [
    ["the module is the global console", () => [consoleModule === console, console.Console === Console, consoleModule.log === console.log,
        new Console(process.stdout) instanceof Console, console instanceof Console, failure(() => Console()).slice(0, 2)], [
        true, true, true, true, true, ["TypeError", "ERR_CONSOLE_WRITABLE_STREAM"],
    ]],
    ["lines go where they belong", () => METHODS.map((name) => [name, ...withoutStack(written((own) => own[name]("%s is %d", "a", 5, { b: 1 })))]), [
        ["log", "a is 5 { b: 1 }\n", ""], ["info", "a is 5 { b: 1 }\n", ""], ["debug", "a is 5 { b: 1 }\n", ""],
        ["dirxml", "a is 5 { b: 1 }\n", ""], ["warn", "", "a is 5 { b: 1 }\n"], ["error", "", "a is 5 { b: 1 }\n"],
        ["trace", "", "Trace: a is 5 { b: 1 }\n"],
    ]],
    ["nothing is an empty line", () => ["log", "error", "info", "warn", "debug"].map((name) => written((own) => own[name]())), [
        ["\n", ""], ["", "\n"], ["\n", ""], ["", "\n"], ["\n", ""],
    ]],
    ["assert", () => [written((own) => own.assert(true, "a")), written((own) => own.assert(false)), written((own) => own.assert(0, "a %s", "b")),
        written((own) => own.assert(null, { a: 1 })), written((own) => own.assert())], [
        ["", ""], ["", "Assertion failed\n"], ["", "Assertion failed: a b\n"], ["", "Assertion failed { a: 1 }\n"],
        ["", "Assertion failed\n"],
    ]],
    ["dir shows without asking the object", () => [written((own) => own.dir({ a: { b: { c: { d: 1 } } } })),
        written((own) => own.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 })), written((own) => own.dir("a", "b")),
        written((own) => own.dir({ [Symbol.for("nodejs.util.inspect.custom")]: () => "own" }))], [
        ["{ a: { b: { c: [Object] } } }\n", ""], ["{ a: [Object] }\n", ""], ["'a'\n", ""],
        ["{\n  [Symbol(nodejs.util.inspect.custom)]: [Function: [nodejs.util.inspect.custom]]\n}\n", ""],
    ]],
    ["dirxml is log", () => written((own) => own.dirxml({ a: 1 }, [2])), ["{ a: 1 } [ 2 ]\n", ""]],
    ["count", () => written((own) => {
        own.count();
        own.count("default");
        own.count("a");
        own.count(undefined);
        own.countReset();
        own.count();
        own.countReset("a");
        own.count("a");
        own.count(5);
    }), ["default: 1\ndefault: 2\na: 1\ndefault: 3\ndefault: 1\na: 1\n5: 1\n", ""]],
    ["countReset of what was not counted is a line of its own, and no warning of the process", async () => {
        const seen = [];
        const listen = (warning) => seen.push([warning.name, warning.message]);
        process.on("warning", listen);
        const texts = written((own) => own.countReset("none"));
        await new Promise((resolve) => setTimeout(resolve, 2));
        process.off("warning", listen);
        return [texts, seen];
    }, [["", "Warning: Count for 'none' does not exist\n"], []]],
    ["groups indent", () => written((own) => {
        own.group("one");
        own.log("a\nb");
        own.groupCollapsed("two", 2);
        own.error("c");
        own.groupEnd();
        own.log("d");
        own.groupEnd();
        own.groupEnd();
        own.log("e");
        own.group();
        own.log("f");
    }), ["one\n  a\n  b\n  two 2\n  d\ne\n  f\n", "    c\n"]],
    ["groups indent as far as is wanted", () => [written((own) => {
        own.group("a");
        own.log("b");
    }, { groupIndentation: 5 }), failure(() => written(() => {}, { groupIndentation: -1 })).slice(0, 2), failure(() => written(() => {},
        { groupIndentation: "a" })).slice(0, 2)], [["a\n     b\n", ""], ["RangeError", "ERR_OUT_OF_RANGE"], ["TypeError", "ERR_INVALID_ARG_TYPE"]]],
    ["table", () => [written((own) => own.table([{ a: 1, b: "x" }, { a: 2, c: true }])), written((own) => own.table([[1, 2], [3]])),
        written((own) => own.table([{ a: 1, b: 2 }], ["b"])), written((own) => own.table(new Map([["k", 1]]))),
        written((own) => own.table(new Set([1]))), written((own) => own.table({ x: { a: 1 }, y: 5 })), written((own) => own.table("text")),
            written((own) => own.table(null)), written((own) => own.table([])),
        failure(() => written((own) => own.table([], 5))).slice(0, 2)], [
        ["┌─────────┬───┬─────┬──────┐\n│ (index) │ a │ b   │ c    │\n├─────────┼───┼─────┼──────┤\n│ 0       │ 1 │ 'x' │      │\n│ 1       │ 2 │     │ true │\n└─────────┴───┴─────┴──────┘\n", ""],
        ["┌─────────┬───┬───┐\n│ (index) │ 0 │ 1 │\n├─────────┼───┼───┤\n│ 0       │ 1 │ 2 │\n│ 1       │ 3 │   │\n└─────────┴───┴───┘\n", ""],
        ["┌─────────┬───┐\n│ (index) │ b │\n├─────────┼───┤\n│ 0       │ 2 │\n└─────────┴───┘\n", ""],
        ["┌───────────────────┬─────┬────────┐\n│ (iteration index) │ Key │ Values │\n├───────────────────┼─────┼────────┤\n│ 0                 │ 'k' │ 1      │\n└───────────────────┴─────┴────────┘\n", ""],
        ["┌───────────────────┬────────┐\n│ (iteration index) │ Values │\n├───────────────────┼────────┤\n│ 0                 │ 1      │\n└───────────────────┴────────┘\n", ""],
        ["┌─────────┬───┬────────┐\n│ (index) │ a │ Values │\n├─────────┼───┼────────┤\n│ x       │ 1 │        │\n│ y       │   │ 5      │\n└─────────┴───┴────────┘\n", ""],
        ["text\n", ""], ["null\n", ""], ["┌─────────┐\n│ (index) │\n├─────────┤\n└─────────┘\n", ""],
        ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["time", () => {
        const texts = written((own) => {
            own.time();
            own.timeLog();
            own.timeLog("default", "more", { a: 1 });
            own.timeEnd();
            own.time("a");
            own.timeEnd("a");
        });
        return texts.map((text) => text.replace(/\d+(\.\d+)?(ms|s)/g, "TIME"));
    }, ["default: TIME\ndefault: TIME more { a: 1 }\ndefault: TIME\na: TIME\n", ""]],
    ["times that are not there, or twice, are lines of their own", async () => {
        const seen = [];
        const listen = (warning) => seen.push(warning.message);
        process.on("warning", listen);
        const texts = written((own) => {
            own.timeEnd("none");
            own.timeLog("none");
            own.time("twice");
            own.time("twice");
        });
        await new Promise((resolve) => setTimeout(resolve, 2));
        process.off("warning", listen);
        return [texts, seen];
    }, [["", ["No such label 'none' for console.timeEnd()", "No such label 'none' for console.timeLog()", "Label 'twice' already exists for console.time()"]
        .map((text) => `Warning: ${text}\n`).join("")], []]],
    ["trace has the stack", () => written((own) => own.trace("a", 1))[1].split("\n").map((line) => line.replace(/^\s*at .*/, "    at")).slice(0, 2), [
        "Trace: a 1", "    at",
    ]],
    ["methods that do nothing to a stream that is no terminal", () => [written((own) => own.clear()), ["profile", "profileEnd",
        "timeStamp"].map((name) => console[name]("a"))], [["", ""], [null, null, null]]],
    ["a console's streams", () => [failure(() => new Console()), failure(() => new Console({})), failure(() => new Console({ stdout: {} })),
        failure(() => new Console(process.stdout, {})), failure(() => new Console({ stdout: process.stdout, colorMode: "x" })).slice(0, 2),
        failure(() => new Console({ stdout: process.stdout, inspectOptions: 5 })).slice(0, 2)], [
        ["TypeError", "ERR_CONSOLE_WRITABLE_STREAM", "Console expects a writable stream instance for stdout"],
        ["TypeError", "ERR_CONSOLE_WRITABLE_STREAM", "Console expects a writable stream instance for stdout"],
        ["TypeError", "ERR_CONSOLE_WRITABLE_STREAM", "Console expects a writable stream instance for stdout"],
        ["TypeError", "ERR_CONSOLE_WRITABLE_STREAM", "Console expects a writable stream instance for stderr"],
        ["TypeError", "ERR_INVALID_ARG_VALUE"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["one stream takes errors too", () => {
        let text = "";
        const own = new Console({ write(part) {
            text += part;
        }, on() {}, once() {}, removeListener() {}, listenerCount: () => 1 });
        own.log("a");
        own.error("b");
        return text;
    }, "a\nb\n"],
    ["errors of a stream are passed over, unless they are wanted", () => {
        const bad = { write() {
            throw new Error("own");
        }, on() {}, once() {}, removeListener() {}, listenerCount: () => 1 };
        return [failure(() => new Console({ stdout: bad }).log("a")), failure(() => new Console({ stdout: bad, ignoreErrors: false }).log("a"))];
    }, [["gave", null], ["Error", null, "own"]]],
    ["values are shown as is wanted", () => [written((own) => own.log({ a: { b: { c: {} } } }), { inspectOptions: { depth: 0 } }),
        written((own) => own.log("%o", [1], { a: "x" }), { colorMode: true }), written((own) => own.log(5, "x"),
        { inspectOptions: { colors: true } })], [
        ["{ a: [Object] }\n", ""], ["[ \u001b[33m1\u001b[39m, [length]: \u001b[33m1\u001b[39m ] { a: \u001b[32m'x'\u001b[39m }\n", ""],
        ["\u001b[33m5\u001b[39m x\n", ""],
    ]],
    ["methods do not need their object", () => written((own) => {
        const { log, warn } = own;
        log("a");
        [1, 2].forEach(warn);
    }), ["a\n", "1 0 [ 1, 2 ]\n2 1 [ 1, 2 ]\n"]],
    ["the global methods do not need theirs, and give nothing", () => {
        const values = ["log", "info", "debug", "warn", "error", "dir", "dirxml", "table", "group", "groupEnd", "count", "countReset", "time",
            "timeLog", "timeEnd", "assert"].map((name) => {
            const method = console[name];
            return method("node_console");
        });
        return values.every((value) => value === undefined);
    }, true],
];
