//! The socket of a public connection, owned in turn by the event loop, which reads, and by the worker that answers.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// Who owns the socket. The worker returns it without waking the event loop, unless that asked for notice.
const EVENT_LOOP: u8 = 0;
const WORKER: u8 = 1;
/// The worker, and the event loop must be told when it returns the socket: there is more to read.
const WORKER_TO_NOTIFY: u8 = 2;

/// The socket with everything that is done to it; the place for TLS.
#[derive(Debug)]
pub struct PeerSocket {
    socket: TcpStream,
    owner: AtomicU8,
    /// When the worker returned it, in milliseconds since the listener started.
    returned_at: AtomicU64,
}

impl PeerSocket {
    pub fn new(socket: TcpStream) -> PeerSocket {
        PeerSocket { socket, owner: AtomicU8::new(EVENT_LOOP), returned_at: AtomicU64::new(0) }
    }

    /// Asks for events with this token when there is something to read or room to write.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.socket, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Reads what is there. Fails with `WouldBlock` if there is nothing.
    pub fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        retried(|| (&self.socket).read(bytes))
    }

    /// Writes as much as the peer takes now. Returns how many bytes that was.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        write_some(&mut &self.socket, bytes)
    }

    /// Returns whether the peer has ended its stream and all of it is read. It may be gone, or still wait for a reply.
    pub fn has_ended(&self) -> bool {
        matches!(self.socket.peek(&mut [0]), Ok(0))
    }

    /// Returns whether the connection is broken off, so that the peer can't read a reply.
    pub fn is_broken(&self) -> bool {
        !matches!(self.socket.take_error(), Ok(None))
    }

    /// Ends the stream to the peer after what was written. Errors are ignored: then the peer is gone.
    pub fn end_writing(&self) {
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Gives the socket to a worker. If there may be more to read, asks for notice when it is returned.
    pub fn give_to_worker(&self, more: More) {
        self.owner.store(if more == More::Known { WORKER_TO_NOTIFY } else { WORKER }, Ordering::Release);
    }

    /// Takes the socket after a worker gave notice.
    pub fn take(&self) {
        self.owner.store(EVENT_LOOP, Ordering::Release);
    }

    /// Returns the socket to the event loop at `now`. Returns false, and changes nothing, if the event loop must be told.
    pub fn give_back(&self, now: u64) -> bool {
        self.returned_at.store(now, Ordering::Relaxed);
        self.owner.compare_exchange(WORKER, EVENT_LOOP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Returns whether the event loop owns the socket; if not, asks the worker for notice.
    pub fn is_ours_or_ask_for_notice(&self) -> bool {
        match self.owner.compare_exchange(WORKER, WORKER_TO_NOTIFY, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => false,
            Err(owner) => owner == EVENT_LOOP,
        }
    }

    /// Returns when the worker returned it; `None` while the worker has it.
    pub fn returned_at(&self) -> Option<u64> {
        (self.owner.load(Ordering::Acquire) == EVENT_LOOP).then(|| self.returned_at.load(Ordering::Relaxed))
    }
}

/// Whether there may be more to read after a complete request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    Known,
    Unknown,
}

/// Writes as much as is taken now. Returns how many bytes that was.
pub fn write_some(socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match retried(|| socket.write(&bytes[written..])) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

/// Tries again what a signal interrupted.
pub fn retried(mut attempt: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
