//! zlib and the Compression Standard's formats: vectors made by zlib itself, steps of odd sizes, and memory.

use super::{ROOMY, Sandbox};

/// What zlib makes of "hello hello hello hello".
const ZLIB: &str = "789ccb48cdc9c957c8402701680308b1";
const GZIP: &str = "1f8b0800000000000203cb48cdc9c957c8402701e3513d8d17000000";

/// Steps of a stream until its end, in JavaScript.
pub(super) const STEPS: &str = r#"
const NOTHING = new Uint8Array(0);
const [DEFLATE, INFLATE, GZIP, GUNZIP, DEFLATE_RAW, INFLATE_RAW] = [1, 2, 3, 4, 5, 6];
const open = (mode, { level = 6, bits = 15, memory = 8, strategy = 0, dictionary = NOTHING } = {}) =>
    n.zlibOpen(mode, level, bits, memory, strategy, dictionary);
// All output of a handle for an input, and the last status; parts of the input and room are small if asked for.
const all = (handle, input, { flush = 4, part = input.length, room = 16384 } = {}) => {
    const result = new Int32Array(3);
    const output = new Uint8Array(room);
    const parts = [];
    let at = 0;
    for (;;) {
        const end = Math.min(input.length, at + part);
        n.zlibStep(handle, input.subarray(at, end), end < input.length ? 0 : flush, output, result);
        at += result[0];
        parts.push(output.slice(0, result[1]));
        if (result[2] !== 0 || (at === input.length && result[1] < room)) break;
    }
    return { bytes: joined(parts), status: result[2], consumed: at };
};
const status = (mode, input, options, step) => all(open(mode, options), input, step).status;
// All output of a format of streams, in steps of a size.
const packed = (format, input, size = 65536) => {
    const handle = n.deflateOpen(format);
    const about = new Uint32Array(2);
    const parts = [];
    for (let at = 0; about[1] !== 2;) {
        const end = Math.min(input.length, at + size);
        parts.push(n.deflateStep(handle, input.subarray(at, end), end === input.length, about));
        at += about[0];
    }
    return joined(parts);
};
const unpacked = (format, input, size = 65536) => {
    const handle = n.inflateOpen(format);
    const about = new Uint32Array(2);
    const parts = [];
    for (let at = 0; about[1] !== 2;) {
        const end = Math.min(input.length, at + size);
        const before = at;
        parts.push(n.inflateStep(handle, input.subarray(at, end), about));
        at += about[0];
        if (at === before && about[1] === 1) return "ended too early";
    }
    return joined(parts);
};
const some = (length) => {
    const list = new Uint8Array(length);
    for (let at = 0, seed = 1; at < length; at++) {
        seed = Math.imul(seed, 1103515245) + 12345 & 0x7fffffff;
        list[at] = at % 7 === 0 ? seed >> 16 : at >> 5;
    }
    return list;
};
"#;

fn sandbox(limit: usize) -> Sandbox {
    let sandbox = Sandbox::with_limit(limit);
    sandbox.run(STEPS);
    sandbox
}

#[test]
fn what_zlib_compressed_is_decompressed() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(&format!("const [zlib, gzip] = [unhex('{ZLIB}'), unhex('{GZIP}')];"));
    sandbox.check("utf8(all(open(INFLATE), zlib).bytes)", "hello hello hello hello");
    sandbox.check("utf8(all(open(INFLATE, { bits: 0 }), zlib).bytes)", "hello hello hello hello");
    sandbox.check("utf8(all(open(GUNZIP), gzip).bytes)", "hello hello hello hello");
    sandbox
        .check("utf8(all(open(INFLATE_RAW), zlib.subarray(2)).bytes)", "hello hello hello hello");
    sandbox.check(
        "utf8(all(open(GUNZIP), gzip, { part: 1, room: 1 }).bytes)",
        "hello hello hello hello",
    );
    sandbox.check("status(INFLATE, zlib)", "1");
    sandbox.check("status(GUNZIP, gzip)", "1");
    sandbox.check("n.zlibCrc32(text('hello hello hello hello'), 0)", "2369606115");
    sandbox.check("n.zlibCrc32(text('lo'), n.zlibCrc32(text('hel'), 0))", "907060870");
}

