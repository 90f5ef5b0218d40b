//! What a client that signs users in learns of them (OpenID Connect Core 1.0 sections 2 and 5).

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::base::error::{Error, Result, errors};
use crate::base::jws::TokenType;
use crate::base::secret;
use crate::model::client::Client;
use crate::model::grant::{AccessToken, ID_TOKEN_SECONDS};
use crate::model::scope::{OpenIdWord, Words};
use crate::model::settings::Settings;
use crate::model::sign_in::{AccessTokenFormat, SubjectType};
use crate::model::user::User;
use crate::registry::entity::{live_client, live_user};
use crate::registry::principal::{Access, Principal};
use crate::registry::{groups, signing_keys};
use crate::store::Tx;

errors! {
    TOKEN_WITHOUT_OPENID: PermissionDenied "keyfob" "token_without_openid" "this token tells nothing about its user: the scope that it was granted lacks `openid`";
    ACCESS_TOKEN_NEEDED: Unauthenticated "keyfob" "access_token_needed" "only the access token of a client tells about a user here";
}

/// The names of all claims of users and of ID tokens.
#[rustfmt::skip]
pub const EVERY: &[&str] = &[
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid",
    "name", "preferred_username", "updated_at", "email", "email_verified", "groups",
];

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
    of_user(tx, &live_client(tx, &token.client_id)?, &live_user(tx, &token.user_id)?, &token.words)
}

/// Returns what a client calls a user by: for a pairwise client nobody without the key of this server can tell whose it is. A client that
/// gets the ID of a former one gets others.
/// # Errors
/// Those of the store.
pub fn subject(tx: &Tx<'_>, client: &Client, user: &User) -> Result<String> {
    match client.sign_in.subject_type {
        SubjectType::Public => Ok(user.subject.clone()),
        SubjectType::Pairwise => {
            let key = signing_keys::pairwise(tx)?.ok_or_else(|| Error::Internal("there is no key for pairwise subjects yet".into()))?;
            let of = format!("{}\0{}\0{}", client.id, client.created_at.micros(), user.subject);
            Ok(secret::pairwise_subject(&key, &of))
        }
    }
}

/// Returns what the words of a scope let a client learn of a user.
pub(crate) fn of_user(tx: &Tx<'_>, client: &Client, user: &User, words: &Words) -> Result<Map<String, Value>> {
    let mut claims = Map::from_iter([("sub".to_owned(), Value::from(subject(tx, client, user)?))]);
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
        add("groups", groups::told(tx, client, user)?.into());
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
    let told = if client.sign_in.claims_in_id_token { token.words.clone() } else { Words::default() };
    let mut claims = Map::from_iter([("iss".to_owned(), Value::from(settings.public_url.as_str()))]);
    claims.extend(of_user(tx, client, &user, &told)?);
    let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    add("aud", client.id.as_str().into());
    add("exp", tx.now.plus_seconds(ID_TOKEN_SECONDS).seconds().into());
    add("iat", tx.now.seconds().into());
    if let Some(signed_in_at) = token.signed_in_at {
        add("auth_time", signed_in_at.seconds().into());
    }
    if let Some(nonce) = nonce {
        add("nonce", nonce.into());
    }
    add("sid", sid(client, &token.session_id).into());
    Ok(Some(claims.into()))
}

/// Returns the claims of an access token of a client whose access tokens are signed (RFC 9068 section 2.2); `None` for any other client.
/// # Errors
/// `user_not_found`; those of [`subject`].
pub fn access_token(tx: &Tx<'_>, settings: &Settings, client: &Client, token: &AccessToken) -> Result<Option<Value>> {
    match client.sign_in.access_token_format {
        AccessTokenFormat::Opaque => return Ok(None),
        AccessTokenFormat::Jwt => {}
    }
    let user = live_user(tx, &token.user_id)?;
    Ok(Some(json!({
        "iss": settings.public_url,
        "sub": subject(tx, client, &user)?,
        "aud": audience(client),
        "client_id": client.id.as_str(),
        "scope": token.granted().to_string(),
        "iat": token.created_at.seconds(),
        "exp": token.expires_at.seconds(),
        "jti": token.id,
    })))
}

/// Returns for whom the access tokens of a client are: its resource servers, or itself.
pub fn audience(client: &Client) -> Value {
    match client.sign_in.resource_servers.as_slice() {
        [] => client.id.as_str().into(),
        [only] => only.as_str().into(),
        several => several.into(),
    }
}

/// Returns the claims of an ID token that this server has issued, also if it has ended; `None` of any other token.
pub(crate) fn of_hint(tx: &Tx<'_>, settings: &Settings, hint: &str) -> Result<Option<Value>> {
    Ok(signing_keys::verify(tx, hint, TokenType::IdToken)?.filter(|claims| claims["iss"] == settings.public_url))
}

/// Returns what a client calls a session by: clients cannot tell each other whose sessions are the same.
pub fn sid(client: &Client, session_id: &str) -> String {
    secret::digest(&format!("sid {} {session_id}", client.id))
}

/// Returns the hash by which an ID token names its access token (section 3.1.3.6): the left half of its SHA-256.
pub fn at_hash(access_token: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(access_token)[..16])
}
