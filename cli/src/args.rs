//! The arguments of `skep`, as clap reads them.
//!
//! Values are parsed into their types here; whether they fit together with what is on the host is the
//! daemon's to say. What is absent stays absent: defaults of the host are not copied into this client.
//!
//! Always true: no name that reaches a command is empty, so none can turn into the API's "all".

mod deploy;
mod invoke;

use clap::{
    ArgGroup, Args, Parser, Subcommand,
    builder::{NonEmptyStringValueParser as Name, RangedI64ValueParser},
    value_parser,
};

use crate::{
    connect::Target,
    names,
    units::{Bound, ByteCount, CpuMillis},
};

const EXIT_CODES: &str = "\
Exit codes:
  0  answered
  1  the function threw or ended its process, or with --fail answered with status 400 or more
  2  malformed or not there: arguments, a field, an unknown app
  3  refused by a quota or a budget; try again later
  4  ended by a limit or its deadline
  5  the daemon is unreachable, forbids it, or failed

First steps:
  skep deploy ./examples/hello --app hello
  skep invoke hello --data '{\"name\":\"world\"}'";

pub(crate) use deploy::{Bounds, Deploy, HANDLERS, Unseen};
pub(crate) use invoke::Invoke;

/// Above the options that every command takes.
const EVERYWHERE: &str = "Options of every command";

/// Runs untrusted code of many tenants in sandboxed processes: the client of skepd.
#[derive(Debug, Parser)]
#[command(name = "skep", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    /// Where skepd listens: unix:///path/to/socket or http://host:port
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        env = "SKEP_ENDPOINT",
        value_name = "URL",
        default_value = "unix:///run/skep/skep.sock"
    )]
    pub(crate) endpoint: Target,

    /// The tenant to act for: whose apps they are
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        env = "SKEP_TENANT",
        value_name = "NAME",
        default_value = "default",
        value_parser = names::label
    )]
    pub(crate) tenant: String,

    /// Print JSON on standard output, errors of what was asked for included
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Deploy a script, a folder or an archive as an app and make it live
    Deploy(Deploy),
    /// List the apps of the tenant
    #[command(after_help = "Examples:\n  skep apps\n  skep apps --tenant acme --json")]
    Apps,
    /// Remove an app and end its instances
    #[command(after_help = "Example:\n  skep rm hello")]
    Rm(App),
    /// Call a function and print its reply
    Invoke(Invoke),
    /// Read or change quotas: calls per second, calls at once, memory, CPU
    #[command(
        subcommand,
        after_help = "Examples:\n  skep quota get\n  skep quota set --app hello --rps 100"
    )]
    Quota(Quota),
    /// Print the CPU time of the tenant, or of one app, by what it was for
    #[command(
        after_help = "Examples:\n  skep usage\n  skep usage --tenant acme --app hello --json"
    )]
    Usage(BillOf),
    /// List the instances and what they use
    Ps(Ps),
    /// Print the console lines of an app
    Logs(Logs),
    /// Check what the host offers and what it lacks (admin)
    #[command(after_help = "Example:\n  skep doctor\n\nEnds with 5 if something is missing.")]
    Doctor,
    /// Show what requests and answers hold in the daemon, and may (admin)
    #[command(after_help = "Example:\n  skep budget")]
    Budget,
    /// Refuse new calls, let running ones end, then stop skepd (admin)
    #[command(after_help = "Example:\n  skep drain")]
    Drain,
}

impl Command {
    /// How it is written behind `skep`, and the app that it was given.
    pub(crate) fn name_and_app(&self) -> (&'static str, Option<&str>) {
        match self {
            Command::Deploy(args) => ("deploy", args.app.as_deref()),
            Command::Apps => ("apps", None),
            Command::Rm(args) => ("rm", Some(&args.app)),
            Command::Invoke(args) => ("invoke", Some(&args.app)),
            Command::Quota(Quota::Get(args)) => ("quota get", args.app.as_deref()),
            Command::Quota(Quota::Set(args)) => ("quota set", args.app.as_deref()),
            Command::Usage(args) => ("usage", args.app.as_deref()),
            Command::Ps(_) => ("ps", None),
            Command::Logs(args) => ("logs", Some(&args.app)),
            Command::Doctor => ("doctor", None),
            Command::Budget => ("budget", None),
            Command::Drain => ("drain", None),
        }
    }
}

