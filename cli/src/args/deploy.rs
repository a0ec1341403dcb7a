//! The arguments of `skep deploy`.
//!
//! Most of them can also stand in `skep.toml`, see `upload::settings`; what is given here counts more.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use clap::{
    Args,
    builder::{NonEmptyStringValueParser as Name, PossibleValuesParser},
};

use super::at_least_one;
use crate::{
    names,
    units::{ByteCount, CpuMillis, Millis, above_zero},
};

/// The conventions by which functions can be called, as `--handler` takes them.
pub(crate) const HANDLERS: [&str; 17] = [
    "skep",
    "worker",
    "edge",
    "service-worker",
    "lambda",
    "lambda2",
    "openfaas",
    "nuclio",
    "kubeless",
    "fission",
    "openwhisk",
    "fc",
    "fc-http",
    "node",
    "vaas",
    "bare",
    "expression",
];

/// Text that may be a secret: nothing shows it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Unseen(pub(crate) String);

impl fmt::Debug for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unseen")
    }
}

impl FromStr for Unseen {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// Arguments of `skep deploy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skep deploy ./examples/hello --app hello
  skep deploy worker.ts --app edge --env GREETING=hello --env TOKEN
  skep deploy ./shop --dry-run
  skep deploy shop.tar.gz --app shop --memory 64MiB --cpu 500m --timeout 2s --rps 100 --burst 20
  skep deploy ./legacy --app legacy --handler kubeless --file /var/secrets/token=./token

What the entry reaches is sent: scripts and JSON that it imports or requires, packages out of
node_modules, and files that it reads by constant paths. --include takes others along. TypeScript
and JSX are sent as they are. An archive may hold links inside of itself only.

A script is its own entry. Of a folder the entry, unless --entry says it, is what package.json
names, else index, handler, main, function, func, app, server or src/index with any ending, else the
only script of the folder.

A limit that is not given is the host's default, also when the app was deployed with another before.
A rate that is not given stays as it is, and is unlimited for a new app.

skep.toml in the folder may say all of this, and flags count more:
  entry = \"src/index.ts\"
  handler = \"lambda\"
  include = [\"views/**\"]
  conditions = [\"worker\"]
  modules = [\"fs\", \"crypto\"]
  [env]
  GREETING = \"hello\"
  [files]
  \"/var/secrets/token\" = \"./token\"
  [limits]
  memory = \"64MiB\"
  cpu = \"500m\"
  timeout = \"2s\"
  cpu_budget = \"1s\"
  concurrency = 4
  min_instances = 0
  max_instances = 4
  [rates]
  rps = 100
  burst = 20
  rps_per_instance = 10
  burst_per_instance = 5")]
pub(crate) struct Deploy {
    /// A script (.js .mjs .cjs .ts .mts .cts .tsx .jsx), a folder, or a .tar, .tar.gz or .tgz of one
    pub(crate) path: PathBuf,

    /// The name of the app
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "dry_run",
        value_parser = names::label
    )]
    pub(crate) app: Option<String>,

    /// Only print what would be sent; needs no skepd, and ends with 2 if it could not be loaded
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// The script that is loaded, relative to the folder
    #[arg(long, value_name = "FILE", value_parser = Name::new())]
    pub(crate) entry: Option<String>,

    /// The convention by which functions are called [default: found by looking]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(HANDLERS))]
    pub(crate) handler: Option<String>,

    /// Files to be taken along, relative to the folder, such as 'views/**'; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = Name::new())]
    pub(crate) include: Vec<String>,

    /// A variable of the environment, or with NAME alone the caller's own; may be repeated
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(crate) env: Vec<Unseen>,

    /// A read-only file at that absolute path, with what is in FILE; may be repeated
    #[arg(long, value_name = "PATH=FILE", value_parser = Name::new())]
    pub(crate) file: Vec<String>,

    /// The built-in modules that the app may use, such as fs,crypto [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) modules: Option<Vec<String>>,

    /// Limits and rates.
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

/// Limits and rates of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct Bounds {
    /// Memory of each instance, such as 64MiB
    #[arg(long, value_name = "SIZE", value_parser = above_zero::<ByteCount>)]
    pub(crate) memory: Option<ByteCount>,

    /// CPU of each instance: 1.5 is one and a half, 500m is half of one
    #[arg(long, value_name = "CPUS", value_parser = above_zero::<CpuMillis>)]
    pub(crate) cpu: Option<CpuMillis>,

    /// How long a call may take, such as 2s
    #[arg(long, value_name = "TIME", value_parser = above_zero::<Millis>)]
    pub(crate) timeout: Option<Millis>,

    /// CPU time that one call may use, such as 1s
    #[arg(long, value_name = "TIME", value_parser = above_zero::<Millis>)]
    pub(crate) cpu_budget: Option<Millis>,

    /// Calls of the app at the same time; an instance serves one, beyond --max-instances they wait
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) concurrency: Option<u32>,

    /// Calls per second of the app; 0 closes it
    #[arg(long, value_name = "N")]
    pub(crate) rps: Option<u32>,

    /// Calls of the app that may come at once after a silence [default: 1]
    #[arg(long, value_name = "N", requires = "rps", value_parser = at_least_one())]
    pub(crate) burst: Option<u32>,

    /// Calls per second of each instance; where more come, another instance is started
    #[arg(long, value_name = "N")]
    pub(crate) rps_per_instance: Option<u32>,

    /// Calls of each instance that may come at once after a silence [default: 1]
    #[arg(long, value_name = "N", requires = "rps_per_instance", value_parser = at_least_one())]
    pub(crate) burst_per_instance: Option<u32>,

    /// Instances that are kept even when nobody calls
    #[arg(long, value_name = "N")]
    pub(crate) min_instances: Option<u32>,

    /// Instances alive at the same time, at most
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) max_instances: Option<u32>,
}

