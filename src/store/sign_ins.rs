//! The rows of failed sign-ins, and of the addresses that users have signed in from.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::time::Time;
use crate::store::sql::Cells;
use crate::store::transaction::Tx;

/// The most addresses stored for a user; the least recently used one makes room.
const MOST_ADDRESSES: i64 = 100;

/// The number of failures and the time of the last one, by the steady clock.
#[derive(Clone, Copy, Debug)]
pub struct Failures {
    pub count: i64,
    pub last_at: Time,
}

impl Tx<'_> {
    pub(crate) fn sign_in_failures(&self, subject: &str) -> Result<Option<Failures>> {
        let statement = "SELECT failures, last_at FROM sign_in_failures WHERE subject = :subject";
        let read = |cells: &mut Cells<'_>| Ok(Failures { count: cells.take("failures")?, last_at: cells.take("last_at")? });
        self.one(statement, named_params! {":subject": subject}, read)
    }

    /// Counts a failure; older ones count only if the last of them came after `since`.
    /// # Errors
    /// Only those of the database.
    pub fn count_sign_in_failure(&self, subject: &str, since: Time) -> Result<()> {
        self.run(
            "INSERT INTO sign_in_failures (subject, failures, last_at) VALUES (:subject, 1, :now) ON CONFLICT (subject) DO UPDATE \
             SET failures = iif(last_at > :since, failures + 1, 1), last_at = excluded.last_at",
            named_params! {":subject": subject, ":since": since, ":now": self.steady},
        )
    }

    /// If there are more than `most`, deletes those with the fewest failures, the oldest first; some more than needed, so it isn't needed
    /// again at once.
    pub(crate) fn delete_least_sign_in_failures(&self, most: usize) -> Result<()> {
        let count: i64 = self.value("SELECT count(*) FROM sign_in_failures", &[])?;
        let most = most as i64;
        if count > most {
            self.run(
                "DELETE FROM sign_in_failures WHERE subject IN \
                 (SELECT subject FROM sign_in_failures ORDER BY failures, last_at LIMIT :surplus)",
                named_params! {":surplus": count - most + most / 50},
            )?;
        }
        Ok(())
    }

    pub(crate) fn forget_sign_in_failures(&self, subject: &str) -> Result<()> {
        self.run("DELETE FROM sign_in_failures WHERE subject = :subject", named_params! {":subject": subject})
    }

    pub(crate) fn has_signed_in_from(&self, user: &UserId, address: &str) -> Result<bool> {
        let statement = "SELECT 1 FROM sign_in_addresses WHERE user_id = :user_id AND address = :address";
        self.exists(statement, named_params! {":user_id": user, ":address": address})
    }

    /// Records an address that a user signed in from, at most [`MOST_ADDRESSES`] of them.
    pub(crate) fn remember_sign_in_from(&self, user: &UserId, address: &str) -> Result<()> {
        self.run(
            "INSERT INTO sign_in_addresses (user_id, address, last_at) VALUES (:user_id, :address, :now) \
             ON CONFLICT (user_id, address) DO UPDATE SET last_at = excluded.last_at",
            named_params! {":user_id": user, ":address": address, ":now": self.now},
        )?;
        self.run(
            "DELETE FROM sign_in_addresses WHERE user_id = :user_id AND address IN (SELECT address FROM sign_in_addresses \
             WHERE user_id = :user_id ORDER BY last_at DESC LIMIT -1 OFFSET :most)",
            named_params! {":user_id": user, ":most": MOST_ADDRESSES},
        )
    }

    /// Deletes at most `limit` counts of failures whose last came before this time; returns how many were deleted.
    pub(crate) fn delete_old_sign_in_failures(&self, before: Time, limit: usize) -> Result<usize> {
        self.prune("sign_in_failures", "subject", "last_at <= :before", before, limit)
    }

    /// Deletes at most `limit` addresses that nobody has signed in from since this time; returns how many were deleted.
    pub(crate) fn delete_old_sign_in_addresses(&self, before: Time, limit: usize) -> Result<usize> {
        self.prune("sign_in_addresses", "user_id, address", "last_at <= :before", before, limit)
    }
}
