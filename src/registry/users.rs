//! The operations on users (registry.md 6.2).

use serde_json::{Value, json};

use crate::base::error::{Error, Result, errors};
use crate::base::id::UserId;
use crate::base::page::Listed;
use crate::base::right::Right;
use crate::base::secret::{self, Hash, MOST_ROUNDS};
use crate::base::time::Time;
use crate::base::validation::EMAIL;
use crate::model::choice::State;
use crate::model::event::Action;
use crate::model::field::Audience;
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::recovery::{RecoveryStep, TEMPORARY_PASSWORD_SECONDS};
use crate::model::settings::{Settings, UserRegistration};
use crate::model::user::{FIELDS, User};
use crate::model::view::MASKED;
use crate::model::{email, password};
use crate::registry::entity::{ALREADY_EXISTS, Entity, live_user};
use crate::registry::principal::Principal;
use crate::registry::{administrators, audience, history, marks, standing};
use crate::store::users::{Passwords, UserKey};
use crate::store::{Deleted, Search, Tx};

errors! {
    USER_REGISTRATION_DISABLED: InvalidArgument "pkg/identityserver" "user_registration_disabled" "user registration disabled";
    PERMISSION_DENIED: PermissionDenied "pkg/identityserver" "permission_denied" "unauthorized request to restricted resource";
    ADMINS_PURGE_USERS: PermissionDenied "pkg/identityserver" "admins_purge_users" "users may only be purged by admins";
    LAST_ADMIN: FailedPrecondition "pkg/identityserver/store" "last_admin" "user `{user_id}` is the last admin";
    OLD_PASSWORD: Unauthenticated "pkg/identityserver" "old_password" "incorrect old password";
    PASSWORD_EQUALS_OLD: InvalidArgument "pkg/identityserver" "password_equals_old" "must not equal old password";
    TEMPORARY_PASSWORD_TOO_LONG: InvalidArgument "keyfob" "temporary_password_too_long" "temporary_password_expires_at: a temporary password ends within a day";
    SUBJECT_TAKEN: AlreadyExists "keyfob" "subject_taken" "subject: another user has it, and apps would take one for the other: leave it out here or there";
    TEMPORARY_PASSWORD_EXPIRED: Unauthenticated "pkg/identityserver" "temporary_password_expired" "temporary password expired";
}

/// The hashes of the passwords that were sent, computed before the transaction because hashing is slow.
pub struct NewPasswords {
    pub password: Hash,
    pub temporary: Option<Hash>,
}

/// Checks the e-mail address by the second rule (registry.md 2.2).
/// # Errors
/// `email`.
pub fn check_email(sent: &Patch) -> Result<()> {
    match sent.text("primary_email_address") {
        Some(address) if !email::is_plain(address) => Err(EMAIL.with("email", address).into()),
        _ => Ok(()),
    }
}

/// Checks that the caller may create a user with these passwords. Called before they are hashed.
/// # Errors
/// `user_registration_disabled` where the settings say so; those of [`password::check`].
pub fn check_registration(by: &Principal, settings: &Settings, id: &UserId, sent: &Patch) -> Result<()> {
    if settings.user_registration == UserRegistration::Closed && !by.is_admin {
        return Err((&USER_REGISTRATION_DISABLED).into());
    }
    password::check(sent.text("password").unwrap_or_default(), id)?;
    if by.is_admin { check_temporary_password(id, sent) } else { Ok(()) }
}

/// Checks that a temporary password is good enough: it leads to the account. Called before it is hashed.
/// # Errors
/// Those of [`password::check`].
pub fn check_temporary_password(id: &UserId, sent: &Patch) -> Result<()> {
    Ok(sent.text("temporary_password").map_or(Ok(()), |temporary| password::check(temporary, id))?)
}

