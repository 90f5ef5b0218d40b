//! The thread that waits for all sockets and deadlines at once, and never for a single one of them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Poll, Token, Waker};

use crate::http::listener::acceptor::{self, Accepted, Acceptor};
use crate::http::listener::connection::{CONTINUE, Connection, Phase, ReceivedRequest};
use crate::http::listener::connections::{Connections, Resource};
use crate::http::listener::fair_queue::{FairQueue, InFlight};
use crate::http::listener::head::{KeepAlive, PENDING, Trust};
use crate::http::listener::limits::{
    ACCEPTED_A_TURN, LARGEST_DRAIN, Limits, READ_A_TURN, SENT_A_TURN, UNFINISHED_REQUESTS, UNSENT_REPLIES,
};
use crate::http::listener::pending::{Finished, PendingEntry, PendingRequests, Remaining};
use crate::http::listener::proxies::Network;
use crate::http::listener::reading::{Arrived, Awaited};
use crate::http::listener::rejection::{LOST, NO_UPSTREAM, RefusalLog, Rejection, TOO_MANY, TOO_MUCH, TOO_SLOW};
use crate::http::listener::socket::{More, PeerSocket};
use crate::http::listener::upstream::{SocketFile, UPSTREAMS, Upstreams};

const LISTENING: Token = Token(0);
const WAKER: Token = Token(1);
const FIRST_UPSTREAM: usize = 2;
const FIRST_CONNECTION: usize = FIRST_UPSTREAM + UPSTREAMS;

/// How many bytes are read at a time.
const READ: usize = 16 * 1024;

/// How often a listener that is stopping checks whether everyone has been answered.
const CLOSING: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct EventLoop {
    poll: Poll,
    pending: Arc<PendingRequests>,
    /// `None` once the listener stops.
    acceptor: Option<Acceptor>,
    upstreams: Upstreams,
    limits: Limits,
    connections: Connections,
    /// Connections with more to do than one turn allows; each has another when all others had theirs.
    unfinished: Vec<usize>,
    /// Complete requests that wait for their turn.
    queue: FairQueue,
    /// How many requests have arrived; the number of the last one.
    serial: u64,
    refusals: RefusalLog,
    buffer: Vec<u8>,
}

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
enum Backlog {
    /// The turn was over before there were none.
    More,
    /// None, or none that can be accepted before something happens that wakes the event loop.
    Unknown,
}

