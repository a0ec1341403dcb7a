// What functions `(req, res)` of other platforms have beside Node's own members: those of Vercel ("Node.js request and
// response objects") and of Google's Cloud Functions, which are Express's ("Request", "Response"). Frameworks put
// members of their own in their place.

import { STATUS_CODES } from "../http/codes.js";
import { IncomingMessage } from "../http/incoming.js";
import { ServerResponse } from "../http/response.js";
import { lengthOf, utf8Encode } from "../octets.js";
import { primordials } from "../primordials.js";
import { isObject } from "../webidl.js";
import {
    bufferOf, bytesOfValue, headersObject, locationOfCall, parsedBody, percentDecoded, queryObject,
    queryPairs, setOwn, urlOfCall,
} from "./http.js";

const {
    ArrayIsArray, ArrayPrototypeConcat, Date, DateNow, DatePrototypeToUTCString, JSONStringify,
    MathFloor, ObjectDefineProperty, ObjectKeys, ObjectSetPrototypeOf, ReflectGetOwnPropertyDescriptor, SafeWeakMap,
    String, StringPrototypeIncludes, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeStartsWith,
    StringPrototypeToLowerCase, StringPrototypeTrim, encodeURIComponent,
} = primordials;

const callOf = new SafeWeakMap();

// The cookies of a header by their names; the first of a name counts (RFC 6265, section 5.4).
const cookiesOf = (header) => {
    const cookies = {};
    let at = 0;
    while (at < header.length) {
        const found = StringPrototypeIndexOf(header, ";", at);
        const end = found < 0 ? header.length : found;
        const pair = StringPrototypeSlice(header, at, end);
        const equals = StringPrototypeIndexOf(pair, "=");
        at = end + 1;
        if (equals < 0) continue;
        const name = StringPrototypeTrim(StringPrototypeSlice(pair, 0, equals));
        let value = StringPrototypeTrim(StringPrototypeSlice(pair, equals + 1));
        const isQuoted = 2 <= value.length && value[0] === "\"" && value[value.length - 1] === "\"";
        if (isQuoted) value = StringPrototypeSlice(value, 1, -1);
        if (ReflectGetOwnPropertyDescriptor(cookies, name) === undefined) setOwn(cookies, name, percentDecoded(value));
    }
    return cookies;
};

/** The address of the caller, as far as the caller's platform says. */
export const remoteAddressOf = ({ invocation: { context } }) =>
    (isObject(context) && typeof context.ip === "string" ? context.ip : "127.0.0.1");

/** Members that are made when they are read first, from the call. */
const REQUEST_MEMBERS = {
    __proto__: null,
    query: ({ http }) => queryObject(queryPairs(locationOfCall(http).query)),
    cookies: ({ http }) => cookiesOf(headersObject(http.headers).cookie ?? ""),
    body: ({ http }) => (lengthOf(http.body) === 0 ? {} : parsedBody(http)),
    rawBody: ({ http }) => bufferOf(http.body),
    path: ({ http }) => locationOfCall(http).path,
    originalUrl: ({ http }) => locationOfCall(http).target,
    baseUrl: () => "",
    hostname: ({ http }) => urlOfCall(http).hostname,
    protocol: ({ http }) => (StringPrototypeStartsWith(http.url, "https:") ? "https" : "http"),
    secure: ({ http }) => StringPrototypeStartsWith(http.url, "https:"),
    ip: remoteAddressOf,
    params: () => ({}),
};

const requestPrototype = { __proto__: IncomingMessage.prototype };
const responsePrototype = { __proto__: ServerResponse.prototype };

for (const name in REQUEST_MEMBERS) {
    ObjectDefineProperty(requestPrototype, name, {
        __proto__: null,
        get() {
            const call = callOf.get(this);
            if (call === undefined) return undefined;
            const value = REQUEST_MEMBERS[name](call);
            setOwn(this, name, value);
            return value;
        },
        set(value) {
            setOwn(this, name, value);
        },
        enumerable: true,
        configurable: true,
    });
}

const methods = (prototype, members) => {
    for (const name in members) {
        ObjectDefineProperty(prototype, name, {
            __proto__: null, value: members[name], writable: true, enumerable: true, configurable: true,
        });
    }
};

const headerOf = function (name) {
    const key = StringPrototypeToLowerCase(String(name));
    const { headers } = this;
    return key === "referrer" ? headers.referer ?? headers.referrer : headers[key];
};

methods(requestPrototype, { __proto__: null, get: headerOf, header: headerOf });

