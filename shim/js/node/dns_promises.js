// The module "dns/promises": looking up a name would leave the sandbox, so it throws at once, but for addresses and
// `localhost`.

import { absentOf } from "../absent.js";
import { codes, lookupPromiseOf, makeResolver, settings } from "../http/dns_common.js";

const absent = absentOf("dns.promises");

export default {
    ...absent, ...codes, ...settings, lookup: lookupPromiseOf(absent.lookup), Resolver: makeResolver("dns.promises"),
};
