//! The commands around calls: apps, quota, ps, logs, doctor, drain.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::{check, check_json, command, fake::FakeDaemon, output, skep};

#[test]
fn apps_are_a_table() {
    check(
        &["apps"],
        0,
        "APP   VERSION       FUNCTIONS  CALLED AS        SOURCE  MEMORY  TIMEOUT       RATE  INSTANCES\
         \nshop  abababababab  default    worker, lambda  2.0 KiB       -        -  unlimited     1 of 4\n",
        "",
    );
}

#[test]
fn the_conventions_of_functions_are_listed_for_a_script() {
    let apps: Value = serde_json::from_str(&output(&["apps", "--json"], 0)).unwrap();
    let expected = json!([
        { "name": "default", "event": null, "http": "worker" },
        { "name": "list", "event": "lambda", "http": "lambda" },
    ]);
    assert_eq!(apps["apps"][0]["found"], expected);
}

#[test]
fn no_apps_say_what_to_do() {
    let text = "no apps yet; deploy one: skep deploy ./examples/hello --app hello\n";
    check(&["apps", "--tenant", "empty"], 0, text, "");
}

#[test]
fn an_app_is_removed() {
    check(&["rm", "shop"], 0, "removed shop\n", "");
}

#[track_caller]
fn app_in(value: &Value) {
    assert_eq!((&value["tenant"], &value["app"]), (&json!("default"), &json!("shop")), "{value}");
}

#[test]
fn the_name_of_an_app_has_the_same_key_everywhere() {
    let daemon = FakeDaemon::start();
    let run = |arguments: &[&str]| -> Value {
        serde_json::from_str(&skep(&daemon.endpoint(), arguments).stdout).unwrap()
    };
    let file = daemon.folder.write("a.js", "");
    app_in(&run(&["--json", "deploy", file.to_str().unwrap(), "--app", "shop"]));
    app_in(&run(&["--json", "apps"])["apps"][0]);
    app_in(&run(&["--json", "quota", "get", "--app", "shop"]));
    app_in(&run(&["--json", "quota", "set", "--app", "shop", "--rps", "1"]));
    app_in(&run(&["--json", "ps", "--tenant", "default"])["instances"][0]);
    app_in(&run(&["--json", "rm", "shop"]));
}

#[test]
fn instances_are_a_table() {
    check(
        &["ps", "--tenant", "acme"],
        0,
        "ID   TENANT  APP   STATE     UID   PID    MEMORY      PEAK     LIMIT    CPU         OF  CALLS  \
         \x20     RATE       AGE\
         \ni-7  acme    shop  busy   200007  4711  12.4 MiB  20.0 MiB  64.0 MiB  1.2 s       500m     42  \
         3 of 100/s  3 m 20 s\
         \ni-8  acme    -     spare  200007  4711  12.4 MiB  20.0 MiB  64.0 MiB  1.2 s  unlimited      0  \
         \x20      0/s  3 m 20 s\n",
        "",
    );
}

