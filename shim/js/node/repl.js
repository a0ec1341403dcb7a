// The module "repl": there is no terminal, so all of it throws at once.

import { absentOf } from "../absent.js";
import { primordials } from "../primordials.js";

const { Symbol } = primordials;

export default {
    ...absentOf("repl"), REPL_MODE_SLOPPY: Symbol("repl-sloppy"), REPL_MODE_STRICT: Symbol("repl-strict"),
};