/** Types by the short names that `res.type` takes. */
const TYPES = {
    __proto__: null, html: "text/html", txt: "text/plain", text: "text/plain", css: "text/css", csv: "text/csv",
    js: "text/javascript", json: "application/json", xml: "application/xml", svg: "image/svg+xml", png: "image/png",
    jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", ico: "image/x-icon",
    pdf: "application/pdf", zip: "application/zip", bin: "application/octet-stream", md: "text/markdown",
};

// With the character set that Express gives texts.
const withCharset = (type) => {
    const isText = StringPrototypeStartsWith(type, "text/") || type === "application/json";
    return isText && !StringPrototypeIncludes(type, ";") ? `${type}; charset=utf-8` : type;
};

const typeOf = (name) => {
    if (StringPrototypeIncludes(name, "/")) return withCharset(name);
    const short = name[0] === "." ? StringPrototypeSlice(name, 1) : name;
    return withCharset(TYPES[short] ?? "application/octet-stream");
};

const cookieText = (name, value, options) => {
    const text = isObject(value) ? `j:${JSONStringify(value)}` : String(value);
    let line = `${name}=${encodeURIComponent(text)}`;
    const { domain, expires, httpOnly, maxAge, path = "/", sameSite, secure } = options;
    if (maxAge !== undefined && maxAge !== null) line += `; Max-Age=${MathFloor(maxAge / 1000)}`;
    if (domain) line += `; Domain=${domain}`;
    if (path) line += `; Path=${path}`;
    const until = expires ?? (typeof maxAge === "number" ? new Date(DateNow() + maxAge) : undefined);
    if (until) line += `; Expires=${DatePrototypeToUTCString(until)}`;
    if (httpOnly) line += "; HttpOnly";
    if (secure) line += "; Secure";
    if (sameSite) line += `; SameSite=${SAME_SITES[sameSite] ?? "Strict"}`;
    return line;
};

const SAME_SITES = {
    __proto__: null, true: "Strict", strict: "Strict", Strict: "Strict", lax: "Lax", Lax: "Lax", none: "None", None: "None",
};

const setHeaders = function (name, value) {
    if (isObject(name)) {
        const names = ObjectKeys(name);
        for (let at = 0; at < names.length; at++) this.setHeader(names[at], name[names[at]]);
        return this;
    }
    this.setHeader(name, ArrayIsArray(value) ? value : String(value));
    return this;
};

const setType = function (name) {
    this.setHeader("Content-Type", typeOf(String(name)));
    return this;
};

// The body as bytes or text, with its type where none was set.
const finish = (res, body, type) => {
    if (!res.hasHeader("Content-Type")) res.setHeader("Content-Type", type);
    res.end(body);
    return res;
};

methods(responsePrototype, {
    __proto__: null,
    status(code) {
        this.statusCode = code;
        return this;
    },
    sendStatus(code) {
        this.statusCode = code;
        this.setHeader("Content-Type", "text/plain; charset=utf-8");
        return this.send(STATUS_CODES[code] ?? String(code));
    },
    send(body = "") {
        if (typeof body === "string") return finish(this, body, "text/html; charset=utf-8");
        if (body === null) {
            this.end();
            return this;
        }
        const bytes = bytesOfValue(body);
        return bytes === undefined ? this.json(body) : finish(this, bufferOf(bytes), "application/octet-stream");
    },
    json(value) {
        const text = JSONStringify(value);
        return finish(this, text === undefined ? "" : bufferOf(utf8Encode(text)), "application/json; charset=utf-8");
    },
    redirect(status, url) {
        const [code, target] = url === undefined ? [302, status] : typeof status === "number" ? [status, url] : [url, status];
        this.statusCode = code;
        this.setHeader("Location", String(target));
        return this.type("text").send(`${STATUS_CODES[code] ?? code}. Redirecting to ${target}`);
    },
    location(url) {
        this.setHeader("Location", String(url));
        return this;
    },
    set: setHeaders,
    header: setHeaders,
    get(name) {
        return this.getHeader(name);
    },
    type: setType,
    contentType: setType,
    append(name, value) {
        const had = this.getHeader(name);
        const all = had === undefined ? value : ArrayPrototypeConcat(ArrayIsArray(had) ? had : [had], value);
        this.setHeader(name, all);
        return this;
    },
    cookie(name, value, options = {}) {
        return this.append("Set-Cookie", cookieText(name, value, options));
    },
    clearCookie(name, options = {}) {
        const { domain, path } = options;
        return this.append("Set-Cookie", cookieText(name, "", { domain, path, expires: new Date(1) }));
    },
});

/** Gives the messages of a call those members. */
export const withHelpers = (call) => (req, res) => {
    callOf.set(req, call);
    ObjectSetPrototypeOf(req, requestPrototype);
    ObjectSetPrototypeOf(res, responsePrototype);
    res.locals = {};
};
