// The module "fs" (nodejs.org/api/fs.html, Node 22): the files of the app, those given at deploy, and /tmp in memory.
//
// Can:    read deployed files; read and write under /tmp as long as the instance lives.
// Cannot: see or change a file of the host, watch files.

import { absentOf } from "../absent.js";
import { Blob } from "../blob.js";
import { validateObject, validateString } from "../node_errors.js";
import { primordials } from "../primordials.js";
import { pathOf } from "../fs/arguments.js";
import { makeCallbacks } from "../fs/callbacks.js";
import { constants } from "../fs/constants.js";
import * as descriptors from "../fs/descriptors.js";
import { cpSync, Dir, mkdirSync, mkdtempSync, opendirSync, readdirSync, rmdirSync, rmSync } from "../fs/folders.js";
import { glob, globSync } from "../fs/glob.js";
import * as operations from "../fs/operations.js";
import { promises, setStreams } from "../fs/promises.js";
import { Dirent, Stats } from "../fs/stats.js";
import { createReadStream, createWriteStream, ReadStream, WriteStream } from "../fs/streams.js";

const { ObjectDefineProperty, Promise } = primordials;

setStreams({ __proto__: null, createReadStream, createWriteStream });

const sync = {
    accessSync: operations.accessSync, appendFileSync: operations.appendFileSync, chmodSync: operations.chmodSync,
    chownSync: operations.chownSync, closeSync: descriptors.closeSync, copyFileSync: operations.copyFileSync, cpSync,
    existsSync: operations.existsSync, fchmodSync: descriptors.fchmodSync, fchownSync: descriptors.fchownSync,
    fdatasyncSync: descriptors.fdatasyncSync, fstatSync: descriptors.fstatSync, fsyncSync: descriptors.fsyncSync,
    ftruncateSync: descriptors.ftruncateSync, futimesSync: descriptors.futimesSync, lchownSync: operations.lchownSync,
    linkSync: operations.linkSync, lstatSync: operations.lstatSync, lutimesSync: operations.lutimesSync, mkdirSync,
    mkdtempSync, openSync: descriptors.openSync, opendirSync, readFileSync: operations.readFileSync,
    readSync: descriptors.readSync, readdirSync, readlinkSync: operations.readlinkSync,
    readvSync: descriptors.readvSync, realpathSync: operations.realpathSync, renameSync: operations.renameSync, rmSync,
    rmdirSync,
    statSync: operations.statSync, statfsSync: operations.statfsSync, symlinkSync: operations.symlinkSync,
    truncateSync: operations.truncateSync, unlinkSync: operations.unlinkSync, utimesSync: operations.utimesSync,
    writeFileSync: operations.writeFileSync, writeSync: descriptors.writeSync, writevSync: descriptors.writevSync,
};

const openAsBlob = (path, options = {}) => {
    validateObject(options, "options");
    const { type = "" } = options;
    validateString(type, "options.type");
    const shown = pathOf(path);
    return new Promise((resolve) => resolve(new Blob([operations.readFileSync(shown)], { type })));
};

const fs = {
    ...makeCallbacks(sync), ...sync, ...absentOf("fs"), unwatchFile() {}, openAsBlob, glob, globSync,
    createReadStream, createWriteStream,
    Dir, Dirent, Stats, ReadStream, WriteStream, FileReadStream: ReadStream, FileWriteStream: WriteStream,
    constants, F_OK: constants.F_OK, R_OK: constants.R_OK, W_OK: constants.W_OK, X_OK: constants.X_OK,
};
ObjectDefineProperty(fs, "promises", {
    __proto__: null, enumerable: true, configurable: true, get() { return promises; },
});

export default fs;
