//! Loads of apps: they are within the tenant's rate and the app's own limits.

use std::time::Instant;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use skep_integration::{
    host::{Host, refused},
    slowness,
    yard::until,
};
use skep_proto::v1;
use tonic::Code;

use crate::NEIGHBOUR;

/// What a tenant may start at once, and how many instances its app wants.
const BURST: u32 = 3;
const LEAST: u32 = 7;

#[test]
fn instances_that_no_call_asked_for_are_started_within_the_tenants_rate() {
    let host = Host::new("");
    let begun = Instant::now();
    let rate = Some(v1::Rates { rps: Some(1), burst: Some(BURST) });
    host.set_quota(v1::SetQuotaRequest {
        tenant: "acme".into(),
        quota: Some(v1::Quota { rate, ..v1::Quota::default() }),
        ..v1::SetQuotaRequest::default()
    })
    .unwrap();
    host.deploy("acme", "app", NEIGHBOUR, |request| {
        let limits = request.limits.as_mut().unwrap();
        limits.memory_bytes = Some(16 << 20);
        (limits.min_instances, limits.max_instances) = (Some(LEAST), Some(LEAST));
    })
    .unwrap();
    // The deploy is one of them. Read first: what comes later has more time.
    let within = || {
        let loads = host.bill("acme", "").loads.unwrap().count;
        let most = u64::from(BURST) + begun.elapsed().as_secs() + 1;
        assert!(loads <= most, "{loads} of {most}");
        loads
    };
    let idle = || host.instances_in("app", "idle");
    until("all of them are there", || {
        within();
        idle().len() == LEAST as usize
    });
    let before = within();
    for one in idle() {
        kill(Pid::from_raw(i32::try_from(one.pid()).unwrap()), Signal::SIGKILL).unwrap();
    }
    until("those that died are replaced one by one", || before + 2 <= within());
}

#[test]
fn an_app_that_takes_longer_to_load_than_a_call_may_is_refused() {
    let host = Host::new("");
    let deploy = |source: &str, timeout: u32| {
        host.deploy("acme", "app", source, |request| {
            request.limits.as_mut().unwrap().timeout_ms = Some(timeout);
        })
    };
    // It waits, and uses no CPU time.
    let source = format!(
        "await new Promise((r) => setTimeout(r, {})); export default () => 1;",
        1500 * slowness()
    );
    refused(deploy(&source, 300 * slowness()), Code::DeadlineExceeded, "DEADLINE");
    assert!(host.apps("acme").unwrap().is_empty());
    deploy(&source, 60_000).unwrap();
}
