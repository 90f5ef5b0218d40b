//! The public socket: opening it, taking connections from it, and what to do when there are no descriptors left.

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
    /// The failure was told to the log; not again until it is over.
    is_failing: bool,
}

/// What came of an attempt to take a connection.
#[derive(Debug)]
pub enum Taken {
    Connection(TcpStream, SocketAddr),
    Nothing,
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
        Ok(Listening { socket, has_more: true, resting_until: None, is_failing: false })
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

    /// Takes one connection. Failures are told to the log once and waited out.
    pub fn take(&mut self, now: Instant) -> Taken {
        self.resting_until = None;
        loop {
            match self.socket.accept() {
                Ok((socket, address)) => return Taken::Connection(socket, address),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => {
                        // Nobody waits any more: only then is a failure over.
                        (self.has_more, self.is_failing) = (false, false);
                        return Taken::Nothing;
                    }
                    // The peer gave up before it was its turn.
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    _ => {
                        self.rest(&error, now);
                        return if is_out_of_descriptors(&error) { Taken::NoDescriptor } else { Taken::Nothing };
                    }
                },
            }
        }
    }

    fn rest(&mut self, error: &io::Error, now: Instant) {
        if !self.is_failing {
            log::error("no connection can be taken just now", &[("cause", error.to_string().into())]);
        }
        self.is_failing = true;
        self.resting_until = Some(now + AFTER_A_FAILURE);
    }
}

/// `EMFILE` and `ENFILE`, which have these numbers on every Unix.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}
