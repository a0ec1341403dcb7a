// What paths of POSIX and Windows have in common: the walk over segments, names, extensions and patterns.

import { globToRegExp } from "./glob.js";
import { primordials } from "../../primordials.js";
import { validateObject, validateString } from "../../node_errors.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePop, ArrayPrototypePush, RegExpPrototypeExec, StringPrototypeEndsWith,
    StringPrototypeLastIndexOf, StringPrototypeSlice,
} = primordials;

/** The segments between separators without "." and with ".." resolved; ".." at the start stays if `keepsParents`. */
export const normalized = (path, keepsParents, isSeparator, separator) => {
    const segments = [];
    let parents = 0;
    let from = 0;
    for (let at = 0; at <= path.length; at++) {
        if (at < path.length && !isSeparator(path[at])) continue;
        const segment = StringPrototypeSlice(path, from, at);
        from = at + 1;
        if (segment === "" || segment === ".") continue;
        if (segment !== "..") {
            ArrayPrototypePush(segments, segment);
        } else if (parents < segments.length) {
            ArrayPrototypePop(segments);
        } else if (keepsParents) {
            ArrayPrototypePush(segments, "..");
            parents++;
        }
    }
    return ArrayPrototypeJoin(segments, separator);
};

/** `[from, to]` of the last segment behind `start`, without separators at the end. */
export const lastSegment = (path, start, isSeparator) => {
    let to = path.length;
    while (start < to && isSeparator(path[to - 1])) to--;
    let from = to;
    while (start < from && !isSeparator(path[from - 1])) from--;
    return [from, to];
};

export const basename = (path, suffix, start, isSeparator) => {
    const found = lastSegment(path, start, isSeparator);
    const name = StringPrototypeSlice(path, found[0], found[1]);
    // Separators alone stay if a suffix is asked for: Node's answer.
    if (name === "" && suffix && suffix.length <= path.length && suffix !== path) {
        return StringPrototypeSlice(path, start);
    }
    if (suffix === undefined || suffix === "" || path === suffix) return path === suffix ? "" : name;
    if (name !== suffix && StringPrototypeEndsWith(name, suffix)) {
        return StringPrototypeSlice(name, 0, name.length - suffix.length);
    }
    return name;
};

/** The extension of a name, from its last point; a name that only begins with a point has none. */
export const extensionOf = (name) => {
    const at = StringPrototypeLastIndexOf(name, ".");
    if (at <= 0 || name === "..") return "";
    return StringPrototypeSlice(name, at);
};

export const makeFormat = (separator) => function format(pathObject) {
    validateObject(pathObject, "pathObject");
    const dir = pathObject.dir || pathObject.root;
    const ext = pathObject.ext ? `${pathObject.ext[0] === "." ? "" : "."}${pathObject.ext}` : "";
    const base = pathObject.base || `${pathObject.name || ""}${ext}`;
    if (!dir) return base;
    return dir === pathObject.root ? `${dir}${base}` : `${dir}${separator}${base}`;
};

export const makeMatchesGlob = (isWindows) => function matchesGlob(path, pattern) {
    validateString(path, "path");
    validateString(pattern, "pattern");
    return RegExpPrototypeExec(globToRegExp(pattern, isWindows), path) !== null;
};
