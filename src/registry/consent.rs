//! Decides whether a client may get an authorization code for a user, in the order of oauth.md 1.4.2.

use serde_json::Value;

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::pkce;
use crate::base::right::Rights;
use crate::base::secret::{Hash, Token, TokenKind};
use crate::base::uri;
use crate::http::origin::Origin;
use crate::model::bounds::{AUTHORIZATIONS, CODES};
use crate::model::choice::{Grant, State};
use crate::model::client::Client;
use crate::model::event::Action;
use crate::model::grant::{Authorization, AuthorizationCode, CODE_SECONDS};
use crate::model::scope::{GrantedScope, Scope};
use crate::model::session::Session;
use crate::model::settings::Settings;
use crate::model::value;
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::refusal::{
    ACCOUNT_SELECTION_NEEDED, AUTHORIZATIONS_FULL, CLIENT_STATE_REJECTED, CLIENT_STATE_REQUESTED, CLIENT_STATE_SUSPENDED,
    CLIENT_UNKNOWN_TO_US, CLIENT_UNNAMED, CLIENT_WITHOUT_REDIRECT_URI, CODE_CHALLENGE_MALFORMED, CODE_CHALLENGE_METHOD_UNSUPPORTED,
    CODE_CHALLENGE_MISSING, CODE_GRANT_MISSING, Judged, NONCE_TOO_LONG, PARAMETER_REPEATED, REDIRECT_URI_MISSING,
    REDIRECT_URI_NOT_REGISTERED, RESPONSE_MODE_UNSUPPORTED, RESPONSE_TYPE_MISSING, RESPONSE_TYPE_UNSUPPORTED, Reason, Refusal,
    SCOPE_WITHOUT_RIGHT, SIGN_IN_NEEDED, STATE_TOO_LONG, USER_NEEDED, USER_NOT_APPROVED, USER_OUTSIDE_GROUPS,
};
use crate::registry::sign_in_demands::{SignInRequest, SignInStep};
use crate::registry::{groups, history, standing, trials};
use crate::store::{Deleted, Tx};

/// An authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3). Empty parameters are absent.
#[derive(Debug)]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: Option<String>,
    pub response_type: Option<String>,
    pub state: Option<String>,
    pub scope: Scope,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
    pub nonce: Option<String>,
    pub response_mode: Option<String>,
    /// What it says of the sign-in, with `openid`.
    pub sign_in: Option<SignInRequest>,
    /// The name of a repeated parameter.
    pub repeated: Option<&'static str>,
}

/// How the client is answered (OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of a redirect.
    Query,
    /// In a form that the browser posts.
    FormPost,
}

pub const RESPONSE_MODES: [&str; 2] = ["query", "form_post"];

/// The decision about an authorization request.
#[derive(Debug)]
pub enum Decision {
    /// The user is shown an error page, because no redirect URI can be trusted.
    ErrorPage(Refusal),
    /// The error is sent to the client's redirect URI.
    ErrorRedirect { redirect_uri: String, refusal: Refusal },
    /// The user who is signed in has to sign in once more, or another has to.
    SignIn,
    /// The user says which account to use.
    SelectAccount(Box<Client>),
    /// The client may get a code, once the user has agreed.
    Proceed(Box<ValidRequest>),
}

/// A request that needs only the user's consent.
#[derive(Debug)]
pub struct ValidRequest {
    pub client: Client,
    pub redirect_uri: String,
    /// The client's rights, or the fewer that it asked for, and the other words that it asked for.
    pub granted: GrantedScope,
    /// Whether the requested scope differs from that.
    pub scope_differs: bool,
    pub code_challenge: Option<String>,
    pub nonce: Option<String>,
    pub identity: Identity,
    pub consent: Consent,
}

/// Whether the client's identity is assured (RFC 8252 section 8.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It has a secret, or an https redirect URI of its own.
    Assured,
    /// It has no secret, and any program on the user's device can take the code.
    Claimed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    Needed,
    /// It is needed, and the client wants nothing to be asked.
    Missing,
    /// By the user before, or by an administrator for everyone, to an assured client.
    Given,
}

