//! The rows of the table: what is measured against what, and with which bound.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Context as _;
use skep_integration::{host::Host, place::Place};
use skep_proto::v1::{self, InvokeRequest, Start};
use skepd::cgroup::{Controller, Hierarchies, Mode};

use crate::{
    control::{AGAIN, in_turns, time, watched},
    crowd, kill, limiter,
    node::{self, Workerd},
    npm,
    ours::{Ours, http_request, one_by_one, request, saturated},
    reference::{APP, Bwrap, Echo, FUNCTION, Launcher, Oci},
    stats::{Goal, Rounds, Row, Series},
};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds of each row.
    pub(crate) rounds: usize,
    /// Starts in one round.
    pub(crate) starts: usize,
    /// Warm calls in one round.
    pub(crate) calls: usize,
    /// Instances that are alive at the same time, where many are; `flat_3000` has three times as many.
    pub(crate) crowd: usize,
    /// How long a saturated stretch takes.
    pub(crate) stretch: Duration,
    /// Whether moves between control groups do not wait for the kernel on this host.
    pub(crate) fast_moves: bool,
}

/// Every row by name, with what it takes to measure it.
type Measure = fn(Effort) -> anyhow::Result<Vec<Row>>;

pub(crate) const ALL: [(&str, Measure); 21] = [
    ("cold_vs_bwrap", |effort| cold(effort, "cold_vs_bwrap", Goal::Most(0.25, 0.10))),
    ("cold_vs_launcher", |effort| cold(effort, "cold_vs_launcher", Goal::Most(0.5, 0.25))),
    ("cold_vs_runc", |effort| cold(effort, "cold_vs_runc", Goal::Most(0.06, 0.02))),
    ("cold_vs_node", |effort| cold(effort, "cold_vs_node", Goal::Most(0.02, 0.01))),
    ("cold_vs_isolate", |effort| cold(effort, "cold_vs_isolate", Goal::Known)),
    ("spare_vs_echo", spare_vs_echo),
    ("spare_http_vs_echo", spare_http_vs_echo),
    ("npm_cold", npm::npm_cold),
    ("compute_vs_node", npm::compute_vs_node),
    ("warm_vs_echo", warm_vs_echo),
    ("rps_vs_echo", rps_vs_echo),
    ("rps_vs_hop", rps_vs_hop),
    ("rps_vs_workerd", rps_vs_workerd),
    ("no_stall", no_stall),
    ("kill_vs_wait", kill::kill_vs_wait),
    ("create_rate_vs_bwrap", crowd::create_rate),
    ("flat_3000", crowd::flat),
    ("memory_vs_bwrap", crowd::memory),
    ("limiter", limiter::limiter),
    ("neighbour", crowd::neighbour),
    ("idle", crowd::idle),
];

/// The rows that decide, for a quick look.
pub(crate) const QUICK: [&str; 4] =
    ["cold_vs_bwrap", "spare_vs_echo", "warm_vs_echo", "rps_vs_echo"];

/// The rows that version 1 hierarchies make slower or larger.
pub(crate) const UNIFIED: [&str; 8] = [
    "cold_vs_bwrap",
    "cold_vs_launcher",
    "cold_vs_runc",
    "cold_vs_node",
    "spare_vs_echo",
    "create_rate_vs_bwrap",
    "no_stall",
    "memory_vs_bwrap",
];

pub(crate) fn row(id: &str, what: &str, rounds: &Rounds, goal: Goal, note: &str) -> Row {
    let (ratio, apart) = rounds.ratio(Series::p50);
    let (ours, reference) = (rounds.all_ours(), rounds.all_references());
    Row {
        id: id.to_owned(),
        what: what.to_owned(),
        ratio,
        spread: (1 < rounds.ours.len()).then_some(apart),
        goal,
        ours: (ours.p50(), ours.p99()),
        reference: (reference.p50(), reference.p99()),
        unit: "us",
        note: format!("{}{note}", mark(rounds.noisy)),
    }
}

