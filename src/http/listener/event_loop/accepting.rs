//! Accepts connections, and closes others to make room for them.

use std::net::SocketAddr;
use std::time::Instant;

use mio::Token;
use mio::net::TcpStream;

use crate::http::listener::acceptor::{Accepted, Acceptor};
use crate::http::listener::connection::Connection;
use crate::http::listener::event_loop::{EventLoop, FIRST_CONNECTION};
use crate::http::listener::head::Trust;
use crate::http::listener::limits::ACCEPTED_A_TURN;
use crate::http::listener::rejection::TOO_MANY;
use crate::http::listener::resource::Resource;
use crate::http::listener::socket::PeerSocket;

/// Which connection makes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MakesRoom {
    Now(usize),
    /// All that could were accepted in this turn, and not read yet.
    NextTurn,
    /// Workers have all.
    Nobody,
}

/// Whether connections wait to be accepted that could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backlog {
    /// The turn was over before there were none.
    More,
    /// None, or none that can be accepted before something happens that wakes the event loop.
    Unknown,
}

impl EventLoop {
    /// Accepts as many as a turn allows. At the limit one makes room for each; if workers have all, newcomers wait until one is answered.
    pub(super) fn accept_connections(&mut self, now: Instant) -> Backlog {
        for _ in 0..ACCEPTED_A_TURN {
            if self.acceptor.as_ref().is_none_or(|acceptor| !acceptor.has_more(now)) {
                return Backlog::Unknown;
            }
            let is_full = self.connections.used(Resource::Connections) >= self.limits.connections;
            let leaving = match is_full.then(|| self.who_makes_room(now)) {
                None => None,
                Some(MakesRoom::Now(slot)) => Some(slot),
                Some(MakesRoom::NextTurn) => return Backlog::More,
                Some(MakesRoom::Nobody) => return Backlog::Unknown,
            };
            let Some(acceptor) = self.acceptor.as_mut() else { return Backlog::Unknown };
            match acceptor.accept(now) {
                Accepted::Connection(socket, address) => {
                    leaving.into_iter().for_each(|slot| self.make_room(slot, now));
                    self.accept(socket, address, now);
                }
                Accepted::WithSpare(socket, address) => {
                    self.save_descriptor(now);
                    self.accept(socket, address, now);
                }
                Accepted::Gone => {}
                Accepted::Nothing => return Backlog::Unknown,
                Accepted::NoDescriptor if self.save_descriptor(now) => {}
                Accepted::NoDescriptor => return Backlog::Unknown,
            }
        }
        Backlog::More
    }

    /// Closes a connection for its descriptor, so that it is known whether others wait. Returns whether there is one now.
    fn save_descriptor(&mut self, now: Instant) -> bool {
        if let MakesRoom::Now(slot) = self.who_makes_room(now) {
            self.make_room(slot, now);
        }
        self.acceptor.as_mut().is_some_and(Acceptor::save_spare)
    }

    fn who_makes_room(&self, now: Instant) -> MakesRoom {
        let choose = || self.connections.choose_leaving(Resource::Connections, |at| self.pending.instant(at));
        let chosen = choose().or_else(|| {
            // Workers have all. The next answer ends its connection and wakes the event loop, unless one was given just now.
            self.pending.end_next();
            let answered = self.connections.iter().filter(|connection| connection.socket.is_ours_or_ask_for_notice()).count();
            if answered > 0 { choose() } else { None }
        });
        match chosen {
            Some(slot) if self.connections.get(slot).is_some_and(|connection| connection.began_to_wait(now)) => MakesRoom::NextTurn,
            Some(slot) => MakesRoom::Now(slot),
            None => MakesRoom::Nobody,
        }
    }

    /// Closes a connection at once. Its peer is told why if it has begun a request, as far as it can be told without waiting.
    fn make_room(&mut self, slot: usize, now: Instant) {
        if let Some(connection) = self.connections.get(slot).filter(|connection| connection.has_begun()) {
            let _ = connection.socket.write(&self.refusals.reply(TOO_MANY, now));
        }
        self.connections.close(slot);
    }

    fn accept(&mut self, socket: TcpStream, address: SocketAddr, now: Instant) {
        let slot = self.connections.reserve();
        let mut socket = PeerSocket::new(socket);
        let peer = address.ip().to_canonical();
        let trust = if self.limits.proxies.trusts(peer) { Trust::Proxy } else { Trust::Untrusted };
        let is_watched = socket.register(self.poll.registry(), Token(FIRST_CONNECTION + slot)).is_ok();
        self.connections.insert(slot, is_watched.then(|| Connection::new(socket, peer, trust, &self.limits, now)));
    }
}
