//! The only writer: writes that wait for it share a commit.
//!
//! Each write runs in the open transaction, on the thread that asked for it, and in a savepoint of it if it is not the first. Who finds somebody
//! waiting leaves the transaction open and sleeps until it is committed; who finds nobody commits for all. So a lone write is not delayed and
//! keeps no undo data, and under load one durable commit serves everyone who came meanwhile.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use rusqlite::Connection;

use crate::base::counter::{Counter, Histogram};
use crate::base::error::{Cause, Error, Result};
use crate::base::mutex::locked;
use crate::base::time::Clock;
use crate::store::cache::{Cache, CachedSnapshot, Kinds};
use crate::store::noted_rights::NotedRights;
use crate::store::transaction::{Source, Tx};

/// A transaction takes no more writes than this: the first in it must not wait for ever.
const LARGEST_GROUP: usize = 256;

#[derive(Debug)]
pub struct Writer {
    /// What is done once for all that are committed together, as the last part of their transaction, if it changes anything.
    finish: fn(&Connection) -> rusqlite::Result<()>,
    /// Told which tables a commit touches.
    cache: Arc<Cache>,
    noted_rights: Arc<NotedRights>,
    open: Mutex<Open>,
    /// How many are on their way to `open`.
    waiting: AtomicUsize,
    counts: CommitCounts,
}

/// What is counted of commits.
#[derive(Debug)]
pub(crate) struct CommitCounts {
    /// How many writes shared each.
    pub writes: Histogram,
    /// How long each took until it was durable, in microseconds.
    pub durations: Histogram,
    pub failures: Counter,
    /// How many of them changed something and did not fail.
    pub changes: Counter,
}

impl Default for CommitCounts {
    fn default() -> CommitCounts {
        const WRITES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];
        const MICROS: &[u64] =
            &[100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000];
        CommitCounts {
            writes: Histogram::new(WRITES),
            durations: Histogram::new(MICROS),
            failures: Counter::new(),
            changes: Counter::new(),
        }
    }
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// The transaction under way, if there is one.
    group: Option<CommitGroup>,
    /// What may have been written so far, but by replacing everything.
    written: Kinds,
}

#[derive(Debug)]
struct CommitGroup {
    size: usize,
    /// What its writes have touched, also those that were undone.
    touched: Kinds,
    /// The connection's count of changed rows when it began.
    changes_before: u64,
    outcome: Arc<CommitOutcome>,
}

/// How a commit ended. Those in a group wait here, where they are in nobody's way: the next group is under way already.
#[derive(Debug, Default)]
struct CommitOutcome(OnceLock<std::result::Result<(), CommitFailed>>);

/// A commit that failed, told to everyone who was part of it, with what SQLite said.
#[derive(Clone, Debug)]
struct CommitFailed(Arc<Cause>);

impl fmt::Display for CommitFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the commit failed")
    }
}

impl std::error::Error for CommitFailed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&**self.0)
    }
}

impl Writer {
    /// Writes to a database in which `written` may have been written before.
    pub fn new(
        connection: Connection,
        written: Kinds,
        finish: fn(&Connection) -> rusqlite::Result<()>,
        cache: Arc<Cache>,
        noted_rights: Arc<NotedRights>,
    ) -> Writer {
        let open = Mutex::new(Open { connection, group: None, written });
        Writer { finish, cache, noted_rights, open, waiting: AtomicUsize::new(0), counts: CommitCounts::default() }
    }

    /// Returns how many transactions that changed something were committed.
    pub fn commits(&self) -> u64 {
        self.counts.changes.get()
    }

    pub(crate) fn counts(&self) -> &CommitCounts {
        &self.counts
    }

    /// Returns whether any of these kinds may have been written, but by replacing everything.
    pub fn has_written(&self, kinds: Kinds) -> bool {
        let open = locked(&self.open);
        let under_way = open.group.as_ref().map_or(Kinds::NONE, |group| group.touched);
        open.written.with(under_way).has_any(kinds)
    }