/// The beginning of the note of a row that was measured while the machine was noisy.
pub(crate) fn mark(noisy: bool) -> &'static str {
    if noisy { "noisy machine; " } else { "" }
}

/// A row of rates: beside the median round the slowest one, for the high end of a rate is its good side.
pub(crate) fn rate_row(id: &str, what: &str, rounds: &Rounds, goal: Goal) -> Row {
    let figures = |all: Series| (all.p50(), all.percentile(0.0));
    Row {
        ours: figures(rounds.all_ours()),
        reference: figures(rounds.all_references()),
        unit: "1/s",
        ..row(id, what, rounds, goal, "")
    }
}

pub(crate) fn hybrid() -> bool {
    Hierarchies::detect().is_ok_and(|all| all.mode() == Mode::Hybrid)
}

fn cold(effort: Effort, id: &str, goal: Goal) -> anyhow::Result<Vec<Row>> {
    let place = Place::new();
    let mut ours = Ours::new(0, effort.starts * effort.rounds * (AGAIN + 1))?;
    let mut peer: Box<dyn FnMut() -> anyhow::Result<Series>> = match id {
        "cold_vs_bwrap" => {
            let bwrap = Bwrap::new()?;
            Box::new(move || bwrap.series(effort.starts))
        }
        "cold_vs_launcher" => {
            let launcher = Launcher::new(&place)?;
            Box::new(move || launcher.series(effort.starts))
        }
        "cold_vs_runc" => {
            let oci = Oci::new(&place)?;
            Box::new(move || oci.series(effort.starts))
        }
        "cold_vs_node" => Box::new(move || node::processes(effort.starts)),
        _ => {
            let mut isolates = node::Asked::isolates()?;
            Box::new(move || isolates.series(effort.starts))
        }
    };
    let rounds =
        in_turns(effort.rounds, || ours.first_calls(effort.starts, Start::Clone), &mut peer)?;
    let what = "first call of an app without instance and spare, to its reply";
    let base = row(id, what, &rounds, goal, "");
    let note = match placement(effort.starts, Duration::from_secs_f64(base.ours.0 / 1e6))? {
        None => String::new(),
        Some(placed) => {
            let without = base.ratio * (1.0 - placed / base.ours.0);
            format!("decided on unified; without placement ({placed:.0} us) about {without:.2}")
        }
    };
    let crun = if id == "cold_vs_runc" && !hybrid() { "crun in place of runc" } else { "" };
    Ok(vec![Row { note: base.note.clone() + crun + &note, ..base }])
}

/// On a hybrid host, the median of what the zygote does there beside the clone: moving a new process into
/// its version 1 groups, as long after the last one as starts are `apart`: the kernel's wait depends on it.
pub(crate) fn placement(count: usize, apart: Duration) -> anyhow::Result<Option<f64>> {
    if !hybrid() {
        return Ok(None);
    }
    let hierarchies = Hierarchies::detect()?;
    let place = Place::new();
    let v2 = hierarchies.v2();
    let tops = hierarchies.tops().filter(|top| *top != v2);
    let leaves: Vec<_> = tops.map(|top| top.join(format!("{}-placed", place.name))).collect();
    leaves.iter().try_for_each(fs::create_dir)?;
    let mut series = Series::default();
    let mut placed = || -> anyhow::Result<()> {
        for _ in 0..count {
            let mut child = std::process::Command::new("sleep").arg("60").spawn()?;
            std::thread::sleep(apart);
            let number = child.id().to_string();
            let (took, written) = time(|| {
                leaves.iter().try_for_each(|leaf| fs::write(leaf.join("cgroup.procs"), &number))
            });
            child.kill()?;
            child.wait()?;
            written?;
            series.push(took);
        }
        Ok(())
    };
    let placed = placed();
    leaves.iter().for_each(remove_soon);
    placed.map(|()| Some(series.p50()))
}

