//! The connections that read, and the snapshots that they read from.

use std::cell::{Cell, OnceCell};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::base::error::{Error, Result};
use crate::base::mutex::locked;
use crate::base::processor;
use crate::base::time::Clock;
use crate::store::cache::{Cache, CachedSnapshot, Versions};
use crate::store::noted_rights::NotedRights;
use crate::store::schema;
use crate::store::transaction::{Deferred, Source, Tx};

#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    cache: Arc<Cache>,
    noted_rights: Arc<NotedRights>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub fn new(path: PathBuf, cache: Arc<Cache>, noted_rights: Arc<NotedRights>) -> Readers {
        Readers { path, cache, noted_rights, idle: Mutex::default() }
    }

    /// Runs `work` on a snapshot of the database.
    pub fn run<T>(&self, clock: &Clock, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        // A panic in between closes the connection, and with it the snapshot.
        let (connection, versions) = self.begin()?;
        let snapshot = CachedSnapshot { cache: &self.cache, versions };
        let result = work(&Tx::begun(Source::Snapshot(&connection, snapshot), clock, Some(&self.noted_rights)));
        self.end(connection)?;
        result
    }

    /// Runs `work` on what the cache has, and takes a snapshot of the database only when something is not there. Returns `None` if that was of a
    /// later state than what had been read before.
    pub fn run_on_cache<T>(&self, clock: &Clock, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Option<Result<T>> {
        // Those that are the same twice were all so at the moment between.
        let versions = self.cache.versions().unchanged(self.cache.versions());
        let snapshot = DeferredSnapshot { readers: self, versions, connection: OnceCell::new(), is_later: Cell::new(false) };
        let source = Source::Deferred(&snapshot, CachedSnapshot { cache: &self.cache, versions });
        let result = work(&Tx::begun(source, clock, Some(&self.noted_rights)));
        let ended = snapshot.connection.into_inner().map_or(Ok(()), |connection| self.end(connection));
        (!snapshot.is_later.get()).then(|| ended.and(result))
    }

    /// Closes the connections that wait for a reader.
    pub fn close_idle(&self) {
        locked(&self.idle).clear();
    }

    /// Takes a snapshot. Returns the connection, and the versions of the snapshot.
    fn begin(&self) -> Result<(Connection, Versions)> {
        processor::begin_slice();
        let idle = locked(&self.idle).pop();
        let connection = idle.map_or_else(|| schema::open_reader(&self.path), Ok)?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        let before = self.cache.versions();
        // A transaction has its snapshot once something is read.
        connection.prepare_cached("PRAGMA application_id")?.query_row([], |_| Ok(()))?;
        Ok((connection, before.unchanged(self.cache.versions())))
    }

    fn end(&self, connection: Connection) -> Result<()> {
        connection.prepare_cached("COMMIT")?.execute([])?;
        locked(&self.idle).push(connection);
        Ok(())
    }
}

/// A snapshot that is taken when something is read from it.
#[derive(Debug)]
struct DeferredSnapshot<'r> {
    readers: &'r Readers,
    /// Of the state that the snapshot has to be of.
    versions: Versions,
    connection: OnceCell<Connection>,
    /// Something was committed before it was taken.
    is_later: Cell<bool>,
}

impl Deferred for DeferredSnapshot<'_> {
    fn connection(&self) -> Result<&Connection> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        // Where a snapshot is known to be of no use, none is taken.
        if self.versions.is_same_state(self.readers.cache.versions()) {
            let (connection, versions) = self.readers.begin()?;
            if self.versions.is_same_state(versions) {
                return Ok(self.connection.get_or_init(|| connection));
            }
            self.is_later.set(true);
            self.readers.end(connection)?;
        }
        self.is_later.set(true);
        Err(Error::Unavailable("something was committed meanwhile".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::observations::Observation;

    #[test]
    fn work_runs_again_if_something_was_committed_before_its_snapshot_was_taken_and_only_then() {
        let store = Store::ephemeral().unwrap();
        let observe = || store.write(|tx| tx.observe(Observation::Ready)).unwrap();
        let runs = Cell::new(0);
        let seen = |commits: bool| {
            runs.set(0);
            let work = |tx: &Tx<'_>| {
                runs.set(runs.get() + 1);
                if commits && runs.get() == 1 {
                    observe();
                }
                tx.observed_at(Observation::Ready)
            };
            let seen = store.read_kept(work).unwrap();
            (seen.is_some(), runs.get())
        };
        assert_eq!(seen(false), (false, 1));
        assert_eq!(seen(true), (true, 2));
        assert_eq!(seen(false), (true, 1));
    }

    #[test]
    fn what_needs_no_snapshot_holds_no_part_of_the_log() {
        let store = Store::ephemeral().unwrap();
        store.write(|tx| tx.observe(Observation::Ready)).unwrap();
        store.read_kept(|tx| tx.observed_at(Observation::Ready)).unwrap();
        let other = schema::open_to_write(store.path()).unwrap();
        let is_busy: bool = other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
        assert!(!is_busy);
    }
}
