//! The requests that were sent upstream and are not answered. Each carries an ID (`slot.serial`), by which a worker takes it to answer it.

use std::cell::Cell;
use std::io;
use std::net::IpAddr;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mio::Waker;

use crate::base::mutex::locked;
use crate::base::request_id;
use crate::base::time::Clock;
use crate::http::listener::connection::CONTINUE;
use crate::http::listener::fair_queue::InFlight;
use crate::http::listener::head::Head;
use crate::http::listener::reading::Arrived;
use crate::http::listener::sending::{KeepAlive, serialized};
use crate::http::listener::socket::PeerSocket;
use crate::http::reply::{Delivery, Reply};
use crate::http::request::{Method, Request};

/// How long to wait before looking again whether the event loop has begun a turn.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// How often a worker writes some bytes of a reply that is sent slowly.
const BETWEEN_SLOW_BYTES: Duration = Duration::from_millis(10);

/// All pending requests; shared by the event loop and the workers.
pub struct PendingRequests {
    /// By the slot of their connection: a connection has at most one.
    entries: Mutex<Vec<Option<PendingEntry>>>,
    finished: Mutex<Vec<Finished>>,
    waker: Arc<Waker>,
    stopping: AtomicBool,
    /// The next answer ends its connection.
    ends_next: AtomicBool,
    started: Instant,
    /// How many turns the event loop has begun.
    turns: AtomicU64,
}

/// A request that was sent upstream and not taken by a worker.
pub struct PendingEntry {
    pub serial: u64,
    /// The upstream connection that it was sent on.
    pub upstream: usize,
    pub socket: Arc<PeerSocket>,
    /// The client's address: the peer, or the one that a trusted proxy names.
    pub from: IpAddr,
    pub arrived: Arrived,
    pub in_flight: InFlight,
}

/// What a worker reports to the event loop after an answer.
pub struct Finished {
    pub slot: usize,
    pub serial: u64,
    pub left: Remaining,
}

/// What remains to be done after an answer.
pub enum Remaining {
    /// The reply was sent, and there may be more to read.
    Unread,
    /// Close the connection.
    End,
    /// The peer did not take all of the reply: the bytes, how many of them were sent, and whether to keep the connection.
    Rest { reply: Vec<u8>, sent: usize, keep_alive: bool },
}

impl PendingRequests {
    pub fn new(waker: Arc<Waker>) -> PendingRequests {
        let (entries, finished) = (Mutex::default(), Mutex::default());
        PendingRequests {
            entries,
            finished,
            waker,
            stopping: AtomicBool::new(false),
            ends_next: AtomicBool::new(false),
            started: Instant::now(),
            turns: AtomicU64::new(0),
        }
    }

    /// Records a request as pending.
    pub fn add(&self, slot: usize, entry: PendingEntry) {
        let mut entries = locked(&self.entries);
        if entries.len() <= slot {
            entries.resize_with(slot + 1, || None);
        }
        entries[slot] = Some(entry);
    }

    /// Takes the request with this ID (`slot.serial`), and what is needed to answer it. Returns `None` if it was removed.
    pub fn take(self: &Arc<PendingRequests>, id: &str) -> Option<(Request, PendingRequest)> {
        let (slot, serial) = id.split_once('.')?;
        let (slot, serial): (usize, u64) = (slot.parse().ok()?, serial.parse().ok()?);
        let entry = locked(&self.entries).get_mut(slot)?.take_if(|entry| entry.serial == serial)?;
        let PendingEntry { socket, from, arrived: Arrived { head, body }, in_flight, .. } = entry;
        let (keep_alive, method, pending) = (head.keep_alive, head.method, self.clone());
        let pending = PendingRequest {
            pending,
            slot,
            serial,
            socket,
            keep_alive,
            method,
            in_flight,
            is_probed: Cell::new(false),
            is_answered: false,
        };
        Some((request(head, body, from), pending))
    }

    /// Removes the requests that were sent on an upstream connection which was lost. Returns their slots.
    pub fn remove(&self, upstream: usize) -> Vec<usize> {
        let mut entries = locked(&self.entries);
        (0..entries.len()).filter(|slot| entries[*slot].take_if(|entry| entry.upstream == upstream).is_some()).collect()
    }

    /// Returns what was answered since the last call.
    pub fn finished(&self) -> Vec<Finished> {
        std::mem::take(&mut *locked(&self.finished))
    }

    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Notes that the event loop begins a turn.
    pub fn note_turn(&self) {
        self.turns.fetch_add(1, Ordering::SeqCst);
    }

