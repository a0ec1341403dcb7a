//! The long forms of the attacks on the daemon by callers: what they cost it, and who notices.
//!
//! `attacks [--seconds N] [--connections N] [--runs N] [NAME...]`, as root. For each attack a daemon of its own is
//! started; a neighbour calls a warm function of another tenant every 20 ms, first in quiet, then while a
//! process of another user attacks from a control group with half a processor, on a processor that nobody else
//! uses. Printed are the most memory of the daemon over what it had before, its CPU time per time, and the
//! neighbour's 99th percentile over that of its quiet time in the same run; each the median of the runs; and how
//! many requests the attacker began in the last. The first row is the reference: a process that is busy and sends
//! nothing. What is above its bound is a failure, and so is an attacker that did not attack and a neighbour whose
//! call was not answered.
//!
//! The short forms, with codes and counts, are tests: `service::budgets`, `refusals` and `rates`.

#![allow(clippy::unwrap_used, reason = "test code: a broken assumption must stop the run")]

use std::{
    env, fs,
    hint::spin_loop,
    os::unix::{
        fs::{FileExt as _, PermissionsExt as _},
        net::UnixStream,
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use prost::Message as _;
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};
use skep_integration::{
    host::Host,
    look::Process,
    wire::{OPEN, Wire, answered},
};
use skep_proto::v1;
use skepd::cgroup::{Controller, Hierarchies};
use tokio::{runtime::Runtime, time::timeout};

/// The caller who attacks, and its tenant.
const ATTACKER: u32 = 65_533;
const TENANT: &str = "beta";
/// Requests on one connection at the same time.
const STREAMS: usize = 190;
/// Between two calls of the neighbour.
const EVERY: Duration = Duration::from_millis(20);
/// Memory over idle, in MiB, and the neighbour's slowdown, at most.
const MOST_MEMORY: f64 = 256.0;
const MOST_SLOWDOWN: f64 = 5.0;

/// One attack: its name, the path that it asks, the message, how much of it is sent, and the window.
struct Attack {
    name: &'static str,
    path: &'static str,
    message: fn() -> Vec<u8>,
    /// Bytes of a message that are said to come and do not.
    missing: usize,
    window: u32,
}

const ATTACKS: [Attack; 11] = [
    // The reference: as much CPU time as the others, and not one request.
    attack(BUSY, "", Vec::new, 0, OPEN),
    attack("logs-unread", "/skep.v1.Apps/Logs", logs, 0, 0),
    attack("list-unread", "/skep.v1.Apps/List", tenant, 0, 0),
    attack("replies-unread", "/skep.v1.Invocations/Invoke", large_reply, 0, 0),
    attack("bodies-unfinished", "/skep.v1.Apps/Deploy", most_of_a_deploy, 1, OPEN),
    attack("quota-bombs", "/skep.v1.Quotas/Set", metrics, 0, OPEN),
    attack("small-requests", "/grpc.health.v1.Health/Watch", Vec::new, 0, 0),
    attack("instances", "/skep.v1.Host/Instances", tenant, 0, OPEN),
    attack("log-flood", "/skep.v1.Invocations/Invoke", console_lines, 0, OPEN),
    attack("bad-files", "/skep.v1.Apps/Deploy", bad_files, 0, OPEN),
    // Begun with many headers, and taken back at once, again and again.
    attack(RESETS, "/skep.v1.Invocations/Invoke", console_lines, 1, OPEN),
];

const BUSY: &str = "no-requests";
const RESETS: &str = "resets";

const fn attack(
    name: &'static str,
    path: &'static str,
    message: fn() -> Vec<u8>,
    missing: usize,
    window: u32,
) -> Attack {
    Attack { name, path, message, missing, window }
}

fn tenant() -> Vec<u8> {
    v1::ListAppsRequest { tenant: TENANT.into() }.encode_to_vec()
}

fn logs() -> Vec<u8> {
    let (tenant, app) = (TENANT.into(), "lines".into());
    v1::LogsRequest { tenant, app, after: 0, limit: 1000 }.encode_to_vec()
}

fn large_reply() -> Vec<u8> {
    Host::request(TENANT, "large", "", b"1").encode_to_vec()
}

fn console_lines() -> Vec<u8> {
    Host::request(TENANT, "lines", "", b"1").encode_to_vec()
}

fn most_of_a_deploy() -> Vec<u8> {
    let mut message = Host::deploy_request(TENANT, "app", &"x".repeat(4 << 20)).encode_to_vec();
    message.pop();
    message
}

fn metrics() -> Vec<u8> {
    let (tenant, app, unlimited) = (TENANT.into(), "large".into(), vec![77; 4000]);
    v1::SetQuotaRequest { tenant, app, unlimited, ..Default::default() }.encode_to_vec()
}

fn bad_files() -> Vec<u8> {
    let mut request = Host::deploy_request(TENANT, "app", "");
    request.files = (0..500)
        .map(|at| v1::SourceFile { path: format!("../\u{e9}{at}"), ..v1::SourceFile::default() })
        .collect();
    request.encode_to_vec()
}

struct Arguments {
    seconds: u64,
    connections: usize,
    runs: usize,
    names: Vec<String>,
    /// The attackers'.
    processor: usize,
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut found =
        Arguments { seconds: 60, connections: 256, runs: 3, names: Vec::new(), processor: 0 };
    let mut given = env::args().skip(1);
    while let Some(word) = given.next() {
        let mut number = || given.next().and_then(|text| text.parse::<u64>().ok());
        let needed = || format!("{word} needs a number");
        match word.as_str() {
            "--seconds" => found.seconds = number().with_context(needed)?,
            "--connections" => {
                found.connections = usize::try_from(number().with_context(needed)?)?;
            }
            "--runs" => found.runs = usize::try_from(number().with_context(needed)?)?.max(1),
            name if ATTACKS.iter().any(|attack| attack.name == name) => {
                found.names.push(word);
            }
            other => {
                let names: Vec<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
                bail!("{other} is no attack; there are {}", names.join(", "));
            }
        }
    }
    Ok(found)
}

fn main() -> anyhow::Result<ExitCode> {
    raise_files()?;
    if let Some("as-attacker") = env::args().nth(1).as_deref() {
        return be_attacker().map(|()| ExitCode::SUCCESS);
    }
    let mut arguments = arguments()?;
    arguments.processor = leave_a_processor()?;
    println!(
        "attack               memory over idle       CPU   neighbour's p99 over quiet; requests"
    );
    let mut good = true;
    let chosen = |attack: &&Attack| {
        arguments.names.is_empty() || arguments.names.iter().any(|name| name == attack.name)
    };
    for attack in ATTACKS.iter().filter(chosen) {
        let runs: Result<Vec<Cost>, _> =
            (0..arguments.runs).map(|_| run(attack, &arguments)).collect();
        let runs = runs?;
        let of = |figure: fn(&Cost) -> f64| median(runs.iter().map(figure).collect());
        let (memory, cpu) = (of(|cost| cost.memory), of(|cost| cost.cpu));
        let (quiet, p99) = (of(|cost| cost.quiet), of(|cost| cost.p99));
        let slowdown = of(|cost| cost.p99 / cost.quiet);
        let fits = memory <= MOST_MEMORY && slowdown <= MOST_SLOWDOWN;
        good &= fits;
        println!(
            "{:<20} {memory:>12.1} MiB {:>8.0} % {slowdown:>8.1} ({p99:.1} ms over {quiet:.1} ms); {}{}",
            attack.name,
            cpu * 100.0,
            runs.last().map_or(0, |cost| cost.requests),
            if fits { "" } else { "   ABOVE ITS BOUND" },
        );
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn raise_files() -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?)
}

/// Leaves one processor to the attackers and returns its number: this process, the daemon and its instances run on
/// the others. Who waits for the daemon must not be taken for one who waits for the scheduler, because of a process
/// that is busy on the same processor.
fn leave_a_processor() -> anyhow::Result<usize> {
    let mut others = sched_getaffinity(None)?;
    let first = (0..CpuSet::MAX_CPU).find(|&it| others.is_set(it));
    let first = first.context("there is no processor")?;
    others.unset(first);
    anyhow::ensure!(others.count() != 0, "two processors are needed: one is the attackers'");
    sched_setaffinity(None, &others)?;
    Ok(first)
}

/// Lets this process run on one processor alone.
fn run_on(processor: usize) -> anyhow::Result<()> {
    let mut only = CpuSet::new();
    only.set(processor);
    Ok(sched_setaffinity(None, &only)?)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// What one run cost: MiB over idle, CPU time per time, and the neighbour's percentiles in milliseconds.
struct Cost {
    memory: f64,
    cpu: f64,
    quiet: f64,
    p99: f64,
    /// What the attacker began.
    requests: u64,
}

fn run(attack: &Attack, arguments: &Arguments) -> anyhow::Result<Cost> {
    // As many lines as were kept once.
    let host = Host::new("[logs]\nbytes_kept = \"4MiB\"\n");
    let socket = host.place.folder.join("skep.sock");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666))?;
    let deploy = |tenant: &str, app: &str, source: &str| {
        host.deploy(tenant, app, source, |_| ()).map_err(|status| anyhow::anyhow!("{status}"))
    };
    deploy("acme", "ok", "export default () => 1")?;
    deploy(TENANT, "large", "export default () => 'x'.repeat(1048000)")?;
    let lines =
        "export default () => { for (let i = 0; i < 16; i++) console.log('y'.repeat(4090)); }";
    deploy(TENANT, "lines", lines)?;
    for _ in 0..63 {
        host.send(Host::request(TENANT, "lines", "", b"1"))
            .map_err(|it| anyhow::anyhow!("{it}"))?;
    }
    let daemon = host.daemon_process();
    let quiet = neighbour(&host, Duration::from_secs((arguments.seconds / 4).max(3)))?;
    let count = host.place.folder.join("requests");
    fs::write(&count, "0")?;
    std::os::unix::fs::chown(&count, Some(ATTACKER), Some(ATTACKER))?;
    let (idle, cpu) = (memory(daemon), cpu_time(daemon));
    let (start, done) = (Instant::now(), AtomicBool::new(false));
    let attackers = Group::new(&host.place.name)?;
    let length = Duration::from_secs(arguments.seconds);
    let (peak, attacked) = thread::scope(|scope| {
        let peak = scope.spawn(|| {
            let mut peak = idle;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(memory(daemon));
                thread::sleep(EVERY);
            }
            peak
        });
        let attacker = attackers.attack(attack, (&socket, &count), arguments);
        let attacked = neighbour(&host, length);
        done.store(true, Ordering::Relaxed);
        let lived = attacker.and_then(|mut attacker| {
            let ended = attacker.try_wait()?;
            attacker.kill()?;
            attacker.wait()?;
            anyhow::ensure!(ended.is_none(), "the attacker ended by itself: {ended:?}");
            Ok(())
        });
        (peak.join().unwrap(), lived.and(attacked))
    });
    let attacked = attacked?;
    let requests = fs::read_to_string(&count)?.trim().parse()?;
    anyhow::ensure!(0 < requests || attack.name == BUSY, "the attacker began no request");
    let wall = start.elapsed().as_secs_f64();
    anyhow::ensure!(daemon.alive() && host.daemon_process() == daemon, "the daemon has ended");
    let spent = cpu_time(daemon) - cpu;
    let memory = (peak - idle) / 1024.0;
    let cost = Cost { memory, cpu: spent / wall, quiet, p99: attacked, requests };
    drop(attackers);
    Ok(cost)
}

