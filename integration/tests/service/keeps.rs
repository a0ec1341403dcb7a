//! What the daemon keeps for a tenant is in the tenant's memory quota.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use skep_integration::{
    host::{Host, refused},
    yard::until,
};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

const MIB: u64 = 1 << 20;
/// What the tenant has, and what each instance needs of it.
const QUOTA: u64 = 44;
const INSTANCE: u64 = 20;
/// What an app writes: with a source of 3 MiB and an instance it is above the quota, and without that source not.
const CALLS: u64 = 30;
const LINES: u64 = 200;
const LINE: u64 = 4000;

fn host() -> Host {
    let host = Host::new(
        "[pool]\nspare_floor = 0\nspare_ceiling = 0\n[rates]\ndeploy = \"open\"\n\
         [logs]\nbytes_per_call = \"1MiB\"\nbytes_kept = \"32MiB\"\nlines_kept = 100000\n",
    );
    let quota = v1::Quota { memory_bytes: Some(QUOTA * MIB), ..v1::Quota::default() };
    let tenant = v1::SetQuotaRequest { tenant: "acme".into(), ..Default::default() };
    host.set_quota(v1::SetQuotaRequest { quota: Some(quota), ..tenant }).unwrap();
    host
}

/// Of so many MiB; it writes lines.
fn source(mib: u64) -> String {
    let filler = " ".repeat(usize::try_from(mib * MIB).unwrap());
    format!(
        "export default (n) => {{ const line = 'x'.repeat({LINE}); \
         for (let i = 0; i < n; i++) console.log(line); return n; }} //{filler}"
    )
}

/// Deploys an app with a source of `mib`; nothing of it is compiled but the little that is no comment.
fn deploy(host: &Host, app: &str, mib: u64) -> Result<(), Box<tonic::Status>> {
    deploy_of(host, app, mib, INSTANCE)
}

/// The same, with so much memory for each instance.
fn deploy_of(host: &Host, app: &str, mib: u64, memory: u64) -> Result<(), Box<tonic::Status>> {
    let source = source(mib);
    let deployed = host.deploy("acme", app, &source, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.memory_bytes, limits.timeout_ms) = (Some(memory * MIB), Some(60_000));
    });
    deployed.map(|_| ())
}

/// It is refused because the tenant's memory is used up.
fn too_much(deployed: Result<(), Box<tonic::Status>>) {
    let status = refused(deployed, Code::ResourceExhausted, "QUOTA");
    let violations = status.get_details_quota_failure().unwrap().violations;
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].subject, "tenant:memory");
}

#[test]
fn sources_of_apps_are_in_the_memory_quota_of_their_tenant() {
    let host = host();
    for app in 0..12 {
        deploy(&host, &format!("app{app}"), 3).unwrap();
        // Beside what is kept there is room for one instance.
        let kept = host.memory_kept("acme");
        let wanted = 3 * MIB..(QUOTA - INSTANCE + 1) * MIB;
        assert!(wanted.contains(&kept), "{app}: {kept}");
    }
    // What left for the others comes back.
    assert_eq!(host.reply("app0", "", "0"), "0");
    // Others have their own.
    host.deploy("beta", "app", "export default () => 1", |_| ()).unwrap();
    // All that can leave is not enough for this one.
    too_much(deploy_of(&host, "another", 3, QUOTA - 2));
    deploy_of(&host, "another", 3, QUOTA - 4).unwrap();
    // What replaces itself needs no room twice.
    deploy_of(&host, "another", 3, QUOTA - 4).unwrap();
    assert_eq!(host.reply("another", "", "0"), "0");
}

#[test]
fn console_lines_are_in_the_memory_quota_of_their_tenant() {
    let host = host();
    deploy(&host, "app", 0).unwrap();
    let before = host.memory_kept("acme");
    for _ in 0..CALLS {
        assert_eq!(host.reply("app", "", &LINES.to_string()), LINES.to_string());
    }
    let after = host.memory_kept("acme");
    assert!(before + CALLS * LINES * LINE <= after, "{before} {after}");
    // The oldest of them go for a deploy, and no more than it needs.
    deploy(&host, "large", 3).unwrap();
    let kept = host.memory_kept("acme");
    assert!(kept < (QUOTA - INSTANCE + 1) * MIB && after - 3 * MIB < kept, "{after} {kept}");
}

#[test]
fn lines_of_some_apps_do_not_keep_an_instance_of_another_from_starting() {
    let host = host();
    // Each instance needs all that the tenant has.
    for app in ["old", "new", "third"] {
        deploy_of(&host, app, 0, QUOTA).unwrap();
    }
    for app in ["old", "new"] {
        assert_eq!(host.reply(app, "", &LINES.to_string()), LINES.to_string());
    }
    assert!(MIB < host.memory_kept("acme"));
    assert_eq!(host.reply("third", "", "0"), "0");
    assert!(host.memory_kept("acme") < MIB);
    // The oldest lines went, of the app that was called longest ago.
    let lines = host.logs("old");
    assert!((1..LINES as usize).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines.iter().map(|line| line.sequence).max(), Some(LINES));
    assert_eq!(host.logs("new").len(), LINES as usize);
}

#[test]
fn lines_do_not_keep_an_instance_that_must_always_run_from_starting() {
    let host = host();
    host.deploy("acme", "app", &source(0), |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.memory_bytes, limits.timeout_ms) = (Some(QUOTA * MIB), Some(60_000));
        limits.min_instances = Some(1);
    })
    .unwrap();
    let idle = || host.instances_in("app", "idle").first().map(v1::Instance::pid);
    until("it is there", || idle().is_some());
    for _ in 0..2 {
        assert_eq!(host.reply("app", "", &LINES.to_string()), LINES.to_string());
    }
    until("it is idle", || idle().is_some());
    let before = idle().unwrap();
    assert!(MIB < host.memory_kept("acme"));
    kill(Pid::from_raw(i32::try_from(before).unwrap()), Signal::SIGKILL).unwrap();
    until("there is another one", || idle().is_some_and(|pid| pid != before));
    assert!(host.memory_kept("acme") < MIB);
}
