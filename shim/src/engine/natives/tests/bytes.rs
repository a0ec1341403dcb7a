//! Text and bytes, encodings, searching, random bytes.

use super::Sandbox;

#[test]
fn text_becomes_bytes() {
    let sandbox = Sandbox::new();
    sandbox.check(
        "hex(n.bufferFromText('a\\u0000\\xe4\\u20ac\\u{1f600}', 'utf8'))",
        "6100c3a4e282acf09f9880",
    );
    sandbox.check("hex(n.bufferFromText('', 'utf8'))", "");
    sandbox.check("hex(n.bufferFromText('plain', 'latin1'))", "706c61696e");
    sandbox.check("hex(n.bufferFromText('\\xff\\u0141\\u{1f600}', 'latin1'))", "ff413d00");
    sandbox.check("hex(n.bufferFromText('0aFf9', 'hex'))", "0aff");
    sandbox.check("hex(n.bufferFromText('0aFg99', 'hex'))", "0a");
    sandbox.check("hex(n.bufferFromText('\\u0130a', 'hex'))", "");
    sandbox.check("n.bufferFromText('00', 'hex').buffer.byteLength", "1");
}

#[test]
fn base64_is_read_as_people_write_it() {
    let sandbox = Sandbox::new();
    sandbox.check("utf8(n.bufferFromText('Zm9vYmFy', 'base64'))", "foobar");
    sandbox.check("utf8(n.bufferFromText('Zm9v\\nYg==', 'base64'))", "foob");
    sandbox.check("utf8(n.bufferFromText('Zm9vYmE', 'base64url'))", "fooba");
    sandbox.check("hex(n.bufferFromText('-_+/', 'base64'))", "fbffbf");
    sandbox.check("hex(n.bufferFromText('-_+/', 'base64url'))", "fbffbf");
    sandbox.check("utf8(n.bufferFromText('Zm9v=YmFy', 'base64'))", "foo");
    sandbox.check("utf8(n.bufferFromText('Z\\u00e9m9\\u20acv!', 'base64'))", "foo");
    sandbox.check("hex(n.bufferFromText('/', 'base64'))", "");
    sandbox.check("hex(n.bufferFromText('=', 'base64'))", "");
}

#[test]
fn bytes_become_text() {
    let sandbox = Sandbox::new();
    sandbox.check("units(n.bufferToText(bytes(0x61, 0, 0x80, 0xff), 'latin1'))", "61 0 80 ff");
    sandbox.check("units(n.bufferToText(bytes(0x61, 0xe1, 0x80), 'ascii'))", "61 61 0");
    sandbox.check("n.bufferToText(bytes(0, 0xa9, 0xff), 'hex')", "00a9ff");
    sandbox.check("n.bufferToText(text('foobar'), 'base64')", "Zm9vYmFy");
    sandbox.check("n.bufferToText(text('fooba'), 'base64')", "Zm9vYmE=");
    sandbox.check("n.bufferToText(text('foob'), 'base64')", "Zm9vYg==");
    sandbox.check("n.bufferToText(text('foob'), 'base64url')", "Zm9vYg");
    sandbox.check("n.bufferToText(bytes(0xfb, 0xff), 'base64')", "+/8=");
    sandbox.check("n.bufferToText(bytes(0xfb, 0xff), 'base64url')", "-_8");
    sandbox.check("n.bufferToText(bytes(1, 2, 3, 4).subarray(1, 3), 'hex')", "0203");
}

#[test]
fn malformed_utf8_is_replaced_by_maximal_parts() {
    let sandbox = Sandbox::new();
    sandbox.check("units(utf8(unhex('efbbbf61')))", "feff 61");
    sandbox.check("units(utf8(unhex('f09f988061')))", "d83d de00 61");
    sandbox.check("units(utf8(unhex('61f09f9862')))", "61 fffd 62");
    sandbox.check("units(utf8(unhex('eda080')))", "fffd fffd fffd");
    sandbox.check("units(utf8(unhex('c080')))", "fffd fffd");
    sandbox.check("units(utf8(unhex('e28261ff')))", "fffd 61 fffd");
    sandbox.check("n.utf8DecodeFatal(unhex('61e28261'))", "null");
    sandbox.check("units(n.utf8DecodeFatal(unhex('efbbbfe282ac')))", "feff 20ac");
}

#[test]
fn arrays_without_bytes_are_empty() {
    let sandbox = Sandbox::new();
    sandbox.check("n.bufferToText(detached(), 'hex')", "");
    sandbox.check("n.bufferToText(outOfBounds(), 'hex')", "");
    sandbox.check("n.bufferCompare(detached(), bytes())", "0");
    sandbox.check("n.randomFill(outOfBounds())", "undefined");
}

