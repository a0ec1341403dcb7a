//! How fast a call that runs into its deadline is ended for good.
//!
//! Nobody outside the daemon knows when it begins to kill. The kernel tells us when it opens the first of
//! the files that it needs for that, and how late we hear of it is measured and added: what is not known
//! exactly counts against us.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use skep_integration::{host::Host, place::Place};
use skepd::cgroup::Controller;
use tonic::Code;

use crate::{
    control::{in_turns, time},
    ours::connect,
    reference::Launcher,
    rows::{Effort, leaf, row},
    stats::{Goal, Row, Series},
};

/// When a call is to be over, and when its leaf is watched: not from the start, for limits are written and
/// read at that time too.
const DEADLINE: Duration = Duration::from_millis(100);
const WATCHED_FROM: Duration = Duration::from_millis(50);
/// What an end opens before it kills, by version of the hierarchy.
const FILES: [&str; 2] = ["memory.events", "memory.oom_control"];
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// From the begin of the kill of a call at its deadline until its caller is told, which is after the slot
/// is free.
pub(crate) fn kill_vs_wait(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let host = Host::roomy("");
    let code = "export const native = () => [].join.call({ length: 2 ** 31 }, ''); \
                export default (n) => n + 1;";
    let made = host.deploy("acme", "app", code, |request| {
        request.limits.get_or_insert_default().timeout_ms = Some(10_000);
    });
    made.map_err(|status| anyhow::anyhow!("{status}"))?;
    let late = lateness(&host.place.folder)?;
    let count = effort.starts.min(20);
    let repeat = |one: &dyn Fn() -> anyhow::Result<Duration>| {
        let mut series = Series::default();
        for _ in 0..count {
            series.push(one()?);
        }
        Ok(series)
    };
    let rounds = in_turns(
        effort.rounds,
        || repeat(&|| Ok(killed_at_its_deadline(&host)? + late)),
        || repeat(&killed_and_waited_for),
    )?;
    let place = Place::new();
    let launcher = Launcher::new(&place)?;
    let walled = in_turns(
        effort.rounds,
        || repeat(&|| Ok(killed_at_its_deadline(&host)? + late)),
        || repeat(&|| launcher.killed()),
    )?;
    let what = "kill at a deadline to the slot being free again, over kill and wait of a process";
    let note = format!(
        "from the opening of the first file for it, and {:.0} us that we hear of it late",
        late.as_secs_f64() * 1e6
    );
    let bare = row("kill_vs_wait", what, &rounds, Goal::Most(5.0, 2.0), &note);
    let what = "the same over the kill alone of a process with the same engine and walls, until it is dead";
    Ok(vec![bare, row("kill_vs_walled", what, &walled, Goal::Known, "")])
}

fn killed_and_waited_for() -> anyhow::Result<Duration> {
    let mut child = Command::new("sleep").arg("60").spawn()?;
    thread::sleep(Duration::from_millis(5));
    let (took, ended) = time(|| child.kill().and_then(|()| child.wait()));
    ended?;
    Ok(took)
}

fn killed_at_its_deadline(host: &Host) -> anyhow::Result<Duration> {
    let warm = host.invoke("app", "", "1");
    ensure!(warm.is_ok(), "{warm:?}");
    let files = files_of_a_kill(host, &host.instances_in("app", "idle").remove(0).id)?;
    let mut request = Host::request("acme", "app", "native", b"null");
    request.timeout_ms = Some(u32::try_from(DEADLINE.as_millis())?);
    let (answered, until_answered) = mpsc::channel::<()>();
    let begun = thread::spawn(move || {
        thread::sleep(WATCHED_FROM);
        let watch = watch(&files)?;
        let begun = opened(&watch);
        // Neither the watch nor this thread ends before: the kernel would be busy with that, just when it is
        // with the kill.
        let _ = until_answered.recv();
        begun
    });
    // On this thread alone: how a client passes an answer on is not what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let socket = host.place.folder.join("skep.sock");
    let mut client = runtime.block_on(connect(&socket))?;
    let answer = runtime.block_on(client.invoke(request));
    let told = Instant::now();
    let code = answer.err().map(|status| status.code());
    ensure!(code == Some(Code::DeadlineExceeded), "the call was not killed: {code:?}");
    drop(answered);
    let begun = begun.join().map_err(|_| anyhow::anyhow!("the watcher panicked"))??;
    Ok(told.saturating_duration_since(begun))
}

/// Those of [`FILES`] that this host has for an instance of `acme`.
fn files_of_a_kill(host: &Host, instance: &str) -> anyhow::Result<Vec<PathBuf>> {
    let leaf = leaf(host, Controller::Memory, instance)?;
    let mut files = FILES.map(|name| leaf.join(name)).to_vec();
    files.retain(|file| file.exists());
    ensure!(!files.is_empty(), "neither of {FILES:?} is in {}", leaf.display());
    Ok(files)
}

fn watch(files: &[PathBuf]) -> anyhow::Result<Inotify> {
    let watch = Inotify::init(InitFlags::IN_CLOEXEC)?;
    for file in files {
        let added = watch.add_watch(file, AddWatchFlags::IN_OPEN);
        added.with_context(|| file.display().to_string())?;
    }
    Ok(watch)
}

/// When the first of the watched files was opened, as this thread sees it.
fn opened(watch: &Inotify) -> anyhow::Result<Instant> {
    let ready = poll(&mut [PollFd::new(watch, PollFlags::IN)], Some(&PATIENCE))?;
    let now = Instant::now();
    ensure!(0 < ready, "nobody saw the kill");
    Ok(now)
}

/// How long after a file is opened a watcher hears of it, in the median.
fn lateness(folder: &Path) -> anyhow::Result<Duration> {
    let file = folder.join("watched");
    File::create(&file)?;
    let mut series = Series::default();
    for _ in 0..50 {
        let watch = watch(std::slice::from_ref(&file))?;
        let seen = thread::spawn(move || opened(&watch));
        thread::sleep(WATCHED_FROM);
        let begun = Instant::now();
        File::open(&file)?;
        let seen = seen.join().map_err(|_| anyhow::anyhow!("the watcher panicked"))??;
        series.push(seen.saturating_duration_since(begun));
    }
    Ok(Duration::from_secs_f64(series.p50() / 1e6))
}
