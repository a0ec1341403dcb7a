//! Apps of many files: what of them an app sees, what of its caller, and what it costs to move one in.

use std::thread;

use nix::sys::signal::Signal;
use skep_integration::{
    host::{Answer, Host, refused, text},
    slowness,
    yard::until,
};
use skep_proto::v1::{self, invoke_response::Outcome};
use tonic::Code;

use crate::NEIGHBOUR;

fn file(path: &str, content: impl Into<Vec<u8>>) -> v1::SourceFile {
    let content: Vec<u8> = content.into();
    v1::SourceFile { path: path.to_owned(), content: content.into(), link: String::new() }
}

fn link(path: &str, to: &str) -> v1::SourceFile {
    v1::SourceFile { link: to.to_owned(), ..file(path, "") }
}

#[test]
fn the_name_of_a_version_does_not_show_whether_a_secret_was_guessed() {
    let hosts = [Host::new(""), Host::new("")];
    let version = |host: &Host, secret: Option<&str>| {
        let deployed = host.deploy("acme", "app", "export default () => 1", |request| {
            let given = |content: &str| v1::GivenFile {
                path: "/run/token".to_owned(),
                content: content.as_bytes().to_vec().into(),
            };
            request.given = secret.into_iter().map(given).collect();
        });
        deployed.unwrap().version
    };
    let [one, other] = &hosts;
    assert_eq!(version(one, None), version(other, None));
    assert_eq!(version(one, Some("hunter2")), version(one, Some("hunter2")));
    assert_ne!(version(one, Some("hunter2")), version(one, Some("hunter3")));
    assert_ne!(version(one, Some("hunter2")), version(other, Some("hunter2")));
}

#[test]
fn require_in_typescript_has_the_modules_that_are_listed_and_no_others() {
    let host = Host::new("");
    let source = "const path = require('path');
        const tried = (name: string) => { try { return typeof require(name); } catch (error: any) { return error.code; } };
        export default (): string[] => [path.join('a', 'b'), tried('node:path'), tried('node:fs'), tried('fs')];";
    host.deploy("acme", "app", "", |request| {
        request.files = vec![file("index.ts", source)];
        request.entry = "index.ts".to_owned();
        request.modules = Some(v1::Modules { names: vec!["path".to_owned()] });
    })
    .unwrap();
    let expected = r#"["a/b","object","ERR_UNKNOWN_BUILTIN_MODULE","MODULE_NOT_FOUND"]"#;
    assert_eq!(host.reply("app", "", "1"), expected);
}

#[test]
fn a_list_of_modules_has_the_names_of_those_that_are_built_in() {
    let host = Host::new("");
    let source = "exports.handler = () => require('node:path').join('a', 'b');";
    let listed = |names: &[&str]| {
        host.deploy("acme", "app", source, |request| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            request.modules = Some(v1::Modules { names });
        })
    };
    let status = refused(listed(&["path", "express"]), Code::InvalidArgument, "BAD_SOURCE");
    let text = "modules: there is no built-in module \"express\"";
    assert!(status.message().contains(text), "{}", status.message());
    listed(&["node:path"]).unwrap();
    assert_eq!(host.reply("app", "handler", "1"), "\"a/b\"");
}

#[test]
fn the_entry_is_a_file_and_no_link() {
    let host = Host::new("");
    let told = |entry: &str| {
        let answer = host.deploy("acme", "app", "", |request| {
            request.files =
                vec![file("index.js", "exports.handler = () => 1"), link("e.js", "index.js")];
            request.entry = entry.to_owned();
        });
        refused(answer, Code::InvalidArgument, "BAD_FIELD").message().to_owned()
    };
    let text = told("e.js");
    assert!(text.contains("e.js is a link; name the file that it leads to"), "{text}");
    let text = told("other.js");
    assert!(text.contains("there is no file other.js"), "{text}");
}