/// An app by its name.
#[derive(Debug, Args)]
pub(crate) struct App {
    /// The app
    #[arg(value_parser = names::label)]
    pub(crate) app: String,
}

/// What to do with quotas.
#[derive(Debug, Subcommand)]
pub(crate) enum Quota {
    /// Print the quota of the tenant, or of one app, and what is used of it
    #[command(after_help = "Examples:\n  skep quota get\n  skep quota get --app hello")]
    Get(QuotaGet),
    /// Change the quota of the tenant (admin), or of one app
    Set(QuotaSet),
}

/// Arguments of `skep quota get`.
#[derive(Debug, Args)]
pub(crate) struct QuotaGet {
    /// The app, instead of the tenant as a whole
    #[arg(long, value_name = "NAME", value_parser = names::label)]
    pub(crate) app: Option<String>,
}

/// Arguments of `skep usage`.
#[derive(Debug, Args)]
pub(crate) struct BillOf {
    /// The app, instead of the tenant as a whole
    #[arg(long, value_name = "NAME", value_parser = Name::new())]
    pub(crate) app: Option<String>,
}

/// Arguments of `skep quota set`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("change").required(true).multiple(true).args([
        "rps", "burst", "concurrency", "memory", "cpu", "rps_per_instance", "burst_per_instance",
    ]),
    after_help = "\
Examples:
  skep quota set --rps 500 --memory 512MiB --cpu 2
  skep quota set --app hello --rps 100 --burst 20
  skep quota set --app hello --rps unlimited

Only what is given changes. 0 closes; the word `unlimited` takes a bound away, and a burst goes with
its rate. The CPU of an app is not a quota: see skep deploy --cpu."
)]
pub(crate) struct QuotaSet {
    /// The app, instead of the tenant as a whole
    #[arg(long, value_name = "NAME", value_parser = names::label)]
    pub(crate) app: Option<String>,

    /// Calls per second, or unlimited
    #[arg(long, value_name = "N")]
    pub(crate) rps: Option<Bound<u32>>,

    /// Calls that may come at once after a silence
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) burst: Option<u32>,

    /// Calls at the same time, or unlimited; of an app at most its deploy --concurrency
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<Bound<u32>>,

    /// Memory of all instances together, such as 512MiB, or unlimited
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Bound<ByteCount>>,

    /// CPU of all instances of the tenant together, such as 2 or 500m, or unlimited
    #[arg(long, value_name = "CPUS")]
    pub(crate) cpu: Option<Bound<CpuMillis>>,

    /// Calls per second of each instance of the app, or unlimited
    #[arg(long, value_name = "N", requires = "app")]
    pub(crate) rps_per_instance: Option<Bound<u32>>,

    /// Calls of each instance that may come at once after a silence
    #[arg(long, value_name = "N", requires = "app", value_parser = at_least_one())]
    pub(crate) burst_per_instance: Option<u32>,
}

/// Arguments of `skep ps`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skep ps
  skep ps --all

STATE is starting, spare (ready, of no app yet), idle, busy or doomed (being ended). MEMORY is
used now, PEAK was the most, LIMIT is all it can get. CPU is the time used so far, OF how many CPUs
it may use at once. RATE is that of the last second, and its quota.")]
pub(crate) struct Ps {
    /// The instances of all tenants (admin)
    #[arg(long)]
    pub(crate) all: bool,
}

/// Arguments of `skep logs`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skep logs hello --lines 20
  skep logs hello --follow

A line is its time, level, the beginning of the id of its call, and the text. skepd keeps a bounded
number of lines of each app, in memory.")]
pub(crate) struct Logs {
    /// The app
    #[arg(value_parser = names::label)]
    pub(crate) app: String,

