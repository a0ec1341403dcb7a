//! Whether a call may come in: requests per second, concurrency and memory of tenant, app and process.
//!
//! This module keeps the meters of one level each and charges them together; it does not know which
//! tenant or app they belong to, nor which instance will serve.
//!
//! Always true: a call is charged at every level or at none, and a denial has changed nothing. What
//! is running stays within each concurrency quota, what is reserved within each memory quota, unless
//! a quota was lowered below what was there already.

use std::fmt;
use std::time::{Duration, Instant};

use crate::id::InstanceId;
use crate::limits::Ceiling;
use crate::rate::{Pace, Rate, Wait};
use crate::unit::{ByteCount, DurationText};

/// Where something is metered, from the outside in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// All apps of one tenant together.
    Tenant,
    /// All instances of one app together.
    App,
    /// One instance.
    Process,
}

impl Level {
    /// As a word: in errors, log fields and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Tenant => "tenant",
            Level::App => "app",
            Level::Process => "process",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is metered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Calls per second.
    Rate,
    /// Calls at the same time.
    Concurrency,
    /// Memory of living instances, in bytes.
    Memory,
}

impl Metric {
    /// As a word: in errors, log fields and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Metric::Rate => "rate",
            Metric::Concurrency => "concurrency",
            Metric::Memory => "memory",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A quota said no. Nothing was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub struct Denied {
    /// Whose quota.
    pub level: Level,
    /// Which quota.
    pub what: Metric,
    /// The quota: calls per second, calls, or bytes. Zero is closed.
    pub limit: u64,
    /// When to come back; `None` when time alone does not help.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { level, what, limit, retry_after } = *self;
        write!(f, "{level} quota of ")?;
        match what {
            Metric::Rate if limit == 1 => f.write_str("1 call per second")?,
            Metric::Rate => write!(f, "{limit} calls per second")?,
            Metric::Concurrency if limit == 1 => f.write_str("1 call at the same time")?,
            Metric::Concurrency => write!(f, "{limit} calls at the same time")?,
            Metric::Memory => write!(f, "{} of memory", ByteCount::from_bytes(limit))?,
        }
        match retry_after {
            Some(wait) => write!(f, " is used up, retry in {}", DurationText::rounded_up(wait)),
            None if limit == 0 => write!(f, " lets nothing in"),
            None => write!(f, " is used up"),
        }
    }
}

/// The meters of calls at one level: how often, and how many at the same time.
#[derive(Clone, Debug)]
pub struct Gauge {
    pace: Pace,
    concurrency: Ceiling<u32>,
    running: u32,
}

impl Gauge {
    /// Meters that have seen no call yet.
    pub fn new(rate: Ceiling<Rate>, concurrency: Ceiling<u32>, now: Instant) -> Self {
        Self { pace: Pace::new(rate, now), concurrency, running: 0 }
    }

    /// Sets other quotas, from `now` on. Calls that are running go on and keep counting.
    pub fn set(&mut self, rate: Ceiling<Rate>, concurrency: Ceiling<u32>, now: Instant) {
        self.pace.set_rate(rate, now);
        self.concurrency = concurrency;
    }

    /// The meter of how often.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// How many calls at the same time may be running.
    pub fn concurrency(&self) -> Ceiling<u32> {
        self.concurrency
    }

    /// How many calls are running.
    pub fn running(&self) -> u32 {
        self.running
    }

    /// How many calls came in during the last second, for display.
    pub fn recent(&self, now: Instant) -> u32 {
        self.pace.recent(now)
    }

    fn check_rate(&self, level: Level, now: Instant) -> Result<(), Denied> {
        let rate = |retry_after| Denied {
            level,
            what: Metric::Rate,
            limit: self.pace.rate().at().map_or(0, |rate| u64::from(rate.per_second)),
            retry_after,
        };
        match self.pace.wait(now) {
            Wait::Now => Ok(()),
            Wait::After(wait) => Err(rate(Some(wait))),
            Wait::Closed => Err(rate(None)),
        }
    }

    fn check(&self, level: Level, now: Instant) -> Result<(), Denied> {
        self.check_rate(level, now)?;
        match self.concurrency {
            Ceiling::At(most) if most <= self.running => Err(Denied {
                level,
                what: Metric::Concurrency,
                limit: u64::from(most),
                retry_after: None,
            }),
            Ceiling::At(_) | Ceiling::Open => Ok(()),
        }
    }
}

