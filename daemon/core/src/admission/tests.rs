//! Tests of [`super`]: who is denied by what, and that a denial changes nothing.

use super::*;
use crate::testing::start;
use proptest::prelude::*;
use std::num::NonZeroU32;

const SECOND: Duration = Duration::from_secs(1);

fn rate(per_second: u32, burst: u32) -> Ceiling<Rate> {
    Ceiling::At(Rate { per_second, burst: NonZeroU32::new(burst).unwrap() })
}

fn mib(n: u32) -> ByteCount {
    ByteCount::from_mib(n)
}

#[test]
fn a_denied_app_does_not_spend_the_tenants_budget() {
    let now = start();
    let mut tenant = Gauge::new(rate(10, 2), Ceiling::Open, now);
    let mut app = Gauge::new(rate(1, 1), Ceiling::Open, now);
    let mut levels = [(Level::Tenant, &mut tenant), (Level::App, &mut app)];
    assert_eq!(admit(&mut levels, now), Ok(()));
    let denied = admit(&mut levels, now).unwrap_err();
    assert_eq!(
        denied,
        Denied { level: Level::App, what: Metric::Rate, limit: 1, retry_after: Some(SECOND) }
    );
    assert_eq!(tenant.pace().wait(now), Wait::Now);
    assert_eq!((tenant.running(), tenant.recent(now)), (1, 1));
}

#[test]
fn a_denied_process_charges_neither_app_nor_tenant() {
    let now = start();
    let mut tenant = Gauge::new(rate(10, 1), Ceiling::Open, now);
    let mut app = Gauge::new(rate(10, 1), Ceiling::Open, now);
    let mut process = Gauge::new(Ceiling::At(Rate::CLOSED), Ceiling::At(1), now);
    let mut levels =
        [(Level::Tenant, &mut tenant), (Level::App, &mut app), (Level::Process, &mut process)];
    assert_eq!(admit(&mut levels, now).unwrap_err().level, Level::Process);
    assert_eq!((tenant.running(), app.running(), process.running()), (0, 0, 0));
    assert_eq!((tenant.pace().wait(now), app.pace().wait(now)), (Wait::Now, Wait::Now));
}

#[test]
fn concurrency_comes_back_when_the_call_ends() {
    let now = start();
    let mut app = Gauge::new(Ceiling::Open, Ceiling::At(1), now);
    let mut levels = [(Level::App, &mut app)];
    assert_eq!(admit(&mut levels, now), Ok(()));
    let denied = admit(&mut levels, now).unwrap_err();
    assert_eq!((denied.what, denied.limit, denied.retry_after), (Metric::Concurrency, 1, None));
    finish(&mut levels);
    assert_eq!(admit(&mut levels, now), Ok(()));
}

#[test]
fn work_that_is_like_a_call_is_bounded_by_the_rate_and_not_by_what_runs() {
    let now = start();
    let mut tenant = Gauge::new(rate(1, 2), Ceiling::At(1), now);
    let mut levels = [(Level::Tenant, &mut tenant)];
    assert_eq!(admit(&mut levels, now), Ok(()));
    assert_eq!(spend(&mut levels, now), Ok(()));
    let denied = spend(&mut levels, now).unwrap_err();
    assert_eq!((denied.what, denied.retry_after), (Metric::Rate, Some(SECOND)));
    assert_eq!(tenant.running(), 1);
}

#[test]
fn zero_concurrency_is_closed() {
    let now = start();
    let mut app = Gauge::new(Ceiling::Open, Ceiling::At(0), now);
    let denied = admit(&mut [(Level::App, &mut app)], now).unwrap_err();
    assert_eq!(denied.to_string(), "app quota of 0 calls at the same time lets nothing in");
}

#[test]
fn an_undone_call_leaves_no_trace() {
    let now = start();
    let mut app = Gauge::new(rate(1, 1), Ceiling::At(1), now);
    let mut levels = [(Level::App, &mut app)];
    assert_eq!(admit(&mut levels, now), Ok(()));
    undo(&mut levels, now);
    assert_eq!(admit(&mut levels, now), Ok(()));
}

