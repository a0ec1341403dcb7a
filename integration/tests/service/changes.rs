//! Changes of a tenant's quota while its instances come and go.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use skep_integration::{host::Host, slowness, yard::until};
use skep_proto::v1;
use skepd::cgroup::{Controller, Hierarchies};

/// How often the quota changes.
const CHANGES: u32 = 60;
/// What an app asks for.
const OWN: u32 = 900;
/// What another one does.
const SERVED: u32 = 600;

/// Ends the calls, also where the changes fail.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

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
        (limits.cpu_millis, limits.timeout_ms) = (Some(OWN), Some(100 * slowness()));
        (limits.max_instances, limits.concurrency) = (Some(3), Some(3));
    })
    .unwrap();
    let over = AtomicBool::new(false);
    let started = thread::scope(|scope| {
        let calls = [(); 3].map(|()| {
            scope.spawn(|| {
                let mut calls = 0_u32;
                while !over.load(Ordering::Relaxed) {
                    assert!(host.invoke("app", "", "1").is_err());
                    calls += 1;
                }
                calls
            })
        });
        {
            let _over = Over(&over);
            for change in 0..CHANGES {
                set_cpu(&host, [300, 2000, 700, 50][change as usize % 4]);
            }
            set_cpu(&host, 700);
        }
        calls.map(|calls| calls.join().unwrap()).iter().sum::<u32>()
    });
    assert!(1 < started, "{started}");
    assert!(!host.log().contains("cannot launch"), "{}", host.log());
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
