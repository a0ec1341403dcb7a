//! Rows about many instances at the same time: how fast they come, what they cost, and who notices.

use std::{
    fs,
    path::Path,
    process::Child,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use nix::{
    time::{clock_getcpuclockid, clock_gettime},
    unistd::Pid,
};
use skep_integration::{host::Host, look::Process, place::Place};
use skep_proto::v1::{InvokeRequest, Start};
use tokio::{runtime::Builder, task::JoinSet};

use crate::{
    control::{TWICE, in_turns, watched},
    ours::{Ours, call, connect, one_by_one},
    reference::{Bwrap, Echo},
    rows::{Effort, mark, placement, rate_row, rates, row},
    stats::{Goal, Rounds, Row, Series},
};

/// A row of two figures instead of two series.
pub(crate) fn one(
    id: &str,
    what: String,
    ratio: f64,
    goal: Goal,
    figures: (f64, f64),
    noisy: bool,
) -> Row {
    Row {
        id: id.to_owned(),
        what,
        ratio,
        spread: None,
        goal,
        ours: (figures.0, figures.0),
        reference: (figures.1, figures.1),
        unit: "us",
        note: mark(noisy).to_owned(),
    }
}

/// Starts per second of instances that answered once and stay alive.
pub(crate) fn create_rate(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut ours = Ours::new(0, effort.crowd)?;
    // As before every other round: then none of them has bytecode.
    ours.start_again()?;
    for lanes in [1, 4] {
        let rounds = rates(
            effort.rounds,
            || start_many(&mut ours, effort.crowd, lanes),
            || bwrap_many(effort.crowd, lanes),
        )?;
        let what =
            format!("{} starts that answered once and stay, {lanes} at a time", effort.crowd);
        let id = format!("create_rate_vs_bwrap_{lanes}");
        let base = rate_row(&id, &what, &rounds, Goal::Least(4.0, 10.0));
        let note = match placement(100, Duration::from_secs_f64(1.0 / base.ours.0))? {
            None => String::new(),
            Some(placed) => {
                // The zygote places one after the other, however many ask.
                let without = base.ratio / (1.0 - base.ours.0 * placed / 1e6);
                format!("decided on unified; without placement ({placed:.0} us) about {without:.1}")
            }
        };
        rows.push(Row { note: base.note.clone() + &note, ..base });
    }
    Ok(rows)
}

fn start_many(ours: &mut Ours, count: usize, lanes: usize) -> anyhow::Result<f64> {
    let socket = ours.socket();
    let start = Instant::now();
    ours.host.block_on(async {
        let mut all = JoinSet::new();
        for lane in 0..lanes {
            let mut client = connect(&socket).await?;
            all.spawn(async move {
                for number in (lane..count).step_by(lanes) {
                    let (_, usage) = call(&mut client, &format!("a{number}")).await?;
                    ensure!(usage.start() == Start::Clone);
                }
                anyhow::Ok(())
            });
        }
        while let Some(lane) = all.join_next().await {
            lane??;
        }
        anyhow::Ok(())
    })?;
    let rate = count as f64 / start.elapsed().as_secs_f64();
    ensure!(ours.host.instances("acme").len() == count, "not all are alive");
    ours.start_again()?;
    Ok(rate)
}

fn bwrap_many(count: usize, lanes: usize) -> anyhow::Result<f64> {
    let bwrap = Bwrap::new()?;
    let start = Instant::now();
    let alive: Vec<(Child, _)> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes)
            .map(|_| scope.spawn(|| (0..count / lanes).map(|_| bwrap.start()).collect()))
            .collect();
        let mut all = Vec::new();
        for lane in lanes {
            let started: anyhow::Result<Vec<_>> =
                lane.join().map_err(|_| anyhow::anyhow!("a lane failed"))?;
            all.extend(started?);
        }
        anyhow::Ok(all)
    })?;
    let rate = alive.len() as f64 / start.elapsed().as_secs_f64();
    for (mut child, link) in alive {
        drop(link);
        child.wait()?;
    }
    Ok(rate)
}

/// Whether the last of many starts as fast as the first, and answers as fast.
pub(crate) fn flat(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let count = effort.crowd * 3;
    let tenth = (count / 30).max(5);
    let (crowd, noisy) = watched(TWICE, || Crowd::new(count, tenth, effort.calls))?;
    let turns = |ours: Series, reference: Series| Rounds {
        ours: vec![ours],
        reference: vec![reference],
        noisy,
    };
    let what = format!("p50 of the last {tenth} of {count} starts over the first {tenth}");
    let starts = turns(crowd.last, crowd.first);
    let starts = row("flat_3000", &what, &starts, Goal::Most(1.5, 1.1), "");
    let what = format!("warm p50 with {count} instances over warm p50 with one");
    let warm = turns(crowd.crowded, crowd.alone);
    let warm = row("flat_3000_warm", &what, &warm, Goal::Most(1.5, 1.1), "");
    Ok(vec![starts, warm])
}

