//! Redeems codes and refreshes tokens, and revokes what is used twice (oauth.md 1.5, 2.4, 2.5, 2.9).

use serde_json::Value;

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::jws::SigningAlgorithm;
use crate::base::secret::{self, Hash, Token, TokenKind};
use crate::base::time::Time;
use crate::base::{pkce, uri};
use crate::model::bounds::{ROTATED_TOKENS, TOKENS};
use crate::model::choice::Grant;
use crate::model::client::{Client, ClientType};
use crate::model::grant::{ACCESS_SECONDS, AccessToken, AuthorizationCode, RETRY_SECONDS};
use crate::model::scope::{GrantedScope, Scope};
use crate::model::settings::Settings;
use crate::model::sign_in::AccessTokenFormat;
use crate::registry::client_authentication::check_usable;
use crate::registry::live_tokens::limit;
use crate::registry::refusal::{
    CODE_EXPIRED, CODE_OF_ANOTHER_CLIENT, CODE_REPLAYED, CODE_UNKNOWN, CODE_VERIFIER_MISSING, CODE_VERIFIER_UNEXPECTED,
    CODE_VERIFIER_WRONG, GRANT_NOT_ALLOWED, Judged, REDIRECT_URI_DIFFERS, REFRESH_SCOPE_WIDER, REFRESH_SUCCESSOR_GONE,
    REFRESH_SUCCESSOR_USED, REFRESH_SUCCESSOR_WIDER, REFRESH_TOKEN_EXPIRED, REFRESH_TOKEN_OF_ANOTHER_CLIENT, REFRESH_TOKEN_REUSED,
    REFRESH_TOKEN_UNKNOWN, REFRESHED_TOO_OFTEN, Refusal, USER_GONE, USER_NOT_APPROVED_AT_TOKEN, USER_OUTSIDE_GROUPS_AT_TOKEN,
};
use crate::registry::{claims, consent, credential_use, groups, standing};
use crate::store::access_tokens::{Hashes, Rotated, StoredToken};
use crate::store::{Deleted, Tx};

/// The tokens issued to a client.
pub struct Issued {
    pub access: Token,
    /// Only for clients with the refresh grant.
    pub refresh: Option<Token>,
    pub expires_in_seconds: i64,
    /// What is to be signed, outside of the transaction.
    pub to_sign: ToSign,
    /// What was granted, where it differs from what was asked for or from the client's rights (RFC 6749 section 5.1), and always with `openid`.
    pub scope: Option<GrantedScope>,
}

/// The claims of tokens, and how they are signed.
#[derive(Debug, Default)]
pub struct ToSign {
    pub algorithm: SigningAlgorithm,
    /// If the access tokens of the client are signed.
    pub access_token: Option<Value>,
    /// If the client gets an ID token.
    pub id_token: Option<Value>,
}

impl ToSign {
    fn of(tx: &Tx<'_>, settings: &Settings, client: &Client, token: &AccessToken, nonce: Option<&str>) -> Result<ToSign> {
        let access_token = claims::access_token(tx, settings, client, token)?;
        let id_token = claims::id_token(tx, settings, client, token, nonce)?;
        Ok(ToSign { algorithm: client.sign_in.id_token_signed_response_alg, access_token, id_token })
    }
}

/// An access token request with a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
pub struct Exchange {
    pub code: Token,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<String>,
}

/// An access token request with a refresh token (RFC 6749 section 6).
pub struct Renewal {
    pub refresh_token: Token,
    pub scope: Scope,
}

/// How long an expired access token is stored to be told from an unknown one.
const EXPIRED_KEPT_SECONDS: i64 = 24 * 60 * 60;