/// Creates a user. A user who registers without an administrator is approved and nothing more; administrators may set everything
/// (registry.md 6.2).
/// # Errors
/// Those of [`check_registration`]; `already_exists` if the ID or the e-mail address is taken.
pub fn create(tx: &Tx<'_>, by: &Principal, settings: &Settings, id: UserId, sent: &Patch, passwords: &NewPasswords) -> Result<User> {
    check_registration(by, settings, &id, sent)?;
    let mut user = User::new(id, tx.now);
    let mask = Mask::everything(FIELDS);
    sent.apply(FIELDS, &mut user, &mask);
    marks::check_kept(by, &Default::default(), &user.attributes)?;
    administrators::clear_fields(by, FIELDS, &mut user);
    if !by.is_admin {
        user.state = State::Approved;
    }
    user.password_updated_at = Some(tx.now);
    let temporary = passwords.temporary.as_ref().filter(|_| by.is_admin);
    let times_sent = (user.temporary_password_created_at, user.temporary_password_expires_at);
    set_times_of_temporary_password(tx, &mut user, &mask, temporary)?;
    check_email_address_is_free(tx, &user.primary_email_address, &user.id)?;
    if !tx.insert_user(&user, &passwords.password)? {
        return Err((&ALREADY_EXISTS).into());
    }
    history::record(tx, by, &entity(&user.id), Action::Create, FIELDS, None, Some(&user))?;
    tx.set_temporary_password(&user.id, temporary)?;
    user.temporary_password = temporary.and(sent.text("temporary_password")).map(str::to_owned);
    // The reply shows only what was sent, as The Things Stack's does.
    (user.temporary_password_created_at, user.temporary_password_expires_at) = times_sent;
    Ok(user)
}

/// Sets what apps know a user by, as a declaration says it: that of another server, for example, so that they go on knowing the user.
/// # Errors
/// `subject_taken`, `user_not_found`.
pub fn set_subject(tx: &Tx<'_>, by: &Principal, id: &UserId, subject: &str) -> Result<()> {
    let user = live_user(tx, id)?;
    match tx.user_of_subject(subject)? {
        Some(other) if other == *id => Ok(()),
        Some(_) => Err((&SUBJECT_TAKEN).into()),
        None => {
            tx.set_subject(id, subject)?;
            history::record_part(tx, by, &entity(id), Action::Update, "subject", user.subject.into(), subject.into())
        }
    }
}

/// Sets when a temporary password was set and when it ends, unless the caller did: after a day at the latest. Without one there is neither.
fn set_times_of_temporary_password(tx: &Tx<'_>, user: &mut User, mask: &Mask, temporary: Option<&Hash>) -> Result<()> {
    let latest = tx.now.plus_seconds(TEMPORARY_PASSWORD_SECONDS);
    if mask.names(FIELDS, "temporary_password") {
        let given = |field: &str, time: Option<Time>| if mask.names(FIELDS, field) { time } else { None };
        let created_at = given("temporary_password_created_at", user.temporary_password_created_at);
        let expires_at = given("temporary_password_expires_at", user.temporary_password_expires_at);
        user.temporary_password_created_at = temporary.map(|_| created_at.unwrap_or(tx.now));
        user.temporary_password_expires_at = temporary.map(|_| expires_at.unwrap_or(latest));
    }
    match user.temporary_password_expires_at {
        Some(end) if end > latest && mask.names(FIELDS, "temporary_password_expires_at") => Err((&TEMPORARY_PASSWORD_TOO_LONG).into()),
        _ => Ok(()),
    }
}

/// Returns a user, and how much of it the caller may read.
/// # Errors
/// `user_not_found`; those of [`audience::of`] for a mask that asks for more than the caller may read.
pub fn get(tx: &Tx<'_>, by: &Principal, id: &UserId, mask: &Mask) -> Result<(User, Audience)> {
    let audience = audience::of(tx, by, &entity(id), Right::UserInfo, FIELDS, mask)?;
    Ok((live_user(tx, id)?, audience))
}

/// Lists users for an administrator, whose key may still lack the right to see everything of them.
/// # Errors
/// Those of [`audience::of_item`].
pub fn list(tx: &Tx<'_>, by: &Principal, search: &Search<UserKey>) -> Result<Listed<(User, Audience)>> {
    let listed = tx.users(search)?;
    let total = listed.total;
    let items = listed.items.into_iter().map(|user| {
        let audience = audience::of_item(tx, by, &entity(&user.id), Right::UserInfo)?;
        Ok((user, audience))
    });
    Ok(Listed { items: items.collect::<Result<_>>()?, total })
}

