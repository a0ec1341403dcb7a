//! Which apps keep their code in memory when not all of it fits.
//!
//! This module only decides. Code that leaves is still on disk, and comes back when somebody calls.

use crate::unit::ByteCount;

/// The code of one app that is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Bytes of its sources and its bytecode.
    pub bytes: ByteCount,
    /// When it was called last, on any clock that all share.
    pub called: u64,
}

/// The places in `held` of those that leave, so that the others have at most `most` bytes: the ones that were
/// called longest ago, and no more of them than that takes.
pub fn leaving(held: &[Held], most: ByteCount) -> Vec<usize> {
    let sum = |total: ByteCount, one: &Held| total.saturating_plus(one.bytes);
    let mut total = held.iter().fold(ByteCount::ZERO, sum);
    if total <= most {
        return Vec::new();
    }
    let mut by_age: Vec<usize> = (0..held.len()).collect();
    by_age.sort_by_key(|at| held[*at].called);
    let mut leaving = Vec::new();
    for at in by_age {
        if total <= most {
            break;
        }
        total = total.saturating_minus(held[at].bytes);
        leaving.push(at);
    }
    leaving
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(held: &[(u64, u64)], most: u64, expected: &[usize]) {
        let held: Vec<Held> = held
            .iter()
            .map(|(bytes, called)| Held { bytes: ByteCount::from_bytes(*bytes), called: *called })
            .collect();
        assert_eq!(leaving(&held, ByteCount::from_bytes(most)), expected);
    }

    #[test]
    fn nobody_leaves_while_all_fit() {
        check(&[(5, 1), (5, 2)], 10, &[]);
        check(&[], 0, &[]);
    }

    #[test]
    fn those_called_longest_ago_leave_and_no_more_than_needed() {
        check(&[(5, 3), (4, 1), (3, 2)], 10, &[1]);
        check(&[(5, 3), (1, 1), (5, 2)], 6, &[1, 2]);
        check(&[(5, 3), (1, 1), (5, 2)], 0, &[1, 2, 0]);
    }
}
