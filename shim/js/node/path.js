// node:path: paths of POSIX, and those of Windows as `path.win32` (Node's documentation, "Path"). Only text is worked
// on; no file is looked at.

import { posix } from "./path/posix.js";
import { win32 } from "./path/win32.js";

posix.posix = posix;
posix.win32 = win32;
win32.posix = posix;
win32.win32 = win32;

export default posix;
