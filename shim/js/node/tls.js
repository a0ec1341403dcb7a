// The module "tls": what comes in was decrypted before, and nothing goes out, so all of it but constants throws at
// once.

import { absentError, absentOf } from "../absent.js";
import { primordials } from "../primordials.js";
import net from "./net.js";

const { FunctionPrototypeCall, ObjectDefineProperty, ObjectSetPrototypeOf } = primordials;

function Server(options, listener) {
    if (!(this instanceof Server)) return new Server(options, listener);
    FunctionPrototypeCall(net.Server, this, options);
    if (typeof listener === "function") this.on("secureConnection", listener);
    return this;
}
ObjectSetPrototypeOf(Server.prototype, net.Server.prototype);
ObjectDefineProperty(Server.prototype, "listen", {
    __proto__: null, value() { throw absentError("tls.Server.listen"); }, writable: true, configurable: true,
});

const functions = absentOf("tls");
ObjectSetPrototypeOf(functions.TLSSocket.prototype, net.Socket.prototype);

function SecureContext() {
    throw absentError("tls.createSecureContext");
}

export default {
    ...functions, Server, SecureContext,
    getCiphers() { return []; },
    getCACertificates() { return []; },
    rootCertificates: [],
    DEFAULT_ECDH_CURVE: "auto", DEFAULT_MIN_VERSION: "TLSv1.2", DEFAULT_MAX_VERSION: "TLSv1.3",
    DEFAULT_CIPHERS: "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
    CLIENT_RENEG_LIMIT: 3, CLIENT_RENEG_WINDOW: 600,
};
