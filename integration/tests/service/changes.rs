//! Changes of a tenant's quota while its instances come and go.

use std::{fs, thread};

use skep_integration::{
    host::{Host, refused},
    slowness,
    yard::until,
};
use skep_proto::v1;
use skepd::cgroup::{Controller, Hierarchies};
use tonic::Code;

/// How many calls each caller makes while the quota changes.
const CALLS: u32 = 12;
/// How many there are.
const CALLERS: usize = 3;
/// What an app asks for.
const OWN: u32 = 900;
/// What another one does.
const SERVED: u32 = 600;

fn set_cpu(host: &Host, millis: u32) {
    let quota = v1::Quota { cpu_millis: Some(millis), ..v1::Quota::default() };
    let tenant = v1::SetQuotaRequest { tenant: "acme".into(), ..Default::default() };
    host.set_quota(v1::SetQuotaRequest { quota: Some(quota), ..tenant }).unwrap();
}

/// The CPU limits of the living, as the kernel has them, in thousandths; none of one that goes just now.
fn in_the_kernel(host: &Host) -> Vec<(String, Option<u32>)> {
    let hierarchies = Hierarchies::detect().unwrap();
    let (top, unified) = hierarchies.of(Controller::Cpu);
    let file = if unified { "cpu.max" } else { "cpu.cfs_quota_us" };
    let group = top.join(&host.place.name).join("tenants/acme");
    let of = |one: &v1::Instance| {
        let text = fs::read_to_string(group.join(&one.id).join(file)).ok()?;
        // Of 100 ms.
        text.split_whitespace().next()?.parse().ok().map(|quota: u32| quota / 100)
    };
    host.instances("acme").iter().map(|one| (one.app.clone(), of(one))).collect()
}

#[test]
fn the_last_of_many_changes_is_in_every_leaf_whatever_started_meanwhile() {
    let host = Host::new("[rates]\nset = \"open\"\nothers = \"open\"\n");
    // Each call ends its instance: the next one needs another.
    let source = "export default () => { for (;;); }; export const small = (n) => n + 1;";
    host.deploy("acme", "app", source, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.cpu_millis, limits.timeout_ms) = (Some(OWN), Some(300 * slowness()));
        (limits.max_instances, limits.concurrency) = (Some(3), Some(3));
    })
    .unwrap();
    thread::scope(|scope| {
        let calls = [(); CALLERS].map(|()| {
            scope.spawn(|| {
                for _ in 0..CALLS {
                    // It runs until its time is over, whatever is changed meanwhile.
                    refused(host.invoke("app", "", "1"), Code::DeadlineExceeded, "DEADLINE");
                }
            })
        });
        let mut changes = 0;
        while !calls.iter().all(|calls| calls.is_finished()) {
            set_cpu(&host, [300, 2000, 700, 400][changes % 4]);
            changes += 1;
        }
        calls.into_iter().for_each(|calls| calls.join().unwrap());
        assert!(1 < changes, "{changes}");
    });
    set_cpu(&host, 700);
    let log = host.log();
    for failed in ["cannot launch", "cannot bind", "cannot load"] {
        assert!(!log.contains(failed), "{log}");
    }
    let all_have = |most: u32| {
        until(&format!("all have their own or {most}"), || {
            let all = in_the_kernel(&host);
            let right = |(app, limit): &(String, Option<u32>)| {
                let own = match app.as_str() {
                    "app" => OWN,
                    "served" => SERVED,
                    _ => 1000,
                };
                *limit == Some(own.min(most))
            };
            !all.is_empty() && all.iter().all(right)
        });
    };
    all_have(700);
    // And up again, with one that serves.
    host.deploy("acme", "served", "export default (n) => n + 1", |request| {
        request.limits.as_mut().unwrap().cpu_millis = Some(SERVED);
    })
    .unwrap();
    assert_eq!(host.reply("served", "", "1"), "2");
    set_cpu(&host, 2000);
    all_have(2000);
}
