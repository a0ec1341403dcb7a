//! Tests of [`super`]: the order of choices, and who gives way.

use super::*;
use crate::testing::start;
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);
const ID: InstanceId = InstanceId::new(7);

/// An app without any instance, and with room for two.
fn demand() -> Demand {
    Demand {
        idle: Pick::Empty,
        spares: 0,
        living: 0,
        coming: 0,
        max_instances: NonZeroU32::new(2).unwrap(),
        waiting: 0,
        max_queue: 4,
        memory_fits: true,
        backoff: None,
    }
}

#[track_caller]
fn check(view: Demand, expected: Choice) {
    assert_eq!(choose(&view), expected, "for {view:?}");
}

#[test]
fn an_idle_instance_comes_before_a_spare() {
    check(
        Demand { idle: Pick::Ready(ID), spares: 3, living: 1, ..demand() },
        Choice::LeaseIdle(ID),
    );
}

#[test]
fn a_spare_comes_before_a_clone() {
    check(Demand { spares: 1, ..demand() }, Choice::BindSpare);
}

#[test]
fn without_a_spare_an_instance_is_cloned() {
    check(demand(), Choice::Clone);
}

#[test]
fn a_spare_needs_no_further_memory() {
    check(Demand { spares: 1, memory_fits: false, ..demand() }, Choice::BindSpare);
}

#[test]
fn a_bounded_process_gets_help_from_another_one() {
    check(Demand { idle: Pick::After(5 * MS), living: 1, ..demand() }, Choice::Clone);
}

#[test]
fn at_the_limit_of_instances_a_call_waits_for_a_busy_one() {
    check(
        Demand { living: 2, coming: 2, spares: 1, ..demand() },
        Choice::Wait { look_again: None },
    );
}

#[test]
fn a_waiting_call_looks_again_when_a_bounded_instance_may() {
    check(
        Demand { idle: Pick::After(5 * MS), living: 2, coming: 1, ..demand() },
        Choice::Wait { look_again: Some(5 * MS) },
    );
}

#[test]
fn a_waiting_call_looks_again_when_the_backoff_ends() {
    check(
        Demand { living: 1, coming: 1, backoff: Some(3 * MS), ..demand() },
        Choice::Wait { look_again: Some(3 * MS) },
    );
}

#[test]
fn the_end_of_a_backoff_does_not_help_a_full_app() {
    check(
        Demand { living: 2, coming: 2, backoff: Some(3 * MS), ..demand() },
        Choice::Wait { look_again: None },
    );
}

#[test]
fn at_the_limit_with_all_bounded_the_process_quota_refuses() {
    check(
        Demand { idle: Pick::After(5 * MS), living: 2, ..demand() },
        Choice::Refuse(Refusal::ProcessQuota { retry_after: Some(5 * MS) }),
    );
}

#[test]
fn a_closed_process_quota_starts_nothing() {
    check(
        Demand { idle: Pick::Closed, spares: 1, ..demand() },
        Choice::Refuse(Refusal::ProcessQuota { retry_after: None }),
    );
}

#[test]
fn a_full_queue_refuses() {
    check(
        Demand { living: 2, coming: 2, waiting: 4, ..demand() },
        Choice::Refuse(Refusal::QueueFull),
    );
}

#[test]
fn a_queue_of_zero_never_waits() {
    check(
        Demand { living: 2, coming: 2, max_queue: 0, ..demand() },
        Choice::Refuse(Refusal::QueueFull),
    );
}

#[test]
fn a_full_queue_does_not_keep_a_spare_from_serving() {
    check(Demand { spares: 1, waiting: 4, ..demand() }, Choice::BindSpare);
}

#[test]
fn without_memory_and_without_anybody_busy_memory_refuses() {
    check(Demand { memory_fits: false, ..demand() }, Choice::Refuse(Refusal::MemoryQuota));
}

#[test]
fn without_memory_a_call_waits_for_a_busy_instance() {
    check(
        Demand { memory_fits: false, living: 1, coming: 1, ..demand() },
        Choice::Wait { look_again: None },
    );
}

#[test]
fn a_version_that_keeps_dying_is_refused() {
    check(
        Demand { backoff: Some(3 * MS), spares: 1, ..demand() },
        Choice::Refuse(Refusal::BackOff { retry_after: 3 * MS }),
    );
}

#[test]
fn an_idle_instance_serves_in_spite_of_a_backoff() {
    check(
        Demand { idle: Pick::Ready(ID), living: 1, backoff: Some(3 * MS), ..demand() },
        Choice::LeaseIdle(ID),
    );
}

fn any_demand() -> impl Strategy<Value = Demand> {
    let idle = prop_oneof![
        Just(Pick::Empty),
        Just(Pick::Closed),
        Just(Pick::Ready(ID)),
        (1_u32..9).prop_map(|n| Pick::After(n * MS)),
    ];
    let backoff = proptest::option::of((1_u32..9).prop_map(|n| n * MS));
    (idle, 0_u32..3, 0_u32..4, 0_u32..4, 1_u32..4, 0_u32..3, 0_u32..3, any::<bool>(), backoff)
        .prop_map(|(idle, spares, living, coming, max, waiting, max_queue, fits, backoff)| Demand {
            idle,
            spares,
            living,
            coming,
            max_instances: NonZeroU32::new(max).unwrap(),
            waiting,
            max_queue,
            memory_fits: fits,
            backoff,
        })
}

