//! A copy of a whole database in memory, which a temporary database can become again in less than a millisecond.

use std::path::Path;
use std::sync::Mutex;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::base::mutex::locked;

/// A database in memory.
#[derive(Debug)]
pub struct MemoryCopy(Mutex<Connection>);

impl MemoryCopy {
    /// Copies what a connection sees.
    pub(super) fn of(source: &Connection) -> rusqlite::Result<MemoryCopy> {
        let mut copy = Connection::open_in_memory()?;
        copy_all(source, &mut copy)?;
        Ok(MemoryCopy(Mutex::new(copy)))
    }

    /// Replaces the database of a connection that has no open transaction.
    pub(super) fn replace(&self, target: &mut Connection) -> rusqlite::Result<()> {
        copy_all(&locked(&self.0), target)
    }

    /// Writes it to a file that is empty, and waits for no disk.
    pub(super) fn write_to(&self, path: &Path) -> rusqlite::Result<()> {
        let mut target = Connection::open(path)?;
        target.pragma_update(None, "synchronous", "OFF")?;
        target.pragma_update(None, "journal_mode", "OFF")?;
        self.replace(&mut target)
    }
}

fn copy_all(source: &Connection, target: &mut Connection) -> rusqlite::Result<()> {
    match Backup::new(source, target)?.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)),
    }
}
