//! What requests and answers may hold in the daemon, how long it waits for a peer, and who may connect.

use std::{fs, io::Read as _, os::unix::fs::PermissionsExt as _, time::Duration};

use prost::Message as _;
use skep_integration::{
    host::{Host, bill_of, refused},
    wire::{Answered, OPEN, Sent, Wire, answered, connect_as},
    yard::{patience, until},
};
use skep_proto::v1;
use tonic::Code;

use crate::NEIGHBOUR;

/// The caller of tenant `beta`.
const BETA: u32 = 65_533;

const INVOKE: &str = "/skep.v1.Invocations/Invoke";
const DEPLOY: &str = "/skep.v1.Apps/Deploy";
const LOGS: &str = "/skep.v1.Apps/Logs";

/// An answer of 256 KiB.
const LARGE: &str = "export default () => 'x'.repeat(256 * 1024)";

/// So that there is more than one answer has room for.
const MANY_LINES: &str = "[logs]\nbytes_kept = \"4MiB\"\n";

/// A daemon with small messages and budgets, whose socket everybody may open.
fn host(budget: &str) -> Host {
    let sizes = "[sizes]\nrequest = \"512KiB\"\nreply = \"512KiB\"\nsource = \"512KiB\"\n";
    let host = Host::new(&format!("{MANY_LINES}{sizes}[budget]\n{budget}\n"));
    open_to_all(&host);
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    host.deploy("beta", "app", LARGE, |_| ()).unwrap();
    host
}

fn open_to_all(host: &Host) {
    let socket = host.place.folder.join("skep.sock");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
}

fn call() -> Vec<u8> {
    Host::request("beta", "app", "", b"1").encode_to_vec()
}

/// What is held, in bytes, at one level.
fn held(host: &Host, level: &str, name: &str) -> u64 {
    host.budget(level, name).0
}

/// Asks for one large answer after the other and reads none, until one is refused.
async fn unread_until_refused(wire: &mut Wire) -> (usize, Answered, Vec<Sent>) {
    let mut unread = Vec::new();
    loop {
        let Sent { mut answer, body } = wire.send(INVOKE, &call()).await.unwrap();
        let head = std::future::poll_fn(|context| std::pin::Pin::new(&mut answer).poll(context));
        let head = head.await.unwrap();
        if head.headers().contains_key("grpc-status") {
            let headers = head.headers().clone();
            let status = tonic::Status::from_header_map(&headers).unwrap();
            let answer = Answered { status, message: Vec::new().into(), header_bytes: 0, headers };
            return (unread.len(), answer, unread.into_iter().map(|(sent, _)| sent).collect());
        }
        // Kept, so that the stream is neither read nor reset.
        unread.push((Sent { answer, body }, head));
        assert!(unread.len() < 1000, "never refused");
    }
}

#[track_caller]
fn unread(budget: &str, level: &str, most: u64) {
    let host = host(budget);
    let name = if level == "tenant" { "beta".to_owned() } else { BETA.to_string() };
    let (count, answer) = host.block_on(async {
        let mut wire = Wire::open(&host, BETA, 0).await;
        let (count, answer, _unread) = unread_until_refused(&mut wire).await;
        (count, answer)
    });
    assert_eq!(answer.said(), (Code::ResourceExhausted, "BUDGET".to_owned(), level.to_owned()));
    // It did not run.
    assert_eq!(bill_of(&answer.status), v1::Usage::default());
    // As many as there is room for beside the largest one, and what the requests themselves hold.
    let fit = usize::try_from((most - (256 << 10)) / (256 << 10)).unwrap();
    assert!((fit - 1..=fit).contains(&count), "{count} answers of 256 KiB in {most}");
    let (_, peak, bound) = host.budget(level, &name);
    assert_eq!(bound, most);
    // The largest answer has 512 KiB.
    assert!(peak <= most && most - peak < 512 << 10, "{peak} of {most}");
    // Others are not concerned, and the caller is served again once its connection is gone.
    assert_eq!(host.reply("app", "", "1"), "2");
    until("all of it came back", || held(&host, "caller", &BETA.to_string()) == 0);
    until("all of it came back", || held(&host, "tenant", "beta") == 0);
    let answer = host.block_on(async {
        let mut wire = Wire::open(&host, BETA, OPEN).await;
        let sent = wire.send(INVOKE, &call()).await.unwrap();
        answered(sent.answer).await.unwrap()
    });
    assert_eq!(answer.said().0, Code::Ok);
}

