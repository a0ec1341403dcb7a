//! What callers get wrong, and what hostile instances send.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    process::Command,
    time::Duration,
};

use nix::sys::signal::Signal;
use prost::Message as _;
use skep_integration::{
    host::{Host, refused},
    place::program,
    wire::{OPEN, Wire, answered},
    yard::until,
};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

#[test]
fn what_is_unknown_and_what_is_not_yours_read_the_same() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let ask = |tenant: &str, app: &str, function: &str| {
        let answer = host.send(Host::request(tenant, app, function, b"1"));
        let status = refused(answer, Code::NotFound, "NOT_FOUND");
        (status.message().to_owned(), status.details().to_vec())
    };
    let unknown = ask("nobody", "app", "");
    assert_eq!(ask("acme", "other", ""), unknown);
    assert_eq!(ask("beta", "app", ""), unknown);
}

#[test]
fn a_function_that_is_not_there_is_told_with_those_that_are() {
    let host = Host::new("");
    let told = |app: &str, function: &str| {
        let status = refused(host.invoke(app, function, "1"), Code::NotFound, "NOT_FOUND");
        status.message().to_owned()
    };
    host.deploy("acme", "app", "export const one = () => 1, two = () => 2;", |_| ()).unwrap();
    assert_eq!(told("app", "three"), "the app has no function \"three\"; it has: one; two");
    let none = "the call names no function, and the app has no default one; it has: one; two";
    assert_eq!(told("app", ""), none);
    let many: String = (0..200).map(|at| format!("export const f{at} = () => {at};\n")).collect();
    host.deploy("acme", "many", &many, |_| ()).unwrap();
    let told = told("many", "other");
    assert!(told.contains("f0; f1;") && told.ends_with(" more") && told.len() < 700, "{told}");
}

#[test]
fn names_that_cannot_be_are_refused_with_field_and_rule() {
    let host = Host::new("");
    for (tenant, app, function, field) in [
        ("acme", "..", "", "app"),
        ("acme", "Upper", "", "app"),
        ("acme", "nul\0", "", "app"),
        ("acme", "", "", "app"),
        ("../acme", "app", "", "tenant"),
        ("acme", "app", "a-b", "function"),
    ] {
        let answer = host.send(Host::request(tenant, app, function, b"1"));
        let status = refused(answer, Code::InvalidArgument, "BAD_FIELD");
        let fields = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(fields[0].field, field);
        assert!(!fields[0].description.is_empty());
    }
    let long = "a".repeat(64);
    refused(host.invoke(&long, "", "1"), Code::InvalidArgument, "BAD_FIELD");
}

#[test]
fn a_call_of_http_has_the_characters_of_http_alone() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    for (method, url, header, field) in [
        ("G T", "/", ("a", "b"), "http.method"),
        ("GET", "/a\r\nb", ("a", "b"), "http.url"),
        ("GET", "x", ("a", "b"), "http.url"),
        ("GET", "/", ("a b", "b"), "http.headers[0].name"),
        ("GET", "/", ("a", "b\nc"), "http.headers[0].value"),
        ("GET", "/", ("a", "\u{20ac}"), "http.headers[0].value"),
    ] {
        let mut request = Host::request("acme", "app", "", b"");
        let header = v1::Header { name: header.0.into(), value: header.1.into() };
        let (method, url) = (method.into(), url.into());
        request.http =
            Some(v1::HttpRequest { method, url, headers: vec![header], ..Default::default() });
        let status = refused(host.send(request), Code::InvalidArgument, "BAD_FIELD");
        let fields = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(fields[0].field, field);
    }
}

