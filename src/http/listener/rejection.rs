//! Rejects requests that cannot be sent upstream.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::log::Detail;
use crate::base::time::Clock;
use crate::base::{log, request_id};
use crate::http::listener::counts::ListenerCounts;
use crate::http::listener::limits::LOGGED_A_SECOND;
use crate::http::listener::sending::{KeepAlive, serialized};
use crate::http::reply::{COMMON, FOR_ANY_ORIGIN, Reply};
use crate::http::request::Method;

/// A rejection. The connection is closed after it: where the next request would start is no longer certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub status: u16,
    /// What was wrong, for the author of the client.
    pub why: &'static str,
}

pub const TOO_SLOW: Rejection = Rejection { status: 408, why: "the request did not arrive in time" };
pub const TOO_MUCH: Rejection = Rejection { status: 503, why: "too many large requests are arriving at once" };
pub const TOO_MANY: Rejection = Rejection { status: 503, why: "there are too many connections, and this one makes room for another" };
pub const HTTPS_PORT: Rejection = Rejection { status: 400, why: "this is an https port: the URL must begin with https://" };
pub const NO_UPSTREAM: Rejection = Rejection { status: 503, why: "the server cannot take requests just now" };
pub const LOST: Rejection = Rejection { status: 502, why: "the request was lost inside the server" };

/// Worded as by The Things Stack, which accepts more.
pub const BODY_TOO_LARGE: Rejection = Rejection {
    status: 413,
    why: "error:pkg/webmiddleware:request_body_too_large (the body of the request is too large: it may have at most 1 MiB)",
};

impl Rejection {
    pub const fn bad_request(why: &'static str) -> Rejection {
        Rejection { status: 400, why }
    }

    /// Returns the reply: a body in the shape of the API's errors, with the gRPC code nearest to the status. Pages of any origin may read
    /// it, because it is the same for everybody.
    fn bytes(self, request_id: String) -> Vec<u8> {
        let code = match self.status {
            408 => 4,
            501 | 505 => 12,
            502 | 503 => 14,
            _ => 3,
        };
        let reply = Reply::json(self.status, &serde_json::json!({"code": code, "message": self.why})).with("X-Request-Id", request_id);
        let reply = if self.status == 503 { reply.with("Retry-After", "1") } else { reply };
        serialized(&reply.with_missing(FOR_ANY_ORIGIN).with_missing(COMMON), KeepAlive::No, Method::Other)
    }
}

/// Logs at most [`LOGGED_A_SECOND`] rejections a second and counts the rest: each costs its peer less than a line costs the disk.
pub struct RejectionLog {
    counts: Arc<ListenerCounts>,
    second: Instant,
    logged: usize,
    left_out: usize,
}

impl RejectionLog {
    pub fn new(counts: Arc<ListenerCounts>, now: Instant) -> RejectionLog {
        RejectionLog { counts, second: now, logged: 0, left_out: 0 }
    }

    /// Logs and counts a rejection, and returns its reply. The line and the reply have the same request ID.
    pub fn reply(&mut self, rejection: Rejection, now: Instant) -> Vec<u8> {
        self.counts.reject(rejection.status);
        let request_id = request_id::fresh(Clock::System.now());
        let fields = vec![("status", rejection.status.into()), ("cause", rejection.why.into()), ("request_id", request_id.as_str().into())];
        self.log("refused by the listener", fields, now);
        rejection.bytes(request_id)
    }

    /// Logs that a TLS handshake failed.
    pub fn note_handshake(&mut self, error: &std::io::Error, now: Instant) {
        self.log("a TLS handshake failed", vec![("cause", error.to_string().into())], now);
    }

    fn log(&mut self, what: &str, mut fields: Vec<(&str, Detail<'_>)>, now: Instant) {
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            (self.second, self.logged) = (now, 0);
        }
        if self.logged >= LOGGED_A_SECOND {
            self.left_out += 1;
            return;
        }
        self.logged += 1;
        let left_out = std::mem::take(&mut self.left_out);
        if left_out > 0 {
            fields.push(("not_logged_before", left_out.into()));
        }
        log::info(what, &fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_says_what_was_wrong_in_the_shape_of_the_api() {
        let text = String::from_utf8(Rejection { status: 503, why: "a \"reason\"" }.bytes("an-id".to_owned())).unwrap();
        assert!(text.starts_with("HTTP/1.1 503 Service Unavailable\r\nDate: "), "{text}");
        for header in
            ["Connection: close", "Retry-After: 1", "X-Request-Id: an-id", "Access-Control-Allow-Origin: *", "Cache-Control: no-store"]
        {
            assert!(text.contains(&format!("\r\n{header}\r\n")), "{header} {text}");
        }
        assert!(text.ends_with("Content-Length: 37\r\n\r\n{\"code\":14,\"message\":\"a \\\"reason\\\"\"}\n"), "{text}");
    }
}