#[test]
fn answers_that_are_not_read_are_in_the_tenants_budget_until_their_connection_ends() {
    unread("tenant = \"2MiB\"", "tenant", 2 << 20);
}

#[test]
fn answers_that_are_not_read_are_in_the_callers_budget_until_their_connection_ends() {
    unread("tenant = \"4MiB\"\ncaller = \"1MiB\"", "caller", 1 << 20);
}

#[test]
fn a_call_whose_answer_finds_no_room_is_told_that_it_ran() {
    let host = host("tenant = \"1152KiB\"");
    let slow = "export default () => { const end = Date.now() + 300; while (Date.now() < end); \
                return 'x'.repeat(511 * 1024); }";
    host.deploy("beta", "app", slow, |request| {
        let limits = request.limits.get_or_insert_default();
        (limits.max_instances, limits.concurrency) = (Some(3), Some(3));
    })
    .unwrap();
    let mut answers = host.block_on(async {
        let mut wire = Wire::open(&host, BETA, 0).await;
        let mut sent = Vec::new();
        // All are let in while none has its answer, and no answer is taken.
        for _ in 0..3 {
            sent.push(wire.send(INVOKE, &call()).await.unwrap().answer);
        }
        let mut heads = Vec::new();
        for answer in sent {
            heads.push(answer.await.unwrap());
        }
        heads.iter().map(|head| head.headers().clone()).collect::<Vec<_>>()
    });
    answers.retain(|headers| headers.contains_key("grpc-status"));
    let [lost] = answers.as_slice() else { panic!("{answers:?}") };
    let status = tonic::Status::from_header_map(lost).unwrap();
    let info = tonic_types::StatusExt::get_details_error_info(&status).unwrap();
    assert_eq!((status.code(), info.reason.as_str()), (Code::ResourceExhausted, "BUDGET"));
    // To call again would run it again.
    assert_eq!(info.metadata["retriable"], "false");
    assert_eq!(info.metadata["invocation"].len(), 32);
    let bill = bill_of(&status);
    // A string in JSON has two quotation marks.
    assert_eq!((bill.bytes_in, bill.bytes_out), (1, (511 << 10) + 2));
    assert_ne!(bill.cpu_us, 0);
}

