//! Requests per second and calls at the same time, at tenant, app and process.

use std::{
    thread,
    time::{Duration, Instant},
};

use skep_integration::{
    host::{Host, refused, text},
    slowness,
    yard::until,
};
use skep_proto::v1;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

fn rates(rps: u32, burst: u32) -> Option<v1::Rates> {
    Some(v1::Rates { rps: Some(rps), burst: Some(burst) })
}

fn quota(app: &str, rate: Option<v1::Rates>) -> v1::SetQuotaRequest {
    v1::SetQuotaRequest {
        tenant: "acme".into(),
        app: app.into(),
        quota: Some(v1::Quota { rate, ..v1::Quota::default() }),
        ..v1::SetQuotaRequest::default()
    }
}

/// Calls at the same time, and instances, where a rate needs them.
const LANES: u32 = 8;

/// Offers three times `rps` for ten seconds and compares what was admitted.
fn admitted(level: &str, rps: u32) {
    let host = Host::alone();
    let instances = if level == "process" { 1 } else { LANES };
    // Few calls come one after another; thousands need several at a time. One instance answers one call
    // at a time: more lanes would only meet its concurrency.
    let lanes = if rps < 1000 { 1 } else { instances };
    host.deploy("acme", "app", NEIGHBOUR, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.max_instances, limits.concurrency) = (Some(instances), Some(instances));
    })
    .unwrap();
    // A slow machine cannot serve thousands; the arithmetic is the same for what it can.
    let able = capacity(&host, lanes);
    if able / 3 < rps {
        println!("{able} calls per second are all that this machine serves here");
    }
    let rps = rps.min(able / 3).max(3);
    // Credit for the moments in which this machine is too busy to send: they must not look like refusals.
    // An emulated machine stands still for 200 ms now and then. What is allowed does not depend on it.
    let burst = 5 + rps / 2;
    host.deploy("acme", "app", NEIGHBOUR, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.max_instances, limits.concurrency) = (Some(instances), Some(instances));
        match level {
            "app" => request.app_rate = rates(rps, burst),
            "process" => request.instance_rate = rates(rps, burst),
            _ => {}
        }
    })
    .unwrap();
    if level == "tenant" {
        host.set_quota(quota("", rates(rps, burst))).unwrap();
    }
    // Time enough for the burst to be whole again.
    thread::sleep(Duration::from_secs_f64(f64::from(burst + 1) / f64::from(rps)));
    let start = Instant::now();
    let mut offered = host.block_on(async {
        let mut all = JoinSet::new();
        for _ in 0..lanes {
            all.spawn(offer(host.client(), rps * 3 / lanes, start));
        }
        all.join_all().await.concat()
    });
    let wall = start.elapsed().as_secs_f64();
    offered.sort_unstable();
    let admitted = offered.iter().filter(|(_, admitted)| *admitted).count();
    let refused = offered.len() - admitted;
    // Where nothing was sent for longer than the burst lasts, what came on top of it is nobody's.
    let gaps = offered.windows(2).map(|two| (two[1].0 - two[0].0).as_secs_f64());
    let lost: f64 = gaps.map(|gap| (gap * f64::from(rps) - f64::from(burst)).max(0.0)).sum();
    let allowed = f64::from(rps) * wall;
    // One call more or less is what a whole number of calls can be off at low rates.
    let slack = (0.01 * allowed).max(1.5);
    let told = format!("{admitted} of {rps}/s and {burst} at {level} in {wall} s, {lost} lost");
    let admitted = f64::from(u32::try_from(admitted).unwrap());
    assert!(admitted <= allowed + f64::from(burst) + slack, "{told}");
    assert!(allowed - lost + f64::from(burst) - slack <= admitted, "{told}");
    assert!(0 < refused);
}

