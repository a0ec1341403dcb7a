//! Requests that were refused: counted, and told of once in a while.
//!
//! A refusal costs no work, and a line of the log is work: whoever is refused would write the operator's log.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Between two lines.
const EVERY: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Refused {
    untold: AtomicU64,
    told: Mutex<Option<Instant>>,
}

impl Refused {
    /// Counts one; how many there were since it was told last, if that is long ago.
    fn count(&self, now: Instant) -> Option<u64> {
        self.untold.fetch_add(1, Ordering::Relaxed);
        // Whoever finds it locked need not tell.
        let mut told = self.told.try_lock().ok()?;
        if told.is_some_and(|told| now < told + EVERY) {
            return None;
        }
        *told = Some(now);
        Some(self.untold.swap(0, Ordering::Relaxed))
    }

    /// Counts one call that was refused.
    pub(super) fn note(&self) {
        if let Some(calls) = self.count(Instant::now()) {
            tracing::info!(calls, "calls were refused; told at most once a minute");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_few_are_told() {
        let (refused, start) = (Refused::default(), Instant::now());
        assert_eq!(refused.count(start), Some(1));
        assert!((0..1000).all(|_| refused.count(start).is_none()));
        assert_eq!(refused.count(start + EVERY), Some(1001));
        assert_eq!(refused.count(start + EVERY), None);
    }
}
