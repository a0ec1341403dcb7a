// The module "cluster": an app has one process, the primary one; starting others throws at once.

import EventEmitter from "./events.js";
import { absentOf } from "../absent.js";
import { primordials } from "../primordials.js";

const { FunctionPrototypeCall, ObjectAssign, ObjectSetPrototypeOf } = primordials;

function Worker(options) {
    if (!(this instanceof Worker)) return new Worker(options);
    FunctionPrototypeCall(EventEmitter, this);
    this.exitedAfterDisconnect = undefined;
    this.id = options?.id ?? 0;
    return this;
}
ObjectSetPrototypeOf(Worker.prototype, EventEmitter.prototype);

export default ObjectAssign(new EventEmitter(), absentOf("cluster"), {
    Worker, isMaster: true, isPrimary: true, isWorker: false, settings: {}, workers: {},
    SCHED_NONE: 1, SCHED_RR: 2, schedulingPolicy: 2,
});
