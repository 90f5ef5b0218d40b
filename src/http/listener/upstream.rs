//! The connections to tiny_http: a few private ones, on which the IDs of requests are sent and no replies come back.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use mio::{Interest, Registry, Token};

use crate::base::log;
use crate::base::temporary_directory::TemporaryDirectory;
use crate::http::listener::socket::{retried, write_some};

/// How many connections there are. Each has a thread of tiny_http that wakes for what has come meanwhile: with fewer, more comes at once, and
/// with one there would be none while it is opened again.
pub const UPSTREAMS: usize = 2;

/// How long tiny_http may take to hand out the handshake's request.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// The first request on each connection: when tiny_http hands it out, the connection works. It has no ID, unlike all others.
const HANDSHAKE: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

/// Opens a file without opening what it stands for: of a socket, only its place in the file system. The value is Linux's.
const O_PATH: i32 = 0o10_000_000;

pub struct Upstreams {
    upstreams: Vec<Option<Upstream>>,
    next: usize,
    socket_file: SocketFile,
    registry: Registry,
    /// The token of the first one.
    first: usize,
}

struct Upstream {
    socket: mio::net::UnixStream,
    /// What is queued; tiny_http has `taken` the first of it, which is removed only when it is at least half of all.
    bytes: Vec<u8>,
    taken: usize,
    /// The handshake is over. Before that, no other request is sent.
    is_ready: bool,
}

/// tiny_http behind its private socket, and the connections to it.
pub struct Backend {
    pub server: tiny_http::Server,
    /// A second handle of the private socket: shutting it down ends tiny_http's wait for connections.
    pub socket: socket2::Socket,
    pub connections: Vec<UnixStream>,
    pub socket_file: SocketFile,
}

/// A handle of the private socket's file, by which to connect after its name is gone. `None` where there is no `/proc`.
pub struct SocketFile(Option<File>);

/// Starts tiny_http and opens the connections one after the other, each with its handshake. The private socket has no name any more
/// when this returns: nothing else can ever connect to it, and nothing is left behind however the process ends. (A name in Linux's
/// abstract namespace needs no directory, but any user of the machine can connect to it.) Its directory is a temporary one, or else in
/// `fallback`. Fails if there is none, or if tiny_http does not hand out a handshake in time.
pub fn open(fallback: Option<&Path>) -> io::Result<Backend> {
    let directory = TemporaryDirectory::create(fallback)?;
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path)?;
    let socket = socket2::Socket::from(OwnedFd::from(listener.try_clone()?));
    let socket_file = SocketFile(File::options().read(true).custom_flags(O_PATH).open(&path).ok());
    let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
    let mut connections = Vec::new();
    for _ in 0..UPSTREAMS {
        let mut connection = UnixStream::connect(&path)?;
        connection.write_all(HANDSHAKE)?;
        let request = server.recv_timeout(HANDSHAKE_TIMEOUT)?.ok_or_else(|| io::Error::other("the private connection does not work"))?;
        // Nothing may be written there: it would not be read.
        drop(request.into_writer());
        connection.set_nonblocking(true)?;
        connections.push(connection);
    }
    Ok(Backend { server, socket, connections, socket_file })
}

/// Answers the handshake of a connection that was opened again. Nothing else is ever written there.
pub fn answer_handshake(request: tiny_http::Request) {
    // Errors are ignored: the event loop notices a connection that is lost.
    let _ = request.respond(tiny_http::Response::empty(204));
}

/// Opens a connection of its own for a handshake, and returns when a worker has answered it. Fails if none does so in time.
pub fn handshake(socket_file: &SocketFile, within: Duration) -> io::Result<()> {
    let mut connection = socket_file.connect()?;
    connection.set_nonblocking(false)?;
    connection.set_read_timeout(Some(within))?;
    connection.write_all(HANDSHAKE)?;
    connection.read_exact(&mut [0])
}

impl SocketFile {
    pub fn try_clone(&self) -> io::Result<SocketFile> {
        self.0.as_ref().map(File::try_clone).transpose().map(SocketFile)
    }

    fn connect(&self) -> io::Result<UnixStream> {
        let file = self.0.as_ref().ok_or_else(|| io::Error::other("without /proc there is no way to a socket without a name"))?;
        let connection = UnixStream::connect(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        connection.set_nonblocking(true)?;
        Ok(connection)
    }
}

impl Upstreams {
    /// Asks for events of the connections, with tokens that begin with this one.
    pub fn register(connections: Vec<UnixStream>, socket_file: SocketFile, registry: &Registry, first: usize) -> io::Result<Upstreams> {
        let mut upstreams = Upstreams { upstreams: Vec::new(), next: 0, socket_file, registry: registry.try_clone()?, first };
        for (number, connection) in connections.into_iter().enumerate() {
            let socket = upstreams.registered(connection, number)?;
            upstreams.upstreams.push(Some(Upstream { socket, bytes: Vec::new(), taken: 0, is_ready: true }));
        }
        Ok(upstreams)
    }

    fn registered(&self, connection: UnixStream, number: usize) -> io::Result<mio::net::UnixStream> {
        let mut socket = mio::net::UnixStream::from_std(connection);
        self.registry.register(&mut socket, Token(self.first + number), Interest::READABLE | Interest::WRITABLE)?;
        Ok(socket)
    }