impl EventLoop {
    pub fn new(socket: TcpListener, upstreams: Vec<UnixStream>, socket_file: SocketFile, mut limits: Limits) -> io::Result<EventLoop> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (pending, queue) = (Arc::new(PendingRequests::new(waker.clone())), FairQueue::new(waker));
        let acceptor = Some(Acceptor::register(socket, poll.registry(), LISTENING)?);
        let upstreams = Upstreams::register(upstreams, socket_file, poll.registry(), FIRST_UPSTREAM)?;
        limits.connections = acceptor::affordable(limits.connections);
        let (connections, unfinished, buffer) = (Connections::default(), Vec::new(), vec![0; READ]);
        let refusals = RefusalLog::new(Instant::now());
        Ok(EventLoop { poll, pending, acceptor, upstreams, limits, connections, unfinished, queue, serial: 0, refusals, buffer })
    }

    pub fn pending(&self) -> Arc<PendingRequests> {
        self.pending.clone()
    }

    /// Runs until [`PendingRequests::stop`]; then stops accepting, and returns when the last request is answered. Of so many threads, so many
    /// work at once.
    pub fn run(mut self, workers: usize, threads: usize) -> io::Result<()> {
        self.queue.open(workers, threads);
        let mut events = Events::with_capacity(256);
        let mut next_sweep = Instant::now();
        let mut backlog = Backlog::Unknown;
        loop {
            match self.poll.poll(&mut events, self.timeout(next_sweep, backlog)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let now = Instant::now();
            let unfinished = std::mem::take(&mut self.unfinished);
            for event in &events {
                match event.token() {
                    LISTENING => self.acceptor.iter_mut().for_each(Acceptor::note_backlog),
                    WAKER => {}
                    Token(upstream) if upstream < FIRST_CONNECTION => self.check_upstream(upstream - FIRST_UPSTREAM, now),
                    Token(slot) => self.handle_event(slot - FIRST_CONNECTION, event.is_read_closed(), now),
                }
            }
            unfinished.into_iter().for_each(|slot| self.resume(slot, now));
            for finished in self.pending.finished() {
                self.after_answer(finished, now);
            }
            if next_sweep <= now {
                next_sweep = now + self.limits.pace();
                self.sweep(now);
            }
            backlog = self.accept_connections(now);
            self.send_waiting(now);
            for upstream in self.upstreams.flush() {
                self.handle_lost_upstream(upstream, now);
            }
            if self.pending.is_stopping() && self.is_closed() {
                return Ok(());
            }
        }
    }

    fn timeout(&self, next_sweep: Instant, backlog: Backlog) -> Option<Duration> {
        if backlog == Backlog::More || !self.unfinished.is_empty() {
            return Some(Duration::ZERO);
        }
        if self.pending.is_stopping() {
            return Some(CLOSING);
        }
        let sweep = (self.connections.used(Resource::Connections) > 0).then_some(next_sweep);
        let retry = self.acceptor.as_ref().and_then(Acceptor::retry);
        [sweep, retry].into_iter().flatten().min().map(|next| next.saturating_duration_since(Instant::now()))
    }

    // --- accepting and closing connections

    /// Accepts as many as a turn allows. At the limit one makes room for each; if workers have all, newcomers wait until one is answered.
    fn accept_connections(&mut self, now: Instant) -> Backlog {
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

    /// Sends the refusal and lets the peer see it before the connection ends; in the middle of a reply the connection just ends.
    fn refuse(&mut self, slot: usize, refusal: Rejection, now: Instant) {
        let Some(connection) = self.connections.get(slot) else { return };
        if matches!(connection.phase, Phase::Replying { .. }) || connection.socket.write(&self.refusals.reply(refusal, now)).is_err() {
            return self.connections.close(slot);
        }
        self.drain(slot, now);
    }

    fn drain(&mut self, slot: usize, now: Instant) {
        if let Some(connection) = self.connections.get_mut(slot) {
            connection.begin_draining(&self.limits, now);
            self.connections.recount(slot);
            self.drop_arriving(slot);
        }
    }

    fn drop_arriving(&mut self, slot: usize) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let Phase::Draining { dropped } = &mut connection.phase else { return };
        for _ in 0..READ_A_TURN / READ {
            match connection.socket.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(count) if count > 0 && *dropped < LARGEST_DRAIN => *dropped += count,
                _ => return self.connections.close(slot),
            }
        }
        self.defer(slot);
    }

    fn sweep(&mut self, now: Instant) {
        let pending = self.pending.clone();
        for slot in 0..self.connections.end() {
            let Some(connection) = self.connections.get_mut(slot) else { continue };
            if connection.is_broken_off() {
                self.connections.close(slot);
                continue;
            }
            connection.probe_if_it_may_be_gone();
            if !connection.is_overdue(&self.limits, now, |at| pending.instant(at)) {
                continue;
            }
            // Who has begun a request is told why it ends.
            if connection.has_begun() { self.refuse(slot, TOO_SLOW, now) } else { self.connections.close(slot) }
        }
        self.queue.retain(|(slot, serial)| self.connections.get(slot).is_some_and(|connection| connection.waits(serial)));
    }

    /// Stops accepting and closes what is not busy. Returns whether all requests are answered.
    fn is_closed(&mut self) -> bool {
        self.acceptor = None;
        for slot in 0..self.connections.end() {
            if self.connections.get(slot).is_some_and(|connection| !connection.is_busy()) {
                self.connections.close(slot);
            }
        }
        self.connections.used(Resource::Connections) == 0
    }

    // --- reading requests

    /// Reads or writes after an event on this connection; with `has_ended` the peer will send nothing more.
    fn handle_event(&mut self, slot: usize, has_ended: bool, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if let Phase::Serving { .. } = connection.phase {
            if !connection.socket.is_ours_or_ask_for_notice() {
                return;
            }
            let since = connection.socket.returned_at().map_or(now, |at| self.pending.instant(at));
            connection.begin_reading(&self.limits, since);
        }
        match &mut connection.phase {
            Phase::Waiting(_) if connection.socket.is_broken() => self.connections.close(slot),
            Phase::Waiting(request) => request.more = More::Known,
            Phase::Reading => self.read(slot, has_ended, now),
            Phase::Replying { .. } => self.send_rest(slot, now),
            Phase::Draining { .. } => self.drop_arriving(slot),
            Phase::Serving { .. } => {}
        }
    }

    /// Ends the turn of a connection that has more to do.
    fn defer(&mut self, slot: usize) {
        if let Some(connection) = self.connections.get_mut(slot)
            && !std::mem::replace(&mut connection.has_more, true)
        {
            self.unfinished.push(slot);
        }
    }

    /// Gives a connection that had more to do its next turn. Does nothing if it was closed meanwhile.
    fn resume(&mut self, slot: usize, now: Instant) {
        if let Some(connection) = self.connections.get_mut(slot)
            && std::mem::replace(&mut connection.has_more, false)
        {
            self.handle_event(slot, true, now);
        }
    }

    /// Reads until a request is complete, no more bytes are there, or the turn is over. A short read is the last one, unless the end of
    /// the stream follows it.
    fn read(&mut self, slot: usize, to_the_end: bool, now: Instant) {
        for _ in 0..READ_A_TURN / READ {
            let Some(connection) = self.connections.get_mut(slot) else { return };
            match connection.socket.read(&mut self.buffer) {
                Ok(0) => return self.connections.close(slot),
                Ok(count) => {
                    connection.reader.push(&self.buffer[..count]);
                    let more = if to_the_end || count == self.buffer.len() { More::Known } else { More::Unknown };
                    if !self.advance(slot, more, now) || more == More::Unknown {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.connections.close(slot),
            }
        }
        self.defer(slot);
    }

    /// Handles what has arrived. Returns whether more must arrive first.
    fn advance(&mut self, slot: usize, more: More, now: Instant) -> bool {
        let Some(connection) = self.connections.get_mut(slot) else { return false };
        match connection.reader.take() {
            Err(refusal) => self.refuse(slot, refusal, now),
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
    fn bound_unfinished(&mut self, now: Instant) {
        while self.connections.used(Resource::Unfinished) + self.upstreams.waiting() > UNFINISHED_REQUESTS {
            let leaving = self.connections.choose_leaving(Resource::Unfinished, |at| self.pending.instant(at));
            let Some(slot) = leaving else { return };
            self.refuse(slot, TOO_MUCH, now);
        }
    }

    // --- sending upstream, and what follows an answer

    /// Sends a complete request upstream, or lets it wait for its turn.
    fn take_request(&mut self, slot: usize, arrived: Arrived, more: More, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let from = connection.note_client(&self.limits.proxies, arrived.head.forwarded_for.as_deref());
        self.serial += 1;
        let request = ReceivedRequest { serial: self.serial, from, arrived, more, is_probed: false };
        if let Some(in_flight) = self.queue.admit(Network::around(from)) {
            return self.send_upstream(slot, request, in_flight, now);
        }
        connection.begin_waiting(request, now);
        self.queue.push(Network::around(from), (slot, self.serial));
        self.connections.recount(slot);
        self.bound_unfinished(now);
    }

    fn send_waiting(&mut self, now: Instant) {
        while let Some(((slot, serial), in_flight)) = self.queue.pop() {
            if let Some(request) = self.connections.get_mut(slot).and_then(|connection| connection.take_waiting(serial)) {
                self.send_upstream(slot, request, in_flight, now);
            }
        }
    }

    /// Queues a request on an upstream connection, and records it as pending under the ID that it carries.
    fn send_upstream(&mut self, slot: usize, request: ReceivedRequest, in_flight: InFlight, now: Instant) {
        let Some(upstream) = self.upstreams.choose() else { return self.refuse(slot, NO_UPSTREAM, now) };
        let ReceivedRequest { serial, from, arrived: Arrived { head, body }, more, .. } = request;
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let is_last = head.keep_alive == KeepAlive::No;
        let more = if !is_last && connection.reader.awaits() != Awaited::Request { More::Known } else { more };
        connection.phase = Phase::Serving { serial };
        connection.socket.give_to_worker(more);
        let socket = connection.socket.clone();
        self.connections.recount(slot);
        self.pending
            .add(slot, PendingEntry { serial, upstream, socket, from, keep_alive: head.keep_alive, is_head: head.is_head, in_flight });
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let own = format!("{}: {slot}.{serial}\r\n{length}", PENDING);
        self.upstreams.queue(upstream, &[&head.line, own.as_bytes(), &head.headers, b"\r\n", &body]);
    }

    fn after_answer(&mut self, finished: Finished, now: Instant) {
        let Finished { slot, serial, left } = finished;
        let is_stopping = self.pending.is_stopping();
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if !matches!(connection.phase, Phase::Serving { serial: current } if current == serial) {
            return;
        }
        match left {
            Remaining::End => self.drain(slot, now),
            Remaining::Unread if is_stopping => self.drain(slot, now),
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
    fn read_next(&mut self, slot: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        connection.begin_reading(&self.limits, now);
        if connection.reader.awaits() == Awaited::Request || self.advance(slot, More::Known, now) {
            self.read(slot, true, now);
        }
    }

    /// Sends what is left of a reply, as far as the peer takes it and the turn allows.
    fn send_rest(&mut self, slot: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let Phase::Replying { reply, sent, keep_alive } = &mut connection.phase else { return };
        let end = reply.len().min(*sent + SENT_A_TURN);
        match connection.socket.write(&reply[*sent..end]) {
            Err(_) => self.connections.close(slot),
            Ok(count) => {
                *sent += count;
                if *sent < end {
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

    // --- upstream connections

    fn check_upstream(&mut self, upstream: usize, now: Instant) {
        if self.upstreams.check(upstream) {
            self.handle_lost_upstream(upstream, now);
        }
    }

    /// Answers 502 to requests that were sent on an upstream connection which was lost.
    fn handle_lost_upstream(&mut self, upstream: usize, now: Instant) {
        for slot in self.pending.remove(upstream) {
            if let Some(connection) = self.connections.get(slot) {
                connection.socket.take();
                self.refuse(slot, LOST, now);
            }
        }
    }
}

#[cfg(test)]
impl EventLoop {
    /// Sends on each upstream connection what makes tiny_http close it when a request follows.
    pub fn poison_upstreams(&mut self) {
        (0..UPSTREAMS).for_each(|upstream| self.upstreams.queue(upstream, &[b"GET / HTTP/1.1\r\nthis is no header "]));
    }
}
