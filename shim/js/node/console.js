// node:console is the console itself.

import { console } from "../console.js";

export default console;
