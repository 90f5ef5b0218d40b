//! One public connection as the event loop sees it: what it waits for, and until when.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::base::network::Network;
use crate::http::listener::head::Trust;
use crate::http::listener::limits::Limits;
use crate::http::listener::proxies::TrustedProxies;
use crate::http::listener::public_socket::Protocol;
use crate::http::listener::reading::{Arrived, Awaited, Reader};
use crate::http::listener::resource::ResourceUse;
use crate::http::listener::sending::KeepAlive;
use crate::http::listener::socket::{More, PeerSocket};

/// Tells a peer to go on.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

#[derive(Debug)]
pub struct Connection {
    pub socket: Arc<PeerSocket>,
    pub peer: IpAddr,
    pub trust: Trust,
    /// Where every request is redirected to, instead of being answered.
    pub redirect: Option<Arc<str>>,
    /// The network whose share it counts in; `None` if the peer is a trusted proxy that has not said for whom it asks.
    pub network: Option<Network>,
    pub reader: Reader,
    pub phase: Phase,
    /// No worker has answered anything on it yet.
    pub is_newcomer: bool,
    /// The listener stops, and has received what it still receives on this connection.
    pub was_last_received: bool,
    /// What it was last counted with.
    pub counted: ResourceUse,
    pub counted_in: Option<Network>,
    /// It gets another turn, because there was more to do than one turn allows.
    pub has_more: bool,
    /// What the deadline is for while a request is read.
    awaited: Awaited,
    /// When it began to wait for what it waits for.
    since: Instant,
    /// When it is closed if nothing changes; a worker has no deadline.
    deadline: Instant,
}

#[derive(Debug)]
pub enum Phase {
    /// TLS is agreed on; so many bytes have arrived for that.
    Handshaking { received: usize },
    /// The event loop reads a request, or waits for one.
    Reading,
    /// A complete request waits for its turn.
    Waiting(ReceivedRequest),
    /// A worker has the request with this number, and returns the socket when it has answered.
    Serving { serial: u64 },
    /// The peer has not taken all of a reply.
    Replying { reply: Vec<u8>, sent: usize, keep_alive: bool },
    /// Nothing more will be sent; what the peer still sends is dropped until it ends, so that it sees the last reply.
    Draining { dropped: usize },
}

#[derive(Debug)]
pub struct ReceivedRequest {
    pub serial: u64,
    /// The address that asks: the peer, or the one that a trusted proxy asks for.
    pub from: IpAddr,
    pub arrived: Arrived,
    /// Whether more may have arrived after it.
    pub more: More,
    /// Whether the peer was probed.
    pub is_probed: bool,
}

/// What a connection is kept for, in the order in which they make room: until its peer has seen the last reply, for what the peer does next,
/// or for a request that waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stay {
    Ending,
    Open,
    Asking,
}

impl Connection {
    /// Begins with a connection that was just accepted. It must send a whole head, or end its handshake, as if it had begun to.
    pub fn new(socket: PeerSocket, peer: IpAddr, trust: Trust, protocol: &Protocol, limits: &Limits, now: Instant) -> Connection {
        let (phase, redirect) = match protocol {
            Protocol::Http => (Phase::Reading, None),
            Protocol::Https(_) => (Phase::Handshaking { received: 0 }, None),
            Protocol::Redirect(to) => (Phase::Reading, Some(to.clone())),
        };
        Connection {
            socket: Arc::new(socket),
            peer,
            trust,
            redirect,
            network: (trust == Trust::Untrusted).then(|| Network::around(peer)),
            reader: Reader::new(trust),
            phase,
            is_newcomer: true,
            was_last_received: false,
            counted: ResourceUse::default(),
            counted_in: None,
            has_more: false,
            awaited: Awaited::Head,
            since: now,
            deadline: now + limits.head,
        }
    }

