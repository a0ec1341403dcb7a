// Modules of CommonJS: what `require` finds, runs and keeps, as Node's documentation of "Modules: CommonJS modules" has it.
//
// Where a name leads to was found out when the app was deployed; the native `resolve` looks it up, and searches for
// names that were not known then. An id is the path of a file inside the app, or the name of a module that is built in,
// with `node:` before it.

import { primordials } from "./primordials.js";
import natives from "./natives.js";
import { bareName, builtin, builtinNames } from "./builtins.js";
import { pathToFileURL } from "./node/url/files.js";
import { URL } from "./url.js";

const {
    ArrayPrototypePush, Error, FunctionPrototypeCall, JSONParse, ObjectCreate, ObjectDefineProperty, ObjectGetPrototypeOf,
    ObjectKeys, ObjectPreventExtensions, ObjectPrototype, ObjectPrototypeHasOwnProperty, PromisePrototypeThen,
    ReflectApply, SafeMap, StringPrototypeEndsWith, StringPrototypeLastIndexOf, StringPrototypeSlice,
    StringPrototypeStartsWith, StringPrototypeToWellFormed, SymbolToStringTag, SyntaxError, TypeError,
} = primordials;

/** The folder in which an app sees its files. */
export const ROOT = "/app/";

const BUILT_IN = "node:";

/** The path of a file as the app sees it, and back. */
export const filename = (id) => `${ROOT}${id}`;
export const idOf = (path) => (StringPrototypeStartsWith(path, ROOT) ? StringPrototypeSlice(path, ROOT.length) : undefined);

const dirname = (path) => {
    const end = StringPrototypeLastIndexOf(path, "/");
    return end <= 0 ? "/" : StringPrototypeSlice(path, 0, end);
};

// What bundlers give as text. Nobody means to run such a file as a script.
const TEXTS = {
    __proto__: null, html: true, htm: true, txt: true, md: true, sql: true, css: true, csv: true, svg: true, xml: true,
    graphql: true, gql: true,
};

const isTextual = (id) => TEXTS[StringPrototypeSlice(id, StringPrototypeLastIndexOf(id, ".") + 1)] === true;

const notFound = (specifier, from) => {
    const why = natives.unresolved(specifier, idOf(from) ?? "");
    if (why !== undefined) {
        const error = new Error(why[1]);
        error.code = why[0];
        return error;
    }
    const error = new Error(`Cannot find module '${specifier}'\nRequire stack:\n- ${from}`);
    error.code = "MODULE_NOT_FOUND";
    error.requireStack = [from];
    return error;
};

/** The cache that programs see as `require.cache`: by path, and theirs to change. */
const cache = ObjectCreate(null);
const extensions = ObjectCreate(null);
let main;
// The function `main` that the entry declares: what it was compiled to ends with it.
let declaredMain;

export class Module {
    constructor(id = "", parent = undefined) {
        this.id = id;
        this.path = dirname(id);
        this.exports = {};
        this.filename = null;
        this.loaded = false;
        this.children = [];
        this.paths = StringPrototypeStartsWith(id, "/") ? Module._nodeModulePaths(this.path) : [];
        ObjectDefineProperty(this, "parent", { __proto__: null, value: parent, writable: true, configurable: true });
        if (parent !== undefined && parent !== null) ArrayPrototypePush(parent.children, this);
    }

    require(specifier) {
        if (typeof specifier !== "string") {
            const error = new TypeError(`The "id" argument must be of type string. Received ${typeof specifier}`);
            error.code = "ERR_INVALID_ARG_TYPE";
            throw error;
        }
        if (specifier === "") {
            const error = new TypeError("The argument 'id' must be a non-empty string. Received ''");
            error.code = "ERR_INVALID_ARG_VALUE";
            throw error;
        }
        return Module._load(specifier, this, false);
    }

    load(path) {
        this.filename = path;
        const id = idOf(path);
        const kind = natives.moduleKind(id);
        const extension = kind === "json" ? ".json" : ".js";
        if (kind === "esm") {
            this.exports = requireModule(id);
        } else if (kind === "data" && isTextual(id)) {
            this.exports = natives.readText(id);
        } else {
            FunctionPrototypeCall(extensions[extension] ?? loaders[extension], undefined, this, path);
        }
        this.loaded = true;
    }

