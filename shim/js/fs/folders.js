// The functions of `fs` on folders in their synchronous form: mkdir, mkdtemp, readdir, rmdir, rm, cp, opendir.

import { classOf, PROMISE } from "../class_of.js";
import natives from "../natives.js";
import {
    invalidArgType, invalidReturnValue, nodeError, validateBoolean, validateFunction, validateInteger,
} from "../node_errors.js";
import { primordials } from "../primordials.js";
import { absolute, asBuffer, encode, endsInDots, modeOf, optionsOf, pathOf, withoutSlashes } from "./arguments.js";
import { copyFileSync, find, readlinkSync, symlinkSync } from "./operations.js";
import { Dirent } from "./stats.js";
import { attach, childOf, detach, FOLDER, isInMemory, isWritableFolder, LINK, namesIn, newFolder, raiser, walk }
    from "./tree.js";

const {
    ArrayPrototypePush, Error, Promise, PromisePrototypeThen, SafeSet, StringPrototypeSlice, StringPrototypeStartsWith,
    SymbolAsyncIterator, Uint8Array,
} = primordials;
const UMASK = 0o022;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

const parentOf = (path) => {
    let end = path.length;
    while (1 < end && path[end - 1] === "/") end--;
    while (0 < end && path[end - 1] !== "/") end--;
    while (1 < end && path[end - 1] === "/") end--;
    return StringPrototypeSlice(path, 0, end);
};

/** Makes the folder and those above it; gives the first that was made. */
const makeAll = (path, mode, raise) => {
    const missing = [];
    let rest = path;
    for (;;) {
        let found;
        try {
            found = walk(rest, true, (code) => {
                throw code;
            });
        } catch (code) {
            // An absent folder above is made first; anything else ends the call.
            if (code !== "ENOENT") raise(typeof code === "string" ? code : "EINVAL");
        }
        if (found?.node !== undefined) {
            if (found.node.kind !== FOLDER) raise(rest === path ? "EEXIST" : "ENOTDIR");
            break;
        }
        ArrayPrototypePush(missing, rest);
        rest = parentOf(rest);
    }
    let first;
    for (let at = missing.length - 1; 0 <= at; at--) {
        const found = walk(withoutSlashes(missing[at]), false, raise);
        // A link that leads nowhere is there but is no folder.
        if (found.node?.kind === LINK) raise("ENOENT");
        // `a/./b` and `a/../b` name a folder twice.
        if (found.node !== undefined) continue;
        if (!isWritableFolder(found.parent)) raise("EACCES");
        attach(found.parent, found.name, newFolder(mode));
        first ??= missing[at];
    }
    return first;
};

export const mkdirSync = (path, options) => {
    const isObject = typeof options === "object" && options !== null;
    const recursive = isObject ? options.recursive ?? false : false;
    const shown = pathOf(path);
    validateBoolean(recursive, "options.recursive");
    const mode = modeOf(isObject ? options.mode : options, "mode", 0o777) & ~UMASK & 0o7777;
    const raise = raiser("mkdir", shown);
    if (recursive) return makeAll(absolute(shown), mode, raise);
    const found = walk(withoutSlashes(absolute(shown)), false, raise);
    if (found.node !== undefined) raise("EEXIST");
    if (!isWritableFolder(found.parent)) raise("EACCES");
    attach(found.parent, found.name, newFolder(mode));
    return undefined;
};

export const mkdtempSync = (prefix, options) => {
    const start = pathOf(prefix, "prefix");
    const raise = raiser("mkdtemp", `${start}XXXXXX`);
    for (;;) {
        const random = new Uint8Array(6);
        natives.randomFill(random);
        let path = start;
        for (let at = 0; at < random.length; at++) path += LETTERS[random[at] % LETTERS.length];
        const found = walk(absolute(path), false, raise);
        if (found.node !== undefined) continue;
        if (!isWritableFolder(found.parent)) raise("EACCES");
        attach(found.parent, found.name, newFolder(0o700));
        return optionsOf(options, {}).encoding === "buffer" ? asBuffer(encode(path, "utf8")) : path;
    }
};

