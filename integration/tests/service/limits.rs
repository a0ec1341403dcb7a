//! Memory, CPU and time: limits that really stop the work, and neighbours that do not notice.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use skep_integration::{
    host::{Host, refused, text},
    slowness,
    yard::until,
};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

/// Calls the neighbour for as long as `work` runs; every call must succeed, and there must be some.
fn beside(host: &Host, work: impl FnOnce()) {
    beside_calls(work, || text(host.send(Host::request("beta", "neighbour", "", b"41"))) == "42");
}

fn beside_calls(work: impl FnOnce(), call: impl Fn() -> bool + Sync) {
    /// Also where the work fails: else the neighbour would go on for ever.
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let neighbour = scope.spawn(|| {
            let mut calls = 0;
            while !over.load(Ordering::Relaxed) {
                assert!(call());
                calls += 1;
            }
            calls
        });
        {
            let _over = Over(&over);
            work();
        }
        assert!(0 < neighbour.join().unwrap());
    });
}

/// Sets what the tenant's instances may use together.
fn acme_may_use(host: &Host, memory_bytes: Option<u64>, cpu_millis: Option<u32>) {
    let quota = v1::Quota { memory_bytes, cpu_millis, ..v1::Quota::default() };
    let tenant = v1::SetQuotaRequest { tenant: "acme".into(), ..Default::default() };
    host.set_quota(v1::SetQuotaRequest { quota: Some(quota), ..tenant }).unwrap();
}

fn with_neighbour(host: &Host) {
    host.deploy("beta", "neighbour", NEIGHBOUR, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(30_000);
    })
    .unwrap();
}

#[test]
fn heap_hogs_end_as_such_and_the_neighbour_does_not_notice() {
    let host = Host::new("");
    with_neighbour(&host);
    let source = "
        export const list = () => { try { const l = []; for (;;) l.push(new Array(1000).fill(1)); } catch { return 'caught'; } };
        export const array = () => { try { new Uint8Array(2147483647).fill(0); } catch { return 'caught'; } };
        export const fine = () => 1;";
    host.deploy("acme", "hog", source, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    })
    .unwrap();
    beside(&host, || {
        for _ in 0..3 {
            refused(host.invoke("hog", "list", "null"), Code::ResourceExhausted, "OOM_HEAP");
            refused(host.invoke("hog", "array", "null"), Code::ResourceExhausted, "OOM_HEAP");
        }
    });
    assert_eq!(host.reply("hog", "fine", "null"), "1");
}

/// Ways to use up a heap, each without an end: large and small blocks, texts, bytes, files and what natives make. A
/// collection of garbage in between touches all that the engine has.
const HOGS: [(&str, &str); 9] = [
    ("lists", "all.push(new Array(1000).fill(1))"),
    ("objects", "all.push({ a: all.length, b: [all.length], c: () => all })"),
    (
        "cycles",
        "{ const one = { all }; one.one = one; all.push(one); for (let i = 0; i < 9; i++) { const x = {}; x.x = x; } }",
    ),
    ("texts", "all.push(('x' + all.length).repeat(50))"),
    ("keys", "map.set('key' + map.size, new Date())"),
    ("bytes", "all.push(new Uint8Array(5000).fill(7))"),
    ("buffers", "all.push(Buffer.from('x'.repeat(200) + all.length))"),
    ("files", "fs.appendFileSync('/tmp/file', bytes)"),
    ("inflated", "all.push(zlib.gunzipSync(packed))"),
];

