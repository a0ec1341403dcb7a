// The functions of `fs` on paths in their synchronous form; the other forms are made of them. Files and their content.

import { nodeError, validateInteger } from "../node_errors.js";
import { primordials } from "../primordials.js";
import {
    absolute, asBuffer, bytesToWrite, decode, endsInDots, flagsOf, keepsOwners, modeOf, optionsOf, pathOf, timeOf,
    withoutSlashes,
} from "./arguments.js";
import { constants } from "./constants.js";
import { closeSync, openPath, readInto, remaining, writeFrom } from "./descriptors.js";
import { statsOf, StatFs } from "./stats.js";
import {
    attach, detach, FOLDER, isInMemory, isWritableFolder, LINK, newFile, newLink, raiser, readBytes, resize, touch,
    walk, writeBytes,
} from "./tree.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePop, ArrayPrototypePush, DateNow, Error, MathMax, RangeError,
    StringPrototypeSlice, StringPrototypeSplit, Uint8Array,
} = primordials;
const { COPYFILE_EXCL, R_OK, W_OK, X_OK } = constants;

/** The node at a path, or the error of the system call. */
export const find = (shown, follow, syscall) => {
    const raise = raiser(syscall, shown);
    const found = walk(absolute(shown), follow, raise);
    if (found.node === undefined) raise("ENOENT");
    return found;
};

/** A number that no path could be is refused as one. */
const isDescriptor = (path) => typeof path === "number" && path >>> 0 === path;

/** The descriptor for what may be one already. */
export const opened = (path, flags, mode) =>
    (isDescriptor(path) ? path : openPath(pathOf(path), flagsOf(flags), modeOf(mode, "mode", 0o666)));

const closeOpened = (path, number) => {
    if (!isDescriptor(path)) closeSync(number);
};

/** All bytes of a descriptor from its position on. */
export const readAll = (number) => {
    const size = remaining(number);
    if (2 ** 31 < size) {
        throw nodeError(RangeError, "ERR_FS_FILE_TOO_LARGE", `File size (${size}) is greater than 2 GiB`);
    }
    const bytes = new Uint8Array(MathMax(size, 0));
    // A descriptor that is only for writing says so even where nothing is to be read.
    if (bytes.length === 0) readInto(number, new Uint8Array(1));
    let done = 0;
    while (done < bytes.length) {
        const count = readInto(number, new Uint8Array(bytes.buffer, done));
        if (count === 0) return new Uint8Array(bytes.buffer, 0, done);
        done += count;
    }
    return bytes;
};

/** Writes all; a descriptor goes on at its position. */
export const writeAll = (number, bytes) => {
    let done = 0;
    while (done < bytes.length) {
        const rest = new Uint8Array(bytes.buffer, bytes.byteOffset + done, bytes.length - done);
        done += writeFrom(number, rest);
    }
};

export const readFileSync = (path, options) => {
    const { encoding, flag } = optionsOf(options, { flag: "r" });
    const number = opened(path, flag);
    try {
        const bytes = readAll(number);
        return encoding && encoding !== "buffer" ? decode(bytes, encoding) : asBuffer(bytes);
    } finally {
        closeOpened(path, number);
    }
};

const put = (path, data, options, otherwise) => {
    const { encoding, mode, flag } = optionsOf(options, { encoding: "utf8", mode: 0o666, flag: otherwise });
    const bytes = bytesToWrite(data, encoding);
    const number = opened(path, flag, mode);
    try {
        writeAll(number, bytes);
    } finally {
        closeOpened(path, number);
    }
};

export const writeFileSync = (path, data, options) => put(path, data, options, "w");

export const appendFileSync = (path, data, options) => put(path, data, options, "a");

export const existsSync = (path) => {
    try {
        find(pathOf(path), true, "access");
        return true;
    } catch {
        return false;
    }
};

export const accessSync = (path, mode = constants.F_OK) => {
    const shown = pathOf(path);
    validateInteger(mode, "mode", 0, 7);
    const { node } = find(shown, true, "access");
    const raise = raiser("access", shown);
    if ((mode & R_OK) !== 0 && (node.mode & 0o400) === 0) raise("EACCES");
    if ((mode & W_OK) !== 0 && (!isInMemory(node) || (node.mode & 0o200) === 0)) raise("EACCES");
    if ((mode & X_OK) !== 0 && (node.mode & 0o111) === 0) raise("EACCES");
};