/// In bytes. A longer state would make a URL that is too long.
pub const LONGEST_STATE: usize = 8 * 1024;

/// In bytes. It is stored until the code is redeemed.
const LONGEST_NONCE: usize = 512;

impl AuthorizationRequest {
    /// Returns whether the client wants nothing to be asked or shown.
    pub fn is_silent(&self) -> bool {
        self.sign_in.as_ref().is_some_and(|sign_in| sign_in.prompt().none)
    }

    /// Returns how the client is answered; `None` for a mode that is unknown, or in which nothing can be sent to its redirect URI.
    pub fn response_mode(&self, redirect_uri: &str) -> Option<ResponseMode> {
        match self.response_mode.as_deref() {
            None | Some("query") => Some(ResponseMode::Query),
            Some("form_post") => Origin::parse(redirect_uri)?.as_source().map(|_| ResponseMode::FormPost),
            Some(_) => None,
        }
    }
}

/// Judges an authorization request of the signed-in user, or of nobody if the client wants nothing to be asked.
/// # Errors
/// Only those of the store. A refusal is a [`Decision`].
pub fn judge(tx: &Tx<'_>, settings: &Settings, session: Option<&Session>, request: &AuthorizationRequest) -> Result<Decision> {
    let client = match request.client_id.parse() {
        Ok(id) => tx.client(&id, Deleted::No)?,
        Err(_) => None,
    };
    let Some(client) = client else {
        let reason = if request.client_id.is_empty() { &CLIENT_UNNAMED } else { &CLIENT_UNKNOWN_TO_US };
        return Ok(Decision::ErrorPage(Refusal::of(reason).with("client_id", &request.client_id)));
    };
    let redirect_uri = match redirect_uri(&client, request) {
        Ok(uri) => uri,
        Err(refusal) => return Ok(Decision::ErrorPage(refusal)),
    };
    let send_back = |refusal| Ok(Decision::ErrorRedirect { redirect_uri: redirect_uri.clone(), refusal });
    let Some(session) = session else {
        return match state_reason(tx, None, &client)? {
            // Anybody can register a client, and would have links here that lead anywhere.
            Some(reason) => Ok(Decision::ErrorPage(Refusal::to(reason, &client.id))),
            None => send_back(Refusal::to(reason_against(tx, request, &client, &redirect_uri)?.unwrap_or(&SIGN_IN_NEEDED), &client.id)),
        };
    };
    let reason = match reason_against(tx, request, &client, &redirect_uri)? {
        Some(reason) => Some(reason),
        None => state_reason(tx, Some(session), &client)?,
    };
    if let Some(reason) = reason.or(request.scope.asks_in_vain(&GrantedScope::most_of(&client)).then_some(&SCOPE_WITHOUT_RIGHT)) {
        return send_back(Refusal::to(reason, &client.id));
    }
    let demanded = request.sign_in.as_ref().map_or(Ok(Ok(SignInStep::Nothing)), |sign_in| sign_in.judge(tx, settings, &client, session))?;
    let is_another_wanted = match demanded {
        Err(refusal) => return send_back(refusal),
        Ok(SignInStep::SignIn) => return Ok(Decision::SignIn),
        Ok(SignInStep::SelectAccount) if !request.is_silent() => return Ok(Decision::SelectAccount(Box::new(client))),
        Ok(step) => step == SignInStep::SelectAccount,
    };
    if !groups::may_use(tx, &client.sign_in, &session.user_id)? {
        return send_back(Refusal::to(&USER_OUTSIDE_GROUPS, &client.id));
    }
    match check_user(tx, &session.user_id, &client)? {
        Err(_) if request.is_silent() => send_back(Refusal::to(&USER_NEEDED, &client.id)),
        Err(refusal) => Ok(Decision::ErrorPage(refusal)),
        Ok(()) => {
            let asked = proceed(tx, session, client, redirect_uri.clone(), request)?;
            // A client would find out by guesses at `login_hint` who a user is that has not agreed.
            if is_another_wanted && asked.consent != Consent::Missing {
                return send_back(Refusal::to(&ACCOUNT_SELECTION_NEEDED, &asked.client.id));
            }
            Ok(Decision::Proceed(Box::new(asked)))
        }
    }
}

