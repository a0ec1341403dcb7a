// The first script: loads all others and gives the global object what an app finds there. It runs once, in the zygote.

import "./common.js";
import * as abort from "./abort.js";
import * as base64 from "./base64.js";
import * as blob from "./blob.js";
import * as compression from "./compression.js";
import * as console from "./console.js";
import * as domException from "./dom_exception.js";
import * as encoding from "./encoding.js";
import * as encodingStreams from "./encoding_streams.js";
import * as event from "./event.js";
import * as eventTarget from "./event_target.js";
import * as fetch from "./fetch.js";
import * as formData from "./form_data.js";
import * as headers from "./headers.js";
import * as messageChannel from "./message_channel.js";
import * as navigator from "./navigator.js";
import { bareName, builtin } from "./builtins.js";
import * as buffer from "./node/buffer.js";
import { install as installModule } from "./node/module.js";
import * as process from "./node/process.js";
import { setDebugSections } from "./node/util.js";
import * as performance from "./performance.js";
import * as performanceTimeline from "./performance_timeline.js";
import { primordials } from "./primordials.js";
import * as quotaExceeded from "./quota_exceeded.js";
import { globalFunctions as reportFunctions, makeGlobalTarget } from "./report.js";
import * as request from "./request.js";
import * as response from "./response.js";
import * as worker from "./run/worker.js";
import * as streams from "./streams/index.js";
import { install as installStack } from "./stack.js";
import * as structuredClone from "./structured_clone.js";
import * as timers from "./timers.js";
import * as url from "./url.js";
import * as urlSearchParams from "./url_search_params.js";
import * as webCrypto from "./web_crypto.js";
import { Module, requireFrom } from "./modules.js";

export { driver } from "./driver.js";

const { ObjectDefineProperty, ObjectKeys, StringPrototype } = primordials;

const hide = (owner, name, value) => {
    ObjectDefineProperty(owner, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
};

const show = (owner, name, value) => {
    ObjectDefineProperty(owner, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
};

const FILES = [
    abort, base64, blob, buffer, compression, console, domException, encoding, encodingStreams, event, eventTarget, fetch,
    formData, headers, messageChannel, navigator, performance, performanceTimeline, process, quotaExceeded, request,
    response, streams, structuredClone, timers, url, urlSearchParams, webCrypto, worker, { globalFunctions: reportFunctions },
];

makeGlobalTarget(globalThis);
for (const { globals = {}, globalFunctions = {} } of FILES) {
    for (const name of ObjectKeys(globals)) hide(globalThis, name, globals[name]);
    for (const name of ObjectKeys(globalFunctions)) show(globalThis, name, globalFunctions[name]);
}
for (const name of ["global", "self"]) hide(globalThis, name, globalThis);
for (const name of ["createObjectURL", "revokeObjectURL"]) show(globalThis.URL, name, blob[name]);

installStack();
installModule({ Module, requireFrom });
setDebugSections(() => process.default.env.NODE_DEBUG);
process.setBuiltins((id) => builtin(bareName(id)));

// The engine makes a template literal by the method `concat` of its first string. The scripts here use such literals
// after apps have run, so that method is not to be replaced.
ObjectDefineProperty(StringPrototype, "concat", { __proto__: null, writable: false, configurable: false });
