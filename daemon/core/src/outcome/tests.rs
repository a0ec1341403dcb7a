//! Tests of [`super`]: each end of an instance and its cause.

use super::*;
use crate::admission::Metric;

const SIGSEGV: i32 = 11;

const ENDED: Evidence = Evidence {
    signal: None,
    code: None,
    leaf_oom_kills: 0,
    leaf_limit_hits: 0,
    tenant_limit_hits: 0,
    pids_limit_hits: 0,
    we_killed: None,
    zygote_lost: false,
};

const KILLED: Evidence = Evidence { signal: Some(SIGKILL), ..ENDED };

const OOM_KILLED: Evidence = Evidence { leaf_oom_kills: 1, ..KILLED };

#[track_caller]
fn check(evidence: Evidence, expected: Cause) {
    assert_eq!(diagnose(&evidence), expected, "for {evidence:?}");
}

#[test]
fn sigsys_is_seccomp() {
    check(Evidence { signal: Some(SIGSYS), ..ENDED }, Cause::Seccomp);
}

#[test]
fn sigsys_wins_over_our_own_kill() {
    let evidence = Evidence { signal: Some(SIGSYS), we_killed: Some(Cause::Deadline), ..ENDED };
    check(evidence, Cause::Seccomp);
}

#[test]
fn oom_kill_at_its_own_limit_is_the_process() {
    let evidence = Evidence { leaf_limit_hits: 3, tenant_limit_hits: 3, ..OOM_KILLED };
    check(evidence, Cause::OomCgroup { level: Level::Process });
}

#[test]
fn oom_kill_below_its_own_limit_is_the_tenant() {
    let evidence = Evidence { tenant_limit_hits: 1, ..OOM_KILLED };
    check(evidence, Cause::OomCgroup { level: Level::Tenant });
}

#[test]
fn oom_kill_below_all_limits_is_nobodys_fault() {
    check(OOM_KILLED, Cause::InstanceLost);
}

#[test]
fn oom_kill_wins_over_our_own_kill() {
    let evidence = Evidence { leaf_limit_hits: 1, we_killed: Some(Cause::Deadline), ..OOM_KILLED };
    check(evidence, Cause::OomCgroup { level: Level::Process });
}

#[test]
fn oom_kill_is_seen_without_the_zygotes_word() {
    let evidence = Evidence { leaf_oom_kills: 1, leaf_limit_hits: 1, zygote_lost: true, ..ENDED };
    check(evidence, Cause::OomCgroup { level: Level::Process });
}

#[test]
fn another_signal_is_no_oom_kill() {
    let evidence =
        Evidence { signal: Some(SIGSEGV), leaf_oom_kills: 1, leaf_limit_hits: 1, ..ENDED };
    check(evidence, Cause::Crashed { signal: SIGSEGV });
}

#[test]
fn limit_hits_without_a_kill_are_no_oom() {
    let evidence = Evidence { leaf_limit_hits: 9, ..KILLED };
    check(evidence, Cause::Crashed { signal: SIGKILL });
}

#[test]
fn what_we_killed_for_ourselves_is_told() {
    let evidence = Evidence { we_killed: Some(Cause::CpuBudget), ..KILLED };
    check(evidence, Cause::CpuBudget);
}

#[test]
fn what_we_killed_for_is_told_even_if_the_zygote_is_lost() {
    let evidence = Evidence { we_killed: Some(Cause::Deadline), zygote_lost: true, ..ENDED };
    check(evidence, Cause::Deadline);
}

#[test]
fn refused_processes_explain_a_crash() {
    let evidence = Evidence { signal: Some(6), pids_limit_hits: 1, ..ENDED };
    check(evidence, Cause::Pids);
}

#[test]
fn refused_processes_explain_an_early_exit() {
    let evidence = Evidence { code: Some(1), pids_limit_hits: 1, ..ENDED };
    check(evidence, Cause::Pids);
}

#[test]
fn a_crash_is_told_with_its_signal() {
    check(Evidence { signal: Some(SIGSEGV), ..ENDED }, Cause::Crashed { signal: SIGSEGV });
}

