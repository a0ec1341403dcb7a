// The URL parser and serializer (URL Standard, sections "URL parsing" and "URL serializing").
//
// A URL is a record {scheme, username, password, host, port, path, opaque, query, fragment}. Host, port, query and
// fragment may be null; the host is a serialized one. The path is one text: of an opaque path as it is, else each
// segment with "/" before it, so that "" is the empty path.
//
// The standard's machine reads one code point at a time. Here a state is a function that takes a whole piece of the
// input up to the next delimiter; its name is that of the state. A place is an index into the input `text`.

import { primordials } from "./primordials.js";
import {
    C0_CONTROL, FRAGMENT, PATH, QUERY, SPECIAL_QUERY, USERINFO, percentEncode, replaceAll, split,
} from "./url_encoding.js";
import { parseHost } from "./url_host.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePop, ArrayPrototypePush, Number, RegExp, RegExpPrototypeExec,
    StringPrototypeCharCodeAt, StringPrototypeIncludes, StringPrototypeIndexOf, StringPrototypeLastIndexOf,
    StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToLowerCase,
} = primordials;

const SPECIAL = { __proto__: null, ftp: 21, file: null, http: 80, https: 443, ws: 80, wss: 443 };

export const isSpecialScheme = (scheme) => SPECIAL[scheme] !== undefined;

export const defaultPort = (scheme) => SPECIAL[scheme];

const newRecord = (scheme) => ({
    __proto__: null,
    scheme,
    username: "",
    password: "",
    host: null,
    port: null,
    path: "",
    opaque: false,
    query: null,
    fragment: null,
});

export const copyRecord = (from) => ({
    __proto__: null,
    scheme: from.scheme,
    username: from.username,
    password: from.password,
    host: from.host,
    port: from.port,
    path: from.path,
    opaque: from.opaque,
    query: from.query,
    fragment: from.fragment,
});

const isAlpha = (unit) => {
    const lower = unit | 0x20;
    return 0x61 <= lower && lower <= 0x7a;
};

const isSchemeUnit = (unit) =>
    isAlpha(unit) || (0x30 <= unit && unit <= 0x39) || unit === 0x2b || unit === 0x2d || unit === 0x2e;

/** Where the scheme ends: the place of the ":" behind it, or -1 if the text does not begin with a scheme. */
const schemeEnd = (text) => {
    if (text === "" || !isAlpha(StringPrototypeCharCodeAt(text, 0))) return -1;
    for (let at = 1; at < text.length; at++) {
        const unit = StringPrototypeCharCodeAt(text, at);
        if (unit === 0x3a) return at;
        if (!isSchemeUnit(unit)) return -1;
    }
    return -1;
};

/** Tabs and newlines do not count anywhere. */
export const withoutTabsAndNewlines = (text) =>
    replaceAll(replaceAll(replaceAll(text, "\t", ""), "\n", ""), "\r", "");

const trimmed = (text) => {
    let from = 0;
    let to = text.length;
    while (from < to && StringPrototypeCharCodeAt(text, from) <= 0x20) from++;
    while (from < to && StringPrototypeCharCodeAt(text, to - 1) <= 0x20) to--;
    return to - from === text.length ? text : StringPrototypeSlice(text, from, to);
};

const isSlash = (character, special) => character === "/" || (special && character === "\\");

