//! The operations on users (registry.md 6.2).

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
use crate::model::settings::{Settings, UserRegistration};
use crate::model::user::{FIELDS, User};
use crate::model::view::MASKED;
use crate::model::{email, password};
use crate::registry::entity::{ALREADY_EXISTS, Entity, live_user};
use crate::registry::principal::Principal;
use crate::registry::{administrators, audience, history, standing};
use crate::store::users::{Passwords, UserKey};
use crate::store::{Deleted, Search, Tx};

errors! {
    USER_REGISTRATION_DISABLED: InvalidArgument "pkg/identityserver" "user_registration_disabled" "user registration disabled";
    PERMISSION_DENIED: PermissionDenied "pkg/identityserver" "permission_denied" "unauthorized request to restricted resource";
    ADMINS_PURGE_USERS: PermissionDenied "pkg/identityserver" "admins_purge_users" "users may only be purged by admins";
    LAST_ADMIN: FailedPrecondition "pkg/identityserver/store" "last_admin" "user `{user_id}` is the last admin";
    OLD_PASSWORD: Unauthenticated "pkg/identityserver" "old_password" "incorrect old password";
    PASSWORD_EQUALS_OLD: InvalidArgument "pkg/identityserver" "password_equals_old" "must not equal old password";
    TEMPORARY_PASSWORD_EXPIRED: Unauthenticated "pkg/identityserver" "temporary_password_expired" "temporary password expired";
}

/// The hashes of the passwords that were sent, computed before the transaction because hashing is slow.
#[derive(Debug)]
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

/// Checks that the caller may create a user with this password. Called before the password is hashed.
/// # Errors
/// `user_registration_disabled` where the settings say so; those of [`password::check`].
pub fn check_registration(by: &Principal, settings: &Settings, id: &UserId, sent: &Patch) -> Result<()> {
    if settings.user_registration == UserRegistration::Closed && !by.is_admin {
        return Err((&USER_REGISTRATION_DISABLED).into());
    }
    Ok(password::check(sent.text("password").unwrap_or_default(), id)?)
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
    if !by.is_admin {
        for field in mask.fields(FIELDS).into_iter().filter(|field| field.is_for_admins()) {
            (field.set)(&mut user, &field.shape.nothing());
        }
        user.state = State::Approved;
    }
    user.password_updated_at = Some(tx.now);
    check_email_address_is_free(tx, &user.primary_email_address, &user.id)?;
    if !tx.insert_user(&user, &passwords.password)? {
        return Err((&ALREADY_EXISTS).into());
    }
    history::record(tx, by, &entity(&user.id), Action::Create, FIELDS, None, Some(&user))?;
    if by.is_admin {
        tx.set_temporary_password(&user.id, passwords.temporary.as_ref())?;
        user.temporary_password = sent.text("temporary_password").map(str::to_owned);
    }
    Ok(user)
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
    let old = live_user(tx, id)?;
    administrators::check_fields(by, FIELDS, mask)?;
    let mut new = User { updated_at: tx.now, ..old.clone() };
    sent.apply(FIELDS, &mut new, mask);
    if mask.names(FIELDS, "state") && !mask.names(FIELDS, "state_description") {
        new.state_description = String::new();
    }
    if !new.is_acting_admin() || mask.names(FIELDS, "admin") {
        check_not_last_admin(tx, &old)?;
    }
    if new.primary_email_address != old.primary_email_address {
        if !by.is_admin {
            new.primary_email_address_validated_at = None;
        }
        check_email_address_is_free(tx, &new.primary_email_address, id)?;
    }
    tx.update_user(&new)?;
    let mut recorded = new.clone();
    if mask.names(FIELDS, "temporary_password") {
        tx.set_temporary_password(id, temporary)?;
        recorded.temporary_password = Some(MASKED.to_owned());
        new.temporary_password = sent.text("temporary_password").map(str::to_owned);
    }
    history::record(tx, by, &entity(id), Action::Update, FIELDS, Some(&old), Some(&recorded))?;
    Ok(new)
}

/// Checks that a new password is good enough and differs from the old one. Called before the user is looked up (registry.md 6.2).
/// # Errors
/// Those of [`password::check`]; `password_equals_old`.
pub fn check_new_password(id: &UserId, old: &str, new: &str) -> Result<()> {
    password::check(new, id)?;
    if old == new { Err((&PASSWORD_EQUALS_OLD).into()) } else { Ok(()) }
}

/// The stored passwords of a user, and the most rounds that comparing takes for any user.
#[derive(Debug)]
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
/// # Errors
/// Only those of the store.
pub fn passwords(tx: &Tx<'_>, id: &UserId) -> Result<Option<Passwords>> {
    if tx.user(id, Deleted::No)?.is_none() {
        return Ok(None);
    }
    tx.passwords(id)
}

/// Returns the passwords of a user if `old` is one of them: the password, or a temporary one that is still valid. Slow: never call it in a
/// transaction. An unknown user takes as long, and so does one without a temporary password.
/// # Errors
/// `user_not_found`; `old_password`; `temporary_password_expired`.
pub fn verify_password(compared: Compared, id: &UserId, old: &str, now: Time) -> Result<Passwords> {
    let hashes = compared.kept.iter().flat_map(|kept| std::iter::once(&kept.password).chain(&kept.temporary));
    let matching = secret::matching(hashes, &[old], compared.rounds.saturating_mul(2));
    let kept = compared.kept.ok_or_else(|| entity(id).not_found())?;
    match (matching, kept.temporary_expires_at) {
        (None, _) => Err((&OLD_PASSWORD).into()),
        (Some(1), Some(end)) if end <= now => Err((&TEMPORARY_PASSWORD_EXPIRED).into()),
        (Some(_), _) => Ok(kept),
    }
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
pub fn change_password(tx: &Tx<'_>, by: &Principal, id: &UserId, verified: &Passwords, new: &Hash, old_access: OldAccess) -> Result<()> {
    let kept = tx.passwords(id)?;
    if kept.is_none_or(|kept| kept.password != verified.password) {
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