/// Calls per second that the app answers without a quota, over one second.
fn capacity(host: &Host, lanes: u32) -> u32 {
    assert_eq!(text(host.invoke("app", "", "1")), "2");
    let start = Instant::now();
    host.block_on(async {
        let mut all = JoinSet::new();
        for _ in 0..lanes {
            let mut client = host.client();
            all.spawn(async move {
                let mut answered = 0;
                while start.elapsed() < Duration::from_secs(1) {
                    // With one instance some find the concurrency used up, which is an answer too.
                    let sent = client.invoke(Host::request("acme", "app", "", b"1")).await;
                    answered += u32::from(sent.is_ok());
                }
                answered
            });
        }
        all.join_all().await.into_iter().sum()
    })
}

/// Sends calls one after another at `rps` for ten seconds: when each was sent, and whether it was admitted. What is
/// behind its time is sent at once.
async fn offer(
    mut client: v1::invocations_client::InvocationsClient<tonic::transport::Channel>,
    rps: u32,
    start: Instant,
) -> Vec<(Instant, bool)> {
    let mut offered = Vec::new();
    for number in 0..rps * 10 {
        let due = start + Duration::from_secs(1) * number / rps;
        tokio::time::sleep_until(due.into()).await;
        if start + Duration::from_secs(10) <= Instant::now() {
            break;
        }
        let sent = Instant::now();
        match client.invoke(Host::request("acme", "app", "", b"1")).await {
            Ok(_) => offered.push((sent, true)),
            Err(status) if status.code() == Code::ResourceExhausted => offered.push((sent, false)),
            Err(status) => panic!("{status:?}"),
        }
    }
    offered
}

#[test]
fn ten_a_second_for_a_tenant_are_ten() {
    admitted("tenant", 10);
}

#[test]
fn ten_a_second_for_an_app_are_ten() {
    admitted("app", 10);
}

#[test]
fn ten_a_second_for_a_process_are_ten() {
    admitted("process", 10);
}

#[test]
fn a_hundred_a_second_for_a_tenant_are_a_hundred() {
    admitted("tenant", 100);
}

#[test]
fn a_hundred_a_second_for_an_app_are_a_hundred() {
    admitted("app", 100);
}

#[test]
fn a_hundred_a_second_for_a_process_are_a_hundred() {
    admitted("process", 100);
}

#[test]
fn five_thousand_a_second_for_a_tenant_are_five_thousand() {
    admitted("tenant", 5000);
}

#[test]
fn five_thousand_a_second_for_an_app_are_five_thousand() {
    admitted("app", 5000);
}

#[test]
fn five_thousand_a_second_for_a_process_are_five_thousand() {
    admitted("process", 5000);
}

#[test]
fn a_refusal_says_which_quota_and_when_to_come_back() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |request| request.app_rate = rates(2, 1)).unwrap();
    let start = Instant::now();
    assert_eq!(host.reply("app", "", "1"), "2");
    // A machine that stands still for half a second between two calls has earned the second.
    let mut let_in = 1;
    let answer = loop {
        let answer = host.invoke("app", "", "1");
        if answer.is_err() {
            break answer;
        }
        let_in += 1;
        let earned = 1.0 + 2.0 * start.elapsed().as_secs_f64();
        assert!(f64::from(let_in) <= earned, "{let_in} calls, {earned} earned");
        assert!(let_in < 20, "of twenty calls in a row one is refused");
    };
    let status = refused(answer, Code::ResourceExhausted, "QUOTA");
    let wait = status.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(Duration::ZERO < wait && wait <= Duration::from_millis(500), "{wait:?}");
    assert_eq!(status.get_details_quota_failure().unwrap().violations[0].subject, "app:rate");
    thread::sleep(wait);
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn a_refused_call_costs_the_other_levels_nothing() {
    let host = Host::new("");
    for app in ["tight", "wide"] {
        host.deploy("acme", app, NEIGHBOUR, |request| {
            if app == "tight" {
                request.app_rate = rates(1, 1);
            }
        })
        .unwrap();
        assert_eq!(host.reply(app, "", "1"), "2");
    }
    // A tenant's burst of five, of which the tight app may not take more than its one.
    host.set_quota(quota("", rates(1, 6))).unwrap();
    thread::sleep(Duration::from_secs(6));
    assert_eq!(host.reply("tight", "", "1"), "2");
    for _ in 0..20 {
        let status = refused(host.invoke("tight", "", "1"), Code::ResourceExhausted, "QUOTA");
        assert_eq!(status.get_details_error_info().unwrap().metadata["level"], "app");
    }
    for _ in 0..4 {
        assert_eq!(host.reply("wide", "", "1"), "2");
    }
}