    pub fn run<T>(&self, clock: &Clock, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut open = locked(&self.open);
        self.waiting.fetch_sub(1, Ordering::SeqCst);

        open.give_up_broken_group();
        // A panic too must leave the group to somebody: those in it are waiting for their commit.
        let joined = catch_unwind(AssertUnwindSafe(|| open.join(self, clock, work)));
        let is_full = open.group.as_ref().is_some_and(|group| group.size >= LARGEST_GROUP);
        if self.waiting.load(Ordering::SeqCst) == 0 || is_full {
            open.commit(self);
        }
        drop(open);
        let (result, outcome) = joined.unwrap_or_else(|panic| resume_unwind(panic))?;
        match outcome.wait() {
            Ok(()) => result,
            Err(failed) => Err(Error::Unavailable(failed.into())),
        }
    }

    /// Releases what memory the connection does without, unless it is in use.
    pub fn release_memory(&self) {
        if let Ok(open) = self.open.try_lock() {
            open.connection.flush_prepared_statement_cache();
            // Errors are ignored: nothing has changed.
            let _ = open.connection.execute_batch("PRAGMA shrink_memory");
        }
    }

    /// Has the whole database replaced, between two transactions.
    pub fn replace(&self, replace: impl FnOnce(&mut Connection) -> rusqlite::Result<()>) -> Result<()> {
        let mut open = locked(&self.open);
        open.give_up_broken_group();
        open.commit(self);
        let under_way = self.cache.begin_commit(Kinds::ALL);
        let replaced = replace(&mut open.connection);
        drop(under_way);
        Ok(replaced?)
    }
}

impl CommitOutcome {
    /// Tells it, once.
    fn tell(&self, ended: std::result::Result<(), CommitFailed>) {
        let _ = self.0.set(ended);
    }

    fn wait(&self) -> std::result::Result<(), CommitFailed> {
        self.0.wait().clone()
    }
}

/// What a write came to, and where it will be told how its group's commit ended.
type Joined<T> = (Result<T>, Arc<CommitOutcome>);

impl Open {
    /// SQLite itself ends a transaction on some errors (a full disk, for one): then nothing of its group is left.
    fn give_up_broken_group(&mut self) {
        if self.connection.is_autocommit()
            && let Some(group) = self.group.take()
        {
            group.outcome.tell(Err(CommitFailed(Arc::new("an earlier failure ended the transaction".into()))));
        }
    }

