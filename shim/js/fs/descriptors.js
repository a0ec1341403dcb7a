// Open files: the descriptors of the `fs` module, and reading and writing by them.
//
// 0 is the empty input; what is written to 1 and 2 goes to the app's log. The others are numbers from 3 on, at
// most 1 024 at a time.

import { outOfRange, systemError, validateInteger } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { writeToLog } from "../process/log_lines.js";
import {
    absolute, asBytes, bytesToWrite, decode, descriptorOf, flagsOf, keepsOwners, modeOf, pathOf, positionOf, timeOf,
    validateView, withoutSlashes,
} from "./arguments.js";
import { constants } from "./constants.js";
import { statsOf } from "./stats.js";
import {
    attach, FOLDER, isInMemory, isWritableFolder, LINK, newFile, raiser, readBytes, resize, touch, walk,
    writeBytes,
} from "./tree.js";

const { ArrayIsArray, DateNow, NumberIsInteger, SafeMap, Uint8Array } = primordials;
const { O_ACCMODE, O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = {
    __proto__: null, ...constants, O_ACCMODE: 3,
};
const MOST = 1024;
const UMASK = 0o022;

const open = new SafeMap();

const freeNumber = () => {
    let number = 3;
    while (open.has(number)) number++;
    return number;
};

/** Opens a file; `path` is absolute, `shown` stands in messages. */
export const openPath = (shown, flags, mode) => {
    const raise = raiser("open", shown);
    if ((flags & O_CREAT) !== 0 && 0 < shown.length && shown[shown.length - 1] === "/") {
        // Only a folder can be meant, which this call does not make; its parents must be there all the same.
        walk(withoutSlashes(absolute(shown)), true, raise);
        raise("EISDIR");
    }
    let found = walk(absolute(shown), (flags & O_NOFOLLOW) === 0 && (flags & O_EXCL) === 0, raise);
    const wantsWrite = (flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0;
    if (found.node === undefined) {
        if ((flags & O_CREAT) === 0) raise("ENOENT");
        if (!isWritableFolder(found.parent)) raise("EACCES");
        const node = newFile(mode & ~UMASK & 0o7777);
        attach(found.parent, found.name, node);
        found = { ...found, node };
    } else {
        if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) raise("EEXIST");
        if (found.node.kind === LINK) raise("ELOOP");
        if (found.node.kind === FOLDER) {
            if (wantsWrite || (flags & O_CREAT) !== 0) raise("EISDIR");
        } else if ((flags & O_DIRECTORY) !== 0) {
            raise("ENOTDIR");
        }
        if (wantsWrite && (!isInMemory(found.node) || (found.node.mode & 0o200) === 0)) raise("EACCES");
        if ((flags & O_ACCMODE) !== O_WRONLY && (found.node.mode & 0o400) === 0) raise("EACCES");
        if ((flags & O_TRUNC) !== 0) resize(found.node, 0);
    }
    if (MOST <= open.size) raise("EMFILE");
    const number = freeNumber();
    open.set(number, { __proto__: null, node: found.node, flags, position: 0, path: found.path });
    return number;
};

// What 0, 1 and 2 are: a pipe, whose node is made when somebody looks at it.
let pipe;

const get = (number, syscall) => {
    if (number <= 2) {
        pipe ??= { __proto__: null, ...newFile(0), mode: 0o010600 };
        return { __proto__: null, node: pipe, flags: O_WRONLY, position: 0, path: "" };
    }
    const file = open.get(number);
    if (file === undefined) throw systemError({ code: "EBADF", syscall });
    return file;
};

export const openSync = (path, flags, mode) =>
    openPath(pathOf(path), flagsOf(flags), modeOf(mode, "mode", 0o666));

export const closeSync = (fd) => {
    const number = descriptorOf(fd);
    if (number <= 2) return;
    get(number, "close");
    open.delete(number);
};

/** Reads into `bytes`; `position` is undefined for the descriptor's own. */
export const readInto = (number, bytes, position) => {
    if (number <= 2) return 0;
    const file = get(number, "read");
    if ((file.flags & O_ACCMODE) === O_WRONLY) throw systemError({ code: "EBADF", syscall: "read" });
    if (file.node.kind === FOLDER) throw systemError({ code: "EISDIR", syscall: "read" });
    const count = readBytes(file.node, position ?? file.position, bytes);
    if (position === undefined) file.position += count;
    if (isInMemory(file.node)) file.node.accessed = DateNow();
    return count;
};

/** Writes `bytes`; gives how many. */
export const writeFrom = (number, bytes, position) => {
    if (number === 1 || number === 2) {
        writeToLog(number, decode(bytes, "utf8"));
        return bytes.length;
    }
    const file = number === 0 ? undefined : get(number, "write");
    if (file === undefined || (file.flags & O_ACCMODE) === O_RDONLY) {
        throw systemError({ code: "EBADF", syscall: "write" });
    }
    if (bytes.length === 0) return 0;
    const isAppending = (file.flags & O_APPEND) !== 0;
    const start = isAppending ? file.node.size : position ?? file.position;
    const count = writeBytes(file.node, start, bytes);
    if (position === undefined) file.position = start + count;
    return count;
};

const part = (buffer, offset, length) => {
    validateView(buffer);
    const bytes = asBytes(buffer);
    const from = offset ?? 0;
    const most = bytes.length - from;
    if (!NumberIsInteger(from) || from < 0 || most < 0) {
        throw outOfRange("offset", `>= 0 && <= ${bytes.length}`, offset);
    }
    const wanted = length ?? most;
    if (!NumberIsInteger(wanted) || wanted < 0 || most < wanted) {
        throw outOfRange("length", `>= 0 && <= ${most}`, length);
    }
    return new Uint8Array(bytes.buffer, bytes.byteOffset + from, wanted);
};

/** `(fd, buffer, offset, length, position)` or `(fd, buffer, {offset, length, position})`. */
export const readSync = (fd, buffer, offset, length, position) => {
    const number = descriptorOf(fd);
    if (typeof offset === "object" && offset !== null) ({ offset, length, position } = offset);
    const target = part(buffer, offset, length);
    if (target.length === 0) return 0;
    return readInto(number, target, positionOf(position));
};

/** The same for bytes; for text `(fd, text, position, encoding)`. */
export const writeSync = (fd, data, offset, length, last) => {
    const number = descriptorOf(fd);
    if (typeof data === "string") {
        // What is no number there is no position: some give the encoding.
        const position = typeof offset === "number" || typeof offset === "bigint" ? positionOf(offset) : undefined;
        return writeFrom(number, bytesToWrite(data, length), position);
    }
    let position = last;
    if (typeof offset === "object" && offset !== null) ({ offset, length, position } = offset);
    return writeFrom(number, part(data, offset, length), positionOf(position));
};

const eachView = (buffers, act) => {
    if (!ArrayIsArray(buffers)) validateView(buffers, "buffers");
    let total = 0;
    for (let at = 0; at < buffers.length; at++) {
        validateView(buffers[at], `buffers[${at}]`);
        const count = act(asBytes(buffers[at]), total);
        total += count;
        if (count < buffers[at].byteLength) break;
    }
    return total;
};

export const readvSync = (fd, buffers, position) => {
    const number = descriptorOf(fd);
    const start = positionOf(position);
    return eachView(buffers, (bytes, total) => readInto(number, bytes, start === undefined ? start : start + total));
};

export const writevSync = (fd, buffers, position) => {
    const number = descriptorOf(fd);
    const start = positionOf(position);
    return eachView(buffers, (bytes, total) => writeFrom(number, bytes, start === undefined ? start : start + total));
};

export const fstatSync = (fd, options) => statsOf(get(descriptorOf(fd), "fstat").node, options);

/** The size that a whole read starts with, and the place it starts at. */
export const remaining = (number) => {
    if (number <= 2) return 0;
    const file = get(number, "fstat");
    if (file.node.kind === FOLDER) throw systemError({ code: "EISDIR", syscall: "read" });
    return file.node.size - file.position;
};

export const ftruncateSync = (fd, length = 0) => {
    const number = descriptorOf(fd);
    validateInteger(length, "len");
    const file = get(number, "ftruncate");
    if (file.node === pipe || (file.flags & O_ACCMODE) === O_RDONLY) {
        throw systemError({ code: "EINVAL", syscall: "ftruncate" });
    }
    resize(file.node, length < 0 ? 0 : length);
};

export const fsyncSync = (fd) => {
    if (get(descriptorOf(fd), "fsync").node === pipe) throw systemError({ code: "EINVAL", syscall: "fsync" });
};

export const fdatasyncSync = (fd) => {
    if (get(descriptorOf(fd), "fdatasync").node === pipe) throw systemError({ code: "EINVAL", syscall: "fdatasync" });
};

const changeable = (number, syscall) => {
    const { node } = get(number, syscall);
    if (!isInMemory(node)) throw systemError({ code: "EPERM", syscall });
    return node;
};

// What an argument lacks is told before what the descriptor lacks.
export const fchmodSync = (fd, mode) => {
    const number = descriptorOf(fd);
    const bits = modeOf(mode, "mode") & 0o7777;
    const node = changeable(number, "fchmod");
    node.mode = (node.mode & 0o170000) | bits;
    node.changed = DateNow();
};

export const fchownSync = (fd, user, group) => {
    const number = descriptorOf(fd);
    const isKept = keepsOwners(user, group);
    const node = changeable(number, "fchown");
    if (!isKept) throw systemError({ code: "EPERM", syscall: "fchown" });
    touch(node);
};

export const futimesSync = (fd, atime, mtime) => {
    const number = descriptorOf(fd);
    const accessed = timeOf(atime, "atime");
    const modified = timeOf(mtime, "mtime");
    const node = changeable(number, "futime");
    node.accessed = accessed;
    node.modified = modified;
    node.changed = DateNow();
};
