//! Names for requests: sortable by time, unique without asking anyone.

use crate::base::secret::random;
use crate::base::time::Time;

/// Crockford's base32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A ULID: 48 bits of milliseconds, 80 random ones, in 26 characters.
pub fn fresh(now: Time) -> String {
    let milliseconds = u128::try_from(now.micros() / 1000).unwrap_or_default() & 0xffff_ffff_ffff;
    let [a, b, c, d, e, f, g, h, i, j] = random::<10>();
    let tail = u128::from_be_bytes([0, 0, 0, 0, 0, 0, a, b, c, d, e, f, g, h, i, j]);
    let bits = milliseconds << 80 | tail;
    (0..26).rev().map(|place| char::from(ALPHABET[(bits >> (place * 5)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ulid_begins_with_its_time_and_sorts_by_it() {
        let at = |milliseconds: i64| fresh(Time::from_micros(milliseconds * 1000));
        // The example of the ULID specification.
        assert!(at(1_469_918_176_385).starts_with("01ARYZ6S41"));
        assert_eq!(at(0).len(), 26);
        assert!(at(1) < at(2));
        assert_ne!(at(1), at(1));
    }
}
