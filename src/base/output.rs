//! Writes to streams whose readers may be slow, or never read.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long to wait before trying a full stream again that does not block: its other end shares it with us.
const FULL: Duration = Duration::from_millis(20);

/// Returns a handle of its own for a standard stream: writing to it takes none of the locks of `std::io`.
pub fn own_handle(stream: &impl AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}

/// Writes all, waiting for the reader as long as that takes. Fails with the number of bytes that were written before.
pub fn write_all(stream: &mut File, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(FULL),
            Err(error) => return Err((written, error)),
        }
    }
    Ok(())
}

/// Writes to a standard stream. Fails with `TimedOut` if its reader does not take it in time; it is still written when the reader does.
pub fn write_within(limit: Duration, stream: &impl AsFd, text: String) -> io::Result<()> {
    let mut stream = own_handle(stream)?;
    let (sender, receiver) = channel();
    std::thread::Builder::new().spawn(move || {
        // Errors are ignored: the receiver is gone if the limit has passed.
        let _ = sender.send(write_all(&mut stream, text.as_bytes()));
    })?;
    receiver.recv_timeout(limit).map_err(|_| ErrorKind::TimedOut)?.map_err(|(_, error)| error)
}
