//! Tests of [`super`]: the table of refusals, and the bounds that always hold.

use super::*;
use crate::testing::{read, written};
use proptest::prelude::*;

fn count(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

fn defaults() -> AppLimits {
    AppLimits {
        memory: ByteCount::from_mib(64),
        cpu: CpuShare::ONE,
        processes: 1,
        timeout: Duration::from_secs(10),
        cpu_budget: Ceiling::At(Duration::from_secs(1)),
        concurrency: count(8),
        min_instances: 0,
        max_instances: count(8),
    }
}

fn most() -> LimitsMax {
    LimitsMax {
        memory: Ceiling::At(ByteCount::from_mib(256)),
        cpu: Ceiling::At(CpuShare::from_millis(2000)),
        processes: Ceiling::At(4),
        timeout: Ceiling::At(Duration::from_secs(60)),
        cpu_budget: Ceiling::At(Duration::from_secs(30)),
        concurrency: Ceiling::At(100),
        min_instances: Ceiling::At(16),
        max_instances: Ceiling::At(32),
    }
}

#[track_caller]
fn refuse(spec: LimitsSpec, expected: &[&str]) {
    let problems = resolve(&spec, &defaults(), &most()).unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expected);
}

#[test]
fn loading_an_app_may_take_no_more_than_a_call_of_it() {
    let limits = defaults();
    assert_eq!(limits.load_budget(), Duration::from_secs(1));
    let short = AppLimits { timeout: Duration::from_millis(200), ..limits };
    assert_eq!(short.load_budget(), Duration::from_millis(200));
    let open = AppLimits { cpu_budget: Ceiling::Open, ..limits };
    assert_eq!(open.load_budget(), Duration::from_secs(10));
}

#[test]
fn nothing_asked_gives_the_defaults() {
    assert_eq!(resolve(&LimitsSpec::default(), &defaults(), &most()), Ok(defaults()));
}

#[test]
fn what_is_asked_within_the_bounds_is_given() {
    let spec = LimitsSpec {
        memory: Some(ByteCount::from_mib(256)),
        min_instances: Some(2),
        max_instances: Some(32),
        concurrency: Some(32),
        ..LimitsSpec::default()
    };
    let limits = resolve(&spec, &defaults(), &most()).unwrap();
    assert_eq!(limits.memory, ByteCount::from_mib(256));
    assert_eq!((limits.min_instances, limits.max_instances), (2, count(32)));
    assert_eq!(limits.concurrency, count(32));
}

#[test]
fn memory_above_the_maximum_is_refused_with_both_numbers() {
    refuse(
        LimitsSpec { memory: Some(ByteCount::from_mib(1024)), ..LimitsSpec::default() },
        &["limits.memory_bytes: asked for 1GiB, must be at most 256MiB"],
    );
}

#[test]
fn memory_below_the_minimum_is_refused_with_both_numbers() {
    refuse(
        LimitsSpec { memory: Some(ByteCount::from_mib(8)), ..LimitsSpec::default() },
        &["limits.memory_bytes: asked for 8MiB, must be at least 16MiB"],
    );
}

#[test]
fn open_budget_is_refused_where_the_host_has_a_bound() {
    refuse(
        LimitsSpec { cpu_budget: Some(Ceiling::Open), ..LimitsSpec::default() },
        &["limits.cpu_budget_ms: asked for open, must be at most 30s"],
    );
}

#[test]
fn open_budget_is_given_where_the_host_has_none() {
    let spec = LimitsSpec { cpu_budget: Some(Ceiling::Open), ..LimitsSpec::default() };
    let limits = resolve(&spec, &defaults(), &LimitsMax::OPEN).unwrap();
    assert_eq!(limits.cpu_budget, Ceiling::Open);
}

#[test]
fn more_instances_at_least_than_at_most_are_refused() {
    refuse(
        LimitsSpec { min_instances: Some(3), max_instances: Some(2), ..LimitsSpec::default() },
        &["limits.min_instances: asked for 3, must be at most limits.max_instances, which is 2"],
    );
}

#[test]
fn more_instances_kept_than_the_maximum_are_refused_with_both_numbers() {
    refuse(
        LimitsSpec { min_instances: Some(17), max_instances: Some(32), ..LimitsSpec::default() },
        &["limits.min_instances: asked for 17, must be at most 16"],
    );
}

#[test]
fn more_calls_than_instances_may_wait() {
    let spec = LimitsSpec { concurrency: Some(9), ..LimitsSpec::default() };
    assert_eq!(resolve(&spec, &defaults(), &most()).unwrap().concurrency, count(9));
}

