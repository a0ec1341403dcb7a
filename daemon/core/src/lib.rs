//! The pure decisions of the Skep daemon: names, units, limits, admission, the life of an instance,
//! the policy of the pool, and the causes of failure.
//!
//! Nothing here performs I/O, reads a clock or starts a task. Time comes in as `now: Instant`, the
//! world comes in as a view, and what should happen comes out as a value; `skepd` carries it out.
//! So every decision can be tested exhaustively, in no time, without a process.

#![forbid(unsafe_code)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::wildcard_enum_match_arm)]

pub mod admission;
pub mod backoff;
pub mod bill;
pub mod budget;
pub mod deadline;
pub mod encoded;
pub mod id;
pub mod kept;
pub mod life;
pub mod limits;
pub mod name;
pub mod outcome;
pub mod paces;
pub mod pool;
pub mod rate;
pub mod unit;

pub use admission::{Denied, Gauge, Level, Metric, Pick, Reservation};
pub use backoff::Backoff;
pub use bill::{Bill, Line, Meter};
pub use deadline::Deadline;
pub use id::{BadId, InstanceId, InvocationId, VersionId};
pub use limits::{AppLimits, Ceiling, LimitProblem, LimitsMax, LimitsSpec};
pub use name::{AppId, BadName, FilePath, FunctionName, TenantId};
pub use outcome::{Cause, Evidence};
pub use pool::{PoolLimits, Refusal};
pub use rate::{Pace, Rate, Wait};
pub use unit::{BadQuantity, ByteCount, CpuShare, DurationText};

#[cfg(test)]
mod testing {
    use std::time::Instant;

    /// Where the time of a test begins. The only place in this crate that looks at a clock: an
    /// `Instant` cannot be made otherwise, and no test depends on its value.
    pub(crate) fn start() -> Instant {
        Instant::now()
    }

    /// Writes `value` by serde, which must choose one string or number.
    pub(crate) fn written(value: &impl serde::Serialize) -> String {
        struct Shown<'a, T>(&'a T);

        impl<T: serde::Serialize> std::fmt::Display for Shown<'_, T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.serialize(f)
            }
        }

        Shown(value).to_string()
    }

    /// Reads a value by serde from one string.
    pub(crate) fn read<'de, T: serde::Deserialize<'de>>(
        text: &'de str,
    ) -> Result<T, serde::de::value::Error> {
        use serde::de::IntoDeserializer as _;
        T::deserialize(text.into_deserializer())
    }
}