#[test]
fn the_smallest_app_meets_the_limit_of_its_heap_before_that_of_its_group() {
    let host = Host::new("");
    let cases: String = HOGS
        .iter()
        .map(|(name, step)| format!("{name:?}: () => {{ for (;;) {step}; }},\n"))
        .collect();
    let source = format!(
        "import fs from 'fs'; import zlib from 'zlib';
        const all = [], map = new Map(), bytes = new Uint8Array(4096).fill(7), packed = zlib.gzipSync(new Uint8Array(200000));
        const cases = {{ {cases} }};
        export default (name) => (name === null ? 1 : cases[name]());
        export const freed = () => {{ const m = new Map(); for (let i = 0; i < 5e4; i++) m.set(i, i); return m.size; }};
        export const POST = async (request) => {{ cases[await request.text()](); return new Response('no'); }};"
    );
    host.deploy("acme", "hog", &source, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.memory_bytes, limits.timeout_ms) = (Some(16 << 20), Some(60_000));
    })
    .unwrap();
    for (name, _) in HOGS {
        // What was used and freed before does not count.
        assert_eq!(host.reply("hog", "freed", "null"), "50000");
        let event = host.invoke("hog", "", &format!("{name:?}"));
        let http = v1::HttpRequest {
            method: "POST".to_owned(),
            url: "/".to_owned(),
            body: name.into(),
            ..v1::HttpRequest::default()
        };
        let request = Host::request("acme", "hog", "POST", b"");
        let by_http = host.send(v1::InvokeRequest { http: Some(http), ..request });
        for answer in [event, by_http] {
            let status = answer.expect_err(name);
            let reason = status.get_details_error_info().unwrap().reason;
            assert_eq!((name, reason.as_str()), (name, "OOM_HEAP"), "{status:?}");
        }
        assert_eq!(host.reply("hog", "", "null"), "1");
    }
}

#[test]
fn native_hogs_are_killed_by_their_group_and_the_neighbour_does_not_notice() {
    let host = Host::hostile("");
    // Its memory ends it, not its time, however slow the machine is.
    let patient = |request: &mut v1::DeployRequest| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    };
    host.deploy("acme", "hog", "", patient).unwrap();
    host.deploy("beta", "neighbour", "", patient).unwrap();
    let hogs = || {
        for _ in 0..3 {
            let status =
                refused(host.invoke("hog", "hog", "200"), Code::ResourceExhausted, "OOM_CGROUP");
            let details = status.get_details_error_info().unwrap();
            assert_eq!(details.metadata["level"], "process");
        }
    };
    let idle = || text(host.send(Host::request("beta", "neighbour", "idle", b""))) == "done";
    beside_calls(hogs, idle);
    assert_eq!(host.reply("hog", "hog", "4"), "done 4");
}

#[test]
fn a_tenants_memory_is_a_reservation_over_its_instances() {
    let host = Host::new("[pool]\nspare_floor = 0\n");
    let source =
        "export default async (ms) => { await new Promise((r) => setTimeout(r, ms)); return 1; }";
    host.deploy("acme", "app", source, |request| {
        let limits = request.limits.as_mut().unwrap();
        limits.memory_bytes = Some(64 << 20);
        limits.timeout_ms = Some(60_000);
        (limits.max_instances, limits.concurrency) = (Some(8), Some(8));
    })
    .unwrap();
    acme_may_use(&host, Some(128 << 20), None);
    // Five calls at once, but only two instances fit; the others wait for their turn.
    thread::scope(|scope| {
        let calls: Vec<_> =
            (0..5).map(|_| scope.spawn(|| text(host.invoke("app", "", "200")))).collect();
        until("two are busy", || host.instances_in("app", "busy").len() == 2);
        let reserved: u64 =
            host.instances("acme").iter().map(|instance| instance.memory_limit_bytes).sum();
        assert!(reserved <= 128 << 20, "{reserved}");
        assert!(calls.into_iter().all(|call| call.join().unwrap() == "1"));
    });
    assert!(host.instances("acme").len() <= 2);
}

#[test]
fn calls_wait_for_memory_that_idle_instances_give_back() {
    let host = Host::new("[pool]\nspare_floor = 0\nspare_ceiling = 0\n");
    acme_may_use(&host, Some(128 << 20), None);
    let source =
        "export default async (ms) => { await new Promise((r) => setTimeout(r, ms)); return 1; }";
    for app in ["one", "two"] {
        host.deploy("acme", app, source, |request| {
            let limits = request.limits.as_mut().unwrap();
            (limits.memory_bytes, limits.timeout_ms) = (Some(64 << 20), Some(60_000));
            (limits.max_instances, limits.concurrency) = (Some(2), Some(2));
        })
        .unwrap();
    }
    let two_at_once = |app: &str| {
        thread::scope(|scope| {
            let calls = [(); 2].map(|()| scope.spawn(|| text(host.invoke(app, "", "500"))));
            for call in calls {
                assert_eq!(call.join().unwrap(), "1");
            }
        });
    };
    // Each time both instances of the other app must give way first.
    for _ in 0..3 {
        two_at_once("one");
        two_at_once("two");
    }
}

