//! Quantities that carry their unit in their type: bytes, shares of a CPU, durations as text.
//!
//! This module says nothing about which amounts are sensible; [`limits`](crate::limits) does.
//!
//! Always true: parsing accepts plain decimal numbers only (no sign, no blank, no exponent), refuses
//! what does not fit instead of rounding it, and reads back exactly what was shown.

mod duration;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use duration::{DurationText, Durations, duration_text};

use serde::{Deserialize, Serialize};

/// A text that is not the quantity it was given for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {what}: {fault}; use {accepted}")]
pub struct BadQuantity {
    /// The text, cut after 40 characters.
    pub found: String,
    /// Which quantity, in words: "a number of bytes".
    pub what: &'static str,
    /// What is wrong with it.
    pub fault: Fault,
    /// What would be right, with examples.
    pub accepted: &'static str,
}

/// What is wrong with a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not start with a digit: empty, a sign, a word.
    #[error("there is no number")]
    NoNumber,
    /// The number stands alone where a unit must follow.
    #[error("there is no unit")]
    NoUnit,
    /// What follows the number is not a unit.
    #[error("the unit is unknown")]
    UnknownUnit,
    /// It is more than can be counted.
    #[error("it is too large")]
    TooLarge,
    /// It has more decimals than can be counted.
    #[error("it is too fine")]
    TooFine,
}

impl BadQuantity {
    fn bytes(found: &str, fault: Fault) -> Self {
        Self::new(found, "a number of bytes", fault, "B, KiB, MiB, GiB or TiB, such as 64MiB")
    }

    fn cpu(found: &str, fault: Fault) -> Self {
        Self::new(
            found,
            "a share of a CPU",
            fault,
            "thousandths such as 500m, or CPUs with up to three decimals such as 2 or 1.5",
        )
    }

    fn new(found: &str, what: &'static str, fault: Fault, accepted: &'static str) -> Self {
        Self { found: found.chars().take(40).collect(), what, fault, accepted }
    }
}

/// Stores a quantity as its text.
macro_rules! as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = BadQuantity;

            fn try_from(text: String) -> Result<Self, BadQuantity> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(quantity: $name) -> Self {
                quantity.to_string()
            }
        }
    };
}

use as_text;

/// Splits `64MiB` into its number and the rest. The rest may be empty.
fn split(text: &str) -> Result<(u128, &str), Fault> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Err(Fault::NoNumber);
    }
    // Digits only: nothing but the size can be wrong.
    let number = digits.parse().map_err(|_| Fault::TooLarge)?;
    Ok((number, rest))
}

/// A number of bytes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ByteCount(u64);

/// From the largest to the smallest, by which power of two each counts.
const BYTE_UNITS: [(&str, u32); 5] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

