// How a Buffer looks in util.inspect: `<Buffer 61 62 63 ... 7 more bytes>`.

import { primordials } from "../../primordials.js";
import natives from "../../natives.js";
import { viewOf } from "./encodings.js";

const { MathMin, ObjectAssign, ObjectGetOwnPropertyNames, StringPrototypeSlice } = primordials;
const { bufferToText } = natives;

/** `most` is buffer.INSPECT_MAX_BYTES. */
export const inspectSettings = { most: 50 };

export const inspectMethod = function inspect(recurseTimes, context, inspect) {
    const { length } = this;
    const shown = MathMin(inspectSettings.most, length);
    const hex = shown === 0 ? "" : bufferToText(viewOf(this, 0, shown), "hex");
    let text = "";
    for (let at = 0; at < hex.length; at += 2) text += `${at === 0 ? "" : " "}${StringPrototypeSlice(hex, at, at + 2)}`;
    const rest = length - shown;
    if (0 < rest) text += ` ... ${rest} more byte${1 < rest ? "s" : ""}`;
    const extras = {};
    let hasExtras = false;
    if (context !== undefined && typeof inspect === "function") {
        const names = ObjectGetOwnPropertyNames(this);
        // The indexes come first; what is behind them is what the program added.
        for (let at = length; at < names.length; at++) {
            hasExtras = true;
            extras[names[at]] = this[names[at]];
        }
    }
    if (hasExtras) {
        const settings = ObjectAssign({}, context, { breakLength: Infinity, compact: true });
        text += `${length === 0 ? "" : ", "}${StringPrototypeSlice(inspect(extras, settings), 2, -2)}`;
    }
    const name = this.constructor?.name ?? "Buffer";
    return `<${name} ${text}>`;
};
