//! Redeems codes and refreshes tokens, and revokes what is used twice (oauth.md 1.5, 2.4, 2.5, 2.9).

use serde_json::json;

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, UserId};
use crate::base::pkce;
use crate::base::right::Rights;
use crate::base::secret::{self, Hash, Token, TokenKind};
use crate::base::time::Time;
use crate::base::uri;
use crate::model::bounds::{ROTATED_TOKENS, TOKENS};
use crate::model::choice::{Grant, State};
use crate::model::client::{Client, ClientType};
use crate::model::event::Action;
use crate::model::grant::{ACCESS_SECONDS, AccessToken, AuthorizationCode, RETRY_SECONDS};
use crate::model::scope::Scope;
use crate::model::session::Session;
use crate::model::settings::Settings;
use crate::registry::client_authentication::check_usable;
use crate::registry::credential_use::{self, Use, first_use};
use crate::registry::entity::Entity;
use crate::registry::principal::{Access, Principal};
use crate::registry::refusal::{
    CODE_EXPIRED, CODE_OF_ANOTHER_CLIENT, CODE_REPLAYED, CODE_UNKNOWN, CODE_VERIFIER_MISSING, CODE_VERIFIER_UNEXPECTED,
    CODE_VERIFIER_WRONG, GRANT_NOT_ALLOWED, Judged, REDIRECT_URI_DIFFERS, REFRESH_SCOPE_WIDER, REFRESH_SUCCESSOR_GONE,
    REFRESH_SUCCESSOR_USED, REFRESH_SUCCESSOR_WIDER, REFRESH_TOKEN_EXPIRED, REFRESH_TOKEN_OF_ANOTHER_CLIENT, REFRESH_TOKEN_REUSED,
    REFRESH_TOKEN_UNKNOWN, REFRESHED_TOO_OFTEN, Refusal, TOKEN_OF_ANOTHER_CLIENT, TOKEN_TYPE_UNSUPPORTED, USER_GONE,
    USER_NOT_APPROVED_AT_TOKEN,
};
use crate::registry::{consent, history, sessions, standing, trials};
use crate::store::access_tokens::{Hashes, Rotated, StoredToken, TokenClient};
use crate::store::{Deleted, Tx};

/// The tokens issued to a client.
#[derive(Debug)]
pub struct Issued {
    pub access: Token,
    /// Only for clients with the refresh grant.
    pub refresh: Option<Token>,
    pub expires_in_seconds: i64,
    /// The rights granted, where they differ from what was asked for or from the client's rights (RFC 6749 section 5.1).
    pub scope: Option<Rights>,
}

/// An access token request with a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
#[derive(Debug)]
pub struct Exchange {
    pub code: Token,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<String>,
}

/// An access token request with a refresh token (RFC 6749 section 6).
#[derive(Debug)]
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
    if let Some(family_id) = &code.family_id {
        tx.delete_token_family(family_id)?;
        return refused(&CODE_REPLAYED);
    }
    if code.expires_at <= tx.now {
        return refused(&CODE_EXPIRED);
    }
    if let Err(refusal) = check_redirect_uri(client, &code, exchange).and_then(|()| check_verifier(client, &code, exchange)) {
        return Ok(Err(refusal));
    }
    // The secret was removed meanwhile, and nothing else proves that the code is this client's.
    if code.code_challenge.is_none() && consent::is_public(tx, &client.id)? {
        return refused(&CODE_VERIFIER_MISSING);
    }
    if let Err(refusal) = check_still_allowed(tx, client, Grant::AuthorizationCode, &code.user_id)? {
        return Ok(Err(refusal));
    }
    let id = Token::fresh(TokenKind::AccessToken).id;
    if !tx.redeem_authorization_code(&code.id, &id)? {
        return refused(&CODE_REPLAYED);
    }
    let requested = Requested { rights: code.rights, scope_differs: code.scope_differs };
    issue_first(tx, settings, client, Issuance::first(id, code.user_id, code.session_id, requested, Terms::usual(tx))).map(Ok)
}

