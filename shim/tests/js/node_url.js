// The module "url" with its older functions, and the classes of the web that it has.

import { code, failure } from "./common.mjs";

const url = process.getBuiltinModule("url");

export const cases = [
    ["the classes are the global ones", () => [url.URL === URL, url.URLSearchParams === URLSearchParams, new url.URL("a:b").constructor === URL,
        new url.URLSearchParams().constructor === URLSearchParams,
        URL.prototype.constructor.name, URLSearchParams.prototype.constructor.name], [true, true, true, true, "URL", "URLSearchParams"]],
    ["toJSON and toString", () => {
        const own = new URL("HTTP://User:Pw@Example.COM:80/a/../b?x=1#y");
        return [own.toJSON(), own.toString(), JSON.stringify({ own }), `${own}`, own.toJSON === own.toString];
    }, [
        "http://User:Pw@example.com/b?x=1#y", "http://User:Pw@example.com/b?x=1#y", "{\"own\":\"http://User:Pw@example.com/b?x=1#y\"}",
        "http://User:Pw@example.com/b?x=1#y", false,
    ]],
    ["members can be set", () => {
        const own = new URL("http://a.b:81/c?d#e");
        own.protocol = "https";
        own.username = "u@";
        own.password = "p:";
        own.hostname = "x.y";
        own.port = "443";
        own.pathname = "q r";
        own.search = "s t";
        own.hash = "u v";
        const all = [own.href, own.origin, own.protocol, own.username, own.password, own.host, own.hostname, own.port, own.pathname, own.search, own.hash];
        own.host = "z:99";
        own.port = "70000";
        own.protocol = "mailto";
        own.href = "data:a";
        return [all, own.href, own.origin, own.host, failure(() => {
            own.href = "nothing";
        }).slice(0, 2)];
    }, [
        ["https://u%40:p%3A@x.y/q%20r?s%20t#u%20v", "https://x.y", "https:", "u%40", "p%3A", "x.y", "x.y", "", "/q%20r", "?s%20t", "#u%20v"],
        "data:a", "null", "", ["TypeError", "ERR_INVALID_URL"],
    ]],
    ["the parameters of a URL follow it both ways", () => {
        const own = new URL("http://a/?x=1");
        own.searchParams.append("y", "2 3");
        const first = own.search;
        own.search = "?z=4";
        return [first, own.searchParams.get("z"), own.searchParams.has("x"), own.searchParams.size, own.searchParams === own.searchParams];
    }, ["?x=1&y=2+3", "4", false, 1, true]],
    ["parameters", () => {
        const own = new URLSearchParams([["b", "2"], ["a", "1"], ["b", "3"]]);
        const seen = [];
        own.forEach(function (value, name, all) {
            seen.push([value, name, all === own, this.x]);
        }, { x: 5 });
        const before = own.toString();
        own.sort();
        own.set("b", "9");
        own.delete("a", "none");
        return [seen, before, own.toString(), own.getAll("b"), [...own.keys()], [...own.values()], [...own.entries()], own.has("b", "9"), own.has("b",
            "2"), own.size, failure(() => own.forEach(5)).slice(0, 1), (own.delete("b"), `${own}`)];
    }, [
        [["2", "b", true, 5], ["1", "a", true, 5], ["3", "b", true, 5]], "b=2&a=1&b=3", "a=1&b=9", ["9"], ["a", "b"], ["1", "9"],
        [["a", "1"], ["b", "9"]], true, false, 2, ["TypeError"], "a=1",
    ]],
    ["canParse and parse", () => [URL.canParse("a:b"), URL.canParse("b"), URL.canParse("b", "http://a"), URL.parse("x", "http://a/c").href,
        URL.parse("x")], [true, false, true, "http://a/x", null]],
    ["the old parse", () => ["http://user:pa%20ss@Host.com:8080/p/a?q=1&r=%20#h", "//host/path", "/a?b", "mailto:a@b.c", "HTTP:\\\\a\\b",
        "javascript:alert(1)", "a.b/c", "", "?q", "#h", "http://a b/c d", "x://[::1]:5/y", "http://\u00e9.x/"]
        .map((text) => ({ ...url.parse(text) })), [
        { protocol: "http:", slashes: true, auth: "user:pa ss", host: "host.com:8080", port: "8080", hostname: "host.com", hash: "#h",
            search: "?q=1&r=%20", query: "q=1&r=%20", pathname: "/p/a", path: "/p/a?q=1&r=%20", href: "http://user:pa%20ss@host.com:8080/p/a?q=1&r=%20#h" },
        { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: null, query: null,
            pathname: "//host/path", path: "//host/path", href: "//host/path" },
        { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: "?b", query: "b", pathname: "/a",
            path: "/a?b", href: "/a?b" },
        { protocol: "mailto:", slashes: null, auth: "a", host: "b.c", port: null, hostname: "b.c", hash: null, search: null, query: null,
            pathname: null, path: null, href: "mailto:a@b.c" },
        { protocol: "http:", slashes: true, auth: null, host: "a", port: null, hostname: "a", hash: null, search: null, query: null, pathname: "/b",
            path: "/b", href: "http://a/b" },
        { protocol: "javascript:", slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: null, query: null,
            pathname: "alert(1)", path: "alert(1)", href: "javascript:alert(1)" },
        { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: null, query: null, pathname: "a.b/c",
            path: "a.b/c", href: "a.b/c" },
        { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: null, query: null, pathname: null,
            path: null, href: "" },
        { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: "?q", query: "q", pathname: null,
            path: "?q", href: "?q" },
        { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: "#h", search: null, query: null, pathname: null,
            path: null, href: "#h" },
        { protocol: "http:", slashes: true, auth: null, host: "a", port: null, hostname: "a", hash: null, search: null, query: null,
            pathname: "%20b/c%20d", path: "%20b/c%20d", href: "http://a/%20b/c%20d" },
        { protocol: "x:", slashes: true, auth: null, host: "[::1]:5", port: "5", hostname: "::1", hash: null, search: null, query: null,
            pathname: "/y", path: "/y", href: "x://[::1]:5/y" },
        { protocol: "http:", slashes: true, auth: null, host: "xn--9ca.x", port: null, hostname: "xn--9ca.x", hash: null, search: null, query: null,
            pathname: "/", path: "/", href: "http://xn--9ca.x/" },
    ]],
    ["the old parse with a query that is an object, and with slashes for a host", () => [{ ...url.parse("/a?b=1&b=2&c", true).query }, url.parse("/a",
        true).query !== null, url.parse("/a", true).search, url.parse("//h/p", false, true).host,
        url.parse("//h/p").host, url.parse("//h/p?x=1", true, true).href], [{ b: ["1", "2"], c: "" }, true, null, "h", null, "//h/p?x=1"]],
    ["the old parse is of a class of its own", () => [url.parse("a") instanceof url.Url, new url.Url().href, Object.keys(new url.Url()),
        url.parse(url.parse("http://a/b")).href, typeof new url.Url().parse, new url.Url().constructor === url.Url], [
        true, null, ["protocol", "slashes", "auth", "host", "port", "hostname", "hash", "search", "query", "pathname", "path", "href"],
        "http://a/b", "function", true,
    ]],
    ["what the old parse refuses", () => [failure(() => url.parse(5)), code(() => url.parse()), code(() => url.parse("http://a:99999999/")),
        code(() => url.parse("http://a^b/")), code(() => url.parse("http://\u0000/")) ?? "none",
        code(() => url.parse("javascript:a\u0000b"))], [
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"url\" argument must be of type string. Received type number (5)"],
        "ERR_INVALID_ARG_TYPE",
        { protocol: "http:", slashes: true, auth: null, host: "a:99999999", port: "99999999", hostname: "a", hash: null, search: null, query: null,
            pathname: "/", path: "/", href: "http://a:99999999/" },
        { protocol: "http:", slashes: true, auth: null, host: "a", port: null, hostname: "a", hash: null, search: null, query: null,
            pathname: "%5Eb/", path: "%5Eb/", href: "http://a/%5Eb/" },
        "ERR_INVALID_URL",
        { protocol: "javascript:", slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: null, query: null,
            pathname: "a\u0000b", path: "a\u0000b", href: "javascript:a\u0000b" },
    ]],
    ["resolve", () => [["/one/two/three", "four"], ["http://a.com/", "/one"], ["http://a.com/one", "/two"], ["http://a/b/c", "../d"], ["http://a/b",
        "//c/d"], ["http://a/b?c", "?d"], ["http://a/b", "#e"], ["http://a/b", ""],
        ["", "a"], ["mailto:a@b", "c@d"], ["http://a/b/c", "./../../../d"], ["a/b", "../../c"], ["http://u:p@h/x",
            "y"]].map((pair) => url.resolve(...pair)), [
        "/one/two/four", "http://a.com/one", "http://a.com/two", "http://a/d", "http://c/d", "http://a/b?d", "http://a/b#e",
        "http://a/b", "a", "mailto:c@d", "http://a/d", "../c", "http://u:p@h/y",
    ]],
    ["resolveObject", () => [url.resolveObject("http://a/b", "c").href, url.resolveObject("http://a/b", "c") instanceof url.Url, url.resolveObject("",
        "x"), url.resolveObject("http://a/b", url.parse("/d")).pathname], ["http://a/c", true, "x", "/d"]],
    ["format of parts", () => [{ protocol: "http", host: "a:1", pathname: "b", search: "c" }, { protocol: "http:", hostname: "h", port: 5,
        pathname: "/x", query: { a: [1, 2], b: "" } }, { pathname: "a#b?c", hash: "d" }, { protocol: "mailto", pathname: "a@b" },
        { slashes: true, host: "h" }, { protocol: "file", pathname: "/x" }, { hostname: "::1", port: 3 }, { auth: "u:p w", hostname: "h" }, {},
            { search: "?a", query: { b: 1 } }].map((parts) => url.format(parts)), [
        "http://a:1/b?c", "http://h:5/x?a=1&a=2&b=", "a%23b%3Fc#d", "mailto:a@b", "//h", "file:///x", "[::1]:3", "u:p%20w@h", "", "?a",
    ]],
    ["format of URLs, with what is to be left out", () => {
        const own = new URL("http://u:p@xn--9ca.com/a?b#c");
        return [url.format(own), url.format(own, { auth: false }), url.format(own, { fragment: false }), url.format(own, { search: false }),
            url.format(own, { unicode: true }), url.format("http://a/../b"), failure(() => url.format(5)),
            code(() => url.format(own, 5)), code(() => url.format())];
    }, [
        "http://u:p@xn--9ca.com/a?b#c", "http://xn--9ca.com/a?b#c", "http://u:p@xn--9ca.com/a?b", "http://u:p@xn--9ca.com/a#c",
        "http://u:p@é.com/a?b#c", "http://a/../b",
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"urlObject\" argument must be one of type object or string. Received type number (5)"],
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
    ]],
    ["names of domains", () => [url.domainToASCII("\u00e9.COM"), url.domainToASCII("xn--i\u00f1valid.com"), url.domainToASCII("a b"),
        url.domainToUnicode("xn--9ca.com"), url.domainToUnicode("a.b"), url.domainToUnicode("xn--i\u00f1valid.com"),
        url.domainToASCII("1.2.3"), failure(() => url.domainToASCII())[1], url.domainToASCII("")], [
        "xn--9ca.com", "", "", "é.com", "a.b", "", "1.2.0.3", "ERR_MISSING_ARGS", "",
    ]],
    ["paths of file URLs", () => [url.fileURLToPath("file:///a%20b/%c3%a9"), url.fileURLToPath(new URL("file:///a")),
        failure(() => url.fileURLToPath("file://host/a")),
        failure(() => url.fileURLToPath("http://a")), failure(() => url.fileURLToPath("file:///a%2fb")), code(() => url.fileURLToPath(5)),
            code(() => url.fileURLToPath("a")),
        url.fileURLToPath("file:///C:/a%20b", { windows: true }), code(() => url.fileURLToPath("file:///C:/a%5Cb", { windows: true })),
            code(() => url.fileURLToPath("file:///a", { windows: true }))], [
        "/a b/é", "/a", ["TypeError", "ERR_INVALID_FILE_URL_HOST", "File URL host must be \"localhost\" or empty on linux"],
        ["TypeError", "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file"],
        ["TypeError", "ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters"], "ERR_INVALID_ARG_TYPE",
        "ERR_INVALID_URL", "C:\\a b", "ERR_INVALID_FILE_URL_PATH", "ERR_INVALID_FILE_URL_PATH",
    ]],
    ["file URLs of paths", () => [url.pathToFileURL("/a b/%?#\u00e9\n\\").href, url.pathToFileURL("/a/../b/").href,
        url.pathToFileURL("/a") instanceof URL, code(() => url.pathToFileURL(5))], [
        "file:///a%20b/%25%3F%23%C3%A9%0A%5C", "file:///b/", true, "ERR_INVALID_ARG_TYPE",
    ]],
    ["options for http", () => [url.urlToHttpOptions(new URL("https://u%20:p@[::1]:81/a b?c#d")), { ...url.urlToHttpOptions(new URL("http://a/")) }],
        [
        { protocol: "https:", hostname: "::1", hash: "#d", search: "?c", pathname: "/a%20b", path: "/a%20b?c",
            href: "https://u%20:p@[::1]:81/a%20b?c#d", port: 81, auth: "u :p" },
        { protocol: "http:", hostname: "a", hash: "", search: "", pathname: "/", path: "/", href: "http://a/" },
    ]],
];
