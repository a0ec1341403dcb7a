//! The configuration: one TOML file, checked whole, all problems at once, unknown keys refused.
//!
//! What comes out has no field that means "default" and no text that means a number. Only this module
//! knows defaults. Neither it nor anything else of the daemon reads the environment.

mod reader;

use std::{
    fmt,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use skep_core::{
    AppLimits, ByteCount, Ceiling, CpuShare, DurationText, LimitsMax, PoolLimits, Rate, TenantId,
    limits::MIN_APP_MEMORY,
};
use skep_link::frame::MAX_FRAME;
use skep_policies::Profile;

pub use self::reader::Problem;
use self::reader::Reader;

/// The configuration as the program uses it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The unix socket of the API.
    pub socket: PathBuf,
    /// The gid that may connect beside root; the daemon's own if the file names none.
    pub socket_gid: Option<u32>,
    /// A loopback address that also serves the API, never to admins.
    pub tcp: Option<SocketAddr>,
    /// Where apps and quotas are kept.
    pub state: PathBuf,
    /// The program that zygotes run.
    pub shim: PathBuf,
    /// The subtree of control groups, from the top of each hierarchy; `None` is the group that the
    /// keeper was started in.
    pub cgroup: Option<PathBuf>,
    /// What is logged, in tracing's filter notation.
    pub log: String,
    /// Identities on the host.
    pub ids: Ids,
    /// What an app gets that asks for nothing.
    pub defaults: AppLimits,
    /// What an app may ask for.
    pub host_max: LimitsMax,
    /// How many instances wait.
    pub pool: PoolLimits,
    /// Sizes of messages.
    pub sizes: Sizes,
    /// How much console text is taken and kept.
    pub logs: LogBounds,
    /// How long running calls may take when the daemon stops.
    pub drain: Duration,
    /// Clones after which the zygote is renewed.
    pub zygote_clones: u64,
    /// Host features that may be missing, by the names that `skep doctor` shows.
    pub accept_missing: Vec<String>,
    /// Who owns apps.
    pub tenants: Vec<Tenant>,
    /// Who may call.
    pub callers: Vec<Caller>,
}

/// Identities on the host: uid and gid are always the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// First id of the instances.
    pub first: u32,
    /// How many ids instances may have, and so how many there can be at the same time.
    pub count: u32,
    /// Of daemon and zygotes.
    pub user: u32,
}

/// Sizes of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// A call's payload.
    pub request: ByteCount,
    /// A reply's payload.
    pub reply: ByteCount,
    /// All source files of an app.
    pub source: ByteCount,
}

/// How much console text is taken and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBounds {
    /// Lines of one call.
    pub lines_per_call: u32,
    /// Bytes of one call.
    pub bytes_per_call: ByteCount,
    /// Lines kept for each app.
    pub lines_kept: u32,
}

/// Who owns apps, and the quota at the start; `skep quota set` changes it until the next start.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The name.
    pub name: TenantId,
    /// Calls per second.
    pub rate: Ceiling<Rate>,
    /// Calls at the same time.
    pub concurrency: Ceiling<u32>,
    /// Memory of all living instances.
    pub memory: Ceiling<ByteCount>,
    /// CPU time per time of all living instances.
    pub cpu: Ceiling<CpuShare>,
    /// Processes.
    pub processes: Ceiling<u32>,
}

/// Which peers a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Processes of this uid, by the unix socket.
    Uid(u32),
    /// Processes whose primary group is this one, by the unix socket.
    Gid(u32),
    /// Whoever connects over TCP.
    Tcp,
}

/// One rule: which peers may do what.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whom it is about.
    pub peer: Peer,
    /// Quotas of tenants, doctor, drain, and instances of all.
    pub admin: bool,
    /// Whose apps they may use; `None` is everybody's.
    pub tenants: Option<Vec<TenantId>>,
}

/// `u32` that is not 0, with a message of its own.
#[derive(Clone, Copy)]
struct AtLeastOne(NonZeroU32);

impl FromStr for AtLeastOne {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().and_then(NonZeroU32::new);
        number.map(Self).ok_or_else(|| format!("is {text}, needed is a whole number above 0"))
    }
}

/// Text or number that may also be the word `open`.
struct OrOpen<T>(Ceiling<T>);

impl<T: FromStr<Err: fmt::Display>> FromStr for OrOpen<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "open" => Ok(Self(Ceiling::Open)),
            text => match text.parse() {
                Ok(value) => Ok(Self(Ceiling::At(value))),
                Err(error) => Err(format!("{error}, or the word \"open\" for no limit")),
            },
        }
    }
}

