//! The rows that remember who failed to sign in, and from where users have signed in.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::time::Time;
use crate::store::Tx;
use crate::store::sql::reading;

/// The most addresses that are known of a user; the one that was used longest ago makes room.
const MOST_ADDRESSES: i64 = 100;

/// How often it went wrong, and when last, by the steady clock.
#[derive(Clone, Copy, Debug)]
pub struct Failures {
    pub count: i64,
    pub last_at: Time,
}

impl Tx<'_> {
    pub fn sign_in_failures(&self, subject: &str) -> Result<Option<Failures>> {
        let found = self
            .connection
            .prepare_cached("SELECT failures, last_at FROM sign_in_failures WHERE subject = :subject")?
            .query_row(
                named_params! {":subject": subject},
                reading(|cells| Ok(Failures { count: cells.take("failures")?, last_at: cells.take("last_at")? })),
            )
            .optional()?;
        Ok(found)
    }

    /// One more failure; older ones count only if the last of them came after `since`.
    pub fn count_sign_in_failure(&self, subject: &str, since: Time) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO sign_in_failures (subject, failures, last_at) VALUES (:subject, 1, :now) ON CONFLICT (subject) DO UPDATE \
                 SET failures = iif(last_at > :since, failures + 1, 1), last_at = excluded.last_at",
            )?
            .execute(named_params! {":subject": subject, ":since": since, ":now": self.steady})?;
        Ok(())
    }

    /// Where there are more than `most`: deletes those with the fewest failures, and of these the oldest. Some more than needed, so that
    /// it is not needed again at once.
    pub fn delete_least_sign_in_failures(&self, most: usize) -> Result<()> {
        let count: i64 = self.connection.prepare_cached("SELECT count(*) FROM sign_in_failures")?.query_row([], |row| row.get(0))?;
        let most = most as i64;
        if count > most {
            self.connection
                .prepare_cached(
                    "DELETE FROM sign_in_failures WHERE subject IN \
                     (SELECT subject FROM sign_in_failures ORDER BY failures, last_at LIMIT :surplus)",
                )?
                .execute(named_params! {":surplus": count - most + most / 50})?;
        }
        Ok(())
    }

    pub fn forget_sign_in_failures(&self, subject: &str) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM sign_in_failures WHERE subject = :subject")?
            .execute(named_params! {":subject": subject})?;
        Ok(())
    }

    pub fn has_signed_in_from(&self, user: &UserId, address: &str) -> Result<bool> {
        let known = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM sign_in_addresses WHERE user_id = :user_id AND address = :address)")?
            .query_row(named_params! {":user_id": user, ":address": address}, |row| row.get(0))?;
        Ok(known)
    }

    pub fn remember_sign_in_from(&self, user: &UserId, address: &str) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO sign_in_addresses (user_id, address, last_at) VALUES (:user_id, :address, :now) \
                 ON CONFLICT (user_id, address) DO UPDATE SET last_at = excluded.last_at",
            )?
            .execute(named_params! {":user_id": user, ":address": address, ":now": self.now})?;
        self.connection
            .prepare_cached(
                "DELETE FROM sign_in_addresses WHERE user_id = :user_id AND address IN (SELECT address FROM sign_in_addresses \
                 WHERE user_id = :user_id ORDER BY last_at DESC LIMIT -1 OFFSET :most)",
            )?
            .execute(named_params! {":user_id": user, ":most": MOST_ADDRESSES})?;
        Ok(())
    }

    /// Removes failures whose last is older than this, at most so many; how many it were.
    pub fn delete_old_sign_in_failures(&self, before: Time, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM sign_in_failures WHERE subject IN (SELECT subject FROM sign_in_failures WHERE last_at <= :before LIMIT :most)",
            )?
            .execute(named_params! {":before": before, ":most": most as i64})?;
        Ok(deleted)
    }

    /// The same for addresses that nobody has signed in from for long.
    pub fn delete_old_sign_in_addresses(&self, before: Time, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM sign_in_addresses WHERE (user_id, address) IN \
                 (SELECT user_id, address FROM sign_in_addresses WHERE last_at <= :before LIMIT :most)",
            )?
            .execute(named_params! {":before": before, ":most": most as i64})?;
        Ok(deleted)
    }
}
