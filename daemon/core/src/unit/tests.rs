//! Tests of [`super`]: what is read, what is refused and why, and that showing loses nothing.

use super::*;
use crate::testing::{read, written};
use proptest::prelude::*;

#[track_caller]
fn bytes(text: &str, expected: Result<u64, Fault>) {
    let parsed = text.parse::<ByteCount>();
    assert_eq!(parsed.map(ByteCount::bytes).map_err(|bad| bad.fault), expected, "for {text:?}");
}

#[track_caller]
fn cpu(text: &str, expected: Result<u32, Fault>) {
    let parsed = text.parse::<CpuShare>();
    assert_eq!(parsed.map(CpuShare::millis).map_err(|bad| bad.fault), expected, "for {text:?}");
}

#[test]
fn mebibytes_are_read() {
    bytes("64MiB", Ok(64 << 20));
}

#[test]
fn bytes_may_come_without_unit() {
    bytes("4096", Ok(4096));
}

#[test]
fn bytes_may_come_with_their_unit() {
    bytes("4096B", Ok(4096));
}

#[test]
fn the_largest_number_of_bytes_is_read() {
    bytes("18446744073709551615", Ok(u64::MAX));
}

#[test]
fn one_byte_more_is_refused() {
    bytes("18446744073709551616", Err(Fault::TooLarge));
}

#[test]
fn product_that_would_wrap_is_refused() {
    bytes("16777216TiB", Err(Fault::TooLarge));
}

#[test]
fn number_beyond_every_integer_is_refused() {
    bytes(&"9".repeat(60), Err(Fault::TooLarge));
}

#[test]
fn nothing_is_not_a_number_of_bytes() {
    bytes("", Err(Fault::NoNumber));
}

#[test]
fn unit_alone_is_refused() {
    bytes("MiB", Err(Fault::NoNumber));
}

#[test]
fn negative_bytes_are_refused() {
    bytes("-1", Err(Fault::NoNumber));
}

#[test]
fn signed_bytes_are_refused() {
    bytes("+1", Err(Fault::NoNumber));
}

#[test]
fn words_are_refused() {
    bytes("NaN", Err(Fault::NoNumber));
}

#[test]
fn infinity_is_refused() {
    bytes("inf", Err(Fault::NoNumber));
}

#[test]
fn decimal_unit_is_refused() {
    bytes("64MB", Err(Fault::UnknownUnit));
}

#[test]
fn unit_in_small_letters_is_refused() {
    bytes("64mib", Err(Fault::UnknownUnit));
}

#[test]
fn fraction_of_bytes_is_refused() {
    bytes("1.5GiB", Err(Fault::UnknownUnit));
}

#[test]
fn blank_before_the_unit_is_refused() {
    bytes("64 MiB", Err(Fault::UnknownUnit));
}

#[test]
fn refusal_shows_what_was_found_and_what_is_accepted() {
    let bad = "64MB".parse::<ByteCount>().unwrap_err();
    assert_eq!(
        bad.to_string(),
        "\"64MB\" is not a number of bytes: the unit is unknown; \
         use B, KiB, MiB, GiB or TiB, such as 64MiB"
    );
}

#[test]
fn refusal_does_not_repeat_a_long_text() {
    let bad = "x".repeat(10_000).parse::<ByteCount>().unwrap_err();
    assert_eq!(bad.found.len(), 40);
}

#[test]
fn amounts_are_shown_in_their_largest_exact_unit() {
    let shown = [0, 1000, 1 << 10, 64 << 20, 1 << 30, 1 << 40, (1 << 30) + 1]
        .map(|n| ByteCount::from_bytes(n).to_string());
    assert_eq!(shown, ["0B", "1000B", "1KiB", "64MiB", "1GiB", "1TiB", "1073741825B"]);
}

#[test]
fn subtraction_never_wraps() {
    let (little, much) = (ByteCount::from_mib(1), ByteCount::from_mib(2));
    assert_eq!(little.minus(much), None);
    assert_eq!(little.saturating_minus(much), ByteCount::ZERO);
    assert_eq!(much.minus(little), Some(little));
}