impl Config {
    /// Reads a configuration. `beside` is the folder where the shim is looked for by default: that of
    /// the running program.
    ///
    /// # Errors
    ///
    /// Every problem, in the order of lines.
    pub fn parse(text: &str, beside: &Path) -> Result<Self, Vec<Problem>> {
        let mut top = Reader::new(text).map_err(|problem| vec![problem])?;
        let config = Self::read(&mut top, beside);
        let mut problems = top.finish();
        problems.sort();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn read(top: &mut Reader<'_>, beside: &Path) -> Self {
        let defaults =
            top.table("defaults", |table| limits(table, &skep_policies::limits::DEFAULT));
        let most = top.table("max", |table| limits(table, &skep_policies::limits::HOST_MAX));
        let config = Self {
            socket: top.get_or("socket", PathBuf::from("/run/skep/skep.sock")),
            socket_gid: top.get("socket_gid"),
            tcp: loopback(top),
            state: top.get_or("state", PathBuf::from("/var/lib/skep")),
            shim: top.get_or("shim", beside.join("skep-shim")),
            cgroup: cgroup(top),
            log: top.get_or("log", "info".to_owned()),
            ids: top.table("ids", ids),
            host_max: LimitsMax {
                memory: Ceiling::At(most.memory),
                cpu: Ceiling::At(most.cpu),
                processes: Ceiling::At(most.processes),
                timeout: Ceiling::At(most.timeout),
                cpu_budget: most.cpu_budget,
                concurrency: Ceiling::At(most.concurrency.get()),
                min_instances: Ceiling::At(most.min_instances),
                max_instances: Ceiling::At(most.max_instances.get()),
            },
            pool: top.table("pool", pool),
            sizes: top.table("sizes", sizes),
            logs: top.table("logs", |table| LogBounds {
                lines_per_call: table.get_or("lines_per_call", 200),
                bytes_per_call: table.get_or("bytes_per_call", ByteCount::from_bytes(64 << 10)),
                lines_kept: table.get_or("lines_kept", 1000),
            }),
            drain: top.get_or("drain", DurationText(Duration::from_secs(10))).0,
            zygote_clones: top.get_or("zygote_clones", 100_000),
            accept_missing: top.texts("accept_missing").unwrap_or_default(),
            tenants: top.tables("tenants", |table| tenant(table, &defaults)),
            callers: top.tables("callers", caller),
            defaults,
        };
        config.cross_check(top);
        config
    }

    /// What several keys must agree on.
    fn cross_check(&self, top: &mut Reader<'_>) {
        for (at, tenant) in self.tenants.iter().enumerate() {
            if self.tenants[..at].iter().any(|earlier| earlier.name == tenant.name) {
                top.problem(0, "tenants", format_args!("{} is there twice", tenant.name));
            }
        }
        for named in self.callers.iter().filter_map(|caller| caller.tenants.as_ref()).flatten() {
            if self.tenants.iter().all(|tenant| tenant.name != *named) {
                top.problem(0, "callers", format_args!("there is no tenant {named}"));
            }
        }
        let callers = self.callers.iter();
        if callers.clone().any(|caller| caller.peer == Peer::Tcp && caller.admin) {
            top.problem(0, "callers", "admin cannot be given to tcp: nobody is known there");
        }
        if self.tenants.is_empty() {
            top.problem(0, "tenants", "there is none: add a [[tenants]] table with a name");
        }
        if callers.len() == 0 {
            let what =
                "there is none, so nobody could call: add [[callers]] with uid = 0, admin = true";
            top.problem(0, "callers", what);
        }
        if self.defaults.memory < MIN_APP_MEMORY {
            let what = format!("is {}, at least {MIN_APP_MEMORY} is needed", self.defaults.memory);
            top.problem(0, "defaults.memory", what);
        }
    }
}

fn loopback(top: &mut Reader<'_>) -> Option<SocketAddr> {
    let address: SocketAddr = top.get("tcp")?;
    if address.ip().is_loopback() {
        return Some(address);
    }
    top.problem(0, "tcp", format_args!("is {address}, only loopback addresses are served"));
    None
}

/// `auto`, or a path from the top of the hierarchies.
fn cgroup(top: &mut Reader<'_>) -> Option<PathBuf> {
    let text: String = top.get("cgroup")?;
    let path = Path::new(&text);
    if text == "auto" {
        return None;
    }
    let plain =
        path.components().skip(1).all(|part| matches!(part, std::path::Component::Normal(_)));
    if path.is_absolute() && plain && path.file_name().is_some() {
        return Some(path.to_owned());
    }
    let what = format!("is {text:?}, needed is \"auto\" or an absolute path such as \"/skep\"");
    top.problem(0, "cgroup", what);
    None
}

fn ids(table: &mut Reader<'_>) -> Ids {
    let first: u32 = table.get_or("first", 200_000);
    let count = table.get_or("count", AtLeastOne(NonZeroU32::MIN.saturating_add(9_999))).0.get();
    let user = table.get("user").unwrap_or_else(|| first.saturating_add(count));
    if first < 1000 {
        let what = format_args!("is {first}: ids below 1000 belong to the host itself");
        table.problem(table.line(), "first", what);
    }
    match first.checked_add(count) {
        Some(end) if end < u32::MAX => {
            if (first..end).contains(&user) {
                let what = format_args!("is {user}, inside the range of the instances");
                table.problem(table.line(), "user", what);
            }
        }
        _ => table.problem(table.line(), "count", "the range ends above the largest id"),
    }
    if user == 0 {
        table.problem(table.line(), "user", "is root, which keeps every file of the host open");
    }
    Ids { first, count, user }
}

fn pool(table: &mut Reader<'_>) -> PoolLimits {
    let pool = PoolLimits {
        spare_floor: table.get_or("spare_floor", 1),
        spare_ceiling: table.get_or("spare_ceiling", 4),
        idle_after: table.get_or("idle_after", DurationText(Duration::from_secs(300))).0,
        max_queue: table.get_or("max_queue", 64),
    };
    if pool.spare_ceiling < pool.spare_floor {
        let what = format!(
            "is {}, above pool.spare_ceiling which is {}",
            pool.spare_floor, pool.spare_ceiling
        );
        table.problem(table.line(), "spare_floor", what);
    }
    pool
}

fn sizes(table: &mut Reader<'_>) -> Sizes {
    let mib = ByteCount::from_mib(1);
    // Room in a frame for everything beside the payload.
    let most = u64::try_from(MAX_FRAME - (64 << 10)).unwrap_or(u64::MAX);
    let mut size = |key: &str, default| {
        let size: ByteCount = table.get_or(key, default);
        if most < size.bytes() {
            let most = ByteCount::from_bytes(most);
            table.problem(table.line(), key, format_args!("is {size}, at most {most} is possible"));
        }
        size
    };
    Sizes {
        request: size("request", mib),
        reply: size("reply", mib),
        source: size("source", ByteCount::from_mib(4)),
    }
}

/// The text that the built-in profiles hold; their form is checked by a test.
fn built_in<T: FromStr>(table: &mut Reader<'_>, key: &str, text: &str) -> Option<T> {
    let value = text.parse().ok();
    if value.is_none() {
        table.problem(0, key, format_args!("the built-in profile has {text:?}"));
    }
    value
}

fn limits(table: &mut Reader<'_>, profile: &Profile) -> AppLimits {
    let memory = built_in(table, "memory", profile.memory).unwrap_or(MIN_APP_MEMORY);
    let cpu = built_in(table, "cpu", profile.cpu).unwrap_or(CpuShare::ONE);
    let timeout =
        built_in(table, "timeout", profile.timeout).unwrap_or(DurationText(Duration::ZERO));
    let budget = built_in(table, "cpu_budget", profile.cpu_budget).unwrap_or(OrOpen(Ceiling::Open));
    let at_least_one = |number| AtLeastOne(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
    AppLimits {
        memory: table.get_or("memory", memory),
        cpu: table.get_or("cpu", cpu),
        // Fixed by the filter, which allows no second process.
        processes: profile.processes,
        timeout: table.get_or("timeout", timeout).0,
        cpu_budget: table.get_or("cpu_budget", budget).0.map(|DurationText(budget)| budget),
        concurrency: table.get_or("concurrency", at_least_one(profile.concurrency)).0,
        min_instances: table.get_or("min_instances", profile.min_instances),
        max_instances: table.get_or("max_instances", at_least_one(profile.max_instances)).0,
    }
}

fn tenant(table: &mut Reader<'_>, defaults: &AppLimits) -> Option<Tenant> {
    let rps: Ceiling<u32> = table.get_or("rps", OrOpen(Ceiling::Open)).0;
    let burst = table.get_or("burst", AtLeastOne(NonZeroU32::MIN)).0;
    let memory: Ceiling<ByteCount> = table.get_or("memory", OrOpen(Ceiling::Open)).0;
    if let Ceiling::At(memory) = memory
        && !memory.is_zero()
        && memory < defaults.memory
    {
        let what = format!("is {memory}, below one instance's default of {}", defaults.memory);
        table.problem(table.line(), "memory", what);
    }
    let tenant = Tenant {
        rate: rps.map(|per_second| Rate { per_second, burst }),
        concurrency: table.get_or("concurrency", OrOpen(Ceiling::Open)).0,
        memory,
        cpu: table.get_or("cpu", OrOpen(Ceiling::Open)).0,
        processes: table.get_or("processes", OrOpen(Ceiling::Open)).0,
        name: table.get("name").or_else(|| {
            table.problem(table.line(), "name", "is missing");
            None
        })?,
    };
    Some(tenant)
}

fn caller(table: &mut Reader<'_>) -> Option<Caller> {
    let admin = table.get_or("admin", false);
    let tenants = match table.texts("tenants") {
        None => Some(Vec::new()),
        Some(names) if names == ["*"] => None,
        Some(names) => Some(
            names
                .iter()
                .filter_map(|name| match name.parse() {
                    Ok(name) => Some(name),
                    Err(error) => {
                        let line = table.line();
                        table.problem(line, "tenants", error);
                        None
                    }
                })
                .collect(),
        ),
    };
    let peers = (table.get("uid"), table.get("gid"), table.get_or("tcp", false));
    let peer = match peers {
        (Some(uid), None, false) => Peer::Uid(uid),
        (None, Some(gid), false) => Peer::Gid(gid),
        (None, None, true) => Peer::Tcp,
        _ => {
            table.problem(table.line(), "uid", "needed is exactly one of uid, gid and tcp = true");
            return None;
        }
    };
    Some(Caller { peer, admin, tenants })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[[tenants]]\nname = \"default\"\n[[callers]]\nuid = 0\nadmin = true\n";

    fn parse(text: &str) -> Result<Config, Vec<String>> {
        Config::parse(text, Path::new("/x"))
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[track_caller]
    fn refused(more: &str, expected: &[&str]) {
        assert_eq!(parse(&format!("{more}\n{LEAST}")).unwrap_err(), expected);
    }

    #[test]
    fn a_tenant_and_a_caller_are_enough() {
        let config = parse(LEAST).unwrap();
        assert_eq!(config.ids, Ids { first: 200_000, count: 10_000, user: 210_000 });
        assert_eq!(config.shim, Path::new("/x/skep-shim"));
        assert_eq!(config.defaults.memory, ByteCount::from_mib(64));
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "colour = 3\n[pool]\nidle_after = \"5 parsecs\"\nspare_floor = -1\n";
        let problems = parse(&format!("{text}{LEAST}")).unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(problems[0], "line 1: colour: is not a known key");
        assert!(problems[1].starts_with("line 3: pool.idle_after: "), "{problems:?}");
        assert!(problems[2].starts_with("line 4: pool.spare_floor: "), "{problems:?}");
    }

    #[test]
    fn text_that_is_no_toml_is_told_with_its_line() {
        let problems = parse("a = 1\nb = = 2\n").unwrap_err();
        assert!(problems[0].starts_with("line 2: "), "{problems:?}");
    }

    #[test]
    fn nobody_to_serve_is_a_problem() {
        assert_eq!(parse("").unwrap_err().len(), 2);
    }

    #[test]
    fn only_loopback_is_served_over_tcp() {
        refused(
            "tcp = \"0.0.0.0:7070\"",
            &["tcp: is 0.0.0.0:7070, only loopback addresses are served"],
        );
    }

    #[test]
    fn admin_is_never_given_over_tcp() {
        let text = format!("{LEAST}[[callers]]\ntcp = true\nadmin = true\n");
        assert!(parse(&text).unwrap_err()[0].contains("admin cannot be given to tcp"));
    }

    #[test]
    fn callers_name_tenants_that_exist() {
        let text = format!("{LEAST}[[callers]]\nuid = 5\ntenants = [\"other\"]\n");
        assert_eq!(parse(&text).unwrap_err(), ["callers: there is no tenant other"]);
    }

    #[test]
    fn root_is_never_the_daemons_user() {
        refused(
            "[ids]\nuser = 0",
            &["line 1: ids.user: is root, which keeps every file of the host open"],
        );
    }
}