#[test]
fn a_lowered_concurrency_lets_running_calls_end() {
    let now = start();
    let mut app = Gauge::new(Ceiling::Open, Ceiling::Open, now);
    admit(&mut [(Level::App, &mut app)], now).unwrap();
    admit(&mut [(Level::App, &mut app)], now).unwrap();
    app.set(Ceiling::Open, Ceiling::At(1), now);
    assert!(check(&[(Level::App, &mut app)], now).is_err());
    finish(&mut [(Level::App, &mut app)]);
    assert!(check(&[(Level::App, &mut app)], now).is_err());
    finish(&mut [(Level::App, &mut app)]);
    assert_eq!(check(&[(Level::App, &mut app)], now), Ok(()));
}

#[test]
fn denials_are_sentences() {
    let denied = Denied {
        level: Level::Tenant,
        what: Metric::Rate,
        limit: 50,
        retry_after: Some(Duration::from_millis(20)),
    };
    assert_eq!(denied.to_string(), "tenant quota of 50 calls per second is used up, retry in 20ms");
    let denied = Denied { what: Metric::Memory, limit: 256 << 20, retry_after: None, ..denied };
    assert_eq!(denied.to_string(), "tenant quota of 256MiB of memory is used up");
}

#[test]
fn the_most_recently_used_instance_that_may_is_picked() {
    let now = start();
    let mut bounded = Pace::new(rate(1, 1), now);
    bounded.charge(now);
    let free = Pace::new(rate(1, 1), now);
    let [a, b, c] = [1, 2, 3].map(InstanceId::new);
    let picked = pick([(a, &bounded), (b, &free), (c, &free)], now);
    assert_eq!(picked, Pick::Ready(b));
}

#[test]
fn the_shortest_wait_is_told_when_all_are_bounded() {
    let now = start();
    let bounded = |per_second| {
        let mut pace = Pace::new(rate(per_second, 1), now);
        pace.charge(now);
        pace
    };
    let (slow, quick) = (bounded(1), bounded(4));
    let [a, b, c] = [1, 2, 3].map(InstanceId::new);
    let picked = pick([(a, &slow), (b, &quick), (c, &slow)], now);
    assert_eq!(picked, Pick::After(Duration::from_millis(250)));
}

#[test]
fn closed_process_quotas_are_told_apart_from_none_idle() {
    let now = start();
    let closed = Pace::new(Ceiling::At(Rate::CLOSED), now);
    assert_eq!(pick([(InstanceId::new(1), &closed)], now), Pick::Closed);
    assert_eq!(pick([], now), Pick::Empty);
}

#[test]
fn more_than_the_least_is_reserved_as_far_as_there_is_room() {
    let mib = ByteCount::from_mib;
    let mut memory = Reservation::new(Level::Tenant, Ceiling::At(mib(100)));
    assert_eq!(memory.reserve_up_to(mib(20), mib(60)), Ok(mib(60)));
    assert_eq!(memory.reserve_up_to(mib(20), mib(60)), Ok(mib(40)));
    assert!(memory.reserve_up_to(mib(1), mib(60)).is_err());
    assert_eq!(memory.reserved(), mib(100));
    let mut open = Reservation::new(Level::Tenant, Ceiling::Open);
    assert_eq!(open.reserve_up_to(mib(20), mib(60)), Ok(mib(60)));
}

#[test]
fn memory_is_reserved_up_to_the_quota_and_not_beyond() {
    let mut book = Reservation::new(Level::Tenant, Ceiling::At(mib(100)));
    assert_eq!(book.reserve(mib(64)), Ok(()));
    assert_eq!(book.shortfall(mib(64)), mib(28));
    let denied = book.reserve(mib(64)).unwrap_err();
    assert_eq!((denied.what, denied.limit), (Metric::Memory, 100 << 20));
    assert_eq!(book.reserved(), mib(64));
    assert_eq!(book.reserve(mib(36)), Ok(()));
    assert_eq!(book.room(), Ceiling::At(ByteCount::ZERO));
}

#[test]
fn a_closed_memory_quota_lets_nothing_in() {
    let mut book = Reservation::new(Level::Tenant, Ceiling::At(ByteCount::ZERO));
    assert!(book.reserve(ByteCount::from_bytes(1)).is_err());
}

