//! Where requests and replies meet again: each request that goes in carries a ticket, and whoever redeems it may answer.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mio::Waker;

use crate::http::door::head::KeepAlive;
use crate::http::door::line::Line;
use crate::http::door::sending::serialized;
use crate::http::reply::Reply;

/// Shared by the door and the workers.
#[derive(Debug)]
pub struct Gate {
    /// The open tickets, by the place of their connection: a connection has at most one.
    tickets: Mutex<Vec<Option<Open>>>,
    finished: Mutex<Vec<Finished>>,
    waker: Waker,
    stopping: AtomicBool,
    opened: Instant,
}

/// A request that was handed over and not answered.
#[derive(Debug)]
pub struct Open {
    pub serial: u64,
    /// The private connection it went into.
    pub lane: usize,
    pub line: Arc<Line>,
    /// Who asks: the peer, or the one that a trusted proxy asks for.
    pub from: IpAddr,
    pub keep_alive: KeepAlive,
    pub is_head: bool,
}

/// What the door must see to after an answer.
#[derive(Debug)]
pub struct Finished {
    pub place: usize,
    pub serial: u64,
    pub left: Left,
}

/// What an answer left to be done.
#[derive(Debug)]
pub enum Left {
    /// It was sent, and the next request may be there already.
    News,
    /// It was sent, and the connection ends with it.
    End,
    /// The peer did not take all of it: the bytes, how many of them were sent, and whether the connection goes on.
    Rest { reply: Vec<u8>, sent: usize, keep_alive: bool },
}

impl Gate {
    pub fn new(waker: Waker) -> Gate {
        let (tickets, finished) = (Mutex::default(), Mutex::default());
        Gate { tickets, finished, waker, stopping: AtomicBool::new(false), opened: Instant::now() }
    }

    /// Notes whom to answer.
    pub fn issue(&self, place: usize, open: Open) {
        let mut tickets = locked(&self.tickets);
        if tickets.len() <= place {
            tickets.resize_with(place + 1, || None);
        }
        tickets[place] = Some(open);
    }

    /// The one who may answer the request with this ticket (`place.serial`); nobody if it was withdrawn.
    pub fn redeem(self: &Arc<Gate>, ticket: &str) -> Option<Ticket> {
        let (place, serial) = ticket.split_once('.')?;
        let (place, serial): (usize, u64) = (place.parse().ok()?, serial.parse().ok()?);
        let open = locked(&self.tickets).get_mut(place)?.take_if(|open| open.serial == serial)?;
        Some(Ticket { gate: self.clone(), place, open, is_answered: false })
    }

    /// Withdraws the tickets that went into a private connection which was lost, and tells their places.
    pub fn withdraw(&self, lane: usize) -> Vec<usize> {
        let mut tickets = locked(&self.tickets);
        (0..tickets.len()).filter(|place| tickets[*place].take_if(|open| open.lane == lane).is_some()).collect()
    }

    pub fn finished(&self) -> Vec<Finished> {
        std::mem::take(&mut *locked(&self.finished))
    }

    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.wake();
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// An instant that was told in milliseconds since the door was opened.
    pub fn instant(&self, milliseconds: u64) -> Instant {
        self.opened + Duration::from_millis(milliseconds)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn tell(&self, finished: Finished) {
        let mut waiting = locked(&self.finished);
        waiting.push(finished);
        // The door takes all there is, so only the first needs to wake it.
        if waiting.len() == 1 {
            drop(waiting);
            self.wake();
        }
    }

    fn wake(&self) {
        // It fails only where the door's own poll is gone, and then nobody is there to wake.
        let _ = self.waker.wake();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to answer one request. Dropped without an answer, it ends the connection.
#[derive(Debug)]
pub struct Ticket {
    gate: Arc<Gate>,
    place: usize,
    open: Open,
    is_answered: bool,
}

impl Ticket {
    pub fn from(&self) -> IpAddr {
        self.open.from
    }

    /// Writes the reply to the public connection, without ever waiting for the peer.
    pub fn answer(mut self, reply: &Reply) {
        self.is_answered = true;
        let keep_alive = if self.gate.is_stopping() { KeepAlive::No } else { self.open.keep_alive };
        let bytes = serialized(reply, keep_alive, self.open.is_head);
        let keep_alive = keep_alive != KeepAlive::No;
        let left = match self.open.line.write(&bytes) {
            Ok(sent) if sent < bytes.len() => Left::Rest { reply: bytes, sent, keep_alive },
            Ok(_) if !keep_alive => Left::End,
            Ok(_) if self.open.line.give_back(self.gate.now()) => return,
            Ok(_) => Left::News,
            Err(_) => Left::End,
        };
        self.finish(left);
    }

    fn finish(&self, left: Left) {
        self.gate.tell(Finished { place: self.place, serial: self.open.serial, left });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.is_answered {
            self.finish(Left::End);
        }
    }
}
