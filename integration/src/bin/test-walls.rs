//! The mutation run: takes away one wall at a time and demands that the test of that wall fails.
//!
//! `test-walls PROGRAM [WALL...]`, as root, where PROGRAM is the built test program `walls`; without a
//! WALL it is about all of them, and without PROGRAM it lets cargo build it. First every test that is used must pass with all walls up; then each runs once more for every wall
//! that it stands for, with that wall's name in `SKEP_MUTANT`, and must fail. A wall that can be taken
//! away without a test noticing is a failure of this run. A line that begins with `not here` names a wall
//! that another host must show: ask for it there by its name.
//!
//! The walls are not listed here: they are the steps, namespaces, limits and filter entries that the
//! product itself has. What is here is the test of each.

use std::{
    collections::BTreeSet,
    env, fmt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use skep_integration::{rlimits, yard::STOOD};
use skep_link::{frame::NAMESPACES, zygote::Step};
use skep_policies::entries;
use skepd::cgroup::{Hierarchies, Limit, Mode};

/// How many tests run at the same time.
const PARALLEL: usize = 2;
/// The exit code of a test program in which a test failed.
const TEST_FAILED: i32 = 101;

/// One wall, the test that stands for it, or why it is no wall here.
struct Wall {
    /// As `SKEP_MUTANT` and the hostile shim take it.
    name: String,
    test: Result<&'static str, NoWall>,
}

/// Why taking a wall away cannot show anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoWall {
    /// There is nothing to take away.
    Nowhere(&'static str),
    /// Another host, such as the virtual machine, can show it.
    Here(&'static str),
}

fn test_of_step(step: Step) -> &'static str {
    match step {
        Step::AwaitParent => "a_child_does_nothing_until_it_is_placed_and_mapped",
        Step::NewSession => "its_session_is_its_own",
        Step::ResetSignals => "signals_have_their_defaults",
        Step::CgroupNamespace => "seven_namespaces_are_of_its_own",
        Step::HostName => "the_hosts_name_is_hidden",
        Step::EmptyRoot => "its_root_is_empty_and_read_only",
        Step::LockSecurebits => "capability_rules_are_locked",
        Step::BoundCapabilities | Step::DropCapabilities => "all_capability_sets_are_empty",
        Step::SwitchIdentity => "its_ids_are_its_own_and_it_has_no_groups",
        Step::DieWithParent => "it_dies_with_the_zygote",
        Step::NoNewPrivileges | Step::RunFilter => "no_new_privileges_and_three_filters",
        Step::Landlock => "landlock_denies_what_the_filter_would",
        Step::CloseOtherFds => "one_descriptor_is_open_and_no_memory_is_shared",
        Step::ResourceLimits => "process_limits_are_as_reviewed",
    }
}

fn test_of_limit(limit: Limit, mode: Mode) -> Result<&'static str, NoWall> {
    match limit {
        Limit::Memory if mode == Mode::Unified => Ok("a_hog_is_killed_by_its_group_and_counted"),
        Limit::OomGroup if mode == Mode::Hybrid => {
            Err(NoWall::Here("control groups of version 1 lack it"))
        }
        Limit::Memory | Limit::Swap | Limit::OomGroup => {
            Ok("its_group_has_the_limits_it_was_given")
        }
        Limit::Processes => Ok("even_without_the_filter_processes_are_counted"),
        Limit::Cpu => Ok("cpu_time_is_rationed"),
    }
}

fn walls(mode: Mode) -> Vec<Wall> {
    let mut walls = Vec::new();
    let mut wall = |kind: &str, name: &str, test| {
        walls.push(Wall { name: format!("{kind}.{name}"), test });
    };
    for step in Step::ALL {
        wall("step", step.as_str(), Ok(test_of_step(step)));
    }
    // The cgroup namespace is a step.
    for name in NAMESPACES.into_iter().filter(|name| *name != "cgroup") {
        wall("namespace", name, Ok("seven_namespaces_are_of_its_own"));
    }
    for limit in rlimits::all() {
        let test = match limit.value {
            None => Err(NoWall::Nowhere("it is open by design")),
            Some(_) if limit.differ() => Ok("process_limits_are_as_reviewed"),
            Some(_) => Err(NoWall::Here("nobody on this host may have more")),
        };
        wall("rlimit", limit.name, test);
    }
    for limit in Limit::ALL {
        let name = format!("{limit:?}").to_lowercase();
        wall("limit", &name, test_of_limit(*limit, mode));
    }
    let bounds = "a_zygote_that_is_taken_over_becomes_any_user_and_reaches_nothing_of_theirs";
    wall("zygote", "bounds", Ok(bounds));
    wall("filter", "deny", Ok("a_reverse_shell_is_killed_at_its_first_call"));
    wall("filter", "allow", Ok("a_file_cannot_be_opened_nor_made"));
    for entry in entries::DENY {
        let test = match (entry.only, entry.syscall) {
            (Some(only), _) if only != env::consts::ARCH => {
                Err(NoWall::Nowhere("another architecture has it"))
            }
            (_, "mmap" | "mprotect") => Ok("executable_memory_cannot_be_had"),
            _ => Ok("every_system_call_answers_as_reviewed"),
        };
        wall("deny", entry.syscall, test);
    }
    walls
}

/// What came of taking a wall away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// A sandbox without that wall stood, and the test noticed.
    Caught,
    /// Without that wall no sandbox came to be.
    FailsClosed,
    /// The test passed, or something else failed than it.
    Unnoticed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Caught => "caught",
            Self::FailsClosed => "fails closed",
            Self::Unnoticed => "NOT CAUGHT",
        })
    }
}

