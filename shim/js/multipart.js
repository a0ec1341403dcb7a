// multipart/form-data: bytes of form entries and back.
//
// Writing: HTML Standard, section 4.10.21.8 "Multipart form data" and RFC 7578. Reading: the parser that the Fetch
// Standard's "formData()" refers to, which takes a preamble and header lines that it does not know, as mail does.
// An entry is {name, value} with a string, or {name, bytes, filename, type} for a file.

import { asciiLower, strip } from "./mime.js";
import {
    concat, isomorphicDecode, lengthOf, part, percentDecode, utf8Decode, utf8DecodeKeeping, utf8Encode,
} from "./octets.js";
import { primordials } from "./primordials.js";

const {
    ArrayPrototypePush, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeStartsWith,
    TypedArrayPrototypeIndexOf,
} = primordials;

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;

/** Line breaks of every kind as CR LF. */
const normalizeBreaks = (text) => {
    if (StringPrototypeIndexOf(text, "\r") < 0 && StringPrototypeIndexOf(text, "\n") < 0) return text;
    let normalized = "";
    for (let at = 0; at < text.length; at++) {
        const one = text[at];
        if (one === "\r") {
            normalized += "\r\n";
            if (text[at + 1] === "\n") at++;
        } else {
            normalized += one === "\n" ? "\r\n" : one;
        }
    }
    return normalized;
};

const escapeName = (name) => {
    let escaped = "";
    for (let at = 0; at < name.length; at++) {
        const one = name[at];
        escaped += one === "\n" ? "%0A" : one === "\r" ? "%0D" : one === "\"" ? "%22" : one;
    }
    return escaped;
};

/** The bytes of the entries between lines with the boundary. */
export const encodeMultipart = (entries, boundary) => {
    const list = [];
    for (let at = 0; at < entries.length; at++) {
        const { name, value, bytes, filename, type } = entries[at];
        const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(normalizeBreaks(name))}"`;
        if (bytes === undefined) {
            ArrayPrototypePush(list, utf8Encode(`${head}\r\n\r\n${normalizeBreaks(value)}\r\n`));
            continue;
        }
        const contentType = type === "" ? "application/octet-stream" : type;
        const fileHead = `${head}; filename="${escapeName(filename)}"\r\nContent-Type: ${contentType}\r\n\r\n`;
        ArrayPrototypePush(list, utf8Encode(fileHead), bytes, utf8Encode("\r\n"));
    }
    ArrayPrototypePush(list, utf8Encode(`--${boundary}--\r\n`));
    return concat(list);
};

const startsAt = (bytes, at, needle) => {
    const length = lengthOf(needle);
    if (lengthOf(bytes) < at + length) return false;
    for (let index = 0; index < length; index++) if (bytes[at + index] !== needle[index]) return false;
    return true;
};

const findBytes = (bytes, from, needle) => {
    for (let at = from; ; at++) {
        at = TypedArrayPrototypeIndexOf(bytes, needle[0], at);
        if (at < 0) return -1;
        if (startsAt(bytes, at, needle)) return at;
    }
};

const isBreak = (bytes, at) => bytes[at] === CR && bytes[at + 1] === LF;

/** A list of entries, or null when the bytes are no such form. */
export const parseMultipart = (bytes, boundary) => {
    const delimiter = utf8Encode(`--${boundary}`);
    const next = utf8Encode(`\r\n--${boundary}`);
    const entries = [];
    let at = 0;
    if (!startsAt(bytes, 0, delimiter)) {
        const found = findBytes(bytes, 0, next);
        if (found < 0) return null;
        at = found + 2;
    }
    for (;;) {
        at += lengthOf(delimiter);
        if (bytes[at] === DASH && bytes[at + 1] === DASH) return entries;
        // Blanks may follow the boundary.
        while (bytes[at] === 0x20 || bytes[at] === 0x09) at++;
        if (!isBreak(bytes, at)) return null;
        const head = parseHead(bytes, at + 2);
        if (head === null) return null;
        // An empty body's line break is that of the delimiter.
        const end = startsAt(bytes, head.end - 2, next) ? head.end - 2 : findBytes(bytes, head.end, next);
        if (end < 0) return null;
        ArrayPrototypePush(entries, entryOf(head, part(bytes, head.end, end < head.end ? head.end : end)));
        at = end + 2;
    }
};

