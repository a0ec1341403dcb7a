// The functions of "fs" that answer by a callback: later, once, with null or an error and the value of the synchronous form.

import { temporary } from "./common.mjs";

const fs = process.getBuiltinModule("fs");

const failure = (run) => {
    try {
        return ["gave", run()];
    } catch (error) {
        return error.code ?? error.name;
    }
};
const { BASE, folder, file } = temporary("node_fs_callbacks");

/** What a function gives to its callback: [code of the error or null, values]; that it comes later. */
const answer = (name, ...values) => new Promise((resolve) => {
    let isLater = false;
    const result = fs[name](...values, (error, ...rest) => resolve([error?.code ?? error, ...rest.filter((each) => each !== undefined),
        isLater && result === undefined ? "later" : "at once"]));
    isLater = true;
});
const NONE = `${BASE}/none`;

export const cases = [
    ["callbacks are functions", () => ["access", "appendFile", "chmod", "close", "copyFile", "exists", "fstat", "link", "lstat", "mkdir", "mkdtemp",
        "open", "opendir", "read", "readFile", "readdir", "readlink", "realpath", "rename", "rmdir", "stat",
        "statfs", "symlink", "truncate", "unlink", "utimes", "write", "writeFile", "writev", "readv", "fsync",
            "cp"].map((name) => failure(() => fs[name]("/tmp/x"))).filter((each) => each !== "ERR_INVALID_ARG_TYPE"), []],
    ["arguments are checked at once", () => ["access", "chmod", "copyFile", "lstat", "mkdir", "open", "readFile", "readdir", "rename", "rm", "stat",
        "unlink", "writeFile"].map((name) => failure(() => fs[name](5.5, () => {}, () => {}))), [
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
    ]],
    ["access", async () => [await answer("access", file()), await answer("access", NONE), await answer("access", file(), fs.constants.W_OK),
        await answer("access", file(), fs.constants.X_OK)], [[null, "later"], ["ENOENT", "later"], [null, "later"], ["EACCES", "later"]]],
    ["exists gives the answer alone", async () => [await new Promise((resolve) => fs.exists(BASE, resolve)),
        await new Promise((resolve) => fs.exists(NONE, resolve)), await new Promise((resolve) => fs.exists(5, resolve))], [true, false, false]],
    ["appendFile, writeFile, readFile", async () => {
        const path = file();
        return [await answer("appendFile", path, "d"), await answer("readFile", path, "utf8"), await answer("writeFile", path, "xyz", { flag: "a" }),
            await answer("readFile", path, { encoding: "hex" }), await answer("readFile", NONE), await answer("writeFile", `${NONE}/a`, ""),
            (await answer("readFile", path))[1].toString(), await answer("appendFile", BASE, "x")];
    }, [
        [null, "later"], [null, "abcd", "later"], [null, "later"], [null, "6162636478797a", "later"], ["ENOENT", "later"],
        ["ENOENT", "later"], "abcdxyz", ["EISDIR", "later"],
    ]],
    ["readFile can be stopped", async () => {
        const path = file();
        const signal = AbortSignal.abort();
        return [(await answer("readFile", path, { signal }))[0], (await answer("writeFile", path, "new", { signal }))[0], fs.readFileSync(path, "utf8")];
    }, ["ABORT_ERR", "ABORT_ERR", "abc"]],
    ["modes and owners", async () => {
        const path = file();
        const { uid, gid } = fs.statSync(path);
        const fd = fs.openSync(path, "r");
        const found = [await answer("chmod", path, 0o600), fs.statSync(path).mode, await answer("fchmod", fd, 0o644), fs.fstatSync(fd).mode,
            await answer("chown", path, uid, gid), await answer("lchown", path, uid, gid), await answer("fchown", fd, uid, gid),
            await answer("chmod", NONE, 0o600), await answer("chown", NONE, uid, gid), await answer("lchown", NONE, uid, gid), await answer("close",
                fd), await answer("fchmod", fd, 0o600), await answer("fchown", fd, uid, gid)];
        return found;
    }, [
        [null, "later"], 33152, [null, "later"], 33188, [null, "later"], [null, "later"], [null, "later"], ["ENOENT", "later"],
        ["ENOENT", "later"], ["ENOENT", "later"], [null, "later"], ["EBADF", "later"], ["EBADF", "later"],
    ]],
    ["copies", async () => {
        const path = file();
        return [await answer("copyFile", path, `${path}-2`), fs.readFileSync(`${path}-2`, "utf8"), await answer("copyFile", path, `${path}-2`,
            fs.constants.COPYFILE_EXCL), await answer("cp", path, `${path}-3`), fs.existsSync(`${path}-3`), await answer("copyFile", NONE, path),
            await answer("cp", BASE, `${BASE}-x`), await answer("cp", path, `${path}-3`, { force: false, errorOnExist: true })];
    }, [
        [null, "later"], "abc", ["EEXIST", "later"], [null, "later"], true, ["ENOENT", "later"], ["ERR_FS_EISDIR", "later"],
        ["ERR_FS_CP_EEXIST", "later"],
    ]],
    ["links", async () => {
        const path = file();
        return [await answer("link", path, `${path}-h`), await answer("symlink", "file", `${path}-s`), await answer("readlink", `${path}-s`),
            (await answer("realpath", `${path}-s`))[1] === path, await answer("link", NONE, path), await answer("symlink", "x", path),
            await answer("readlink", path), await answer("realpath", NONE), (await answer("lstat", `${path}-s`))[1].isSymbolicLink(),
                fs.statSync(path).nlink];
    }, [
        [null, "later"], [null, "later"], [null, "file", "later"], true, ["ENOENT", "later"], ["EEXIST", "later"], ["EINVAL", "later"],
        ["ENOENT", "later"], true, 2,
    ]],
    ["folders", async () => {
        const path = folder();
        const made = await answer("mkdtemp", `${path}/t-`);
        const found = [await answer("mkdir", `${path}/a`), (await answer("mkdir", `${path}/b/c`,
            { recursive: true })).map((each) => each?.replace?.(BASE, "")), await answer("mkdir", `${path}/a`), [made[0],
            made[1].startsWith(`${path}/t-`)], (await answer("readdir", `${path}/b`)),
            (await answer("readdir", `${path}/b`, { withFileTypes: true }))[1][0] instanceof fs.Dirent, await answer("rmdir", `${path}/a`),
                await answer("rmdir", `${path}/b`), await answer("rm", `${path}/b`, { recursive: true }), await answer("rm", `${path}/b`),
                await answer("rm", `${path}/b`, { force: true }),
            await answer("readdir", NONE), await answer("mkdtemp", `${NONE}/a`)];
        return found.map((each) => (Array.isArray(each) ? each.map((one) => one?.replace?.(BASE, "") ?? one) : each));
    }, [
        [null, "later"], [null, "/8/b", "later"], ["EEXIST", "later"], [null, true], [null, ["c"], "later"], true, [null, "later"],
        ["ENOTEMPTY", "later"], [null, "later"], ["ENOENT", "later"], [null, "later"], ["ENOENT", "later"], ["ENOENT", "later"],
    ]],
    ["opendir", async () => {
        const path = folder();
        fs.writeFileSync(`${path}/a`, "");
        const [error, dir] = await answer("opendir", path);
        const first = await new Promise((resolve) => dir.read((problem, entry) => resolve([problem, entry.name, entry.isFile()])));
        const second = await dir.read();
        const closed = await new Promise((resolve) => dir.close((error) => resolve(error)));
        const again = await dir.close().catch((each) => each.code);
        const names = [];
        for await (const entry of fs.opendirSync(path)) names.push(entry.name);
        return [error, dir instanceof fs.Dir, first, second, closed, again, names, await answer("opendir", NONE)];
    }, [null, true, [null, "a", true], null, null, "ERR_DIR_CLOSED", ["a"], ["ENOENT", "later"]]],
    ["rename, unlink, truncate", async () => {
        const path = file("abcdef");
        return [await answer("truncate", path, 2), fs.readFileSync(path, "utf8"), await answer("rename", path, `${path}-2`), await answer("unlink",
            `${path}-2`), fs.existsSync(`${path}-2`), await answer("rename", NONE, path), await answer("unlink", NONE), await answer("truncate", NONE, 0),
            await answer("truncate", file("abc")), await answer("unlink", BASE)];
    }, [
        [null, "later"], "ab", [null, "later"], [null, "later"], false, ["ENOENT", "later"], ["ENOENT", "later"], ["ENOENT", "later"],
        [null, "later"], ["EISDIR", "later"],
    ]],
    ["stat and its like", async () => {
        const path = file("abcd");
        const fd = fs.openSync(path, "r");
        const found = [(await answer("stat", path))[1].size, typeof (await answer("stat", path, { bigint: true }))[1].size, (await answer("lstat",
            path))[1] instanceof fs.Stats, (await answer("fstat", fd))[1].size, await answer("stat", NONE), await answer("lstat", NONE),
            typeof (await answer("statfs", "/tmp"))[1].bsize, await answer("statfs", NONE), await answer("close", fd), await answer("fstat", fd),
                await answer("close", fd)];
        return found;
    }, [
        4, "bigint", true, 4, ["ENOENT", "later"], ["ENOENT", "later"], "number", ["ENOENT", "later"], [null, "later"],
        ["EBADF", "later"], ["EBADF", "later"],
    ]],
    ["times", async () => {
        const path = file();
        const fd = fs.openSync(path, "r+");
        fs.symlinkSync("file", `${path}-l`);
        const found = [await answer("utimes", path, 1, 2), fs.statSync(path).mtimeMs, await answer("futimes", fd, 3, 4), fs.statSync(path).mtimeMs,
            await answer("lutimes", `${path}-l`, 5, 6), fs.lstatSync(`${path}-l`).mtimeMs, fs.statSync(path).mtimeMs,
            await answer("utimes", NONE, 1, 2), await answer("lutimes", NONE, 1, 2), await answer("close", fd), await answer("futimes", fd, 1, 2)];
        return found;
    }, [
        [null, "later"], 2000, [null, "later"], 4000, [null, "later"], 6000, 4000, ["ENOENT", "later"], ["ENOENT", "later"],
        [null, "later"], ["EBADF", "later"],
    ]],
    ["open, read, write, close", async () => {
        const path = file("0123456789");
        const [error, fd] = await answer("open", path, "r+");
        const bytes = Buffer.alloc(4);
        const found = [error, typeof fd, (await answer("read", fd, bytes, 0, 4, 2)).map(String), (await answer("read", fd, { buffer: bytes,
            position: 0, length: 2 })).map(String), (await answer("write", fd, Buffer.from("abc"), 0, 2, 5)).map(String), await answer("write", fd,
            "XY", 0, "latin1"),
            await answer("fsync", fd), await answer("fdatasync", fd), await answer("ftruncate", fd, 6), await answer("close", fd),
                fs.readFileSync(path, "utf8"), (await answer("read", fd, bytes, 0, 1, 0)).slice(0, 1), (await answer("write", fd, "a")).slice(0, 1),
                await answer("open", NONE, "r"), await answer("open", path, "wx"),
            await answer("fsync", fd), await answer("fdatasync", fd), await answer("ftruncate", fd, 1)];
        return found;
    }, [
        null, "number", ["null", "4", "2345", "later"], ["null", "2", "0145", "later"], ["null", "2", "abc", "later"],
        [null, 2, "XY", "later"], [null, "later"], [null, "later"], [null, "later"], [null, "later"], "XY234a", ["EBADF"], ["EBADF"],
        ["ENOENT", "later"], ["EEXIST", "later"], ["EBADF", "later"], ["EBADF", "later"], ["EBADF", "later"],
    ]],
    ["read with all that it can make itself", async () => {
        const fd = fs.openSync(file("abc"), "r");
        const [error, count, bytes] = await answer("read", fd);
        fs.closeSync(fd);
        return [error, count, bytes.length, bytes.toString("latin1", 0, count)];
    }, [null, 3, 16384, "abc"]],
    ["readv and writev", async () => {
        const path = file("0123456789");
        const fd = fs.openSync(path, "r+");
        const parts = [Buffer.alloc(2), Buffer.alloc(3)];
        const found = [(await answer("readv", fd, parts, 1)).slice(0, 2), parts.map(String), (await answer("writev", fd, [Buffer.from("ab"),
            Buffer.from("cd")], 6)).slice(0, 2), fs.readFileSync(path, "utf8")];
        fs.closeSync(fd);
        return [...found, (await answer("readv", fd, parts, 0)).slice(0, 1), (await answer("writev", fd, parts, 0)).slice(0, 1)];
    }, [[null, 5], ["12", "345"], [null, 4], "012345abcd", ["EBADF"], ["EBADF"]]],
    ["streams of files", async () => {
        const path = file("0123456789");
        const chunks = [];
        const reading = fs.createReadStream(path, { start: 2, end: 6, encoding: "latin1", highWaterMark: 2 });
        for await (const chunk of reading) chunks.push(chunk);
        const writing = fs.createWriteStream(path, { flags: "a" });
        writing.write("ab");
        writing.end("cd");
        await new Promise((resolve) => writing.on("close", resolve));
        const broken = fs.createReadStream(NONE);
        const error = await new Promise((resolve) => broken.on("error", resolve));
        return [chunks, reading.bytesRead, reading.path === path, fs.readFileSync(path, "utf8"), writing.bytesWritten, error.code,
            reading instanceof fs.ReadStream, writing instanceof fs.WriteStream, fs.FileReadStream === fs.ReadStream, fs.FileWriteStream === fs.WriteStream,
            new fs.ReadStream(path, { start: 9, end: 9 }).path === path, failure(() => fs.createReadStream(path, { start: "a" })),
                failure(() => fs.createReadStream(path, { start: 5, end: 1 })), failure(() => fs.createWriteStream(path, { start: -1 }))];
    }, [
        ["23", "45", "6"], 5, true, "0123456789abcd", 4, "ENOENT", true, true, true, true, true, "ERR_INVALID_ARG_TYPE",
        "ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE",
    ]],
    ["older names of the streams make them", async () => {
        const path = file("old");
        const chunks = [];
        for await (const chunk of new fs.FileReadStream(path)) chunks.push(String(chunk));
        const writing = new fs.FileWriteStream(path);
        await new Promise((resolve) => writing.end("new", resolve));
        return [chunks, fs.readFileSync(path, "utf8")];
    }, [["old"], "new"]],
    ["a file as a Blob", async () => {
        const blob = await fs.openAsBlob(file("abc"), { type: "text/plain" });
        return [await blob.text(), blob.type, blob.size,
            failure(() => fs.openAsBlob(5)) === "ERR_INVALID_ARG_TYPE" || await fs.openAsBlob(5).catch((error) => error.code), await blob.slice(1).text()];
    }, ["abc", "text/plain", 3, true, "bc"]],
    ["unwatching what is not watched does nothing", () => [fs.unwatchFile(BASE) === undefined, fs.unwatchFile(BASE, () => {}) === undefined], [true, true]],
];
