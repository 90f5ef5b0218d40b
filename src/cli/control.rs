//! The control socket of a running server: where it is, and the messages on it.
//!
//! It lies beside the data file, in a folder that only the owner of the server's process can enter: access to the socket is access to the
//! file. A connection carries one message each way, JSON that ends with the stream.

use std::fmt::Display;
use std::fs::{DirBuilder, File, canonicalize, metadata, remove_dir, remove_file};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::base::links;
use crate::base::user::own_user;
use crate::store::files::{CONTROL, beside};

/// The most bytes of a command: more than a declaration of fifty thousand clients has.
pub const LONGEST_COMMAND: usize = 64 * 1024 * 1024;

/// The most bytes of an answer: what is exported has everything.
pub const LONGEST_ANSWER: usize = 1024 * 1024 * 1024;

/// The name of the socket in its folder.
const NAME: &str = "socket";

/// The folder of the control socket, by a handle: its name may be exchanged for that of another at any time.
pub struct ControlFolder {
    path: PathBuf,
    handle: File,
}

impl ControlFolder {
    /// Opens the folder at `path`, which one of these users must own. Fails if it is a link, or anything else but a folder.
    fn open(path: PathBuf, owners: &[u32]) -> io::Result<ControlFolder> {
        let refused = |why: &dyn Display| io::Error::new(ErrorKind::InvalidInput, format!("{}: {why}", path.display()));
        let handle = match links::handle(&path) {
            Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(refused(&error)),
            handle => handle?,
        };
        let found = handle.metadata()?;
        if !found.is_dir() {
            return Err(refused(&"it is not a folder: remove it"));
        }
        if own_user() != found.uid() && !owners.contains(&found.uid()) {
            return Err(refused(&"it belongs to another user: remove it"));
        }
        Ok(ControlFolder { path, handle })
    }

    fn socket(&self) -> PathBuf {
        links::name_of(&self.handle).join(NAME)
    }

    /// Removes the control socket and its folder. Errors are ignored: the next server replaces what is left.
    pub fn remove(&self) {
        let _ = remove_file(self.socket());
        let _ = remove_dir(&self.path);
    }
}

/// Returns the path of the folder. Names that lead to one file, such as links, give the same folder.
fn folder(data: &Path) -> io::Result<PathBuf> {
    Ok(beside(&canonicalize(data)?, CONTROL))
}

/// Listens on the control socket. The caller must hold the data file: a socket that is there already was left by a killed server.
pub fn listen(data: &Path) -> io::Result<(UnixListener, ControlFolder)> {
    let path = folder(data)?;
    match DirBuilder::new().mode(0o700).create(&path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let folder = ControlFolder::open(path, &[])?;
    links::set_mode(&folder.handle, 0o700)?;
    let socket = folder.socket();
    match remove_file(&socket) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&socket)?;
    links::set_mode(&links::handle(&socket)?, 0o600)?;
    Ok((listener, folder))
}

/// Connects to the server that holds the data file, which runs as this user or as the owner of the file.
pub fn connect(data: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(ControlFolder::open(folder(data)?, &[metadata(data)?.uid()])?.socket())
}

/// Sends a message, and ends this half of the connection.
pub fn send(mut stream: &UnixStream, message: &Value, timeout: Duration) -> io::Result<()> {
    stream.set_write_timeout(Some(timeout))?;
    stream.write_all(message.to_string().as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

/// Receives a whole message of at most this many bytes within the timeout.
pub fn receive(stream: &UnixStream, timeout: Duration, most: usize) -> io::Result<Value> {
    let mut bytes = Vec::new();
    read_to_end(stream, timeout, |read| {
        bytes.extend_from_slice(read);
        if bytes.len() > most { Err(io::Error::new(ErrorKind::InvalidData, "the message is too long")) } else { Ok(()) }
    })?;
    serde_json::from_slice(&bytes).map_err(io::Error::from)
}

/// Reads what else is sent, until the stream ends or the timeout.
pub fn drain(stream: &UnixStream, timeout: Duration) -> io::Result<()> {
    read_to_end(stream, timeout, |_| Ok(()))
}

fn read_to_end(mut stream: &UnixStream, timeout: Duration, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let begun = Instant::now();
    let mut buffer = [0; 4096];
    let late = || io::Error::new(ErrorKind::TimedOut, format!("it did not end in {} seconds", timeout.as_secs()));
    loop {
        let left = timeout.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()).ok_or_else(late)?;
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => take(&buffer[..length])?,
            // The timeout of a socket.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Err(late()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
