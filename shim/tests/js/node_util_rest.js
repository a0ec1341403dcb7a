// The modules "util", "stream/consumers", "module" and "timers" in what the other files of util and inspect do not have.

import { code, failure } from "./common.mjs";

const util = process.getBuiltinModule("util");
const consumers = process.getBuiltinModule("stream/consumers");
const module = process.getBuiltinModule("module");
const timers = process.getBuiltinModule("timers");
const assert = process.getBuiltinModule("assert");
const fs = process.getBuiltinModule("fs");
const { Readable } = process.getBuiltinModule("stream");
const { AsyncLocalStorage } = process.getBuiltinModule("async_hooks");

const rejected = (promise) => promise.then((value) => ["gave", value], (error) => error.code ?? error.name);
const source = (...chunks) => Readable.from(chunks, { objectMode: false });

export const cases = [
    ["parameters of MIME types", () => {
        const own = new util.MIMEParams();
        own.set("a", "b");
        own.set("Q", "x y");
        const type = new util.MIMEType("Text/Plain; charset=\"utf-8\"; a=1");
        type.params.delete("a");
        return [own.get("a"), own.has("q"), own.has("Q"), [...own.entries()], [...own.keys()], [...own.values()], own.toString(), String(type),
            type.essence, type.type, type.subtype, type.params instanceof util.MIMEParams, own.get("none"), failure(() => own.set("a b", "c")).slice(0, 2)];
    }, [
        "b", false, true, [["a", "b"], ["Q", "x y"]], ["a", "Q"], ["b", "x y"], "a=b;Q=\"x y\"", "text/plain;charset=utf-8",
        "text/plain", "text", "plain", true, null, ["TypeError", "ERR_INVALID_MIME_SYNTAX"],
    ]],
    ["aborted resolves when a signal is", async () => {
        const controller = new AbortController();
        const promise = util.aborted(controller.signal, {});
        controller.abort();
        return [await promise.then(() => "resolved"), await util.aborted(AbortSignal.abort(), {}), await rejected(util.aborted(5, {})),
            await rejected(util.aborted(controller.signal, null))];
    }, ["resolved", null, "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["debug is debuglog", () => [util.debug === util.debuglog, util.debuglog("node_util_rest").enabled, util.debug("none")("a")], [true, false, null]],
    ["isArray", () => [util.isArray([]), util.isArray({ length: 0 }), util.isArray("ab"), util.isArray(new Proxy([],
        {}))], [true, false, false, true]],
    ["numbers of the system's errors", () => [util.getSystemErrorName(-2), util.getSystemErrorMap().get(-2), util.getSystemErrorMap().size > 50,
        util.getSystemErrorName(-99999), failure(() => util.getSystemErrorName(5)).slice(0, 2), failure(() => util.getSystemErrorName("a")).slice(0,
        2)], [
        "ENOENT", ["ENOENT", "no such file or directory"], true, "Unknown system error -99999", ["RangeError", "ERR_OUT_OF_RANGE"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["messages of the system's errors", () => [util.getSystemErrorMessage(-2), util.getSystemErrorMessage(-13), util.getSystemErrorMessage(-99999),
        failure(() => util.getSystemErrorMessage("a")).slice(0, 2)], [
        "no such file or directory", "permission denied", "Unknown system error -99999", ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["places in the stack", () => {
        function inner() {
            return util.getCallSites(2);
        }
        const sites = inner();
        return [sites.length, sites[0].functionName, typeof sites[0].lineNumber, typeof sites[0].scriptName, util.getCallSites(1).length,
            failure(() => util.getCallSites(-1)).slice(0, 2), failure(() => util.getCallSites(201)).slice(0, 2)];
    }, [2, "inner", "number", "string", 1, ["RangeError", "ERR_OUT_OF_RANGE"], ["RangeError", "ERR_OUT_OF_RANGE"]]],
    ["assertions of one's own object", () => {
        const own = new assert.Assert({ strict: true });
        const strict = new (process.getBuiltinModule("assert/strict").Assert)();
        return [failure(() => own.equal(1, "1"))[0], failure(() => strict.equal(1, 1))[0], own.ok instanceof Function, failure(() => own.ok(0))[0],
            failure(() => new assert.Assert(5)).slice(0, 2), failure(() => new assert.Assert({ strict: false }).equal(1, "1"))[0],
            own.AssertionError === assert.AssertionError];
    }, ["AssertionError", "gave", true, "AssertionError", ["TypeError", "ERR_INVALID_ARG_TYPE"], "gave", true]],
    ["consumers", async () => [await consumers.text(source("a\u20ac", "b")), await consumers.json(source("{\"a\":", "[1]}")),
        (await consumers.buffer(source("ab", "c"))).toString("hex"), Buffer.from(await consumers.arrayBuffer(source("ab"))).toString(),
        await (await consumers.blob(source("ab", "cd"))).text(), await consumers.text(new Blob(["web"]).stream()), await consumers.text((async function* () {
            yield Buffer.from("it");
        })()), await consumers.text(source())], ["a€b", { a: [1] }, "616263", "ab", "abcd", "web", "it", ""]],
    ["consumers hear of errors", async () => [await rejected(consumers.json(source("no json"))), await rejected(consumers.text(new Readable({ read() {
        this.destroy(new RangeError("own"));
    } }))), await rejected(consumers.buffer(new Readable({ read() {
        this.destroy(new RangeError("own"));
    } })))], ["SyntaxError", "RangeError", "RangeError"]],
    ["consumers give what their names say", async () => [Buffer.isBuffer(await consumers.buffer(source("a"))),
        (await consumers.arrayBuffer(source("a"))) instanceof ArrayBuffer, (await consumers.blob(source("a"))) instanceof Blob,
        typeof await consumers.text(source("a"))], [true, true, true, "string"]],
    ["createRequire", () => {
        const require = module.createRequire("/app/x.js");
        return [require("fs") === fs, require("node:path").sep, typeof require.resolve, require.resolve("fs"), require.resolve("node:fs"),
            require.resolve.paths("node:fs"), require.resolve.paths("fs"), failure(() => require("./none"))[1], failure(() => require("")).slice(0,
            2), failure(() => require(5)).slice(0, 2),
            failure(() => module.createRequire("x")).slice(0, 2), failure(() => module.createRequire(5)).slice(0, 2),
                module.createRequire("file:///app/y.js")("util") === util, module.createRequire(new URL("file:///app/"))("util") === util,
                code(() => require("node:nothing"))];
    }, [
        true, "/", "function", "fs", "node:fs", null, null, "MODULE_NOT_FOUND", ["TypeError", "ERR_INVALID_ARG_VALUE"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_VALUE"], ["TypeError", "ERR_INVALID_ARG_VALUE"], true,
        true, "ERR_UNKNOWN_BUILTIN_MODULE",
    ]],
    ["what is built in", () => [module.isBuiltin("fs"), module.isBuiltin("node:fs/promises"), module.isBuiltin("nothing"), module.isBuiltin("./fs"),
        module.isBuiltin(5), module.builtinModules.includes("zlib"), module.Module === module, module.globalPaths], [true, true, false, false, false,
        true, true, []]],
    ["the cache of compiled scripts is off", () => [module.enableCompileCache(), module.getCompileCacheDir() === undefined,
        module.flushCompileCache() === undefined, module.constants.compileCacheStatus],
        [{ status: 3 }, true, true, { FAILED: 0, ENABLED: 1, ALREADY_ENABLED: 2, DISABLED: 3 }]],
    ["no map of sources is known", () => [module.findSourceMap("/app/index.mjs") === undefined, module.syncBuiltinESMExports() === undefined,
        Array.isArray(module.globalPaths)], [true, true, true]],
    ["the package.json of a file", () => {
        fs.mkdirSync("/tmp/node_util_rest/a/node_modules/p", { recursive: true });
        fs.writeFileSync("/tmp/node_util_rest/a/package.json", "{}");
        fs.writeFileSync("/tmp/node_util_rest/a/node_modules/p/package.json", "{}");
        return [module.findPackageJSON("./b.js", "file:///tmp/node_util_rest/a/c.js"), module.findPackageJSON("p", "/tmp/node_util_rest/a/c.js"),
            module.findPackageJSON("file:///tmp/node_util_rest/a/x/y.js"), module.findPackageJSON("none", "/tmp/node_util_rest/a/c.js")];
    }, ["/tmp/node_util_rest/a/package.json", "/tmp/node_util_rest/a/node_modules/p/package.json", "/tmp/node_util_rest/a/package.json", null]],
    ["timers of the module", async () => {
        const order = [];
        await new Promise((resolve) => {
            timers.setTimeout((...values) => order.push(["timeout", ...values]), 1, "a", "b");
            timers.setImmediate((...values) => order.push(["immediate", ...values]), 1);
            const interval = timers.setInterval((value) => {
                order.push(["interval", value]);
                timers.clearInterval(interval);
            }, 1, 2);
            timers.clearTimeout(timers.setTimeout(() => order.push("never"), 1));
            timers.clearImmediate(timers.setImmediate(() => order.push("never")));
            timers.setTimeout(resolve, 15);
        });
        return order;
    }, [["immediate", 1], ["timeout", "a", "b"], ["interval", 2]]],
    ["timers want functions, and clearing takes anything", () => [code(() => timers.setTimeout("a")), code(() => timers.setInterval(5)),
        code(() => timers.setImmediate()), timers.clearTimeout("a"), timers.clearInterval(null), timers.clearImmediate({})], [
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", null, null, null,
    ]],
    ["what setTimeout gives", () => {
        const timer = timers.setTimeout(() => {}, 1000);
        const found = [timer.hasRef(), timer.unref() === timer, timer.hasRef(), timer.ref().hasRef(), timer.refresh() === timer,
            typeof timer[Symbol.toPrimitive]()];
        timers.clearTimeout(timer[Symbol.toPrimitive]());
        const immediate = timers.setImmediate(() => {});
        found.push(immediate.hasRef(), immediate.unref().hasRef(), immediate.ref().hasRef());
        immediate[Symbol.dispose]();
        return found;
    }, [true, true, false, true, true, "number", true, false, true]],
    ["a name and a default of a store", () => {
        const own = new AsyncLocalStorage({ name: "own", defaultValue: 5 });
        return [own.name, own.getStore(), own.run(6, () => own.getStore()), new AsyncLocalStorage().name];
    }, ["own", 5, 6, ""]],
    ["a store for a scope", () => {
        const own = new AsyncLocalStorage();
        const scope = own.withScope(7);
        const inside = own.getStore();
        scope[Symbol.dispose]();
        return [inside, own.getStore() ?? "none"];
    }, [7, "none"]],
    ["a channel of its own class", () => {
        const { Channel, channel } = process.getBuiltinModule("diagnostics_channel");
        const own = channel("node_util_rest");
        const seen = [];
        own.subscribe((message) => seen.push(message));
        own.publish(1);
        return [own instanceof Channel, Channel.prototype.isPrototypeOf(own) || own.constructor !== Channel, seen, new Channel("direct").name];
    }, [true, true, [1], "direct"]],
    ["odd members of process", () => [process.domain === null, process.execArgv, process.ref({}) === undefined, process.unref({}) === undefined,
        process.moduleLoadList], [true, [], true, true, []]],
    ["ref and unref are asked for by symbols", () => {
        const seen = [];
        const own = { [Symbol.for("nodejs.ref")]: () => seen.push("ref"), [Symbol.for("nodejs.unref")]: () => seen.push("unref") };
        process.ref(own);
        process.unref(own);
        return seen;
    }, ["ref", "unref"]],
    ["warnings are events, later", async () => {
        const seen = [];
        const listen = (warning) => seen.push([warning.name, warning.message, warning.code ?? null, warning.detail ?? null]);
        process.on("warning", listen);
        const results = [process.emitWarning("plain"), process.emitWarning("typed", "Own", "CODE"), process.emitWarning("with", { type: "Other",
            code: "C", detail: "more" }), process.emitWarning(Object.assign(new Error("given"), { name: "Given" })),
            code(() => process.emitWarning(5)), code(() => process.emitWarning("a", 5)), code(() => process.emitWarning("a", "b", 5))];
        const before = seen.length;
        await new Promise((resolve) => setTimeout(resolve, 3));
        process.off("warning", listen);
        return [results, before, seen];
    }, [
        [null, null, null, null, "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"], 0,
        [["Warning", "plain", null, null], ["Own", "typed", "CODE", null], ["Other", "with", "C", "more"], ["Given", "given", null, null]],
    ]],
];