/// Issues tokens that a user authorized a client for without a code: in a fixture, for tests.
/// # Errors
/// Only those of the store.
pub fn issue_without_code(
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
    let (id, session_id) = (Token::fresh(TokenKind::AccessToken).id, secret::fresh_uuid());
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
        note_use(tx, &kept)?;
        return refused(&REFRESH_TOKEN_OF_ANOTHER_CLIENT);
    }
    if let Some(rotated) = &kept.rotated {
        return repeat(tx, client, client_type, renewal, &kept, rotated);
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
    if tx.rotated_tokens(&kept.token.family_id, since, ROTATED_TOKENS.most)? == ROTATED_TOKENS.most {
        tx.delete_token_family(&kept.token.family_id)?;
        return refused(&REFRESHED_TOO_OFTEN);
    }
    let (id, salt) = (Token::fresh(TokenKind::AccessToken).id, secret::random::<32>());
    tx.rotate_access_token(&kept.token.id, &id, &salt, tx.now.plus_seconds(ROTATED_KEPT_SECONDS))?;
    let AccessToken { family_id, user_id, session_id, refresh_rights, .. } = kept.token;
    let issuance = Issuance { family_id, user_id, session_id, requested, refresh_rights, terms: Terms::usual(tx) };
    issue(tx, settings, client, issuance, id, Keys::following(&presented.key, &salt)).map(Ok)
}

/// Returns the rights requested by a refresh: those of the refresh token or fewer (RFC 6749 section 6).
fn requested(client: &Client, renewal: &Renewal, kept: &StoredToken) -> Judged<Requested> {
    let (scope, most) = (renewal.scope, kept.token.refresh_rights);
    if !scope.rights.without(most.expanded()).is_empty() {
        return Err(Refusal::to(&REFRESH_SCOPE_WIDER, &client.id));
    }
    let rights = scope.narrowed(most);
    Ok(Requested { rights, scope_differs: scope.differs_from(rights) })
}

/// Handles a refresh token that was rotated before. Shortly after, a reply was lost or two programs refreshed at once: they get the same
/// successor again. A client without a secret gets it only until it is used, because nothing proves that it is the same client. Later,
/// somebody has stolen it: the whole family ends (RFC 9700 section 4.14.2, oauth.md 2.9).
fn repeat(
    tx: &Tx<'_>,
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
    let limit = limit(tx, &client.id, &kept.token.user_id, client.state, client.all_rights(), client.approved)?;
    let granted = successor.token.rights.within(limit);
    if !granted.without(requested.rights.expanded()).is_empty() {
        return refused(&REFRESH_SUCCESSOR_WIDER);
    }
    let seconds = (successor.token.expires_at.seconds() - tx.now.seconds()).clamp(0, ACCESS_SECONDS);
    let keys = Keys::following(&renewal.refresh_token.key, salt);
    let refresh = successor.hashes.refresh.is_some();
    Ok(Ok(keys.issued(&successor.token.id, requested.told(client, granted), refresh, seconds)))
}

/// Checks that the client may have tokens and has the grant, and that the user exists and is neither suspended nor rejected.
fn check_still_allowed(tx: &Tx<'_>, client: &Client, grant: Grant, user: &UserId) -> Result<Judged<()>> {
    if let Err(refusal) = check_usable(client) {
        return Ok(Err(refusal));
    }
    if !client.grants.contains(&grant) {
        return Ok(Err(Refusal::to(&GRANT_NOT_ALLOWED, &client.id)));
    }
    Ok(match tx.standing(user, Deleted::No)? {
        None => Err(Refusal::to(&USER_GONE, &client.id)),
        Some(standing) if standing::is_approved(&standing) => Ok(()),
        Some(_) => Err(Refusal::to(&USER_NOT_APPROVED_AT_TOKEN, &client.id)),
    })
}

/// The owner of a new pair of tokens, and what they allow.
struct Issuance {
    family_id: String,
    user_id: UserId,
    session_id: String,
    requested: Requested,
    refresh_rights: Rights,
    terms: Terms,
}