    fn commit(&mut self, writer: &Writer) {
        let Some(group) = self.group.take() else { return };
        let counts = &writer.counts;
        let begun = Instant::now();
        let is_changed = self.connection.total_changes() != group.changes_before;
        let finished = if is_changed { (writer.finish)(&self.connection) } else { Ok(()) };
        self.written = self.written.with(group.touched);
        let under_way = is_changed.then(|| writer.cache.begin_commit(group.touched));
        let ended = finished.and_then(|()| self.connection.prepare_cached("COMMIT")?.execute([]).map(drop)).map_err(|error| {
            // A commit that failed may leave its transaction open: the next one must find a clean connection.
            let _ = self.connection.execute_batch("ROLLBACK");
            CommitFailed(Arc::new(error.into()))
        });
        // Before anyone is told: a reader who knows of the commit must not be given what was there before it.
        drop(under_way);
        counts.writes.observe(group.size as u64);
        counts.durations.observe(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
        counts.failures.add(u64::from(ended.is_err()));
        counts.changes.add(u64::from(is_changed && ended.is_ok()));
        group.outcome.tell(ended);
    }

    /// Runs one write in the transaction under way, or in a new one. What a failed or panicking write did is undone.
    fn join<T>(&mut self, writer: &Writer, clock: &Clock, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<Joined<T>> {
        let undo = match self.group {
            None => Undo::begin(&self.connection, UndoScope::Transaction)?,
            Some(_) => Undo::begin(&self.connection, UndoScope::Savepoint)?,
        };
        let changes_before = self.connection.total_changes();
        let group =
            self.group.get_or_insert_with(|| CommitGroup { size: 0, touched: Kinds::NONE, changes_before, outcome: Arc::default() });
        // Nobody else commits meanwhile, so what was not touched since the last commit is as the cache has it.
        let committed = CachedSnapshot { cache: &writer.cache, versions: writer.cache.versions() };
        let tx = Tx::begun(Source::Writer(&self.connection, committed, group.touched), clock, Some(&writer.noted_rights));
        let result = work(&tx);
        group.touched = group.touched.with(tx.touched());
        if result.is_ok() {
            undo.keep()?;
        }
        group.size += 1;
        Ok((result, group.outcome.clone()))
    }
}

/// What has to be undone of a write that fails: its savepoint, or the whole transaction of which it was the first. That needs no undo data.
#[derive(Clone, Copy, Debug)]
enum UndoScope {
    Transaction,
    Savepoint,
}

/// Undoes a write unless it is kept; so also when the work panics. The transaction stays open.
struct Undo<'c> {
    connection: &'c Connection,
    scope: UndoScope,
    kept: bool,
}

impl<'c> Undo<'c> {
    /// Begins what can be undone.
    fn begin(connection: &'c Connection, scope: UndoScope) -> Result<Undo<'c>> {
        let begin = match scope {
            UndoScope::Transaction => "BEGIN IMMEDIATE",
            UndoScope::Savepoint => "SAVEPOINT request",
        };
        connection.prepare_cached(begin)?.execute([])?;
        Ok(Undo { connection, scope, kept: false })
    }

    fn keep(mut self) -> Result<()> {
        if let UndoScope::Savepoint = self.scope {
            self.connection.prepare_cached("RELEASE request")?.execute([])?;
        }
        self.kept = true;
        Ok(())
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // If even this fails, no transaction is open, and the next writer gives its group up.
            let _ = self.connection.execute_batch(match self.scope {
                UndoScope::Transaction => "ROLLBACK; BEGIN IMMEDIATE",
                UndoScope::Savepoint => "ROLLBACK TO request; RELEASE request",
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE rows (n INTEGER)").unwrap();
        Writer::new(connection, Kinds::NONE, |_| Ok(()), Arc::default(), Arc::default())
    }

    fn insert(tx: &Tx<'_>, n: i64) -> Result<()> {
        tx.connection()?.execute("INSERT INTO rows VALUES (?1)", [n])?;
        Ok(())
    }

    fn rows(writer: &Writer) -> Vec<i64> {
        let read = |tx: &Tx<'_>| {
            let mut select = tx.connection()?.prepare("SELECT n FROM rows ORDER BY n")?;
            let rows = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
            Ok(rows)
        };
        writer.run(&Clock::System, read).unwrap()
    }

    #[test]
    fn a_write_that_fails_undoes_only_itself() {
        let writer = writer();
        writer.run(&Clock::System, |tx| insert(tx, 1)).unwrap();
        let failed: Result<()> = writer.run(&Clock::System, |tx| insert(tx, 2).and(Err(Error::malformed("no"))));
        assert!(failed.is_err());
        writer.run(&Clock::System, |tx| insert(tx, 3)).unwrap();
        assert_eq!(rows(&writer), [1, 3]);
    }

    #[test]
    fn the_first_write_of_a_commit_undoes_only_itself_where_it_fails() {
        let (writer, (begun, has_begun)) = (writer(), std::sync::mpsc::channel());
        std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                let fail = |tx: &Tx<'_>| {
                    insert(tx, 1)?;
                    begun.send(()).unwrap();
                    while writer.waiting.load(Ordering::SeqCst) == 0 {
                        std::thread::yield_now();
                    }
                    Err::<(), _>(Error::malformed("no"))
                };
                writer.run(&Clock::System, fail)
            });
            has_begun.recv().unwrap();
            writer.run(&Clock::System, |tx| insert(tx, 2)).unwrap();
            let failed = first.join().unwrap();
            assert!(matches!(&failed, Err(error) if error.chain().contains("no")), "{failed:?}");
        });
        assert_eq!(rows(&writer), [2]);
    }

    #[test]
    fn a_write_that_panics_undoes_itself_and_holds_nobody_up() {
        let writer = Arc::new(writer());
        let threads: Vec<_> = (0..64)
            .map(|n| {
                let writer = writer.clone();
                std::thread::spawn(move || {
                    catch_unwind(AssertUnwindSafe(|| {
                        writer.run(&Clock::System, |tx| {
                            insert(tx, n)?;
                            assert!(n % 2 == 0, "on purpose");
                            Ok(())
                        })
                    }))
                    .is_ok()
                })
            })
            .collect();
        for (n, thread) in threads.into_iter().enumerate() {
            assert_eq!(thread.join().unwrap(), n % 2 == 0);
        }
        assert_eq!(rows(&writer), (0..64).step_by(2).collect::<Vec<_>>());
    }

    #[test]
    fn what_may_have_been_written_is_known_without_reading_and_stays_known_when_everything_is_replaced() {
        let writer = writer();
        let write = |statement: &'static str| {
            let note = |tx: &Tx<'_>| Ok(tx.note_changes(statement, 1));
            writer.run(&Clock::System, |tx| insert(tx, 1).and_then(|()| note(tx))).unwrap();
        };
        write("INSERT INTO sessions");
        assert!(!writer.has_written(Kinds::KEYS));
        writer.replace(|_| Ok(())).unwrap();
        assert!(!writer.has_written(Kinds::KEYS));
        write("INSERT INTO signing_keys");
        assert!(writer.has_written(Kinds::KEYS));
        writer.replace(|_| Ok(())).unwrap();
        assert!(writer.has_written(Kinds::KEYS));
    }

    #[test]
    fn writes_that_meet_are_all_there_when_they_return() {
        let writer = Arc::new(writer());
        let threads: Vec<_> = (0..16)
            .map(|t| {
                let writer = writer.clone();
                std::thread::spawn(move || (0..50).for_each(|n| writer.run(&Clock::System, |tx| insert(tx, t * 50 + n)).unwrap()))
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(rows(&writer), (0..800).collect::<Vec<_>>());
    }

    #[test]
    fn a_commit_that_fails_is_told_and_leaves_a_clean_connection_to_the_next() {
        let writer = writer();
        // SQLite notices only when it commits that a deferred reference leads nowhere, and then leaves the transaction open.
        let tables = "PRAGMA foreign_keys = ON; CREATE TABLE owners (n INTEGER PRIMARY KEY);
            CREATE TABLE owned (n INTEGER REFERENCES owners DEFERRABLE INITIALLY DEFERRED)";
        locked(&writer.open).connection.execute_batch(tables).unwrap();
        for n in 0..3 {
            let failed = writer.run(&Clock::System, |tx| Ok(tx.connection()?.execute("INSERT INTO owned VALUES (7)", [])?));
            assert!(
                matches!(&failed, Err(error @ Error::Unavailable(_)) if error.chain().contains("FOREIGN KEY constraint failed: Error code 787")),
                "{failed:?}"
            );
            writer.run(&Clock::System, |tx| insert(tx, n)).unwrap();
        }
        assert_eq!(rows(&writer), [0, 1, 2]);
    }

    #[test]
    fn without_room_or_leave_to_write_it_says_so_and_works_again_afterwards() {
        let writer = writer();
        let pragma = |sql: &str| locked(&writer.open).connection.execute_batch(sql).unwrap();
        for (ends, comes_back) in
            [("PRAGMA max_page_count = 4", "PRAGMA max_page_count = 100000"), ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")]
        {
            pragma(ends);
            let refused = (0..10_000).find_map(|n| writer.run(&Clock::System, |tx| insert(tx, n)).err());
            assert!(matches!(refused, Some(Error::Unavailable(_))), "{ends}: {refused:?}");
            pragma(comes_back);
            let before = rows(&writer).len();
            writer.run(&Clock::System, |tx| insert(tx, -1)).unwrap();
            assert_eq!(rows(&writer).len(), before + 1, "{ends}");
        }
    }
}
