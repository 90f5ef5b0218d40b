//! The data file and what lies beside it, by name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::store::open_error::OpenError;

/// What SQLite keeps beside the data file while it is in use.
pub(crate) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The lock on a data file: one process at a time opens it to write, or replaces it. It lasts as long as this value.
///
/// It is on a file of its own that is never removed: on some systems a lock on the data file would be in the way of SQLite's.
#[derive(Debug)]
pub(super) struct FileLock {
    beside: File,
    /// The data file itself, which former keyfobs locked, on the one system on which they ran.
    file: Option<File>,
}

impl FileLock {
    /// Fails with `OpenError::Held` if another process has it.
    pub(super) fn take(path: &Path) -> Result<FileLock, OpenError> {
        Ok(FileLock { beside: locked(private_file(&lock_of(path))?)?, file: None })
    }

    /// Locks the data file too, creating it if it is missing. Must outlive every connection to it.
    pub(super) fn with_file(mut self, path: &Path) -> Result<FileLock, OpenError> {
        let file = private_file(path)?;
        self.file = if cfg!(target_os = "linux") { Some(locked(file)?) } else { None };
        Ok(self)
    }
}

impl Drop for FileLock {
    /// A process that was just forked may have handles of these files until it runs its program: closing ours would not be enough.
    fn drop(&mut self) {
        // Errors are ignored: then the lock ends with the handles.
        for file in [&self.beside].into_iter().chain(&self.file) {
            let _ = file.unlock();
        }
    }
}

/// Returns the name of the file beside `path` that ends in `suffix`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn lock_of(path: &Path) -> PathBuf {
    beside(path, "-lock")
}

/// Opens a file to write, creating it (mode 0600) if it is missing.
pub(super) fn private_file(path: &Path) -> Result<File, OpenError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    opened.map_err(|error| OpenError::Unreadable(path.to_owned(), error))
}

/// Returns whether two names are of one file, which need not be there.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let resolved =
        |path: &Path| path.canonicalize().or_else(|_| Ok(folder_of(path).canonicalize()?.join(path.file_name().unwrap_or_default())));
    let (one, other): (io::Result<PathBuf>, io::Result<PathBuf>) = (resolved(one), resolved(other));
    one.is_ok_and(|one| other.is_ok_and(|other| one == other))
}

/// Makes the names in the folder of `path` survive a power cut.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn locked(file: File) -> Result<File, OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Held),
        Err(TryLockError::Error(error)) => Err(OpenError::Unlockable(error)),
    }
}
