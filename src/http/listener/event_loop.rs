//! The thread that waits for all sockets and deadlines at once, and never for a single one of them.

mod accepting;
mod newcomers;
mod replies;
mod requests;

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use crate::http::listener::acceptor::{self, Acceptor};
use crate::http::listener::connection::Phase;
use crate::http::listener::connections::Connections;
use crate::http::listener::counts::ListenerCounts;
use crate::http::listener::event_loop::accepting::Backlog;
use crate::http::listener::fair_queue::FairQueue;
use crate::http::listener::limits::Limits;
use crate::http::listener::network_turns::NetworkTurns;
use crate::http::listener::pending::PendingRequests;
use crate::http::listener::public_socket::PublicSocket;
use crate::http::listener::rejection::{RejectionLog, TOO_SLOW};
use crate::http::listener::resource::Resource;
use crate::http::listener::socket::More;
use crate::http::listener::upstream::{SocketFile, UPSTREAMS, Upstreams};

const WAKER: Token = Token(0);
const FIRST_UPSTREAM: usize = 1;
const FIRST_LISTENER: usize = FIRST_UPSTREAM + UPSTREAMS;

/// How many bytes are read at a time.
const READ: usize = 16 * 1024;

/// How often a listener that is stopping checks whether everyone has been answered.
const CLOSING: Duration = Duration::from_millis(5);

pub struct EventLoop {
    poll: Poll,
    pending: Arc<PendingRequests>,
    /// Empty once the listener stops.
    acceptors: Vec<Acceptor>,
    /// The token of the first connection, after those of the acceptors.
    first_connection: usize,
    upstreams: Upstreams,
    limits: Limits,
    connections: Connections,
    /// Connections with more to do than one turn allows; each has another when all others had theirs.
    unfinished: Vec<usize>,
    /// Those on which no worker has answered anything yet, and something has arrived; they share a part of each turn.
    newcomers: NetworkTurns<usize>,
    /// The time that newcomers have taken since the last pause.
    spent_on_newcomers: Duration,
    /// Complete requests that wait for their turn.
    queue: FairQueue,
    /// How many requests have arrived; the number of the last one.
    serial: u64,
    rejections: RejectionLog,
    counts: Arc<ListenerCounts>,
    buffer: Vec<u8>,
}

