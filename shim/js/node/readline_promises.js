// The module "readline/promises": there is no terminal, so all of it throws at once.

import { absentOf } from "../absent.js";

export default absentOf("readline.promises");
