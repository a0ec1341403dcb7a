// The module "dns": looking up a name would leave the sandbox, so it throws at once.

import { absentOf } from "../absent.js";
import { codes, makeResolver, settings } from "../http/dns_common.js";
import promises from "./dns_promises.js";

export default {
    ...absentOf("dns"), ...codes, ...settings, Resolver: makeResolver("dns"), ADDRCONFIG: 32, ALL: 16, V4MAPPED: 8,
    promises,
};
