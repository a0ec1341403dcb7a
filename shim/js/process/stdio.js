// process.stdin, stdout and stderr: an input that has ended, and two outputs whose lines go to the app's log.

import streamModule from "../node/stream.js";
import bufferModule from "../node/buffer.js";
import { primordials } from "../primordials.js";
import { writeToLog } from "./log_lines.js";

const { ObjectDefineProperty, uncurryThis } = primordials;
const bufferToString = uncurryThis(bufferModule.Buffer.prototype.toString);

export const makeOutput = (stream) => {
    const { Writable } = streamModule;
    const output = new Writable({
        decodeStrings: false,
        write(chunk, encoding, callback) {
            writeToLog(stream, typeof chunk === "string" ? chunk : bufferToString(chunk, "utf8"));
            callback();
        },
    });
    output.fd = stream;
    output._type = "fs";
    ObjectDefineProperty(output, "_isStdio", { __proto__: null, value: true, writable: true, configurable: true });
    output.destroySoon = output.destroy;
    return output;
};

export const makeInput = () => {
    const { Readable } = streamModule;
    const input = new Readable({
        read() {
            this.push(null);
        },
    });
    input.fd = 0;
    return input;
};
