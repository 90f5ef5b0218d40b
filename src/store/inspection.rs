//! A data file as `keyfob doctor` looks at it, whether a server uses it or not: nothing in it or beside it is changed.

use std::io;
use std::path::Path;

use rusqlite::{Connection, named_params};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::time::{Clock, Time};
use crate::model::choice::State;
use crate::store::files::beside;
use crate::store::schema;
use crate::store::sql::Cells;
use crate::store::transaction::{Source, Tx};

/// The most integrity errors that are named.
const MOST_ERRORS: usize = 3;

/// A file that is open to be looked at.
pub(crate) struct Inspection(Connection);

/// How the schema of a file compares with that of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SchemaAge {
    /// The next start upgrades it.
    Older,
    Current,
    Newer,
}

/// An administrator who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdministratorRow {
    pub user_id: String,
    /// The password is the one that was set when the user was created.
    pub has_first_password: bool,
}

/// Secrets and keys that never expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NonExpiringSecrets {
    pub client_secrets: i64,
    pub api_keys: i64,
}

impl Inspection {
    pub fn open(path: &Path) -> rusqlite::Result<Inspection> {
        // Without a log, SQLite would create one to read the file.
        let how = if beside(path, "-wal").exists() { "mode=ro" } else { "mode=ro&immutable=1" };
        let connection = schema::open_by_uri(path, how)?;
        connection.busy_timeout(schema::BUSY_TIMEOUT)?;
        Ok(Inspection(connection))
    }

    /// Returns `None` for a file of another program.
    pub fn schema(&self) -> Result<Option<SchemaAge>> {
        if schema::number(&self.0, "application_id")? != schema::APPLICATION_ID {
            return Ok(None);
        }
        Ok(Some(match schema::number(&self.0, "user_version")?.cmp(&schema::KNOWN) {
            std::cmp::Ordering::Less => SchemaAge::Older,
            std::cmp::Ordering::Equal => SchemaAge::Current,
            std::cmp::Ordering::Greater => SchemaAge::Newer,
        }))
    }

    /// Returns what SQLite finds to be damaged, at most some of it.
    pub fn integrity_errors(&self) -> Result<Vec<String>> {
        let mut statement = self.0.prepare(&format!("PRAGMA quick_check({MOST_ERRORS})"))?;
        let found = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    pub fn read<T>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        work(&Tx::begun(Source::Uncached(&self.0), &Clock::System, None))
    }
}

impl Tx<'_> {
    pub(crate) fn newest_event_at(&self) -> Result<Option<Time>> {
        let statement = "SELECT happened_at FROM events ORDER BY event_number DESC LIMIT 1";
        self.one(statement, &[], |cells: &mut Cells<'_>| cells.take("happened_at"))
    }

    pub(crate) fn non_expiring_secrets(&self) -> Result<NonExpiringSecrets> {
        let live = "SELECT count(*) FROM client_secrets s JOIN clients c USING (client_number) WHERE s.expires_at IS NULL AND c.deleted_at IS NULL";
        let keys = "SELECT count(*) FROM api_keys k JOIN accounts a USING (account_id) WHERE k.expires_at IS NULL AND a.deleted_at IS NULL";
        Ok(NonExpiringSecrets { client_secrets: self.value(live, &[])?, api_keys: self.value(keys, &[])? })
    }

    pub(crate) fn administrators_who_can_sign_in(&self) -> Result<Vec<AdministratorRow>> {
        let statement = "SELECT user_id, coalesce(password_updated_at <= created_at, 1) AS has_first_password \
             FROM users JOIN accounts ON account_id = user_id \
             WHERE admin = 1 AND state = :approved AND deleted_at IS NULL ORDER BY user_id";
        let read = |cells: &mut Cells<'_>| {
            Ok(AdministratorRow { user_id: cells.take("user_id")?, has_first_password: cells.take("has_first_password")? })
        };
        self.all(statement, named_params! {":approved": State::Approved.number()}, read)
    }

    /// Returns the clients that exist since before `since` and got no token from then on, but the built-in one.
    pub(crate) fn unused_clients(&self, since: Time, built_in: &str) -> Result<Vec<ClientId>> {
        let statement = "SELECT client_id FROM clients c WHERE deleted_at IS NULL AND created_at < :since AND client_id <> :built_in \
             AND NOT EXISTS (SELECT 1 FROM client_token_days d WHERE d.client_id = c.client_id AND day >= :day) ORDER BY client_id";
        let values = named_params! {":since": since, ":built_in": built_in, ":day": since.day()};
        self.all(statement, values, |cells: &mut Cells<'_>| cells.take("client_id"))
    }

    /// Returns how many users and how many clients wait for an administrator.
    pub(crate) fn count_waiting(&self) -> Result<(i64, i64)> {
        let users = "SELECT count(*) FROM users JOIN accounts ON account_id = user_id WHERE state = :requested AND deleted_at IS NULL";
        let clients = "SELECT count(*) FROM clients WHERE state = :requested AND deleted_at IS NULL";
        let values = named_params! {":requested": State::Requested.number()};
        Ok((self.value(users, values)?, self.value(clients, values)?))
    }
}

/// Returns how many bytes this user can still write to the disk of a file.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
