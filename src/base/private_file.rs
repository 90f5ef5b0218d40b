//! Restricts files with secrets to their owner.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::base::links;
use crate::base::user::own_user;

/// The access to a file before it was restricted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAccess {
    /// Only its owner could read it, or it does not exist.
    Private,
    /// Others could read or write it.
    Narrowed,
}

/// Opens a file to be written from its beginning, which only its owner can read. What it had is gone.
pub fn create(path: &Path) -> io::Result<File> {
    let path = links::resolved(path)?;
    narrow(&path)?;
    let file = links::open(&path, OpenOptions::new().write(true).create(true).mode(0o600), OFlags::CLOEXEC)?;
    file.set_len(0)?;
    Ok(file)
}

/// Removes the permissions of everyone but the owner. Refuses a link, and a file of another user that others may read: that user could have
/// put anything in it.
pub fn narrow(path: &Path) -> io::Result<FileAccess> {
    let file = match links::handle(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FileAccess::Private),
        file => file?,
    };
    let metadata = file.metadata()?;
    let mode = metadata.mode();
    if mode & 0o077 == 0 {
        return Ok(FileAccess::Private);
    }
    if own_user() != metadata.uid() {
        let why = format!(
            "others may read {}, and it is somebody else's: take it over with chown, or have its owner run chmod 600",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    links::set_mode(&file, mode & 0o7700).map(|()| FileAccess::Narrowed)
}
