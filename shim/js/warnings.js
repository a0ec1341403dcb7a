// Warnings of the platform, such as one about many listeners. They go to `process.emitWarning` once the process object
// exists; before, to the log.

import natives from "./natives.js";
import { primordials } from "./primordials.js";

const { Error, ObjectAssign, ObjectDefineProperty, StringPrototypeToWellFormed } = primordials;

const WARNING = 2;

let sink;

/** Says who takes warnings: a function that is called with an Error. */
export const setWarningSink = (function_) => {
    sink = function_;
};

/** `details` are further properties of the warning. */
export const warn = (name, message, details = undefined) => {
    const warning = new Error(message);
    ObjectDefineProperty(warning, "name", {
        __proto__: null, value: name, writable: true, enumerable: false, configurable: true,
    });
    if (details !== undefined) ObjectAssign(warning, details);
    if (sink !== undefined) sink(warning);
    else natives.log(WARNING, StringPrototypeToWellFormed(`${name}: ${message}`));
};
