//! The way into tiny_http: a few private connections, on which requests go in and no replies come back.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use data_encoding::HEXLOWER;
use mio::{Interest, Registry, Token};

use crate::base::{log, secret};

/// tiny_http has four threads ready, one for each connection: with more it would have to start new ones, and it
/// counts those that are free too late when several connections come at once.
pub const LANES: usize = 4;

/// How long tiny_http may take to hand out the request that proves a connection.
const PROOF: Duration = Duration::from_secs(5);

/// What proves that requests get through a connection. It has no ticket, unlike all others.
const PROVING: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

/// Opens a file without opening what it stands for: of a socket, only its place in the file system. So on Linux.
const O_PATH: i32 = 0o10_000_000;

/// The private connections.
#[derive(Debug)]
pub struct Lanes {
    lanes: Vec<Option<Lane>>,
    next: usize,
    entrance: Entrance,
    registry: Registry,
    /// The token of the first lane.
    first: usize,
}

#[derive(Debug)]
struct Lane {
    socket: mio::net::UnixStream,
    /// What tiny_http has not taken yet, behind what it has: that is removed only when it is at least half of all.
    bytes: Vec<u8>,
    taken: usize,
    /// A request got through. Before that, none goes in that somebody waits for.
    is_proven: bool,
}

/// tiny_http behind its private socket, and our ends of the connections to it.
pub struct Behind {
    pub server: tiny_http::Server,
    /// A second handle of the private socket: shutting it down ends tiny_http's wait for connections.
    pub socket: socket2::Socket,
    pub connections: Vec<UnixStream>,
    pub entrance: Entrance,
}

/// The way to the private socket after its name is gone: through a handle of its file. Without `/proc` there is none.
#[derive(Debug)]
pub struct Entrance(Option<File>);

/// Starts tiny_http and opens the connections one after the other, each proven by a request. The private socket has
/// no name any more when this returns: nobody else can ever connect to it, and nothing is left behind however the process ends.
pub fn open() -> io::Result<Behind> {
    let directory = Directory::create()?;
    let path = directory.0.join("door");
    let listener = UnixListener::bind(&path)?;
    let socket = socket2::Socket::from(OwnedFd::from(listener.try_clone()?));
    let entrance = Entrance(File::options().read(true).custom_flags(O_PATH).open(&path).ok());
    let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
    let mut connections = Vec::new();
    for _ in 0..LANES {
        let mut connection = UnixStream::connect(&path)?;
        connection.write_all(PROVING)?;
        let request = server.recv_timeout(PROOF)?.ok_or_else(|| io::Error::other("the private connection does not work"))?;
        // Nothing may be written there: nobody reads it.
        drop(request.into_writer());
        connection.set_nonblocking(true)?;
        connections.push(connection);
    }
    Ok(Behind { server, socket, connections, entrance })
}

/// Answers the request that proves a connection which was opened again. Nothing else is ever written there.
pub fn prove(request: tiny_http::Request) {
    // A connection that is lost already is noticed by the door.
    let _ = request.respond(tiny_http::Response::empty(204));
}

impl Entrance {
    fn connect(&self) -> io::Result<UnixStream> {
        let file = self.0.as_ref().ok_or_else(|| io::Error::other("there is no way to a socket without a name"))?;
        let connection = UnixStream::connect(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        connection.set_nonblocking(true)?;
        Ok(connection)
    }
}

/// A fresh directory that only this user can enter, removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn create() -> io::Result<Directory> {
        let path = std::env::temp_dir().join(format!("keyfob-door-{}", HEXLOWER.encode(&secret::random::<8>())));
        let created = std::fs::DirBuilder::new().mode(0o700).create(&path);
        created.map_err(|error| io::Error::other(format!("cannot make a directory in {}: {error}", std::env::temp_dir().display())))?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Nobody is left to tell of a failure; the directory is in the system's place for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Lanes {
    /// Watches the connections under tokens that begin with this one.
    pub fn watch(connections: Vec<UnixStream>, entrance: Entrance, registry: &Registry, first: usize) -> io::Result<Lanes> {
        let mut lanes = Lanes { lanes: Vec::new(), next: 0, entrance, registry: registry.try_clone()?, first };
        for (number, connection) in connections.into_iter().enumerate() {
            let socket = lanes.watched(connection, number)?;
            lanes.lanes.push(Some(Lane { socket, bytes: Vec::new(), taken: 0, is_proven: true }));
        }
        Ok(lanes)
    }

    fn watched(&self, connection: UnixStream, number: usize) -> io::Result<mio::net::UnixStream> {
        let mut socket = mio::net::UnixStream::from_std(connection);
        self.registry.register(&mut socket, Token(self.first + number), Interest::READABLE | Interest::WRITABLE)?;
        Ok(socket)
    }

    /// The lane for the next request: each in turn, but one that is not waiting for tiny_http if there is one. Nothing while all are lost.
    pub fn choose(&mut self) -> Option<usize> {
        self.next += 1;
        let waiting = |number: usize| self.lanes[number].as_ref().filter(|lane| lane.is_proven).map(Lane::waiting);
        (0..self.lanes.len())
            .map(|step| (self.next + step) % self.lanes.len())
            .filter(|number| waiting(*number).is_some())
            .min_by_key(|number| waiting(*number))
    }