#[test]
fn what_is_compressed_is_the_same_again() {
    let sandbox = sandbox(ROOMY);
    sandbox.run("const data = some(300_000);");
    sandbox.run(
        "const again = (to, from, options, step) =>
            n.bufferCompare(data, all(open(from, options), all(open(to, options), data, step).bytes, step).bytes);",
    );
    let step = "{ part: 65521, room: 4099 }";
    sandbox.check(&format!("again(DEFLATE, INFLATE, {{}}, {step})"), "0");
    sandbox.check(&format!("again(GZIP, GUNZIP, {{ level: 9 }}, {step})"), "0");
    sandbox
        .check(&format!("again(DEFLATE_RAW, INFLATE_RAW, {{ bits: 9, memory: 1 }}, {step})"), "0");
    sandbox.check(&format!("again(DEFLATE, INFLATE, {{ level: 0 }}, {step})"), "0");
    sandbox.check(&format!("again(DEFLATE, INFLATE, {{ strategy: 2, level: 1 }}, {step})"), "0");
    sandbox.check(&format!("again(DEFLATE, INFLATE, {{ strategy: 4, bits: 9 }}, {step})"), "0");
    sandbox.check(&format!("again(DEFLATE, INFLATE, {{ strategy: 3 }}, {step})"), "0");
    sandbox
        .check("again(DEFLATE_RAW, INFLATE_RAW, { dictionary: some(1000) }, { part: 65536 })", "0");
    sandbox.check("again(DEFLATE, INFLATE, { dictionary: some(1000) }, { part: 65536 })", "0");
}

#[test]
fn a_level_can_change_between_parts() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(
        "const handle = open(DEFLATE);
        const one = all(handle, text('one '), { flush: 2 });
        n.zlibParams(handle, 0, 0);
        const two = all(handle, text('two'), { flush: 4 });",
    );
    sandbox.check("utf8(all(open(INFLATE), joined([one.bytes, two.bytes])).bytes)", "one two");
    sandbox.check("n.zlibParams(open(INFLATE), 1, 0)", "TypeError");
    sandbox.check("n.zlibParams(handle, 10, 0)", "RangeError");
}

#[test]
fn members_of_gzip_follow_each_other() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(&format!("const gzip = unhex('{GZIP}');"));
    sandbox.check("all(open(GUNZIP), joined([gzip, gzip])).bytes.length", "46");
    sandbox
        .check("all(open(GUNZIP), joined([gzip, gzip]), { part: 1, room: 3 }).bytes.length", "46");
    sandbox.check("all(open(GUNZIP), joined([gzip, bytes(0, 0, 7)])).consumed", "28");
    sandbox.check("all(open(GUNZIP), joined([gzip, bytes(7, 7, 7)])).status", "-3");
    sandbox.check("all(open(INFLATE), joined([all(open(DEFLATE), gzip).bytes, gzip])).status", "1");
}

#[test]
fn dictionaries_are_asked_for() {
    let sandbox = sandbox(ROOMY);
    sandbox.run("const dictionary = text('hello');");
    sandbox
        .run("const packedWith = all(open(DEFLATE, { dictionary }), text('hello hello')).bytes;");
    sandbox.check(
        "utf8(all(open(INFLATE, { dictionary }), packedWith, { part: 1 }).bytes)",
        "hello hello",
    );
    sandbox.check("status(INFLATE, packedWith)", "2");
    sandbox.check("status(INFLATE, packedWith, { dictionary: text('hullo') })", "2");
    sandbox.check("open(GZIP, { dictionary })", "undefined");
    sandbox.run(
        "const handle = open(INFLATE, { dictionary });
        all(handle, packedWith);
        n.zlibReset(handle);",
    );
    sandbox.check("utf8(all(handle, packedWith).bytes)", "hello hello");
    sandbox.run(
        "const bare = open(DEFLATE_RAW, { dictionary });
        const first = all(bare, text('hello hello')).bytes;
        n.zlibReset(bare);",
    );
    sandbox.check("n.bufferCompare(first, all(bare, text('hello hello')).bytes)", "0");
}

