//! What a user granted a client: the authorization, the codes and tokens that came of it (registry.md 6.7, RFC 6749).

use serde_json::{Map, Value, json};

use crate::base::id::{ClientId, UserId};
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::model::value;

/// How long an authorization code is good (oauth.md 1.2).
pub const CODE_SECONDS: i64 = 300;

/// How long an access token is good (oauth.md 1.2).
pub const ACCESS_SECONDS: i64 = 3600;

/// How long after a refresh its lost reply can be asked for again (oauth.md 2.9).
pub const RETRY_SECONDS: i64 = 30;

/// A user's consent to a client.
#[derive(Clone, Debug)]
pub struct Authorization {
    pub user_id: UserId,
    pub client_id: ClientId,
    /// Those that the client asked for when it was last authorized.
    pub rights: Rights,
    pub created_at: Time,
    pub updated_at: Time,
    /// Those of them that the user was asked about, and not only an administrator.
    pub agreed: Rights,
}

/// A code that a client can turn into tokens, once.
#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    /// Finds the code: the middle part of its token.
    pub id: String,
    pub user_id: UserId,
    pub client_id: ClientId,
    /// The session in which it was granted, which may be over.
    pub session_id: String,
    pub rights: Rights,
    /// Where it was sent to.
    pub redirect_uri: String,
    /// What a verifier must hash to (RFC 7636); nothing if the client sent no challenge.
    pub code_challenge: Option<String>,
    pub created_at: Time,
    pub expires_at: Time,
    /// The tokens it was redeemed for.
    pub family_id: Option<String>,
    /// Whether the client asked for other words than `rights`.
    pub scope_differs: bool,
}

/// An access token, and the refresh token that may stand beside it under the same ID.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// Finds the token: the middle part of both. Not secret.
    pub id: String,
    /// Shared by all that came from one code.
    pub family_id: String,
    pub user_id: UserId,
    pub client_id: ClientId,
    pub session_id: String,
    /// What the access token opens.
    pub rights: Rights,
    /// What the refresh token can bring: more than `rights` if the last refresh asked for less (RFC 6749 section 6).
    pub refresh_rights: Rights,
    pub created_at: Time,
    pub expires_at: Time,
    /// When the refresh token, too, is no longer valid.
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
