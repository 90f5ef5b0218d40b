//! The door's thread: it waits for all sockets and deadlines at once, and never for a single one of them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Poll, Token, Waker};

use crate::base::log;
use crate::http::door::connection::{Connection, Phase};
use crate::http::door::gate::{Finished, Gate, Left, Open};
use crate::http::door::head::{KeepAlive, TICKET, Trust};
use crate::http::door::lanes::{Entrance, LANES, Lanes};
use crate::http::door::limits::{LINGERING, Limits, UNFINISHED_BODIES, UNSENT_REPLIES};
use crate::http::door::line::{Line, More};
use crate::http::door::listening::{self, Listening, Taken};
use crate::http::door::reading::{Arrived, Awaited};
use crate::http::door::refusal::Refusal;

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
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    /// How many requests were handed over; each has its number.
    serial: u64,
    /// What unfinished bodies hold.
    held: usize,
    /// What replies hold that their peers do not take.
    unsent: usize,
    buffer: Vec<u8>,
}

impl Watch {
    pub fn new(socket: TcpListener, lanes: Vec<UnixStream>, entrance: Entrance, mut limits: Limits) -> io::Result<Watch> {
        let poll = Poll::new()?;
        let gate = Arc::new(Gate::new(Waker::new(poll.registry(), WAKER)?));
        let listening = Some(Listening::watch(socket, poll.registry(), LISTENING)?);
        let lanes = Lanes::watch(lanes, entrance, poll.registry(), FIRST_LANE)?;
        limits.connections = listening::affordable(limits.connections);
        let (connections, free, buffer) = (Vec::new(), Vec::new(), vec![0; READ]);
        Ok(Watch { poll, gate, listening, lanes, limits, connections, free, serial: 0, held: 0, unsent: 0, buffer })
    }

    pub fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// Keeps the door until [`Gate::stop`]; then closes it and returns when the last request is answered.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        let mut next_sweep = Instant::now();
        loop {
            match self.poll.poll(&mut events, self.timeout(next_sweep)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let now = Instant::now();
            for event in &events {
                match event.token() {
                    LISTENING => self.listening.iter_mut().for_each(Listening::note),
                    WAKER => {}
                    Token(lane) if lane < FIRST_CONNECTION => self.check_lane(lane - FIRST_LANE, now),
                    Token(place) => self.look_at(place - FIRST_CONNECTION, event.is_read_closed(), now),
                }
            }
            for finished in self.gate.finished() {
                self.after_answer(finished, now);
            }
            self.take_connections(now);
            for lane in self.lanes.flush() {
                self.mourn(lane, now);
            }
            if next_sweep <= now {
                next_sweep = now + self.limits.pace();
                self.sweep(now);
            }
            if self.gate.is_stopping() && self.is_closed() {
                return Ok(());
            }
        }
    }

    fn timeout(&self, next_sweep: Instant) -> Option<Duration> {
        if self.gate.is_stopping() {
            return Some(CLOSING);
        }
        let sweep = (self.open() > 0).then_some(next_sweep);
        let retry = self.listening.as_ref().and_then(Listening::retry);
        [sweep, retry].into_iter().flatten().min().map(|next| next.saturating_duration_since(Instant::now()))
    }

    fn open(&self) -> usize {
        self.connections.len() - self.free.len()
    }

    fn connection(&mut self, place: usize) -> Option<&mut Connection> {
        self.connections.get_mut(place)?.as_mut()
    }

    // --- taking and closing connections

    /// At the limit, whoever has been idle longest makes room; if nobody is, newcomers wait.
    fn take_connections(&mut self, now: Instant) {
        while let Some(listening) = self.listening.as_mut().filter(|listening| listening.has_more(now)) {
            let is_full = self.connections.len() - self.free.len() >= self.limits.connections;
            let idle = if is_full { longest_idle(&self.connections, &self.gate) } else { None };
            if is_full && idle.is_none() {
                return;
            }
            match listening.take(now) {
                Taken::Connection(socket, address) => {
                    idle.into_iter().for_each(|place| self.close(place));
                    self.welcome(socket, address, now);
                }
                Taken::Nothing => return,
                Taken::NoDescriptor => {
                    let idle = longest_idle(&self.connections, &self.gate);
                    return idle.into_iter().for_each(|place| self.close(place));
                }
            }
        }
    }

