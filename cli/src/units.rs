//! Quantities as people write and read them: bytes, shares of a CPU, durations, points in time.
//!
//! The parsers accept what the daemon's configuration accepts, and no more: plain decimal numbers, no
//! sign, no blank, no rounding. Which amounts are sensible is the daemon's to say.
//!
//! Always true: a number that does not fit what the API can carry is refused here, never cut.

use std::{fmt, str::FromStr, time::Duration};

/// A text that is not the quantity it was given for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}; write {accepted}")]
pub(crate) struct BadQuantity {
    fault: Fault,
    accepted: &'static str,
}

/// What is wrong with a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// It starts with a minus.
    #[error("it is below zero")]
    Negative,
    /// It is zero where that makes no sense.
    #[error("it must be above zero")]
    Zero,
    /// It does not start with a digit.
    #[error("there is no number")]
    NoNumber,
    /// The number stands alone where a unit must follow.
    #[error("there is no unit")]
    NoUnit,
    /// What follows the number is not a unit.
    #[error("the unit is unknown")]
    UnknownUnit,
    /// It is more than the API can carry.
    #[error("it is too large")]
    TooLarge,
    /// It has more decimals than can be counted.
    #[error("it is too fine")]
    TooFine,
}

/// A quantity that can be read from an argument.
pub(crate) trait Quantity: FromStr<Err = BadQuantity> {
    /// What is right, with an example.
    const ACCEPTED: &'static str;

    /// Whether it is nothing.
    fn is_zero(&self) -> bool;
}

/// Reads a quantity for which zero makes no sense.
pub(crate) fn above_zero<Q: Quantity>(text: &str) -> Result<Q, BadQuantity> {
    let quantity: Q = text.parse()?;
    if quantity.is_zero() { Err(bad::<Q>(Fault::Zero)) } else { Ok(quantity) }
}

/// A number, or the word `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound<N> {
    /// There is no bound.
    Unlimited,
    /// This much; zero is closed.
    At(N),
}

impl<N> Bound<N> {
    /// The number, if there is one.
    pub(crate) fn at(self) -> Option<N> {
        match self {
            Bound::Unlimited => None,
            Bound::At(number) => Some(number),
        }
    }
}

/// A text that is neither the number it was given for nor the word `unlimited`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; or write unlimited")]
pub(crate) struct BadBound<E>(E);

impl<N: FromStr> FromStr for Bound<N> {
    type Err = BadBound<N::Err>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "unlimited" => Ok(Self::Unlimited),
            number => number.parse().map(Self::At).map_err(BadBound),
        }
    }
}

fn bad<Q: Quantity>(fault: Fault) -> BadQuantity {
    BadQuantity { fault, accepted: Q::ACCEPTED }
}

/// Splits `64MiB` into its number and the rest. The rest may be empty.
fn split(text: &str) -> Result<(u128, &str), Fault> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    match text.split_at(end) {
        ("", rest) if rest.starts_with('-') => Err(Fault::Negative),
        ("", _) => Err(Fault::NoNumber),
        // Digits only: nothing but the size can be wrong.
        (digits, rest) => Ok((digits.parse().map_err(|_| Fault::TooLarge)?, rest)),
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteCount(pub(crate) u64);

const BYTE_UNITS: [(&str, u32); 5] = [("B", 0), ("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];

impl Quantity for ByteCount {
    const ACCEPTED: &'static str = "bytes, KiB, MiB, GiB or TiB, such as 64MiB";

    fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl FromStr for ByteCount {
    type Err = BadQuantity;

    fn from_str(text: &str) -> Result<Self, BadQuantity> {
        let (number, unit) = split(text).map_err(bad::<Self>)?;
        let unit = if unit.is_empty() { "B" } else { unit };
        let (_, shift) = BYTE_UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| bad::<Self>(Fault::UnknownUnit))?;
        number
            .checked_mul(1 << shift)
            .and_then(|bytes| u64::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| bad::<Self>(Fault::TooLarge))
    }
}

/// Rounded to a tenth of the largest unit that fits: `12.4 MiB`.
impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return f.pad(&format!("{} B", self.0));
        }
        let tenths = |shift: u32| ((u128::from(self.0) * 10) + (1 << (shift - 1))) >> shift;
        let (unit, tenths) = BYTE_UNITS
            .into_iter()
            .skip(1)
            .map(|(unit, shift)| (unit, tenths(shift)))
            .find(|(_, tenths)| *tenths < 10_240)
            .unwrap_or(("TiB", tenths(40)));
        f.pad(&format!("{}.{} {unit}", tenths / 10, tenths % 10))
    }
}

