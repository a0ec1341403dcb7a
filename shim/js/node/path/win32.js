// Paths of Windows: both slashes separate, and a path may begin with a drive (`C:`) or a share (`\\server\share`).

import { basename, extensionOf, lastSegment, makeFormat, makeMatchesGlob, normalized } from "./segments.js";
import { currentDirectory } from "./working_directory.js";
import { primordials } from "../../primordials.js";
import { validateString } from "../../node_errors.js";

const {
    ArrayPrototypePush, StringPrototypeCharCodeAt, StringPrototypeSlice,
    StringPrototypeStartsWith, StringPrototypeToLowerCase,
} = primordials;

const isSeparator = (character) => character === "\\" || character === "/";

const isDrive = (path) => {
    if (path.length < 2 || path[1] !== ":") return false;
    const letter = StringPrototypeCharCodeAt(path, 0) | 32;
    return 97 <= letter && letter <= 122;
};

/**
 * How a path begins: `device` is "", "C:" or "\\server\share"; `length` is how many characters device and the slashes
 * behind it take; `isAbsolute` tells "C:\" from "C:", `isShare` a share.
 */
const rootOf = (path, knowsDevices = false) => {
    if (path === "") return { device: "", length: 0, isAbsolute: false, isShare: false };
    if (isDrive(path)) {
        const isAbsolute = 2 < path.length && isSeparator(path[2]);
        return { device: StringPrototypeSlice(path, 0, 2), length: isAbsolute ? 3 : 2, isAbsolute, isShare: false };
    }
    if (!isSeparator(path[0])) return { device: "", length: 0, isAbsolute: false, isShare: false };
    const bare = { device: "", length: 1, isAbsolute: true, isShare: false };
    if (path.length < 2 || !isSeparator(path[1])) return bare;
    let at = 2;
    while (at < path.length && !isSeparator(path[at])) at++;
    const server = StringPrototypeSlice(path, 2, at);
    if (server === "" || at === path.length) return bare;
    if (knowsDevices && (server === "." || server === "?")) {
        return { device: `\\\\${server}`, length: 4, isAbsolute: true, isShare: false };
    }
    while (at < path.length && isSeparator(path[at])) at++;
    const from = at;
    while (at < path.length && !isSeparator(path[at])) at++;
    if (from === at) return bare;
    const share = StringPrototypeSlice(path, from, at);
    const device = `\\\\${server}\\${share}`;
    return { device, length: at, isAbsolute: true, isShare: true, end: at };
};

const joinRoot = (device, isAbsolute, tail) => (isAbsolute ? `${device}\\${tail}` : `${device}${tail}`);

/** A relative path that could be read as one of a drive, such as `a/../C:/x`. */
const looksLikeDrive = (path, tail) => {
    if (isDrive(tail)) return true;
    for (let at = 0; at < path.length; at++) {
        if (path[at] === ":" && (at === path.length - 1 || isSeparator(path[at + 1]))) return true;
    }
    return false;
};

const split = (path) => {
    const parts = [];
    let from = 0;
    for (let at = 0; at <= path.length; at++) {
        if (at < path.length && path[at] !== "\\") continue;
        if (from < at) ArrayPrototypePush(parts, StringPrototypeSlice(path, from, at));
        from = at + 1;
    }
    return parts;
};