/** The folder that a link leads to, or undefined. */
const folderBehind = (path) => {
    try {
        const { node } = find(path, true, "stat");
        return node.kind === FOLDER ? node : undefined;
    } catch {
        return undefined;
    }
};

/** Entries of a folder and, if asked, of those below, level by level. Names alone follow links, as in Node. */
const list = (top, shown, options) => {
    const results = [];
    const base = shown[shown.length - 1] === "/" ? shown : `${shown}/`;
    const folders = [{ folder: top, inner: "" }];
    for (let next = 0; next < folders.length; next++) {
        const { folder, inner } = folders[next];
        const names = namesIn(folder);
        for (let at = 0; at < names.length; at++) {
            const node = childOf(folder, names[at]);
            const path = inner === "" ? names[at] : `${inner}/${names[at]}`;
            const text = options.withFileTypes ? names[at] : path;
            const name = options.encoding === "buffer" ? asBuffer(encode(text, "utf8")) : text;
            const parentPath = inner === "" ? shown : `${base}${inner}`;
            ArrayPrototypePush(results, options.withFileTypes ? new Dirent(name, parentPath, node.kind) : name);
            if (!options.recursive) continue;
            let below = node.kind === FOLDER ? node : undefined;
            if (node.kind === LINK && !options.withFileTypes) below = folderBehind(`${base}${path}`);
            if (below !== undefined) ArrayPrototypePush(folders, { folder: below, inner: path });
        }
    }
    return results;
};

const folderAt = (shown, syscall) => {
    const { node } = find(shown, true, syscall);
    if (node.kind !== FOLDER) raiser(syscall, shown)("ENOTDIR");
    return node;
};

export const readdirSync = (path, options) => {
    const given = optionsOf(options, {});
    const shown = pathOf(path);
    validateBoolean(given.recursive ?? false, "options.recursive");
    return list(folderAt(shown, "scandir"), shown, given);
};

export const rmdirSync = (path, options) => {
    if (options?.recursive) {
        throw invalidArgType("options.recursive", "undefined", options.recursive);
    }
    const shown = pathOf(path);
    const raise = raiser("rmdir", shown);
    const { parent, name, node } = find(shown, false, "rmdir");
    if (node.kind !== FOLDER) raise("ENOTDIR");
    if (endsInDots(shown)) raise("EINVAL");
    if (!isWritableFolder(parent) || !isInMemory(node)) raise("EACCES");
    if (0 < namesIn(node).length) raise("ENOTEMPTY");
    detach(parent, name, node);
};

export const rmSync = (path, options) => {
    const shown = pathOf(path);
    const { force = false, recursive = false } = options ?? {};
    validateBoolean(force, "options.force");
    validateBoolean(recursive, "options.recursive");
    let found;
    try {
        found = find(shown, false, "lstat");
    } catch (error) {
        if (force && error.code === "ENOENT") return;
        throw error;
    }
    const { parent, name, node } = found;
    if (node.kind === FOLDER && !recursive) {
        const message = `Path is a directory: rm returned EISDIR (is a directory) ${shown}`;
        const error = nodeError(Error, "ERR_FS_EISDIR", message);
        error.info = { code: "EISDIR", message: "is a directory", path: shown, syscall: "rm", errno: 21 };
        error.errno = 21;
        error.syscall = "rm";
        error.path = shown;
        throw error;
    }
    if (endsInDots(shown)) raiser("rm", shown)("EINVAL");
    if (!isWritableFolder(parent) || !isInMemory(node)) raiser("rm", shown)("EACCES");
    // The whole folder goes with its entry: nothing else holds what is inside but open descriptors.
    detach(parent, name, node);
};

