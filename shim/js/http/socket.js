// The socket of a message that is answered here: it is connected to nothing, and gives what is written to its sink.

import net from "../node/net.js";
import { primordials } from "../primordials.js";
import { SINK } from "./outgoing.js";

const { FunctionPrototypeCall, ObjectDefineProperty, ObjectSetPrototypeOf } = primordials;
const { Socket } = net;

/** `sink` gets `head(message)`, `body(bytes)` and `end(message)`. */
export function MessageSocket(sink, { isEncrypted, remoteAddress, remotePort }) {
    FunctionPrototypeCall(Socket, this);
    ObjectDefineProperty(this, SINK, { __proto__: null, value: sink });
    ObjectDefineProperty(this, "remoteAddress", { __proto__: null, value: remoteAddress, configurable: true });
    ObjectDefineProperty(this, "remoteFamily", {
        __proto__: null, value: net.isIPv6(remoteAddress) ? "IPv6" : "IPv4", configurable: true,
    });
    ObjectDefineProperty(this, "remotePort", { __proto__: null, value: remotePort, configurable: true });
    ObjectDefineProperty(this, "localAddress", { __proto__: null, value: "127.0.0.1", configurable: true });
    ObjectDefineProperty(this, "localFamily", { __proto__: null, value: "IPv4", configurable: true });
    ObjectDefineProperty(this, "localPort", { __proto__: null, value: isEncrypted ? 443 : 80, configurable: true });
    this.encrypted = isEncrypted;
    if (isEncrypted) this.authorized = false;
    this._httpMessage = null;
}
ObjectSetPrototypeOf(MessageSocket.prototype, Socket.prototype);
ObjectDefineProperty(MessageSocket, "name", { __proto__: null, value: "Socket", configurable: true });

const methods = {
    // What goes past the message is nobody's answer and is dropped.
    _write(chunk, encoding, callback) {
        callback();
    },
    getPeerCertificate() { return {}; },
    getCipher() { return { name: "", standardName: "", version: "" }; },
    getProtocol() { return null; },
};
for (const key in methods) {
    ObjectDefineProperty(MessageSocket.prototype, key, {
        __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
    });
}
