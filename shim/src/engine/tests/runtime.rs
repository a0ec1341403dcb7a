//! What apps see of the runtime: each file of `tests/js` is an app that exports `cases`, a list of a name, a function,
//! and what the function gives as JSON.

use std::{fs, path::Path, time::Duration};

use skep_link::frame::{Encoding, ToDaemon};

use super::Host;

/// Behind each file: runs its cases, and tells how many there are and which are wrong.
const RUN: &str = "
export default async () => {
    const wrong = [];
    for (const [name, run, expected] of cases) {
        let got;
        try {
            got = await run();
        } catch (error) {
            got = `threw ${error?.stack ?? error}`;
        }
        const [found, right] = [JSON.stringify(got), JSON.stringify(expected)];
        if (found !== right) wrong.push(`${name}\\n  found    ${found?.slice(0, 500)}\\n  expected ${right?.slice(0, 500)}`);
    }
    return [cases.length, wrong];
};
";

/// What the files share.
const COMMON: &str = include_str!("../../../tests/common.mjs");

/// Runs the cases of one file.
fn check(path: &Path) -> Result<usize, String> {
    let text = fs::read_to_string(path).unwrap();
    let mut host = Host::new();
    host.heap_bytes = 256 << 20;
    host.bind(&[("index.mjs", &format!("{text}{RUN}")), ("common.mjs", COMMON)]);
    match host.receive() {
        ToDaemon::Bound { .. } => {}
        other => return Err(format!("not bound: {other:?}")),
    }
    host.ask("default", b"null", Encoding::Json, Duration::from_secs(60));
    loop {
        match host.receive() {
            ToDaemon::Log { .. } => {}
            ToDaemon::Reply { payload, .. } => {
                let (count, wrong): (usize, Vec<String>) = read(payload);
                let good = wrong.is_empty() && 0 < count;
                return if good { Ok(count) } else { Err(wrong.join("\n")) };
            }
            other => return Err(format!("instead of an answer: {other:?}")),
        }
    }
}

/// `[count, [text, …]]`, read by the engine itself.
fn read(payload: &[u8]) -> (usize, Vec<String>) {
    let runtime = rquickjs::Runtime::new().unwrap();
    let context = rquickjs::Context::full(&runtime).unwrap();
    context.with(|ctx| {
        let list = ctx.json_parse(payload).unwrap().into_array().unwrap();
        (list.get(0).unwrap(), list.get(1).unwrap())
    })
}

#[test]
fn everything_behaves_as_the_specifications_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(30 < files.len(), "{files:?}");
    let wrong = files
        .iter()
        .filter_map(|file| check(file).err().map(|why| format!("{}: {why}", file.display())));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
