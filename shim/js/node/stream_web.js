// The module "stream/web": the classes of the web's streams, which are the global ones.

import { globals as compression } from "../compression.js";
import { globals as encoding } from "../encoding_streams.js";
import { globals as streams } from "../streams/index.js";
import { primordials } from "../primordials.js";

const { ObjectAssign } = primordials;

export default ObjectAssign({}, streams, encoding, compression);
