// The module "vm": scripts run in the one realm that an app has. Whatever asks for a second one throws at once.

import bufferModule from "./buffer.js";
import { absent, absentOf } from "../absent.js";
import { validateArray, validateObject, validateString } from "../node_errors.js";
import { primordials } from "../primordials.js";

const { ArrayPrototypePush, Function, ReflectConstruct, SafeWeakSet, String, Symbol } = primordials;

const { Buffer } = bufferModule;

// Called by another name, `eval` runs its text as a script of the global scope.
const evaluate = eval;
const contexts = new SafeWeakSet();

const withName = (code, options) => {
    const filename = typeof options === "string" ? options : options?.filename;
    return typeof filename === "string" ? `${code}\n//# sourceURL=${filename}` : code;
};

const checkOptions = (options) => {
    if (options !== undefined && typeof options !== "string") validateObject(options, "options");
};

class Script {
    #code;

    constructor(code, options = {}) {
        checkOptions(options);
        this.#code = withName(String(code), options);
        // A script that cannot be read fails here, not when it runs. A function's body may have `return`, a script not.
        ReflectConstruct(Function, [this.#code]);
        this.cachedDataRejected = undefined;
        this.sourceMapURL = undefined;
    }

    runInThisContext(options) {
        checkOptions(options);
        return evaluate(this.#code);
    }

    runInContext() {
        return refuseContext();
    }

    runInNewContext() {
        return refuseNew();
    }

    createCachedData() {
        return Buffer.alloc(0);
    }
}

const refuseContext = absent("vm.runInContext");
const refuseNew = absent("vm.runInNewContext");

export default {
    ...absentOf("vm"),
    Script,
    createContext(contextObject = {}) {
        if (typeof contextObject !== "symbol") {
            validateObject(contextObject, "contextObject", { allowFunction: true });
            contexts.add(contextObject);
        }
        return contextObject;
    },
    createScript(code, options) {
        return new Script(code, options);
    },
    isContext(object) {
        validateObject(object, "object", { allowArray: true });
        return contexts.has(object);
    },
    runInThisContext(code, options) {
        validateString(code, "code");
        checkOptions(options);
        return evaluate(withName(code, options));
    },
    compileFunction(code, params, options) {
        validateString(code, "code");
        if (params !== undefined) validateArray(params, "params");
        checkOptions(options);
        if (options?.parsingContext !== undefined) refuseContext();
        const parts = [];
        for (let at = 0; params !== undefined && at < params.length; at++) {
            validateString(params[at], `params[${at}]`);
            ArrayPrototypePush(parts, params[at]);
        }
        ArrayPrototypePush(parts, withName(code, options));
        return ReflectConstruct(Function, parts);
    },
    constants: {
        __proto__: null,
        USE_MAIN_CONTEXT_DEFAULT_LOADER: Symbol("vm_dynamic_import_main_context_default"),
        DONT_CONTEXTIFY: Symbol("vm_context_no_contextify"),
    },
};
