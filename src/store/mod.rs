//! Floor 2: reads and writes rows. Speaks SQL and decides nothing.
//!
//! A function of a transaction fails only if the database does: with `Unavailable` if a caller can wait that out, otherwise with `Internal`.
//! Those that only the registry calls are `pub(crate)`; what is `pub` is used from outside the program too, by its tests.

#![warn(clippy::missing_errors_doc)]

pub mod access_tokens;
pub mod accounts;
pub mod api_keys;
pub mod authorization_codes;
pub mod authorizations;
pub mod backup;
mod cache;
mod census;
pub mod client_secrets;
pub mod clients;
pub mod copy_error;
pub mod database_copy;
pub mod events;
pub(crate) mod files;
pub(crate) mod folder;
pub(crate) mod inspection;
pub mod likeness;
pub mod members;
mod noted_rights;
pub mod observations;
mod open_error;
pub mod organizations;
mod overview;
mod pattern;
mod probes;
pub mod proof;
mod query;
mod readers;
pub mod recoveries;
pub mod restore;
mod right_use;
pub mod schema;
pub mod seal;
pub mod sessions;
pub mod sign_ins;
mod signing_keys;
mod sql;
mod table;
mod temporary;
pub mod testers;
mod transaction;
pub mod users;
pub mod verdicts;
mod wal;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::HEXLOWER;
use rusqlite::Connection;

use crate::base::error::{Error, Result};
use crate::base::secret;
use crate::base::temporary_directory::TemporaryDirectory;
use crate::base::time::{Clock, Time};
use cache::{Cache, Kinds};
use database_copy::{CopyPlace, DatabaseCopy};
use files::FileLock;
use noted_rights::NotedRights;
pub use open_error::OpenError;
pub use pattern::{can_search, literal};
pub use query::{Deleted, Direction, Order, RedirectHost, Search, TextSearch};
use readers::Readers;
use schema::Durability;

pub use transaction::Tx;
use writer::{CommitCounts, Writer};

/// One open database file: any number of readers, one writer.
#[derive(Debug)]
pub struct Store {
    // Dropped in this order: connections first, then the lock on the file, then the file itself if it was temporary.
    readers: Readers,
    writer: Writer,
    /// The writer's count of commits when the log was last copied into the file; another number before.
    checkpointed: AtomicU64,
    cache: Arc<Cache>,
    clock: Clock,
    _lock: FileLock,
    path: PathBuf,
    temporary: Option<TemporaryDirectory>,
}

impl Store {
    /// Opens the file, creating or upgrading it, and locks it while this lives.
    /// # Errors
    /// What [`OpenError`] lists.
    pub fn open(path: &Path) -> std::result::Result<Store, OpenError> {
        Store::open_with(path.to_owned(), Clock::System, None)
    }

    /// Creates a database in a directory of its own that only this user can enter; both are deleted when the store is dropped.
    /// # Errors
    /// `Unreadable` if the directory cannot be created; what else [`OpenError`] lists.
    pub fn ephemeral() -> std::result::Result<Store, OpenError> {
        Store::ephemeral_with(Clock::System)
    }

    /// The same, with this clock.
    /// # Errors
    /// The same.
    pub fn ephemeral_with(clock: Clock) -> std::result::Result<Store, OpenError> {
        let directory = TemporaryDirectory::create(None).map_err(OpenError::NoDirectory)?;
        Store::open_with(directory.path().join(temporary::FILE), clock, Some(directory))
    }

    /// Creates a temporary database as this copy was taken, with this clock; its directory is in that of this one, which is temporary too.
    /// # Errors
    /// The same.
    pub fn ephemeral_within(&self, copy: &DatabaseCopy, clock: Clock) -> std::result::Result<Store, OpenError> {
        let own = self.temporary.as_ref().ok_or_else(|| OpenError::NoDirectory(std::io::Error::other("this database is not temporary")))?;
        let directory = TemporaryDirectory::within(own.path()).map_err(OpenError::NoDirectory)?;
        let path = directory.path().join(temporary::FILE);
        files::create(&path).map_err(|error| OpenError::Unreadable(path.clone(), error))?;
        copy.write_to(&path)?;
        Store::open_with(path, clock, Some(directory))
    }