#[test]
fn zero_closes_at_every_level() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    let closed = Some(v1::Rates { rps: Some(0), burst: None });
    let open = rates(1000, 1000);
    for app in ["app", ""] {
        host.set_quota(quota(app, closed)).unwrap();
        let status = refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
        assert!(status.get_details_retry_info().is_none());
        host.set_quota(quota(app, open)).unwrap();
    }
    let process = |rate| v1::SetQuotaRequest {
        tenant: "acme".into(),
        app: "app".into(),
        instance_rate: rate,
        ..v1::SetQuotaRequest::default()
    };
    host.set_quota(process(closed)).unwrap();
    refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
    let concurrency = v1::SetQuotaRequest {
        quota: Some(v1::Quota { concurrency: Some(0), ..v1::Quota::default() }),
        ..process(open)
    };
    host.set_quota(concurrency).unwrap();
    refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
}

#[test]
fn another_instance_starts_where_only_the_process_quota_bounds() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |request| {
        request.instance_rate = rates(1, 1);
        request.limits.as_mut().unwrap().max_instances = Some(3);
        request.limits.as_mut().unwrap().concurrency = Some(3);
    })
    .unwrap();
    for _ in 0..3 {
        assert_eq!(host.reply("app", "", "1"), "2");
    }
    let status = refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
    assert_eq!(status.get_details_error_info().unwrap().metadata["level"], "process");
    assert_eq!(host.instances_in("app", "idle").len(), 3);
}

#[test]
fn calls_at_the_same_time_are_bounded() {
    let host = Host::new("");
    let source =
        "export default async (ms) => { await new Promise((r) => setTimeout(r, ms)); return 1; }";
    host.deploy("acme", "app", source, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.concurrency, limits.timeout_ms) = (Some(2), Some(60_000));
    })
    .unwrap();
    let wait = (1000 * slowness().min(5)).to_string();
    thread::scope(|scope| {
        let long: Vec<_> = (0..2)
            .map(|_| {
                let (host, wait) = (&host, &wait);
                scope.spawn(move || text(host.invoke("app", "", wait)))
            })
            .collect();
        until("two run", || host.instances_in("app", "busy").len() == 2);
        refused(host.invoke("app", "", "0"), Code::ResourceExhausted, "QUOTA");
        assert!(long.into_iter().all(|call| call.join().unwrap() == "1"));
    });
    assert_eq!(host.reply("app", "", "0"), "1");
}

#[test]
fn quotas_of_a_tenant_need_an_admin_and_last_over_a_restart() {
    let mut host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    host.set_quota(quota("", Some(v1::Rates { rps: Some(0), burst: None }))).unwrap();
    assert_eq!(host.stop(nix::sys::signal::Signal::SIGTERM), 0);
    host.start_again();
    refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
}

#[test]
fn a_tenant_at_its_share_of_the_host_is_told_so_and_others_go_on() {
    let host = Host::cramped(8);
    let apps = ["a0", "a1", "a2", "a3", "a4"];
    for app in apps {
        host.deploy("acme", app, NEIGHBOUR, |_| ()).unwrap();
    }
    host.deploy("beta", "app", NEIGHBOUR, |_| ()).unwrap();
    for app in &apps[..4] {
        assert_eq!(host.reply(app, "", "1"), "2");
    }
    let status = refused(host.invoke(apps[4], "", "1"), Code::Unavailable, "SPAWN_FAILED");
    assert!(status.message().contains("4 instances, its share"), "{}", status.message());
    assert_eq!(text(host.send(Host::request("beta", "app", "", b"1"))), "2");
}
