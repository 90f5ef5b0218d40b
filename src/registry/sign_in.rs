//! Signing in with a password, and slowing guesses down (oauth.md 1.6.1).

use std::net::IpAddr;

use crate::base::error::{Error, Result, errors};
use crate::base::id::UserId;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::settings::Settings;
use crate::model::sign_in_place;
use crate::registry::principal::Principal;
use crate::registry::sessions::{self, SessionCookie, SessionPlace};
use crate::registry::standing;
use crate::registry::throttle::{self, Subject};
use crate::registry::users::{self, Compared, MatchedPassword};
use crate::store::Tx;

errors! {
    NO_USER_ID_PASSWORD_MATCH: InvalidArgument "pkg/account/session" "no_user_id_password_match" "incorrect password or user ID";
}

/// Wrong passwords before anyone has to wait: for one user, and from one address.
const FREE_FOR_A_USER: i64 = 5;
const FREE_FROM_AN_ADDRESS: i64 = 20;

/// The same from one address, for users who have signed in from there before.
const FREE_WHERE_KNOWN: i64 = 100;

#[derive(Clone, Debug)]
pub struct SignInAttempt {
    pub user_id: UserId,
    pub peer: IpAddr,
    /// The request for which the user was asked to sign in, if there is one.
    pub signed_in_for: Option<String>,
    /// The browser's name, as `model::sign_in_place` has it.
    pub browser: String,
}

impl SignInAttempt {
    /// Returns an attempt of somebody who only proves to be the user: no session begins.
    pub fn to_prove(user_id: UserId, peer: IpAddr) -> SignInAttempt {
        SignInAttempt { user_id, peer, signed_in_for: None, browser: String::new() }
    }
}

/// A password that was right.
pub enum Verified {
    Password(VerifiedPassword),
    /// A temporary one, which only leads to a new one.
    Temporary(Hash),
}

pub struct VerifiedPassword {
    hash: Hash,
    /// The same password hashed again, if its hash has fewer rounds than the settings say.
    renewed: Option<Hash>,
}

/// Returns what an attempt counts against, and after how many failures. From an address where the user has signed in before, only the
/// failures from there count, so nobody elsewhere can lock the user out.
pub(crate) fn subjects(tx: &Tx<'_>, attempt: &SignInAttempt) -> Result<Vec<Subject>> {
    let address = throttle::address(attempt.peer);
    if is_known(tx, attempt)? {
        let of_address = Subject { name: format!("known address {address}"), free: FREE_WHERE_KNOWN };
        return Ok(vec![Subject { name: of_pair(&attempt.user_id, &address), free: FREE_FOR_A_USER }, of_address]);
    }
    let mut subjects = Subject::networks("address", attempt.peer, FREE_FROM_AN_ADDRESS);
    subjects.push(Subject { name: of_user(&attempt.user_id), free: FREE_FOR_A_USER });
    Ok(subjects)
}

/// Returns whether the user has signed in from there before.
pub(crate) fn is_known(tx: &Tx<'_>, attempt: &SignInAttempt) -> Result<bool> {
    tx.has_signed_in_from(&attempt.user_id, &throttle::address(attempt.peer))
}

/// Compares a password, and hashes it again where due. Slow: never call it in a transaction. An unknown user takes as long.
/// # Errors
/// `no_user_id_password_match`, `temporary_password_expired`.
pub fn verify(compared: Compared, password: &str, settings: &Settings, now: Time) -> Result<Verified> {
    match users::matched_password(compared, password, now)? {
        Some(MatchedPassword::Chosen(hash)) => Ok(Verified::Password(VerifiedPassword::of(hash, password, settings))),
        Some(MatchedPassword::Temporary(hash)) => Ok(Verified::Temporary(hash)),
        None => Err(no_match()),
    }
}

impl VerifiedPassword {
    fn of(hash: Hash, password: &str, settings: &Settings) -> VerifiedPassword {
        let is_due = hash.rounds() < settings.password_rounds;
        VerifiedPassword { renewed: is_due.then(|| Hash::of_chosen(password, settings.password_rounds)), hash }
    }
}

/// Begins a session for a user whose password was right.
/// # Errors
/// `no_user_id_password_match` if the password was changed, or the user deleted, during the comparison. A suspended or rejected user is
/// told so only here, after proving to know the password: `user_suspended`, `user_rejected`.
pub fn succeed(
    tx: &Tx<'_>,
    by: &Principal,
    attempt: &SignInAttempt,
    verified: &VerifiedPassword,
    came_along: &[SessionCookie],
) -> Result<SessionCookie> {
    if users::passwords(tx, &attempt.user_id)?.is_none_or(|now| now.password != verified.hash) {
        return Err(no_match());
    }
    if let Some(renewed) = &verified.renewed {
        tx.set_password(&attempt.user_id, renewed)?;
    }
    standing::check_user(tx, &attempt.user_id)?;
    begin(tx, by, attempt, came_along)
}

/// Begins a session for a user who has proved nothing: in a fixture, for tests.
/// # Errors
/// `user_suspended`, `user_rejected`.
pub fn without_proof(tx: &Tx<'_>, by: &Principal, user_id: &UserId, came_along: &[SessionCookie]) -> Result<SessionCookie> {
    standing::check_user(tx, user_id)?;
    sessions::begin(tx, by, user_id, came_along, SessionPlace::default())
}

/// Begins a session for a user who has proved to be one, and forgets failed attempts.
pub(super) fn begin(tx: &Tx<'_>, by: &Principal, attempt: &SignInAttempt, came_along: &[SessionCookie]) -> Result<SessionCookie> {
    let address = throttle::address(attempt.peer);
    for subject in [of_user(&attempt.user_id), of_pair(&attempt.user_id, &address)] {
        tx.forget_sign_in_failures(&subject)?;
    }
    tx.remember_sign_in_from(&attempt.user_id, &address)?;
    let place = SessionPlace {
        browser: attempt.browser.clone(),
        network: sign_in_place::network(attempt.peer),
        signed_in_for: attempt.signed_in_for.clone(),
    };
    sessions::begin(tx, by, &attempt.user_id, came_along, place)
}

fn no_match() -> Error {
    (&NO_USER_ID_PASSWORD_MATCH).into()
}

fn of_user(user_id: &UserId) -> String {
    format!("user {user_id}")
}

fn of_pair(user_id: &UserId, address: &str) -> String {
    format!("user {user_id} address {address}")
}