#[test]
fn the_tenants_ceiling_is_in_the_kernel_too() {
    let host = Host::new("");
    acme_may_use(&host, Some(96 << 20), Some(1500));
    let hierarchies = skepd::cgroup::Hierarchies::detect().unwrap();
    let read = |controller, v2: &str, v1: &str| {
        let (top, unified) = hierarchies.of(controller);
        let group = top.join(&host.place.name).join("tenants/acme");
        std::fs::read_to_string(group.join(if unified { v2 } else { v1 })).unwrap()
    };
    use skepd::cgroup::Controller;
    let memory = read(Controller::Memory, "memory.max", "memory.limit_in_bytes");
    assert_eq!(memory.trim(), (96 << 20).to_string());
    let cpu = read(Controller::Cpu, "cpu.max", "cpu.cfs_quota_us");
    assert_eq!(cpu.split_whitespace().next(), Some("150000"));
}

#[test]
fn instances_that_together_pass_the_tenants_ceiling_are_ended_by_the_kernel() {
    let host = Host::new("[pool]\nspare_floor = 0\nspare_ceiling = 0\n");
    with_neighbour(&host);
    // Waits in a call until the ceiling was lowered, then takes what its own limits allow.
    let source = "export default async () => {
        await new Promise((r) => setTimeout(r, 3000));
        const held = new Uint8Array(40 << 20).fill(1);
        await new Promise((r) => setTimeout(r, 3000));
        return held.length; }";
    for app in ["one", "two"] {
        host.deploy("acme", app, source, |request| {
            let limits = request.limits.as_mut().unwrap();
            (limits.memory_bytes, limits.timeout_ms) = (Some(64 << 20), Some(120_000));
        })
        .unwrap();
    }
    beside(&host, || {
        thread::scope(|scope| {
            let calls = ["one", "two"].map(|app| scope.spawn(|| host.invoke(app, "", "null")));
            until("both are busy", || {
                ["one", "two"].iter().all(|app| host.instances_in(app, "busy").len() == 1)
            });
            acme_may_use(&host, Some(60 << 20), None);
            let failed: Vec<_> =
                calls.into_iter().filter_map(|call| call.join().unwrap().err()).collect();
            assert!(!failed.is_empty());
            for status in failed {
                assert_eq!(status.code(), Code::Unavailable, "{status:?}");
                let details = status.get_details_error_info().unwrap();
                assert_eq!(details.reason, "OOM_CGROUP", "{status:?}");
                assert_eq!(details.metadata["level"], "tenant", "{status:?}");
            }
        });
    });
}

#[test]
fn the_tenants_cpu_ceiling_holds_over_its_instances() {
    let host = Host::hostile_alone();
    for app in ["one", "two"] {
        host.deploy("acme", app, "", |request| {
            let limits = request.limits.as_mut().unwrap();
            (limits.cpu_millis, limits.timeout_ms) = (Some(400), Some(60_000));
        })
        .unwrap();
    }
    acme_may_use(&host, None, Some(400));
    let mut shares: Vec<f64> = Vec::new();
    for _ in 0..5 {
        let used = thread::scope(|scope| {
            let calls = ["one", "two"].map(|app| {
                let host = &host;
                scope.spawn(move || host.invoke(app, "spin", "2000").unwrap().1)
            });
            calls.map(|call| call.join().unwrap())
        });
        let share = |usage: &v1::Usage| usage.cpu_us as f64 / usage.run_us as f64;
        shares.push(share(&used[0]) + share(&used[1]));
    }
    shares.sort_by(f64::total_cmp);
    // Without the ceiling they would take 0.8 together.
    assert!((0.36..0.44).contains(&shares[2]), "{shares:?}");
}

