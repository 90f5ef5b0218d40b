//! The TLS session of one public connection. Nothing in here waits for the peer.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::{ServerConfig, ServerConnection};

use crate::base::mutex::locked;
use crate::http::listener::socket::{More, ReadOutcome, retried};
use crate::http::listener::stream::Stream;

/// How often the socket is read before other connections have their turn: a peer can send records that hold nothing.
const READS_A_TURN: usize = 8;

/// Used in turn by the event loop and by the worker that answers, like the socket: the lock never waits.
#[derive(Debug)]
pub struct TlsSession(Mutex<ServerConnection>);

/// How far a handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    Done,
    /// The peer has to send more.
    Waiting,
    /// The turn is over, and there may be more to read.
    Unfinished,
}

impl TlsSession {
    pub fn new(config: Arc<ServerConfig>) -> Result<TlsSession, rustls::Error> {
        ServerConnection::new(config).map(|session| TlsSession(Mutex::new(session)))
    }

    fn session(&self) -> MutexGuard<'_, ServerConnection> {
        locked(&self.0)
    }

    /// Continues the handshake with what has arrived, and adds to `received` how many bytes that was. Fails if the peer breaks off, or
    /// sends what does not belong there; it is told what was wrong as far as it takes that without waiting.
    pub fn continue_handshake(&self, socket: &Stream, received: &mut usize) -> io::Result<Handshake> {
        let mut session = self.session();
        send_records(&mut session, socket)?;
        for _ in 0..READS_A_TURN {
            if !session.is_handshaking() {
                return Ok(Handshake::Done);
            }
            match receive(&mut session, socket) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => *received += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Handshake::Waiting),
                Err(error) => return Err(error),
            }
        }
        Ok(Handshake::Unfinished)
    }

    /// Reads what is there, until the buffer is full or nothing more has arrived.
    pub fn read(&self, socket: &Stream, bytes: &mut [u8]) -> io::Result<ReadOutcome> {
        let mut session = self.session();
        send_records(&mut session, socket)?;
        let mut count = 0;
        for _ in 0..READS_A_TURN {
            match session.reader().read(&mut bytes[count..]) {
                Ok(0) => return Ok(if count == 0 { ReadOutcome::End } else { ReadOutcome::Bytes(count, More::Known) }),
                Ok(more) => count += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // A stream that ends without a word is an end as well: lengths say whether a request is whole.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof && count == 0 => return Ok(ReadOutcome::End),
                Err(error) if count == 0 => return Err(error),
                Err(_) => return Ok(ReadOutcome::Bytes(count, More::Known)),
            }
            if count == bytes.len() {
                break;
            }
            match receive(&mut session, socket) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && count == 0 => return Ok(ReadOutcome::Nothing(More::Unknown)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(ReadOutcome::Bytes(count, More::Unknown)),
                Err(error) if count == 0 => return Err(error),
                // The next attempt fails in the same way.
                Err(_) => break,
            }
        }
        Ok(if count == 0 { ReadOutcome::Nothing(More::Known) } else { ReadOutcome::Bytes(count, More::Known) })
    }

    /// Encrypts and sends as much as the peer takes now, and a little more, which [`TlsSession::holds_back`]. Returns how many bytes were taken.
    pub fn write(&self, socket: &Stream, bytes: &[u8]) -> io::Result<usize> {
        let mut session = self.session();
        let mut written = 0;
        while send_records(&mut session, socket)? == Sent::All && written < bytes.len() {
            written += session.writer().write(&bytes[written..])?;
        }
        Ok(written)
    }

    /// Returns whether encrypted bytes wait until the peer takes them.
    pub fn holds_back(&self) -> bool {
        self.session().wants_write()
    }

    /// Returns whether the peer has said that it sends nothing more. What it has sent before stays to be read.
    pub fn has_ended(&self, socket: &Stream) -> bool {
        let mut session = self.session();
        // Errors are ignored: the next attempt to read or write meets them.
        let _ = receive(&mut session, socket);
        session.process_new_packets().is_ok_and(|state| state.peer_has_closed())
    }

    /// Tells the peer that nothing more follows, unless it has not even taken what came before. Errors are ignored: then the peer is gone.
    pub fn end_writing(&self, socket: &Stream) {
        let mut session = self.session();
        if !session.wants_write() {
            session.send_close_notify();
            let _ = send_records(&mut session, socket);
        }
    }
}

/// Whether the peer has taken all that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    All,
    Part,
}

fn send_records(session: &mut ServerConnection, socket: &Stream) -> io::Result<Sent> {
    while session.wants_write() {
        match retried(|| session.write_tls(&mut &*socket)) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Sent::Part),
            Err(error) => return Err(error),
        }
    }
    Ok(Sent::All)
}

/// Reads once from the socket. Returns how many bytes that was; 0 at the end of the stream.
fn receive(session: &mut ServerConnection, socket: &Stream) -> io::Result<usize> {
    let count = retried(|| session.read_tls(&mut &*socket))?;
    let processed = session.process_new_packets();
    // With an error, this is the alert.
    let sent = send_records(session, socket);
    processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    sent.map(|_| count)
}