    /// Waits for the first head once the handshake is over, as after a connection without TLS was accepted.
    pub fn end_handshake(&mut self, limits: &Limits, now: Instant) {
        self.phase = Phase::Reading;
        (self.since, self.deadline) = (now, now + limits.head);
    }

    /// Returns whether the peer is of this machine or a private network, as most proxies are, but not one of the trusted proxies.
    pub fn is_untrusted_but_near(&self) -> bool {
        let is_near = match self.peer {
            IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
            IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
        };
        self.trust == Trust::Untrusted && is_near
    }

    /// Counts it to the network that asks from now on. Returns the address that asks: the peer, or the one that a trusted proxy asks for.
    pub fn note_client(&mut self, proxies: &TrustedProxies, forwarded_for: Option<&str>) -> IpAddr {
        let from = match (self.trust, forwarded_for) {
            (Trust::Proxy, Some(forwarded_for)) => proxies.origin(self.peer, forwarded_for),
            (Trust::Proxy | Trust::Untrusted, _) => self.peer,
        };
        // What a proxy asks on its own behalf, or another proxy, counts to nobody.
        let is_proxy = self.trust == Trust::Proxy && (from == self.peer || proxies.trusts(from));
        self.network = (!is_proxy).then(|| Network::around(from));
        from
    }

    /// Waits for the next request, which may be there already, `since` the last reply was sent.
    pub fn begin_reading(&mut self, limits: &Limits, since: Instant) {
        self.socket.take();
        self.phase = Phase::Reading;
        self.is_newcomer = false;
        self.awaited = Awaited::Request;
        self.since = since;
        self.deadline = since + limits.idle;
    }

    /// Sets the deadline for what is awaited now, if that is something else than before, and who asks, once it is known.
    pub fn note_progress(&mut self, limits: &Limits, now: Instant) {
        let awaits = self.reader.awaits();
        if awaits == Awaited::Body && self.awaited != Awaited::Body {
            let forwarded_for = self.reader.forwarded_for().map(str::to_owned);
            self.note_client(&limits.proxies, forwarded_for.as_deref());
        }
        match (self.awaited, awaits) {
            (Awaited::Request, Awaited::Head) => (self.since, self.deadline) = (now, now + limits.head),
            (Awaited::Request, Awaited::Body) => (self.since, self.deadline) = (now, now + limits.body),
            (Awaited::Head, Awaited::Body) => self.deadline = now + limits.body,
            // One that was just accepted and has sent nothing, or empty lines only, has no more time for that.
            (Awaited::Request | Awaited::Head | Awaited::Body, _) => return,
        }
        self.awaited = awaits;
    }

    /// Keeps a request until its turn comes.
    pub fn begin_waiting(&mut self, mut request: ReceivedRequest, now: Instant) {
        if std::mem::take(&mut self.has_more) {
            request.more = More::Known;
        }
        self.phase = Phase::Waiting(request);
        self.since = now;
    }

    /// Returns whether a peer whose request waits has broken off the connection. No event tells if it did before the request was read.
    pub fn is_broken_off(&self) -> bool {
        matches!(self.phase, Phase::Waiting(_)) && self.socket.is_broken()
    }

    /// Finds out whether a peer is gone whose request waits, so that nobody works for it: if it is, what is written here fails or is answered
    /// with a reset, and if it only ended its stream, it ignores that (RFC 9110 section 15.2). Returns whether writing failed.
    pub fn is_found_gone(&mut self) -> bool {
        match &mut self.phase {
            Phase::Waiting(request)
                if request.arrived.head.keep_alive == KeepAlive::Yes && !request.is_probed && self.socket.has_ended() =>
            {
                request.is_probed = true;
                self.socket.write(CONTINUE).is_err()
            }
            _ => false,
        }
    }

    /// Returns whether the request with this number waits for its turn.
    pub fn waits(&self, serial: u64) -> bool {
        matches!(&self.phase, Phase::Waiting(request) if request.serial == serial)
    }

