//! A transaction, as the functions of all tables have it.

use std::cell::Cell;

use rusqlite::Connection;

use crate::base::error::Result;
use crate::base::time::{Clock, Time};
use crate::store::cache::{Cached, CachedSnapshot, Kinds, touched_by};
use crate::store::noted_rights::NotedRights;

/// What a transaction reads from.
pub enum Source<'c> {
    /// A connection beside the cache.
    Uncached(&'c Connection),
    /// The writer's, in whose transaction these kinds were touched so far: what is not committed yet is in no cache.
    Writer(&'c Connection, CachedSnapshot<'c>, Kinds),
    Snapshot(&'c Connection, CachedSnapshot<'c>),
    Deferred(&'c dyn Deferred, CachedSnapshot<'c>),
}

/// A snapshot of the database that is not taken before it is needed.
pub trait Deferred: std::fmt::Debug {
    /// Returns the connection that has it. Fails if the snapshot is of a later state than what the cache was asked for.
    fn connection(&self) -> Result<&Connection>;
}

/// A transaction. Everything in it happens at `now`.
pub struct Tx<'c> {
    source: Source<'c>,
    pub now: Time,
    /// The same by a clock that is never set, for waits.
    pub steady: Time,
    touched: Cell<Kinds>,
    /// `None` where nobody is admitted, such as in a backup.
    pub(super) noted_rights: Option<&'c NotedRights>,
}

impl<'c> Tx<'c> {
    pub(super) fn begun(source: Source<'c>, clock: &Clock, noted_rights: Option<&'c NotedRights>) -> Tx<'c> {
        Tx { source, now: clock.now(), steady: clock.steady(), touched: Cell::default(), noted_rights }
    }

    pub(super) fn connection(&self) -> Result<&Connection> {
        match &self.source {
            Source::Uncached(connection) | Source::Writer(connection, ..) | Source::Snapshot(connection, _) => Ok(connection),
            Source::Deferred(snapshot, _) => snapshot.connection(),
        }
    }

    /// Returns what the cache has under this key, or else what is read.
    pub(super) fn cached<V: Cached>(&self, key: &str, read: impl FnOnce() -> Result<Option<V>>) -> Result<Option<V>> {
        match &self.source {
            Source::Uncached(_) => read(),
            Source::Writer(_, _, before) if before.with(self.touched()).has_any(V::KINDS) => read(),
            Source::Writer(_, cached, _) | Source::Snapshot(_, cached) | Source::Deferred(_, cached) => cached.get_or(key, read),
        }
    }

    /// Notes what a statement has touched that changed this many rows, and returns their number. The cache invalidates that when it is
    /// committed. Without a row of its own a statement fires no trigger and no cascade.
    pub(super) fn note_changes(&self, statement: &str, rows: usize) -> usize {
        if rows > 0 {
            self.touched.set(self.touched.get().with(touched_by(statement)));
        }
        rows
    }

    /// Returns what the statements so far have touched.
    pub(super) fn touched(&self) -> Kinds {
        self.touched.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::cache::Cache;

    /// A value of the members.
    #[derive(Clone, Debug, PartialEq)]
    struct Text(&'static str);

    impl Cached for Text {
        const KINDS: Kinds = Kinds::MEMBERS;
    }

    #[test]
    fn a_write_is_given_what_is_kept_until_something_has_touched_it() {
        let (cache, connection) = (Cache::default(), Connection::open_in_memory().unwrap());
        let begin = |touched| {
            let committed = CachedSnapshot { cache: &cache, versions: cache.versions() };
            Tx::begun(Source::Writer(&connection, committed, touched), &Clock::System, None)
        };
        let seen = |tx: &Tx<'_>, in_table| tx.cached("key", || Ok(Some(Text(in_table)))).unwrap().unwrap().0;
        let first = begin(Kinds::NONE);
        assert_eq!(seen(&first, "committed"), "committed");
        first.note_changes("UPDATE clients SET name = :name", 1);
        assert_eq!(seen(&first, "not looked at"), "committed");
        first.note_changes("UPDATE client_members SET rights = :rights", 1);
        assert_eq!(seen(&first, "changed"), "changed");
        // Those that follow before the commit.
        assert_eq!(seen(&begin(first.touched()), "changed"), "changed");
        // A reader of what is committed.
        assert_eq!(seen(&begin(Kinds::NONE), "not looked at"), "committed");
    }
}
