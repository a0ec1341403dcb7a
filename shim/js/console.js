// The console: the Console standard (console.spec.whatwg.org) with the texts and the extra methods of Node's console.
//
// Every message is one record of the app's log. Nothing is written to a terminal, and nothing blocks.

import { table } from "./console_table.js";
import { formatList } from "./format.js";
import { consoleMeter, inspectWithin, isOverflow } from "./inspect.js";
import { indented } from "./inspect_text.js";
import natives from "./natives.js";
import { nodeError, validateArray, validateInteger, validateObject, validateOneOf } from "./node_errors.js";
import { primordials } from "./primordials.js";
import { captureStackTrace } from "./stack.js";

const {
    ArrayPrototypeUnshift, Error, MathFloor, MathMin, Number, NumberPrototypeToFixed,
    ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ReflectApply, ReflectConstruct, ReflectOwnKeys, SafeMap,
    SafeWeakSet, String, StringPrototypeEndsWith, StringPrototypeIndexOf, StringPrototypePadStart,
    StringPrototypeRepeat, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToWellFormed,
    SymbolHasInstance, SymbolToStringTag, TypeError,
} = primordials;

const DEBUG = 0;
const INFO = 1;
const WARNING = 2;
const ERROR = 3;

/** A message is cut behind so many characters. */
const LONGEST = 256 * 1024;
/** Deeper groups move no further to the right. */
const DEEPEST_GROUP = 1000;
/** Labels of counters and timers that a console keeps; a further one is refused with a warning. */
const MOST_LABELS = 10_000;

const writeLog = (level, text) => {
    let shown = text;
    if (LONGEST < shown.length) {
        shown = `${StringPrototypeSlice(shown, 0, LONGEST)}... ${shown.length - LONGEST} more characters`;
    }
    natives.log(level, StringPrototypeToWellFormed(shown));
};

const padded = (number) => StringPrototypePadStart(String(number), 2, "0");

/** "12.5ms", "1.250s", "1:02.500 (m:ss.mmm)". */
const durationText = (milliseconds) => {
    if (milliseconds < 1000) return `${Number(NumberPrototypeToFixed(milliseconds, 3))}ms`;
    if (milliseconds < 60_000) return `${NumberPrototypeToFixed(milliseconds / 1000, 3)}s`;
    const hours = MathFloor(milliseconds / 3_600_000);
    const minutes = MathFloor((milliseconds % 3_600_000) / 60_000);
    const seconds = StringPrototypePadStart(NumberPrototypeToFixed((milliseconds % 60_000) / 1000, 3), 6, "0");
    if (hours === 0) return `${minutes}:${seconds} (m:ss.mmm)`;
    return `${hours}:${padded(minutes)}:${seconds} (h:mm:ss.mmm)`;
};

/** A label is a DOMString that is "default" where it is absent. */
const labelOf = (value) => {
    if (value === undefined) return "default";
    if (typeof value === "symbol") throw new TypeError("A label of the console is a symbol, not a string.");
    return String(value);
};

const framesOf = (above) => {
    const holder = {};
    captureStackTrace(holder, above);
    const stack = String(holder.stack);
    const from = StringPrototypeStartsWith(stack, "    at ") ? 0 : StringPrototypeIndexOf(stack, "    at ");
    const frames = from === -1 ? "" : StringPrototypeSlice(stack, from);
    return StringPrototypeEndsWith(frames, "\n") ? StringPrototypeSlice(frames, 0, -1) : frames;
};

