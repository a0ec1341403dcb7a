// The module "worker_threads": an app has one thread, the main one; starting others throws at once.

import { absentOf } from "../absent.js";
import { MessageChannel, MessagePort } from "../message_channel.js";
import { primordials } from "../primordials.js";

const { SafeMap, SafeWeakSet, SymbolFor } = primordials;

const environment = new SafeMap();
const marked = new SafeWeakSet();

export default {
    ...absentOf("worker_threads"),
    isMainThread: true, isInternalThread: false, parentPort: null, resourceLimits: {}, threadId: 0, workerData: null,
    threadName: "",
    SHARE_ENV: SymbolFor("nodejs.worker_threads.SHARE_ENV"),
    MessageChannel, MessagePort,
    getEnvironmentData(key) { return environment.get(key); },
    setEnvironmentData(key, value) {
        if (value === undefined) environment.delete(key);
        else environment.set(key, value);
    },
    markAsUntransferable(object) {
        if ((typeof object === "object" && object !== null) || typeof object === "function") marked.add(object);
    },
    isMarkedAsUntransferable(object) { return marked.has(object); },
    receiveMessageOnPort() {},
};