#[test]
fn bad_data_is_named() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(
        "const message = (mode, input) => {
            const handle = open(mode);
            const { status } = all(handle, input);
            return `${status} ${n.zlibMessage(handle)}`;
        };",
    );
    sandbox.run(&format!("const [zlib, gzip] = [unhex('{ZLIB}'), unhex('{GZIP}')];"));
    sandbox.check("message(INFLATE, text('nonsense'))", "-3 incorrect header check");
    sandbox.check("message(GUNZIP, zlib)", "-3 incorrect header check");
    sandbox.check("message(INFLATE_RAW, bytes(7))", "-3 invalid block type");
    sandbox.check(
        "message(INFLATE, joined([zlib.subarray(0, -1), bytes(0)]))",
        "-3 incorrect data check",
    );
    sandbox.check("status(INFLATE, zlib.subarray(0, -1))", "-5");
    sandbox.check("status(INFLATE, zlib.subarray(0, -1), {}, { flush: 2 })", "0");
    sandbox.check("status(INFLATE, NOTHING)", "-5");
    sandbox.check("n.zlibMessage(open(INFLATE))", "");
}

#[test]
fn settings_are_refused() {
    let sandbox = sandbox(ROOMY);
    sandbox.check("open(DEFLATE, { bits: 7 })", "undefined");
    sandbox.check("open(INFLATE_RAW, { bits: 0 })", "undefined");
    sandbox.check("open(7)", "RangeError");
    sandbox.check("open(DEFLATE, { level: 10 })", "RangeError");
    sandbox.check("open(DEFLATE, { memory: 0 })", "RangeError");
    sandbox.check("open(DEFLATE, { strategy: 0.5 })", "TypeError");
    sandbox.check("all(open(INFLATE), new Uint8Array(262145))", "RangeError");
    sandbox.check("n.deflateOpen('zip')", "TypeError");
    sandbox.check(
        "n.zlibStep(n.deflateOpen('gzip'), NOTHING, 0, bytes(1), new Int32Array(3))",
        "TypeError",
    );
    sandbox
        .check("n.zlibStep(open(DEFLATE), NOTHING, 0, bytes(1), new Int32Array(2))", "TypeError");
}

#[test]
fn output_over_its_own_input_is_right() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(&format!("const both = new Uint8Array(64); both.set(unhex('{ZLIB}'), 10);"));
    sandbox.run("const result = new Int32Array(3);");
    sandbox.run("n.zlibStep(open(INFLATE), both.subarray(10, 25), 4, both, result);");
    sandbox.check("utf8(both.subarray(0, result[1]))", "hello hello hello hello");
}

#[test]
fn formats_of_streams_are_the_same_again() {
    let sandbox = sandbox(ROOMY);
    sandbox.run("const data = some(200_000);");
    sandbox.run(
        "const again = (format, size, other) => n.bufferCompare(data, unpacked(format, packed(format, data, size), other));",
    );
    sandbox.check("again('deflate', 65536, 1)", "0");
    sandbox.check("again('deflate-raw', 4099, 65536)", "0");
    sandbox.check("again('gzip', 65521, 257)", "0");
    sandbox.check(
        "n.bufferCompare(filled(1e7, 5), unpacked('gzip', packed('gzip', filled(1e7, 5))))",
        "0",
    );
    sandbox.check("utf8(unpacked('deflate', packed('deflate', NOTHING)))", "");
    sandbox
        .check(&format!("utf8(unpacked('deflate', unhex('{ZLIB}')))"), "hello hello hello hello");
}

