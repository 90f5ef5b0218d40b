//! Account recovery: a temporary password or a sign-in link lets a user choose a new password, and do nothing else.
//!
//! Neither begins a session. Each is exchanged, once, for a token that stays in the user's browser and proves nothing anywhere but where the
//! new password is chosen.

use serde_json::{Value, json};

use crate::base::error::{Error, Result, errors};
use crate::base::id::{AccountId, UserId};
use crate::base::secret::{self, Hash, Token, TokenKind};
use crate::base::time::Time;
use crate::model::event::Action;
use crate::model::recovery::{RECOVERY_SECONDS, Recovery, RecoveryStep};
use crate::registry::entity::{Entity, live_user};
use crate::registry::principal::Principal;
use crate::registry::sessions::SessionCookie;
use crate::registry::sign_in::{self, NO_USER_ID_PASSWORD_MATCH, SignInAttempt};
use crate::registry::{administrators, history, standing, users};
use crate::store::Tx;

errors! {
    SIGN_IN_LINK_ENDED: InvalidArgument "keyfob" "sign_in_link_ended" "this sign-in link has ended, was used before, or is not whole: ask for another";
    SIGN_IN_LINK_NOT_FOUND: NotFound "keyfob" "sign_in_link_not_found" "user `{user_id}` has no sign-in link";
    RECOVERY_ENDED: FailedPrecondition "keyfob" "recovery_ended" "the time to choose a new password is over, or one was chosen: sign in with it, or ask for another temporary password or sign-in link";
}

/// Creates a sign-in link in place of the user's former one, and returns the token to hand over.
/// # Errors
/// `user_not_found`, `administrators_account`.
pub fn create_link(tx: &Tx<'_>, by: &Principal, id: &UserId) -> Result<(Recovery, Token)> {
    let user = live_user(tx, id)?;
    administrators::check_opens(by, &user)?;
    let issued = issue(tx, id, RecoveryStep::Link, None)?;
    let ends = json!({"expires_at": issued.0.expires_at.to_string()});
    record(tx, by, id, Action::CreateSignInLink, Value::Null, ends)?;
    Ok(issued)
}

/// Withdraws a user's sign-in link.
/// # Errors
/// `user_not_found`, `sign_in_link_not_found`.
pub fn delete_link(tx: &Tx<'_>, by: &Principal, id: &UserId) -> Result<()> {
    live_user(tx, id)?;
    if users::withdraw_link(tx, by, id)? { Ok(()) } else { Err(SIGN_IN_LINK_NOT_FOUND.with("user_id", id.as_str()).into()) }
}

/// When a user's sign-in link and temporary password end, if they are valid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outstanding {
    pub temporary_password: Option<Time>,
    pub sign_in_link: Option<Time>,
}

pub(crate) fn outstanding(tx: &Tx<'_>, id: &UserId) -> Result<Outstanding> {
    let is_valid = |end: &Time| *end > tx.now;
    let passwords = users::passwords(tx, id)?;
    Ok(Outstanding {
        temporary_password: passwords.and_then(|passwords| passwords.temporary_until(tx.now)),
        sign_in_link: tx.recovery_end(id, RecoveryStep::Link)?.filter(is_valid),
    })
}

/// Uses up a temporary password that was verified. The token that is returned lets the browser choose a new password.
/// # Errors
/// `no_user_id_password_match` if it was used, replaced or withdrawn since; `user_suspended`, `user_rejected`.
pub fn use_temporary_password(tx: &Tx<'_>, by: &Principal, id: &UserId, verified: &Hash) -> Result<Token> {
    let passwords = users::passwords(tx, id)?;
    let still = passwords.filter(|now| now.temporary_until(tx.now).is_some() && now.temporary.as_ref() == Some(verified));
    if still.is_none() {
        return Err((&NO_USER_ID_PASSWORD_MATCH).into());
    }
    standing::check_user(tx, id)?;
    let by = acting_as(by, id);
    users::use_up_temporary_password(tx, &by, id)?;
    Ok(issue(tx, id, RecoveryStep::Choice, Some(verified.clone()))?.1)
}