/// A client that waits for somebody to sign in, and where it has the user sent.
#[derive(Debug)]
pub struct WaitingClient {
    pub client: Client,
    pub redirect_uri: String,
}

/// Returns the client that waits for somebody to sign in, if strangers may be told of it. `None` if nobody's sign-in would let its request be
/// granted, if it is for some groups or flagged, or if the request does not name a redirect URI of it.
pub(crate) fn waiting_client(tx: &Tx<'_>, settings: &Settings, request: &AuthorizationRequest) -> Result<Option<WaitingClient>> {
    if request.redirect_uri.is_none() {
        return Ok(None);
    }
    match (judge(tx, settings, None, request)?, request.client_id.parse()) {
        (Decision::ErrorRedirect { refusal, redirect_uri }, Ok(id)) if *refusal.reason == SIGN_IN_NEEDED => {
            let is_for_all = |client: &Client| client.state == State::Approved && client.sign_in.allowed_groups.is_empty();
            Ok(tx.client(&id, Deleted::No)?.filter(is_for_all).map(|client| WaitingClient { client, redirect_uri }))
        }
        _ => Ok(None),
    }
}

fn proceed(tx: &Tx<'_>, session: &Session, client: Client, redirect_uri: String, request: &AuthorizationRequest) -> Result<ValidRequest> {
    let granted = request.scope.granted(&GrantedScope::most_of(&client));
    let identity = identity(tx, &client, &redirect_uri)?;
    let prompt = request.sign_in.as_ref().map(SignInRequest::prompt).unwrap_or_default();
    let consent = match consent(tx, session, &client, identity, &granted)? {
        Consent::Given if prompt.consent => Consent::Needed,
        Consent::Needed if prompt.none => Consent::Missing,
        judged => judged,
    };
    Ok(ValidRequest {
        client,
        redirect_uri,
        scope_differs: request.scope.differs_from(&granted),
        granted,
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        identity,
        consent,
    })
}

/// Returns the redirect URI, before which no redirect may happen (checks 1 to 5).
/// # Errors
/// The refusal for a page.
pub fn redirect_uri(client: &Client, request: &AuthorizationRequest) -> Judged<String> {
    if let Some("client_id" | "redirect_uri") = request.repeated {
        return Err(Refusal::to(&PARAMETER_REPEATED, &client.id));
    }
    match (&request.redirect_uri, client.redirect_uris.as_slice()) {
        (_, []) => Err(Refusal::to(&CLIENT_WITHOUT_REDIRECT_URI, &client.id)),
        (None, [only]) => uri::resolved(only).ok_or_else(|| Refusal::to(&REDIRECT_URI_NOT_REGISTERED, &client.id)),
        (None, _) => Err(Refusal::to(&REDIRECT_URI_MISSING, &client.id)),
        (Some(sent), registered) => uri::matching(registered, sent).ok_or_else(|| {
            Refusal::to(&REDIRECT_URI_NOT_REGISTERED, &client.id).differing("redirect_uri", nearest(registered, sent), sent)
        }),
    }
}

/// Returns the registered URI that most resembles the one sent.
fn nearest<'r>(registered: &'r [String], sent: &str) -> &'r str {
    registered.iter().max_by_key(|uri| uri::first_difference(uri, sent)).map_or("", String::as_str)
}