    /// Go on with new lines until interrupted
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// How many of the last lines
    #[arg(long, short = 'n', value_name = "N", default_value = "200", value_parser = at_least_one())]
    pub(crate) lines: u32,
}

fn at_least_one() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, error::ErrorKind};

    use super::*;

    fn parse(words: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(words.split(' '))
    }

    #[track_caller]
    fn refused(words: &str, kind: ErrorKind) {
        let error = parse(words).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 2), "for {words:?}: {error}");
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        let root = Cli::command();
        let quota = root.find_subcommand("quota").unwrap();
        let bare: Vec<&str> = root
            .get_subcommands()
            .chain(quota.get_subcommands())
            .filter(|command| command.get_after_help().is_none())
            .map(clap::Command::get_name)
            .collect();
        assert_eq!(bare, [""; 0]);
    }

    #[test]
    fn global_options_may_follow_the_command() {
        let cli = parse("skep apps --json --tenant acme --endpoint http://h:1").unwrap();
        assert_eq!((cli.json, cli.tenant.as_str()), (true, "acme"));
        assert_eq!(cli.endpoint.to_string(), "http://h:1");
    }

    #[test]
    fn a_quota_needs_something_to_set() {
        refused("skep quota set --app a", ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn the_tenant_has_no_instance_quota() {
        refused("skep quota set --rps-per-instance 1", ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn a_quota_of_zero_is_closed() {
        assert!(parse("skep quota set --rps 0 --memory 0 --cpu 0 --concurrency 0").is_ok());
    }

    #[test]
    fn an_app_of_zero_is_refused() {
        refused("skep deploy . --app a --memory 0", ErrorKind::ValueValidation);
        refused("skep deploy . --app a --max-instances 0", ErrorKind::ValueValidation);
        refused("skep deploy . --app a --concurrency 0", ErrorKind::ValueValidation);
        refused("skep deploy . --app a --timeout=-2s", ErrorKind::ValueValidation);
        refused("skep deploy . --app a --rps 4294967296", ErrorKind::ValueValidation);
    }

    #[test]
    fn a_burst_needs_its_rate() {
        refused("skep deploy . --app a --burst 2", ErrorKind::MissingRequiredArgument);
    }

    #[track_caller]
    fn advised(words: &str, expected: &str) {
        let text = parse(words).unwrap_err().to_string();
        assert!(text.contains(expected), "{text:?} should contain {expected:?}");
    }

    #[test]
    fn a_bad_bound_is_told_the_word_for_none() {
        advised("skep quota set --rps many", "or write unlimited");
        advised("skep quota set --memory 64MB", "write bytes, KiB, MiB, GiB or TiB");
        advised("skep quota set --memory 64MB", "or write unlimited");
    }

    #[test]
    fn names_are_checked_before_anything_is_sent() {
        for wrong in ["skep --tenant= apps", "skep invoke ", "skep invoke a_b", "skep rm Shop"] {
            refused(wrong, ErrorKind::ValueValidation);
        }
        refused("skep invoke a --function a-b", ErrorKind::ValueValidation);
    }

    #[test]
    fn an_app_needs_a_name_unless_nothing_is_sent() {
        refused("skep deploy .", ErrorKind::MissingRequiredArgument);
        assert!(parse("skep deploy . --dry-run").is_ok());
    }

    #[test]
    fn a_convention_is_one_that_is_known() {
        assert!(parse("skep deploy . --app a --handler fc-http").is_ok());
        advised("skep deploy . --app a --handler aws", "service-worker");
    }

    #[test]
    fn headers_belong_to_http_and_bytes_do_not() {
        refused("skep invoke a --header A:1", ErrorKind::MissingRequiredArgument);
        refused("skep invoke a --http / --bytes", ErrorKind::ArgumentConflict);
        assert!(parse("skep invoke a --http / --header A:1 --header B:2").is_ok());
    }

    #[test]
    fn data_comes_from_one_place_and_may_be_negative() {
        refused("skep invoke a --data 1 --data-file f", ErrorKind::ArgumentConflict);
        assert!(parse("skep invoke a --data -1").is_ok());
    }
}
