// The module "timers": the global functions (nodejs.org/api/timers.html).

import { primordials } from "../primordials.js";
import { globalFunctions } from "../timers.js";
import { promises } from "./timers/promises.js";

const { ObjectDefineProperties, SymbolFor } = primordials;

const {
    setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate,
} = globalFunctions;

// `util.promisify` gives the functions of timers/promises.
const promisified = SymbolFor("nodejs.util.promisify.custom");
for (const [owner, value] of [[setTimeout, promises.setTimeout], [setImmediate, promises.setImmediate]]) {
    ObjectDefineProperties(owner, {
        __proto__: null,
        [promisified]: { __proto__: null, value, enumerable: true, configurable: true },
    });
}

export default {
    setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, promises,
};
