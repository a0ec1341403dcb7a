// The module "fs": files under /tmp, and what is not there.

const fs = process.getBuiltinModule("fs");
const { Readable } = process.getBuiltinModule("stream");
const { once } = process.getBuiltinModule("events");

let count = 0;
const place = () => {
    const path = `/tmp/http_fs_${count++}`;
    fs.rmSync(path, { recursive: true, force: true });
    return path;
};

const folder = () => {
    const path = place();
    fs.mkdirSync(path);
    return path;
};

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return [error.code, error.syscall, error.message];
    }
};

const codeOf = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return error.code;
    }
};

const called = (start) => new Promise((resolve) => {
    start((error, ...values) => resolve(error ? [error.code] : values));
});

export const cases = [
    ["a file is written, appended and read", () => {
        const path = place();
        fs.writeFileSync(path, "häuser");
        fs.appendFileSync(path, Buffer.from([33, 10]));
        return [fs.readFileSync(path, "utf8"), fs.readFileSync(path, { encoding: "hex" }), fs.readFileSync(path).length,
            Buffer.isBuffer(fs.readFileSync(path))];
    }, ["häuser!\n", "68c3a4757365720a".replace("0a", "210a"), 9, true]],
    ["what is absent is ENOENT with the path", () => [
        failure(() => fs.readFileSync("/nowhere/x")), failure(() => fs.statSync("/tmp/http_absent")),
        failure(() => fs.readdirSync("/tmp/http_absent")), failure(() => fs.unlinkSync("/tmp/http_absent")),
        failure(() => fs.mkdirSync("/tmp/http_absent/inner")), failure(() => fs.renameSync("/tmp/http_absent", "/tmp/y")),
    ], [
        ["ENOENT", "open", "ENOENT: no such file or directory, open '/nowhere/x'"],
        ["ENOENT", "stat", "ENOENT: no such file or directory, stat '/tmp/http_absent'"],
        ["ENOENT", "scandir", "ENOENT: no such file or directory, scandir '/tmp/http_absent'"],
        ["ENOENT", "unlink", "ENOENT: no such file or directory, unlink '/tmp/http_absent'"],
        ["ENOENT", "mkdir", "ENOENT: no such file or directory, mkdir '/tmp/http_absent/inner'"],
        ["ENOENT", "rename", "ENOENT: no such file or directory, rename '/tmp/http_absent' -> '/tmp/y'"],
    ]],
    ["a file is no folder and a folder no file", () => {
        const path = folder();
        fs.writeFileSync(`${path}/f`, "1");
        return [codeOf(() => fs.readFileSync(path)), codeOf(() => fs.readdirSync(`${path}/f`)),
            codeOf(() => fs.statSync(`${path}/f/x`)), codeOf(() => fs.writeFileSync(path, "")),
            codeOf(() => fs.mkdirSync(`${path}/f`)), codeOf(() => fs.rmdirSync(path)), codeOf(() => fs.rmdirSync(`${path}/f`)),
            codeOf(() => fs.statSync(`${path}/f/`))];
    }, ["EISDIR", "ENOTDIR", "ENOTDIR", "EISDIR", "EEXIST", "ENOTEMPTY", "ENOTDIR", "ENOTDIR"]],
    ["mkdir with recursive gives the first folder that it made", () => {
        const path = place();
        return [fs.mkdirSync(`${path}/a/b`, { recursive: true }) === path, fs.mkdirSync(`${path}/a/b`, { recursive: true }),
            fs.mkdirSync(`${path}/a/c`, { recursive: true }) === `${path}/a/c`, codeOf(() => fs.mkdirSync(`${path}/a`))];
    }, [true, null, true, "EEXIST"]],
    ["readdir: names, types, everything below", () => {
        const path = folder();
        fs.mkdirSync(`${path}/d/e`, { recursive: true });
        fs.writeFileSync(`${path}/d/f.txt`, "");
        fs.symlinkSync("d", `${path}/l`);
        const typed = fs.readdirSync(path, { withFileTypes: true });
        return [fs.readdirSync(path).sort(), typed.map((one) => [one.name, one.isDirectory(), one.isSymbolicLink()]).sort(),
            typed.every((one) => one.parentPath === path), fs.readdirSync(path, { recursive: true }).sort(),
            fs.readdirSync(path, "buffer").every(Buffer.isBuffer)];
    }, [["d", "l"], [["d", true, false], ["l", false, true]], true, ["d", "d/e", "d/f.txt", "l", "l/e", "l/f.txt"], true]],
    ["links are followed, and read", () => {
        const path = folder();
        fs.writeFileSync(`${path}/f`, "inside");
        fs.symlinkSync("f", `${path}/l`);
        fs.symlinkSync(path, `${path}/up`);
        fs.symlinkSync("x1", `${path}/x2`);
        fs.symlinkSync("x2", `${path}/x1`);
        return [fs.readFileSync(`${path}/up/up/l`, "utf8"), fs.readlinkSync(`${path}/l`),
            fs.realpathSync(`${path}/up/up/../up/l`) === `${path}/f`, fs.lstatSync(`${path}/l`).isSymbolicLink(),
            fs.statSync(`${path}/l`).isFile(), codeOf(() => fs.statSync(`${path}/x1`)),
            codeOf(() => fs.readlinkSync(`${path}/f`)), fs.existsSync(`${path}/x1`)];
    }, ["inside", "f", true, true, true, "ELOOP", "EINVAL", false]],
    ["rm: force, recursive, a folder without it", () => {
        const path = folder();
        fs.mkdirSync(`${path}/d/e`, { recursive: true });
        return [codeOf(() => fs.rmSync(`${path}/d`)), codeOf(() => fs.rmSync(`${path}/none`)),
            codeOf(() => fs.rmSync(`${path}/none`, { force: true })), codeOf(() => fs.rmSync(`${path}/d`, { recursive: true })),
            fs.readdirSync(path)];
    }, ["ERR_FS_EISDIR", "ENOENT", "nothing", "nothing", []]],
    ["rename replaces files and empty folders only", () => {
        const path = folder();
        fs.writeFileSync(`${path}/a`, "a");
        fs.writeFileSync(`${path}/b`, "b");
        fs.mkdirSync(`${path}/d`);
        fs.mkdirSync(`${path}/full/x`, { recursive: true });
        fs.renameSync(`${path}/a`, `${path}/b`);
        return [fs.readFileSync(`${path}/b`, "utf8"), fs.existsSync(`${path}/a`),
            codeOf(() => fs.renameSync(`${path}/b`, `${path}/d`)), codeOf(() => fs.renameSync(`${path}/d`, `${path}/full`)),
            codeOf(() => fs.renameSync(`${path}/full`, `${path}/full/x/y`)), codeOf(() => fs.renameSync(`${path}/d`, `${path}/b`))];
    }, ["b".replace("b", "a"), false, "EISDIR", "ENOTEMPTY", "EINVAL", "ENOTDIR"]],
    ["descriptors: positions, appending, cutting", () => {
        const path = place();
        const fd = fs.openSync(path, "w+");
        const wrote = [fs.writeSync(fd, "hello"), fs.writeSync(fd, Buffer.from("XYZ"), 1, 1, 0), fs.writeSync(fd, "!", null)];
        const bytes = Buffer.alloc(10);
        const read = [fs.readSync(fd, bytes, 0, 10, 0), fs.readSync(fd, bytes), fs.readSync(fd, bytes, { position: 2, offset: 8 })];
        const text = bytes.toString("latin1");
        fs.ftruncateSync(fd, 2);
        fs.ftruncateSync(fd, 4);
        const { size } = fs.fstatSync(fd);
        fs.closeSync(fd);
        return [wrote, read, text, size, fs.readFileSync(path, "hex"), codeOf(() => fs.readSync(fd, bytes)),
            codeOf(() => fs.openSync(path, "wx")), codeOf(() => fs.openSync(path, "?"))];
    }, [[5, 1, 1], [6, 0, 2], "Yello!\0\0ll", 4, "59650000", "EBADF", "EEXIST", "ERR_INVALID_ARG_VALUE"]],
    ["copyFile, truncate, mode of a new file", () => {
        const path = folder();
        fs.writeFileSync(`${path}/a`, "12345", { mode: 0o600 });
        fs.copyFileSync(`${path}/a`, `${path}/b`);
        fs.truncateSync(`${path}/b`, 2);
        return [fs.readFileSync(`${path}/b`, "latin1"), codeOf(() => fs.copyFileSync(`${path}/a`, `${path}/b`, fs.constants.COPYFILE_EXCL)),
            (fs.statSync(`${path}/a`).mode & 0o777).toString(8), codeOf(() => fs.accessSync(`${path}/a`, fs.constants.X_OK))];
    }, ["12", "EEXIST", "600", "EACCES"]],
    ["stat: numbers, dates, big integers, nothing", () => {
        const path = place();
        fs.writeFileSync(path, "123");
        fs.utimesSync(path, 10, new Date(20000));
        const stats = fs.statSync(path);
        const big = fs.statSync(path, { bigint: true });
        return [stats.size, stats.mtimeMs, stats.atime.getTime(), stats.mtime instanceof Date, String(big.size), String(big.mtimeNs),
            stats instanceof fs.Stats, fs.statSync("/tmp/http_absent", { throwIfNoEntry: false })];
    }, [3, 20000, 10000, true, "3", "20000000000", true, null]],
    ["mkdtemp", () => {
        const made = [fs.mkdtempSync("/tmp/http-"), fs.mkdtempSync("/tmp/http-")];
        return [made.map((one) => /^\/tmp\/http-[A-Za-z0-9]{6}$/.test(one)), made[0] !== made[1],
            made.map((one) => fs.statSync(one).isDirectory())];
    }, [[true, true], true, [true, true]]],
    ["file URLs and buffers are paths; bytes of zero are not", () => {
        const path = place();
        fs.writeFileSync(new URL(`file://${path}`), "url");
        return [fs.readFileSync(Buffer.from(path), "utf8"), codeOf(() => fs.readFileSync("a\0b")), codeOf(() => fs.readFileSync({})),
            codeOf(() => fs.writeFileSync(path, 5))];
    }, ["url", "ERR_INVALID_ARG_VALUE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]],
    ["callbacks come later", async () => {
        const path = place();
        const order = [];
        const done = called((callback) => fs.writeFile(path, "1", (error) => {
            order.push("written");
            callback(error);
        }));
        order.push("begun");
        await done;
        return [order, await called((callback) => fs.readFile(path, "utf8", callback)),
            await called((callback) => fs.readFile("/nowhere", callback)), codeOf(() => fs.readFile(path)),
            await called((callback) => fs.stat(path, (error, stats) => callback(error, stats.size)))];
    }, [["begun", "written"], ["1"], ["ENOENT"], "ERR_INVALID_ARG_TYPE", [1]]],
    ["promises", async () => {
        const path = place();
        await fs.promises.writeFile(path, ["a", "b"]);
        const failed = await fs.promises.readFile("/nowhere").catch((error) => error.code);
        const wrong = await fs.promises.readFile(5.5).catch((error) => error.code);
        return [await fs.promises.readFile(path, "utf8"), failed, wrong, await fs.promises.access(path),
            (await fs.promises.stat(path)).size, await fs.promises.rm(path)];
    }, ["ab", "ENOENT", "ERR_INVALID_ARG_TYPE", null, 2, null]],
    ["FileHandle", async () => {
        const path = place();
        const handle = await fs.promises.open(path, "w+");
        const { bytesWritten } = await handle.write("one\ntwo\r\nthree");
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(3), 0, 3, 4);
        const typed = typeof handle.fd;
        await handle.close();
        const again = await handle.read(Buffer.alloc(1)).catch((error) => error.code);
        const lines = [];
        for await (const line of (await fs.promises.open(path)).readLines()) lines.push(line);
        return [bytesWritten, bytesRead, buffer.toString(), typed, again, lines];
    }, [14, 3, "two", "number", "EBADF", ["one", "two", "three"]]],
    ["streams", async () => {
        const path = place();
        const output = fs.createWriteStream(path);
        output.write("hello ");
        output.end("world");
        await once(output, "close");
        const pieces = [];
        for await (const piece of fs.createReadStream(path, { encoding: "utf8", start: 2, end: 8, highWaterMark: 3 })) pieces.push(piece);
        const missing = await once(fs.createReadStream("/nowhere"), "never").catch((error) => error.code);
        return [output.bytesWritten, pieces, missing, fs.createReadStream(path).destroy() instanceof Readable];
    }, [11, ["llo", " wo", "r"], "ENOENT", true]],
    ["opendir", async () => {
        const path = folder();
        fs.writeFileSync(`${path}/a`, "");
        fs.writeFileSync(`${path}/b`, "");
        const names = [];
        for await (const entry of await fs.promises.opendir(path)) names.push(entry.name);
        const dir = fs.opendirSync(path);
        const first = dir.readSync().isFile();
        dir.readSync();
        const last = dir.readSync();
        dir.closeSync();
        return [names.sort(), first, last, codeOf(() => dir.readSync())];
    }, [["a", "b"], true, null, "ERR_DIR_CLOSED"]],
    ["cp copies folders", () => {
        const path = folder();
        fs.mkdirSync(`${path}/a/b`, { recursive: true });
        fs.writeFileSync(`${path}/a/b/c`, "deep");
        fs.cpSync(`${path}/a`, `${path}/z`, { recursive: true });
        return [fs.readFileSync(`${path}/z/b/c`, "utf8"), codeOf(() => fs.cpSync(`${path}/a`, `${path}/y`))];
    }, ["deep", "ERR_FS_EISDIR"]],
    ["promisified read gives an object", async () => {
        const { promisify } = process.getBuiltinModule("util");
        const path = place();
        fs.writeFileSync(path, "abc");
        const fd = fs.openSync(path);
        const { bytesRead, buffer } = await promisify(fs.read)(fd, Buffer.alloc(2), 0, 2, 0);
        fs.closeSync(fd);
        return [bytesRead, buffer.toString(), await promisify(fs.exists)(path)];
    }, [2, "ab", true]],
];
