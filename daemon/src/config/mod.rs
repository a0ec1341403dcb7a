//! The configuration: one TOML file, checked whole, all problems at once, unknown keys refused.
//!
//! What comes out has no field that means "default" and no text that means a number. Only this module
//! knows defaults. Neither it nor anything else of the daemon reads the environment.

mod front;
mod reader;

use std::{
    collections::BTreeSet,
    fmt,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use skep_core::{
    AppLimits, ByteCount, Ceiling, CpuShare, DurationText, LimitsMax, PoolLimits, Rate, TenantId,
    limits::{MIN_APP_MEMORY, MIN_CALL_TIME},
};
use skep_link::frame::MAX_FRAME;
use skep_policies::Profile;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use self::reader::Reader;
pub use self::{
    front::{BudgetBounds, May, Patience, Rates},
    reader::Problem,
};

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
    /// What is logged, in tracing's filter notation, which it was checked to be.
    pub log: String,
    /// Identities on the host.
    pub ids: Ids,
    /// What an app gets that asks for nothing.
    pub defaults: AppLimits,
    /// What an app may ask for.
    pub host_max: LimitsMax,
    /// Apps of each tenant.
    pub max_apps: u32,
    /// How many instances wait.
    pub pool: PoolLimits,
    /// Sizes of messages.
    pub sizes: Sizes,
    /// What requests and answers may hold.
    pub budget: BudgetBounds,
    /// How often a caller may call.
    pub rates: Rates,
    /// How long the daemon waits for a peer.
    pub patience: Patience,
    /// How much console text is taken and kept.
    pub logs: LogBounds,
    /// Memory of the daemon's own process, at most.
    pub daemon_memory: ByteCount,
    /// Sources and bytecode of all apps that are kept in memory.
    pub kept: ByteCount,
    /// How long running calls may take when the daemon stops.
    pub drain: Duration,
    /// Clones after which the zygote is renewed.
    pub zygote_clones: u64,
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
    /// Of the daemon.
    pub user: u32,
    /// Of the zygotes.
    pub zygote: u32,
    /// The group that both are members of: it may put processes into leaves.
    pub group: u32,
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
    /// Bytes of those.
    pub bytes_kept: ByteCount,
}

/// Who owns apps, and the quota. What `skep quota set` changes is kept over restarts and holds instead
/// of what is here, field by field.
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

/// With less the daemon could not even start.
const MIN_DAEMON_MEMORY: ByteCount = ByteCount::from_mib(64);

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
    /// What they may do with those.
    pub may: BTreeSet<May>,
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

/// Text that says what is logged. A word that is no level would be taken for the name of a target, and
/// everything else would fall silent.
struct LogFilter(String);

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let needed = "needed are levels (error, warn, info, debug, trace, off), alone or as \
                      target=level, with commas between";
        let is_name =
            |part: &str| part.chars().all(|char| char.is_alphanumeric() || "_-".contains(char));
        let stray =
            |part: &&str| part.split("::").all(is_name) && part.parse::<LevelFilter>().is_err();
        if let Some(word) = text.split(',').map(str::trim).find(stray) {
            return Err(format!("has {word:?}, {needed}"));
        }
        match EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(format!("is {text:?}, {needed}")),
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
        let (most, max_apps) = top.table("max", |table| {
            (limits(table, &skep_policies::limits::HOST_MAX), table.get_or("apps", 100))
        });
        let mut names = BTreeSet::new();
        let none = "there is none: add a [[tenants]] table with a name";
        let tenants = top.tables("tenants", none, |table| tenant(table, &defaults, &mut names));
        let none =
            "there is none, so nobody could call: add [[callers]] with uid = 0, admin = true";
        let callers = top.tables("callers", none, |table| caller(table, &names));
        let sizes = top.table("sizes", sizes);
        let budget = top.table("budget", |table| front::budget(table, sizes));
        let (daemon_memory, kept) = top.table("daemon", |table| {
            let memory = bounded(table, "memory", ByteCount::from_mib(512), MIN_DAEMON_MEMORY);
            let kept = front::kept(table, sizes);
            let held = budget.total.saturating_plus(kept);
            if memory < held {
                let what = format_args!(
                    "is {memory}, below what may be held: {held} of budget.total and daemon.kept"
                );
                table.problem("memory", what);
            }
            (memory, kept)
        });
        Self {
            socket: socket(top),
            socket_gid: top.get("socket_gid"),
            tcp: loopback(top),
            state: absolute(top, "state", "/var/lib/skep"),
            shim: top.get_or("shim", beside.join("skep-shim")),
            cgroup: cgroup(top),
            log: top.get_or("log", LogFilter("info".to_owned())).0,
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
            max_apps,
            pool: top.table("pool", pool),
            sizes,
            budget,
            rates: top.table("rates", front::rates),
            patience: top.table("patience", front::patience),
            logs: top.table("logs", |table| LogBounds {
                lines_per_call: table.get_or("lines_per_call", 200),
                bytes_per_call: table.get_or("bytes_per_call", ByteCount::from_bytes(64 << 10)),
                lines_kept: table.get_or("lines_kept", 1000),
                bytes_kept: table.get_or("bytes_kept", ByteCount::from_bytes(256 << 10)),
            }),
            daemon_memory,
            kept,
            drain: top.get_or("drain", DurationText(Duration::from_secs(10))).0,
            zygote_clones: top.get_or("zygote_clones", 100_000),
            tenants,
            callers,
            defaults,
        }
    }
}

