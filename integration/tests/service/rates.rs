//! How often a caller may make calls that no tenant's quota meters, what it may do at all, and on which
//! threads of the daemon such calls wait.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use prost::Message;
use skep_integration::{
    host::{Host, text},
    wire::{Answered, OPEN, Wire, answered},
    yard::until,
};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

const BETA: u32 = 65_533;

const INVOKE: &str = "/skep.v1.Invocations/Invoke";
const DEPLOY: &str = "/skep.v1.Apps/Deploy";
const LIST: &str = "/skep.v1.Apps/List";
const SET: &str = "/skep.v1.Quotas/Set";

fn host(more: &str) -> Host {
    let host = Host::new(more);
    let socket = host.place.folder.join("skep.sock");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    host.deploy("beta", "app", NEIGHBOUR, |_| ()).unwrap();
    host
}

fn ask(host: &Host, uid: u32, path: &str, message: &impl Message) -> Answered {
    host.block_on(async { Wire::open(host, uid, OPEN).await.ask(path, message).await })
}

fn set() -> v1::SetQuotaRequest {
    v1::SetQuotaRequest {
        tenant: "beta".into(),
        app: "app".into(),
        quota: Some(v1::Quota { concurrency: Some(1), ..v1::Quota::default() }),
        ..v1::SetQuotaRequest::default()
    }
}

fn refused(answer: &Answered, code: Code, reason: &str) {
    assert_eq!((answer.said().0, answer.said().1.as_str()), (code, reason), "{answer:?}");
}

#[test]
fn a_caller_that_calls_too_often_is_told_when_to_come_back_on_all_its_connections() {
    let host = host("[rates]\nset = 1\n");
    let start = Instant::now();
    let answers: Vec<Answered> = (0..20).map(|_| ask(&host, BETA, SET, &set())).collect();
    let most = 4 + usize::try_from(start.elapsed().as_secs()).unwrap() + 1;
    let (good, bad): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.said().0 == Code::Ok);
    assert!((4..=most).contains(&good.len()), "{} of {most}", good.len());
    for answer in bad {
        refused(answer, Code::ResourceExhausted, "QUOTA");
        assert_eq!(answer.said().2, "caller");
        let wait = answer.status.get_details_retry_info().unwrap().retry_delay.unwrap();
        assert!(wait.as_millis() <= 1000, "{wait:?}");
        let violations = answer.status.get_details_quota_failure().unwrap().violations;
        assert_eq!(violations[0].subject, "caller:rate");
    }
    // Neither another caller nor another kind of call is concerned.
    assert_eq!(ask(&host, 0, SET, &set()).said().0, Code::Ok);
    let list = v1::ListAppsRequest { tenant: "beta".into() };
    assert_eq!(ask(&host, BETA, LIST, &list).said().0, Code::Ok);
    until("it may call again", || ask(&host, BETA, SET, &set()).said().0 == Code::Ok);
}

/// How long so many refused calls take, of which a hundred wait for their answers at a time.
fn refused_calls(host: &Host, uid: u32, count: u32) -> Duration {
    let nothing = Host::request("beta", "nothing", "", b"1").encode_to_vec();
    host.block_on(async {
        let mut wire = Wire::open(host, uid, OPEN).await;
        let start = Instant::now();
        for _ in 0..count / 100 {
            let mut sent = Vec::new();
            for _ in 0..100 {
                sent.push(wire.send(INVOKE, &nothing).await.unwrap().answer);
            }
            for answer in sent {
                assert_eq!(answered(answer).await.unwrap().said().1, "NOT_FOUND");
            }
        }
        start.elapsed()
    })
}

#[test]
fn who_is_refused_too_often_begins_later_and_only_where_that_is_its_own_doing() {
    let host = host("[rates]\nrefused = 100\n");
    // 200 at once, then 100 a second; a hundred may have begun before it was known of them.
    assert!(Duration::from_millis(950) < refused_calls(&host, BETA, 500));
    // What the limits of one tenant refuse is no fault of a caller for many: else it took 18 s.
    let took = refused_calls(&host, 0, 2000);
    assert!(took < Duration::from_secs(17), "{took:?}");
}

#[test]
fn a_deploy_beyond_the_callers_rate_is_refused_and_calls_of_functions_are_not_metered_there() {
    let host = host("[rates]\ndeploy = 1\n");
    let deploy = Host::deploy_request("beta", "app", NEIGHBOUR);
    let start = Instant::now();
    let answers: Vec<Answered> = (0..20).map(|_| ask(&host, BETA, DEPLOY, &deploy)).collect();
    let most = 4 + usize::try_from(start.elapsed().as_secs()).unwrap() + 1;
    let good = answers.iter().filter(|answer| answer.said().0 == Code::Ok).count();
    assert!((4..=most).contains(&good), "{good} of {most}");
    let call = Host::request("beta", "app", "", b"1");
    for _ in 0..50 {
        assert_eq!(ask(&host, BETA, INVOKE, &call).said().0, Code::Ok);
    }
}