impl Bounds {
    /// What is given here, and else there. A burst goes with its rate.
    pub(crate) fn or(self, other: &Self) -> Self {
        let pair =
            |own: (Option<u32>, Option<u32>), other| if own.0.is_some() { own } else { other };
        let (rps, burst) = pair((self.rps, self.burst), (other.rps, other.burst));
        let (rps_per_instance, burst_per_instance) = pair(
            (self.rps_per_instance, self.burst_per_instance),
            (other.rps_per_instance, other.burst_per_instance),
        );
        Self {
            memory: self.memory.or(other.memory),
            cpu: self.cpu.or(other.cpu),
            timeout: self.timeout.or(other.timeout),
            cpu_budget: self.cpu_budget.or(other.cpu_budget),
            concurrency: self.concurrency.or(other.concurrency),
            rps,
            burst,
            rps_per_instance,
            burst_per_instance,
            min_instances: self.min_instances.or(other.min_instances),
            max_instances: self.max_instances.or(other.max_instances),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the sandbox names its conventions.
    const THERE: &str = include_str!("../../../shim/js/run/detect.js");

    #[test]
    fn the_conventions_are_those_of_the_sandbox() {
        let start = THERE.find("export const CONVENTIONS = {").unwrap();
        let list = &THERE[start..];
        let list = &list[..list.find("\n};").unwrap()];
        let key = |line: &str| {
            let (name, _) = line.strip_prefix("    ")?.split_once(": {")?;
            Some(name.trim_matches('"').to_owned())
        };
        let names: Vec<String> = list.lines().skip(2).filter_map(key).collect();
        assert_eq!(names, HANDLERS);
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Unseen("TOKEN=hunter2".to_owned())), "unseen");
    }

    #[test]
    fn flags_count_more_and_a_burst_goes_with_its_rate() {
        let flags = Bounds { rps: Some(5), timeout: Some(Millis(1)), ..Bounds::default() };
        let file = Bounds {
            rps: Some(100),
            burst: Some(20),
            rps_per_instance: Some(2),
            burst_per_instance: Some(3),
            timeout: Some(Millis(2)),
            max_instances: Some(4),
            ..Bounds::default()
        };
        let expected =
            Bounds { rps: Some(5), burst: None, timeout: Some(Millis(1)), ..file.clone() };
        assert_eq!(flags.or(&file), expected);
    }
}
