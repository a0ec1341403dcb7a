// The module "https" (nodejs.org/api/https.html, Node 22). A server of it is one of `http`: what comes in was decrypted
// before; certificates and keys that it is given are not used.

import { absentOf } from "../absent.js";
import { makeAgent } from "../http/client.js";
import { prepare, Server as HttpServer } from "../http/server.js";
import { primordials } from "../primordials.js";
import net from "./net.js";

const { FunctionPrototypeCall, ObjectSetPrototypeOf } = primordials;

const Agent = makeAgent("https", "https:", 443);

function Server(options, listener) {
    if (!(this instanceof Server)) return new Server(options, listener);
    FunctionPrototypeCall(net.Server, this);
    prepare(this, options, listener);
    return this;
}
ObjectSetPrototypeOf(Server.prototype, HttpServer.prototype);
ObjectSetPrototypeOf(Server, HttpServer);

const https = {
    ...absentOf("https"),
    Agent,
    globalAgent: new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5000 }),
    Server,
    createServer(options, requestListener) {
        return new Server(options, requestListener);
    },
};

export default https;
