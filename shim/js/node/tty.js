// node:tty. There is no terminal: `isatty` is false for every descriptor, and the streams cannot be made.

import { notAvailable } from "../node_errors.js";

const isatty = () => false;

function ReadStream() {
    throw notAvailable("tty.ReadStream");
}

function WriteStream() {
    throw notAvailable("tty.WriteStream");
}

export default { isatty, ReadStream, WriteStream };
