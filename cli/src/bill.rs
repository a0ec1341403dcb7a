//! The bill of a call, as a person and as a script reads it: of one that was answered, and of one that failed.

use std::time::Duration;

use serde_json::json;
use skep_proto::v1::{Start, Usage};

use crate::{
    screen::pairs,
    units::{ByteCount, human_time},
};

/// The bill for a person.
pub(crate) fn text(usage: &Usage, invocation: &str) -> String {
    let time = |micros| human_time(Duration::from_micros(micros));
    let start = match usage.start() {
        Start::Unspecified => time(usage.start_us),
        Start::Idle => "none, an idle instance took the call".to_owned(),
        Start::Spare => format!("{} (spare)", time(usage.start_us)),
        Start::Clone => format!("{} (clone)", time(usage.start_us)),
    };
    let dropped = match usage.log_lines_dropped {
        0 => String::new(),
        more => format!(", {more} more were dropped"),
    };
    let (bytes_in, bytes_out) = (ByteCount(usage.bytes_in), ByteCount(usage.bytes_out));
    pairs(&[
        ("invocation", invocation.to_owned()),
        ("queue", time(usage.queue_us)),
        ("start", start),
        ("run", time(usage.run_us)),
        ("cpu", time(usage.cpu_us)),
        ("memory peak", ByteCount(usage.memory_peak_bytes).to_string()),
        ("payload", format!("{bytes_in} in, {bytes_out} out")),
        ("log lines", format!("{}{dropped}", usage.log_lines)),
    ])
}

/// The bill for a script.
pub(crate) fn json(usage: &Usage) -> serde_json::Value {
    let start = match usage.start() {
        Start::Unspecified => None,
        Start::Idle => Some("idle"),
        Start::Spare => Some("spare"),
        Start::Clone => Some("clone"),
    };
    json!({
        "queue_us": usage.queue_us,
        "start_us": usage.start_us,
        "run_us": usage.run_us,
        "cpu_us": usage.cpu_us,
        "memory_peak_bytes": usage.memory_peak_bytes,
        "bytes_in": usage.bytes_in,
        "bytes_out": usage.bytes_out,
        "start": start,
        "log_lines": usage.log_lines,
        "log_lines_dropped": usage.log_lines_dropped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bill_names_everything_once() {
        let usage = Usage {
            queue_us: 10,
            start_us: 800,
            run_us: 1234,
            cpu_us: 900,
            memory_peak_bytes: 13_002_342,
            bytes_in: 4,
            bytes_out: 2048,
            start: Start::Spare.into(),
            log_lines: 3,
            log_lines_dropped: 2,
        };
        assert_eq!(
            text(&usage, "abc"),
            "invocation   abc\
         \nqueue        10 µs\
         \nstart        800 µs (spare)\
         \nrun          1.2 ms\
         \ncpu          900 µs\
         \nmemory peak  12.4 MiB\
         \npayload      4 B in, 2.0 KiB out\
         \nlog lines    3, 2 more were dropped"
        );
    }
}
