// node:async_hooks: AsyncLocalStorage and AsyncResource. Hooks can be made and enabled but are never called: the engine
// does not tell when promises are made or continued.

import {
    AsyncLocalStorage, AsyncResource, executionAsyncId, executionAsyncResource, triggerAsyncId,
} from "../async_local.js";
import { nodeError } from "../node_errors.js";
import { primordials } from "../primordials.js";

const { ObjectFreeze, TypeError } = primordials;

const HOOKS = ["init", "before", "after", "destroy", "promiseResolve"];

class AsyncHook {
    enable() {
        return this;
    }

    disable() {
        return this;
    }
}

const createHook = (callbacks) => {
    for (let at = 0; at < HOOKS.length; at++) {
        const callback = callbacks[HOOKS[at]];
        if (callback !== undefined && typeof callback !== "function") {
            throw nodeError(TypeError, "ERR_ASYNC_CALLBACK", `hook.${HOOKS[at]} must be a function`);
        }
    }
    return new AsyncHook();
};

const asyncWrapProviders = ObjectFreeze({
    __proto__: null, NONE: 0, PROMISE: 1, TickObject: 2, Timeout: 3, Immediate: 4,
});

export default {
    AsyncLocalStorage, AsyncResource, asyncWrapProviders, createHook, executionAsyncId, executionAsyncResource,
    triggerAsyncId,
};
