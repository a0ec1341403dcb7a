// The tree of files that an app sees.
//
// The app's own files and the single files given at deploy come from natives and are read-only. `/tmp` is made of maps
// and byte arrays of the engine, so that its content is on the bill of the app's heap. Nothing else exists.
//
// Can:    read what was deployed; keep files under /tmp as long as the instance lives.
// Cannot: see a file of the host, or change a deployed file.

import natives from "../natives.js";
import { systemError } from "../node_errors.js";
import { primordials } from "../primordials.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePop, ArrayPrototypePush, ArrayPrototypeSort, DateNow, MathMax, MathMin, SafeMap,
    SafeSet, StringPrototypeSplit, StringPrototypeToWellFormed, TypedArrayPrototypeFill,
    TypedArrayPrototypeSet, Uint8Array,
} = primordials;

export const FILE = 1;
export const FOLDER = 2;
export const LINK = 3;

const LONGEST_NAME = 255;
const LONGEST_PATH = 4096;
const MOST_LINKS = 40;
// A native fills at most this many bytes a call.
const STEP = 1024 * 1024;

export const USER = 1000;

let lastNumber = 1;

const makeNode = (kind, mode, fields) => {
    return {
        __proto__: null,
        number: lastNumber++,
        kind,
        mode,
        links: kind === FOLDER ? 2 : 1,
        user: USER,
        group: USER,
        // The path for the natives; undefined in memory.
        native: undefined,
        // In memory: the entries of a folder, the bytes of a file, the target of a link.
        entries: undefined,
        bytes: undefined,
        size: 0,
        target: undefined,
        accessed: 0,
        modified: 0,
        changed: 0,
        born: 0,
        ...fields,
    };
};

const stamped = (node) => {
    const now = DateNow();
    node.accessed = node.modified = node.changed = node.born = now;
    return node;
};

export const newFile = (mode) => stamped(makeNode(FILE, 0o100000 | mode, { bytes: new Uint8Array(0) }));
export const newFolder = (mode) => stamped(makeNode(FOLDER, 0o040000 | mode, { entries: new SafeMap(), size: 4096 }));
export const newLink = (target) => stamped(makeNode(LINK, 0o120777, { target, size: target.length }));

const root = makeNode(FOLDER, 0o040555, { native: "" });
let temporary;
// Nodes of the natives' files by path, made when they are first looked at.
const known = new SafeMap();

const temporaryFolder = () => {
    if (temporary === undefined) {
        temporary = newFolder(0o1777);
        temporary.native = "/tmp";
    }
    return temporary;
};

const MODES = { __proto__: null, [FILE]: 0o100444, [FOLDER]: 0o040555, [LINK]: 0o120777 };

const nativeNode = (path) => {
    let node = known.get(path);
    if (node !== undefined) return node;
    const kind = natives.fsKind(path);
    if (kind === 0) return undefined;
    const time = natives.fsTime();
    node = makeNode(kind, MODES[kind], {
        native: path, accessed: time, modified: time, changed: time, born: time,
        size: kind === FILE ? natives.fsSize(path) : kind === FOLDER ? 4096 : 0,
    });
    if (kind === LINK) node.target = natives.fsLink(path);
    known.set(path, node);
    return node;
};

export const childOf = (folder, name) => {
    const own = folder.entries?.get(name);
    if (own !== undefined) return own;
    if (folder.native === undefined) return undefined;
    if (folder === root && name === "tmp") return temporaryFolder();
    return nativeNode(StringPrototypeToWellFormed(`${folder.native}/${name}`));
};

/** The names in a folder, in the order of their code units. */
export const namesIn = (folder) => {
    const names = [];
    const seen = new SafeSet();
    if (folder.entries !== undefined) {
        folder.entries.forEach((node, name) => {
            ArrayPrototypePush(names, name);
            seen.add(name);
        });
    }
    if (folder.native !== undefined) {
        for (let at = 0; ; at++) {
            const name = natives.fsName(folder.native === "" ? "/" : folder.native, at);
            if (name === undefined) break;
            if (!seen.has(name)) ArrayPrototypePush(names, name);
            seen.add(name);
        }
        if (folder === root && !seen.has("tmp")) ArrayPrototypePush(names, "tmp");
    }
    return ArrayPrototypeSort(names);
};

/** True where entries can be made and removed. */
export const isWritableFolder = (folder) => folder.entries !== undefined;

/** True for what is in memory; the rest is read-only. */
export const isInMemory = (node) => node.entries !== undefined || node.bytes !== undefined
    || (node.kind === LINK && node.native === undefined);

