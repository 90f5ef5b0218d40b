//! One public connection as the door sees it: what it waits for, and until when.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::http::door::head::Trust;
use crate::http::door::limits::Limits;
use crate::http::door::line::Line;
use crate::http::door::reading::{Awaited, Reader};

#[derive(Debug)]
pub struct Connection {
    pub line: Arc<Line>,
    pub peer: IpAddr,
    pub trust: Trust,
    pub reader: Reader,
    pub phase: Phase,
    /// What its unfinished body counts in the sum of all.
    pub held: usize,
    /// When it began to wait for what it waits for.
    since: Instant,
    /// When it is closed if nothing changes; a worker has no deadline.
    deadline: Instant,
    /// It has not sent a whole request yet.
    is_fresh: bool,
}

#[derive(Debug)]
pub enum Phase {
    /// The door reads a request, or waits for one.
    Reading,
    /// A worker has the request with this number, and hands the connection back when it has answered.
    Serving { serial: u64 },
    /// The peer has not taken all of a reply.
    Replying { reply: Vec<u8>, sent: usize, keep_alive: bool },
    /// Nothing more will be sent; what the peer still sends is dropped until it ends, so that it sees the last reply.
    Lingering { dropped: usize },
}

impl Connection {
    /// One that was just taken. It must send a whole head as if it had begun to.
    pub fn new(line: Line, peer: IpAddr, trust: Trust, limits: &Limits, now: Instant) -> Connection {
        let (line, reader) = (Arc::new(line), Reader::new(trust));
        Connection { line, peer, trust, reader, phase: Phase::Reading, held: 0, since: now, deadline: now + limits.head, is_fresh: true }
    }

    /// It is the door's turn again: the next request may come, or be there already.
    pub fn begin_reading(&mut self, limits: &Limits, now: Instant) {
        self.line.take_back();
        self.phase = Phase::Reading;
        self.is_fresh = false;
        self.since = now;
        self.deadline = now + if self.reader.awaits() == Awaited::Request { limits.idle } else { limits.head };
    }

    /// A part of a request has arrived; `before` it, this was awaited.
    pub fn note_progress(&mut self, before: Awaited, limits: &Limits, now: Instant) {
        match (before, self.reader.awaits()) {
            (Awaited::Request | Awaited::Head, Awaited::Body) => self.deadline = now + limits.body,
            (Awaited::Request, Awaited::Head) if !self.is_fresh => self.deadline = now + limits.head,
            _ => {}
        }
    }

    pub fn begin_replying(&mut self, reply: Vec<u8>, sent: usize, keep_alive: bool, deadline: Instant) {
        self.line.take_back();
        self.phase = Phase::Replying { reply, sent, keep_alive };
        self.deadline = deadline;
    }

    pub fn begin_lingering(&mut self, deadline: Instant) {
        self.line.end_writing();
        self.reader = Reader::new(self.trust);
        self.phase = Phase::Lingering { dropped: 0 };
        self.deadline = deadline;
    }

    /// What is held of a reply that the peer does not take.
    pub fn unsent(&self) -> usize {
        match &self.phase {
            Phase::Replying { reply, .. } => reply.len(),
            _ => 0,
        }
    }

    /// Since when it has been idle, with nothing of a request there; nothing if it is not.
    pub fn idle_since(&self, instant: impl Fn(u64) -> Instant) -> Option<Instant> {
        match self.phase {
            Phase::Reading if self.reader.awaits() == Awaited::Request => Some(self.since),
            Phase::Serving { .. } => self.line.handed_back().map(instant),
            Phase::Reading | Phase::Replying { .. } | Phase::Lingering { .. } => None,
        }
    }

    pub fn is_overdue(&self, limits: &Limits, now: Instant, instant: impl Fn(u64) -> Instant) -> bool {
        match self.phase {
            Phase::Serving { .. } => self.idle_since(instant).is_some_and(|since| since + limits.idle <= now),
            Phase::Reading | Phase::Replying { .. } | Phase::Lingering { .. } => self.deadline <= now,
        }
    }

    /// Whether a worker has it, or the peer its reply only in part.
    pub fn is_busy(&self) -> bool {
        match self.phase {
            Phase::Serving { .. } => self.line.handed_back().is_none(),
            Phase::Replying { .. } => true,
            Phase::Reading | Phase::Lingering { .. } => false,
        }
    }
}
