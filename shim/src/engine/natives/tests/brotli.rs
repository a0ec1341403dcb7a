//! Brotli: data of Google's library, round trips in odd steps, errors by number, and memory.

use super::{ROOMY, Sandbox};

/// What Google's library makes of "hello hello hello hello" and of 100 000 bytes of "abcdefgh ijk" again and again.
const HELLO: &str = "1b1600f88d946ede445586966c206f214f1ce038";
const MANY: &str = "5b9f8601407470483ad6533f0e8c4527bf00ca91d583bd07";

fn sandbox(limit: usize) -> Sandbox {
    let sandbox = Sandbox::with_limit(limit);
    sandbox.run(super::compression::STEPS);
    sandbox.run(
        r#"
const open_brotli = (isEncoder, given = {}) => {
    const params = new Uint32Array(10).fill(0xffffffff);
    for (const key in given) params[key] = given[key];
    return n.brotliOpen(isEncoder, params);
};
const run = (handle, input, { operation = 2, part = input.length, room = 16384 } = {}) => {
    const result = new Int32Array(3);
    const output = new Uint8Array(room);
    const parts = [];
    let at = 0;
    for (;;) {
        const end = Math.min(input.length, at + Math.min(part, 262144));
        n.brotliStep(handle, input.subarray(at, end), end < input.length ? 0 : operation, output, result);
        at += result[0];
        parts.push(output.slice(0, result[1]));
        if (result[2] !== 0 || (at === input.length && result[1] < room)) break;
    }
    return { bytes: joined(parts), status: result[2], consumed: at };
};
const pack = (input, params, step) => run(open_brotli(true, params), input, step).bytes;
const unpack = (input, params, step) => run(open_brotli(false, params), input, step).bytes;
const again = (data, params, step) => n.bufferCompare(data, unpack(pack(data, params, step), { 1: 1 }, step));
"#,
    );
    sandbox
}

#[test]
fn what_the_library_of_c_compressed_is_decompressed() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(&format!("const [hello, many] = [unhex('{HELLO}'), unhex('{MANY}')];"));
    sandbox.check("utf8(unpack(hello))", "hello hello hello hello");
    sandbox.check("utf8(unpack(hello, { 0: 1 }, { part: 1, room: 1 }))", "hello hello hello hello");
    sandbox.check("unpack(many, {}, { part: 3 }).length", "100000");
    sandbox.check("run(open_brotli(false), hello).status", "1");
    sandbox.check("run(open_brotli(false), joined([hello, hello])).consumed", "20");
}

#[test]
fn what_is_compressed_is_the_same_again() {
    let sandbox = sandbox(ROOMY);
    sandbox.run("const data = some(150_000);");
    sandbox.check("again(data, { 1: 0 }, { part: 65521, room: 4099 })", "0");
    sandbox.check("again(data, { 1: 1, 2: 10 }, { part: 4099 })", "0");
    sandbox.check("again(data, { 1: 2 }, { part: 65521, room: 257 })", "0");
    sandbox.check("again(data, { 1: 4, 0: 1 }, { part: 65521 })", "0");
    sandbox.check("again(data, { 1: 5, 2: 16 })", "0");
    sandbox.check("again(data, { 1: 6, 2: 24, 3: 24, 4: 1 })", "0");
    sandbox.check("again(data, { 1: 9, 0: 2, 5: 150_000 })", "0");
    sandbox.check("again(data, { 1: 10, 6: 1, 2: 30, 7: 3, 8: 120 })", "0");
    sandbox.check("again(data, {}, { part: 100_000 })", "0");
    sandbox.check("again(new Uint8Array(), {})", "0");
    sandbox.check("pack(some(150_000), {}).length < 80_000", "true");
}

#[test]
fn parts_are_flushed() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(
        "const encoder = open_brotli(true, { 1: 5 });
        const decoder = open_brotli(false);
        const one = run(encoder, text('one '), { operation: 1 }).bytes;
        const shown = utf8(run(decoder, one, { operation: 0 }).bytes);
        const two = run(encoder, text('two'), { operation: 2 }).bytes;",
    );
    sandbox.check("shown", "one ");
    sandbox.check("utf8(run(decoder, two).bytes)", "two");
    sandbox.check("run(encoder, text('three')).status", "-1");
    sandbox.check("run(open_brotli(true), text('note'), { operation: 3 }).status", "0");
}

#[test]
fn errors_have_the_numbers_of_the_library_of_c() {
    let sandbox = sandbox(ROOMY);
    sandbox.run(&format!("const hello = unhex('{HELLO}');"));
    sandbox.check("run(open_brotli(false), unhex('ffffff')).status", "-15");
    sandbox.check("run(open_brotli(false), hello.subarray(0, -1)).status", "-5");
    sandbox.check("run(open_brotli(false), hello.subarray(0, -1), { operation: 0 }).status", "0");
    sandbox.check("run(open_brotli(false), new Uint8Array()).status", "-5");
    sandbox.check("run(open_brotli(false), pack(hello, { 6: 1, 2: 26 })).status < 0", "true");
    sandbox.check("open_brotli(true, { 4: 2 })", "undefined");
    sandbox.check("open_brotli(true, { 9: 0 })", "undefined");
    sandbox.check("n.brotliOpen(true, new Uint32Array(9))", "TypeError");
}

#[test]
fn streams_of_brotli_are_the_same_again() {
    let sandbox = sandbox(ROOMY);
    sandbox.run("const data = some(300_000);");
    sandbox.check(
        "n.bufferCompare(data, unpacked('brotli', packed('brotli', data, 65521), 257))",
        "0",
    );
    sandbox.check("n.bufferCompare(data, unpacked('brotli', packed('brotli', data, 997)))", "0");
    sandbox.check("unpacked('brotli', packed('brotli', new Uint8Array())).length", "0");
    sandbox.check("unpacked('brotli', packed('brotli', data).subarray(0, -1))", "ended too early");
    sandbox.check("unpacked('brotli', unhex('ffffff'))", "TypeError");
}

#[test]
fn a_bomb_ends_at_the_limit_and_memory_comes_back() {
    let sandbox = sandbox(16 << 20);
    sandbox.run("const bomb = pack(filled(4_000_000, 0), { 1: 5, 2: 24 });");
    assert!(!sandbox.meter.refused());
    sandbox.runtime.run_gc();
    let before = sandbox.meter.used();
    sandbox.run(
        "const opened = (() => {
            const handle = open_brotli(false);
            run(handle, bomb.subarray(0, -1), { operation: 0, room: 65536 });
            return handle;
        });",
    );
    sandbox.check("typeof opened()", "object");
    sandbox
        .check("Array.from({ length: 9 }, () => unpacked('brotli', bomb)).length", "InternalError");
    assert!(sandbox.meter.refused());
    sandbox.runtime.run_gc();
    assert!(sandbox.meter.used() < before + (64 << 10), "{} {before}", sandbox.meter.used());
}

#[test]
fn an_encoder_makes_do_with_what_the_heap_has() {
    let sandbox = sandbox(32 << 20);
    sandbox.run("const data = some(1_000_000);");
    sandbox.check("again(data, { 1: 11, 2: 24 })", "0");
    sandbox.check("again(data, { 1: 5, 6: 1, 2: 30 })", "0");
    assert!(!sandbox.meter.refused());
    sandbox.check("again(data, { 1: 9, 2: 24 })", "InternalError");
    assert!(sandbox.meter.refused());
}