proptest! {
    #[test]
    fn each_choice_is_allowed_and_no_better_one_was(view in any_demand()) {
        let may_start = view.living < view.max_instances.get()
            && view.backoff.is_none()
            && view.idle != Pick::Closed;
        let ready = matches!(view.idle, Pick::Ready(_));
        match choose(&view) {
            Choice::LeaseIdle(id) => prop_assert_eq!(view.idle, Pick::Ready(id)),
            Choice::BindSpare => prop_assert!(!ready && may_start && 0 < view.spares),
            Choice::Clone => {
                prop_assert!(!ready && may_start && view.spares == 0 && view.memory_fits);
            }
            Choice::Wait { .. } => {
                prop_assert!(0 < view.coming && view.waiting < view.max_queue);
                prop_assert!(!ready && !(may_start && (0 < view.spares || view.memory_fits)));
            }
            Choice::Refuse(why) => {
                prop_assert!(!ready && !(may_start && (0 < view.spares || view.memory_fits)));
                let may_wait = 0 < view.coming && view.waiting < view.max_queue;
                prop_assert!(!may_wait || view.idle == Pick::Closed, "{:?}", why);
            }
        }
    }
}

fn candidate(id: u64, mib: u32, kind: Kind, idle_for: u32, protected: bool) -> Candidate {
    Candidate {
        id: InstanceId::new(id),
        memory: ByteCount::from_mib(mib),
        kind,
        // Only the order matters; all of one test call `epoch` once.
        idle_since: epoch() - idle_for * MS,
        protected,
    }
}

/// One moment for all candidates of this file.
fn epoch() -> Instant {
    static EPOCH: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *EPOCH.get_or_init(|| start() + Duration::from_secs(1000))
}

#[track_caller]
fn leaves(need: u32, candidates: &[Candidate], expected: Option<&[u64]>) {
    let leaving = make_room(ByteCount::from_mib(need), candidates);
    let expected = expected.map(|ids| ids.iter().copied().map(InstanceId::new).collect());
    assert_eq!(leaving, expected);
}

#[test]
fn nobody_leaves_when_nothing_is_needed() {
    leaves(0, &[candidate(1, 32, Kind::Spare, 9, false)], Some(&[]));
}

#[test]
fn spares_leave_before_idle_ones() {
    let candidates =
        [candidate(1, 32, Kind::Idle, 9, false), candidate(2, 32, Kind::Spare, 1, false)];
    leaves(32, &candidates, Some(&[2]));
    leaves(33, &candidates, Some(&[2, 1]));
}

#[test]
fn the_longest_idle_leaves_first() {
    let candidates =
        [candidate(1, 32, Kind::Idle, 1, false), candidate(2, 32, Kind::Idle, 9, false)];
    leaves(32, &candidates, Some(&[2]));
}

#[test]
fn protected_ones_never_leave() {
    let candidates =
        [candidate(1, 32, Kind::Idle, 9, true), candidate(2, 32, Kind::Idle, 1, false)];
    leaves(32, &candidates, Some(&[2]));
    leaves(64, &candidates, None);
}

#[test]
fn nobody_leaves_when_it_would_not_be_enough() {
    leaves(65, &[candidate(1, 64, Kind::Spare, 1, false)], None);
    leaves(1, &[], None);
}

#[test]
fn nobody_leaves_whose_memory_is_not_needed() {
    let candidates =
        [candidate(1, 16, Kind::Spare, 9, false), candidate(2, 64, Kind::Spare, 1, false)];
    leaves(64, &candidates, Some(&[2]));
}

fn any_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (1_u32..64, any::<bool>(), 0_u32..5, proptest::bool::weighted(0.2));
    proptest::collection::vec(one, 0..9).prop_map(|all| {
        (0..)
            .zip(all)
            .map(|(id, (mib, spare, idle_for, protected))| {
                let kind = if spare { Kind::Spare } else { Kind::Idle };
                candidate(id, mib, kind, idle_for, protected)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn who_leaves_is_enough_needed_and_allowed(need in 0_u32..300, candidates in any_candidates()) {
        let sum = |all: &[&Candidate]| all.iter().map(|c| c.memory.bytes()).sum::<u64>();
        let need = ByteCount::from_mib(need);
        let free: Vec<&Candidate> = candidates.iter().filter(|c| !c.protected).collect();
        let Some(leaving) = make_room(need, &candidates) else {
            prop_assert!(sum(&free) < need.bytes());
            return Ok(());
        };
        let leave: Vec<&Candidate> =
            free.iter().copied().filter(|c| leaving.contains(&c.id)).collect();
        prop_assert_eq!(leave.len(), leaving.len(), "named twice, or protected");
        prop_assert!(need.bytes() <= sum(&leave));
        for one in &leave {
            prop_assert!(sum(&leave) - one.memory.bytes() < need.bytes(), "not needed");
        }
        let spares: Vec<&Candidate> =
            free.iter().copied().filter(|c| c.kind == Kind::Spare).collect();
        if need.bytes() <= sum(&spares) {
            prop_assert!(leave.iter().all(|c| c.kind == Kind::Spare));
        }
    }
}

#[test]
fn a_call_goes_with_its_app_only_if_loading_is_known_to_be_quick() {
    let millis = Duration::from_millis;
    assert!(may_load_within(millis(100), Some(millis(10))));
    assert!(!may_load_within(millis(100), Some(millis(11))));
    assert!(!may_load_within(Duration::MAX, None));
    assert!(!may_load_within(Duration::ZERO, Some(millis(1))));
    assert!(!may_load_within(millis(1), Some(Duration::MAX)));
}
