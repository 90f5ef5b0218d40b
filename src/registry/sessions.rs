//! Sessions: who is signed in, in which browser (registry.md 6.6, oauth.md 1.6).

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

/// The purpose of the cookie that a session lives in.
pub const COOKIE: &str = "session";

/// What the cookie holds: the user, so that a session that is over can still be named, and the token of the session.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    pub user_id: UserId,
    pub token: Token,
}

impl Ticket {
    /// Reads a cookie; returns nothing for what is no ticket of ours.
    pub fn parse(cookie: &str) -> Option<Ticket> {
        let (user, token) = cookie.split_once('.')?;
        let token = Token::parse(token).filter(|token| token.kind == TokenKind::Session)?;
        Some(Ticket { user_id: user.parse().ok()?, token })
    }

    /// Returns what the cookie holds. The one way to see the secret.
    pub fn reveal(&self) -> String {
        format!("{}.{}", self.user_id, self.token.reveal())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:?}", self.user_id, self.token)
    }
}

/// Begins a session for somebody who has just proved to be this user. The sessions of the tickets that came along end: the one that the
/// same browser was in, and one that was planted there, beside which the new one would count as little as the old one did.
pub(super) fn begin(tx: &Tx<'_>, by: &Principal, user_id: &UserId, came_along: &[Ticket]) -> Result<Ticket> {
    for ticket in came_along {
        if let Some(old) = of_ticket(tx, ticket)? {
            delete(tx, by, &old.user_id, &old.id)?;
        }
    }
    let token = Token { kind: TokenKind::Session, id: secret::fresh_uuid(), key: secret::fresh_key() };
    let session = Session { id: token.id.clone(), user_id: user_id.clone(), created_at: tx.now, updated_at: tx.now };
    // Whoever signs in acts as the user from here on.
    let user = Principal { account: Some(AccountId::User(user_id.clone())), ..by.clone() };
    for surplus in tx.surplus_sessions(user_id, SESSIONS.most - 1, MOST_SURPLUS)? {
        delete(tx, &user, user_id, &surplus)?;
    }
    tx.insert_session(&session, &Hash::of_generated(&token.key))?;
    record(tx, &user, user_id, Action::BeginSession, &session.id)?;
    Ok(Ticket { user_id: user_id.clone(), token })
}

/// Returns the session that a token proves, if it has not ended.
pub fn proved(tx: &Tx<'_>, token: &Token) -> Result<Option<Session>> {
    match tx.session(&token.id)? {
        None => {
            // As much work as for a session that exists: its ID must not be learned from the time.
            secret::match_no_generated(&token.key);
            Ok(None)
        }
        Some((session, hash)) => Ok(Some(session).filter(|session| hash.matches(&token.key) && !session.has_ended(tx.now))),
    }
}

/// Returns the only one of these tickets that proves a session; none if several do, because nobody can tell which of them is the browser's
/// own.
pub fn only_proved(tx: &Tx<'_>, tickets: &[Ticket]) -> Result<Option<Ticket>> {
    let mut only = None;
    for ticket in tickets {
        if of_ticket(tx, ticket)?.is_some() && only.replace(ticket).is_some() {
            return Ok(None);
        }
    }
    Ok(only.cloned())
}

/// Returns the session that a ticket proves: a token of the user whom it names.
pub fn of_ticket(tx: &Tx<'_>, ticket: &Ticket) -> Result<Option<Session>> {
    Ok(proved(tx, &ticket.token)?.filter(|session| session.user_id == ticket.user_id))
}

/// Returns the refusal for a browser whose ticket, if it has one, proves nothing.
pub fn not_authenticated(ticket: Option<&Ticket>) -> Error {
    let cause = match ticket {
        None => AUTH_COOKIE.error(),
        Some(ticket) => not_found(&ticket.user_id, &ticket.token.id),
    };
    NOT_AUTHENTICATED.error().caused_by(cause).into()
}

pub fn list(tx: &Tx<'_>, user_id: &UserId, order: Order<SessionKey>, page: Page) -> Result<Listed<Session>> {
    tx.sessions(user_id, order, page)
}

/// Ends one session of a user. Tokens that were granted in it stay good.
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
