// Text for the app's log in whole lines: what process.stdout and process.stderr get, and what fs writes to 1 and 2.

import natives from "../natives.js";
import { primordials } from "../primordials.js";

const {
    StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeToWellFormed,
} = primordials;

// A line without an end is given away in pieces of so many code units.
const LONGEST = 16 * 1024;

const rest = { __proto__: null, 1: "", 2: "" };

/** Takes text for stream 1 (output) or 2 (errors); the part behind the last line end waits for more. */
export const writeToLog = (stream, text) => {
    let pending = rest[stream] + text;
    for (;;) {
        const end = StringPrototypeIndexOf(pending, "\n");
        if (end === -1) break;
        natives.log(stream === 1 ? 1 : 3, StringPrototypeToWellFormed(StringPrototypeSlice(pending, 0, end)));
        pending = StringPrototypeSlice(pending, end + 1);
    }
    while (LONGEST < pending.length) {
        natives.log(stream === 1 ? 1 : 3, StringPrototypeToWellFormed(StringPrototypeSlice(pending, 0, LONGEST)));
        pending = StringPrototypeSlice(pending, LONGEST);
    }
    rest[stream] = pending;
    if (pending !== "") natives.untidy();
};

/** Gives away lines without an end; the driver calls it when a call or the load ends. */
export const flushLog = () => {
    for (let stream = 1; stream <= 2; stream++) {
        const text = rest[stream];
        if (text === "") continue;
        rest[stream] = "";
        natives.log(stream === 1 ? 1 : 3, StringPrototypeToWellFormed(text));
    }
};
