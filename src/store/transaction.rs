//! A transaction, as the functions of all tables have it.

use std::cell::Cell;

use rusqlite::Connection;

use crate::base::error::Result;
use crate::base::time::{Clock, Time};
use crate::store::cache::{Cached, CachedSnapshot, Kinds, touched_by};

/// A transaction. Everything in it happens at `now`.
#[derive(Debug)]
pub struct Tx<'c> {
    pub(super) connection: &'c Connection,
    pub now: Time,
    /// The same by a clock that is never set, for waits.
    pub steady: Time,
    /// What the cache has of the snapshot; `None` for the writer, who sees what is not committed yet.
    snapshot: Option<CachedSnapshot<'c>>,
    touched: Cell<Kinds>,
}

impl<'c> Tx<'c> {
    pub(super) fn begun(connection: &'c Connection, clock: &Clock, snapshot: Option<CachedSnapshot<'c>>) -> Tx<'c> {
        Tx { connection, now: clock.now(), steady: clock.steady(), snapshot, touched: Cell::default() }
    }

    /// Returns what the cache has under this key, or else what is read.
    pub(super) fn cached<V: Cached>(&self, key: &str, read: impl FnOnce() -> Result<Option<V>>) -> Result<Option<V>> {
        match &self.snapshot {
            Some(snapshot) => snapshot.get_or(key, read),
            None => read(),
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
