// The module "dns": looking up a name would leave the sandbox, so it throws at once, but for addresses and `localhost`.

import { absentOf } from "../absent.js";
import { codes, lookupOf, makeResolver, settings } from "../http/dns_common.js";
import promises from "./dns_promises.js";

const absent = absentOf("dns");

export default {
    ...absent, ...codes, ...settings, lookup: lookupOf(absent.lookup), Resolver: makeResolver("dns"), ADDRCONFIG: 32,
    ALL: 16, V4MAPPED: 8, promises,
};
