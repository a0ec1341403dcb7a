//! Durations as text: `2s`, `500ms`, `1m`.
//!
//! `std::time::Duration` is the type that the rest of Skep uses; this file only reads and shows it,
//! for people, configuration and stored manifests.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BadQuantity, Fault, as_text, split};

/// From the largest to the smallest, how many nanoseconds each counts.
const UNITS: [(&str, u128); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// A duration that is read and shown as text.
///
/// Reading takes a whole number and a unit out of `ns`, `us`, `ms`, `s`, `m` and `h`; showing takes
/// the largest unit that is exact.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct DurationText(pub Duration);

impl DurationText {
    /// At least as long, in whole milliseconds: for people, who do not read nanoseconds.
    pub fn rounded_up(duration: Duration) -> Self {
        let millis = duration.as_nanos().div_ceil(1_000_000);
        Self(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        if nanos == 0 {
            return f.pad("0s");
        }
        let (unit, each) =
            UNITS.into_iter().find(|(_, each)| nanos.is_multiple_of(*each)).unwrap_or(("ns", 1));
        f.pad(&format!("{}{unit}", nanos / each))
    }
}

impl FromStr for DurationText {
    type Err = BadQuantity;

    fn from_str(text: &str) -> Result<Self, BadQuantity> {
        let bad = |fault| {
            BadQuantity::new(text, "a duration", fault, "ns, us, ms, s, m or h, such as 500ms")
        };
        let (number, unit) = split(text).map_err(bad)?;
        if unit.is_empty() {
            return Err(bad(Fault::NoUnit));
        }
        let (_, each) = UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| bad(Fault::UnknownUnit))?;
        number.checked_mul(each).and_then(from_nanos).map(Self).ok_or_else(|| bad(Fault::TooLarge))
    }
}

as_text!(DurationText);

fn from_nanos(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
    let rest = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    Some(Duration::new(seconds, rest))
}

/// A duration, or something around durations, that serde can store as text by
/// `#[serde(with = "duration_text")]`.
pub trait Durations: Sized {
    /// The same with [`DurationText`] in place of each duration.
    type Text: Serialize + for<'de> Deserialize<'de>;

    /// As it is stored.
    fn to_text(&self) -> Self::Text;

    /// As it was before.
    fn from_text(text: Self::Text) -> Self;
}

impl Durations for Duration {
    type Text = DurationText;

    fn to_text(&self) -> DurationText {
        DurationText(*self)
    }

    fn from_text(text: DurationText) -> Self {
        text.0
    }
}

impl<T: Durations> Durations for Option<T> {
    type Text = Option<T::Text>;

    fn to_text(&self) -> Self::Text {
        self.as_ref().map(T::to_text)
    }

    fn from_text(text: Self::Text) -> Self {
        text.map(T::from_text)
    }
}

/// For `#[serde(with = "duration_text")]` on a field that is made of durations.
pub mod duration_text {
    use super::{Deserialize, Deserializer, Durations, Serialize, Serializer};

    /// Writes the durations as text.
    ///
    /// # Errors
    ///
    /// Those of the format.
    pub fn serialize<T: Durations, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        value.to_text().serialize(to)
    }

    /// Reads the durations from text.
    ///
    /// # Errors
    ///
    /// Those of the format, and [`BadQuantity`](super::BadQuantity) as its message.
    pub fn deserialize<'de, T: Durations, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        T::Text::deserialize(from).map(T::from_text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{read, written};
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Duration, Fault>) {
        let parsed = text.parse::<DurationText>();
        assert_eq!(parsed.map(|d| d.0).map_err(|bad| bad.fault), expected, "for {text:?}");
    }

    #[test]
    fn seconds_are_read() {
        check("2s", Ok(Duration::from_secs(2)));
    }

    #[test]
    fn milliseconds_are_read() {
        check("500ms", Ok(Duration::from_millis(500)));
    }

    #[test]
    fn minutes_are_not_milliseconds() {
        check("1m", Ok(Duration::from_secs(60)));
    }

    #[test]
    fn microseconds_are_read() {
        check("250us", Ok(Duration::from_micros(250)));
    }

    #[test]
    fn zero_seconds_are_a_duration() {
        check("0s", Ok(Duration::ZERO));
    }

    #[test]
    fn number_without_unit_is_refused() {
        check("20", Err(Fault::NoUnit));
    }

    #[test]
    fn nothing_is_not_a_duration() {
        check("", Err(Fault::NoNumber));
    }

    #[test]
    fn negative_duration_is_refused() {
        check("-2s", Err(Fault::NoNumber));
    }

    #[test]
    fn fraction_is_refused() {
        check("1.5s", Err(Fault::UnknownUnit));
    }

    #[test]
    fn unknown_unit_is_refused() {
        check("3d", Err(Fault::UnknownUnit));
    }

    #[test]
    fn two_quantities_are_refused() {
        check("1m30s", Err(Fault::UnknownUnit));
    }

    #[test]
    fn the_longest_duration_is_read() {
        check("18446744073709551615s", Ok(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn one_second_more_is_refused() {
        check("18446744073709551616s", Err(Fault::TooLarge));
    }

    #[test]
    fn product_that_would_wrap_is_refused() {
        check("340282366920938463463374607431768211455h", Err(Fault::TooLarge));
    }

    #[test]
    fn durations_are_shown_in_their_largest_exact_unit() {
        let shown = [7_200_000, 90_000, 60_000, 1_500, 250]
            .map(|ms| DurationText(Duration::from_millis(ms)).to_string());
        assert_eq!(shown, ["2h", "90s", "1m", "1500ms", "250ms"]);
    }

    #[test]
    fn serde_writes_and_reads_plain_text() {
        let text = DurationText(Duration::from_millis(500));
        assert_eq!(written(&text), "500ms");
        assert_eq!(read::<DurationText>("500ms").unwrap(), text);
        assert!(read::<DurationText>("500").is_err());
    }

    proptest! {
        #[test]
        fn durations_read_what_they_show(secs: u64, nanos in 0_u32..1_000_000_000, drop in 0_u32..64) {
            let whole = DurationText(Duration::from_secs(secs >> drop));
            prop_assert_eq!(whole.to_string().parse::<DurationText>().unwrap(), whole);
            let fine = DurationText(Duration::new(secs >> drop, nanos));
            prop_assert_eq!(fine.to_string().parse::<DurationText>().unwrap(), fine);
        }
    }
}