export const win32 = {
    resolve(...paths) {
        let device = "";
        let tail = "";
        let isAbsolute = false;
        for (let at = paths.length - 1; -1 <= at; at--) {
            const path = at === -1 ? currentDirectory() : paths[at];
            validateString(path, `paths[${at}]`);
            if (path === "") continue;
            const root = rootOf(path, true);
            if (root.device !== "") {
                if (device === "") device = root.device;
                else if (StringPrototypeToLowerCase(root.device) !== StringPrototypeToLowerCase(device)) continue;
            }
            if (!isAbsolute) {
                tail = `${StringPrototypeSlice(path, root.length)}\\${tail}`;
                isAbsolute = root.isAbsolute;
            }
            if (isAbsolute && device !== "") break;
        }
        tail = normalized(tail, !isAbsolute, isSeparator, "\\");
        const resolved = joinRoot(device, isAbsolute, tail);
        return resolved === "" ? "." : resolved;
    },

    normalize(path) {
        validateString(path, "path");
        if (path === "") return ".";
        if (path.length === 1) return isSeparator(path) ? "\\" : path;
        const root = rootOf(path, true);
        const rest = StringPrototypeSlice(path, root.length);
        if (root.isShare && rest === "") return `${root.device}\\`;
        let tail = normalized(rest, !root.isAbsolute, isSeparator, "\\");
        if (tail === "" && !root.isAbsolute) tail = ".";
        if (tail !== "" && isSeparator(path[path.length - 1])) tail += "\\";
        if (!root.isAbsolute && root.device === "" && looksLikeDrive(path, tail)) return `.\\${tail}`;
        return joinRoot(root.device, root.isAbsolute, tail);
    },

    isAbsolute(path) {
        validateString(path, "path");
        if (path === "") return false;
        return isSeparator(path[0]) || (2 < path.length && isDrive(path) && isSeparator(path[2]));
    },

    join(...paths) {
        let joined;
        let first;
        for (let at = 0; at < paths.length; at++) {
            validateString(paths[at], "path");
            if (paths[at] === "") continue;
            if (joined === undefined) joined = first = paths[at];
            else joined += `\\${paths[at]}`;
        }
        if (joined === undefined) return ".";
        // Only a first part that is a share by itself may begin with two slashes.
        let slashes = 0;
        while (slashes < joined.length && isSeparator(joined[slashes])) slashes++;
        const isShare = isSeparator(first[0]) && 1 < first.length && isSeparator(first[1])
            && (first.length === 2 || !isSeparator(first[2])) && 2 < first.length;
        if (!isShare && 2 <= slashes) joined = `\\${StringPrototypeSlice(joined, slashes)}`;
        return win32.normalize(joined);
    },

    relative(from, to) {
        validateString(from, "from");
        validateString(to, "to");
        if (from === to) return "";
        const fromPath = win32.resolve(from);
        const toPath = win32.resolve(to);
        if (fromPath === toPath) return "";
        if (StringPrototypeToLowerCase(fromPath) === StringPrototypeToLowerCase(toPath)) return "";
        const start = split(fromPath);
        const end = split(toPath);
        let same = 0;
        while (same < start.length && same < end.length
            && StringPrototypeToLowerCase(start[same]) === StringPrototypeToLowerCase(end[same])) same++;
        if (same === 0 && 0 < start.length && 0 < end.length) return toPath;
        let result = "";
        for (let at = same; at < start.length; at++) result += result === "" ? ".." : "\\..";
        for (let at = same; at < end.length; at++) result += result === "" ? end[at] : `\\${end[at]}`;
        return result;
    },

    toNamespacedPath(path) {
        if (typeof path !== "string" || path === "") return path;
        const resolved = win32.resolve(path);
        if (resolved.length <= 2) return path;
        if (StringPrototypeStartsWith(resolved, "\\\\")) {
            if (resolved[2] === "?" || resolved[2] === ".") return resolved;
            return `\\\\?\\UNC\\${StringPrototypeSlice(resolved, 2)}`;
        }
        return isDrive(resolved) && resolved[2] === "\\" ? `\\\\?\\${resolved}` : resolved;
    },

    dirname(path) {
        validateString(path, "path");
        if (path === "") return ".";
        if (path.length === 1) return isSeparator(path) ? path : ".";
        const root = rootOf(path);
        let { length } = root;
        if (root.isShare) {
            if (length === path.length) return path;
            length++;
        }
        const found = lastSegment(path, length, isSeparator);
        let end = found[0] - 1;
        if (found[0] === found[1] || end < length) {
            if (length === 0) return ".";
            return StringPrototypeSlice(path, 0, length);
        }
        if (end < length) end = length;
        return StringPrototypeSlice(path, 0, end);
    },

    basename(path, suffix) {
        if (suffix !== undefined) validateString(suffix, "suffix");
        validateString(path, "path");
        return basename(path, suffix, isDrive(path) ? 2 : 0, isSeparator);
    },

    extname(path) {
        validateString(path, "path");
        const found = lastSegment(path, isDrive(path) ? 2 : 0, isSeparator);
        return extensionOf(StringPrototypeSlice(path, found[0], found[1]));
    },

    format: makeFormat("\\"),

    parse(path) {
        validateString(path, "path");
        const about = rootOf(path);
        let { length } = about;
        if (about.isShare && length < path.length) length++;
        const root = StringPrototypeSlice(path, 0, length);
        const found = lastSegment(path, length, isSeparator);
        const base = StringPrototypeSlice(path, found[0], found[1]);
        const ext = extensionOf(base);
        const dir = found[0] <= length ? root : StringPrototypeSlice(path, 0, found[0] - 1);
        return { root, dir, base, ext, name: StringPrototypeSlice(base, 0, base.length - ext.length) };
    },

    matchesGlob: makeMatchesGlob(true),
    sep: "\\",
    delimiter: ";",
    win32: null,
    posix: null,
};