#[test]
fn a_crash_is_told_even_if_the_zygote_was_lost_later() {
    let evidence = Evidence { signal: Some(SIGSEGV), zygote_lost: true, ..ENDED };
    check(evidence, Cause::Crashed { signal: SIGSEGV });
}

#[test]
fn an_exit_nobody_asked_for_is_told_with_its_code() {
    check(Evidence { code: Some(0), ..ENDED }, Cause::ExitedEarly { code: 0 });
}

#[test]
fn an_end_without_status_after_the_zygote_is_the_zygotes() {
    check(Evidence { zygote_lost: true, ..ENDED }, Cause::ZygoteLost);
}

#[test]
fn a_kill_that_came_with_the_end_of_the_zygote_is_the_zygotes() {
    check(Evidence { zygote_lost: true, ..KILLED }, Cause::ZygoteLost);
}

#[test]
fn an_end_without_any_trace_is_a_loss() {
    check(ENDED, Cause::InstanceLost);
}

fn denied(limit: u64, retry_after: Option<Duration>) -> Cause {
    Cause::Quota(Denied { level: Level::App, what: Metric::Rate, limit, retry_after })
}

#[test]
fn a_used_up_quota_is_retriable_and_says_when() {
    let cause = denied(5, Some(Duration::from_millis(200)));
    assert!(cause.retriable());
    assert_eq!(cause.retry_after(), Some(Duration::from_millis(200)));
    assert_eq!(cause.level(), Some(Level::App));
}

#[test]
fn a_closed_quota_is_not_retriable() {
    assert!(!denied(0, None).retriable());
}

#[test]
fn memory_is_retriable_where_others_used_it_up() {
    assert!(Cause::OomCgroup { level: Level::Tenant }.retriable());
    assert!(!Cause::OomCgroup { level: Level::Process }.retriable());
}

#[test]
fn causes_are_neutral_sentences() {
    let shown = [
        Cause::OomCgroup { level: Level::Tenant },
        Cause::Crashed { signal: SIGSEGV },
        Cause::TooLarge { size: ByteCount::from_mib(5), most: ByteCount::from_mib(4) },
        denied(0, None),
    ]
    .map(|cause| cause.to_string());
    assert_eq!(
        shown,
        [
            "the instance was ended at the memory limit of its tenant",
            "the instance was ended by signal 11",
            "the payload has 5MiB, at most 4MiB are allowed",
            "app quota of 0 calls per second lets nothing in",
        ]
    );
}

/// One of each, in the order of declaration.
const ALL: [Cause; 19] = [
    Cause::OomHeap,
    Cause::OomCgroup { level: Level::Process },
    Cause::CpuBudget,
    Cause::Deadline,
    Cause::Pids,
    Cause::Seccomp,
    Cause::EgressDenied,
    Cause::Quota(Denied {
        level: Level::Tenant,
        what: Metric::Memory,
        limit: 1,
        retry_after: None,
    }),
    Cause::Crashed { signal: SIGSEGV },
    Cause::ExitedEarly { code: 1 },
    Cause::ZygoteLost,
    Cause::InstanceLost,
    Cause::Cancelled,
    Cause::Draining,
    Cause::SpawnFailed,
    Cause::BadFrame,
    Cause::QueueFull,
    Cause::BackOff { retry_after: Duration::from_secs(1) },
    Cause::TooLarge { size: ByteCount::from_mib(5), most: ByteCount::from_mib(4) },
];

#[test]
fn reasons_are_stable_screaming_and_different() {
    let reasons: std::collections::BTreeSet<&str> = ALL.into_iter().map(Cause::reason).collect();
    assert_eq!(reasons.len(), ALL.len());
    let screams = |reason: &&str| reason.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    assert!(reasons.iter().all(screams), "{reasons:?}");
}

#[test]
fn whoever_says_when_to_come_back_is_retriable() {
    for cause in ALL {
        assert!(cause.retry_after().is_none() || cause.retriable(), "{cause:?}");
    }
}