#[test]
fn a_message_without_room_is_refused_before_it_is_read() {
    let host = host("total = \"8MiB\"\ncaller = \"1MiB\"\ntenant = \"1MiB\"");
    let caller = BETA.to_string();
    host.block_on(async {
        for path in [DEPLOY, INVOKE] {
            let mut wire = Wire::open(&host, BETA, OPEN).await;
            let mut begun = Vec::new();
            for _ in 0..2 {
                begun.push(wire.begin(path, &[], 400 << 10, b"\x0a", false).await.unwrap());
            }
            let known = async {
                while host_held(&host, &caller).await < 800 << 10 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            tokio::time::timeout(patience(), known).await.unwrap();
            // Nothing but its length has come.
            let third = wire.begin(path, &[], 400 << 10, b"", false).await.unwrap();
            let answer = answered(third.answer).await.unwrap();
            let expected = (Code::ResourceExhausted, "BUDGET".to_owned(), "caller".to_owned());
            assert_eq!(answer.said(), expected);
            let more = tonic_types::StatusExt::get_details_retry_info(&answer.status);
            assert!(more.unwrap().retry_delay.is_some());
            drop((begun, wire));
            let gone = async {
                while host_held(&host, &caller).await != 0 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            tokio::time::timeout(patience(), gone).await.unwrap();
        }
    });
    assert_eq!(host.reply("app", "", "1"), "2");
}

/// The same from async code.
async fn host_held(host: &Host, caller: &str) -> u64 {
    let mut wire = Wire::open(host, 0, OPEN).await;
    let answer = wire.ask("/skep.v1.Host/Budget", &v1::BudgetRequest {}).await;
    let uses = v1::BudgetResponse::decode(&answer.message[5..]).unwrap().uses;
    uses.iter().find(|one| one.name == caller).map_or(0, |one| one.used_bytes)
}

#[test]
fn a_caller_has_places_for_deploys_and_one_more_is_refused_before_it_is_read() {
    let host = host("");
    let caller = BETA.to_string();
    host.block_on(async {
        let mut wire = Wire::open(&host, BETA, OPEN).await;
        let mut begun = Vec::new();
        for _ in 0..16 {
            begun.push(wire.begin(DEPLOY, &[], 64, b"", false).await.unwrap());
        }
        let known = async {
            while host_held(&host, &caller).await < 16 * (8 << 10) + 16 * 64 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(patience(), known).await.unwrap();
        let one_more = wire.begin(DEPLOY, &[], 64, b"", false).await.unwrap();
        let answer = answered(one_more.answer).await.unwrap();
        let expected = (Code::ResourceExhausted, "BUDGET".to_owned(), "caller".to_owned());
        assert_eq!(answer.said(), expected);
        // A call needs no such place.
        let sent = wire.send(INVOKE, &call()).await.unwrap();
        assert_eq!(answered(sent.answer).await.unwrap().said().0, Code::Ok);
    });
}

#[test]
fn watches_of_health_have_places_and_one_more_is_refused() {
    let host = host("");
    let watch = "/grpc.health.v1.Health/Watch";
    host.block_on(async {
        let mut wire = Wire::open(&host, BETA, OPEN).await;
        let mut watching = Vec::new();
        for _ in 0..64 {
            let sent = wire.send(watch, b"").await.unwrap();
            watching.push(sent.answer.await.unwrap());
        }
        let sent = wire.send(watch, b"").await.unwrap();
        let expected = (Code::ResourceExhausted, "BUDGET".to_owned(), "caller".to_owned());
        assert_eq!(answered(sent.answer).await.unwrap().said(), expected);
        drop(watching);
        let free = async {
            while host_held(&host, &BETA.to_string()).await != 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(patience(), free).await.unwrap();
        let sent = wire.send(watch, b"").await.unwrap();
        assert!(!sent.answer.await.unwrap().headers().contains_key("grpc-status"));
    });
}

#[test]
fn a_call_that_is_refused_before_it_is_decoded_has_a_bill_too() {
    let host = host("");
    host.block_on(async {
        let mut wire = Wire::open(&host, BETA, OPEN).await;
        let large = wire.begin(INVOKE, &[], 600 << 10, b"", false).await.unwrap();
        let large = answered(large.answer).await.unwrap();
        assert_eq!(large.said().1, "TOO_LARGE");
        let cut = wire.begin(INVOKE, &[], 10, b"\x0a", true).await.unwrap();
        let cut = answered(cut.answer).await.unwrap();
        assert_eq!(cut.said().1, "BAD_FIELD");
        for refused in [large, cut] {
            assert_eq!(bill_of(&refused.status), v1::Usage::default(), "{refused:?}");
        }
    });
}

/// The most memory that the daemon ever had, in bytes.
fn peak_memory(host: &Host) -> u64 {
    let status = fs::read_to_string(host.daemon_process().path("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn small_requests_for_large_answers_do_not_fill_the_daemon() {
    let host = host("total = \"16MiB\"\ncaller = \"8100KiB\"\ntenant = \"8100KiB\"");
    let source =
        "export default () => { for (let i = 0; i < 16; i++) console.log('y'.repeat(4000)); }";
    host.deploy("beta", "logs", source, |_| ()).unwrap();
    for _ in 0..20 {
        host.send(Host::request("beta", "logs", "", b"1")).unwrap();
    }
    let idle = peak_memory(&host);
    let request = v1::LogsRequest {
        tenant: "beta".into(),
        app: "logs".into(),
        limit: 1000,
        ..v1::LogsRequest::default()
    };
    let request = request.encode_to_vec();
    let (full, wires) = host.block_on(async {
        let (mut full, mut wires) = (0, Vec::new());
        for _ in 0..3 {
            let mut wire = Wire::open(&host, BETA, 0).await;
            for _ in 0..100 {
                let sent = wire.send(LOGS, &request).await.unwrap();
                let head = sent.answer.await.unwrap();
                full += u32::from(head.headers().contains_key("grpc-status"));
                wires.push((head, sent.body));
            }
        }
        (full, wires)
    });
    drop(wires);
    // 1 MiB each, and a little less than 8 MiB of room.
    assert_eq!(full, 300 - 7, "of 300 requests");
    let (_, peak, most) = host.budget("caller", &BETA.to_string());
    assert!(peak <= most, "{peak} of {most}");
    let grown = peak_memory(&host) - idle;
    assert!(grown < 48 << 20, "the daemon grew by {grown} bytes");
}

#[test]
fn a_peer_that_takes_no_answer_is_disconnected_though_it_answers_pings() {
    let host = Host::new("[patience]\nanswer = \"700ms\"\n");
    open_to_all(&host);
    host.deploy("beta", "app", LARGE, |_| ()).unwrap();
    let took = host.block_on(async {
        let mut wire = Wire::open(&host, BETA, 0).await;
        let Sent { answer, body } = wire.send(INVOKE, &call()).await.unwrap();
        let head = answer.await.unwrap();
        let took = wire.end().await;
        drop((head, body));
        took
    });
    assert!(Duration::from_millis(500) < took, "{took:?}");
    until("all of it came back", || held(&host, "caller", &BETA.to_string()) == 0);
    // Whoever reads is served on, whenever it asks.
    host.block_on(async {
        let mut wire = Wire::open(&host, BETA, OPEN).await;
        for _ in 0..3 {
            let sent = wire.send(INVOKE, &call()).await.unwrap();
            assert_eq!(answered(sent.answer).await.unwrap().said().0, Code::Ok);
        }
        assert!(!wire.has_ended());
    });
}

#[test]
fn a_peer_that_does_not_begin_is_disconnected() {
    let host = Host::new("[patience]\nhandshake = \"300ms\"\n");
    for begun in ["", "PRI * HTTP/2.0"] {
        let mut stream = connect_as(&host, 0);
        std::io::Write::write_all(&mut stream, begun.as_bytes()).unwrap();
        stream.set_read_timeout(Some(patience())).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        let reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(ended.as_ref().map_or_else(reset, |_| true), "{ended:?}");
    }
}

#[test]
fn a_connection_without_a_request_ends_and_one_with_a_long_call_does_not() {
    let host = Host::new("[patience]\nidle = \"400ms\"\nanswer = \"300ms\"\n");
    let source =
        "export default () => { const end = Date.now() + 1500; while (Date.now() < end); }";
    host.deploy("acme", "slow", source, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    })
    .unwrap();
    host.block_on(async {
        let mut wire = Wire::open(&host, 0, OPEN).await;
        let answer = wire.ask(INVOKE, &Host::request("acme", "slow", "", b"1")).await;
        assert_eq!(answer.said().0, Code::Ok);
        wire.end().await;
    });
}

#[test]
fn a_stranger_is_told_so_at_its_first_byte_and_is_not_listened_to() {
    let host = Host::new("");
    open_to_all(&host);
    let mut stream = connect_as(&host, 65_532);
    stream.set_read_timeout(Some(patience())).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    assert!(said.ends_with(b"UNKNOWN_CALLER"), "{said:?}");
    assert_eq!(said.len(), 40);
}

#[test]
fn callers_with_all_their_connections_leave_places_for_admins() {
    let more: String = (0..4)
        .map(|at| format!("[[callers]]\nuid = {}\ntenants = [\"beta\"]\n", 65_520 + at))
        .collect();
    let host = Host::new(&more);
    open_to_all(&host);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, most).unwrap();
    let mut open = Vec::new();
    for at in 0..4 {
        for _ in 0..300 {
            open.push(connect_as(&host, 65_520 + at));
        }
    }
    let answer = host.block_on(async {
        let mut wire = Wire::open(&host, 0, OPEN).await;
        wire.ask("/skep.v1.Host/Budget", &v1::BudgetRequest {}).await
    });
    assert_eq!(answer.said().0, Code::Ok);
    drop(open);
}

#[test]
fn console_lines_are_cut_to_what_an_answer_has_room_for() {
    let host = Host::new(MANY_LINES);
    let source =
        "export default (n) => { for (let i = 0; i < 16; i++) console.log(n + 'y'.repeat(4000)); }";
    host.deploy("acme", "app", source, |_| ()).unwrap();
    for n in 0..20 {
        host.invoke("app", "", &n.to_string()).unwrap();
    }
    let request = v1::LogsRequest {
        tenant: "acme".into(),
        app: "app".into(),
        limit: 1000,
        ..v1::LogsRequest::default()
    };
    let answer = host.block_on(async {
        let mut wire = Wire::open(&host, 0, 2 * OPEN).await;
        wire.ask(LOGS, &request).await
    });
    let bytes = answer.message.len();
    assert!((1 << 20) - 8192 < bytes && bytes < (1 << 20) + 8, "{bytes} bytes");
    let logs = v1::LogsResponse::decode(&answer.message[5..]).unwrap();
    assert!(logs.truncated);
    // The newest are there, oldest first.
    assert!(logs.lines.last().unwrap().text.starts_with("19y"));
    assert!(logs.lines.is_sorted_by_key(|line| line.sequence));
}

#[test]
fn code_of_apps_beyond_what_is_kept_is_on_disk_alone_and_comes_back_when_called() {
    let mut host = Host::new("[sizes]\nsource = \"64KiB\"\n[daemon]\nkept = \"600KiB\"\n");
    let app = |at: usize| format!("app{at}");
    for at in 0..12 {
        let source = format!("export default () => {at}; /*{}*/", "x".repeat(60 << 10));
        host.deploy("acme", &app(at), &source, |_| ()).unwrap();
        let (kept, most) = host.kept();
        assert!(most == 600 << 10 && kept <= most, "{kept} of {most}");
    }
    let all = 12 * (60 << 10);
    // Each is called by an instance that loads it now, first from memory or disk, then after a restart.
    for _ in 0..2 {
        for at in 0..12 {
            assert_eq!(host.reply(&app(at), "", "null"), at.to_string());
            let (kept, most) = host.kept();
            assert!(kept <= most && most < all, "{kept} of {most}");
        }
        assert_eq!(host.stop(nix::sys::signal::Signal::SIGTERM), 0);
        host.start_again();
    }
    // Most of the room is used.
    assert!(300 << 10 < host.kept().0, "{:?}", host.kept());
}

#[test]
fn exports_that_cannot_be_called_are_counted_and_a_list_names_a_part_of_the_others() {
    let host = Host::new("");
    let many: String = (0..70).map(|n| format!("export const f{n} = () => {n};")).collect();
    let long = "g".repeat(2048);
    let source = format!("{many} export const {long} = () => 1;");
    let answer = host.deploy("acme", "app", &source, |_| ()).unwrap();
    assert_eq!((answer.functions.len(), answer.skipped_exports), (70, 1));
    assert_eq!(answer.skipped_names, [&long[..63]]);
    let apps = host.apps("acme").unwrap();
    assert_eq!((apps[0].functions.len(), apps[0].function_count), (64, 70));
    assert_eq!(host.reply("app", "f69", "1"), "69");
    refused(host.invoke("app", &long, "1"), Code::InvalidArgument, "BAD_FIELD");
}

#[test]
fn the_deadline_of_a_client_is_told_with_its_reason_whatever_was_asked() {
    let host = Host::new("");
    let slow = "const end = Date.now() + 800; while (Date.now() < end); export default () => 1";
    let deploy = Host::deploy_request("acme", "slow", slow).encode_to_vec();
    let spin = "export default () => { while (true); }";
    host.deploy("acme", "spin", spin, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    })
    .unwrap();
    let invoke = Host::request("acme", "spin", "", b"1").encode_to_vec();
    host.block_on(async {
        let mut wire = Wire::open(&host, 0, OPEN).await;
        let deadline = [("grpc-timeout", "200m")];
        for (path, message, sent) in [
            (DEPLOY, &deploy, deploy.len()),
            (INVOKE, &invoke, invoke.len()),
            // And where it does not even come whole.
            (INVOKE, &invoke, invoke.len() - 1),
        ] {
            let end = sent == message.len();
            let sent = wire.begin(path, &deadline, message.len(), &message[..sent], end).await;
            let answer = answered(sent.unwrap().answer).await.unwrap();
            assert_eq!(answer.said().0, Code::DeadlineExceeded, "{path}");
            assert_eq!(answer.said().1, "DEADLINE", "{path}");
        }
    });
}
