//! Reads identifiers from paths, queries and bodies, and names them as the API does.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::api::query::Query;
use crate::base::error::{Error, Result};
use crate::base::id::{AccountId, BadId, ClientId, OrganizationId, UserId};
use crate::base::validation::Invalid;
use crate::call::Input;
use crate::model::client::IDENTIFIERS as CLIENT_IDENTIFIERS;
use crate::model::shape::{Identifiers, ORGANIZATION_IDENTIFIERS, USER_IDENTIFIERS, check_account, decode_account, member};
use crate::model::value;
use crate::registry::entity::Entity;
use crate::store::members::Owned;

pub fn client(input: &Input<'_>) -> std::result::Result<ClientId, Invalid> {
    id(input, &CLIENT_IDENTIFIERS)
}

pub fn user(input: &Input<'_>) -> std::result::Result<UserId, Invalid> {
    id(input, &USER_IDENTIFIERS)
}

pub fn organization(input: &Input<'_>) -> std::result::Result<OrganizationId, Invalid> {
    id(input, &ORGANIZATION_IDENTIFIERS)
}

/// Returns the entity of the path: its first capture.
pub fn entity(input: &Input<'_>) -> std::result::Result<Entity, Invalid> {
    match input.captures.first().map(|(name, _)| *name) {
        Some("user_id") => user(input).map(Entity::User),
        Some("organization_id") => organization(input).map(Entity::Organization),
        _ => client(input).map(Entity::Client),
    }
}

/// Returns the client or organization of the path, and the name of the request: `pattern` with the kind of entity in place of `*`.
pub fn owned(input: &Input<'_>, pattern: &str) -> std::result::Result<(Owned, String), Invalid> {
    let (entity, message, ids) = named(input, pattern)?;
    match entity {
        Entity::Client(id) => Ok((Owned::Client(id), message)),
        Entity::Organization(id) => Ok((Owned::Organization(id), message)),
        Entity::User(_) => Err(Invalid::required(&message, ids)),
    }
}

/// Returns the user or organization of the path, and the name of the request as in [`owned`].
pub fn owner(input: &Input<'_>, pattern: &str) -> std::result::Result<(AccountId, String), Invalid> {
    let (entity, message, ids) = named(input, pattern)?;
    entity.account().ok_or_else(|| Invalid::required(&message, ids)).map(|account| (account, message))
}

/// Returns the entity of the path, the name of the request, and the name of the entity's IDs in it.
fn named(input: &Input<'_>, pattern: &str) -> std::result::Result<(Entity, String, &'static str), Invalid> {
    let (kind, ids) = match input.captures.first().map(|(name, _)| *name) {
        Some("user_id") => ("User", "user_ids"),
        Some("organization_id") => ("Organization", "organization_ids"),
        _ => ("Client", "client_ids"),
    };
    let message = pattern.replace('*', kind);
    match entity(input) {
        Ok(entity) => Ok((entity, message, ids)),
        Err(inner) => Err(inner.inside(&message, ids)),
    }
}

/// Returns the user or organization in the path.
pub fn account(input: &Input<'_>) -> std::result::Result<AccountId, Invalid> {
    let arm = match (input.capture("user_id"), input.capture("organization_id")) {
        // In the path of an organization's member, the account is the user.
        (Some(user), _) => json!({"user_ids": {"user_id": user}}),
        (None, Some(organization)) => json!({"organization_ids": {"organization_id": organization}}),
        (None, None) => json!({}),
    };
    known(&arm)
}

/// Returns the account whose entities are listed: in the path, or in the parameter `collaborator.…`; `None` without one.
pub fn collaborator(input: &Input<'_>, query: &Query, message: &str) -> Result<Option<AccountId>> {
    match input.captures.first() {
        Some(_) => Ok(Some(account(input).map_err(|inner| inner.inside(message, "collaborator"))?)),
        None => account_parameter(query, "collaborator", message),
    }
}

/// Returns the account in the parameter `<name>.user_ids.user_id` or `<name>.organization_ids.organization_id`; `None` without one.
pub fn account_parameter(query: &Query, name: &str, message: &str) -> Result<Option<AccountId>> {
    for path in ["", ".user_ids", ".organization_ids"] {
        query.is_no_value(&format!("{name}{path}"))?;
    }
    let user = query.one(&format!("{name}.user_ids.user_id"))?;
    let organization = query.one(&format!("{name}.organization_ids.organization_id"))?;
    let arm = match (user, organization) {
        (Some(_), Some(_)) => return Err(Error::malformed(format!("{name}: user_ids and organization_ids are both set"))),
        (Some(user), None) => json!({"user_ids": {"user_id": user}}),
        (None, Some(organization)) => json!({"organization_ids": {"organization_id": organization}}),
        (None, None) => return Ok(None),
    };
    Ok(Some(known(&arm).map_err(|inner| inner.inside(message, name))?))
}

/// Decodes the account in the member `ids` of a message; `None` if it is absent. [`known`] checks it. `place` is where it is in the body.
pub fn decode_ids(object: &Map<String, Value>, place: &str) -> Result<Option<Value>> {
    match member(object, "ids") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(ids)) => Ok(Some(decode_account(ids).map_err(|inner| inner.at(place))?)),
        Some(_) => Err(Error::malformed(format!("{place}: expected an object"))),
    }
}

/// Checks a decoded account and returns it typed.
pub fn known(account: &Value) -> std::result::Result<AccountId, Invalid> {
    check_account(account)?;
    value::to_account(account).ok_or_else(|| Invalid::required("OrganizationOrUserIdentifiers", "ids"))
}

fn id<T: FromStr<Err = BadId>>(input: &Input<'_>, ids: &Identifiers) -> std::result::Result<T, Invalid> {
    let text = input.capture(ids.key).unwrap_or_default();
    text.parse().map_err(|BadId(reason)| Invalid::new(ids.message, ids.key, reason))
}