#[test]
fn utf8_is_written_in_whole_characters() {
    let sandbox = Sandbox::new();
    sandbox.run(
        "const counts = new Uint32Array(2);
        const into = (string, room) => {
            const target = new Uint8Array(room);
            n.utf8EncodeInto(string, target, counts);
            return `${hex(target)} ${counts}`;
        };",
    );
    sandbox.check("into('a\\u20acb', 8)", "61e282ac62000000 3,5");
    sandbox.check("into('a\\u20acb', 3)", "610000 1,1");
    sandbox.check("into('\\u{1f600}\\u{1f600}', 7)", "f09f9880000000 2,4");
    sandbox.check("into('', 1)", "00 0,0");
    sandbox.check("into('a', 0)", " 0,0");
    sandbox.check("n.bufferUtf8Length('a\\u20ac\\u{1f600}')", "8");
}

#[test]
fn bytes_are_compared_and_found() {
    let sandbox = Sandbox::new();
    sandbox.check("n.bufferCompare(bytes(1, 2), bytes(1, 3))", "-1");
    sandbox.check("n.bufferCompare(bytes(1, 2, 0), bytes(1, 2))", "1");
    sandbox.check("n.bufferCompare(bytes(), bytes())", "0");
    sandbox.run("const hay = text('abcabcabc');");
    sandbox.check("n.bufferIndexOf(hay, text('bc'), 0, 1, true)", "1");
    sandbox.check("n.bufferIndexOf(hay, text('bc'), 2, 1, true)", "4");
    sandbox.check("n.bufferIndexOf(hay, text('bc'), 8, 1, true)", "-1");
    sandbox.check("n.bufferIndexOf(hay, text('bc'), 8, 1, false)", "7");
    sandbox.check("n.bufferIndexOf(hay, text('bc'), 6, 1, false)", "4");
    sandbox.check("n.bufferIndexOf(hay, text('bc'), 0, 1, false)", "-1");
    sandbox.check("n.bufferIndexOf(hay, text('abc'), 0, 1, false)", "0");
    sandbox.check("n.bufferIsUtf8(bytes(0xc3, 0xa4))", "true");
    sandbox.check("n.bufferIsUtf8(bytes(0xc3))", "false");
    sandbox.check("n.bufferIsAscii(bytes(0, 127))", "true");
    sandbox.check("n.bufferIsAscii(bytes(128))", "false");
}

#[test]
fn units_of_two_bytes_are_found_at_even_places() {
    let sandbox = Sandbox::new();
    sandbox.run("const hay = bytes(0, 1, 0, 1, 1, 0, 1, 0, 9);");
    sandbox.check("n.bufferIndexOf(hay, bytes(1, 0), 0, 2, true)", "4");
    sandbox.check("n.bufferIndexOf(hay, bytes(1, 0, 7), 5, 2, true)", "4");
    sandbox.check("n.bufferIndexOf(hay, bytes(1, 0), 6, 2, true)", "6");
    sandbox.check("n.bufferIndexOf(hay, bytes(1, 0), 8, 2, false)", "6");
    sandbox.check("n.bufferIndexOf(hay, bytes(0, 1), 8, 2, false)", "2");
    sandbox.check("n.bufferIndexOf(hay, bytes(0, 1), 1, 2, false)", "0");
    sandbox.check("n.bufferIndexOf(hay, bytes(0, 9), 0, 2, true)", "-1");
    sandbox.check("n.bufferIndexOf(hay, bytes(0, 1, 0, 1, 1, 0), 0, 2, true)", "0");
    sandbox.check("n.bufferIndexOf(hay, bytes(1, 0, 1, 0), 8, 2, false)", "4");
    // Each place but the last begins as the needle does.
    sandbox.run(
        "const many = filled(4_000_000, 97);
        const needle = filled(1_000_000, 97);
        needle[999_998] = 98;
        const first = needle.slice();
        first[999_998] = 97;
        first[0] = 98;",
    );
    sandbox.check("n.bufferIndexOf(many, needle, 0, 2, true)", "-1");
    sandbox.check("n.bufferIndexOf(many, first, 3_999_999, 2, false)", "-1");
    sandbox.check("n.bufferIndexOf(many, needle, 0, 1, true)", "-1");
    sandbox.check("n.bufferIndexOf(many, first, 3_999_999, 1, false)", "-1");
}

