// The module "dgram": an app has no sockets, so all of it throws at once.

import { absentOf } from "../absent.js";

export default absentOf("dgram");
