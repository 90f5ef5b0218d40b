//! Authorizations, and the codes and tokens issued under them (registry.md 6.7, RFC 6749).

use serde_json::{Map, Value, json};

use crate::base::id::{ClientId, UserId};
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::model::value;

/// How long an authorization code is valid (oauth.md 1.2).
pub const CODE_SECONDS: i64 = 300;

/// How long an access token is valid (oauth.md 1.2).
pub const ACCESS_SECONDS: i64 = 3600;

/// How long after a refresh the same tokens can be requested again (oauth.md 2.9).
pub const RETRY_SECONDS: i64 = 30;

/// A user's consent to a client.
#[derive(Clone, Debug)]
pub struct Authorization {
    pub user_id: UserId,
    pub client_id: ClientId,
    /// The rights of the last authorization.
    pub rights: Rights,
    pub created_at: Time,
    pub updated_at: Time,
    /// Those that the user, and not only an administrator, agreed to.
    pub agreed: Rights,
}

/// A code that a client can redeem once.
#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    /// The middle part of its token.
    pub id: String,
    pub user_id: UserId,
    pub client_id: ClientId,
    /// The session in which it was granted; it may have ended.
    pub session_id: String,
    pub rights: Rights,
    /// Where it was sent to.
    pub redirect_uri: String,
    /// The challenge for the verifier (RFC 7636); `None` if the client sent none.
    pub code_challenge: Option<String>,
    pub created_at: Time,
    pub expires_at: Time,
    /// The tokens it was redeemed for.
    pub family_id: Option<String>,
    /// Whether the requested scope differs from `rights`.
    pub scope_differs: bool,
}

/// An access token, and its refresh token, if any, under the same ID.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The middle part of both. Not secret.
    pub id: String,
    /// Shared by all tokens from one code.
    pub family_id: String,
    pub user_id: UserId,
    pub client_id: ClientId,
    pub session_id: String,
    /// The rights of the access token.
    pub rights: Rights,
    /// The rights of the refresh token: more than `rights` if the last refresh asked for less (RFC 6749 section 6).
    pub refresh_rights: Rights,
    pub created_at: Time,
    pub expires_at: Time,
    /// When the refresh token expires too.
    pub ends_at: Time,
}

impl Authorization {
    /// `{"user_ids","client_ids","rights","created_at","updated_at"}`, the rights sorted by name (registry.md 6.7).
    pub fn to_json(&self) -> Value {
        let mut object = json!({
            "user_ids": {"user_id": self.user_id.as_str()},
            "client_ids": {"client_id": self.client_id.as_str()},
        });
        insert_rights(&mut object, self.rights);
        object["created_at"] = value::time(Some(self.created_at));
        object["updated_at"] = value::time(Some(self.updated_at));
        object
    }
}

impl AccessToken {
    pub fn to_json(&self) -> Value {
        self.to_json_with(self.rights)
    }

    /// `{"user_ids","user_session_id","client_ids","id","rights","created_at","expires_at"}`; never the token itself.
    pub fn to_json_with(&self, rights: Rights) -> Value {
        let mut object = json!({
            "user_ids": {"user_id": self.user_id.as_str()},
            "user_session_id": self.session_id,
            "client_ids": {"client_id": self.client_id.as_str()},
            "id": self.id,
        });
        insert_rights(&mut object, rights);
        object["created_at"] = value::time(Some(self.created_at));
        object["expires_at"] = value::time(Some(self.expires_at));
        object
    }
}

/// An empty list is absent, as everywhere (registry.md 0.4).
fn insert_rights(object: &mut Value, rights: Rights) {
    if let Some(object) = object.as_object_mut().filter(|_| !rights.is_empty()) {
        Map::insert(object, "rights".to_owned(), rights.names().into());
    }
}
