// File URLs and paths, and what else of "url" goes with the URL class: fileURLToPath, pathToFileURL, domainToASCII,
// domainToUnicode, urlToHttpOptions (nodejs.org/api/url.html).

import natives from "../../natives.js";
import { invalidArgType, missingArgs, nodeError } from "../../node_errors.js";
import { primordials } from "../../primordials.js";
import { isURL, URL } from "../../url.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePop, ArrayPrototypePush, Number, RegExpPrototypeExec, StringPrototypeSlice,
    StringPrototypeSplit, StringPrototypeStartsWith, StringPrototypeToWellFormed, TypeError, URIError,
    ReflectGetOwnPropertyDescriptor, decodeURIComponent, uncurryThis,
} = primordials;

const getterOf = (key) => uncurryThis(ReflectGetOwnPropertyDescriptor(URL.prototype, key).get);
const hashOf = getterOf("hash");
const hostnameOf = getterOf("hostname");
const hrefOf = getterOf("href");
const passwordOf = getterOf("password");
const pathnameOf = getterOf("pathname");
const portOf = getterOf("port");
const protocolOf = getterOf("protocol");
const searchOf = getterOf("search");
const usernameOf = getterOf("username");

const ENCODED_SLASH = /%2f/i;

export function fileURLToPath(path, options) {
    let url = path;
    if (typeof path === "string") url = new URL(path);
    else if (!isURL(path)) throw invalidArgType("path", ["string", "URL"], path);
    if (protocolOf(url) !== "file:") {
        throw nodeError(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
    }
    if (options?.windows) return windowsPath(url);
    if (hostnameOf(url) !== "") {
        throw nodeError(TypeError, "ERR_INVALID_FILE_URL_HOST",
            "File URL host must be \"localhost\" or empty on linux");
    }
    const text = pathnameOf(url);
    if (RegExpPrototypeExec(ENCODED_SLASH, text) !== null) {
        throw nodeError(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters");
    }
    return decodeURIComponent(text);
}

const ENCODED_SLASHES = /%2f|%5c/i;

const windowsPath = (url) => {
    const text = pathnameOf(url);
    if (RegExpPrototypeExec(ENCODED_SLASHES, text) !== null) {
        throw nodeError(TypeError, "ERR_INVALID_FILE_URL_PATH",
            "File URL path must not include encoded \\ or / characters");
    }
    const path = ArrayPrototypeJoin(StringPrototypeSplit(decodeURIComponent(text), "/"), "\\");
    if (hostnameOf(url) !== "") return `\\\\${domainToUnicode(hostnameOf(url))}${path}`;
    if (RegExpPrototypeExec(DRIVE, path) === null) {
        throw nodeError(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must be absolute");
    }
    return StringPrototypeSlice(path, 1);
};
const DRIVE = /^\\[a-zA-Z]:/;

/** An absolute path without "." and ".."; a slash at the end stays. */
const resolved = (path) => {
    const whole = path[0] === "/" ? path : `/app/${path}`;
    const parts = StringPrototypeSplit(whole, "/");
    const kept = [];
    for (let at = 0; at < parts.length; at++) {
        if (parts[at] === "..") ArrayPrototypePop(kept);
        else if (parts[at] !== "" && parts[at] !== ".") ArrayPrototypePush(kept, parts[at]);
    }
    const end = path[path.length - 1] === "/" && 0 < kept.length ? "/" : "";
    return `/${ArrayPrototypeJoin(kept, "/")}${end}`;
};

const ESCAPED = {
    __proto__: null, "%": "%25", "\\": "%5C", "\n": "%0A", "\r": "%0D", "\t": "%09", "?": "%3F", "#": "%23",
};

export function pathToFileURL(path) {
    if (typeof path !== "string") throw invalidArgType("path", "string", path);
    const text = resolved(path);
    let escaped = "";
    for (let at = 0; at < text.length; at++) escaped += ESCAPED[text[at]] ?? text[at];
    return new URL(`file://${escaped}`);
}

export function domainToASCII(domain) {
    if (arguments.length < 1) throw missingArgs("domain");
    try {
        return hostnameOf(new URL(`ws://${domain}`));
    } catch {
        return "";
    }
}

export function domainToUnicode(domain) {
    if (arguments.length < 1) throw missingArgs("domain");
    const ascii = domainToASCII(domain);
    return ascii === "" ? "" : natives.domainToUnicode(StringPrototypeToWellFormed(ascii));
}

const decoded = (text) => {
    try {
        return decodeURIComponent(text);
    } catch (error) {
        if (error instanceof URIError) return text;
        throw error;
    }
};

export function urlToHttpOptions(url) {
    const hostname = hostnameOf(url);
    const options = {
        __proto__: null,
        ...url,
        protocol: protocolOf(url),
        hostname: StringPrototypeStartsWith(hostname, "[") ? StringPrototypeSlice(hostname, 1, -1) : hostname,
        hash: hashOf(url),
        search: searchOf(url),
        pathname: pathnameOf(url),
        path: `${pathnameOf(url)}${searchOf(url)}`,
        href: hrefOf(url),
    };
    if (portOf(url) !== "") options.port = Number(portOf(url));
    if (usernameOf(url) || passwordOf(url)) options.auth = `${decoded(usernameOf(url))}:${decoded(passwordOf(url))}`;
    return options;
}

/** What url.format makes of an object of class URL. */
export const formatURL = (url, options) => {
    const { auth = true, fragment = true, search = true, unicode = false } = options ?? {};
    const protocol = protocolOf(url);
    let text = protocol;
    const hostname = hostnameOf(url);
    if (StringPrototypeStartsWith(hrefOf(url), `${protocol}//`)) {
        text += "//";
        if (auth && (usernameOf(url) !== "" || passwordOf(url) !== "")) {
            text += usernameOf(url);
            if (passwordOf(url) !== "") text += `:${passwordOf(url)}`;
            text += "@";
        }
        text += unicode ? domainToUnicode(hostname) : hostname;
        if (portOf(url) !== "") text += `:${portOf(url)}`;
    }
    text += pathnameOf(url);
    if (search) text += searchOf(url);
    if (fragment) text += hashOf(url);
    return text;
};

export { isURL };