/// Many instances, and what was measured while they came.
struct Crowd {
    first: Series,
    last: Series,
    alone: Series,
    crowded: Series,
    _ours: Ours,
}

impl Crowd {
    fn new(count: usize, few: usize, calls: usize) -> anyhow::Result<Self> {
        let mut ours = Ours::new(0, count)?;
        let socket = ours.socket();
        let mut first = ours.first_calls(1, Start::Clone)?;
        let alone = one_by_one(&ours.host, &socket, "a0", calls)?;
        first.extend(&ours.first_calls(few - 1, Start::Clone)?);
        ours.first_calls(count - 2 * few, Start::Clone)?;
        let last = ours.first_calls(few, Start::Clone)?;
        let crowded = one_by_one(&ours.host, &socket, "a0", calls)?;
        let alive = ours.host.instances("acme").len();
        ensure!(alive == count, "{alive} of {count} are alive");
        Ok(Self { first, last, alone, crowded, _ours: ours })
    }
}

/// What grows in the kernel with processes.
const KERNEL: [&str; 4] = ["Slab", "Percpu", "KernelStack", "PageTables"];

/// How much of each of [`KERNEL`] there is, in KiB.
fn kernel_memory() -> anyhow::Result<[f64; 4]> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let mut found = [0.0; 4];
    for (name, found) in KERNEL.iter().zip(&mut found) {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let value =
            lines.find_map(|rest| rest.strip_prefix(':')).with_context(|| format!("no {name}"))?;
        *found = value.trim().trim_end_matches(" kB").parse()?;
    }
    Ok(found)
}

/// What one of `count` processes holds: in the kernel from `before` to `after`, and by its own share, `pss` in
/// all. The kernel keeps what it needs for each file that is looked at: its memory is looked at first.
fn held(before: [f64; 4], after: [f64; 4], pss: f64, count: usize) -> (f64, String) {
    let mut parts = format!("Pss {:.0}", pss / count as f64);
    let mut sum = pss;
    for ((name, before), after) in KERNEL.iter().zip(before).zip(after) {
        sum += after - before;
        parts = format!("{parts}, {name} {:.0}", (after - before) / count as f64);
    }
    (sum / count as f64, parts)
}

/// The proportional share of a process, in KiB.
fn pss(process: i32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}

/// What an idle instance that answered once holds, kernel memory included.
pub(crate) fn memory(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let count = effort.crowd;
    let (((own, parts), theirs), noisy) = watched(TWICE, || {
        let own = memory_of_ours(count)?;
        thread::sleep(Duration::from_secs(2));
        Ok((own, memory_of_bwrap(count)?))
    })?;
    let what = format!("memory of an idle instance that answered once, of {count}");
    let figures = (own, theirs);
    let base = one("memory_vs_bwrap", what, own / theirs, Goal::Most(0.65, 0.25), figures, noisy);
    let note = format!("{}ours: {parts}", base.note);
    Ok(vec![Row { unit: "KiB", note, ..base }])
}

fn memory_of_ours(count: usize) -> anyhow::Result<(f64, String)> {
    let mut ours = Ours::new(0, count)?;
    let before = kernel_memory()?;
    ours.first_calls(count, Start::Clone)?;
    let after = kernel_memory()?;
    let mut shares = 0.0;
    for instance in ours.host.instances("acme") {
        shares += pss(i32::try_from(instance.pid())?)?;
    }
    Ok(held(before, after, shares, count))
}

fn memory_of_bwrap(count: usize) -> anyhow::Result<f64> {
    let bwrap = Bwrap::new()?;
    let before = kernel_memory()?;
    let alive: Vec<(Child, _)> = (0..count).map(|_| bwrap.start()).collect::<Result<_, _>>()?;
    let after = kernel_memory()?;
    let mut shares = 0.0;
    for (child, _) in &alive {
        let mut pid = i32::try_from(child.id())?;
        // bwrap waits for its child, which waits for the shim.
        loop {
            shares += pss(pid)?;
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
            let Some(next) = children.split_whitespace().next() else { break };
            pid = next.parse()?;
        }
    }
    let (theirs, _) = held(before, after, shares, count);
    for (mut child, link) in alive {
        drop(link);
        child.wait()?;
    }
    Ok(theirs)
}

