//! Continues TLS handshakes: each costs more than a request, so they have turns of their own, in which the networks take turns.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::network::Network;
use crate::http::listener::connection::Phase;
use crate::http::listener::event_loop::EventLoop;
use crate::http::listener::limits::LARGEST_HANDSHAKE;
use crate::http::listener::rejection::HTTPS_PORT;
use crate::http::listener::tls::Handshake;

/// How long handshakes are continued before all other connections have their turn.
const A_TURN: Duration = Duration::from_millis(1);

impl EventLoop {
    /// Continues at least one handshake, and as many as the turn allows: the first of each network, then the second of each, and so on.
    pub(super) fn continue_handshakes(&mut self, now: Instant) {
        if self.handshakes.is_empty() {
            return;
        }
        let begun = Instant::now();
        let mut by_network: HashMap<Option<Network>, usize> = HashMap::new();
        let mut waiting: Vec<(usize, usize)> = Vec::new();
        for slot in std::mem::take(&mut self.handshakes) {
            if let Some(connection) = self.connections.get(slot) {
                let place = by_network.entry(connection.network).or_default();
                waiting.push((*place, slot));
                *place += 1;
            }
        }
        // Those of one network keep their order.
        waiting.sort_by_key(|(place, _)| *place);
        for (number, (_, slot)) in waiting.into_iter().enumerate() {
            if number > 0 && begun.elapsed() >= A_TURN {
                self.handshakes.push(slot);
            } else {
                self.continue_handshake(slot, now);
            }
        }
    }

    fn continue_handshake(&mut self, slot: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let Phase::Handshaking { received } = &mut connection.phase else { return };
        connection.has_more = false;
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
