// http.Agent and http.ClientRequest: libraries extend and make them when they are loaded, so they are there; a request
// throws at once.

import { absentError } from "../absent.js";
import EventEmitter from "../node/events.js";
import { primordials } from "../primordials.js";
import { OutgoingMessage } from "./outgoing.js";

const { FunctionPrototypeCall, ObjectDefineProperty, ObjectSetPrototypeOf } = primordials;

const inherit = (constructor, base, methods) => {
    ObjectSetPrototypeOf(constructor.prototype, base.prototype);
    ObjectSetPrototypeOf(constructor, base);
    for (const key in methods) {
        ObjectDefineProperty(constructor.prototype, key, {
            __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
        });
    }
};

export function ClientRequest() {
    throw absentError("http.ClientRequest");
}
inherit(ClientRequest, OutgoingMessage, {
    abort() { this.destroy(); },
    setNoDelay() {},
    setSocketKeepAlive() {},
    onSocket() {},
});

/** The class Agent of `http` (80) or `https` (443). */
export const makeAgent = (module, protocol, port) => {
    function Agent(options) {
        if (!(this instanceof Agent)) return new Agent(options);
        FunctionPrototypeCall(EventEmitter, this);
        this.defaultPort = port;
        this.protocol = protocol;
        this.options = { __proto__: null, path: null, noDelay: true, ...options };
        this.requests = { __proto__: null };
        this.sockets = { __proto__: null };
        this.freeSockets = { __proto__: null };
        this.keepAliveMsecs = this.options.keepAliveMsecs || 1000;
        this.keepAlive = this.options.keepAlive || false;
        this.maxSockets = this.options.maxSockets || Infinity;
        this.maxFreeSockets = this.options.maxFreeSockets || 256;
        this.scheduling = this.options.scheduling || "lifo";
        this.maxTotalSockets = this.options.maxTotalSockets ?? Infinity;
        this.totalSocketCount = 0;
        return this;
    }
    inherit(Agent, EventEmitter, {
        createConnection() { throw absentError(`${module}.Agent.createConnection`); },
        createSocket() { throw absentError(`${module}.Agent.createConnection`); },
        addRequest() { throw absentError(`${module}.request`); },
        removeSocket() {},
        keepSocketAlive() { return true; },
        reuseSocket() {},
        getName(options = {}) {
            let name = `${options.host || "localhost"}:${options.port || ""}:${options.localAddress || ""}`;
            if (options.family === 4 || options.family === 6) name += `:${options.family}`;
            if (options.socketPath) name += `:${options.socketPath}`;
            return name;
        },
        destroy() {},
    });
    return Agent;
};
