//! The door's thread: it waits for all sockets and deadlines at once, and never for a single one of them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Poll, Token, Waker};

use crate::http::door::connection::{Connection, Phase};
use crate::http::door::connections::{Connections, Resource};
use crate::http::door::gate::{Finished, Gate, Left, Open};
use crate::http::door::head::{KeepAlive, TICKET, Trust};
use crate::http::door::lanes::{Entrance, LANES, Lanes};
use crate::http::door::limits::{ACCEPTED_A_TURN, LINGERING, Limits, READ_A_TURN, SENT_A_TURN, UNFINISHED_REQUESTS, UNSENT_REPLIES};
use crate::http::door::line::{Line, More};
use crate::http::door::listening::{self, Listening, Taken};
use crate::http::door::reading::{Arrived, Awaited};
use crate::http::door::refusal::{Refusal, RefusalLog};

const LISTENING: Token = Token(0);
const WAKER: Token = Token(1);
const FIRST_LANE: usize = 2;
const FIRST_CONNECTION: usize = FIRST_LANE + LANES;

/// How many bytes are read at a time.
const READ: usize = 16 * 1024;

/// How often a door that is closing looks whether everyone has been answered.
const CLOSING: Duration = Duration::from_millis(5);

const TOO_SLOW: Refusal = Refusal { status: 408, why: "the request did not arrive in time" };
const TOO_MUCH: Refusal = Refusal { status: 503, why: "too many large requests are arriving at once" };
const TOO_MANY: Refusal = Refusal { status: 503, why: "there are too many connections, and this one has waited longest" };
const NO_LANE: Refusal = Refusal { status: 503, why: "the server cannot take requests just now" };
const LOST: Refusal = Refusal { status: 502, why: "the request was lost inside the server" };

#[derive(Debug)]
pub struct Watch {
    poll: Poll,
    gate: Arc<Gate>,
    /// Gone when the door closes.
    listening: Option<Listening>,
    lanes: Lanes,
    limits: Limits,
    connections: Connections,
    /// Connections with more to do than one turn allows; each has another when all others had theirs.
    unfinished: Vec<usize>,
    /// How many requests were handed over; each has its number.
    serial: u64,
    refusals: RefusalLog,
    buffer: Vec<u8>,
}

/// Which connection makes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    Now(usize),
    /// All that could came in this turn, and what they have sent was not looked at yet.
    NextTurn,
    /// Workers have all.
    Nobody,
}

/// Whether connections wait to be accepted that could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backlog {
    /// The turn was over before there were none.
    More,
    /// None, or none that can be accepted before something happens that wakes the door.
    Unknown,
}

impl Watch {
    pub fn new(socket: TcpListener, lanes: Vec<UnixStream>, entrance: Entrance, mut limits: Limits) -> io::Result<Watch> {
        let poll = Poll::new()?;
        let gate = Arc::new(Gate::new(Waker::new(poll.registry(), WAKER)?));
        let listening = Some(Listening::watch(socket, poll.registry(), LISTENING)?);
        let lanes = Lanes::watch(lanes, entrance, poll.registry(), FIRST_LANE)?;
        limits.connections = listening::affordable(limits.connections);
        let (connections, refusals, buffer) = (Connections::default(), RefusalLog::new(Instant::now()), vec![0; READ]);
        Ok(Watch { poll, gate, listening, lanes, limits, connections, unfinished: Vec::new(), serial: 0, refusals, buffer })
    }