impl ByteCount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many times 2^20 bytes. Cannot overflow: `u32::MAX` MiB is below 2^52.
    pub const fn from_mib(mib: u32) -> Self {
        Self((mib as u64) << 20)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` if it cannot be counted.
    #[must_use]
    pub const fn plus(self, more: Self) -> Option<Self> {
        match self.0.checked_add(more.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// What is left of `self` after taking `part`, or `None` if there is less.
    #[must_use]
    pub const fn minus(self, part: Self) -> Option<Self> {
        match self.0.checked_sub(part.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// The sum, or the largest amount that can be counted.
    #[must_use]
    pub const fn saturating_plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }

    /// What is left of `self` after taking `part`, or nothing.
    #[must_use]
    pub const fn saturating_minus(self, part: Self) -> Self {
        Self(self.0.saturating_sub(part.0))
    }

    /// The largest multiple of `page` that is not above `self`, as the kernel keeps memory limits.
    /// An empty page rounds nothing.
    #[must_use]
    pub const fn round_down_to(self, page: Self) -> Self {
        match self.0.checked_rem(page.0) {
            Some(rest) => Self(self.0 - rest),
            None => self,
        }
    }
}

/// In the largest unit that shows it exactly: `64MiB`, `1GiB`, `1000B`.
impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zeros = if self.0 == 0 { 0 } else { self.0.trailing_zeros() };
        let (unit, shift) =
            BYTE_UNITS.into_iter().find(|(_, shift)| *shift <= zeros).unwrap_or(("B", 0));
        f.pad(&format!("{}{unit}", self.0 >> shift))
    }
}

impl FromStr for ByteCount {
    type Err = BadQuantity;

    /// Reads `64MiB`, `1GiB`, `512KiB`, `4096B` or `4096`.
    fn from_str(text: &str) -> Result<Self, BadQuantity> {
        let bad = |fault| BadQuantity::bytes(text, fault);
        let (number, unit) = split(text).map_err(bad)?;
        let unit = if unit.is_empty() { "B" } else { unit };
        let (_, shift) = BYTE_UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| bad(Fault::UnknownUnit))?;
        number
            .checked_mul(1 << shift)
            .and_then(|bytes| u64::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| bad(Fault::TooLarge))
    }
}

as_text!(ByteCount);

/// How much of the machine's CPU time may be used, in thousandths of one CPU.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct CpuShare(u32);

impl CpuShare {
    /// No CPU time at all: closed.
    pub const ZERO: Self = Self(0);

    /// The whole of one CPU.
    pub const ONE: Self = Self(1000);

    /// The least that the kernel can give, see [`cpu_max`](Self::cpu_max).
    pub const LEAST: Self = Self(10);

    /// The period over which the kernel measures a quota: `cpu.max` is written with it.
    pub const PERIOD: Duration = Duration::from_millis(100);

    /// So many thousandths of one CPU.
    pub const fn from_millis(thousandths: u32) -> Self {
        Self(thousandths)
    }

    /// The thousandths of one CPU.
    pub const fn millis(self) -> u32 {
        self.0
    }

    /// The CPU time in each [`PERIOD`](Self::PERIOD), a whole number of microseconds and exact,
    /// except that less than 1 ms becomes 1 ms: the kernel refuses a smaller quota.
    pub const fn cpu_max(self) -> Duration {
        let share = if self.0 < Self::LEAST.0 { Self::LEAST.0 } else { self.0 };
        // A thousandth of 100 ms.
        Duration::from_micros(share as u64 * 100)
    }
}

/// As CPUs with the decimals it needs, or as thousandths below one CPU: `2`, `1.5`, `500m`.
impl fmt::Display for CpuShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        let text = match (whole, rest) {
            (_, 0) => whole.to_string(),
            (0, _) => format!("{rest}m"),
            _ => format!("{whole}.{rest:03}").trim_end_matches('0').to_owned(),
        };
        f.pad(&text)
    }
}

impl FromStr for CpuShare {
    type Err = BadQuantity;

    /// Reads `500m`, `2` or `1.5`.
    fn from_str(text: &str) -> Result<Self, BadQuantity> {
        let bad = |fault| BadQuantity::cpu(text, fault);
        let (number, rest) = split(text).map_err(bad)?;
        let thousandths = match (rest, rest.strip_prefix('.')) {
            ("m", _) => Some(number),
            ("", _) => number.checked_mul(1000),
            (_, Some(decimals)) => {
                let part = decimals_in_thousandths(decimals).map_err(bad)?;
                number.checked_mul(1000).and_then(|whole| whole.checked_add(part))
            }
            (_, None) => return Err(bad(Fault::UnknownUnit)),
        };
        thousandths
            .and_then(|thousandths| u32::try_from(thousandths).ok())
            .map(Self)
            .ok_or_else(|| bad(Fault::TooLarge))
    }
}

as_text!(CpuShare);

/// What stands behind the point of `1.5`: one to three digits, nothing else.
fn decimals_in_thousandths(decimals: &str) -> Result<u128, Fault> {
    let (number, rest) = split(decimals)?;
    match (decimals.len(), rest) {
        (1, "") => Ok(number * 100),
        (2, "") => Ok(number * 10),
        (3, "") => Ok(number),
        (_, "") => Err(Fault::TooFine),
        (_, _) => Err(Fault::UnknownUnit),
    }
}

#[cfg(test)]
mod tests;