/// Calls for so long; the 99th percentile of how long a call took, in milliseconds. Every call must be answered.
fn neighbour(host: &Host, length: Duration) -> anyhow::Result<f64> {
    let (end, mut times) = (Instant::now() + length, Vec::new());
    while Instant::now() < end {
        let start = Instant::now();
        host.invoke("ok", "", "1")
            .map_err(|status| anyhow::anyhow!("the neighbour's call failed: {status}"))?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        thread::sleep(EVERY);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[(times.len() * 99 / 100).min(times.len() - 1)])
}

/// Resident memory in KiB.
fn memory(process: Process) -> f64 {
    let text = fs::read_to_string(process.path("status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0.0)
}

/// CPU time in seconds.
fn cpu_time(process: Process) -> f64 {
    let ticks = |number| process.stat(number).parse::<f64>().unwrap();
    (ticks(14) + ticks(15)) / 100.0
}

/// A control group with half a processor.
struct Group(PathBuf);

impl Group {
    fn new(name: &str) -> anyhow::Result<Self> {
        let all = Hierarchies::detect().map_err(|error| anyhow::anyhow!("{error}"))?;
        let (top, _) = all.of(Controller::Cpu);
        let group = top.join(format!("{name}-attackers"));
        fs::create_dir(&group)?;
        let (unified, quota) = (group.join("cpu.max"), group.join("cpu.cfs_quota_us"));
        if unified.exists() {
            fs::write(unified, "50000 100000")?;
        } else {
            fs::write(quota, "50000")?;
        }
        Ok(Self(group))
    }

    /// This program again, as the attacker.
    fn attack(
        &self,
        attack: &Attack,
        (socket, count): (&Path, &Path),
        more: &Arguments,
    ) -> anyhow::Result<Child> {
        let script = "echo $$ > \"$GROUP/cgroup.procs\" && exec setpriv --reuid $ID --regid $ID \
                      --clear-groups \"$0\" \"$@\"";
        let child = Command::new("sh")
            .args(["-c", script])
            .arg(env::current_exe()?)
            .arg("as-attacker")
            .arg(attack.name)
            .arg(socket)
            .arg(more.connections.to_string())
            .arg(count)
            .arg(more.processor.to_string())
            .env("GROUP", &self.0)
            .env("ID", ATTACKER.to_string())
            .process_group(0)
            .spawn()?;
        Ok(child)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let end = Instant::now() + Duration::from_secs(5);
        while fs::remove_dir(&self.0).is_err() && Instant::now() < end {
            thread::sleep(EVERY);
        }
    }
}

/// Requests that were begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// The other role: `as-attacker NAME SOCKET CONNECTIONS COUNT-FILE PROCESSOR`, until it is killed.
fn be_attacker() -> anyhow::Result<()> {
    let mut given = env::args().skip(2);
    let mut next = || given.next().context("the attacker was not told what to do");
    let name = next()?;
    let (socket, connections) = (PathBuf::from(next()?), next()?.parse()?);
    let count = PathBuf::from(next()?);
    run_on(next()?.parse()?)?;
    let attack = ATTACKS.iter().find(|attack| attack.name == name).context("no such attack")?;
    if attack.name == BUSY {
        loop {
            spin_loop();
        }
    }
    let message: &'static [u8] = (attack.message)().leak();
    Runtime::new()?.block_on(async {
        let all: Vec<_> = (0..connections)
            .map(|_| tokio::spawn(one_connection(attack, message, socket.clone())))
            .collect();
        let count = fs::OpenOptions::new().write(true).open(&count)?;
        tokio::spawn(async move {
            // Always as long as before: whoever reads it finds a number.
            let text = || format!("{:020}", BEGUN.load(Ordering::Relaxed));
            while count.write_all_at(text().as_bytes(), 0).is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        for one in all {
            // It goes on until it is killed.
            let _ = one.await;
        }
        Ok(())
    })
}

async fn one_connection(attack: &'static Attack, message: &'static [u8], socket: PathBuf) {
    loop {
        // Where it is refused it tries again.
        if attack_once(attack, message, &socket).await.is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn attack_once(attack: &Attack, message: &'static [u8], socket: &Path) -> Option<()> {
    let stream = UnixStream::connect(socket).ok()?;
    let mut wire = Wire::over(stream, attack.window).await.ok()?;
    let mut open = Vec::new();
    let claims = message.len() + attack.missing;
    let headers: &[_] = if attack.name == RESETS { &[("x", "y"); 200] } else { &[] };
    loop {
        for _ in 0..STREAMS {
            let end = attack.missing == 0;
            let message = Bytes::from_static(message);
            let sent = wire.begin_shared(attack.path, headers, claims, message, end);
            open.push(timeout(Duration::from_secs(2), sent).await.ok()?.ok()?);
            BEGUN.fetch_add(1, Ordering::Relaxed);
        }
        if attack.name != RESETS {
            break;
        }
        // By then some have been accepted.
        tokio::time::sleep(Duration::from_millis(5)).await;
        open.clear();
    }
    if attack.window == 0 || attack.missing != 0 {
        // Held for as long as the other side lets it.
        let _ = timeout(Duration::from_secs(40), wire.end()).await;
        return Some(());
    }
    for sent in open {
        timeout(Duration::from_secs(10), answered(sent.answer)).await.ok()?.ok()?;
    }
    Some(())
}
