//! The ids that the daemon itself gives: of versions, instances and invocations.
//!
//! This module does not make them: hashing, counting and drawing random numbers are the daemon's.
//!
//! Always true: each value has exactly one text, and parsing accepts only that one (no capitals, no
//! sign, no leading zeros), so ids can be compared and looked up as text too.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not the id it was given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {what}; {rule}")]
pub struct BadId {
    /// Which id, in words: "a version id".
    pub what: &'static str,
    /// What would be right.
    pub rule: &'static str,
}

/// Stores an id as its text.
macro_rules! as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

/// The hash of a version's sources and manifest; shown as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionId([u8; 32]);

impl VersionId {
    /// From the bytes of the hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hex digits, for people. Not unique against somebody who tries.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionId({self})")
    }
}

impl FromStr for VersionId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        hex(text)
            .map(Self)
            .ok_or(BadId { what: "a version id", rule: "use 64 lowercase hex digits" })
    }
}

as_text!(VersionId);

/// The number of an instance, never used twice by one daemon; shown as `i-7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceId(u64);

impl InstanceId {
    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "i-{}", self.0)
    }
}

impl FromStr for InstanceId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = BadId { what: "an instance id", rule: "use i- and a number, such as i-7" };
        let digits = text.strip_prefix("i-").ok_or(bad)?;
        let canonical = digits == "0" || !digits.starts_with(['0', '+']);
        if !canonical {
            return Err(bad);
        }
        digits.parse().map(Self).map_err(|_| bad)
    }
}

as_text!(InstanceId);

/// The id of one call; shown as 32 hex digits.
///
/// The daemon draws it at random: it can be given to the caller and to the tenant's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InvocationId(u128);

impl InvocationId {
    /// From its 128 bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Its 128 bits.
    pub const fn bits(self) -> u128 {
        self.0
    }
}

impl fmt::Display for InvocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for InvocationId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        hex(text)
            .map(|bytes| Self(u128::from_be_bytes(bytes)))
            .ok_or(BadId { what: "an invocation id", rule: "use 32 lowercase hex digits" })
    }
}

as_text!(InvocationId);

/// Exactly `N` bytes from twice as many lowercase hex digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{read, written};
    use proptest::prelude::*;

    #[track_caller]
    fn refuse<T: FromStr<Err = BadId> + fmt::Debug>(text: &str) {
        assert!(text.parse::<T>().is_err(), "{text:?} was accepted");
    }

    #[test]
    fn instance_shows_its_number() {
        assert_eq!(InstanceId::new(7).to_string(), "i-7");
        assert_eq!("i-0".parse(), Ok(InstanceId::new(0)));
    }

    #[test]
    fn instance_without_prefix_is_refused() {
        refuse::<InstanceId>("7");
    }

    #[test]
    fn instance_without_number_is_refused() {
        refuse::<InstanceId>("i-");
    }

    #[test]
    fn instance_with_leading_zero_is_refused() {
        refuse::<InstanceId>("i-07");
    }

    #[test]
    fn instance_with_plus_is_refused() {
        refuse::<InstanceId>("i-+7");
    }

    #[test]
    fn instance_beyond_64_bits_is_refused() {
        refuse::<InstanceId>("i-18446744073709551616");
    }

    #[test]
    fn version_in_capitals_is_refused() {
        refuse::<VersionId>(&"AB".repeat(32));
    }

    #[test]
    fn version_cut_short_is_refused() {
        refuse::<VersionId>(&"a".repeat(63));
    }

    #[test]
    fn version_of_wide_characters_is_refused() {
        refuse::<VersionId>(&"é".repeat(32));
    }

    #[test]
    fn short_version_is_the_beginning_of_the_long_one() {
        let id = VersionId::from_bytes([0xab; 32]);
        assert_eq!(id.short(), "abababababab");
        assert!(id.to_string().starts_with(&id.short()));
    }

    #[test]
    fn invocation_keeps_its_leading_zeros() {
        assert_eq!(InvocationId::from_bits(0x1f).to_string(), format!("{}1f", "0".repeat(30)));
    }

    #[test]
    fn refusal_says_the_rule() {
        let bad = "x".parse::<InvocationId>().unwrap_err();
        assert_eq!(bad.to_string(), "not an invocation id; use 32 lowercase hex digits");
    }

    #[test]
    fn serde_writes_and_reads_plain_text() {
        assert_eq!(written(&InstanceId::new(7)), "i-7");
        assert_eq!(read::<InstanceId>("i-7").unwrap(), InstanceId::new(7));
        assert!(read::<InstanceId>("7").is_err());
    }

    proptest! {
        #[test]
        fn version_reads_what_it_shows(bytes: [u8; 32]) {
            let id = VersionId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn instance_reads_what_it_shows(number: u64) {
            let id = InstanceId::new(number);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn invocation_reads_what_it_shows(bits: u128) {
            let id = InvocationId::from_bits(bits);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn what_is_accepted_is_what_would_be_shown(text in "(i-)?[0-9a-fA-F+]{0,34}") {
            if let Ok(id) = text.parse::<InstanceId>() {
                prop_assert_eq!(id.to_string(), text.clone());
            }
            if let Ok(id) = text.parse::<InvocationId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
