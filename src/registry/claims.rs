//! What a client that signs users in learns of them (OpenID Connect Core 1.0 sections 2 and 5).

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::base::error::{Result, errors};
use crate::base::secret;
use crate::model::client::Client;
use crate::model::grant::{AccessToken, ID_TOKEN_SECONDS};
use crate::model::scope::{OpenIdWord, Words};
use crate::model::settings::Settings;
use crate::model::user::User;
use crate::registry::entity::live_user;
use crate::registry::groups;
use crate::registry::principal::{Access, Principal};
use crate::store::Tx;

errors! {
    TOKEN_WITHOUT_OPENID: PermissionDenied "keyfob" "token_without_openid" "this token tells nothing about its user: the scope that it was granted lacks `openid`";
    ACCESS_TOKEN_NEEDED: Unauthenticated "keyfob" "access_token_needed" "only the access token of a client tells about a user here";
}

/// Returns what the access token of a caller lets its client learn of the user.
/// # Errors
/// `unauthenticated`, `access_token_needed`, `token_without_openid`, `user_requested`.
pub fn by_token(tx: &Tx<'_>, by: &Principal) -> Result<Map<String, Value>> {
    by.signed_in()?;
    let Access::AccessToken(token) = &by.access else { return Err((&ACCESS_TOKEN_NEEDED).into()) };
    if !token.words.has_openid() {
        return Err((&TOKEN_WITHOUT_OPENID).into());
    }
    by.in_good_standing()?;
    of_user(tx, &live_user(tx, &token.user_id)?, &token.words)
}

/// Returns what the words of a scope let a client learn of a user.
/// # Errors
/// Only those of the store.
pub fn of_user(tx: &Tx<'_>, user: &User, words: &Words) -> Result<Map<String, Value>> {
    let mut claims = Map::from_iter([("sub".to_owned(), Value::from(user.subject.as_str()))]);
    let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    if words.has(OpenIdWord::Profile) {
        if !user.name.is_empty() {
            add("name", user.name.as_str().into());
        }
        add("preferred_username", user.id.as_str().into());
        add("updated_at", user.updated_at.seconds().into());
    }
    if words.has(OpenIdWord::Email) && !user.primary_email_address.is_empty() {
        add("email", user.primary_email_address.as_str().into());
        add("email_verified", user.primary_email_address_validated_at.is_some().into());
    }
    if words.has(OpenIdWord::Groups) {
        add("groups", groups::of(tx, user)?.into());
    }
    Ok(claims)
}

/// Returns the claims of the ID token that comes with an access token; `None` if its scope asks for none. `at_hash` is missing yet.
/// # Errors
/// `user_not_found`; those of the store.
pub fn id_token(tx: &Tx<'_>, settings: &Settings, client: &Client, token: &AccessToken, nonce: Option<&str>) -> Result<Option<Value>> {
    if !token.words.has_openid() {
        return Ok(None);
    }
    let user = live_user(tx, &token.user_id)?;
    let mut claims = json!({
        "iss": settings.public_url,
        "sub": user.subject,
        "aud": client.id.as_str(),
        "exp": tx.now.plus_seconds(ID_TOKEN_SECONDS).seconds(),
        "iat": tx.now.seconds(),
        "sid": sid(client, &token.session_id),
    });
    if let Some(signed_in_at) = token.signed_in_at {
        claims["auth_time"] = signed_in_at.seconds().into();
    }
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    Ok(Some(claims))
}

/// Returns what a client calls a session by: clients cannot tell each other whose sessions are the same.
pub fn sid(client: &Client, session_id: &str) -> String {
    secret::digest(&format!("sid {} {session_id}", client.id))
}

/// Returns the hash by which an ID token names its access token (section 3.1.3.6): the left half of its SHA-256.
pub fn at_hash(access_token: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(access_token)[..16])
}