#[test]
fn two_busy_instances_share_the_cpu_as_configured() {
    let host = Host::hostile_alone();
    for (app, share) in [("one", 200), ("two", 400)] {
        host.deploy("acme", app, "", |request| {
            let limits = request.limits.as_mut().unwrap();
            (limits.cpu_millis, limits.timeout_ms) = (Some(share), Some(60_000));
        })
        .unwrap();
    }
    let mut ratios: Vec<f64> = Vec::new();
    for _ in 0..5 {
        let used = thread::scope(|scope| {
            let calls = ["one", "two"].map(|app| {
                let host = &host;
                scope.spawn(move || host.invoke(app, "spin", "1000").unwrap().1)
            });
            calls.map(|call| call.join().unwrap())
        });
        let share = |usage: &v1::Usage| usage.cpu_us as f64 / usage.run_us as f64;
        ratios.push(share(&used[1]) / share(&used[0]));
    }
    ratios.sort_by(f64::total_cmp);
    assert!((1.8..2.2).contains(&ratios[2]), "{ratios:?}");
}

/// Kills of one kind: how long after the deadline the answer came.
fn kills(app: &str, source: &str, cpu_millis: u32) {
    let host = Host::alone();
    let source = format!("export default {source}; export const quick = () => 1");
    host.deploy("acme", app, &source, |request| {
        request.limits.as_mut().unwrap().cpu_millis = Some(cpu_millis);
        request.limits.as_mut().unwrap().timeout_ms = Some(30_000);
    })
    .unwrap();
    let deadline = Duration::from_millis(100) * slowness().min(5);
    let mut late = Vec::new();
    for _ in 0..20 {
        let mut request = Host::request("acme", app, "", b"null");
        request.timeout_ms = Some(u32::try_from(deadline.as_millis()).unwrap());
        let start = Instant::now();
        let status = host.send(request).unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
        late.push(start.elapsed().saturating_sub(deadline));
        assert_eq!(host.reply(app, "quick", "null"), "1");
    }
    late.sort();
    let factor = if slowness() == 1 { 1 } else { 6 };
    assert!(late[10] <= Duration::from_millis(50) * factor, "median {:?} of {late:?}", late[10]);
    assert!(late[19] <= Duration::from_secs(1) * factor, "{late:?}");
}

#[test]
fn an_endless_loop_is_stopped() {
    kills("spin", "() => { while (true); }", 1000);
}

#[test]
fn an_endless_loop_with_little_cpu_is_stopped() {
    kills("slow", "() => { while (true); }", 100);
}

#[test]
fn endless_microtasks_are_stopped() {
    kills(
        "jobs",
        "() => new Promise(() => { const f = () => Promise.resolve().then(f); f(); })",
        1000,
    );
}

#[test]
fn an_endless_async_loop_is_stopped() {
    kills("async", "async () => { for (;;) await null; }", 1000);
}

#[test]
fn a_regular_expression_that_explodes_is_stopped() {
    kills("regex", "() => /^(a+)+$/.test('a'.repeat(40) + 'b')", 1000);
}

#[test]
fn a_native_loop_that_never_polls_is_killed() {
    kills("native", "() => [].join.call({ length: 2 ** 31 }, '')", 1000);
}

/// Work of natives that takes far longer than a call may: in steps, or killed in the middle of one.
const LONG_NATIVES: [(&str, &str); 12] = [
    ("pbkdf2", "crypto.pbkdf2Sync('p', 's', 2 ** 31 - 1, 64, 'sha512')"),
    (
        "pbkdf2 as a promise",
        "new Promise((ok) => crypto.pbkdf2('p', 's', 2 ** 31 - 1, 64, 'sha512', ok))",
    ),
    ("scrypt", "for (;;) crypto.scryptSync('p', 's', 64, { N: 2 ** 14, r: 8, p: 1 })"),
    ("hashes", "for (;;) crypto.createHash('sha512').update(much).digest()"),
    (
        "web hashes",
        "(async () => { for (;;) await globalThis.crypto.subtle.digest('SHA-512', much); })()",
    ),
    ("random bytes", "for (;;) crypto.randomFillSync(much)"),
    ("brotli", "zlib.brotliCompressSync(crypto.randomFillSync(much))"),
    ("deflate", "for (;;) zlib.deflateSync(crypto.randomFillSync(much), { level: 9 })"),
    (
        "a stream of gzip",
        "(async () => { for (;;) await new Response(new Blob([much]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer(); })()",
    ),
    (
        "text",
        "for (;;) new TextDecoder('utf-16le').decode(new TextEncoder().encode(much.toString('latin1')))",
    ),
    ("base64", "for (;;) atob(btoa(much.toString('latin1')))"),
    ("search", "for (;;) much.indexOf('abc')"),
];