#[test]
fn streams_end_at_the_end_of_their_data() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(&format!("const gzip = unhex('{GZIP}');"));
    sandbox.run("const about = new Uint32Array(2); const handle = n.inflateOpen('gzip');");
    sandbox.check(
        "utf8(n.inflateStep(handle, joined([gzip, gzip]), about))",
        "hello hello hello hello",
    );
    sandbox.check("about", "28,2");
    sandbox.check("n.inflateStep(handle, gzip, about)", "TypeError");
    sandbox.check("unpacked('gzip', gzip.subarray(0, -1))", "ended too early");
    sandbox.check(
        "unpacked('gzip', joined([gzip.subarray(0, -5), bytes(1, 2, 3, 4, 5)]))",
        "TypeError",
    );
    sandbox.check(
        "unpacked('gzip', joined([gzip.subarray(0, 3), bytes(0x80), gzip.subarray(4)]))",
        "TypeError",
    );
    sandbox.check(
        "unpacked('deflate', all(open(DEFLATE, { dictionary: text('a') }), text('a')).bytes)",
        "TypeError",
    );
    sandbox.check("n.inflateStep(n.inflateOpen('gzip'), filled(65537, 0), about)", "RangeError");
}

#[test]
fn a_bomb_ends_at_the_limit_and_memory_comes_back() {
    let sandbox = sandbox(16 << 20);
    sandbox.run(
        "const bomb = (() => {
            const handle = n.deflateOpen('gzip');
            const about = new Uint32Array(2);
            const zeros = filled(65536, 0);
            const parts = [];
            for (let round = 0; round < 1024; round++) parts.push(n.deflateStep(handle, zeros, false, about));
            do parts.push(n.deflateStep(handle, NOTHING, true, about)); while (about[1] !== 2);
            return joined(parts);
        })();",
    );
    sandbox.runtime.run_gc();
    let before = sandbox.meter.used();
    assert!(!sandbox.meter.refused());
    sandbox.check("bomb.length < 100_000", "true");
    sandbox.check("unpacked('gzip', bomb).length", "InternalError");
    assert!(sandbox.meter.refused());
    sandbox.runtime.run_gc();
    assert!(sandbox.meter.used() < before + (64 << 10), "{} {before}", sandbox.meter.used());
}

#[test]
fn handles_are_counted_until_they_are_collected() {
    let sandbox = sandbox(ROOMY);
    sandbox.run("const some_handles = () => { open(DEFLATE); open(INFLATE); };");
    sandbox.run("some_handles(); globalThis.kept = 0;");
    sandbox.runtime.run_gc();
    let before = sandbox.meter.used();
    sandbox.run("kept = open(DEFLATE);");
    let deflating = sandbox.meter.used() - before;
    assert!((200 << 10..400 << 10).contains(&deflating), "{deflating}");
    sandbox.run("kept = open(INFLATE);");
    sandbox.runtime.run_gc();
    let inflating = sandbox.meter.used() - before;
    assert!((32 << 10..64 << 10).contains(&inflating), "{inflating}");
    sandbox.run("kept = open(INFLATE, { dictionary: filled(1 << 20, 0) });");
    assert!(before + (1 << 20) < sandbox.meter.used());
    sandbox.run("kept = 0;");
    sandbox.runtime.run_gc();
    assert_eq!(sandbox.meter.used(), before);
}

#[test]
fn handles_in_garbage_are_no_reason_to_refuse() {
    let sandbox = sandbox(8 << 20);
    sandbox.run(
        "for (let round = 0; round < 1000; round++) {
            const ring = { handle: open(DEFLATE) };
            ring.ring = ring;
        }",
    );
    assert!(!sandbox.meter.refused());
}
