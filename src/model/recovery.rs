//! Account recovery: what lets a user without the password choose a new one.

use serde_json::{Value, json};

use crate::base::id::UserId;
use crate::base::named::named;
use crate::base::secret::Hash;
use crate::base::time::Time;

/// A temporary password ends after this long.
pub const TEMPORARY_PASSWORD_SECONDS: i64 = 24 * 60 * 60;

/// A sign-in link ends after this long, and so does a browser's chance to choose a new password.
pub const RECOVERY_SECONDS: i64 = 15 * 60;

/// What a sign-in link has between the public URL and its token, which is behind a `#`: browsers send that to nobody.
pub const LINK_PATH: &str = "/oauth/sign-in-link#";

named! {
    /// What a recovery token is for. A user has at most one of each.
    pub enum RecoveryStep {
        /// A link to hand over. Using it leads to the next step.
        Link = "link",
        /// The cookie of a browser that may choose the new password.
        Choice = "choice",
    }
}

/// A token of account recovery: good once, and not for long.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// Not secret.
    pub id: String,
    pub user_id: UserId,
    pub step: RecoveryStep,
    pub expires_at: Time,
    /// The temporary password that led here: others have seen it, so the new one must differ.
    pub temporary_password: Option<Hash>,
}

impl Recovery {
    pub fn has_ended(&self, now: Time) -> bool {
        self.expires_at <= now
    }

    /// Returns `{"user_ids","link","expires_at"}` for a sign-in link.
    pub fn to_json(&self, public_url: &str, token: &str) -> Value {
        json!({
            "user_ids": {"user_id": self.user_id.as_str()},
            "link": format!("{public_url}{LINK_PATH}{token}"),
            "expires_at": self.expires_at.to_string(),
        })
    }
}
