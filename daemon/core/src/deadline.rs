//! The point in time at which a call must have ended.
//!
//! A deadline travels as a point in time, never as a duration: durations get restarted by each
//! layer. This module starts no timer.
//!
//! Always true: no method moves a deadline later.

use std::time::{Duration, Instant};

/// The point in time at which a call must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The longest budget; longer ones are cut to it, so that no sum of times overflows.
    pub const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

    /// `budget` from `now` on, at most [`LONGEST`](Self::LONGEST).
    pub fn after(now: Instant, budget: Duration) -> Self {
        Self(now + budget.min(Self::LONGEST))
    }

    /// The earlier of two.
    #[must_use]
    pub fn no_later_than(self, other: Self) -> Self {
        self.min(other)
    }

    /// The point in time, for a timer.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Whether nothing is left at `now`.
    pub fn has_passed(self, now: Instant) -> bool {
        self.left(now).is_none()
    }

    /// What is left at `now`, or `None` once it has passed. Never zero.
    pub fn left(self, now: Instant) -> Option<Duration> {
        self.0.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// What somebody below may use who needs `margin` to report back, or `None` if nothing is left
    /// for them. Never zero.
    pub fn left_before(self, margin: Duration, now: Instant) -> Option<Duration> {
        self.left(now)?.checked_sub(margin).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::start;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_left_shrinks_as_time_passes() {
        let now = start();
        let deadline = Deadline::after(now, 2 * SECOND);
        assert_eq!(deadline.left(now + SECOND), Some(SECOND));
    }

    #[test]
    fn nothing_is_left_at_the_deadline_itself() {
        let now = start();
        let deadline = Deadline::after(now, SECOND);
        assert_eq!(deadline.left(now + SECOND), None);
        assert!(deadline.has_passed(now + SECOND));
    }

    #[test]
    fn the_earlier_of_two_holds() {
        let now = start();
        let (short, long) = (Deadline::after(now, SECOND), Deadline::after(now, 2 * SECOND));
        assert_eq!(long.no_later_than(short), short);
        assert_eq!(short.no_later_than(long), short);
    }

    #[test]
    fn the_margin_is_kept_back() {
        let now = start();
        let deadline = Deadline::after(now, SECOND);
        let margin = Duration::from_millis(50);
        assert_eq!(deadline.left_before(margin, now), Some(Duration::from_millis(950)));
        assert_eq!(deadline.left_before(SECOND, now), None);
        assert_eq!(deadline.left_before(2 * SECOND, now), None);
    }

    #[test]
    fn an_endless_budget_is_cut_instead_of_overflowing() {
        let now = start();
        let deadline = Deadline::after(now, Duration::MAX);
        assert_eq!(deadline.left(now), Some(Deadline::LONGEST));
    }

    proptest! {
        #[test]
        fn what_is_left_and_what_has_passed_make_the_budget(budget in 1_u64..10_000, passed in 0_u64..20_000) {
            let now = start();
            let left = Deadline::after(now, Duration::from_millis(budget))
                .left(now + Duration::from_millis(passed));
            let expected = budget.checked_sub(passed).filter(|left| *left != 0);
            prop_assert_eq!(left, expected.map(Duration::from_millis));
        }
    }
}