#[test]
fn source_that_does_not_parse_is_refused_and_what_is_live_stays() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let answer = host.deploy("acme", "app", "export default () => 1;\n\nlet x = ;\n", |_| ());
    let status = refused(answer, Code::InvalidArgument, "BAD_SOURCE");
    assert!(status.message().starts_with("index.js:3:9: SyntaxError"), "{}", status.message());
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn limits_beyond_the_hosts_or_the_tenants_are_refused_with_both_numbers() {
    let host = Host::new("");
    let answer = host.deploy("acme", "app", NEIGHBOUR, |request| {
        request.limits.as_mut().unwrap().memory_bytes = Some(2 << 30);
    });
    let status = refused(answer, Code::InvalidArgument, "BAD_FIELD");
    assert!(status.message().contains("limits.memory_bytes"), "{}", status.message());
    assert!(status.message().contains("2GiB") && status.message().contains("1GiB"));
    let answer = host.deploy("acme", "app", NEIGHBOUR, |request| {
        request.limits.as_mut().unwrap().memory_bytes = Some(1);
        request.limits.as_mut().unwrap().timeout_ms = Some(u32::MAX);
        request.files[0].path = "../index.js".to_owned();
    });
    let fields =
        refused(answer, Code::InvalidArgument, "BAD_FIELD").get_details_bad_request().unwrap();
    let names: Vec<_> = fields.field_violations.iter().map(|bad| bad.field.as_str()).collect();
    for name in ["files[0].path", "limits.memory_bytes", "limits.timeout_ms"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn a_payload_above_the_limit_is_refused_with_both_sizes() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    for size in [(1 << 20) + 1, 3 << 20] {
        let answer = host.send(Host::request("acme", "app", "", &vec![b'1'; size]));
        let status = refused(answer, Code::ResourceExhausted, "TOO_LARGE");
        let info = status.get_details_error_info().unwrap().metadata;
        assert!(info["most_bytes"].parse::<usize>().unwrap() < info["size_bytes"].parse().unwrap());
    }
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn a_deadline_already_past_starts_no_work() {
    let host = Host::new("");
    host.deploy("acme", "app", "let n = 0; export default () => ++n", |_| ()).unwrap();
    let mut request = Host::request("acme", "app", "", b"1");
    request.timeout_ms = Some(0);
    refused(host.send(request), Code::DeadlineExceeded, "DEADLINE");
    assert_eq!(host.reply("app", "", "1"), "1");
}

#[test]
fn the_clients_grpc_deadline_stops_the_work() {
    let host = Host::new("");
    let source = "export default () => { while (true); }; export const quick = () => 1";
    host.deploy("acme", "app", source, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    })
    .unwrap();
    let request = Host::request("acme", "app", "", b"1").encode_to_vec();
    let answer = host.block_on(async {
        // A client without a clock of its own.
        let mut wire = Wire::open(&host, 0, OPEN).await;
        let path = "/skep.v1.Invocations/Invoke";
        let deadline = [("grpc-timeout", "300m")];
        let sent = wire.begin(path, &deadline, request.len(), &request, true).await.unwrap();
        answered(sent.answer).await.unwrap()
    });
    assert_eq!(answer.said().0, Code::DeadlineExceeded);
    assert_eq!(answer.said().1, "DEADLINE");
    until("the call has ended", || host.instances_in("app", "busy").is_empty());
    assert_eq!(host.reply("app", "quick", "1"), "1");
}

#[test]
fn a_caller_that_is_not_configured_is_told_nothing() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let socket = host.place.folder.join("skep.sock");
    std::fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let endpoint = format!("unix://{}", socket.display());
    let as_user = |uid, tenant| as_user(uid, &endpoint, &["--tenant", tenant, "apps"]);
    let stranger = as_user(65_532, "acme");
    assert!(stranger.contains("UNKNOWN_CALLER") && !stranger.contains("acme"), "{stranger}");
    // A caller of one tenant sees that one, and of others not even that they are there.
    assert!(!as_user(65_533, "beta").contains("error"));
    assert!(as_user(65_533, "acme").contains("NOT_FOUND"));
    assert!(as_user(65_533, "nobody").contains("NOT_FOUND"));
}