    _compile(text, path) {
        return run(this, natives.compileText(text, idOf(path) ?? path), path);
    }

    static _resolveFilename(specifier, parent) {
        const name = builtinName(specifier);
        if (name !== undefined) return specifier;
        const from = parent?.filename ?? filename("");
        const id = natives.resolve(specifier, idOf(from) ?? "", false);
        if (id === undefined) throw notFound(specifier, from);
        return StringPrototypeStartsWith(id, BUILT_IN) ? id : filename(id);
    }

    static _load(specifier, parent, isMain) {
        const name = builtinName(specifier);
        if (name !== undefined) return builtin(name);
        const path = Module._resolveFilename(specifier, parent, isMain);
        const found = cache[path];
        if (found !== undefined) {
            if (parent !== undefined && parent !== null) addChild(parent, found);
            return found.exports;
        }
        const resolved = builtinName(path);
        if (resolved !== undefined) return builtin(resolved);
        return begin(path, parent, isMain).exports;
    }

    static wrap(text) {
        return `${Module.wrapper[0]}${text}${Module.wrapper[1]}`;
    }

    static _initPaths() {}

    static _nodeModulePaths(from) {
        const paths = [];
        for (let at = from; ; at = dirname(at)) {
            if (StringPrototypeEndsWith(at, "/node_modules")) continue;
            ArrayPrototypePush(paths, at === "/" ? "/node_modules" : `${at}/node_modules`);
            if (at === "/") return paths;
        }
    }
}
Module._cache = cache;
Module._extensions = extensions;
Module._pathCache = ObjectCreate(null);
Module.globalPaths = [];
Module.Module = Module;
Module.wrapper = ["(function (exports, require, module, __filename, __dirname) { ", "\n});"];

const addChild = (parent, child) => {
    for (let at = 0; at < parent.children.length; at++) if (parent.children[at] === child) return;
    ArrayPrototypePush(parent.children, child);
};

const begin = (path, parent, isMain) => {
    const module = new Module(path, isMain ? null : parent);
    if (isMain) {
        main = module;
        module.id = ".";
    }
    cache[path] = module;
    let done = false;
    try {
        module.load(path);
        done = true;
    } finally {
        // What threw while it ran is run again by the next who asks for it.
        if (!done) delete cache[path];
    }
    return module;
};

const run = (module, compiled, path) => {
    const last = ReflectApply(compiled, module.exports, [module.exports, makeRequire(module), module, path, dirname(path)]);
    if (module === main) declaredMain = last;
};

// The namespace of an ES module that has run to its end without waiting.
const evaluatedModule = (id) => {
    const evaluated = natives.evaluateModule(id);
    const state = natives.promiseState(evaluated[0]);
    if (state[0] === PENDING) {
        const error = new Error(`${filename(id)} waits at its top level (await), so it cannot be required; import() it`);
        error.code = "ERR_REQUIRE_ASYNC_MODULE";
        throw error;
    }
    if (state[0] === REJECTED) {
        // Whoever requires the module hears of it.
        PromisePrototypeThen(evaluated[0], undefined, () => {});
        throw state[1];
    }
    return evaluated[1].app;
};

const PENDING = 0;
const REJECTED = 2;

// What `require` gives for a namespace. Of one with a default export that is an object with `__esModule`, by which what
// was compiled from `import` finds the default one (Node's documentation of "Loading ECMAScript modules using require()").
const requiredOf = (namespace) => {
    const has = (name) => ObjectPrototypeHasOwnProperty(namespace, name);
    if (has("module.exports")) return namespace["module.exports"];
    if (!has("default") || has("__esModule")) return namespace;
    const exports = ObjectCreate(null);
    ObjectDefineProperty(exports, "__esModule", { __proto__: null, value: true, enumerable: true });
    const names = ObjectKeys(namespace);
    for (let at = 0; at < names.length; at++) {
        const name = names[at];
        ObjectDefineProperty(exports, name, { __proto__: null, get: () => namespace[name], enumerable: true });
    }
    ObjectDefineProperty(exports, SymbolToStringTag, { __proto__: null, value: "Module" });
    return ObjectPreventExtensions(exports);
};

