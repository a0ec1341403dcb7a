// What the files of tests/js share.

/** What a function threw, as [name, code, message], or that it gave a value. */
export const failure = (run) => {
    try {
        return ["gave", run()];
    } catch (error) {
        return [error.name, error.code, error.message];
    }
};

/** The code of what a function threw, or the value that it gave. */
export const code = (run) => failure(run)[1];

/** A folder of /tmp for one file of tests: `folder()` makes a new one in it, `file(text)` a new file in such a one. */
export const temporary = (name) => {
    const fs = process.getBuiltinModule("fs");
    const base = fs.mkdtempSync(`/tmp/${name}-`);
    let number = 0;
    const folder = () => {
        const path = `${base}/${number++}`;
        fs.mkdirSync(path);
        return path;
    };
    const file = (text = "abc") => {
        const path = `${folder()}/file`;
        fs.writeFileSync(path, text);
        return path;
    };
    return { BASE: base, folder, file };
};