#[test]
fn adjusting_takes_only_the_difference() {
    let mut book = Reservation::new(Level::Tenant, Ceiling::At(mib(64)));
    book.reserve(mib(32)).unwrap();
    assert_eq!(book.adjust(mib(32), mib(64)), Ok(()));
    assert_eq!(book.reserved(), mib(64));
    assert!(book.adjust(mib(64), mib(65)).is_err());
    assert_eq!(book.reserved(), mib(64));
    assert_eq!(book.adjust(mib(64), mib(16)), Ok(()));
    assert_eq!(book.reserved(), mib(16));
}

#[test]
fn shrinking_works_even_above_a_lowered_quota() {
    let mut book = Reservation::new(Level::Tenant, Ceiling::At(mib(64)));
    book.reserve(mib(64)).unwrap();
    book.set_quota(Ceiling::At(mib(16)));
    assert_eq!(book.excess(), mib(48));
    assert_eq!(book.adjust(mib(64), mib(32)), Ok(()));
    assert_eq!(book.adjust(mib(32), mib(32)), Ok(()));
    assert_eq!(book.excess(), mib(16));
}

#[test]
fn a_book_that_denies_leaves_the_others_alone() {
    let mut tenant = Reservation::new(Level::Tenant, Ceiling::At(mib(100)));
    let mut app = Reservation::new(Level::App, Ceiling::At(mib(10)));
    let denied = reserve(&mut [&mut tenant, &mut app], mib(64)).unwrap_err();
    assert_eq!(denied.level, Level::App);
    assert_eq!((tenant.reserved(), app.reserved()), (ByteCount::ZERO, ByteCount::ZERO));
}

/// One level, kept as the history of its calls: in thousandths of a call and milliseconds.
#[derive(Clone, Debug)]
struct Naive {
    per_second: u64,
    burst: u64,
    most: u32,
    credit: u64,
    at: u64,
    running: u32,
}

impl Naive {
    fn credit_at(&self, at: u64) -> u64 {
        let (grown, brim) = (self.credit + (at - self.at) * self.per_second, self.burst * 1000);
        // See `Pace`: what came a little late to an empty meter is kept.
        let kept = self.credit < 1000 && grown < brim + 1000;
        if kept { grown } else { grown.min(brim) }
    }

    fn may(&self, at: u64) -> bool {
        1000 <= self.credit_at(at) && self.running < self.most
    }

    fn charge(&mut self, at: u64) {
        self.credit = self.credit_at(at) - 1000;
        self.at = at;
        self.running += 1;
    }
}

proptest! {
    #[test]
    fn three_levels_admit_what_the_naive_model_admits(
        quotas in proptest::array::uniform3((1_u32..200, 1_u32..10, 0_u32..8)),
        steps in proptest::collection::vec((0_u64..30, proptest::bool::weighted(0.4)), 1..200),
    ) {
        let begin = start();
        let mut naive = quotas.map(|(per_second, burst, most)| Naive {
            per_second: per_second.into(),
            burst: burst.into(),
            most,
            credit: u64::from(burst) * 1000,
            at: 0,
            running: 0,
        });
        let [mut tenant, mut app, mut process] = quotas.map(|(per_second, burst, most)| {
            Gauge::new(rate(per_second, burst), Ceiling::At(most), begin)
        });
        let mut at = 0;
        for (millis, ends) in steps {
            at += millis;
            let now = begin + Duration::from_millis(at);
            let mut levels = [
                (Level::Tenant, &mut tenant),
                (Level::App, &mut app),
                (Level::Process, &mut process),
            ];
            if ends && 0 < naive[0].running {
                finish(&mut levels);
                naive.iter_mut().for_each(|level| level.running -= 1);
            }
            let denier = naive.iter().position(|level| !level.may(at));
            let answer = admit(&mut levels, now);
            prop_assert_eq!(answer.err().map(|denied| denied.level as usize), denier);
            if denier.is_none() {
                naive.iter_mut().for_each(|level| level.charge(at));
            }
            let running = [tenant.running(), app.running(), process.running()];
            prop_assert_eq!(running, naive.each_ref().map(|level| level.running));
        }
    }

    /// The book against a plain list of what is reserved.
    #[test]
    fn the_book_is_the_sum_of_its_entries(
        quota in 0_u32..200,
        steps in proptest::collection::vec((0_u32..80, 0_usize..6, 0_u8..3), 1..100),
    ) {
        let mut book = Reservation::new(Level::Tenant, Ceiling::At(mib(quota)));
        let mut entries: Vec<u32> = Vec::new();
        for (amount, which, what) in steps {
            let sum: u32 = entries.iter().sum();
            match (what, entries.get(which).copied()) {
                (0, Some(old)) => {
                    book.release(mib(old));
                    entries.remove(which);
                }
                (1, Some(old)) => {
                    let fits = amount <= old || sum - old + amount <= quota;
                    prop_assert_eq!(book.adjust(mib(old), mib(amount)).is_ok(), fits);
                    if fits {
                        entries[which] = amount;
                    }
                }
                _ => {
                    let fits = sum + amount <= quota;
                    prop_assert_eq!(book.reserve(mib(amount)).is_ok(), fits);
                    if fits {
                        entries.push(amount);
                    }
                }
            }
            prop_assert_eq!(book.reserved(), mib(entries.iter().sum()));
            prop_assert!(book.quota().allows(&book.reserved()));
        }
    }
}

