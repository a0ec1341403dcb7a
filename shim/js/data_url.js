// The data: URL processor (Fetch Standard, section 6 "data: URLs").

import { parseMimeType, serializeMimeType } from "./mime.js";
import { forgivingBase64Decode, isomorphicDecode, isomorphicEncode, percentDecode } from "./octets.js";
import { primordials } from "./primordials.js";

const {
    RegExpPrototypeExec, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeStartsWith,
} = primordials;

// ASCII whitespace: tab, line feed, form feed, carriage return, space.
const isBlank = (one) => one === " " || one === "\t" || one === "\n" || one === "\r" || one === "\f";

const stripBlanks = (text) => {
    let start = 0;
    let end = text.length;
    while (start < end && isBlank(text[start])) start++;
    while (start < end && isBlank(text[end - 1])) end--;
    return StringPrototypeSlice(text, start, end);
};

const BASE64 = /; *base64$/i;

/** Of a serialized data: URL: {contentType, bytes}, or null on failure. */
export const processDataUrl = (href) => {
    const hash = StringPrototypeIndexOf(href, "#");
    const input = StringPrototypeSlice(href, "data:".length, hash < 0 ? href.length : hash);
    const comma = StringPrototypeIndexOf(input, ",");
    if (comma < 0) return null;
    let mimeType = stripBlanks(StringPrototypeSlice(input, 0, comma));
    // What the URL parser gives is ASCII.
    let bytes = percentDecode(isomorphicEncode(StringPrototypeSlice(input, comma + 1)));
    const match = RegExpPrototypeExec(BASE64, mimeType);
    if (match !== null) {
        bytes = forgivingBase64Decode(isomorphicDecode(bytes));
        if (bytes === null) return null;
        mimeType = StringPrototypeSlice(mimeType, 0, match.index);
    }
    if (StringPrototypeStartsWith(mimeType, ";")) mimeType = `text/plain${mimeType}`;
    const record = parseMimeType(mimeType);
    return { contentType: record === null ? "text/plain;charset=US-ASCII" : serializeMimeType(record), bytes };
};
