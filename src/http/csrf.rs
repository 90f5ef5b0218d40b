//! Did a browser send this because its user meant it, or because another site made it (OAuth contract 1.6.3)?
//!
//! Two proofs: a token that stands both in a cookie and in the request, which another site cannot read; and what the browser itself
//! says about where the request comes from.

use crate::base::error::errors;
use crate::base::secret;
use crate::http::cookie::{self, Transport};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::http::request::Request;

errors! {
    INVALID_CSRF_TOKEN: PermissionDenied "pkg/webmiddleware" "invalid_csrf_token" "invalid csrf token";
}

/// The cookie that holds the token, and the form field that repeats it.
const COOKIE: &str = "_csrf";

/// How long a form may stay open.
const LIFETIME_SECONDS: i64 = 12 * 60 * 60;

/// What the request says about where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A page of ours.
    Here,
    /// A page of somebody else.
    Elsewhere,
    /// Nothing: it is no browser, or an old one.
    Unsaid,
}

impl Origin {
    /// `public_url` is where the world finds this server.
    pub fn of(request: &Request, public_url: &str) -> Origin {
        match request.header("sec-fetch-site") {
            Some("same-origin" | "none") => return Origin::Here,
            Some(_) => return Origin::Elsewhere,
            None => {}
        }
        let named = request.header("origin").or_else(|| request.header("referer"));
        named.map_or(Origin::Unsaid, |named| if is_ours(named, public_url, request) { Origin::Here } else { Origin::Elsewhere })
    }
}

/// The token of a page with forms: the one that the browser has already, or a fresh one.
#[derive(Debug)]
pub struct Token {
    value: String,
    is_fresh: bool,
}

impl Token {
    pub fn of(request: &Request) -> Token {
        match cookie::read(request, COOKIE).filter(|value| is_well_formed(value)) {
            Some(value) => Token { value: value.to_owned(), is_fresh: false },
            None => Token { value: secret::fresh_key(), is_fresh: true },
        }
    }

    /// For the hidden field `_csrf` of a form.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The page, with the token where scripts look for it, and in its cookie.
    pub fn carried_by(&self, reply: Reply, transport: Transport) -> Reply {
        let reply = reply.with("X-CSRF-Token", self.value.clone());
        if self.is_fresh { reply.with("Set-Cookie", cookie::set(COOKIE, &self.value, Some(LIFETIME_SECONDS), transport)) } else { reply }
    }
}

/// Whether the request repeats the token of its cookie, in `X-CSRF-Token` or in the form field `_csrf`.
pub fn has_token(request: &Request) -> bool {
    let Some(kept) = cookie::read(request, COOKIE).filter(|value| is_well_formed(value)) else { return false };
    let repeated = match request.header("x-csrf-token") {
        Some(header) => Some(header.to_owned()),
        None => Form::of_body(request).ok().map(|form| form.verbatim(COOKIE).to_owned()),
    };
    repeated.is_some_and(|repeated| secret::equal(kept, &repeated))
}

fn is_well_formed(token: &str) -> bool {
    token.len() == 52 && token.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// An origin or a URL of ours: at the public URL, or at the very host that the browser asked.
fn is_ours(named: &str, public_url: &str, request: &Request) -> bool {
    let origin = |url: &str| {
        let (scheme, rest) = url.split_once("://")?;
        Some((scheme.to_owned(), rest.split('/').next().unwrap_or_default().to_owned()))
    };
    let Some((scheme, host)) = origin(named) else { return false };
    origin(public_url) == Some((scheme, host.clone())) || request.header("host") == Some(host.as_str())
}
