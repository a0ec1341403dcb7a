// Powers that do not exist, each in one table: the module can be loaded, the name is there, and using it throws at once,
// by its name.

const CALL = "call";
const NEW = "new";
const EGRESS = "egress is not granted";
const PROCESSES = "an app cannot start processes";
const THREADS = "an app has one thread";
const INGRESS = "an app opens no sockets of its own; http.createServer takes the calls that come in";
const TERMINAL = "there is no terminal";
const ENGINE = "the engine has nothing of the kind";
const REALM = "there is no second realm";
const HOST = "it would act on the host";
const FILES = "files change by the app's own hand alone";
const CRYPTO = "ciphers, private keys, curves and primes are not built in";

/** [module, why, how they are used, arguments that would be right elsewhere, names]. */
const TABLE = [
    ["child_process", PROCESSES, CALL, ["ls", []], ["exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"]],
    ["cluster", PROCESSES, CALL, [], ["disconnect", "fork", "setupMaster", "setupPrimary"]],
    ["crypto", CRYPTO, CALL, ["aes-256-cbc", new Uint8Array(32), new Uint8Array(16)], [
        "checkPrime", "checkPrimeSync", "createCipheriv", "createDecipheriv", "createDiffieHellman", "createDiffieHellmanGroup", "createECDH",
            "createPrivateKey", "createSign", "diffieHellman",
        "generateKeyPair", "generateKeyPairSync", "generatePrime", "generatePrimeSync", "getDiffieHellman", "privateDecrypt", "privateEncrypt",
            "publicDecrypt", "publicEncrypt", "setEngine", "sign",
    ]],
    ["crypto", CRYPTO, NEW, ["aes-256-cbc", new Uint8Array(32), new Uint8Array(16)], [
        "Certificate", "Cipher", "Cipheriv", "Decipher", "Decipheriv", "DiffieHellman", "DiffieHellmanGroup", "ECDH", "Sign", "X509Certificate",
    ]],
    ["dgram", EGRESS, CALL, ["udp4"], ["createSocket"]],
    ["dgram", EGRESS, NEW, ["udp4"], ["Socket"]],
    ["dns", EGRESS, CALL, ["example.com", () => {}], [
        "lookup", "lookupService", "resolve", "resolve4", "resolve6", "resolveAny", "resolveCaa", "resolveCname", "resolveMx", "resolveNaptr",
            "resolveNs", "resolvePtr", "resolveSoa", "resolveSrv", "resolveTlsa", "resolveTxt", "reverse",
    ]],
    ["dns/promises", EGRESS, CALL, ["example.com"], [
        "lookup", "lookupService", "resolve", "resolve4", "resolve6", "resolveAny", "resolveCaa", "resolveCname", "resolveMx", "resolveNaptr",
            "resolveNs", "resolvePtr", "resolveSoa", "resolveSrv", "resolveTlsa", "resolveTxt", "reverse",
    ]],
    ["fs", FILES, CALL, ["/tmp", () => {}], ["watch", "watchFile"]],
    ["fs/promises", FILES, CALL, ["/tmp"], ["watch"]],
    ["http", EGRESS, CALL, ["http://example.com"], ["request", "get"]],
    ["http", EGRESS, NEW, ["http://example.com"], ["ClientRequest"]],
    ["https", EGRESS, CALL, ["https://example.com"], ["request", "get"]],
    ["http2", EGRESS, CALL, ["https://example.com"], ["connect"]],
    ["http2", INGRESS, CALL, [{}], ["createServer", "createSecureServer", "performServerHandshake"]],
    ["http2", ENGINE, CALL, [{}], ["getPackedSettings", "getUnpackedSettings"]],
    ["inspector", ENGINE, CALL, [], ["open", "close", "waitForDebugger"]],
    ["inspector", ENGINE, NEW, [], ["Session"]],
    ["module", ENGINE, CALL, ["./x"], ["register", "registerHooks", "stripTypeScriptTypes"]],
    ["module", ENGINE, NEW, [{}], ["SourceMap"]],
    ["net", EGRESS, CALL, [80, "example.com"], ["connect", "createConnection"]],
    ["os", HOST, CALL, [0, 5], ["setPriority"]],
    ["perf_hooks", ENGINE, CALL, [], ["monitorEventLoopDelay"]],
    ["process", HOST, CALL, ["1", "2"], [
        "abort", "binding", "chdir", "dlopen", "execve", "initgroups", "kill", "loadEnvFile", "setegid", "seteuid", "setgid", "setgroups", "setuid",
            "_linkedBinding",
    ]],
    ["readline", TERMINAL, CALL, [{ input: process.stdin }], ["createInterface", "clearLine", "clearScreenDown", "cursorTo", "emitKeypressEvents",
        "moveCursor"]],
    ["readline", TERMINAL, NEW, [{ input: process.stdin }], ["Interface"]],
    ["readline/promises", TERMINAL, CALL, [{ input: process.stdin }], ["createInterface"]],
    ["readline/promises", TERMINAL, NEW, [{ input: process.stdin }], ["Interface", "Readline"]],
    ["repl", TERMINAL, CALL, [], ["start"]],
    ["repl", TERMINAL, NEW, [], ["REPLServer"]],
    ["tls", EGRESS, CALL, [443, "example.com"], ["connect", "checkServerIdentity"]],
    ["tls", INGRESS, CALL, [{}], ["createServer", "createSecureContext"]],
    ["tls", INGRESS, NEW, [{}], ["TLSSocket"]],
    ["tty", TERMINAL, NEW, [0], ["ReadStream", "WriteStream"]],
    ["v8", ENGINE, CALL, [{}], [
        "deserialize", "getCppHeapStatistics", "getHeapSnapshot", "queryObjects", "serialize", "setHeapSnapshotNearHeapLimit", "startCpuProfile",
            "stopCoverage", "takeCoverage", "writeHeapSnapshot",
    ]],
    ["v8", ENGINE, NEW, [{}], ["DefaultDeserializer", "DefaultSerializer", "Deserializer", "GCProfiler", "Serializer"]],
    ["vm", REALM, CALL, ["1", {}], ["runInNewContext", "runInContext", "measureMemory"]],
    ["vm", REALM, NEW, ["1", {}], ["SourceTextModule", "SyntheticModule"]],
    ["worker_threads", THREADS, NEW, ["x"], ["Worker"]],
    ["worker_threads", THREADS, CALL, [{}, {}], ["moveMessagePortToContext", "postMessageToThread"]],
];