/// Removes a group once its last process is gone.
fn remove_soon(group: impl AsRef<std::path::Path>) {
    for _ in 0..100 {
        if fs::remove_dir(&group).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn spare_vs_echo(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let what = "first reply of an app (1 KiB of source, compiled at its deploy) bound to a spare, all spares ready";
    first_of_spares(effort, "spare_vs_echo", what, Goal::Most(3.0, 1.3), (APP, request))
}

fn spare_http_vs_echo(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let what = "the same of a worker, called in the shape of HTTP (the echo is called as above)";
    first_of_spares(effort, "spare_http_vs_echo", what, Goal::Known, (HTTP_APP, http_request))
}

/// The p50 of an echo is nearly constant: enough calls for it each time.
fn first_of_spares(
    effort: Effort,
    id: &str,
    what: &str,
    goal: Goal,
    (app, request): (&str, fn(&str) -> InvokeRequest),
) -> anyhow::Result<Vec<Row>> {
    let place = Place::new();
    let mut ours = Ours::of(app, 8, effort.starts * effort.rounds * (AGAIN + 1))?;
    ours.request = request;
    let echo = Echo::new(&place)?;
    let client = Host::roomy("");
    let rounds = in_turns(
        effort.rounds,
        || ours.first_calls(effort.starts, Start::Spare),
        || one_by_one(&client, &echo.socket, "app", effort.calls),
    )?;
    Ok(vec![row(id, what, &rounds, goal, "")])
}

/// A worker of about 1 KiB.
const HTTP_APP: &str = include_str!("http.js");

/// What the pool is set to, beside what a row needs otherwise.
pub(crate) const POOL: &str = "instances of 16 MiB; no spares in rows of clones and warm calls, 8 in \
                               rows of spares; idle instances stay. kill_vs_wait and neighbour: as a daemon is \
                               that nobody configured";

/// An app of `acme` with so many instances, all of them ready.
pub(crate) fn ready(instances: u32) -> anyhow::Result<Host> {
    ready_of(FUNCTION, instances)
}

/// The same of an app with that source.
pub(crate) fn ready_of(source: &str, instances: u32) -> anyhow::Result<Host> {
    let pool = "[pool]\nspare_floor = 0\nspare_ceiling = 0\nidle_after = \"10m\"\n";
    let host = Host::roomy(pool);
    keep_ready_of(&host, "acme", source, instances)?;
    Ok(host)
}

/// The same for any tenant, on a host without spares.
pub(crate) fn keep_ready(host: &Host, tenant: &str, instances: u32) -> anyhow::Result<()> {
    keep_ready_of(host, tenant, FUNCTION, instances)
}

fn keep_ready_of(host: &Host, tenant: &str, source: &str, instances: u32) -> anyhow::Result<()> {
    let made = host.deploy(tenant, "app", source, |request| {
        let limits = request.limits.get_or_insert_default();
        (limits.min_instances, limits.max_instances) = (Some(instances), Some(instances));
        // An instance serves one call at a time; the others wait.
        (limits.memory_bytes, limits.concurrency) = (Some(16 << 20), Some(64));
        limits.timeout_ms = Some(60_000);
    });
    made.map_err(|status| anyhow::anyhow!("{status}"))?;
    let wanted = usize::try_from(instances)?;
    skep_integration::yard::until("all are ready", || {
        let all = host.instances(tenant);
        all.iter().filter(|one| one.app == "app" && one.state == "idle").count() == wanted
    });
    Ok(())
}

fn warm_vs_echo(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let place = Place::new();
    let host = ready(1)?;
    let echo = Echo::new(&place)?;
    let socket = host.place.folder.join("skep.sock");
    let rounds = in_turns(
        effort.rounds,
        || one_by_one(&host, &socket, "app", effort.calls),
        || one_by_one(&host, &echo.socket, "app", effort.calls),
    )?;
    let first =
        row("warm_vs_echo", "warm call, one at a time, p50", &rounds, Goal::Most(1.8, 1.2), "");
    let (ratio, apart) = rounds.ratio(Series::p99);
    let what = "warm call, one at a time, p99".to_owned();
    let id = "warm_vs_echo_p99".to_owned();
    Ok(vec![first.clone(), Row { id, what, ratio, spread: Some(apart), ..first }])
}

/// Answers per second in turns, as one figure of each round.
pub(crate) fn rates(
    rounds: usize,
    mut ours: impl FnMut() -> anyhow::Result<f64>,
    mut reference: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<Rounds> {
    in_turns(rounds, || ours().map(Series::of), || reference().map(Series::of))
}

fn rps_vs_echo(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let place = Place::new();
    let echo = Echo::new(&place)?;
    let row = |instances| {
        let id = format!("rps_vs_echo_{instances}");
        let what = format!("answers per second, {instances} instances, 64 calls in flight");
        rps(effort, instances, &echo, &id, &what, Goal::Least(0.5, 0.8))
    };
    [1, 8, 64].map(row).into_iter().collect()
}

/// What of it comes of asking a process at all.
fn rps_vs_hop(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let place = Place::new();
    let hop = Echo::asking(&place, 64)?;
    let what = "the same over a bare server that asks 64 bare processes";
    Ok(vec![rps(effort, 64, &hop, "rps_vs_hop_64", what, Goal::Known)?])
}

fn rps(
    effort: Effort,
    instances: u32,
    reference: &Echo,
    id: &str,
    what: &str,
    goal: Goal,
) -> anyhow::Result<Row> {
    let host = ready(instances)?;
    let socket = host.place.folder.join("skep.sock");
    let rounds = rates(
        effort.rounds,
        || saturated(&host, &socket, effort.stretch),
        || saturated(&host, &reference.socket, effort.stretch),
    )?;
    Ok(rate_row(id, what, &rounds, goal))
}

fn rps_vs_workerd(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let place = Place::new();
    let workerd = Workerd::new(&place)?;
    let host = ready(64)?;
    let socket = host.place.folder.join("skep.sock");
    let rounds = rates(
        effort.rounds,
        || saturated(&host, &socket, effort.stretch),
        || host.block_on(workerd.saturated(effort.stretch)),
    )?;
    let what = "answers per second, 64 calls in flight, over workerd's for the same function";
    Ok(vec![rate_row("rps_vs_workerd", what, &rounds, Goal::Least(1.0, 3.0))])
}

/// The median of writing `cgroup.procs` twenty times, 20 ms apart: how long a move waits for the kernel.
pub(crate) fn move_cost() -> anyhow::Result<f64> {
    let hierarchies = Hierarchies::detect()?;
    let (top, _) = hierarchies.of(Controller::Pids);
    let place = Place::new();
    let groups = ["a", "b"].map(|name| top.join(format!("{}-{name}", place.name)));
    for group in &groups {
        fs::create_dir(group)?;
    }
    let mut child = std::process::Command::new("sleep").arg("60").spawn()?;
    let mut series = Series::default();
    let mut moved = || -> anyhow::Result<()> {
        for turn in 0..20 {
            std::thread::sleep(Duration::from_millis(20));
            let file = groups[turn % 2].join("cgroup.procs");
            let (took, written) = time(|| fs::write(&file, child.id().to_string()));
            written.with_context(|| file.display().to_string())?;
            series.push(took);
        }
        Ok(())
    };
    let moved = moved();
    child.kill()?;
    child.wait()?;
    groups.iter().for_each(remove_soon);
    moved?;
    Ok(series.p50())
}

fn no_stall(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let count = effort.starts * 10;
    let ((together, apart, _), noisy) = watched(AGAIN, || {
        let mut ours = Ours::new(0, 2 * count)?;
        let together = ours.first_calls(count, Start::Clone)?;
        let mut apart = Series::default();
        for _ in 0..count {
            std::thread::sleep(Duration::from_millis(20));
            apart.extend(&ours.first_calls(1, Start::Clone)?);
        }
        Ok((together, apart, ours))
    })?;
    let rounds = Rounds { ours: vec![apart], reference: vec![together], noisy };
    let ours = rounds.all_ours();
    let ratio = ours.p99() / rounds.all_references().p50();
    let what = format!("p99 of {count} starts 20 ms apart over p50 of as many back to back");
    let (goal, note) = match (effort.fast_moves, hybrid()) {
        (true, _) => {
            (Goal::Known, "not valid on this kernel, which was switched to fast migration")
        }
        (false, true) => {
            (Goal::Most(12.0, 5.0), "moves between version 1 groups wait for the kernel")
        }
        (false, false) => (Goal::Most(12.0, 5.0), ""),
    };
    let base = row("no_stall", &what, &rounds, goal, note);
    Ok(vec![Row { ratio, ..base }])
}

/// The leaf of an instance of `acme` in the hierarchy of `controller`.
pub(crate) fn leaf(host: &Host, controller: Controller, instance: &str) -> anyhow::Result<PathBuf> {
    let hierarchies = Hierarchies::detect()?;
    let (top, _) = hierarchies.of(controller);
    Ok(top.join(&host.place.name).join("tenants/acme").join(instance))
}

/// The walls of a live instance, as `/proc` and its control groups show them in this very run.
pub(crate) fn walls() -> anyhow::Result<Vec<(String, String)>> {
    let host = ready(1)?;
    let instance: v1::Instance = host.instances_in("app", "idle").remove(0);
    let process = skep_integration::look::Process(i32::try_from(instance.pid())?);
    let status = process.status();
    let mut found: Vec<(String, String)> = [
        "CapInh",
        "CapPrm",
        "CapEff",
        "CapBnd",
        "CapAmb",
        "NoNewPrivs",
        "Seccomp",
        "Seccomp_filters",
        "Uid",
    ]
    .into_iter()
    .map(|name| (name.to_owned(), status.get(name).cloned().unwrap_or_default()))
    .collect();
    let own = skep_integration::look::Process::own().namespaces();
    let apart = process.namespaces().iter().filter(|(name, inode)| own[*name] != **inode).count();
    found.push(("namespaces of its own".to_owned(), apart.to_string()));
    found.push(("descriptors".to_owned(), process.descriptors().len().to_string()));
    for (controller, names) in [
        (Controller::Memory, ["memory.max", "memory.limit_in_bytes"]),
        (Controller::Pids, ["pids.max", "pids.max"]),
    ] {
        let leaf = leaf(&host, controller, &instance.id)?;
        let limit = names.iter().find_map(|name| fs::read_to_string(leaf.join(name)).ok());
        let limit = limit.with_context(|| format!("no limit in {}", leaf.display()))?;
        found.push((names[0].to_owned(), limit.trim().to_owned()));
    }
    let capable = |(name, value): &(String, String)| {
        name.starts_with("Cap") && value.chars().any(|digit| digit != '0')
    };
    anyhow::ensure!(!found.iter().any(capable), "a capability is left: {found:?}");
    anyhow::ensure!(apart == 7, "a namespace is missing: {found:?}");
    for (name, wanted) in [
        ("Seccomp", "2"),
        ("Seccomp_filters", "3"),
        ("NoNewPrivs", "1"),
        ("descriptors", "1"),
        ("memory.max", "16777216"),
        ("pids.max", "1"),
    ] {
        let stands = found.iter().any(|(key, value)| key == name && value == wanted);
        anyhow::ensure!(stands, "{name} is not {wanted}: {found:?}");
    }
    let uid = format!("{id}\t{id}\t{id}\t{id}", id = instance.uid());
    anyhow::ensure!(instance.uid() != 0 && status["Uid"] == uid, "{found:?}");
    Ok(found)
}
