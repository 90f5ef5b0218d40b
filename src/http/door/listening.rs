//! The public socket: opening it, taking connections from it, and what to do when there are no descriptors left.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Socket, Type};

use crate::base::log;

/// How many connections may wait to be taken.
const BACKLOG: i32 = 1024;

/// The kernel keeps at most so much of a reply that its peer does not read; by itself it would keep 4 MB a connection.
const UNREAD_BY_THE_PEER: usize = 256 * 1024;

/// How long to wait after a failure before trying again.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// How often failures are logged at most.
const LOGGED_EVERY: Duration = Duration::from_secs(60);

/// Descriptors that are not for public connections: those of the database, two for each worker, and of the private connections.
const OTHER_DESCRIPTORS: usize = 80;

/// The public socket, open.
#[derive(Debug)]
pub struct Listening {
    socket: mio::net::TcpListener,
    /// Connections may be waiting: nothing said that there are none left.
    has_more: bool,
    /// Not before this.
    resting_until: Option<Instant>,
    /// When a failure was logged last.
    logged: Option<Instant>,
    /// A descriptor to accept with when there are no others: without one it cannot even be known whether somebody waits.
    spare: Option<File>,
}

/// What came of an attempt to take a connection.
#[derive(Debug)]
pub enum Taken {
    Connection(TcpStream, SocketAddr),
    /// With the spare descriptor: another connection has to go.
    WithTheLast(TcpStream, SocketAddr),
    Nothing,
    /// The peer gave up before it was its turn.
    Gone,
    /// The system gives no more descriptors.
    NoDescriptor,
}

/// Opens the socket on `host:port`; port 0 picks a free one.
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

/// The wanted number of connections, or as many as there are descriptors for.
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

impl Listening {
    pub fn watch(socket: TcpListener, registry: &Registry, token: Token) -> io::Result<Listening> {
        let mut socket = mio::net::TcpListener::from_std(socket);
        registry.register(&mut socket, token, Interest::READABLE)?;
        Ok(Listening { socket, has_more: true, resting_until: None, logged: None, spare: spare() })
    }

    /// Somebody wants to connect.
    pub fn note(&mut self) {
        self.has_more = true;
    }

    /// When to try again although nobody says anything.
    pub fn retry(&self) -> Option<Instant> {
        self.resting_until
    }

    pub fn has_more(&self, now: Instant) -> bool {
        self.has_more && self.resting_until.is_none_or(|until| until <= now)
    }

    /// Accepts one connection. Failures are logged, and waited out.
    pub fn take(&mut self, now: Instant) -> Taken {
        self.resting_until = None;
        match self.accept(now) {
            Taken::NoDescriptor if self.spare.take().is_some() => match self.accept(now) {
                Taken::Connection(socket, address) => {
                    self.resting_until = None;
                    Taken::WithTheLast(socket, address)
                }
                // Somebody else took even that one.
                Taken::NoDescriptor => Taken::NoDescriptor,
                other => {
                    self.save_spare();
                    other
                }
            },
            other => other,
        }
    }

    fn accept(&mut self, now: Instant) -> Taken {
        match self.socket.accept() {
            Ok((socket, address)) => Taken::Connection(socket, address),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => {
                    (self.has_more, self.resting_until) = (false, None);
                    Taken::Nothing
                }
                io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => Taken::Gone,
                _ => {
                    self.rest(&error, now);
                    if is_out_of_descriptors(&error) { Taken::NoDescriptor } else { Taken::Nothing }
                }
            },
        }
    }

    /// Keeps a descriptor for later; then there is no need to rest. Returns whether there was one.
    pub fn save_spare(&mut self) -> bool {
        self.spare = self.spare.take().or_else(spare);
        if self.spare.is_some() {
            self.resting_until = None;
        }
        self.spare.is_some()
    }

    fn rest(&mut self, error: &io::Error, now: Instant) {
        if self.logged.is_none_or(|logged| now.duration_since(logged) >= LOGGED_EVERY) {
            log::error("no connection can be taken just now", &[("cause", error.to_string().into())]);
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
