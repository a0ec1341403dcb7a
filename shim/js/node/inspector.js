// The module "inspector": the engine has no inspector. `url()` says so as Node does without one.

import { absentOf } from "../absent.js";

export default { ...absentOf("inspector"), url() {}, console: {}, Network: {} };
