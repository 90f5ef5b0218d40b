//! Signing in with a password, and what happens to those who guess (OAuth contract 1.6.1).

use std::net::IpAddr;

use crate::base::error::{Error, Result, errors};
use crate::base::id::UserId;
use crate::base::secret;
use crate::base::time::Time;
use crate::registry::principal::Principal;
use crate::registry::sessions::{self, Ticket};
use crate::registry::users;
use crate::store::Tx;
use crate::store::sign_ins::Failures;
use crate::store::users::Passwords;

errors! {
    NO_USER_ID_PASSWORD_MATCH: InvalidArgument "pkg/account/session" "no_user_id_password_match" "incorrect password or user ID";
    TOO_MANY_FAILURES: ResourceExhausted "keyfob" "too_many_failures" "too many failed attempts: try again in {seconds} seconds";
}

/// Failures that follow each other within this time are one attack.
const WINDOW_SECONDS: i64 = 15 * 60;

/// What anybody may get wrong before it slows down: for one user, and from one address.
const FREE_FOR_A_USER: i64 = 5;
const FREE_FROM_AN_ADDRESS: i64 = 20;

/// Somebody's try to sign in.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub user_id: UserId,
    pub peer: IpAddr,
}

/// What the attempt is judged by. `None` where there is no such user.
pub type Kept = Option<Passwords>;

/// Looks up what the password is compared with. Whoever failed too often is refused first.
pub fn look_up(tx: &Tx<'_>, attempt: &Attempt) -> Result<Kept> {
    for (subject, free) in subjects(tx, attempt)? {
        let seconds = wait_seconds(tx.sign_in_failures(&subject)?, free, tx.now);
        if seconds > 0 {
            return Err(TOO_MANY_FAILURES.with("seconds", seconds).into());
        }
    }
    users::passwords(tx, &attempt.user_id)
}

/// Whether it is the password. Slow: never in a transaction. An unknown user costs the same. A temporary password signs nobody in.
pub fn is_right(kept: &Kept, password: &str) -> bool {
    match kept {
        Some(kept) => kept.password.matches(password),
        None => {
            secret::match_no_chosen(password);
            false
        }
    }
}

/// Begins a session for somebody whose password was right; nothing if it was changed, or the user went, while it was compared.
pub fn succeed(tx: &Tx<'_>, by: &Principal, attempt: &Attempt, kept: &Kept) -> Result<Option<Ticket>> {
    let verified = kept.as_ref().map(|kept| &kept.password);
    if users::passwords(tx, &attempt.user_id)?.as_ref().map(|now| &now.password) != verified {
        return Ok(None);
    }
    let address = address(attempt.peer);
    for subject in [of_user(&attempt.user_id), of_pair(&attempt.user_id, &address)] {
        tx.forget_sign_in_failures(&subject)?;
    }
    tx.remember_sign_in_from(&attempt.user_id, &address)?;
    sessions::begin(tx, by, &attempt.user_id).map(Some)
}

/// Counts a failure, which must be remembered, and says what to answer.
pub fn fail(tx: &Tx<'_>, attempt: &Attempt) -> Result<Error> {
    for (subject, _) in subjects(tx, attempt)? {
        tx.count_sign_in_failure(&subject, tx.now.plus_seconds(-WINDOW_SECONDS))?;
    }
    Ok((&NO_USER_ID_PASSWORD_MATCH).into())
}

/// How long failures are remembered at the most.
pub fn failures_end(now: Time) -> Time {
    now.plus_seconds(-WINDOW_SECONDS)
}

/// Who is slowed down, and after how many failures. From where a user has signed in before only the failures from there count, so
/// that nobody elsewhere can lock the user out.
fn subjects(tx: &Tx<'_>, attempt: &Attempt) -> Result<Vec<(String, i64)>> {
    let address = address(attempt.peer);
    if tx.has_signed_in_from(&attempt.user_id, &address)? {
        return Ok(vec![(of_pair(&attempt.user_id, &address), FREE_FOR_A_USER)]);
    }
    Ok(vec![(of_user(&attempt.user_id), FREE_FOR_A_USER), (format!("address {address}"), FREE_FROM_AN_ADDRESS)])
}

fn of_user(user_id: &UserId) -> String {
    format!("user {user_id}")
}

fn of_pair(user_id: &UserId, address: &str) -> String {
    format!("user {user_id} address {address}")
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

/// An IPv6 address is one of very many that somebody has: the network counts.
fn address(peer: IpAddr) -> String {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
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
