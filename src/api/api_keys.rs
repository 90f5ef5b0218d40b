//! API keys of users and organizations (registry.md 6.3).

use serde_json::{Map, Value};

use crate::api::query::{Orders, Query};
use crate::api::{body, names, reply};
use crate::base::error::Result;
use crate::base::time::Time;
use crate::base::validation::Invalid;
use crate::call::{Input, Work};
use crate::model::api_key::ApiKey;
use crate::model::bounds;
use crate::model::choice::RIGHT_CHOICES;
use crate::model::shape::{Malformed, Shape, member};
use crate::model::value::{self, FieldValue};
use crate::registry::api_keys::{self, KeyMask, NewKey};
use crate::store::api_keys::ApiKeyKey;

pub const ORDERS: Orders<ApiKeyKey> = &[
    (&["api_key_id", "-api_key_id"], ApiKeyKey::Id),
    (&["name", "-name"], ApiKeyKey::Name),
    (&["created_at", "-created_at"], ApiKeyKey::CreatedAt),
    (&["expires_at", "-expires_at"], ApiKeyKey::ExpiresAt),
];

pub const NAME: Shape = Shape::Text(50);
pub const RIGHTS: Shape = Shape::ChoiceList(&RIGHT_CHOICES, &bounds::RIGHTS);

/// Reads `{"name":…,"rights":[…],"expires_at":…}`. The answer shows the key, which is not shown again.
pub fn create<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let request = body::object(input)?;
    let sent = KeyInput::decode(&request)?;
    let (owner, message) = names::owner(input, "Create*APIKeyRequest")?;
    if sent.wanted.rights.is_empty() {
        return Err(Invalid::new(&message, "rights", "value must contain at least 1 item(s)").into());
    }
    sent.check(&message, input.now)?;
    Ok(Box::new(move |call| {
        let (key, token) = api_keys::create(call.tx, call.by, &owner, sent.wanted)?;
        Ok(reply::ok(&key.to_json_with(&value::rights(&key.rights), Some(&token.reveal()))))
    }))
}

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Query::of(input)?;
    let (owner, message) = names::owner(input, "List*APIKeysRequest")?;
    let (order, page) = query.listing(&message, ORDERS)?;
    Ok(Box::new(move |call| reply::list(input, page, "api_keys", api_keys::list(call.tx, &owner, order, page)?, ApiKey::to_json)))
}

pub fn get<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (owner, _) = names::owner(input, "Get*APIKeyRequest")?;
    Ok(Box::new(move |call| Ok(reply::ok(&api_keys::get(call.tx, &owner, key_id(input))?.to_json()))))
}

/// Reads `{"api_key":{…},"field_mask":…}`; without a mask, name and rights. A key without rights is deleted.
pub fn update<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let request = body::object(input)?;
    let empty = Map::new();
    let sent = KeyInput::decode(body::message(&request, "api_key")?.unwrap_or(&empty))?;
    // Unlike elsewhere an unknown path is no error here (registry.md 6.3).
    let paths = body::field_mask(&request)?.unwrap_or_default();
    let names = |path: &str| paths.iter().any(|named| named == path);
    let changed = match paths.is_empty() {
        true => KeyMask { name: true, rights: true, expires_at: false },
        false => KeyMask { name: names("name"), rights: names("rights"), expires_at: names("expires_at") },
    };
    let (owner, message) = names::owner(input, "Update*APIKeyRequest")?;
    sent.check("APIKey", input.now).map_err(|inner| inner.inside(&message, "api_key"))?;
    Ok(Box::new(move |call| {
        let updated = api_keys::update(call.tx, call.by, &owner, key_id(input), changed, sent.wanted)?;
        Ok(updated.as_ref().map_or_else(reply::done, |key| reply::ok(&ApiKey::to_json(key))))
    }))
}

pub fn delete<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (owner, _) = names::owner(input, "Delete*APIKeyRequest")?;
    Ok(Box::new(move |call| api_keys::delete(call.tx, call.by, &owner, key_id(input)).map(|()| reply::done())))
}

/// The fields of a key as sent: decoded, not yet checked.
struct KeyInput {
    wanted: NewKey,
    name: Value,
    rights: Value,
}

impl KeyInput {
    fn decode(object: &Map<String, Value>) -> std::result::Result<KeyInput, Malformed> {
        let read = |name: &str, shape: Shape| shape.decode_or_nothing(name, member(object, name));
        let (name, rights) = (read("name", NAME)?, read("rights", RIGHTS)?);
        let expires_at = Option::from_json(&read("expires_at", Shape::Time)?);
        let wanted = NewKey { name: String::from_json(&name), rights: Vec::from_json(&rights), expires_at };
        Ok(KeyInput { wanted, name, rights })
    }

    fn check(&self, message: &str, now: Time) -> std::result::Result<(), Invalid> {
        NAME.check(message, "name", &self.name)?;
        RIGHTS.check(message, "rights", &self.rights)?;
        let rights = self.rights.as_array().map_or(&[][..], Vec::as_slice);
        if let Some(n) = (1..rights.len()).find(|n| rights[..*n].contains(&rights[*n])) {
            return Err(Invalid::new(message, &format!("rights[{n}]"), "repeated value must contain unique items"));
        }
        match self.wanted.expires_at {
            Some(end) if end <= now => Err(Invalid::new(message, "expires_at", "value must be greater than now")),
            _ => Ok(()),
        }
    }
}

fn key_id<'r>(input: &'r Input<'_>) -> &'r str {
    input.capture("key_id").unwrap_or_default()
}