const pushSegments = (pending, path) => {
    const segments = StringPrototypeSplit(path, "/");
    for (let at = segments.length - 1; 0 <= at; at--) ArrayPrototypePush(pending, segments[at]);
};

const onlySlashes = (pending) => {
    for (let at = 0; at < pending.length; at++) if (pending[at] !== "") return false;
    return true;
};

/**
 * Path resolution as path_resolution(7) describes it, from an absolute path. Gives `{ parent, name, node, path }`;
 * `node` is undefined where only the last segment is absent. `raise(code)` throws the caller's error.
 */
export const walk = (path, follow, raise) => {
    if (path === "") raise("ENOENT");
    if (LONGEST_PATH < path.length) raise("ENAMETOOLONG");
    const pending = [];
    pushSegments(pending, path);
    const nodes = [root];
    const names = [];
    let links = 0;
    while (0 < pending.length) {
        const segment = ArrayPrototypePop(pending);
        const here = nodes[nodes.length - 1];
        if (segment === "" || segment === ".") {
            if (here.kind !== FOLDER) raise("ENOTDIR");
            continue;
        }
        if (here.kind !== FOLDER) raise("ENOTDIR");
        if (LONGEST_NAME < segment.length) raise("ENAMETOOLONG");
        if (segment === "..") {
            if (1 < nodes.length) {
                nodes.length--;
                names.length--;
            }
            continue;
        }
        const next = childOf(here, segment);
        if (next === undefined) {
            if (!onlySlashes(pending)) raise("ENOENT");
            const endsInSlash = 0 < pending.length;
            return { parent: here, name: segment, node: undefined, path: joined(names, segment), endsInSlash };
        }
        if (next.kind === LINK && (follow || 0 < pending.length)) {
            if (MOST_LINKS < ++links) raise("ELOOP");
            if (next.target[0] === "/") {
                nodes.length = 1;
                names.length = 0;
            }
            pushSegments(pending, next.target);
            continue;
        }
        ArrayPrototypePush(nodes, next);
        ArrayPrototypePush(names, segment);
    }
    const last = nodes.length - 1;
    return {
        parent: last === 0 ? root : nodes[last - 1],
        name: last === 0 ? "" : names[last - 1],
        node: nodes[last],
        path: joined(names),
        endsInSlash: false,
    };
};

const joined = (names, more) => {
    const path = `/${ArrayPrototypeJoin(names, "/")}`;
    if (more === undefined) return path;
    return path === "/" ? `/${more}` : `${path}/${more}`;
};

/** A function that throws the error of a system call on these paths. */
export const raiser = (syscall, path, dest) => (code) => {
    throw systemError({ code, syscall, path, dest });
};

export const attach = (parent, name, node) => {
    parent.entries.set(name, node);
    if (node.kind === FOLDER) parent.links++;
    touch(parent);
};

export const detach = (parent, name, node) => {
    parent.entries.delete(name);
    node.links--;
    if (node.kind === FOLDER) parent.links--;
    touch(parent);
};

export const touch = (node) => {
    node.modified = node.changed = DateNow();
};

/** Copies bytes of a file from `position` on into `target`; gives how many. */
export const readBytes = (node, position, target) => {
    const length = MathMax(0, MathMin(target.length, node.size - position));
    if (length === 0) return 0;
    if (node.bytes !== undefined) {
        TypedArrayPrototypeSet(target, new Uint8Array(node.bytes.buffer, position, length), 0);
        return length;
    }
    let done = 0;
    while (done < length) {
        const part = new Uint8Array(target.buffer, target.byteOffset + done, MathMin(STEP, length - done));
        const count = natives.fsRead(node.native, position + done, part);
        if (count === 0) break;
        done += count;
    }
    return done;
};

/** Sets the size of a file in memory; what is new is zero. */
export const resize = (node, size) => {
    if (node.bytes.length < size) {
        const bytes = new Uint8Array(MathMax(size, MathMin(node.bytes.length * 2, node.bytes.length + 16 * STEP)));
        TypedArrayPrototypeSet(bytes, new Uint8Array(node.bytes.buffer, 0, node.size), 0);
        node.bytes = bytes;
    } else if (size < node.size) {
        // What a longer file shows later must be zero.
        if (size === 0) node.bytes = new Uint8Array(0);
        else TypedArrayPrototypeFill(node.bytes, 0, size, node.size);
    }
    node.size = size;
    touch(node);
};

export const writeBytes = (node, position, bytes) => {
    const end = position + bytes.length;
    if (node.size < end) resize(node, end);
    TypedArrayPrototypeSet(node.bytes, bytes, position);
    touch(node);
    return bytes.length;
};