/// Runs checks 6 to 8, and checks what the request says of the sign-in and the answer.
fn reason_against(tx: &Tx<'_>, request: &AuthorizationRequest, client: &Client, redirect_uri: &str) -> Result<Option<&'static Reason>> {
    if request.repeated.is_some() {
        return Ok(Some(&PARAMETER_REPEATED));
    }
    if request.state.as_ref().is_some_and(|state| state.len() > LONGEST_STATE) {
        return Ok(Some(&STATE_TOO_LONG));
    }
    if request.scope.has_openid() && request.nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return Ok(Some(&NONCE_TOO_LONG));
    }
    if request.response_mode(redirect_uri).is_none() {
        return Ok(Some(&RESPONSE_MODE_UNSUPPORTED));
    }
    if let Some(reason) = request.sign_in.as_ref().and_then(SignInRequest::reason_against) {
        return Ok(Some(reason));
    }
    match request.response_type.as_deref() {
        Some("code") => {}
        None => return Ok(Some(&RESPONSE_TYPE_MISSING)),
        Some(_) => return Ok(Some(&RESPONSE_TYPE_UNSUPPORTED)),
    }
    match (&request.code_challenge, request.code_challenge_method.as_deref()) {
        (Some(challenge), _) if !pkce::is_well_formed(challenge) => return Ok(Some(&CODE_CHALLENGE_MALFORMED)),
        (Some(_), Some(pkce::METHOD)) => {}
        // A challenge without a method would be `plain`: anyone who sees the request could redeem the code.
        (Some(_), _) | (None, Some(_)) => return Ok(Some(&CODE_CHALLENGE_METHOD_UNSUPPORTED)),
        (None, None) => {
            if is_public(tx, &client.id)? {
                return Ok(Some(&CODE_CHALLENGE_MISSING));
            }
        }
    }
    if !client.grants.contains(&Grant::AuthorizationCode) {
        return Ok(Some(&CODE_GRANT_MISSING));
    }
    Ok(None)
}

