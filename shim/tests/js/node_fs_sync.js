// The synchronous functions of "fs" in /tmp: what they do, and how they fail.

import { temporary } from "./common.mjs";

const fs = process.getBuiltinModule("fs");
const { Buffer } = process.getBuiltinModule("buffer");

const failure = (run) => {
    try {
        return ["gave", run()];
    } catch (error) {
        return [error.code, error.syscall, error.message.replaceAll(BASE, "BASE")];
    }
};
const code = (run) => {
    try {
        return ["gave", run()];
    } catch (error) {
        return error.code ?? error.name;
    }
};
const { BASE, folder, file } = temporary("node_fs_sync");

export const cases = [
    ["access", () => {
        const path = file();
        return [fs.accessSync(path), fs.accessSync(path, fs.constants.R_OK | fs.constants.W_OK), code(() => fs.accessSync(path, fs.constants.X_OK)),
            failure(() => fs.accessSync(`${BASE}/none`)), code(() => fs.accessSync(path, 8)),
            code(() => fs.accessSync(5)), code(() => fs.accessSync("a\0b"))];
    }, [
        null, null, "EACCES", ["ENOENT", "access", "ENOENT: no such file or directory, access 'BASE/none'"], "ERR_OUT_OF_RANGE",
        "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE",
    ]],
    ["exists", () => [fs.existsSync(file()), fs.existsSync(BASE), fs.existsSync(`${BASE}/none`), fs.existsSync(5), fs.existsSync(),
        fs.existsSync("a\0b")], [true, true, false, false, false, false]],
    ["append", () => {
        const path = file();
        fs.appendFileSync(path, "def");
        fs.appendFileSync(path, Buffer.from("g"));
        fs.appendFileSync(`${path}-new`, "x", { mode: 0o600 });
        return [fs.readFileSync(path, "utf8"), (fs.statSync(`${path}-new`).mode & 0o777).toString(8), code(() => fs.appendFileSync(path, 5)),
            failure(() => fs.appendFileSync(`${BASE}/none/x`, "a"))];
    }, ["abcdefg", "600", "ERR_INVALID_ARG_TYPE", ["ENOENT", "open", "ENOENT: no such file or directory, open 'BASE/none/x'"]]],
    ["modes", () => {
        const path = file();
        const fd = fs.openSync(path, "r");
        fs.chmodSync(path, 0o640);
        const one = fs.statSync(path).mode;
        fs.chmodSync(path, "755");
        const two = fs.statSync(path).mode;
        fs.fchmodSync(fd, 0o400);
        const three = fs.fstatSync(fd).mode;
        fs.closeSync(fd);
        return [one, two, three, failure(() => fs.chmodSync(`${BASE}/none`, 0o600)), code(() => fs.chmodSync(path, "9")),
            code(() => fs.chmodSync(path, -1)), code(() => fs.chmodSync(path)), code(() => fs.fchmodSync(fd, 0o600)), code(() => fs.fchmodSync("a", 1))];
    }, [
        33184, 33261, 33024, ["ENOENT", "chmod", "ENOENT: no such file or directory, chmod 'BASE/none'"], "ERR_INVALID_ARG_VALUE",
        "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE", "EBADF", "ERR_INVALID_ARG_TYPE",
    ]],
    ["owners", () => {
        const path = file();
        const fd = fs.openSync(path, "r");
        const { uid, gid } = fs.statSync(path);
        const done = [fs.chownSync(path, uid, gid), fs.fchownSync(fd, uid, gid), fs.lchownSync(path, uid, gid)];
        fs.closeSync(fd);
        return [done, failure(() => fs.chownSync(`${BASE}/none`, uid, gid)), code(() => fs.chownSync(path, "a", 1)), code(() => fs.chownSync(path, -2,
            1)), code(() => fs.lchownSync(`${BASE}/none`, uid, gid)), code(() => fs.fchownSync(fd, uid, gid)), code(() => fs.fchownSync(fd, 1))];
    }, [
        [null, null, null], ["ENOENT", "chown", "ENOENT: no such file or directory, chown 'BASE/none'"], "ERR_INVALID_ARG_TYPE",
        "ERR_OUT_OF_RANGE", "ENOENT", "EBADF", "ERR_INVALID_ARG_TYPE",
    ]],
    ["copyFile", () => {
        const path = file();
        fs.copyFileSync(path, `${path}-2`);
        fs.writeFileSync(path, "changed");
        return [fs.readFileSync(`${path}-2`, "utf8"), failure(() => fs.copyFileSync(path, `${path}-2`, fs.constants.COPYFILE_EXCL)),
            failure(() => fs.copyFileSync(`${BASE}/none`, `${path}-3`)), code(() => fs.copyFileSync(path)),
            code(() => fs.copyFileSync(path, `${path}-2`, 99)), (fs.copyFileSync(path, `${path}-2`), fs.readFileSync(`${path}-2`, "utf8"))];
    }, [
        "abc", ["EEXIST", "copyfile", "EEXIST: file already exists, copyfile 'BASE/5/file' -> 'BASE/5/file-2'"],
        ["ENOENT", "copyfile", "ENOENT: no such file or directory, copyfile 'BASE/none' -> 'BASE/5/file-3'"], "ERR_INVALID_ARG_TYPE",
        "ERR_OUT_OF_RANGE", "changed",
    ]],
    ["cp of folders", () => {
        const path = folder();
        fs.mkdirSync(`${path}/a/b`, { recursive: true });
        fs.writeFileSync(`${path}/a/b/c`, "1");
        fs.writeFileSync(`${path}/a/d`, "2");
        fs.cpSync(`${path}/a`, `${path}/copy`, { recursive: true });
        fs.cpSync(`${path}/a`, `${path}/some`, { recursive: true, filter: (from) => !from.endsWith("d") });
        return [fs.readFileSync(`${path}/copy/b/c`, "utf8"), fs.readdirSync(`${path}/copy`).sort(), fs.readdirSync(`${path}/some`),
            code(() => fs.cpSync(`${path}/a`, `${path}/x`)), code(() => fs.cpSync(`${path}/a/d`, `${path}/copy/d`, { errorOnExist: true, force: false })),
            code(() => fs.cpSync(`${path}/none`, `${path}/y`)), code(() => fs.cpSync(`${path}/a`, `${path}/a/inside`, { recursive: true }))];
    }, ["1", ["b", "d"], ["b"], "ERR_FS_EISDIR", "ERR_FS_CP_EEXIST", "ENOENT", "ERR_FS_CP_EINVAL"]],
    ["links", () => {
        const path = file();
        fs.linkSync(path, `${path}-hard`);
        fs.symlinkSync("file", `${path}-soft`);
        fs.appendFileSync(`${path}-hard`, "+");
        return [fs.readFileSync(`${path}-soft`, "utf8"), fs.statSync(path).nlink, fs.readlinkSync(`${path}-soft`),
            fs.lstatSync(`${path}-soft`).isSymbolicLink(), fs.statSync(`${path}-soft`).isSymbolicLink(), fs.realpathSync(`${path}-soft`) === path,
            fs.readlinkSync(`${path}-soft`, "buffer").toString("hex"), failure(() => fs.readlinkSync(path)), failure(() => fs.linkSync(path,
                `${path}-hard`)), failure(() => fs.symlinkSync("x", path)), failure(() => fs.linkSync(`${BASE}/none`, `${path}-z`)),
            code(() => fs.symlinkSync(5, path))];
    }, [
        "abc+", 2, "file", true, false, true, "66696c65", ["EINVAL", "readlink", "EINVAL: invalid argument, readlink 'BASE/7/file'"],
        ["EEXIST", "link", "EEXIST: file already exists, link 'BASE/7/file' -> 'BASE/7/file-hard'"],
        ["EEXIST", "symlink", "EEXIST: file already exists, symlink 'x' -> 'BASE/7/file'"],
        ["ENOENT", "link", "ENOENT: no such file or directory, link 'BASE/none' -> 'BASE/7/file-z'"], "ERR_INVALID_ARG_TYPE",
    ]],
    ["a link in a circle", () => {
        const path = folder();
        fs.symlinkSync("b", `${path}/a`);
        fs.symlinkSync("a", `${path}/b`);
        return [failure(() => fs.readFileSync(`${path}/a`)), code(() => fs.statSync(`${path}/a`)), code(() => fs.realpathSync(`${path}/a`)),
            fs.existsSync(`${path}/a`), fs.lstatSync(`${path}/a`).isSymbolicLink()];
    }, [["ELOOP", "open", "ELOOP: too many symbolic links encountered, open 'BASE/8/a'"], "ELOOP", "ELOOP", false, true]],
    ["folders", () => {
        const path = folder();
        return [fs.mkdirSync(`${path}/a`), fs.mkdirSync(`${path}/x/y/z`, { recursive: true }).replace(BASE, ""), fs.mkdirSync(`${path}/x/y/z`,
            { recursive: true }), failure(() => fs.mkdirSync(`${path}/a`)).map((each) => each.replace?.(/\/\d+\//, "/N/")),
            code(() => fs.mkdirSync(`${path}/q/r`)), fs.rmdirSync(`${path}/a`), fs.existsSync(`${path}/a`), code(() => fs.rmdirSync(`${path}/x`)),
                code(() => fs.rmdirSync(`${path}/none`)), code(() => fs.mkdirSync(5)), code(() => fs.mkdirSync(`${path}/m`, { recursive: 1 })),
            (fs.statSync(`${path}/x`).mode & 0o777).toString(8)];
    }, [
        null, "/9/x", null, ["EEXIST", "mkdir", "EEXIST: file already exists, mkdir 'BASE/N/a'"], "ENOENT", null, false, "ENOTEMPTY",
        "ENOENT", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "755",
    ]],
    ["mkdtemp", () => {
        const path = folder();
        const made = fs.mkdtempSync(`${path}/a-`);
        return [made.startsWith(`${path}/a-`), made.length - path.length, fs.statSync(made).isDirectory(), fs.mkdtempSync(`${path}/a-`) !== made,
            Buffer.isBuffer(fs.mkdtempSync(`${path}/b`, "buffer")), code(() => fs.mkdtempSync(`${path}/none/a`)), code(() => fs.mkdtempSync(5))];
    }, [true, 9, true, true, true, "ENOENT", "ERR_INVALID_ARG_TYPE"]],
    ["readdir", () => {
        const path = folder();
        fs.mkdirSync(`${path}/d/e`, { recursive: true });
        fs.writeFileSync(`${path}/f`, "");
        fs.writeFileSync(`${path}/d/g`, "");
        fs.symlinkSync("f", `${path}/l`);
        return [fs.readdirSync(path).sort(), fs.readdirSync(path, { withFileTypes: true }).map((each) => [each.name, each.isFile(),
            each.isDirectory(), each.isSymbolicLink(), each.parentPath === path, each instanceof fs.Dirent]).sort(),
            fs.readdirSync(path, { recursive: true }).sort(), fs.readdirSync(path, "buffer").map((each) => each.toString()).sort(),
                failure(() => fs.readdirSync(`${path}/f`)).map((each) => each.replace?.(/\/\d+\//, "/N/")), code(() => fs.readdirSync(`${path}/none`)),
            code(() => fs.readdirSync(path, "nothing"))];
    }, [
        ["d", "f", "l"],
        [["d", false, true, false, true, true], ["f", true, false, false, true, true], ["l", false, false, true, true, true]],
        ["d", "d/e", "d/g", "f", "l"], ["d", "f", "l"], ["ENOTDIR", "scandir", "ENOTDIR: not a directory, scandir 'BASE/N/f'"], "ENOENT",
        "ERR_INVALID_ARG_VALUE",
    ]],
    ["opendir", () => {
        const path = folder();
        fs.writeFileSync(`${path}/a`, "");
        fs.mkdirSync(`${path}/b`);
        const dir = fs.opendirSync(path);
        const names = [];
        for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) names.push(entry.name);
        const found = [dir instanceof fs.Dir, dir.path === path, names.sort(), dir.readSync(), dir.closeSync(), code(() => dir.readSync()),
            code(() => dir.closeSync()), code(() => fs.opendirSync(`${path}/none`)), code(() => fs.opendirSync(path, { bufferSize: 0 }))];
        return found;
    }, [true, true, ["a", "b"], null, null, "ERR_DIR_CLOSED", "ERR_DIR_CLOSED", "ENOENT", "ERR_OUT_OF_RANGE"]],
    ["rename", () => {
        const path = folder();
        fs.writeFileSync(`${path}/a`, "1");
        fs.writeFileSync(`${path}/b`, "2");
        fs.mkdirSync(`${path}/d`);
        fs.renameSync(`${path}/a`, `${path}/b`);
        return [fs.readdirSync(path).sort(), fs.readFileSync(`${path}/b`, "utf8"), failure(() => fs.renameSync(`${BASE}/none`, `${BASE}/other`)),
            code(() => fs.renameSync(`${path}/b`, `${path}/d`)), code(() => fs.renameSync(`${path}/d`, `${path}/d/e`)),
            code(() => fs.renameSync(`${path}/d`, `${path}/b`)),
            fs.renameSync(`${path}/b`, `${path}/b`), code(() => fs.renameSync(`${path}/b`))];
    }, [
        ["b", "d"], "1", ["ENOENT", "rename", "ENOENT: no such file or directory, rename 'BASE/none' -> 'BASE/other'"], "EISDIR",
        "EINVAL", "ENOTDIR", null, "ERR_INVALID_ARG_TYPE",
    ]],
    ["rm", () => {
        const path = folder();
        fs.mkdirSync(`${path}/a/b`, { recursive: true });
        fs.writeFileSync(`${path}/f`, "");
        return [code(() => fs.rmSync(`${path}/a`)), fs.rmSync(`${path}/f`), code(() => fs.rmSync(`${path}/f`)), fs.rmSync(`${path}/f`,
            { force: true }), fs.rmSync(`${path}/a`, { recursive: true }), fs.readdirSync(path), code(() => fs.rmSync(`${path}/f`, { force: 1 })),
            code(() => fs.rmSync(5))];
    }, ["ERR_FS_EISDIR", null, "ENOENT", null, null, [], "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["unlink", () => {
        const path = file();
        return [fs.unlinkSync(path), fs.existsSync(path), failure(() => fs.unlinkSync(`${BASE}/none`)), code(() => fs.unlinkSync(BASE)),
            code(() => fs.unlinkSync({}))];
    }, [null, false, ["ENOENT", "unlink", "ENOENT: no such file or directory, unlink 'BASE/none'"], "EISDIR", "ERR_INVALID_ARG_TYPE"]],
    ["stat", () => {
        const path = file("abcde");
        const stats = fs.statSync(path);
        const big = fs.statSync(path, { bigint: true });
        return [stats instanceof fs.Stats, stats.size, stats.isFile(), stats.isDirectory(), stats.isFIFO(), stats.isSocket(), stats.isBlockDevice(),
            stats.isCharacterDevice(), typeof big.size, String(big.size), big.mtimeNs / 1_000_000n === big.mtimeMs, stats.mtime instanceof Date,
            Math.round(stats.mtimeMs) === stats.mtime.getTime(), fs.statSync(`${BASE}/none`, { throwIfNoEntry: false }),
                failure(() => fs.statSync(`${BASE}/none`)), failure(() => fs.lstatSync(`${BASE}/none`)), fs.lstatSync(`${BASE}/none`,
                { throwIfNoEntry: false }), stats.nlink, code(() => fs.statSync())];
    }, [
        true, 5, true, false, false, false, false, false, "bigint", "5", true, true, true, null,
        ["ENOENT", "stat", "ENOENT: no such file or directory, stat 'BASE/none'"],
        ["ENOENT", "lstat", "ENOENT: no such file or directory, lstat 'BASE/none'"], null, 1, "ERR_INVALID_ARG_TYPE",
    ]],
    ["statfs", () => {
        const numbers = fs.statfsSync("/tmp");
        const big = fs.statfsSync("/tmp", { bigint: true });
        return [Object.keys(numbers).sort(), typeof numbers.bsize, numbers.bfree <= numbers.blocks, typeof big.bsize,
            code(() => fs.statfsSync(`${BASE}/none`)), code(() => fs.statfsSync(5))];
    }, [["bavail", "bfree", "blocks", "bsize", "ffree", "files", "type"], "number", true, "bigint", "ENOENT", "ERR_INVALID_ARG_TYPE"]],
    ["truncate", () => {
        const path = file("abcdef");
        fs.truncateSync(path, 3);
        const one = fs.readFileSync(path, "utf8");
        fs.truncateSync(path, 5);
        const two = fs.readFileSync(path).toString("hex");
        const fd = fs.openSync(path, "r+");
        fs.ftruncateSync(fd, 1);
        fs.closeSync(fd);
        const three = fs.readFileSync(path, "utf8");
        fs.truncateSync(path);
        return [one, two, three, fs.statSync(path).size, failure(() => fs.truncateSync(`${BASE}/none`, 1)), code(() => fs.truncateSync(path, "a")),
            code(() => fs.truncateSync(path, 1.5)), code(() => fs.ftruncateSync(fd, 1)), code(() => fs.ftruncateSync(fs.openSync(path, "r"), 1))];
    }, [
        "abc", "6162630000", "a", 0, ["ENOENT", "open", "ENOENT: no such file or directory, open 'BASE/none'"], "ERR_INVALID_ARG_TYPE",
        "ERR_OUT_OF_RANGE", "EBADF", "EINVAL",
    ]],
    ["times", () => {
        const path = file();
        fs.utimesSync(path, 10, 20.5);
        const one = [fs.statSync(path).atimeMs, fs.statSync(path).mtimeMs];
        fs.utimesSync(path, new Date(30_000), "40");
        const two = [fs.statSync(path).atimeMs, fs.statSync(path).mtimeMs];
        const fd = fs.openSync(path, "r+");
        fs.futimesSync(fd, 50, 60);
        fs.closeSync(fd);
        const three = [fs.statSync(path).atimeMs, fs.statSync(path).mtimeMs];
        fs.symlinkSync("file", `${path}-l`);
        fs.lutimesSync(`${path}-l`, 70, 80);
        return [one, two, three, fs.lstatSync(`${path}-l`).mtimeMs, fs.statSync(path).mtimeMs, failure(() => fs.utimesSync(`${BASE}/none`, 1, 2)),
            code(() => fs.utimesSync(path, "a", 1)), code(() => fs.utimesSync(path, {}, 1)), code(() => fs.futimesSync(fd, 1, 2)),
            code(() => fs.lutimesSync(`${BASE}/none`, 1, 2))];
    }, [
        [10000, 20500], [30000, 40000], [50000, 60000], 80000, 60000,
        ["ENOENT", "utime", "ENOENT: no such file or directory, utime 'BASE/none'"], "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE",
        "EBADF", "ENOENT",
    ]],
    ["descriptors", () => {
        const path = file("0123456789");
        const fd = fs.openSync(path, "r+");
        const bytes = Buffer.alloc(6, 0x2e);
        const found = [fs.readSync(fd, bytes, 1, 3, 2), bytes.toString(), fs.readSync(fd, bytes), bytes.toString(), fs.readSync(fd, bytes,
            { offset: 4, length: 1, position: 9 }), bytes.toString(), fs.writeSync(fd, "xy", 8), fs.writeSync(fd, Buffer.from("abcd"), 1, 2, 0),
            fs.writeSync(fd, "zz"), fs.fstatSync(fd).size, fs.fsyncSync(fd), fs.fdatasyncSync(fd), fs.closeSync(fd), code(() => fs.closeSync(fd)),
                fs.readFileSync(path, "utf8")];
        return [...found, code(() => fs.readSync(fd, bytes)), code(() => fs.writeSync(fd, "a")), code(() => fs.fstatSync(fd)),
            code(() => fs.fsyncSync(fd)), code(() => fs.fdatasyncSync("a")), code(() => fs.closeSync(-1)), code(() => fs.openSync(path, "nothing")),
            code(() => fs.openSync(path, "wx")),
            code(() => fs.openSync(BASE, "w")), code(() => fs.readSync(fs.openSync(path, "w"), bytes))];
    }, [
        3, ".234..", 6, "012345", 1, "012395", 2, 2, 2, 10, null, null, null, "EBADF", "bc2345zzxy", "EBADF", "EBADF", "EBADF", "EBADF",
        "ERR_INVALID_ARG_TYPE", "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_VALUE", "EEXIST", "EISDIR", "EBADF",
    ]],
    ["several buffers at once", () => {
        const path = file("0123456789");
        const fd = fs.openSync(path, "r+");
        const parts = [Buffer.alloc(3), Buffer.alloc(4)];
        const found = [fs.readvSync(fd, parts, 1), parts.map(String), fs.writevSync(fd, [Buffer.from("ab"), Buffer.from("c")], 8), fs.writevSync(fd,
            [Buffer.from("X")]), fs.readFileSync(path, "utf8"), code(() => fs.readvSync(fd, "a")), code(() => fs.writevSync(fd, [5]))];
        fs.closeSync(fd);
        return [...found, code(() => fs.readvSync(fd, parts)), code(() => fs.writevSync(fd, parts))];
    }, [7, ["123", "4567"], 3, 1, "X1234567abc", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "EBADF", "EBADF"]],
    ["reading and writing whole files", () => {
        const path = file("\u20ac");
        return [fs.readFileSync(path).toString("hex"), fs.readFileSync(path, "latin1").length, fs.readFileSync(path, { encoding: "hex" }),
            (fs.writeFileSync(path, "6162", "hex"), fs.readFileSync(path, "utf8")), (fs.writeFileSync(path, new Uint16Array([0x4142])),
            fs.readFileSync(path, "utf8")),
            (fs.writeFileSync(path, "c", { flag: "a" }), fs.readFileSync(path, "utf8")), code(() => fs.writeFileSync(path, 5)),
                code(() => fs.writeFileSync(path, "a", "nothing")), code(() => fs.writeFileSync(path, "a", { flag: "wx" })),
                failure(() => fs.readFileSync(BASE)), code(() => fs.readFileSync(path, { flag: "zz" })),
            failure(() => fs.readFileSync(`${BASE}/none`))];
    }, [
        "e282ac", 3, "e282ac", "ab", "BA", "BAc", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE", "EEXIST",
        ["EISDIR", "read", "EISDIR: illegal operation on a directory, read"], "ERR_INVALID_ARG_VALUE",
        ["ENOENT", "open", "ENOENT: no such file or directory, open 'BASE/none'"],
    ]],
    ["text is written with an encoding in the place of its position", () => {
        const fd = fs.openSync("/tmp/encoded", "w");
        const found = [fs.writeSync(fd, "abc", "utf8"), fs.writeSync(fd, "6465", null, "hex"), fs.writeSync(fd, "X", 0)];
        fs.closeSync(fd);
        return [found, fs.readFileSync("/tmp/encoded", "utf8")];
    }, [[3, 2, 1], "Xbcde"]],
];
