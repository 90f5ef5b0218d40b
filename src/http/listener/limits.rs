//! What a peer may use: sizes in bytes, times as durations.

use std::time::Duration;

use crate::http::listener::proxies::TrustedProxies;

/// The largest head of a request: its first line and its headers.
pub const LARGEST_HEAD: usize = 16 * 1024;

/// The most that a peer may send before its handshake is over.
pub const LARGEST_HANDSHAKE: usize = 16 * 1024;

/// The most headers that a request may have.
pub const MOST_HEADERS: usize = 100;

pub const LARGEST_BODY: usize = 1024 * 1024;

/// The most empty lines before a request (RFC 9112 section 2.2 asks for one).
pub const MOST_EMPTY_LINES: usize = 4;

/// The most that all chunk extensions of a body may take together (RFC 9112 section 7.1.1).
pub const LARGEST_EXTENSIONS: usize = 16 * 1024;

/// The most that requests which are not complete yet, or wait for their turn, may hold together.
pub const UNFINISHED_REQUESTS: usize = 64 * 1024 * 1024;

/// The most that replies which are not read yet may hold together.
pub const UNSENT_REPLIES: usize = 64 * 1024 * 1024;

/// The most bytes that are read from one connection before the others have their turn.
pub const READ_A_TURN: usize = 64 * 1024;

/// The most bytes that the event loop sends on one connection before the others have their turn.
pub const SENT_A_TURN: usize = 256 * 1024;

/// The most new connections that are accepted before the others have their turn.
pub const ACCEPTED_A_TURN: usize = 8;

/// How many requests are upstream per worker: one being answered, and the next.
pub const UPSTREAM_FOR_EACH_WORKER: usize = 2;

/// The most rejections that are logged in a second; those beyond it are counted.
pub const LOGGED_A_SECOND: usize = 20;

/// The most that a peer may still send on a connection that is being closed.
pub const LARGEST_DRAIN: usize = 1024 * 1024;

/// What the operator may choose, and what tests shorten.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Public connections open at one time.
    pub connections: usize,
    /// Whose `X-Forwarded-*` headers are believed.
    pub proxies: TrustedProxies,
    /// From the first byte of a head, or from the start of the connection, to its end.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// From the first byte of a reply to the last one that the peer has taken.
    pub reply: Duration,
    /// Between the end of a reply and the next request.
    pub idle: Duration,
    /// From the last byte sent on a connection that is being closed to its end.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 2048,
            proxies: TrustedProxies::default(),
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            reply: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            drain: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// Returns how often the deadlines are checked: connections are closed at most this late.
    pub fn pace(&self) -> Duration {
        let shortest = [self.head, self.body, self.reply, self.idle, self.drain].into_iter().min().unwrap_or_default();
        (shortest / 2).clamp(Duration::from_millis(10), Duration::from_millis(500))
    }
}