#[test]
fn garbage_on_the_socket_ends_that_connection_only() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    for bytes in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 1000], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxx"]
    {
        let mut stream = UnixStream::connect(host.place.folder.join("skep.sock")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        // Whatever it says, it ends.
        let _ = stream.read_to_end(&mut rest);
    }
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn who_takes_requests_back_loses_the_connection_and_writes_no_lines_into_the_log() {
    let host = Host::new("");
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    // POST, http, a path and an authority; and at once that it is over.
    let block = b"\x83\x86\x04\x02/x\x01\x01a";
    for stream in (1..60_u32).step_by(2) {
        bytes.extend_from_slice(&[0, 0, 9, 1, 4]);
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(block);
        bytes.extend_from_slice(&[0, 0, 4, 3, 0]);
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(&8_u32.to_be_bytes());
    }
    let mut stream = UnixStream::connect(host.place.folder.join("skep.sock")).unwrap();
    stream.write_all(&bytes).unwrap();
    let mut answer = Vec::new();
    // Without its end, this waits until the test is ended.
    let _ = stream.read_to_end(&mut answer);
    // The last frame: GOAWAY, with ENHANCE_YOUR_CALM.
    let calm = answer.windows(4).any(|code| code == 11_u32.to_be_bytes());
    assert!(calm, "{answer:?}");
    // A line that is written later.
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    until("the line of the deploy", || host.log().contains("deployed"));
    assert!(!host.log().contains("\"target\":\"h2"), "{}", host.log());
}

#[test]
fn garbage_from_an_instance_ends_that_instance_only() {
    let host = Host::hostile("");
    host.deploy("acme", "bad", "", |_| ()).unwrap();
    refused(host.invoke("bad", "garbage", ""), Code::Aborted, "BAD_FRAME");
    let mut half = Host::request("acme", "bad", "half", b"");
    half.timeout_ms = Some(300);
    refused(host.send(half), Code::DeadlineExceeded, "DEADLINE");
    assert_eq!(host.reply("bad", "idle", ""), "done");
}

#[test]
fn bytecode_serves_later_instances_of_its_version_alone_and_not_after_a_restart() {
    let mut host = Host::hostile("");
    // What follows the path stands for the code.
    for app in ["app", "other"] {
        host.deploy("acme", app, &format!("index.js {app}"), |_| ()).unwrap();
    }
    for app in ["app", "other"] {
        assert_eq!(host.reply(app, "form", ""), format!("bytecode of {app}"));
    }
    host.deploy("acme", "app", "index.js new", |_| ()).unwrap();
    assert_eq!(host.reply("app", "form", ""), "bytecode of new");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    host.start_again();
    assert_eq!(host.reply("app", "form", ""), "source");
    assert!(host.invoke("app", "exit", "").is_err());
    assert_eq!(host.reply("app", "form", ""), "bytecode of new");
}

#[test]
fn an_entry_in_a_folder_answers_as_often_as_it_is_started() {
    let mut host = Host::new("");
    let source = "import { one } from '../one.js'; export default () => one;";
    host.deploy("acme", "app", source, |request| {
        request.entry = "lib/main.js".to_owned();
        request.files[0].path.clone_from(&request.entry);
        request.files.push(v1::SourceFile {
            path: "one.js".to_owned(),
            content: b"export const one = 1".to_vec().into(),
            ..v1::SourceFile::default()
        });
    })
    .unwrap();
    assert_eq!(host.reply("app", "", "null"), "1");
    // Then from its source.
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    host.start_again();
    assert_eq!(host.reply("app", "", "null"), "1");
}

#[test]
fn bytecode_of_what_the_app_has_not_or_at_another_time_is_refused_with_its_instance() {
    let host = Host::hostile("");
    for source in ["other.js", "index.js\nother.js", "never", "twice"] {
        refused(host.deploy("acme", "bad", source, |_| ()), Code::Aborted, "BAD_FRAME");
    }
    assert!(host.apps("acme").unwrap().is_empty());
    host.deploy("acme", "bad", "unasked", |_| ()).unwrap();
    refused(host.invoke("bad", "form", ""), Code::Aborted, "BAD_FRAME");
}

#[test]
fn a_flood_of_console_lines_ends_its_instance_and_holds_nobody_up() {
    let host = Host::hostile("");
    host.deploy("acme", "bad", "", |_| ()).unwrap();
    host.deploy("beta", "good", "", |_| ()).unwrap();
    std::thread::scope(|scope| {
        // More of them than the daemon has threads.
        let floods: Vec<_> =
            (0..4).map(|_| scope.spawn(|| host.invoke("bad", "flood", ""))).collect();
        for _ in 0..20 {
            let answer = host.send(Host::request("beta", "good", "idle", b""));
            assert_eq!(skep_integration::host::text(answer), "done");
        }
        for flood in floods {
            refused(flood.join().unwrap(), Code::Aborted, "BAD_FRAME");
        }
    });
}

/// What the client says with these arguments as that user.
fn as_user(uid: u32, endpoint: &str, args: &[&str]) -> String {
    use std::os::unix::process::CommandExt as _;
    let output = Command::new(program("skep"))
        .args(["--endpoint", endpoint, "--json"])
        .args(args)
        .uid(uid)
        .gid(uid)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Every call that names a tenant, and those that need an admin, by a caller of `beta` alone.
#[track_caller]
fn keeps_to_beta(uid: u32, endpoint: &str, app: &str) {
    let of = |tenant: &str, args: &[&str]| {
        as_user(uid, endpoint, &[&["--tenant", tenant], args].concat())
    };
    let calls: &[&[&str]] = &[
        &["invoke", "app", "--data", "1"],
        &["deploy", app, "--app", "app"],
        &["apps"],
        &["logs", "app"],
        &["ps"],
        &["quota", "get"],
        &["quota", "get", "--app", "app"],
        &["quota", "set", "--app", "app", "--rps", "1"],
        &["rm", "app"],
    ];
    for args in calls {
        let answer = of("acme", args);
        assert!(answer.contains("\"NOT_FOUND\""), "{args:?}: {answer}");
        let answer = of("beta", args);
        assert!(!answer.contains("\"error\""), "{args:?}: {answer}");
        // It is there again for the next call.
        assert!(!of("beta", &["deploy", app, "--app", "app"]).contains("\"error\""));
    }
    let of_admins: &[&[&str]] =
        &[&["ps", "--all"], &["doctor"], &["drain"], &["quota", "set", "--rps", "1"]];
    for args in of_admins {
        let answer = of("beta", args);
        assert!(answer.contains("\"NOT_ADMIN\""), "{args:?}: {answer}");
    }
}

#[test]
fn every_call_keeps_to_the_tenants_of_its_caller() {
    let host = Host::new("");
    let socket = host.place.folder.join("skep.sock");
    std::fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let app = host.place.folder.join("index.js");
    std::fs::write(&app, NEIGHBOUR).unwrap();
    for tenant in ["acme", "beta"] {
        host.deploy(tenant, "app", NEIGHBOUR, |_| ()).unwrap();
    }
    let endpoint = format!("unix://{}", socket.display());
    keeps_to_beta(65_533, &endpoint, app.to_str().unwrap());
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn whoever_comes_by_tcp_has_the_tenants_of_tcp_and_is_no_admin() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let host =
        Host::new(&format!("tcp = \"{free}\"\n[[callers]]\ntcp = true\ntenants = [\"beta\"]\n"));
    let app = host.place.folder.join("index.js");
    std::fs::write(&app, NEIGHBOUR).unwrap();
    for tenant in ["acme", "beta"] {
        host.deploy(tenant, "app", NEIGHBOUR, |_| ()).unwrap();
    }
    // Root, who is an admin on the socket, is nobody here.
    keeps_to_beta(0, &format!("http://{free}"), app.to_str().unwrap());
}

#[test]
fn a_deploy_whose_caller_hangs_up_leaves_nothing_half_made() {
    let host = Host::alone();
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let before = crate::faults::settled(&host);
    let reserved = host.memory_reserved("acme");
    for _ in 0..3 {
        let slow = "const end = Date.now() + 500; while (Date.now() < end); export default () => 1";
        let request = Host::deploy_request("acme", "slow", slow);
        host.block_on(async {
            let mut client = host.apps_client();
            // Dropped half way.
            let _ = tokio::time::timeout(Duration::from_millis(150), client.deploy(request)).await;
        });
    }
    until("the deploys have ended", || host.apps("acme").unwrap().len() == 2);
    until("all is as before", || {
        host.census() == before && host.memory_reserved("acme") == reserved
    });
}

#[test]
fn a_deploy_leaves_quotas_alone_that_it_does_not_name() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let quota = v1::Quota {
        rate: Some(v1::Rates { rps: Some(0), burst: None }),
        concurrency: Some(2),
        memory_bytes: Some(100 << 20),
        cpu_millis: None,
    };
    let request = v1::SetQuotaRequest {
        tenant: "acme".into(),
        app: "app".into(),
        quota: Some(quota),
        ..v1::SetQuotaRequest::default()
    };
    let set = host.set_quota(request).unwrap().quota;
    host.deploy("acme", "app", "export default () => 3", |_| ()).unwrap();
    assert_eq!(host.apps("acme").unwrap()[0].quota, set);
    refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
}

#[test]
fn a_deploy_that_waits_takes_no_quota_back_that_was_set_meanwhile() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let closed = v1::SetQuotaRequest {
        tenant: "acme".into(),
        app: "app".into(),
        quota: Some(v1::Quota {
            rate: Some(v1::Rates { rps: Some(0), burst: None }),
            ..v1::Quota::default()
        }),
        ..v1::SetQuotaRequest::default()
    };
    let slow = "const end = Date.now() + 2000; while (Date.now() < end); export default () => 1";
    let patient = |request: &mut v1::DeployRequest| {
        request.limits.as_mut().unwrap().timeout_ms = Some(10_000);
    };
    std::thread::scope(|scope| {
        // One after the other they come, and all but the first have to wait for it.
        let pause = || std::thread::sleep(Duration::from_millis(400));
        let first = scope.spawn(|| host.deploy("acme", "slow", slow, patient).map(drop));
        pause();
        let set = scope.spawn(|| host.set_quota(closed).map(drop));
        pause();
        let last =
            scope.spawn(|| host.deploy("acme", "app", "export default () => 3", |_| ()).map(drop));
        for done in [first, set, last] {
            done.join().unwrap().unwrap();
        }
    });
    refused(host.invoke("app", "", "1"), Code::ResourceExhausted, "QUOTA");
}

