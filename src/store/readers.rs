//! The connections that read, and their snapshots.
//!
//! A snapshot is kept for the next reader while it is the newest state: ending it and beginning another takes longer than most reads. A commit
//! ends those that wait for a reader, because the log (`-wal`) can only be begun anew while no snapshot is older than the file. They are ended from
//! time to time without a commit too, for other processes that want to begin it anew.

use std::path::PathBuf;
use std::sync::Mutex;

use rusqlite::Connection;

use crate::base::error::Result;
use crate::base::mutex::locked;
use crate::base::time::Clock;
use crate::store::cache::{Cache, CachedSnapshot, CommitUnderWay, Kinds, Versions};
use crate::store::schema;
use crate::store::transaction::Tx;

#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    cache: Cache,
    idle: Mutex<Vec<ReadConnection>>,
}

/// A connection that cannot write.
#[derive(Debug)]
struct ReadConnection {
    connection: Connection,
    /// The versions of its snapshot, if it has one.
    snapshot: Option<Versions>,
}

impl Readers {
    pub fn new(path: PathBuf) -> Readers {
        Readers { path, cache: Cache::default(), idle: Mutex::default() }
    }

    /// Runs `work` on a snapshot of the newest state, without waiting for anything.
    pub fn run<T>(&self, clock: &Clock, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        let idle = locked(&self.idle).pop();
        // A panic in between closes the connection, and with it the snapshot.
        let mut reader = match idle {
            Some(reader) => reader,
            None => ReadConnection { connection: schema::open_reader(&self.path)?, snapshot: None },
        };
        let versions = reader.renew_snapshot(&self.cache)?;
        let result = work(&Tx::begun(&reader.connection, clock, Some(CachedSnapshot { cache: &self.cache, versions })));
        self.put_back(reader)?;
        result
    }

    fn put_back(&self, mut reader: ReadConnection) -> Result<()> {
        if !reader.has_newest(self.cache.versions()) {
            reader.end_snapshot()?;
        }
        let mut idle = locked(&self.idle);
        // Looks again, because a commit is counted before it ends the snapshots of those that are idle.
        if !reader.has_newest(self.cache.versions()) {
            reader.end_snapshot()?;
        }
        idle.push(reader);
        Ok(())
    }

    /// Counts a commit that touches these kinds, from just before it until what is returned is dropped.
    pub fn begin_commit(&self, kinds: Kinds) -> CommitUnderWay<'_> {
        let under_way = self.cache.begin_commit(kinds);
        self.end_idle_snapshots();
        under_way
    }

    /// Invalidates what reads have found.
    pub fn invalidate_cache(&self) {
        self.cache.invalidate_all();
    }

    /// Closes the connections that wait for a reader.
    pub fn close_idle(&self) {
        locked(&self.idle).clear();
    }

    /// Ends the snapshots that wait for a reader.
    pub fn end_idle_snapshots(&self) {
        // A connection that cannot end its snapshot is closed, which ends it.
        locked(&self.idle).retain_mut(|reader| reader.end_snapshot().is_ok());
    }
}

impl ReadConnection {
    /// Returns whether its snapshot is the state of these versions.
    fn has_newest(&self, versions: Versions) -> bool {
        // SQLite itself ends a transaction on some errors.
        self.snapshot.is_some_and(|snapshot| snapshot.is_same_state(versions)) && !self.connection.is_autocommit()
    }

    /// Returns the versions of its snapshot, which is a new one unless the one that it has is the newest.
    fn renew_snapshot(&mut self, cache: &Cache) -> Result<Versions> {
        let before = cache.versions();
        if let Some(snapshot) = self.snapshot.filter(|_| self.has_newest(before)) {
            return Ok(snapshot);
        }
        self.end_snapshot()?;
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        // A transaction has its snapshot once something is read.
        self.connection.prepare_cached("PRAGMA application_id")?.query_row([], |_| Ok(()))?;
        let versions = before.unchanged(cache.versions());
        self.snapshot = Some(versions);
        Ok(versions)
    }

    fn end_snapshot(&mut self) -> Result<()> {
        self.snapshot = None;
        if !self.connection.is_autocommit() {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::store::Store;
    use crate::store::observations::Observation;

    #[test]
    fn the_log_is_begun_anew_and_by_others_too_although_snapshots_are_kept() {
        let store = Store::ephemeral().unwrap();
        for _ in 0..3000 {
            store.write(|tx| tx.observe(Observation::Ready)).unwrap();
            // Two at once, of which one will wait longer than the other.
            store.read(|_| store.read(|tx| tx.has_users())).unwrap();
        }
        let log = store.file_bytes("-wal").unwrap();
        assert!(log < 3000 * 4096, "{log} bytes");
        let other = crate::store::schema::open_to_write(store.path()).unwrap();
        store.checkpoint().unwrap();
        let is_busy: bool = other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
        assert!(!is_busy);
    }
}