    fn open_with(path: PathBuf, clock: Clock, temporary: Option<TemporaryDirectory>) -> std::result::Result<Store, OpenError> {
        let path = files::resolved(&path).map_err(|error| OpenError::Unreadable(path, error))?;
        folder::check(&path).map_err(OpenError::Folder)?;
        let written = if path.exists() { Kinds::ALL } else { Kinds::NONE };
        let lock = FileLock::take(&path)?.with_file(&path)?;
        let durability = if temporary.is_some() { Durability::Ephemeral } else { Durability::Durable };
        let (cache, noted_rights) = (Arc::new(Cache::default()), Arc::new(NotedRights::default()));
        let writer = Writer::new(schema::open_writer(&path, durability)?, written, finish, cache.clone(), noted_rights.clone());
        let readers = Readers::new(path.clone(), cache.clone(), noted_rights);
        Ok(Store { readers, writer, checkpointed: AtomicU64::new(u64::MAX), cache, clock, _lock: lock, path, temporary })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the present time, for checks before a transaction begins.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Copies what is in the log (`-wal`) into the file, as far as no reader needs the older pages, and waits for nobody. Does nothing if nothing
    /// was committed since the last time, or if the database is temporary.
    /// # Errors
    /// Fails as reading does.
    pub fn checkpoint(&self) -> Result<()> {
        let commits = self.writer.commits();
        if self.temporary.is_none() && self.checkpointed.load(Ordering::SeqCst) != commits && schema::checkpoint(&self.path)? {
            self.checkpointed.store(commits, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Returns the present time by a clock that is never set, for waits.
    pub fn steady(&self) -> Time {
        self.clock.steady()
    }

    /// Returns how many bytes this user can still write to the disk of the file.
    /// # Errors
    /// Fails if the file is not there, or the system cannot tell.
    pub(crate) fn free_bytes(&self) -> std::io::Result<u64> {
        inspection::free_bytes(&self.path)
    }

    /// Returns the size of the data file, or with `-wal` of the log beside it; `None` if it is not there.
    pub(crate) fn file_bytes(&self, suffix: &str) -> Option<u64> {
        Some(std::fs::metadata(files::beside(&self.path, suffix)).ok()?.len())
    }

    pub(crate) fn commit_counts(&self) -> &CommitCounts {
        self.writer.counts()
    }

    /// Deletes a temporary database even if it is in use: for a process that ends without waiting for its users.
    pub fn abandon(&self) {
        if let Some(temporary) = &self.temporary {
            temporary.remove();
        }
    }

    /// Releases what memory it does without until it is used again.
    pub fn release_memory(&self) {
        self.readers.close_idle();
        self.writer.release_memory();
    }

    /// If this database is temporary, deletes those that killed processes left.
    pub fn remove_abandoned(&self) {
        if let Some(temporary) = &self.temporary {
            temporary::remove_abandoned(temporary.path());
        }
    }

    /// Invalidates what reads have found. Only tests need it, which change the file beside the server.
    pub fn invalidate_cache(&self) {
        self.cache.invalidate_all();
    }

    /// Runs `work` on a snapshot of the database, without waiting for anything.
    /// # Errors
    /// Those of `work`, and those of the database.
    pub fn read<T>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.readers.run(&self.clock, work)
    }

    /// The same for work that may run twice: first on what was read before and is kept, without a snapshot as long as that is enough.
    /// # Errors
    /// Those of `work`, and those of the database.
    pub fn read_kept<T>(&self, work: impl Fn(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.readers.run_on_cache(&self.clock, &work).unwrap_or_else(|| self.readers.run(&self.clock, &work))
    }

    /// Runs `work` as the only writer and returns when its changes are durable. `Err` rolls them back.
    /// # Errors
    /// Those of `work`, and those of the database.
    pub fn write<T>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.writer.run(&self.clock, work)
    }

    /// Copies the newest state of a temporary database.
    /// # Errors
    /// Those of the database.
    pub fn copy(&self, place: CopyPlace) -> Result<DatabaseCopy> {
        match place {
            CopyPlace::Memory => self.read(|tx| Ok(DatabaseCopy::in_memory(tx.connection()?)?)),
            CopyPlace::File => {
                let path = files::beside(&self.path, &format!("-copy-{}", HEXLOWER.encode(&secret::random::<8>())));
                files::create(&path).map_err(|error| Error::Unavailable(error.into()))?;
                self.read(|tx| Ok(DatabaseCopy::in_file(tx.connection()?, path)?))
            }
        }
    }

    /// Returns whether keys of this server may ever have been in it, without reading anything.
    pub(crate) fn may_have_had_keys(&self) -> bool {
        self.writer.has_written(Kinds::KEYS)
    }

    /// Replaces everything with what was copied, between two writes. Transactions that read go on with what they see.
    /// # Errors
    /// Those of the database; fails too if this one is not temporary: a log that others continue must not be replaced.
    pub fn replace_with(&self, copy: &DatabaseCopy) -> Result<()> {
        if self.temporary.is_none() {
            return Err(Error::Internal("only a temporary database can be replaced".into()));
        }
        self.writer.replace(|connection| copy.replace(connection))
    }
}

/// Completes a transaction that changes something.
fn finish(connection: &Connection) -> rusqlite::Result<()> {
    clients::index_new_texts(connection)?;
    wal::renew_stamp(connection)
}

impl From<rusqlite::Error> for Error {
    /// Tells errors that a caller can wait out from faults of the server.
    fn from(error: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly, SystemIoFailure};
        match error.sqlite_error_code() {
            Some(DiskFull | ReadOnly | SystemIoFailure | DatabaseBusy | DatabaseLocked | CannotOpen) => Error::Unavailable(error.into()),
            _ => Error::Internal(error.into()),
        }
    }
}
