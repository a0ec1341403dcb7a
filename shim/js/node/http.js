// The module "http" (nodejs.org/api/http.html, Node 22).
//
// Can:    answer calls that come in, by a handler or by a server that listens.
// Cannot: open a socket; `request` and `get` throw at once.

import { absentOf } from "../absent.js";
import { METHODS, STATUS_CODES } from "../http/codes.js";
import { ClientRequest, makeAgent } from "../http/client.js";
import { validateHeaderName, validateHeaderValue } from "../http/fields.js";
import { IncomingMessage } from "../http/incoming.js";
import { OutgoingMessage } from "../http/outgoing.js";
import { ServerResponse } from "../http/response.js";
import { Server } from "../http/server.js";

const Agent = makeAgent("http", "http:", 80);
const LARGEST_HEAD = 16 * 1024;

const http = {
    ...absentOf("http"),
    METHODS, STATUS_CODES, Agent, ClientRequest, IncomingMessage, OutgoingMessage, Server, ServerResponse,
    createServer(options, requestListener) {
        return new Server(options, requestListener);
    },
    validateHeaderName, validateHeaderValue,
    setMaxIdleHTTPParsers() {},
    maxHeaderSize: LARGEST_HEAD,
    globalAgent: new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5000 }),
};

export default http;