    /// Takes the request with this number, because its turn has come. `None` if it does not wait any more.
    pub fn take_waiting(&mut self, serial: u64) -> Option<ReceivedRequest> {
        match std::mem::replace(&mut self.phase, Phase::Reading) {
            Phase::Waiting(request) if request.serial == serial => Some(request),
            phase => {
                self.phase = phase;
                None
            }
        }
    }

    /// Waits until the peer takes the rest of a reply.
    pub fn begin_replying(&mut self, reply: Vec<u8>, sent: usize, keep_alive: bool, limits: &Limits, now: Instant) {
        self.socket.take();
        self.is_newcomer = false;
        self.phase = Phase::Replying { reply, sent, keep_alive };
        (self.since, self.deadline) = (now, now + limits.reply);
    }

    /// Ends the stream to the peer and waits until the peer ends its own.
    pub fn begin_draining(&mut self, limits: &Limits, now: Instant) {
        self.socket.end_writing();
        self.reader = Reader::new(self.trust);
        self.phase = Phase::Draining { dropped: 0 };
        (self.since, self.deadline) = (now, now + limits.drain);
    }

    pub fn usage(&self) -> ResourceUse {
        let (waiting, unsent) = match &self.phase {
            Phase::Waiting(request) => (request.arrived.held(), 0),
            Phase::Replying { reply, .. } => (0, reply.len()),
            Phase::Handshaking { received } => (*received, 0),
            Phase::Reading | Phase::Serving { .. } | Phase::Draining { .. } => (0, 0),
        };
        ResourceUse { connections: 1, unfinished: self.reader.held() + waiting, unsent }
    }

    /// Returns since when it has waited: for a request or the rest of one, for its turn, or until a reply is taken. `None` while a worker has
    /// it.
    pub fn waiting_since(&self, instant: impl Fn(u64) -> Instant) -> Option<(Stay, Instant)> {
        match self.phase {
            Phase::Serving { .. } => self.socket.returned_at().map(|at| (Stay::Open, instant(at))),
            Phase::Handshaking { .. } | Phase::Reading | Phase::Replying { .. } => Some((Stay::Open, self.since)),
            Phase::Waiting(_) => Some((Stay::Asking, self.since)),
            Phase::Draining { .. } => Some((Stay::Ending, self.since)),
        }
    }

    /// Returns whether it was accepted, or its next request begun, in the turn that began `now`.
    pub fn began_to_wait(&self, now: Instant) -> bool {
        matches!(self.phase, Phase::Handshaking { .. } | Phase::Reading) && self.since == now
    }

    /// Returns whether a part of a request has arrived.
    pub fn has_begun(&self) -> bool {
        match self.phase {
            Phase::Reading => self.reader.awaits() != Awaited::Request,
            Phase::Waiting(_) => true,
            Phase::Handshaking { .. } | Phase::Serving { .. } | Phase::Replying { .. } | Phase::Draining { .. } => false,
        }
    }

    /// Returns whether its deadline is over.
    pub fn is_overdue(&self, limits: &Limits, now: Instant, instant: impl Fn(u64) -> Instant) -> bool {
        match self.phase {
            Phase::Serving { .. } => self.socket.returned_at().is_some_and(|at| instant(at) + limits.idle <= now),
            Phase::Waiting(_) => false,
            Phase::Handshaking { .. } | Phase::Reading | Phase::Replying { .. } | Phase::Draining { .. } => self.deadline <= now,
        }
    }

    /// Returns whether its request is not answered, or the peer has only a part of its reply.
    pub fn is_busy(&self) -> bool {
        match self.phase {
            Phase::Serving { .. } => self.socket.returned_at().is_none(),
            Phase::Waiting(_) | Phase::Replying { .. } => true,
            Phase::Handshaking { .. } | Phase::Reading | Phase::Draining { .. } => false,
        }
    }
}
