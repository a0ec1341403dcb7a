//! Tests of [`super`]: exactness, fairness, and the textbook as a model.

use super::*;
use crate::testing::start;
use proptest::prelude::*;

fn rate(per_second: u32, burst: u32) -> Ceiling<Rate> {
    Ceiling::At(Rate { per_second, burst: NonZeroU32::new(burst).unwrap() })
}

fn nanos(n: u64) -> Duration {
    Duration::from_nanos(n)
}

/// Offers one call; charges it when it may come.
fn offer(pace: &mut Pace, now: Instant) -> bool {
    let admitted = pace.wait(now) == Wait::Now;
    if admitted {
        pace.charge(now);
    }
    admitted
}

/// Offers three times the rate, evenly over ten seconds, and compares what came through.
#[track_caller]
fn check_exact(per_second: u32, burst: u32) {
    let begin = start();
    let mut pace = Pace::new(rate(per_second, burst), begin);
    let offers = u64::from(per_second) * 3 * 10;
    let admitted = (0..=offers)
        .filter(|n| offer(&mut pace, begin + nanos(n * 10_000_000_000 / offers)))
        .count();
    let expected = u64::from(per_second) * 10 + u64::from(burst);
    let admitted = u64::try_from(admitted).unwrap();
    assert!(admitted.abs_diff(expected) <= 1, "{admitted} instead of {expected}");
}

#[test]
fn ten_seconds_at_five_thousand_are_exact() {
    check_exact(5_000, 50);
}

#[test]
fn ten_seconds_at_three_are_exact() {
    check_exact(3, 1);
}

#[test]
fn ten_seconds_at_a_rate_that_divides_nothing_are_exact() {
    check_exact(7_919, 7);
}

#[test]
fn the_burst_comes_at_once_and_no_call_more() {
    let now = start();
    let mut pace = Pace::new(rate(10, 3), now);
    let admitted = (0..10).filter(|_| offer(&mut pace, now)).count();
    assert_eq!(admitted, 3);
    assert_eq!(pace.wait(now), Wait::After(Duration::from_millis(100)));
}

#[test]
fn the_wait_is_long_enough() {
    let now = start();
    let mut pace = Pace::new(rate(3, 1), now);
    pace.charge(now);
    assert_eq!(pace.wait(now), Wait::After(nanos(333_333_334)));
    assert_eq!(pace.wait(now + nanos(333_333_333)), Wait::After(nanos(1)));
    assert_eq!(pace.wait(now + nanos(333_333_334)), Wait::Now);
}

#[test]
fn a_closed_rate_never_opens_by_itself() {
    let now = start();
    let pace = Pace::new(Ceiling::At(Rate::CLOSED), now);
    assert_eq!(pace.wait(now + Duration::from_secs(1_000_000)), Wait::Closed);
}

#[test]
fn an_open_rate_admits_everything_and_counts_it() {
    let now = start();
    let mut pace = Pace::new(Ceiling::Open, now);
    let admitted = (0..1000).filter(|_| offer(&mut pace, now)).count();
    assert_eq!(admitted, 1000);
    assert_eq!(pace.recent(now), 1000);
}

#[test]
fn setting_the_same_rate_again_gives_no_burst() {
    let now = start();
    let mut pace = Pace::new(rate(10, 5), now);
    (0..5).for_each(|_| pace.charge(now));
    pace.set_rate(rate(10, 5), now);
    assert_eq!(pace.wait(now), Wait::After(Duration::from_millis(100)));
}

#[test]
fn closing_opening_and_lowering_in_between_gives_no_burst() {
    let now = start();
    let mut pace = Pace::new(rate(10, 5), now);
    (0..5).for_each(|_| pace.charge(now));
    for between in [Ceiling::At(Rate::CLOSED), Ceiling::Open, rate(1, 1), rate(100, 100)] {
        pace.set_rate(between, now);
        pace.set_rate(rate(10, 5), now);
        assert_eq!(pace.wait(now), Wait::After(Duration::from_millis(100)), "{between:?}");
    }
}

#[test]
fn a_lowered_rate_holds_at_once_and_locks_nobody_out() {
    let now = start();
    let mut pace = Pace::new(rate(5_000, 5_000), now);
    (0..5_000).for_each(|_| pace.charge(now));
    pace.set_rate(rate(2, 1), now);
    assert_eq!(pace.wait(now), Wait::After(Duration::from_millis(500)));
}

