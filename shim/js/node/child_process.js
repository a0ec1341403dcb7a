// The module "child_process": an app cannot start processes, so all of it but the class throws at once.

import EventEmitter from "./events.js";
import { absentError, absentOf } from "../absent.js";
import { primordials } from "../primordials.js";

const { FunctionPrototypeCall, ObjectDefineProperty, ObjectSetPrototypeOf } = primordials;

function ChildProcess() {
    FunctionPrototypeCall(EventEmitter, this);
    this.pid = undefined;
    this.connected = false;
    this.exitCode = null;
    this.signalCode = null;
    this.spawnfile = null;
}
ObjectSetPrototypeOf(ChildProcess.prototype, EventEmitter.prototype);
const methods = {
    spawn() { throw absentError("child_process.spawn"); },
    kill() { return false; },
    ref() {},
    unref() {},
};
for (const key in methods) {
    ObjectDefineProperty(ChildProcess.prototype, key, {
        __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
    });
}

export default { ...absentOf("child_process"), ChildProcess };
