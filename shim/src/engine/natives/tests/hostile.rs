//! Every native with every kind of argument that it is not made for: a value or an exception comes, and nothing else.
//!
//! The arguments are drawn by a generator with a fixed seed, half of the time near what the contract asks for.

use super::Sandbox;

/// Calls of each native.
const ROUNDS: u32 = 400;

/// How a test is set up: its arguments by kind, and what each native takes.
const SETUP: &str = r#"
let seed = 1;
const draw = (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % below;
};
const one = (list) => list[draw(list.length)]();

const shared = new Uint8Array(256);
const backing = new ArrayBuffer(64, { maxByteLength: 4096 });
const views = [new Uint8Array(backing), new Uint8Array(backing, 8), new Uint8Array(backing, 8, 32)];
const used = (open, ...use) => {
    const handle = open();
    for (const step of use) try { step(handle); } catch {}
    return handle;
};

const NUMBERS = [
    () => 0, () => 1, () => 2, () => 3, () => 4, () => 5, () => 6, () => 9, () => 15, () => 16, () => 64, () => 4096,
    () => draw(20), () => draw(100000), () => -1, () => -0, () => 0.5, () => NaN, () => Infinity, () => -Infinity,
    () => 2 ** 31, () => 2 ** 32, () => 2 ** 53, () => 2 ** 63, () => -(2 ** 31), () => 1e308,
];
const TEXTS = [
    () => "", () => "a", () => "utf8", () => "latin1", () => "hex", () => "base64", () => "ascii", () => "base64url",
    () => "gzip", () => "deflate", () => "deflate-raw", () => "brotli", () => "MD5", () => "SHA-512/224",
    () => "SHA3-256", () => "RIPEMD-160", () => "shift_jis", () => "utf-16le", () => "gb18030", () => "iso-2022-jp",
    () => "\0", () => "=", () => "a\ud800", () => "\udc00", () => "\u{10ffff}", () => "xn--a", () => "\u05d0.\u00e4",
    () => "é".repeat(draw(3000)), () => "0f".repeat(draw(40000)), () => "\u{1f600}€a".repeat(draw(9000)),
    () => "xn--".repeat(draw(300)), () => "ä.".repeat(draw(40000)), () => "Zm9v=\n".repeat(draw(100)),
    () => "a".repeat(300000) + "€", () => ("rope" + draw(9)) + "é".repeat(40),
];
const ARRAYS = [
    () => new Uint8Array(), () => new Uint8Array(1), () => filled(draw(70000), draw(256)), () => some(draw(3000)),
    () => filled(262145, 1), () => filled(1048577, 1), () => detached(), () => outOfBounds(), () => one(views.map((view) => () => view)),
    () => shared, () => shared.subarray(draw(200), 200 + draw(56)), () => shared.subarray(draw(100)),
    () => packed(one([() => "gzip", () => "deflate", () => "brotli"]), some(draw(2000))),
    () => { const list = packed("gzip", some(500)); list[draw(list.length)] ^= 1 << draw(8); return list; },
    () => new Uint8Array(new SharedArrayBuffer(64)), () => new Uint8Array(new Uint8Array(40).buffer.transferToImmutable()),
    () => new (class extends Uint8Array {})(9), () => text(one(TEXTS).toWellFormed()),
];
const WORDS = [
    () => new Uint32Array(10).fill(0xffffffff), () => new Uint32Array(2), () => new Uint32Array(10).map(() => draw(30)),
    () => new Int32Array(3), () => new Int32Array(2), () => new Int32Array(0), () => new Uint32Array(shared.buffer),
    () => new Int32Array(shared.buffer, 8, 3), () => new Uint32Array(10).fill(0xfffffffe),
];
const HANDLES = [
    () => n.hashCreate("SHA-1"), () => used(() => n.hashCreate("MD5"), n.hashDigest),
    () => n.decoderOpen("gb18030", false, true), () => used(() => n.decoderOpen("utf-8", true, false), (handle) => n.decoderWrite(handle, bytes(), true)),
    () => n.zlibOpen(1 + draw(6), draw(11) - 1, 8 + draw(8), 1 + draw(9), draw(5), one([() => bytes(), () => some(99)])),
    () => n.brotliOpen(draw(2) === 0, new Uint32Array(10).fill(0xffffffff).map((value, at) => (draw(3) === 0 ? draw(26) : value))),
    () => n.deflateOpen(one([() => "gzip", () => "brotli"])), () => n.inflateOpen(one([() => "deflate", () => "brotli"])),
    () => n.pbkdf2Open("SHA-256", bytes(1), bytes(2), 1),
];
const kept = [];
const ODD = [
    () => undefined, () => null, () => true, () => false, () => 1n, () => Symbol(), () => ({}), () => [], () => () => {},
    () => new Proxy(new Uint8Array(4), { get() { throw new Error("foreign code ran"); } }), () => new Proxy({}, {}),
    () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; },
    () => ({ valueOf() { throw new Error("foreign code ran"); }, toString() { throw new Error("foreign code ran"); } }),
    () => new String("utf8"), () => new Number(1), () => new Uint8Array(8).buffer, () => new DataView(new ArrayBuffer(8)),
    () => new Float64Array(3), () => Promise.resolve(1), () => Promise.reject(1).catch(() => {}) && new Promise(() => {}),
    () => Object.create(n.hashCreate("MD5")), () => n,
];
const KINDS = {
    n: NUMBERS, t: TEXTS, b: ARRAYS, w: WORDS, o: ODD,
    f: [() => true, () => false],
    h: [...HANDLES, () => kept[draw(kept.length)] ?? n.hashCreate("MD5")],
};
const SHAPES = {
    bufferFromText: "tt", bufferToText: "bt", bufferUtf8Length: "t", bufferCompare: "bb", bufferIndexOf: "bbnnf",
    bufferIsUtf8: "b", bufferIsAscii: "b", utf8EncodeInto: "tbw", utf8DecodeFatal: "b", encodingName: "t",
    decoderOpen: "tff", decoderWrite: "hbf", hashCreate: "t", hashUpdate: "hb", hashDigest: "h", hashClone: "h",
    pbkdf2Open: "tbbn", pbkdf2Step: "hnb", scryptDerive: "bbnnnn", domainToASCII: "t", domainToUnicode: "t",
    objectClass: "o", promiseState: "o", proxyParts: "o", randomFill: "b", zlibOpen: "nnnnnb", zlibStep: "hbnbw",
    zlibMessage: "h", zlibParams: "hnn", zlibReset: "h", zlibCrc32: "bn", brotliOpen: "fw", brotliStep: "hbnbw",
    deflateOpen: "t", deflateStep: "hbfw", inflateOpen: "t", inflateStep: "hbw",
};
const tally = { values: 0, errors: 0, traps: 0 };
const attack = (name) => {
    backing.resize(draw(64));
    const shape = SHAPES[name];
    const list = [...shape].map((kind) => one(KINDS[draw(8) === 0 ? "ntbwofh"[draw(7)] : kind]));
    if (draw(20) === 0) list.length = draw(shape.length + 1);
    // Costs of scrypt beyond these would take minutes: they are no matter of arguments.
    if (name === "scryptDerive" && list.slice(2, 5).some((cost) => typeof cost === "number" && 300 < cost && cost < 2 ** 40)) return;
    try {
        const value = n[name](...list);
        if (n.objectClass(value) === 31) kept[draw(12)] = value;
        tally.values++;
    } catch (error) {
        if (String(error?.message).includes("foreign code ran")) tally.traps++;
        tally.errors++;
    }
};
"#;

