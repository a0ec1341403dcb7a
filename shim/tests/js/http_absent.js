// Powers that do not exist throw at once, by their names; the modules that would have them can be loaded.

const get = (name) => process.getBuiltinModule(name);

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return [error.code, error.message];
    }
};

const EGRESS = "egress is not granted";

export const cases = [
    ["no way out", () => [
        failure(() => get("http").request("http://x.y")), failure(() => get("https").get("https://x.y")), failure(() => get("net").connect(80)),
        failure(() => new (get("net").Socket)().connect(80)), failure(() => get("tls").connect(443)), failure(() => get("dns").lookup("x.y", () => {})),
        failure(() => get("dns/promises").resolve4("x.y")), failure(() => get("dgram").createSocket("udp4")), failure(() => get("http2").connect("http://x")),
        failure(() => new (get("http").ClientRequest)("http://x.y")),
    ].map((one) => (one[1].endsWith(EGRESS) ? [one[0], one[1].slice(0, -EGRESS.length - 2)] : one)), [
        "http.request", "https.get", "net.connect", "net.Socket.connect", "tls.connect", "dns.lookup", "dns.promises.resolve4", "dgram.createSocket",
        "http2.connect", "http.ClientRequest",
    ].map((one) => ["ERR_ACCESS_DENIED", one])],
    ["no processes, threads, realms, terminals", () => [
        failure(() => get("child_process").exec("ls")), failure(() => get("child_process").spawnSync("ls")), failure(() => get("cluster").fork()),
        failure(() => new (get("worker_threads").Worker)("x")), failure(() => get("vm").runInNewContext("1")),
            failure(() => get("readline").createInterface({})),
        failure(() => get("repl").start()), failure(() => get("inspector").open()), failure(() => get("v8").writeHeapSnapshot()),
        failure(() => get("fs").watch("/tmp")), failure(() => process.chdir("/")), failure(() => process.kill(1)), failure(() => process.dlopen({}, "x")),
        failure(() => get("net").createServer().listen(1)),
    ].map(([code, message]) => [code === "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", message.split(" does not exist here: ")[0]]), [
        "child_process.exec", "child_process.spawnSync", "cluster.fork", "worker_threads.Worker", "vm.runInNewContext", "readline.createInterface",
            "repl.start",
        "inspector.open", "v8.writeHeapSnapshot", "fs.watch", "process.chdir", "process.kill", "process.dlopen", "net.Server.listen",
    ].map((one) => [true, one])],
    ["what the modules tell", () => [
        get("worker_threads").isMainThread, get("worker_threads").parentPort, get("worker_threads").threadId, get("cluster").isPrimary,
            get("cluster").isWorker,
        get("v8").getHeapStatistics().heap_size_limit > 0, get("http2").constants.HTTP2_HEADER_STATUS, get("http2").constants.HTTP_STATUS_IM_USED,
        get("http2").constants.HTTP2_METHOD_VERSION_CONTROL, get("http2").constants.HTTP_STATUS_TEAPOT, get("dns").getServers(),
            get("tls").DEFAULT_MAX_VERSION,
        get("inspector").url(), get("dns").NOTFOUND,
    ], [true, null, 0, true, false, true, ":status", 226, "VERSION-CONTROL", 418, [], "TLSv1.3", null, "ENOTFOUND"]],
    ["vm in the one realm", () => {
        const vm = get("vm");
        const context = vm.createContext({});
        globalThis.httpAbsent = 1;
        const value = vm.runInThisContext("httpAbsent + 1");
        const again = new vm.Script("httpAbsent + 2", { filename: "own.js" }).runInThisContext();
        delete globalThis.httpAbsent;
        return [value, again, vm.isContext(context), vm.isContext({}), vm.compileFunction("return a + b", ["a", "b"])(1, 2),
            failure(() => new vm.Script("a b"))[0] ?? "SyntaxError"];
    }, [2, 3, true, false, 3, "SyntaxError"]],
    ["module", () => {
        const module = get("module");
        return [module.isBuiltin("fs"), module.isBuiltin("node:fs/promises"), module.isBuiltin("x"), module.builtinModules.includes("http2"),
            module.Module === module,
            typeof module.createRequire];
    }, [true, true, false, true, true, "function"]],
    ["perf_hooks", () => {
        const { createHistogram, performance: own, timerify } = get("perf_hooks");
        const histogram = createHistogram();
        for (const value of [1, 2, 3, 4, 100]) histogram.record(value);
        return [own === performance, histogram.count, histogram.min, histogram.max, histogram.mean, histogram.percentile(50), typeof histogram.stddev,
            typeof timerify === "function" || typeof own.timerify === "function", own.timerify((a) => a + 1)(1)];
    }, [true, 5, 1, 100, 22, 3, "number", true, 2]],
];
