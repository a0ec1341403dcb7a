// The modules "os" and "tty", and what `process` tells of itself: nothing of it is a fact of the host.

import { code, failure } from "./common.mjs";

const os = process.getBuiltinModule("os");
const tty = process.getBuiltinModule("tty");

export const cases = [
    ["what the machine is said to be", () => [os.arch(), os.platform(), os.type(), os.machine(), os.release(), os.version(), os.endianness(),
        os.hostname(), os.availableParallelism()],
        ["x64", "linux", "Linux", "x86_64", "0.0.0", "", "LE", "localhost", 1]],
    ["one processor without a name, no network, no load", () => [os.cpus(), os.networkInterfaces(), os.loadavg()],
        [[{ model: "", speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }], {}, [0, 0, 0]]],
    ["folders and the end of a line", () => [os.homedir(), os.tmpdir(), os.devNull, os.EOL], ["/app", "/tmp", "/dev/null", "\n"]],
    ["the answers are values of their own", () => {
        os.cpus()[0].speed = 5;
        os.loadavg()[0] = 5;
        return [os.cpus()[0].speed, os.loadavg()[0]];
    }, [0, 0]],
    ["memory is that of the heap", () => {
        const kept = "x".repeat(1000);
        return [os.totalmem() === process.constrainedMemory(), 0 < os.freemem(), os.freemem() < os.totalmem(), os.totalmem() % 1,
            Math.abs(os.freemem() - process.availableMemory()) < 100_000, kept.length];
    }, [true, true, true, 0, true, 1000]],
    ["uptime is in seconds and goes on", () => {
        const first = os.uptime();
        return [typeof first, 0 <= first, first <= os.uptime(), os.uptime() < 600];
    }, ["number", true, true, true]],
    ["the user", () => [os.userInfo(), code(() => os.userInfo(5)), os.userInfo({}).uid],
        [{ uid: 1000, gid: 1000, username: "app", homedir: "/app", shell: null }, "ERR_INVALID_ARG_TYPE", 1000]],
    ["functions are their answers in texts", () => [`${os.arch}`, `${os.tmpdir}`, `${os.endianness}`, `${os.hostname}-${os.type}`,
        os.availableParallelism + 1, `${os.homedir}`],
        ["x64", "/tmp", "LE", "localhost-Linux", 2, "/app"]],
    ["priorities can be asked for", () => [os.getPriority(), os.getPriority(0), code(() => os.getPriority("a")), code(() => os.getPriority(1.5)),
        code(() => os.setPriority("a", 1)), code(() => os.setPriority(0, 20))],
        [0, 0, "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE"]],
    ["nothing is a terminal", () => [0, 1, 2, 3, -1, "0", undefined].map((fd) => tty.isatty(fd)).concat(Boolean(process.stdout.isTTY),
        Boolean(process.stdin.isTTY)),
        [false, false, false, false, false, false, false, false, false]],
    ["names and versions of the process", () => [process.title, process.version, process.versions.node, process.versions.quickjs.includes("ng"),
        process.arch, process.platform, process.release, process.argv0, process.execArgv, process.execPath,
        process.argv, process.debugPort, process.pid, process.ppid, process.domain, process.sourceMapsEnabled, process.moduleLoadList],
    ["node", "v22.12.0", "22.12.0", true, "x64", "linux", { name: "node", lts: "Jod" }, "node", [], "/usr/local/bin/node", ["/usr/local/bin/node",
        "/app/index.mjs"], 9229, 1, 0, null, false, []]],
    ["features and configuration", () => [process.features.inspector, process.features.uv, process.features.require_module,
        process.config.variables.host_arch, process.config.variables.v8_enable_i18n_support,
        Object.keys(process.config), process.allowedNodeEnvironmentFlags.size, process.allowedNodeEnvironmentFlags instanceof Set],
    [false, true, true, "x64", 0, ["target_defaults", "variables"], 0, true]],
    ["versions cannot be changed", () => {
        const tries = [() => {
            process.versions.node = "1";
        }, () => {
            process.versions.own = "1";
        }];
        return [tries.map((each) => failure(each)[0]), process.versions.node];
    }, [["TypeError", "TypeError"], "22.12.0"]],
    ["users and groups", () => [process.getuid(), process.geteuid(), process.getgid(), process.getegid(), process.getgroups()], [1000, 1000, 1000,
        1000, [1000]]],
    ["umask", () => [process.umask(), process.umask(0o77), process.umask("022"), process.umask(), code(() => process.umask({}))], [18, 18, 18, 18,
        "ERR_INVALID_ARG_TYPE"]],
    ["memory", () => {
        const all = process.memoryUsage();
        return [Object.keys(all).sort(), 0 < all.heapUsed && all.heapUsed < all.heapTotal + 1, process.memoryUsage.rss() === all.rss,
            process.constrainedMemory() === os.totalmem(), 0 < process.availableMemory(),
            process.availableMemory() < process.constrainedMemory()];
    }, [["arrayBuffers", "external", "heapTotal", "heapUsed", "rss"], true, true, true, true, true]],
    ["time that was used", () => {
        const first = process.cpuUsage();
        for (let at = 0; at < 100_000; at++);
        const passed = process.cpuUsage(first);
        const all = process.resourceUsage();
        return [Object.keys(first).sort(), 0 <= passed.user, passed.user <= process.cpuUsage().user, typeof all.userCPUTime, typeof all.maxRSS,
            typeof all.fsRead, code(() => process.cpuUsage(5)), code(() => process.cpuUsage({ user: "a" })),
            code(() => process.cpuUsage({ user: -1, system: 0 }))];
    }, [["system", "user"], true, true, "number", "number", "number", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE"]],
    ["variables are texts", () => {
        process.env.NODE_OS_TEST = "a";
        const found = [process.env.NODE_OS_TEST, "NODE_OS_TEST" in process.env, process.env.NONE];
        delete process.env.NODE_OS_TEST;
        return [...found, "NODE_OS_TEST" in process.env, Object.keys(process.env)];
    }, ["a", true, null, false, []]],
    ["nothing is under way of its own, and refs count for nothing", () => [process.getActiveResourcesInfo(), process.ref({}), process.unref({})], [[], null, null]],
    ["maps of sources are not read", () => [process.setSourceMapsEnabled(true), process.sourceMapsEnabled,
        code(() => process.setSourceMapsEnabled(1))], [null, false, "ERR_INVALID_ARG_TYPE"]],
    ["a built-in module, with and without its prefix", () => [process.getBuiltinModule("node:fs") === process.getBuiltinModule("fs"),
        process.getBuiltinModule("node:fs/promises") === process.getBuiltinModule("fs").promises,
        process.getBuiltinModule("nothing"), process.getBuiltinModule("node:nothing"), process.getBuiltinModule("./fs"),
            failure(() => process.getBuiltinModule(5))],
    [true, true, null, null, null, ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"id\" argument must be of type string. Received type number (5)"]]],
    ["input has ended before it begins", async () => {
        const chunks = [];
        for await (const chunk of process.stdin) chunks.push(chunk);
        return [chunks, process.stdin.fd, process.stdin.readable];
    }, [[], 0, false]],
    ["the exit code is checked", () => {
        const before = process.exitCode;
        process.exitCode = 3;
        const found = [before, process.exitCode, code(() => {
            process.exitCode = "a";
        }), code(() => {
            process.exitCode = 1.5;
        }), code(() => process.exit("a")), code(() => process.exit(1.5))];
        process.exitCode = undefined;
        return [...found, process.exitCode];
    }, [null, 3, "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", null]],
    ["one function may take all that nobody caught", () => {
        const found = [process.hasUncaughtExceptionCaptureCallback()];
        process.setUncaughtExceptionCaptureCallback(() => {});
        found.push(process.hasUncaughtExceptionCaptureCallback(), code(() => process.setUncaughtExceptionCaptureCallback(() => {})),
            code(() => process.setUncaughtExceptionCaptureCallback(5)));
        process.setUncaughtExceptionCaptureCallback(null);
        return [...found, process.hasUncaughtExceptionCaptureCallback()];
    }, [false, true, "ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET", "ERR_INVALID_ARG_TYPE", false]],
];