/// How long a rotated refresh token is stored to detect a second use.
const ROTATED_KEPT_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Redeems a code for tokens, once. A second use ends everything that the first one led to (RFC 6749 section 4.1.2).
/// # Errors
/// Only those of the store. A refusal is an `Ok`, as in all of this module.
pub fn redeem(tx: &Tx<'_>, settings: &Settings, client: &Client, exchange: &Exchange) -> Result<Judged<Issued>> {
    let refused = |reason| Ok(Err(Refusal::to(reason, &client.id)));
    let code = match code_of(tx, client, exchange)? {
        Ok(code) => code,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(family_id) = &code.family_id {
        tx.delete_token_family(family_id)?;
        return refused(&CODE_REPLAYED);
    }
    if let Err(refusal) = check_code(tx, client, &code, exchange)? {
        return Ok(Err(refusal));
    }
    let id = secret::fresh_id();
    if !tx.redeem_authorization_code(&code.id, &id)? {
        return refused(&CODE_REPLAYED);
    }
    let granted = GrantedScope { rights: code.rights, words: code.words };
    let requested = Requested { granted, scope_differs: code.scope_differs };
    let first = Issuance::first(id, code.user_id, code.session_id, requested, Terms::usual(tx));
    issue_first(tx, settings, client, Issuance { nonce: code.nonce, signed_in_at: code.signed_in_at, ..first }).map(Ok)
}

/// Returns whether something of the reply to an exchange will be signed, and the exchange will not be refused as things are now.
pub(crate) fn will_be_signed(tx: &Tx<'_>, client_id: &ClientId, exchange: &Exchange) -> Result<bool> {
    let Some(client) = tx.client(client_id, Deleted::No)? else { return Ok(false) };
    let Ok(code) = code_of(tx, &client, exchange)? else { return Ok(false) };
    let is_signed = code.words.has_openid() || client.sign_in.access_token_format == AccessTokenFormat::Jwt;
    Ok(is_signed && code.family_id.is_none() && check_code(tx, &client, &code, exchange)?.is_ok())
}

/// Returns the code of an exchange, used up or not, if it is this client's.
fn code_of(tx: &Tx<'_>, client: &Client, exchange: &Exchange) -> Result<Judged<AuthorizationCode>> {
    let refused = |reason| Ok(Err(Refusal::to(reason, &client.id)));
    let Some((code, hash)) = tx.authorization_code(&exchange.code.id)? else {
        secret::match_no_generated(&exchange.code.key);
        return refused(&CODE_UNKNOWN);
    };
    if !hash.matches(&exchange.code.key) {
        return refused(&CODE_UNKNOWN);
    }
    if code.client_id != client.id {
        return refused(&CODE_OF_ANOTHER_CLIENT);
    }
    Ok(Ok(code))
}

/// Checks all else that an exchange has to fulfil for a code that was not used yet.
fn check_code(tx: &Tx<'_>, client: &Client, code: &AuthorizationCode, exchange: &Exchange) -> Result<Judged<()>> {
    let refused = |reason| Ok(Err(Refusal::to(reason, &client.id)));
    if code.expires_at <= tx.now {
        return refused(&CODE_EXPIRED);
    }
    if let Err(refusal) = check_redirect_uri(client, code, exchange).and_then(|()| check_verifier(client, code, exchange)) {
        return Ok(Err(refusal));
    }
    // The secret was removed meanwhile, and nothing else proves that the code is this client's.
    if code.code_challenge.is_none() && consent::is_public(tx, &client.id)? {
        return refused(&CODE_VERIFIER_MISSING);
    }
    check_still_allowed(tx, client, Grant::AuthorizationCode, &code.user_id)
}

/// Issues tokens that a user authorized a client for without a code: in a fixture, for tests.
pub(crate) fn issue_without_code(
    tx: &Tx<'_>,
    settings: &Settings,
    client: &Client,
    user_id: &UserId,
    requested: Requested,
    terms: Terms,
) -> Result<Judged<Issued>> {
    if let Err(refusal) = check_still_allowed(tx, client, Grant::AuthorizationCode, user_id)? {
        return Ok(Err(refusal));
    }
    // As if the session in which they were granted had ended.
    let (id, session_id) = (secret::fresh_id(), secret::fresh_uuid());
    issue_first(tx, settings, client, Issuance::first(id, user_id.clone(), session_id, requested, terms)).map(Ok)
}

/// Issues the first tokens of a family.
fn issue_first(tx: &Tx<'_>, settings: &Settings, client: &Client, issuance: Issuance) -> Result<Issued> {
    tx.delete_surplus_token_families(&issuance.user_id, &client.id, TOKENS.most - 1)?;
    let id = issuance.family_id.clone();
    issue(tx, settings, client, issuance, id, Keys::fresh())
}

/// Checks that the exchange names the URI of the authorization. It may be left out if only one is registered, or the first was used.
fn check_redirect_uri(client: &Client, code: &AuthorizationCode, exchange: &Exchange) -> Judged<()> {
    let fine = match (&exchange.redirect_uri, client.redirect_uris.as_slice()) {
        (Some(sent), _) => uri::is_same(sent, &code.redirect_uri),
        (None, [_]) => true,
        (None, registered) => registered.first().is_some_and(|first| uri::is_same(first, &code.redirect_uri)),
    };
    if fine {
        return Ok(());
    }
    let sent = exchange.redirect_uri.as_deref().unwrap_or_default();
    Err(Refusal::to(&REDIRECT_URI_DIFFERS, &client.id).differing("redirect_uri", &code.redirect_uri, sent))
}

/// Checks the code verifier: required with a challenge, refused without one (RFC 9700 section 2.1.1).
fn check_verifier(client: &Client, code: &AuthorizationCode, exchange: &Exchange) -> Judged<()> {
    let reason = match (&code.code_challenge, &exchange.code_verifier) {
        (None, None) => return Ok(()),
        (None, Some(_)) => &CODE_VERIFIER_UNEXPECTED,
        (Some(_), None) => &CODE_VERIFIER_MISSING,
        (Some(challenge), Some(verifier)) if pkce::matches(challenge, verifier) => return Ok(()),
        (Some(_), Some(_)) => &CODE_VERIFIER_WRONG,
    };
    Err(Refusal::to(reason, &client.id))
}

/// Rotates a refresh token: it and its access token end, and a new pair replaces them.
/// # Errors
/// Only those of the store.
pub fn refresh(tx: &Tx<'_>, settings: &Settings, client: &Client, client_type: ClientType, renewal: &Renewal) -> Result<Judged<Issued>> {
    let presented = &renewal.refresh_token;
    let refused = |reason| Ok(Err(Refusal::to(reason, &client.id)));
    let Some(kept) = tx.stored_access_token(&presented.id)? else {
        secret::match_no_generated(&presented.key);
        return refused(&REFRESH_TOKEN_UNKNOWN);
    };
    if !kept.hashes.refresh.as_ref().is_some_and(|hash| hash.matches(&presented.key)) {
        return refused(&REFRESH_TOKEN_UNKNOWN);
    }
    if kept.token.client_id != client.id {
        credential_use::record_first(tx, &kept)?;
        return refused(&REFRESH_TOKEN_OF_ANOTHER_CLIENT);
    }
    if let Some(rotated) = &kept.rotated {
        return repeat(tx, settings, client, client_type, renewal, &kept, rotated);
    }
    if kept.token.ends_at <= tx.now {
        return refused(&REFRESH_TOKEN_EXPIRED);
    }
    if let Err(refusal) = check_still_allowed(tx, client, Grant::RefreshToken, &kept.token.user_id)? {
        return Ok(Err(refusal));
    }
    let requested = match requested(client, renewal, &kept) {
        Ok(requested) => requested,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // Deleting the oldest instead would let a thief refresh until a second use goes undetected.
    let since = tx.now.plus_seconds(-ROTATED_KEPT_SECONDS);
    if tx.has_rotated_tokens(&kept.token.family_id, since, ROTATED_TOKENS.most)? {
        tx.delete_token_family(&kept.token.family_id)?;
        return refused(&REFRESHED_TOO_OFTEN);
    }
    let (id, salt) = (secret::fresh_id(), secret::random::<32>());
    tx.rotate_access_token(&kept.token.id, &id, &salt, tx.now.plus_seconds(ROTATED_KEPT_SECONDS))?;
    let (refreshable, terms) = (kept.token.refreshable(), Terms::usual(tx));
    let AccessToken { family_id, user_id, session_id, signed_in_at, .. } = kept.token;
    let issuance = Issuance { family_id, user_id, session_id, signed_in_at, nonce: None, requested, refreshable, terms };
    issue(tx, settings, client, issuance, id, Keys::following(&presented.key, &salt)).map(Ok)
}

/// Returns the scope requested by a refresh: that of the refresh token or less (RFC 6749 section 6).
fn requested(client: &Client, renewal: &Renewal, kept: &StoredToken) -> Judged<Requested> {
    let (scope, most) = (&renewal.scope, kept.token.refreshable());
    let granted = scope.refreshed(&most);
    let is_in_vain = granted == GrantedScope::default() && most != granted;
    if is_in_vain || scope.is_wider_than(&most, &GrantedScope::most_of(client)) {
        return Err(Refusal::to(&REFRESH_SCOPE_WIDER, &client.id));
    }
    Ok(Requested { scope_differs: scope.differs_from(&granted), granted })
}

/// Handles a refresh token that was rotated before. Shortly after, a reply was lost or two programs refreshed at once: they get the same
/// successor again. A client without a secret gets it only until it is used, because nothing proves that it is the same client. Later,
/// somebody has stolen it: the whole family ends (RFC 9700 section 4.14.2, oauth.md 2.9).
fn repeat(
    tx: &Tx<'_>,
    settings: &Settings,
    client: &Client,
    client_type: ClientType,
    renewal: &Renewal,
    kept: &StoredToken,
    rotated: &Rotated,
) -> Result<Judged<Issued>> {
    let refused = |reason| Ok(Err(Refusal::to(reason, &client.id)));
    if !tx.now.is_within(RETRY_SECONDS, rotated.at) {
        tx.delete_token_family(&kept.token.family_id)?;
        return refused(&REFRESH_TOKEN_REUSED);
    }
    let successor = tx.stored_access_token(&rotated.successor_id)?.filter(|next| next.rotated.is_none());
    let (Some(successor), Some(salt)) = (successor, &rotated.salt) else { return refused(&REFRESH_SUCCESSOR_GONE) };
    if client_type == ClientType::Public && successor.used_at.is_some() {
        return refused(&REFRESH_SUCCESSOR_USED);
    }
    if let Err(refusal) = check_still_allowed(tx, client, Grant::RefreshToken, &kept.token.user_id)? {
        return Ok(Err(refusal));
    }
    let requested = match requested(client, renewal, kept) {
        Ok(requested) => requested,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let granted = successor.token.granted().within(&most_now(tx, client, &kept.token.user_id)?);
    if !granted.is_within(&requested.granted) {
        return refused(&REFRESH_SUCCESSOR_WIDER);
    }
    let seconds = (successor.token.expires_at.seconds() - tx.now.seconds()).clamp(0, ACCESS_SECONDS);
    let keys = Keys::following(&renewal.refresh_token.key, salt);
    let refresh = successor.hashes.refresh.is_some();
    let to_sign = ToSign::of(tx, settings, client, &successor.token, None)?;
    Ok(Ok(Issued { to_sign, ..keys.issued(&successor.token.id, requested.told(client, granted), refresh, seconds) }))
}

/// Returns the most that the client's tokens of a user may allow now.
fn most_now(tx: &Tx<'_>, client: &Client, user: &UserId) -> Result<GrantedScope> {
    let most = GrantedScope::most_of(client);
    Ok(GrantedScope { rights: limit(tx, &client.id, user, client.state, most.rights, client.approved)?, ..most })
}

/// Checks that the client may have tokens and has the grant, and that the user exists, is approved, and is in a group
/// that may use the client.
fn check_still_allowed(tx: &Tx<'_>, client: &Client, grant: Grant, user: &UserId) -> Result<Judged<()>> {
    if let Err(refusal) = check_usable(client) {
        return Ok(Err(refusal));
    }
    if !client.grants.contains(&grant) {
        return Ok(Err(Refusal::to(&GRANT_NOT_ALLOWED, &client.id)));
    }
    Ok(match tx.standing(user, Deleted::No)? {
        None => Err(Refusal::to(&USER_GONE, &client.id)),
        Some(standing) if !standing::is_approved(&standing) => Err(Refusal::to(&USER_NOT_APPROVED_AT_TOKEN, &client.id)),
        Some(_) if !groups::may_use(tx, &client.sign_in, user)? => Err(Refusal::to(&USER_OUTSIDE_GROUPS_AT_TOKEN, &client.id)),
        Some(_) => Ok(()),
    })
}

/// The owner of a new pair of tokens, and what they allow.
struct Issuance {
    family_id: String,
    user_id: UserId,
    session_id: String,
    signed_in_at: Option<Time>,
    /// For the ID token.
    nonce: Option<String>,
    requested: Requested,
    /// What the refresh token can bring.
    refreshable: GrantedScope,
    terms: Terms,
}

impl Issuance {
    /// Returns that of the first tokens of a family, whose ID is also theirs.
    fn first(id: String, user_id: UserId, session_id: String, requested: Requested, terms: Terms) -> Issuance {
        let signed_in_at = requested.granted.words.has_openid().then_some(terms.issued_at);
        let refreshable = requested.granted.clone();
        Issuance { family_id: id, user_id, session_id, signed_in_at, nonce: None, requested, refreshable, terms }
    }
}

/// When tokens are issued and for how long, and whether a refresh token comes with the access token if the client has the grant.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub issued_at: Time,
    pub expires_in_seconds: i64,
    pub with_refresh: bool,
}

impl Terms {
    pub fn usual(tx: &Tx<'_>) -> Terms {
        Terms { issued_at: tx.now, expires_in_seconds: ACCESS_SECONDS, with_refresh: true }
    }
}

/// What an access token is requested for.
#[derive(Clone, Debug)]
pub struct Requested {
    pub granted: GrantedScope,
    /// Whether the requested scope differs from that.
    pub scope_differs: bool,
}

impl Requested {
    /// Returns the scope to tell the client: also if it asked for nothing and gets less than it is registered for.
    fn told(&self, client: &Client, granted: GrantedScope) -> Option<GrantedScope> {
        let is_told = self.scope_differs || granted.words.has_openid() || granted != self.granted || granted.rights != client.all_rights();
        is_told.then_some(granted)
    }
}

/// The secret parts of a pair of tokens.
struct Keys {
    access: String,
    refresh: String,
}

impl Keys {
    fn fresh() -> Keys {
        Keys { access: secret::fresh_key(), refresh: secret::fresh_key() }
    }

    /// Derives the keys that presenting this key gets, also a second time.
    fn following(key: &str, salt: &[u8]) -> Keys {
        Keys { access: secret::derived_key(key, salt, "access"), refresh: secret::derived_key(key, salt, "refresh") }
    }

    fn issued(self, id: &str, scope: Option<GrantedScope>, with_refresh: bool, expires_in_seconds: i64) -> Issued {
        let token = |kind, key| Token { kind, id: id.to_owned(), key };
        Issued {
            scope,
            access: token(TokenKind::AccessToken, self.access),
            refresh: with_refresh.then(|| token(TokenKind::RefreshToken, self.refresh)),
            expires_in_seconds,
            to_sign: ToSign::default(),
        }
    }
}

fn issue(tx: &Tx<'_>, settings: &Settings, client: &Client, issuance: Issuance, id: String, keys: Keys) -> Result<Issued> {
    let Terms { issued_at, expires_in_seconds, with_refresh } = issuance.terms;
    let may_refresh = client.grants.contains(&Grant::RefreshToken) && issuance.refreshable.words.allow_refresh();
    let with_refresh = with_refresh && may_refresh;
    let expires_at = issued_at.plus_seconds(expires_in_seconds);
    let ends_at = if with_refresh {
        issued_at.plus_seconds(settings.refresh_token_days.saturating_mul(24 * 60 * 60)).max(expires_at)
    } else {
        expires_at.plus_seconds(EXPIRED_KEPT_SECONDS)
    };
    let most = most_now(tx, client, &issuance.user_id)?;
    let (granted, refreshable) = (issuance.requested.granted.within(&most), issuance.refreshable.within(&most));
    let token = AccessToken {
        id,
        family_id: issuance.family_id,
        user_id: issuance.user_id,
        client_id: client.id.clone(),
        session_id: issuance.session_id,
        rights: granted.rights,
        refresh_rights: refreshable.rights,
        created_at: issued_at,
        expires_at,
        ends_at,
        words: granted.words.clone(),
        refresh_words: refreshable.words,
        signed_in_at: issuance.signed_in_at,
    };
    let hashes = Hashes { access: Hash::of_generated(&keys.access), refresh: with_refresh.then(|| Hash::of_generated(&keys.refresh)) };
    tx.insert_access_token(&token, &hashes)?;
    tx.count_issued_token(&client.id)?;
    let to_sign = ToSign::of(tx, settings, client, &token, issuance.nonce.as_deref())?;
    Ok(Issued { to_sign, ..keys.issued(&token.id, issuance.requested.told(client, granted), with_refresh, expires_in_seconds) })
}
