//! How long a try may take and how much it may read, whatever it consists of.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The longest a try takes, looking the name up included.
pub const LONGEST: Duration = Duration::from_secs(3);

/// The most bytes that are read of HTTP, heads and bodies of all answers together.
pub const MOST_HTTP: usize = 4096;

/// The most bytes of a TLS handshake, with the certificates.
const MOST_HANDSHAKE: usize = 32 * 1024;

/// The most bytes of a TLS record, which has to be read whole before its first byte can be (RFC 8446 section 5.2).
const MOST_RECORD: usize = 5 + 16 * 1024 + 256;

/// What a connection speaks below HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    None,
    Tls,
}

/// What is left of both, shared by the requests of a try.
#[derive(Debug)]
pub struct Budget {
    until: Instant,
    http: AtomicUsize,
    /// From the network, on the connection of this moment.
    wire: AtomicUsize,
}

impl Budget {
    pub fn fresh() -> Budget {
        Budget { until: Instant::now() + LONGEST, http: MOST_HTTP.into(), wire: 0.into() }
    }

    /// Returns the time that is left; `None` if it is over.
    pub fn time(&self) -> Option<Duration> {
        Some(self.until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// Begins a connection, on which the handshake comes first if it is one with TLS.
    pub fn begin_connection(&self, encryption: Encryption) {
        let first = match encryption {
            Encryption::Tls => MOST_HANDSHAKE,
            Encryption::None => self.http.load(Ordering::Relaxed),
        };
        self.wire.store(first, Ordering::Relaxed);
    }

    /// The handshake is over.
    pub fn begin_http_in_tls(&self) {
        self.wire.store(self.http.load(Ordering::Relaxed) + MOST_RECORD, Ordering::Relaxed);
    }

    pub fn wire(&self) -> usize {
        self.wire.load(Ordering::Relaxed)
    }

    pub fn take_wire(&self, bytes: usize) {
        take(&self.wire, bytes);
    }

    /// Takes bytes of HTTP that were read. Returns whether more may be.
    pub fn take_http(&self, bytes: usize) -> bool {
        take(&self.http, bytes);
        self.http.load(Ordering::Relaxed) > 0
    }
}

/// Takes from what is left. One thread uses a budget.
fn take(left: &AtomicUsize, bytes: usize) {
    left.store(left.load(Ordering::Relaxed).saturating_sub(bytes), Ordering::Relaxed);
}
