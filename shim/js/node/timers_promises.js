// The module "timers/promises".

import { promises } from "./timers/promises.js";

export default promises;
