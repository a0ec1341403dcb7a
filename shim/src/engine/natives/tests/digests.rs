//! Digests and what is derived with them: vectors of the RFCs and of FIPS 180 and 202.

use super::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run(
        "const digest = (name, string) => {
            const handle = n.hashCreate(name);
            n.hashUpdate(handle, text(string));
            return hex(n.hashDigest(handle));
        };
        const pbkdf2 = (name, password, salt, iterations, size, block = 1, step = 4096) => {
            const handle = n.pbkdf2Open(name, text(password), text(salt), block);
            const output = new Uint8Array(size);
            for (let left = iterations; 0 < left; left -= step) n.pbkdf2Step(handle, Math.min(left, step), output);
            return hex(output);
        };
        const scrypt = (password, salt, N, r, p, length) =>
            hex(n.scryptDerive(text(password), text(salt), N, r, p, length));",
    );
    sandbox
}

#[test]
fn digests_are_those_of_the_standards() {
    let sandbox = sandbox();
    sandbox.check("digest('MD5', 'abc')", "900150983cd24fb0d6963f7d28e17f72");
    sandbox.check("digest('RIPEMD-160', 'abc')", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    sandbox.check("digest('SHA-1', 'abc')", "a9993e364706816aba3e25717850c26c9cd0d89d");
    sandbox.check(
        "digest('SHA-224', 'abc')",
        "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
    );
    sandbox.check(
        "digest('SHA-256', 'abc')",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    sandbox.check(
        "digest('SHA-384', 'abc')",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    );
    sandbox.check(
        "digest('SHA-512', 'abc')",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    );
    sandbox.check(
        "digest('SHA-512/224', 'abc')",
        "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa",
    );
    sandbox.check(
        "digest('SHA-512/256', 'abc')",
        "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
    );
    sandbox.check(
        "digest('SHA3-224', 'abc')",
        "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
    );
    sandbox.check(
        "digest('SHA3-256', 'abc')",
        "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
    );
    sandbox.check(
        "digest('SHA3-384', 'abc')",
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
    );
    sandbox.check(
        "digest('SHA3-512', 'abc')",
        "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
         10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
    );
    sandbox.check("digest('sha256', 'abc')", "TypeError");
}

#[test]
fn a_digest_is_fed_in_parts_and_can_be_cloned() {
    let sandbox = sandbox();
    sandbox.run(
        "const one = n.hashCreate('MD5');
        n.hashUpdate(one, text('ab'));
        const two = n.hashClone(one);
        n.hashUpdate(one, text('c'));",
    );
    sandbox.check("hex(n.hashDigest(one))", "900150983cd24fb0d6963f7d28e17f72");
    sandbox.check("hex(n.hashDigest(two))", "187ef4436122d1cc2f40dc2b92f0eba0");
    sandbox.check("n.hashDigest(one)", "TypeError");
    sandbox.check("n.hashUpdate(one, text('c'))", "TypeError");
    sandbox.check("n.hashClone(one)", "TypeError");
    sandbox.check("n.hashUpdate(n.hashCreate('MD5'), filled(1048577, 0))", "RangeError");
    sandbox.check("n.hashUpdate(n.decoderOpen('utf-8', false, false), text('c'))", "TypeError");
    sandbox.check("n.hashUpdate({}, text('c'))", "TypeError");
}

#[test]
fn pbkdf2_is_that_of_rfc_6070_and_7914() {
    let sandbox = sandbox();
    sandbox.check(
        "pbkdf2('SHA-1', 'password', 'salt', 1, 20)",
        "0c60c80f961f0e71f3a9b524af6012062fe037a6",
    );
    sandbox.check(
        "pbkdf2('SHA-1', 'password', 'salt', 2, 20)",
        "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957",
    );
    sandbox.check(
        "pbkdf2('SHA-1', 'password', 'salt', 4096, 20)",
        "4b007901b765489abead49d926f721d065a429c1",
    );
    sandbox.check(
        "pbkdf2('SHA-1', 'password', 'salt', 4096, 20, 1, 7)",
        "4b007901b765489abead49d926f721d065a429c1",
    );
    sandbox.check(
        "pbkdf2('SHA-1', 'passwordPASSWORDpassword', 'saltSALTsaltSALTsaltSALTsaltSALTsalt', 4096, 20)",
        "3d2eec4fe41c849b80c8d83662c0e44a8b291a96",
    );
    sandbox.check(
        "pbkdf2('SHA-1', 'passwordPASSWORDpassword', 'saltSALTsaltSALTsaltSALTsaltSALTsalt', 4096, 20, 2)
            .slice(0, 10)",
        "4cf2f07038",
    );
    sandbox.check(
        "pbkdf2('SHA-256', 'passwd', 'salt', 1, 32)",
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
    );
    sandbox.check(
        "pbkdf2('SHA-256', 'Password', 'NaCl', 80000, 32, 2)",
        "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
    );
    sandbox.check(
        "pbkdf2('SHA-512', 'p'.repeat(200), 's', 3, 64).slice(0, 32)",
        "b65d8859db584bb91459566d85dc3c43",
    );
    sandbox.check(
        "pbkdf2('SHA3-256', 'password', 'salt', 3, 32)",
        "6677065466c97fdef1c15ae8d95020ca948334f53eceeafc6115ddf405f6d6a4",
    );
}

#[test]
fn what_pbkdf2_cannot_do_is_refused() {
    let sandbox = sandbox();
    sandbox.check("pbkdf2('SHA-3', 'password', 'salt', 1, 20)", "TypeError");
    sandbox.check("pbkdf2('SHA-1', 'password', 'salt', 1, 19)", "RangeError");
    sandbox.check("pbkdf2('SHA-1', 'password', 'salt', 1, 20, 0)", "RangeError");
    sandbox.check("pbkdf2('SHA-1', 'password', 'salt', 4097, 20, 1, 4097)", "RangeError");
    sandbox.check("pbkdf2('SHA-1', 'password', 'salt', 1, 20, 2 ** 31).length", "40");
}

#[test]
fn scrypt_is_that_of_rfc_7914() {
    let sandbox = sandbox();
    sandbox.check(
        "scrypt('', '', 16, 1, 1, 64)",
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442\
         fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
    );
    sandbox.check(
        "scrypt('password', 'NaCl', 1024, 8, 16, 64)",
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162\
         2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
    );
    sandbox.check(
        "scrypt('pleaseletmein', 'SodiumChloride', 16384, 8, 1, 64)",
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2\
         d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
    );
    sandbox.check("scrypt('', '', 15, 1, 1, 64)", "RangeError");
    sandbox.check("scrypt('', '', 1, 1, 1, 64)", "RangeError");
    sandbox.check("scrypt('', '', 16, 0, 1, 64)", "RangeError");
    sandbox.check("scrypt('', '', 16, 65536, 65536, 64)", "RangeError");
    sandbox.check("scrypt('', '', 16, 1, 1, 0)", "RangeError");
    sandbox.check("scrypt('', '', 16, 1, 1, 2 ** 53)", "RangeError");
}

#[test]
fn scrypt_beyond_the_limit_is_refused_before_it_is_made() {
    let sandbox = Sandbox::with_limit(32 << 20);
    let before = sandbox.meter.used();
    let argument = "n.scryptDerive(text(''), text(''), 2 ** 20, 8, 1, 64)";
    sandbox.check(argument, "InternalError");
    assert!(sandbox.meter.refused());
    sandbox.runtime.run_gc();
    assert!(sandbox.meter.used() < before + (64 << 10), "{} {before}", sandbox.meter.used());
    sandbox.check("n.scryptDerive(text(''), text(''), 16, 1, 1, 64).length", "64");
}
