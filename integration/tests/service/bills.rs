//! CPU time is on a bill, whatever became of the call: of the call itself, of its app, of its tenant.

use std::{thread, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use skep_integration::{
    bills::{Sums, mixed},
    host::{Host, bill_of, refused},
    slowness,
    yard::until,
};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

const SPIN: &str = "export default () => { for (;;); }";

#[test]
fn a_call_that_was_stopped_has_its_bill_in_the_details() {
    let host = Host::new("");
    host.deploy("acme", "app", SPIN, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(300 * slowness());
    })
    .unwrap();
    let status = refused(host.invoke("app", "", "123"), Code::DeadlineExceeded, "DEADLINE");
    let bill = bill_of(&status);
    let whole = bill.queue_us + bill.start_us + bill.run_us;
    assert!(u64::from(250_000 * slowness()) <= whole && 0 < bill.cpu_us, "{bill:?}");
    assert_eq!((bill.bytes_in, bill.bytes_out), (3, 0));
    assert_ne!(bill.start(), v1::Start::Unspecified);
    // What the call cost is on the line of calls, of the app and of the tenant.
    for name in ["app", ""] {
        let calls = host.bill("acme", name).calls.unwrap();
        assert!(calls.count == 1 && bill.cpu_us <= calls.cpu_us, "{calls:?} {bill:?}");
    }
}

#[test]
fn calls_that_met_other_limits_have_their_bills_too() {
    let host = Host::new("");
    let source = "export const heap = () => { const a = []; for (;;) a.push(new Array(1000).fill(1)); }; \
                  export const large = () => 'x'.repeat(3 << 20); \
                  export const spin = () => { for (;;); };";
    host.deploy("acme", "app", source, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.cpu_budget_ms, limits.timeout_ms) = (Some(500 * slowness()), Some(60_000));
        limits.memory_bytes = Some(32 << 20);
    })
    .unwrap();
    let full = Code::ResourceExhausted;
    for (function, reason) in [("large", "TOO_LARGE"), ("spin", "CPU_BUDGET"), ("heap", "OOM_HEAP")]
    {
        let bill = bill_of(&refused(host.invoke("app", function, "1"), full, reason));
        assert!(0 < bill.cpu_us && 0 < bill.run_us && bill.bytes_in == 1, "{function}: {bill:?}");
    }
}

#[test]
fn a_call_whose_process_is_gone_is_billed_by_what_its_group_counted() {
    let host = Host::new("");
    host.deploy("acme", "app", SPIN, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    })
    .unwrap();
    let used = |least: u64| {
        let busy = host.instances_in("app", "busy");
        busy.into_iter().find(|one| least <= one.cpu_us)
    };
    let status = thread::scope(|scope| {
        let call = scope.spawn(|| host.invoke("app", "", "1"));
        until("it has used some time", || used(200_000).is_some());
        let pid = i32::try_from(used(200_000).unwrap().pid()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        refused(call.join().unwrap(), Code::Aborted, "CRASHED")
    });
    let bill = bill_of(&status);
    // Before the call it used a little.
    assert!(150_000 <= bill.cpu_us, "{bill:?}");
    assert!(bill.cpu_us <= host.bill("acme", "app").calls.unwrap().cpu_us);
}

#[test]
fn a_refusal_has_a_bill_of_nothing() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |request| {
        request.app_rate = Some(v1::Rates { rps: Some(0), burst: None });
    })
    .unwrap();
    let status = refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
    let bill = bill_of(&status);
    assert_eq!((bill.cpu_us, bill.run_us, bill.start()), (0, 0, v1::Start::Unspecified));
}

/// Works at its top level for so long that nothing else is as much, and yet far below the 5 s that loading may take
/// on a machine that is forty times slower.
const LONG_LOAD: &str = "for (let i = 0; i < 1.5e6; i++); export default () => 1;";

#[test]
fn what_an_app_does_while_it_is_loaded_is_on_a_line_of_its_own() {
    let host = Host::new("");
    host.deploy("acme", "app", LONG_LOAD, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.min_instances, limits.timeout_ms) = (Some(1), Some(60_000));
    })
    .unwrap();
    // That was the first time, for nobody but the deploy.
    let compiled = host.bill("acme", "").loads.unwrap();
    assert_eq!(compiled.count, 1);
    assert!(0 < compiled.cpu_us, "{compiled:?}");
    until("one is loaded for whoever comes", || host.instances_in("app", "idle").len() == 1);
    let loads = host.bill("acme", "").loads.unwrap();
    assert_eq!(loads.count, 2);
    assert!(compiled.cpu_us * 3 / 2 < loads.cpu_us, "{compiled:?} {loads:?}");
    let call = host.invoke("app", "", "1").unwrap().1;
    assert!(call.cpu_us < compiled.cpu_us / 2, "{call:?}");
    assert_eq!(host.bill("acme", "app").calls.unwrap().count, 1);
}

#[test]
fn loading_an_app_takes_no_more_than_its_calls_may() {
    let host = Host::new("");
    let source = "for (;;); export default () => 1;";
    let deploy = |budget: Option<u32>, timeout: u32| {
        host.deploy("acme", "app", source, |request| {
            let limits = request.limits.as_mut().unwrap();
            (limits.cpu_budget_ms, limits.timeout_ms) = (budget, Some(timeout));
        })
    };
    refused(deploy(Some(50), 60_000), Code::ResourceExhausted, "CPU_BUDGET");
    let after_budget = host.bill("acme", "").loads.unwrap();
    refused(deploy(None, 50), Code::DeadlineExceeded, "DEADLINE");
    let loads = host.bill("acme", "").loads.unwrap();
    assert_eq!(loads.count, 2);
    // Of each second that they had before, a fraction.
    assert!(
        50_000 <= after_budget.cpu_us && loads.cpu_us < 1_000_000,
        "{after_budget:?} {loads:?}"
    );
}

#[test]
fn a_deploy_counts_as_a_call_of_its_tenant() {
    let host = Host::new("");
    host.set_rate(1, Some(2));
    let mut deployed = 0;
    let status = loop {
        match host.deploy("acme", "app", NEIGHBOUR, |_| ()) {
            Ok(_) => deployed += 1,
            Err(status) => break *status,
        }
        // One a second, however slow this machine is.
        assert!(deployed < 20 * slowness());
    };
    let status = refused(Err::<(), _>(Box::new(status)), Code::ResourceExhausted, "QUOTA");
    assert_eq!(status.get_details_error_info().unwrap().metadata["level"], "tenant");
    let wait = status.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    assert_eq!(host.bill("acme", "").loads.unwrap().count, u64::from(deployed));
}

#[test]
fn the_lines_of_a_tenants_bill_add_up_to_what_the_kernel_counted() {
    let host = Host::new("");
    mixed(&host, Duration::from_secs(3));
    until("the lines add up", || {
        let sums = Sums::of(&host, "acme");
        println!("{sums:?}");
        sums.add_up()
    });
    let sums = Sums::of(&host, "acme");
    assert!(500_000 < sums.kernel, "{sums:?}");
    // Nearly all of it is what the tenant asked for.
    assert!(sums.mostly_work(), "{sums:?}");
    // What others did is not on it.
    assert!(Sums::of(&host, "beta").all < sums.all / 4);
}
