// URL (URL Standard, section "URL class"). `URL.createObjectURL` and `URL.revokeObjectURL` belong to Blob and are not
// here.

import { primordials } from "./primordials.js";
import { showAs } from "./show_as.js";
import { registerPlatform } from "./structured_clone.js";
import {
    cannotHavePort, parseURL, serializeOrigin, serializeURL, setFragment, setHost, setPassword, setPath, setPort,
    setQuery, setScheme, setUsername,
} from "./url_parser.js";
import { connectedParams, replacePairs } from "./url_search_params.js";
import { USVString, defineInterface, isObject, needs } from "./webidl.js";

const { NumberPrototypeToString, ObjectDefineProperty, StringPrototypeSlice, TypeError } = primordials;

let recordOf;
let isURL;
let fromRecord;
let paramsOf;

const property = (owner, key, value) => {
    ObjectDefineProperty(owner, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
};

const invalid = (input, base) => {
    const error = new TypeError("Invalid URL");
    property(error, "code", "ERR_INVALID_URL");
    property(error, "input", input);
    if (base !== undefined) property(error, "base", base);
    return error;
};

// "API URL parser": a record, or null.
const parseWith = (url, base) => {
    if (base === undefined) return parseURL(url, null);
    const parsedBase = parseURL(base, null);
    return parsedBase === null ? null : parseURL(url, parsedBase);
};

const optionalBase = (base, what) => (base === undefined ? undefined : USVString(base, `Argument 2 of ${what}`));

const withoutFirst = (text, first) => (text[0] === first ? StringPrototypeSlice(text, 1) : text);

export class URL {
    #record;
    #params = undefined;

    constructor(url, base = undefined) {
        needs(arguments.length, 1, "URL constructor");
        const input = USVString(url, "Argument 1 of URL constructor");
        const from = optionalBase(base, "URL constructor");
        const record = parseWith(input, from);
        if (record === null) throw invalid(input, from);
        this.#record = record;
    }

    static parse(url, base = undefined) {
        needs(arguments.length, 1, "URL.parse");
        const input = USVString(url, "Argument 1 of URL.parse");
        const record = parseWith(input, optionalBase(base, "URL.parse"));
        return record === null ? null : fromRecord(record);
    }

    static canParse(url, base = undefined) {
        needs(arguments.length, 1, "URL.canParse");
        const input = USVString(url, "Argument 1 of URL.canParse");
        return parseWith(input, optionalBase(base, "URL.canParse")) !== null;
    }

    get href() {
        return serializeURL(this.#record);
    }

    set href(value) {
        const params = this.#params;
        const input = USVString(value, '"href"');
        const record = parseURL(input, null);
        if (record === null) throw invalid(input, undefined);
        this.#record = record;
        if (params !== undefined) replacePairs(params, record.query === null ? "" : record.query);
    }

    get origin() {
        return serializeOrigin(this.#record);
    }

    get protocol() {
        return `${this.#record.scheme}:`;
    }

    set protocol(value) {
        const record = this.#record;
        setScheme(record, USVString(value, '"protocol"'));
    }

    get username() {
        return this.#record.username;
    }

    set username(value) {
        const record = this.#record;
        const text = USVString(value, '"username"');
        if (!cannotHavePort(record)) setUsername(record, text);
    }

    get password() {
        return this.#record.password;
    }

    set password(value) {
        const record = this.#record;
        const text = USVString(value, '"password"');
        if (!cannotHavePort(record)) setPassword(record, text);
    }

    get host() {
        const { host, port } = this.#record;
        if (host === null) return "";
        return port === null ? host : `${host}:${port}`;
    }

    set host(value) {
        const record = this.#record;
        const text = USVString(value, '"host"');
        if (!record.opaque) setHost(record, text, false);
    }

    get hostname() {
        const { host } = this.#record;
        return host === null ? "" : host;
    }

    set hostname(value) {
        const record = this.#record;
        const text = USVString(value, '"hostname"');
        if (!record.opaque) setHost(record, text, true);
    }

    get port() {
        const { port } = this.#record;
        return port === null ? "" : NumberPrototypeToString(port, 10);
    }

    set port(value) {
        const record = this.#record;
        const text = USVString(value, '"port"');
        if (cannotHavePort(record)) return;
        if (text === "") record.port = null;
        else setPort(record, text);
    }

    get pathname() {
        return this.#record.path;
    }

    set pathname(value) {
        const record = this.#record;
        const text = USVString(value, '"pathname"');
        if (!record.opaque) setPath(record, text);
    }

    get search() {
        const { query } = this.#record;
        return query === null || query === "" ? "" : `?${query}`;
    }

    set search(value) {
        const record = this.#record;
        const text = USVString(value, '"search"');
        const query = withoutFirst(text, "?");
        if (text === "") record.query = null;
        else setQuery(record, query);
        if (this.#params !== undefined) replacePairs(this.#params, record.query === null ? "" : record.query);
    }

    get searchParams() {
        return this.#connected();
    }

    get hash() {
        const { fragment } = this.#record;
        return fragment === null || fragment === "" ? "" : `#${fragment}`;
    }

    set hash(value) {
        const record = this.#record;
        const text = USVString(value, '"hash"');
        if (text === "") record.fragment = null;
        else setFragment(record, withoutFirst(text, "#"));
    }

    toString() {
        return serializeURL(this.#record);
    }

    toJSON() {
        return serializeURL(this.#record);
    }

    #connected() {
        const { query } = this.#record;
        if (this.#params === undefined) {
            this.#params = connectedParams(query === null ? "" : query, (changed) => {
                this.#record.query = changed === "" ? null : changed;
            });
        }
        return this.#params;
    }

    static {
        recordOf = (url) => url.#record;
        paramsOf = (url) => url.#connected();
        isURL = (value) => isObject(value) && #record in value;
        // "about:blank" is a URL of its own record until it gets the one that was parsed.
        fromRecord = (record) => {
            const url = new URL("about:blank");
            url.#record = record;
            return url;
        };
    }
}
defineInterface(URL);

/**
 * For the scripts here: `urlRecord(url)` is what a URL holds (see url_parser.js), `urlFromRecord(record)` a URL of a
 * record, whatever an app did to the prototype.
 */
export { isURL, recordOf as urlRecord, fromRecord as urlFromRecord };

export { URLSearchParams, isURLSearchParams } from "./url_search_params.js";

showAs(URL, (url) => {
    const { scheme, username, password, host, port, path, query, fragment } = recordOf(url);
    const portText = port === null ? "" : NumberPrototypeToString(port, 10);
    return {
        href: serializeURL(recordOf(url)),
        origin: serializeOrigin(recordOf(url)),
        protocol: `${scheme}:`,
        username,
        password,
        host: host === null || port === null ? host ?? "" : `${host}:${portText}`,
        hostname: host ?? "",
        port: portText,
        pathname: path,
        search: query === null || query === "" ? "" : `?${query}`,
        searchParams: paramsOf(url),
        hash: fragment === null || fragment === "" ? "" : `#${fragment}`,
    };
});
registerPlatform(URL);

export const globals = { URL };
