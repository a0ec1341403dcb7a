// Random values, digests and HMAC (Web Cryptography; test vectors of FIPS 180-4, RFC 2202 and RFC 4231).

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const utf8 = (text) => new TextEncoder().encode(text);
const name = (promise) => promise.then(() => "nothing", (error) => error.name);
const { subtle } = crypto;

const thrown = (act) => {
    try {
        act();
        return "nothing";
    } catch (error) {
        return error.name;
    }
};

const hmac = async (hash, key, text) => {
    const imported = await subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
    return hex(await subtle.sign("HMAC", imported, utf8(text)));
};

export const cases = [
    ["digests of abc", async () => [
        hex(await subtle.digest("SHA-1", utf8("abc"))), hex(await subtle.digest({ name: "sha-256" }, utf8("abc"))),
        hex(await subtle.digest("SHA-384", utf8("abc"))).slice(0, 16), hex(await subtle.digest("SHA-512", utf8("abc"))).slice(0, 16),
    ], [
        "a9993e364706816aba3e25717850c26c9cd0d89d", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cb00753f45a35e8b", "ddaf35a193617aba",
    ]],
    ["a digest of the data as it was", async () => {
        const bytes = utf8("abc");
        const promise = subtle.digest("SHA-1", bytes);
        bytes[0] = 0;
        return hex(await promise).slice(0, 8);
    }, "a9993e36"],
    ["HMAC of RFC 4231, cases 1, 2 and 6", async () => [
        (await hmac("SHA-256", new Uint8Array(20).fill(0x0b), "Hi There")).slice(0, 16),
        (await hmac("SHA-256", utf8("Jefe"), "what do ya want for nothing?")).slice(0, 16),
        (await hmac("SHA-512", new Uint8Array(131).fill(0xaa), "Test Using Larger Than Block-Size Key - Hash Key First")).slice(0, 16),
        (await hmac("SHA-1", new Uint8Array(20).fill(0x0b), "Hi There")).slice(0, 16),
    ], ["b0344c61d8db3853", "5bdcc146bf60754e", "80b24263c7c1a3eb", "b617318655057264"]],
    ["verify", async () => {
        const key = await subtle.generateKey({ name: "hmac", hash: "SHA-256" }, true, ["sign", "verify"]);
        const signature = await subtle.sign("HMAC", key, utf8("a"));
        return [
            await subtle.verify("HMAC", key, signature, utf8("a")), await subtle.verify("HMAC", key, signature, utf8("b")),
            await subtle.verify("HMAC", key, new Uint8Array(3), utf8("a")), key.type, key.extractable, key.usages, key.algorithm,
            key.algorithm === key.algorithm,
        ];
    }, [true, false, false, "secret", true, ["sign", "verify"], { name: "HMAC", length: 512, hash: { name: "SHA-256" } }, true]],
    ["JSON Web Keys", async () => {
        const algorithm = { name: "HMAC", hash: "SHA-256" };
        const key = await subtle.importKey("jwk", { kty: "oct", k: "AQID", alg: "HS256" }, algorithm, true, ["sign"]);
        return [await subtle.exportKey("jwk", key), hex(await subtle.exportKey("raw", key))];
    }, [{ kty: "oct", k: "AQID", alg: "HS256", key_ops: ["sign"], ext: true }, "010203"]],
    ["keys that are refused", async () => {
        const algorithm = { name: "HMAC", hash: "SHA-256" };
        const key = utf8("k");
        const bare = await subtle.importKey("raw", key, algorithm, false, ["verify"]);
        return Promise.all([
            name(subtle.importKey("raw", key, algorithm, true, [])), name(subtle.importKey("raw", key, algorithm, true, ["encrypt"])),
            name(subtle.importKey("raw", new Uint8Array(0), algorithm, true, ["sign"])),
            name(subtle.importKey("pkcs8", key, algorithm, true, ["sign"])), name(subtle.importKey("x", key, algorithm, true, ["sign"])),
            name(subtle.importKey("jwk", { kty: "RSA" }, algorithm, true, ["sign"])),
            name(subtle.importKey("jwk", { kty: "oct", k: "AQ=" }, algorithm, true, ["sign"])),
            name(subtle.importKey("raw", key, "HMAC", true, ["sign"])), name(subtle.exportKey("raw", bare)),
            name(subtle.sign("HMAC", bare, key)), name(subtle.sign("HMAC", {}, key)),
            name(subtle.generateKey({ ...algorithm, length: 0 }, true, ["sign"])),
        ]);
    }, ["SyntaxError", "SyntaxError", "DataError", "NotSupportedError", "TypeError", "DataError", "DataError", "TypeError",
        "InvalidAccessError", "InvalidAccessError", "TypeError", "OperationError"]],
    ["algorithms that are absent are named", async () => {
        const message = (promise) => promise.then(() => "nothing", (error) => `${error.name}: ${error.message.split(" ")[0]}`);
        return Promise.all([
            message(subtle.generateKey({ name: "aes-gcm", length: 256 }, true, ["encrypt"])),
            message(subtle.deriveBits({ name: "PBKDF2" }, {}, 8)), name(subtle.digest("MD5", utf8(""))),
        ]);
    }, ["NotSupportedError: AES-GCM", "NotSupportedError: PBKDF2", "NotSupportedError"]],
    ["random values", () => {
        const array = new Uint32Array(4);
        return [
            crypto.getRandomValues(array) === array, array.some((value) => value !== 0),
            thrown(() => crypto.getRandomValues(new Float64Array(1))), thrown(() => crypto.getRandomValues(new Uint8Array(65537))),
            thrown(() => crypto.getRandomValues([])), thrown(() => crypto.getRandomValues(new DataView(new ArrayBuffer(1)))),
        ];
    }, [true, true, "TypeMismatchError", "QuotaExceededError", "TypeError", "TypeMismatchError"]],
    ["UUIDs", () => {
        const one = crypto.randomUUID();
        return [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(one), one === crypto.randomUUID()];
    }, [true, false]],
    ["not to be constructed", () => [thrown(() => new Crypto()), thrown(() => new SubtleCrypto()), thrown(() => new CryptoKey())],
        ["TypeError", "TypeError", "TypeError"]],
];
