//! Serializes replies.

use crate::base::log;
use crate::base::time::Clock;
use crate::http::reply::Reply;
use crate::http::request::Method;

/// Whether the connection stays open after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// HTTP/1.1, where it is the default.
    Yes,
    /// HTTP/1.0: the reply must say so.
    Announced,
    No,
}

/// The usual size of a head, in bytes.
const USUAL_HEAD: usize = 1024;

/// Returns a reply as it is sent: always with its date, and with its length except where there is no body by definition.
pub fn serialized(reply: &Reply, keep_alive: KeepAlive, method: Method) -> Vec<u8> {
    let reason = tiny_http::StatusCode(reply.status).default_reason_phrase();
    let mut bytes = Vec::with_capacity(USUAL_HEAD + reply.body.len());
    let mut line = |parts: &[&str]| {
        parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
        bytes.extend_from_slice(b"\r\n");
    };
    line(&["HTTP/1.1 ", &reply.status.to_string(), " ", reason]);
    // A server for tests has a time of its own.
    if !reply.has("Date") {
        line(&["Date: ", &Clock::System.now().in_http()]);
    }
    match keep_alive {
        KeepAlive::Yes => {}
        KeepAlive::Announced => line(&["Connection: keep-alive"]),
        KeepAlive::No => line(&["Connection: close"]),
    }
    for (name, value) in reply.headers.iter().filter(|(name, value)| is_safe(name, value)) {
        line(&[name, ": ", value]);
    }
    let has_body = !matches!(reply.status, 100..=199 | 204 | 304);
    if has_body {
        line(&["Content-Length: ", &reply.body.len().to_string()]);
    }
    line(&[]);
    if has_body && method != Method::Head {
        bytes.extend_from_slice(&reply.body);
    }
    bytes
}

/// Returns whether a value cannot end its line.
fn is_safe(name: &str, value: &str) -> bool {
    let safe = value.bytes().all(|b| (b' '..=b'~').contains(&b));
    if !safe {
        log::error("a header could not be sent", &[("header", name.into())]);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(reply: &Reply, keep_alive: KeepAlive, method: Method) -> String {
        String::from_utf8(serialized(reply, keep_alive, method)).unwrap()
    }

    #[test]
    fn a_reply_has_a_length_unless_it_has_no_body_by_definition() {
        let reply = Reply::new(200, "text/plain", b"hello".to_vec());
        let sent = text(&reply, KeepAlive::Yes, Method::Get);
        assert!(sent.starts_with("HTTP/1.1 200 OK\r\nDate: "), "{sent}");
        assert!(sent.ends_with(" GMT\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"), "{sent}");
        assert!(text(&reply, KeepAlive::Yes, Method::Head).ends_with("Content-Length: 5\r\n\r\n"));
        assert!(!text(&Reply::empty(204), KeepAlive::Yes, Method::Get).contains("Content-Length"));
        assert!(text(&reply, KeepAlive::No, Method::Get).contains("\r\nConnection: close\r\n"));
        assert!(text(&reply, KeepAlive::Announced, Method::Get).contains("\r\nConnection: keep-alive\r\n"));
    }

    #[test]
    fn a_reply_has_one_date() {
        let sent = text(&Reply::empty(204).with("Date", "Fri, 02 Jan 2026 03:04:05 GMT"), KeepAlive::Yes, Method::Get);
        assert_eq!(sent, "HTTP/1.1 204 No Content\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n");
    }

    #[test]
    fn a_header_that_could_end_its_line_is_not_sent() {
        assert!(
            text(&Reply::empty(200).with("X-Warning", "all is well: 100%"), KeepAlive::Yes, Method::Get)
                .contains("X-Warning: all is well: 100%")
        );
        for value in ["a\r\nSet-Cookie: x", "a\nb", "a\0b", "ä"] {
            assert!(!text(&Reply::empty(200).with("X-Warning", value), KeepAlive::Yes, Method::Get).contains("X-Warning"), "{value:?}");
        }
    }
}
