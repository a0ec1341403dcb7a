// fs.glob, globSync and fs.promises.glob (Node's documentation, "fs.glob"): the paths that patterns of path.matchesGlob name.
//
// A pattern is taken segment by segment, so only folders that can hold a match are read. Stars do not go
// through links; a name that a pattern spells out does.

import { validateFunction, validateObject, validateString } from "../node_errors.js";
import { globToRegExp } from "../node/path/glob.js";
import { posix } from "../node/path/posix.js";
import { primordials } from "../primordials.js";
import { queueTask } from "../timers.js";
import { pathOf } from "./arguments.js";
import { readdirSync } from "./folders.js";
import { lstatSync, statSync } from "./operations.js";
import { Dirent } from "./stats.js";
import { FILE, FOLDER, LINK } from "./tree.js";

const {
    ArrayIsArray, ArrayPrototypePop, ArrayPrototypePush, ReflectApply, RegExpPrototypeExec, SafeSet, StringPrototypeSlice,
    StringPrototypeSplit,
} = primordials;

const MAGIC = /[*?[\\]/;

/** The end of the braces that begin at `from`, and the commas between them; undefined if they do not end. */
const bracesFrom = (pattern, from) => {
    const commas = [];
    let depth = 0;
    for (let at = from; at < pattern.length; at++) {
        if (pattern[at] === "\\") at++;
        else if (pattern[at] === "{") depth++;
        else if (pattern[at] === "}" && --depth === 0) return { end: at, commas };
        else if (pattern[at] === "," && depth === 1) ArrayPrototypePush(commas, at);
    }
    return undefined;
};

/** The patterns without braces that one with braces stands for; `{a,b}{c,d}` is four. */
const alternatives = (pattern) => {
    const done = [];
    const open = [pattern];
    while (0 < open.length) {
        const next = ArrayPrototypePop(open);
        let braces;
        let from = 0;
        for (; from < next.length && braces === undefined; from++) {
            if (next[from] === "{") braces = bracesFrom(next, from);
            if (braces?.commas.length === 0) braces = undefined;
        }
        if (braces === undefined) {
            ArrayPrototypePush(done, next);
            continue;
        }
        const head = StringPrototypeSlice(next, 0, from - 1);
        const tail = StringPrototypeSlice(next, braces.end + 1);
        let start = from;
        for (let at = 0; at <= braces.commas.length; at++) {
            const end = braces.commas[at] ?? braces.end;
            ArrayPrototypePush(open, `${head}${StringPrototypeSlice(next, start, end)}${tail}`);
            start = end + 1;
        }
    }
    return done;
};

const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const kindOf = (stats) => {
    if (stats.isDirectory()) return FOLDER;
    return stats.isSymbolicLink() ? LINK : FILE;
};

/** One search: what was found, and how an entry is asked about and shown. */
class Search {
    results = [];
    #seen = new SafeSet();
    #options;
    #root;

    constructor(options) {
        this.#options = options;
        this.#root = options.cwd === undefined ? "/app" : posix.resolve(pathOf(options.cwd, "options.cwd"));
    }

    run(pattern) {
        const isAbsolute = pattern[0] === "/";
        const isForFolders = pattern[pattern.length - 1] === "/";
        const parts = StringPrototypeSplit(posix.normalize(pattern), "/");
        const segments = [];
        for (let at = 0; at < parts.length; at++) {
            const isDouble = parts[at] === "**" && segments[segments.length - 1]?.text === "**";
            if (parts[at] === "" || parts[at] === "." || isDouble) continue;
            const isMagic = RegExpPrototypeExec(MAGIC, parts[at]) !== null;
            ArrayPrototypePush(segments, { text: parts[at], test: isMagic ? globToRegExp(parts[at], false) : undefined });
        }
        if (pattern === "" || segments.length === 0) return;
        this.#walk(isAbsolute ? "/" : this.#root, isAbsolute ? "/" : "", { segments, isForFolders }, 0);
    }

    #add(path, shown, isForFolders) {
        const stats = lstatSync(path, { throwIfNoEntry: false });
        if (stats === undefined || (isForFolders && !stats.isDirectory())) return;
        const text = shown === "" ? "." : shown;
        if (this.#seen.has(text)) return;
        this.#seen.add(text);
        const { withFileTypes } = this.#options;
        const entry = withFileTypes ? new Dirent(posix.basename(path), posix.dirname(path), kindOf(stats)) : text;
        ArrayPrototypePush(this.results, entry);
    }

    #isExcluded(entry) {
        const { exclude, withFileTypes } = this.#options;
        return exclude !== undefined && !!exclude(withFileTypes ? entry : entry.name);
    }

    #walk(path, shown, pattern, at) {
        const { segments, isForFolders } = pattern;
        if (at === segments.length) {
            this.#add(path, shown, isForFolders);
            return;
        }
        const { text, test } = segments[at];
        const below = (name) => [posix.join(path, name), shown === "" ? name : posix.join(shown, name)];
        if (test === undefined) {
            const [next, nextShown] = below(text);
            if (lstatSync(next, { throwIfNoEntry: false }) !== undefined) this.#walk(next, nextShown, pattern, at + 1);
            return;
        }
        if (!isFolder(path)) return;
        if (text === "**") this.#walk(path, shown, pattern, at + 1);
        const entries = readdirSync(path, { withFileTypes: true });
        for (let index = 0; index < entries.length; index++) {
            const entry = entries[index];
            const [next, nextShown] = below(entry.name);
            if (text === "**") {
                if (entry.name[0] === "." || this.#isExcluded(entry)) continue;
                if (entry.isDirectory()) this.#walk(next, nextShown, pattern, at);
                else if (at + 1 === segments.length) this.#add(next, nextShown, isForFolders);
            } else if (RegExpPrototypeExec(test, entry.name) !== null && !this.#isExcluded(entry)) {
                const isLast = at + 1 === segments.length;
                if (isLast || entry.isDirectory()) this.#walk(next, nextShown, pattern, at + 1);
            }
        }
    }
}

export const globSync = (patterns, options = {}) => {
    validateObject(options, "options");
    const { exclude } = options;
    if (exclude !== undefined && exclude !== null) validateFunction(exclude, "options.exclude");
    if (ArrayIsArray(patterns)) {
        for (let at = 0; at < patterns.length; at++) validateString(patterns[at], `patterns[${at}]`);
    } else {
        validateString(patterns, "patterns");
    }
    const list = ArrayIsArray(patterns) ? patterns : [patterns];
    const search = new Search({ ...options, exclude: exclude ?? undefined });
    for (let at = 0; at < list.length; at++) {
        const all = alternatives(list[at]);
        for (let index = 0; index < all.length; index++) search.run(all[index]);
    }
    return search.results;
};

/** The same with a callback, which comes later. */
export const glob = function glob(...args) {
    const callback = ArrayPrototypePop(args);
    validateFunction(callback, "callback");
    const results = ReflectApply(globSync, undefined, args);
    queueTask(callback, [null, results]);
};

/** The same as an asynchronous iterator. */
const iterate = async function *glob(patterns, options) {
    const results = globSync(patterns, options);
    for (let at = 0; at < results.length; at++) yield results[at];
};

export { iterate as globLater };