const statBy = (path, options, follow, syscall) => {
    const shown = pathOf(path);
    if (options?.throwIfNoEntry !== false) return statsOf(find(shown, follow, syscall).node, options);
    try {
        return statsOf(find(shown, follow, syscall).node, options);
    } catch (error) {
        if (error.code === "ENOENT") return undefined;
        throw error;
    }
};

export const statSync = (path, options) => statBy(path, options, true, "stat");

export const lstatSync = (path, options) => statBy(path, options, false, "lstat");

export const statfsSync = (path, options) => {
    find(pathOf(path), true, "statfs");
    return new StatFs(options?.bigint === true);
};

const changeable = (shown, follow, syscall) => {
    const { node } = find(shown, follow, syscall);
    if (!isInMemory(node)) raiser(syscall, shown)("EACCES");
    return node;
};

export const chmodSync = (path, mode) => {
    const shown = pathOf(path);
    const bits = modeOf(mode, "mode");
    const node = changeable(shown, true, "chmod");
    node.mode = (node.mode & 0o170000) | (bits & 0o7777);
    node.changed = DateNow();
};

const own = (path, user, group, follow, syscall) => {
    const shown = pathOf(path);
    const isKept = keepsOwners(user, group);
    touch(changeable(shown, follow, syscall));
    if (!isKept) raiser(syscall, shown)("EPERM");
};

export const chownSync = (path, user, group) => own(path, user, group, true, "chown");

export const lchownSync = (path, user, group) => own(path, user, group, false, "lchown");

const setTimes = (path, atime, mtime, follow, syscall) => {
    const shown = pathOf(path);
    const accessed = timeOf(atime, "atime");
    const modified = timeOf(mtime, "mtime");
    const node = changeable(shown, follow, syscall);
    node.accessed = accessed;
    node.modified = modified;
    node.changed = DateNow();
};

export const utimesSync = (path, atime, mtime) => setTimes(path, atime, mtime, true, "utime");

export const lutimesSync = (path, atime, mtime) => setTimes(path, atime, mtime, false, "lutime");

export const truncateSync = (path, length = 0) => {
    const shown = pathOf(path);
    validateInteger(length, "len");
    const { node } = find(shown, true, "open");
    const raise = raiser("open", shown);
    if (node.kind === FOLDER) raise("EISDIR");
    if (!isInMemory(node)) raise("EACCES");
    resize(node, MathMax(0, length));
};

/** Where an entry is to be made; it must not be there yet. */
const vacant = (shown, raise) => {
    const path = absolute(shown);
    const found = walk(withoutSlashes(path), false, raise);
    if (found.node !== undefined) raise("EEXIST");
    if (path[path.length - 1] === "/") raise("ENOENT");
    if (!isWritableFolder(found.parent)) raise("EACCES");
    return found;
};

export const symlinkSync = (target, path, type) => {
    if (typeof type === "string" && type !== "dir" && type !== "file" && type !== "junction") {
        throw nodeError(Error, "ERR_FS_INVALID_SYMLINK_TYPE",
            `Symlink type must be one of "dir", "file", or "junction". Received "${type}"`);
    }
    const text = pathOf(target, "target");
    const shown = pathOf(path);
    const raise = raiser("symlink", text, shown);
    if (text === "") raise("ENOENT");
    const { parent, name } = vacant(shown, raise);
    attach(parent, name, newLink(text));
};

export const linkSync = (existing, path) => {
    const from = pathOf(existing, "existingPath");
    const shown = pathOf(path, "newPath");
    const raise = raiser("link", from, shown);
    const { node } = walk(absolute(from), false, raise);
    if (node === undefined) raise("ENOENT");
    const { parent, name } = vacant(shown, raise);
    if (node.kind === FOLDER) raise("EPERM");
    if (!isInMemory(node)) raise("EXDEV");
    node.links++;
    attach(parent, name, node);
};

const named = (text, options) => {
    const { encoding } = optionsOf(options, {});
    if (encoding === "buffer") return asBuffer(bytesToWrite(text, "utf8"));
    return text;
};

export const readlinkSync = (path, options) => {
    const shown = pathOf(path);
    const { node } = find(shown, false, "readlink");
    if (node.kind !== LINK) raiser("readlink", shown)("EINVAL");
    return named(node.target, options);
};

