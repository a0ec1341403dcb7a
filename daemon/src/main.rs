//! `skepd`: one program, two roles. As root it is the keeper; the keeper starts it again as the daemon.

#![forbid(unsafe_code)]

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use skepd::{
    cgroup::PrepareError,
    config::Config,
    daemon,
    doctor::{self, Doctor},
    exit::{Chain, Exit},
    journal::{self, say},
    keeper::{self, KeeperError, LockError, PlaceError},
};

/// A call makes and drops dozens of small objects, often on different threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs code that is not trusted, for tenants that do not trust each other, behind real walls.
#[derive(Parser)]
#[command(
    name = "skepd",
    version,
    after_help = "\
Examples:
  skepd --config /etc/skep/skepd.toml
  skepd --config /etc/skep/skepd.toml --check-config

Exit codes: 0 drained and stopped, 1 a bug, 64 wrong arguments, 69 the host lacks something that the
walls need, 70 a process was lost, 74 a file, folder or socket cannot be used, 75 another skepd has what
this one wants, 78 the configuration is wrong."
)]
struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE", required_unless_present = "role")]
    config: Option<PathBuf>,
    /// Checks the configuration, says what is wrong, and ends.
    #[arg(long)]
    check_config: bool,
    /// Looks at the host, says what is missing, and ends.
    #[arg(long)]
    preflight: bool,
    /// For the keeper's own use.
    #[arg(long, hide = true, requires_all = ["id", "leaves", "entrance"])]
    role: Option<Role>,
    #[arg(long, hide = true)]
    id: Option<u32>,
    #[arg(long, hide = true)]
    leaves: Option<u32>,
    #[arg(long, hide = true)]
    entrance: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Daemon,
}

/// How long the end of the daemon waits for its log.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers, everything else is a mistake.
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Clean };
            let _ = error.print();
            return code.into();
        }
    };
    match (args.role, args.id, args.leaves, &args.config) {
        (Some(Role::Daemon), Some(id), Some(leaves), _) => {
            match daemon::main(id, leaves, &args.entrance) {
                Ok(()) => ended(Exit::Clean),
                Err(error) => {
                    tell(&error);
                    ended(error.exit())
                }
            }
        }
        (_, _, _, Some(file)) => keep(&args, file).into(),
        _ => Exit::Usage.into(),
    }
}

/// Leaves the log a moment to be written.
fn ended(exit: Exit) -> ExitCode {
    journal::flush(LAST_WORDS);
    exit.into()
}

/// Says what ended the start, and how to mend the host where that is known.
fn tell(error: &(dyn std::error::Error + 'static)) {
    say(&format!("{}{}", Chain(error), doctor::advice(error)));
}

fn keep(args: &Args, file: &Path) -> Exit {
    let config = match read(file) {
        Ok(config) => config,
        Err(problems) => {
            for problem in &problems {
                say(&format!("{}: {problem}", file.display()));
            }
            return Exit::Config;
        }
    };
    // What does not start with it need not be looked at as root.
    if let Err(error) = keeper::shim::find(&config.shim) {
        say(&format!("{}: shim: {}", file.display(), Chain(&error)));
        return Exit::Config;
    }
    if args.check_config {
        journal::answer(&format!("{}: the configuration is right\n", file.display()));
        return Exit::Clean;
    }
    let tree = match keeper::tree(&config, keeper::Role::Keeper) {
        Ok(tree) => tree,
        Err(error) => {
            say(&Chain(&error).to_string());
            return Exit::HostUnfit;
        }
    };
    let doctor = Doctor::new(&config, &tree);
    let mut unfit = doctor::show(&doctor.unfit());
    if !nix::unistd::geteuid().is_root() {
        unfit.push_str("skepd: root is missing\n  needed: to make control groups and give privilege up\n  fix: start it as root, or by systemd\n");
    }
    if !unfit.is_empty() {
        journal::say_lines(&unfit);
        return Exit::HostUnfit;
    }
    if let Err(error) = keeper::shim::check(&config.shim) {
        say(&Chain(&error).to_string());
        say("  fix: install skepd and skep-shim from one build");
        return Exit::HostUnfit;
    }
    if args.preflight {
        journal::answer("this host has everything that the walls need\n");
        return Exit::Clean;
    }
    match keeper::run(&config, file, &tree) {
        Ok(exit) => exit,
        Err(error) => {
            tell(&error);
            match error {
                // What an earlier run left may be gone at the next start.
                KeeperError::Prepare(PrepareError::Leftover(_)) => Exit::Lost,
                KeeperError::Groups(_) | KeeperError::Prepare(_) => Exit::HostUnfit,
                KeeperError::Lock(LockError::Held { .. })
                | KeeperError::Place(PlaceError::InUse(_) | PlaceError::Lock(_)) => Exit::Held,
                KeeperError::Place(_) | KeeperError::Lock(_) => Exit::Files,
                _ => Exit::Lost,
            }
        }
    }
}

fn read(file: &Path) -> Result<Config, Vec<String>> {
    let text = std::fs::read_to_string(file).map_err(|error| vec![error.to_string()])?;
    let own = std::env::current_exe().map_err(|error| vec![error.to_string()])?;
    let beside = own.parent().unwrap_or(Path::new("/"));
    Config::parse(&text, beside)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}