const copyTree = (from, to, options) => {
    const isWanted = options.filter === undefined || options.filter(from, to);
    if (classOf(isWanted) === PROMISE) throw invalidReturnValue("boolean", "filter", isWanted);
    if (!isWanted) return;
    const { node } = find(from, options.dereference === true, "lstat");
    if (node.kind === FOLDER) {
        if (options.recursive !== true) {
            throw nodeError(Error, "ERR_FS_EISDIR", `Recursive option not enabled, cannot copy a directory: ${from}`);
        }
        if (StringPrototypeStartsWith(`${absolute(to)}/`, `${absolute(from)}/`)) {
            throw nodeError(Error, "ERR_FS_CP_EINVAL", `Cannot copy ${from} to a subdirectory of self ${to}`);
        }
        makeAll(absolute(to), 0o777 & ~UMASK, raiser("mkdir", to));
        const names = namesIn(node);
        for (let at = 0; at < names.length; at++) copyTree(`${from}/${names[at]}`, `${to}/${names[at]}`, options);
        return;
    }
    let exists = true;
    try {
        find(to, false, "lstat");
    } catch (error) {
        if (error.code !== "ENOENT") throw error;
        exists = false;
    }
    if (exists && options.force === false) {
        if (!options.errorOnExist) return;
        throw nodeError(Error, "ERR_FS_CP_EEXIST", `Target already exists: cp returned EEXIST ${to}`);
    }
    makeAll(parentOf(absolute(to)), 0o777 & ~UMASK, raiser("mkdir", to));
    if (node.kind === LINK) {
        if (exists) rmSync(to);
        symlinkSync(readlinkSync(from), to);
    } else {
        copyFileSync(from, to, options.mode ?? 0);
    }
};

const copyArguments = (source, destination, options) => {
    const from = pathOf(source, "src");
    const to = pathOf(destination, "dest");
    const given = optionsOf(options, {});
    if (given.filter !== undefined) validateFunction(given.filter, "options.filter");
    return [from, to, given];
};

export const cpSync = (source, destination, options) => {
    const [from, to, given] = copyArguments(source, destination, options);
    copyTree(from, to, given);
};

/** Asks a filter that may answer by a promise about all of a tree; those that it wants are put into the set. */
const ask = async (from, to, options, wanted) => {
    if (!await options.filter(from, to)) return;
    wanted.add(from);
    const { node } = find(from, options.dereference === true, "lstat");
    if (node.kind !== FOLDER) return;
    const names = namesIn(node);
    for (let at = 0; at < names.length; at++) await ask(`${from}/${names[at]}`, `${to}/${names[at]}`, options, wanted);
};

/** The same as a promise. Wrong arguments are thrown at once. */
export const copyLater = (source, destination, options) => {
    const [from, to, given] = copyArguments(source, destination, options);
    const copy = async () => {
        if (given.filter === undefined) {
            copyTree(from, to, given);
            return;
        }
        const wanted = new SafeSet();
        await ask(from, to, given, wanted);
        copyTree(from, to, { ...given, filter: (path) => wanted.has(path) });
    };
    return copy();
};

const closedError = () => nodeError(Error, "ERR_DIR_CLOSED", "Directory handle was closed");

/** An open folder: its entries one by one. */
export class Dir {
    #path;
    #entries;
    #at = 0;
    #isClosed = false;

    constructor(path, entries) {
        this.#path = path;
        this.#entries = entries;
    }

    get path() { return this.#path; }

    readSync() {
        if (this.#isClosed) throw closedError();
        return this.#at < this.#entries.length ? this.#entries[this.#at++] : null;
    }

    read(callback) {
        return answered(callback, () => this.readSync());
    }

    closeSync() {
        if (this.#isClosed) throw closedError();
        this.#isClosed = true;
    }

    close(callback) {
        return answered(callback, () => this.closeSync());
    }

    async *entries() {
        try {
            for (;;) {
                const entry = this.readSync();
                if (entry === null) return;
                yield entry;
            }
        } finally {
            if (!this.#isClosed) this.closeSync();
        }
    }

    [SymbolAsyncIterator]() {
        return this.entries();
    }
}

const answered = (callback, act) => {
    const promise = new Promise((resolve) => resolve(act()));
    if (callback === undefined) return promise;
    validateFunction(callback, "callback");
    PromisePrototypeThen(promise, (value) => callback(null, value), (error) => callback(error));
    return undefined;
};

export const opendirSync = (path, options) => {
    const shown = pathOf(path);
    const given = optionsOf(options, {});
    if (given.bufferSize !== undefined) validateInteger(given.bufferSize, "options.bufferSize", 1, 4294967295);
    return new Dir(shown, list(folderAt(shown, "opendir"), shown, { ...given, withFileTypes: true }));
};