/** Without "." and "..", by the text alone. */
const plain = (path) => {
    const segments = StringPrototypeSplit(path, "/");
    const kept = [];
    for (let at = 0; at < segments.length; at++) {
        if (segments[at] === "..") ArrayPrototypePop(kept);
        else if (segments[at] !== "" && segments[at] !== ".") ArrayPrototypePush(kept, segments[at]);
    }
    return `/${ArrayPrototypeJoin(kept, "/")}`;
};

// As in Node, ".." is taken away before links are followed; the system's own function follows them first.
export const realpathSync = (path, options) => {
    const whole = plain(absolute(pathOf(path) || "."));
    // The first part that is absent stands in the error.
    for (let at = 1; at <= whole.length; at++) {
        if (at === whole.length || whole[at] === "/") find(StringPrototypeSlice(whole, 0, at), false, "lstat");
    }
    return named(find(whole, true, "stat").path, options);
};

const realpathNative = (path, options) => named(find(pathOf(path), true, "realpath").path, options);
realpathSync.native = realpathNative;

export const unlinkSync = (path) => {
    const shown = pathOf(path);
    const raise = raiser("unlink", shown);
    const { parent, name, node } = find(shown, false, "unlink");
    if (node.kind === FOLDER) raise("EISDIR");
    if (!isWritableFolder(parent) || !isInMemory(node)) raise("EACCES");
    detach(parent, name, node);
};

const isInside = (folder, inner) => {
    // The folders of /tmp form a tree, so a search from above ends.
    const pending = [folder];
    while (0 < pending.length) {
        const one = pending[pending.length - 1];
        pending.length--;
        if (one === inner) return true;
        one.entries?.forEach((node) => {
            if (node.kind === FOLDER) ArrayPrototypePush(pending, node);
        });
    }
    return false;
};

export const renameSync = (oldPath, newPath) => {
    const from = pathOf(oldPath, "oldPath");
    const to = pathOf(newPath, "newPath");
    const raise = raiser("rename", from, to);
    const source = walk(absolute(from), false, raise);
    if (source.node === undefined) raise("ENOENT");
    const target = walk(absolute(to), false, raise);
    if (endsInDots(from) || endsInDots(to)) raise("EBUSY");
    if (!isWritableFolder(source.parent) || !isInMemory(source.node) || source.name === "") raise("EACCES");
    if (!isWritableFolder(target.parent) || (target.node !== undefined && !isInMemory(target.node))) raise("EACCES");
    if (source.node === target.node) return;
    if (target.endsInSlash && source.node.kind !== FOLDER) raise("ENOTDIR");
    if (source.node.kind === FOLDER && isInside(source.node, target.parent)) raise("EINVAL");
    if (target.node !== undefined) {
        if (target.node.kind === FOLDER) {
            if (source.node.kind !== FOLDER) raise("EISDIR");
            if (0 < target.node.entries.size) raise("ENOTEMPTY");
        } else if (source.node.kind === FOLDER) {
            raise("ENOTDIR");
        }
        detach(target.parent, target.name, target.node);
    }
    detach(source.parent, source.name, source.node);
    source.node.links++;
    attach(target.parent, target.name, source.node);
};

export const copyFileSync = (source, destination, mode = 0) => {
    const from = pathOf(source, "src");
    const to = pathOf(destination, "dest");
    validateInteger(mode, "mode", 0, 7);
    const raise = raiser("copyfile", from, to);
    const { node } = walk(absolute(from), true, raise);
    if (node === undefined) raise("ENOENT");
    const found = walk(absolute(to), true, raise);
    let target = found.node;
    if (target !== undefined && (mode & COPYFILE_EXCL) !== 0) raise("EEXIST");
    if (node.kind === FOLDER || found.endsInSlash) raise("EISDIR");
    if (target === undefined) {
        if (!isWritableFolder(found.parent)) raise("EACCES");
        target = newFile(node.mode & 0o777 | 0o200);
        attach(found.parent, found.name, target);
    } else {
        if (target.kind === FOLDER) raise("EISDIR");
        if (!isInMemory(target)) raise("EACCES");
        if (target === node) return;
        resize(target, 0);
    }
    const bytes = new Uint8Array(node.size);
    readBytes(node, 0, bytes);
    writeBytes(target, 0, bytes);
};