/// Uses up a sign-in link. The token that is returned lets the browser choose a new password.
/// # Errors
/// `sign_in_link_ended`; `user_suspended`, `user_rejected`.
pub fn use_link(tx: &Tx<'_>, by: &Principal, link: &Token) -> Result<Token> {
    let recovery = proved(tx, link, RecoveryStep::Link)?.ok_or(Error::from(&SIGN_IN_LINK_ENDED))?;
    let id = &recovery.user_id;
    standing::check_user(tx, id)?;
    tx.delete_recovery(id, RecoveryStep::Link)?;
    let ended = json!({"expires_at": recovery.expires_at.to_string()});
    record(tx, &acting_as(by, id), id, Action::UseSignInLink, ended, Value::Null)?;
    Ok(issue(tx, id, RecoveryStep::Choice, None)?.1)
}

/// Returns whose new password a browser with this token may choose.
/// # Errors
/// `recovery_ended` if there was no token or it is no longer valid.
pub fn chooser(tx: &Tx<'_>, token: Option<&Token>) -> Result<Recovery> {
    let proved = token.map(|token| proved(tx, token, RecoveryStep::Choice)).transpose()?.flatten();
    proved.ok_or_else(|| (&RECOVERY_ENDED).into())
}

/// Sets the new password, ends every session and token that the user has, and begins a session.
/// # Errors
/// `recovery_ended`; `user_suspended`, `user_rejected`.
pub fn choose(
    tx: &Tx<'_>,
    by: &Principal,
    token: Option<&Token>,
    attempt: &SignInAttempt,
    new: &Hash,
    presented: &[SessionCookie],
) -> Result<SessionCookie> {
    let id = chooser(tx, token)?.user_id;
    standing::check_user(tx, &id)?;
    users::reset_password(tx, &acting_as(by, &id), &id, new)?;
    sign_in::begin(tx, by, attempt, presented)
}

fn issue(tx: &Tx<'_>, user_id: &UserId, step: RecoveryStep, temporary_password: Option<Hash>) -> Result<(Recovery, Token)> {
    let token = Token::fresh(kind(step));
    let expires_at = tx.now.plus_seconds(RECOVERY_SECONDS);
    let recovery = Recovery { id: token.id.clone(), user_id: user_id.clone(), step, expires_at, temporary_password };
    tx.replace_recovery(&recovery, &Hash::of_generated(&token.key))?;
    Ok((recovery, token))
}

/// Returns what a token proves, of a live user, if it has not ended.
fn proved(tx: &Tx<'_>, token: &Token, step: RecoveryStep) -> Result<Option<Recovery>> {
    let Some((recovery, hash)) = tx.recovery(&token.id)? else {
        // Takes as long as for one that exists, so the time doesn't disclose its ID.
        secret::match_no_generated(&token.key);
        return Ok(None);
    };
    let is_right = hash.matches(&token.key) && recovery.step == step && token.kind == kind(step) && !recovery.has_ended(tx.now);
    Ok(if is_right && users::passwords(tx, &recovery.user_id)?.is_some() { Some(recovery) } else { None })
}

fn kind(step: RecoveryStep) -> TokenKind {
    match step {
        RecoveryStep::Link => TokenKind::SignInLink,
        RecoveryStep::Choice => TokenKind::PasswordChoice,
    }
}

/// Returns the caller as the user who has just proved to be one.
fn acting_as(by: &Principal, id: &UserId) -> Principal {
    Principal { account: Some(AccountId::User(id.clone())), ..by.clone() }
}

fn record(tx: &Tx<'_>, by: &Principal, id: &UserId, action: Action, old: Value, new: Value) -> Result<()> {
    history::record_part(tx, by, &Entity::User(id.clone()), action, "sign_in_link", old, new)
}