#[test]
fn legacy_encodings_are_decoded_in_parts() {
    let sandbox = Sandbox::new();
    sandbox.run(
        "const decode = (label, hexadecimal, keepsMark = false, isFatal = false) => {
            const decoder = n.decoderOpen(n.encodingName(label), keepsMark, isFatal);
            let whole = '';
            for (const byte of unhex(hexadecimal)) {
                const part = n.decoderWrite(decoder, bytes(byte), false);
                if (part === null) return 'malformed';
                whole += part;
            }
            const end = n.decoderWrite(decoder, bytes(), true);
            return end === null ? 'malformed' : units(whole + end);
        };",
    );
    sandbox.check("decode('shift_jis', '82a0b1')", "3042 ff71");
    sandbox.check("decode('iso-2022-jp', '1b2442242224241b284261')", "3042 3044 61");
    sandbox.check("decode('gb18030', '81308130d2bb')", "80 4e00");
    sandbox.check("decode('big5', 'a4408862')", "4e00 ca 304");
    sandbox.check("decode('euc-kr', 'b0a1')", "ac00");
    sandbox.check("decode('utf-16le', 'fffe3dd800de')", "d83d de00");
    sandbox.check("decode('utf-16le', 'fffe3dd8', true)", "feff fffd");
    sandbox.check("decode('utf-16be', 'feff0061d8')", "61 fffd");
    sandbox.check("decode('utf-8', 'efbbbfe282')", "fffd");
    sandbox.check("decode('utf-8', 'efbbbf61', true)", "feff 61");
    sandbox.check("decode('utf-8', 'e282', false, true)", "malformed");
    sandbox.check("decode('windows-1252', '80a4')", "20ac a4");
    sandbox.check("decode('iso-8859-6', 'a1', false, true)", "malformed");
    sandbox.check("decode('x-user-defined', '80ff')", "f780 f7ff");
}

#[test]
fn encodings_have_the_names_of_the_standard() {
    let sandbox = Sandbox::new();
    sandbox.check("n.encodingName('latin1')", "windows-1252");
    sandbox.check("n.encodingName('utf8')", "utf-8");
    sandbox.check("n.encodingName('sjis')", "shift_jis");
    sandbox.check("n.encodingName('unicode')", "utf-16le");
    sandbox.check("n.encodingName('replacement')", "null");
    sandbox.check("n.encodingName('iso-2022-kr')", "null");
    sandbox.check("n.encodingName('nonsense')", "null");
    sandbox.check("n.decoderOpen('nonsense', false, false)", "TypeError");
}

#[test]
fn a_decoder_that_ended_is_used_up() {
    let sandbox = Sandbox::new();
    sandbox.run("const open = (isFatal) => n.decoderOpen('utf-8', false, isFatal);");
    sandbox.run("const ended = open(false); n.decoderWrite(ended, bytes(97), true);");
    sandbox.check("n.decoderWrite(ended, bytes(97), false)", "TypeError");
    sandbox.run("const failed = open(true); n.decoderWrite(failed, bytes(255), false);");
    sandbox.check("n.decoderWrite(failed, bytes(97), false)", "TypeError");
    sandbox.check("n.decoderWrite(open(false), filled(65537, 97), false)", "RangeError");
    sandbox.check("n.decoderWrite(open(false), filled(65536, 255), true).length", "65536");
}

#[test]
fn lone_surrogates_and_other_types_are_type_errors() {
    let sandbox = Sandbox::new();
    sandbox.check("n.bufferFromText('a\\ud800', 'utf8')", "TypeError");
    sandbox.check("n.bufferUtf8Length('\\udc00\\ud800')", "TypeError");
    sandbox.check("n.bufferFromText('a', 'utf16le')", "TypeError");
    sandbox.check("n.bufferToText(bytes(1), 'ucs2')", "TypeError");
    sandbox.check("n.bufferFromText(1, 'utf8')", "TypeError");
    sandbox.check("n.bufferFromText(new String('a'), 'utf8')", "TypeError");
    sandbox.check("n.bufferToText(new Int8Array(1), 'utf8')", "TypeError");
    sandbox.check("n.bufferToText(new Uint8Array(1).buffer, 'utf8')", "TypeError");
    sandbox.check("n.bufferToText(new Proxy(bytes(1), {}), 'utf8')", "TypeError");
    sandbox.check("n.bufferToText()", "TypeError");
    sandbox.check("n.bufferIndexOf(bytes(1), bytes(1), 0.5, 1, true)", "TypeError");
}

#[test]
fn immutable_buffers_are_not_written_to() {
    let sandbox = Sandbox::new();
    sandbox.run("const fixed = new Uint8Array(bytes(1, 2, 3).buffer.transferToImmutable());");
    sandbox.check("n.randomFill(fixed)", "TypeError");
    sandbox.check("n.utf8EncodeInto('a', fixed, new Uint32Array(2))", "TypeError");
    sandbox.check("hex(fixed)", "010203");
}

#[test]
fn random_bytes_differ() {
    let sandbox = Sandbox::new();
    sandbox.run("const one = filled(32, 0); const two = filled(32, 0);");
    sandbox.run("n.randomFill(one); n.randomFill(two);");
    sandbox.check("hex(one) !== hex(two) && hex(one) !== hex(filled(32, 0))", "true");
}