#[test]
fn a_raised_rate_holds_at_once() {
    let now = start();
    let mut pace = Pace::new(rate(1, 1), now);
    pace.charge(now);
    pace.set_rate(rate(1_000, 1), now);
    assert_eq!(pace.wait(now), Wait::After(Duration::from_millis(1)));
}

#[test]
fn a_refunded_call_can_come_again() {
    let now = start();
    let mut pace = Pace::new(rate(1, 1), now);
    pace.charge(now);
    pace.refund(now);
    assert_eq!(pace.wait(now), Wait::Now);
    assert_eq!(pace.recent(now), 0);
}

#[test]
fn a_refund_does_not_overfill() {
    let now = start();
    let mut pace = Pace::new(rate(1, 1), now);
    pace.refund(now);
    pace.charge(now);
    assert_eq!(pace.wait(now), Wait::After(Duration::from_secs(1)));
}

#[test]
fn the_largest_burst_after_ages_does_not_overflow() {
    let now = start();
    let mut pace = Pace::new(rate(u32::MAX, u32::MAX), now);
    pace.charge(now);
    let later = now + Duration::from_secs(3_000_000_000);
    assert_eq!(pace.wait(later), Wait::Now);
    pace.charge(later);
    assert_eq!(pace.recent(later), 1);
}

#[test]
fn time_that_runs_backwards_earns_nothing() {
    let now = start() + Duration::from_secs(10);
    let mut pace = Pace::new(rate(1, 1), now);
    pace.charge(now);
    let before = now - Duration::from_secs(5);
    assert_eq!(pace.wait(before), Wait::After(Duration::from_secs(1)));
    pace.set_rate(rate(1, 1), before);
    assert_eq!(pace.wait(now + Duration::from_millis(999)), Wait::After(Duration::from_millis(1)));
}

#[test]
fn calls_leave_the_display_after_a_second() {
    let now = start();
    let mut pace = Pace::new(Ceiling::Open, now);
    (0..7).for_each(|_| pace.charge(now));
    assert_eq!(pace.recent(now + Duration::from_millis(999)), 7);
    assert_eq!(pace.recent(now + Duration::from_millis(1100)), 0);
    assert_eq!(pace.recent(now + Duration::from_secs(3600)), 0);
}

#[test]
fn a_steady_rate_is_displayed_as_it_is() {
    let begin = start();
    let mut pace = Pace::new(Ceiling::Open, begin);
    for n in 0..=3_137_u64 {
        pace.charge(begin + Duration::from_millis(n));
    }
    let shown = pace.recent(begin + Duration::from_millis(3_137));
    assert!((999..=1001).contains(&shown), "{shown}");
}

#[test]
fn calls_that_come_a_little_late_do_not_lower_the_rate() {
    let begin = start();
    let mut pace = Pace::new(rate(1_000, 1), begin);
    // Offers 700 microseconds apart: every one that finds credit finds too much.
    let admitted = (0..=100_000_u64)
        .filter(|n| offer(&mut pace, begin + Duration::from_micros(n * 700)))
        .count();
    assert_eq!(admitted, 70_001);
}

#[test]
fn a_meter_that_rested_gives_its_burst_and_no_more() {
    let now = start();
    let mut pace = Pace::new(rate(1, 1), now);
    let first = now + Duration::from_millis(900);
    assert!(offer(&mut pace, first));
    assert_eq!(pace.wait(first), Wait::After(Duration::from_secs(1)));
    // To the nanosecond the moment from which it counts as rested.
    let second = first + Duration::from_secs(2);
    assert!(offer(&mut pace, second));
    assert_eq!(pace.wait(second), Wait::After(Duration::from_secs(1)));
}

/// The textbook form: a theoretical time of arrival, in nanoseconds times the rate; and the one
/// departure from it.
struct Naive {
    per_second: u128,
    burst: u128,
    arrival: u128,
    was_empty: bool,
}

