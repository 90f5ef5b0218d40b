//! What follows an answer or a rejection: the rest of a reply, the next request, or the end of the connection.

use std::time::Instant;

use crate::http::listener::connection::Phase;
use crate::http::listener::event_loop::{EventLoop, READ};
use crate::http::listener::limits::{LARGEST_DRAIN, READ_A_TURN, SENT_A_TURN, UNSENT_REPLIES};
use crate::http::listener::pending::{Finished, Remaining};
use crate::http::listener::reading::Awaited;
use crate::http::listener::rejection::{LOST, Rejection};
use crate::http::listener::resource::Resource;
use crate::http::listener::socket::{More, ReadOutcome};

impl EventLoop {
    pub(super) fn after_answer(&mut self, finished: Finished, now: Instant) {
        let Finished { slot, serial, left } = finished;
        let is_stopping = self.pending.is_stopping();
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if !matches!(connection.phase, Phase::Serving { serial: current } if current == serial) {
            return;
        }
        let is_last = is_stopping && std::mem::replace(&mut connection.was_last_received, true);
        match left {
            Remaining::End => self.drain(slot, now),
            Remaining::Unread if is_last => self.drain(slot, now),
            Remaining::Unread => self.read_next(slot, now),
            Remaining::Rest { reply, sent, keep_alive } => {
                connection.begin_replying(reply, sent, keep_alive, &self.limits, now);
                self.connections.recount(slot);
                self.bound_unsent();
                self.send_rest(slot, now);
            }
        }
    }

    /// Closes connections whose peers do not read until what they hold is below its limit.
    fn bound_unsent(&mut self) {
        while self.connections.used(Resource::Unsent) > UNSENT_REPLIES {
            let leaving = self.connections.choose_leaving(Resource::Unsent, |at| self.pending.instant(at));
            let Some(slot) = leaving else { return };
            self.connections.close(slot);
        }
    }

    /// Reads the next request, a part of which may have come with the last one.
    pub(super) fn read_next(&mut self, slot: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        connection.begin_reading(&self.limits, now);
        if connection.reader.awaits() == Awaited::Request || self.advance(slot, More::Known, now) {
            self.read(slot, true, now);
        }
    }

    /// Sends what is left of a reply, as far as the peer takes it and the turn allows.
    pub(super) fn send_rest(&mut self, slot: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let Phase::Replying { reply, sent, keep_alive } = &mut connection.phase else { return };
        let end = reply.len().min(*sent + SENT_A_TURN);
        match connection.socket.write(&reply[*sent..end]) {
            Err(_) => self.connections.close(slot),
            Ok(count) => {
                *sent += count;
                if *sent < end || (end == reply.len() && connection.socket.holds_back()) {
                    return;
                }
                if end < reply.len() {
                    return self.defer(slot);
                }
                let keep_alive = *keep_alive;
                connection.phase = Phase::Reading;
                self.connections.recount(slot);
                if keep_alive { self.read_next(slot, now) } else { self.drain(slot, now) }
            }
        }
    }

    /// Sends the rejection and lets the peer see it before the connection ends; in the middle of a reply or a handshake the connection just ends.
    pub(super) fn refuse(&mut self, slot: usize, rejection: Rejection, now: Instant) {
        let Some(connection) = self.connections.get(slot) else { return };
        if matches!(connection.phase, Phase::Replying { .. } | Phase::Handshaking { .. }) {
            return self.connections.close(slot);
        }
        let reply = self.rejections.reply(rejection, now);
        self.send_last(slot, &reply, now);
    }

    /// Sends the last reply of a connection, as far as the peer takes it at once.
    pub(super) fn send_last(&mut self, slot: usize, reply: &[u8], now: Instant) {
        match self.connections.get(slot).map(|connection| connection.socket.write(reply)) {
            Some(Ok(_)) => self.drain(slot, now),
            Some(Err(_)) => self.connections.close(slot),
            None => {}
        }
    }

    pub(super) fn drain(&mut self, slot: usize, now: Instant) {
        if let Some(connection) = self.connections.get_mut(slot) {
            connection.begin_draining(&self.limits, now);
            self.connections.recount(slot);
            self.drop_arriving(slot);
        }
    }

    pub(super) fn drop_arriving(&mut self, slot: usize) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let Phase::Draining { dropped } = &mut connection.phase else { return };
        for _ in 0..READ_A_TURN / READ {
            match connection.socket.read_raw(&mut self.buffer) {
                Ok(ReadOutcome::Nothing(_)) => return,
                Ok(ReadOutcome::Bytes(count, _)) if *dropped < LARGEST_DRAIN => *dropped += count,
                Ok(ReadOutcome::Bytes(..) | ReadOutcome::End) | Err(_) => return self.connections.close(slot),
            }
        }
        self.defer(slot);
    }

    /// Answers 502 to requests that were sent on an upstream connection which was lost.
    pub(super) fn handle_lost_upstream(&mut self, upstream: usize, now: Instant) {
        for slot in self.pending.remove(upstream) {
            if let Some(connection) = self.connections.get(slot) {
                connection.socket.take();
                self.refuse(slot, LOST, now);
            }
        }
    }
}
