//! A row: its columns, and the functions that write one.

use crate::api::operation::{Gives, Takes};
use crate::base::error::Definition;
use crate::base::right::Right;
use crate::call::Handler;
use crate::http::request::Method;

/// Whom a route admits. What a handler checks beyond that is a rule of the domain, in `registry`.
#[derive(Clone, Copy, Debug)]
pub enum Guard {
    /// Anyone; credentials are not looked at.
    Open,
    /// Anyone, also without credentials; bad ones are refused.
    Anyone,
    /// The same, but the token of a suspended or rejected client counts as none (registry.md 4.2).
    RightsReader,
    /// Anyone; bad credentials count as none (registry.md 6.2).
    Registration,
    /// Anyone who knows the password in the request; not from a page of another site, which would use up the user's guesses.
    Password,
    /// Anyone with credentials; 401 otherwise.
    SignedIn,
    /// A user or an organization; others get this refusal.
    Account(&'static Definition),
    /// An administrator; others get this refusal.
    Admin(&'static Definition),
    /// The same, and bad credentials get it too (registry.md 4.2).
    Purge(&'static Definition),
    /// Holders of the right on the entity of the path's first capture.
    Holds(Right),
    /// The same, but the token of a suspended or rejected client is refused as such, not as one without rights (registry.md 4.2).
    HoldsToList(Right),
    /// The same as [`Guard::Holds`], also if the entity is deleted.
    HoldsEvenDeleted(Right),
    /// Holders of the right on the user of the path, and an access token of this user and of the client of the path.
    HoldsOrIsToken(Right),
    /// Anyone in a browser, with or without a session.
    Browser,
    /// Anyone in a browser who knows the password in the form.
    SignIn,
    /// A user with a browser session; 401 otherwise.
    SignedInBrowser,
    /// A client that authenticates in the request itself; its handler refuses it (RFC 6749 section 2.3).
    Client,
    /// A user with a browser session and this besides; others are redirected to sign in and back.
    Console(ConsoleAccess),
}

/// What a page of the Console requires of the user.
#[derive(Clone, Copy, Debug)]
pub enum ConsoleAccess {
    /// Nothing more.
    Any,
    /// To be an administrator; others get this refusal.
    Admin(&'static Definition),
    /// To hold the right on the entity of the path's first capture.
    Holds(Right),
    /// The same, also if the entity is deleted.
    HoldsEvenDeleted(Right),
}

#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its place in `ROUTES`.
    pub number: usize,
    /// `entity.operation`, as in the log.
    pub name: &'static str,
    pub method: Method,
    /// `{name}` captures a segment.
    pub path: &'static str,
    pub guard: Guard,
    pub handler: Handler,
    /// One sentence, for the documents made from the table.
    pub doc: &'static str,
    /// For the OpenAPI document; `None` outside the API, where OAuth describes itself (RFC 8414) and pages are for people.
    pub operation: Option<Operation>,
    /// The origins whose scripts may read the reply, besides those of the whole API.
    pub origins: Origins,
    /// Whether all that a handler with transactions of its own writes is what the server notes for itself (RFC 9110 section 9.2.1).
    pub is_safe: bool,
}

/// Web origins (Fetch, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origins {
    Own,
    Any,
}

/// An operation of the API, as the OpenAPI document describes it.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub takes: Takes,
    pub gives: Gives,
    /// Whether the ID or e-mail address it uses may be taken.
    pub can_conflict: bool,
    /// Whether there may be too many attempts, or changes in a day.
    pub is_limited: bool,
}

/// Returns a row outside the API.
pub(super) const fn route(
    name: &'static str,
    method: Method,
    path: &'static str,
    guard: Guard,
    handler: Handler,
    doc: &'static str,
) -> Route {
    assert!(
        !matches!(path.as_bytes(), [b'/', b'a', b'p', b'i', b'/', ..]),
        "a row of the API is an `operation`: it says what it takes and gives"
    );
    Route { number: 0, name, method, path, guard, handler, doc, operation: None, origins: Origins::Own, is_safe: false }
}

/// Returns a row of the API.
#[expect(clippy::too_many_arguments, reason = "as many as the table has columns")]
pub(super) const fn operation(
    name: &'static str,
    method: Method,
    path: &'static str,
    guard: Guard,
    handler: Handler,
    takes: Takes,
    gives: Gives,
    doc: &'static str,
) -> Route {
    Route {
        number: 0,
        name,
        method,
        path,
        guard,
        handler,
        doc,
        operation: Some(Operation { takes, gives, can_conflict: false, is_limited: false }),
        origins: Origins::Own,
        is_safe: false,
    }
}

impl Route {
    /// Returns whether it is about the server itself.
    pub fn is_about_server(&self) -> bool {
        matches!(self.handler, Handler::Server(_))
    }

    /// Returns whether HEAD is answered as GET is (RFC 9110 section 9.3.2). Not where GET issues a code or ends a session: a request for the
    /// headers alone has no effect.
    pub fn answers_head(&self) -> bool {
        let is_safe = self.is_safe || matches!(self.handler, Handler::Read(_) | Handler::List(_) | Handler::Server(_));
        self.method == Method::Get && is_safe
    }

    /// Says of a row that its handler changes nothing that a caller asked for.
    pub(super) const fn safe(self) -> Route {
        Route { is_safe: true, ..self }
    }

    /// Opens a row to clients in browsers on pages of any origin. Cookies are ignored there.
    pub(super) const fn for_any_origin(self) -> Route {
        Route { origins: Origins::Any, ..self }
    }

    /// Adds 409 to a row: an ID or an e-mail address may be taken.
    pub(super) const fn conflicting(mut self) -> Route {
        if let Some(operation) = &mut self.operation {
            operation.can_conflict = true;
        }
        self
    }

    /// Adds 429 to a row: attempts are limited, or it gives values, each of which the history keeps, up to a bound per day.
    pub(super) const fn limited(mut self) -> Route {
        if let Some(operation) = &mut self.operation {
            operation.is_limited = true;
        }
        self
    }
}
