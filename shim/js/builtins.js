// The modules that are built in, by name: what `require` and `import` give for them.

import assertModule from "./node/assert.js";
import assertStrictModule from "./node/assert_strict.js";
import asyncHooksModule from "./node/async_hooks.js";
import bufferModule from "./node/buffer.js";
import childProcessModule from "./node/child_process.js";
import clusterModule from "./node/cluster.js";
import consoleModule from "./node/console.js";
import constantsModule from "./node/constants.js";
import cryptoModule from "./node/crypto.js";
import dgramModule from "./node/dgram.js";
import diagnosticsChannelModule from "./node/diagnostics_channel.js";
import dnsModule from "./node/dns.js";
import dnsPromisesModule from "./node/dns_promises.js";
import eventsModule from "./node/events.js";
import fsModule from "./node/fs.js";
import fsPromisesModule from "./node/fs_promises.js";
import httpModule from "./node/http.js";
import http2Module from "./node/http2.js";
import httpsModule from "./node/https.js";
import inspectorModule from "./node/inspector.js";
import moduleModule from "./node/module.js";
import netModule from "./node/net.js";
import osModule from "./node/os.js";
import pathModule from "./node/path.js";
import pathPosixModule from "./node/path_posix.js";
import pathWin32Module from "./node/path_win32.js";
import perfHooksModule from "./node/perf_hooks.js";
import processModule from "./node/process.js";
import punycodeModule from "./node/punycode.js";
import querystringModule from "./node/querystring.js";
import readlineModule from "./node/readline.js";
import readlinePromisesModule from "./node/readline_promises.js";
import replModule from "./node/repl.js";
import streamModule from "./node/stream.js";
import streamConsumersModule from "./node/stream_consumers.js";
import streamPromisesModule from "./node/stream_promises.js";
import streamWebModule from "./node/stream_web.js";
import stringDecoderModule from "./node/string_decoder.js";
import timersModule from "./node/timers.js";
import timersPromisesModule from "./node/timers_promises.js";
import tlsModule from "./node/tls.js";
import ttyModule from "./node/tty.js";
import urlModule from "./node/url.js";
import utilModule from "./node/util.js";
import utilTypesModule from "./node/util_types.js";
import v8Module from "./node/v8.js";
import vaasFrameworkModule from "./node/vaas_framework.js";
import vmModule from "./node/vm.js";
import workerThreadsModule from "./node/worker_threads.js";
import zlibModule from "./node/zlib.js";
import { primordials } from "./primordials.js";

const { ArrayPrototypePush, SafeMap, SafeSet, StringPrototypeSlice, StringPrototypeStartsWith } = primordials;

/** Names without `node:`, each with a function that gives the module. */
const MODULES = [
    ["assert", () => assertModule],
    ["assert/strict", () => assertStrictModule],
    ["async_hooks", () => asyncHooksModule],
    ["buffer", () => bufferModule],
    ["child_process", () => childProcessModule],
    ["cluster", () => clusterModule],
    ["console", () => consoleModule],
    ["constants", () => constantsModule],
    ["crypto", () => cryptoModule],
    ["dgram", () => dgramModule],
    ["diagnostics_channel", () => diagnosticsChannelModule],
    ["dns", () => dnsModule],
    ["dns/promises", () => dnsPromisesModule],
    ["events", () => eventsModule],
    ["fs", () => fsModule],
    ["fs/promises", () => fsPromisesModule],
    ["http", () => httpModule],
    ["http2", () => http2Module],
    ["https", () => httpsModule],
    ["inspector", () => inspectorModule],
    ["module", () => moduleModule],
    ["net", () => netModule],
    ["os", () => osModule],
    ["path", () => pathModule],
    ["path/posix", () => pathPosixModule],
    ["path/win32", () => pathWin32Module],
    ["perf_hooks", () => perfHooksModule],
    ["process", () => processModule],
    ["punycode", () => punycodeModule],
    ["querystring", () => querystringModule],
    ["readline", () => readlineModule],
    ["readline/promises", () => readlinePromisesModule],
    ["repl", () => replModule],
    ["stream", () => streamModule],
    ["stream/consumers", () => streamConsumersModule],
    ["stream/promises", () => streamPromisesModule],
    ["stream/web", () => streamWebModule],
    ["string_decoder", () => stringDecoderModule],
    ["sys", () => utilModule],
    ["timers", () => timersModule],
    ["timers/promises", () => timersPromisesModule],
    ["tls", () => tlsModule],
    ["tty", () => ttyModule],
    ["url", () => urlModule],
    ["util", () => utilModule],
    ["util/types", () => utilTypesModule],
    ["v8", () => v8Module],
    ["vaas-framework", () => vaasFrameworkModule],
    ["vm", () => vmModule],
    ["worker_threads", () => workerThreadsModule],
    ["zlib", () => zlibModule],
];

const byName = new SafeMap();
/** The names of those that the app may use. */
export const builtinNames = new SafeSet();
const all = [];
for (let at = 0; at < MODULES.length; at++) {
    byName.set(MODULES[at][0], MODULES[at][1]);
    builtinNames.add(MODULES[at][0]);
    ArrayPrototypePush(all, MODULES[at][0]);
}

/** Leaves only these names: the list that a manifest gives. */
export const allow = (names) => {
    builtinNames.clear();
    for (let at = 0; at < names.length; at++) if (byName.has(names[at])) builtinNames.add(names[at]);
};

/** The names of all there are, sorted. */
export const allBuiltins = all;

/** What `require(name)` gives; undefined for a name that is not built in or not allowed. */
export const builtin = (name) => (builtinNames.has(name) ? byName.get(name)() : undefined);

/** `fs` for `fs` and `node:fs`, whether there is such a module or not. */
export const bareName = (id) => (StringPrototypeStartsWith(id, "node:") ? StringPrototypeSlice(id, 5) : id);