impl Naive {
    fn offer(&mut self, nanos: u64) -> bool {
        let call = u128::from(CALL);
        let slack = (self.burst - 1) * call;
        let now = u128::from(nanos) * self.per_second;
        let admitted = self.arrival <= now + slack;
        if admitted {
            let late = now.saturating_sub(self.arrival);
            if !self.was_empty || call <= late {
                self.arrival = self.arrival.max(now);
            }
            self.arrival += call;
            self.was_empty = now + slack < self.arrival;
        }
        admitted
    }
}

proptest! {
    #[test]
    fn the_pace_admits_what_the_textbook_admits(
        per_second in 1_u32..20_000,
        burst in 1_u32..20,
        gaps in proptest::collection::vec(0_u64..2_000_000_000, 1..200),
        crowding in 1_u64..100_000,
    ) {
        let begin = start();
        let mut pace = Pace::new(rate(per_second, burst), begin);
        let mut naive =
            Naive { per_second: per_second.into(), burst: burst.into(), arrival: 0, was_empty: false };
        let mut at = 0;
        for gap in gaps {
            at += gap / crowding;
            prop_assert_eq!(offer(&mut pace, begin + nanos(at)), naive.offer(at));
        }
    }

    #[test]
    fn after_the_wait_it_is_now_and_not_earlier(per_second in 1_u32.., into in 0_u64..2_000_000_000) {
        let begin = start();
        let mut pace = Pace::new(rate(per_second, 1), begin);
        pace.charge(begin);
        let now = begin + nanos(into);
        if let Wait::After(wait) = pace.wait(now) {
            prop_assert_eq!(pace.wait(now + wait), Wait::Now);
            prop_assert_ne!(pace.wait(now + wait - nanos(1)), Wait::Now);
        }
    }

    #[test]
    fn no_stretch_of_time_sees_a_call_too_many(
        per_second in 1_u32..50,
        burst in 1_u32..5,
        gaps in proptest::collection::vec(0_u64..300, 1..80),
    ) {
        let begin = start();
        let mut pace = Pace::new(rate(per_second, burst), begin);
        let mut at = 0;
        let mut admitted: Vec<u64> = Vec::new();
        for gap in gaps {
            at += gap;
            if offer(&mut pace, begin + Duration::from_millis(at)) {
                admitted.push(at);
            }
        }
        for (nth, from) in admitted.iter().enumerate() {
            for (calls, to) in (1_u64..).zip(&admitted[nth..]) {
                let earned = u64::from(per_second) * (to - from);
                // Less than one call more, in thousandths of a call.
                prop_assert!(calls * 1000 < (u64::from(burst) + 1) * 1000 + earned);
                prop_assert!(from != to || calls <= u64::from(burst));
            }
        }
    }

    /// However the rate is set in between, nobody gets more than one burst and what was earned.
    #[test]
    fn setting_rates_never_gives_a_call_away(
        steps in proptest::collection::vec((0_u32..50, 1_u32..20, 0_u64..500), 1..60),
    ) {
        let begin = start();
        let mut at = 0;
        let mut pace = Pace::new(rate(10, 20), begin);
        let (mut admitted, mut earned) = (0_u64, 20_000_u64);
        for (per_second, burst, millis) in steps {
            pace.set_rate(rate(per_second, burst), begin + Duration::from_millis(at));
            at += millis;
            earned += u64::from(per_second) * millis;
            while offer(&mut pace, begin + Duration::from_millis(at)) {
                admitted += 1;
            }
        }
        prop_assert!(admitted * 1000 <= earned, "{} of {}", admitted, earned);
    }

    #[test]
    fn the_display_is_never_above_what_eleven_tenths_saw(
        gaps in proptest::collection::vec(0_u64..400, 1..100),
    ) {
        let begin = start();
        let mut pace = Pace::new(Ceiling::Open, begin);
        let mut calls: Vec<u64> = Vec::new();
        let mut at = 0;
        for gap in gaps {
            at += gap;
            pace.charge(begin + Duration::from_millis(at));
            calls.push(at);
            let shown = usize::try_from(pace.recent(begin + Duration::from_millis(at))).unwrap();
            let within = |ms: u64| calls.iter().filter(|call| at - **call < ms).count();
            prop_assert!(within(1_000) <= shown + within(1_100) - within(900), "{shown}");
            prop_assert!(shown <= within(1_100), "{shown}");
        }
    }
}