impl Issuance {
    /// Returns that of the first tokens of a family, whose ID is also theirs.
    fn first(id: String, user_id: UserId, session_id: String, requested: Requested, terms: Terms) -> Issuance {
        Issuance { family_id: id, user_id, session_id, refresh_rights: requested.rights, requested, terms }
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

/// The rights that an access token is requested for.
#[derive(Clone, Copy, Debug)]
pub struct Requested {
    pub rights: Rights,
    /// Whether the requested scope differs from these rights.
    pub scope_differs: bool,
}

impl Requested {
    /// Returns the scope to tell the client: also if it asked for nothing and gets less than it is registered for.
    fn told(&self, client: &Client, granted: Rights) -> Option<Rights> {
        (self.scope_differs || granted != self.rights || granted != client.all_rights()).then_some(granted)
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

    fn issued(self, id: &str, scope: Option<Rights>, with_refresh: bool, expires_in_seconds: i64) -> Issued {
        let token = |kind, key| Token { kind, id: id.to_owned(), key };
        Issued {
            scope,
            access: token(TokenKind::AccessToken, self.access),
            refresh: with_refresh.then(|| token(TokenKind::RefreshToken, self.refresh)),
            expires_in_seconds,
        }
    }
}

fn issue(tx: &Tx<'_>, settings: &Settings, client: &Client, issuance: Issuance, id: String, keys: Keys) -> Result<Issued> {
    let Terms { issued_at, expires_in_seconds, with_refresh } = issuance.terms;
    let with_refresh = with_refresh && client.grants.contains(&Grant::RefreshToken);
    let expires_at = issued_at.plus_seconds(expires_in_seconds);
    let ends_at = if with_refresh {
        issued_at.plus_seconds(settings.refresh_token_days.saturating_mul(24 * 60 * 60)).max(expires_at)
    } else {
        expires_at.plus_seconds(EXPIRED_KEPT_SECONDS)
    };
    let limit = limit(tx, &client.id, &issuance.user_id, client.state, client.all_rights(), client.approved)?;
    let token = AccessToken {
        id,
        family_id: issuance.family_id,
        user_id: issuance.user_id,
        client_id: client.id.clone(),
        session_id: issuance.session_id,
        rights: issuance.requested.rights.within(limit),
        refresh_rights: issuance.refresh_rights.within(limit),
        created_at: issued_at,
        expires_at,
        ends_at,
    };
    let hashes = Hashes { access: Hash::of_generated(&keys.access), refresh: with_refresh.then(|| Hash::of_generated(&keys.refresh)) };
    tx.insert_access_token(&token, &hashes)?;
    tx.count_issued_token(&client.id)?;
    Ok(keys.issued(&token.id, issuance.requested.told(client, token.rights), with_refresh, expires_in_seconds))
}

/// Revokes a token with its family. An unknown or expired token needs no revocation (RFC 7009 section 2.2).
/// # Errors
/// Only those of the store.
pub fn revoke(tx: &Tx<'_>, by: &Principal, client: &ClientId, text: &str) -> Result<Judged<()>> {
    let Some(presented) = Token::parse(text) else { return Ok(Ok(())) };
    if !matches!(presented.kind, TokenKind::AccessToken | TokenKind::RefreshToken) {
        return Ok(Err(Refusal::to(&TOKEN_TYPE_UNSUPPORTED, client)));
    }
    let Some(kept) = tx.stored_access_token(&presented.id)?.filter(|kept| proves(kept, &presented)) else { return Ok(Ok(())) };
    if kept.token.client_id != *client {
        note_use(tx, &kept)?;
        return Ok(Err(Refusal::to(&TOKEN_OF_ANOTHER_CLIENT, client)));
    }
    tx.delete_token_family(&kept.token.family_id)?;
    record_end(tx, by, &kept.token).map(Ok)
}

/// What signing out through a client ended.
#[derive(Debug, Default)]
pub struct SignedOut {
    /// The client of the token, if both exist.
    pub client: Option<Client>,
    pub has_ended_session: bool,
}

/// Ends a token by its ID (oauth.md 1.7), for the token's user only, because the ID proves nothing. `session`, the browser's own, ends too
/// if the token was granted in it, or in one that has ended.
/// # Errors
/// Only those of the store.
pub fn sign_out(tx: &Tx<'_>, by: &Principal, session: Option<&Session>, id: &str) -> Result<SignedOut> {
    let Some(kept) = tx.stored_access_token(id)?.filter(|kept| kept.rotated.is_none()) else { return Ok(SignedOut::default()) };
    let client = tx.client(&kept.token.client_id, Deleted::No)?;
    let Some(session) = session.filter(|session| session.user_id == kept.token.user_id) else {
        return Ok(SignedOut { client, has_ended_session: false });
    };
    let granted_in = tx.session(&kept.token.session_id)?.map(|(session, _)| session).filter(|session| !session.has_ended(tx.now));
    let has_ended_session = granted_in.is_none_or(|granted_in| granted_in.id == session.id);
    if has_ended_session {
        sessions::delete(tx, by, &session.user_id, &session.id)?;
    }
    tx.delete_token_family(&kept.token.family_id)?;
    record_end(tx, by, &kept.token)?;
    Ok(SignedOut { client, has_ended_session })
}

/// The caller of an introspection.
#[derive(Debug)]
pub enum Inquirer<'a> {
    /// A client, about its own tokens.
    Client(&'a ClientId),
    /// A user about their own tokens, an administrator about any, and a client acting for a user about its own for this user.
    Caller(&'a Principal),
}

/// Returns a token that was not rotated, with its client, and with no more rights than [`limit`] leaves.
pub(super) fn with_client(tx: &Tx<'_>, id: &str) -> Result<Option<(StoredToken, TokenClient)>> {
    let Some((mut kept, client)) = tx.access_token_with_client(id)? else { return Ok(None) };
    let token = &mut kept.token;
    let limit = limit(tx, &token.client_id, &token.user_id, client.state, client.rights, client.approved)?;
    (token.rights, token.refresh_rights) = (token.rights.within(limit), token.refresh_rights.within(limit));
    Ok(Some((kept, client)))
}

/// Returns the most that a client's tokens may allow: what the client may ask for now. While it waits for approval, what was approved
/// before, except for users who try it.
pub(super) fn limit(tx: &Tx<'_>, client: &ClientId, user: &UserId, state: State, rights: Rights, approved: Rights) -> Result<Rights> {
    let is_open = match state {
        State::Requested => trials::may_try(tx, client, user)?,
        State::Approved | State::Flagged | State::Rejected | State::Suspended => true,
    };
    Ok(if is_open { rights } else { approved.within(rights) })
}

/// The result of an introspection.
#[derive(Debug, Default)]
pub struct Introspection {
    /// The token, if it is valid and the caller may know of it.
    pub active: Option<(TokenKind, AccessToken)>,
    /// Asking about a token uses it, whatever the answer.
    pub use_to_record: Option<Use>,
}

/// Introspects a token (RFC 7662 section 2.2). To callers who may not know of it, it is inactive.
/// # Errors
/// Only those of the store.
pub fn introspect(tx: &Tx<'_>, inquirer: &Inquirer<'_>, text: &str) -> Result<Introspection> {
    let Some(presented) = Token::parse(text) else { return Ok(Introspection::default()) };
    let Some((kept, client)) = with_client(tx, &presented.id)?.filter(|(kept, _)| proves(kept, &presented)) else {
        return Ok(Introspection::default());
    };
    let use_to_record = first_use(&kept, tx.now);
    let end = match presented.kind {
        TokenKind::AccessToken => kept.token.expires_at,
        _ => kept.token.ends_at,
    };
    let may_know = match inquirer {
        Inquirer::Client(id) => kept.token.client_id == **id,
        Inquirer::Caller(by) => by.is_admin || (by.is(&AccountId::User(kept.token.user_id.clone())) && is_own(by, &kept.token)),
    };
    let client_is_good = client.is_live && !matches!(client.state, State::Rejected | State::Suspended);
    let is_good = may_know && client_is_good && end > tx.now && may_act(tx, &kept.token.user_id)?;
    Ok(Introspection { active: is_good.then_some((presented.kind, kept.token)), use_to_record })
}

/// Returns whether the caller may know of a token: a client doesn't learn of another client's.
fn is_own(by: &Principal, token: &AccessToken) -> bool {
    match &by.access {
        Access::AccessToken(own) => own.client_id == token.client_id,
        Access::Anonymous | Access::ApiKey(_) | Access::Session(_) | Access::Operator => true,
    }
}

/// Records the use of a token that was refused.
fn note_use(tx: &Tx<'_>, kept: &StoredToken) -> Result<()> {
    first_use(kept, tx.now).map_or(Ok(()), |used| credential_use::record(tx, &used))
}

/// Returns whether the presented token is one of the two in this row.
fn proves(kept: &StoredToken, presented: &Token) -> bool {
    match presented.kind {
        TokenKind::AccessToken => kept.hashes.access.matches(&presented.key),
        TokenKind::RefreshToken => kept.hashes.refresh.as_ref().is_some_and(|hash| hash.matches(&presented.key)),
        TokenKind::ApiKey | TokenKind::AuthorizationCode | TokenKind::Session | TokenKind::SignInLink | TokenKind::PasswordChoice => false,
    }
}

pub(super) fn record_end(tx: &Tx<'_>, by: &Principal, token: &AccessToken) -> Result<()> {
    let old = json!({"token_id": token.id, "user_id": token.user_id.as_str()});
    history::record_values(tx, by, &Entity::Client(token.client_id.clone()), Action::DeleteToken, old, json!({}))
}

fn may_act(tx: &Tx<'_>, user: &UserId) -> Result<bool> {
    Ok(tx.standing(user, Deleted::No)?.is_some_and(|standing| standing::is_approved(&standing)))
}
