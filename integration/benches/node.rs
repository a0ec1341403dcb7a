//! What runs JavaScript elsewhere: a Node process, a V8 isolate inside one, and workerd. Packages come from
//! npm; without npm these rows are missing, and the table says so.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use skep_integration::place::Place;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    task::JoinSet,
};

use crate::{
    control::time,
    npm,
    ours::{FLYING, per_second},
    reference::Absent,
    stats::Series,
};

const WORKERD: &str = "workerd@1.20261117.1";
/// The last one for Node 20; newer ones need a newer Node.
const ISOLATED_VM: &str = "isolated-vm@5.0.4";

/// The folder of that name that npm fills once, below the place of all other builds.
pub(crate) fn installed(
    name: &str,
    npm: impl FnOnce(&Path) -> anyhow::Result<Command>,
) -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().context("no folder")?.join("bench-node").join(name);
    let ready = folder.join("ready");
    if !ready.exists() {
        eprintln!("installing {name} into {}", folder.display());
        fs::create_dir_all(&folder)?;
        let output = npm(&folder)?.output();
        let output = output.map_err(|error| Absent(format!("cannot run npm: {error}")))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or_default();
        ensure!(output.status.success(), Absent(format!("{name}: {first}")));
        fs::write(ready, "")?;
    }
    Ok(folder)
}

fn modules(package: &str) -> anyhow::Result<PathBuf> {
    let folder = installed(package, |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(folder).arg(package);
        Ok(npm)
    })?;
    Ok(folder.join("node_modules"))
}

/// Installs what comes from npm.
pub(crate) fn install() -> [anyhow::Result<()>; 3] {
    [modules(WORKERD).map(drop), modules(ISOLATED_VM).map(drop), npm::installed().map(drop)]
}

pub(crate) fn node(script: &str) -> anyhow::Result<Child> {
    let mut node = Command::new("node");
    node.args(["-e", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(node.spawn().map_err(|error| Absent(format!("cannot run node: {error}")))?)
}

/// Sends one line and awaits the answer, which must be 2.
pub(crate) fn ask(
    input: &mut ChildStdin,
    output: &mut BufReader<ChildStdout>,
) -> anyhow::Result<()> {
    input.write_all(b"1\n")?;
    let mut line = String::new();
    output.read_line(&mut line)?;
    ensure!(line.trim() == "2", "Node says {line:?}");
    Ok(())
}

/// Node processes, each up to its first answer.
pub(crate) fn processes(count: usize) -> anyhow::Result<Series> {
    let script = "const f = (n) => n + 1; process.stdin.on('data', (d) => { \
                  process.stdout.write(JSON.stringify(f(JSON.parse(d))) + '\\n'); process.exit(0); });";
    let mut series = Series::default();
    for _ in 0..count {
        let (took, child) = time(|| -> anyhow::Result<Child> {
            let mut child = node(script)?;
            let mut input = child.stdin.take().context("no input")?;
            let mut output = BufReader::new(child.stdout.take().context("no output")?);
            ask(&mut input, &mut output)?;
            Ok(child)
        });
        child?.wait()?;
        series.push(took);
    }
    Ok(series)
}

/// A Node process that is asked again and again: no wall of the kernel around what it runs.
pub(crate) struct Asked {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Asked {
    /// One that calls this function, warm.
    pub(crate) fn calling(function: &str) -> anyhow::Result<Self> {
        let script = format!(
            "const f = {function}; require('readline').createInterface({{ input: process.stdin }}).on('line', \
             (line) => process.stdout.write(JSON.stringify(f(JSON.parse(line))) + '\\n'));"
        );
        let mut node = Self::running(&script)?;
        node.series(50)?;
        Ok(node)
    }

    /// One that makes an isolate for each call.
    pub(crate) fn isolates() -> anyhow::Result<Self> {
        let library = modules(ISOLATED_VM)?.join("isolated-vm");
        let script = format!(
            "const vm = require({:?}); const all = []; \
             require('readline').createInterface({{ input: process.stdin }}).on('line', (line) => {{ \
               const isolate = new vm.Isolate({{ memoryLimit: 16 }}); \
               const context = isolate.createContextSync(); \
               context.evalSync('const f = (n) => n + 1;'); \
               const answer = context.evalSync('JSON.stringify(f(JSON.parse(' + JSON.stringify(line) + ')))'); \
               process.stdout.write(answer + '\\n'); all.push(isolate); \
               if (all.length > 64) all.shift().dispose(); }});",
            library.display().to_string()
        );
        let mut isolates = Self::running(&script)?;
        isolates.series(1)?;
        Ok(isolates)
    }

    fn running(script: &str) -> anyhow::Result<Self> {
        let mut child = node(script)?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { child, input, output })
    }

    pub(crate) fn series(&mut self, count: usize) -> anyhow::Result<Series> {
        let mut series = Series::default();
        for _ in 0..count {
            let (took, asked) = time(|| ask(&mut self.input, &mut self.output));
            asked?;
            series.push(took);
        }
        Ok(series)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// workerd, serving the same function over HTTP and a unix socket.
pub(crate) struct Workerd {
    child: Child,
    socket: PathBuf,
}

const CONFIG: &str = r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "unix:SOCKET", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "index.js", esModule = "export default { async fetch(request) { return new Response(JSON.stringify((await request.json()) + 1)); } }")],
  compatibilityDate = "2026-01-01",
);
"#;

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n1";

impl Workerd {
    pub(crate) fn new(place: &Place) -> anyhow::Result<Self> {
        let program = modules(WORKERD)?.join(".bin/workerd");
        let socket = place.folder.join("workerd.sock");
        let config = place.folder.join("workerd.capnp");
        fs::write(&config, CONFIG.replace("SOCKET", &socket.display().to_string()))?;
        let child = Command::new(program)
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .spawn()
            .context("cannot run workerd")?;
        let workerd = Self { child, socket };
        for _ in 0..500 {
            if std::os::unix::net::UnixStream::connect(&workerd.socket).is_ok() {
                return Ok(workerd);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("workerd does not come up")
    }

    /// Answers per second with [`FLYING`] calls in flight: as many connections, for HTTP/1.1 has one call
    /// in flight on each.
    pub(crate) async fn saturated(&self, time: Duration) -> anyhow::Result<f64> {
        let mut streams = Vec::new();
        for _ in 0..FLYING {
            streams.push(UnixStream::connect(&self.socket).await?);
        }
        let start = Instant::now();
        let mut all = JoinSet::new();
        for mut stream in streams {
            all.spawn(async move {
                let mut answered = 0;
                let mut answer = Vec::new();
                while start.elapsed() < time {
                    stream.write_all(REQUEST).await?;
                    receive(&mut stream, &mut answer).await?;
                    answered += 1;
                }
                anyhow::Ok(answered)
            });
        }
        per_second(all, start).await
    }
}

/// One answer, which must be 2.
async fn receive(stream: &mut UnixStream, answer: &mut Vec<u8>) -> anyhow::Result<()> {
    answer.clear();
    loop {
        ensure!(0 < stream.read_buf(answer).await?, "workerd hung up");
        let text = std::str::from_utf8(answer)?;
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && !body.is_empty()
        {
            ensure!(head.starts_with("HTTP/1.1 200 ") && body == "2", "workerd says {text:?}");
            return Ok(());
        }
    }
}

impl Drop for Workerd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
