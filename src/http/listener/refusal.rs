//! What the listener answers itself: requests that cannot be passed on.

use std::time::{Duration, Instant};

use crate::base::log;
use crate::http::listener::limits::LOGGED_A_SECOND;

/// A refusal. The connection is closed after it: where the next request would start is no longer certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// What was wrong, for the person who wrote the client.
    pub why: &'static str,
}

/// In the words of The Things Stack, where more is taken.
pub const BODY_TOO_LARGE: Refusal = Refusal {
    status: 413,
    why: "error:pkg/webmiddleware:request_body_too_large (the body of the request is too large: it may have at most 1 MiB)",
};

impl Refusal {
    pub const fn bad_request(why: &'static str) -> Refusal {
        Refusal { status: 400, why }
    }

    /// The whole reply: a body in the shape of the API's errors, with the gRPC code nearest to the status.
    pub fn bytes(self) -> Vec<u8> {
        let code = match self.status {
            408 => 4,
            501 | 505 => 12,
            502 | 503 => 14,
            _ => 3,
        };
        let body = serde_json::json!({"code": code, "message": self.why}).to_string();
        let reason = tiny_http::StatusCode(self.status).default_reason_phrase();
        let again = if self.status == 503 { "Retry-After: 1\r\n" } else { "" };
        format!(
            "HTTP/1.1 {} {reason}\r\nConnection: close\r\n{again}Content-Type: application/json\r\nCache-Control: no-store\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.status,
            body.len(),
        )
        .into_bytes()
    }
}

/// Logs refusals, so many a second; the rest are counted, because each costs its peer less than a line costs the disk.
#[derive(Debug)]
pub struct RefusalLog {
    second: Instant,
    logged: usize,
    left_out: usize,
}

impl RefusalLog {
    pub fn new(now: Instant) -> RefusalLog {
        RefusalLog { second: now, logged: 0, left_out: 0 }
    }

    pub fn add(&mut self, refusal: Refusal, now: Instant) {
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            (self.second, self.logged) = (now, 0);
        }
        if self.logged >= LOGGED_A_SECOND {
            self.left_out += 1;
            return;
        }
        self.logged += 1;
        let left_out = std::mem::take(&mut self.left_out);
        let fields = [("status", refusal.status.into()), ("cause", refusal.why.into()), ("not_logged_before", left_out.into())];
        log::info("refused by the listener", if left_out > 0 { &fields } else { &fields[..2] });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_was_wrong_in_the_shape_of_the_api() {
        let text = String::from_utf8(Refusal { status: 503, why: "a \"reason\"" }.bytes()).unwrap();
        assert!(text.starts_with("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"), "{text}");
        assert!(text.ends_with("Content-Length: 36\r\n\r\n{\"code\":14,\"message\":\"a \\\"reason\\\"\"}"), "{text}");
    }
}