/** The methods of one console; `write(level, text)` takes its messages. */
const makeMethods = ({ write, inspectOptions = undefined, groupIndentation = 2, traceLevel = INFO }) => {
    const counts = new SafeMap();
    const timers = new SafeMap();
    let depth = 0;

    const inspector = (meter) => (value, options) => inspectWithin(value, { ...inspectOptions, ...options }, meter);
    const emit = (level, text) => {
        const blanks = MathMin(depth, DEEPEST_GROUP);
        write(level, blanks === 0 ? text : `${StringPrototypeRepeat(" ", blanks)}${indented(text, blanks)}`);
    };
    const print = (level, args) => emit(level, formatList(inspectOptions, args, inspector(consoleMeter())));
    const warnOf = (text) => emit(WARNING, `Warning: ${text}`);
    const isFull = (labels, label) => MOST_LABELS <= labels.size && !labels.has(label);
    const elapsed = (label, method) => {
        const start = timers.get(label);
        if (start === undefined) {
            warnOf(`No such label '${label}' for console.${method}()`);
            return undefined;
        }
        return `${label}: ${durationText(natives.clockNow() - start)}`;
    };
    const group = (data) => {
        if (0 < data.length) print(INFO, data);
        depth += groupIndentation;
    };

    // The order is that of the standard.
    return {
        assert(condition = false, ...data) {
            if (condition) return;
            if (typeof data[0] === "string") data[0] = `Assertion failed: ${data[0]}`;
            else ArrayPrototypeUnshift(data, "Assertion failed");
            print(ERROR, data);
        },
        clear() {},
        debug(...data) {
            print(DEBUG, data);
        },
        error(...data) {
            print(ERROR, data);
        },
        info(...data) {
            print(INFO, data);
        },
        log(...data) {
            print(INFO, data);
        },
        table(tabularData = undefined, properties = undefined) {
            if (tabularData === null || typeof tabularData !== "object") {
                print(INFO, [tabularData]);
                return;
            }
            if (properties !== undefined) validateArray(properties, "properties");
            emit(INFO, table(tabularData, properties, inspector(consoleMeter())));
        },
        trace: function trace(...data) {
            let head = "Trace";
            if (0 < data.length) head += `: ${formatList(inspectOptions, data, inspector(consoleMeter()))}`;
            const frames = framesOf(trace);
            emit(traceLevel, frames === "" ? head : `${head}\n${frames}`);
        },
        warn(...data) {
            print(WARNING, data);
        },
        dir(item = undefined, options = undefined) {
            emit(INFO, inspector(consoleMeter())(item, { customInspect: false, ...options }));
        },
        dirxml(...data) {
            print(INFO, data);
        },
        count(label = undefined) {
            const name = labelOf(label);
            if (isFull(counts, name)) {
                warnOf(`console.count() keeps at most ${MOST_LABELS} labels`);
                return;
            }
            const number = (counts.get(name) ?? 0) + 1;
            counts.set(name, number);
            emit(INFO, `${name}: ${number}`);
        },
        countReset(label = undefined) {
            const name = labelOf(label);
            if (counts.has(name)) counts.set(name, 0);
            else warnOf(`Count for '${name}' does not exist`);
        },
        group(...data) {
            group(data);
        },
        groupCollapsed(...data) {
            group(data);
        },
        groupEnd() {
            depth = depth < groupIndentation ? 0 : depth - groupIndentation;
        },
        time(label = undefined) {
            const name = labelOf(label);
            if (timers.has(name)) warnOf(`Label '${name}' already exists for console.time()`);
            else if (isFull(timers, name)) warnOf(`console.time() keeps at most ${MOST_LABELS} labels`);
            else timers.set(name, natives.clockNow());
        },
        timeLog(label = undefined, ...data) {
            const text = elapsed(labelOf(label), "timeLog");
            if (text === undefined) return;
            ArrayPrototypeUnshift(data, "%s", text);
            print(INFO, data);
        },
        timeEnd(label = undefined) {
            const name = labelOf(label);
            const text = elapsed(name, "timeEnd");
            if (text === undefined) return;
            timers.delete(name);
            emit(INFO, text);
        },
        // Node has these for a debugger, which is not here.
        profile() {},
        profileEnd() {},
        timeStamp() {},
        createTask(name) {
            return { name: String(name), run: (callback) => ReflectApply(callback, undefined, []) };
        },
    };
};

const install = (target, methods) => {
    const keys = ReflectOwnKeys(methods);
    for (let at = 0; at < keys.length; at++) {
        const { value } = ObjectGetOwnPropertyDescriptor(methods, keys[at]);
        const described = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
        ObjectDefineProperty(target, keys[at], described);
    }
};

const consoles = new SafeWeakSet();

// The standard asks for a namespace object whose prototype is an empty object.
export const console = { __proto__: {} };
install(console, makeMethods({ write: writeLog }));
ObjectDefineProperty(console, SymbolToStringTag, { __proto__: null, value: "console", configurable: true });
consoles.add(console);

const isWritable = (stream) => stream !== null && stream !== undefined && typeof stream.write === "function";

/** Node's class: a console that writes lines to streams, `new Console(stdout, stderr)` or with options. */
export const Console = function Console(options) {
    if (new.target === undefined) return ReflectConstruct(Console, arguments);
    let given = options;
    if (options === null || typeof options !== "object" || isWritable(options)) {
        given = { stdout: options, stderr: arguments[1], ignoreErrors: arguments[2] };
    }
    const { stdout, stderr = stdout, ignoreErrors = true } = given;
    const { colorMode = "auto", inspectOptions, groupIndentation = 2 } = given;
    if (!isWritable(stdout)) throw notWritable("stdout");
    if (!isWritable(stderr)) throw notWritable("stderr");
    validateInteger(groupIndentation, "groupIndentation", 0, DEEPEST_GROUP);
    if (inspectOptions !== undefined) validateObject(inspectOptions, "options.inspectOptions");
    validateOneOf(colorMode, "colorMode", ["auto", true, false]);
    const write = (level, text) => {
        const stream = level < WARNING ? stdout : stderr;
        if (!ignoreErrors || typeof stream.once !== "function") {
            stream.write(`${text}\n`);
            return;
        }
        // An error of the stream is nobody's: neither one at once nor one that comes later.
        const ignore = () => undefined;
        stream.once("error", ignore);
        try {
            stream.write(`${text}\n`, (error) => {
                if (error && stream.listenerCount?.("error") === 0) stream.once("error", ignore);
            });
        } catch (error) {
            if (isOverflow(error)) throw error;
        } finally {
            stream.removeListener("error", ignore);
        }
    };
    const shown = colorMode === true ? { colors: true, ...inspectOptions } : inspectOptions;
    install(this, makeMethods({ write, inspectOptions: shown, groupIndentation, traceLevel: ERROR }));
    consoles.add(this);
};

const notWritable = (name) => nodeError(
    TypeError, "ERR_CONSOLE_WRITABLE_STREAM", `Console expects a writable stream instance for ${name}`,
);

ObjectDefineProperty(Console, SymbolHasInstance, {
    __proto__: null,
    value: (value) => value !== null && typeof value === "object" && consoles.has(value),
});
ObjectDefineProperty(console, "Console", {
    __proto__: null, value: Console, writable: true, enumerable: false, configurable: true,
});

export const globals = { console };
