//! A request.

use std::fmt;
use std::net::IpAddr;

use crate::base::named::named;

named! {
    /// The methods of routes; every other one is `Other`.
    pub enum Method {
        Get = "GET",
        /// Answered by the row of GET, and without a body (RFC 9110 section 9.3.2).
        Head = "HEAD",
        Post = "POST",
        Put = "PUT",
        Delete = "DELETE",
        Options = "OPTIONS",
        Other = "other",
    }
}

impl Method {
    pub fn parse(name: &str) -> Method {
        Method::from_name(name).unwrap_or(Method::Other)
    }

    /// Returns whether it asks for what GET asks for.
    pub fn is_get_or_head(self) -> bool {
        matches!(self, Method::Get | Method::Head)
    }
}

/// A complete request; `target` is the request target as sent (`/path?query`).
pub struct Request {
    pub method: Method,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The request ID for the reply, its errors, the log and the events: the caller's own `X-Request-Id`, or a new one.
    pub id: String,
    /// The client's address.
    pub peer: IpAddr,
}

impl Request {
    /// Returns the part of the target before `?`, still percent-encoded.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// Returns the part of the target after `?`, still percent-encoded; empty without one.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Returns the media type of the body, in lower case and without parameters.
    pub fn media_type(&self) -> String {
        self.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Returns the last header of this name (in lower case): with several, the last one counts (registry.md 4.2).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns every header of this name (in lower case), in the order sent.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }
}

impl fmt::Debug for Request {
    /// Queries, headers and bodies hold secrets: none is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} with {} bytes", self.method.name(), self.path(), self.body.len())
    }
}
