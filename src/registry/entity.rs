//! What a request can name that may not exist: clients, users and organizations.

use crate::base::error::{Error, Result, errors};
use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::right::{CLIENT_RIGHTS, Rights, organization_scope, user_scope};
use crate::model::client::{BUILT_IN, Client};
use crate::model::organization::Organization;
use crate::model::user::User;
use crate::store::members::Owned;
use crate::store::{Deleted, Tx};

errors! {
    CLIENT_NOT_FOUND: NotFound "pkg/identityserver/store" "client_not_found" "client with id `{client_id}` not found";
    USER_NOT_FOUND: NotFound "pkg/identityserver/store" "user_not_found" "user with id `{user_id}` not found";
    ORGANIZATION_NOT_FOUND: NotFound "pkg/identityserver/store" "organization_not_found" "organization with id `{organization_id}` not found";
    BUILT_IN_CLIENT: PermissionDenied "keyfob" "built_in_client" "client `{client_id}` is built in: nobody can change or delete it";
    ENTITY_NOT_FOUND: NotFound "pkg/identityserver/store" "entity_not_found" "{entity_type} entity with id `{entity_id}` not found";
    NOT_FOUND: NotFound "pkg/util/store" "not_found" "no results found";
    ALREADY_EXISTS: AlreadyExists "pkg/util/store" "already_exists" "already exists";
}

/// An entity on which rights are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    Client(ClientId),
    User(UserId),
    Organization(OrganizationId),
}

impl Entity {
    /// Returns `client`, `user` or `organization`.
    pub fn kind(&self) -> &'static str {
        match self {
            Entity::Client(_) => "client",
            Entity::User(_) => "user",
            Entity::Organization(_) => "organization",
        }
    }

    /// Checks that this is not the client that every database has.
    /// # Errors
    /// `built_in_client`.
    pub fn check_not_built_in(&self) -> Result<()> {
        if self.is_built_in() { Err(BUILT_IN_CLIENT.with("client_id", self.as_str()).into()) } else { Ok(()) }
    }

    /// Returns whether it is the client that every database has.
    pub fn is_built_in(&self) -> bool {
        matches!(self, Entity::Client(id) if id.as_str() == BUILT_IN)
    }

    pub fn as_str(&self) -> &str {
        match self {
            Entity::Client(id) => id.as_str(),
            Entity::User(id) => id.as_str(),
            Entity::Organization(id) => id.as_str(),
        }
    }

    /// Returns the account, unless it is a client.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Entity::Client(_) => None,
            Entity::User(id) => Some(AccountId::User(id.clone())),
            Entity::Organization(id) => Some(AccountId::Organization(id.clone())),
        }
    }

    /// Returns the rights that apply to this kind of entity (registry.md 5.3).
    pub fn scope(&self) -> Rights {
        match self {
            Entity::Client(_) => CLIENT_RIGHTS,
            Entity::User(_) => user_scope(),
            Entity::Organization(_) => organization_scope(),
        }
    }

    /// Returns the error that no entity has this ID.
    pub fn not_found(&self) -> Error {
        match self {
            Entity::Client(id) => CLIENT_NOT_FOUND.with("client_id", id.as_str()),
            Entity::User(id) => USER_NOT_FOUND.with("user_id", id.as_str()),
            Entity::Organization(id) => ORGANIZATION_NOT_FOUND.with("organization_id", id.as_str()),
        }
        .into()
    }

    /// Returns the same, as operations on entities of any kind word it.
    pub fn no_entity(&self) -> Error {
        ENTITY_NOT_FOUND.with("entity_id", self.as_str()).with("entity_type", self.kind()).into()
    }

    pub(crate) fn exists(&self, tx: &Tx<'_>, deleted: Deleted) -> Result<bool> {
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

/// Returns a client that is not deleted.
/// # Errors
/// `client_not_found`.
pub fn live_client(tx: &Tx<'_>, id: &ClientId) -> Result<Client> {
    tx.client(id, Deleted::No)?.ok_or_else(|| Entity::Client(id.clone()).not_found())
}

/// Returns a user who is not deleted.
/// # Errors
/// `user_not_found`.
pub fn live_user(tx: &Tx<'_>, id: &UserId) -> Result<User> {
    tx.user(id, Deleted::No)?.ok_or_else(|| Entity::User(id.clone()).not_found())
}

/// Returns an organization that is not deleted.
/// # Errors
/// `organization_not_found`.
pub(super) fn live_organization(tx: &Tx<'_>, id: &OrganizationId) -> Result<Organization> {
    tx.organization(id, Deleted::No)?.ok_or_else(|| Entity::Organization(id.clone()).not_found())
}
