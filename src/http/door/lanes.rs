//! The way into tiny_http: a few private connections, on which requests go in and nothing comes back.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
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

/// The private connections.
#[derive(Debug)]
pub struct Lanes {
    lanes: Vec<Option<Lane>>,
    next: usize,
}

#[derive(Debug)]
struct Lane {
    socket: mio::net::UnixStream,
    /// What tiny_http has not taken yet.
    waiting: Vec<u8>,
}

/// tiny_http behind its private socket, and our ends of the connections to it.
pub struct Behind {
    pub server: tiny_http::Server,
    /// A second handle of the private socket: shutting it down ends tiny_http's wait for connections.
    pub socket: socket2::Socket,
    pub connections: Vec<UnixStream>,
}

/// Starts tiny_http and opens the connections one after the other, each proven by a request. The private socket has
/// no name any more when this returns: nobody else can ever connect to it, and nothing is left behind however the process ends.
pub fn open() -> io::Result<Behind> {
    let directory = Directory::create()?;
    let path = directory.0.join("door");
    let listener = UnixListener::bind(&path)?;
    let socket = socket2::Socket::from(OwnedFd::from(listener.try_clone()?));
    let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
    let mut connections = Vec::new();
    for _ in 0..LANES {
        let mut connection = UnixStream::connect(&path)?;
        connection.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
        let request = server.recv_timeout(PROOF)?.ok_or_else(|| io::Error::other("the private connection does not work"))?;
        // Nothing may be written there: nobody reads it.
        drop(request.into_writer());
        connection.set_nonblocking(true)?;
        connections.push(connection);
    }
    Ok(Behind { server, socket, connections })
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
    pub fn watch(connections: Vec<UnixStream>, registry: &Registry, first: usize) -> io::Result<Lanes> {
        let mut lanes = Vec::new();
        for (number, connection) in connections.into_iter().enumerate() {
            let mut socket = mio::net::UnixStream::from_std(connection);
            registry.register(&mut socket, Token(first + number), Interest::READABLE | Interest::WRITABLE)?;
            lanes.push(Some(Lane { socket, waiting: Vec::new() }));
        }
        Ok(Lanes { lanes, next: 0 })
    }

    /// The lane for the next request: each in turn, but one that is not waiting for tiny_http if there is one. Nothing if all are lost.
    pub fn choose(&mut self) -> Option<usize> {
        self.next += 1;
        let waiting = |number: usize| self.lanes[number].as_ref().map(|lane| lane.waiting.len());
        (0..self.lanes.len())
            .map(|step| (self.next + step) % self.lanes.len())
            .filter(|number| waiting(*number).is_some())
            .min_by_key(|number| waiting(*number))
    }

    /// Puts a request on its way; [`Lanes::flush`] sends it.
    pub fn put(&mut self, number: usize, parts: &[&[u8]]) {
        if let Some(lane) = &mut self.lanes[number] {
            parts.iter().for_each(|part| lane.waiting.extend_from_slice(part));
        }
    }

    /// How many bytes tiny_http has not taken yet.
    pub fn waiting(&self) -> usize {
        self.lanes.iter().flatten().map(|lane| lane.waiting.len()).sum()
    }

    /// Sends what tiny_http takes now. Gives the numbers of lanes that were lost meanwhile.
    pub fn flush(&mut self) -> Vec<usize> {
        let broken: Vec<usize> =
            (0..self.lanes.len()).filter(|number| self.lanes[*number].as_mut().is_some_and(|lane| lane.flush().is_err())).collect();
        broken.iter().for_each(|number| self.lose(*number));
        broken
    }

    /// Whether this lane is lost: tiny_http never says anything on it, except when it ends it.
    pub fn check(&mut self, number: usize) -> bool {
        use std::io::Read;
        let lost = self.lanes[number].as_mut().is_some_and(|lane| {
            !matches!(lane.socket.read(&mut [0; 256]), Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted))
        });
        if lost {
            self.lose(number);
        }
        lost
    }

    fn lose(&mut self, number: usize) {
        log::error("a private connection was lost", &[("lane", number.into())]);
        self.lanes[number] = None;
    }
}

impl Lane {
    fn flush(&mut self) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.waiting.len() {
            match self.socket.write(&self.waiting[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.waiting.drain(..sent);
        if self.waiting.is_empty() && self.waiting.capacity() > 64 * 1024 {
            self.waiting = Vec::new();
        }
        Ok(())
    }
}

impl std::fmt::Debug for Behind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Behind({} connections)", self.connections.len())
    }
}
