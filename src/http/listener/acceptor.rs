//! Accepts connections from one public socket, and copes when there are no descriptors left.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};

use crate::base::{descriptors, log};
use crate::http::listener::public_socket::{ListeningSocket, Protocol, PublicSocket, UnixSocketFile};
use crate::http::listener::stream::Stream;

/// How long to wait after a failure before trying again.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// How often failures are logged at most.
const LOGGED_EVERY: Duration = Duration::from_secs(60);

/// Descriptors that are not for public connections: those of the database, two for each worker, and of the upstream connections.
const OTHER_DESCRIPTORS: usize = 80;

/// A public socket, open.
pub struct Acceptor {
    socket: AcceptingSocket,
    pub protocol: Protocol,
    /// Connections may be waiting: the last attempt to accept one did not say otherwise.
    has_more: bool,
    /// When to try again after a failure.
    resting_until: Option<Instant>,
    /// When a failure was logged last.
    logged: Option<Instant>,
    /// A descriptor to accept with when there are no others: without one it is not even known whether one waits.
    spare: Option<File>,
}

enum AcceptingSocket {
    Tcp(TcpListener),
    Unix(UnixListener, #[expect(dead_code, reason = "the file goes with the socket")] Option<UnixSocketFile>),
}

/// The outcome of an attempt to accept a connection.
pub enum Accepted {
    /// With the address of the peer, which one on a Unix socket does not have.
    Connection(Stream, Option<SocketAddr>),
    /// A connection that has the spare descriptor: another one has to be closed.
    WithSpare(Stream, Option<SocketAddr>),
    /// None is waiting.
    Nothing,
    /// The peer gave up before it was accepted.
    Gone,
    /// There are no more descriptors.
    NoDescriptor,
}

/// Returns the wanted number of connections, or as many as there are descriptors for.
pub fn affordable(wanted: usize) -> usize {
    let most = descriptors::most().map_or(wanted, |descriptors| descriptors.saturating_sub(OTHER_DESCRIPTORS).max(8));
    if most < wanted {
        let cause = "the limit of open files (ulimit -n) leaves room for no more";
        log::warn("fewer connections than set", &[("connections", most.into()), ("cause", cause.into())]);
    }
    wanted.min(most)
}

impl Acceptor {
    /// Asks for events of the socket with this token.
    pub fn register(opened: PublicSocket, registry: &Registry, token: Token) -> io::Result<Acceptor> {
        let socket = match opened.socket {
            ListeningSocket::Tcp(socket) => {
                let mut socket = TcpListener::from_std(socket);
                registry.register(&mut socket, token, Interest::READABLE)?;
                AcceptingSocket::Tcp(socket)
            }
            ListeningSocket::Unix(socket, file) => {
                let mut socket = UnixListener::from_std(socket);
                registry.register(&mut socket, token, Interest::READABLE)?;
                AcceptingSocket::Unix(socket, file)
            }
        };
        Ok(Acceptor { socket, protocol: opened.protocol, has_more: true, resting_until: None, logged: None, spare: spare() })
    }

    /// Notes that connections may be waiting.
    pub fn note_backlog(&mut self) {
        self.has_more = true;
    }

    /// Returns when to try again even without an event.
    pub fn retry(&self) -> Option<Instant> {
        self.resting_until
    }

    /// Returns whether connections may be waiting, and a failure is not being waited out.
    pub fn has_more(&self, now: Instant) -> bool {
        self.has_more && self.resting_until.is_none_or(|until| until <= now)
    }

    /// Accepts one connection. Failures are logged, and waited out.
    pub fn accept(&mut self, now: Instant) -> Accepted {
        self.resting_until = None;
        match self.try_accept(now) {
            Accepted::NoDescriptor if self.spare.take().is_some() => match self.try_accept(now) {
                Accepted::Connection(socket, address) => {
                    self.resting_until = None;
                    Accepted::WithSpare(socket, address)
                }
                // Another process took even that one.
                Accepted::NoDescriptor => Accepted::NoDescriptor,
                other => {
                    self.save_spare();
                    other
                }
            },
            other => other,
        }
    }

    fn try_accept(&mut self, now: Instant) -> Accepted {
        let accepted = match &self.socket {
            AcceptingSocket::Tcp(socket) => socket.accept().map(|(stream, address)| (Stream::Tcp(stream), Some(address))),
            AcceptingSocket::Unix(socket, _) => socket.accept().map(|(stream, _)| (Stream::Unix(stream), None)),
        };
        match accepted {
            Ok((socket, address)) => Accepted::Connection(socket, address),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => {
                    (self.has_more, self.resting_until) = (false, None);
                    Accepted::Nothing
                }
                io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => Accepted::Gone,
                _ => {
                    self.rest(&error, now);
                    if is_out_of_descriptors(&error) { Accepted::NoDescriptor } else { Accepted::Nothing }
                }
            },
        }
    }

    /// Keeps a descriptor for later and ends the wait after a failure. Returns false if there was none.
    pub fn save_spare(&mut self) -> bool {
        self.spare = self.spare.take().or_else(spare);
        if self.spare.is_some() {
            self.resting_until = None;
        }
        self.spare.is_some()
    }

    fn rest(&mut self, error: &io::Error, now: Instant) {
        if self.logged.is_none_or(|logged| now.duration_since(logged) >= LOGGED_EVERY) {
            log::error("no connection can be accepted just now", &[("cause", error.to_string().into())]);
            self.logged = Some(now);
        }
        self.resting_until = Some(now + AFTER_A_FAILURE);
    }
}

fn spare() -> Option<File> {
    File::open("/dev/null").ok()
}

/// `EMFILE` and `ENFILE`, which have these numbers on every Unix.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}
