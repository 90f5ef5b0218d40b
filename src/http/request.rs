//! One request, read whole before anyone looks at it.

use std::fmt;
use std::net::IpAddr;

/// The methods that have a meaning here; everything else is `Other`, which no route has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
    Options,
    Other,
}

impl Method {
    pub fn parse(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => Method::Other,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
            Method::Other => "other",
        }
    }
}

/// What arrived, in the order it arrived; `target` is the request target as sent (`/path?query`).
pub struct Request {
    pub method: Method,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Names this request in the reply, its errors, the log and the events: the caller's own `X-Request-Id` or a fresh one.
    pub id: String,
    /// Where it came from.
    pub peer: IpAddr,
}

impl Request {
    /// The part of the target before `?`, still percent-encoded.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The part of the target after `?`, still percent-encoded; empty without one.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The media type of the body, in lower case and without parameters.
    pub fn media_type(&self) -> String {
        self.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The last header of this name (given in lower case): with several, the last one wins (registry.md 4.2).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Every header of this name (given in lower case), in the order sent.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }
}

impl fmt::Debug for Request {
    /// Queries, headers and bodies carry secrets: none of them is ever shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} with {} bytes", self.method.name(), self.path(), self.body.len())
    }
}
