// What "dns" and "dns/promises" share: names of errors, settings, and the class Resolver.

import { absentOf } from "../absent.js";
import { validateArray, validateFunction, validateOneOf } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { enqueue } from "../ticks.js";
import { isIP } from "./ip_text.js";

const { ObjectDefineProperty, Promise } = primordials;

export const codes = {
    NODATA: "ENODATA", FORMERR: "EFORMERR", SERVFAIL: "ESERVFAIL", NOTFOUND: "ENOTFOUND", NOTIMP: "ENOTIMP",
    REFUSED: "EREFUSED", BADQUERY: "EBADQUERY", BADNAME: "EBADNAME", BADFAMILY: "EBADFAMILY", BADRESP: "EBADRESP",
    CONNREFUSED: "ECONNREFUSED", TIMEOUT: "ETIMEOUT", EOF: "EOF", FILE: "EFILE", NOMEM: "ENOMEM",
    DESTRUCTION: "EDESTRUCTION", BADSTR: "EBADSTR", BADFLAGS: "EBADFLAGS", NONAME: "ENONAME", BADHINTS: "EBADHINTS",
    NOTINITIALIZED: "ENOTINITIALIZED", LOADIPHLPAPI: "ELOADIPHLPAPI", ADDRGETNETWORKPARAMS: "EADDRGETNETWORKPARAMS",
    CANCELLED: "ECANCELLED",
};

let order = "verbatim";

export const settings = {
    getServers() { return []; },
    setServers(servers) { validateArray(servers, "servers"); },
    getDefaultResultOrder() { return order; },
    setDefaultResultOrder(value) {
        validateOneOf(value, "dnsOrder", ["verbatim", "ipv4first", "ipv6first"]);
        order = value;
    },
};

/** The address that a name has without looking it up: its own, or that of this machine. */
const localAddress = (hostname, family) => {
    const version = isIP(hostname);
    if (version !== 0) return { address: hostname, family: version };
    if (hostname !== "localhost") return undefined;
    return family === 6 ? { address: "::1", family: 6 } : { address: "127.0.0.1", family: 4 };
};

const familyOf = (options) => (typeof options === "number" ? options : options?.family);

const answerOf = (found, options) => (options?.all === true ? [found] : found);

/** `dns.lookup` for addresses and `localhost`; `otherwise` is called for every other name. */
export const lookupOf = (otherwise) => function lookup(hostname, options, callback = undefined) {
    const done = callback ?? options;
    const found = typeof hostname === "string" ? localAddress(hostname, familyOf(options)) : undefined;
    if (found === undefined) return otherwise(hostname, options, callback);
    validateFunction(done, "callback");
    const answer = answerOf(found, options);
    enqueue(done, options?.all === true ? [null, answer] : [null, found.address, found.family]);
    return {};
};

/** The same of `dns/promises`. */
export const lookupPromiseOf = (otherwise) => function lookup(hostname, options = undefined) {
    const found = typeof hostname === "string" ? localAddress(hostname, familyOf(options)) : undefined;
    if (found === undefined) return otherwise(hostname, options);
    return new Promise((resolve) => resolve(answerOf(found, options)));
};

/** The class Resolver of a module; what looks something up throws. */
export const makeResolver = (module) => {
    class Resolver {
        cancel() {}
        getServers() { return []; }
        setServers(servers) { validateArray(servers, "servers"); }
        setLocalAddress() {}
    }
    const functions = absentOf(module);
    for (const key in functions) {
        if (key === "lookup" || key === "lookupService") continue;
        ObjectDefineProperty(Resolver.prototype, key, {
            __proto__: null, value: functions[key], writable: true, configurable: true,
        });
    }
    return Resolver;
};
