//! The limits of an app: as they were asked for, as they hold, and what makes asking fail.
//!
//! This module compares numbers; it writes no control file and knows no host. What the host and the
//! tenant allow at most comes in as [`LimitsMax`].
//!
//! Always true of what [`resolve`] returns: every limit is within its bounds, and
//! `min_instances <= max_instances`.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::unit::{ByteCount, CpuShare, DurationText, Durations, duration_text};

/// The least memory an app can be given. Below it the heap that [`heap_limit`] leaves is of no use.
pub const MIN_APP_MEMORY: ByteCount = ByteCount::from_mib(16);

/// The shortest deadline and the smallest CPU budget of a call: what the clocks can tell apart.
pub const MIN_CALL_TIME: Duration = Duration::from_millis(1);

/// What an instance needs besides its heap whatever its size: pages of the engine and the shim that
/// it writes to after the fork, its stack, its page tables, the buffers of its link.
const PROCESS_RESERVE: ByteCount = ByteCount::from_mib(6);

/// What it needs besides that in proportion to the heap: allocator overhead and kernel memory.
const RESERVE_FRACTION: u64 = 16;

/// The heap limit of the engine in an instance whose control group ends at `memory`.
///
/// The rest, 6 MiB and a sixteenth of `memory`, is for the process itself, so that a hungry function
/// meets the engine's limit, which can say so, before the kernel's, which only kills. At least 9 MiB
/// from [`MIN_APP_MEMORY`] on; nothing where `memory` is below the reserve.
pub const fn heap_limit(memory: ByteCount) -> ByteCount {
    let reserve =
        PROCESS_RESERVE.saturating_plus(ByteCount::from_bytes(memory.bytes() / RESERVE_FRACTION));
    memory.saturating_minus(reserve)
}

/// The most memory that a sandbox gets in which a version is looked through and compiled, unless its app has more.
pub const MAX_DEPLOY_MEMORY: ByteCount = ByteCount::from_mib(256);

/// What reading one script takes beside the engine, in bytes a byte: TypeScript of 2 MiB took 67 MiB.
const READING_PER_BYTE: u64 = 48;
/// The largest script that is read.
const LARGEST_READ: ByteCount = ByteCount::from_mib(1);
/// What is made of all scripts and kept until it was sent, in bytes a byte.
const MADE_PER_BYTE: u64 = 8;

/// What every instance has to spare for that: part of [`PROCESS_RESERVE`].
const SPARED: ByteCount = ByteCount::from_mib(4);

/// The memory of the sandbox in which a version of an app of `memory` is looked through and compiled, whose files
/// have `source` bytes and the largest of them `largest`.
pub fn deploy_memory(memory: ByteCount, source: ByteCount, largest: ByteCount) -> ByteCount {
    let times = |bytes: ByteCount, by: u64| ByteCount::from_bytes(bytes.bytes().saturating_mul(by));
    let reading = times(largest.min(LARGEST_READ), READING_PER_BYTE);
    let more = reading.saturating_plus(times(source, MADE_PER_BYTE));
    if more < SPARED {
        return memory;
    }
    memory.saturating_plus(more).min(MAX_DEPLOY_MEMORY).max(memory)
}

/// An upper bound that may be absent. Stored as the value, or the word `open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ceiling<T> {
    /// Up to and including this.
    At(T),
    /// There is no bound.
    Open,
}

impl<T> Ceiling<T> {
    /// The bound, if there is one.
    pub fn at(self) -> Option<T> {
        match self {
            Ceiling::At(bound) => Some(bound),
            Ceiling::Open => None,
        }
    }

    /// The same with the bound changed.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Ceiling<U> {
        match self {
            Ceiling::At(bound) => Ceiling::At(change(bound)),
            Ceiling::Open => Ceiling::Open,
        }
    }

    /// The same by reference.
    pub fn as_ref(&self) -> Ceiling<&T> {
        match self {
            Ceiling::At(bound) => Ceiling::At(bound),
            Ceiling::Open => Ceiling::Open,
        }
    }
}

impl<T: Ord> Ceiling<T> {
    /// The stricter of two ceilings.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        match (self, other) {
            (Ceiling::At(a), Ceiling::At(b)) => Ceiling::At(a.min(b)),
            (Ceiling::At(a), Ceiling::Open) | (Ceiling::Open, Ceiling::At(a)) => Ceiling::At(a),
            (Ceiling::Open, Ceiling::Open) => Ceiling::Open,
        }
    }

    /// Whether `value` is within the bound.
    pub fn allows(&self, value: &T) -> bool {
        match self {
            Ceiling::At(bound) => value <= bound,
            Ceiling::Open => true,
        }
    }
}

/// How an absent bound is written.
const OPEN: &str = "open";

