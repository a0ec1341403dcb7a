// Runs one file of the web platform tests in an instance of its own, and answers what came of its subtests.
//
// Harness, scripts and test run in the global scope, as a page would load them; `plan.json` says which. What a browser
// and the server of the tests would have there is here only as far as files go: an address, and `fetch` of data that
// was laid beside the test.

import { readFileSync } from "node:fs";

const plan = JSON.parse(readFileSync(`${import.meta.dirname}/plan.json`, "utf8"));
const read = (path) => readFileSync(`${import.meta.dirname}/wpt/${path}.txt`);

// Tests replace some of these.
const { Blob, URL, fetch: fetchElsewhere } = globalThis;

const address = new URL(plan.file + plan.variant, "http://web-platform.test:8000/");

const give = (name, value) => {
    if (name in globalThis) return;
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
};

const TYPES = {
    __proto__: null, json: "application/json", txt: "text/plain", html: "text/html", xml: "text/xml", vtt: "text/vtt",
};

const paths = new Map(plan.data.map((path) => [new URL(path, `${address.origin}/`).pathname, path]));

// A file that was laid is fetched by its address as a blob is; everything else is what it is without a server.
const fetchHere = (input, init) => {
    if (typeof input !== "string" && !(input instanceof URL)) return undefined;
    const url = URL.parse(input, address);
    if (url === null || url.origin !== address.origin) return undefined;
    const path = paths.get(url.pathname);
    if (path === undefined) return undefined;
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    const blob = URL.createObjectURL(new Blob([read(path)], { type }));
    const answer = fetchElsewhere(blob, init);
    URL.revokeObjectURL(blob);
    return answer;
};

const prepare = () => {
    give("self", globalThis);
    const { href, origin, protocol, host, hostname, port, pathname, search, hash } = address;
    const shown = { href, origin, protocol, host, hostname, port, pathname, search, hash, toString: () => href };
    give("location", shown);
    give("GLOBAL", { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false });
    // Without it the tests would make garbage until some is collected.
    give("gc", () => {});
    // Tests take the constructor of shared memory from here; the engine has that, and no WebAssembly.
    give("WebAssembly", { Memory: class Memory { buffer = new SharedArrayBuffer(0); } });
    if (plan.title !== null) globalThis.META_TITLE = plan.title;
    if (plan.data.length !== 0) {
        globalThis.fetch = function fetch(input, init) {
            return fetchHere(input, init) ?? fetchElsewhere.call(this, input, init);
        };
    }
};

// Outcomes of subtests, as the harness numbers them.
const PASSED = 0;
const NOT_APPLICABLE = 4;
const MOST_FAILURES = 40;

const text = (value) => {
    try {
        return String(value).slice(0, 300);
    } catch {
        return "(cannot be shown)";
    }
};

const after = (milliseconds) => new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
});

export default async () => {
    const begun = Date.now();
    const runScript = globalThis.eval;
    const seen = [];
    let status = "TIMEOUT";
    let all = seen;
    prepare();
    try {
        runScript(read(plan.harness).toString());
        globalThis.add_result_callback((test) => seen.push(test));
        const done = new Promise((resolve) => {
            globalThis.add_completion_callback((tests, harness) => {
                all = tests;
                status = harness.status === 0 ? "OK" : `HARNESS ${harness.status} ${text(harness.message)}`;
                resolve();
            });
        });
        const patience = after(plan.patienceMs);
        // One script: constants at the top of one are seen by the next, as they are in a page.
        runScript(plan.scripts.map((path) => `// ${path}\n${read(path)}`).join("\n;\n"));
        await Promise.race([done, patience]);
    } catch (error) {
        status = `THREW ${text(error)}`;
        // What was registered before may come to its end.
        await after(50);
    }
    const counted = all.filter((test) => test.status !== NOT_APPLICABLE);
    const failed = counted.filter((test) => test.status !== PASSED);
    return {
        status,
        pass: counted.length - failed.length,
        fail: failed.length,
        ms: Date.now() - begun,
        failures: failed.slice(0, MOST_FAILURES).map((test) => ({ name: text(test.name), message: text(test.message) })),
    };
};
