//! How often calls may come: a steady rate with a burst on top, exact over any length of time.
//!
//! A [`Pace`] is one meter. Checking several of them together, and charging all or none, is
//! [`admission`](crate::admission)'s.
//!
//! Always true: at one moment at most `burst` calls find [`Wait::Now`]; in all `t` seconds since the
//! meter began, at most `burst + rate * t`, and in any stretch of them less than one more than that;
//! changing the rate never adds a call that was not earned.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::limits::Ceiling;

/// So many calls in a second, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Calls per second in the long run. Zero is closed.
    pub per_second: u32,
    /// Calls at once after a quiet time.
    pub burst: NonZeroU32,
}

impl Rate {
    /// Not one call.
    pub const CLOSED: Self = Self { per_second: 0, burst: NonZeroU32::MIN };

    /// Whether not one call may come.
    pub const fn is_closed(self) -> bool {
        self.per_second == 0
    }
}

/// When a call may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// At once.
    Now,
    /// After this long, if nobody else comes before. At most one second.
    After(Duration),
    /// Never, unless the rate is changed.
    Closed,
}

/// One call, in the units of credit. A rate of `r` calls per second earns exactly `r` units in each
/// nanosecond, so nothing is ever rounded, whatever the rate.
const CALL: u64 = 1_000_000_000;

/// A meter of calls: the generic cell rate algorithm, kept as a credit instead of a time of arrival
/// so that it is exact for rates that do not divide a second.
///
/// It begins with its burst. Time that runs backwards counts as no time.
///
/// Under load that is offered without pause exactly the rate comes through, even with a burst of one:
/// credit that was earned between the moment a call could have come and the moment one did come is
/// kept, as long as it is less than one call and the meter had been empty. (The textbook drops it,
/// and so admits fewer.) A meter that rests longer is full, and no more.
#[derive(Clone, Debug)]
pub struct Pace {
    rate: Ceiling<Rate>,
    /// Units earned per nanosecond. That of the last rate there was while the rate is open.
    earns: u32,
    /// The most units that can be kept.
    brim: u64,
    /// What there was at `as_of`; above `brim` by less than one call.
    credit: u64,
    as_of: Instant,
    recent: Recent,
}

impl Pace {
    /// A meter that has seen no call yet. Without a rate it admits everything, and still counts.
    pub fn new(rate: Ceiling<Rate>, now: Instant) -> Self {
        let mut pace = Self {
            rate: Ceiling::Open,
            earns: 0,
            brim: u64::MAX,
            credit: u64::MAX,
            as_of: now,
            recent: Recent::new(now),
        };
        pace.set_rate(rate, now);
        pace
    }

    /// The rate that holds.
    pub fn rate(&self) -> Ceiling<Rate> {
        self.rate
    }

    /// When a call that arrives `now` may come.
    pub fn wait(&self, now: Instant) -> Wait {
        let Ceiling::At(rate) = self.rate else { return Wait::Now };
        let Some(each) = NonZeroU32::new(rate.per_second) else { return Wait::Closed };
        match CALL.checked_sub(self.credit_at(now)) {
            None | Some(0) => Wait::Now,
            // Rounded up: after the wait the credit is there.
            Some(missing) => {
                Wait::After(Duration::from_nanos(missing.div_ceil(u64::from(each.get()))))
            }
        }
    }

    /// Charges one call. Only call this when [`wait`](Self::wait) gave [`Wait::Now`].
    pub fn charge(&mut self, now: Instant) {
        self.settle(now);
        if let Ceiling::At(_) = self.rate {
            self.credit = self.credit.saturating_sub(CALL);
        }
        self.recent.add(now);
    }

    /// Gives one charged call back that did not take place after all.
    pub fn refund(&mut self, now: Instant) {
        self.settle(now);
        if let Ceiling::At(_) = self.rate {
            self.credit = self.credit.saturating_add(CALL).min(self.brim);
        }
        self.recent.take_back(now);
    }

