//! The life cycle of clients, users and organizations: deleted, restored within a day, purged (registry.md 1.10, 4.6).

use crate::base::error::{Error, Result, errors};
use crate::base::id::{ClientId, OrganizationId, UserId};
use crate::base::time::Time;
use crate::model::choice::State;
use crate::model::client::{self, Client};
use crate::model::event::Action;
use crate::model::field::Field;
use crate::model::organization::{self, Organization};
use crate::model::user::{self, User};
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::{history, trials, users};
use crate::store::members::Owned;
use crate::store::{Deleted, Tx};

errors! {
    RESTORE_WINDOW_EXPIRED: FailedPrecondition "pkg/identityserver" "restore_window_expired" "this entity can no longer be restored";
}

/// A day (registry.md 4.6).
const RESTORE_WINDOW_SECONDS: i64 = 24 * 60 * 60;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Delete,
    Restore,
    Purge,
}

/// Deletes an entity. Its ID stays taken and its rows stay; its keys and tokens are not accepted until it is restored. A user's sessions
/// end, and the e-mail address becomes free.
/// # Errors
/// [`Entity::not_found`]; `last_admin`.
pub fn delete(tx: &Tx<'_>, by: &Principal, entity: &Entity) -> Result<()> {
    take(tx, by, entity, Step::Delete)
}

/// Restores an entity that was deleted less than a day ago; a user only if the e-mail address is still free.
/// # Errors
/// [`Entity::not_found`] if no entity with this ID is deleted, `restore_window_expired`, `already_exists` for a user's address.
pub fn restore(tx: &Tx<'_>, by: &Principal, entity: &Entity) -> Result<()> {
    take(tx, by, entity, Step::Restore)
}

/// Purges an entity, live or deleted, and frees its ID.
/// # Errors
/// `built_in_client`, `client_not_found`, `entity_not_found`, `last_admin`.
pub fn purge(tx: &Tx<'_>, by: &Principal, entity: &Entity) -> Result<()> {
    entity.check_not_built_in()?;
    take(tx, by, entity, Step::Purge)
}

/// Returns when an entity was deleted; `None` if it is not.
pub(crate) fn deleted_at(tx: &Tx<'_>, entity: &Entity) -> Result<Option<Time>> {
    Ok(match entity {
        Entity::Client(id) => tx.client(id, Deleted::Yes)?.and_then(|client| client.deleted_at),
        Entity::User(id) => tx.user(id, Deleted::Yes)?.and_then(|user| user.deleted_at),
        Entity::Organization(id) => tx.organization(id, Deleted::Yes)?.and_then(|organization| organization.deleted_at),
    })
}

/// Returns until when what was deleted then can be restored.
pub fn restorable_until(deleted_at: Time) -> Time {
    deleted_at.plus_seconds(RESTORE_WINDOW_SECONDS)
}

fn take(tx: &Tx<'_>, by: &Principal, entity: &Entity, step: Step) -> Result<()> {
    match entity {
        Entity::Client(id) => of_client(tx, id, step)?.record(tx, by, entity, step, client::FIELDS),
        Entity::User(id) => of_user(tx, by, id, step)?.record(tx, by, entity, step, user::FIELDS),
        Entity::Organization(id) => of_organization(tx, by, id, step)?.record(tx, by, entity, step, organization::FIELDS),
    }
}

fn of_client(tx: &Tx<'_>, id: &ClientId, step: Step) -> Result<Taken<Client>> {
    let old = tx.client(id, step.sought())?.ok_or_else(|| Entity::Client(id.clone()).not_found())?;
    let deleted_at = step.deleted_at(tx, old.deleted_at)?;
    match step {
        Step::Delete | Step::Restore => tx.set_client_deleted(id, deleted_at)?,
        Step::Purge => tx.purge_client(id)?,
    }
    Ok(Taken { new: Client { deleted_at, ..old.clone() }, old })
}

fn of_user(tx: &Tx<'_>, by: &Principal, id: &UserId, step: Step) -> Result<Taken<User>> {
    if step == Step::Delete {
        users::withdraw_ways_in(tx, by, id)?;
    }
    let old = tx.user(id, step.sought())?.ok_or_else(|| step.not_found(&Entity::User(id.clone())))?;
    let deleted_at = step.deleted_at(tx, old.deleted_at)?;
    match step {
        Step::Delete => {
            users::check_not_last_admin(tx, &old)?;
            tx.set_user_deleted(&old, deleted_at)?;
            tx.delete_sessions(id)?;
        }
        Step::Restore => {
            users::check_email_address_is_free(tx, &old.primary_email_address, id)?;
            tx.set_user_deleted(&old, deleted_at)?;
        }
        Step::Purge => {
            users::check_not_last_admin(tx, &old)?;
            // Keys that a suspended or rejected user created for organizations are refused; they must not work again when the user is no
            // longer known.
            if matches!(old.state, State::Rejected | State::Suspended) {
                tx.delete_api_keys_made_for_others(id)?;
            }
            tx.purge_user(id)?;
        }
    }
    Ok(Taken { new: User { deleted_at, ..old.clone() }, old })
}

fn of_organization(tx: &Tx<'_>, by: &Principal, id: &OrganizationId, step: Step) -> Result<Taken<Organization>> {
    let old = tx.organization(id, step.sought())?.ok_or_else(|| step.not_found(&Entity::Organization(id.clone())))?;
    let deleted_at = step.deleted_at(tx, old.deleted_at)?;
    trials::ending(tx, by, &Owned::Organization(id.clone()), None, || match step {
        Step::Delete | Step::Restore => tx.set_organization_deleted(id, deleted_at),
        Step::Purge => tx.purge_organization(id),
    })?;
    Ok(Taken { new: Organization { deleted_at, ..old.clone() }, old })
}

impl Step {
    fn sought(self) -> Deleted {
        match self {
            Step::Delete => Deleted::No,
            Step::Restore => Deleted::Yes,
            Step::Purge => Deleted::Either,
        }
    }

    /// Returns the new time of deletion. Fails if the entity was deleted too long ago to be restored.
    fn deleted_at(self, tx: &Tx<'_>, before: Option<Time>) -> Result<Option<Time>> {
        let is_over = before.is_some_and(|before| restorable_until(before) < tx.now);
        match self {
            Step::Restore if is_over => Err((&RESTORE_WINDOW_EXPIRED).into()),
            Step::Restore => Ok(None),
            Step::Delete | Step::Purge => Ok(Some(tx.now)),
        }
    }

    fn not_found(self, account: &Entity) -> Error {
        if self == Step::Purge { account.no_entity() } else { account.not_found() }
    }
}

struct Taken<E> {
    old: E,
    new: E,
}

impl<E> Taken<E> {
    fn record(&self, tx: &Tx<'_>, by: &Principal, entity: &Entity, step: Step, fields: &'static [Field<E>]) -> Result<()> {
        let (action, new) = match step {
            Step::Delete => (Action::Delete, Some(&self.new)),
            Step::Restore => (Action::Restore, Some(&self.new)),
            Step::Purge => (Action::Purge, None),
        };
        history::record(tx, by, entity, action, fields, Some(&self.old), new)
    }
}
