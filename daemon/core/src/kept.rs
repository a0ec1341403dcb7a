//! Which apps keep their code and their console lines in memory when not all of it fits.
//!
//! This module only decides. Code that leaves is still on disk, and comes back when somebody calls; so it goes
//! before lines do.

use crate::unit::ByteCount;

/// What one app has in memory of something that can leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// How much: of its sources and its bytecode, or of its console lines.
    pub bytes: ByteCount,
    /// When it was called last, on any clock that all share.
    pub called: u64,
}

fn total(held: &[Held]) -> ByteCount {
    held.iter().fold(ByteCount::ZERO, |sum, one| sum.saturating_plus(one.bytes))
}

fn by_age(held: &[Held]) -> Vec<usize> {
    let mut by_age: Vec<usize> = (0..held.len()).collect();
    by_age.sort_by_key(|at| held[*at].called);
    by_age
}

/// The places in `held` of those that leave, so that the others have at most `most` bytes: the ones that were
/// called longest ago, and no more of them than that takes.
pub fn leaving(held: &[Held], most: ByteCount) -> Vec<usize> {
    let mut total = total(held);
    let mut leaving = Vec::new();
    for at in by_age(held) {
        if total <= most {
            break;
        }
        total = total.saturating_minus(held[at].bytes);
        leaving.push(at);
    }
    leaving
}

/// How much each place in `held` is cut by, so that all have at most `most` bytes: those that were called longest
/// ago first, and by no more than that takes.
pub fn cutting(held: &[Held], most: ByteCount) -> Vec<(usize, ByteCount)> {
    let mut excess = total(held).saturating_minus(most);
    let mut cuts = Vec::new();
    for at in by_age(held) {
        if excess.is_zero() {
            break;
        }
        let cut = held[at].bytes.min(excess);
        excess = excess.saturating_minus(cut);
        cuts.push((at, cut));
    }
    cuts
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
    fn whoever_was_called_longest_ago_is_cut_first_and_by_no_more_than_needed() {
        let held = [(5, 3), (4, 1), (3, 2)]
            .map(|(bytes, called)| Held { bytes: ByteCount::from_bytes(bytes), called });
        let cuts = |most| {
            let cuts = cutting(&held, ByteCount::from_bytes(most)).into_iter();
            cuts.map(|(at, cut)| (at, cut.bytes())).collect::<Vec<_>>()
        };
        assert_eq!(cuts(12), []);
        assert_eq!(cuts(10), [(1, 2)]);
        assert_eq!(cuts(7), [(1, 4), (2, 1)]);
        assert_eq!(cuts(0), [(1, 4), (2, 3), (0, 5)]);
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
