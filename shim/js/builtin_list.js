// The names of all built-in modules, and the powers that do not exist here.

/** The name of each module, without `node:`. */
export const modules = [
    "assert", "assert/strict", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto",
    "dgram", "diagnostics_channel", "dns", "dns/promises", "events", "fs", "fs/promises", "http", "http2", "https",
    "inspector", "module", "net", "os", "path", "path/posix", "path/win32", "perf_hooks", "process", "punycode",
    "querystring", "readline", "readline/promises", "repl", "stream", "stream/consumers", "stream/promises",
    "stream/web", "string_decoder", "sys", "timers", "timers/promises", "tls", "tty", "url", "util", "util/types",
    "v8", "vaas-framework", "vm", "worker_threads", "zlib",
];

/** Why a power does not exist: the text that its error ends with. */
export const EGRESS = "egress is not granted";
const PROCESSES = "an app cannot start processes";
const THREADS = "an app has one thread";
const INGRESS = "an app opens no sockets of its own; http.createServer takes the calls that come in";
const TERMINAL = "there is no terminal";
const ENGINE = "the engine has nothing of the kind";
const REALM = "there is no second realm";
const HOST = "it would act on the host";
const FILES = "files change by the app's own hand alone";
const CRYPTO = "ciphers, private keys, curves and primes are not built in";

const group = (prefix, reason, names) => names.map((name) => [`${prefix}.${name}`, reason]);

const LOOK_UPS = [
    "lookup", "lookupService", "resolve", "resolve4", "resolve6", "resolveAny", "resolveCaa", "resolveCname",
    "resolveMx", "resolveNaptr", "resolveNs", "resolvePtr", "resolveSoa", "resolveSrv", "resolveTlsa", "resolveTxt",
    "reverse",
];

/** Each power that is absent and why: calling it (or `new` of it) throws `NAME does not exist here: WHY`. */
export const powers = [
    ...group("child_process", PROCESSES, [
        "exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync",
    ]),
    ...group("cluster", PROCESSES, ["disconnect", "fork", "setupMaster", "setupPrimary"]),
    ...group("crypto", CRYPTO, [
        "Certificate", "checkPrime", "checkPrimeSync", "Cipher", "Cipheriv", "createCipheriv", "createDecipheriv",
        "createDiffieHellman", "createDiffieHellmanGroup", "createECDH", "createPrivateKey", "createSign", "Decipher",
        "Decipheriv", "DiffieHellman", "diffieHellman", "DiffieHellmanGroup", "ECDH", "generateKeyPair",
        "generateKeyPairSync", "generatePrime", "generatePrimeSync", "getDiffieHellman", "privateDecrypt",
        "privateEncrypt", "publicDecrypt", "publicEncrypt", "setEngine", "Sign", "sign", "X509Certificate",
    ]),
    ...group("dgram", EGRESS, ["createSocket", "Socket"]),
    ...group("dns", EGRESS, LOOK_UPS),
    ...group("dns.promises", EGRESS, LOOK_UPS),
    ...group("fs", FILES, ["watch", "watchFile"]),
    ...group("fs.promises", FILES, ["watch"]),
    ...group("http", EGRESS, ["request", "get", "ClientRequest", "Agent.createConnection"]),
    ...group("https", EGRESS, ["request", "get", "Agent.createConnection"]),
    ...group("http2", EGRESS, ["connect"]),
    ...group("http2", INGRESS, ["createServer", "createSecureServer", "performServerHandshake"]),
    ...group("inspector", ENGINE, ["open", "close", "Session", "waitForDebugger"]),
    ...group("http2", ENGINE, ["getPackedSettings", "getUnpackedSettings"]),
    ...group("module", ENGINE, ["register", "registerHooks", "SourceMap", "stripTypeScriptTypes"]),
    ...group("net", EGRESS, ["connect", "createConnection", "Socket.connect"]),
    ...group("net", INGRESS, ["Server.listen"]),
    ...group("os", HOST, ["setPriority"]),
    ...group("perf_hooks", ENGINE, ["monitorEventLoopDelay"]),
    ...group("process", HOST, [
        "abort", "binding", "chdir", "dlopen", "execve", "initgroups", "kill", "loadEnvFile", "setegid", "seteuid",
        "setgid", "setgroups", "setuid", "_linkedBinding",
    ]),
    ...group("readline", TERMINAL, [
        "createInterface", "Interface", "clearLine", "clearScreenDown", "cursorTo", "emitKeypressEvents", "moveCursor",
    ]),
    ...group("readline.promises", TERMINAL, ["createInterface", "Interface", "Readline"]),
    ...group("repl", TERMINAL, ["start", "REPLServer"]),
    ...group("tls", EGRESS, ["connect", "checkServerIdentity"]),
    ...group("tls", INGRESS, ["createServer", "createSecureContext", "Server.listen", "TLSSocket"]),
    ...group("tty", TERMINAL, ["ReadStream", "WriteStream"]),
    ...group("v8", ENGINE, [
        "DefaultDeserializer", "DefaultSerializer", "deserialize", "Deserializer", "GCProfiler", "getCppHeapStatistics",
        "getHeapSnapshot", "queryObjects", "serialize", "Serializer", "setHeapSnapshotNearHeapLimit", "startCpuProfile",
        "stopCoverage", "takeCoverage", "writeHeapSnapshot",
    ]),
    ...group("vm", REALM, ["runInNewContext", "runInContext", "measureMemory", "SourceTextModule", "SyntheticModule"]),
    ...group("worker_threads", THREADS, ["Worker", "moveMessagePortToContext", "postMessageToThread"]),
];