fn loopback(top: &mut Reader<'_>) -> Option<SocketAddr> {
    let address: SocketAddr = top.get("tcp")?;
    if address.ip().is_loopback() {
        return Some(address);
    }
    top.problem("tcp", format_args!("is {address}, only loopback addresses are served"));
    None
}

/// Bytes of the path of a unix socket, at most: what the kernel has room for, less the zero at its end.
const MOST_SOCKET_PATH: usize = 107;

fn absolute(top: &mut Reader<'_>, key: &str, default: &str) -> PathBuf {
    let path = top.get_or(key, PathBuf::from(default));
    if !path.is_absolute() {
        let what =
            format_args!("is {:?}, needed is a path from the root, as {default:?}", path.display());
        top.problem(key, what);
    }
    path
}

fn socket(top: &mut Reader<'_>) -> PathBuf {
    let path = absolute(top, "socket", "/run/skep/skep.sock");
    let len = path.as_os_str().len();
    if MOST_SOCKET_PATH < len {
        let what = format_args!("has {len} bytes, at most {MOST_SOCKET_PATH} are possible");
        top.problem("socket", what);
    }
    path
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
    top.problem("cgroup", what);
    None
}

fn ids(table: &mut Reader<'_>) -> Ids {
    let first: u32 = table.get_or("first", 200_000);
    let count = table.get_or("count", AtLeastOne(NonZeroU32::MIN.saturating_add(9_999))).0.get();
    // By default the three numbers above the range.
    let end = first.saturating_add(count);
    let mut above = |key, number: u32| table.get(key).unwrap_or_else(|| end.saturating_add(number));
    let (user, zygote, group) = (above("user", 0), above("zygote", 1), above("group", 2));
    if first < 1000 {
        let what = format_args!("is {first}: ids below 1000 belong to the host itself");
        table.problem("first", what);
    }
    let fits = first.checked_add(count).and_then(|end| end.checked_add(2));
    if fits.is_none_or(|last| last == u32::MAX) {
        table.problem(
            "count",
            "the range, and the three numbers above it, end above the largest id",
        );
    }
    let own = [("user", user), ("zygote", zygote), ("group", group)];
    for (at, (key, id)) in own.into_iter().enumerate() {
        if fits.is_some() && (first..end).contains(&id) {
            table.problem(key, format_args!("is {id}, inside the range of the instances"));
        }
        if id == 0 {
            table.problem(key, "is root, which keeps every file of the host open");
        }
        if let Some((other, _)) = own[..at].iter().find(|(_, other)| *other == id) {
            table.problem(key, format_args!("is {id}, the same as ids.{other}"));
        }
    }
    Ids { first, count, user, zygote, group }
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
        table.problem("spare_floor", what);
    }
    pool
}

fn sizes(table: &mut Reader<'_>) -> Sizes {
    let mib = ByteCount::from_mib(1);
    // Room in a frame for everything beside the payload.
    let most = u64::try_from(MAX_FRAME - (64 << 10)).unwrap_or(u64::MAX);
    let most = ByteCount::from_bytes(most);
    let mut size = |key: &str, default, most| {
        let size: ByteCount = table.get_or(key, default);
        if most < size {
            table.problem(key, format_args!("is {size}, at most {most} is possible"));
            return default;
        }
        size
    };
    Sizes {
        request: size("request", mib, most),
        reply: size("reply", mib, most),
        // It goes to an instance in pieces.
        source: size("source", ByteCount::from_mib(16), ByteCount::from_mib(256)),
    }
}