/// Changes the fields of the mask.
/// # Errors
/// `user_not_found`, `update_admin_field`, `last_admin`; `already_exists` if the e-mail address is taken.
pub fn update(tx: &Tx<'_>, by: &Principal, id: &UserId, mask: &Mask, sent: &Patch, temporary: Option<&Hash>) -> Result<User> {
    let mut old = live_user(tx, id)?;
    administrators::check_fields(by, FIELDS, mask)?;
    let mut sought = old.clone();
    sent.apply(FIELDS, &mut sought, mask);
    marks::check_kept(by, &old.attributes, &sought.attributes)?;
    if sought.admin != old.admin {
        // Others may be handed a way into an account than into an administrator's.
        withdraw_ways_in(tx, by, id)?;
        old = live_user(tx, id)?;
    }
    let mut new = User { updated_at: tx.now, ..old.clone() };
    sent.apply(FIELDS, &mut new, mask);
    if mask.names(FIELDS, "state") && !mask.names(FIELDS, "state_description") {
        new.state_description = String::new();
    }
    if !new.is_acting_admin() || mask.names(FIELDS, "admin") {
        check_not_last_admin(tx, &old)?;
    }
    if new.primary_email_address != old.primary_email_address {
        // What was validated is the former address, unless the same change says otherwise.
        if !mask.names(FIELDS, "primary_email_address_validated_at") {
            new.primary_email_address_validated_at = None;
        }
        check_email_address_is_free(tx, &new.primary_email_address, id)?;
    }
    if temporary.is_some() {
        [&old, &new].into_iter().try_for_each(|user| administrators::check_opens(by, user))?;
    }
    set_times_of_temporary_password(tx, &mut new, mask, temporary)?;
    tx.update_user(&new)?;
    let (mut was, mut is) = (old, new.clone());
    if mask.names(FIELDS, "temporary_password") {
        was.temporary_password = replace_temporary_password(tx, id, temporary)?.filter(|_| temporary.is_none());
        is.temporary_password = temporary.map(|_| MASKED.to_owned());
        new.temporary_password = sent.text("temporary_password").map(str::to_owned);
    }
    history::record(tx, by, &entity(id), Action::Update, FIELDS, Some(&was), Some(&is))?;
    Ok(new)
}

/// Returns what the reply to a change shows: with a temporary password, when it was set and when it ends.
pub fn shown_after_update(mut mask: Mask) -> Mask {
    if mask.names(FIELDS, "temporary_password") {
        mask.add(FIELDS, "temporary_password_created_at");
        mask.add(FIELDS, "temporary_password_expires_at");
    }
    mask
}

/// Sets, replaces or withdraws the temporary password. Returns the former one, masked. A browser that has used it can no longer choose a new
/// password.
fn replace_temporary_password(tx: &Tx<'_>, id: &UserId, temporary: Option<&Hash>) -> Result<Option<String>> {
    let former = tx.passwords(id)?.and_then(|kept| kept.temporary);
    tx.set_temporary_password(id, temporary)?;
    tx.delete_recovery(id, RecoveryStep::Choice)?;
    Ok(former.map(|_| MASKED.to_owned()))
}

/// Sets a temporary password for an administrator or the operator.
/// # Errors
/// Those of [`update`].
pub fn set_temporary_password(tx: &Tx<'_>, by: &Principal, id: &UserId, plain: &str, hash: &Hash) -> Result<User> {
    let (mut mask, mut sent) = (Mask::default(), Patch::default());
    mask.add(FIELDS, "temporary_password");
    sent.put("temporary_password", plain.into());
    update(tx, by, id, &mask, &sent, Some(hash))
}

/// Withdraws the temporary password, if there is one, for the user too.
/// # Errors
/// `user_not_found`.
pub fn withdraw_temporary_password(tx: &Tx<'_>, by: &Principal, id: &UserId) -> Result<()> {
    remove_temporary_password(tx, by, id, Action::Update)
}

