//! `make bench`: how fast Skep is, beside others on the same machine in the same run.
//!
//! Absolute times of one machine say little: every figure is a ratio to a reference that took turns with
//! ours. What is printed also says what stood around the instances while they were measured.

#![allow(clippy::cast_precision_loss, reason = "figures, not counts that matter to the last digit")]

mod control;
mod crowd;
mod hop;
mod kill;
mod limiter;
mod node;
mod npm;
mod ours;
mod reference;
mod rows;
mod stats;
mod table;
mod wire;

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context as _;
use serde_json::json;
use skep_proto::v1::{
    InvokeRequest, InvokeResponse, Reply,
    invocations_server::{Invocations, InvocationsServer},
    invoke_response::Outcome,
};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, transport::Server};

use self::rows::Effort;

const USAGE: &str = "\
bench [--quick] [--unified] [--divide N] [--out FILE] [ROW...]
bench --install

Measures Skep beside other ways to do the same, as root. Without rows: all of them.

  --quick     only the rows that decide, in under 90 s
  --unified   only the rows that depend on the version of control groups
  --divide N  so many times less of everything, for slow machines
  --out FILE  where the figures go as JSON (target/bench/latest.json; of single rows rows.json)
  --install   only installs what it compares with: bubblewrap, runc, crun, workerd, isolated-vm, express, zod, jose
";

struct Plan {
    rows: Vec<&'static str>,
    divide: usize,
    out: PathBuf,
}

fn plan() -> anyhow::Result<Plan> {
    let mut plan = Plan { rows: Vec::new(), divide: 1, out: PathBuf::new() };
    let mut out = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value\n{USAGE}"));
        match arg.as_str() {
            "--quick" => plan.rows.extend(rows::QUICK),
            "--unified" => plan.rows.extend(rows::UNIFIED),
            "--divide" => plan.divide = value()?.parse()?,
            "--out" => out = Some(PathBuf::from(value()?)),
            name => {
                let row = rows::ALL.iter().find(|(row, _)| *row == name);
                plan.rows.push(row.with_context(|| format!("there is no row {name}\n{USAGE}"))?.0);
            }
        }
    }
    anyhow::ensure!(0 < plan.divide, "--divide needs a number above 0\n{USAGE}");
    let all = plan.rows.is_empty();
    let default = if all { "target/bench/latest.json" } else { "target/bench/rows.json" };
    plan.out = out.unwrap_or_else(|| default.into());
    if all {
        plan.rows.extend(rows::ALL.iter().map(|(row, _)| *row));
    }
    Ok(plan)
}

/// As the daemon has: the echo is to be as good as it can.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The reference server: the same messages, and nothing behind them, or a process that is asked each time.
struct Bare(Option<hop::Hops>);

#[tonic::async_trait]
impl Invocations for Bare {
    async fn invoke(
        &self,
        request: Request<InvokeRequest>,
    ) -> Result<Response<InvokeResponse>, Status> {
        let _ = request.into_inner();
        if let Some(hops) = &self.0 {
            hops.ask().await.map_err(|error| Status::internal(error.to_string()))?;
        }
        let reply = Reply { payload: "2".into(), encoding: 1, http: None };
        let outcome = Some(Outcome::Reply(reply));
        Ok(Response::new(InvokeResponse { outcome, ..InvokeResponse::default() }))
    }
}

fn echo(socket: &str, hops: usize) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let hops = if hops == 0 { None } else { Some(hop::Hops::new(hops)?) };
        let incoming = UnixListenerStream::new(UnixListener::bind(socket)?);
        let service = InvocationsServer::new(Bare(hops));
        Server::builder().add_service(service).serve_with_incoming(incoming).await?;
        Ok(())
    })
}

/// Installs whatever can be; what cannot is named, and its rows are missing.
fn install() -> ExitCode {
    let debian = [("bwrap", "bubblewrap"), ("runc", "runc"), ("crun", "crun")];
    let debian = debian.map(|(program, package)| reference::install(program, package));
    for missing in debian.into_iter().chain(node::install()).filter_map(Result::err) {
        println!("missing: {missing:#}");
    }
    ExitCode::SUCCESS
}

fn text(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default().trim().to_owned()
}

fn main() -> anyhow::Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("echo"), Some(socket)) => {
            let hops = args.next().as_deref().unwrap_or("0").parse()?;
            return echo(&socket, hops).map(|()| ExitCode::SUCCESS);
        }
        (Some("hop"), None) => return hop::serve().map(|()| ExitCode::SUCCESS),
        (Some("--help" | "-h"), _) => {
            print!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        (Some("--install"), _) => return Ok(install()),
        _ => {}
    }
    let plan = plan()?;
    let less = |number: usize| (number / plan.divide).max(5);
    let mode = format!("{:?}", skepd::cgroup::Hierarchies::detect()?.mode()).to_lowercase();
    let cores = std::thread::available_parallelism()?.get();
    let kernel = text("/proc/sys/kernel/osrelease");
    println!("Linux {kernel}, {mode} control groups, {cores} cores");
    let move_cost = rows::move_cost()?;
    println!("a move between control groups, 20 ms apart: {move_cost:.0} us (median)");
    let fast_moves = mode == "hybrid" && move_cost < 1000.0;
    if fast_moves {
        println!("this kernel was switched to fast migration: no_stall is not valid on it");
    }
    let effort = Effort {
        rounds: 5,
        starts: less(20),
        calls: less(2000),
        crowd: less(1000),
        stretch: Duration::from_millis(700),
        fast_moves,
    };
    println!("pool: {}", rows::POOL);
    let walls = rows::walls()?;
    for (name, found) in &walls {
        println!("wall: {name}: {found}");
    }
    table::head();
    let mut all = Vec::new();
    let mut missing = Vec::new();
    for (name, measure) in rows::ALL.iter().filter(|(name, _)| plan.rows.contains(name)) {
        eprintln!("measuring {name} ...");
        let (took, rows) = control::time(|| measure(effort));
        eprintln!("... {:.0} s", took.as_secs_f64());
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                let why = format!("{error:#}");
                table::missing(name, &why);
                let absent = error.is::<reference::Absent>();
                missing.push(json!({ "id": name, "why": why, "absent": absent }));
                continue;
            }
        };
        for row in rows {
            let row = row.json();
            table::line(&row);
            all.push(row);
        }
    }
    let report = json!({
        "rows": all,
        "missing": missing,
        "machine": {
            "kernel": kernel,
            "boot": text("/proc/sys/kernel/random/boot_id"),
            "cgroups": mode,
            "cores": cores,
            "commit": said("git", &["-c", "safe.directory=*", "describe", "--always", "--dirty", "--abbrev=40"]),
            "measured": said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            "move_us": move_cost,
            "fast_moves": fast_moves,
            "walls": walls,
            "pool": rows::POOL,
        },
    });
    if let Some(folder) = plan.out.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&plan.out, serde_json::to_string_pretty(&report)?)?;
    if plan.rows.len() == rows::ALL.len() {
        table::of_the_virtual_machine()?;
    }
    println!("\nin full: {}", plan.out.display());
    let failed = missing.iter().any(|row| row["absent"] == false);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What a program prints, or nothing.
fn said(program: &str, args: &[&str]) -> String {
    let output = std::process::Command::new(program).args(args).output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