fn verdict(output: &Output, text: &str, test: &str) -> Verdict {
    let failed = text.contains(&format!("test {test} ... FAILED\n"));
    if output.status.code() != Some(TEST_FAILED) || !failed {
        return Verdict::Unnoticed;
    }
    // As `yard` words it: a child that ended, a clone that was refused, a limit that was.
    let closed =
        ["not sealed: ", "instead of a clone: Refused", "on an `Err` value: Write { limit"];
    if closed.iter().any(|sign| text.contains(sign)) {
        Verdict::FailsClosed
    } else if text.contains(STOOD) {
        Verdict::Caught
    } else {
        // A zygote that did not start, a time-out: the wall was not even tried.
        Verdict::Unnoticed
    }
}

/// Runs `tests` of the program; with one wall missing if it is named.
fn run(program: &Path, tests: &[&str], mutant: Option<&str>) -> anyhow::Result<(Output, String)> {
    let mut command = Command::new(program);
    command.arg("--exact").args(tests).stdin(Stdio::null());
    // Where it failed is in the message; to name every frame would take longer than the test.
    command.env_remove("SKEP_MUTANT").env("RUST_BACKTRACE", "0");
    if let Some(mutant) = mutant {
        command.env("SKEP_MUTANT", mutant);
    }
    let output = command.output().with_context(|| format!("cannot run {}", program.display()))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output, text))
}

/// With every wall up, every test must pass: only then does a failure mean something.
fn demand_passes(program: &Path, walls: &[Wall]) -> anyhow::Result<usize> {
    let tests: BTreeSet<&str> = walls.iter().filter_map(|wall| wall.test.ok()).collect();
    let tests: Vec<&str> = tests.into_iter().collect();
    let (output, text) = run(program, &tests, None)?;
    let passed = |test: &str| text.contains(&format!("test {test} ... ok\n"));
    let missing: Vec<&&str> = tests.iter().filter(|test| !passed(test)).collect();
    if !output.status.success() || !missing.is_empty() {
        bail!("with every wall up these do not pass: {missing:?}\n{text}");
    }
    Ok(tests.len())
}

/// Takes one wall away. Says what came of it, and how long that took.
fn take_away(program: &Path, wall: &Wall, test: &str) -> anyhow::Result<Verdict> {
    let start = Instant::now();
    let (output, text) = run(program, &[test], Some(&wall.name))?;
    let verdict = verdict(&output, &text, test);
    let seconds = start.elapsed().as_secs_f32();
    let line = format!("{verdict:<13} {:<25} {test:<52} {seconds:>5.1} s", wall.name);
    match verdict {
        Verdict::Caught | Verdict::FailsClosed => println!("{line}"),
        Verdict::Unnoticed => println!("{line}\n{text}"),
    }
    Ok(verdict)
}

/// The test program, as cargo names it when it builds it.
fn build() -> anyhow::Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let built = |arguments: &[&str]| -> anyhow::Result<Output> {
        let output = Command::new(&cargo)
            .args(arguments)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo")?;
        ensure!(output.status.success(), "cargo {} failed", arguments.join(" "));
        Ok(output)
    };
    built(&["build", "--release", "--workspace", "--bins"])?;
    let test = ["test", "--release", "-p", "skep-integration", "--test", "walls", "--no-run"];
    let output = built(&[&test[..], &["--message-format=json"]].concat())?;
    String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "walls")
        .find_map(|message| Some(message["executable"].as_str()?.into()))
        .context("cargo names no test program called walls")
}

fn main() -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let mut arguments = env::args().skip(1);
    let program = match arguments.next() {
        Some(path) => path.into(),
        None => build()?,
    };
    let mut walls = walls(Hierarchies::detect()?.mode());
    let wanted: Vec<String> = arguments.collect();
    for name in &wanted {
        match walls.iter().find(|wall| wall.name == *name).map(|wall| &wall.test) {
            None => bail!("there is no wall called {name}"),
            Some(Err(NoWall::Here(why) | NoWall::Nowhere(why))) => bail!("{name}: {why}"),
            Some(Ok(_)) => {}
        }
    }
    walls.retain(|wall| wanted.is_empty() || wanted.contains(&wall.name));
    let tests = demand_passes(&program, &walls)?;
    println!("with every wall up {tests} tests pass; now without one wall each:");
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    let work = || -> anyhow::Result<()> {
        while let Some(wall) = walls.get(next.fetch_add(1, Ordering::Relaxed)) {
            match wall.test {
                Err(NoWall::Nowhere(why)) => println!("{:<13} {:<25} {why}", "no wall", wall.name),
                Err(NoWall::Here(why)) => println!("{:<13} {:<25} {why}", "not here", wall.name),
                Ok(test) => {
                    let verdict = take_away(&program, wall, test)?;
                    verdicts.lock().map_err(|_| anyhow::anyhow!("a worker failed"))?.push(verdict);
                }
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..PARALLEL).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker failed")))
    })?;
    let verdicts = verdicts.into_inner()?;
    let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let (closed, unnoticed) = (count(Verdict::FailsClosed), count(Verdict::Unnoticed));
    let took = Duration::from_secs(start.elapsed().as_secs());
    println!("{} walls in {took:?}; {closed} of them fail closed", verdicts.len());
    println!("{} passed, {unnoticed} failed", verdicts.len() - unnoticed);
    Ok(if unnoticed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
