//! Tests of [`super`]: each rule, and a small world in which rounds of upkeep come to rest.

use super::*;
use crate::admission::Level;
use crate::testing::start;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

const LIMITS: PoolLimits = PoolLimits {
    spare_floor: 2,
    spare_ceiling: 3,
    idle_after: Duration::from_secs(60),
    max_queue: 4,
};

fn mib(n: u32) -> ByteCount {
    ByteCount::from_mib(n)
}

fn id(n: u64) -> InstanceId {
    InstanceId::new(n)
}

fn resting(n: u64, memory: u32, since: Instant) -> Resting {
    Resting { id: id(n), memory: mib(memory), since }
}

fn app(name: &str, memory: u32, min_instances: u32, idle: Vec<Resting>) -> AppView {
    AppView {
        app: name.parse().unwrap(),
        memory: mib(memory),
        min_instances,
        living: count(&idle),
        idle,
        backoff: None,
    }
}

fn book(quota: u32, reserved: u32) -> Reservation {
    let mut book = Reservation::new(Level::Tenant, Ceiling::Open);
    book.reserve(mib(reserved)).unwrap();
    book.set_quota(Ceiling::At(mib(quota)));
    book
}

/// A tenant with room for ten spares, and as many as it needs.
fn tenant(apps: Vec<AppView>, spares: Vec<Resting>) -> TenantView {
    let idle: u32 = apps.iter().map(|app| app.living).sum();
    let reserved = 32 * (idle + count(&spares));
    TenantView {
        apps,
        spares,
        spares_starting: 0,
        spare_memory: mib(32),
        memory: book(320, reserved),
        leaving: ByteCount::ZERO,
        zygote_backoff: None,
    }
}

fn two_spares(now: Instant) -> Vec<Resting> {
    vec![resting(1, 32, now), resting(2, 32, now + SECOND)]
}

#[track_caller]
fn check(view: &TenantView, now: Instant, expected: &[Action]) {
    assert_eq!(upkeep(view, &LIMITS, now), expected, "for {view:#?}");
}

#[test]
fn a_tenant_without_apps_gets_no_spares() {
    let now = start();
    check(&tenant(vec![], vec![]), now, &[]);
}

#[test]
fn spares_of_a_tenant_that_lost_its_apps_are_evicted() {
    let now = start();
    let view = tenant(vec![], two_spares(now));
    check(&view, now, &[Action::EvictSpare(id(1)), Action::EvictSpare(id(2))]);
}

#[test]
fn spares_are_made_up_to_the_floor() {
    let now = start();
    let view = tenant(vec![app("shop", 32, 0, vec![])], vec![]);
    check(&view, now, &[Action::SpawnSpare, Action::SpawnSpare]);
}

#[test]
fn spares_that_are_starting_count() {
    let now = start();
    let view =
        TenantView { spares_starting: 2, ..tenant(vec![app("shop", 32, 0, vec![])], vec![]) };
    check(&view, now, &[]);
}

#[test]
fn spares_between_floor_and_ceiling_are_left_alone() {
    let now = start();
    let spares = (1..=3).map(|n| resting(n, 32, now)).collect();
    check(&tenant(vec![app("shop", 32, 0, vec![])], spares), now, &[]);
}

#[test]
fn the_oldest_spare_above_the_ceiling_is_evicted() {
    let now = start();
    let mut spares = two_spares(now);
    spares.extend([resting(3, 32, now - SECOND), resting(4, 32, now)]);
    let view = tenant(vec![app("shop", 32, 0, vec![])], spares);
    check(&view, now, &[Action::EvictSpare(id(3))]);
}

#[test]
fn no_spare_is_made_without_memory_for_it() {
    let now = start();
    let view =
        TenantView { memory: book(63, 0), ..tenant(vec![app("shop", 32, 0, vec![])], vec![]) };
    check(&view, now, &[Action::SpawnSpare]);
}

#[test]
fn no_spare_is_made_while_the_zygote_keeps_dying() {
    let now = start();
    let view = TenantView {
        zygote_backoff: Some(SECOND),
        ..tenant(vec![app("shop", 32, 1, vec![])], vec![])
    };
    check(&view, now, &[]);
}

