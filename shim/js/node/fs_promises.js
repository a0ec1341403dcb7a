// The module "fs/promises".

import { promises } from "../fs/promises.js";

export default promises;
