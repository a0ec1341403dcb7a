//! Runs a folder of web-platform-tests against a daemon of its own and prints a table of what passed.
//!
//! `test-web FOLDER [--only PLACE]... [--except PLACE]... [--reference FILE] [--out FILE]`, as root. FOLDER is a
//! checkout of web-platform-tests or a part of it with the same layout: `resources/testharness.js` is needed, and
//! run are the files `*.any.js`. A PLACE is a folder or a file in it. The lines of an earlier `--out` file, or of another
//! engine, can be the reference: then only files that it knows are run, the table has what passes there, and what
//! was never reached counts as failed. Ends with 1 if an app of a test was refused or its instance died.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail, ensure};
use skep_integration::{
    host::Host,
    web::{
        run::run,
        sums::{NOT_IN_FOLDER, Outcome, Reference, table},
        tree::{Choice, Tree},
    },
};

const USAGE: &str =
    "test-web FOLDER [--only PLACE]... [--except PLACE]... [--reference FILE] [--out FILE]";

#[derive(Default)]
struct Arguments {
    folder: Option<PathBuf>,
    choice: Choice,
    reference: Option<PathBuf>,
    out: Option<PathBuf>,
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut found = Arguments::default();
    let mut given = env::args().skip(1);
    while let Some(word) = given.next() {
        let mut value = || given.next().with_context(|| format!("{word} needs a value: {USAGE}"));
        match word.as_str() {
            "--only" => found.choice.only.push(value()?),
            "--except" => found.choice.except.push(value()?),
            "--reference" => found.reference = Some(value()?.into()),
            "--out" => found.out = Some(value()?.into()),
            flag if flag.starts_with('-') => bail!("{flag} is not known: {USAGE}"),
            _ if found.folder.is_some() => bail!("{word} is one folder too many: {USAGE}"),
            folder => found.folder = Some(folder.into()),
        }
    }
    Ok(found)
}

fn read(path: &Path) -> anyhow::Result<Reference> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Reference::read(&text).with_context(|| path.display().to_string())
}

fn work() -> anyhow::Result<bool> {
    let Arguments { folder, choice, reference, out } = arguments()?;
    let folder = folder.context(
        "which tests? `make test-web WPT=FOLDER` takes a checkout of web-platform-tests, or a part of it; \
         ONLY=\"streams url\" and EXCEPT=… choose folders of it, REFERENCE=FILE compares with an earlier run",
    )?;
    let tree = Tree::open(&folder)?;
    let reference = reference.as_deref().map(read).transpose()?;
    let mut tests = tree.tests(&choice)?;
    if let Some(reference) = &reference {
        tests.retain(|test| reference.has(test));
    }
    ensure!(!tests.is_empty(), "no file `*.any.js` in {} is meant", folder.display());
    ensure!(rustix::process::geteuid().is_root(), "a daemon of its own needs root");
    let host = Host::roomy("");
    let mut outcomes = run(&host, &tree, &tests);
    drop(host);
    let files = reference.iter().flat_map(Reference::files);
    let missing = files.filter(|file| choice.has(file) && !tests.iter().any(|test| test == file));
    outcomes.extend(missing.map(|file| Outcome {
        file: file.to_owned(),
        status: NOT_IN_FOLDER.to_owned(),
        ..Outcome::default()
    }));
    print!("{}", table(&outcomes, reference.as_ref()));
    if let Some(out) = out {
        let lines: String = outcomes.iter().map(|one| one.json() + "\n").collect();
        fs::write(&out, lines).with_context(|| format!("{} cannot be written", out.display()))?;
        println!("each file's result, with what failed: {}", out.display());
    }
    let faults: Vec<_> = outcomes.iter().filter(|one| one.is_fault).collect();
    for Outcome { file, status, .. } in &faults {
        eprintln!("test-web: {file}: {status}");
    }
    Ok(faults.is_empty())
}

fn main() -> ExitCode {
    match work() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("test-web: {error:#}");
            ExitCode::from(2)
        }
    }
}