/// Whether [`admit`] would let a call in. Charges nothing.
///
/// # Errors
///
/// The first level, in the order given, that says no.
pub fn check(levels: &[(Level, &mut Gauge)], now: Instant) -> Result<(), Denied> {
    levels.iter().try_for_each(|(level, gauge)| gauge.check(*level, now))
}

/// Lets one call in: charges all levels, or none. Each charge ends with [`finish`] or [`undo`].
///
/// # Errors
///
/// The first level, in the order given, that says no.
pub fn admit(levels: &mut [(Level, &mut Gauge)], now: Instant) -> Result<(), Denied> {
    check(levels, now)?;
    for (_, gauge) in levels {
        gauge.pace.charge(now);
        gauge.running = gauge.running.saturating_add(1);
    }
    Ok(())
}

/// Charges work that is like a call against the rates alone: it is counted as one, but does not run beside
/// them. Charges all levels, or none.
///
/// # Errors
///
/// The first level, in the order given, whose rate says no.
pub fn spend(levels: &mut [(Level, &mut Gauge)], now: Instant) -> Result<(), Denied> {
    levels.iter().try_for_each(|(level, gauge)| gauge.check_rate(*level, now))?;
    for (_, gauge) in levels {
        gauge.pace.charge(now);
    }
    Ok(())
}

/// A call that was let in has ended: gives its concurrency back.
pub fn finish(levels: &mut [(Level, &mut Gauge)]) {
    for (level, gauge) in levels {
        debug_assert!(0 < gauge.running, "a call ended at level {level} that never began");
        gauge.running = gauge.running.saturating_sub(1);
    }
}

/// A call that was let in has not taken place after all, by no fault of the caller: gives
/// everything back.
pub fn undo(levels: &mut [(Level, &mut Gauge)], now: Instant) {
    for (_, gauge) in levels.iter_mut() {
        gauge.pace.refund(now);
    }
    finish(levels);
}

/// What the process quotas of an app's idle instances allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// This instance may take a call now.
    Ready(InstanceId),
    /// All idle instances are bounded; the first one may take a call after this long.
    After(Duration),
    /// The process quota lets nothing in, ever. That holds for new instances just as well.
    Closed,
    /// There is no idle instance.
    Empty,
}

/// The first of the `idle` instances that may take a call now, else the shortest wait.
///
/// They come most recently used first, so that the others can grow old and be evicted.
pub fn pick<'a>(idle: impl IntoIterator<Item = (InstanceId, &'a Pace)>, now: Instant) -> Pick {
    let mut best = Pick::Empty;
    for (id, pace) in idle {
        best = match (pace.wait(now), best) {
            (Wait::Now, _) => return Pick::Ready(id),
            (Wait::After(wait), Pick::After(shortest)) => Pick::After(wait.min(shortest)),
            (Wait::After(wait), _) => Pick::After(wait),
            (Wait::Closed, Pick::Empty) => Pick::Closed,
            (Wait::Closed, best) => best,
        };
    }
    best
}

/// What the kept is counted in: what is less costs nothing.
const KEPT_STEP: ByteCount = ByteCount::from_mib(1);

/// The memory book of a tenant or an app: the sum of the limits of its living instances, and what the daemon
/// keeps for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    level: Level,
    quota: Ceiling<ByteCount>,
    reserved: ByteCount,
    /// In whole steps.
    kept: ByteCount,
}

impl Reservation {
    /// An empty book.
    pub const fn new(level: Level, quota: Ceiling<ByteCount>) -> Self {
        Self { level, quota, reserved: ByteCount::ZERO, kept: ByteCount::ZERO }
    }

    /// The most that can be reserved.
    pub const fn quota(&self) -> Ceiling<ByteCount> {
        self.quota
    }

    /// Sets another quota. Reservations that are above it stay; see [`excess`](Self::excess).
    pub fn set_quota(&mut self, quota: Ceiling<ByteCount>) {
        self.quota = quota;
    }

    /// What is reserved.
    pub const fn reserved(&self) -> ByteCount {
        self.reserved
    }

    /// Says what is kept beside instances. It counts in whole MiB, rounded down, and is never refused here: what
    /// can, gives way to it; see [`excess`](Self::excess).
    pub fn set_kept(&mut self, kept: ByteCount) {
        self.kept = kept.round_down_to(KEPT_STEP);
    }

    /// What is kept, in whole steps.
    pub const fn kept(&self) -> ByteCount {
        self.kept
    }

