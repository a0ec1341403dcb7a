//! Ids of invocations: 128 random bits each, so that none tells of any other, nor of when the daemon began.

use std::cell::RefCell;

use rustix::{io::Errno, rand::GetRandomFlags, rand::getrandom};
use skep_core::InvocationId;

/// Ids that are made by one call of the kernel.
const AT_ONCE: usize = 64;
/// Bytes of an id.
const BYTES: usize = 16;

/// Random bytes that no id was made of yet; every thread has its own.
struct Ahead {
    bytes: [u8; AT_ONCE * BYTES],
    left: usize,
}

thread_local! {
    static AHEAD: RefCell<Ahead> =
        const { RefCell::new(Ahead { bytes: [0; AT_ONCE * BYTES], left: 0 }) };
}

/// An id that nobody can guess.
///
/// # Errors
///
/// The kernel's: it has no randomness to give.
pub(super) fn next() -> Result<InvocationId, Errno> {
    AHEAD.with_borrow_mut(|ahead| {
        let Ahead { bytes, left } = ahead;
        if *left == 0 {
            fill(bytes)?;
            *left = AT_ONCE;
        }
        *left -= 1;
        let mut own = [0; BYTES];
        own.copy_from_slice(&bytes[*left * BYTES..][..BYTES]);
        Ok(InvocationId::from_bits(u128::from_be_bytes(own)))
    })
}

fn fill(mut rest: &mut [u8]) -> Result<(), Errno> {
    while !rest.is_empty() {
        match getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(filled) => rest = &mut rest[filled..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_differ_in_their_first_digits_and_do_not_count() {
        let ids: Vec<u128> = (0..4 * AT_ONCE).map(|_| next().unwrap().bits()).collect();
        let starts: BTreeSet<u128> = ids.iter().map(|id| id >> 96).collect();
        // Two of 256 numbers of 32 bits may be the same, once in a hundred thousand runs.
        assert!(ids.len() - 1 <= starts.len(), "{}", starts.len());
        assert!(ids.windows(2).all(|two| two[0].abs_diff(two[1]) >> 64 != 0));
    }

    #[test]
    fn every_bit_of_an_id_is_used() {
        let ids: Vec<u128> = (0..4 * AT_ONCE).map(|_| next().unwrap().bits()).collect();
        assert_eq!(ids.iter().fold(0, |all, id| all | id), u128::MAX);
        assert_eq!(ids.iter().fold(u128::MAX, |all, id| all & id), 0);
    }
}
