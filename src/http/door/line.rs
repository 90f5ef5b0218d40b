//! One public connection as its two users share it: the door, which reads, and the worker that answers.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// Whose turn it is on a connection. The worker hands it back without waking the door, unless there is news.
const DOOR: u8 = 0;
const WORKER: u8 = 1;
/// The worker's, and meanwhile something arrived that the door must look at afterwards.
const WORKER_WITH_NEWS: u8 = 2;

/// The socket with all that is ever done to it; the place for TLS.
#[derive(Debug)]
pub struct Line {
    socket: TcpStream,
    turn: AtomicU8,
    /// When the worker handed it back, in milliseconds since the door was opened.
    handed_back: AtomicU64,
}

impl Line {
    pub fn new(socket: TcpStream) -> Line {
        Line { socket, turn: AtomicU8::new(DOOR), handed_back: AtomicU64::new(0) }
    }

    /// Asks to be told, with this token, when there is something to read or room to write.
    pub fn watch(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.socket, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Reads what is there; `WouldBlock` if nothing is.
    pub fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        retried(|| (&self.socket).read(bytes))
    }

    /// Writes as much as the peer takes now, and tells how much that was.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < bytes.len() {
            match retried(|| (&self.socket).write(&bytes[written..])) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// The peer will read an end after what was written. A peer that is gone does not mind.
    pub fn end_writing(&self) {
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// The door gives the turn away. If it knows of more to look at, it wants to be told when it is its turn again.
    pub fn give_to_worker(&self, more: More) {
        self.turn.store(if more == More::Known { WORKER_WITH_NEWS } else { WORKER }, Ordering::Release);
    }

    /// The door takes the turn that a worker has told it to take.
    pub fn take_back(&self) {
        self.turn.store(DOOR, Ordering::Release);
    }

    /// The worker gives the turn back; false if the door must be told, because there is news.
    pub fn give_back(&self, now: u64) -> bool {
        self.handed_back.store(now, Ordering::Relaxed);
        self.turn.compare_exchange(WORKER, DOOR, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Something arrived. True if it is the door's turn to look; otherwise the worker will tell the door to.
    pub fn is_ours_or_note_news(&self) -> bool {
        match self.turn.compare_exchange(WORKER, WORKER_WITH_NEWS, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => false,
            Err(turn) => turn == DOOR,
        }
    }

    /// When the worker handed it back; nothing while it has it.
    pub fn handed_back(&self) -> Option<u64> {
        (self.turn.load(Ordering::Acquire) == DOOR).then(|| self.handed_back.load(Ordering::Relaxed))
    }
}

/// Whether there may be more to read than what made a request whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    Known,
    Unknown,
}

fn retried(mut attempt: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
