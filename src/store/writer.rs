//! The one writer: whoever waits for it is committed together with those before him.
//!
//! Each write runs in a savepoint of the open transaction, on the thread that asked for it. Who finds somebody waiting
//! leaves the transaction open for him and sleeps until it is committed; who finds nobody commits for all. So a lone
//! write is not delayed, and under load one durable commit serves everyone who came meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};

use rusqlite::Connection;

use crate::base::error::{Error, Result};
use crate::base::time::Clock;
use crate::store::{Tx, locked};

/// A transaction takes no more writes than this: the first in it must not wait for ever.
const LARGEST_GROUP: usize = 256;

#[derive(Debug)]
pub struct Writer {
    open: Mutex<Open>,
    /// How many are on their way to `open`.
    waiting: AtomicUsize,
    committed: Condvar,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// The transaction under way, if there is one.
    group: Option<Group>,
}

#[derive(Debug)]
struct Group {
    size: usize,
    /// How the commit ended; an error carries what SQLite said.
    outcome: Arc<OnceLock<std::result::Result<(), Refused>>>,
}

/// A commit that failed, told to everyone who was part of it.
#[derive(Clone, Debug)]
struct Refused(String);

impl Writer {
    pub fn new(connection: Connection) -> Writer {
        Writer { open: Mutex::new(Open { connection, group: None }), waiting: AtomicUsize::new(0), committed: Condvar::new() }
    }

    pub fn run<T>(&self, clock: &Clock, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut open = locked(&self.open);
        self.waiting.fetch_sub(1, Ordering::SeqCst);

        let (result, outcome, size) = match open.join(clock, work) {
            Ok(joined) => joined,
            Err(error) => {
                // Nothing of this write is left, but earlier ones may be waiting for their commit.
                self.commit_if_last(&mut open);
                return Err(error);
            }
        };
        if self.waiting.load(Ordering::SeqCst) == 0 || size >= LARGEST_GROUP {
            self.commit(&mut open);
        }
        while outcome.get().is_none() {
            open = self.committed.wait(open).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        drop(open);
        match outcome.get() {
            Some(Err(Refused(why))) => Err(Error::Unavailable(format!("commit: {why}"))),
            _ => result,
        }
    }

    fn commit_if_last(&self, open: &mut Open) {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            self.commit(open);
        }
    }

    fn commit(&self, open: &mut Open) {
        let Some(group) = open.group.take() else { return };
        let outcome = open.connection.execute_batch("COMMIT").map_err(|error| {
            // A commit that failed may leave its transaction open: the next one must find a clean connection.
            let _ = open.connection.execute_batch("ROLLBACK");
            Refused(error.to_string())
        });
        let _ = group.outcome.set(outcome);
        self.committed.notify_all();
    }
}

type Joined<T> = (Result<T>, Arc<OnceLock<std::result::Result<(), Refused>>>, usize);

impl Open {
    /// Runs one write in the transaction under way, or in a new one. What a failed or panicking write did is undone.
    fn join<T>(&mut self, clock: &Clock, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<Joined<T>> {
        // SQLite itself ends a transaction on some errors (a full disk, for one).
        if self.group.is_some() && self.connection.is_autocommit() {
            if let Some(group) = self.group.take() {
                let _ = group.outcome.set(Err(Refused("the transaction was ended by an earlier failure".to_owned())));
            }
        }
        if self.group.is_none() {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            self.group = Some(Group { size: 0, outcome: Arc::default() });
        }
        self.connection.execute_batch("SAVEPOINT request")?;
        let undo = Undo { connection: &self.connection, done: false };
        let result = work(&Tx { connection: &self.connection, now: clock.now() });
        match &result {
            Ok(_) => undo.keep()?,
            Err(_) => drop(undo),
        }
        let group = self.group.as_mut().ok_or_else(|| Error::Internal("a write ran outside a transaction".to_owned()))?;
        group.size += 1;
        Ok((result, group.outcome.clone(), group.size))
    }
}

/// Rolls the savepoint back unless it is kept; so also when the work panics.
struct Undo<'c> {
    connection: &'c Connection,
    done: bool,
}

impl Undo<'_> {
    fn keep(mut self) -> Result<()> {
        self.done = true;
        Ok(self.connection.execute_batch("RELEASE request")?)
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.done {
            // If even this fails, SQLite has ended the transaction, and nobody's commit will succeed.
            let _ = self.connection.execute_batch("ROLLBACK TO request; RELEASE request");
        }
    }
}
