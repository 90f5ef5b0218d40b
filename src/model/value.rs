//! Converts the types of fields to and from JSON.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::base::id::{AccountId, OrganizationId, UserId};
use crate::base::jws::SigningAlgorithm;
use crate::base::right::Right;
use crate::base::time::Time;
use crate::model::choice::{Grant, State};
use crate::model::sign_in::{AccessTokenFormat, SubjectType};

/// Returns an object of these members without those that are null, as the API leaves out what is absent.
pub fn present<'n>(members: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    let present = members.into_iter().filter(|(_, value)| !value.is_null());
    present.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// The type of a field that callers set.
pub trait FieldValue {
    fn to_json(&self) -> Value;

    /// Converts what [`Shape::check`](crate::model::shape::Shape::check) accepted; anything else is an absent field.
    fn from_json(value: &Value) -> Self;
}

impl FieldValue for String {
    fn to_json(&self) -> Value {
        self.as_str().into()
    }

    fn from_json(value: &Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
}

impl FieldValue for bool {
    fn to_json(&self) -> Value {
        (*self).into()
    }

    fn from_json(value: &Value) -> bool {
        value.as_bool().unwrap_or_default()
    }
}

impl FieldValue for Option<bool> {
    fn to_json(&self) -> Value {
        (*self).into()
    }

    fn from_json(value: &Value) -> Option<bool> {
        value.as_bool()
    }
}

impl FieldValue for Option<Time> {
    fn to_json(&self) -> Value {
        time(*self)
    }

    fn from_json(value: &Value) -> Option<Time> {
        value.as_str().and_then(Time::parse)
    }
}

/// Defines the value of fields of a type that is written by its names.
macro_rules! written_by_name {
    ($($type:ident),+) => {
        $(impl FieldValue for $type {
            fn to_json(&self) -> Value {
                self.name().into()
            }

            fn from_json(value: &Value) -> $type {
                value.as_str().and_then($type::from_name).unwrap_or_default()
            }
        })+
    };
}

written_by_name!(State, SigningAlgorithm, SubjectType, AccessTokenFormat);

impl FieldValue for Option<AccountId> {
    fn to_json(&self) -> Value {
        account(self.as_ref())
    }

    fn from_json(value: &Value) -> Option<AccountId> {
        to_account(value)
    }
}

impl FieldValue for BTreeMap<String, String> {
    fn to_json(&self) -> Value {
        self.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect::<serde_json::Map<_, _>>().into()
    }

    fn from_json(value: &Value) -> BTreeMap<String, String> {
        value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), String::from_json(value))).collect()
    }
}

impl FieldValue for Vec<String> {
    fn to_json(&self) -> Value {
        json!(self)
    }

    fn from_json(value: &Value) -> Vec<String> {
        value.as_array().into_iter().flatten().map(String::from_json).collect()
    }
}

impl FieldValue for Vec<Grant> {
    fn to_json(&self) -> Value {
        self.iter().map(|grant| grant.name()).collect()
    }

    fn from_json(value: &Value) -> Vec<Grant> {
        distinct(value, Grant::from_name)
    }
}

impl FieldValue for Vec<Right> {
    fn to_json(&self) -> Value {
        rights(self)
    }

    fn from_json(value: &Value) -> Vec<Right> {
        distinct(value, Right::from_name)
    }
}

/// Converts a list of names, without repetitions.
fn distinct<T: PartialEq>(value: &Value, from_name: fn(&str) -> Option<T>) -> Vec<T> {
    let items = value.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(from_name);
    items.fold(Vec::new(), |mut distinct, item| {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
        distinct
    })
}

pub fn time(time: Option<Time>) -> Value {
    time.map_or(Value::Null, |time| time.to_string().into())
}

pub fn rights(rights: &[Right]) -> Value {
    rights.iter().map(|right| right.name()).collect()
}

pub fn account(account: Option<&AccountId>) -> Value {
    match account {
        None => Value::Null,
        Some(AccountId::User(id)) => json!({"user_ids": {"user_id": id.as_str()}}),
        Some(AccountId::Organization(id)) => json!({"organization_ids": {"organization_id": id.as_str()}}),
    }
}

/// Returns `None` for what [`crate::model::shape::check_account`] refuses.
pub fn to_account(value: &Value) -> Option<AccountId> {
    let id = |arm: &str, key: &str| value.get(arm).and_then(|ids| ids.get(key)).and_then(Value::as_str);
    match (id("user_ids", "user_id"), id("organization_ids", "organization_id")) {
        (Some(user), _) => UserId::from_str(user).ok().map(AccountId::User),
        (_, Some(organization)) => OrganizationId::from_str(organization).ok().map(AccountId::Organization),
        (None, None) => None,
    }
}
