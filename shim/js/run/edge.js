// Edge functions: `(request, context)` gives a Response. `context` has what Netlify's and Vercel's documentation name,
// and whatever the caller's platform knows (`geo`, `ip`) as it sent it.

import { bodyOfBytes } from "../body.js";
import { console } from "../console.js";
import { appendHeader, newHeaderList } from "../headers.js";
import { strip } from "../mime.js";
import { utf8Encode } from "../octets.js";
import { primordials } from "../primordials.js";
import { makeResponse } from "../response.js";
import { answerOfValue, headerOfCall, mergeOnto, requestOfCall, urlOfCall } from "./http.js";
import { newWork } from "./work.js";

const {
    ArrayPrototypePush, Date, DatePrototypeToUTCString, JSONStringify, ReflectApply, String, StringPrototypeIndexOf,
    StringPrototypeSlice, TypeError, decodeURIComponent, encodeURIComponent,
} = primordials;

const { log } = console;

const decoded = (text) => {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
};

// The cookies of a Cookie header (RFC 6265, section 5.4): the first of a name counts.
const cookieIn = (header, name) => {
    let at = 0;
    while (header !== null && at <= header.length) {
        const end = StringPrototypeIndexOf(header, ";", at);
        const one = strip(StringPrototypeSlice(header, at, end < 0 ? header.length : end));
        const equals = StringPrototypeIndexOf(one, "=");
        if (0 < equals && StringPrototypeSlice(one, 0, equals) === name) {
            return decoded(StringPrototypeSlice(one, equals + 1));
        }
        if (end < 0) break;
        at = end + 1;
    }
    return undefined;
};

const cookieLine = ({ name, value, path, domain, expires, maxAge, httpOnly, secure, sameSite }) => {
    let line = `${name}=${encodeURIComponent(value)}`;
    if (path !== undefined) line += `; Path=${path}`;
    if (domain !== undefined) line += `; Domain=${domain}`;
    if (expires !== undefined) line += `; Expires=${DatePrototypeToUTCString(new Date(expires))}`;
    if (maxAge !== undefined) line += `; Max-Age=${maxAge}`;
    if (httpOnly) line += "; HttpOnly";
    if (secure) line += "; Secure";
    if (sameSite !== undefined) line += `; SameSite=${sameSite}`;
    return line;
};

/** `context.cookies`: reads those of the request, and adds Set-Cookie to the answer. */
class Cookies {
    #header;
    #lines;

    constructor(header, lines) {
        this.#header = header;
        this.#lines = lines;
    }

    get(name) {
        return cookieIn(this.#header, String(name));
    }

    set(nameOrOptions, value = undefined) {
        const options = typeof nameOrOptions === "object" && nameOrOptions !== null
            ? nameOrOptions
            : { name: nameOrOptions, value };
        ArrayPrototypePush(this.#lines, cookieLine(options));
    }

    delete(nameOrOptions) {
        const { name, path, domain } = typeof nameOrOptions === "object" && nameOrOptions !== null
            ? nameOrOptions
            : { name: nameOrOptions };
        ArrayPrototypePush(this.#lines, cookieLine({ name, value: "", path, domain, expires: 0 }));
    }
}

const absent = (name) => () => {
    throw new TypeError(`context.${name} has no origin to ask: this app answers its calls itself.`);
};

const jsonResponse = (data, init) => {
    const headers = newHeaderList("response");
    appendHeader(headers, "Content-Type", "application/json");
    return makeResponse({ status: init?.status ?? 200, headers, body: bodyOfBytes(utf8Encode(JSONStringify(data))) });
};

const contextOf = ({ http, invocation }, work, lines) => {
    const context = {
        account: {},
        cookies: new Cookies(headerOfCall(http.headers, "cookie"), lines),
        deploy: {},
        geo: {},
        ip: "",
        json: jsonResponse,
        log,
        next: absent("next"),
        params: {},
        requestId: invocation.id,
        rewrite: absent("rewrite"),
        server: {},
        site: {},
        url: urlOfCall(http),
        waitUntil: (promise) => work.add(promise),
    };
    return mergeOnto(context, invocation.context);
};

export const edge = {
    async http(call) {
        const { fn, self, http, invocation } = call;
        const work = newWork(invocation.report);
        const lines = [];
        const value = await ReflectApply(fn, self, [requestOfCall(http), contextOf(call, work, lines)]);
        const answer = await answerOfValue(value);
        for (let at = 0; at < lines.length; at++) ArrayPrototypePush(answer.headers, ["set-cookie", lines[at]]);
        await work.settled();
        return answer;
    },
};
