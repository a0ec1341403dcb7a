// url.parse, url.format, url.resolve and the class Url: the interface that is older than the URL Standard
// (nodejs.org/api/url.html, "Legacy URL API"). Relative references are resolved as RFC 3986, section 5.2, has it.

import querystring from "../querystring.js";
import { invalidArgType, nodeError, validateString } from "../../node_errors.js";
import { primordials } from "../../primordials.js";
import { domainToASCII, formatURL, isURL } from "./files.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePop, ArrayPrototypePush, ArrayPrototypeShift, ArrayPrototypeUnshift,
    FunctionPrototypeCall, ObjectKeys, RegExpPrototypeExec, StringPrototypeCharCodeAt, StringPrototypeIncludes,
    StringPrototypeIndexOf, StringPrototypeLastIndexOf, StringPrototypeSlice, StringPrototypeSplit,
    StringPrototypeToLowerCase, TypeError, decodeURIComponent, encodeURIComponent,
} = primordials;

const PROTOCOL = /^[a-z0-9.+-]+:/i;
// A path alone, which is taken as it is.
const PATH = /^\/(?!\/\/)[^\s#@]*$/;
const PORT = /:[0-9]*$/;
const AUTHORITY = /^\/\/[^@/]+@[^@/]+/;
const FORBIDDEN_IN_HOST = /[\0\t\n\r #%/:<>?@[\\\]^|]/;
const FORBIDDEN_IN_V6 = /[\0\t\n\r #%/<>?@\\^|]/;
const LONGEST_HOST = 255;

// Protocols whose URLs have "//" even if it was not written.
const SLASHED = {
    __proto__: null, "http:": true, "https:": true, "ftp:": true, "gopher:": true, "file:": true, "ws:": true,
    "wss:": true,
};
// What follows is a program, not a place.
const SCRIPT = "javascript:";

// Characters that end a host, and those that are escaped wherever they stand.
const ENDS_HOST = "\t\n\r \"%';<>\\^`{|}";
const ESCAPES = {
    __proto__: null, "\t": "%09", "\n": "%0A", "\r": "%0D", " ": "%20", "\"": "%22", "'": "%27", "<": "%3C", ">": "%3E",
    "\\": "%5C", "^": "%5E", "`": "%60", "{": "%7B", "|": "%7C", "}": "%7D",
};

const MEMBERS = [
    "protocol", "slashes", "auth", "host", "port", "hostname", "hash", "search", "query", "pathname", "path", "href",
];

export function Url() {
    for (let at = 0; at < MEMBERS.length; at++) this[MEMBERS[at]] = null;
}

const invalidUrl = (input) => {
    const error = nodeError(TypeError, "ERR_INVALID_URL", "Invalid URL");
    error.input = input;
    return error;
};

const isBlank = (code) => code === 32 || (9 <= code && code <= 13) || code === 160 || code === 65279;

/** Without blanks around it, and with "/" for "\" in front of the query. */
const cleaned = (input) => {
    let start = 0;
    let end = input.length;
    while (start < end && isBlank(StringPrototypeCharCodeAt(input, start))) start++;
    while (start < end && isBlank(StringPrototypeCharCodeAt(input, end - 1))) end--;
    let text = "";
    let isBeforeQuery = true;
    for (let at = start; at < end; at++) {
        const character = input[at];
        if (character === "?" || character === "#") isBeforeQuery = false;
        text += character === "\\" && isBeforeQuery ? "/" : character;
    }
    return text;
};

const escaped = (text) => {
    let result = "";
    for (let at = 0; at < text.length; at++) result += ESCAPES[text[at]] ?? text[at];
    return result;
};

/** Takes auth and host from the start of `rest`; gives what follows. */
const takeAuthority = (url, rest, input) => {
    // The authority ends at the first "/", "?" or "#"; inside it the last "@" ends auth.
    let end = 0;
    while (end < rest.length && rest[end] !== "/" && rest[end] !== "?" && rest[end] !== "#") end++;
    const at = StringPrototypeLastIndexOf(StringPrototypeSlice(rest, 0, end), "@");
    if (at !== -1) url.auth = decodeURIComponent(StringPrototypeSlice(rest, 0, at));
    let stop = at + 1;
    while (stop < end && !StringPrototypeIncludes(ENDS_HOST, rest[stop])) stop++;
    const host = StringPrototypeSlice(rest, at + 1, stop);
    let after = StringPrototypeSlice(rest, stop);
    const port = RegExpPrototypeExec(PORT, host);
    url.hostname = port === null ? host : StringPrototypeSlice(host, 0, host.length - port[0].length);
    if (port !== null && port[0] !== ":") url.port = StringPrototypeSlice(port[0], 1);
    let { hostname } = url;
    const isV6 = hostname[0] === "[" && hostname[hostname.length - 1] === "]";
    const colon = isV6 ? -1 : StringPrototypeIndexOf(hostname, ":");
    if (colon !== -1) {
        // What follows a second colon belongs to the path.
        after = `/${StringPrototypeSlice(hostname, colon)}${after}`;
        hostname = StringPrototypeSlice(hostname, 0, colon);
    }
    if (LONGEST_HOST < hostname.length) url.hostname = "";
    else url.hostname = StringPrototypeToLowerCase(hostname);
    if (isV6) {
        const inner = StringPrototypeSlice(hostname, 1, -1);
        if (RegExpPrototypeExec(FORBIDDEN_IN_V6, inner) !== null) throw invalidUrl(input);
    } else if (url.hostname !== "") {
        if (RegExpPrototypeExec(FORBIDDEN_IN_HOST, url.hostname) !== null) throw invalidUrl(input);
        if (!isAscii(url.hostname)) {
            url.hostname = domainToASCII(url.hostname);
            if (url.hostname === "") throw invalidUrl(input);
        }
    }
    url.host = url.hostname + (url.port ? `:${url.port}` : "");
    if (isV6) url.hostname = StringPrototypeSlice(url.hostname, 1, -1);
    return isV6 && after[0] !== "/" ? `/${after}` : after;
};

const isAscii = (text) => {
    for (let at = 0; at < text.length; at++) if (127 < StringPrototypeCharCodeAt(text, at)) return false;
    return true;
};

/** Sets hash, search, query and pathname of what follows the authority. */
const takePath = (url, rest, parsesQuery) => {
    let path = rest;
    const hash = StringPrototypeIndexOf(path, "#");
    if (hash !== -1) {
        url.hash = StringPrototypeSlice(path, hash);
        path = StringPrototypeSlice(path, 0, hash);
    }
    const query = StringPrototypeIndexOf(path, "?");
    if (query !== -1) {
        url.search = StringPrototypeSlice(path, query);
        url.query = StringPrototypeSlice(path, query + 1);
        if (parsesQuery) url.query = querystring.parse(url.query);
        path = StringPrototypeSlice(path, 0, query);
    } else if (parsesQuery) {
        url.search = null;
        url.query = { __proto__: null };
    }
    if (path !== "") url.pathname = path;
};

Url.prototype.parse = function parse(input, parsesQuery, slashesDenoteHost) {
    validateString(input, "url");
    let rest = cleaned(input);
    const found = RegExpPrototypeExec(PROTOCOL, rest);
    let protocol;
    if (found !== null) {
        protocol = StringPrototypeToLowerCase(found[0]);
        this.protocol = protocol;
        rest = StringPrototypeSlice(rest, found[0].length);
    }
    const isScript = protocol === SCRIPT;
    const isPath = !slashesDenoteHost && protocol === undefined && RegExpPrototypeExec(PATH, rest) !== null;
    let hasSlashes = false;
    if (slashesDenoteHost || protocol !== undefined || RegExpPrototypeExec(AUTHORITY, rest) !== null) {
        hasSlashes = rest[0] === "/" && rest[1] === "/" && !isScript;
        if (hasSlashes) {
            rest = StringPrototypeSlice(rest, 2);
            this.slashes = true;
        }
    }
    // As in Node, the protocol counts here as it was written: "HTTP:x" has a host, "http:x" a path.
    if (!isScript && (hasSlashes || (protocol !== undefined && !SLASHED[found[0]]))) {
        rest = takeAuthority(this, rest, input);
    }
    takePath(this, isScript || isPath ? rest : escaped(rest), parsesQuery);
    if (SLASHED[protocol] && this.hostname && this.pathname === null) this.pathname = "/";
    if (this.pathname !== null || this.search !== null) this.path = (this.pathname ?? "") + (this.search ?? "");
    this.href = this.format();
    return this;
};

// Auth keeps ":" besides what encodeURIComponent keeps.
const encodedAuth = (auth) => ArrayPrototypeJoin(StringPrototypeSplit(encodeURIComponent(auth), "%3A"), ":");

const replaced = (text, from, to) => ArrayPrototypeJoin(StringPrototypeSplit(text, from), to);

Url.prototype.format = function format() {
    const auth = this.auth ? `${encodedAuth(this.auth)}@` : "";
    let protocol = this.protocol || "";
    let pathname = this.pathname || "";
    let hash = this.hash || "";
    let host = "";
    if (this.host) {
        host = auth + this.host;
    } else if (this.hostname) {
        const isBare = StringPrototypeIncludes(this.hostname, ":") && this.hostname[0] !== "[";
        host = auth + (isBare ? `[${this.hostname}]` : this.hostname) + (this.port ? `:${this.port}` : "");
    }
    let query = "";
    if (this.query !== null && typeof this.query === "object") query = querystring.stringify(this.query);
    let search = this.search || (query && `?${query}`) || "";
    if (protocol && protocol[protocol.length - 1] !== ":") protocol += ":";
    pathname = replaced(replaced(pathname, "#", "%23"), "?", "%3F");
    if (this.slashes || SLASHED[protocol]) {
        if (this.slashes || host) {
            if (pathname && pathname[0] !== "/") pathname = `/${pathname}`;
            host = `//${host}`;
        } else if (protocol === "file:") {
            host = "//";
        }
    }
    search = replaced(search, "#", "%23");
    if (hash && hash[0] !== "#") hash = `#${hash}`;
    if (search && search[0] !== "?") search = `?${search}`;
    return protocol + host + pathname + search + hash;
};

/**
 * RFC 3986, section 5.2.4, on segments, whose first is "" in a path that begins with a slash. Without `isBound` the
 * ".." that lead out of the path stay.
 */
const withoutDots = (segments, isBound) => {
    const kept = [];
    let above = 0;
    for (let at = segments.length - 1; 0 <= at; at--) {
        const segment = segments[at];
        if (segment === ".") continue;
        if (segment === "..") above++;
        else if (0 < above) above--;
        else ArrayPrototypeUnshift(kept, segment);
    }
    if (!isBound) for (; 0 < above; above--) ArrayPrototypeUnshift(kept, "..");
    return kept;
};

const segmentsOf = (pathname) => (pathname ? StringPrototypeSplit(pathname, "/") : []);

const take = (target, source, names) => {
    for (let at = 0; at < names.length; at++) target[names[at]] = source[names[at]];
};
const QUERY_MEMBERS = ["search", "query"];

Url.prototype.resolveObject = function resolveObject(relative) {
    let given = relative;
    if (typeof relative === "string") {
        given = new Url();
        given.parse(relative, false, true);
    }
    const result = new Url();
    take(result, this, ObjectKeys(this));
    result.hash = given.hash;
    if (given.href === "") {
        result.href = result.format();
        return result;
    }
    if (given.slashes && !given.protocol) {
        const { protocol } = result;
        take(result, given, MEMBERS);
        result.protocol = protocol;
        if (SLASHED[protocol] && result.hostname && !result.pathname) result.pathname = "/";
        return finished(result);
    }
    // A reference of the same protocol counts as if it had none.
    if (given.protocol && given.protocol !== this.protocol) return ofOtherProtocol(result, given);
    return ofSameProtocol(result, given);
};

const ofOtherProtocol = (result, given) => {
    const slashes = result.slashes || given.slashes;
    take(result, given, MEMBERS);
    if (!SLASHED[given.protocol]) return finished(result);
    result.slashes = slashes;
    if (!given.host && given.protocol !== "file:") {
        // "http:path" has its host in the path.
        const segments = segmentsOf(given.pathname);
        let host = "";
        while (0 < segments.length && host === "") host = ArrayPrototypeShift(segments);
        if (segments[0] !== "") ArrayPrototypeUnshift(segments, "");
        if (segments.length < 2) ArrayPrototypeUnshift(segments, "");
        result.host = host;
        result.pathname = ArrayPrototypeJoin(segments, "/");
    }
    result.host ||= "";
    result.hostname ||= result.host;
    return finished(result);
};

const ofSameProtocol = (result, given) => {
    let segments = segmentsOf(result.pathname);
    const more = segmentsOf(given.pathname);
    const isAbsolute = given.host || more[0] === "";
    const isBound = isAbsolute || segments[0] === "" || (result.host && given.pathname);
    let mustBeAbsolute = isBound;
    // Without "//" the host is the first segment of a path, as in "mailto:a@b/c".
    const isLoose = result.protocol !== null && !SLASHED[result.protocol];
    if (isLoose) {
        if (result.host) hostIntoPath(segments, result.host);
        result.host = "";
        result.hostname = "";
        result.port = null;
        if (given.protocol) {
            result.auth = null;
            if (given.host) hostIntoPath(more, given.host);
        }
        mustBeAbsolute = isBound && (more[0] === "" || segments[0] === "");
    }
    if (isAbsolute) {
        const host = isLoose && given.protocol ? null : given.host;
        if (host || host === "") {
            if (result.host !== host) result.auth = null;
            result.host = host;
            result.port = given.port;
        }
        if (given.hostname || given.hostname === "") {
            if (result.hostname !== given.hostname) result.auth = null;
            result.hostname = given.hostname;
        }
        take(result, given, QUERY_MEMBERS);
        segments = more;
    } else if (0 < more.length) {
        if (0 < segments.length) ArrayPrototypePop(segments);
        for (let at = 0; at < more.length; at++) ArrayPrototypePush(segments, more[at]);
        take(result, given, QUERY_MEMBERS);
    } else if (given.search !== null) {
        if (isLoose) hostOutOfPath(result, segments);
        take(result, given, QUERY_MEMBERS);
        return finished(result);
    }
    if (segments.length === 0) {
        result.pathname = null;
        result.path = result.search ? `/${result.search}` : null;
        result.href = result.format();
        return result;
    }
    const last = segments[segments.length - 1];
    const endsInDots = last === "." || last === "..";
    const isFolder = last === "" || (endsInDots && (result.host || given.host || 1 < segments.length));
    segments = withoutDots(segments, mustBeAbsolute || isBound);
    if (mustBeAbsolute && segments[0] !== "") ArrayPrototypeUnshift(segments, "");
    const joined = ArrayPrototypeJoin(segments, "/");
    if (isFolder && joined[joined.length - 1] !== "/") ArrayPrototypePush(segments, "");
    const startsWithSlash = segments[0] === "";
    if (isLoose) {
        if (startsWithSlash) result.host = result.hostname = "";
        else hostOutOfPath(result, segments);
    }
    if (!startsWithSlash && (mustBeAbsolute || (result.host && 0 < segments.length))) {
        ArrayPrototypeUnshift(segments, "");
    }
    result.pathname = segments.length === 0 ? null : ArrayPrototypeJoin(segments, "/");
    if (given.auth) result.auth = given.auth;
    result.slashes = result.slashes || given.slashes;
    if (segments.length === 0 && result.search === null) {
        result.path = null;
        result.href = result.format();
        return result;
    }
    return finished(result);
};

const hostIntoPath = (segments, host) => {
    if (segments[0] === "") segments[0] = host;
    else ArrayPrototypeUnshift(segments, host);
};

/** The first segment becomes the host, and what stands before an "@" in it the auth. */
const hostOutOfPath = (url, segments) => {
    let host = 0 < segments.length ? ArrayPrototypeShift(segments) : "";
    const at = StringPrototypeIndexOf(host, "@");
    if (0 < at) {
        url.auth = StringPrototypeSlice(host, 0, at);
        host = StringPrototypeSlice(host, at + 1);
    }
    url.host = url.hostname = host;
};

const finished = (url) => {
    if (url.pathname !== null || url.search !== null) url.path = (url.pathname || "") + (url.search || "");
    else url.path = null;
    url.href = url.format();
    return url;
};

Url.prototype.resolve = function resolve(relative) {
    return this.resolveObject(urlParse(relative, false, true)).format();
};

Url.prototype.parseHost = function parseHost() {
    let { host } = this;
    const port = RegExpPrototypeExec(PORT, host);
    if (port !== null) {
        if (port[0] !== ":") this.port = StringPrototypeSlice(port[0], 1);
        host = StringPrototypeSlice(host, 0, host.length - port[0].length);
    }
    if (host) this.hostname = host;
};

export function urlParse(url, parseQueryString, slashesDenoteHost) {
    if (url instanceof Url) return url;
    const result = new Url();
    result.parse(url, parseQueryString, slashesDenoteHost);
    return result;
}

export function urlFormat(urlObject, options) {
    if (typeof urlObject === "string") return urlParse(urlObject).format();
    if (typeof urlObject !== "object" || urlObject === null) {
        throw invalidArgType("urlObject", ["Object", "string"], urlObject);
    }
    if (isURL(urlObject)) {
        if (options !== undefined && options !== null && typeof options !== "object") {
            throw invalidArgType("options", "Object", options);
        }
        return formatURL(urlObject, options);
    }
    return FunctionPrototypeCall(Url.prototype.format, urlObject);
}

export function urlResolve(source, relative) {
    return urlParse(source, false, true).resolve(relative);
}

export function urlResolveObject(source, relative) {
    if (!source) return relative;
    return urlParse(source, false, true).resolveObject(relative);
}