/// Runs check 9: who waits for approval is used only by those who try it.
fn state_reason(tx: &Tx<'_>, session: Option<&Session>, client: &Client) -> Result<Option<&'static Reason>> {
    let may_try = |session: &Session| trials::may_try(tx, &client.id, &session.user_id);
    Ok(match client.state {
        State::Approved | State::Flagged => None,
        State::Requested if session.map(may_try).transpose()?.unwrap_or(false) => None,
        State::Requested => Some(&CLIENT_STATE_REQUESTED),
        State::Rejected => Some(&CLIENT_STATE_REJECTED),
        State::Suspended => Some(&CLIENT_STATE_SUSPENDED),
    })
}

/// Returns whether a client has no secret, and so cannot prove who it is (RFC 6749 section 2.1).
pub(crate) fn is_public(tx: &Tx<'_>, id: &ClientId) -> Result<bool> {
    Ok(tx.client_secrets(id)?.is_empty())
}

fn identity(tx: &Tx<'_>, client: &Client, redirect_uri: &str) -> Result<Identity> {
    let is_assured = uri::is_of_one_site(redirect_uri) || !is_public(tx, &client.id)?;
    Ok(if is_assured { Identity::Assured } else { Identity::Claimed })
}

/// Returns whether consent is needed. It always is for a client that only claims its identity: an earlier consent, or an administrator's,
/// may have been for another (RFC 8252 section 8.6).
fn consent(tx: &Tx<'_>, session: &Session, client: &Client, identity: Identity, asked: &GrantedScope) -> Result<Consent> {
    if identity == Identity::Claimed {
        return Ok(Consent::Needed);
    }
    let covered = tx.authorization(&session.user_id, &client.id)?.is_some_and(|authorization| asked.is_within(&authorization.agreed()));
    Ok(if client.skip_authorization || covered { Consent::Given } else { Consent::Needed })
}

/// Checks that a user may authorize a client: one who waits for approval is told so and authorizes nothing; one who has authorized too many
/// clients, no new one.
pub(crate) fn check_user(tx: &Tx<'_>, user_id: &UserId, client: &Client) -> Result<Judged<()>> {
    if let Some(waiting) = tx.standing(user_id, Deleted::No)?.filter(|standing| !standing::is_approved(standing)) {
        return Ok(Err(Refusal::to(&USER_NOT_APPROVED, &client.id).described(&waiting.state_description)));
    }
    let is_known = tx.authorization(user_id, &client.id)?.is_some();
    if is_known || tx.authorization_count(user_id)? < AUTHORIZATIONS.most as i64 {
        return Ok(Ok(()));
    }
    Ok(Err(Refusal::to(&AUTHORIZATIONS_FULL, &client.id).with("most", &AUTHORIZATIONS.most.to_string())))
}

/// Records that a user authorizes a client for what it asked for, `agreed` of which the user was asked about.
pub(crate) fn authorize(
    tx: &Tx<'_>,
    by: &Principal,
    user_id: &UserId,
    client: &Client,
    asked: &GrantedScope,
    agreed: &GrantedScope,
) -> Result<()> {
    let before = tx.authorization(user_id, &client.id)?;
    let was = before.as_ref().map(Authorization::granted).unwrap_or_default();
    let was_agreed = before.as_ref().map(Authorization::agreed).unwrap_or_default();
    // Agreeing to less keeps what was agreed to before.
    let is_narrowed = asked.rights != client.all_rights();
    let kept = if is_narrowed { was.rights } else { Rights::NONE };
    let granted = GrantedScope { rights: asked.rights.or(kept), words: asked.words.or(&was.words) };
    let agreed =
        GrantedScope { rights: was_agreed.rights.or(agreed.rights).and(granted.rights), words: was_agreed.words.or(&agreed.words) };
    tx.set_authorization(user_id, &client.id, &granted, &agreed)?;
    if before.is_none() || was != granted {
        let old = before.map_or(Value::Object(Default::default()), |_| shown(user_id, &was));
        history::record_values(tx, by, &Entity::Client(client.id.clone()), Action::Authorize, old, shown(user_id, &granted))?;
    }
    Ok(())
}

/// Returns an authorization as the history shows it.
fn shown(user_id: &UserId, granted: &GrantedScope) -> Value {
    let scopes = if granted.words.is_empty() { Value::Null } else { granted.words.texts().into() };
    value::present([("user_id", user_id.as_str().into()), ("rights", granted.rights.names().into()), ("scopes", scopes)])
}

/// Forgets for which request the user has signed in, because one was answered.
pub(crate) fn use_sign_in_up(tx: &Tx<'_>, session: &Session) -> Result<()> {
    if session.signed_in_for.is_some() { tx.forget_signed_in_for(&session.id) } else { Ok(()) }
}

/// Records the user's consent and issues a code.
pub(crate) fn grant(tx: &Tx<'_>, by: &Principal, session: &Session, asked: &ValidRequest) -> Result<Token> {
    let (user_id, client_id) = (&session.user_id, &asked.client.id);
    // If an administrator lets the client skip consent, the user has agreed to nothing: when that ends, the user is asked.
    let agreed = if asked.consent == Consent::Given { GrantedScope::default() } else { asked.granted.clone() };
    authorize(tx, by, user_id, &asked.client, &asked.granted, &agreed)?;
    let for_id_token = asked.granted.words.has_openid();
    let token = Token::fresh(TokenKind::AuthorizationCode);
    let code = AuthorizationCode {
        id: token.id.clone(),
        user_id: user_id.clone(),
        client_id: client_id.clone(),
        session_id: session.id.clone(),
        rights: asked.granted.rights,
        redirect_uri: asked.redirect_uri.clone(),
        code_challenge: asked.code_challenge.clone(),
        created_at: tx.now,
        expires_at: tx.now.plus_seconds(CODE_SECONDS),
        family_id: None,
        scope_differs: asked.scope_differs,
        words: asked.granted.words.clone(),
        nonce: asked.nonce.clone().filter(|_| for_id_token),
        signed_in_at: for_id_token.then_some(session.created_at),
    };
    use_sign_in_up(tx, session)?;
    tx.delete_surplus_authorization_codes(user_id, client_id, CODES.most - 1)?;
    tx.insert_authorization_code(&code, &Hash::of_generated(&token.key))?;
    Ok(token)
}
