//! One request, read whole before anyone looks at it.

use std::fmt;
use std::net::IpAddr;

use crate::base::error::{Error, Result};

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
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Body,
    /// Names this request in the reply, the log and the events: the caller's own `X-Request-Id` or a fresh ULID.
    pub id: String,
    /// Where it came from.
    pub peer: IpAddr,
}

/// A body is held whole or not at all.
pub enum Body {
    Whole(Vec<u8>),
    /// More bytes than the server takes; none of them are kept.
    TooLarge,
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

    /// The whole body; refused if it was more than the server takes.
    pub fn whole_body(&self) -> Result<&[u8]> {
        match &self.body {
            Body::Whole(bytes) => Ok(bytes),
            Body::TooLarge => {
                Err(Error::malformed("error:pkg/webmiddleware:request_body_too_large (request body too large, at most 1 MiB)"))
            }
        }
    }

    /// The media type of the body, in lower case and without parameters.
    pub fn media_type(&self) -> String {
        self.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The last header of this name (given in lower case): with several, the last one wins (contract 4.2).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Body {
    /// Bodies carry secrets: only their size is ever shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Whole(bytes) => write!(f, "{} bytes", bytes.len()),
            Body::TooLarge => f.write_str("too large"),
        }
    }
}
