// `fs/promises`: the same functions with promises, and FileHandle.

import { absentOf } from "../absent.js";
import EventEmitter from "../node/events.js";
import { abortError, invalidState, systemError, validateObject, validateOneOf } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { asBuffer, asBytes, bytesToWrite, decode, optionsOf, pathOf } from "./arguments.js";
import { constants } from "./constants.js";
import * as descriptors from "./descriptors.js";
import * as folders from "./folders.js";
import { globLater } from "./glob.js";
import * as operations from "./operations.js";
import { ReadableStream } from "../streams/index.js";

const {
    ArrayBufferIsView, ArrayBufferPrototypeSlice, ObjectDefineProperty, ReflectApply, StringPrototypeEndsWith,
    StringPrototypeIndexOf, StringPrototypeSlice, SymbolAsyncDispose, SymbolAsyncIterator, SymbolIterator,
    TypedArrayPrototypeGetBuffer, Uint8Array,
} = primordials;

const checkSignal = (signal) => {
    if (signal?.aborted) throw abortError(undefined, { cause: signal.reason });
};

/** The bytes of one read for which no buffer is given. */
const CHUNK = 16 * 1024;

let makeStreams;

/** Says what makes the streams of a handle: `{ createReadStream, createWriteStream }`. */
export const setStreams = (functions) => {
    makeStreams = functions;
};

export let isFileHandle;

/** An open file whose methods give promises. */
export class FileHandle extends EventEmitter {
    #fd;
    #isLocked = false;

    constructor(fd) {
        super();
        this.#fd = fd;
    }

    static {
        isFileHandle = (value) => typeof value === "object" && value !== null && #fd in value;
    }

