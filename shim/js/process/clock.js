// process.hrtime, uptime, memoryUsage, cpuUsage and resourceUsage.

import natives from "../natives.js";
import { invalidArgType, nodeError, outOfRange, validateArray, validateObject } from "../node_errors.js";
import { primordials } from "../primordials.js";

const { BigInt, MathFloor, MathRound, NumberMAX_SAFE_INTEGER, RangeError } = primordials;
const SECOND = 1e9;

const elapsed = () => MathRound(natives.clockNow() * 1e6);

export function hrtime(time) {
    const now = elapsed();
    const seconds = MathFloor(now / SECOND);
    const rest = now - seconds * SECOND;
    if (time === undefined) return [seconds, rest];
    validateArray(time, "time");
    if (time.length !== 2) throw outOfRange("time", "2", time.length);
    const nanoseconds = rest - time[1];
    return nanoseconds < 0 ? [seconds - time[0] - 1, nanoseconds + SECOND] : [seconds - time[0], nanoseconds];
}

const bigint = () => BigInt(elapsed());
hrtime.bigint = bigint;

export function uptime() {
    return elapsed() / SECOND;
}

export function memoryUsage() {
    const heapUsed = natives.heapUsed();
    const heapTotal = natives.heapLimit();
    return { rss: heapTotal, heapTotal, heapUsed, external: 0, arrayBuffers: 0 };
}
memoryUsage.rss = () => natives.heapLimit();

const checkTime = (value, name) => {
    if (typeof value !== "number") throw invalidArgType(name, "number", value);
    if (0 <= value && value <= NumberMAX_SAFE_INTEGER) return;
    throw nodeError(RangeError, "ERR_INVALID_ARG_VALUE", `The property '${name}' is invalid. Received ${value}`);
};

export function cpuUsage(previous) {
    const user = natives.cpuMicroseconds();
    if (previous === undefined || previous === null) return { user, system: 0 };
    validateObject(previous, "prevValue");
    checkTime(previous.user, "prevValue.user");
    checkTime(previous.system, "prevValue.system");
    return { user: user - previous.user, system: 0 - previous.system };
}

export function resourceUsage() {
    return {
        userCPUTime: natives.cpuMicroseconds(), systemCPUTime: 0, maxRSS: MathFloor(natives.heapLimit() / 1024),
        sharedMemorySize: 0, unsharedDataSize: 0, unsharedStackSize: 0, minorPageFault: 0, majorPageFault: 0,
        swappedOut: 0, fsRead: 0, fsWrite: 0, ipcSent: 0, ipcReceived: 0, signalsCount: 0,
        voluntaryContextSwitches: 0, involuntaryContextSwitches: 0,
    };
}
