// The module "stream/promises".

import { promises } from "./stream/promises.js";

export default promises;
