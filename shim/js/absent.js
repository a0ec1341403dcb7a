// Functions and classes for powers that do not exist: each throws at once, by its name (builtin_list.js has the table).

import { EGRESS, powers } from "./builtin_list.js";
import { nodeError } from "./node_errors.js";
import { primordials } from "./primordials.js";

const {
    Error, ObjectDefineProperty, SafeMap, StringPrototypeIncludes, StringPrototypeSlice, StringPrototypeStartsWith,
    StringPrototypeLastIndexOf,
} = primordials;

const reasons = new SafeMap();
for (let at = 0; at < powers.length; at++) reasons.set(powers[at][0], powers[at][1]);

/** The error of a power of the table. */
export const absentError = (name) => {
    const reason = reasons.get(name);
    if (reason === EGRESS) return nodeError(Error, "ERR_ACCESS_DENIED", `${name}: ${EGRESS}`);
    return nodeError(Error, "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", `${name} does not exist here: ${reason}`);
};

/** A function, also one for `new`, that throws the error of a power. */
export const absent = (name) => {
    const refuse = function () {
        throw absentError(name);
    };
    const value = StringPrototypeSlice(name, StringPrototypeLastIndexOf(name, ".") + 1);
    ObjectDefineProperty(refuse, "name", { __proto__: null, value, configurable: true });
    return refuse;
};

/** All absent functions of one module: those of the table whose names are MODULE.NAME. */
export const absentOf = (module) => {
    const functions = {};
    const prefix = `${module}.`;
    for (let at = 0; at < powers.length; at++) {
        const name = powers[at][0];
        if (!StringPrototypeStartsWith(name, prefix)) continue;
        const key = StringPrototypeSlice(name, prefix.length);
        if (!StringPrototypeIncludes(key, ".")) functions[key] = absent(name);
    }
    return functions;
};
