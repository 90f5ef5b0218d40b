//! A reply.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZero;

use serde_core::Serialize;

use crate::http::request::Method;

/// The headers of every reply, unless it sets them itself (registry.md 0.2, oauth.md 1.1).
pub const COMMON: &[(&str, &str)] = &[
    ("Cache-Control", "no-store"),
    ("Pragma", "no-cache"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-XSS-Protection", "1; mode=block"),
];

/// The headers of a reply that pages of any origin may read.
pub const FOR_ANY_ORIGIN: &[(&str, &str)] =
    &[("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate, X-Request-Id")];

/// Room for most bodies, in bytes: with less they would be copied as they grow.
const USUAL_BODY: usize = 1024;

/// Status, headers and body; `http::server` adds `Content-Length` and `Date`.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    pub body: Vec<u8>,
    /// If it refuses, the name of the reason; it is not sent.
    pub reason: Option<&'static str>,
    /// The form that its page has the browser post at once, if it does.
    pub form: Option<Box<PostedForm>>,
    pub delivery: Delivery,
}

/// Where the browser posts a form to, and its fields.
pub struct PostedForm {
    pub action: String,
    pub fields: Vec<(&'static str, String)>,
}

/// How much of a reply is sent, and how fast. Only a fixture sends less than all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    #[default]
    Whole,
    /// The head, and so many bytes of the body at most, or not even the head; then the connection ends.
    Cut(Option<usize>),
    /// So many bytes a second.
    Slow(NonZero<u32>),
}

impl Reply {
    /// Returns a reply with a body of this media type.
    pub fn new(status: u16, media_type: &'static str, body: Vec<u8>) -> Reply {
        Reply { headers: vec![("Content-Type", media_type.into())], body, ..Reply::empty(status) }
    }

    /// Returns a reply in compact JSON.
    pub fn json(status: u16, value: &impl Serialize) -> Reply {
        let mut text = Vec::with_capacity(USUAL_BODY);
        serde_json::to_writer(&mut text, value).expect("what is answered is JSON");
        Reply::json_text(status, text)
    }

    /// Returns a reply with JSON text, to which it adds a line break for people who read it on a terminal.
    pub fn json_text(status: u16, mut text: Vec<u8>) -> Reply {
        if text.last() != Some(&b'\n') {
            text.push(b'\n');
        }
        Reply::new(status, "application/json", text)
    }

    /// Returns a reply without a body or media type.
    pub fn empty(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new(), reason: None, form: None, delivery: Delivery::Whole }
    }

    /// Returns a redirect. After GET it announces a page (oauth.md 1.4.2); after POST the browser must not post again what it sent, perhaps
    /// a password (RFC 9700 section 4.12).
    pub fn redirect(method: Method, location: impl Into<Cow<'static, str>>) -> Reply {
        let reply = if method.is_get_or_head() { Reply::new(302, "text/html; charset=utf-8", Vec::new()) } else { Reply::empty(303) };
        reply.with("Location", location)
    }

    /// Names the reason of a refusal.
    pub fn because(self, reason: &'static str) -> Reply {
        Reply { reason: Some(reason), ..self }
    }

    /// Returns the first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.header(name).is_some()
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds those of these headers that are missing.
    pub fn with_missing(self, headers: &[(&'static str, &'static str)]) -> Reply {
        headers.iter().fold(self, |reply, (name, value)| if reply.has(name) { reply } else { reply.with(name, *value) })
    }
}

impl fmt::Debug for Reply {
    /// Bodies hold secrets: only their size is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}
