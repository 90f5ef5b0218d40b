//! Accepts connections, and closes others to make room for them.

use std::net::SocketAddr;
use std::time::Instant;

use mio::Token;

use crate::http::listener::acceptor::Accepted;
use crate::http::listener::connection::Connection;
use crate::http::listener::event_loop::EventLoop;
use crate::http::listener::head::Trust;
use crate::http::listener::limits::ACCEPTED_A_TURN;
use crate::http::listener::proxies::UNIX_PEER;
use crate::http::listener::public_socket::Protocol;
use crate::http::listener::rejection::TOO_MANY;
use crate::http::listener::resource::Resource;
use crate::http::listener::socket::PeerSocket;
use crate::http::listener::stream::Stream;
use crate::http::listener::tls::TlsSession;

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
    /// Accepts as many as a turn allows of each socket. At the limit one makes room for each; if workers have all, newcomers wait until one is
    /// answered.
    pub(super) fn accept_connections(&mut self, now: Instant) -> Backlog {
        let backlogs: Vec<Backlog> = (0..self.acceptors.len()).map(|acceptor| self.accept_from(acceptor, now)).collect();
        if backlogs.contains(&Backlog::More) { Backlog::More } else { Backlog::Unknown }
    }

    fn accept_from(&mut self, number: usize, now: Instant) -> Backlog {
        for _ in 0..ACCEPTED_A_TURN {
            if !self.acceptors[number].has_more(now) {
                return Backlog::Unknown;
            }
            let is_full = self.connections.used(Resource::Connections) >= self.limits.connections;
            let leaving = match is_full.then(|| self.who_makes_room(now)) {
                None => None,
                Some(MakesRoom::Now(slot)) => Some(slot),
                Some(MakesRoom::NextTurn) => return Backlog::More,
                Some(MakesRoom::Nobody) => return Backlog::Unknown,
            };
            match self.acceptors[number].accept(now) {
                Accepted::Connection(socket, address) => {
                    leaving.into_iter().for_each(|slot| self.make_room(slot, now));
                    self.accept(number, socket, address, now);
                }
                Accepted::WithSpare(socket, address) => {
                    self.save_descriptor(number, now);
                    self.accept(number, socket, address, now);
                }
                Accepted::Gone => {}
                Accepted::Nothing => return Backlog::Unknown,
                Accepted::NoDescriptor if self.save_descriptor(number, now) => {}
                Accepted::NoDescriptor => return Backlog::Unknown,
            }
        }
        Backlog::More
    }

    /// Closes a connection for its descriptor, so that it is known whether others wait. Returns whether there is one now.
    fn save_descriptor(&mut self, number: usize, now: Instant) -> bool {
        if let MakesRoom::Now(slot) = self.who_makes_room(now) {
            self.make_room(slot, now);
        }
        self.acceptors[number].save_spare()
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
            let _ = connection.socket.write(&self.rejections.reply(TOO_MANY, now));
        }
        self.connections.close(slot);
    }

    fn accept(&mut self, number: usize, socket: Stream, address: Option<SocketAddr>, now: Instant) {
        self.counts.accepted.add(1);
        let protocol = &self.acceptors[number].protocol;
        let peer = address.map_or(UNIX_PEER, |address| address.ip().to_canonical());
        let is_trusted = address.map_or_else(|| self.limits.proxies.trusts_unix(), |_| self.limits.proxies.trusts(peer));
        let trust = if is_trusted { Trust::Proxy } else { Trust::Untrusted };
        let tls = match protocol {
            Protocol::Https(config) => TlsSession::new(config.clone()).map(Some),
            Protocol::Http | Protocol::Redirect(_) => Ok(None),
        };
        let slot = self.connections.reserve();
        let connection = tls.ok().and_then(|tls| {
            let mut socket = PeerSocket::new(socket, tls);
            let token = Token(self.first_connection + self.connections.key(slot));
            let is_watched = socket.register(self.poll.registry(), token).is_ok();
            is_watched.then(|| Connection::new(socket, peer, trust, protocol, &self.limits, now))
        });
        self.connections.insert(slot, connection);
    }
}