/// Withdraws the sign-in link; returns false if there is none.
pub(super) fn withdraw_link(tx: &Tx<'_>, by: &Principal, id: &UserId) -> Result<bool> {
    let Some(expires_at) = tx.recovery_end(id, RecoveryStep::Link)? else { return Ok(false) };
    tx.delete_recovery(id, RecoveryStep::Link)?;
    let ended = json!({"expires_at": expires_at.to_string()});
    history::record_part(tx, by, &entity(id), Action::DeleteSignInLink, "sign_in_link", ended, Value::Null)?;
    Ok(true)
}

/// Withdraws every way in that was handed over: the temporary password, the sign-in link, and the chance of a browser that has used one of
/// them.
/// # Errors
/// `user_not_found`.
pub fn withdraw_ways_in(tx: &Tx<'_>, by: &Principal, id: &UserId) -> Result<()> {
    withdraw_temporary_password(tx, by, id)?;
    withdraw_link(tx, by, id)?;
    Ok(())
}

/// Removes a temporary password that has been used.
pub(super) fn use_up_temporary_password(tx: &Tx<'_>, by: &Principal, id: &UserId) -> Result<()> {
    remove_temporary_password(tx, by, id, Action::UseTemporaryPassword)
}

fn remove_temporary_password(tx: &Tx<'_>, by: &Principal, id: &UserId, action: Action) -> Result<()> {
    let old = live_user(tx, id)?;
    let Some(former) = replace_temporary_password(tx, id, None)? else { return Ok(()) };
    let was = User { temporary_password: Some(former), ..old.clone() };
    let is = User { temporary_password_created_at: None, temporary_password_expires_at: None, updated_at: tx.now, ..old };
    tx.update_user(&is)?;
    history::record(tx, by, &entity(id), action, FIELDS, Some(&was), Some(&is))
}

/// Checks that a new password is good enough and differs from the old one. Called before the user is looked up (registry.md 6.2).
/// # Errors
/// Those of [`password::check`]; `password_equals_old`.
pub fn check_new_password(id: &UserId, old: &str, new: &str) -> Result<()> {
    password::check(new, id)?;
    if old == new { Err((&PASSWORD_EQUALS_OLD).into()) } else { Ok(()) }
}

/// The stored passwords of a user, and the most rounds that comparing takes for any user.
pub struct Compared {
    pub kept: Option<Passwords>,
    pub rounds: u32,
}

/// Returns what a user's password is compared with; the user may be unknown. Comparing takes as long for everyone as for the user whose
/// hash takes longest, because passwords may have been hashed under other settings.
/// # Errors
/// Only those of the store.
pub fn compared(tx: &Tx<'_>, settings: &Settings, id: &UserId) -> Result<Compared> {
    Ok(Compared { kept: passwords(tx, id)?, rounds: settings.password_rounds.max(tx.most_password_rounds(MOST_ROUNDS)?) })
}

/// Returns the stored passwords of a user, or `None` for an unknown user.
pub(crate) fn passwords(tx: &Tx<'_>, id: &UserId) -> Result<Option<Passwords>> {
    if tx.user(id, Deleted::No)?.is_none() {
        return Ok(None);
    }
    tx.passwords(id)
}

/// The stored password that a guess is the same as.
#[derive(Debug, PartialEq, Eq)]
pub enum MatchedPassword {
    Chosen(Hash),
    Temporary(Hash),
}

impl MatchedPassword {
    /// Returns whether it is still one of the user's passwords.
    fn is_one_of(&self, kept: &Passwords, now: Time) -> bool {
        match self {
            MatchedPassword::Chosen(hash) => kept.password == *hash,
            MatchedPassword::Temporary(hash) => kept.temporary.as_ref() == Some(hash) && kept.temporary_until(now).is_some(),
        }
    }
}

