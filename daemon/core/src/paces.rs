//! How often one caller may make each kind of call that no tenant's quota meters.
//!
//! This module does not know which kinds there are, nor who calls; it is given the rate of a kind with each
//! call. An admin has twice as much, not all: it may be a script that went wrong.
//!
//! Always true: each kind is metered apart, and a call that is refused has changed nothing.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::limits::Ceiling;
use crate::rate::{Pace, Rate, Wait};

/// Calls at once after a silence, in seconds of the rate.
const BURST: u32 = 4;

/// A caller calls too often. Nothing was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    /// Calls per second that the caller may make of that kind.
    pub per_second: u32,
    /// When to come back; `None` where the rate is zero.
    pub retry_after: Option<Duration>,
}

/// The meters of one caller.
#[derive(Clone, Debug)]
pub struct Paces<K>(BTreeMap<K, Pace>);

impl<K> Default for Paces<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Paces<K> {
    /// Charges one call of a kind that may be made `per_second` times in a second.
    ///
    /// # Errors
    ///
    /// [`TooOften`].
    pub fn admit(
        &mut self,
        kind: K,
        per_second: Ceiling<u32>,
        admin: bool,
        now: Instant,
    ) -> Result<(), TooOften> {
        let Ceiling::At(per_second) = per_second else { return Ok(()) };
        let per_second = if admin { per_second.saturating_mul(2) } else { per_second };
        let burst = NonZeroU32::new(per_second.saturating_mul(BURST)).unwrap_or(NonZeroU32::MIN);
        let rate = Ceiling::At(Rate { per_second, burst });
        let pace = self.0.entry(kind).or_insert_with(|| Pace::new(rate, now));
        if pace.rate() != rate {
            pace.set_rate(rate, now);
        }
        match pace.wait(now) {
            Wait::Now => {
                pace.charge(now);
                Ok(())
            }
            Wait::After(wait) => Err(TooOften { per_second, retry_after: Some(wait) }),
            Wait::Closed => Err(TooOften { per_second, retry_after: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::start;

    fn admitted(paces: &mut Paces<u8>, kind: u8, rate: u32, admin: bool, now: Instant) -> usize {
        let rate = Ceiling::At(rate);
        (0..1000).take_while(|_| paces.admit(kind, rate, admin, now).is_ok()).count()
    }

    #[test]
    fn each_kind_has_its_own_burst_and_comes_back_at_its_rate() {
        let (mut paces, now) = (Paces::default(), start());
        assert_eq!(admitted(&mut paces, 1, 5, false, now), 20);
        assert_eq!(admitted(&mut paces, 2, 5, false, now), 20);
        let refused = paces.admit(1, Ceiling::At(5), false, now).unwrap_err();
        let wait = Duration::from_millis(200);
        assert_eq!(refused, TooOften { per_second: 5, retry_after: Some(wait) });
        assert_eq!(admitted(&mut paces, 1, 5, false, now + wait), 1);
    }

    #[test]
    fn an_admin_has_twice_as_much_and_no_more() {
        let (mut paces, now) = (Paces::default(), start());
        assert_eq!(admitted(&mut paces, 1, 5, true, now), 40);
        assert_eq!(admitted(&mut paces, 1, 5, true, now + Duration::from_secs(1)), 10);
    }

    #[test]
    fn zero_is_closed_and_open_is_not_metered() {
        let (mut paces, now) = (Paces::default(), start());
        let closed = TooOften { per_second: 0, retry_after: None };
        assert_eq!(paces.admit(1, Ceiling::At(0), true, now), Err(closed));
        assert!((0..1000).all(|_| paces.admit(2, Ceiling::Open, false, now).is_ok()));
    }
}
