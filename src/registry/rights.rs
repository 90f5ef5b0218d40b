//! The caller's rights on an entity (registry.md 5.4).

use serde_json::Value;

use crate::base::error::{Error, Result, errors};
use crate::base::id::AccountId;
use crate::base::right::{Right, Rights};
use crate::model::member::expanded;
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::right_use;
use crate::store::members::Owned;
use crate::store::{Deleted, Tx};

errors! {
    NO_CLIENT_RIGHTS: PermissionDenied "pkg/auth/rights" "no_client_rights" "no rights for client `{uid}`";
    INSUFFICIENT_CLIENT_RIGHTS: PermissionDenied "pkg/auth/rights" "insufficient_client_rights" "insufficient rights for client `{uid}`";
    NO_USER_RIGHTS: PermissionDenied "pkg/auth/rights" "no_user_rights" "no rights for user `{uid}`";
    INSUFFICIENT_USER_RIGHTS: PermissionDenied "pkg/auth/rights" "insufficient_user_rights" "insufficient rights for user `{uid}`";
    NO_ORGANIZATION_RIGHTS: PermissionDenied "pkg/auth/rights" "no_organization_rights" "no rights for organization `{uid}`";
    INSUFFICIENT_ORGANIZATION_RIGHTS: PermissionDenied
        "pkg/auth/rights" "insufficient_organization_rights" "insufficient rights for organization `{uid}`";
}

/// Returns all rights of `by` on the entity: none on a missing one. The built-in client can only be read.
/// # Errors
/// [`Entity::not_found`] for administrators if there is no such entity.
pub fn on(tx: &Tx<'_>, by: &Principal, entity: &Entity, deleted: Deleted) -> Result<Rights> {
    let rights = held(tx, by, entity, deleted)?;
    Ok(if entity.is_built_in() { rights.and(Rights::of(&[Right::ClientInfo])) } else { rights })
}

fn held(tx: &Tx<'_>, by: &Principal, entity: &Entity, deleted: Deleted) -> Result<Rights> {
    let universal = by.universal.and(entity.scope());
    let itself = entity.account().is_some_and(|account| by.is(&account));
    if !itself && !entity.exists(tx, deleted)? {
        return if by.is_admin { Err(entity.not_found()) } else { Ok(Rights::NONE) };
    }
    if by.rights.and(entity.scope()).is_empty() {
        return Ok(universal);
    }
    if itself {
        return Ok(by.rights.or(universal));
    }
    Ok(through_membership(tx, by, entity)?.and(by.rights).or(universal))
}

/// Checks that the caller has the right.
/// # Errors
/// [`refused`] if not; `built_in_client` for a right that nobody has there; those of [`on`].
pub fn require(tx: &Tx<'_>, by: &Principal, entity: &Entity, right: Right, deleted: Deleted) -> Result<()> {
    let rights = on(tx, by, entity, deleted)?;
    if !rights.is_empty() && right != Right::ClientInfo {
        entity.check_not_built_in()?;
    }
    if !rights.has(right) {
        return Err(refused(entity, rights, Rights::of(&[right])));
    }
    right_use::note(tx, by, Rights::of(&[right]));
    Ok(())
}

/// Returns the refusal for a caller who has `rights` and needs `wanted`.
pub fn refused(entity: &Entity, rights: Rights, wanted: Rights) -> Error {
    let (none, insufficient) = match entity {
        Entity::Client(_) => (&NO_CLIENT_RIGHTS, &INSUFFICIENT_CLIENT_RIGHTS),
        Entity::User(_) => (&NO_USER_RIGHTS, &INSUFFICIENT_USER_RIGHTS),
        Entity::Organization(_) => (&NO_ORGANIZATION_RIGHTS, &INSUFFICIENT_ORGANIZATION_RIGHTS),
    };
    if rights.is_empty() {
        return none.with("uid", entity.as_str()).into();
    }
    let missing: Value = wanted.without(rights).names().into();
    insufficient.with("missing", missing).with("uid", entity.as_str()).into()
}

/// Returns the rights through memberships: direct, and for clients also through organizations.
fn through_membership(tx: &Tx<'_>, by: &Principal, entity: &Entity) -> Result<Rights> {
    let (owned, account) = match (entity, &by.account) {
        (Entity::User(_), _) | (_, None) => return Ok(Rights::NONE),
        (Entity::Client(id), Some(account)) => (Owned::Client(id.clone()), account),
        (Entity::Organization(id), Some(account)) => (Owned::Organization(id.clone()), account),
    };
    let direct = tx.member(&owned, account)?.map_or(Rights::NONE, |rights| expanded(&rights));
    let indirect = match (entity, account) {
        (Entity::Client(client), AccountId::User(user)) => tx.rights_through_organizations(client, user)?,
        _ => Rights::NONE,
    };
    Ok(direct.or(indirect))
}