#[test]
fn default_concurrency_follows_the_instances_asked_for() {
    let spec = LimitsSpec { max_instances: Some(2), ..LimitsSpec::default() };
    assert_eq!(resolve(&spec, &defaults(), &most()).unwrap().concurrency, count(2));
}

#[test]
fn all_problems_are_told_at_once() {
    refuse(
        LimitsSpec {
            memory: Some(ByteCount::ZERO),
            cpu: Some(CpuShare::from_millis(9)),
            processes: Some(0),
            timeout: Some(Duration::from_secs(61)),
            cpu_budget: Some(Ceiling::At(Duration::ZERO)),
            concurrency: Some(0),
            min_instances: Some(2),
            max_instances: Some(0),
        },
        &[
            "limits.memory_bytes: asked for 0B, must be at least 16MiB",
            "limits.cpu_millis: asked for 9m, must be at least 10m",
            "limits.processes: asked for 0, must be at least 1",
            "limits.timeout_ms: asked for 61s, must be at most 1m",
            "limits.cpu_budget_ms: asked for 0s, must be at least 1ms",
            "limits.max_instances: asked for 0, must be at least 1",
            "limits.concurrency: asked for 0, must be at least 1",
            "limits.min_instances: asked for 2, must be at most limits.max_instances, which is 1",
        ],
    );
}

#[test]
fn default_minimum_follows_the_instances_asked_for() {
    let spec = LimitsSpec { max_instances: Some(2), ..LimitsSpec::default() };
    let defaults = AppLimits { min_instances: 5, ..defaults() };
    assert_eq!(resolve(&spec, &defaults, &most()).unwrap().min_instances, 2);
}

#[test]
fn default_budget_above_the_maximum_is_lowered() {
    let defaults = AppLimits { cpu_budget: Ceiling::Open, ..defaults() };
    let limits = resolve(&LimitsSpec::default(), &defaults, &most()).unwrap();
    assert_eq!(limits.cpu_budget, most().cpu_budget);
}

#[test]
fn default_above_the_maximum_is_lowered() {
    let most = LimitsMax { memory: Ceiling::At(ByteCount::from_mib(32)), ..most() };
    let limits = resolve(&LimitsSpec::default(), &defaults(), &most).unwrap();
    assert_eq!(limits.memory, ByteCount::from_mib(32));
}

#[test]
fn maximum_below_the_minimum_is_a_problem_even_when_nothing_was_asked() {
    let most = LimitsMax { memory: Ceiling::At(ByteCount::from_mib(8)), ..most() };
    let problems = resolve(&LimitsSpec::default(), &defaults(), &most).unwrap_err();
    assert_eq!(problems[0].field, "limits.memory_bytes");
    assert_eq!(problems[0].bound, "at least 16MiB");
}

#[test]
fn the_smallest_app_has_nine_mebibytes_of_heap() {
    assert_eq!(heap_limit(MIN_APP_MEMORY), ByteCount::from_mib(9));
}

#[test]
fn the_heap_of_a_usual_app() {
    assert_eq!(heap_limit(ByteCount::from_mib(64)), ByteCount::from_mib(54));
}

#[test]
fn memory_below_the_reserve_leaves_no_heap() {
    assert_eq!(heap_limit(ByteCount::from_mib(4)), ByteCount::ZERO);
    assert_eq!(heap_limit(ByteCount::ZERO), ByteCount::ZERO);
}

#[test]
fn the_stricter_ceiling_wins_and_open_gives_way() {
    assert_eq!(Ceiling::At(3).meet(Ceiling::At(2)), Ceiling::At(2));
    assert_eq!(Ceiling::At(3).meet(Ceiling::Open), Ceiling::At(3));
    assert_eq!(Ceiling::Open.meet(Ceiling::At(3)), Ceiling::At(3));
    assert_eq!(Ceiling::<u32>::Open.meet(Ceiling::Open), Ceiling::Open);
}

#[test]
fn a_ceiling_at_zero_is_closed_and_not_open() {
    assert!(Ceiling::At(0).allows(&0));
    assert!(!Ceiling::At(0).allows(&1));
    assert!(Ceiling::Open.allows(&u64::MAX));
}

#[test]
fn ceilings_are_stored_as_their_bound_or_as_the_word_open() {
    assert_eq!(written(&Ceiling::<ByteCount>::Open), "open");
    assert_eq!(written(&Ceiling::At(ByteCount::from_mib(64))), "64MiB");
    assert_eq!(read::<Ceiling<ByteCount>>("open").unwrap(), Ceiling::Open);
    let bound = read::<Ceiling<ByteCount>>("64MiB").unwrap();
    assert_eq!(bound, Ceiling::At(ByteCount::from_mib(64)));
}

