//! Reads what newcomers send: the handshakes and first requests of connections on which no worker has answered anything yet. Those who keep a
//! connection wait for none of them, however many there are, and among them the networks take turns.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::listener::connection::{Connection, Phase};
use crate::http::listener::event_loop::EventLoop;
use crate::http::listener::event_loop::accepting::Backlog;
use crate::http::listener::limits::LARGEST_HANDSHAKE;
use crate::http::listener::rejection::HTTPS_PORT;
use crate::http::listener::tls::Handshake;

/// How long newcomers are received before all other connections have their turn.
const A_TURN: Duration = Duration::from_micros(100);

/// In how many turns at most the last connections are accepted when the listener stops.
const LAST_TURNS: usize = 64;

impl EventLoop {
    /// Receives at least one newcomer, and as many as the turn allows, and accepts others.
    pub(super) fn receive_newcomers(&mut self, now: Instant) -> Backlog {
        let begun = Instant::now();
        // Of those that were closed meanwhile others may have the slots.
        let waits = |connection: &Connection| connection.is_newcomer && connection.has_more;
        while let Some(slot) = self.newcomers.pop(|slot| self.connections.get(*slot).is_some_and(waits)) {
            self.receive_newcomer(slot, now);
            if begun.elapsed() >= A_TURN {
                break;
            }
        }
        let backlog = self.accept_connections(now);
        self.spent_on_newcomers += begun.elapsed();
        backlog
    }

    /// Lets the threads that answer have the processor once newcomers alone have taken a turn of it: those who send the most of them would
    /// otherwise keep it.
    pub(super) fn pause_for_newcomers(&mut self) {
        if self.spent_on_newcomers >= A_TURN {
            self.spent_on_newcomers = Duration::ZERO;
            std::thread::yield_now();
        }
    }

    /// Accepts those who have connected by now and then nobody any more, and receives what all have sent, also if no event has told of it yet.
    pub(super) fn receive_the_last(&mut self, now: Instant) {
        // The limit of connections could keep it from coming to an end.
        let _ = (0..LAST_TURNS).find(|_| self.accept_connections(now) == Backlog::Unknown);
        self.acceptors.clear();
        for slot in 0..self.connections.end() {
            let Some(connection) = self.connections.get_mut(slot) else { continue };
            // The others are received when their request is answered.
            connection.was_last_received = !connection.is_busy();
            if connection.is_newcomer { self.receive_newcomer(slot, now) } else { self.handle_event(slot, false, now) }
        }
    }

    fn receive_newcomer(&mut self, slot: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        connection.has_more = false;
        match connection.phase {
            Phase::Handshaking { .. } => self.continue_handshake(slot, now),
            Phase::Reading => self.read(slot, true, now),
            Phase::Draining { .. } => self.drop_arriving(slot),
            Phase::Waiting(_) | Phase::Serving { .. } | Phase::Replying { .. } => {}
        }
    }

    fn continue_handshake(&mut self, slot: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let Phase::Handshaking { received } = &mut connection.phase else { return };
        if *received == 0 && connection.socket.begins_with_http() {
            connection.end_handshake(&self.limits, now);
            Arc::get_mut(&mut connection.socket).into_iter().for_each(|socket| socket.speak_plainly());
            return self.refuse(slot, HTTPS_PORT, now);
        }
        let outcome = connection.socket.continue_handshake(received);
        let is_too_large = *received > LARGEST_HANDSHAKE;
        self.connections.recount(slot);
        match outcome {
            Ok(Handshake::Done) => self.begin_requests(slot, now),
            Ok(_) if is_too_large => self.connections.close(slot),
            Ok(Handshake::Waiting) => self.bound_unfinished(now),
            Ok(Handshake::Unfinished) => {
                self.defer(slot);
                self.bound_unfinished(now);
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.rejections.note_handshake(&error, now);
                self.drain(slot, now);
            }
            Err(_) => self.connections.close(slot),
        }
    }

    fn begin_requests(&mut self, slot: usize, now: Instant) {
        if let Some(connection) = self.connections.get_mut(slot) {
            connection.end_handshake(&self.limits, now);
            self.connections.recount(slot);
            self.read(slot, true, now);
        }
    }
}