/** Methods of objects that can be made: [module, why, a function that uses it, the name]. */
const METHODS = [
    ["http", EGRESS, (http) => new http.Agent().createConnection({}), "Agent.createConnection"],
    ["https", EGRESS, (https) => https.globalAgent.createConnection({}), "Agent.createConnection"],
    ["net", EGRESS, (net) => new net.Socket().connect(80), "Socket.connect"],
    ["net", INGRESS, (net) => net.createServer().listen(80), "Server.listen"],
    ["tls", INGRESS, (tls) => tls.Server.prototype.listen.call({}, 443), "Server.listen"],
    ["child_process", PROCESSES, (processes) => new processes.ChildProcess().spawn({}), "spawn"],
];

/** What is wrong about the error that a use of a power gives; undefined if nothing is. */
const fault = (name, reason, use) => {
    const shown = name.replace("dns/promises", "dns.promises").replace("fs/promises", "fs.promises").replace("readline/promises", "readline.promises");
    const isEgress = reason === EGRESS;
    const [code, message] = isEgress ? ["ERR_ACCESS_DENIED", `${shown}: ${reason}`] : ["ERR_FEATURE_UNAVAILABLE_ON_PLATFORM",
        `${shown} does not exist here: ${reason}`];
    try {
        use();
    } catch (error) {
        if (error instanceof Error && error.name === "Error" && error.code === code && error.message === message) return undefined;
        return `${name}: ${error.name} ${error.code} ${error.message}`;
    }
    return `${name}: nothing is thrown`;
};

const faults = () => TABLE.flatMap(([module, reason, how, values, names]) => names.map((name) => {
    const loaded = process.getBuiltinModule(module);
    return fault(`${module}.${name}`, reason, () => (how === NEW ? new loaded[name](...values) : loaded[name](...values)));
})).filter((each) => each !== undefined);

export const cases = [
    ["each throws at once, by its name", () => faults(), []],
    ["so do methods of what can be made", () => METHODS.map(([module, reason, use, name]) => fault(`${module}.${name}`, reason,
        () => use(process.getBuiltinModule(module)))).filter((each) => each !== undefined), []],
    ["each is a function of its own name", () => TABLE.flatMap(([module, , , , names]) => names.filter((name) => {
        const value = process.getBuiltinModule(module)[name];
        return typeof value !== "function" || value.name !== name;
    }).map((name) => `${module}.${name}`)), []],
    ["none is called by importing it", async () => {
        const modules = [...new Set(TABLE.map(([module]) => module))];
        const all = await Promise.all(modules.map((module) => import(`node:${module}`)));
        return all.every((namespace, at) => namespace.default === process.getBuiltinModule(modules[at]));
    }, true],
    ["the table has this many", () => TABLE.reduce((sum, [, , , , names]) => sum + names.length, 0) + METHODS.length, 166],
];
