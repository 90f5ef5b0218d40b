//! What the rows of `FIELDS` tables get and set with: our types as JSON, and JSON that was judged as our types.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::base::id::{AccountId, OrganizationId, UserId};
use crate::base::right::Right;
use crate::base::time::Time;
use crate::model::choice::{Grant, State};

pub fn time(time: Option<Time>) -> Value {
    time.map_or(Value::Null, |time| time.to_string().into())
}

pub fn to_time(value: &Value) -> Option<Time> {
    value.as_str().and_then(Time::parse)
}

pub fn to_text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn to_texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(to_text).collect()
}

pub fn to_flag(value: &Value) -> bool {
    value.as_bool().unwrap_or_default()
}

pub fn attributes(attributes: &BTreeMap<String, String>) -> Value {
    attributes.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect::<serde_json::Map<_, _>>().into()
}

pub fn to_attributes(value: &Value) -> BTreeMap<String, String> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), to_text(value))).collect()
}

pub fn to_state(value: &Value) -> State {
    value.as_str().and_then(State::from_name).unwrap_or_default()
}

pub fn grants(grants: &[Grant]) -> Value {
    grants.iter().map(|grant| grant.name()).collect()
}

/// A repeated one is kept once, where it stood first.
pub fn to_grants(value: &Value) -> Vec<Grant> {
    distinct(value.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(Grant::from_name))
}

pub fn rights(rights: &[Right]) -> Value {
    rights.iter().map(|right| right.name()).collect()
}

/// A repeated one is kept once, where it stood first.
pub fn to_rights(value: &Value) -> Vec<Right> {
    distinct(value.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(Right::from_name))
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.fold(Vec::new(), |mut distinct, item| {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
        distinct
    })
}

pub fn account(account: Option<&AccountId>) -> Value {
    match account {
        None => Value::Null,
        Some(AccountId::User(id)) => json!({"user_ids": {"user_id": id.as_str()}}),
        Some(AccountId::Organization(id)) => json!({"organization_ids": {"organization_id": id.as_str()}}),
    }
}

/// Nothing for what [`crate::model::shape::check_account`] would refuse.
pub fn to_account(value: &Value) -> Option<AccountId> {
    let id = |arm: &str, key: &str| value.get(arm).and_then(|ids| ids.get(key)).and_then(Value::as_str);
    match (id("user_ids", "user_id"), id("organization_ids", "organization_id")) {
        (Some(user), _) => UserId::from_str(user).ok().map(AccountId::User),
        (_, Some(organization)) => OrganizationId::from_str(organization).ok().map(AccountId::Organization),
        (None, None) => None,
    }
}