impl EventLoop {
    pub fn new(
        sockets: Vec<PublicSocket>,
        upstreams: Vec<UnixStream>,
        socket_file: SocketFile,
        mut limits: Limits,
    ) -> io::Result<EventLoop> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (pending, queue) = (Arc::new(PendingRequests::new(waker.clone())), FairQueue::new(waker));
        let first_connection = FIRST_LISTENER + sockets.len();
        let acceptors = sockets.into_iter().zip(FIRST_LISTENER..);
        let acceptors = acceptors.map(|(socket, token)| Acceptor::register(socket, poll.registry(), Token(token)));
        limits.connections = acceptor::affordable(limits.connections);
        let counts = Arc::new(ListenerCounts::default());
        counts.most_connections.set(limits.connections as u64);
        Ok(EventLoop {
            acceptors: acceptors.collect::<io::Result<_>>()?,
            first_connection,
            upstreams: Upstreams::register(upstreams, socket_file, poll.registry(), FIRST_UPSTREAM)?,
            poll,
            pending,
            limits,
            connections: Connections::default(),
            unfinished: Vec::new(),
            newcomers: NetworkTurns::default(),
            spent_on_newcomers: Duration::ZERO,
            queue,
            serial: 0,
            rejections: RejectionLog::new(counts.clone(), Instant::now()),
            counts,
            buffer: vec![0; READ],
        })
    }

    pub fn pending(&self) -> Arc<PendingRequests> {
        self.pending.clone()
    }

    pub fn counts(&self) -> Arc<ListenerCounts> {
        self.counts.clone()
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
            self.pending.note_turn();
            let now = Instant::now();
            let unfinished = std::mem::take(&mut self.unfinished);
            for event in &events {
                match event.token() {
                    WAKER => {}
                    Token(upstream) if upstream < FIRST_LISTENER => self.check_upstream(upstream - FIRST_UPSTREAM, now),
                    Token(listener) if listener < self.first_connection => {
                        self.acceptors.get_mut(listener - FIRST_LISTENER).into_iter().for_each(Acceptor::note_backlog);
                    }
                    Token(connection) => {
                        if let Some(slot) = self.connections.slot_of(connection - self.first_connection) {
                            self.handle_event(slot, event.is_read_closed(), now);
                        }
                    }
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
            backlog = self.receive_newcomers(now);
            self.send_waiting(now);
            for upstream in self.upstreams.flush() {
                self.handle_lost_upstream(upstream, now);
            }
            self.counts.connections.set(self.connections.used(Resource::Connections) as u64);
            self.counts.waiting.set(self.queue.len() as u64);
            if self.pending.is_stopping() && self.is_closed(now) {
                return Ok(());
            }
            self.pause_for_newcomers();
        }
    }

    fn timeout(&self, next_sweep: Instant, backlog: Backlog) -> Option<Duration> {
        if backlog == Backlog::More || !self.unfinished.is_empty() || !self.newcomers.is_empty() {
            return Some(Duration::ZERO);
        }
        if self.pending.is_stopping() {
            return Some(CLOSING);
        }
        let sweep = (self.connections.used(Resource::Connections) > 0).then_some(next_sweep);
        let retries = self.acceptors.iter().filter_map(Acceptor::retry);
        sweep.into_iter().chain(retries).min().map(|next| next.saturating_duration_since(Instant::now()))
    }

    fn sweep(&mut self, now: Instant) {
        let pending = self.pending.clone();
        for slot in 0..self.connections.end() {
            let Some(connection) = self.connections.get_mut(slot) else { continue };
            if connection.is_broken_off() || connection.is_found_gone() {
                self.connections.close(slot);
                continue;
            }
            if !connection.is_overdue(&self.limits, now, |at| pending.instant(at)) {
                continue;
            }
            // Who has begun a request is told why it ends.
            if connection.has_begun() { self.refuse(slot, TOO_SLOW, now) } else { self.connections.close(slot) }
        }
        self.queue.retain(|(slot, serial)| self.connections.get(slot).is_some_and(|connection| connection.waits(serial)));
    }

    /// Stops accepting and closes what is not busy. Returns whether all requests are answered.
    fn is_closed(&mut self, now: Instant) -> bool {
        if !self.acceptors.is_empty() {
            self.receive_the_last(now);
        }
        for slot in 0..self.connections.end() {
            if self.connections.get(slot).is_some_and(|connection| !connection.is_busy()) {
                self.connections.close(slot);
            }
        }
        self.connections.used(Resource::Connections) == 0
    }

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
            // A peer that has ended its stream cannot end its handshake: no work for it. What is no handshake is told so.
            Phase::Handshaking { received: 0 } if has_ended && !connection.socket.begins_with_http() => self.connections.close(slot),
            Phase::Handshaking { .. } => self.defer(slot),
            Phase::Reading | Phase::Draining { .. } if connection.is_newcomer => self.defer(slot),
            Phase::Reading => self.read(slot, has_ended, now),
            Phase::Replying { .. } => self.send_rest(slot, now),
            Phase::Draining { .. } => self.drop_arriving(slot),
            Phase::Serving { .. } => {}
        }
    }

    /// Ends the turn of a connection that has more to do. Newcomers have turns of their own.
    fn defer(&mut self, slot: usize) {
        if let Some(connection) = self.connections.get_mut(slot)
            && !std::mem::replace(&mut connection.has_more, true)
        {
            match connection.is_newcomer {
                true => self.newcomers.push(connection.network, slot),
                false => self.unfinished.push(slot),
            }
        }
    }

    /// Gives a connection that had more to do its next turn. Does nothing if it was closed meanwhile.
    fn resume(&mut self, slot: usize, now: Instant) {
        if let Some(connection) = self.connections.get_mut(slot)
            && !connection.is_newcomer
            && std::mem::replace(&mut connection.has_more, false)
        {
            self.handle_event(slot, true, now);
        }
    }

    fn check_upstream(&mut self, upstream: usize, now: Instant) {
        if self.upstreams.check(upstream) {
            self.handle_lost_upstream(upstream, now);
        }
    }
}

#[cfg(test)]
impl EventLoop {
    /// Sends on each upstream connection what makes tiny_http close it when a request follows.
    pub fn poison_upstreams(&mut self) {
        (0..UPSTREAMS).for_each(|upstream| self.upstreams.queue(upstream, b"GET / HTTP/1.1\r\nthis is no header "));
    }
}
