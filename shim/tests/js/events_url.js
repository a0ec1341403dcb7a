// URL and URLSearchParams.

const href = (input, base) => {
    try {
        return new URL(input, base).href;
    } catch (error) {
        return `${error.name} ${error.code}`;
    }
};

const INVALID = "TypeError ERR_INVALID_URL";

const set = (input, member, value) => {
    const url = new URL(input);
    url[member] = value;
    return url.href;
};

const hrefs = (name, list) =>
    [name, () => list.map(([input, , base]) => href(input, base)), list.map(([, right]) => right)];

const sets = (name, list) =>
    [name, () => list.map(([input, member, value]) => set(input, member, value)), list.map((one) => one[3])];

export const cases = [
    hrefs("URLs of every day", [
        ["http://example.com", "http://example.com/"],
        ["https://example.com:443/a/b?c=d#e", "https://example.com/a/b?c=d#e"],
        ["HTTP://EXAMPLE.com:80/%7Ea", "http://example.com/%7Ea"],
        ["http://user:p@ss@host:8080/", "http://user:p%40ss@host:8080/"],
        ["  http://a\t/b\n ", "http://a/b"],
        ["http:\\\\a\\b", "http://a/b"],
        ["http:////a", "http://a/"],
        ["http://a/b c?d'e#f`g", "http://a/b%20c?d%27e#f%60g"],
        ["http://a/^|[]", "http://a/%5E|[]"],
        ["http://ä.example/ö?ü#ß", "http://xn--4ca.example/%C3%B6?%C3%BC#%C3%9F"],
    ]),
    hrefs("dots in paths", [
        ["http://a/b/../c/./d/..", "http://a/c/"],
        ["http://a/%2e%2E/b/.%2e/c/%2e", "http://a/c/"],
        ["http://a/...", "http://a/..."],
        ["http://a/b/../../..", "http://a/"],
        ["http://a//b//..", "http://a//b/"],
        ["x:/a/..//b", "x:/.//b"],
    ]),
    hrefs("hosts that are addresses", [
        ["http://0x7f.1", "http://127.0.0.1/"],
        ["http://0377.0.0.1", "http://255.0.0.1/"],
        ["http://4294967295", "http://255.255.255.255/"],
        ["http://4294967296", INVALID],
        ["http://256.1", INVALID],
        ["http://1.2.3.4.5", INVALID],
        ["http://09", INVALID],
        ["http://1.2.3.4.", "http://1.2.3.4/"],
        ["http://[::1]:80", "http://[::1]/"],
        ["http://[1:0:0:2:0:0:0:3]", "http://[1:0:0:2::3]/"],
        ["http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]/"],
        ["http://[1:2]", INVALID],
        ["http://[::1", INVALID],
        ["http://[::1.2.3]", INVALID],
        ["x://1.2.3.4.5", "x://1.2.3.4.5"],
    ]),
    hrefs("hosts that are refused or changed", [
        ["http://", INVALID],
        ["http://a b", INVALID],
        ["http://a%20b", INVALID],
        ["http://a%41", "http://aa/"],
        ["http://a:65536", INVALID],
        ["http://a:0x1", INVALID],
        ["http://a:", "http://a/"],
        ["http://@/", INVALID],
        ["http://user@/", INVALID],
        ["http://XN--a", "http://xn--a/"],
        ["http://xn--a.ä", INVALID],
        ["http://a<b", INVALID],
        ["x://a<b", INVALID],
        ["x://a%00", "x://a%00"],
        ["x://", "x://"],
        ["x://:80", INVALID],
        ["http://EX%C3%84MPLE", "http://xn--exmple-cua/"],
    ]),
    hrefs("relative to a base", [
        ["b", "http://a/x/b", "http://a/x/y?q#f"],
        ["", "http://a/x/y?q", "http://a/x/y?q#f"],
        ["?z", "http://a/x/y?z", "http://a/x/y?q#f"],
        ["#z", "http://a/x/y?q#z", "http://a/x/y?q#f"],
        ["/b", "http://a/b", "http://a/x/y"],
        ["//b/c", "http://b/c", "http://a/x/y"],
        ["\\\\b\\c", "http://b/c", "http://a/x/y"],
        ["http:b", "http://a/x/b", "http://a/x/y"],
        ["https:b", "https://b/", "http://a/x/y"],
        ["../../b", "http://a/b", "http://a/x/y/z"],
        ["b", INVALID, "mailto:x"],
        ["#b", "mailto:x#b", "mailto:x"],
        ["b", INVALID],
        ["b", "x://h/b", "x://h/y"],
        ["//h", "x://h", "x:/y"],
    ]),
    hrefs("files", [
        ["file:", "file:///"],
        ["file:c:\\x\\..\\..", "file:///c:/"],
        ["file:///C|/x", "file:///C:/x"],
        ["file://localhost/x", "file:///x"],
        ["file://host/x", "file://host/x"],
        ["file://c:/x", "file:///c:/x"],
        ["/d", "file:///C:/d", "file:///C:/x/y"],
        ["D:/d", "d:/d", "file:///C:/x/y"],
        ["D|/d", "file:///D:/d", "file:///C:/x/y"],
        ["..", "file:///C:/", "file:///C:/x"],
    ]),
    hrefs("opaque paths", [
        ["data:text/plain,a b", "data:text/plain,a b"],
        ["x:a  ?b", "x:a %20?b"],
        ["x:a #b", "x:a%20#b"],
        ["javascript:alert(\"ä\")", "javascript:alert(\"%C3%A4\")"],
        ["x:", "x:"],
    ]),
    sets("setters", [
        ["http://a/", "protocol", "https", "https://a/"],
        ["http://a:443/", "protocol", "https:anything", "https://a/"],
        ["http://a/", "protocol", "x", "http://a/"],
        ["http://a/", "protocol", "1x", "http://a/"],
        ["http://a/", "username", "a:b", "http://a%3Ab@a/"],
        ["http://a/", "password", "p", "http://:p@a/"],
        ["file:///x", "username", "a", "file:///x"],
        ["http://a/", "host", "b:81/c", "http://b:81/"],
        ["http://a:1/", "host", "b", "http://b:1/"],
        ["http://a/", "host", "", "http://a/"],
        ["http://a/", "hostname", "b:81", "http://a/"],
        ["http://a/", "hostname", "[::1]", "http://[::1]/"],
        ["x://a:1", "hostname", "", "x://a:1"],
        ["x://a/b", "hostname", "", "x:///b"],
        ["mailto:x", "host", "a", "mailto:x"],
        ["http://a/", "port", "81x", "http://a:81/"],
        ["http://a:81/", "port", "", "http://a/"],
        ["http://a:81/", "port", "x", "http://a:81/"],
        ["http://a:81/", "port", "65536", "http://a:81/"],
        ["http://a:81/", "port", "80", "http://a/"],
        ["http://a/b", "pathname", "c?d#e", "http://a/c%3Fd%23e"],
        ["http://a/b", "pathname", "", "http://a/"],
        ["x:/b", "pathname", "//p", "x:/.//p"],
        ["x://h/b", "pathname", "", "x://h"],
        ["mailto:x", "pathname", "y", "mailto:x"],
        ["http://a/?b", "search", "", "http://a/"],
        ["http://a/?b", "search", "?", "http://a/?"],
        ["http://a/", "search", "a'b#c", "http://a/?a%27b%23c"],
        ["http://a/#b", "hash", "", "http://a/"],
        ["http://a/", "hash", "##", "http://a/##"],
        ["http://a/", "href", "http://b", "http://b/"],
        ["http://a/", "port", "\t8\n1", "http://a:81/"],
    ]),
    ["the parts of a URL", () => {
        const url = new URL("https://u:p@h:81/a/b?c=d#e");
        return [url.origin, url.protocol, url.username, url.password, url.host, url.hostname, url.port, url.pathname,
            url.search, url.hash, JSON.stringify(url), String(url)];
    }, ["https://h:81", "https:", "u", "p", "h:81", "h", "81", "/a/b", "?c=d", "#e", '"https://u:p@h:81/a/b?c=d#e"',
        "https://u:p@h:81/a/b?c=d#e"]],
    ["origins", () => ["file:///x", "x://h", "blob:https://h:1/x", "blob:x", "blob:ftp://h/x", "ftp://h", "wss://h:443"]
        .map((input) => new URL(input).origin), ["null", "null", "https://h:1", "null", "null", "ftp://h", "wss://h"]],
    ["an invalid URL says what was given", () => {
        try {
            return new URL("x", "y");
        } catch ({ name, code, input, base }) {
            return { name, code, input, base };
        }
    }, { name: "TypeError", code: "ERR_INVALID_URL", input: "x", base: "y" }],
    ["an href that is invalid changes nothing", () => {
        const url = new URL("http://a/");
        try {
            url.href = "x";
        } catch {
            // The URL is looked at below.
        }
        return url.href;
    }, "http://a/"],
    ["canParse and parse", () => [
        URL.canParse("x"), URL.canParse("x", "http://a"), URL.parse("x"), URL.parse("x", "http://a").href,
    ], [false, true, null, "http://a/x"]],
    ["lone surrogates become U+FFFD", () => new URL("http://a/\ud800?\udc00").href, "http://a/%EF%BF%BD?%EF%BF%BD"],
    ["the parameters follow the URL and the URL follows them", () => {
        const url = new URL("http://a/?x=1&y=2#f");
        const { searchParams } = url;
        searchParams.append("z", "a b&c");
        const first = url.href;
        url.search = "q=ä";
        const second = [...searchParams];
        searchParams.delete("q");
        url.hash = "";
        const third = url.href;
        url.href = "http://b/?w";
        return [first, second, third, [...searchParams], url.searchParams === searchParams];
    }, ["http://a/?x=1&y=2&z=a+b%26c#f", [["q", "ä"]], "http://a/", [["w", ""]], true]],
    ["parameters of text, pairs, records and others", () => [
        new URLSearchParams("?a=1&&b&=c&d=e=f"), new URLSearchParams([["a", "1"], ["a", "2"]]),
        new URLSearchParams({ a: 1, "b c": "+" }), new URLSearchParams(new URLSearchParams("a=1")),
        new URLSearchParams(), new URLSearchParams(null),
        new URLSearchParams(new Map([["x", "y"]])),
    ].map(String), ["a=1&b=&=c&d=e%3Df", "a=1&a=2", "a=1&b+c=%2B", "a=1", "", "null=", "x=y"]],
    ["what is encoded in a form", () => new URLSearchParams([[" !'()*-._~%+ä\0", "%20"]]).toString(),
        "+%21%27%28%29*-._%7E%25%2B%C3%A4%00=%2520"],
    ["broken percent-encoding and UTF-8", () =>
        [...new URLSearchParams("a=%&b=%4&c=%zz&d=%E4%F6&e=%F0%9F%98&f=%C3%A4x%ED%A0%80").values()],
        ["%", "%4", "%zz", "\ufffd\ufffd", "\ufffd", "äx\ufffd\ufffd\ufffd"]],
    ["get, getAll, has, set, delete with values, size and sort", () => {
        const params = new URLSearchParams("b=2&a=1&b=3&a=0");
        const seen = [params.get("b"), params.get("c"), params.getAll("a")];
        seen.push(params.has("a", "0"), params.has("a", "2"), params.size);
        params.sort();
        seen.push(String(params));
        params.set("b", "4");
        params.delete("a", "1");
        params.set("new", "x");
        seen.push(String(params));
        return seen;
    }, ["2", null, ["1", "0"], true, false, 4, "a=1&a=0&b=2&b=3", "a=0&b=4&new=x"]],
    ["the order of sort is that of code units", () => {
        const params = new URLSearchParams([["\ufb03", ""], ["\u{1f308}", ""], ["z", ""]]);
        params.sort();
        return [...params.keys()];
    }, ["z", "\u{1f308}", "\ufb03"]],
    ["iterating sees changes, and the iterator has its tag", () => {
        const params = new URLSearchParams("a=1&b=2&c=3");
        const seen = [];
        for (const [name] of params) {
            seen.push(name);
            params.delete(name);
        }
        const iterator = params.entries();
        const { prototype } = URLSearchParams;
        return [seen, Object.prototype.toString.call(iterator), prototype[Symbol.iterator] === prototype.entries,
            iterator[Symbol.iterator]() === iterator];
    }, [["a", "c"], "[object URLSearchParams Iterator]", true, true]],
    ["pairs of a wrong length and iterables of something else are refused", () => {
        const names = [];
        for (const init of [[["a"]], [["a", "b", "c"]], [1], { [Symbol.iterator]: 1 }]) {
            try {
                new URLSearchParams(init);
                names.push("taken");
            } catch (error) {
                names.push(error.name);
            }
        }
        return names;
    }, ["TypeError", "TypeError", "TypeError", "TypeError"]],
    ["a long path full of dots ends soon", () =>
        new URL(`http://a/${"x/".repeat(20000)}${"../".repeat(20000)}`).pathname, "/"],
    ["patched methods of String change nothing", () => {
        const { indexOf, slice } = String.prototype;
        String.prototype.indexOf = () => { throw new Error("called"); };
        String.prototype.slice = () => { throw new Error("called"); };
        try {
            return new URL("../x?y=z", "http://a/b/c/d").href;
        } finally {
            String.prototype.indexOf = indexOf;
            String.prototype.slice = slice;
        }
    }, "http://a/b/x?y=z"],
];
