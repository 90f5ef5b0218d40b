//! Signing in with a password, and what happens to those who guess (OAuth contract 1.6.1).

use std::net::IpAddr;

use crate::base::error::{Error, Result, errors};
use crate::base::id::UserId;
use crate::base::secret;
use crate::registry::principal::{Principal, check_user_may_act};
use crate::registry::sessions::{self, Ticket};
use crate::registry::throttle::{self, Subject};
use crate::registry::users;
use crate::store::Tx;
use crate::store::users::Passwords;

errors! {
    NO_USER_ID_PASSWORD_MATCH: InvalidArgument "pkg/account/session" "no_user_id_password_match" "incorrect password or user ID";
}

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
    throttle::check(tx, &subjects(tx, attempt)?)?;
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

/// Begins a session for somebody whose password was right; nothing if it was changed, or the user went, while it was compared. Whoever
/// was suspended or rejected is told so, and only here: who does not know the password learns nothing of it.
pub fn succeed(tx: &Tx<'_>, by: &Principal, attempt: &Attempt, kept: &Kept) -> Result<Option<Ticket>> {
    let verified = kept.as_ref().map(|kept| &kept.password);
    if users::passwords(tx, &attempt.user_id)?.as_ref().map(|now| &now.password) != verified {
        return Ok(None);
    }
    check_user_may_act(tx, &attempt.user_id)?;
    let address = throttle::address(attempt.peer);
    for subject in [of_user(&attempt.user_id), of_pair(&attempt.user_id, &address)] {
        tx.forget_sign_in_failures(&subject)?;
    }
    tx.remember_sign_in_from(&attempt.user_id, &address)?;
    sessions::begin(tx, by, &attempt.user_id).map(Some)
}

/// Counts a wrong password, wherever it was given.
pub fn count_failure(tx: &Tx<'_>, attempt: &Attempt) -> Result<()> {
    throttle::count(tx, &subjects(tx, attempt)?)
}

/// Counts a failure and says what to answer.
pub fn fail(tx: &Tx<'_>, attempt: &Attempt) -> Result<Error> {
    count_failure(tx, attempt)?;
    Ok((&NO_USER_ID_PASSWORD_MATCH).into())
}

/// Who is slowed down, and after how many failures. From where a user has signed in before only the failures from there count, so
/// that nobody elsewhere can lock the user out.
fn subjects(tx: &Tx<'_>, attempt: &Attempt) -> Result<Vec<Subject>> {
    let address = throttle::address(attempt.peer);
    if tx.has_signed_in_from(&attempt.user_id, &address)? {
        return Ok(vec![Subject { name: of_pair(&attempt.user_id, &address), free: FREE_FOR_A_USER }]);
    }
    let of_address = Subject { name: format!("address {address}"), free: FREE_FROM_AN_ADDRESS };
    Ok(vec![Subject { name: of_user(&attempt.user_id), free: FREE_FOR_A_USER }, of_address])
}

fn of_user(user_id: &UserId) -> String {
    format!("user {user_id}")
}

fn of_pair(user_id: &UserId, address: &str) -> String {
    format!("user {user_id} address {address}")
}