    get fd() { return this.#fd; }

    getAsyncId() { return 0; }

    #open(syscall) {
        if (this.#fd === -1) throw systemError({ code: "EBADF", syscall, message: "file closed" });
        return this.#fd;
    }

    async appendFile(data, options) { operations.appendFileSync(this.#open("write"), data, options); }
    async chmod(mode) { descriptors.fchmodSync(this.#open("fchmod"), mode); }
    async chown(user, group) { descriptors.fchownSync(this.#open("fchown"), user, group); }
    async datasync() { descriptors.fdatasyncSync(this.#open("fdatasync")); }
    async sync() { descriptors.fsyncSync(this.#open("fsync")); }
    async stat(options) { return descriptors.fstatSync(this.#open("fstat"), options); }
    async truncate(length) { descriptors.ftruncateSync(this.#open("ftruncate"), length); }
    async utimes(atime, mtime) { descriptors.futimesSync(this.#open("futime"), atime, mtime); }
    async writeFile(data, options) { await writeContent(this.#open("write"), data, options); }

    async readFile(options) {
        checkSignal(options?.signal);
        return operations.readFileSync(this.#open("read"), options);
    }

    async read(buffer, offset, length, position) {
        let target = buffer;
        if (!ArrayBufferIsView(target)) {
            const options = target ?? {};
            target = options.buffer ?? asBuffer(new Uint8Array(CHUNK));
            ({ offset, length, position } = options);
        }
        const bytesRead = descriptors.readSync(this.#open("read"), target, offset, length, position);
        return { __proto__: null, bytesRead, buffer: target };
    }

    async readv(buffers, position) {
        return { __proto__: null, bytesRead: descriptors.readvSync(this.#open("readv"), buffers, position), buffers };
    }

    async write(buffer, offset, length, position) {
        const bytesWritten = descriptors.writeSync(this.#open("write"), buffer, offset, length, position);
        return { __proto__: null, bytesWritten, buffer };
    }

    async writev(buffers, position) {
        const bytesWritten = descriptors.writevSync(this.#open("writev"), buffers, position);
        return { __proto__: null, bytesWritten, buffers };
    }

    async close() {
        if (this.#fd === -1) return;
        descriptors.closeSync(this.#fd);
        this.#fd = -1;
        this.emit("close");
    }

    async *readLines(options) {
        const encoding = options?.encoding || "utf8";
        const text = decode(asBytes(await this.readFile()), encoding);
        let from = 0;
        while (from < text.length) {
            let end = StringPrototypeIndexOf(text, "\n", from);
            if (end === -1) end = text.length;
            const line = StringPrototypeSlice(text, from, end);
            yield StringPrototypeEndsWith(line, "\r") ? StringPrototypeSlice(line, 0, line.length - 1) : line;
            from = end + 1;
        }
        await this.close();
    }

    /** Its chunks are bytes with `type: "bytes"`, else ArrayBuffers. The file stays open when it has ended. */
    readableWebStream(options = {}) {
        validateObject(options, "options");
        if (this.#fd === -1) throw invalidState("The FileHandle is closed");
        if (this.#isLocked) throw invalidState("The FileHandle is locked");
        const { type } = options;
        if (type !== undefined) validateOneOf(type, "options.type", ["bytes"]);
        this.#isLocked = true;
        return new ReadableStream({ type, pull: (controller) => this.#pull(controller, type === "bytes") });
    }

    async #pull(controller, isBytes) {
        const { bytesRead, buffer } = await this.read(new Uint8Array(CHUNK));
        if (bytesRead === 0) {
            controller.close();
            if (isBytes) controller.byobRequest?.respond(0);
            return;
        }
        const memory = ArrayBufferPrototypeSlice(TypedArrayPrototypeGetBuffer(buffer), 0, bytesRead);
        controller.enqueue(isBytes ? new Uint8Array(memory) : memory);
    }

    createReadStream(options) {
        return makeStreams.createReadStream("", { ...options, fd: this });
    }

    createWriteStream(options) {
        return makeStreams.createWriteStream("", { ...options, fd: this });
    }
}
if (SymbolAsyncDispose !== undefined) {
    ObjectDefineProperty(FileHandle.prototype, SymbolAsyncDispose, {
        __proto__: null, value() { return this.close(); }, writable: true, configurable: true,
    });
}

/** The content may come from an iterable, piece by piece. */
const writeContent = async (number, data, options) => {
    const given = optionsOf(options, { encoding: "utf8" });
    checkSignal(given.signal);
    if (typeof data === "string" || ArrayBufferIsView(data)) {
        operations.writeAll(number, bytesToWrite(data, given.encoding));
        return;
    }
    const method = data?.[SymbolAsyncIterator] ?? data?.[SymbolIterator];
    if (typeof method !== "function") bytesToWrite(data, given.encoding);
    const iterator = ReflectApply(method, data, []);
    for (;;) {
        const step = await iterator.next();
        checkSignal(given.signal);
        if (step.done) return;
        operations.writeAll(number, bytesToWrite(step.value, given.encoding));
    }
};

const openedBy = (file, flag, mode) => (isFileHandle(file) ? file.fd : operations.opened(file, flag, mode));

const put = async (file, data, options, otherwise) => {
    const { flag, mode, signal } = optionsOf(options, { flag: otherwise, mode: 0o666 });
    checkSignal(signal);
    const number = openedBy(file, flag, mode);
    try {
        await writeContent(number, data, options);
    } finally {
        if (!isFileHandle(file)) descriptors.closeSync(number);
    }
};

const own = {
    async open(path, flags, mode) {
        return new FileHandle(descriptors.openSync(path, flags, mode));
    },
    async readFile(file, options) {
        checkSignal(options?.signal);
        return operations.readFileSync(isFileHandle(file) ? file.fd : pathOf(file), options);
    },
    async writeFile(file, data, options) {
        await put(file, data, options, "w");
    },
    async appendFile(file, data, options) {
        await put(file, data, options, "a");
    },
    async access(path, mode) {
        operations.accessSync(path, mode);
    },
    async cp(source, destination, options) {
        await folders.copyLater(source, destination, options);
    },
};

const NAMES = [
    "chmod", "chown", "copyFile", "lchown", "link", "lstat", "lutimes", "mkdir", "mkdtemp", "opendir", "readdir",
    "readlink", "realpath", "rename", "rm", "rmdir", "stat", "statfs", "symlink", "truncate", "unlink", "utimes",
];

const promised = (name, sync) => {
    const methods = {
        async [name](...args) {
            return ReflectApply(sync, undefined, args);
        },
    };
    return methods[name];
};

export const promises = { ...own, ...absentOf("fs.promises"), constants, glob: globLater };
for (let at = 0; at < NAMES.length; at++) {
    const sync = `${NAMES[at]}Sync`;
    promises[NAMES[at]] = promised(NAMES[at], operations[sync] ?? folders[sync]);
}
