//! The sockets that the server listens on: opens them, or takes over what a supervisor has opened.

use std::fs::{remove_file, symlink_metadata};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::base::links;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// The most bytes of a reply that the kernel keeps while its peer does not read; left alone it would keep 4 MB a connection.
const UNREAD_BY_THE_PEER: usize = 256 * 1024;

/// A Unix socket is for its owner and group, such as that of a proxy.
const SOCKET_MODE: u32 = 0o660;

/// Where to listen.
#[derive(Clone, Debug)]
pub enum ListenAddress {
    /// `host:port`.
    Tcp(String),
    Unix(PathBuf),
}

/// A socket that is listened on, and what its connections speak.
pub struct PublicSocket {
    pub socket: ListeningSocket,
    pub protocol: Protocol,
}

pub enum ListeningSocket {
    Tcp(TcpListener),
    /// One that was opened here has a file, which goes with it.
    Unix(UnixListener, Option<UnixSocketFile>),
}

/// What the connections of a socket speak.
#[derive(Clone, Debug)]
pub enum Protocol {
    Http,
    Https(Arc<ServerConfig>),
    /// HTTP, and every request is redirected to the same path below this.
    Redirect(Arc<str>),
}

/// The file of a Unix socket. Deleted when dropped, unless another file has its place now.
pub struct UnixSocketFile {
    path: PathBuf,
    /// Its file system and its number there.
    identity: (u64, u64),
}

impl ListeningSocket {
    /// Opens a socket on `host:port`; port 0 picks a free one. Fails if the host has no address or the port is taken.
    pub fn tcp(address: &str) -> io::Result<ListeningSocket> {
        let address = address.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("the host has no address"))?;
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        prepare(&socket)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(ListeningSocket::Tcp(socket.into()))
    }

    /// Opens a socket in a file that its owner and group can connect to. The file of a server that is gone is replaced. Fails if a server
    /// answers there, and if the file is anything but a socket.
    pub fn unix(path: &Path) -> io::Result<ListeningSocket> {
        make_way(path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(path)?)?;
        let handle = links::handle(path)?;
        let found = handle.metadata()?;
        if !found.file_type().is_socket() {
            return Err(io::Error::other("somebody has put another file in its place"));
        }
        let file = UnixSocketFile { path: path.to_owned(), identity: (found.dev(), found.ino()) };
        // Nothing can connect before it listens.
        links::set_mode(&handle, SOCKET_MODE)?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(ListeningSocket::Unix(UnixListener::from(OwnedFd::from(socket)), Some(file)))
    }

    /// Takes over a socket that listens already.
    pub fn inherited_tcp(socket: TcpListener) -> io::Result<ListeningSocket> {
        check_listens(&socket)?;
        let socket = Socket::from(socket);
        prepare(&socket)?;
        Ok(ListeningSocket::Tcp(socket.into()))
    }

    /// Takes over a socket that listens already. Its file is its opener's.
    pub fn inherited_unix(socket: UnixListener) -> io::Result<ListeningSocket> {
        check_listens(&socket)?;
        socket.set_nonblocking(true)?;
        Ok(ListeningSocket::Unix(socket, None))
    }

    /// Returns the address; `None` of a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            ListeningSocket::Tcp(socket) => socket.local_addr().ok(),
            ListeningSocket::Unix(..) => None,
        }
    }
}

fn check_listens(socket: impl AsFd) -> io::Result<()> {
    if rustix::net::sockopt::socket_acceptconn(socket)? { Ok(()) } else { Err(io::Error::other("a socket that does not listen")) }
}

fn prepare(socket: &Socket) -> io::Result<()> {
    // Connections inherit both. Without the first, every reply of more than a packet waits 40 ms for the peer.
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(UNREAD_BY_THE_PEER)?;
    socket.set_nonblocking(true)
}

/// Deletes the socket of a server that is gone.
fn make_way(path: &Path) -> io::Result<()> {
    // Of the file itself, not of what a symbolic link leads to.
    let found = match symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::other("there is a file that is no socket, which is left alone"));
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // A server that is too busy to accept is one, too.
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => remove_file(path),
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        Ok(()) | Err(_) => Err(io::Error::new(ErrorKind::AddrInUse, "another server answers there")),
    }
}

impl Drop for UnixSocketFile {
    fn drop(&mut self) {
        let is_ours = symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.identity);
        if is_ours {
            // Errors are ignored: the next server replaces it.
            let _ = remove_file(&self.path);
        }
    }
}