    pub fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// Keeps the door until [`Gate::stop`]; then closes it and returns when the last request is answered.
    pub fn run(mut self) -> io::Result<()> {
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
                    LISTENING => self.listening.iter_mut().for_each(Listening::note),
                    WAKER => {}
                    Token(lane) if lane < FIRST_CONNECTION => self.check_lane(lane - FIRST_LANE, now),
                    Token(place) => self.look_at(place - FIRST_CONNECTION, event.is_read_closed(), now),
                }
            }
            unfinished.into_iter().for_each(|place| self.look_again(place, now));
            for finished in self.gate.finished() {
                self.after_answer(finished, now);
            }
            if next_sweep <= now {
                next_sweep = now + self.limits.pace();
                self.sweep(now);
            }
            backlog = self.accept_connections(now);
            for lane in self.lanes.flush() {
                self.mourn(lane, now);
            }
            if self.gate.is_stopping() && self.is_closed() {
                return Ok(());
            }
        }
    }

    fn timeout(&self, next_sweep: Instant, backlog: Backlog) -> Option<Duration> {
        if backlog == Backlog::More || !self.unfinished.is_empty() {
            return Some(Duration::ZERO);
        }
        if self.gate.is_stopping() {
            return Some(CLOSING);
        }
        let sweep = (self.connections.used(Resource::Connections) > 0).then_some(next_sweep);
        let retry = self.listening.as_ref().and_then(Listening::retry);
        [sweep, retry].into_iter().flatten().min().map(|next| next.saturating_duration_since(Instant::now()))
    }

    // --- accepting and closing connections

    /// Accepts as many as a turn allows. At the limit one makes room for each; if workers have all, newcomers wait until one is answered.
    fn accept_connections(&mut self, now: Instant) -> Backlog {
        for _ in 0..ACCEPTED_A_TURN {
            if self.listening.as_ref().is_none_or(|listening| !listening.has_more(now)) {
                return Backlog::Unknown;
            }
            let is_full = self.connections.used(Resource::Connections) >= self.limits.connections;
            let leaving = match is_full.then(|| self.who_makes_room(now)) {
                None => None,
                Some(Leaving::Now(place)) => Some(place),
                Some(Leaving::NextTurn) => return Backlog::More,
                Some(Leaving::Nobody) => return Backlog::Unknown,
            };
            let Some(listening) = self.listening.as_mut() else { return Backlog::Unknown };
            match listening.take(now) {
                Taken::Connection(socket, address) => {
                    leaving.into_iter().for_each(|place| self.make_room(place, now));
                    self.accept(socket, address, now);
                }
                Taken::WithTheLast(socket, address) => {
                    self.save_descriptor(now);
                    self.accept(socket, address, now);
                }
                Taken::Gone => {}
                Taken::Nothing => return Backlog::Unknown,
                Taken::NoDescriptor if self.save_descriptor(now) => {}
                Taken::NoDescriptor => return Backlog::Unknown,
            }
        }
        Backlog::More
    }

    /// Closes a connection for its descriptor, so that it is known whether others wait. Returns whether there is one now.
    fn save_descriptor(&mut self, now: Instant) -> bool {
        if let Leaving::Now(place) = self.who_makes_room(now) {
            self.make_room(place, now);
        }
        self.listening.as_mut().is_some_and(Listening::save_spare)
    }

    fn who_makes_room(&self, now: Instant) -> Leaving {
        let choose = || self.connections.longest_waiting(Resource::Connections, self.limits.connections, |at| self.gate.instant(at));
        let chosen = choose().or_else(|| {
            // Workers have all. The first that is answered is told to the door, unless one was answered just now.
            let answered = self.connections.iter().filter(|connection| connection.line.is_ours_or_note_news()).count();
            if answered > 0 { choose() } else { None }
        });
        match chosen {
            Some(place) if self.connections.get(place).is_some_and(|connection| connection.began_to_wait(now)) => Leaving::NextTurn,
            Some(place) => Leaving::Now(place),
            None => Leaving::Nobody,
        }
    }

    /// Closes a connection at once. Its peer is told why if it has begun a request, as far as it can be told without waiting.
    fn make_room(&mut self, place: usize, now: Instant) {
        if let Some(connection) = self.connections.get(place).filter(|connection| connection.has_begun()) {
            let _ = connection.line.write(&TOO_MANY.bytes());
            self.refusals.add(TOO_MANY, now);
        }
        self.connections.close(place);
    }

    fn accept(&mut self, socket: TcpStream, address: SocketAddr, now: Instant) {
        let place = self.connections.reserve();
        let mut line = Line::new(socket);
        let peer = address.ip().to_canonical();
        let trust = if self.limits.proxies.trusts(peer) { Trust::Proxy } else { Trust::Stranger };
        let is_watched = line.watch(self.poll.registry(), Token(FIRST_CONNECTION + place)).is_ok();
        self.connections.insert(place, is_watched.then(|| Connection::new(line, peer, trust, &self.limits, now)));
    }

    /// Sends the refusal and lets the peer see it before the connection ends.
    fn refuse(&mut self, place: usize, refusal: Refusal, now: Instant) {
        self.refusals.add(refusal, now);
        let Some(connection) = self.connections.get(place) else { return };
        if connection.line.write(&refusal.bytes()).is_err() {
            return self.connections.close(place);
        }
        self.linger(place, now);
    }

    fn linger(&mut self, place: usize, now: Instant) {
        if let Some(connection) = self.connections.get_mut(place) {
            connection.begin_lingering(&self.limits, now);
            self.connections.recount(place);
            self.drop_arriving(place);
        }
    }

    fn drop_arriving(&mut self, place: usize) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        let Phase::Lingering { dropped } = &mut connection.phase else { return };
        for _ in 0..READ_A_TURN / READ {
            match connection.line.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(count) if count > 0 && *dropped < LINGERING => *dropped += count,
                _ => return self.connections.close(place),
            }
        }
        self.come_back(place);
    }

    fn sweep(&mut self, now: Instant) {
        let gate = self.gate.clone();
        for place in 0..self.connections.end() {
            let Some(connection) = self.connections.get(place) else { continue };
            if !connection.is_overdue(&self.limits, now, |at| gate.instant(at)) {
                continue;
            }
            // Who has begun a request is told why it ends.
            if connection.has_begun() { self.refuse(place, TOO_SLOW, now) } else { self.connections.close(place) }
        }
    }

    /// Takes no more requests; true when all that were taken are answered.
    fn is_closed(&mut self) -> bool {
        self.listening = None;
        for place in 0..self.connections.end() {
            if self.connections.get(place).is_some_and(|connection| !connection.is_busy()) {
                self.connections.close(place);
            }
        }
        self.connections.used(Resource::Connections) == 0
    }

    // --- reading requests

    /// Something happened on this connection; with `has_ended` the peer will send nothing more.
    fn look_at(&mut self, place: usize, has_ended: bool, now: Instant) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        if let Phase::Serving { .. } = connection.phase {
            if !connection.line.is_ours_or_note_news() {
                return;
            }
            let since = connection.line.handed_back().map_or(now, |at| self.gate.instant(at));
            connection.begin_reading(&self.limits, since);
        }
        match connection.phase {
            Phase::Reading => self.read(place, has_ended, now),
            Phase::Replying { .. } => self.send_rest(place, now),
            Phase::Lingering { .. } => self.drop_arriving(place),
            Phase::Serving { .. } => {}
        }
    }

    /// The turn of this connection is over, and there is more to do.
    fn come_back(&mut self, place: usize) {
        if let Some(connection) = self.connections.get_mut(place)
            && !std::mem::replace(&mut connection.has_more, true)
        {
            self.unfinished.push(place);
        }
    }

    /// The next turn of a connection that had more to do; nothing if that one is closed.
    fn look_again(&mut self, place: usize, now: Instant) {
        if let Some(connection) = self.connections.get_mut(place)
            && std::mem::replace(&mut connection.has_more, false)
        {
            self.look_at(place, true, now);
        }
    }

    /// Reads until a request is whole, nothing more is there, or its turn is over. A short read is the last one, unless the end comes
    /// behind it.
    fn read(&mut self, place: usize, to_the_end: bool, now: Instant) {
        for _ in 0..READ_A_TURN / READ {
            let Some(connection) = self.connections.get_mut(place) else { return };
            match connection.line.read(&mut self.buffer) {
                Ok(0) => return self.connections.close(place),
                Ok(count) => {
                    connection.reader.push(&self.buffer[..count]);
                    let more = if to_the_end || count == self.buffer.len() { More::Known } else { More::Unknown };
                    if !self.advance(place, more, now) || more == More::Unknown {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.connections.close(place),
            }
        }
        self.come_back(place);
    }

    /// Goes on with what has arrived. True if more must arrive first.
    fn advance(&mut self, place: usize, more: More, now: Instant) -> bool {
        let Some(connection) = self.connections.get_mut(place) else { return false };
        match connection.reader.take() {
            Err(refusal) => self.refuse(place, refusal, now),
            Ok(Some(arrived)) => self.hand_over(place, arrived, more, now),
            Ok(None) => {
                connection.note_progress(&self.limits, now);
                if connection.reader.must_continue() {
                    // A peer that does not take even this will not send its body, and is cut for that.
                    let _ = connection.line.write(b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                self.connections.recount(place);
                self.bound_unfinished(now);
                return self.connections.get(place).is_some_and(|connection| matches!(connection.phase, Phase::Reading));
            }
        }
        false
    }

    /// Keeps what unfinished requests hold below its limit.
    fn bound_unfinished(&mut self, now: Instant) {
        while self.connections.used(Resource::Unfinished) + self.lanes.waiting() > UNFINISHED_REQUESTS {
            let leaving = self.connections.longest_waiting(Resource::Unfinished, UNFINISHED_REQUESTS, |at| self.gate.instant(at));
            let Some(place) = leaving else { return };
            self.refuse(place, TOO_MUCH, now);
        }
    }

    // --- handing over, and what comes back

    /// Puts a whole request into a lane, with a ticket for whoever will answer it.
    fn hand_over(&mut self, place: usize, arrived: Arrived, more: More, now: Instant) {
        let Some(lane) = self.lanes.choose() else { return self.refuse(place, NO_LANE, now) };
        let Arrived { head, body } = arrived;
        let Some(connection) = self.connections.get_mut(place) else { return };
        let from = match (connection.trust, &head.forwarded_for) {
            (Trust::Proxy, Some(forwarded_for)) => self.limits.proxies.origin(connection.peer, forwarded_for),
            _ => connection.peer,
        };
        self.serial += 1;
        let serial = self.serial;
        let is_last = head.keep_alive == KeepAlive::No;
        let more = if !is_last && connection.reader.awaits() != Awaited::Request { More::Known } else { more };
        connection.phase = Phase::Serving { serial };
        connection.line.give_to_worker(more);
        let line = connection.line.clone();
        self.connections.recount(place);
        self.gate.issue(place, Open { serial, lane, line, from, keep_alive: head.keep_alive, is_head: head.is_head });
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let own = format!("{}: {place}.{serial}\r\n{length}", TICKET);
        self.lanes.put(lane, &[&head.line, own.as_bytes(), &head.headers, b"\r\n", &body]);
    }

    fn after_answer(&mut self, finished: Finished, now: Instant) {
        let Finished { place, serial, left } = finished;
        let is_stopping = self.gate.is_stopping();
        let Some(connection) = self.connections.get_mut(place) else { return };
        if !matches!(connection.phase, Phase::Serving { serial: current } if current == serial) {
            return;
        }
        match left {
            Left::End => self.linger(place, now),
            Left::News if is_stopping => self.linger(place, now),
            Left::News => self.go_on(place, now),
            Left::Rest { reply, sent, keep_alive } => {
                connection.begin_replying(reply, sent, keep_alive, &self.limits, now);
                self.connections.recount(place);
                self.bound_unsent();
                self.send_rest(place, now);
            }
        }
    }

    /// Keeps what replies hold that their peers do not take below its limit.
    fn bound_unsent(&mut self) {
        while self.connections.used(Resource::Unsent) > UNSENT_REPLIES {
            let leaving = self.connections.longest_waiting(Resource::Unsent, UNSENT_REPLIES, |at| self.gate.instant(at));
            let Some(place) = leaving else { return };
            self.connections.close(place);
        }
    }

    /// The next request, of which some may have come with the last one.
    fn go_on(&mut self, place: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        connection.begin_reading(&self.limits, now);
        if connection.reader.awaits() == Awaited::Request || self.advance(place, More::Known, now) {
            self.read(place, true, now);
        }
    }

    /// Sends what the peer takes now of the rest of its reply, and a turn allows.
    fn send_rest(&mut self, place: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        let Phase::Replying { reply, sent, keep_alive } = &mut connection.phase else { return };
        let end = reply.len().min(*sent + SENT_A_TURN);
        match connection.line.write(&reply[*sent..end]) {
            Err(_) => self.connections.close(place),
            Ok(count) => {
                *sent += count;
                if *sent < end {
                    return;
                }
                if end < reply.len() {
                    return self.come_back(place);
                }
                let keep_alive = *keep_alive;
                connection.phase = Phase::Reading;
                self.connections.recount(place);
                if keep_alive { self.go_on(place, now) } else { self.linger(place, now) }
            }
        }
    }

    // --- the private connections

    fn check_lane(&mut self, lane: usize, now: Instant) {
        if self.lanes.check(lane) {
            self.mourn(lane, now);
        }
    }

    /// Answers those whose requests went into a lane that was lost.
    fn mourn(&mut self, lane: usize, now: Instant) {
        for place in self.gate.withdraw(lane) {
            if let Some(connection) = self.connections.get(place) {
                connection.line.take_back();
                self.refuse(place, LOST, now);
            }
        }
    }
}

#[cfg(test)]
impl Watch {
    /// Sends into each lane what makes tiny_http end it when a request comes behind it.
    pub fn spoil_lanes(&mut self) {
        (0..LANES).for_each(|lane| self.lanes.put(lane, &[b"GET / HTTP/1.1\r\nthis is no header "]));
    }
}
