// The module "readline": there is no terminal, so all of it throws at once. Lines of a file come from
// FileHandle.readLines().

import { absentOf } from "../absent.js";
import promises from "./readline_promises.js";

export default { ...absentOf("readline"), promises };