    /// Returns the connection for the next request: each in turn, but one with nothing queued if there is one. `None` while all are lost.
    pub fn choose(&mut self) -> Option<usize> {
        self.next += 1;
        let waiting = |number: usize| self.upstreams[number].as_ref().filter(|upstream| upstream.is_ready).map(Upstream::waiting);
        (0..self.upstreams.len())
            .map(|step| (self.next + step) % self.upstreams.len())
            .filter(|number| waiting(*number).is_some())
            .min_by_key(|number| waiting(*number))
    }

    /// Queues what [`Upstreams::flush`] sends.
    pub fn queue(&mut self, number: usize, bytes: &[u8]) {
        if let Some(upstream) = &mut self.upstreams[number] {
            upstream.bytes.extend_from_slice(bytes);
        }
    }

    /// Sends what tiny_http takes now. Returns the numbers of connections that were lost.
    pub fn flush(&mut self) -> Vec<usize> {
        let broken: Vec<usize> = (0..self.upstreams.len())
            .filter(|number| self.upstreams[*number].as_mut().is_some_and(|upstream| upstream.flush().is_err()))
            .collect();
        broken.iter().for_each(|number| self.reopen(*number));
        broken
    }

    /// Reads from this connection. Returns whether it is lost.
    pub fn check(&mut self, number: usize) -> bool {
        let is_lost = self.upstreams[number].as_mut().is_some_and(|upstream| upstream.read_handshake().is_err());
        if is_lost {
            self.reopen(number);
        }
        is_lost
    }

    /// Opens a lost connection again. If that fails, the others go on without it.
    fn reopen(&mut self, number: usize) {
        log::error("an upstream connection was lost", &[("upstream", number.into())]);
        self.upstreams[number] = None;
        match self.socket_file.connect().and_then(|connection| self.registered(connection, number)) {
            Ok(socket) => self.upstreams[number] = Some(Upstream { socket, bytes: HANDSHAKE.to_vec(), taken: 0, is_ready: false }),
            Err(error) => log::error("it could not be opened again", &[("upstream", number.into()), ("cause", error.to_string().into())]),
        }
    }
}

impl Upstream {
    /// Reads what tiny_http writes: the answer to the handshake, and otherwise nothing, except before it closes the connection.
    fn read_handshake(&mut self) -> io::Result<()> {
        loop {
            match retried(|| self.socket.read(&mut [0; 256])) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => self.is_ready = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn waiting(&self) -> usize {
        self.bytes.len() - self.taken
    }

    fn flush(&mut self) -> io::Result<()> {
        self.taken += write_some(&mut self.socket, &self.bytes[self.taken..])?;
        if self.taken >= self.waiting() {
            self.bytes.drain(..self.taken);
            self.taken = 0;
            if self.bytes.is_empty() && self.bytes.capacity() > 64 * 1024 {
                self.bytes = Vec::new();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mio::{Events, Poll};

    use super::*;

    /// Waits until it is so, however long that takes.
    fn until(what: &str, upstreams: &mut Upstreams, poll: &mut Poll, is_so: impl Fn(&mut Upstreams) -> bool) {
        let mut events = Events::with_capacity(16);
        for _ in 0..1000 {
            upstreams.flush();
            if is_so(upstreams) {
                return;
            }
            poll.poll(&mut events, Some(Duration::from_millis(10))).unwrap();
            events.iter().for_each(|event| {
                upstreams.check(event.token().0);
            });
        }
        panic!("it never came about that {what}");
    }

    #[test]
    fn an_upstream_connection_that_was_lost_is_opened_again_and_used_when_a_request_has_got_through() {
        let Backend { server, connections, socket_file, socket: _socket } = open(None).unwrap();
        let mut poll = Poll::new().unwrap();
        let mut upstreams = Upstreams::register(connections, socket_file, poll.registry(), 0).unwrap();
        for round in 0..3 {
            // tiny_http ends a connection on which it cannot read.
            (0..UPSTREAMS).for_each(|number| upstreams.queue(number, b"this is no request\r\n\r\n"));
            until("all are lost", &mut upstreams, &mut poll, |upstreams| upstreams.choose().is_none());
            (0..UPSTREAMS).for_each(|_| answer_handshake(server.recv_timeout(HANDSHAKE_TIMEOUT).unwrap().unwrap()));
            until("all are ready", &mut upstreams, &mut poll, |upstreams| {
                upstreams.upstreams.iter().flatten().filter(|upstream| upstream.is_ready).count() == UPSTREAMS
            });
            for number in 0..UPSTREAMS {
                upstreams.queue(number, format!("GET /{round}/{number} HTTP/1.1\r\n\r\n").as_bytes());
                upstreams.flush();
                let request = server.recv_timeout(HANDSHAKE_TIMEOUT).unwrap().unwrap();
                assert_eq!(request.url(), format!("/{round}/{number}"));
                drop(request.into_writer());
            }
        }
    }

    #[test]
    fn the_others_go_on_without_an_upstream_connection_that_cannot_be_opened_again() {
        let Backend { server: _server, connections, socket_file, socket } = open(None).unwrap();
        let mut poll = Poll::new().unwrap();
        let mut upstreams = Upstreams::register(connections, socket_file, poll.registry(), 0).unwrap();
        socket.shutdown(std::net::Shutdown::Both).unwrap();
        upstreams.queue(0, b"this is no request\r\n\r\n");
        until("it is lost", &mut upstreams, &mut poll, |upstreams| upstreams.upstreams[0].is_none());
        let mut chosen: Vec<usize> = (1..UPSTREAMS).filter_map(|_| upstreams.choose()).collect();
        chosen.sort_unstable();
        assert_eq!(chosen, (1..UPSTREAMS).collect::<Vec<_>>());
    }
}
