//! An API key of a user or an organization (registry.md 6.3).

use serde_json::Value;

use crate::base::id::{AccountId, UserId};
use crate::base::right::Right;
use crate::base::time::Time;
use crate::model::value;

#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The middle part of its token. Not secret.
    pub id: String,
    pub owner: AccountId,
    pub name: String,
    /// As given, in that order.
    pub rights: Vec<Right>,
    pub created_at: Time,
    pub updated_at: Time,
    pub expires_at: Option<Time>,
    /// When it was last used, to the day.
    pub used_at: Option<Time>,
    /// The user who created it, if known. Changing a key does not give anyone its secret.
    pub created_by: Option<UserId>,
}

/// The precision of the last use, because recording it costs a commit.
const USE_SECONDS: i64 = 24 * 60 * 60;

impl ApiKey {
    /// Returns whether a use is due to be recorded.
    pub fn use_is_worth_writing(&self, now: Time) -> bool {
        self.used_at.is_none_or(|used| used.plus_seconds(USE_SECONDS) <= now)
    }

    /// Returns the key without its token, which only the reply that creates it shows.
    pub fn to_json(&self) -> Value {
        self.to_json_with(&value::rights(&self.rights), None)
    }

    pub fn to_json_with(&self, rights: &Value, token: Option<&str>) -> Value {
        value::present([
            ("id", self.id.as_str().into()),
            ("key", token.map_or(Value::Null, Into::into)),
            ("name", if self.name.is_empty() { Value::Null } else { self.name.as_str().into() }),
            ("rights", if rights.as_array().is_none_or(Vec::is_empty) { Value::Null } else { rights.clone() }),
            ("created_at", value::time(Some(self.created_at))),
            ("updated_at", value::time(Some(self.updated_at))),
            ("expires_at", value::time(self.expires_at)),
        ])
    }
}
