//! What the listener counts for the metrics.

use crate::base::counter::Counter;

/// The statuses that the listener itself answers with.
const REJECTED: [u16; 9] = [400, 408, 413, 417, 431, 501, 502, 503, 505];

/// Written by the event loop, read by anyone.
#[derive(Debug, Default)]
pub struct ListenerCounts {
    /// The connections that are open.
    pub connections: Counter,
    /// The most connections that may be open.
    pub most_connections: Counter,
    /// The connections that were accepted.
    pub accepted: Counter,
    /// The complete requests that wait for their turn.
    pub waiting: Counter,
    /// The requests with `X-Forwarded-For` from this machine or a private network, but from no proxy that is trusted.
    pub forwarded_by_untrusted: Counter,
    rejections: [Counter; REJECTED.len()],
}

impl ListenerCounts {
    pub fn reject(&self, status: u16) {
        if let Some(place) = REJECTED.iter().position(|known| *known == status) {
            self.rejections[place].add(1);
        }
    }

    /// Returns how often the listener answered with each of its statuses.
    pub fn rejections(&self) -> impl Iterator<Item = (u16, u64)> {
        REJECTED.into_iter().zip(self.rejections.iter().map(Counter::get))
    }
}
