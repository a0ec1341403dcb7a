//! How many bytes requests and answers may hold in the daemon: all together, those of one caller, and
//! those of one tenant.
//!
//! This module only counts. It does not know when bytes come and go; whoever takes some gives the same
//! number back once.
//!
//! Always true: bytes are taken at every level or at none, and what is taken at a level never exceeds
//! its bound, whichever threads take at the same time.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::unit::ByteCount;

/// Whose budget it is, from the outside in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    /// All requests and answers of the daemon.
    Daemon,
    /// Those of one caller, on all of its connections.
    Caller,
    /// Those for one tenant, whoever calls.
    Tenant,
}

impl Holder {
    /// As a word: in errors and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Holder::Daemon => "daemon",
            Holder::Caller => "caller",
            Holder::Tenant => "tenant",
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A budget has no room. Nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {holder}'s budget of {most} for requests and answers has no room for {asked} more now"
)]
pub struct Full {
    /// Whose budget.
    pub holder: Holder,
    /// The bytes that were asked for.
    pub asked: ByteCount,
    /// All bytes of that budget.
    pub most: ByteCount,
}

/// The bytes of one holder.
#[derive(Debug)]
pub struct Meter {
    holder: Holder,
    most: u64,
    used: AtomicU64,
    peak: AtomicU64,
}

impl Meter {
    /// A budget of `most` bytes, all of them free.
    pub const fn new(holder: Holder, most: ByteCount) -> Self {
        let (used, peak) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { holder, most: most.bytes(), used, peak }
    }

    /// Whose budget it is.
    pub const fn holder(&self) -> Holder {
        self.holder
    }

    /// Bytes that are taken now.
    pub fn used(&self) -> ByteCount {
        ByteCount::from_bytes(self.used.load(Ordering::Relaxed))
    }

    /// The most bytes that were ever taken at the same time.
    pub fn peak(&self) -> ByteCount {
        ByteCount::from_bytes(self.peak.load(Ordering::Relaxed))
    }

    /// All bytes of the budget.
    pub const fn most(&self) -> ByteCount {
        ByteCount::from_bytes(self.most)
    }

    /// Takes `bytes`.
    ///
    /// # Errors
    ///
    /// [`Full`], and nothing is taken.
    pub fn take(&self, bytes: u64) -> Result<(), Full> {
        let more = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.most);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(before) => {
                self.peak.fetch_max(before + bytes, Ordering::Relaxed);
                Ok(())
            }
            Err(_) => Err(self.full(bytes)),
        }
    }

    /// Whether `bytes` could be taken now. Takes nothing.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn has_room(&self, bytes: u64) -> Result<(), Full> {
        let sum = self.used.load(Ordering::Relaxed).checked_add(bytes);
        match sum.filter(|sum| *sum <= self.most) {
            Some(_) => Ok(()),
            None => Err(self.full(bytes)),
        }
    }

    const fn full(&self, bytes: u64) -> Full {
        Full { holder: self.holder, asked: ByteCount::from_bytes(bytes), most: self.most() }
    }

    /// Gives `bytes` back that were taken.
    pub fn give_back(&self, bytes: u64) {
        let less = |used: u64| Some(used.saturating_sub(bytes));
        // It always has a new value, so this cannot fail.
        let _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// Takes `bytes` at each of `meters`, or at none.
///
/// # Errors
///
/// [`Full`] of the first one that has no room.
pub fn take_all<'a>(
    meters: impl IntoIterator<Item = &'a Meter, IntoIter: Clone>,
    bytes: u64,
) -> Result<(), Full> {
    let meters = meters.into_iter();
    for (at, meter) in meters.clone().enumerate() {
        if let Err(full) = meter.take(bytes) {
            meters.take(at).for_each(|meter| meter.give_back(bytes));
            return Err(full);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(holder: Holder, most: u64) -> Meter {
        Meter::new(holder, ByteCount::from_bytes(most))
    }

    #[track_caller]
    fn used(meters: &[&Meter], expected: u64) {
        for meter in meters {
            assert_eq!(meter.used().bytes(), expected, "{:?}", meter.holder);
        }
    }

    #[test]
    fn the_last_byte_is_given_out_and_none_beyond() {
        let meter = meter(Holder::Daemon, 10);
        assert_eq!(meter.take(10), Ok(()));
        let full = meter.take(1).unwrap_err();
        let (asked, most) = (ByteCount::from_bytes(1), ByteCount::from_bytes(10));
        assert_eq!(full, Full { holder: Holder::Daemon, asked, most });
        meter.give_back(4);
        assert_eq!(meter.take(4), Ok(()));
        assert_eq!(meter.peak().bytes(), 10);
    }

    #[test]
    fn whether_there_is_room_changes_nothing() {
        let meter = meter(Holder::Caller, 10);
        assert_eq!(meter.take(4), Ok(()));
        assert_eq!(meter.has_room(6), Ok(()));
        assert_eq!(meter.has_room(7).unwrap_err().holder, Holder::Caller);
        assert_eq!((meter.used().bytes(), meter.peak().bytes()), (4, 4));
    }

    #[test]
    fn a_number_that_overflows_is_refused() {
        let meter = meter(Holder::Daemon, u64::MAX);
        assert_eq!(meter.take(1), Ok(()));
        assert!(meter.has_room(u64::MAX).is_err());
        assert!(meter.take(u64::MAX).is_err());
        used(&[&meter], 1);
    }

    #[test]
    fn what_one_level_refuses_is_taken_at_none() {
        let (all, caller, tenant) =
            (meter(Holder::Daemon, 100), meter(Holder::Caller, 50), meter(Holder::Tenant, 10));
        let levels = [&all, &caller, &tenant];
        let full = take_all(levels, 11).unwrap_err();
        assert_eq!((full.holder, full.most.bytes()), (Holder::Tenant, 10));
        used(&levels, 0);
        assert_eq!(take_all(levels, 10), Ok(()));
        used(&levels, 10);
        assert_eq!(take_all([&all, &caller], 41).unwrap_err().holder, Holder::Caller);
        used(&levels, 10);
    }

    #[test]
    fn a_refusal_names_the_budget_and_both_sizes() {
        let text = meter(Holder::Caller, 1 << 20).take(2 << 20).unwrap_err().to_string();
        assert_eq!(
            text,
            "the caller's budget of 1MiB for requests and answers has no room for 2MiB more now"
        );
    }

    #[test]
    fn threads_that_take_at_the_same_time_never_pass_the_bound() {
        let meter = meter(Holder::Daemon, 1000);
        let taken: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..1000).filter(|_| meter.take(1).is_ok()).count()))
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(taken, 1000);
        assert_eq!(meter.peak().bytes(), 1000);
    }
}
