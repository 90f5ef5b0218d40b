//! Files with secrets, which only their owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use rustix::fs::{AtFlags, CWD, OFlags, linkat};

use crate::base::folder::{folder_of, sync_folder};
use crate::base::user::own_user;
use crate::base::{links, secret};

/// The access to a file before it was restricted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAccess {
    /// Only its owner could read it, or it does not exist.
    Private,
    /// Others could read or write it.
    Narrowed,
}

/// A new file that only its owner can read. It gets its name once it is complete; until then what has that name stays, and afterwards nobody
/// who opened that before can read this one.
pub struct PrivateFile {
    file: File,
    /// Its name while it is written, where the file system has no files without names; elsewhere only for the moment before it gets its own.
    partial: PathBuf,
    name: PathBuf,
}

impl PrivateFile {
    /// Creates it, in the folder of its name.
    /// # Errors
    /// Fails if the name is a link that is not followed (`base/links.rs`), or something other than a file has it.
    pub fn create(name: &Path) -> io::Result<PrivateFile> {
        let name = links::resolved(name)?;
        if fs::symlink_metadata(&name).is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file: name one"));
        }
        let partial = name.with_file_name(format!("keyfob-{}.partial", HEXLOWER.encode(&secret::random::<8>())));
        let file = unnamed(folder_of(&name)).map_or_else(|| create_new(&partial), Ok)?;
        Ok(PrivateFile { file, partial, name })
    }

    /// Gives it its name, in the place of what has it.
    /// # Errors
    /// Fails if it is not on the disk, or somebody put another file in its place.
    pub fn put(self) -> io::Result<()> {
        self.file.sync_all()?;
        if self.file.metadata()?.nlink() == 0 {
            linkat(CWD, links::name_of(&self.file), CWD, &self.partial, AtFlags::SYMLINK_FOLLOW)?;
        }
        if !links::is_named(&self.file, &self.partial)? {
            return Err(io::Error::other("somebody replaced it while it was made"));
        }
        fs::rename(&self.partial, &self.name)?;
        sync_folder(&self.name)
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // Errors are ignored: once it has its name, there is nothing to remove.
        let _ = fs::remove_file(&self.partial);
    }
}

/// Creates a file without a name in a folder, of which nothing is left if this process ends; `None` where there are none.
fn unnamed(folder: &Path) -> Option<File> {
    let flags = OFlags::TMPFILE.bits().cast_signed();
    let file = OpenOptions::new().write(true).mode(0o600).custom_flags(flags).open(folder).ok()?;
    // It gets its name by that of its handle.
    links::name_of(&file).exists().then_some(file)
}

/// Creates a file that only its owner can read. Fails if anything has its name, a link too, and where a link above it is not followed
/// (`base/links.rs`).
pub fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(links::with_resolved_folder(path)?)
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