#[test]
fn instances_idle_for_long_are_evicted() {
    let now = start() + LIMITS.idle_after;
    let idle = vec![resting(7, 32, now - LIMITS.idle_after), resting(8, 32, now - SECOND)];
    let view = tenant(vec![app("shop", 32, 0, idle)], two_spares(now));
    check(&view, now, &[Action::EvictIdle(id(7))]);
}

#[test]
fn the_minimum_stays_however_long_it_is_idle() {
    let now = start() + 3 * LIMITS.idle_after;
    let idle =
        vec![resting(7, 32, now - LIMITS.idle_after), resting(8, 32, now - 2 * LIMITS.idle_after)];
    let view = tenant(vec![app("shop", 32, 1, idle)], two_spares(now));
    check(&view, now, &[Action::EvictIdle(id(8))]);
}

#[test]
fn busy_instances_count_for_the_minimum() {
    let now = start() + LIMITS.idle_after;
    let idle = vec![resting(7, 32, now - LIMITS.idle_after)];
    let shop = AppView { living: 2, ..app("shop", 32, 1, idle) };
    check(&tenant(vec![shop], two_spares(now)), now, &[Action::EvictIdle(id(7))]);
}

#[test]
fn instances_are_started_up_to_the_minimum() {
    let now = start();
    let view = tenant(vec![app("shop", 64, 2, vec![])], two_spares(now));
    let start = Action::StartFor("shop".parse().unwrap());
    check(&view, now, &[start.clone(), start]);
}

#[test]
fn a_version_that_keeps_dying_is_not_started() {
    let now = start();
    let shop = AppView { backoff: Some(SECOND), ..app("shop", 64, 2, vec![]) };
    check(&tenant(vec![shop], two_spares(now)), now, &[]);
}

#[test]
fn what_must_run_comes_before_spares() {
    let now = start();
    let view =
        TenantView { memory: book(64, 0), ..tenant(vec![app("shop", 64, 1, vec![])], vec![]) };
    check(&view, now, &[Action::StartFor("shop".parse().unwrap())]);
}

#[test]
fn spares_give_way_for_what_must_run_and_none_is_made_meanwhile() {
    let now = start();
    let view = TenantView {
        memory: book(96, 64),
        ..tenant(vec![app("shop", 64, 1, vec![])], two_spares(now))
    };
    check(&view, now, &[Action::EvictSpare(id(1))]);
}

#[test]
fn memory_that_somebody_waits_for_is_not_given_to_the_next() {
    let now = start();
    let apps = vec![app("large", 64, 1, vec![]), app("small", 32, 1, vec![])];
    let view = TenantView { memory: book(96, 64), ..tenant(apps, two_spares(now)) };
    check(&view, now, &[Action::EvictSpare(id(1)), Action::EvictSpare(id(2))]);
}

#[test]
fn no_spare_takes_the_memory_that_somebody_waits_for() {
    let now = start();
    let busy = AppView { living: 1, ..app("shop", 64, 2, vec![]) };
    let view = TenantView { memory: book(96, 64), ..tenant(vec![busy], vec![]) };
    check(&view, now, &[]);
}

#[test]
fn what_leaves_for_a_lowered_quota_is_not_promised_again() {
    let now = start();
    let view = TenantView {
        memory: book(64, 128),
        leaving: mib(64),
        ..tenant(vec![app("shop", 64, 1, vec![])], two_spares(now))
    };
    check(&view, now, &[Action::EvictSpare(id(1)), Action::EvictSpare(id(2))]);
}

#[test]
fn an_endless_minimum_ends() {
    let now = start();
    let shop = app("shop", 32, u32::MAX, vec![]);
    let view = TenantView { memory: book(64, 64), ..tenant(vec![shop], two_spares(now)) };
    check(&view, now, &[Action::EvictSpare(id(1)), Action::EvictSpare(id(2))]);
}

#[test]
fn nobody_else_gives_way_while_enough_is_leaving_already() {
    let now = start();
    let view = TenantView {
        memory: book(96, 96),
        leaving: mib(64),
        ..tenant(vec![app("shop", 64, 1, vec![])], vec![resting(2, 32, now)])
    };
    check(&view, now, &[]);
}

#[test]
fn what_can_never_fit_takes_nothing_from_others() {
    let now = start();
    let view = TenantView {
        memory: book(96, 64),
        ..tenant(vec![app("huge", 128, 1, vec![])], two_spares(now))
    };
    check(&view, now, &[]);
}