#[test]
fn natives_that_would_run_on_and_on_end_at_the_deadline() {
    let host = Host::new("");
    let cases: String = LONG_NATIVES
        .iter()
        .map(|(name, work)| {
            format!(
                "{name:?}: () => {{ {}{work}; }},\n",
                if work.starts_with("for") { "" } else { "return " }
            )
        })
        .collect();
    let source = format!(
        "import crypto from 'crypto'; import zlib from 'zlib';
        const much = Buffer.alloc(8 << 20);
        const cases = {{ {cases} }};
        export default (name) => (name === null ? 1 : cases[name]());"
    );
    host.deploy("acme", "app", &source, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.memory_bytes, limits.timeout_ms) = (Some(128 << 20), Some(60_000));
    })
    .unwrap();
    for (name, _) in LONG_NATIVES {
        let mut request = Host::request("acme", "app", "", format!("{name:?}").as_bytes());
        request.timeout_ms = Some(300 * slowness().min(5));
        refused(host.send(request), Code::DeadlineExceeded, "DEADLINE");
        assert_eq!(host.reply("app", "", "null"), "1", "after {name}");
    }
}

#[test]
fn a_cpu_budget_ends_a_call_that_has_time_left() {
    let host = Host::new("");
    let source = "export default () => { while (true); }; export const native = () => [].reverse.call({ length: 2 ** 53 - 1 })";
    host.deploy("acme", "app", source, |request| {
        let limits = request.limits.as_mut().unwrap();
        (limits.cpu_budget_ms, limits.timeout_ms) = (Some(50), Some(60_000));
    })
    .unwrap();
    refused(host.invoke("app", "", "null"), Code::ResourceExhausted, "CPU_BUDGET");
    refused(host.invoke("app", "native", "null"), Code::ResourceExhausted, "CPU_BUDGET");
}

#[test]
fn nothing_runs_between_calls() {
    let host = Host::new("");
    let source = "let n = 0; export default () => { setInterval(() => n++, 1); setTimeout(() => { while (true); }, 5); return n; }";
    host.deploy("acme", "app", source, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "null"), "0");
    let cpu = || host.instances_in("app", "idle")[0].cpu_us;
    // What the reply itself used is counted a little later.
    thread::sleep(Duration::from_millis(200));
    let before = cpu();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(cpu(), before);
    assert_eq!(host.reply("app", "", "null"), "0");
    assert_eq!(host.instances_in("app", "idle")[0].calls, 2);
}

#[test]
fn a_timer_that_a_last_job_sets_never_fires_in_another_call() {
    let host = Host::new("");
    // The job runs after the reply is known; the second call waits long enough for its timer.
    let source = "let fired = 0;
        export const leave = () => { Promise.resolve().then(() => setTimeout(() => fired++, 1)); };
        export const look = async () => { await new Promise((r) => setTimeout(r, 50)); return fired; };";
    host.deploy("acme", "app", source, |_| ()).unwrap();
    host.reply("app", "leave", "null");
    assert_eq!(host.reply("app", "look", "null"), "0");
    assert_eq!(host.instances_in("app", "idle")[0].calls, 2);
}

#[test]
fn work_that_cannot_be_dropped_ends_the_instance_after_its_reply() {
    let host = Host::new("");
    let source =
        "let n = 0; export default () => { (async () => { for (;;) await null; })(); return n++; }";
    host.deploy("acme", "app", source, |_| ()).unwrap();
    assert_eq!(host.reply("app", "", "null"), "0");
    // Another instance, whose count begins anew.
    assert_eq!(host.reply("app", "", "null"), "0");
}

