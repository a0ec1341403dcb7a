// The module "fs/promises": each function by what it gives and how it rejects.

import { temporary } from "./common.mjs";

const fs = process.getBuiltinModule("fs");
const promises = process.getBuiltinModule("fs/promises");

const { BASE, folder, file } = temporary("node_fs_promises");
const NONE = `${BASE}/none`;
/** The value of a call, or the code that it rejects with; what it throws at once is told as such. */
const answer = async (name, ...values) => {
    let promise;
    try {
        promise = promises[name](...values);
    } catch (error) {
        return ["thrown", error.code];
    }
    if (!(promise instanceof Promise)) return "no promise";
    return promise.then((value) => value, (error) => error.code);
};

export const cases = [
    ["the module is fs.promises", () => [promises === fs.promises, promises.constants === fs.constants, promises.constants.COPYFILE_EXCL], [true, true, 1]],
    ["wrong arguments reject", async () => {
        const all = [];
        for (const name of ["access", "appendFile", "chmod", "copyFile", "link", "lstat", "mkdir", "mkdtemp", "open", "readFile", "readdir",
            "readlink", "realpath", "rename", "rm", "rmdir", "stat", "symlink", "truncate", "unlink", "utimes", "writeFile", "chown",
            "lchown", "lutimes", "cp", "opendir"]) {
            all.push(`${name} ${await answer(name, {}, {}, {})}`);
        }
        return all;
    }, [
        "access ERR_INVALID_ARG_TYPE", "appendFile ERR_INVALID_ARG_TYPE", "chmod ERR_INVALID_ARG_TYPE", "copyFile ERR_INVALID_ARG_TYPE",
        "link ERR_INVALID_ARG_TYPE", "lstat ERR_INVALID_ARG_TYPE", "mkdir ERR_INVALID_ARG_TYPE", "mkdtemp ERR_INVALID_ARG_TYPE",
        "open ERR_INVALID_ARG_TYPE", "readFile ERR_INVALID_ARG_TYPE", "readdir ERR_INVALID_ARG_TYPE", "readlink ERR_INVALID_ARG_TYPE",
        "realpath ERR_INVALID_ARG_TYPE", "rename ERR_INVALID_ARG_TYPE", "rm ERR_INVALID_ARG_TYPE", "rmdir ERR_INVALID_ARG_TYPE",
        "stat ERR_INVALID_ARG_TYPE", "symlink ERR_INVALID_ARG_TYPE", "truncate ERR_INVALID_ARG_TYPE", "unlink ERR_INVALID_ARG_TYPE",
        "utimes ERR_INVALID_ARG_TYPE", "writeFile ERR_INVALID_ARG_TYPE", "chown ERR_INVALID_ARG_TYPE", "lchown ERR_INVALID_ARG_TYPE",
        "lutimes ERR_INVALID_ARG_TYPE", "cp ERR_INVALID_ARG_TYPE", "opendir ERR_INVALID_ARG_TYPE",
    ]],
    ["access", async () => [await answer("access", file()), await answer("access", NONE), await answer("access", file(), fs.constants.X_OK)], [
        null, "ENOENT", "EACCES",
    ]],
    ["reading and writing whole files", async () => {
        const path = file();
        return [await answer("appendFile", path, "d"), await answer("readFile", path, "utf8"), await answer("writeFile", path, Buffer.from("xy")),
            (await answer("readFile", path)).toString("hex"), await answer("writeFile", path, ["a", "b", "c"]), await answer("readFile", path, "utf8"),
            await answer("writeFile", path, (async function* () {
                yield "1";
                yield Buffer.from("2");
            })()), await answer("readFile", path, "utf8"), await answer("readFile", NONE), await answer("readFile", path,
                { signal: AbortSignal.abort() }), await answer("writeFile", path, 5)];
    }, [null, "abcd", null, "7879", null, "abc", null, "12", "ENOENT", "ABORT_ERR", "ERR_INVALID_ARG_TYPE"]],
    ["modes, owners, times", async () => {
        const path = file();
        const { uid, gid } = fs.statSync(path);
        fs.symlinkSync("file", `${path}-l`);
        return [await answer("chmod", path, 0o600), fs.statSync(path).mode, await answer("chown", path, uid, gid), await answer("lchown", `${path}-l`,
            uid, gid), await answer("utimes", path, 1, 2), fs.statSync(path).mtimeMs, await answer("lutimes", `${path}-l`, 3, 4),
            fs.lstatSync(`${path}-l`).mtimeMs,
            await answer("chmod", NONE, 0o600), await answer("chown", NONE, uid, gid), await answer("lchown", NONE, uid, gid), await answer("utimes",
                NONE, 1, 2), await answer("lutimes", NONE, 1, 2)];
    }, [null, 33152, null, null, null, 2000, null, 4000, "ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT"]],
    ["copies", async () => {
        const path = folder();
        fs.mkdirSync(`${path}/a/b`, { recursive: true });
        fs.writeFileSync(`${path}/a/b/c`, "1");
        return [await answer("copyFile", `${path}/a/b/c`, `${path}/d`), fs.readFileSync(`${path}/d`, "utf8"), await answer("copyFile", `${path}/d`,
            `${path}/d2`, promises.constants.COPYFILE_EXCL), await answer("copyFile", `${path}/d`, `${path}/d2`, promises.constants.COPYFILE_EXCL),
            await answer("cp", `${path}/a`, `${path}/e`, { recursive: true }),
            fs.readFileSync(`${path}/e/b/c`, "utf8"), await answer("cp", `${path}/a`, `${path}/f`), await answer("cp", `${path}/a`, `${path}/g`,
                { recursive: true, filter: async (from) => !from.endsWith("c") }), fs.readdirSync(`${path}/g/b`), await answer("cp", NONE, path)];
    }, [null, "1", null, "EEXIST", null, "1", "ERR_FS_EISDIR", null, [], "ENOENT"]],
    ["links", async () => {
        const path = file();
        return [await answer("link", path, `${path}-h`), await answer("symlink", "file", `${path}-s`), await answer("readlink", `${path}-s`),
            await answer("realpath", `${path}-s`) === path, (await answer("lstat", `${path}-s`)).isSymbolicLink(), await answer("link", NONE,
            `${path}-x`), await answer("symlink", "x", path), await answer("readlink", path),
            await answer("realpath", NONE), (await answer("stat", path)).nlink];
    }, [null, null, "file", true, true, "ENOENT", "EEXIST", "EINVAL", "ENOENT", 2]],
    ["folders", async () => {
        const path = folder();
        const made = await answer("mkdtemp", `${path}/t-`);
        const deep = await answer("mkdir", `${path}/b/c`, { recursive: true });
        return [await answer("mkdir", `${path}/a`), deep === `${path}/b`, made.startsWith(`${path}/t-`), await answer("readdir", `${path}/b`),
            (await answer("readdir", `${path}/b`, { withFileTypes: true }))[0].isDirectory(), await answer("mkdir", `${path}/a`),
            await answer("rmdir", `${path}/a`), await answer("rmdir", `${path}/b`),
            await answer("rm", `${path}/b`), await answer("rm", `${path}/b`, { recursive: true }), await answer("rm", `${path}/b`), await answer("rm",
                `${path}/b`, { force: true }), await answer("readdir", NONE), await answer("mkdtemp", `${NONE}/x`)];
    }, [null, true, true, ["c"], true, "EEXIST", null, "ENOTEMPTY", "ERR_FS_EISDIR", null, "ENOENT", null, "ENOENT", "ENOENT"]],
    ["opendir", async () => {
        const path = folder();
        fs.writeFileSync(`${path}/a`, "");
        fs.writeFileSync(`${path}/b`, "");
        const dir = await promises.opendir(path);
        const names = [];
        for await (const entry of dir) names.push(entry.name);
        return [dir instanceof fs.Dir, names.sort(), await answer("opendir", NONE)];
    }, [true, ["a", "b"], "ENOENT"]],
    ["rename, unlink, truncate", async () => {
        const path = file("abcdef");
        return [await answer("truncate", path, 2), fs.readFileSync(path, "utf8"), await answer("rename", path, `${path}-2`), await answer("unlink",
            `${path}-2`), fs.existsSync(`${path}-2`), await answer("rename", NONE, path), await answer("unlink", NONE), await answer("truncate", NONE)];
    }, [null, "ab", null, null, false, "ENOENT", "ENOENT", "ENOENT"]],
    ["stat, lstat, statfs", async () => [(await answer("stat", file("abcd"))).size, typeof (await answer("stat", BASE, { bigint: true })).size,
        (await answer("lstat", BASE)).isDirectory(), typeof (await answer("statfs", "/tmp")).bsize, await answer("stat", NONE), await answer("lstat",
        NONE), await answer("statfs", NONE)], [4, "bigint", true, "number", "ENOENT", "ENOENT", "ENOENT"]],
    ["an open file", async () => {
        const path = file("0123456789");
        const handle = await promises.open(path, "r+");
        const bytes = Buffer.alloc(4);
        const found = [typeof handle.fd, 2 < handle.fd, (await handle.read(bytes, 0, 4, 2)).bytesRead, bytes.toString(), (await handle.read({ buffer: bytes,
            position: 0, length: 2 })).bytesRead, bytes.toString(), (await handle.write("ab", 8)).bytesWritten,
            (await handle.write(Buffer.from("xyz"), 1, 1, 0)).bytesWritten,
            (await handle.readv([Buffer.alloc(2)], 0)).bytesRead, (await handle.writev([Buffer.from("Q")], 3)).bytesWritten,
                (await handle.stat()).size, await handle.truncate(9), await handle.sync(), await handle.datasync(), await handle.chmod(0o600),
                await handle.utimes(1, 2), fs.statSync(path).mtimeMs, await handle.readFile("utf8"),
            await handle.appendFile("+"), await handle.close(), handle.fd, await handle.stat().catch((error) => error.code), await handle.close()];
        return [...found, fs.readFileSync(path, "utf8"), await answer("open", NONE), await answer("open", path, "wx")];
    }, [
        "number", true, 4, "2345", 2, "0145", 2, 1, 2, 1, 10, null, null, null, null, null, 2000, "y12Q4567a", null, null, -1, "EBADF",
        null, "y12Q4567a+", "ENOENT", "EEXIST",
    ]],
    ["lines and streams of an open file", async () => {
        const path = file("one\ntwo\r\nthree");
        const lines = [];
        const handle = await promises.open(path);
        for await (const line of handle.readLines()) lines.push(line);
        const other = await promises.open(path);
        const chunks = [];
        for await (const chunk of other.createReadStream({ encoding: "utf8" })) chunks.push(chunk);
        const third = await promises.open(path);
        const web = [];
        for await (const chunk of third.readableWebStream()) web.push(Buffer.from(chunk).toString());
        await third.close();
        const fourth = await promises.open(path, "w");
        const writing = fourth.createWriteStream();
        await new Promise((resolve) => writing.end("written", resolve));
        return [lines, chunks, web.join(""), fs.readFileSync(path, "utf8")];
    }, [["one", "two", "three"], ["one\ntwo\r\nthree"], "one\ntwo\r\nthree", "written"]],
    ["an open file is closed by await using, and by its own functions", async () => {
        const handle = await promises.open(file());
        let closed = 0;
        handle.on("close", () => closed++);
        await handle[Symbol.asyncDispose]();
        return [handle.fd, closed];
    }, [-1, 1]],
];