fn sandbox(limit: usize) -> Sandbox {
    let sandbox = Sandbox::with_limit(limit);
    sandbox.run(super::compression::STEPS);
    sandbox.run(SETUP);
    sandbox
}

#[test]
fn every_native_is_attacked() {
    let sandbox = sandbox(super::ROOMY);
    sandbox.check("Object.keys(n).filter((name) => SHAPES[name] === undefined)", "");
    sandbox.check("Object.keys(SHAPES).filter((name) => typeof n[name] !== 'function')", "");
}

#[test]
fn whatever_the_arguments_are_a_value_or_an_exception_comes() {
    let sandbox = sandbox(super::ROOMY);
    let work = format!(
        "for (let round = 0; round < {ROUNDS}; round++) for (const name in SHAPES) attack(name);"
    );
    sandbox.run(&work);
    sandbox.check("[tally.traps, 2000 < tally.values, 2000 < tally.errors]", "0,true,true");
    assert!(!sandbox.meter.refused());
}

#[test]
fn the_same_in_a_heap_that_is_nearly_full() {
    let sandbox = sandbox(3 << 20);
    for _ in 0..ROUNDS {
        sandbox.attempt("for (const name in SHAPES) attack(name);");
        sandbox.attempt("kept.length = draw(2) * kept.length;");
    }
    sandbox.meter.set_limit(super::ROOMY);
    sandbox.check("tally.traps", "0");
    assert!(sandbox.meter.refused());
}

#[test]
fn all_memory_comes_back() {
    let sandbox = sandbox(super::ROOMY);
    let work = "for (let round = 0; round < 20; round++) for (const name in SHAPES) attack(name); kept.length = 0;";
    sandbox.run(work);
    sandbox.runtime.run_gc();
    let before = sandbox.meter.used();
    sandbox.run(work);
    sandbox.run(work);
    sandbox.runtime.run_gc();
    let after = sandbox.meter.used();
    assert!(after < before + (64 << 10), "{after} {before}");
}