impl<T: fmt::Display> fmt::Display for Ceiling<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ceiling::At(bound) => bound.fmt(f),
            Ceiling::Open => f.pad(OPEN),
        }
    }
}

impl<T: Serialize> Serialize for Ceiling<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Ceiling::At(bound) => bound.serialize(to),
            Ceiling::Open => to.serialize_str(OPEN),
        }
    }
}

/// By hand, and not as an untagged enum, so that a bad bound is refused with its own reason.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ceiling<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Ceiling<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a bound or the word \"open\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text == OPEN {
                    return Ok(Ceiling::Open);
                }
                T::deserialize(text.into_deserializer()).map(Ceiling::At)
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
                T::deserialize(number.into_deserializer()).map(Ceiling::At)
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
                T::deserialize(number.into_deserializer()).map(Ceiling::At)
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Ceiling::At)
            }
        }

        from.deserialize_any(Reader(std::marker::PhantomData))
    }
}

impl<T: Durations> Durations for Ceiling<T> {
    type Text = Ceiling<T::Text>;

    fn to_text(&self) -> Self::Text {
        self.as_ref().map(T::to_text)
    }

    fn from_text(text: Self::Text) -> Self {
        text.map(T::from_text)
    }
}

/// The limits of an app that hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppLimits {
    /// Memory of each instance.
    pub memory: ByteCount,
    /// CPU of each instance.
    pub cpu: CpuShare,
    /// Processes and threads of each instance, the first one included.
    pub processes: u32,
    /// How long a call may take.
    #[serde(with = "duration_text")]
    pub timeout: Duration,
    /// CPU time of one call.
    #[serde(with = "duration_text")]
    pub cpu_budget: Ceiling<Duration>,
    /// Calls at the same time. An instance serves one at a time: beyond `max_instances` they wait.
    pub concurrency: NonZeroU32,
    /// Instances kept alive without calls.
    pub min_instances: u32,
    /// Instances alive at the same time.
    pub max_instances: NonZeroU32,
}

impl AppLimits {
    /// CPU time that loading the app may take: as much as a call of it, and no more than a call has time. The
    /// time that passes meanwhile is the host's affair.
    pub fn load_budget(&self) -> Duration {
        match self.cpu_budget {
            Ceiling::At(budget) => budget.min(self.timeout),
            Ceiling::Open => self.timeout,
        }
    }
}

/// The limits of an app as they were asked for; what is absent takes the host's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSpec {
    /// See [`AppLimits::memory`].
    pub memory: Option<ByteCount>,
    /// See [`AppLimits::cpu`].
    pub cpu: Option<CpuShare>,
    /// See [`AppLimits::processes`].
    pub processes: Option<u32>,
    /// See [`AppLimits::timeout`].
    #[serde(with = "duration_text")]
    pub timeout: Option<Duration>,
    /// See [`AppLimits::cpu_budget`].
    #[serde(with = "duration_text")]
    pub cpu_budget: Option<Ceiling<Duration>>,
    /// See [`AppLimits::concurrency`].
    pub concurrency: Option<u32>,
    /// See [`AppLimits::min_instances`].
    pub min_instances: Option<u32>,
    /// See [`AppLimits::max_instances`].
    pub max_instances: Option<u32>,
}

/// The most that apps can be given, by the host or by their tenant's quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsMax {
    /// See [`AppLimits::memory`].
    pub memory: Ceiling<ByteCount>,
    /// See [`AppLimits::cpu`].
    pub cpu: Ceiling<CpuShare>,
    /// See [`AppLimits::processes`].
    pub processes: Ceiling<u32>,
    /// See [`AppLimits::timeout`].
    pub timeout: Ceiling<Duration>,
    /// See [`AppLimits::cpu_budget`].
    pub cpu_budget: Ceiling<Duration>,
    /// See [`AppLimits::concurrency`].
    pub concurrency: Ceiling<u32>,
    /// See [`AppLimits::min_instances`].
    pub min_instances: Ceiling<u32>,
    /// See [`AppLimits::max_instances`].
    pub max_instances: Ceiling<u32>,
}

impl LimitsMax {
    /// No bound at all.
    pub const OPEN: Self = Self {
        memory: Ceiling::Open,
        cpu: Ceiling::Open,
        processes: Ceiling::Open,
        timeout: Ceiling::Open,
        cpu_budget: Ceiling::Open,
        concurrency: Ceiling::Open,
        min_instances: Ceiling::Open,
        max_instances: Ceiling::Open,
    };

    /// The stricter of two, field by field: what the host allows and the tenant's quota too.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        Self {
            memory: self.memory.meet(other.memory),
            cpu: self.cpu.meet(other.cpu),
            processes: self.processes.meet(other.processes),
            timeout: self.timeout.meet(other.timeout),
            cpu_budget: self.cpu_budget.meet(other.cpu_budget),
            concurrency: self.concurrency.meet(other.concurrency),
            min_instances: self.min_instances.meet(other.min_instances),
            max_instances: self.max_instances.meet(other.max_instances),
        }
    }
}

