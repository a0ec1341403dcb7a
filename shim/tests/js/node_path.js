// The module "path" in both of its kinds.

const path = process.getBuiltinModule("path");
const { posix, win32 } = path;

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return [error.name, error.code, error.message];
    }
};
const code = (run) => failure(run)[1];
const WRONG = [undefined, null, 1, true, {}, []];

export const cases = [
    ["the module is the posix one, and the kinds know each other", () => [path === posix, posix.posix === posix, posix.win32 === win32, win32.posix === posix,
        win32.win32 === win32, process.getBuiltinModule("path/posix") === posix, process.getBuiltinModule("path/win32") === win32], [true, true, true,
            true, true, true, true]],
    ["separators", () => [path.sep, path.delimiter, win32.sep, win32.delimiter], ["/", ":", "\\", ";"]],
    ["basename", () => [["/a/b.html"], ["/a/b.html", ".html"], ["/a/b.html", "b.html"], ["b.html", "b.html"], ["/a/b/"], ["///"], [""], ["a//"], ["aaa", "a"],
        ["a", "a"], ["/a/b.html", "x"], ["..", "."], ["a\\b"], ["/a/b.html/", ".html"], ["bbb/", "bb"]].map((each) => path.basename(...each)),
            ["b.html", "b", "b.html", "", "b", "", "", "a", "aa", "", "b.html", ".", "a\\b", "b", "b"]],
    ["basename in win32", () => [["C:\\a\\b.txt"], ["C:"], ["C:\\"], ["C:a.b", ".b"], ["a/b\\c/"], ["file:stream"],
        ["\\\\"]].map((each) => win32.basename(...each)), ["b.txt", "", "", "a", "c", "file:stream", ""]],
    ["dirname", () => ["/a/b/", "/a/b", "/a", "/", "//a", "//", "", "a", "a/b/c", "a//b", "///a///b///", ".."].map(path.dirname), ["/a", "/a", "/",
        "/", "//", "/", ".", ".", "a/b", "a/", "///a//", "."]],
    ["dirname in win32", () => ["C:\\", "C:\\a\\b", "C:a\\b", "C:a", "\\\\unc\\share", "\\\\unc\\share\\a", "a/b", "\\", "",
        "file:stream"].map(win32.dirname), ["C:\\", "C:\\a", "C:a", "C:", "\\\\unc\\share", "\\\\unc\\share\\", "a", "\\", ".", "."]],
    ["extname", () => ["a.b", "a", ".a", ".a.b", "a.", "a..", "..", "a.b/", "a.b/c", "/.a", "a.b.c", "a.b\\", ""].map(path.extname), [".b", "", "",
        ".b", ".", ".", "", ".b", "", "", ".c", ".b\\", ""]],
    ["extname in win32", () => ["a.b\\", "C:.a", "a.b\\c", "C:a.b", "a\\.b.c"].map(win32.extname), [".b", "", "", ".b", ".c"]],
    ["parse", () => ["/a/b.c", "a", "/", "", "./a.b.c", "//a//b", ".x", "/.x", "a/", "../.."].map(path.parse), [
        { root: "/", dir: "/a", base: "b.c", ext: ".c", name: "b" }, { root: "", dir: "", base: "a", ext: "", name: "a" },
        { root: "/", dir: "/", base: "", ext: "", name: "" }, { root: "", dir: "", base: "", ext: "", name: "" },
        { root: "", dir: ".", base: "a.b.c", ext: ".c", name: "a.b" }, { root: "/", dir: "//a/", base: "b", ext: "", name: "b" },
        { root: "", dir: "", base: ".x", ext: "", name: ".x" }, { root: "/", dir: "/", base: ".x", ext: "", name: ".x" },
        { root: "", dir: "", base: "a", ext: "", name: "a" }, { root: "", dir: "..", base: "..", ext: "", name: ".." },
    ]],
    ["parse in win32", () => ["C:\\a\\b.c", "C:", "C:a", "\\\\s\\h\\x.y", "C:\\", "\\a", "a/b.c\\"].map(win32.parse), [
        { root: "C:\\", dir: "C:\\a", base: "b.c", ext: ".c", name: "b" }, { root: "C:", dir: "C:", base: "", ext: "", name: "" },
        { root: "C:", dir: "C:", base: "a", ext: "", name: "a" },
        { root: "\\\\s\\h\\", dir: "\\\\s\\h\\", base: "x.y", ext: ".y", name: "x" },
        { root: "C:\\", dir: "C:\\", base: "", ext: "", name: "" }, { root: "\\", dir: "\\", base: "a", ext: "", name: "a" },
        { root: "", dir: "a", base: "b.c", ext: ".c", name: "b" },
    ]],
    ["format", () => [{}, { dir: "/a", base: "b" }, { root: "/", base: "b" }, { root: "/", dir: "/", base: "b" }, { root: "/", name: "a", ext: ".b" },
        { name: "a", ext: "b" },
        { base: "x", name: "a", ext: ".b" }, { dir: "a/", base: "b" }, { dir: "", name: "a" }, { ext: "b" }].map(path.format), ["", "/a/b", "/b",
            "/b", "/a.b", "a.b", "x", "a//b", "a", ".b"]],
    ["format in win32", () => [{ dir: "C:\\a", base: "b" }, { root: "C:\\", base: "b" }, { root: "C:\\", dir: "C:\\", base: "b" }].map(win32.format),
        ["C:\\a\\b", "C:\\b", "C:\\b"]],
    ["format is the reverse of parse", () => ["/a/b.c", "a", "/", "./a.b.c", ".x", "a/b"].filter((each) => path.format(path.parse(each)) !== each), []],
    ["format wants an object", () => [undefined, null, "a", 1].map((value) => failure(() => path.format(value))), [
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"pathObject\" argument must be of type object. Received undefined"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"pathObject\" argument must be of type object. Received null"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"pathObject\" argument must be of type object. Received type string ('a')"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"pathObject\" argument must be of type object. Received type number (1)"],
    ]],
    ["isAbsolute", () => [["/", "/a", "", "a", ".", "C:/", "//"].map(path.isAbsolute), ["C:\\", "C:/", "C:", "C:a", "\\", "/", "a", "",
        "1:\\"].map(win32.isAbsolute)], [
        [true, true, false, false, false, false, true], [true, true, false, false, true, true, false, false, false],
    ]],
    ["join", () => [[], [""], ["a", "", "b"], ["/a", "../b"], ["/a", "../../b"], ["a", "../../b"], ["./a", "./b/"], ["", "/a"], ["/", "..", ".."],
        [" ", "."], ["//a"],
        ["a/", "/b"]].map((each) => path.join(...each)), [".", ".", "a/b", "/b", "/b", "../b", "a/b/", "/a", "/", " ", "/a", "a/b"]],
    ["join in win32", () => [["C:", "a"], ["C:\\", "..", "a"], ["\\\\s", "h", "x"], ["a", "/b"], ["//a", "b"], ["c:.", "../x"], ["",
        ""]].map((each) => win32.join(...each)), ["C:\\a", "C:\\a", "\\\\s\\h\\x", "a\\b", "\\\\a\\b\\", "c:..\\x", "."]],
    ["normalize", () => ["", ".", "./", "a//b/../c/.", "/../a", "../../a", "a/../..", "/a/b/..", "./a/./b/", "///a", "a/b/../../../c",
        ".../a"].map(path.normalize), [".", ".", "./", "a/c", "/a", "../../a", "..", "/a", "a/b/", "/a", "../c", ".../a"]],
    ["normalize in win32", () => ["C:\\a\\..\\..", "C:a\\..\\..", "C:..\\a", "a/b/../c", "\\\\s\\h\\..\\x", "C:", "/a//b", "\\\\.\\a",
        ""].map(win32.normalize), ["C:\\", "C:..", "C:..\\a", "a\\c", "\\\\s\\h\\x", "C:.", "\\a\\b", "\\\\.\\a", "."]],
    ["relative", () => [["/a/b/c", "/a/d"], ["/a", "/a"], ["/a/b", "/a/bc"], ["/", "/a"], ["/a/b", "/"], ["/a", "/a/b/c"], ["/a//b", "/a/b/../c"],
        ["/aa/b", "/a/b"]]
        .map((each) => path.relative(...each)), ["../../d", "", "../bc", "a", "../..", "b/c", "../c", "../../a/b"]],
    ["relative in win32", () => [["C:\\a", "D:\\b"], ["C:\\A\\b", "c:\\a\\c"], ["C:\\a", "C:\\a"], ["\\\\s\\h\\a", "\\\\s\\h\\b"], ["C:\\", "C:\\x"]]
        .map((each) => win32.relative(...each)), ["D:\\b", "..\\c", "", "..\\b", "x"]],
    ["resolve", () => [path.resolve("/a", "b", "../c"), path.resolve("/a", "/b", "c"), path.resolve("/a/", ""), path.resolve("/", ".."),
        path.resolve() === process.cwd(),
        path.resolve("x") === path.join(process.cwd(), "x"), path.resolve("", "") === process.cwd(), path.resolve("/a//b/./c/")], ["/a/c", "/b/c",
            "/a", "/", true, true, true, "/a/b/c"]],
    ["resolve in win32", () => [win32.resolve("C:\\a", "..\\b"), win32.resolve("C:\\a", "D:\\b"), win32.resolve("\\\\s\\h", "..", "x"),
        win32.resolve("C:/a/b", "/c")], ["C:\\b", "D:\\b", "\\\\s\\h\\x", "C:\\c"]],
    ["toNamespacedPath", () => [path.toNamespacedPath("/a/../b"), path.toNamespacedPath(5), win32.toNamespacedPath("C:\\a\\..\\b"),
        win32.toNamespacedPath("\\\\s\\h\\x"),
        win32.toNamespacedPath("\\\\?\\x"), win32.toNamespacedPath(null), win32.toNamespacedPath("")], ["/a/../b", 5, "\\\\?\\C:\\b",
            "\\\\?\\UNC\\s\\h\\x", "\\\\?\\x", null, ""]],
    ["matchesGlob", () => [["/a/b.js", "/a/*.js"], ["/a/b.js", "/*/*.js"], ["/a/b/c.js", "/a/*.js"], ["/a/b/c.js", "/a/**"], ["/a/b/c.js",
        "/a/**/*.js"], ["a.js", "*.{js,ts}"],
        ["a.ts", "*.{js,ts}"], ["ab", "a?"], ["a", "[ab]"], ["c", "[!ab]"], ["a.js", "*.JS"], ["", ""]].map((each) => path.matchesGlob(...each)),
            [true, true, false, true, true, true, true, true, true, true, false, true]],
    ["what is no text is refused, by name", () => ["basename", "dirname", "extname", "isAbsolute", "normalize", "parse", "resolve",
        "join"].map((name) => failure(() => path[name](1))), [
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"paths[0]\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string. Received type number (1)"],
    ]],
    ["all that is no text is refused", () => ["basename", "dirname", "extname", "isAbsolute", "normalize", "parse"].map((name) => [posix, win32].map((own) =>
        WRONG.filter((value) => code(() => own[name](value)) !== "ERR_INVALID_ARG_TYPE"))), [[[], []], [[], []], [[], []], [[], []], [[], []], [[], []]]],
    ["the second argument too", () => [failure(() => path.basename("a", 1)), failure(() => path.relative("a", 1)), failure(() => path.relative(1,
        "a")), failure(() => path.join("a", null)),
        failure(() => path.resolve("/a", undefined)), failure(() => path.matchesGlob("a", 1))], [
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"suffix\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"to\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"from\" argument must be of type string. Received type number (1)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"path\" argument must be of type string. Received null"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"paths[1]\" argument must be of type string. Received undefined"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"pattern\" argument must be of type string. Received type number (1)"],
    ]],
];
