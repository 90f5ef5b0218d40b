//! A transaction, as the functions of all tables have it.

use rusqlite::Connection;

use crate::base::time::{Clock, Time};

/// A transaction. Everything in it happens at `now`.
#[derive(Debug)]
pub struct Tx<'c> {
    pub(super) connection: &'c Connection,
    pub now: Time,
    /// The same by a clock that is never set, for waits.
    pub steady: Time,
}

impl<'c> Tx<'c> {
    pub(super) fn begun(connection: &'c Connection, clock: &Clock) -> Tx<'c> {
        Tx { connection, now: clock.now(), steady: clock.steady() }
    }
}
