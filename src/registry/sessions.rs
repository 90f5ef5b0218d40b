//! Browser sessions (registry.md 6.6, oauth.md 1.6).

use std::fmt;

use serde_json::json;

use crate::base::error::{Error, Result, errors};
use crate::base::id::{AccountId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::secret::{self, Hash, Token, TokenKind};
use crate::model::bounds::{MOST_SURPLUS, SESSIONS};
use crate::model::event::Action;
use crate::model::session::Session;
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::registry::principal::Principal;
use crate::store::sessions::SessionKey;
use crate::store::{Order, Tx};

errors! {
    USER_SESSION_NOT_FOUND: NotFound
        "pkg/identityserver/store" "user_session_not_found" "user session with id `{session_id}` not found";
    NOT_AUTHENTICATED: Unauthenticated "pkg/account" "not_authenticated" "not authenticated";
    AUTH_COOKIE: Unauthenticated "pkg/account/session" "auth_cookie" "get auth cookie";
}

/// The name of the session cookie.
pub const COOKIE: &str = "session";

/// The session cookie: the user, who is named even when the session has ended, and the token of the session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionCookie {
    pub user_id: UserId,
    pub token: Token,
}

impl SessionCookie {
    /// Parses a cookie; returns `None` if it is not a session cookie of ours.
    pub fn parse(cookie: &str) -> Option<SessionCookie> {
        let (user, token) = cookie.split_once('.')?;
        let token = Token::parse(token).filter(|token| token.kind == TokenKind::Session)?;
        Some(SessionCookie { user_id: user.parse().ok()?, token })
    }

    /// Returns the value of the cookie. The only way to see the secret.
    pub fn reveal(&self) -> String {
        format!("{}.{}", self.user_id, self.token.reveal())
    }
}

impl fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:?}", self.user_id, self.token)
    }
}

/// From where a session begins; empty where that is not known.
#[derive(Debug, Default)]
pub(super) struct SessionPlace {
    /// The request for which the user was asked to sign in, if there is one.
    pub signed_in_for: Option<String>,
    pub browser: String,
    pub network: String,
}

/// Begins a session for a user who has just signed in, and ends the sessions of the cookies in the request: the browser's former one, and
/// one that was planted, which would leave it undecided which of the two is the browser's own.
pub(super) fn begin(
    tx: &Tx<'_>,
    by: &Principal,
    user_id: &UserId,
    presented: &[SessionCookie],
    from: SessionPlace,
) -> Result<SessionCookie> {
    for session_cookie in presented {
        if let Some(old) = of_session_cookie(tx, session_cookie)? {
            delete(tx, by, &old.user_id, &old.id)?;
        }
    }
    let token = Token { kind: TokenKind::Session, id: secret::fresh_uuid(), key: secret::fresh_key() };
    let SessionPlace { browser, network, signed_in_for } = from;
    let signed_in_for = signed_in_for.as_deref().map(secret::digest);
    let (id, user) = (token.id.clone(), user_id.clone());
    let session = Session { id, user_id: user, created_at: tx.now, updated_at: tx.now, signed_in_for, browser, network };
    // The caller acts as the user from here on.
    let user = Principal { account: Some(AccountId::User(user_id.clone())), ..by.clone() };
    for surplus in tx.surplus_sessions(user_id, SESSIONS.most - 1, MOST_SURPLUS)? {
        delete(tx, &user, user_id, &surplus)?;
    }
    tx.insert_session(&session, &Hash::of_generated(&token.key))?;
    record(tx, &user, user_id, Action::BeginSession, &session.id)?;
    Ok(SessionCookie { user_id: user_id.clone(), token })
}

/// Returns the session that a token proves, if it has not ended.
pub(super) fn proved(tx: &Tx<'_>, token: &Token) -> Result<Option<Session>> {
    match tx.session(&token.id)? {
        None => {
            // Takes as long as for a session that exists, so the time doesn't disclose its ID.
            secret::match_no_generated(&token.key);
            Ok(None)
        }
        Some((session, hash)) => Ok(Some(session).filter(|session| hash.matches(&token.key) && !session.has_ended(tx.now))),
    }
}

/// Returns the only one of these cookies that proves a session, or `None` if several do: which of them is the browser's own is unknown.
pub(crate) fn only_proved(tx: &Tx<'_>, session_cookies: &[SessionCookie]) -> Result<Option<SessionCookie>> {
    let mut only = None;
    for session_cookie in session_cookies {
        if of_session_cookie(tx, session_cookie)?.is_some() && only.replace(session_cookie).is_some() {
            return Ok(None);
        }
    }
    Ok(only.cloned())
}

/// Returns the session that a cookie proves: its token belongs to the user whom it names.
pub(crate) fn of_session_cookie(tx: &Tx<'_>, session_cookie: &SessionCookie) -> Result<Option<Session>> {
    Ok(proved(tx, &session_cookie.token)?.filter(|session| session.user_id == session_cookie.user_id))
}

/// Returns the refusal for a browser without a session cookie, or with one that proves no session.
pub fn not_authenticated(session_cookie: Option<&SessionCookie>) -> Error {
    let cause = match session_cookie {
        None => AUTH_COOKIE.error(),
        Some(session_cookie) => not_found(&session_cookie.user_id, &session_cookie.token.id),
    };
    NOT_AUTHENTICATED.error().caused_by(cause).into()
}

pub(crate) fn list(tx: &Tx<'_>, user_id: &UserId, order: Order<SessionKey>, page: Page) -> Result<Listed<Session>> {
    tx.sessions(user_id, order, page)
}

/// Ends one session of a user. Tokens granted in it stay valid.
/// # Errors
/// `user_session_not_found`, also if it is another user's.
pub fn delete(tx: &Tx<'_>, by: &Principal, user_id: &UserId, id: &str) -> Result<()> {
    let is_theirs = tx.session(id)?.is_some_and(|(session, _)| session.user_id == *user_id);
    if !is_theirs || !tx.delete_session(id)? {
        return Err(not_found(user_id, id).into());
    }
    record(tx, by, user_id, Action::EndSession, id)
}

fn not_found(user_id: &UserId, id: &str) -> crate::base::error::Named {
    USER_SESSION_NOT_FOUND.with("session_id", id).with("user_id", user_id.as_str())
}

fn record(tx: &Tx<'_>, by: &Principal, user_id: &UserId, action: Action, id: &str) -> Result<()> {
    let session = json!({"session_id": id});
    let (old, new) = match action {
        Action::BeginSession => (json!({}), session),
        _ => (session, json!({})),
    };
    history::record_values(tx, by, &Entity::User(user_id.clone()), action, old, new)
}