#[test]
fn what_is_kept_is_in_the_quota_in_whole_mib() {
    let mib = ByteCount::from_mib;
    let mut book = Reservation::new(Level::Tenant, Ceiling::At(mib(128)));
    // Small apps cost nothing: two instances of half the quota still fit.
    book.set_kept(ByteCount::from_bytes((1 << 20) - 1));
    book.reserve(mib(64)).unwrap();
    book.reserve(mib(64)).unwrap();
    book.release(mib(64));
    book.set_kept(mib(1));
    assert_eq!(book.room(), Ceiling::At(mib(63)));
    assert_eq!(book.shortfall(mib(64)), mib(1));
    assert_eq!(book.reserve(mib(64)).unwrap_err().what, Metric::Memory);
    book.reserve(mib(63)).unwrap();
    // What came since is above it: somebody has to give way.
    book.set_kept(mib(3));
    assert_eq!((book.excess(), book.room()), (mib(2), Ceiling::At(ByteCount::ZERO)));
    assert_eq!(book.reserved(), mib(127));
    book.set_kept(ByteCount::ZERO);
    assert_eq!(book.room(), Ceiling::At(mib(1)));
}

#[test]
fn what_could_never_fit_is_told_before() {
    let mib = ByteCount::from_mib;
    let book = Reservation::new(Level::Tenant, Ceiling::At(mib(32)));
    assert!(book.could_hold(mib(16), mib(16)).is_ok());
    assert!(book.could_hold(mib(16), ByteCount::from_bytes((17 << 20) - 1)).is_ok());
    let denied = book.could_hold(mib(16), mib(17)).unwrap_err();
    assert_eq!((denied.level, denied.what), (Level::Tenant, Metric::Memory));
    assert_eq!((denied.limit, denied.retry_after), (32 << 20, None));
}

#[test]
fn the_most_that_may_be_kept_beside_an_instance_is_known() {
    let mib = ByteCount::from_mib;
    let mut book = Reservation::new(Level::Tenant, Ceiling::At(mib(64)));
    let none = ByteCount::ZERO;
    assert_eq!(book.most_kept(mib(65), none), None);
    book.set_kept(mib(1));
    let most = book.most_kept(mib(64), none).unwrap();
    assert!(!book.shortfall(mib(64)).is_zero());
    book.set_kept(most);
    book.reserve(mib(64)).unwrap();
    assert_eq!(book.most_kept(mib(16), none), None);
    assert_eq!(book.most_kept(mib(16), mib(15)), None);
    // One byte more would be a step more.
    let most = book.most_kept(mib(16), mib(64)).unwrap();
    assert_eq!(most, ByteCount::from_bytes((49 << 20) - 1));
    book.release(mib(64));
    book.set_kept(most);
    assert!(book.shortfall(mib(16)).is_zero());
    book.set_kept(most.saturating_plus(ByteCount::from_bytes(1)));
    assert_eq!(book.shortfall(mib(16)), mib(1));
}
