//! Authorizations, and the codes and tokens issued under them (registry.md 6.7, RFC 6749).

use serde_json::{Map, Value, json};

use crate::base::id::{ClientId, UserId};
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::model::scope::{GrantedScope, Words};
use crate::model::value;

/// How long an authorization code is valid (oauth.md 1.2).
pub const CODE_SECONDS: i64 = 300;

/// How long an access token is valid (oauth.md 1.2).
pub const ACCESS_SECONDS: i64 = 3600;

/// How long an ID token is valid: as long as the access token beside it, so that keys stay published long enough for both.
pub const ID_TOKEN_SECONDS: i64 = ACCESS_SECONDS;

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
    /// The other words of the scope that were authorized.
    pub words: Words,
    /// Those of them that the user agreed to.
    pub agreed_words: Words,
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
    /// Whether the requested scope differs from what was granted.
    pub scope_differs: bool,
    /// The words of the scope that name no rights.
    pub words: Words,
    /// What the client's ID token is to repeat, if it sent one.
    pub nonce: Option<String>,
    /// When the user signed in, if the client asks for an ID token.
    pub signed_in_at: Option<Time>,
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
    /// The words of the access token's scope that name no rights.
    pub words: Words,
    /// Those of the refresh token.
    pub refresh_words: Words,
    /// When the user signed in, if an ID token tells it.
    pub signed_in_at: Option<Time>,
}

impl Authorization {
    /// Returns all that is authorized.
    pub fn granted(&self) -> GrantedScope {
        GrantedScope { rights: self.rights, words: self.words.clone() }
    }

    /// Returns what the user agreed to.
    pub fn agreed(&self) -> GrantedScope {
        GrantedScope { rights: self.agreed, words: self.agreed_words.clone() }
    }

    /// `{"user_ids","client_ids","rights","scopes","created_at","updated_at"}`, the rights sorted by name (registry.md 6.7).
    pub fn to_json(&self) -> Value {
        let mut object = json!({
            "user_ids": {"user_id": self.user_id.as_str()},
            "client_ids": {"client_id": self.client_id.as_str()},
        });
        insert_names(&mut object, "rights", self.rights.names());
        insert_names(&mut object, "scopes", self.words.texts());
        object["created_at"] = value::time(Some(self.created_at));
        object["updated_at"] = value::time(Some(self.updated_at));
        object
    }
}

impl AccessToken {
    pub fn to_json(&self) -> Value {
        self.to_json_with(self.rights)
    }

    /// Returns what the access token is for.
    pub fn granted(&self) -> GrantedScope {
        GrantedScope { rights: self.rights, words: self.words.clone() }
    }

    /// Returns what the refresh token can bring.
    pub fn refreshable(&self) -> GrantedScope {
        GrantedScope { rights: self.refresh_rights, words: self.refresh_words.clone() }
    }

    /// `{"user_ids","user_session_id","client_ids","id","rights","scopes","created_at","expires_at"}`; never the token itself.
    pub fn to_json_with(&self, rights: Rights) -> Value {
        let mut object = json!({
            "user_ids": {"user_id": self.user_id.as_str()},
            "user_session_id": self.session_id,
            "client_ids": {"client_id": self.client_id.as_str()},
            "id": self.id,
        });
        insert_names(&mut object, "rights", rights.names());
        insert_names(&mut object, "scopes", self.words.texts());
        object["created_at"] = value::time(Some(self.created_at));
        object["expires_at"] = value::time(Some(self.expires_at));
        object
    }
}

/// An empty list is absent, as everywhere (registry.md 0.4).
fn insert_names(object: &mut Value, member: &str, names: Vec<&str>) {
    if let Some(object) = object.as_object_mut().filter(|_| !names.is_empty()) {
        Map::insert(object, member.to_owned(), names.into());
    }
}
