// glob, globSync and promises.glob of "fs".

import { failure } from "./common.mjs";

const fs = process.getBuiltinModule("fs");

const BASE = fs.mkdtempSync("/tmp/node_fs_glob-");
for (const folder of ["a/b/.h", ".d", "c"]) fs.mkdirSync(`${BASE}/${folder}`, { recursive: true });
for (const file of ["x.js", ".y.js", "a/1.js", "a/b/2.js", "a/b/.h/3.js", ".d/4.js", "c/5.ts"]) fs.writeFileSync(`${BASE}/${file}`, "");
fs.symlinkSync("a", `${BASE}/l`);

const found = (pattern, options = {}) => fs.globSync(pattern, { cwd: BASE, ...options }).sort();

export const cases = [
    ["stars", () => ["*", "*.js", "?.js", "[ax]*", "a/*", "a/*/*", "*/*.js", ".*", "[!a]", "*/"].map((pattern) => found(pattern)), [
        ["a", "c", "l", "x.js"], ["x.js"], ["x.js"], ["a", "x.js"], ["a/1.js", "a/b"], ["a/b/2.js"], ["a/1.js"], [".d", ".y.js"],
        ["c", "l"], ["a", "c"],
    ]],
    ["double stars go down, but neither into hidden folders nor through links", () => ["**", "**/*.js", "a/**", "**/b", "a/**/2.js", "a/b/**/*",
        "**/", "**/**/5.ts", "l/**"].map((pattern) => found(pattern)), [
        [".", "a", "a/1.js", "a/b", "a/b/2.js", "c", "c/5.ts", "l", "x.js"], ["a/1.js", "a/b/2.js", "x.js"],
        ["a", "a/1.js", "a/b", "a/b/2.js"], ["a/b"], ["a/b/2.js"], ["a/b/2.js"], [".", "a", "a/b", "c"], ["c/5.ts"],
        ["l", "l/1.js", "l/b", "l/b/2.js"],
    ]],
    ["names as they are", () => ["a", "none", "a//1.js", "./a/*.js", "a/../x.js", "l/*", "x.js/", "a/", ""].map((pattern) => found(pattern)), [
        ["a"], [], ["a/1.js"], ["a/1.js"], ["x.js"], ["l/1.js", "l/b"], [], ["a"], [],
    ]],
    ["alternatives", () => ["{a,c}/*", "{x.js,a/1.js}", "a/{1,b/2}.js", "{a,c}/{1,5}.*", "{x}.js"].map((pattern) => found(pattern)), [
        ["a/1.js", "a/b", "c/5.ts"], ["a/1.js", "x.js"], ["a/1.js", "a/b/2.js"], ["a/1.js", "c/5.ts"], [],
    ]],
    ["several patterns name each path once", () => [found(["*.js", "x*", "a"]), found([]), found(["none", "c/*"])], [["a", "x.js"], [], ["c/5.ts"]]],
    ["absolute patterns and those above", () => [found(`${BASE}/*.js`).map((each) => each.replace(BASE, "BASE")), fs.globSync("../x.js",
        { cwd: `${BASE}/a` }), fs.globSync("*", { cwd: `${BASE}/none` }), fs.globSync("*.js", { cwd: `${BASE}/x.js` })], [
        ["BASE/x.js"], ["../x.js"], [], [],
    ]],
    ["what is left out", () => [found("**", { exclude: (name) => name === "a" }), found("**/*.js", { exclude: (name) => name.startsWith("2") }),
        found("**", { withFileTypes: false, exclude: (name) => name.length === 1 })], [
        [".", "c", "c/5.ts", "l", "x.js"], ["a/1.js", "x.js"], [".", "x.js"],
    ]],
    ["entries with their kinds", () => fs.globSync("*", { cwd: BASE, withFileTypes: true }).map((entry) => [entry.name, entry.parentPath === BASE,
        entry.isDirectory(), entry.isFile(), entry.isSymbolicLink(), entry instanceof fs.Dirent]).sort(), [
        ["a", true, true, false, false, true], ["c", true, true, false, false, true], ["l", true, false, false, true, true],
        ["x.js", true, false, true, false, true],
    ]],
    ["entries are asked about with their kinds", () => fs.globSync("a/**", { cwd: BASE, withFileTypes: true,
        exclude: (entry) => entry.isDirectory() }).map((entry) => entry.name).sort(), ["1.js", "a"]],
    ["with a callback, later", () => new Promise((resolve) => {
        let isLater = false;
        fs.glob("*.js", { cwd: BASE }, (error, paths) => resolve([error, paths, isLater]));
        isLater = true;
    }), [null, ["x.js"], true]],
    ["as an iterator", async () => {
        const paths = [];
        for await (const path of fs.promises.glob("**/*.js", { cwd: BASE })) paths.push(path);
        return paths.sort();
    }, ["a/1.js", "a/b/2.js", "x.js"]],
    ["wrong arguments", () => [failure(() => fs.globSync(5)), failure(() => fs.globSync("a", 5)), failure(() => fs.globSync("a",
        { exclude: 5 })).slice(0, 2), failure(() => fs.globSync([5])), failure(() => fs.globSync("a", { cwd: 5 })).slice(0, 2),
        failure(() => fs.glob("a")).slice(0, 2), failure(() => fs.glob("a", {}, 5)).slice(0, 2)], [
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"patterns\" argument must be of type string. Received type number (5)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"options\" argument must be of type object. Received type number (5)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"],
        ["TypeError", "ERR_INVALID_ARG_TYPE", "The \"patterns[0]\" argument must be of type string. Received type number (5)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
];