#[test]
fn after_the_quota_was_lowered_spares_go_first_then_idle_ones() {
    let now = start();
    let idle = vec![resting(7, 32, now), resting(8, 32, now - SECOND)];
    let shop = app("shop", 32, 0, idle);
    let view = TenantView { memory: book(32, 128), ..tenant(vec![shop], two_spares(now)) };
    let expected = [Action::EvictSpare(id(1)), Action::EvictSpare(id(2)), Action::EvictIdle(id(8))];
    check(&view, now, &expected);
}

#[test]
fn a_lowered_quota_waits_for_those_that_are_leaving() {
    let now = start();
    let view = TenantView {
        memory: book(64, 128),
        leaving: mib(64),
        ..tenant(vec![app("shop", 32, 0, vec![])], two_spares(now))
    };
    check(&view, now, &[]);
}

#[test]
fn when_busy_ones_hold_too_much_all_others_go() {
    let now = start();
    let shop = AppView { living: 3, ..app("shop", 32, 0, vec![resting(7, 32, now)]) };
    let view = TenantView { memory: book(32, 160), ..tenant(vec![shop], two_spares(now)) };
    let evicted: Vec<Action> = upkeep(&view, &LIMITS, now);
    assert_eq!(evicted.len(), 3, "{evicted:?}");
}

/// A tenant whose actions are really carried out: an instance takes one round to start, and one
/// to die.
#[derive(Clone, Debug)]
struct World {
    now: Instant,
    view: TenantView,
    starting: Vec<usize>,
    next: u64,
}

impl World {
    fn round(&mut self) -> Vec<Action> {
        let actions = upkeep(&self.view, &LIMITS, self.now);
        // Deaths that were under way are proven, and those who started are ready.
        self.view.memory.release(std::mem::take(&mut self.view.leaving));
        for at in std::mem::take(&mut self.starting) {
            let resting = self.fresh(self.view.apps[at].memory);
            self.view.apps[at].idle.push(resting);
        }
        for _ in 0..std::mem::take(&mut self.view.spares_starting) {
            let resting = self.fresh(self.view.spare_memory);
            self.view.spares.push(resting);
        }
        for action in &actions {
            match action {
                Action::SpawnSpare => {
                    self.view.memory.reserve(self.view.spare_memory).unwrap();
                    self.view.spares_starting += 1;
                }
                Action::StartFor(name) => {
                    let at = self.view.apps.iter().position(|app| app.app == *name).unwrap();
                    self.view.memory.reserve(self.view.apps[at].memory).unwrap();
                    self.view.apps[at].living += 1;
                    self.starting.push(at);
                }
                Action::EvictSpare(id) => {
                    let at = self.view.spares.iter().position(|spare| spare.id == *id).unwrap();
                    self.leave(self.view.spares[at].memory);
                    self.view.spares.remove(at);
                }
                Action::EvictIdle(id) => self.evict_idle(*id),
            }
        }
        self.now += SECOND;
        actions
    }

    fn evict_idle(&mut self, id: InstanceId) {
        let found = self.view.apps.iter().enumerate().find_map(|(at, app)| {
            app.idle.iter().position(|idle| idle.id == id).map(|nth| (at, nth))
        });
        let (at, nth) = found.unwrap();
        let gone = self.view.apps[at].idle.remove(nth);
        self.view.apps[at].living -= 1;
        self.leave(gone.memory);
    }

    fn leave(&mut self, memory: ByteCount) {
        self.view.leaving = self.view.leaving.plus(memory).unwrap();
    }

    fn fresh(&mut self, memory: ByteCount) -> Resting {
        self.next += 1;
        Resting { id: id(self.next), memory, since: self.now }
    }
}

