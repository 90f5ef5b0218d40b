//! Reads requests, and sends each upstream when its turn comes.

use std::time::Instant;

use crate::base::network::Network;
use crate::base::request_id;
use crate::base::time::Clock;
use crate::http::listener::connection::{CONTINUE, Phase, ReceivedRequest};
use crate::http::listener::event_loop::{EventLoop, READ};
use crate::http::listener::fair_queue::InFlight;
use crate::http::listener::head::Head;
use crate::http::listener::limits::{READ_A_TURN, UNFINISHED_REQUESTS};
use crate::http::listener::pending::PendingEntry;
use crate::http::listener::reading::{Arrived, Awaited};
use crate::http::listener::rejection::{NO_UPSTREAM, TOO_MUCH};
use crate::http::listener::resource::Resource;
use crate::http::listener::sending::{KeepAlive, serialized};
use crate::http::listener::socket::{More, ReadOutcome};
use crate::http::reply::{COMMON, Reply};

impl EventLoop {
    /// Reads until a request is complete, no more bytes are there, or the turn is over.
    pub(super) fn read(&mut self, slot: usize, to_the_end: bool, now: Instant) {
        for _ in 0..READ_A_TURN / READ {
            let Some(connection) = self.connections.get_mut(slot) else { return };
            match connection.socket.read(&mut self.buffer) {
                Ok(ReadOutcome::Bytes(count, more)) => {
                    connection.reader.push(&self.buffer[..count]);
                    let more = if to_the_end { More::Known } else { more };
                    if !self.advance(slot, more, now) || more == More::Unknown {
                        return;
                    }
                }
                Ok(ReadOutcome::Nothing(More::Known)) => {}
                Ok(ReadOutcome::Nothing(More::Unknown)) => return,
                Ok(ReadOutcome::End) | Err(_) => return self.connections.close(slot),
            }
        }
        self.defer(slot);
    }

    /// Handles what has arrived. Returns whether more must arrive first.
    pub(super) fn advance(&mut self, slot: usize, more: More, now: Instant) -> bool {
        let Some(connection) = self.connections.get_mut(slot) else { return false };
        match connection.reader.take() {
            Err(rejection) => self.refuse(slot, rejection, now),
            Ok(Some(arrived)) => self.take_request(slot, arrived, more, now),
            Ok(None) => {
                connection.note_progress(&self.limits, now);
                if connection.reader.must_continue() {
                    // A peer that does not take even this will not send its body, and is cut for that.
                    let _ = connection.socket.write(CONTINUE);
                }
                self.connections.recount(slot);
                self.bound_unfinished(now);
                return self.connections.get(slot).is_some_and(|connection| matches!(connection.phase, Phase::Reading));
            }
        }
        false
    }

    /// Refuses unfinished requests until together they are below their limit.
    pub(super) fn bound_unfinished(&mut self, now: Instant) {
        while self.connections.used(Resource::Unfinished) > UNFINISHED_REQUESTS {
            let leaving = self.connections.choose_leaving(Resource::Unfinished, |at| self.pending.instant(at));
            let Some(slot) = leaving else { return };
            self.refuse(slot, TOO_MUCH, now);
        }
    }

    /// Sends a complete request upstream, or lets it wait for its turn.
    fn take_request(&mut self, slot: usize, arrived: Arrived, more: More, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if let Some(to) = &connection.redirect {
            let reply = redirect(to, &arrived.head);
            return self.send_last(slot, &reply, now);
        }
        let from = connection.note_client(&self.limits.proxies, arrived.head.forwarded_for.as_deref());
        self.serial += 1;
        if arrived.head.forwarded_for.is_some() && connection.is_untrusted_but_near() {
            self.counts.forwarded_by_untrusted.add(1);
        }
        let request = ReceivedRequest { serial: self.serial, from, arrived, more, is_probed: false };
        if let Some(in_flight) = self.queue.admit(Network::around(from)) {
            return self.send_upstream(slot, request, in_flight, now);
        }
        connection.begin_waiting(request, now);
        self.queue.push(Network::around(from), (slot, self.serial));
        self.connections.recount(slot);
        self.bound_unfinished(now);
    }

    pub(super) fn send_waiting(&mut self, now: Instant) {
        while let Some(((slot, serial), in_flight)) = self.queue.pop() {
            if let Some(request) = self.connections.get_mut(slot).and_then(|connection| connection.take_waiting(serial)) {
                self.send_upstream(slot, request, in_flight, now);
            }
        }
    }

    /// Records a request as pending, and queues its ID on an upstream connection.
    fn send_upstream(&mut self, slot: usize, request: ReceivedRequest, in_flight: InFlight, now: Instant) {
        let Some(upstream) = self.upstreams.choose() else { return self.refuse(slot, NO_UPSTREAM, now) };
        let ReceivedRequest { serial, from, arrived, more, .. } = request;
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let is_last = arrived.head.keep_alive == KeepAlive::No;
        let more = if !is_last && connection.reader.awaits() != Awaited::Request { More::Known } else { more };
        connection.phase = Phase::Serving { serial };
        connection.socket.give_to_worker(more);
        let socket = connection.socket.clone();
        self.connections.recount(slot);
        self.pending.add(slot, PendingEntry { serial, upstream, socket, from, arrived, in_flight });
        self.upstreams.queue(upstream, format!("GET /{slot}.{serial} HTTP/1.1\r\n\r\n").as_bytes());
    }
}

/// Returns a redirect to the same path and query below this URL. What the request says about the host counts for nothing.
fn redirect(to: &str, head: &Head) -> Vec<u8> {
    let target = Some(&*head.target).filter(|target| target.starts_with('/')).unwrap_or("/");
    let reply = Reply::empty(308).with("Location", format!("{to}{target}")).with("X-Request-Id", request_id::fresh(Clock::System.now()));
    serialized(&reply.with_missing(COMMON), KeepAlive::No, head.method)
}
