// The object `process`.

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return error.code ?? error.name;
    }
};

export const cases = [
    ["what it is", () => [Object.prototype.toString.call(process), process.cwd().length > 0, process.platform,
        process.version.startsWith("v2"), process.versions.node === process.version.slice(1), typeof process.pid,
        Array.isArray(process.argv), process === globalThis.process, process.release.name],
    ["[object process]", true, "linux", true, true, "number", true, true, "node"]],
    ["ticks run before promise jobs, and in order", async () => {
        const order = [];
        await new Promise((resolve) => {
            setTimeout(() => {
                Promise.resolve().then(() => {
                    order.push("promise");
                    process.nextTick(() => order.push("tick of promise"));
                    Promise.resolve().then(() => order.push("promise of promise"));
                });
                process.nextTick((...values) => {
                    order.push(`tick ${values}`);
                    process.nextTick(() => order.push("tick of tick"));
                }, 1, 2);
                setTimeout(resolve, 5);
            }, 0);
        });
        return order;
    }, ["tick 1,2", "tick of tick", "promise", "promise of promise", "tick of promise"]],
    ["nextTick wants a function", () => failure(() => process.nextTick("x")), "ERR_INVALID_ARG_TYPE"],
    ["hrtime", () => {
        const start = process.hrtime();
        const passed = process.hrtime(start);
        return [start.length, passed[0] >= 0 && passed[1] >= 0 && passed[1] < 1e9, typeof process.hrtime.bigint(),
            process.hrtime.bigint() >= 0n, failure(() => process.hrtime(1)), failure(() => process.hrtime([1]))];
    }, [2, true, "bigint", true, "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE"]],
    ["usage", () => {
        const { heapUsed, heapTotal, rss } = process.memoryUsage();
        return [heapUsed > 0, heapTotal > 0, rss > 0, process.cpuUsage().user >= 0, process.uptime() >= 0,
            typeof process.resourceUsage().maxRSS, failure(() => process.cpuUsage(1))];
    }, [true, true, true, true, true, "number", "ERR_INVALID_ARG_TYPE"]],
    ["emitWarning reaches listeners", async () => {
        const heard = new Promise((resolve) => process.once("warning", resolve));
        process.emitWarning("careful", { type: "OwnWarning", code: "OWN1", detail: "more" });
        const warning = await heard;
        return [warning.name, warning.message, warning.code, warning.detail, warning instanceof Error,
            failure(() => process.emitWarning(5))];
    }, ["OwnWarning", "careful", "OWN1", "more", true, "ERR_INVALID_ARG_TYPE"]],
    ["exitCode", () => {
        const before = process.exitCode;
        process.exitCode = 3;
        const set = process.exitCode;
        const wrong = failure(() => {
            process.exitCode = "x";
        });
        process.exitCode = before;
        return [set, wrong, before];
    }, [3, "ERR_INVALID_ARG_TYPE", null]],
    ["outputs are writable streams", async () => {
        const { Writable } = process.getBuiltinModule("stream");
        await new Promise((resolve) => process.stdout.write("a line of http_process\n", resolve));
        return [process.stdout instanceof Writable, process.stderr instanceof Writable, process.stdout.fd, process.stderr.fd];
    }, [true, true, 1, 2]],
    ["umask and identities", () => [process.umask() >= 0, typeof process.getuid(), typeof process.getgid(), Array.isArray(process.getgroups())],
        [true, "number", "number", true]],
    ["events of an emitter", () => {
        const seen = [];
        const listener = (value) => seen.push(value);
        process.on("own", listener);
        process.emit("own", 1);
        process.off("own", listener);
        return [seen, process.emit("own", 2), process.listenerCount("own")];
    }, [[1], false, 0]],
    ["a capture callback is set once", () => {
        process.setUncaughtExceptionCaptureCallback(() => {});
        const second = failure(() => process.setUncaughtExceptionCaptureCallback(() => {}));
        const has = process.hasUncaughtExceptionCaptureCallback();
        process.setUncaughtExceptionCaptureCallback(null);
        return [second, has, process.hasUncaughtExceptionCaptureCallback()];
    }, ["ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET", true, false]],
];
