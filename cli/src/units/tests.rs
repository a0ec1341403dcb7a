//! What is read, what is refused, and what is shown.

use super::*;

#[track_caller]
fn reads<Q: Quantity + PartialEq + fmt::Debug>(text: &str, expected: Q) {
    assert_eq!(above_zero::<Q>(text), Ok(expected), "for {text:?}");
}

#[track_caller]
fn refuses<Q: Quantity + PartialEq + fmt::Debug>(text: &str, fault: Fault) {
    assert_eq!(above_zero::<Q>(text), Err(bad::<Q>(fault)), "for {text:?}");
}

#[test]
fn bytes_are_read_in_every_unit() {
    reads("64MiB", ByteCount(64 << 20));
    reads("1GiB", ByteCount(1 << 30));
    reads("512KiB", ByteCount(512 << 10));
    reads("2TiB", ByteCount(2 << 40));
    reads("4096", ByteCount(4096));
    reads("4096B", ByteCount(4096));
    reads("18446744073709551615", ByteCount(u64::MAX));
}

#[test]
fn bytes_that_are_none_are_refused() {
    refuses::<ByteCount>("", Fault::NoNumber);
    refuses::<ByteCount>("MiB", Fault::NoNumber);
    refuses::<ByteCount>(" 64MiB", Fault::NoNumber);
    refuses::<ByteCount>("-64MiB", Fault::Negative);
    refuses::<ByteCount>("64MB", Fault::UnknownUnit);
    refuses::<ByteCount>("64 MiB", Fault::UnknownUnit);
    refuses::<ByteCount>("1.5GiB", Fault::UnknownUnit);
    refuses::<ByteCount>("0MiB", Fault::Zero);
}

#[test]
fn bytes_beyond_the_field_are_refused() {
    refuses::<ByteCount>("18446744073709551616", Fault::TooLarge);
    refuses::<ByteCount>("16777216TiB", Fault::TooLarge);
    refuses::<ByteCount>("999999999999999999999999999999999999999999", Fault::TooLarge);
}

#[test]
fn zero_bytes_are_a_quota_that_is_closed() {
    assert_eq!("0".parse(), Ok(ByteCount(0)));
}

#[test]
fn cpus_are_read_in_both_notations() {
    reads("500m", CpuMillis(500));
    reads("2", CpuMillis(2000));
    reads("1.5", CpuMillis(1500));
    reads("0.125", CpuMillis(125));
    reads("4294967295m", CpuMillis(u32::MAX));
}

#[test]
fn cpus_that_are_none_are_refused() {
    refuses::<CpuMillis>("m", Fault::NoNumber);
    refuses::<CpuMillis>("-1", Fault::Negative);
    refuses::<CpuMillis>("1.", Fault::NoNumber);
    refuses::<CpuMillis>("1.-5", Fault::Negative);
    refuses::<CpuMillis>("1.0005", Fault::TooFine);
    refuses::<CpuMillis>("1.5m", Fault::UnknownUnit);
    refuses::<CpuMillis>("50%", Fault::UnknownUnit);
    refuses::<CpuMillis>("0", Fault::Zero);
    refuses::<CpuMillis>("0.000", Fault::Zero);
    refuses::<CpuMillis>("4294967296m", Fault::TooLarge);
    refuses::<CpuMillis>("4294968", Fault::TooLarge);
}

#[test]
fn durations_are_read_in_every_unit() {
    reads("500ms", Millis(500));
    reads("2s", Millis(2000));
    reads("1m", Millis(60_000));
    reads("1h", Millis(3_600_000));
}

#[test]
fn durations_that_are_none_are_refused() {
    refuses::<Millis>("2", Fault::NoUnit);
    refuses::<Millis>("1.5s", Fault::UnknownUnit);
    refuses::<Millis>("5us", Fault::UnknownUnit);
    refuses::<Millis>("-2s", Fault::Negative);
    refuses::<Millis>("s", Fault::NoNumber);
    refuses::<Millis>("0s", Fault::Zero);
    refuses::<Millis>("4294967296ms", Fault::TooLarge);
    refuses::<Millis>("1194h", Fault::TooLarge);
}

#[test]
fn a_refusal_says_what_to_write() {
    let text = above_zero::<ByteCount>("64MB").unwrap_err().to_string();
    assert_eq!(text, "the unit is unknown; write bytes, KiB, MiB, GiB or TiB, such as 64MiB");
}

#[track_caller]
fn shows(quantity: impl fmt::Display, expected: &str) {
    assert_eq!(quantity.to_string(), expected);
}

#[test]
fn bytes_are_shown_to_a_tenth() {
    shows(ByteCount(0), "0 B");
    shows(ByteCount(1023), "1023 B");
    shows(ByteCount(1024), "1.0 KiB");
    shows(ByteCount(13_002_342), "12.4 MiB");
    shows(ByteCount(1_048_575), "1.0 MiB");
    shows(ByteCount(64 << 20), "64.0 MiB");
    shows(ByteCount(u64::MAX), "16777216.0 TiB");
}

#[test]
fn cpus_are_shown_as_they_are_written() {
    shows(CpuMillis(500), "500m");
    shows(CpuMillis(2000), "2");
    shows(CpuMillis(1500), "1.5");
    shows(CpuMillis(0), "0");
}

#[test]
fn times_are_shown_in_at_most_two_units() {
    shows(human_time(Duration::ZERO), "0 µs");
    shows(human_time(Duration::from_micros(999)), "999 µs");
    shows(human_time(Duration::from_micros(1234)), "1.2 ms");
    shows(human_time(Duration::from_millis(120)), "120 ms");
    shows(human_time(Duration::from_micros(999_949)), "999.9 ms");
    shows(human_time(Duration::from_micros(999_950)), "1 s");
    shows(human_time(Duration::from_millis(59_949)), "59.9 s");
    shows(human_time(Duration::from_millis(59_950)), "1 m 0 s");
    shows(human_time(Duration::from_secs(200)), "3 m 20 s");
    shows(human_time(Duration::from_secs(7500)), "2 h 5 m");
    shows(human_time(Duration::from_secs(187_200)), "2 d 4 h");
}

#[test]
fn points_in_time_are_shown_in_utc() {
    shows(utc(0), "1970-01-01T00:00:00.000Z");
    shows(utc(951_782_400_000_000), "2000-02-29T00:00:00.000Z");
    shows(utc(1_767_225_599_999_999), "2025-12-31T23:59:59.999Z");
    shows(utc(4_107_542_400_000_000), "2100-03-01T00:00:00.000Z");
}
