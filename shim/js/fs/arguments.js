// What the functions of `fs` do with their arguments: paths, flags, modes, encodings, times (Node's documentation,
// "File system", the sections "File paths" and "File system flags").

import bufferModule from "../node/buffer.js";
import urlModule from "../node/url.js";
import { invalidArgType, invalidArgValue, outOfRange, validateInteger } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { constants } from "./constants.js";
import { USER } from "./tree.js";

const {
    ArrayBufferIsView, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset,
    DateNow, DatePrototypeGetTime, Number, NumberIsFinite, NumberIsInteger, NumberParseInt, RegExpPrototypeExec,
    StringPrototypeIncludes, StringPrototypeSlice, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag, Uint8Array, uncurryThis,
} = primordials;
const { Buffer } = bufferModule;
const bufferFrom = Buffer.from;
const bufferIsEncoding = Buffer.isEncoding;
const bufferToString = uncurryThis(Buffer.prototype.toString);
const { fileURLToPath } = urlModule;

export const WORKING_FOLDER = "/app";

export const isBytes = (value) => TypedArrayPrototypeGetSymbolToStringTag(value) === "Uint8Array";

/** A view of the same bytes, whatever view they came in. */
export const asBytes = (view) => {
    if (TypedArrayPrototypeGetSymbolToStringTag(view) !== undefined) {
        return new Uint8Array(
            TypedArrayPrototypeGetBuffer(view), TypedArrayPrototypeGetByteOffset(view),
            TypedArrayPrototypeGetByteLength(view),
        );
    }
    return new Uint8Array(
        DataViewPrototypeGetBuffer(view), DataViewPrototypeGetByteOffset(view), DataViewPrototypeGetByteLength(view),
    );
};

/** A Buffer over the same memory. */
export const asBuffer = (bytes) => bufferFrom(
    TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes),
    TypedArrayPrototypeGetByteLength(bytes),
);

export const encode = (text, encoding) => bufferFrom(text, encoding);

export const decode = (bytes, encoding) => bufferToString(asBuffer(bytes), encoding);

/** A path as text, absolute; `shown` is how messages call it. */
export const pathOf = (value, name = "path") => {
    let text = value;
    if (isBytes(value)) text = decode(value, "utf8");
    else if (typeof value === "object" && value !== null && typeof value.href === "string"
        && typeof value.protocol === "string") text = fileURLToPath(value);
    if (typeof text !== "string") throw invalidArgType(name, ["string", "Buffer", "URL"], value);
    if (StringPrototypeIncludes(text, "\0")) {
        throw invalidArgValue(name, value, "must be a string, Uint8Array, or URL without null bytes");
    }
    return text;
};

/** `text` from the root on; it keeps `.`, `..` and a slash at its end. */
export const absolute = (text) => (text[0] === "/" ? text : text === "" ? "" : `${WORKING_FOLDER}/${text}`);

const DOTS = /(?:^|\/)\.\.?\/*$/;

/** True if the last segment is "." or "..". */
export const endsInDots = (path) => RegExpPrototypeExec(DOTS, path) !== null;

/** Without the slashes at its end. */
export const withoutSlashes = (path) => {
    let end = path.length;
    while (1 < end && path[end - 1] === "/") end--;
    return StringPrototypeSlice(path, 0, end);
};

const FLAGS = {
    __proto__: null,
    r: "O_RDONLY", rs: "O_RDONLY O_SYNC", sr: "O_RDONLY O_SYNC", "r+": "O_RDWR", "rs+": "O_RDWR O_SYNC",
    "sr+": "O_RDWR O_SYNC",
    w: "O_TRUNC O_CREAT O_WRONLY", wx: "O_TRUNC O_CREAT O_WRONLY O_EXCL", xw: "O_TRUNC O_CREAT O_WRONLY O_EXCL",
    "w+": "O_TRUNC O_CREAT O_RDWR", "wx+": "O_TRUNC O_CREAT O_RDWR O_EXCL", "xw+": "O_TRUNC O_CREAT O_RDWR O_EXCL",
    a: "O_APPEND O_CREAT O_WRONLY", ax: "O_APPEND O_CREAT O_WRONLY O_EXCL", xa: "O_APPEND O_CREAT O_WRONLY O_EXCL",
    as: "O_APPEND O_CREAT O_WRONLY O_SYNC", sa: "O_APPEND O_CREAT O_WRONLY O_SYNC",
    "a+": "O_APPEND O_CREAT O_RDWR", "ax+": "O_APPEND O_CREAT O_RDWR O_EXCL", "xa+": "O_APPEND O_CREAT O_RDWR O_EXCL",
    "as+": "O_APPEND O_CREAT O_RDWR O_SYNC", "sa+": "O_APPEND O_CREAT O_RDWR O_SYNC",
};

