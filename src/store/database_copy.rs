//! A copy of a whole database, which a temporary database can become again in less than a millisecond.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::base::mutex::locked;
use crate::store::schema::open_by_uri;

/// Where a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyPlace {
    /// The fastest.
    Memory,
    /// In a file, which takes no memory where there are many copies.
    File,
}

pub struct DatabaseCopy(CopyHandle);

enum CopyHandle {
    Memory(Mutex<Connection>),
    File(CopyFile),
}

/// A file that is removed when this is dropped.
struct CopyFile(PathBuf);

impl Drop for CopyFile {
    fn drop(&mut self) {
        // Errors are ignored: it is in a temporary directory.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl DatabaseCopy {
    /// Copies what a connection sees into memory.
    pub(super) fn in_memory(source: &Connection) -> rusqlite::Result<DatabaseCopy> {
        let mut copy = Connection::open_in_memory()?;
        copy_all(source, &mut copy)?;
        Ok(DatabaseCopy(CopyHandle::Memory(Mutex::new(copy))))
    }

    /// Copies what a connection sees into this file, which is empty.
    pub(super) fn in_file(source: &Connection, path: PathBuf) -> rusqlite::Result<DatabaseCopy> {
        let file = CopyFile(path);
        write(source, &file.0)?;
        Ok(DatabaseCopy(CopyHandle::File(file)))
    }

    /// Replaces the database of a connection that has no open transaction.
    pub(super) fn replace(&self, target: &mut Connection) -> rusqlite::Result<()> {
        self.with(|source| copy_all(source, target))
    }

    /// Writes it to a file that is empty.
    pub(super) fn write_to(&self, path: &Path) -> rusqlite::Result<()> {
        self.with(|source| write(source, path))
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        match &self.0 {
            CopyHandle::Memory(copy) => work(&locked(copy)),
            // It says of itself that it has a log, as the source has, but needs none.
            CopyHandle::File(CopyFile(path)) => work(&open_by_uri(path, "immutable=1")?),
        }
    }
}

/// Writes a copy to a file that is empty, and waits for no disk.
fn write(source: &Connection, path: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open(path)?;
    target.pragma_update(None, "synchronous", "OFF")?;
    target.pragma_update(None, "journal_mode", "OFF")?;
    copy_all(source, &mut target)
}

fn copy_all(source: &Connection, target: &mut Connection) -> rusqlite::Result<()> {
    match Backup::new(source, target)?.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)),
    }
}
