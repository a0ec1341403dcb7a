// node:os. Every answer is a constant or a fact of the app's own instance; nothing tells of the host.

import { absentError } from "../absent.js";
import natives from "../natives.js";
import { validateInt32, validateObject } from "../node_errors.js";
import { dlopen, errno, priority, signals, UV_UDP_REUSEADDR } from "../os_constants.js";
import { primordials } from "../primordials.js";

const { ObjectDefineProperty, ObjectFreeze, SymbolToPrimitive } = primordials;

const constants = {
    __proto__: null,
    UV_UDP_REUSEADDR,
    dlopen: { __proto__: null, ...dlopen },
    errno: { __proto__: null, ...errno },
    signals: ObjectFreeze({ __proto__: null, ...signals }),
    priority: { __proto__: null, ...priority },
};

const arch = () => "x64";
const availableParallelism = () => 1;
const cpus = () => [{ model: "", speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }];
const endianness = () => "LE";
const freemem = () => natives.heapLimit() - natives.heapUsed();
const homedir = () => "/app";
const hostname = () => "localhost";
const loadavg = () => [0, 0, 0];
const machine = () => "x86_64";
const networkInterfaces = () => ({});
const platform = () => "linux";
const release = () => "0.0.0";
const tmpdir = () => "/tmp";
const totalmem = () => natives.heapLimit();
const type = () => "Linux";
const uptime = () => natives.clockNow() / 1000;
const version = () => "";

const getPriority = (pid = 0) => {
    validateInt32(pid, "pid");
    return 0;
};

const setPriority = (pid, level = undefined) => {
    validateInt32(pid, "pid");
    if (level !== undefined) validateInt32(level, "priority", -20, 19);
    throw absentError("os.setPriority");
};

const userInfo = (options = undefined) => {
    if (options !== undefined) validateObject(options, "options");
    return { uid: 1000, gid: 1000, username: "app", homedir: homedir(), shell: null };
};

// In a template the functions give what they answer, as in Node.
for (const answer of [
    arch, availableParallelism, endianness, freemem, homedir, hostname, machine, platform, release, tmpdir, totalmem,
    type, uptime, version,
]) {
    ObjectDefineProperty(answer, SymbolToPrimitive, { __proto__: null, value: () => answer(), configurable: true });
}

const os = {
    arch, availableParallelism, cpus, endianness, freemem, getPriority, homedir, hostname, loadavg, networkInterfaces,
    platform, release, setPriority, tmpdir, totalmem, type, userInfo, uptime, version, machine,
};

ObjectDefineProperty(os, "constants", { __proto__: null, value: constants, enumerable: true });
ObjectDefineProperty(os, "EOL", { __proto__: null, value: "\n", enumerable: true, configurable: true });
ObjectDefineProperty(os, "devNull", { __proto__: null, value: "/dev/null", enumerable: true });

export default os;
