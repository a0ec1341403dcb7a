// The modules "url" (the older interface) and "punycode".

const url = process.getBuiltinModule("url");
const punycode = process.getBuiltinModule("punycode");

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return error.code ?? error.name;
    }
};

const parts = (text, ...more) => {
    const { protocol, slashes, auth, host, port, hostname, hash, search, query, pathname, path, href } = url.parse(text, ...more);
    return [protocol, slashes, auth, host, port, hostname, hash, search, query, pathname, path, href];
};

export const cases = [
    ["a whole URL", () => parts("http://user:pa%20ss@Sub.Example.com:8080/p/a/t/h?query=string&a=b#hash"), [
        "http:", true, "user:pa ss", "sub.example.com:8080", "8080", "sub.example.com", "#hash", "?query=string&a=b",
        "query=string&a=b", "/p/a/t/h", "/p/a/t/h?query=string&a=b",
        "http://user:pa%20ss@sub.example.com:8080/p/a/t/h?query=string&a=b#hash",
    ]],
    ["paths", () => [parts("/a/b?c=d"), parts("a/b#c"), parts("?x"), parts("")], [
        [null, null, null, null, null, null, null, "?c=d", "c=d", "/a/b", "/a/b?c=d", "/a/b?c=d"],
        [null, null, null, null, null, null, "#c", null, null, "a/b", "a/b", "a/b#c"],
        [null, null, null, null, null, null, null, "?x", "x", null, "?x", "?x"],
        [null, null, null, null, null, null, null, null, null, null, null, ""],
    ]],
    ["slashes denote a host only if asked", () => [parts("//h/p"), parts("//h/p", false, true), parts("//h/p", true, true)[8]], [
        [null, null, null, null, null, null, null, null, null, "//h/p", "//h/p", "//h/p"],
        [null, true, null, "h", null, "h", null, null, null, "/p", "/p", "//h/p"],
        {},
    ]],
    ["a query as an object", () => [{ ...url.parse("/?a=1&a=2&b", true).query }, url.parse("/", true).search], [{ a: ["1", "2"], b: "" }, null]],
    ["blanks, backslashes and characters that are escaped", () => [
        url.parse("  http:\\\\x.y\\p\\q?a\\b  ").href, url.parse("http://x.y/a b{c}|d'e").href, url.parse("http://x.y/a?b c#d e").href,
    ], ["http://x.y/p/q?a%5Cb", "http://x.y/a%20b%7Bc%7D%7Cd%27e", "http://x.y/a?b%20c#d%20e"]],
    ["hosts of all kinds", () => [
        parts("http://[::1]:80/x").slice(3, 6), parts("http://a@b@c/").slice(2, 4), parts("http://x.y?z").slice(3, 10),
        parts("mailto:a@b.c").slice(0, 12), parts("javascript:alert('x y')").slice(9, 12), parts("http://ünï.de/").slice(3, 6),
    ], [
        ["[::1]:80", "80", "::1"], ["a@b", "c"], ["x.y", null, "x.y", null, "?z", "z", "/"],
        ["mailto:", null, "a", "b.c", null, "b.c", null, null, null, null, null, "mailto:a@b.c"],
        ["alert('x y')", "alert('x y')", "javascript:alert('x y')"], ["xn--n-nga1b.de", null, "xn--n-nga1b.de"],
    ]],
    ["what cannot be parsed", () => [failure(() => url.parse(5)), failure(() => url.parse("http://a b/c")), failure(() => url.parse("http://[::1/x")),
        failure(() => url.parse("http://%E0%A4%A@x/"))], ["ERR_INVALID_ARG_TYPE", "nothing", "ERR_INVALID_URL", "URIError"]],
    ["format", () => [
        url.format({ protocol: "http", host: "x.y:1", pathname: "/a?b#c", query: { d: [1, 2], e: "f g" } }),
        url.format({ protocol: "https:", hostname: "::1", port: 8, pathname: "p", search: "s#t", hash: "h" }),
        url.format({ auth: "a:b@c", hostname: "x", slashes: true }), url.format({ pathname: "/p", search: "?q" }), url.format({}),
        url.format({ protocol: "mailto", auth: "a", host: "b" }), url.format("http://x.y"), failure(() => url.format(5)),
        url.format(new URL("http://u:p@xn--mnchen-3ya.de/x?y#z"), { auth: false, fragment: false, search: false, unicode: true }),
    ], [
        "http://x.y:1/a%3Fb%23c?d=1&d=2&e=f%20g", "https://[::1]:8/p?s%23t#h", "//a:b%40c@x", "/p?q", "", "mailto:a@b", "http://x.y/",
        "ERR_INVALID_ARG_TYPE", "http://münchen.de/x",
    ]],
    ["resolve", () => [
        ["/one/two/three", "four"], ["http://example.com/", "/one"], ["http://example.com/one", "/two"], ["http://a/b/c/d;p?q", "../g"],
        ["http://a/b/c/d;p?q", "../../../g"], ["http://a/b/c/d;p?q", "./g/."], ["http://a/b/c/d;p?q", "?y"], ["http://a/b/c/d;p?q", "#s"],
        ["http://a/b/c/d;p?q", "//g"], ["http://a/b/c/d;p?q", "g:h"], ["http://a/b/c/d;p?q", ""], ["http://a/b/c/d;p?q", "http://x/../y"],
        ["http://a", "b"], ["a/b", "../c"], ["a/b", "../../c"], ["http://u:p@h/x", "y"], ["http://u:p@h/x", "//k/y"], ["/a/b", "."], ["/a/b", ".."],
        ["/a/b/", ".."], ["http://a/b?c", "d"], ["https://a/b", "http://c"],
    ].map(([base, relative]) => url.resolve(base, relative)), [
        "/one/two/four", "http://example.com/one", "http://example.com/two", "http://a/b/g", "http://a/g", "http://a/b/c/g/", "http://a/b/c/d;p?y",
        "http://a/b/c/d;p?q#s", "http://g/", "g:h", "http://a/b/c/d;p?q", "http://x/y", "http://a/b", "c", "../c", "http://u:p@h/y", "http://k/y",
        "/a/", "/", "/a/", "http://a/d", "http://c/",
    ]],
    ["files", () => [
        url.fileURLToPath("file:///a%20b/%C3%A4"), url.pathToFileURL("/a b/ä?#%\\").href, url.pathToFileURL("/x/../y/").href,
        failure(() => url.fileURLToPath("http://x/")), failure(() => url.fileURLToPath("file://host/x")), failure(() => url.fileURLToPath("file:///a%2Fb")),
        failure(() => url.fileURLToPath(5)),
    ], ["/a b/ä", "file:///a%20b/%C3%A4%3F%23%25%5C", "file:///y/", "ERR_INVALID_URL_SCHEME", "ERR_INVALID_FILE_URL_HOST", "ERR_INVALID_FILE_URL_PATH",
        "ERR_INVALID_ARG_TYPE"]],
    ["domains and options for http", () => [
        url.domainToASCII("español.com"), url.domainToUnicode("xn--espaol-zwa.com"), url.domainToASCII("xn--iñvalid.com"),
        Object.entries(url.urlToHttpOptions(new URL("https://a:b%20c@[::1]:8/p?q#h"))).sort(),
    ], ["xn--espaol-zwa.com", "español.com", "", [["auth", "a:b c"], ["hash", "#h"], ["hostname", "::1"], ["href", "https://a:b%20c@[::1]:8/p?q#h"],
        ["path", "/p?q"], ["pathname", "/p"], ["port", 8], ["protocol", "https:"], ["search", "?q"]]]],
    ["the classes are the global ones", () => [url.URL === URL, url.URLSearchParams === URLSearchParams], [true, true]],
    ["punycode", () => [
        punycode.encode("mañana"), punycode.decode("maana-pta"), punycode.encode("☃-⌘"), punycode.decode("--dqo34k"),
        punycode.toASCII("mañana.com"), punycode.toUnicode("xn--maana-pta.com"), punycode.toASCII("a@ñ。x"), punycode.ucs2.decode("𝌆a"),
        punycode.ucs2.encode([0x1D306]), punycode.encode(""), punycode.encode("💩"),
    ], ["maana-pta", "mañana", "--dqo34k", "☃-⌘", "xn--maana-pta.com", "mañana.com", "a@xn--ida.x", [0x1D306, 97], "𝌆", "", "ls8h"]],
];
