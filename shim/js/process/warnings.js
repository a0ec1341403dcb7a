// process.emitWarning (Node's documentation, "process.emitWarning()").

import { invalidArgType, validateString } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { captureStackTrace } from "../stack.js";
import { enqueue } from "../ticks.js";
import { writeToLog } from "./log_lines.js";

const { Error, ObjectDefineProperty } = primordials;

const makeWarning = (message, type, code, from, detail) => {
    const warning = new Error(message);
    ObjectDefineProperty(warning, "name", {
        __proto__: null, value: type, writable: true, enumerable: false, configurable: true,
    });
    if (code !== undefined) warning.code = code;
    if (detail !== undefined) warning.detail = detail;
    captureStackTrace(warning, from);
    return warning;
};

const show = (process, warning) => {
    const isDeprecation = warning.name === "DeprecationWarning";
    if (isDeprecation && process.noDeprecation) return;
    const code = warning.code === undefined ? "" : `[${warning.code}] `;
    const isTraced = process.traceProcessWarnings || (isDeprecation && process.traceDeprecation);
    const text = isTraced && warning.stack ? warning.stack : `${warning.name}: ${warning.message}`;
    writeToLog(2, `(node:${process.pid}) ${code}${text}\n`);
    if (typeof warning.detail === "string") writeToLog(2, `${warning.detail}\n`);
};

const announce = (process, warning) => {
    show(process, warning);
    process.emit("warning", warning);
};

export const makeEmitWarning = (process) => function emitWarning(warning, type, code, from) {
    let detail;
    if (type !== null && typeof type === "object") {
        from = type.ctor;
        code = type.code;
        if (typeof type.detail === "string") detail = type.detail;
        type = type.type ?? "Warning";
    } else if (typeof type === "function") {
        from = type;
        code = undefined;
        type = "Warning";
    }
    if (type !== undefined) validateString(type, "type");
    if (typeof code === "function") {
        from = code;
        code = undefined;
    } else if (code !== undefined) {
        validateString(code, "code");
    }
    let made = warning;
    if (typeof warning === "string") made = makeWarning(warning, type ?? "Warning", code, from ?? emitWarning, detail);
    else if (!(warning instanceof Error)) throw invalidArgType("warning", ["Error", "string"], warning);
    if (made.name === "DeprecationWarning") {
        if (process.noDeprecation) return;
        if (process.throwDeprecation) {
            enqueue(() => {
                throw made;
            }, []);
            return;
        }
    }
    enqueue(announce, [process, made]);
};
