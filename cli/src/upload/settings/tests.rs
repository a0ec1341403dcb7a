//! What `skep.toml` may say, and how it is told what it may not.

use super::*;
use crate::units::{ByteCount, CpuMillis, Millis};

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    assert_eq!(read(text.as_bytes()).unwrap_err().problems, expected, "for {text:?}");
}

#[test]
fn everything_can_be_said() {
    let text = r#"
entry = "src/index.ts"
handler = "lambda"
include = ["views/**"]
conditions = ["worker"]
modules = ["fs", "node:crypto"]
[env]
GREETING = "hello"
EMPTY = ""
[files]
"/var/secrets/token" = "./token"
[limits]
memory = "64MiB"
cpu = "500m"
timeout = "2s"
cpu_budget = "1s"
concurrency = 4
min_instances = 0
max_instances = 0x10
[rates]
rps = 1_000
burst = 20
rps_per_instance = 10
burst_per_instance = 5
"#;
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut settings = read(text.as_bytes()).unwrap();
    settings.env.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = Settings {
        entry: Some("src/index.ts".to_owned()),
        handler: Some("lambda".to_owned()),
        include: texts(&["views/**"]),
        conditions: texts(&["worker"]),
        modules: Some(texts(&["fs", "node:crypto"])),
        env: vec![
            ("EMPTY".to_owned(), Unseen(String::new())),
            ("GREETING".to_owned(), Unseen("hello".to_owned())),
        ],
        files: vec![("/var/secrets/token".to_owned(), "./token".to_owned())],
        bounds: Bounds {
            memory: Some(ByteCount(64 << 20)),
            cpu: Some(CpuMillis(500)),
            timeout: Some(Millis(2000)),
            cpu_budget: Some(Millis(1000)),
            concurrency: Some(4),
            min_instances: Some(0),
            max_instances: Some(16),
            rps: Some(1000),
            burst: Some(20),
            rps_per_instance: Some(10),
            burst_per_instance: Some(5),
        },
    };
    assert_eq!(settings, expected);
}

#[test]
fn nothing_need_be_said() {
    assert_eq!(read(b"# nothing\n"), Ok(Settings::default()));
}

#[test]
fn unknown_keys_are_told_with_their_place_all_at_once() {
    refused(
        "entri = \"a\"\n[limits]\n  mem = 1\n[rates]\nrate = 1\n",
        &[
            &format!("skep.toml:1:1: unknown key \"entri\"; known are {KEYS}"),
            &format!("skep.toml:3:3: unknown key \"mem\"; known are {LIMITS}"),
            &format!("skep.toml:5:1: unknown key \"rate\"; known are {RATES}"),
        ],
    );
}

#[test]
fn values_of_another_kind_are_told_without_the_value() {
    refused(
        "[env]\nTOKEN = 424242\n",
        &["skep.toml:2:9: env.TOKEN: expected a text, found a whole number"],
    );
    refused("env = \"hunter2\"\n", &["skep.toml:1:7: env: expected a table, found a text"]);
    refused(
        "handler = \"hunter2\"\n",
        &[&format!("skep.toml:1:11: handler: expected one of {}", HANDLERS.join(", "))],
    );
}

#[test]
fn a_line_that_cannot_be_read_is_not_shown() {
    let error = read(b"[env]\nTOKEN = hunter2\n").unwrap_err().to_string();
    assert!(error.starts_with("skep.toml:2:9: ") && !error.contains("hunter2"), "{error}");
    let error = read(b"[env]\nTOKEN = \"hunter2\n").unwrap_err().to_string();
    assert!(error.starts_with("skep.toml:2:") && !error.contains("hunter2"), "{error}");
}

#[test]
fn quantities_follow_the_rules_of_the_flags() {
    refused(
        "[limits]\nmemory = \"64MB\"\n",
        &[
            "skep.toml:2:10: memory: the unit is unknown; write bytes, KiB, MiB, GiB or TiB, such as 64MiB",
        ],
    );
    refused(
        "[limits]\ntimeout = \"0s\"\n",
        &[
            "skep.toml:2:11: timeout: it must be above zero; write a whole number of ms, s, m or h, such as 500ms or 2s",
        ],
    );
    refused(
        "[limits]\nconcurrency = 0\n",
        &["skep.toml:2:15: concurrency: expected a whole number from 1 to 4294967295"],
    );
    refused(
        "[rates]\nrps = -1\n",
        &["skep.toml:2:7: rps: expected a whole number from 0 to 4294967295"],
    );
    refused("[rates]\nburst = 2\n", &["skep.toml:1:2: rates: burst needs rps beside it"]);
}

#[test]
fn modules_are_built_in_ones() {
    refused(
        "modules = [\"fs\", \"express\"]\n",
        &["skep.toml:1:11: modules: \"express\" is no built-in module"],
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(read(b"\xff").unwrap_err().problems, ["skep.toml: it is not UTF-8"]);
    let error = fits(MOST_BYTES + 1).unwrap_err();
    assert_eq!(error.problems, ["skep.toml: it has 1048577 bytes, at most 1048576 are read"]);
}
