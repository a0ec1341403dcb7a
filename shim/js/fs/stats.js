// Stats, BigIntStats, StatFs and Dirent of Node's `fs` module.

import { primordials } from "../primordials.js";
import { FILE, FOLDER, LINK } from "./tree.js";

const { BigInt, Date, MathCeil, MathTrunc, Number, ObjectDefineProperty } = primordials;

const TYPE = 0o170000;
const BLOCK = 4096;
const TIMES = ["atime", "mtime", "ctime", "birthtime"];

const isType = (stats, type) => (Number(stats.mode) & TYPE) === type;

class StatsBase {
    isDirectory() { return isType(this, 0o040000); }
    isFile() { return isType(this, 0o100000); }
    isBlockDevice() { return isType(this, 0o060000); }
    isCharacterDevice() { return isType(this, 0o020000); }
    isSymbolicLink() { return isType(this, 0o120000); }
    isFIFO() { return isType(this, 0o010000); }
    isSocket() { return isType(this, 0o140000); }
}

const fill = (stats, node, convert) => {
    stats.dev = convert(1);
    stats.mode = convert(node.mode);
    stats.nlink = convert(node.links);
    stats.uid = convert(node.user);
    stats.gid = convert(node.group);
    stats.rdev = convert(0);
    stats.blksize = convert(BLOCK);
    stats.ino = convert(node.number);
    stats.size = convert(node.size);
    stats.blocks = convert(MathCeil(node.size / BLOCK) * (BLOCK / 512));
    stats.atimeMs = convert(node.accessed);
    stats.mtimeMs = convert(node.modified);
    stats.ctimeMs = convert(node.changed);
    stats.birthtimeMs = convert(node.born);
};

/** The four dates are made when they are read first. */
const defineDates = (constructor) => {
    for (let at = 0; at < TIMES.length; at++) {
        const name = TIMES[at];
        const set = function (value) {
            ObjectDefineProperty(this, name, {
                __proto__: null, value, enumerable: true, writable: true, configurable: true,
            });
        };
        ObjectDefineProperty(constructor.prototype, name, {
            __proto__: null,
            get() {
                const date = new Date(Number(this[`${name}Ms`]));
                set.call(this, date);
                return date;
            },
            set,
            enumerable: true,
            configurable: true,
        });
    }
};

// `Stats` can be called by a subclass of the old form, so it is a function.
export function Stats(node) {
    if (node !== undefined) fill(this, node, (value) => value);
}
Stats.prototype = new StatsBase();
ObjectDefineProperty(Stats.prototype, "constructor", {
    __proto__: null, value: Stats, writable: true, configurable: true,
});
defineDates(Stats);

export class BigIntStats extends StatsBase {
    constructor(node) {
        super();
        fill(this, node, (value) => BigInt(MathTrunc(value)));
        for (let at = 0; at < TIMES.length; at++) this[`${TIMES[at]}Ns`] = this[`${TIMES[at]}Ms`] * 1000000n;
    }
}
defineDates(BigIntStats);

export const statsOf = (node, options) => (options?.bigint ? new BigIntStats(node) : new Stats(node));

export class StatFs {
    constructor(isBig) {
        const convert = isBig ? BigInt : (value) => value;
        // The type is that of tmpfs; no size of the host is told.
        this.type = convert(0x01021994);
        this.bsize = convert(BLOCK);
        this.blocks = convert(0);
        this.bfree = convert(0);
        this.bavail = convert(0);
        this.files = convert(0);
        this.ffree = convert(0);
    }
}

export class Dirent {
    #kind;

    constructor(name, parentPath, kind) {
        this.name = name;
        this.parentPath = parentPath;
        this.#kind = kind;
    }

    isDirectory() { return this.#kind === FOLDER; }
    isFile() { return this.#kind === FILE; }
    isBlockDevice() { return false; }
    isCharacterDevice() { return false; }
    isSymbolicLink() { return this.#kind === LINK; }
    isFIFO() { return false; }
    isSocket() { return false; }
}