/// Returns which password of a user it is; a temporary one that has ended is refused as such. Slow: never call it in a transaction. An
/// unknown user takes as long, and so does one without a temporary password.
/// # Errors
/// `temporary_password_expired`.
pub fn matched_password(compared: Compared, password: &str, now: Time) -> Result<Option<MatchedPassword>> {
    let hashes = compared.kept.iter().flat_map(|kept| std::iter::once(&kept.password).chain(&kept.temporary));
    let matching = secret::matching(hashes, &[password], compared.rounds.saturating_mul(2));
    match (matching, compared.kept) {
        (None, _) | (_, None) => Ok(None),
        (Some(0), Some(kept)) => Ok(Some(MatchedPassword::Chosen(kept.password))),
        (Some(_), Some(kept)) if kept.temporary_until(now).is_none() => Err((&TEMPORARY_PASSWORD_EXPIRED).into()),
        (Some(_), Some(kept)) => Ok(kept.temporary.map(MatchedPassword::Temporary)),
    }
}

/// The same for somebody who changes the password; an unknown user is told so. Slow as well.
/// # Errors
/// `user_not_found`; `old_password`; `temporary_password_expired`.
pub fn verify_password(compared: Compared, id: &UserId, old: &str, now: Time) -> Result<MatchedPassword> {
    let is_known = compared.kept.is_some();
    let matched = matched_password(compared, old, now)?;
    if is_known { matched.ok_or_else(|| (&OLD_PASSWORD).into()) } else { Err(entity(id).not_found()) }
}

/// What a new password does to access gained with the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldAccess {
    Stays,
    /// Every session, code and token ends; API keys stay.
    Revoked,
}

/// Sets a new password and deletes the temporary one.
/// # Errors
/// `old_password` if the password was changed since it was verified; `user_suspended`, `user_rejected`, `user_not_found`.
pub fn change_password(
    tx: &Tx<'_>,
    by: &Principal,
    id: &UserId,
    verified: &MatchedPassword,
    new: &Hash,
    old_access: OldAccess,
) -> Result<()> {
    let kept = tx.passwords(id)?;
    if !kept.is_some_and(|kept| verified.is_one_of(&kept, tx.now)) {
        return Err((&OLD_PASSWORD).into());
    }
    standing::check_user(tx, id)?;
    let old = live_user(tx, id)?;
    replace_password(tx, by, old, new, old_access)
}

/// Sets a password without the old one, for operators, and ends all access gained with it.
/// # Errors
/// `user_not_found`.
pub fn reset_password(tx: &Tx<'_>, by: &Principal, id: &UserId, new: &Hash) -> Result<()> {
    let old = live_user(tx, id)?;
    replace_password(tx, by, old, new, OldAccess::Revoked)
}

fn replace_password(tx: &Tx<'_>, by: &Principal, old: User, new: &Hash, old_access: OldAccess) -> Result<()> {
    let user = User {
        updated_at: tx.now,
        password_updated_at: Some(tx.now),
        require_password_update: false,
        temporary_password_created_at: None,
        temporary_password_expires_at: None,
        ..old
    };
    tx.update_user(&user)?;
    tx.set_password(&user.id, new)?;
    tx.set_temporary_password(&user.id, None)?;
    tx.delete_recoveries(&user.id)?;
    if old_access == OldAccess::Revoked {
        tx.delete_sessions(&user.id)?;
        tx.delete_codes_and_tokens(&user.id)?;
    }
    history::record_part(tx, by, &entity(&user.id), Action::ChangePassword, "password", MASKED.into(), MASKED.into())
}

fn entity(id: &UserId) -> Entity {
    Entity::User(id.clone())
}

/// Refuses an address that another live user has.
pub(super) fn check_email_address_is_free(tx: &Tx<'_>, address: &str, id: &UserId) -> Result<()> {
    if tx.email_address_is_taken(address, id)? { Err((&ALREADY_EXISTS).into()) } else { Ok(()) }
}

/// Refuses to lose the last administrator who can act as one. The message shows its placeholder, as The Things Stack's does
/// (registry.md 3.4, E49).
pub(super) fn check_not_last_admin(tx: &Tx<'_>, old: &User) -> Result<()> {
    if old.is_acting_admin() && !tx.has_other_acting_admin(&old.id)? { Err(Error::from(&LAST_ADMIN)) } else { Ok(()) }
}