#[test]
fn a_tenant_has_no_more_apps_than_it_may() {
    let host = Host::new("[max]\napps = 2\n");
    for app in ["one", "two"] {
        host.deploy("acme", app, NEIGHBOUR, |_| ()).unwrap();
    }
    let third = host.deploy("acme", "three", NEIGHBOUR, |_| ());
    refused(third, Code::InvalidArgument, "BAD_FIELD");
    // Neither what is there nor another tenant is concerned.
    host.deploy("acme", "two", "export default () => 2", |_| ()).unwrap();
    host.deploy("beta", "three", NEIGHBOUR, |_| ()).unwrap();
    host.remove("acme", "one").unwrap();
    host.deploy("acme", "three", NEIGHBOUR, |_| ()).unwrap();
}

#[test]
fn quotas_that_cannot_hold_are_refused_with_both_numbers() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.max_instances, limits.concurrency) = (Some(2), Some(2));
    })
    .unwrap();
    let set = |app: &str, quota: v1::Quota| v1::SetQuotaRequest {
        tenant: "acme".into(),
        app: app.into(),
        quota: Some(quota),
        ..v1::SetQuotaRequest::default()
    };
    let cases = [
        (set("", v1::Quota { cpu_millis: Some(0), ..Default::default() }), ["0", "10m"]),
        (set("app", v1::Quota { concurrency: Some(3), ..Default::default() }), ["3", "2"]),
        (
            set("app", v1::Quota { memory_bytes: Some(2 << 30), ..Default::default() }),
            ["2GiB", "1GiB"],
        ),
    ];
    for (request, numbers) in cases {
        let status = refused(host.set_quota(request), Code::InvalidArgument, "BAD_FIELD");
        let text = status.message();
        assert!(numbers.iter().all(|number| text.contains(number)), "{numbers:?} in {text}");
    }
}

