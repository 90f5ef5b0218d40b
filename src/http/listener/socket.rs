//! The socket of a public connection, owned in turn by the event loop, which reads, and by the worker that answers.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use mio::{Registry, Token};

use crate::http::listener::stream::Stream;
use crate::http::listener::tls::{Handshake, TlsSession};

/// Who owns the socket. The worker returns it without waking the event loop, unless that asked for notice.
const EVENT_LOOP: u8 = 0;
const WORKER: u8 = 1;
/// The worker, and the event loop must be told when it returns the socket: there is more to read.
const WORKER_TO_NOTIFY: u8 = 2;

/// The socket with everything that is done to it, with TLS or without.
#[derive(Debug)]
pub struct PeerSocket {
    socket: Stream,
    tls: Option<Box<TlsSession>>,
    owner: AtomicU8,
    /// When the worker returned it, in milliseconds since the listener started.
    returned_at: AtomicU64,
}

impl PeerSocket {
    pub fn new(socket: Stream, tls: Option<TlsSession>) -> PeerSocket {
        PeerSocket { socket, tls: tls.map(Box::new), owner: AtomicU8::new(EVENT_LOOP), returned_at: AtomicU64::new(0) }
    }

    /// Asks for events with this token when there is something to read or room to write.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.socket.register(registry, token)
    }

    /// Continues the handshake, as [`TlsSession::continue_handshake`]; without TLS there is none.
    pub fn continue_handshake(&self, received: &mut usize) -> io::Result<Handshake> {
        self.tls.as_ref().map_or(Ok(Handshake::Done), |tls| tls.continue_handshake(&self.socket, received))
    }

    /// Returns whether the peer speaks HTTP where TLS is expected: its first byte begins a method, and no record.
    pub fn begins_with_http(&self) -> bool {
        self.socket.next_byte().is_some_and(|byte| byte.is_ascii_alphabetic())
    }

    /// Leaves TLS out from now on.
    pub fn speak_plainly(&mut self) {
        self.tls = None;
    }

    /// Reads what is there.
    pub fn read(&self, bytes: &mut [u8]) -> io::Result<ReadOutcome> {
        match &self.tls {
            None => self.read_raw(bytes),
            Some(tls) => tls.read(&self.socket, bytes),
        }
    }

    /// The same without decrypting it: for what is dropped.
    pub fn read_raw(&self, bytes: &mut [u8]) -> io::Result<ReadOutcome> {
        match retried(|| (&self.socket).read(bytes)) {
            Ok(0) => Ok(ReadOutcome::End),
            // A short read is the last one, unless the end of the stream follows it.
            Ok(count) => Ok(ReadOutcome::Bytes(count, if count == bytes.len() { More::Known } else { More::Unknown })),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(ReadOutcome::Nothing(More::Unknown)),
            Err(error) => Err(error),
        }
    }

    /// Writes as much as the peer takes now. Returns how many bytes that was.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.tls {
            None => write_some(&mut &self.socket, bytes),
            Some(tls) => tls.write(&self.socket, bytes),
        }
    }

    /// Returns whether bytes that were written wait until the peer takes them, and another [`PeerSocket::write`] sends them.
    pub fn holds_back(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.holds_back())
    }

    /// Returns whether the peer has ended its stream and all of it is read. It may be gone, or still wait for a reply.
    pub fn has_ended(&self) -> bool {
        self.socket.has_ended()
    }

    /// The same for a worker. Over TLS it reads what has arrived, which no event tells of any more: the event loop will get notice.
    pub fn has_ended_for_worker(&self) -> bool {
        match &self.tls {
            None => self.has_ended(),
            Some(tls) => {
                self.give_to_worker(More::Known);
                self.has_ended() || tls.has_ended(&self.socket)
            }
        }
    }

    /// Returns whether the connection is broken off, so that the peer can't read a reply.
    pub fn is_broken(&self) -> bool {
        !matches!(self.socket.take_error(), Ok(None))
    }

    /// Ends the stream to the peer after what was written. Errors are ignored: then the peer is gone.
    pub fn end_writing(&self) {
        self.tls.iter().for_each(|tls| tls.end_writing(&self.socket));
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

impl Drop for PeerSocket {
    /// A peer that speaks TLS is told that nothing follows; otherwise it could not know whether somebody else has cut the connection.
    fn drop(&mut self) {
        self.tls.iter().for_each(|tls| tls.end_writing(&self.socket));
    }
}

/// What was read from a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    Bytes(usize, More),
    /// Nothing for now; with `Known`, only because the turn is over.
    Nothing(More),
    End,
}

/// Whether there may be more to read, without another event that says so.
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
