//! A browser session (registry.md 6.6).

use serde_json::{Value, json};

use crate::base::id::UserId;
use crate::base::time::Time;

/// An unused session ends after this long.
pub const IDLE_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Every session ends after this long.
pub const LONGEST_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The precision of the last use, because recording it costs a commit.
const USE_SECONDS: i64 = 60 * 60;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// A UUID. Not secret.
    pub id: String,
    pub user_id: UserId,
    pub created_at: Time,
    /// When it was last used, to the hour.
    pub updated_at: Time,
    /// The request for which its user was asked to sign in, until it is answered: a digest.
    pub signed_in_for: Option<String>,
    /// The browser and the system in which its user signed in, `Firefox on Linux`; empty if they are not known.
    pub browser: String,
    /// The network from which, as `model::sign_in_place` writes it; empty if it is not known.
    pub network: String,
}

impl Session {
    pub fn has_ended(&self, now: Time) -> bool {
        self.updated_at.plus_seconds(IDLE_SECONDS) <= now || self.created_at.plus_seconds(LONGEST_SECONDS) <= now
    }

    /// Returns whether a use is due to be recorded.
    pub fn use_is_worth_writing(&self, now: Time) -> bool {
        self.updated_at.plus_seconds(USE_SECONDS) <= now
    }

    /// Returns `{"user_ids","session_id","created_at","updated_at"}`, without the token.
    pub fn to_json(&self) -> Value {
        json!({
            "user_ids": {"user_id": self.user_id.as_str()},
            "session_id": self.id,
            "created_at": self.created_at.to_string(),
            "updated_at": self.updated_at.to_string(),
        })
    }
}
