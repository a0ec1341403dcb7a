//! The table as it is printed: the rows of this run, and those that the virtual machine measured last.
//!
//! A row is printed from its JSON, so that those of another run look the same.

use std::{fs, io::ErrorKind};

use anyhow::Context as _;
use serde_json::Value;

/// Where `make bench-vm` leaves its figures.
const UNIFIED: &str = "target/bench/unified.json";

/// The line above the rows.
pub(crate) fn head() {
    println!(
        "\nof rates, for p50 and p99: the median round and the slowest; spread: of the rounds' ratios"
    );
    println!(
        "{:<22} {:>7} {:>7}  {:>7} {:>7}  {:<7} {:>21}  {:>21}",
        "row", "ratio", "spread", "target", "aim", "", "ours p50 / p99", "reference p50 / p99"
    );
}

/// One row, from what [`Row::json`](crate::stats::Row::json) gives.
pub(crate) fn line(row: &Value) {
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
    let spread = match row["spread"].as_f64() {
        Some(spread) => format!("{:.0}%", spread * 100.0),
        None => "-".to_owned(),
    };
    let pair = |p50, p99| format!("{:.0} / {:.0} {}", number(p50), number(p99), text("unit"));
    println!(
        "{:<22} {:>7.3} {spread:>7}  {:>7} {:>7}  {:<7} {:>21}  {:>21}  {}",
        text("id"),
        number("ratio"),
        text("target"),
        text("aim"),
        text("verdict"),
        pair("ours_p50", "ours_p99"),
        pair("reference_p50", "reference_p99"),
        text("note"),
    );
}

/// What was not measured, and why.
pub(crate) fn missing(id: &str, why: &str) {
    println!("{id:<22} not measured: {why}");
}

/// The rows of the last `make bench-vm`, if there was one.
pub(crate) fn of_the_virtual_machine() -> anyhow::Result<()> {
    let text = match fs::read_to_string(UNIFIED) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("\nmake bench-vm measures on unified control groups: it was not run here yet");
            return Ok(());
        }
        text => text.context(UNIFIED)?,
    };
    let report: Value = serde_json::from_str(&text).context(UNIFIED)?;
    let said = |key: &str| report["machine"][key].as_str().unwrap_or("unknown").to_owned();
    println!(
        "\nin the virtual machine (emulated, processors: {}), on {} control groups: commit {:.12}, {}",
        report["machine"]["cores"],
        said("cgroups"),
        said("commit"),
        said("measured"),
    );
    let all = |key: &str| report[key].as_array().cloned().unwrap_or_default();
    all("rows").iter().for_each(line);
    for row in all("missing") {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        missing(text("id"), text("why"));
    }
    Ok(())
}
