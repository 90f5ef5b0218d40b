//! What is found where in a declaration, as JSON.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::base::secret::Token;

/// An administrator of the temporary data file; nobody on the server has this ID.
pub const NOBODY: &str = "nobody-on-this-server";

/// One kind of entity: its name in the API, the key of its ID, and its members in a declaration.
pub struct EntityNames {
    pub name: &'static str,
    pub plural: &'static str,
    pub key: &'static str,
    pub members: &'static str,
    pub member: &'static str,
    /// The right that holds every other one on it.
    pub every_right: &'static str,
}

pub const USER: EntityNames =
    EntityNames { name: "user", plural: "users", key: "user_id", members: "", member: "", every_right: "RIGHT_USER_ALL" };
pub const ORGANIZATION: EntityNames = EntityNames {
    name: "organization",
    plural: "organizations",
    key: "organization_id",
    members: "members",
    member: "user_id",
    every_right: "RIGHT_ORGANIZATION_ALL",
};
pub const CLIENT: EntityNames = EntityNames {
    name: "client",
    plural: "clients",
    key: "client_id",
    members: "collaborators",
    member: "account",
    every_right: "RIGHT_CLIENT_ALL",
};
pub const KINDS: [&EntityNames; 3] = [&USER, &ORGANIZATION, &CLIENT];

impl EntityNames {
    /// Returns whether a member of such an entity is an owner.
    pub fn is_owner(&self, member: &Value) -> bool {
        items(&member["rights"]).any(|right| *right == "RIGHT_ALL" || *right == self.every_right)
    }
}

/// Returns the API key that an entity has of a declared one: the same, or else one of its name.
pub fn known_key<'f>(found: &'f Value, declared: &Value) -> Option<&'f Value> {
    let same = items(&found["api_keys"]).find(|key| is_same_key(key, declared));
    same.or_else(|| items(&found["api_keys"]).find(|key| key["name"] == declared["name"]))
}

pub fn is_same_key(found: &Value, declared: &Value) -> bool {
    let of_token = secret(&declared["key"]).and_then(Token::parse).is_some_and(|token| found["api_key_id"] == token.id.as_str());
    of_token || declared.get("api_key_id").is_some_and(|id| found["api_key_id"] == *id)
}

/// Returns a secret in clear, or one that was generated.
pub fn secret(declared: &Value) -> Option<&str> {
    declared.as_str().or_else(|| declared["generated"].as_str())
}

pub fn items(list: &Value) -> impl Iterator<Item = &Value> + Clone {
    list.as_array().into_iter().flatten()
}

pub fn ids(value: &Value, kind: &EntityNames) -> BTreeSet<String> {
    items(&value[kind.plural]).filter_map(|entity| entity[kind.key].as_str().map(str::to_owned)).collect()
}

pub fn find(value: &Value, kind: &EntityNames, id: &str) -> Value {
    items(&value[kind.plural]).find(|entity| entity[kind.key] == id).cloned().unwrap_or_default()
}

/// Returns the API keys of an entity, with their places.
pub fn declared_keys(value: &Value, kind: &EntityNames, id: &str) -> Vec<(String, Value)> {
    let found = items(&value[kind.plural]).enumerate().find(|(_, entity)| entity[kind.key] == id);
    let keys = found.into_iter().flat_map(|(n, entity)| items(&entity["api_keys"]).enumerate().map(move |(k, key)| (n, k, key)));
    keys.map(|(n, k, key)| (format!("/{}/{n}/api_keys/{k}", kind.plural), key.clone())).collect()
}

/// Returns the ID of an account, as the API writes accounts.
pub fn account_id(account: &Value) -> Option<&str> {
    account["user_ids"]["user_id"].as_str().or(account["organization_ids"]["organization_id"].as_str())
}

/// Returns the accounts that are named as owners, members and contacts.
pub fn named(value: &Value) -> impl Iterator<Item = String> + '_ {
    let owned = KINDS[1..].iter().flat_map(|kind| items(&value[kind.plural]).map(move |entity| (*kind, entity)));
    owned.flat_map(|(kind, entity)| {
        let contact = |name: &str| account_id(&entity[name]).map(str::to_owned);
        let members = items(&entity[kind.members]).filter_map(|member| member[kind.member].as_str().map(str::to_owned));
        let owner = entity["owner"].as_str().filter(|owner| *owner != NOBODY).map(str::to_owned);
        let contacts = [contact("administrative_contact"), contact("technical_contact")];
        members.chain(owner).chain(contacts.into_iter().flatten()).collect::<Vec<_>>()
    })
}
