//! The control socket of a running server: where it is, and the messages on it.
//!
//! It lies beside the data file, in a folder that only the owner of the server's process can enter: access to the socket is access to the
//! file. A connection carries one message each way, JSON that ends with the stream.

use std::fs::{DirBuilder, File, Permissions, canonicalize, remove_dir, remove_file, set_permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::base::private_file;
use crate::store::files::beside;

/// More than the longest command has: the fields of a client are bounded.
const LONGEST_MESSAGE: usize = 256 * 1024;

/// The name of the socket in its folder.
const NAME: &str = "socket";

/// Returns the folder of the control socket. Names that lead to one file, such as links, give the same folder.
pub fn folder(data: &Path) -> io::Result<PathBuf> {
    Ok(beside(&canonicalize(data)?, "-control"))
}

/// Listens on the control socket. The caller must hold the data file: a socket that is there already was left by a killed server.
pub fn listen(folder: &Path) -> io::Result<UnixListener> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => private_file::narrow(folder)?,
    };
    match remove_file(folder.join(NAME)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = at(folder, |socket| UnixListener::bind(socket))?;
    set_permissions(folder.join(NAME), Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Removes the control socket and its folder. Errors are ignored: the next server replaces what is left.
pub fn remove(folder: &Path) {
    let _ = remove_file(folder.join(NAME));
    let _ = remove_dir(folder);
}

pub fn connect(folder: &Path) -> io::Result<UnixStream> {
    at(folder, |socket| UnixStream::connect(socket))
}

/// Opens the socket by its path or, if that is longer than a socket's may be (107 bytes on Linux), by a handle of its folder.
fn at<T>(folder: &Path, open: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
    match open(&folder.join(NAME)) {
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            let handle = File::open(folder)?;
            let opened = open(Path::new(&format!("/proc/self/fd/{}/{NAME}", handle.as_raw_fd())));
            opened.map_err(|_| io::Error::new(ErrorKind::InvalidInput, "the path of the data file is too long for a socket beside it"))
        }
        opened => opened,
    }
}

/// Sends a message, and ends this half of the connection.
pub fn send(mut stream: &UnixStream, message: &Value, timeout: Duration) -> io::Result<()> {
    stream.set_write_timeout(Some(timeout))?;
    stream.write_all(message.to_string().as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

/// Receives a whole message within the timeout.
pub fn receive(mut stream: &UnixStream, timeout: Duration) -> io::Result<Value> {
    let begun = Instant::now();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let left = timeout.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()).ok_or(ErrorKind::TimedOut)?;
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => return serde_json::from_slice(&bytes).map_err(io::Error::from),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
        if bytes.len() > LONGEST_MESSAGE {
            return Err(io::Error::new(ErrorKind::InvalidData, "the message is too long"));
        }
    }
}
