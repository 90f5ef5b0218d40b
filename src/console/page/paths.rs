//! Reads and writes the paths of the Console. An ID that nothing can have is not found, like one that nothing has.

use std::str::FromStr;

use crate::base::error::{Error, Kind, Result};
use crate::base::id::{AccountId, BadId, ClientId, OrganizationId, UserId};
use crate::base::validation::Invalid;
use crate::call::Input;
use crate::model::shape::Identifiers;
use crate::registry::entity::Entity;
use crate::store::members::Owned;

pub fn client(input: &Input<'_>) -> Result<ClientId> {
    id(input, "client_id")
}

pub fn user(input: &Input<'_>) -> Result<UserId> {
    id(input, "user_id")
}

pub fn organization(input: &Input<'_>) -> Result<OrganizationId> {
    id(input, "organization_id")
}

/// Reads the entity in the path's first capture.
pub fn entity(input: &Input<'_>) -> Result<Entity> {
    match input.captures.first().map(|(name, _)| *name) {
        Some("user_id") => user(input).map(Entity::User),
        Some("organization_id") => organization(input).map(Entity::Organization),
        _ => client(input).map(Entity::Client),
    }
}

/// Reads the client or organization in the path's first capture.
pub fn owned(input: &Input<'_>) -> Result<Owned> {
    match entity(input)? {
        Entity::Client(id) => Ok(Owned::Client(id)),
        Entity::Organization(id) => Ok(Owned::Organization(id)),
        Entity::User(_) => Err(nowhere()),
    }
}

/// Reads the account in `{kind}` and `{account_id}`.
pub fn member(input: &Input<'_>) -> Result<AccountId> {
    let text = format!("{}:{}", input.capture("kind").unwrap_or_default(), input.capture("account_id").unwrap_or_default());
    account(&text).ok_or_else(nowhere)
}

/// Reads an account as forms write it: `user:alice`, `organization:acme`.
pub fn account(text: &str) -> Option<AccountId> {
    let (kind, id) = text.split_once(':')?;
    match kind {
        "user" => id.parse().ok().map(AccountId::User),
        "organization" => id.parse().ok().map(AccountId::Organization),
        _ => None,
    }
}

/// Writes what [`account`] reads.
pub fn account_value(account: &AccountId) -> String {
    format!("{}:{}", account.kind(), account.as_str())
}

/// Reads the ID of a new entity as it was typed.
pub fn typed<T: FromStr<Err = BadId>>(text: &str, identifiers: &Identifiers) -> Result<T> {
    text.parse().map_err(|BadId(reason)| Invalid::new(identifiers.message, identifiers.key, reason).into())
}

/// Returns the path at which the pages of an entity begin.
pub fn path(entity: &Entity) -> String {
    format!("/console/{}s/{}", entity.kind(), entity.as_str())
}

fn id<T: FromStr>(input: &Input<'_>, name: &str) -> Result<T> {
    input.capture(name).and_then(|text| text.parse().ok()).ok_or_else(nowhere)
}

pub fn nowhere() -> Error {
    Error::Plain(Kind::NotFound, "There is nothing with this name.".to_owned())
}
