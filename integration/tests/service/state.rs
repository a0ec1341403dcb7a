//! What the daemon keeps on disk: damaged files, a full disk, and how much is written.

use std::{fs, path::PathBuf};

use nix::sys::signal::Signal;
use skep_integration::{
    host::{Host, refused},
    place::SmallDisk,
};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

fn apps(host: &Host) -> PathBuf {
    host.place.folder.join("state/apps/acme")
}

/// The names of the files of the tenant's apps.
fn names(host: &Host) -> Vec<String> {
    let entries = fs::read_dir(apps(host)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn concurrency(app: &str, calls: u32) -> v1::SetQuotaRequest {
    v1::SetQuotaRequest {
        tenant: "acme".into(),
        app: app.into(),
        quota: Some(v1::Quota { concurrency: Some(calls), ..v1::Quota::default() }),
        ..v1::SetQuotaRequest::default()
    }
}

#[test]
fn a_damaged_file_of_an_app_is_set_aside_and_named_and_the_rest_serves() {
    let mut host = Host::new("");
    for app in ["whole", "broken"] {
        host.deploy("acme", app, NEIGHBOUR, |_| ()).unwrap();
    }
    host.deploy("beta", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    let file = apps(&host).join("broken.app");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    host.start_again();
    assert_eq!(host.reply("whole", "", "1"), "2");
    let beta = Host::request("beta", "app", "", b"1");
    assert_eq!(skep_integration::host::text(host.send(beta)), "2");
    refused(host.invoke("broken", "", "1"), Code::NotFound, "NOT_FOUND");
    assert!(host.log().contains("broken.app: "), "{}", host.log());
    let aside = apps(&host).join("broken.app.damaged");
    assert_eq!(fs::read(&aside).unwrap().len(), bytes.len() - 1);
    let finding = &host.doctor()["state"];
    assert_eq!(finding.grade(), v1::finding::Grade::Degraded);
    assert!(finding.found.ends_with("broken.app.damaged"), "{}", finding.found);
    host.deploy("acme", "broken", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("broken", "", "1"), "2");
}

#[test]
fn a_tenant_whose_quota_is_damaged_is_closed_and_the_rest_serves() {
    let mut host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    host.deploy("beta", "app", NEIGHBOUR, |_| ()).unwrap();
    host.set_quota(concurrency("", 3)).unwrap();
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    fs::write(host.place.folder.join("state/quotas/acme.json"), "{").unwrap();
    host.start_again();
    let beta = Host::request("beta", "app", "", b"1");
    assert_eq!(skep_integration::host::text(host.send(beta)), "2");
    refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
    assert!(host.log().contains("quotas/acme.json: "), "{}", host.log());
    // What is set now holds again, also at the next start.
    let rate = Some(v1::Rates { rps: Some(1000), burst: Some(1000) });
    let quota = Some(v1::Quota { rate, ..v1::Quota::default() });
    host.set_quota(v1::SetQuotaRequest { quota, ..concurrency("", 0) }).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    host.start_again();
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn a_full_disk_refuses_changes_leaves_nothing_half_written_and_harms_no_call() {
    let mut host = Host::new("");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    let disk = SmallDisk::new(host.place.folder.join("state"));
    host.start_again();
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    host.set_quota(concurrency("app", 1)).unwrap();
    let before = names(&host);
    assert_eq!(before, ["app.app", "app.quota"]);
    disk.fill();
    let full = (Code::Unavailable, "DISK_FULL");
    let other = host.deploy("acme", "other", NEIGHBOUR, |_| ());
    let status = refused(other, full.0, full.1);
    assert_eq!(status.get_details_error_info().unwrap().metadata["retriable"], "true");
    refused(host.deploy("acme", "app", "export default () => 7", |_| ()), full.0, full.1);
    refused(host.set_quota(concurrency("app", 0)), full.0, full.1);
    refused(host.set_quota(concurrency("", 0)), full.0, full.1);
    assert_eq!(names(&host), before);
    let quotas = fs::read_dir(host.place.folder.join("state/quotas")).unwrap();
    assert_eq!(quotas.count(), 0);
    // What was live is.
    assert_eq!(host.reply("app", "", "1"), "2");
    disk.make_room();
    host.deploy("acme", "other", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("other", "", "1"), "2");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
}

#[test]
fn a_change_of_an_apps_quota_does_not_write_the_app_again() {
    /// Of its source, which is a comment.
    const LARGE: usize = 1 << 20;
    const CHANGES: u32 = 74;
    let host = Host::new("");
    let source = format!("{NEIGHBOUR}\n//{}", "x".repeat(LARGE));
    host.deploy("acme", "app", &source, |_| ()).unwrap();
    let written = || {
        let text = host.daemon_process().text("io");
        let bytes = text.lines().find_map(|line| line.strip_prefix("wchar: "));
        bytes.unwrap().parse::<usize>().unwrap()
    };
    let before = written();
    for calls in 0..CHANGES {
        host.set_quota(concurrency("app", calls % 2)).unwrap();
    }
    let bytes = written() - before;
    // With its answers and its log; the app alone is more.
    assert!(bytes < LARGE, "{bytes}");
}