    /// Sets another rate, from `now` on.
    ///
    /// Credit stays what it is, as far as the new burst can keep it: a larger burst has to be earned
    /// first, so that setting a quota again and again lets nobody in; a smaller one holds at once and
    /// leaves no debt behind.
    pub fn set_rate(&mut self, rate: Ceiling<Rate>, now: Instant) {
        self.settle(now);
        self.rate = rate;
        if let Ceiling::At(rate) = rate {
            self.earns = rate.per_second;
            // Below 2^62.
            self.brim = u64::from(rate.burst.get()) * CALL;
            self.credit = self.credit.min(self.brim);
        }
    }

    /// How many calls were charged during the last second, for display: exact to a tenth of a second.
    pub fn recent(&self, now: Instant) -> u32 {
        self.recent.sum(now)
    }

    fn credit_at(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.as_of).as_nanos();
        let earned = passed.saturating_mul(u128::from(self.earns));
        let credit = u128::from(self.credit).saturating_add(earned);
        let was_empty = self.credit < CALL;
        match u64::try_from(credit) {
            Ok(credit) if credit <= self.brim => credit,
            Ok(credit) if was_empty && credit - self.brim < CALL => credit,
            Ok(_) | Err(_) => self.brim,
        }
    }

    fn settle(&mut self, now: Instant) {
        self.credit = self.credit_at(now);
        self.as_of = self.as_of.max(now);
    }
}

const SLOTS: usize = 11;
const SLOTS_PER_SECOND: u64 = 10;
const SLOT_MILLIS: u128 = 100;

/// Counts of the last eleven tenths of a second; the oldest one leaves bit by bit.
#[derive(Clone, Debug)]
struct Recent {
    since: Instant,
    /// The number of the newest slot, counted from `since`.
    newest: u64,
    counts: [u32; SLOTS],
}

impl Recent {
    fn new(now: Instant) -> Self {
        Self { since: now, newest: 0, counts: [0; SLOTS] }
    }

    /// The slot of `now`, and how many milliseconds of it have passed.
    fn slot(&self, now: Instant) -> (u64, u64) {
        let millis = now.saturating_duration_since(self.since).as_millis();
        let slot = u64::try_from(millis / SLOT_MILLIS).unwrap_or(u64::MAX);
        let into = u64::try_from(millis % SLOT_MILLIS).unwrap_or(0);
        if slot < self.newest { (self.newest, 0) } else { (slot, into) }
    }

    fn place(slot: u64) -> usize {
        // Below SLOTS, so it fits.
        usize::try_from(slot % SLOTS as u64).unwrap_or(0)
    }

    /// Forgets what is too old and returns the count of the slot of `now`.
    fn current(&mut self, now: Instant) -> &mut u32 {
        let (slot, _) = self.slot(now);
        let first_new = (self.newest + 1).max(slot.saturating_sub(SLOTS_PER_SECOND));
        for stale in first_new..=slot {
            self.counts[Self::place(stale)] = 0;
        }
        self.newest = slot;
        &mut self.counts[Self::place(slot)]
    }

    fn add(&mut self, now: Instant) {
        let count = self.current(now);
        *count = count.saturating_add(1);
    }

    fn take_back(&mut self, now: Instant) {
        let count = self.current(now);
        *count = count.saturating_sub(1);
    }

    fn sum(&self, now: Instant) -> u32 {
        let (slot, into) = self.slot(now);
        let count = |age: u64| match slot.checked_sub(age) {
            Some(slot) if slot <= self.newest && self.newest - slot < SLOTS as u64 => {
                u64::from(self.counts[Self::place(slot)])
            }
            Some(_) | None => 0,
        };
        let whole: u64 = (0..SLOTS_PER_SECOND).map(count).sum();
        // The part of the oldest slot that is still within a second, to the nearest call.
        let oldest = (count(SLOTS_PER_SECOND) * (100 - into) + 50) / 100;
        u32::try_from(whole + oldest).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
