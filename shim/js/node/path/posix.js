// Paths of POSIX.

import { basename, extensionOf, lastSegment, makeFormat, makeMatchesGlob, normalized } from "./segments.js";
import { currentDirectory } from "./working_directory.js";
import { primordials } from "../../primordials.js";
import { validateString } from "../../node_errors.js";

const { ArrayPrototypePush, StringPrototypeSlice } = primordials;

const isSeparator = (character) => character === "/";

const split = (path) => {
    const parts = [];
    let from = 0;
    for (let at = 0; at <= path.length; at++) {
        if (at < path.length && path[at] !== "/") continue;
        if (from < at) ArrayPrototypePush(parts, StringPrototypeSlice(path, from, at));
        from = at + 1;
    }
    return parts;
};

export const posix = {
    resolve(...paths) {
        let resolved = "";
        let isAbsolute = false;
        for (let at = paths.length - 1; -1 <= at && !isAbsolute; at--) {
            const path = at === -1 ? currentDirectory() : paths[at];
            validateString(path, `paths[${at}]`);
            if (path === "") continue;
            resolved = `${path}/${resolved}`;
            isAbsolute = path[0] === "/";
        }
        resolved = normalized(resolved, !isAbsolute, isSeparator, "/");
        if (isAbsolute) return `/${resolved}`;
        return resolved === "" ? "." : resolved;
    },

    normalize(path) {
        validateString(path, "path");
        if (path === "") return ".";
        const isAbsolute = path[0] === "/";
        const hasSlash = path[path.length - 1] === "/";
        let result = normalized(path, !isAbsolute, isSeparator, "/");
        if (result === "") {
            if (isAbsolute) return "/";
            return hasSlash ? "./" : ".";
        }
        if (hasSlash) result += "/";
        return isAbsolute ? `/${result}` : result;
    },

    isAbsolute(path) {
        validateString(path, "path");
        return path[0] === "/";
    },

    join(...paths) {
        let joined = "";
        for (let at = 0; at < paths.length; at++) {
            validateString(paths[at], "path");
            if (paths[at] === "") continue;
            joined = joined === "" ? paths[at] : `${joined}/${paths[at]}`;
        }
        return posix.normalize(joined);
    },

    relative(from, to) {
        validateString(from, "from");
        validateString(to, "to");
        if (from === to) return "";
        const start = split(posix.resolve(from));
        const end = split(posix.resolve(to));
        let same = 0;
        while (same < start.length && same < end.length && start[same] === end[same]) same++;
        let result = "";
        for (let at = same; at < start.length; at++) result += result === "" ? ".." : "/..";
        for (let at = same; at < end.length; at++) result += result === "" ? end[at] : `/${end[at]}`;
        return result;
    },

    toNamespacedPath(path) {
        return path;
    },

    dirname(path) {
        validateString(path, "path");
        if (path === "") return ".";
        const root = path[0] === "/" ? "/" : ".";
        const found = lastSegment(path, 0, isSeparator);
        const end = found[0] - 1;
        if (found[0] === found[1] || end < 1) return root;
        // Two slashes in front of the last segment stay.
        return end === 1 && root === "/" ? "//" : StringPrototypeSlice(path, 0, end);
    },

    basename(path, suffix) {
        if (suffix !== undefined) validateString(suffix, "suffix");
        validateString(path, "path");
        return basename(path, suffix, 0, isSeparator);
    },

    extname(path) {
        validateString(path, "path");
        const found = lastSegment(path, 0, isSeparator);
        return extensionOf(StringPrototypeSlice(path, found[0], found[1]));
    },

    format: makeFormat("/"),

    parse(path) {
        validateString(path, "path");
        const root = path[0] === "/" ? "/" : "";
        const found = lastSegment(path, root.length, isSeparator);
        const base = StringPrototypeSlice(path, found[0], found[1]);
        const ext = extensionOf(base);
        const dir = found[0] <= root.length ? root : StringPrototypeSlice(path, 0, found[0] - 1);
        return { root, dir, base, ext, name: StringPrototypeSlice(base, 0, base.length - ext.length) };
    },

    matchesGlob: makeMatchesGlob(false),
    sep: "/",
    delimiter: ":",
    win32: null,
    posix: null,
};
