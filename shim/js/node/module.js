// The module "module" (nodejs.org/api/module.html, Node 22). The class Module and its loader are in modules.js, which
// the boot file gives to `install`; so this file has no part in the circle of modules that load each other.

import { absentOf } from "../absent.js";
import { modules } from "../builtin_list.js";
import { existsSync } from "../fs/operations.js";
import { invalidArgValue, validateString } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { posix } from "./path/posix.js";
import { fileURLToPath, isURL } from "./url/files.js";

const {
    ArrayPrototypePush, ObjectDefineProperty, SafeSet, StringPrototypeLastIndexOf, StringPrototypeSlice,
    StringPrototypeStartsWith,
} = primordials;

const names = new SafeSet();
const builtinModules = [];
for (let at = 0; at < modules.length; at++) {
    names.add(modules[at]);
    ArrayPrototypePush(builtinModules, modules[at]);
}

const isBuiltin = (moduleName) => {
    if (typeof moduleName !== "string") return false;
    return names.has(StringPrototypeStartsWith(moduleName, "node:") ? StringPrototypeSlice(moduleName, 5) : moduleName);
};

/** The path of a file that was given as a path or a file URL. */
const pathFrom = (value) => {
    const isFileUrl = typeof value === "string" && StringPrototypeStartsWith(value, "file:");
    if (isFileUrl || isURL(value)) return fileURLToPath(value);
    if (typeof value !== "string" || value[0] !== "/") {
        throw invalidArgValue("filename", value, "must be a file URL object, file URL string, or absolute path string");
    }
    return value;
};

const parentOf = (path) => {
    const end = StringPrototypeLastIndexOf(path, "/");
    return end <= 0 ? "/" : StringPrototypeSlice(path, 0, end);
};

const join = (folder, name) => (folder === "/" ? `/${name}` : `${folder}/${name}`);

/** The package.json of a file: the next one in its folder or above; of a bare name: that of the package. */
const findPackageJSON = (specifier, base) => {
    if (!isURL(specifier)) validateString(specifier, "specifier");
    const isFileUrl = isURL(specifier) || StringPrototypeStartsWith(specifier, "file:");
    const isPath = isFileUrl || specifier[0] === "." || specifier[0] === "/";
    const from = base === undefined ? "/app/" : pathFrom(base);
    if (!isPath) {
        for (let folder = parentOf(from); ; folder = parentOf(folder)) {
            const found = join(folder, `node_modules/${packageOf(specifier)}/package.json`);
            if (existsSync(found)) return found;
            if (folder === "/") return undefined;
        }
    }
    let start = specifier;
    if (isFileUrl) start = fileURLToPath(specifier);
    else if (specifier[0] === ".") start = posix.join(parentOf(from), specifier);
    for (let folder = start; ; folder = parentOf(folder)) {
        const found = join(folder, "package.json");
        if (existsSync(found)) return found;
        if (folder === "/") return undefined;
    }
};

/** "@scope/name" or "name" of a specifier with a path behind it. */
const packageOf = (specifier) => {
    let end = 0;
    let isScoped = specifier[0] === "@";
    for (; end < specifier.length; end++) {
        if (specifier[end] !== "/") continue;
        if (!isScoped) break;
        isScoped = false;
    }
    return StringPrototypeSlice(specifier, 0, end);
};

/** Puts what belongs to the module onto the class Module, which is what `require("module")` gives. */
export const install = ({ Module, requireFrom }) => {
    const members = {
        ...absentOf("module"), builtinModules, isBuiltin, findPackageJSON,
        createRequire(filename) {
            const path = pathFrom(filename);
            // A path that ends with a slash is a folder.
            return requireFrom(path[path.length - 1] === "/" ? `${path}noop.js` : path);
        },
        enableCompileCache() { return { status: 3 }; },
        getCompileCacheDir() {},
        flushCompileCache() {},
        findSourceMap() {},
        syncBuiltinESMExports() {},
        constants: { compileCacheStatus: { __proto__: null, FAILED: 0, ENABLED: 1, ALREADY_ENABLED: 2, DISABLED: 3 } },
    };
    for (const key in members) {
        ObjectDefineProperty(Module, key, {
            __proto__: null, value: members[key], writable: true, enumerable: true, configurable: true,
        });
    }
    moduleModule = Module;
    return Module;
};

let moduleModule;

export { moduleModule as default };
