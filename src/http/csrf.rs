//! Protects against cross-site request forgery (RFC 6749 section 10.12, RFC 9700 section 4.7).
//!
//! Two proofs count: where the browser says that the request comes from ([`Sender`]), and a token that only a page of this server can have.
//! A request from elsewhere is refused whatever token it has: other ports of this host can set cookies here, so nothing derived from a
//! cookie alone proves anything against them.

use crate::base::error::errors;
use crate::base::secret;
use crate::http::cookie::Cookies;
use crate::http::form::Form;
use crate::http::origin::Sender;
use crate::http::reply::Reply;
use crate::http::request::Request;

errors! {
    INVALID_CSRF_TOKEN: PermissionDenied "pkg/webmiddleware" "invalid_csrf_token" "invalid csrf token";
}

/// The form field with the token.
pub const FIELD: &str = "_csrf";

/// The purpose of the cookie that a sign-in page is bound to.
const COOKIE: &str = "csrf";

/// How long a sign-in page may stay open in a browser that does not say where it comes from, in seconds.
const LIFETIME_SECONDS: i64 = 12 * 60 * 60;

/// The token of the forms of a page.
#[derive(Default)]
pub struct FormToken(String);

/// The key of the tokens of sign-in pages. Lives as long as the process, and is never stored.
pub struct ServerKey(String);

impl ServerKey {
    pub fn fresh() -> ServerKey {
        ServerKey(secret::fresh_key())
    }
}

impl FormToken {
    /// Returns the token for a session, derived from its key, which only the browser's cookie holds.
    pub fn of_session(session: &secret::Token) -> FormToken {
        FormToken(secret::derived_key(&session.key, session.id.as_bytes(), "forms of the session"))
    }

    /// Returns the value for the hidden field [`FIELD`] of a form.
    pub fn value(&self) -> &str {
        &self.0
    }

    /// Adds the token to a page in a header for scripts. The page's own server must know where it is, nobody else.
    pub fn carried_by(&self, reply: Reply) -> Reply {
        reply.with("X-CSRF-Token", self.0.clone()).with("Referrer-Policy", "same-origin")
    }
}

/// A sign-in page, whose form has no session to be bound to. Its token is derived from a cookie with a key of this server.
pub struct SignInPage {
    cookie: String,
    pub token: FormToken,
}

impl SignInPage {
    /// Returns a page for this browser, which keeps its cookie.
    pub fn for_browser(request: &Request, cookies: &Cookies, server_key: &ServerKey) -> SignInPage {
        SignInPage::before(request, cookies, server_key).unwrap_or_else(|| SignInPage::of(secret::fresh_key(), server_key))
    }

    /// Returns the page that this browser was given before.
    pub fn before(request: &Request, cookies: &Cookies, server_key: &ServerKey) -> Option<SignInPage> {
        let cookie = cookies.one(request, COOKIE).filter(|value| is_well_formed(value))?;
        Some(SignInPage::of(cookie.to_owned(), server_key))
    }

    fn of(cookie: String, server_key: &ServerKey) -> SignInPage {
        let token = FormToken(secret::derived_key(&server_key.0, cookie.as_bytes(), "the form to sign in"));
        SignInPage { cookie, token }
    }

    pub fn carried_by(&self, reply: Reply, cookies: &Cookies) -> Reply {
        self.token.carried_by(reply).with("Set-Cookie", cookies.set(COOKIE, &self.cookie, Some(LIFETIME_SECONDS)))
    }
}

fn is_well_formed(cookie: &str) -> bool {
    cookie.len() == 52 && cookie.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether the token of a request is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormTokenCheck {
    Missing,
    Right,
    Wrong,
}

impl FormTokenCheck {
    /// Checks `X-CSRF-Token`, or without it the form field [`FIELD`]. Without an `expected` token none is right.
    pub fn of(request: &Request, expected: Option<&FormToken>) -> FormTokenCheck {
        let header = request.header("x-csrf-token").filter(|header| !header.is_empty()).map(str::to_owned);
        let shown = header.or_else(|| Form::of_body(request).ok().map(|form| form.verbatim(FIELD).to_owned())).unwrap_or_default();
        match expected {
            _ if shown.is_empty() => FormTokenCheck::Missing,
            Some(expected) if secret::equal(&expected.0, &shown) => FormTokenCheck::Right,
            Some(_) | None => FormTokenCheck::Wrong,
        }
    }
}

/// Returns whether the user meant to sign in. If the browser itself says so, a page from before a restart counts too.
pub fn sign_in_is_meant(sender: Sender, proof: FormTokenCheck) -> bool {
    sender == Sender::Here || is_meant(sender, proof)
}

/// Returns whether the signed-in user meant the request. A wrong token is that of another session: the page was made for another user.
pub fn is_meant(sender: Sender, proof: FormTokenCheck) -> bool {
    match (sender, proof) {
        (Sender::Elsewhere, _) | (_, FormTokenCheck::Wrong) | (Sender::SilentBrowser, FormTokenCheck::Missing) => false,
        (Sender::Here | Sender::Program | Sender::SilentBrowser, FormTokenCheck::Right)
        | (Sender::Here | Sender::Program, FormTokenCheck::Missing) => true,
    }
}
