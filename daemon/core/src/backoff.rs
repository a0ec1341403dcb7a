//! How long to leave something alone that keeps dying: a version, or the zygote.
//!
//! This module starts nothing again; it says when somebody may.
//!
//! Always true: the first failure after a healthy time delays nothing, and no delay is above
//! [`Backoff::LONGEST`].

use std::time::{Duration, Instant};

/// Counts failures that follow each other and makes each wait longer than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    last: Option<Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failure {
    at: Instant,
    /// How long to wait from `at` on.
    delay: Duration,
}

impl Backoff {
    /// The delay after the second failure in a row; each further one doubles it.
    pub const SHORTEST: Duration = Duration::from_millis(100);

    /// Where the doubling ends.
    pub const LONGEST: Duration = Duration::from_secs(30);

    /// After this long without a failure, the next one counts as the first.
    pub const HEALTHY: Duration = Duration::from_secs(60);

    /// Without a failure so far.
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// It died.
    pub fn fail(&mut self, now: Instant) {
        let delay = match self.last {
            Some(last) if now.saturating_duration_since(last.at) < Self::HEALTHY => {
                (last.delay * 2).clamp(Self::SHORTEST, Self::LONGEST)
            }
            Some(_) | None => Duration::ZERO,
        };
        self.last = Some(Failure { at: now, delay });
    }

    /// It did what it is for: all failures are forgotten.
    pub fn succeed(&mut self) {
        self.last = None;
    }

    /// How long to leave it alone from `now` on, or `None` if it may be tried.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let last = self.last?;
        last.delay
            .checked_sub(now.saturating_duration_since(last.at))
            .filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::start;
    use proptest::prelude::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn nothing_waits_before_a_failure() {
        assert_eq!(Backoff::new().wait(start()), None);
    }

    #[test]
    fn the_first_failure_delays_nothing() {
        let now = start();
        let mut backoff = Backoff::new();
        backoff.fail(now);
        assert_eq!(backoff.wait(now), None);
    }

    #[test]
    fn delays_double_up_to_half_a_minute() {
        let now = start();
        let mut backoff = Backoff::new();
        let delays: Vec<Duration> = (0..12)
            .filter_map(|_| {
                backoff.fail(now);
                backoff.wait(now)
            })
            .collect();
        let expected = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000];
        assert_eq!(delays, expected.map(ms));
    }

    #[test]
    fn the_delay_ends() {
        let now = start();
        let mut backoff = Backoff::new();
        backoff.fail(now);
        backoff.fail(now);
        assert_eq!(backoff.wait(now + ms(40)), Some(ms(60)));
        assert_eq!(backoff.wait(now + ms(100)), None);
    }

    #[test]
    fn a_success_forgets_everything() {
        let now = start();
        let mut backoff = Backoff::new();
        backoff.fail(now);
        backoff.fail(now);
        backoff.succeed();
        assert_eq!(backoff, Backoff::new());
    }

    #[test]
    fn a_healthy_minute_forgets_everything() {
        let now = start();
        let mut backoff = Backoff::new();
        (0..9).for_each(|_| backoff.fail(now));
        backoff.fail(now + Backoff::HEALTHY);
        assert_eq!(backoff.wait(now + Backoff::HEALTHY), None);
    }

    #[test]
    fn less_than_a_minute_forgets_nothing() {
        let now = start();
        let mut backoff = Backoff::new();
        backoff.fail(now);
        backoff.fail(now + ms(59_999));
        assert_eq!(backoff.wait(now + ms(59_999)), Some(Backoff::SHORTEST));
    }

    proptest! {
        /// Compared with keeping every failure and counting those in a row.
        #[test]
        fn the_delay_is_that_of_the_failures_in_a_row(gaps in proptest::collection::vec(0_u64..70_000, 1..40)) {
            let begin = start();
            let mut backoff = Backoff::new();
            let (mut at, mut in_a_row) = (0, 0_u32);
            for gap in gaps {
                at += gap;
                in_a_row = if gap < 60_000 && in_a_row != 0 { in_a_row + 1 } else { 1 };
                backoff.fail(begin + ms(at));
                let expected = match in_a_row {
                    1 => None,
                    n => Some(ms((100 << (n - 2).min(20)).min(30_000))),
                };
                prop_assert_eq!(backoff.wait(begin + ms(at)), expected);
            }
        }
    }
}