#[test]
fn addition_never_wraps() {
    let most = ByteCount::from_bytes(u64::MAX);
    assert_eq!(most.plus(ByteCount::from_bytes(1)), None);
    assert_eq!(most.saturating_plus(ByteCount::from_bytes(1)), most);
}

#[test]
fn rounding_goes_down_to_whole_pages() {
    let page = ByteCount::from_bytes(4096);
    assert_eq!(ByteCount::from_bytes(8191).round_down_to(page), page);
    assert_eq!(ByteCount::from_bytes(8192).round_down_to(page).bytes(), 8192);
    assert_eq!(ByteCount::from_bytes(8191).round_down_to(ByteCount::ZERO).bytes(), 8191);
}

#[test]
fn thousandths_are_read() {
    cpu("500m", Ok(500));
}

#[test]
fn whole_cpus_are_read() {
    cpu("2", Ok(2000));
}

#[test]
fn fractions_of_a_cpu_are_read() {
    cpu("1.5", Ok(1500));
}

#[test]
fn a_thousandth_may_be_a_decimal() {
    cpu("0.001", Ok(1));
}

#[test]
fn finer_than_a_thousandth_is_refused() {
    cpu("0.0005", Err(Fault::TooFine));
}

#[test]
fn point_without_decimals_is_refused() {
    cpu("1.", Err(Fault::NoNumber));
}

#[test]
fn point_without_number_is_refused() {
    cpu(".5", Err(Fault::NoNumber));
}

#[test]
fn fraction_of_a_thousandth_is_refused() {
    cpu("1.5m", Err(Fault::UnknownUnit));
}

#[test]
fn exponent_is_refused() {
    cpu("1e3", Err(Fault::UnknownUnit));
}

#[test]
fn negative_share_is_refused() {
    cpu("-1", Err(Fault::NoNumber));
}

#[test]
fn more_cpus_than_can_be_counted_are_refused() {
    cpu("4294968", Err(Fault::TooLarge));
}

#[test]
fn quota_is_exact_over_the_period() {
    assert_eq!(CpuShare::ONE.cpu_max(), CpuShare::PERIOD);
    assert_eq!(CpuShare::from_millis(333).cpu_max(), Duration::from_micros(33_300));
    assert_eq!(CpuShare::from_millis(2500).cpu_max(), Duration::from_millis(250));
}

#[test]
fn quota_is_never_below_what_the_kernel_takes() {
    assert_eq!(CpuShare::ZERO.cpu_max(), Duration::from_millis(1));
    assert_eq!(CpuShare::LEAST.cpu_max(), Duration::from_millis(1));
    assert_eq!(CpuShare::from_millis(11).cpu_max(), Duration::from_micros(1_100));
}

#[test]
fn serde_writes_and_reads_plain_text() {
    assert_eq!(written(&ByteCount::from_mib(64)), "64MiB");
    assert_eq!(read::<ByteCount>("64MiB").unwrap(), ByteCount::from_mib(64));
    assert_eq!(written(&CpuShare::from_millis(1500)), "1.5");
    assert_eq!(read::<CpuShare>("1.5").unwrap(), CpuShare::from_millis(1500));
}

proptest! {
    #[test]
    fn bytes_read_what_they_show(n: u64, shift in 0_u32..64) {
        let count = ByteCount::from_bytes(n >> shift << (shift / 2));
        prop_assert_eq!(count.to_string().parse::<ByteCount>().unwrap(), count);
    }

    #[test]
    fn shares_read_what_they_show(n: u32, shift in 0_u32..32) {
        let share = CpuShare::from_millis(n >> shift);
        prop_assert_eq!(share.to_string().parse::<CpuShare>().unwrap(), share);
    }

    #[test]
    fn no_text_makes_parsing_panic(text in "[0-9]{0,45}[.mMiBx-]{0,4}[0-9]{0,45}") {
        let _ = text.parse::<ByteCount>();
        let _ = text.parse::<CpuShare>();
    }
}