#[test]
fn all_instances_are_asked_for_without_a_tenant() {
    let run = skep(&FakeDaemon::start().endpoint(), &["ps", "--all", "--json"]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(value["instances"][0]["tenant"], "everybody");
}

#[test]
fn what_a_spare_does_not_have_is_null() {
    let run = skep(&FakeDaemon::start().endpoint(), &["ps", "--json"]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    let (busy, spare) = (&value["instances"][0], &value["instances"][1]);
    assert_eq!((&busy["app"], &busy["cpu_limit_millis"]), (&json!("shop"), &json!(500)));
    for key in ["app", "version", "cpu_limit_millis", "instance_rate"] {
        assert_eq!(spare[key], Value::Null, "{key}");
    }
}

#[test]
fn a_quota_is_shown_and_changed() {
    check(
        &["quota", "get"],
        0,
        "tenant           default\
         \nrate             unlimited\
         \nconcurrency      unlimited\
         \nmemory           512.0 MiB\
         \ncpu              unlimited\
         \nrunning now      2\
         \nmemory reserved  64.0 MiB\
         \nmemory kept      1.5 MiB\n",
        "",
    );
    let changed = json!({
        "tenant": "default",
        "app": "shop",
        "quota": {
            "rate": { "rps": 5, "burst": null },
            "concurrency": null,
            "memory_bytes": null,
            "cpu_millis": 1500,
        },
        "instance_rate": null,
    });
    let arguments = ["quota", "set", "--app", "shop", "--rps", "5", "--cpu", "1.5", "--json"];
    check_json(&arguments, 0, changed);
}

#[test]
fn logs_are_escaped_lines() {
    let line = |n| format!("2026-01-01T00:00:00.000Z info  01234567 line {n}\\u{{1b}}[2K\n");
    check(&["logs", "shop"], 0, &(line(1) + &line(2)), "");
    check(&["logs", "shop", "--lines", "1"], 0, &line(1), "");
}

#[test]
fn following_asks_for_what_came_after_and_ends_with_its_reader() {
    let daemon = FakeDaemon::start();
    let mut command = command(&daemon.endpoint(), &["logs", "shop", "--follow"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("skep runs");
    let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .take(4)
        .map(|line| line.unwrap().chars().skip(40).take(6).collect())
        .collect();
    assert_eq!(lines, ["line 1", "line 2", "line 3", "line 4"]);
    // The reader is gone: the next line cannot be written, and nobody complains.
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn following_loses_nothing_that_comes_after_an_empty_log() {
    let daemon = FakeDaemon::start();
    let mut command = command(&daemon.endpoint(), &["logs", "late", "--follow", "--lines", "1"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("skep runs");
    let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .take(4)
        .map(|line| line.unwrap().chars().skip(40).take(6).collect())
        .collect();
    assert_eq!(lines, ["line 1", "line 2", "line 3", "line 4"]);
    child.wait().unwrap();
}

#[test]
fn a_host_that_lacks_something_is_five() {
    let finding = |name: &str, grade: &str, fix: &str| {
        json!({
            "name": name, "grade": grade, "found": "none", "needed": "some", "cost": "", "fix": fix,
        })
    };
    let findings =
        [finding("kernel", "OK", ""), finding("landlock", "MISSING", "update the kernel")];
    check_json(&["doctor", "--json"], 5, json!({ "findings": findings }));
    check(
        &["doctor"],
        5,
        "NAME      GRADE    FOUND  NEEDED\
         \nkernel    OK       none   some\
         \nlandlock  MISSING  none   some\
         \n  fix   update the kernel\n",
        "",
    );
}

#[test]
fn draining_says_how_many_calls_ran() {
    let text = "draining; 3 calls were still running, skepd stops when they ended\n";
    check(&["drain"], 0, text, "");
}

#[test]
fn the_version_is_told() {
    let run = skep("unix:///s", &["--version"]);
    assert_eq!(run.stdout, format!("skep {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_bill_of_a_tenant_has_four_lines_and_what_the_kernel_counted() {
    check(
        &["usage"],
        0,
        "FOR                 COUNT    CPU\
         \ncalls                  42  1.2 s\
         \nloads and compiles      3  90 ms\
         \nstarts and ends         4   8 ms\
         \nspares                  2   2 ms\
         \nall                        1.3 s\
         \nby the kernel              1.3 s\
         \nsince 2026-01-01T00:00:00.000Z\n",
        "",
    );
}

#[test]
fn the_bill_of_an_app_for_a_script_has_its_sum() {
    let line = |count: u32, cpu_us: u32| json!({ "count": count, "cpu_us": cpu_us });
    let bill = json!({
        "tenant": "acme", "app": "shop",
        "calls": line(42, 1_200_000), "loads": line(3, 90_000),
        "starts": line(4, 8_000), "spares": line(2, 2_000),
        "cpu_us": 1_300_000, "kernel_cpu_us": null, "since_us": 1_767_225_600_000_000_u64,
    });
    check_json(&["usage", "--tenant", "acme", "--app", "shop", "--json"], 0, bill);
}

#[test]
fn budgets_are_a_table() {
    check(
        &["budget"],
        0,
        "LEVEL   NAME     USED     PEAK      MOST\
         \ncaller  1000  1.0 MiB  3.0 MiB  64.0 MiB\n",
        "",
    );
}