    /// Puts a request on its way; [`Lanes::flush`] sends it.
    pub fn put(&mut self, number: usize, parts: &[&[u8]]) {
        if let Some(lane) = &mut self.lanes[number] {
            parts.iter().for_each(|part| lane.bytes.extend_from_slice(part));
        }
    }

    /// How many bytes tiny_http has not taken yet.
    pub fn waiting(&self) -> usize {
        self.lanes.iter().flatten().map(Lane::waiting).sum()
    }

    /// Sends what tiny_http takes now. Gives the numbers of lanes that were lost meanwhile.
    pub fn flush(&mut self) -> Vec<usize> {
        let broken: Vec<usize> =
            (0..self.lanes.len()).filter(|number| self.lanes[*number].as_mut().is_some_and(|lane| lane.flush().is_err())).collect();
        broken.iter().for_each(|number| self.lose(*number));
        broken
    }

    /// Whether this lane is lost.
    pub fn check(&mut self, number: usize) -> bool {
        let is_lost = self.lanes[number].as_mut().is_some_and(|lane| lane.listen().is_err());
        if is_lost {
            self.lose(number);
        }
        is_lost
    }

    /// Opens a lost lane again. If that cannot be, the others go on without it.
    fn lose(&mut self, number: usize) {
        log::error("a private connection was lost", &[("lane", number.into())]);
        self.lanes[number] = None;
        match self.entrance.connect().and_then(|connection| self.watched(connection, number)) {
            Ok(socket) => self.lanes[number] = Some(Lane { socket, bytes: PROVING.to_vec(), taken: 0, is_proven: false }),
            Err(error) => log::error("it could not be opened again", &[("lane", number.into()), ("cause", error.to_string().into())]),
        }
    }
}

impl Lane {
    /// Takes what tiny_http says: once that a request got through, and otherwise nothing, except before it ends the lane.
    fn listen(&mut self) -> io::Result<()> {
        loop {
            match self.socket.read(&mut [0; 256]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => self.is_proven = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn waiting(&self) -> usize {
        self.bytes.len() - self.taken
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.waiting() > 0 {
            match self.socket.write(&self.bytes[self.taken..]) {
                Ok(count) => self.taken += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
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

impl std::fmt::Debug for Behind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Behind({} connections)", self.connections.len())
    }
}

#[cfg(test)]
mod tests {
    use mio::{Events, Poll};

    use super::*;

    /// Lets time pass until it is so; how long that takes says nothing.
    fn until(what: &str, lanes: &mut Lanes, poll: &mut Poll, is_so: impl Fn(&mut Lanes) -> bool) {
        let mut events = Events::with_capacity(16);
        for _ in 0..1000 {
            lanes.flush();
            if is_so(lanes) {
                return;
            }
            poll.poll(&mut events, Some(Duration::from_millis(10))).unwrap();
            events.iter().for_each(|event| {
                lanes.check(event.token().0);
            });
        }
        panic!("it never came about that {what}");
    }

    #[test]
    fn a_lane_that_was_lost_is_opened_again_and_used_when_a_request_has_got_through() {
        let Behind { server, connections, entrance, socket: _socket } = open().unwrap();
        let mut poll = Poll::new().unwrap();
        let mut lanes = Lanes::watch(connections, entrance, poll.registry(), 0).unwrap();
        for round in 0..3 {
            // tiny_http ends a connection on which it cannot read.
            (0..LANES).for_each(|number| lanes.put(number, &[b"this is no request\r\n\r\n"]));
            until("all are lost", &mut lanes, &mut poll, |lanes| lanes.choose().is_none());
            (0..LANES).for_each(|_| prove(server.recv_timeout(PROOF).unwrap().unwrap()));
            until("all are proven", &mut lanes, &mut poll, |lanes| {
                lanes.lanes.iter().flatten().filter(|lane| lane.is_proven).count() == LANES
            });
            for number in 0..LANES {
                lanes.put(number, &[format!("GET /{round}/{number} HTTP/1.1\r\n\r\n").as_bytes()]);
                lanes.flush();
                let request = server.recv_timeout(PROOF).unwrap().unwrap();
                assert_eq!(request.url(), format!("/{round}/{number}"));
                drop(request.into_writer());
            }
        }
    }

    #[test]
    fn the_others_go_on_without_a_lane_that_cannot_be_opened_again() {
        let Behind { server: _server, connections, entrance, socket } = open().unwrap();
        let mut poll = Poll::new().unwrap();
        let mut lanes = Lanes::watch(connections, entrance, poll.registry(), 0).unwrap();
        socket.shutdown(std::net::Shutdown::Both).unwrap();
        lanes.put(0, &[b"this is no request\r\n\r\n"]);
        until("it is lost", &mut lanes, &mut poll, |lanes| lanes.lanes[0].is_none());
        let mut chosen: Vec<usize> = (1..LANES).filter_map(|_| lanes.choose()).collect();
        chosen.sort_unstable();
        assert_eq!(chosen, (1..LANES).collect::<Vec<_>>());
    }
}
