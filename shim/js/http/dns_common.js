// What "dns" and "dns/promises" share: names of errors, settings, and the class Resolver.

import { absentOf } from "../absent.js";
import { validateArray, validateOneOf } from "../node_errors.js";
import { primordials } from "../primordials.js";

const { ObjectDefineProperty } = primordials;

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