/** The modules that were required although they are ES modules, by id: what `require` gives for them. */
const namespaces = new SafeMap();

const requireModule = (id) => {
    let exports = namespaces.get(id);
    if (exports === undefined) {
        exports = requiredOf(evaluatedModule(id));
        namespaces.set(id, exports);
    }
    return exports;
};

const loaders = {
    __proto__: null,
    ".js": (module, path) => {
        run(module, natives.compileFile(idOf(path)), path);
    },
    ".json": (module, path) => {
        try {
            module.exports = JSONParse(natives.readText(idOf(path)));
        } catch (error) {
            if (error instanceof SyntaxError) error.message = `${path}: ${error.message}`;
            throw error;
        }
    },
    ".node": (module, path) => {
        const error = new Error(`${path} is an addon of machine code, which cannot run here`);
        error.code = "ERR_DLOPEN_DISABLED";
        throw error;
    },
};
const known = ObjectKeys(loaders);
for (let at = 0; at < known.length; at++) extensions[known[at]] = loaders[known[at]];

/** `fs` for `fs` and `node:fs`; undefined for what is not built in. */
export const builtinName = (specifier) => {
    const name = bareName(specifier);
    if (builtinNames.has(name)) return name;
    if (name === specifier) return undefined;
    const error = new Error(`No such built-in module: ${specifier}`);
    error.code = "ERR_UNKNOWN_BUILTIN_MODULE";
    throw error;
};

/** The function `require` of one module. */
export const makeRequire = (module) => {
    const require = function require(specifier) {
        return module.require(specifier);
    };
    require.resolve = function resolve(specifier) {
        return Module._resolveFilename(specifier, module);
    };
    require.resolve.paths = function paths(specifier) {
        if (builtinNames.has(bareName(specifier))) return null;
        const isRelative = StringPrototypeStartsWith(specifier, "./") || StringPrototypeStartsWith(specifier, "../");
        return isRelative ? [module.path] : Module._nodeModulePaths(module.path);
    };
    require.main = main;
    require.extensions = extensions;
    require.cache = cache;
    return require;
};

/** `module.createRequire`, for the path of a file or a URL of one. */
export const requireFrom = (path) => {
    const module = new Module(path);
    module.filename = path;
    return makeRequire(module);
};

/** Runs the entry of an app: what it exports, and the function `main` that it declares, if it does. */
export const runMain = (id) => {
    Module._load(`./${id}`, undefined, true);
    return [main.exports, declaredMain];
};

/** The value of an entry that is one expression, which sees what a module of CommonJS does. */
export const runValue = (id, isScoped) => {
    const path = filename(id);
    main = new Module(path);
    main.filename = path;
    const compiled = natives.compileValue(id, isScoped);
    return ReflectApply(compiled, main.exports, [main.exports, makeRequire(main), main, path, dirname(path)]);
};

/** Puts onto the `import.meta` of an ES module what Node has there. */
export const fillMeta = (meta, id) => {
    const path = filename(id);
    meta.dirname = dirname(path);
    meta.filename = path;
    meta.resolve = (specifier) => {
        const name = `${specifier}`;
        const found = natives.resolve(StringPrototypeToWellFormed(name), id, true);
        if (found !== undefined) {
            return StringPrototypeStartsWith(found, BUILT_IN) ? found : pathToFileURL(filename(found)).href;
        }
        // A file need not be there.
        if (URL.canParse(name)) return name;
        if (StringPrototypeStartsWith(name, ".") || StringPrototypeStartsWith(name, "/")) return new URL(name, meta.url).href;
        const error = new Error(`Cannot find package '${name}' imported from ${path}`);
        error.code = "ERR_MODULE_NOT_FOUND";
        throw error;
    };
    meta.url = pathToFileURL(path).href;
};

/** What an ES module gets that imports a module of CommonJS: runs it once. */
export const importCommonJs = (id) => {
    const path = filename(id);
    const found = cache[path];
    return (found ?? begin(path, undefined, false)).exports;
};

export const isPlain = (value) => ObjectGetPrototypeOf(value) === ObjectPrototype;