fn any_world() -> impl Strategy<Value = World> {
    let memories = prop_oneof![Just(16_u32), Just(32), Just(64), Just(128)];
    let one = (memories, 0_u32..4, 0_u32..3, proptest::collection::vec(0_u64..100, 0..4));
    (
        proptest::collection::vec(one, 0..4),
        proptest::collection::vec(0_u64..100, 0..6),
        prop_oneof![Just(16_u32), Just(32)],
        0_u32..400,
        0_u32..400,
    )
        .prop_map(|(apps, spares, spare_memory, quota, surplus)| {
            let now = start() + 200 * SECOND;
            let mut next = 0;
            let mut rest = |memory: u32, ages: Vec<u64>| -> Vec<Resting> {
                ages.into_iter()
                    .map(|age| {
                        next += 1;
                        resting(next, memory, now - Duration::from_secs(age))
                    })
                    .collect()
            };
            let mut reserved = 0;
            let mut views = Vec::new();
            for (name, (memory, min_instances, busy, ages)) in ["a", "b", "c", "d"].iter().zip(apps)
            {
                let idle = rest(memory, ages);
                let living = busy + count(&idle);
                reserved += memory * living;
                views.push(AppView { living, ..app(name, memory, min_instances, idle) });
            }
            let spares = rest(spare_memory, spares);
            reserved += spare_memory * count(&spares);
            // Half of the tenants are above their quota.
            let quota = if surplus % 2 == 0 { reserved + surplus } else { quota };
            let view = TenantView {
                apps: views,
                spares,
                spares_starting: 0,
                spare_memory: mib(spare_memory),
                memory: book(quota, reserved),
                leaving: ByteCount::ZERO,
                zygote_backoff: None,
            };
            World { now, view, starting: Vec::new(), next }
        })
}

/// What one round may do at most, whatever the view.
fn check_round(view: &TenantView, actions: &[Action]) -> Result<(), TestCaseError> {
    let mut seen = std::collections::BTreeSet::new();
    let mut reserved = view.memory.reserved().bytes();
    let mut spares = count(&view.spares) + view.spares_starting;
    let mut living: Vec<u32> = view.apps.iter().map(|app| app.living).collect();
    for action in actions {
        match action {
            Action::SpawnSpare => {
                spares += 1;
                prop_assert!(spares <= LIMITS.spare_floor);
                reserved += view.spare_memory.bytes();
            }
            Action::StartFor(name) => {
                let at = view.apps.iter().position(|app| app.app == *name).unwrap();
                living[at] += 1;
                prop_assert!(living[at] <= view.apps[at].min_instances);
                reserved += view.apps[at].memory.bytes();
            }
            Action::EvictSpare(id) => {
                spares -= 1;
                prop_assert!(seen.insert(*id) && view.spares.iter().any(|spare| spare.id == *id));
            }
            Action::EvictIdle(id) => {
                prop_assert!(seen.insert(*id));
                let at = view.apps.iter().position(|app| app.idle.iter().any(|i| i.id == *id));
                let at = at.unwrap();
                living[at] -= 1;
                prop_assert!(view.apps[at].min_instances <= living[at]);
            }
        }
    }
    let starts = reserved != view.memory.reserved().bytes();
    prop_assert!(!starts || view.memory.quota().allows(&ByteCount::from_bytes(reserved)));
    Ok(())
}

proptest! {
    #[test]
    fn upkeep_keeps_its_promises_and_comes_to_rest(mut world in any_world()) {
        // Longer than any instance is idle, so that ages play their part too.
        let mut quiet = 0;
        for _ in 0..100 {
            let before = world.view.clone();
            let actions = world.round();
            check_round(&before, &actions)?;
            let same = before == world.view && actions.is_empty();
            quiet = if same { quiet + 1 } else { 0 };
        }
        prop_assert!(20 <= quiet, "still not at rest: {:#?}", world.view);

        let view = &world.view;
        let nobody_starves = view.apps.iter().all(|app| app.min_instances <= app.living);
        for app in &view.apps {
            let aged = app.idle.iter().filter(|i| i.since + LIMITS.idle_after <= world.now).count();
            prop_assert!(aged == 0 || app.living <= app.min_instances, "an old one stayed");
        }
        let spares = count(&view.spares);
        prop_assert!(spares <= LIMITS.spare_ceiling);
        prop_assert!(!view.apps.is_empty() || spares == 0);
        let fits = !view.apps.is_empty()
            && nobody_starves
            && view.memory.shortfall(view.spare_memory).is_zero();
        prop_assert!(!fits || LIMITS.spare_floor <= spares, "a spare would have fitted");
        for app in &view.apps {
            let fits = view.memory.shortfall(app.memory).is_zero();
            prop_assert!(app.min_instances <= app.living || !fits, "it would have fitted");
        }
    }
}