/// The text that the built-in profiles hold; their form is checked by a test.
fn built_in<T: FromStr>(table: &mut Reader<'_>, key: &str, text: &str) -> Option<T> {
    let value = text.parse().ok();
    if value.is_none() {
        table.problem(key, format_args!("the built-in profile has {text:?}"));
    }
    value
}

/// Below the least that an app can be given, every deploy would be refused.
fn at_least<T: Ord + fmt::Display>(table: &mut Reader<'_>, key: &str, value: T, least: T) {
    if value < least {
        table.problem(key, format_args!("is {value}, at least {least} is needed"));
    }
}

fn bounded<T>(table: &mut Reader<'_>, key: &str, default: T, least: T) -> T
where
    T: Copy + Ord + fmt::Display + FromStr<Err: fmt::Display>,
{
    let value = table.get_or(key, default);
    at_least(table, key, value, least);
    value
}

fn limits(table: &mut Reader<'_>, profile: &Profile) -> AppLimits {
    let memory = built_in(table, "memory", profile.memory).unwrap_or(MIN_APP_MEMORY);
    let cpu = built_in(table, "cpu", profile.cpu).unwrap_or(CpuShare::ONE);
    let timeout =
        built_in(table, "timeout", profile.timeout).unwrap_or(DurationText(Duration::ZERO));
    let budget = built_in(table, "cpu_budget", profile.cpu_budget).unwrap_or(OrOpen(Ceiling::Open));
    let at_least_one = |number| AtLeastOne(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
    let budget = table.get_or("cpu_budget", budget).0;
    if let Ceiling::At(budget) = budget {
        at_least(table, "cpu_budget", budget, DurationText(MIN_CALL_TIME));
    }
    AppLimits {
        memory: bounded(table, "memory", memory, MIN_APP_MEMORY),
        cpu: bounded(table, "cpu", cpu, CpuShare::LEAST),
        // Fixed by the filter, which allows no second process.
        processes: profile.processes,
        timeout: bounded(table, "timeout", timeout, DurationText(MIN_CALL_TIME)).0,
        cpu_budget: budget.map(|DurationText(budget)| budget),
        concurrency: table.get_or("concurrency", at_least_one(profile.concurrency)).0,
        min_instances: table.get_or("min_instances", profile.min_instances),
        max_instances: table.get_or("max_instances", at_least_one(profile.max_instances)).0,
    }
}

/// `names` are those of the tables before; this one's comes to them.
fn tenant(
    table: &mut Reader<'_>,
    defaults: &AppLimits,
    names: &mut BTreeSet<TenantId>,
) -> Option<Tenant> {
    let rps: Ceiling<u32> = table.get_or("rps", OrOpen(Ceiling::Open)).0;
    let burst: Option<AtLeastOne> = table.get("burst");
    if burst.is_some() && rps == Ceiling::Open {
        table.problem("burst", "means nothing without a number for rps");
    }
    let burst = burst.map_or(NonZeroU32::MIN, |AtLeastOne(burst)| burst);
    let memory: Ceiling<ByteCount> = table.get_or("memory", OrOpen(Ceiling::Open)).0;
    if let Ceiling::At(memory) = memory
        && !memory.is_zero()
        && memory < defaults.memory
    {
        let what = format!("is {memory}, below one instance's default of {}", defaults.memory);
        table.problem("memory", what);
    }
    let concurrency = table.get_or("concurrency", OrOpen(Ceiling::Open)).0;
    let cpu = table.get_or("cpu", OrOpen(Ceiling::Open)).0;
    let processes = table.get_or("processes", OrOpen(Ceiling::Open)).0;
    let name: TenantId = table.need("name")?;
    if !names.insert(name.clone()) {
        table.problem("name", format_args!("{name} is there twice"));
    }
    let rate = rps.map(|per_second| Rate { per_second, burst });
    Some(Tenant { name, rate, concurrency, memory, cpu, processes })
}

fn caller(table: &mut Reader<'_>, names: &BTreeSet<TenantId>) -> Option<Caller> {
    let tenants = match table.texts("tenants").unwrap_or_default() {
        all if matches!(&all[..], [(_, star)] if star == "*") => None,
        some => Some(known_tenants(table, some, names)),
    };
    let admin = table.get_or("admin", false);
    let may = front::may(table);
    let named = ["uid", "gid", "tcp"].into_iter().filter(|key| table.has(key)).count();
    let peer = match (table.get("uid"), table.get("gid"), table.get("tcp")) {
        (Some(uid), None, None | Some(false)) => Peer::Uid(uid),
        (None, Some(gid), None | Some(false)) => Peer::Gid(gid),
        (None, None, Some(true)) => Peer::Tcp,
        // One is named and cannot be read, which is told already.
        (None, None, None) if named == 1 => return None,
        _ => {
            table.problem("uid", "needed is exactly one of uid, gid and tcp = true");
            return None;
        }
    };
    if admin && peer == Peer::Tcp {
        table.problem("admin", "cannot be given over tcp: nobody is known there");
    }
    Some(Caller { peer, admin, tenants, may })
}

fn known_tenants(
    table: &mut Reader<'_>,
    texts: Vec<(usize, String)>,
    names: &BTreeSet<TenantId>,
) -> Vec<TenantId> {
    let mut known = Vec::new();
    for (line, text) in texts {
        match text.parse() {
            Ok(name) if names.contains(&name) => known.push(name),
            Ok(name) => {
                table.problem_at(line, "tenants", format_args!("there is no tenant {name}"));
            }
            Err(error) => table.problem_at(line, "tenants", error),
        }
    }
    known
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
        let (user, zygote, group) = (210_000, 210_001, 210_002);
        assert_eq!(config.ids, Ids { first: 200_000, count: 10_000, user, zygote, group });
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
            "\ntcp = \"0.0.0.0:7070\"",
            &["line 2: tcp: is 0.0.0.0:7070, only loopback addresses are served"],
        );
    }

    #[test]
    fn a_control_group_is_named_from_the_top() {
        refused(
            "\ncgroup = \"skep\"",
            &[
                "line 2: cgroup: is \"skep\", needed is \"auto\" or an absolute path such as \"/skep\"",
            ],
        );
    }

    #[test]
    fn admin_is_never_given_over_tcp() {
        let text = format!("{LEAST}[[callers]]\ntcp = true\nadmin = true\n");
        let expected = "line 8: callers.admin: cannot be given over tcp: nobody is known there";
        assert_eq!(parse(&text).unwrap_err(), [expected]);
    }

    #[test]
    fn callers_name_tenants_that_exist() {
        let text =
            format!("{LEAST}[[callers]]\nuid = 5\ntenants = [\n  \"default\",\n  \"other\",\n]\n");
        let expected = "line 10: callers.tenants: there is no tenant other";
        assert_eq!(parse(&text).unwrap_err(), [expected]);
    }

    #[test]
    fn a_caller_that_cannot_be_read_is_told_once() {
        let text = format!("{LEAST}[[callers]]\nadmin = true\nuid = \"root\"\n");
        let expected = "line 8: callers.uid: invalid digit found in string";
        assert_eq!(parse(&text).unwrap_err(), [expected]);
    }

    #[test]
    fn a_caller_is_one_peer() {
        let text = format!("{LEAST}[[callers]]\nadmin = true\n");
        let expected = "line 6: callers.uid: needed is exactly one of uid, gid and tcp = true";
        assert_eq!(parse(&text).unwrap_err(), [expected]);
    }

    #[test]
    fn a_tenant_that_is_there_twice_is_told_with_its_line() {
        let text = format!("{LEAST}[[tenants]]\nrps = 1\nname = \"default\"\n");
        let expected = "line 8: tenants.name: default is there twice";
        assert_eq!(parse(&text).unwrap_err(), [expected]);
    }

    #[test]
    fn a_burst_without_a_rate_is_refused() {
        let text = format!("{LEAST}[[tenants]]\nname = \"a\"\nburst = 5\n");
        let expected = "line 8: tenants.burst: means nothing without a number for rps";
        assert_eq!(parse(&text).unwrap_err(), [expected]);
    }

    #[test]
    fn root_is_never_the_daemons_user() {
        refused(
            "[ids]\ncount = 10\nuser = 0",
            &["line 3: ids.user: is root, which keeps every file of the host open"],
        );
    }

    #[test]
    fn a_socket_that_cannot_be_is_told_with_both_numbers() {
        let long = format!("/run/{}", "x".repeat(120));
        let expected = "line 1: socket: has 125 bytes, at most 107 are possible";
        refused(&format!("socket = \"{long}\""), &[expected]);
        let needed = "needed is a path from the root, as \"/run/skep/skep.sock\"";
        refused(
            "socket = \"skep.sock\"",
            &[&format!("line 1: socket: is \"skep.sock\", {needed}")],
        );
        refused(
            "state = \"state\"",
            &["line 1: state: is \"state\", needed is a path from the root, as \"/var/lib/skep\""],
        );
    }

    #[test]
    fn daemon_zygote_and_their_group_are_three_numbers_of_their_own() {
        refused(
            "[ids]\nfirst = 5000\ncount = 10\nuser = 5012\nzygote = 5012\ngroup = 0",
            &[
                "line 5: ids.zygote: is 5012, the same as ids.user",
                "line 6: ids.group: is root, which keeps every file of the host open",
            ],
        );
        refused(
            "[ids]\nfirst = 4294967280\ncount = 13",
            &[
                "line 3: ids.count: the range, and the three numbers above it, end above the largest id",
            ],
        );
    }

    #[test]
    fn numbers_that_contradict_each_other_are_told_with_their_lines() {
        refused(
            "[ids]\nuser = 5000\nfirst = 10\ncount = 9000\n\
             [pool]\nspare_ceiling = 1\nspare_floor = 2\n\
             [sizes]\nreply = \"1MiB\"\nsource = \"1GiB\"",
            &[
                "line 2: ids.user: is 5000, inside the range of the instances",
                "line 3: ids.first: is 10: ids below 1000 belong to the host itself",
                "line 7: pool.spare_floor: is 2, above pool.spare_ceiling which is 1",
                "line 10: sizes.source: is 1GiB, at most 256MiB is possible",
            ],
        );
    }

    #[test]
    fn limits_that_no_app_can_be_given_are_refused() {
        refused(
            "[defaults]\ncpu = 1\nmemory = \"8MiB\"\ntimeout = \"0s\"\n[max]\ncpu_budget = \"0s\"",
            &[
                "line 3: defaults.memory: is 8MiB, at least 16MiB is needed",
                "line 4: defaults.timeout: is 0s, at least 1ms is needed",
                "line 6: max.cpu_budget: is 0s, at least 1ms is needed",
            ],
        );
    }

    #[test]
    fn a_rule_allows_all_or_what_it_says() {
        let callers = |more: &str| parse(&format!("{LEAST}{more}\n")).map(|all| all.callers);
        assert_eq!(callers("").unwrap()[0].may, May::ALL.into());
        let only = callers("may = [\"invoke\", \"observe\"]").unwrap();
        assert_eq!(only[0].may, [May::Invoke, May::Observe].into());
        let what = "has \"all\", needed are invoke, observe, deploy or quota";
        assert_eq!(
            callers("may = [\"all\"]").unwrap_err(),
            [format!("line 6: callers.may: {what}")]
        );
    }

    #[test]
    fn a_budget_that_one_message_could_not_fit_into_is_refused() {
        refused(
            "[budget]\ntenant = \"1MiB\"",
            &["line 2: budget.tenant: is 1MiB, at least 16640KiB is needed"],
        );
    }

    #[test]
    fn the_maxima_are_what_an_app_is_held_to() {
        let more = "[max]\nmin_instances = 7\napps = 3\n";
        let config = parse(&format!("{more}{LEAST}")).unwrap();
        assert_eq!(config.host_max.min_instances, Ceiling::At(7));
        assert_eq!(config.max_apps, 3);
        assert_eq!(parse(LEAST).unwrap().max_apps, 100);
    }

    #[test]
    fn a_word_that_is_no_level_mutes_nothing_but_is_refused() {
        let needed = "needed are levels (error, warn, info, debug, trace, off), alone or as \
                      target=level, with commas between";
        refused("log = \"loud\"", &[&format!("line 1: log: has \"loud\", {needed}")]);
        refused(
            "log = \"info,skepd::pool\"",
            &[&format!("line 1: log: has \"skepd::pool\", {needed}")],
        );
        refused("log = \"skepd=loud\"", &[&format!("line 1: log: is \"skepd=loud\", {needed}")]);
    }

    #[test]
    fn a_filter_in_tracings_notation_is_taken() {
        let more = "log = \"warn,skepd::pool=debug,[call{id=1}]=trace\"\n";
        assert!(parse(&format!("{more}{LEAST}")).is_ok());
    }
}