#[test]
fn an_app_reads_its_files_and_links_and_those_that_it_was_given() {
    let host = Host::new("");
    let source = r#"
        const fs = require("fs");
        const tried = (what) => { try { return what(); } catch (error) { return error.code; } };
        exports.handler = async () => [
            fs.readFileSync(__dirname + "/data/a.txt", "utf8"),
            fs.readFileSync("/app/near.txt", "utf8"),
            fs.readlinkSync("/app/near.txt"),
            [fs.lstatSync("/app/near.txt").isSymbolicLink(), fs.statSync("/app/near.txt").isFile()],
            require("./linked").name,
            fs.readdirSync("/app").join(),
            fs.readFileSync("/var/secrets/token", "utf8").length,
            tried(() => fs.writeFileSync("/var/secrets/token", "x")),
            tried(() => fs.writeFileSync("/app/data/a.txt", "x")),
            tried(() => fs.readFileSync("/etc/passwd")),
            tried(() => fs.readFileSync("/app/../etc/passwd")),
            tried(() => fs.readFileSync("/app/out.txt")),
            tried(() => { fs.writeFileSync("/tmp/x", "y"); return fs.readFileSync("/tmp/x", "utf8"); }),
        ];
    "#;
    let deployed = host.deploy("acme", "app", source, |request| {
        request.files.extend([
            file("data/a.txt", "text of a"),
            link("near.txt", "data/a.txt"),
            link("linked", "lib"),
            file("lib/index.js", "exports.name = __filename"),
        ]);
        let content = b"hunter2 hunter2".as_slice().into();
        request.given = vec![v1::GivenFile { path: "/var/secrets/token".to_owned(), content }];
    });
    let told = format!("{:?}", deployed.unwrap());
    let expected = r#"["text of a","text of a","data/a.txt",[true,true],"/app/lib/index.js","data,index.js,lib,linked,near.txt",15,"EACCES","EACCES","ENOENT","ENOENT","ENOENT","y"]"#;
    assert_eq!(host.reply("app", "handler", "null"), expected);
    let told = told + &format!("{:?}", host.apps("acme").unwrap()) + &host.log();
    assert!(!told.contains("hunter2"), "{told}");
    // A link that leads out of the upload.
    for (path, to) in
        [("out.txt", "../etc/passwd"), ("out.txt", "/etc/passwd"), ("lib", "a/../../b")]
    {
        let out = host.deploy("acme", "out", source, |request| request.files.push(link(path, to)));
        refused(out, Code::InvalidArgument, "BAD_FIELD");
    }
}

#[test]
fn what_the_platform_knows_reaches_the_function_and_gives_no_right() {
    let host = Host::new("");
    let source = "export default (request, context) => Response.json([context.ip, context.geo, context.tenant,
        context.requestId.length, typeof context.waitUntil, process.env.SECRET ?? null]);";
    host.deploy("acme", "app", source, |_| ()).unwrap();
    host.deploy("beta", "other", source, |_| ()).unwrap();
    let ask = |tenant: &str, app: &str, context: &str| -> Answer {
        let http = v1::HttpRequest { method: "GET".into(), url: "/".into(), ..Default::default() };
        let request = Host::request(tenant, app, "", b"");
        host.send(v1::InvokeRequest { http: Some(http), context: context.to_owned(), ..request })
    };
    let body = |answer: Answer| match answer.unwrap().0 {
        Outcome::Reply(reply) => String::from_utf8(reply.http.unwrap().body.to_vec()).unwrap(),
        Outcome::Thrown(thrown) => panic!("{thrown:?}"),
    };
    let context =
        r#"{"ip":"192.0.2.7","geo":{"city":"Ulm"},"tenant":"beta","caller":"root","admin":true}"#;
    assert_eq!(
        body(ask("acme", "app", context)),
        r#"["192.0.2.7",{"city":"Ulm"},"beta",32,"function",null]"#
    );
    assert_eq!(body(ask("acme", "app", "")), r#"["",{},null,32,"function",null]"#);
    // It names nobody's apps and pays nobody's bill.
    refused(ask("acme", "other", context), Code::NotFound, "NOT_FOUND");
    assert_eq!(host.bill("beta", "other").calls.unwrap().count, 0);
    for wrong in ["[]", "7", "{", &format!("{{\"a\":\"{}\"}}", "x".repeat(8 << 10))] {
        refused(ask("acme", "app", wrong), Code::InvalidArgument, "BAD_FIELD");
    }
}