#[test]
fn a_ceiling_of_a_number_reads_numbers_and_refuses_negative_ones() {
    fn number(n: i64) -> Result<Ceiling<u32>, serde::de::value::Error> {
        Ceiling::deserialize(n.into_deserializer())
    }
    assert_eq!(number(4).unwrap(), Ceiling::At(4));
    assert_eq!(number(0).unwrap(), Ceiling::At(0));
    assert!(number(-1).is_err());
}

#[test]
fn a_bad_bound_is_refused_with_its_own_reason() {
    let bad = read::<Ceiling<ByteCount>>("64MB").unwrap_err().to_string();
    assert!(bad.contains("use B, KiB"), "{bad}");
}

#[test]
fn a_spec_is_read_with_what_it_names_and_unknown_fields_are_refused() {
    use serde::de::value::{Error, MapDeserializer};
    fn spec(fields: Vec<(&str, &str)>) -> Result<LimitsSpec, Error> {
        LimitsSpec::deserialize(MapDeserializer::new(fields.into_iter()))
    }
    assert_eq!(spec(vec![]).unwrap(), LimitsSpec::default());
    assert!(spec(vec![("memory_mb", "64")]).is_err());
}

fn any_spec() -> impl Strategy<Value = LimitsSpec> {
    use proptest::option::of;
    (
        of(0_u32..600),
        of(0_u32..4000),
        of(0_u32..8),
        of(0_u64..90),
        of(0_u32..150),
        of(0_u32..50),
        of(0_u32..50),
    )
        .prop_map(|(memory, cpu, processes, secs, concurrency, least, most)| LimitsSpec {
            memory: memory.map(ByteCount::from_mib),
            cpu: cpu.map(CpuShare::from_millis),
            processes,
            timeout: secs.map(Duration::from_secs),
            cpu_budget: secs.map(|s| Ceiling::At(Duration::from_secs(s / 2))),
            concurrency,
            min_instances: least,
            max_instances: most,
        })
}

proptest! {
    /// What was asked is given exactly or refused, never something else.
    #[test]
    fn what_is_given_was_asked_and_is_within_the_bounds(spec in any_spec()) {
        match resolve(&spec, &defaults(), &most()) {
            Ok(limits) => {
                prop_assert_eq!(spec.memory.unwrap_or(limits.memory), limits.memory);
                prop_assert_eq!(spec.cpu.unwrap_or(limits.cpu), limits.cpu);
                prop_assert_eq!(spec.timeout.unwrap_or(limits.timeout), limits.timeout);
                let asked = spec.concurrency.unwrap_or(limits.concurrency.get());
                prop_assert_eq!(asked, limits.concurrency.get());
                prop_assert!(MIN_APP_MEMORY <= limits.memory && most().memory.allows(&limits.memory));
                prop_assert!(limits.min_instances <= limits.max_instances.get());
                prop_assert!(most().min_instances.allows(&limits.min_instances));
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                let fields: std::collections::BTreeSet<_> =
                    problems.iter().map(|problem| problem.field).collect();
                prop_assert!(fields.iter().all(|field| field.starts_with("limits.")));
            }
        }
    }

    #[test]
    fn the_heap_is_always_below_the_memory(mib in 1_u32..100_000) {
        let memory = ByteCount::from_mib(mib);
        prop_assert!(heap_limit(memory) < memory);
    }
}

#[test]
fn a_deploy_gets_more_memory_for_what_it_reads() {
    let mib = ByteCount::from_mib;
    let none = ByteCount::ZERO;
    assert_eq!(deploy_memory(mib(16), none, none), mib(16));
    let small = ByteCount::from_bytes(70_000);
    assert_eq!(deploy_memory(mib(16), small, small), mib(16));
    // 48 bytes for each of the largest script, of which 1 MiB is read, and 8 for each of all.
    assert_eq!(deploy_memory(mib(16), mib(2), mib(1)), mib(16 + 16 + 48));
    assert_eq!(deploy_memory(mib(16), mib(2), mib(2)), mib(16 + 16 + 48));
    assert_eq!(deploy_memory(mib(100), mib(16), mib(1)), MAX_DEPLOY_MEMORY);
    assert_eq!(deploy_memory(mib(512), mib(16), mib(1)), mib(512));
}