#[test]
fn the_configuration_is_checked_whole_with_lines() {
    let place = skep_integration::place::Place::new();
    let file = place.folder.join("bad.toml");
    let text = "log = \"loud\"\naccept_missing = [\"swap\"]\n[pool]\nidle_after = \"3 weeks\"\n\
                [sizes]\nrequest = \"1 GB\"\n[[callers]]\nuid = 0\ntenants = [\"nobody\"]\n";
    std::fs::write(&file, text).unwrap();
    for more in [&["--check-config"][..], &[]] {
        let output =
            Command::new(program("skepd")).arg("--config").arg(&file).args(more).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{text}");
        for expected in [
            ": tenants: there is none",
            "line 1: log: has \"loud\"",
            "line 2: accept_missing: is not a known key",
            "line 4: pool.idle_after",
            "line 6: sizes.request",
            "line 9: callers.tenants: there is no tenant nobody",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }
}

/// Changes the text of a host's configuration, for its next start.
fn edit(host: &Host, from: &str, to: &str) {
    let file = host.place.folder.join("skepd.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(&file, text.replace(from, to)).unwrap();
}

#[test]
fn what_a_command_set_holds_and_every_other_edit_of_a_tenant_counts() {
    let mut host = Host::new("");
    let change = |rate| v1::SetQuotaRequest {
        tenant: "acme".into(),
        quota: Some(v1::Quota { rate, ..v1::Quota::default() }),
        ..v1::SetQuotaRequest::default()
    };
    let rate = Some(v1::Rates { rps: Some(7), burst: Some(2) });
    host.set_quota(change(rate)).unwrap();
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    let acme = "name = \"acme\"\nmemory = \"1GiB\"\n";
    let edited = "name = \"acme\"\nmemory = \"512MiB\"\nrps = 9\nconcurrency = 3\nprocesses = 77\n";
    edit(&host, acme, edited);
    host.start_again();
    // Setting nothing shows what holds.
    let quota = host.set_quota(change(None)).unwrap().quota.unwrap();
    assert_eq!((quota.rate, quota.concurrency), (rate, Some(3)));
    assert_eq!(quota.memory_bytes, Some(512 << 20));
    let tops = skepd::cgroup::Hierarchies::detect().unwrap();
    let (pids, _) = tops.of(skepd::cgroup::Controller::Pids);
    let most = pids.join(&host.place.name).join("tenants/acme/pids.max");
    assert_eq!(std::fs::read_to_string(most).unwrap().trim(), "77");
    let said = "\"tenant\":\"acme\",\"fields\":\"rps, burst\"";
    assert!(host.log().contains(said), "{}", host.log());
}

#[test]
fn removed_apps_are_gone() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    host.remove("acme", "app").unwrap();
    refused(host.invoke("app", "", "1"), Code::NotFound, "NOT_FOUND");
    refused(host.remove("acme", "app"), Code::NotFound, "NOT_FOUND");
    assert_eq!(host.apps("acme").unwrap(), Vec::<v1::App>::new());
}

#[test]
fn console_lines_are_kept_with_their_call() {
    let host = Host::new("");
    let source = "export default (n) => { for (let i = 0; i < n; i++) console.log('line', i); }";
    host.deploy("acme", "app", source, |_| ()).unwrap();
    let (_, usage) = host.invoke("app", "", "250").unwrap();
    assert_eq!((usage.log_lines, usage.log_lines_dropped), (200, 50));
    let lines = host.logs("app");
    assert_eq!(lines.len(), 200);
    assert_eq!(lines[198].text, "line 199");
    let dropped = "50 more console lines were beyond the bound of one call and are not kept";
    assert_eq!((lines[199].text.as_str(), lines[199].level.as_str()), (dropped, "warn"));
    assert_eq!(lines[0].invocation, lines[199].invocation);
}
