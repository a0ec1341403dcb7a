// Node: functions `(req, res)` and servers of node:http that listened while the app was loaded. The messages are those
// of node:http.

import { deliver } from "../http/deliver.js";
import { Server, listeningServers } from "../http/server.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import { remoteAddressOf, withHelpers } from "./node_helpers.js";

const { FunctionPrototypeSymbolHasInstance, ReflectApply } = primordials;

/** The servers that listen, in their order. */
export const servers = () => listeningServers();

/** Whether a value is a server of node:http or node:https. */
export const isServer = (value) => isObject(value) && FunctionPrototypeSymbolHasInstance(Server, value);

const targetOf = ({ fn, self }) => (self === undefined ? fn : (req, res) => ReflectApply(fn, self, [req, res]));

export const nodeServer = {
    async http(call) {
        const { fn, http } = call;
        const remoteAddress = remoteAddressOf(call);
        const target = isServer(fn) ? fn : targetOf(call);
        const prepare = isServer(fn) ? undefined : withHelpers(call);
        const { status, headers, body } = await deliver(target, {
            method: http.method, url: http.url, headers: http.headers, body: http.body, remoteAddress, prepare,
        });
        return { status, headers, body };
    },
};