#[test]
fn two_deploys_of_the_largest_size_fit_their_tenants_budget() {
    let host = Host::new("");
    let data = vec![b'x'; (4 << 20) - 4096];
    let request = |app: &str| {
        let source = "export default () => require('fs').statSync('/app/3.bin').size;
            import { createRequire } from 'module'; const require = createRequire(import.meta.url);";
        let mut request = Host::deploy_request("acme", app, source);
        request.files.extend((0..4).map(|at| file(&format!("{at}.bin"), data.clone())));
        request
    };
    let deployed = host.block_on(async {
        let [mut one, mut two] = [host.apps_client(), host.apps_client()];
        tokio::join!(one.deploy(request("one")), two.deploy(request("two")))
    });
    assert!(deployed.0.is_ok() && deployed.1.is_ok(), "{deployed:?}");
    for app in ["one", "two"] {
        assert_eq!(host.reply(app, "", "null"), data.len().to_string());
    }
    let mut more = request("more");
    more.files.push(file("4.bin", vec![b'x'; 20 << 10]));
    let refused = refused(
        host.block_on(async { host.apps_client().deploy(more).await }).map_err(Box::new),
        Code::InvalidArgument,
        "BAD_FIELD",
    );
    let told = refused.message();
    assert!(told.ends_with("B together, at most 16MiB are possible"), "{told}");
}

/// Bytes of a script that takes more memory than a small app has; an emulated processor gets a part, for a load has 5 s.
const LARGE: usize = 1000 << 10;

/// TypeScript of about `bytes` bytes.
fn typed(bytes: usize) -> String {
    let mut text = String::from("export default (n: number): number => n + 1;\n");
    while text.len() < bytes {
        let at = text.len();
        text.push_str(&format!("const f{at} = (a: number, b: string = 'x'): object => ({{ a: a + {at}, b: `${{b}}` }});\n"));
    }
    text
}

#[test]
fn a_deploy_may_use_memory_that_its_tenant_has_to_spare() {
    let mut host = Host::new("");
    let deploy = |host: &Host| {
        host.deploy("acme", "app", "", |request| {
            request.files = vec![file("index.ts", typed(LARGE / slowness() as usize))];
            request.entry = "index.ts".to_owned();
            let limits = request.limits.as_mut().unwrap();
            (limits.memory_bytes, limits.timeout_ms) = (Some(24 << 20), Some(10_000 * slowness()));
        })
    };
    deploy(&host).unwrap();
    assert_eq!(host.reply("app", "", "1"), "2");
    // So may what is compiled anew after a restart.
    host.stop(Signal::SIGTERM);
    host.start_again();
    assert_eq!(host.reply("app", "", "1"), "2");
    host.remove("acme", "app").unwrap();
    until("its sandbox is gone", || host.memory_reserved("acme") < 24 << 20);
    // Of what another instance has reserved, and does not use, the deploy gets nothing.
    host.deploy("acme", "other", NEIGHBOUR, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.memory_bytes, limits.min_instances) = (Some(16 << 20), Some(1));
    })
    .unwrap();
    until("it is there", || host.instances_in("other", "idle").len() == 1);
    let quota = Some(v1::Quota { memory_bytes: Some(42 << 20), ..v1::Quota::default() });
    let tenant = "acme".to_owned();
    host.set_quota(v1::SetQuotaRequest { tenant, quota, ..Default::default() }).unwrap();
    until("spares make room", || host.memory_reserved("acme") <= 16 << 20);
    if slowness() == 1 {
        refused(deploy(&host), Code::ResourceExhausted, "OOM_CGROUP");
    }
}

#[test]
fn what_is_made_of_an_app_is_made_by_one_instance_while_others_wait() {
    let mut host = Host::new("");
    let files = || {
        let entry = "import './more'; export default async (ms: number): Promise<number> => {
            await new Promise((done) => setTimeout(done, ms)); return 1; };";
        vec![file("index.ts", entry), file("more.ts", typed(LARGE / slowness() as usize))]
    };
    host.deploy("acme", "app", "", |request| {
        (request.files, request.entry) = (files(), "index.ts".to_owned());
        let limits = request.limits.as_mut().unwrap();
        (limits.max_instances, limits.concurrency) = (Some(4), Some(4));
        limits.timeout_ms = Some(10_000 * slowness());
    })
    .unwrap();
    let cpu = |host: &Host| {
        let bill = host.bill("acme", "");
        bill.loads.unwrap().cpu_us + bill.calls.unwrap().cpu_us
    };
    let once = cpu(&host);
    // Nothing of it is there after a restart but its files.
    host.stop(Signal::SIGTERM);
    host.start_again();
    thread::scope(|scope| {
        let calls: Vec<_> =
            (0..4).map(|_| scope.spawn(|| host.invoke("app", "", "1000"))).collect();
        assert!(calls.into_iter().all(|call| text(call.join().unwrap()) == "1"));
    });
    let all = cpu(&host);
    assert!(all < 5 * once / 2, "{all} us for {once} us");
}
