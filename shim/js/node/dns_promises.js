// The module "dns/promises": looking up a name would leave the sandbox, so it throws at once.

import { absentOf } from "../absent.js";
import { codes, makeResolver, settings } from "../http/dns_common.js";

export default { ...absentOf("dns.promises"), ...codes, ...settings, Resolver: makeResolver("dns.promises") };
