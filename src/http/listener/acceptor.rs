//! The public socket: opens it, accepts connections from it, and copes when there are no descriptors left.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Socket, Type};

use crate::base::log;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// The most bytes of a reply that the kernel keeps while its peer does not read; left alone it would keep 4 MB a connection.
const UNREAD_BY_THE_PEER: usize = 256 * 1024;

/// How long to wait after a failure before trying again.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// How often failures are logged at most.
const LOGGED_EVERY: Duration = Duration::from_secs(60);

/// Descriptors that are not for public connections: those of the database, two for each worker, and of the upstream connections.
const OTHER_DESCRIPTORS: usize = 80;

/// The public socket, open.
#[derive(Debug)]
pub struct Acceptor {
    socket: mio::net::TcpListener,
    /// Connections may be waiting: the last attempt to accept one did not say otherwise.
    has_more: bool,
    /// When to try again after a failure.
    resting_until: Option<Instant>,
    /// When a failure was logged last.
    logged: Option<Instant>,
    /// A descriptor to accept with when there are no others: without one it is not even known whether one waits.
    spare: Option<File>,
}

/// The outcome of an attempt to accept a connection.
#[derive(Debug)]
pub enum Accepted {
    Connection(TcpStream, SocketAddr),
    /// A connection that has the spare descriptor: another one has to be closed.
    WithSpare(TcpStream, SocketAddr),
    /// None is waiting.
    Nothing,
    /// The peer gave up before it was accepted.
    Gone,
    /// There are no more descriptors.
    NoDescriptor,
}

/// Opens the socket on `host:port`; port 0 picks a free one. Fails if the host has no address or the port is taken.
pub fn open(address: &str) -> io::Result<TcpListener> {
    let address = address.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("the host has no address"))?;
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    // Connections inherit both. Without the first, every reply of more than a packet waits 40 ms for the peer.
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(UNREAD_BY_THE_PEER)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Returns the wanted number of connections, or as many as there are descriptors for.
pub fn affordable(wanted: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let descriptors = line.and_then(|line| line.split_whitespace().next()).and_then(|soft| soft.parse::<usize>().ok());
    let most = descriptors.map_or(wanted, |descriptors| descriptors.saturating_sub(OTHER_DESCRIPTORS).max(8));
    if most < wanted {
        let cause = "the limit of open files (ulimit -n) leaves room for no more";
        log::warn("fewer connections than set", &[("connections", most.into()), ("cause", cause.into())]);
    }
    wanted.min(most)
}

impl Acceptor {
    /// Asks for events of the socket with this token.
    pub fn register(socket: TcpListener, registry: &Registry, token: Token) -> io::Result<Acceptor> {
        let mut socket = mio::net::TcpListener::from_std(socket);
        registry.register(&mut socket, token, Interest::READABLE)?;
        Ok(Acceptor { socket, has_more: true, resting_until: None, logged: None, spare: spare() })
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
        match self.socket.accept() {
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
