//! What the daemon keeps for a tenant is in the tenant's memory quota.

use skep_integration::host::{Host, refused};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

const MIB: u64 = 1 << 20;
/// What the tenant has, and what each instance needs of it.
const QUOTA: u64 = 40;
const INSTANCE: u64 = 16;
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

/// Deploys an app with a source of `mib`; nothing of it is compiled but the little that is no comment.
fn deploy(host: &Host, app: &str, mib: u64) -> Result<(), Box<tonic::Status>> {
    let filler = " ".repeat(usize::try_from(mib * MIB).unwrap());
    let source = format!(
        "export default (n) => {{ const line = 'x'.repeat({LINE}); \
         for (let i = 0; i < n; i++) console.log(line); return n; }} //{filler}"
    );
    let deployed = host.deploy("acme", app, &source, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.memory_bytes, limits.timeout_ms) = (Some(INSTANCE * MIB), Some(60_000));
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
    let mut apps = 0_u64;
    let last = loop {
        match deploy(&host, &format!("app{apps}"), 3) {
            Ok(()) => apps += 1,
            Err(status) => break status,
        }
        assert!(apps * 3 <= QUOTA - INSTANCE, "{apps}");
    };
    too_much(Err(last));
    // Beside what is kept there is room for one instance.
    assert!(apps * 3 * MIB <= host.memory_kept("acme"), "{apps}");
    assert_eq!(host.reply("app0", "", "0"), "0");
    // Others have their own.
    host.deploy("beta", "app", "export default () => 1", |_| ()).unwrap();
    host.remove("acme", "app0").unwrap();
    deploy(&host, "another", 3).unwrap();
    // What replaces itself needs no room twice.
    deploy(&host, "another", 3).unwrap();
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
    too_much(deploy(&host, "large", 3));
    host.remove("acme", "app").unwrap();
    deploy(&host, "large", 3).unwrap();
}
