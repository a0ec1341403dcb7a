// The module "crypto" (test vectors of FIPS 180-4 and 202, RFC 1321, 2202, 4231, 5869, 6070 and 7914).

const crypto = process.getBuiltinModule("crypto");
const { Readable } = process.getBuiltinModule("stream");

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return error.code ?? error.message;
    }
};
const of = (name) => crypto.createHash(name).update("abc").digest("hex");

// A key of 1024 bits made for this test, and its signatures of "a message": RSASSA-PKCS1-v1_5 with SHA-256, and
// RSASSA-PSS with SHA-512 and a salt of 20 bytes.
const SPKI = [
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4Oy5t9ZS1Vl44BoF43pgWPfzQsaOngKJMtZDP0Fr88uvYOdhAZLkO+52/XLAd",
    "wTBtTpsz7eWaQvyTizHszBNIQmHTZdkp/zyLzaDaQtnbB13HqN/+ARnD62NiFL8F1YuEu7YfdESvOtPLPgnUH37fZ5IRx5gsmKvL",
    "nTBX/y5g0wIDAQAB",
].join("");
const PKCS1_SIGNATURE = [
    "mKP1b/z8+rfM66Ru9cd5Mmsx0VSLMW3MBw9pjfuWLHgc24Oov6nUkwFJycDuzI6Bc1fvOrf4S54LXGdChbFFown1qatZDYzPC1NC",
    "M+b6Y3qvoknh0WkEsQhuXecEDBffqnvBh4OQXRpTGJNPyuhRzNSQbi3PhSB0Qf9BGp/4GAM=",
].join("");
const PSS_SIGNATURE = [
    "e8yE+FOoQ4XNfwILmYCDLtQF3OJFJoA0gKCM/MvI5/RylBeTGwppMps/POkw4on1RHOXPD69ZaMlgWamMSFVR4s/TOAFtIvCJL+c",
    "nHEifIwIDtRQn4rQEoi1Txwnju3NM4yHm9VArzMoWG8kb1T3T94A85J/dJkuVfygjmohpMM=",
].join("");

const der = () => ({ key: Buffer.from(SPKI, "base64"), format: "der", type: "spki" });