const authorityEnds = [/[/?#]/, /[/\\?#]/];

// The place of the first match of an expression behind `from`, or the end.
const endOf = (text, from, expression) => {
    const found = RegExpPrototypeExec(expression, from === 0 ? text : StringPrototypeSlice(text, from));
    return found === null ? text.length : from + found.index;
};

const DRIVE_LETTER = /^[A-Za-z][:|]$/;
const STARTS_WITH_DRIVE_LETTER = /^[A-Za-z][:|](?:[/\\?#]|$)/;
const FIRST_IS_DRIVE_LETTER = /^\/[A-Za-z]:(?:\/|$)/;
const ONLY_DRIVE_LETTER = /^\/[A-Za-z]:$/;

export const isWindowsDriveLetter = (text) => text.length === 2 && RegExpPrototypeExec(DRIVE_LETTER, text) !== null;

const isNormalizedDriveLetter = (segment) => isWindowsDriveLetter(segment) && segment[1] === ":";

const startsWithDriveLetter = (text, from) =>
    RegExpPrototypeExec(STARTS_WITH_DRIVE_LETTER, StringPrototypeSlice(text, from, from + 3)) !== null;

// "shorten a URL's path"
const shorten = (record) => {
    const { path } = record;
    if (record.scheme === "file" && RegExpPrototypeExec(ONLY_DRIVE_LETTER, path) !== null) return;
    const last = StringPrototypeLastIndexOf(path, "/");
    record.path = last === -1 ? "" : StringPrototypeSlice(path, 0, last);
};

const isSingleDot = (segment) =>
    segment === "." || (segment.length === 3 && StringPrototypeToLowerCase(segment) === "%2e");

const isDoubleDot = (segment) => {
    const { length } = segment;
    if (length !== 2 && length !== 4 && length !== 6) return false;
    if (segment === "..") return true;
    const lower = StringPrototypeToLowerCase(segment);
    return lower === ".%2e" || lower === "%2e." || lower === "%2e%2e";
};

// Nothing in such a path needs a change: no dots that count, no backslash, nothing to encode.
const NEEDS_WORK = /[^\w\-~!$&'()*+,;=:@%./]|\/\.|^\.|%2[eE]/;

/** "path state" for the whole path `text` (without query and fragment). */
const pathState = (record, text) => {
    const isFile = record.scheme === "file";
    if (!isFile && RegExpPrototypeExec(NEEDS_WORK, text) === null) {
        record.path += `/${text}`;
        return;
    }
    const segments = record.path === "" ? [] : split(StringPrototypeSlice(record.path, 1), "/");
    const given = split(isSpecialScheme(record.scheme) ? replaceAll(text, "\\", "/") : text, "/");
    for (let index = 0; index < given.length; index++) {
        const segment = given[index];
        const isLast = index === given.length - 1;
        if (isDoubleDot(segment)) {
            if (!isFile || segments.length !== 1 || !isNormalizedDriveLetter(segments[0])) ArrayPrototypePop(segments);
            if (isLast) ArrayPrototypePush(segments, "");
        } else if (isSingleDot(segment)) {
            if (isLast) ArrayPrototypePush(segments, "");
        } else if (isFile && segments.length === 0 && isWindowsDriveLetter(segment)) {
            ArrayPrototypePush(segments, `${segment[0]}:`);
        } else {
            ArrayPrototypePush(segments, percentEncode(segment, PATH));
        }
    }
    record.path = segments.length === 0 ? "" : `/${ArrayPrototypeJoin(segments, "/")}`;
};

/** "path start state" for the whole path `text`; `override` is the state override. */
const pathStartState = (record, text, override) => {
    const special = isSpecialScheme(record.scheme);
    if (special) {
        pathState(record, isSlash(text[0], true) ? StringPrototypeSlice(text, 1) : text);
    } else if (text !== "") {
        pathState(record, text[0] === "/" ? StringPrototypeSlice(text, 1) : text);
    } else if (override && record.host === null) {
        record.path += "/";
    }
};

// "query state" and "fragment state"
const queryState = (record, text) => {
    record.query = percentEncode(text, isSpecialScheme(record.scheme) ? SPECIAL_QUERY : QUERY);
};

const fragmentState = (record, text) => {
    record.fragment = percentEncode(text, FRAGMENT);
};

// Query and fragment, which begin at `from` with their "?" or "#" (or nothing is left there).
const tail = (record, text, from) => {
    if (text.length <= from) return;
    const hash = StringPrototypeIndexOf(text, "#", from);
    if (text[from] === "?") {
        queryState(record, StringPrototypeSlice(text, from + 1, hash === -1 ? text.length : hash));
    }
    if (hash !== -1) fragmentState(record, StringPrototypeSlice(text, hash + 1));
};

const PATH_END = /[?#]/;

// A path from `from` on, with what follows it.
const pathAndTail = (record, text, from, state) => {
    const end = endOf(text, from, PATH_END);
    state(record, StringPrototypeSlice(text, from, end), false);
    tail(record, text, end);
    return record;
};

// "opaque path state"; a last blank before query or fragment is encoded.
const opaquePathState = (record, text) => {
    const end = endOf(text, 0, PATH_END);
    let path = StringPrototypeSlice(text, 0, end);
    if (end !== text.length && path !== "" && path[path.length - 1] === " ") {
        path = `${StringPrototypeSlice(path, 0, -1)}%20`;
    }
    record.opaque = true;
    record.path = percentEncode(path, C0_CONTROL);
    tail(record, text, end);
    return record;
};

// The place of the ":" before the port in host and port, or -1: the first that is not inside of brackets.
const portColon = (text) => {
    if (!StringPrototypeIncludes(text, "[")) return StringPrototypeIndexOf(text, ":");
    let inside = false;
    for (let at = 0; at < text.length; at++) {
        const character = text[at];
        if (character === "[") inside = true;
        else if (character === "]") inside = false;
        else if (character === ":" && !inside) return at;
    }
    return -1;
};

const PORT = /^[0-9]*$/;
const LEADING_DIGITS = /^[0-9]+/;

// "port state"; false is failure.
const portState = (record, digits) => {
    if (digits === "") return true;
    const port = Number(digits);
    if (65535 < port) return false;
    record.port = port === SPECIAL[record.scheme] ? null : port;
    return true;
};

const credentials = (record, text) => {
    const colon = StringPrototypeIndexOf(text, ":");
    record.username = percentEncode(colon === -1 ? text : StringPrototypeSlice(text, 0, colon), USERINFO);
    if (colon !== -1) record.password = percentEncode(StringPrototypeSlice(text, colon + 1), USERINFO);
};

// "authority state", "host state" and what follows; null is failure.
const authorityState = (record, text, from) => {
    const special = isSpecialScheme(record.scheme);
    const end = endOf(text, from, authorityEnds[special ? 1 : 0]);
    let authority = StringPrototypeSlice(text, from, end);
    const at = StringPrototypeLastIndexOf(authority, "@");
    if (at !== -1) {
        credentials(record, StringPrototypeSlice(authority, 0, at));
        authority = StringPrototypeSlice(authority, at + 1);
        if (authority === "") return null;
    }
    const colon = portColon(authority);
    const host = colon === -1 ? authority : StringPrototypeSlice(authority, 0, colon);
    if (host === "" && (special || colon !== -1)) return null;
    record.host = host === "" ? "" : parseHost(host, !special);
    if (record.host === null) return null;
    if (colon !== -1) {
        const digits = StringPrototypeSlice(authority, colon + 1);
        if (RegExpPrototypeExec(PORT, digits) === null || !portState(record, digits)) return null;
    }
    return pathAndTail(record, text, end, pathStartState);
};

// "special authority ignore slashes state"
const ignoreSlashes = (record, text, from) => {
    let at = from;
    while (at < text.length && isSlash(text[at], true)) at++;
    return authorityState(record, text, at);
};

// "relative state"; `from` is behind the scheme.
const relativeState = (record, text, from, base) => {
    const special = isSpecialScheme(record.scheme);
    if (from < text.length && isSlash(text[from], special)) {
        // "relative slash state"
        const next = from + 1;
        if (next < text.length && special && isSlash(text[next], true)) return ignoreSlashes(record, text, next + 1);
        if (next < text.length && text[next] === "/") return authorityState(record, text, next + 1);
        takeAuthority(record, base);
        return pathAndTail(record, text, next, pathState);
    }
    takeAuthority(record, base);
    return relativeTail(record, text, from, base);
};

const takeAuthority = (record, base) => {
    record.username = base.username;
    record.password = base.password;
    record.host = base.host;
    record.port = base.port;
};

// What is neither "/" nor an authority: the base's path, with the input instead of its last segment.
const relativeTail = (record, text, from, base) => {
    record.path = base.path;
    const first = from < text.length ? text[from] : "";
    if (first === "?" || first === "#" || first === "") {
        record.query = base.query;
        tail(record, text, from);
        return record;
    }
    if (record.scheme === "file" && startsWithDriveLetter(text, from)) record.path = "";
    else shorten(record);
    return pathAndTail(record, text, from, pathState);
};

// "file state"
const fileState = (record, text, from, base) => {
    record.host = "";
    const hasBase = base !== null && base.scheme === "file";
    if (from < text.length && isSlash(text[from], true)) {
        return fileSlashState(record, text, from + 1, hasBase ? base : null);
    }
    if (!hasBase) return pathAndTail(record, text, from, pathState);
    record.host = base.host;
    return relativeTail(record, text, from, base);
};

const fileSlashState = (record, text, from, base) => {
    if (from < text.length && isSlash(text[from], true)) return fileHostState(record, text, from + 1);
    if (base !== null) {
        record.host = base.host;
        if (!startsWithDriveLetter(text, from) && RegExpPrototypeExec(FIRST_IS_DRIVE_LETTER, base.path) !== null) {
            record.path = StringPrototypeSlice(base.path, 0, 3);
        }
    }
    return pathAndTail(record, text, from, pathState);
};

const fileHostState = (record, text, from) => {
    const end = endOf(text, from, authorityEnds[1]);
    const host = StringPrototypeSlice(text, from, end);
    // A drive letter is no host but the beginning of the path.
    if (isWindowsDriveLetter(host)) return pathAndTail(record, text, from, pathState);
    if (host !== "") {
        const parsed = parseHost(host, false);
        if (parsed === null) return null;
        record.host = parsed === "localhost" ? "" : parsed;
    }
    return pathAndTail(record, text, end, pathStartState);
};

// The URLs of every day, which need no change but a "/" for an empty path.
const SIMPLE = new RegExp(
    "^(https?)://((?:[a-z0-9_-]+\\.)*[a-z][a-z0-9_-]*)(?::([1-9][0-9]{0,3}))?" +
        "((?:/[\\w\\-~!$&'()*+,;=:@.]*)*)(?:\\?([\\w\\-~!$&()*+,;=:@./%?]*))?(?:#([\\w\\-~!$&'()*+,;=:@./%?]*))?$",
);

const LONGEST_SIMPLE = 2048;

const parseSimple = (text) => {
    if (LONGEST_SIMPLE < text.length) return null;
    const found = RegExpPrototypeExec(SIMPLE, text);
    if (found === null) return null;
    const path = found[4];
    if (StringPrototypeIncludes(path, "/.")) return null;
    const record = newRecord(found[1]);
    record.host = found[2];
    if (found[3] !== undefined) portState(record, found[3]);
    record.path = path === "" ? "/" : path;
    if (found[5] !== undefined) record.query = found[5];
    if (found[6] !== undefined) record.fragment = found[6];
    return record;
};

/** "basic URL parser" without a state override: a record, or null. `base` is a record or null. */
export const parseURL = (input, base) => {
    const simple = parseSimple(input);
    if (simple !== null) return simple;
    const text = withoutTabsAndNewlines(trimmed(input));
    const end = schemeEnd(text);
    if (end === -1) return noScheme(text, base);
    const scheme = StringPrototypeToLowerCase(StringPrototypeSlice(text, 0, end));
    const record = newRecord(scheme);
    const from = end + 1;
    if (scheme === "file") return fileState(record, text, from, base);
    if (isSpecialScheme(scheme)) {
        if (base !== null && base.scheme === scheme && !StringPrototypeStartsWith(text, "//", from)) {
            return relativeState(record, text, from, base);
        }
        return ignoreSlashes(record, text, from);
    }
    if (StringPrototypeStartsWith(text, "//", from)) return authorityState(record, text, from + 2);
    if (text[from] === "/") return pathAndTail(record, text, from + 1, pathState);
    return opaquePathState(record, StringPrototypeSlice(text, from));
};

// "no scheme state"
const noScheme = (text, base) => {
    if (base === null) return null;
    if (base.opaque) {
        if (text[0] !== "#") return null;
        const record = copyRecord(base);
        fragmentState(record, StringPrototypeSlice(text, 1));
        return record;
    }
    const record = newRecord(base.scheme);
    return base.scheme === "file" ? fileState(record, text, 0, base) : relativeState(record, text, 0, base);
};

/** "URL serializer" */
export const serializeURL = (record, withoutFragment = false) => {
    let result = `${record.scheme}:`;
    if (record.host !== null) {
        result += "//";
        if (record.username !== "" || record.password !== "") {
            result += record.password === "" ? `${record.username}@` : `${record.username}:${record.password}@`;
        }
        result += record.host;
        if (record.port !== null) result += `:${record.port}`;
    } else if (!record.opaque && StringPrototypeStartsWith(record.path, "//")) {
        result += "/.";
    }
    result += record.path;
    if (record.query !== null) result += `?${record.query}`;
    if (!withoutFragment && record.fragment !== null) result += `#${record.fragment}`;
    return result;
};

/** The serialized origin; "null" is an opaque one. */
export const serializeOrigin = (record) => {
    const { scheme, host, port } = record;
    if (scheme === "blob") {
        const inner = parseURL(record.path, null);
        const isWeb = inner !== null && (inner.scheme === "http" || inner.scheme === "https");
        return isWeb ? serializeOrigin(inner) : "null";
    }
    if (scheme === "file" || !isSpecialScheme(scheme)) return "null";
    return port === null ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
};

const hasCredentials = (record) => record.username !== "" || record.password !== "";

/** "cannot have a username/password/port" */
export const cannotHavePort = (record) => record.host === null || record.host === "" || record.scheme === "file";

// The setters: the parser with a state override, each on a record that it changes.

/** "scheme start state" as override */
export const setScheme = (record, value) => {
    const text = `${withoutTabsAndNewlines(value)}:`;
    const end = schemeEnd(text);
    if (end === -1) return;
    const scheme = StringPrototypeToLowerCase(StringPrototypeSlice(text, 0, end));
    if (isSpecialScheme(scheme) !== isSpecialScheme(record.scheme)) return;
    if (scheme === "file" && (hasCredentials(record) || record.port !== null)) return;
    if (record.scheme === "file" && record.host === "") return;
    record.scheme = scheme;
    if (record.port === SPECIAL[scheme]) record.port = null;
};

export const setUsername = (record, value) => {
    record.username = percentEncode(value, USERINFO);
};

export const setPassword = (record, value) => {
    record.password = percentEncode(value, USERINFO);
};

/** "host state" as override, or "hostname state" with `onlyName` */
export const setHost = (record, value, onlyName) => {
    const text = withoutTabsAndNewlines(value);
    const special = isSpecialScheme(record.scheme);
    const input = StringPrototypeSlice(text, 0, endOf(text, 0, authorityEnds[special ? 1 : 0]));
    if (record.scheme === "file") {
        const parsed = input === "" ? "" : parseHost(input, false);
        if (parsed !== null) record.host = parsed === "localhost" ? "" : parsed;
        return;
    }
    const colon = portColon(input);
    if (colon !== -1 && onlyName) return;
    const host = colon === -1 ? input : StringPrototypeSlice(input, 0, colon);
    if (host === "" && (special || colon !== -1 || hasCredentials(record) || record.port !== null)) return;
    const parsed = host === "" ? "" : parseHost(host, !special);
    if (parsed === null) return;
    record.host = parsed;
    if (colon !== -1) setPort(record, StringPrototypeSlice(input, colon + 1));
};

/** "port state" as override */
export const setPort = (record, value) => {
    const found = RegExpPrototypeExec(LEADING_DIGITS, withoutTabsAndNewlines(value));
    if (found !== null) portState(record, found[0]);
};

/** "path start state" as override */
export const setPath = (record, value) => {
    record.path = "";
    pathStartState(record, withoutTabsAndNewlines(value), true);
};

/** "query state" as override */
export const setQuery = (record, value) => queryState(record, withoutTabsAndNewlines(value));

/** "fragment state" as override */
export const setFragment = (record, value) => fragmentState(record, withoutTabsAndNewlines(value));
