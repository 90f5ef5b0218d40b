//! What somebody may do on an entity (registry.md 5.4).

use serde_json::Value;

use crate::base::error::{Definition, Error, Result, errors};
use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::right::{CLIENT_RIGHTS, Right, Rights, organization_scope, user_scope};
use crate::model::client::BUILT_IN;
use crate::model::member::expanded;
use crate::registry::principal::Principal;
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
    CLIENT_NOT_FOUND: NotFound "pkg/identityserver/store" "client_not_found" "client with id `{client_id}` not found";
    USER_NOT_FOUND: NotFound "pkg/identityserver/store" "user_not_found" "user with id `{user_id}` not found";
    ORGANIZATION_NOT_FOUND: NotFound "pkg/identityserver/store" "organization_not_found" "organization with id `{organization_id}` not found";
    BUILT_IN_CLIENT: PermissionDenied "keyfob" "built_in_client" "client `{client_id}` is built in: nobody can change or delete it";
    ENTITY_NOT_FOUND: NotFound "pkg/identityserver/store" "entity_not_found" "{entity_type} entity with id `{entity_id}` not found";
}

/// Something on which rights are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    Client(ClientId),
    User(UserId),
    Organization(OrganizationId),
}

impl Entity {
    /// `client`, `user` or `organization`, as errors and events say it.
    pub fn kind(&self) -> &'static str {
        match self {
            Entity::Client(_) => "client",
            Entity::User(_) => "user",
            Entity::Organization(_) => "organization",
        }
    }

    /// Refuses whatever would change the client that every database has.
    pub fn check_not_built_in(&self) -> Result<()> {
        if self.is_built_in() { Err(BUILT_IN_CLIENT.with("client_id", self.as_str()).into()) } else { Ok(()) }
    }

    fn is_built_in(&self) -> bool {
        matches!(self, Entity::Client(id) if id.as_str() == BUILT_IN)
    }

    pub fn as_str(&self) -> &str {
        match self {
            Entity::Client(id) => id.as_str(),
            Entity::User(id) => id.as_str(),
            Entity::Organization(id) => id.as_str(),
        }
    }

    /// The account that it is, if it is one.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Entity::Client(_) => None,
            Entity::User(id) => Some(AccountId::User(id.clone())),
            Entity::Organization(id) => Some(AccountId::Organization(id.clone())),
        }
    }

    /// The rights that mean something on it (registry.md 5.3).
    pub fn scope(&self) -> Rights {
        match self {
            Entity::Client(_) => CLIENT_RIGHTS,
            Entity::User(_) => user_scope(),
            Entity::Organization(_) => organization_scope(),
        }
    }

    /// There is none of this ID.
    pub fn not_found(&self) -> Error {
        match self {
            Entity::Client(id) => CLIENT_NOT_FOUND.with("client_id", id.as_str()),
            Entity::User(id) => USER_NOT_FOUND.with("user_id", id.as_str()),
            Entity::Organization(id) => ORGANIZATION_NOT_FOUND.with("organization_id", id.as_str()),
        }
        .into()
    }

    /// The same, in the words of operations that work on entities of any kind.
    pub fn no_entity(&self) -> Error {
        ENTITY_NOT_FOUND.with("entity_id", self.as_str()).with("entity_type", self.kind()).into()
    }

    /// Some rights are there, but not these.
    pub fn insufficient(&self, missing: Rights) -> Error {
        let definition = match self {
            Entity::Client(_) => &INSUFFICIENT_CLIENT_RIGHTS,
            Entity::User(_) => &INSUFFICIENT_USER_RIGHTS,
            Entity::Organization(_) => &INSUFFICIENT_ORGANIZATION_RIGHTS,
        };
        let missing: Value = missing.names().into();
        definition.with("missing", missing).with("uid", self.as_str()).into()
    }

    fn none(&self) -> Error {
        let definition: &'static Definition = match self {
            Entity::Client(_) => &NO_CLIENT_RIGHTS,
            Entity::User(_) => &NO_USER_RIGHTS,
            Entity::Organization(_) => &NO_ORGANIZATION_RIGHTS,
        };
        definition.with("uid", self.as_str()).into()
    }

    pub fn exists(&self, tx: &Tx<'_>, deleted: Deleted) -> Result<bool> {
        match self {
            Entity::Client(id) => tx.client_exists(id, deleted),
            Entity::User(_) | Entity::Organization(_) => match self.account() {
                Some(account) => tx.account_exists(&account, deleted),
                None => Ok(false),
            },
        }
    }
}

impl From<&AccountId> for Entity {
    fn from(account: &AccountId) -> Entity {
        match account {
            AccountId::User(id) => Entity::User(id.clone()),
            AccountId::Organization(id) => Entity::Organization(id.clone()),
        }
    }
}

impl From<&Owned> for Entity {
    fn from(owned: &Owned) -> Entity {
        match owned {
            Owned::Client(id) => Entity::Client(id.clone()),
            Owned::Organization(id) => Entity::Organization(id.clone()),
        }
    }
}

/// All that `by` may do on the entity. One that is not there gives no rights, and administrators are told so (404). The built-in client can
/// be looked at, and nothing else.
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

/// Refuses who lacks the right: 403 that says whether there is no right at all, or which is missing.
pub fn require(tx: &Tx<'_>, by: &Principal, entity: &Entity, right: Right, deleted: Deleted) -> Result<()> {
    let rights = on(tx, by, entity, deleted)?;
    if !rights.is_empty() && right != Right::ClientInfo {
        entity.check_not_built_in()?;
    }
    if rights.has(right) { Ok(()) } else { Err(refused(entity, rights, Rights::of(&[right]))) }
}

/// The refusal for who has `rights` and needs `wanted`.
pub fn refused(entity: &Entity, rights: Rights, wanted: Rights) -> Error {
    if rights.is_empty() { entity.none() } else { entity.insufficient(wanted.without(rights)) }
}

/// Over all chains of membership: direct, and for clients also through organizations.
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