/// One limit that cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: asked for {asked}, must be {bound}")]
pub struct LimitProblem {
    /// Where it stands in the request: `limits.memory_bytes`.
    pub field: &'static str,
    /// The amount that was asked for, or the default where it is the default that does not fit.
    pub asked: String,
    /// What it must keep to, with the number: "at most 256MiB".
    pub bound: String,
}

/// The limits that hold for `spec`: what it asks for, else `defaults`, within `most`.
///
/// A default that is above its maximum is lowered to it, as nobody asked for that number; a default
/// number of instances or calls gives way to those that were asked for.
///
/// # Errors
///
/// All problems at once, in the order of the fields of [`AppLimits`]: below the minimum, above the
/// maximum, and fewer instances at most than at least.
pub fn resolve(
    spec: &LimitsSpec,
    defaults: &AppLimits,
    most: &LimitsMax,
) -> Result<AppLimits, Vec<LimitProblem>> {
    let mut check = Check { problems: Vec::new() };
    let memory = check.bounded(
        "limits.memory_bytes",
        spec.memory,
        defaults.memory,
        MIN_APP_MEMORY,
        most.memory,
    );
    let cpu = check.bounded("limits.cpu_millis", spec.cpu, defaults.cpu, CpuShare::LEAST, most.cpu);
    let processes =
        check.bounded("limits.processes", spec.processes, defaults.processes, 1, most.processes);
    let timeout = check.bounded(
        "limits.timeout_ms",
        spec.timeout.map(DurationText),
        DurationText(defaults.timeout),
        DurationText(MIN_CALL_TIME),
        most.timeout.map(DurationText),
    );
    let cpu_budget =
        check.budget(spec.cpu_budget.unwrap_or(defaults.cpu_budget.meet(most.cpu_budget)), most);

    let max_instances = check.count(
        "limits.max_instances",
        spec.max_instances,
        defaults.max_instances.get(),
        most.max_instances,
    );
    let concurrency = check.count(
        "limits.concurrency",
        spec.concurrency,
        defaults.concurrency.get().min(max_instances.get()),
        most.concurrency,
    );
    let min_instances = check.bounded(
        "limits.min_instances",
        spec.min_instances,
        defaults.min_instances.min(max_instances.get()),
        0,
        most.min_instances,
    );
    if max_instances.get() < min_instances {
        check.above_instances("limits.min_instances", min_instances, max_instances);
    }

    if check.problems.is_empty() {
        Ok(AppLimits {
            memory,
            cpu,
            processes,
            timeout: timeout.0,
            cpu_budget,
            concurrency,
            min_instances,
            max_instances,
        })
    } else {
        Err(check.problems)
    }
}

/// Collects the problems; each method returns a value to go on with, so that one problem does not
/// hide the next.
struct Check {
    problems: Vec<LimitProblem>,
}

impl Check {
    fn problem(&mut self, field: &'static str, asked: impl ToString, bound: String) {
        self.problems.push(LimitProblem { field, asked: asked.to_string(), bound });
    }

    fn bounded<T: Copy + Ord + fmt::Display>(
        &mut self,
        field: &'static str,
        asked: Option<T>,
        default: T,
        least: T,
        most: Ceiling<T>,
    ) -> T {
        let lowered = most.at().map_or(default, |most| default.min(most));
        let value = asked.unwrap_or(lowered);
        if value < least {
            self.problem(field, value, format!("at least {least}"));
        } else if !most.allows(&value) {
            self.problem(field, value, format!("at most {most}"));
        }
        value
    }

    fn count(
        &mut self,
        field: &'static str,
        asked: Option<u32>,
        default: u32,
        most: Ceiling<u32>,
    ) -> NonZeroU32 {
        let value = self.bounded(field, asked, default, 1, most);
        NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN)
    }

    fn budget(&mut self, value: Ceiling<Duration>, most: &LimitsMax) -> Ceiling<Duration> {
        let field = "limits.cpu_budget_ms";
        match (value, most.cpu_budget.map(DurationText)) {
            (Ceiling::At(value), most) => {
                let value = Some(DurationText(value));
                let least = DurationText(MIN_CALL_TIME);
                Ceiling::At(self.bounded(field, value, least, least, most).0)
            }
            (Ceiling::Open, Ceiling::At(most)) => {
                self.problem(field, OPEN, format!("at most {most}"));
                value
            }
            (Ceiling::Open, Ceiling::Open) => value,
        }
    }

    fn above_instances(&mut self, field: &'static str, asked: u32, max_instances: NonZeroU32) {
        self.problem(
            field,
            asked,
            format!("at most limits.max_instances, which is {max_instances}"),
        );
    }
}

#[cfg(test)]
mod tests;