#[test]
fn a_caller_does_what_it_may_and_nothing_else() {
    let rule = |uid: u32, may: &str| {
        format!("[[callers]]\nuid = {uid}\ntenants = [\"beta\"]\nmay = [\"{may}\"]\n")
    };
    let rights = ["invoke", "observe", "deploy", "quota"];
    let uids = [65_510, 65_511, 65_512, 65_513];
    let more: String = uids.iter().zip(rights).map(|(uid, may)| rule(*uid, may)).collect();
    let host = host(&more);
    let tenant = || "beta".to_owned();
    let list = v1::ListAppsRequest { tenant: tenant() };
    let logs = v1::LogsRequest { tenant: tenant(), app: "app".into(), ..Default::default() };
    let get = v1::GetQuotaRequest { tenant: tenant(), app: "app".into() };
    let instances = v1::InstancesRequest { tenant: tenant() };
    let remove = v1::RemoveRequest { tenant: tenant(), app: "other".into() };
    for (uid, may) in uids.into_iter().zip(rights) {
        let calls = [
            ("invoke", ask(&host, uid, INVOKE, &Host::request("beta", "app", "", b"1"))),
            ("observe", ask(&host, uid, LIST, &list)),
            ("observe", ask(&host, uid, "/skep.v1.Apps/Logs", &logs)),
            ("observe", ask(&host, uid, "/skep.v1.Quotas/Get", &get)),
            ("observe", ask(&host, uid, "/skep.v1.Host/Instances", &instances)),
            ("deploy", ask(&host, uid, DEPLOY, &Host::deploy_request("beta", "other", NEIGHBOUR))),
            ("deploy", ask(&host, uid, "/skep.v1.Apps/Remove", &remove)),
            ("quota", ask(&host, uid, SET, &set())),
        ];
        for (needed, answer) in &calls {
            let expected =
                if *needed == may { (Code::Ok, "") } else { (Code::PermissionDenied, "MAY_NOT") };
            let (code, reason, _) = answer.said();
            assert_eq!((code, reason.as_str()), expected, "{may} for {needed}");
        }
    }
    // A rule without the key allows all of it.
    assert_eq!(ask(&host, BETA, SET, &set()).said().0, Code::Ok);
}

/// The most threads that the daemon has while `work` goes on.
fn threads(host: &Host, work: impl FnOnce()) -> u64 {
    let (daemon, done, most) = (host.daemon_process(), AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let threads = daemon.status()["Threads"].parse().unwrap();
                most.fetch_max(threads, Ordering::Relaxed);
            }
        });
        work();
        done.store(true, Ordering::Relaxed);
    });
    most.load(Ordering::Relaxed)
}

#[test]
fn looking_at_instances_and_removing_many_takes_few_threads() {
    let host = host("");
    host.deploy("acme", "many", NEIGHBOUR, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.min_instances, limits.max_instances) = (Some(60), Some(60));
        limits.memory_bytes = Some(16 << 20);
    })
    .unwrap();
    until("all are there", || host.instances_in("many", "idle").len() == 60);
    let request = v1::InstancesRequest { tenant: "acme".into() };
    let most = threads(&host, || {
        host.block_on(async {
            let mut wires = Vec::new();
            for _ in 0..4 {
                wires.push(Wire::open(&host, 0, OPEN).await);
            }
            let asked = wires.iter_mut().map(|wire| async {
                let mut sent = Vec::new();
                for _ in 0..25 {
                    let message = request.encode_to_vec();
                    sent.push(wire.send("/skep.v1.Host/Instances", &message).await.unwrap());
                }
                for one in sent {
                    let answer = skep_integration::wire::answered(one.answer).await.unwrap();
                    assert_eq!(answer.said().0, Code::Ok);
                }
            });
            for one in asked {
                one.await;
            }
        });
        host.remove("acme", "many").unwrap();
        until("all are gone", || host.instances("acme").iter().all(|one| one.app.is_empty()));
    });
    // Those that serve, sixteen that wait for files, and the daemon's own.
    assert!(most <= 24, "{most} threads");
    assert_eq!(text(host.send(Host::request("beta", "app", "", b"1"))), "2");
}
