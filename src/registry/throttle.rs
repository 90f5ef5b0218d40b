//! Those who guess slow down: failures are counted by who is guessed at and by where it comes from (OAuth contract 2.1, item 15).

use std::net::IpAddr;

use crate::base::error::{Result, errors};
use crate::base::time::Time;
use crate::store::Tx;
use crate::store::sign_ins::Failures;

errors! {
    TOO_MANY_FAILURES: ResourceExhausted "keyfob" "too_many_failures" "too many failed attempts: try again in {seconds} seconds";
}

/// Failures that follow each other within this time are one attack.
const WINDOW_SECONDS: i64 = 15 * 60;

/// Who is slowed down, and how many failures are free.
#[derive(Clone, Debug)]
pub struct Subject {
    pub name: String,
    pub free: i64,
}

/// Refuses whoever failed too often, until a while has passed.
pub fn check(tx: &Tx<'_>, subjects: &[Subject]) -> Result<()> {
    for Subject { name, free } in subjects {
        let seconds = wait_seconds(tx.sign_in_failures(name)?, *free, tx.now);
        if seconds > 0 {
            return Err(TOO_MANY_FAILURES.with("seconds", seconds).into());
        }
    }
    Ok(())
}

/// Counts a failure, which must be remembered.
pub fn count(tx: &Tx<'_>, subjects: &[Subject]) -> Result<()> {
    subjects.iter().try_for_each(|subject| tx.count_sign_in_failure(&subject.name, forgotten(tx.now)))
}

/// Failures before this are forgotten.
pub fn forgotten(now: Time) -> Time {
    now.plus_seconds(-WINDOW_SECONDS)
}

/// An IPv6 address is one of very many that somebody has: the network counts.
pub fn address(peer: IpAddr) -> String {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Doubles with each failure beyond the free ones, up to the whole window.
fn wait_seconds(failures: Option<Failures>, free: i64, now: Time) -> i64 {
    let Some(Failures { count, last_at }) = failures else { return 0 };
    if count < free {
        return 0;
    }
    let wait = 1_i64.checked_shl(u32::try_from(count - free).unwrap_or(u32::MAX)).unwrap_or(WINDOW_SECONDS).clamp(1, WINDOW_SECONDS);
    let left = last_at.plus_seconds(wait).micros() - now.micros();
    (left + 999_999).div_euclid(1_000_000).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_ends() {
        let now = Time::from_micros(0);
        let wait = |count| wait_seconds(Some(Failures { count, last_at: now }), 5, now);
        assert_eq!([wait(4), wait(5), wait(6), wait(9), wait(15), wait(1000)], [0, 1, 2, 16, 900, 900]);
        assert_eq!(wait_seconds(None, 5, now), 0);
        assert_eq!(wait_seconds(Some(Failures { count: 6, last_at: now }), 5, now.plus_seconds(2)), 0);
    }

    #[test]
    fn an_address_is_told_by_its_network() {
        assert_eq!(address("192.0.2.1".parse().unwrap()), "192.0.2.1");
        assert_eq!(address("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
        assert_eq!(address("2001:db8:1:2:3:4:5:6".parse().unwrap()), "2001:db8:1:2::/64");
    }
}
