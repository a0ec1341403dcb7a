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
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

/// What a tenant may start at once, and how many instances its app wants.
const BURST: u32 = 3;
const LEAST: u32 = 7;

#[test]
fn instances_that_no_call_asked_for_are_started_within_the_tenants_rate() {
    let host = Host::new("");
    let begun = Instant::now();
    host.set_rate(1, Some(BURST));
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
fn a_tenant_whose_rate_is_closed_starts_no_instances_until_it_is_opened() {
    let host = Host::new("");
    for tenant in ["acme", "beta"] {
        host.deploy(tenant, "app", NEIGHBOUR, |request| {
            let limits = request.limits.as_mut().unwrap();
            limits.memory_bytes = Some(16 << 20);
            (limits.min_instances, limits.max_instances) = (Some(2), Some(2));
        })
        .unwrap();
    }
    let idle = |tenant: &str| {
        let all = host.instances(tenant);
        all.into_iter().filter(|one| one.app == "app" && one.state == "idle").collect::<Vec<_>>()
    };
    let both = |tenant: &str| until("its instances are there", || idle(tenant).len() == 2);
    both("acme");
    both("beta");
    host.set_rate(0, None);
    let loads = host.bill("acme", "").loads.unwrap().count;
    // Those of the neighbour are replaced by the same task, later: it has seen both.
    for tenant in ["acme", "beta"] {
        let ended = idle(tenant);
        for one in &ended {
            kill(Pid::from_raw(i32::try_from(one.pid()).unwrap()), Signal::SIGKILL).unwrap();
        }
        let is_gone = |one: &v1::Instance| ended.iter().all(|ended| ended.id != one.id);
        until("they have ended", || idle(tenant).iter().all(is_gone));
    }
    both("beta");
    assert_eq!((idle("acme").len(), host.bill("acme", "").loads.unwrap().count), (0, loads));
    host.set_rate(1000, None);
    both("acme");
}

#[test]
fn an_app_that_takes_longer_to_load_than_a_call_may_is_refused() {
    let host = Host::new("");
    let deploy = |source: &str, timeout: u32| {
        host.deploy("acme", "app", source, |request| {
            request.limits.as_mut().unwrap().timeout_ms = Some(timeout);
        })
    };
    // It waits, and uses no CPU time; on no machine may a load take more than 5 s.
    let source = "await new Promise((r) => setTimeout(r, 2000)); export default () => 1;";
    refused(deploy(source, 300), Code::DeadlineExceeded, "DEADLINE");
    assert!(host.apps("acme").unwrap().is_empty());
    deploy(source, 60_000).unwrap();
}

#[test]
fn loads_that_impatient_calls_asked_for_are_paid_by_those_calls() {
    let host = Host::new("[rates]\ndeploy = \"open\"\n");
    // It waits, and uses no CPU time; on no machine may a load take more than 5 s.
    let source = format!(
        "await new Promise((r) => setTimeout(r, {})); export default () => 1;",
        (600 * slowness()).min(3500)
    );
    let apps: Vec<String> = (0..8).map(|at| format!("app{at}")).collect();
    for app in &apps {
        host.deploy("acme", app, &source, |request| {
            let limits = request.limits.as_mut().unwrap();
            (limits.memory_bytes, limits.timeout_ms) = (Some(16 << 20), Some(60_000));
        })
        .unwrap();
    }
    let deploys = host.bill("acme", "").loads.unwrap().count;
    let begun = Instant::now();
    host.set_rate(1, Some(2));
    let mut waited = 0;
    for app in &apps {
        let timeout_ms = Some((100 * slowness()).min(1000));
        let request = v1::InvokeRequest { timeout_ms, ..Host::request("acme", app, "", b"1") };
        let status = host.send(request).unwrap_err();
        match status.get_details_error_info().unwrap().reason.as_str() {
            // It waited until its deadline, and what it waited for goes on without it.
            "QUEUE_FULL" => waited += 1,
            reason => assert_eq!(reason, "QUOTA", "{status:?}"),
        }
    }
    let most = 2 + begun.elapsed().as_secs() + 1;
    assert!(0 < waited && waited <= most, "{waited} of {most}");
    let loads = || host.bill("acme", "").loads.unwrap().count - deploys;
    until("each that waited began a load", || waited <= loads());
    assert_eq!(loads(), waited);
}