/** Flags as a number. */
export const flagsOf = (value, name = "flags") => {
    if (typeof value === "number") {
        validateInteger(value, name, 0, 2147483647);
        return value;
    }
    if (value === undefined || value === null) return constants.O_RDONLY;
    const names = typeof value === "string" ? FLAGS[value] : undefined;
    if (names === undefined) throw invalidArgValue(name, value);
    let flags = 0;
    let word = "";
    for (let at = 0; at <= names.length; at++) {
        if (at < names.length && names[at] !== " ") {
            word += names[at];
        } else {
            flags |= constants[word];
            word = "";
        }
    }
    return flags;
};

const OCTAL = /^[0-7]+$/;

export const modeOf = (value, name, otherwise) => {
    let mode = value ?? otherwise;
    if (typeof mode === "string") {
        if (RegExpPrototypeExec(OCTAL, mode) === null) {
            throw invalidArgValue(name, value, "must be a 32-bit unsigned integer or an octal string");
        }
        mode = NumberParseInt(mode, 8);
    }
    validateInteger(mode, name, 0, 4294967295);
    return mode;
};

export const descriptorOf = (value, name = "fd") => {
    validateInteger(value, name, 0, 2147483647);
    return value;
};

/** Milliseconds since 1970 from what `utimes` takes: seconds, text of a number, a Date. */
export const timeOf = (value, name) => {
    if (typeof value === "string" && Number(value) == value) return Number(value) * 1000;
    if (typeof value === "number") {
        if (!NumberIsFinite(value) || value < 0) return DateNow();
        return value * 1000;
    }
    try {
        return DatePrototypeGetTime(value);
    } catch {
        throw invalidArgType(name, ["Date", "Time in seconds"], value);
    }
};

export const checkEncoding = (encoding) => {
    if (encoding && encoding !== "buffer" && !bufferIsEncoding(encoding)) {
        throw invalidArgValue("encoding", encoding, "is invalid encoding");
    }
};

/** Options that may be the text of an encoding; always an object afterwards. */
export const optionsOf = (given, defaults) => {
    if (given === undefined || given === null || typeof given === "function") return { __proto__: null, ...defaults };
    if (typeof given === "string") {
        checkEncoding(given);
        return { __proto__: null, ...defaults, encoding: given };
    }
    if (typeof given !== "object") throw invalidArgType("options", ["string", "Object"], given);
    checkEncoding(given.encoding);
    const { signal } = given;
    if (signal !== undefined && (signal === null || typeof signal !== "object" || !("aborted" in signal))) {
        throw invalidArgType("options.signal", "AbortSignal", signal);
    }
    const options = { __proto__: null, ...given };
    for (const key in defaults) if (options[key] === undefined) options[key] = defaults[key];
    return options;
};

/** Bytes of what a function writes. */
export const bytesToWrite = (data, encoding, name = "data") => {
    if (typeof data === "string") return encode(data, encoding || "utf8");
    if (ArrayBufferIsView(data)) return asBytes(data);
    throw invalidArgType(name, ["string", "Buffer", "TypedArray", "DataView"], data);
};

export const validateView = (value, name = "buffer") => {
    if (!ArrayBufferIsView(value)) throw invalidArgType(name, ["Buffer", "TypedArray", "DataView"], value);
};

/** A position: undefined says that the descriptor's own is meant. */
export const positionOf = (value) => {
    if (value === undefined || value === null || value === -1) return undefined;
    if (typeof value === "bigint") return value < 0n ? undefined : Number(value);
    if (typeof value !== "number") throw invalidArgType("position", ["integer", "bigint"], value);
    if (!NumberIsInteger(value)) throw outOfRange("position", "an integer", value);
    return value < 0 ? undefined : value;
};

/** Checks a user and a group; -1 leaves what is there. True if nothing would change. */
export const keepsOwners = (user, group) => {
    validateInteger(user, "uid", -1, 4294967295);
    validateInteger(group, "gid", -1, 4294967295);
    return (user === -1 || user === USER) && (group === -1 || group === USER);
};
