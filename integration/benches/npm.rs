//! Beside Node: an app as people have them, with packages of npm, up to its first answer; and how fast an engine
//! without a compiler to machine code computes.

use std::{
    fs,
    io::{BufReader, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use skep_integration::host::Host;
use skep_proto::v1::Start;

use crate::{
    control::{AGAIN, in_turns, time},
    node,
    ours::{Ours, one_by_one},
    rows::{Effort, ready_of, row},
    stats::{Goal, Row, Series},
};

const APP: &str = include_str!("npm.mjs");
const MANIFEST: &str = include_str!("../packages/package.json");
const LOCK: &str = include_str!("../packages/package-lock.json");

/// The app in a folder with its packages, as `npm ci` lays them.
pub(crate) fn installed() -> anyhow::Result<PathBuf> {
    let folder = node::installed("npm_cold", |folder| {
        fs::write(folder.join("package.json"), MANIFEST)?;
        fs::write(folder.join("package-lock.json"), LOCK)?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(folder);
        Ok(npm)
    })?;
    let file = folder.join("app.mjs");
    fs::write(&file, APP)?;
    Ok(file)
}

/// Deploys it by the command line client, which finds what it reaches.
fn deploy(host: &Host, file: &Path, app: &str) -> anyhow::Result<()> {
    let client = std::env::current_exe()?.with_file_name("skep");
    let endpoint = format!("unix://{}", host.place.folder.join("skep.sock").display());
    let output = Command::new(client)
        .args(["--endpoint", &endpoint, "--tenant", "acme", "deploy"])
        .arg(file)
        .args(["--app", app, "--memory", "64MiB", "--concurrency", "1", "--max-instances", "1"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{app} is not deployed: {said}");
    Ok(())
}

/// New Node processes, each up to its first answer.
fn processes(file: &Path, count: usize) -> anyhow::Result<Series> {
    let script = format!(
        "import({:?}).then(({{ default: f }}) => process.stdin.on('data', async (d) => {{ \
           process.stdout.write(JSON.stringify(await f(JSON.parse(d))) + '\\n'); process.exit(0); }}));",
        file.display().to_string()
    );
    let mut series = Series::default();
    for _ in 0..count {
        let (took, child) = time(|| -> anyhow::Result<_> {
            let mut child = node::node(&script)?;
            let mut input = child.stdin.take().context("no input")?;
            let mut output = BufReader::new(child.stdout.take().context("no output")?);
            node::ask(&mut input, &mut output)?;
            input.flush()?;
            Ok(child)
        });
        child?.wait()?;
        series.push(took);
    }
    Ok(series)
}

pub(crate) fn npm_cold(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let file = installed()?;
    let starts = (effort.starts / 4).max(2);
    let mut ours = Ours::deployed(8, starts * effort.rounds * (AGAIN + 1), |host, app| {
        deploy(host, &file, app)
    })?;
    let rounds = in_turns(
        effort.rounds,
        || ours.first_calls(starts, Start::Spare),
        || processes(&file, starts),
    )?;
    let what = "first reply of an app of express, zod and jose, in bytecode, bound to a spare of 64 MiB, over the \
                same app's first answer in a new Node process";
    Ok(vec![row("npm_cold", what, &rounds, Goal::Most(0.10, 0.05), "")])
}

/// Calls, additions and comparisons of small numbers: what a compiler to machine code is best at.
const COMPUTE: &str = "(n) => { const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2)); return n + (fib(22) === 17711); }";

pub(crate) fn compute_vs_node(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let host = ready_of(&format!("export default {COMPUTE};"), 1)?;
    let socket = host.place.folder.join("skep.sock");
    let mut node = node::Asked::calling(COMPUTE)?;
    let rounds = in_turns(
        effort.rounds,
        || one_by_one(&host, &socket, "app", effort.starts),
        || node.series(effort.starts),
    )?;
    let what =
        "warm call that computes (fib(22) by recursion), over the same in a warm Node process";
    Ok(vec![row("compute_vs_node", what, &rounds, Goal::Known, "")])
}