    /// Wakes the event loop, and returns whether it begins a turn in time.
    pub fn is_taking_turns(&self, within: Duration) -> bool {
        let (before, begun) = (self.turns.load(Ordering::SeqCst), Instant::now());
        self.wake();
        while self.turns.load(Ordering::SeqCst) == before {
            if begun.elapsed() >= within {
                return false;
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        true
    }

    /// Ends one connection with the next answer, because others wait for room.
    pub fn end_next(&self) {
        self.ends_next.store(true, Ordering::SeqCst);
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Returns the instant that is so many milliseconds after the listener started.
    pub fn instant(&self, milliseconds: u64) -> Instant {
        self.started + Duration::from_millis(milliseconds)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn tell(&self, finished: Finished) {
        let mut waiting = locked(&self.finished);
        waiting.push(finished);
        // The event loop takes all of them, so only the first needs to wake it.
        if waiting.len() == 1 {
            drop(waiting);
            self.wake();
        }
    }

    fn wake(&self) {
        // Errors are ignored: it fails only if the poll is gone, and then there is no event loop to wake.
        let _ = self.waker.wake();
    }
}

fn request(head: Head, body: Vec<u8>, peer: IpAddr) -> Request {
    let Head { method, target, headers, .. } = head;
    let named = headers.iter().find(|(name, _)| name == "x-request-id").map(|(_, id)| id).filter(|id| request_id::is_acceptable(id));
    let id = named.cloned().unwrap_or_else(|| request_id::fresh(Clock::System.now()));
    Request { method, target, headers, body, id, peer }
}

fn length_of_head(reply: &[u8]) -> usize {
    reply.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(reply.len(), |end| end + 4)
}

/// A request that a worker has taken. Dropped without an answer, it ends the connection.
pub struct PendingRequest {
    pending: Arc<PendingRequests>,
    slot: usize,
    serial: u64,
    socket: Arc<PeerSocket>,
    keep_alive: KeepAlive,
    method: Method,
    in_flight: InFlight,
    /// Whether the peer was sent something to find out whether it is gone.
    is_probed: Cell<bool>,
    is_answered: bool,
}

impl PendingRequest {
    /// Allows another request to be sent, because this one is about to wait for something slow.
    pub fn before_blocking(&self) {
        self.in_flight.before_blocking();
    }

    /// Returns whether nobody waits for the answer any more: the server stops, or the peer is gone. One that only ended its stream is sent
    /// `100 Continue`, which a peer that is gone answers with a reset.
    pub fn is_abandoned(&self) -> bool {
        if self.pending.is_stopping() || self.socket.is_broken() {
            return true;
        }
        // Not again once it was sent that: to look at the stream would take the reset away, by which the connection is found broken.
        let must_probe = self.keep_alive == KeepAlive::Yes && !self.is_probed.get() && self.socket.has_ended_for_worker();
        self.is_probed.set(self.is_probed.get() || must_probe);
        must_probe && self.socket.write(CONTINUE).is_err()
    }

    /// Writes the reply to the public connection, without ever waiting for the peer.
    pub fn answer(mut self, reply: &Reply) {
        self.is_answered = true;
        let is_last = self.pending.is_stopping() || self.pending.ends_next.swap(false, Ordering::SeqCst);
        let keep_alive = if is_last { KeepAlive::No } else { self.keep_alive };
        let mut bytes = serialized(reply, keep_alive, self.method);
        let mut keep_alive = keep_alive != KeepAlive::No;
        if let Delivery::Cut(at) = reply.delivery {
            bytes.truncate(at.map_or(0, |at| bytes.len().min(length_of_head(&bytes).saturating_add(at))));
            keep_alive = false;
        }
        let sent = match reply.delivery {
            Delivery::Slow(per_second) => self.write_slowly(&bytes, per_second),
            Delivery::Whole | Delivery::Cut(_) => self.socket.write(&bytes),
        };
        let left = match sent {
            Ok(sent) if sent < bytes.len() || self.socket.holds_back() => Remaining::Rest { reply: bytes, sent, keep_alive },
            Ok(_) if !keep_alive => Remaining::End,
            Ok(_) if self.socket.give_back(self.pending.now()) => return,
            Ok(_) => Remaining::Unread,
            Err(_) => Remaining::End,
        };
        self.finish(left);
    }

    /// Writes so many bytes a second, as long as the peer takes them and the server does not stop. Returns how many were written.
    fn write_slowly(&self, bytes: &[u8], per_second: NonZero<u32>) -> io::Result<usize> {
        let (begun, mut sent) = (Instant::now(), 0);
        while sent < bytes.len() && !self.pending.is_stopping() {
            let due = begun.elapsed().as_millis() * u128::from(per_second.get()) / 1000;
            let end = bytes.len().min(usize::try_from(due).unwrap_or(usize::MAX));
            let written = self.socket.write(&bytes[sent..end.max(sent)])?;
            sent += written;
            if sent < end {
                break;
            }
            std::thread::sleep(BETWEEN_SLOW_BYTES);
        }
        Ok(sent)
    }

    fn finish(&self, left: Remaining) {
        self.pending.tell(Finished { slot: self.slot, serial: self.serial, left });
    }
}

impl Drop for PendingRequest {
    fn drop(&mut self) {
        if !self.is_answered {
            self.finish(Remaining::End);
        }
    }
}