const entryOf = ({ name, filename, type }, body) =>
    filename === null ? { name, value: utf8DecodeKeeping(body) } : { name, bytes: body, filename, type };

/** Reads header lines up to the empty one: {name, filename, type, end}, or null. */
const parseHead = (bytes, start) => {
    let at = start;
    let name = null;
    let filename = null;
    let type = null;
    while (!isBreak(bytes, at)) {
        const stop = TypedArrayPrototypeIndexOf(bytes, CR, at);
        if (stop < 0 || bytes[stop + 1] !== LF) return null;
        const line = part(bytes, at, stop);
        at = stop + 2;
        const latin = isomorphicDecode(line);
        const colon = StringPrototypeIndexOf(latin, ":");
        if (colon <= 0) return null;
        const header = asciiLower(strip(StringPrototypeSlice(latin, 0, colon)));
        if (header === "content-type") {
            type = strip(StringPrototypeSlice(latin, colon + 1));
        } else if (header === "content-disposition") {
            const found = parseDisposition(utf8Decode(part(line, colon + 1, lengthOf(line))));
            if (found === null) return null;
            name = found.name;
            filename = found.filename;
        }
    }
    return name === null ? null : { name, filename, type: type ?? "text/plain", end: at + 2 };
};

const unescapeName = (text) => {
    if (StringPrototypeIndexOf(text, "%") < 0) return text;
    let plain = "";
    for (let at = 0; at < text.length; at++) {
        const escape = StringPrototypeSlice(text, at, at + 3);
        if (escape === "%0A" || escape === "%0a") plain += "\n";
        else if (escape === "%0D" || escape === "%0d") plain += "\r";
        else if (escape === "%22") plain += "\"";
        else {
            plain += text[at];
            continue;
        }
        at += 2;
    }
    return plain;
};

const skipBlanks = (text, at) => {
    while (text[at] === " " || text[at] === "\t") at++;
    return at;
};

/** The name and the file's name of `form-data; name="a"; filename="b"`, or null. */
const parseDisposition = (value) => {
    const text = strip(value);
    let at = StringPrototypeIndexOf(text, ";");
    const kind = strip(at < 0 ? text : StringPrototypeSlice(text, 0, at));
    if (asciiLower(kind) !== "form-data" || at < 0) return null;
    let name = null;
    let filename = null;
    let extended = null;
    while (at < text.length) {
        at = skipBlanks(text, at + 1);
        const equals = StringPrototypeIndexOf(text, "=", at);
        if (equals < 0) break;
        const key = asciiLower(strip(StringPrototypeSlice(text, at, equals)));
        at = skipBlanks(text, equals + 1);
        let found;
        if (text[at] === "\"") {
            const close = StringPrototypeIndexOf(text, "\"", at + 1);
            if (close < 0) return null;
            found = unescapeName(StringPrototypeSlice(text, at + 1, close));
            at = StringPrototypeIndexOf(text, ";", close);
        } else {
            const stop = StringPrototypeIndexOf(text, ";", at);
            found = strip(StringPrototypeSlice(text, at, stop < 0 ? text.length : stop));
            at = stop;
        }
        if (key === "name") name = found;
        else if (key === "filename") filename = found;
        else if (key === "filename*") extended = decodeExtended(found);
        if (at < 0) break;
    }
    return name === null ? null : { name, filename: extended ?? filename };
};

/** The value of `filename*=UTF-8''a%20b` (RFC 5987), or null. */
const decodeExtended = (value) => {
    if (!StringPrototypeStartsWith(asciiLower(value), "utf-8'")) return null;
    const quote = StringPrototypeIndexOf(value, "'", 6);
    if (quote < 0) return null;
    return utf8Decode(percentDecode(utf8Encode(StringPrototypeSlice(value, quote + 1))));
};