#[test]
fn random_values_of_two_instances_differ() {
    let host = Host::new("");
    // The zygote that both are clones of has drawn each of these, by each of these functions.
    let source = "const { randomBytes, randomFillSync, randomInt } = process.getBuiltinModule('crypto');
        export default () => [Math.random(), crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(16)).join(),
            randomBytes(16).toString('hex'), randomFillSync(new Uint8Array(16)).join(), randomInt(2 ** 47)];";
    for app in ["one", "two"] {
        host.deploy("acme", app, source, |_| ()).unwrap();
    }
    let [one, two] = ["one", "two"].map(|app| {
        let reply = host.reply(app, "", "null");
        serde_json::from_str::<Vec<serde_json::Value>>(&reply).unwrap()
    });
    let same: Vec<_> = one.iter().filter(|value| two.contains(value)).collect();
    assert_eq!((one.len(), two.len(), same), (6, 6, Vec::new()));
}

#[test]
fn the_bill_is_the_kernels() {
    let host = Host::new("");
    let source = "export default (ms) => { const end = Date.now() + ms; while (Date.now() < end); return 'x'.repeat(10); }";
    host.deploy("acme", "app", source, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    })
    .unwrap();
    let (_, usage) = host.invoke("app", "", "100").unwrap();
    // The app's clock has milliseconds.
    assert!(98_000 <= usage.run_us, "{usage:?}");
    assert!(0 < usage.cpu_us && usage.cpu_us <= usage.run_us, "{usage:?}");
    assert_eq!((usage.bytes_in, usage.bytes_out), (3, 12));
    assert!(0 < usage.memory_peak_bytes);
    let (_, usage) = host.invoke("app", "", "0").unwrap();
    assert_eq!(usage.start(), v1::Start::Idle);
}

#[test]
fn calls_beyond_the_instances_wait_their_turn() {
    let host = Host::new("");
    // Also while the only instance still loads it.
    let code = "const end = Date.now() + 200; while (Date.now() < end);
        export default (n) => new Promise((done) => setTimeout(() => done(n), 50))";
    let made = host.deploy("acme", "app", code, |request| {
        let limits = request.limits.get_or_insert_default();
        (limits.concurrency, limits.max_instances) = (Some(3), Some(1));
        limits.timeout_ms = Some(60_000);
    });
    made.unwrap();
    std::thread::scope(|scope| {
        let calls = ["1", "2", "3"].map(|n| (n, scope.spawn(|| host.reply("app", "", n))));
        for (n, call) in calls {
            assert_eq!(call.join().unwrap(), n);
        }
    });
    assert_eq!(host.instances_in("app", "idle").len(), 1);
}

/// Loads for longer than the calls below have time.
const SLOW_TO_LOAD: &str = "const end = Date.now() + 400; while (Date.now() < end); \
                            export default (n) => n + 1;";

#[test]
fn an_app_that_loads_for_longer_than_its_calls_may_take_is_ready_in_the_end() {
    let host = Host::new("");
    host.deploy("acme", "app", SLOW_TO_LOAD, |_| ()).unwrap();
    let mut request = Host::request("acme", "app", "", b"1");
    request.timeout_ms = Some(200 * slowness());
    until("a call finds it loaded", || host.send(request.clone()).is_ok());
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn a_first_call_that_is_sent_with_its_app_is_billed_with_the_loading() {
    let host = Host::new("[pool]\nspare_floor = 1\nspare_ceiling = 1\n");
    let code = "const work = () => { for (let i = 0; i < 1e6; i++); }; \
                for (let i = 0; i < 5; i++) work(); export default (n) => { work(); return n + 1; };";
    host.deploy("acme", "app", code, |request| {
        request.limits.as_mut().unwrap().timeout_ms = Some(60_000);
    })
    .unwrap();
    until("there is a spare", || host.instances("acme").iter().any(|one| one.state == "spare"));
    let mut request = Host::request("acme", "app", "", b"1");
    request.timeout_ms = Some(20_000 * slowness());
    let (_, first) = host.send(request.clone()).unwrap();
    assert_eq!(first.start(), v1::Start::Spare);
    assert!(first.start_us < first.run_us && first.cpu_us <= first.run_us, "{first:?}");
    let (_, next) = host.send(request).unwrap();
    // Six pieces of work, and one: by the processor's time, which does not depend on who else wants it.
    assert!(2 * next.cpu_us < first.cpu_us, "{first:?} {next:?}");
}