    /// The most that may be kept so that `amount` fits once `freed` was given back; `None` where it would not even
    /// beside nothing that is kept.
    pub fn most_kept(&self, amount: ByteCount, freed: ByteCount) -> Option<ByteCount> {
        let Ceiling::At(quota) = self.quota else { return Some(ByteCount::from_bytes(u64::MAX)) };
        let used = self.reserved.saturating_minus(freed).plus(amount)?;
        let whole = quota.minus(used)?.round_down_to(KEPT_STEP);
        // What is less than a step costs nothing.
        Some(whole.saturating_plus(ByteCount::from_bytes(KEPT_STEP.bytes() - 1)))
    }

    /// What is used of the quota.
    fn used(&self) -> ByteCount {
        self.reserved.saturating_plus(self.kept)
    }

    /// Whether `amount` would fit beside nothing but so much that is kept. Reserves nothing.
    ///
    /// # Errors
    ///
    /// The quota is less.
    pub fn could_hold(&self, amount: ByteCount, kept: ByteCount) -> Result<(), Denied> {
        let both = amount.saturating_plus(kept.round_down_to(KEPT_STEP));
        if self.quota.allows(&both) { Ok(()) } else { Err(self.denied()) }
    }

    /// What can still be reserved.
    pub fn room(&self) -> Ceiling<ByteCount> {
        self.quota.map(|quota| quota.saturating_minus(self.used()))
    }

    /// What is used beyond the quota: that was lowered, or more is kept.
    pub fn excess(&self) -> ByteCount {
        match self.quota {
            Ceiling::At(quota) => self.used().saturating_minus(quota),
            Ceiling::Open => ByteCount::ZERO,
        }
    }

    /// How much is missing to reserve `amount`. Zero means that it fits.
    pub fn shortfall(&self, amount: ByteCount) -> ByteCount {
        match self.quota {
            Ceiling::At(quota) => amount.saturating_minus(quota.saturating_minus(self.used())),
            Ceiling::Open => ByteCount::ZERO,
        }
    }

    /// Reserves `amount`.
    ///
    /// # Errors
    ///
    /// The quota does not have that much left; nothing was reserved.
    pub fn reserve(&mut self, amount: ByteCount) -> Result<(), Denied> {
        match self.reserved.plus(amount) {
            Some(sum) if self.shortfall(amount).is_zero() => {
                self.reserved = sum;
                Ok(())
            }
            Some(_) | None => Err(self.denied()),
        }
    }

    /// Reserves `least`, and as much more up to `most` as there is. Returns how much that is.
    ///
    /// # Errors
    ///
    /// The quota does not have `least` left; nothing was reserved.
    pub fn reserve_up_to(
        &mut self,
        least: ByteCount,
        most: ByteCount,
    ) -> Result<ByteCount, Denied> {
        let amount = match self.room() {
            Ceiling::At(room) => most.min(room).max(least),
            Ceiling::Open => most.max(least),
        };
        self.reserve(amount).map(|()| amount)
    }

    /// Gives `amount` back, after the death of its instance was proven.
    pub fn release(&mut self, amount: ByteCount) {
        debug_assert!(amount <= self.reserved, "more released than was reserved");
        self.reserved = self.reserved.saturating_minus(amount);
    }

    /// Turns a reservation of `old` into one of `new`. Shrinking always works.
    ///
    /// # Errors
    ///
    /// The quota does not have the difference left; `old` stays reserved.
    pub fn adjust(&mut self, old: ByteCount, new: ByteCount) -> Result<(), Denied> {
        match new.minus(old) {
            Some(more) => self.reserve(more),
            None => {
                self.release(old.saturating_minus(new));
                Ok(())
            }
        }
    }

    fn denied(&self) -> Denied {
        Denied {
            level: self.level,
            what: Metric::Memory,
            // Without a quota, what there is already is all that can be counted.
            limit: self.quota.at().unwrap_or(self.reserved).bytes(),
            retry_after: None,
        }
    }
}

/// Reserves `amount` in all books, or in none.
///
/// # Errors
///
/// The first book, in the order given, that does not have that much left.
pub fn reserve(books: &mut [&mut Reservation], amount: ByteCount) -> Result<(), Denied> {
    for at in 0..books.len() {
        if let Err(denied) = books[at].reserve(amount) {
            for book in &mut books[..at] {
                book.release(amount);
            }
            return Err(denied);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
