// The module "crypto": the forms of its functions, their classes, and what they refuse.

import { code, failure } from "./common.mjs";

const crypto = process.getBuiltinModule("crypto");
const { promisify } = process.getBuiltinModule("util");

/** What a function gives to its callback; that it comes later. */
const answer = (run) => new Promise((resolve) => {
    let isLater = false;
    const result = run((error, value) => resolve([error?.code ?? error, value, isLater && result === undefined]));
    isLater = true;
});
const hex = (bytes) => Buffer.from(bytes).toString("hex");

export const cases = [
    ["classes of hashes", () => [crypto.createHash("md5") instanceof crypto.Hash, crypto.createHash("md5").constructor === crypto.Hash,
        new crypto.Hash("md5").update("abc").digest("hex"), crypto.Hash("md5").update("abc").digest("hex"), crypto.createHmac("md5",
        "k") instanceof crypto.Hmac,
        crypto.createHmac("md5", "k").constructor === crypto.Hmac, new crypto.Hmac("md5", "k").update("abc").digest("hex"), crypto.Hmac("sha256",
            "k").update("abc").digest("base64")], [
        true, true, "900150983cd24fb0d6963f7d28e17f72", "900150983cd24fb0d6963f7d28e17f72", true, true,
        "75972c9c6569f2f407752ddb02ac79de", "NC5RnOCtbAOja5jus/HRMNtIE7nfTRFg7aSI1xLceO4=",
    ]],
    ["what hashes refuse", () => [failure(() => new crypto.Hash("nothing")), failure(() => new crypto.Hash(5)).slice(0, 2),
        failure(() => crypto.createHmac("nothing", "k")), failure(() => crypto.createHmac("md5", 5)).slice(0, 2),
        failure(() => crypto.createHmac("md5")).slice(0, 2),
        failure(() => crypto.createHash("md5").update()).slice(0, 2), failure(() => crypto.createHash("md5").update("zz", "nothing")).slice(0, 2),
            failure(() => crypto.createHash("md5", { outputLength: 3 })).slice(0, 2)], [
        ["Error", null, "Digest method not supported"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
        ["TypeError", "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest: nothing"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["gave", {}],
        ["Error", "ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH"],
    ]],
    ["an Hmac is used up by its digest", () => {
        const hmac = crypto.createHmac("sha1", "key").update("a");
        return [hmac.digest("hex"), failure(() => hmac.update("b")).slice(0, 2), hmac.digest("hex")];
    }, ["0db21f05052f323e714ef9bf1f7b000ffe97e8a0", ["Error", "ERR_CRYPTO_HASH_FINALIZED"], ""]],
    ["hash at once", () => [crypto.hash("sha1", "abc"), crypto.hash("sha256", Buffer.from("abc"), "base64"), crypto.hash("md5", "abc",
        "buffer").length, failure(() => crypto.hash("nothing", "a"))[0], code(() => crypto.hash("md5", 5)), code(() => crypto.hash(5, "a")),
        code(() => crypto.hash("md5", "a", "what"))], [
        "a9993e364706816aba3e25717850c26c9cd0d89d", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", 16, "Error", "ERR_INVALID_ARG_TYPE",
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE",
    ]],
    ["names", () => [crypto.getHashes().includes("sha256"), crypto.getHashes().includes("RSA-SHA256"), crypto.getCiphers().length,
        crypto.getCurves().length, crypto.getCipherInfo("aes-128-cbc") === undefined, crypto.getHashes() !== crypto.getHashes()], [true, true, 0, 0, true, true]],
    ["random bytes in each form", async () => {
        const [error, bytes, isLater] = await answer((callback) => crypto.randomBytes(20, callback));
        return [crypto.randomBytes(20).length, error, bytes.length, isLater, Buffer.isBuffer(bytes),
            hex(crypto.randomBytes(20)) !== hex(crypto.randomBytes(20)), crypto.randomBytes(0).length, code(() => crypto.randomBytes(-1)),
            code(() => crypto.randomBytes("5")), crypto.randomBytes(1.5).length,
            code(() => crypto.randomBytes(5, 5)), code(() => crypto.randomBytes(2 ** 31))];
    }, [20, null, 20, true, true, true, 0, "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", 1, "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE"]],
    ["filling with random bytes", async () => {
        const bytes = Buffer.alloc(40);
        const [error, same, isLater] = await answer((callback) => crypto.randomFill(bytes, 10, 20, callback));
        const sync = new Uint8Array(40);
        crypto.randomFillSync(sync, 5, 30);
        const words = new Uint32Array(16);
        crypto.randomFillSync(words, 1);
        return [error, same === bytes, isLater, bytes.subarray(0, 10).every((one) => one === 0), bytes.subarray(10, 30).some((one) => one !== 0),
            bytes.subarray(30).every((one) => one === 0), sync.subarray(0, 5).every((one) => one === 0), sync.subarray(5, 35).some((one) => one !== 0),
            sync.subarray(35).every((one) => one === 0), words[0], words.subarray(1).some((one) => one !== 0),
                crypto.randomFillSync(new ArrayBuffer(8)).byteLength, code(() => crypto.randomFillSync([])), code(() => crypto.randomFillSync(bytes,
                41)), code(() => crypto.randomFillSync(bytes, 10, 31)),
            code(() => crypto.randomFill(bytes)), code(() => crypto.randomFill(bytes, 0, "a", () => {}))];
    }, [
        null, true, true, true, true, true, true, true, true, 0, true, 8, "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE",
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
    ]],
    ["random numbers", async () => {
        const numbers = Array.from({ length: 200 }, () => crypto.randomInt(3, 6));
        const [error, value, isLater] = await answer((callback) => crypto.randomInt(5, callback));
        return [[...new Set(numbers)].sort(), error, 0 <= value && value < 5, isLater, crypto.randomInt(1), code(() => crypto.randomInt(5, 5)),
            code(() => crypto.randomInt(0)), code(() => crypto.randomInt("a")), code(() => crypto.randomInt(1.5)), code(() => crypto.randomInt(0, 2 ** 48)),
            code(() => crypto.randomInt(0, 5, 5)), crypto.randomInt(-5, -4)];
    }, [
        [3, 4, 5], null, true, true, 0, "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
        "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", -5,
    ]],
    ["UUIDs", () => {
        const [one, other] = [crypto.randomUUID(), crypto.randomUUID({ disableEntropyCache: true })];
        return [/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(one), one.length, one !== other,
            code(() => crypto.randomUUID(5)), code(() => crypto.randomUUID({ disableEntropyCache: 5 }))];
    }, [true, 36, true, "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["getRandomValues is that of the web", () => {
        const words = new Uint16Array(20);
        return [crypto.getRandomValues(words) === words, words.some((one) => 255 < one),
            failure(() => crypto.getRandomValues(new Float32Array(1)))[0], failure(() => crypto.getRandomValues(new Uint8Array(65537)))[0],
            failure(() => crypto.getRandomValues(5))[0] !== "gave",
            crypto.webcrypto === globalThis.crypto, crypto.subtle === globalThis.crypto.subtle];
    }, [true, true, "TypeMismatchError", "QuotaExceededError", true, true, true]],
    ["pbkdf2", async () => [hex(crypto.pbkdf2Sync("password", "salt", 2, 20, "sha1")), hex((await answer((callback) => crypto.pbkdf2("password",
        "salt", 2, 20, "sha1", callback)))[1]), (await answer((callback) => crypto.pbkdf2("p", "s", 1, 5, "sha512", callback)))[2],
                failure(() => crypto.pbkdf2Sync("p", "s", 1, 5, "nothing")), code(() => crypto.pbkdf2Sync("p", "s", 0, 5, "sha1")),
            code(() => crypto.pbkdf2Sync("p", "s", 1, -1, "sha1")), code(() => crypto.pbkdf2Sync(5, "s", 1, 5, "sha1")),
            code(() => crypto.pbkdf2Sync("p", "s", 1, 5)), code(() => crypto.pbkdf2("p", "s", 1, 5, "sha1"))], [
        "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957", "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957", true,
        ["TypeError", "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest: nothing"], "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE",
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
    ]],
    ["scrypt", async () => [hex(crypto.scryptSync("", "", 16, { N: 16, r: 1, p: 1 })), hex((await answer((callback) => crypto.scrypt("", "", 16,
        { N: 16, r: 1, p: 1 }, callback)))[1]), hex((await answer((callback) => crypto.scrypt("a", "b", 8, callback)))[1]),
        code(() => crypto.scryptSync("a", "b", 8, { N: 15 })),
        code(() => crypto.scryptSync("a", "b", 8, { N: 2 ** 20 })), code(() => crypto.scryptSync("a", "b", -1)), code(() => crypto.scryptSync(5, "b",
            8)), code(() => crypto.scryptSync("a", "b", 8, { N: 16, cost: 16 })), code(() => crypto.scrypt("a", "b", 8)), crypto.scryptSync("a", "b",
            0).length], [
        "77d6576238657b203b19ca42c18a0497", "77d6576238657b203b19ca42c18a0497", "87c5081bda438d49", "ERR_CRYPTO_INVALID_SCRYPT_PARAMS",
        "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_CRYPTO_SCRYPT_INVALID_PARAMETER",
        "ERR_INVALID_ARG_TYPE", 0,
    ]],
    ["hkdf", async () => {
        const args = ["sha256", Buffer.alloc(22, 0x0b), Buffer.from("000102030405060708090a0b0c", "hex"), Buffer.from("f0f1f2f3f4f5f6f7f8f9", "hex"), 42];
        const [error, bytes, isLater] = await answer((callback) => crypto.hkdf(...args, callback));
        return [hex(crypto.hkdfSync(...args)), error, hex(bytes) === hex(crypto.hkdfSync(...args)), isLater, bytes instanceof ArrayBuffer,
            code(() => crypto.hkdfSync("nothing", "a", "b", "c", 5)), code(() => crypto.hkdfSync("sha1", "a", "b", "c", 20 * 255 + 1)),
            code(() => crypto.hkdfSync("sha1", 5, "b", "c", 5)),
            code(() => crypto.hkdfSync("sha1", "a", "b", Buffer.alloc(1025), 5)), code(() => crypto.hkdf("sha1", "a", "b", "c", 5))];
    }, [
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", null, true, true, true,
        "ERR_CRYPTO_INVALID_DIGEST", "ERR_CRYPTO_INVALID_KEYLEN", "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE",
    ]],
    ["secret keys", async () => {
        const key = crypto.createSecretKey("6162", "hex");
        const [error, made, isLater] = await answer((callback) => crypto.generateKey("hmac", { length: 64 }, callback));
        return [key instanceof crypto.KeyObject, key.type, key.symmetricKeySize, key.export().toString(), key.export({ format: "jwk" }),
            key.equals(crypto.createSecretKey(Buffer.from("ab"))), key.equals(crypto.createSecretKey(Buffer.from("ac"))),
            failure(() => key.equals(5)).slice(0, 2), error, made.symmetricKeySize, isLater,
            crypto.generateKeySync("aes", { length: 256 }).symmetricKeySize, code(() => crypto.generateKeySync("aes", { length: 100 })),
                code(() => crypto.generateKeySync("nothing", {})), code(() => crypto.generateKeySync("hmac", { length: 4 })),
                code(() => crypto.createSecretKey("")), code(() => crypto.createSecretKey(5)),
            code(() => crypto.generateKey("hmac", { length: 64 }))];
    }, [
        true, "secret", 2, "ab", { kty: "oct", k: "YWI" }, true, false, ["TypeError", "ERR_INVALID_ARG_TYPE"], null, 8, true, 32,
        "ERR_INVALID_ARG_VALUE", "ERR_INVALID_ARG_VALUE", "ERR_OUT_OF_RANGE", {}, "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
    ]],
    ["keys of the web and back", async () => {
        const key = crypto.createSecretKey(Buffer.alloc(32, 7));
        const own = key.toCryptoKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
        const back = crypto.KeyObject.from(own);
        return [own instanceof CryptoKey, own.algorithm.hash.name, own.extractable, own.usages, back.equals(key),
            hex(await globalThis.crypto.subtle.sign("HMAC", own, Buffer.from("a"))) === crypto.createHmac("sha256", Buffer.alloc(32,
            7)).update("a").digest("hex"),
            code(() => crypto.KeyObject.from(5)), failure(() => new crypto.KeyObject("a")).slice(0, 2), failure(() => new crypto.KeyObject("secret",
                {})).slice(0, 2), key.constructor !== Object, crypto.KeyObject.prototype.constructor === crypto.KeyObject];
    }, [
        true, "SHA-256", true, ["sign"], true, true, "ERR_INVALID_ARG_TYPE", ["TypeError", "ERR_INVALID_ARG_VALUE"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], true, true,
    ]],
    ["a key object keys an Hmac", () => crypto.createHmac("sha256",
        crypto.createSecretKey(Buffer.from("k"))).update("abc").digest("hex") === crypto.createHmac("sha256", "k").update("abc").digest("hex"), true],
    ["comparing without telling where", () => [crypto.timingSafeEqual(Buffer.from("ab"), Buffer.from("ab")), crypto.timingSafeEqual(Buffer.from("ab"),
        new Uint8Array([97, 99])), crypto.timingSafeEqual(new ArrayBuffer(2), new DataView(new ArrayBuffer(2))),
        failure(() => crypto.timingSafeEqual(Buffer.alloc(1), Buffer.alloc(2))),
        code(() => crypto.timingSafeEqual("a", "a")), code(() => crypto.timingSafeEqual(Buffer.alloc(1)))], [
        true, false, true, ["RangeError", "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length"],
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
    ]],
    ["verifying is a class and a stream of updates", () => {
        const verify = crypto.createVerify("RSA-SHA256");
        return [verify instanceof crypto.Verify, verify.constructor === crypto.Verify, verify.update("a") === verify,
            failure(() => crypto.createVerify("nothing")).slice(0, 2), code(() => crypto.createVerify(5)), code(() => verify.update(5)),
            code(() => new crypto.Verify("sha256").verify(5, Buffer.alloc(1)))];
    }, [true, true, true, ["TypeError", "ERR_CRYPTO_INVALID_DIGEST"], "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["promisified", async () => [(await promisify(crypto.randomBytes)(4)).length, hex(await promisify(crypto.pbkdf2)("password", "salt", 1, 8,
        "sha1")), (await promisify(crypto.generateKey)("hmac", { length: 32 })).symmetricKeySize,
        (await promisify(crypto.randomFill)(Buffer.alloc(3))).length], [4, "0c60c80f961f0e71", 4, 3]],
    ["modes of the library", () => [crypto.getFips(), failure(() => crypto.setFips(true)).slice(0, 2), crypto.setFips(false),
        failure(() => crypto.setFips(1)).slice(0, 2), crypto.secureHeapUsed(), crypto.fips],
        [0, ["Error", "ERR_CRYPTO_FIPS_UNAVAILABLE"], null, ["TypeError", "ERR_INVALID_ARG_TYPE"], { total: 0, used: 0, utilization: 0, min: 0 }, false]],
];