/// Thousandths of one CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CpuMillis(pub(crate) u32);

impl Quantity for CpuMillis {
    const ACCEPTED: &'static str =
        "CPUs with up to three decimals or thousandths, such as 2, 1.5 or 500m";

    fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl FromStr for CpuMillis {
    type Err = BadQuantity;

    fn from_str(text: &str) -> Result<Self, BadQuantity> {
        let (number, rest) = split(text).map_err(bad::<Self>)?;
        let millis = match (rest, rest.strip_prefix('.')) {
            ("m", _) => Some(number),
            ("", _) => number.checked_mul(1000),
            (_, Some(decimals)) => {
                let part = thousandths(decimals).map_err(bad::<Self>)?;
                number.checked_mul(1000).and_then(|whole| whole.checked_add(part))
            }
            (_, None) => return Err(bad::<Self>(Fault::UnknownUnit)),
        };
        millis
            .and_then(|millis| u32::try_from(millis).ok())
            .map(Self)
            .ok_or_else(|| bad::<Self>(Fault::TooLarge))
    }
}

/// What stands behind the point of `1.5`: one to three digits, nothing else.
fn thousandths(decimals: &str) -> Result<u128, Fault> {
    let (number, rest) = split(decimals)?;
    match (decimals.len(), rest) {
        (1, "") => Ok(number * 100),
        (2, "") => Ok(number * 10),
        (3, "") => Ok(number),
        (_, "") => Err(Fault::TooFine),
        (_, _) => Err(Fault::UnknownUnit),
    }
}

/// `500m`, `1.5`, `2`.
impl fmt::Display for CpuMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.0 / 1000, self.0 % 1000) {
            (whole, 0) => whole.to_string(),
            (0, rest) => format!("{rest}m"),
            (whole, rest) => format!("{whole}.{rest:03}").trim_end_matches('0').to_owned(),
        };
        f.pad(&text)
    }
}

/// A duration in milliseconds, as the API carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Millis(pub(crate) u32);

const TIME_UNITS: [(&str, u128); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

impl Quantity for Millis {
    const ACCEPTED: &'static str = "a whole number of ms, s, m or h, such as 500ms or 2s";

    fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Millis {
    type Err = BadQuantity;

    fn from_str(text: &str) -> Result<Self, BadQuantity> {
        let (number, unit) = split(text).map_err(bad::<Self>)?;
        if unit.is_empty() {
            return Err(bad::<Self>(Fault::NoUnit));
        }
        let (_, each) = TIME_UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| bad::<Self>(Fault::UnknownUnit))?;
        number
            .checked_mul(each)
            .and_then(|millis| u32::try_from(millis).ok())
            .map(Self)
            .ok_or_else(|| bad::<Self>(Fault::TooLarge))
    }
}

impl Millis {
    /// The same as a duration.
    pub(crate) fn duration(self) -> Duration {
        Duration::from_millis(self.0.into())
    }
}

/// A duration for people, in at most two units: `850 µs`, `1.2 s`, `3 m 20 s`, `2 d 4 h`.
pub(crate) fn human_time(time: Duration) -> String {
    let tenths = |micros: u128, each: u128| (micros * 10 + each / 2) / each;
    let decimal = |tenths: u128, unit| match tenths % 10 {
        0 => format!("{} {unit}", tenths / 10),
        rest => format!("{}.{rest} {unit}", tenths / 10),
    };
    let micros = time.as_micros();
    let seconds = (micros + 500_000) / 1_000_000;
    match (micros, seconds) {
        (0..1000, _) => format!("{micros} µs"),
        (..999_950, _) => decimal(tenths(micros, 1000), "ms"),
        (..59_950_000, _) => decimal(tenths(micros, 1_000_000), "s"),
        (_, ..3600) => format!("{} m {} s", seconds / 60, seconds % 60),
        (_, ..86_400) => format!("{} h {} m", seconds / 3600, seconds % 3600 / 60),
        (_, _) => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Microseconds since the Unix epoch as `2026-01-31T12:00:00.123Z`.
pub(crate) fn utc(micros: u64) -> String {
    let (seconds, millis) = (micros / 1_000_000, micros % 1_000_000 / 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second % 3600 / 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Year, month and day of a day since 1970-01-01, by eras of 400 years that begin on the first of
/// March, so that a leap day is the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests;
