// node:tty. There is no terminal: `isatty` is false for every descriptor, and the streams cannot be made.

import { absentOf } from "../absent.js";

const isatty = () => false;

export default { isatty, ...absentOf("tty") };