/// A neighbour's warm p99 while another tenant does its worst, over its quiet p99.
pub(crate) fn neighbour(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let host = Host::roomy("");
    let socket = host.place.folder.join("skep.sock");
    let deploy = |tenant: &str, app: &str, source: &str| {
        let made = host.deploy(tenant, app, source, |request| {
            request.limits.get_or_insert_default().timeout_ms = Some(60_000);
        });
        made.map_err(|status| anyhow::anyhow!("{status}")).map(drop)
    };
    deploy("acme", "quiet", "export default (n) => n + 1")?;
    deploy(
        "beta",
        "hog",
        "export default () => { for (const l = [];;) l.push(new Array(1e3).fill(1)); }",
    )?;
    deploy("beta", "short", "export default () => { while (1); }")?;
    let hog = Host::request("beta", "hog", "", b"null");
    let mut churn = Host::request("beta", "short", "", b"1");
    churn.timeout_ms = Some(1);
    let harms = [
        ("neighbour_oom", "during another tenant's out-of-memory loop", hog),
        ("neighbour_churn", "while another tenant's instances are made and ended", churn),
    ];
    let quiet_calls = || one_by_one(&host, &socket, "quiet", effort.calls);
    let mut rows = Vec::new();
    for (id, when, harm) in harms {
        let beside = || {
            let over = AtomicBool::new(false);
            thread::scope(|scope| {
                let harm = scope.spawn(|| harm_until(&over, &socket, &harm));
                let series = quiet_calls();
                over.store(true, Ordering::Relaxed);
                harm.join().map_err(|_| anyhow::anyhow!("the harm panicked"))??;
                series
            })
        };
        let rounds = in_turns(effort.rounds, beside, quiet_calls)?;
        let (ratio, apart) = rounds.ratio(Series::p99);
        let base =
            row(id, &format!("warm p99 {when}, over quiet p99"), &rounds, Goal::Most(3.0, 1.5), "");
        rows.push(Row { ratio, spread: Some(apart), ..base });
    }
    Ok(rows)
}

/// Sends a call that ends its instance, again and again. Over a connection and by a runtime of this thread
/// alone: what the client of the harm does is not to be in the way of the client that is measured.
fn harm_until(over: &AtomicBool, socket: &Path, harm: &InvokeRequest) -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let failed = runtime.block_on(async {
        let mut client = connect(socket).await?;
        let mut failed = 0_u64;
        while !over.load(Ordering::Relaxed) {
            // Failures are what it is after.
            failed += u64::from(client.invoke(harm.clone()).await.is_err());
        }
        anyhow::Ok(failed)
    })?;
    ensure!(0 < failed, "the neighbour did no harm");
    Ok(())
}

/// CPU time of a process, and how often its threads went to sleep by themselves.
fn effort_of(process: Process) -> anyhow::Result<(Duration, u64)> {
    let clock = clock_getcpuclockid(Pid::from_raw(process.0))?;
    let cpu = Duration::from(clock_gettime(clock)?);
    let mut sleeps = 0;
    for thread in fs::read_dir(process.path("task"))? {
        // A thread that waited for files may just have ended.
        let Ok(status) = fs::read_to_string(thread?.path().join("status")) else { continue };
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sleeps += line.context("no switches")?.trim().parse::<u64>()?;
    }
    Ok((cpu, sleeps))
}

/// What the daemon does while nobody calls, with many idle instances.
pub(crate) fn idle(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let place = Place::new();
    let echo = Echo::new(&place)?;
    let mut ours = Ours::new(0, effort.crowd)?;
    ours.first_calls(effort.crowd, Start::Clone)?;
    // Threads that only waited for files have ended by then.
    thread::sleep(Duration::from_secs(15));
    let (daemon, bare) = (ours.host.daemon_process(), echo.process());
    let stretch = Duration::from_secs(20);
    let (spent, noisy) = watched(TWICE, || {
        let before = (effort_of(daemon)?, effort_of(bare)?);
        thread::sleep(stretch);
        Ok((before, (effort_of(daemon)?, effort_of(bare)?)))
    })?;
    let ((before, bare_before), (after, bare_after)) = spent;
    let minute = 60.0 / stretch.as_secs_f64();
    let micros = |spent: Duration| spent.as_secs_f64() * 1e6 * minute;
    let own = micros(after.0.saturating_sub(before.0));
    let theirs = micros(bare_after.0.saturating_sub(bare_before.0));
    let wakes = after.1.saturating_sub(before.1) as f64 * minute;
    let what = format!("the daemon's CPU time per minute with {} idle instances", effort.crowd);
    // A server that does nothing at all leaves no ratio: a microsecond stands for it.
    let ratio = own.max(1.0) / theirs.max(1.0);
    let cpu = one("idle", what, ratio, Goal::Most(2.0, 1.0), (own, theirs), noisy);
    let what = "the daemon's wake-ups per minute meanwhile".to_owned();
    let waking = one("idle_wakes", what, wakes, Goal::Most(0.0, 0.0), (wakes, 0.0), noisy);
    Ok(vec![cpu, Row { unit: "1/min", ..waking }])
}