    fn welcome(&mut self, socket: TcpStream, address: SocketAddr, now: Instant) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        let mut line = Line::new(socket);
        if line.watch(self.poll.registry(), Token(FIRST_CONNECTION + place)).is_err() {
            self.free.push(place);
            return;
        }
        let peer = address.ip().to_canonical();
        let trust = if self.limits.proxies.trusts(peer) { Trust::Proxy } else { Trust::Stranger };
        self.connections[place] = Some(Connection::new(line, peer, trust, &self.limits, now));
    }

    fn close(&mut self, place: usize) {
        if let Some(connection) = self.connections[place].take() {
            self.held -= connection.held;
            self.unsent -= connection.unsent();
            self.free.push(place);
        }
    }

    /// Sends the refusal and lets the peer see it before the connection ends.
    fn refuse(&mut self, place: usize, refusal: Refusal, now: Instant) {
        log::info("refused at the door", &[("status", refusal.status.into()), ("cause", refusal.why.into())]);
        self.count_held(place, 0);
        let Some(connection) = self.connection(place) else { return };
        if connection.line.write(&refusal.bytes()).is_err() {
            return self.close(place);
        }
        self.linger(place, now);
    }

    fn linger(&mut self, place: usize, now: Instant) {
        let deadline = now + self.limits.lingering;
        if let Some(connection) = self.connection(place) {
            connection.begin_lingering(deadline);
            self.drop_arriving(place);
        }
    }

    fn drop_arriving(&mut self, place: usize) {
        let Some(connection) = self.connections[place].as_mut() else { return };
        let Phase::Lingering { dropped } = &mut connection.phase else { return };
        loop {
            match connection.line.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(count) if count > 0 && *dropped < LINGERING => *dropped += count,
                _ => return self.close(place),
            }
        }
    }

    fn sweep(&mut self, now: Instant) {
        let gate = self.gate.clone();
        for place in 0..self.connections.len() {
            let Some(connection) = &self.connections[place] else { continue };
            if !connection.is_overdue(&self.limits, now, |at| gate.instant(at)) {
                continue;
            }
            match connection.phase {
                // Whoever has begun a request learns why it ends.
                Phase::Reading if connection.reader.awaits() != Awaited::Request => self.refuse(place, TOO_SLOW, now),
                _ => self.close(place),
            }
        }
    }

    /// Takes no more requests; true when all that were taken are answered.
    fn is_closed(&mut self) -> bool {
        self.listening = None;
        for place in 0..self.connections.len() {
            if self.connections[place].as_ref().is_some_and(|connection| !connection.is_busy()) {
                self.close(place);
            }
        }
        self.open() == 0
    }

    // --- reading requests

    /// Something happened on this connection; with `has_ended` the peer will send nothing more.
    fn look_at(&mut self, place: usize, has_ended: bool, now: Instant) {
        let limits = &self.limits;
        let Some(connection) = self.connections.get_mut(place).and_then(Option::as_mut) else { return };
        if let Phase::Serving { .. } = connection.phase {
            if !connection.line.is_ours_or_note_news() {
                return;
            }
            connection.begin_reading(limits, now);
        }
        match connection.phase {
            Phase::Reading => self.read(place, has_ended, now),
            Phase::Replying { .. } => self.send_rest(place, now),
            Phase::Lingering { .. } => self.drop_arriving(place),
            Phase::Serving { .. } => {}
        }
    }

    /// Reads until a request is whole or nothing more is there. A short read is the last one, unless the end comes behind it.
    fn read(&mut self, place: usize, to_the_end: bool, now: Instant) {
        loop {
            let Some(connection) = self.connections[place].as_mut() else { return };
            match connection.line.read(&mut self.buffer) {
                Ok(0) => return self.close(place),
                Ok(count) => {
                    connection.reader.push(&self.buffer[..count]);
                    let more = if to_the_end || count == self.buffer.len() { More::Known } else { More::Unknown };
                    if !self.advance(place, more, now) || more == More::Unknown {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.close(place),
            }
        }
    }

    /// Goes on with what has arrived. True if more must arrive first.
    fn advance(&mut self, place: usize, more: More, now: Instant) -> bool {
        let limits = self.limits.clone();
        let Some(connection) = self.connection(place) else { return false };
        let before = connection.reader.awaits();
        match connection.reader.take() {
            Err(refusal) => self.refuse(place, refusal, now),
            Ok(Some(arrived)) => self.hand_over(place, arrived, more, now),
            Ok(None) => {
                connection.note_progress(before, &limits, now);
                let held = connection.reader.held();
                if connection.reader.must_continue() {
                    // A peer that does not take even this will not send its body, and is cut for that.
                    let _ = connection.line.write(b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                self.count_held(place, held);
                if held == 0 || self.held + self.lanes.waiting() <= UNFINISHED_BODIES {
                    return true;
                }
                self.refuse(place, TOO_MUCH, now);
            }
        }
        false
    }

    fn count_held(&mut self, place: usize, held: usize) {
        if let Some(connection) = self.connections[place].as_mut() {
            self.held = self.held - connection.held + held;
            connection.held = held;
        }
    }

    // --- handing over, and what comes back

    /// Puts a whole request into a lane, with a ticket for whoever will answer it.
    fn hand_over(&mut self, place: usize, arrived: Arrived, more: More, now: Instant) {
        self.count_held(place, 0);
        let Some(lane) = self.lanes.choose() else { return self.refuse(place, NO_LANE, now) };
        let Arrived { head, body } = arrived;
        let Some(connection) = self.connections[place].as_mut() else { return };
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
        self.gate.issue(place, Open { serial, lane, line, from, keep_alive: head.keep_alive, is_head: head.is_head });
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let own = format!("{}: {place}.{serial}\r\n{length}", TICKET);
        self.lanes.put(lane, &[&head.line, own.as_bytes(), &head.headers, b"\r\n", &body]);
    }

    fn after_answer(&mut self, finished: Finished, now: Instant) {
        let Finished { place, serial, left } = finished;
        let (limits, is_stopping) = (self.limits.clone(), self.gate.is_stopping());
        let Some(connection) = self.connection(place) else { return };
        if !matches!(connection.phase, Phase::Serving { serial: current } if current == serial) {
            return;
        }
        match left {
            Left::End => self.linger(place, now),
            Left::News if is_stopping => self.linger(place, now),
            Left::News => self.go_on(place, now),
            Left::Rest { reply, sent, keep_alive } => {
                connection.begin_replying(reply, sent, keep_alive, now + limits.reply);
                self.unsent += self.connections[place].as_ref().map_or(0, Connection::unsent);
                // Whoever makes the server hold so much does not read at all.
                if self.unsent > UNSENT_REPLIES { self.close(place) } else { self.send_rest(place, now) }
            }
        }
    }

    /// The next request, of which some may have come with the last one.
    fn go_on(&mut self, place: usize, now: Instant) {
        let limits = self.limits.clone();
        let Some(connection) = self.connection(place) else { return };
        connection.begin_reading(&limits, now);
        if connection.reader.awaits() == Awaited::Request || self.advance(place, More::Known, now) {
            self.read(place, true, now);
        }
    }

    /// Sends what the peer takes now of the rest of its reply.
    fn send_rest(&mut self, place: usize, now: Instant) {
        let Some(connection) = self.connections[place].as_mut() else { return };
        let Phase::Replying { reply, sent, keep_alive } = &mut connection.phase else { return };
        match connection.line.write(&reply[*sent..]) {
            Err(_) => self.close(place),
            Ok(count) if *sent + count < reply.len() => *sent += count,
            Ok(_) => {
                let keep_alive = *keep_alive;
                self.unsent -= connection.unsent();
                connection.phase = Phase::Reading;
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
            if let Some(connection) = self.connection(place) {
                connection.line.take_back();
                self.refuse(place, LOST, now);
            }
        }
    }
}

/// The connection that has waited longest for its next request.
fn longest_idle(connections: &[Option<Connection>], gate: &Gate) -> Option<usize> {
    let idle = connections.iter().enumerate().filter_map(|(place, connection)| {
        let since = connection.as_ref()?.idle_since(|at| gate.instant(at))?;
        Some((since, place))
    });
    idle.min().map(|(_, place)| place)
}

#[cfg(test)]
impl Watch {
    /// Sends into each lane what makes tiny_http end it when a request comes behind it.
    pub fn spoil_lanes(&mut self) {
        (0..LANES).for_each(|lane| self.lanes.put(lane, &[b"GET / HTTP/1.1\r\nthis is no header "]));
    }
}