export const cases = [
    ["digests of abc", () => ["md5", "sha1", "SHA224", "sha256", "RSA-SHA384", "sha512", "sha512-256", "sha3-256", "ripemd160"].map(of), [
        "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
        "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
    ]],
    ["pieces, encodings and copies", () => {
        const hash = crypto.createHash("sha256").update("YQ==", "base64").update(Buffer.from("b"));
        const copy = hash.copy();
        return [copy.update("c").digest("hex") === of("sha256"), hash.update(new Uint16Array([0x63])).digest("base64url").length,
            crypto.createHash("md5").digest("base64"),
            Buffer.isBuffer(crypto.createHash("md5").digest()), crypto.createHash("md5").update("a").digest("latin1").length];
    }, [true, 43, "1B2M2Y8AsgTpgAmY7PhCfg==", true, 16]],
    ["a hash is used up by its digest", () => {
        const hash = crypto.createHash("md5");
        hash.digest();
        return [failure(() => hash.digest()), failure(() => hash.update("a")), failure(() => hash.copy()), failure(() => crypto.createHash("nope")),
            failure(() => crypto.createHash(5)), failure(() => crypto.createHash("md5").update(5))];
    }, ["ERR_CRYPTO_HASH_FINALIZED", "ERR_CRYPTO_HASH_FINALIZED", "ERR_CRYPTO_HASH_FINALIZED", "Digest method not supported", "ERR_INVALID_ARG_TYPE",
        "ERR_INVALID_ARG_TYPE"]],
    ["a hash is a stream", async () => {
        const hash = crypto.createHash("sha1");
        Readable.from([Buffer.from("a"), Buffer.from("bc")]).pipe(hash);
        const chunks = [];
        for await (const chunk of hash.setEncoding("hex")) chunks.push(chunk);
        return chunks.join("");
    }, "a9993e364706816aba3e25717850c26c9cd0d89d"],
    ["getHashes and names", () => [crypto.getHashes().includes("sha256"), crypto.getHashes().includes("RSA-SHA256"),
        crypto.getCiphers().length === 0 || crypto.getCiphers().length > 50], [true, true, true]],
    ["HMAC", () => [
        crypto.createHmac("sha256", "Jefe").update("what do ya want for nothing?").digest("hex"), crypto.createHmac("md5", Buffer.alloc(16,
            0x0b)).update("Hi There").digest("hex"),
        crypto.createHmac("sha512", Buffer.alloc(131, 0xaa)).update("Test Using Larger Than Block-Size Key - Hash Key First").digest("hex").slice(0, 32),
        crypto.createHmac("sha256", crypto.createSecretKey(Buffer.from("Jefe"))).update("what do ya want for nothing?").digest("base64"),
    ], ["5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "9294727a3638bb1c13f48ef8158bfc9d", "80b24263c7c1a3ebb71493c1dd7be8b4",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="]],
    ["an HMAC's second digest is empty", () => {
        const hmac = crypto.createHmac("md5", "key");
        hmac.digest();
        return [hmac.digest("hex"), failure(() => hmac.update("a")), failure(() => crypto.createHmac("nope", "key")),
            failure(() => crypto.createHmac("md5"))];
    }, ["", "ERR_CRYPTO_HASH_FINALIZED", "ERR_CRYPTO_INVALID_DIGEST", "ERR_INVALID_ARG_TYPE"]],
    ["random bytes", async () => {
        const all = [crypto.randomBytes(5).length, crypto.randomBytes(0).length, failure(() => crypto.randomBytes(-1)),
            failure(() => crypto.randomBytes("5"))];
        all.push(await new Promise((resolve) => crypto.randomBytes(9, (error, bytes) => resolve(bytes.length))));
        const target = Buffer.alloc(100);
        crypto.randomFillSync(target, 50);
        all.push(target.subarray(0, 50).every((one) => one === 0), target.subarray(50).some((one) => one !== 0),
            failure(() => crypto.randomFillSync(target, 101)));
        all.push(await new Promise((resolve) => crypto.randomFill(new Uint32Array(3), 1, (error, filled) => resolve([filled.length, filled[0]]))));
        return all;
    }, [5, 0, "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", 9, true, true, "ERR_OUT_OF_RANGE", [3, 0]]],
    ["randomUUID and randomInt", async () => {
        const numbers = Array.from({ length: 200 }, () => crypto.randomInt(3, 6));
        return [/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(crypto.randomUUID()), Math.min(...numbers),
            Math.max(...numbers), crypto.randomInt(1),
            failure(() => crypto.randomInt(0)), failure(() => crypto.randomInt(1.5)), failure(() => crypto.randomInt(0, 2 ** 48)),
            await new Promise((resolve) => crypto.randomInt(1, (error, value) => resolve(value)))];
    }, [true, 3, 5, 0, "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", 0]],
    ["timingSafeEqual", () => [crypto.timingSafeEqual(Buffer.from("a"), new Uint8Array([97])), crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("b")),
        failure(() => crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("ab"))), failure(() => crypto.timingSafeEqual("a", "a"))],
    [true, false, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "ERR_INVALID_ARG_TYPE"]],
    ["pbkdf2", async () => [crypto.pbkdf2Sync("password", "salt", 2, 20, "sha1").toString("hex"), crypto.pbkdf2Sync("passwordPASSWORDpassword",
        "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 25, "sha1").toString("hex"),
        await new Promise((resolve) => crypto.pbkdf2("password", "salt", 1, 20, "sha1", (error, key) => resolve(key.toString("hex")))),
        failure(() => crypto.pbkdf2Sync("a", "b", 1, 1, "nope")), failure(() => crypto.pbkdf2Sync("a", "b", 0, 1, "sha1")),
            failure(() => crypto.pbkdf2("a", "b", 1, 1, () => {}))],
    ["ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957", "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
        "0c60c80f961f0e71f3a9b524af6012062fe037a6", "ERR_CRYPTO_INVALID_DIGEST", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE"]],
    ["hkdf", () => {
        const key = crypto.hkdfSync("sha256", Buffer.alloc(22, 0x0b), Buffer.from("000102030405060708090a0b0c", "hex"),
            Buffer.from("f0f1f2f3f4f5f6f7f8f9", "hex"), 42);
        return [key instanceof ArrayBuffer, Buffer.from(key).toString("hex"), failure(() => crypto.hkdfSync("sha256", "a", "", "", 9000))];
    }, [true, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", "ERR_CRYPTO_INVALID_KEYLEN"]],
    ["scrypt", () => [crypto.scryptSync("password", "NaCl", 64, { N: 1024, r: 8, p: 16 }).toString("hex").slice(0, 32),
        failure(() => crypto.scryptSync("a", "b", 1, { N: 3 })),
        failure(() => crypto.scryptSync("a", "b", 1, { N: 2 ** 20 }))], ["fdbabe1c9d3472007856e7190d01e9fe", "ERR_CRYPTO_INVALID_SCRYPT_PARAMS",
            "ERR_CRYPTO_INVALID_SCRYPT_PARAMS"]],
    ["secret keys", () => {
        const key = crypto.createSecretKey("6162", "hex");
        return [key.type, key.symmetricKeySize, key.export().toString(), key.export({ format: "jwk" }),
            key.equals(crypto.createSecretKey(Buffer.from("ab"))), key instanceof crypto.KeyObject,
            Object.prototype.toString.call(key), failure(() => crypto.createSecretKey(5)), failure(() => new crypto.KeyObject("secret", {})),
                crypto.generateKeySync("hmac", { length: 64 }).symmetricKeySize];
    }, ["secret", 2, "ab", { kty: "oct", k: "YWI" }, true, true, "[object KeyObject]", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", 8]],
    ["the web's crypto is the same", () => [crypto.webcrypto === globalThis.crypto, crypto.subtle === globalThis.crypto.subtle], [true, true]],
    ["what is not there throws by name", () => (crypto.getCiphers().length === 0
        ? ["createCipheriv", "createSign", "createPrivateKey", "generateKeyPairSync", "createECDH"].map((name) => {
            try {
                crypto[name]();
                return "nothing";
            } catch (error) {
                return error.message.includes(`crypto.${name}`);
            }
        })
        : [true, true, true, true, true]), [true, true, true, true, true]],
    ["RSA: keys", () => {
        const key = crypto.createPublicKey(der());
        const pem = key.export({ type: "pkcs1", format: "pem" });
        const again = crypto.createPublicKey(pem);
        return [key.type, key.asymmetricKeyType, key.asymmetricKeyDetails.modulusLength, String(key.asymmetricKeyDetails.publicExponent), again.equals(key),
            again.export({ type: "spki", format: "der" }).toString("base64") === SPKI, crypto.createPublicKey({ key: key.export({ format: "jwk" }),
                format: "jwk" }).equals(key),
            pem.split("\n")[0], failure(() => crypto.createPublicKey("nonsense")), failure(() => crypto.createPublicKey(5)),
                failure(() => crypto.createPublicKey(crypto.createSecretKey("61", "hex")))];
    }, ["public", "rsa", 1024, "65537", true, true, true, "-----BEGIN RSA PUBLIC KEY-----", "ERR_OSSL_UNSUPPORTED", "ERR_INVALID_ARG_TYPE",
        "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE"]],
    ["RSA: signatures", () => {
        const check = (name, text, options, signature) => crypto.createVerify(name).update(text).verify({ ...der(), ...options }, signature, "base64");
        const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_AUTO } = crypto.constants;
        return [check("RSA-SHA256", "a message", {}, PKCS1_SIGNATURE), check("RSA-SHA256", "another message", {}, PKCS1_SIGNATURE),
            check("RSA-SHA512", "a message", {}, PKCS1_SIGNATURE),
            check("sha512", "a message", { padding, saltLength: 20 }, PSS_SIGNATURE), check("sha512", "a message", { padding,
                saltLength: RSA_PSS_SALTLEN_AUTO }, PSS_SIGNATURE),
            check("sha512", "a message", { padding, saltLength: RSA_PSS_SALTLEN_DIGEST }, PSS_SIGNATURE), check("sha512", "a message", {},
                PSS_SIGNATURE), check("sha256", "a message", {}, ""),
            crypto.verify("sha256", Buffer.from("a message"), der(), Buffer.from(PKCS1_SIGNATURE, "base64")), failure(() => crypto.createVerify("nope"))];
    }, [true, false, false, true, true, false, false, false, true, "ERR_CRYPTO_INVALID_DIGEST"]],
];
